// SPDX-License-Identifier: LGPL-2.1-or-later

// Calls between pages that were written from protocol/calls.md alone (examples/web/call),
// through this project's server.

import { enter } from "../browser/lan.mjs";

enter();
const { join } = await import("node:path");
const { equal, main, test } = await import("../browser/check.mjs");
const { Program, STARTUP_MS, atEnd, captureLightly, until } =
  await import("../browser/program.mjs");
const { changeConnection, keepWire, pictureIs, receiver, restartable, theBrowser } =
  await import("./parties.mjs");

const CASE_MS = 180000;
const GONE_MS = 10000; // until a call is over whose connection is closed
const PAGE = join(process.env.VM_SOURCE_ROOT, "examples/web/call");

// A server that takes calls and serves the page: its program, and its address.
async function startServer(port = 0, ...ring) {
  const program = new Program(join(process.env.VM_BUILD_ROOT, "tests/interop/callserver"),
    [PAGE, String(port), ...ring]);
  const listening = await program.event("listening");
  return { program, port: listening.port, url: `http://localhost:${listening.port}/` };
}

// RING_MS: how long it rings.
const callServer = async (...ring) => (await startServer(0, ...ring)).url;

// One user's tab.
class Phone {
  // What it hears of calls waits while `held`, if that is given: an array.
  static async open(url, user, parameters = {}, held = null, late = 0) {
    const self = new Phone();
    const context = await (await theBrowser()).newContext();
    atEnd(() => context.close());
    await context.addInitScript(captureLightly);
    await context.addInitScript(keepWire);
    // calls are named by the time
    await context.addInitScript((ms) => {
      const now = Date.now;
      Date.now = () => now() + ms;
    }, late);
    if (held) await context.routeWebSocket(/./, (socket) => self.hold(socket, held));
    self.user = user;
    self.errors = [];
    self.page = await context.newPage();
    self.page.on("pageerror", (error) => self.errors.push(String(error)));
    await self.page.goto(`${url}?${new URLSearchParams({ user, name: user.toUpperCase(),
      online: "1", width: "320", ...parameters })}`);
    await self.is("idle");
    return self;
  }

  hold(socket, held) {
    const server = socket.connectToServer();

    server.onMessage((text) => {
      if (held.open || !text.includes('"call-')) socket.send(text);
      else held.push(() => socket.send(text));
    });
  }

  until(func, argument) {
    return until(() => this.page.evaluate(func, argument), STARTUP_MS,
      async () => `${this.user}: ${func} ${JSON.stringify(argument)}\n${this.errors.join("\n")}`);
  }

  is(state) {
    return this.until((wanted) => document.body.dataset.state === wanted, state);
  }

  says(text) {
    return this.until((wanted) => document.getElementById("status").textContent === wanted, text);
  }

  async call(other, kind = "video") {
    await this.page.fill("#other", other.user ?? other);
    await this.page.click(`#dial button[value=${kind}]`);
  }

  press(id) {
    return this.page.click(`#${id}`);
  }

  // Sound of the other, and frames of a picture that keep coming.
  async meets({ picture = true } = {}) {
    await this.until((wanted) => {
      const video = document.getElementById("remote");
      const tracks = video.srcObject?.getTracks() ?? [];
      return document.body.dataset.connection === "connected"
        && tracks.some((t) => t.kind === "audio" && !t.muted)
        && tracks.some((t) => t.kind === "video") === wanted;
    }, picture);
    await this.until(async () => [...(await window.connection().getStats()).values()]
      .some((s) => s.type === "inbound-rtp" && s.kind === "audio" && s.totalSamplesReceived > 0));
    if (picture) {
      await this.until(() => document.getElementById("remote")
        .getVideoPlaybackQuality().totalVideoFrames > 5);
    }
  }

  frames() {
    return this.page.evaluate(() => document.getElementById("remote")
      .getVideoPlaybackQuality().totalVideoFrames);
  }

  async log(direction) {
    return (await this.page.evaluate(() => window.messages))
      .filter((m) => m[direction]).map((m) => m[direction]);
  }

  // The types, in order, without the candidates, for how many there are and when is
  // nobody's business; each message with the fields of its table.
  async kinds(direction) {
    const messages = await this.log(direction);

    checkFields(messages, direction === "received" ? ADDED : {});
    return messages.map(({ type }) => type).filter((type) => type !== "ice-candidate");
  }
}

// protocol/calls.md#call-messages: the fields that each message has, in order, and no
// others; then what protocol/calls.md adds to those that the server forwards.
const TABLE = {
  "call-offer": "type toId callId offer callType fromUsername",
  "call-answer": "type toId callId answer",
  "ice-candidate": "type toId candidate",
  "call-reject": "type toId callId",
  "call-end": "type toId callId",
  registered: "type userId username",
  register: "type userId username",
  "call-failed": "type callId reason",
  id: "type id",
  error: "type code message",
};
const ADDED = {
  "call-offer": " fromId", "call-answer": " fromId", "ice-candidate": " callId fromId",
  "call-reject": " fromId", "call-end": " fromId",
};

function checkFields(messages, added) {
  for (const message of messages) {
    const { type, offer, answer, candidate } = message;

    equal(Object.keys(message).join(" "), `${TABLE[type]}${added[type] ?? ""}`, `the fields of ${type}`);
    for (const description of [offer, answer].filter(Boolean))
      equal(Object.keys(description).join(" "), "type sdp", "the fields of a description");
    if (candidate)
      equal(Object.keys(candidate).join(" "), "candidate sdpMLineIndex sdpMid", "those of a candidate");
  }
}

// The flow diagram of the base protocol, to the end.
async function twoPagesTalk() {
  const url = await callServer();
  const [ann, bob] = [await Phone.open(url, "ann"), await Phone.open(url, "bob")];

  await ann.call(bob);
  await bob.is("ringing");
  await bob.until(() => document.getElementById("who").textContent === "ANN calls (video)");
  await bob.press("accept");
  await Promise.all([ann.meets(), bob.meets()]);
  await ann.until(() => document.getElementById("timer").textContent > "00:00");
  await ann.press("end");
  await Promise.all([ann.says("Call ended"), bob.says("Call ended")]);
  await bob.is("idle");

  equal(await ann.kinds("sent"), ["call-offer", "call-end"], "the caller said");
  equal(await ann.kinds("received"), ["registered", "call-answer"], "the caller heard");
  equal(await bob.kinds("sent"), ["call-answer"], "the callee said");
  equal(await bob.kinds("received"), ["registered", "call-offer", "call-end"], "the callee heard");
  const [said] = await ann.log("sent");
  const heard = (await bob.log("received"))[1];
  equal({ ...heard, fromId: undefined }, said, "the offer on its way");
  equal(heard.fromId, "ann", "who calls");
  for (const phone of [ann, bob]) {
    for (const direction of ["sent", "received"]) {
      const types = (await phone.log(direction)).map(({ type }) => type);
      if (!types.includes("ice-candidate"))
        throw new Error(`${phone.user}: no candidate was ${direction}`);
      if (types.indexOf("ice-candidate") < types.findIndex((type) => type.startsWith("call-")))
        throw new Error(`${phone.user}: a candidate was ${direction} before the call`);
    }
  }
}

// Who it is, it says by a message; the id that rooms greet with is ignored.
async function soundAlone() {
  const url = await callServer();
  const ann = await Phone.open(url, "ann", { register: "1" });
  const bob = await Phone.open(url, "bob", { register: "1" });

  await bob.call(ann, "audio");
  await ann.is("ringing");
  await ann.press("accept");
  await Promise.all([ann.meets({ picture: false }), bob.meets({ picture: false })]);
  await ann.press("end");
  await bob.is("idle");
  equal(await ann.kinds("received"), ["id", "registered", "call-offer"], "the callee heard");
  equal((await bob.log("sent"))[1].callType, "audio", "the kind of call");
}

async function rejectedBusyOffline() {
  const url = await callServer();
  const [ann, bob, carl] = [await Phone.open(url, "ann"), await Phone.open(url, "bob"),
    await Phone.open(url, "carl")];

  await ann.call("dora");
  await ann.says("dora is not there");
  await ann.call(bob);
  await bob.is("ringing");
  await carl.call(bob);
  await carl.says("bob is busy");
  await bob.press("decline");
  await ann.says("bob has declined");
  equal(await ann.kinds("received"), ["registered", "call-failed", "call-reject"], "the caller heard");
  equal(await bob.kinds("sent"), ["call-reject"], "the callee said");
  equal(await carl.kinds("received"), ["registered", "call-failed"], "a third heard");
  equal((await ann.log("received")).find(({ type }) => type === "call-failed").reason,
    "offline", "why");
  equal((await carl.log("received"))[1].reason, "busy", "why");
}

async function nobodyAnswers() {
  const url = await callServer("500");
  const [ann, bob] = [await Phone.open(url, "ann"), await Phone.open(url, "bob")];

  await ann.call(bob);
  await ann.says("bob does not answer");
  await bob.says("Missed a call of ANN");
  equal(await ann.kinds("received"), ["registered", "call-failed"], "the caller heard");
  equal(await bob.kinds("received"), ["registered", "call-offer", "call-end"], "the callee heard");
}

async function theCallerGivesUp() {
  const url = await callServer();
  const [ann, bob] = [await Phone.open(url, "ann"), await Phone.open(url, "bob")];

  await ann.call(bob);
  await bob.is("ringing");
  await ann.press("end");
  await bob.says("Missed a call of ANN");
  equal(await ann.kinds("sent"), ["call-offer", "call-end"], "the caller said");
  // there is nothing left of it
  await bob.call(ann);
  await ann.is("ringing");
}

// Each has dialled before it hears of the other's call: that with the lower id lives,
// whichever came first.
async function twoCallEachOther() {
  for (const late of [3600000, -3600000]) {
    const url = await callServer();
    const held = [];
    const ann = await Phone.open(url, "ann");
    const bob = await Phone.open(url, "bob", {}, held, late);

    await ann.call(bob);
    await until(() => held.length === 1, STARTUP_MS, "Ann's offer");
    await bob.call(ann);
    await until(() => held.length === 2, STARTUP_MS, "what became of the two");
    held.open = true;
    held.forEach((pass) => pass());
    if (late < 0) {
      await ann.is("ringing");
      await ann.press("accept");
    }
    await Promise.all([ann.meets(), bob.meets()]);
    equal(await ann.kinds("received"), late < 0 ? ["registered", "call-failed", "call-offer"]
      : ["registered", "call-answer"], "the first caller heard");
    equal(await bob.kinds("received"), late < 0
      ? ["registered", "call-offer", "call-end", "call-answer"]
      : ["registered", "call-offer", "call-failed"], "the second caller heard");
    await bob.press("end");
    await ann.is("idle");
  }
}

// What flows between the two needs no server; they come back to it by themselves.
async function theServerIsStopped() {
  const { program, port, url } = await startServer();
  const [ann, bob] = [await Phone.open(url, "ann"), await Phone.open(url, "bob")];

  await ann.call(bob);
  await bob.is("ringing");
  await bob.press("accept");
  await Promise.all([ann.meets(), bob.meets()]);
  await program.end();
  await Promise.all([ann.says("Offline"), bob.says("Offline")]);
  const frames = await ann.frames();
  await ann.until((n) => document.getElementById("remote")
    .getVideoPlaybackQuality().totalVideoFrames > n + 5, frames);
  await startServer(port);
  await Promise.all([ann.says("Talking to bob"), bob.says("Talking to ANN")]);
  equal([...await ann.kinds("received"), ...await bob.kinds("received")].filter(
    (type) => type === "call-end" || type === "call-failed"), [], "the end of the call");
  await Promise.all([ann.meets(), bob.meets()]);
  // the new server knows of the call what both have told it
  await ann.press("end");
  await Promise.all([ann.says("Call ended"), bob.says("Call ended")]);
  equal((await bob.kinds("received")).at(-1), "call-end", "how it was told");
  await bob.call(ann);
  await ann.is("ringing");
}

// Who hangs up meanwhile is heard when both are back.
async function endedWithoutServer() {
  const { program, port, url } = await startServer();
  const [ann, bob] = [await Phone.open(url, "ann"),
    await Phone.open(url, "bob", { register: "1" })];

  await ann.call(bob);
  await bob.is("ringing");
  await bob.press("accept");
  await Promise.all([ann.meets(), bob.meets()]);
  await program.end();
  await Promise.all([ann.says("Offline"), bob.says("Offline")]);
  await bob.press("end");
  await startServer(port);
  await Promise.all([ann.says("Call ended"), bob.says("Online as BOB")]);
  equal((await ann.kinds("received")).at(-1), "call-end", "how it was told");
  equal((await bob.log("sent")).slice(-2).map(({ type }) => type), ["register", "call-end"],
    "what was said");
}

// The same with a device: what either does while there is no server reaches the other.
async function deviceWithoutServer() {
  let { program, port, url } = await startServer();
  const ann = await Phone.open(url, "ann");
  const ours = restartable("", "dialect=call", "mode=join", "user=Bob",
    `uri=ws://localhost:${port}/bob`);
  const left = (count) => ours.wait(() => ours.lines.filter(
    ({ event }) => event === "vm-participant-left").length === count);
  await ours.event("vm-joined");

  for (const [count, end] of [() => ann.press("end"), () => ours.type("end-call")].entries()) {
    ours.type("call ann");
    await ann.is("ringing");
    await ann.press("accept");
    await ann.meets();
    await program.end();
    await ann.says("Offline");
    const frames = await ann.frames();
    await ann.until((n) => document.getElementById("remote")
      .getVideoPlaybackQuality().totalVideoFrames > n + 5, frames);
    await end();
    ({ program } = await startServer(port));
    await left(count + 1);
    await ann.is("idle");
  }
}

// This project's own device with a page, each calling the other, and each declining.
async function pageAndDevice() {
  const { url, port } = await startServer();
  const ann = await Phone.open(url, "ann");
  const ours = restartable("", "dialect=call", "mode=join", "user=Bob",
    `uri=ws://localhost:${port}/bob`);
  await ours.event("vm-joined");

  await ann.call("bob");
  await ours.event("vm-call-offered", { id: "ann", user: "ANN", "call-type": "video" });
  ours.type("accept-call");
  await ours.event("vm-participant-joined", { user: "ANN" });
  await ann.meets();
  await ours.event("vm-participant-state-changed", { new: "connected" });
  await ann.press("end");
  await ours.event("vm-participant-left", { user: "ANN" });

  await ann.call("bob");
  await ours.wait(() => ours.lines.filter(({ event }) => event === "vm-call-offered").length === 2);
  ours.type("reject-call");
  await ann.says("bob has declined");

  ours.type("call ann");
  await ann.is("ringing");
  await ann.until(() => document.getElementById("who").textContent === "Bob calls (video)");
  await ann.press("decline");
  await ours.event("vm-participant-left", { user: "ann", code: "DECLINED" });
  ours.type("call ann");
  await ann.is("ringing");
  await ann.press("accept");
  await ann.meets();
  ours.type("end-call");
  await ann.says("Call ended");
  await ann.kinds("sent");
}

// The call dialect, "Click End Call": the connection is closed, and nothing is said.
async function endInSilence(phone) {
  await phone.page.evaluate(() => {
    const { send } = WebSocket.prototype;

    WebSocket.prototype.send = function sendOthers(text) {
      if (!text.includes('"call-end"')) send.call(this, text);
    };
  });
  await phone.press("end");
}

// Two of whom neither is this project's: the server asks whom it takes to be in a call.
async function twoPagesEndInSilence() {
  const url = await callServer();
  const [ann, bob, carl] = [await Phone.open(url, "ann"), await Phone.open(url, "bob"),
    await Phone.open(url, "carl")];

  await ann.call(bob);
  await bob.is("ringing");
  await bob.press("accept");
  await Promise.all([ann.meets(), bob.meets()]);
  // from when on the server asks; who talks declines
  await bob.until(() => document.getElementById("timer").textContent > "00:11");
  await carl.call(bob);
  await carl.says("bob has declined");
  await Promise.all([ann.meets(), bob.meets()]);
  await endInSilence(ann);
  await endInSilence(bob);
  await carl.call(bob);
  await bob.is("ringing");
  await bob.press("accept");
  await Promise.all([carl.meets(), bob.meets()]);
  equal((await ann.log("received")).at(-1).type, "call-end", "how the server told it");
}

// Whoever it talked to hears DTLS's goodbye, and tells the server: neither is busy.
async function aPageEndsInSilence() {
  const { url, port } = await startServer();
  const ann = await Phone.open(url, "ann");
  const ours = restartable("", "dialect=call", "mode=join", "user=Bob",
    `uri=ws://localhost:${port}/bob`);
  const all = (name) => ours.lines.filter(({ event }) => event === name);
  await ours.event("vm-joined");

  for (const count of [1, 2]) {
    // each of them has called once
    if (count === 1) {
      await ann.call("bob");
      await ours.event("vm-call-offered", { id: "ann" });
      ours.type("accept-call");
    } else {
      ours.type("call ann");
      await ann.is("ringing");
      await ann.press("accept");
    }
    await ann.meets();
    await ours.wait(() => all("vm-participant-state-changed")
      .filter((e) => e.new === "connected").length === count);
    await endInSilence(ann);
    const [left] = (await ours.wait(() => all("vm-participant-left").length === count
      && all("vm-participant-left"), GONE_MS)).slice(-1);
    equal([left.code, left.message], [undefined, undefined], "a reason for it");
    await until(async () => (await ann.log("received")).at(-1).type === "call-end",
      STARTUP_MS, "the end of the call at the server");
  }
  const carl = await Phone.open(url, "carl");
  await carl.call("bob");
  await ours.event("vm-call-offered", { id: "carl" });
}

// A page that has called with its sound alone, and adds its camera: both see each other
// then. What it cannot have is said.
async function cameraInTheMiddle() {
  const { url, port } = await startServer();
  const ann = await Phone.open(url, "ann");
  const ours = receiver("dialect=call", "mode=join", "user=Bob", `uri=ws://localhost:${port}/bob`);
  const offers = (how) => ann.page.evaluate(`(${changeConnection})(window.connection(), "${how}")
    .then((offer) => wire.send(JSON.stringify({ ...messages.find(({ sent }) =>
      sent?.type === "call-offer").sent, offer })))`);
  await ours.event("vm-joined");

  await ann.call("bob", "audio");
  await ours.event("vm-call-offered", { id: "ann" });
  ours.type("accept-call");
  await ann.meets({ picture: false });
  await offers("add");
  await pictureIs(ours, "seen", 0);
  await ann.meets();
  await offers("remove");
  await pictureIs(ours, "gone", 0);
  await offers("restart");
  await ann.until(() => document.getElementById("error").textContent.startsWith("BAD_MESSAGE"));
  await ann.meets();
  equal((await ann.log("received")).map(({ type }) => type)
    .filter((type) => type !== "ice-candidate"),
  ["registered", "call-answer", "call-answer", "call-answer", "error"], "the page heard");
}

// A tab that is closed hangs up, and one that dies is missed by the server.
async function aPageIsLost() {
  const url = await callServer();
  const [ann, bob] = [await Phone.open(url, "ann"), await Phone.open(url, "bob")];

  await ann.call(bob);
  await bob.is("ringing");
  await bob.press("accept");
  await Promise.all([ann.meets(), bob.meets()]);
  await bob.page.context().close();
  await ann.says("Call ended");
  const again = await Phone.open(url, "bob");
  await again.call(ann);
  await ann.is("ringing");
}

for (const func of [twoPagesTalk, soundAlone, rejectedBusyOffline, nobodyAnswers,
  theCallerGivesUp, twoCallEachOther, theServerIsStopped, endedWithoutServer, deviceWithoutServer,
  pageAndDevice, aPageEndsInSilence, twoPagesEndInSilence, cameraInTheMiddle,
  aPageIsLost])
  test(func.name, func, CASE_MS);

await main();
