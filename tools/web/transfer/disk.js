// SPDX-License-Identifier: LGPL-2.1-or-later

// The page's side of disk.worker.js.

import { Fault } from "./fault.js";

export class Disk {
  #worker = null;
  #n = 0;
  #waiting = new Map(); // number -> resolve

  // What the worker answers, or {fault}; never rejects. `rest.data` (Uint8Array) is
  // given away.
  request(op, rest = {}) {
    this.#worker ||= this.#start();
    return new Promise((resolve) => {
      const n = ++this.#n;
      this.#waiting.set(n, resolve);
      this.#worker.postMessage({ n, op, ...rest }, rest.data ? [rest.data.buffer] : []);
    });
  }

  #start() {
    const worker = new Worker(new URL("disk.worker.js", import.meta.url), { type: "module" });

    worker.addEventListener("message", ({ data: { n, fault, ...result } }) => {
      const resolve = this.#waiting.get(n);
      this.#waiting.delete(n);
      resolve?.(fault ? { fault: new Fault(fault.code, fault.message) } : result);
    });
    worker.addEventListener("error", () => this.#fail(worker));
    return worker;
  }

  // It could not be loaded, or is broken: the next request starts another.
  #fail(worker) {
    const waiting = [...this.#waiting.values()];

    if (worker !== this.#worker) return;
    worker.terminate();
    this.#worker = null;
    this.#waiting.clear();
    for (const resolve of waiting)
      resolve({ fault: new Fault("FAILED", "The disk does not take part") });
  }
}
