// SPDX-License-Identifier: LGPL-2.1-or-later

// One connection to one participant: one offer, one answer. A restart is a new Peer. The
// media are fixed in advance, in this order: sound, camera, screen, data; what is sent
// changes by replaceTrack alone. Who knows no more than the room dialect may offer anew in
// the same connection, to send more, or less.
//
// Events: "state", "streams", "channel" (detail: {label, open}), "message"
// (detail: {label, text}, or {label, data} with an ArrayBuffer on "file"), "forged"
// (detail: {error}: a message is not the other's), "silent" (again and again while
// nothing comes).

import { Forged } from "../view/forged.js";
import { Heartbeat, PING_MS, SILENCE_MS, SILENT_MS, UNSTEADY_MS } from "./heartbeat.js";
import { arrivals } from "./arrivals.js";
import { readFingerprint, sends, withStartBitrate } from "./sdp.js";

const INTERRUPTED_MS = 7000; // ICE "disconnected", where there is no heartbeat
const COUNT_MS = 800; // at least, between two looks at what has come
const LATE_MS = 700; // by which a tick is late: this page was busy, or slept (hidden: 500)
const HEARD_MS = 1000; // something comes at least that often
const LABELS = ["chat", "signal", "heartbeat"];
const FILES = ["file-control", "file"]; // made when there is a file
const BUFFERED_MAX = 1024 * 1024; // bytes waiting in a channel
export const ALWAYS = { bundlePolicy: "max-bundle" };
export const STREAMS = ["audio", "camera", "screen"];
const PICTURES = STREAMS.slice(1);

// VP8 is what everybody speaks; the other side takes the first it knows.
export function preferVp8(transceiver) {
  const { codecs } = RTCRtpReceiver.getCapabilities("video") || { codecs: [] };
  const vp8 = (codec) => codec.mimeType.toLowerCase() === "video/vp8";

  if (transceiver.setCodecPreferences && codecs.some(vp8))
    transceiver.setCodecPreferences([...codecs.filter(vp8),
      ...codecs.filter((codec) => !vp8(codec))]);
}

export class Peer extends EventTarget {
  #pc;
  #send;
  #tracks;
  #channels = new Map(); // label -> RTCDataChannel; of FILES those made here
  #theirs = new Map(); // of FILES, those the other has made
  #transceivers = {}; // by the names of STREAMS
  #sources = {}; // likewise, where the other sends it by another one
  #heartbeat = new Heartbeat((text) => this.sendMessage("heartbeat", text));
  #timer = 0;
  #startedAt = performance.now();
  #time; // until it must be connected
  #interruptedAt = 0;
  #tickedAt = performance.now();
  #countedAt = -Infinity;
  #cameAt = 0; // when there was more than before
  #early = [];
  #found = []; // candidates that wait for their description to be sent; then null
  #media;
  #forgedOffer = false; // whether one came that is not the other's, which was told
  #sealing = Promise.resolve();
  #opening = Promise.resolve();
  #encodings = {};
  #work = Promise.resolve();

  // `tracks`: {audio, camera, screen}, each a MediaStreamTrack or null;
  // `media`: a MediaSession; `ice`: {iceServers, iceTransportPolicy} of an
  // RTCConfiguration; `send(message)` takes offer, answer and candidate; `time`: ms until
  // it is connected, or has failed.
  constructor({ id, offerer, session, generation, media, ice, tracks, send, time }) {
    super();
    this.id = id;
    this.offerer = offerer;
    this.session = session;
    this.generation = generation;
    this.state = "connecting";
    this.wasConnected = false;
    this.screenSeen = false; // whether a frame of a screen has come
    this.arrived = arrivals([]); // how much has come
    this.main = new MediaStream();
    this.screen = new MediaStream();
    this.#media = media;
    this.#time = time;
    this.#tracks = { ...tracks };
    this.#send = (message) => send({ ...message, session: this.session,
      generation: this.generation });
    this.#pc = new RTCPeerConnection({ ...ice, ...ALWAYS });
    this.#pc.onicecandidate = ({ candidate }) => this.#candidateFound(candidate);
    this.#pc.onconnectionstatechange = () => this.#look();
    this.#pc.oniceconnectionstatechange = () => this.#look();
    this.#pc.ontrack = ({ track, transceiver }) => this.#trackCame(track, transceiver);
    this.#pc.ondatachannel = ({ channel }) => this.#watch(channel,
      FILES.includes(channel.label) ? this.#theirs : this.#channels);
    this.#timer = setInterval(() => this.#tick(), PING_MS);
  }

  get connection() {
    return this.#pc;
  }

  // SHA-256 fingerprints of the certificates of both ends, or null.
  get prints() {
    const read = (description) => (description ? readFingerprint(description.sdp) : "");
    const own = read(this.#pc.localDescription);
    const theirs = read(this.#pc.remoteDescription);

    return own && theirs && this.wasConnected ? { own, theirs } : null;
  }

  get rtt() {
    return this.#heartbeat.rtt;
  }

  // Whether this side goes by a relay of its own.
  get isRelayed() {
    return this.arrived.relayed;
  }

  // What is found from now on is found by these servers.
  setIce(ice) {
    if (this.state !== "closed") this.#pc.setConfiguration?.({ ...ice, ...ALWAYS });
  }

  #setState(state) {
    if (this.state === state || this.state === "closed") return;
    this.state = state;
    if (state === "connected") {
      this.wasConnected = true;
      this.#media.setEstablished();
    }
    this.dispatchEvent(new Event("state"));
  }

  // One step after the other: descriptions and candidates in the order they
  // came. A fault ends the connection, not the page.
  #do(step) {
    this.#work = this.#work.then(async () => {
      if (this.state !== "closed" && this.state !== "failed") await step();
    }).catch((error) => {
      console.warn(`connection to ${this.id}:`, error);
      this.#setState("failed");
    });
    return this.#work;
  }

  // --- descriptions ---

  // Nothing goes before the description that it belongs to.
  async #describe(type) {
    await this.#pc.setLocalDescription();
    const { sdp } = this.#pc.localDescription;
    const identity = await this.#media.sign(type, sdp);
    const found = this.#found;

    if (this.state === "closed") return;
    this.#send({ type, sdp, candidates: [], ...(identity && { identity }) });
    this.#found = null;
    for (const message of found) this.#send(message);
  }

  // Throws a Forged: what came is not the other's word.
  checkAnswer({ sdp, identity }) {
    return this.#media.check("answer", sdp, identity);
  }

  offer() {
    return this.#do(async () => {
      for (const name of STREAMS) {
        const kind = name === "audio" ? "audio" : "video";
        const transceiver = this.#pc.addTransceiver(this.#tracks[name] || kind,
          { direction: "sendrecv" });
        if (kind === "video") preferVp8(transceiver);
        this.#transceivers[name] = transceiver;
      }
      for (const label of LABELS) this.#watch(this.#pc.createDataChannel(label));
      await this.#describe("offer");
      await this.#encode();
    });
  }

  takeOffer(message) {
    return this.#do(async () => {
      await this.#pc.setRemoteDescription({ type: "offer",
        sdp: withStartBitrate(message.sdp) });
      this.#assign();
      for (const name of STREAMS) {
        const transceiver = this.#transceivers[name];
        if (!transceiver) continue;
        transceiver.direction = "sendrecv";
        await transceiver.sender.replaceTrack(this.#tracks[name] || null);
      }
      await this.#describe("answer");
      await this.#encode();
      await this.#addCandidates(message.candidates);
      await this.#addEarly();
    });
  }

  // Another offer in this connection, by which the other sends more or less; `media` as of
  // a new Peer. What cannot be done leaves all as it was: why, or "".
  async takeAnother({ sdp, candidates }, { session, generation, media }) {
    let fault = "";

    Object.assign(this, { session, generation });
    await this.#do(async () => {
      const shown = PICTURES.map((name) => this.#source(name));
      try {
        await this.#pc.setRemoteDescription({ type: "offer", sdp: withStartBitrate(sdp) });
        this.#media = media;
        await this.#answerAnother(sdp, shown);
      } catch (error) {
        fault = error.message;
        if (this.#pc.signalingState === "have-remote-offer")
          await this.#pc.setRemoteDescription({ type: "rollback" });
        return;
      }
      await this.#encode();
      await this.#addCandidates(candidates);
      await this.#addEarly();
    });
    return fault;
  }

  async #answerAnother(sdp, shown) {
    const before = { ...this.#transceivers };

    this.#assign();
    for (const name of STREAMS) {
      const transceiver = this.#transceivers[name];
      if (!transceiver || transceiver === before[name]) continue;
      transceiver.direction = "sendrecv";
      await transceiver.sender.replaceTrack(this.#tracks[name] || null);
    }
    this.#found ??= [];
    await this.#describe("answer");
    this.#findSources(sdp, shown);
    this.#settleStreams();
  }

  takeAnswer(message) {
    return this.#do(async () => {
      if (this.#pc.signalingState !== "have-local-offer") return;
      await this.#pc.setRemoteDescription({ type: "answer",
        sdp: withStartBitrate(message.sdp) });
      await this.#addCandidates(message.candidates);
      await this.#addEarly();
    });
  }

  // By their place: the first sound, the first and the second picture.
  #assign() {
    for (const transceiver of this.#pc.getTransceivers()) {
      if (Object.values(this.#transceivers).includes(transceiver)) continue;
      const names = transceiver.receiver.track.kind === "audio" ? ["audio"] : PICTURES;
      const name = names.find((n) => !this.#transceivers[n]);
      if (name) this.#transceivers[name] = transceiver;
    }
  }

  #source(name) {
    return name in this.#sources ? this.#sources[name] : this.#transceivers[name];
  }

  // A camera that was stopped and comes again may have a place of its own; `shown` are the
  // transceivers of PICTURES before.
  #findSources(sdp, shown) {
    const all = this.#pc.getTransceivers().filter(({ mid, receiver }) =>
      receiver.track.kind === "video" && sends(sdp, mid));
    const free = all.filter((one) => !shown.includes(one));

    PICTURES.forEach((name, i) => {
      this.#sources[name] = all.includes(shown[i]) ? shown[i] : free.shift() ?? null;
    });
  }

  #settleStreams() {
    const shown = [[this.main, ["audio", "camera"]], [this.screen, ["screen"]]];

    for (const [stream, names] of shown) {
      const tracks = names.map((name) => this.receiver(name)?.track).filter(Boolean);
      for (const track of stream.getTracks())
        if (!tracks.includes(track)) stream.removeTrack(track);
      for (const track of tracks) stream.addTrack(track);
    }
    this.#streamsChanged();
  }

  #candidateFound(candidate) {
    if (candidate && !candidate.candidate) return;
    const message = candidate ? { type: "candidate", candidate: candidate.candidate,
      sdpMLineIndex: candidate.sdpMLineIndex ?? 0, sdpMid: candidate.sdpMid ?? "" }
      : { type: "candidate", candidate: "", sdpMLineIndex: 0 };

    if (this.#found) this.#found.push(message);
    else this.#send(message);
  }

  takeCandidate(message) {
    return this.#do(async () => {
      if (this.#pc.remoteDescription) await this.#addCandidates([message]);
      else this.#early.push(message);
    });
  }

  async #addEarly() {
    await this.#addCandidates(this.#early.splice(0));
  }

  // One that cannot be used is no reason to give up the others.
  async #addCandidates(list) {
    for (const { candidate, sdpMLineIndex, sdpMid } of list || []) {
      if (typeof candidate !== "string" || candidate === "") continue;
      const place = Number.isInteger(sdpMLineIndex) ? { sdpMLineIndex }
        : sdpMid ? { sdpMid } : { sdpMLineIndex: 0 };
      try {
        await this.#pc.addIceCandidate({ candidate, ...place });
      } catch (error) {
        console.info(`candidate of ${this.id} not used:`, error.message);
      }
    }
  }

  // --- media ---

  #trackCame(track, transceiver) {
    if (!this.offerer) this.#assign();
    track.addEventListener("unmute", () => this.#streamsChanged());
    track.addEventListener("mute", () => this.#streamsChanged());
    const name = STREAMS.find((n) => this.#source(n) === transceiver);
    if (!name) return;
    const stream = name === "screen" ? this.screen : this.main;
    stream.addTrack(track);
    this.#streamsChanged();
  }

  #streamsChanged() {
    if (this.state !== "closed") this.dispatchEvent(new Event("streams"));
  }

  // Whether packets have come: padding too, of a picture that is not sent.
  flows(name) {
    const track = this.#source(name)?.receiver.track;

    return Boolean(track) && !track.muted && track.readyState === "live";
  }

  // What it sends from now on is nothing.
  sendNothing() {
    for (const name of STREAMS) this.setTrack(name, null);
  }

  getStats() {
    return this.#pc.getStats();
  }

  // Whether the description lets the other send that stream.
  receives(name) {
    return /recv/.test(this.#source(name)?.currentDirection ?? "");
  }

  async #count(now) {
    if (now - this.#countedAt < COUNT_MS) return;
    this.#countedAt = now;
    const before = this.arrived;
    const mids = STREAMS.map((name) => this.#source(name)?.mid);
    this.arrived = arrivals([...(await this.#pc.getStats()).values()], mids);
    if (this.arrived.bytes !== before.bytes) this.#cameAt = performance.now();
    if (this.screenSeen || !this.flows("screen") || !this.arrived.screen) return;
    this.screenSeen = true;
    this.#streamsChanged();
  }

  receiver(name) {
    return this.#source(name)?.receiver || null;
  }

  setTrack(name, track) {
    this.#tracks[name] = track;
    this.#do(async () => {
      await this.#transceivers[name]?.sender.replaceTrack(track);
    });
  }

  // {camera, screen}: RTCRtpEncodingParameters
  setEncodings(encodings) {
    this.#encodings = encodings;
    this.#do(() => this.#encode());
  }

  async #encode() {
    for (const [name, wanted] of Object.entries(this.#encodings)) {
      const sender = this.#transceivers[name]?.sender;
      const parameters = sender?.getParameters();
      if (!parameters?.encodings?.length) continue;
      Object.assign(parameters.encodings[0], wanted);
      try {
        await sender.setParameters(parameters);
      } catch (error) {
        console.info(`${name} to ${this.id} is not adapted:`, error.message);
      }
    }
  }

  // --- data channels ---

  #watch(channel, known = this.#channels) {
    const { label } = channel;

    if (![...LABELS, ...FILES].includes(label) || known.has(label)) return;
    known.set(label, channel);
    channel.binaryType = "arraybuffer";
    const tell = (open) => this.dispatchEvent(
      new CustomEvent("channel", { detail: { label, open } }));
    channel.onopen = () => {
      if (label === "heartbeat") this.#heartbeat.ping(performance.now());
      tell(true);
    };
    channel.onclose = () => tell(false);
    channel.onmessage = ({ data }) => {
      if (typeof data !== "string") {
        if (label === "file")
          this.dispatchEvent(new CustomEvent("message", { detail: { label, data } }));
      } else if (label === "heartbeat") {
        const isFirst = this.rtt === null;
        this.#heartbeat.take(data, performance.now());
        if (isFirst && this.rtt !== null) tell(true); // it is one of ours
      }
      else if (this.#seals(label)) this.#open(label, data);
      else this.#tell(label, data);
    };
    if (channel.readyState === "open") channel.onopen();
  }

  #tell(label, text) {
    this.dispatchEvent(new CustomEvent("message", { detail: { label, text } }));
  }

  // Whether each message is authenticated: between two that have signed.
  #seals(label) {
    return label === "chat" && this.#media.isSigned;
  }

  // In the order they came.
  #open(label, sealed) {
    this.#opening = this.#opening.then(async () => {
      this.#tell(label, await this.#media.open(sealed));
    }).catch((error) => {
      if (!(error instanceof Forged)) throw error;
      this.dispatchEvent(new CustomEvent("forged", { detail: { error } }));
    });
  }

  #seal(channel, text) {
    const sealed = this.#media.seal(text);

    this.#sealing = this.#sealing.then(async () => {
      const data = await sealed;
      if (channel.readyState === "open") channel.send(data);
    });
  }

  isOpen(label) {
    return this.#channels.get(label)?.readyState === "open";
  }

  get openLabels() {
    return LABELS.filter((label) => this.isOpen(label));
  }

  // Whether the other side is known to be one that can be offered files: strangers'
  // pages have no heartbeat.
  get takesFiles() {
    return this.isOpen("heartbeat") && this.rtt !== null;
  }

  // The channel on which this side speaks of files, where it is open: its own, else the
  // other's. When both have made one, each speaks on its own and listens on both.
  fileChannel(label) {
    const channel = this.#channels.get(label) || this.#theirs.get(label);

    return channel?.readyState === "open" ? channel : null;
  }

  // Where nobody has made them.
  openFiles() {
    for (const label of FILES)
      if (!this.#channels.has(label) && !this.#theirs.has(label))
        this.#watch(this.#pc.createDataChannel(label));
  }

  // Whether each offer of a file is signed: between two that have signed.
  get signsOffers() {
    return this.#media.isSigned;
  }

  signOffer(offer) {
    return this.#media.signOffer(offer);
  }

  // Whether the offer is the other's word.
  async checkOffer(offer) {
    try {
      await this.#media.checkOffer(offer);
      return true;
    } catch (error) {
      if (!(error instanceof Forged)) throw error;
      // once: whoever offers so could offer without end
      if (!this.#forgedOffer)
        this.dispatchEvent(new CustomEvent("forged", { detail: { error } }));
      this.#forgedOffer = true;
      return false;
    }
  }

  // Whether sound or pictures go either way.
  get hasMedia() {
    return STREAMS.some((name) => this.#tracks[name] || this.flows(name));
  }

  // Whether it was sent.
  sendMessage(label, text) {
    const channel = this.#channels.get(label);

    if (channel?.readyState !== "open" || channel.bufferedAmount > BUFFERED_MAX)
      return false;
    if (this.#seals(label)) this.#seal(channel, text);
    else channel.send(text);
    return true;
  }

  // --- is it alive? ---

  #look() {
    const { connectionState, iceConnectionState } = this.#pc;
    const now = performance.now();

    this.#interruptedAt = iceConnectionState === "disconnected"
      ? this.#interruptedAt || now : 0;
    if (connectionState === "failed") this.#setState("failed");
    else if (connectionState === "connected" && !this.#interruptedAt)
      this.#setState(this.#silence(now) > UNSTEADY_MS ? "unsteady" : "connected");
    else if (this.#interruptedAt && this.wasConnected) this.#setState("unsteady");
  }

  // Media break the silence as well: the other's page may be busy.
  #silence(now) {
    return Math.min(this.#heartbeat.silence(now), now - this.#cameAt);
  }

  // When something came last; of a sleep nothing is excused.
  get heardAt() {
    return Math.max(this.#heartbeat.heardAt, this.#cameAt);
  }

  // Whether something has come just now.
  get isHeard() {
    return performance.now() - this.heardAt < HEARD_MS;
  }

  get isSilent() {
    return this.#silence(performance.now()) > SILENT_MS;
  }

  #excuse(now) {
    const late = now - this.#tickedAt - PING_MS;

    this.#tickedAt = now;
    if (late < LATE_MS) return;
    this.#heartbeat.excuse(late);
    if (this.#interruptedAt) this.#interruptedAt += late;
  }

  #tick() {
    const now = performance.now();
    this.#excuse(now);
    const silence = this.#silence(now);
    const interrupted = this.#interruptedAt && now - this.#interruptedAt > INTERRUPTED_MS;

    if (silence > SILENCE_MS || interrupted
        || (!this.wasConnected && now - this.#startedAt >= this.#time)) {
      this.#setState("failed");
      return;
    }
    this.#look();
    this.#count(now).catch(() => {});
    if (this.isOpen("heartbeat")) this.#heartbeat.ping(now);
    if (this.isSilent) this.dispatchEvent(new Event("silent"));
  }

  close() {
    if (this.state === "closed") return;
    this.state = "closed";
    clearInterval(this.#timer);
    this.#pc.onicecandidate = this.#pc.ontrack = this.#pc.ondatachannel = null;
    this.#pc.onconnectionstatechange = this.#pc.oniceconnectionstatechange = null;
    this.#pc.close();
    for (const stream of [this.main, this.screen])
      for (const track of stream.getTracks()) stream.removeTrack(track);
  }
}
