// SPDX-License-Identifier: LGPL-2.1-or-later

// Why something of a file transfer failed: a code, which words.js has a sentence for,
// and a message for the other side and the console.

// Those that the protocol has; others do not leave this page, and do not come in.
const SAID = new Set(["FAILED", "BAD_MESSAGE", "BAD_REQUEST", "NOT_FOUND", "RATE_LIMITED",
  "TOO_LARGE", "TIMEOUT", "DISCONNECTED", "DECLINED", "CANCELLED", "NOT_TRUSTED", "SIGNATURE"]);

export class Fault extends Error {
  constructor(code, message) {
    super(message);
    this.name = "Fault";
    this.code = code;
  }
}

export const badMessage = (what) => new Fault("BAD_MESSAGE", what);

// What stands for `code` between devices.
export const saidCode = (code) => (SAID.has(code) ? code : "FAILED");
