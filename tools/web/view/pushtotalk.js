// SPDX-License-Identifier: LGPL-2.1-or-later

// Who is muted is heard for as long as the space bar is held.

const WRITES = "input, textarea, select, [contenteditable]";
const PRESSES = "button, summary, a[href]";

export class PushToTalk {
  #held = false;
  #last = Promise.resolve(); // the last switch; the next one waits for it
  #pointed = false; // the last that was done, was done with a pointer
  #byPointer = false; // and led the focus to where it is

  // {isOn(): in a meeting, isMuted(), set(on): a promise}
  constructor(way) {
    document.addEventListener("pointerdown", () => { this.#pointed = true; }, true);
    document.addEventListener("focusin", () => { this.#byPointer = this.#pointed; });
    document.addEventListener("keydown", (event) => this.#press(event, way));
    const release = () => {
      if (!this.#held) return;
      this.#held = false;
      this.#then(() => way.set(false));
    };
    document.addEventListener("keyup", (event) => {
      if (event.code !== "Space" || !this.#held) return;
      event.preventDefault(); // a button that has the focus is not pressed
      release();
    });
    addEventListener("blur", release);
  }

  #press(event, way) {
    const { code, target, repeat } = event;

    if (code !== "Space") {
      this.#pointed = false;
      return;
    }
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (!this.#held && (repeat || !way.isOn() || !way.isMuted() || this.#isTaken(target))) return;
    event.preventDefault();
    if (this.#held) return;
    this.#held = true;
    this.#then(() => way.set(true));
  }

  // Whether the space bar means something else where the keyboard is: who has clicked on a
  // button does not press it by the keyboard.
  #isTaken(target) {
    return target.closest(WRITES) !== null
      || (target.closest(PRESSES) !== null && !this.#byPointer)
      || document.querySelector("dialog[open]") !== null;
  }

  #then(func) {
    this.#last = this.#last.then(func, func);
  }
}
