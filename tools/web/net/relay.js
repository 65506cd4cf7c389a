// SPDX-License-Identifier: LGPL-2.1-or-later

// In place of a Signalling, once another participant hosts the meeting: a browser does
// not take the certificate of a server that nobody has shown it, so what is for the
// meeting's server goes over the data channel to its host.
export class Relay {
  #send;

  // `send(text)`: over the channel `signal` to the host
  constructor(send) {
    this.#send = send;
    this.state = "open";
    this.error = null;
  }

  send(message) {
    this.#send(JSON.stringify(message));
  }

  renew() {}

  close(bye = {}) {
    if (this.state !== "open") return;
    this.send({ type: "bye", ...bye });
    this.lose();
  }

  // The connection to the host has ended.
  lose() {
    this.state = "over";
  }
}
