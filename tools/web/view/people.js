// SPDX-License-Identifier: LGPL-2.1-or-later

// The list of who is there. What only a host may do is there only for a host.

import { $, element, icon, setText, showAvatar } from "./dom.js";
import { BY_SERVER, missingMedia, peerState, trustMark } from "./words.js";

export class PeoplePanel {
  #call = null;
  #speaking = new Set();
  #onWho;

  // `onWho(id)`: somebody wants to know how sure it is who that is
  constructor(onWho) {
    this.#onWho = onWho;
    $("lock-meeting").addEventListener("click", () => this.#call?.lock(!this.#call.locked));
    $("end-meeting").addEventListener("click", () => {
      $("end-question").returnValue = "";
      $("end-question").showModal();
    });
    $("end-question").addEventListener("close", () => {
      if ($("end-question").returnValue === "end") this.#call?.end();
    });
  }

  attach(call) {
    this.#call = call;
    this.#speaking.clear();
    this.show();
  }

  setSpeaking(id, speaking) {
    if (speaking) this.#speaking.add(id);
    else this.#speaking.delete(id);
    $("people-list").querySelector(`[data-person="${CSS.escape(id)}"]`)
      ?.classList.toggle("speaking", speaking);
  }

  show() {
    const call = this.#call;

    if (!call?.self) return;
    const order = call.people.sort((a, b) =>
      (b.raisedAt > 0) - (a.raisedAt > 0) || a.raisedAt - b.raisedAt
      || a.user.localeCompare(b.user));
    const focused = document.activeElement?.dataset?.action;
    const who = document.activeElement?.dataset?.who;
    $("people-list").replaceChildren(...order.map((p) => this.#item(p)));
    if (focused) this.#focus("action", focused);
    else if (who) this.#focus("who", who);
    setText($("people-count"), String(order.length));
    $("toggle-people").setAttribute("aria-label",
      `Participants, ${order.length} in the meeting`);
    $("host-tools").hidden = !call.isHost;
    $("removed").hidden = !call.isHost || call.removed.size === 0;
    $("removed-list").replaceChildren(...[...call.removed].map((one) => this.#removed(...one)));
    $("end-meeting").hidden = !call.hostId; // a room that nobody hosts goes with the last
    $("end-meeting").disabled = !call.canEnd;
    if (!call.canEnd) $("end-question").close();
    setText($("lock-meeting"), call.locked ? "Let others join again" : "Let nobody else join");
  }

  // A button that is no longer needed leaves the keyboard in the list.
  #focus(kind, value) {
    const list = $("people-list");

    (list.querySelector(`[data-${kind}="${CSS.escape(value)}"]`) || list).focus();
  }

  #item(participant) {
    const { id, user, self, host, audio, video, raisedAt, says } = participant;
    const call = this.#call;
    const state = participant.detached ? "Lost its connection to the host"
      : peerState(call.stateOf(id)) || missingMedia(user, call.missing(id))
        || (call.isByServer(id) ? BY_SERVER : "");
    const roles = [self ? "you" : "", host || (call.hostId && call.moderates(id)) ? "host" : "",
      !call.hostId && call.moderates(id) ? "moderates" : ""].filter(Boolean).join(", ");
    const avatar = element("span", { className: "avatar", "aria-hidden": "true" });
    const head = element("div", { className: "person-head" },
      avatar,
      element("div", { className: "person-text" },
        this.#who(participant),
        element("span", { className: "person-role",
          textContent: [roles, state].filter(Boolean).join(" · ") }),
        ...(says ? [element("span", { className: "person-says", textContent: `“${says}”` })] : [])));
    showAvatar(avatar, user);
    const signs = element("span", { className: "signs" });
    const sign = (symbol, text) => signs.append(element("span", { className: "sign" },
      icon(symbol), element("span", { className: "hidden", textContent: text })));

    if (raisedAt) sign("hand", "hand raised");
    if (audio === false) sign("mic-off", "microphone off");
    if (video === false) sign("camera-off", "camera off");
    head.append(signs);
    const item = element("li", { className: "person", dataset: { person: id } }, head,
      ...this.#tools(participant));
    item.classList.toggle("speaking", this.#speaking.has(id));
    return item;
  }

  // Of who is not reached, and not tried any more by itself.
  #again({ id, user }) {
    const button = element("button", { type: "button", className: "small-button",
      dataset: { action: `again:${id}` }, textContent: "Try again" });

    button.setAttribute("aria-label", `Connect to ${user} again`);
    button.addEventListener("click", () => this.#call.again(id));
    return button;
  }

  // Whoever was removed comes again only when the host lets it.
  #removed(id, user) {
    const again = element("button", { type: "button", className: "small-button",
      dataset: { action: `unban:${id}` }, textContent: "Let in again" });

    again.setAttribute("aria-label", `Let ${user} in again`);
    again.addEventListener("click", () => {
      this.#call.unban(id);
      this.show();
      $("people-list").focus();
    });
    return element("li", { className: "person" },
      element("span", { className: "person-name", textContent: user }), again);
  }

  // The name, with a mark where there is one; a click tells what that means.
  #who({ id, user, self }) {
    const name = element("span", { className: "person-name", textContent: user });

    if (self) return name;
    const mark = trustMark(this.#call.trustOf(id));
    const button = element("button", { type: "button", className: "person-who",
      dataset: { who: id }, title: `How sure is it that this is ${user}?` }, name,
    ...(mark ? [element("span", { className: "person-trust", dataset: { trust: mark.kind } },
      icon(mark.symbol), element("span", { textContent: mark.word }))] : []));

    button.addEventListener("click", () => this.#onWho(id));
    return button;
  }

  // What can be done: nothing, or an element.
  #tools(participant) {
    const call = this.#call;
    const isUnreached = ["lost", "unreached"].includes(call.stateOf(participant.id));
    const buttons = [...(isUnreached ? [this.#again(participant)] : []),
      ...(call.isHost && !participant.self ? this.#hostButtons(participant) : [])];

    return buttons.length ? [element("span", { className: "person-tools" }, ...buttons)] : [];
  }

  #hostButtons({ id, user, audio, host }) {
    const button = (action, words, label, func) => {
      const made = element("button", { type: "button", className: "small-button",
        dataset: { action: `${action}:${id}` }, textContent: words });
      made.setAttribute("aria-label", label);
      made.addEventListener("click", func);
      return made;
    };

    return [...(audio === false ? [] : [button("mute", "Mute", `Mute ${user}`,
      () => this.#call.muteOther(id))]),
    ...(host ? [] : [button("kick", "Remove", `Remove ${user} from the meeting`,
      () => this.#call.kick(id))])];
  }
}
