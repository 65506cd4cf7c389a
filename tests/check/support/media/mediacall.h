/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

#include <gst/gst.h>

/* A meeting of the launcher in which cameras and microphones come and go, for
 * the programs that look at what it sends. What Bob gets is what tells: each
 * camera has a brightness of its own, and each microphone a loudness. */

#define CAMERA "Video/Source"
#define MICROPHONE "Audio/Source"
#define SPEAKER "Audio/Sink"

#define CAMERA_LINE(colour)                                                \
  "videotestsrc is-live=true pattern=solid-color foreground-color=" colour \
  " ! video/x-raw,format=I420,width=64,height=36,framerate=30/1 ! "        \
  "valve name=gate drop=false"
#define MICROPHONE_LINE(volume)                          \
  "audiotestsrc is-live=true wave=square volume=" volume \
  " ! audio/x-raw,format=S16LE,rate=48000,channels=1 ! valve name=gate"
#define WHITE "0xffffffff"
#define GREY "0xff808080"
#define LOUD "0.8"
#define SOFT "0.2"

/* A stream that goes on has no longer gap, however slow the machine. */
#define GAP_MAX 900 /* ms */
#define NEVER 60 /* s */

/* Two cameras and two microphones. */
void plug_all (void);

/* What Bob gets */
gboolean is_white (void);
gboolean is_grey (void);
gboolean is_black (void);
gboolean is_loud (void);
gboolean is_soft (void);
gboolean is_silent (void);
gboolean is_white_and_loud (void);
gboolean is_black_and_muted (void);
gboolean is_white_again (void); /* and not muted any more */

void unplug_camera (void); /* the white one */
void plug_camera (void);

/* A meeting that is told what to do when something is so */
typedef struct
{
  gboolean (*until) (void);
  void (*then) (void); /* NULL: nothing */
} Step;

typedef struct
{
  gint status;
  gchar *text, *errors;
} Result;

void result_clear (Result *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

/* @steps end with an empty one, with which the user leaves. */
Result run (VmtOptions *options, const Step *steps);
/* With all that is plugged; and the user has left it with success. */
Result run_plugged (const Step *steps);
/* While it runs: whether that was said; and what is typed. */
gboolean has_told (const gchar *part);
gboolean has_complained (const gchar *part);
void type (const gchar *line);
