// SPDX-License-Identifier: LGPL-2.1-or-later

// Joining anew when the server was lost and the seat with it: after a long sleep, or
// because the server has begun anew without what it knew.

export const RETURN_MS = 300000; // then it is given up
const RETRY_MS = [500, 1000, 2000, 4000]; // the last repeats
const LOST = new Set(["RESUME_FAILED", "DISCONNECTED"]);
// nobody can end a room that nobody hosts: a server that says so has begun anew
const OVER = new Set(["MEETING_NOT_FOUND", "MEETING_ENDED"]);
const FINAL = new Set(["WRONG_PIN", "NOT_TRUSTED", "WRONG_KEY", "KEY_CHANGED",
  "MEETING_LOCKED", "KICKED", "BAD_INVITATION", "CAP_REQUIRED", "CAP_EXPIRED",
  "CAP_INVALID"]);

// Whether what a SignallingError tells may be over by itself.
export function mayReturn(error, hosted) {
  return LOST.has(error?.code) || (!hosted && OVER.has(error?.code));
}

function pause(ms, signal, hurry) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      hurry.removeEventListener("changed", done);
      resolve();
    };
    const timer = setTimeout(done, ms);

    signal.addEventListener("abort", done);
    hurry.addEventListener("changed", done);
  });
}

// What `join()` gives, as soon as it gives anything; null when it may not, when there
// was no server for all that time, or when the AbortSignal says so. `hurry`: by its event
// "changed" it is tried at once.
export async function joinAgain(join, hosted, signal, hurry) {
  const end = Date.now() + RETURN_MS;

  for (let attempt = 0; Date.now() < end; attempt++) {
    await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], signal, hurry);
    if (signal.aborted) return null;
    try {
      return await join();
    } catch (error) {
      if (signal.aborted || FINAL.has(error.code)
          || (hosted && OVER.has(error.code))) return null;
      if (!error.code) {
        // no word of a server: a fault of this page
        console.error(error);
        return null;
      }
    }
  }
  return null;
}
