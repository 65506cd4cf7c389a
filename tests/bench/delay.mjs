#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later

// From source to sink over a LAN of two machines: how long a picture takes until it is
// shown, and a sound until it is heard. Ours: vmsignalbin to vmsignalbin. Peer: Chromium
// to Chromium. Both ways between the two as well, and all with 30 ms of jitter. Printed
// is the median of what has come in a round, of that the median of the rounds.

import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { enter } from "../browser/lan.mjs";

enter();

const { ADDRESS, Away } = await import("../browser/lan.mjs");
const { Browser, joinLink } = await import("../browser/people.mjs");
const { CHROMIUM, Program, atEnd, endAll, until } = await import("../browser/program.mjs");
const { connect, measure } = await import("./delay-page.mjs");

const AWAY_ADDRESS = "10.77.9.2";
const CABLE = "cable0"; // with jitter, in place of the other
const JITTER_MS = 30;
const ROUNDS = 3;
const START_MS = 60000;
const SETTLE_MS = 6000;
const MEASURED_MS = 10000;
const LONG = 2; // times as much with jitter, to which all have to get used
const LEAST = 5; // of what is made in that time
const CONCEALED = 0.5; // % of the sound, at most
const FLAGS = ["--disable-features=WebRtcHideLocalIpsWithMdns"];
const build = process.env.VM_BUILD_ROOT
  || fileURLToPath(new URL("../../build", import.meta.url));

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);

  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// --- the two kinds of device ---

class Native {
  constructor(settings, away) {
    const args = [join(build, "tests/support/delaypeer"), settings];

    this.program = away ? new Program("ip", ["netns", "exec", "away", ...args])
      : new Program(args[0], args.slice(1));
  }

  static async host() {
    const native = new Native("mode=host meeting=delay user=Ann port=8080 policy=open "
      + "audio-profile=music", false);
    native.link = (await native.program.event("link", {}, START_MS)).link;
    return native;
  }

  static guest() {
    return new Native(`uri=videomeet://${ADDRESS}:8080/delay user=Bob `
      + "audio-profile=music", true);
  }

  async read(event, since) {
    return this.program.lines.filter((line) => line.event === event && line.at >= since);
  }

  async begin(since) {
    this.since = since;
  }

  // A share: what the decoder made up, and what was not there in time.
  async concealed() {
    const sound = await this.read("sound", this.since);
    const made = (await this.read("concealed", this.since)).map(({ ms }) => ms);
    const sum = (field) => sound.reduce((all, line) => all + line[field], 0);

    return (sum("missing") + (made.at(-1) || 0) - (made[0] || 0))
      / (sum("ms") + sum("missing"));
  }

  end() {
    return this.program.end();
  }
}

class Chromium {
  static async open(away) {
    const one = new Chromium();
    one.browser = await Browser.start({ devices: false, flags: FLAGS,
      program: away ? away.program(CHROMIUM) : CHROMIUM });
    // the worklets of this bench are no file of the server
    one.page = await one.browser.page({ bypassCSP: true });
    await one.page.addInitScript(measure);
    return one;
  }

  read(event, since) {
    return this.page.evaluate(([name, from]) =>
      window.delay[name].filter(({ at }) => at >= from), [event, since]);
  }

  async begin() {
    this.before = await this.page.evaluate(() => window.delay.concealed());
  }

  async concealed() {
    const { concealed, all } = await this.page.evaluate(() => window.delay.concealed());

    return (concealed - this.before.concealed) / (all - this.before.all);
  }

  end() {
    return this.browser.close();
  }
}

// Worklets are for pages of a trusted origin, as this is; no server is asked.
const BLANK = "http://localhost/";
const blank = { contentType: "text/html", body: "<!doctype html><title>delay</title>" };

const pairs = {
  "native to native": async () => [await Native.host(), Native.guest()],
  "Chromium to Chromium": async (away) => {
    const pair = [await Chromium.open(null), await Chromium.open(away)];
    for (const { page } of pair) {
      await page.route(BLANK, (route) => route.fulfill(blank));
      await page.goto(BLANK);
    }
    await connect(pair[0].page, pair[1].page);
    return pair;
  },
  "native and Chromium": async (away) => {
    const native = await Native.host();
    const chromium = await Chromium.open(away);
    await chromium.page.goto(joinLink(native.link, "Bob"));
    return [native, chromium];
  },
};

// --- what is measured ---

// From one to the other.
async function oneWay(from, to, since) {
  const picture = (await to.read("seen", since))
    .map(({ made, at }) => (((at & 0xffff) - made) + 0x10000) % 0x10000);
  const clicks = (await from.read("click", since)).map(({ at }) => at);
  const sound = (await to.read("heard", since))
    .map(({ at }) => [at, clicks.findLast((click) => click <= at)])
    .filter(([, click]) => click).map(([at, click]) => at - click);

  if (picture.length < LEAST || sound.length < LEAST)
    throw new Error(`only ${picture.length} pictures, ${sound.length} clicks came`);
  return { picture: median(picture), sound: median(sound), concealed: await to.concealed() };
}

async function oneRound(name, away, times) {
  const [a, b] = await pairs[name](away);
  const came = (one) => async () => (await one.read("seen", 0)).length > LEAST
    && (await one.read("heard", 0)).length > 0;

  await until(came(a), START_MS, `${name}: a picture and a sound`);
  await until(came(b), START_MS, `${name}: a picture and a sound there`);
  await wait(SETTLE_MS * times);
  const since = Date.now();
  await a.begin(since);
  await b.begin(since);
  await wait(MEASURED_MS * times);
  const ways = [await oneWay(a, b, since), await oneWay(b, a, since)];
  await b.end();
  await a.end();
  await endAll();
  for (const way of ways)
    console.error(`${name}: picture ${way.picture.toFixed(0)} ms, `
      + `sound ${way.sound.toFixed(0)} ms, concealed ${(100 * way.concealed).toFixed(2)} %`);
  return ways;
}

// In each: {name: [ways there, ways back]}.
async function rounds(count, away, times = 1) {
  const found = Object.fromEntries(Object.keys(pairs).map((name) => [name, [[], []]]));

  for (let i = 0; i < count; i++)
    for (const name of Object.keys(pairs))
      (await oneRound(name, away, times)).forEach((way, j) => found[name][j].push(way));
  return found;
}

const figure = (ways, field) => median(ways.map((way) => way[field]));

function report(name, ours, peer, what) {
  const [a, b] = [figure(ours, what), figure(peer, what)];

  console.log(`bench ${name} ours=${a.toFixed(0)} peer=${b.toFixed(0)} `
    + `ratio=${(a / b).toFixed(3)} unit=ms`);
}

function reportAll(prefix, found) {
  const native = found["native to native"].flat();
  const chromium = found["Chromium to Chromium"].flat();
  const [there, back] = found["native and Chromium"];
  const [larger] = ["picture", "sound"].sort((a, b) =>
    figure(native, b) / figure(chromium, b) - figure(native, a) / figure(chromium, a));

  // the larger of the ratios
  report(prefix, native, chromium, larger);
  for (const what of ["picture", "sound"]) {
    report(`${prefix}-${what}`, native, chromium, what);
    report(`${prefix}-${what}-to-chromium`, there, chromium, what);
    report(`${prefix}-${what}-from-chromium`, back, chromium, what);
  }
  const [a, b] = [native, chromium].map((ways) => (100 * figure(ways, "concealed")).toFixed(2));
  console.log(`bench ${prefix}-concealed ours=${a} peer=${b} limit=${CONCEALED} unit=%`);
}

// The cable between the two machines becomes one with jitter.
async function shake() {
  const cable = spawn(join(build, "tests/support/vmlink"), [`--device=${CABLE}`,
    `--delay=${JITTER_MS}`, `--jitter=${JITTER_MS}`, "/proc/self/ns/net", "/run/netns/away"],
  { stdio: ["ignore", "pipe", "inherit"] });
  const ip = (...args) => execFileSync("ip", args);

  await new Promise((resolve) => { cable.stdout.once("data", resolve); });
  for (const [there, device, address] of [[[], "lan0", ADDRESS],
    [["-n", "away"], "lan1", AWAY_ADDRESS]]) {
    ip(...there, "link", "set", device, "down");
    ip(...there, "addr", "del", `${address}/24`, "dev", device);
    ip(...there, "addr", "add", `${address}/24`, "dev", CABLE);
    ip(...there, "link", "set", CABLE, "up");
    ip(...there, "route", "replace", "default", "dev", CABLE);
  }
  return cable;
}

const away = new Away(AWAY_ADDRESS);
let cable;

try {
  reportAll("delay", await rounds(ROUNDS, away));
  cable = await shake();
  reportAll("delay-jitter", await rounds(1, away, LONG));
} catch (error) {
  console.error(`delay: ${error.message}`);
  process.exitCode = 1;
} finally {
  await endAll();
  cable?.kill("SIGTERM");
}
process.exit();
