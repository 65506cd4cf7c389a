// SPDX-License-Identifier: LGPL-2.1-or-later

// `signature` of a FILE_OFFER: whose word it is, and to whom (transfer/message/offersignature.h,
// protocol/files.md#offer-signature). An offer is a message in memory.

import { base64, readBase64, transcript } from "../bytes.js";
import { fromHex } from "./hex.js";

const SIZE = 64; // bytes
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const ENCODINGS = { json: 1, binary: 2 };

const bytesOf = ({ id, filename, size, hash, mime, mtime, encodings, chunkSize }, signer,
  receiver) => transcript("vm2 signature", "file-offer", signer, id, 0, transcript(
  "vm2 file-offer", filename, size, fromHex(hash), mime || "", mtime || 0,
  (encodings || []).reduce((sum, name) => sum + ENCODINGS[name], 0), chunkSize || 0, receiver));

// `identity`: {key, deviceId} of this page; `receiver`: the other's device id.
export async function signOffer(identity, offer, receiver) {
  return base64(await crypto.subtle.sign(SIGNATURE, identity.key,
    bytesOf(offer, identity.deviceId, receiver)));
}

// Whether the device `signer`, whose public key it is, has signed the offer for
// `receiver`.
export async function verifyOffer(key, signer, offer, receiver) {
  const signature = readBase64(offer.signature, SIZE);

  return signature !== null
    && crypto.subtle.verify(SIGNATURE, key, signature, bytesOf(offer, signer, receiver));
}
