// SPDX-License-Identifier: LGPL-2.1-or-later

// A list of cases, one after the other: each begins with nobody there.

import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers"; // a test may have another clock
import { endAll } from "./program.mjs";

const CASE_MS = 300000; // a busy machine is slow
const cases = [];
const now = () => Math.round(process.uptime() * 1000); // a test may have another Date

// `ms`: when it is given up.
export function test(name, func, ms = CASE_MS) {
  cases.push({ name, func, ms });
}

// What it says is asserted: a condition, and what it means when it is false.
export function assert(condition, what) {
  if (!condition) throw new Error(what);
}

export function equal(actual, expected, what) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];

  if (a !== b) throw new Error(`${what}: ${a}, not ${b}`);
}

function deadline(ms) {
  let timer;
  const promise = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`still runs after ${ms} ms`)), ms);
  });

  return { promise, clear: () => clearTimeout(timer) };
}

// Runs those whose names contain one of the arguments; prints what ./dev test
// reads, in GstCheck's words.
export async function main() {
  const wanted = process.argv.slice(2);
  const chosen = cases.filter(({ name }) =>
    wanted.length === 0 || wanted.some((part) => name.includes(part)));
  let failures = 0;

  for (const { name, func, ms } of chosen) {
    const limit = deadline(ms);
    const began = now();
    try {
      await Promise.race([func(), limit.promise]);
      console.log(`ok    ${name} (${now() - began} ms)`);
    } catch (error) {
      failures++;
      console.log(`FAIL  ${name} (${now() - began} ms)\n${error.stack}`);
    }
    limit.clear();
    await endAll();
  }
  const good = chosen.length ? Math.floor(100 * (chosen.length - failures) / chosen.length) : 0;
  console.log(`${good}%: Checks: ${chosen.length}, Failures: ${failures}, Errors: 0`);
  process.exit(failures || !chosen.length ? 1 : 0);
}
