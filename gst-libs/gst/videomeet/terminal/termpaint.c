/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "terminal/termpaint.h"

#include <string.h>

struct _VmTermPaint
{
  VmTermSize size;
  gchar *status; /* or NULL */
  gboolean input;
  VmTermPicture *shown; /* NULL: not known */
  guint left, top; /* what part of the screen is shown */
};

static void
limit (const VmTermSize *size, VmTermSize *limited)
{
  limited->cols = CLAMP (size->cols, 1, VM_TERM_COLS_MAX);
  limited->rows = CLAMP (size->rows, 1, VM_TERM_ROWS_MAX);
}

VmTermPaint *
vm_term_paint_new (const VmTermSize *size)
{
  VmTermPaint *self = g_new0 (VmTermPaint, 1);

  limit (size, &self->size);
  return self;
}

void
vm_term_paint_free (VmTermPaint *self)
{
  if (!self)
    return;
  vm_term_picture_free (self->shown);
  g_free (self->status);
  g_free (self);
}

void
vm_term_paint_set_size (VmTermPaint *self, const VmTermSize *size)
{
  limit (size, &self->size);
  vm_term_paint_forget (self);
}

void
vm_term_paint_set_status (VmTermPaint *self, const gchar *text)
{
  g_free (self->status);
  self->status = g_strdup (text);
}

void
vm_term_paint_set_input (VmTermPaint *self, gboolean input)
{
  self->input = input;
}

void
vm_term_paint_forget (VmTermPaint *self)
{
  g_clear_pointer (&self->shown, vm_term_picture_free);
}

/* Rows for the screen. The only row of a terminal is not for the status. */
static guint
rows_left (const VmTermPaint *self)
{
  return self->size.rows - (self->status && self->size.rows > 1 ? 1 : 0);
}

/* The first of @room places of @all that are shown, so that @cursor is; no
 * further from @first than that needs. */
static guint
follow (guint first, guint cursor, guint room, guint all)
{
  if (all <= room)
    return 0;
  if (cursor < first)
    first = cursor;
  if (cursor >= first + room)
    first = cursor - room + 1;
  return MIN (first, all - room);
}

static void
blank_half (VmTermCell *cell)
{
  memset (cell->chars, 0, sizeof cell->chars);
  cell->chars[0] = ' ';
  cell->width = 1;
}

static void
copy_row (
    VmTermPaint *self, const VmTermPicture *from, VmTermPicture *to, guint row)
{
  guint cols = MIN (from->size.cols - self->left, to->size.cols);
  VmTermCell *cells = vm_term_picture_cell (to, 0, row);

  memcpy (cells, vm_term_picture_cell (from, self->left, row + self->top),
      cols * sizeof *cells);
  if (cells[0].width == 0)
    blank_half (&cells[0]);
  if (cells[cols - 1].width == 2)
    blank_half (&cells[cols - 1]);
}

static void
write_status (VmTermPaint *self, VmTermPicture *to)
{
  guint row = to->size.rows - 1, col = 0;
  g_autofree gchar *text = g_utf8_make_valid (self->status, -1);

  for (guint i = 0; i < to->size.cols; i++)
    vm_term_picture_cell (to, i, row)->attrs = VM_TERM_ATTR_REVERSE;
  for (const gchar *p = text; *p && col < to->size.cols;
       p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    VmTermCell *cell = vm_term_picture_cell (to, col, row);

    if (g_unichar_iszerowidth (c) || g_unichar_iscntrl (c))
      continue;
    if (g_unichar_iswide (c) && col + 1 == to->size.cols)
      return;
    cell->chars[0] = c;
    col++;
    if (!g_unichar_iswide (c))
      continue;
    cell->width = 2;
    cell[1].chars[0] = 0;
    cell[1].width = 0;
    col++;
  }
}

static VmTermPicture *
compose (VmTermPaint *self, const VmTermPicture *from)
{
  VmTermPicture *to = vm_term_picture_new (&self->size);
  guint room = rows_left (self);

  self->left =
      follow (self->left, from->cursor_col, self->size.cols, from->size.cols);
  self->top = follow (self->top, from->cursor_row, room, from->size.rows);
  for (guint row = 0; row < room && row + self->top < from->size.rows; row++)
    copy_row (self, from, to, row);
  if (room < self->size.rows)
    write_status (self, to);
  to->cursor_col = from->cursor_col - self->left;
  to->cursor_row = from->cursor_row - self->top;
  if (self->input)
    to->modes = from->modes;
  to->modes.cursor_visible = from->modes.cursor_visible;
  to->modes.cursor_blinks = from->modes.cursor_blinks;
  to->modes.cursor_shape = from->modes.cursor_shape;
  to->modes.alternate = TRUE;
  return to;
}

void
vm_term_paint_draw (
    VmTermPaint *self, const VmTermPicture *picture, GString *out)
{
  VmTermPicture *new = compose (self, picture);

  vm_term_picture_paint (self->shown, new, out);
  vm_term_picture_free (self->shown);
  self->shown = new;
}

void
vm_term_paint_end (VmTermPaint *self, GString *out)
{
  vm_term_paint_forget (self);
  g_string_append (out,
      "\033[?1l\033>\033[?2004l\033[?1000l\033[?1002l\033[?1003l\033[?1006l"
      "\033[0 q\033[?25h\033[0m\033[?1049l");
}
