// The live page. It sends or asks for one frame, waits for its row, shows it, and goes on.
"use strict";

const SHOWN_S = 30, ROW_PX = 24, SENT_SIDE_PX = 640, SENT_QUALITY = 0.92, ONE_SIDED_FROM = 0.5;
const LONGEST_GAP_S = 0.5;  // between rows; the rest of a longer one stays empty
const part = (id) => document.getElementById(id);
const view = part("view"), timeline = part("timeline");
const grabbed = document.createElement("canvas");  // the frame that is under way
const camera = document.createElement("video");
camera.muted = camera.playsInline = true;
let socket, hello, picture, row, rows = [], arrivals = [], drawnUntil = null;
let received = Promise.resolve();
let asked = false;  // for a new neutral
let kept = [], keptAUs = "";  // rows to be saved, as lines of CSV
const MOST_KEPT = 400000;  // rows: over three hours at 30 frames/s

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function say(text, wrong = false) {
  part("note").textContent = text;
  part("note").classList.toggle("wrong", wrong);
}

function make(kind, parent) {
  const element = document.createElement("div");
  element.className = kind;
  parent.append(element);
  return element;
}

function makeRows(aus) {
  part("rows").replaceChildren();
  rows = aus.map((au) => {
    const line = make("au", part("rows")), name = make("name", line), track = make("track", line);
    name.textContent = name.title = hello.names[au];
    const bar = make("bar", track), threshold = make("threshold", track);
    return { au, line, bar, threshold, value: make("value", line) };
  });
  timeline.width = Math.max(240, Math.round(part("time").clientWidth));
  timeline.height = aus.length * ROW_PX;
  timeline.style.height = `${timeline.height}px`;
  drawnUntil = null;
}

function showAUs() {
  if (rows.length !== row.aus.length || rows.some((r, i) => r.au !== row.aus[i])) makeRows(row.aus);
  rows.forEach(({ line, bar, threshold, value }, i) => {
    const p = row.face_found ? row.probabilities[i] : null, side = row.side ? row.side[i] : 0;
    const half = row.active[i] && Math.abs(side) >= ONE_SIDED_FROM;
    line.classList.toggle("on", row.active[i]);
    bar.style.width = `${100 * (p ?? 0)}%`;
    threshold.style.left = `${100 * row.thresholds[i]}%`;
    const level = row.levels[i] ? ` ${row.levels[i]}` : "";
    value.textContent = (p === null ? "–" : p.toFixed(2)) + level + (half ? (side > 0 ? " left" : " right") : "");
  });
}

function drawTimeline() {
  const ink = timeline.getContext("2d"), pxPerS = timeline.width / SHOWN_S;
  const now = Math.round(row.time_s * pxPerS);
  const step = drawnUntil === null ? 1 : now - drawnUntil;
  if (step <= 0) return;
  drawnUntil = now;
  ink.globalCompositeOperation = "copy";  // moves what is there to the left
  ink.drawImage(timeline, -step, 0);
  ink.globalCompositeOperation = "source-over";
  const on = colour("event"), off = colour("signal"), gap = colour("gap"), line = colour("line");
  const width = Math.min(step, Math.ceil(LONGEST_GAP_S * pxPerS)), left = timeline.width - width;
  row.aus.forEach((_, i) => {
    const bottom = (i + 1) * ROW_PX - 2, p = row.face_found ? row.probabilities[i] : null;
    const height = p === null ? 3 : p * (ROW_PX - 5);
    ink.fillStyle = line;
    ink.fillRect(left, bottom, width, 1);
    ink.fillStyle = p === null ? gap : row.active[i] ? on : off;
    ink.fillRect(left, bottom - height, width, height);
  });
}

function showEmotion() {
  const told = row.emotions.map(([name, score]) => `${name} ${score.toFixed(2)}`);
  const none = row.face_found ? "not visible" : "no face";
  part("emotion").textContent = row.emotions.length ? row.emotions[0][0] : none;
  part("others").textContent = told.join(" · ");
  const seen = (row.appearance || []).map(([name, p]) => `${name} ${p.toFixed(2)}`);
  part("appearance").textContent = seen.length ? `network of pixels: ${seen.join(" · ")}` : "";
}

function drawLandmarks(ink, scale) {
  const x = (i) => row.points[2 * i] * scale, y = (i) => row.points[2 * i + 1] * scale;
  const radius = Math.max(1.2, view.height / 300);
  ink.strokeStyle = colour("outline");
  ink.lineWidth = radius / 1.3;
  for (const [start, stop, closed] of hello.outlines) {
    ink.beginPath();
    for (let i = start; i < stop; i++) ink.lineTo(x(i), y(i));
    if (closed) ink.closePath();
    ink.stroke();
  }
  ink.fillStyle = colour("point");
  for (let i = 0; i < row.points.length / 2; i++) {
    ink.beginPath();
    ink.arc(x(i), y(i), radius, 0, 2 * Math.PI);
    ink.fill();
  }
}

function drawView(image) {
  if (view.width !== image.width || view.height !== image.height) {
    view.width = image.width;
    view.height = image.height;
  }
  const ink = view.getContext("2d"), mirrored = part("mirror").checked;
  ink.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? view.width : 0, 0);
  ink.drawImage(image, 0, 0);
  if (row.face_found && part("landmarks").checked) drawLandmarks(ink, image.width / row.size[0]);
}

function showSpeed() {
  const now = performance.now();
  arrivals = [...arrivals.filter((t) => now - t < 2000), now];
  const span = (now - arrivals[0]) / 1000;
  const rate = span > 0 ? ((arrivals.length - 1) / span).toFixed(0) : "–";
  const rest = row.total_ms - row.detection_ms;
  part("speed").textContent =
    `${rate} frames/s · detection ${row.detection_ms.toFixed(0)} ms + reading and waiting ${rest.toFixed(0)} ms`;
}

function label(au) {
  return `AU${String(au).padStart(2, "0")}`;
}

function csvHead(aus) {
  const of = (suffix) => aus.map((au) => `${label(au)}_${suffix}`);
  return ["frame", "timestamp", "success", ...of("c"), ...of("p"), ...of("r"), ...of("side"), "reliable"].join(",");
}

function keepRow() {
  if (keptAUs !== String(row.aus)) kept = [], keptAUs = String(row.aus);
  if (kept.length >= MOST_KEPT) return;
  const empty = row.aus.map(() => ""), found = row.face_found;
  kept.push([
    row.frame, row.time_s, found ? 1 : 0,
    ...(found ? row.active.map((on) => (on ? 1 : 0)) : empty),
    ...(found ? row.probabilities : empty), ...(found ? row.intensity : empty),
    ...(found ? row.side : empty), row.reliable ? 1 : 0,
  ].join(","));
  part("save").disabled = false;
}

function csvText() {
  return [csvHead(row.aus), ...kept, ""].join("\n");
}

function saveRows() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csvText()], { type: "text/csv" }));
  link.download = "au_detect_live.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

function showRow(image) {
  drawView(image);
  if (image.close) image.close();
  showAUs();
  drawTimeline();
  showEmotion();
  showSpeed();
  keepRow();
  part("blinks").textContent = `AU45 blinks so far: ${row.n_blinks}`;
  part("neutral").disabled = !row.face_found;
  if (row.neutral) part("reference").textContent = `Compared with ${row.neutral}. Relax your face, look at the camera and press the button to change that.`;
  if (!row.face_found) say("No face is seen.");
  else if (row.hidden.length) say(`Not visible: ${row.hidden.join(", ")}.`);
  else if (!row.reliable) say("The head is turned too far for reliable numbers.");
  else say("");
  document.body.dataset.frames = row.frame + 1;
}

function newFrame() {
  return new Promise((resolve) => {
    if (camera.requestVideoFrameCallback) camera.requestVideoFrameCallback(resolve);
    else requestAnimationFrame(resolve);
  });
}

async function sendFrame() {
  await newFrame();
  const scale = Math.min(1, SENT_SIDE_PX / Math.max(camera.videoWidth, camera.videoHeight));
  grabbed.width = Math.round(camera.videoWidth * scale);
  grabbed.height = Math.round(camera.videoHeight * scale);
  grabbed.getContext("2d").drawImage(camera, 0, 0, grabbed.width, grabbed.height);
  const jpeg = await new Promise((done) => grabbed.toBlob(done, "image/jpeg", SENT_QUALITY));
  if (jpeg && socket.readyState === WebSocket.OPEN) socket.send(jpeg);
}

function send(type) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type }));
}

function goOn() {
  if (asked) send("neutral");
  else if (hello.source === "browser") sendFrame();
  else send("next");
  asked = false;
}

async function openCamera() {
  const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
  camera.srcObject = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  camera.srcObject.getVideoTracks()[0].onended = () => say("The camera has stopped.", true);
  await camera.play();
}

async function start(message) {
  hello = message;
  part("source").textContent = hello.name;
  part("mirror").checked = hello.source !== "clip";
  try {
    if (hello.source === "browser" && !camera.srcObject) await openCamera();
    goOn();
  } catch (error) {
    say(`The camera cannot be used: ${error.message}`, true);
  }
}

async function receive(event) {
  if (typeof event.data !== "string") {
    picture = createImageBitmap(event.data);
    return;
  }
  const message = JSON.parse(event.data);
  if (message.type === "hello") await start(message);
  else if (message.type === "end") {
    say("The clip has ended.");
    part("again").hidden = false;
    part("neutral").disabled = true;
  } else {
    if (hello) goOn();  // the next frame is measured while this one is drawn
    if (message.type === "row") {
      const image = hello.source === "browser" ? grabbed : await picture;
      row = message;
      showRow(image);
    } else if (message.type === "neutral") {
      part("reference").textContent = `Compared with ${message.neutral} from now on.`;
    } else say(message.message, true);
  }
}

function connect() {
  part("again").hidden = true;
  arrivals = [];
  drawnUntil = null;
  kept = [];
  if (socket) socket.onclose = null, socket.close();
  socket = new WebSocket(`ws://${location.host}/frames`);
  socket.binaryType = "blob";
  socket.onmessage = (event) => {  // one after the other: a row waits for its picture
    received = received.then(() => receive(event)).catch((error) => say(String(error), true));
  };
  socket.onclose = () => {
    say(`${part("note").textContent} The connection is closed: reload the page.`, true);
    part("neutral").disabled = true;
  };
}

part("neutral").addEventListener("click", () => { asked = true; });
part("save").addEventListener("click", saveRows);
part("again").addEventListener("click", connect);
connect();
