// SPDX-License-Identifier: LGPL-2.1-or-later

// The connections to all others. The earlier participant offers, and only the
// offerer begins anew; `session` and `generation` tell what is stale.
//
// Events, each with detail {id}: "state", "streams"; "channel" with {id, label,
// open}; "message" with {id, label, text or data}; "forged" with {id, error}: something that
// came in that one's name is not its word (mediasession.js).

import { ASK_MS, MORE, pauseAfter, timeFor } from "../attempts.js";
import { Forged } from "../view/forged.js";
import { MediaSession, Pair } from "../identity/mediasession.js";
import { Peer } from "./peer.js";
import { cameraEncoding, screenEncoding } from "./quality.js";
import { uuid } from "../ids.js";

const RESTART_MS = 1000; // whoever asks again and again gets one a second
const EARLY_MAX = 64; // candidates before their offer

// waiting, connecting, connected, unsteady; reconnecting, lost: what was connected;
// trying, unreached: what never was; forged: what it said
// is not its word; refused: it says so of what this page said
class Link {
  constructor(id, offers, pair) {
    this.id = id;
    this.pair = pair;
    this.work = Promise.resolve(); // what it says, one after the other
    this.offers = offers;
    this.state = "waiting";
    this.peer = null;
    this.old = null; // the one that `peer` replaces, while the server is lost
    this.session = "";
    this.generation = 0;
    this.failed = 0; // attempts, since it was connected
    this.wasConnected = false;
    this.timer = 0;
    this.early = [];
  }
}

export class Mesh extends EventTarget {
  #links = new Map();
  #own;
  #iceServers;
  #send;
  #hasServer;
  #tracks = { audio: null, camera: null, screen: null };
  #cameraHeight = 720;

  // `own`: what a Pair knows of this page; `send(message)`: to one participant, by its
  // field `to`; `hasServer()`: whether there is another way than the data channels
  constructor({ own, iceServers, tracks, send, hasServer }) {
    super();
    this.#own = own;
    this.#iceServers = iceServers;
    this.#send = send;
    this.#hasServer = hasServer;
    Object.assign(this.#tracks, tracks);
  }

  // `offers`: whether this side does; `other`: {id, deviceId, nonce} as it was told
  add(other, offers) {
    const { id } = other;

    if (this.#links.has(id)) return;
    const link = new Link(id, offers, new Pair(this.#own, other));
    this.#links.set(id, link);
    if (offers) this.#offer(link);
    else this.#expect(link);
    this.#adapt();
  }

  remove(id) {
    const link = this.#links.get(id);

    if (!link) return;
    this.#links.delete(id);
    clearTimeout(link.timer);
    link.old?.close();
    link.peer?.close();
    this.#adapt();
  }

  close() {
    for (const id of [...this.#links.keys()]) this.remove(id);
  }

  get(id) {
    return this.#links.get(id)?.peer || null;
  }

  stateOf(id) {
    return this.#links.get(id)?.state || "lost";
  }

  get peers() {
    return [...this.#links.values()].filter((link) => link.peer)
      .map((link) => link.peer);
  }

  setTrack(name, track) {
    this.#tracks[name] = track;
    const height = name === "camera" && track?.getSettings().height;
    if (height) this.#cameraHeight = height;
    for (const peer of this.peers) peer.setTrack(name, track);
    this.#adapt();
  }

  // The more there are, the less each is sent.
  #adapt() {
    const others = this.#links.size;
    const encodings = {
      camera: cameraEncoding(others, this.#cameraHeight),
      screen: screenEncoding(others),
    };

    for (const peer of this.peers) peer.setEncodings(encodings);
  }

  // --- descriptions and candidates of the others ---

  take(message) {
    const link = this.#links.get(message.from);

    if (!link) return;
    link.work = link.work.then(async () => {
      if (this.#has(link)) await this.#takeNext(link, message);
    }).catch((error) => {
      if (!(error instanceof Forged)) console.error(error);
      else if (this.#has(link)) this.#tellForged(link, error);
    });
  }

  #has(link) {
    return this.#links.get(link.id) === link;
  }

  async #takeNext(link, message) {
    if (message.type === "offer") await this.#takeOffer(link, message);
    else if (message.type === "answer") await this.#takeAnswer(link, message);
    else if (message.type === "candidate") this.#takeCandidate(link, message);
    else if (message.type === "restart" && link.offers) {
      await link.pair.checkRestart(message);
      if (this.#has(link)) this.#restart(link);
    }
  }

  // A connection that stands is not ended by what is nobody's word.
  #tellForged(link, error) {
    this.#send({ type: "error", to: link.id, code: error.code, message: error.message });
    this.#stop(link, "forged");
    this.dispatchEvent(new CustomEvent("forged", { detail: { id: link.id, error } }));
  }

  // The other side has found what this page said to be somebody else's word. Whether
  // a connection ends by it.
  refused(id) {
    const link = this.#links.get(id);

    return Boolean(link) && this.#stop(link, "refused");
  }

  // What may still come is taken.
  #stop(link, state) {
    if (["connected", "unsteady"].includes(link.state)) return false;
    clearTimeout(link.timer);
    link.old?.close();
    link.peer?.close();
    link.old = link.peer = null;
    this.#setState(link, state);
    return true;
  }

  #isCurrent(link, { session, generation }) {
    return link.peer && session === link.session && generation === link.generation;
  }

  async #takeOffer(link, message) {
    const generation = Number.isSafeInteger(message.generation) ? message.generation : 0;

    if (link.offers || typeof message.sdp !== "string"
        || (link.peer && generation <= link.generation)) return;
    const media = new MediaSession(link.pair, { session: message.session, generation });
    await media.check("offer", message.sdp, message.identity);
    if (!this.#has(link)) return;
    link.session = message.session;
    link.generation = generation;
    this.#connect(link, false, media).takeOffer(message);
    for (const early of link.early.splice(0)) this.#takeCandidate(link, early);
  }

  async #takeAnswer(link, message) {
    const { peer } = link;

    if (typeof message.sdp !== "string" || !this.#isCurrent(link, message)) return;
    await peer.checkAnswer(message);
    peer.takeAnswer(message);
  }

  #takeCandidate(link, message) {
    if (this.#isCurrent(link, message)) {
      link.peer.takeCandidate(message);
    } else if (!link.peer || message.generation > link.generation) {
      link.early.push(message);
      if (link.early.length > EARLY_MAX) link.early.shift();
    }
  }

  // --- connections ---

  #setState(link, state) {
    if (link.state === state) return;
    link.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { id: link.id } }));
  }

  #setTimer(link, ms, func) {
    clearTimeout(link.timer);
    link.timer = setTimeout(func, ms);
  }

  #offer(link) {
    link.session = uuid();
    link.generation++;
    this.#connect(link, true, new MediaSession(link.pair, link)).offer();
  }

  // Over the channel `signal` of what is connected; whether it was sent.
  sendDirect(id, text) {
    const link = this.#links.get(id);

    return Boolean(link?.peer?.sendMessage("signal", text)
      || link?.old?.sendMessage("signal", text));
  }

  // The descriptions of a new connection need a way, and without the server the
  // old connection is the only one.
  #retire(link) {
    link.old?.close();
    link.old = null;
    if (!link.peer) return;
    if (!this.#hasServer() && link.peer.isOpen("signal")) link.old = link.peer;
    else link.peer.close();
    link.peer = null;
  }

  #connect(link, offerer, media) {
    clearTimeout(link.timer);
    this.#retire(link);
    const peer = new Peer({
      id: link.id,
      offerer,
      session: link.session,
      generation: link.generation,
      media,
      iceServers: this.#iceServers,
      tracks: this.#tracks,
      send: (message) => this.#send({ ...message, to: link.id }),
      time: timeFor(link.failed),
    });
    link.peer = peer;
    const relay = (type) => peer.addEventListener(type, (event) => {
      if (link.peer === peer || (link.old === peer && type !== "streams" && type !== "channel"))
        this.dispatchEvent(new CustomEvent(type,
          { detail: { ...event.detail, id: link.id } }));
    });
    relay("streams");
    relay("channel");
    relay("message");
    relay("forged");
    peer.addEventListener("state", () => {
      if (link.peer === peer) this.#peerChanged(link);
    });
    if (!["reconnecting", "trying"].includes(link.state)) this.#setState(link, "connecting");
    this.#adapt();
    return peer;
  }

  #peerChanged(link) {
    const { state } = link.peer;

    if (state === "failed") {
      this.#failed(link);
      return;
    }
    if (state === "connected") {
      link.failed = 0;
      link.wasConnected = true;
      link.old?.close();
      link.old = null;
    }
    this.#setState(link, state);
  }

  #failed(link) {
    link.old?.close();
    link.peer?.close();
    link.old = link.peer = null;
    if (link.failed >= MORE) {
      this.#setState(link, link.wasConnected ? "lost" : "unreached");
      return;
    }
    link.failed++;
    this.#setState(link, link.wasConnected ? "reconnecting" : "trying");
    const pause = pauseAfter(link.failed);
    if (link.offers) this.#setTimer(link, pause, () => this.#offer(link));
    else this.#setTimer(link, pause + ASK_MS, () => this.#ask(link));
  }

  #restart(link) {
    this.#setTimer(link, RESTART_MS, () => this.#offer(link));
  }

  #expect(link) {
    this.#setTimer(link, timeFor(link.failed), () => this.#failed(link));
  }

  // The user wants another connection to who is not reached.
  again(id) {
    const link = this.#links.get(id);

    if (!link || !["lost", "unreached"].includes(link.state)) return;
    link.failed = 0;
    this.#setState(link, link.wasConnected ? "reconnecting" : "trying");
    if (link.offers) this.#offer(link);
    else this.#ask(link);
  }

  #ask(link) {
    this.#sendRestart(link).catch((error) => console.error(error));
    this.#expect(link);
  }

  async #sendRestart(link) {
    const signed = await link.pair.signRestart();

    // who has a key is believed only behind a connection that it has signed
    if (link.pair.identity && !signed.identity) return;
    if (this.#has(link))
      this.#send({ type: "restart", to: link.id, reason: "no connection", ...signed });
  }
}
