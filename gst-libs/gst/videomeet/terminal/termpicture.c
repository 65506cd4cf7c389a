/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "terminal/termscreen.h"

#include <string.h>

/* Blanks at the end of a row that are erased rather than written. */
#define ERASE_MIN 4
/* Rows that must move together for the screen to be scrolled. */
#define SCROLL_MIN 3
/* From here on terminals do not agree how wide a character is: the next one is
 * placed by its column, and neither cell keeps what was there before. */
#define SURE_WIDTH_END 0x2600

static gsize
count (const VmTermSize *size)
{
  return (gsize) size->cols * size->rows;
}

static const VmTermCell blank = { .chars = { ' ' }, .width = 1 };

VmTermPicture *
vm_term_picture_new (const VmTermSize *size)
{
  VmTermPicture *self = g_new0 (VmTermPicture, 1);

  self->size = *size;
  self->modes.cursor_visible = TRUE;
  self->modes.cursor_blinks = TRUE;
  self->modes.cursor_shape = 1;
  self->cells = g_new (VmTermCell, count (size));
  for (gsize i = 0; i < count (size); i++)
    self->cells[i] = blank;
  return self;
}

VmTermPicture *
vm_term_picture_copy (const VmTermPicture *picture)
{
  VmTermPicture *self = g_memdup2 (picture, sizeof *picture);

  self->cells =
      g_memdup2 (picture->cells, count (&picture->size) * sizeof (VmTermCell));
  return self;
}

void
vm_term_picture_free (VmTermPicture *picture)
{
  if (!picture)
    return;
  g_free (picture->cells);
  g_free (picture);
}

VmTermCell *
vm_term_picture_cell (const VmTermPicture *picture, guint col, guint row)
{
  return &picture->cells[(gsize) row * picture->size.cols + col];
}

static gboolean
cell_equal (const VmTermCell *a, const VmTermCell *b)
{
  return memcmp (a, b, sizeof *a) == 0;
}

static gboolean
modes_equal (const VmTermModes *a, const VmTermModes *b)
{
  return memcmp (a, b, sizeof *a) == 0;
}

static gboolean
size_equal (const VmTermSize *a, const VmTermSize *b)
{
  return a->cols == b->cols && a->rows == b->rows;
}

static gboolean
row_equal (
    const VmTermPicture *a, guint row_a, const VmTermPicture *b, guint row_b)
{
  return memcmp (vm_term_picture_cell (a, 0, row_a),
             vm_term_picture_cell (b, 0, row_b),
             a->size.cols * sizeof (VmTermCell))
         == 0;
}

gboolean
vm_term_picture_equal (const VmTermPicture *a, const VmTermPicture *b)
{
  return size_equal (&a->size, &b->size) && a->cursor_col == b->cursor_col
         && a->cursor_row == b->cursor_row && modes_equal (&a->modes, &b->modes)
         && memcmp (a->cells, b->cells, count (&a->size) * sizeof (VmTermCell))
                == 0;
}

/* What the terminal is known to be at while it is painted. */
typedef struct
{
  VmTermPicture *shown;
  GString *out;
  gboolean placed; /* the cursor is at col, row */
  guint col, row;
  guint32 fg, bg;
  guint16 attrs;
} Brush;

static void
place (Brush *brush, guint col, guint row)
{
  if (brush->placed && brush->row == row && brush->col == col)
    return;
  if (brush->placed && brush->row == row && brush->col < col)
    g_string_append_printf (brush->out, "\033[%uC", col - brush->col);
  else if (brush->placed && brush->row + 1 == row && col == 0)
    g_string_append (brush->out, "\r\n");
  else
    g_string_append_printf (brush->out, "\033[%u;%uH", row + 1, col + 1);
  brush->placed = TRUE;
  brush->col = col;
  brush->row = row;
}

static void
append_attrs (GString *out, guint16 attrs)
{
  static const struct
  {
    guint16 attr;
    const gchar *number;
  } simple[] = { { VM_TERM_ATTR_BOLD, ";1" }, { VM_TERM_ATTR_ITALIC, ";3" },
    { VM_TERM_ATTR_BLINK, ";5" }, { VM_TERM_ATTR_REVERSE, ";7" },
    { VM_TERM_ATTR_CONCEAL, ";8" }, { VM_TERM_ATTR_STRIKE, ";9" } };
  static const gchar *const underlines[] = { "", ";4", ";21", ";4:3" };

  for (guint i = 0; i < G_N_ELEMENTS (simple); i++)
    if (attrs & simple[i].attr)
      g_string_append (out, simple[i].number);
  g_string_append (
      out, underlines[(attrs >> VM_TERM_ATTR_UNDERLINE_SHIFT) & 3]);
}

/* @base: 30 or 40. */
static void
append_color (GString *out, guint32 color, guint base)
{
  guint index = color & 0xff;

  if (!(color & VM_TERM_COLOR_INDEX))
    return;
  if (index < 8)
    g_string_append_printf (out, ";%u", base + index);
  else if (index < 16)
    g_string_append_printf (out, ";%u", base + 60 + index - 8);
  else
    g_string_append_printf (out, ";%u;5;%u", base + 8, index);
}

/* In a sequence of its own: a terminal need not take more than 16 numbers. */
static void
append_rgb (GString *out, guint32 color, guint base)
{
  if (color & VM_TERM_COLOR_RGB)
    g_string_append_printf (out, "\033[%u;2;%u;%u;%um", base + 8,
        (color >> 16) & 0xff, (color >> 8) & 0xff, color & 0xff);
}

void
vm_term_pen_append (const VmTermCell *cell, GString *out)
{
  g_string_append (out, "\033[0");
  append_attrs (out, cell->attrs);
  append_color (out, cell->fg, 30);
  append_color (out, cell->bg, 40);
  g_string_append_c (out, 'm');
  append_rgb (out, cell->fg, 30);
  append_rgb (out, cell->bg, 40);
}

static void
dip (Brush *brush, guint32 fg, guint32 bg, guint16 attrs)
{
  if (brush->fg == fg && brush->bg == bg && brush->attrs == attrs)
    return;
  brush->fg = fg;
  brush->bg = bg;
  brush->attrs = attrs;
  vm_term_pen_append (
      &(VmTermCell){ .fg = fg, .bg = bg, .attrs = attrs }, brush->out);
}

static void
write_cell (Brush *brush, const VmTermCell *cell)
{
  gboolean sure = TRUE;

  dip (brush, cell->fg, cell->bg, cell->attrs);
  for (guint i = 0; i < VM_TERM_CELL_CHARS && cell->chars[i]; i++) {
    sure = i == 0 && cell->chars[i] < SURE_WIDTH_END;
    g_string_append_unichar (brush->out, cell->chars[i]);
  }
  brush->col += cell->width;
  /* behind the last column it may wrap or not */
  brush->placed = sure && brush->col < brush->shown->size.cols;
}

static gboolean
is_erasable (const VmTermCell *cell, const VmTermCell *like)
{
  return cell->chars[0] == ' ' && cell->chars[1] == 0 && cell->attrs == 0
         && cell->fg == like->fg && cell->bg == like->bg;
}

/* The column from which a row is blank to its end, in one colour. */
static guint
find_tail (const VmTermPicture *picture, guint row)
{
  guint cols = picture->size.cols;
  const VmTermCell *cells = vm_term_picture_cell (picture, 0, row);
  guint tail = cols;

  while (tail > 0 && is_erasable (&cells[tail - 1], &cells[cols - 1]))
    tail--;
  return tail;
}

static gboolean
differs_from (Brush *brush, const VmTermPicture *new, guint col, guint row)
{
  for (; col < new->size.cols; col++)
    if (!cell_equal (vm_term_picture_cell (brush->shown, col, row),
            vm_term_picture_cell (new, col, row)))
      return TRUE;
  return FALSE;
}

/* Whatever stands there is painted anew. */
static void
forget_cell (Brush *brush, guint col, guint row)
{
  vm_term_picture_cell (brush->shown, col, row)->chars[0] = 0;
}

/* What combines with a character in the last column, libvterm drops. So that is
 * written one column before, and moved. */
static void
paint_last (Brush *brush, const VmTermPicture *new, guint row)
{
  guint last = new->size.cols - 1;
  const VmTermCell *cell = vm_term_picture_cell (new, last, row);

  if (last == 0 || cell->width != 1 || !cell->chars[1]
      || cell_equal (cell, vm_term_picture_cell (brush->shown, last, row)))
    return;
  place (brush, last - 1, row);
  write_cell (brush, cell);
  place (brush, last - 1, row);
  g_string_append (brush->out, "\033[@");
  *vm_term_picture_cell (brush->shown, last, row) = *cell;
  for (guint col = MAX (last, 2) - 2; col < last; col++)
    forget_cell (brush, col, row);
}

/* A terminal with another table of widths leaves the second cell of a wide
 * character as it was, or writes a narrow one over the cell behind it. */
static void
write_unsure (Brush *brush, const VmTermCell *cell)
{
  guint col = brush->col, row = brush->row, behind = col + 1;
  gboolean inside = behind < brush->shown->size.cols;

  if (cell->width == 2
      && !cell_equal (
          vm_term_picture_cell (brush->shown, behind, row), &blank)) {
    dip (brush, cell->fg, cell->bg, cell->attrs);
    g_string_append (brush->out, "  ");
    brush->placed = FALSE;
    place (brush, col, row);
  }
  write_cell (brush, cell);
  if (cell->width == 1 && inside)
    forget_cell (brush, behind, row);
}

static void
paint_row (Brush *brush, const VmTermPicture *new, guint row)
{
  guint cols = new->size.cols;
  guint tail = find_tail (new, row);
  gboolean erase = cols - tail >= ERASE_MIN;

  if (row_equal (brush->shown, row, new, row))
    return;
  paint_last (brush, new, row);
  for (guint col = 0; col < (erase ? tail : cols); col++) {
    const VmTermCell *cell = vm_term_picture_cell (new, col, row);
    const VmTermCell *old = vm_term_picture_cell (brush->shown, col, row);
    gboolean same = cell_equal (cell, old);

    if (cell->width == 2)
      same = same && cell_equal (cell + 1, old + 1);
    if (cell->width == 0 || same)
      continue;
    place (brush, col, row);
    if (cell->chars[0] < SURE_WIDTH_END)
      write_cell (brush, cell);
    else
      write_unsure (brush, cell);
  }
  if (!erase || !differs_from (brush, new, tail, row))
    return;
  place (brush, tail, row);
  dip (brush, vm_term_picture_cell (new, cols - 1, row)->fg,
      vm_term_picture_cell (new, cols - 1, row)->bg, 0);
  g_string_append (brush->out, "\033[K");
}

/* Rows of @new that are in @old, @n rows further down. */
static guint
count_moved (const VmTermPicture *old, const VmTermPicture *new, guint n)
{
  guint moved = 0;

  for (guint row = 0; row + n < new->size.rows; row++)
    moved += row_equal (old, row + n, new, row);
  return moved;
}

/* By how many rows the text has moved up; 0: it is painted with fewer bytes as
 * it is. */
static guint
find_scroll (const VmTermPicture *old, const VmTermPicture *new)
{
  guint best = 0, most = count_moved (old, new, 0) + SCROLL_MIN - 1;

  if (most >= new->size.rows)
    return 0;
  for (guint n = 1; n + SCROLL_MIN <= new->size.rows; n++) {
    guint moved = count_moved (old, new, n);

    if (moved > most) {
      most = moved;
      best = n;
    }
  }
  return best;
}

/* By line feeds in the last row: the Linux console and the VT100 to VT220 have
 * no SU (terminfo's indn). */
static void
scroll (Brush *brush, guint n)
{
  VmTermPicture *shown = brush->shown;
  gsize kept = (gsize) (shown->size.rows - n) * shown->size.cols;

  dip (brush, 0, 0, 0);
  place (brush, 0, shown->size.rows - 1);
  for (guint i = 0; i < n; i++)
    g_string_append_c (brush->out, '\n');
  memmove (shown->cells, shown->cells + (gsize) n * shown->size.cols,
      kept * sizeof (VmTermCell));
  for (gsize i = kept; i < count (&shown->size); i++)
    shown->cells[i] = blank;
}

static void
append_mode (GString *out, guint mode, gboolean set)
{
  g_string_append_printf (out, "\033[?%u%c", mode, set ? 'h' : 'l');
}

/* @old: NULL: they are not known. */
static void
paint_modes (GString *out, const VmTermModes *old, const VmTermModes *new)
{
  if (!old || old->application_cursor != new->application_cursor)
    append_mode (out, 1, new->application_cursor);
  if (!old || old->application_keypad != new->application_keypad)
    g_string_append (out, new->application_keypad ? "\033=" : "\033>");
  if (!old || old->bracketed_paste != new->bracketed_paste)
    append_mode (out, 2004, new->bracketed_paste);
  if (!old || old->mouse != new->mouse || old->mouse_sgr != new->mouse_sgr) {
    for (guint mode = 1000; mode <= 1003; mode++)
      if (mode != 1001 && mode != (guint) new->mouse)
        append_mode (out, mode, FALSE);
    append_mode (out, 1006, new->mouse_sgr);
    if (new->mouse)
      append_mode (out, new->mouse, TRUE);
  }
  if (!old || old->cursor_shape != new->cursor_shape
      || old->cursor_blinks != new->cursor_blinks)
    g_string_append_printf (
        out, "\033[%d q", 2 * new->cursor_shape - (new->cursor_blinks ? 1 : 0));
  if (!old || old->cursor_visible != new->cursor_visible)
    append_mode (out, 25, new->cursor_visible);
}

/* A terminal in any state becomes blank, with what it does by itself when
 * text is written to it as paint_row() expects it. */
static void
prepare (GString *out, gboolean alternate)
{
  /* first: it keeps the place of the cursor, which the others move */
  append_mode (out, 1049, alternate);
  g_string_append (out, "\033[!p\033[?5l\033[?6l\033[?7h\033[4l\033[r\033(B\017"
                        "\033[0m\033[2J\033[H");
}

void
vm_term_picture_paint (
    const VmTermPicture *old, const VmTermPicture *new, GString *out)
{
  Brush brush = { .out = out };
  gboolean all = !old || !size_equal (&old->size, &new->size)
                 || old->modes.alternate != new->modes.alternate;
  guint n;

  if (!all && vm_term_picture_equal (old, new))
    return;
  if (all) {
    prepare (out, new->modes.alternate);
    brush.shown = vm_term_picture_new (&new->size);
    brush.placed = TRUE;
  } else {
    brush.shown = vm_term_picture_copy (old);
    brush.placed = TRUE;
    brush.col = old->cursor_col;
    brush.row = old->cursor_row;
    /* it may stand behind the last column */
    if (brush.col + 1 == old->size.cols)
      brush.placed = FALSE;
    n = find_scroll (old, new);
    if (n)
      scroll (&brush, n);
  }
  for (guint row = 0; row < new->size.rows; row++)
    paint_row (&brush, new, row);
  dip (&brush, 0, 0, 0);
  place (&brush, new->cursor_col, new->cursor_row);
  paint_modes (out, all ? NULL : &old->modes, &new->modes);
  vm_term_picture_free (brush.shown);
}
