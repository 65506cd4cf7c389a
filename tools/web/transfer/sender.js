// SPDX-License-Identifier: LGPL-2.1-or-later

// One file to one receiver; engine.js says how it is owned.
//
// PENDING: FILE_OFFER is sent, again after 3 s and then ever more seldom, until
// FILE_RESPONSE comes. TRANSFERRING: TRANSFER_START, then as many chunks at once as
// window.js says, those that the receiver has passed over. A chunk that is corrupt, or
// not acknowledged in time, is sent again. When all are acknowledged: VERIFYING,
// TRANSFER_COMPLETE until TRANSFER_VERIFIED. PAUSED: either side has said so, or the
// receiver has no room. A peer that answers without an encoding knows the base messages
// alone, and is sent no other. It may hold a file to the hash of its offer: if that had
// none, the file is hashed, and offered again with it.
//
// Over another link it goes on where it was: an offer is said again, and what one chunk
// is answered says which of the others have come.

import { Engine, chunksOf, patience } from "./engine.js";
import { Fault, saidCode } from "./fault.js";
import { CHUNKS_TOTAL_MAX } from "./message.js";
import { Outbox } from "./outbox.js";

// For an answer: somebody has to be asked, and what is there of it is read again.
export const OFFER_TIMEOUT = 300000;
const READ_RATE = 100000; // bytes per ms
// For the answer to an offer that was accepted already, and is made again with its hash;
// then the first counts.
export const AGAIN_TIMEOUT = 10000;
export const CHUNK_SIZE = 65536; // bytes
export const JSON_CHUNK_SIZE = 32768; // with base64 it is within 65,536 bytes

export class Sender extends Engine {
  #offer;
  #outbox = null;
  #total = 0;
  #heard = false; // the receiver has had TRANSFER_START
  #hash;
  #accepted = null; // what a legacy peer has answered to an offer without hash
  #acceptedUntil = Infinity; // when it was told the hash: for another answer

  // {id (a uuid), filename, size, mime, mtime (Unix ms), hash ("": told at the end)}.
  // Throws a Fault, TOO_LARGE.
  constructor({ id, filename, size, mime, mtime, hash }, now) {
    super(id);
    if (chunksOf(size, JSON_CHUNK_SIZE) > CHUNKS_TOTAL_MAX)
      throw new Fault("TOO_LARGE", "The file has too many chunks");
    this.#offer = { filename, size, hash, mime: mime || undefined, mtime: mtime || undefined,
      encodings: ["json", "binary"], chunkSize: CHUNK_SIZE };
    this.#hash = hash;
    this.encoding = "";
    this.savedPath = "";
    this.fullThere = false; // the receiver has no room
    this.#beginOffer(now);
  }

  get size() {
    return this.#offer.size;
  }

  // bytes that are acknowledged
  get done() {
    return this.#outbox?.done ?? 0;
  }

  #sendOffer() {
    this.send("FILE_OFFER", this.#offer);
  }

  #beginOffer(now) {
    this.#sendOffer();
    this.repeat(now, now + OFFER_TIMEOUT + Math.floor(this.size / READ_RATE));
  }

  // Of find().
  goOn(now) {
    if (this.state === "PENDING") {
      if (!this.#accepted || this.#hash) this.#beginOffer(now);
    } else if (this.state === "VERIFYING") {
      if (this.#hash) this.#beginComplete(now);
    } else {
      // who does not know of it says so; else nothing would be said while it is paused
      if (!this.#heard || (this.state === "PAUSED" && !this.seed)) this.#sendStart();
      if (this.pausedHere) this.say("TRANSFER_PAUSE");
      this.#outbox.ask(now);
    }
  }

  // The receiver is not there any more: the file can go on in another transfer.
  fail(fault) {
    if (this.end(fault)) this.#outbox?.clear();
  }

  #giveUp(type, fault) {
    this.endWith(type, fault);
    this.#outbox?.clear();
  }

  #sendStart() {
    this.send("TRANSFER_START", { chunkSize: this.chunkSize, total: this.#total });
  }

  #sendComplete() {
    if (!this.#heard) this.#sendStart();
    this.send("TRANSFER_COMPLETE", { total: this.#total, hash: this.#hash });
  }

  #beginComplete(now) {
    this.#sendComplete();
    this.repeat(now, now + patience(this.size));
  }

  // Goes on with what there is to do.
  #pump(now) {
    if (this.state !== "TRANSFERRING" || !this.#outbox.fill()) return;
    this.move("complete");
    if (this.#hash) this.#beginComplete(now);
    else this.want("hash");
  }

  // --- what the receiver says ---

  // Throws a Fault, BAD_MESSAGE or NOT_FOUND, when it is out of place; nothing is
  // changed then.
  take(message, now) {
    this.checkId(message);
    if (["FILE_OFFER", "TRANSFER_START", "CHUNK_DATA", "TRANSFER_COMPLETE"]
      .includes(message.type)) throw this.outOfPlace(message.type);
    if (this.isOver) {
      this.tellAgain(message);
      return;
    }
    // it has waited too long for the link, and keeps what it has
    const isForgotten = this.unheard && message.code === "TIMEOUT"
      && ["TRANSFERRING", "PAUSED"].includes(this.state);
    this.unheard = false;
    switch (message.type) {
      case "FILE_RESPONSE":
        if (this.state === "PENDING") this.#takeResponse(message, now);
        break;
      case "CHUNK_ACK":
        this.#takeAck(message, now);
        break;
      case "TRANSFER_VERIFIED":
        this.#takeVerified(message);
        break;
      case "TRANSFER_CANCEL":
        this.fail(new Fault("CANCELLED", "The other side has cancelled"));
        break;
      case "error":
        if (message.id) this.fail(new Fault(isForgotten ? "FORGOTTEN"
          : saidCode(message.code), "The other side does not go on"));
        break;
      default:
        this.#takePause(message, now);
    }
  }

  #takeResponse(response, now) {
    if (!response.accept) {
      this.fail(new Fault("DECLINED", response.reason || ""));
    } else if (response.encoding !== undefined || this.#hash) {
      this.#beAccepted(response, now);
    } else if (!this.#accepted) {
      this.#accepted = response;
      this.answered();
      this.want("hash");
    }
  }

  #beAccepted({ encoding, have = [] }, now) {
    this.seed = encoding === undefined;
    this.encoding = encoding || "json";
    this.chunkSize = this.encoding === "json" ? JSON_CHUNK_SIZE : CHUNK_SIZE;
    this.#total = chunksOf(this.size, this.chunkSize);
    // it counts in the chunks that were offered
    const counts = this.chunkSize === CHUNK_SIZE ? have : [];
    if (counts.length && counts.at(-2) + counts.at(-1) > this.#total) {
      this.#giveUp("TRANSFER_CANCEL",
        new Fault("BAD_MESSAGE", "The response takes what was not offered"));
      return;
    }
    this.answered();
    this.move("accept");
    this.#outbox = new Outbox(this, { size: this.size, chunkSize: this.chunkSize,
      total: this.#total, have: counts });
    this.#sendStart();
    this.#pump(now);
  }

  #takeAck(message, now) {
    if (this.state === "PENDING") throw this.outOfPlace(message.type);
    if (this.state === "VERIFYING") return;
    if (message.index >= this.#total || message.upTo > this.#total)
      throw new Fault("BAD_MESSAGE", "CHUNK_ACK is of a chunk that the file does not have");
    this.#heard = true;
    if (message.status === "full") {
      this.pausedThere = this.fullThere = true;
      this.updatePause(false);
    }
    try {
      this.#outbox.acked(message, now);
    } catch (fault) {
      this.#giveUp("error", fault);
      return;
    }
    this.#pump(now);
  }

  #takeVerified(message) {
    if (this.state === "PENDING") throw this.outOfPlace(message.type);
    if (!message.verified) {
      this.fail(new Fault("NOT_TAKEN", "The other side could not take the file"));
      return;
    }
    if (this.state !== "VERIFYING" || this.again === Infinity)
      throw this.outOfPlace(message.type);
    this.savedPath = message.savedPath || "";
    this.answered();
    this.move("success");
  }

  #updatePause(now) {
    if (!this.updatePause(false) || this.state !== "TRANSFERRING") return;
    this.#outbox.sendReady(now);
    this.#pump(now);
  }

  #takePause({ type, reason }, now) {
    if (this.state === "PENDING") throw this.outOfPlace(type);
    this.pausedThere = type === "TRANSFER_PAUSE";
    this.fullThere = this.pausedThere && reason === "full";
    this.#updatePause(now);
  }

  // --- what the disk answers ---

  // Of a file that has changed nothing is of use later.
  #loseSource(fault) {
    this.#giveUp(fault.code === "CHANGED" ? "TRANSFER_CANCEL" : "error", fault);
  }

  read(index, { data, hash, fault }, now) {
    if (this.isOver) return;
    if (fault) this.#loseSource(fault);
    else this.#outbox.wasRead(index, data, hash, now);
  }

  hashed({ hash, fault }, now) {
    const again = this.state === "PENDING" && this.#accepted;

    if ((this.state !== "VERIFYING" && !again) || this.#hash) return;
    if (fault) {
      this.#loseSource(fault);
      return;
    }
    this.#hash = hash;
    if (!again) {
      this.#beginComplete(now);
      return;
    }
    this.#offer.hash = hash;
    this.#acceptedUntil = now + AGAIN_TIMEOUT;
    this.#beginOffer(now);
  }

  // --- time ---

  get deadline() {
    if (this.isLost) return Infinity;
    if (this.state === "TRANSFERRING") return this.#outbox.deadline;
    return Math.min(this.again, this.giveUpAt,
      this.state === "PENDING" ? this.#acceptedUntil : Infinity);
  }

  tick(now) {
    if (this.state === "TRANSFERRING") this.#retry(now);
    else if (this.state === "PENDING" && now >= this.#acceptedUntil)
      this.#beAccepted(this.#accepted, now);
    else if (now >= this.giveUpAt) this.#runOut();
    else if (this.isDue(now)) {
      if (this.state === "PENDING") this.#sendOffer();
      else this.#sendComplete();
    }
  }

  #retry(now) {
    if (!this.#heard && this.#outbox.deadline <= now) this.#sendStart();
    try {
      this.#outbox.retryLate(now);
    } catch (fault) {
      this.#giveUp("error", fault);
    }
  }

  // Who has chunks keeps them for the next time, also who has just accepted.
  #runOut() {
    this.#giveUp("error", new Fault("TIMEOUT", "The other side does not answer"));
  }

  // --- the user; false: the state has no such thing ---

  get canPause() {
    return !this.pausedHere && ["TRANSFERRING", "PAUSED"].includes(this.state);
  }

  pause(now) {
    if (!this.canPause) return false;
    this.pausedHere = true;
    this.say("TRANSFER_PAUSE");
    this.#updatePause(now);
    return true;
  }

  get canResume() {
    return this.pausedHere && this.state === "PAUSED";
  }

  resume(now) {
    if (!this.canResume) return false;
    this.pausedHere = false;
    this.say("TRANSFER_RESUME");
    this.#updatePause(now);
    return true;
  }

  cancel() {
    if (this.isOver) return false;
    this.#giveUp("TRANSFER_CANCEL", new Fault("CANCELLED_HERE", "It was cancelled"));
    return true;
  }
}
