// SPDX-License-Identifier: LGPL-2.1-or-later

// Makes docs/meeting.png, the picture in README: a meeting of four in the page, with
// drawings for cameras. No test. Run: ./dev exec node tests/browser/picture.mjs

import { enter } from "./lan.mjs";

enter();

const { join } = await import("node:path");
const { main, test } = await import("./check.mjs");
const { Browser, Native, STEP_MS, until, untilNames, untilPictures } =
  await import("./people.mjs");
const { ADDRESS } = await import("./lan.mjs");

const PEOPLE = [
  { user: "Ann", skin: "#f3d3b8", hair: "#6e6a66", shirt: "#5b3f77", wall: ["#ead6d6", "#c49a9a"] },
  { user: "Cleo", skin: "#d9a27c", hair: "#3b2417", shirt: "#1d6b57", wall: ["#cfe3dc", "#8db8a8"] },
  { user: "Dan", skin: "#f0c9a4", hair: "#b5651d", shirt: "#30507f", wall: ["#e9dcc4", "#c2a878"] },
  { user: "Esi", skin: "#7b4a2d", hair: "#141010", shirt: "#c0563f", wall: ["#d7dcec", "#8f9bc4"] },
];
const SIZE = { width: 1080, height: 680 };

// A camera that sees somebody drawn, who nods.
function draw({ skin, hair, shirt, wall }) {
  const paint = (context, width, height, time) => {
    const nod = Math.sin(time / 900) * height * 0.008;
    const disc = (x, y, rx, ry, colour) => {
      context.fillStyle = colour;
      context.beginPath();
      context.ellipse(x * width, y * height + nod, rx * height, ry * height, 0, 0, 2 * Math.PI);
      context.fill();
    };
    const gradient = context.createLinearGradient(0, 0, width, height);
    gradient.addColorStop(0, wall[0]);
    gradient.addColorStop(1, wall[1]);
    context.fillStyle = gradient;
    context.fillRect(0, 0, width, height);
    context.fillStyle = "#ffffff55";
    context.fillRect(width * 0.07, height * 0.12, width * 0.2, height * 0.34);
    disc(0.5, 1.06, 0.4, 0.34, shirt);
    disc(0.5, 0.72, 0.085, 0.12, skin);
    disc(0.5, 0.42, 0.215, 0.25, hair);
    disc(0.5, 0.47, 0.18, 0.225, skin);
    disc(0.46, 0.45, 0.018, 0.02, "#222");
    disc(0.54, 0.45, 0.018, 0.02, "#222");
    context.strokeStyle = "#7a2f2f";
    context.lineWidth = height * 0.012;
    context.beginPath();
    context.arc(width * 0.5, height * 0.53 + nod, height * 0.07, 0.25 * Math.PI, 0.75 * Math.PI);
    context.stroke();
  };

  navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
    const stream = new MediaStream();
    if (video) {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [640, 360];
      const context = canvas.getContext("2d");
      setInterval(() => paint(context, 640, 360, performance.now()), 100);
      stream.addTrack(canvas.captureStream(10).getVideoTracks()[0]);
    }
    if (audio) {
      const context = new AudioContext();
      const destination = context.createMediaStreamDestination();
      const tone = new OscillatorNode(context);
      tone.connect(new GainNode(context, { gain: 0.001 })).connect(destination);
      tone.start();
      stream.addTrack(destination.stream.getAudioTracks()[0]);
    }
    return stream;
  };
}

async function say(page, words) {
  if (!await page.isVisible("#chat")) await page.click("#toggle-chat");
  await page.fill("#chat-input", words);
  await page.press("#chat-input", "Enter");
}

test("the picture in README", async () => {
  const server = new Native(["server", "--port", "8443"]);
  const { port } = await server.event("serving");
  const link = `https://${ADDRESS}:${port}/?meeting=Monday%20stand-up`;
  const browser = await Browser.start();
  const pages = [];

  for (const person of PEOPLE) {
    const page = await browser.page({ viewport: SIZE, fullPicture: true, colorScheme: "light" });
    await page.addInitScript(draw, person);
    await page.goto(`${link}&user=${person.user}&join=1`);
    pages.push(page);
  }
  const [ann, cleo, dan, esi] = pages;
  await untilNames(cleo, ["Ann", "Cleo (you)", "Dan", "Esi"]);
  await untilPictures(cleo, 3);
  await say(ann, "Good morning! Has everybody seen the draft?");
  await say(esi, "Yes. I send the figures as a file.");
  await say(cleo, "Thank you, Esi.");
  await dan.keyboard.press("Alt+H");
  await until(() => cleo.$$eval("#toasts .toast", (list) => list.length === 0), STEP_MS,
    "no line over the pictures");
  await cleo.screenshot({ path: join(process.env.VM_SOURCE_ROOT, "docs/meeting.png") });
});

await main();
