// SPDX-License-Identifier: LGPL-2.1-or-later

// One stay in one meeting: who is there, what they say, what is sent. Knows no
// element of the page.
//
// Events: "joined"; "participant" (detail: {id, what}), what being "came",
// "changed", "raised" (a hand), "left", "streams" or "missing"; "chat" (detail: {entry} or
// {history: true});
// "server" (state of the way to the host: "open", "lost", "gone"); "meeting"
// (locked, host); "muted" (detail: {audio, video}, at the host's wish);
// "reaction" (detail: {id, reaction}); "notice" (detail: a sentence); "over" (detail:
// {kind: "left" or "failed", message, code, meetingId}); "channel" (detail: {id, label, open}); "file"
// (detail: {id, label, text or data}), what comes on the channels of files; "compare"
// (detail: {id, what} with {digits} or {reason}), what: an event of identity/compare.js.

import { Chat, parse } from "./chat.js";
import { Comparisons } from "./identity/compare.js";
import { IceGrants } from "./net/iceservers.js";
import { isEarlier } from "./ids.js";
import { Mesh } from "./net/mesh.js";
import { MissingWatch } from "./net/missing.js";
import { Participant } from "./participant.js";
import { Presence } from "./presence.js";
import { REACTIONS, REACTION_MS } from "./reactions.js";
import { Relay } from "./net/relay.js";
import { joinAgain, mayReturn } from "./net/returning.js";
import { Signalling } from "./net/signalling.js";
import { Talk } from "./view/talk.js";
import { Ways } from "./net/ways.js";
import { ALL_GONE, cleanName, forged, knownAs, refusal, refused, rejected, unmet } from "./view/words.js";

const EPOCHS_MAX = 16; // by which a successor's may exceed the last
const CLAIM_MS = 5000; // until this page must miss the host as well
const QUEUE_MS = 3000; // for a server that is asked for anew
const ENDED = "MEETING_ENDED";
const SILENT = "silent";
const AWAKE = "awake";
const GONE = new Set(["reconnecting", "trying", "lost", "unreached", "forged", "refused"]);

export class Call extends EventTarget {
  #signalling = null;
  #mesh = null;
  #ways = null; // by which media goes
  #media;
  #network;
  #identity = null; // by which this page signs (guest.js)
  #abort = new AbortController();
  #over = false;
  #wentOn = false; // others were reached when the server was lost
  #presence;
  #talk;
  iceGrants = new IceGrants(() => this.#askForIce());
  #missing;
  #outdated = ""; // why connections are to be made anew, once there is a server
  #queueUntil = 0; // what is said to one participant waits for the server
  #wish = null; // with what it has joined
  #meetingId = "";
  #epoch = 0; // of the host's last state
  relay = ""; // id of the host that is reached over its data channel
  #hostLeaving = false;
  #claim = null; // {id, message, at}: of who would host the meeting

  constructor(media, network) {
    super();
    this.#media = media;
    this.#network = network;
    this.#presence = new Presence(media, {
      sendAll: (message) => this.#sendAll(message),
      sendTo: (message) => this.#sendTo(message),
      changed: () => this.#changed(this.self.id),
    });
    this.participants = new Map();
    this.removed = new Map(); // id -> name of whom the host has removed
    this.chat = new Chat();
    this.compare = null;
    this.#talk = new Talk(this, {
      signs: () => this.#identity !== null,
      toChannel: (id, text) => Boolean(this.#mesh.get(id)?.sendMessage("chat", text)),
      toSignal: (id, message) => this.#mesh.get(id)?.sendMessage("signal", JSON.stringify(message)),
      heardBefore: (id) => this.#mesh.heardBefore(id),
      toServer: (message) => this.#signalling.send(message),
      emit: (type, detail) => this.#emit(type, detail),
    });
    this.self = null;
    this.meeting = "";
    this.hostId = "";
    this.moderatorId = "";
    this.locked = false;
    this.isPrivate = false; // with a PIN
    this.joinedAt = 0;
    this.server = "open";
    this.onTrack = ({ detail }) => this.#trackChanged(detail);
    this.onMedia = () => this.#tellPresence();
    this.onNetwork = ({ detail }) => this.#networkChanged(detail);
    this.#missing = new MissingWatch(this, (id) => this.#changed(id, "missing"));
    media.addEventListener("track", this.onTrack);
    media.addEventListener("changed", this.onMedia);
    network.addEventListener("changed", this.onNetwork);
  }

  // Whether this page came by an invitation of the host's.
  get isInvited() {
    return this.#identity !== null;
  }

  get isHost() {
    return this.self !== null && this.#obeys(this.self.id);
  }

  // The host, and whom the server or host names besides.
  #obeys(id) {
    return Boolean(id) && (id === this.hostId || id === this.moderatorId);
  }

  // Whoever may do what a host may, and is none.
  moderates(id) {
    return id !== this.hostId && id === this.moderatorId;
  }

  // The device of a host who is here by the page, and sends nothing itself.
  isMachine(id) {
    const { audio, video, presenting } = this.participants.get(id) || {};

    return id === this.hostId && this.participants.has(this.moderatorId)
      && this.moderatorId !== id && !audio && !video && !presenting;
  }

  // All but such a device.
  get people() {
    return [...this.participants.values()].filter(({ id }) => !this.isMachine(id));
  }

  #nameModerator(id) {
    this.moderatorId = typeof id === "string" ? id : "";
    for (const participant of this.participants.values())
      participant.setModerates(participant.id === this.moderatorId, this.participants.values());
  }

  get others() {
    return [...this.participants.values()].filter((p) => !p.self);
  }

  peer(id) {
    return this.#mesh?.get(id) || null;
  }

  // The connection whose streams are to be shown.
  shown(id) {
    return this.#ways?.shown(id) || null;
  }

  // Whether what is shown comes by the server, which could see and hear it.
  isByServer(id) {
    return this.shown(id)?.isByServer === true;
  }

  // What of a participant should arrive and does not: {audio, camera}.
  missing(id) {
    return this.#missing.of(id);
  }

  // The state of the connection to a participant (words.js, peerState()).
  stateOf(id) {
    if (this.participants.get(id)?.self) return "connected";
    return this.#ways.stateOf(id);
  }

  #emit(type, detail) {
    if (!this.#over) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #changed(id, what = "changed") {
    this.#emit("participant", { id, what });
  }

  // --- coming and going ---

  // Throws a SignallingError, or an AbortError after leave().
  async join({ meeting, user, pin, device, guest, own }) {
    this.#wish = { meeting, user, pin, device, guest, own };
    this.#enter(...await this.#takeSeat());
    this.#emit("joined");
    this.#tellPresence();
  }

  // Of the server: a Signalling, with what it granted and said.
  async #takeSeat() {
    const { meeting, user, pin, device, guest, own } = this.#wish;
    const signalling = new Signalling({ callType: "video", device });

    signalling.addEventListener("message", ({ detail }) => {
      if (signalling === this.#signalling) this.#take(detail);
    });
    signalling.addEventListener("state", () => {
      if (signalling === this.#signalling) this.#serverChanged();
    });
    return [signalling, await signalling.join(
      { meeting, user, pin, guest, own, signal: this.#abort.signal })];
  }

  #enter(signalling, { grant, welcome }) {
    const { meeting, user, device, guest } = this.#wish;

    this.#signalling = signalling;
    this.meeting = cleanName(welcome.meeting, meeting);
    this.hostId = welcome.host || "";
    this.locked = welcome.locked === true;
    this.#meetingId = welcome.meetingId || "";
    this.#epoch = Number(welcome.epoch) || 0;
    this.relay = "";
    this.joinedAt ||= Date.now();
    this.#identity = guest?.identity || null;
    this.self = new Participant({ id: welcome.id, user, device }, true);
    const ice = this.iceGrants.take(grant);
    this.#mesh = new Mesh({
      own: { identity: this.#identity, meetingId: welcome.meetingId, id: welcome.id,
        nonce: signalling.nonce },
      ice,
      tracks: this.#media.tracks,
      send: (message) => this.#sendTo(message),
      isOffline: () => this.#network.isOffline,
    });
    this.#ways = new Ways({ mesh: this.#mesh, ice, tracks: this.#media.tracks,
      own: { id: welcome.id, meetingId: welcome.meetingId },
      send: (message) => this.#signalling.send(message),
      sends: (id) => this.participants.get(id) });
    this.compare?.close();
    this.compare = new Comparisons({ self: welcome.id,
      printsOf: (id) => this.peer(id)?.prints ?? null,
      send: (id, message) => Boolean(this.peer(id)?.sendMessage("signal", JSON.stringify(message))) });
    this.#listenToComparisons(this.compare);
    this.#outdated = "";
    this.#presence.begin(this.self);
    this.again = (id) => this.#mesh.again(id);
    this.#listenToMesh(this.#mesh);
    this.#listenToWays(this.#ways);
    this.participants.set(this.self.id, this.self);
    for (const described of welcome.participants || []) this.#add(described, false);
    this.#nameModerator(welcome.moderator);
  }

  // The server has forgotten this seat. Once there is another one the others have other
  // ids, and nobody can say which of them is who: so they leave, and come.
  async #comeBack() {
    this.#setServer("lost");
    const seat = await joinAgain(() => this.#takeSeat(), Boolean(this.hostId),
      this.#abort.signal, this.#network);
    if (this.#over) {
      seat?.[0].close();
      return;
    }
    if (!seat) {
      this.#setServer("gone");
      this.#leaveIfAlone();
      return;
    }
    const before = this.self;
    for (const { id } of this.others) this.#remove(id);
    this.#ways.close();
    this.#mesh.close();
    this.participants.clear();
    this.#emit("participant", { id: before.id, what: "left", participant: before });
    this.#enter(...seat);
    this.self.raisedAt = before.raisedAt;
    this.#changed(this.self.id, "came");
    this.#setServer("open");
  }

  #add(described, offers) {
    const { id } = described;

    if (typeof id !== "string" || this.participants.has(id)) return;
    const participant = new Participant(described, false);
    participant.host = id === this.hostId;
    participant.tellApart(this.participants.values());
    this.participants.set(id, participant);
    this.#ways.add(described, offers);
    this.#changed(id, "came");
  }

  #remove(id, kicked) {
    const participant = this.participants.get(id);

    if (!participant || participant.self) return;
    if (kicked) this.removed.set(id, participant.user);
    this.#ways.remove(id);
    this.#missing.forget(id);
    this.#presence.forget(id);
    this.compare.forget(id);
    this.participants.delete(id);
    this.dispatchEvent(new CustomEvent("participant",
      { detail: { id, what: "left", participant, kicked } }));
    this.#leaveIfAlone();
  }

  // A goodbye to everybody; `left` comes only from here, `failed` only from
  // elsewhere. What was said goes before; whoever does not wait leaves at once.
  leave() {
    this.#talk.flush((rest) => this.#finish("left", `You have left the meeting.${rest}`));
  }

  // The page is going away: what can still be said, at once.
  unload() {
    this.#goodbye();
    this.#signalling?.close();
  }

  #goodbye() {
    if (this.#signalling?.state === "open") return;
    for (const peer of this.#mesh?.peers || [])
      peer.sendMessage("signal", JSON.stringify({ type: "bye" }));
  }

  // `bye`: what the goodbye to the server says besides; `code`: why, "" for the user's wish
  #finish(kind, message, bye = {}, code = "") {
    if (this.#over) return;
    this.#goodbye();
    this.#over = true;
    // first: what is given up says goodbye without a reason
    this.#signalling?.close(bye);
    this.#abort.abort();
    this.iceGrants.stop();
    this.#missing.stop();
    this.compare?.close();
    this.#ways?.close();
    this.#mesh?.close();
    this.#media.removeEventListener("track", this.onTrack);
    this.#media.removeEventListener("changed", this.onMedia);
    this.#network.removeEventListener("changed", this.onNetwork);
    this.dispatchEvent(new CustomEvent("over", { detail: { kind, message, code,
      meetingId: this.#meetingId } }));
  }

  // --- the way to the others ---

  // By the server; where that is lost, by the data channel, unless that is as likely to be.
  #sendTo(message) {
    const { state } = this.#signalling;
    const waits = state === "lost" && (performance.now() < this.#queueUntil
      || this.peer(message.to)?.isSilent);

    if (state === "open" || waits
        || !this.#mesh.sendDirect(message.to, JSON.stringify(message)))
      this.#signalling.send(message);
  }

  // Both ways: a socket that is quiet may be lost. What comes twice is no news.
  #sendAll(message) {
    for (const peer of this.#mesh.peers)
      peer.sendMessage("signal", JSON.stringify(message));
    this.#signalling.send(message);
  }

  #serverChanged() {
    const { state, error } = this.#signalling;
    const hosted = Boolean(this.hostId);
    // those who are connected to each other go on without their host
    const goesOn = hosted && error?.code === "DISCONNECTED" && this.reaches(this.hostId);

    // what happens before the welcome is told by join()
    if (!this.self || this.#over) return;
    if (state !== "over") {
      this.#setServer(state);
    } else if (error?.code === "KICKED") {
      this.#finish("left", error.message, {}, "KICKED");
    } else if (mayReturn(error, hosted) && !goesOn) {
      this.#comeBack();
    } else {
      this.#setServer("gone");
      this.#leaveIfAlone();
    }
  }

  #setServer(state) {
    if (this.server === state) return;
    this.server = state;
    this.#wentOn = this.reaches(this.hostId);
    this.#lookAtClaim();
    if (state === "open") this.#goOn();
    this.#emit("server", state);
    // nobody brings these back
    for (const { id } of this.others)
      if (this.server === "gone" && GONE.has(this.stateOf(id))) this.#remove(id);
  }

  // There is a way to everybody again.
  #goOn() {
    this.#tellPresence();
    this.iceGrants.look();
    this.#renewConnections();
  }

  // Without the host's server those who are connected stay, and nobody else
  // can come.
  #leaveIfAlone() {
    if (this.server !== "gone" || this.#over || this.reaches("")) return;
    if (this.#hostLeaving)
      this.#finish("left", "The host has left the meeting, and so have all others.", {}, ENDED);
    else this.#finish("failed", this.#wentOn ? ALL_GONE : refusal("DISCONNECTED"), {}, "DISCONNECTED");
  }

  // Whether this page is connected to anybody but `except`.
  reaches(except) {
    return this.others.some(({ id }) => id !== except
      && ["connected", "unsteady"].includes(this.stateOf(id)));
  }

  // --- another network ---

  #networkChanged({ slept }) {
    if (!this.self || this.#over) return;
    // it was busy only, or slept so shortly that nobody has missed it
    if (slept && this.others.length > 0
        && this.others.every(({ id }) => this.peer(id)?.isHeard)) return;
    this.#outdate(slept ? AWAKE : "network");
  }

  // Descriptions of new connections go by the server, which is to be reached first: the
  // channels of the old ones may lead nowhere.
  #outdate(reason) {
    this.#outdated = reason;
    if (reason !== SILENT) this.#queueUntil = performance.now() + QUEUE_MS;
    // a server that is waited for may be slow
    if (reason !== SILENT || this.#signalling.state === "open") this.#signalling.renew();
    if (this.server !== "lost") this.#renewConnections();
  }

  async #renewConnections() {
    const reason = this.#outdated;

    if (!reason) return;
    await this.#network.usable;
    if (this.#outdated !== reason || this.server === "lost" || this.#over) return;
    this.#outdated = "";
    this.#mesh.renewAll(reason, { silent: reason === SILENT, unheard: reason === AWAKE });
  }

  // The socket may lead nowhere either: it goes to the machine of the host, or nobody is
  // heard at all.
  #heardNothing(id) {
    if (id === this.hostId || this.others.every((other) => this.peer(other.id)?.isSilent ?? true))
      this.#outdate(SILENT);
    else
      this.#mesh.renew(id, SILENT);
  }

  // Whether it could be asked for other STUN and TURN servers.
  #askForIce() {
    if (this.#signalling.state !== "open") return false;
    this.#signalling.send({ type: "ice-servers" });
    return true;
  }

  // --- another host ---

  // Whether this page misses the host.
  #isWithoutHost() {
    return this.server !== "open" || this.#hostLeaving
      || GONE.has(this.stateOf(this.hostId)) || this.stateOf(this.hostId) === "unsteady";
  }

  // Another device says that it hosts the meeting now: right, where the host is missed
  // here as well. Whether `message` said so.
  #takeClaim(id, message) {
    if (message.type !== "meeting-state" || id === this.relay) return false;
    const { host, meetingId, epoch, roster } = message;
    const tie = epoch === this.#epoch && this.relay !== "" && isEarlier(id, this.relay);
    const newer = epoch > this.#epoch && epoch <= this.#epoch + EPOCHS_MAX;
    if (host !== id || meetingId !== this.#meetingId || !Number.isSafeInteger(epoch)
        || !(tie || newer) || !Array.isArray(roster) || !roster.includes(id)
        || !roster.includes(this.self.id) || !this.participants.get(id)?.deviceId) return true;
    this.#claim = { id, message, tie, at: performance.now() };
    this.#lookAtClaim();
    return true;
  }

  #lookAtClaim() {
    if (!this.#claim || this.#over) return;
    // of two that claimed it at a time the earlier is the host
    if (!this.#claim.tie && !this.#isWithoutHost()) return;
    const { id, message, at } = this.#claim;
    const participant = this.participants.get(id);

    this.#claim = null;
    if (!participant || performance.now() - at > CLAIM_MS) return;
    if (this.#signalling.state !== "open") this.#signalling.close();
    this.#signalling = new Relay((text) => this.#mesh.get(id)?.sendMessage("signal", text));
    this.relay = id;
    this.#hostLeaving = false;
    for (const other of this.others)
      if (!message.roster.includes(other.id)) this.#remove(other.id);
    this.#take(message);
    this.#setServer("open");
    this.#emit("notice", `${participant.user} hosts the meeting now, and this page reaches `
      + "others through that connection.");
  }

  #loseRelay() {
    this.relay = "";
    this.#signalling.lose();
    this.#setServer("gone");
    this.#lookAtClaim();
    this.#leaveIfAlone();
  }

  // --- what is said by the server and, in its place, by the others ---

  // Somebody does not meet this browser, or takes what it said for another's word; what
  // the host refuses besides ends the stay.
  #takeRefusal({ from, code }) {
    const participant = this.participants.get(from);
    if (!participant || participant.self || this.#mesh.yield(from)) return;
    const { host, user } = participant;
    if (refused(code, user) && this.#mesh.refused(from)) {
      this.#emit("notice", refused(code, user));
    } else if (!host) {
      const gone = unmet(code, user);
      if (gone) this.#remove(from);
      this.#emit("notice", gone || rejected(code, user));
    }
  }

  #take(message) {
    switch (message.type) {
      case "participant-joined":
        if (this.self && isEarlier(this.self.id, String(message.id))) {
          this.#add(message, true);
          this.#presence.tellTo(message.id);
        }
        break;
      case "participant-left":
        this.#remove(message.id, message.code === "KICKED");
        break;
      case "participant-state":
        this.#takeState(message);
        break;
      case "error":
        this.#takeRefusal(message);
        break;
      case "meeting-state":
        this.#takeMeeting(message);
        break;
      case "chat":
        this.#talk.takeFromServer(message);
        break;
      case "ice-servers":
        this.#ways.setIce(this.iceGrants.take(message));
        break;
      case "sfu":
        this.#ways.take(message);
        break;
      case "bye":
        if (message.from === this.hostId) this.#end("The host has ended the meeting.");
        break;
      default:
        this.#takeFrom(message);
    }
  }

  #end(message) {
    this.#finish("left", message, {}, ENDED);
  }

  #takeFrom(message) {
    const participant = this.participants.get(message.from);

    if (!participant || participant.self) return;
    switch (message.type) {
      case "offer":
      case "answer":
      case "candidate":
      case "restart":
        this.#mesh.take(message);
        break;
      case "sfu-heard":
        this.#ways.takeHeard(message);
        break;
      case "presence":
        participant.takePresence(message);
        this.#changed(participant.id);
        break;
      case "hand":
        this.#takeHand(participant, message.raised === true);
        break;
      case "reaction":
        this.#takeReaction(participant, message.reaction);
        break;
      case "kick":
        // else the server closes the socket
        if (this.relay && this.#obeys(message.from))
          this.#finish("left", refusal("KICKED"), {}, "KICKED");
        break;
      case "mute-request":
        if (this.#obeys(message.from)) this.#takeMuteRequest(message);
        break;
      default:
        break;
    }
  }

  // One that names neither means both.
  #takeMuteRequest({ audio, video }) {
    const both = typeof audio !== "boolean" && typeof video !== "boolean";

    this.#emit("muted", { audio: both || audio === true, video: both || video === true });
  }

  #takeState({ id, state, trust, voucher }) {
    const participant = this.participants.get(id);

    if (!participant) return;
    participant.detached = state === "detached";
    if (trust) Object.assign(participant, knownAs(trust, voucher));
    this.#changed(id);
  }

  #takeMeeting(message) {
    const wasLocked = this.locked;

    if (typeof message.host === "string") this.hostId = message.host;
    if (Number.isSafeInteger(message.epoch)) this.#epoch = message.epoch;
    for (const participant of this.participants.values())
      participant.host = participant.id === this.hostId;
    this.#nameModerator(message.moderator);
    this.locked = message.locked === true;
    this.isPrivate = message.private === true;
    if (message.state === "ended") {
      this.#end("The host has ended the meeting.");
      return;
    }
    if (this.locked !== wasLocked)
      this.#emit("notice", this.locked ? "The host has locked the meeting."
        : "The meeting is open again.");
    this.#emit("meeting");
  }

  #takeHand(participant, raised) {
    if (raised === participant.raisedAt > 0) return;
    participant.raisedAt = raised ? Date.now() : 0;
    this.#changed(participant.id, raised ? "raised" : "changed");
  }

  // Of one in a short time the others are not shown.
  #takeReaction(participant, reaction) {
    const now = performance.now();

    if (!REACTIONS.has(reaction) || now - participant.reactedAt < REACTION_MS) return false;
    participant.reactedAt = now;
    this.#emit("reaction", { id: participant.id, reaction });
    return true;
  }

  #listenToMesh(mesh) {
    const on = (type, func) => mesh.addEventListener(type,
      ({ detail }) => { if (!this.#over && mesh === this.#mesh) func(detail); });

    on("state", ({ id }) => this.#connectionChanged(id));
    on("streams", ({ id }) => this.#changed(id, "streams"));
    on("silent", ({ id }) => this.#heardNothing(id));
    on("channel", ({ id, label, open }) => {
      if (label === "signal" && open) this.#talk.startAcks(id);
      if (label === "signal" && open && this.#signalling.state !== "open")
        this.#presence.tellTo(id);
      if (label === "chat" && open) this.#talk.channelOpened(id);
      this.#emit("channel", { id, label, open });
    });
    on("forged", ({ id, error }) => {
      const participant = this.participants.get(id);
      if (participant) this.#emit("notice", forged(error.code, participant.user));
    });
    on("message", (detail) => {
      const { id, label, text } = detail;
      if (label === "chat") this.#talk.take(id, parse(text));
      else if (label === "signal") this.#takeDirect(id, text);
      else this.#emit("file", detail);
    });
  }

  #listenToComparisons(compare) {
    for (const type of ["asked", "digits", "differs", "failed"])
      compare.addEventListener(type, ({ detail }) => {
        if (compare !== this.compare) return;
        this.#emit("compare", { ...detail, what: type });
        if (type === "differs") this.#changed(detail.id);
      });
  }

  // How sure it is who a participant is (words.js, trustOf()).
  trustOf(id) {
    const { trust, voucher, forgedChat } = this.participants.get(id);
    const compared = this.compare.resultOf(id);
    const isAlarm = compared === "different" || forgedChat || this.stateOf(id) === "forged";

    return { trust, voucher, compared, isAlarm };
  }

  // The two have compared digits, which were the `same`; null: not now.
  answerCompared(id, same) {
    this.compare.answer(id, same);
    this.#changed(id);
  }

  #listenToWays(ways) {
    const on = (type, func) => ways.addEventListener(type,
      ({ detail }) => { if (!this.#over && ways === this.#ways) func(detail.id); });

    on("changed", (id) => this.#changed(id, "streams"));
    on("heard", (id) => this.#connectionChanged(id));
  }

  #connectionChanged(id) {
    const state = this.stateOf(id);

    if (state === "connected" && !this.#presence.knows(id)) this.#presence.tellTo(id);
    if (state === "connected")
      this.#signalling.send({ type: "participant-state", state: "connected" });
    // silent, and on the same machine as the server
    if (state === "reconnecting" && id === this.hostId) this.#signalling.renew();
    this.#changed(id, "streams");
    this.#lookAtClaim();
    if (id === this.relay && GONE.has(state)) this.#loseRelay();
    if (this.server === "gone" && GONE.has(state)) this.#remove(id);
  }

  // Over the channel `signal`, where `from` is whose channel it is.
  #takeDirect(id, text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (message === null || typeof message !== "object") return;
    if (this.#takeClaim(id, message)) return;
    if (message.type === "ack") this.#talk.takeAck(id, message.id);
    else if (message.type === "compare") this.compare.take(id, message);
    else if (message.type === "bye" && message.reason === "hand-over") {
      this.#hostLeaving ||= id === this.hostId;
      this.#lookAtClaim();
    } else if (id === this.relay) this.#take(message);
    else if (message.type !== "bye") this.#takeFrom({ ...message, from: id });
    else if (this.server !== "open") this.#remove(id); // else the server says it, and why
  }

  say(text, to) {
    return this.#talk.say(text, to);
  }

  // --- of oneself ---

  #tellPresence() {
    if (!this.#over) this.#presence.tell();
  }

  #trackChanged({ name, track }) {
    this.#ways?.setTrack(name, track);
    this.#tellPresence();
    if (this.self) this.#changed(this.self.id, "streams");
  }

  raiseHand(raised) {
    this.#presence.raiseHand(raised);
  }

  react(reaction) {
    if (this.#takeReaction(this.self, reaction)) this.#sendAll({ type: "reaction", reaction });
  }

  // --- the host's ---

  muteOther(id) {
    this.#signalling.send({ type: "mute-request", to: id, audio: true });
  }

  kick(id) {
    this.#signalling.send({ type: "kick", to: id });
  }

  unban(id) {
    this.#signalling.send({ type: "unban", id });
    this.removed.delete(id);
  }

  lock(locked) {
    this.#signalling.send({ type: "lock", locked });
  }

  // What is not said to the server now is not said: a goodbye is final.
  get canEnd() {
    return this.isHost && this.hostId !== "" && this.server === "open" && !this.#over;
  }

  end() {
    if (this.canEnd)
      this.#finish("left", "You have ended the meeting for all.", { reason: "ended" }, ENDED);
  }
}
