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

globalThis.RTCPeerConnection = class {
  constructor() {
    this.connectionState = this.iceConnectionState = "new";
    this.localDescription = { sdp: "v=0\r\n" };
    made.push(this);
  }

  addTransceiver() {
    return { sender: { getParameters: () => ({ encodings: [] }), replaceTrack: async () => {} },
      receiver: { track: { kind: "video", muted: true, readyState: "live" } } };
  }

  getTransceivers() { return []; }

  createDataChannel(label) { return { label, readyState: "connecting" }; }

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
    iceServers: [], tracks: {}, send: ({ type }) => said.push([at(), type]),
    hasServer: () => true });

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

await main();
