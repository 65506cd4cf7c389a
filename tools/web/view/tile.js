// SPDX-License-Identifier: LGPL-2.1-or-later

// The picture of one participant, or of its screen, with what is written on it.

import { dress, element, icon, setText } from "./dom.js";
import { framesShown } from "./frames.js";
import { GRADES } from "./words.js";
import { mayFill } from "./layout.js";

const LATE_MS = 1000; // by which another stream has no picture
const REACTION_SHOWN_MS = 4000;
const BARS = 3;

export class Tile {
  // {pin(key), menu(tile, button), shape()}: enlarge it or no longer, open its menu, its
  // picture has another shape
  constructor(id, kind, on) {
    this.id = id;
    this.kind = kind; // "camera" or "screen"
    this.self = false;
    this.isWanted = true; // else it is neither seen nor heard
    this.key = `${kind}:${id}`;
    this.stream = null; // that is shown, or will be
    this.video = null;
    this.next = null; // has another stream, and no picture yet
    this.nextTimer = 0;
    this.label = "";
    this.volume = 1;
    this.fit = ""; // "whole" or "fill", as the user wants it
    this.on = on;
    this.reactionTimer = 0;
    this.avatar = element("span", { className: "avatar", "aria-hidden": "true" });
    this.note = element("p", { className: "tile-note" });
    this.muted = icon("mic-off");
    this.hand = element("span", { className: "tile-hand" }, icon("hand"));
    this.name = element("span", { className: "tile-name" });
    this.spoken = element("span", { className: "hidden" });
    this.bars = element("span", { className: "bars", "aria-hidden": "true" },
      ...Array.from({ length: BARS }, () => element("span")));
    this.connection = element("span", { className: "hidden" });
    this.silenced = element("span", { className: "tile-silenced" }, icon("sound-off"),
      element("span", { className: "hidden", textContent: ", muted for you" }));
    this.reaction = element("span", { className: "tile-reaction", "aria-hidden": "true" });
    this.pin = element("button", { type: "button", className: "tile-button tile-pin" });
    this.pin.addEventListener("click", () => on.pin(this.key));
    this.more = element("button", { type: "button", className: "tile-button",
      "aria-expanded": "false", "aria-controls": "tile-menu" });
    this.more.addEventListener("click", () => on.menu(this, this.more));
    this.root = element("li", { className: `tile no-frames ${kind}`, dataset: { tile: this.key } },
      this.avatar, this.note,
      element("div", { className: "tile-label" }, this.muted, this.silenced, this.name,
        this.spoken, this.bars, this.connection),
      this.hand, this.reaction,
      element("div", { className: "tile-tools" }, this.more, this.pin));
    this.#pinByPicture();
  }

  // By a double click, or by one tap of a finger.
  #pinByPicture() {
    let tapped = false;

    this.root.addEventListener("click", ({ target, pointerType }) => {
      tapped = pointerType === "touch";
      if (tapped && !target.closest("button")) this.on.pin(this.key);
    });
    this.root.addEventListener("dblclick", ({ target }) => {
      if (!tapped && !target.closest("button")) this.on.pin(this.key);
    });
  }

  // Width / height; 0 while there is no picture.
  get ratio() {
    const { videoWidth, videoHeight } = this.video;
    const isSeen = this.hasFrames && !this.root.classList.contains("no-picture");

    return isSeen && videoHeight ? videoWidth / videoHeight : 0;
  }

  get isWhole() {
    return this.root.classList.contains("whole");
  }

  // Slides are never cut; a face only a little, unless the user wants it.
  setSize(width, height) {
    const whole = this.kind === "screen" || (this.fit ? this.fit === "whole"
      : this.ratio > 0 && !mayFill(this.ratio, width / height));

    this.root.classList.toggle("whole", whole);
    this.root.classList.toggle("small", width < 180 || height < 110);
  }

  // "good", "fair" or "poor"; "": not known.
  setConnection(level) {
    if (level) this.bars.dataset.level = level;
    else delete this.bars.dataset.level;
    this.bars.title = GRADES.get(level) || "";
    setText(this.connection, level && level !== "good" ? `, ${GRADES.get(level)}` : "");
  }

  setVolume(volume) {
    this.volume = volume;
    this.video.volume = volume;
  }

  react(sign) {
    const { reaction } = this;

    clearTimeout(this.reactionTimer);
    setText(reaction, sign);
    reaction.classList.remove("shown");
    reaction.getBoundingClientRect(); // the same one again begins anew
    reaction.classList.add("shown");
    this.reactionTimer = setTimeout(() => {
      reaction.classList.remove("shown");
      setText(reaction, "");
    }, REACTION_SHOWN_MS);
  }

  dressTools(isLarge) {
    const name = this.name.textContent;

    dress(this.pin, isLarge
      ? { symbol: "close", label: `Show ${name} as large as the others` }
      : { symbol: "pin", label: `Enlarge ${name}` });
    dress(this.more, { symbol: "more", label: `More about ${name}` });
  }

  makeVideo() {
    const video = element("video", { autoplay: true, playsInline: true });

    for (const type of ["loadeddata", "emptied"])
      video.addEventListener(type, () => {
        if (video === this.video) this.#showFrames(type === "loadeddata");
        else if (video === this.next && type === "loadeddata") this.take(video);
      });
    video.addEventListener("resize", () => this.on.shape());
    return video;
  }

  get hasFrames() {
    return !this.root.classList.contains("no-frames");
  }

  #showFrames(has) {
    this.root.classList.toggle("no-frames", !has);
    this.on.shape();
  }

  // `video` becomes the one that is seen and heard.
  take(video) {
    const { id, kind, video: old } = this;

    if (video === this.next) this.next = null;
    clearTimeout(this.nextTimer);
    this.video = video;
    Object.assign(video.dataset, { participant: id, kind });
    video.muted = old ? old.muted : false;
    video.volume = this.volume;
    video.classList.toggle("mirrored", Boolean(old?.classList.contains("mirrored")));
    this.describe(this.label);
    if (!old) {
      this.root.prepend(video);
      return;
    }
    this.#showFrames(video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA);
    if (old === document.pictureInPictureElement)
      video.requestPictureInPicture().catch(() => {});
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
    const shown = () => framesShown(this.video);
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
