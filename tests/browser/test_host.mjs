// SPDX-License-Identifier: LGPL-2.1-or-later

// What the page gives a host to do. A device hosts its meetings itself, so here
// one page is told that it is the host, and a native host does what it says.

import { enter } from "./lan.mjs";

enter();

const { assert, equal, main, together } = await import("./check.mjs");
const { Browser, STEP_MS, host, joinLink, until, untilNames, untilState } =
  await import("./people.mjs");
const { Role } = await import("./role.mjs");

const text = (page, selector) => page.locator(selector).innerText();
const tool = (action, id) => `[data-action="${action}:${id}"]`;
const person = (id) => `[data-person="${id}"]`;

// Ann's device; Cleo (p002) is told to be the host, Dan (p003) is a guest.
async function meet() {
  const ann = await host();
  const browser = await Browser.start();
  const cleo = await browser.page();
  const role = new Role(ann, { p001: "Ann", p003: "Dan" });
  await role.give(cleo, "p002");
  await cleo.goto(joinLink(ann.link, "Cleo"));
  await untilState(cleo, "joined");
  const dan = await browser.join(ann.link, "Dan");
  await untilState(dan, "joined");
  await untilNames(cleo, ["Ann", "Cleo (you)", "Dan"]);
  for (const page of [cleo, dan]) await page.click("#toggle-people");
  // what Dan sends is known
  await until(() => cleo.isVisible(tool("mute", "p003")), STEP_MS, "Dan's tools");
  return { ann, browser, cleo, dan, role };
}

// One meeting; what a page in the role said before a case is not the case's.
const meeting = together(meet);
const test = (name, func) => meeting(name, (there) => {
  there.role.said.length = 0;
  return func(there);
});

test("the host's tools are the host's alone", async ({ ann, cleo, dan, role }) => {
  assert((await text(cleo, person("p002"))).includes("you, host"), "Cleo is the host");
  equal(await cleo.$$eval("#people-list [data-action]", (list) =>
    list.map((e) => `${e.dataset.action} ${e.getAttribute("aria-label")}`)),
  ["mute:p001 Mute Ann", "kick:p001 Remove Ann from the meeting",
    "mute:p003 Mute Dan", "kick:p003 Remove Dan from the meeting"], "Cleo's tools");
  assert(await cleo.isVisible("#lock-meeting"), "the lock");
  assert(await cleo.isVisible("#end-meeting"), "the end");
  equal(await dan.$$eval("#people-list [data-action]", (list) => list.length), 0, "Dan's tools");
  assert(await dan.isHidden("#lock-meeting"), "no lock for Dan");
  assert(await dan.isHidden("#end-meeting"), "no end for Dan");
  // somebody else becomes the host
  role.host = "";
  ann.type("/lock");
  await until(() => cleo.isHidden("#lock-meeting"), STEP_MS, "the role gone");
  equal(await cleo.$$eval("#people-list [data-action]", (list) => list.length), 0,
    "Cleo's tools");
  equal(role.said, [], "what was said");
  role.host = "p002";
  ann.type("/unlock");
  await until(() => cleo.isVisible("#lock-meeting"), STEP_MS, "the role again");
  equal(cleo.faults, [], "faults of the page");
});

test("the host mutes somebody, who has to unmute", async ({ cleo, dan, role }) => {
  await cleo.click(tool("mute", "p003"));
  await until(async () => await dan.getAttribute("#toggle-audio", "aria-label")
    === "Unmute microphone", STEP_MS, "Dan muted");
  equal(role.said, [{ type: "mute-request", to: "p003", audio: true }], "what was said");
  equal(await dan.getAttribute("#toggle-video", "aria-label"), "Camera off", "camera");
  assert((await text(dan, "#announcer")).includes("The host has muted your microphone."),
    "Dan is told");
  await until(async () => (await text(cleo, person("p003"))).includes("microphone off"), STEP_MS,
    "Dan is shown as muted");
  // there is nothing more to mute, and nobody can be unmuted
  equal(await cleo.$$(tool("mute", "p003")).then((list) => list.length), 0, "mute buttons");
  equal(await cleo.evaluate(() => document.activeElement.id), "people-list", "focus");
  await dan.click("#toggle-audio");
  await until(() => cleo.$(tool("mute", "p003")), STEP_MS, "the button again");
  equal(cleo.faults, [], "faults of the page");
});

test("the host locks the meeting, and opens it again", async ({ ann, browser, cleo, dan, role }) => {
  equal(await text(cleo, "#lock-meeting"), "Let nobody else join", "the button");
  await cleo.click("#lock-meeting");
  await until(() => cleo.isVisible("#call-locked"), STEP_MS, "the lock at Cleo's");
  await until(() => dan.isVisible("#call-locked"), STEP_MS, "the lock at Dan's");
  equal(await text(cleo, "#lock-meeting"), "Let others join again", "the button");
  const eve = await browser.join(ann.link, "Eve");
  await untilState(eve, "failed");
  assert((await text(eve, "#notice")).includes("has locked the meeting"), "Eve is told");
  await cleo.click("#lock-meeting");
  await until(() => cleo.isHidden("#call-locked"), STEP_MS, "no lock");
  equal(await text(cleo, "#lock-meeting"), "Let nobody else join", "the button");
  await eve.click("#join");
  await untilState(eve, "joined");
  equal(role.said, [{ type: "lock", locked: true }, { type: "lock", locked: false }],
    "what was said");
  equal(cleo.faults, [], "faults of the page");
  await eve.click("#leave");
  await untilNames(cleo, ["Ann", "Cleo (you)", "Dan"]);
});

test("without the host's server there is no end for all, and a question for it goes", async ({ cleo, role }) => {
  await cleo.click("#end-meeting");
  await until(() => cleo.isVisible("#end-question"), STEP_MS, "the question");
  role.cut();
  await until(() => cleo.isHidden("#end-question"), STEP_MS, "no question");
  assert(await cleo.isDisabled("#end-meeting"), "no end");
  await until(() => cleo.isVisible("#server-banner"), STEP_MS, "the reason");
  role.mend();
  await until(() => cleo.isEnabled("#end-meeting"), STEP_MS, "the end again");
  equal(role.said, [], "what was said");
});

test("the host removes somebody, by the keyboard", async ({ browser, ann, cleo, dan, role }) => {
  await cleo.focus(tool("kick", "p003"));
  await cleo.keyboard.press("Enter");
  await untilState(dan, "left");
  equal(role.said, [{ type: "kick", to: "p003" }], "what was said");
  equal(await text(dan, "#notice"), "The host removed you from the meeting.", "what Dan reads");
  await untilNames(cleo, ["Ann", "Cleo (you)"]);
  equal(await text(cleo, "#people-count"), "2", "count");
  equal(await cleo.$$(person("p003")).then((list) => list.length), 0, "Dan's line");
  equal(await cleo.evaluate(() => document.activeElement.id), "people-list", "focus");
  // nobody comes from there, where nobody is known, before the host lets it
  const again = await browser.join(ann.link, "Dan");
  await until(async () => (await text(again, "#notice")).includes("removed"), STEP_MS, "why");
  assert((await text(cleo, "#removed-list")).includes("Dan"), "who was removed");
  await cleo.click(tool("unban", "p003"));
  equal(role.said[1], { type: "unban", id: "p003" }, "what was said");
  assert(await cleo.isHidden("#removed"), "no list of who was removed");
  // who else comes is there to be removed too
  const fay = await browser.join(ann.link, "Fay");
  const { id } = await ann.event("participant-joined", { user: "Fay" });
  role.users[id] = "Fay";
  await cleo.click(tool("kick", id));
  await untilState(fay, "left");
  equal(role.said[2], { type: "kick", to: id }, "what was said");
  await cleo.click(tool("unban", id));
  equal(cleo.faults, [], "faults of the page");
});

test("the host ends the meeting for all, if it means to", async ({ ann, browser, cleo, role }) => {
  const gil = await browser.join(ann.link, "Gil");
  await untilState(gil, "joined");
  const focused = () => cleo.evaluate(() => document.activeElement.textContent);

  for (const refuse of [() => cleo.keyboard.press("Escape"), () => cleo.keyboard.press("Enter"),
    () => cleo.click("#end-question .plain")]) {
    await cleo.click("#end-meeting");
    await until(() => cleo.isVisible("#end-question"), STEP_MS, "the question");
    equal(await focused(), "Cancel", "what Enter does");
    await refuse();
    await until(() => cleo.isHidden("#end-question"), STEP_MS, "no question");
    equal(await focused(), "End the meeting for all", "focus");
    assert(await cleo.isVisible("#people"), "the list stays");
  }
  // nothing was said: what was asked for next is done, in a meeting that goes on
  await cleo.click("#lock-meeting");
  await until(() => gil.isVisible("#call-locked"), STEP_MS, "the lock at Gil's");
  equal(role.said, [{ type: "lock", locked: true }], "what was said");

  await cleo.click("#end-meeting");
  await cleo.click("#end-for-all");
  for (const page of [cleo, gil]) await untilState(page, "left");
  equal(role.said[1], { type: "bye", reason: "ended" }, "what was said");
  equal(await text(cleo, "#notice"), "You have ended the meeting for all.", "what Cleo reads");
  equal(await text(gil, "#notice"), "The host has ended the meeting.", "what Gil reads");
  await ann.event("meeting", { state: "ended" });
});

await main();
