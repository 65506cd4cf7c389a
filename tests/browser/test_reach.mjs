// SPDX-License-Identifier: LGPL-2.1-or-later

// A page whose network changes in mid-call, or lets nothing through.

import { execFileSync } from "node:child_process";
import { enter } from "./lan.mjs";

enter();

const { ADDRESS, Away } = await import("./lan.mjs");
const { equal, main, test } = await import("./check.mjs");
const { Browser, Native, STEP_MS, host, joinLink, state, until, untilNames, untilPictures,
  untilState } = await import("./people.mjs");
const { CHROMIUM, atEnd } = await import("./program.mjs");
const { localTypes, startTurnOfSecret } = await import("./turn.mjs");

const RATE = 25; // pictures/s
const CHANGES = 4;
const ADDRESSES = ["10.77.9.2", "10.77.9.72"];
const TOLD_MS = 10000; // that nothing arrives
const SLEEP_MS = 5000;
const WRITES_MS = 2000; // after the cable is drawn, when nothing says so yet
const LIFETIME_S = 60; // of a password of the TURN server

const text = (page, selector) => page.locator(selector).innerText();

function away() {
  const machine = new Away(ADDRESSES[0]);

  atEnd(async () => machine.end());
  return machine;
}

// The time of each picture of Ann that the page shows, whatever shows it.
function watchPictures(page) {
  return page.evaluate(() => {
    window.pictures = [];
    const seen = new WeakSet();
    const watch = (video) => video.requestVideoFrameCallback((now) => {
      if (video.dataset.participant === "p001" && video.isConnected) window.pictures.push(now);
      watch(video);
    });

    setInterval(() => {
      for (const video of document.querySelectorAll('video[data-participant="p001"]')) {
        if (seen.has(video)) continue;
        seen.add(video);
        watch(video);
      }
    }, 10);
  });
}

// How long there was none, at the longest, since the last call.
function longestGap(page) {
  return page.evaluate(() => {
    const times = [...window.pictures, performance.now()];
    const gaps = times.slice(1).map((time, i) => time - times[i]);
    const gap = Math.max(...gaps) / 1000;

    window.pictures.splice(0, window.pictures.length - 1);
    return gap;
  });
}

// A page at another machine, in a call with Ann.
async function meet() {
  const machine = away();
  const ann = await host({ args: ["--source", `stamp:160x90@${RATE}`] });
  const browser = await Browser.start({ program: machine.program(CHROMIUM) });
  const page = await browser.join(ann.link, "Cleo");

  await untilState(page, "joined");
  await untilPictures(page, 1);
  return { machine, ann, browser, page };
}

test("another address in mid-call: pictures come by a new connection", async () => {
  const { machine, ann, page } = await meet();
  const gaps = [];

  await watchPictures(page);
  await until(() => page.evaluate((n) => window.pictures.length > n, RATE), STEP_MS,
    "a second of pictures");
  for (let i = 0; i < CHANGES; i++) {
    await longestGap(page);
    machine.move(ADDRESSES[(i + 1) % 2]);
    await until(() => page.evaluate((n) => window.pictures.length > n, 3 * RATE), STEP_MS,
      "three seconds of pictures");
    gaps.push(await longestGap(page));
  }
  console.log(`seconds without a picture: ${gaps.map((s) => s.toFixed(2)).sort().join(" ")}`);
  equal(ann.lines.filter(({ event }) => ["participant-left", "warning"].includes(event)), [],
    "what Ann was told");
  equal(await state(page), "joined", "state");
});

function untilSeen(page) {
  return until(() => page.evaluate(() =>
    window.framesShown(document.getElementById("remote")) > 5), STEP_MS,
  "pictures of the other");
}

function countConnections(page) {
  return page.evaluate(() => window.connections.filter((pc) =>
    pc.connectionState === "connected").length);
}

// Nobody was told of a loss, and all is as before.
async function isAsBefore({ ann, page }) {
  await untilPictures(page, 1);
  await until(() => page.isHidden("#server-banner"), STEP_MS, "nothing is told");
  await until(async () => await countConnections(page) === 1, STEP_MS, "one connection");
  await untilNames(page, ["Ann", "Cleo (you)"]);
  equal(ann.lines.filter(({ event }) => event === "participant-left"), [], "who left");
  equal(page.faults.filter((fault) => !/ERR_|WebSocket/.test(fault)), [], "faults of the page");
}

test("a cable that is drawn for a moment: the page is offline, and goes on", async () => {
  const all = await meet();
  const { machine, page } = all;

  machine.plug(false);
  await until(async () => await page.isVisible("#server-banner")
    && await text(page, "#server-banner") === "You are offline; waiting for the network.", STEP_MS,
  "that it is offline");
  machine.plug(true);
  await isAsBefore(all);
});

test("a cable that is drawn while somebody writes: it is read once", async () => {
  const all = await meet();
  const { machine, ann, page } = all;
  const says = async (words) => {
    await page.fill("#chat-input", words);
    await page.press("#chat-input", "Enter");
  };
  const first = await page.evaluateHandle(() => window.connections.find((pc) =>
    pc.connectionState === "connected"));

  await page.click("#toggle-chat");
  await says("before");
  await ann.event("chat", { text: "before" });
  machine.plug(false);
  await new Promise((resolve) => { setTimeout(resolve, WRITES_MS); });
  await says("in the gap");
  await until(() => first.evaluate((pc) => pc.connectionState === "closed"), STEP_MS,
    "the end of the connection");
  machine.plug(true);
  await ann.event("chat", { text: "in the gap" });
  await says("after");
  await ann.event("chat", { text: "after" });
  equal(ann.lines.filter(({ event }) => event === "chat").map(({ text: said }) => said),
    ["before", "in the gap", "after"], "what Ann reads");
  await isAsBefore(all);
});

test("a browser that sleeps and wakes: pictures come again", async () => {
  const all = await meet();
  const { browser, page } = all;
  const first = await page.evaluateHandle(() => window.connections.find((pc) =>
    pc.connectionState === "connected"));

  browser.signal("SIGSTOP");
  await new Promise((resolve) => { setTimeout(resolve, SLEEP_MS); });
  browser.signal("SIGCONT");
  await until(() => first.evaluate((pc) => pc.connectionState === "closed"), STEP_MS,
    "another connection in its place");
  await isAsBefore(all);
});

// RTP of all, and nothing else: version 2 in the first bits.
function blockMedia(isBlocked) {
  execFileSync("iptables", [isBlocked ? "-A" : "-D", "OUTPUT", "-p", "udp", "-m", "u32", "--u32",
    "0>>22&0x3C@8>>30=2", "-j", "DROP"]);
}

test("media that are blocked: whose, and what may be the reason, within ten seconds", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.join(ann.link, "Cleo");
  const note = '#tiles [data-tile="camera:p001"] .tile-note';
  await untilState(page, "joined");
  await untilPictures(page, 1);
  equal(await text(page, note), "", "while all is well");

  blockMedia(true);
  const began = Date.now();
  try {
    await until(async () => await text(page, note) !== "", STEP_MS, "a word at the picture");
    console.log(`told after ${Date.now() - began} ms, of ${TOLD_MS}`);
    const sentence = "Connected to Ann, but no picture or sound arrives: a firewall may block UDP";
    // sound and picture may be missed one after the other
    await until(async () => await text(page, note) === sentence, STEP_MS, sentence);
    equal(await page.textContent("#announcer"), `${sentence}.`, "what is read aloud");
  } finally {
    blockMedia(false);
  }
  await until(async () => await text(page, note) === "", STEP_MS, "nothing at the picture");
  equal(await page.textContent("#announcer"), "What Ann sends arrives again.", "what is read then");
  await untilPictures(page, 1);
});

test("a call: what does not arrive, and that there is no network", async () => {
  const server = new Native(["server", "--port", "8443"]);
  await server.event("serving");
  const browser = await Browser.start();
  const [ann, bob] = [await browser.page(), await browser.page()];
  for (const [page, user] of [[ann, "Ann"], [bob, "Bob"]]) {
    await page.goto(`https://${ADDRESS}:8443/phone.html?user=${user}&online=1`);
    await untilState(page, "online");
  }
  const says = (id, sentence) => until(async () => await text(ann, id) === sentence, STEP_MS,
    sentence);

  await ann.fill("#other", "Bob");
  await ann.click("#dial .primary");
  await untilState(bob, "ringing");
  await bob.click("#accept-video");
  await says("#talk-note", "");
  await untilSeen(ann);
  blockMedia(true);
  try {
    await says("#talk-note",
      "Connected to Bob, but no picture or sound arrives: a firewall may block UDP.");
  } finally {
    blockMedia(false);
  }
  await says("#talk-note", "");
  // of a camera nobody says that it is off
  await bob.click("#toggle-video");
  await until(() => ann.isVisible("#avatar"), STEP_MS, "no picture of Bob");
  await new Promise((resolve) => { setTimeout(resolve, TOLD_MS); });
  await says("#talk-note", "");
  await ann.context().setOffline(true);
  await says("#state-text", "You are offline; waiting for the network.");
  await ann.context().setOffline(false);
  await says("#state-text", "You talk to Bob.");
  equal(await state(ann), "talking", "state");
});

test("a call in another network: pictures come again, by another connection", async () => {
  const machine = away();
  const server = new Native(["server", "--port", "8443"]);
  await server.event("serving");
  const [far, near] = [await Browser.start({ program: machine.program(CHROMIUM) }),
    await Browser.start()];
  const [ann, bob] = [await far.page(), await near.page()];
  const frames = (page) => page.evaluate(() =>
    window.framesShown(document.getElementById("remote")));
  const sees = async (page) => {
    const before = await frames(page);
    await until(async () => {
      const now = await frames(page);
      return now > before + RATE || (now < before && now > RATE);
    }, STEP_MS, "pictures");
  };

  for (const [page, user] of [[ann, "Ann"], [bob, "Bob"]]) {
    await page.goto(`https://${ADDRESS}:8443/phone.html?user=${user}&online=1`);
    await untilState(page, "online");
  }
  await ann.fill("#other", "Bob");
  await ann.click("#dial .primary");
  await untilState(bob, "ringing");
  await bob.click("#accept-video");
  await Promise.all([sees(ann), sees(bob)]);
  for (let i = 0; i < 2; i++) {
    const made = await bob.evaluate(() => window.connections.length);
    machine.move(ADDRESSES[(i + 1) % 2]);
    await until(() => bob.evaluate((n) => window.connections.length > n, made), STEP_MS,
      "another connection");
    await until(async () => await countConnections(ann) === 1 && await countConnections(bob) === 1,
      STEP_MS, "one connection");
    await Promise.all([sees(ann), sees(bob)]);
    equal([await state(ann), await state(bob)], ["talking", "talking"], "states");
  }
  await ann.click("#hang-up");
  await untilState(bob, "online");
  await untilState(ann, "online");
});

test("passwords of a TURN server that end in mid-call are replaced in time", async () => {
  await startTurnOfSecret("between the two");
  const server = new Native(["server", "--port", "8443", "--turn",
    `turn://${ADDRESS}:3478?transport=udp`, "--turn-secret", "between the two", "--turn-lifetime",
    String(LIFETIME_S), "--ice-transport-policy", "relay"]);
  await server.event("serving");
  const room = `https://${ADDRESS}:8443/?meeting=blue`;
  const browser = await Browser.start();
  const cleo = await browser.join(room, "Cleo");
  await untilState(cleo, "joined");
  const dan = await browser.join(room, "Dan");
  await Promise.all([untilState(dan, "joined"), untilPictures(cleo, 1), untilPictures(dan, 1)]);
  const [ann, bob] = [await browser.page(), await browser.page()];
  await ann.goto(`https://${ADDRESS}:8443/phone.html?user=Ann&online=1`);
  await bob.goto(`https://${ADDRESS}:8443/phone.html?user=Bob&online=1`);
  await Promise.all([untilState(ann, "online"), untilState(bob, "online")]);

  await new Promise((resolve) => { setTimeout(resolve, (LIFETIME_S + 3) * 1000); });
  await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);
  // for another connection the first password would be too old
  await dan.click("#leave");
  await untilState(dan, "left");
  await dan.click("#join");
  await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);
  equal([...new Set(await localTypes(cleo))], ["relay"], "how Cleo reaches Dan");
  await Promise.all([cleo, dan].map((page) => page.context().close()));
  await ann.fill("#other", "Bob");
  await ann.click("#dial .primary");
  await untilState(bob, "ringing");
  await bob.click("#accept-video");
  await untilSeen(ann);
  equal(await localTypes(ann), ["relay"], "how Ann reaches Bob");
});

await main();
