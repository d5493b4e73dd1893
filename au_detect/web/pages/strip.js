// The filmstrip: frames to choose the neutral face from, the automatic choice marked.

import { clock, make, part } from "./dom.js";

const N_FRAMES = 12, HEIGHT_PX = 72;

export class Strip {
  constructor(seek) { this.seek = seek; }

  // Frames spread over the input, and those that the neutral was made of.
  async show(times, size, neutralFrames, media) {
    const mine = this.drawn = {}, chosen = new Set(neutralFrames.slice(0, 3));
    const n = Math.min(N_FRAMES, times.length);
    for (let i = 0; i < n; i++) chosen.add(Math.round(i * (times.length - 1) / Math.max(n - 1, 1)));
    const frames = [...chosen].sort((a, b) => a - b);
    const canvases = frames.map((frame) => this.makeFrame(frame, times, size, neutralFrames.includes(frame)));
    part("strip").replaceChildren(...canvases.map(({ button }) => button));
    if (!media) return;
    try {
      for (const { frame, canvas } of canvases) {
        const { image, index } = await media.image(frame);
        if (this.drawn !== mine) return;
        if (index === frame) canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      }
    } catch { /* this browser cannot show it */ }
  }

  makeFrame(frame, times, size, isNeutral) {
    const canvas = make("canvas", { height: HEIGHT_PX, width: Math.round(HEIGHT_PX * size[0] / size[1]) });
    canvas.setAttribute("aria-hidden", "true");
    const said = `${clock(times[frame])} · ${frame}${isNeutral ? " · neutral" : ""}`;
    const button = make("button", { type: "button", className: isNeutral ? "frame neutral" : "frame" },
      canvas, make("span", { textContent: said }));
    button.addEventListener("click", () => {
      part("neutral").value = String(frame);
      this.seek(frame);
    });
    return { frame, canvas, button };
  }
}
