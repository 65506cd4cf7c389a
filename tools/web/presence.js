// SPDX-License-Identifier: LGPL-2.1-or-later

// What this page tells the others of itself: sound, picture, screen and hand.

export class Presence {
  #media;
  #way;
  #told = new Set(); // ids of those who know
  #self = null;

  // `way`: sendAll(message); sendTo(message), by its field `to`; changed()
  constructor(media, way) {
    this.#media = media;
    this.#way = way;
  }

  begin(self) {
    this.#self = self;
  }

  forget(id) {
    this.#told.delete(id);
  }

  knows(id) {
    return this.#told.has(id);
  }

  #message() {
    const { status, audio, video } = this.#self;

    return { type: "presence", status, audio, video };
  }

  // To everybody, where it is new.
  tell() {
    const self = this.#self;

    if (!self) return;
    const before = JSON.stringify(this.#message());
    self.audio = this.#media.isOn("audio");
    self.video = this.#media.isOn("camera");
    self.presenting = this.#media.isOn("screen");
    if (JSON.stringify(this.#message()) === before) return;
    this.#way.sendAll(this.#message());
    this.#way.changed();
  }

  // To a newcomer, and to whom only the data channel reaches.
  tellTo(id) {
    this.#told.add(id);
    this.#way.sendTo({ ...this.#message(), to: id });
    if (this.#self.raisedAt) this.#way.sendTo({ type: "hand", raised: true, to: id });
  }

  raiseHand(raised) {
    this.#self.raisedAt = raised ? Date.now() : 0;
    this.#way.sendAll({ type: "hand", raised });
    this.#way.changed();
  }
}
