// SPDX-License-Identifier: LGPL-2.1-or-later

// One of those in a meeting, as the host and it itself have told. Knows no element of
// the page.

import { isEarlier } from "./ids.js";
import { apart, cleanName, knownAs } from "./view/words.js";

const PRESENTING = "presenting";
const AVAILABLE = "available";
const TOLD_BY_SIGNS = new Set([PRESENTING, AVAILABLE]);
// Of its chat; of more, the oldest are dropped. Both at once are not more than a device hears
// of one in a moment (VM_CHAT_BURST of wire/chat.h).
export const UNSENT_MAX = 25;
export const SENT_MAX = 25;

export class Participant {
  constructor({ id, user, device, deviceId, host, trust, voucher }, self) {
    this.id = id;
    this.given = cleanName(user, "Somebody"); // by itself
    this.user = this.given;
    this.device = cleanName(device, "");
    this.deviceId = typeof deviceId === "string" ? deviceId : ""; // "": it has no key
    this.host = host === true;
    this.self = self;
    this.moderates = false; // beside a host, whose name it may have
    this.isMarked = false; // behind its name
    Object.assign(this, knownAs(trust, voucher)); // as the host sees it
    this.audio = null; // whether sound is sent: true, false, null for unknown
    this.video = null;
    this.presenting = null;
    this.says = ""; // what it says it is doing, in its own words
    this.raisedAt = 0; // when the hand went up; 0: it is down
    this.reactedAt = 0; // when it reacted last
    this.detached = false;
    this.plain = false; // whether it speaks plain text in the chat
    this.unsent = []; // chat that waits for its data channel
    this.acks = false; // whether it acknowledges chat
    this.sent = []; // the last that went over it, each {text, at}; not acknowledged
    this.forgedChat = false; // whether somebody wrote in its name, which was told
  }

  // A newcomer, which may be this page, has a mark where one of those before it goes by a
  // name that looks the same; by the order of joining, so that all see the same.
  tellApart(others) {
    const all = [...others];
    const self = all.find((other) => other.self);

    if (self && isEarlier(self.id, this.id)) self.tellApart(all);
    if (this.isMarked) return;
    const name = apart(this.user, all.filter(({ id, host }) => isEarlier(id, this.id)
      && !(host && this.moderates)).map(({ user }) => user));
    this.isMarked = name !== this.user;
    this.user = name;
  }

  setModerates(moderates, others) {
    if (this.moderates === moderates) return;
    this.moderates = moderates;
    this.isMarked = false;
    this.user = this.given;
    this.tellApart(others);
  }

  get status() {
    return this.presenting ? PRESENTING : AVAILABLE;
  }

  takePresence({ status, audio, video }) {
    const known = (value) => (typeof value === "boolean" ? value : null);

    this.audio = known(audio);
    this.video = known(video);
    this.says = TOLD_BY_SIGNS.has(status) ? "" : cleanName(status, "");
    // only who has said so before can say that it is over
    if (status === PRESENTING) this.presenting = true;
    else if (status && this.presenting !== null) this.presenting = false;
  }

  keep(text) {
    this.unsent.push(text);
    if (this.unsent.length > UNSENT_MAX) this.unsent.shift();
  }

  keepSent(text) {
    this.sent.push({ text, at: performance.now() });
    if (this.sent.length > SENT_MAX) this.sent.shift();
  }
}
