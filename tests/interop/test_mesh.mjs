// SPDX-License-Identifier: LGPL-2.1-or-later

// The mesh: pages that were written from protocol/mesh.md alone (examples/web/mesh),
// through this project's server.

import { enter } from "../browser/lan.mjs";

enter();
const { join } = await import("node:path");
const { equal, main, test } = await import("../browser/check.mjs");
const { Program, STARTUP_MS, until } = await import("../browser/program.mjs");
const { Page, roomServer, STAMP } = await import("./parties.mjs");

const CASE_MS = 180000;
const PAGE = join(process.env.VM_SOURCE_ROOT, "examples/web/mesh");

async function meshServer() {
  const program = new Program(
    join(process.env.VM_BUILD_ROOT, "tests/interop/callserver"), [PAGE]);
  const { port } = await program.event("listening");
  return `http://localhost:${port}/`;
}

// protocol/mesh.md#mesh-messages: the fields of each payload. The capability of who sent
// it is not handed on.
const TABLE = {
  "system.hello": "peer_type version",
  "system.welcome": "peer_id user_id",
  "room.join": "room_id",
  "room.joined": "peer_id role room_id",
  "presence.update": "peer_id status",
  "chat.message.send": "room_id content",
  "chat.message.created": "message_id from content",
};
const RTC = {
  "rtc.offer": "room_id target_peer_id sdp",
  "rtc.answer": "room_id target_peer_id sdp",
  "rtc.ice": "room_id target_peer_id candidate",
};

function checkFields(messages, sent) {
  for (const message of messages) {
    const { type, payload } = message;
    const rtc = RTC[type] && (sent ? `${RTC[type]} cap_token` : RTC[type]);

    // protocol/mesh.md#envelope
    equal(Object.keys(message).join(" "), "type id timestamp from to payload", "the envelope");
    equal(Object.keys(payload).join(" "), TABLE[type] ?? rtc, `the fields of ${type}`);
    equal(new Date(message.timestamp).getTime() > 0, true, "the time");
  }
}

// The types, in order; neighbouring candidates count as one, for how many there are is
// nobody's business.
const kinds = (messages) => messages.map(({ type }) => type)
  .filter((type, i, all) => type !== "rtc.ice" || all[i - 1] !== type);

// What the page has said and heard is in the base protocol's tables.
async function logOf(page) {
  const messages = await page.messages();
  const sent = messages.filter((m) => m.sent).map((m) => m.sent);
  const received = messages.filter((m) => m.received).map((m) => m.received);

  checkFields(sent, true);
  checkFields(received, false);
  return { sent, received, said: kinds(sent), heard: kinds(received) };
}

async function open(url, user) {
  const page = await Page.open(url, { room: "room 123", user });

  await page.until(() => document.body.dataset.state === "joined");
  const { received } = await logOf(page);
  page.peer = received.find(({ type }) => type === "system.welcome").payload.peer_id;
  return page;
}

const within = (what, describe) => until(what, STARTUP_MS, describe);

async function pagesMeet() {
  const url = await meshServer();
  const ann = await open(url, "Ann");
  const bob = await open(url, "Bob");

  await Promise.all([ann.sees(bob.peer), bob.sees(ann.peer)]);
  const a = await logOf(ann);
  const b = await logOf(bob);
  equal(a.said, ["system.hello", "room.join", "rtc.offer", "rtc.ice"], "the first said");
  equal(b.said, ["system.hello", "room.join", "rtc.answer", "rtc.ice"], "the second said");
  equal(a.heard, ["system.welcome", "room.joined", "room.joined", "rtc.answer", "rtc.ice"],
    "the first heard");
  equal(b.heard.slice(0, 4), ["system.welcome", "room.joined", "room.joined", "rtc.offer"],
    "the second heard first");
  equal(b.received.filter(({ type }) => type === "room.joined")
    .map(({ payload }) => payload.peer_id), [bob.peer, ann.peer], "who was there");
}

async function pagesTalk() {
  const url = await meshServer();
  const ann = await open(url, "Ann");
  const bob = await open(url, "Bob");
  const said = (page) => page.page.evaluate(() => document.getElementById("chat").textContent);

  await Promise.all([ann.sees(bob.peer), bob.sees(ann.peer)]);
  await bob.page.fill("#text", "<b>hello</b>");
  await bob.page.click("#say button");
  await within(async () => (await said(ann)) === `${bob.peer}: <b>hello</b>`, () => "chat");
  await within(async () => (await said(bob)) === "You: <b>hello</b>", () => "the own words");
  await bob.page.click("#busy");
  await ann.until((id) => window.peers.get(id)?.figure.dataset.status === "busy", bob.peer);
  await logOf(ann);
  await logOf(bob);
  await bob.page.click("#leave");
  await ann.until((id) => !document.querySelector(`video[data-peer="${id}"]`), bob.peer);
  equal((await logOf(ann)).received.at(-1).payload, { peer_id: bob.peer, status: "offline" },
    "the last that was heard");
}

// A device hosts, and serves the page; a page of another dialect comes from elsewhere.
async function everybodyMeets() {
  const rooms = await roomServer();
  const host = new Program("videomeet", ["host", "-m", "room 123", "--source", STAMP,
    "--insecure", "--origin", new URL(rooms.url).origin, "--json"], { VM_WEB_ROOT: PAGE });
  const { port } = new URL((await host.event("meeting")).link);
  const ann = await open(`http://localhost:${port}/`, "Ann");
  const bob = await Page.open(rooms.url,
    { room: "room 123", server: `ws://localhost:${port}/` });
  const b = await bob.id();

  await Promise.all([ann.sees("p001"), ann.sees(b), bob.sees("p001"), bob.sees(ann.peer),
    ann.sends("p001"), bob.sends("p001")]);
  const { received } = await logOf(ann);
  equal(received.filter(({ type }) => type === "room.joined")
    .map(({ from, payload }) => [from, payload.peer_id, payload.role]),
  [["server", ann.peer, "member"], ["server", "p001", "host"], [b, b, "member"]], "who was there");
  const met = await host.summary();
  equal(met.map(({ user }) => user), ["Ann", "Guest 3"], "whom the device met");
  for (const { user, videoFrames, audioBuffers } of met)
    equal(videoFrames > 2 && audioBuffers > 10, true, `picture and sound of ${user}`);
  await ann.until(() => document.getElementById("error").textContent.startsWith("MEETING_ENDED"));
}

for (const func of [pagesMeet, pagesTalk, everybodyMeets])
  test(func.name, func, CASE_MS);

await main();
