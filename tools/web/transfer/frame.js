// SPDX-License-Identifier: LGPL-2.1-or-later

// Chunks as binary frames, big-endian:
//
//    0  "VMF1"
//    4  type u8: 1 a piece of a chunk, 2 another message
//    5  flags u8: 1 the last piece; others are passed over
//    6  size of the header u16: 72, or more in a later version
//    8  transfer id 16 B: a uuid
//   24  index of the chunk u64
//   32  offset of the piece in the chunk u32
//   36  size of the payload u32
//   40  SHA-256 of the whole chunk 32 B
//   72  payload: the piece, or the message as JSON

import { badMessage } from "./fault.js";
import { fromHex, toHex } from "./hex.js";
import { CHUNK_SIZE_MAX, readMessage } from "./message.js";

export const HEADER = 72; // bytes
const HEADER_MAX = 1024; // of a later version
const CHUNK = 1;
const MESSAGE = 2;
const LAST = 1;
// Bytes of a message of a data channel: what every device takes, and what is sent
// while media runs, which waits behind each.
export const CHANNEL_MAX = 65536;
export const CHANNEL_MEDIA = 16384;
// Of one peer: bytes of chunks that are not whole, and how many; beyond, the oldest
// is forgotten, and comes again.
export const PENDING_MAX = 8 * 1024 * 1024;
export const PENDING_CHUNKS = 256;
export const RANGES_MAX = 64; // pieces of a chunk that do not touch
const PIECE_MIN = 4096; // bytes that memory for a chunk begins with
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;
const NO_ID = "00000000-0000-0000-0000-000000000000";

export const isUuid = (id) => UUID.test(id);

function uuidOf(bytes) {
  const hex = toHex(bytes);

  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20),
    hex.slice(20)].join("-");
}

// {type, last, id, index, offset, hash, payload}; `payload` is a part of `data`.
// Throws a Fault, BAD_MESSAGE.
export function readFrame(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);

  if (data.length < HEADER || view.getUint32(0) !== 0x564d4631)
    throw badMessage("A binary frame does not begin as one");
  const header = view.getUint16(6);
  const size = view.getUint32(36);
  if (header < HEADER || header > HEADER_MAX || size + header !== data.length)
    throw badMessage("A binary frame has another size than it says");
  const frame = { type: data[4], last: (data[5] & LAST) !== 0,
    id: uuidOf(data.subarray(8, 24)),
    index: view.getUint32(24) * 2 ** 32 + view.getUint32(28), offset: view.getUint32(32),
    hash: toHex(data.subarray(40, 72)), payload: data.subarray(header) };
  if (frame.type !== CHUNK && frame.type !== MESSAGE)
    throw badMessage("A binary frame is of a type that is not known");
  if (size === 0) throw badMessage("A binary frame is empty");
  if (frame.type === MESSAGE ? frame.offset !== 0 || !frame.last
    : !Number.isSafeInteger(frame.index) || frame.offset + size > CHUNK_SIZE_MAX)
    throw badMessage("A binary frame is outside of any chunk");
  return frame;
}

function writeFrame({ id, index, hash, data }, offset, size) {
  const frame = new Uint8Array(HEADER + size);
  const view = new DataView(frame.buffer);

  view.setUint32(0, 0x564d4631);
  frame[4] = CHUNK;
  frame[5] = offset + size === data.length ? LAST : 0;
  view.setUint16(6, HEADER);
  frame.set(fromHex(id.replaceAll("-", "")), 8);
  view.setUint32(24, Math.floor(index / 2 ** 32));
  view.setUint32(28, index % 2 ** 32);
  view.setUint32(32, offset);
  view.setUint32(36, size);
  frame.set(fromHex(hash), 40);
  frame.set(data.subarray(offset, offset + size), HEADER);
  return frame;
}

// A CHUNK_DATA in frames of at most `max` bytes, one after the other.
export function* splitChunk(message, max) {
  const { length } = message.data;

  for (let at = 0; at < length;) {
    const size = Math.min(length - at, max - HEADER);
    yield writeFrame(message, at, size);
    at += size;
  }
}

// A chunk of which pieces are missing.
class Partial {
  constructor(hash) {
    this.hash = hash;
    this.size = 0; // 0: the last piece has not come
    this.data = new Uint8Array(0);
    this.ranges = []; // [from, to], ascending, not touching
  }

  // Joins it with the ranges that it touches; false: they are too many.
  addRange(from, to) {
    const { ranges } = this;
    let first = 0;

    while (first < ranges.length && ranges[first][1] < from) first++;
    let end = first;
    for (; end < ranges.length && ranges[end][0] <= to; end++) {
      from = Math.min(from, ranges[end][0]);
      to = Math.max(to, ranges[end][1]);
    }
    if (first === end && ranges.length === RANGES_MAX) return false;
    ranges.splice(first, end - first, [from, to]);
    return true;
  }

  get isWhole() {
    const [range] = this.ranges;

    return this.size > 0 && this.ranges.length === 1 && range[0] === 0
      && range[1] === this.size;
  }
}

// Of one peer.
export class Joiner {
  #partials = new Map(); // "id/index" -> Partial; what grew last is the last
  #pending = 0; // bytes: what they hold

  // A message, whose hash nobody has compared yet, or null while its chunk is not
  // whole. Throws a Fault, BAD_MESSAGE: no frame, or one that contradicts others of
  // its chunk, which is forgotten then.
  take(frame) {
    if (frame.type === MESSAGE) return this.#takeMessage(frame);
    const key = `${frame.id}/${frame.index}`;
    if (frame.last && frame.offset === 0 && !this.#partials.has(key))
      return this.#chunk(frame, frame.payload.slice());
    const partial = this.#enter(key, frame.hash);
    try {
      this.#addPiece(partial, frame);
    } catch (error) {
      this.#drop(key);
      throw error;
    }
    if (!partial.isWhole) return null;
    this.#drop(key);
    return this.#chunk(frame, partial.data.subarray(0, partial.size));
  }

  get pending() {
    return this.#pending;
  }

  // What is kept of a transfer that is over.
  forget(id) {
    for (const key of [...this.#partials.keys()])
      if (key.startsWith(`${id}/`)) this.#drop(key);
  }

  #chunk({ id, index, hash }, data) {
    return { type: "CHUNK_DATA", id, index, hash, data };
  }

  #takeMessage({ id, payload }) {
    const message = readMessage(new TextDecoder().decode(payload));

    if (id !== NO_ID && message.id !== id)
      throw badMessage("A binary frame is of another transfer than its message");
    return message;
  }

  #drop(key) {
    this.#pending -= this.#partials.get(key).data.length;
    this.#partials.delete(key);
  }

  // A chunk that is sent again with another hash begins anew.
  #enter(key, hash) {
    let partial = this.#partials.get(key);

    if (partial && partial.hash !== hash) {
      this.#drop(key);
      partial = null;
    }
    if (!partial && this.#partials.size === PENDING_CHUNKS)
      this.#drop(this.#partials.keys().next().value);
    this.#partials.delete(key);
    partial ||= new Partial(hash);
    this.#partials.set(key, partial);
    return partial;
  }

  #addPiece(partial, { last, offset, payload }) {
    const end = offset + payload.length;
    const seen = partial.ranges.at(-1)?.[1] ?? 0;

    if (last ? seen > end || (partial.size && partial.size !== end)
      : partial.size && end > partial.size)
      throw badMessage("The pieces of a chunk do not agree on where it ends");
    if (last) partial.size = end;
    this.#makeRoom(partial, end);
    if (!partial.addRange(offset, end))
      throw badMessage("The pieces of a chunk are too many");
    partial.data.set(payload, offset);
  }

  // Memory up to `end`, at most twice as much as is told; what others have of it goes
  // first.
  #makeRoom(partial, end) {
    let room = Math.max(partial.data.length, PIECE_MIN);

    while (room < end) room *= 2;
    if (partial.size) room = Math.max(partial.size, partial.data.length);
    if (room === partial.data.length) return;
    while (this.#pending - partial.data.length + room > PENDING_MAX)
      this.#drop(this.#partials.keys().next().value); // never the last, which is this
    this.#pending += room - partial.data.length;
    const data = new Uint8Array(room);
    data.set(partial.data);
    partial.data = data;
  }
}
