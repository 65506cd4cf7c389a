/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/videomeet/videomeet.h>

/* A folder with a file that is sent, a folder that it is received in, and the
 * line vmfilesrc ! vmfilesink between them. */

#define FILE_PIPE_CHUNK 65536 /* bytes */
/* Of anything that is waited for, on a machine that is busy with others. */
#define FILE_PIPE_DEADLINE (60 * GST_SECOND)

typedef struct
{
  gchar *folder, *in; /* paths */
  gchar *path; /* of the file that is sent */
  gchar *data;
  gsize size;

  GstElement *pipeline, *src, *sink;
  GString *sent, *received; /* the states that were told, each once in a row */
  GstStructure *last_sent, *last_received; /* vm-transfer */
  guint warnings;
  GError *warning; /* the last */
  GError *error; /* the first, or NULL: it ended with EOS */
  gchar *code, *property; /* of its details */
  gboolean eos;
} FilePipe;

void file_pipe_setup (FilePipe *pipe);
void file_pipe_teardown (FilePipe *pipe);
/* A file whose chunks all differ. */
void file_pipe_write (FilePipe *pipe, const gchar *name, gsize size);
/* Its line, in NULL. @src, @sink: their properties, as in gst-launch; the
 * location and directory are set. */
void file_pipe_make (FilePipe *pipe, const gchar *src, const gchar *sink);
/* Likewise of another line, in which "src" is a vmfilesrc and "sink" a
 * vmfilesink, if there are any. */
void file_pipe_make_line (FilePipe *pipe, const gchar *line);
void file_pipe_play (FilePipe *pipe);
/* Until both have told this state (NULL: one of them need not). */
void
file_pipe_wait_state (FilePipe *pipe, const gchar *sent, const gchar *received);
/* For the next, whatever it says. */
void file_pipe_wait_message (FilePipe *pipe);
/* What the details of a warning or an error say under @name, to free. */
gchar *file_pipe_detail (GstMessage *message, const gchar *name);
/* Until EOS or an error. */
void file_pipe_wait (FilePipe *pipe);
/* NULL again; what was told stays. */
void file_pipe_stop (FilePipe *pipe);
/* make, play, wait, stop; whether it ended with EOS. */
gboolean file_pipe_run (FilePipe *pipe, const gchar *src, const gchar *sink);

/* Whether the folder has under @name what was sent, and nothing else. */
void file_pipe_assert_received (FilePipe *pipe, const gchar *name);
void file_pipe_assert_absent (FilePipe *pipe, const gchar *name);
/* Entries of the folder, hidden ones too. */
guint file_pipe_count (FilePipe *pipe);
void file_pipe_assert_empty (FilePipe *pipe);

/* What passes from one to the other: @probe sees each buffer, and each
 * reply. */
void file_pipe_probe (FilePipe *pipe, GstPadProbeType type,
    GstPadProbeCallback probe, gpointer user_data);
/* Of a message on its way; NULL of what is none. */
const gchar *file_pipe_message_name (GstPadProbeInfo *info);
