/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/videomeet/videomeet.h>

/* Two or more vmsignalbin in one process, over loopback. */

#define DEADLINE \
  (60 * GST_SECOND) /* of one step, where others take the cores */

extern VmNode *node;

/* The fixture: stops what a test has not stopped itself, because it failed. */
void setup (void);
void teardown (void);

/* One side of a call. */
typedef struct
{
  GstElement *pipeline, *bin; /* the one named "m" */
  GstBus *bus;
} Side;

/* It plays. */
Side side_new (const gchar *launch);
void side_free (Side *side);
/* "vmsignalbin name=m … @rest"; @host has joined when it returns. */
Side host (const gchar *rest);
Side join (const gchar *rest);
/* The next message that is an error, EOS, or the element message @name. */
GstMessage *wait_for (Side *side, const gchar *name);
void wait_for_state (Side *side, const gchar *state);

/* Buffers that came to the fakesink @name. */
typedef struct
{
  GMutex lock; /* of what follows */
  GCond cond;
  guint buffers;
  gboolean eos;
} Count;

Count *count_on (Side *side, const gchar *name);
void wait_count (Count *c, guint buffers, gboolean eos);
/* What it counted so far. */
guint reset_count (Count *c);

#define VIDEO                    \
  "videotestsrc is-live=true ! " \
  "video/x-raw,width=160,height=120,framerate=15/1 ! "
#define AUDIO "audiotestsrc is-live=true samplesperbuffer=480 ! "
#define RECEIVE                                                     \
  "m.video_src_0 ! queue ! fakesink name=v sync=false async=false " \
  "m.audio_src_0 ! queue ! fakesink name=a sync=false async=false "
#define BOTH VIDEO "m.video_sink_0 " AUDIO "m.audio_sink_0 " RECEIVE
