// SPDX-License-Identifier: LGPL-2.1-or-later

// The chunks of a sender that are read or in flight, ascending; behind them nothing
// was begun.

import { Fault } from "./fault.js";
import { chunkSizeOf } from "./engine.js";
import { nextMissing } from "./runs.js";
import { Window } from "./window.js";

export const RETRIES = 3; // of a chunk, before the transfer fails

export class Outbox {
  #engine;
  #size;
  #chunkSize;
  #total;
  #have;
  #chunks = new Map(); // index -> {state: "reading", "ready" or "sent", …}
  #next = 0;
  #question = -1; // the chunk whose answer says what came by a link that is lost

  // `have`: runs that the receiver has
  constructor(engine, { size, chunkSize, total, have }) {
    this.#engine = engine;
    this.#size = size;
    this.#chunkSize = chunkSize;
    this.#total = total;
    this.#have = have;
    this.window = new Window(chunkSize);
    this.done = 0; // bytes that are acknowledged
    for (let i = 0; i < have.length; i += 2)
      this.done += Math.min((have[i] + have[i + 1]) * chunkSize, size) - have[i] * chunkSize;
  }

  // Reads as many as the window takes; whether all are acknowledged.
  fill() {
    let index = nextMissing(this.#have, this.#next);

    while (this.#chunks.size < this.window.chunks && index < this.#total) {
      this.#chunks.set(index, { index, state: "reading", retries: 0, untimed: false,
        unsure: false });
      this.#engine.want("read", { index, offset: index * this.#chunkSize,
        size: chunkSizeOf(this.#size, this.#chunkSize, index) });
      this.#next = index + 1;
      index = nextMissing(this.#have, this.#next);
    }
    return this.#chunks.size === 0 && index >= this.#total;
  }

  #maySend({ index }) {
    return this.#engine.state === "TRANSFERRING" && !this.#engine.isLost
      && (this.#question < 0 || this.#question === index);
  }

  #send(chunk, now) {
    if (!this.#maySend(chunk)) {
      chunk.state = "ready";
      return;
    }
    chunk.unsure = false;
    this.#engine.send("CHUNK_DATA",
      { index: chunk.index, data: chunk.data, hash: chunk.hash });
    chunk.state = "sent";
    chunk.sentAt = now;
    chunk.deadline = now + this.window.timeout;
  }

  wasRead(index, data, hash, now) {
    const chunk = this.#chunks.get(index);

    if (chunk?.state !== "reading") return;
    Object.assign(chunk, { data, hash });
    this.#send(chunk, now);
  }

  // As many of those that wait as the window takes.
  #sendSome(now) {
    const chunks = [...this.#chunks.values()];
    let room = this.window.chunks - chunks.filter(({ state }) => state === "sent").length;

    for (const chunk of chunks.filter(({ state }) => state === "ready")) {
      if (room <= 0) return;
      this.#send(chunk, now);
      if (chunk.state === "sent") room--;
    }
  }

  // Behind a pause.
  sendReady(now) {
    for (const chunk of this.#chunks.values()) {
      if (chunk.state === "sent") chunk.deadline = now + this.window.timeout;
      chunk.untimed ||= chunk.state === "sent" || chunk.state === "ready";
    }
    this.#sendSome(now);
  }

  // By another link. What went over the lost one may have come: one chunk is sent again,
  // and its answer says which of the others have not.
  ask(now) {
    this.window = new Window(this.#chunkSize);
    this.#question = -1;
    for (const chunk of this.#chunks.values()) {
      chunk.retries = 0;
      chunk.unsure ||= chunk.state === "sent";
      if (!chunk.unsure) continue;
      chunk.state = "ready";
      chunk.untimed = true;
      if (this.#question < 0) this.#question = chunk.index;
    }
    this.#sendSome(now);
  }

  #finish(chunk) {
    this.done += chunk.data.length;
    this.#chunks.delete(chunk.index);
  }

  #retry(chunk, code, what, now) {
    if (chunk.retries === RETRIES)
      throw new Fault(code, `Chunk ${chunk.index} was sent ${RETRIES + 1} times and ${what}`);
    chunk.retries++;
    chunk.untimed = true;
    this.#send(chunk, now);
  }

  // Throws a Fault: a chunk is corrupt too often.
  acked({ index, status, upTo }, now) {
    const chunk = this.#chunks.get(index);
    // an acknowledgement that was doubled on its way comes sooner than one of what
    // was sent because of it
    const doubled = chunk?.retries && now - chunk.sentAt < this.window.rtt / 2;
    const isAnswer = this.#question >= 0
      && (index === this.#question || upTo > this.#question);
    let count = 1, rtt = -1;

    if (isAnswer) this.#question = -1;
    // of one that was not sent: a lie, or damage
    if (chunk && chunk.state !== "reading") {
      if (status === "received") {
        if (!chunk.untimed) rtt = now - chunk.sentAt;
        this.#finish(chunk);
      } else if (status === "full") chunk.state = "ready";
      else if (chunk.state === "sent" && !doubled)
        this.#retry(chunk, "BAD_MESSAGE", "came corrupt", now);
    }
    // their own acknowledgements were lost, or are behind this one, or it stands for them
    for (const other of [...this.#chunks.values()]) {
      if (!(other.index < upTo)) break;
      if (other.state !== "sent" && !other.unsure) continue;
      if (!other.untimed) count++;
      this.#finish(other);
    }
    this.window.acked(count, rtt, now);
    this.#sendSome(now);
  }

  // Sends what is late again; whether anything was. Throws a Fault: too often.
  retryLate(now) {
    const late = [...this.#chunks.values()].filter(({ state, deadline }) =>
      state === "sent" && deadline <= now);

    if (late.length) this.window.timedOut(now);
    for (const chunk of late) this.#retry(chunk, "TIMEOUT", "not acknowledged in time", now);
    return late.length > 0;
  }

  get deadline() {
    let deadline = Infinity;

    for (const chunk of this.#chunks.values())
      if (chunk.state === "sent") deadline = Math.min(deadline, chunk.deadline);
    return deadline;
  }

  clear() {
    this.#chunks.clear();
  }
}
