// SPDX-License-Identifier: LGPL-2.1-or-later

// Who meets in these tests: videomeet on the native side, a browser on the other.

import { existsSync } from "node:fs";
import process from "node:process";
import { chromium, firefox } from "playwright-core";
import { ADDRESS } from "./lan.mjs";
import { CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICE, Program, STAMP, atEnd, captureLightly,
  until } from "./program.mjs";

export { until };

// For any one thing to happen: a browser on a machine that others use too. Where
// a time is promised, tests look at what would come later instead.
export const STEP_MS = 60000;
// Less than the server keeps the seat of one that is lost (30 s): who is gone by
// then has said goodbye, or was missed by those who were connected to it.
export const SEAT_MS = 25000;
const FLAGS = [...CHROMIUM_FLAGS, "--auto-select-desktop-capture-source=Entire screen"];

// --- the native side ---

export class Native extends Program {
  constructor(args, env) {
    super("videomeet", [...args, "--json"], env);
  }

  event(name, fields = {}, ms = STEP_MS) {
    return super.event(name, fields, ms);
  }
}

export async function host({ meeting = "standup", user = "Ann", args = [], env } = {}) {
  const native = new Native(["host", "--meeting", meeting, "--user", user, "--source",
    STAMP, "--methods", "manual", ...args], env);
  native.link = (await native.event("meeting", { state: "announced" })).link;
  return native;
}

export function guest(native, { user = "Bob", args = [], env } = {}) {
  return new Native(["join", native.link, "--user", user, "--source", STAMP,
    "--methods", "manual", ...args], env);
}

// The next link for a browser, good for an hour or that time.
export async function invite(native, time = "") {
  const count = () => native.lines.filter(({ event }) => event === "invitation").length;
  const before = count();

  native.type(`/invite ${time}`.trim());
  await native.wait(() => count() > before, STEP_MS, "an invitation");
  return native.lines.filter(({ event }) => event === "invitation").at(-1).link;
}

// vmsignalbin alone, silent, as a guest.
export class Pipeline extends Program {
  constructor(native, { user = "Bob" } = {}) {
    super("gst-launch-1.0", ["-m", "vmsignalbin", "name=m", `user=${user}`,
      `uri=videomeet://${new URL(native.link).host}/standup`, "audiotestsrc", "is-live=true",
      "wave=silence", "!", "m.audio_sink_0"]);
  }

  // What its bus says.
  message(pattern) {
    return this.wait(() => this.other.find((line) => pattern.test(line)), STEP_MS, pattern);
  }
}

// --- browsers ---

// What a test must know of a page: its connections, and the stamp in a picture
// (tools/ui/stamp.h).
function instrument() {
  const Native = window.RTCPeerConnection;
  window.connections = [];
  window.channels = []; // those the others have made
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      window.connections.push(this);
      this.addEventListener("datachannel", ({ channel }) => window.channels.push(channel));
    }
  };
  window.framesDecoded = async () => {
    let frames = 0;
    for (const pc of window.connections.filter((c) => c.connectionState === "connected"))
      for (const r of (await pc.getStats()).values())
        if (r.type === "inbound-rtp" && r.kind === "video") frames += r.framesDecoded || 0;
    return frames;
  };
  window.soundEnergy = async () => {
    let energy = 0;
    for (const pc of window.connections.filter((c) => c.connectionState === "connected"))
      for (const r of (await pc.getStats()).values())
        if (r.type === "inbound-rtp" && r.kind === "audio") energy += r.totalAudioEnergy || 0;
    return energy;
  };
  // Firefox counts none of a stream's frames in its playback quality.
  const counts = new WeakMap();
  window.framesShown = (video) => {
    const { totalVideoFrames } = video.getVideoPlaybackQuality();
    if (totalVideoFrames || !video.requestVideoFrameCallback) return totalVideoFrames;
    if (!counts.has(video)) {
      const count = () => {
        counts.set(video, counts.get(video) + 1);
        video.requestVideoFrameCallback(count);
      };
      counts.set(video, 0);
      video.requestVideoFrameCallback(count);
    }
    return counts.get(video);
  };
  window.readStamp = (video) => {
    const columns = 16;
    const rows = 3;
    const { videoWidth: width, videoHeight: height } = video;
    if (!width) return null;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0);
    const cell = (index) => {
      const w = width / columns;
      const h = Math.floor(height / 3) / rows;
      const x = Math.floor(w * (index % columns) + w / 4);
      const y = Math.floor(h * Math.floor(index / columns) + h / 4);
      const { data } = context.getImageData(x, y, Math.max(1, Math.floor(w / 2)),
        Math.max(1, Math.floor(h / 2)));
      let sum = 0;
      for (let i = 0; i < data.length; i += 4) sum += data[i + 1];
      return sum / (data.length / 4);
    };
    const white = cell(0);
    const black = cell(1);
    if (white - black < 64) return null;
    let bits = 0n;
    for (let i = 0; i < 46; i++)
      bits = (bits << 1n) | (cell(2 + i) * 2 > white + black ? 1n : 0n);
    const counter = Number(bits >> 14n);
    let crc = 0xffff;
    for (let bit = 31; bit >= 0; bit--) {
      const one = ((counter >>> bit) & 1) !== ((crc >> 15) & 1);
      crc = (crc << 1) & 0xffff;
      if (one) crc ^= 0x1021;
    }
    return (crc & 0x3fff) === Number(bits & 0x3fffn) ? counter : null;
  };
}

// As after a reload of where the user had joined with both: an address alone joins with neither.
function hadJoined() {
  const { pathname, search } = location;
  const entries = performance.getEntriesByType.bind(performance);

  if (!search.includes("join=1")) return;
  performance.getEntriesByType = (type) => (type === "navigation" ? [{ type: "reload" }]
    : entries(type));
  sessionStorage.setItem("reloaded", JSON.stringify({ address: pathname + search,
    what: { audio: true, camera: true } }));
}

// As if the network of the page were gone for a moment: it has to connect anew.
export function loseConnections(page) {
  return page.evaluate(() => {
    for (const pc of window.connections) {
      pc.close();
      // it says "closed" by itself, which no page looks at: it would miss the heartbeat
      Object.defineProperty(pc, "connectionState", { value: "failed", configurable: true });
      pc.dispatchEvent(new Event("connectionstatechange"));
    }
  });
}

// Debian's Firefox, driven over WebDriver BiDi as it is.
const FIREFOX = process.env.VM_FIREFOX || "/usr/bin/firefox-esr";
const FIREFOX_PREFS = {
  // a camera and a microphone that it makes up, and no question about them
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  // sound that plays without a click
  "media.autoplay.default": 0,
  // the addresses of this network as they are
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  // it is downloaded when first started, from a network that is not there
  "media.gmp-manager.updateEnabled": false,
};

export const hasFirefox = () => existsSync(FIREFOX);

// A browser takes longer to start than most cases run: those of one program share the
// processes, and each of their pages has a profile of its own. One that a case has
// killed or closed is no more.
const idle = [];

// `devices`: whether it has a camera and a microphone.
export class Browser {
  // Firefox: its devices are there always.
  static firefox() {
    return Browser.#take(FIREFOX, () => firefox.launchServer({ channel: "moz-firefox",
      executablePath: FIREFOX, timeout: STEP_MS, headless: true, handleSIGINT: false,
      env: { ...process.env, LC_ALL: "C.UTF-8" }, firefoxUserPrefs: FIREFOX_PREFS }), firefox);
  }

  static async start({ devices = true, flags = [], program = CHROMIUM } = {}) {
    if (process.env.VM_BROWSER === "firefox") return Browser.firefox();
    const args = [...FLAGS, ...(devices ? [FAKE_DEVICE] : []), ...flags];

    return Browser.#take([program, ...args].join(" "), () => chromium.launchServer({
      executablePath: program, timeout: STEP_MS,
      headless: true, handleSIGINT: false,
      // without UTF-8 it cannot name a file as a test does
      env: { ...process.env, LC_ALL: "C.UTF-8" }, args,
    }), chromium);
  }

  static async #take(key, launch, kind) {
    const found = idle.findIndex((one) => one.key === key);
    const browser = found >= 0 ? idle.splice(found, 1)[0] : await Browser.#start(launch, kind);

    browser.key = key;
    atEnd(() => browser.#release());
    return browser;
  }

  static async #start(launch, kind) {
    const browser = new Browser();

    browser.isClosed = false;
    browser.isFirefox = kind === firefox;
    browser.server = await launch();
    browser.connection = await kind.connect(browser.server.wsEndpoint());
    return browser;
  }

  async #release() {
    if (this.isClosed) return;
    try {
      await Promise.all(this.connection.contexts().map((context) => context.close()));
      idle.push(this);
    } catch {
      await this.close();
    }
  }

  // A page that nothing but the address is known to. `fullPicture`: as large as the page
  // wants it. `anew`: the user has never been in a meeting there.
  async page({ fullPicture = false, anew = false, ...options } = {}) {
    const context = await this.connection.newContext({
      ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 },
      permissions: ["camera", "microphone"], ...options });
    context.setDefaultTimeout(STEP_MS);
    const page = await context.newPage();
    page.faults = [];
    page.on("pageerror", (error) => page.faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") page.faults.push(message.text());
    });
    page.on("request", (request) => {
      const { hostname } = new URL(request.url());
      if (hostname !== ADDRESS && hostname !== "127.0.0.1" && hostname !== "localhost")
        page.faults.push(`asked ${request.url()}`);
    });
    reloading(page);
    await page.addInitScript(captureLightly, fullPicture);
    await page.addInitScript(instrument);
    if (!anew) await page.addInitScript(hadJoined);
    return page;
  }

  // One that joins by the link alone.
  async join(link, user, options) {
    const page = await this.page(options);
    await page.goto(joinLink(link, user));
    return page;
  }

  // To all its processes: SIGSTOP, as when the machine sleeps, and SIGCONT.
  signal(name) {
    process.kill(-this.server.process().pid, name);
  }

  // All its processes at once, as when the machine stops.
  kill() {
    this.isClosed = true;
    process.kill(-this.server.process().pid, "SIGKILL");
  }

  close() {
    this.isClosed = true;
    return this.server.kill();
  }
}

// Chromium gives up what it loads when the network changes meanwhile, as it does while
// the lab's interfaces come up: of the page itself the driver hears that, and of a module
// the page lacks it.
const NETWORK_CHANGED = /ERR_NETWORK_CHANGED|interrupted by another navigation to "chrome-error:/u;

function reloading(page) {
  const load = page.goto.bind(page);
  let isWhole = true;
  page.on("requestfailed", (request) => {
    if (["script", "stylesheet"].includes(request.resourceType())) isWhole = false;
  });
  page.goto = async (...where) => {
    for (let left = 3; ; left--) {
      isWhole = true;
      try {
        const answer = await load(...where);
        if (isWhole || left === 0) return answer;
      } catch (error) {
        if (left === 0 || !NETWORK_CHANGED.test(error)) throw error;
      }
    }
  };
}

export function joinLink(link, user, more = {}) {
  const url = new URL(link);

  url.searchParams.set("user", user);
  url.searchParams.set("join", "1");
  for (const [key, value] of Object.entries(more)) url.searchParams.set(key, value);
  return url.href;
}

export const state = (page) => page.evaluate(() => document.body.dataset.state);

export function untilState(page, wanted, ms = STEP_MS) {
  return until(async () => await state(page) === wanted, ms, `state ${wanted}`)
    .catch(async (error) => {
      const notice = await page.$eval("#notice", (e) => e.textContent).catch(() => "");
      throw new Error(`${error.message}; it is ${await state(page)}: ${notice}`);
    });
}

// The names under the pictures.
export function names(page) {
  return page.$$eval("#tiles .tile.camera .tile-name", (list) =>
    list.map((e) => e.textContent).sort());
}

export function untilNames(page, wanted, ms = STEP_MS) {
  const sorted = [...wanted].sort().join();

  return until(async () => (await names(page)).join() === sorted, ms,
    `tiles of ${sorted}`).catch(async (error) => {
    throw new Error(`${error.message}; there are ${await names(page)}`);
  });
}

// So much has gone out on each connection that the others have begun to count.
export function untilSent(page) {
  return until(() => page.evaluate(async () => {
    const sent = async (pc) => {
      const stats = [...(await pc.getStats()).values()].filter((s) => s.type === "outbound-rtp");
      return stats.some((s) => s.kind === "video" && s.framesSent > 40)
        && stats.some((s) => s.kind === "audio" && s.packetsSent > 200);
    };
    const all = window.connections.filter((c) => c.connectionState === "connected");
    return all.length > 0 && (await Promise.all(all.map(sent))).every(Boolean);
  }), 2 * STEP_MS, "forty pictures and four seconds of sound sent to each");
}

// Pictures come from `count` others, that is decoded frames rise on as many
// connections.
export async function untilPictures(page, count, ms = STEP_MS) {
  const playing = () => page.$$eval("video[data-participant][data-kind=camera]", (list) =>
    list.filter((v) => v.muted === false).map((v) => window.framesShown(v)));
  const wait = (what, condition) => until(condition, ms, what).catch(async (error) => {
    throw new Error(`${error.message}; ${JSON.stringify(await page.evaluate(pictureFacts))}`);
  });
  const first = await wait(`${count} pictures`, async () => {
    const list = await playing();
    return list.filter((n) => n > 0).length >= count && list;
  });

  await wait(`${count} pictures that move`, async () => {
    const now = await playing();
    return now.filter((n, i) => n > (first[i] || 0) + 5).length >= count;
  });
}

// In the page: what explains that a picture does not come.
async function pictureFacts() {
  const seen = [...document.querySelectorAll("video[data-participant]")].map((v) =>
    [v.dataset.participant, v.dataset.kind, v.muted, window.framesShown(v)]);
  const links = await Promise.all(window.connections.map(async (pc) => {
    const stats = [...(await pc.getStats()).values()];
    const video = stats.find((s) => s.type === "inbound-rtp" && s.kind === "video");
    return [pc.signalingState, pc.iceConnectionState, pc.connectionState,
      video?.packetsReceived, video?.framesDecoded, video?.pliCount];
  }));

  return { state: document.body.dataset.state, seen, links };
}
