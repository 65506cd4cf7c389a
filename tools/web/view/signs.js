// SPDX-License-Identifier: LGPL-2.1-or-later

// How good the connection to each other is, by what was lost since the look before.

import { digest } from "../net/stats.js";
import { grade } from "../net/quality.js";

const EVERY_MS = 2000;

export class ConnectionSigns {
  #timer = 0;
  #before = new Map();
  #busy = false;
  #tell;

  // `tell(id, grade)`
  constructor(tell) {
    this.#tell = tell;
  }

  // `list()`: [{id, peer}]
  start(list) {
    this.stop();
    this.#timer = setInterval(async () => {
      if (this.#busy || document.hidden) return;
      this.#busy = true;
      await Promise.all(list().map((one) => this.#look(one).catch(() => {})));
      this.#busy = false;
    }, EVERY_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#before.clear();
  }

  async #look({ id, peer }) {
    const before = this.#before.get(id);
    const now = digest(await peer.getStats(), before);

    this.#before.set(id, now);
    if (!before) return;
    const lost = Math.max(0, now.lost - before.lost);
    const sent = lost + Math.max(0, now.packets - before.packets);
    this.#tell(id, grade({ loss: sent ? lost / sent : NaN, rtt: now.rtt }));
  }
}
