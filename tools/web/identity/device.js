// SPDX-License-Identifier: LGPL-2.1-or-later

// What the device that served this page says of itself.
//
// Events: "status".

import { LOOPBACK } from "../net/network.js";
import { cleanName } from "../view/words.js";

const REFRESH_MS = 5000;
const ANSWER_MS = 4000;
const PEOPLE_MAX = 128; // of a meeting

const PLACE = /^(?:\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/iu;

const text = (value) => (typeof value === "string" ? value : "");

export class Device extends EventTarget {
  #timer = 0;

  #address = ""; // as the device has told it

  constructor() {
    super();
    this.status = null; // null: it did not answer
  }

  // Host and port by which others reach it: of a page that was opened as localhost, what the
  // device says.
  get place() {
    const { hostname, port, protocol } = location;

    if (LOOPBACK.test(hostname) && this.#address) return this.#address;
    return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  }

  // A link to a meeting that others can open.
  link(meeting) {
    const link = new URL(".", location.href);

    if (LOOPBACK.test(link.hostname) && this.#address) link.host = this.#address;
    link.searchParams.set("meeting", meeting);
    return link.href;
  }

  // Who is in that meeting; null where that is not told before one is admitted.
  async #fetchPeople() {
    try {
      const answer = await fetch("meetings/people", { cache: "no-store",
        signal: AbortSignal.timeout(ANSWER_MS) });
      const { participants } = await answer.json();
      return Array.isArray(participants) ? participants.slice(0, PEOPLE_MAX)
        .map((user) => cleanName(user, "Somebody")) : null;
    } catch {
      return null;
    }
  }

  // The name of the meeting it hosts; "" where there is none or it is kept.
  get meetingName() {
    const name = text(this.status?.meeting?.name);

    return name === "private" ? "" : name;
  }

  get isPrivate() {
    return Boolean(this.status?.meeting) && this.meetingName === "";
  }

  // Whether a meeting of that name can be joined there now.
  hosts(name) {
    const { status } = this;

    return Boolean(status) && (status.rooms || (status.meeting !== null
      && status.meeting.state !== "ended" && (this.isPrivate || this.meetingName === name)));
  }

  async refresh() {
    try {
      const answer = await fetch("status", {
        cache: "no-store",
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const status = await answer.json();
      this.status = {
        user: text(status.user),
        device: text(status.device),
        deviceId: text(status.deviceId),
        secure: status.secure === true,
        certificate: text(status.certificate),
        participants: Number.isInteger(status.participants) ? status.participants : 0,
        maxParticipants: Number.isInteger(status.maxParticipants)
          ? status.maxParticipants : 0,
        // a server on which a room begins with whoever comes first
        rooms: Array.isArray(status.capabilities) && status.capabilities.includes("rooms"),
        meeting: status.meeting !== null && typeof status.meeting === "object"
          ? { id: text(status.meeting.id), name: text(status.meeting.name),
            state: text(status.meeting.state) } : null,
      };
      this.#address = PLACE.test(text(status.address)) ? status.address : "";
      this.status.people = this.status.meeting && !this.isPrivate ? await this.#fetchPeople() : null;
    } catch {
      this.status = null;
    }
    this.dispatchEvent(new Event("status"));
  }

  start() {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => { if (!document.hidden) this.refresh(); }, REFRESH_MS);
    return this.refresh();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
  }

  // There is a network again, or none.
  hurry() {
    if (this.#timer) this.refresh();
  }
}
