// SPDX-License-Identifier: LGPL-2.1-or-later

// The states of a file transfer, as sender and receiver have one each.

// Every edge there is; what is not listed is refused.
const EDGES = {
  PENDING: { accept: "TRANSFERRING", fail: "FAILED" },
  TRANSFERRING: { pause: "PAUSED", complete: "VERIFYING", fail: "FAILED" },
  PAUSED: { resume: "TRANSFERRING", fail: "FAILED" },
  VERIFYING: { success: "COMPLETED", fail: "FAILED" },
  COMPLETED: {},
  FAILED: {},
};

// The state behind `event`, or null when there is no such edge.
export function nextState(state, event) {
  return EDGES[state]?.[event] ?? null;
}

export const isOver = (state) => state === "COMPLETED" || state === "FAILED";
