// SPDX-License-Identifier: LGPL-2.1-or-later

// Files as they are read and written, each with its hash in the same pass. Nothing
// here knows a page; where the bytes lie is a store: {write(data, at), read(at, size),
// finish(), remove()}.

import { chunkSizeOf, chunksOf } from "./engine.js";
import { Fault, badMessage } from "./fault.js";
import { toHex } from "./hex.js";
import { Bits, runsOf } from "./runs.js";
import { Sha256 } from "./sha256.js";

// What is kept in memory where the browser has no place on the disk.
export const MEMORY_MAX = 256 * 1024 * 1024; // bytes
const PIECE = 1024 * 1024; // of what is read to be hashed

// SHA-256 of a chunk, in hex: the browser's own where there is one, which is on secure
// pages.
export async function digest(data) {
  if (!globalThis.crypto?.subtle) return new Sha256().update(data).hex();
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
}

// A file that is sent: hashed while it is read in order.
export class Source {
  #file;
  #hash = new Sha256();
  #hashed = 0; // bytes
  #order = Promise.resolve();

  constructor(file) {
    this.#file = file;
  }

  async #slice(offset, size) {
    try {
      const data = new Uint8Array(await this.#file.slice(offset, offset + size).arrayBuffer());
      if (data.length === size) return data;
    } catch (error) {
      console.info("a file that is sent:", error.name);
    }
    throw new Fault("CHANGED", "The file has changed");
  }

  async read(offset, size) {
    const slice = this.#slice(offset, size);

    // several are read at once, and hashed in their order
    this.#order = Promise.all([slice, this.#order]).then(([data]) => {
      if (offset !== this.#hashed) return;
      this.#hash.update(data);
      this.#hashed += size;
    });
    await this.#order;
    return { data: await slice, hash: await digest(await slice) };
  }

  // Of the whole; what was not read in order is read for it.
  async hash() {
    while (this.#hashed < this.#file.size) {
      const size = Math.min(PIECE, this.#file.size - this.#hashed);
      this.#hash.update(await this.#slice(this.#hashed, size));
      this.#hashed += size;
    }
    return this.#hash.hex();
  }
}

export class MemoryStore {
  #pieces = new Map(); // offset -> data

  write(data, at) {
    this.#pieces.set(at, data);
  }

  read(at) {
    return this.#pieces.get(at);
  }

  finish() {
    const order = [...this.#pieces.keys()].sort((a, b) => a - b);
    const file = new Blob(order.map((at) => this.#pieces.get(at)));

    this.#pieces.clear(); // it has them
    return file;
  }

  remove() {
    this.#pieces.clear();
  }
}

// A file that is received: a chunk is written when its hash is right.
export class Part {
  #store;
  #size;
  #bits;
  #total;
  #hash = new Sha256();
  #hashed = 0; // chunks
  #hex = ""; // the hash of the whole, once it was asked for
  #file = null; // the whole, once it is verified

  constructor(store, size, chunkSize) {
    this.#store = store;
    this.#size = size;
    this.chunkSize = chunkSize;
    this.#total = chunksOf(size, chunkSize);
    this.#bits = new Bits(this.#total);
  }

  // The chunks that are verified, as runs.
  get have() {
    return runsOf(this.#total, (i) => this.#bits.has(i));
  }

  async write(index, data, hash) {
    if (await digest(data) !== hash) throw badMessage(`Chunk ${index} is corrupt`);
    if (this.#bits.has(index)) return;
    this.#store.write(data, index * this.chunkSize);
    this.#bits.add(index);
    this.#follow(index, data);
  }

  // The whole is hashed as far as there are no gaps.
  #follow(index, data) {
    while (this.#hashed < this.#total && this.#bits.has(this.#hashed)) {
      const next = this.#hashed++;
      this.#hash.update(next === index ? data : this.#store.read(next * this.chunkSize,
        chunkSizeOf(this.#size, this.chunkSize, next)));
    }
  }

  // The file, when it is the one that was announced.
  async commit(hash) {
    const isWhole = this.#hashed === this.#total;

    if (isWhole) this.#hex ||= this.#hash.hex();
    if (!isWhole || this.#hex !== hash) throw badMessage("The file is not what was announced");
    this.#file ||= await this.#store.finish();
    return this.#file;
  }

  remove() {
    return this.#store.remove();
  }
}
