// SPDX-License-Identifier: LGPL-2.1-or-later

// The page in rooms that nobody hosts, on videomeet server: whoever comes first may do
// what a host may, and a TURN server takes the passwords that the server makes.

import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { enter } from "./lan.mjs";

enter();

const { ADDRESS } = await import("./lan.mjs");
const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, Native, STEP_MS, joinLink, until, untilNames, untilPictures, untilState } =
  await import("./people.mjs");
const { Program } = await import("./program.mjs");
const { localTypes, startTurnOfSecret } = await import("./turn.mjs");

const SECRET = "between the two";
const tool = (action, id) => `[data-action="${action}:${id}"]`;
const text = (page, selector) => page.locator(selector).innerText();

async function serve(args = []) {
  const server = new Native(["server", "--port", "8443", ...args]);
  const { port, secure } = await server.event("serving");

  assert(secure, "TLS");
  server.link = `https://${ADDRESS}:${port}/?meeting=blue`;
  return server;
}

test("whoever came first moderates, then the next", async () => {
  const server = await serve();
  const browser = await Browser.start();
  const cleo = await browser.join(server.link, "Cleo");
  await untilState(cleo, "joined");
  const dan = await browser.join(server.link, "Dan");
  await untilState(dan, "joined");
  await untilNames(cleo, ["Cleo (you)", "Dan"]);
  await untilNames(dan, ["Cleo", "Dan (you)"]);
  await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);
  await server.event("room", { inRoom: 2, rooms: 1 });

  for (const page of [cleo, dan]) await page.click("#toggle-people");
  assert((await text(cleo, "[data-person=p001]")).includes("you, moderates"), "Cleo's role");
  assert((await text(dan, "[data-person=p001]")).includes("moderates"), "as Dan sees it");
  assert(await cleo.isVisible("#lock-meeting"), "the lock");
  assert(await cleo.isHidden("#end-meeting"), "no end: it is not Cleo's");
  assert(await dan.isHidden("#lock-meeting"), "no lock for Dan");
  await cleo.click("#lock-meeting");
  await until(() => dan.isVisible("#call-locked"), STEP_MS, "the lock at Dan's");
  await until(() => cleo.$(tool("mute", "p002")), STEP_MS, "Dan's tools");
  await cleo.click(tool("mute", "p002"));
  await until(async () => await dan.getAttribute("#toggle-audio", "aria-label")
    === "Unmute microphone", STEP_MS, "Dan muted");

  await cleo.context().close();
  await until(() => dan.isVisible("#lock-meeting"), STEP_MS, "the lock for Dan");
  await untilNames(dan, ["Dan (you)"]);
  await dan.click("#lock-meeting");
  await until(() => dan.isHidden("#call-locked"), STEP_MS, "no lock");
  const eve = await browser.join(server.link, "Eve");
  await untilState(eve, "joined");
  await dan.click(tool("kick", "p003"));
  await untilState(eve, "left");
  equal(dan.faults, [], "faults of the page");
});

test("a server that admits those who show a token", async () => {
  const keys = join(mkdtempSync(join(tmpdir(), "vm-token-")), "keys");
  const secret = "a secret of thirty-two bytes, or more";
  const sign = (claims) => {
    const text = [{ alg: "HS256", typ: "JWT" }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  };

  writeFileSync(keys, secret, { mode: 0o600 });
  const server = await serve(["--auth", keys]);
  const browser = await Browser.start();
  const cleo = await browser.join(server.link, "Cleo");
  await until(async () => (await text(cleo, "body")).includes("admits those who have a token"),
    STEP_MS, "what Cleo is told");
  const token = sign({ exp: 4102444800, sub: "Dan" });
  const dan = await browser.page();
  await dan.goto(joinLink(server.link, "Dan",
    { token: sign({ exp: 4102444800, room_id: "blue" }) }));
  await untilState(dan, "joined");
  await server.event("room", { inRoom: 1 });
  equal(dan.faults, [], "faults of the page");
  const phone = await browser.page();
  await phone.goto(new URL(`/phone.html?user=Dan&online=1&token=${token}`, server.link).href);
  await until(() => phone.isVisible("#dial"), STEP_MS, "Dan at the phone");
});

const untilBanner = (page, part) => until(async () => await page.isVisible("#server-banner")
  && (await text(page, "#server-banner")).includes(part), STEP_MS, `"${part}"`);

const untilNoBanner = (page) => until(() => page.isHidden("#server-banner"), STEP_MS,
  "the server again");

async function say(page, words) {
  if (await page.isHidden("#chat")) await page.click("#toggle-chat");
  await page.fill("#chat-input", words);
  await page.press("#chat-input", "Enter");
}

test("a server that is killed and knows nobody any more: both come back by themselves",
  async () => {
    const server = await serve();
    const browser = await Browser.start();
    const cleo = await browser.join(server.link, "Cleo");
    await untilState(cleo, "joined");
    const dan = await browser.join(server.link, "Dan");
    await untilState(dan, "joined");
    await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);
    await cleo.click("#raise-hand");
    await say(dan, "before");
    await until(() => cleo.$(".badge"), STEP_MS, "chat");
    server.signal("SIGKILL");
    await Promise.all([untilBanner(cleo, "The server does not answer"),
      untilBanner(dan, "The server does not answer")]);
    await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);

    const next = await serve();
    await Promise.all([untilNoBanner(cleo), untilNoBanner(dan)]);
    await next.event("room", { inRoom: 2, rooms: 1 });
    await untilNames(cleo, ["Cleo (you)", "Dan"]);
    await untilNames(dan, ["Cleo", "Dan (you)"]);
    await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);
    await until(() => dan.$('#tiles .tile.raised .tile-name:text-is("Cleo")'), STEP_MS,
      "the hand is up still");
    await say(dan, "after");
    await cleo.click("#toggle-chat");
    await until(async () => {
      const said = await text(cleo, "#chat");
      return said.includes("before") && said.includes("after");
    }, STEP_MS, "what was said before and after");
    equal(await dan.$$eval("#tiles .tile.camera", (list) => list.length), 2, "tiles");
    // who goes away meanwhile is let go
    next.signal("SIGKILL");
    await untilBanner(cleo, "The server does not answer");
    await cleo.click("#leave");
    await untilState(cleo, "left");
  });

test("a page goes on at another server of the cluster", async () => {
  const nats = new Program("nats-server", ["-a", "127.0.0.1", "-p", "4222", "-js", "-sd",
    mkdtempSync(join(tmpdir(), "vm-nats-"))]);
  await nats.wait(() => nats.other.join("").includes("Server is ready"), STEP_MS,
    "NATS");
  const first = await serve(["--cluster", "nats://127.0.0.1:4222"]);
  const second = await serve(["--cluster", "nats://127.0.0.1:4222", "--port", "8444"]);
  const browser = await Browser.start();
  const cleo = await browser.join(first.link, "Cleo");
  await untilState(cleo, "joined");
  const dan = await browser.join(first.link.replace("8443", "8444"), "Dan");
  await untilState(dan, "joined");
  await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);

  // the proxy in front of both has one left
  first.signal("SIGKILL");
  execFileSync("iptables", ["-t", "nat", "-A", "OUTPUT", "-p", "tcp", "--dport", "8443",
    "-j", "REDIRECT", "--to-ports", "8444"]);
  try {
    await cleo.click("#raise-hand");
    await until(() => dan.$('#tiles .tile.raised .tile-name:text-is("Cleo")'), STEP_MS, "the hand");
    await second.event("room", { inRoom: 2 });
    for (const page of [cleo, dan]) await page.click("#toggle-people");
    equal(await dan.$$eval("[data-person]", (list) => list.map((e) => e.dataset.person).sort()),
      ["p001", "p002"], "the seats of before");
    await untilPictures(dan, 1);
  } finally {
    execFileSync("iptables", ["-t", "nat", "-F", "OUTPUT"]);
  }
});

test("a link to a room that is not there yet", async () => {
  const server = await serve();
  const browser = await Browser.start();
  const page = await browser.page();

  await page.goto(server.link);
  await until(async () => await text(page, "#title") === "Meet in a room", STEP_MS, "the title");
  equal(await page.inputValue("#meeting"), "blue", "the name of the link");
  assert(await page.isHidden("#notice"), "no notice");
  await page.fill("#user", "Cleo");
  await page.click("#join");
  await untilState(page, "joined");
  await server.event("room", { inRoom: 1 });
  equal(page.faults, [], "faults of the page");
});

test("a server that asks for relays only, with passwords of its own", async () => {
  await startTurnOfSecret(SECRET);
  const server = await serve(["--turn", `turn://${ADDRESS}:3478?transport=udp`,
    "--turn-secret", SECRET, "--ice-transport-policy", "relay"]);
  const browser = await Browser.start();
  const pages = [];

  for (const user of ["Cleo", "Dan"]) {
    const page = await browser.join(server.link, user);

    await untilState(page, "joined");
    pages.push(page);
  }
  await Promise.all(pages.map((page) => untilPictures(page, 1)));
  for (const page of pages) {
    equal(await localTypes(page), ["relay"], "candidates in use");
    equal(page.faults, [], "faults of the page");
  }
  const said = JSON.stringify(await server.end()) + server.other.join("");
  assert(!said.includes(SECRET) && !said.includes("blue"), "neither secret nor name is told");
});

await main();
