// SPDX-License-Identifier: LGPL-2.1-or-later

// A page in the role of the host, which a device never gives it.

import { assert } from "./check.mjs";

const HOSTS = new Set(["mute-request", "kick", "lock"]);

// On the way to a page the host is another; what only a host may say is kept in
// `said` on the way back, without the numbers of the line, and carried out by
// the real one.
export class Role {
  constructor(ann, users) {
    this.ann = ann;
    this.users = users; // id -> name
    this.said = [];
    this.host = ""; // the id that the page is told; "": the truth
  }

  async give(page, id) {
    this.host = id;
    await page.routeWebSocket(/\/ws/, (socket) => {
      const server = socket.connectToServer();

      socket.onMessage((data) => {
        this.#hear(JSON.parse(data));
        server.send(data);
      });
      server.onMessage((data) => socket.send(this.#rewrite(JSON.parse(data))));
    });
  }

  #rewrite(message) {
    if (this.host && "host" in message && typeof message.host === "string")
      message.host = this.host;
    return JSON.stringify(message);
  }

  #hear(message) {
    if (!HOSTS.has(message.type)) return;
    const { seq, ack, ...rest } = message;
    assert(Number.isInteger(seq) && (ack === undefined || Number.isInteger(ack)),
      `numbers of ${message.type}`);
    this.said.push(rest);
    const user = this.users[message.to];
    if (message.type === "kick") this.ann.type(`/kick ${user}`);
    else if (message.type === "mute-request") this.ann.type(`/mute ${user} audio`);
    else this.ann.type(message.locked ? "/lock" : "/unlock");
  }
}
