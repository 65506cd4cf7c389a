// SPDX-License-Identifier: LGPL-2.1-or-later

// What happened, for those who look and for those who listen.

import { $, element } from "./dom.js";

const SHOWN_MS = 5000;
const SHOWN_MAX = 3;
const NARROW = "(max-width: 36rem)"; // there is room for the latest alone

// `panel`: where the same is shown; opening that panel takes the sentence away. `about`: of
// what; what was said of it before is out of date.
export function announce(sentence, { visibly = true, panel = "", about = "" } = {}) {
  const announcer = $("announcer");

  // the same sentence twice is read twice
  announcer.textContent = announcer.textContent === sentence
    ? `${sentence}\u00a0` : sentence;
  const toasts = $("toasts");
  for (const before of [...toasts.children])
    if (before.textContent === sentence || (about && before.dataset.about === about)) before.remove();
  if (!visibly) return;
  const toast = element("p", { className: "toast", textContent: sentence });
  Object.assign(toast.dataset, { panel, about });
  toasts.append(toast);
  const most = matchMedia(NARROW).matches ? 1 : SHOWN_MAX;
  while (toasts.childElementCount > most) toasts.firstElementChild.remove();
  setTimeout(() => toast.remove(), SHOWN_MS);
}

export function forgetToasts(panel) {
  for (const toast of $("toasts").querySelectorAll(`[data-panel="${panel}"]`)) toast.remove();
}
