// SPDX-License-Identifier: LGPL-2.1-or-later

// What can be done with one picture and its sound, for this user alone.

import { $, element, setText } from "./dom.js";
import { Menu } from "./menu.js";

const PERCENT = 100;

export class TileMenu {
  #tiles;
  #menu = new Menu($("tile-menu"));

  constructor(tiles) {
    this.#tiles = tiles;
    tiles.addEventListener("menu", ({ detail: { tile, button } }) => {
      this.#fill(tile);
      this.#menu.toggle(button);
    });
  }

  hide() {
    this.#menu.hide();
  }

  // `func` is done, and the menu closed.
  #item(action, words, func) {
    const button = element("button", { type: "button", className: "menu-item",
      dataset: { action }, textContent: words });

    button.addEventListener("click", () => {
      this.#menu.close();
      func();
    });
    return button;
  }

  #volume({ id, volume }, user) {
    const input = element("input", { type: "range", id: "tile-volume", min: "0",
      max: String(PERCENT), step: "5", value: String(Math.round(volume * PERCENT)) });

    input.addEventListener("input", () =>
      this.#tiles.setVolume(id, Number(input.value) / PERCENT));
    return [element("label", { htmlFor: "tile-volume", textContent: `Volume of ${user}` }), input];
  }

  #silence({ id }) {
    const button = element("button", { type: "button", className: "menu-item",
      dataset: { action: "silence" } });
    const show = () => {
      const silenced = this.#tiles.isSilenced(id);
      setText(button, silenced ? "Hear again" : "Mute for me");
    };

    button.addEventListener("click", () => {
      this.#tiles.setSilenced(id, !this.#tiles.isSilenced(id));
      show();
    });
    show();
    return button;
  }

  #fill(tile) {
    const { kind, self, name: { textContent: user } } = tile;
    const isCamera = kind === "camera";
    const isLarge = this.#tiles.isLarge(tile);

    $("tile-menu").setAttribute("aria-label", `More about ${user}`);
    $("tile-menu").replaceChildren(
      ...(isCamera && !self ? [...this.#volume(tile, user), this.#silence(tile)] : []),
      ...(tile.pin.hidden ? [] : [this.#item("pin",
        isLarge ? "Show as large as the others" : "Enlarge", () => this.#tiles.pin(tile.key))]),
      ...(isCamera ? [this.#item("fit", tile.isWhole ? "Fill the tile" : "Show the whole picture",
        () => this.#tiles.setFit(tile, tile.isWhole ? "fill" : "whole"))] : []),
      ...(tile.root.classList.contains("corner") ? [this.#item("corner", "Move to another corner",
        () => this.#tiles.moveCorner())] : []),
      ...(isCamera && self ? [this.#item("hide", "Hide my own picture",
        () => this.#tiles.setHidesSelf(true))] : []));
  }
}
