// SPDX-License-Identifier: LGPL-2.1-or-later

// Whether this machine has a network, and when it has another one or has slept.
//
// Events: "state", when it is lost or back; "changed" (detail: {slept}), when
// connections of before may lead nowhere.

const TICK_MS = 1000;
export const SLEPT_MS = 3000; // by which a clock has jumped: heartbeats find what is less
const PROBE_MS = 100; // until a browser finds its address, if it can
const PROBES = 20;
const UDP = /^candidate:\S+ \d+ udp /i;
const LOOPBACK = /^(?:localhost|127\.[\d.]+|\[::1\])$/i;

// Whether this browser can find a candidate now.
async function findsCandidate() {
  const pc = new RTCPeerConnection();

  try {
    return await new Promise((resolve, reject) => {
      setTimeout(resolve, PROBE_MS, false);
      pc.onicecandidate = ({ candidate }) => {
        if (UDP.test(candidate?.candidate ?? "")) resolve(true);
      };
      pc.createDataChannel("probe");
      pc.setLocalDescription().catch(reject);
    });
  } finally {
    pc.close();
  }
}

// For a moment after a change a browser still looks for candidates by the addresses that
// were; a connection that is made then fails.
async function findAddress() {
  for (let i = 0; i < PROBES; i++)
    if (await findsCandidate().catch(() => true)) return;
}

export class Network extends EventTarget {
  #usable = Promise.resolve();
  #ticked = Date.now();
  #type = navigator.connection?.type;

  constructor() {
    super();
    addEventListener("offline", () => this.#tell("state"));
    addEventListener("online", () => {
      this.#tell("state");
      this.#change(false);
    });
    // where a browser tells of it: from a wireless network to a mobile one
    navigator.connection?.addEventListener?.("change", () => this.#look());
    setInterval(() => this.#tick(), TICK_MS);
  }

  // A page of this machine itself needs no network.
  get isOffline() {
    return !navigator.onLine && !LOOPBACK.test(location.hostname);
  }

  // Resolves when connections can be made by the network that there is now.
  get usable() {
    return this.#usable;
  }

  #change(slept) {
    this.#usable = findAddress();
    this.#tell("changed", { slept });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #look() {
    const { type } = navigator.connection;

    if (type === this.#type) return;
    this.#type = type;
    if (!this.isOffline) this.#change(false);
  }

  // Timers stand still while the machine sleeps.
  #tick() {
    const now = Date.now();
    const past = now - this.#ticked;

    this.#ticked = now;
    if (past - TICK_MS >= SLEPT_MS) this.#change(true);
  }
}
