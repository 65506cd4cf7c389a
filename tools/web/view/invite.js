// SPDX-License-Identifier: LGPL-2.1-or-later

// The link to the meeting, as text and as a QR code: on a card while nobody else is there,
// and in a dialog.

import { encode } from "../qr/uqr.mjs";
import { $, setText } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // modules of white around the code (ISO/IEC 18004)
const COPIED_MS = 2000;

function part(tag, attributes) {
  const made = document.createElementNS(SVG, tag);

  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// Null of what is too long for a code.
function drawing(text) {
  let code;
  try {
    code = encode(text, { border: QUIET });
  } catch {
    return null;
  }
  const { data, size } = code;
  const cells = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")));
  const svg = part("svg", { viewBox: `0 0 ${size} ${size}`, role: "img",
    "aria-label": "QR code of the link", "shape-rendering": "crispEdges" });

  svg.append(part("rect", { width: size, height: size, fill: "#fff" }),
    part("path", { d: cells.join(""), fill: "#000" }));
  return svg;
}

export class Invite {
  #link = "";
  #timer = 0;

  constructor() {
    $("invite-copy").addEventListener("click", () => this.#copy());
    $("invite-share").addEventListener("click", () =>
      navigator.share({ title: document.title, url: this.#link }).catch(() => {}));
    $("invite-link").addEventListener("focus", () => $("invite-link").select());
    $("invite-share").hidden = typeof navigator.share !== "function";
    $("invite").addEventListener("close", () => $("invite-card").append($("invite-body")));
  }

  show(link) {
    this.#link = link;
    $("invite-link").value = link;
    const code = drawing(link);
    $("invite-qr").replaceChildren(...(code ? [code] : []));
  }

  // Who can join by the link.
  setWords(words) {
    setText($("invite-words"), words);
  }

  // Whether nobody else is there.
  setAlone(alone) {
    $("invite-card").hidden = !alone;
  }

  open() {
    $("invite-place").append($("invite-body"));
    $("invite").showModal();
  }

  async #copy() {
    clearTimeout(this.#timer);
    try {
      await navigator.clipboard.writeText(this.#link);
      setText($("invite-copy"), "Copied");
      this.#timer = setTimeout(() => setText($("invite-copy"), "Copy link"), COPIED_MS);
    } catch {
      // without the permission the text is marked, ready for the keyboard
      $("invite-link").focus();
    }
  }
}
