"use strict";
/* The page of `crosscam view`. All that the board says is put in as text, never as markup. */
const WIDTH = 320, HEIGHT = 240, LINES_KEPT = 400, FRAMES_KEPT = 60, WEBCAM_MS = 400;
const at = (id) => document.getElementById(id);
const made = (tag, className, text) => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};
let socket, running = true, cycles = [], webcam = null, lines = [], follows = true, kinds = [];

const send = (order) => { if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(order)); };

function connect() {
  socket = new WebSocket(`ws://${location.host}/live`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => { cycles = []; lines = []; at("uart").textContent = ""; say("live", "live"); };
  socket.onclose = () => { say("gone", "the board has gone; looking for it"); setTimeout(connect, 1000); };
  socket.onmessage = (message) => {
    const event = JSON.parse(message.data);
    if (Object.hasOwn(heard, event.type)) heard[event.type](event);
  };
}

function say(kind, text) { at("link").className = `state ${kind}`; at("link").textContent = text; }

const heard = {
  state(event) {
    running = event.running;
    at("run").textContent = running ? "Pause" : "Run";
    at("run").setAttribute("aria-pressed", running);
    at("time").textContent = `${event.seconds.toFixed(2)} s of board time`;
    at("leds").replaceChildren(...Object.entries(event.leds).map(([name, lit]) => {
      const led = made("span", lit ? "led lit" : "led", name);
      led.title = lit ? "lit" : "dark";
      return led;
    }));
    if (at("presses").childElementCount !== event.buttons.length) {
      at("presses").replaceChildren(...event.buttons.map((name) => {
        const button = made("button", "press", name);
        button.onclick = () => send({ do: "press", button: name });
        return button;
      }));
    }
  },
  uart(event) { write(event.text); },
  fault(event) { write(`(fault: ${event.text})`); },
  faults(event) {
    kinds = event.kinds;
    at("kind").replaceChildren(...kinds.map(({ name }) => {
      const option = made("option", "", name);
      option.value = name;
      return option;
    }));
    describe();
  },
  lcd(event) {
    at("display").hidden = false;
    if (event.picture) at("lcd").src = event.picture;
    else at("lcd").removeAttribute("src");
    at("lcd").alt = event.number ? `picture ${event.number} of the display` : "";
    at("drawn").textContent = event.number ? `picture ${event.number}` : "nothing drawn yet";
  },
  frame(event) {
    if (event.picture) { at("picture").src = event.picture; at("picture").alt = event.source; }
    const labels = event.labels === null ? "" : `, shows ${event.labels.join(" ") || "none of the classes"}`;
    at("caption").textContent = `frame ${event.number}: ${event.source || "unknown"}${labels}`;
    at("scores").replaceChildren(table(event.scores.map(([name, score]) => [name, (score + 128) / 255, (score >= 0 ? "+" : "") + score])));
    cycles.push(event.cycles);
    cycles = cycles.slice(-FRAMES_KEPT);
    plot();
    at("cycles").textContent = `frame ${event.number}: ${event.cycles.toLocaleString("en")} cycles, ${event.ms} ms`;
  },
  layers(event) {
    const most = Math.max(...event.layers.map((layer) => layer.cycles), 1);
    at("layers").replaceChildren(table(event.layers.map((layer) => [layer.name, layer.cycles / most, layer.cycles.toLocaleString("en")])));
  },
  set(event) {
    const names = event.names.includes(event.chosen) ? event.names : [...event.names, event.chosen];
    at("sets").replaceChildren(...names.map((name) => {
      const option = made("option", "", name);
      option.value = name;
      option.selected = name === event.chosen;
      option.disabled = !event.names.includes(name);
      return option;
    }));
  },
  trouble(event) {
    at("trouble").textContent = event.text;
    at("trouble").hidden = false;
    setTimeout(() => { at("trouble").hidden = true; }, 8000);
  },
};

/* A line of the UART, or what happened to the board between two. */
function write(text) {
  lines.push(text);
  lines = lines.slice(-LINES_KEPT);
  const uart = at("uart");
  uart.textContent = lines.join("\n");
  if (follows) uart.scrollTop = uart.scrollHeight;
}

function describe() {
  const kind = kinds.find(({ name }) => name === at("kind").value);
  if (!kind) return;
  at("happens").textContent = `${kind.text}.`;
  at("arguments").value = kind.needs.map((name) => `${name}=`).join(",");
  at("arguments").placeholder = kind.takes.join(",") || "takes nothing";
}

function table(rows) {
  const grid = made("div", "rows", "");
  for (const [name, part, value] of rows) {
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = part;
    bar.setAttribute("aria-label", name);
    grid.append(made("span", "name", name), bar, made("span", "value", value));
  }
  return grid;
}

function plot() {
  const least = Math.min(...cycles), span = Math.max(1, Math.max(...cycles) - least);
  const step = 400 / Math.max(1, cycles.length - 1);
  at("plot").querySelector("polyline").setAttribute("points",
    cycles.map((value, index) => `${(index * step).toFixed(1)},${(125 - 110 * (value - least) / span).toFixed(1)}`).join(" "));
}

/* A picture of any size as the camera's 320 x 240, filled and cropped around its middle: RGB565, low byte first. */
function pixelsOf(source, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, WIDTH, HEIGHT);
  const scale = Math.max(WIDTH / width, HEIGHT / height);
  context.drawImage(source, (WIDTH - width * scale) / 2, (HEIGHT - height * scale) / 2, width * scale, height * scale);
  const from = context.getImageData(0, 0, WIDTH, HEIGHT).data, to = new Uint8Array(WIDTH * HEIGHT * 2);
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const value = (from[4 * i] >> 3) << 11 | (from[4 * i + 1] >> 2) << 5 | from[4 * i + 2] >> 3;
    to[2 * i] = value & 255;
    to[2 * i + 1] = value >> 8;
  }
  return to;
}

async function show(file) {
  try {
    const picture = await createImageBitmap(file);
    socket.send(pixelsOf(picture, picture.width, picture.height));
  } catch (error) {
    heard.trouble({ text: `${file.name}: no picture that can be read` });
  }
}

async function toggleWebcam() {
  if (webcam) return stopWebcam();
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
    const video = document.createElement("video");
    video.srcObject = stream;
    video.muted = true;
    await video.play();
    webcam = { stream, timer: setInterval(() => {
      if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount === 0) socket.send(pixelsOf(video, video.videoWidth, video.videoHeight));
    }, WEBCAM_MS) };
    at("webcam").setAttribute("aria-pressed", true);
  } catch (error) {
    heard.trouble({ text: `no webcam: ${error.message}` });
  }
}

function stopWebcam() {
  clearInterval(webcam.timer);
  webcam.stream.getTracks().forEach((track) => track.stop());
  webcam = null;
  at("webcam").setAttribute("aria-pressed", false);
}

at("uart").onscroll = () => { follows = at("uart").scrollTop + at("uart").clientHeight >= at("uart").scrollHeight - 30; };
new ResizeObserver(() => { if (follows) at("uart").scrollTop = at("uart").scrollHeight; }).observe(at("uart"));

const toggle = () => send({ do: running ? "pause" : "run" });
at("run").onclick = toggle;
at("frame").onclick = () => send({ do: "frame" });
at("reset").onclick = () => send({ do: "reset" });
at("profile").onclick = () => send({ do: "type", text: "p\r" });
at("sets").onchange = () => { if (webcam) stopWebcam(); send({ do: "set", name: at("sets").value }); };
at("file").onchange = () => { if (at("file").files.length) show(at("file").files[0]); at("file").value = ""; };
at("webcam").onclick = toggleWebcam;
at("kind").onchange = describe;
at("fault").onsubmit = (event) => {
  event.preventDefault();
  const given = at("arguments").value.trim();
  send({ do: "fault", fault: given ? `${at("kind").value},${given}` : at("kind").value });
};
at("keyboard").onsubmit = (event) => {
  event.preventDefault();
  send({ do: "type", text: `${at("typed").value}\r` });
  at("typed").value = "";
};
at("drop").ondragover = (event) => { event.preventDefault(); at("drop").classList.add("over"); };
at("drop").ondragleave = () => at("drop").classList.remove("over");
at("drop").ondrop = (event) => {
  event.preventDefault();
  at("drop").classList.remove("over");
  if (event.dataTransfer.files.length) show(event.dataTransfer.files[0]);
};
document.onkeydown = (event) => {
  const types = event.target.closest("input:not([type=file]), select"), presses = event.target.closest("input, button, pre");
  if (types || (presses && event.key === " ") || event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = {
    " ": toggle,
    f: () => at("frame").click(),
    r: () => at("reset").click(),
    n: () => at("fault").requestSubmit(),
    "/": () => at("typed").focus(),
  };
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
};
connect();
