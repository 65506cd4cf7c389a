// SPDX-License-Identifier: LGPL-2.1-or-later

// Programs that a test runs and waits for. Needs nothing from npm: the tests of
// tests/interop have packages of their own.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

export const STARTUP_MS = 60000; // a busy machine is slow
const END_MS = 60000;
const LOOK_MS = 30; // between two looks at what a test waits for

export const CHROMIUM = process.env.VM_CHROMIUM || "/usr/bin/chromium-headless-shell";
export const CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic",
  "--no-first-run", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required"];
// What the native side sends: small, so that encoders and decoders of several programs
// fit on two processors.
export const STAMP = "stamp:160x90@10";
export const FAKE_DEVICE = "--use-fake-device-for-media-stream=fps=10";

// In a page, what takes most of the processors and tests nothing. To cancel echo and
// noise takes a quarter of a processor for each page, and the fake microphone makes
// neither. Gain control stays: with all three off Chromium does not measure how loud a
// microphone is, and nobody is seen to speak. A small picture unless `full`: the page
// asks for 1280x720, which each connection encodes.
export function captureLightly(full = false) {
  const { mediaDevices } = navigator;
  const capture = mediaDevices && mediaDevices.getUserMedia.bind(mediaDevices);
  const change = (wanted, by) => wanted && { ...(wanted === true ? {} : wanted), ...by };

  if (!capture) return;
  mediaDevices.getUserMedia = ({ audio, video } = {}) => capture({
    audio: change(audio, { echoCancellation: false, noiseSuppression: false }) || false,
    video: change(video, full ? {} : { width: 320, height: 180 }) || false,
  });
}

const toClose = [];

// What endAll() calls, the last one first.
export function atEnd(close) {
  toClose.push(close);
}

// Ends all that was started since the last call.
export async function endAll() {
  for (const close of toClose.splice(0).reverse()) await close().catch(() => {});
}

// `what` it is that never came: a text, or a function that says it by then.
export async function until(condition, ms, what) {
  const end = Date.now() + ms;

  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end)
      throw new Error(`not within ${ms} ms: ${typeof what === "function" ? what() : what}`);
    await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
  }
}

// One that writes a line of JSON for each thing that happens.
export class Program {
  constructor(command, args, env = {}) {
    this.folder = mkdtempSync(join(tmpdir(), "vm-program-"));
    this.lines = [];
    this.other = []; // what else it writes
    this.ended = null;
    this.process = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, HOME: this.folder, XDG_CONFIG_HOME: this.folder,
        XDG_CACHE_HOME: this.folder, ...env } });
    let rest = "";
    this.process.stdout.on("data", (data) => {
      const lines = (rest + data).split("\n");
      rest = lines.pop();
      for (const line of lines) this.take(line);
    });
    this.process.stderr.on("data", (data) => this.other.push(String(data)));
    this.process.on("exit", (code, signal) => { this.ended = code ?? signal; });
    atEnd(() => this.end());
  }

  take(line) {
    try {
      this.lines.push(JSON.parse(line));
    } catch {
      this.other.push(line);
    }
  }

  wait(condition, ms = STARTUP_MS, what = condition) {
    return until(() => {
      const found = condition();
      if (!found && this.ended !== null)
        throw new Error(`ended with ${this.ended}: ${this.other.join("\n")}`);
      return found;
    }, ms, () => `${what}\n${JSON.stringify(this.lines)}\n${this.other.join("\n")}`);
  }

  // The first event with these fields.
  event(name, fields = {}, ms = STARTUP_MS) {
    return this.wait(() => this.lines.find((line) => line.event === name
      && Object.entries(fields).every(([key, value]) => line[key] === value)), ms,
    `${name} ${JSON.stringify(fields)}`);
  }

  type(line) {
    this.process.stdin.write(`${line}\n`);
  }

  signal(name) {
    this.process.kill(name);
  }

  // Ctrl-C; then all its lines.
  async end() {
    if (this.ended === null) this.process.kill("SIGINT");
    await until(() => this.ended !== null, END_MS, "the end")
      .catch(() => this.process.kill("SIGKILL"));
    rmSync(this.folder, { recursive: true, force: true });
    return this.lines;
  }

  // Ends, and says what it has got of each other participant.
  async summary() {
    return (await this.end()).find((line) => line.event === "summary").participants;
  }
}
