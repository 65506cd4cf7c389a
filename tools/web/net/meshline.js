// SPDX-License-Identifier: LGPL-2.1-or-later

// A page of the mesh at its server (protocol/mesh.md): signs in, enters a room, and comes
// back when the connection is lost. It takes part in no call.
//
// Events: "state"; "message", detail {type, payload, from}; "gone", detail the peer that has
// left.

const VERSION = "1.0.0";
const ANSWER_MS = 10000;
const PAUSE_MIN_MS = 500;
const PAUSE_MAX_MS = 30000;
const RENEW_MS = 30000; // before a capability expires
const FINAL = new Set(["KICKED", "MEETING_ENDED", "NOT_TRUSTED"]);

export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const text = (value) => (typeof value === "string" ? value : "");

function expiryOf(token) {
  try {
    const claims = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(claims)).exp * 1000;
  } catch {
    return 0;
  }
}

export class MeshLine extends EventTarget {
  #socket = null;
  #token = "";
  #capabilities = new Map(); // target -> {token, expires}
  #pause = PAUSE_MIN_MS;
  #timer = 0;
  #wanted = null; // {user, room, pin}

  constructor() {
    super();
    this.state = "out"; // joining, joined, lost
    this.error = null; // why it is out, or lost
    this.peerId = "";
    this.room = "";
    this.stun = "";
  }

  #become(state, error = null) {
    this.state = state;
    this.error = error;
    this.dispatchEvent(new Event("state"));
  }

  async #post(path, body) {
    const headers = { "content-type": "application/json" };

    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS) });
    const json = await answer.json().catch(() => ({}));
    if (!answer.ok)
      throw new Refusal(text(json?.error?.code), text(json?.error?.message)
        || `The server answers ${answer.status}`);
    return json;
  }

  join(user, room, pin) {
    this.#wanted = { user, room, pin };
    this.#become("joining");
    return this.#begin();
  }

  leave() {
    this.#wanted = null;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#become("out");
  }

  async #begin() {
    const wanted = this.#wanted;
    const { user, room, pin } = wanted;

    this.#token = this.peerId = "";
    this.#capabilities.clear();
    try {
      const session = await this.#post("v2/sessions", { user });
      this.#token = text(session.access_token);
      this.stun = text(session.stun);
      const { room_id: id } = await this.#post("v2/rooms", pin ? { name: room, pin }
        : { name: room });
      if (this.#wanted !== wanted) return;
      this.room = text(id);
      this.#open(pin);
    } catch (error) {
      if (this.#wanted === wanted) this.#lose(error);
    }
  }

  #open(pin) {
    const url = new URL("v2/ws", location.href);

    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.search = "";
    url.hash = "";
    url.searchParams.set("access_token", this.#token);
    if (pin) url.searchParams.set("pin", pin);
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#timer = setTimeout(() => socket.close(), ANSWER_MS);
    socket.onopen = () => this.send("system.hello", { peer_type: "client", version: VERSION });
    socket.onmessage = ({ data }) => { if (socket === this.#socket) this.#take(data); };
    socket.onclose = () => {
      if (socket === this.#socket) this.#lose(new Error("The server does not answer"));
    };
  }

  // Whoever was inside comes back by itself; who was refused, or sent away, does not.
  #lose(error) {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    const refused = error instanceof Refusal && error.code !== "RATE_LIMITED"
      && (this.state === "joining" || FINAL.has(error.code));
    if (refused || this.state === "joining") {
      this.#wanted = null;
      this.#become("out", error);
      return;
    }
    this.#become("lost", error);
    this.#timer = setTimeout(() => this.#begin(), this.#pause * (0.5 + Math.random() / 2));
    this.#pause = Math.min(2 * this.#pause, PAUSE_MAX_MS);
  }

  send(type, payload, to = "server") {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ type, id: crypto.randomUUID?.() ?? `m-${Date.now()}`,
      timestamp: new Date().toISOString(), from: this.peerId || "client", to, payload }));
    return true;
  }

  #take(data) {
    let message;

    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    const { type, payload, from } = message ?? {};
    if (payload === null || typeof payload !== "object") return;
    if (type === "system.welcome") {
      this.peerId = text(payload.peer_id);
      this.send("room.join", { room_id: this.room });
    } else if (type === "room.joined" && payload.peer_id === this.peerId) {
      clearTimeout(this.#timer);
      this.#pause = PAUSE_MIN_MS;
      this.#become("joined");
    } else if (type === "error" && from === "server"
        && (this.state !== "joined" || FINAL.has(payload.code))) {
      this.#lose(new Refusal(text(payload.code), text(payload.message)));
    } else {
      this.dispatchEvent(new CustomEvent("message", { detail: { type, payload,
        from: text(from) } }));
    }
  }

  // What allows to see the terminal of that device.
  async capability(device) {
    const known = this.#capabilities.get(device);

    if (known && Date.now() < known.expires - RENEW_MS) return known.token;
    const { cap_token: token } = await this.#post(
      `v2/rooms/${encodeURIComponent(this.room)}/capabilities`,
      { caps: ["terminal:view"], target_device_id: device });
    this.#capabilities.set(device, { token, expires: expiryOf(token) });
    return token;
  }
}
