// SPDX-License-Identifier: LGPL-2.1-or-later

// A network of its own, without a way out: the program starts itself again in
// namespaces that end with it, however it ends. Needs root; without it the
// program says so and exits 77 (skipped).

import { spawnSync } from "node:child_process";
import process from "node:process";

const SKIP = 77;
export const ADDRESS = "10.77.9.1";

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
