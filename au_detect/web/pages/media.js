// The pictures of an input, which the browser has itself: the frame of a number, exactly.

const SEEK_TRIES = 4, SEEN_WITHIN_MS = 400, FAR_S = 1e7;

export async function openMedia(files, times) {
  if (!files || !files.length) return null;
  if (files.length > 1) return new Pictures(files);
  const [file] = files;
  try {
    if (file.type.startsWith("video/") || times.length > 1) return await Video.open(file, times);
    return new Pictures([file]);
  } catch {
    return null;  // a kind that this browser cannot show
  }
}

class Pictures {
  constructor(files) {
    const natural = new Intl.Collator("en", { numeric: true });
    this.files = [...files].sort((a, b) => natural.compare(a.name, b.name));
    this.kept = new Map();
  }

  async image(index) {
    if (!this.kept.has(index)) {
      if (this.kept.size > 40) this.kept.delete(this.kept.keys().next().value);
      this.kept.set(index, await createImageBitmap(this.files[index]));
    }
    return { image: this.kept.get(index), index };
  }
}

class Video {
  constructor(element, times) {
    this.element = element;
    this.times = times;
    this.offset = 0;
    this.turn = Promise.resolve();
  }

  static async open(file, times) {
    const element = document.createElement("video");
    element.muted = element.playsInline = true;
    element.preload = "auto";
    element.src = URL.createObjectURL(file);
    await new Promise((resolve, reject) => {
      element.onloadeddata = resolve;
      element.onerror = () => reject(new Error("not shown"));
    });
    const media = new Video(element, times);
    if (!Number.isFinite(element.duration)) await media.seek(FAR_S);  // recordings do not know it
    media.offset = (await media.seek(0)) - times[0];
    return media;
  }

  // Seek, and return the time stamp of the frame that is there then.
  async seek(time) {
    const { element } = this;
    let seen = null;
    const callback = element.requestVideoFrameCallback?.((_, frame) => { seen = frame.mediaTime; });
    await new Promise((done) => {
      element.addEventListener("seeked", done, { once: true });
      element.currentTime = time;
    });
    const end = performance.now() + SEEN_WITHIN_MS;
    while (callback && seen === null && performance.now() < end) {
      await new Promise((done) => setTimeout(done, 10));
    }
    if (callback && seen === null) element.cancelVideoFrameCallback(callback);
    return seen ?? Math.min(time, element.currentTime);
  }

  nearest(mediaTime) {
    const { times } = this, time = mediaTime - this.offset;
    let low = 0, high = times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (times[middle] <= time + 1e-3) low = middle; else high = middle - 1;
    }
    const next = Math.min(low + 1, times.length - 1);
    return Math.abs(times[next] - time) < Math.abs(times[low] - time) ? next : low;
  }

  // One after the other: the frame, and which one it is by its own time stamp.
  image(index) {
    const mine = this.turn.then(() => this.find(index));
    this.turn = mine.catch(() => {});
    return mine;
  }

  async find(index) {
    const { times } = this, last = times.length - 1;
    const gap = index < last ? times[index + 1] - times[index] : times[last] - times[Math.max(last - 1, 0)];
    let shift = 0.5, shown = -1;
    for (let tries = 0; tries < SEEK_TRIES && shown !== index; tries++) {
      const time = this.offset + times[index] + shift * (gap || 0.02);
      shown = this.nearest(await this.seek(Math.max(0, time)));
      shift += shown < index ? 0.3 : -0.3;
    }
    return { image: this.element, index: shown };
  }

  // Play from a frame on; `tell` hears the number of every frame that is shown.
  async play(index, tell, ended) {
    await this.image(index);
    const { element } = this;
    const next = (_, frame) => {
      if (element.paused) return;
      tell(this.nearest(frame.mediaTime));
      element.requestVideoFrameCallback(next);
    };
    element.requestVideoFrameCallback(next);
    element.onended = ended;
    await element.play();
  }

  pause() { this.element.pause(); }
}
