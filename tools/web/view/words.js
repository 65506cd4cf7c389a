// SPDX-License-Identifier: LGPL-2.1-or-later

// What codes and states mean, in words.

import { dropUnseen } from "../joiner.js";
import { LOOKALIKES } from "./lookalikes.js";

const REFUSALS = new Map([
  ["WRONG_PIN", "That PIN is not right. The host has the right one."],
  ["MEETING_FULL", "All seats of this meeting are taken. Try again when "
    + "somebody has left."],
  ["MEETING_LOCKED", "The host has locked the meeting: nobody else can join."],
  ["MEETING_NOT_FOUND", "There is no meeting of that name on this device."],
  ["MEETING_ENDED", "The meeting is over."],
  ["NOT_TRUSTED", "The host admits only devices it knows, and a browser has no "
    + "identity to show. Ask the host for an invitation link."],
  ["KEY_CHANGED", "The host knows this name by another device. Join by another name, "
    + "or ask the host."],
  ["BAD_INVITATION", "This invitation is not good: each opens one meeting, once, and "
    + "only for a while. Ask the host for a new one."],
  ["BAD_APPROVAL", "This link is not good: each opens one page, once, and only for a "
    + "while. Type /page at the launcher for a new one."],
  ["INSECURE_INVITATION", "An invitation can be used only on a secure page. Open the "
    + "https:// link that the host shows."],
  ["RATE_LIMITED", "Too many attempts. Wait a minute, then try again."],
  ["BAD_TICKET", "Joining took too long. Try again."],
  ["KICKED", "The host removed you from the meeting."],
  ["RESUME_FAILED", "The connection was lost for too long and your seat was "
    + "given back."],
  ["TIMEOUT", "The device that hosts the meeting did not answer in time."],
  ["DISCONNECTED", "The connection to the device that hosts the meeting was "
    + "lost."],
]);

// The sentence for an error the server gave; its own where there is none.
export function refusal(code, message) {
  // why there are no seats is the server's to say
  if (code === "MEETING_FULL" && /media server/.test(message)) return `${message}.`;
  return REFUSALS.get(code) || (typeof message === "string" && message)
    || "The meeting could not be joined.";
}

export const ALL_GONE = "The device that hosts the meeting is gone, and all others have left.";

const UNMET = new Map([
  ["NOT_TRUSTED", (user) => `${user} meets trusted devices only, and not this browser.`],
  ["KEY_CHANGED", (user) => `${user} knows another device by your name, and does not meet this `
    + "browser."],
]);

// Why `user` does not meet this browser; "" for what is no such refusal.
export function unmet(code, user) {
  return UNMET.get(code)?.(user) || "";
}

// What `user` says of what this browser sent, when it is no such refusal: the plain
// code, if it is one.
export function rejected(code, user) {
  const plain = /^[A-Z_]{1,64}$/.test(code) ? ` (${code})` : "";

  return `${user} does not take what this browser sent${plain}.`;
}

const FORGED = new Map([
  ["WRONG_KEY", (user) => `What came in the name of ${user} is signed by another device. It is not `
    + "taken: somebody may be posing."],
  ["CHAT", (user) => `Something was written in the name of ${user} that ${user} has not signed. It is `
    + "not shown."],
]);

// What came in the name of `user` and is not that one's word.
export function forged(code, user) {
  return FORGED.get(code)?.(user) || `What came in the name of ${user} is not what ${user} has `
    + "signed: it was changed on the way, and is not taken.";
}

// What `user` says of a description of this browser's; "" for what is no such refusal.
export function refused(code, user) {
  return ["SIGNATURE", "WRONG_KEY", "BAD_MESSAGE"].includes(code)
    ? `${user} did not get what this browser has signed: it was changed on the way, and is not `
      + "taken." : "";
}

const DEVICE_ERRORS = new Map([
  ["NotAllowedError", (what) => `The browser was not allowed to use your ${what}. `
    + "Allow it in the address bar, then try again."],
  ["NotFoundError", (what) => `No ${what.replace(" and ", " or ")} was found on this `
    + "computer."],
  ["NotReadableError", (what) => `Another program is using your ${what}. Close it, then `
    + "try again."],
  ["OverconstrainedError", (what) => `What was asked of your ${what} cannot be had. `
    + "Choose another device or a lower resolution."],
  ["AbortError", (what) => `A fault has stopped your ${what}. Plug it in again.`],
  ["SecurityError", (what) => `This browser’s settings forbid using the ${what}.`],
  ["TypeError", (what) => `The ${what} can be used only on a secure page.`],
  ["InvalidStateError", (what) => `The ${what} can be used only while this page is `
    + "in front."],
]);

// What a getUserMedia or getDisplayMedia error says about `what`.
export function deviceError(name, what) {
  const known = DEVICE_ERRORS.get(name);

  return known ? known(what) : `Your ${what} could not be started (${name}).`;
}

export const INSECURE = "This page was opened without encryption, so the browser "
  + "keeps camera and microphone away from it. You can join to watch and listen, "
  + "or open the https:// link that the host shows.";

const MEETING_STATES = new Map([
  ["created", ["idle", "The meeting is about to open."]],
  ["announced", ["good", "Open, waiting for the first to join."]],
  ["active", ["good", "Going on now."]],
  ["idle", ["idle", "Open, everybody but the host has left."]],
  ["ended", ["bad", "The meeting is over."]],
]);

// [kind, sentence]
export function meetingState(state) {
  return MEETING_STATES.get(state)
    || ["idle", "The meeting is in a state that this page does not know."];
}

const NAMES_MAX = 5; // that are told one by one

function listed(names) {
  const shown = names.length > NAMES_MAX
    ? [...names.slice(0, NAMES_MAX - 1), `${names.length - NAMES_MAX + 1} others`] : names;

  return shown.length === 1 ? shown[0]
    : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

// Who is in the meeting and how many seats are left, as far as that is known before one is
// admitted; "" for nothing.
export function whoIsThere({ participants, maxParticipants, people }) {
  const left = maxParticipants - participants;
  const seats = !maxParticipants ? "" : left <= 0 ? "All seats are taken."
    : `${left} of ${maxParticipants} seats ${left === 1 ? "is" : "are"} free.`;
  const who = people?.length ? `${listed(people)} ${people.length === 1 ? "is" : "are"} there.` : "";

  return [who, seats].filter(Boolean).join(" ");
}

// What the link to a Call is good for. `server`, `relay`, `participants`: of it.
export function inviteWords({ locked, isPrivate, isInvited, server, hostId, relay, participants }) {
  const successor = participants?.get(relay)?.user;

  if (successor)
    return `This link led to a device that is gone. Ask ${successor}, who hosts the meeting now, `
      + "for the link";
  if (server && server !== "open")
    return `The ${hostId ? "device that hosts the meeting" : "server"} `
      + `${server === "gone" ? "is gone" : "does not answer"}: nobody can join by this link now`;
  if (locked) return "The host has locked the meeting: nobody else can join by this link now";
  if (isPrivate) return "Whoever opens this link and knows the PIN can join";
  return isInvited ? "Whoever opens this link may need an invitation of the host’s as well"
    : "Whoever opens this link can join";
}

// How somebody who is in a meeting as `user` gets another name.
export function nameWords(user) {
  return `The others see you as ${user}. To change that, leave, and join again by another name.`;
}

const PEER_STATES = new Map([
  ["waiting", "Waiting to connect…"],
  ["connecting", "Connecting…"],
  ["connected", ""],
  ["unsteady", "Connection unsteady…"],
  ["reconnecting", "Reconnecting…"],
  ["trying", "Not connected yet, trying again…"],
  ["lost", "Not answering"],
  ["unreached", "Not connected"],
  ["forged", "Not connected: what came in this name was changed on the way"],
  ["refused", "Not connected: what you sent was changed on the way"],
]);

export function peerState(state) {
  return PEER_STATES.get(state) ?? "";
}

// What of `user` should arrive and does not, as devices say it; "" for nothing.
export function missingMedia(user, { audio, camera, loss }) {
  const lost = loss && `the network loses ${loss} % of the packets`;

  if (audio && camera)
    return `Connected to ${user}, but no picture or sound arrives: ${
      lost || "a firewall may block UDP"}`;
  if (audio) return `No sound of ${user} arrives: ${lost || "its microphone may not work"}`;
  return camera ? `No picture of ${user} arrives: ${lost || "its camera may not work"}` : "";
}

export const OFFLINE = "You are offline; waiting for the network";

// {trust, voucher} as they came: of whom another vouches for, and how that one is called.
export function knownAs(trust, voucher) {
  return { trust: typeof trust === "string" ? trust : "",
    voucher: trust === "vouched" ? cleanName(voucher, "") : "" };
}

const CHECK = { symbol: "shield-check", kind: "verified" };
const ALARM = { symbol: "alarm", kind: "alarm", word: "Somebody else?" };

// {symbol, kind, word} of who is verified, or perhaps somebody else (Call.trustOf());
// ordinary strangers have no mark: null.
export function trustMark({ trust, voucher, compared, isAlarm }) {
  if (isAlarm) return ALARM;
  if (compared === "same") return { ...CHECK, word: "Verified by you" };
  if (trust === "trusted") return { ...CHECK, word: "Verified" };
  return trust === "vouched" ? { ...CHECK, word: voucher ? `Verified by ${voucher}` : "Verified" }
    : null;
}

// What the mark of `user`, or its absence, means.
export function trustWords(user, { trust, voucher, compared, isAlarm }) {
  if (compared === "different")
    return `Your digits and those of ${user} were not the same: somebody is between the two of `
      + "you, or this is somebody else. Say nothing that is not for everybody.";
  if (isAlarm)
    return `Something came in the name of ${user} that ${user}’s device has not signed, or has `
      + "signed with another key: somebody may be posing. Compare digits before you say anything "
      + "that is not for everybody.";
  if (compared === "same")
    return `You and ${user} have compared digits: what the two of you send goes from device to `
      + "device, and nobody in between can see or change it.";
  switch (trust) {
    case "trusted":
      return `The host’s user has compared digits with ${user}’s device: it is the same device `
        + "again.";
    case "vouched":
      return `${voucher || "Somebody"}, whom the host trusts, has verified ${user}’s device.`;
    case "known":
      return `The host has met ${user}’s device before, but nobody has checked whose it is.`;
    case "guest":
      return `${user} came by an invitation link of the host’s. Whoever had that link could use it.`;
    default:
      return `Nobody has checked who this is: anybody can join by the name ${user}.`;
  }
}

// Why digits cannot be compared with `user`, by the reason of a Comparisons; `deviceId`: of
// its device, which has none of these digits to show.
export function compareFailed(user, reason, deviceId) {
  if (reason === "changed")
    return "The connection was made anew meanwhile. Ask for digits again.";
  if (reason === "wrong")
    return `What came from ${user} is not what was announced. Ask for digits again; if that `
      + "happens once more, somebody is between the two of you.";
  return deviceId
    ? `${user}’s program has no digits to show. Compare the id of its device, which “videomeet `
      + "known” shows to those who have met it:"
    : `${user}’s program has no digits to show, or is not reached now.`;
}

const ICE_STATES = new Map([
  ["new", "not begun"],
  ["checking", "looking for a path"],
  ["connected", "path found"],
  ["completed", "best path found"],
  ["disconnected", "interrupted"],
  ["failed", "no path found"],
  ["closed", "closed"],
]);

export function iceState(state) {
  return ICE_STATES.get(state) || "unknown";
}

const PATHS = new Map([
  ["host", "direct, same network"],
  ["prflx", "direct"],
  ["srflx", "direct, through a router"],
  ["relay", "through a relay"],
]);

// Which servers are asked for a way to the others, of RTCConfiguration.
export function iceWords({ iceServers, iceTransportPolicy }) {
  const servers = iceServers.map(({ urls }) => urls).join(", ");

  if (iceTransportPolicy === "relay")
    return servers ? `Everything goes by a relay: ${servers}`
      : "Everything is to go by a relay, and the host names none.";
  return servers ? `Servers that help to reach other networks: ${servers}`
    : "No STUN or TURN server is asked: the others are reached without one.";
}

export const GRADES = new Map([
  ["good", "good connection"],
  ["fair", "weak connection"],
  ["poor", "poor connection"],
]);

// Of what an SFU passes on.
export const BY_SERVER = "by the server, not end-to-end encrypted";

export function path(type) {
  return PATHS.get(type) || "none yet";
}

export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;

  return hours ? `${hours}:${rest}` : rest;
}

export function bitrate(bits) {
  if (!Number.isFinite(bits)) return "–";
  if (bits >= 1e6) return `${(bits / 1e6).toFixed(1)} Mbit/s`;
  return `${Math.round(bits / 1000)} kbit/s`;
}

// At most two letters that stand for a name.
export function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = (word) => [...word][0] || "";

  if (words.length === 0) return "?";
  if (words.length === 1) return first(words[0]).toLocaleUpperCase();
  return (first(words[0]) + first(words.at(-1))).toLocaleUpperCase();
}

const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;

// Strangers choose their names: no control characters and none that are not seen, one line.
export function cleanName(value, fallback, max = 128) {
  const text = typeof value === "string"
    ? dropUnseen(value.replace(/\p{Cc}/gu, " "), UNSEEN).trim() : "";

  return text.slice(0, max) || fallback;
}

// What names that look the same have in common, as the host compares them.
function skeleton(name) {
  return name.replace(/\p{Default_Ignorable_Code_Point}/gu, "").normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC")
    .replace(/\s+/gu, " ");
}

const ASCII = /^[\x20-\x7e]*$/;
const PROTOTYPES = new Map(Object.entries(LOOKALIKES).flatMap(([letter, others]) =>
  [...others].map((other) => [other, letter])));
const confuse = (name) => [...name.normalize("NFD")].map((c) => PROTOTYPES.get(c) ?? c).join("");

// Whether letters of other scripts make one name look like the other: as they stand, or in
// lower case.
function looksLike(name, other) {
  if (skeleton(name) === skeleton(other)) return true;
  if (ASCII.test(name) && ASCII.test(other)) return false;
  return skeleton(confuse(name)) === skeleton(confuse(other))
    || confuse(skeleton(name)) === confuse(skeleton(other));
}

// The name, with a mark when one of those who were there before looks the same.
export function apart(name, before) {
  const isTaken = (wanted) => before.some((one) => looksLike(wanted, one));
  let shown = name;

  for (let n = 2; isTaken(shown); n++) shown = `${name} (${n})`;
  return shown;
}

// With what one joins again who sent that before: {audio, camera}.
export function againWords({ audio, camera }) {
  if (audio && camera) return "With camera and microphone, as before.";
  if (camera) return "With the camera, and muted, as before.";
  return audio ? "With the microphone, as before." : "Without camera and microphone, as before.";
}

const SENT = {
  audio: ["You are muted.", "Your microphone is on."],
  camera: ["Your camera is off.", "Your camera is on."],
  screen: ["The others see your screen no longer.", "The others see your screen."],
};

// What is read aloud when it is sent from now on, or no longer.
export const sentWords = (name, on) => SENT[name][Number(on)];

// What is seen of a text that is longer than `max` characters, on one line.
export function beginning(text, max) {
  const characters = [...text.replace(/\s+/gu, " ")];

  return characters.length > max ? `${characters.slice(0, max).join("").trimEnd()}…`
    : characters.join("");
}

// One of `count` for a name, always the same one.
export function hueOf(name, count) {
  let sum = 0;

  for (const char of name) sum = (sum * 31 + char.codePointAt(0)) >>> 0;
  return sum % count;
}

export function bytes(size) {
  const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
  let n = size;
  let unit = 0;

  for (; n >= 999.5 && unit < units.length - 1; unit++) n /= 1000;
  if (unit === 0) return size === 1 ? "1 byte" : `${size} bytes`;
  return `${n < 9.95 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

// {rate: bytes/s, left: s}
export function pace({ rate, left }) {
  const time = left < 60 ? `${Math.max(1, Math.ceil(left))} s`
    : left < 5400 ? `${Math.ceil(left / 60)} min` : `${Math.ceil(left / 3600)} h`;

  return `${bytes(Math.round(rate))}/s · ${time} left`;
}

// Of a file to or from `user` that has not ended badly; "lost": there is no connection.
export function transferState(state, user, { outgoing, engine, isStarted, wasAccepted }) {
  switch (state) {
    case "lost":
      return `The connection to ${user} was lost. It goes on when it is back.`;
    case "PENDING":
      if (!outgoing) return wasAccepted ? "Getting ready…" : "Do you want this file?";
      if (engine) return `Waiting for ${user} to accept it`;
      return isStarted ? "Reading the file…" : "Waiting for its turn";
    case "PAUSED":
      if (engine?.isFull) return "Paused: there is no room for it here. It is tried again.";
      if (engine?.pausedHere) return "Paused by you";
      return engine?.fullThere ? `Paused: ${user} has no room for it now.` : `Paused by ${user}`;
    case "VERIFYING":
      return outgoing ? `${user} is checking it…` : "Checking it…";
    case "COMPLETED":
      return outgoing ? `Sent, and verified by ${user}` : "Verified, and saved by your browser";
    default:
      return "";
  }
}

const TRANSFER_ERRORS = new Map([
  ["DECLINED_HERE", () => "You have declined it."],
  ["CANCELLED", (user) => `${user} has cancelled it.`],
  ["CANCELLED_HERE", () => "You have cancelled it."],
  ["TIMEOUT", (user) => `${user} did not answer in time.`],
  ["BAD_MESSAGE", () => "It did not come as it was announced, and was thrown away."],
  ["NOT_TRUSTED", (user) => `${user} takes files from trusted devices only.`],
  ["SIGNATURE", (user) => `${user} cannot be sure that it is from you, and does not take it.`],
  ["NOT_TAKEN", (user) => `${user} could not take it.`],
  ["NOT_FOUND", (user) => `${user} knows nothing of it any more.`],
  ["RATE_LIMITED", (user) => `${user} is offered too many files at once.`],
  ["TOO_LARGE", () => "It is too large."],
  ["NO_SPACE", () => "There is no room for it on this computer."],
  ["NO_DISK", () => "It is too large for this browser, which cannot write to the disk here. "
    + "A secure page (https://) can."],
  ["CHANGED", () => "The file was changed or removed while it was read."],
  ["BAD_NAME", () => "A file of this name cannot be sent. Rename it, then send it."],
]);

// What every side says of itself when its user does not want a file.
const PLAIN = "The file was declined";
// The reason that a device without a folder for files gives.
const NO_RECEIVER = "Nobody receives files here";

// Whether the device that declined takes no files at all.
export function takesNoFiles({ code, message }) {
  return code === "DECLINED" && cleanName(message, "") === NO_RECEIVER;
}

// Why a file to or from `user` was not transferred, by a Fault's code; `message` is
// what the other has said of it, if anything.
export function transferError(error, user, { hasLeft, wasAccepted, outgoing }) {
  const { code, message } = error;
  const reason = cleanName(message, "");

  if (code === "DISCONNECTED")
    return hasLeft ? `${user} has left.` : `${user} has stopped it.`;
  if (takesNoFiles(error)) return `${user} does not receive files.`;
  if (code === "DECLINED")
    return !reason || reason === PLAIN ? `${user} does not want it.`
      : `${user} does not take it: “${reason}”`;
  if (code === "TIMEOUT" && !outgoing && !wasAccepted) return "Nobody answered in time.";
  return TRANSFER_ERRORS.get(code)?.(user) || "It could not be transferred.";
}

// What was said and not delivered, each {user, text}; behind another sentence.
export function undelivered(said) {
  return said.length === 0 ? ""
    : ` Not delivered: ${said.map(({ user, text }) => `“${text}” to ${user}`).join(", ")}.`;
}
