// SPDX-License-Identifier: LGPL-2.1-or-later

// Debian's Janus with its videoroom, and what a page sees of each other participant while
// a meeting moves to it.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program, STARTUP_MS, atEnd, until } from "./program.mjs";

export const API_SECRET = "between the servers";
const PORT = 8188;
export const SFU = `janus+ws://127.0.0.1:${PORT}/`;

// Skipped where there is no Janus, as in Debian 13.
export const hasJanus = () => spawnSync("which", ["janus"]).status === 0;

// Debian's folder of them, and the names of those that are not `but`.
function libraries(folder, but) {
  const [base] = readdirSync("/usr/lib").map((name) => `/usr/lib/${name}/janus/${folder}`)
    .filter((path) => spawnSync("test", ["-d", path]).status === 0);
  const others = readdirSync(base).filter((name) => /^lib.*\.so$/.test(name)
    && !name.includes(but));

  return [base, others.join(",")];
}

function listens() {
  return new Promise((resolve) => {
    const socket = createConnection(PORT, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

export class Janus {
  static async start() {
    const janus = new Janus();

    janus.folder = mkdtempSync(join(tmpdir(), "vm-janus-"));
    atEnd(async () => rmSync(janus.folder, { recursive: true, force: true }));
    janus.#configure();
    await janus.run();
    return janus;
  }

  #configure() {
    const [plugins, others] = libraries("plugins", "videoroom");
    const [transports, ways] = libraries("transports", "websockets");
    const write = (name, text) => writeFileSync(join(this.folder, `${name}.jcfg`), text);

    mkdirSync(this.folder, { recursive: true });
    write("janus", `general: { plugins_folder = "${plugins}"; transports_folder = "${transports}";
      api_secret = "${API_SECRET}"; admin_secret = "nobody-asks" }
      nat: { full_trickle = true }
      media: { rtp_port_range = "20000-21999" }
      plugins: { disable = "${others}" }
      transports: { disable = "${ways}" }\n`);
    write("janus.transport.websockets", `general: { json = "compact"; ws = true;
      ws_port = ${PORT}; ws_ip = "127.0.0.1"; wss = false }
      admin: { admin_ws = false }\n`);
    write("janus.plugin.videoroom", "general: { }\n");
  }

  async run() {
    this.program = new Program("janus", ["-F", this.folder,
      "-L", join(this.folder, "log")]);
    await until(listens, STARTUP_MS, "Janus listens");
  }

  async kill() {
    this.program.signal("SIGKILL");
    await until(() => this.program.ended !== null, STARTUP_MS, "its end");
  }
}

// In a page: notes when each participant's picture has a new frame, whatever element
// shows it.
export function watchFrames() {
  const known = new WeakSet();

  window.frameTimes = {}; // id -> times, ms
  setInterval(() => {
    for (const video of document.querySelectorAll("video[data-participant]")) {
      if (known.has(video) || video.dataset.kind !== "camera") continue;
      known.add(video);
      const note = () => {
        if (!video.isConnected) return;
        (window.frameTimes[video.dataset.participant] ||= []).push(performance.now());
        video.requestVideoFrameCallback(note);
      };
      video.requestVideoFrameCallback(note);
    }
  }, 20);
}

// The longest time without a frame of `id` since then, up to now; `from`: of now().
export function longestGap(page, id, from) {
  return page.evaluate(([who, since]) => {
    const times = [since, ...(window.frameTimes[who] || []).filter((t) => t > since),
      performance.now()];
    return Math.max(...times.slice(1).map((t, i) => t - times[i]));
  }, [id, from]);
}

export const now = (page) => page.evaluate(() => performance.now());

// {direct, byServer}: connections that stand, by whether they have data channels, which
// only those between two participants have.
export function connections(page) {
  return page.evaluate(() => {
    const all = window.connections.filter((c) => c.connectionState === "connected");
    const direct = all.filter((c) => /^m=application/m.test(c.localDescription.sdp)).length;

    return { direct, byServer: all.length - direct };
  });
}

// How many encoders of pictures run, and how many connections send pictures.
export function senders(page) {
  return page.evaluate(async () => {
    const before = new Map();
    const read = async (func) => {
      for (const pc of window.connections.filter((c) => c.connectionState === "connected"))
        for (const r of (await pc.getStats()).values())
          if (r.type === "outbound-rtp" && r.kind === "video") func(`${r.ssrc}`, r);
    };
    await read((key, { framesEncoded }) => before.set(key, framesEncoded || 0));
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
    let count = 0;
    await read((key, { framesEncoded }) => {
      if ((framesEncoded || 0) > (before.get(key) ?? 0)) count++;
    });
    return count;
  });
}
