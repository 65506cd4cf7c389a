// SPDX-License-Identifier: LGPL-2.1-or-later

// One file from one sender: the other end of sender.js.
//
// PENDING: somebody is asked; accept() has the file begun, and then FILE_RESPONSE says
// so, with the chunks that are there from an earlier transfer. TRANSFERRING: a chunk is
// written when its hash is right, and then acknowledged. Chunks that come before
// TRANSFER_START, or while it is paused here, wait, a window's worth of them. No room
// is a pause: both sides know, and it is tried again. VERIFYING: all chunks are there,
// the whole is compared with its hash and gets its name.
//
// Over another link it goes on where it was, when the sender asks or offers it again.
// The file stays for another transfer when the sender is gone, nothing comes for long,
// or the disk fails; it is discarded when either side cancels, or it is not what was
// announced.

import { Engine, chunksOf, patience } from "./engine.js";
import { Fault, badMessage, saidCode } from "./fault.js";
import { safeFilename } from "./filename.js";
import { isUuid } from "./frame.js";
import { Inbox } from "./inbox.js";
import { CHUNKS_TOTAL_MAX } from "./message.js";

export const ASK_TIMEOUT = 360000; // for the user; the sender gives up before
export const FULL_RETRY = 5000; // between two attempts to write on a full disk
// Chunks that come longer than this after TRANSFER_PAUSE end the pause: what ends it
// was lost.
const PAUSE_GRACE = 5000;
const NAG_EVERY = 1000; // to a sender that goes on although it was told to pause
const SEED_CHUNK_SIZE = 65536;
// Bytes per ms: a chunk of more than the base protocol's size is waited for as much
// longer as the rest of it takes.
const SLOWEST = 1.024;

export class Receiver extends Engine {
  #offer;
  #inbox;
  #encoding; // undefined: the sender knows the base protocol alone
  #accepted = false;
  #ready = false; // the file is begun, with this size of chunks
  #started = false; // TRANSFER_START has come
  #complete = ""; // the hash of TRANSFER_COMPLETE
  #have = [];
  #heard; // when the last message came
  #paused = 0; // when the sender last said so
  #nagged = -Infinity; // when it was last told to pause
  #probeAt = Infinity;

  // A file that cannot be taken, whoever is asked, is declined at once: it has FAILED.
  constructor(offer, now) {
    super(offer.id);
    this.#offer = offer;
    this.#heard = now;
    this.#inbox = new Inbox(this, 0, SEED_CHUNK_SIZE);
    this.name = "";
    this.seed = offer.encodings === undefined;
    if (!this.seed)
      this.#encoding = offer.encodings.includes("binary") && isUuid(offer.id)
        ? "binary" : "json";
    try {
      this.name = safeFilename(offer.filename);
      const chunkSize = offer.chunkSize || SEED_CHUNK_SIZE;
      if (chunksOf(offer.size, chunkSize) > CHUNKS_TOTAL_MAX)
        throw new Fault("TOO_LARGE", "The file has too many chunks");
      this.#inbox = new Inbox(this, offer.size, chunkSize);
    } catch (fault) {
      this.#refuse(fault);
    }
  }

  get size() {
    return this.#offer.size;
  }

  get chunkSize() {
    return this.#inbox.chunkSize;
  }

  // bytes that are verified
  get done() {
    return this.#inbox.done;
  }

  get isFull() {
    return this.#inbox.probe !== null;
  }

  // Whoever knows the base protocol alone may count its files from 1 each day.
  isOfAnother({ filename, size, hash, mtime }) {
    const { filename: name, hash: before, mtime: changed } = this.#offer;

    return filename.normalize("NFC") !== name.normalize("NFC") || size !== this.size
      || Boolean(hash && before && hash !== before)
      || Boolean(mtime && changed && mtime !== changed);
  }

  // Another has the id. What is said of this one would be taken for word of that.
  forget() {
    this.id = "";
  }

  lose() {
    if (this.id) super.lose();
  }

  #refuse(fault) {
    this.endWith("FILE_RESPONSE", fault);
  }

  #part(type) {
    this.#inbox.clear();
    if (this.#accepted) this.want(type);
  }

  #giveUp(type, fault) {
    if (this.isOver) return;
    this.endWith(this.seed ? "TRANSFER_VERIFIED" : type, fault);
    this.#part(type === "error" ? "close" : "discard");
  }

  // Of find(). The sender asks for what it needs to know, but for a pause that it has not
  // heard of; and whoever does not send any more says so.
  goOn(now) {
    this.#heard = now;
    if (!this.#started || this.state === "VERIFYING") return;
    if (this.pausedHere || this.isFull)
      this.say("TRANSFER_PAUSE", this.isFull ? "full" : undefined);
    else
      this.say("TRANSFER_RESUME");
  }

  // The sender is not there any more.
  fail(fault, part = "close") {
    if (this.end(fault)) this.#part(part);
  }

  #updatePause() {
    this.updatePause(this.isFull);
  }

  get #isOpen() {
    return this.#ready && this.#started && !this.pausedHere && !this.isFull;
  }

  #flush() {
    if (this.#isOpen) this.#inbox.flush();
  }

  #respond() {
    this.send("FILE_RESPONSE", { accept: true, encoding: this.#encoding,
      have: this.#have.length && !this.seed ? this.#have : undefined });
  }

  #sendVerified() {
    this.send("TRANSFER_VERIFIED", { verified: true, savedPath: this.name });
  }

  // All chunks are there, and the sender has said what the file is.
  #checkComplete() {
    if (!this.#complete || !this.#ready || !this.#inbox.isFull) return;
    this.pausedThere = false;
    this.#updatePause();
    if (this.state !== "TRANSFERRING") return;
    this.answered();
    this.move("complete");
    this.want("commit", { hash: this.#complete });
  }

  // --- what the disk answers ---

  #begin(chunkSize) {
    this.#ready = false;
    this.#inbox.setChunkSize(chunkSize);
    this.want("begin", { chunkSize });
  }

  begun({ have = [], fault }, now) {
    if (this.isOver || this.#ready) return;
    if (fault && this.state === "PENDING") {
      this.#refuse(fault);
      this.#part("close");
      return;
    }
    if (fault) {
      this.#giveUp("error", fault);
      return;
    }
    this.#ready = true;
    this.#heard = now;
    this.#inbox.addRuns(have);
    if (this.state === "PENDING") {
      this.#have = have;
      this.#respond();
      this.move("accept");
    }
    this.#flush();
    this.#checkComplete();
  }

  written(index, { fault }, now) {
    const wasFull = this.isFull;

    if (this.isOver) return;
    try {
      this.#inbox.written(index, fault);
    } catch (end) {
      this.#giveUp("error", end);
      return;
    }
    if (this.isFull && !this.#inbox.probing && this.#probeAt === Infinity)
      this.#beFull(now, wasFull);
    if (wasFull && !this.isFull) {
      this.#probeAt = Infinity;
      if (!this.pausedHere) {
        this.#goOn(now);
        return;
      }
    }
    this.#flush();
    this.#checkComplete();
  }

  #beFull(now, wasFull) {
    this.#probeAt = now + FULL_RETRY;
    if (wasFull) return;
    this.#nagged = now;
    this.say("TRANSFER_PAUSE", "full");
    this.#updatePause();
  }

  committed({ fault }) {
    if (this.state !== "VERIFYING") return;
    if (!fault) {
      this.move("success");
      this.#sendVerified();
      return;
    }
    this.endWith("TRANSFER_VERIFIED", fault);
    this.#part(fault.code === "BAD_MESSAGE" ? "discard" : "close");
  }

  // --- what the sender says ---

  // Throws a Fault, BAD_MESSAGE or NOT_FOUND, when it is out of place; nothing is
  // changed then.
  take(message, now) {
    this.checkId(message);
    if (["FILE_RESPONSE", "CHUNK_ACK", "TRANSFER_VERIFIED"].includes(message.type))
      throw this.outOfPlace(message.type);
    if (this.isOver) {
      this.#answerAgain(message);
      return;
    }
    this.#heard = now;
    this.unheard = false;
    this.#poke(now);
    switch (message.type) {
      case "FILE_OFFER":
        this.#takeOffer(message);
        break;
      case "TRANSFER_CANCEL":
        this.fail(new Fault("CANCELLED", "The other side has cancelled"), "discard");
        break;
      case "error":
        if (message.id) this.fail(new Fault(saidCode(message.code),
          "The other side does not go on"));
        break;
      default:
        if (this.state === "PENDING") throw this.outOfPlace(message.type);
        this.#takeMore(message, now);
    }
  }

  #takeMore(message, now) {
    switch (message.type) {
      case "TRANSFER_START":
        this.#takeStart(message);
        break;
      case "CHUNK_DATA":
        if (this.state !== "VERIFYING") this.#takeChunk(message, now);
        break;
      case "TRANSFER_COMPLETE":
        this.#takeComplete(message);
        break;
      default:
        this.pausedThere = message.type === "TRANSFER_PAUSE";
        this.#paused = now;
        this.#updatePause();
        this.#checkComplete();
    }
  }

  // Once more; one that had no hash may have it by now.
  #takeOffer({ size, hash }) {
    if (size !== this.size || (this.#offer.hash && hash !== this.#offer.hash))
      throw badMessage("FILE_OFFER has the id of another file");
    if (this.state !== "PENDING") this.#respond();
  }

  #takeStart({ chunkSize, total }) {
    const expected = chunksOf(this.size, chunkSize);

    if (total !== expected || total > CHUNKS_TOTAL_MAX
        || (this.#started && chunkSize !== this.chunkSize)) {
      this.#giveUp("TRANSFER_CANCEL",
        badMessage("TRANSFER_START does not have the chunks of the file"));
      return;
    }
    if (this.#started) return;
    this.#started = true;
    if (chunkSize !== this.chunkSize) this.#begin(chunkSize);
    this.#flush();
  }

  // While it is paused here, the sender has not heard.
  #nag(now) {
    if (now - this.#nagged < NAG_EVERY) return;
    this.#nagged = now;
    this.say("TRANSFER_PAUSE", this.isFull ? "full" : undefined);
  }

  #takeChunk(message, now) {
    if (this.pausedHere || this.isFull) this.#nag(now);
    if (this.pausedThere && now - this.#paused > PAUSE_GRACE) {
      this.pausedThere = false;
      this.#updatePause();
    }
    this.#inbox.take(message, this.#isOpen);
  }

  #takeComplete({ total, hash }) {
    if (total !== this.#inbox.total)
      throw badMessage("TRANSFER_COMPLETE does not have the chunks of the file");
    if (this.state === "VERIFYING") return;
    if (this.#offer.hash && hash !== this.#offer.hash) {
      this.endWith("TRANSFER_VERIFIED", badMessage("The file is not what was announced"));
      this.#part("discard");
      return;
    }
    this.#complete = hash;
    this.#checkComplete();
  }

  // The sender has not heard how it ended.
  #answerAgain(message) {
    this.tellAgain(message);
    if (this.state !== "COMPLETED") return;
    if (message.type === "TRANSFER_COMPLETE") this.#sendVerified();
    else if (message.type === "CHUNK_DATA" && message.index < this.#inbox.total)
      this.#inbox.ack(message.index, "received");
  }

  // --- time ---

  // Nothing comes, and it is not for the disk that it does not.
  get #idleAt() {
    return this.state === "TRANSFERRING" && this.#ready && !this.#inbox.isWriting
      ? this.#heard + patience(this.size)
        + Math.max(this.chunkSize - SEED_CHUNK_SIZE, 0) / SLOWEST
      : Infinity;
  }

  // Nobody answers.
  get #ignoredAt() {
    return this.state === "PENDING" && !this.#accepted ? this.#heard + ASK_TIMEOUT : Infinity;
  }

  get deadline() {
    return this.isLost ? Infinity : Math.min(this.#idleAt, this.#ignoredAt, this.again,
      this.isFull ? this.#probeAt : Infinity);
  }

  tick(now) {
    if (now >= this.#ignoredAt) {
      this.#refuse(new Fault("TIMEOUT", "Nobody has answered the offer"));
      return;
    }
    if (now >= this.#idleAt) {
      this.#giveUp("error", new Fault("TIMEOUT", "Nothing comes from the other side"));
      return;
    }
    if (this.isFull && now >= this.#probeAt) this.#probe();
    if (this.isDue(now)) this.say("TRANSFER_RESUME");
  }

  #probe() {
    this.#probeAt = Infinity;
    this.#inbox.tryAgain();
  }

  // Whoever paused the transfer, and said so, goes on saying that it goes on while
  // nothing comes.
  #poke(now) {
    if (this.#nagged > -Infinity && !this.seed && this.state === "TRANSFERRING")
      this.repeat(now, Infinity);
    else this.answered();
  }

  // Behind the end of a pause of this side.
  #goOn(now) {
    this.say("TRANSFER_RESUME");
    this.#updatePause();
    this.#heard = now;
    this.#poke(now);
    this.#flush();
    this.#checkComplete();
  }

  // --- the user; false: the state has no such thing ---

  accept(now) {
    if (this.state !== "PENDING" || this.#accepted) return false;
    this.#accepted = true;
    this.#heard = now;
    this.#begin(this.chunkSize);
    return true;
  }

  decline(fault = new Fault("DECLINED_HERE", "The file was declined")) {
    if (this.state !== "PENDING") return false;
    this.#refuse(fault);
    this.#part("discard");
    return true;
  }

  get canPause() {
    return !this.pausedHere && ["TRANSFERRING", "PAUSED"].includes(this.state);
  }

  pause(now) {
    if (!this.canPause) return false;
    this.pausedHere = true;
    this.#nagged = now;
    this.say("TRANSFER_PAUSE");
    this.#updatePause();
    this.#poke(now);
    return true;
  }

  get canResume() {
    return this.state === "PAUSED" && (this.pausedHere || this.isFull);
  }

  resume(now) {
    if (!this.canResume) return false;
    this.pausedHere = false;
    if (!this.isFull) this.#goOn(now);
    else if (!this.#inbox.probing) this.#probe();
    return true;
  }

  cancel() {
    if (this.isOver) return false;
    if (!this.decline()) this.#giveUp("TRANSFER_CANCEL",
      new Fault("CANCELLED_HERE", "It was cancelled"));
    return true;
  }
}
