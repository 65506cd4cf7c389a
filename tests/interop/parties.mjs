// SPDX-License-Identifier: LGPL-2.1-or-later

// Who meets in these tests: the servers and pages of examples/web/room and
// examples/web/socketio, and this project's own device. All end with the case that
// began them.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { chromium } from "playwright-core";
export { STAMP } from "../browser/program.mjs";
import { CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICE, Program, STARTUP_MS, atEnd, captureLightly,
  until } from "../browser/program.mjs";

const SOURCE = process.env.VM_SOURCE_ROOT;

// videomeet, one line an event.
export function device(...args) {
  return new Program("videomeet", [...args, "--json"]);
}

// A vmsignalbin with these properties, that can be told to restart.
export function restartable(origin, ...properties) {
  return new Program("/usr/bin/python3",
    [join(SOURCE, "tests/interop/device.py"), origin, ...properties]);
}

// The same, that decodes what it gets.
export function receiver(...properties) {
  return new Program("/usr/bin/python3",
    [join(SOURCE, "tests/interop/device.py"), "--receive", "", ...properties]);
}

// The server of examples/web/room: its address, and each message it heard or said.
export async function roomServer() {
  const modules = dirname(dirname(createRequire(import.meta.url).resolve("ws")));
  const server = new Program(process.execPath,
    [join(SOURCE, "examples/web/room/server.js"), "0", "localhost"],
    { NODE_PATH: modules, ROOM_LOG: "1" });
  server.url = await server.wait(
    () => server.other.find((line) => line.startsWith("http://")));
  server.port = new URL(server.url).port;
  return server;
}

// That of examples/web/socketio, which has the page's files only: its address.
export async function pageServer() {
  const modules = dirname(dirname(
    createRequire(import.meta.url).resolve("socket.io-client/package.json")));
  const server = new Program(process.execPath,
    [join(SOURCE, "examples/web/socketio/server.js"), "0", "localhost"],
    { NODE_PATH: modules });

  return server.wait(() => server.other.find((line) => line.startsWith("http://")));
}

// What a page of another maker does to the connection that it has, in the page: then it
// is to offer anew.
export async function changeConnection(connection, how) {
  const changes = {
    // the m-line stays, and says that nothing is sent
    remove: () => connection.getSenders().filter(({ track }) => track?.kind === "video")
      .forEach((sender) => connection.removeTrack(sender)),
    // the m-line is given up
    stop: () => connection.getTransceivers().filter((t) => t.sender.track?.kind === "video")
      .forEach((transceiver) => transceiver.stop()),
    add: async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 320 } });
      connection.addTrack(stream.getVideoTracks()[0], stream);
    },
    restart: () => connection.restartIce(),
    nothing: () => {},
  };
  await changes[how]();
  const offer = await connection.createOffer();
  await connection.setLocalDescription(offer);
  return { type: offer.type, sdp: offer.sdp };
}

// Of a page, before its scripts: its last WebSocket is window.wire.
export function keepWire() {
  const Original = WebSocket;

  window.WebSocket = class extends Original {
    constructor(...parameters) {
      super(...parameters);
      window.wire = this;
    }
  };
}

// Until @program has seen, or lost, the picture of somebody since its line @from; the
// number of its lines by then.
export async function pictureIs(program, event, from) {
  await program.wait(() => program.lines.slice(from).some((line) => line.event === event));
  return program.lines.length;
}

let browser = null;

export async function theBrowser() {
  if (!browser) {
    browser = await chromium.launch({ executablePath: CHROMIUM, headless: true,
      args: [...CHROMIUM_FLAGS, FAKE_DEVICE] });
  }
  return browser;
}

// A page of examples/web, in @room.
export class Page {
  static async open(url, parameters) {
    const self = new Page();
    const context = await (await theBrowser()).newContext({ ignoreHTTPSErrors: true });
    atEnd(() => context.close());
    self.errors = [];
    self.page = await context.newPage();
    await self.page.addInitScript(captureLightly);
    await self.page.addInitScript(keepWire);
    self.page.on("pageerror", (error) => self.errors.push(String(error)));
    self.page.on("console", (message) => {
      if (message.type() === "error") self.errors.push(message.text());
    });
    await self.page.goto(`${url}?${new URLSearchParams({ join: "1", width: "320", ...parameters })}`);
    return self;
  }

  what() {
    return this.errors.join("\n");
  }

  until(func, argument) {
    return until(() => this.page.evaluate(func, argument), STARTUP_MS,
      () => `${func} ${JSON.stringify(argument)}\n${this.what()}`);
  }

  // [what was said or heard, without the contents, ...]
  messages() {
    return this.page.evaluate(() => window.messages);
  }

  async id() {
    await this.until(() => document.body.dataset.state === "joined");
    return (await this.messages()).find(({ received }) => received?.type === "joined")
      .received.peerId;
  }

  // What the page of examples/web/socketio is called.
  async userId() {
    await this.until(() => document.body.dataset.state === "joined");
    return this.page.evaluate(() => window.socket().id);
  }

  // Frames that keep coming from @peer, and sound.
  async sees(peer) {
    const frames = () => this.page.evaluate((id) => {
      const video = document.querySelector(`video[data-peer="${id}"]`);
      return video && video.srcObject?.getAudioTracks().some((t) => !t.muted)
        ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
    }, peer);
    const first = await until(frames, STARTUP_MS, () => `a picture of ${peer}\n${this.what()}`);

    await until(async () => await frames() > first + 5, STARTUP_MS,
      () => `more pictures of ${peer}\n${this.what()}`);
  }

  // Sound of @peer that is not silence.
  hears(peer) {
    return this.until(async (id) => {
      const stats = await window.peers.get(id)?.connection.getStats();
      return [...stats?.values() ?? []].some((s) => s.type === "inbound-rtp"
        && s.kind === "audio" && s.totalAudioEnergy > 0);
    }, peer);
  }

  // Enough pictures for @peer that it has begun to show them.
  sends(peer) {
    return this.until(async (id) => {
      const stats = await window.peers.get(id)?.connection.getStats();
      return [...stats?.values() ?? []].some((s) => s.type === "outbound-rtp"
        && s.kind === "video" && s.framesSent > 30);
    }, peer);
  }

  close() {
    return this.page.context().close();
  }
}
