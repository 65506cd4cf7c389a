// SPDX-License-Identifier: LGPL-2.1-or-later

// A room of `videomeet server` with a device in it, and a client of its room dialect
// whose connections a library of another maker makes.

import WebSocket from "ws";
import { Program, atEnd, until, STARTUP_MS } from "../browser/program.mjs";
import { receiver } from "./parties.mjs";

const PORT = "8080"; // of a network of its own
const ROOM = "libraries";
export const URL_OF_ROOMS = `ws://localhost:${PORT}/`;

// The address of the page in that room.
export async function pageInRoom() {
  const server = new Program("videomeet", ["server", "--loopback", "--port", PORT, "--json"]);
  await server.event("serving");
  return `http://localhost:${PORT}/?meeting=${ROOM}`;
}

// A device that waits for others.
export async function deviceInRoom() {
  await pageInRoom();
  const device = receiver("mode=join", "user=Dan", `uri=videomeet://localhost:${PORT}/${ROOM}`);
  device.id = (await device.event("vm-joined")).id;
  return device;
}

export class RoomClient {
  static async join() {
    const self = new RoomClient();
    self.heard = [];
    self.takers = {};
    self.socket = new WebSocket(URL_OF_ROOMS);
    atEnd(async () => self.socket.close());
    self.socket.on("message", (text) => self.take(JSON.parse(text)));
    await new Promise((resolve) => { self.socket.on("open", resolve); });
    self.socket.send(JSON.stringify({ type: "join", roomId: ROOM }));
    self.peers = (await self.wait("joined")).peers;
    return self;
  }

  take(message) {
    this.heard.push(message);
    this.takers[message.type]?.(message);
  }

  // What came before, too.
  on(type, take) {
    this.takers[type] = take;
    this.heard.filter((message) => message.type === type).forEach(take);
  }

  wait(type) {
    return until(() => this.heard.find((message) => message.type === type), STARTUP_MS,
      () => `${type}\n${JSON.stringify(this.heard)}`);
  }

  send(type, targetId, body) {
    const key = type === "ice-candidate" ? "candidate" : type;

    this.socket.send(JSON.stringify({ type, [key]: body, targetId }));
  }
}
