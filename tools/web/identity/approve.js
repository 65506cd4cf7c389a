// SPDX-License-Identifier: LGPL-2.1-or-later

// Where the user of this device answers who asks to be trusted, beside its terminal: a
// page that the launcher's link opens by a secret, once, on the same machine
// (protocol/trust.md#approval-in-the-page). The session that it gets is this tab's, and
// outlives a reload.

import { announce } from "../view/announce.js";
import { $, setText } from "../view/dom.js";
import { READ_MS, showHeld } from "../held.js";
import { SignallingError, readRefusal } from "../net/signalling.js";
import { refusal } from "../view/words.js";

const PATH = "trust/page";
const ASK_MS = 1000; // between two looks for a question
const KEPT = "approval";

async function post(path, body) {
  const response = await fetch(PATH + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw await readRefusal(response);
  return response.json();
}

export class Approval {
  #session = sessionStorage.getItem(KEPT);
  #asked = null; // the request that is shown
  #dialog = $("approval");

  constructor() {
    // it is not put off: the other user waits
    this.#dialog.addEventListener("cancel", (event) => event.preventDefault());
    this.#dialog.addEventListener("close", () => this.#asked && showHeld(this.#dialog, READ_MS));
    $("approval-yes").addEventListener("click", () => this.#answer(true));
    $("approval-no").addEventListener("click", () => this.#answer(false));
  }

  // What says that this is the page of the device's own user; "" where it is not.
  get session() {
    return this.#session || "";
  }

  // Does nothing in a page that no such link has opened.
  async start() {
    const fragment = new URLSearchParams(location.hash.slice(1));
    const secret = fragment.get("approve");

    if (secret) {
      // good for nothing any more: nobody is to copy it from the address bar
      history.replaceState(history.state, "", location.pathname + location.search);
      await this.#open(secret);
    }
    if (this.#session) await this.#look();
  }

  async #open(secret) {
    try {
      this.#session = (await post("", { secret })).session;
      sessionStorage.setItem(KEPT, this.#session);
    } catch (error) {
      this.#note(!(error instanceof SignallingError)
        ? "This device does not answer. Ask its launcher for another link."
        : error.code === "NOT_TRUSTED" ? refusal("BAD_APPROVAL") : error.message);
    }
  }

  #note(sentence) {
    setText($("approval-note"), sentence);
    $("approval-note").hidden = !sentence;
  }

  async #look() {
    try {
      this.#show((await post("/question", { session: this.#session })).question);
      this.#note("Who asks this device to be trusted is shown in this page.");
    } catch (error) {
      // what is not refused is a network that comes back
      if (error instanceof SignallingError && error.code === "NOT_TRUSTED") {
        this.#end();
        return;
      }
    }
    setTimeout(() => this.#look(), ASK_MS);
  }

  #end() {
    this.#session = null;
    sessionStorage.removeItem(KEPT);
    this.#show(null);
    this.#note("Who asks this device to be trusted is no longer shown in this page.");
  }

  #show(question) {
    if ((question?.requestId || null) === this.#asked) return;
    this.#asked = question?.requestId || null;
    if (!question) {
      this.#dialog.close();
      return;
    }
    setText($("approval-digits"), question.digits.replace(/(?=...$)/u, " "));
    setText($("approval-name"), question.name);
    setText($("approval-id"), question.deviceId);
    // likewise where it takes the place of the question before
    showHeld(this.#dialog, READ_MS);
  }

  async #answer(approve) {
    const requestId = this.#asked;

    this.#show(null);
    try {
      await post("/answer", { session: this.#session, requestId, approve });
      announce(approve ? "You have confirmed; the other side is to do so as well."
        : "You have said no: it is not trusted.");
    } catch (error) {
      announce(error.code === "NOT_FOUND" ? "That question is over."
        : "The answer did not arrive. Answer at the launcher.");
    }
  }
}
