// The frame with what was found drawn on it.

import { colour, make, part } from "./dom.js";

const MOST_PX = 1280;
// First landmark, the one after the last, and whether the line is closed, of every region.
const OUTLINES = JSON.parse(part("outlines").textContent);

export class View {
  constructor(changed) {
    this.canvas = part("view");
    this.layers = { Picture: true, Landmarks: true, "Face box": false, "Head pose": false };
    this.chips = Object.keys(this.layers).map((name) => {
      const chip = make("button", { type: "button", textContent: name });
      chip.addEventListener("click", () => {
        this.layers[name] = !this.layers[name];
        changed();
      });
      return chip;
    });
    part("layers").replaceChildren(...this.chips);
  }

  draw(size, image, rows) {
    const scale = Math.min(1, MOST_PX / Math.max(...size));
    const width = Math.round(size[0] * scale), height = Math.round(size[1] * scale);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const ink = this.canvas.getContext("2d"), found = rows.filter((row) => row.points);
    this.offer({ Picture: image, Landmarks: found.length, "Face box": found.length,
      "Head pose": found.some((row) => row.pose) });
    ink.fillStyle = colour("picture");
    ink.fillRect(0, 0, width, height);
    if (image && this.layers.Picture) ink.drawImage(image, 0, 0, width, height);
    for (const row of found) {
      const points = row.points.map((value) => value * scale);
      if (this.layers.Landmarks) landmarks(ink, points, height);
      if (this.layers["Face box"]) box(ink, points, found.length > 1 ? `face ${row.face}` : "");
      if (this.layers["Head pose"] && row.pose) pose(ink, points, row.pose);
    }
  }

  // Layers that there is nothing for are greyed.
  offer(available) {
    for (const chip of this.chips) {
      const name = chip.textContent;
      chip.disabled = !available[name];
      chip.setAttribute("aria-pressed", String(this.layers[name]));
    }
  }
}

function landmarks(ink, points, height) {
  const radius = Math.max(1.2, height / 300);
  ink.strokeStyle = colour("outline");
  ink.lineWidth = radius / 1.3;
  for (const [start, stop, closed] of OUTLINES) {
    ink.beginPath();
    for (let i = start; i < stop; i++) ink.lineTo(points[2 * i], points[2 * i + 1]);
    if (closed) ink.closePath();
    ink.stroke();
  }
  ink.fillStyle = colour("point");
  for (let i = 0; i < points.length; i += 2) {
    ink.beginPath();
    ink.arc(points[i], points[i + 1], radius, 0, 2 * Math.PI);
    ink.fill();
  }
}

function corners(points) {
  const x = points.filter((_, i) => i % 2 === 0), y = points.filter((_, i) => i % 2 === 1);
  return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
}

function box(ink, points, name) {
  const [left, top, right, bottom] = corners(points);
  ink.strokeStyle = ink.fillStyle = colour("point");
  ink.lineWidth = 2;
  ink.strokeRect(left, top, right - left, bottom - top);
  ink.font = "16px system-ui";
  ink.fillText(name, left, Math.max(top - 6, 14));
}

// Where the nose points: angles in radians, x right, y down.
function pose(ink, points, [rx, ry]) {
  const [left, , right] = corners(points), length = (right - left) / 2;
  const x = points[60], y = points[61];
  ink.strokeStyle = colour("event");
  ink.lineWidth = 3;
  ink.beginPath();
  ink.moveTo(x, y);
  ink.lineTo(x + length * Math.sin(ry), y + length * Math.sin(rx));
  ink.stroke();
}
