// SPDX-License-Identifier: LGPL-2.1-or-later

// Three notes out of the loudspeaker that the others will be heard from.

import { $, setText } from "./dom.js";

const NOTES = [523, 659, 784]; // Hz
const NOTE_S = 0.35;
const LOUD = 0.25; // of 1
const STARTS_MS = 3000; // else there is no sound system: Firefox waits for one for ever
const WHOLE_MS = 1000 * NOTE_S * (NOTES.length + 1);

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export class SpeakerTest {
  #sink;
  #context = null;

  // `sink()`: the id of the loudspeaker that was chosen; "": the browser chooses
  constructor(sink) {
    this.#sink = sink;
    $("test-speaker").addEventListener("click", () => this.#play());
  }

  async #play() {
    const button = $("test-speaker");

    button.disabled = true;
    setText($("speaker-note"), "You should hear three notes now.");
    try {
      await this.#sound();
      setText($("speaker-note"), "Three notes were played. If you have not heard them, turn up the "
        + "volume of this computer, or choose another loudspeaker in the settings.");
    } catch {
      setText($("speaker-note"), "This browser could not play a sound. Choose another loudspeaker in "
        + "the settings.");
    }
    button.disabled = false;
  }

  // An element, because only that can be told which loudspeaker to use.
  async #sound() {
    const context = this.#context ||= new AudioContext();
    const out = new MediaStreamAudioDestinationNode(context);
    const element = $("speaker-sound");

    await Promise.race([context.resume(), wait(STARTS_MS)]);
    if (context.state !== "running") throw new Error("no sound system");
    if (this.#sink()) await element.setSinkId?.(this.#sink());
    element.srcObject = out.stream;
    await element.play();
    NOTES.forEach((frequency, i) => {
      const from = context.currentTime + 0.1 + i * NOTE_S;
      const gain = new GainNode(context, { gain: 0 });
      const note = new OscillatorNode(context, { frequency });
      gain.gain.setValueAtTime(0, from);
      gain.gain.linearRampToValueAtTime(LOUD, from + 0.03);
      gain.gain.linearRampToValueAtTime(0, from + NOTE_S);
      note.connect(gain).connect(out);
      note.start(from);
      note.stop(from + NOTE_S);
    });
    await wait(WHOLE_MS);
    element.srcObject = null;
  }
}
