/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quic.h"
#include "wire/p2p/reader.h"

/* A stream of a connection: to its users a VmP2pPipe; the thread of the
 * endpoint moves the bytes. */

/* What waits to be sent before the sender has to wait. */
#define VM_QUIC_UNSENT_MAX (4 * 1024 * 1024) /* bytes */
/* What the other side may send before it was received here. */
#define VM_QUIC_STREAM_WINDOW (16 * 1024 * 1024) /* bytes */
#define VM_QUIC_CONNECTION_WINDOW (48 * 1024 * 1024) /* bytes */
/* What was sent and is kept until the other side has it. */
#define VM_QUIC_FLIGHT_MAX (32 * 1024 * 1024) /* bytes */

typedef struct
{
  VmP2pPipe pipe; /* first */
  gatomicrefcount refs;
  VmQuicConnection *connection; /* a user of it while the pipe is */

  /* with the lock of the connection */
  GCond changed;
  gint64 id; /* -1: not open yet */
  GQueue arrived; /* messages for the receiver */
  GQueue pending; /* GBytes from the sender */
  gsize unsent; /* bytes, of them and of what the thread has */
  gsize consumed; /* bytes received that the other side may send again */
  gboolean ended; /* by the sender */
  gboolean closed; /* by the user */
  gboolean finished; /* by the other side */
  gboolean over; /* nothing moves any more */
  GError *why; /* nullable */
  gboolean dirty; /* waits for the thread */

  /* of the thread */
  VmP2pReader *reader;
  GQueue flight; /* GBytes until they are acknowledged */
  gsize flight_size; /* bytes, from the first one's beginning */
  gsize acked; /* bytes of the first one */
  GList *next; /* in flight: what to send next; NULL: nothing */
  gsize next_offset; /* bytes of it that were sent */
  gsize wrote; /* bytes, not yet taken off unsent */
  guint64 received; /* bytes */
  guint64 credited; /* bytes of them that the other side may send again */
  gboolean fin_wanted, fin_sent;
  gboolean alive; /* the transport knows it */
  gboolean shut; /* no more is to come or to go */
  gboolean sendable; /* is in the link's queue */
} VmQuicStream;

VmQuicStream *vm_quic_stream_new (VmQuicConnection *connection, gint64 id);
VmQuicStream *vm_quic_stream_ref (VmQuicStream *self);
void vm_quic_stream_unref (VmQuicStream *self);

/* What its user wants since the last time; on the thread. */
typedef struct
{
  gsize consumed;
  gboolean closed;
  gboolean ended;
} VmQuicWishes;

void vm_quic_stream_take (VmQuicStream *self, VmQuicWishes *wishes);
/* At most @max pieces of what comes next; on the thread. */
guint
vm_quic_stream_peek (const VmQuicStream *self, struct iovec *pieces, guint max);
void vm_quic_stream_wrote (VmQuicStream *self, gsize size);
/* After a batch: those who wait for room may go on. */
void vm_quic_stream_settle (VmQuicStream *self);
void vm_quic_stream_acked (VmQuicStream *self, gsize size);
/* FALSE: what came is no message; the stream has to be shut. */
gboolean vm_quic_stream_arrived (VmQuicStream *self, const guint8 *data,
    gsize size, gboolean finished, GError **error);
/* The transport has closed it, and the other side may open another: if it still
 * waits to be accepted, it waits no more and is closed as by a user, so that it
 * is to be served. FALSE: it has been accepted. On the thread. */
gboolean vm_quic_stream_refuse (VmQuicStream *self);
/* Nothing moves any more; @why: nullable. Any thread. */
void vm_quic_stream_set_over (VmQuicStream *self, const GError *why);
