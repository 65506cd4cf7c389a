/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libedit edits the line and has its history. It is given whole keys alone, as
 * its own control characters, so that it never waits for the rest of one; and a
 * pseudo-terminal of its own, so that the user's stays as the session has set
 * it. */

#include "ui/editor.h"
#include "ui/history.h"
#include "ui/output.h"

#include <histedit.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* libedit draws on a screen that nobody sees: wide enough for the longest line
 * to have few rows. */
#define COLUMNS 1000
#define ROWS 40

#define ESCAPE 0x1b
#define SEQUENCE_MAX 32 /* bytes; a longer one is no key */

/* What libedit is told; see bind_keys(). */
enum
{
  KEY_NONE = 0,
  KEY_HOME = 'A' - '@',
  KEY_LEFT = 'B' - '@',
  KEY_DELETE = 'D' - '@',
  KEY_END = 'E' - '@',
  KEY_RIGHT = 'F' - '@',
  KEY_BACKSPACE = 'H' - '@',
  KEY_TAB = 'I' - '@',
  KEY_ENTER = 'J' - '@',
  KEY_KILL_END = 'K' - '@',
  KEY_RETURN = 'M' - '@',
  KEY_DOWN = 'N' - '@',
  KEY_UP = 'P' - '@',
  KEY_SWAP = 'T' - '@',
  KEY_KILL = 'U' - '@',
  KEY_KILL_WORD = 'W' - '@',
  KEY_YANK = 'Y' - '@',
  KEY_WORD_LEFT = '\\' - '@',
  KEY_WORD_RIGHT = ']' - '@',
  KEY_DELETE_WORD = '^' - '@',
  KEY_RUBOUT = 0x7f,
};

struct _VmtEditor
{
  VmtEditorFuncs funcs;
  gpointer user_data;
  EditLine *edit;
  HistoryW *history;
  FILE *nothing;
  gint main, side; /* of the pseudo-terminal */
  GString *bytes; /* of a key that is not whole yet */
  gunichar next; /* the key for libedit; 0: there is none */
  gboolean too_long; /* the line: a key had no room */
  GPtrArray *typed; /* since the history was loaded */
};

/* Keys of the terminal */

static gint
find_sequence (gchar final, const gchar *parameters)
{
  gboolean moved = strstr (parameters, ";5") || strstr (parameters, ";3");

  switch (final) {
    case 'A':
      return KEY_UP;
    case 'B':
      return KEY_DOWN;
    case 'C':
      return moved ? KEY_WORD_RIGHT : KEY_RIGHT;
    case 'D':
      return moved ? KEY_WORD_LEFT : KEY_LEFT;
    case 'H':
      return KEY_HOME;
    case 'F':
      return KEY_END;
    case '~':
      return g_str_equal (parameters, "1") || g_str_equal (parameters, "7")
                 ? KEY_HOME
             : g_str_equal (parameters, "4") || g_str_equal (parameters, "8")
                 ? KEY_END
             : g_str_equal (parameters, "3") ? KEY_DELETE
                                             : KEY_NONE;
    default:
      return KEY_NONE;
  }
}

/* ESC [ PARAMETERS FINAL, and ESC O FINAL (ECMA-48 §5.4). Returns: its bytes,
 * or 0: more are to come. */
static gsize
take_sequence (const gchar *bytes, gsize size, gint *key)
{
  g_autofree gchar *parameters = NULL;
  gsize n = 2;

  *key = KEY_NONE;
  if (size < 2)
    return 0;
  if (bytes[1] != '[' && bytes[1] != 'O') {
    *key = bytes[1] == 'b'   ? KEY_WORD_LEFT
           : bytes[1] == 'f' ? KEY_WORD_RIGHT
           : bytes[1] == 'd' ? KEY_DELETE_WORD
           : bytes[1] == KEY_RUBOUT || bytes[1] == KEY_BACKSPACE ? KEY_KILL_WORD
                                                                 : KEY_NONE;
    /* the key behind a lone Escape is one of its own */
    return *key == KEY_NONE && (guchar) bytes[1] < ' ' ? 1 : 2;
  }
  while (n < size && n < SEQUENCE_MAX && bytes[n] >= 0x20 && bytes[n] < 0x40)
    n++;
  if (n == SEQUENCE_MAX)
    return n;
  if (n == size)
    return 0;
  parameters = g_strndup (bytes + 2, n - 2);
  *key = find_sequence (bytes[n], parameters);
  return n + 1;
}

static gboolean
is_known (guchar control)
{
  static const gchar known[] = { KEY_HOME, KEY_LEFT, KEY_DELETE, KEY_END,
    KEY_RIGHT, KEY_BACKSPACE, KEY_TAB, KEY_ENTER, KEY_KILL_END, KEY_RETURN,
    KEY_DOWN, KEY_UP, KEY_SWAP, KEY_KILL, KEY_KILL_WORD, KEY_YANK, KEY_RUBOUT };

  return memchr (known, control, sizeof known) != NULL;
}

/* Returns: the bytes of the first key, or 0: it is not whole. *@key: KEY_NONE,
 * if it means nothing here. */
static gsize
take_key (const gchar *bytes, gsize size, gunichar *key)
{
  gunichar c;
  gint found;
  gsize n;

  if (*bytes == ESCAPE) {
    n = take_sequence (bytes, size, &found);
    *key = (gunichar) found;
    return n;
  }
  c = g_utf8_get_char_validated (bytes, (gssize) size);
  if (c == (gunichar) -2)
    return 0;
  if (c == (gunichar) -1) {
    *key = 0xfffd;
    return 1;
  }
  *key = c < ' ' || c == KEY_RUBOUT ? (is_known ((guchar) c) ? c : KEY_NONE)
         : c >= 0x80 && c < 0xa0    ? KEY_NONE
                                    : c;
  return (gsize) (g_utf8_next_char (bytes) - bytes);
}

/* libedit */

static gint
on_get (EditLine *edit, wchar_t *c)
{
  VmtEditor *self;

  el_get (edit, EL_CLIENTDATA, &self);
  if (!self->next)
    return 0;
  *c = (wchar_t) self->next;
  self->next = 0;
  return 1;
}

static void
bind_keys (EditLine *edit)
{
  static const gchar *const bound[][2] = {
    { "^D", "ed-delete-next-char" },
    { "^W", "ed-delete-prev-word" },
    { "^U", "em-kill-line" },
    { "^\\", "ed-prev-word" },
    { "^]", "em-next-word" },
    { "^^", "em-delete-next-word" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bound); i++)
    el_set (edit, EL_BIND, bound[i][0], bound[i][1], NULL);
}

static gboolean
begin (VmtEditor *self)
{
  const struct winsize size = { .ws_row = ROWS, .ws_col = COLUMNS };
  HistEventW event;

  self->nothing = fopen ("/dev/null", "r+e");
  if (!self->nothing
      || openpty (&self->main, &self->side, NULL, NULL, &size) != 0)
    return FALSE;
  self->edit = el_init_fd ("videomeet", self->nothing, self->nothing,
      self->nothing, self->side, self->side, self->side);
  self->history = history_winit ();
  if (!self->edit || !self->history)
    return FALSE;
  history_w (self->history, &event, H_SETSIZE, VMT_HISTORY_MAX);
  history_w (self->history, &event, H_SETUNIQUE, 1);
  el_set (self->edit, EL_CLIENTDATA, self);
  el_set (self->edit, EL_EDITOR, "emacs");
  el_wset (self->edit, EL_HIST, history_w, self->history);
  el_wset (self->edit, EL_GETCFN, on_get);
  bind_keys (self->edit);
  el_set (self->edit, EL_UNBUFFERED, 1);
  return TRUE;
}

VmtEditor *
vmt_editor_new (const VmtEditorFuncs *funcs, gpointer user_data)
{
  VmtEditor *self = g_new0 (VmtEditor, 1);

  self->funcs = *funcs;
  self->user_data = user_data;
  self->main = self->side = -1;
  self->bytes = g_string_new (NULL);
  self->typed = g_ptr_array_new_with_free_func (g_free);
  if (begin (self))
    return self;
  vmt_editor_free (self);
  return NULL;
}

void
vmt_editor_free (VmtEditor *self)
{
  if (self->edit)
    el_end (self->edit);
  if (self->history)
    history_wend (self->history);
  if (self->nothing)
    fclose (self->nothing);
  if (self->main >= 0)
    close (self->main);
  if (self->side >= 0)
    close (self->side);
  g_string_free (self->bytes, TRUE);
  g_ptr_array_unref (self->typed);
  g_free (self);
}

/* wchar_t of glibc is UCS-4 */
static gchar *
to_utf8 (const wchar_t *text, glong n)
{
  gchar *utf8 = g_ucs4_to_utf8 ((const gunichar *) text, n, NULL, NULL, NULL);

  return utf8 ? utf8 : g_strdup ("");
}

gchar *
vmt_editor_get_line (VmtEditor *self, gsize *cursor)
{
  const LineInfoW *info = el_wline (self->edit);
  g_autofree gchar *before =
      to_utf8 (info->buffer, info->cursor - info->buffer);

  *cursor = strlen (before);
  return to_utf8 (info->buffer, info->lastchar - info->buffer);
}

/* What libedit has of the line is what its own end of it leaves. */
void
vmt_editor_clear_line (VmtEditor *self)
{
  self->too_long = FALSE;
  el_set (self->edit, EL_UNBUFFERED, 0);
  el_set (self->edit, EL_UNBUFFERED, 1);
}

static void
enter (VmtEditor *self)
{
  gsize cursor;
  g_autofree gchar *line = vmt_editor_get_line (self, &cursor);
  gboolean too_long = self->too_long;

  vmt_editor_clear_line (self);
  self->funcs.enter (too_long ? NULL : line, self->user_data);
}

void
vmt_editor_insert (VmtEditor *self, const gchar *text)
{
  g_autofree gunichar *wide = g_utf8_to_ucs4 (text, -1, NULL, NULL, NULL);

  if (wide)
    el_winsertstr (self->edit, (const wchar_t *) wide);
}

static void
complete (VmtEditor *self)
{
  gsize cursor;
  g_autofree gchar *line = vmt_editor_get_line (self, &cursor);
  g_autofree gchar *before = g_strndup (line, cursor);
  g_autofree gchar *after = self->funcs.complete (before, self->user_data);

  if (!after || strlen (line) - cursor + strlen (after) > VMT_EDITOR_LINE_MAX)
    return;
  el_wdeletestr (self->edit, (gint) g_utf8_strlen (before, -1));
  vmt_editor_insert (self, after);
}

static gboolean
has_room (VmtEditor *self, gunichar c)
{
  gsize cursor;
  g_autofree gchar *line = vmt_editor_get_line (self, &cursor);

  return strlen (line) + (gsize) g_unichar_to_utf8 (c, NULL)
         <= VMT_EDITOR_LINE_MAX;
}

static void
press (VmtEditor *self, gunichar key)
{
  gint n;

  switch (key) {
    case KEY_NONE:
      return;
    case KEY_ENTER:
    case KEY_RETURN:
      enter (self);
      return;
    case KEY_TAB:
      complete (self);
      return;
    default:
      break;
  }
  /* what is put back is as long as what was taken out, and may come twice */
  if ((key >= ' ' && key != KEY_RUBOUT && !has_room (self, key))
      || (key == KEY_YANK && !has_room (self, 'x'))) {
    self->too_long = TRUE;
    return;
  }
  if (key == KEY_KILL)
    self->too_long = FALSE;
  self->next = key;
  el_wgets (self->edit, &n);
  self->next = 0;
}

void
vmt_editor_take (VmtEditor *self, const gchar *bytes, gsize size)
{
  g_string_append_len (self->bytes, bytes, (gssize) size);
  while (self->bytes->len) {
    gunichar key = KEY_NONE;
    gsize n = take_key (self->bytes->str, self->bytes->len, &key);

    if (!n)
      break;
    g_string_erase (self->bytes, 0, (gssize) n);
    press (self, key);
  }
}

/* History */

static void
add (VmtEditor *self, const gchar *line)
{
  g_autofree gunichar *wide = g_utf8_to_ucs4 (line, -1, NULL, NULL, NULL);
  HistEventW event;

  if (wide)
    history_w (self->history, &event, H_ENTER, (const wchar_t *) wide);
}

void
vmt_editor_remember (VmtEditor *self, const gchar *line)
{
  g_autofree gchar *safe = vmt_text_safe (line);

  if (!vmt_history_may_keep (safe))
    return;
  add (self, safe);
  if (self->typed->len == VMT_HISTORY_MAX)
    g_ptr_array_remove_index (self->typed, 0);
  g_ptr_array_add (self->typed, g_steal_pointer (&safe));
}

void
vmt_editor_load_history (VmtEditor *self, const gchar *path)
{
  g_autoptr (GPtrArray) lines = vmt_history_read (path);

  for (guint i = 0; i < lines->len; i++)
    add (self, lines->pdata[i]);
}

gboolean
vmt_editor_save_history (VmtEditor *self, const gchar *path, GError **error)
{
  return !self->typed->len || vmt_history_append (path, self->typed, error);
}
