// SPDX-License-Identifier: LGPL-2.1-or-later

// The page of calls between users of this server. body[data-state] is out, online, lost,
// calling, ringing or talking. /phone.html?user=NAME&online=1 is there without a click.

import { isLed, keep, mayBegin } from "./arrival.js";
import { Corner } from "./view/corner.js";
import { $, dress, element, keepIcons, setText, showAvatar } from "./view/dom.js";
import { framesShown } from "./view/frames.js";
import { hold, showHeld } from "./held.js";
import { LocalMedia } from "./media.js";
import { Network } from "./net/network.js";
import { PhoneLine } from "./net/phoneline.js";
import { INSECURE, missingMedia, OFFLINE } from "./view/words.js";

const asked = new URLSearchParams(location.search);
const media = new LocalMedia();
const network = new Network();
const line = new PhoneLine(media, network);
const MISSED_MAX = 20;
const TICK_MS = 250;
const STILL_MS = 2000; // without a picture
const corner = new Corner(() => {
  $("own").style.transform = "";
  $("own").dataset.corner = corner.name;
});
let ticking = 0;
let pictures = { count: 0, at: 0 };
let online = null; // {users, more}; null: it is not known who is online

function state() {
  const { call } = line;

  if (call) return call.answered ? "talking" : call.outgoing ? "calling" : "ringing";
  return line.registered ? "online" : line.user ? "lost" : "out";
}

const WORDS = {
  out: ["idle", () => "You cannot be called yet."],
  lost: ["bad", () => (network.isOffline ? `${OFFLINE}.`
    : "The server does not answer. Asking again.")],
  online: ["good", () => `You can be called as ${line.user}.`],
  calling: ["good", () => `It rings at ${line.call.name}.`],
  ringing: ["good", () => `${line.call.name} calls.`],
  talking: ["good", () => (network.isOffline ? `${OFFLINE}.`
    : line.registered ? `You talk to ${line.call.name}.`
      : `You talk to ${line.call.name}. The server does not answer; the call needs none.`)],
};

// Why it is so silent, if it is: of a picture alone nobody knows whether it is sent.
function silence({ name, connected, missing }) {
  const sentence = connected && missing?.audio ? missingMedia(name, missing) : "";

  return sentence && `${sentence}.`;
}

// What of the server matters to a call that goes on.
function serverNote() {
  if (network.isOffline) return `${OFFLINE}.`;
  return line.registered ? "" : "The server does not answer; the call needs none.";
}

function tell(sentence) {
  setText($("notice"), sentence);
  $("notice").hidden = sentence === "";
}

function complain(id, sentence) {
  setText($(`${id}-error`), sentence);
  if (sentence) $(id).setAttribute("aria-invalid", "true");
  else $(id).removeAttribute("aria-invalid");
}

function showTime() {
  const began = line.call?.began;
  const seconds = began ? Math.floor((Date.now() - began) / 1000) : 0;
  const two = (number) => String(number).padStart(2, "0");

  $("timer").hidden = !began;
  setText($("timer"), `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`);
}

// Nobody says that a camera is off: there are no more pictures then.
function showPicture() {
  const count = framesShown($("remote"));

  if (count !== pictures.count) pictures = { count, at: Date.now() };
  const seen = count > 0 && Date.now() - pictures.at < STILL_MS;
  $("avatar").hidden = seen;
  // not hidden: a browser may count no frames of what it does not draw
  $("remote").style.opacity = seen ? 1 : 0;
}

function showTalk() {
  const { call } = line;
  const [audio, camera] = [media.isOn("audio"), media.isOn("camera")];

  setText($("talk-name"), call.name);
  setText($("talk-note"), silence(call) || call.note || (!call.connected
    ? call.answered ? "Connecting…" : "Ringing…" : serverNote()));
  showAvatar($("avatar"), call.name);
  $("own").hidden = !camera;
  if ($("local").srcObject !== media.stream) $("local").srcObject = media.stream;
  dress($("toggle-audio"), audio ? { symbol: "mic", word: "Mute", label: "Mute microphone" }
    : { symbol: "mic-off", word: "Unmute", label: "Unmute microphone" });
  dress($("toggle-video"), camera ? { symbol: "camera", word: "Camera", label: "Turn camera off" }
    : { symbol: "camera-off", word: "Camera", label: "Turn camera on" });
  $("toggle-audio").classList.toggle("off", !audio);
  $("toggle-video").classList.toggle("off", !camera);
  $("toggle-video").hidden = call.kind === "audio";
  const end = call.answered ? "Hang up" : "Give up";
  dress($("hang-up"), { symbol: "leave", word: end, label: end });
  showPicture();
  showTime();
}

function show() {
  const now = state();
  const before = document.body.dataset.state;
  const [kind, words] = WORDS[now];
  const inCall = now === "calling" || now === "talking";

  document.body.dataset.state = now;
  $("dot").className = `dot ${kind}`;
  setText($("state-text"), words());
  document.title = now === "ringing" ? `${line.call.name} calls`
    : inCall ? line.call.name : "Calls";
  $("sign-in").hidden = now !== "out";
  $("dial").hidden = now !== "online" && now !== "lost";
  $("online").hidden = now !== "online" || !online;
  for (const button of $("dial").querySelectorAll("[type=submit]"))
    button.disabled = now !== "online";
  $("missed").hidden = inCall || $("missed-list").childElementCount === 0;
  $("talk").hidden = !inCall;
  if (now !== "ringing" && $("ringing").open) $("ringing").close();
  if (inCall !== (before === "calling" || before === "talking"))
    hold($("lobby").querySelectorAll(".phone-card button"));
  if (inCall) {
    showTalk();
    if (before !== "calling" && before !== "talking") $("talk-name").focus();
  } else {
    $("remote").srcObject = $("sound").srcObject = null;
    if (before === "calling" || before === "talking") $("title").focus();
  }
  clearInterval(ticking);
  if (inCall) ticking = setInterval(() => { showPicture(); showTime(); }, TICK_MS);
}

function ring() {
  const { call } = line;
  const video = call.kind === "video";

  tell("");
  setText($("ringing-title"), `${call.name} calls`);
  setText($("ringing-kind"), video ? "With picture and sound." : "With sound alone.");
  $("accept-video").hidden = !video;
  showHeld($("ringing"));
}

function symbolButton(symbol, label, func) {
  const button = element("button", { type: "button", className: "tool" });

  dress(button, { symbol, label });
  button.addEventListener("click", func);
  return button;
}

function onlineItem({ id, name, busy }) {
  const avatar = element("span", { className: "avatar", "aria-hidden": "true" });

  showAvatar(avatar, name);
  return element("li", { dataset: { user: id } }, avatar,
    element("span", { className: "phone-name", textContent: busy ? `${name}, in a call` : name }),
    ...(busy ? [] : [symbolButton("camera", `Call ${name} with picture and sound`,
      () => call(id, "video", name)),
    symbolButton("mic", `Call ${name} with sound alone`, () => call(id, "audio", name))]));
}

// What is the same stays, and the keyboard with it.
function showOnline(detail) {
  const known = JSON.stringify(detail);

  if (known === JSON.stringify(online)) return;
  const focused = document.activeElement?.getAttribute("aria-label");
  online = detail;
  $("online-list").replaceChildren(...(detail?.users || []).map(onlineItem));
  setText($("online-note"), !detail ? "" : detail.users.length === 0
    ? "Nobody else is online now." : detail.more ? `And ${detail.more} more, whom you can call by `
      + "name." : "");
  if (focused) [...$("online-list").querySelectorAll("button")].find((button) =>
    button.getAttribute("aria-label") === focused)?.focus();
  hold($("online-list").querySelectorAll("button:not(:focus)"));
  show();
}

function call(other, kind, name) {
  if (!other) {
    complain("other", "By which name can the other be called here?");
    $("other").focus();
    return;
  }
  if (other === line.user) {
    complain("other", "That is you.");
    $("other").focus();
    return;
  }
  complain("other", "");
  tell("");
  line.dial(other, kind, name).catch((error) => {
    console.error(error);
    line.hangUp("The call has failed.");
  });
}

function answer(kind) {
  line.accept(kind).catch((error) => {
    console.error(error);
    line.hangUp("The call has failed.");
  });
}

function addMissed({ id, name }) {
  const back = element("button", { type: "button", className: "plain", textContent: "Call back",
    "aria-label": `Call ${name} back` });
  const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

  back.addEventListener("click", () => call(id, "video", name));
  $("missed-list").prepend(element("li", {},
    element("span", { textContent: `${name}, ${time}` }), back));
  while ($("missed-list").childElementCount > MISSED_MAX) $("missed-list").lastElementChild.remove();
}

function signIn() {
  const user = $("user").value.trim();

  complain("user", user ? "" : "The others need a name to call you by.");
  if (!user) {
    $("user").focus();
    return;
  }
  tell(LocalMedia.isPossible ? "" : INSECURE);
  line.signIn(user);
}

line.addEventListener("changed", show);
media.addEventListener("changed", show);
network.addEventListener("state", show);
line.addEventListener("ringing", ring);
line.addEventListener("missed", ({ detail }) => addMissed(detail));
line.addEventListener("streams", ({ detail }) => {
  $("remote").srcObject = detail.video;
  $("sound").srcObject = detail.audio;
  show();
});
line.addEventListener("users", ({ detail }) => showOnline(detail));
line.addEventListener("over", ({ detail }) => tell(detail));
line.addEventListener("refused", ({ detail }) => {
  complain("user", detail.code === "USER_TAKEN" ? "Somebody else is called so here."
    : detail.message);
  $("user").focus();
});
$("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  signIn();
});
$("dial").addEventListener("submit", (event) => {
  event.preventDefault();
  call($("other").value.trim(), event.submitter?.value || "video");
});
$("sign-out").addEventListener("click", () => line.signOut());
$("accept-video").addEventListener("click", () => answer("video"));
$("accept-audio").addEventListener("click", () => answer("audio"));
$("decline").addEventListener("click", () => line.decline());
// Escape is no answer that the caller would hear of otherwise
$("ringing").addEventListener("cancel", () => line.decline());
$("ringing").addEventListener("close", () => state() === "ringing" && ring());
corner.follow($("own"), () => true);
$("own").addEventListener("click", () => corner.next());
$("hang-up").addEventListener("click", () => line.hangUp());
for (const [id, name] of [["toggle-audio", "audio"], ["toggle-video", "camera"]]) {
  $(id).addEventListener("click", () => media.set(name, !media.isOn(name))
    .catch((error) => tell(error.message)));
}
addEventListener("pagehide", (event) => {
  keep(event, line.user ? {} : null);
  line.signOut();
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});

$("user").value = asked.get("user") || "";
show();
keepIcons().catch(() => {}); // as before: each is asked for when it is drawn
if (isLed) hold($("lobby").querySelectorAll("button"));
if (asked.get("online") === "1" && mayBegin) signIn();
