// SPDX-License-Identifier: LGPL-2.1-or-later

// What getStats() says of the connections, in a table over the pictures.

import { $, element } from "../view/dom.js";
import { BY_SERVER, bitrate, iceState, iceWords, path } from "../view/words.js";

const EVERY_MS = 1000;
const HEADS = ["Name", "Connection", "Path", "Round trip", "Received", "Sent",
  "Picture in", "Picture out", "Lost"];

function size({ frameWidth, frameHeight, framesPerSecond }) {
  if (!frameWidth) return "–";
  return `${frameWidth}×${frameHeight} at ${Math.round(framesPerSecond || 0)}`;
}

// The reports of one connection in one object; `before` is the last one.
export function digest(reports, before) {
  const all = [...reports.values()];
  const transport = all.find((r) => r.type === "transport") || {};
  const pair = reports.get(transport.selectedCandidatePairId)
    || all.find((r) => r.type === "candidate-pair" && r.nominated) || {};
  const local = reports.get(pair.localCandidateId) || {};
  const remote = reports.get(pair.remoteCandidateId) || {};
  const codec = (r) => (reports.get(r.codecId)?.mimeType || "").split("/")[1] || "";
  const largest = (type) => all
    .filter((r) => r.type === type && r.kind === "video" && r.frameWidth)
    .sort((a, b) => b.frameWidth * (b.framesPerSecond || 0.1)
      - a.frameWidth * (a.framesPerSecond || 0.1))[0] || {};
  const inbound = all.filter((r) => r.type === "inbound-rtp");
  const sum = (list, key) => list.reduce((total, r) => total + (r[key] || 0), 0);
  const now = {
    time: pair.timestamp ?? transport.timestamp ?? 0,
    received: pair.bytesReceived || 0,
    sent: pair.bytesSent || 0,
    lost: sum(inbound, "packetsLost"),
    packets: sum(inbound, "packetsReceived"),
  };
  const seconds = before ? (now.time - before.time) / 1000 : 0;
  const rate = (key) => (seconds > 0 ? (now[key] - before[key]) * 8 / seconds : NaN);
  const picture = (report) => [size(report), codec(report)].filter(Boolean).join(" ");
  const types = [local.candidateType, remote.candidateType];

  return {
    ...now,
    path: ["relay", "srflx", "prflx", "host"].find((type) => types.includes(type)),
    protocol: local.protocol || "",
    rtt: Number.isFinite(pair.currentRoundTripTime) ? pair.currentRoundTripTime * 1000 : NaN,
    receivedRate: rate("received"),
    sentRate: rate("sent"),
    pictureIn: picture(largest("inbound-rtp")),
    pictureOut: picture(largest("outbound-rtp")),
    lossShare: now.packets + now.lost > 0 ? now.lost / (now.packets + now.lost) : 0,
  };
}

export class StatsPanel {
  #call = null;
  #timer = 0;
  #before = new Map();

  constructor() {
    $("toggle-stats").addEventListener("click", () => this.toggle());
    $("close-stats").addEventListener("click", () => this.toggle(false));
  }

  attach(call) {
    this.#call = call;
    this.#before.clear();
    if (!call) this.toggle(false);
  }

  toggle(on = $("stats").hidden) {
    const hadFocus = $("stats").contains(document.activeElement);

    $("stats").hidden = !on;
    if (!on && hadFocus) $("toggle-stats").focus();
    $("toggle-stats").setAttribute("aria-pressed", String(on));
    clearInterval(this.#timer);
    if (!on) return;
    this.#show();
    this.#timer = setInterval(() => this.#show(), EVERY_MS);
  }

  async #row({ id, user }) {
    const peer = this.#call.shown(id);

    if (!peer) return [user, "none", "–", "–", "–", "–", "–", "–", "–"];
    const s = digest(await peer.getStats(), this.#before.get(id));
    this.#before.set(id, s);
    const rtt = Number.isFinite(s.rtt) ? s.rtt : peer.rtt;
    return [user, iceState(peer.connection.iceConnectionState),
      peer.isByServer ? BY_SERVER
        : s.protocol ? `${path(s.path)}, ${s.protocol.toUpperCase()}` : path(s.path),
      rtt === null ? "–" : `${Math.round(rtt)} ms`,
      bitrate(s.receivedRate), bitrate(s.sentRate), s.pictureIn, s.pictureOut,
      `${(s.lossShare * 100).toFixed(1)} %`];
  }

  async #show() {
    if (!this.#call) return;
    const call = this.#call;
    const rows = await Promise.all(call.others.map((p) => this.#row(p).catch(() => [p.user])));
    if (call !== this.#call) return;
    const head = element("tr", {}, ...HEADS.map((text) =>
      element("th", { scope: "col", textContent: text })));
    const body = rows.map(([name, ...cells]) => element("tr", {},
      element("th", { scope: "row", textContent: name }),
      ...cells.map((text, i) => element("td", { textContent: text,
        dataset: { head: HEADS[i + 1] } }))));
    $("stats-body").replaceChildren(rows.length
      ? element("table", {}, element("thead", {}, head), element("tbody", {}, ...body))
      : element("p", { textContent: "Nobody else is here." }),
    element("p", { className: "fine", id: "stats-servers", textContent: iceWords(call.iceGrants.last) }));
  }
}
