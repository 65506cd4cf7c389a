// SPDX-License-Identifier: LGPL-2.1-or-later

// How tiles fill a space best.

const RATIO_WIDE = 16 / 9;
const RATIO_TALL = 3 / 4; // the narrowest tile
const SEEN_MIN = 0.68; // of a picture that fills its tile; of less it is shown whole
const FOUR = 4; // are two by two, and more have two columns at least, on a phone as well

// Whether a picture of the ratio `picture` (width / height) loses so little in a tile of
// the ratio `tile` that it may fill it: a face is not cut to a square.
export function mayFill(picture, tile) {
  return Math.min(picture / tile, tile / picture) >= SEEN_MIN;
}

// The columns, rows and tile size (px) that show `count` tiles largest in a
// space of `width` x `height`, `gap` px apart. A tile may be of any shape between
// 16:9 and what a picture of the ratio `widest` may be cut to (0: there is none), so that
// a narrow space is filled as well. With `least` columns or more, and `most` or fewer.
export function arrange(count, width, height, gap, widest = 0, least = 1, most = count) {
  let best = { columns: 1, rows: 1, tileWidth: 0, tileHeight: 0 };
  const narrowest = Math.min(Math.max(widest * SEEN_MIN, RATIO_TALL), RATIO_WIDE);
  let bestArea = -1;

  for (let columns = least; columns <= most; columns++) {
    const rows = Math.ceil(count / columns);
    const cellWidth = (width - gap * (columns - 1)) / columns;
    const cellHeight = (height - gap * (rows - 1)) / rows;

    if (cellWidth <= 0 || cellHeight <= 0) continue;
    const ratio = Math.min(Math.max(cellWidth / cellHeight, narrowest), RATIO_WIDE);
    const tileWidth = Math.min(cellWidth, cellHeight * ratio);
    const tileHeight = Math.min(cellHeight, tileWidth / ratio);
    // faces are wide: of what is taller than 4:3, only so much is seen
    const area = tileWidth * Math.min(tileHeight, tileWidth * 0.85);

    if (area > bestArea + 1) {
      bestArea = area;
      best = { columns, rows, tileWidth: Math.floor(tileWidth),
        tileHeight: Math.floor(tileHeight) };
    }
  }
  return best;
}

// The rectangles {x, y, width, height} of `count` tiles in the middle of a space
// that begins at (left, top).
function grid(count, left, top, width, height, gap, widest, least, most) {
  const { columns, rows, tileWidth, tileHeight } = arrange(count, width, height, gap, widest,
    least, most);
  const usedHeight = rows * tileHeight + (rows - 1) * gap;
  const rects = [];

  for (let i = 0; i < count; i++) {
    const row = Math.floor(i / columns);
    const inRow = row < rows - 1 ? columns : count - columns * (rows - 1);
    const usedWidth = inRow * tileWidth + (inRow - 1) * gap;
    rects.push({
      x: Math.round(left + (width - usedWidth) / 2 + (i % columns) * (tileWidth + gap)),
      y: Math.round(top + (height - usedHeight) / 2 + row * (tileHeight + gap)),
      width: tileWidth,
      height: tileHeight,
    });
  }
  return rects;
}

// Where each tile goes. With `spotlight`, the first has most of the space and the
// others stand beside or beneath it. `widest`: the ratio of the widest picture, or 0.
export function place(count, spotlight, width, height, gap, widest = 0) {
  if (count === 0 || width <= 0 || height <= 0) return [];
  if (!spotlight || count === 1)
    return grid(count, 0, 0, width, height, gap, widest, count < FOUR ? 1 : 2,
      count === FOUR ? 2 : count);
  if (width > height) {
    const strip = Math.min(Math.max(width * 0.2, 120), 280);
    return [{ x: 0, y: 0, width: Math.floor(width - strip - gap), height },
      ...grid(count - 1, width - strip, 0, strip, height, gap, widest)];
  }
  const strip = Math.min(Math.max(height * 0.22, 90), 200);
  return [{ x: 0, y: 0, width, height: Math.floor(height - strip - gap) },
    ...grid(count - 1, 0, height - strip, width, strip, gap, widest)];
}
