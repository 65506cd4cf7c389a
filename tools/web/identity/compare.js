// SPDX-License-Identifier: LGPL-2.1-or-later

// The six digits that two people compare in a meeting (protocol/meeting.md#compare): they
// come from the certificates of the connection between the two, as each side has them, and
// from a nonce of each. Who asks commits to its nonce first, so nobody between the two can
// choose what comes out. Knows neither channels nor the page.
//
// Events, each with detail {id}: "asked", the other wants to compare; "digits" with
// {id, digits}; "differs", the other user has found that they differ; "failed" with
// {id, reason}: "unanswered", "changed" or "wrong".

import { base64, readBase64, sha256, transcript } from "../bytes.js";
import { isEarlier } from "../ids.js";

const NONCE_SIZE = 32; // bytes
const HASH_SIZE = 32;
const DIGITS = 6;
export const ANSWER_MS = 5000; // until a side that does not answer cannot compare
export const ASK_EVERY_MS = 10000; // what the other asks sooner is not heard

const commitOf = (nonce, { own }) => sha256(transcript("vm2 compare commit", nonce, own));

// `asker`, `other`: {print, id, nonce}; as trust/pairing/sas.c makes digits of a hash.
export async function digitsOf(asker, other) {
  const hash = await sha256(transcript("vm2 compare", asker.print, asker.id, asker.nonce,
    other.print, other.id, other.nonce));

  return [...hash].reduce((rest, byte) => (rest * 256 + byte) % 10 ** DIGITS, 0)
    .toString().padStart(DIGITS, "0");
}

export class Comparisons extends EventTarget {
  #self;
  #printsOf;
  #send;
  #now;
  #open = new Map(); // id -> {asks, nonce, prints, commit, timer}
  #askedAt = new Map(); // id -> when the other has asked last
  #results = new Map(); // id -> {same, prints}
  #disputable = new Set(); // ids of whose last digits the other can still say that they differ

  // `self`: this participant's id; `printsOf(id)`: {own, theirs}, fingerprints of both ends
  // of the connection in use, or null; `send(id, message)`: over it, whether it was sent;
  // `now()`: in ms
  constructor({ self, printsOf, send, now = () => performance.now() }) {
    super();
    this.#self = self;
    this.#printsOf = printsOf;
    this.#send = send;
    this.#now = now;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #end(id) {
    clearTimeout(this.#open.get(id)?.timer);
    this.#open.delete(id);
  }

  #fail(id, reason) {
    this.#end(id);
    this.#tell("failed", { id, reason });
  }

  // Who was asked has heard nothing of it yet.
  #late(id) {
    if (this.#open.get(id)?.asks) this.#fail(id, "unanswered");
    else this.#end(id);
  }

  #begin(id, fields) {
    this.#end(id);
    const one = { nonce: crypto.getRandomValues(new Uint8Array(NONCE_SIZE)), ...fields,
      timer: setTimeout(() => this.#late(id), ANSWER_MS) };
    this.#open.set(id, one);
    return one;
  }

  // Whether there is a connection to the participant whose ends can be compared.
  can(id) {
    return Boolean(crypto.subtle) && this.#printsOf(id) !== null;
  }

  async ask(id) {
    if (!this.can(id)) {
      this.#fail(id, "unanswered");
      return;
    }
    const one = this.#begin(id, { asks: true, prints: this.#printsOf(id) });
    const commit = base64(await commitOf(one.nonce, one.prints));

    if (this.#open.get(id) === one
        && !this.#send(id, { type: "compare", step: "commit", value: commit }))
      this.#fail(id, "unanswered");
  }

  // What came over the connection to `id`.
  async take(id, { step, value }) {
    if (step === "commit") this.#takeCommit(id, value);
    else if (step === "nonce") await this.#takeNonce(id, value);
    else if (step === "reveal") await this.#takeReveal(id, value);
    else if (step === "differ") this.#takeDiffer(id);
  }

  #takeDiffer(id) {
    if (!this.#disputable.delete(id)) return;
    if (this.digitsFor(id)) this.#end(id);
    this.#results.set(id, { same: false });
    this.#tell("differs", { id });
  }

  // Of two that ask at once the earlier participant does. Who asks is never asked too often.
  #takeCommit(id, value) {
    const commit = readBase64(value, HASH_SIZE);
    const prints = this.#printsOf(id);
    const own = this.#open.get(id);
    const often = this.#now() - (this.#askedAt.get(id) ?? -Infinity) < ASK_EVERY_MS;

    if (!commit || !prints || !this.can(id) || (own?.asks && isEarlier(this.#self, id))
        || (often && (!own?.asks || own.theirs))) return;
    this.#askedAt.set(id, this.#now());
    const { nonce } = this.#begin(id, { asks: false, prints, commit: value });
    this.#send(id, { type: "compare", step: "nonce", value: base64(nonce) });
  }

  async #takeNonce(id, value) {
    const one = this.#open.get(id);
    const nonce = readBase64(value, NONCE_SIZE);

    if (!one?.asks || one.theirs || !nonce) return;
    one.theirs = nonce;
    this.#send(id, { type: "compare", step: "reveal", value: base64(one.nonce) });
    await this.#finish(id, one);
  }

  async #takeReveal(id, value) {
    const one = this.#open.get(id);
    const nonce = readBase64(value, NONCE_SIZE);

    if (!one || one.asks || one.theirs || !nonce) return;
    one.theirs = nonce;
    const commit = base64(await sha256(transcript("vm2 compare commit", nonce,
      one.prints.theirs)));
    if (this.#open.get(id) !== one) return;
    if (commit !== one.commit) {
      this.#fail(id, "wrong");
      return;
    }
    this.#tell("asked", { id });
    await this.#finish(id, one);
  }

  async #finish(id, one) {
    const { own, theirs } = one.prints;
    const here = { print: own, id: this.#self, nonce: one.nonce };
    const there = { print: theirs, id, nonce: one.theirs };
    const digits = await (one.asks ? digitsOf(here, there) : digitsOf(there, here));

    if (this.#open.get(id) !== one) return;
    if (!this.#isStill(id, one.prints)) {
      this.#fail(id, "changed");
      return;
    }
    clearTimeout(one.timer);
    one.digits = digits;
    this.#disputable.add(id);
    this.#tell("digits", { id, digits });
  }

  #isStill(id, { own, theirs }) {
    const prints = this.#printsOf(id);

    return prints !== null && prints.own === own && prints.theirs === theirs;
  }

  // That are to be compared now, or "".
  digitsFor(id) {
    return this.#open.get(id)?.digits || "";
  }

  // The users have compared what both were shown, or this one has put it off (null).
  answer(id, same) {
    const one = this.#open.get(id);

    this.#end(id);
    if (!one?.digits || same === null) return;
    this.#results.set(id, { same, prints: one.prints });
    if (same) return;
    this.#disputable.delete(id);
    this.#send(id, { type: "compare", step: "differ" });
  }

  // "same" or "different", as this page's user has found on the connection in use; "" for
  // neither. That digits differed stays true of whatever connection, until
  // others are the same.
  resultOf(id) {
    const result = this.#results.get(id);

    if (!result) return "";
    if (!result.same) return "different";
    return this.#isStill(id, result.prints) ? "same" : "";
  }

  forget(id) {
    this.#end(id);
    this.#askedAt.delete(id);
    this.#results.delete(id);
    this.#disputable.delete(id);
  }

  close() {
    for (const id of [...this.#open.keys()]) this.#end(id);
  }
}
