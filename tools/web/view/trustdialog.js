// SPDX-License-Identifier: LGPL-2.1-or-later

// How sure it is who a participant is: what its mark means, and the digits that two people
// compare. Opens by a click, and when the other wants to compare.

import { announce } from "./announce.js";
import { $, setText } from "./dom.js";
import { hold, READ_MS, showHeld } from "../held.js";
import { compareFailed, trustWords } from "./words.js";

export class TrustDialog {
  #call = null;
  #id = ""; // of whom it is about
  #digits = "";
  #asking = false;
  #waiting = null; // whose wish waits for another dialog to be closed
  #quiet = new Set(); // whose wishes this user has put off

  constructor() {
    const dialog = $("trust");

    dialog.addEventListener("close", () => this.#closed());
    $("trust-ask").addEventListener("click", () => this.#ask());
    $("trust-same").addEventListener("click", () => this.#answer(true));
    $("trust-differ").addEventListener("click", () => this.#answer(false));
  }

  attach(call) {
    this.#call = call;
    this.#waiting = null;
    this.#quiet.clear();
    if ($("trust").open) $("trust").close();
    const on = (type, func) => call?.addEventListener(type, ({ detail }) => {
      if (call === this.#call) func(detail);
    });
    on("compare", (detail) => this.#take(detail));
    on("participant", ({ id, what }) => {
      if (id !== this.#id) return;
      if (what === "left") $("trust").close();
      else this.#showWords();
    });
  }

  get #participant() {
    return this.#call?.participants.get(this.#id);
  }

  // `byItself`: without a click of this user
  open(id, byItself = false) {
    this.#id = id;
    this.#digits = "";
    this.#asking = false;
    if (!this.#participant) {
      this.#id = "";
      return;
    }
    setText($("trust-title"), `Is this ${this.#participant.user}?`);
    setText($("trust-error"), "");
    setText($("trust-id"), "");
    const digits = this.#call.compare.digitsFor(id);
    if (digits) this.#showDigits(digits);
    else this.#show();
    if (byItself) showHeld($("trust"));
    else if (!$("trust").open) $("trust").showModal();
  }

  #closed() {
    if (this.#id && this.#call) {
      if (this.#digits) this.#quiet.add(this.#id);
      this.#call.answerCompared(this.#id, null);
    }
    this.#id = this.#digits = "";
    this.#showWaiting();
  }

  #showWords() {
    setText($("trust-text"), trustWords(this.#participant.user, this.#call.trustOf(this.#id)));
  }

  #show() {
    const { user } = this.#participant;
    const can = this.#call.compare.can(this.#id);

    this.#showWords();
    setText($("trust-digits"), this.#digits.replace(/(?=...$)/u, " "));
    $("trust-digits").hidden = $("trust-choices").hidden = !this.#digits;
    $("trust-ask").hidden = Boolean(this.#digits) || !can;
    $("trust-ask").disabled = this.#asking;
    setText($("trust-ask"), this.#asking ? "Asking…" : `Compare digits with ${user}`);
    setText($("trust-how"), this.#digits
      ? `${user} sees six digits as well. Read them to each other, by voice: are all six the same?`
      : !can ? "Digits can be compared on a secure page, with whom this page is connected to."
        : "To be sure, compare digits: both of you see six, and they are the same only if nobody "
          + "is between the two of you.");
  }

  #ask() {
    this.#asking = true;
    this.#quiet.delete(this.#id);
    setText($("trust-error"), "");
    setText($("trust-id"), "");
    this.#show();
    this.#call.compare.ask(this.#id);
  }

  #take({ id, what, digits, reason }) {
    if (what === "asked") this.#wish(id);
    else if (what === "differs") this.#differs(id);
    else if (id !== this.#id || !this.#participant) return;
    else if (what === "digits") this.#showDigits(digits);
    else this.#fail(reason);
  }

  // The other wants to compare.
  #wish(id) {
    const user = this.#call.participants.get(id)?.user;

    if (!user || this.#quiet.has(id)) return;
    if (id !== this.#id) announce(`${user} wants to compare digits with you.`);
    const other = document.querySelector("dialog[open]");
    if (other && id !== this.#id) {
      this.#waiting = id;
      if (other !== $("trust"))
        other.addEventListener("close", () => this.#showWaiting(), { once: true });
    } else if (id !== this.#id) {
      this.open(id, true);
    }
  }

  #showWaiting() {
    const id = this.#waiting;

    this.#waiting = null;
    if (id && this.#call?.participants.has(id)) this.open(id, true);
  }

  #showDigits(digits) {
    this.#asking = false;
    this.#digits = digits;
    setText($("trust-error"), "");
    this.#show();
    hold($("trust-choices").children, READ_MS);
  }

  // The other's user has found so.
  #differs(id) {
    const user = this.#call.participants.get(id)?.user;

    if (!user) return;
    announce(`${user} has found that your digits differ.`);
    if (id !== this.#id) return;
    this.#digits = "";
    this.#show();
  }

  #fail(reason) {
    const { user, deviceId } = this.#participant;

    this.#asking = false;
    this.#digits = "";
    setText($("trust-error"), compareFailed(user, reason, deviceId));
    setText($("trust-id"), reason === "unanswered" ? deviceId : "");
    this.#show();
  }

  #answer(same) {
    const id = this.#id;
    const { user } = this.#participant;

    this.#call.answerCompared(id, same);
    this.#digits = "";
    this.#show();
    announce(same ? `${user} is verified.` : `Your digits and those of ${user} differ.`,
      { visibly: false });
    if (same) $("trust").close();
  }
}
