// SPDX-License-Identifier: LGPL-2.1-or-later

// The page and one that knows no more than the room dialect, which offers anew in the
// connection there is: it adds its camera, stops it, has it again, restarts its ICE, and
// asks for what cannot be (protocol/rooms.md#room-rules).

import { enter } from "./lan.mjs";

enter();

const { ADDRESS } = await import("./lan.mjs");
const { equal, main, test } = await import("./check.mjs");
const { Browser, Native, STEP_MS, until, untilPictures, untilState } =
  await import("./people.mjs");

async function serve() {
  const server = new Native(["server", "--port", "8443"]);
  const { port } = await server.event("serving");

  return `https://${ADDRESS}:${port}/?meeting=blue`;
}

// In a page: one of another maker, in the room "blue". It offers to who comes after it.
function beStranger() {
  const pc = window.pc = new RTCPeerConnection();
  const ws = new WebSocket(location.origin.replace("http", "ws"));
  const early = [];
  const say = (type, fields) => ws.send(JSON.stringify({ type, targetId: window.other, ...fields }));

  Object.assign(window, { answers: 0, errors: [], other: "" });
  window.add = async (kind) => {
    const stream = await navigator.mediaDevices.getUserMedia({ [kind]: true });
    pc.addTrack(stream.getTracks()[0], stream);
  };
  window.drop = () => pc.removeTrack(pc.getSenders().find(({ track }) => track?.kind === "video"));
  window.offer = async () => {
    await pc.setLocalDescription();
    say("offer", { offer: pc.localDescription });
  };
  // one that has fewer m-lines than before
  window.offerLess = () => say("offer", { offer: { type: "offer",
    sdp: pc.localDescription.sdp.split(/(?=^m=)/m).slice(0, -1).join("") } });
  pc.onicecandidate = ({ candidate }) => {
    if (candidate) say("ice-candidate", { candidate });
  };
  const take = {
    id: () => ws.send(JSON.stringify({ type: "join", roomId: "blue" })),
    joined: () => { window.isIn = true; },
    "peer-joined": async ({ peerId }) => {
      window.other = peerId;
      await window.add("audio");
      await window.offer();
    },
    offer: async ({ offer, senderId }) => {
      window.other = senderId;
      await pc.setRemoteDescription(offer);
      await pc.setLocalDescription();
      say("answer", { answer: pc.localDescription });
    },
    answer: async ({ answer }) => {
      await pc.setRemoteDescription(answer);
      window.answers++;
    },
    "ice-candidate": ({ candidate }) => { early.push(candidate); },
    error: ({ code, senderId }) => { if (senderId) window.errors.push(code); },
  };
  ws.onmessage = async ({ data }) => {
    const message = JSON.parse(data);
    await take[message.type]?.(message);
    if (pc.remoteDescription) early.splice(0).forEach((one) => pc.addIceCandidate(one));
  };
}

async function startStranger(browser, link) {
  const page = await browser.page();

  await page.goto(link);
  await page.evaluate(beStranger);
  await until(() => page.evaluate(() => window.isIn === true), STEP_MS, "a seat");
  return page;
}

const answered = (page, n) => until(() =>
  page.evaluate((wanted) => window.answers === wanted, n), STEP_MS, `answer ${n}`);

// Whether the tiles of others have no picture.
const untilNone = (page) => until(() => page.$$eval("video[data-kind=camera]", (list) => {
  const others = list.filter(({ muted }) => !muted);
  return others.length > 0
    && others.every((video) => video.closest(".tile").classList.contains("no-picture"));
}), STEP_MS, "no picture");

async function hears(page) {
  const first = await page.evaluate(() => window.soundEnergy());

  await until(async () => await page.evaluate(() => window.soundEnergy()) > first, STEP_MS, "sound");
}

const count = (page) => page.evaluate(() => window.connections.length);

test("who came first adds its camera, stops it, has it again, restarts its ICE", async () => {
  const link = await serve();
  const browser = await Browser.start();
  const carl = await startStranger(browser, link);
  const bob = await browser.join(link, "Bob");

  await untilState(bob, "joined");
  await answered(carl, 1);
  await hears(bob);
  await untilNone(bob);
  const connections = await count(bob);
  // one offer at a time: Bob shows what an offer says before its answer is there
  await carl.evaluate(() => window.add("video").then(window.offer));
  await answered(carl, 2);
  await untilPictures(bob, 1);
  await carl.evaluate(() => { window.drop(); return window.offer(); });
  await answered(carl, 3);
  await untilNone(bob);
  await carl.evaluate(() => window.add("video").then(window.offer));
  await answered(carl, 4);
  await untilPictures(bob, 1);
  await carl.evaluate(() => { window.pc.restartIce(); return window.offer(); });
  await answered(carl, 5);
  await untilPictures(bob, 1);

  // what cannot be done is told, and nothing ends by it
  await carl.evaluate(() => window.offerLess());
  await until(() => carl.evaluate(() => window.errors.includes("BAD_MESSAGE")), STEP_MS, "an error");
  await untilPictures(bob, 1);
  await hears(bob);
  await carl.evaluate(() => { window.drop(); return window.offer(); });
  await answered(carl, 6);
  await untilNone(bob);
  equal(await count(bob), connections, "connections of Bob's");
  equal(await carl.evaluate(() => window.pc.connectionState), "connected", "the connection");
  equal(bob.faults, [], "faults");
});

test("who came later, and has answered, adds its camera by an offer", async () => {
  const link = await serve();
  const browser = await Browser.start();
  const bob = await browser.join(link, "Bob");
  await untilState(bob, "joined");
  const carl = await startStranger(browser, link);

  await until(() => carl.evaluate(() => window.pc.connectionState === "connected"), STEP_MS,
    "a connection");
  await untilNone(bob);
  const connections = await count(bob);
  await carl.evaluate(() => window.add("video").then(window.offer));
  await answered(carl, 1);
  await untilPictures(bob, 1);
  await carl.evaluate(() => { window.drop(); return window.offer(); });
  await answered(carl, 2);
  await untilNone(bob);
  equal(await count(bob), connections, "connections of Bob's");
  equal(bob.faults, [], "faults");
});

await main();
