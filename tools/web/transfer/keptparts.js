// SPDX-License-Identifier: LGPL-2.1-or-later

// Parts of unfinished files that wait to go on, the latest last.

export const KEPT_MAX = 8;

export class KeptParts {
  #parts = new Map(); // key of the file -> id of its part
  #discard;

  // `discard`: called with the id of a part that nobody waits for any more
  constructor(discard) {
    this.#discard = discard;
  }

  find(key) {
    return this.#parts.get(key);
  }

  keep({ key, id }) {
    const before = this.#parts.get(key);

    this.#parts.delete(key);
    this.#parts.set(key, id);
    if (before && before !== id) this.#discard(before);
    if (this.#parts.size <= KEPT_MAX) return;
    const [oldest, part] = this.#parts.entries().next().value;
    this.#parts.delete(oldest);
    this.#discard(part);
  }

  // It does not wait any more: a transfer has it, or it is gone.
  take(part) {
    if (part && this.#parts.get(part.key) === part.id) this.#parts.delete(part.key);
  }

  clear() {
    for (const part of this.#parts.values()) this.#discard(part);
    this.#parts.clear();
  }
}
