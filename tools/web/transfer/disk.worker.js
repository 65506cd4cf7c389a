// SPDX-License-Identifier: LGPL-2.1-or-later

// Reads, hashes and writes files beside the page, so that a call keeps its pictures.
// Takes {n, op, …}, answers {n, …} or {n, fault: {code, message}}.

import { Fault } from "./fault.js";
import { MEMORY_MAX, MemoryStore, Part, Source } from "./parts.js";

const FOLDER = "videomeet-"; // and the id of a page's life, which has a lock

const sources = new Map(); // id -> Source
const parts = new Map(); // id -> Part
let folder = null; // a promise of this page's, once it is wanted; of null without a disk

// What another page's life has left.
async function sweep(root) {
  for await (const name of root.keys()) {
    if (!name.startsWith(FOLDER)) continue;
    await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock) await root.removeEntry(name, { recursive: true });
    }).catch((error) => console.info(`${name} stays:`, error.name));
  }
}

async function makeFolder() {
  if (!navigator.storage?.getDirectory || !navigator.locks
      || !globalThis.FileSystemFileHandle?.prototype.createSyncAccessHandle) return null;
  try {
    const root = await navigator.storage.getDirectory();
    const name = FOLDER + crypto.randomUUID();
    await sweep(root);
    // held until this worker ends
    await new Promise((resolve) => {
      navigator.locks.request(name, () => {
        resolve();
        return new Promise(() => {});
      });
    });
    return await root.getDirectoryHandle(name, { create: true });
  } catch (error) {
    console.info("no files on the disk:", error.name);
    return null;
  }
}

class DiskStore {
  #folder;
  #handle;
  #access;

  static async create(where, name) {
    const store = new DiskStore();
    store.#folder = where;
    store.#handle = await where.getFileHandle(name, { create: true });
    store.#access = await store.#handle.createSyncAccessHandle();
    return store;
  }

  write(data, at) {
    if (this.#access.write(data, { at }) !== data.length)
      throw new Fault("NO_SPACE", "There is no room");
  }

  read(at, size) {
    const data = new Uint8Array(size);

    if (this.#access.read(data, { at }) !== size) throw new Fault("FAILED", "It cannot be read");
    return data;
  }

  finish() {
    this.#access.flush();
    this.#access.close();
    return this.#handle.getFile();
  }

  async remove() {
    this.#access.close();
    await this.#folder.removeEntry(this.#handle.name);
  }
}

async function storeFor(id, size) {
  folder ||= makeFolder();
  const where = await folder;
  if (!where) {
    if (size > MEMORY_MAX) throw new Fault("NO_DISK", "The file is too large for memory");
    return new MemoryStore();
  }
  const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
  if (size > quota - usage) throw new Fault("NO_SPACE", "There is no room");
  return DiskStore.create(where, id);
}

async function begin({ id, size, chunkSize }) {
  const known = parts.get(id);

  if (known?.chunkSize === chunkSize) return { have: known.have };
  if (known) await discard({ id });
  parts.set(id, new Part(await storeFor(id, size), size, chunkSize));
  return { have: [] };
}

async function discard({ id }) {
  const part = parts.get(id);

  parts.delete(id);
  await part?.remove();
  return {};
}

// On the disk it stays, for the browser to save; in memory the page alone has it.
async function commit({ id, hash }) {
  const file = await partOf(id).commit(hash);

  if (!await folder) parts.delete(id);
  return { file };
}

function partOf(id) {
  const part = parts.get(id);

  if (!part) throw new Fault("FAILED", "The file is not there any more");
  return part;
}

const operations = {
  tidy: async () => {
    await (folder ||= makeFolder());
    return {};
  },
  open: ({ id, file }) => {
    sources.set(id, new Source(file));
    return {};
  },
  read: ({ id, offset, size }) => sources.get(id).read(offset, size),
  hash: async ({ id }) => ({ hash: await sources.get(id).hash() }),
  close: ({ id }) => {
    sources.delete(id);
    return {};
  },
  begin,
  write: async ({ id, index, data, hash }) => {
    await partOf(id).write(index, data, hash);
    return {};
  },
  commit,
  discard,
};

function faultOf(error) {
  if (error instanceof Fault) return { code: error.code, message: error.message };
  if (error.name === "QuotaExceededError")
    return { code: "NO_SPACE", message: "There is no room" };
  console.warn("a file:", error);
  return { code: "FAILED", message: "The disk does not take part" };
}

addEventListener("message", async ({ data: { n, op, ...rest } }) => {
  try {
    const result = await operations[op](rest);
    postMessage({ n, ...result }, result.data ? [result.data.buffer] : []);
  } catch (error) {
    postMessage({ n, fault: faultOf(error) });
  }
});
