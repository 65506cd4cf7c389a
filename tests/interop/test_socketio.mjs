// SPDX-License-Identifier: LGPL-2.1-or-later

// Socket.IO among strangers: socket.io-client and a page that was written from
// protocol/socketio.md alone (examples/web/socketio), at this project's own server.

import { join } from "node:path";
import process from "node:process";
import { enter } from "../browser/lan.mjs";

enter();
const { assert, equal, main, test } = await import("../browser/check.mjs");
const { Program, STARTUP_MS, atEnd, until } = await import("../browser/program.mjs");
const { Page, device, pageServer, roomServer, STAMP } = await import("./parties.mjs");
const { io } = await import("socket.io-client");

const CASE_MS = 180000;
const HOST = "p001"; // of the meeting: it offers too
const DESCRIPTION = { sdp: "v=0\r\ns=-\r\n" };
const CANDIDATE = { candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0",
  sdpMLineIndex: 0 };

async function host(...args) {
  const program = device("host", "-m", "room1", "--source", STAMP, "--insecure", ...args);
  program.link = (await program.event("meeting")).link;
  program.url = `http://localhost:${new URL(program.link).port}`;
  return program;
}

// Rooms that nobody hosts.
async function openRooms() {
  const server = new Program(join(process.env.VM_BUILD_ROOT, "tests/interop/callserver"),
    [join(process.env.VM_SOURCE_ROOT, "examples/web/socketio")]);
  const { port } = await server.event("listening");
  return `http://localhost:${port}`;
}

// A client that keeps what it says and hears.
class Client {
  static async open(url, transports) {
    const self = new Client();
    self.log = [];
    self.socket = io(url, { transports, forceNew: true, reconnection: false });
    self.socket.onAny((event, data) => {
      self.log.push(`< ${event} ${JSON.stringify(data)}`);
    });
    atEnd(async () => self.socket.close());
    await until(() => self.socket.connected, STARTUP_MS, "a connection");
    return self;
  }

  get id() {
    return this.socket.id;
  }

  say(event, data) {
    this.log.push(`> ${event} ${JSON.stringify(data)}`);
    this.socket.emit(event, data);
  }

  // Until this has been said and heard, in this order.
  async wait(...log) {
    await until(() => this.log.length >= log.length, STARTUP_MS,
      () => `${log.join("\n")}\nafter\n${this.log.join("\n")}`);
    equal(this.log, log, "the log");
  }
}

const line = (sign, event, data) => `${sign} ${event} ${JSON.stringify(data)}`;

// protocol/socketio.md#without-a-target: phases 1 to 3, message by message.
async function flow(transports) {
  const url = await openRooms();
  const room = "room1";
  const offer = { type: "offer", ...DESCRIPTION };
  const answer = { type: "answer", ...DESCRIPTION };
  const a = await Client.open(url, transports);
  const ofA = [line(">", "join_room", room), line("<", "room_joined", { room, users: 1 })];
  a.say("join_room", room);
  await a.wait(...ofA);

  const b = await Client.open(url, transports);
  const ofB = [line(">", "join_room", room), line("<", "room_joined", { room, users: 2 })];
  b.say("join_room", room);
  await b.wait(...ofB);
  ofA.push(line("<", "user_joined", { user_id: b.id, users: 2 }));
  await a.wait(...ofA);

  a.say("offer", { room, offer });
  ofA.push(line(">", "offer", { room, offer }));
  ofB.push(line("<", "offer", { offer, sender: a.id }));
  await b.wait(...ofB);
  b.say("answer", { room, answer });
  ofB.push(line(">", "answer", { room, answer }));
  ofA.push(line("<", "answer", { answer, sender: b.id }));
  await a.wait(...ofA);

  a.say("ice_candidate", { room, candidate: CANDIDATE });
  ofA.push(line(">", "ice_candidate", { room, candidate: CANDIDATE }));
  ofB.push(line("<", "ice_candidate", { candidate: CANDIDATE, sender: a.id }));
  await b.wait(...ofB);
  b.say("ice_candidate", { room, candidate: CANDIDATE });
  ofB.push(line(">", "ice_candidate", { room, candidate: CANDIDATE }));
  ofA.push(line("<", "ice_candidate", { candidate: CANDIDATE, sender: b.id }));
  await a.wait(...ofA);

  equal(await b.socket.emitWithAck("leave_room", { room }), undefined, "what is acknowledged");
  ofA.push(line("<", "user_left", { user_id: b.id, users: 1 }));
  await a.wait(...ofA);
  return [a, b];
}

async function polling() {
  const clients = await flow(["polling"]);

  for (const { socket } of clients)
    equal(socket.io.engine.transport.name, "polling", "the transport");
}

async function webSocket() {
  const clients = await flow(["websocket"]);

  for (const { socket } of clients)
    equal(socket.io.engine.transport.name, "websocket", "the transport");
}

async function upgrading() {
  const clients = await flow(["polling", "websocket"]);

  for (const { socket } of clients) {
    await until(() => socket.io.engine.transport.name === "websocket", STARTUP_MS,
      "the upgrade");
    await socket.emitWithAck("leave_room");
  }
}

// Whoever is told so stays away, as Socket.IO has it.
async function theEnd() {
  const program = await host();
  const clients = [];
  for (const transports of [["polling"], ["websocket"]]) {
    const client = await Client.open(program.url, transports);
    client.say("join_room", "room1");
    await until(() => client.log.length > 1, STARTUP_MS, "the room");
    client.socket.on("disconnect", (reason) => { client.reason = reason; });
    clients.push(client);
  }
  await program.end();
  for (const client of clients) {
    await until(() => client.reason, STARTUP_MS, "the end");
    equal(client.reason, "io server disconnect", "the reason");
    assert(client.log.at(-1).startsWith("< error {\"code\":\"MEETING_ENDED\""), client.log.join("\n"));
  }
}

// The Socket.IO dialect: the fields that each event has, and no others.
const TABLE = {
  join_room: "room", leave_room: "room", room_joined: "room users",
  user_joined: "user_id users", user_left: "user_id users",
};
const FORWARDED = { offer: "offer", answer: "answer", ice_candidate: "candidate" };

async function checkPage(page) {
  const messages = await page.messages();

  for (const { sent, received, data } of messages) {
    const event = sent ?? received;
    const content = FORWARDED[event];
    equal(Object.keys(data).join(" "), TABLE[event]
      ?? (sent ? `room ${content} target` : `${content} sender`), `the fields of ${event}`);
  }
  return messages;
}

async function pages() {
  const url = await pageServer();
  const server = await host("--origin", new URL(url).origin);
  const open = (transports) => Page.open(url, { room: "room1", server: server.url, transports });
  const ann = await open("polling");
  const a = await ann.userId();
  await ann.sees(HOST);
  const bob = await open("polling,websocket");
  const b = await bob.userId();

  await Promise.all([bob.sees(HOST), ann.sees(b), bob.sees(a), ann.sends(HOST), bob.sends(HOST)]);
  const events = (await checkPage(ann)).map(({ sent, received }) => sent ?? received)
    .filter((event) => event !== "ice_candidate");
  equal(events, ["join_room", "room_joined", "offer", "answer", "user_joined", "offer", "answer"],
    "said and heard");
  await checkPage(bob);
  await bob.close();
  await ann.until((id) => !document.querySelector(`video[data-peer="${id}"]`), b);
  for (const { user, videoFrames, audioBuffers } of await server.summary())
    assert(videoFrames > 2 && audioBuffers > 10, `${user}: ${videoFrames}, ${audioBuffers}`);
  await ann.until(() => document.getElementById("error").textContent.startsWith("MEETING_ENDED"));
}

// A page of each kind, a native host and a native guest: each has all others.
async function mixed() {
  const url = await pageServer();
  const rooms = await roomServer();
  const server = await host("--origin", new URL(url).origin,
    "--origin", new URL(rooms.url).origin);
  const ann = await Page.open(url, { room: "room1", server: server.url });
  const a = await ann.userId();
  const bob = await Page.open(rooms.url,
    { room: "room1", server: server.url.replace("http", "ws") });
  const b = await bob.id();
  const guest = device("join", server.link, "--source", STAMP, "--insecure");
  await guest.event("participant-state", { state: "connected" });
  const native = "p004";

  await Promise.all([ann.sees(HOST), ann.sees(b), ann.sees(native), bob.sees(HOST), bob.sees(a),
    bob.sees(native), ann.sends(HOST), bob.sends(HOST), ann.sends(native), bob.sends(native)]);
  for (const program of [guest, server]) {
    const others = await program.summary();
    equal(others.length, 3, "the others");
    for (const { user, videoFrames, audioBuffers } of others)
      assert(videoFrames > 2 && audioBuffers > 10, `${user}: ${videoFrames}, ${audioBuffers}`);
  }
}

for (const func of [polling, webSocket, upgrading, theEnd, pages, mixed])
  test(func.name, func, CASE_MS);

await main();
