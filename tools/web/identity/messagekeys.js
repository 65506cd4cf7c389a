// SPDX-License-Identifier: LGPL-2.1-or-later

// Authenticates what is said on the data channel `chat` between two that have signed
// their descriptions (trust/media/messagekeys.h, trust/media/messageseal.h).

import { base64, readBase64, sha256, transcript, utf8 } from "../bytes.js";
import { Forged } from "../view/forged.js";

const SEAL = /^\{"seq":([1-9]\d{0,15}),"mac":"([A-Za-z0-9+/]{43}=)"\}/;
const MAC_SIZE = 32; // bytes
const CURVE = { name: "ECDH", namedCurve: "P-256" };
const HMAC = { name: "HMAC", hash: "SHA-256", length: 256 };

// The key of one connection: {privateKey, spki}.
export async function makeEphemeral() {
  const { privateKey, publicKey } =
    await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);

  return { privateKey,
    spki: new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)) };
}

export const readEphemeral = (spki) =>
  crypto.subtle.importKey("spki", spki, CURVE, false, []);

export class MessageKeys {
  #sending;
  #receiving;
  #sent = 0; // sequence of the last
  #received = 0;

  constructor(sending, receiving) {
    this.#sending = sending;
    this.#receiving = receiving;
  }

  // `own`: of makeEphemeral(); `ek`: the other's, of a verified identity; `offer` and
  // `answer`: the identities as they were on the wire.
  static async derive({ own, ek, offerer, offer, answer }) {
    if (base64(own.spki) === base64(ek))
      throw new Forged("WRONG_KEY", "The other side sends this side's own key back");
    const secret = await crypto.subtle.importKey("raw", await crypto.subtle.deriveBits(
      { name: "ECDH", public: await readEphemeral(ek) }, own.privateKey, 256), "HKDF", false,
    ["deriveKey"]);
    const salt = await sha256(transcript("vm2 message keys", offer, answer));
    const key = (direction) => crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt,
      info: transcript("vm2 chat key", direction) }, secret, HMAC, false, ["sign", "verify"]);
    const there = await key("offerer to answerer");
    const back = await key("answerer to offerer");
    return offerer ? new MessageKeys(there, back) : new MessageKeys(back, there);
  }

  // Numbered when it is called, whenever it is done.
  async seal(text) {
    const sequence = ++this.#sent;
    const mac = await crypto.subtle.sign("HMAC", this.#sending,
      transcript("vm2 chat", sequence, text));

    return `{"seq":${sequence},"mac":"${base64(mac)}"}${text}`;
  }

  // Throws a Forged.
  async open(sealed) {
    const [head, digits, text] = SEAL.exec(sealed) || [];
    const mac = readBase64(text, MAC_SIZE);
    const sequence = Number(digits);

    if (!mac || !Number.isSafeInteger(sequence))
      throw new Forged("BAD_MESSAGE", "The message is not authenticated");
    const said = sealed.slice(head.length);
    if (!await crypto.subtle.verify("HMAC", this.#receiving, mac,
      transcript("vm2 chat", sequence, utf8(said))))
      throw new Forged("SIGNATURE", "The message was changed on the way, or is from somebody else");
    if (sequence <= this.#received)
      throw new Forged("SIGNATURE", "The message came before, or after later ones");
    this.#received = sequence;
    return said;
  }
}
