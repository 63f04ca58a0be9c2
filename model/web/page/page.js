"use strict";
/* The page: pictures in, scores and a verdict out. What files and models say is only ever shown as text. */

const MODEL = CROSSCAM_MODEL;
const byId = name => document.getElementById(name);
const thresholds = Int8Array.from(MODEL.thresholds);
const zones = MODEL.zones.map(([name, least]) => ({ name, least }));
const times = {};
let network = null, last = null, camera = null, working = Promise.resolve();

function element(kind, properties = {}, ...children) {
  const made = Object.assign(document.createElement(kind), properties);
  made.append(...children);
  return made;
}

function trouble(text) {
  byId("trouble").textContent = text;
}

/* ---- the network ---- */

function bytes(base64) {
  return Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
}

async function load() {
  const begun = performance.now();
  const { instance } = await WebAssembly.instantiate(bytes(MODEL.wasm), {});
  network = instance.exports;
  times.load = performance.now();
  times.compile = times.load - begun;
  const scores = run(networkInput(selfTestFrame(), FRAME_WIDTH, FRAME_HEIGHT, MODEL.input));
  times.warm = performance.now() - times.load;
  if (MODEL.self_test && MODEL.self_test.some((score, at) => score !== scores[at])) {
    throw new Error(`the self-test gives ${[...scores]}, expected ${MODEL.self_test}: this browser computes otherwise than the board`);
  }
}

/* Scores as they are stored, of the first output. */
function run(input) {
  new Int8Array(network.memory.buffer, network.input(0), input.length).set(input);
  network.run();
  return new Int8Array(network.memory.buffer, network.output(0), MODEL.labels.length).slice();
}

/* ---- a picture's way ---- */

function draw(canvas, pixels, width) {
  canvas.width = width;
  canvas.height = pixels.length / 4 / width;
  canvas.getContext("2d").putImageData(new ImageData(pixels, width), 0, 0);
}

/* Throws where a canvas gives back other bytes than it was given, as browsers do that guard against being told apart by it:
   no score is better than one the board would not give. Asked at each picture, since a person may allow it meanwhile. */
function checkCanvas() {
  const side = 16, context = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  const put = new ImageData(side, side);
  for (let at = 0; at < put.data.length; at++) put.data[at] = at % 4 === 3 ? 255 : at * 37;
  context.putImageData(put, 0, 0);
  if (context.getImageData(0, 0, side, side).data.some((value, at) => value !== put.data[at])) {
    throw new Error("This browser alters the pixels a page reads, against fingerprinting, so scores would not be the board's: allow this page to read canvases.");
  }
}

/* RGBA bytes of a picture or of the webcam's present one; transparent parts are white. */
function pixelsOf(source, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0);
  return context.getImageData(0, 0, width, height).data;
}

function look(pixels, width, height, name) {
  const begun = performance.now();
  const photo = fitted(pixels, width, height, MODEL.rows_first), frame = packed(photo);
  const input = networkInput(frame, FRAME_WIDTH, FRAME_HEIGHT, MODEL.input);
  const ready = performance.now();
  const scores = run(input);
  times.network = performance.now() - ready;
  times.picture = ready - begun;
  times.first ??= times.picture + times.network;
  draw(byId("photo"), photo, FRAME_WIDTH);
  draw(byId("frame"), unpacked(frame), FRAME_WIDTH);
  draw(byId("input"), shownInput(input, MODEL.input[2]), MODEL.input[1]);
  byId("name").textContent = name;
  last = { name, scores };
  show();
}

async function open(file) {
  let picture;
  try {
    picture = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    trouble(`${file.name || "what was pasted"}: not a picture this browser can read`);
    return;
  }
  checkCanvas();
  trouble("");
  look(pixelsOf(picture, picture.width, picture.height), picture.width, picture.height, file.name || "pasted");
  picture.close();
  note();
}

function openAll(files) {
  for (const file of files) working = working.then(() => open(file)).catch(error => trouble(error.message));
}

/* ---- what it says ---- */

function real(stored) {
  return (stored - MODEL.output.zero_point) * MODEL.output.scale * MODEL.score_scale;
}

/* The grade with the highest score, the first of equal ones; undefined where the card has no grades. */
function gradeOf(scores) {
  let best;
  for (const name of MODEL.grades) if (best === undefined || scores[placeOf(name)] > scores[placeOf(best)]) best = name;
  return best;
}

function placeOf(label) {
  return MODEL.labels.indexOf(label);
}

/* The strictest zone whose least score is reached; undefined where the card has none. */
function zoneOf(scores) {
  if (!zones.length) return undefined;
  return zones.find(zone => scores[placeOf(MODEL.zone_label)] >= zone.least)?.name ?? "none";
}

/* Labels that are present by their own threshold: no grades, nor the score that says how sure the grade is. */
function hasThreshold(label) {
  return label !== MODEL.nothing && !MODEL.grades.includes(label) && !(MODEL.grades.length && label === MODEL.zone_label);
}

function decide(scores) {
  const grade = gradeOf(scores);
  const present = MODEL.labels.filter((label, at) => label === grade || hasThreshold(label) && scores[at] >= thresholds[at]);
  return present.length ? present : MODEL.labels.includes(MODEL.nothing) ? [MODEL.nothing] : [];
}

/* The stored scores in the UART's words. */
function line(scores) {
  return MODEL.labels.map((label, at) => `${label}: ${scores[at] < 0 ? "" : "+"}${scores[at]}`).join(", ");
}

function verdict(scores) {
  const said = decide(scores), zone = zoneOf(scores);
  const nothing = !said.length || said[0] === MODEL.nothing || said.length === 1 && said[0] === MODEL.grades[0];
  const text = said.length ? said.join(" and ") : "none of the labels";
  return { text: zone === undefined ? text : `${text}, ${zone}`, nothing };
}

/* The labels that are shown: the highest, the background left out, those under the card's threshold too. */
function shown(scores) {
  const all = MODEL.labels.map((_, at) => at);
  if (all.length <= MODEL.top) return all;
  return all
    .filter(at => MODEL.labels[at] !== MODEL.background && real(scores[at]) >= MODEL.score_threshold)
    .sort((a, b) => scores[b] - scores[a] || a - b)
    .slice(0, MODEL.top);
}

function show() {
  if (last === null) return;
  const { text, nothing } = verdict(last.scores);
  byId("verdict").textContent = text;
  byId("verdict").className = nothing ? "none" : "some";
  const rows = shown(last.scores);
  const kept = byId("scores");
  if (kept.dataset.rows !== rows.join()) {
    kept.dataset.rows = rows.join();
    kept.replaceChildren(...rows.map(scoreRow));
  }
  for (const at of rows) {
    const row = kept.querySelector(`[data-label="${at}"]`), stored = last.scores[at];
    row.querySelector("progress").value = stored + 128;
    const value = `${real(stored).toFixed(3)} (${stored < 0 ? "" : "+"}${stored})`;
    const slider = row.querySelector("input");
    if (slider !== null) setSlider(slider, thresholds[at]);
    row.querySelector(".value").textContent = slider === null ? value : `${value}, from ${real(thresholds[at]).toFixed(3)}`;
  }
  zones.forEach((zone, at) => {
    const row = byId("zones").children[at];
    setSlider(row.querySelector("input"), zone.least);
    row.querySelector(".value").textContent = `from ${real(zone.least).toFixed(3)}`;
  });
  showTimes();
}

function setSlider(slider, stored) {
  slider.value = stored;
  slider.setAttribute("aria-valuetext", real(stored).toFixed(3));
}

function sliderOf(name, changed) {
  const slider = element("input", { type: "range", min: -128, max: 127, ariaLabel: name });
  slider.addEventListener("input", () => {
    changed(Number(slider.value));
    show();
  });
  return slider;
}

function labelled(label, ...bars) {
  const name = element("span", { className: "label", textContent: label, title: label });
  return element("div", { className: "score" }, name, element("div", { className: "bars" }, ...bars), element("span", { className: "value" }));
}

function scoreRow(at) {
  const label = MODEL.labels[at], bars = [element("progress", { max: 255, ariaLabel: `score of ${label}` })];
  if (hasThreshold(label)) bars.push(sliderOf(`threshold of ${label}`, stored => { thresholds[at] = stored; }));
  const row = labelled(label, ...bars);
  row.dataset.label = at;
  return row;
}

/* One slider a zone, the strictest first. */
function zoneRow(zone) {
  return labelled(`zone ${zone.name}`, sliderOf(`least score of zone ${zone.name}`, stored => { zone.least = stored; }));
}

function showTimes() {
  const rows = {
    "page and module loaded": times.load, "module compiled": times.compile, "warm-up (self-test)": times.warm,
    "first picture": times.first, "this picture prepared": times.picture, "network": times.network,
  };
  byId("times").replaceChildren(...Object.entries(rows).flatMap(([name, time]) => [
    element("dt", { textContent: name }), element("dd", { textContent: time === undefined ? "" : `${time.toFixed(1)} ms` }),
  ]));
}

const MOST_ROWS = 500;

function note() {
  const cells = [last.name, ...shownColumns().map(at => String(last.scores[at])), verdict(last.scores).text];
  const row = element("tr", {}, ...cells.map(text => element("td", { textContent: text })));
  row.dataset.scores = [...last.scores].join();
  row.title = line(last.scores);
  byId("rows").prepend(row);
  while (byId("rows").children.length > MOST_ROWS) byId("rows").lastChild.remove();
}

function shownColumns() {
  return MODEL.labels.map((_, at) => at).slice(0, 8);
}

/* ---- choose, drop, paste, webcam ---- */

async function toggleWebcam() {
  const button = byId("webcam"), video = byId("video");
  if (camera !== null) {
    camera.getTracks().forEach(track => track.stop());
    camera = null;
    button.setAttribute("aria-pressed", "false");
    return;
  }
  if (!navigator.mediaDevices) {
    trouble("The webcam needs an https address or localhost.");
    return;
  }
  try {
    checkCanvas();
    camera = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  } catch (error) {
    trouble(`No webcam: ${error.message}`);
    return;
  }
  trouble("");
  button.setAttribute("aria-pressed", "true");
  video.srcObject = camera;
  await video.play();
  const next = () => {
    if (camera === null) return;
    if (video.videoWidth) look(pixelsOf(video, video.videoWidth, video.videoHeight), video.videoWidth, video.videoHeight, "webcam");
    requestAnimationFrame(next);
  };
  next();
}

function listen() {
  byId("choose").addEventListener("click", () => byId("files").click());
  byId("files").addEventListener("change", event => {
    openAll([...event.target.files]);
    event.target.value = "";
  });
  byId("webcam").addEventListener("click", toggleWebcam);
  byId("reset").addEventListener("click", () => {
    thresholds.set(MODEL.thresholds);
    zones.forEach((zone, at) => { zone.least = MODEL.zones[at][1]; });
    show();
  });
  const drop = byId("drop");
  document.addEventListener("dragover", event => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", event => {
    if (event.relatedTarget === null) drop.classList.remove("over");
  });
  document.addEventListener("drop", event => {
    event.preventDefault();
    drop.classList.remove("over");
    openAll([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", event => openAll([...event.clipboardData.files]));
}

function describe() {
  const [height, width, depth] = MODEL.input;
  document.title = `${MODEL.title}: crosscam`;
  byId("title").textContent = MODEL.title;
  byId("about").textContent = `${MODEL.id}, SHA-256 ${MODEL.sha256.slice(0, 16)}, ${MODEL.macs.toLocaleString("en")} MACs. Runs in this browser; no picture leaves it.`;
  byId("input-caption").textContent = `network, ${width}x${height}${depth === 1 ? ", luma" : ""}`;
  byId("columns").append(...["picture", ...shownColumns().map(at => MODEL.labels[at]), "verdict"].map(text => element("th", { scope: "col", textContent: text })));
  byId("zones").append(...zones.map(zoneRow));
  draw(byId("input"), new Uint8ClampedArray(4 * width * height), width);
}

describe();
load().then(() => {
  showTimes();
  listen();
  document.documentElement.dataset.ready = "yes";
}).catch(error => trouble(`The network cannot run here: ${error.message}`));
