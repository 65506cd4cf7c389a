// SPDX-License-Identifier: LGPL-2.1-or-later

// Whether the other end of a connection is alive, by pings on the data channel
// `heartbeat`. Silence counts only after a first sign of life: not everybody
// has a heartbeat.

export const PING_MS = 500;
export const SILENT_MS = 2000; // of silence: another connection is made
export const UNSTEADY_MS = 4000; // the user is told
export const SILENCE_MS = 6500; // then the other end is taken for gone

export class Heartbeat {
  #heard = 0; // but for what is excused
  heardAt = -Infinity;
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
      this.#heard = this.heardAt = now;
      this.#send(JSON.stringify({ t: "pong", n: message.n }));
    } else if (message.t === "pong") {
      this.#heard = this.heardAt = now;
      if (message.n === this.#sent) this.rtt = now - this.#sentAt;
    }
  }

  // The time that this page itself has stood still does not count.
  excuse(ms) {
    if (this.#heard) this.#heard += ms;
  }

  // ms since the last sign of life; 0 before the first
  silence(now) {
    return this.#heard ? now - this.#heard : 0;
  }
}
