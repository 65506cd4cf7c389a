// SPDX-License-Identifier: LGPL-2.1-or-later

// What is said in one meeting: over the data channel of each, else by the server.

import { parse, readEntry, write } from "../chat.js";
import { uuid } from "../ids.js";
import { cleanName, forged, undelivered } from "./words.js";

// Before the last sign of life of a connection that was lost: what it took later may not have
// arrived.
export const UNCERTAIN_MS = 10000;

export const FLUSH_MS = 2000; // for chat to be acknowledged before this page leaves

export class Talk {
  #call;
  #way;
  #flushed = null; // see flush()
  #timer = 0;

  // `way`: signs(), whether this page does; toChannel(id, text), whether it was sent;
  // toSignal(id, message), over the other channel; heardBefore(id), when the connection before the one in use gave its last sign of life;
  // toServer(message); emit(type, detail)
  constructor(call, way) {
    this.#call = call;
    this.#way = way;
  }

  // Between two that sign what they say nobody passes it on.
  #needsChannel({ deviceId }) {
    return this.#way.signs() && deviceId !== "";
  }

  channelOpened(id) {
    const participant = this.#call.participants.get(id);

    if (!participant) return; // removed as it opened
    this.#sendAgain(participant);
    this.#sendUnsent(participant);
  }

  // Where the network has gone, a connection takes everything and delivers nothing. What has
  // arrived is known by its id; plain text has none, and would be read twice.
  #sendAgain(participant) {
    const since = this.#way.heardBefore(participant.id) - UNCERTAIN_MS;
    const uncertain = participant.sent.splice(0).filter(({ at }) => at >= since);

    if (participant.plain) return;
    for (const { text } of uncertain) this.#toChannel(participant, text);
  }

  #sendUnsent(participant) {
    const { unsent } = participant;

    while (unsent.length && this.#toChannel(participant, unsent[0])) unsent.shift();
  }

  // Whether it was sent.
  #toChannel(participant, text) {
    const isSent = this.#way.toChannel(participant.id, text);

    if (isSent) participant.keepSent(text);
    return isSent;
  }

  // The channel `signal` is open: this page acknowledges chat.
  startAcks(id) {
    this.#way.toSignal(id, { type: "ack" });
  }

  takeAck(from, id) {
    const participant = this.#call.participants.get(from);

    if (!participant) return;
    participant.acks = true;
    participant.sent = participant.sent.filter(({ text }) => parse(text).entry?.id !== id);
    if (this.#flushed && this.undelivered.length === 0) this.#endFlush();
  }

  // Calls `then` with words for what was not delivered: when nothing is missing, after
  // FLUSH_MS, or at the second call.
  flush(then) {
    const isSecond = this.#flushed !== null;

    this.#flushed = then;
    if (isSecond || this.undelivered.length === 0) this.#endFlush();
    else this.#timer = setTimeout(() => this.#endFlush(), FLUSH_MS);
  }

  #endFlush() {
    clearTimeout(this.#timer);
    this.#flushed(undelivered(this.undelivered));
  }

  // What may still be on its way, each {user, text}.
  get undelivered() {
    return this.#call.others.flatMap(({ user, acks, sent, unsent }) =>
      [...acks ? sent.map(({ text }) => text) : [], ...unsent]
        .map((text) => ({ user, text: parse(text).entry.text })));
  }

  takeFromServer(message) {
    const participant = this.#call.participants.get(message.from);

    if (!participant || !this.#needsChannel(participant)) {
      this.take(message.from, { kind: "chat", entry: readEntry(message) });
      return;
    }
    // once: whoever writes so could write without end
    if (!participant.forgedChat) this.#way.emit("notice", forged("CHAT", participant.user));
    participant.forgedChat = true;
  }

  // `said`: of parse()
  take(from, said) {
    const { chat, hostId, participants, self } = this.#call;
    const participant = participants.get(from);

    if (!said || !participant) return;
    if (said.kind === "history") {
      if (from !== hostId) return;
      if (chat.addHistory(said.entries.map((entry) => ({ ...entry,
        user: cleanName(entry.user, "Somebody"), own: entry.from === self.id }))))
        this.#way.emit("chat", { history: true });
      return;
    }
    if (!said.entry) return;
    if (!said.plain && said.entry.id) this.#way.toSignal(from, { type: "ack", id: said.entry.id });
    // a page of other makers, which would show our JSON to people
    if (said.plain) participant.plain = true;
    const entry = { ...said.entry, from, user: participant.user, own: false };
    if (chat.add(entry)) this.#way.emit("chat", { entry });
  }

  // `to`: the id of who alone is to read it; "" for everybody. Whether it is on its way.
  say(text, to = "") {
    const { chat, others, participants, self } = this.#call;
    const alone = to !== "";
    const entry = { id: uuid(), from: self.id, user: self.user, own: true, text, private: alone,
      to: participants.get(to)?.user || "", time: new Date().toISOString() };
    const readers = others.filter(({ id }) => !alone || id === to);

    if (alone && readers.length === 0) return false;
    for (const participant of readers) {
      const { id, plain } = participant;
      const written = plain ? text : write(entry);
      if (this.#needsChannel(participant)) {
        participant.keep(written);
        this.#sendUnsent(participant);
      } else if (!this.#toChannel(participant, written)) {
        this.#way.toServer({ type: "chat", to: id, id: entry.id, text, time: entry.time,
          ...alone && { private: true } });
      }
    }
    chat.add(entry);
    this.#way.emit("chat", { entry });
    return true;
  }
}
