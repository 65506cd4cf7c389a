// SPDX-License-Identifier: LGPL-2.1-or-later

// The pages, and agents, under a path of somebody's web server with a certificate of its
// own, with the lines that docs/page.md gives.

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { enter } from "./lan.mjs";

enter();

const { ADDRESS } = await import("./lan.mjs");
const { equal, main, test } = await import("./check.mjs");
const { Browser, Native, STEP_MS, until, untilNames, untilPictures, untilState } =
  await import("./people.mjs");
const { Program, atEnd } = await import("./program.mjs");

const SITE = `https://${ADDRESS}`;

// Of this address, with a certificate of this folder.
function documented(folder) {
  const text = readFileSync(join(process.env.VM_SOURCE_ROOT, "docs/page.md"), "utf8");
  return /^```nginx\n(.*?)^```$/ms.exec(text)[1]
    .replace("/etc/nginx/meet.example.org.pem", join(folder, "cert.pem"))
    .replace("/etc/nginx/meet.example.org.key", join(folder, "key.pem"))
    .replace("meet.example.org", ADDRESS);
}

function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), "vm-nginx-"));
  atEnd(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function startNginx() {
  const folder = makeFolder();
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt",
    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", `/CN=${ADDRESS}`,
    "-addext", `subjectAltName=IP:${ADDRESS}`, "-keyout", join(folder, "key.pem"),
    "-out", join(folder, "cert.pem")], { stdio: "pipe" });
  for (const name of ["body", "proxy", "fastcgi", "uwsgi", "scgi"])
    mkdirSync(join(folder, name));
  writeFileSync(join(folder, "nginx.conf"), `
    daemon off;
    user root;
    worker_processes 1;
    pid ${folder}/pid;
    error_log stderr notice;
    events { }
    http {
      access_log off;
      client_body_temp_path ${folder}/body;
      proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi;
      scgi_temp_path ${folder}/scgi;
      ${documented(folder)}
    }`);
  const nginx = new Program("/usr/sbin/nginx", ["-c", join(folder, "nginx.conf"),
    "-e", "stderr"]);
  await nginx.wait(() => nginx.other.some((line) => line.includes("start worker process ")));
}

async function serve() {
  const server = new Native(["server", "--loopback", "--port", "8080", "--name", ADDRESS,
    "--origin", SITE, "--trusted-proxy", "127.0.0.1"]);
  await server.event("serving");
  await startNginx();
}

// The files of a page, which opens them itself for what is offered.
async function open(page) {
  if (!await page.isVisible("#files")) await page.click("#toggle-files");
}

// What nobody can guess.
function makeFile(folder) {
  const path = join(folder, "report.bin");
  writeFileSync(path, randomBytes(300000));
  return { path, data: readFileSync(path) };
}

test("two pages meet under a path, and one sends the other a file", async () => {
  await serve();
  const browser = await Browser.start();
  // as it may be typed
  const cleo = await browser.join(`${SITE}/meet?meeting=blue`, "Cleo");
  await untilState(cleo, "joined");
  const dan = await browser.join(`${SITE}/meet/?meeting=blue`, "Dan");
  await untilState(dan, "joined");
  await untilNames(cleo, ["Cleo (you)", "Dan"]);
  await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);
  await cleo.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await cleo.click("#copy-link");
  equal(await cleo.evaluate(() => navigator.clipboard.readText()),
    `${SITE}/meet/?meeting=blue`, "the link that is copied");
  const folder = makeFolder();
  const file = makeFile(folder);
  await open(cleo);
  await cleo.selectOption("#file-target", { label: "Dan" });
  await cleo.setInputFiles("#file-input", file.path);
  await dan.waitForSelector("[data-transfer]", { state: "attached" });
  await open(dan);
  const [download] = await Promise.all([dan.waitForEvent("download"),
    dan.click("[data-transfer] [data-action=accept]")]);
  await download.saveAs(join(folder, "saved"));
  equal(readFileSync(join(folder, "saved")).equals(file.data), true, "the file is the same");
  for (const page of [cleo, dan]) equal(page.faults, [], "faults of the page");
});

test("users call each other under a path", async () => {
  await serve();
  const browser = await Browser.start();
  const pages = [];
  for (const user of ["cleo", "dan"]) {
    const page = await browser.page();
    await page.goto(`${SITE}/meet/phone.html?user=${user}&online=1`);
    await untilState(page, "online");
    pages.push(page);
  }
  await pages[0].fill("#other", "dan");
  await pages[0].click("#dial button[value=audio]");
  await untilState(pages[1], "ringing");
  await pages[1].click("#accept-audio");
  for (const page of pages) await untilState(page, "talking");
  for (const page of pages)
    await until(() => page.evaluate(() => window.soundEnergy()), STEP_MS, "sound");
  for (const page of pages) equal(page.faults, [], "faults of the page");
});

test("an agent under a path shows a terminal and takes a file", async () => {
  const server = ["--server", `${SITE}/meet`, "--room", "lab"];
  const folder = makeFolder();
  const file = makeFile(folder);
  await serve();
  const ann = new Native(["agent", ...server, "--user", "Ann", "--policy", "open", "--accept",
    "auto", "--receive", join(folder, "received"),
    "--term", "sh -c 'echo from-ann; exec sleep 600'"]);
  await ann.event("ready");
  const browser = await Browser.start();
  const page = await browser.page();
  await page.goto(`${SITE}/meet/term.html?room=lab&user=Cleo&join=1&terminal=Ann`);
  await until(async () => (await page.locator(".xterm-rows").innerText()).includes("from-ann"),
    STEP_MS, "Ann's terminal");
  equal(page.faults, [], "faults of the page");
  const bob = new Native(["send", file.path, "Ann", ...server, "--user", "Bob"]);
  await until(() => bob.ended !== null, STEP_MS, "the end of sending");
  equal(bob.ended, 0, `how sending ends: ${bob.other.join("\n")}`);
  equal(readFileSync(join(folder, "received/report.bin")).equals(file.data), true,
    "the file is the same");
});

await main();
