// SPDX-License-Identifier: LGPL-2.1-or-later

// The screen of a shared terminal, drawn by xterm.js. What the command says gets to it
// through the filter, and what xterm.js answers by itself goes nowhere.

import { Terminal } from "../xterm/xterm.mjs";
import { TermFilter } from "../net/termfilter.js";
import { utf8 } from "../bytes.js";

const FONT = 'ui-monospace, "SF Mono", "DejaVu Sans Mono", "Noto Sans Mono", monospace';
const FONT_MIN = 7; // px; a screen that needs smaller ones is scrolled
const FONT_MAX = 20;
const LINE_HEIGHT = 1.15;
const LINE = 1.17; // of a letter's size, in these fonts
// Commands choose their colours for a dark screen.
const THEME = { background: "#0c0f0e", foreground: "#e9edea", cursor: "#6fc9b1",
  cursorAccent: "#0c0f0e", selectionBackground: "#2f5449", black: "#3b4540", red: "#f28b80",
  green: "#6fce9a", yellow: "#e0bd60", blue: "#82b1f0", magenta: "#d699e0", cyan: "#72cbd6",
  white: "#d5dcd8", brightBlack: "#8b968f", brightRed: "#ffa69c", brightGreen: "#8be3b0",
  brightYellow: "#f2d482", brightBlue: "#a3c8fb", brightMagenta: "#e6b5ee",
  brightCyan: "#92e0ea", brightWhite: "#ffffff" };

// px of a letter at a size of 100 px
function measure() {
  const context = document.createElement("canvas").getContext("2d");

  context.font = `100px ${FONT}`;
  return context.measureText("W").width;
}

export class TermScreen {
  #terminal;
  #filter = new TermFilter();
  #place;
  #letter = measure();
  #takes = false;
  #leaves = false;
  #watch;

  // `typed`: takes the bytes of what is typed; `leave()`: the keyboard is to go elsewhere
  constructor(place, typed, leave) {
    this.#place = place;
    this.#terminal = new Terminal({ cols: 80, rows: 24, scrollback: 0, disableStdin: true,
      cursorBlink: false, fontFamily: FONT, lineHeight: LINE_HEIGHT, theme: THEME,
      linkHandler: { activate() {} }, logLevel: "off" });
    this.#terminal.onData((text) => { if (this.#takes) typed(utf8(text)); });
    this.#terminal.onBinary((text) => {
      if (this.#takes) typed(Uint8Array.from(text, (char) => char.charCodeAt(0)));
    });
    this.#terminal.attachCustomKeyEventHandler((event) => this.#isTerminals(event, leave));
    this.#terminal.open(place);
    this.#watch = new ResizeObserver(() => this.#fit());
    this.#watch.observe(place);
    this.#fit();
  }

  // Whether a key is the terminal's. Of who only watches they are the browser's. Tab is typed, so
  // Ctrl+Shift+Enter leads out of the screen (WCAG 2.1.2): when Enter is let go, because a key
  // that is held would press the button that it leads to.
  #isTerminals(event, leave) {
    const { type, key } = event;

    if (!this.#takes) return false;
    if (key !== "Enter") return true;
    if (type === "keydown")
      this.#leaves = event.ctrlKey && event.shiftKey && !event.altKey && !event.metaKey;
    if (!this.#leaves) return true;
    event.preventDefault();
    if (type === "keyup") {
      this.#leaves = false;
      leave();
    }
    return false;
  }

  // The whole screen as large as there is room for it.
  #fit() {
    const { cols, rows } = this.#terminal;
    const style = getComputedStyle(this.#place);
    const pad = 2 * parseFloat(style.paddingLeft);
    const wide = (this.#place.clientWidth - pad) / (cols * this.#letter / 100);
    const high = (parseFloat(style.maxHeight) - pad) / (rows * LINE_HEIGHT * LINE);
    const size = Math.floor(Math.min(wide, high, FONT_MAX) * 4) / 4;

    this.#terminal.options.fontSize = Math.max(size, FONT_MIN);
  }

  resize({ cols, rows }) {
    this.#terminal.resize(cols, rows);
    this.#fit();
  }

  write({ text, done }) {
    this.#terminal.write(this.#filter.filter(text), done);
  }

  // What was there before is of another connection, or another terminal.
  clear() {
    this.#filter = new TermFilter();
    this.#terminal.reset();
  }

  // The keyboard goes there and away when that changes, and stays where it is otherwise.
  set takes(takes) {
    if (this.#takes === takes) return;
    this.#takes = takes;
    this.#terminal.options.disableStdin = !takes;
    this.#terminal.options.cursorBlink = takes;
    if (takes) this.#terminal.focus();
    else this.#terminal.blur();
  }

  focus() { this.#terminal.focus(); }

  // How a key of this name is typed as the command wants it now.
  arrow(letter) {
    return utf8(`\x1b${this.#terminal.modes.applicationCursorKeysMode ? "O" : "["}${letter}`);
  }

  // The lines of the screen, as they are read aloud.
  get lines() {
    const { active } = this.#terminal.buffer;

    return Array.from({ length: this.#terminal.rows },
      (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? "");
  }

  close() {
    this.#watch.disconnect();
    this.#terminal.dispose();
  }
}
