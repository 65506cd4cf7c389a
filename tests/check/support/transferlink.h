/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/videomeet/transfer/message/frame.h>
#include <gst/videomeet/transfer/engine/receiver.h>

/* A sender and a receiver, a link between them, and their disks, all in memory
 * and in one thread. Time is a number that moves to whatever is due next. What
 * is said travels as it would: as JSON, or in frames. */

#define LINK_ID "3d5f8f4e-0a1b-4c2d-8e3f-405162738495"
#define LINK_NAME "a.iso"
#define MS G_GINT64_CONSTANT (1000)

typedef struct _Link Link;
/* A message on its way; FALSE: it is lost. */
typedef gboolean (*LinkFilter) (
    Link *link, gboolean to_receiver, VmTransferMessage *message);

struct _Link
{
  /* rules; of a hundred packets */
  GRand *rand;
  guint lost;
  guint doubled;
  guint damaged; /* a bit of a chunk's frame */
  gint64 delay; /* µs */
  gint64 jitter; /* up to so much more, so that packets pass each other */
  LinkFilter filter;
  guint encodings; /* of both */
  guint32 json_chunk_size;
  gsize frame_max; /* bytes */
  gboolean no_hash; /* is told with the offer */
  gboolean ask; /* the receiver does not accept by itself */
  gint64 until; /* how long it goes on */

  gint64 now;
  GPtrArray *events;
  guint64 order;
  VmSender *sender;
  VmReceiver *receiver;
  VmFrameJoiner *joiner; /* the receiver's */

  guint8 *source;
  gsize size;
  GError *source_error; /* instead of what is read */
  guint8 *disk; /* what was written */
  VmChunkSet *have; /* of it; NULL: nothing was begun */
  guint32 chunk_size; /* that it is cut by */
  guint64 room; /* bytes that the disk takes */
  GError *disk_error; /* instead of any writing */
  gchar *saved; /* the name that it got */
  gboolean discarded;
  gboolean closed;

  guint chunks_sent;
  guint begun; /* how often */
  guint refused; /* messages */
  guint errors; /* messages of that name */
};

/* With a file of @size bytes; perfect, until rules are changed. */
Link *link_new (gsize size, guint seed);
void link_free (Link *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Link, link_free)

/* The sender offers the file. Again: a new transfer, with what the disk has. */
void link_offer (Link *link);
/* Until nothing is due any more, or until @until. */
void link_run (Link *link);
/* Until @done says so; fails the test when that never is. */
void link_run_until (Link *link, gboolean (*done) (Link *link));
/* The link is cut: both sides are told, what is on its way is lost. */
void link_cut (Link *link);
/* Another link takes its place: what is on its way is lost, the sender
 * knows. */
void link_change (Link *link);
/* As a peer would. */
void link_inject (
    Link *link, gboolean to_receiver, const VmTransferMessage *message);

/* Both have completed, and the file is there as it was. */
void link_check_completed (Link *link);
/* Neither has, both say why, nothing has got its name. */
void link_check_failed (Link *link, gint sender_code, gint receiver_code);
