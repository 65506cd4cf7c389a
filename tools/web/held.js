// SPDX-License-Identifier: LGPL-2.1-or-later

// What comes by itself takes no answer at once: a key or a click at that moment is meant for
// what was there before.

const HELD_MS = 600;

export const READ_MS = 1000; // where digits are to be read first

const timers = new WeakMap(); // button -> timer

// A button that is inert takes no click and no focus.
export function hold(buttons, ms = HELD_MS) {
  for (const button of buttons) {
    clearTimeout(timers.get(button));
    button.inert = true;
    timers.set(button, setTimeout(() => { button.inert = false; }, ms));
  }
}

// Opens a dialog that nobody has asked for, with the focus on no button of it.
export function showHeld(dialog, ms) {
  hold(dialog.querySelectorAll("button"), ms);
  if (!dialog.open) dialog.showModal();
}

function refuse(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

// What had the focus, or was pressed, when it became inert.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("button[inert]")) refuse(event);
}, { capture: true });
// Escape, too, would be an answer.
document.addEventListener("cancel", (event) => {
  if (event.target.querySelector("button[inert]")) refuse(event);
}, { capture: true });
