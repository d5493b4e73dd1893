// All results: open one again, compare two, delete.

import { ask } from "./api.js";
import { make, part, say } from "./dom.js";

export async function showListed() {
  const jobs = await ask("/v1/jobs"), chosen = new Set();
  part("compared").replaceChildren();
  part("compare").disabled = true;
  part("listed").replaceChildren(...jobs.map((job) => line(job, chosen)));
  if (!jobs.length) part("listed").append(make("tr", {}, make("td", { colSpan: 7, textContent: "Nothing yet." })));
  part("compare").onclick = () => compare([...chosen], jobs);
}

function line(job, chosen) {
  const tick = make("input", { type: "checkbox", disabled: job.state !== "done", "aria-label": `compare ${job.name}` });
  tick.addEventListener("change", () => {
    if (tick.checked) chosen.add(job.id); else chosen.delete(job.id);
    part("compare").disabled = chosen.size !== 2;
  });
  const name = job.state === "done" ? make("a", { href: `#result/${job.id}`, textContent: job.name }) : make("span", { textContent: job.name });
  const remove = make("button", { type: "button", textContent: "Delete", "aria-label": `delete ${job.name}` });
  remove.addEventListener("click", async () => {
    try {
      await ask(`/v1/results/${job.id}`, { method: "DELETE" });
      await showListed();
      say(`${job.name} is deleted.`);
    } catch (error) {
      say(error.message, true);
    }
  });
  const cells = [tick, name, new Date(1000 * job.created_s).toLocaleString(), job.reason ?? job.state,
    String(job.frames ?? ""), job.of ? `${job.neutral}, scored anew` : job.neutral, remove];
  return make("tr", {}, ...cells.map((cell, i) => make("td", { className: i === 4 ? "number" : "" }, cell)));
}

async function compare(ids, jobs) {
  const [one, other] = await Promise.all(ids.map((id) => ask(`/v1/results/${id}`)));
  const peaks = (answer) => {
    const found = {};
    for (const row of answer.rows) {
      for (const [au, cell] of Object.entries(row.aus)) found[au] = Math.max(found[au] ?? 0, cell.probability ?? 0);
    }
    return found;
  };
  const a = peaks(one), b = peaks(other);
  const lines = one.aus.filter((au) => au.au in b).map((au) => {
    const p = a[au.au] ?? 0, q = b[au.au] ?? 0, on = Math.max(p, q) >= au.threshold;
    const difference = Math.round(100 * (q - p)) / 100 || 0;  // never minus zero
    return make("tr", { className: on ? "" : "off" }, make("th", { scope: "row", textContent: `${au.au} ${au.name}` }),
      ...[p, q, difference].map((value) => make("td", { className: "number", textContent: value.toFixed(2) })));
  });
  const named = ids.map((id, i) => {
    const { name, neutral, created_s: at } = jobs.find((job) => job.id === id);
    return make("li", {}, make("b", { textContent: i ? "B" : "A" }), ` ${name}, ${new Date(1000 * at).toLocaleTimeString()}, neutral ${neutral}`);
  });
  const heads = ["Action unit", "A", "B", "B − A"].map((text, i) => make("th", { scope: "col", className: i ? "number" : "", textContent: text }));
  part("compared").replaceChildren(make("ul", { className: "hint" }, ...named), make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "comparison" }, make("table", {},
    make("caption", { textContent: "The highest probability of every action unit, over all frames and faces" }),
    make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...lines))));
}
