// SPDX-License-Identifier: LGPL-2.1-or-later

// A screen that goes dark ends no call, but nobody looks at a dark screen.

export class Awake {
  #isWanted = false;
  #lock = null;

  // From now on; once more when the page is seen again, because a browser takes the lock from
  // a page that is not.
  async begin() {
    this.#isWanted = true;
    try {
      this.#take(await navigator.wakeLock?.request("screen"));
    } catch {
      // this browser lets it go dark
    }
  }

  // Nobody may want it any more by then.
  #take(lock) {
    this.#drop();
    this.#lock = lock;
    if (!this.#isWanted) this.#drop();
  }

  #drop() {
    this.#lock?.release().catch(() => {});
    this.#lock = null;
  }

  end() {
    this.#isWanted = false;
    this.#drop();
  }
}
