// SPDX-License-Identifier: LGPL-2.1-or-later

// The connections to all others. The earlier participant offers, and only the
// offerer begins anew; `session` and `generation` tell what is stale. A connection is
// replaced beside the one in use when nothing is heard over that, or the network is
// another one (protocol/meeting.md#another-connection).
//
// Events, each with detail {id}: "state", "streams"; "silent": nothing comes, and another
// connection is wanted; "channel" with {id, label, open}; "message" with {id, label, text or data}; "forged" with {id, error}: something that
// came in that one's name is not its word (mediasession.js).

import { ASK_MS, MORE, pauseAfter, timeFor } from "../attempts.js";
import { Forged } from "../view/forged.js";
import { Link } from "./link.js";
import { MediaSession, Pair } from "../identity/mediasession.js";
import { Peer } from "./peer.js";
import { connectionOf } from "./sdp.js";
import { cameraEncoding, screenEncoding } from "./quality.js";
import { uuid } from "../ids.js";

const RESTART_MS = 1000; // whoever asks again and again gets one a second
const ASKED_MS = 2000; // then another connection is asked for once more
const PAST_MS = 1000; // that a replaced connection is kept
const SHOWN_MS = 500; // until what has come another way is shown
const RETIRED_MS = 1000; // that one is kept which sends nothing any more
const EARLY_MAX = 64; // candidates before their offer
const CROSSED_MS = 1500; // that an answer is waited for once an offer crosses the own one
const FILES = new Set(["file-control", "file"]); // whose messages belong to one connection

export class Mesh extends EventTarget {
  #links = new Map();
  #generations = new Map(); // of links that were retired, by id
  #own;
  #ice; // {iceServers, iceTransportPolicy}
  #send;
  #isOffline;
  #tracks = { audio: null, camera: null, screen: null };
  #cameraHeight = 720;

  // `own`: what a Pair knows of this page; `ice`: of an RTCConfiguration; `send(message)`:
  // to one participant, by its field `to`; `isOffline()`: whether there is no way to anybody
  constructor({ own, ice, tracks, send, isOffline }) {
    super();
    this.#own = own;
    this.#ice = ice;
    this.#send = send;
    this.#isOffline = isOffline;
    Object.assign(this.#tracks, tracks);
  }

  // `offers`: whether this side does; `other`: {id, deviceId, nonce} as it was told
  add(other, offers) {
    const { id } = other;

    if (this.#links.has(id)) return;
    const link = new Link(id, offers, new Pair(this.#own, other));
    link.generation = this.#generations.get(id) ?? 0;
    this.#links.set(id, link);
    if (offers) this.#offer(link);
    else this.#expect(link);
    this.#adapt();
  }

  remove(id) {
    const link = this.#links.get(id);

    if (!link) return;
    this.#links.delete(id);
    link.closeAll();
    this.#adapt();
  }

  has(id) {
    return this.#links.has(id);
  }

  isRetired(id) {
    return this.#links.get(id)?.isRetired === true;
  }

  // Both sides have each other's media another way: nothing more is sent, and the one that
  // offers ends the connection. Its end is no failure.
  retire(id) {
    const link = this.#links.get(id);

    if (!link || link.isRetired) return;
    link.isRetired = true;
    clearTimeout(link.restart);
    this.#generations.set(id, link.generation);
    this.#setTimer(link, SHOWN_MS, () => {
      for (const peer of link.peers) peer.sendNothing();
      this.#setTimer(link, link.offers ? RETIRED_MS : 3 * RETIRED_MS, () => this.#end(link));
    });
  }

  // Files that have begun on it go on.
  static #isEnding({ isRetired, now }) {
    return isRetired && !now?.fileChannel("file");
  }

  #end(link) {
    if (!this.#has(link)) return;
    if (!Mesh.#isEnding(link)) {
      this.#setTimer(link, RETIRED_MS, () => this.#end(link));
      return;
    }
    this.#leave(link);
  }

  #leave(link) {
    if (!this.#has(link)) return;
    this.remove(link.id);
    this.#emit("state", link);
  }

  close() {
    for (const id of [...this.#links.keys()]) this.remove(id);
  }

  // The connection in use, or null.
  get(id) {
    const link = this.#links.get(id);

    return !link || Mesh.#isEnding(link) ? null : link.now;
  }

  // The one whose streams are to be shown, or null.
  shown(id) {
    return this.#links.get(id)?.shown || null;
  }

  stateOf(id) {
    return this.#links.get(id)?.state || "lost";
  }

  // When something came last over the connection before the one in use; Infinity: there was
  // none.
  heardBefore(id) {
    return this.#links.get(id)?.heardBefore ?? Infinity;
  }

  // Those in use.
  get peers() {
    return [...this.#links.values()].map(({ now }) => now).filter(Boolean);
  }

  // Those that send, or will.
  get #senders() {
    return [...this.#links.values()].filter(({ isRetired }) => !isRetired)
      .flatMap(({ now, next }) => [now, next]).filter(Boolean);
  }

  setTrack(name, track) {
    this.#tracks[name] = track;
    const height = name === "camera" && track?.getSettings().height;
    if (height) this.#cameraHeight = height;
    for (const peer of this.#senders) peer.setTrack(name, track);
    this.#adapt();
  }

  // The more there are, the less each is sent.
  #adapt() {
    const others = this.#links.size;
    const encodings = {
      camera: cameraEncoding(others, this.#cameraHeight),
      screen: screenEncoding(others),
    };

    for (const peer of this.#senders) peer.setEncodings(encodings);
  }

  // Other STUN and TURN servers in place of those before. A relay may end with the
  // credential by which it was had.
  setIce(ice) {
    this.#ice = ice;
    for (const link of this.#links.values()) {
      for (const peer of link.peers) peer.setIce(ice);
      if (link.now?.isRelayed) this.#renew(link, "relay");
    }
  }

  // --- descriptions and candidates of the others ---

  take(message) {
    const link = this.#links.get(message.from);

    if (!link) return;
    link.work = link.work.then(async () => {
      if (this.#mayBegin(link)) await this.#takeNext(link, message);
    }).catch((error) => {
      if (!(error instanceof Forged)) console.error(error);
      else if (this.#has(link)) this.#tellForged(link, error);
    });
  }

  // It may have been retired meanwhile.
  #mayBegin(link) {
    return this.#has(link) && !link.isRetired;
  }

  #has(link) {
    return this.#links.get(link.id) === link;
  }

  async #takeNext(link, message) {
    if (message.type === "offer") await this.#takeOffer(link, message);
    else if (message.type === "answer") await this.#takeAnswer(link, message);
    else if (message.type === "candidate") this.#takeCandidate(link, message);
    else if (message.type === "restart" && link.offers) {
      const isTaken = await link.pair.checkRestart(message);
      if (isTaken && this.#mayBegin(link)) this.#restart(link);
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
    if (link.isUp) {
      if (state === "refused") link.close("next");
      return false;
    }
    link.closeAll();
    this.#setState(link, state);
    return true;
  }

  #isCurrent({ newest }, { session, generation }) {
    return newest && session === newest.session && generation === newest.generation;
  }

  async #takeOffer(link, message) {
    const generation = Number.isSafeInteger(message.generation) ? message.generation : 0;

    if (typeof message.sdp !== "string") return;
    const media = new MediaSession(link.pair, { session: message.session, generation });
    const hasKey = Boolean(link.pair.other.device);
    if (!hasKey && !this.#isForNew(link, message, media, generation)) return;
    if (hasKey && link.offers) return;
    if (link.now && generation <= link.generation
        && (hasKey || message.session === link.newest.session)) return;
    await media.check("offer", message.sdp, message.identity);
    if (this.#mayBegin(link)) this.#answer(link, message, media, generation);
  }

  #answer(link, message, media, generation) {
    const hasKey = Boolean(link.pair.other.device);

    link.generation = Math.max(generation, link.generation);
    if (!hasKey) link.theirs = connectionOf(message.sdp);
    this.#connect(link, { offerer: false, session: message.session, media, generation })
      .takeOffer(message);
    this.#takeEarly(link);
  }

  #takeEarly(link) {
    for (const early of link.early.splice(0)) this.#takeCandidate(link, early);
  }

  // The own offer counts no more, where one of the other crosses it; whether one does.
  yield(id) {
    const link = this.#links.get(id);

    if (!link?.held) return false;
    this.#answer(link, ...link.held);
    return true;
  }

  async #takeAnswer(link, message) {
    const { newest } = link;

    if (newest && link.isOfHeld(message)) {
      Object.assign(newest, { session: message.session, generation: message.generation });
      link.drop();
    }
    if (typeof message.sdp !== "string" || !this.#isCurrent(link, message)) return;
    await newest.checkAnswer(message);
    if (!link.pair.other.device) link.theirs = connectionOf(message.sdp);
    newest.takeAnswer(message);
    this.#takeEarly(link);
  }

  // Somebody without a key may offer anew: whether that is for another connection. In the one
  // there is it is answered here, for a browser takes no answer of another; what is not
  // taken is told.
  #isForNew(link, message, media, generation) {
    const { newest, theirs } = link;
    const name = connectionOf(message.sdp);

    if (theirs && name === theirs) {
      if (newest) this.#change(link, message, media, generation);
      else this.#refuse(link, "The connection of this offer has ended; a new connection is taken");
      return false;
    }
    if (theirs || !link.offers || !newest) return true;
    link.hold([message, media, generation], CROSSED_MS, () => this.yield(link.id));
    return false;
  }

  async #change(link, message, media, generation) {
    const peer = link.newest;

    link.generation = Math.max(generation, link.generation);
    const fault = await peer.takeAnother(message,
      { session: message.session, generation, media });
    if (fault && link.peers.includes(peer))
      this.#refuse(link, `The connection goes on as it is. ${fault}`);
  }

  #refuse(link, message) {
    this.#send({ type: "error", to: link.id, code: "BAD_MESSAGE", message });
  }

  #takeCandidate(link, message) {
    if (this.#isCurrent(link, message)) {
      link.newest.takeCandidate(message);
    } else if (!link.now || message.generation > link.generation || link.isOfHeld(message)) {
      link.early.push(message);
      if (link.early.length > EARLY_MAX) link.early.shift();
    }
  }

  // --- connections ---

  #setState(link, state) {
    if (link.state === state) return;
    link.state = state;
    this.#emit("state", link);
  }

  #emit(type, link, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail: { ...detail, id: link.id } }));
  }

  #setTimer(link, ms, func) {
    clearTimeout(link.timer);
    link.timer = setTimeout(func, ms);
  }

  #offer(link) {
    const session = uuid();

    link.generation++;
    link.theirs = "";
    this.#connect(link, { offerer: true, session,
      media: new MediaSession(link.pair, { session, generation: link.generation }) }).offer();
  }

  // Over the channel `signal` of what is connected; whether it was sent.
  sendDirect(id, text) {
    const link = this.#links.get(id);

    return Boolean(link?.peers.some((peer) => peer.sendMessage("signal", text)));
  }

  // Beside the connection in use if that stands, else in its place.
  #connect(link, { offerer, session, media, generation = link.generation }) {
    clearTimeout(link.timer);
    clearTimeout(link.restart);
    link.restart = 0;
    link.drop();
    link.begunAt = performance.now();
    link.close("next");
    if (!link.isUp) for (const name of ["past", "now"]) link.close(name);
    const peer = new Peer({
      id: link.id,
      offerer,
      session,
      generation,
      media,
      ice: this.#ice,
      tracks: this.#tracks,
      send: (message) => this.#send({ ...message, to: link.id }),
      time: timeFor(link.failed),
    });
    if (link.now) link.next = peer;
    else link.now = link.shown = peer;
    this.#listen(link, peer);
    if (peer === link.now && !["reconnecting", "trying"].includes(link.state))
      this.#setState(link, "connecting");
    this.#adapt();
    return peer;
  }

  #listen(link, peer) {
    peer.addEventListener("streams", () => {
      link.show();
      if (peer === link.now || peer === link.shown) this.#emit("streams", link);
    });
    peer.addEventListener("channel", ({ detail }) => {
      if (peer === link.now) this.#emit("channel", link, detail);
      if (link.isRetired && !detail.open) this.#leave(link);
    });
    peer.addEventListener("message", ({ detail }) => {
      if (link.peers.includes(peer) && (peer === link.now || !FILES.has(detail.label)))
        this.#emit("message", link, detail);
    });
    peer.addEventListener("forged", ({ detail }) => {
      if (link.peers.includes(peer)) this.#emit("forged", link, detail);
    });
    peer.addEventListener("state", () => this.#peerChanged(link, peer));
    peer.addEventListener("silent", () => {
      if (peer !== link.now || !this.#mayRenew(link)
          || !link.mayRenewSilent(performance.now())) return;
      link.countRenewal(performance.now());
      this.#emit("silent", link);
    });
  }

  #peerChanged(link, peer) {
    const { state } = peer;

    if (link.isRetired) {
      if (state === "failed") this.#leave(link);
      return;
    }
    if (state === "failed") {
      this.#peerFailed(link, peer);
      return;
    }
    if (state === "connected" && peer !== link.past) {
      link.failed = 0;
      link.wasConnected = true;
    }
    if (peer === link.next && state === "connected") this.#switchOver(link);
    else if (peer === link.now) this.#setState(link, state);
  }

  // What is still shown of the old one is shown until the new one has it.
  #switchOver(link) {
    link.switchOver(PAST_MS, () => {
      link.close("past");
      this.#emit("streams", link);
    });
    link.show();
    this.#setState(link, link.now.state);
    this.#emit("streams", link);
    for (const label of link.now.openLabels) this.#emit("channel", link, { label, open: true });
  }

  #peerFailed(link, peer) {
    if (peer === link.past) {
      link.close("past");
      this.#emit("streams", link);
    } else if (peer === link.next) {
      link.close("next"); // the one in use goes on
    } else if (peer === link.now && link.next) {
      link.promote();
      this.#setState(link, link.missing[0]);
    } else if (peer === link.now) {
      this.#failed(link);
    }
  }

  // Without a network nothing is tried, and nothing counts.
  #failed(link) {
    const [again, over] = link.missing;

    link.closeAll();
    if (this.#isOffline()) {
      this.#setState(link, again);
      return;
    }
    if (link.failed >= MORE) {
      this.#setState(link, over);
      return;
    }
    link.failed++;
    this.#setState(link, again);
    const pause = pauseAfter(link.failed);
    if (link.offers) this.#setTimer(link, pause, () => this.#offer(link));
    else this.#setTimer(link, pause + ASK_MS, () => this.#ask(link));
  }

  #restart(link) {
    if (link.restart) return;
    link.restart = setTimeout(() => this.#offer(link),
      Math.max(0, link.begunAt + RESTART_MS - performance.now()));
  }

  #expect(link) {
    this.#setTimer(link, timeFor(link.failed), () => this.#failed(link));
  }

  #mayRenew(link) {
    return link.isUp && !link.isRetired && !link.next && !link.restart
      && performance.now() - link.askedAt >= ASKED_MS;
  }

  // Another connection in place of one that still stands.
  #renew(link, reason) {
    if (!this.#mayRenew(link)) return;
    link.askedAt = performance.now();
    if (link.offers) this.#restart(link);
    else this.#sendRestart(link, reason).catch((error) => console.error(error));
  }

  renew(id, reason) {
    const link = this.#links.get(id);

    if (link) this.#renew(link, reason);
  }

  // All connections by the network that there is now; `silent`: those over which nothing
  // comes; `unheard`: but for those over which something has just come.
  renewAll(reason, { silent = false, unheard = false } = {}) {
    for (const link of this.#links.values()) {
      if (link.isRetired || (silent && !link.now?.isSilent)
          || (unheard && link.isUp && link.now.isHeard)) continue;
      link.askedAt = -Infinity;
      if (link.isUp) this.#renew(link, reason);
      else if (!["waiting", "forged", "refused"].includes(link.state)) this.#begin(link);
    }
  }

  // As if nothing had failed yet.
  #begin(link) {
    link.failed = 0;
    if (link.state !== "connecting") this.#setState(link, link.missing[0]);
    if (link.offers) this.#restart(link);
    else this.#ask(link);
  }

  // The user wants another connection to who is not reached.
  again(id) {
    const link = this.#links.get(id);

    if (link && ["lost", "unreached"].includes(link.state)) this.#begin(link);
  }

  #ask(link) {
    this.#sendRestart(link, "no connection").catch((error) => console.error(error));
    this.#expect(link);
  }

  async #sendRestart(link, reason) {
    const signed = await link.pair.signRestart();

    // who has a key is believed only behind a connection that it has signed
    if (link.pair.identity && !signed.identity) return;
    if (this.#has(link)) this.#send({ type: "restart", to: link.id, reason, ...signed });
  }
}
