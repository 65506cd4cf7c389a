// SPDX-License-Identifier: LGPL-2.1-or-later

// The chunks of a receiver: what is verified, what is being written, what waits.

import { chunkSizeOf, chunksOf } from "./engine.js";
import { Fault, badMessage } from "./fault.js";
import { RETRIES } from "./outbox.js";
import { Bits } from "./runs.js";
import { BYTES_MAX, CHUNKS_MAX } from "./window.js";

// How often a chunk may come corrupt: twice what a sender sends it, as it may be
// doubled on its way.
const CORRUPT_MAX = 2 * (RETRIES + 1);

export class Inbox {
  #engine;
  #size;
  #bits;
  #writing = new Map(); // index -> chunk
  #writingSize = 0; // bytes
  #waiting = new Map(); // index -> chunk that cannot be written yet
  #waitingSize = 0; // bytes
  #corrupt = new Map(); // index -> how often it came so

  constructor(engine, size, chunkSize) {
    this.#engine = engine;
    this.#size = size;
    this.probe = null; // the chunk that the disk had no room for
    this.probing = false; // it is being written
    this.setChunkSize(chunkSize);
  }

  // Nothing is verified then.
  setChunkSize(chunkSize) {
    this.chunkSize = chunkSize;
    this.total = chunksOf(this.#size, chunkSize);
    this.#bits = new Bits(this.total);
    this.count = 0; // chunks that are verified
    this.first = 0; // that is not
    this.done = 0; // bytes
  }

  has(index) {
    return this.#bits.has(index);
  }

  #add(index) {
    if (this.has(index)) return;
    this.#bits.add(index);
    this.count++;
    this.done += chunkSizeOf(this.#size, this.chunkSize, index);
    while (this.first < this.total && this.has(this.first)) this.first++;
  }

  addRuns(have) {
    for (let i = 0; i < have.length; i += 2)
      for (let j = have[i]; j < Math.min(have[i] + have[i + 1], this.total); j++) this.#add(j);
  }

  get isFull() {
    return this.count === this.total;
  }

  get isWriting() {
    return this.#writing.size > 0;
  }

  ack(index, status) {
    // not of the base protocol; without an answer, too, it is sent again
    if (this.#engine.seed && status === "full") return;
    this.#engine.send("CHUNK_ACK", { index, status,
      upTo: this.#engine.seed ? undefined : this.first });
  }

  // Behind the others, or dropped, when that is too much: it is sent again.
  #keep(chunk) {
    const size = chunk.data.length;

    if (this.#waiting.size === CHUNKS_MAX || this.#waitingSize + size > BYTES_MAX
        || this.#waiting.has(chunk.index)) return;
    this.#waitingSize += size;
    this.#waiting.set(chunk.index, chunk);
  }

  // One whose size and index are right, to the disk.
  #write(chunk) {
    const { index, data, hash } = chunk;

    if (this.has(index)) {
      this.ack(index, "received");
    } else if (this.#writing.has(index)) {
      // it is being written
    } else if (this.#writingSize + data.length > BYTES_MAX) {
      this.#keep(chunk);
    } else {
      this.#writingSize += data.length;
      this.#writing.set(index, chunk);
      this.#engine.want("write", { index, data, hash });
    }
  }

  // Whether it has the index and the size of a chunk of this file. One that was cut on
  // its way is corrupt; a wrong index has nothing to be answered with.
  #check({ index, data }) {
    if (index >= this.total) return false;
    if (data.length === chunkSizeOf(this.#size, this.chunkSize, index)) return true;
    this.ack(index, this.has(index) ? "received" : "corrupt");
    return false;
  }

  // `open`: whether it can be written now. Throws a Fault: there is no such chunk.
  take({ index, data, hash }, open) {
    const chunk = { index, data, hash };

    if (!open) {
      this.#keep(chunk);
      return;
    }
    if (index >= this.total)
      throw badMessage("CHUNK_DATA is of a chunk that the file does not have");
    if (this.#check(chunk)) this.#write(chunk);
  }

  // Writes what waits, as far as it can be now.
  flush() {
    const waiting = [...this.#waiting.values()];

    this.#waiting.clear();
    this.#waitingSize = 0;
    for (const chunk of waiting)
      if (this.#check(chunk)) this.#write(chunk);
  }

  #beCorrupt(index) {
    const count = 1 + (this.#corrupt.get(index) || 0);

    this.#corrupt.set(index, count);
    if (count > CORRUPT_MAX || this.#corrupt.size > CHUNKS_MAX)
      throw badMessage(`Chunk ${index} came corrupt ${count} times`);
    this.ack(index, "corrupt");
  }

  // The first is what the disk is tried with; others come again.
  #beFull(chunk) {
    this.ack(chunk.index, "full");
    if (!this.probe) this.probe = chunk;
    else if (this.#engine.seed) this.#keep(chunk);
  }

  tryAgain() {
    const { index, data, hash } = this.probe;

    this.probing = true;
    this.#engine.want("write", { index, data, hash });
  }

  // The result of a write. Throws a Fault: it is the end.
  written(index, fault) {
    const probed = this.probing && this.probe.index === index;
    const chunk = probed ? this.probe : this.#writing.get(index);

    if (!chunk) return;
    if (probed) {
      this.probing = false;
      if (fault?.code === "NO_SPACE") return;
      this.probe = null;
    } else {
      this.#writing.delete(index);
      this.#writingSize -= chunk.data.length;
    }
    if (!fault) {
      this.#add(index);
      this.#corrupt.delete(index);
      this.ack(index, "received");
    } else if (fault.code === "NO_SPACE") {
      this.#beFull(chunk);
    } else if (fault.code === "BAD_MESSAGE") {
      this.#beCorrupt(index);
    } else {
      throw fault instanceof Fault ? fault : new Fault("FAILED", String(fault));
    }
  }

  clear() {
    this.#writing.clear();
    this.#waiting.clear();
    this.#corrupt.clear();
    this.#writingSize = this.#waitingSize = 0;
    this.probe = null;
    this.probing = false;
  }
}
