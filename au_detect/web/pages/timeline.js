// Probabilities over time: groups of rows that collapse, one cursor, seeking, zoom, ranges left out.

import { clock, colour, make } from "./dom.js";

const ROW_PX = 20, LEAST_S = 0.2;

export class Timeline {
  // `seek(index)` and `leaveOut(first, last)` hear what the user wants.
  constructor(place, { seek, leaveOut }) {
    this.place = place;
    this.seek = seek;
    this.leaveOut = leaveOut;
    this.plot = make("div", { className: "plot" });
    this.cursor = make("div", { className: "cursor", tabIndex: 0, role: "slider", "aria-label": "frame" });
    this.choice = make("div", { className: "choice", hidden: true });
    this.plot.addEventListener("keydown", (event) => this.key(event));
    this.plot.addEventListener("pointerdown", (event) => this.press(event));
    this.plot.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => this.draw()).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  // `groups`: [{name, rows: [{name, threshold, values, on}]}]; `times` in seconds, one a frame.
  show(times, groups, isLeftOut) {
    this.times = times;
    this.isLeftOut = isLeftOut;
    const step = times.length > 1 ? (times.at(-1) - times[0]) / (times.length - 1) : 1;
    this.whole = [times[0] - step / 2, times.at(-1) + step / 2];
    this.range = [...this.whole];
    this.groups = groups.map((group) => this.makeGroup(group));
    this.axis = make("p", { className: "axis" });
    this.plot.replaceChildren(...this.groups.map((g) => g.box), this.cursor, this.choice);
    this.place.replaceChildren(this.plot, this.axis);
    this.cursor.setAttribute("aria-valuemin", "0");
    this.cursor.setAttribute("aria-valuemax", String(times.length - 1));
    this.draw();
  }

  makeGroup(group) {
    const canvas = make("canvas"), names = make("div", { className: "names" });
    names.append(...group.rows.map((row) => make("span", { textContent: row.name, title: row.name })));
    const rows = make("div", { className: "rows" }, names, canvas);
    const button = make("button", { type: "button", textContent: group.name, "aria-expanded": "true" });
    button.addEventListener("click", () => {
      rows.hidden = !rows.hidden;
      button.setAttribute("aria-expanded", String(!rows.hidden));
      this.draw();
    });
    button.addEventListener("pointerdown", (event) => event.stopPropagation());
    button.addEventListener("keydown", (event) => event.stopPropagation());
    return { rows: group.rows, box: make("div", { className: "group" }, button, rows), canvas, body: rows };
  }

  x(time, width) { return (time - this.range[0]) / (this.range[1] - this.range[0]) * width; }

  draw() {
    if (!this.groups || !this.place.clientWidth) return;
    for (const group of this.groups) if (!group.body.hidden) this.drawGroup(group);
    const open = this.groups.find((group) => !group.body.hidden);
    this.width = open ? open.canvas.clientWidth : this.plot.clientWidth;
    this.start = open ? open.canvas.offsetLeft : 0;
    this.axis.replaceChildren(...[0, 0.5, 1].map((share) => {
      const time = this.range[0] + share * (this.range[1] - this.range[0]);
      return make("span", { textContent: `${Math.max(0, time).toFixed(2)} s` });
    }));
    this.move(this.index ?? 0);
  }

  drawGroup(group) {
    const { canvas } = group, dense = devicePixelRatio || 1, width = canvas.clientWidth;
    canvas.height = group.rows.length * ROW_PX * dense;
    canvas.width = width * dense;
    canvas.style.height = `${group.rows.length * ROW_PX}px`;
    const ink = canvas.getContext("2d");
    ink.scale(dense, dense);
    const columns = this.columns(width);
    const colours = Object.fromEntries(["event", "signal", "gap", "line", "panel", "soft"].map((n) => [n, colour(n)]));
    group.rows.forEach((row, i) => this.drawRow(ink, row, (i + 1) * ROW_PX, width, columns, colours));
  }

  // First and last frame of every column of pixels.
  columns(width) {
    const { times } = this, edges = times.map((t, i) => (i ? (times[i - 1] + t) / 2 : this.whole[0]));
    const found = [];
    let i = 0;
    for (let x = 0; x < width; x++) {
      const from = this.range[0] + x / width * (this.range[1] - this.range[0]);
      const to = this.range[0] + (x + 1) / width * (this.range[1] - this.range[0]);
      while (i < times.length - 1 && edges[i + 1] <= from) i++;
      let last = i;
      while (last < times.length - 1 && edges[last + 1] < to) last++;
      found.push([i, last]);
    }
    return found;
  }

  drawRow(ink, row, bottom, width, columns, colours) {
    const most = ROW_PX - 4;
    ink.fillStyle = colours.line;
    ink.fillRect(0, bottom - 1, width, 1);
    columns.forEach(([first, last], x) => {
      let p = null, on = false, out = false;
      for (let i = first; i <= last; i++) {
        const value = row.values[i];
        if (value !== null && (p === null || value > p)) p = value;
        on ||= row.on[i];
        out ||= this.isLeftOut(i);
      }
      if (out) {
        ink.fillStyle = colours.panel;
        ink.fillRect(x, bottom - most - 2, 1, most + 1);
      }
      ink.fillStyle = out || p === null ? colours.gap : on ? colours.event : colours.signal;
      const height = p === null ? 3 : p * most;
      ink.fillRect(x, bottom - 1 - height, 1, height);
    });
    if (row.threshold) {
      ink.fillStyle = colours.soft;
      const y = Math.round(bottom - 1 - row.threshold * most);
      for (let x = 0; x < width; x += 6) ink.fillRect(x, y, 2, 1);
    }
  }

  move(index) {
    this.index = index;
    if (!this.times) return;
    const time = this.times[index], x = this.x(time, this.width);
    this.cursor.classList.toggle("outside", !(x >= 0 && x <= this.width));  // hidden, it would lose the keys
    this.cursor.style.left = `${this.start + x}px`;
    this.cursor.setAttribute("aria-valuenow", String(index));
    this.cursor.setAttribute("aria-valuetext", `${clock(time)}, frame ${index}`);
  }

  // The frame under the pointer.
  at(event) {
    const share = (event.clientX - this.plot.getBoundingClientRect().left - this.start) / this.width;
    const time = this.range[0] + Math.min(Math.max(share, 0), 1) * (this.range[1] - this.range[0]);
    let best = 0;
    for (let i = 1; i < this.times.length; i++) {
      if (Math.abs(this.times[i] - time) < Math.abs(this.times[best] - time)) best = i;
    }
    return best;
  }

  press(event) {
    if (event.button) return;
    const first = this.at(event), leaving = event.shiftKey;
    if (!leaving) this.seek(first);
    event.preventDefault();
    this.cursor.focus({ preventScroll: true });
    this.plot.setPointerCapture(event.pointerId);
    const drag = (moved) => (leaving ? this.mark(first, this.at(moved)) : this.seek(this.at(moved)));
    const end = (ended) => {
      this.plot.removeEventListener("pointermove", drag);
      this.choice.hidden = true;
      if (leaving && ended.type === "pointerup") {
        const ends = [first, this.at(ended)].sort((a, b) => a - b);
        this.leaveOut(...ends);
      }
    };
    this.plot.addEventListener("pointermove", drag);
    this.plot.addEventListener("pointerup", end, { once: true });
    this.plot.addEventListener("pointercancel", end, { once: true });
  }

  mark(first, last) {
    const [a, b] = [first, last].map((i) => this.start + this.x(this.times[i], this.width)).sort((p, q) => p - q);
    this.choice.hidden = false;
    this.choice.style.left = `${a}px`;
    this.choice.style.width = `${b - a}px`;
  }

  zoom(factor) {
    const [from, to] = this.whole, middle = this.times[this.index];
    const length = Math.min(Math.max((this.range[1] - this.range[0]) * factor, LEAST_S), to - from);
    const start = Math.min(Math.max(middle - length / 2, from), to - length);
    this.range = [start, start + length];
    this.draw();
  }

  wheel(event) {
    if (!event.ctrlKey) return;  // else the page scrolls
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.25 : 0.8);
  }

  key(event) {
    const last = this.times.length - 1, page = Math.max(1, Math.round(last / 10));
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -page, PageUp: page };
    if (event.key in steps) this.seek(Math.min(Math.max(this.index + steps[event.key] * (event.shiftKey ? 10 : 1), 0), last));
    else if (event.key === "Home") this.seek(0);
    else if (event.key === "End") this.seek(last);
    else if (event.key === "+" || event.key === "=") this.zoom(0.5);
    else if (event.key === "-") this.zoom(2);
    else if (event.key === "0") this.zoom(Infinity);
    else return;
    event.preventDefault();
  }
}
