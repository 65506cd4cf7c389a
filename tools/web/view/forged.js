// SPDX-License-Identifier: LGPL-2.1-or-later

// What came in somebody's name and is not that one's word.
export class Forged extends Error {
  constructor(code, message) {
    super(message);
    this.name = "Forged";
    this.code = code;
  }
}
