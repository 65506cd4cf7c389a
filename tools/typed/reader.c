/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "typed/reader.h"

#include <glib-unix.h>
#include <unistd.h>

struct _VmtReader
{
  VmtLineFunc line;
  void (*end) (gpointer user_data);
  gpointer user_data;
  VmtLines lines; /* typed, not yet whole */
  guint source; /* 0: it has come to the end */
};

static void watch (VmtReader *self);

static gboolean
on_background (gpointer user_data)
{
  watch (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_readable (gint fd, GIOCondition condition, gpointer user_data)
{
  VmtReader *self = user_data;

  if (vmt_typed_is_in_background ()) {
    watch (self);
    return G_SOURCE_REMOVE;
  }
  if (vmt_lines_read (&self->lines, fd, self->line, self->user_data))
    return G_SOURCE_CONTINUE;
  self->source = 0;
  self->end (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
watch (VmtReader *self)
{
  self->source = vmt_typed_is_in_background ()
                     ? g_timeout_add (VMT_BACKGROUND_MS, on_background, self)
                     : g_unix_fd_add (STDIN_FILENO,
                         G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, self);
}

VmtReader *
vmt_reader_new (
    VmtLineFunc line, void (*end) (gpointer user_data), gpointer user_data)
{
  VmtReader *self = g_new0 (VmtReader, 1);

  self->line = line;
  self->end = end;
  self->user_data = user_data;
  watch (self);
  return self;
}

static void
ignore_line (const gchar *line, gpointer user_data)
{
}

void
vmt_reader_free (VmtReader *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  vmt_lines_end (&self->lines, ignore_line, NULL);
  g_free (self);
}
