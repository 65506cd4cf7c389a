// SPDX-License-Identifier: LGPL-2.1-or-later

// A device in somebody else's mesh: a server that was written from protocol/mesh.md
// alone, and this project's own with a page of examples/web/mesh.

import { join } from "node:path";
import process from "node:process";
import { enter } from "../browser/lan.mjs";

enter();
const { assert, equal, main, test } = await import("../browser/check.mjs");
const { Program } = await import("../browser/program.mjs");
const { Page, device, restartable, STAMP } = await import("./parties.mjs");

const CASE_MS = 180000;
const ROOM = "room 123";

async function strangersServer(...args) {
  const server = new Program(process.execPath,
    [join(process.env.VM_SOURCE_ROOT, "tests/interop/meshserver.js"), ...args]);
  server.url = `ws://localhost:${(await server.event("listening")).port}`
    + (args.includes("rest") ? "/v2/ws" : "/mesh");
  return server;
}

async function ownServer() {
  const program = new Program(join(process.env.VM_BUILD_ROOT, "tests/interop/callserver"),
    [join(process.env.VM_SOURCE_ROOT, "examples/web/mesh")]);
  return (await program.event("listening")).port;
}

const joinRoom = (url, ...args) => device("join", "--dialect", "mesh",
  `${url}/${encodeURIComponent(ROOM)}`, "--source", STAMP, ...args);

// protocol/mesh.md#mesh-messages: the fields of what a client says.
const SAID = {
  "system.hello": "peer_type version",
  "room.join": "room_id",
  "presence.update": "peer_id status",
  "chat.message.send": "room_id content",
  "rtc.offer": "room_id target_peer_id sdp",
  "rtc.answer": "room_id target_peer_id sdp",
  "rtc.ice": "room_id target_peer_id candidate",
};

function checkFields(server, cap) {
  for (const { heard, message } of server.lines) {
    if (!heard)
      continue;
    const { type, payload } = message;
    const fields = type.startsWith("rtc.") && cap ? `${SAID[type]} cap_token` : SAID[type];

    equal(Object.keys(message).join(" "), "type id timestamp from to payload", "the envelope");
    equal(Object.keys(payload).join(" "), fields, `the fields of ${type}`);
    assert(new Date(message.timestamp).getTime() > 0, "the time");
    assert(type === "system.hello" ? message.from === "client" : message.from === heard,
      `from: ${message.from}`);
  }
}

// What a client said and heard, in order, without the candidates.
const logOf = (server, id) => server.lines
  .filter(({ heard, said }) => (heard ?? said) === id)
  .map(({ heard, message }) => `${heard ? ">" : "<"} ${message.type}`)
  .filter((line) => !line.endsWith("rtc.ice"));

const peers = (server) => server.lines.filter(({ message }) => message?.type === "room.join")
  .map(({ heard }) => heard);

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

// Two devices, and no more than the base protocol has.
async function asTheSeedHasIt() {
  const server = await strangersServer();
  const ann = joinRoom(server.url);
  await server.wait(() => server.lines.some(({ said, message }) => said
    && message.type === "room.joined"));
  const bob = joinRoom(server.url);
  await Promise.all([receives(ann), receives(bob)]);
  const [a, b] = peers(server);
  bob.type("hello");
  const { text } = await ann.event("chat");
  equal(text, "hello", "what was said");
  await bob.end();
  await ann.event("participant-left");
  await ann.end();
  equal(logOf(server, a), ["> system.hello", "< system.welcome", "> room.join", "< room.joined",
    "< room.joined", "> rtc.offer", "< rtc.answer", "< chat.message.created",
    "< presence.update"], "the first");
  equal(logOf(server, b), ["> system.hello", "< system.welcome", "> room.join", "< room.joined",
    "< room.joined", "< rtc.offer", "> rtc.answer", "> chat.message.send",
    "< chat.message.created"], "the second");
  checkFields(server, false);
}

// What a user was given is shown; what is not that ends the meeting, in words.
async function capabilities() {
  const server = await strangersServer("cap-1");
  const open = (token) => restartable("", "dialect=mesh", "mode=join", "meeting=standup",
    `cap-token=${token}`, `uri=${server.url}`);
  const ann = open("cap-1");
  await ann.event("vm-joined");
  const bob = open("cap-1");
  await bob.wait(() => bob.lines.some(({ event }) => event === "vm-path-changed"));
  checkFields(server, true);
  const carl = open("cap-2");
  const { text } = await carl.event("error");
  assert(text.includes("CAP_INVALID"), text);
}

// Who comes late is offered to by a capability that is good still.
async function renewed() {
  const server = await strangersServer("rest");
  const ann = joinRoom(server.url);
  await ann.event("joined");
  await server.wait(() => server.lines.some(({ given }) => given > 1));
  const bob = joinRoom(server.url);
  await Promise.all([receives(ann), receives(bob)]);
  const offer = server.lines.find(({ heard, message }) => heard && message.type === "rtc.offer");

  equal(offer.message.payload.room_id, "room-id", "the room, as the server calls it");
  assert(!offer.message.payload.cap_token.endsWith(".0"), "the first capability");
  checkFields(server, true);
}

// By sessions and capabilities of this project's own server, beside a page.
async function withPage() {
  const port = await ownServer();
  const ann = await Page.open(`http://localhost:${port}/`, { room: ROOM, user: "Ann" });
  await ann.until(() => document.body.dataset.state === "joined");
  const ours = joinRoom(`ws://localhost:${port}`, "--user", "Bob");
  await ours.event("participant-state", { state: "connected" });
  const [peer] = await ann.page.evaluate(() => [...window.peers.keys()]);

  await Promise.all([ann.sees(peer), ann.sends(peer), receives(ours)]);
  await ann.page.fill("#text", "hello");
  await ann.page.click("#say button");
  equal((await ours.event("chat")).text, "hello", "what the page said");
  ours.type("good day");
  await ann.until(() => document.getElementById("chat").textContent.includes("good day"));
  await ours.end();
  await ann.until((id) => !document.querySelector(`video[data-peer="${id}"]`), peer);
}

for (const func of [asTheSeedHasIt, capabilities, renewed, withPage])
  test(func.name, func, CASE_MS);

await main();
