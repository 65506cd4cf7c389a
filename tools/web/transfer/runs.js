// SPDX-License-Identifier: LGPL-2.1-or-later

// Which chunks are verified, as a flat list of pairs: the first chunk of a run and
// how many it has. [0,10,12,3] is 0 to 9 and 12 to 14; runs ascend and do not touch.

export const RUNS_MAX = 256;

// Whether `list` is such a list.
export function areRuns(list) {
  let end = -1;

  if (!Array.isArray(list) || list.length % 2 || list.length > 2 * RUNS_MAX) return false;
  for (let i = 0; i < list.length; i += 2) {
    const [first, count] = [list[i], list[i + 1]];
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || first < 0
        || count < 1 || first <= end || !Number.isSafeInteger(first + count)) return false;
    end = first + count;
  }
  return true;
}

// Those of `total` chunks that `has(index)`; what would be one run too many is left
// out, and comes again.
export function runsOf(total, has) {
  const list = [];

  for (let i = 0; i < total && list.length < 2 * RUNS_MAX; i++) {
    if (!has(i)) continue;
    const first = i;
    while (i < total && has(i)) i++;
    list.push(first, i - first);
  }
  return list;
}

// The first index at or behind `from` that is in none of them.
export function nextMissing(list, from) {
  for (let i = 0; i < list.length; i += 2)
    if (from >= list[i] && from < list[i] + list[i + 1]) return list[i] + list[i + 1];
  return from;
}

// A set of chunks, one bit each.
export class Bits {
  #bytes;

  constructor(total) {
    this.#bytes = new Uint8Array(Math.floor(total / 8) + 1);
  }

  has(index) {
    return (this.#bytes[Math.floor(index / 8)] & (1 << (index % 8))) !== 0;
  }

  add(index) {
    this.#bytes[Math.floor(index / 8)] |= 1 << (index % 8);
  }
}
