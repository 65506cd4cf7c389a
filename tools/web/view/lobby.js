// SPDX-License-Identifier: LGPL-2.1-or-later

// The page before and after a meeting: what the device hosts, the form, one's
// own picture.
//
// Events: "join" (detail: {user, meeting, pin, media}), "cancel".

import { commands } from "../commands.js";
import { $, dress, setText, showAvatar } from "./dom.js";
import { LocalMedia } from "../media.js";
import { Meter } from "./meter.js";
import { SpeakerTest } from "./speakertest.js";
import { againWords, cleanName, INSECURE, meetingState, OFFLINE, whoIsThere } from "./words.js";

const COPIED_MS = 2000;
// What is mended when the device answers again.
const UNREACHED = new Set(["DISCONNECTED", "TIMEOUT"]);
const PRINT_BYTES = 8;
const NAME_KEY = "videomeet-user";

function remember(name) {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // a browser that keeps nothing asks again
  }
}

function remembered() {
  try {
    return localStorage.getItem(NAME_KEY) || "";
  } catch {
    return "";
  }
}

async function copy(button) {
  const target = $(button.dataset.copy);

  try {
    await navigator.clipboard.writeText(target.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, COPIED_MS);
  } catch {
    // without the permission the text is marked, ready for the keyboard
    const range = document.createRange();
    range.selectNodeContents(target);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
}

// The first bytes of the certificate's SHA-256, as the launcher and browsers write it.
function fingerprint(hex) {
  return (hex.slice(0, 2 * PRINT_BYTES).toUpperCase().match(/../gu) || []).join(":");
}

// What a meeting is to whom it did not admit.
const CLOSED = new Map([["MEETING_LOCKED", "Locked by its host."], ["MEETING_FULL", "Full."]]);

export class Lobby extends EventTarget {
  #device;
  #media;
  #network;
  #asked;
  #edited = false;
  #message = "";
  #code = ""; // of what the message is about
  #wasSilent = false; // since then
  #stayed = null; // id of the meeting that this page was in last
  #submitted = ""; // name of the one that was asked for last
  #taken = null; // seats at first after that
  #busy = false;
  #missing = []; // what the note is about: names of tracks
  #meter = new Meter();

  // `asked`: URLSearchParams of the link
  constructor(device, media, network, asked) {
    super();
    this.#device = device;
    this.#media = media;
    this.#network = network;
    this.#asked = asked;
    $("user").value = asked.get("user") || remembered();
    $("meeting").value = asked.get("meeting") || "";
    device.addEventListener("status", () => this.#showDevice());
    media.addEventListener("changed", () => this.#showMedia());
    media.addEventListener("fault", ({ detail }) => this.#note(detail));
    new SpeakerTest(() => media.speaker);
    $("meeting").addEventListener("input", () => {
      this.#edited = true;
      this.#showAgain();
    });
    $("again").addEventListener("click", () => this.submit(true));
    for (const id of ["user", "meeting", "pin"])
      $(id).addEventListener("input", () => this.#complain(id, ""));
    $("join-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(true);
    });
    $("join-without").addEventListener("click", () => this.submit(false));
    $("cancel").addEventListener("click", () => this.dispatchEvent(new Event("cancel")));
    $("use-media").addEventListener("click", () => this.useMedia());
    $("preview-audio").addEventListener("click", () => this.#toggle("audio"));
    $("preview-video").addEventListener("click", () => this.#toggle("camera"));
    for (const button of document.querySelectorAll("[data-copy]"))
      button.addEventListener("click", () => copy(button));
    $("user").addEventListener("input", () => this.#showMedia());
    this.#showMedia();
  }

  // Where the browser has allowed it before, the picture is there at once.
  async start() {
    if (!LocalMedia.isPossible) {
      this.#note(INSECURE);
      return;
    }
    const allowed = await LocalMedia.permissions();
    if (allowed.camera === "granted" && allowed.audio === "granted") await this.useMedia();
  }

  // Whether it could be had. `wanted`: {audio, camera}
  async useMedia(wanted) {
    this.#note("");
    try {
      await this.#media.start(wanted);
      return true;
    } catch (error) {
      this.#note(error.message);
      return false;
    }
  }

  async #toggle(name) {
    this.#note("");
    try {
      await this.#media.set(name, !this.#media.isOn(name));
    } catch (error) {
      this.#note(error.message);
    }
  }

  #note(sentence) {
    const { tracks } = this.#media;

    this.#missing = sentence ? ["camera", "audio"].filter((name) => !tracks[name]) : [];
    setText($("media-note"), sentence);
  }

  // What was missing is there.
  #dropNote() {
    if (this.#missing.length > 0 && this.#missing.every((name) => this.#media.isOn(name)))
      this.#note("");
  }

  get note() {
    return $("media-note").textContent;
  }

  #showMedia() {
    const camera = this.#media.isOn("camera");
    const audio = this.#media.isOn("audio");
    const none = !this.#media.tracks.camera && !this.#media.tracks.audio;
    const name = $("user").value.trim();

    this.#dropNote();
    this.#showAgain();
    this.#meter.listen(this.#inLobby ? this.#media.tracks.audio : null);
    $("preview").hidden = !camera;
    const stream = camera ? this.#media.stream : null;
    if ($("preview").srcObject !== stream) $("preview").srcObject = stream;
    $("preview-avatar").hidden = camera || !name;
    showAvatar($("preview-avatar"), name);
    $("use-media").hidden = !none || !LocalMedia.isPossible;
    $("join-without").hidden = !none || this.#busy || !LocalMedia.isPossible;
    dress($("preview-audio"), audio
      ? { symbol: "mic", label: "Mute microphone" }
      : { symbol: "mic-off", label: "Unmute microphone" });
    dress($("preview-video"), camera
      ? { symbol: "camera", label: "Turn camera off" }
      : { symbol: "camera-off", label: "Turn camera on" });
    $("preview-audio").classList.toggle("off", !audio);
    $("preview-video").classList.toggle("off", !camera);
    $("preview-audio").disabled = $("preview-video").disabled = !LocalMedia.isPossible;
  }

  get #inLobby() {
    return document.body.dataset.state !== "joined";
  }

  // --- the device ---

  #showDevice() {
    const { status } = this.#device;

    this.#dropMessage(status);
    this.#showWho(status);
    if (!status) {
      this.#showState("bad", this.#network.isOffline ? `${OFFLINE}.`
        : `The device ${this.#stayed === null ? "" : "of that meeting "}does not answer. Asking `
          + "again every five seconds.");
      if ($("title").textContent === "Asking this device…")
        setText($("title"), this.#stayed === null ? "No answer" : this.#submitted);
      return;
    }
    this.#showFacts(status);
    if (status.meeting) this.#showMeeting(status);
    else if (status.rooms) this.#showRooms();
    else this.#showNoMeeting(status);
  }

  #showWho(status) {
    const words = status?.meeting && !this.#device.isPrivate ? whoIsThere(status) : "";

    setText($("who-there"), words);
    $("who-there").hidden = words === "";
  }

  // What kept this page out does not any more: the device answers again, somebody has left, or
  // another meeting is open where one has ended.
  #dropMessage(status) {
    if (!status) {
      this.#wasSilent = true;
      return;
    }
    this.#taken ??= status.participants;
    if ((UNREACHED.has(this.#code) && this.#wasSilent)
        || (this.#code === "MEETING_FULL" && status.participants < this.#taken)
        || (this.#code === "MEETING_ENDED" && this.#isAnew(status.meeting))) this.tell("");
  }

  #isAnew(meeting) {
    return Boolean(meeting?.id) && meeting.state !== "ended" && meeting.id !== this.#stayed;
  }

  #showState(kind, sentence) {
    $("dot").className = `dot ${kind}`;
    setText($("state-text"), sentence);
  }

  #showFacts(status) {
    setText($("device"), !status.device ? "A device on this network"
      : status.user ? `${status.user} on ${status.device}` : status.device);
    setText($("host"), status.user || "not told");
    setText($("seats"), status.maxParticipants
      ? `${status.participants} of ${status.maxParticipants}` : String(status.participants));
    setText($("secure"), status.secure ? "encrypted (TLS)" : "not encrypted");
    setText($("device-id"), status.deviceId || "not told");
    setText($("fingerprint"), fingerprint(status.certificate));
    $("own-certificate").hidden = !status.certificate;
  }

  #showNoMeeting(status) {
    const asked = this.#asked.get("meeting");

    document.title = "No meeting";
    setText($("title"), "No meeting here now");
    this.#showState("idle", status.user ? `${status.user} hosts nothing at the moment.`
      : "This device hosts nothing at the moment.");
    this.#notice(asked ? `The link you followed is for the meeting “${asked}”, which is `
      + "not open on this device." : "");
    $("lines").hidden = true;
  }

  #showRooms() {
    document.title = "Rooms";
    setText($("title"), "Meet in a room");
    this.#showState("good", "A room begins with whoever comes first. Who knows its name can join.");
    this.#notice("");
    $("lines").hidden = true;
    // such a server takes calls as well, and terminals
    for (const id of ["to-phone", "to-term"]) {
      $(id).querySelector("a").search = location.search;
      $(id).hidden = false;
    }
  }

  #showMeeting(status) {
    const name = this.#device.meetingName;
    const asked = this.#asked.get("meeting");
    const lines = commands(name || "NAME", this.#device.place);

    document.title = name || "Private meeting";
    setText($("title"), name || "A private meeting");
    if (this.#message && CLOSED.has(this.#code)) this.#showState("idle", CLOSED.get(this.#code));
    else if (name) this.#showState(...meetingState(status.meeting.state));
    else this.#showState("good", "Open to those who know its name and its PIN.");
    if (name && asked && asked !== name)
      this.#notice(`The link you followed is for the meeting “${asked}”, but this device `
        + `now hosts “${name}”.`);
    else
      this.#notice("");
    if (name && !asked && !this.#edited) $("meeting").value = name;
    if (this.#device.isPrivate) $("pin-field").hidden = false;
    setText($("by-name"), lines.name);
    setText($("by-address"), lines.address);
    setText($("by-pipeline"), lines.pipeline);
    $("lines").hidden = status.meeting.state === "ended";
  }

  // What the last attempt or stay ended with goes before what the link said.
  #notice(sentence) {
    const shown = this.#message || sentence;

    setText($("notice"), shown);
    $("notice").hidden = shown === "";
  }

  // --- joining ---

  submit(media) {
    const user = cleanName($("user").value, "");
    const meeting = $("meeting").value.trim();

    this.#complain("user", user ? "" : "The others need a name to call you by.");
    this.#complain("meeting", meeting ? "" : "Which meeting? The host knows its name.");
    this.#complain("pin", "");
    const missing = !user ? "user" : !meeting ? "meeting" : "";
    if (missing) {
      $(missing).focus();
      return;
    }
    remember(user);
    if (meeting !== this.#submitted) this.#stayed = null;
    this.#submitted = meeting;
    this.#message = "";
    this.#notice("");
    this.dispatchEvent(new CustomEvent("join", { detail: { user, meeting, media,
      pin: $("pin-field").hidden ? "" : $("pin").value.trim() } }));
  }

  #complain(id, sentence) {
    setText($(`${id}-error`), sentence);
    $(id).toggleAttribute("aria-invalid", sentence !== "");
    if (sentence) $(id).setAttribute("aria-invalid", "true");
  }

  setBusy(busy) {
    this.#busy = busy;
    for (const id of ["user", "meeting", "pin"]) $(id).readOnly = busy;
    $("join").disabled = busy;
    setText($("join"), busy ? "Joining…" : "Join");
    $("cancel").hidden = !busy;
    this.#showMedia();
    this.#showAgain();
  }

  // Beside what is said of how it ended, where the form may be out of sight.
  #showAgain() {
    $("again").hidden = this.#stayed === null || this.#busy || this.#code === "WRONG_PIN"
      || $("meeting").value.trim() !== this.#submitted;
    const { audio, camera } = this.#media.tracks;
    $("again-note").hidden = $("again").hidden || !LocalMedia.isPossible || audio !== null
      || camera !== null;
  }

  // What went wrong, or how the stay ended; `stayed`: in which meeting, by its id; `sent`:
  // {audio, camera}, what was sent there.
  tell(message, { code = "", stayed = null, sent = null } = {}) {
    this.#message = message;
    if (sent) setText($("again-note"), againWords(sent));
    this.#code = code;
    this.#stayed = stayed ?? this.#stayed;
    this.#wasSilent = false;
    this.#taken = null;
    if (code === "WRONG_PIN") {
      const first = !$("pin").value.trim();
      $("pin-field").hidden = false;
      this.#message = "";
      this.#complain("pin", first ? "This meeting is open only with its PIN." : message);
      $("pin").focus();
      $("pin").select();
    }
    // who was removed and asks again is answered by the same code
    if (code === "KICKED" && stayed === null)
      this.#message = "The host has removed you, and has to let you in before you can join again.";
    // nothing was lost that was never there
    if (code === "DISCONNECTED" && stayed === null)
      this.#message = "The device that hosts the meeting cannot be reached.";
    this.#notice("");
    // the button that was pressed is below it, on a phone by more than a screen
    if (this.#message) $("notice").scrollIntoView({ block: "center" });
    this.#showAgain();
    setText($("join-title"), this.#stayed === null ? "Join the meeting" : "Join again");
  }
}
