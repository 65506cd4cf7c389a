// SPDX-License-Identifier: LGPL-2.1-or-later

// What can be shown in a moment, without a word (protocol/meeting.md#reactions).

export const REACTION_MS = 500; // between two of one participant

// The sign, and what is read aloud.
export const REACTIONS = new Map([
  ["👍", "thumbs up"],
  ["❤️", "a heart"],
  ["👏", "applause"],
  ["😂", "laughter"],
  ["😮", "surprise"],
  ["🎉", "a celebration"],
]);
