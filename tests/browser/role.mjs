// SPDX-License-Identifier: LGPL-2.1-or-later

// A page in the role of the host, which a device never gives it.

import { assert } from "./check.mjs";

const GOING_AWAY = 1001; // no goodbye when a server says it
const HOSTS = new Set(["mute-request", "kick", "unban", "lock"]);

// On the way to a page the host is another; what only a host may say is kept in
// `said` on the way back, without the numbers of the line, and carried out by
// the real one.
export class Role {
  #socket = null;

  constructor(ann, users) {
    this.ann = ann;
    this.users = users; // id -> name
    this.said = [];
    this.isCut = false;
    this.host = ""; // the id that the page is told; "": the truth
  }

  async give(page, id) {
    this.host = id;
    await page.routeWebSocket(/\/ws/, (socket) => {
      if (this.isCut) {
        socket.close({ code: GOING_AWAY });
        return;
      }
      this.#socket = socket;
      const server = socket.connectToServer();

      socket.onMessage((data) => {
        this.#hear(JSON.parse(data));
        server.send(data);
      });
      server.onMessage((data) => socket.send(this.#rewrite(JSON.parse(data))));
    });
  }

  // The page's way to the server; the server sees nothing of it.
  cut() {
    this.isCut = true;
    this.#socket.close({ code: GOING_AWAY });
  }

  mend() {
    this.isCut = false;
  }

  #rewrite(message) {
    if (this.host && "host" in message && typeof message.host === "string")
      message.host = this.host;
    return JSON.stringify(message);
  }

  #hear(message) {
    // a host's goodbye with this reason; without one it only leaves
    const ends = message.type === "bye" && message.reason === "ended";
    if (!HOSTS.has(message.type) && !ends) return;
    const { seq, ack, ...rest } = message;
    assert(Number.isInteger(seq) && (ack === undefined || Number.isInteger(ack)),
      `numbers of ${message.type}`);
    this.said.push(rest);
    const user = this.users[message.to];
    if (ends) this.ann.type("/end");
    else if (message.type === "kick") this.ann.type(`/kick ${user}`);
    else if (message.type === "unban") this.ann.type(`/unban ${message.id}`);
    else if (message.type === "mute-request") this.ann.type(`/mute ${user} audio`);
    else this.ann.type(message.locked ? "/lock" : "/unlock");
  }
}
