// SPDX-License-Identifier: LGPL-2.1-or-later

// By which way the sound and pictures of each participant go: by a connection to it alone,
// or, where there are many, by the server's SFU (protocol/cloud.md). The way before is
// kept until the new one has a picture.
//
// Events, each with detail {id}: "changed", what is to be shown; "heard", somebody has
// come by the SFU for the first time.

import { Cloud } from "./cloud.js";
import { isEarlier } from "../ids.js";

const HEAD = "/sfu?ticket=";
const LOOK_MS = 250; // between two looks at who has come back to the mesh
const SHOWN_MS = 500; // until a picture that has come by the SFU is shown
const KEPT_MS = 1500; // that the picture of the SFU is kept beside that of the mesh
// In the SFU, for the others, after all have come back; and where one of them does not say
// that it hears this page, as an older one.
const LEAVE_MS = 2000;
const LEAVE_UNTOLD_MS = 10000;
const RETRY_MS = [500, 1000, 2000, 4000, 8000]; // the last repeats
const STEADY_MS = 15000; // how long a connection has to last, to be one that is there

export class Ways extends EventTarget {
  #mesh;
  #own;
  #ice;
  #tracks;
  #send;
  #sends;
  #others = new Map(); // id -> {described, heardThere, wasHeard, isBack, hearsBack}
  #isActive = false;
  #isOver = false;
  #cloud = null;
  #attempts = 0;
  #begunAt = 0;
  #retryTimer = 0;
  #lookTimer = 0;
  #backAt = 0; // when all had come back; 0: not yet

  // `own`: {id, meetingId}; `send(message)`: to the server; `sends(id)`: {audio, video} of a
  // participant
  constructor({ mesh, own, ice, tracks, send, sends }) {
    super();
    this.#mesh = mesh;
    this.#own = own;
    this.#ice = ice;
    this.#tracks = { ...tracks };
    this.#send = send;
    this.#sends = sends;
    mesh.addEventListener("state", ({ detail }) => {
      if (!this.#isActive && this.#cloud) this.#look(detail.id);
    });
  }

  close() {
    this.#isOver = true;
    clearTimeout(this.#retryTimer);
    clearInterval(this.#lookTimer);
    this.#cloud?.close();
    this.#cloud = null;
  }

  add(described, offers) {
    this.#others.set(described.id,
      { described, heardThere: false, wasHeard: false, isBack: false, hearsBack: false });
    if (!this.#isActive) this.#mesh.add(described, offers);
    this.#adapt();
  }

  remove(id) {
    this.#others.delete(id);
    this.#mesh.remove(id);
    this.#cloud?.forget(id);
    this.#adapt();
    if (!this.#isActive) this.#lookAtAll();
  }

  setTrack(name, track) {
    this.#tracks[name] = track;
    this.#mesh.setTrack(name, track);
    this.#cloud?.setTrack(name, track);
    this.#adapt();
  }

  setIce(ice) {
    this.#ice = ice;
    this.#mesh.setIce(ice);
  }

  #adapt() {
    const height = this.#tracks.camera?.getSettings().height || 720;

    this.#cloud?.setOthers(this.#others.size, height);
  }

  #emit(type, id) {
    if (!this.#isOver) this.dispatchEvent(new CustomEvent(type, { detail: { id } }));
  }

  // --- what is shown ---

  // A Peer or a CloudPeer, or null.
  shown(id) {
    const peer = this.#cloud?.peer(id) || null;
    const direct = this.#mesh.shown(id);
    const { isBack } = this.#others.get(id) || {};

    if (!peer || isBack) return direct;
    return peer.heard || !direct ? peer : direct;
  }

  stateOf(id) {
    const other = this.#others.get(id);

    if (!other) return "lost";
    if (this.#cloud?.peer(id)?.heard && !other.isBack)
      return this.#cloud.isUnsteady ? "unsteady" : "connected";
    if (this.#mesh.has(id)) return this.#mesh.stateOf(id);
    if (!this.#isActive) return "lost";
    return other.wasHeard ? "unsteady" : "connecting";
  }

  // --- to the SFU ---

  // The server's word.
  take({ active, path, room }) {
    if (active === false) this.#goBack();
    else if (active === true && String(path).startsWith(HEAD) && Number.isSafeInteger(room))
      this.#go(path, room);
  }

  #go(path, room) {
    this.#isActive = true;
    clearInterval(this.#lookTimer);
    this.#backAt = 0;
    clearTimeout(this.#retryTimer);
    for (const other of this.#others.values()) other.isBack = other.hearsBack = false;
    if (this.#cloud?.room === room) this.#stay();
    else this.#connect(path, room);
    // who has not offered yet comes by the SFU alone
    for (const id of this.#others.keys())
      if (this.#mesh.stateOf(id) === "waiting") this.#mesh.remove(id);
  }

  // It was about to be left.
  #stay() {
    this.#cloud.keepAll();
    for (const id of this.#others.keys()) this.#tellHeard(id);
  }

  #connect(path, room) {
    const url = new URL(path.slice(1), location.href);

    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.#cloud?.close();
    this.#begunAt = performance.now();
    const cloud = new Cloud({ url, room, meetingId: this.#own.meetingId, own: this.#own.id,
      ice: this.#ice, tracks: this.#tracks, sends: this.#sends });
    this.#cloud = cloud;
    const on = (type, func) => cloud.addEventListener(type, ({ detail }) => {
      if (cloud === this.#cloud) func(detail);
    });
    on("changed", ({ id }) => this.#emit("changed", id));
    on("heard", ({ id }) => this.#heard(id));
    on("lost", () => this.#lost());
    this.#adapt();
    cloud.start();
  }

  #heard(id) {
    const other = this.#others.get(id);

    if (!other) return;
    other.wasHeard = true;
    setTimeout(() => this.#tellHeard(id), SHOWN_MS);
    this.#emit("heard", id);
  }

  #tellHeard(id) {
    if (!this.#isActive || !this.#cloud?.peer(id)?.heard) return;
    this.#send({ type: "sfu-heard", to: id, heard: true });
    this.#leaveMesh(id);
  }

  // A participant hears this page by the SFU, or by the mesh again.
  takeHeard({ from, heard }) {
    const other = this.#others.get(from);

    if (!other) return;
    other.heardThere = heard === true;
    other.hearsBack = heard === false;
    this.#leaveMesh(from);
  }

  // Where both have heard each other.
  #leaveMesh(id) {
    if (this.#isActive && this.#others.get(id)?.heardThere && this.#cloud?.peer(id)?.heard)
      this.#mesh.retire(id);
  }

  // Another ticket is asked for, less and less often.
  #lost() {
    this.#cloud = null;
    for (const [id, other] of this.#others) {
      other.heardThere = false; // nobody hears by the next one yet
      this.#emit("changed", id);
    }
    if (!this.#isActive) return;
    if (performance.now() - this.#begunAt >= STEADY_MS) this.#attempts = 0;
    const pause = RETRY_MS[Math.min(this.#attempts++, RETRY_MS.length - 1)];
    this.#retryTimer = setTimeout(() => this.#send({ type: "sfu" }), pause);
  }

  // --- back to the mesh ---

  #goBack() {
    this.#isActive = false;
    clearTimeout(this.#retryTimer);
    for (const [id, other] of this.#others) {
      other.heardThere = other.hearsBack = false;
      if (this.#mesh.isRetired(id)) this.#mesh.remove(id);
      if (!this.#mesh.has(id)) this.#mesh.add(other.described, isEarlier(this.#own.id, id));
    }
    clearInterval(this.#lookTimer);
    this.#backAt = 0;
    if (this.#cloud) this.#lookTimer = setInterval(() => this.#lookAtAll(), LOOK_MS);
  }

  // Whether what it sends has come over the mesh.
  #flows(id) {
    const peer = this.#mesh.get(id);
    const { audio, video } = this.#sends(id) || {};

    if (peer?.state !== "connected") return false;
    return peer.arrived.decoded > 0
      || (video === false && (audio === false || peer.arrived.audio > 0));
  }

  #look(id) {
    const other = this.#others.get(id);

    if (!other || other.isBack || !this.#flows(id)) return;
    other.isBack = true;
    this.#send({ type: "sfu-heard", to: id, heard: false });
    const cloud = this.#cloud;
    setTimeout(() => {
      if (other.isBack) cloud.drop(id);
    }, KEPT_MS);
    this.#emit("changed", id);
  }

  #lookAtAll() {
    if (!this.#cloud) return;
    for (const id of this.#others.keys()) this.#look(id);
    this.#leave();
  }

  // A picture comes one way before it comes the other: whoever is heard may hear nothing yet
  // but what comes by the SFU.
  #leave() {
    const all = [...this.#others.values()];
    const wait = all.every(({ hearsBack }) => hearsBack) ? LEAVE_MS : LEAVE_UNTOLD_MS;

    if (!all.every(({ isBack }) => isBack)) {
      this.#backAt = 0;
      return;
    }
    this.#backAt ||= performance.now();
    if (performance.now() - this.#backAt < wait) return;
    clearInterval(this.#lookTimer);
    this.#cloud.close();
    this.#cloud = null;
  }
}
