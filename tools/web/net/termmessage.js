// SPDX-License-Identifier: LGPL-2.1-or-later

// The messages of a shared terminal, one in each message of the data channel: the length of
// the body (4 bytes, big-endian), the type (1 byte), the body. See protocol/agents.md.

import { utf8 } from "../bytes.js";

export const TERM_OUT = 32;
export const TERM_RESIZE = 33;
export const TERM_IN = 34;
export const TERM_CONTROL = 96;
export const TERM_STATUS = 97;
export const TERM_SEEN = 98;
export const ERROR = 127;

export const HEADER_SIZE = 5; // bytes
export const OUT_MAX = 32 * 1024; // bytes of a body
export const IN_MAX = 4 * 1024;
export const JSON_MAX = 64 * 1024;
export const COLS_MAX = 500;
export const ROWS_MAX = 200;

export function write(type, body) {
  const bytes = new Uint8Array(HEADER_SIZE + body.length);

  new DataView(bytes.buffer).setUint32(0, body.length);
  bytes[4] = type;
  bytes.set(body, HEADER_SIZE);
  return bytes;
}

export const writeJson = (type, value) => write(type, utf8(JSON.stringify(value)));

export function writeSeen(count) {
  const body = new Uint8Array(8);

  new DataView(body.buffer).setBigUint64(0, BigInt(count));
  return write(TERM_SEEN, body);
}

// What is typed, in as many messages as it takes.
export function* writeTyped(bytes) {
  for (let at = 0; at < bytes.length; at += IN_MAX)
    yield write(TERM_IN, bytes.subarray(at, at + IN_MAX));
}

const text = (value) => (typeof value === "string" ? value : "");

function readSize({ cols, rows }) {
  const fits = (value, max) => Number.isInteger(value) && value >= 1 && value <= max;

  return fits(cols, COLS_MAX) && fits(rows, ROWS_MAX) ? { cols, rows } : null;
}

const readControl = ({ action, cap_token: token, message }) =>
  ({ action: text(action), token: text(token), message: text(message) });

const readStatus = ({ viewers, controller, command, ended }) => ({
  viewers: Array.isArray(viewers) ? viewers.filter((name) => typeof name === "string") : [],
  controller: text(controller), command: text(command), ended: ended === true });

const JSON_BODIES = { [TERM_RESIZE]: readSize, [TERM_CONTROL]: readControl,
  [TERM_STATUS]: readStatus, [ERROR]: ({ message }) => ({ message: text(message) }) };

// {type, value}: the bytes of TERM_OUT, else an object; null: it cannot be read, or is of a
// type that nobody sends to a viewer.
export function read(data) {
  if (!(data instanceof ArrayBuffer) || data.byteLength < HEADER_SIZE) return null;
  const view = new DataView(data);
  const type = view.getUint8(4);
  const body = new Uint8Array(data, HEADER_SIZE);

  if (view.getUint32(0) !== body.length) return null;
  if (type === TERM_OUT) return body.length <= OUT_MAX ? { type, value: body } : null;
  if (!JSON_BODIES[type] || body.length > JSON_MAX) return null;
  try {
    const json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    const value = json !== null && typeof json === "object" ? JSON_BODIES[type](json) : null;
    return value && { type, value };
  } catch {
    return null;
  }
}
