// SPDX-License-Identifier: LGPL-2.1-or-later

// One user of a server of calls (protocol/calls.md): one call at a time, and the
// connection to the other. What flows in a call needs no server; when that is lost the
// user comes back to it. Knows nothing of a page.
//
// Events: "changed", "ringing", "missed" (detail: {name, id}), "over" (detail: a
// sentence), "users" (detail: {users: [{id, name, busy}], more}, who is online besides,
// or null), "refused" (detail: {code, message}), "streams" (detail: {audio, video}).

import { arrivals } from "./arrivals.js";
import { IceGrants } from "./iceservers.js";
import { Missing } from "./missing.js";
import { connectionOf } from "./sdp.js";
import { cleanName } from "../view/words.js";

const RETRY_MS = [500, 1000, 2000, 4000];
const CLOSED_MS = 1500; // until which the server may say why a connection was closed
const CANDIDATES_MAX = 64; // of one that rings
const COUNT_MS = 1000; // between two looks at what has come
const LOST_MS = 2000; // that a connection is lost until another one is made
const ANSWERED_MS = 6000; // until another connection is answered
const RENEWED_MS = 15000; // until it stands
const USERS_MS = 5000; // between two looks at who is online
const USERS_MAX = 100; // that are shown

const REASONS = {
  offline: "is not there",
  busy: "has another call",
  timeout: "does not answer",
};

export class PhoneLine extends EventTarget {
  #media;
  #socket = null;
  #user = ""; // "" while nobody is to be there
  #registered = false;
  #grants = new IceGrants(() => this.#askForIce());
  #ice = {}; // of RTCConfiguration, as the server names it
  #attempts = 0;
  #timer = 0;
  #owed = null; // {id, other} of a call that ended while there was no server
  #usersTimer = setInterval(() => this.#askForUsers(), USERS_MS);
  #turn = Promise.resolve(); // one message after another: an answer takes its time

  call = null; // {id, other, name, kind, outgoing, answered, connected, began, …}

  constructor(media, network) {
    super();
    this.#media = media;
    network.addEventListener("changed", () => this.#hurry());
    media.addEventListener("track", ({ detail }) => this.#replace(detail));
  }

  get user() {
    return this.#user;
  }

  get registered() {
    return this.#registered;
  }

  #changed() {
    this.dispatchEvent(new Event("changed"));
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // --- the server ---

  signIn(user) {
    this.#user = user;
    this.#attempts = 0;
    this.#open();
  }

  signOut() {
    if (this.call && !this.call.outgoing && !this.call.answered) this.decline();
    else if (this.call) this.hangUp();
    this.#user = "";
    clearTimeout(this.#timer);
    this.#grants.stop();
    this.#socket?.close(1000);
    this.#socket = null;
    this.#registered = false;
    this.#changed();
  }

  // There is another network: a server that is waited for is not, and one that is there
  // may be so no more.
  #hurry() {
    const { call } = this;

    if (!this.#user || (call && !call.answered && this.#socket)) return;
    clearTimeout(this.#timer);
    if (call) {
      call.outdated = true;
      this.#dropNext(call);
    }
    if (this.#socket) {
      this.#socket.onmessage = this.#socket.onclose = null;
      // a goodbye would end the call, in which the next one takes its place
      if (!call) this.#socket.close(1000);
      this.#attempts = Math.max(this.#attempts, 1);
    }
    this.#registered = false;
    this.#open();
  }

  // Whether it could be asked for other STUN and TURN servers.
  #askForIce() {
    if (this.#registered)
      this.#send({ type: "register", userId: this.#user, username: this.#user });
    return this.#registered;
  }

  #open() {
    const going = this.#owed || (this.call?.answered ? this.call : null);
    const url = new URL(".", location.href);
    // of a server that admits those alone who have one
    const token = new URLSearchParams(location.search).get("token");

    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    if (token) url.searchParams.set("token", token);
    url.searchParams.set("userId", this.#user);
    url.searchParams.set("username", this.#user);
    // the server may have begun anew, and know of no call
    if (going) {
      url.searchParams.set("toId", going.other);
      url.searchParams.set("callId", going.id);
    }
    const socket = this.#socket = new WebSocket(url);
    socket.onmessage = ({ data }) => {
      this.#turn = this.#turn.then(() => this.#take(JSON.parse(data)))
        .catch((error) => this.#fail(error));
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.#lost();
    };
  }

  #lost() {
    this.#socket = null;
    this.#registered = false;
    this.#tell("users", null);
    if (this.call && !this.call.answered)
      this.#over("The connection to the server was lost.");
    const ms = RETRY_MS[Math.min(this.#attempts++, RETRY_MS.length - 1)];
    this.#timer = setTimeout(() => this.#open(), ms);
    this.#changed();
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #fail(error) {
    console.error(error);
    if (this.call) this.hangUp("The call has failed.");
  }

  async #take(message) {
    const call = this.call?.id === message.callId ? this.call : null;

    switch (message.type) {
      case "registered": this.#takeRegistered(message); break;
      case "call-offer":
        if (call?.answered && call.other === message.fromId) await this.#takeAnew(call, message);
        else this.#takeOffer(message);
        break;
      case "call-answer":
        if (call) await this.#takeAnswer(call, message);
        break;
      case "ice-candidate":
        if (call) await this.#takeCandidate(call.next || call, message);
        break;
      case "call-reject":
        if (call) this.#over(`${call.name} has declined.`);
        break;
      case "call-end":
        if (call) this.#takeEnd(call);
        break;
      case "call-failed":
        if (call) this.#over(`${call.name} ${REASONS[message.reason] || "is not reached"}.`);
        break;
      case "users": this.#takeUsers(message); break;
      case "error": this.#takeError(message); break;
      default: break;
    }
  }

  #takeRegistered(message) {
    this.#ice = this.#grants.take(message);
    this.call?.pc?.setConfiguration?.(this.#ice);
    this.#registered = true;
    this.#attempts = 0;
    if (this.#owed) this.#send({ type: "call-end", toId: this.#owed.other, callId: this.#owed.id });
    this.#owed = null;
    this.#changed();
    this.#askForUsers();
    if (this.call?.outdated) this.#renew(this.call);
  }

  // --- who is online ---

  // A server that does not tell answers with an error, which is none here.
  #askForUsers() {
    if (this.#registered && !this.call && !document.hidden) this.#send({ type: "users" });
  }

  #takeUsers({ users, more }) {
    if (!Array.isArray(users)) return;
    const shown = users.filter((one) => typeof one?.userId === "string" && one.userId !== "")
      .slice(0, USERS_MAX).map(({ userId, username, busy }) => ({ id: userId,
        name: cleanName(username, "") || cleanName(userId, "Somebody"), busy: busy === true }));
    this.#tell("users", { users: shown, more: Number.isSafeInteger(more) && more > 0 ? more : 0 });
  }

  // A server that has not missed the lost connection yet takes its user for another one.
  #takeError({ code, message }) {
    if (this.#registered) {
      if (code === "RATE_LIMITED" && this.call?.outgoing && !this.call.answered)
        this.#over("Too many calls. Wait a moment.");
      return;
    }
    if (this.call || this.#attempts > 0) {
      this.#socket?.close();
      return;
    }
    this.#tell("refused", { code, message });
    this.signOut();
  }

  // --- calls ---

  #begin(fields) {
    this.call = { candidates: [], answered: false, connected: false, ...fields };
    this.#changed();
    return this.call;
  }

  // Calls `other`, who is named so here, with a picture ("video") or without ("audio").
  async dial(other, kind, name = other) {
    if (this.call || !this.#registered) return;
    const call = this.#begin({ id: `call_${crypto.randomUUID()}`, other, name, kind,
      outgoing: true });

    await this.#openMedia(call);
    if (this.call !== call) return;
    const pc = this.#connect(call);
    for (const name of kind === "video" ? ["audio", "camera"] : ["audio"]) {
      const { sender } = pc.addTransceiver(name === "audio" ? "audio" : "video",
        { direction: "sendrecv", streams: [call.own] });
      call.senders[name] = sender;
      await sender.replaceTrack(this.#media.tracks[name]);
    }
    const offer = await pc.createOffer();
    if (this.call !== call) return;
    this.#send({ type: "call-offer", toId: other, callId: call.id,
      offer: { type: offer.type, sdp: offer.sdp }, callType: kind, fromUsername: this.#user });
    await pc.setLocalDescription(offer);
  }

  #takeOffer({ callId, fromId, fromUsername, callType, offer }) {
    const crosses = this.call?.outgoing && this.call.other === fromId && !this.call.answered;

    if (this.call?.answered)
      this.#send({ type: "call-reject", toId: fromId, callId, reason: "busy" });
    // of two who call each other the lower id lives
    if (this.call && !(crosses && callId < this.call.id)) return;
    if (crosses) this.#end();
    this.#begin({ id: callId, other: fromId, name: fromUsername || fromId, kind: callType, offer,
      outgoing: false });
    if (crosses) this.accept(callType).catch((error) => this.#fail(error));
    else this.#tell("ringing");
  }

  // "audio": without a picture of one's own.
  async accept(kind) {
    const { call } = this;

    if (!call || call.outgoing || call.answered) return;
    call.answered = true;
    call.kind = call.kind === "audio" ? "audio" : kind;
    this.#changed();
    await this.#openMedia(call);
    if (this.call !== call) return;
    await this.#answer(call, call, call.offer);
  }

  // By a connection that is made: the first one of a call, or one more.
  async #answer(call, way, offer) {
    const pc = this.#connect(call, way);

    await pc.setRemoteDescription(offer);
    for (const transceiver of pc.getTransceivers()) {
      const name = transceiver.receiver.track.kind === "audio" ? "audio" : "camera";
      transceiver.direction = "sendrecv";
      transceiver.sender.setStreams(call.own);
      way.senders[name] = transceiver.sender;
      await transceiver.sender.replaceTrack(
        name === "audio" || call.kind === "video" ? this.#media.tracks[name] : null);
    }
    const answer = await pc.createAnswer();
    if (this.call !== call) return;
    this.#send({ type: "call-answer", toId: call.other, callId: call.id,
      answer: { type: answer.type, sdp: answer.sdp } });
    call.theirs = connectionOf(offer.sdp);
    await pc.setLocalDescription(answer);
    await this.#addCandidates(way);
  }

  async #takeAnswer(call, { answer }) {
    const way = call.next || call;

    if (way.pc?.signalingState !== "have-local-offer") return;
    call.answered = true;
    await way.pc.setRemoteDescription(answer);
    call.theirs = connectionOf(answer.sdp);
    if (way === call.next) this.#setDeadline(call, RENEWED_MS);
    await this.#addCandidates(way);
    this.#changed();
  }

  async #takeCandidate(way, { candidate }) {
    if (way.candidates.length >= CANDIDATES_MAX) return;
    way.candidates.push(candidate);
    await this.#addCandidates(way);
  }

  // Of two that make another connection at once the caller goes first.
  async #takeNext(call, offer) {
    if (call.next?.pc.signalingState === "have-local-offer" && call.outgoing) return;
    this.#dropNext(call);
    call.next = { candidates: [], senders: {} };
    this.#setDeadline(call, RENEWED_MS);
    await this.#answer(call, call.next, offer);
  }

  async #takeAnew(call, { offer }) {
    const name = connectionOf(offer.sdp);

    if (name && call.theirs && name !== call.theirs) await this.#takeNext(call, offer);
    else await this.#takeChange(call, offer);
  }

  // In the connection there is: the other has another camera, or none.
  async #takeChange(call, offer) {
    const { pc, remote } = call;

    await pc.setRemoteDescription(offer);
    const answer = await pc.createAnswer();
    if (this.call !== call) return;
    this.#send({ type: "call-answer", toId: call.other, callId: call.id,
      answer: { type: answer.type, sdp: answer.sdp } });
    await pc.setLocalDescription(answer);
    for (const { currentDirection, receiver: { track } } of pc.getTransceivers()) {
      if (!["sendrecv", "recvonly"].includes(currentDirection))
        remote[track.kind].removeTrack(track);
    }
    this.#tell("streams", remote);
    await this.#addCandidates(call);
  }

  async #addCandidates({ pc, candidates }) {
    if (!pc?.remoteDescription) return;
    for (const candidate of candidates.splice(0)) await pc.addIceCandidate(candidate);
  }

  #takeEnd(call) {
    if (!call.outgoing && !call.answered) {
      this.#tell("missed", { id: call.other, name: call.name });
      this.#over(`You have missed a call of ${call.name}.`);
    } else {
      this.#over(`${call.name} has ended the call.`);
    }
  }

  decline() {
    const { call } = this;

    if (!call || call.outgoing || call.answered) return;
    this.#send({ type: "call-reject", toId: call.other, callId: call.id });
    this.#over("You have declined.");
  }

  hangUp(sentence = "The call is over.") {
    const { call } = this;

    if (!call) return;
    if (this.#registered)
      this.#send({ type: "call-end", toId: call.other, callId: call.id });
    else if (call.answered)
      this.#owed = { id: call.id, other: call.other };
    this.#over(sentence);
  }

  #over(sentence) {
    this.#end();
    this.#tell("over", sentence);
    this.#changed();
    this.#askForUsers();
  }

  // --- another connection ---

  // What is lost is made anew; when nobody answers, the call is over.
  #setDeadline(call, ms) {
    clearTimeout(call.deadline);
    call.deadline = setTimeout(() => {
      if (this.call !== call) return;
      this.#dropNext(call);
      if (call.pc.connectionState !== "connected")
        this.hangUp("The connection between you has failed.");
    }, ms);
  }

  #dropNext(call) {
    call.next?.pc?.close();
    call.next = null;
  }

  // Beside the one in use, which goes on until the new one stands.
  #renew(call) {
    this.#turn = this.#turn.then(() => this.#offerNext(call)).catch((error) => this.#fail(error));
  }

  async #offerNext(call) {
    if (this.call !== call || !call.answered || call.next) return;
    call.outdated = !this.#registered;
    if (call.outdated) return;
    const next = call.next = { candidates: [], senders: {} };
    const pc = this.#connect(call, next);

    this.#setDeadline(call, ANSWERED_MS);
    for (const { receiver, sender } of call.pc.getTransceivers()) {
      const { kind } = receiver.track;
      const transceiver = pc.addTransceiver(kind, { direction: "sendrecv", streams: [call.own] });
      next.senders[kind === "audio" ? "audio" : "camera"] = transceiver.sender;
      await transceiver.sender.replaceTrack(sender.track);
    }
    const offer = await pc.createOffer();
    if (this.call !== call || call.next !== next) return;
    this.#send({ type: "call-offer", toId: call.other, callId: call.id,
      offer: { type: offer.type, sdp: offer.sdp }, callType: call.kind,
      fromUsername: this.#user });
    await pc.setLocalDescription(offer);
  }

  #switchOver(call) {
    const { pc: old } = call;

    clearTimeout(call.deadline);
    Object.assign(call, call.next, { next: null });
    old.close();
    for (const name of Object.keys(call.senders))
      if (name === "audio" || call.kind === "video")
        call.senders[name].replaceTrack(this.#media.tracks[name]).catch(() => {});
    this.#tell("streams", call.remote);
  }

  // The server may be lost with the network, and not know it yet.
  #lostConnection(call) {
    clearTimeout(call.lost);
    call.lost = setTimeout(() => {
      if (this.call === call && call.answered && !call.next
          && call.pc.connectionState !== "connected") this.#hurry();
    }, call.pc.connectionState === "failed" ? 0 : LOST_MS);
    this.#setDeadline(call, LOST_MS + ANSWERED_MS);
  }

  #end() {
    clearInterval(this.call.counting);
    clearTimeout(this.call.deadline);
    clearTimeout(this.call.lost);
    this.#dropNext(this.call);
    this.call.pc?.close();
    this.call = null;
    this.#media.stop();
  }

  // --- media ---

  // What cannot be had is no reason not to hear the other.
  async #openMedia(call) {
    call.own = new MediaStream();
    call.senders = {};
    try {
      await this.#media.start({ audio: true, camera: call.kind === "video" });
    } catch (error) {
      call.note = error.message;
    }
  }

  #replace({ name, track }) {
    for (const way of [this.call, this.call?.next])
      way?.senders?.[name]?.replaceTrack(track).catch(() => {});
  }

  // Who ends a call by closing its connection need not say so by the server.
  #watchTransport(call) {
    const { pc } = call;
    const { transport } = pc.getReceivers().find((r) => r.transport) ?? {};

    if (!transport) return;
    transport.onstatechange = () => {
      if (transport.state !== "closed") return;
      setTimeout(() => {
        if (this.call === call && call.pc === pc && !call.next) this.hangUp(`${call.name} has ended the call.`);
      }, CLOSED_MS);
    };
  }

  // Sound is sent whatever the user does with it; of a camera nobody says that it is off.
  #lookForMissing(call) {
    const { pc } = call;
    const way = { arrived: arrivals([]),
      receives: (name) => pc.getTransceivers().some(({ currentDirection, receiver }) =>
        /recv/.test(currentDirection ?? "")
        && receiver.track.kind === (name === "audio" ? "audio" : "video")) };

    call.missing ??= new Missing();
    clearInterval(call.counting);
    call.counting = setInterval(async () => {
      const mid = (kind) => pc.getTransceivers().find(({ receiver }) =>
        receiver.track.kind === kind)?.mid;
      way.arrived = arrivals([...(await pc.getStats()).values()], [mid("audio"), mid("video")]);
      const isUp = pc.connectionState === "connected";
      if (this.call === call && call.missing.look(isUp ? way : null, { audio: true, video: true },
        performance.now())) this.#changed();
    }, COUNT_MS);
  }

  // `way`: the call itself, or the connection that is made beside the one in use.
  #connect(call, way = call) {
    const pc = way.pc = new RTCPeerConnection(this.#ice);

    pc.onicecandidate = ({ candidate }) => {
      if (candidate && this.call === call && (call.next || call).pc === pc) {
        this.#send({ type: "ice-candidate", toId: call.other, candidate: {
          candidate: candidate.candidate, sdpMLineIndex: candidate.sdpMLineIndex,
          sdpMid: candidate.sdpMid } });
      }
    };
    // apart: an element waits for the first picture, which may never come
    const remote = way.remote = { audio: new MediaStream(), video: new MediaStream() };
    pc.ontrack = ({ track }) => {
      remote[track.kind].addTrack(track);
      if (this.call === call && call.pc === pc) this.#tell("streams", remote);
    };
    pc.onconnectionstatechange = () => {
      const { connectionState } = pc;

      if (this.call !== call) return;
      if (call.next?.pc === pc && connectionState === "connected") this.#switchOver(call);
      if (call.pc !== pc) return;
      if (connectionState === "connected") {
        clearTimeout(call.lost);
        if (!call.next) clearTimeout(call.deadline);
        call.connected = true;
        call.began ??= Date.now();
        this.#lookForMissing(call);
        this.#watchTransport(call);
      } else if (["disconnected", "failed"].includes(connectionState) && !call.next) {
        this.#lostConnection(call);
      }
      this.#changed();
    };
    return pc;
  }
}
