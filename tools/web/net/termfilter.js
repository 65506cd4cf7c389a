// SPDX-License-Identifier: LGPL-2.1-or-later

// What a shared terminal may say to the one that shows it: text, and the sequences that draw
// on the screen (protocol/agents.md#terminal-filter). Titles, the clipboard, questions that a
// terminal answers, and all that has no use on a screen are left out. The device that shares
// it has done so before; here nobody needs to rely on that. Knows nothing of the page.

export const SEQUENCE_MAX = 64; // characters of one
export const NUMBERS_MAX = 16; // in one
export const NUMBER_MAX = 65535;
export const REPEAT_MAX = 500; // of REP

const CONTROLS = "\x07\x08\t\n\x0b\f\r\x0e\x0f";
const FINALS = new Set("@ABCDEFGHIJKLMPSTXZ`abdefmrsu");
const MODES = new Set(["1", "5", "6", "7", "12", "25", "47", "1000", "1002", "1003", "1005",
  "1006", "1015", "1047", "1048", "1049", "2004"]);
const ESCAPES = new Set("78DEMc=>");
const CHARSETS = "()*+";

const isMode = (parameters) => parameters.split(";").every((mode) => MODES.has(mode));

function isBounded(parameters) {
  const numbers = parameters.match(/\d+/g) || [];

  return parameters.length < SEQUENCE_MAX && numbers.length <= NUMBERS_MAX
    && numbers.every((number) => Number(number) <= NUMBER_MAX);
}

// Whether CSI `parameters` `between` `final` draws.
function draws(parameters, between, final) {
  if (!isBounded(parameters)) return false;
  if (between === " ") return final === "q" && /^\d*$/.test(parameters);
  if (between === "!") return final === "p" && parameters === "";
  if (between) return false;
  if (parameters.startsWith("?"))
    return "hl".includes(final) ? isMode(parameters.slice(1))
      : "JK".includes(final) && /^\?[012]?$/.test(parameters);
  if (!/^[\d;:]*$/.test(parameters)) return false;
  if ("hl".includes(final)) return parameters === "4";
  // not what has scrolled away; nothing over and over
  if (final === "J") return /^[012]?$/.test(parameters);
  if (final === "b") return Number(parameters) <= REPEAT_MAX;
  return FINALS.has(final);
}

export class TermFilter {
  #state = "text";
  #held = ""; // of a sequence, since its ESC

  #escape(char) {
    if ("]P_^X".includes(char)) {
      this.#state = "string";
      return "";
    }
    if (char === "[") {
      this.#state = "csi";
      this.#held = "";
      return "";
    }
    this.#state = CHARSETS.includes(char) ? "charset" : char >= " " && char <= "/" ? "skip"
      : "text";
    this.#held = char;
    return ESCAPES.has(char) ? `\x1b${char}` : "";
  }

  #csi(char) {
    if (char >= " " && char <= "?") {
      if (this.#held.length <= SEQUENCE_MAX) this.#held += char;
      return "";
    }
    this.#state = "text";
    const [, parameters, between] = /^([0-?]*)([ -/]*)/.exec(this.#held);
    return parameters.length + between.length === this.#held.length
      && draws(parameters, between, char) ? `\x1b[${this.#held}${char}` : "";
  }

  // Inside a string nothing counts but its end: BEL, or ESC, which begins anew.
  #take(char) {
    if (char === "\x1b") {
      this.#state = this.#state === "string" || this.#state === "end" ? "end" : "escape";
      return "";
    }
    if (char === "\x18" || char === "\x1a") {
      this.#state = "text";
      return "";
    }
    if (this.#state === "string") {
      if (char === "\x07") this.#state = "text";
      return "";
    }
    if (this.#state === "end") {
      this.#state = "text";
      return char === "\\" ? "" : this.#escape(char);
    }
    if (char < " ") return CONTROLS.includes(char) ? char : "";
    if (char >= "\x7f" && char <= "\x9f") return "";
    switch (this.#state) {
      case "escape": return this.#escape(char);
      case "csi": return this.#csi(char);
      case "charset":
        this.#state = "text";
        return "0AB".includes(char) ? `\x1b${this.#held}${char}` : "";
      case "skip":
        if (char > "/") this.#state = "text";
        return "";
      default: return char;
    }
  }

  // The part of `text` that draws; a sequence may go on in the next one.
  filter(text) {
    // most of it is plain
    if (this.#state === "text" && !/[\x00-\x1f\x7f-\x9f]/.test(text)) return text;
    let out = "";

    for (const char of text) out += this.#take(char);
    return out;
  }
}
