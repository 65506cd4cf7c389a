// SPDX-License-Identifier: LGPL-2.1-or-later

// The messages of a file transfer, as JSON. In memory a message is {type, id, …}
// with `id` the transfer's and `index` the chunk's; what is not told is undefined.

import { Fault, badMessage } from "./fault.js";
import { NAME_INPUT_MAX } from "./filename.js";
import { areRuns } from "./runs.js";

export const CHUNK_SIZE_MIN = 1024;
export const CHUNK_SIZE_MAX = 1024 * 1024;
export const JSON_CHUNK_MAX = 512 * 1024;
export const CHUNKS_TOTAL_MAX = 2 ** 26; // of a file
export const MESSAGE_MAX = 16384; // bytes of any but a chunk in JSON
// Characters of a chunk in JSON on a channel: one of the base protocol's size is 87,384
// of base64, and its fields.
export const CHUNK_MESSAGE_MAX = 96 * 1024;
const ID = /^[A-Za-z0-9_-]{1,64}$/u;
const HASH = /^[0-9a-f]{64}$/u;
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$/u;
const TIME_MAX = 40;
const MIME_MAX = 127;
const REASON_MAX = 256;
const PATH_MAX = 4096;
const CODE_MAX = 64;
const SIGNATURE_MAX = 88; // base64 of 64 bytes
const ENCODINGS_MAX = 16;
const ENCODINGS = ["json", "binary"];
const STATUSES = ["received", "corrupt", "full"];

const NUMBER = { read: (v) => (Number.isSafeInteger(v) && v >= 0 ? v : undefined) };
const CHUNK_SIZE = { read: (v) => (Number.isSafeInteger(v) && v >= CHUNK_SIZE_MIN
  && v <= CHUNK_SIZE_MAX ? v : undefined) };
const BOOLEAN = { read: (v) => (typeof v === "boolean" ? v : undefined) };
const ID_FIELD = { read: (v) => (typeof v === "string" && ID.test(v) ? v : undefined) };
const HASH_FIELD = { read: (v) => (typeof v === "string" && HASH.test(v) ? v : undefined) };
const NO_HASH = { read: (v) => (v === "" ? "" : HASH_FIELD.read(v)) };
const HAVE = { read: (v) => (areRuns(v) ? v : undefined) };
// another word counts as "not received"
const STATUS = { read: (v) => (typeof v !== "string" ? undefined
  : STATUSES.includes(v) ? v : "corrupt") };
const VERIFIED = { read: (v) => (typeof v === "string" ? v === "verified" : undefined),
  write: (v) => (v ? "verified" : "failed") };
const ENCODING = { read: (v) => (ENCODINGS.includes(v) ? v : undefined) };
const LIST = { read: (v) => (Array.isArray(v) && v.length <= ENCODINGS_MAX
  // whoever tells a list can do JSON, as everybody
  ? ENCODINGS.filter((e) => e === "json" || v.includes(e)) : undefined) };
const TIME_FIELD = {
  read: (v) => (typeof v === "string" && v.length <= TIME_MAX && TIME.test(v)
    && Number.isFinite(Date.parse(v)) ? Date.parse(v) : undefined),
  write: (v) => new Date(v).toISOString(),
};
const DATA = { read: readBase64, write: writeBase64 };
const text = (max) => ({ read: (v) => (typeof v === "string" && !/[\p{Cc}\p{Cs}]/u.test(v)
  && new TextEncoder().encode(v).length <= max ? v : undefined) });

const ID_OF = ["transferId", "id", ID_FIELD];
const REASON = ["reason", "reason", text(REASON_MAX)];

// [name on the wire, name in memory, kind, whether it must be there]
const FIELDS = {
  FILE_OFFER: [["filename", "filename", text(NAME_INPUT_MAX), true],
    ["size", "size", NUMBER, true], ["hash", "hash", NO_HASH, true],
    ["id", "id", ID_FIELD, true], ["mime", "mime", text(MIME_MAX)],
    ["mtime", "mtime", TIME_FIELD], ["encodings", "encodings", LIST],
    ["chunkSize", "chunkSize", CHUNK_SIZE], ["signature", "signature", text(SIGNATURE_MAX)]],
  FILE_RESPONSE: [["accept", "accept", BOOLEAN, true], ID_OF,
    ["encoding", "encoding", ENCODING], ["have", "have", HAVE], REASON],
  TRANSFER_START: [ID_OF, ["chunkSize", "chunkSize", CHUNK_SIZE, true],
    ["totalChunks", "total", NUMBER, true]],
  CHUNK_DATA: [ID_OF, ["id", "index", NUMBER, true], ["data", "data", DATA, true],
    ["hash", "hash", HASH_FIELD, true]],
  CHUNK_ACK: [ID_OF, ["id", "index", NUMBER, true], ["status", "status", STATUS, true],
    ["upTo", "upTo", NUMBER]],
  TRANSFER_COMPLETE: [ID_OF, ["totalChunks", "total", NUMBER, true],
    ["finalHash", "hash", HASH_FIELD, true]],
  TRANSFER_VERIFIED: [ID_OF, ["status", "verified", VERIFIED, true],
    ["savedPath", "savedPath", text(PATH_MAX)], REASON],
  TRANSFER_PAUSE: [ID_OF, REASON],
  TRANSFER_RESUME: [ID_OF, REASON],
  TRANSFER_CANCEL: [ID_OF, REASON],
  error: [ID_OF, ["code", "code", text(CODE_MAX)], ["message", "message", text(REASON_MAX)]],
};

function readBase64(value) {
  if (typeof value !== "string" || value === ""
      || value.length > 4 * Math.ceil(JSON_CHUNK_MAX / 3)) return undefined;
  try {
    const data = Uint8Array.from(atob(value), (c) => c.charCodeAt(0));
    return data.length <= JSON_CHUNK_MAX ? data : undefined;
  } catch {
    return undefined;
  }
}

function writeBase64(data) {
  let binary = "";

  for (let at = 0; at < data.length; at += 8192)
    binary += String.fromCharCode(...data.subarray(at, at + 8192));
  return btoa(binary);
}

// Throws a Fault, BAD_MESSAGE, for what is no message or has a field that is none.
export function readMessage(json) {
  let read;

  try {
    read = JSON.parse(json);
  } catch {
    throw badMessage("It is no JSON");
  }
  if (read === null || typeof read !== "object" || !Object.hasOwn(FIELDS, String(read.type)))
    throw badMessage("The field \"type\" names no message of a file transfer");
  const message = { type: read.type };
  for (const [key, name, kind, required] of FIELDS[read.type]) {
    const there = Object.hasOwn(read, key) && read[key] !== null;
    if (!there && required)
      throw badMessage(`The field "${key}" of ${read.type} is missing`);
    if (!there) continue;
    message[name] = kind.read(read[key]);
    if (message[name] === undefined)
      throw badMessage(`The field "${key}" of ${read.type} is not what it may be`);
  }
  return message;
}

export function writeMessage(message) {
  const out = { type: message.type };

  for (const [key, name, kind] of FIELDS[message.type])
    if (message[name] !== undefined)
      out[key] = kind.write ? kind.write(message[name]) : message[name];
  return JSON.stringify(out);
}

// One line without control characters, for a field `reason` or `message`.
export function reasonOf(fault) {
  const line = (fault instanceof Fault ? fault.message : "The disk does not take part")
    .replace(/[\p{Cc}\p{Cs}]/gu, " ");

  return line.slice(0, REASON_MAX / 4);
}
