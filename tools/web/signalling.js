// SPDX-License-Identifier: LGPL-2.1-or-later

// The way to the host's server: POST /meetings/join, then a WebSocket that is
// opened again when it is lost (docs/protocol.md).
//
// Events: "message" (detail: the message), "state" (detail: "open", "lost" or
// "over"; with "over" the property `error`, null after a proper end).

import { Line } from "./line.js";
import { nonce } from "./ids.js";
import { refusal } from "./words.js";

const ANSWER_MS = 10000; // of one request, one attempt
const RESUME_MS = 30000; // from the loss; the server keeps the seat so long
const RETRY_MS = [0, 500, 1000, 2000, 4000]; // the last repeats
const GOING_AWAY = 1001;
const NO_CLOSE_FRAME = 1006;

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
  #token = null;
  #callType;
  #device;
  #nonce = nonce();
  #state = "new";
  #lostAt = 0;
  #attempts = 0;
  #timer = 0;
  #resuming = false;
  #welcome = null; // {resolve, reject} of the first
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

  // Takes a seat: {grant, welcome}. `guest`: see guest.js. Throws a SignallingError.
  async join({ meeting, user, pin, guest, signal }) {
    const body = { meeting, user, callType: this.#callType,
      ...await guest?.prove(meeting, signal) };

    if (pin) body.pin = pin;
    // of a server that admits those alone who have one
    const token = new URLSearchParams(location.search).get("token");
    let response;
    try {
      response = await fetch("/meetings/join", {
        method: "POST",
        headers: { "content-type": "application/json",
          ...token && { authorization: `Bearer ${token}` } },
        body: JSON.stringify(body),
        signal: AbortSignal.any
          ? AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]) : signal,
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
    return { grant, welcome };
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
    const url = new URL("/ws", location.href);

    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    url.search = "";
    url.hash = "";
    if (!this.#welcomed) url.searchParams.set("ticket", this.#ticket);
    const socket = new WebSocket(url, "videomeet.v2");
    this.#socket = socket;
    this.#resuming = this.#welcomed;
    socket.onopen = () => this.#hello(socket);
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#take(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.#socket) this.#closed(event);
    };
    this.#setTimer(ANSWER_MS, () => {
      this.#abandon();
      this.#lose();
    });
  }

  #welcomed = false;

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
    if (this.#resuming)
      socket.send(JSON.stringify({ type: "hello", resume: this.#token,
        lastSeq: this.#line.received }));
    else
      socket.send(this.#line.write({ type: "hello", nonce: this.#nonce,
        device: this.#device, callType: this.#callType }));
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
    if (!this.#line.read(message)) return;
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
    this.#token = message.resume;
    clearTimeout(this.#timer);
    this.#setState("open");
    this.#welcome.resolve(message);
  }

  #takeError(message) {
    const error = new SignallingError(message.code, message.message);

    if (!this.#welcomed) this.#reason = error;
  }

  // Until the welcome nothing has a number.
  #takeResumed(message) {
    if (message.type === "error") {
      this.#abandon();
      this.#end(new SignallingError(message.code || "RESUME_FAILED", message.message));
      return;
    }
    if (message.type !== "welcome" || message.resumed !== true) return;
    this.#resuming = false;
    this.#token = message.resume;
    this.#lostAt = 0;
    this.#attempts = 0;
    clearTimeout(this.#timer);
    for (const text of this.#line.resume(message.ack)) this.#sendText(text);
    // says that the token has arrived
    this.#sendText(this.#line.writeAck());
    this.#setState("open");
  }

  #closed(event) {
    this.#socket = null;
    if (!this.#welcomed) {
      this.#end(this.#reason || new SignallingError("DISCONNECTED"));
    } else if (!this.#reason
        && (event.code === NO_CLOSE_FRAME || event.code === GOING_AWAY)) {
      this.#lose();
    } else {
      this.#end(this.#reason);
    }
  }

  #lose() {
    if (this.#state === "over") return;
    if (!this.#welcomed) {
      this.#end(new SignallingError("TIMEOUT"));
      return;
    }
    const now = Date.now();
    if (!this.#lostAt) this.#lostAt = now;
    const left = this.#lostAt + RESUME_MS - now;
    if (left <= 0 || this.#line.overflown) {
      this.#end(new SignallingError("DISCONNECTED"));
      return;
    }
    const delay = RETRY_MS[Math.min(this.#attempts++, RETRY_MS.length - 1)];
    this.#setTimer(Math.min(delay, left), () => this.#open());
    this.#setState("lost");
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
  // dead may not know it for minutes.
  renew() {
    if (this.#state !== "open") return;
    this.#abandon();
    this.#lose();
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
