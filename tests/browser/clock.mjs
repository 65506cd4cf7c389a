// SPDX-License-Identifier: LGPL-2.1-or-later

// The clock of a test without a browser: whoever imports this has it in place of node's,
// and time passes when the test says so.

import { webcrypto } from "node:crypto";
import { setTimeout as later } from "node:timers";

const TURNS = 30; // of node's loop, in which nothing is under way elsewhere
const TURNS_MAX = 100000;
export const timers = new Map(); // number -> {at, func}
let time = 0;
let count = 0;

Date.now = () => time;
Object.defineProperty(performance, "now", { value: () => time });
globalThis.setTimeout = (func, ms = 0) => {
  timers.set(++count, { at: time + ms, func });
  return count;
};
globalThis.setInterval = (func, ms) => {
  const number = ++count;
  const next = () => timers.set(number, { at: time + ms, func: () => { next(); func(); } });

  next();
  return number;
};
globalThis.clearInterval = (number) => timers.delete(number);
globalThis.clearTimeout = (number) => timers.delete(number);

// What node does on threads of its own takes as long as it takes.
let underWay = 0;

function watch(prototype, ...names) {
  for (const name of names) {
    const func = prototype[name];
    prototype[name] = function watched(...args) {
      underWay++;
      return func.apply(this, args).finally(() => { underWay--; });
    };
  }
}

watch(Object.getPrototypeOf(webcrypto.subtle), "digest", "sign", "verify", "importKey",
  "exportKey", "generateKey", "deriveBits", "deriveKey", "encrypt", "decrypt");
watch(Blob.prototype, "arrayBuffer", "text");

// What is to be done now: a disk's turns, hashes and microtasks.
export async function settle() {
  let quiet = 0;

  for (let turns = 0; quiet < TURNS; turns++) {
    if (turns > TURNS_MAX) throw new Error("what was begun does not end");
    await new Promise((resolve) => { later(resolve, 0); });
    quiet = underWay ? 0 : quiet + 1;
  }
}

export async function pass(ms) {
  const end = time + ms;

  for (;;) {
    await settle();
    const due = [...timers].filter(([, { at }]) => at <= end)
      .sort(([, a], [, b]) => a.at - b.at)[0];
    if (!due) break;
    const [number, { at, func }] = due;
    timers.delete(number);
    time = Math.max(time, at);
    func();
  }
  time = end;
}
