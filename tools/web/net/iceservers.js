// SPDX-License-Identifier: LGPL-2.1-or-later

// The STUN and TURN servers that the host names (protocol/http.md#ice-servers). What a
// browser does not take would keep every connection from being made, so that is left out
// here.

export const SERVERS_MAX = 8; // URLs; a browser asks each for every connection
export const HOST_MAX = 253; // bytes; RFC 1035, section 2.3.4
export const CREDENTIAL_MAX = 256; // bytes of a user name, of a password

const STUN = /^stun:(\[[\da-f:.]+\]|[\w][\w.-]*)(?::(\d{1,5}))?$/i;
const TURN = /^turns?:(\[[\da-f:.]+\]|[\w][\w.-]*)(?::(\d{1,5}))?(?:\?transport=(?:udp|tcp))?$/i;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

const size = (text) => new TextEncoder().encode(text).length;

function isCredential(text) {
  return typeof text === "string" && text !== "" && !CONTROL.test(text)
    && size(text) <= CREDENTIAL_MAX;
}

function matches(pattern, url) {
  const [whole, host, port] = pattern.exec(url) || [];

  return whole !== undefined && host.length <= HOST_MAX
    && (port === undefined || (Number(port) >= 1 && Number(port) <= 65535));
}

function readUrl(url, { username, credential }) {
  if (typeof url !== "string") return null;
  if (matches(STUN, url)) return { urls: url };
  if (matches(TURN, url) && isCredential(username) && isCredential(credential))
    return { urls: url, username, credential };
  return null;
}

// RTCIceServer objects with one URL each, and how many others there were.
export function readIceServers(list) {
  const servers = [];
  let ignored = 0;

  if (list === undefined || list === null) return { servers, ignored };
  for (const entry of Array.isArray(list) ? list : [null]) {
    const urls = entry?.urls;
    for (const url of Array.isArray(urls) ? urls : [urls]) {
      const server = readUrl(url, entry || {});
      if (server && servers.length < SERVERS_MAX) servers.push(server);
      else ignored++;
    }
  }
  return { servers, ignored };
}

const RELAY = "relay";
export const EXPIRES_MAX = 366 * 24 * 60 * 60; // s
const SLEEP_MAX = 24 * 60 * 60 * 1000; // ms; a timer of a browser takes 24 days

// What a page is asked for by its own link, whoever is host.
const OWN_POLICY = globalThis.location
  && new URLSearchParams(location.search).get("ice-transport-policy");

// What a server grants, of RTCConfiguration; how many servers cannot be used, and for how
// many seconds the others are good (0: for ever).
export function readIceGrant({ iceServers, iceTransportPolicy, iceExpiresIn }) {
  const { servers, ignored } = readIceServers(iceServers);
  const relay = iceTransportPolicy === RELAY || OWN_POLICY === RELAY;
  const expires = Number.isInteger(iceExpiresIn) && iceExpiresIn >= 1
    && iceExpiresIn <= EXPIRES_MAX;

  return { ice: { iceServers: servers, iceTransportPolicy: relay ? RELAY : "all" }, ignored,
    expiresIn: expires ? iceExpiresIn : 0 };
}

// The servers of one stay: other ones are asked for when half of their time has passed.
export class IceGrants {
  #ask;
  #due = Infinity; // Date.now(): a machine that has slept knows it
  #timer = 0;

  // `ask()`: whether it could be asked; if not, look() is called once it can
  constructor(ask) {
    this.#ask = ask;
    this.last = { iceServers: [], iceTransportPolicy: "all" }; // of RTCConfiguration
  }

  // What a server has granted, of RTCConfiguration; without servers the others may still
  // be reached.
  take(grant) {
    const { ice, ignored, expiresIn } = readIceGrant(grant);

    if (ignored)
      console.warn(`${ignored} STUN or TURN servers that the host names cannot be used.`);
    this.stop();
    this.last = ice;
    if (expiresIn) {
      this.#due = Date.now() + expiresIn * 500;
      this.#wait();
    }
    return ice;
  }

  stop() {
    clearTimeout(this.#timer);
    this.#due = Infinity;
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(),
      Math.max(0, Math.min(this.#due - Date.now(), SLEEP_MAX)));
  }

  // Once for each grant.
  look() {
    if (this.#due === Infinity) return;
    if (Date.now() < this.#due) this.#wait();
    else if (this.#ask()) this.stop();
  }
}
