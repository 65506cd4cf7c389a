/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A question before, or between, what has a main loop of its own. */

#include "ui/ask.h"
#include "typed/paste.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define KEY_INTERRUPT 0x03
#define KEY_END 0x04
#define KEY_KILL 0x15
#define KEY_RUBOUT 0x7f

typedef struct
{
  GMainLoop *loop;
  GString *line;
  VmtPaste paste;
  gboolean entered, given_up, over;
} Asking;

gboolean
vmt_can_ask (VmtOutput *output)
{
  return vmt_output_is_terminal (output) && isatty (STDIN_FILENO)
         && tcgetpgrp (STDIN_FILENO) == getpgrp ();
}

static void
drop (Asking *self)
{
  const gchar *last;

  if (!self->line->len)
    return;
  last = g_utf8_find_prev_char (
      self->line->str, self->line->str + self->line->len);
  g_string_truncate (self->line, last ? (gsize) (last - self->line->str) : 0);
}

static void
append (Asking *self, gchar key)
{
  if ((guchar) key >= ' ' && self->line->len < VMT_ASK_MAX)
    g_string_append_c (self->line, key);
}

static void
take (Asking *self, gchar key)
{
  switch (key) {
    case '\r':
    case '\n':
      self->entered = self->over = TRUE;
      break;
    case KEY_INTERRUPT:
      self->given_up = self->over = TRUE;
      break;
    case KEY_END:
      self->over = TRUE;
      break;
    case KEY_RUBOUT:
    case '\b':
      drop (self);
      break;
    case KEY_KILL:
      g_string_truncate (self->line, 0);
      break;
    default:
      append (self, key);
  }
}

static void
on_keys (const gchar *bytes, gsize size, gpointer user_data)
{
  Asking *self = user_data;

  for (gsize i = 0; i < size && !self->over; i++)
    take (self, bytes[i]);
}

/* Enter is pressed, not pasted. */
static void
on_pasted (const gchar *text, gpointer user_data)
{
  for (; text && *text; text++)
    append (user_data, *text);
}

static gboolean
on_readable (gint fd, GIOCondition condition, gpointer user_data)
{
  static const VmtPasteFuncs funcs = { on_keys, on_pasted };
  Asking *self = user_data;
  gchar key;
  gssize size = read (fd, &key, 1);

  if (size < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (size == 1)
    vmt_paste_take (&self->paste, &key, 1, &funcs, self);
  if (size == 1 && !self->over)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
on_signal (gpointer user_data)
{
  Asking *self = user_data;

  self->given_up = TRUE;
  g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_late (gpointer user_data)
{
  g_main_loop_quit (((Asking *) user_data)->loop);
  return G_SOURCE_REMOVE;
}

gchar *
vmt_ask (
    VmtOutput *output, const gchar *question, guint seconds, gboolean *given_up)
{
  Asking self = { 0 };
  struct termios found, raw;
  gchar *answer = NULL;

  *given_up = FALSE;
  if (!vmt_can_ask (output) || tcgetattr (STDIN_FILENO, &found) != 0)
    return NULL;
  raw = found;
  raw.c_lflag &= ~(tcflag_t) (ICANON | ECHO | ISIG);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  if (tcsetattr (STDIN_FILENO, TCSANOW, &raw) != 0)
    return NULL;
  self.loop = g_main_loop_new (NULL, FALSE);
  self.line = g_string_new (NULL);
  printf ("%s%s ", vmt_paste_is_bracketed () ? VMT_PASTE_ON : "", question);
  fflush (stdout);
  g_unix_fd_add (
      STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, &self);
  g_unix_signal_add (SIGINT, on_signal, &self);
  g_unix_signal_add (SIGTERM, on_signal, &self);
  g_unix_signal_add (SIGHUP, on_signal, &self);
  g_timeout_add_seconds (seconds, on_late, &self);
  g_main_loop_run (self.loop);
  while (g_source_remove_by_user_data (&self))
    continue;
  tcsetattr (STDIN_FILENO, TCSANOW, &found);
  printf ("%s\n", vmt_paste_is_bracketed () ? VMT_PASTE_OFF : "");
  fflush (stdout);
  vmt_paste_clear (&self.paste);
  if (self.entered && self.line->len)
    answer = g_utf8_make_valid (self.line->str, (gssize) self.line->len);
  *given_up = self.given_up;
  memset (self.line->str, 0, self.line->len);
  g_string_free (self.line, TRUE);
  g_main_loop_unref (self.loop);
  return answer;
}
