// SPDX-License-Identifier: LGPL-2.1-or-later

// A TURN server, and the paths that pages use.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ADDRESS } from "./lan.mjs";
import { Program, atEnd } from "./program.mjs";

// `name` and `password`: the one account.
export function startTurn(name, password) {
  return start([`--user=${name}:${password}`]);
}

// Accounts are whatever is made of the secret.
export function startTurnOfSecret(secret) {
  return start(["--use-auth-secret", `--static-auth-secret=${secret}`]);
}

async function start(accounts) {
  const folder = mkdtempSync(join(tmpdir(), "vm-turn-"));

  atEnd(async () => rmSync(folder, { recursive: true, force: true }));
  const turn = new Program("turnserver", ["-n", "--no-cli", "--no-tls", "--no-dtls",
    "--lt-cred-mech", "--realm=lan", ...accounts,
    `--listening-ip=${ADDRESS}`, `--relay-ip=${ADDRESS}`, "--verbose",
    `--pidfile=${join(folder, "pid")}`, `--userdb=${join(folder, "db")}`,
    "--log-file=stdout"]);
  await turn.wait(() => turn.other.some((line) => line.includes("UDP listener opened on")));
}

// The types of the candidates in use, on the page's own side.
export function localTypes(page) {
  return page.evaluate(async () => {
    const types = [];

    for (const pc of window.connections) {
      const stats = await pc.getStats();
      for (const r of stats.values())
        if (r.type === "transport" && r.selectedCandidatePairId) {
          const pair = stats.get(r.selectedCandidatePairId);
          types.push(stats.get(pair.localCandidateId).candidateType);
        }
    }
    return types;
  });
}
