// SPDX-License-Identifier: LGPL-2.1-or-later

// Who asks to be trusted is answered in a page that the launcher's link opens, on
// the same machine, once.

import { ADDRESS, enter } from "./lan.mjs";

enter();

const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, Native, STEP_MS, host, until } = await import("./people.mjs");

const text = (page, selector) => page.locator(selector).innerText();
const NOT_GOOD = "This link is not good: each opens one page, once, and only for a while. "
  + "Type /page at the launcher for a new one.";
const HERE = "Who asks this device to be trusted is shown in this page.";
const ELSEWHERE = "Who asks this device to be trusted is no longer shown in this page.";

// Another link to such a page.
async function link(ann) {
  const links = () => ann.lines.filter(({ event }) => event === "page");
  const before = links().length;

  ann.type("/page");
  await ann.wait(() => links().length > before, STEP_MS, "a link");
  return links().at(-1).link;
}

async function open(browser, address, note = HERE) {
  const page = await browser.page();

  await page.goto(address);
  await until(async () => await text(page, "#approval-note") === note, STEP_MS, note);
  equal(new URL(page.url()).hash, "", "what is left in the address");
  return page;
}

async function start() {
  const ann = await host();
  const browser = await Browser.start();
  const page = await open(browser, await link(ann));

  return { ann, browser, page };
}

// Bob asks, and the page shows it: [Bob, the digits in the page].
async function ask(ann, page, user = "Bob") {
  const { port } = new URL(ann.link);
  const bob = new Native(["trust", "request", `${ADDRESS}:${port}`, "--user", user]);
  const { digits } = await bob.event("trust-digits");

  await until(() => page.isVisible("#approval"), STEP_MS, "the question");
  await until(async () => (await text(page, "#approval-digits")).replace(" ", "") === digits,
    STEP_MS, "the same digits on both sides");
  equal(await text(page, "#approval-name"), user, "who asks");
  return bob;
}

const gone = (page) => until(async () => !await page.isVisible("#approval"), STEP_MS,
  "the question is over");

test("who asks is trusted by a yes in the page", async () => {
  const { ann, page } = await start();
  const bob = await ask(ann, page);
  const told = await ann.event("trust-requested", { name: "Bob" });

  equal(await text(page, "#approval-id"), told.deviceId, "the id");
  await page.click("#approval-yes");
  await gone(page);
  bob.type("y");
  equal((await bob.event("trusted")).name, "Ann", "who is trusted");
  await ann.event("trust-established", { name: "Bob" });
  // the terminal does not ask any more
  assert((await ann.event("trust-answered")).approved, "what the terminal says");
  ann.type("/deny");
  await ann.event("warning", { message: "No device waits for an answer." });
  equal(page.faults, [], "faults of the page");
});

test("and not by a no", async () => {
  const { ann, page } = await start();
  const bob = await ask(ann, page);

  for (let i = 0; i < 3; i++) await page.keyboard.press("Escape"); // it is not put off
  await until(() => page.isVisible("#approval"), STEP_MS, "the question stays");
  await page.click("#approval-no");
  await bob.event("error", { code: "NOT_TRUSTED" });
  await gone(page);
  equal(ann.lines.filter(({ event }) => event === "trust-established"), [], "who is trusted");
});

test("an answer at the terminal ends the question in the page", async () => {
  const { ann, page } = await start();
  const bob = await ask(ann, page);

  ann.type("n");
  await gone(page);
  await bob.event("error", { code: "NOT_TRUSTED" });
});

test("a question that takes the place of another is not answered by a click on it", async () => {
  const { ann, page } = await start();
  const bob = await ask(ann, page);

  await until(() => page.$eval("#approval-yes", (e) => !e.inert), STEP_MS, "time to read");
  const carl = new Native(["trust", "request", `${ADDRESS}:${new URL(ann.link).port}`,
    "--user", "Carl"]);
  await carl.event("trust-digits");
  // the click lands at the moment in which the question changes
  await page.evaluate(() => {
    const name = document.getElementById("approval-name");

    window.changed = new Promise((resolve) => {
      new MutationObserver(() => {
        const yes = document.getElementById("approval-yes");
        queueMicrotask(() => { yes.click(); resolve(yes.inert); });
      }).observe(name, { childList: true, characterData: true, subtree: true });
    });
  });
  ann.type("n");
  assert(await page.evaluate(() => window.changed), "nothing can be said yet");
  await until(async () => await text(page, "#approval-name") === "Carl", STEP_MS, "Carl's");
  await bob.event("error", { code: "NOT_TRUSTED" });
  await page.click("#approval-no");
  await carl.event("error", { code: "NOT_TRUSTED" });
  equal(ann.lines.filter(({ event }) => event === "trust-established"), [], "who is trusted");
});

test("a link opens one page, which a reload keeps and a newer one ends", async () => {
  const { ann, browser } = await start();
  const address = await link(ann);
  const page = await open(browser, address);

  await open(browser, address, NOT_GOOD);
  await page.reload();
  await until(async () => await text(page, "#approval-note") === HERE, STEP_MS, HERE);
  const newer = await open(browser, await link(ann));
  await until(async () => await text(page, "#approval-note") === ELSEWHERE, STEP_MS, ELSEWHERE);
  const bob = await ask(ann, newer);
  assert(!await page.isVisible("#approval"), "the older page asks nothing");
  await newer.click("#approval-no");
  await bob.event("error", { code: "NOT_TRUSTED" });
});

// The status and code of a request that a page makes of its own server.
const post = (page, path, body) => page.evaluate(async ([to, what]) => {
  const answer = await fetch(to, { method: "POST", body: JSON.stringify(what),
    headers: { "content-type": "application/json" } });
  return [answer.status, (await answer.json()).error?.code];
}, [path, body]);

test("nobody else can answer", async () => {
  const { ann, browser, page } = await start();
  const bob = await ask(ann, page);
  const requestId = (await ann.event("trust-requested")).request;
  const guess = "A".repeat(43);
  const answer = { session: guess, requestId, approve: true };

  // another page on this machine
  const near = await browser.page();
  const { port } = new URL(ann.link);
  await near.goto(`https://localhost:${port}/`);
  equal(await post(near, "/trust/page/answer", answer), [403, "NOT_TRUSTED"], "a guess");
  equal(await post(near, "/trust/page/question", { session: guess }), [403, "NOT_TRUSTED"],
    "a guess");
  // a page of another machine, as its address says, has not even the right secret
  const far = await browser.page();
  await far.goto(ann.link);
  const secret = new URLSearchParams(new URL(await link(ann)).hash.slice(1)).get("approve");
  equal(await post(far, "/trust/page", { secret }), [403, "NOT_TRUSTED"], "from elsewhere");
  // who guesses secrets waits
  const codes = await near.evaluate(async (body) => {
    const found = new Set();
    for (let i = 0; i < 500 && !found.has("RATE_LIMITED"); i++) {
      const got = await fetch("/trust/page", { method: "POST", body,
        headers: { "content-type": "application/json" } });
      found.add((await got.json()).error.code);
    }
    return [...found];
  }, JSON.stringify({ secret: guess }));
  equal(codes, ["NOT_TRUSTED", "RATE_LIMITED"], "what they hear");
  assert(await page.isVisible("#approval"), "the question is still there");
  // the secret is in the link alone
  const links = ann.lines.filter((line) => JSON.stringify(line).includes(secret));
  equal(links.map(({ event }) => event), ["page"], "events with the secret");
  equal(ann.other.filter((line) => line.includes(secret)), [], "lines with the secret");
  await page.click("#approval-no");
  await bob.event("error", { code: "NOT_TRUSTED" });
});

await main();
