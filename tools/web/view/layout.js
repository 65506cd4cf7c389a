// SPDX-License-Identifier: LGPL-2.1-or-later

// How tiles fill a space best.

const RATIO_WIDE = 16 / 9;
const RATIO_SQUARE = 6 / 5; // what a wide picture may be cut to
const RATIO_TALL = 3 / 4; // on a phone held upright

// The columns, rows and tile size (px) that show `count` tiles largest in a
// space of `width` x `height`, `gap` px apart. A tile may be of any shape between
// 16:9 and what its space is like, so that a narrow one is filled as well.
export function arrange(count, width, height, gap) {
  let best = { columns: 1, rows: 1, tileWidth: 0, tileHeight: 0 };
  const narrowest = width > height ? RATIO_SQUARE : RATIO_TALL;
  let bestArea = -1;

  for (let columns = 1; columns <= count; columns++) {
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
function grid(count, left, top, width, height, gap) {
  const { columns, rows, tileWidth, tileHeight } = arrange(count, width, height, gap);
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
// others stand beside or beneath it.
export function place(count, spotlight, width, height, gap) {
  if (count === 0 || width <= 0 || height <= 0) return [];
  if (!spotlight || count === 1) return grid(count, 0, 0, width, height, gap);
  if (width > height) {
    const strip = Math.min(Math.max(width * 0.2, 120), 280);
    return [{ x: 0, y: 0, width: Math.floor(width - strip - gap), height },
      ...grid(count - 1, width - strip, 0, strip, height, gap)];
  }
  const strip = Math.min(Math.max(height * 0.22, 90), 200);
  return [{ x: 0, y: 0, width, height: Math.floor(height - strip - gap) },
    ...grid(count - 1, 0, height - strip, width, strip, gap)];
}
