// SPDX-License-Identifier: LGPL-2.1-or-later

// The pictures: one of each participant, and one of each shared screen.
//
// Events: "blocked": the browser lets no sound out; "menu" (detail: {tile, button}); "hidden":
// one's own picture is hidden, or no longer.

import { $, setText, showAvatar } from "./dom.js";
import { Corner } from "./corner.js";
import { place } from "./layout.js";
import { Tile } from "./tile.js";
import { BY_SERVER, peerState } from "./words.js";

const GAP = 8;
const PICTURE = 16 / 9; // of one's own, until it is known

export class Tiles extends EventTarget {
  #list = $("tiles");
  #tiles = new Map();
  #pinned = ""; // key; "none": not even a screen or a speaker
  #large = null; // the tile that is enlarged
  #sink = "";
  #quiet = false; // the browser lets no sound out yet
  #only = ""; // the name of the one participant who is shown
  #bySpeaker = false;
  #speaker = ""; // id of the other who spoke last
  #speaking = new Set();
  #hidesSelf = false;
  #isAlone = false;
  #silenced = new Set(); // ids of those who are muted here alone
  #volumes = new Map(); // id -> 0 to 1
  #corner = new Corner(() => this.#arrange());
  #on = {
    pin: (key) => this.pin(key),
    menu: (tile, button) => this.dispatchEvent(new CustomEvent("menu",
      { detail: { tile, button } })),
    shape: () => this.#arrange(),
  };

  // `only`: the name of the one who is shown and heard, or ""
  constructor(only = "") {
    super();
    this.#only = only.normalize();
    new ResizeObserver(() => this.#arrange()).observe(this.#list);
  }

  clear() {
    for (const key of [...this.#tiles.keys()]) this.#drop(key);
    this.#pinned = "";
    this.#speaker = "";
    this.#isAlone = false;
    this.#speaking.clear();
    this.#silenced.clear();
    this.#volumes.clear();
  }

  #drop(key) {
    const tile = this.#tiles.get(key);

    if (!tile) return;
    this.#tiles.delete(key);
    tile.dropNext();
    tile.video.srcObject = null;
    const hadFocus = tile.root.contains(document.activeElement);
    tile.root.remove();
    // not to a button: a key that is pressed at this moment would press it
    if (hadFocus) $("call-name").focus({ preventScroll: true });
    if (this.#pinned === key) this.#pinned = "";
    this.#arrange();
  }

  #get(id, kind) {
    const key = `${kind}:${id}`;

    if (!this.#tiles.has(key)) {
      const tile = new Tile(id, kind, this.#on);
      tile.volume = this.#volumes.get(id) ?? 1;
      tile.take(this.#makeVideo(tile));
      this.#tiles.set(key, tile);
      this.#corner.follow(tile.root, () => tile.root.classList.contains("corner"));
      this.#list.append(tile.root);
      this.#arrange();
    }
    return this.#tiles.get(key);
  }

  // Enlarges a tile, or no longer.
  pin(key) {
    if (this.#shown().length < 2) return;
    this.#pinned = this.#large?.key === key ? "none" : key;
    if (this.#pinned === "none" && !this.#enlargedByItself()) this.#pinned = "";
    this.#arrange();
  }

  isLarge(tile) {
    return tile === this.#large;
  }

  // "grid" or "speaker"
  setLayout(name) {
    this.#bySpeaker = name === "speaker";
    this.#pinned = "";
    this.#arrange();
  }

  get hidesSelf() {
    return this.#hidesSelf;
  }

  setHidesSelf(hides) {
    this.#hidesSelf = hides;
    this.#arrange();
    this.dispatchEvent(new Event("hidden"));
  }

  // Whether nobody else is in the meeting: what is said of that takes the space.
  setAlone(alone) {
    if (this.#isAlone === alone) return;
    this.#isAlone = alone;
    this.#arrange();
  }

  moveCorner() {
    this.#corner.next();
  }

  setFit(tile, fit) {
    tile.fit = fit;
    this.#arrange();
  }

  #isWanted({ user, self }) {
    return !this.#only || (!self && user.normalize() === this.#only);
  }

  #shown() {
    return [...this.#tiles.values()].filter((tile) => tile.isWanted
      && !(this.#hidesSelf && tile.self && tile.kind === "camera"));
  }

  #screens() {
    return this.#shown().filter((tile) => tile.kind === "screen");
  }

  // A screen; of several others, in that layout, who speaks.
  #enlargedByItself() {
    const others = this.#shown().filter(({ kind, self }) => kind === "camera" && !self);

    return this.#screens().at(-1) || (this.#bySpeaker && others.length > 1
      && (others.find(({ id }) => id === this.#speaker) || others[0])) || null;
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
      tile.isWanted = this.#isWanted(participant);
      this.#play(tile, stream, picture);
      tile.video.classList.toggle("mirrored", self);
      tile.root.classList.toggle("no-picture", !picture);
      tile.root.classList.toggle("unsteady", unsteady !== "");
      tile.root.classList.toggle("missing", note !== "" && note === missing);
      tile.root.classList.toggle("muted", audio === false);
      tile.root.classList.toggle("raised", participant.raisedAt > 0);
      if (state !== "connected" || self) tile.setConnection("");
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
      tile.self = self;
      tile.isWanted = !this.#only;
      this.#play(tile, screen, true);
      setText(tile.name, label);
      tile.describe(label);
    }
    this.#arrange();
  }

  remove(id) {
    this.#drop(`camera:${id}`);
    this.#drop(`screen:${id}`);
    this.#silenced.delete(id);
    this.#volumes.delete(id);
  }

  // A picture that is there stays until the first frame of another stream, or until
  // that is late.
  #play(tile, stream, picture) {
    this.#setMuted(tile);
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

  // What a screen sends is its picture alone.
  #setMuted(tile) {
    const silenced = this.#silenced.has(tile.id);

    tile.video.muted = tile.kind === "screen" || tile.self || !tile.isWanted || this.#quiet
      || silenced;
    tile.root.classList.toggle("silenced", silenced && tile.kind === "camera");
  }

  isSilenced(id) {
    return this.#silenced.has(id);
  }

  // Of one participant, for this user alone.
  setSilenced(id, silenced) {
    const tile = this.#tiles.get(`camera:${id}`);

    if (silenced) this.#silenced.add(id);
    else this.#silenced.delete(id);
    if (tile) this.#setMuted(tile);
  }

  setVolume(id, volume) {
    this.#volumes.set(id, volume);
    this.#tiles.get(`camera:${id}`)?.setVolume(volume);
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
      this.#setMuted(tile);
      tile.video.play().catch(() => {});
    }
  }

  async setSink(id) {
    this.#sink = id;
    await Promise.all([...this.#tiles.values()].map(({ video }) => video.setSinkId?.(id)));
  }

  // Who is large by speaking stays so until another speaks alone.
  setSpeaking(id, speaking) {
    const tile = this.#tiles.get(`camera:${id}`);

    if (speaking) this.#speaking.add(id);
    else this.#speaking.delete(id);
    tile?.root.classList.toggle("speaking", speaking);
    if (this.#speaking.has(this.#speaker)) return;
    const next = [...this.#speaking].find((one) =>
      this.#tiles.get(`camera:${one}`)?.self === false);
    if (!next || next === this.#speaker) return;
    this.#speaker = next;
    if (this.#bySpeaker) this.#arrange();
  }

  setConnection(id, level) {
    this.#tiles.get(`camera:${id}`)?.setConnection(level);
  }

  react(id, sign) {
    this.#tiles.get(`camera:${id}`)?.react(sign);
  }

  // The picture that is shown in a window of its own: the large one, who speaks, or the first
  // other.
  get main() {
    const pictures = this.#shown().filter((tile) => tile.ratio > 0 && !tile.self);

    return (this.#large && pictures.find((tile) => tile === this.#large)
      || pictures.find(({ id, kind }) => kind === "camera" && id === this.#speaker)
      || pictures[0])?.video || null;
  }

  #arrange() {
    const shown = this.#shown();
    const screens = this.#screens();
    const large = shown.find(({ key }) => key === this.#pinned)
      || (this.#pinned !== "none" && this.#enlargedByItself()) || null;
    const cameras = shown.filter((tile) => tile.kind === "camera" && tile !== large);
    const others = cameras.filter((tile) => !tile.self);
    // of two the other one has the space, and one's own is in a corner of it
    const inCorner = !large && !screens.length && (others.length === 1 || this.#isAlone)
      ? cameras.find((tile) => tile.self) : null;
    const order = [
      ...(large ? [large] : []),
      ...screens.filter((tile) => tile !== large),
      ...others,
      ...cameras.filter((tile) => tile.self && tile !== inCorner),
    ];
    const { clientWidth, clientHeight } = this.#list;
    const widest = Math.max(0, ...cameras.filter((tile) => order.includes(tile))
      .map(({ ratio }) => ratio));
    const whole = { x: 0, y: 0, width: clientWidth, height: clientHeight };
    const rects = this.#only ? [whole]
      : place(order.length, Boolean(large), clientWidth, clientHeight, GAP, widest);
    const rectOf = new Map(order.map((tile, i) => [tile, rects[i]]));

    this.#large = large;
    if (inCorner) rectOf.set(inCorner,
      this.#corner.rect(whole, inCorner.ratio || PICTURE, rects[0]));
    this.#list.classList.toggle("spotlight", Boolean(large));
    this.#list.dataset.corner = inCorner ? this.#corner.name : "";
    for (const tile of this.#tiles.values()) {
      tile.root.hidden = !rectOf.has(tile);
      tile.root.classList.toggle("corner", tile === inCorner);
      if (rectOf.get(tile)) this.#put(tile, rectOf.get(tile), rectOf.size);
    }
  }

  #put(tile, rect, count) {
    const { style } = tile.root;

    if (!tile.root.classList.contains("dragged"))
      style.transform = `translate(${rect.x}px, ${rect.y}px)`;
    style.width = `${rect.width}px`;
    style.height = `${rect.height}px`;
    tile.setSize(rect.width, rect.height);
    tile.pin.hidden = count < 2;
    tile.dressTools(tile === this.#large);
  }
}
