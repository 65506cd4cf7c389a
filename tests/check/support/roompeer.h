/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/videomeet/room/rooms.h>

/* The room model with a clock of its own, and what its connections hear. */

#define SECOND G_USEC_PER_SEC

/* One connection; what it heard is kept as "type" words, "sfu" with what it
 * says. */
typedef struct
{
  GString *heard;
  VmSignal *last;
  gchar *token; /* of the last welcome */
  gboolean closed;
  GError *reason;
  VmMember *member;
} Peer;

extern VmRooms *rooms;
extern VmRoom *room; /* "standup", of Ann, with three seats */
extern Peer host;
extern gint64 now;
extern guint changes; /* of what is announced */
extern guint8 dice; /* the last random byte */
extern gboolean takes_sfu; /* what a hello says from now on */
extern VmRoomsFuncs room_funcs; /* for setup(): nobody is known */

void setup (void);
void teardown (void);
void open_room (const gchar *pin, guint max);

void peer_init (Peer *peer);
void peer_clear (Peer *peer);
/* Just that, and nothing from now on. */
void heard (Peer *peer, const gchar *what);
void heard_error (Peer *peer, VmError code);
/* A ticket, or NULL. */
gchar *ask (
    const gchar *meeting, const gchar *pin, const gchar *group, GError **error);
gboolean sit (Peer *peer, const gchar *ticket, GError **error);
void come_in (Peer *peer);
void say (Peer *peer, VmSignalType type, const gchar *to);
