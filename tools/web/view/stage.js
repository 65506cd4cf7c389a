// SPDX-License-Identifier: LGPL-2.1-or-later

// The page in a meeting: tiles, panels, the bar of controls.

import { announce, forgetToasts } from "./announce.js";
import { Awake } from "../awake.js";
import { ChatPanel } from "./chatpanel.js";
import { ConnectionSigns } from "./signs.js";
import { $, dress, element, isTyped, setText } from "./dom.js";
import { FilesPanel } from "./filespanel.js";
import { Invite } from "./invite.js";
import { Levels } from "./levels.js";
import { LocalMedia } from "../media.js";
import { MoreMenu } from "./moremenu.js";
import { PeoplePanel } from "./people.js";
import { PushToTalk } from "./pushtotalk.js";
import { REACTIONS } from "../reactions.js";
import { Settings } from "../settings.js";
import { StatsPanel } from "../net/stats.js";
import { TileMenu } from "./tilemenu.js";
import { Tiles } from "./tiles.js";
import { TrustDialog } from "./trustdialog.js";
import { beginning, duration, inviteWords, missingMedia, nameWords, OFFLINE, sentWords }
  from "./words.js";

const GONE = new Set(["reconnecting", "lost"]); // then there is no tile
const PANELS = ["chat", "people", "files"]; // one at a time
const BESIDE = "(min-width: 60rem)"; // a panel beside the pictures, not over them
const MEDIA_BANNER_MS = 12000;
const MEANT_MS = 700; // a click so soon after an offer opened the files was to open them
const TOAST_CHARS = 140; // of a message
const LOST_SHOWN_MS = 1000; // after which it is told: what is back by then is no news
const SERVER_WORDS = {
  lost: "does not answer. You stay connected to the others while this page tries again.",
  lonely: "does not answer. This page tries again.",
  gone: "is gone. You stay connected to the others, but nobody else can join.",
  back: "answers again. Who joins now meets it, and not you: leave, and join again.",
};

export class Stage {
  #media;
  #network;
  #device;
  #call = null;
  #tiles;
  #tileMenu;
  #moreMenu;
  #invite = new Invite();
  #signs = new ConnectionSigns((id, level) => this.#tiles.setConnection(id,
    this.#call?.stateOf(id) === "connected" ? level : ""));
  #clean; // shows the pictures and nothing else
  #chat;
  #files;
  #trust = new TrustDialog();
  #people = new PeoplePanel((id) => this.#trust.open(id));
  #stats = new StatsPanel();
  #levels;
  #timer = 0;
  #bannerTimer = 0;
  #serverTimer = 0;
  #isBack = false; // the device of a host that was gone
  #offerOpenedAt = -MEANT_MS; // when an offer opened the files
  #missing = new Map(); // participant id -> what was said to be missing
  #screens = new Set(); // ids of the others whose screens are shown
  #awake = new Awake();
  #streams = { main: null, screen: null };
  #offers = 0; // files that wait for an answer

  // `device`: a Device; `only`: the name of the one participant who is shown, or "";
  // `clean`: without anything besides the pictures
  constructor(media, network, { device, only = "", clean = false }) {
    this.#device = device;
    this.#tiles = new Tiles(only);
    this.#tileMenu = new TileMenu(this.#tiles);
    this.#moreMenu = new MoreMenu(this.#tiles, { react: (sign) => this.#call?.react(sign),
      invite: () => this.#invite.open(), fault: (sentence) => announce(sentence) });
    this.#clean = clean;
    this.#media = media;
    this.#network = network;
    this.#levels = new Levels((id, speaking) => {
      this.#tiles.setSpeaking(id, speaking);
      this.#people.setSpeaking(id, speaking);
    });
    this.#chat = new ChatPanel((count, entry) => this.#showUnread(count, entry));
    this.#files = new FilesPanel((count, transfer) => this.#showOffers(count, transfer));
    new Settings(media, (id) => this.#tiles.setSink(id));
    this.#tiles.addEventListener("blocked", () => { $("enable-sound").hidden = false; });
    $("enable-sound").addEventListener("click", () => {
      $("enable-sound").hidden = true;
      this.#tiles.unblock();
    });
    media.addEventListener("changed", () => this.#showControls());
    media.addEventListener("fault", ({ detail }) => this.#addFault(detail));
    network.addEventListener("state", () => this.#showServer());
    device.addEventListener("status", () => {
      if (this.#call?.server !== "gone") return;
      this.#isBack = device.hosts(this.#call.meeting);
      this.#showServer();
    });
    media.addEventListener("track", ({ detail }) => {
      if (!this.#call) return;
      if (detail.name === "audio") this.#levels.listen(detail.track);
      if (detail.name === "screen") this.#tellSent("screen", detail.track !== null);
    });
    this.#bindControls();
    new PushToTalk({ isOn: () => this.#call !== null, isMuted: () => !media.isOn("audio"),
      set: async (on) => {
        await this.#set("audio", on);
        announce(on ? "The others hear you while you hold the space bar."
          : "You are muted again.", { about: "audio" });
      } });
  }

  #bindControls() {
    const press = {
      "toggle-audio": () => this.#switch("audio"),
      "toggle-video": () => this.#switch("camera"),
      "share-screen": () => this.#share(),
      "raise-hand": () => this.#hand(),
      "toggle-chat": () => this.#panel("chat"),
      "toggle-people": () => this.#panel("people"),
      "toggle-files": () => this.#toggleFiles(),
      "offer-banner": () => this.#panel("files", true),
      "leave": () => this.#call?.leave(),
      "copy-link": () => this.#copyLink(),
    };
    const keys = { KeyM: "toggle-audio", KeyV: "toggle-video", KeyS: "share-screen",
      KeyH: "raise-hand", KeyC: "toggle-chat", KeyP: "toggle-people",
      KeyF: "toggle-files" };

    for (const [id, func] of Object.entries(press)) $(id).addEventListener("click", func);
    for (const button of document.querySelectorAll("[data-close]"))
      button.addEventListener("click", () => this.#panel(button.dataset.close, false));
    document.addEventListener("keydown", (event) => {
      if (!this.#call || document.querySelector("dialog[open]")) return;
      if (event.key === "Escape" && !event.defaultPrevented) {
        if ($("stats").contains(document.activeElement)) this.#stats.toggle(false);
        else for (const name of PANELS) this.#panel(name, false);
      }
      if (!event.altKey || event.ctrlKey || event.metaKey || !keys[event.code]
          || isTyped(event)) return;
      event.preventDefault();
      if (!event.repeat) $(keys[event.code]).click();
    });
  }

  // --- coming and going ---

  attach(call) {
    this.#call = call;
    this.#isBack = false;
    setText($("settings-name"), nameWords(call.self.user));
    $("settings-name").hidden = false;
    $("call").hidden = false;
    document.body.classList.toggle("clean", this.#clean);
    this.#invite.show(this.#link());
    setText($("call-name"), call.meeting);
    $("call-name").title = call.meeting; // where there is no room for all of it
    document.title = call.meeting;
    this.#tiles.clear();
    this.#missing.clear();
    this.#screens.clear();
    this.#chat.attach(call);
    this.#people.attach(call);
    this.#trust.attach(call);
    this.#files.attach(call);
    this.#stats.attach(call);
    const on = (type, func) => call.addEventListener(type, ({ detail }) => {
      if (call === this.#call) func(detail);
    });
    on("participant", (detail) => this.#participantChanged(detail));
    on("server", () => {
      this.#isBack = false;
      this.#showServer();
    });
    on("meeting", () => {
      for (const id of call.participants.keys()) this.#showParticipant(id);
      this.#showAlone();
      this.#showMeeting();
    });
    on("notice", (sentence) => announce(sentence));
    on("muted", (what) => this.#muted(what));
    on("reaction", (detail) => this.#reacted(detail));
    for (const id of call.participants.keys()) this.#showParticipant(id);
    this.#levels.start(() => call.others
      .map(({ id }) => ({ id, receiver: call.shown(id)?.receiver("audio") }))
      .filter(({ receiver }) => receiver), () => call.self.id);
    this.#levels.listen(this.#media.tracks.audio);
    this.#signs.start(() => call.others.map(({ id }) => ({ id, peer: call.shown(id) }))
      .filter(({ peer }) => peer));
    this.#showAlone();
    this.#showServer();
    this.#showMeeting();
    this.#showControls();
    this.#showTime();
    this.#timer = setInterval(() => this.#showTime(), 1000);
    this.#awake.begin();
    const others = call.people.filter(({ self }) => !self);
    announce(others.length === 1 ? `You are in the meeting with ${others[0].user}.`
      : `You are in the meeting with ${others.length} others.`, { visibly: false });
    $("call-name").focus({ preventScroll: true });
  }

  detach() {
    this.#call = null;
    $("settings-name").hidden = true;
    clearInterval(this.#timer);
    clearTimeout(this.#serverTimer);
    this.#levels.stop();
    this.#signs.stop();
    this.#tileMenu.hide();
    this.#moreMenu.hide();
    this.#tiles.clear();
    document.body.classList.remove("clean");
    document.exitPictureInPicture?.().catch(() => {}); // there may be none
    this.#chat.attach(null);
    this.#trust.attach(null);
    this.#files.attach(null);
    this.#stats.attach(null);
    for (const name of PANELS) this.#panel(name, false);
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
    $("call").hidden = true;
    $("toasts").replaceChildren();
    $("enable-sound").hidden = true;
    this.tellMedia("");
    this.#awake.end();
  }

  becameVisible() {
    if (this.#call && !document.hidden) this.#awake.begin();
  }

  // --- participants ---

  #participantChanged({ id, what, participant, kicked }) {
    if (what === "left") {
      this.#tiles.remove(id);
      this.#missing.delete(id);
      this.#screens.delete(id);
      if (!participant.self) this.#tellOfPeople(participant,
        kicked ? "was removed from the meeting" : "has left");
    } else {
      const there = this.#call.participants.get(id);
      if (what === "came")
        this.#tellOfPeople(there, there.self ? "are in the meeting again" : "has joined");
      if (what === "raised") this.#tellOfPeople(there, "raises a hand");
      if (what === "missing") this.#tellMissing(there);
      this.#showParticipant(id);
    }
    this.#people.show();
    this.#showAlone();
    if (!$("server-banner").hidden) this.#tellServer();
    if (id === this.#call.self.id) this.#showControls();
  }

  // Who looks at the list sees it there.
  #tellOfPeople({ id, user, self }, what) {
    announce(`${self ? "You" : user} ${what}.`, { visibly: $("people").hidden, panel: "people",
      about: `person ${id}` });
  }

  #showAlone() {
    const alone = this.#call.people.length === 1;

    this.#invite.setAlone(alone);
    this.#tiles.setAlone(alone);
  }

  #reacted({ id, reaction }) {
    const participant = this.#call.participants.get(id);

    this.#tiles.react(id, reaction);
    announce(`${participant.self ? "You react" : `${participant.user} reacts`} with `
      + `${REACTIONS.get(reaction)}.`, { visibly: false });
  }

  #showParticipant(id) {
    const participant = this.#call.participants.get(id);

    if (!participant) return;
    if (participant.self) {
      const { screen } = this.#media.tracks;
      if (screen !== this.#streams.screenTrack) {
        this.#streams.screenTrack = screen;
        this.#streams.screen = screen ? new MediaStream([screen]) : null;
      }
      this.#tiles.update(participant, { shown: true, state: "connected",
        stream: this.#media.stream, screen: this.#streams.screen,
        picture: this.#media.isOn("camera"), audio: this.#media.isOn("audio") });
      return;
    }
    if (this.#call.isMachine(id)) {
      this.#tiles.remove(id);
      return;
    }
    const state = this.#call.stateOf(id);
    const peer = this.#call.shown(id);
    const screen = peer?.flows("screen") && (participant.presenting ?? peer.screenSeen);
    this.#tellScreen(participant, Boolean(screen) && !GONE.has(state));
    this.#tiles.update(participant, {
      shown: !GONE.has(state),
      state,
      stream: peer?.main || null,
      screen: screen ? peer.screen : null,
      picture: Boolean(peer?.flows("camera")) && participant.video !== false,
      audio: participant.audio,
      missing: this.#missing.get(id),
      byServer: this.#call.isByServer(id),
    });
  }

  // For those who listen.
  #tellScreen({ id, user }, isShown) {
    if (isShown === this.#screens.has(id)) return;
    if (isShown) this.#screens.add(id);
    else this.#screens.delete(id);
    announce(`${user} shows ${isShown ? "a screen" : "no screen any more"}.`, { visibly: false });
  }

  // Likewise, of oneself.
  #tellSent(name, on) {
    announce(sentWords(name, on), { visibly: false, about: name });
  }

  // At the picture, and for those who listen.
  #tellMissing({ id, user }) {
    const before = this.#missing.get(id);
    const sentence = missingMedia(user, this.#call.missing(id));

    this.#missing.set(id, sentence);
    if (sentence) announce(`${sentence}.`, { visibly: false });
    else if (before) announce(`What ${user} sends arrives again.`, { visibly: false });
  }

  #muted({ audio, video }) {
    if (audio && this.#media.isOn("audio")) {
      this.#media.set("audio", false);
      announce("The host has muted your microphone.", { about: "audio" });
    }
    if (video && this.#media.isOn("camera")) {
      this.#media.set("camera", false);
      announce("The host has turned your camera off.", { about: "camera" });
    }
  }

  // --- head and banners ---

  #showTime() {
    setText($("timer"), duration(Date.now() - this.#call.joinedAt));
  }

  #showMeeting() {
    $("call-locked").toggleAttribute("hidden", !this.#call.locked);
    this.#showInvite();
    this.#people.show();
  }

  #showInvite() {
    this.#invite.setWords(this.#isBack ? "Whoever opens this link meets the host, and not those "
      + "who are here" : inviteWords(this.#call));
  }

  #serverWords() {
    const { hostId, server } = this.#call;
    const isLonely = server === "lost" && !this.#call.reaches(hostId);
    const words = SERVER_WORDS[this.#isBack ? "back" : isLonely ? "lonely" : server];

    if (this.#network.isOffline) return `${OFFLINE}.`;
    return words ? `The ${hostId ? "device that hosts the meeting" : "server"} ${words}` : "";
  }

  // That it is over is told at once.
  #showServer() {
    clearTimeout(this.#serverTimer);
    if (!this.#call) return;
    if (this.#serverWords() && $("server-banner").hidden)
      this.#serverTimer = setTimeout(() => this.#tellServer(), LOST_SHOWN_MS);
    else this.#tellServer();
    this.#people.show();
  }

  #tellServer() {
    const words = this.#serverWords();

    setText($("server-banner"), words);
    $("server-banner").hidden = words === "";
    this.#showInvite();
  }

  // Behind what is said already: a camera with its microphone is two.
  #addFault(sentence) {
    const said = $("media-banner").textContent;

    this.tellMedia(said.includes(sentence) ? said : `${said} ${sentence}`.trim());
  }

  tellMedia(sentence) {
    clearTimeout(this.#bannerTimer);
    setText($("media-banner"), sentence);
    $("media-banner").hidden = sentence === "";
    if (sentence)
      this.#bannerTimer = setTimeout(() => this.tellMedia(""), MEDIA_BANNER_MS);
  }

  #link() {
    return this.#device.link(this.#call.meeting);
  }

  async #copyLink() {
    try {
      await navigator.clipboard.writeText(this.#link());
      announce("The link is copied.");
    } catch {
      announce(`The link is ${this.#link()}`);
    }
  }

  // --- controls ---

  async #switch(name) {
    const on = !this.#media.isOn(name);

    await this.#set(name, on);
    if (this.#call && this.#media.isOn(name) === on) this.#tellSent(name, on);
  }

  async #set(name, on) {
    this.tellMedia("");
    try {
      await this.#media.set(name, on);
    } catch (error) {
      this.tellMedia(error.message);
    }
  }

  async #share() {
    this.tellMedia("");
    try {
      if (this.#media.tracks.screen) this.#media.stopScreen();
      else await this.#media.startScreen();
    } catch (error) {
      this.tellMedia(error.message);
    }
  }

  #hand() {
    const raised = this.#call.self.raisedAt === 0;

    this.#call.raiseHand(raised);
    announce(raised ? "Your hand is raised." : "Your hand is down.", { visibly: false });
  }

  // One panel at a time; the focus goes in with it and comes back. `quietly`: without
  // the focus, which is where the user is.
  #panel(name, open = $(name).hidden, quietly = false) {
    const panel = $(name);
    const hadFocus = panel.contains(document.activeElement);

    if (panel.hidden === !open) return;
    for (const other of PANELS)
      if (open && other !== name) this.#panel(other, false);
    panel.hidden = !open;
    if (open) forgetToasts(name);
    $("call").dataset.panel = open ? name : "";
    $(`toggle-${name}`).setAttribute("aria-expanded", String(open));
    if (!open && hadFocus) $(`toggle-${name}`).focus();
    if (name === "files") this.#showOffers(this.#offers);
    if (!open || quietly) return;
    if (name === "chat") this.#chat.opened();
    else if (name === "files") this.#files.opened();
    else $("people-list").focus();
  }

  #toggleFiles() {
    const meant = performance.now() - this.#offerOpenedAt < MEANT_MS;

    if (meant && !$("files").hidden) this.#files.opened();
    else this.#panel("files");
  }

  // An offer opens the files where that covers nothing; else a line says so.
  #showOffers(count, latest) {
    const button = $("toggle-files");

    this.#offers = count;
    button.querySelector(".badge")?.remove();
    if (count) button.append(element("span", { className: "badge", "aria-hidden": "true",
      textContent: String(count) }));
    dress(button, { symbol: "file", word: "Files", shortcut: "Alt+F",
      label: count ? `Files, ${count} offered to you` : "Files" });
    if (latest && PANELS.every((name) => $(name).hidden) && matchMedia(BESIDE).matches) {
      this.#offerOpenedAt = performance.now();
      this.#panel("files", true, true);
    }
    setText($("offer-banner"), `${count === 1 ? "A file is" : `${count} files are`} offered to `
      + "you. Click to answer.");
    $("offer-banner").hidden = count === 0 || !$("files").hidden;
  }

  #showUnread(count, entry) {
    const button = $("toggle-chat");

    button.querySelector(".badge")?.remove();
    if (count) button.append(element("span", { className: "badge", "aria-hidden": "true",
      textContent: count > 99 ? "99+" : String(count) }));
    dress(button, { symbol: "chat", word: "Chat", shortcut: "Alt+C",
      label: count ? `Chat, ${count} unread` : "Chat" });
    if (this.#call)
      document.title = count ? `(${count}) ${this.#call.meeting}` : this.#call.meeting;
    if (entry) announce(`${entry.user}${entry.private ? ", only to you" : ""}: `
      + beginning(entry.text, TOAST_CHARS), { panel: "chat" });
  }

  #showControls() {
    if (!this.#call?.self) return;
    const audio = this.#media.isOn("audio");
    const camera = this.#media.isOn("camera");
    const screen = Boolean(this.#media.tracks.screen);
    const raised = this.#call.self.raisedAt > 0;

    dress($("toggle-audio"), audio
      ? { symbol: "mic", word: "Mute", label: "Mute microphone", shortcut: "Alt+M" }
      : { symbol: "mic-off", word: "Unmute", label: "Unmute microphone", shortcut: "Alt+M" });
    dress($("toggle-video"), camera
      ? { symbol: "camera", word: "Camera", label: "Camera off", shortcut: "Alt+V" }
      : { symbol: "camera-off", word: "Camera", label: "Camera on", shortcut: "Alt+V" });
    dress($("share-screen"), { symbol: "screen", word: screen ? "Stop" : "Share",
      label: screen ? "Stop sharing your screen" : "Share your screen", shortcut: "Alt+S" });
    dress($("raise-hand"), { symbol: "hand", word: raised ? "Lower" : "Hand",
      label: raised ? "Lower your hand" : "Hand up", shortcut: "Alt+H" });
    dress($("leave"), { symbol: "leave", word: "Leave", label: "Leave the meeting" });
    $("toggle-audio").classList.toggle("off", !audio);
    $("toggle-video").classList.toggle("off", !camera);
    $("share-screen").hidden = !LocalMedia.canShare;
    $("share-screen").setAttribute("aria-pressed", String(screen));
    $("raise-hand").setAttribute("aria-pressed", String(raised));
    this.#showParticipant(this.#call.self.id);
    this.#people.show();
  }
}
