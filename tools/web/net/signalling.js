// SPDX-License-Identifier: LGPL-2.1-or-later

// The way to the host's server: POST /meetings/join, then a WebSocket that is opened
// again when it is lost (protocol/signalling.md#resume).
//
// Events: "message" (detail: the message), "state" (detail: "open", "lost" or
// "over"; with "over" the property `error`, null after a proper end).

import { Line } from "./line.js";
import { nonce } from "../ids.js";
import { refusal } from "../view/words.js";

const ANSWER_MS = 10000; // of one request, one attempt
const JOIN_MS = 30000; // until the welcome, all attempts together
const ASK_AGAIN_MS = 500; // after a first request that no server has answered
const RESUME_MS = 30000; // from the loss; the server keeps the seat so long
const RETRY_MS = [0, 500, 1000, 2000, 4000]; // the last repeats
const STEADY_MS = 1000; // how long a socket has to last, to be one that is there
const GOING_AWAY = 1001;
const NO_CLOSE_FRAME = 1006;

const later = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export class SignallingError extends Error {
  constructor(code, message) {
    super(refusal(code, message));
    this.name = "SignallingError";
    this.code = code;
  }
}

export async function readRefusal(response) {
  try {
    const { error } = await response.json();
    return new SignallingError(error.code, error.message);
  } catch {
    return new SignallingError("FAILED", `The device answered ${response.status}.`);
  }
}

// What a server says yes with; throws a SignallingError for all else.
export async function readAnswer(response, signal) {
  if (!response.ok) throw await readRefusal(response);
  try {
    return await response.json();
  } catch (error) {
    // it ended in the middle of its answer
    if (signal.aborted) throw error;
    throw new SignallingError("DISCONNECTED");
  }
}

export class Signalling extends EventTarget {
  #socket = null;
  #line = new Line();
  #ticket = null;
  #token = null; // to resume; until one has come the ticket stands in for it
  #callType;
  #device;
  #nonce = nonce();
  #state = "new";
  #joinBy = 0;
  #lostAt = 0;
  #backAt = 0; // when it was there, the last time
  #attempts = 0;
  #timer = 0;
  #greeted = false; // hello was said: there may be a seat to come back to
  #resuming = false;
  #welcomed = false;
  #welcome = null; // {resolve, reject} of the first
  #begunAgain = false;
  #reason = null; // the SignallingError told before a close

  constructor({ callType, device }) {
    super();
    this.#callType = callType;
    this.#device = device;
    this.error = null;
  }

  get state() {
    return this.#state;
  }

  // What the others are told at the coming, by which descriptions are signed.
  get nonce() {
    return this.#nonce;
  }

  // Takes a seat: {grant, welcome}. `guest`: see guest.js; `own`: approve.js. Throws a SignallingError.
  async join(wish) {
    this.#joinBy = Date.now() + JOIN_MS;
    // null: hello never came there, and no seat was taken
    return await this.#takeSeat(wish) || this.#takeSeat(wish);
  }

  async #takeSeat({ meeting, user, pin, guest, own, signal }) {
    const body = { meeting, user, callType: this.#callType,
      ...await guest?.prove(meeting, signal) };

    if (pin) body.pin = pin;
    if (own?.session) body.session = own.session;
    // of a server that admits those alone who have one
    const token = new URLSearchParams(location.search).get("token");
    const ask = () => fetch("meetings/join", {
      method: "POST",
      headers: { "content-type": "application/json",
        ...token && { authorization: `Bearer ${token}` } },
      body: JSON.stringify(body),
      signal: AbortSignal.any
        ? AbortSignal.any([signal, AbortSignal.timeout(this.#answerMs)]) : signal,
    });
    let response;
    try {
      response = await ask().catch((error) => {
        // a browser gives up what it has asked when its network changes
        if (signal.aborted || error.name === "TimeoutError") throw error;
        return later(ASK_AGAIN_MS).then(ask);
      });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new SignallingError(error.name === "TimeoutError" ? "TIMEOUT"
        : "DISCONNECTED");
    }
    const grant = await readAnswer(response, signal);
    this.#ticket = grant.ticket;
    const welcome = await new Promise((resolve, reject) => {
      this.#welcome = { resolve, reject };
      signal.addEventListener("abort", () => {
        this.close();
        reject(signal.reason);
      });
      this.#open();
    });
    return welcome && { grant, welcome };
  }

  get #giveUpAt() {
    return this.#welcomed ? this.#lostAt + RESUME_MS : this.#joinBy;
  }

  // The deadline of one attempt, which ends with the time for all of them.
  get #answerMs() {
    return Math.max(1, Math.min(ANSWER_MS, this.#giveUpAt - Date.now()));
  }

  #setState(state, error = null) {
    if (this.#state === "over" || this.#state === state) return;
    this.#state = state;
    this.error = error;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  // The address in the grant is not followed: this one is known to be the
  // device that was asked.
  #open() {
    const url = new URL("ws", location.href);

    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    url.search = "";
    url.hash = "";
    if (!this.#greeted) url.searchParams.set("ticket", this.#ticket);
    const socket = new WebSocket(url, "videomeet.v2");
    this.#socket = socket;
    this.#resuming = this.#greeted;
    socket.onopen = () => this.#hello(socket);
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#take(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.#socket) this.#closed(event);
    };
    this.#setTimer(this.#answerMs, () => {
      this.#abandon();
      this.#lose("TIMEOUT");
    });
  }

  #setTimer(ms, func) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(func, ms);
  }

  // Without a close frame, which would give the seat back: the next socket
  // supersedes this one.
  #abandon() {
    const socket = this.#socket;

    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState === WebSocket.CONNECTING) socket.close();
  }

  #hello(socket) {
    if (socket !== this.#socket) {
      // given up while it was opening
      socket.close();
      return;
    }
    if (this.#resuming) {
      socket.send(JSON.stringify({ type: "hello", resume: this.#token ?? this.#ticket,
        lastSeq: this.#line.received }));
      return;
    }
    this.#greeted = true;
    socket.send(this.#line.write({ type: "hello", nonce: this.#nonce,
      device: this.#device, callType: this.#callType, sfu: true }));
  }

  #take(data) {
    let message;

    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message === null || typeof message !== "object") return;
    if (this.#resuming) {
      this.#takeResumed(message);
      return;
    }
    if (!this.#line.read(message, data)) return;
    if (message.type === "error") this.#takeError(message);
    else if (message.type === "welcome") this.#takeWelcome(message);
    else if (message.type === "kick") this.#reason = new SignallingError("KICKED");
    if (this.#line.wantsAck) this.#sendText(this.#line.writeAck());
    if (message.type !== "welcome" && message.type !== "ack" && this.#welcomed)
      this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  #takeWelcome(message) {
    if (this.#welcomed) return;
    this.#welcomed = true;
    // one that is said again has a token that was replaced since
    this.#token ??= message.resume;
    this.#settle();
    this.#welcome.resolve(message);
  }

  #settle() {
    this.#lostAt = 0;
    this.#backAt = Date.now();
    clearTimeout(this.#timer);
    this.#setState("open");
  }

  #takeError(message) {
    const error = new SignallingError(message.code, message.message);

    if (!this.#welcomed) this.#reason = error;
  }

  // Until the welcome nothing has a number.
  #takeResumed(message) {
    if (message.type === "error") {
      this.#refuseResume(new SignallingError(message.code || "RESUME_FAILED", message.message));
      return;
    }
    if (message.type !== "welcome" || message.resumed !== true) return;
    this.#resuming = false;
    this.#token = message.resume;
    for (const text of this.#line.resume(message.ack)) this.#sendText(text);
    // says that the token has arrived
    this.#sendText(this.#line.writeAck());
    // else the first welcome comes next, within the time of this attempt
    if (this.#welcomed) this.#settle();
  }

  // Who was not welcomed may have no seat yet: once it joins from the beginning.
  #refuseResume(error) {
    this.#abandon();
    if (this.#welcomed || this.#begunAgain || error.code !== "RESUME_FAILED") {
      this.#end(error);
      return;
    }
    clearTimeout(this.#timer);
    this.#begunAgain = true;
    this.#greeted = this.#resuming = false;
    this.#token = null;
    this.#line = new Line();
    this.#lostAt = 0;
    this.#attempts = 0;
    this.#welcome.resolve(null);
  }

  #closed(event) {
    this.#socket = null;
    if (this.#greeted && !this.#reason
        && (event.code === NO_CLOSE_FRAME || event.code === GOING_AWAY))
      this.#lose("DISCONNECTED");
    else
      this.#end(this.#reason || (this.#welcomed ? null : new SignallingError("DISCONNECTED")));
  }

  // `code`: what a join ends with when the time is over.
  #lose(code) {
    if (this.#state === "over") return;
    const now = Date.now();
    if (!this.#lostAt) {
      // a server that drops each anew is not asked without a pause
      if (now - this.#backAt >= STEADY_MS) this.#attempts = 0;
      this.#lostAt = now;
    }
    const left = this.#giveUpAt - now;
    if (this.#reason || !this.#greeted || left <= 0 || this.#line.overflown) {
      this.#end(this.#reason || new SignallingError(this.#welcomed ? "DISCONNECTED" : code));
      return;
    }
    const delay = RETRY_MS[Math.min(this.#attempts++, RETRY_MS.length - 1)];
    this.#setTimer(Math.min(delay, left), () => {
      if (delay < left) this.#open();
      else this.#lose(code);
    });
    // before the welcome join() is what tells
    if (this.#welcomed) this.#setState("lost");
  }

  #end(error) {
    clearTimeout(this.#timer);
    this.#abandon();
    if (!this.#welcomed) this.#welcome?.reject(error || new SignallingError("FAILED"));
    this.#setState("over", error);
  }

  #sendText(text) {
    if (this.#socket?.readyState === WebSocket.OPEN && !this.#resuming)
      this.#socket.send(text);
  }

  // What is said while the socket is lost goes with the next one.
  send(message) {
    if (this.#state !== "open" && this.#state !== "lost") return;
    this.#sendText(this.#line.write(message));
  }

  // The network has changed or the host's device is silent: a socket that is
  // dead may not know it for minutes. One that is tried is tried anew, at once.
  renew() {
    if (this.#state !== "open" && this.#state !== "lost") return;
    this.#abandon();
    if (this.#state === "lost") this.#attempts = 0;
    this.#lose("DISCONNECTED");
  }

  // A goodbye, which gives the seat back at once.
  close(more = {}) {
    if (this.#state === "over") return;
    this.send({ type: "bye", ...more });
    const socket = this.#socket;
    this.#abandon();
    socket?.close(1000);
    clearTimeout(this.#timer);
    this.#state = "over";
  }
}
