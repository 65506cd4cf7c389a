// SPDX-License-Identifier: LGPL-2.1-or-later

// Whether this machine has a network, and when it has another one or has slept.
//
// Events: "state", when it is lost or back; "changed" (detail: {slept}), when
// connections of before may lead nowhere.

const TICK_MS = 500;
const LATE_MS = 700; // by which a tick is late on a busy machine; 500 in a hidden page
export const SLEPT_MS = 3000; // by which a clock has jumped: heartbeats find what is less
// On time so often in a row: whether anything still comes shows by then.
const STEADY_TICKS = 3;
const FIND_MS = 2000; // until a browser knows its address, if it will
const UDP = /^candidate:\S+ \d+ udp /i;
export const LOOPBACK = /^(?:localhost|127\.[\d.]+|\[::1\])$/i;

// For a moment after a change a browser still looks for candidates by the addresses that
// were; a connection that is made then fails at once.
async function findAddress() {
  const pc = new RTCPeerConnection();

  try {
    await new Promise((resolve, reject) => {
      setTimeout(resolve, FIND_MS);
      pc.onicecandidate = ({ candidate }) => {
        if (UDP.test(candidate?.candidate ?? "")) resolve();
      };
      pc.createDataChannel("probe");
      pc.setLocalDescription().catch(reject);
    });
  } catch (error) {
    console.info("no address is looked for:", error.message);
  } finally {
    pc.close();
  }
}

export class Network extends EventTarget {
  #usable = Promise.resolve();
  #ticked = Date.now();
  #slept = false; // and has not been told of yet
  #steady = 0; // ticks on time since
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

  // Timers stand still while the machine sleeps. On one that is merely busy others are late
  // as well, and other connections would be more to do.
  #tick() {
    const now = Date.now();
    const late = now - this.#ticked - TICK_MS;

    this.#ticked = now;
    if (late >= SLEPT_MS) {
      this.#slept = true;
      this.#steady = 0;
    } else if (this.#slept) {
      this.#steady = late < LATE_MS ? this.#steady + 1 : 0;
      if (this.#steady < STEADY_TICKS) return;
      this.#slept = false;
      this.#change(true);
    }
  }
}
