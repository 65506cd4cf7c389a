// SPDX-License-Identifier: LGPL-2.1-or-later

// The way to one participant: messages on the channel `file-control`, chunks on `file`.
// Little waits in a channel, because what else is sent to the same participant waits
// behind it; chunks of several transfers take turns.

import { splitChunk } from "./frame.js";
import { writeMessage } from "./message.js";

export const HIGH = 256 * 1024; // bytes that wait in the channel of chunks
const LOW = HIGH / 2;
const CONTROL_HIGH = 256 * 1024;

export class Lane {
  #control;
  #data;
  #pieceSize;
  #queue = new Map(); // transfer id -> chunks; whose turn it is stands first
  #current = null; // {id, pieces}

  // Two open RTCDataChannels; `pieceSize()`: bytes of a message of the second.
  constructor(control, data, pieceSize) {
    this.#control = control;
    this.#data = data;
    this.#pieceSize = pieceSize;
    data.bufferedAmountLowThreshold = LOW;
    data.onbufferedamountlow = () => this.#pump();
  }

  goesOver(control, data) {
    return this.#control === control && this.#data === data;
  }

  // `encoding`: of chunks. What cannot be sent now is sent again by its engine.
  send(message, encoding) {
    if (message.type === "CHUNK_DATA") {
      const { id, index } = message;
      if (!this.#queue.has(id)) this.#queue.set(id, []);
      const chunks = this.#queue.get(id);
      // one that is sent again may not have left yet
      if (!chunks.some(({ message: other }) => other.index === index))
        chunks.push({ message, encoding });
      this.#pump();
    } else if (this.#control.readyState === "open"
        && this.#control.bufferedAmount < CONTROL_HIGH) {
      this.#control.send(writeMessage(message));
    }
  }

  // What is queued of a transfer that is over.
  forget(id) {
    this.#queue.delete(id);
    if (this.#current?.id === id) this.#current = null;
  }

  close() {
    this.#queue.clear();
    this.#current = null;
    this.#data.onbufferedamountlow = null;
  }

  #next() {
    for (;;) {
      const piece = this.#current?.pieces.next();
      if (piece && !piece.done) return piece.value;
      const [id, chunks] = this.#queue.entries().next().value || [];
      this.#current = null;
      if (!id) return null;
      const { message, encoding } = chunks.shift();
      this.#queue.delete(id);
      if (chunks.length) this.#queue.set(id, chunks);
      this.#current = { id, pieces: encoding === "json"
        ? [writeMessage(message)].values() : splitChunk(message, this.#pieceSize()) };
    }
  }

  #pump() {
    while (this.#data.readyState === "open" && this.#data.bufferedAmount < HIGH) {
      const piece = this.#next();
      if (piece === null) return;
      this.#data.send(piece);
    }
  }
}
