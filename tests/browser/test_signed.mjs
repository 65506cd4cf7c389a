// SPDX-License-Identifier: LGPL-2.1-or-later

// A browser that came by an invitation signs what it says, and checks what is said to
// it: devices that admit trusted ones only meet it, and a server that lies between it and
// another is found out, on both sides.

import process from "node:process";
import { ADDRESS, enter } from "./lan.mjs";

enter();

const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, Native, STEP_MS, guest, host, invite, joinLink, until, untilNames, untilPictures,
  untilState } = await import("./people.mjs");

const LIAR = `${process.env.VM_BUILD_ROOT}/tests/lab/libvmliar.so`;
const CONNECTED = { state: "connected" };

// A page that joins, and remembers what it announces.
async function come(browser, link, user) {
  const page = await browser.page();

  await page.addInitScript(() => {
    window.announced = [];
    addEventListener("DOMContentLoaded", () => {
      const announcer = document.getElementById("announcer");
      new MutationObserver(() => window.announced.push(announcer.textContent))
        .observe(announcer, { childList: true, characterData: true, subtree: true });
    });
  });
  await page.goto(joinLink(link, user));
  await untilState(page, "joined");
  return page;
}

const untilAnnounced = (page, sentence) => until(() =>
  page.evaluate((wanted) => window.announced.some((one) => one.includes(wanted)), sentence),
STEP_MS, sentence);

// What stands on the picture of somebody, and in the list.
async function untilNoted(page, user, note) {
  await until(() => page.$$eval("#tiles .tile.camera", (tiles, [name, wanted]) =>
    tiles.some((tile) => tile.querySelector(".tile-name").textContent === name
      && tile.querySelector(".tile-note").textContent === wanted), [user, note]), STEP_MS,
  `${user}: ${note}`);
  await until(() => page.$$eval("#people-list .person", (list, [name, wanted]) =>
    list.some(({ textContent }) => textContent.includes(name) && textContent.includes(wanted)),
  [user, note]), STEP_MS, `in the list, ${user}: ${note}`);
}

async function say(page, text) {
  if (!await page.isVisible("#chat-input")) await page.click("#toggle-chat");
  await page.fill("#chat-input", text);
  await page.press("#chat-input", "Enter");
}

const untilRead = (page, text) => until(async () =>
  (await page.locator("#chat-log").textContent()).includes(text), STEP_MS, text);

// Bob, whom Ann trusts and who gives Ann those permissions.
async function trusted(ann, permissions) {
  const { port } = new URL(ann.link);
  const asking = new Native(["trust", "request", `${ADDRESS}:${port}`, "--user", "Bob",
    "--approve", "auto", "--permissions", permissions]);

  await until(() => asking.ended !== null, STEP_MS, "trust");
  equal(asking.ended, 0, `trust: ${asking.other}`);
  return guest(ann, { args: ["--policy", "require"], env: { HOME: asking.folder,
    XDG_CONFIG_HOME: asking.folder } });
}

test("three under require: a host, a trusted device and an invited browser", async () => {
  const ann = await host({ args: ["--policy", "require", "--approve", "auto"] });
  const { link } = await ann.event("invitation");
  const bob = await trusted(ann, "call,introducer");
  await bob.event("participant-state", { user: "Ann", ...CONNECTED });
  const browser = await Browser.start();
  const cleo = await come(browser, link, "Cleo");

  await untilNames(cleo, ["Ann", "Bob", "Cleo (you)"]);
  await untilPictures(cleo, 2);
  const seen = await bob.event("participant-joined", { user: "Cleo" });
  equal(seen.trust, "guest", "what Bob is shown");
  equal(seen.deviceId, (await ann.event("participant-joined", { user: "Cleo" })).deviceId,
    "whose key it is");
  await bob.event("participant-state", { user: "Cleo", ...CONNECTED });
  bob.type("Bob says this");
  await untilRead(cleo, "Bob says this");
  await say(cleo, "Cleo says that");
  await bob.event("chat", { user: "Cleo", text: "Cleo says that" });
  await ann.event("chat", { user: "Cleo", text: "Cleo says that" });
  equal(cleo.faults, [], "faults of the page");
  await cleo.click("#leave");
  await bob.event("participant-left", { user: "Cleo" });
  for (const [name, native] of [["Bob", bob], ["Ann", ann]]) {
    const got = (await native.summary()).find((one) => one.name === "Cleo");
    assert(got.videoFrames > 0 && got.audioBuffers > 0, `what ${name} got: ${JSON.stringify(got)}`);
    equal(native.lines.filter(({ event }) => event === "warning"), [], `warnings of ${name}`);
  }
});

test("a device whose host may not introduce others does not meet an invited browser", async () => {
  const ann = await host({ args: ["--policy", "require", "--approve", "auto"] });
  const { link } = await ann.event("invitation");
  const bob = await trusted(ann, "call");
  await bob.event("participant-state", { user: "Ann", ...CONNECTED });
  const browser = await Browser.start();
  const cleo = await come(browser, link, "Cleo");

  await untilAnnounced(cleo, "Bob meets trusted devices only, and not this browser.");
  await untilNames(cleo, ["Ann", "Cleo (you)"]);
  await untilPictures(cleo, 1);
  await bob.wait(() => bob.lines.some(({ event, code, message }) => event === "warning"
    && code === "NOT_TRUSTED" && message.includes("Cleo")), STEP_MS, "what Bob reads");
});

const liar = (lie) => host({ env: { LD_PRELOAD: LIAR, VM_LIE: lie } });

// What is read by the page that finds a lie in the name of `user`, or whose own word was
// changed.
async function untilTold(page, user, finds, keys = false) {
  await untilNoted(page, user, finds
    ? "Not connected: what came in this name was changed on the way"
    : "Not connected: what you sent was changed on the way");
  await untilAnnounced(page, finds
    ? keys ? `What came in the name of ${user} is signed by another device`
      : `What came in the name of ${user} is not what ${user} has signed`
    : `${user} did not get what this browser has signed`);
}

// Nothing of the others has come to the page, and all of Ann.
async function untilApart(page) {
  await untilPictures(page, 1);
  const connections = () => page.evaluate(() => window.connections
    .filter((c) => c.connectionState === "connected").length);
  equal(await connections(), 1, "connections");
}

// Bob's device has found out, or been told, that there was a lie between it and `user`.
function untilWarned(bob, user, lie, found) {
  return bob.wait(() => bob.lines.some(({ event, code, message }) => event === "warning"
    && code === (lie === "keys" ? "WRONG_KEY" : "SIGNATURE") && message.includes(user) && (found
    ? message.includes("refuses this device's description") : /sign|taken off/.test(message))),
  STEP_MS, `what Bob reads of ${user}`);
}

// A lie is about each of the offers, or of the answers, that the host's server passes on.
// Whoever was there first offers: Cleo's browser to Bob's device, that to Dan's browser, and
// Cleo's browser to Dan's.
for (const [lie, what, browsersToo] of [
  ["fingerprint-offer", "offers of browsers and devices are altered", true],
  ["fingerprint-answer", "answers of browsers and devices are altered", true],
  ["strip-offer", "signatures of browsers and devices are taken off", false],
  ["keys", "browsers and devices are told of other keys than the others have", false],
])
  test(`${what}: refused and told on both sides`, async () => {
    const ann = await liar(lie);
    const browser = await Browser.start();
    const cleo = await come(browser, await invite(ann), "Cleo");
    const bob = guest(ann);
    await bob.event("participant-state", { user: "Ann", ...CONNECTED });
    const dan = await come(browser, await invite(ann), "Dan");
    // who offers finds a lie about an answer
    const offerer = lie.endsWith("answer");

    await untilTold(cleo, "Bob", offerer, lie === "keys");
    await untilWarned(bob, "Cleo", lie, offerer);
    await untilTold(dan, "Bob", !offerer, lie === "keys");
    await untilWarned(bob, "Dan", lie, !offerer);
    if (browsersToo) {
      await untilTold(cleo, "Dan", offerer);
      await untilTold(dan, "Cleo", !offerer);
    }
    await untilApart(cleo);
    await untilApart(dan);
    for (const name of ["Cleo", "Dan"]) {
      const got = (await bob.summary()).find((one) => one.name === name);
      equal([got.videoFrames, got.audioBuffers], [0, 0], `what came to Bob of ${name}`);
    }
  });

await main();
