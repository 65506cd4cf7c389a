// SPDX-License-Identifier: LGPL-2.1-or-later

const random = (size) => crypto.getRandomValues(new Uint8Array(size));

// crypto.randomUUID() is there on secure pages only.
export function uuid() {
  const bytes = random(16);

  bytes[6] = (bytes[6] & 0x0f) | 0x40; // RFC 9562 §5.4
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20),
    hex.slice(20)].join("-");
}

// 16 bytes in base64
export function nonce() {
  return btoa(String.fromCharCode(...random(16)));
}

// Participant ids are a counter with leading zeros: who joined earlier.
export function isEarlier(a, b) {
  return a.length !== b.length ? a.length < b.length : a < b;
}
