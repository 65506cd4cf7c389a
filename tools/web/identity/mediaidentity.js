// SPDX-License-Identifier: LGPL-2.1-or-later

// `identity` of an offer, an answer or a restart: whose word it is
// (trust/media/mediaidentity.h, protocol/signalling.md#identity). `binding` is what it holds
// for: role; meetingId; from and to, each {device, id, nonce}; session; generation; sdp;
// and of an answer `offer`, the identity that it answers.

import { base64url, deviceIdOf, readBase64url, sha256, transcript, utf8 } from "../bytes.js";
import { Forged } from "../view/forged.js";
import { readEphemeral } from "./messagekeys.js";
import { readFingerprint, readUfrag } from "../net/sdp.js";

const VERSION = 1;
const SPKI_SIZE = 91; // bytes
const AT_SPKI = 1;
const AT_EK = AT_SPKI + SPKI_SIZE;
const AT_EXPIRES = AT_EK + SPKI_SIZE;
const AT_SIGNATURE = AT_EXPIRES + 8;
const SIZE = AT_SIGNATURE + 64;
const TIME = 120; // s that one is good
export const CLOCK_SKEW = 300; // s by which two clocks may differ
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

const side = ({ device, id, nonce }) => [device, id, nonce];

async function bytesOf({ role, meetingId, from, to, session, generation, sdp, offer }, ek,
  expires) {
  const fingerprint = readFingerprint(sdp);
  const ufrag = readUfrag(sdp);

  if (!fingerprint || !ufrag)
    throw new Forged("BAD_MESSAGE", "The description has not one fingerprint and one user name");
  if (role === "answer" && !offer)
    throw new Forged("BAD_MESSAGE", "An answer came to an offer that nothing signs");
  return transcript("vm2 media", role, meetingId, ...side(from), ...side(to), session, generation,
    fingerprint, ufrag, ek, expires, offer ? await sha256(utf8(offer)) : "");
}

// `identity`: {key, spki, deviceId} of this page; `date`: Unix time, s.
export async function signMedia(identity, binding, ek, date) {
  const expires = date + TIME;
  const bytes = new Uint8Array(SIZE);
  const signed = await bytesOf(binding, ek, expires);

  bytes[0] = VERSION;
  bytes.set(identity.spki, AT_SPKI);
  bytes.set(ek, AT_EK);
  new DataView(bytes.buffer).setBigUint64(AT_EXPIRES, BigInt(expires));
  bytes.set(new Uint8Array(await crypto.subtle.sign(SIGNATURE, identity.key, signed)),
    AT_SIGNATURE);
  return base64url(bytes);
}

async function read(text) {
  const bytes = readBase64url(text, SIZE);
  const part = (from, to) => bytes.slice(from, to);

  try {
    if (bytes[0] !== VERSION) throw new Error("version");
    const spki = part(AT_SPKI, AT_EK);
    const ek = part(AT_EK, AT_EXPIRES);
    await readEphemeral(ek);
    return { spki, ek,
      key: await crypto.subtle.importKey("spki", spki, CURVE, false, ["verify"]),
      expires: Number(new DataView(bytes.buffer).getBigUint64(AT_EXPIRES)),
      signature: part(AT_SIGNATURE, SIZE) };
  } catch {
    throw new Forged("BAD_MESSAGE", "What signs the media cannot be read");
  }
}

// {ek, expires, hash, key} of what `binding.from` has signed. `text`: whatever came. Throws a
// Forged.
export async function verifyMedia(text, binding, date) {
  if (text === undefined || text === null)
    throw new Forged("SIGNATURE", "Nothing signs it: the signature was taken off on the way");
  const { spki, ek, key, expires, signature } = await read(text);
  if (await deviceIdOf(spki) !== binding.from.device)
    throw new Forged("WRONG_KEY", "It is signed by another device");
  if (expires < date - CLOCK_SKEW || expires > date + TIME + CLOCK_SKEW)
    throw new Forged("SIGNATURE", "What signs it is from another time");
  const signed = await bytesOf(binding, ek, expires);
  if (!await crypto.subtle.verify(SIGNATURE, key, signature, signed))
    throw new Forged("SIGNATURE", "It was changed on the way, or was meant for another call");
  return { ek, expires, hash: base64url(await sha256(signed)), key };
}
