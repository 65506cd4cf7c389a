// SPDX-License-Identifier: LGPL-2.1-or-later

// What happened, for those who look and for those who listen.

import { $, element } from "./dom.js";

const SHOWN_MS = 5000;
const SHOWN_MAX = 3;

// `panel`: where the same is shown; opening that panel takes the sentence away.
export function announce(sentence, { visibly = true, panel = "" } = {}) {
  const announcer = $("announcer");

  // the same sentence twice is read twice
  announcer.textContent = announcer.textContent === sentence
    ? `${sentence}\u00a0` : sentence;
  if (!visibly) return;
  const toasts = $("toasts");
  const toast = element("p", { className: "toast", textContent: sentence });
  toast.dataset.panel = panel;
  toasts.append(toast);
  while (toasts.childElementCount > SHOWN_MAX) toasts.firstElementChild.remove();
  setTimeout(() => toast.remove(), SHOWN_MS);
}

export function forgetToasts(panel) {
  for (const toast of $("toasts").querySelectorAll(`[data-panel="${panel}"]`)) toast.remove();
}
