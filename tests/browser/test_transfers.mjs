// SPDX-License-Identifier: LGPL-2.1-or-later

// All files of a stay between two pages, without a browser: connections that come and
// go, on a clock of the test's.

import { File } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { assert, equal, main, test } from "./check.mjs";
import { pass, settle } from "./clock.mjs";
import { load } from "./webmodules.mjs";

// --- the disk: the worker itself, in memory ---

const answers = new Map(); // number -> resolve
let work = null;
let count = 0; // of requests

Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
globalThis.addEventListener = (type, func) => { work = func; };
globalThis.postMessage = ({ n, ...answer }) => {
  answers.get(n)(answer);
  answers.delete(n);
};
await load("transfer/disk.worker.js");
const { Fault } = await load("transfer/fault.js");
const { readMessage, writeMessage } = await load("transfer/message.js");
const { CHUNK_SIZE } = await load("transfer/sender.js");
const { KEPT_MAX } = await load("transfer/keptparts.js");
const { Transfers } = await load("transfer/transfers.js");

class Disk {
  static #count = 0;

  constructor() {
    this.prefix = `${++Disk.#count}-`;
    this.requests = [];
  }

  async request(op, rest = {}) {
    this.requests.push(op);
    const n = ++count;
    const answer = new Promise((resolve) => { answers.set(n, resolve); });
    work({ data: { n, op, ...rest, id: this.prefix + rest.id } });
    const { fault, ...result } = await answer;
    return fault ? { fault: new Fault(fault.code, fault.message) } : result;
  }
}

// --- the connection ---

class Call extends EventTarget {
  participants = new Map();
  peers = new Map();

  peer(id) {
    return this.peers.get(id) || null;
  }

  emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

// One page: its files, and whom it sees.
class Page {
  constructor() {
    this.call = new Call();
    this.disk = new Disk();
    this.transfers = new Transfers(this.call, this.disk);
    this.offers = [];
    this.transfers.addEventListener("offer", ({ detail }) => this.offers.push(detail));
  }

  get states() {
    return this.transfers.list.map(({ state, error }) => error?.code || state);
  }

  // What it has been given.
  get last() {
    return this.transfers.list.at(-1);
  }

  leaves(id) {
    this.call.peers.delete(id);
    this.call.participants.delete(id);
    this.call.emit("participant", { id, what: "left" });
  }
}

// Between two pages, each with the other's id.
class Connection {
  #number = 0; // of the link
  #open = false; // its channels for files

  // `hears(side, message)`: whether what a side says arrives
  constructor(ends, hears = () => true) {
    this.ends = ends; // [{page, id}], `id`: what it calls the other
    this.hears = hears;
    this.said = [];
    for (const { page, id } of ends) page.call.participants.set(id, { user: id });
    this.connect();
  }

  connect() {
    this.#number++;
    this.#open = false;
    this.ends.forEach(({ page, id }, side) => page.call.peers.set(id, this.#peer(side)));
    this.#tell();
  }

  // Both notice it.
  cut() {
    this.#number++;
    for (const { page, id } of this.ends) page.call.peers.delete(id);
    this.#tell();
  }

  // Nobody does, yet.
  die() {
    this.#number++;
  }

  #tell() {
    for (const { page, id } of this.ends) page.call.emit("participant", { id, what: "streams" });
  }

  #peer(side) {
    const channels = { "file-control": this.#channel(side, "file-control"),
      file: this.#channel(side, "file") };

    return { takesFiles: true, signsOffers: false, hasMedia: false,
      connection: { sctp: { maxMessageSize: 65536 } },
      fileChannel: (label) => (this.#open ? channels[label] : null),
      openFiles: () => queueMicrotask(() => {
        if (this.#open) return;
        this.#open = true;
        this.#tell();
      }) };
  }

  #channel(side, label) {
    const number = this.#number;
    const { page, id } = this.ends[1 - side];

    return { readyState: "open", bufferedAmount: 0, send: (data) => queueMicrotask(() => {
      if (number !== this.#number) return;
      const message = typeof data === "string" ? readMessage(data) : { type: "CHUNK_DATA" };
      if (!this.hears(side, message)) return;
      this.said.push(message.type);
      page.call.emit("file", { id, label, ...(typeof data === "string" ? { text: data }
        : { data: data.slice().buffer }) });
    }) };
  }
}

// Cleo, who sends, and Dan; with what Dan hears of her after `chunks`: nothing.
function meet(chunks = Infinity) {
  const [cleo, dan] = [new Page(), new Page()];
  let left = chunks;
  const connection = new Connection([{ page: cleo, id: "dan" }, { page: dan, id: "cleo" }],
    (side, { type }) => type !== "CHUNK_DATA" || left-- > 0);
  return { cleo, dan, connection, release: () => { left = Infinity; } };
}

const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const data = randomBytes(10 * CHUNK_SIZE + 1);
const aFile = (name = "a.bin") => new File([data], name, { lastModified: 1763632800250 });

async function isWhole({ file }) {
  return file !== null && Buffer.from(await file.arrayBuffer()).equals(data);
}

// One file, of which Dan has some.
async function begin(chunks = 4) {
  const there = meet(chunks);

  there.cleo.transfers.send([aFile()], ["dan"]);
  await settle();
  there.dan.transfers.accept(there.dan.last.key);
  await settle();
  equal([there.cleo.states, there.dan.states], [["TRANSFERRING"], ["TRANSFERRING"]], "begun");
  return there;
}

test("a lost connection: the same transfer goes on", async () => {
  const { cleo, dan, connection, release } = await begin();

  connection.cut();
  equal([cleo.last.isLost, dan.last.isLost], [true, true], "lost");
  await pass(3600000);
  equal([cleo.states, dan.states], [["TRANSFERRING"], ["TRANSFERRING"]], "nobody gives up");
  release();
  connection.said.length = 0;
  connection.connect();
  await pass(10000);
  equal([cleo.states, dan.states], [["COMPLETED"], ["COMPLETED"]], "whole");
  assert(await isWhole(dan.last), "equal");
  const said = (type) => connection.said.filter((one) => one === type).length;
  // four of the eleven frames are there; each chunk has two but the last
  assert(said("CHUNK_DATA") <= 2 * 9, `${said("CHUNK_DATA")} frames afterwards`);
  equal([said("FILE_OFFER"), dan.offers.length], [0, 1], "offers");
});

test("whoever gets the id of one who has left is a stranger", async () => {
  const { cleo, dan, release } = await begin();
  const [before] = dan.transfers.list;

  for (const page of [cleo, dan]) page.leaves(page === cleo ? "dan" : "cleo");
  equal([cleo.states, dan.states], [["DISCONNECTED"], ["DISCONNECTED"]], "left");
  release();
  const mallory = new Page();
  const connection = new Connection([{ page: mallory, id: "dan" }, { page: dan, id: "cleo" }]);
  mallory.transfers.send([aFile()], ["dan"]);
  await settle();
  equal([dan.offers.length, dan.transfers.list.length], [2, 2], "Dan is asked");
  equal(dan.last.state, "PENDING", "and has to answer");
  equal(connection.said.includes("FILE_RESPONSE"), false, "nothing is answered for him");
  equal([before.state, before.hasLeft, before.file], ["FAILED", true, null], "the one before");
});

for (const noticed of [true, false])
  for (const state of ["PENDING", "TRANSFERRING", "PAUSED"])
    test(`cancelled while ${state} and the link is ${noticed ? "lost" : "dead"}: the other is told`,
      async () => {
        const { cleo, dan, connection } = state === "PENDING" ? meet() : await begin();

        if (state === "PENDING") cleo.transfers.send([aFile()], ["dan"]);
        await settle();
        if (state === "PAUSED") dan.transfers.pause(dan.last.key);
        await settle();
        equal([cleo.states, dan.states], [[state], [state]], "before");
        if (noticed) connection.cut();
        else connection.die();
        cleo.transfers.cancel(cleo.last.key);
        await pass(5000);
        if (!noticed) connection.cut();
        equal(dan.states, [state], "it does not know");
        connection.connect();
        await pass(1000);
        equal(dan.states, ["CANCELLED"], "told");
        // and not over each link that comes
        connection.cut();
        connection.said.length = 0;
        connection.connect();
        await pass(1000);
        equal(connection.said, [], "once");
      });

test("both have paused, and one goes on while the link is lost", async () => {
  const { cleo, dan, connection, release } = await begin();

  cleo.transfers.pause(cleo.last.key);
  dan.transfers.pause(dan.last.key);
  await settle();
  connection.cut();
  dan.transfers.resume(dan.last.key);
  release();
  connection.connect();
  await pass(60000);
  equal([cleo.states, dan.states], [["PAUSED"], ["PAUSED"]], "as long as Cleo wants it");
  cleo.transfers.resume(cleo.last.key);
  await pass(10000);
  equal([cleo.states, dan.states], [["COMPLETED"], ["COMPLETED"]], "whole");
});

test("what was told but not heard does not bring a file back that was taken from the list",
  async () => {
    const { cleo, dan, connection, release } = await begin();

    connection.cut();
    dan.transfers.cancel(dan.last.key);
    dan.transfers.remove(dan.last.key);
    release();
    connection.connect();
    await pass(60000);
    equal([cleo.states, dan.states], [["NOT_FOUND"], []], "Dan is not asked again");
  });

// Dan, and others of whom the test says what they say; `said`: what he does.
function meetStrangers(ids) {
  const dan = new Page();
  const said = [];

  for (const id of ids) {
    const channel = { readyState: "open", bufferedAmount: 0,
      send: (text) => said.push({ to: id, ...readMessage(text) }) };
    dan.call.peers.set(id, { takesFiles: true, signsOffers: false,
      fileChannel: () => channel, openFiles() {} });
    dan.call.participants.set(id, { user: id });
    dan.call.emit("participant", { id, what: "came" });
  }
  const say = async (id, message) => {
    dan.call.emit("file", { id, label: "file", text: writeMessage(message) });
    await settle();
  };
  return { dan, said, say };
}

test("two of one file's contents: neither takes the other's", async () => {
  const peers = ["ann", "bob"];
  const { dan, said, say } = meetStrangers(peers);
  const offer = (id, transferId) => say(id, { type: "FILE_OFFER", filename: "a", hash: sha256(data),
    size: data.length, id: transferId, encodings: ["json"], chunkSize: CHUNK_SIZE });
  const chunk = (id, transferId, index) => {
    const part = data.subarray(index * CHUNK_SIZE, (index + 1) * CHUNK_SIZE);
    return say(id, { type: "CHUNK_DATA", id: transferId, index, data: part, hash: sha256(part) });
  };
  const start = (id, transferId) => say(id, { type: "TRANSFER_START", id: transferId,
    chunkSize: CHUNK_SIZE, total: 11 });

  await offer(peers[0], "a1");
  dan.transfers.accept(dan.last.key);
  await settle();
  await start(peers[0], "a1");
  await chunk(peers[0], "a1", 0);
  await say(peers[0], { type: "error", id: "a1", code: "DISCONNECTED", message: "later" });
  await offer(peers[1], "b1");
  dan.transfers.accept(dan.last.key);
  await settle();
  await start(peers[1], "b1");
  equal(said.findLast(({ type }) => type === "FILE_RESPONSE").have, [0, 1],
    "what is there is used");
  await offer(peers[0], "a2"); // goes on, as was said
  await say(peers[0], { type: "TRANSFER_CANCEL", id: "a2" });
  for (let i = 1; i < 11; i++) await chunk(peers[1], "b1", i);
  await say(peers[1], { type: "TRANSFER_COMPLETE", id: "b1", total: 11, hash: sha256(data) });
  equal(dan.states, ["CANCELLED", "COMPLETED"], "Ann's and Bob's");
  assert(await isWhole(dan.last), "equal");
});

const FIRST = { type: "FILE_OFFER", filename: "\u00e9", hash: sha256(data), size: data.length,
  id: "1" };

for (const [what, change] of [["name", { filename: "e" }], ["size", { size: 1 }],
  ["hash", { hash: sha256("") }]])
  test(`the id of one that was declined, and a file of another ${what}`, async () => {
    const { dan, said, say } = meetStrangers(["ann"]);

    await say("ann", FIRST);
    dan.transfers.decline(dan.last.key);
    await say("ann", { ...FIRST, filename: "e\u0301" });
    equal([said.map(({ accept }) => accept), dan.offers.length], [[false, false], 1],
      "the same is answered again");
    await say("ann", { ...FIRST, ...change });
    equal([dan.states, dan.offers.length], [["DECLINED_HERE", "PENDING"], 2], "Dan is asked");
    dan.transfers.accept(dan.last.key);
    await settle();
    equal([dan.states, said.at(-1).accept], [["DECLINED_HERE", "TRANSFERRING"], true], "taken");
    // over another connection nothing is said of the one before: it would end this one
    dan.transfers.pause(dan.last.key);
    said.length = 0;
    const peer = dan.call.peers.get("ann");
    dan.call.peers.delete("ann");
    dan.call.emit("participant", { id: "ann", what: "streams" });
    dan.call.peers.set("ann", peer);
    dan.call.emit("participant", { id: "ann", what: "streams" });
    await settle();
    equal(said.filter(({ type }) => type === "FILE_RESPONSE"), [], "nothing");
  });

test("the id of one that is whole, and another file", async () => {
  const { dan, said, say } = meetStrangers(["ann"]);
  const send = async (filename) => {
    await say("ann", { ...FIRST, filename });
    dan.transfers.accept(dan.last.key);
    await settle();
    await say("ann", { type: "TRANSFER_START", id: "1", chunkSize: CHUNK_SIZE, total: 11 });
    for (let index = 0; index < 11; index++) {
      const part = data.subarray(index * CHUNK_SIZE, (index + 1) * CHUNK_SIZE);
      await say("ann", { type: "CHUNK_DATA", id: "1", index, data: part, hash: sha256(part) });
    }
    await say("ann", { type: "TRANSFER_COMPLETE", id: "1", total: 11, hash: sha256(data) });
    assert(await isWhole(dan.last), filename);
  };

  await send("a");
  await send("b");
  equal([dan.states, dan.offers.length], [["COMPLETED", "COMPLETED"], 2], "both");
  await say("ann", { ...FIRST, filename: "b" });
  equal([dan.transfers.list.length, said.at(-1).type], [2, "TRANSFER_VERIFIED"], "once");
});

test("more are lost at once than are kept of those that failed", async () => {
  const cleos = [];
  const dan = new Page();
  const connections = [];
  let deaf = true;

  for (let i = 0; i < KEPT_MAX + 1; i++) {
    const cleo = new Page();
    cleos.push(cleo);
    let left = 4;
    connections.push(new Connection([{ page: cleo, id: "dan" }, { page: dan, id: `c${i}` }],
      (side, { type }) => type !== "CHUNK_DATA" || left-- > 0 || !deaf));
    cleo.transfers.send([aFile()], ["dan"]);
    await settle();
    dan.transfers.accept(dan.last.key);
    await settle();
  }
  for (const connection of connections) connection.cut();
  deaf = false;
  for (const connection of connections) {
    connection.said.length = 0;
    connection.connect();
  }
  await pass(10000);
  equal(dan.states, cleos.map(() => "COMPLETED"), "all");
  for (const { said } of connections)
    assert(said.filter((type) => type === "CHUNK_DATA").length <= 2 * 9, `${said}`);
});

await main();
