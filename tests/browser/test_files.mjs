// SPDX-License-Identifier: LGPL-2.1-or-later

// Files between pages.

import { enter } from "./lan.mjs";

enter();

const { createHash, randomBytes } = await import("node:crypto");
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = await import("node:fs");
const { tmpdir } = await import("node:os");
const { join } = await import("node:path");
const { default: process } = await import("node:process");
const { assert, equal, main, test, together } = await import("./check.mjs");
const { Browser, STEP_MS, host, invite, loseConnections, until, untilState } =
  await import("./people.mjs");

const LONG_MS = 600000; // of a case that moves megabytes, on a busy machine
const folder = mkdtempSync(join(tmpdir(), "vm-files-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

// A file of that many bytes that nobody can guess.
function make(name, size) {
  const path = join(folder, name);
  const data = randomBytes(size);

  writeFileSync(path, data);
  return { path, name, hash: sha256(data) };
}

// Cleo and Dan in a meeting, each a page that can send to the other; `invited`: each has
// a key, and signs what it says.
async function meet({ devices = false, invited = false } = {}) {
  const ann = await host({ args: devices ? [] : ["--audio-only"] });
  const browser = await Browser.start({ devices });
  const link = async () => (invited ? invite(ann) : ann.link);
  const cleo = await browser.join(await link(), "Cleo");
  await untilState(cleo, "joined");
  const dan = await browser.join(await link(), "Dan");
  await untilState(dan, "joined");
  await untilTarget(cleo, "Dan");
  await untilTarget(dan, "Cleo");
  return { ann, browser, cleo, dan };
}

function untilTarget(page, user, isThere = true) {
  return until(async () => isThere === await page.$$eval("#file-target option", (list, name) =>
    list.some((option) => option.textContent === name), user), STEP_MS, `${user} to send to`);
}

const item = (name) => `[data-transfer]:has(.transfer-name:has-text("${name}"))`;

async function open(page) {
  if (!await page.isVisible("#files")) await page.click("#toggle-files");
}

async function press(page, name, action) {
  await open(page);
  await page.click(`${item(name)} [data-action="${action}"]`);
}

const there = (page) => page.$$eval("[data-transfer]", (list) =>
  list.map((e) => `${e.dataset.state} ${e.innerText}`));

function untilFile(page, name, state, ms = STEP_MS) {
  return until(() => page.$eval(item(name), (e, s) => e.dataset.state === s, state)
    .catch(() => false), ms, `${name} ${state}`).catch(async (error) => {
    throw new Error(`${error.message}; there are ${await there(page)}`);
  });
}

const words = (page, name) => page.innerText(`${item(name)} .transfer-status`);

// To one by the name, as somebody with a file chooser would.
async function send(page, user, ...files) {
  await open(page);
  await page.selectOption("#file-target", { label: user });
  await page.setInputFiles("#file-input", files.map(({ path }) => path));
}

// What the browser saves, once `page` has it.
async function saved(page, action) {
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: 2 * STEP_MS })
    .catch(async (error) => {
      throw new Error(`${error.message}; there are ${await there(page)}`);
    }), action()]);
  const path = join(folder, `saved-${randomBytes(4).toString("hex")}`);

  await download.saveAs(path);
  return { name: download.suggestedFilename(), hash: sha256(readFileSync(path)) };
}

// --- Cleo and Dan, who stay ---

const between = together(meet);

between("both offer one to the other at the same moment", async ({ cleo, dan }) => {
  const [from, to] = [make("from-cleo.bin", 100000), make("from-dan.bin", 100000)];

  // neither knows of the other's channels yet
  for (const page of [cleo, dan]) await page.evaluate(() => {
    const { createDataChannel } = RTCPeerConnection.prototype;
    window.made = [];
    RTCPeerConnection.prototype.createDataChannel = function note(label) {
      window.made.push(label);
      return createDataChannel.call(this, label);
    };
  });
  await Promise.all([send(cleo, "Dan", from), send(dan, "Cleo", to)]);
  for (const [page, file] of [[dan, from], [cleo, to]]) {
    await untilFile(page, file.name, "PENDING");
    equal((await saved(page, () => press(page, file.name, "accept"))).hash, file.hash, "saved");
  }
  const made = await Promise.all([cleo, dan].map((page) => page.evaluate(() => window.made)));
  // one of the two may have come between
  assert(made.every((labels) => ["", "file", "file-control,file"].includes(labels.join()))
    && made.some((labels) => labels.length), `made ${JSON.stringify(made)}`);
}, LONG_MS);

for (const [size, title] of [[1, "one byte"], [65537, "a chunk and a byte"],
  [5 * 1024 * 1024 + 1, "more than is ever under way at once"]])
  between(`${title}, verified and saved`, async ({ cleo, dan }) => {
    const file = make(`report-${size}.bin`, size);

    await dan.evaluate(() => {
      const list = document.getElementById("files-list");

      window.offered = new Promise((resolve) => {
        new MutationObserver(() => resolve([...list.querySelectorAll("button")]
          .every((button) => button.inert))).observe(list, { childList: true });
      });
    });
    await send(cleo, "Dan", file);
    equal(await dan.evaluate(() => window.offered), true, "what slides there takes no click");
    await untilFile(dan, file.name, "PENDING");
    const got = await saved(dan, () => press(dan, file.name, "accept"));
    equal(got, { name: file.name, hash: file.hash }, "what was saved");
    await untilFile(cleo, file.name, "COMPLETED");
    equal(await words(dan, file.name), "Verified, and saved by your browser", "said to Dan");
    equal(await words(cleo, file.name), "Sent, and verified by Dan", "said to Cleo");
    equal([...cleo.faults, ...dan.faults], [], "faults");
  }, LONG_MS);

between("an empty file", async ({ cleo, dan }) => {
  const file = make("nothing.txt", 0);

  await send(cleo, "Dan", file);
  await untilFile(dan, file.name, "PENDING");
  const [download] = await Promise.all([dan.waitForEvent("download", { timeout: STEP_MS }),
    press(dan, file.name, "accept")]);
  equal([download.suggestedFilename(), await download.failure()], [file.name, null], "saved");
  await untilFile(cleo, file.name, "COMPLETED");
});

between("a name of two scripts and with markup", async ({ cleo, dan }) => {
  const name = "Отчёт &lt;b&gt;2&lt;∕b&gt; (é).txt";
  const file = make(name, 1200);

  await send(cleo, "Dan", file);
  await untilFile(dan, "Отчёт", "PENDING");
  equal(await dan.innerText(`${item("Отчёт")} .transfer-name`), name, "its name, and no markup");
  equal(await dan.textContent(`${item("Отчёт")} .transfer-from`), "1.2 kB from Cleo",
    "who sends it, and how well the host knows her");
  const got = await saved(dan, () => press(dan, "Отчёт", "accept"));
  equal(got.hash, file.hash, "what was saved");
  await untilFile(cleo, "Отчёт", "COMPLETED");
});

// So slowly that a test can do something in between: chunks wait until it lets go.
// window.sent: bytes that went.
async function slow(page) {
  await page.evaluate(() => {
    window.sendAtOnce ??= RTCDataChannel.prototype.send;
    const send = window.sendAtOnce;
    const held = [];
    window.letThrough = 20;
    window.sent = 0;
    window.release = () => {
      window.letThrough = Infinity;
      for (const [channel, data] of held.splice(0))
        if (channel.readyState === "open") send.call(channel, data);
    };
    RTCDataChannel.prototype.send = function hold(data) {
      if (this.label === "file" && window.letThrough-- <= 0) {
        held.push([this, data]);
        return;
      }
      if (this.label === "file") window.sent += data.byteLength;
      send.call(this, data);
    };
  });
}

const untilSome = (page, name) => until(() => page.$eval(`${item(name)} progress`,
  (e) => !e.hidden && e.value > 0), STEP_MS, "some of it");

// A file from one to the other, who is asked.
async function begin(from, to, name, user = "Dan") {
  const file = make(name, 2 * 1024 * 1024);

  await slow(from);
  await send(from, user, file);
  await untilFile(to, name, "PENDING");
  return file;
}

between("paused and resumed from either side", async ({ cleo, dan }) => {
  const file = await begin(cleo, dan, "paused.bin");
  const focused = () => dan.evaluate(() => {
    const { className, dataset } = document.activeElement;
    return dataset.action || className;
  });

  await press(dan, file.name, "accept");
  await untilSome(dan, file.name);
  equal(await focused(), "transfer", "the keyboard is on no button that does something else");
  const got = saved(dan, async () => {
    await press(dan, file.name, "pause");
    await untilFile(cleo, file.name, "PAUSED");
    equal(await words(cleo, file.name), "Paused by Dan", "said to Cleo");
    equal(await words(dan, file.name), "Paused by you", "said to Dan");
    equal(await focused(), "resume", "the keyboard");
    await press(cleo, file.name, "pause");
    await press(dan, file.name, "resume");
    await until(async () => await words(dan, file.name) === "Paused by Cleo", STEP_MS, "both");
    await cleo.evaluate(() => window.release());
    await press(cleo, file.name, "resume");
  });
  equal((await got).hash, file.hash, "what was saved");
  await untilFile(cleo, file.name, "COMPLETED");
}, LONG_MS);

for (const who of ["cleo", "dan"])
  between(`cancelled in mid-file by ${who === "cleo" ? "the sender" : "the receiver"}`, async (
    { cleo, dan }) => {
    const file = await begin(cleo, dan, `cancelled-by-${who}.bin`);
    let downloads = 0;

    dan.on("download", () => downloads++);
    await press(dan, file.name, "accept");
    await untilSome(dan, file.name);
    await press(who === "cleo" ? cleo : dan, file.name, "cancel");
    await untilFile(cleo, file.name, "FAILED");
    await untilFile(dan, file.name, "FAILED");
    const other = who === "cleo" ? dan : cleo;
    equal(await words(other, file.name),
      `${who === "cleo" ? "Cleo" : "Dan"} has cancelled it.`, "said to the other");
    // and another goes its way
    await cleo.evaluate(() => window.release());
    const next = make(`after-${who}.bin`, 10);
    await send(cleo, "Dan", next);
    await untilFile(dan, next.name, "PENDING");
    const got = await saved(dan, () => press(dan, next.name, "accept"));
    equal(got.hash, next.hash, "the next");
    equal(downloads, 1, "what was saved");
  }, LONG_MS);

between("a lost connection: the file goes on where it was", async ({ cleo, dan }) => {
  const file = await begin(cleo, dan, "lost.bin");

  await press(dan, file.name, "accept");
  await untilSome(dan, file.name);
  const got = await saved(dan, async () => {
    // what was held on the old way is lost with it
    await cleo.evaluate(() => {
      window.letThrough = Infinity;
      window.sent = 0;
    });
    // what was paused stays so
    await press(cleo, file.name, "pause");
    await untilFile(dan, file.name, "PAUSED");
    await loseConnections(cleo);
    for (const [page, user] of [[cleo, "Dan"], [dan, "Cleo"]])
      await until(async () => await words(page, file.name)
        === `The connection to ${user} was lost. It goes on when it is back.`, STEP_MS, "said");
    await until(async () => await words(cleo, file.name) === "Paused by you", STEP_MS, "back");
    await untilFile(dan, file.name, "PAUSED");
    await press(cleo, file.name, "resume");
  });
  equal(got.hash, file.hash, "what was saved");
  await untilFile(cleo, file.name, "COMPLETED");
  const again = await cleo.evaluate(() => window.sent);
  assert(again < 2 * 1024 * 1024 * 0.97, `${again} bytes were sent afterwards`);

  // what was whole is not gone on with
  await send(cleo, "Dan", file);
  const next = `${item(file.name)}[data-state="PENDING"]`;
  await until(async () => (await dan.$$(next)).length === 1, STEP_MS, "offered once more");
  const more = await saved(dan, () => dan.click(`${next} [data-action="accept"]`));
  equal(more.hash, file.hash, "what was saved once more");
}, LONG_MS);

between("declined, and offered again", async ({ cleo, dan }) => {
  const file = make("draft.bin", 1000);

  await send(cleo, "Dan", file);
  await untilFile(dan, file.name, "PENDING");
  await press(dan, file.name, "decline");
  await untilFile(dan, file.name, "FAILED");
  await untilFile(cleo, file.name, "FAILED");
  equal(await words(cleo, file.name), "Dan does not want it.", "said to Cleo");
  equal(await words(dan, file.name), "You have declined it.", "said to Dan");
  await press(dan, file.name, "remove");
  // also over a connection that has no channels for files yet, and once however often
  await loseConnections(cleo);
  await untilTarget(cleo, "Dan", false);
  await untilTarget(cleo, "Dan");
  await cleo.$eval(`${item(file.name)} [data-action="again"]`, (button) => {
    button.click();
    button.click();
  });
  await untilFile(dan, file.name, "PENDING");
  const got = await saved(dan, () => press(dan, file.name, "accept"));
  equal(got.hash, file.hash, "what was saved");
  await untilFile(cleo, file.name, "COMPLETED");
  equal((await dan.$$(item(file.name))).length, 1, "what Dan was offered");
}, LONG_MS);

between("a page whose disk does not start says so, and tries again", async ({ cleo, dan }) => {
  const file = make("late.bin", 1000);
  const worker = "**/disk.worker.js";

  await cleo.context().route(worker, (route) => route.abort());
  await cleo.reload();
  await untilState(cleo, "joined");
  await untilTarget(cleo, "Dan");
  await send(cleo, "Dan", file);
  await untilFile(cleo, file.name, "FAILED");
  equal(await words(cleo, file.name), "It could not be transferred.", "said to Cleo");
  await cleo.context().unroute(worker);
  await press(cleo, file.name, "again");
  await untilFile(dan, file.name, "PENDING");
  equal((await saved(dan, () => press(dan, file.name, "accept"))).hash, file.hash, "saved");
}, LONG_MS);

// null while the page is just removing what is there.
const stored = (page) => page.evaluate(async () => {
  const names = [];
  const root = await navigator.storage.getDirectory();
  try {
    for await (const [name, folder] of root.entries())
      for await (const file of folder.keys()) names.push(`${name}/${file}`);
  } catch (error) {
    if (error.name === "NotFoundError") return null;
    throw error;
  }
  return names;
});

between("what a visit has left on the disk goes at the next", async ({ ann, cleo, dan }) => {
  const file = make("left.bin", 100000);
  const before = (await stored(dan)).length;

  await send(cleo, "Dan", file);
  await untilFile(dan, file.name, "PENDING");
  await saved(dan, () => press(dan, file.name, "accept"));
  equal((await stored(dan)).length, before + 1, "while the page is there");
  await dan.goto(new URL("/icon.svg", ann.link).href);
  await dan.goto(cleo.url().replace("Cleo", "Dan"));
  await untilState(dan, "joined");
  await until(async () => (await stored(dan))?.length === 0, STEP_MS, "nothing left");
});

// --- with Eve, who comes third ---

const three = together(async () => {
  const there = await meet();
  const eve = await there.browser.join(there.ann.link, "Eve");

  await untilState(eve, "joined");
  await untilTarget(there.cleo, "Eve");
  return { ...there, eve };
});

three("to everybody, each by themselves", async ({ cleo, dan, eve }) => {
  const files = [make("one.bin", 100), make("two.bin", 200)];

  await send(cleo, "Everybody", ...files);
  for (const page of [dan, eve])
    for (const file of files) {
      await untilFile(page, file.name, "PENDING");
      equal((await saved(page, () => press(page, file.name, "accept"))).hash, file.hash,
        "what was saved");
    }
  await until(async () => (await cleo.$$('[data-state="COMPLETED"]')).length === 4, STEP_MS,
    "all four");
}, LONG_MS);

// What a mouse does, with a file that the page has made.
function drop(page, selector, name) {
  return page.evaluate(([where, called]) => {
    const data = new DataTransfer();
    data.items.add(new File(["dropped"], called));
    const target = document.querySelector(where);
    const event = (type) => new DragEvent(type, { bubbles: true, cancelable: true,
      dataTransfer: data });
    const over = event("dragover");
    target.dispatchEvent(over);
    const hint = document.getElementById("drop-hint").textContent;
    target.dispatchEvent(event("drop"));
    return { hint, taken: over.defaultPrevented };
  }, [selector, name]);
}

three("dropped on a participant's picture, and anywhere else", async ({ cleo, dan, eve }) => {
  const tile = await cleo.$$eval("#tiles .tile", (list) => list.find((e) =>
    e.querySelector(".tile-name").textContent === "Dan").dataset.tile);
  equal(await drop(cleo, `[data-tile="${tile}"]`, "for-dan.txt"),
    { hint: "Drop to send to Dan", taken: true }, "on Dan");
  await untilFile(dan, "for-dan.txt", "PENDING");
  equal(await drop(cleo, ".call-head", "for-all.txt"),
    { hint: "Drop to send to everybody", taken: true }, "beside");
  for (const page of [dan, eve]) await untilFile(page, "for-all.txt", "PENDING");
  equal((await eve.$$(item("for-"))).length, 1, "Eve's");
  equal(await cleo.isHidden("#drop-hint"), true, "no hint is left");
});

three("who leaves in mid-file is gone, and the others' files go on", async ({ cleo, dan, eve }) => {
  const file = await begin(cleo, dan, "film.bin");

  await press(dan, file.name, "accept");
  await untilSome(dan, file.name);
  await dan.close();
  await untilFile(cleo, file.name, "FAILED");
  await until(async () => await words(cleo, file.name) === "Dan has left.", STEP_MS, "said");
  await cleo.evaluate(() => window.release());
  const next = make("next.bin", 100000);
  await send(cleo, "Eve", next);
  await untilFile(eve, next.name, "PENDING");
  equal((await saved(eve, () => press(eve, next.name, "accept"))).hash, next.hash, "to Eve");
}, LONG_MS);

three("who takes a failed file from the list takes nothing from what goes on with it", async (
  { ann, browser, cleo, eve }) => {
  const whole = make("whole.bin", 1000);
  let downloads = 0;

  await send(cleo, "Eve", whole);
  await untilFile(eve, whole.name, "PENDING");
  eve.on("download", () => downloads++);
  equal((await saved(eve, () => press(eve, whole.name, "accept"))).hash, whole.hash, "to Eve");
  const file = await begin(cleo, eve, "half.bin", "Eve");
  const state = (name) => `${item(file.name)}[data-state="${name}"]`;
  const untilOne = (name) => until(async () => (await eve.$$(state(name))).length === 1,
    STEP_MS, name);

  await press(eve, file.name, "accept");
  await untilSome(eve, file.name);
  await cleo.close();
  await untilOne("FAILED");
  // what is there is not saved once more when its sender goes
  await untilTarget(eve, "Cleo", false);
  equal([downloads, await words(eve, whole.name)],
    [1, "Verified, and saved by your browser"], "saved");
  const fay = await browser.join(ann.link, "Fay");
  await untilState(fay, "joined");
  await untilTarget(fay, "Eve");
  await slow(fay);
  await send(fay, "Eve", file);
  await untilOne("PENDING");
  const got = await saved(eve, async () => {
    await eve.click(`${state("PENDING")} [data-action="accept"]`);
    await untilOne("TRANSFERRING");
    await eve.click(`${state("FAILED")} [data-action="remove"]`);
    await fay.evaluate(() => window.release());
  });
  equal(got.hash, file.hash, "what was saved");
}, LONG_MS);

// --- others ---

test("between two that came by an invitation: each offer is signed, and one that is not is told",
  async () => {
    const { cleo, dan } = await meet({ invited: true });
    const file = make("signed.bin", 65537);
    const forged = make("forged.bin", 100);

    await send(cleo, "Dan", file);
    await untilFile(dan, file.name, "PENDING");
    const got = await saved(dan, () => press(dan, file.name, "accept"));
    equal(got.hash, file.hash, "what was saved");
    // as somebody who could write on the connection, and has not the key
    await cleo.evaluate(() => {
      const { send: really } = RTCDataChannel.prototype;
      RTCDataChannel.prototype.send = function alter(data) {
        really.call(this, typeof data === "string"
          ? data.replace(/(?<="signature":")./, (c) => (c === "A" ? "B" : "A")) : data);
      };
    });
    await send(cleo, "Dan", forged);
    await untilFile(cleo, forged.name, "FAILED");
    equal(await words(cleo, forged.name),
      "Dan cannot be sure that it is from you, and does not take it.", "said to Cleo");
    equal(await dan.$$(item(forged.name)).then((list) => list.length), 0, "shown to Dan");
    equal([...cleo.faults, ...dan.faults], [], "faults");
  }, LONG_MS);

test("beside a file pictures move, and what is said arrives at once", async () => {
  const { cleo, dan } = await meet({ devices: true });

  await cleo.evaluate(() => {
    const dataTransfer = new DataTransfer();
    // so large that it is under way until the end, of a little that is there once
    const part = new Blob([new Uint8Array(4e6)]);
    dataTransfer.items.add(new File(Array(75).fill(part), "large.bin"));
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer }));
  });
  await untilFile(dan, "large.bin", "PENDING");
  await press(dan, "large.bin", "accept");
  await untilSome(dan, "large.bin");
  const frames = () => dan.evaluate(() => window.framesDecoded());
  const before = await frames();
  await cleo.click("#toggle-chat");
  await cleo.fill("#chat-input", "Is it there?");
  await cleo.press("#chat-input", "Enter");
  await until(() => dan.$$eval("#chat-log .message-text", (list) => list.some((e) =>
    e.textContent === "Is it there?")), STEP_MS, "what was said");
  await until(async () => await frames() > before + 20, STEP_MS, "pictures");
  await untilFile(dan, "large.bin", "TRANSFERRING");
  await press(dan, "large.bin", "cancel");
  await untilFile(dan, "large.bin", "FAILED");
}, LONG_MS);

// --- a stranger who speaks the wire by hand ---

// Dan's page, in which the test makes the channels: what Cleo's page hears is the test's.
async function stranger() {
  const { cleo: page, dan: eve } = await meet();

  await eve.evaluate(async () => {
    const { send } = RTCDataChannel.prototype;
    window.heard = [];
    // its connection to the page, and not that to Ann, who is no browser
    const pc = window.connections.find((c) => c.connectionState === "connected"
      && c.remoteDescription.sdp.includes("a=extmap-allow-mixed"));
    const make = async (label) => {
      const channel = pc.createDataChannel(label);
      channel.binaryType = "arraybuffer";
      await new Promise((resolve) => { channel.onopen = resolve; });
      return channel;
    };
    window.control = await make("file-control");
    window.file = await make("file");
    window.control.onmessage = ({ data }) => window.heard.push(JSON.parse(data));
    window.say = (message) => send.call(window.control, JSON.stringify(message));
    window.sayBeside = (message) => send.call(window.file, JSON.stringify(message));
    window.hash = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    window.hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
    window.chunk = async (id, index, data, { hash } = {}) => {
      const frame = new Uint8Array(72 + data.length);
      const view = new DataView(frame.buffer);
      frame.set([0x56, 0x4d, 0x46, 0x31, 1, 1, 0, 72]);
      frame.set(id.replaceAll("-", "").match(/../g).map((h) => parseInt(h, 16)), 8);
      view.setUint32(28, index);
      view.setUint32(36, data.length);
      frame.set(hash || await window.hash(data), 40);
      frame.set(data, 72);
      send.call(window.file, frame);
    };
    window.answer = async (wanted) => {
      for (;;) {
        const found = window.heard.findIndex((m) => Object.entries(wanted).every(([k, v]) =>
          m[k] === v));
        if (found >= 0) return window.heard.splice(found, 1)[0];
        await new Promise((resolve) => { setTimeout(resolve, 50); });
      }
    };
  });
  return { eve, page };
}

const speaking = together(stranger);

const ID = "01234567-89ab-4cde-8f01-23456789abcd";

speaking("a corrupted chunk is asked for again, and a wrong whole is never saved", async ({ eve, page }) => {
  let downloads = 0;

  page.on("download", () => downloads++);
  await eve.evaluate((id) => window.say({ type: "FILE_OFFER", filename: "two.bin", size: 3000,
    hash: "", id, encodings: ["json", "binary"], chunkSize: 2048 }), ID);
  await untilFile(page, "two.bin", "PENDING");
  await press(page, "two.bin", "accept");
  const statuses = await eve.evaluate(async (id) => {
    const { encoding } = await window.answer({ type: "FILE_RESPONSE", transferId: id });
    const first = new Uint8Array(2048).fill(7);
    const acks = [encoding];
    const ack = async () => acks.push((await window.answer({ type: "CHUNK_ACK" })).status);
    window.say({ type: "TRANSFER_START", transferId: id, chunkSize: 2048, totalChunks: 2 });
    await window.chunk(id, 0, first, { hash: new Uint8Array(32) });
    await ack();
    await window.chunk(id, 0, first);
    await ack();
    await window.chunk(id, 0, first); // again
    await ack();
    await window.chunk(id, 9, first); // of no such chunk
    acks.push((await window.answer({ type: "error" })).code);
    await window.chunk(id, 1, new Uint8Array(2048)); // too long
    await ack();
    await window.chunk(id, 1, new Uint8Array(952));
    await ack();
    window.say({ type: "TRANSFER_COMPLETE", transferId: id, totalChunks: 2,
      finalHash: window.hex(await window.hash(first)) });
    acks.push((await window.answer({ type: "TRANSFER_VERIFIED" })).status);
    return acks;
  }, ID);
  equal(statuses, ["binary", "corrupt", "received", "received", "BAD_MESSAGE", "corrupt",
    "received", "failed"], "what is answered");
  await untilFile(page, "two.bin", "FAILED");
  equal(await words(page, "two.bin"),
    "It did not come as it was announced, and was thrown away.", "said to Cleo");
  equal(downloads, 0, "saved");
});

speaking("a peer that knows only the base messages sends, and is sent to", async ({ eve, page }) => {

  await eve.evaluate(async () => window.say({ type: "FILE_OFFER", filename: "seed.txt", size: 5,
    hash: window.hex(await window.hash(new TextEncoder().encode("hello"))), id: "7" }));
  await untilFile(page, "seed.txt", "PENDING");
  const got = await saved(page, async () => {
    await press(page, "seed.txt", "accept");
    await eve.evaluate(async () => {
      const hash = window.hex(await window.hash(new TextEncoder().encode("hello")));
      await window.answer({ type: "FILE_RESPONSE", accept: true });
      window.say({ type: "TRANSFER_START", chunkSize: 65536, totalChunks: 1 });
      window.say({ type: "CHUNK_DATA", id: 0, data: btoa("hello"), hash });
      await window.answer({ type: "CHUNK_ACK", id: 0, status: "received" });
      window.say({ type: "TRANSFER_COMPLETE", totalChunks: 1, finalHash: hash });
      await window.answer({ type: "TRANSFER_VERIFIED", status: "verified" });
    });
  });
  equal(got, { name: "seed.txt", hash: sha256("hello") }, "what was saved");
  await send(page, "Dan", make("back.bin", 5));
  const sent = await eve.evaluate(async () => {
    const read = [];
    window.file.onmessage = ({ data }) => window.heard.push(JSON.parse(data));
    const offer = await window.answer({ type: "FILE_OFFER" });
    window.say({ type: "FILE_RESPONSE", accept: true, transferId: offer.id });
    read.push((await window.answer({ type: "TRANSFER_START" })).totalChunks);
    const { id, data, hash } = await window.answer({ type: "CHUNK_DATA" });
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    read.push(window.hex(await window.hash(bytes)) === hash);
    window.say({ type: "CHUNK_ACK", id, status: "received" });
    read.push((await window.answer({ type: "TRANSFER_COMPLETE" })).finalHash === hash);
    window.say({ type: "TRANSFER_VERIFIED", status: "verified", savedPath: "/x" });
    return read;
  });
  equal(sent, [1, true, true], "what came");
  await untilFile(page, "back.bin", "COMPLETED");
});

speaking("a chunk of the base protocol's size as JSON is taken, and one beyond is told", async ({ eve, page }) => {
  const size = 65536 + 5;

  await eve.evaluate((bytes) => window.say({ type: "FILE_OFFER", filename: "seed.bin", size: bytes,
    hash: "", id: "8" }), size);
  await untilFile(page, "seed.bin", "PENDING");
  const got = await saved(page, async () => {
    await press(page, "seed.bin", "accept");
    const told = await eve.evaluate(async (bytes) => {
      const hash = async (n) => window.hex(await window.hash(new Uint8Array(n).fill(7)));
      const data = (n) => btoa("\x07".repeat(n));
      await window.answer({ type: "FILE_RESPONSE", accept: true });
      window.say({ type: "TRANSFER_START", chunkSize: 65536, totalChunks: 2 });
      window.sayBeside({ type: "CHUNK_DATA", id: 0, data: data(98304), hash: await hash(98304) });
      const { code } = await window.answer({ type: "error" });
      window.sayBeside({ type: "CHUNK_DATA", id: 0, data: data(65536), hash: await hash(65536) });
      await window.answer({ type: "CHUNK_ACK", id: 0, status: "received" });
      window.sayBeside({ type: "CHUNK_DATA", id: 1, data: data(5), hash: await hash(5) });
      await window.answer({ type: "CHUNK_ACK", id: 1, status: "received" });
      window.say({ type: "TRANSFER_COMPLETE", totalChunks: 2, finalHash: await hash(bytes) });
      await window.answer({ type: "TRANSFER_VERIFIED", status: "verified" });
      return code;
    }, size);
    equal(told, "BAD_MESSAGE", "what is told of one that is too long");
  });
  equal(got.hash, sha256(new Uint8Array(size).fill(7)), "what was saved");
});

test("bad names, and a flood of offers, reach nobody", async () => {
  const { eve, page } = await stranger();
  const names = ["../../etc/passwd", "a\\b", "evil\u202egpj.exe", "CON", "x".repeat(256), "", "a."];

  const refused = await eve.evaluate(async (list) => {
    const answers = [];
    for (const [i, filename] of list.entries()) {
      window.say({ type: "FILE_OFFER", filename, size: 1, hash: "", id: `bad-${i}` });
      answers.push((await window.answer({ type: "FILE_RESPONSE", transferId: `bad-${i}` })).accept);
    }
    return answers;
  }, names);
  equal(refused, names.map(() => false), "names");
  equal(await page.$$eval("[data-transfer]", (l) => l.length), 0, "shown");
  await eve.evaluate(async () => {
    for (let i = 0; i < 300; i++)
      window.say({ type: "FILE_OFFER", filename: `flood-${i}`, size: 1, hash: "", id: `f${i}` });
    window.say({ type: "TRANSFER_CANCEL", transferId: "f0" });
  });
  await until(() => page.$$eval("[data-transfer]", (list) =>
    list.some((e) => e.textContent.includes("flood-0") && e.dataset.state === "FAILED")), STEP_MS,
  "the first taken back");
  // sixteen may wait; of the others and of the names, 64 are refused with a word
  equal(await page.$$eval("[data-transfer]", (list) => list.length), 16, "shown");
  const answers = () => eve.evaluate(() => window.heard.length);
  await until(async () => await answers() >= 64 - names.length, STEP_MS, "the answers");
  await eve.evaluate(() => window.say({ type: "FILE_OFFER", filename: "one more", size: 1,
    hash: "", id: "more" }));
  await untilFile(page, "one more", "PENDING");
  equal(await answers(), 64 - names.length, "answers");
  equal(page.faults, [], "faults");
});

await main();
