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

  async setLocalDescription() { this.signalingState = "have-local-offer"; }

  async setRemoteDescription({ type }) {
    this.signalingState = type === "answer" ? "stable" : "have-remote-offer";
  }

  become(state) {
    this.connectionState = this.iceConnectionState = state;
    this.onconnectionstatechange?.();
  }

  close() { this.connectionState = "closed"; }
};
globalThis.RTCRtpReceiver = { getCapabilities: () => ({ codecs: [] }) };
globalThis.MediaStream = class { getTracks() { return []; } };

const { Chat, parse } = await load("chat.js");
const { IceGrants } = await load("net/iceservers.js");
const { MISSING_MS, Missing } = await load("net/missing.js");
const { Mesh } = await load("net/mesh.js");
const { Network, SLEPT_MS } = await load("net/network.js");
const { Participant, SENT_MAX } = await load("participant.js");
const { FLUSH_MS, Talk, UNCERTAIN_MS } = await load("view/talk.js");

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

// A newcomer of another maker, whose offer crosses the one of this page.
async function cross() {
  const all = meet(true);
  const sdp = `v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\na=fingerprint:sha-256 AA\r\n`;

  await pass(SECOND / 10);
  all.mesh.take({ type: "offer", from: "p001", sdp, session: "s1", generation: 1 });
  await pass(SECOND);
  equal(all.said.map(([, type]) => type), ["offer"], "what stands at first");
  return all;
}

test("an offer that crosses: the own one stands, then gives way", async () => {
  const { mesh, said } = await cross();

  await pass(SECOND);
  equal(said.map(([, type]) => type), ["offer", "answer"], "after a while");
  mesh.close();
});

test("an offer that crosses: a refusal of the own one is enough", async () => {
  const { mesh, said } = await cross();

  equal([mesh.yield("p001"), mesh.yield("p001")], [true, false], "whether it gives way");
  await pass(1);
  equal(said.at(-1)[1], "answer", "what is said then");
  mesh.close();
});

test("an offer that crosses: an answer withdraws it", async () => {
  const { mesh, said } = await cross();

  mesh.take({ type: "answer", from: "p001", sdp: "v=0\r\n", session: "s1", generation: 1 });
  await pass(2 * SECOND);
  equal(said.map(([, type]) => type), ["offer"], "what is said");
  equal(made.at(-1).signalingState, "stable", "the own one is answered");
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

// What is said over the connection in use, and over the next ones: its texts are in `said`.
async function talk() {
  const { mesh, first } = await connect(true);
  const other = new Participant({ id: "p001", user: "Ann" }, false);
  const said = [];
  const acks = [];
  const one = new Talk({ chat: new Chat(), others: [other], participants: new Map([["p001", other]]),
    self: { id: "p002", user: "Cleo" } }, { signs: () => false, toServer() {}, emit() {},
    toChannel: (id, text) => Boolean(mesh.get(id)?.sendMessage("chat", text)),
    toSignal: (id, message) => acks.push(message),
    heardBefore: (id) => mesh.heardBefore(id) });

  mesh.addEventListener("channel", ({ detail: { id, label } }) => {
    if (label === "chat") one.channelOpened(id);
  });
  const open = () => {
    const { chat } = made.at(-1).channels;
    said.length = 0;
    chat.send = (text) => said.push(JSON.parse(text).text);
    chat.readyState = "open";
    chat.onopen();
  };
  open();
  return { mesh, first, open, other, said, acks, one, say: (text) => one.say(text), lose: async () => {
    made.at(-1).become("failed");
    await pass(2 * SECOND);
    made.at(-1).become("connected");
    open();
  } };
}

test("what was read is acknowledged, and what was not is named", async () => {
  const { mesh, other, one, acks, say } = await talk();

  one.take("p001", parse('{"type":"chat","id":"u-1","text":"hi"}'));
  one.take("p001", parse("plain"));
  other.plain = false;
  one.startAcks("p001");
  equal(acks, [{ type: "ack", id: "u-1" }, { type: "ack" }], "what this page says");
  say("before");
  equal(one.undelivered, [], "where nobody acknowledges");
  other.sent.length = 0;
  one.takeAck("p001", undefined);
  say("one");
  say("two");
  await pass(1);
  one.takeAck("p001", JSON.parse(other.sent[0].text).id);
  one.takeAck("p001", "of nothing");
  equal(one.undelivered, [{ user: "Ann", text: "two" }], "what is missing");
  other.keep(other.sent[0].text);
  equal(one.undelivered.length, 2, "with what has not gone out");
  other.unsent.length = 0;
  const rests = [];
  const flush = () => one.flush((rest) => rests.push(rest));
  flush();
  await pass(FLUSH_MS - 1);
  equal(rests, [], "it is waited for");
  await pass(1);
  equal(rests.splice(0), [" Not delivered: “two” to Ann."], "for so long");
  flush();
  equal(rests.splice(0).length, 1, "who does not wait");
  one.takeAck("p001", JSON.parse(other.sent[0].text).id);
  equal(rests.splice(0), [""], "all is delivered");
  mesh.close();
});

test("what went over a connection before it was lost is said again, if it may be lost", async () => {
  const { mesh, other, said, say, lose } = await talk();

  for (const text of ["long before", "before", "late"]) {
    say(text);
    await pass(1);
  }
  await pass(UNCERTAIN_MS - 2);
  made.at(-1).beat();
  say("in the gap");
  await pass(2 * SECOND);
  equal(said, ["long before", "before", "late", "in the gap"], "at first");
  await lose();
  equal(said, ["before", "late", "in the gap"], "over the next one");
  for (let i = 0; i < UNCERTAIN_MS / SECOND + 2; i++) {
    await pass(SECOND);
    made.at(-1).beat();
  }
  await lose();
  equal(said, [], "when it has had the time to arrive");
  for (const count of [SENT_MAX - 1, SENT_MAX, SENT_MAX + 1]) {
    for (let i = 0; i < count; i++) say(`${count}: ${i}`);
    await lose();
    equal([said.length, said.at(-1)], [Math.min(count, SENT_MAX), `${count}: ${count - 1}`],
      "at most");
    other.sent.length = 0;
  }
  say("plain");
  other.plain = true;
  await lose();
  equal(said, [], "to who would read it twice");
  mesh.close();
});

test("likewise where another connection has taken its place", async () => {
  const { mesh, first, open, said, say } = await talk();

  say("long before");
  await pass(UNCERTAIN_MS + 1);
  made[first].beat();
  say("late");
  mesh.renewAll("network");
  await pass(SECOND);
  say("in the gap");
  made.at(-1).become("connected");
  equal(inUse(mesh), first + 1, "in use");
  open();
  equal(said, ["late", "in the gap"], "over the next one");
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

// What is found to be missing, step by step: [seconds until then, what has come by then,
// what it says of itself].
function miss(...steps) {
  const missing = new Missing();
  const peer = { arrived: { audio: 0, camera: 0 }, receives: () => true };
  const found = [];
  let at = 0;

  for (const [seconds, { audio = 0, camera = 0, there = true, receives = true }, sends] of steps) {
    at += seconds * SECOND;
    peer.arrived = { audio, camera };
    peer.receives = () => receives;
    missing.look(there ? peer : null, sends, at);
    found.push([missing.audio, missing.camera]);
  }
  return found;
}

test("missing media: what is due and has not come for eight seconds", async () => {
  const both = { audio: true, video: true };
  const unknown = { audio: null, video: null };
  const seconds = MISSING_MS / SECOND;

  equal(seconds + 2 <= SOON / SECOND, true, "the promise");
  equal(miss([0, {}, both], [seconds - 0.001, {}, both], [0.001, {}, both], [1, { audio: 1 }, both],
    [1, { audio: 1, camera: 1 }, both]),
  [[false, false], [false, false], [true, true], [false, true], [false, false]], "from the first");
  equal(miss([0, { audio: 5, camera: 5 }, both], [seconds - 0.001, { audio: 5, camera: 9 }, both],
    [0.001, { audio: 5, camera: 9 }, both]),
  [[false, false], [false, false], [true, false]], "one of them, later");
  equal(miss([0, {}, { audio: false, video: true }], [seconds, {}, { audio: false, video: true }],
    [1, {}, { audio: false, video: false }]),
  [[false, false], [false, true], [false, false]], "what is off is not missing");
  equal(miss([0, {}, unknown], [60, {}, unknown], [1, { audio: 1 }, unknown],
    [seconds, { audio: 1 }, unknown]),
  [[false, false], [false, false], [false, false], [true, false]], "of who says nothing");
  equal(miss([0, {}, both], [seconds, { receives: false }, both], [1, {}, both],
    [seconds - 1, {}, both]),
  [[false, false], [false, false], [false, false], [false, false]], "what is not agreed on");
  equal(miss([0, { audio: 9, camera: 9 }, both], [20, { there: false }, both], [1, {}, both],
    [seconds, {}, both]),
  [[false, false], [false, false], [false, false], [true, true]], "not while there is no connection");
});

test("missing media: the network is named from ten percent of lost packets on", async () => {
  for (const [lost, said] of [[0, 0], [9, 0], [10, 10], [60, 60]]) {
    const missing = new Missing();
    const peer = { arrived: { audio: 1, camera: 1, lost: 500, packets: 700 }, receives: () => true };
    missing.look(peer, { audio: true, video: true }, 0);
    peer.arrived = { audio: 2, camera: 1, lost: 500 + lost, packets: 800 - lost };
    missing.look(peer, { audio: true, video: true }, MISSING_MS);
    equal([missing.camera, missing.loss], [true, said], `${lost} of 100 packets`);
  }
});

test("missing media: another connection counts anew", async () => {
  const missing = new Missing();
  const [first, second] = [1000, 1].map((count) => ({ receives: () => true,
    arrived: { audio: count, camera: count } }));
  const sends = { audio: true, video: true };
  const look = (peer, now) => missing.look(peer, sends, now) && missing.audio;

  look(first, 0);
  look(second, MISSING_MS - 1);
  equal([MISSING_MS, 2 * MISSING_MS - 2, 2 * MISSING_MS - 1].map((now) => look(second, now)),
    [false, false, true], "what came by the second");
  const slept = new Missing();
  slept.look(first, sends, 0);
  slept.excuse(60 * SECOND);
  equal([slept.look(first, sends, 60 * SECOND + MISSING_MS - 1),
    slept.look(first, sends, 60 * SECOND + MISSING_MS)], [false, true], "after a sleep");
});

test("servers are asked for when half of their time has passed, once", async () => {
  const servers = (iceExpiresIn) => ({ iceServers: [], iceExpiresIn });
  let asked = 0;
  let may = true;
  const grants = new IceGrants(() => {
    if (may) asked++;
    return may;
  });

  for (const never of [undefined, 0, -60, 1.5, "60", null]) {
    grants.take(servers(never));
    await pass(END);
    equal(asked, 0, `good for ever: ${never}`);
  }
  grants.take(servers(60));
  await pass(30 * SECOND - 1);
  equal(asked, 0, "before");
  await pass(1);
  equal(asked, 1, "half of it");
  await pass(END);
  equal(asked, 1, "no second time");
  may = false;
  grants.take(servers(60));
  await pass(END);
  may = true;
  equal(asked, 1, "while there is no server");
  grants.look();
  equal(asked, 2, "as soon as there is one");
  grants.take(servers(60));
  grants.stop();
  await pass(END);
  equal(asked, 2, "after the end");
  // longer than a browser's timers run
  grants.take(servers(60 * 24 * 3600));
  await pass(1);
  equal(asked, 2, "not at once");
});

test("a clock that jumps: a sleep, when the page is not merely busy", async () => {
  const window = new EventTarget();
  const told = [];
  let skew = 0;
  const { now } = Date;
  Date.now = () => now() + skew;
  globalThis.addEventListener = window.addEventListener.bind(window);
  Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });
  globalThis.location ??= { hostname: "10.77.9.1", search: "" };
  new Network().addEventListener("changed", ({ detail }) => told.push(detail.slept));

  const jump = async (ms) => {
    skew += ms;
    await pass(SECOND / 2);
  };
  await pass(10 * SECOND);
  await jump(SLEPT_MS - 1);
  await pass(10 * SECOND);
  equal(told, [], "less than a sleep");
  await jump(SLEPT_MS);
  await pass(SECOND);
  equal(told, [], "until it shows what still comes");
  await pass(10 * SECOND);
  equal(told, [true], "a sleep");
  for (let i = 0; i < 5; i++) await jump(SLEPT_MS);
  equal(told, [true], "while it is busy");
  await pass(10 * SECOND);
  equal(told, [true, true], "afterwards, once");
  window.dispatchEvent(new Event("online"));
  equal(told, [true, true, false], "another network");
  Date.now = now;
});

await main();
