// SPDX-License-Identifier: LGPL-2.1-or-later

// The page in a call: where the pictures are, what can be done with each, menus, panels,
// the card to invite, a page that shows one participant alone.

import { enter } from "./lan.mjs";

enter();

const { mkdirSync, readFileSync } = await import("node:fs");
const { createRequire } = await import("node:module");
const { dirname, join } = await import("node:path");
const process = await import("node:process");
const { RULES_OF_COLOURS, axe } = await import("./axe.mjs");
const { assert, equal, main, test, together } = await import("./check.mjs");
const { Browser, Native, STEP_MS, joinLink, until, untilNames, untilPictures, untilState } =
  await import("./people.mjs");
const { ADDRESS } = await import("./lan.mjs");

const PHONE = { width: 390, height: 844 };
const TABLET = { width: 820, height: 1180 };
const LYING = { width: 844, height: 390 };
const DESK = { width: 1440, height: 900 };
const KEPT = process.env.VM_SCREENSHOTS;

if (KEPT) mkdirSync(KEPT, { recursive: true });

const tile = (user, kind = "camera") =>
  `#tiles .tile.${kind}:has(.tile-name:text-is("${user}"))`;
const boxOf = (page, selector) => page.locator(selector).first().boundingBox();
const text = (page, selector) => page.locator(selector).first().innerText();

// Of each in turn: what axe-core finds; with VM_SCREENSHOTS a picture.
async function look(page, view, sizes) {
  const before = page.viewportSize();

  for (const size of sizes) {
    await page.setViewportSize(size);
    for (const scheme of ["light", "dark"]) {
      const where = `${view}-${size.width}-${scheme}`;
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.evaluate(() => document.getAnimations()
        .filter((a) => a instanceof CSSTransition).forEach((a) => a.finish()));
      if (KEPT) await page.screenshot({ path: join(KEPT, `${where}.png`) });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert(wide <= size.width, `${where} is ${wide} px wide`);
      await axe(page, where, scheme === "dark" ? RULES_OF_COLOURS : null, null);
    }
  }
  await page.setViewportSize(before);
}

// What a finger is to find is 44 px wide and high (WCAG 2.5.5), but for links in a text.
async function checkTargets(page, where) {
  const small = await page.evaluate(() => [...document.querySelectorAll(
    "button, input, select, textarea, summary, a[href]")].flatMap((e) => {
    const { width, height } = e.getBoundingClientRect();
    return e.checkVisibility() && Math.min(width, height) < 43.5 && !e.closest(".message-text")
      ? [`${e.id || e.dataset.action || e.className} ${width.toFixed(1)}×${height.toFixed(1)}`] : [];
  }));

  equal(small, [], `too small for a finger in ${where}`);
}

async function openTileMenu(page, user) {
  await page.hover(tile(user));
  await page.click(`${tile(user)} .tile-tools [aria-controls="tile-menu"]`);
  await until(() => page.isVisible("#tile-menu"), STEP_MS, "the tile's menu");
}

async function serve() {
  const server = new Native(["server", "--port", "8443"]);
  const { port } = await server.event("serving");

  return `https://${ADDRESS}:${port}/?meeting=blue`;
}

test("modules: two by two, what may be cut, how good a connection is", async () => {
  const link = await serve();
  const browser = await Browser.start({ devices: false });
  const page = await browser.page();

  await page.goto(new URL("/icon.svg", link).href);
  equal(await page.evaluate(`(async () => {
    const { mayFill, place } = await import("/view/layout.js");
    const { LOSS, ROUND_TRIP_MS, grade } = await import("/net/quality.js");
    const wide = 16 / 9;
    const four = [[374, 640, wide], [828, 270, wide], [1424, 760, wide], [374, 640, 0.75]]
      .map(([w, h, ratio]) => {
        const rects = place(4, false, w, h, 8, ratio);
        return [new Set(rects.map((r) => r.x)).size, new Set(rects.map((r) => r.y)).size];
      });
    const one = place(1, false, 374, 640, 8, wide)[0];
    const five = new Set(place(5, false, 374, 640, 8, wide).map((r) => r.y)).size;
    return [four, five, mayFill(wide, one.width / one.height), mayFill(wide, 1), mayFill(0.75, 0.75),
      ["fair", "poor"].map((level) => [-0.001, 0, 0.001].map((d) => [
        grade({ loss: LOSS[level] + d, rtt: NaN }),
        grade({ loss: NaN, rtt: ROUND_TRIP_MS[level] + d }),
      ])), grade({ loss: NaN, rtt: NaN })];
  })()`), [[[2, 2], [2, 2], [2, 2], [2, 2]], 3, true, false, true,
    [[["good", "good"], ["fair", "fair"], ["fair", "fair"]],
      [["fair", "fair"], ["poor", "poor"], ["poor", "poor"]]], "good"], "modules");
});

test("the code for QR is what npm has", async () => {
  const folder = dirname(createRequire(import.meta.url).resolve("uqr"));
  const ours = new URL("../../tools/web/qr/", import.meta.url);

  equal(readFileSync(join(folder, "index.mjs"), "utf8"),
    readFileSync(new URL("uqr.mjs", ours), "utf8"), "uqr.mjs");
  equal(readFileSync(join(folder, "../LICENSE"), "utf8"),
    readFileSync(new URL("LICENSE", ours), "utf8"), "LICENSE");
});

// Cleo's page, with what a headless browser does not have.
async function cleoAt(browser, link) {
  const cleo = await browser.page({ viewport: DESK });

  await cleo.context().grantPermissions(["camera", "microphone", "clipboard-read",
    "clipboard-write"]);
  await cleo.addInitScript(() => {
    window.shared = [];
    Object.defineProperty(navigator, "share",
      { value: (what) => Promise.resolve(window.shared.push(what)) });
    Object.defineProperty(document, "pictureInPictureEnabled", { value: true });
    HTMLVideoElement.prototype.requestPictureInPicture = function request() {
      window.inPicture = this.dataset.participant;
      return Promise.resolve();
    };
  });
  await cleo.goto(joinLink(link, "Cleo"));
  await untilState(cleo, "joined");
  return cleo;
}

test("alone: a card with the link to copy and to share, and its QR code", async () => {
  const link = await serve();
  const browser = await Browser.start();
  const cleo = await cleoAt(browser, link);

  await until(() => cleo.isVisible("#invite-card"), STEP_MS, "the card");
  equal(await cleo.inputValue("#invite-link"), link, "the link");
  await cleo.click("#invite-copy");
  equal(await cleo.evaluate(() => navigator.clipboard.readText()), link, "the copy");
  await cleo.click("#invite-share");
  equal(await cleo.evaluate(() => window.shared.map(({ url }) => url)), [link], "shared");
  // the dark modules are those that another reader of the same text would have
  equal(await cleo.evaluate(async (url) => {
    const { encode } = await import("/qr/uqr.mjs");
    const { data, size } = encode(url, { border: 4 });
    const dark = data.flat().filter(Boolean).length;
    const svg = document.querySelector("#invite-qr svg");
    return [svg.getAttribute("viewBox") === `0 0 ${size} ${size}`,
      svg.querySelector("path").getAttribute("d").split("M").length - 1 === dark, dark > 100];
  }, link), [true, true, true], "the code");
  await until(() => cleo.$eval("#tiles .tile", (e) => e.classList.contains("corner")), STEP_MS,
    "the own picture in a corner");
  const [card, own] = [await boxOf(cleo, "#invite-card"), await boxOf(cleo, "#tiles .tile")];
  assert(own.y > card.y + card.height || own.x > card.x + card.width, "the card covers nobody");
  await look(cleo, "alone", [PHONE, TABLET, LYING, DESK]);
  // the server's own machine gives others the link that they can open
  const here = await browser.join(link.replace(ADDRESS, "localhost"), "Dan");
  await untilState(here, "joined");
  equal(await here.inputValue("#invite-link"), link, "the link at localhost");
});

// --- two on a server ---

const two = together(async () => {
  const link = await serve();
  const browser = await Browser.start();
  const cleo = await cleoAt(browser, link);
  const dan = await browser.join(link, "Dan");

  await untilState(dan, "joined");
  await untilNames(cleo, ["Cleo (you)", "Dan"]);
  await untilPictures(cleo, 1);
  return { browser, link, cleo, dan };
});

two("of two the own picture is small, in a corner, and can be moved", async ({ cleo }) => {
  assert(await cleo.isHidden("#invite-card"), "no card any more");
  for (const size of [DESK, PHONE, LYING]) {
    await cleo.setViewportSize(size);
    await until(async () => {
      const [own, other, list] = await Promise.all([tile("Cleo (you)"), tile("Dan"), "#tiles"]
        .map((selector) => boxOf(cleo, selector)));
      const isInside = own.x >= other.x && own.x + own.width <= other.x + other.width
        && own.y >= other.y && own.y + own.height <= other.y + other.height;
      const isBeside = own.x >= other.x + other.width || own.y >= other.y + other.height;
      return own.width * own.height * 3 < other.width * other.height && (isInside || isBeside)
        && own.x > list.x + list.width / 2 && own.y > list.y + list.height / 2;
    }, STEP_MS, `a small one at ${size.width}`);
  }
  await cleo.setViewportSize(DESK);
  await until(async () => {
    const { x, y } = await boxOf(cleo, tile("Cleo (you)"));
    return x > 1000 && y > 600 && await cleo.evaluate(() =>
      !document.getAnimations().some((one) => one.transitionProperty === "transform"));
  }, STEP_MS, "wide again");
  const before = await boxOf(cleo, tile("Cleo (you)"));
  await cleo.mouse.move(before.x + 20, before.y + before.height / 2);
  await cleo.mouse.down();
  await cleo.mouse.move(300, 300, { steps: 4 });
  await cleo.mouse.up();
  await until(async () => {
    const { x, y } = await boxOf(cleo, tile("Cleo (you)"));
    return x < 100 && y < 200;
  }, STEP_MS, "the corner at the top left");
  await openTileMenu(cleo, "Cleo (you)");
  await cleo.click('#tile-menu [data-action="corner"]');
  await until(async () => {
    const { x, y } = await boxOf(cleo, tile("Cleo (you)"));
    return x < 100 && y > 400;
  }, STEP_MS, "the next corner");
  await openTileMenu(cleo, "Cleo (you)");
  await cleo.click('#tile-menu [data-action="corner"]');
  await look(cleo, "two", [PHONE, TABLET, LYING, DESK]);
});

// In a page: all that is shown for a moment on the pictures and in the announcer, which is gone
// again before a busy machine has looked.
function watchMoments() {
  window.moments = [];
  new MutationObserver(() => {
    for (const element of document.querySelectorAll(".tile-reaction, #announcer"))
      if (element.textContent) {
        const name = element.closest(".tile")?.querySelector(".tile-name").textContent;
        window.moments.push([name || element.id, element.textContent].join(": "));
      }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}

two("a reaction is on the picture, and read aloud", async ({ cleo, dan }) => {
  for (const page of [cleo, dan]) await page.evaluate(watchMoments);
  const saw = (page, what) => until(() =>
    page.evaluate((one) => window.moments.includes(one), what), STEP_MS, what);
  await dan.click("#toggle-more");
  equal(await dan.$$eval("#reactions button", (l) => l.map((b) => b.getAttribute("aria-label"))),
    ["thumbs up", "a heart", "applause", "laughter", "surprise", "a celebration"], "reactions");
  await dan.click('#reactions [aria-label="a heart"]');
  assert(await dan.isHidden("#more-menu"), "the menu is closed");
  await saw(cleo, "Dan: ❤️");
  await saw(cleo, "announcer: Dan reacts with a heart.");
  await saw(dan, "Dan (you): ❤️");
  for (const [page, name] of [[cleo, "Dan"], [dan, "Dan (you)"]])
    await until(async () => await text(page, `${tile(name)} .tile-reaction`) === "", STEP_MS,
      "for a moment only");
});

two("hidden from oneself, and shown again", async ({ cleo, dan }) => {
  await openTileMenu(cleo, "Cleo (you)");
  await cleo.click('#tile-menu [data-action="hide"]');
  await until(() => cleo.isHidden(tile("Cleo (you)")), STEP_MS, "hidden");
  assert(await dan.isVisible(tile("Cleo")), "the other sees it");
  await cleo.click("#toggle-more");
  equal(await cleo.getAttribute("#toggle-self", "aria-pressed"), "true", "pressed");
  await cleo.click("#toggle-self");
  await until(() => cleo.isVisible(tile("Cleo (you)")), STEP_MS, "shown");
});

two("a double click, and a tap, enlarge a picture", async ({ browser, cleo, link }) => {
  const isLarge = (page) => page.$eval("#tiles", (e) => e.classList.contains("spotlight"));
  const eve = await browser.page({ viewport: PHONE, hasTouch: true });

  await cleo.dblclick(tile("Cleo (you)"), { position: { x: 12, y: 40 } });
  await until(() => isLarge(cleo), STEP_MS, "enlarged");
  await cleo.dblclick(tile("Cleo (you)"), { position: { x: 12, y: 80 } });
  await until(async () => !await isLarge(cleo), STEP_MS, "no longer");
  await eve.goto(joinLink(link, "Eve"));
  await untilNames(eve, ["Cleo", "Dan", "Eve (you)"]);
  await eve.tap(tile("Dan"), { position: { x: 20, y: 60 } });
  await until(() => isLarge(eve), STEP_MS, "enlarged by a tap");
  await eve.tap(tile("Dan"), { position: { x: 20, y: 60 } });
  await until(async () => !await isLarge(eve), STEP_MS, "no longer");
  await checkTargets(eve, "the call");
  for (const name of ["chat", "people", "files", "more"]) {
    await eve.tap(`#toggle-${name}`);
    await checkTargets(eve, name);
    await eve.tap(`#toggle-${name}`);
  }
  await eve.tap(`${tile("Dan")} [aria-controls="tile-menu"]`);
  await checkTargets(eve, "a picture's menu");
  await eve.keyboard.press("Escape");
  await eve.setViewportSize(LYING);
  await checkTargets(eve, "a call on a phone that lies");
  await eve.click("#leave");
  await untilState(eve, "left");
  await checkTargets(eve, "the lobby");
  await untilNames(cleo, ["Cleo (you)", "Dan"]);
  await eve.context().close();
});

two("a volume of one's own for each, and muted for me alone", async ({ cleo, dan }) => {
  const sound = () => cleo.$eval(`${tile("Dan")} video`, (v) => [v.volume, v.muted]);

  await openTileMenu(cleo, "Dan");
  equal(await cleo.evaluate(() => document.activeElement.id), "tile-volume", "the keyboard");
  await look(cleo, "tile-menu", [DESK]);
  if (await cleo.isHidden("#tile-menu")) await openTileMenu(cleo, "Dan");
  await cleo.fill("#tile-volume", "30");
  equal(await sound(), [0.3, false], "quieter");
  await cleo.click('#tile-menu [data-action="silence"]');
  equal(await sound(), [0.3, true], "silent");
  equal(await text(cleo, '#tile-menu [data-action="silence"]'), "Hear again", "its words");
  assert(await cleo.isVisible(`${tile("Dan")} .tile-silenced`), "a sign");
  assert(!await dan.$eval(tile("Dan (you)"), (e) => e.classList.contains("muted")),
    "Dan is told nothing");
  await cleo.click('#tile-menu [data-action="silence"]');
  await cleo.fill("#tile-volume", "100");
  equal(await sound(), [1, false], "as before");
  await cleo.keyboard.press("Escape");
  assert(await cleo.isHidden("#tile-menu"), "closed");
  equal(await cleo.evaluate(() => document.activeElement.getAttribute("aria-label")),
    "More about Dan", "the keyboard is back");
});

two("a picture is shown whole or fills its tile, as one likes", async ({ cleo }) => {
  const fit = () => cleo.$eval(`${tile("Dan")} video`, (v) => getComputedStyle(v).objectFit);

  equal(await fit(), "cover", "a wide picture in a wide tile");
  await openTileMenu(cleo, "Dan");
  await cleo.click('#tile-menu [data-action="fit"]');
  equal(await fit(), "contain", "whole");
  await openTileMenu(cleo, "Dan");
  await cleo.click('#tile-menu [data-action="fit"]');
  equal(await fit(), "cover", "filled");
});

two("a slide is never cut", async ({ cleo, dan }) => {
  await dan.click("#share-screen");
  await until(() => cleo.$(`${tile("Dan’s screen", "screen")}:not(.no-frames)`), STEP_MS,
    "the screen");
  equal(await cleo.$eval('video[data-kind="screen"]', (v) => getComputedStyle(v).objectFit),
    "contain", "the whole screen");
  await cleo.hover(tile("Dan’s screen", "screen"));
  await cleo.click(`${tile("Dan’s screen", "screen")} [aria-controls="tile-menu"]`);
  equal(await cleo.$$eval("#tile-menu button", (l) => l.map((b) => b.dataset.action)), ["pin"],
    "what can be done with it");
  // what is large by itself can be shown as large as the others
  await cleo.click('#tile-menu [data-action="pin"]');
  await until(async () => !await cleo.$eval("#tiles", (e) => e.classList.contains("spotlight")),
    STEP_MS, "as large as the others");
  await dan.click("#share-screen");
  await until(async () => !await cleo.$('video[data-kind="screen"]'), STEP_MS, "no screen");
});

two("the sign of the connection", async ({ cleo }) => {
  await until(() => cleo.$(`${tile("Dan")} .bars[data-level]`), STEP_MS, "a sign");
  assert(await cleo.isVisible(`${tile("Dan")} .bars`), "it is seen");
  await until(() => cleo.$(`${tile("Dan")} .bars[data-level="good"]`), STEP_MS, "a good one");
  const slow = (ms) => cleo.evaluate((rtt) => {
    const { prototype } = RTCPeerConnection;
    window.tellTruth ??= prototype.getStats;
    prototype.getStats = async function tell(...args) {
      const reports = await window.tellTruth.apply(this, args);
      return rtt ? new Map([...reports].map(([id, r]) =>
        [id, r.type === "candidate-pair" ? { ...r, currentRoundTripTime: rtt / 1000 } : r])) : reports;
    };
  }, ms);
  for (const [ms, level, words] of [[300, "fair", ", weak connection"],
    [600, "poor", ", poor connection"], [0, "good", ""]]) {
    await slow(ms);
    await until(() => cleo.$(`${tile("Dan")} .bars[data-level="${level}"]`), STEP_MS, level);
    equal(await cleo.$eval(`${tile("Dan")} .tile-label`, (e) =>
      e.querySelector(".bars + .hidden").textContent), words, "read aloud");
  }
});

two("the space bar held: heard for so long", async ({ cleo, dan }) => {
  const isMuted = () => dan.$eval(tile("Cleo"), (e) => e.classList.contains("muted"));

  await cleo.click("#toggle-audio"); // the focus is on the button, by the mouse
  await until(isMuted, STEP_MS, "muted");
  await cleo.keyboard.down("Space");
  await until(async () => !await isMuted(), STEP_MS, "heard");
  await cleo.keyboard.up("Space");
  await until(isMuted, STEP_MS, "muted again");
  await cleo.click("#toggle-chat");
  await cleo.focus("#chat-input");
  await cleo.keyboard.type("a b");
  equal(await cleo.inputValue("#chat-input"), "a b", "what is written");
  assert(await isMuted(), "still muted");
  await cleo.fill("#chat-input", "");
  await cleo.click('[data-close="chat"]');
  await cleo.click("#toggle-audio");
  await until(async () => !await isMuted(), STEP_MS, "heard");
});

two("no panel covers the tools or the bar", async ({ cleo }) => {
  for (const size of [PHONE, TABLET, LYING]) {
    await cleo.setViewportSize(size);
    for (const name of ["chat", "people", "files"]) {
      await cleo.click(`#toggle-${name}`);
      await until(() => cleo.isVisible(`#${name}`), STEP_MS, name);
      const covered = await cleo.evaluate(() => [...document.querySelectorAll(
        ".call-tools button, .controls button")].filter((button) => {
        const { left, top, width, height } = button.getBoundingClientRect();
        const there = document.elementFromPoint(left + width / 2, top + height / 2);
        return button.checkVisibility() && !button.contains(there);
      }).map(({ id }) => id));
      equal(covered, [], `covered by ${name} at ${size.width}`);
      if (name === "people") await look(cleo, "panel", [size]);
      await cleo.click(`[data-close="${name}"]`);
    }
  }
  await cleo.setViewportSize(DESK);
});

two("no toast of what an open panel shows", async ({ browser, cleo, dan, link }) => {
  const say = async (words) => {
    await dan.fill("#chat-input", words);
    await dan.press("#chat-input", "Enter");
  };
  const toasts = () => cleo.$$eval("#toasts .toast", (l) => l.map((e) => e.textContent));

  await dan.click("#toggle-chat");
  await say("seen as a toast");
  await until(async () => (await toasts()).includes("Dan: seen as a toast"), STEP_MS, "a toast");
  await cleo.click("#toggle-chat");
  equal((await toasts()).filter((t) => /seen as/.test(t)), [], "toasts over the open chat");
  await say("seen in the chat");
  await until(async () => (await text(cleo, "#chat-log")).includes("seen in the chat"), STEP_MS,
    "in the chat");
  // an offer opens the files by itself where there is room beside the pictures
  await cleo.click('[data-close="chat"]');
  await cleo.setViewportSize(TABLET);
  await dan.setInputFiles("#file-input", { name: "plan.txt", mimeType: "text/plain",
    buffer: Buffer.from("a plan") });
  await until(async () => (await toasts()).includes("Dan offers you a file: plan.txt"), STEP_MS,
    "a toast");
  await cleo.click("#toggle-files");
  equal((await toasts()).filter((t) => /plan/.test(t)), [], "toasts over the open files");
  await cleo.setViewportSize(DESK);
  await cleo.click("#toggle-people");
  const fay = await browser.join(link, "Fay");
  await until(async () => (await text(cleo, "#people-list")).includes("Fay"), STEP_MS, "in the list");
  equal(await text(cleo, "#announcer"), "Fay has joined.", "it is read aloud");
  equal((await toasts()).filter((t) => /Fay|in the chat/.test(t)), [], "toasts");
  await cleo.click('[data-close="people"]');
  await fay.click("#leave");
  await until(async () => (await toasts()).includes("Fay has left."), STEP_MS, "a toast");
  await dan.click('[data-close="chat"]');
  await fay.context().close();
});

two("a click on Files while an offer opens them leaves them open", async ({ cleo, dan }) => {
  await cleo.evaluate(() => new MutationObserver((list, observer) => {
    observer.disconnect();
    document.getElementById("toggle-files").click();
  }).observe(document.getElementById("files"), { attributeFilter: ["hidden"] }));
  await dan.setInputFiles("#file-input", { name: "map.txt", mimeType: "text/plain",
    buffer: Buffer.from("a map") });
  await until(async () => (await text(cleo, "#files")).includes("map.txt"), STEP_MS, "the offer");
  await until(() => cleo.$eval("#files", (e) => e.contains(document.activeElement)), STEP_MS,
    "the focus is in the files");
  assert(await cleo.isVisible("#files"), "the files are open");
  await cleo.click('[data-close="files"]');
});

two("the line of what has happened is of now", async ({ cleo, dan }) => {
  const toasts = () => cleo.$$eval("#toasts .toast", (l) => l.map((e) => e.textContent));
  const untilToast = (words) => until(async () => (await toasts()).includes(words), STEP_MS, words);

  await until(async () => (await toasts()).length === 0, STEP_MS, "nothing to say");
  await cleo.setViewportSize(PHONE);
  await dan.click("#raise-hand");
  await untilToast("Dan raises a hand.");
  await dan.click("#toggle-chat");
  await dan.fill("#chat-input", `hello ${"x".repeat(200)}`);
  await dan.press("#chat-input", "Enter");
  await untilToast(`Dan: hello ${"x".repeat(134)}…`);
  equal((await toasts()).length, 1, "lines on a phone");
  await cleo.click("#toggle-chat");
  equal(await toasts(), [], "nothing older comes back");
  await cleo.click('[data-close="chat"]');
  await cleo.setViewportSize(DESK);
  for (let i = 0; i < 4; i++) await dan.click("#raise-hand");
  await until(() => cleo.$eval("#announcer", (e) => e.textContent.includes("raises")), STEP_MS,
    "the hand");
  assert((await toasts()).length < 2, "said once");
  await dan.click("#raise-hand");
  await dan.click('[data-close="chat"]');
});

two("statistics are closed where they are", async ({ cleo }) => {
  for (const close of [() => cleo.click("#close-stats"), async () => {
    await cleo.focus("#close-stats");
    await cleo.keyboard.press("Escape");
  }]) {
    await cleo.click("#toggle-stats");
    await until(async () => /Dan/.test(await text(cleo, "#stats")), STEP_MS, "a row");
    await close();
    assert(await cleo.isHidden("#stats"), "closed");
    equal(await cleo.evaluate(() => document.activeElement.id), "toggle-stats", "the keyboard");
  }
});

two("the menu: invite, full screen, picture in picture", async ({ cleo, link }) => {
  await cleo.click("#toggle-more");
  await look(cleo, "menu", [DESK]);
  for (const size of [PHONE, LYING]) {
    await cleo.setViewportSize(size);
    await cleo.click("#toggle-more");
    await look(cleo, "menu", [size]);
    await cleo.keyboard.press("Escape");
  }
  await cleo.setViewportSize(DESK);
  await cleo.click("#toggle-more");
  await cleo.click("#open-invite");
  equal(await cleo.inputValue("#invite[open] #invite-link"), link, "the link");
  await look(cleo, "invite", [PHONE, DESK]);
  await cleo.keyboard.press("Escape");
  await cleo.click("#toggle-more");
  await cleo.click("#toggle-pip");
  equal(await cleo.evaluate(() => window.inPicture),
    await cleo.getAttribute(`${tile("Dan")} video`, "data-participant"), "whose picture");
  await cleo.click("#toggle-more");
  await cleo.click("#toggle-screen");
  await until(() => cleo.evaluate(() => document.fullscreenElement === document.documentElement),
    STEP_MS, "full screen");
  await cleo.click("#toggle-more");
  equal(await cleo.getAttribute("#toggle-screen", "aria-pressed"), "true", "pressed");
  await cleo.click("#toggle-screen");
  await until(() => cleo.evaluate(() => !document.fullscreenElement), STEP_MS, "as before");
});

two("one participant and nothing else, for another program", async ({ browser, link, dan }) => {
  const page = await browser.page({ viewport: { width: 640, height: 360 } });

  await page.goto(joinLink(link, "Studio", { only: "Dan", clean: "1" }));
  await untilState(page, "joined");
  await until(() => page.$eval(`${tile("Dan")} video`, (v) => v.videoWidth > 0)
    .catch(() => false), STEP_MS, "Dan's picture");
  await until(async () => {
    const { x, y, width, height } = await boxOf(page, tile("Dan"));
    return x === 0 && y === 0 && width === 640 && height === 360;
  }, STEP_MS, "the whole window");
  equal(await page.evaluate(() => [...document.querySelectorAll("body *")].filter((e) => {
    const { width, height } = e.getBoundingClientRect();
    return e.checkVisibility() && width > 1 && height > 1
      && !e.closest("#announcer") && (e.matches("button, p, h1, h2, a, input")
        || (e.matches("video") && !e.closest(".tile")));
  }).map((e) => e.id || e.className)), [], "what else is seen");
  equal(await page.$$eval("#tiles .tile:not([hidden])", (l) => l.length), 1, "pictures");
  equal(await page.$$eval("#tiles video", (l) => l.filter((v) => !v.muted)
    .map((v) => v.getAttribute("aria-label"))), ["Picture of Dan"], "who is heard");
  await until(() => dan.$eval(tile("Studio"), (e) => e.classList.contains("no-picture"))
    .catch(() => false), STEP_MS, "it sends no picture");
  if (KEPT) await page.screenshot({ path: join(KEPT, "clean.png") });
  await page.context().close();
});

// --- the layout, with pictures of the page's own ---

async function withTiles(page, users, { ratio = 16 / 9 } = {}) {
  await page.evaluate(async ([names, shape]) => {
    const { Tiles } = await import("/view/tiles.js");
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    canvas.width = Math.round(180 * shape);
    canvas.height = 180;
    setInterval(() => {
      context.fillStyle = "#456";
      context.fillRect(0, 0, canvas.width, 180);
    }, 200);
    document.body.dataset.state = "joined";
    document.getElementById("call-name").textContent = "blue";
    document.getElementById("lobby").hidden = true;
    document.getElementById("call").hidden = false;
    window.tiles = new Tiles();
    names.forEach((user, i) => window.tiles.update({ id: `p${i}`, user, self: i === 0,
      raisedAt: 0 }, { shown: true, state: "connected", audio: true, picture: true,
      stream: canvas.captureStream(5), screen: null }));
  }, [users, ratio]);
  await until(() => page.$$eval("#tiles .tile:not(.no-frames)", (l, n) => l.length === n,
    users.length), STEP_MS, "pictures");
}

test("four on a phone are two by two, and no face is cut to a square", async () => {
  const link = await serve();
  const browser = await Browser.start({ devices: false });
  const page = await browser.page({ viewport: PHONE });
  const boxes = () => page.$$eval("#tiles .tile", (l) => l.map((e) => {
    const { x, y, width, height } = e.getBoundingClientRect();
    return [Math.round(x), Math.round(y), width / height];
  }));

  await page.goto(link);
  await withTiles(page, ["Ann", "Bo", "Cleo", "Dan"]);
  const four = await boxes();
  equal([new Set(four.map(([x]) => x)).size, new Set(four.map(([, y]) => y)).size], [2, 2],
    "columns and rows");
  assert(four.every(([, , ratio]) => ratio > 1.19), "of a face two thirds are seen");
  await look(page, "four", [PHONE, LYING]);
  // who speaks is large
  await page.evaluate(() => {
    window.tiles.setLayout("speaker");
    window.tiles.setSpeaking("p2", true);
  });
  await until(async () => {
    const [large, other] = [await boxOf(page, tile("Cleo")), await boxOf(page, tile("Bo"))];
    return large.width > other.width * 1.5;
  }, STEP_MS, "Cleo large");
  await page.evaluate(() => window.tiles.setSpeaking("p3", true));
  const stays = await boxOf(page, tile("Cleo"));
  assert(stays.width > 300, "until the one who speaks is silent");
  await page.evaluate(() => window.tiles.setSpeaking("p2", false));
  await until(async () => (await boxOf(page, tile("Dan"))).width > 300, STEP_MS, "Dan large");
  await look(page, "speaker", [PHONE, DESK]);
});

await main();
