// SPDX-License-Identifier: LGPL-2.1-or-later

// The STUN and TURN servers that the host names. What a browser does not take
// would keep every connection from being made, so that is left out here.

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
