/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quicconnection-priv.h"
#include "quic/quicsocket.h"
#include "quic/quicstun.h"
#include "quic/quictls.h"

struct _VmQuicEndpoint
{
  gatomicrefcount refs;
  GThread *thread;
  VmQuicTls *tls;
  gchar *address; /* nullable */
  gboolean loopback; /* it is bound to loopback alone */
  gboolean has_stun;
  VmQuicAddress stun;
  gint wake_fd, netlink_fd;

  /* Held for moments; nothing else is locked under it. */
  GMutex lock;
  GCond changed;
  gboolean stopping;
  gboolean sleeping; /* the thread; a byte in wake_fd wakes it */
  GQueue queued; /* VmQuicConnection for the thread, with a reference */
  guint n_sessions;
  guint16 port;
  gboolean stun_wanted, stun_known;
  VmQuicAddress reflexive;
  gboolean move_wanted;
  guint lose_every; /* for tests: that datagram is not sent; 0: all are */

  /* of the thread */
  VmQuicSocket *socket;
  GPtrArray *connections; /* VmQuicConnection, with a reference */
  GPtrArray *seats; /* of VmQuicSeat */
  GHashTable *cids; /* VmQuicCid, in place -> VmQuicSeat */
  guint8 *buffer; /* a batch that is being written */
  VmQuicOwn *own;
  VmQuicBudget *budget;
  guint64 now; /* ns */
  guint lose_count;
  guint8 stun_id[VM_QUIC_STUN_ID_SIZE];
  gint64 stun_next; /* µs */
};

void vm_quic_endpoint_hold (VmQuicEndpoint *self);
void vm_quic_endpoint_drop (VmQuicEndpoint *self);
/* The thread looks at @connection soon. */
void
vm_quic_endpoint_queue (VmQuicEndpoint *self, VmQuicConnection *connection);
gpointer vm_quic_endpoint_run (gpointer endpoint); /* the thread */
/* On the thread: as vm_quic_socket_send(). */
gsize
vm_quic_endpoint_send (VmQuicEndpoint *self, const guint8 *data, gsize size,
    gsize segment, const VmQuicAddress *to, const struct in6_addr *from);

/* Takes another port, as a NAT or a new network would have it: all connections
 * move there. */
void vm_quic_endpoint_move (VmQuicEndpoint *self);
/* For tests: every @n-th datagram is lost; 0: none. */
void vm_quic_endpoint_lose (VmQuicEndpoint *self, guint n);
