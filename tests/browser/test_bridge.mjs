// SPDX-License-Identifier: LGPL-2.1-or-later

// Alice, in Chromium, in a room of Janus that the bridge of a meeting is in, too: she and
// all who are in the meeting see each other. Skipped where there is no Janus, as in
// Debian 13.

import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync,
  writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { enter } from "./lan.mjs";

const JANUS = "/usr/bin/janus";

if (!existsSync(JANUS)) {
  console.log("test_bridge: there is no janus on this machine: skipped");
  process.exit(77);
}
enter();

const { ADDRESS } = await import("./lan.mjs");
const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, STEP_MS, guest, host, until } = await import("./people.mjs");
const { Program, atEnd } = await import("./program.mjs");

const PORT = 8188;
const ROOM = 4711;
const URI = `ws://${ADDRESS}:${PORT}`;
const SEEN = 20; // pictures that make sure that they move
const MARK = / ⟨[^⟩]*⟩$/u;

// The files of a plugin or transport: where they are, and those that are not wanted.
function libraries(kind, wanted) {
  const root = "/usr/lib";
  const folder = readdirSync(root).map((name) => join(root, name, "janus", kind))
    .find((name) => existsSync(name));
  const others = readdirSync(folder).filter((name) => /^lib.*\.so$/.test(name)
    && !name.includes(wanted));

  return { folder, others: others.join(",") };
}

async function startJanus() {
  const folder = mkdtempSync(join(tmpdir(), "vm-janus-"));
  const plugins = libraries("plugins", "videoroom");
  const transports = libraries("transports", "websockets");
  const files = {
    "janus": `general: { plugins_folder = "${plugins.folder}"
      transports_folder = "${transports.folder}" }
      nat: { full_trickle = true }
      media: { rtp_port_range = "20000-21999" }
      plugins: { disable = "${plugins.others}" }
      transports: { disable = "${transports.others}" }`,
    "janus.transport.websockets": `general: { json = "compact", ws = true, ws_port = ${PORT},
      ws_ip = "${ADDRESS}", wss = false }
      admin: { admin_ws = false }`,
    "janus.plugin.videoroom": `room-${ROOM}: { description = "lab", publishers = 12,
      audiocodec = "opus", videocodec = "vp8" }`,
  };

  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, `${name}.jcfg`), `${text}\n`);
  atEnd(async () => rmSync(folder, { recursive: true, force: true }));
  const janus = new Program(JANUS, ["-F", folder]);
  await janus.wait(() => janus.other.some((line) => line.includes("Websockets server started")),
    STEP_MS, "Janus listens");
}

// A camera is given to pages of this machine's own address alone.
async function startPage() {
  const files = {
    "/": ["text/html", "<!doctype html><meta charset=utf-8><title>Janus</title>"
      + "<link rel=icon href=data:,><script src=/januspage.js></script>"],
    "/januspage.js": ["text/javascript",
      readFileSync(new URL("januspage.js", import.meta.url))],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[request.url] ?? ["text/plain", ""];

    response.setHeader("Content-Type", type);
    response.end(body);
  });

  await new Promise((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  atEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}/`;
}

// [[name, pictures so far]], of all elements that there are.
const pictures = (page) => page.$$eval("video", (list) => list.map((video) =>
  [video.dataset.name, video.getVideoPlaybackQuality().totalVideoFrames]).sort());

const names = (list) => list.map(([name]) => name.replace(MARK, "")).sort();

test("Alice and all who are in the meeting see each other", async () => {
  await startJanus();
  const address = await startPage();
  const bob = await host({ user: "Bob" });
  const carl = guest(bob, { user: "Carl" });
  const dave = guest(bob, { user: "Dave", args: ["--cloud", `janus+${URI}/${ROOM}`] });
  await dave.event("bridge", { state: "opened" });

  const browser = await Browser.start();
  const alice = await browser.page();
  await alice.goto(address);
  await alice.evaluate(([uri, room]) => window.enterRoom(uri, room, "Alice"), [URI, ROOM]);

  const locals = ["Bob", "Carl", "Dave"];
  const first = await until(async () => {
    const list = await pictures(alice);
    return names(list).join() === locals.join() && list.every(([, n]) => n > 0) && list;
  }, STEP_MS, "a picture of each").catch(async (error) => {
    const said = dave.lines.filter(({ event }) => ["bridge", "warning"].includes(event));
    throw new Error(`${error.message}; there are ${JSON.stringify(await pictures(alice))}; `
      + `${JSON.stringify(await alice.evaluate(() => window.describeRoom()))}; `
      + `Dave: ${JSON.stringify(said)}; ${alice.faults}`);
  });
  await until(async () => (await pictures(alice)).every(([, n], i) => n > first[i][1] + SEEN),
    STEP_MS, "pictures that move");
  equal(names(await pictures(alice)), locals, "whom Alice sees, each once");
  for (const [name] of await pictures(alice))
    assert(MARK.test(name), `the room sees whom the bridge has brought: ${name}`);

  for (const native of [bob, carl, dave]) {
    const { id, origin } = await native.event("participant-joined", { user: "Alice" });
    equal(origin, "cloud", "where she is");
    await native.event("participant-state", { id, state: "connected" });
  }
  await new Promise((resolve) => { setTimeout(resolve, 4000); });
  for (const native of [carl, dave, bob]) {
    const seen = (await native.summary()).filter(({ user }) => user === "Alice");
    equal(seen.length, 1, "Alice, once");
    assert(seen[0].videoFrames > SEEN, `Alice's picture: ${seen[0].videoFrames}`);
    assert(seen[0].audioBuffers > SEEN, `Alice's sound: ${seen[0].audioBuffers}`);
  }
  equal(alice.faults, [], "faults of the page");
});

await main();
