// SPDX-License-Identifier: LGPL-2.1-or-later

// Addresses in what others have written: http and https alone, and as text alone.

import { element } from "./dom.js";

const ADDRESS = /https?:\/\/[^\s<>"']+/giu;
const AFTER = /[.,;:!?]$/u; // of the sentence, not of the address

// What ends a sentence, and a bracket that was opened before the address.
function withoutEnd(text) {
  let address = text;

  for (;;) {
    const count = (bracket) => address.split(bracket).length;
    const closes = address.endsWith(")") && count(")") > count("(");
    if (!closes && !AFTER.test(address)) return address;
    address = address.slice(0, -1);
  }
}

function isAddress(text) {
  try {
    return Boolean(new URL(text));
  } catch {
    return false;
  }
}

// [text, address, text, …]: what is at an odd place is one.
export function split(text) {
  const parts = [];
  let at = 0;

  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutEnd(match[0]);
    if (!isAddress(address)) continue;
    parts.push(text.slice(at, match.index), address);
    at = match.index + address.length;
  }
  parts.push(text.slice(at));
  return parts;
}

export const withLinks = (text) => split(text).map((part, i) => (i % 2 === 0 ? part
  : element("a", { href: part, target: "_blank", rel: "noopener noreferrer",
    textContent: part })));
