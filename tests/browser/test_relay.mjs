// SPDX-License-Identifier: LGPL-2.1-or-later

// The host's STUN and TURN servers are everybody's: pages that may use a relay
// only meet the host and each other.

import { enter } from "./lan.mjs";

enter();

const { ADDRESS } = await import("./lan.mjs");
const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, STEP_MS, host, joinLink, until, untilNames, untilPictures, untilState } =
  await import("./people.mjs");
const { localTypes, startTurn } = await import("./turn.mjs");

const PASSWORD = "se/cr@et";
const TURN = `turn://ann:${encodeURIComponent(PASSWORD)}@${ADDRESS}:3478`;

async function joinByRelay(browser, link, user) {
  const page = await browser.page();

  await page.goto(joinLink(link, user, { "ice-transport-policy": "relay" }));
  return page;
}

test("a page that may use a relay only uses the host's", async () => {
  await startTurn("ann", PASSWORD);
  const ann = await host({ args: ["--turn", `${TURN}?transport=udp`] });
  const browser = await Browser.start();
  const page = await joinByRelay(browser, ann.link, "Cleo");

  await untilState(page, "joined");
  await untilPictures(page, 1);
  equal(await localTypes(page), ["relay"], "candidates in use");
  await ann.event("path", { id: "p002", path: "relay" });
  await page.click("#toggle-stats");
  await until(async () => await page.locator("#stats-servers").innerText()
    === `Everything goes by a relay: turn:${ADDRESS}:3478?transport=udp`, STEP_MS, "the relay, in words");
  equal(page.faults, [], "faults of the page");
  const said = JSON.stringify(await ann.end()) + ann.other.join("");
  assert(!said.includes(PASSWORD) && !said.includes(encodeURIComponent(PASSWORD)),
    "the password is not told");
});

test("two such pages, over TCP", async () => {
  await startTurn("ann", PASSWORD);
  const ann = await host({ args: ["--turn", `${TURN}?transport=tcp`] });
  const browser = await Browser.start();
  const cleo = await joinByRelay(browser, ann.link, "Cleo");
  await untilState(cleo, "joined");
  const dan = await joinByRelay(browser, ann.link, "Dan");
  await untilState(dan, "joined");

  await untilNames(cleo, ["Ann", "Cleo (you)", "Dan"]);
  await Promise.all([untilPictures(cleo, 2), untilPictures(dan, 2)]);
  equal([...new Set(await localTypes(cleo))], ["relay"], "candidates in use");
  equal([...new Set(await localTypes(dan))], ["relay"], "candidates in use");
});

test("without one such a page reaches nobody", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await joinByRelay(browser, ann.link, "Cleo");

  await untilState(page, "joined");
  await until(() => page.evaluate(() => window.connections.length > 0
    && window.connections.every((pc) => pc.remoteDescription
      && pc.iceGatheringState === "complete")), STEP_MS, "all candidates found");
  equal(await localTypes(page), [], "candidates in use");
  equal(await page.$$eval("#tiles .tile.camera.no-picture .tile-name", (list) =>
    list.map((e) => e.textContent)), ["Ann"], "who has no picture");
});

test("servers that are none are left out with a warning, the call stands", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.page();
  const said = [];
  page.on("console", (message) => {
    if (message.type() === "warning") said.push(message.text());
  });
  await page.route("**/meetings/join", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...await answer.json(),
      iceServers: [{ urls: "http://10.77.9.9/" }, { urls: ["turn:10.77.9.9"] }, 7] } });
  });
  await page.goto(joinLink(ann.link, "Cleo"));

  await untilState(page, "joined");
  await untilPictures(page, 1);
  equal(said.filter((text) => text.includes("STUN or TURN")),
    ["3 STUN or TURN servers that the host names cannot be used."], "warnings");
  equal(page.faults, [], "faults of the page");
});

await main();
