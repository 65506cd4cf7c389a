// SPDX-License-Identifier: LGPL-2.1-or-later

// How a browser comes in where only trusted devices do: the link's invitation is
// redeemed, once, for a guest's token of a key that this page makes; to join, that key
// signs what the host asks (protocol/trust.md#invitations). The private key cannot be
// read out; it is kept with the token for as long as the meeting lasts.

import { base64, deviceIdOf, transcript } from "../bytes.js";
import { SignallingError, readAnswer } from "../net/signalling.js";

const ANSWER_MS = 10000;
const STORE = "guest";
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

// One value under one name, of this origin; what cannot be kept is not.
class Kept {
  #memory = new Map();

  #open() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open("videomeet", 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("blocked"));
    });
  }

  async #ask(mode, func) {
    const db = await this.#open();

    try {
      return await new Promise((resolve, reject) => {
        const request = func(db.transaction(STORE, mode).objectStore(STORE));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    } finally {
      db.close();
    }
  }

  async get(name) {
    if (this.#memory.has(name)) return this.#memory.get(name);
    return this.#ask("readonly", (store) => store.get(name)).catch(() => undefined);
  }

  async set(name, value) {
    this.#memory.set(name, value);
    await this.#ask("readwrite", (store) => store.put(value, name)).catch(() => {});
  }

  async delete(name) {
    this.#memory.delete(name);
    await this.#ask("readwrite", (store) => store.delete(name)).catch(() => {});
  }
}

async function ask(body, signal) {
  let response;

  try {
    response = await fetch("meetings/guest", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.any
        ? AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]) : signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new SignallingError(error.name === "TimeoutError" ? "TIMEOUT" : "DISCONNECTED");
  }
  return readAnswer(response, signal);
}

export class Guest {
  #kept = new Kept();

  // {key, spki, deviceId} that this page has joined with and signs by, or null
  identity = null;

  get #invitation() {
    return new URLSearchParams(location.hash.slice(1)).get("invitation") || "";
  }

  // It is good for nothing any more: nobody is to copy it from the address bar, or
  // find it in the history.
  #forgetInvitation() {
    history.replaceState(history.state, "", location.pathname + location.search);
  }

  // What the join's body has besides: nothing for a page that is nobody's guest.
  // Throws a SignallingError.
  async prove(meeting, signal) {
    this.identity = null;
    const pass = this.#invitation ? await this.#redeem(meeting, signal)
      : await this.#askAgain(meeting, signal);

    if (!pass) return {};
    const { key, spki, token, meetingId, nonce } = pass;
    const signature = await crypto.subtle.sign(SIGNATURE, key,
      transcript("vm2 guest join", meetingId, nonce));
    this.identity = { key, spki, deviceId: await deviceIdOf(spki) };
    return { token, nonce, signature: base64(signature) };
  }

  async #redeem(meeting, signal) {
    if (!crypto.subtle) throw new SignallingError("INSECURE_INVITATION");
    const { privateKey, publicKey } =
      await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
    const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
    let answer;

    try {
      answer = await ask({ meeting, invitation: this.#invitation,
        pubKey: base64(spki) }, signal);
    } catch (error) {
      if (error.code !== "NOT_TRUSTED") throw error;
      this.#forgetInvitation();
      throw new SignallingError("BAD_INVITATION");
    }
    this.#forgetInvitation();
    const { token, meetingId, nonce } = answer;
    await this.#kept.set(meeting, { key: privateKey, spki, token });
    return { key: privateKey, spki, token, meetingId, nonce };
  }

  // With the token of before, which ends with its meeting.
  async #askAgain(meeting, signal) {
    const kept = crypto.subtle && await this.#kept.get(meeting);

    if (!kept?.spki) return null;
    try {
      const { meetingId, nonce } = await ask({ meeting, token: kept.token }, signal);
      return { ...kept, meetingId, nonce };
    } catch (error) {
      if (error.code !== "NOT_TRUSTED" && error.code !== "BAD_MESSAGE") throw error;
      await this.#kept.delete(meeting);
      return null;
    }
  }
}
