/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"
#include "ui/output.h"
#include "session/roster.h"
#include "typed/typed.h"

#include <gst/gst.h>

/* Files that are sent and received during a meeting. Main thread; pads come on
 * threads of their own, and what their elements say comes by the bus. */

typedef struct _VmtSessionFiles VmtSessionFiles;

/* Files on their way to others at a time; the others wait. One less than
 * vmsignalbin has pads for: see `spare`. */
#define VMT_FILES_SENT_MAX 15
/* Files that are sent, those that wait included. */
#define VMT_FILES_WAITING_MAX 256
/* Offers of one participant that nobody has answered; more are declined without
 * a word. */
#define VMT_FILES_ASKED_MAX 16
/* Of the files that are over, so many are remembered, the latest. */
#define VMT_FILES_OVER_MAX 32

/* What it works on; all of it lives longer. */
typedef struct
{
  const VmtOptions *options;
  VmtOutput *output;
  VmtRoster *roster;
  GstElement *pipeline, *signalbin;
  const gboolean *typed_over; /* whether nobody can type any more */
  const gboolean *given_up; /* whether the user leaves */
  gboolean (*is_free) (gpointer user_data); /* see vmt_session_files_answer() */
  gpointer user_data;
} VmtSessionFilesPlace;

/* With a folder to receive in, that is made here. NULL with @error: it cannot
 * be. */
VmtSessionFiles *
vmt_session_files_new (const VmtSessionFilesPlace *place, GError **error);
/* After the pipeline has stopped. */
void vmt_session_files_free (VmtSessionFiles *self);

/* /send: @to is an id; NULL: everybody who is here. */
void vmt_session_files_send (
    VmtSessionFiles *self, const gchar *path, const gchar *to);
/* Whether one more for @to may wait. */
gboolean vmt_session_files_have_room (VmtSessionFiles *self, const gchar *to);
/* /files */
void vmt_session_files_show (VmtSessionFiles *self);
/* /accept, /decline, /cancel, /pause, /resume */
void
vmt_session_files_obey (VmtSessionFiles *self, VmtTypedVerb verb, guint number);

/* A plain yes or no. FALSE: it answers no file, and is said to the others. It
 * answers the one that waits alone, if that was shown VMT_LOOK_TIME ago when
 * is_free() held, and nothing was said since: else it may well be meant for
 * somebody. */
gboolean
vmt_session_files_answer (VmtSessionFiles *self, gboolean yes, gint64 now);
/* From now on a plain line is no answer any more. */
void vmt_session_files_put_off (VmtSessionFiles *self);
/* Likewise, as the user has said @text to all. */
void vmt_session_files_said (VmtSessionFiles *self, const gchar *text);

/* Whether @message was about a file; then it is told. */
gboolean vmt_session_files_take (VmtSessionFiles *self, GstMessage *message);
/* Nobody waits for an answer of who has left. */
void vmt_session_files_left (VmtSessionFiles *self, const gchar *id);
/* Once a second: what is over is cleared away, and who waits has a turn. */
void vmt_session_files_tick (VmtSessionFiles *self);
/* The line of what is on its way; NULL: nothing is. */
gchar *vmt_session_files_progress (VmtSessionFiles *self);
/* Whether any is sent or waits, or was a moment ago. */
gboolean vmt_session_files_are_busy (VmtSessionFiles *self);
/* Whether all that were to be sent have been, and verified. */
gboolean vmt_session_files_are_sent (VmtSessionFiles *self);
/* Once the meeting is over: what was not finished. */
void vmt_session_files_end (VmtSessionFiles *self);
