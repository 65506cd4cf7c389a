// SPDX-License-Identifier: LGPL-2.1-or-later

// This page in the room that its meeting has at an SFU (protocol/cloud.md): one connection
// to send, one to receive. Each is negotiated one step at a time. What is lost is made
// anew by another Cloud.
//
// Events: "changed" (detail: {id}), what comes of a participant; "heard" (detail: {id}),
// its first picture or sound has come; "lost".

import { ALWAYS, STREAMS, preferVp8 } from "./peer.js";
import { CloudPeer } from "./cloudpeer.js";
import { JanusSession, NO_SUCH_FEED } from "./janus.js";
import { cameraEncoding, screenEncoding } from "./quality.js";
import { withStartBitrate } from "./sdp.js";

const COUNT_MS = 250; // between two looks at what has come
const CONNECT_MS = 15000; // for a connection to stand
const INTERRUPTED_MS = 7000;
const STREAMS_MAX = 16; // of one participant
const EARLY_MAX = 64; // candidates before their description
const LATER_MS = 500; // before a stream that is not there is asked for again

// The participant id in a name that the server has written.
export function whoIs(display, meetingId) {
  const [, meeting, id] = /\u27e8([^\u27e8:]*):([^\u27e8\u27e9]*)\u27e9$/.exec(display || "") || [];

  return meeting === meetingId && id ? id : "";
}

const nameOf = ({ type, description }) => (type === "audio" ? "audio"
  : type !== "video" ? "" : description === "screen" ? "screen" : "camera");

export class Cloud extends EventTarget {
  #url;
  #room;
  #meetingId;
  #own;
  #ice;
  #tracks;
  #sends;
  #session = new JanusSession();
  #isOver = false;
  #timer = 0;
  #encodings = {};
  #out = { handle: null, pc: null, early: [], transceivers: {}, published: false,
    work: Promise.resolve() };
  #in = { handle: null, pc: null, early: [], has: new Map(), busy: false, due: false };
  #privateId = 0;
  #feeds = new Map(); // feed -> {id, streams: Map mid -> name}
  #peers = new Map(); // participant id -> CloudPeer
  #dropped = new Set(); // ids of those who are received another way
  #interruptedAt = 0;

  // `own`: id of this page; `sends(id)`: {audio, video} of a participant, or null
  constructor({ url, room, meetingId, own, ice, tracks, sends }) {
    super();
    this.#url = url;
    this.#room = room;
    this.#meetingId = meetingId;
    this.#own = own;
    this.#ice = ice;
    this.#tracks = { ...tracks };
    this.#sends = sends;
    this.#session.addEventListener("closed", () => this.#lose());
  }

  get room() {
    return this.#room;
  }

  async start() {
    try {
      await this.#session.open(this.#url);
      await this.#join();
      await this.#publish();
    } catch (error) {
      if (!this.#isOver) console.warn("the SFU:", error.message);
      this.#lose();
      return;
    }
    if (!this.#isOver) this.#timer = setInterval(() => this.#count(), COUNT_MS);
  }

  #emit(type, id) {
    if (!this.#isOver) this.dispatchEvent(new CustomEvent(type, { detail: { id } }));
  }

  #lose() {
    if (this.#isOver) return;
    this.close();
    this.dispatchEvent(new CustomEvent("lost", { detail: {} }));
  }

  close() {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#session.close();
    for (const { pc } of [this.#out, this.#in]) {
      if (!pc) continue;
      pc.onicecandidate = pc.onconnectionstatechange = null;
      pc.close();
    }
    for (const peer of this.#peers.values()) peer.close();
  }

  // --- who is there ---

  async #join() {
    const handle = await this.#session.attach((data) => this.#takeNews(data));
    const { data } = await handle.request({ request: "join", ptype: "publisher",
      room: this.#room });

    this.#out.handle = handle;
    this.#privateId = data.private_id;
    this.#takeNews(data);
  }

  #takeNews(data) {
    if (this.#isOver) return;
    if (data.candidate) {
      Cloud.#takeCandidate(this.#out, data.candidate);
      return;
    }
    if (data.hangup || data.videoroom === "destroyed" || data.leaving === "ok") {
      this.#lose();
      return;
    }
    for (const publisher of data.publishers || []) this.#takePublisher(publisher);
    for (const gone of [data.leaving, data.unpublished])
      if (Number.isSafeInteger(gone)) this.#feeds.delete(gone);
    this.#sync();
  }

  // One that comes back to a new session is there twice for a while: the latest counts.
  #takePublisher({ id: feed, display, streams }) {
    const id = whoIs(display, this.#meetingId);

    if (!id || id === this.#own || !Number.isSafeInteger(feed) || !Array.isArray(streams)) return;
    for (const [other, known] of this.#feeds)
      if (known.id === id && other !== feed) this.#feeds.delete(other);
    this.#feeds.set(feed, { id, streams: new Map(streams.slice(0, STREAMS_MAX)
      .filter((stream) => !stream.disabled && nameOf(stream) && typeof stream.mid === "string")
      .map((stream) => [stream.mid, nameOf(stream)])) });
  }

  peer(id) {
    return this.#peers.get(id) || null;
  }

  // Whether somebody is received by the server, or to be.
  get isUsed() {
    return [...this.#feeds.values()].some(({ id }) => !this.#dropped.has(id));
  }

  // What comes of a participant is not wanted any more.
  drop(id) {
    if (this.#isOver || this.#dropped.has(id)) return;
    this.#dropped.add(id);
    this.#sync();
  }

  // All are wanted again.
  keepAll() {
    this.#dropped.clear();
    this.#sync();
  }

  forget(id) {
    for (const [feed, known] of this.#feeds) if (known.id === id) this.#feeds.delete(feed);
    this.#dropped.delete(id);
    this.#sync();
  }

  // --- sending ---

  #makeConnection(handle) {
    const pc = new RTCPeerConnection({ ...this.#ice, ...ALWAYS });
    const begunAt = performance.now();

    pc.onconnectionstatechange = () => {
      if (pc.connectionState === "failed") this.#lose();
      if (pc.connectionState !== "connected") return;
      pc.hasStood = true;
      this.#sync();
    };
    pc.isLate = (now) => pc.connectionState !== "connected"
      && pc.connectionState !== "disconnected" && now - begunAt >= CONNECT_MS;
    pc.hasStood = false;
    pc.found = []; // candidates that wait for their description to be sent
    pc.onicecandidate = ({ candidate }) => {
      if (candidate && !candidate.candidate) return;
      const { found } = pc;
      if (found) found.push(candidate);
      else handle.trickle(candidate?.toJSON());
    };
    return pc;
  }

  static #sendFound(pc, handle) {
    const { found } = pc;

    pc.found = null;
    for (const candidate of found || []) handle.trickle(candidate?.toJSON());
  }

  // One of Janus's candidates that is not in its description.
  static #takeCandidate({ pc, early }, candidate) {
    if (typeof candidate.candidate !== "string") return; // there are no more
    if (pc?.remoteDescription) Cloud.#addCandidate(pc, candidate);
    else if (early.length < EARLY_MAX) early.push(candidate);
  }

  static #addCandidate(pc, { candidate, sdpMid, sdpMLineIndex }) {
    pc.addIceCandidate({ candidate, sdpMid, sdpMLineIndex }).catch((error) => {
      console.info("a candidate of the SFU is not used:", error.message);
    });
  }

  static async #setDescription({ pc, early }, description) {
    await pc.setRemoteDescription(description);
    for (const candidate of early.splice(0)) Cloud.#addCandidate(pc, candidate);
  }

  // One description after the other.
  #do(step) {
    const out = this.#out;

    out.work = out.work.then(async () => {
      if (!this.#isOver) await step(out);
    }).catch((error) => {
      if (!this.#isOver) console.warn("the SFU:", error.message);
      this.#lose();
    });
    return out.work;
  }

  #publish() {
    this.#out.pc = this.#makeConnection(this.#out.handle);
    return this.#do(async () => {
      for (const name of STREAMS)
        if (name !== "screen" || this.#tracks.screen) this.#addSender(name);
      await this.#describe();
    });
  }

  #addSender(name) {
    const kind = name === "audio" ? "audio" : "video";
    const transceiver = this.#out.pc.addTransceiver(this.#tracks[name] || kind,
      { direction: "sendonly" });

    if (kind === "video") preferVp8(transceiver);
    this.#out.transceivers[name] = transceiver;
  }

  async #describe() {
    const { handle, pc, transceivers, published } = this.#out;

    await pc.setLocalDescription();
    const descriptions = Object.entries(transceivers)
      .map(([name, { mid }]) => ({ mid, description: name }));
    const { type, sdp } = pc.localDescription;
    const { jsep } = await handle.request(
      { request: published ? "configure" : "publish", descriptions }, { type, sdp });
    if (this.#isOver) return;
    this.#out.published = true;
    await Cloud.#setDescription(this.#out, { type: "answer", sdp: withStartBitrate(jsep.sdp) });
    Cloud.#sendFound(pc, handle);
    await this.#encode();
  }

  // A screen comes and goes by another description; all else by replaceTrack alone.
  setTrack(name, track) {
    this.#tracks[name] = track;
    this.#do(async ({ transceivers, pc }) => {
      if (!pc) return;
      const current = this.#tracks[name];
      const transceiver = transceivers[name];
      if (transceiver) await transceiver.sender.replaceTrack(current);
      else if (current) this.#addSender(name);
      if (name !== "screen" || (!transceiver && !current)) return;
      if (transceiver) transceiver.direction = current ? "sendonly" : "inactive";
      await this.#describe();
    });
  }

  // Once for all, however many there are.
  setOthers(others, cameraHeight) {
    this.#encodings = { camera: cameraEncoding(others, cameraHeight),
      screen: screenEncoding(others) };
    this.#do(() => this.#encode());
  }

  async #encode() {
    for (const [name, wanted] of Object.entries(this.#encodings)) {
      const sender = this.#out.transceivers[name]?.sender;
      const parameters = sender?.getParameters();
      if (!parameters?.encodings?.length) continue;
      Object.assign(parameters.encodings[0], wanted);
      try {
        await sender.setParameters(parameters);
      } catch (error) {
        console.info(`${name} to the SFU is not adapted:`, error.message);
      }
    }
  }

  // --- receiving ---

  // [{feed, mid}] of what is there, and not dropped.
  get #wanted() {
    return [...this.#feeds].flatMap(([feed, { id, streams }]) => (this.#dropped.has(id) ? []
      : [...streams.keys()].map((mid) => ({ feed, mid }))));
  }

  // Until what comes is what is wanted; one negotiation at a time. Janus 1.1.2 never connects
  // what it offers anew before it is connected.
  async #sync() {
    this.#in.due = true;
    if (this.#in.busy || this.#isOver) return;
    this.#in.busy = true;
    try {
      while (this.#in.due && !this.#isOver && this.#in.pc?.hasStood !== false) {
        this.#in.due = false;
        await this.#syncOnce();
      }
    } catch (error) {
      if (!this.#isOver) console.warn("the SFU:", error.message);
      this.#lose();
    }
    this.#in.busy = false;
  }

  async #syncOnce() {
    const { has } = this.#in;
    const key = ({ feed, mid }) => `${feed} ${mid}`;
    const there = new Set([...has.values()].map(key));
    const wanted = this.#wanted;
    const subscribe = wanted.filter((one) => !there.has(key(one)));
    const stay = new Set(wanted.map(key));
    const unsubscribe = [...has].filter(([, one]) => !stay.has(key(one)))
      .map(([mid]) => ({ sub_mid: mid }));

    if (subscribe.length || unsubscribe.length) await this.#change(subscribe, unsubscribe);
    this.#assign();
  }

  // One who is gone meanwhile costs nobody else's picture.
  async #change(subscribe, unsubscribe) {
    try {
      await this.#ask(subscribe, unsubscribe);
    } catch (error) {
      if (error.code !== NO_SUCH_FEED || this.#isOver) throw error;
      this.#in.due = true;
      if (subscribe.length > 1) {
        for (const one of subscribe) await this.#change([one], []);
      } else {
        this.#forgetStream(subscribe[0]);
        await new Promise((resolve) => { setTimeout(resolve, LATER_MS); });
      }
    }
  }

  #forgetStream({ feed, mid }) {
    this.#feeds.get(feed)?.streams.delete(mid);
  }

  async #ask(subscribe, unsubscribe) {
    const link = this.#in;
    let answer;

    if (!link.handle) {
      if (!subscribe.length) return;
      const handle = await this.#session.attach((data, jsep) => this.#takeOffer(data, jsep));
      answer = await handle.request({ request: "join", ptype: "subscriber", room: this.#room,
        private_id: this.#privateId, autoupdate: false, streams: subscribe })
        .catch((error) => {
          handle.detach();
          throw error;
        });
      link.handle = handle;
      link.pc = this.#makeConnection(handle);
    } else {
      answer = await link.handle.request({ request: "update",
        ...(subscribe.length && { subscribe }), ...(unsubscribe.length && { unsubscribe }) });
    }
    await this.#answer(answer.data, answer.jsep);
  }

  // One that nobody has asked for.
  #takeOffer(data, jsep) {
    if (data.candidate) Cloud.#takeCandidate(this.#in, data.candidate);
    else if (data.hangup) this.#lose();
    else if (jsep) this.#answer(data, jsep).then(() => this.#sync(), () => this.#lose());
  }

  async #answer({ streams }, jsep) {
    const { handle, pc, has } = this.#in;

    if (Array.isArray(streams)) {
      has.clear();
      for (const { mid, feed_id: feed, feed_mid: feedMid, active } of streams)
        if (active !== false && Number.isSafeInteger(feed))
          has.set(mid, { feed, mid: feedMid });
    }
    if (!jsep || this.#isOver) return;
    await Cloud.#setDescription(this.#in, { type: "offer", sdp: jsep.sdp });
    await pc.setLocalDescription();
    const { type, sdp } = pc.localDescription;
    await handle.request({ request: "start" }, { type, sdp });
    Cloud.#sendFound(pc, handle);
  }

  // Each track to the participant whose it is now.
  #assign() {
    const found = new Map();

    for (const transceiver of this.#in.pc?.getTransceivers() || []) {
      const { feed, mid } = this.#in.has.get(transceiver.mid) || {};
      const known = this.#feeds.get(feed);
      const name = known?.streams.get(mid);
      if (!name) continue;
      if (!found.has(known.id)) found.set(known.id, {});
      found.get(known.id)[name] ||= transceiver;
      this.#listen(transceiver.receiver.track);
    }
    for (const id of [...this.#peers.keys()]) if (!found.has(id)) this.#removePeer(id);
    for (const [id, transceivers] of found) {
      if (!this.#peers.has(id)) this.#peers.set(id, new CloudPeer(id, this.#in.pc));
      if (this.#peers.get(id).assign(transceivers)) this.#emit("changed", id);
    }
  }

  #removePeer(id) {
    this.#peers.get(id).close();
    this.#peers.delete(id);
    this.#emit("changed", id);
  }

  #listen(track) {
    track.onmute = track.onunmute = () => {
      for (const [id, peer] of this.#peers)
        if (STREAMS.some((name) => peer.receiver(name)?.track === track)) this.#emit("changed", id);
    };
  }

  // --- is it alive? ---

  async #count() {
    const now = performance.now();
    const pcs = [this.#out.pc, this.#in.pc].filter(Boolean);
    const isInterrupted = pcs.some((pc) => pc.iceConnectionState === "disconnected");

    this.#interruptedAt = isInterrupted ? this.#interruptedAt || now : 0;
    if (pcs.some((pc) => pc.isLate(now))
        || (isInterrupted && now - this.#interruptedAt >= INTERRUPTED_MS)) {
      this.#lose();
      return;
    }
    if (!this.#in.pc) return;
    const reports = [...(await this.#in.pc.getStats()).values()];
    for (const [id, peer] of this.#peers) {
      const wasHeard = peer.heard;
      if (!peer.count(reports, this.#sends(id) || { audio: null, video: null }, now)) continue;
      if (peer.heard && !wasHeard) this.#emit("heard", id);
      this.#emit("changed", id);
    }
  }

  get isUnsteady() {
    return this.#interruptedAt > 0;
  }
}
