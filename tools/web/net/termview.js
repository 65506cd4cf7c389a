// SPDX-License-Identifier: LGPL-2.1-or-later

// One terminal that this page sees: a WebRTC connection to the device that shares it, with
// the data channel `term` (protocol/agents.md#terminal-in-a-browser). The server passes on
// offer and answer only; the answer is signed by the device.
//
// Events: "state"; "size", detail {cols, rows}; "output", detail {text, done}; "status";
// "notice", detail a sentence.

import { Forged } from "../view/forged.js";
import { Heartbeat, SILENCE_MS } from "./heartbeat.js";
import { verifyMedia } from "../identity/mediaidentity.js";
import { ERROR, read, TERM_CONTROL, TERM_OUT, TERM_RESIZE, TERM_STATUS, writeJson, writeSeen,
  writeTyped } from "./termmessage.js";

const CONNECT_MS = 15000;
const LOOK_MS = 1000;
const PAUSE_MIN_MS = 1000;
const PAUSE_MAX_MS = 30000;
const BUFFERED_MAX = 64 * 1024; // bytes typed that have not gone
const ASK_MS = 10000; // for control to be given
const TAKE_MS = 500; // between two tokens for control that go to the server
const CANDIDATES_MAX = 64; // that come before the answer
const NO_NONCE = new Uint8Array(16);

export class TermView extends EventTarget {
  #line;
  #connection = null;
  #channel = null;
  #heartbeat = null;
  #offer = "";
  #early = []; // candidates of the device
  #answered = false;
  #seen = 0; // bytes that are on the screen
  #decoder = null;
  #timer = 0;
  #deadline = 0;
  #pause = PAUSE_MIN_MS;
  #wants = false; // control
  #tookAt = -TAKE_MS;
  #taking = false; // with a token that came since control was asked for
  #asking = 0; // a timer, while it is asked for
  #attempt = 0;

  constructor(line, device) {
    super();
    this.#line = line;
    this.device = device;
    this.state = "connecting"; // connected, lost, ended
    this.checked = false; // the device has proven itself by its key
    this.controls = false;
    this.status = { viewers: [], controller: "", command: "", ended: false };
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    if (state !== "connected") this.#setControl(false);
    this.dispatchEvent(new Event("state"));
  }

  #tell(sentence) {
    this.dispatchEvent(new CustomEvent("notice", { detail: sentence }));
  }

  async start() {
    this.#drop();
    this.#become("connecting");
    const attempt = ++this.#attempt;
    const { stun } = this.#line;
    const connection = new RTCPeerConnection({ iceServers: stun ? [{ urls: stun }] : [] });

    this.#connection = connection;
    this.#answered = false;
    this.#early = [];
    this.#decoder = new TextDecoder();
    this.#deadline = performance.now() + CONNECT_MS;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    const channel = connection.createDataChannel("term");
    const beats = connection.createDataChannel("heartbeat");
    this.#channel = channel;
    this.#heartbeat = new Heartbeat((said) => beats.readyState === "open" && beats.send(said));
    beats.onmessage = ({ data }) => this.#heartbeat?.take(data, performance.now());
    channel.binaryType = "arraybuffer";
    channel.onopen = () => this.#opened();
    channel.onmessage = ({ data }) => { if (channel === this.#channel) this.#take(data); };
    channel.onclose = () => { if (channel === this.#channel) this.#fail(); };
    connection.onconnectionstatechange = () => {
      if (connection === this.#connection && connection.connectionState === "failed")
        this.#fail();
    };
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate && connection === this.#connection)
        this.#say("rtc.ice", { candidate: candidate.toJSON() });
    };
    try {
      await connection.setLocalDescription();
      this.#offer = connection.localDescription.sdp;
      await this.#say("rtc.offer", { sdp: this.#offer });
    } catch (error) {
      if (attempt !== this.#attempt) return;
      this.#tell(error.message);
      this.#fail();
    }
  }

  // In the order in which it is to be said.
  #saying = Promise.resolve();

  #say(type, content) {
    const said = this.#saying.then(async () => {
      const token = await this.#line.capability(this.device);
      this.#line.send(type, { room_id: this.#line.room, target_peer_id: this.device,
        ...content, cap_token: token }, this.device);
    });

    this.#saying = said.catch(() => {});
    return said;
  }

  #look() {
    const now = performance.now();

    if (this.state === "connected" ? this.#heartbeat.silence(now) > SILENCE_MS
      : now > this.#deadline)
      this.#fail();
  }

  #drop() {
    clearInterval(this.#timer);
    clearTimeout(this.#timer);
    this.#stopAsking();
    const connection = this.#connection;
    this.#connection = this.#channel = this.#heartbeat = null;
    connection?.close();
  }

  // It is tried again, as long as the device is there.
  #fail() {
    this.#drop();
    this.#attempt++;
    if (this.state === "ended") return;
    this.#become("lost");
    this.#timer = setTimeout(() => this.start(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, PAUSE_MAX_MS);
  }

  // For good; `sentence`: why.
  end(sentence = "") {
    this.#drop();
    this.#attempt++;
    this.#become("ended");
    if (sentence) this.#tell(sentence);
  }

  // --- what the server passes on ---

  async hear({ type, payload }) {
    if (!this.#connection) return;
    if (type === "rtc.answer") await this.#takeAnswer(payload);
    else if (type === "rtc.ice") await this.#takeCandidate(payload.candidate);
    else if (type === "error") this.end(String(payload.message || "The device refuses"));
  }

  async #takeAnswer({ sdp, identity }) {
    const connection = this.#connection;

    if (this.#answered) return;
    this.#answered = true;
    try {
      // only a secure page can check whose word it is
      if (crypto.subtle) {
        await verifyMedia(identity, { role: "terminal", meetingId: this.#line.room,
          from: { device: this.device, id: this.device, nonce: NO_NONCE },
          to: { device: "", id: this.#line.peerId, nonce: NO_NONCE }, session: "",
          generation: 0, sdp, offer: this.#offer }, Math.floor(Date.now() / 1000));
        this.checked = true;
      }
      if (connection !== this.#connection) return;
      await connection.setRemoteDescription({ type: "answer", sdp });
      for (const candidate of this.#early.splice(0)) await this.#add(connection, candidate);
    } catch (error) {
      if (connection !== this.#connection) return;
      if (error instanceof Forged)
        this.end("What came is not the word of this device: somebody on the way has changed"
          + " it. Nothing of it is shown.");
      else this.#fail();
    }
  }

  async #takeCandidate(candidate) {
    if (candidate === null || typeof candidate !== "object") return;
    if (this.#connection.remoteDescription) await this.#add(this.#connection, candidate);
    else if (this.#early.length < CANDIDATES_MAX) this.#early.push(candidate);
  }

  // One that this browser does not take is one way less.
  async #add(connection, candidate) {
    try {
      await connection.addIceCandidate(candidate);
    } catch {
      // see above
    }
  }

  // --- the data channel ---

  #opened() {
    this.#seen = 0;
    this.#pause = PAUSE_MIN_MS;
    this.#channel.send(writeSeen(0));
    this.#become("connected");
  }

  #take(data) {
    const message = read(data);

    if (!message) return;
    const { type, value } = message;
    if (type === TERM_OUT) this.#show(value);
    else if (type === TERM_RESIZE) this.dispatchEvent(new CustomEvent("size", { detail: value }));
    else if (type === TERM_CONTROL) this.#takeControl(value);
    else if (type === TERM_STATUS) this.#takeStatus(value);
    else if (type === ERROR) this.#tell(value.message);
  }

  #show(bytes) {
    const channel = this.#channel;
    const done = () => {
      this.#seen += bytes.length;
      if (channel === this.#channel && channel?.readyState === "open")
        channel.send(writeSeen(this.#seen));
    };

    this.dispatchEvent(new CustomEvent("output",
      { detail: { text: this.#decoder.decode(bytes, { stream: true }), done } }));
  }

  #takeStatus(status) {
    this.status = status;
    this.dispatchEvent(new Event("status"));
    if (status.ended) this.end("The command has ended.");
  }

  // --- control ---

  get isAsking() { return this.#asking !== 0; }

  #stopAsking() {
    clearTimeout(this.#asking);
    this.#asking = 0;
  }

  // Nobody has given it.
  #giveUp(sentence) {
    this.#stopAsking();
    this.#wants = false;
    this.#setControl(false);
    this.dispatchEvent(new Event("state"));
    this.#tell(sentence);
  }

  #setControl(controls) {
    if (controls) this.#stopAsking();
    if (this.controls === controls) return;
    this.controls = controls;
    if (!controls) this.#wants = false;
    this.dispatchEvent(new Event("state"));
  }

  // One that comes while control is asked for is of an earlier control, which the server has
  // ended first.
  #isTakenBack(action) {
    return action === "take-back" && this.#wants && (this.controls || this.#taking);
  }

  #takeControl({ action, token, message }) {
    if (action === "token") {
      const now = performance.now();

      if (!this.#wants || now - this.#tookAt < TAKE_MS) return;
      this.#tookAt = now;
      this.#taking = true;
      this.#line.send("terminal.control.take", { room_id: this.#line.room,
        target_device_id: this.device, cap_token: token });
    } else if (action === "denied" || this.#isTakenBack(action)) {
      this.#giveUp(message ? `${message}.` : "You do not control the terminal.");
    }
  }

  // What the server says of the control of this device's terminal.
  hearControl(type, payload) {
    const own = payload.peer_id === this.#line.peerId;

    if (type === "terminal.control.granted" && own) {
      // nobody is made to type into what they only watch
      if (this.#wants) this.#setControl(true);
      else this.#sayReleased();
    } else if (type === "terminal.control.denied") {
      this.#giveUp("Somebody else controls the terminal.");
    } else if (type === "terminal.control.release" && own) {
      this.#setControl(false);
    }
  }

  askControl() {
    if (this.state !== "connected" || this.controls || this.isAsking) return;
    this.#wants = true;
    this.#taking = false;
    this.#asking = setTimeout(() => this.#giveUp("Nobody has given control."), ASK_MS);
    this.dispatchEvent(new Event("state"));
    this.#channel.send(writeJson(TERM_CONTROL, { action: "ask" }));
  }

  #sayReleased() {
    this.#line.send("terminal.control.release", { room_id: this.#line.room,
      target_device_id: this.device });
  }

  releaseControl() {
    this.#setControl(false);
    if (this.state === "connected")
      this.#channel.send(writeJson(TERM_CONTROL, { action: "release" }));
    this.#sayReleased();
  }

  type(bytes) {
    if (!this.controls || this.#channel?.readyState !== "open") return;
    if (this.#channel.bufferedAmount + bytes.length > BUFFERED_MAX) {
      this.#tell("Too much was typed at once: a part of it is lost.");
      return;
    }
    for (const message of writeTyped(bytes)) this.#channel.send(message);
  }
}
