// SPDX-License-Identifier: LGPL-2.1-or-later

// Files between a page and vmfilesrc and vmfilesink behind vmsignalbin.

import { enter } from "./lan.mjs";

enter();

const { createHash, randomBytes } = await import("node:crypto");
const { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } =
  await import("node:fs");
const { tmpdir } = await import("node:os");
const { join } = await import("node:path");
const { default: process } = await import("node:process");
const { ADDRESS } = await import("./lan.mjs");
const { assert, equal, main, test, together } = await import("./check.mjs");
const { Browser, Native, STEP_MS, guest, host, invite, joinLink, loseConnections, until,
  untilState } = await import("./people.mjs");
const { Program } = await import("./program.mjs");

const LONG_MS = 600000;
// a byte, a chunk and a byte, and more than twice what may be under way (4 MiB)
const SIZES = [1, 65537, 9 * 1024 * 1024 + 1];
const folder = mkdtempSync(join(tmpdir(), "vm-native-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

function make(name, size) {
  const data = randomBytes(size);

  writeFileSync(join(folder, name), data);
  return { name, path: join(folder, name), hash: sha256(data) };
}

class Line extends Program {
  constructor(...args) {
    super("gst-launch-1.0", ["-m", "vmsignalbin", "name=m", ...args]);
  }

  message(pattern, ms = STEP_MS) {
    return this.wait(() => this.other.find((line) => pattern.test(line)), ms, pattern);
  }
}

const item = (name) => `[data-transfer]:has(.transfer-name:has-text("${name}"))`;

async function untilItem(page, name, state, ms = STEP_MS) {
  await until(() => page.$(`${item(name)}[data-state="${state}"]`), ms, `${name} ${state}`)
    .catch(async (error) => {
      throw new Error(`${error.message}; there are ${await page.$$eval("[data-transfer]",
        (list) => list.map((e) => `${e.dataset.state} ${e.innerText}`))}`);
    });
}

const at = (size) => `${size} bytes`;

// A device that takes what it is given, and a page.
const taking = together(async () => {
  const into = join(folder, "in");

  mkdirSync(into, { recursive: true });
  const ann = new Line("mode=host", "meeting=standup", "user=Ann", "m.file_src_0", "!",
    "vmfilesink", `directory=${into}`);
  await ann.message(/vm-joined|announced/);
  const browser = await Browser.start({ devices: false });
  const page = await browser.join(`https://${ADDRESS}:8080/?meeting=standup`, "Cleo");

  await untilState(page, "joined");
  await page.click("#toggle-files");
  await until(() => page.isEnabled("#choose-files"), STEP_MS, "somebody to send to");
  return { into, page };
});

for (const size of SIZES)
  taking(`${at(size)} from a page to vmfilesink`, async ({ into, page }) => {
    const file = make(`up-${size}.bin`, size);
    const before = readdirSync(into);

    await page.setInputFiles("#file-input", file.path);
    await untilItem(page, file.name, "COMPLETED", LONG_MS);
    equal(readdirSync(into).sort(), [...before, file.name].sort(), "in the folder");
    equal(sha256(readFileSync(join(into, file.name))), file.hash, "equal");
  }, LONG_MS);

test(`${SIZES.map(at).join(", ")} from vmfilesrc to a page`, async () => {
  const files = SIZES.map((size) => make(`down-${size}.bin`, size));
  const bob = new Line("mode=host", "meeting=standup", "user=Bob", ...files.flatMap(({ path }, i) =>
    ["vmfilesrc", `location=${path}`, "!", `m.file_sink_${i}`]));
  await bob.message(/vm-joined|announced/);
  const browser = await Browser.start({ devices: false });
  const page = await browser.join(`https://${ADDRESS}:8080/?meeting=standup`, "Cleo");

  await untilState(page, "joined");
  for (const file of files) {
    await untilItem(page, file.name, "PENDING");
    const [download] = await Promise.all([page.waitForEvent("download", { timeout: LONG_MS }),
      page.click(`${item(file.name)} [data-action="accept"]`)]);
    const path = join(folder, `saved-${file.name}`);
    await download.saveAs(path);
    equal(sha256(readFileSync(path)), file.hash, "equal");
  }
  await until(() => bob.ended !== null, STEP_MS, "the end of the line");
  equal(bob.ended, 0, "how it ended");
}, LONG_MS);

// Fails with what is shown: a page that has given the file up offers no button.
async function accept(page, name) {
  await page.click(`${item(name)} [data-action="accept"]`, { timeout: STEP_MS })
    .catch(async (error) => {
      throw new Error(`${error.message}; there are ${await page.$$eval("[data-transfer]",
        (list) => list.map((e) => `${e.dataset.state} ${e.innerText}`))}; the page says ${
        await page.innerText("body")}`);
    });
}

const status = (page, name) => page.innerText(`${item(name)} .transfer-status`);
const LOST = "was lost. It goes on when it is back.";

const untilStatus = (page, name, part, isThere = true) => until(async () =>
  (await status(page, name)).includes(part) === isThere, STEP_MS,
`${isThere ? "" : "not "}"${part}"`);

const untilSome = (page, name, least = 0) => until(() => page.$eval(`${item(name)} progress`,
  (e, more) => !e.hidden && e.value > more && e.value < 1, least), STEP_MS, "some of it");

test("lost connections: a file from vmfilesrc goes on where it was, and an offer stands", async () => {
  const size = 4 * 1024 * 1024;
  const file = make("down-lost.bin", size);
  const bob = new Line("mode=host", "meeting=standup", "user=Bob", "vmfilesrc",
    `location=${file.path}`, "max-bitrate=8000000", "!", "m.file_sink_0");
  await bob.message(/vm-joined|announced/);
  const browser = await Browser.start({ devices: false });
  const page = await browser.join(`https://${ADDRESS}:8080/?meeting=standup`, "Cleo");

  await untilState(page, "joined");
  await until(() => page.isVisible("#files"), STEP_MS, "what the offer opens");
  await untilItem(page, file.name, "PENDING");
  await page.evaluate(() => {
    window.came = 0;
    const { set } = Object.getOwnPropertyDescriptor(RTCDataChannel.prototype, "onmessage");
    Object.defineProperty(RTCDataChannel.prototype, "onmessage", { set(func) {
      set.call(this, (event) => {
        if (this.label === "file") window.came += event.data.byteLength;
        func(event);
      });
    } });
  });
  await loseConnections(page);
  await untilStatus(page, file.name, LOST);
  await untilStatus(page, file.name, LOST, false);
  equal(await status(page, file.name), "Do you want this file?", "it is still asked");
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: LONG_MS }),
    accept(page, file.name).then(async () => {
      await untilSome(page, file.name, 0.5); // so much would come once more
      await loseConnections(page);
      await untilStatus(page, file.name, LOST);
      equal(await page.isVisible(`${item(file.name)} [data-action="cancel"]`), true, "Cancel");
    })]);
  const path = join(folder, "saved-lost");
  await download.saveAs(path);
  equal(sha256(readFileSync(path)), file.hash, "equal");
  await until(() => bob.ended !== null, STEP_MS, "the end of the line");
  equal(bob.ended, 0, "how it ended");
  const came = await page.evaluate(() => window.came);
  assert(came < size + 1024 * 1024, `${came} bytes came`);
}, LONG_MS);

test("a lost connection: a file to vmfilesink goes on where it was", async () => {
  const size = 4 * 1024 * 1024;
  const into = join(folder, "in-lost");
  const file = make("up-lost.bin", size);
  mkdirSync(into);
  const ann = new Line("mode=host", "meeting=standup", "user=Ann", "m.file_src_0", "!",
    "vmfilesink", `directory=${into}`);
  await ann.message(/vm-joined|announced/);
  const browser = await Browser.start({ devices: false });
  const page = await browser.join(`https://${ADDRESS}:8080/?meeting=standup`, "Cleo");

  await untilState(page, "joined");
  await page.evaluate(() => {
    const { send } = RTCDataChannel.prototype;
    window.sent = 0;
    window.most = 2 * 1024 * 1024; // then the way is too slow to see it move
    RTCDataChannel.prototype.send = function count(data) {
      if (this.label === "file" && (window.sent += data.byteLength) > window.most) return;
      send.call(this, data);
    };
  });
  await page.click("#toggle-files");
  await until(() => page.isEnabled("#choose-files"), STEP_MS, "somebody to send to");
  await page.setInputFiles("#file-input", file.path);
  await untilSome(page, file.name);
  await page.evaluate(() => { window.most = Infinity; window.sent = 0; });
  await loseConnections(page);
  await untilStatus(page, file.name, LOST);
  await untilItem(page, file.name, "COMPLETED", LONG_MS);
  equal(sha256(readFileSync(join(into, file.name))), file.hash, "equal");
  const sent = await page.evaluate(() => window.sent);
  assert(sent < size * 0.97, `${sent} bytes were sent afterwards`);
}, LONG_MS);

// A page that came by an invitation, and has those files to send.
async function invited(link, user) {
  const browser = await Browser.start({ devices: false });
  const page = await browser.page();

  await page.goto(joinLink(link, user));
  await untilState(page, "joined");
  await page.click("#toggle-files");
  await until(() => page.isEnabled("#choose-files"), STEP_MS, "somebody to send to");
  return page;
}

// Both ways between a launcher and a page, each of which has signed what it says.
for (const policy of ["pin", "require"])
  test(`an invited page and its host under ${policy}, both ways`, async () => {
    const into = join(folder, `host-${policy}`);
    const up = make(`invited-${policy}.bin`, 100001);
    const down = make(`answer-${policy}.bin`, 100001);
    const ann = await host({ args: ["--audio-only", "--policy", policy, "--files", into,
      "--accept", "auto"] });
    const page = await invited(await invite(ann), "Cleo");

    await page.setInputFiles("#file-input", up.path);
    await untilItem(page, up.name, "COMPLETED");
    equal(sha256(readFileSync(join(into, up.name))), up.hash, "what the host has");
    const { from, user } = await ann.event("transfer", { state: "completed" });
    equal([from, user], [(await ann.event("participant-joined")).deviceId, "Cleo"], "whose it is");

    ann.type(`/send ${down.path} Cleo`);
    await untilItem(page, down.name, "PENDING");
    const [download] = await Promise.all([page.waitForEvent("download", { timeout: LONG_MS }),
      page.click(`${item(down.name)} [data-action="accept"]`)]);
    const path = join(folder, `kept-${policy}`);
    await download.saveAs(path);
    equal(sha256(readFileSync(path)), down.hash, "what the page has");
    await ann.event("transfer", { state: "completed", direction: "send" });
    equal(page.faults, [], "faults of the page");
    equal(ann.lines.filter(({ event }) => event === "warning"), [], "warnings of the host");
  }, LONG_MS);

test("a device that takes no files is not offered one again", async () => {
  const file = make("nowhere.bin", 1000);
  const ann = await host({ args: ["--audio-only"] });
  const browser = await Browser.start({ devices: false });
  const page = await browser.join(ann.link, "Cleo");

  await untilState(page, "joined");
  await until(() => page.$("#file-target option:has-text('Ann')"), STEP_MS, "Ann to send to");
  await page.click("#toggle-files");
  await page.setInputFiles("#file-input", file.path);
  await untilItem(page, file.name, "FAILED");
  const there = page.locator(item(file.name));
  await until(async () => (await there.innerText()).includes("Ann does not receive files."), STEP_MS,
    "what the page says");
  equal(await there.locator("button:visible").allInnerTexts(), ["Remove"], "what can be done");
});

test("a device that gave no leave takes no file of an invited page, and both are told", async () => {
  const file = make("refused.bin", 1000);
  const ann = await host({ args: ["--audio-only", "--policy", "require", "--approve", "auto"] });
  const asking = new Native(["trust", "request", `${ADDRESS}:${new URL(ann.link).port}`, "--user",
    "Bob", "--approve", "auto", "--permissions", "call,introducer"]);
  await until(() => asking.ended !== null, STEP_MS, "trust");
  const into = join(folder, "bob");
  const bob = guest(ann, { args: ["--audio-only", "--policy", "require", "--files", into, "--accept",
    "auto"], env: { HOME: asking.folder, XDG_CONFIG_HOME: asking.folder } });
  await bob.event("participant-state", { user: "Ann", state: "connected" });
  const page = await invited(await invite(ann), "Cleo");
  await bob.event("participant-state", { user: "Cleo", state: "connected" });

  await until(() => page.$("#file-target option:has-text('Bob')"), STEP_MS, "Bob to send to");
  await page.selectOption("#file-target", { label: "Bob" });
  await page.setInputFiles("#file-input", file.path);
  await untilItem(page, file.name, "FAILED");
  await until(async () => (await page.innerText(item(file.name)))
    .includes("Bob takes files from trusted devices only."), STEP_MS, "what the page says");
  await bob.wait(() => bob.lines.some(({ event, message }) => event === "warning"
    && message.includes("A file is declined")), STEP_MS, "what Bob reads");
  equal(readdirSync(into), [], "in the folder");
}, LONG_MS);

await main();
