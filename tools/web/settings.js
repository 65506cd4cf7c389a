// SPDX-License-Identifier: LGPL-2.1-or-later

// Which camera, microphone and loudspeaker, and how fine a picture.

import { $, element, setText } from "./view/dom.js";
import { LocalMedia } from "./media.js";

const SELECTS = [
  ["camera-choice", "videoinput", "camera"],
  ["microphone-choice", "audioinput", "audio"],
  ["speaker-choice", "audiooutput", null],
];

export class Settings {
  #media;
  #sink = "";
  #setSink;

  // `setSink(id)`: lets all sound out there
  constructor(media, setSink) {
    this.#media = media;
    this.#setSink = setSink;
    for (const button of document.querySelectorAll('[data-open="settings"]'))
      button.addEventListener("click", () => this.open());
    media.addEventListener("changed", () => {
      if ($("settings").open) this.#fill();
    });
    $("camera-choice").addEventListener("change", (event) =>
      this.#choose(() => media.choose("camera", { id: event.target.value })));
    $("microphone-choice").addEventListener("change", (event) =>
      this.#choose(() => media.choose("audio", { id: event.target.value })));
    $("quality-choice").addEventListener("change", (event) =>
      this.#choose(() => media.choose("camera", { height: Number(event.target.value) })));
    $("speaker-choice").addEventListener("change", (event) => this.#choose(async () => {
      await this.#setSink(event.target.value);
      this.#sink = this.#media.speaker = event.target.value;
    }));
    $("speaker-field").hidden = !("setSinkId" in HTMLMediaElement.prototype)
      || !LocalMedia.isPossible;
  }

  async #choose(func) {
    setText($("settings-error"), "");
    try {
      await func();
    } catch (error) {
      setText($("settings-error"), error.message);
    }
    await this.#fill();
  }

  async open() {
    setText($("settings-error"), "");
    await this.#fill();
    $("settings").showModal();
  }

  async #fill() {
    const devices = await this.#media.devices();

    for (const [id, kind, name] of SELECTS) {
      const options = devices.filter((device) => device.kind === kind && device.id);
      const current = name ? this.#media.deviceOf(name) : this.#sink;
      $(id).replaceChildren(...options.map((device) => element("option",
        { value: device.id, textContent: device.label })));
      if (!options.length)
        $(id).append(element("option", { value: "",
          textContent: LocalMedia.isPossible ? "Named once it is in use"
            : "Not on this page" }));
      $(id).disabled = !options.length;
      // of one that is gone no other is shown as chosen: it could not be chosen then
      if (options.length && current) $(id).value = current;
    }
    $("quality-choice").value = String(this.#media.height);
    $("quality-choice").disabled = !LocalMedia.isPossible;
  }
}
