// SPDX-License-Identifier: LGPL-2.1-or-later

// The clock of a test without a browser: whoever imports this has it in place of node's,
// and time passes when the test says so.

import { setTimeout as later } from "node:timers";

const TURNS = 30; // of node's loop
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

// What is to be done now: a disk's turns, hashes and microtasks.
export async function settle() {
  for (let i = 0; i < TURNS; i++) await new Promise((resolve) => { later(resolve, 0); });
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
