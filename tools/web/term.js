// SPDX-License-Identifier: LGPL-2.1-or-later

// The page of the terminals of a room. body[data-state] is out, joining, choosing or viewing,
// body[data-view] that of the view. /term.html?room=ROOM&user=NAME&join=1 enters without a
// click, terminal=USER shows that user's terminal (or that of the device of this id) at once.

import { isLed, keep, mayBegin } from "./arrival.js";
import { $, element, setText } from "./view/dom.js";
import { hold } from "./held.js";
import { utf8 } from "./bytes.js";
import { MeshLine } from "./net/meshline.js";
import { TermView } from "./net/termview.js";
import { TermScreen } from "./view/termscreen.js";

const TERMINALS_MAX = 64;
const asked = new URLSearchParams(location.search);
const line = new MeshLine();
const terminals = new Map(); // device -> the name of its user
let wanted = asked.get("terminal") || "";
let view = null;
let screen = null;

const KEYS = { escape: () => utf8("\x1b"), tab: () => utf8("\t"), interrupt: () => utf8("\x03"),
  up: () => screen.arrow("A"), down: () => screen.arrow("B"), right: () => screen.arrow("C"),
  left: () => screen.arrow("D") };

function tell(sentence) {
  setText($("notice"), sentence);
  $("notice").hidden = sentence === "";
}

function complain(id, sentence) {
  setText($(`${id}-error`), sentence);
  if (sentence) $(id).setAttribute("aria-invalid", "true");
  else $(id).removeAttribute("aria-invalid");
}

// --- what is shown ---

function state() {
  if (line.state === "out") return "out";
  if (view) return "viewing";
  return line.state === "joining" ? "joining" : "choosing";
}

const WORDS = {
  out: ["idle", () => "You are in no room yet."],
  joining: ["idle", () => "Entering the room."],
  lost: ["bad", () => "The server does not answer. Asking again."],
  joined: ["good", () => `You are in ${line.room}.`],
};

function people(names) {
  const others = names.length;

  return others === 1 ? "Only you watch." : `${others} watch: ${names.join(", ")}.`;
}

function noteOf({ state: at, status, controls }) {
  if (at === "connecting") return "Connecting to the device.";
  if (at === "lost") return "The connection is lost; trying again.";
  if (at === "ended") return "It is over.";
  const who = controls ? "You control it. Ctrl+Shift+Enter takes the keyboard out of the screen."
    : status.controller ? `${status.controller} controls it.` : "";
  return [who, status.viewers.length ? people(status.viewers) : ""].filter(Boolean).join(" ");
}

function showView() {
  const { device, checked, controls, status } = view;
  const user = terminals.get(device) || view.user;

  document.body.dataset.view = view.state;
  setText($("view-name"), status.command ? `${user}: ${status.command}` : `Terminal of ${user}`);
  setText($("view-note"), line.state === "lost"
    ? `${noteOf(view)} The server does not answer; the terminal needs none.` : noteOf(view));
  setText($("control"), controls ? "Give control back" : view.isAsking ? "Asking for control"
    : "Take control");
  // it is the server that gives it, while the device is there too
  $("control").disabled = view.state !== "connected" || view.isAsking
    || (!controls && (line.state !== "joined" || !terminals.has(device)));
  $("keys").hidden = !controls;
  setText($("device"), checked
    ? `The device ${device} has proven itself by its key. Compare the id with what`
      + ` ${user} sees.`
    : view.state === "connected"
      ? `This page is not secure, so it cannot check that the terminal is that of ${device}.`
      : `Device ${device}`);
  if (screen) screen.takes = controls;
}

function showTerminals() {
  const items = [...terminals].map(([device, user]) => {
    const button = element("button", { type: "button", className: "plain",
      dataset: { device } }, user || device,
    element("small", { textContent: `Device ${device}` }));

    button.onclick = () => open(device);
    return element("li", {}, button);
  });

  $("none").hidden = items.length > 0;
  $("terminals").replaceChildren(...items);
}

function show() {
  const now = state();
  const [dot, sentence] = WORDS[line.state];

  document.body.dataset.state = now;
  $("dot").className = `dot ${dot}`;
  setText($("state-text"), sentence());
  $("enter").hidden = now !== "out" && now !== "joining";
  for (const input of $("enter").elements) input.disabled = now === "joining";
  $("choice").hidden = now !== "choosing";
  $("view").hidden = now !== "viewing";
  if (view) showView();
}

// --- a terminal ---

function typed(bytes) {
  view?.type(bytes);
}

function close() {
  view?.end();
  view = null;
  screen?.close();
  screen = null;
  $("screen").replaceChildren();
  delete document.body.dataset.view;
}

function open(device) {
  const made = new TermView(line, device);

  close();
  tell("");
  wanted = "";
  view = made;
  view.user = terminals.get(device) || device;
  show();
  screen = new TermScreen($("screen"), typed, () => $("control").focus());
  const ours = (func) => (event) => { if (view === made) func(event.detail); };

  made.addEventListener("state", ours(show));
  made.addEventListener("status", ours(showView));
  made.addEventListener("notice", ours(tell));
  made.addEventListener("size", ours((size) => screen.resize(size)));
  made.addEventListener("output", ours((output) => screen.write(output)));
  made.start();
  $("view-name").focus();
}

function forget(device) {
  if (!terminals.delete(device)) return;
  showTerminals();
  if (view?.device === device && view.state !== "connected")
    view.end("The device is not in the room any more.");
}

// Somebody shares a terminal, or is back with it.
function learn(device, user) {
  if (terminals.size >= TERMINALS_MAX && !terminals.has(device)) return;
  terminals.set(device, user);
  showTerminals();
  if (view?.device === device) view.start();
  else if (!view && wanted && (wanted === device || wanted === user)) open(device);
}

const text = (value) => (typeof value === "string" ? value : "");

function hear({ type, payload, from }) {
  if (type === "room.joined") {
    if (payload.role === "agent" && payload.terminal === true)
      learn(text(payload.peer_id), text(payload.user));
  } else if (type === "terminal.share.started") {
    if (!terminals.has(from)) learn(from, text(payload.user));
  } else if (type === "presence.update") {
    if (payload.status === "offline") forget(payload.peer_id);
  } else if (type.startsWith("terminal.control.")) {
    if (view?.device === payload.target_device_id) view.hearControl(type, payload);
  } else if (type === "rtc.offer" && from !== view?.device) {
    // a page that calls: here are terminals only
    line.send("error", { target_peer_id: from, code: "P2P_SESSION_DENIED",
      message: "This page shows terminals only" }, from);
  } else if (type === "error" && from === "server") {
    tell(`${text(payload.message) || "The server refuses"}.`);
  } else if (from === view?.device) {
    view.hear({ type, payload });
  }
}

line.addEventListener("message", ({ detail }) => hear(detail));
line.addEventListener("state", () => {
  if (line.state === "out") {
    close();
    terminals.clear();
    if (line.error) tell(`${line.error.message}.`);
  } else if (line.state === "joined" && !view) {
    tell("");
  }
  // who is still there is told anew
  if (line.state === "lost") terminals.clear();
  if (line.state !== "lost" || !view) showTerminals();
  show();
});

// --- what is pressed ---

function enter() {
  const user = $("user").value.trim();
  const room = $("room").value.trim();

  complain("user", user ? "" : "Others see who watches: say your name.");
  complain("room", room ? "" : "Say which room.");
  tell("");
  if (user && room) line.join(user, room, $("pin").value);
}

$("enter").onsubmit = (event) => {
  event.preventDefault();
  enter();
};
$("leave").onclick = () => line.leave();
$("back").onclick = () => {
  close();
  tell("");
  show();
};
$("control").onclick = () => {
  tell("");
  if (view.controls) view.releaseControl();
  else view.askControl();
};
for (const button of $("keys").children) {
  // the screen keeps the keyboard
  button.onpointerdown = (event) => event.preventDefault();
  button.onclick = () => typed(KEYS[button.dataset.key]());
}

$("user").value = asked.get("user") || "";
$("room").value = asked.get("room") || "";
show();
addEventListener("pagehide", (event) => keep(event, line.state === "out" ? null : {}));
if (isLed) hold($("lobby").querySelectorAll("button"));
if (asked.get("join") && mayBegin && $("user").value && $("room").value) enter();
