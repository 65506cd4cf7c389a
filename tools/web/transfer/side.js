// SPDX-License-Identifier: LGPL-2.1-or-later

// What is known of the way to a participant, over one connection.

import { Joiner } from "./frame.js";

export const REFUSALS_MAX = 64; // what is refused with a word; beyond it is passed over
export const LATER_MAX = 64; // messages that wait behind an offer; more are said again

export class Side {
  #peer;
  #refusals = 0;
  #checking = false; // whether an offer is looked at
  #later = []; // what has come since

  // `peer`: signsOffers, signOffer(), checkOffer()
  constructor(peer, lane) {
    this.#peer = peer;
    this.lane = lane;
    this.joiner = new Joiner();
  }

  refuse(type, fields) {
    if (this.#refusals++ < REFUSALS_MAX) this.lane.send({ type, ...fields });
  }

  // `message` as it is said here; an offer is signed where both have keys.
  async sign(message) {
    return { ...message, signature: await this.#peer.signOffer(message) };
  }

  get signs() {
    return this.#peer.signsOffers;
  }

  // What came behind an offer waits until somebody knows whose that is.
  take(detail, read) {
    if (!this.#checking) read(detail);
    else if (this.#later.length < LATER_MAX) this.#later.push(detail);
  }

  // `func(isTheirs)` is told whether it is the other's word, then `read` what waits.
  async check(offer, func, read) {
    this.#checking = true;
    const isTheirs = await this.#peer.checkOffer(offer);

    this.#checking = false;
    if (!isTheirs)
      this.refuse("error", { id: offer.id, code: "SIGNATURE",
        message: "The offer is not signed by who sends it" });
    func(isTheirs);
    while (this.#later.length && !this.#checking) read(this.#later.shift());
  }
}
