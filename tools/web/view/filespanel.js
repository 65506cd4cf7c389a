// SPDX-License-Identifier: LGPL-2.1-or-later

// Files as they are seen: what is offered, what is sent and how far it is, whom to send
// to. Names are strangers' words.

import { announce as say } from "./announce.js";
import { Dropping } from "./dropping.js";
import { $, element, setText } from "./dom.js";
import { hold } from "../held.js";
import { Disk } from "../transfer/disk.js";
import { Transfers } from "../transfer/transfers.js";
import { TransferItem } from "./transferitem.js";

const SHOW_MS = 200; // between two looks at what moves
const PACE_MS = 1000;
const ANNOUNCE_MS = 3000; // between two sentences about what is offered
const KEEP_URL_MS = 60000; // a browser may ask before it saves

// Whoever looks at the list sees it there.
const announce = (sentence) => say(sentence, { visibly: $("files").hidden, panel: "files" });

export class FilesPanel {
  #call = null;
  #transfers = null;
  #disk = new Disk();
  #items = new Map(); // key -> TransferItem
  #moved = new Set(); // keys of what has moved since the last look
  #timer = 0;
  #paceTimer = 0;
  #announcedAt = -Infinity;
  #onOffers;

  // `onOffers(count, transfer)`: how many wait for an answer; one that has just come
  constructor(onOffers) {
    this.#onOffers = onOffers;
    $("choose-files").addEventListener("click", () => $("file-input").click());
    $("file-input").addEventListener("change", () => {
      const files = [...$("file-input").files];
      $("file-input").value = "";
      this.#send(files, $("file-target").value);
    });
    new Dropping({
      isOn: () => this.#call !== null,
      nameOf: (id) => this.#call.participants.get(id)?.user,
      onFiles: (files, id) => this.#send(files, id),
      onFolder: () => this.#tell("A folder cannot be sent: choose the files in it."),
    });
  }

  attach(call) {
    clearInterval(this.#paceTimer);
    this.#transfers?.close();
    this.#call = call;
    this.#transfers = null;
    this.#items.clear();
    $("files-list").replaceChildren();
    this.#showEmpty();
    this.#tell("", false);
    this.#onOffers(0);
    if (!call) return;
    const transfers = this.#transfers = new Transfers(call, this.#disk);
    this.#disk.request("tidy"); // what earlier visits have left
    transfers.addEventListener("changed", ({ detail }) => this.#changed(detail));
    transfers.addEventListener("offer", ({ detail }) => this.#offered(detail));
    transfers.addEventListener("removed", ({ detail }) => this.#removed(detail));
    transfers.addEventListener("targets", () => this.#showTargets());
    call.addEventListener("participant", () => {
      if (call === this.#call) this.#showTargets();
    });
    this.#showTargets();
    this.#paceTimer = setInterval(() => this.#showPace(), PACE_MS);
  }

  opened() {
    $("choose-files").focus();
  }

  #tell(sentence, aloud = true) {
    setText($("files-error"), sentence);
    if (sentence && aloud && $("files").hidden) announce(sentence);
  }

  // --- whom to send to ---

  #userOf(id) {
    return this.#call.participants.get(id)?.user || "Somebody";
  }

  #showTargets() {
    const select = $("file-target");
    const ids = this.#transfers.targets;
    const option = (value, text) => element("option", { value, textContent: text });
    const chosen = select.value;

    select.replaceChildren(option("", "Everybody"),
      ...ids.map((id) => option(id, this.#userOf(id))));
    select.value = ids.includes(chosen) ? chosen : "";
    $("choose-files").disabled = ids.length === 0;
    setText($("files-note"), ids.length === 0
      ? "Nobody who is here now can be sent files." : "");
  }

  // `id`: of one participant; "" for everybody
  #send(files, id) {
    const targets = this.#transfers.targets.filter((target) => id === "" || target === id);

    if (!files.length) return;
    if (!targets.length) {
      this.#tell(id === "" ? "Nobody who is here now can be sent files."
        : `${this.#userOf(id)} cannot be sent files now.`);
      return;
    }
    this.#tell("");
    this.#transfers.send(files, targets);
    announce(`${files.length === 1 ? "A file is" : `${files.length} files are`} offered to `
      + `${id === "" ? "everybody" : this.#userOf(id)}.`);
  }

  // --- the list ---

  #showEmpty() {
    $("files-empty").hidden = this.#items.size > 0;
  }

  #item(transfer) {
    let item = this.#items.get(transfer.key);

    if (!item) {
      item = new TransferItem(transfer, {
        participant: this.#call.participants.get(transfer.participant),
        act: (action) => this.#act(action, transfer) });
      this.#items.set(transfer.key, item);
      $("files-list").prepend(item.root);
      this.#showEmpty();
    }
    return item;
  }

  // A state at once; what only moves when somebody could see it.
  #changed(transfer) {
    if (this.#item(transfer).isStill) {
      this.#moved.add(transfer.key);
      this.#timer ||= setTimeout(() => this.#showMoved(), SHOW_MS);
      return;
    }
    this.#show(transfer);
  }

  #showMoved() {
    const moved = [...this.#moved];

    this.#moved.clear();
    this.#timer = 0;
    for (const key of moved) this.#items.get(key)?.show();
  }

  #show(transfer) {
    const item = this.#item(transfer);
    const before = item.state;
    const wasCompleted = item.root.dataset.state === "COMPLETED";

    item.show();
    if (before !== item.state && !wasCompleted) this.#moveTo(transfer, item);
    this.#countOffers();
  }

  #moveTo(transfer, item) {
    if (transfer.state === "COMPLETED" && transfer.file) this.#save(transfer);
    if (transfer.state === "COMPLETED" || ((transfer.state === "FAILED" || transfer.isLost)
        && (transfer.outgoing || transfer.wasAccepted)))
      announce(`${transfer.name}: ${item.words}`);
  }

  #removed(transfer) {
    const item = this.#items.get(transfer.key);
    const hadFocus = item?.root.contains(document.activeElement);

    item?.root.remove();
    this.#items.delete(transfer.key);
    this.#showEmpty();
    if (hadFocus) $("files-list").focus();
  }

  #showPace() {
    const now = performance.now();

    for (const item of this.#items.values()) item.showPace(now);
  }

  // --- offers ---

  #countOffers(latest) {
    const waiting = this.#transfers.list.filter((t) => !t.outgoing && t.state === "PENDING"
      && !t.wasAccepted);

    this.#onOffers(waiting.length, latest);
  }

  #offered(transfer) {
    const now = performance.now();

    this.#show(transfer);
    this.#countOffers(transfer);
    // it moves the others down, and may have opened the panel
    hold($("files-list").querySelectorAll("button"));
    if (now - this.#announcedAt < ANNOUNCE_MS) return;
    this.#announcedAt = now;
    announce(`${this.#userOf(transfer.participant)} offers you a file: ${transfer.name}`);
  }

  // --- what the user does ---

  #act(action, transfer) {
    if (action === "save") this.#save(transfer);
    else this.#transfers[action](transfer.key);
  }

  // Verified, under its name, by the browser's own way of saving.
  #save({ file, name }) {
    const href = URL.createObjectURL(file);

    element("a", { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), KEEP_URL_MS);
  }
}
