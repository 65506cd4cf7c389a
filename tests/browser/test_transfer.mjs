// SPDX-License-Identifier: LGPL-2.1-or-later

// A file transfer of the page without a browser: hashes, frames, messages, names, and
// sender and receiver on a clock of the test's.

import { createHash, randomBytes } from "node:crypto";
import { assert, equal, main, test } from "./check.mjs";
import { load } from "./webmodules.mjs";

const words = await load("view/words.js");
const { patience } = await load("transfer/engine.js");
const { Fault, saidCode } = await load("transfer/fault.js");
const { NAME_INPUT_MAX, NAME_MAX, checkFilename, safeFilename } = await load("transfer/filename.js");
const frames = await load("transfer/frame.js");
const { HIGH, Lane } = await load("transfer/lane.js");
const { readMessage, writeMessage } = await load("transfer/message.js");
const { Part, MemoryStore, Source, digest } = await load("transfer/parts.js");
const { ASK_TIMEOUT, Receiver } = await load("transfer/receiver.js");
const { RUNS_MAX, areRuns, nextMissing, runsOf } = await load("transfer/runs.js");
const { AGAIN_TIMEOUT, CHUNK_SIZE, JSON_CHUNK_SIZE, OFFER_TIMEOUT, Sender } = await load("transfer/sender.js");
const { Sha256 } = await load("transfer/sha256.js");
const { signOffer, verifyOffer } = await load("transfer/offersignature.js");
const { LATER_MAX, REFUSALS_MAX, Side } = await load("transfer/side.js");
const { nextState } = await load("transfer/state.js");
const { Window, CHUNKS_MAX, CHUNKS_MIN, TIMEOUT_FIRST, TIMEOUT_MIN } =
  await load("transfer/window.js");

const ID = "01234567-89ab-4cde-8f01-23456789abcd";
const HASH = "0".repeat(64);
const sha256 = (data) => createHash("sha256").update(data).digest("hex");

// The code of the Fault that `func` throws; "" when it throws none.
function faultOf(func) {
  try {
    func();
    return "";
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.code;
  }
}

test("hash: the vectors of FIPS 180, and pieces of every length", () => {
  const vectors = [
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"],
    ["a".repeat(1000000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ];

  for (const [text, hash] of vectors)
    equal(new Sha256().update(new TextEncoder().encode(text)).hex(), hash, text.slice(0, 9));
  for (let length = 0; length < 260; length++) {
    const data = randomBytes(length);
    for (const piece of [1, 63, 64, 65]) {
      const hash = new Sha256();
      for (let at = 0; at < length; at += piece) hash.update(data.subarray(at, at + piece));
      equal(hash.hex(), sha256(data), `${length} bytes by ${piece}`);
    }
  }
});

test("names: what a file may be called", () => {
  const good = ["a", "report (2).pdf", "…", "Ünïcödé.txt", "a:b?c*.txt", "con1", "com10",
    "<b>bold.html", ".hidden", "auxiliary.c", "x".repeat(NAME_MAX - 1), "x".repeat(NAME_MAX)];
  const bad = ["", ".", "..", "a/b", "../a", "/etc/passwd", "a\\b", "a\0", "a\n", "\u001b[2J",
    "a\u202egpj.exe", "a\u200eb", "\ufeffa", "a\u2028b", "a.", "a ", "a\u00a0", "con", "CON.txt",
    "nul .tar.gz", "com1", "lpt¹.x", "aux:", "clock$", ".vm-a", ".VM-a", 7, undefined, "\ud800"];

  for (const name of good) equal(checkFilename(name), name, "a name");
  equal(checkFilename("e\u0301"), "é", "composed");
  for (const name of bad)
    equal(faultOf(() => checkFilename(name)), "BAD_MESSAGE", JSON.stringify(name));
  for (const name of ["x".repeat(NAME_MAX + 1), "é".repeat(NAME_MAX / 2 + 1),
    "x".repeat(NAME_INPUT_MAX), "x".repeat(NAME_INPUT_MAX + 1)])
    equal(faultOf(() => checkFilename(name)), "TOO_LARGE", `${name.length} long`);
  for (const [name, safe] of [["a-b.c", "a-b.c"], [".bashrc", "_bashrc"], ["...a", "_..a"],
    ["-rf", "_rf"], ["~root", "_root"], ["a:b", "a_b"], ["<a>|\"?*", "_a_____"],
    ["a\u200bb", "ab"], ["\u200b.bashrc", "_bashrc"], ["a\ufe0f", "a"], ["a\u{e0021}b", "ab"]]) {
    equal(safeFilename(name), safe, JSON.stringify(name));
    equal(safeFilename(safe), safe, "made safe once more");
  }
  for (const name of ["\u200b", "a.\u200b", "co\u200bn", "..", "a/b", "a\u202egpj.exe"])
    equal(faultOf(() => safeFilename(name)), "BAD_MESSAGE", JSON.stringify(name));
  const apart = "e\u0301".repeat(NAME_MAX / 2);
  assert(Buffer.byteLength(apart) > NAME_MAX, "long before it is composed");
  equal(checkFilename(apart), "é".repeat(NAME_MAX / 2), "composed it is short enough");
});

test("words: joiners stay where writing needs them", () => {
  const names = ["\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", "\u{1f469}\u{1f3fd}\u200d\u{1f680}",
    "\u2764\ufe0f\u200d\u{1f525}"];
  const others = [["An\u200cn", "Ann"], ["An\u200dn", "Ann"], ["A\ufe0fnn", "Ann"],
    ["\u0639\u200c", "\u0639"], ["\u0639\u200c\u200c\u0639", "\u0639\u0639"],
    ["\u0627\u200c\u0639", "\u0627\u0639"], ["\u{1f468}\u200dA", "\u{1f468}A"],
    ["\ufeffAnn\u202e", "Ann"]];

  equal([...names, ...others.map(([name]) => name)].map((name) => words.cleanName(name, "")),
    [...names, ...others.map(([, kept]) => kept)], "what is kept");
  equal(words.apart(names[0].replace("\u200c", ""), [names[0]]).endsWith(" (2)"), true,
    "names that differ in joiners alone");
  equal(safeFilename(`${names[0]}.txt`), `${names[0]}.txt`, "a file's name");
});

test("words: sizes, times, and why, whatever code comes", () => {
  equal([0, 1, 999, 1000, 65537, 999499, 999500, 2 ** 33, 2 ** 53 - 1].map(words.bytes),
    ["0 bytes", "1 byte", "999 bytes", "1.0 kB", "66 kB", "999 kB", "1.0 MB", "8.6 GB", "9.0 PB"],
    "sizes");
  equal([[1, 0.2], [1e6, 59], [2e6, 61], [3e7, 6000]].map(([rate, left]) =>
    words.pace({ rate, left })), ["1 byte/s · 1 s left", "1.0 MB/s · 59 s left",
    "2.0 MB/s · 2 min left", "30 MB/s · 2 h left"], "times");
  const why = (code, more = {}, message = "") =>
    words.transferError({ code, message }, "Bo", more);
  equal([why("DISCONNECTED", { hasLeft: true }), why("DISCONNECTED"),
    why("TIMEOUT", { outgoing: true }), why("TIMEOUT", { wasAccepted: true }), why("TIMEOUT", {})],
  ["Bo has left.", "Bo has stopped it.", "Bo did not answer in time.",
    "Bo did not answer in time.", "Nobody answered in time."], "why");
  equal(["", "The file was declined", "Nobody receives files here", "There is no room",
    "\u202eroom"].map((reason) => why("DECLINED", {}, reason)),
  ["Bo does not want it.", "Bo does not want it.", "Bo does not receive files.",
    "Bo does not take it: “There is no room”", "Bo does not take it: “room”"], "declined");
  const state = (engine) => words.transferState("PAUSED", "Bo", { outgoing: true, engine });
  equal([{ pausedHere: true, fullThere: true }, { fullThere: true }, {}].map(state),
    ["Paused by you", "Paused: Bo has no room for it now.", "Paused by Bo"], "paused");
  for (const code of ["<b>", "", undefined, "constructor"])
    equal(why(code), "It could not be transferred.", String(code));
  equal(["TIMEOUT", "CANCELLED_HERE", "NO_SPACE", "<b>", undefined].map(saidCode),
    ["TIMEOUT", "FAILED", "FAILED", "FAILED", "FAILED"], "between devices");
});

test("state: the edges that are drawn, and no other", () => {
  const events = ["accept", "pause", "resume", "complete", "success", "fail"];
  const edges = ["PENDING", "TRANSFERRING", "PAUSED", "VERIFYING", "COMPLETED", "FAILED"]
    .flatMap((state) => events.map((event) => [state, event, nextState(state, event)]))
    .filter(([, , next]) => next);

  equal(edges, [["PENDING", "accept", "TRANSFERRING"], ["PENDING", "fail", "FAILED"],
    ["TRANSFERRING", "pause", "PAUSED"], ["TRANSFERRING", "complete", "VERIFYING"],
    ["TRANSFERRING", "fail", "FAILED"], ["PAUSED", "resume", "TRANSFERRING"],
    ["PAUSED", "fail", "FAILED"], ["VERIFYING", "success", "COMPLETED"],
    ["VERIFYING", "fail", "FAILED"]], "edges");
});

test("runs: one spelling, within bounds", () => {
  const many = (n) => Array.from({ length: n }, (_, i) => [3 * i, 2]).flat();

  for (const list of [[], [0, 10, 12, 3], many(RUNS_MAX - 1), many(RUNS_MAX)])
    equal(areRuns(list), true, JSON.stringify(list).slice(0, 40));
  for (const list of [[0], [0, 0], [-1, 2], [5, 1, 6, 1], [5, 1, 0, 1], [0.5, 1], [2 ** 53, 1],
    [2 ** 53 - 1, 1], many(RUNS_MAX + 1), "x", null])
    equal(areRuns(list), false, JSON.stringify(list).slice(0, 40));
  equal(runsOf(15, (i) => i < 10 || i > 11), [0, 10, 12, 3], "runs");
  equal(runsOf(3 * RUNS_MAX + 3, (i) => i % 3 < 2), many(RUNS_MAX), "no more than are taken");
  equal([0, 9, 10, 11, 12, 15].map((i) => nextMissing([0, 10, 12, 3], i)),
    [10, 10, 10, 11, 15, 15], "missing");
});

test("messages: what the wire draws is read and written", () => {
  const wire = [
    { type: "FILE_OFFER", filename: "a", size: 10, hash: HASH, id: ID, mime: "text/plain",
      mtime: "2026-01-02T03:04:05.678Z", encodings: ["json", "binary"], chunkSize: 65536 },
    { type: "FILE_OFFER", filename: "a", size: 0, hash: "", id: "1" },
    { type: "FILE_RESPONSE", accept: true, transferId: ID, encoding: "binary", have: [0, 1] },
    { type: "FILE_RESPONSE", accept: false, transferId: ID, reason: "no" },
    { type: "TRANSFER_START", transferId: ID, chunkSize: 65536, totalChunks: 156 },
    { type: "CHUNK_ACK", transferId: ID, id: 0, status: "received", upTo: 1 },
    { type: "TRANSFER_COMPLETE", transferId: ID, totalChunks: 156, finalHash: HASH },
    { type: "TRANSFER_VERIFIED", transferId: ID, status: "verified", savedPath: "a" },
    { type: "TRANSFER_VERIFIED", transferId: ID, status: "failed" },
    { type: "TRANSFER_PAUSE", transferId: ID }, { type: "TRANSFER_RESUME", transferId: ID },
    { type: "TRANSFER_CANCEL", transferId: ID, reason: "x" },
    { type: "error", transferId: ID, code: "TIMEOUT", message: "x" },
    { type: "CHUNK_DATA", transferId: ID, id: 5, data: "AAEC", hash: HASH },
  ];

  for (const message of wire)
    equal(JSON.parse(writeMessage(readMessage(JSON.stringify(message)))), message, message.type);
  equal([...readMessage(JSON.stringify(wire.at(-1))).data], [0, 1, 2], "base64");
  equal(readMessage('{"type":"CHUNK_ACK","id":1,"status":"lost"}').status, "corrupt",
    "a word of a peer's own");
  equal(readMessage('{"type":"TRANSFER_VERIFIED","status":"ok"}').verified, false, "of a file");
  equal(readMessage('{"type":"FILE_OFFER","filename":"a","size":1,"hash":"","id":"1",'
    + '"encodings":["smoke"]}').encodings, ["json"], "encodings that are not known");
  equal(readMessage('{"type":"error","x":{"y":1},"code":null}'), { type: "error" }, "fields");
});

test("messages: what is none is refused", () => {
  const offer = { type: "FILE_OFFER", filename: "a", size: 1, hash: "", id: "1" };
  const bad = [7, null, [], "", { type: "hello" }, { type: "constructor" }, {},
    ...[{ filename: 7 }, { filename: "a\n" }, { size: -1 }, { size: 0.5 }, { size: 2 ** 53 },
      { size: "1" }, { hash: "ab" }, { hash: HASH.replace("0", "A") }, { hash: undefined },
      { id: "" }, { id: "a/b" }, { id: "x".repeat(65) }, { mtime: "yesterday" }, { mtime: 5 },
      { chunkSize: 1023 }, { chunkSize: 1024 * 1024 + 1 }, { encodings: "json" },
      { mime: "x".repeat(128) }].map((wrong) => ({ ...offer, ...wrong })),
    { type: "FILE_RESPONSE", transferId: ID }, { type: "FILE_RESPONSE", accept: 1 },
    { type: "FILE_RESPONSE", accept: true, have: [1] },
    { type: "FILE_RESPONSE", accept: true, encoding: "smoke" },
    { type: "CHUNK_DATA", id: 0, data: "?", hash: HASH }, { type: "CHUNK_DATA", id: 0, data: "",
      hash: HASH }, { type: "CHUNK_ACK", id: -1, status: "received" },
    { type: "TRANSFER_CANCEL", reason: "x".repeat(257) }];

  equal(faultOf(() => readMessage("{")), "BAD_MESSAGE", "no JSON");
  for (const message of bad)
    equal(faultOf(() => readMessage(JSON.stringify(message))), "BAD_MESSAGE",
      JSON.stringify(message) || "nothing");
  for (const good of [{ id: "x".repeat(64) }, { chunkSize: 1024 }, { chunkSize: 1024 * 1024 },
    { mime: "x".repeat(127) }, { size: 2 ** 53 - 1 }])
    equal(faultOf(() => readMessage(JSON.stringify({ ...offer, ...good }))), "", "at the limit");
});

// --- frames ---

const chunk = (size, index = 0) => {
  const data = new Uint8Array(randomBytes(size));
  return { type: "CHUNK_DATA", id: ID, index, hash: sha256(data), data };
};

test("frames: as they are drawn, within what a channel takes", () => {
  const message = chunk(65536, 2 ** 33 + 5);
  const [first, ...rest] = [...frames.splitChunk(message, frames.CHANNEL_MEDIA)];

  equal(Buffer.from(first.subarray(0, 8)).toString("hex"), "564d463101000048", "the beginning");
  equal(Buffer.from(first.subarray(8, 40)).toString("hex"),
    "0123456789ab4cde8f0123456789abcd" + "0000000200000005" + "00000000" + "00003fb8", "numbers");
  equal(rest.length, 4, "pieces");
  equal([first.length, rest.at(-1)[5]], [frames.CHANNEL_MEDIA, 1], "sizes, and the last");
  equal([...frames.splitChunk(message, frames.CHANNEL_MAX)].map((f) => f.length), [65536, 144],
    "where no media runs");
  const joiner = new frames.Joiner();
  const order = [3, 1, 1, 4, 0].map((i) => [first, ...rest][i]);
  for (const frame of order) equal(joiner.take(frames.readFrame(frame)), null, "not whole");
  const joined = joiner.take(frames.readFrame(rest[1]));
  assert(Buffer.from(joined.data).equals(Buffer.from(message.data)), "the chunk");
  equal([joined.id, joined.index, joined.hash], [ID, 2 ** 33 + 5, message.hash], "its fields");
  equal(joiner.pending, 0, "nothing is kept");
});

test("frames: what is none is refused, and bounds hold", () => {
  const good = [...frames.splitChunk(chunk(100), 16384)][0];
  const change = (at, ...bytes) => {
    const bad = good.slice();
    bad.set(bytes, at);
    return bad;
  };
  for (const bad of [new Uint8Array(0), good.subarray(0, 71), change(0, 0x56, 0x4d, 0x46, 0x32),
    change(4, 3), change(4, 0), change(6, 0, 71), change(6, 4, 1), change(36, 0, 0, 0, 99),
    change(36, 255, 255, 255, 255), change(24, 0, 0x20), change(32, 0, 0x10, 0, 0),
    good.subarray(0, 100)])
    equal(faultOf(() => frames.readFrame(bad)), "BAD_MESSAGE", "a frame");
  equal(frames.readFrame(change(5, 0xff)).last, true, "flags that are not known");

  const piece = (offset, size, more = {}) => ({ type: 1, last: false, id: ID, index: 0, offset,
    hash: HASH, payload: new Uint8Array(size), ...more });
  const joiner = new frames.Joiner();
  joiner.take(piece(0, 10, { last: false }));
  joiner.take(piece(20, 10, { last: true }));
  equal(faultOf(() => joiner.take(piece(25, 10))), "BAD_MESSAGE", "behind the end");
  equal(joiner.pending, 0, "and is forgotten");
  joiner.take(piece(0, 10));
  joiner.take(piece(20, 10, { hash: "1".repeat(64) }));
  equal(faultOf(() => joiner.take(piece(0, 10, { last: true, hash: "1".repeat(64) }))),
    "BAD_MESSAGE", "two ends");
  for (let i = 0; i < frames.RANGES_MAX; i++) joiner.take(piece(2 * i, 1, { index: 1 }));
  equal(faultOf(() => joiner.take(piece(2 * frames.RANGES_MAX, 1, { index: 1 }))), "BAD_MESSAGE",
    "one piece too many");
  for (let i = 0; i < frames.PENDING_CHUNKS + 10; i++) joiner.take(piece(0, 1, { index: i }));
  equal(joiner.pending, frames.PENDING_CHUNKS * 4096, "as many chunks as may be");
  for (let i = 0; i < 100; i++) joiner.take(piece(1024 * 1024 - 10, 5, { index: i }));
  assert(joiner.pending <= frames.PENDING_MAX, `${joiner.pending} bytes are kept`);
  joiner.forget(ID);
  equal(joiner.pending, 0, "forgotten");
  const text = new TextEncoder().encode('{"type":"TRANSFER_PAUSE","transferId":"other"}');
  equal(faultOf(() => joiner.take({ type: 2, id: ID, payload: text })), "BAD_MESSAGE",
    "of another transfer");
});

test("window: grows while nothing waits, shrinks when something does", () => {
  const window = new Window(65536);
  let now = 0;

  equal([window.chunks, window.timeout], [4, TIMEOUT_FIRST], "at first");
  for (let i = 0; i < 500; i++) window.acked(1, 10, now += 1);
  equal([window.chunks, window.timeout], [64, TIMEOUT_MIN], "4 MiB");
  for (let i = 0; i < 5000; i++) window.acked(1, 400, now += 1);
  equal(window.chunks, CHUNKS_MIN, "a queue");
  for (let i = 0; i < 100; i++) window.acked(1, 10, now += 1);
  assert(window.chunks > CHUNKS_MIN, "it is gone");
  const before = window.chunks;
  window.timedOut(now);
  window.timedOut(now);
  equal(window.chunks, Math.max(CHUNKS_MIN, Math.floor(before / 2)), "of several, one counts");
  const several = new Window(65536);
  several.acked(4, 10, 1);
  equal(several.chunks, 8, "one that stands for four");
  several.acked(4, -1, 2);
  equal(several.chunks, 8, "sent more than once");
  equal(new Window(1024).chunks <= CHUNKS_MAX && new Window(1024 * 1024).chunks, 4, "bounds");
});

test("lane: chunks take turns, and one that waits is not queued once more", () => {
  const sent = [];
  const channel = { readyState: "open", bufferedAmount: HIGH, send: (data) => {
    const { id, index } = frames.readFrame(data);
    sent.push(`${id === ID ? "a" : "b"}${index}`);
  } };
  const lane = new Lane(channel, channel, () => frames.CHANNEL_MAX);
  const other = ID.replace("0", "1");

  for (const index of [1, 2, 1, 2, 3]) lane.send(chunk(10, index));
  for (const index of [1, 1]) lane.send({ ...chunk(10, index), id: other });
  equal(sent, [], "there is no room");
  channel.bufferedAmount = HIGH - 1;
  channel.onbufferedamountlow();
  equal(sent, ["a1", "b1", "a2", "a3"], "sent");
  lane.send(chunk(10, 1));
  equal(sent.at(-1), "a1", "one that has left is sent again");
});

// --- sender and receiver ---

// A file and both ends of its transfer; `wire(message, back)` says what arrives of a
// message: a list.
class Pair {
  constructor(data, { hash = "", wire = (m) => [m], part, room = () => true } = {}) {
    this.data = data;
    this.now = 0;
    this.wire = wire;
    this.room = room; // of the receiver's disk
    this.part = part || null;
    this.hasLink = true;
    this.sent = []; // chunks
    this.said = []; // messages that arrived, of both
    this.read = new Source(new Blob([data]));
    this.file = null;
    this.sender = new Sender({ id: ID, filename: "a.bin", size: data.length, mime: "", mtime: 0,
      hash }, 0);
    this.receiver = null;
    this.onOffer = (receiver) => receiver.accept(this.now);
  }

  async act(engine, { type, message, index, offset, size, data, hash, chunkSize }) {
    const answer = async (func) => {
      try {
        return await func();
      } catch (fault) {
        return { fault };
      }
    };

    if (type === "send") this.deliver(message, engine === this.receiver);
    else if (type === "read")
      engine.read(index, await answer(() => this.read.read(offset, size)), this.now);
    else if (type === "hash")
      engine.hashed(await answer(async () => ({ hash: await this.read.hash() })), this.now);
    else if (type === "begin") {
      if (this.part?.chunkSize !== chunkSize)
        this.part = new Part(new MemoryStore(), this.data.length, chunkSize);
      engine.begun({ have: this.part.have }, this.now);
    } else if (type === "write")
      engine.written(index, await answer(async () => {
        if (!this.room()) throw new Fault("NO_SPACE", "full");
        await this.part.write(index, data, hash);
        return {};
      }), this.now);
    else if (type === "commit") {
      const result = await answer(async () => ({ file: await this.part.commit(hash) }));
      this.file = result.file || null;
      engine.committed(result, this.now);
    } else if (type === "discard") this.part = null;
    else equal(type, "close", "an action");
  }

  // What is under way is lost with the link.
  cut() {
    this.hasLink = false;
    for (const engine of this.engines) engine.lose();
  }

  mend() {
    this.hasLink = true;
    for (const engine of this.engines) engine.find(this.now);
  }

  deliver(message, back) {
    if (!this.hasLink) return;
    if (message.type === "CHUNK_DATA") this.sent.push(message.index);
    // later than what it answers could have been doubled
    this.now += message.status === "corrupt" ? 500 : 1;
    for (const one of this.wire(message, back)) {
      this.said.push(one.type);
      // as it would be after the wire
      const read = one.type === "CHUNK_DATA" ? one : readMessage(writeMessage(one));
      if (!back && one.type === "FILE_OFFER" && !this.receiver) {
        this.receiver = new Receiver(read, this.now);
        this.onOffer(this.receiver);
      } else if (back || this.receiver) {
        (back ? this.sender : this.receiver).take(read, this.now);
      }
    }
  }

  get engines() {
    return [this.sender, this.receiver].filter(Boolean);
  }

  // Until both are over, or `condition()`.
  async run(condition = () => this.engines.every((e) => e.isOver)) {
    for (let steps = 0; steps < 100000; steps++) {
      if (condition()) return this.states;
      let acted = false;
      for (const engine of this.engines) {
        const action = engine.next();
        if (action) {
          acted = true;
          await this.act(engine, action);
        }
      }
      if (acted) continue;
      const deadline = Math.min(...this.engines.map((e) => e.deadline));
      if (deadline === Infinity) return this.states;
      this.now = Math.max(this.now, deadline);
      for (const engine of this.engines) engine.tick(this.now);
    }
    throw new Error(`it does not end: ${this.states}`);
  }

  get states() {
    return this.engines.map(({ state }) => state).join();
  }

  async whole() {
    return this.file !== null
      && Buffer.from(await this.file.arrayBuffer()).equals(Buffer.from(this.data));
  }
}

const DONE = "COMPLETED,COMPLETED";
const file = (size) => new Uint8Array(randomBytes(size));

test("transfer: files at the edges of a chunk, with and without a hash before", async () => {
  for (const size of [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 30 * CHUNK_SIZE + 7]) {
    const data = file(size);
    for (const hash of ["", sha256(data)]) {
      const pair = new Pair(data, { hash });
      equal(await pair.run(), DONE, `${size} bytes`);
      assert(await pair.whole(), `${size} bytes are equal`);
      equal([pair.sender.done, pair.receiver.done], [size, size], "progress");
      equal(pair.sent.length, Math.ceil(size / CHUNK_SIZE), "each chunk once");
      equal([pair.sender.savedPath, pair.said.filter((t) => t === "error")], ["a.bin", []], "said");
    }
  }
});

test("transfer: a peer that knows only the base messages, either way", async () => {
  const known = { FILE_OFFER: ["type", "filename", "size", "hash", "id"],
    FILE_RESPONSE: ["type", "accept", "id"], CHUNK_ACK: ["type", "id", "index", "status"] };
  const bare = (message) => Object.fromEntries(Object.entries(message).filter(([key]) =>
    !known[message.type] || known[message.type].includes(key)));

  for (const side of ["receiver", "sender"]) {
    const pair = new Pair(file(3 * JSON_CHUNK_SIZE + 1), { wire: (message, back) =>
      [back === (side === "receiver") ? bare(message) : message] });
    equal(await pair.run(), DONE, `a ${side} of the base protocol`);
    assert(await pair.whole(), "equal");
    if (side === "sender") continue;
    equal(pair.sent, [0, 1, 2, 3], "in chunks that JSON has room for");
    equal(pair.said.slice(0, 5), ["FILE_OFFER", "FILE_RESPONSE", "FILE_OFFER", "FILE_RESPONSE",
      "TRANSFER_START"], "it is told the hash before anything of the file");
  }
});

test("transfer: a legacy peer that answers but once is told the hash all the same", async () => {
  const data = file(10);
  const offered = [];
  let answers = 0;
  const pair = new Pair(data, { wire: (message, back) => {
    if (!back && message.type === "FILE_OFFER") offered.push(message.hash);
    if (message.type !== "FILE_RESPONSE") return [message];
    return answers++ ? [] : [{ type: message.type, accept: true, id: message.id }];
  } });

  equal(await pair.run(), DONE, "it goes on");
  assert(await pair.whole(), "equal");
  assert(pair.now >= AGAIN_TIMEOUT && pair.now < OFFER_TIMEOUT, `after ${pair.now} ms`);
  equal([offered[0], offered[1]], ["", sha256(data)], "offers");
});

test("transfer: a legacy peer that was told the hash is told it once", async () => {
  for (const hash of [sha256(file(3)), ""]) {
    const offers = [];
    const pair = new Pair(file(3), { hash, wire: (message, back) => {
      if (message.type === "FILE_OFFER") offers.push(message.hash);
      return message.type === "FILE_RESPONSE" && back
        ? [{ type: message.type, accept: true, id: message.id }] : [message];
    } });
    await pair.run(() => pair.said.includes("TRANSFER_START"));
    equal(offers.length, hash ? 1 : 2, "offers");
  }
});

test("transfer: lost, doubled and reordered messages", async () => {
  let n = 0;
  const held = [];
  const pair = new Pair(file(40 * CHUNK_SIZE), { wire: (message) => {
    n++;
    if (n % 11 === 3) return [];
    if (n % 7 === 2) return [message, message];
    if (n % 5 === 1) {
      held.push(message);
      return [];
    }
    return [message];
  } });

  equal(await pair.run(), DONE, "it ends");
  assert(await pair.whole(), "equal");
});

test("transfer: a chunk that comes corrupt is sent again, and not for ever", async () => {
  const spoil = (times) => {
    let left = times;
    return (message) => {
      if (message.type !== "CHUNK_DATA" || message.index !== 2 || left-- <= 0) return [message];
      const data = message.data.slice();
      data[7] ^= 1;
      return [{ ...message, data }];
    };
  };
  const once = new Pair(file(5 * CHUNK_SIZE), { wire: spoil(1) });
  equal(await once.run(), DONE, "once");
  assert(await once.whole(), "equal");
  equal(once.sent.filter((i) => i === 2).length, 2, "sent again");
  const always = new Pair(file(5 * CHUNK_SIZE), { wire: spoil(1000) });
  equal(await always.run(), "FAILED,FAILED", "always");
  equal(always.sent.filter((i) => i === 2).length, 4, "three times again");
  equal([always.sender.error.code, always.receiver.error.code], ["BAD_MESSAGE", "BAD_MESSAGE"],
    "why");
  assert(always.file === null, "no file");
});

test("transfer: a wrong hash of the whole leaves nothing", async () => {
  for (const hash of ["", sha256("other")]) {
    const pair = new Pair(file(CHUNK_SIZE + 1), { hash, wire: (message) =>
      [message.type === "TRANSFER_COMPLETE" ? { ...message, hash: sha256("other") } : message] });
    equal(await pair.run(), "FAILED,FAILED", "both");
    await pair.run(() => pair.part === null);
    assert(pair.file === null && pair.part === null, "nothing stays");
    equal(pair.receiver.error.code, "BAD_MESSAGE", "why");
  }
});

test("transfer: what the offer announced counts, whatever is said at the end", async () => {
  const data = file(CHUNK_SIZE + 1);
  const pair = new Pair(data, { hash: sha256("other"), wire: (message) =>
    [message.type === "TRANSFER_COMPLETE" ? { ...message, hash: sha256(data) } : message] });

  equal(await pair.run(), "FAILED,FAILED", "both");
  await pair.run(() => pair.part === null);
  assert(pair.file === null && pair.part === null, "nothing stays");
  equal(pair.receiver.error.code, "BAD_MESSAGE", "why");
});

test("transfer: chunks that are wrong, doubled or out of range do no harm", async () => {
  const wrong = (message) => [{ ...message, index: 3 }, { ...message, index: 2 ** 40 },
    { ...message, data: message.data.slice(1) }, { ...message, data: new Uint8Array(2000000) },
    message];
  const pair = new Pair(file(3 * CHUNK_SIZE), {});
  const faults = [];
  pair.wire = (message) => {
    if (message.type === "CHUNK_DATA" && message.index === 1 && !faults.length)
      for (const one of wrong(message))
        faults.push(faultOf(() => pair.receiver.take(one, pair.now)));
    return [message];
  };
  equal(await pair.run(), DONE, "it ends");
  assert(await pair.whole(), "equal");
  equal(faults, ["BAD_MESSAGE", "BAD_MESSAGE", "", "", ""], "what is refused");
});

test("transfer: declined, with bad names and sizes before anybody is asked", async () => {
  const declined = new Pair(file(10), {});
  declined.onOffer = (receiver) => receiver.decline();
  equal(await declined.run(), "FAILED,FAILED", "declined");
  equal([declined.sender.error.code, declined.receiver.error.code],
    ["DECLINED", "DECLINED_HERE"], "why");
  const noRoom = new Pair(file(10), {});
  noRoom.onOffer = (receiver) => receiver.decline(new Fault("NO_SPACE", "There is no room"));
  equal(await noRoom.run(), "FAILED,FAILED", "without being asked");
  equal(noRoom.sender.error.message, "There is no room", "and why");
  const offer = { type: "FILE_OFFER", id: ID, filename: "a", size: 1, hash: "" };
  for (const wrong of [{ filename: "../a" }, { filename: "a\u202eb" }, { size: 2 ** 53 - 1 }]) {
    const receiver = new Receiver({ ...offer, ...wrong }, 0);
    const { message } = receiver.next();
    equal([receiver.state, message.type, message.accept], ["FAILED", "FILE_RESPONSE", false],
      JSON.stringify(wrong));
    equal(receiver.accept(0), false, "nobody can accept it");
  }
  equal(faultOf(() => new Sender({ id: ID, filename: "a", size: 2 ** 52, hash: "" }, 0)),
    "TOO_LARGE", "what is sent");
});

test("transfer: pause and resume from either side, and both", async () => {
  for (const sides of [["sender"], ["receiver"], ["sender", "receiver"]]) {
    const pair = new Pair(file(20 * CHUNK_SIZE), {});
    await pair.run(() => pair.receiver?.done > 5 * CHUNK_SIZE);
    for (const side of sides) equal(pair[side].pause(pair.now), true, `${side} pauses`);
    await pair.run(() => pair.states === "PAUSED,PAUSED");
    const until = pair.now + 20000;
    await pair.run(() => pair.now >= until);
    equal(pair.states, "PAUSED,PAUSED", "both say so");
    const { done } = pair.receiver;
    for (const side of sides) {
      equal(pair.states, "PAUSED,PAUSED", "as long as one of them wants it");
      equal(pair[side].resume(pair.now), true, `${side} resumes`);
      if (side !== sides.at(-1)) await pair.run(() => pair.now >= until + 20000);
    }
    equal(await pair.run(), DONE, sides.join());
    assert(await pair.whole() && done < pair.data.length, "equal");
  }
});

test("transfer: cancelled from either side, nothing stays", async () => {
  for (const side of ["sender", "receiver"]) {
    const pair = new Pair(file(20 * CHUNK_SIZE), {});
    await pair.run(() => pair.receiver?.done > 5 * CHUNK_SIZE);
    equal(pair[side].cancel(), true, "cancelled");
    equal(await pair.run(), "FAILED,FAILED", side);
    await pair.run(() => pair.part === null);
    const codes = [pair.sender.error.code, pair.receiver.error.code];
    equal(codes, side === "sender" ? ["CANCELLED_HERE", "CANCELLED"]
      : ["CANCELLED", "CANCELLED_HERE"], "who did it");
    equal([pair.sender.cancel(), pair.receiver.resume(0)], [false, false], "it is over");
  }
});

test("transfer: over another link it goes on where it was, whatever was under way", async () => {
  const total = 20;

  for (let at = 1; at < total - 1; at++)
    for (const silent of [false, true]) {
      let deaf = false;
      const pair = new Pair(file(total * CHUNK_SIZE - 3), { wire: (message) =>
        (deaf && message.type === "CHUNK_ACK" ? [] : [message]) });
      await pair.run(() => pair.receiver?.done >= at * CHUNK_SIZE);
      // the sender does not know what else has come
      deaf = silent;
      if (silent) await pair.run(() => pair.receiver.done >= (at + 1) * CHUNK_SIZE
        || pair.receiver.isOver);
      deaf = false;
      pair.cut();
      await pair.run(() => false);
      pair.now += 3600000;
      pair.mend();
      equal(await pair.run(), DONE, `cut at ${at}`);
      assert(await pair.whole(), "equal");
      const again = pair.sent.length - total;
      assert(again <= 1, `${again} were sent twice`);
      equal(pair.said.filter((type) => type === "FILE_OFFER").length, 1, "one offer");
    }
});

test("transfer: over another link, which may be slower, the window begins anew", async () => {
  let acks = Infinity; // that arrive
  let chunks = true; // whether they do
  const pair = new Pair(file(200 * CHUNK_SIZE), { wire: (message) => {
    if (message.type === "CHUNK_ACK") return acks-- > 0 ? [message] : [];
    return message.type !== "CHUNK_DATA" || chunks ? [message] : [];
  } });

  await pair.run(() => pair.receiver?.done > 120 * CHUNK_SIZE);
  chunks = false;
  const { length } = pair.sent;
  await pair.run(() => pair.sent.length > length + 20);
  pair.cut();
  await pair.run(() => false);
  // one is asked for, and what is sent by its answer is not answered yet
  chunks = true;
  acks = 1;
  const before = pair.sent.length;
  pair.mend();
  const end = pair.now + TIMEOUT_FIRST - 100;
  await pair.run(() => pair.now >= end);
  const sent = pair.sent.length - before;
  assert(sent > 2 && sent < 10, `${sent} chunks were sent`);
  acks = Infinity;
  equal(await pair.run(), DONE, "it ends");
  assert(await pair.whole(), "equal");
});

test("transfer: lost before it is answered, it is offered again", async () => {
  for (const meanwhile of [false, true]) {
    const pair = new Pair(file(3 * CHUNK_SIZE), {});
    pair.onOffer = () => {};
    await pair.run(() => pair.receiver);
    pair.cut();
    if (meanwhile) pair.receiver.accept(pair.now);
    await pair.run(() => false);
    pair.now += 3600000;
    pair.mend();
    if (!meanwhile) pair.receiver.accept(pair.now);
    equal(await pair.run(), DONE, `accepted ${meanwhile ? "meanwhile" : "afterwards"}`);
    assert(await pair.whole(), "equal");
  }
});

test("transfer: a pause outlasts the link, and ends over another", async () => {
  for (const side of ["sender", "receiver"])
    for (const resumed of ["meanwhile", "afterwards"])
      for (const heard of [true, false]) {
        const pair = new Pair(file(20 * CHUNK_SIZE), {});
        await pair.run(() => pair.receiver?.done > 5 * CHUNK_SIZE);
        if (!heard) pair.cut();
        pair[side].pause(pair.now);
        if (heard) await pair.run(() => pair.states === "PAUSED,PAUSED");
        pair.cut();
        await pair.run(() => false);
        pair.now += 3600000;
        if (resumed === "meanwhile") pair[side].resume(pair.now);
        pair.mend();
        if (resumed === "afterwards") {
          const until = pair.now + 50000;
          await pair.run(() => pair.now >= until);
          equal(pair[side].state, "PAUSED", `${side}: as long as it is wanted`);
          pair[side].resume(pair.now);
        }
        equal(await pair.run(), DONE, `${side}, ${resumed}, ${heard}`);
        assert(await pair.whole(), "equal");
        assert(pair.sent.length <= 20 + 8, `${pair.sent.length} chunks were sent`);
      }
});

test("transfer: what was lost at the end is said again, and nothing is sent again", async () => {
  for (const type of ["TRANSFER_COMPLETE", "TRANSFER_VERIFIED"]) {
    let lost = 0;
    const pair = new Pair(file(5 * CHUNK_SIZE), { wire: (message) =>
      (message.type === type && !lost++ ? [] : [message]) });
    await pair.run(() => lost);
    pair.cut();
    await pair.run(() => false);
    pair.mend();
    equal(await pair.run(), DONE, type);
    equal(pair.sent.length, 5, "each chunk once");
  }
});

test("transfer: an end without a link is told over another", async () => {
  for (const side of ["sender", "receiver"]) {
    const pair = new Pair(file(20 * CHUNK_SIZE), {});
    await pair.run(() => pair.receiver?.done > 5 * CHUNK_SIZE);
    pair.cut();
    pair[side].cancel();
    await pair.run(() => false);
    pair.mend();
    equal(await pair.run(), "FAILED,FAILED", side);
    equal(pair[side === "sender" ? "receiver" : "sender"].error.code, "CANCELLED", "why");
  }
});

test("transfer: a receiver that has given up meanwhile is offered it anew", async () => {
  for (const [unheard, code] of [[true, "FORGOTTEN"], [false, "TIMEOUT"]]) {
    const pair = new Pair(file(20 * CHUNK_SIZE), {});
    await pair.run(() => pair.receiver?.done > 5 * CHUNK_SIZE);
    if (unheard) pair.cut();
    pair.receiver.find(pair.now);
    pair.receiver.tick(pair.now + 3600000);
    equal(pair.receiver.error.code, "TIMEOUT", "the receiver");
    if (unheard) {
      await pair.run(() => false);
      pair.mend();
    }
    equal(await pair.run(), "FAILED,FAILED", "both");
    equal(pair.sender.error.code, code, "the sender");
    assert(pair.part !== null, "what is verified stays");
  }
});

test("transfer: how long an answer is waited for", () => {
  const offer = { id: ID, filename: "a", hash: "", mime: "", mtime: 0 };
  const gb = 1000 * 1000 * 1000;

  for (const [size, more] of [[0, 0], [gb, 10000], [30 * gb, 300000]]) {
    const sender = new Sender({ ...offer, size }, 0);
    sender.tick(OFFER_TIMEOUT + more - 1);
    equal(sender.state, "PENDING", `${size} bytes, below`);
    sender.tick(OFFER_TIMEOUT + more);
    equal([sender.state, sender.error?.code], ["FAILED", "TIMEOUT"], `${size} bytes, at`);
  }
  const receiver = new Receiver({ type: "FILE_OFFER", ...offer, size: 10 }, 0);
  receiver.take({ type: "FILE_OFFER", ...offer, size: 10 }, 1000); // the sender is there
  equal(receiver.deadline, 1000 + ASK_TIMEOUT, "when it is given up");
  receiver.tick(1000 + ASK_TIMEOUT - 1);
  equal(receiver.state, "PENDING", "below");
  receiver.tick(1000 + ASK_TIMEOUT);
  equal([receiver.state, receiver.error?.code, receiver.next().message.accept],
    ["FAILED", "TIMEOUT", false], "at");
});

test("transfer: a sender that stopped keeps what is verified, and nothing is sent twice", async () => {
  const data = file(20 * CHUNK_SIZE + 5);
  const first = new Pair(data, {});
  await first.run(() => first.receiver?.done > 7 * CHUNK_SIZE);
  for (const engine of first.engines) engine.fail(new Fault("DISCONNECTED", "cut"));
  await first.run();
  assert(first.part !== null, "kept");
  const verified = first.part.have[1];
  assert(verified > 7, "verified");
  const second = new Pair(data, { part: first.part });
  equal(await second.run(), DONE, "resumed");
  assert(await second.whole(), "equal");
  equal(second.sent, Array.from({ length: 21 - verified }, (_, i) => verified + i), "the rest");
});

test("transfer: no room is a pause, which ends by itself", async () => {
  let room = true;
  const pair = new Pair(file(20 * CHUNK_SIZE), { room: () => room });

  await pair.run(() => pair.receiver?.done > 5 * CHUNK_SIZE);
  room = false;
  await pair.run(() => pair.states === "PAUSED,PAUSED" && pair.receiver.isFull);
  const { now } = pair;
  await pair.run(() => pair.now > now + 20000);
  equal([pair.states, pair.sender.fullThere], ["PAUSED,PAUSED", true], "it is tried");
  room = true;
  equal(await pair.run(), DONE, "there is room again");
  assert(await pair.whole(), "equal");
});

test("transfer: who does not answer is given up", async () => {
  const nobody = new Pair(file(10), { wire: () => [] });
  equal([await nobody.run(), nobody.sender.error.code], ["FAILED", "TIMEOUT"], "an offer");
  assert(nobody.now >= 300000, "somebody has to be asked");
  const silent = new Pair(file(5 * CHUNK_SIZE), { wire: (message) =>
    (message.type === "CHUNK_ACK" ? [] : [message]) });
  await silent.run();
  equal([silent.states, silent.sender.error.code], ["FAILED,FAILED", "TIMEOUT"], "chunks");
  assert(silent.part !== null, "what is verified stays");
});

test("transfer: a larger chunk is waited for longer", () => {
  const deadlineWith = (chunkSize) => {
    const receiver = new Receiver(readMessage(JSON.stringify({ type: "FILE_OFFER", id: ID,
      filename: "a.bin", size: 2 * chunkSize, hash: "", encodings: ["json", "binary"],
      chunkSize })), 0);
    receiver.accept(0);
    for (let action; (action = receiver.next());)
      if (action.type === "begin") receiver.begun({ have: [] }, 0);
    receiver.take(readMessage(JSON.stringify({ type: "TRANSFER_START", transferId: ID,
      chunkSize, totalChunks: 2 })), 0);
    return receiver.deadline - patience(2 * chunkSize);
  };

  equal([1024, 65536, 66560, 131072].map(deadlineWith), [0, 0, 1000, 64000], "ms");
});

test("transfer: a source that has changed ends it on both sides", async () => {
  const pair = new Pair(file(20 * CHUNK_SIZE), {});
  await pair.run(() => pair.receiver?.done > 5 * CHUNK_SIZE);
  pair.read = new Source(new Blob([new Uint8Array(10)]));
  equal(await pair.run(), "FAILED,FAILED", "both");
  equal([pair.sender.error.code, pair.receiver.error.code], ["CHANGED", "CANCELLED"], "why");
});

test("parts: nothing with a gap or a wrong hash is a file", async () => {
  const data = file(3 * 1024);
  const part = new Part(new MemoryStore(), data.length, 1024);
  const piece = (i) => data.slice(1024 * i, 1024 * (i + 1));
  const failed = (promise) => promise.then(() => "", (fault) => fault.code);

  equal(await failed(part.write(0, piece(0), HASH)), "BAD_MESSAGE", "a chunk");
  await part.write(2, piece(2), await digest(piece(2)));
  await part.write(0, piece(0), await digest(piece(0)));
  equal(part.have, [0, 1, 2, 1], "have");
  equal(await failed(part.commit(sha256(data))), "BAD_MESSAGE", "a gap");
  await part.write(1, piece(1), await digest(piece(1)));
  equal(await failed(part.commit(HASH)), "BAD_MESSAGE", "another hash");
  const store = new MemoryStore();
  store.write(data, 0);
  equal([store.finish().size, store.read(0)], [data.length, undefined], "nothing twice in memory");
  // and it is still what it is
  for (let i = 0; i < 2; i++)
    assert(Buffer.from(await (await part.commit(sha256(data))).arrayBuffer()).equals(
      Buffer.from(data)), "the file");
});

test("offers: whose word one is, in each field, and to whom", async () => {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const offer = { type: "FILE_OFFER", id: ID, filename: "a.iso", size: 7000, hash: "",
    mtime: 1763632800250, encodings: ["json", "binary"], chunkSize: 65536 };
  const signature = await signOffer({ key: privateKey, deviceId: "ANN" }, offer, "BOB");
  const good = (changes = {}, signer = "ANN", receiver = "BOB") =>
    verifyOffer(publicKey, signer, { ...offer, signature, ...changes }, receiver);

  equal(await good(), true, "signed");
  // as it is read from the wire
  equal(await good(readMessage(writeMessage({ ...offer, signature }))), true, "read");
  equal(await good({}, "ANN", "CLEO"), false, "to another");
  equal(await good({}, "BOB"), false, "of another");
  for (const changes of [{ id: ID.replace("0", "1") }, { filename: "b.iso" }, { size: 7001 },
    { hash: HASH }, { mime: "text/plain" }, { mtime: 1763632800251 }, { mtime: undefined },
    { encodings: ["json"] }, { encodings: undefined }, { chunkSize: 65535 }, { signature: undefined },
    { signature: "" }, { signature: (signature[0] === "A" ? "B" : "A") + signature.slice(1) }, { signature: signature.slice(4) }])
    equal(await good(changes), false, JSON.stringify(changes));
});

test("offers: what comes behind one waits for it, and not without end", async () => {
  let answer = null;
  const sent = [];
  const read = [];
  const side = new Side({ checkOffer: () => new Promise((resolve) => { answer = resolve; }) },
    { send: (message) => sent.push(message.code) });
  const take = (what) => side.take(what, (one) => read.push(one));
  const told = [];

  take("before");
  const checked = side.check({ id: ID }, (is) => told.push(is), (one) => read.push(one));
  for (let i = 0; i <= LATER_MAX; i++) take(i);
  equal(read, ["before"], "meanwhile");
  answer(false);
  await checked;
  equal([told, sent], [[false], ["SIGNATURE"]], "told");
  equal(read, ["before", ...Array(LATER_MAX).keys()], "afterwards");
  take("after");
  equal(read.at(-1), "after", "at once");
  for (let i = 0; i <= REFUSALS_MAX; i++) side.refuse("error", { code: "NOT_FOUND" });
  equal(sent.length, REFUSALS_MAX, "refusals");
});

await main();
