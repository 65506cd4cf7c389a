/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How many chunks are sent before the first is acknowledged, and how long a
 * chunk waits for its acknowledgement. The transport is reliable and has its
 * own congestion control; the window is to be the smallest that keeps it busy,
 * so that chunks do not queue in front of the media of a call. It grows until
 * acknowledgements are delayed (as LEDBAT, RFC 6817): it doubles each round
 * trip at first, then grows by a chunk, and shrinks alike. Sans-I/O, pure;
 * times in µs, monotonic. */

/* unacknowledged; protocol/files.md#flow */
#define VM_WINDOW_BYTES_MAX (4 * 1024 * 1024)
/* The same on a data channel to a peer within VM_WINDOW_NEAR; a farther peer
 * gets proportionally more. SCTP in GStreamer buffers the same amount; once
 * that is full, each packet sent wakes the waiting sender to add just as
 * little. */
#define VM_WINDOW_BYTES_CHANNEL (1024 * 1024)
#define VM_WINDOW_NEAR (10 * 1000)
#define VM_WINDOW_CHUNKS_MAX 256 /* of small chunks */
/* The minimum: two chunks, one of which travels while the other is
 * acknowledged; only one if two exceed VM_WINDOW_BYTES_MIN bytes. */
#define VM_WINDOW_CHUNKS_MIN 2
#define VM_WINDOW_BYTES_MIN (128 * 1024)
#define VM_WINDOW_CHUNKS_FIRST 4
/* Unacknowledged at first: at most this, and VM_WINDOW_CHUNKS_FIRST chunks,
 * unless the minimum is more. */
#define VM_WINDOW_BYTES_FIRST (256 * 1024)
/* The delay that queues may add to a round trip; RFC 6817 §2.5: at most this.
 */
#define VM_WINDOW_DELAY_TARGET (100 * 1000)
/* The shortest round trip is taken over the last one to two of these: paths
 * change (RFC 6817 §2.4.2: some minutes). Each but the first begins with two
 * round trips of the smallest window, because a permanent queue would look like
 * a longer path. */
#define VM_WINDOW_BASE_AGE (60 * G_USEC_PER_SEC)
/* The wait before a chunk is sent again, by RFC 6298 §2 but for the first wait
 * (other traffic may keep the lane busy) and the longest. The first is for
 * VM_WINDOW_BYTES_FIRST, and longer for more. */
#define VM_WINDOW_TIMEOUT_FIRST (3 * G_USEC_PER_SEC)
#define VM_WINDOW_TIMEOUT_MIN (1 * G_USEC_PER_SEC)
#define VM_WINDOW_TIMEOUT_MAX (30 * G_USEC_PER_SEC)

typedef struct
{
  guint min, max; /* chunks */
  guint nearby; /* chunks, for a peer within VM_WINDOW_NEAR */
  gdouble chunks;
  gboolean steady; /* grows by a chunk each round trip */
  gint64 rtt; /* smoothed; 0: none was measured */
  gint64 variation;
  gint64 timeout;
  gint64 shortest[2]; /* round trips of this age and the one before; 0: none */
  gint64 age_began;
  gint64 drained; /* when the chunks sent before this age have left the queues
                   */
  gint64 shrank; /* when a timeout last shrank the window */
} VmWindow;

/* @chunk_size: bytes, not 0; @nearby: bytes that may be unacknowledged by a
 * peer within VM_WINDOW_NEAR, if the smallest window is not more;
 * proportionally more for a farther one, up to VM_WINDOW_BYTES_MAX */
void vm_window_init (VmWindow *window, guint32 chunk_size, guint32 nearby);
void
vm_window_set_nearby (VmWindow *window, guint32 chunk_size, guint32 nearby);
/* At most @bytes instead of VM_WINDOW_BYTES_MAX; before the first
 * acknowledgement. */
void vm_window_set_max (VmWindow *window, guint32 chunk_size, guint32 bytes);
guint vm_window_get_chunks (const VmWindow *window);
gint64 vm_window_get_timeout (const VmWindow *window);

/* @chunks were acknowledged at once, one of them @rtt after it was sent, which
 * measures the delay of all; -1 when it was sent more than once, which measures
 * nothing (Karn's algorithm, RFC 6298 §3). */
void vm_window_acked (VmWindow *window, guint chunks, gint64 rtt, gint64 now);
/* A chunk was not acknowledged in time. Of chunks sent together, only one
 * counts. */
void vm_window_timed_out (VmWindow *window, gint64 now);
