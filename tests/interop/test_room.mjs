// SPDX-License-Identifier: LGPL-2.1-or-later

// The room dialect among strangers: a page and a server that were written from
// protocol/rooms.md alone (examples/web/room), with each other and with this project's
// own.

import { ADDRESS, enter } from "../browser/lan.mjs";

enter();
const { equal, main, test } = await import("../browser/check.mjs");
const { Page, changeConnection, device, pictureIs, receiver, restartable, roomServer, STAMP } =
  await import("./parties.mjs");

const CASE_MS = 180000;

// What one client said (from) and heard (to), in order.
function logOf(server, id, direction) {
  return server.lines.filter((line) => line[direction] === id).map(({ message }) => message);
}

// The types, in order; neighbouring candidates count as one, for how many there
// are is nobody's business.
const kinds = (messages) => messages.map((message) => message.type)
  .filter((type, i, all) => type !== "ice-candidate" || all[i - 1] !== type);

const SAID_BY_FIRST = ["join", "offer", "ice-candidate"];
const SAID_BY_SECOND = ["join", "answer", "ice-candidate"];

// protocol/rooms.md#room-messages: the fields that each message has, and no others.
const TABLE = {
  id: "type id",
  join: "type roomId",
  joined: "type roomId peerId peers",
  "peer-joined": "type peerId",
  "peer-left": "type peerId",
  leave: "type",
};
const FORWARDED = { offer: "offer", answer: "answer", "ice-candidate": "candidate" };

function checkFields(messages, address) {
  for (const message of messages) {
    const wanted = TABLE[message.type] ?? `type ${FORWARDED[message.type]} ${address}`;
    equal(Object.keys(message).join(" "), wanted, `the fields of ${message.type}`);
    if (message.type === "offer" || message.type === "answer") {
      equal(message[message.type].type, message.type, "the description's type");
      equal(typeof message[message.type].sdp, "string", "the SDP");
    }
    if (message.type === "ice-candidate")
      equal(typeof message.candidate.candidate, "string", "the candidate");
  }
}

// Everything that a page said and heard is in the base protocol's table.
async function checkPage(page) {
  const messages = await page.messages();

  checkFields(messages.filter((m) => m.sent).map((m) => m.sent), "targetId");
  checkFields(messages.filter((m) => m.received).map((m) => m.received), "senderId");
  return messages;
}

// The device has had picture and sound of those with these names.
function checkReceived(participants, users) {
  equal(participants.map(({ user }) => user), users, "who was there");
  for (const { user, videoFrames, audioBuffers } of participants) {
    if (!(videoFrames > 2 && audioBuffers > 10))
      throw new Error(`${user}: ${videoFrames} frames and ${audioBuffers} buffers of sound`);
  }
}

const heardBy = (messages) => kinds(messages.filter((m) => m.received).map((m) => m.received));
const saidBy = (messages) => kinds(messages.filter((m) => m.sent).map((m) => m.sent));

async function pagesAtTheirServer() {
  const server = await roomServer();
  const ann = await Page.open(server.url, { room: "room-123" });
  const a = await ann.id();
  const bob = await Page.open(server.url, { room: "room-123" });
  const b = await bob.id();

  await Promise.all([ann.sees(b), bob.sees(a)]);
  equal(saidBy(await checkPage(ann)), SAID_BY_FIRST, "the first page said");
  equal(saidBy(await checkPage(bob)), SAID_BY_SECOND, "the second page said");
  await bob.close();
  await ann.until((id) => !document.querySelector(`video[data-peer="${id}"]`), b);
  equal(kinds(logOf(server, a, "to")).at(-1), "peer-left", "the last that was heard");
}

// Ours comes second, so the page offers; then a page comes third, and ours does.
async function deviceAtTheirServer() {
  const server = await roomServer();
  const ann = await Page.open(server.url, { room: "room-123" });
  const a = await ann.id();
  const ours = device("join", `ws://localhost:${server.port}/room-123`, "--source", STAMP);
  await ours.event("participant-state", { state: "connected" });
  const carl = await Page.open(server.url, { room: "room-123" });
  const c = await carl.id();
  const o = server.lines.find(({ from }) => from && from !== a && from !== c).from;

  await Promise.all([ann.sees(o), carl.sees(o), ann.sees(c), carl.sees(a),
    ann.sends(o), carl.sends(o)]);
  checkFields(logOf(server, o, "from"), "targetId");
  checkFields(logOf(server, o, "to"), "senderId");
  equal(kinds(logOf(server, o, "from")).slice(0, 2), ["join", "answer"], "ours said first");
  equal(kinds(logOf(server, o, "to")).slice(0, 3), ["id", "joined", "offer"], "ours heard first");
  checkReceived(await ours.summary(), [a, c]);
  await ann.until((id) => !document.querySelector(`video[data-peer="${id}"]`), o);
  equal(kinds(logOf(server, o, "from")).at(-1), "leave", "ours said last");
}

// The page comes from another origin; the host offers to it.
async function pageAtOurServer() {
  const server = await roomServer();
  const origin = new URL(server.url).origin;
  const host = device("host", "-m", "standup", "--source", STAMP, "--insecure", "--origin", origin);
  const hosting = await host.event("meeting");
  const port = new URL(hosting.link).port;
  const address = `ws://localhost:${port}/`;
  const ann = await Page.open(server.url, { room: "standup", server: address });
  const a = await ann.id();
  await ann.sees("p001");
  const bob = await Page.open(server.url, { room: "standup", server: address });
  const b = await bob.id();

  await Promise.all([bob.sees("p001"), ann.sees(b), bob.sees(a),
    ann.sends("p001"), bob.sends("p001")]);
  const log = await checkPage(ann);
  equal(heardBy(log).slice(0, 3), ["id", "joined", "offer"], "the page heard first");
  equal(saidBy(log).slice(0, 2), ["join", "answer"], "the page said first");
  equal(log.find(({ received }) => received?.type === "joined").received,
    { type: "joined", roomId: "standup", peerId: a, peers: ["p001"] }, "joined");
  await bob.close();
  await ann.until((id) => !document.querySelector(`video[data-peer="${id}"]`), b);
  checkReceived(await host.summary(), ["Guest 2", "Guest 3"]);
  await ann.until(() => document.querySelectorAll("video[data-peer]").length === 0);
  await ann.until(() => document.getElementById("error").textContent.startsWith("MEETING_ENDED"));
}

async function otherOriginsAreRefused() {
  const server = await roomServer();
  const host = device("host", "-m", "standup", "--source", STAMP, "--insecure",
    "--origin", "https://example.org");
  const { link } = await host.event("meeting");
  const ann = await Page.open(server.url,
    { room: "standup", server: `ws://localhost:${new URL(link).port}/` });

  await ann.until(() => document.getElementById("error").textContent === "Connection error");
}

// A device is known by its key; a server of rooms is not.
async function strangersNeedACertificate() {
  const host = device("host", "-m", "standup", "--source", STAMP);
  const { port } = new URL((await host.event("meeting")).link);
  const trusted = device("join", `wss://localhost:${port}/standup`, "--source", STAMP);
  const stranger = device("join", `wss://${ADDRESS}:${port}/standup`, "--source", STAMP);

  await trusted.event("participant-state", { state: "connected" });
  await stranger.event("error", { code: "NOT_TRUSTED" });
}

// A restart is a leave, and an offer or a join.
async function connectionsBeginAnew() {
  const server = await roomServer();
  const origin = new URL(server.url).origin;
  const host = restartable(origin, "mode=host", "meeting=standup");
  const { link } = await host.event("vm-joined");
  const { port } = new URL(link);
  const ann = await Page.open(server.url,
    { room: "standup", server: `ws://localhost:${port}/` });
  const since = async (n) => kinds((await ann.messages()).slice(n)
    .map(({ sent, received }) => sent ?? received)).filter((kind) => kind !== "ice-candidate");

  await ann.id();
  await ann.sees("p001");
  const before = (await ann.messages()).length;
  host.type("restart");
  await ann.until((n) => window.messages.slice(n).some(({ sent }) => sent?.type === "answer"), before);
  equal(await since(before), ["peer-left", "offer", "answer"], "the host offers again");
  await ann.sees("p001");

  const guest = restartable("", "mode=join", `uri=videomeet://localhost:${port}/standup`);
  await guest.event("vm-joined");
  await ann.sees("p003");
  const between = (await ann.messages()).length;
  guest.type("restart");
  await ann.until((n) => window.messages.slice(n).some(({ received }) => received?.type === "answer"),
    between);
  equal(await since(between), ["peer-left", "peer-joined", "offer", "answer"],
    "the guest asks for an offer");
  await ann.sees("p003");
}

// At their server there is nobody else to say so: it leaves and joins itself.
async function deviceBeginsAnew() {
  const server = await roomServer();
  const ann = await Page.open(server.url, { room: "room-123" });
  const a = await ann.id();
  const ours = restartable("", "dialect=room", "mode=join", `uri=ws://localhost:${server.port}/room-123`);

  await ours.event("vm-joined");
  const o = server.lines.find(({ from }) => from && from !== a).from;
  await ann.sees(o);
  ours.type("restart");
  await ours.wait(() => ours.lines.filter((line) => line.event === "vm-path-changed").length > 0);
  await server.wait(() => logOf(server, o, "from").filter(({ type }) => type === "answer").length > 1);
  equal(kinds(logOf(server, o, "from")).filter((type) => type !== "ice-candidate"),
    ["join", "answer", "leave", "join", "answer"], "ours said");
  await ann.sees(o);
}

// A page that stops its camera, takes it up again, and restarts its ICE, all in the
// connection it has; the device has offered that.
async function cameraInTheMiddle() {
  const server = await roomServer();
  const ours = receiver("dialect=room", "mode=join",
    `uri=ws://localhost:${server.port}/room-123`);
  await ours.event("vm-joined");
  const ann = await Page.open(server.url, { room: "room-123" });
  const a = await ann.id();
  const o = server.lines.find(({ from }) => from && from !== a).from;
  const offers = async (how) => {
    await ann.page.evaluate(`(${changeConnection})(window.peers.get("${o}").connection, "${how}")
      .then((offer) => wire.send(JSON.stringify({ type: "offer", offer, targetId: "${o}" })))`);
    if (how !== "restart")
      await ann.until((id) => window.peers.get(id).connection.signalingState === "stable", o);
  };

  await ann.sees(o);
  let from = await pictureIs(ours, "seen", 0);
  for (const [how, event] of [["nothing", "seen"], ["remove", "gone"], ["add", "seen"],
    ["stop", "gone"], ["add", "seen"]]) {
    from = ours.lines.length;
    await offers(how);
    await pictureIs(ours, event, from);
    if (how !== "stop") await ann.sees(o);
  }
  await offers("restart");
  // their server does not pass it on
  await server.wait(() => kinds(logOf(server, o, "from")).includes("error"));
  await pictureIs(ours, "seen", ours.lines.length);
  equal(kinds(logOf(server, o, "from")).filter((type) => type !== "ice-candidate"),
    ["join", "offer", "answer", "answer", "answer", "answer", "answer", "error"], "ours said");
}

for (const func of [pagesAtTheirServer, deviceAtTheirServer, pageAtOurServer,
  otherOriginsAreRefused, strangersNeedACertificate, connectionsBeginAnew, deviceBeginsAnew,
  cameraInTheMiddle])
  test(func.name, func, CASE_MS);

await main();
