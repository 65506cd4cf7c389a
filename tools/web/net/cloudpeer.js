// SPDX-License-Identifier: LGPL-2.1-or-later

// What comes of one participant by the server, in the form of a Peer that only receives.

import { STREAMS } from "./peer.js";
import { arrivals } from "./arrivals.js";

export const QUIET_MS = 2000; // then of one who sends nothing nothing is waited for

export class CloudPeer {
  #transceivers = {}; // by the names of STREAMS
  #connection;
  #since = performance.now();

  constructor(id, connection) {
    this.id = id;
    this.isByServer = true;
    this.heard = false; // whether its first picture, or sound, has come
    this.screenSeen = false;
    this.arrived = arrivals([]);
    this.rtt = null;
    this.main = new MediaStream();
    this.screen = new MediaStream();
    this.#connection = connection;
  }

  get connection() {
    return this.#connection;
  }

  // `transceivers`: by name; each track belongs to one stream. Whether that is new.
  assign(transceivers) {
    const tracks = (names) => names.map((name) => transceivers[name]?.receiver.track)
      .filter(Boolean);
    const isNew = STREAMS.some((name) => transceivers[name] !== this.#transceivers[name]);

    this.#transceivers = transceivers;
    CloudPeer.#fill(this.main, tracks(["audio", "camera"]));
    CloudPeer.#fill(this.screen, tracks(["screen"]));
    return isNew;
  }

  static #fill(stream, tracks) {
    for (const track of stream.getTracks())
      if (!tracks.includes(track)) stream.removeTrack(track);
    for (const track of tracks) if (!stream.getTracks().includes(track)) stream.addTrack(track);
  }

  get hasStreams() {
    return STREAMS.some((name) => this.#transceivers[name]);
  }

  flows(name) {
    const track = this.#transceivers[name]?.receiver.track;

    return Boolean(track) && !track.muted && track.readyState === "live";
  }

  receives(name) {
    return /recv/.test(this.#transceivers[name]?.currentDirection ?? "");
  }

  receiver(name) {
    return this.#transceivers[name]?.receiver || null;
  }

  get #mids() {
    return STREAMS.map((name) => this.#transceivers[name]?.mid);
  }

  // The reports of what is its alone, and of the path.
  async getStats() {
    const mids = this.#mids;
    const all = await this.#connection.getStats();

    return new Map([...all].filter(([, { type, mid }]) => (type !== "outbound-rtp"
      && (type !== "inbound-rtp" || mids.includes(mid)))));
  }

  // `reports`: of the whole connection; `sends`: {audio, video}, true, false, or null for
  // unknown. Whether there is news.
  count(reports, { audio, video }, now) {
    const { heard, screenSeen } = this;

    this.arrived = arrivals(reports, this.#mids);
    this.screenSeen ||= this.flows("screen") && this.arrived.screen > 0;
    const quiet = now - this.#since >= QUIET_MS;
    this.heard ||= this.arrived.decoded > 0
      || (this.arrived.audio > 0 && (video === false || (video === null && quiet)))
      || (this.hasStreams && quiet && audio === false && video === false);
    return heard !== this.heard || screenSeen !== this.screenSeen;
  }

  close() {
    this.assign({});
  }
}
