/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/vmpeer-priv.h"

/* Two peers in one process over loopback, with signalling in memory, and
 * sources that make what they send. */

typedef struct _Pair Pair;

/* What a side was told and has received. */
typedef struct
{
  Pair *pair;
  VmPeer *peer;
  guint index; /* 0 offers */
  VmPeerState state;
  gboolean ended; /* failed or closed */
  GError *error;
  gchar *path;
  guint candidates, ends;
  guint after_end; /* candidates that came after the last */
  gboolean described;
  guint found; /* candidates known with the description */
  guint before_description; /* candidates */
  guint connected_seen;
  guint key_units[VM_PEER_N_STREAMS]; /* wanted of this side */
  gint64 key_unit_time; /* of the last for the camera, by the peer's clock */
  gint64 key_unit_gap; /* shortest between two of them; 0: there were none */
  GQueue messages; /* "label text" */
  guint channels_open;

  /* by streaming threads */
  gint samples[VM_PEER_N_STREAMS];
  gint sound_nice; /* of the thread that brought the last */
  gint bad_first; /* video that did not begin with a key frame */
  gint bad_times;
  gint good_times; /* in a row */
  gint64 first_sample[VM_PEER_N_STREAMS]; /* monotonic */
  GstCaps *caps[VM_PEER_N_STREAMS];
  GstClockTime last_time[VM_PEER_N_STREAMS]; /* of the last sample */
  GstClockTime base_time;
  GMutex lock; /* caps, last_time, base_time */
} Side;

typedef gchar *(*Mangle) (gboolean offer, const gchar *sdp);

struct _Pair
{
  Side sides[2];
  GstClock *clock;
  GstClockTime base_time;
  GPtrArray *sources;
  VmPeerConfig config[2];
  Mangle mangle;
  gboolean hold_descriptions; /* until candidates were delivered */
  gchar *held;
  gboolean held_offer;
  gint64 started;
  gint64 connected[2];
};

#define VP8_CAPS "video/x-vp8"
#define OPUS_CAPS "audio/x-opus, channel-mapping-family=(int)0, channels=(int)1"
#define H264_CAPS                                                           \
  "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au, " \
  "profile=(string)constrained-baseline"

/* Of a program, before its tests: they are forked, and a thread of this process
 * that holds a lock just then would hold it in theirs for ever. */
void pair_prepare (void);
void pair_init (Pair *pair);
void pair_config (Pair *pair, guint side, VmPeerStream stream,
    const gchar *send, gboolean receive);
void pair_make (Pair *pair);
void pair_start (Pair *pair);
/* Feeds @stream of @side with what @launch makes; ends in encoded frames. */
void pair_feed (Pair *pair, guint side, VmPeerStream stream);
void pair_clear (Pair *pair);
/* The teardown of a test: stops the pair of one that failed. Where tests share
 * a process, the end of the next one waits for threads that still run, without
 * a deadline. Pairs are static, for what runs meanwhile has them. */
void pair_stop_failed (void);

/* Both sides made, each with sound and a camera that the other takes; and what
 * feeds them. */
void pair_make_talkers (Pair *pair);
void pair_feed_talkers (Pair *pair);

typedef gboolean (*Condition) (gpointer data);
/* Runs the main context until @condition, at most @ms; FALSE: too late. */
gboolean wait_for (Condition condition, gpointer data, guint ms);
/* Waits at most PAIR_CONNECT_MS, and so long the peers of a pair try: a
 * sanitizer on a busy machine is slow. */
#define PAIR_CONNECT_MS 60000
void pair_expect_connected (Pair *pair);
/* For two seconds of media, where others take the cores. */
#define PAIR_MEDIA_MS 60000
/* So many @samples more of @stream come to @side. */
void
pair_expect_samples (Pair *pair, guint side, VmPeerStream stream, gint samples);
/* No error, and every picture began and came as it should. */
void pair_expect_clean (Pair *pair);
/* A Condition: those that each connection has are open at both sides. */
gboolean pair_channels_are_open (gpointer pair);
gboolean side_has_ended (gpointer side);
guint count_threads (void);
