// SPDX-License-Identifier: LGPL-2.1-or-later

// Bytes as they are written, hashed and signed (protocol/README.md#conventions). Knows
// nothing of the page.

const TEXT = new TextEncoder();
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ID_GROUP = 4; // characters between two dashes of a device id

export const utf8 = (text) => TEXT.encode(text);

export const base64 = (data) => btoa(String.fromCharCode(...new Uint8Array(data)));

export const base64url = (data) =>
  base64(data).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// `size` bytes in the one spelling that they have; null for anything else.
export function readBase64(text, size) {
  if (typeof text !== "string" || text.length !== Math.ceil(size / 3) * 4) return null;
  let bytes;

  try {
    bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
  return bytes.length === size && base64(bytes) === text ? bytes : null;
}

export function readBase64url(text, size) {
  if (typeof text !== "string" || /[^\w-]/.test(text)) return null;
  return readBase64(text.replace(/-/g, "+").replace(/_/g, "/")
    .padEnd(Math.ceil(size / 3) * 4, "="), size);
}

function encode(field) {
  if (typeof field === "string") return utf8(field);
  if (typeof field !== "number") return field;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(field));
  return bytes;
}

// Texts, bytes and numbers (eight bytes), each behind its length as four bytes,
// big-endian.
export function transcript(...fields) {
  const encoded = fields.map(encode);
  const bytes = new Uint8Array(encoded.reduce((sum, one) => sum + 4 + one.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;

  for (const one of encoded) {
    view.setUint32(at, one.length);
    bytes.set(one, at + 4);
    at += 4 + one.length;
  }
  return bytes;
}

export const sha256 = async (bytes) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

// RFC 4648 §6, without padding, in groups.
function base32(bytes) {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = bits.match(/.{1,5}/g).map((five) => BASE32[parseInt(five.padEnd(5, "0"), 2)]);

  return letters.join("").match(new RegExp(`.{1,${ID_GROUP}}`, "g")).join("-");
}

// The id of the device whose public key (SubjectPublicKeyInfo) it is.
export const deviceIdOf = async (spki) => base32(await sha256(spki));
