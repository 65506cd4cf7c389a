// SPDX-License-Identifier: LGPL-2.1-or-later

// Whose sound or picture should be there, and does not arrive, as devices find it
// (vm_link_check_missing() of ext/signal/link).

export const MISSING_MS = 8000; // of what is due
const LOSSY = 10; // percent of lost packets from which on the network is named as the reason

// Of one participant.
export class Missing {
  #streams = { audio: { peer: null, count: 0 }, camera: { peer: null, count: 0 } };

  constructor() {
    this.audio = false;
    this.camera = false;
    this.loss = 0; // percent of the packets since something is missing; 0: less than LOSSY
  }

  // Whether its user means to send it. A participant that has not told counts by what it
  // has sent so far: pages of other makers offer what they never send.
  static #isDue(peer, name, sends, stream) {
    if (!peer?.receives(name)) return false;
    return sends ?? stream.cameAt !== undefined;
  }

  #look(name, peer, sends, now) {
    const stream = this.#streams[name];
    const count = peer ? peer.arrived[name] : 0;

    // another connection counts anew
    if (stream.peer === peer ? count > stream.count : count > 0) stream.cameAt = now;
    if (stream.cameAt === now || stream.peer !== peer) stream.before = peer?.arrived;
    stream.peer = peer;
    stream.count = count;
    if (!Missing.#isDue(peer, name, sends, stream)) {
      stream.dueSince = undefined;
      return false;
    }
    stream.dueSince ??= now;
    return now - Math.max(stream.cameAt ?? 0, stream.dueSince) >= MISSING_MS;
  }

  static #lossOf(peer, { before }) {
    const lost = peer.arrived.lost - before.lost;
    const loss = Math.round(100 * lost / (lost + peer.arrived.packets - before.packets));

    return loss >= LOSSY ? loss : 0;
  }

  // The time that this page itself has stood still does not count.
  excuse(ms) {
    for (const stream of Object.values(this.#streams)) {
      if (stream.cameAt !== undefined) stream.cameAt += ms;
      if (stream.dueSince !== undefined) stream.dueSince += ms;
    }
  }

  // `peer`: its connection, null while there is none; `sends`: {audio, video}, true, false,
  // or null for unknown; whether there is news.
  look(peer, sends, now) {
    const audio = this.#look("audio", peer, sends.audio, now);
    const camera = this.#look("camera", peer, sends.video, now);
    const isNews = audio !== this.audio || camera !== this.camera;

    if (isNews && (audio || camera))
      this.loss = Missing.#lossOf(peer, this.#streams[audio ? "audio" : "camera"]);
    Object.assign(this, { audio, camera });
    return isNews;
  }
}

const EVERY_MS = 500; // a look at each
const LATE_MS = 700; // by which a look is late: this page was busy, or slept (hidden: 500)

// Of all the others of a Call, from now on.
export class MissingWatch {
  #call;
  #tell;
  #list = new Map(); // participant id -> Missing
  #timer;
  #lookedAt = performance.now();

  // `tell(id)`: there is news
  constructor(call, tell) {
    this.#call = call;
    this.#tell = tell;
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  // {audio, camera, loss}: what of a participant is missing
  of(id) {
    return this.#list.get(id) || { audio: false, camera: false, loss: 0 };
  }

  forget(id) {
    this.#list.delete(id);
  }

  stop() {
    clearInterval(this.#timer);
  }

  #look() {
    const call = this.#call;
    const now = performance.now();
    const late = now - this.#lookedAt - EVERY_MS;

    this.#lookedAt = now;
    if (late >= LATE_MS) for (const one of this.#list.values()) one.excuse(late);
    for (const { id, audio, video } of call.others) {
      const isUp = ["connected", "unsteady"].includes(call.stateOf(id));
      if (!this.#list.has(id)) this.#list.set(id, new Missing());
      if (this.#list.get(id).look(isUp ? call.shown(id) : null, { audio, video }, now))
        this.#tell(id);
    }
  }
}
