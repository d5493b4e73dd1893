// The report page: shows the frame that is clicked, and what the mouse is over.
// Everything from results enters as text, never as markup.
(() => {
"use strict";
const SVG = "http://www.w3.org/2000/svg";
function make(tag, text, kind) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (kind) element.className = kind;
  return element;
}
function draw(group, view, outlines) {
  group.replaceChildren();
  const p = view.points, radius = view.size[1] / 190;
  if (!p.length) return;
  group.setAttribute("stroke-width", radius / 1.6);
  for (const [start, stop, closed] of outlines) {
    const line = document.createElementNS(SVG, closed ? "polygon" : "polyline");
    line.setAttribute("points", p.slice(2 * start, 2 * stop).join(" "));
    group.append(line);
  }
  for (let i = 0; i < p.length; i += 2) {
    const dot = document.createElementNS(SVG, "circle");
    dot.setAttribute("cx", p[i]);
    dot.setAttribute("cy", p[i + 1]);
    dot.setAttribute("r", radius);
    group.append(dot);
  }
}
function tell(box, view) {
  box.replaceChildren(make("p", view.emotion, "emotion"));
  if (!view.aus.length) box.append(make("p", "No action unit is on.", "hint"));
  for (const au of view.aus) {
    const head = make("p", "", "au");
    head.append(make("b", au.name), " " + au.probability);
    box.append(head);
    if (au.why.length) {
      const list = make("ul");
      for (const reason of au.why) list.append(make("li", reason));
      box.append(list);
    }
  }
  if (view.note) box.append(make("p", view.note, "hint"));
}
function start(viewer) {
  const data = JSON.parse(viewer.querySelector("script").textContent);
  const svg = viewer.querySelector("svg"), image = viewer.querySelector("image");
  const marks = viewer.querySelector(".landmarks"), caption = viewer.querySelector("figcaption");
  const slider = viewer.querySelector("input[type=range]");
  const told = viewer.querySelector(".told");
  const chart = document.getElementById(viewer.dataset.chart);
  const cursor = chart && chart.querySelector(".cursor");
  const columns = chart ? [...chart.querySelectorAll(".hover")] : [];
  const choose = viewer.querySelector(".choose"), command = viewer.querySelector("code");
  let current = null;
  const holds = (column, frame) => column.dataset.first <= frame && frame <= column.dataset.last;
  function show(number) {
    const view = data.views[number], [width, height] = view.size;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    image.setAttribute("width", width);
    image.setAttribute("height", height);
    if (view.picture) image.setAttribute("href", "data:image/jpeg;base64," + view.picture);
    else image.removeAttribute("href");
    draw(marks, view, data.outlines);
    tell(told, view);
    const rest = data.neutral.includes(number) ? ", neutral face" : "";
    caption.textContent = `frame ${view.frame}, ${view.time.toFixed(2)} s${rest}`;
    if (command) command.hidden = true;
    current = view;
    if (slider) slider.value = number;
    const column = columns.find((c) => holds(c, view.frame));
    if (cursor && column) {
      const x = Number(column.getAttribute("x")) + Number(column.getAttribute("width")) / 2;
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      cursor.classList.add("shown");
    }
  }
  function nearest(frame) {
    const gaps = data.views.map((view) => Math.abs(view.frame - frame));
    return gaps.indexOf(Math.min(...gaps));
  }
  viewer.querySelector("input[type=checkbox]").addEventListener("change", (event) => {
    marks.style.display = event.target.checked ? "" : "none";
  });
  if (slider) slider.addEventListener("input", () => show(Number(slider.value)));
  for (const button of viewer.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => show(Number(button.dataset.view)));
  }
  if (choose) choose.addEventListener("click", () => {
    command.textContent = data.command + current.frame;
    command.hidden = false;
    if (navigator.clipboard) navigator.clipboard.writeText(command.textContent).catch(() => {});
  });
  for (const column of columns) {
    column.addEventListener("click", () => {
      show(nearest((Number(column.dataset.first) + Number(column.dataset.last)) / 2));
    });
  }
  show(data.start);
}
function read(chart) {
  const line = document.querySelector(`.readout[data-chart="${chart.id}"]`);
  if (!line) return;
  const rest = line.textContent;
  for (const column of chart.querySelectorAll(".hover")) {
    const title = column.querySelector("title").textContent;
    column.addEventListener("mouseenter", () => { line.textContent = title; });
  }
  chart.addEventListener("mouseleave", () => { line.textContent = rest; });
}
document.querySelectorAll(".viewer").forEach(start);
document.querySelectorAll("svg.timeline").forEach(read);
})();
