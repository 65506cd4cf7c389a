/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "terminal/termscreen.h"

#include "terminal/termfilter.h"

#include <string.h>
#include <vterm.h>

/* libvterm 0.1 writes beyond its memory when a wide character comes to a
 * terminal of one column. */
#define COLS_MIN 2
/* The second half of a wide character. */
#define HALF ((guint32) -1)

struct _VmTermScreen
{
  VTerm *vt;
  VTermScreen *screen;
  VTermState *state;
  VmTermPicture *picture; /* its rows as they were before they became dirty */
  gboolean dirty[VM_TERM_ROWS_MAX];
  VmTermModes modes; /* those that libvterm tells by itself */
  guint bells;

  VmTermAnswerFunc answer;
  gpointer answer_data;
  GString *probe; /* while libvterm is asked for a mode: what it would type */

  VTerm *ruler; /* a terminal of few columns that measures characters */
  guint8 *widths[0x110000 / 256]; /* of a character, from page and offset */
};

gboolean
vm_term_is_supported (void)
{
  return TRUE;
}

/* What libvterm tells */

static int
on_damage (VTermRect rect, void *user)
{
  VmTermScreen *self = user;

  for (gint row = MAX (0, rect.start_row);
       row < rect.end_row && row < VM_TERM_ROWS_MAX; row++)
    self->dirty[row] = TRUE;
  return 1;
}

static gint
mouse_mode (gint prop)
{
  switch (prop) {
    case VTERM_PROP_MOUSE_CLICK:
      return 1000;
    case VTERM_PROP_MOUSE_DRAG:
      return 1002;
    case VTERM_PROP_MOUSE_MOVE:
      return 1003;
    default:
      return 0;
  }
}

static int
on_prop (VTermProp prop, VTermValue *value, void *user)
{
  VmTermScreen *self = user;

  switch (prop) {
    case VTERM_PROP_CURSORVISIBLE:
      self->modes.cursor_visible = !!value->boolean;
      break;
    case VTERM_PROP_CURSORBLINK:
      self->modes.cursor_blinks = !!value->boolean;
      break;
    case VTERM_PROP_CURSORSHAPE:
      self->modes.cursor_shape = CLAMP (value->number, 1, 3);
      break;
    case VTERM_PROP_ALTSCREEN:
      self->modes.alternate = !!value->boolean;
      memset (self->dirty, TRUE, sizeof self->dirty);
      break;
    case VTERM_PROP_MOUSE:
      self->modes.mouse = mouse_mode (value->number);
      break;
    case VTERM_PROP_REVERSE:
      memset (self->dirty, TRUE, sizeof self->dirty);
      break;
    default:
      break;
  }
  return 1;
}

static int
on_bell (void *user)
{
  VmTermScreen *self = user;

  self->bells++;
  return 1;
}

static const VTermScreenCallbacks callbacks = {
  .damage = on_damage,
  .settermprop = on_prop,
  .bell = on_bell,
};

static void
on_output (const char *data, size_t size, void *user)
{
  VmTermScreen *self = user;

  if (self->probe)
    g_string_append_len (self->probe, data, size);
  else if (self->answer)
    self->answer (data, size, self->answer_data);
}

/* Modes that libvterm does not tell: what it would type for a key does. */

static void
find_modes (VmTermScreen *self, VmTermModes *modes)
{
  g_autoptr (GString) typed = g_string_new (NULL);

  *modes = self->modes;
  self->probe = typed;
  vterm_keyboard_key (self->vt, VTERM_KEY_UP, VTERM_MOD_NONE);
  modes->application_cursor = strcmp (typed->str, "\033OA") == 0;
  g_string_truncate (typed, 0);
  vterm_keyboard_key (self->vt, VTERM_KEY_KP_0, VTERM_MOD_NONE);
  modes->application_keypad = typed->len > 1;
  g_string_truncate (typed, 0);
  vterm_keyboard_start_paste (self->vt);
  modes->bracketed_paste = typed->len > 0;
  g_string_truncate (typed, 0);
  /* the wheel, which libvterm does not remember as pressed */
  vterm_mouse_button (self->vt, 4, true, VTERM_MOD_NONE);
  modes->mouse_sgr = g_str_has_prefix (typed->str, "\033[<");
  self->probe = NULL;
}

VmTermScreen *
vm_term_screen_new (const VmTermSize *size)
{
  VmTermScreen *self = g_new0 (VmTermScreen, 1);

  self->vt = vterm_new (size->rows, MAX (size->cols, COLS_MIN));
  vterm_set_utf8 (self->vt, 1);
  self->state = vterm_obtain_state (self->vt);
  self->screen = vterm_obtain_screen (self->vt);
  vterm_output_set_callback (self->vt, on_output, self);
  vterm_screen_set_callbacks (self->screen, &callbacks, self);
  vterm_screen_set_damage_merge (self->screen, VTERM_DAMAGE_SCREEN);
  vterm_screen_enable_altscreen (self->screen, 1);
  vterm_screen_reset (self->screen, 1);
  self->picture = vm_term_picture_new (size);
  memset (self->dirty, TRUE, sizeof self->dirty);
  return self;
}

void
vm_term_screen_free (VmTermScreen *self)
{
  if (!self)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (self->widths); i++)
    g_free (self->widths[i]);
  if (self->ruler)
    vterm_free (self->ruler);
  vterm_free (self->vt);
  vm_term_picture_free (self->picture);
  g_free (self);
}

void
vm_term_screen_set_answer_func (
    VmTermScreen *self, VmTermAnswerFunc func, gpointer user_data)
{
  self->answer = func;
  self->answer_data = user_data;
}

void
vm_term_screen_feed (VmTermScreen *self, const gchar *data, gsize size)
{
  vterm_input_write (self->vt, data, size);
  vterm_screen_flush_damage (self->screen);
}

static guint32
read_color (const VTermColor *color)
{
  if (VTERM_COLOR_IS_DEFAULT_FG (color) || VTERM_COLOR_IS_DEFAULT_BG (color))
    return 0;
  if (VTERM_COLOR_IS_INDEXED (color))
    return VM_TERM_COLOR_INDEX | color->indexed.idx;
  return VM_TERM_COLOR_RGB | color->rgb.red << 16 | color->rgb.green << 8
         | color->rgb.blue;
}

static guint16
read_attrs (const VTermScreenCellAttrs *attrs)
{
  guint16 all = attrs->underline << VM_TERM_ATTR_UNDERLINE_SHIFT;

  if (attrs->bold)
    all |= VM_TERM_ATTR_BOLD;
  if (attrs->italic)
    all |= VM_TERM_ATTR_ITALIC;
  if (attrs->blink)
    all |= VM_TERM_ATTR_BLINK;
  if (attrs->reverse)
    all |= VM_TERM_ATTR_REVERSE;
  if (attrs->strike)
    all |= VM_TERM_ATTR_STRIKE;
#if HAVE_VTERM_CONCEAL
  if (attrs->conceal)
    all |= VM_TERM_ATTR_CONCEAL;
#endif
  return all;
}

/* The cell that a character would get now. */
static void
read_pen (VmTermScreen *self, VmTermCell *pen)
{
  VTermScreenCellAttrs attrs = { 0 };
  VTermValue value;

#define GET(attr) (vterm_state_get_penattr (self->state, attr, &value), value)
  attrs.bold = !!GET (VTERM_ATTR_BOLD).boolean;
  attrs.underline = GET (VTERM_ATTR_UNDERLINE).number;
  attrs.italic = !!GET (VTERM_ATTR_ITALIC).boolean;
  attrs.blink = !!GET (VTERM_ATTR_BLINK).boolean;
  attrs.reverse = !!GET (VTERM_ATTR_REVERSE).boolean;
  attrs.strike = !!GET (VTERM_ATTR_STRIKE).boolean;
#if HAVE_VTERM_CONCEAL
  attrs.conceal = !!GET (VTERM_ATTR_CONCEAL).boolean;
#endif
  *pen = (VmTermCell){ .attrs = read_attrs (&attrs), .width = 1 };
  vterm_state_get_penattr (self->state, VTERM_ATTR_FOREGROUND, &value);
  pen->fg = read_color (&value.color);
  vterm_state_get_penattr (self->state, VTERM_ATTR_BACKGROUND, &value);
  pen->bg = read_color (&value.color);
#undef GET
}

static void
    G_GNUC_PRINTF (2, 3) command (VmTermScreen *self, const gchar *format, ...)
{
  va_list args;
  g_autofree gchar *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  vterm_input_write (self->vt, text, strlen (text));
}

/* libvterm keeps a scrolling region and a saved cursor that are beyond the new
 * size, and then uses memory that is not its own. The region goes, as in other
 * terminals; the saved cursor comes to the edge. */
static void
shrink (VmTermScreen *self, const VmTermSize *size)
{
  VmTermModes modes = self->modes;
  VTermPos pos, saved;
  VmTermCell pen;
  g_autoptr (GString) again = g_string_new (NULL);

  vterm_state_get_cursorpos (self->state, &pos);
  read_pen (self, &pen);
  command (self, "\033[r\0338");
  vterm_state_get_cursorpos (self->state, &saved);
  if (saved.row >= (gint) size->rows || saved.col >= (gint) size->cols)
    command (self, "\033[%d;%dH\0337", MIN (saved.row + 1, (gint) size->rows),
        MIN (saved.col + 1, (gint) size->cols));
  vm_term_pen_append (&pen, again);
  command (self, "%s\033[%d;%dH\033[%d q\033[?25%c", again->str, pos.row + 1,
      pos.col + 1, 2 * modes.cursor_shape - (modes.cursor_blinks ? 1 : 0),
      modes.cursor_visible ? 'h' : 'l');
}

/* In libvterm 0.1 it is above the first row when the rows above it have
 * scrolled away. */
static void
keep_cursor (VmTermScreen *self)
{
  VTermPos pos;
  gint rows, cols;

  vterm_get_size (self->vt, &rows, &cols);
  vterm_state_get_cursorpos (self->state, &pos);
  if (pos.row < 0 || pos.row >= rows || pos.col < 0 || pos.col >= cols)
    command (self, "\033[%d;%dH", CLAMP (pos.row + 1, 1, rows),
        CLAMP (pos.col + 1, 1, cols));
}

void
vm_term_screen_resize (VmTermScreen *self, const VmTermSize *size)
{
  if (size->cols == self->picture->size.cols
      && size->rows == self->picture->size.rows)
    return;
  shrink (self, size);
  vterm_set_size (self->vt, size->rows, MAX (size->cols, COLS_MIN));
  keep_cursor (self);
  vterm_screen_flush_damage (self->screen);
  vm_term_picture_free (self->picture);
  self->picture = vm_term_picture_new (size);
  memset (self->dirty, TRUE, sizeof self->dirty);
}

void
vm_term_screen_get_size (VmTermScreen *self, VmTermSize *size)
{
  *size = self->picture->size;
}

guint
vm_term_screen_take_bells (VmTermScreen *self)
{
  guint bells = self->bells;

  self->bells = 0;
  return bells;
}

/* Cells */

static guint8
measure (VmTermScreen *self, gunichar c)
{
  VTermPos pos;
  gchar text[16] = "\033[H";
  gint n = 3 + g_unichar_to_utf8 (c, text + 3);

  if (!self->ruler) {
    self->ruler = vterm_new (1, 8);
    vterm_set_utf8 (self->ruler, 1);
    vterm_screen_reset (vterm_obtain_screen (self->ruler), 1);
  }
  vterm_input_write (self->ruler, text, n);
  vterm_state_get_cursorpos (vterm_obtain_state (self->ruler), &pos);
  return pos.col;
}

/* Columns that libvterm gives a character. */
static guint8
get_width (VmTermScreen *self, gunichar c)
{
  guint8 **page, *width;

  if (c < 0x300)
    return 1;
  if (c >= 0x110000 || vm_term_combines (c))
    return 0;
  page = &self->widths[c / 256];
  if (!*page) {
    *page = g_malloc (256);
    memset (*page, 0xff, 256);
  }
  width = &(*page)[c % 256];
  if (*width == 0xff)
    *width = measure (self, c);
  return *width;
}

static void
read_chars (const VTermScreenCell *from, VmTermCell *cell)
{
  for (guint i = 0; i < VM_TERM_CELL_CHARS && from->chars[i]; i++)
    cell->chars[i] = from->chars[i];
  if (cell->chars[0] == 0)
    cell->chars[0] = ' ';
}

/* libvterm leaves halves of wide characters behind that were written over; a
 * terminal that is looked at shows a blank. */
static void
read_row (VmTermScreen *self, gint row)
{
  gint cols = self->picture->size.cols;
  VmTermCell *cells = vm_term_picture_cell (self->picture, 0, row);
  VTermScreenCell from;

  for (gint col = 0; col < cols; col++) {
    VmTermCell *cell = &cells[col];

    *cell = (VmTermCell){ .width = 1 };
    from.chars[0] = 0;
    if (!vterm_screen_get_cell (
            self->screen, (VTermPos){ .row = row, .col = col }, &from)) {
      cell->chars[0] = ' ';
      continue;
    }
    if (from.chars[0] == HALF && col > 0 && cell[-1].width == 2) {
      *cell = cell[-1];
      memset (cell->chars, 0, sizeof cell->chars);
      cell->width = 0;
      continue;
    }
    read_chars (&from, cell);
    cell->fg = read_color (&from.fg);
    cell->bg = read_color (&from.bg);
    cell->attrs = read_attrs (&from.attrs);
    if (get_width (self, cell->chars[0]) != 1)
      cell->width = 2;
    if (cell->width == 2
        && (get_width (self, cell->chars[0]) != 2 || from.width != 2
            || col + 1 == cols)) {
      memset (cell->chars, 0, sizeof cell->chars);
      cell->chars[0] = ' ';
      cell->width = 1;
    }
  }
}

const VmTermPicture *
vm_term_screen_look (VmTermScreen *self)
{
  VmTermPicture *picture = self->picture;
  VTermPos pos;

  for (guint row = 0; row < picture->size.rows; row++) {
    if (self->dirty[row])
      read_row (self, row);
    self->dirty[row] = FALSE;
  }
  vterm_state_get_cursorpos (self->state, &pos);
  picture->cursor_col = CLAMP (pos.col, 0, (gint) picture->size.cols - 1);
  picture->cursor_row = CLAMP (pos.row, 0, (gint) picture->size.rows - 1);
  find_modes (self, &picture->modes);
  return picture;
}

gboolean
vm_term_screen_equal (VmTermScreen *a, VmTermScreen *b)
{
  return vm_term_picture_equal (
      vm_term_screen_look (a), vm_term_screen_look (b));
}

GBytes *
vm_term_screen_snapshot (VmTermScreen *self)
{
  GString *out = g_string_new (NULL);

  vm_term_picture_paint (NULL, vm_term_screen_look (self), out);
  return g_string_free_to_bytes (out);
}
