/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "term/termui.h"
#include "term/localterm.h"
#include <gst/videomeet/terminal/termpaint.h>

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SAID_TIME 8000 /* ms that something said is shown */
#define DRAW_TIME (40 * 1000) /* µs: drawn at least as often */
#define READ_SIZE 4096 /* bytes at once */

struct _VmtTermUi
{
  const VmtTermUiFuncs *funcs;
  gpointer user_data;
  VmTermScreen *screen;
  VmTermPaint *paint;
  GString *out;
  FILE *said_file; /* whose lines are shown */
  GString *said_line;
  VmtOutput *output;
  gchar *said;
  guint said_timer, draw_source, keys_source, size_source;
  gint64 drawn_at;
  gboolean attention; /* the next key is a command */
};

/* Drawing */

static void
draw (VmtTermUi *self)
{
  g_autofree gchar *status = self->said ? g_strdup (self->said)
                                        : self->funcs->status (self->user_data);
  g_autofree gchar *line = g_strdup_printf (" %s", status);

  g_clear_handle_id (&self->draw_source, g_source_remove);
  vm_term_paint_set_status (self->paint, line);
  vm_term_paint_draw (
      self->paint, vm_term_screen_look (self->screen), self->out);
  self->drawn_at = g_get_monotonic_time ();
  if (!vmt_local_write (self->out))
    self->funcs->gone (self->user_data);
}

static gboolean
on_draw (gpointer data)
{
  VmtTermUi *self = data;

  self->draw_source = 0;
  draw (self);
  return G_SOURCE_REMOVE;
}

/* When all that is there was taken, but soon. */
static void
draw_soon (VmtTermUi *self)
{
  if (g_get_monotonic_time () - self->drawn_at >= DRAW_TIME)
    draw (self);
  else if (!self->draw_source)
    self->draw_source =
        g_idle_add_full (G_PRIORITY_DEFAULT + 1, on_draw, self, NULL);
}

void
vmt_term_ui_show (VmtTermUi *self, GBytes *output)
{
  gsize size;
  const gchar *data = g_bytes_get_data (output, &size);

  vm_term_screen_feed (self->screen, data, size);
  draw_soon (self);
}

void
vmt_term_ui_resize (VmtTermUi *self, guint columns, guint rows)
{
  const VmTermSize size = { columns, rows };

  vm_term_screen_resize (self->screen, &size);
  draw_soon (self);
}

void
vmt_term_ui_set_input (VmtTermUi *self, gboolean input)
{
  vm_term_paint_set_input (self->paint, input);
  draw_soon (self);
}

void
vmt_term_ui_update (VmtTermUi *self)
{
  draw_soon (self);
}

/* What is said meanwhile */

static gboolean
on_said_over (gpointer data)
{
  VmtTermUi *self = data;

  self->said_timer = 0;
  g_clear_pointer (&self->said, g_free);
  draw (self);
  return G_SOURCE_REMOVE;
}

void
vmt_term_ui_say (VmtTermUi *self, const gchar *text)
{
  g_free (self->said);
  self->said = g_strdup (text);
  g_clear_handle_id (&self->said_timer, g_source_remove);
  self->said_timer = g_timeout_add (SAID_TIME, on_said_over, self);
  draw_soon (self);
}

const gchar *
vmt_term_ui_get_said (VmtTermUi *self)
{
  return self->said;
}

/* A line of the output. What the next key does stays there until it is typed.
 */
static void
say_line (VmtTermUi *self)
{
  static const gchar *const kinds[] = { "videomeet: warning: ",
    "videomeet: error: " };
  const gchar *line = self->said_line->str;

  if (self->attention)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_has_prefix (line, kinds[i]))
      line += strlen (kinds[i]);
  vmt_term_ui_say (self, line);
}

static ssize_t
on_said (void *cookie, const char *data, size_t size)
{
  VmtTermUi *self = cookie;

  for (size_t i = 0; i < size; i++) {
    if (data[i] != '\n') {
      g_string_append_c (self->said_line, data[i]);
    } else {
      say_line (self);
      g_string_truncate (self->said_line, 0);
    }
  }
  return (ssize_t) size;
}

VmtOutput *
vmt_term_ui_get_output (VmtTermUi *self)
{
  return self->output;
}

/* Keys */

static void
take_key (VmtTermUi *self, guint8 key)
{
  if (self->attention) {
    self->attention = FALSE;
    if (key == VMT_TERM_KEY)
      self->funcs->typed (&key, 1, self->user_data);
    else
      self->funcs->command ((gchar) key, self->user_data);
  } else {
    self->attention = TRUE;
    self->funcs->attention (self->user_data);
  }
}

static gboolean
on_keys (gint fd, GIOCondition condition, gpointer data)
{
  VmtTermUi *self = data;
  guint8 keys[READ_SIZE];
  ssize_t n = read (fd, keys, sizeof keys);
  ssize_t from = 0;

  if (n <= 0) {
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
      return G_SOURCE_CONTINUE;
    self->keys_source = 0;
    self->funcs->gone (self->user_data);
    return G_SOURCE_REMOVE;
  }
  for (ssize_t i = 0; i < n; i++) {
    if (keys[i] != VMT_TERM_KEY && !self->attention)
      continue;
    if (i > from)
      self->funcs->typed (keys + from, (gsize) (i - from), self->user_data);
    take_key (self, keys[i]);
    from = i + 1;
  }
  if (n > from)
    self->funcs->typed (keys + from, (gsize) (n - from), self->user_data);
  return G_SOURCE_CONTINUE;
}

/* Its size */

static void
take_size (VmtTermUi *self, VmTermSize *size)
{
  guint columns, rows;

  vmt_local_get_size (&columns, &rows);
  size->cols = MIN (columns, VM_TERM_COLS_MAX);
  size->rows = MIN (rows, VM_TERM_ROWS_MAX);
}

static void
tell_size (VmtTermUi *self, const VmTermSize *size)
{
  self->funcs->resized (size->cols, MAX (size->rows, 2) - 1, self->user_data);
}

static gboolean
on_size (gpointer data)
{
  VmtTermUi *self = data;
  VmTermSize size;

  take_size (self, &size);
  vm_term_paint_set_size (self->paint, &size);
  vm_term_paint_forget (self->paint);
  tell_size (self, &size);
  draw (self);
  return G_SOURCE_CONTINUE;
}

VmtTermUi *
vmt_term_ui_new (const VmtTermUiFuncs *funcs, gpointer user_data)
{
  const cookie_io_functions_t io = { .write = on_said };
  VmtTermUi *self;
  VmTermSize size;

  if (!vm_term_is_supported () || !vmt_local_take ())
    return NULL;
  self = g_new0 (VmtTermUi, 1);
  self->funcs = funcs;
  self->user_data = user_data;
  take_size (self, &size);
  self->paint = vm_term_paint_new (&size);
  self->screen = vm_term_screen_new (&size);
  self->out = g_string_new (NULL);
  self->said_line = g_string_new (NULL);
  self->said_file = fopencookie (self, "w", io);
  setvbuf (self->said_file, NULL, _IOLBF, BUFSIZ);
  self->output = vmt_output_new (self->said_file, self->said_file, FALSE);
  self->keys_source = g_unix_fd_add (
      STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_keys, self);
  self->size_source = g_unix_signal_add (SIGWINCH, on_size, self);
  tell_size (self, &size);
  return self;
}

void
vmt_term_ui_free (VmtTermUi *self)
{
  vmt_output_free (self->output);
  fclose (self->said_file);
  g_clear_handle_id (&self->keys_source, g_source_remove);
  g_clear_handle_id (&self->size_source, g_source_remove);
  g_clear_handle_id (&self->said_timer, g_source_remove);
  g_clear_handle_id (&self->draw_source, g_source_remove);
  vm_term_paint_end (self->paint, self->out);
  vmt_local_give_back (self->out);
  vm_term_paint_free (self->paint);
  vm_term_screen_free (self->screen);
  g_string_free (self->out, TRUE);
  g_string_free (self->said_line, TRUE);
  g_free (self->said);
  g_free (self);
}
