// SPDX-License-Identifier: LGPL-2.1-or-later

// Addresses in what others have written: http and https alone, and as text alone.

import { element } from "./dom.js";

// Without what turns the direction of writing, or is not seen: it would show another address.
const ADDRESS = /https?:\/\/[^\s<>"'\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]+/giu;
const AFTER = new Set(".,;:!?"); // of the sentence, not of the address

// What ends a sentence, and a bracket that was opened before the address.
function withoutEnd(text) {
  const count = (bracket) => text.split(bracket).length - 1;
  let closing = count(")") - count("(");
  let end = text.length;

  for (; end > 0; end--) {
    const last = text[end - 1];
    if (last === ")" && closing > 0) closing--;
    else if (!AFTER.has(last)) break;
  }
  return text.slice(0, end);
}

// A user's name before the host poses as the host: such an address stays text.
function isAddress(text) {
  try {
    const { username, password } = new URL(text);
    return username === "" && password === "";
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
