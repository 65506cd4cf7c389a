// SPDX-License-Identifier: LGPL-2.1-or-later

// What one of N others is sent: a browser encodes anew for each of them, so the
// more there are the smaller the picture (kbit/s chosen so that nine receive
// about 4 Mbit/s together).
const TIERS = [
  // others up to, height, kbit/s, frames/s
  [1, 1080, 4000, 30],
  [2, 720, 1500, 30],
  [4, 540, 900, 30],
  [6, 360, 600, 24],
  [Infinity, 270, 400, 20],
];
const KBITS_720 = 2000;

// `height`: of what the camera gives; the encoding of an RTCRtpSender.
export function cameraEncoding(others, height) {
  const [, tierHeight, kbits, maxFramerate] = TIERS.find(([most]) => others <= most);
  const most = height > 720 ? kbits : Math.min(kbits, KBITS_720);

  return {
    maxBitrate: most * 1000,
    maxFramerate,
    scaleResolutionDownBy: Math.max(1, height / tierHeight),
  };
}

// From these on a connection is no longer good, and then poor: what is lost of what is
// sent, and ms to the other and back.
export const LOSS = { fair: 0.02, poor: 0.08 };
export const ROUND_TRIP_MS = { fair: 200, poor: 500 };

// "good", "fair" or "poor"; a figure that is not known is NaN.
export function grade({ loss, rtt }) {
  for (const level of ["poor", "fair"])
    if (loss >= LOSS[level] || rtt >= ROUND_TRIP_MS[level]) return level;
  return "good";
}

// Text must stay readable; movement may stutter.
export function screenEncoding(others) {
  return {
    maxBitrate: (others <= 2 ? 2500 : others <= 5 ? 1500 : 900) * 1000,
    maxFramerate: 15,
    scaleResolutionDownBy: 1,
  };
}
