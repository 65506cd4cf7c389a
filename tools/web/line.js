// SPDX-License-Identifier: LGPL-2.1-or-later

// The numbers on one signalling connection (docs/protocol.md, "When the socket
// is lost"): what was sent and not acknowledged is kept, to be sent again on
// the next socket. Knows nothing of sockets.

export const UNACKED_MAX = 256; // messages
export const UNACKED_BYTES = 1024 * 1024;
export const ACK_AFTER = 32; // messages that nothing acknowledged

export class Line {
  #sent = 0;
  #received = 0;
  #acknowledged = 0;
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
    return this.#received - this.#acknowledged >= ACK_AFTER;
  }

  // The text of a message that has a number.
  write(message) {
    const seq = ++this.#sent;
    const text = JSON.stringify({ ...message, seq, ack: this.#received });

    this.#acknowledged = this.#received;
    this.#unacked.push({ seq, text });
    this.#bytes += text.length;
    return text;
  }

  // One that only acknowledges has none.
  writeAck() {
    this.#acknowledged = this.#received;
    return JSON.stringify({ type: "ack", ack: this.#received });
  }

  #drop(upTo) {
    while (this.#unacked.length && this.#unacked[0].seq <= upTo)
      this.#bytes -= this.#unacked.shift().text.length;
  }

  // Takes the numbers of a message; whether it is new.
  read(message) {
    if (Number.isSafeInteger(message.ack)) this.#drop(message.ack);
    if (!Number.isSafeInteger(message.seq)) return true;
    if (message.seq <= this.#received) return false;
    this.#received = message.seq;
    return true;
  }

  // What the other side has missed, in the numbers it had.
  resume(ack) {
    if (Number.isSafeInteger(ack)) this.#drop(ack);
    return this.#unacked.map(({ text }) => text);
  }
}
