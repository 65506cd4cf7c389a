/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How many chunks are sent before the first is acknowledged, and how long one
 * waits for that. What carries them is reliable and has its own congestion
 * control; what is to be found here is the least that keeps it busy, so that
 * chunks do not wait in queues in front of the media of a call. So the window
 * grows until acknowledgements come later than they could (as LEDBAT, RFC
 * 6817), by as much again each round trip at first, then by a chunk, and
 * shrinks alike. Sans-I/O, pure; times in µs, monotonic. */

/* unacknowledged; protocol/files.md#flow */
#define VM_WINDOW_BYTES_MAX (4 * 1024 * 1024)
/* The same on a data channel to a peer within VM_WINDOW_NEAR, and as much more
 * as one is farther. SCTP keeps as much in GStreamer; once that is full, each
 * packet that leaves wakes who waits for room, to add as little as has left. */
#define VM_WINDOW_BYTES_CHANNEL (1024 * 1024)
#define VM_WINDOW_NEAR (10 * 1000)
#define VM_WINDOW_CHUNKS_MAX 256 /* of small chunks */
/* At least so many, of them as many as there are in so many bytes, but one: one
 * travels while the other is acknowledged. */
#define VM_WINDOW_CHUNKS_MIN 2
#define VM_WINDOW_BYTES_MIN (128 * 1024)
#define VM_WINDOW_CHUNKS_FIRST 4
/* Unacknowledged at first, if the least window is not more. */
#define VM_WINDOW_BYTES_FIRST (256 * 1024)
/* What queues may add to a round trip; RFC 6817 §2.5: at most this. */
#define VM_WINDOW_DELAY_TARGET (100 * 1000)
/* The shortest round trip is that of the last one to two of these: paths change
 * (RFC 6817 §2.4.2: some minutes). Each begins with two round trips of the
 * least window, because a queue that is always there would count as the
 * path. */
#define VM_WINDOW_BASE_AGE (60 * G_USEC_PER_SEC)
/* The wait before a chunk is sent again; RFC 6298 §2, but for the first,
 * because a lane may be busy with other things, and for the last. The first is
 * for VM_WINDOW_BYTES_FIRST, and longer for more. */
#define VM_WINDOW_TIMEOUT_FIRST (3 * G_USEC_PER_SEC)
#define VM_WINDOW_TIMEOUT_MIN (1 * G_USEC_PER_SEC)
#define VM_WINDOW_TIMEOUT_MAX (30 * G_USEC_PER_SEC)

typedef struct
{
  guint min, max; /* chunks */
  guint nearby; /* of them, for a peer within VM_WINDOW_NEAR */
  gdouble chunks;
  gboolean steady; /* grows by a chunk each round trip */
  gint64 rtt; /* smoothed; 0: none was measured */
  gint64 variation;
  gint64 timeout;
  gint64 shortest[2]; /* round trips of this age and the one before; 0: none */
  gint64 age_began;
  gint64 drained; /* when what was sent before this age has left the queues */
  gint64 shrank; /* when a timeout last made it smaller */
} VmWindow;

/* @chunk_size: bytes, not 0; @nearby: bytes that may be unacknowledged by a
 * peer within VM_WINDOW_NEAR, if the least window is not more, and as much more
 * as one is farther, up to VM_WINDOW_BYTES_MAX */
void vm_window_init (VmWindow *window, guint32 chunk_size, guint32 nearby);
void
vm_window_set_nearby (VmWindow *window, guint32 chunk_size, guint32 nearby);
guint vm_window_get_chunks (const VmWindow *window);
gint64 vm_window_get_timeout (const VmWindow *window);

/* @chunks were acknowledged at once, one of them @rtt after it was sent, which
 * says how late all are; -1 when that was sent more than once, which measures
 * nothing (Karn's algorithm, RFC 6298 §3). */
void vm_window_acked (VmWindow *window, guint chunks, gint64 rtt, gint64 now);
/* A chunk was not acknowledged in time. Of those that were sent together, one
 * counts. */
void vm_window_timed_out (VmWindow *window, gint64 now);
