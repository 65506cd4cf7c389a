// SPDX-License-Identifier: LGPL-2.1-or-later

// What a guest meets first, the certificate of the host, and the page in which a host's
// own user hosts.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync,
  writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { ADDRESS, enter } from "./lan.mjs";

enter();

const { assert, equal, main, test } = await import("./check.mjs");
const { CHROMIUM, CHROMIUM_FLAGS, Program, STAMP, atEnd } = await import("./program.mjs");
const { Browser, Native, STEP_MS, until, untilNames, untilPictures, untilState } =
  await import("./people.mjs");

const HOST = ["host", "--meeting", "standup", "--user", "Ann", "--methods", "manual"];
const text = (page, selector) => page.locator(selector).innerText();

// The SHA-256 of the certificate that is shown there, as browsers write it.
function fingerprint(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: ADDRESS, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

test("launcher and page name the certificate that the browser shows", async () => {
  const ann = new Program("videomeet", [...HOST, "--source", "test"]);
  const line = await ann.wait(() => ann.other.find((one) => one.startsWith("This meeting's link")));
  const link = line.match(/https:\S+/u)[0];
  const print = (await fingerprint(new URL(link).port)).slice(0, 23);

  await ann.wait(() => ann.other.includes(`  ${print}`), STEP_MS, print);
  const said = ann.other.join(" ");
  assert(said.includes("“Your connection is not private”"), "what the browser says");
  assert(said.includes("Tap “Advanced”, then “Proceed”."), "what to tap");
  const page = await (await Browser.start()).page();
  await page.goto(link);
  await page.click("#about summary");
  await until(async () => await text(page, "#fingerprint") === print, STEP_MS, print);
});

// A program in the place of a browser, which writes down what it was called with.
function fakeBrowser() {
  const folder = mkdtempSync(join(tmpdir(), "vm-browser-"));
  const program = join(folder, "browser");
  const said = join(folder, "said");

  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" >${said}.part && mv ${said}.part ${said}\n`);
  chmodSync(program, 0o755);
  atEnd(async () => rmSync(folder, { recursive: true, force: true }));
  return { program, folder, called: () => (existsSync(said) ? readFileSync(said, "utf8") : "") };
}

async function hostInBrowser(args = []) {
  const fake = fakeBrowser();
  const ann = new Native([...HOST, "--browser", ...args],
    { BROWSER: fake.program, XDG_RUNTIME_DIR: fake.folder });

  ann.link = (await ann.event("meeting", { state: "announced" })).link;
  const argument = (await until(fake.called, STEP_MS, "a browser")).trim();
  return { ann, argument, file: fileURLToPath(argument) };
}

const MINE = "Who asks this device to be trusted is shown in this page.";

test("--browser opens the page in which its user hosts", async () => {
  const { ann, argument, file } = await hostInBrowser(["--pin", "123456"]);
  const secret = readFileSync(file, "utf8").match(/#approve=([\w-]{43})/u)[1];

  assert(!argument.includes(secret), "a secret that other users could read");
  equal(statSync(file).mode & 0o777, 0o600, "who reads the file");
  const browser = await Browser.start();
  const page = await browser.page();
  await page.goto(argument);
  await until(async () => page.url().startsWith("https://localhost"), STEP_MS, "the page");
  await until(async () => await text(page, "#approval-note") === MINE, STEP_MS, MINE);
  equal(new URL(page.url()).hash, "", "what is left in the address");
  equal(await page.inputValue("#user"), "Ann", "the name");
  // the lines for others lead to this machine, not to theirs
  const { host } = new URL(ann.link);
  await page.click("#about summary");
  await until(async () => (await text(page, "#by-address")).includes(`videomeet://${host}/`), STEP_MS,
    "the address in the lines to join by");
  await page.click("#join");
  await untilState(page, "joined");
  // and so does the link, which names no secret
  await until(() => page.isVisible("#invite-card"), STEP_MS, "the card");
  equal(await page.inputValue("#invite-link"), ann.link, "the link for others");
  await until(async () => (await text(page, "#invite-words")).includes("knows the PIN"), STEP_MS,
    "what else they need");
  const dan = await browser.join(ann.link, "Dan");
  await untilState(dan, "failed");
  await dan.fill("#pin", "123456");
  await dan.click("#join");
  await untilState(dan, "joined");
  await untilNames(page, ["Ann (you)", "Dan"]);
  await untilNames(dan, ["Ann", "Dan (you)"]);
  await untilPictures(dan, 1);

  for (const one of [page, dan]) await one.click("#toggle-people");
  await until(async () => (await page.$$eval("#people-list [data-action]", (list) =>
    list.map((e) => `${e.dataset.action} ${e.textContent}`))).join()
    === "mute:p003 Mute,kick:p003 Remove", STEP_MS, "the host's buttons");
  equal(await text(page, "#lock-meeting"), "Let nobody else join", "the lock");
  assert((await text(dan, "[data-person=p002]")).includes("host"), "who hosts, for Dan");
  assert(await dan.isHidden("#lock-meeting"), "no lock for Dan");
  await page.click("[data-action='mute:p003']");
  await until(async () => (await text(dan, "#announcer")).includes(
    "The host has muted your microphone."), STEP_MS, "Dan is muted");
  await page.click("#lock-meeting");
  await until(() => dan.isVisible("#call-locked"), STEP_MS, "it is locked");
  await page.click("[data-action='kick:p003']");
  await untilState(dan, "left");
  await page.click("[data-action='unban:p003']");

  // once
  const again = await browser.page();
  await again.goto(argument);
  await until(async () => (await text(again, "#approval-note")).startsWith(
    "This link is not good"), STEP_MS, "a link that was used");
  equal(JSON.stringify(ann.lines).includes(secret), false, "a line with the secret");
  equal(ann.other.join("").includes(secret), false, "a line with the secret");

  // the way to the page is the file that the launcher has written
  equal(page.faults.filter((fault) => fault !== `asked ${argument}`), [], "faults of the page");
  await page.click("#end-meeting");
  await page.click("#end-for-all");
  await until(() => ann.ended !== null, STEP_MS, "the launcher ends");
  equal(ann.ended, 0, "how");
  assert(!existsSync(file), "the file is left");
});

test("the page comes back as the host after a reload, and nobody else does", async () => {
  const { ann, argument } = await hostInBrowser();
  const browser = await Browser.start();
  const page = await browser.page();

  await page.goto(argument);
  await until(async () => await text(page, "#approval-note") === MINE, STEP_MS, MINE);
  await page.click("#join");
  await untilState(page, "joined");
  await page.reload();
  await page.click("#join");
  await untilState(page, "joined");
  await page.click("#toggle-people");
  await until(() => page.isVisible("#lock-meeting"), STEP_MS, "the lock");
  const eve = await browser.join(ann.link, "Ann");
  await untilState(eve, "joined");
  await eve.click("#toggle-people");
  assert(await eve.isHidden("#lock-meeting"), "no lock for another Ann");
  // from elsewhere a session is good for nothing
  const session = await page.evaluate(() => sessionStorage.getItem("approval"));
  const status = await eve.evaluate(async (stolen) => (await fetch("/meetings/join", {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ meeting: "standup", user: "Eve", session: stolen }) })).status, session);
  equal(status, 403, "a session from another machine");
});

// A browser that is told of nothing, but looks where `home` has its roots: "opened", or
// what kept it out.
async function openFrom(home, address) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS,
    env: { ...process.env, HOME: home } });

  try {
    const page = await browser.newPage();
    await page.goto(address);
    return "opened";
  } catch (error) {
    return String(error.message).match(/ERR_\w+/u)?.[0] || error.message;
  } finally {
    await browser.close();
  }
}

test("a browser believes the host after videomeet cert, and no longer after --remove", async () => {
  const home = mkdtempSync(join(tmpdir(), "vm-home-"));
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, ".config") };
  const cert = (...args) => spawnSync("videomeet", ["cert", ...args],
    { env: { ...process.env, ...env }, encoding: "utf8" });

  atEnd(async () => rmSync(home, { recursive: true, force: true }));
  // the system's store is this machine's: another stands in its place here
  for (const folder of ["/usr/local/share/ca-certificates", "/etc/ssl/certs"])
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", folder]);

  const unasked = cert();
  equal([unasked.status, unasked.stderr.includes("--yes")], [1, true], "without consent");
  const made = cert("--yes");
  equal(made.status, 0, made.stderr);
  assert(made.stdout.includes(join(home, ".pki/nssdb")), made.stdout);
  assert(existsSync("/usr/local/share/ca-certificates/videomeet-root.crt"), "the system's store");
  assert(cert("--print").stdout.startsWith("-----BEGIN CERTIFICATE-----"), "the root");
  equal(statSync(join(home, ".config/videomeet/root-key.pem")).mode & 0o777, 0o600, "the key");

  const ann = new Native([...HOST, "--source", STAMP], env);
  const { link } = await ann.event("meeting", { state: "announced" });
  const address = `https://localhost:${new URL(link).port}/?meeting=standup`;
  equal(new URL(link).hostname, ADDRESS, "the link that everybody can open");
  equal(await openFrom(home, address), "opened", "after it");
  equal(await openFrom(home, `https://${ADDRESS}:${new URL(link).port}/`),
    "ERR_CERT_AUTHORITY_INVALID", "by its address");
  equal(cert("--remove").status, 0, "to remove it");
  equal(await openFrom(home, address), "ERR_CERT_AUTHORITY_INVALID", "after --remove");
  assert(!existsSync("/usr/local/share/ca-certificates/videomeet-root.crt"), "the system's store");
  assert(!existsSync(join(home, ".config/videomeet/root-key.pem")), "the key is left");
});

await main();
