// One result: its frames, faces and numbers, and everything that one can do with it.

import { ask, post } from "./api.js";
import { Bars, showTops } from "./bars.js";
import { clock, make, part, say } from "./dom.js";
import { judgeAU, judgeEmotion } from "./judge.js";
import { openMedia } from "./media.js";
import { Strip } from "./strip.js";
import { Timeline } from "./timeline.js";
import { View } from "./view.js";

const pictures = new Map();  // the files of results, as long as the page is open

export const keepFiles = (id, files) => pictures.set(id, files);

export class Result {
  constructor(opened) {
    this.opened = opened;  // hears the id of a result that was scored anew
    this.view = new View(() => this.draw());
    this.timeline = new Timeline(part("plot"), { seek: (i) => this.seek(i), leaveOut: (a, b) => this.leaveOut(a, b) });
    this.strip = new Strip((frame) => this.seek(frame));
    part("back").addEventListener("click", () => this.seek(this.index - 1));
    part("on").addEventListener("click", () => this.seek(this.index + 1));
    part("play").addEventListener("click", () => this.toggle());
    part("this-frame").addEventListener("click", () => { part("neutral").value = String(this.index); });
    part("redo").addEventListener("submit", (event) => { event.preventDefault(); this.redo(); });
    part("leave_out").addEventListener("change", () => this.showTimeline());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  async show(answer) {
    this.pause();
    this.answer = answer;
    this.index = 0;
    this.frames = [];
    for (const row of answer.rows) (this.frames[row.frame] ??= { time: row.time_s, rows: [] }).rows.push(row);
    const timed = this.frames.at(-1).time > this.frames[0].time;  // independent pictures are not
    this.frames.forEach((frame, i) => { if (!timed) frame.time = i; });
    this.times = this.frames.map((frame) => frame.time);
    this.names = Object.fromEntries(answer.aus.map((au) => [au.au, au.name]));
    this.bars = new Bars(answer.aus, (au) => judgeAU(answer.id, this.face, this.index, au, this.row?.aus[au.au], answer.aus));
    part("result-name").textContent = answer.name;
    part("about").textContent = this.describe();
    for (const id of ["transport", "time", "rest"]) part(id).hidden = this.times.length < 2;
    part("play").disabled = this.times.length < 2;
    this.media = null;
    this.choose(answer.faces.find((face) => face.top.length)?.face ?? answer.faces[0].face, true);
    this.showFaces();
    this.showLinks();
    this.seek(this.apex());
    this.media = await openMedia(pictures.get(answer.id), this.times);
    if (this.answer !== answer) return;
    await this.draw();
    await this.showStrip();
    await this.draw();
    document.body.dataset.result = answer.id;
  }

  describe() {
    const { answer } = this, found = this.frames.filter((frame) => frame.rows.some((row) => row.found)).length;
    const length = this.times.length > 1 ? `, ${clock(this.times.at(-1))}` : "";
    const told = `${answer.kind} of ${answer.frames} frame${answer.frames > 1 ? "s" : ""}${length}; face found in ${found}`;
    return [told, ...answer.notices].join("; ");
  }

  get row() { return this.frames[this.index]?.rows.find((row) => row.face === this.face && row.found) ?? null; }

  get told() { return this.answer.faces.find((face) => face.face === this.face); }

  apex() { return this.told.top[0]?.frame ?? 0; }

  choose(face, quiet = false) {
    this.face = face;
    const { neutral, neutral_quality: quality, neutral_doubt: doubt } = this.told;
    const good = quality === null ? "" : ` (quality ${quality.toFixed(2)})`;
    part("neutral-told").textContent = `Compared with: ${neutral || "nothing"}${good}. ${doubt}`;
    part("neutral").value = this.choiceOf(this.told);
    this.showTimeline();
    if (!quiet) { this.showFaces(); this.seek(this.index); this.showStrip(); }
  }

  showFaces() {
    const { faces } = this.answer;
    part("faces").hidden = faces.length < 2;
    part("whose").textContent = faces.length < 2 ? "Neutral" : `Neutral of face ${this.face}`;
    part("faces").replaceChildren(...faces.map(({ face }) => {
      const chip = make("button", { type: "button", textContent: `Face ${face}`, "aria-pressed": String(face === this.face) });
      chip.addEventListener("click", () => this.choose(face));
      return chip;
    }));
  }

  showStrip() {
    return this.times.length < 2 ? null
      : this.strip.show(this.times, this.answer.size, this.told.neutral_frames, this.media);
  }

  // What was asked for as the neutral of a face, as far as it can be asked for again.
  choiceOf({ face, neutral, neutral_frames: frames, neutral_quality: quality }) {
    const asked = this.answer.settings.neutral;
    if (frames.length === 1 && quality === null) return String(frames[0]);
    return neutral === "none" ? "none" : [asked, asked?.[face]].includes("median") ? "median" : "auto";
  }

  // The neutral in the field is that of the face shown; the others keep theirs.
  wantedNeutral() {
    const mine = part("neutral").value.trim() || "auto", { faces } = this.answer;
    if (faces.length < 2 || mine === "none") return mine;
    const choices = faces.map((told) => [told.face, told.face === this.face ? mine : this.choiceOf(told)]);
    return ["auto", ...choices.filter(([, choice]) => !["auto", "none"].includes(choice)).map(([face, choice]) => `${face}:${choice}`)].join(" ");
  }

  showTimeline() {
    if (this.times.length < 2) return;
    const mine = this.frames.map((frame) => frame.rows.find((row) => row.face === this.face && row.found));
    const series = (name, threshold, value, on) => ({ name, threshold, values: mine.map((row) => (row ? value(row) : null)), on: mine.map((row) => Boolean(row && on(row))) });
    const groups = ["upper", "lower"].map((side) => ({
      name: `${side === "upper" ? "Upper" : "Lower"} face`,
      rows: this.answer.aus.filter((au) => au.part === side).map((au) => series(`${au.au} ${au.name}`, au.threshold, (row) => row.aus[au.au].probability, (row) => row.aus[au.au].on)),
    }));
    const emotions = Object.keys(mine.find(Boolean)?.emotions ?? {});
    if (emotions.length) groups.push({ name: "Emotions", rows: emotions.map((name) => series(name, 0, (row) => row.emotions[name], () => false)) });
    const ranges = this.ranges();
    this.timeline.show(this.times, groups, (i) => ranges.some(([a, b]) => i >= a && i <= b));
    this.timeline.move(this.index ?? 0);
  }

  ranges() {
    const found = part("leave_out").value.matchAll(/(\d+)(?:-(\d+))?/g);
    return [...found].map(([, a, b]) => [Number(a), Number(b ?? a)].sort((p, q) => p - q));
  }

  leaveOut(first, last) {
    const field = part("leave_out");
    field.value = `${field.value} ${first}-${last}`.trim();
    this.showTimeline();
  }

  seek(index) {
    this.index = Math.min(Math.max(index, 0), this.times.length - 1);
    const { rows, time } = this.frames[this.index];
    part("clock").textContent = `${clock(time)} · frame ${this.index}`;
    this.bars.show(this.row);
    showTops(this.row, this.told, this.names, (frame) => this.seek(frame));
    this.showEmotion();
    this.timeline.move(this.index);
    const note = !rows.some((row) => row.found) ? "No face is seen." : !this.row ? "This face is not seen here."
      : this.row.reliable ? "" : "The head is turned too far for reliable numbers.";
    part("note").textContent = note || (pictures.has(this.answer.id) ? "" : "The pictures were deleted: the face is drawn.");
    return this.draw();
  }

  showEmotion() {
    const ranking = Object.entries(this.row?.emotions ?? {}).filter(([, score]) => score !== null).sort((a, b) => b[1] - a[1]);
    const box = part("emotion");
    box.replaceChildren();
    if (!ranking.length) return;
    const best = make("button", { type: "button", className: "plain", textContent: ranking[0][0], title: "say whether this is right" });
    best.addEventListener("click", () => judgeEmotion(this.answer.id, this.face, this.index, ranking[0][0], ranking.map(([name]) => name)));
    box.append(best, make("span", { className: "hint", textContent: ranking.slice(0, 3).map(([name, score]) => `${name} ${score.toFixed(2)}`).join(" · ") }));
  }

  // The newest wish counts: while a frame is sought, those in between are left out.
  async draw() {
    this.wanted = this.index;
    if (this.drawing) return this.drawing;
    this.drawing = this.drawWanted();
    await this.drawing;
    this.drawing = null;
    return this.wanted === this.drawn ? undefined : this.draw();
  }

  async drawWanted() {
    const index = this.wanted, { answer } = this;
    let shown = null;
    try {
      const runs = this.playing && this.media?.play;  // the video then shows it by itself
      shown = runs ? { image: this.media.element, index } : await this.media?.image(index);
    } catch { /* this browser cannot show it */ }
    this.drawn = index;
    if (this.answer !== answer) return;
    const rows = this.frames[index].rows.filter((row) => row.found);
    this.view.draw(answer.size, shown?.image ?? null, rows);
    Object.assign(part("view").dataset, { frame: index, shown: shown ? shown.index : "" });
  }

  toggle() { return this.playing ? this.pause() : this.play(); }

  async play() {
    this.playing = true;
    part("play").textContent = "Pause";
    part("play").setAttribute("aria-pressed", "true");
    const from = this.index >= this.times.length - 1 ? 0 : this.index;
    if (this.media?.play) {
      await this.media.play(from, (index) => { if (this.playing) this.seek(index); }, () => this.pause());
      return;
    }
    const start = performance.now() - 1000 * this.times[from];
    this.ticking = setInterval(() => {
      const time = (performance.now() - start) / 1000, next = this.times.findIndex((t) => t > time);
      this.seek(next < 0 ? this.times.length - 1 : Math.max(next - 1, 0));
      if (next < 0) this.pause();
    }, 30);
  }

  pause() {
    this.media?.pause?.();
    clearInterval(this.ticking);
    this.playing = false;
    part("play").textContent = "Play";
    part("play").setAttribute("aria-pressed", "false");
    if (this.frames) this.draw();
  }

  key(event) {
    const busy = event.target.closest("button, input, select, textarea, summary, dialog, a");
    if (event.key !== " " || busy || part("result").hidden || this.times.length < 2) return;
    event.preventDefault();
    this.toggle();
  }

  async redo() {
    const wanted = { neutral: this.wantedNeutral(), leave_out: part("leave_out").value };
    try {
      const answer = await post(`/v1/results/${this.answer.id}/rescore`, wanted);
      if (pictures.has(this.answer.id)) keepFiles(answer.id, pictures.get(this.answer.id));
      const { index } = this;
      await this.opened(answer);
      this.seek(index);
      say(`Scored anew, compared with ${this.told.neutral}.`);
    } catch (error) {
      say(error.message, true);
    }
  }

  async showLinks() {
    const { id } = this.answer, place = `/v1/results/${id}`;
    const link = (textContent, href) => make("a", { className: "button", textContent, href, download: "" });
    const links = [link("CSV", `${place}?format=csv`), link("Report", `${place}?format=html`), link("JSON", `${place}?format=json`)];
    part("links").replaceChildren(...links);
    const { made } = await ask(`/v1/jobs/${id}`);
    if (this.answer.id !== id) return;
    if (made.includes("annotated")) part("links").append(link("Annotated copy (once)", `${place}/annotated`));
    else if (pictures.has(id) || document.body.dataset.keep) part("links").append(this.annotateButton(id));
  }

  // The server draws into the pictures, which this page still has, or the server has kept.
  annotateButton(id) {
    const button = make("button", { type: "button", textContent: "Annotated copy" });
    button.addEventListener("click", async () => {
      const form = new FormData();
      for (const file of pictures.get(id) ?? []) form.append("files", file, file.name);
      button.disabled = true;
      say("Drawing the annotated copy …");
      try {
        const blob = await ask(`/v1/results/${id}/annotated`, { method: "POST", body: form }, (answer) => answer.blob());
        const href = URL.createObjectURL(blob);
        make("a", { href, download: `annotated.${blob.type.split("/")[1]}` }).click();
        setTimeout(() => URL.revokeObjectURL(href), 60000);
        say("The annotated copy is downloaded.");
      } catch (error) {
        say(error.message, true);
      }
      button.disabled = false;
    });
    return button;
  }
}
