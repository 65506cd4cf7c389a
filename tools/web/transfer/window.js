// SPDX-License-Identifier: LGPL-2.1-or-later

// How many chunks are sent before the first is acknowledged, and how long one waits
// for that. What carries them is reliable and has its own congestion control; here
// is found the least that keeps it busy, so that chunks do not wait in queues in
// front of the media of a call: the window grows until acknowledgements come later
// than they could (as LEDBAT, RFC 6817). Times in ms.

export const BYTES_MAX = 4 * 1024 * 1024; // unacknowledged
export const CHUNKS_MAX = 256; // of small chunks
export const CHUNKS_MIN = 2; // one travels while the other is acknowledged
const CHUNKS_FIRST = 4;
const DELAY_TARGET = 100; // what queues may add to a round trip; RFC 6817 §2.5
// The shortest round trip is that of the last one to two of these. Each begins with
// two round trips of the least window: a queue that is always there would count as
// the path.
const BASE_AGE = 60000;
export const TIMEOUT_FIRST = 3000; // a lane may be busy with other things
export const TIMEOUT_MIN = 1000; // RFC 6298 §2
export const TIMEOUT_MAX = 30000;

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

export class Window {
  #max;
  #size;
  #steady = false; // grows by a chunk each round trip
  #variation = 0;
  #shortest = [0, 0]; // round trips of this age and the one before; 0: none
  #ageBegan = 0;
  #drained = 0; // when what was sent before this age has left the queues
  #shrank = -Infinity; // when a timeout last made it smaller

  constructor(chunkSize) {
    this.#max = clamp(Math.floor(BYTES_MAX / chunkSize), CHUNKS_MIN, CHUNKS_MAX);
    this.#size = Math.min(CHUNKS_FIRST, this.#max);
    this.rtt = 0; // smoothed; 0: none was measured
    this.timeout = TIMEOUT_FIRST;
  }

  get chunks() {
    return this.#drained ? CHUNKS_MIN : Math.floor(this.#size);
  }

  #measure(rtt) { // RFC 6298 §2
    if (this.rtt === 0) {
      this.rtt = rtt;
      this.#variation = rtt / 2;
    } else {
      this.#variation += (Math.abs(this.rtt - rtt) - this.#variation) / 4;
      this.rtt += (rtt - this.rtt) / 8;
    }
    this.timeout = clamp(this.rtt + 4 * this.#variation, TIMEOUT_MIN, TIMEOUT_MAX);
  }

  // How much longer than the shortest round trip this was.
  #delayOf(rtt, now) {
    const shortest = this.#shortest;

    if (shortest[0] === 0) {
      this.#ageBegan = now;
    } else if (now - this.#ageBegan >= BASE_AGE) {
      shortest[1] = shortest[0];
      shortest[0] = 0;
      this.#ageBegan = now;
      this.#drained = now + 2 * this.rtt;
    }
    if (shortest[0] === 0 || rtt < shortest[0]) shortest[0] = rtt;
    return rtt - (shortest[1] ? Math.min(shortest[0], shortest[1]) : shortest[0]);
  }

  #resize(size) {
    this.#size = clamp(size, CHUNKS_MIN, this.#max);
  }

  // So many chunks were acknowledged at once, one of them `rtt` after it was sent; -1
  // when that was sent more than once, which measures nothing (RFC 6298 §3).
  acked(chunks, rtt, now) {
    if (rtt < 0) return;
    rtt = Math.max(rtt, 0.001);
    this.#measure(rtt);
    const delay = this.#delayOf(rtt, now);
    if (this.#drained) {
      if (now >= this.#drained) this.#drained = 0;
      return;
    }
    if (delay > DELAY_TARGET / 2) this.#steady = true;
    if (!this.#steady) {
      this.#resize(this.#size + chunks);
      return;
    }
    const room = (DELAY_TARGET - delay) / DELAY_TARGET;
    this.#resize(this.#size + chunks * Math.max(room, -1) / this.#size);
  }

  // A chunk was not acknowledged in time. Of those that were sent together, one counts.
  timedOut(now) {
    if (now - this.#shrank < this.timeout) return;
    this.#shrank = now;
    this.#steady = true;
    this.timeout = Math.min(this.timeout * 2, TIMEOUT_MAX);
    this.#resize(this.#size / 2);
  }
}
