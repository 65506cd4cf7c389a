// SPDX-License-Identifier: LGPL-2.1-or-later

// A browser where the host admits trusted devices only: by an invitation, and not
// without, nor by one that is not good.

import { enter } from "./lan.mjs";

enter();

const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, STEP_MS, host, invite, joinLink, until, untilNames, untilPictures, untilState } =
  await import("./people.mjs");

const GUESS = "A".repeat(43);
const NOT_GOOD = "This invitation is not good: each opens one meeting, once, and only for a "
  + "while. Ask the host for a new one.";
const text = (page, selector) => page.locator(selector).innerText();

async function start() {
  const ann = await host({ args: ["--policy", "require"] });
  const { link } = await ann.event("invitation");
  const browser = await Browser.start();
  return { ann, browser, link };
}

const STRANGER = "The host admits only devices it knows, and a browser has no identity to show. "
  + "Ask the host for an invitation link.";

async function refused(browser, link, sentence) {
  const page = await browser.join(link, "Mallory");

  await untilState(page, "failed");
  equal(await text(page, "#notice"), sentence, "what is read");
  return page;
}

// Nothing the launcher wrote but the links it was to show has the secret.
function checkKept(ann, link) {
  const secret = new URLSearchParams(new URL(link).hash.slice(1)).get("invitation");

  assert(secret.length === 43, "a secret");
  equal(ann.other.filter((line) => line.includes(secret)), [], "lines with the secret");
  equal(ann.lines.filter((line) => JSON.stringify(line).includes(secret))
    .map(({ event }) => event), ["invitation"], "events with the secret");
}

test("without an invitation a browser is refused in words", async () => {
  const { ann, browser } = await start();

  await refused(browser, ann.link, STRANGER);
});

test("a guest comes by an invitation", async () => {
  const { ann, browser, link } = await start();
  const cleo = await browser.join(link, "Cleo");

  await untilState(cleo, "joined");
  await untilNames(cleo, ["Ann", "Cleo (you)"]);
  await untilPictures(cleo, 1);
  equal(new URL(cleo.url()).hash, "", "what is left in the address");
  assert((await ann.event("participant-joined", { user: "Cleo" })).trust === "guest",
    "what the host is shown");
  const dan = await browser.join(await invite(ann), "Dan");
  await untilState(dan, "joined");
  await cleo.click("#toggle-people");
  equal(await cleo.$$eval(".person-trust", (list) => list.length), 0, "a guest has no mark");
  await cleo.click("[data-who=p003]");
  equal(await cleo.innerText("#trust-text"), "Dan came by an invitation link of the host’s. Whoever "
    + "had that link could use it.", "what a click tells");
  await cleo.keyboard.press("Escape");
  checkKept(ann, link);
  equal([...cleo.faults, ...dan.faults], [], "faults of the pages");
});

test("a guest that loads the page again needs no other invitation", async () => {
  const { browser, link } = await start();
  const cleo = await browser.join(link, "Cleo");

  await untilState(cleo, "joined");
  await cleo.reload();
  await untilState(cleo, "joined");
  await untilNames(cleo, ["Ann", "Cleo (you)"]);
  equal(cleo.faults, [], "faults of the page");
});

test("a guest that was removed is let in again, by another invitation", async () => {
  const { ann, browser, link } = await start();
  const cleo = await browser.join(link, "Cleo");

  await untilState(cleo, "joined");
  ann.type("/kick Cleo");
  await untilState(cleo, "left");
  await cleo.reload();
  await untilState(cleo, "failed");
  equal(await text(cleo, "#notice"),
    "The host has removed you, and has to let you in before you can join again.", "kept out");
  ann.type("/unban Cleo");
  const again = await invite(ann);
  await cleo.goto("about:blank");
  await cleo.goto(joinLink(again, "Cleo"));
  await untilState(cleo, "joined");
  await untilPictures(cleo, 1);
});

test("an invitation that was used is refused", async () => {
  const { browser, link } = await start();
  const cleo = await browser.join(link, "Cleo");

  await untilState(cleo, "joined");
  const page = await refused(browser, link, NOT_GOOD);
  equal(new URL(page.url()).hash, "", "what is left in the address");
});

test("an invitation that has expired is refused", async () => {
  const { ann, browser } = await start();
  const link = await invite(ann, "1s");
  const expires = Date.now() + 1000;

  equal((await ann.event("invitation", { link })).expiresIn, 1, "what the host is told");
  await until(() => Date.now() > expires, STEP_MS, "the time is over");
  await refused(browser, link, NOT_GOOD);
});

test("a guessed invitation is refused", async () => {
  const { ann, browser } = await start();

  await refused(browser, `${ann.link}#invitation=${GUESS}`, NOT_GOOD);
});

test("an invitation to a meeting that has ended is refused", async () => {
  const { ann, browser, link } = await start();
  const { port } = new URL(link);

  await ann.end();
  const again = await host({ args: ["--policy", "require", "--port", port] });
  const moved = new URL(again.link);
  moved.hash = new URL(link).hash;
  await refused(browser, moved.href, NOT_GOOD);
});

// What a device says that meets trusted ones only; here it is put into Dan's mouth.
test("somebody who does not meet this browser is let go of, in words", async () => {
  const { ann, browser, link } = await start();
  const cleo = await browser.page();
  let tell = null;

  await cleo.routeWebSocket(/\/ws/, (socket) => {
    const server = socket.connectToServer();
    let last = 0;
    socket.onMessage((data) => server.send(data));
    server.onMessage((data) => {
      last = Math.max(last, JSON.parse(data).seq || 0);
      socket.send(data);
    });
    tell = (error) => socket.send(JSON.stringify({ type: "error", seq: ++last, ...error }));
  });
  await cleo.goto(joinLink(link, "Cleo"));
  await untilState(cleo, "joined");
  const dan = await browser.join(await invite(ann), "Dan");
  await untilState(dan, "joined");
  await untilNames(cleo, ["Ann", "Cleo (you)", "Dan"]);
  // what comes beside a call is told, and ends nothing
  await untilPictures(cleo, 2);
  tell({ from: "p003", code: "SIGNATURE", message: "words of the other" });
  await until(async () => (await text(cleo, "#announcer")).includes(
    "Dan does not take what this browser sent (SIGNATURE)."), STEP_MS, "what Dan says");
  await untilPictures(cleo, 2);
  tell({ from: "p003", code: "NOT_TRUSTED", message: "words of the other" });
  await untilNames(cleo, ["Ann", "Cleo (you)"]);
  assert((await text(cleo, "#announcer")).includes(
    "Dan meets trusted devices only, and not this browser."), "what is read");
  equal(cleo.faults, [], "faults of the page");
});

test("who guesses again and again waits", async () => {
  const { ann, browser } = await start();
  const page = await browser.page();

  await page.goto(ann.link);
  const codes = await page.evaluate(async (invitation) => {
    const key = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false,
      ["sign", "verify"]);
    const spki = await crypto.subtle.exportKey("spki", key.publicKey);
    const body = JSON.stringify({ meeting: "standup", invitation,
      pubKey: btoa(String.fromCharCode(...new Uint8Array(spki))) });
    const found = new Set();
    for (let i = 0; i < 500 && !found.has("RATE_LIMITED"); i++) {
      const answer = await fetch("/meetings/guest", { method: "POST", body,
        headers: { "content-type": "application/json" } });
      found.add((await answer.json()).error.code);
    }
    return [...found];
  }, GUESS);
  equal(codes, ["NOT_TRUSTED", "RATE_LIMITED"], "what they hear");
});

await main();
