// SPDX-License-Identifier: LGPL-2.1-or-later

// A Janus server and its videoroom over one WebSocket (protocol/janus.md): requests and
// their answers, each handle's events. Knows nothing of media.
//
// Event of a JanusSession: "closed", once, for whatever reason but close().

const ANSWER_MS = 10000; // to open; of one request
const KEEPALIVE_MS = 25000; // Janus waits for 60 s
const PLUGIN = "janus.plugin.videoroom";
export const NO_SUCH_FEED = 428; // the videoroom's

export class JanusError extends Error {
  constructor(message, code = 0) {
    super(message);
    this.name = "JanusError";
    this.code = code;
  }
}

export class JanusSession extends EventTarget {
  #socket = null;
  #id = 0;
  #handles = new Map(); // id -> JanusHandle
  #waiting = new Map(); // transaction -> {resolve, reject, timer, ends}
  #transactions = 0;
  #keepalive = 0;
  #isOver = false;

  // Throws a JanusError.
  async open(url) {
    await this.#connect(url);
    const { data } = await this.request({ janus: "create" }, "success");
    this.#id = data?.id;
    this.#keepalive = setInterval(() => this.request({ janus: "keepalive" }, "ack")
      .catch(() => this.#lose("no answer")), KEEPALIVE_MS);
  }

  #connect(url) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, "janus-protocol");
      const timer = setTimeout(() => this.#lose("no answer"), ANSWER_MS);

      this.#socket = socket;
      socket.onopen = () => {
        clearTimeout(timer);
        resolve();
      };
      socket.onmessage = ({ data }) => this.#take(data);
      socket.onclose = () => {
        clearTimeout(timer);
        reject(new JanusError("The server has closed the connection."));
        this.#lose("closed");
      };
    });
  }

  // `ends`: by which kind of message it is answered; an error ends each. Throws a
  // JanusError.
  request(message, ends) {
    const transaction = String(++this.#transactions);
    const session = this.#id ? { session_id: this.#id } : {};

    return new Promise((resolve, reject) => {
      if (this.#isOver || this.#socket?.readyState !== WebSocket.OPEN) {
        reject(new JanusError("There is no connection."));
        return;
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(transaction);
        reject(new JanusError("There was no answer."));
      }, ANSWER_MS);
      this.#waiting.set(transaction, { resolve, reject, timer, ends });
      this.#socket.send(JSON.stringify({ ...message, ...session, transaction }));
    });
  }

  // `tell(data, jsep)`: what the plugin says without being asked, {hangup} or {candidate}.
  async attach(tell) {
    const { data } = await this.request({ janus: "attach", plugin: PLUGIN }, "success");
    const handle = new JanusHandle(this, data?.id, tell);

    this.#handles.set(data?.id, handle);
    return handle;
  }

  forget(handle) {
    this.#handles.delete(handle.id);
  }

  #take(text) {
    let message;

    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (message === null || typeof message !== "object") return;
    if (message.janus === "timeout") this.#lose("timeout");
    else if (!this.#answers(message)) this.#handles.get(message.sender)?.take(message);
  }

  // Whether it is the answer to a request, or an acknowledgement that one follows.
  #answers(message) {
    const waiting = this.#waiting.get(message.transaction);

    if (!waiting) return false;
    const { janus } = message;
    const isAnswer = janus === "error" || janus === waiting.ends
      || (waiting.ends === "event" && janus === "success");
    if (!isAnswer) return janus === "ack";
    this.#waiting.delete(message.transaction);
    clearTimeout(waiting.timer);
    const refusal = message.error
      || (message.plugindata?.data?.error_code && { code: message.plugindata.data.error_code,
        reason: message.plugindata.data.error });
    if (refusal) waiting.reject(new JanusError(String(refusal.reason), refusal.code));
    else waiting.resolve(message);
    return true;
  }

  #lose(why) {
    if (this.#isOver) return;
    this.#end(why);
    this.dispatchEvent(new Event("closed"));
  }

  #end(why) {
    this.#isOver = true;
    clearInterval(this.#keepalive);
    this.#handles.clear();
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new JanusError(`The connection is over: ${why}.`));
    }
    this.#waiting.clear();
    if (this.#socket) this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket?.close();
  }

  // Janus ends what belongs to a session with it.
  close() {
    if (!this.#isOver) this.#end("left");
  }
}

export class JanusHandle {
  #session;
  #tell;

  constructor(session, id, tell) {
    this.#session = session;
    this.#tell = tell;
    this.id = id;
  }

  take({ janus, plugindata, jsep, reason, candidate }) {
    if (janus === "event") this.#tell(plugindata?.data || {}, jsep);
    else if (janus === "hangup") this.#tell({ hangup: String(reason) });
    else if (janus === "trickle") this.#tell({ candidate });
  }

  // {data, jsep}
  async request(body, jsep) {
    const message = await this.#session.request(
      { janus: "message", handle_id: this.id, body, ...(jsep && { jsep }) }, "event");

    return { data: message.plugindata?.data || {}, jsep: message.jsep };
  }

  // null: there are no more. What is not acknowledged is not missed.
  trickle(candidate) {
    this.#session.request({ janus: "trickle", handle_id: this.id,
      candidate: candidate || { completed: true } }, "ack").catch(() => {});
  }

  detach() {
    this.#session.forget(this);
    this.#session.request({ janus: "detach", handle_id: this.id }, "success").catch(() => {});
  }
}
