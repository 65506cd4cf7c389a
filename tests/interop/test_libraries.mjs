// SPDX-License-Identifier: LGPL-2.1-or-later

// Libraries of other makers in a room with a device, or with the page: each answers or offers as it does by
// itself. What one receives of the device it sends back, so that the device sees and
// hears itself by it.

import { enter } from "../browser/lan.mjs";

enter();
const { spawnSync } = await import("node:child_process");
const { createRequire } = await import("node:module");
const { fileURLToPath } = await import("node:url");
const { main, test } = await import("../browser/check.mjs");
const { Browser, untilPictures, untilState } = await import("../browser/people.mjs");
const { atEnd, until, Program, STARTUP_MS } = await import("../browser/program.mjs");
const { RoomClient, deviceInRoom, pageInRoom } = await import("./libraryroom.mjs");
const { theBrowser } = await import("./parties.mjs");
const require = createRequire(import.meta.url);

const CASE_MS = 120000;
const SSRC = { audio: 1001, video: 1002 };
const PT = { audio: 111, video: 96 };
const isRtcp = (packet) => packet[1] >= 192 && packet[1] <= 223; // RFC 5761
const KEY_MS = 500; // between pictures that need no other

// The device has picture and sound of the other.
async function isReceived(device, client) {
  const { id } = await device.event("vm-participant-joined");

  try {
    await device.event("seen", { id });
    await device.event("heard", { id });
  } catch (error) {
    throw new Error(`${error.message}\n${JSON.stringify(client.heard)}`);
  }
}

// --- libdatachannel ---

class Datachannel {
  constructor(client, other) {
    this.own = {};
    this.pc = new (require("node-datachannel").PeerConnection)("test", { iceServers: [] });
    atEnd(async () => this.pc.close());
    this.pc.onLocalDescription((sdp, type) => client.send(type, other, { type, sdp }));
    this.pc.onLocalCandidate((candidate, sdpMid) => client.send("ice-candidate", other,
      { candidate, sdpMid, sdpMLineIndex: 0 }));
    this.pc.onTrack((track) => this.echo(track));
    client.on("offer", ({ offer }) => this.pc.setRemoteDescription(offer.sdp, "offer"));
    client.on("answer", ({ answer }) => this.pc.setRemoteDescription(answer.sdp, "answer"));
    client.on("ice-candidate", ({ candidate }) => candidate.candidate && this.pc.remoteDescription()
      && this.pc.addRemoteCandidate(candidate.candidate, candidate.sdpMid ?? "0"));
  }

  // A track that comes goes back by the own one of its kind.
  echo(track) {
    this.receive(track);
    track.onMessage((packet) => this.sendBack(track.type(), packet));
  }

  receive(track) {
    track.setMediaHandler(new (require("node-datachannel").RtcpReceivingSession)());
    if (track.type() !== "video") return;
    const asking = setInterval(() => track.isOpen() && track.requestKeyframe(), KEY_MS);
    atEnd(async () => clearInterval(asking));
  }

  sendBack(kind, packet) {
    if (isRtcp(packet) || !this.own[kind]?.isOpen()) return;
    packet[1] = (packet[1] & 0x80) | PT[kind];
    packet.writeUInt32BE(SSRC[kind], 8);
    this.own[kind].sendMessageBinary(packet);
  }

  // Those of its own, which it offers.
  offerTracks(direction) {
    const { Audio, Video } = require("node-datachannel");
    const audio = new Audio("own-audio", direction);
    const video = new Video("own-video", direction);

    audio.addOpusCodec(PT.audio);
    audio.addSSRC(SSRC.audio, "a", "s", "a");
    video.addVP8Codec(PT.video);
    video.addSSRC(SSRC.video, "v", "s", "v");
    this.own = { audio: this.pc.addTrack(audio), video: this.pc.addTrack(video) };
    Object.values(this.own).forEach((track) => this.echo(track));
    this.pc.setLocalDescription("offer");
  }

  isConnected() {
    return until(() => this.pc.state() === "connected", STARTUP_MS, () => this.pc.state());
  }
}

async function datachannelAnswersAndOffers() {
  const device = await deviceInRoom();
  const client = await RoomClient.join();
  const party = new Datachannel(client, device.id);

  await party.isConnected();
  party.offerTracks("SendOnly");
  await isReceived(device, client);
}

// It came last, and does not wait for an offer.
async function datachannelOffers() {
  const device = await deviceInRoom();
  const client = await RoomClient.join();
  const party = new Datachannel(client, client.peers[0]);

  party.offerTracks("SendRecv");
  await party.isConnected();
  await isReceived(device, client);
}

// --- werift ---

// It takes an m-line with port 0 for rejected, whatever a=bundle-only says.
async function weriftAnswers() {
  const { RTCPeerConnection } = require("werift");
  const device = await deviceInRoom();
  const client = await RoomClient.join();
  const pc = new RTCPeerConnection({ iceServers: [] });
  const received = { audio: 0, video: 0 };

  atEnd(() => pc.close());
  pc.onTrack.subscribe((track) => track.onReceiveRtp.subscribe(() => { received[track.kind] += 1; }));
  pc.onIceCandidate.subscribe((candidate) => candidate
    && client.send("ice-candidate", device.id, candidate.toJSON()));
  client.on("offer", async ({ offer }) => {
    await pc.setRemoteDescription(offer);
    await pc.setLocalDescription(await pc.createAnswer());
    client.send("answer", device.id,
      { type: "answer", sdp: pc.localDescription.sdp });
    client.on("ice-candidate", ({ candidate }) => pc.addIceCandidate(candidate));
  });
  await until(() => received.audio > 10 && received.video > 10, STARTUP_MS,
    () => `${JSON.stringify(received)}\n${pc.localDescription?.sdp}`);
}

// --- programs in Python ---

const PYTHON = "/usr/bin/python3";

class Party extends Program {
  constructor(client, other, file, ...args) {
    super(PYTHON, [fileURLToPath(new URL(file, import.meta.url)), ...args]);
    this.offers = args.includes("--offer");
    const pass = (message) => this.type(JSON.stringify(message));
    const trickle = () => client.on("ice-candidate", ({ candidate }) => pass(candidate));
    this.send = (message) => client.send(message.type ?? "ice-candidate", other, message);
    client.on(this.offers ? "answer" : "offer", (message) => {
      pass(message.answer ?? message.offer);
      trickle();
    });
  }

  take(line) {
    super.take(line);
    const message = this.lines.at(-1);
    if (message.sdp || message.candidate) this.send(message);
  }
}

async function pythonMeets(...args) {
  const device = await deviceInRoom();
  const client = await RoomClient.join();
  const party = new Party(client, device.id, ...args);

  await isReceived(device, client).catch((error) => {
    throw new Error(`${error.message}\n${party.other.join("")}`);
  });
  return { client, party };
}

// Whoever uses webrtcbin alone gets pictures and sound as well.
async function webrtcbinMeets(...args) {
  const { party } = await pythonMeets("webrtcbinparty.py", ...args);

  for (const kind of ["audio", "video"])
    await party.wait(() => party.lines.some(({ seen }) => seen === kind), STARTUP_MS, kind);
}

// Without a bundle it needs a transport for each m-line.
async function webrtcbinIsToldOfMaxBundle(...args) {
  const device = await deviceInRoom();
  const client = await RoomClient.join();

  new Party(client, device.id, "webrtcbinparty.py", ...args);
  const { message } = await client.wait("error");
  if (!message.includes("max-bundle")) throw new Error(message);
}

// --- a page of another maker ---

// In that page: it offers, and keeps its first picture for the test.
async function offerInPage() {
  const canvas = Object.assign(document.body.appendChild(document.createElement("canvas")),
    { width: 320, height: 180 });
  const sound = new AudioContext();
  const to = sound.createMediaStreamDestination();
  const tone = sound.createOscillator();
  const pc = new RTCPeerConnection();

  tone.connect(to);
  tone.start();
  setInterval(() => {
    const paper = canvas.getContext("2d");
    paper.fillStyle = `hsl(${performance.now() / 10} 90% 50%)`;
    paper.fillRect(0, 0, 320, 180);
  }, 50);
  window.pc = pc;
  for (const track of [...to.stream.getTracks(), ...canvas.captureStream().getTracks()])
    pc.addTrack(track, to.stream);
  pc.onicecandidate = ({ candidate }) => candidate && window.say("ice-candidate",
    candidate.toJSON());
  await pc.setLocalDescription();
  window.say("offer", { type: "offer", sdp: pc.localDescription.sdp });
}

async function pageOffers() {
  const client = await RoomClient.join();
  const page = await (await theBrowser()).newPage();
  atEnd(() => page.close());

  await page.exposeFunction("say", (type, body) => client.send(type, client.peers[0], body));
  await page.evaluate(offerInPage);
  client.on("answer", async ({ answer }) => {
    await page.evaluate((words) => window.pc.setRemoteDescription(words), answer);
    client.on("ice-candidate", ({ candidate }) => candidate.candidate
      && page.evaluate((words) => window.pc.addIceCandidate(words), candidate));
  });
  await until(() => page.evaluate(async () => [...(await window.pc.getStats()).values()]
    .some(({ framesDecoded }) => framesDecoded > 10)), STARTUP_MS,
  () => JSON.stringify(client.heard));
  return client;
}

async function pageOffersToDevice() {
  const device = await deviceInRoom();

  await isReceived(device, await pageOffers());
}

// The page of this project is there, and a newcomer offers to it.
async function pageOffersToPage() {
  const browser = await Browser.start();
  const page = await browser.join(await pageInRoom(), "Cleo");

  await untilState(page, "joined");
  await pageOffers();
  await untilPictures(page, 1);
}

test("libdatachannel answers, and then offers tracks of its own", datachannelAnswersAndOffers,
  CASE_MS);
test("libdatachannel comes last and offers", datachannelOffers, CASE_MS);
test("werift answers", weriftAnswers, CASE_MS);
// not in every Debian
if (spawnSync(PYTHON, ["-c", "import aiortc"]).status === 0) {
  test("aiortc answers", () => pythonMeets("aiortcparty.py"), CASE_MS);
  test("aiortc comes last and offers", () => pythonMeets("aiortcparty.py", "--offer"), CASE_MS);
}
// webrtcbin takes "balanced" for "none"
for (const [policy, meets] of [["none", webrtcbinIsToldOfMaxBundle],
  ["balanced", webrtcbinIsToldOfMaxBundle], ["max-compat", webrtcbinMeets],
  ["max-bundle", webrtcbinMeets]]) {
  test(`webrtcbin answers, ${policy}`, () => meets(policy), CASE_MS);
  test(`webrtcbin offers, ${policy}`, () => meets(policy, "--offer"), CASE_MS);
}
test("a page comes last and offers to a device", pageOffersToDevice, CASE_MS);
test("a page comes last and offers to the page", pageOffersToPage, CASE_MS);
await main();
