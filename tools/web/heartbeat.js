// SPDX-License-Identifier: LGPL-2.1-or-later

// Whether the other end of a connection is alive, by pings on the data channel
// `heartbeat`. Silence counts only after a first sign of life: not everybody
// has a heartbeat. It is as long as the pings without an answer: a page that
// stood still has not asked, and an answer may wait to be read.

export const PING_MS = 1000;
export const UNSTEADY_MS = 3500; // of silence: four pings
export const SILENCE_MS = 5500; // six; then the other end is taken for gone

export class Heartbeat {
  #alive = false;
  #owed = 0; // pings since the last sign of life
  #sent = 0;
  #sentAt = 0;
  #send;

  // `send`: takes a text
  constructor(send) {
    this.#send = send;
    this.rtt = null; // ms
  }

  ping(now) {
    this.#sentAt = now;
    this.#owed++;
    this.#send(JSON.stringify({ t: "ping", n: ++this.#sent }));
  }

  take(data, now) {
    let message;

    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (!Number.isSafeInteger(message?.n)) return;
    if (message.t === "ping") {
      this.hear();
      this.#send(JSON.stringify({ t: "pong", n: message.n }));
    } else if (message.t === "pong") {
      this.hear();
      if (message.n === this.#sent) this.rtt = now - this.#sentAt;
    }
  }

  // Any sign of life.
  hear() {
    this.#alive = true;
    this.#owed = 0;
  }

  // ms, in steps of a ping; 0 before the first sign of life
  get silence() {
    return this.#alive ? this.#owed * PING_MS : 0;
  }
}
