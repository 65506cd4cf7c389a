// SPDX-License-Identifier: LGPL-2.1-or-later

// Calls between videomeet and Chromium, and between Chromiums.

import { enter } from "./lan.mjs";

enter();

const { assert, equal, main, test, together } = await import("./check.mjs");
const { Browser, SEAT_MS, STEP_MS, guest, host, joinLink, names, state, until, untilNames,
  untilPictures, untilSent, untilState } = await import("./people.mjs");

const text = (page, selector) => page.locator(selector).innerText();

async function says(page, sentence) {
  await page.fill("#chat-input", sentence);
  await page.press("#chat-input", "Enter");
}

function untilSaid(page, sentence, ms = STEP_MS) {
  return until(async () => (await page.$$eval("#chat-log .message-text", (list) =>
    list.map((e) => e.textContent))).includes(sentence), ms, `"${sentence}" in the chat`);
}

const tile = (user) => `#tiles .tile.camera:has(.tile-name:text-is("${user}"))`;

function untilClass(page, user, name, on, ms = STEP_MS) {
  return until(() => page.$eval(tile(user), (e, n) => e.classList.contains(n), name)
    .then((has) => has === on, () => false), ms, `${user} ${on ? "" : "not "}${name}`);
}

// --- native and browser ---

const alone = together(async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.page();
  await page.addInitScript(() => {
    const read = AnalyserNode.prototype.getFloatTimeDomainData;

    window.looks = []; // how long each was, in seconds
    AnalyserNode.prototype.getFloatTimeDomainData = function look(samples) {
      window.looks.push(samples.length / this.context.sampleRate);
      return read.call(this, samples);
    };
  });
  await page.goto(joinLink(ann.link, "Cleo"));
  await untilState(page, "joined");
  return { ann, page };
});

alone("the link joins; picture and sound come from the host", async ({ ann, page }) => {
  await ann.event("participant-state", { user: "Cleo", state: "connected" });
  await untilNames(page, ["Ann", "Cleo (you)"]);
  await untilPictures(page, 1);
  const stamp = () => page.evaluate(() =>
    window.readStamp(document.querySelector('video[data-participant="p001"]')));
  const first = await until(stamp, STEP_MS, "a stamp in Ann's picture");
  await until(async () => await stamp() > first, STEP_MS, "later stamps");
  const before = await page.evaluate(() => window.soundEnergy());
  await until(async () => await page.evaluate(() => window.soundEnergy()) > before, STEP_MS,
    "sound from Ann");
  await until(async () => await page.evaluate(() => window.framesDecoded()) > 50, STEP_MS,
    "pictures for five seconds");
  equal(page.faults, [], "faults of the page");
});

alone("a native guest who comes later is offered a connection by the page", async ({ ann, page }) => {
  const before = await page.evaluate(() => window.framesDecoded());
  const bob = guest(ann);

  await bob.event("participant-state", { user: "Cleo", state: "connected" });
  await untilNames(page, ["Ann", "Bob", "Cleo (you)"]);
  await untilPictures(page, 2);
  await until(() => page.evaluate(() =>
    window.readStamp(document.querySelector('video[data-participant="p003"]'))), STEP_MS,
  "a stamp in Bob's picture");
  await until(async () => await page.evaluate(() => window.framesDecoded()) > before + 100, STEP_MS,
    "pictures for five seconds");
  await untilSent(page);
  const cleo = (await bob.end()).at(-1).participants.find((p) => p.user === "Cleo");
  assert(cleo.videoFrames > 20, `${cleo.videoFrames} pictures from Cleo`);
  assert(cleo.audioBuffers > 100, `${cleo.audioBuffers} sounds from Cleo`);
  await untilNames(page, ["Ann", "Cleo (you)"]);
  equal(await state(page), "joined", "state");
});

alone("the statistics", async ({ page }) => {
  await page.click("#toggle-stats");
  await until(async () => {
    const row = await text(page, "#stats tbody tr").catch(() => "");
    return row.includes("Ann") && row.includes("path found") && row.includes("same network")
      && /[1-9]\d* kbit\/s/.test(row) && row.includes("160×90");
  }, STEP_MS, "Ann's row");
  equal(await text(page, "#stats-servers"),
    "No STUN or TURN server is asked: the others are reached without one.", "the servers");
  await page.click("#toggle-stats");
  assert(await page.isHidden("#stats"), "hidden again");
});

alone("speaking is shown", async ({ page }) => {
  // the stamped source hums, the fake microphone beeps for 20 ms twice a second, which
  // whoever looks for a shorter time than there is between two looks may never hear
  await untilClass(page, "Ann", "speaking", true);
  await untilClass(page, "Cleo (you)", "speaking", true);
  const looks = await page.evaluate(() => window.looks);
  assert(looks.length > 0 && Math.min(...looks) >= 0.3, `looks of ${looks[0]} s, five a second`);
  await page.click("#toggle-audio");
  await untilClass(page, "Cleo (you)", "speaking", false);
});

alone("picture and sound went to the host, who ends the meeting", async ({ ann, page }) => {
  await untilSent(page);
  const summary = (await ann.end()).at(-1);
  const cleo = summary.participants[0];
  equal(cleo.path, "host", "path");
  assert(cleo.videoFrames > 20, `${cleo.videoFrames} pictures from Cleo`);
  assert(cleo.audioBuffers > 100, `${cleo.audioBuffers} sounds from Cleo`);
  await untilState(page, "left");
  equal(await text(page, "#notice"), "The host has ended the meeting.", "what is said");
});

for (const codec of ["h264", "vp9"])
  test(`${codec} with the native side`, async () => {
    const ann = await host({ args: ["--codec", codec] });
    const browser = await Browser.start();
    const page = await browser.join(ann.link, "Cleo");

    await untilState(page, "joined");
    await untilPictures(page, 1);
    await until(() => page.evaluate(() =>
      window.readStamp(document.querySelector('video[data-participant="p001"]'))), STEP_MS,
    "a stamp in Ann's picture");
    await untilSent(page);
    const cleo = (await ann.end()).at(-1).participants[0];
    assert(cleo.videoFrames > 0, `${cleo.videoFrames} pictures from Cleo`);
  });

test("sound without picture from the native side", async () => {
  const ann = await host({ args: ["--audio-only"] });
  const browser = await Browser.start();
  const page = await browser.join(ann.link, "Cleo");

  await untilState(page, "joined");
  await ann.event("participant-state", { user: "Cleo", state: "connected" });
  const before = await page.evaluate(() => window.soundEnergy());
  await until(async () => await page.evaluate(() => window.soundEnergy()) > before, STEP_MS,
    "sound from Ann");
  await untilClass(page, "Ann", "no-picture", true);
});

// --- three ---

const three = together(async () => {
  const ann = await host();
  const browser = await Browser.start();
  const cleo = await browser.join(ann.link, "Cleo");
  const dan = await browser.join(ann.link, "Dan");
  await Promise.all([untilState(cleo, "joined"), untilState(dan, "joined")]);
  return { ann, browser, cleo, dan };
});

three("three see each other", async ({ ann, cleo, dan }) => {
  await untilNames(cleo, ["Ann", "Cleo (you)", "Dan"]);
  await untilNames(dan, ["Ann", "Cleo", "Dan (you)"]);
  await ann.event("participant-state", { user: "Dan", state: "connected" });
  await Promise.all([untilPictures(cleo, 2), untilPictures(dan, 2)]);
});

three("chat, with the count of what was not seen", async ({ cleo, dan }) => {
  await Promise.all([untilClass(cleo, "Dan", "unsteady", false),
    untilClass(dan, "Cleo", "unsteady", false)]);

  await cleo.click("#toggle-chat");
  await says(cleo, "Good morning <b>everybody</b> & all");
  await says(cleo, "second line");
  await until(() => dan.$("#toggle-chat .badge"), STEP_MS, "a badge");
  await until(async () => await text(dan, "#toggle-chat .badge") === "2", STEP_MS, "two unread");
  equal(await dan.getAttribute("#toggle-chat", "aria-label"), "Chat, 2 unread", "label");
  equal(await dan.title(), "(2) standup", "title");
  await dan.click("#toggle-chat");
  await untilSaid(dan, "Good morning <b>everybody</b> & all");
  await untilSaid(dan, "second line");
  equal(await dan.$$eval("#toggle-chat .badge", (l) => l.length), 0, "badge");
  await says(dan, "and to you");
  await untilSaid(cleo, "and to you");
  equal(await cleo.$$eval("#chat-log b", (l) => l.length), 0, "markup made of text");
  // nothing is said twice
  await until(async () => (await cleo.$$("#chat-log .message")).length === 3, STEP_MS, "three lines");
  await cleo.fill("#chat-input", "x".repeat(5000));
  await cleo.press("#chat-input", "Enter");
  equal(await text(cleo, "#chat-error"), "That is too long for one message.", "refusal");
});

three("mute and camera are shown at the others", async ({ cleo, dan }) => {
  await cleo.click("#toggle-audio");
  await untilClass(dan, "Cleo", "muted", true);
  equal(await cleo.getAttribute("#toggle-audio", "aria-label"), "Unmute microphone", "label");
  await cleo.click("#toggle-video");
  await untilClass(dan, "Cleo", "no-picture", true);
  await untilClass(cleo, "Cleo (you)", "no-picture", true);
  // the camera's light is out
  await until(() => cleo.evaluate(() =>
    !document.querySelector('video[data-participant="p002"]').srcObject.getVideoTracks().length),
  STEP_MS, "the camera let go");
  await cleo.click("#toggle-audio");
  await untilClass(dan, "Cleo", "muted", false);
  await cleo.click("#toggle-video");
  await untilClass(dan, "Cleo", "no-picture", false);
  const frames = () => dan.$eval('video[data-participant="p002"]', (v) =>
    window.framesShown(v));
  const before = await frames();
  await until(async () => await frames() > before + 5, STEP_MS, "Cleo's picture again");
});

three("a raised hand", async ({ cleo, dan }) => {
  await cleo.click("#raise-hand");
  await untilClass(dan, "Cleo", "raised", true);
  equal(await cleo.getAttribute("#raise-hand", "aria-pressed"), "true", "pressed");
  await until(async () => (await text(dan, "#announcer")).includes("Cleo raises a hand."), STEP_MS,
    "announced");
  await cleo.keyboard.press("Alt+KeyH");
  await untilClass(dan, "Cleo", "raised", false);
});

three("whoever comes later knows who is muted and who raised a hand; one leaves, the others go on",
  async ({ ann, browser, cleo, dan }) => {
    await cleo.click("#toggle-audio");
    await cleo.click("#raise-hand");
    await untilClass(dan, "Cleo", "muted", true);
    await untilClass(dan, "Cleo", "raised", true);
    const eve = await browser.join(ann.link, "Eve");
    await untilState(eve, "joined");
    await untilClass(eve, "Cleo", "muted", true);
    await untilClass(eve, "Cleo", "raised", true);
    await untilClass(eve, "Dan", "muted", false);
    await untilClass(eve, "Dan", "raised", false);
    await untilNames(cleo, ["Ann", "Cleo (you)", "Dan", "Eve"]);
    await eve.click("#leave");
    await untilState(eve, "left");
    // with a goodbye, before anybody's patience is at an end
    await ann.event("participant-left", { user: "Eve" }, SEAT_MS);
    await untilNames(cleo, ["Ann", "Cleo (you)", "Dan"]);
    await untilPictures(cleo, 2);
    for (const page of [cleo, dan, eve]) equal(page.faults, [], "faults of the page");
    await eve.context().close();
  });

three("a screen is shared and no longer shared, in mid-call", async ({ ann, cleo, dan }) => {
  await Promise.all([untilPictures(cleo, 2), untilPictures(dan, 2)]);
  const screens = (page) => page.$$eval('video[data-kind="screen"]', (l) =>
    l.map((v) => window.framesShown(v)));

  for (let round = 0; round < 2; round++) {
    await cleo.click("#share-screen");
    await until(async () => (await screens(dan))[0] > 3, STEP_MS, "Cleo's screen at Dan's");
    equal(await text(dan, "#announcer"), "Cleo shows a screen.", "what is read aloud");
    equal(await cleo.getAttribute("#share-screen", "aria-pressed"), "true", "pressed");
    assert((await text(dan, "#tiles")).includes("Cleo’s screen"), "its name");
    assert(await dan.$eval("#tiles", (e) => e.classList.contains("spotlight")), "it is large");
    await cleo.click("#share-screen");
    await until(async () => (await screens(dan)).length === 0, STEP_MS, "the screen gone");
    equal(await text(dan, "#announcer"), "Cleo shows no screen any more.", "what is read aloud");
  }
  await untilPictures(dan, 2);
  // the native side has had it too, as a third stream of the one connection
  const seen = (await ann.end()).at(-1).participants.find((p) => p.user === "Cleo");
  assert(seen.screenFramesReceived > 3, `${seen.screenFramesReceived} frames of the screen`);
});

test("one is killed: its tile is gone before its seat, the others go on", async () => {
  const ann = await host();
  const [one, two] = [await Browser.start(), await Browser.start()];
  const cleo = await one.join(ann.link, "Cleo");
  const dan = await two.join(ann.link, "Dan");
  await Promise.all([untilState(cleo, "joined"), untilState(dan, "joined")]);
  await Promise.all([untilPictures(cleo, 2), untilPictures(dan, 2)]);

  await cleo.focus(`${tile("Dan")} .tile-pin`);
  two.kill();
  await untilNames(cleo, ["Ann", "Cleo (you)"], SEAT_MS);
  // the keyboard was on it, and goes where Enter does nothing
  await cleo.keyboard.press("Enter");
  equal([await state(cleo), await cleo.evaluate(() => document.activeElement.id)],
    ["joined", "call-name"], "the keyboard");
  // the seat is kept for half a minute, in case it comes back
  await cleo.click("#toggle-people");
  await until(async () => (await text(cleo, "#people-list")).includes("Dan"), STEP_MS, "Dan listed");
  await untilPictures(cleo, 1);
});

test("what is granted when the meeting is over is let go", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.page();
  await page.addInitScript(() => {
    navigator.mediaDevices.getDisplayMedia = () => new Promise((resolve) => {
      window.choose = () => {
        const stream = document.createElement("canvas").captureStream();
        [window.screenTrack] = stream.getTracks();
        resolve(stream);
      };
    });
    Object.defineProperty(navigator, "wakeLock", { value: { request: () =>
      new Promise((resolve) => {
        window.grantLock = () => resolve({ release: async () => { window.isReleased = true; } });
      }) } });
  });
  await page.goto(joinLink(ann.link, "Cleo"));
  await untilState(page, "joined");
  await page.click("#share-screen");
  await page.click("#leave");
  await untilState(page, "left");
  await page.evaluate(() => {
    window.choose();
    window.grantLock();
  });
  await until(() => page.evaluate(() => window.isReleased), STEP_MS, "the screen may go dark");
  await until(() => page.evaluate(() => window.screenTrack.readyState === "ended"), STEP_MS,
    "the screen let go");
  await page.click("#join");
  await untilState(page, "joined");
  equal(await page.getAttribute("#share-screen", "aria-pressed"), "false", "pressed");
  equal(await page.$$eval('video[data-kind="screen"]', (l) => l.length), 0, "screens");
});

test("a page that is closed says goodbye", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.join(ann.link, "Cleo");
  await untilState(page, "joined");
  await ann.event("participant-state", { user: "Cleo", state: "connected" });

  await page.goto("about:blank");
  await ann.event("participant-left", { user: "Cleo" }, SEAT_MS);
});

// --- others ---

test("the keyboard alone", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.page();
  // Firefox finds no screen here
  await page.addInitScript(() => {
    navigator.mediaDevices.getDisplayMedia = async () =>
      document.createElement("canvas").captureStream();
  });
  await page.goto(ann.link);
  await until(async () => await page.inputValue("#meeting") === "standup", STEP_MS, "the name");

  await page.focus("#user");
  await page.keyboard.type("Cleo");
  await page.keyboard.press("Enter");
  await untilState(page, "joined");
  const hears = (sentence) => until(async () => await text(page, "#announcer") === sentence,
    STEP_MS, `"${sentence}" read aloud`);
  await page.keyboard.press("Alt+KeyM");
  await untilClass(page, "Cleo (you)", "muted", true);
  await hears("You are muted.");
  await page.keyboard.press("Alt+KeyM");
  await hears("Your microphone is on.");
  await page.keyboard.press("Alt+KeyV");
  await hears("Your camera is off.");
  await page.keyboard.press("Alt+KeyV");
  await hears("Your camera is on.");
  await page.keyboard.press("Alt+KeyS");
  await hears("The others see your screen.");
  await page.keyboard.press("Alt+KeyS");
  await hears("The others see your screen no longer.");
  await page.keyboard.press("Alt+KeyC");
  equal(await page.evaluate(() => document.activeElement.id), "chat-input", "focus");
  // what Option types on a Mac; and a key that is held
  const press = (keys) => page.evaluate((all) => all.map((key) => {
    const event = new KeyboardEvent("keydown", { altKey: true, bubbles: true, cancelable: true,
      ...key });
    document.activeElement.dispatchEvent(event);
    return event.defaultPrevented;
  }), keys);
  equal(await press([{ code: "KeyC", key: "ć" }, { code: "KeyM", key: "µ" }]), [false, false],
    "characters");
  assert(await page.isVisible("#chat"), "the chat stays");
  equal(await press([{ code: "KeyM", key: "m" }, { code: "KeyM", key: "m", repeat: true }]),
    [true, true], "keys");
  await hears("You are muted.");
  equal(await page.getAttribute("#toggle-audio", "aria-label"), "Unmute microphone", "once");
  await page.keyboard.press("Escape");
  equal(await page.evaluate(() => document.activeElement.id), "toggle-chat", "focus");
  await page.focus("#leave");
  await page.keyboard.press("Enter");
  await untilState(page, "left");
  // and back in, with one key, when one counts again
  await page.waitForSelector("#join:not([inert])");
  await page.focus("#join");
  await page.keyboard.press("Enter");
  await untilState(page, "joined");
  await untilPictures(page, 1);
});

test("two of a name, and names that mean something to a page", async () => {
  const ann = await host({ meeting: "<i>x</i> & y", user: "<img src=x onerror=alert(1)>" });
  const browser = await Browser.start();
  const page = await browser.page();
  await page.goto(joinLink(ann.link, "Cleo"));
  await untilState(page, "joined");
  await untilNames(page, ["<img src=x onerror=alert(1)>", "Cleo (you)"]);
  equal(await text(page, "#call-name"), "<i>x</i> & y", "name");
  equal(page.faults, [], "faults of the page");
  equal((await names(page)).length, 2, "tiles");
});

await main();
