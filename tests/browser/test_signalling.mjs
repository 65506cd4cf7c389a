// SPDX-License-Identifier: LGPL-2.1-or-later

// The page's way to its server, without a browser: a server that keeps seats as a
// device does, sockets that the test cuts, on a clock of the test's.

import { setTimeout as later } from "node:timers";
import { assert, equal, main, test } from "./check.mjs";
import { pass, timers } from "./clock.mjs";
import { load } from "./webmodules.mjs";

const SECOND = 1000;
const NO_FRAME = 1006; // how a browser tells of a socket that ended without one
const POLICY = 1008;

// --- the sockets, and what they lead to ---

let server = null;

class Socket {
  static CONNECTING = 0;
  static OPEN = 1;

  constructor(url, protocol) {
    equal([url.protocol, url.host, url.pathname, protocol],
      ["wss:", "device:8080", "/ws", "videomeet.v2"], "where to");
    this.ticket = url.searchParams.get("ticket");
    this.readyState = Socket.CONNECTING;
    this.heard = []; // of the page
    this.closedWith = null; // a frame of the page's
    this.isCut = false;
    server.sockets.push(this);
    later(() => server.accept(this), 0);
  }

  open() {
    if (this.isCut || this.closedWith !== null) return;
    this.readyState = Socket.OPEN;
    this.onopen?.();
  }

  send(text) {
    equal(this.readyState, Socket.OPEN, "whether it is open");
    this.heard.push(JSON.parse(text));
    if (!this.isCut) server.hear(this, JSON.parse(text));
  }

  say(message) {
    if (this.readyState === Socket.OPEN && !this.isCut)
      this.onmessage?.({ data: JSON.stringify(message) });
  }

  // Nothing comes through any more, and the page hears of it: by a frame of the server's,
  // or without.
  cut(code = NO_FRAME) {
    this.isCut = true;
    this.readyState = 3;
    this.onclose?.({ code });
  }

  close(code) {
    this.closedWith = code ?? 0;
    this.readyState = 3;
    server.hangUp(this);
  }
}

globalThis.location = new URL("https://device:8080/?meeting=standup");
globalThis.WebSocket = Socket;

// What a device does with seats (gst-libs/gst/videomeet/server: guest.c, roomlost.c).
class Server {
  constructor() {
    this.sockets = [];
    this.asked = []; // bodies of POST /meetings/join
    this.tickets = new Set();
    this.seats = []; // {id, token, old, said, socket}
    this.mode = "up"; // "deaf": opens, and answers nothing; "down": refuses
    this.tokens = 0;
    this.onWelcome = () => true; // whether one gets through, by {socket, resumed}
    server = this;
    timers.clear();
  }

  get last() {
    return this.sockets.at(-1);
  }

  async post(body) {
    this.asked.push(body);
    if (this.mode === "down") throw new TypeError("refused");
    const ticket = `ticket-${this.asked.length}`;
    this.tickets.add(ticket);
    return { ticket, meetingId: "m1" };
  }

  accept(socket) {
    if (this.mode === "down" || (socket.ticket !== null && !this.tickets.delete(socket.ticket)))
      socket.cut();
    else if (this.mode !== "closed")
      socket.open();
  }

  hear(socket, message) {
    if (this.mode === "deaf") return;
    const seat = this.seats.find((one) => one.socket === socket);
    if (seat) this.take(seat, message);
    else if (socket.ticket !== null) this.seat(socket, message);
    else this.resume(socket, message);
  }

  tell(seat, message) {
    const said = { seq: ++seat.sent, ack: seat.got, ...message };

    seat.said.push(said);
    seat.socket?.say(said);
  }

  seat(socket, hello) {
    equal([hello.type, hello.seq, "resume" in hello], ["hello", 1, false], "a first hello");
    const seat = { id: `p00${this.seats.length + 2}`, token: `token-${++this.tokens}`,
      old: socket.ticket, said: [], sent: 0, got: 1, socket, nonce: hello.nonce };
    this.seats.push(seat);
    if (!this.onWelcome({ socket, resumed: false })) socket.isCut = true;
    this.tell(seat, { type: "welcome", id: seat.id, meeting: "standup", resume: seat.token,
      participants: [] });
    this.tell(seat, { type: "meeting-state", state: "active" });
  }

  resume(socket, hello) {
    equal(Object.keys(hello).sort(), ["lastSeq", "resume", "type"], "what resumes");
    const seat = this.seats.find(({ token, old }) => hello.resume === token || hello.resume === old);
    if (!seat) {
      socket.say({ type: "error", seq: 1, code: "RESUME_FAILED", message: "no seat" });
      socket.cut(POLICY);
      return;
    }
    if (hello.resume === seat.token) seat.old = seat.token;
    seat.token = `token-${++this.tokens}`;
    seat.socket = socket;
    if (!this.onWelcome({ socket, resumed: true })) socket.isCut = true;
    socket.say({ type: "welcome", id: seat.id, resumed: true, resume: seat.token, ack: seat.got });
    for (const said of seat.said.filter(({ seq }) => seq > hello.lastSeq)) {
      if (!this.onWelcome({ socket, resumed: false })) socket.isCut = true;
      socket.say(said);
    }
  }

  take(seat, message) {
    seat.old = null;
    if (message.seq) seat.got = Math.max(seat.got, message.seq);
    seat.said = seat.said.filter(({ seq }) => seq > message.ack);
    if (message.type === "bye") this.leave(seat);
  }

  leave(seat) {
    this.seats.splice(this.seats.indexOf(seat), 1);
  }

  // By a close frame of the page's.
  hangUp(socket) {
    const seat = this.seats.find((one) => one.socket === socket);
    if (seat && !socket.isCut) this.leave(seat);
  }
}

globalThis.fetch = async (path, { body, signal }) => {
  equal(new URL(path, location.href).pathname, "/meetings/join", "what is asked");
  if (signal.aborted) throw signal.reason;
  const answer = await server.post(JSON.parse(body));
  return { ok: !answer.error, status: answer.error ? 403 : 200, json: async () => answer };
};

const { Signalling } = await load("net/signalling.js");
const { ACK_AFTER, ACK_BYTES, Line } = await load("net/line.js");

// A page that joins: what it has got, said and come to.
class Page {
  constructor() {
    this.abort = new AbortController();
    this.states = [];
    this.heard = [];
    this.result = null; // {welcome} or {error}
    this.signalling = new Signalling({ callType: "video", device: "browser" });
    this.signalling.addEventListener("state", ({ detail }) => this.states.push(detail));
    this.signalling.addEventListener("message", ({ detail }) => this.heard.push(detail.type));
    this.signalling.join({ meeting: "standup", user: "Cleo", signal: this.abort.signal })
      .then(({ welcome, grant }) => { this.result = { welcome, grant }; },
        (error) => { this.result = { error }; });
  }

  get code() {
    return this.result?.error?.code ?? (this.result ? "" : null);
  }
}

const hellos = () => server.sockets.map(({ ticket, heard }) =>
  [ticket, heard[0]?.resume ?? null, heard[0]?.lastSeq ?? null]);

// --- before the welcome ---

test("signalling: nothing is lost, one seat", async () => {
  const { seats } = new Server();
  const page = new Page();
  await pass(0);
  equal([page.code, page.states, page.heard, seats.length],
    ["", ["open"], ["meeting-state"], 1], "inside");
  page.signalling.close();
  equal([server.last.heard.at(-1).type, server.last.closedWith, seats.length], ["bye", 1000, 0],
    "left");
});

test("signalling: cut before the welcome, the ticket stands in for the token", async () => {
  for (const code of [NO_FRAME, 1001]) {
    const { seats, sockets } = new Server();
    server.onWelcome = ({ socket }) => socket !== sockets[0];
    const page = new Page();
    await pass(0);
    equal([page.code, seats.length], [null, 1], "on the way");
    sockets[0].cut(code);
    await pass(0);
    equal(page.code, "", `inside after ${code}`);
    equal(hellos(), [["ticket-1", null, null], [null, "ticket-1", 0]], "what was said");
    equal([seats.length, server.asked.length, page.result.welcome.id, page.states, page.heard],
      [1, 1, "p002", ["open"], ["meeting-state"]], "one seat");
    assert(page.result.welcome.resumed === undefined, "the first welcome, not the second");
    equal(seats[0].old, null, "the server has heard that the token came");

    // by the token of the welcome that resumed: that of the first was replaced
    page.signalling.send({ type: "chat", text: "hello" });
    await pass(SECOND);
    sockets[1].cut();
    await pass(0);
    equal(hellos().at(-1), [null, "token-2", 2], "the next time");
    equal([page.states, seats.length], [["open", "lost", "open"], 1], "again");
    await pass(60 * SECOND);
    equal([sockets.length, timers.size], [3, 0], "no more");
  }
});

test("signalling: cut again before the welcome that is said again", async () => {
  const { seats, sockets } = new Server();
  // the one that resumes comes through by the third socket, the first by the fourth
  server.onWelcome = ({ socket, resumed }) => {
    const n = sockets.indexOf(socket);
    return n > 2 || (n === 2 && resumed);
  };
  const page = new Page();
  await pass(0);
  for (let i = 0; i < 3; i++) {
    sockets[i].cut();
    await pass(SECOND);
  }
  equal(hellos(), [["ticket-1", null, null], [null, "ticket-1", 0], [null, "ticket-1", 0],
    [null, "token-3", 0]], "what was said");
  equal([page.code, seats.length, page.states], ["", 1, ["open"]], "inside, once");
});

test("signalling: a server that is silent before the welcome is asked by another socket", async () => {
  const { seats, sockets } = new Server();
  server.onWelcome = ({ socket }) => socket !== sockets[0];
  const page = new Page();
  await pass(10 * SECOND - 1);
  equal([page.code, sockets.length], [null, 1], "still waiting");
  await pass(1);
  equal([page.code, seats.length, sockets.length], ["", 1, 2], "inside, once");
  equal(sockets[0].closedWith, null, "no close frame, which would give the seat back");
});

test("signalling: hello never came there, so it joins from the beginning, once", async () => {
  const { seats, sockets } = new Server();
  server.mode = "deaf";
  const page = new Page();
  await pass(0);
  server.mode = "up";
  sockets[0].cut();
  await pass(0);
  equal(hellos(), [["ticket-1", null, null], [null, "ticket-1", 0], ["ticket-2", null, null]],
    "what was said");
  equal([page.code, seats.length, page.states, page.result.grant.ticket],
    ["", 1, ["open"], "ticket-2"], "inside, once");
  equal(server.asked[0], server.asked[1], "asked for the same");
  sockets[2].cut();
  await pass(0);
  equal([hellos().at(-1), page.states], [[null, "token-1", 2], ["open", "lost", "open"]],
    "a loss after it");

  const again = new Server();
  again.mode = "deaf";
  const other = new Page();
  await pass(0);
  again.mode = "up";
  again.sockets[0].cut();
  again.seat = () => {}; // nor does the second
  await pass(0);
  again.last.cut();
  await pass(0);
  equal([other.code, other.states, again.asked.length, again.sockets.length],
    ["RESUME_FAILED", ["over"], 2, 4], "the second time");
  await pass(60 * SECOND);
  equal([again.sockets.length, timers.size], [4, 0], "no more");
});

test("signalling: another refusal is what is told", async () => {
  const { sockets } = new Server();
  server.onWelcome = () => false;
  const page = new Page();
  await pass(0);
  server.resume = (socket) => socket.say({ type: "error", seq: 1, code: "NOT_TRUSTED" });
  sockets[0].cut();
  await pass(0);
  equal([page.code, page.states, server.asked.length], ["NOT_TRUSTED", ["over"], 1], "refused");
});

test("signalling: a server that is gone is given up with the time for joining", async () => {
  for (const [mode, code] of [["down", "DISCONNECTED"], ["deaf", "TIMEOUT"]]) {
    const { sockets } = new Server();
    server.onWelcome = () => false;
    const page = new Page();
    await pass(0);
    server.mode = mode;
    sockets[0].cut();
    await pass(30 * SECOND - 1);
    equal(page.code, null, `${mode}: not yet`);
    await pass(1);
    equal([page.code, page.states, timers.size], [code, ["over"], 0], mode);
    const { length } = sockets;
    assert(length > 2, "tried more than once");
    await pass(60 * SECOND);
    equal([sockets.length, server.asked.length], [length, 1], "no more");
  }

  // a server that resumes, and never says the first welcome
  const { sockets } = new Server();
  server.onWelcome = ({ socket, resumed }) => resumed && socket !== sockets[0];
  const page = new Page();
  await pass(0);
  sockets[0].cut();
  await pass(30 * SECOND);
  equal([page.code, timers.size], ["TIMEOUT", 0], "no first welcome");
});

test("signalling: a first request that finds no server is made once more", async () => {
  new Server().mode = "down";
  const page = new Page();
  await pass(499);
  equal([page.code, server.asked.length], [null, 1], "not yet");
  server.mode = "up";
  await pass(1);
  equal([page.code, server.asked.length, server.seats.length], ["", 2, 1], "joined");

  new Server().mode = "down";
  const refused = new Page();
  await pass(500);
  equal([refused.code, server.asked.length, timers.size], ["DISCONNECTED", 2, 0], "given up");
});

test("signalling: without a hello there is no seat to come back to", async () => {
  new Server().accept = (socket) => socket.cut();
  const refused = new Page();
  await pass(0);
  equal([refused.code, server.sockets.length], ["DISCONNECTED", 1], "refused");

  new Server().mode = "closed";
  const silent = new Page();
  await pass(10 * SECOND - 1);
  equal(silent.code, null, "opening");
  await pass(1);
  equal([silent.code, server.sockets.length, server.last.closedWith, timers.size],
    ["TIMEOUT", 1, 0, 0], "never opened");
});

test("signalling: who is told why has no seat", async () => {
  for (const how of [POLICY, NO_FRAME, null]) {
    new Server().seat = (socket) => {
      socket.say({ type: "error", seq: 1, code: "MEETING_FULL" });
      if (how) socket.cut(how);
    };
    const page = new Page();
    await pass(10 * SECOND);
    equal([page.code, server.sockets.length, timers.size], ["MEETING_FULL", 1, 0], `then ${how}`);
  }
  new Server().seat = (socket) => socket.cut(POLICY);
  const page = new Page();
  await pass(0);
  equal([page.code, server.sockets.length], ["DISCONNECTED", 1], "a close frame alone");
});

test("signalling: who gives up while it is lost is not brought in", async () => {
  for (const ms of [0, 100, 700]) {
    const { sockets } = new Server();
    server.onWelcome = () => false;
    const page = new Page();
    await pass(0);
    server.mode = ms ? "down" : "deaf";
    sockets[0].cut();
    await pass(ms);
    page.abort.abort();
    const { length } = sockets;
    server.mode = "up";
    server.onWelcome = () => true;
    await pass(60 * SECOND);
    equal([page.result.error.name, sockets.length, timers.size, page.states],
      ["AbortError", length, 0, []], `after ${ms}`);
  }

  // while it asks for another ticket
  const { sockets } = new Server();
  server.mode = "deaf";
  const page = new Page();
  await pass(0);
  server.mode = "up";
  server.post = () => {
    page.abort.abort();
    return Promise.reject(page.abort.signal.reason);
  };
  sockets[0].cut();
  await pass(60 * SECOND);
  equal([page.result.error.name, sockets.length, timers.size], ["AbortError", 2, 0], "asking");
});

// --- after it ---

test("signalling: a server that drops each new socket is not asked without a pause", async () => {
  const { seats, sockets } = new Server();
  const page = new Page();
  await pass(0);
  equal(page.code, "", "inside");
  const { accept } = server;
  server.accept = (socket) => {
    accept.call(server, socket);
    if (sockets.length < 50) later(() => socket.cut(), 0);
  };
  sockets[0].cut();
  await pass(10 * SECOND);
  assert(sockets.length > 3 && sockets.length < 8, `${sockets.length} sockets in ten seconds`);
  server.accept = accept;
  await pass(5 * SECOND);
  equal([page.signalling.state, seats.length, timers.size], ["open", 1, 0], "inside still");

  // one that has lasted is taken up again at once
  const { length } = sockets;
  sockets.at(-1).cut();
  await pass(0);
  equal([page.signalling.state, sockets.length - length], ["open", 1], "again");
});

test("signalling: another network, and a server that is waited for is asked at once", async () => {
  const { seats, sockets } = new Server();
  const page = new Page();
  await pass(0);
  page.signalling.renew();
  await pass(0);
  equal([page.states, sockets.length, seats.length], [["open", "lost", "open"], 2, 1], "the open one");
  equal(sockets[0].closedWith, null, "no close frame, which would give the seat back");

  server.mode = "down";
  sockets[1].cut();
  await pass(10 * SECOND);
  const { length } = sockets;
  page.signalling.renew();
  await pass(0);
  equal(sockets.length, length + 1, "while the server is down");
  server.mode = "up";
  page.signalling.renew();
  await pass(0);
  equal([page.signalling.state, seats.length, sockets.length], ["open", 1, length + 2], "and up");
  // one that opens for ever is given up for another
  server.mode = "closed";
  page.signalling.renew();
  await pass(0);
  server.mode = "up";
  page.signalling.renew();
  await pass(0);
  equal([page.signalling.state, seats.length], ["open", 1], "by another socket");
});

// --- what is acknowledged ---

test("line: what was not acknowledged is counted in messages and in bytes", async () => {
  const line = new Line();
  let seq = 0;
  const read = (text) => line.read({ seq: ++seq }, text);
  const brief = JSON.stringify({ type: "chat" });

  for (let i = 0; i < ACK_AFTER - 1; i++) read(brief);
  assert(!line.wantsAck, "one message less");
  read(brief);
  assert(line.wantsAck, "so many messages");
  line.writeAck();
  assert(!line.wantsAck, "said");

  read("x".repeat(ACK_BYTES - 1));
  assert(!line.wantsAck, "one byte less");
  read("x");
  assert(line.wantsAck, "so many bytes");
  line.write({ type: "chat" });
  assert(!line.wantsAck, "anything that is said says it");

  // in UTF-8, as the other side counts
  read("é".repeat(ACK_BYTES / 2 - 1));
  assert(!line.wantsAck, "two bytes less");
  read("é");
  assert(line.wantsAck, "bytes of UTF-8");
  line.writeAck();

  line.read({ seq }, "x".repeat(ACK_BYTES));
  line.read({ type: "ack", ack: 1 }, "x".repeat(ACK_BYTES));
  assert(!line.wantsAck, "neither what came before nor what has no number");
});

test("signalling: much that is said to a page is acknowledged before the server drops it", async () => {
  const { seats } = new Server();
  const page = new Page();
  await pass(0);
  let most = 0;

  for (let i = 0; i < 24; i++) {
    server.tell(seats[0], { type: "offer", from: "p001", sdp: "x".repeat(100 * 1024) });
    most = Math.max(most, seats[0].said.reduce((sum, said) => sum + JSON.stringify(said).length, 0));
  }
  assert(most < 512 * 1024, `${most} bytes were not acknowledged`);
  equal(page.heard.length, 25, "what came");
});

await main();
