// SPDX-License-Identifier: LGPL-2.1-or-later

// Every view of the page at three widths, light and dark: axe-core finds nothing,
// nothing is wider than the window. With VM_SCREENSHOTS=FOLDER each is kept as a
// picture.

import { enter } from "./lan.mjs";

enter();

const { mkdirSync } = await import("node:fs");
const { join } = await import("node:path");
const { equal, assert, main, test } = await import("./check.mjs");
const { Browser, Native, STEP_MS, host, joinLink, until, untilNames, untilState } =
  await import("./people.mjs");
const { ADDRESS } = await import("./lan.mjs");
const { Role } = await import("./role.mjs");
const { RULES_OF_COLOURS, axe } = await import("./axe.mjs");

const SIZES = [[360, 740], [768, 1024], [1440, 900]];
const PHONE = SIZES.slice(0, 1);
const NAME_MIN = 96; // px of a name that is cut
const LONG_MS = 600000; // of a case with seven views, on a busy machine
const KEPT = process.env.VM_SCREENSHOTS;

if (KEPT) mkdirSync(KEPT, { recursive: true });

// What is written over a picture is inside it, and beside its name.
async function checkNotes(page, where) {
  const faults = await page.$$eval("#tiles .tile", (tiles) => tiles.flatMap((tile) => {
    const [note, label] = [".tile-note", ".tile-label"].map((part) =>
      tile.querySelector(part).getBoundingClientRect());
    const outer = tile.getBoundingClientRect();

    if (!note.height) return [];
    const inside = note.left >= outer.left && note.right <= outer.right
      && note.top >= outer.top && note.bottom <= outer.bottom;
    return inside && (note.bottom <= label.top || note.top >= label.bottom) ? []
      : [tile.querySelector(".tile-note").textContent];
  }));

  equal(faults, [], `what is not beside a name in ${where}`);
}

// All of the meeting's name is there.
async function checkName(page, where) {
  assert(await page.$eval("#call-name", (e) => e.scrollWidth <= e.clientWidth
    && e.scrollHeight <= e.clientHeight + 1), `the name is cut in ${where}`);
}

async function look(page, view, sizes = SIZES) {
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height });
    for (const scheme of ["light", "dark"]) {
      const where = `${view}-${width}-${scheme}`;
      await page.emulateMedia({ colorScheme: scheme });
      // transitions of colours are put to their end: one of what is not drawn
      // does not get there by itself
      await page.evaluate(() => document.getAnimations()
        .filter((a) => a instanceof CSSTransition).forEach((a) => a.finish()));
      if (KEPT) await page.screenshot({ path: join(KEPT, `${where}.png`) });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert(wide <= width, `${where} is ${wide} px wide`);
      await checkNotes(page, where);
      if (await page.isVisible("#call-name")) await checkName(page, where);
      await axe(page, where, scheme === "dark" ? RULES_OF_COLOURS : null, null);
    }
  }
}

test("before and after a meeting", async () => {
  const ann = await host({ meeting: "Monday stand-up" });
  const browser = await Browser.start();
  const page = await browser.page();

  await page.goto(ann.link);
  await until(async () => await page.inputValue("#meeting") === "Monday stand-up", STEP_MS, "name");
  await page.fill("#user", "Cleo Ferreira");
  // this browser has been allowed to: the picture is there at once
  await until(() => page.isVisible("#preview"), STEP_MS, "the preview");
  await look(page, "lobby");
  await page.click("#about summary");
  await page.fill("#user", "");
  await page.click("#join");
  await look(page, "lobby-open");
  await page.fill("#user", "Cleo Ferreira");
  await page.click("#join");
  await untilState(page, "joined");
  await page.click("#leave");
  await untilState(page, "left");
  await look(page, "left");
  await ann.end();
  await page.click("#join");
  await untilState(page, "failed");
  await until(async () => (await page.innerText("#state-text")).includes("does not answer"), STEP_MS,
    "no answer");
  await look(page, "failed", PHONE);
  // one that takes its time
  await page.route("**/meetings/join", () => {});
  await page.click("#join");
  await until(() => page.isVisible("#cancel"), STEP_MS, "joining");
  await look(page, "joining", PHONE);
});

test("calls", async () => {
  const server = new Native(["server", "--port", "8443"]);
  const { port } = await server.event("serving");
  const browser = await Browser.start();
  const [page, dan] = [await browser.page(), await browser.page()];
  const address = `https://${ADDRESS}:${port}/phone.html`;

  await page.goto(address);
  await look(page, "phone-out");
  const aside = await page.evaluate(() => {
    const { left, right } = document.getElementById("sign-in").getBoundingClientRect();

    return left + right - document.documentElement.clientWidth;
  });
  assert(Math.abs(aside) < 4, `the form is ${aside / 2} px beside the middle`);
  await page.goto(`${address}?user=Cleo%20Ferreira&online=1`);
  await dan.goto(`${address}?user=Dan&online=1`);
  await Promise.all([untilState(page, "online"), untilState(dan, "online")]);
  await dan.fill("#other", "Cleo Ferreira");
  await dan.click("#dial .primary");
  await untilState(page, "ringing");
  await look(page, "phone-ringing");
  await dan.click("#hang-up");
  await untilState(page, "online");
  await look(page, "phone-missed");
  await page.click("#missed-list button");
  await untilState(dan, "ringing");
  await look(page, "phone-calling", PHONE);
  await dan.click("#accept-video");
  await until(() => page.evaluate(() =>
    window.framesShown(document.getElementById("remote")) > 5), STEP_MS,
  "pictures");
  await look(page, "phone-talking");
  await page.click("#hang-up");
  await server.end();
  await untilState(page, "lost");
  await look(page, "phone-lost", PHONE);
});

test("somebody asks to be trusted", async () => {
  const ann = await host({ meeting: "Monday stand-up" });
  const browser = await Browser.start({ devices: false });
  const page = await browser.page();
  const answers = { session: "s", question: { requestId: "r", digits: "123456",
    name: "Cleo Ferreira’s laptop in the kitchen",
    deviceId: "Z7UQ-I76R-ZFPE-KBRL-L4B2-FL7K-RODV-G65M-J7WA-PJX5-P45X-LVZ6-EE4A" } };

  await page.route(/\/trust\/page/u, (route) => route.fulfill({ json: answers }));
  await page.goto(`${ann.link}#approve=${"A".repeat(43)}`);
  await until(() => page.isVisible("#approval"), STEP_MS, "the question");
  await look(page, "approval");
});

test("a meeting with a PIN", async () => {
  const ann = await host({ meeting: "board", args: ["--pin", "314159"] });
  const browser = await Browser.start({ devices: false });
  const page = await browser.page();

  await page.goto(ann.link);
  await page.fill("#user", "Cleo");
  await page.fill("#meeting", "board");
  await page.click("#join");
  await untilState(page, "failed");
  await look(page, "pin");
});

test("in a meeting", async () => {
  const ann = await host({ meeting: "Monday stand-up" });
  const browser = await Browser.start();
  const cleo = await browser.join(ann.link, "Cleo Ferreira");
  const page = await browser.join(ann.link, "Dan");
  await Promise.all([untilState(cleo, "joined"), untilState(page, "joined")]);
  await untilNames(page, ["Ann", "Cleo Ferreira", "Dan (you)"]);
  await until(() => page.$$eval("video", (l) =>
    l.filter((v) => v.videoWidth).length >= 3), STEP_MS, "pictures");

  await look(page, "call");
  await cleo.click("#raise-hand");
  await cleo.click("#toggle-video");
  await cleo.click("#toggle-audio");
  await page.click("#toggle-video");
  await cleo.click("#toggle-chat");
  for (const line of ["Good morning! Has everybody seen the draft?",
    "It is at https://example.org/draft", "Two questions are still open:\n– when\n– where"]) {
    await cleo.fill("#chat-input", line);
    await cleo.press("#chat-input", "Enter");
  }
  const id = await cleo.$eval(`#people-list .person:has(.person-name:text-is("Dan"))`,
    (e) => e.dataset.person);
  await cleo.selectOption("#chat-target", id);
  await cleo.fill("#chat-input", "This is for you alone.");
  await cleo.press("#chat-input", "Enter");
  await until(() => page.$eval(".badge", (e) => e.textContent === "4"), STEP_MS, "a badge");
  ann.type("/status back at three");
  await look(page, "call-hand");
  const banners = (shown) => page.evaluate((isShown) => {
    document.getElementById("media-banner").textContent = "A fault has stopped your camera.";
    for (const id of ["media-banner", "enable-sound"])
      document.getElementById(id).hidden = !isShown;
  }, shown);
  await banners(true);
  await look(page, "banners", PHONE);
  await banners(false);
  await page.click("#toggle-chat");
  await page.fill("#chat-input", "Yes, and I like it.");
  await page.press("#chat-input", "Enter");
  await page.click(".message-answer");
  await look(page, "chat");
  await page.click('[data-close="chat"]');
  await page.click("#toggle-people");
  await until(() => page.$(".person-says"), STEP_MS, "a status");
  await look(page, "people");
  const who = '#people-list .person:has(.person-name:text-is("Cleo Ferreira")) [data-who]';
  await page.click(who);
  await page.click("#trust-ask");
  await until(() => page.isVisible("#trust-digits"), STEP_MS, "digits");
  await look(page, "trust-digits");
  await page.keyboard.press("Escape");
  await cleo.keyboard.press("Escape");
  await page.click('[data-close="people"]');
  await page.click("#toggle-stats");
  await until(async () => /kbit/.test(await page.innerText("#stats")), STEP_MS, "figures");
  await look(page, "stats");
  await page.click("#toggle-stats");
  await page.click('.call-head [data-open="settings"]');
  await look(page, "settings");
  await page.keyboard.press("Escape");
  await cleo.click("#share-screen");
  await until(() => page.$('video[data-kind="screen"]'), STEP_MS, "a screen");
  await look(page, "screen");
}, LONG_MS);

// In the list of a host on a phone, where somebody is not reached, there is room for names: as
// much as they need, or for some letters.
async function checkNames(page, dan) {
  const phones = [[320, 640], [360, 740], [390, 844]];

  await page.evaluate(async () => {
    const { Call } = await import("/call.js");
    Call.prototype.trueStateOf = Call.prototype.stateOf;
    Call.prototype.stateOf = function unreached(id) {
      return id === this.self.id ? "connected" : "unreached";
    };
  });
  await dan.click("#toggle-video"); // the list is made anew
  await until(() => page.$('[data-action="again:p003"]'), STEP_MS, "what can be tried");
  await look(page, "people-unreached", phones);
  for (const [width, height] of phones) {
    await page.setViewportSize({ width, height });
    equal(await page.$$eval("#people-list .person-name", (list, least) => list.filter((e) =>
      e.clientWidth < Math.min(e.scrollWidth, least)).map((e) => [e.textContent, e.clientWidth]),
    NAME_MIN), [], `names that have no room at ${width}`);
    equal(await page.$$eval("#people-list .person", (list) => list.flatMap((person) => {
      const boxes = [...person.querySelectorAll(".avatar, .person-text, .sign, .small-button")]
        .map((e) => [e, e.getBoundingClientRect()]);
      return boxes.flatMap(([e, a], i) => boxes.slice(i + 1).filter(([, b]) => a.left < b.right - 1
        && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
        .map(([other]) => [e.textContent, other.textContent]));
    })), [], `what is over another at ${width}`);
  }
  await page.evaluate(async () => {
    const { Call } = await import("/call.js");
    Call.prototype.stateOf = Call.prototype.trueStateOf;
  });
  await dan.click("#toggle-video");
  await until(async () => !await page.$('[data-action="again:p003"]'), STEP_MS, "as before");
}

test("what a host has", async () => {
  const ann = await host({ meeting: "Monday stand-up" });
  const browser = await Browser.start();
  const page = await browser.page();
  const role = new Role(ann, { p003: '"Daniela of the rather long family name"' });
  await role.give(page, "p002");
  await page.goto(joinLink(ann.link, "Cleo Ferreira"));
  await untilState(page, "joined");
  const dan = await browser.join(ann.link, "Daniela of the rather long family name");
  await untilState(dan, "joined");
  await dan.click("#raise-hand");
  await dan.click("#toggle-video");
  await page.click("#toggle-people");
  await until(() => page.$('[data-person="p003"] [data-action^="mute"]'), STEP_MS, "tools");
  await until(() => page.$('[data-person="p003"] .sign'), STEP_MS, "signs");
  await look(page, "people-host");
  await checkNames(page, dan);
  await page.click("#end-meeting");
  await look(page, "end-question");
  await page.keyboard.press("Escape");
  await page.click('[data-action="kick:p003"]');
  await untilState(dan, "left");
  await until(() => page.isVisible("#removed"), STEP_MS, "who was removed");
  await look(page, "removed", PHONE);
  await look(dan, "was-removed", PHONE);
}, LONG_MS);

// One of each level, without the devices that it takes.
test("how well each is known", async () => {
  const ann = await host({ meeting: "levels" });
  const browser = await Browser.start({ devices: false });
  const page = await browser.page();

  await page.goto(ann.link);
  await page.evaluate(async () => {
    const { PeoplePanel } = await import("/view/people.js");
    const levels = ["", "trusted", "vouched", "known", "unknown", "guest", "something new",
      "vouched"];
    const participants = new Map(levels.map((trust, i) => [`p00${i}`, { id: `p00${i}`,
      user: ["Ann", "Bo", "Cleo", "Dan", "Eve", "Participant of the longest name", "Gül",
        "Zoe"][i],
      trust, voucher: i === 7 ? "Bo" : "", self: i === 4, host: i === 0, audio: i !== 3,
      video: true, raisedAt: 0 }]));
    document.body.dataset.state = "joined";
    document.getElementById("lobby").hidden = true;
    document.getElementById("call").hidden = false;
    document.getElementById("call-name").textContent = "levels";
    document.getElementById("people").hidden = false;
    new PeoplePanel(() => {}).attach({ self: participants.get("p004"), participants,
      people: [...participants.values()], isHost: false,
      removed: new Map(),
      trustOf: (id) => ({ ...participants.get(id), compared: id === "p003" ? "same" : "",
        isAlarm: id === "p006" }),
      canEnd: false, locked: false, moderates: () => false, stateOf: () => "connected",
      missing: () => ({}), isByServer: () => false });
  });
  equal(await page.$$eval("#people-list .person", (list) => list.map((e) =>
    e.querySelector(".person-trust")?.textContent || "")),
  ["", "Verified", "Verified", "Verified by you", "", "Somebody else?", "", "Verified by Bo"],
  "in words");
  equal(await page.$$eval(".person-trust .icon", (list) => list.length), 5, "icons");
  await look(page, "trust");
}, LONG_MS);

// One of each state; the chunks of the long one trickle.
test("files", async () => {
  const ann = await host({ meeting: "Monday stand-up" });
  const browser = await Browser.start({ devices: false });
  const cleo = await browser.join(ann.link, "Cleo Ferreira");
  await untilState(cleo, "joined");
  const dan = await browser.join(ann.link, "Dan");
  await untilState(dan, "joined");
  const file = (name) => `[data-transfer]:has-text("${name}")`;
  const press = (name, action) => dan.click(`${file(name)} [data-action="${action}"]`);
  const is = (page, name, state) => until(() => page.$(`${file(name)}[data-state="${state}"]`),
    STEP_MS, `${name} ${state}`);
  const give = async (name, size) => {
    await cleo.evaluate(([called, bytes]) => {
      const input = document.getElementById("file-input");
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(bytes)], called));
      input.files = dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }, [name, size]);
    await is(dan, name, "PENDING");
  };

  await until(() => cleo.isEnabled("#choose-files"), STEP_MS, "somebody to send to");
  await cleo.click("#toggle-files");
  await look(cleo, "files-none");
  const landscape = [[740, 360], [667, 375]];
  await look(cleo, "files-none", landscape);
  for (const [width, height] of landscape) {
    await cleo.setViewportSize({ width, height });
    await cleo.click("#choose-files", { trial: true }); // nothing lies over it
  }
  await until(() => cleo.selectOption("#file-target", { label: "Dan" }, { timeout: 1000 })
    .then(() => true, () => false), STEP_MS, "Dan to send to");
  await cleo.evaluate(() => {
    const { send } = RTCDataChannel.prototype;
    const held = [];
    RTCDataChannel.prototype.send = function hold(data) {
      if (this.label === "file") held.push([this, data]);
      else send.call(this, data);
    };
    setInterval(() => {
      const [channel, data] = held.shift() || [];
      if (data) send.call(channel, data);
    }, 50);
  });
  await give("agenda.txt", 2345);
  await press("agenda.txt", "accept");
  await is(cleo, "agenda.txt", "COMPLETED");
  await give("an-offer-that-nobody-needs.zip", 12345678);
  await press("nobody-needs", "decline");
  await is(cleo, "nobody-needs", "FAILED");
  await cleo.evaluate(() => {
    const dataTransfer = new DataTransfer();
    const part = new Blob([new Uint8Array(1e6)]);
    dataTransfer.items.add(new File(Array(50).fill(part), "draft.pdf"));
    const tile = [...document.querySelectorAll("#tiles .tile")].find((e) =>
      e.querySelector(".tile-name").textContent === "Dan");
    tile.dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer }));
  });
  await is(dan, "draft.pdf", "PENDING");
  await press("draft.pdf", "accept");
  await until(() => dan.$eval(`${file("draft.pdf")} progress`, (e) => e.value > 0.01), STEP_MS,
    "some of it");
  await give("Slides of the quarter.odp", 3456789);
  await press("Slides", "accept");
  await is(dan, "Slides", "TRANSFERRING");
  await press("Slides", "pause");
  await is(cleo, "Slides", "PAUSED");
  await give(`${"A file with a name that goes on and on ".repeat(4)}and on.tar.gz`, 1234);
  await look(dan, "files");
  await look(cleo, "files-sent");
  await dan.click('[data-close="files"]');
  await look(dan, "files-offered");
}, LONG_MS);

// Ten at a table, without the load of ten cameras: the tiles alone are real. Some of what
// they send does not arrive.
test("ten in a meeting", async () => {
  const ann = await host({ meeting: "ten" });
  const browser = await Browser.start({ devices: false });
  const page = await browser.page();

  await page.goto(ann.link);
  await page.evaluate(async () => {
    const { Tiles } = await import("/view/tiles.js");
    const { OFFLINE, missingMedia } = await import("/view/words.js");
    const lacks = [{}, { audio: true, camera: true }, { audio: true }, { camera: true }];
    const names = ["Ann", "Bo", "Cleo", "Dan", "Eve", "Fritz", "Gül", "Hana", "Ines",
      "Participant of the longest name"];
    document.body.dataset.state = "joined";
    document.getElementById("lobby").hidden = true;
    document.getElementById("call").hidden = false;
    document.getElementById("call-name").textContent = "ten";
    document.getElementById("server-banner").textContent = `${OFFLINE}.`;
    document.getElementById("server-banner").hidden = false;
    const tiles = new Tiles();
    names.forEach((user, i) => {
      const canvas = document.createElement("canvas");
      canvas.width = 320;
      canvas.height = 180;
      const context = canvas.getContext("2d");
      const draw = () => {
        context.fillStyle = `hsl(${i * 36} 40% 45%)`;
        context.fillRect(0, 0, 320, 180);
      };
      draw();
      setInterval(draw, 500);
      tiles.update({ id: `p${i}`, user, self: i === 3, raisedAt: i === 5 ? 1 : 0 }, {
        shown: true, state: i === 7 ? "unsteady" : "connected", audio: i % 3 !== 0,
        picture: i % 4 !== 2, stream: canvas.captureStream(2), screen: null,
        missing: missingMedia(user, lacks[i % 4]) });
    });
  });
  await until(() => page.$$eval("#tiles .tile:not(.no-frames)", (l) => l.length === 10), STEP_MS,
    "ten pictures");
  await look(page, "ten");
}, LONG_MS);

await main();
