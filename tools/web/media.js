// SPDX-License-Identifier: LGPL-2.1-or-later

// What this page sends: microphone, camera, screen.
//
// Events: "track" (detail: {name, track}), "changed", "fault" (detail: a
// sentence).

import { deviceError, INSECURE } from "./view/words.js";

const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const BLACK_MS = 400; // of black frames before the camera is let go
const WHAT = { camera: "camera", audio: "microphone", screen: "screen" };

export class MediaError extends Error {
  constructor(name, what) {
    super(name === "Insecure" ? INSECURE : deviceError(name, what));
    this.name = name;
  }
}

// "granted", "prompt", "denied", or "unknown" where the browser does not tell.
async function permission(name) {
  try {
    return (await navigator.permissions.query({ name })).state;
  } catch {
    return "unknown";
  }
}

export class LocalMedia extends EventTarget {
  #tracks = { audio: null, camera: null, screen: null };
  #wanted = { audio: "", camera: "" }; // device ids, "" for any
  #height = 720;
  #serial = { audio: 0, camera: 0 };
  #stops = 0; // calls of stop()

  constructor() {
    super();
    this.speaker = ""; // id of the loudspeaker; "": the browser chooses
    this.stream = new MediaStream(); // camera, to show to oneself
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#changed());
  }

  static get isPossible() {
    return window.isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia);
  }

  static get canShare() {
    return window.isSecureContext && Boolean(navigator.mediaDevices?.getDisplayMedia);
  }

  static async permissions() {
    const [camera, microphone] = await Promise.all(
      [permission("camera"), permission("microphone")]);
    return { camera, audio: microphone };
  }

  get tracks() {
    return { ...this.#tracks };
  }

  get height() {
    return this.#height;
  }

  isOn(name) {
    const track = this.#tracks[name];

    return Boolean(track) && track.enabled && track.readyState === "live";
  }

  deviceOf(name) {
    return this.#tracks[name]?.getSettings().deviceId || this.#wanted[name] || "";
  }

  // [{kind, id, label}], labelled only once something was allowed
  async devices() {
    if (!LocalMedia.isPossible) return [];
    const list = await navigator.mediaDevices.enumerateDevices();
    const seen = new Map();
    return list.map(({ kind, deviceId, label }) => {
      const count = (seen.get(kind) || 0) + 1;
      seen.set(kind, count);
      return { kind, id: deviceId, label: label || `Device ${count}` };
    });
  }

  #changed() {
    this.dispatchEvent(new Event("changed"));
  }

  #fault(error) {
    this.dispatchEvent(new CustomEvent("fault", { detail: error.message }));
  }

  // Where the chosen device is gone, any other is better than none.
  async #constraints(name) {
    const id = this.#wanted[name];
    const isThere = id !== "" && (await this.devices()).some((device) => device.id === id);
    const device = isThere ? { deviceId: { exact: id } } : {};

    if (name === "audio") return { audio: { ...SOUND, ...device } };
    return { video: { ...device, width: { ideal: this.#height * 16 / 9 },
      height: { ideal: this.#height }, frameRate: { ideal: 30 } } };
  }

  // What is granted after stop() is let go at once; `stops`: of when it was asked for.
  #unlessStopped(stream, stops) {
    if (stops === this.#stops) return stream;
    for (const track of stream.getTracks()) track.stop();
    return new MediaStream();
  }

  // Asks the permissions first: where they are denied the browser would only
  // say so again. Throws a MediaError.
  async #acquire(names, stops) {
    if (!LocalMedia.isPossible) throw new MediaError("Insecure");
    const what = Object.keys(WHAT).filter((n) => names.includes(n)).map((n) => WHAT[n])
      .join(" and ");
    const allowed = await LocalMedia.permissions();
    if (names.some((name) => allowed[name] === "denied"))
      throw new MediaError("NotAllowedError", what);
    const constraints = Object.assign({},
      ...await Promise.all(names.map((n) => this.#constraints(n))));
    if (stops !== this.#stops) return new MediaStream();
    try {
      return this.#unlessStopped(await navigator.mediaDevices.getUserMedia(constraints), stops);
    } catch (error) {
      throw new MediaError(error.name, what);
    }
  }

  #take(name, track) {
    const old = this.#tracks[name];

    if (old && old !== track) {
      old.onended = null;
      old.stop();
      if (name === "camera") this.stream.removeTrack(old);
    }
    this.#tracks[name] = track;
    if (track) {
      if (name === "camera") {
        track.contentHint = "motion";
        this.stream.addTrack(track);
      } else if (name === "screen") {
        track.contentHint = "detail";
      }
      track.onended = () => this.#ended(name, track);
    }
    this.dispatchEvent(new CustomEvent("track", { detail: { name, track } }));
    this.#changed();
  }

  #ended(name, track) {
    if (this.#tracks[name] !== track) return;
    this.#take(name, null);
    if (name !== "screen") this.#fault(new MediaError("AbortError", WHAT[name]));
  }

  // Both with one question, and what is there of them when one is missing or refused.
  // Throws the MediaError of what could not be had.
  async start({ audio = true, camera = true } = {}) {
    const stops = this.#stops;
    const names = [audio && "audio", camera && "camera"]
      .filter((name) => name && !this.#tracks[name]);
    const refused = await this.#withPermission("denied", names);
    const rest = names.filter((name) => !refused.includes(name));

    await this.#startTogether(rest.length > 0 ? rest : names, stops);
    if (rest.length > 0 && refused.length > 0)
      throw new MediaError("NotAllowedError", WHAT[refused[0]]);
  }

  async #withPermission(state, names) {
    const allowed = LocalMedia.isPossible ? await LocalMedia.permissions() : {};

    return names.filter((name) => allowed[name] === state);
  }

  async #startTogether(names, stops) {
    if (names.length === 0) return;
    try {
      this.#adopt(await this.#acquire(names, stops));
    } catch (error) {
      if (names.length === 1 || error.name === "Insecure") throw error;
      // whoever has refused both is not asked again
      const again = error.name === "NotAllowedError"
        ? await this.#withPermission("granted", names) : names;
      const failures = names.filter((name) => !again.includes(name))
        .map((name) => new MediaError(error.name, WHAT[name]));
      for (const name of again) {
        try {
          this.#adopt(await this.#acquire([name], stops));
        } catch (alone) {
          failures.push(alone);
        }
      }
      if (failures.length === names.length) throw error;
      if (failures.length) throw failures[0];
    }
  }

  #adopt(stream) {
    for (const track of stream.getTracks())
      this.#take(track.kind === "audio" ? "audio" : "camera", track);
  }

  // The microphone stays open and sends silence; the camera is let go, so that
  // its light goes out.
  async set(name, on) {
    const serial = ++this.#serial[name];
    const track = this.#tracks[name];

    if (track) track.enabled = on;
    if (name === "audio" || (track && on)) {
      if (!track && on) await this.start({ audio: true, camera: false });
      this.#changed();
      return;
    }
    if (on) {
      await this.start({ audio: false, camera: true });
      return;
    }
    this.#changed();
    setTimeout(() => {
      if (serial === this.#serial[name] && this.#tracks.camera === track && track)
        this.#take("camera", null);
    }, BLACK_MS);
  }

  // Another device, or another height of the camera (720 or 1080).
  async choose(name, { id = this.#wanted[name], height = this.#height } = {}) {
    const before = { id: this.#wanted[name], height: this.#height };
    const old = this.#tracks[name];
    const stops = this.#stops;

    this.#wanted[name] = id;
    if (name === "camera") this.#height = height;
    if (!old) return;
    // a camera that is open stays as it is, whatever is asked of it
    old.onended = null;
    old.stop();
    try {
      await this.#replace(name, old, stops);
    } catch (error) {
      this.#wanted[name] = before.id;
      this.#height = before.height;
      await this.#replace(name, old, stops).catch(() => this.#take(name, null));
      throw error;
    }
  }

  async #replace(name, old, stops) {
    const [track] = (await this.#acquire([name], stops)).getTracks();

    if (!track) return;
    track.enabled = old.enabled;
    this.#take(name, track);
  }

  async startScreen() {
    const stops = this.#stops;

    if (!LocalMedia.canShare) throw new MediaError("Insecure");
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia(
        { video: { frameRate: { ideal: 15 } }, audio: false });
      const [track] = this.#unlessStopped(stream, stops).getVideoTracks();
      if (track) this.#take("screen", track);
    } catch (error) {
      // the dialog was closed: the user's own choice
      if (error.name !== "NotAllowedError") throw new MediaError(error.name, WHAT.screen);
    }
  }

  stopScreen() {
    if (this.#tracks.screen) this.#take("screen", null);
  }

  stop() {
    this.#stops++;
    for (const name of ["audio", "camera", "screen"])
      if (this.#tracks[name]) this.#take(name, null);
  }
}
