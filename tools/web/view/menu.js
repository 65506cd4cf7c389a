// SPDX-License-Identifier: LGPL-2.1-or-later

// A menu above or beneath the button that opens it. Escape, a click elsewhere and leaving
// it by the keyboard close it.

const MARGIN = 8; // px to the edges of the window and to the button

export class Menu {
  #root;
  #opener = null;

  // `beforeOpen(opener)` fills it
  constructor(root, beforeOpen = () => {}) {
    this.#root = root;
    this.beforeOpen = beforeOpen;
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.close();
    });
    root.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !root.contains(relatedTarget) && relatedTarget !== this.#opener)
        this.#hide();
    });
    document.addEventListener("pointerdown", ({ target }) => {
      if (!root.contains(target) && !this.#opener?.contains(target)) this.#hide();
    });
    addEventListener("resize", () => this.#hide());
  }

  get isOpen() {
    return !this.#root.hidden;
  }

  toggle(opener) {
    if (this.isOpen && this.#opener === opener) this.close();
    else this.open(opener);
  }

  open(opener) {
    this.#hide();
    this.#opener = opener;
    this.beforeOpen(opener);
    this.#root.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    this.#place(opener.getBoundingClientRect());
    this.#root.querySelector("button:not([hidden]), input")?.focus();
  }

  #place({ left, right, top, bottom }) {
    const { offsetWidth: width, offsetHeight: height, style } = this.#root;
    const clamp = (value, most) => Math.max(MARGIN, Math.min(value, most - MARGIN));
    const above = top - height - MARGIN;

    style.left = `${clamp((left + right - width) / 2, innerWidth - width)}px`;
    style.top = `${clamp(above >= MARGIN ? above : bottom + MARGIN, innerHeight - height)}px`;
  }

  // The keyboard is where it was before.
  close() {
    const opener = this.#opener;

    if (!this.isOpen) return;
    this.#hide();
    opener.focus();
  }

  #hide() {
    this.#opener?.setAttribute("aria-expanded", "false");
    this.#opener = null;
    this.#root.hidden = true;
  }

  hide() {
    this.#hide();
  }
}
