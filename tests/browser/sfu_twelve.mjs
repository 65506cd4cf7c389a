// SPDX-License-Identifier: LGPL-2.1-or-later

// A meeting of five devices and two pages that grows to twelve and shrinks again, beside a
// Janus: whose picture stops for how long, and what one participant costs on either way.
// ./dev test soak prints it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

import { enter } from "./lan.mjs";
import { API_SECRET, Janus, SFU, connections, hasJanus, longestGap, now, senders, watchFrames }
  from "./sfu.mjs";

if (!hasJanus()) {
  console.log("there is no janus on this machine: skipped");
  process.exit(77);
}
enter();

const { ADDRESS } = await import("./lan.mjs");
const { STAMP } = await import("./program.mjs");
const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, Native, joinLink, until, untilPictures, untilState } =
  await import("./people.mjs");

const NATIVES = 5;
const MORE = 5;
const MESH_MAX = 7;
const MEASURE_S = 8;
const LONG_MS = 120000; // twelve encoders and as many decoders each on two processors
const GAP_MS = 1000;
const TICKS = 100; // a second has that many in /proc/PID/stat

async function serve(janus) {
  const secret = join(janus.folder, "api-secret");
  writeFileSync(secret, `${API_SECRET}\n`, { mode: 0o600 });
  const server = new Native(["server", "--port", "8443", "--sfu", SFU, "--sfu-secret-file",
    secret, "--mesh-max", String(MESH_MAX), "--mesh-return", "4"]);
  const { port } = await server.event("serving");

  server.address = `${ADDRESS}:${port}`;
  server.link = `https://${server.address}/?meeting=blue`;
  return server;
}

async function join1(server, user) {
  const native = new Native(["join", `videomeet://${server.address}/blue`, "--user", user,
    "--source", STAMP]);
  await native.event("joined", {}, LONG_MS);
  return native;
}

async function come(browser, server, user) {
  const page = await browser.page();

  await page.addInitScript(watchFrames);
  await page.goto(joinLink(server.link, user));
  await untilState(page, "joined");
  return page;
}

function ticksOf({ process: { pid } }) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");

  return Number(fields[11]) + Number(fields[12]);
}

// Bytes of media that a page has sent, over all its connections.
const sentBy = (page) => page.evaluate(async () => {
  let sent = 0;
  for (const pc of window.connections.filter((c) => c.connectionState === "connected"))
    for (const r of (await pc.getStats()).values())
      if (r.type === "transport") sent += r.bytesSent;
  return sent;
});

// {cpu: % of a processor of a device, upload: kbit/s of a page}
async function measure(native, page) {
  const before = [ticksOf(native), await sentBy(page), performance.now()];
  await new Promise((resolve) => { setTimeout(resolve, MEASURE_S * 1000); });
  const seconds = (performance.now() - before[2]) / 1000;

  return { cpu: Math.round((ticksOf(native) - before[0]) / TICKS / seconds * 100),
    upload: Math.round((await sentBy(page) - before[1]) * 8 / 1000 / seconds) };
}

// How often each of the page's others has stood still for how long since then; what its own
// picture stood still meanwhile was the machine's.
async function gaps(page, own, from) {
  const ids = await page.evaluate(() => [...new Set([...document.querySelectorAll(
    "video[data-participant]")].filter(({ dataset }) => dataset.kind === "camera")
    .map(({ dataset }) => dataset.participant))]);
  const stalled = await longestGap(page, own, from);
  const found = {};

  for (const id of ids) if (id !== own) found[id] = Math.round(await longestGap(page, id, from));
  return { found, stalled: Math.round(stalled) };
}

test("seven grow to twelve and shrink to three", async () => {
  const janus = await Janus.start();
  const server = await serve(janus);
  const natives = [];
  for (let i = 0; i < NATIVES; i++) natives.push(await join1(server, `Device ${i}`));
  const browser = await Browser.start();
  const dan = await come(browser, server, "Dan");
  const eve = await come(browser, server, "Eve");
  const both = [dan, eve];
  await Promise.all(both.map((page) => untilPictures(page, 6, LONG_MS)));
  equal(await connections(dan), { direct: 6, byServer: 0 }, "seven have a mesh");
  const mesh = await measure(natives[0], dan);
  console.log(`seven in a mesh: ${JSON.stringify(mesh)}`);

  const grow = await now(dan);
  const more = [];
  for (let i = 0; i < MORE; i++) more.push(await join1(server, `Later ${i}`));
  await Promise.all(both.map((page) => until(async () =>
    JSON.stringify(await connections(page)) === '{"direct":0,"byServer":2}', LONG_MS,
  "all by the server").catch(async (error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await connections(page))}`);
  })));
  await Promise.all(both.map((page) => untilPictures(page, 11, LONG_MS)));
  const grown = await gaps(dan, "p006", grow);
  console.log(`to the SFU: ${JSON.stringify(grown)}`);
  const sfu = await measure(natives[0], dan);
  console.log(`twelve on the SFU: ${JSON.stringify(sfu)}`);
  for (const page of both) equal(await senders(page), 1, "pictures are encoded and sent once");
  assert(sfu.upload < mesh.upload, "a page uploads less to more participants");

  const back = await now(dan);
  for (const native of [...more, ...natives.slice(1)]) await native.end();
  await Promise.all(both.map((page) => until(async () =>
    JSON.stringify(await connections(page)) === '{"direct":2,"byServer":0}', LONG_MS,
  "all by the mesh")));
  await Promise.all(both.map((page) => untilPictures(page, 2, LONG_MS)));
  const shrunk = await gaps(dan, "p006", back);
  console.log(`back to the mesh: ${JSON.stringify(shrunk)}`);
  for (const { found, stalled } of [grown, shrunk])
    for (const [id, ms] of Object.entries(found))
      assert(ms <= GAP_MS + stalled, `no frame of ${id} for ${ms} ms`);
  for (const page of both) equal(page.faults, [], "faults of the page");
}, 600000);

await main();
