// SPDX-License-Identifier: LGPL-2.1-or-later

// How often a connection to one participant is tried, and when, as devices do
// (ext/signal/link/vmattempts.c). The users of both sides see after the first attempt that
// there is none.

export const MORE = 5; // attempts beside the first
const FIRST_MS = 8000;

// Of an attempt that `failed` others went before.
export const timeFor = (failed) => (failed ? 2 * FIRST_MS : FIRST_MS);

// Before the attempt that follows `failed` others, at least one.
export const pauseAfter = (failed) => (FIRST_MS / 8) * 2 ** (Math.min(failed, MORE) - 1);

// Between two connections in place of ones over which nothing came: where several in a row
// did not help, the machine or its network is too slow, and more of them make it slower.
const RENEWED_MS = 2000;
const RENEWED_MAX_MS = 32000;
// Without such a replacement the next one is the first again.
export const STEADY_MS = 60000;
export const pauseAfterRenewals = (renewals) => (renewals
  ? Math.min(RENEWED_MS * 2 ** (renewals - 1), RENEWED_MAX_MS) : 0);

// Then an offer that does not come is asked for.
export const ASK_MS = 3000;
