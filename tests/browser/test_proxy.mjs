// SPDX-License-Identifier: LGPL-2.1-or-later

// The page under a path of somebody's web server, with the lines that docs/page.md gives.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { enter } from "./lan.mjs";

enter();

const { ADDRESS } = await import("./lan.mjs");
const { equal, main, test } = await import("./check.mjs");
const { Browser, Native, untilNames, untilPictures, untilState } = await import("./people.mjs");
const { Program, atEnd } = await import("./program.mjs");

const SITE = `https://${ADDRESS}`;

function documented() {
  const text = readFileSync(join(process.env.VM_SOURCE_ROOT, "docs/page.md"), "utf8");
  return /^```nginx\n(.*?)^```$/ms.exec(text)[1];
}

async function startNginx() {
  const folder = mkdtempSync(join(tmpdir(), "vm-nginx-"));
  atEnd(async () => rmSync(folder, { recursive: true, force: true }));
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
      server {
        listen ${ADDRESS}:443 ssl;
        ssl_certificate ${folder}/cert.pem;
        ssl_certificate_key ${folder}/key.pem;
        location / { return 404; }
        ${documented()}
      }
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

test("two pages meet under a path", async () => {
  await serve();
  const browser = await Browser.start();
  const cleo = await browser.join(`${SITE}/meet/?meeting=blue`, "Cleo");
  await untilState(cleo, "joined");
  const dan = await browser.join(`${SITE}/meet/?meeting=blue`, "Dan");
  await untilState(dan, "joined");
  await untilNames(cleo, ["Cleo (you)", "Dan"]);
  await Promise.all([untilPictures(cleo, 1), untilPictures(dan, 1)]);
  await cleo.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await cleo.click("#copy-link");
  equal(await cleo.evaluate(() => navigator.clipboard.readText()),
    `${SITE}/meet/?meeting=blue`, "the link that is copied");
  equal(cleo.faults, [], "faults of the page");
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
  for (const page of pages) equal(page.faults, [], "faults of the page");
});

await main();
