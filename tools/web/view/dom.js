// SPDX-License-Identifier: LGPL-2.1-or-later

// Small things to do with elements. What others say goes in by textContent only.

import { hueOf, initials } from "./words.js";

const HUES = 6; // classes hue-0… of style.css
const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  const { dataset, ...others } = properties;

  for (const [name, value] of Object.entries(others)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  Object.assign(made.dataset, dataset);
  made.append(...children);
  return made;
}

let drawings = "icons.svg#"; // where an icon is: a file of the host's, until the page has it

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");

  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${drawings}${name}`);
  svg.append(use);
  return svg;
}

// The icons become a part of the page: a button that changes while the host is away is drawn.
export async function keepIcons() {
  const answer = await fetch("icons.svg");
  const file = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
  const symbols = file.querySelectorAll("symbol");

  if (!answer.ok || symbols.length === 0) return;
  for (const symbol of symbols) symbol.id = `icon-${symbol.id}`;
  document.body.append(element("div", { hidden: true },
    document.importNode(file.documentElement, true)));
  for (const use of document.querySelectorAll("use"))
    use.setAttribute("href", use.getAttribute("href").replace(drawings, "#icon-"));
  drawings = "#icon-";
}

export function setText(target, value) {
  if (target.textContent !== value) target.textContent = value;
}

// Whether a key that is pressed with Alt writes a character, as ć on a Mac.
export function isTyped({ key, target }) {
  return target.matches("input, textarea") && [...key].length === 1 && !/[a-z]/iu.test(key);
}

// A button's icon, what is read aloud, and the word beneath where there is room.
export function dress(button, { symbol, label, word, shortcut }) {
  const known = `${symbol}|${label}|${word}`;

  if (button.dataset.dressed === known) return;
  button.dataset.dressed = known;
  const parts = [icon(symbol)];
  if (word) parts.push(element("span", { className: "word", "aria-hidden": "true",
    textContent: word }));
  const badge = button.querySelector(".badge");
  if (badge) parts.push(badge);
  button.replaceChildren(...parts);
  button.setAttribute("aria-label", label);
  button.title = shortcut ? `${label} (${shortcut})` : label;
}

// Two letters on a colour, in place of a picture.
export function showAvatar(target, name) {
  setText(target, initials(name));
  for (let i = 0; i < HUES; i++) target.classList.toggle(`hue-${i}`, i === hueOf(name, HUES));
}
