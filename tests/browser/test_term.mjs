// SPDX-License-Identifier: LGPL-2.1-or-later

// A terminal that a device shares, in the page: what is on its screen, who may type, and
// what a command cannot do to those who watch. With VM_SCREENSHOTS=FOLDER a picture of each
// view is kept.

import { enter } from "./lan.mjs";

enter();

const { execFileSync } = await import("node:child_process");
const { readFileSync } = await import("node:fs");
const { join } = await import("node:path");
const { fileURLToPath } = await import("node:url");
const { assert, equal, main, test } = await import("./check.mjs");
const { Browser, Native, STEP_MS, until, untilState } = await import("./people.mjs");
const { Program } = await import("./program.mjs");
const { load } = await import("./webmodules.mjs");

const KEPT = process.env.VM_SCREENSHOTS;
const PAGES_MAX = 8; // agent-priv.h
const TABS_MAX = 3; // from the name of a terminal past its screen
const TOP = fileURLToPath(new URL("../..", import.meta.url));
const { NUMBERS_MAX, NUMBER_MAX, REPEAT_MAX, SEQUENCE_MAX, TermFilter } =
  await load("net/termfilter.js");
const { TermView } = await load("net/termview.js");
const messages = await load("net/termmessage.js");

async function serve(...args) {
  const server = new Native(["server", "--port", "8443", "--room-size", "12", "--insecure",
    ...args]);
  const { port } = await server.event("serving");

  // a page of this machine itself is secure without TLS
  server.link = `http://localhost:${port}/`;
  return server;
}

// Ann's terminal with that command.
async function share(server, command, ...args) {
  const ann = new Program("videomeet", ["term", "share", "--json", "--server", server.link,
    "--room", "lab", "--user", "Ann", "--policy", "open", ...args, "--", "sh", "-c", command]);

  ann.id = (await ann.event("ready")).deviceId;
  return ann;
}

// What a test sees of the page from inside: violations of its policy, and its channels.
function lookInside() {
  window.violations = [];
  document.addEventListener("securitypolicyviolation",
    (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  window.ownChannels = [];
  window.sentTypes = []; // of the messages of `term`
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function createDataChannel(...args) {
    const channel = create.apply(this, args);
    window.ownChannels.push(channel);
    const send = channel.send.bind(channel);
    channel.send = (data) => {
      if (args[0] === "term") window.sentTypes.push(new Uint8Array(data)[4]);
      send(data);
    };
    return channel;
  };
}

async function watch(browser, server, user, options) {
  const page = await browser.page(options);

  await page.addInitScript(lookInside);
  await page.goto(`${server.link}term.html?room=lab&user=${user}&join=1&terminal=Ann`);
  await untilState(page, "viewing");
  return page;
}

const screen = (page) => page.locator(".xterm-rows").innerText()
  .then((text) => text.replaceAll("\u00a0", " "));
const text = (page, id) => page.locator(`#${id}`).innerText();

function shows(page, wanted) {
  return until(async () => (await screen(page)).includes(wanted), STEP_MS,
    `${wanted} on the screen`).catch(async (error) => {
    throw new Error(`${error.message}; there is: ${await screen(page).catch(String)}`
      + ` ${await text(page, "view-note")} ${await text(page, "notice").catch(() => "")}`);
  });
}

function says(page, id, part) {
  return until(async () => (await text(page, id)).includes(part), STEP_MS,
    `${part} in #${id}`).catch(async (error) => {
    throw new Error(`${error.message}; there is: ${await text(page, id)}`);
  });
}

// The browser itself writes down each request that a lost server does not answer.
async function isQuiet(page, lost = false) {
  equal(await page.evaluate(() => window.violations), [], "violations of the policy");
  equal(page.faults.filter((fault) => !(lost && fault.includes("ERR_CONNECTION_REFUSED"))), [],
    "faults");
}

test("what a command shows, for who was there and who comes late", async () => {
  const server = await serve();
  const browser = await Browser.start();
  const ann = await share(server, "echo first-line; sleep 2; printf 'wide 漢字 e\\xcc\\x81 '; "
    + "printf '\\033[38;5;196mred\\033[0m\\n'; exec sleep 600");
  const bob = await watch(browser, server, "Bob");

  await shows(bob, "first-line");
  await shows(bob, "wide 漢字");
  const carol = await watch(browser, server, "Carol");
  await shows(carol, "first-line");
  await shows(carol, "red");
  await says(carol, "view-note", "2 watch");
  await says(carol, "device", `The device ${ann.id} has proven itself by its key`);
  await isQuiet(bob);
  await isQuiet(carol);
});

test("the list of terminals, as they come and go", async () => {
  const server = await serve();
  const browser = await Browser.start();
  const page = await browser.page();

  await page.goto(`${server.link}term.html`);
  await page.click("#enter .primary");
  equal(await text(page, "user-error"), "Others see who watches: say your name.", "no name");
  await page.fill("#user", "Bob");
  await page.fill("#room", "lab");
  await page.click("#enter .primary");
  await untilState(page, "choosing");
  assert(await page.isVisible("#none"), "there is no terminal");
  const ann = await share(server, "echo hello-there; exec sleep 600");
  await page.click(`#terminals [data-device="${ann.id}"]`);
  await shows(page, "hello-there");
  await page.click("#back");
  await untilState(page, "choosing");
  await ann.end();
  await until(() => page.isVisible("#none"), STEP_MS, "the terminal is gone");
  equal(page.faults, [], "faults");
});

test("who may types, and gives it back; who may not is refused", async () => {
  const server = await serve();
  const browser = await Browser.start();

  await share(server, "stty -echo; echo ready; while read -r line; do echo \"got $line\"; done",
    "--allow", "Bob=terminal:view,terminal:control", "--allow", "Carl=terminal:control");
  const bob = await watch(browser, server, "Bob");
  const eve = await watch(browser, server, "Eve");
  await Promise.all([shows(bob, "ready"), shows(eve, "ready")]);

  // without control nothing is typed
  await bob.locator("#screen").click();
  await bob.keyboard.type("unheard\n");
  await eve.click("#control");
  await says(eve, "notice", "has not allowed \"Eve\" to control the terminal");
  // not by a page of one's own making either
  await eve.evaluate((bytes) => window.ownChannels.find(({ label }) => label === "term")
    .send(new Uint8Array(bytes)), [...messages.write(messages.TERM_IN,
    new TextEncoder().encode("smuggled\n"))]);
  await says(eve, "notice", "Only who controls the terminal types into it");

  await bob.click("#control");
  await says(bob, "view-note", "You control it");
  await says(eve, "view-note", "Bob controls it");
  await bob.keyboard.type("from a browser\n");
  await Promise.all([shows(bob, "got from a browser"), shows(eve, "got from a browser")]);
  assert(!/unheard|smuggled/.test(await screen(bob)), "what nobody was to type is there");
  await bob.click("#control");
  await until(async () => !(await text(bob, "view-note")).includes("control"), STEP_MS,
    "control is given back");
  await bob.locator("#screen").click();
  await bob.keyboard.type("too late\n");
  await isQuiet(bob);
  await isQuiet(eve);
  assert(!(await screen(bob)).includes("too late"), "typed without control");
  // the server knows that it is given back, too
  const carl = await watch(browser, server, "Carl");
  await shows(carl, "ready");
  await carl.click("#control");
  await says(carl, "view-note", "You control it");
  await isQuiet(carl);
});

test("the keyboard gets out of the screen, of who watches and of who types", async () => {
  const server = await serve();
  const browser = await Browser.start();

  await share(server, "echo ready; exec sleep 600", "--allow",
    "Bob=terminal:view,terminal:control");
  const bob = await watch(browser, server, "Bob");
  const isAt = async (wanted, what) => equal(await bob.evaluate(() => {
    const { id, className } = document.activeElement;
    return id || className;
  }), wanted, what);

  await shows(bob, "ready");
  await isAt("view-name", "at first");
  for (let i = 0; i < TABS_MAX && !await bob.evaluate(() =>
    document.activeElement.id === "control"); i++) await bob.keyboard.press("Tab");
  await isAt("control", "who watches");
  await bob.keyboard.press("Enter");
  await says(bob, "view-note", "You control it. Ctrl+Shift+Enter takes the keyboard out");
  await bob.keyboard.press("Tab");
  await isAt("xterm-helper-textarea", "Tab is typed");
  await bob.keyboard.press("Control+Shift+Enter");
  await isAt("control", "who types");
  await watch(browser, server, "Eve");
  await says(bob, "view-note", "Eve");
  await isAt("control", "when another one watches");
  await says(bob, "view-note", "You control it");
  await isQuiet(bob);
});

test("control that was not asked for is given back", () => {
  const said = [];
  const line = { room: "lab", peerId: "p1", send: (...all) => said.push(all) };
  const view = new TermView(line, "dev-a");

  view.hearControl("terminal.control.granted", { peer_id: "p2" });
  equal(said, [], "it is another one's");
  view.hearControl("terminal.control.granted", { peer_id: "p1" });
  equal(view.controls, false, "controls");
  equal(said, [["terminal.control.release", { room_id: "lab", target_device_id: "dev-a" }]],
    "what the server is told");
});

test("a late take-back is no answer to a new question", async () => {
  const channels = {};
  const { RTCPeerConnection } = globalThis;

  globalThis.RTCPeerConnection = class {
    createDataChannel(label) { return channels[label] = { send() {}, readyState: "open" }; }
    async setLocalDescription() { this.localDescription = { sdp: "" }; }
    close() {}
  };
  try {
    const line = { room: "lab", peerId: "p1", send() {}, capability: async () => "" };
    const view = new TermView(line, "dev-a");
    const said = [];
    const hear = (action) => channels.term.onmessage({ data: Uint8Array.from(
      messages.writeJson(messages.TERM_CONTROL, { action, message: action })).buffer });

    view.addEventListener("notice", ({ detail }) => said.push(detail));
    await view.start();
    channels.term.onopen();
    view.askControl();
    hear("take-back");
    equal([view.isAsking, said], [true, []], "it still asks");
    hear("denied");
    equal([view.isAsking, said], [false, ["denied."]], "the answer is heard");
    view.askControl();
    hear("token");
    hear("take-back");
    equal([view.isAsking, said], [false, ["denied.", "take-back."]], "after the token it counts");
    view.askControl();
    view.hearControl("terminal.control.granted", { peer_id: "p1" });
    equal(view.controls, true, "controls");
    hear("take-back");
    equal(view.controls, false, "controls after it is taken back");
    view.end();
  } finally {
    globalThis.RTCPeerConnection = RTCPeerConnection;
  }
});

test("a stranger sees nothing under another policy", async () => {
  const server = await serve();
  const browser = await Browser.start();

  await share(server, "echo secret; exec sleep 600", "--policy", "pin");
  const bob = await watch(browser, server, "Bob");
  await says(bob, "notice", "A browser has no key by which this device would know it");
  assert(!(await screen(bob)).includes("secret"), "it is on the screen");
});

// OSC 52, titles, questions with answers, DCS, a link, a bell, window operations.
const HOSTILE = "\\033]52;c;c3RvbGVu\\007\\033]0;owned\\007\\033]2;owned\\033\\\\\\033[c\\033[6n"
  + "\\033[>c\\033[21t\\033]8;;javascript:alert(1)\\007link\\033]8;;\\007\\033P$qm\\033\\\\\\033[?6n"
  + "\\033]10;?\\007\\033]4;1;?\\007\\033[?2026$p\\033[3;0;0t\\033_G\\033\\\\\\005";

test("what a command, and a device that filters nothing, cannot do to who watches", async () => {
  const server = await serve();
  const browser = await Browser.start();

  await share(server, `stty -echo; printf '${HOSTILE}'; echo shown; exec sleep 600`, "--allow",
    "Bob=terminal:view,terminal:control");
  const bob = await watch(browser, server, "Bob");
  await bob.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await shows(bob, "shown");
  await bob.evaluate(() => navigator.clipboard.writeText("before"));
  await bob.click("#control");
  await says(bob, "view-note", "You control it");
  // the same once more, as if it came from the device
  const raw = execFileSync("printf", [`${HOSTILE}after-it`]);
  await bob.evaluate((bytes) => window.ownChannels.find(({ label }) => label === "term")
    .onmessage({ data: new Uint8Array(bytes).buffer }),
  [...messages.write(messages.TERM_OUT, raw)]);
  await shows(bob, "after-it");
  equal(await bob.title(), "Terminals", "the title");
  equal(await bob.evaluate(() => navigator.clipboard.readText()), "before", "the clipboard");
  assert(!(await bob.evaluate(() => window.sentTypes)).includes(messages.TERM_IN),
    "the page has answered as if somebody typed");
  equal(await bob.locator("#screen a").count(), 0, "links");
  await bob.keyboard.type("x");
  await until(async () => (await bob.evaluate(() => window.sentTypes))
    .includes(messages.TERM_IN), STEP_MS, "what is typed");
  await isQuiet(bob);
});

test("what the page lets through, whatever the device sends", () => {
  const filter = (...parts) => {
    const made = new TermFilter();
    return parts.map((part) => made.filter(part)).join("");
  };

  equal(filter("a\x1b]52;c;c3Rv\x07b"), "ab", "the clipboard");
  equal(filter("a\x1b]0;ow", "ned\x1b", "\\b"), "ab", "a title in pieces");
  equal(filter("\x1bP$qm\x1b\\\x1b_G\x1b\\\x1b^x\x1b\\\x1bXy\x1b\\z"), "z", "strings");
  equal(filter("\x9d52;c;x\x9cz\x9bc"), "52;c;xzc", "C1");
  equal(filter("\x1b[c\x1b[>c\x1b[6n\x1b[?6n\x1b[21t\x1b[?1$p\x1b[=c\x1b[x"), "", "questions");
  equal(filter("\x1b]0;x\x1b[31mred"), "\x1b[31mred", "a string that another sequence ends");
  equal(filter("\x1b[31", "m\x1b[?25l\x1b[2J\x1b[1;2H\x1b[4:3m\x1b[2 q"),
    "\x1b[31m\x1b[?25l\x1b[2J\x1b[1;2H\x1b[4:3m\x1b[2 q", "what draws");
  equal(filter("\x1b[?9999h\x1b[?1049h\x1b[?1;9999h"), "\x1b[?1049h", "modes");
  const csi = (parameters, final) => filter(`\x1b[${parameters}${final}`) !== "";
  const sizes = (make, max) => [max - 1, max, max + 1].map(make);
  equal(sizes((count) => csi("1".padStart(count - 1, "0"), "m"), SEQUENCE_MAX),
    [true, true, false], "the length of one");
  equal(sizes((count) => csi(Array(count).fill(1).join(";"), "m"), NUMBERS_MAX),
    [true, true, false], "how many numbers");
  equal(sizes((count) => csi(count, "C"), NUMBER_MAX), [true, true, false], "a number");
  equal(sizes((count) => csi(count, "b"), REPEAT_MAX), [true, true, false], "repetition");
  equal(["", "0", "1", "2", "3", "?3"].map((what) => csi(what, "J")),
    [true, true, true, true, false, false], "what is erased");
  equal(filter("\x1b(0q\x1b(B\x1b7\x1b8\x1b=\x1bM\x1b#8"), "\x1b(0q\x1b(B\x1b7\x1b8\x1b=\x1bM",
    "escapes");
  equal(filter("\x05\x00\x07\t"), "\x07\t", "controls");
  equal(filter("\x1b]0;\x18x"), "x", "one that is broken off");
});

test("messages that cannot be read are passed over", () => {
  const { read, write, writeJson, TERM_OUT, TERM_RESIZE, OUT_MAX, COLS_MAX, ROWS_MAX } = messages;
  const size = (cols, rows) => read(writeJson(TERM_RESIZE, { cols, rows }).buffer);

  assert(read(write(TERM_OUT, new Uint8Array(OUT_MAX)).buffer), "the largest");
  equal(read(write(TERM_OUT, new Uint8Array(OUT_MAX + 1)).buffer), null, "a larger one");
  equal(size(COLS_MAX, ROWS_MAX).value, { cols: COLS_MAX, rows: ROWS_MAX }, "the largest size");
  equal([size(COLS_MAX + 1, 1), size(1, ROWS_MAX + 1), size(0, 1), size(1.5, 1)],
    [null, null, null, null], "sizes");
  equal(read(write(200, new Uint8Array(1)).buffer), null, "another type");
  equal(read(new ArrayBuffer(4)), null, "no header");
  equal(read(write(TERM_RESIZE, new Uint8Array([0xff])).buffer), null, "no JSON");
  const cut = write(TERM_OUT, new Uint8Array(8)).slice(0, 10);
  equal(read(cut.buffer), null, "a part of one");
});

test(`${PAGES_MAX} browsers at a time, and one more when one has gone`, async () => {
  const server = await serve();
  const browser = await Browser.start();

  await share(server, "echo crowd; exec sleep 600");
  const pages = [];
  for (let i = 0; i < PAGES_MAX; i++) {
    pages.push(await watch(browser, server, `User${i}`));
    await shows(pages.at(-1), "crowd");
  }
  const late = await watch(browser, server, "Late");
  await says(late, "notice", `A terminal is shown in ${PAGES_MAX} browsers at a time`);
  await pages[0].close();
  await late.reload();
  await shows(late, "crowd");
});

test("a page whose server is lost goes on, and can take control when it is back", async () => {
  const server = await serve();
  const browser = await Browser.start();

  await share(server, "stty -echo; (i=0; while :; do i=$((i+1)); echo \"tick $i\"; sleep .3; "
    + "done) & while read -r line; do echo \"got $line\"; done", "--allow",
  "Bob=terminal:view,terminal:control");
  const bob = await watch(browser, server, "Bob");
  await shows(bob, "tick 2");
  await server.end();
  await says(bob, "view-note", "The server does not answer; the terminal needs none");
  const before = await screen(bob);
  await until(async () => await screen(bob) !== before, STEP_MS, "the screen goes on");
  await serve();
  await until(() => bob.isEnabled("#control"), STEP_MS, "the server is back");
  await bob.click("#control");
  await says(bob, "view-note", "You control it");
  await bob.keyboard.type("still here\n");
  await shows(bob, "got still here");
  await isQuiet(bob, true);
});

test("xterm.js is the one of the package", () => {
  const of = (...path) => readFileSync(join(...path), "utf8");
  const npm = join(TOP, "tests/browser/node_modules/@xterm/xterm");
  const own = join(TOP, "tools/web/xterm");

  assert(of(npm, "lib/xterm.mjs") === of(own, "xterm.mjs"), "xterm.mjs differs");
  assert(of(npm, "css/xterm.css") === of(own, "xterm.css"), "xterm.css differs");
  assert(of(npm, "LICENSE") === of(own, "LICENSE"), "LICENSE differs");
});

// A phone and a desk, by day and by night.
const LOOKS = [["phone", { viewport: { width: 390, height: 844 }, hasTouch: true,
  isMobile: true }], ["desk", { viewport: { width: 1280, height: 800 } }]];
const PICTURE = "printf '\\033[1;32mann@desk\\033[0m:\\033[1;34m~/project\\033[0m$ ls\\n"
  + "\\033[34mdocs\\033[0m  \\033[32mrun\\033[0m  README.md  notes.txt\\n"
  + "\\033[31merror:\\033[0m \\033[33mwarning\\033[0m \\033[36mnote\\033[0m \\033[7mreverse\\033[0m "
  + "\\033[48;5;25m\\033[97m status \\033[0m\\n'; exec sleep 600";

test("how it looks, on a phone and at a desk, by day and by night", async () => {
  const server = await serve();
  const browser = await Browser.start();

  await share(server, PICTURE, "--allow", "Bob=terminal:view,terminal:control");
  for (const [device, options] of LOOKS) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await watch(browser, server, "Bob", { ...options, colorScheme });
      const keep = async (view) => {
        equal(await page.evaluate(() =>
          document.documentElement.scrollWidth > document.documentElement.clientWidth), false,
        `${view} is wider than the window`);
        if (KEPT) await page.screenshot({ path: `${KEPT}/term-${view}-${device}-${colorScheme}.png` });
      };

      await shows(page, "README.md");
      await keep("view");
      await page.click("#control");
      await says(page, "view-note", "You control it");
      await keep("control");
      await page.click("#back");
      await untilState(page, "choosing");
      await keep("list");
      await page.click("#leave");
      await untilState(page, "out");
      await keep("out");
      await isQuiet(page);
      await page.close();
    }
  }
});

await main();
