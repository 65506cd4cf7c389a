// SPDX-License-Identifier: LGPL-2.1-or-later

// What goes on when the way to the host's server is lost, for a moment or for
// good.

import { execFileSync } from "node:child_process";
import { enter } from "./lan.mjs";

enter();

const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, SEAT_MS, STEP_MS, guest, host, joinLink, state, until, untilNames,
  untilPictures, untilState } = await import("./people.mjs");

const RESUME_MS = 30000; // the server keeps a seat so long
const GOING_AWAY = 1001; // no goodbye when a server says it

const text = (page, selector) => page.locator(selector).innerText();

// The server's port answers with a reset, or no longer.
function cut(on, how = ["REJECT", "--reject-with", "tcp-reset"]) {
  execFileSync("iptables", [on ? "-I" : "-D", "INPUT", "-p", "tcp", "--dport", "8080",
    "-j", ...how]);
}

// What the icon of a button shows has a size.
const isDrawn = (page, button) => page.$eval(`${button} use`, (use) => use.getBBox().width > 0);

function untilTold(page, part, ms = STEP_MS) {
  return until(async () => await page.isVisible("#server-banner")
    && (await text(page, "#server-banner")).includes(part), ms, `"${part}"`);
}

test("a lost WebSocket is taken up again; media goes on, nothing said is lost", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const cleo = await browser.join(ann.link, "Cleo");
  const dan = await browser.join(ann.link, "Dan");
  await Promise.all([untilState(cleo, "joined"), untilState(dan, "joined")]);
  await untilPictures(dan, 2);
  const raised = '#tiles .tile.raised .tile-name:text-is("Cleo")';
  const muted = '#tiles .tile.muted .tile-name:text-is("Cleo")';

  // a socket that is quiet counts as open for a while
  cut(true, ["DROP"]);
  try {
    await cleo.click("#raise-hand");
    await cleo.click("#toggle-audio");
    await until(async () => await dan.$(raised) && dan.$(muted), STEP_MS, "hand and sound");
    assert(await cleo.isHidden("#server-banner"), "not said to be lost");
  } finally {
    cut(false, ["DROP"]);
  }
  await cleo.click("#raise-hand");
  await cleo.click("#toggle-audio");
  await until(async () => !await dan.$(raised) && !await dan.$(muted), STEP_MS, "as before");
  cut(true);
  try {
    // its own keep-alive: the page learns by what it says
    await cleo.click("#raise-hand");
    await untilTold(cleo, "tries again", SEAT_MS);
    await untilPictures(cleo, 2, SEAT_MS);
    equal(await state(cleo), "joined", "state");
    // what was never drawn before cannot be asked of the host now
    await cleo.click("#toggle-audio");
    assert(await isDrawn(cleo, "#toggle-audio"), "the sign that Cleo is muted");
  } finally {
    cut(false);
  }
  await until(() => cleo.isHidden("#server-banner"), STEP_MS, "taken up again");
  await until(() => dan.$(raised), STEP_MS, "Cleo's hand at Dan's");
  assert(!ann.lines.some((e) => e.event === "participant-left"), "nobody left");
});

// What the first socket carries gets lost on the way to one of them, and then it is cut;
// the server sees nothing of that.
function loseFirst(page, { hello }) {
  const opened = [];

  return page.routeWebSocket(/\/ws/, (socket) => {
    const url = new URL(socket.url());
    opened.push(url.searchParams.has("ticket") ? "ticket" : "resume");
    const first = opened.length === 1;
    const device = socket.connectToServer();
    const cutIt = () => socket.close({ code: GOING_AWAY });

    socket.onMessage((data) => {
      if (first && hello) cutIt();
      else device.send(data);
    });
    device.onMessage((data) => {
      if (first) cutIt();
      else socket.send(data);
    });
  }).then(() => opened);
}

test("a socket cut before its first welcome: in the one seat that is left, once", async () => {
  for (const [hello, ways] of [[false, ["ticket", "resume"]],
    [true, ["ticket", "resume", "ticket"]]]) {
    const ann = await host({ args: ["--max-participants", "2"] });
    const browser = await Browser.start();
    const cleo = await browser.page();
    const opened = await loseFirst(cleo, { hello });

    await cleo.goto(joinLink(ann.link, "Cleo"));
    await untilState(cleo, "joined");
    equal(opened, ways, "how it came in");
    await untilNames(cleo, ["Ann", "Cleo (you)"]);
    await untilPictures(cleo, 1);
    await ann.event("participant-state", { user: "Cleo", state: "connected" });
    const came = ann.lines.filter((e) => e.event === "participant-joined");
    equal(came.map(({ user }) => user), ["Cleo"], "who came");
    assert(!ann.lines.some((e) => e.event === "participant-left"), "nobody left");
    equal(cleo.faults, [], "faults of the page");
    await cleo.click("#leave");
    await ann.event("participant-left", { user: "Cleo" });
    await ann.end();
    await cleo.context().close();
  }
});

// To the host it is as if the page had said goodbye; to the page, as if it had lost its socket.
test("a seat that is given away: the page joins anew by itself", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const cleo = await browser.page();
  let cutIt = null;

  await cleo.routeWebSocket(/\/ws/, (socket) => {
    const device = socket.connectToServer();

    device.onClose(() => {}); // else the page hears of it
    cutIt = async () => {
      await device.close({ code: 1000 });
      await socket.close({ code: GOING_AWAY });
    };
  });
  await cleo.goto(joinLink(ann.link, "Cleo"));
  await untilState(cleo, "joined");
  await untilPictures(cleo, 1);
  await cutIt();
  await until(() => ann.lines.filter((e) => e.event === "participant-joined").length === 2,
    SEAT_MS, "Cleo once more");
  await until(() => ann.lines.filter((e) => e.event === "participant-state"
    && e.state === "connected").length === 2, STEP_MS, "connected once more");
  await untilPictures(cleo, 1);
  await untilNames(cleo, ["Ann", "Cleo (you)"]);
  await until(() => cleo.isHidden("#server-banner"), STEP_MS, "said that it is over");
  equal(await state(cleo), "joined", "state");
});

// One case: the seat at a host that is gone is given up after half a minute.
test("the host is killed: a native guest hosts it, and pages follow by the data channel", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const cleo = await browser.join(ann.link, "Cleo");
  const dan = await browser.join(ann.link, "Dan");
  await Promise.all([untilState(cleo, "joined"), untilState(dan, "joined")]);
  const bob = guest(ann);
  for (const user of ["Cleo", "Dan"])
    await bob.event("participant-state", { user, state: "connected" });
  await Promise.all([untilPictures(cleo, 3), untilPictures(dan, 3)]);

  ann.signal("SIGKILL");
  // what is said goes again soon
  const isTold = (page) => until(async () => (await text(page, "#toasts"))
    .includes("Bob hosts the meeting now"), SEAT_MS, "said who hosts it");
  await Promise.all([isTold(cleo), isTold(dan), untilNames(cleo, ["Bob", "Cleo (you)", "Dan"], SEAT_MS),
    untilNames(dan, ["Bob", "Cleo", "Dan (you)"], SEAT_MS)]);
  const { link } = await bob.event("host-changed", { user: "Bob", hosting: true });
  await until(() => cleo.isHidden("#server-banner"), STEP_MS, "said that all is well");
  equal(await text(cleo, "#invite-words"), "This link led to a device that is gone. Ask Bob, who "
    + "hosts the meeting now, for the link", "whom to ask for a link");
  await untilPictures(dan, 2);
  // who comes now comes by Bob
  const eve = await browser.join(link, "Eve");
  await untilNames(cleo, ["Bob", "Cleo (you)", "Dan", "Eve"]);
  await Promise.all([untilPictures(cleo, 3), untilPictures(eve, 3)]);
  await eve.click("#leave");
  await untilNames(cleo, ["Bob", "Cleo (you)", "Dan"]);
  await cleo.click("#raise-hand");
  await until(() => dan.$('#tiles .tile.raised .tile-name:text-is("Cleo")'), STEP_MS, "the hand");
  await cleo.click("#toggle-audio");
  await until(() => dan.$('#tiles .tile.muted .tile-name:text-is("Cleo")'), STEP_MS, "muted");
  await bob.event("presence", { user: "Cleo", audioMuted: true });
  bob.type("/hand");
  await cleo.click("#toggle-chat");
  await cleo.fill("#chat-input", "still here");
  await cleo.press("#chat-input", "Enter");
  await until(() => dan.$(".badge"), STEP_MS, "chat");
  await replace(cleo, dan);

  await until(() => cleo.$('#tiles .tile.raised .tile-name:text-is("Bob")'), STEP_MS, "Bob's hand");
  bob.type("so am I");
  await until(async () => (await text(cleo, "#chat-log")).includes("so am I"), STEP_MS, "chat");
  await Promise.all([untilPictures(cleo, 2), untilPictures(dan, 2)]);
  // Bob has seen Dan's address, by the connection between them
  bob.type("/kick Dan");
  await untilState(dan, "left");
  await dan.goto("about:blank");
  await dan.goto(joinLink(link, "Dan"));
  await untilState(dan, "failed");
  equal(await text(dan, "#notice"),
    "The host has removed you, and has to let you in before you can join again.", "kept out");
  bob.type("/unban Dan");
  bob.type("/hand"); // the host does both in turn
  await until(async () => !await cleo.$('#tiles .tile.raised .tile-name:text-is("Bob")'), STEP_MS,
    "Bob's hand down");
  await dan.reload();
  await untilState(dan, "joined");
  await Promise.all([untilPictures(cleo, 2), untilPictures(dan, 2)]);
  // nobody is left who could host it
  bob.type("/leave");
  await untilNames(cleo, ["Cleo (you)", "Dan"]);
  await untilTold(cleo, "is gone");
  await untilNames(dan, ["Cleo", "Dan (you)"]);
  await dan.evaluate(() => {
    window.heard = [];
    for (const channel of window.channels.filter((c) => c.label === "signal"))
      channel.addEventListener("message", ({ data }) => window.heard.push(data));
  });
  await cleo.click("#leave");
  await untilState(cleo, "left");
  // a goodbye over the data channel; then nobody is left
  await untilState(dan, "left");
  assert((await dan.evaluate(() => window.heard)).some((data) => JSON.parse(data).type === "bye"),
    "Cleo said goodbye");
  assert((await text(dan, "#notice")).includes("and so have all others"), "said so");
});

test("who is alone with a host that is killed is not said to stay connected to others", async () => {
  const ann = await host();
  const browser = await Browser.start({ devices: false });
  const cleo = await browser.join(ann.link, "Cleo");
  const dan = await browser.join(ann.link, "Dan");
  const words = () => text(cleo, "#server-banner");

  await Promise.all([untilState(cleo, "joined"), untilState(dan, "joined")]);
  await until(() => cleo.evaluate(() => window.connections.filter((c) =>
    c.connectionState === "connected").length === 2), STEP_MS, "connections");
  ann.signal("SIGKILL");
  await untilTold(cleo, "You stay connected to the others");
  await dan.click("#leave");
  await until(async () => await words()
    === "The device that hosts the meeting does not answer. This page tries again.", SEAT_MS, "alone");
  // and so for whoever was alone with it
  const bo = await host({ meeting: "two", args: ["--port", new URL(ann.link).port] });
  await cleo.goto(joinLink(bo.link, "Cleo"));
  await untilState(cleo, "joined");
  await until(() => cleo.evaluate(() => window.connections.some((c) =>
    c.connectionState === "connected")), STEP_MS, "a connection");
  bo.signal("SIGKILL");
  await untilTold(cleo, "This page tries again.");
  assert(!(await words()).includes("others"), "others");
});

test("the host is killed among pages: they read so, and that it hosts again", async () => {
  const ann = await host();
  const browser = await Browser.start();
  const cleo = await browser.join(ann.link, "Cleo");
  const dan = await browser.join(ann.link, "Dan");

  await Promise.all([untilState(cleo, "joined"), untilState(dan, "joined")]);
  await Promise.all([untilPictures(cleo, 2), untilPictures(dan, 2)]);
  await untilNames(cleo, ["Ann", "Cleo (you)", "Dan"]);
  ann.signal("SIGKILL");
  await untilTold(cleo, "does not answer");
  await untilTold(cleo, "is gone");
  await until(async () => await text(cleo, "#people-count") === "2", STEP_MS, "Ann is nobody's");
  await cleo.click("#toggle-people");
  equal(await cleo.$$eval("#people-list .person-name", (list) => list.map((e) => e.textContent)),
    ["Cleo", "Dan"], "who is listed");
  await cleo.click("#toggle-more");
  await cleo.click("#open-invite");
  equal(await text(cleo, "#invite-words"),
    "The device that hosts the meeting is gone: nobody can join by this link now", "the link");
  await cleo.keyboard.press("Escape");
  // it hosts again, and knows neither
  const again = await host({ args: ["--port", new URL(ann.link).port] });
  await untilTold(cleo, "answers again");
  equal(await text(cleo, "#invite-words"),
    "Whoever opens this link meets the host, and not those who are here", "the link again");
  await cleo.click("#leave");
  await untilState(dan, "failed");
  equal(await text(dan, "#notice"),
    "The device that hosts the meeting is gone, and all others have left.", "what is said");
  for (const page of [cleo, dan]) {
    await page.click("#again");
    await untilState(page, "joined");
  }
  await untilNames(dan, ["Ann", "Cleo", "Dan (you)"]);
  await again.event("participant-joined", { user: "Dan" });
});

// The connection between the two by another, while the host is lost.
async function replace(cleo, dan) {
  const count = await dan.evaluate(() => window.connections.length);

  // Cleo came earlier, so it is Cleo who offers
  await dan.evaluate(() => window.channels
    .filter((c) => c.label === "signal" && c.readyState === "open")
    .forEach((c) => c.send('{"type":"restart","reason":"test"}')));
  await until(() => dan.evaluate((n) => window.connections.length > n
    && window.connections.at(-1).connectionState === "connected", count), STEP_MS,
  "another connection");
  await Promise.all([untilPictures(cleo, 2), untilPictures(dan, 2)]);
  // beside it the one to Bob
  await until(() => dan.evaluate(() => window.connections
    .filter((c) => c.connectionState !== "closed").length === 2), STEP_MS, "the old one closed");
}

await main();
