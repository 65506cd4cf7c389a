// SPDX-License-Identifier: LGPL-2.1-or-later

// The chat as it is seen: the log, the field to write in, the count of what was
// not seen.
//
// Events: "opened", "closed".

import { cleanText, isTooLong } from "../chat.js";
import { $, element, setText } from "./dom.js";

const NEAR_END = 60; // px; who has scrolled up wants to stay there
const LINES_MAX = 6; // of the field

function timeOf(entry) {
  const time = new Date(entry.time);

  return element("time", { dateTime: entry.time,
    textContent: time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) });
}

// Text with its links: never anything but http and https.
function withLinks(text) {
  const parts = [];
  let at = 0;

  for (const match of text.matchAll(/https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)]/gu)) {
    parts.push(text.slice(at, match.index));
    parts.push(element("a", { href: match[0], target: "_blank",
      rel: "noopener noreferrer", textContent: match[0] }));
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}

export class ChatPanel {
  #call = null;
  #unread = 0;
  #onUnread;

  // `onUnread(count)`
  constructor(onUnread) {
    this.#onUnread = onUnread;
    $("chat-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    $("chat-input").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#send();
      }
    });
    $("chat-input").addEventListener("input", () => this.#fit());
  }

  attach(call) {
    this.#call = call;
    this.#unread = 0;
    $("chat-input").value = "";
    setText($("chat-error"), "");
    this.#fit();
    this.#showAll();
    this.#onUnread(0);
    call?.addEventListener("chat", ({ detail }) => {
      if (call === this.#call) this.#take(detail);
    });
  }

  get isOpen() {
    return !$("chat").hidden;
  }

  opened() {
    this.#unread = 0;
    this.#onUnread(0);
    this.#toEnd();
    $("chat-input").focus();
  }

  #fit() {
    const { style } = $("chat-input");
    const lines = Math.min($("chat-input").value.split("\n").length, LINES_MAX);

    style.height = `calc(${lines} * 1.4em + 1.3rem)`;
  }

  #send() {
    const text = cleanText($("chat-input").value);

    if (!text) return;
    if (isTooLong(text)) {
      setText($("chat-error"), "That is too long for one message.");
      return;
    }
    setText($("chat-error"), "");
    $("chat-input").value = "";
    this.#fit();
    this.#call.say(text);
  }

  #take({ entry, history }) {
    if (history) {
      this.#showAll();
      return;
    }
    const log = $("chat-log");
    const follow = entry.own
      || log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
    log.querySelector(".empty")?.remove();
    log.append(this.#item(entry, log.lastElementChild));
    if (follow) this.#toEnd();
    if (entry.own || this.isOpen) return;
    this.#unread++;
    this.#onUnread(this.#unread, entry);
  }

  #item(entry, last) {
    const again = last?.dataset.from === entry.from && last?.dataset.user === entry.user
      && !entry.private;
    const item = element("div", { className: `message${entry.own ? " own" : ""}`
        + `${again ? " again" : ""}`, dataset: { from: entry.from, user: entry.user } });

    item.append(element("p", { className: "message-head" },
      element("span", { className: "message-user", textContent: entry.own ? "You" : entry.user }),
      ...(entry.private ? [" ", element("span", { className: "message-private",
        textContent: "only to you" })] : []),
      " ", timeOf(entry)));
    item.append(element("p", { className: "message-text" }, ...withLinks(entry.text)));
    return item;
  }

  #showAll() {
    const log = $("chat-log");

    log.replaceChildren();
    for (const entry of this.#call?.chat.entries || [])
      log.append(this.#item(entry, log.lastElementChild));
    if (!log.childElementCount)
      log.append(element("p", { className: "empty",
        textContent: "Nothing has been said yet. Everybody in the meeting reads what "
          + "you write here." }));
    this.#toEnd();
  }

  #toEnd() {
    $("chat-log").scrollTop = $("chat-log").scrollHeight;
  }
}
