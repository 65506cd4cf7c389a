// SPDX-License-Identifier: LGPL-2.1-or-later

const START_KBITS = 1500;
const SDP_MAX = 65536; // characters; security.md#limits

// Chromium begins at 300 kbit/s and takes half a minute to show a face sharply;
// a local network bears more at once. It reads from what the other side says
// of a codec at which rate to begin sending it. Others do not know the word.
export function withStartBitrate(sdp) {
  return sdp.split(/(?=^m=)/m).map((media) => {
    if (!media.startsWith("m=video")) return media;
    const eol = media.includes("\r\n") ? "\r\n" : "\n";
    const [, pt] = /^a=rtpmap:(\d+) (?:VP8|VP9|H264)\/90000/mi.exec(media) || [];
    if (!pt) return media;
    const fmtp = new RegExp(`^a=fmtp:${pt} .*$`, "m");
    if (fmtp.test(media))
      return media.replace(fmtp, (line) => `${line.trimEnd()};x-google-start-bitrate=`
        + `${START_KBITS}${line.endsWith("\r") ? "\r" : ""}`);
    return media.replace(new RegExp(`^a=rtpmap:${pt} .*$`, "m"), (line) =>
      `${line.trimEnd()}${eol}a=fmtp:${pt} x-google-start-bitrate=${START_KBITS}`
      + `${line.endsWith("\r") ? "\r" : ""}`);
  }).join("");
}

// --- what of a description is signed (vmsdp.c) ---

// [{lines, needed}]: above all m-lines, then of each; null when it is no SDP.
function sectionsOf(sdp) {
  if (typeof sdp !== "string" || sdp.length > SDP_MAX || !/^v=0[\r\n]/.test(sdp)) return null;
  const sections = [{ lines: [], needed: false }];

  for (const line of sdp.split(/[\r\n]+/)) {
    if (line.startsWith("m="))
      sections.push({ lines: [], needed: !/^m=\S* 0(?:[/ ]|$)/.test(line) });
    if (line === "a=bundle-only") sections.at(-1).needed = true;
    sections.at(-1).lines.push(line);
  }
  return sections.length > 1 ? sections : null;
}

// The one value of an attribute: at most once in a section, the same everywhere; "" for
// anything else. `everywhere`: each section that takes part must be covered.
function theOne(sdp, name, pattern, everywhere) {
  const head = `a=${name}:`;
  const found = new Set();
  let above = false;

  for (const [i, { lines, needed }] of (sectionsOf(sdp) || []).entries()) {
    const values = lines.filter((line) => line.startsWith(head))
      .map((line) => pattern.exec(line.slice(head.length))?.[1]);
    if (values.length > 1 || values.includes(undefined)) return "";
    for (const value of values) found.add(name === "fingerprint" ? value.toUpperCase() : value);
    if (i === 0) above = values.length > 0;
    else if (everywhere && needed && !values.length && !above) return "";
  }
  return found.size === 1 ? [...found][0] : "";
}

// "AA:BB:…" of the one SHA-256 fingerprint, or "".
export const readFingerprint = (sdp) => theOne(sdp, "fingerprint",
  /^sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i, true);

// The one ICE user name, or "".
export const readUfrag = (sdp) => theOne(sdp, "ice-ufrag", /^([A-Za-z0-9+/]{4,256})$/, false);

// --- what a description of somebody without a key says ---

// Of which connection it is: its session and its certificates (RFC 8866 §5.2, RFC 8122).
export function connectionOf(sdp) {
  const [, session] = /^o=(\S+ \S+) /m.exec(sdp) || [];
  const prints = new Set([...sdp.matchAll(/^a=fingerprint:(\S+ \S+)/gim)]
    .map(([, print]) => print.toLowerCase()));

  return session && prints.size ? [session, ...[...prints].sort()].join(" ") : "";
}

// Whether the part with that a=mid is of media that are sent.
export function sends(sdp, mid) {
  const part = sdp.split(/(?=^m=)/m).find((media) => media.startsWith("m=")
    && media.split(/[\r\n]+/).includes(`a=mid:${mid}`));

  return part !== undefined && !/^m=\S+ 0 /.test(part)
    && !/^a=(?:recvonly|inactive)\s*$/m.test(part);
}
