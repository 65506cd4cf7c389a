// SPDX-License-Identifier: LGPL-2.1-or-later

// The page in Firefox: in a meeting with a native host and with the page in Chromium, before
// a meeting, and in calls. What no browser does otherwise is tried in Chromium alone.

import { enter } from "./lan.mjs";

enter();

const { createHash, randomBytes } = await import("node:crypto");
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = await import("node:fs");
const { tmpdir } = await import("node:os");
const { join } = await import("node:path");
const { default: process } = await import("node:process");
const { ADDRESS } = await import("./lan.mjs");
const { RULES_OF_COLOURS, axe } = await import("./axe.mjs");
const { assert, equal, main, together } = await import("./check.mjs");
const { Browser, Native, STEP_MS, hasFirefox, host, until, untilNames, untilPictures,
  untilSent, untilState } = await import("./people.mjs");

const SKIP = 77;
const WIDTHS = [390, 820, 1440];
const KEPT = process.env.VM_SCREENSHOTS;

if (!hasFirefox()) {
  console.log("Firefox is not installed (firefox-esr): skipped");
  process.exit(SKIP);
}
if (KEPT) mkdirSync(KEPT, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), "vm-firefox-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const text = (page, selector) => page.locator(selector).first().innerText();
const tile = (user, kind = "camera") =>
  `#tiles .tile.${kind}:has(.tile-name:text-is("${user}"))`;
const listed = (user) => `#people-list .person:has(.person-name:text-is("${user}"))`;
const isLarge = (page) => page.$eval("#tiles", (e) => e.classList.contains("spotlight"));

function untilText(page, selector, part) {
  return until(async () => (await text(page, selector).catch(() => "")).includes(part), STEP_MS,
    `"${part}" in ${selector}`);
}

function untilClass(page, user, name, on) {
  return until(() => page.$eval(tile(user), (e, n) => e.classList.contains(n), name)
    .then((has) => has === on, () => false), STEP_MS, `${user} ${on ? "" : "not "}${name}`);
}

// As by night, or by day again: Firefox cannot be told so over BiDi, so the rules of the page
// are.
function setDark(page, dark) {
  return page.evaluate((isDark) => {
    const NIGHT = "(prefers-color-scheme: dark)";
    const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
      .filter(({ media }) => media?.mediaText === NIGHT || media?.mediaText === "all");
    for (const { media } of rules) media.mediaText = isDark ? "all" : NIGHT;
    document.documentElement.style.colorScheme = isDark ? "dark" : "";
    document.getAnimations().filter((a) => a instanceof CSSTransition).forEach((a) => a.finish());
    return rules.length;
  }, dark);
}

// No view is wider than the window, and axe-core finds nothing, by day and by night; with
// VM_SCREENSHOTS a picture of each.
async function look(page, view) {
  const before = page.viewportSize();

  for (const width of WIDTHS) {
    const where = `firefox-${view}-${width}`;
    await page.setViewportSize({ width, height: width < 500 ? 844 : 900 });
    if (KEPT) await page.screenshot({ path: join(KEPT, `${where}.png`) });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(wide <= width, `${where} is ${wide} px wide`);
  }
  await page.setViewportSize(before);
  await axe(page, view, null, null);
  assert(await setDark(page, true) > 0, "colours of the night");
  if (KEPT) await page.screenshot({ path: join(KEPT, `firefox-${view}-dark.png`) });
  await axe(page, `${view} in the dark`, RULES_OF_COLOURS, null);
  await setDark(page, false);
}

// Firefox tells of the styles of axe-core and of screenshots, which the page's policy keeps out.
function checkFaults(...pages) {
  for (const { faults } of pages)
    equal(faults.filter((fault) => !fault.includes("style-src-elem")), [], "faults of the page");
}

// The connections over which sound comes that is not silence.
async function untilHeard(page, count) {
  const energies = () => page.evaluate(async () => {
    const list = [];
    for (const pc of window.connections.filter((c) => c.connectionState === "connected"))
      for (const r of (await pc.getStats()).values())
        if (r.type === "inbound-rtp" && r.kind === "audio") list.push(r.totalAudioEnergy || 0);
    return list;
  });
  const first = await energies();

  await until(async () => (await energies()).filter((energy, i) => energy > (first[i] ?? 0))
    .length >= count, STEP_MS, `sound of ${count}`);
}

// --- a meeting of a native host, a page in Firefox, and one in Chromium ---

const meeting = together(async () => {
  const ann = await host();
  const [firefox, chromium] = await Promise.all([Browser.firefox(), Browser.start()]);
  const cleo = await firefox.join(ann.link, "Cleo");
  const dan = await chromium.join(ann.link, "Dan");

  await Promise.all([untilState(cleo, "joined"), untilState(dan, "joined")]);
  for (const user of ["Cleo", "Dan"])
    await ann.event("participant-state", { user, state: "connected" });
  return { ann, cleo, dan };
});

meeting("picture and sound of a native host, and of and to a page in Chromium",
  async ({ cleo, dan }) => {
    await untilNames(cleo, ["Ann", "Cleo (you)", "Dan"]);
    await untilNames(dan, ["Ann", "Cleo", "Dan (you)"]);
    await Promise.all([cleo, dan].flatMap((page) => [untilPictures(page, 2), untilHeard(page, 2)]));
    const stamp = () => cleo.evaluate(() =>
      window.readStamp(document.querySelector('video[data-participant="p001"]')));
    const first = await until(stamp, STEP_MS, "a stamp in Ann's picture");
    await until(async () => await stamp() > first, STEP_MS, "later stamps");
    await untilClass(cleo, "Ann", "speaking", true);
    await untilClass(cleo, "Dan", "speaking", true);
    await untilClass(dan, "Cleo", "speaking", true);
    await untilSent(cleo);
    await cleo.click("#toggle-stats");
    await until(async () => {
      const row = await text(cleo, "#stats tbody tr").catch(() => "");
      return row.includes("Ann") && row.includes("path found") && row.includes("same network")
        && /[1-9]\d* kbit\/s/u.test(row) && row.includes("160×90");
    }, STEP_MS, "Ann's row");
    await look(cleo, "call");
    await cleo.click("#close-stats");
  });

meeting("mute, hand and reaction", async ({ ann, cleo, dan }) => {
  await cleo.click("#toggle-audio");
  await untilClass(dan, "Cleo", "muted", true);
  await ann.event("presence", { user: "Cleo", audioMuted: true });
  await dan.click("#toggle-video");
  await untilClass(cleo, "Dan", "no-picture", true);
  await cleo.click("#toggle-video");
  await untilClass(dan, "Cleo", "no-picture", true);
  await cleo.click("#raise-hand");
  await untilClass(dan, "Cleo", "raised", true);
  await dan.click("#raise-hand");
  await untilClass(cleo, "Dan", "raised", true);
  await look(cleo, "hands");
  await dan.click("#toggle-more");
  await dan.click('#reactions [aria-label="a heart"]');
  await untilText(cleo, `${tile("Dan")} .tile-reaction`, "❤️");
  await cleo.click("#toggle-more");
  await cleo.click('#reactions [aria-label="applause"]');
  await untilText(dan, `${tile("Cleo")} .tile-reaction`, "👏");
  for (const button of ["#toggle-audio", "#toggle-video", "#raise-hand"]) await cleo.click(button);
  for (const button of ["#toggle-video", "#raise-hand"]) await dan.click(button);
  await untilClass(dan, "Cleo", "muted", false);
  await untilClass(dan, "Cleo", "no-picture", false);
  await Promise.all([untilPictures(cleo, 2), untilPictures(dan, 2)]);
});

meeting("one large, by a double click and by who speaks", async ({ cleo }) => {
  const double = () => cleo.dispatchEvent(tile("Dan"), "dblclick"); // two clicks come too late
  const menu = async () => {
    if (await cleo.isHidden("#more-menu")) await cleo.click("#toggle-more");
  };

  await double();
  await until(() => isLarge(cleo), STEP_MS, "enlarged");
  await double();
  await until(async () => !await isLarge(cleo), STEP_MS, "no longer");
  await menu();
  await look(cleo, "menu");
  await menu();
  await cleo.click("#layout-speaker");
  await until(() => isLarge(cleo), STEP_MS, "who speaks");
  await look(cleo, "speaker");
  await menu();
  await cleo.click("#layout-grid");
  await until(async () => !await isLarge(cleo), STEP_MS, "a grid");
});

meeting("two compare digits", async ({ cleo, dan }) => {
  await Promise.all([cleo, dan].map((page) => page.click("#toggle-people")));
  await cleo.click(`${listed("Dan")} [data-who]`);
  await cleo.click("#trust-ask");
  for (const page of [cleo, dan])
    await until(() => page.isVisible("#trust-digits"), STEP_MS, "digits");
  assert(/^\d{3} \d{3}$/u.test(await text(cleo, "#trust-digits")), "six digits");
  equal(await text(cleo, "#trust-digits"), await text(dan, "#trust-digits"), "the digits of both");
  await look(cleo, "digits");
  for (const page of [cleo, dan]) await page.click("#trust-same");
  await untilText(cleo, `${listed("Dan")} .person-trust`, "Verified by you");
  await untilText(dan, `${listed("Cleo")} .person-trust`, "Verified by you");
  for (const page of [cleo, dan])
    if (await page.isVisible("#trust")) await page.keyboard.press("Escape");
  await look(cleo, "people");
  for (const page of [cleo, dan]) await page.click('[data-close="people"]');
});

// A file of that name from one to the other, as it arrives: its name and hash.
async function pass(from, to, user, name) {
  const data = randomBytes(150001); // some chunks, and one that is not whole
  const path = join(folder, name);
  const item = `[data-transfer]:has(.transfer-name:has-text("${name}"))`;

  writeFileSync(path, data);
  for (const page of [from, to]) if (await page.isHidden("#files")) await page.click("#toggle-files");
  await until(() => from.$$eval("#file-target option", (list, wanted) =>
    list.some((one) => one.textContent === wanted), user), STEP_MS, `${user} to send to`);
  await from.selectOption("#file-target", { label: user });
  await from.setInputFiles("#file-input", path);
  // of a download of what a page has made Firefox tells nothing over BiDi
  await to.evaluate(() => {
    const { click } = HTMLElement.prototype;
    const { createObjectURL } = URL;
    window.given = {};
    URL.createObjectURL = (file) => {
      window.given.file = file;
      return createObjectURL.call(URL, file);
    };
    HTMLAnchorElement.prototype.click = function save() {
      window.given.name = this.download;
      click.call(this);
    };
  });
  await to.click(`${item} [data-action="accept"]`);
  for (const page of [from, to])
    await until(() => page.$(`${item}[data-state="COMPLETED"]`), STEP_MS, `${name} completed`);
  equal(await until(() => to.evaluate(async () => window.given.name && [window.given.name,
    [...new Uint8Array(await crypto.subtle.digest("SHA-256", await window.given.file.arrayBuffer()))]
      .map((byte) => byte.toString(16).padStart(2, "0")).join("")]), STEP_MS, "what is saved"),
  [name, createHash("sha256").update(data).digest("hex")], `what ${user} has`);
}

meeting("files to and from a page in Chromium", async ({ cleo, dan }) => {
  await pass(cleo, dan, "Dan", "from-firefox.bin");
  await pass(dan, cleo, "Cleo", "from-chromium.bin");
  await look(cleo, "files");
  for (const page of [cleo, dan]) await page.click('[data-close="files"]');
});

meeting("a shared screen, of and to a page in Chromium", async ({ cleo, dan }) => {
  const shows = (page, user) => until(() => page.$eval(`${tile(`${user}’s screen`, "screen")} video`,
    (v) => window.framesShown(v) > 3).catch(() => false), STEP_MS, `the screen of ${user}`);
  const gone = (page) => until(async () => !await page.$('video[data-kind="screen"]'), STEP_MS,
    "no screen");

  await dan.click("#share-screen");
  await shows(cleo, "Dan");
  assert(await isLarge(cleo), "it is large");
  equal(await cleo.$eval('video[data-kind="screen"]', (v) => getComputedStyle(v).objectFit),
    "contain", "the whole screen");
  await dan.click("#share-screen");
  await gone(cleo);
  // a browser without a desktop has no screen: a drawing stands for it
  await cleo.evaluate(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [320, 180];
    const context = canvas.getContext("2d");
    let n = 0;
    setInterval(() => {
      context.fillStyle = `hsl(${n++ * 20} 50% 50%)`;
      context.fillRect(0, 0, 320, 180);
    }, 100);
    navigator.mediaDevices.getDisplayMedia = () => Promise.resolve(canvas.captureStream(10));
  });
  await cleo.click("#share-screen");
  await shows(dan, "Cleo");
  equal(await cleo.getAttribute("#share-screen", "aria-label"), "Stop sharing your screen", "its words");
  await cleo.click("#share-screen");
  await gone(dan);
});

meeting("who is muted is heard while the space bar is held", async ({ cleo, dan }) => {
  await cleo.click("#toggle-audio");
  await untilClass(dan, "Cleo", "muted", true);
  await cleo.keyboard.down("Space");
  await untilClass(dan, "Cleo", "muted", false);
  await cleo.keyboard.up("Space");
  await untilClass(dan, "Cleo", "muted", true);
  await cleo.click("#toggle-audio");
  await untilClass(dan, "Cleo", "muted", false);
});

meeting("one leaves and comes back, and was seen and heard by the host", async ({ ann, cleo, dan }) => {
  await cleo.click("#leave");
  await untilState(cleo, "left");
  await untilNames(dan, ["Ann", "Dan (you)"]);
  await cleo.click("#join");
  await untilState(cleo, "joined");
  await untilNames(dan, ["Ann", "Cleo", "Dan (you)"]);
  await Promise.all([untilPictures(cleo, 2), untilPictures(dan, 2)]);
  await untilSent(cleo);
  checkFaults(cleo, dan); // who asks a host that is gone is told that it is
  const seen = (await ann.end()).at(-1).participants.filter((p) => p.user === "Cleo").at(-1);
  assert(seen.videoFrames > 20 && seen.audioBuffers > 100,
    `${seen.videoFrames} pictures and ${seen.audioBuffers} sounds from Cleo`);
  // two pages go on without a host, until one is left alone
  for (const page of [cleo, dan]) await untilText(page, "#server-banner", "is gone. You stay connected");
  await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);
  await dan.click("#leave");
  await untilState(cleo, "left");
  await untilText(cleo, "#notice", "The host has left the meeting, and so have all others.");
});

// --- on a server ---

const server = together(async () => {
  const native = new Native(["server", "--port", "8443"]);
  const { port } = await native.event("serving");
  const [firefox, chromium] = await Promise.all([Browser.firefox(), Browser.start()]);

  return { url: `https://${ADDRESS}:${port}/`, firefox, chromium };
});

server("before a meeting: the picture, the level, devices, three notes", async ({ url, firefox }) => {
  const page = await firefox.page();

  await page.goto(`${url}?meeting=blue`);
  await page.click("#use-media");
  await until(() => page.isVisible("#preview"), STEP_MS, "the preview");
  // a machine without a loudspeaker has neither, and is told so
  const level = "#mic-level";
  await until(async () => await page.isHidden(level)
    || Number(await page.getAttribute(level, "aria-valuenow")) > 0, STEP_MS, "the level");
  const isMeasured = await page.isVisible(level);
  await page.click("#test-speaker");
  await untilText(page, "#speaker-note", isMeasured ? "Three notes were played."
    : "This browser could not play a sound.");
  await until(() => page.isEnabled("#test-speaker"), STEP_MS, "the button");
  await page.click('#lobby [data-open="settings"]');
  for (const choice of ["camera", "microphone"])
    assert((await page.$$eval(`#${choice}-choice option`, (l) => l.map((o) => o.value)))
      .every(Boolean), `a ${choice}`);
  await page.keyboard.press("Escape");
  await look(page, "lobby");
  checkFaults(page);
  await page.context().close();
});

server("alone: a card with the link and its QR code, and one's own picture in a corner",
  async ({ url, firefox, chromium }) => {
    const link = `${url}?meeting=blue`;
    const page = await firefox.join(link, "Cleo");

    await untilState(page, "joined");
    await until(() => page.isVisible("#invite-card"), STEP_MS, "the card");
    equal(await page.inputValue("#invite-link"), link, "the link");
    assert(await page.$eval("#invite-qr svg path", (e) => e.getBoundingClientRect().width > 50),
      "the code is seen");
    await look(page, "alone");
    const dan = await chromium.join(link, "Dan");
    await untilPictures(page, 1);
    await until(async () => {
      const [own, other] = await Promise.all([tile("Cleo (you)"), tile("Dan")].map((selector) =>
        page.locator(selector).boundingBox()));
      return own.width * own.height * 3 < other.width * other.height && own.x > 640 && own.y > 400;
    }, STEP_MS, "the own picture in a corner");
    await look(page, "two");
    checkFaults(page);
    await Promise.all([page, dan].map((one) => one.context().close()));
  });

server("a host who ends a meeting of two", async ({ firefox }) => {
  const ann = await host({ meeting: "two" });
  const page = await firefox.join(ann.link, "Cleo");

  await untilState(page, "joined");
  await untilPictures(page, 1);
  checkFaults(page);
  await ann.end();
  await untilState(page, "left");
  await untilText(page, "#notice", "The host has ended the meeting.");
  await page.context().close();
});

server("a call is made and answered", async ({ url, firefox, chromium }) => {
  const phone = async (browser, user) => {
    const page = await browser.page();
    await page.goto(`${url}phone.html?user=${user}&online=1`);
    await untilState(page, "online");
    return page;
  };
  const [cleo, dan] = await Promise.all([phone(firefox, "Cleo"), phone(chromium, "Dan")]);
  const sees = async (page) => {
    await until(() => page.isHidden("#avatar"), STEP_MS, "the picture in place of the name");
    const shown = () => page.evaluate(() => window.framesShown(document.getElementById("remote")));
    const first = await shown();
    await until(async () => await shown() > first + 5, STEP_MS, "pictures");
  };
  const talk = async () => {
    await Promise.all([untilState(cleo, "talking"), untilState(dan, "talking")]);
    await Promise.all([sees(cleo), sees(dan), untilHeard(cleo, 1), untilHeard(dan, 1)]);
  };

  await cleo.click('[aria-label="Call Dan with picture and sound"]');
  await untilState(dan, "ringing");
  await dan.click("#accept-video");
  await talk();
  await dan.click("#toggle-video");
  await until(() => cleo.isVisible("#avatar"), STEP_MS, "no picture");
  await dan.click("#toggle-video");
  await until(() => cleo.isHidden("#avatar"), STEP_MS, "a picture again");
  await look(cleo, "phone");
  await dan.click("#hang-up");
  await Promise.all([untilState(cleo, "online"), untilState(dan, "online")]);
  await dan.click('[aria-label="Call Cleo with picture and sound"]');
  await untilState(cleo, "ringing");
  await look(cleo, "phone-ringing");
  await cleo.click("#accept-video");
  await talk();
  await cleo.click("#hang-up");
  await untilText(dan, "#notice", "Cleo has ended the call.");
  checkFaults(cleo, dan);
});

await main();
