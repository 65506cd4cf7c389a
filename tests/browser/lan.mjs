// SPDX-License-Identifier: LGPL-2.1-or-later

// A network of its own, without a way out: the program starts itself again in
// namespaces that end with it, however it ends. Needs root; without it the
// program says so and exits 77 (skipped).

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const SKIP = 77;
export const ADDRESS = "10.77.9.1";
const AWAY = "away"; // the name of another machine's namespace
const AWAY_DEVICE = "lan1";

// No IPv6: its address comes a second later, and Chromium takes that for a change
// of network and gives up what it loads.
const SETUP = `
ip link set lo up &&
ip link add lan0 type veth peer name lan1 &&
for one in lan0 lan1; do echo 1 >/proc/sys/net/ipv6/conf/$one/disable_ipv6; done &&
ip addr add ${ADDRESS}/24 dev lan0 && ip link set lan0 up && ip link set lan1 up &&
ip route add default dev lan0 &&
exec "$@"`;

export function enter() {
  if (process.env.VM_BROWSER_INSIDE === "1") return;
  if (process.getuid() !== 0) {
    console.log("needs root for network namespaces: skipped");
    process.exit(SKIP);
  }
  const done = spawnSync("unshare", ["--net", "--pid", "--mount", "--fork",
    "--kill-child", "--mount-proc", "sh", "-c", SETUP, "sh", process.execPath,
    ...process.argv.slice(1)], {
    stdio: "inherit", env: { ...process.env, VM_BROWSER_INSIDE: "1" } });
  process.exit(done.status ?? 1);
}

const ip = (...args) => execFileSync("ip", args);

// Another machine at the other end of the cable, of which the program keeps hold: its
// address can change, its cable can be drawn.
export class Away {
  #folder = mkdtempSync(join(tmpdir(), "vm-away-"));
  #address = "";

  constructor(address) {
    // names of namespaces are kept in files: of this program alone
    execFileSync("mkdir", ["-p", "/run/netns"]);
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", "/run/netns"]);
    ip("netns", "add", AWAY);
    ip("link", "set", AWAY_DEVICE, "netns", AWAY);
    ip("-n", AWAY, "link", "set", "lo", "up");
    ip("netns", "exec", AWAY, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
    ip("-n", AWAY, "link", "set", AWAY_DEVICE, "up");
    this.move(address);
  }

  // The address is another one, all at once.
  move(address) {
    if (this.#address) ip("-n", AWAY, "addr", "del", `${this.#address}/24`, "dev", AWAY_DEVICE);
    ip("-n", AWAY, "addr", "add", `${address}/24`, "dev", AWAY_DEVICE);
    this.#route();
    this.#address = address;
  }

  #route() {
    ip("-n", AWAY, "route", "replace", "default", "dev", AWAY_DEVICE);
  }

  plug(isIn) {
    ip("-n", AWAY, "link", "set", AWAY_DEVICE, isIn ? "up" : "down");
    if (isIn) this.#route();
  }

  // Bytes that have left it.
  get sent() {
    const [{ stats64 }] = JSON.parse(ip("-n", AWAY, "-s", "-j", "link", "show", "dev",
      AWAY_DEVICE));

    return stats64.tx.bytes;
  }

  // A program that runs `command` there.
  program(command) {
    const path = join(this.#folder, "program");

    writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${AWAY} ${command} "$@"\n`);
    chmodSync(path, 0o755);
    return path;
  }

  end() {
    ip("netns", "exec", AWAY, "ip", "link", "set", AWAY_DEVICE, "netns", String(process.pid));
    ip("netns", "del", AWAY);
    execFileSync("umount", ["/run/netns"]);
    ip("link", "set", AWAY_DEVICE, "up");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
