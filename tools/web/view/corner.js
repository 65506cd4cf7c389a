// SPDX-License-Identifier: LGPL-2.1-or-later

// The small picture in a corner: how large it is, and how it is moved to another one.

const SHARE = 0.3; // of the shorter side of the space
const LEAST = 104; // px
const MOST = 256;
const INSET = 10; // px to the edges
const DRAG = 6; // px that a finger moves without meaning it
const CORNERS = ["bottom right", "top right", "top left", "bottom left"];

export class Corner {
  #name = CORNERS[0];
  #onMoved;

  // `onMoved()`: it is in another corner
  constructor(onMoved) {
    this.#onMoved = onMoved;
  }

  get name() {
    return this.#name;
  }

  // Of a picture of the ratio `picture` (width / height), in a space of `width` x `height` in the
  // middle of which `other` is, if there is one: beside it where there is room, else in it, and
  // never across its edge.
  rect({ width, height }, picture, other) {
    const long = Math.min(Math.max(Math.min(width, height) * SHARE, LEAST), MOST);
    const size = picture >= 1 ? { width: Math.round(long), height: Math.round(long / picture) }
      : { width: Math.round(long * picture), height: Math.round(long) };

    const margin = (room, at, needed) => (at >= needed + 2 * INSET ? [0, room] : [at, room - at]);
    const [left, right] = margin(width, other?.x || 0, size.width);
    const [top, bottom] = margin(height, other?.y || 0, size.height);

    return { ...size,
      x: this.#name.endsWith("right") ? right - size.width - INSET : left + INSET,
      y: this.#name.startsWith("bottom") ? bottom - size.height - INSET : top + INSET };
  }

  next() {
    this.#name = CORNERS[(CORNERS.indexOf(this.#name) + 1) % CORNERS.length];
    this.#onMoved();
  }

  // It follows the pointer, and goes to the nearest corner. Whoever moves `root` does not
  // click on it.
  follow(root, isOn) {
    let wasMoved = false;

    root.addEventListener("click", (event) => {
      if (wasMoved) event.stopImmediatePropagation();
      wasMoved = false;
    }, true);
    root.addEventListener("pointerdown", (down) => {
      wasMoved = false;
      const button = down.target.closest("button");
      if (!isOn() || down.button !== 0 || (button && button !== root)) return;
      const list = root.parentElement.getBoundingClientRect();
      const at = root.getBoundingClientRect();
      let moved = false;
      const move = ({ clientX, clientY }) => {
        const [dx, dy] = [clientX - down.clientX, clientY - down.clientY];

        moved ||= Math.hypot(dx, dy) >= DRAG;
        if (!moved) return;
        root.classList.add("dragged");
        root.style.transform =
          `translate(${at.left - list.left + dx}px, ${at.top - list.top + dy}px)`;
      };
      const end = ({ type, clientX, clientY }) => {
        root.removeEventListener("pointermove", move);
        for (const name of ["pointerup", "pointercancel"]) root.removeEventListener(name, end);
        root.classList.remove("dragged");
        if (!moved) return;
        const x = (at.left + at.right) / 2 + clientX - down.clientX - list.left;
        const y = (at.top + at.bottom) / 2 + clientY - down.clientY - list.top;
        if (type === "pointerup")
          this.#name = `${y > list.height / 2 ? "bottom" : "top"} `
            + `${x > list.width / 2 ? "right" : "left"}`;
        wasMoved = true;
        this.#onMoved();
      };

      root.setPointerCapture(down.pointerId);
      root.addEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) root.addEventListener(name, end);
    });
  }
}
