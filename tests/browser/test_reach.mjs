// SPDX-License-Identifier: LGPL-2.1-or-later

// A page whose network changes in mid-call, or lets nothing through.

import { execFileSync } from "node:child_process";
import { enter } from "./lan.mjs";

enter();

const { Away } = await import("./lan.mjs");
const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, STEP_MS, host, joinLink, state, until, untilPictures, untilState } =
  await import("./people.mjs");
const { CHROMIUM, atEnd } = await import("./program.mjs");

const RATE = 25; // pictures/s
const CHANGES = 10;
const ADDRESSES = ["10.77.9.2", "10.77.9.72"];
const TOLD_MS = 10000; // that nothing arrives

const text = (page, selector) => page.locator(selector).innerText();

function away() {
  const machine = new Away(ADDRESSES[0]);

  atEnd(async () => machine.end());
  return machine;
}

// The time of each picture of Ann that the page shows, whatever shows it.
function watchPictures(page) {
  return page.evaluate(() => {
    window.pictures = [];
    const seen = new WeakSet();
    const watch = (video) => video.requestVideoFrameCallback((now) => {
      if (video.dataset.participant === "p001" && video.isConnected) window.pictures.push(now);
      watch(video);
    });

    setInterval(() => {
      for (const video of document.querySelectorAll('video[data-participant="p001"]')) {
        if (seen.has(video)) continue;
        seen.add(video);
        watch(video);
      }
    }, 10);
  });
}

// How long there was none, at the longest, since the last call.
function longestGap(page) {
  return page.evaluate(() => {
    const times = [...window.pictures, performance.now()];
    const gaps = times.slice(1).map((time, i) => time - times[i]);
    const gap = Math.max(...gaps) / 1000;

    window.pictures.splice(0, window.pictures.length - 1);
    return gap;
  });
}

// A page at another machine, in a call with Ann.
async function meet() {
  const machine = away();
  const ann = await host({ args: ["--source", `stamp:160x90@${RATE}`] });
  const browser = await Browser.start({ program: machine.program(CHROMIUM) });
  const page = await browser.join(ann.link, "Cleo");

  await untilState(page, "joined");
  await untilPictures(page, 1);
  return { machine, ann, browser, page };
}

test("another address in mid-call: pictures come by a new connection", async () => {
  const { machine, ann, page } = await meet();
  const gaps = [];

  await watchPictures(page);
  for (let i = 0; i < CHANGES; i++) {
    await until(() => page.evaluate((n) => window.pictures.length > n, 3 * RATE), STEP_MS,
      "three seconds of pictures");
    await longestGap(page);
    machine.move(ADDRESSES[(i + 1) % 2]);
    await until(() => page.evaluate((n) => window.pictures.length > n, 3 * RATE), STEP_MS,
      "three seconds of pictures");
    gaps.push(await longestGap(page));
  }
  console.log(`seconds without a picture: ${gaps.map((s) => s.toFixed(2)).sort().join(" ")}`);
  equal(ann.lines.filter(({ event }) => ["participant-left", "warning"].includes(event)), [],
    "what Ann was told");
  equal(await state(page), "joined", "state");
});

await main();
