// SPDX-License-Identifier: LGPL-2.1-or-later

// What happened, for those who look and for those who listen.

import { $, element } from "./dom.js";

const SHOWN_MS = 5000;
const SHOWN_MAX = 3;

export function announce(sentence, { visibly = true } = {}) {
  const announcer = $("announcer");

  // the same sentence twice is read twice
  announcer.textContent = announcer.textContent === sentence
    ? `${sentence}\u00a0` : sentence;
  if (!visibly) return;
  const toasts = $("toasts");
  const toast = element("p", { className: "toast", textContent: sentence });
  toasts.append(toast);
  while (toasts.childElementCount > SHOWN_MAX) toasts.firstElementChild.remove();
  setTimeout(() => toast.remove(), SHOWN_MS);
}
