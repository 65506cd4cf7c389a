// SPDX-License-Identifier: LGPL-2.1-or-later

// What sender and receiver of one file share. Without I/O: messages, times (ms, of a
// clock that does not go back) and what the disk answered go in, actions come out of
// next(). Whoever owns the engine does them in their order:
//
//   {type: "send", message}
// of a sender
//   {type: "read", index, offset, size} -> read()
//   {type: "hash"}                      -> hashed()
// of a receiver
//   {type: "begin", chunkSize}          -> begun(); again, when the chunks have
//                                          another size than was thought
//   {type: "write", index, data, hash}  -> written()
//   {type: "commit", hash}              -> committed()
//   {type: "close"}                     what is verified stays for the next transfer
//   {type: "discard"}                   nothing stays

import { Fault, badMessage, saidCode } from "./fault.js";
import { reasonOf } from "./message.js";
import { isOver, nextState } from "./state.js";
import { TIMEOUT_FIRST, TIMEOUT_MAX } from "./window.js";

// For what the other side does with the whole file: a minute, and as long as a slow
// disk takes to read it.
const PATIENCE = 60000;
const PATIENCE_RATE = 10000; // bytes per ms

export const patience = (size) => PATIENCE + Math.floor(size / PATIENCE_RATE);

export const chunksOf = (size, chunkSize) => Math.ceil(size / chunkSize);

export const chunkSizeOf = (size, chunkSize, index) =>
  Math.min(chunkSize, size - index * chunkSize);

export class Engine {
  #actions = [];
  #last = ""; // the type of the message that told how it ended
  #unsaid = false; // and whether that went over a link that is lost
  #saidAgain = false;
  #wait = 0;

  constructor(id) {
    this.id = id;
    this.state = "PENDING";
    this.error = null;
    this.seed = false; // the other side knows the base messages alone
    this.pausedHere = false;
    this.pausedThere = false;
    this.isLost = false; // there is no link
    this.unheard = false; // nothing has come since the link was lost
    this.again = Infinity; // when what was not answered is said once more
    this.giveUpAt = Infinity;
  }

  get isOver() {
    return isOver(this.state);
  }

  next() {
    return this.#actions.shift() || null;
  }

  want(type, more = {}) {
    this.#actions.push({ type, ...more });
  }

  send(type, fields = {}) {
    this.want("send", { message: { type, id: this.id, ...fields } });
  }

  // What the base protocol does not have.
  say(type, reason) {
    if (!this.seed) this.send(type, { reason });
  }

  move(event) {
    const next = nextState(this.state, event);

    if (next) this.state = next;
    else console.warn(`A transfer is ${this.state} and knows no ${event}`);
  }

  // Whether the state has changed.
  updatePause(also) {
    const pause = this.pausedHere || this.pausedThere || also;

    if (this.state !== (pause ? "TRANSFERRING" : "PAUSED")) return false;
    this.move(pause ? "pause" : "resume");
    return true;
  }

  // What has been said is still sent, but for the chunks. Whether it was not over.
  end(fault) {
    if (this.isOver) return false;
    this.#actions = this.#actions.filter(({ type, message }) =>
      type === "send" && message.type !== "CHUNK_DATA");
    this.error = fault;
    this.answered();
    this.move("fail");
    return true;
  }

  endWith(type, fault) {
    if (!this.end(fault)) return;
    this.#last = type;
    this.#unsaid = this.isLost;
    this.#tell();
  }

  // The link is gone: what is said is not heard, and nobody is waited for. What was said
  // last may not have been heard either: a link is silent for a while before it is lost.
  lose() {
    this.isLost = this.unheard = true;
    this.#unsaid ||= this.#last !== "" && !this.#saidAgain;
  }

  // Whether another link is of use.
  get wantsLink() {
    return this.isLost && (!this.isOver || this.#unsaid);
  }

  // There is another link: what it takes to go on is said.
  find(now) {
    if (!this.isLost) return;
    this.isLost = false;
    if (!this.isOver) {
      this.goOn(now);
    } else if (this.#unsaid) {
      this.#unsaid = false;
      this.#saidAgain = true;
      this.#tell();
    }
  }

  #tell() {
    const reason = reasonOf(this.error);
    const type = this.#last;

    if (this.seed && (type === "TRANSFER_CANCEL" || type === "error")) return;
    const fields = { FILE_RESPONSE: { accept: false }, TRANSFER_VERIFIED: { verified: false } };
    this.send(type, { ...fields[type], ...(this.seed ? {}
      : type === "error" ? { code: saidCode(this.error.code), message: reason } : { reason }) });
  }

  // The other side has not heard how it ended.
  tellAgain({ type }) {
    if (this.state === "FAILED" && this.#last && type !== "TRANSFER_CANCEL" && type !== "error")
      this.#tell();
  }

  checkId({ id }) {
    if (id !== undefined && id !== this.id)
      throw new Fault("NOT_FOUND", `The message is not of the transfer ${this.id}`);
  }

  outOfPlace(type) {
    return badMessage(`${type} is out of place while the transfer is ${this.state}`);
  }

  repeat(now, giveUpAt) {
    this.#wait = TIMEOUT_FIRST;
    this.again = now + this.#wait;
    this.giveUpAt = giveUpAt;
  }

  answered() {
    this.again = this.giveUpAt = Infinity;
  }

  isDue(now) {
    if (now < this.again) return false;
    this.#wait = Math.min(this.#wait * 2, TIMEOUT_MAX);
    this.again = now + this.#wait;
    return true;
  }
}
