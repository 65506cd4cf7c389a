// SPDX-License-Identifier: LGPL-2.1-or-later

// What a file may be called that another participant sends. A bad name is refused,
// not repaired: a repaired one would hide what was sent. One that deceives people or
// programs is saved under another.

import { Fault } from "./fault.js";
import { dropUnseen } from "../joiner.js";

export const NAME_MAX = 255; // bytes
// Bytes before normalisation: what is composed was up to three times as long.
export const NAME_INPUT_MAX = 1024;
const OWN_PREFIX = ".vm-"; // unfinished files are called so

// Naming Files, Paths, and Namespaces (Microsoft): with any ending, and with spaces
// before it, it is the device all the same.
const DEVICE = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9¹²³])$/iu;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
// Unicode's Bidi_Control (UAX #9)
const BIDI_CONTROL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const bytes = (text) => new TextEncoder().encode(text).length;

function faultOf(name) {
  if (name === "") return "it is empty";
  if (name === "." || name === "..") return "it is a folder";
  if (name.slice(0, OWN_PREFIX.length).toLowerCase() === OWN_PREFIX)
    return "unfinished files are called so";
  if (/[/\\]/u.test(name)) return "it has a separator";
  if (CONTROL.test(name)) return "it has a control character";
  if (BIDI_CONTROL.test(name)) return "it changes the direction of writing";
  if (name.includes("\ufeff")) return "it has a byte order mark";
  if (/[.\p{White_Space}]$/u.test(name)) return "it ends in a dot or a space";
  if (DEVICE.test(name.split(/[.:]/u, 1)[0].trimEnd())) return "it is a device on Windows";
  return "";
}

// `name` in NFC, otherwise unchanged; throws a Fault that does not repeat it, because
// it may be made to deceive who reads it.
export function checkFilename(name) {
  const refuse = (code, why) => {
    throw new Fault(code, `A file cannot be called so: ${why}`);
  };

  if (typeof name !== "string") refuse("BAD_MESSAGE", "it is no text");
  if (bytes(name) > NAME_INPUT_MAX) refuse("TOO_LARGE", "it is too long");
  if (/\p{Cs}/u.test(name)) refuse("BAD_MESSAGE", "it is not Unicode");
  const composed = name.normalize("NFC");
  const fault = faultOf(composed);
  if (fault) refuse("BAD_MESSAGE", fault);
  if (bytes(composed) > NAME_MAX) refuse("TOO_LARGE", "it is too long");
  return composed;
}

// What Windows has in no name
const RESERVED = /[<>:"|?*]/gu;
// Hidden, an option, or a folder
const FIRST = /^[.\-~]/u;
// What is not seen, and an empty pattern
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u2800]/u;

// The name that a file is saved under that is called `name`; throws as checkFilename().
export function safeFilename(name) {
  return checkFilename(dropUnseen(checkFilename(name), UNSEEN).replace(RESERVED, "_")
    .replace(FIRST, "_"));
}
