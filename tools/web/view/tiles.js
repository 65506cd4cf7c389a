// SPDX-License-Identifier: LGPL-2.1-or-later

// The pictures: one of each participant, and one of each shared screen.

import { $, dress, element, icon, setText, showAvatar } from "./dom.js";
import { place } from "./layout.js";
import { BY_SERVER, peerState } from "./words.js";

const GAP = 8;
const LATE_MS = 1000; // by which another stream has no picture

class Tile {
  constructor(id, kind, onPin) {
    this.id = id;
    this.kind = kind; // "camera" or "screen"
    this.self = false;
    this.key = `${kind}:${id}`;
    this.stream = null; // that is shown, or will be
    this.video = null;
    this.next = null; // has another stream, and no picture yet
    this.nextTimer = 0;
    this.label = "";
    this.avatar = element("span", { className: "avatar", "aria-hidden": "true" });
    this.note = element("p", { className: "tile-note" });
    this.muted = icon("mic-off");
    this.hand = element("span", { className: "tile-hand" }, icon("hand"));
    this.name = element("span", { className: "tile-name" });
    this.spoken = element("span", { className: "hidden" });
    this.pin = element("button", { type: "button", className: "tile-pin" });
    this.pin.addEventListener("click", () => onPin(this.key));
    this.root = element("li", { className: `tile no-frames ${kind}`, dataset: { tile: this.key } },
      this.avatar, this.note,
      element("div", { className: "tile-label" }, this.muted, this.name, this.spoken),
      this.hand, this.pin);
  }

  makeVideo() {
    const video = element("video", { autoplay: true, playsInline: true });

    for (const type of ["loadeddata", "emptied"])
      video.addEventListener(type, () => {
        if (video === this.video) this.#showFrames(type === "loadeddata");
        else if (video === this.next && type === "loadeddata") this.take(video);
      });
    return video;
  }

  get hasFrames() {
    return !this.root.classList.contains("no-frames");
  }

  #showFrames(has) {
    this.root.classList.toggle("no-frames", !has);
  }

  // `video` becomes the one that is seen and heard.
  take(video) {
    const { id, kind, video: old } = this;

    if (video === this.next) this.next = null;
    clearTimeout(this.nextTimer);
    this.video = video;
    Object.assign(video.dataset, { participant: id, kind });
    video.muted = old ? old.muted : false;
    video.classList.toggle("mirrored", Boolean(old?.classList.contains("mirrored")));
    this.describe(this.label);
    if (!old) {
      this.root.prepend(video);
      return;
    }
    this.#showFrames(video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA);
    old.replaceWith(video);
    old.srcObject = null;
  }

  // `video` waits for its picture, unseen and unheard.
  load(video, stream) {
    this.next = video;
    video.muted = true;
    video.srcObject = stream;
    video.play().catch(() => {});
    this.#await(video);
  }

  // While what is shown moves, nothing is late.
  #await(video) {
    const shown = () => this.video.getVideoPlaybackQuality().totalVideoFrames;
    const before = shown();

    this.nextTimer = setTimeout(() => {
      if (shown() > before) this.#await(video);
      else this.take(video);
    }, LATE_MS);
  }

  dropNext() {
    clearTimeout(this.nextTimer);
    if (this.next) this.next.srcObject = null;
    this.next = null;
  }

  describe(label) {
    this.label = label;
    this.video.setAttribute("aria-label", label);
  }
}

export class Tiles extends EventTarget {
  #list = $("tiles");
  #tiles = new Map();
  #pinned = "";
  #sink = "";
  #quiet = false; // the browser lets no sound out yet

  constructor() {
    super();
    new ResizeObserver(() => this.#arrange()).observe(this.#list);
  }

  clear() {
    for (const key of [...this.#tiles.keys()]) this.#drop(key);
    this.#pinned = "";
  }

  #drop(key) {
    const tile = this.#tiles.get(key);

    if (!tile) return;
    this.#tiles.delete(key);
    tile.dropNext();
    tile.video.srcObject = null;
    const hadFocus = tile.root.contains(document.activeElement);
    tile.root.remove();
    if (hadFocus) $("leave").focus();
    if (this.#pinned === key) this.#pinned = "";
    this.#arrange();
  }

  #get(id, kind) {
    const key = `${kind}:${id}`;

    if (!this.#tiles.has(key)) {
      const tile = new Tile(id, kind, (pressed) => this.#pin(pressed));
      this.#tiles.set(key, tile);
      tile.take(this.#makeVideo(tile));
      this.#list.append(tile.root);
      this.#arrange();
    }
    return this.#tiles.get(key);
  }

  #pin(key) {
    this.#pinned = this.#pinned === key ? "none" : key;
    if (this.#pinned === "none" && !this.#screens().length) this.#pinned = "";
    this.#arrange();
  }

  #screens() {
    return [...this.#tiles.values()].filter((tile) => tile.kind === "screen");
  }

  // Everything about one participant: `shown` when there is a tile at all,
  // `stream`, `screen` (MediaStream or null), `picture` when the camera is on, `missing`:
  // a sentence, of what does not arrive; `byServer`: whether it comes by the server.
  update(participant, { shown, state, stream, screen, picture, audio, missing = "",
    byServer = false }) {
    const { id, user, self } = participant;

    if (!shown) this.#drop(`camera:${id}`);
    else {
      const tile = this.#get(id, "camera");
      const unsteady = self ? "" : peerState(state);
      const note = unsteady || missing;
      const label = self ? `${user} (you)` : user;
      tile.self = self;
      this.#play(tile, stream, self, picture);
      tile.video.classList.toggle("mirrored", self);
      tile.root.classList.toggle("no-picture", !picture);
      tile.root.classList.toggle("unsteady", unsteady !== "");
      tile.root.classList.toggle("missing", note !== "" && note === missing);
      tile.root.classList.toggle("muted", audio === false);
      tile.root.classList.toggle("raised", participant.raisedAt > 0);
      showAvatar(tile.avatar, user);
      setText(tile.note, note);
      setText(tile.name, label);
      setText(tile.spoken, [audio === false ? ", microphone off" : "",
        picture ? "" : ", camera off", participant.raisedAt ? ", hand raised" : "",
        byServer ? `, ${BY_SERVER}` : ""].join(""));
      tile.root.title = byServer ? BY_SERVER : "";
      tile.root.classList.toggle("by-server", byServer);
      tile.describe(`Picture of ${label}`);
    }
    if (!screen || !shown) this.#drop(`screen:${id}`);
    else {
      const tile = this.#get(id, "screen");
      const label = self ? "Your screen" : `${user}’s screen`;
      this.#play(tile, screen, true, true);
      setText(tile.name, label);
      tile.describe(label);
    }
    this.#arrange();
  }

  remove(id) {
    this.#drop(`camera:${id}`);
    this.#drop(`screen:${id}`);
  }

  // A picture that is there stays until the first frame of another stream, or until
  // that is late.
  #play(tile, stream, silent, picture) {
    tile.video.muted = silent || this.#quiet;
    if (tile.stream === stream) return;
    tile.stream = stream;
    tile.dropNext();
    if (stream && picture && tile.hasFrames) {
      tile.load(this.#makeVideo(tile), stream);
      return;
    }
    tile.video.srcObject = stream;
    this.#start(tile);
  }

  #start(tile) {
    tile.video.play().catch((error) => {
      if (error.name === "NotAllowedError") this.#blocked(tile);
    });
  }

  // A picture that sound is added to without a click is stopped by the browser.
  #makeVideo(tile) {
    const video = tile.makeVideo();

    video.addEventListener("pause", () => {
      if (video === tile.video && video.srcObject) this.#start(tile);
    });
    if (this.#sink) video.setSinkId?.(this.#sink).catch(() => {});
    return video;
  }

  // No sound before a click: the pictures at least.
  #blocked(tile) {
    this.#quiet = true;
    tile.video.muted = true;
    tile.video.play().catch(() => {});
    this.dispatchEvent(new Event("blocked"));
  }

  unblock() {
    this.#quiet = false;
    for (const tile of this.#tiles.values()) {
      if (tile.kind === "screen" || tile.self) continue;
      tile.video.muted = false;
      tile.video.play().catch(() => {});
    }
  }

  async setSink(id) {
    this.#sink = id;
    await Promise.all([...this.#tiles.values()].map(({ video }) => video.setSinkId?.(id)));
  }

  setSpeaking(id, speaking) {
    this.#tiles.get(`camera:${id}`)?.root.classList.toggle("speaking", speaking);
  }

  #arrange() {
    const tiles = [...this.#tiles.values()];
    const screens = this.#screens();
    const pinned = this.#tiles.get(this.#pinned)
      || (this.#pinned !== "none" && screens.at(-1)) || null;
    const cameras = tiles.filter((tile) => tile.kind === "camera" && tile !== pinned);
    const order = [
      ...(pinned ? [pinned] : []),
      ...screens.filter((tile) => tile !== pinned),
      ...cameras.filter((tile) => !tile.self),
      ...cameras.filter((tile) => tile.self),
    ];
    const { clientWidth, clientHeight } = this.#list;
    const rects = place(order.length, Boolean(pinned), clientWidth, clientHeight, GAP);

    this.#list.classList.toggle("spotlight", Boolean(pinned));
    order.forEach((tile, i) => {
      const rect = rects[i];
      const { style } = tile.root;
      const name = tile.name.textContent;
      if (!rect) return;
      style.transform = `translate(${rect.x}px, ${rect.y}px)`;
      style.width = `${rect.width}px`;
      style.height = `${rect.height}px`;
      tile.root.classList.toggle("small", rect.width < 180 || rect.height < 110);
      tile.pin.hidden = order.length < 2;
      dress(tile.pin, tile === pinned
        ? { symbol: "close", label: `Show ${name} as large as the others` }
        : { symbol: "pin", label: `Enlarge ${name}` });
    });
  }
}
