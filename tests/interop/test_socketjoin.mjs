// SPDX-License-Identifier: LGPL-2.1-or-later

// A device at somebody else's server of Socket.IO: socket.io itself, and a server that
// was written from protocol/socketio.md alone.

import { join } from "node:path";
import process from "node:process";
import { enter } from "../browser/lan.mjs";

enter();
const { assert, equal, main, test } = await import("../browser/check.mjs");
const { Program } = await import("../browser/program.mjs");
const { Page, changeConnection, device, pictureIs, receiver, restartable, STAMP } =
  await import("./parties.mjs");

const CASE_MS = 180000;

async function openServer(...args) {
  const server = new Program(process.execPath,
    [join(process.env.VM_SOURCE_ROOT, "tests/interop/socketserver.js"), ...args]);
  server.port = (await server.event("listening")).port;
  return server;
}

const joinRoom = (server, room, ...args) => device("join", "--dialect", "socketio",
  `ws://localhost:${server.port}/${room}`, "--source", STAMP, ...args);

// What one client said and heard, in order; neighbouring candidates count as one.
function logOf(server, id) {
  return server.lines.filter(({ from, to }) => (from ?? to) === id);
}
const kinds = (lines) => lines.map(({ from, event }) => `${from ? ">" : "<"} ${event}`)
  .filter((kind) => !kind.endsWith("ice_candidate"));

const SAID = {
  join_room: "room", leave_room: "room", offer: "room offer", answer: "room answer",
  ice_candidate: "room candidate",
};

// The fields that each event has in the base protocol, and no others but @more.
function checkFields(server, id, ...more) {
  for (const { from, event, data } of logOf(server, id)) {
    if (!from)
      continue;
    const keys = Object.keys(data).filter((key) => !more.includes(key));
    equal(keys.join(" "), SAID[event], `the fields of ${event}`);
    if (event === "offer" || event === "answer") {
      equal(Object.keys(data[event]).join(" "), "type sdp", "a description");
      equal(data[event].type, event, "its type");
    }
  }
}

function checkReceived(participants, count) {
  equal(participants.length, count, "who was there");
  for (const { user, videoFrames, audioBuffers } of participants)
    assert(videoFrames > 2 && audioBuffers > 10, `${user}: ${videoFrames}, ${audioBuffers}`);
}

// It has had picture and sound of all others, of which there are some.
async function receives(program) {
  let asked = 0;

  await program.wait(() => {
    const answers = program.lines.filter(({ event }) => event === "who");
    if (answers.length < asked)
      return false;
    const others = answers.at(-1)?.participants ?? [];
    if (others.length && others.every((o) => o.videoFrames > 2 && o.audioBuffers > 10))
      return true;
    program.type("/who");
    asked += 1;
    return false;
  });
}

// protocol/socketio.md#without-a-target: two devices, and a server that says no more than
// the base protocol.
async function asTheSeedHasIt() {
  const server = await openServer();
  const room = "x".repeat(128); // which leave_room has in it still
  const ann = joinRoom(server, room);
  await ann.event("meeting");
  const a = (await server.event("join_room")).from;
  const bob = joinRoom(server, room);
  await Promise.all([ann, bob].map((who) => who.event("participant-state", { state: "connected" })));
  const b = server.lines.findLast(({ event }) => event === "join_room").from;
  await Promise.all([receives(ann), receives(bob)]);
  checkReceived(await bob.summary(), 1);
  await ann.event("participant-left");
  checkReceived(await ann.summary(), 1);
  equal(kinds(logOf(server, a)), ["> join_room", "< room_joined", "< user_joined", "> offer",
    "< answer", "< user_left", "> leave_room"], "the first");
  equal(kinds(logOf(server, b)), ["> join_room", "< room_joined", "< offer", "> answer",
    "> leave_room"], "the second");
  checkFields(server, a);
  checkFields(server, b);
  for (const { gone, reason } of server.lines) {
    if (gone)
      assert(reason !== "ping timeout", reason);
  }
}

// A page of that seed comes first, a device, and a page: each has all others.
async function withPages() {
  const server = await openServer("names");
  const url = `http://localhost:${server.port}/`;
  const ann = await Page.open(url, { room: "room1" });
  const a = await ann.userId();
  const ours = joinRoom(server, "room1");
  await ours.event("participant-state", { state: "connected" });
  const o = server.lines.find(({ from, event }) => event === "join_room" && from !== a).from;
  checkFields(server, o);
  const carl = await Page.open(url, { room: "room1" });
  const c = await carl.userId();

  await Promise.all([ann.sees(o), carl.sees(o), ann.sees(c), carl.sees(a), ann.sends(o),
    carl.sends(o)]);
  checkFields(server, o, "target");
  equal(kinds(logOf(server, o)), ["> join_room", "< room_joined", "< offer", "> answer",
    "< user_joined", "> offer", "< answer"], "said and heard");
  checkReceived(await ours.summary(), 2);
  await ann.until((id) => !document.querySelector(`video[data-peer="${id}"]`), o);
}

// A page that stops its camera and takes it up again, in the connection it has.
async function cameraInTheMiddle() {
  const server = await openServer("names");
  const ann = await Page.open(`http://localhost:${server.port}/`, { room: "room1" });
  const a = await ann.userId();
  const ours = receiver("dialect=socketio", "mode=join", `uri=ws://localhost:${server.port}/room1`);
  await ours.event("vm-joined");
  const o = server.lines.find(({ from, event }) => event === "join_room" && from !== a).from;
  const offers = (how) => ann.page.evaluate(
    `(${changeConnection})(window.peers.get("${o}").connection, "${how}")
      .then((offer) => socket().emit("offer", { room: "room1", offer, target: "${o}" }))`);

  await ann.sees(o);
  await pictureIs(ours, "seen", 0);
  await offers("remove");
  const from = await pictureIs(ours, "gone", 0);
  await ann.sees(o);
  await offers("add");
  await pictureIs(ours, "seen", from);
  await ann.sees(o);
  equal(kinds(logOf(server, o)).filter((kind) => kind.startsWith(">")),
    ["> join_room", "> answer", "> answer", "> answer"], "ours said");
}

// Nobody else can say so: it leaves and joins itself.
async function beginsAnew() {
  const server = await openServer();
  const ann = joinRoom(server, "room1");
  await server.event("room_joined");
  const ours = restartable("", "dialect=socketio", "mode=join",
    `uri=ws://localhost:${server.port}/room1`);
  await ann.event("participant-state", { state: "connected" });
  const o = server.lines.findLast(({ event }) => event === "join_room").from;
  const answers = () => logOf(server, o).filter(({ from, event }) => from && event === "answer");

  ours.type("restart");
  await server.wait(() => answers().length > 1);
  equal(kinds(logOf(server, o)).filter((kind) => kind.startsWith(">")),
    ["> join_room", "> answer", "> leave_room", "> join_room", "> answer"], "ours said");
}

for (const func of [asTheSeedHasIt, withPages, cameraInTheMiddle, beginsAnew])
  test(func.name, func, CASE_MS);

await main();
