// SPDX-License-Identifier: LGPL-2.1-or-later

const START_KBITS = 1500;

// Chromium begins at 300 kbit/s and takes half a minute to show a face sharply;
// a local network bears more at once. It reads from what the other side says
// of a codec at which rate to begin sending it. Others do not know the word.
export function withStartBitrate(sdp) {
  return sdp.split(/(?=^m=)/m).map((media) => {
    if (!media.startsWith("m=video")) return media;
    const eol = media.includes("\r\n") ? "\r\n" : "\n";
    const [, pt] = /^a=rtpmap:(\d+) (?:VP8|H264)\/90000/mi.exec(media) || [];
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
