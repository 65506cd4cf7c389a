// SPDX-License-Identifier: LGPL-2.1-or-later

// Coming back to a room that nobody hosts, when its server was lost for long or has
// begun anew without what it knew.

export const RETURN_MS = 300000; // then it is given up
const RETRY_MS = [500, 1000, 2000, 4000]; // the last repeats
// nobody can end such a room: a server that says so has begun anew
const FORGOTTEN = new Set(["RESUME_FAILED", "MEETING_NOT_FOUND", "MEETING_ENDED",
  "DISCONNECTED"]);
const FINAL = new Set(["WRONG_PIN", "NOT_TRUSTED", "WRONG_KEY", "KEY_CHANGED",
  "MEETING_LOCKED", "CAP_REQUIRED", "CAP_EXPIRED", "CAP_INVALID"]);

// Whether what a SignallingError tells may be over by itself.
export function mayReturn(error) {
  return FORGOTTEN.has(error?.code);
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);

    signal.addEventListener("abort", done);
  });
}

// What `join()` gives, as soon as it gives anything; null when it may not, when there
// was no server for all that time, or when the AbortSignal says so.
export async function joinAgain(join, signal) {
  const end = Date.now() + RETURN_MS;

  for (let attempt = 0; Date.now() < end; attempt++) {
    await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], signal);
    if (signal.aborted) return null;
    try {
      return await join();
    } catch (error) {
      if (signal.aborted || FINAL.has(error.code)) return null;
      if (!error.code) {
        // no word of a server: a fault of this page
        console.error(error);
        return null;
      }
    }
  }
  return null;
}
