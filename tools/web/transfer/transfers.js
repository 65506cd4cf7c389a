// SPDX-License-Identifier: LGPL-2.1-or-later

// All files of one stay in a meeting: engines, the ways to the others and the disk.
//
// Events, each with the Transfer as its detail: "offer", "changed", "removed"; and
// "targets", when who can be sent to has changed.

import { uuid } from "../ids.js";
import { Fault, badMessage } from "./fault.js";
import { checkFilename } from "./filename.js";
import { CHANNEL_MAX, CHANNEL_MEDIA, readFrame } from "./frame.js";
import { KeptParts } from "./keptparts.js";
import { Lane } from "./lane.js";
import { CHUNK_MESSAGE_MAX, MESSAGE_MAX, readMessage } from "./message.js";
import { Receiver } from "./receiver.js";
import { Sender } from "./sender.js";
import { Side } from "./side.js";
import { Transfer } from "./transfer.js";

// Files of this size are hashed before they are offered, so that the offer says what
// they are; larger ones while they are sent.
const HASH_FIRST = 32 * 1024 * 1024; // bytes
const SENT_AT_ONCE = 3; // to one participant
// Of one participant: offers that nobody has answered, and those shown that ended before
// anybody did; what comes beyond is passed over.
export const OFFERS_MAX = 16;
export const ENDED_MAX = 8;
const TO_SENDER = new Set(["FILE_RESPONSE", "CHUNK_ACK", "TRANSFER_VERIFIED"]);

const now = () => performance.now();

export class Transfers extends EventTarget {
  #call;
  #disk;
  #sides = new Map(); // participant id -> Side
  #targets = new Set(); // ids of those who can be sent to
  #list = new Map(); // key -> Transfer
  #kept; // KeptParts
  #count = 0;
  #timer = 0;
  #closed = false;

  // `call`: peer(id), participants; events "channel", "file", "participant"
  constructor(call, disk) {
    super();
    this.#call = call;
    this.#disk = disk;
    this.#kept = new KeptParts((id) => this.#discard(id));
    call.addEventListener("channel", ({ detail }) => this.#look(detail.id));
    call.addEventListener("participant", ({ detail }) => {
      if (detail.what === "left") this.#left(detail.id);
      else this.#look(detail.id);
    });
    call.addEventListener("file", ({ detail }) => this.#take(detail));
    for (const id of call.participants.keys()) this.#look(id);
  }

  get list() {
    return [...this.#list.values()];
  }

  get(key) {
    return this.#list.get(key);
  }

  // The ids of those who can be sent to.
  get targets() {
    return [...this.#targets];
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { key, isOver } of this.list) if (!isOver) this.cancel(key);
    this.#kept.clear();
    for (const id of [...this.#sides.keys()]) this.#lose(id);
  }

  #emit(type, detail) {
    if (!this.#closed) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // --- the ways to the others ---

  #look(id) {
    if (this.#closed) return;
    const peer = this.#call.peer(id);
    const control = peer?.fileChannel("file-control");
    const data = peer?.fileChannel("file");
    const side = this.#sides.get(id);

    if (side && !side.lane.goesOver(control, data)) this.#lose(id);
    this.#setTarget(id, Boolean(peer?.takesFiles));
    if (this.#sides.has(id)) return;
    if (control && data) this.#gain(id, peer, new Lane(control, data, () => Math.min(
      peer.hasMedia ? CHANNEL_MEDIA : CHANNEL_MAX, peer.connection.sctp.maxMessageSize)));
    else if (peer?.takesFiles && this.#of(id).some(({ outgoing, isOver, engine }) =>
      (outgoing && !isOver) || engine?.wantsLink)) peer.openFiles();
  }

  #setTarget(id, is) {
    if (this.#targets.has(id) === is) return;
    if (is) this.#targets.add(id);
    else this.#targets.delete(id);
    this.#emit("targets");
  }

  #gain(id, peer, lane) {
    this.#sides.set(id, new Side(peer, lane));
    for (const transfer of this.#of(id).filter(({ engine }) => engine?.isLost)) {
      transfer.engine.find(now());
      this.#drain(transfer);
    }
    this.#startNext(id);
  }

  #lose(id) {
    const side = this.#sides.get(id);

    if (!side) return;
    this.#sides.delete(id);
    side.lane.close();
    for (const transfer of this.#of(id)) {
      transfer.engine?.lose();
      if (!transfer.isOver) this.#drain(transfer);
    }
  }

  #left(id) {
    this.#lose(id);
    this.#setTarget(id, false);
    for (const transfer of this.#of(id)) {
      if (!transfer.isOver) this.#fail(transfer, new Fault("DISCONNECTED", "It has left"));
      transfer.hasLeft = true;
      this.#emit("changed", transfer);
    }
  }

  // Of those who have left another may have the id now.
  #of(id) {
    return this.list.filter(({ participant, hasLeft }) => participant === id && !hasLeft);
  }

  #fail(transfer, fault) {
    transfer.engine?.fail(fault);
    transfer.error ||= fault;
    if (!transfer.engine) this.#finish(transfer);
    this.#drain(transfer);
  }

  // --- what this side sends ---

  // `files` to each of `ids`.
  send(files, ids) {
    for (const file of files)
      for (const id of ids) this.#add(file, id);
    for (const id of ids) {
      this.#look(id);
      this.#startNext(id);
    }
  }

  #add(file, participant) {
    const transfer = new Transfer({ key: String(++this.#count), participant, outgoing: true,
      name: file.name, size: file.size });

    transfer.source = file;
    this.#list.set(transfer.key, transfer);
    try {
      checkFilename(file.name);
    } catch {
      transfer.error = new Fault("BAD_NAME", "A file cannot be called so");
    }
    this.#emit("changed", transfer);
  }

  #startNext(id) {
    if (!this.#sides.has(id)) return;
    const mine = this.#of(id).filter(({ outgoing, isOver }) => outgoing && !isOver);
    const free = SENT_AT_ONCE - mine.filter(({ isStarted }) => isStarted).length;

    for (const transfer of mine.filter(({ isStarted }) => !isStarted).slice(0, Math.max(free, 0)))
      this.#start(transfer);
  }

  async #start(transfer) {
    const { source } = transfer;
    const reader = String(++this.#count);
    let hash = "";

    transfer.isStarted = true;
    transfer.reader = reader;
    this.#emit("changed", transfer);
    let { fault } = await this.#disk.request("open", { id: reader, file: source });
    if (!fault && source.size <= HASH_FIRST)
      ({ fault, hash } = await this.#disk.request("hash", { id: reader }));
    // cancelled meanwhile, and perhaps begun anew
    if (transfer.reader !== reader) return;
    if (fault) {
      transfer.error = fault;
      this.#finish(transfer);
      this.#emit("changed", transfer);
    } else {
      this.#offer(transfer, hash);
    }
  }

  #offer(transfer, hash) {
    const { name, source } = transfer;

    try {
      transfer.begin(new Sender({ id: uuid(), filename: checkFilename(name),
        size: source.size, mime: source.type, mtime: source.lastModified, hash }, now()));
      if (!this.#sides.has(transfer.participant)) transfer.engine.lose();
    } catch (fault) {
      transfer.error = fault;
      this.#finish(transfer);
    }
    this.#drain(transfer);
  }

  #restart(transfer) {
    transfer.engine = null;
    transfer.error = null;
    this.#look(transfer.participant);
    this.#startNext(transfer.participant);
    this.#emit("changed", transfer);
  }

  // --- what comes ---

  #take(detail) {
    const side = this.#sides.get(detail.id);

    side?.take(detail, (one) => this.#read(side, one));
  }

  #read(side, { id, label, text, data }) {
    if (this.#sides.get(id) !== side) return;
    try {
      const message = data ? this.#takeFrame(id, side, new Uint8Array(data))
        : this.#takeText(text, label === "file" ? CHUNK_MESSAGE_MAX : MESSAGE_MAX);
      if (message) this.#route(id, side, message);
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      side.refuse("error", { code: fault.code, message: fault.message });
    }
  }

  #takeText(text, max) {
    if (text.length > max) throw badMessage(`A message has more than ${max} characters`);
    return readMessage(text);
  }

  // Nothing is kept of what nobody waits for.
  #takeFrame(id, side, data) {
    const frame = readFrame(data);
    const { type, last, index } = frame;
    const transfer = type === 1 ? this.#find(id, frame.id) : null;

    if (type !== 1) return side.joiner.take(frame);
    if (transfer && !transfer.outgoing && ["TRANSFERRING", "PAUSED"].includes(transfer.state))
      return side.joiner.take(frame);
    return last ? { type: "CHUNK_DATA", id: frame.id, index, data: frame.payload.slice(),
      hash: frame.hash } : null;
  }

  #find(participant, id) {
    return this.#of(participant).find(({ engine }) => engine?.id === id);
  }

  // A legacy peer need not say which, where there is one.
  #only(participant, { type }) {
    const live = this.#of(participant).filter(({ engine, isOver, outgoing }) => engine && !isOver
      && outgoing === TO_SENDER.has(type));

    return live.length === 1 ? live[0] : undefined;
  }

  #route(id, side, message) {
    const transfer = message.id === undefined ? this.#only(id, message)
      : this.#find(id, message.id);

    if (message.type === "FILE_OFFER" && (!transfer || this.#isAnew(transfer, message))) {
      if (side.signs) this.#checkOffer(id, side, message);
      else this.#takeOffer(id, side, message);
      return;
    }
    if (!transfer) {
      if (message.type !== "error")
        side.refuse("error", { id: message.id, code: "NOT_FOUND", message: "There is no such transfer" });
      return;
    }
    try {
      transfer.engine.take(message, now());
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      // without the id: it would end the transfer
      if (message.type !== "error")
        side.refuse("error", { code: fault.code, message: fault.message });
    }
    this.#drain(transfer);
  }

  // One that is over has the offer's id, and is of another file; the same offer once
  // more is not shown again.
  #isAnew({ outgoing, isOver, engine }, offer) {
    return !outgoing && isOver && engine.isOfAnother(offer);
  }

  async #checkOffer(id, side, offer) {
    await side.check(offer, (isTheirs) => {
      if (isTheirs && this.#sides.get(id) === side) this.#takeOffer(id, side, offer);
    }, (one) => this.#read(side, one));
  }

  #takeOffer(id, side, offer) {
    const open = this.#of(id).filter(({ outgoing, state }) => !outgoing && state === "PENDING");

    if (open.length >= OFFERS_MAX) {
      side.refuse("FILE_RESPONSE", { id: offer.id, accept: false,
        reason: "Too many files are offered at once" });
      return;
    }
    const engine = new Receiver(offer, now());
    // nobody need be asked
    if (engine.isOver) {
      const { type, ...fields } = engine.next().message;
      side.refuse(type, fields);
      return;
    }
    const key = this.#keyOf(id, offer, engine);
    const cut = this.#of(id).find((t) => !t.outgoing && t.isCut && t.part?.key === key);
    if (cut && !cut.isOver) {
      cut.engine.fail(new Fault("DISCONNECTED", "The file is offered anew"));
      this.#performAll(cut);
    }
    this.#find(id, offer.id)?.engine.forget();
    const transfer = cut || new Transfer({ key: String(++this.#count), participant: id,
      outgoing: false, name: engine.name, size: engine.size });
    transfer.begin(engine);
    if (!cut || this.#isShared(transfer)) {
      const busy = this.list.some((t) => t.part?.key === key && !t.isOver);
      transfer.part = { key, id: (!busy && this.#kept.find(key)) || uuid() };
    }
    this.#list.set(transfer.key, transfer);
    this.#trim(id);
    // it was said before that the file is wanted
    if (transfer.wasAccepted) engine.accept(now());
    this.#drain(transfer);
    if (!cut && engine.state === "PENDING") this.#emit("offer", transfer);
  }

  // The same file by the same key: by its hash, whoever has it; without one only of
  // the same sender.
  #keyOf(id, { hash, size, mtime }, { name, chunkSize }) {
    return JSON.stringify(hash ? [hash, size, chunkSize] : [id, name, size, mtime, chunkSize]);
  }

  // Offers that were taken back before anybody answered do not fill the list.
  #trim(id) {
    const ended = this.list.filter((t) => t.participant === id && !t.outgoing && t.isOver
      && !t.wasAccepted);

    for (const transfer of ended.slice(0, Math.max(ended.length - ENDED_MAX, 0)))
      this.remove(transfer.key);
  }

  // --- the user ---

  #act(transfer, func) {
    func(transfer.engine);
    this.#drain(transfer);
  }

  accept(key) {
    const transfer = this.#list.get(key);

    transfer.wasAccepted = true;
    this.#act(transfer, (engine) => engine.accept(now()));
  }

  decline(key) {
    this.#act(this.#list.get(key), (engine) => engine.decline());
  }

  pause(key) {
    this.#act(this.#list.get(key), (engine) => engine.pause(now()));
  }

  resume(key) {
    this.#act(this.#list.get(key), (engine) => engine.resume(now()));
  }

  cancel(key) {
    const transfer = this.#list.get(key);

    if (transfer.engine) this.#act(transfer, (engine) => engine.cancel());
    else {
      transfer.error = new Fault("CANCELLED_HERE", "It was cancelled");
      this.#finish(transfer);
      this.#emit("changed", transfer);
    }
  }

  // One that has failed is offered again.
  again(key) {
    const transfer = this.#list.get(key);

    if (transfer.isOver) this.#restart(transfer);
  }

  // One that is over leaves the list. A file that was received stays on the disk as long
  // as the page: the browser may still be saving it.
  remove(key) {
    const transfer = this.#list.get(key);

    if (!transfer?.isOver) return;
    this.#list.delete(key);
    // another may have gone on with it
    if (!transfer.file && !this.list.some(({ part }) => part && part.id === transfer.part?.id))
      this.#forgetPart(transfer);
    this.#emit("removed", transfer);
  }

  // --- what the engines want ---

  #performAll(transfer) {
    const { engine } = transfer;

    for (let action = engine?.next(); action; action = engine.next())
      this.#perform(transfer, engine, action);
  }

  #drain(transfer) {
    const { engine } = transfer;

    this.#performAll(transfer);
    if (engine?.isOver && transfer.engine === engine) {
      transfer.error ||= engine.error;
      this.#finish(transfer);
      if (transfer.error?.code === "FORGOTTEN") this.#restart(transfer);
    }
    this.#schedule();
    this.#emit("changed", transfer);
  }

  // What a transfer that is over leaves behind.
  #finish(transfer) {
    const side = this.#sides.get(transfer.participant);

    if (transfer.engine) {
      side?.lane.forget(transfer.engine.id);
      side?.joiner.forget(transfer.engine.id);
    }
    if (!transfer.isStarted) return;
    transfer.isStarted = false;
    this.#disk.request("close", { id: transfer.reader });
    transfer.reader = "";
    queueMicrotask(() => this.#startNext(transfer.participant));
  }

  // A signed offer leaves a little later, unless it is over by then.
  async #send(transfer, engine, message) {
    const side = this.#sides.get(transfer.participant);

    if (message.type !== "FILE_OFFER" || !side?.signs)
      return void side?.lane.send(message, engine.encoding);
    const signed = await side.sign(message);
    if (!engine.isOver && this.#sides.get(transfer.participant) === side)
      side.lane.send(signed, engine.encoding);
  }

  async #perform(transfer, engine, action) {
    const { type, index, hash, data } = action;
    const part = transfer.part?.id;
    const ask = async (op, rest, answer) => {
      const result = await this.#disk.request(op, rest);
      answer(result);
      this.#drain(transfer);
    };

    if (type === "send") this.#send(transfer, engine, action.message);
    else if (type === "read")
      await ask("read", { id: transfer.reader, offset: action.offset, size: action.size },
        (result) => engine.read(index, result, now()));
    else if (type === "hash")
      await ask("hash", { id: transfer.reader }, (result) => engine.hashed(result, now()));
    else if (type === "begin") {
      this.#kept.take(transfer.part);
      await ask("begin", { id: part, size: transfer.size, chunkSize: action.chunkSize },
        (result) => engine.begun(result, now()));
    } else if (type === "write")
      // a copy: with a full disk it is written again
      await ask("write", { id: part, index, data: data.slice(), hash },
        (result) => engine.written(index, result, now()));
    else if (type === "commit")
      await ask("commit", { id: part, hash }, (result) => {
        engine.committed(result, now());
        if (engine.state === "COMPLETED") transfer.file = result.file;
      });
    else if (type === "close") this.#kept.keep(transfer.part);
    else if (type === "discard") this.#forgetPart(transfer);
  }

  // Whether another goes on in the same part, or has become a file there.
  #isShared({ key, part }) {
    return this.list.some((t) => t.key !== key && part && t.part?.id === part.id
      && (!t.isOver || t.file));
  }

  #forgetPart(transfer) {
    if (this.#isShared(transfer)) return;
    this.#kept.take(transfer.part);
    if (transfer.part) this.#discard(transfer.part.id);
  }

  #discard(id) {
    this.#disk.request("discard", { id });
  }

  // --- time ---

  #schedule() {
    const deadline = Math.min(...this.list.filter(({ isOver }) => !isOver)
      .map(({ engine }) => engine?.deadline ?? Infinity), Infinity);

    clearTimeout(this.#timer);
    if (deadline < Infinity && !this.#closed)
      this.#timer = setTimeout(() => this.#tick(), Math.max(0, deadline - now()));
  }

  #tick() {
    for (const transfer of this.list) {
      if (transfer.isOver || !(transfer.engine?.deadline <= now())) continue;
      transfer.engine.tick(now());
      this.#drain(transfer);
    }
    this.#schedule();
  }
}
