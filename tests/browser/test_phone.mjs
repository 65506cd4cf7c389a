// SPDX-License-Identifier: LGPL-2.1-or-later

// Calls in the page that a server serves: with picture and with sound alone, answered,
// declined, missed, busy, nobody there, no answer, and a server that is stopped.

import { enter } from "./lan.mjs";

enter();

const { join } = await import("node:path");
const { ADDRESS } = await import("./lan.mjs");
const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, Native, STEP_MS, state, until, untilState } = await import("./people.mjs");
const { Program } = await import("./program.mjs");
const { localTypes, startTurnOfSecret } = await import("./turn.mjs");

async function serve(...args) {
  const server = new Native(["server", "--port", "8443", ...args]);
  const { port } = await server.event("serving");

  return `https://${ADDRESS}:${port}/`;
}

// One that rings for a moment only, and ends with its program.
async function startPlain(port = 0, ...ring) {
  const program = new Program(join(process.env.VM_BUILD_ROOT, "tests/interop/callserver"),
    [join(process.env.VM_SOURCE_ROOT, "tools/web"), String(port), ...ring]);
  const listening = await program.event("listening");

  return { program, port: listening.port, url: `http://localhost:${listening.port}/` };
}

const GONE_MS = 10000; // until a call is over whose connection is closed

const text = (page, id) => page.locator(`#${id}`).innerText();

function says(page, sentence) {
  return until(async () => await text(page, "notice") === sentence, STEP_MS, sentence);
}

async function phone(browser, url, user, more = "") {
  const page = await browser.page();

  await page.goto(`${url}phone.html?user=${user}&online=1${more}`);
  await untilState(page, "online");
  return page;
}

async function dial(page, other, kind = "video") {
  await page.fill("#other", other);
  await page.click(`#dial button[value=${kind}]`);
}

function untilOnline(page, names) {
  return until(async () => await page.isVisible("#online") && (await page.$$eval(
    "#online-list .phone-name", (list) => list.map((e) => e.textContent))).join() === names.join(),
  STEP_MS, `${names} online`);
}

const frames = (page) => page.evaluate(() =>
  window.framesShown(document.getElementById("remote")));

async function hears(page) {
  const first = await page.evaluate(() => window.soundEnergy());

  await until(async () => await page.evaluate(() => window.soundEnergy()) > first, STEP_MS, "sound");
}

async function sees(page) {
  const first = await frames(page);

  await until(async () => await frames(page) > first + 5, STEP_MS, "pictures");
}

test("over the server's TURN server, where nothing else passes", async () => {
  await startTurnOfSecret("between the two");
  const url = await serve("--turn", `turn://${ADDRESS}:3478?transport=udp`, "--turn-secret", "between the two");
  const browser = await Browser.start();
  const [ann, bob] = await Promise.all(["Ann", "Bob"].map((user) =>
    phone(browser, url, user, "&ice-transport-policy=relay")));

  await dial(ann, "Bob");
  await untilState(bob, "ringing");
  await bob.click("#accept-video");
  await Promise.all([sees(ann), sees(bob)]);
  equal(await localTypes(ann), ["relay"], "the way of Ann's picture");
});

test("from the lobby to a call with picture, and its end", async () => {
  const url = await serve();
  const browser = await Browser.start();
  const bob = await phone(browser, url, "Bob");
  const ann = await browser.page();

  await until(async () => await text(bob, "online-note") === "Nobody else is online now.", STEP_MS,
    "that Bob is alone");
  await ann.goto(url);
  await until(() => ann.isVisible("#to-phone"), STEP_MS, "the link");
  await ann.click("#to-phone a");
  await ann.click("#sign-in button");
  equal(await text(ann, "user-error"), "The others need a name to call you by.", "no name");
  await ann.fill("#user", "Bob");
  await ann.click("#sign-in button");
  await until(async () => await text(ann, "user-error") === "Somebody else is called so here.",
    STEP_MS, "a name that is taken");
  await ann.fill("#user", "Ann");
  await ann.click("#sign-in button");
  await untilState(ann, "online");
  await dial(ann, "Ann");
  equal(await text(ann, "other-error"), "That is you.", "oneself");
  await untilOnline(ann, ["Bob"]);
  await ann.click('[aria-label="Call Bob with picture and sound"]');
  await untilState(bob, "ringing");
  equal(await bob.title(), "Ann calls", "the title");
  equal(await text(bob, "ringing-title"), "Ann calls", "who calls");
  await bob.click("#accept-video");
  await Promise.all([sees(ann), sees(bob), hears(ann), hears(bob)]);
  await until(async () => {
    const timer = await text(ann, "timer");
    return /^\d\d:\d\d$/u.test(timer) && timer !== "00:00";
  }, STEP_MS, "the timer");
  // nothing but the call, as large as the window
  const { width, height } = ann.viewportSize();
  equal(await ann.$eval("#talk", (e) => {
    const { x, y, width: w, height: h } = e.getBoundingClientRect();
    return [x, y, w, h];
  }), [0, 0, width, height], "what the call takes");
  assert(await ann.$eval(".talk-tile", (e) => e.clientWidth > 0.95 * innerWidth
    && e.clientHeight > 0.7 * innerHeight), "the picture takes what there is");
  equal(await ann.evaluate(() => [...document.querySelectorAll("#talk .control")].map((e) =>
    e.contains(document.elementFromPoint(e.getBoundingClientRect().x + 9,
      e.getBoundingClientRect().y + 9)))), [true, true, true], "the buttons are on top");
  // one's own picture, by a click and by the mouse
  const own = async () => {
    const { x, y, width, height } = await ann.locator("#own").boundingBox();
    return { at: [y + height / 2 < 400 ? "top" : "bottom", x + width / 2 < 640 ? "left" : "right"].join(" "),
      x: x + width / 2, y: y + height / 2 };
  };
  equal((await own()).at, "bottom right", "the own picture");
  await ann.click("#own");
  equal((await own()).at, "top right", "the next corner");
  await ann.mouse.move((await own()).x, (await own()).y);
  await ann.mouse.down();
  await ann.mouse.move(640, 400, { steps: 3 });
  const held = await own();
  assert(Math.hypot(held.x - 640, held.y - 400) < 12, `it follows the mouse: ${held.x}, ${held.y}`);
  await ann.mouse.move(300, 650, { steps: 3 });
  await ann.mouse.up();
  equal((await own()).at, "bottom left", "where it was let go");
  // who is in a call can be seen, and not be called
  const cleo = await phone(browser, url, "Cleo");
  await untilOnline(cleo, ["Ann, in a call", "Bob, in a call"]);
  equal(await cleo.$$eval("#online-list button", (list) => list.length), 0, "whom to call");
  await cleo.context().close();
  // without a camera the other's name is there
  await bob.click("#toggle-video");
  await until(() => ann.isVisible("#avatar"), STEP_MS, "no picture");
  await bob.click("#toggle-video");
  await until(() => ann.isHidden("#avatar"), STEP_MS, "a picture again");
  await bob.click("#hang-up");
  await says(ann, "Bob has ended the call.");
  await says(bob, "The call is over.");
  await Promise.all([untilState(ann, "online"), untilState(bob, "online")]);
  // camera and microphone are let go
  assert(await ann.evaluate(() => document.getElementById("own").hidden
    || !document.getElementById("local").srcObject?.active), "the camera is still on");
  equal([...ann.faults, ...bob.faults], [], "faults");
});

test("what is pressed at the moment in which it rings is no answer", async () => {
  const url = await serve();
  const browser = await Browser.start();
  const [ann, bob] = [await phone(browser, url, "Ann"), await phone(browser, url, "Bob")];

  await bob.focus("#other");
  await bob.evaluate(() => {
    const dialog = document.getElementById("ringing");

    window.rung = new Promise((resolve) => {
      new MutationObserver(() => {
        if (!dialog.open) return;
        const buttons = [...dialog.querySelectorAll("button")];
        const focused = document.activeElement.id;
        for (const button of buttons) button.click();
        dialog.dispatchEvent(new Event("cancel", { cancelable: true }));
        resolve([focused, ...buttons.map((button) => button.inert)]);
      }).observe(dialog, { attributes: true, attributeFilter: ["open"] });
    });
  });
  await dial(ann, "Bob");
  equal(await bob.evaluate(() => window.rung), ["ringing", true, true, true], "where the keys go");
  equal(await bob.evaluate(() => document.body.dataset.state), "ringing", "no answer");
  await until(() => bob.$eval("#accept-video", (e) => !e.inert), STEP_MS, "time to look");
  equal(await bob.evaluate(() => document.activeElement.id), "ringing", "the keys still");
  await bob.keyboard.press("Escape");
  await says(ann, "Bob has declined.");
  equal([...ann.faults, ...bob.faults], [], "faults");
});

test("no page does what the address says where another site leads to it", async () => {
  const url = await serve();
  const browser = await Browser.start();

  for (const where of ["phone.html?user=Eve&online=1", "term.html?user=Eve&room=lab&join=1"]) {
    const page = await browser.page({ anew: true });

    await page.setContent(`<a href="${url}${where.replaceAll("&", "&amp;")}">x</a>`);
    await page.click("a");
    await until(async () => await page.inputValue("#user").catch(() => "") === "Eve", STEP_MS,
      "the page");
    equal(await page.evaluate(() => document.body.dataset.state), "out", where);
    equal(await page.$$eval("form:not([hidden]) button", (list) => list.every((e) => e.inert)), true,
      "a second click of two");
    await page.click("form button");
    await until(() => page.evaluate(() => document.body.dataset.state !== "out"), STEP_MS, "a click");
    await page.reload();
    await until(() => page.evaluate(() => document.body.dataset.state !== "out"), STEP_MS,
      "a reload");
    await page.close();
  }
});

test("a camera that is granted when the call is over is let go", async () => {
  const url = await serve();
  const browser = await Browser.start();
  const [ann, bob] = [await phone(browser, url, "Ann"), await phone(browser, url, "Bob")];

  await dial(ann, "Bob");
  await untilState(bob, "ringing");
  await bob.click("#accept-video");
  await Promise.all([sees(ann), sees(bob)]);
  await bob.click("#toggle-video");
  await until(() => bob.$eval("#local", (v) => v.srcObject.getVideoTracks().length === 0), STEP_MS,
    "the camera let go");
  await bob.evaluate(() => {
    const capture = navigator.mediaDevices.getUserMedia;

    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await capture(wanted);
      [window.cameraTrack] = stream.getTracks();
      await new Promise((resolve) => { window.grant = resolve; });
      return stream;
    };
  });
  await bob.click("#toggle-video");
  await until(() => bob.evaluate(() => Boolean(window.grant)), STEP_MS, "the question");
  await ann.click("#hang-up");
  await untilState(bob, "online");
  await bob.evaluate(() => window.grant());
  await until(() => bob.evaluate(() => window.cameraTrack.readyState === "ended"), STEP_MS,
    "the camera off");
  assert(await bob.evaluate(() => !document.getElementById("local").srcObject.active), "it is shown");
});

test("sound alone, called so and answered so", async () => {
  const url = await serve();
  const browser = await Browser.start();
  const [ann, bob] = [await phone(browser, url, "Ann"), await phone(browser, url, "Bob")];

  await dial(ann, "Bob", "audio");
  await untilState(bob, "ringing");
  assert(await bob.isHidden("#accept-video"), "there is no picture to answer with");
  await bob.click("#accept-audio");
  await Promise.all([hears(ann), hears(bob)]);
  assert(await ann.isHidden("#toggle-video"), "there is no camera in it");
  await ann.click("#hang-up");
  await untilState(bob, "online");
  // one gives a picture, the other does not
  await dial(bob, "Ann");
  await untilState(ann, "ringing");
  await ann.click("#accept-audio");
  await Promise.all([sees(ann), hears(ann), hears(bob)]);
  assert(await bob.isVisible("#avatar"), "a picture that was not given");
});

// In a page: one of another maker, which is called Carl and calls Ann with its sound, and
// then offers anew in the connection it has.
function callAsStranger() {
  const pc = window.pc = new RTCPeerConnection();
  const address = new URL(location.origin.replace("http", "ws"));
  address.search = "?userId=Carl&username=Carl";
  const ws = new WebSocket(address);
  const say = (type, fields) =>
    ws.send(JSON.stringify({ type, toId: "Ann", callId: "c1", ...fields }));
  const early = [];

  window.answers = 0;
  window.offer = async () => {
    const offer = await pc.createOffer();
    await pc.setLocalDescription(offer);
    say("call-offer", { offer: { type: offer.type, sdp: offer.sdp }, callType: "audio",
      fromUsername: "Carl" });
  };
  window.add = async (kind) => {
    const stream = await navigator.mediaDevices.getUserMedia({ [kind]: true });
    pc.addTrack(stream.getTracks()[0], stream);
  };
  pc.onicecandidate = ({ candidate }) => {
    if (candidate) say("ice-candidate", { candidate });
  };
  ws.onmessage = async ({ data }) => {
    const { type, answer, candidate } = JSON.parse(data);
    if (candidate) early.push(candidate);
    if (answer) await pc.setRemoteDescription(answer);
    if (answer) window.answers++;
    if (pc.remoteDescription) early.splice(0).forEach((one) => pc.addIceCandidate(one));
    if (type === "registered") await window.add("audio").then(window.offer);
  };
}

test("a page of another maker adds its camera, stops it, and restarts its ICE", async () => {
  const url = await serve();
  const browser = await Browser.start();
  const ann = await phone(browser, url, "Ann");
  const carl = await browser.page();
  const answered = (n) => until(() => carl.evaluate((wanted) => window.answers === wanted, n),
    STEP_MS, `answer ${n}`);

  await carl.goto(`${url}phone.html`);
  await carl.evaluate(callAsStranger);
  await untilState(ann, "ringing");
  await ann.click("#accept-audio");
  await hears(ann);
  await until(() => ann.isVisible("#avatar"), STEP_MS, "no picture");
  await carl.evaluate(() => window.add("video").then(window.offer));
  await sees(ann);
  await until(() => ann.isHidden("#avatar"), STEP_MS, "a picture");
  await carl.evaluate(() => {
    window.pc.removeTrack(window.pc.getSenders().find(({ track }) => track.kind === "video"));
    return window.offer();
  });
  await until(() => ann.isVisible("#avatar"), STEP_MS, "no picture any more");
  await answered(3);
  await carl.evaluate(() => {
    window.pc.restartIce();
    return window.offer();
  });
  await answered(4);
  await hears(ann);
});

test("declined, missed, busy, nobody there", async () => {
  const url = await serve();
  const browser = await Browser.start();
  const [ann, bob, carl] = [await phone(browser, url, "Ann"), await phone(browser, url, "Bob"),
    await phone(browser, url, "Carl")];

  await dial(ann, "Dora");
  await says(ann, "Dora is not there.");
  await dial(ann, "Bob");
  await untilState(bob, "ringing");
  await dial(carl, "Bob");
  await says(carl, "Bob has another call.");
  await bob.click("#decline");
  await says(ann, "Bob has declined.");
  await dial(carl, "Bob", "audio");
  await untilState(bob, "ringing");
  await until(() => bob.$eval("#decline", (e) => !e.inert), STEP_MS, "time to look");
  await bob.keyboard.press("Escape");
  await says(carl, "Bob has declined.");
  await dial(ann, "Bob");
  await untilState(bob, "ringing");
  await ann.click("#hang-up");
  await says(bob, "You have missed a call of Ann.");
  await bob.click("#missed-list button");
  await untilState(ann, "ringing");
  await ann.click("#decline");
  await says(bob, "Ann has declined.");
});

// As pages of the call dialect do it.
async function endInSilence(page) {
  await page.evaluate(() => {
    const { send } = WebSocket.prototype;

    WebSocket.prototype.send = function sendOthers(said) {
      if (!said.includes('"call-end"')) send.call(this, said);
    };
  });
  await page.click("#hang-up");
}

test("called while talking; then the other ends it without a word", async () => {
  const url = await serve();
  const browser = await Browser.start();
  const [ann, bob, carl] = [await phone(browser, url, "Ann"), await phone(browser, url, "Bob"),
    await phone(browser, url, "Carl")];

  await dial(ann, "Bob");
  await untilState(bob, "ringing");
  await bob.click("#accept-video");
  await Promise.all([sees(ann), sees(bob)]);
  // from when on the server asks the page
  await until(async () => await text(bob, "timer") > "00:11", STEP_MS, "eleven seconds");
  await dial(carl, "Bob");
  await says(carl, "Bob has another call.");
  await Promise.all([sees(ann), sees(bob)]);
  equal(await state(bob), "talking", "Bob's state");
  await endInSilence(ann);
  await until(async () => await text(bob, "notice") === "Ann has ended the call.", GONE_MS,
    "the end");
  await dial(carl, "Bob");
  await untilState(bob, "ringing");
  equal([...ann.faults, ...bob.faults], [], "faults");
});

test("no answer", async () => {
  const { url } = await startPlain(0, "500");
  const browser = await Browser.start();
  const [ann, bob] = [await phone(browser, url, "Ann"), await phone(browser, url, "Bob")];

  await dial(ann, "Bob");
  await says(ann, "Bob does not answer.");
  await says(bob, "You have missed a call of Ann.");
});

test("the server is stopped in mid-call, and the call ended without it", async () => {
  const { program, port, url } = await startPlain();
  const browser = await Browser.start();
  const [ann, bob] = [await phone(browser, url, "Ann"), await phone(browser, url, "Bob")];
  const knows = (page, word) => until(async () =>
    (await text(page, "state-text")).includes("does not answer") === word, STEP_MS, "the server");

  await dial(ann, "Bob");
  await untilState(bob, "ringing");
  await bob.click("#accept-video");
  await Promise.all([sees(ann), sees(bob)]);
  await program.end();
  await Promise.all([knows(ann, true), knows(bob, true)]);
  await Promise.all([sees(ann), sees(bob)]);
  const again = await startPlain(port);
  await Promise.all([knows(ann, false), knows(bob, false)]);
  await Promise.all([sees(ann), sees(bob)]);
  await again.program.end();
  await Promise.all([knows(ann, true), knows(bob, true)]);
  await ann.click("#hang-up");
  await startPlain(port);
  await says(bob, "Ann has ended the call.");
  await Promise.all([untilState(ann, "online"), untilState(bob, "online")]);
});

await main();
