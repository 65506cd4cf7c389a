// SPDX-License-Identifier: LGPL-2.1-or-later

// Whose media a connection carries: offers, answers and restarts of whoever has a key
// are signed, and checked before a connection hears of them. A Pair is what two
// participants know of each other, a MediaSession one connection of theirs.

import { base64, readBase64 } from "../bytes.js";
import { Forged } from "../view/forged.js";
import { CLOCK_SKEW, signMedia, verifyMedia } from "./mediaidentity.js";
import { MessageKeys, makeEphemeral } from "./messagekeys.js";
import { signOffer, verifyOffer } from "../transfer/offersignature.js";

const NONCE_SIZE = 16; // bytes
export const RESTARTS_MAX = 8; // under way at once; of more, the oldest are lost
export const SETTLED_MAX = 8; // signed connections that a restart may refer to
export const REPLAY_MAX = 1024; // identities remembered until they expire

const now = () => Math.floor(Date.now() / 1000);
const readNonce = (text) => readBase64(text, NONCE_SIZE);

export class Pair {
  #taken = new Map(); // hash of what was signed -> when it expires

  // `identity`: {key, spki, deviceId}, or null for a page without a key; `id`, `nonce`
  // and those of `other` as told at their coming.
  constructor({ identity, meetingId, id, nonce }, other) {
    this.identity = identity;
    this.meetingId = meetingId;
    this.own = { device: identity?.deviceId || "", id, nonce: readNonce(nonce) };
    this.other = { device: typeof other.deviceId === "string" ? other.deviceId : "",
      id: other.id, nonce: readNonce(other.nonce) };
    this.next = []; // nonces that restarts have told, the oldest first
    // What a restart may refer to, each {session, generation, sdp, otherSdp}: the last that
    // both have signed, the newest last, and the last that was established.
    this.settled = [];
    this.established = null;
  }

  get hasNonces() {
    return Boolean(this.own.nonce && this.other.nonce);
  }

  // Whether the other's word can be told from another's: not on a page that is not
  // secure.
  get checks() {
    return this.other.device !== "" && Boolean(crypto.subtle);
  }

  // Each identity is taken once.
  accept({ hash, expires }) {
    if (this.#taken.has(hash))
      throw new Forged("SIGNATURE", "What signs it came before: somebody sends it again");
    for (const [old, end] of this.#taken)
      if (end < now() - CLOCK_SKEW) this.#taken.delete(old);
    if (this.#taken.size >= REPLAY_MAX)
      throw new Forged("RATE_LIMITED", "Too many offers and answers came");
    this.#taken.set(hash, expires);
  }

  settle(both) {
    this.settled.push(both);
    if (this.settled.length > SETTLED_MAX) this.settled.shift();
  }

  #restartOf(own, { session, generation, sdp, otherSdp }, nonce) {
    const [from, to] = own ? [this.own, this.other] : [this.other, this.own];

    return { role: "restart", meetingId: this.meetingId, from: { ...from, nonce }, to, session,
      generation, sdp: own ? sdp : otherSdp };
  }

  // What a request for a new offer has besides: nothing where no connection was signed.
  // Whoever offers may never have taken this page's answer, but has where the connection
  // was established.
  async signRestart() {
    const both = this.established || this.settled.at(-1);

    if (!this.identity || !both) return {};
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_SIZE));
    const { spki } = await makeEphemeral();
    const identity = await signMedia(this.identity, this.#restartOf(true, both, nonce), spki,
      now());

    this.next.push(nonce);
    if (this.next.length > RESTARTS_MAX) this.next.shift();
    return { nonce: base64(nonce), identity };
  }

  // By whichever connection both know of: which one it is by is not told. Throws the last
  // Forged.
  async #verifyRestart(identity, nonce) {
    const known = [...this.settled, this.established].filter(Boolean).reverse();
    let why;

    for (const both of known) {
      try {
        return await verifyMedia(identity, this.#restartOf(false, both, nonce), now());
      } catch (error) {
        if (!(error instanceof Forged)) throw error;
        why = error;
      }
    }
    throw why;
  }

  // Whether the other's request for a new offer is to be taken. Throws a Forged where
  // somebody must have forged it: while no connection was established the other may have
  // signed what this page has not.
  async checkRestart({ nonce, identity }) {
    if (!this.checks || !this.identity) return true;
    if (this.settled.length === 0) return false;
    const renewed = readNonce(nonce);
    if (!renewed)
      throw new Forged("SIGNATURE", "It asks for another connection and does not sign that");
    let read;
    try {
      read = await this.#verifyRestart(identity, renewed);
    } catch (error) {
      if (!this.established && identity && error.code === "SIGNATURE") return false;
      throw error;
    }
    this.accept(read);
    this.other.nonce = renewed;
    return true;
  }
}

export class MediaSession {
  #pair;
  #session;
  #generation;
  #nonces = null; // {own, other} of the offer, and so of its answer
  #ephemeral = null;
  #offer = ""; // its identity, whoever made it
  #sdp = "";
  #checked = null; // {sdp, identity, ek, key}: what was found to be the other's word
  #keys = null;

  constructor(pair, { session, generation }) {
    this.#pair = pair;
    this.#session = typeof session === "string" ? session : "";
    this.#generation = Math.max(generation, 0);
  }

  #binding(role, own, sdp) {
    const { meetingId } = this.#pair;
    const here = { ...this.#pair.own, nonce: this.#nonces.own };
    const there = { ...this.#pair.other, nonce: this.#nonces.other };

    return { role, meetingId, from: own ? here : there, to: own ? there : here,
      session: this.#session, generation: this.#generation, sdp,
      offer: role === "answer" ? this.#offer : "" };
  }

  #takeNonces() {
    if (!this.#pair.hasNonces)
      throw new Forged("BAD_MESSAGE", "It has told no nonce at its coming");
    this.#nonces = { own: this.#pair.own.nonce, other: this.#pair.other.nonce };
  }

  async #settle(offerer, answer) {
    this.#keys = await MessageKeys.derive({ own: this.#ephemeral, ek: this.#checked.ek, offerer,
      offer: this.#offer, answer });
    this.#pair.settle(this.#signed);
  }

  get #signed() {
    return { session: this.#session, generation: this.#generation, sdp: this.#sdp,
      otherSdp: this.#checked.sdp };
  }

  // DTLS has connected the two by what they have signed here.
  setEstablished() {
    if (this.isSigned) this.#pair.established = this.#signed;
  }

  // The identity for a description of this page; "" where there is none.
  async sign(role, sdp) {
    const { identity, other, hasNonces } = this.#pair;
    const offer = role === "offer";

    if (!identity || (!other.device && (!hasNonces || !offer))) return "";
    if (offer) this.#takeNonces();
    this.#ephemeral ||= await makeEphemeral();
    const text = await signMedia(identity, this.#binding(role, true, sdp), this.#ephemeral.spki,
      now());
    this.#sdp = sdp;
    if (offer) this.#offer = text;
    else await this.#settle(false, text);
    return text;
  }

  // An offer may be by the nonce that one of the restarts has told.
  async #verifyOffer(binding, identity) {
    const { next, own } = this.#pair;

    for (let i = next.length - 1; i >= 0; i--) {
      try {
        const read = await verifyMedia(identity,
          { ...binding, to: { ...binding.to, nonce: next[i] } }, now());
        own.nonce = next[i];
        next.splice(0, i + 1);
        this.#takeNonces();
        return read;
      } catch (error) {
        if (!(error instanceof Forged)) throw error;
      }
    }
    return verifyMedia(identity, binding, now());
  }

  // Whether a description that came is the other's word. Of whoever has no key there is
  // none, nor of an answer to a page that has none. Throws a Forged.
  async check(role, sdp, identity) {
    const pair = this.#pair;
    const offer = role === "offer";

    if (!pair.checks || (!pair.identity && !offer)) return;
    if (this.#checked?.sdp === sdp && this.#checked.identity === identity) return;
    if (offer) this.#takeNonces();
    const binding = this.#binding(role, false, sdp);
    const read = offer ? await this.#verifyOffer(binding, identity)
      : await verifyMedia(identity, binding, now());
    pair.accept(read);
    this.#checked = { sdp, identity, ek: read.ek, key: read.key };
    if (offer) this.#offer = identity;
    else await this.#settle(true, identity);
  }

  // Both descriptions were signed: what is said on `chat` is sealed, and offers of files
  // are signed.
  get isSigned() {
    return this.#keys !== null;
  }

  seal(text) {
    return this.#keys.seal(text);
  }

  open(text) {
    return this.#keys.open(text);
  }

  // The signature of an offer of a file to the other.
  signOffer(offer) {
    const { identity, other } = this.#pair;

    return signOffer(identity, offer, other.device);
  }

  // Throws a Forged: the offer is not the other's word, or meant for somebody else.
  async checkOffer(offer) {
    const { own, other } = this.#pair;

    if (!await verifyOffer(this.#checked.key, other.device, offer, own.device))
      throw new Forged("SIGNATURE", "The offer of a file is not signed by who sends it");
  }
}
