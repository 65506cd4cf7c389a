// SPDX-License-Identifier: LGPL-2.1-or-later

// A page in a room of Janus as its API has it: a session, a publisher, and one
// subscription to the streams of all others. Each picture has an element with the name
// of whoever sends it.

const PLUGIN = "janus.plugin.videoroom";
const KEEPALIVE_MS = 25000;
const TRIES = 5; // to subscribe, beside the first

class Session {
  #socket;
  #id;
  #last = 0;
  #waiting = new Map(); // transaction -> who waits for its answer
  #handles = new Map(); // id -> what takes its events

  async open(uri) {
    this.#socket = new WebSocket(uri, "janus-protocol");
    this.#socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    await new Promise((resolve, reject) => {
      this.#socket.onopen = resolve;
      this.#socket.onerror = () => reject(new Error("no WebSocket"));
    });
    this.#id = (await this.ask({ janus: "create" })).data.id;
    setInterval(() => this.ask({ janus: "keepalive" }), KEEPALIVE_MS);
  }

  // The answer; of those to which only an acknowledgement comes, that.
  ask(message) {
    const transaction = String(++this.#last);
    const session = this.#id ? { session_id: this.#id } : {};

    this.#socket.send(JSON.stringify({ ...message, ...session, transaction }));
    return new Promise((resolve, reject) => {
      this.#waiting.set(transaction, { resolve, reject,
        short: ["keepalive", "trickle"].includes(message.janus) });
    });
  }

  async attach(onEvent) {
    const { data } = await this.ask({ janus: "attach", plugin: PLUGIN });

    this.#handles.set(data.id, onEvent);
    return data.id;
  }

  #take(message) {
    const one = this.#waiting.get(message.transaction);
    const data = message.plugindata?.data;

    if (one && message.janus === "ack" && !one.short) return;
    this.#waiting.delete(message.transaction);
    if (!one) this.#handles.get(message.sender)?.(message, data);
    else if (message.janus === "error") one.reject(new Error(message.error.reason));
    else if (data?.error) one.reject(new Error(data.error));
    else one.resolve(message);
  }
}

// One handle, and its connection.
class Handle {
  connection = new RTCPeerConnection();

  async open(session, onEvent) {
    this.session = session;
    this.id = await session.attach(onEvent);
    this.connection.onicecandidate = ({ candidate }) => session.ask({ janus: "trickle",
      handle_id: this.id, candidate: candidate?.toJSON() ?? { completed: true } });
  }

  say(body, description) {
    const jsep = description && { type: description.type, sdp: description.sdp };

    return this.session.ask({ janus: "message", handle_id: this.id, body, jsep });
  }
}

class Room {
  #session = new Session();
  #publisher = new Handle();
  #subscriber = new Handle();
  #busy = Promise.resolve(); // one negotiation at a time
  #subscribed = false;
  #names = new Map(); // mid of the subscription -> name, of those that send

  constructor(number) {
    this.number = number;
  }

  async enter(uri, name) {
    const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    const { connection } = this.#publisher;

    await this.#session.open(uri);
    await this.#publisher.open(this.#session, (message, data) => this.#hear(data));
    const joined = await this.#publisher.say({ request: "join", ptype: "publisher",
      room: this.number, display: name });
    for (const track of media.getTracks()) connection.addTrack(track, media);
    await connection.setLocalDescription();
    const { jsep } = await this.#publisher.say({ request: "publish" },
      connection.localDescription);
    await connection.setRemoteDescription(jsep);
    this.#hear(joined.plugindata.data);
  }

  #hear(data) {
    const feeds = (data?.publishers ?? []).map(({ id }) => ({ feed: id }));

    if (feeds.length) this.#queue(() => this.#want(feeds));
  }

  #queue(step) {
    this.#busy = this.#busy.then(step);
  }

  // Janus 1.1.2 never connects what it offers anew before it is connected.
  #isConnected() {
    const { connection } = this.#subscriber;

    return new Promise((resolve) => {
      connection.onconnectionstatechange = () => {
        if (connection.connectionState === "connected") resolve();
      };
      connection.onconnectionstatechange();
    });
  }

  // Janus refuses the whole request where one of them has gone meanwhile.
  async #want(feeds, tries = TRIES) {
    if (!feeds.length) return;
    try {
      await this.#subscribe(feeds);
    } catch (error) {
      if (!error.message.startsWith("No such feed") || tries === 0) throw error;
      await this.#want(await this.#present(feeds), tries - 1);
    }
  }

  // Those of them that publish now.
  async #present(feeds) {
    const { plugindata } = await this.#publisher.say({ request: "listparticipants",
      room: this.number });
    const there = plugindata.data.participants.filter(({ publisher }) => publisher);

    return feeds.filter(({ feed }) => there.some(({ id }) => id === feed));
  }

  async #subscribe(feeds) {
    if (this.#subscribed) {
      await this.#isConnected();
      await this.#answer(await this.#subscriber.say({ request: "update", subscribe: feeds }));
      return;
    }
    if (!this.#subscriber.id)
      await this.#subscriber.open(this.#session, (message) => {
        if (message.jsep) this.#queue(() => this.#answer(message));
      });
    this.#subscriber.connection.ontrack = (event) => this.#show(event);
    // Janus 1.1.2 never connects a subscription that it offers anew, of its own accord, before
    // the first answer.
    const offered = await this.#subscriber.say({ request: "join", ptype: "subscriber",
      room: this.number, autoupdate: false, streams: feeds });
    this.#subscribed = true;
    await this.#answer(offered);
  }

  async #answer({ jsep, plugindata }) {
    const { connection } = this.#subscriber;

    for (const { active, feed_display: name, mid } of plugindata.data.streams ?? []) {
      if (active) this.#names.set(mid, name);
      else this.#names.delete(mid);
    }
    if (jsep) {
      await connection.setRemoteDescription(jsep);
      await connection.setLocalDescription();
      await this.#subscriber.say({ request: "start" }, connection.localDescription);
    }
    for (const video of document.querySelectorAll("video"))
      if (!this.#names.has(video.dataset.mid)) video.remove();
  }

  // The state of both connections, and what has come by that of the subscriber.
  async describe() {
    const stats = [...await this.#subscriber.connection.getStats()];
    const states = [this.#publisher, this.#subscriber].map(({ connection: one }) =>
      [one.signalingState, one.iceConnectionState, one.connectionState].join());

    return { states, received: stats.map(([, one]) => one)
      .filter(({ type, kind }) => type === "inbound-rtp" && kind === "video")
      .map(({ mid, packetsReceived, framesReceived, framesDecoded, keyFramesDecoded, pliCount }) =>
        ({ mid, packetsReceived, framesReceived, framesDecoded, keyFramesDecoded, pliCount })) };
  }

  #show({ track, transceiver: { mid } }) {
    const element = document.createElement(track.kind === "video" ? "video" : "audio");

    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    element.dataset.mid = mid;
    element.dataset.name = this.#names.get(mid);
    document.body.append(element);
  }
}

let room;

window.enterRoom = (uri, number, name) => {
  room = new Room(number);
  return room.enter(uri, name);
};
window.describeRoom = () => room.describe();
