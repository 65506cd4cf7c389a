// SPDX-License-Identifier: LGPL-2.1-or-later

// Reactions, the layout, and what is needed now and then.

import { $, dress, element } from "./dom.js";
import { Menu } from "./menu.js";
import { REACTIONS } from "../reactions.js";

export class MoreMenu {
  #tiles;
  #menu = new Menu($("more-menu"), () => this.#show());

  // {react(sign), invite(), fault(sentence)}
  constructor(tiles, on) {
    this.#tiles = tiles;
    dress($("toggle-more"), { symbol: "more", word: "More", label: "More" });
    $("toggle-more").addEventListener("click", () => this.#menu.toggle($("toggle-more")));
    $("reactions").append(...[...REACTIONS].map(([sign, words]) => {
      const button = element("button", { type: "button", textContent: sign, "aria-label": words,
        title: words });
      button.addEventListener("click", () => {
        this.#menu.close();
        on.react(sign);
      });
      return button;
    }));
    for (const name of ["grid", "speaker"])
      $(`layout-${name}`).addEventListener("click", () => this.#setLayout(name));
    const press = { "open-invite": () => on.invite(), "toggle-screen": () => this.#fullScreen(),
      "toggle-pip": () => this.#pictureInPicture(on.fault),
      "toggle-self": () => tiles.setHidesSelf(!tiles.hidesSelf) };
    for (const [id, func] of Object.entries(press))
      $(id).addEventListener("click", () => {
        this.#menu.close();
        func();
      });
  }

  hide() {
    this.#menu.hide();
  }

  #show() {
    $("toggle-screen").hidden = !document.fullscreenEnabled;
    $("toggle-pip").hidden = !document.pictureInPictureEnabled;
    $("toggle-screen").setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
    $("toggle-pip").setAttribute("aria-pressed",
      String(Boolean(document.pictureInPictureElement)));
    $("toggle-self").setAttribute("aria-pressed", String(this.#tiles.hidesSelf));
  }

  #setLayout(name) {
    this.#tiles.setLayout(name);
    for (const one of ["grid", "speaker"])
      $(`layout-${one}`).setAttribute("aria-pressed", String(one === name));
  }

  #fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {});
  }

  async #pictureInPicture(fault) {
    const video = this.#tiles.main;

    if (document.pictureInPictureElement) {
      await document.exitPictureInPicture();
      return;
    }
    if (!video) {
      fault("There is no picture of another participant to show in a window.");
      return;
    }
    try {
      await video.requestPictureInPicture();
    } catch {
      fault("The browser does not show a picture in a window now.");
    }
  }
}
