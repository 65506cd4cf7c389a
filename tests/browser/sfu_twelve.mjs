// SPDX-License-Identifier: LGPL-2.1-or-later

// Seven in a mesh, devices and up to two pages, that grow to twelve at an SFU and shrink to
// four in a mesh again. Asserts that nobody's picture stands still for more than a second on
// either way, and that each encodes once and, at the SFU, uploads once. Prints for how long
// each picture stood still at each receiver, and what one participant costs. ./dev test soak
// runs it; by hand, as root,
//
//     VM_PAGES=2 ./dev exec node tests/browser/sfu_twelve.mjs
//
// All of it is one machine's work, and twelve are much for two processors: a page is a
// browser's, so fewer of them (VM_PAGES=0) leave more to what is measured.

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";

import { enter } from "./lan.mjs";
import { API_SECRET, Janus, SFU, connections, hasJanus, longestGap, now, senders, watchFrames }
  from "./sfu.mjs";

if (!hasJanus()) {
  console.log("there is no janus on this machine: skipped");
  process.exit(77);
}
enter();

const { ADDRESS, Away } = await import("./lan.mjs");
const { Program, atEnd } = await import("./program.mjs");
const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, Native, joinLink, until, untilPictures, untilState } =
  await import("./people.mjs");

const PARTICIPANT = resolve(process.env.VM_BUILD_ROOT || "build", "tests/lab/participant");
const AWAY_ADDRESS = "10.77.9.2";
const PAGES = Number(process.env.VM_PAGES ?? 2); // 0 to 2
const DEVICES = 7 - PAGES; // at first
const MORE = 5;
const STAY = 4 - PAGES; // devices that are there to the end, with the pages
const SPEAKERS = STAY; // devices with sound: it is most of the packets
const MESH_MAX = 7;
const RETURN_S = 4; // in place of a minute
const RATE = 5; // pictures a second
const SMALL = ["--width", "160", "--height", "90", "--rate", String(RATE)];
const MEASURE_S = 10;
const SETTLE_S = 4; // after what is waited for
const LONG_MS = 90000; // twelve on two processors
const GAP_MS = 1000;
const FRAME_MS = 1000 / RATE;
const TICKS = 100; // a second has that many in /proc/PID/stat

const NAMES = ["Ann", "Bob", "Cem", "Dan", "Eva", "Fay", "Gus"];
const LATER = ["Hal", "Ida", "Joe", "Kim", "Lea"];
const idOf = (i) => `p${String(i + 1).padStart(3, "0")}`; // in the order in which they join

const pause = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });

// Each second it says what has come of each other, and how many encoders it has.
class Device extends Program {
  constructor(server, user, { program = PARTICIPANT, speaks = false } = {}) {
    super(program, ["--uri", `videomeet://${server.address}/blue`, "--user", user, ...SMALL,
      ...(speaks ? [] : ["--silent"])]);
    this.user = user;
  }

  static async join(server, user, how) {
    const device = new Device(server, user, how);

    device.id = (await device.event("joined", {}, LONG_MS)).id;
    return device;
  }

  get seconds() {
    return this.lines.filter(({ event }) => event === "second");
  }

  get others() {
    return this.seconds.at(-1)?.participants || [];
  }

  // From all of so many others, by that way, pictures come.
  sees(count, isByServer) {
    return this.others.length === count && this.others.every(({ path, videoFrames, stillMs }) =>
      videoFrames > 0 && stillMs <= GAP_MS && (path === "cloud") === isByServer);
  }

  // From the next second on; returns a function that says what it was until then:
  // {own, of: Map id -> ms}, how long its camera and the pictures of others stood still, and
  // {video, audio}, how many encoders there were, each at most.
  watch() {
    const first = this.seconds.length + 1;

    return () => {
      const seconds = this.seconds.slice(first);
      const of = new Map();
      const most = (field) => Math.max(...seconds.map((second) => second[field] || 0));

      for (const { participants } of seconds)
        for (const { id, stillMs } of participants)
          if (stillMs !== undefined) of.set(id, Math.max(of.get(id) || 0, stillMs));
      return { own: most("ownStillMs"), of, video: most("videoEncoders"),
        audio: most("audioEncoders") };
    };
  }

  toString() {
    return `${this.user}: ${this.others.map(({ id, state, path, videoFrames, stillMs }) =>
      `${id} ${state} ${path} ${videoFrames} ${stillMs}`).join(", ")}`;
  }
}

async function serve(janus) {
  const secret = join(janus.folder, "api-secret");
  writeFileSync(secret, `${API_SECRET}\n`, { mode: 0o600 });
  const server = new Native(["server", "--port", "8443", "--sfu", SFU, "--sfu-secret-file",
    secret, "--room-size", "16", "--mesh-max", String(MESH_MAX), "--mesh-return",
    String(RETURN_S)]);
  const { port } = await server.event("serving");

  server.address = `${ADDRESS}:${port}`;
  server.link = `https://${server.address}/?meeting=blue`;
  return server;
}

// In a page: the camera gives a picture as small as those of the devices, and there is no
// microphone: a browser's packets of sound to six others take more than all else.
function captureSmall(rate) {
  const { mediaDevices } = navigator;
  const capture = mediaDevices.getUserMedia.bind(mediaDevices);

  mediaDevices.getUserMedia = ({ video }) => capture({ audio: false,
    video: video ? { width: 160, height: 90, frameRate: rate } : false });
}

async function come(browser, server, user, id) {
  const page = await browser.page({ fullPicture: true, viewport: { width: 480, height: 320 } });

  page.said = [];
  page.on("console", (message) => page.said.push(message.text()));
  await page.addInitScript(captureSmall, RATE);
  await page.addInitScript(watchFrames);
  await page.goto(joinLink(server.link, user));
  await untilState(page, "joined");
  return { page, user, id };
}

// --- what one participant costs ---

function ticksOf({ pid }) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");

  return Number(fields[11]) + Number(fields[12]);
}

// Bytes that a page has sent, over all its connections.
const sentByPage = (page) => page.evaluate(async () => {
  let sent = 0;
  for (const pc of window.connections.filter((c) => c.connectionState === "connected"))
    for (const r of (await pc.getStats()).values())
      if (r.type === "transport") sent += r.bytesSent;
  return sent;
});

async function measure(what, device, away, page) {
  const read = async () => [ticksOf(device.process), away.sent,
    page ? await sentByPage(page) : 0, performance.now()];
  const before = await read();
  await pause(MEASURE_S);
  const after = await read();
  const seconds = (after[3] - before[3]) / 1000;
  const rate = (i, unit) => Math.round((after[i] - before[i]) * unit / seconds);
  const cost = { processor: rate(0, 100 / TICKS), device: rate(1, 8 / 1000),
    page: rate(2, 8 / 1000) };

  console.log(`${what}: ${device.user} takes ${cost.processor} % of a processor and sends `
    + `${cost.device} kbit/s${page ? `; the first page sends ${cost.page} kbit/s` : ""}`);
  return cost;
}

// --- who stands still ---

// From now on. Returns a function that tells it until then, of the pictures of these at each
// of these: [{who, of, ms, stalls}], where `stalls` is for how long the cameras of both gave
// nothing that was due, which is the machine's doing.
async function watch(devices, pages) {
  const from = await Promise.all(pages.map(({ page }) => now(page)));
  const seen = devices.map((device) => device.watch());

  return async (what) => {
    const all = [...devices, ...pages];
    const looks = seen.map((look) => look());
    const gaps = await Promise.all(pages.map(({ page }, i) =>
      Promise.all(all.map(({ id }) => longestGap(page, id, from[i])))));
    const own = all.map((one, i) => (i < devices.length ? looks[i].own
      : gaps[i - devices.length][i]));
    const stall = (i) => Math.max(0, own[i] - 2 * FRAME_MS);
    const found = [];

    console.log(`${what}: longest ms that a picture stood still, a row for each receiver, `
      + "a column for each sender; own camera in brackets");
    console.log(`  ${["", ...all.map(({ user }) => user)].map((t) => t.padStart(7)).join("")}`);
    for (const [i, { user: who }] of all.entries()) {
      const row = all.map(({ user: of, id }, j) => {
        const ms = Math.round(i === j ? own[i] : i < devices.length ? looks[i].of.get(id)
          ?? Infinity : gaps[i - devices.length][j]);
        if (i !== j) found.push({ who, of, ms, stalls: Math.round(stall(i) + stall(j)) });
        return i === j ? `[${ms}]` : `${ms}`;
      });
      console.log(`  ${[who, ...row].map((t) => t.padStart(7)).join("")}`);
    }
    console.log(`  encoders of a device, pictures/sound: ${looks.map(({ video, audio }, i) =>
      `${devices[i].user} ${video}/${audio}`).join(", ")}`);
    for (const { video, audio } of looks)
      assert(video <= 1 && audio <= 1, "a device encodes once for everybody");
    return found;
  };
}

// What the machine did not do itself.
function checkStills(found) {
  for (const { who, of, ms, stalls } of found)
    assert(ms <= GAP_MS + stalls, `${who} saw no frame of ${of} for ${ms} ms, for ${stalls} ms `
      + "of which a camera stood still");
}

// --- the ways ---

const ofPage = async (page) => JSON.stringify(await page.evaluate(() => ({
  connections: window.connections.map((c) =>
    `${c.connectionState}/${c.iceConnectionState}/${c.signalingState}`),
  videos: [...document.querySelectorAll("video[data-participant]")].map((v) =>
    `${v.dataset.participant} ${v.getVideoPlaybackQuality().totalVideoFrames}`),
})));

// All see as many others as there are, by that way.
async function untilAll(what, devices, pages, isByServer) {
  const count = devices.length + pages.length - 1;
  const wanted = isByServer ? { direct: 0, byServer: 2 } : { direct: count, byServer: 0 };
  const began = performance.now();
  const ways = async ({ page }) =>
    JSON.stringify(await connections(page)) === JSON.stringify(wanted);

  try {
    await Promise.all([
      ...devices.map((device) => until(() => device.sees(count, isByServer), LONG_MS,
        () => String(device))),
      ...pages.map((one) => until(() => ways(one), LONG_MS, `the ways of ${one.user}`)),
      ...pages.map(({ page }) => untilPictures(page, count, LONG_MS))]);
  } catch (error) {
    for (const device of devices) console.log(String(device));
    for (const { page, user } of pages)
      console.log(user, await ofPage(page).catch(String), page.said.slice(-20).join("\n"));
    throw error;
  }
  console.log(`${what} after ${Math.round(performance.now() - began)} ms`);
  await pause(SETTLE_S);
}

test("seven grow to twelve and shrink to four", async () => {
  const janus = await Janus.start();
  const server = await serve(janus);
  const away = new Away(AWAY_ADDRESS);
  atEnd(async () => away.end());
  const devices = [await Device.join(server, NAMES[0],
    { program: away.program(PARTICIPANT), speaks: true })];
  for (let i = 1; i < DEVICES; i++)
    devices.push(await Device.join(server, NAMES[i], { speaks: i < SPEAKERS }));
  const browser = PAGES && await Browser.start({
    flags: [`--use-fake-device-for-media-stream=fps=${RATE}`] });
  const pages = [];
  for (let i = DEVICES; i < DEVICES + PAGES; i++)
    pages.push(await come(browser, server, NAMES[i], idOf(i)));
  const first = pages[0]?.page;
  await untilAll("seven in a mesh", devices, pages, false);
  const mesh = await measure("seven in a mesh", devices[0], away, first);

  const growing = await watch(devices, pages);
  const more = [];
  for (const user of LATER) more.push(await Device.join(server, user));
  await untilAll("twelve at the SFU", [...devices, ...more], pages, true);
  const grown = await growing("to the SFU");
  const sfu = await measure("twelve at the SFU", devices[0], away, first);
  for (const { page } of pages) equal(await senders(page), 1, "a page encodes and sends once");

  const there = devices.slice(0, STAY);
  const shrinking = await watch(there, pages);
  await Promise.all([...more, ...devices.slice(STAY)].map((device) => device.end()));
  await untilAll("four in a mesh", there, pages, false);
  const shrunk = await shrinking("back to the mesh");
  await measure("four in a mesh", devices[0], away, first);

  checkStills(grown);
  checkStills(shrunk);
  assert(sfu.device < mesh.device, "a device uploads less to more participants");
  assert(!PAGES || sfu.page < mesh.page, "and so does a page");
  for (const { page } of pages) equal(page.faults, [], "faults of the page");
}, 600000);

await main();
