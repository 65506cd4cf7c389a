// SPDX-License-Identifier: LGPL-2.1-or-later

// A list of cases, one after the other: each begins with nobody there, or with those whom
// the cases beside it have met too.

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

// A test() for cases beside each other that share what `begin` makes, each in the state
// in which the one before has left it: a page takes longer to come than most cases to
// run. After one that fails, and where others come between, it is made anew.
export function together(begin) {
  const meeting = { begin, made: null };

  return (name, func, ms = CASE_MS) => cases.push({ name, func, ms, meeting });
}

async function run({ func, meeting }) {
  if (!meeting) return func();
  meeting.made ??= await meeting.begin();
  return func(meeting.made);
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

  for (const [i, one] of chosen.entries()) {
    const { name, ms, meeting } = one;
    const limit = deadline(ms);
    const began = now();
    let goesOn = meeting && meeting === chosen[i + 1]?.meeting;
    try {
      await Promise.race([run(one), limit.promise]);
      console.log(`ok    ${name} (${now() - began} ms)`);
    } catch (error) {
      failures++;
      goesOn = false;
      console.log(`FAIL  ${name} (${now() - began} ms)\n${error.stack}`);
    }
    limit.clear();
    if (goesOn) continue;
    if (meeting) meeting.made = null;
    await endAll();
  }
  const good = chosen.length ? Math.floor(100 * (chosen.length - failures) / chosen.length) : 0;
  console.log(`${good}%: Checks: ${chosen.length}, Failures: ${failures}, Errors: 0`);
  process.exit(failures || !chosen.length ? 1 : 0);
}
