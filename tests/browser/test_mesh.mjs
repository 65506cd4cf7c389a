// SPDX-License-Identifier: LGPL-2.1-or-later

// The page's connections without a browser, on a clock of the test's: what is tried
// when one does not come about, and what the user is told.

import { equal, main, test } from "./check.mjs";
import { pass } from "./clock.mjs";
import { load } from "./webmodules.mjs";

const SECOND = 1000;
const SOON = 10 * SECOND; // by which both users are told

// A connection that never gets anywhere, unless the test says so.
const made = [];
let offline = false;

globalThis.RTCPeerConnection = class {
  constructor(configuration) {
    this.connectionState = this.iceConnectionState = "new";
    this.localDescription = { sdp: "v=0\r\n" };
    this.configuration = configuration;
    this.channels = {};
    this.reports = []; // of getStats()
    made.push(this);
  }

  addTransceiver() {
    return { sender: { getParameters: () => ({ encodings: [] }), replaceTrack: async () => {} },
      receiver: { track: { kind: "video", muted: true, readyState: "live" } } };
  }

  getTransceivers() { return []; }

  createDataChannel(label) {
    this.channels[label] = { label, readyState: "connecting", bufferedAmount: 0, send() {} };
    return this.channels[label];
  }

  async getStats() { return new Map(this.reports.map((report) => [report.id, report])); }

  setConfiguration(configuration) { this.configuration = configuration; }

  // The other side answers the pings so far, for the first time or once more.
  beat() {
    const heartbeat = this.channels.heartbeat || this.createDataChannel("heartbeat");

    if (!heartbeat.onopen) this.ondatachannel({ channel: heartbeat });
    if (heartbeat.readyState !== "open") {
      heartbeat.readyState = "open";
      heartbeat.onopen();
    }
    heartbeat.onmessage({ data: '{"t":"pong","n":1}' });
  }

  async setLocalDescription() {}

  async setRemoteDescription() {}

  become(state) {
    this.connectionState = this.iceConnectionState = state;
    this.onconnectionstatechange?.();
  }

  close() { this.connectionState = "closed"; }
};
globalThis.RTCRtpReceiver = { getCapabilities: () => ({ codecs: [] }) };
globalThis.MediaStream = class { getTracks() { return []; } };

const { Mesh } = await load("net/mesh.js");

// A mesh with one other, and what the page says and shows: [seconds, state or message].
function meet(offers) {
  const said = [];
  const states = [];
  const began = performance.now();
  const at = () => Math.round((performance.now() - began) / SECOND);
  const mesh = new Mesh({ own: { identity: null, meetingId: "m", id: "p002", nonce: "" },
    ice: {}, tracks: {}, send: ({ type }) => said.push([at(), type]),
    isOffline: () => offline });

  mesh.addEventListener("silent", () => mesh.renew("p001", "silent"));
  mesh.addEventListener("state", () => states.push([at(), mesh.stateOf("p001")]));
  mesh.add({ id: "p001", deviceId: "", nonce: "" }, offers);
  return { mesh, said, states };
}

// Until nothing happens any more.
const END = 300 * SECOND;

test("an offer that nobody answers: told, tried again, unreached; then when asked", async () => {
  const { mesh, said, states } = meet(true);

  await pass(SOON);
  equal(states, [[0, "connecting"], [8, "trying"]], "what is shown soon");
  await pass(END);
  equal(said.map(([at]) => at), [0, 9, 27, 47, 71, 103], "when it was offered");
  equal(states.at(-1), [119, "unreached"], "what is shown in the end");
  equal(states.length, 3, "how often it changed");
  mesh.again("p001");
  equal(mesh.stateOf("p001"), "trying", "what is shown then");
  await pass(SECOND);
  equal(said.length, 7, "offers");
  made.at(-1).become("connected");
  equal(mesh.stateOf("p001"), "connected", "what is shown when it is");
  mesh.again("p001");
  await pass(SECOND);
  equal(said.length, 7, "offers to who is connected");
  mesh.close();
});

test("an offer that does not come: told, asked for, unreached; then when asked", async () => {
  const { mesh, said, states } = meet(false);

  await pass(SOON);
  equal(states, [[8, "trying"]], "what is shown soon");
  await pass(END);
  equal(said, [12, 33, 56, 83, 118].map((at) => [at, "restart"]), "what was asked");
  equal(states.slice(1), [[134, "unreached"]], "what is shown in the end");
  mesh.again("p001");
  await pass(SECOND);
  equal(said.length, 6, "what is asked then");
  mesh.close();
});

test("a connection that is lost: the count begins anew with each", async () => {
  const { mesh, said, states } = meet(true);

  await pass(SECOND);
  made.at(-1).become("connected");
  await pass(SECOND);
  made.at(-1).become("failed");
  await pass(SECOND / 2);
  equal(states.map(([, state]) => state), ["connecting", "connected", "reconnecting"], "shown");
  await pass(SECOND);
  made.at(-1).become("connected");
  await pass(SECOND);
  made.at(-1).become("failed");
  await pass(END);
  equal(said.length, 1 + 1 + 5, "offers");
  equal(mesh.stateOf("p001"), "lost", "what is shown in the end");
  mesh.close();
});

// The connection in use, as the page has it.
const inUse = (mesh) => made.indexOf(mesh.get("p001")?.connection);

// Connected by the first that is made.
async function connect(offers) {
  const all = meet(offers);

  await pass(SECOND);
  if (!offers) {
    all.mesh.take({ type: "offer", from: "p001", sdp: "v=0\r\n", session: "s1", generation: 1 });
    await pass(SECOND);
  }
  made.at(-1).become("connected");
  all.first = made.length - 1;
  all.said.length = all.states.length = 0;
  return all;
}

test("another network: the connection in use goes on until the new one stands", async () => {
  const { mesh, said, states, first } = await connect(true);

  mesh.renewAll("network");
  await pass(SECOND);
  equal([said.map(([, type]) => type), made.length - first, inUse(mesh)], [["offer"], 2, first],
    "one is made beside it");
  made.at(-1).become("connected");
  equal([inUse(mesh), made[first].connectionState], [first + 1, "connected"], "the new one stands");
  await pass(SECOND);
  equal(made[first].connectionState, "closed", "the old one, a second later");
  equal(states, [], "what the user is told");
  mesh.close();
});

test("a new connection that is not made leaves the one in use", async () => {
  const { mesh, states, first } = await connect(true);

  mesh.renewAll("network");
  await pass(10 * SECOND);
  equal([inUse(mesh), made[first + 1].connectionState, states], [first, "closed", []], "in use");
  made[first].become("failed");
  equal(states.map(([, state]) => state), ["reconnecting"], "what is told when that fails as well");
  mesh.close();
});

test("the one in use ends while another is made, which takes its place", async () => {
  const { mesh, states, first } = await connect(true);

  mesh.renewAll("network");
  await pass(SECOND);
  made[first].become("failed");
  equal([inUse(mesh), states.map(([, state]) => state)], [first + 1, ["reconnecting"]], "meanwhile");
  made.at(-1).become("connected");
  equal(mesh.stateOf("p001"), "connected", "what is shown then");
  equal(made.length, first + 2, "no other was made");
  mesh.close();
});

test("who waits for offers asks for one, and takes it beside the connection in use", async () => {
  const { mesh, said, first } = await connect(false);

  mesh.renewAll("network");
  await pass(0);
  equal(said.map(([, type]) => type), ["restart"], "what is asked");
  mesh.take({ type: "offer", from: "p001", sdp: "v=0\r\n", session: "s2", generation: 2 });
  await pass(0);
  equal([made.length - first, inUse(mesh)], [2, first], "one is made beside it");
  made.at(-1).become("connected");
  equal(inUse(mesh), first + 1, "in use");
  mesh.close();
});

test("nothing is heard for two seconds: another connection, once in two more", async () => {
  for (const offers of [true, false]) {
    const { mesh, said, first } = await connect(offers);

    for (let i = 0; i < 4; i++) {
      made[first].beat();
      await pass(SECOND);
    }
    equal(said, [], "while it is heard");
    await pass(1.5 * SECOND);
    equal(said.map(([, type]) => type), [offers ? "offer" : "restart"], "then");
    if (!offers) {
      await pass(2 * SECOND);
      equal(said.length, 2, "two seconds later");
    }
    mesh.close();
  }
});

test("media break the silence of a page that is busy", async () => {
  const { mesh, said, first } = await connect(true);

  made[first].beat();
  for (let i = 1; i <= 20; i++) {
    made[first].reports = [{ id: "c", type: "candidate-pair", bytesReceived: i * 1000 }];
    await pass(SECOND / 2);
  }
  equal([said, mesh.stateOf("p001")], [[], "connected"], "ten seconds without a heartbeat");
  await pass(3.5 * SECOND);
  equal(said.map(([, type]) => type), ["offer"], "without anything");
  mesh.close();
});

test("whoever asks for connections again and again gets one a second", async () => {
  const { mesh, first } = await connect(true);

  for (let i = 0; i < 29; i++) {
    mesh.take({ type: "restart", from: "p001" });
    await pass(SECOND / 10);
  }
  equal(made.length - first, 1 + 3, "connections in not quite three seconds");
  mesh.close();
});

test("without a network nothing is tried, and with one everything at once", async () => {
  const { mesh, said, states, first } = await connect(true);

  offline = true;
  made[first].become("failed");
  await pass(END);
  offline = false;
  equal([said, states.map(([, state]) => state)], [[], ["reconnecting"]], "five minutes without");
  mesh.renewAll("network");
  await pass(0);
  equal([said.map(([, type]) => type), made.length - first], [["offer"], 2], "then");
  made.at(-1).become("connected");
  equal(mesh.stateOf("p001"), "connected", "what is shown");
  mesh.close();
});

test("other servers: told to each connection, and a relay is replaced", async () => {
  const { mesh, said, first } = await connect(true);
  const ice = { iceServers: [{ urls: "stun:h" }], iceTransportPolicy: "all" };
  const path = (candidateType) => [{ id: "t", type: "transport", selectedCandidatePairId: "c" },
    { id: "c", type: "candidate-pair", localCandidateId: "l" },
    { id: "l", type: "local-candidate", candidateType }];

  made[first].reports = path("host");
  await pass(2 * SECOND);
  mesh.setIce(ice);
  await pass(SECOND);
  equal([made[first].configuration, said], [{ ...ice, bundlePolicy: "max-bundle" }, []], "direct");
  made[first].reports = path("relay");
  await pass(2 * SECOND);
  mesh.setIce({ ...ice, iceServers: [] });
  await pass(SECOND);
  equal([said.map(([, type]) => type), made.at(-1).configuration.iceServers, inUse(mesh)],
    [["offer"], [], first], "by a relay");
  mesh.close();
});

await main();
