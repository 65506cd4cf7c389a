// SPDX-License-Identifier: LGPL-2.1-or-later

// What the address of a page may cause by itself (page.md#without-a-click): nothing where a
// page of another site has led here, as the server has seen by Sec-Fetch-Site.

const KEY = "reloaded";
const address = location.pathname + location.search;
const [navigation] = performance.getEntriesByType("navigation");

export const isLed = Boolean(navigation?.serverTiming?.some(({ name }) => name === "cross-site"));

function readKept() {
  const text = sessionStorage.getItem(KEY);

  sessionStorage.removeItem(KEY);
  if (!text || navigation?.type !== "reload") return null;
  const kept = JSON.parse(text);
  return kept.address === address ? kept.what : null;
}

// What keep() was given, where the user has loaded the page anew since then; else null.
export const kept = readKept();

export const mayBegin = !isLed || kept !== null;

// At "pagehide": what a reload, and nothing else, goes on with; null: nothing. No other page
// can reload this one; one of another site can have the browser go back to it.
export function keep({ persisted }, what) {
  if (what && !persisted) sessionStorage.setItem(KEY, JSON.stringify({ address, what }));
}
