// SPDX-License-Identifier: LGPL-2.1-or-later

// The way in: what keeps people out, and what the page says to them.

import { enter } from "./lan.mjs";

enter();

const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, STEP_MS, host, joinLink, until, untilNames, untilState } =
  await import("./people.mjs");

const text = (page, selector) => page.locator(selector).innerText();

function untilText(page, selector, part, ms = STEP_MS) {
  return until(async () => (await text(page, selector)).includes(part), ms,
    `"${part}" in ${selector}`).catch(async (error) => {
    throw new Error(`${error.message}; there is "${await text(page, selector)}"`);
  });
}

test("a PIN is asked for, and a wrong one refused in words", async () => {
  const ann = await host({ meeting: "board", args: ["--pin", "314159"] });
  const browser = await Browser.start();
  const page = await browser.join(ann.link, "Cleo");

  await untilState(page, "failed");
  assert(await page.isVisible("#pin"), "the field is there");
  equal(await page.evaluate(() => document.activeElement.id), "pin", "focus");
  await untilText(page, "#pin-error", "only with its PIN");
  assert(await page.isHidden("#who-there"), "nothing of who is there, nor how many");
  await page.fill("#pin", "271828");
  equal(await text(page, "#pin-error"), "", "what is being mended is not said any more");
  await page.click("#join");
  await untilText(page, "#pin-error", "not right");
  await untilState(page, "failed");
  await page.fill("#pin", "314159");
  // a wrong PIN makes the next attempt wait; a click while one is under way would wait
  // for a button that does not come back
  await until(async () => {
    const state = await page.evaluate(() => document.body.dataset.state);
    if (state === "failed") await page.click("#join");
    return state === "joined";
  }, STEP_MS, "joined");
  await untilNames(page, ["Ann", "Cleo (you)"]);
});

test("a full meeting", async () => {
  const ann = await host({ args: ["--max-participants", "2"] });
  const browser = await Browser.start();
  const first = await browser.join(ann.link, "Cleo");
  await untilState(first, "joined");
  const second = await browser.join(ann.link, "Dan");

  await untilState(second, "failed");
  await untilText(second, "#notice", "All seats of this meeting are taken");
  await untilText(second, "#who-there", "Ann and Cleo are there. All seats are taken.");
  await first.click("#leave");
  await untilState(first, "left");
  await until(() => second.isHidden("#notice"), STEP_MS, "nothing said of what is no more");
  await untilText(second, "#who-there", "Ann is there. 1 of 2 seats is free.");
  await second.click("#join");
  await untilState(second, "joined");
});

test("no such meeting, and a link to another one", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const link = new URL(ann.link);
  link.searchParams.set("meeting", "other");
  const height = 600; // a phone's: what is said is far above the button
  const page = await browser.page({ viewport: { width: 390, height } });
  await page.goto(link.href);

  await untilText(page, "#notice", "this device now hosts “standup”");
  equal(await page.inputValue("#meeting"), "other", "the name asked for");
  await page.fill("#user", "Cleo");
  await page.click("#join");
  await untilState(page, "failed");
  await untilText(page, "#notice", "no meeting of that name");
  const notice = await page.locator("#notice").boundingBox();
  assert(notice.y >= 0 && notice.y + notice.height <= height, "what is said is seen");
});

test("what the server refuses, in words", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const cases = [["MEETING_LOCKED", 423, "has locked the meeting"],
    ["NOT_TRUSTED", 403, "admits only devices it knows"],
    ["KEY_CHANGED", 403, "knows this name by another device"],
    ["RATE_LIMITED", 429, "Too many attempts"],
    ["SOMETHING_NEW", 400, "words of the server"]];

  const page = await browser.page();
  let answer = null;

  await page.route("**/meetings/join", (route) => route.fulfill(answer));
  await page.goto(ann.link);
  await page.fill("#user", "Cleo");
  for (const [code, status, words] of cases) {
    answer = { status, contentType: "application/json",
      body: JSON.stringify({ error: { code, message: "words of the server" } }) };
    await page.click("#join");
    await untilText(page, "#notice", words);
    await untilState(page, "failed");
    await untilText(page, "#state-text", code === "MEETING_LOCKED" ? "Locked" : "Open");
  }
});

test("the device is gone", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.page();
  await page.goto(ann.link);
  await page.fill("#user", "Cleo");
  await ann.end();

  await page.click("#join");
  await untilState(page, "failed");
  await untilText(page, "#notice", "cannot be reached");
  await untilText(page, "#state-text", "does not answer");
});

test("what was not reached is, and nothing is said of it", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.page();
  await page.goto(ann.link);
  await page.fill("#user", "Cleo");
  for (const path of ["**/status", "**/meetings/join"])
    await page.route(path, (route) => route.abort());

  await page.click("#join");
  await untilText(page, "#notice", "cannot be reached");
  await untilText(page, "#state-text", "does not answer");
  await page.unroute("**/status");
  await until(() => page.isHidden("#notice"), STEP_MS, "nothing said of it");
});

test("the level of the microphone, and three notes", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.page();
  await page.goto(ann.link);

  await until(() => page.isVisible("#preview"), STEP_MS, "the preview");
  const level = () => page.getAttribute("#mic-level", "aria-valuenow");
  await until(async () => Number(await level()) > 0, STEP_MS, "the level rises");
  await until(() => page.$eval("#mic-level span", (e) => e.getBoundingClientRect().width > 0),
    STEP_MS, "the bar as well");
  await page.click("#preview-audio");
  await until(async () => await level() === "0", STEP_MS, "nothing of a microphone that is mute");
  await page.click("#test-speaker");
  await untilText(page, "#speaker-note", "You should hear three notes now.");
  const loudest = await page.evaluate(async () => {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context);
    const samples = new Float32Array(analyser.fftSize);
    const sound = document.getElementById("speaker-sound");
    let peak = 0;
    while (!sound.srcObject) await new Promise((r) => { setTimeout(r, 20); });
    new MediaStreamAudioSourceNode(context, { mediaStream: sound.srcObject }).connect(analyser);
    while (sound.srcObject) {
      analyser.getFloatTimeDomainData(samples);
      peak = Math.max(peak, ...samples);
      await new Promise((r) => { setTimeout(r, 20); });
    }
    return peak;
  });
  assert(loudest > 0.1, `the notes are ${loudest} loud`);
  await untilText(page, "#speaker-note", "If you have not heard them");
  await page.click("#test-speaker"); // again
  equal(page.faults, [], "faults of the page");
});

test("every error of getUserMedia has its words", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const cases = [["NotAllowedError", "not allowed to use"], ["NotFoundError", "No camera or microphone"],
    ["NotReadableError", "Another program is using"],
    ["OverconstrainedError", "cannot be had"], ["AbortError", "A fault has stopped"],
    ["SecurityError", "settings forbid"], ["OddError", "could not be started (OddError)"]];

  const page = await browser.page();

  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException("no", window.errorName));
  });
  await page.goto(ann.link);
  for (const [name, words] of cases) {
    await page.evaluate((errorName) => { window.errorName = errorName; }, name);
    await page.click("#use-media");
    await untilText(page, "#media-note", words);
  }
});

test("no camera and no microphone: one can join all the same", async () => {
  const ann = await host();
  const browser = await Browser.start({ devices: false });
  const page = await browser.join(ann.link, "Cleo");

  await untilState(page, "joined");
  await untilText(page, "#media-banner", "was found on this computer");
  await untilNames(page, ["Ann", "Cleo (you)"]);
  await until(() => page.evaluate(() => window.framesDecoded()), STEP_MS, "Ann's picture");
  await ann.event("participant-state", { user: "Cleo", state: "connected" });
  await page.click("#toggle-audio");
  await untilText(page, "#media-banner", "No microphone was found");
});

test("a microphone alone", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.page();
  await page.addInitScript(() => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (constraints) => (constraints.video
      ? Promise.reject(new DOMException("no", "NotFoundError")) : real(constraints));
  });
  await page.goto(joinLink(ann.link, "Cleo"));

  await untilState(page, "joined");
  await untilText(page, "#media-banner", "No camera was found");
  equal(await page.getAttribute("#toggle-audio", "aria-label"), "Mute microphone", "microphone");
  equal(await page.getAttribute("#toggle-video", "aria-label"), "Camera on", "camera");
});

// Whichever is refused, before the page asks or by the answer to its question.
for (const [refused, before, words, audio, video] of [
  ["camera", true, "allowed to use your camera", "Mute microphone", "Camera on"],
  ["camera", false, "allowed to use your camera", "Mute microphone", "Camera on"],
  ["microphone", true, "allowed to use your microphone", "Unmute microphone", "Camera off"],
]) {
  test(`the ${refused} alone is refused, ${before ? "from before" : "when asked"}`, async () => {
    const ann = await host();
    const browser = await Browser.start();
    const page = await browser.page();
    await page.addInitScript(([device, known]) => {
      const kind = device === "camera" ? "video" : "audio";
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      let asked = known;
      navigator.permissions.query = ({ name }) => Promise.resolve(
        { state: !asked ? "prompt" : name === device ? "denied" : "granted" });
      navigator.mediaDevices.getUserMedia = (constraints) => {
        asked = true;
        return constraints[kind] ? Promise.reject(new DOMException("no", "NotAllowedError"))
          : real(constraints);
      };
    }, [refused, before]);
    await page.goto(joinLink(ann.link, "Cleo"));

    await untilState(page, "joined");
    await untilText(page, "#media-banner", words);
    equal(await page.getAttribute("#toggle-audio", "aria-label"), audio, "the microphone");
    equal(await page.getAttribute("#toggle-video", "aria-label"), video, "the camera");
  });
}

test("joining to watch and listen only", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.page();
  await page.addInitScript(() => {
    navigator.permissions.query = () => Promise.resolve({ state: "prompt" });
  });
  await page.goto(ann.link);
  await page.fill("#user", "Cleo");
  await page.click("#join-without");

  await untilState(page, "joined");
  await until(() => page.evaluate(() => window.framesDecoded()), STEP_MS, "Ann's picture");
  // and then to speak after all
  await page.click("#toggle-audio");
  await until(async () => await page.getAttribute("#toggle-audio", "aria-label")
    === "Mute microphone", STEP_MS, "the microphone on");
  await until(() => page.evaluate(async () => {
    for (const pc of window.connections)
      for (const r of (await pc.getStats()).values())
        if (r.type === "outbound-rtp" && r.kind === "audio" && r.packetsSent > 20) return true;
    return false;
  }), STEP_MS, "sound sent");
});

test("without encryption the page says why there is no camera", async () => {
  const ann = await host({ args: ["--insecure"] });
  const browser = await Browser.start();
  const page = await browser.page();
  await page.goto(ann.link);

  assert(!await page.evaluate(() => window.isSecureContext), "not a secure context");
  await untilText(page, "#media-note", "opened without encryption");
  await page.fill("#user", "Cleo");
  await page.click("#join");
  await untilState(page, "joined");
  await until(() => page.evaluate(() => window.framesDecoded()), STEP_MS, "Ann's picture");
  assert(await page.isHidden("#share-screen"), "nothing to share");
  equal(page.faults, [], "faults of the page");
});

test("a browser that holds sound back until there is a click", async () => {
  const ann = await host();
  const browser = await Browser.start({ devices: false,
    flags: ["--autoplay-policy=user-gesture-required"] });
  const page = await browser.join(ann.link, "Cleo");
  const sounds = () => page.$eval('video[data-participant="p001"]', (v) =>
    !v.muted && !v.paused && v.currentTime > 0);

  await untilState(page, "joined");
  // it may let a picture play that sound comes to later: then nothing is asked
  await until(async () => await page.isVisible("#enable-sound") || sounds(), STEP_MS,
    "sound, or the question");
  await until(() => page.evaluate(() => window.framesDecoded()), STEP_MS, "Ann's picture");
  if (await page.isVisible("#enable-sound")) {
    assert(!await sounds(), "no sound yet");
    await page.click("#enable-sound");
  }
  await until(sounds, STEP_MS, "sound");
  assert(await page.isHidden("#enable-sound"), "nothing is asked");
});

test("an address joins with nothing live, and one that another site leads to not at all", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const link = joinLink(ann.link, "Cleo");
  const open = async () => {
    const page = await browser.page({ anew: true });
    await page.addInitScript(() => {
      const devices = navigator.mediaDevices;
      const own = devices?.getUserMedia.bind(devices);
      window.mediaAsked = 0;
      if (devices) {
        devices.getUserMedia = (...args) => {
          window.mediaAsked++;
          return own(...args);
        };
      }
    });
    return page;
  };
  const isOn = async (page) => Promise.all(["audio", "video"].map(async (name) =>
    !/^(Unmute|Camera on)/u.test(await page.getAttribute(`#toggle-${name}`, "aria-label"))));
  const hasJoined = async (page, on, asked, what) => {
    await untilState(page, "joined");
    await until(async () => JSON.stringify(await isOn(page)) === JSON.stringify(on), STEP_MS, what);
    equal(await page.evaluate(() => window.mediaAsked), asked, what);
  };
  const page = await open();

  await page.goto(link);
  await hasJoined(page, [false, false], 0, "by the address");
  await page.click("#toggle-video");
  await hasJoined(page, [false, true], 1, "by a click");
  await page.reload();
  await hasJoined(page, [false, true], 1, "after a reload");
  await page.goto("about:blank");
  await page.goBack();
  await hasJoined(page, [false, false], 0, "back, which any page can have the browser do");
  await page.close();
  for (const more of [{ only: "Ann", clean: "1" }, {}]) {
    const led = await open();

    await led.setContent(`<a href="${joinLink(ann.link, "Cleo", more).replaceAll("&", "&amp;")}">x</a>`);
    await led.click("a");
    await until(async () => await led.title() === "standup", STEP_MS, "the lobby");
    equal(await led.evaluate(() => [document.body.dataset.state, document.body.className]),
      ["idle", ""], "by another site");
    await led.click("#join");
    await untilState(led, "joined");
    await led.reload();
    await untilState(led, "joined");
    equal(led.faults, [], "faults");
    await led.close();
  }
});

test("devices and resolution can be chosen in mid-call", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const page = await browser.join(ann.link, "Cleo", { fullPicture: true });
  await untilState(page, "joined");
  const settings = () => page.evaluate(() => document.querySelector(
    'video[data-participant="p002"]').srcObject.getVideoTracks()[0]?.getSettings());
  equal(await settings().then((s) => [s.width, s.height]), [1280, 720], "at first");

  await page.click('.call-head [data-open="settings"]');
  await until(() => page.isVisible("#settings"), STEP_MS, "the choices"); // the devices were found
  const cameras = await page.$$eval("#camera-choice option", (l) => l.map((o) => o.textContent));
  assert(cameras[0].includes("fake_device"), `cameras ${cameras}`);
  await page.selectOption("#quality-choice", "1080");
  await until(async () => (await settings())?.height === 1080, STEP_MS, "1080 lines");
  const microphones = await page.$$eval("#microphone-choice option", (l) => l.map((o) => o.value));
  await page.selectOption("#microphone-choice", microphones.at(-1));
  const [camera] = await page.$$eval("#camera-choice option", (l) => l.map((o) => o.value));
  await page.selectOption("#camera-choice", camera);
  // there is none that Chromium could open
  await page.evaluate(() => { HTMLMediaElement.prototype.setSinkId = async () => {}; });
  const speakers = await page.$$eval("#speaker-choice option", (l) => l.map((o) => o.value));
  await page.selectOption("#speaker-choice", speakers.at(-1));
  await page.keyboard.press("Escape");
  await until(() => page.evaluate(async () => {
    for (const pc of window.connections)
      for (const r of (await pc.getStats()).values())
        if (r.type === "media-source" && r.kind === "video" && r.height === 1080) return true;
    return false;
  }), STEP_MS, "1080 lines sent");
  // both are unplugged
  await page.evaluate((gone) => {
    const { mediaDevices } = navigator;
    const capture = mediaDevices.getUserMedia;
    const list = mediaDevices.enumerateDevices.bind(mediaDevices);
    const tracks = window.connections[0].getSenders().map(({ track }) => track).filter(Boolean);

    mediaDevices.getUserMedia = (wanted) => (gone.includes(wanted.video?.deviceId?.exact)
      ? Promise.reject(new DOMException("gone", "OverconstrainedError")) : capture(wanted));
    mediaDevices.enumerateDevices = async () => (await list()).filter(({ deviceId }) =>
      !gone.includes(deviceId));
    for (const track of tracks) {
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }
  }, [camera, speakers.at(-1)]);
  for (const what of ["camera", "microphone"])
    await untilText(page, "#media-banner", `A fault has stopped your ${what}`);
  await page.click("#toggle-video");
  await until(settings, STEP_MS, "another camera");
  await page.click('.call-head [data-open="settings"]');
  await until(() => page.isVisible("#settings"), STEP_MS, "the choices");
  equal(await page.$eval("#speaker-choice", (e) => [e.options.length > 0, e.selectedIndex]),
    [true, -1], "no loudspeaker is shown as chosen");
});

test("another name, as the settings say: by leaving and joining again", async () => {
  const ann = await host();
  const browser = await Browser.start({ devices: false });
  const page = await browser.join(ann.link, "Cleo");

  await untilState(page, "joined");
  await page.click('.call-head [data-open="settings"]');
  await untilText(page, "#settings-name", "The others see you as Cleo. To change that, leave");
  await page.keyboard.press("Escape");
  await page.click("#leave");
  await untilState(page, "left");
  await page.click('#lobby [data-open="settings"]');
  await until(() => page.isVisible("#camera-choice"), STEP_MS, "the settings");
  assert(await page.isHidden("#settings-name"), "a name without a meeting");
  await page.keyboard.press("Escape");
  await page.fill("#user", "Cleopatra");
  await page.click("#again");
  await untilState(page, "joined");
  await untilNames(page, ["Ann", "Cleopatra (you)"]);
  await ann.event("participant-joined", { user: "Cleopatra" });
});

test("the lines that join without a browser", async () => {
  const ann = await host({ meeting: "it's a test" });
  const browser = await Browser.start();
  const page = await browser.page();
  await page.goto(ann.link);

  await page.click("#about summary");
  await untilText(page, "#by-name", "videomeet join --view 'it'\\''s a test'");
  await untilText(page, "#by-address", "videomeet://10.77.9.1:8080/it%27s%20a%20test");
  await untilText(page, "#host", "Ann");
  await untilText(page, "#secure", "encrypted");
});

await main();
