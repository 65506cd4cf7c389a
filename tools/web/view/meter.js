// SPDX-License-Identifier: LGPL-2.1-or-later

// How loud one's own microphone is, before a meeting: a bar that moves while one speaks.

import { $ } from "./dom.js";
import { level, samplesOfALook } from "./levels.js";

const EVERY_MS = 100;
const FULL = 0.25; // of 1: speech near the microphone
const SOFTEST_DB = -50;

// 0 to 100, as loudness is heard: speech from afar moves the bar, too.
export function percentOf(loudness) {
  const db = 20 * Math.log10(Math.max(loudness, 1e-6) / FULL);

  return Math.round(100 * Math.min(1, Math.max(0, 1 - db / SOFTEST_DB)));
}

export class Meter {
  #context = null;
  #analyser = null;
  #samples = null;
  #source = null;
  #track = null;
  #timer = 0;

  constructor() {
    for (const type of ["pointerdown", "keydown"])
      document.addEventListener(type, () => this.#context?.resume().catch(() => {}));
  }

  // The track of the microphone; null: none.
  listen(track) {
    if (track === this.#track) return;
    this.#track = track;
    this.#source?.disconnect();
    this.#source = null;
    clearInterval(this.#timer);
    $("mic-level").hidden = !track;
    this.#show(0);
    if (!track) return;
    try {
      this.#context ||= new AudioContext();
      this.#analyser ||= new AnalyserNode(this.#context,
        { fftSize: samplesOfALook(this.#context.sampleRate) });
      this.#samples ||= new Float32Array(this.#analyser.fftSize);
      this.#source = new MediaStreamAudioSourceNode(this.#context,
        { mediaStream: new MediaStream([track]) });
      this.#source.connect(this.#analyser);
      this.#timer = setInterval(() => this.#look(), EVERY_MS);
    } catch {
      $("mic-level").hidden = true; // no sound system
    }
  }

  #look() {
    const runs = this.#context.state === "running";

    // Firefox measures nothing where there is no loudspeaker: an empty bar would say that
    // nothing is heard
    $("mic-level").hidden = !runs;
    if (!runs || !this.#track.enabled) {
      this.#show(0);
      return;
    }
    this.#analyser.getFloatTimeDomainData(this.#samples);
    this.#show(percentOf(level(this.#samples)));
  }

  #show(percent) {
    $("mic-level").setAttribute("aria-valuenow", String(percent));
    $("mic-level").firstElementChild.style.width = `${percent}%`;
  }
}
