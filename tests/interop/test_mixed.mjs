// SPDX-License-Identifier: LGPL-2.1-or-later

// One room of `videomeet server`, and in it a page of each kind and a device: the
// pages of examples/web/room, socketio (over each of its transports) and mesh, and a
// vmsignalbin. Each sees and hears each other, whoever came first.

import { enter } from "../browser/lan.mjs";

enter();
const { join } = await import("node:path");
const { equal, main, test } = await import("../browser/check.mjs");
const { Program, STARTUP_MS, until } = await import("../browser/program.mjs");
const { Page, pageServer, receiver, roomServer } = await import("./parties.mjs");

const CASE_MS = 600000;
const ROOM = "room 123";

// It serves the page of the mesh; the others come from elsewhere.
async function serve({ rooms, socketio }) {
  const server = new Program("videomeet", ["server", "--loopback", "--port", PORT,
    "--origin", new URL(rooms).origin, "--origin", new URL(socketio).origin, "--json"],
  { VM_WEB_ROOT: join(process.env.VM_SOURCE_ROOT, "examples/web/mesh") });

  await server.event("serving");
  return server;
}

async function openRooms() {
  const place = { rooms: (await roomServer()).url, socketio: await pageServer() };

  place.server = await serve(place);
  return place;
}

const PORT = "8080"; // of a network of its own
const heard = async (page, type) => (await page.messages()).filter(
  ({ received }) => received?.type === type || received === type).at(-1).received;

// How each comes, and by which id the others know it now.
class RoomPage {
  static async come({ rooms }) {
    const page = await Page.open(rooms, { room: ROOM, server: `ws://localhost:${PORT}/` });
    await page.id();
    return { page, id: async () => (await heard(page, "joined")).peerId };
  }
}

class SocketPage {
  static async come({ socketio }, transports) {
    const page = await Page.open(socketio,
      { room: ROOM, server: `http://localhost:${PORT}`, transports });
    const last = transports.split(",").at(-1);
    await page.userId();
    await page.until((name) => window.socket().io.engine.transport.name === name, last);
    return { page, id: () => page.userId() };
  }
}

class MeshPage {
  static async come() {
    const page = await Page.open(`http://localhost:${PORT}/`, { room: ROOM, user: "Ann" });
    await page.until(() => document.body.dataset.state === "joined");
    return { page, id: async () => (await heard(page, "system.welcome")).payload.peer_id };
  }
}

class Device {
  static async come() {
    const device = receiver("mode=join", "user=Dan",
      `uri=videomeet://localhost:${PORT}/${encodeURIComponent(ROOM)}`);
    const { id } = await device.event("vm-joined");
    return { device, id: async () => id };
  }
}

async function meetsAll({ page, device, id }, all) {
  if (page) {
    const own = await id();
    const ids = await Promise.all(all.map((one) => one.id()));
    await Promise.all(ids.filter((other) => other !== own)
      .flatMap((other) => [page.sees(other), page.hears(other)]));
    await page.until((count) => document.querySelectorAll("video[data-peer]").length === count,
      all.length - 1);
    return;
  }
  const joined = () => device.lines.filter(({ event }) => event === "vm-participant-joined");
  await device.wait(() => joined().length === all.length - 1);
  for (const { id: other } of joined()) {
    await device.event("seen", { id: other });
    await device.event("heard", { id: other });
  }
}

// They come in this order.
async function meet(transports, ...kinds) {
  const place = await openRooms();
  const all = [];
  for (const kind of kinds) all.push(await kind.come(place, transports));
  await Promise.all(all.map((one) => meetsAll(one, all)));

  // one goes, and is gone for everybody
  const [gone] = all.filter(({ page }) => page).slice(-1);
  const id = await gone.id();
  await gone.page.close();
  for (const { page, device } of all.filter((one) => one !== gone)) {
    if (page) await page.until((it) => !document.querySelector(`video[data-peer="${it}"]`), id);
    else await device.event("vm-participant-left");
  }
}

async function polling() {
  await meet("polling", RoomPage, SocketPage, MeshPage, Device);
}

async function webSocket() {
  await meet("websocket", Device, MeshPage, SocketPage, RoomPage);
}

async function upgrading() {
  await meet("polling,websocket", MeshPage, Device, RoomPage, SocketPage);
}

// All pictures that a page shows.
const frames = (page) => page.page.evaluate(() => [...document.querySelectorAll("video[data-peer]")]
  .map((video) => video.getVideoPlaybackQuality().totalVideoFrames));

// What flows between them needs no server. When another is there they come back to it by
// themselves: each is there once, with picture and sound.
async function stopped(how) {
  const place = await openRooms();
  const all = [];
  for (const kind of [RoomPage, SocketPage, MeshPage])
    all.push(await kind.come(place, "polling,websocket"));
  await Promise.all(all.map((one) => meetsAll(one, all)));
  const pages = all.map(({ page }) => page);
  const before = await Promise.all(all.map(({ id }) => id()));

  place.server.signal(how);
  await Promise.all(pages.map((page) => page.until(
    () => document.getElementById("status").textContent === "Disconnected")));
  for (const page of pages) {
    const first = await frames(page);
    equal(first.length, 2, "the tiles without a server");
    await page.until((were) => [...document.querySelectorAll("video[data-peer]")].every(
      (video, i) => video.getVideoPlaybackQuality().totalVideoFrames > were[i] + 5), first);
  }
  await until(() => place.server.ended !== null, STARTUP_MS, "the end of the server");
  await serve(place);
  await until(async () => {
    const now = await Promise.all(all.map(({ id }) => id()));
    return now.every((id, i) => id && id !== before[i]);
  }, STARTUP_MS, "another id of each");
  await Promise.all(all.map((one) => meetsAll(one, all)));
}

const terminated = () => stopped("SIGTERM");
const killed = () => stopped("SIGKILL");

for (const func of [polling, webSocket, upgrading, terminated, killed])
  test(func.name, func, CASE_MS);

await main();
