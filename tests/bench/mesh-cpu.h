/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gst/gst.h>

/* Shared by mesh-cpu.c (the rounds, and ours) and mesh-cpu-peer.c. */

#define RECEIVERS 9
#define SECONDS 10 /* measured, once all receive */
#define SETTLE 3 /* s before that */
#define START_S 30 /* until all receive */

/* 360p at 30, every pixel in motion */
#define SOURCE_VIDEO                                                          \
  "videotestsrc is-live=true pattern=zone-plate kx2=20 ky2=20 kt=2 xoffset=3" \
  " ! video/x-raw,format=I420,width=640,height=360,framerate=30/1 ! "
#define SOURCE_AUDIO                                            \
  "audiotestsrc is-live=true wave=pink-noise samplesperbuffer=" \
  "960 ! audio/x-raw,rate=48000,channels=2 ! "

/* A child process that receives; lines in, lines out. */
typedef struct
{
  GSubprocess *process;
  GOutputStream *in;
  GDataInputStream *out;
} Child;

void child_start (Child *child, const gchar *program, const gchar *mode,
    const gchar *argument);
void child_send (Child *child, const gchar *line);
gchar *child_receive (Child *child);
void child_stop (Child *child);

/* Waits until the child's receivers all have pictures, then prints the seconds
 * of CPU that this process took and the frames the child got meanwhile. */
void measure (Child *child);
/* On a receiver's side: answers every line "count" on the standard input. The
 * other lines go to @func. Ends with the input. */
typedef void (*LineFunc) (const gchar *line, gpointer user_data);
typedef guint64 (*CountFunc) (guint receiver, gpointer user_data);
void serve (CountFunc count, LineFunc func, gpointer user_data);

GstElement *launch (const gchar *line);

int peer_send (const gchar *program);
int peer_receive (void);
