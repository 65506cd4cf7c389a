// SPDX-License-Identifier: LGPL-2.1-or-later

// The chat as it is seen: the log, the field to write in, the count of what was
// not seen.
//
// Events: "opened", "closed".

import { cleanText, isTooLong } from "../chat.js";
import { $, element, setText } from "./dom.js";
import { withLinks } from "./links.js";

const NEAR_END = 60; // px; who has scrolled up wants to stay there
const LINES_MAX = 6; // of the field

function timeOf(entry) {
  const time = new Date(entry.time);

  return element("time", { dateTime: entry.time,
    textContent: time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) });
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
    $("chat-input").addEventListener("input", () => {
      setText($("chat-error"), "");
      this.#fit();
    });
    $("chat-target").addEventListener("change", () => this.#showTarget());
  }

  attach(call) {
    this.#call = call;
    this.#unread = 0;
    $("chat-input").value = "";
    setText($("chat-error"), "");
    this.#fit();
    this.#showAll();
    this.#onUnread(0);
    $("chat-target").replaceChildren();
    this.#showTargets();
    const on = (type, func) => call?.addEventListener(type, ({ detail }) => {
      if (call === this.#call) func(detail);
    });
    on("chat", (detail) => this.#take(detail));
    on("participant", () => this.#showTargets());
  }

  // --- who reads it ---

  // Whoever was chosen and has left stays chosen: what was meant for one is never told to
  // all.
  #showTargets() {
    const select = $("chat-target");
    const { value } = select;
    const gone = select.selectedOptions[0]?.dataset.user;
    const others = this.#call?.people.filter(({ self }) => !self) || [];
    const option = (id, user, text) => element("option", { value: id, textContent: text,
      dataset: { user } });

    select.replaceChildren(option("", "", "To everybody"),
      ...others.map(({ id, user }) => option(id, user, `To ${user} alone`)),
      ...(value && !others.some(({ id }) => id === value)
        ? [option(value, gone, `To ${gone} (has left)`)] : []));
    select.value = value;
    this.#showTarget();
  }

  #showTarget() {
    const select = $("chat-target");
    const words = select.value ? `Message to ${select.selectedOptions[0].dataset.user} alone`
      : "Message to everybody";

    setText($("chat-error"), "");
    setText($("chat-input-label"), words);
    $("chat-input").placeholder = words;
    $("chat-form").classList.toggle("alone", select.value !== "");
  }

  #answer(id) {
    $("chat-target").value = id;
    this.#showTarget();
    $("chat-input").focus();
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
    const { value, selectedOptions } = $("chat-target");
    if (!this.#call.say(text, value)) {
      setText($("chat-error"), `${selectedOptions[0].dataset.user} has left, so this was not `
        + "sent. Choose who is to read it.");
      return;
    }
    setText($("chat-error"), "");
    $("chat-input").value = "";
    this.#fit();
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
      && !entry.private && !last.classList.contains("private");
    const item = element("div", { className: `message${entry.own ? " own" : ""}`
        + `${again ? " again" : ""}${entry.private ? " private" : ""}`, dataset: { from: entry.from, user: entry.user } });

    item.append(element("p", { className: "message-head" },
      element("span", { className: "message-user", textContent: entry.own ? "You" : entry.user }),
      ...(entry.private ? [" ", element("span", { className: "message-private",
        textContent: entry.own ? `only to ${entry.to}` : "only to you" })] : []),
      " ", timeOf(entry)));
    item.append(element("p", { className: "message-text" }, ...withLinks(entry.text)));
    if (entry.private && !entry.own) item.append(this.#answerButton(entry));
    return item;
  }

  #answerButton({ from, user }) {
    const button = element("button", { type: "button", className: "small-button message-answer",
      textContent: "Answer", "aria-label": `Answer ${user} alone` });

    button.addEventListener("click", () => {
      if (this.#call.participants.has(from)) this.#answer(from);
      else setText($("chat-error"), `${user} has left.`);
    });
    return button;
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
