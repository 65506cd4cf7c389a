// SPDX-License-Identifier: LGPL-2.1-or-later

// One file to or from one participant, as it is shown; when it is offered again it has
// one engine after the other.

const RATE_MS = 5000; // what the rate is of

export class Transfer {
  #samples = []; // [time, bytes done]

  constructor({ key, participant, outgoing, name, size }) {
    this.key = key;
    this.participant = participant; // its id
    this.outgoing = outgoing;
    this.name = name;
    this.size = size;
    this.engine = null; // null: it waits for its turn
    this.error = null;
    this.source = null; // the File that is sent
    this.reader = ""; // what the disk knows it by
    this.file = null; // what was received, once it is verified
    this.part = null; // where it is received: {id, key}
    this.isStarted = false; // it is among those that are sent now
    this.wasAccepted = false;
    this.hasLeft = false; // the other has
  }

  get state() {
    return this.error ? "FAILED" : this.engine?.state ?? "PENDING";
  }

  get isOver() {
    return this.state === "COMPLETED" || this.state === "FAILED";
  }

  get done() {
    return this.state === "COMPLETED" ? this.size : this.engine?.done ?? 0;
  }

  // There is no link to the other; it goes on once there is.
  get isLost() {
    return !this.isOver && Boolean(this.engine?.isLost);
  }

  // What comes goes on with another offer of the file: the sender has stopped, or nothing
  // was heard of it since a link was lost.
  get isCut() {
    if (this.hasLeft) return false; // whoever has the id of somebody else is a stranger
    return this.isOver ? this.error?.code === "DISCONNECTED" && this.wasAccepted
      : Boolean(this.engine?.unheard);
  }

  // A new engine is a new beginning.
  begin(engine) {
    this.engine = engine;
    this.error = null;
    this.#samples = [];
  }

  // {rate: bytes per s, left: s}, or null while nobody can say.
  pace(now) {
    if (this.state !== "TRANSFERRING" || this.isLost) {
      this.#samples = [];
      return null;
    }
    this.#samples.push([now, this.done]);
    while (now - this.#samples[0][0] > RATE_MS) this.#samples.shift();
    const [time, done] = this.#samples[0];
    const rate = 1000 * (this.done - done) / (now - time);
    return now - time > 900 && rate > 0 ? { rate, left: (this.size - this.done) / rate } : null;
  }
}
