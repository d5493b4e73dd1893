// The action units of one face in one frame: bars with thresholds, sides, levels; and the top.

import { make, part } from "./dom.js";

const LEAST_SIDE = 0.5;

export class Bars {
  // `judge(au)` hears which action unit the user wants to say something of.
  constructor(aus, judge) {
    this.rows = new Map();
    const groups = ["upper", "lower"].map((name) => {
      const box = make("div", { className: "aus", role: "group", "aria-label": `${name} face` });
      for (const au of aus.filter((a) => a.part === name)) box.append(this.makeRow(au, judge));
      return box;
    });
    part("bars").replaceChildren(make("p", { className: "heads" }, make("span", { textContent: "each half alone: right | left" })), ...groups);
  }

  makeRow(au, judge) {
    const name = make("button", { type: "button", className: "name", textContent: `${au.au} ${au.name}`,
      title: "say whether this is right" });
    name.addEventListener("click", () => judge(au));
    const bar = make("span", { className: "bar" }), line = make("span", { className: "threshold" });
    line.style.left = `${100 * au.threshold}%`;
    const sides = ["right", "left"].map(() => make("span", { className: "bar" }));
    const row = make("div", { className: "au" }, name,
      make("span", { className: "track" }, bar, line), make("span", { className: "value" }),
      make("span", { className: "sides", title: "right half, left half" },
        ...sides.map((side) => make("span", { className: "half" }, side))));
    this.rows.set(au.au, { row, bar, sides, value: row.querySelector(".value") });
    return row;
  }

  show(answer) {
    for (const [au, { row, bar, sides, value }] of this.rows) {
      const cell = answer?.aus[au], p = cell?.probability ?? null;
      row.classList.toggle("active", Boolean(cell?.on));
      row.classList.toggle("unknown", p === null);
      bar.style.width = `${100 * (p ?? 0)}%`;
      value.textContent = told(answer, cell);
      sides[0].style.width = `${100 * (cell?.right ?? 0)}%`;
      sides[1].style.width = `${100 * (cell?.left ?? 0)}%`;
    }
  }
}

function told(answer, cell) {
  if (!answer?.found) return "–";
  if (cell?.probability === null || !cell) return "not visible";
  const side = cell.on && Math.abs(cell.side ?? 0) >= LEAST_SIDE ? (cell.side > 0 ? " left" : " right") : "";
  return `${cell.probability.toFixed(2)}${cell.level ? ` ${cell.level}` : ""}${side}`;
}

export function showTops(answer, face, names, seek) {
  const line = (au, p, on) => {
    const text = `${au} ${names[au]} ${p.toFixed(2)}`;
    return make("span", { className: on ? "active" : "", textContent: on ? `${text}, on` : text });
  };
  const here = (answer?.top ?? []).map((au) => make("li", {}, line(au, answer.aus[au].probability, answer.aus[au].on)));
  part("top-frame").replaceChildren(...(here.length ? here : [make("li", { textContent: answer?.found ? "nothing visible" : "no face" })]));
  part("top-all").replaceChildren(...(face?.top ?? []).map((peak) => {
    const button = make("button", { type: "button", className: "plain" }, line(peak.au, peak.probability, peak.on), ` · frame ${peak.frame}`);
    button.addEventListener("click", () => seek(peak.frame));
    return make("li", {}, button);
  }));
}
