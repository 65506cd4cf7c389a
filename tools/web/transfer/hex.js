// SPDX-License-Identifier: LGPL-2.1-or-later

const DIGITS = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

export function toHex(bytes) {
  let text = "";

  for (const byte of bytes) text += DIGITS[byte];
  return text;
}

export function fromHex(text) {
  return Uint8Array.from({ length: text.length / 2 },
    (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
