// SPDX-License-Identifier: LGPL-2.1-or-later

// Files that are dropped on the page: on a participant's picture for that one, anywhere
// else for everybody.

import { $, setText } from "./dom.js";

const hasFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");

export class Dropping {
  #on;
  #target = null; // the tile beneath

  // {isOn(), nameOf(id), onFiles(files, id or ""), onFolder()}
  constructor(on) {
    this.#on = on;
    document.addEventListener("dragover", (event) => this.#over(event));
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) this.#end();
    });
    document.addEventListener("drop", (event) => this.#drop(event));
  }

  #tileOf(event) {
    const tile = event.target.closest?.("[data-tile]");
    const id = tile?.dataset.tile.split(":").at(-1);

    return tile && !tile.querySelector("video.mirrored") && this.#on.nameOf(id)
      ? { tile, id } : null;
  }

  // Without this the browser would open the file in place of the meeting.
  #over(event) {
    if (!hasFiles(event)) return;
    event.preventDefault();
    const on = this.#on.isOn() && !document.querySelector("dialog[open]");
    event.dataTransfer.dropEffect = on ? "copy" : "none";
    if (!on) return;
    const target = this.#tileOf(event);
    if (this.#target?.tile !== target?.tile) this.#target?.tile.classList.remove("dropping");
    this.#target = target;
    target?.tile.classList.add("dropping");
    setText($("drop-hint"), `Drop to send to ${target ? this.#on.nameOf(target.id)
      : "everybody"}`);
    $("drop-hint").hidden = false;
  }

  #end() {
    this.#target?.tile.classList.remove("dropping");
    this.#target = null;
    $("drop-hint").hidden = true;
  }

  #drop(event) {
    if (!hasFiles(event)) return;
    event.preventDefault();
    const target = this.#tileOf(event);
    this.#end();
    if (!this.#on.isOn() || document.querySelector("dialog[open]")) return;
    const items = [...event.dataTransfer.items].filter(({ kind }) => kind === "file");
    if (items.some((item) => item.webkitGetAsEntry?.()?.isDirectory)) this.#on.onFolder();
    else this.#on.onFiles([...event.dataTransfer.files], target?.id ?? "");
  }
}
