// SPDX-License-Identifier: LGPL-2.1-or-later

// Who speaks: the level of each sound, five times a second.

const EVERY_MS = 200;
const LOUD = 0.015; // of 1
const HOLD_MS = 700; // between two words nobody falls silent
const BLOCK = 1024; // samples whose level is one: 20 ms or so
const MOST_SAMPLES = 32768; // of an AnalyserNode

// What an analyser has to hold, so that a look misses nothing since the one
// before, also when it comes late: a power of two, as it wants it.
export function samplesOfALook(rate) {
  const least = rate * EVERY_MS * 1.5 / 1000;
  let size = BLOCK;

  while (size < least && size < MOST_SAMPLES) size *= 2;
  return size;
}

// Of the loudest block.
export function level(samples) {
  let loudest = 0;

  for (let i = 0; i + BLOCK <= samples.length; i += BLOCK) {
    let sum = 0;
    for (let j = i; j < i + BLOCK; j++) sum += samples[j] * samples[j];
    loudest = Math.max(loudest, sum);
  }
  return Math.sqrt(loudest / BLOCK);
}

async function receivedLevel(receiver) {
  for (const report of (await receiver.getStats()).values()) {
    if (report.type === "inbound-rtp" && report.kind === "audio")
      return report.audioLevel || 0;
  }
  return 0;
}

export class Levels {
  #tell;
  #timer = 0;
  #heardAt = new Map();
  #speaking = new Set();
  #context = null;
  #analyser = null;
  #source = null;
  #samples = null;
  #busy = false;

  // `tell(id, speaking)`
  constructor(tell) {
    this.#tell = tell;
  }

  // `list()`: [{id, receiver}]; `own()`: the id of one's own tile
  start(list, own) {
    this.stop();
    this.#timer = setInterval(async () => {
      if (this.#busy || document.hidden) return;
      this.#busy = true;
      try {
        await this.#measure(list(), own());
      } finally {
        this.#busy = false;
      }
    }, EVERY_MS);
  }

  stop() {
    clearInterval(this.#timer);
    for (const id of this.#speaking) this.#tell(id, false);
    this.#speaking.clear();
    this.#heardAt.clear();
    this.listen(null);
  }

  // One's own microphone.
  listen(track) {
    this.#source?.disconnect();
    this.#source = null;
    if (!track) return;
    try {
      this.#context ||= new AudioContext();
      this.#analyser ||= new AnalyserNode(this.#context,
        { fftSize: samplesOfALook(this.#context.sampleRate) });
      this.#samples ||= new Float32Array(this.#analyser.fftSize);
      this.#source = new MediaStreamAudioSourceNode(this.#context,
        { mediaStream: new MediaStream([track]) });
      this.#source.connect(this.#analyser);
      this.#resume();
    } catch {
      this.#source = null; // no sound system: nothing to show
    }
  }

  // A browser may hold it back until there is a click.
  #resume() {
    const resume = () => this.#context.resume().catch(() => {});

    resume();
    for (const type of ["pointerdown", "keydown"])
      document.addEventListener(type, resume, { once: true });
  }

  #ownLevel() {
    if (!this.#source || this.#context.state !== "running") return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return level(this.#samples);
  }

  async #measure(list, own) {
    const now = performance.now();
    const levels = await Promise.all(list.map(async ({ id, receiver }) =>
      [id, await receivedLevel(receiver).catch(() => 0)]));

    levels.push([own, this.#ownLevel()]);
    for (const [id, level] of levels) {
      if (level > LOUD) this.#heardAt.set(id, now);
      const speaking = now - (this.#heardAt.get(id) ?? -Infinity) < HOLD_MS;
      if (speaking === this.#speaking.has(id)) continue;
      if (speaking) this.#speaking.add(id);
      else this.#speaking.delete(id);
      this.#tell(id, speaking);
    }
  }
}
