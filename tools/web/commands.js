// SPDX-License-Identifier: LGPL-2.1-or-later

// The command lines that join a meeting without a browser.

// means the same to a shell, to gst-launch-1.0, and to people
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

// A name is typed as it is where no shell reads anything into it, else inside
// single quotes.
export function shellWord(word) {
  if (PLAIN.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

// encodeURIComponent leaves some characters alone that a shell does not, and
// the rest of such an address means nothing to one.
export function uriPart(name) {
  return encodeURIComponent(name).replace(/[!'()*]/g, (c) =>
    `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function commands(name, place) {
  const bare = `videomeet://${place}/${uriPart(name)}`;
  // the brackets of an IPv6 address are a pattern to a shell
  const uri = bare.includes("[") ? `'${bare}'` : bare;
  const where = PLAIN.test(name) ? `meeting=${name}` : `uri=${uri}`;
  // a name that begins with a dash would be read as an option
  const dashes = name.startsWith("-") ? "-- " : "";
  return {
    name: `videomeet join --view ${dashes}${shellWord(name)}`,
    address: `videomeet join --view ${uri}`,
    pipeline: [
      "gst-launch-1.0 -m -e \\",
      `  vmsignalbin name=m mode=join ${where} \\`,
      "  autovideosrc ! videoconvert ! m.video_sink_0 \\",
      "  autoaudiosrc ! audioconvert ! m.audio_sink_0 \\",
      "  m.video_src_0 ! videoconvert ! autovideosink \\",
      "  m.audio_src_0 ! audioconvert ! audioresample ! autoaudiosink",
    ].join("\n"),
  };
}
