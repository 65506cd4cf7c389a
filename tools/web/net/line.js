// SPDX-License-Identifier: LGPL-2.1-or-later

// The numbers on one signalling connection (protocol/signalling.md#resume): what was sent
// and not acknowledged is kept, to be sent again on the next socket. Knows nothing of
// sockets.

export const UNACKED_MAX = 256; // messages
export const UNACKED_BYTES = 1024 * 1024;
// What may come before it is acknowledged by an `ack` of its own when there is nothing
// else to say: well below what the server keeps, which drops the oldest beyond
// UNACKED_MAX and UNACKED_BYTES and then cannot resume.
export const ACK_AFTER = 32; // messages
export const ACK_BYTES = 128 * 1024;

const size = (text) => new TextEncoder().encode(text).length;

export class Line {
  #sent = 0;
  #received = 0;
  #due = 0; // messages that came and are not acknowledged
  #dueBytes = 0;
  #bytes = 0;
  #unacked = []; // {seq, text}, oldest first

  get received() {
    return this.#received;
  }

  // Whether the other side can no longer be told all that it missed.
  get overflown() {
    return this.#unacked.length > UNACKED_MAX || this.#bytes > UNACKED_BYTES;
  }

  get wantsAck() {
    return this.#due >= ACK_AFTER || this.#dueBytes >= ACK_BYTES;
  }

  // The text of a message that has a number.
  write(message) {
    const seq = ++this.#sent;
    const text = JSON.stringify({ ...message, seq, ack: this.#received });

    this.#acknowledged();
    this.#unacked.push({ seq, text });
    this.#bytes += text.length;
    return text;
  }

  // One that only acknowledges has none.
  writeAck() {
    this.#acknowledged();
    return JSON.stringify({ type: "ack", ack: this.#received });
  }

  #acknowledged() {
    this.#due = 0;
    this.#dueBytes = 0;
  }

  #drop(upTo) {
    while (this.#unacked.length && this.#unacked[0].seq <= upTo)
      this.#bytes -= this.#unacked.shift().text.length;
  }

  // Takes the numbers of a message that came as `text`; whether it is new.
  read(message, text = "") {
    if (Number.isSafeInteger(message.ack)) this.#drop(message.ack);
    if (!Number.isSafeInteger(message.seq)) return true;
    if (message.seq <= this.#received) return false;
    this.#received = message.seq;
    this.#due++;
    this.#dueBytes += size(text);
    return true;
  }

  // What the other side has missed, in the numbers it had.
  resume(ack) {
    if (Number.isSafeInteger(ack)) this.#drop(ack);
    return this.#unacked.map(({ text }) => text);
  }
}
