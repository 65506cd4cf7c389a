// SPDX-License-Identifier: LGPL-2.1-or-later

// What is said between videomeet and the page, and what a host may do.

import { enter } from "./lan.mjs";

enter();

const { mkdtempSync, rmSync, writeFileSync } = await import("node:fs");
const { tmpdir } = await import("node:os");
const { join } = await import("node:path");
const { default: process } = await import("node:process");
const { assert, equal, main, test, together } = await import("./check.mjs");
const { Browser, Pipeline, STEP_MS, guest, host, invite, until, untilNames, untilState } =
  await import("./people.mjs");

const text = (page, selector) => page.locator(selector).innerText();

function untilSaid(page, sentence) {
  return until(async () => (await page.$$eval("#chat-log .message-text", (list) =>
    list.map((e) => e.textContent))).includes(sentence), STEP_MS, `"${sentence}" in the chat`);
}

function untilClass(page, user, name, on) {
  const tile = `#tiles .tile.camera:has(.tile-name:text-is("${user}"))`;

  return until(() => page.$eval(tile, (e, n) => e.classList.contains(n), name)
    .then((has) => has === on, () => false), STEP_MS, `${user} ${on ? "" : "not "}${name}`);
}

// A microphone that hears a tone all the time: the one that Chromium makes up beeps for
// 20 ms twice a second, which is hardly speech.
const folder = mkdtempSync(join(tmpdir(), "vm-talk-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function tone() {
  const rate = 48000;
  const path = join(folder, "tone.wav");
  const head = Buffer.alloc(44);
  const samples = Int16Array.from({ length: rate }, (_, i) =>
    10000 * Math.sin(2 * Math.PI * 440 * i / rate));

  head.write("RIFF");
  head.writeUInt32LE(36 + samples.byteLength, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // mono
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(2 * rate, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.byteLength, 40);
  writeFileSync(path, Buffer.concat([head, Buffer.from(samples.buffer)]));
  return `--use-file-for-fake-audio-capture=${path}`;
}

async function meet({ user = "Cleo", flags = [] } = {}) {
  const ann = await host();
  const browser = await Browser.start({ flags });
  const page = await browser.join(ann.link, user);
  await untilState(page, "joined");
  await ann.event("participant-state", { user, state: "connected" });
  return { ann, browser, page };
}

// What a case has heard counts, and not what those before it have.
const meeting = together(meet);
const shared = (name, func) => meeting(name, (there) => {
  there.ann.lines.length = 0;
  return func(there);
});

shared("chat both ways, and its history for who comes later", async ({ ann, browser, page }) => {
  await page.click("#toggle-chat");
  ann.type("Good morning");
  await untilSaid(page, "Good morning");
  await page.fill("#chat-input", "two\nlines");
  await page.press("#chat-input", "Enter");
  const heard = await ann.event("chat", { user: "Cleo" });
  equal([heard.text, heard.private, heard.old], ["two\nlines", false, false], "what was heard");
  ann.type("/msg Cleo between us");
  await untilSaid(page, "between us");
  equal(await text(page, ".message-private"), "only to you", "said to be private");
  const dan = await browser.join(ann.link, "Dan");
  await untilState(dan, "joined");
  await dan.click("#toggle-chat");
  await untilSaid(dan, "Good morning");
  await untilSaid(dan, "two\nlines");
  const all = await dan.$$eval("#chat-log .message", (l) => l.map((e) => e.innerText));
  equal(all.length, 2, `messages ${all}`);
  assert(all[0].startsWith("Ann"), "who said it");
  const bob = guest(ann);
  const old = await bob.event("chat", { old: true, user: "Cleo" });
  equal(old.text, "two\nlines", "the history at the native guest");
  await bob.end();
  await dan.context().close();
});

shared("a private chat both ways, and what keeps it private", async ({ ann, browser, page }) => {
  const dan = await browser.join(ann.link, "Dan");
  const { id } = await ann.event("participant-joined", { user: "Dan" });
  await ann.event("participant-state", { user: "Dan", state: "connected" });
  await until(() => page.$(`#chat-target option[value="${id}"]`), STEP_MS, "Dan to write to");
  const say = async (to, sentence) => {
    await page.selectOption("#chat-target", { label: to });
    await page.fill("#chat-input", sentence);
    await page.press("#chat-input", "Enter");
  };

  if (!await page.isVisible("#chat")) await page.click("#toggle-chat");
  // to a device, which reads that it is for it alone
  await say("To Ann alone", "for Ann");
  equal((await ann.event("chat", { text: "for Ann" })).private, true, "at Ann");
  // to a page, and answered there
  await say("To Dan alone", "for Dan");
  equal(await page.getAttribute("#chat-input", "placeholder"), "Message to Dan alone", "said so");
  await dan.click("#toggle-chat");
  await untilSaid(dan, "for Dan");
  equal(await text(dan, ".message-private"), "only to you", "said to be private");
  await dan.click(".message-answer");
  equal(await text(dan, "#chat-form [value]:checked"), "To Cleo alone", "to whom it goes");
  await dan.fill("#chat-input", "for Cleo");
  await dan.press("#chat-input", "Enter");
  await untilSaid(page, "for Cleo");
  const own = "#chat-log .message.own.private:has-text('for Dan') .message-private";
  equal(await text(page, own), "only to Dan", "one's own");
  // what was said to all, and after it nothing else
  await say("To everybody", "to all");
  await untilSaid(dan, "to all");
  await ann.event("chat", { text: "to all" });
  const others = ann.lines.filter(({ event, text: said }) => event === "chat" && /Dan|Cleo/u.test(said));
  equal(others, [], "what Ann does not read");
  assert(!(await text(dan, "#chat-log")).includes("for Ann"), "Dan does not read it");
  // who has left is told nothing, and nobody in that place
  await page.selectOption("#chat-target", { label: "To Dan alone" });
  await dan.context().close();
  await until(() => page.$("#chat-target option:text-is('To Dan (has left)')"), STEP_MS, "Dan gone");
  await page.fill("#chat-input", "too late");
  await page.press("#chat-input", "Enter");
  assert((await text(page, "#chat-error")).includes("has left, so this was not sent"), "said so");
  await say("To everybody", "after all");
  await ann.event("chat", { text: "after all" });
  equal(ann.lines.filter(({ text: said }) => said === "too late"), [], "what is not told to all");
  await page.selectOption("#chat-target", "");
});

shared("a status in words; links are links, and nothing else is", async ({ ann, page }) => {
  ann.type("/status back at three");
  await until(() => page.$("#people-list .person-says:text-is('“back at three”')"), STEP_MS,
    "the status");
  const evil = '<img src=x onerror="window.hurt=1"> javascript:alert(1) data:text/html,x '
    + "https://example.org/a_(b), (see http://example.net/?q=1&r=<b>). ftp://example.com";
  ann.type(evil);
  await untilSaid(page, evil);
  const links = await page.$$eval("#chat-log .message:last-child a", (list) => list.map((a) =>
    [a.getAttribute("href"), a.textContent, a.rel, a.target]));
  equal(links.map(([href]) => href), ["https://example.org/a_(b)", "http://example.net/?q=1&r="],
    "what is a link");
  for (const [href, shown, rel, target] of links)
    equal([shown, rel, target], [href, "noopener noreferrer", "_blank"], "a link");
  equal(await page.$$eval("#chat-log .message-text *:not(a)", (l) => l.length), 0, "elements");
  equal(await page.evaluate(() => window.hurt ?? 0), 0, "what was run");
  ann.type("/status");
  await until(async () => !await page.$("#people-list .person-says"), STEP_MS, "no status");
});

shared("two people compare digits, with a page and with a device", async ({ ann, browser, page }) => {
  const dan = await browser.join(ann.link, "Dan");
  const { id } = await ann.event("participant-joined", { user: "Dan" });
  const digits = (one) => text(one, "#trust-digits");
  const mark = (one, who) => one.$eval(`[data-person="${who}"]`, (e) =>
    e.querySelector(".person-trust")?.textContent || "");

  await untilState(dan, "joined");
  if (!await page.isVisible("#people")) await page.click("#toggle-people");
  await dan.click("#toggle-people");
  const cleo = await until(() => dan.$eval("#people-list .person:has(.person-name:text-is('Cleo'))",
    (e) => e.dataset.person).catch(() => ""), STEP_MS, "Cleo in the list");
  equal([await mark(page, id), await mark(dan, cleo)], ["", ""], "ordinary strangers");
  // connected, so that there is something to compare
  await until(async () => {
    await page.click(`[data-who="${id}"]`);
    if (await page.isVisible("#trust-ask")) return true;
    await page.keyboard.press("Escape");
    return false;
  }, STEP_MS, "digits to ask for");
  assert((await text(page, "#trust-text")).includes("Nobody has checked who this is"), "explained");
  await dan.evaluate(() => {
    const dialog = document.getElementById("trust");

    window.opened = new Promise((resolve) => {
      new MutationObserver(() => resolve([document.activeElement.id,
        dialog.querySelector("[value=close]").inert])).observe(dialog,
        { attributes: true, attributeFilter: ["open"] });
    });
  });
  await page.click("#trust-ask");
  equal(await dan.evaluate(() => window.opened), ["trust", true], "no key puts off what comes");
  await until(() => dan.isVisible("#trust-digits"), STEP_MS, "digits at Dan");
  await until(() => page.isVisible("#trust-digits"), STEP_MS, "digits at Cleo");
  assert(/^\d{3} \d{3}$/u.test(await digits(page)), "six digits");
  equal(await digits(page), await digits(dan), "the digits of both");
  assert((await text(dan, "#trust-title")).includes("Cleo"), "Dan knows with whom");
  await page.click("#trust-same");
  await until(async () => await mark(page, id) === "Verified by you", STEP_MS, "a check");
  await dan.click("#trust-differ");
  await until(async () => await mark(page, id) === "Somebody else?", STEP_MS, "what Dan has found");
  await until(async () => await mark(dan, cleo) === "Somebody else?", STEP_MS, "an alarm");
  assert((await text(dan, "#trust-text")).includes("were not the same"), "what it means");
  await dan.context().close();
  // the launcher answers, and asks; what one finds the other learns, before an answer and after
  await page.click('[data-who="p001"]');
  await page.click("#trust-ask");
  const asked = await ann.event("compare", { user: "Cleo", state: "digits", asked: true });
  await until(async () => (await digits(page)).replace(" ", "") === asked.digits, STEP_MS,
    "the digits of both");
  ann.type("n");
  await until(async () => await mark(page, "p001") === "Somebody else?", STEP_MS, "an alarm");
  assert(await page.isHidden("#trust-choices"), "nothing is answered any more");
  await page.keyboard.press("Escape");
  ann.type("/compare Cleo");
  const own = await ann.event("compare", { user: "Cleo", state: "digits", asked: false });
  await until(async () => await page.isVisible("#trust-digits")
    && (await digits(page)).replace(" ", "") === own.digits, STEP_MS, "what Ann asks");
  ann.type("y");
  await ann.event("compare", { user: "Cleo", state: "same" });
  await page.click("#trust-differ");
  await ann.event("compare", { user: "Cleo", state: "differs" });
  await page.keyboard.press("Escape");
});

shared("mute, camera and hand are seen on both sides", async ({ ann, page }) => {
  await page.click("#toggle-audio");
  await ann.event("presence", { user: "Cleo", audioMuted: true, videoMuted: false });
  await page.click("#toggle-video");
  await ann.event("presence", { user: "Cleo", audioMuted: true, videoMuted: true });
  await page.click("#raise-hand");
  await ann.event("hand", { user: "Cleo", raised: true });
  ann.type("/mute");
  await untilClass(page, "Ann", "muted", true);
  ann.type("/unmute");
  await untilClass(page, "Ann", "muted", false);
  ann.type("/hand");
  await untilClass(page, "Ann", "raised", true);
  await page.click("#toggle-audio");
  await page.click("#toggle-video");
  await ann.event("presence", { user: "Cleo", audioMuted: false, videoMuted: false });
});

shared("the host mutes: the page is muted, and says by whom", async ({ ann, page }) => {
  ann.type("/mute Cleo");
  await until(async () => await page.getAttribute("#toggle-audio", "aria-label")
    === "Unmute microphone", STEP_MS, "muted");
  await until(async () => (await text(page, "#announcer")).includes("The host has"), STEP_MS, "said");
  await ann.event("presence", { user: "Cleo", audioMuted: true });
  // nobody but oneself ends it
  await page.click("#toggle-audio");
  equal(await page.getAttribute("#toggle-audio", "aria-label"), "Mute microphone", "on again");
});

shared("the host locks the meeting, and opens it again", async ({ ann, browser, page }) => {
  ann.type("/lock");
  await until(() => page.isVisible("#call-locked"), STEP_MS, "the lock");
  const dan = await browser.join(ann.link, "Dan");
  await untilState(dan, "failed");
  assert((await text(dan, "#notice")).includes("has locked the meeting"), "said so");
  ann.type("/unlock");
  await until(() => page.isHidden("#call-locked"), STEP_MS, "no lock");
  await dan.click("#join");
  await untilState(dan, "joined");
  await dan.context().close();
});

shared("the host removes somebody, then ends the meeting", async ({ ann, browser, page }) => {
  const dan = await browser.join(ann.link, "Dan");
  await untilState(dan, "joined");

  const microphone = (label) => until(async () =>
    await page.getAttribute("#toggle-audio", "aria-label") === label, STEP_MS, label);
  if (await page.getAttribute("#toggle-audio", "aria-label") === "Mute microphone")
    await page.click("#toggle-audio");
  await microphone("Unmute microphone");
  ann.type("/kick Cleo");
  await untilState(page, "left");
  equal(await text(page, "#notice"), "The host removed you from the meeting.", "what is said");
  equal(await dan.evaluate(() => document.body.dataset.state), "joined", "Dan");
  await until(async () => (await text(dan, "#announcer")).includes(
    "Cleo was removed from the meeting."), STEP_MS, "what Dan reads");
  // asked for again by one click, which the host has to allow
  await page.click("#again");
  await untilState(page, "failed");
  equal(await text(page, "#notice"),
    "The host has removed you, and has to let you in before you can join again.", "what is said");
  ann.type("/unban Cleo");
  await invite(ann); // the host has done both
  await page.click("#again");
  await untilState(page, "joined");
  equal(await page.getAttribute("#toggle-video", "aria-label"), "Camera off", "the camera is on");
  await microphone("Unmute microphone"); // as it was

  ann.type("/end");
  for (const one of [dan, page]) await untilState(one, "left");
  equal(await text(dan, "#notice"), "The host has ended the meeting.", "what is said");
  // the same meeting anew: nothing is said of the one before, and one click joins it
  await ann.end();
  await until(async () => (await text(dan, "#state-text")).includes("that meeting does not answer"),
    STEP_MS, "no answer");
  equal(await text(dan, "#title"), "standup", "the name stays");
  await host({ args: ["--port", new URL(ann.link).port] });
  await until(() => dan.isHidden("#notice"), STEP_MS, "nothing of the one before");
  await dan.click("#again");
  await untilState(dan, "joined");
  await untilNames(dan, ["Ann", "Dan (you)"]);
});

// The page sends how loud it is with its sound (RFC 6464), whoever offers.
async function untilActive(pipeline, ann) {
  const connected = (id) => new RegExp(`vm-participant-state-changed.*id=\\(string\\)${id}.*`
    + "new=\\(string\\)connected");
  const { id: cleo } = await ann.event("participant-joined", { user: "Cleo" });

  await pipeline.message(connected(cleo));
  await pipeline.message(new RegExp(`vm-active-speaker, id=\\(string\\)${cleo};`));
}

test("the page's sound makes it the active speaker, by its own offer", async () => {
  const { ann, page } = await meet({ flags: [tone()] });

  ann.type("/mute");
  await untilClass(page, "Ann", "muted", true);
  await untilActive(new Pipeline(ann), ann);
});

test("and by the offer of a native device", async () => {
  const ann = await host();
  ann.type("/mute");
  const bob = new Pipeline(ann);
  await ann.event("participant-joined", { user: "Bob" });
  const browser = await Browser.start({ flags: [tone()] });
  const page = await browser.join(ann.link, "Cleo");
  await untilState(page, "joined");

  await untilActive(bob, ann);
  // between two pages too
  const dan = await browser.join(ann.link, "Dan");
  await untilState(dan, "joined");
  await untilClass(dan, "Cleo", "speaking", true);
  await page.click("#toggle-audio");
  await untilClass(dan, "Cleo", "speaking", false);
});

await main();
