// What is to be analysed: chosen, dropped, fetched, recorded, or a sample.

import { analyse, ask } from "./api.js";
import { part, say } from "./dom.js";

const SAMPLE = "happiness", LONGEST_RECORDING_S = 120, PIECE_MS = 250;
const PICTURE = /\.(png|jpe?g|tiff?|bmp|webp|gif|p[gpn]m|hei[cf]|avif)$/i;
const KINDS = ["video/webm;codecs=vp8", "video/webm", "video/mp4"];

export function listenForInputs(show) {
  const go = (files, url) => run(files, url, show);
  for (const id of ["files", "folder"]) {
    part(id).addEventListener("change", (event) => {
      go([...event.target.files]);
      event.target.value = "";
    });
  }
  part("sample").addEventListener("click", async () => go(await sampleFiles()));
  part("fetch").addEventListener("submit", (event) => {
    event.preventDefault();
    go([], part("url").value);
  });
  listenForDrops(go);
  listenForCamera(go);
}

// Of a folder, what is no picture stays where it is.
function picturesOf(files) {
  const found = files.filter((file) => file.type.startsWith("image/") || PICTURE.test(file.name));
  return files.length > 1 && found.length ? found : files;
}

async function run(chosen, url, show) {
  const files = picturesOf(chosen);
  if (!files.length && !url) return;
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  if (url) form.append("url", url);
  addOptions(form);
  const work = part("work"), progress = part("progress");
  const tell = ({ state, frames_done: done, frames }) => {
    part("doing").textContent = state === "queued" ? "Waiting for its turn …" : `Analysing: frame ${done}${frames ? ` of ${frames}` : ""}`;
    if (frames) { progress.max = frames; progress.value = done; } else progress.removeAttribute("value");
  };
  say("");
  work.hidden = false;
  part("doing").textContent = "Sending …";
  progress.removeAttribute("value");
  try {
    const answer = await analyse(form, tell, (id) => {
      part("cancel").onclick = () => ask(`/v1/jobs/${id}/cancel`, { method: "POST" });
    });
    await show(answer, files.filter((file) => file.size));
  } catch (error) {
    say(error.message, true);
  }
  work.hidden = true;
}

function addOptions(form) {
  for (const id of ["max_faces", "fps", "threshold"]) if (part(id).value) form.append(id, part(id).value);
  for (const id of ["annotate", "independent"]) if (part(id).checked) form.append(id, "true");
  const [neutral] = part("neutral_file").files;
  if (neutral) form.append("neutral_file", neutral, neutral.name);
}

async function sampleFiles() {
  const { [SAMPLE]: n } = await ask("/v1/samples");
  return Promise.all([...Array(n).keys()].map(async (i) => {
    const blob = await (await fetch(`/v1/samples/${SAMPLE}/${i}`)).blob();
    return new File([blob], `${SAMPLE}_${String(i).padStart(3, "0")}.png`, { type: blob.type });
  }));
}

function listenForDrops(go) {
  const drop = part("drop");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
    });
  }
  drop.addEventListener("drop", async (event) => {
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    go((await Promise.all(entries.map(filesOf))).flat());
  });
}

async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader(), found = [];
  for (;;) {  // a hundred at a time
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const inner of some) if (inner.isFile) found.push(...await filesOf(inner));
  }
}

function listenForCamera(go) {
  let recorder = null, stream = null, kept = true;
  const stop = (keep) => {
    kept = keep;
    if (recorder?.state === "recording") recorder.stop();
  };
  part("stop").addEventListener("click", () => stop(true));
  part("discard").addEventListener("click", () => stop(false));
  part("record").addEventListener("click", async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } }, audio: false });
    } catch (error) {
      say(`The camera cannot be used: ${error.message}`, true);
      return;
    }
    const pieces = [], type = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    part("preview").srcObject = stream;
    part("preview").play().catch(() => {});  // stopped before it began
    part("camera").hidden = false;
    part("record").disabled = true;
    recorder = new MediaRecorder(stream, { mimeType: type });
    let begun = null;  // when the first pictures came
    recorder.ondataavailable = (event) => {
      if (event.data.size) pieces.push(event.data), begun ??= performance.now();
    };
    const clock = setInterval(() => {
      const seconds = begun === null ? 0 : (performance.now() - begun) / 1000;
      part("recorded").textContent = `${seconds.toFixed(0)} s`;
      if (seconds > LONGEST_RECORDING_S) stop(true);
    }, 250);
    recorder.onstop = () => {
      clearInterval(clock);
      for (const track of stream.getTracks()) track.stop();
      part("camera").hidden = true;
      part("record").disabled = false;
      const ending = type.startsWith("video/mp4") ? "mp4" : "webm";
      if (kept && !pieces.length) say("Nothing was recorded.", true);
      else if (kept) go([new File(pieces, `recording.${ending}`, { type: type.split(";")[0] })]);
    };
    recorder.start(PIECE_MS);
  });
}
