// SPDX-License-Identifier: LGPL-2.1-or-later

// One file in the list.

import { element, icon, setText } from "./dom.js";
import { NAME_MAX } from "../transfer/filename.js";
import { bytes, cleanName, pace, takesNoFiles, transferError, transferState, trustMark }
  from "./words.js";

// Each button, and when it is there.
const ACTIONS = [
  ["accept", "Accept", (t) => !t.outgoing && t.state === "PENDING" && !t.wasAccepted],
  ["decline", "Decline", (t) => !t.outgoing && t.state === "PENDING" && !t.wasAccepted],
  ["pause", "Pause", (t) => Boolean(t.engine?.canPause) && !t.isOver],
  ["resume", "Resume", (t) => Boolean(t.engine?.canResume) && !t.isOver],
  ["save", "Save again", (t) => t.file !== null],
  ["again", "Send again", (t) => t.outgoing && t.state === "FAILED" && !t.hasLeft
    && t.error.code !== "BAD_NAME" && !takesNoFiles(t.error)],
  ["cancel", "Cancel", (t) => !t.isOver && (t.outgoing || t.wasAccepted)],
  ["remove", "Remove", (t) => t.isOver],
];

export class TransferItem {
  #transfer;
  #user;
  #buttons = new Map();
  #bar;
  #status;
  #words;
  #pace;

  // `act(action)`: what is pressed
  constructor(transfer, { participant, act }) {
    this.#transfer = transfer;
    this.#user = participant?.user || "Somebody";
    this.state = "";
    this.#bar = element("progress", { max: 1, value: 0,
      "aria-label": `How far ${this.#name} is` });
    this.#status = element("p", { className: "transfer-status" },
      this.#words = element("span"), this.#pace = element("span"));
    const tools = element("div", { className: "transfer-tools" });
    for (const [action, word] of ACTIONS) {
      const button = element("button", { type: "button", textContent: word, hidden: true,
        className: `small-button${action === "accept" ? " main" : ""}`,
        dataset: { action }, "aria-label": `${word} ${this.#name}` });
      button.addEventListener("click", () => act(action));
      this.#buttons.set(action, button);
      tools.append(button);
    }
    this.root = element("li", { className: "transfer", tabIndex: -1,
      dataset: { transfer: transfer.key, direction: transfer.outgoing ? "out" : "in" } },
    element("p", { className: "transfer-name" }, icon("file"),
      element("bdi", { textContent: this.#name })),
    element("p", { className: "transfer-from" }, ...this.#from(participant)),
    this.#bar, this.#status, tools);
  }

  // Whole: what is cut off could be its ending.
  get #name() {
    return cleanName(this.#transfer.name, "A file with a bad name", NAME_MAX);
  }

  // Size, and who it is from with the mark of who is verified, or whom it is for.
  #from(participant) {
    const { outgoing, size } = this.#transfer;
    const mark = !outgoing && participant && trustMark(participant);

    return [`${bytes(size)} ${outgoing ? "to" : "from"} `,
      element("bdi", { textContent: this.#user }),
      ...(mark ? [" ", element("span", { className: "person-trust",
        dataset: { trust: mark.kind } }, icon(mark.symbol),
      element("span", { textContent: mark.word }))] : [])];
  }

  // Whether nothing has changed but how far it is.
  get isStill() {
    return this.state === this.#key && this.#transfer.state === "TRANSFERRING";
  }

  // What decides which words and buttons there are.
  get #key() {
    const { state, error, engine, wasAccepted, hasLeft, file, isStarted, isLost } = this.#transfer;

    return [state, error?.code, engine?.pausedHere, engine?.pausedThere, engine?.isFull,
      engine?.fullThere, isLost, wasAccepted, hasLeft, file !== null, isStarted, engine !== null].join();
  }

  get words() {
    return this.#words.textContent;
  }

  show() {
    const transfer = this.#transfer;
    const { state, size, done } = transfer;

    this.#bar.value = size ? done / size : state === "COMPLETED" ? 1 : 0;
    setText(this.#words, this.#sentence());
    if (this.state === this.#key) return;
    this.state = this.#key;
    this.root.dataset.state = state;
    this.#bar.hidden = state === "PENDING" || transfer.isOver;
    if (state !== "TRANSFERRING" || transfer.isLost) setText(this.#pace, "");
    this.#status.querySelector(".icon")?.remove();
    if (state === "COMPLETED") this.#status.prepend(icon("shield-check"));
    this.#showButtons();
  }

  // A button that is gone leaves the keyboard on the one that takes it back, else on the file: a
  // key that is held would press what stands in its place.
  #showButtons() {
    const focused = document.activeElement;
    const hadFocus = this.root.contains(focused);

    for (const [action, , isThere] of ACTIONS)
      this.#buttons.get(action).hidden = !isThere(this.#transfer);
    if (!hadFocus || !focused.hidden) return;
    const back = this.#buttons.get({ pause: "resume", resume: "pause" }[focused.dataset.action]);
    (back && !back.hidden ? back : this.root).focus();
  }

  #sentence() {
    const transfer = this.#transfer;
    const { state, size, done, error } = transfer;

    if (state === "FAILED") return transferError(error, this.#user, transfer);
    if (transfer.isLost) return transferState("lost", this.#user, transfer);
    if (state === "TRANSFERRING") return `${Math.floor(size ? 100 * done / size : 100)}%`;
    return transferState(state, this.#user, transfer);
  }

  showPace(now) {
    const known = this.#transfer.pace(now);

    setText(this.#pace, known ? ` · ${pace(known)}` : "");
  }
}
