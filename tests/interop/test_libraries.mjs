// SPDX-License-Identifier: LGPL-2.1-or-later

// Libraries of other makers in a room with a device: each answers or offers as it does by
// itself. What one receives of the device it sends back, so that the device sees and
// hears itself by it.

import { enter } from "../browser/lan.mjs";

enter();
const { createRequire } = await import("node:module");
const { main, test } = await import("../browser/check.mjs");
const { atEnd, until, STARTUP_MS } = await import("../browser/program.mjs");
const { RoomClient, deviceInRoom } = await import("./libraryroom.mjs");
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
    client.on("ice-candidate", ({ candidate }) => candidate.candidate
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

test("libdatachannel answers, and then offers tracks of its own", datachannelAnswersAndOffers,
  CASE_MS);
test("libdatachannel comes last and offers", datachannelOffers, CASE_MS);
test("werift answers", weriftAnswers, CASE_MS);
await main();
