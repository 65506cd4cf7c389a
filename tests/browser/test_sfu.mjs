// SPDX-License-Identifier: LGPL-2.1-or-later

// A meeting of pages that outgrows its mesh, on videomeet server beside a Janus: it moves
// to Janus and back, and nobody's picture stops for more than a second.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

import { enter } from "./lan.mjs";
import { API_SECRET, Janus, SFU, connections, hasJanus, longestGap, now, senders, watchFrames }
  from "./sfu.mjs";

if (!hasJanus()) {
  console.log("there is no janus on this machine: skipped");
  process.exit(77);
}
enter();

const { ADDRESS } = await import("./lan.mjs");
const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, Native, STEP_MS, joinLink, until, untilNames, untilPictures, untilState } =
  await import("./people.mjs");

const GAP_MS = 1000;
const FRAME_MS = 100; // of the cameras here
const RETURN_S = 2; // in place of a minute
const HELD_S = 4; // longer than a page stays at the SFU after all have said that they hear it
const BY_SERVER = "by the server, not end-to-end encrypted";

async function serve(janus, args = []) {
  const secret = join(janus.folder, "api-secret");
  writeFileSync(secret, `${API_SECRET}\n`, { mode: 0o600 });
  const server = new Native(["server", "--port", "8443", "--sfu", SFU, "--sfu-secret-file",
    secret, "--mesh-max", "2", "--mesh-return", String(RETURN_S), ...args]);
  const { port } = await server.event("serving");

  server.link = `https://${ADDRESS}:${port}/?meeting=blue`;
  return server;
}

// In a page: holds back what the server says from the word of another participant on that
// it hears this page by the mesh again, until release().
function holdBack() {
  const Native = window.WebSocket;
  const isBack = (text) => text.includes('"sfu-heard"') && /"heard":\s*false/.test(text);
  let held = [];
  let holder = null; // the socket

  window.isHeld = () => holder !== null;
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", (event) => {
        if (held && !holder && isBack(String(event.data))) holder = this;
        if (!held || this !== holder) return;
        event.stopImmediatePropagation();
        held.push(() => this.dispatchEvent(new MessageEvent("message", { data: event.data })));
      });
    }
  };
  window.release = () => {
    const all = held;
    held = null;
    for (const give of all) give();
  };
}

async function come(browser, server, user, script) {
  const page = await browser.page();

  if (script) await page.addInitScript(script);
  await page.addInitScript(watchFrames);
  await page.goto(joinLink(server.link, user));
  await untilState(page, "joined");
  return page;
}

const pause = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });
const tile = (page, id) => page.locator(`[data-tile="camera:${id}"]`);
const isByServer = async (page, id) =>
  (await tile(page, id).getAttribute("title").catch(() => "")) === BY_SERVER;

// All pages have only that many connections of each kind.
function untilConnections(pages, wanted) {
  return Promise.all(pages.map((page) => until(async () =>
    JSON.stringify(await connections(page)) === JSON.stringify(wanted), STEP_MS,
  `connections as ${JSON.stringify(wanted)}`).catch(async (error) => {
    throw new Error(`${error.message}; there are ${JSON.stringify(await connections(page))}`);
  })));
}

// {page, id, from}: how long the one who watches has seen no new frame of the one who
// sends. For how long a page's own camera stood still in it meanwhile was the machine's.
async function noGap(watcher, sender) {
  const own = await Promise.all([watcher, sender].map(({ page, id, from }) =>
    longestGap(page, id, from)));
  const stalls = own.map((ms) => Math.max(0, ms - 2 * FRAME_MS));
  const gap = await longestGap(watcher.page, sender.id, watcher.from);

  assert(gap <= GAP_MS + stalls[0] + stalls[1], `no frame of ${sender.id} for `
    + `${Math.round(gap)} ms; the cameras stood still for ${own.map(Math.round)} ms`);
}

// From now on.
const watch = (pages) => Promise.all(pages.map(async ([page, id]) =>
  ({ page, id, from: await now(page) })));

test("three pages move to the SFU and two back, without a break", async () => {
  const janus = await Janus.start();
  const server = await serve(janus);
  const browser = await Browser.start();
  const cleo = await come(browser, server, "Cleo", holdBack);
  const dan = await come(browser, server, "Dan");
  await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);
  equal(await connections(cleo), { direct: 1, byServer: 0 }, "two have a mesh");
  assert(!await isByServer(cleo, "p002"), "and are told of nothing else");

  const both = [[cleo, "p001"], [dan, "p002"]];
  const [one, other] = await watch(both);
  const eve = await come(browser, server, "Eve");
  await Promise.all([cleo, dan, eve].map((page) => untilPictures(page, 2)));
  await untilConnections([cleo, dan, eve], { direct: 0, byServer: 2 });
  await Promise.all([cleo, dan, eve].map((page) => untilPictures(page, 2)));
  await noGap(one, other);
  await noGap(other, one);
  for (const page of [cleo, dan, eve]) {
    await untilNames(page, page === cleo ? ["Cleo (you)", "Dan", "Eve"]
      : page === dan ? ["Cleo", "Dan (you)", "Eve"] : ["Cleo", "Dan", "Eve (you)"]);
    equal(await senders(page), 1, "pictures are encoded and sent once");
  }
  assert(await isByServer(cleo, "p002") && await isByServer(eve, "p001"), "the way is told");
  await cleo.click("#toggle-people");
  assert((await cleo.locator("[data-person=p003]").innerText()).includes(BY_SERVER),
    "in the list too");

  const back = await watch(both);
  await eve.context().close();
  await until(() => cleo.evaluate(() => window.isHeld()), STEP_MS, "Dan's word that he hears Cleo");
  await pause(HELD_S);
  equal(await connections(cleo), { direct: 1, byServer: 2 }, "who is not told so stays there");
  await cleo.evaluate(() => window.release());
  await untilConnections([cleo, dan], { direct: 1, byServer: 0 });
  await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);
  await noGap(back[0], back[1]);
  await noGap(back[1], back[0]);
  await untilNames(cleo, ["Cleo (you)", "Dan"]);
  assert(!await isByServer(cleo, "p002"), "the way is the direct one again");
  for (const page of [cleo, dan]) equal(page.faults, [], "faults of the page");
});

test("others come and go at the SFU", async () => {
  const janus = await Janus.start();
  const server = await serve(janus);
  const browser = await Browser.start();
  const pages = [];
  for (const user of ["Cleo", "Dan", "Eve", "Fay"]) pages.push(await come(browser, server, user));
  await untilConnections(pages, { direct: 0, byServer: 2 });
  await Promise.all(pages.map((page) => untilPictures(page, 3)));

  const [cleo, dan, eve, fay] = pages;
  await eve.click("#leave");
  await untilNames(fay, ["Cleo", "Dan", "Fay (you)"]);
  const gus = await come(browser, server, "Gus");
  const there = [cleo, dan, fay, gus];
  await Promise.all(there.map((page) => untilPictures(page, 3)));
  await untilNames(cleo, ["Cleo (you)", "Dan", "Fay", "Gus"]);
  await untilNames(gus, ["Cleo", "Dan", "Fay", "Gus (you)"]);
  // nobody has made a connection to a newcomer
  for (const page of there)
    equal(await connections(page), { direct: 0, byServer: 2 }, "connections");
  for (const page of there) equal(page.faults, [], "faults of the page");
});

test("a screen is shown by the SFU, and chat goes on", async () => {
  const janus = await Janus.start();
  const server = await serve(janus);
  const browser = await Browser.start();
  const pages = [];
  for (const user of ["Cleo", "Dan", "Eve"]) pages.push(await come(browser, server, user));
  const [cleo, dan, eve] = pages;
  await untilConnections(pages, { direct: 0, byServer: 2 });
  await Promise.all(pages.map((page) => untilPictures(page, 2)));

  await cleo.click("#share-screen");
  for (const page of [dan, eve])
    await page.waitForSelector('[data-tile="screen:p001"]:not(.no-frames)');
  await cleo.click("#share-screen");
  for (const page of [dan, eve])
    await page.waitForSelector('[data-tile="screen:p001"]', { state: "detached" });
  await Promise.all(pages.map((page) => untilPictures(page, 2)));

  await dan.click("#toggle-chat");
  await dan.fill("#chat-input", "by the server");
  await dan.press("#chat-input", "Enter");
  for (const page of [cleo, eve])
    await until(async () => (await page.locator("#chat-log").textContent())
      .includes("by the server"), STEP_MS, "the line");
  for (const page of pages) equal(page.faults, [], "faults of the page");
});

test("the SFU dies and comes back", async () => {
  const janus = await Janus.start();
  const server = await serve(janus);
  const browser = await Browser.start();
  const pages = [];
  for (const user of ["Cleo", "Dan", "Eve"]) pages.push(await come(browser, server, user));
  await untilConnections(pages, { direct: 0, byServer: 2 });
  await Promise.all(pages.map((page) => untilPictures(page, 2)));

  await janus.kill();
  await untilConnections(pages, { direct: 2, byServer: 0 });
  await Promise.all(pages.map((page) => untilPictures(page, 2)));
  const late = await browser.page();
  await late.goto(joinLink(server.link, "Fay"));
  await untilState(late, "failed");
  assert((await late.locator("body").innerText()).includes("cannot be reached now"), "why");

  await janus.run();
  await untilConnections(pages, { direct: 0, byServer: 2 });
  await Promise.all(pages.map((page) => untilPictures(page, 2)));
});

test("without an SFU a mesh is as large as it may be", async () => {
  const janus = await Janus.start();
  await janus.kill();
  const server = await serve(janus);
  const browser = await Browser.start();
  const cleo = await come(browser, server, "Cleo");
  const dan = await come(browser, server, "Dan");
  await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);
  const late = await browser.page();
  await late.goto(joinLink(server.link, "Fay"));
  await untilState(late, "failed");
  await server.wait(() => server.other.some((line) => line.includes("cannot be used")), STEP_MS,
    "a warning");
  equal(server.other.filter((line) => line.includes("cannot be used")).length, 1,
    "which is said once");
});

await main();
