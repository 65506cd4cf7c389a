// SPDX-License-Identifier: LGPL-2.1-or-later

// The way to one other participant: its connections, and what is to be done next. The
// connection in use, the one that is made beside it, and the one that it has replaced,
// which is heard a little longer (protocol/meeting.md#another-connection).

import { STEADY_MS, pauseAfterRenewals } from "../attempts.js";
import { STREAMS } from "./peer.js";

const UP = new Set(["connected", "unsteady"]);

// The states: waiting, connecting, connected, unsteady; reconnecting, lost: what was
// connected; trying, unreached: what never was; forged: what it said is not its word;
// refused: it says so of what this page said.
export class Link {
  constructor(id, offers, pair) {
    this.id = id;
    this.pair = pair;
    this.work = Promise.resolve(); // what it says, one after the other
    this.offers = offers;
    this.state = "waiting";
    this.now = null; // Peers
    this.next = null;
    this.past = null;
    this.shown = null; // the one whose streams are shown: `past` until `now` has some
    this.heardBefore = Infinity; // when something came last over the connection before `now`
    this.generation = 0; // of the newest offer
    this.failed = 0; // attempts, since it was connected
    this.wasConnected = false;
    this.begunAt = -Infinity; // when the newest connection was begun
    this.askedAt = -Infinity; // when another one was asked for
    this.renewals = 0; // of connections over which nothing came, in a row
    this.renewedAt = -Infinity; // when the last of them was asked for
    this.timer = 0; // of the attempts
    this.restart = 0; // timer of an offer that is due
    this.pastTimer = 0;
    this.early = [];
    this.theirs = ""; // which connection of its own the other has offered or answered in
    this.held = null; // an offer that crosses the one of this side, and what takes it
    this.heldTimer = 0;
    this.isRetired = false; // it is about to end, because it is not needed any more
  }

  // The one whose descriptions are exchanged, or were last.
  get newest() {
    return this.next || this.now;
  }

  get isUp() {
    return UP.has(this.now?.state);
  }

  // Whether a connection over which nothing comes may be replaced now.
  mayRenewSilent(now) {
    return now - this.renewedAt >= pauseAfterRenewals(this.renewals);
  }

  countRenewal(now) {
    this.renewals = now - this.renewedAt >= STEADY_MS ? 1 : this.renewals + 1;
    this.renewedAt = now;
  }

  // Of offers that cross the one of this side the last counts, if it is not answered
  // within `ms` (protocol/rooms.md#crossing-offers).
  hold(held, ms, func) {
    this.drop();
    this.held = held;
    this.heldTimer = setTimeout(func, ms);
  }

  drop() {
    clearTimeout(this.heldTimer);
    this.held = null;
  }

  isOfHeld({ session }) {
    return this.held !== null && this.held[0].session === session;
  }

  get peers() {
    return [this.now, this.next, this.past].filter(Boolean);
  }

  // How it is called that there is none, or none yet.
  get missing() {
    return this.wasConnected ? ["reconnecting", "lost"] : ["trying", "unreached"];
  }

  // One of `now`, `next` and `past`.
  close(name) {
    const peer = this[name];

    if (name === "past") clearTimeout(this.pastTimer);
    if (name === "now") this.#keepHeard();
    this[name] = null;
    peer?.close();
    if (this.shown === peer) this.shown = this.now;
  }

  #keepHeard() {
    if (this.now?.wasConnected) this.heardBefore = this.now.heardAt;
  }

  closeAll() {
    clearTimeout(this.timer);
    clearTimeout(this.restart);
    this.restart = 0;
    this.drop();
    for (const name of ["past", "next", "now"]) this.close(name);
  }

  // The new connection stands; for `ms` the one before it is heard besides.
  switchOver(ms, func) {
    this.close("past");
    this.#keepHeard();
    this.past = this.now;
    this.now = this.next;
    this.next = null;
    this.pastTimer = setTimeout(func, ms);
  }

  // The one in use has ended; the one that is being made takes its place.
  promote() {
    const { next } = this;

    this.next = null;
    this.close("now");
    this.now = next;
    this.shown ||= next;
  }

  // Shows what `now` has, as soon as it has all that was shown; whether that is new.
  show() {
    const { now, past, shown } = this;

    if (shown === now) return false;
    if (shown && past === shown
        && STREAMS.some((name) => shown.flows(name) && !now.flows(name))) return false;
    this.shown = now;
    return true;
  }
}
