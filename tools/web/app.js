// SPDX-License-Identifier: LGPL-2.1-or-later

// From the lobby into a meeting and back. body[data-state] is idle, joining,
// joined, failed or left. /?meeting=NAME&user=USER&join=1 joins without a click, with neither
// camera nor microphone.

import { announce } from "./view/announce.js";
import { isLed, keep, kept, mayBegin } from "./arrival.js";
import { Approval } from "./identity/approve.js";
import { Call } from "./call.js";
import { Device } from "./identity/device.js";
import { $, keepIcons } from "./view/dom.js";
import { Guest } from "./identity/guest.js";
import { hold } from "./held.js";
import { Lobby } from "./view/lobby.js";
import { LocalMedia } from "./media.js";
import { Network } from "./net/network.js";
import { SignallingError } from "./net/signalling.js";
import { Stage } from "./view/stage.js";

const asked = new URLSearchParams(location.search);
const device = new Device();
const media = new LocalMedia();
const network = new Network();
const lobby = new Lobby(device, media, network, asked);
const guest = new Guest();
const approval = new Approval();
const stage = new Stage(media, network, { device, only: asked.get("only") || "",
  clean: asked.get("clean") === "1" });
let call = null;
let sent = kept || { audio: true, camera: true }; // when the last stay ended
let approved = null; // until it is known whose page this is

function setState(state) {
  document.body.dataset.state = state;
  $("lobby").hidden = state === "joined";
}

// What the others see this device called.
function browserName() {
  const brands = navigator.userAgentData?.brands?.map(({ brand }) => brand) || [];
  const brand = brands.find((name) => !/not.?a.?brand|chromium/iu.test(name))
    || brands.find((name) => /chromium/iu.test(name));

  return brand || (/firefox/iu.test(navigator.userAgent) ? "Firefox"
    : /safari/iu.test(navigator.userAgent) ? "Safari" : "Browser");
}

// `stayed`: the id of the meeting that this page was in until now
function backToLobby(state, message, { code = "", stayed = null } = {}) {
  call = null;
  stage.detach();
  setState(state);
  hold($("lobby").querySelectorAll("button"));
  lobby.setBusy(false);
  lobby.tell(message, { code, stayed, sent });
  device.start();
}

function isOver({ kind, message, code, meetingId }) {
  sent = { audio: media.isOn("audio"), camera: media.isOn("camera") };
  media.stop();
  backToLobby(kind, message, { code, stayed: meetingId });
  announce(message, { visibly: false });
  document.title = message;
  $("title").focus();
}

async function join({ user, meeting, pin, media: withMedia }) {
  if (call) return;
  const mine = call = new Call(media, network);
  setState("joining");
  lobby.setBusy(true);
  // a camera that is missing keeps nobody out
  let fault = "";
  // who only shows somebody sends nothing; who joins again, what was sent before
  if (withMedia && !asked.get("only") && LocalMedia.isPossible && (sent.audio || sent.camera)
      && !media.tracks.camera && !media.tracks.audio)
    fault = await lobby.useMedia(sent) ? "" : lobby.note;
  if (call !== mine) return;
  mine.addEventListener("joined", () => {
    device.stop();
    setState("joined");
    lobby.setBusy(false);
    stage.attach(mine);
    if (fault) stage.tellMedia(fault);
  });
  // a host that is gone may come back, and knows nobody then
  mine.addEventListener("server", () => {
    if (call === mine) device[mine.server === "gone" ? "start" : "stop"]();
  });
  mine.addEventListener("over", ({ detail }) => {
    if (call === mine) isOver(detail);
  });
  try {
    await approved;
    await mine.join({ meeting, user, pin, device: browserName(), guest, own: approval });
  } catch (error) {
    if (call !== mine) return;
    if (!(error instanceof SignallingError)) console.error(error);
    backToLobby("failed", error.message, { code: error.code });
  }
}

lobby.addEventListener("join", ({ detail }) => join(detail));
lobby.addEventListener("cancel", () => {
  const cancelled = call;

  call = null;
  cancelled?.leave();
  backToLobby("idle", "");
});
// Away for good: the others need not wait to notice.
addEventListener("pagehide", (event) => {
  keep(event, call?.self ? { audio: media.isOn("audio"), camera: media.isOn("camera") } : null);
  call?.unload();
  media.stop();
});
// Out of the browser's memory again, where the call did not survive.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});
network.addEventListener("state", () => device.hurry());
document.addEventListener("visibilitychange", () => stage.becameVisible());

async function start() {
  const atOnce = asked.get("join") === "1" && mayBegin;

  keepIcons().catch(() => {}); // as before: each is asked for when it is drawn
  if (isLed) hold($("lobby").querySelectorAll("button"));
  approved = approval.start();
  await Promise.all([device.start(), atOnce ? null : lobby.start()]);
  if (atOnce) lobby.submit(kept !== null);
}

// A picture that waits for its first frame keeps a page from being loaded.
if (document.readyState === "complete") start();
else addEventListener("load", start);
