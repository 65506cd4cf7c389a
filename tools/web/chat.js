// SPDX-License-Identifier: LGPL-2.1-or-later

// Chat as it goes over the data channel `chat`, and what has been said. Knows
// neither channels nor the page.

import { uuid } from "./ids.js";

export const TEXT_MAX = 4096; // bytes of UTF-8
const KEPT_MAX = 1000; // messages
const ID_MAX = 64;

const size = (text) => new TextEncoder().encode(text).length;
// control characters but newline and tab
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu;

// The text that is sent for what was typed; "" when nothing is left.
export function cleanText(typed) {
  return typed.replace(/\r\n?/g, "\n").replace(CONTROL, "").trim();
}

export function isTooLong(text) {
  return size(text) > TEXT_MAX;
}

const isText = (value) => typeof value === "string" && value !== ""
  && !isTooLong(value);

function isTime(value) {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

// What anybody may have written into a message; null when it says nothing.
export function readEntry(entry) {
  if (entry === null || typeof entry !== "object" || !isText(entry.text)) return null;
  const id = typeof entry.id === "string" && entry.id !== ""
    && entry.id.length <= ID_MAX ? entry.id : null;
  return {
    id,
    from: typeof entry.from === "string" ? entry.from.slice(0, ID_MAX) : "",
    user: typeof entry.user === "string" ? entry.user.slice(0, 128) : "",
    text: entry.text.replace(CONTROL, ""),
    time: isTime(entry.time) ? entry.time : null,
    private: entry.private === true, // for this page's user alone
  };
}

// {kind: "chat", entry, plain}, {kind: "history", entries}, or null. What is no
// object of ours is text that somebody typed into another program.
export function parse(data) {
  let object = null;

  if (typeof data !== "string") return null;
  try {
    object = JSON.parse(data);
  } catch {
    // plain text
  }
  if (object !== null && typeof object === "object") {
    if (object.type === "chat" && isText(object.text))
      return { kind: "chat", entry: readEntry(object) };
    if (object.type === "chat-history" && Array.isArray(object.messages))
      return { kind: "history",
        entries: object.messages.map(readEntry).filter(Boolean) };
  }
  return isText(data)
    ? { kind: "chat", entry: readEntry({ text: data }), plain: true } : null;
}

export function write({ id, text, time, private: alone = false }) {
  return JSON.stringify({ type: "chat", id, text, time, ...alone && { private: true } });
}

// An id counts under its sender's name: nobody can take another's.
const keyOf = ({ from, id }) => `${from || ""} ${id}`;

export class Chat {
  #entries = [];
  #known = new Set(); // by keyOf()

  get entries() {
    return this.#entries;
  }

  #know(entry) {
    if (!entry.id) entry.id = uuid();
    if (this.#known.has(keyOf(entry))) return false;
    this.#known.add(keyOf(entry));
    if (!entry.time) entry.time = new Date().toISOString();
    return true;
  }

  #trim() {
    while (this.#entries.length > KEPT_MAX)
      this.#known.delete(keyOf(this.#entries.shift()));
  }

  // Whether it is news.
  add(entry) {
    if (!this.#know(entry)) return false;
    this.#entries.push(entry);
    this.#trim();
    return true;
  }

  // What was said before this page came goes before what it has heard; how
  // many of them it did not know.
  addHistory(entries) {
    const fresh = entries.filter((entry) => this.#know(entry));

    this.#entries.unshift(...fresh);
    this.#trim();
    return fresh.length;
  }
}
