/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quicendpoint-priv.h"
#include "quic/quiclink.h"

/* A QUIC connection in an endpoint: where its datagrams go, and whose it is. A
 * server's belongs to nobody until the certificate is seen. On the thread. */

#define VM_QUIC_WAYS_MAX 8
/* Handshakes that have not shown whose they are. */
#define VM_QUIC_HALF_OPEN_MAX 64 /* of one endpoint */
#define VM_QUIC_HALF_OPEN_GROUP_MAX 8 /* from one address, or for a session */

typedef struct
{
  VmQuicAddress remote;
  struct in6_addr from; /* of this machine; unspecified: not known */
  guint16 local;
} VmQuicSeatWay;

typedef struct _VmQuicSeat
{
  VmQuicEndpoint *endpoint;
  VmQuicConnection *connection; /* (owned) (nullable) */
  VmQuicConnection *hinted; /* (owned) (nullable): which session it says */
  VmQuicConnection *relay; /* (owned) (nullable): whose relay it uses */
  VmQuicLink *link;
  guint64 group; /* of the address that it began at */
  gboolean owned; /* it belongs, or has belonged, to a connection */
  gboolean ready;
  gboolean heard; /* the other side has answered */
  guint64 heard_at; /* ns; the last time */
  gboolean active; /* may have something to send */
  gboolean open_again; /* more streams are allowed */
  gboolean doomed; /* another has taken its place */
  guint64 closing_until; /* ns; 0: it is open */
  VmQuicSeatWay ways[VM_QUIC_WAYS_MAX];
  guint n_ways;
  guint16 last_local;
} VmQuicSeat;

/* The asking side's attempt at @remote. */
VmQuicSeat *vm_quic_seat_new_client (
    VmQuicConnection *connection, const VmQuicAddress *remote);
/* The beginning of one that @relay brought, or the socket (NULL). NULL:
 * nobody is expected, or too many are at it. */
VmQuicSeat *
vm_quic_seat_new_server (VmQuicEndpoint *endpoint, const VmQuicHeader *first,
    const VmQuicAddress *remote, VmQuicConnection *relay);
void vm_quic_seat_free (VmQuicSeat *self);

void vm_quic_seat_read (VmQuicSeat *self, const guint8 *data, gsize size,
    const VmQuicAddress *remote, const struct in6_addr *to);
/* Timers, then what is to be sent. @more: there is more to send at once. */
void vm_quic_seat_run (VmQuicSeat *self, gboolean *more);
guint64 vm_quic_seat_get_wake (const VmQuicSeat *self); /* ns */
/* Whether it can be freed. */
gboolean vm_quic_seat_is_gone (const VmQuicSeat *self);
/* @why: nullable; for the other side, and for those who use it. */
void vm_quic_seat_close (VmQuicSeat *self, const GError *why);

/* Looks at the streams that wait for the thread. */
void vm_quic_seat_serve (VmQuicSeat *self);
/* Whether the address of this machine that it hears @remote at is of @own;
 * FALSE where that address is not known. */
gboolean vm_quic_seat_stands (
    VmQuicSeat *self, const VmQuicAddress *remote, const VmQuicOwn *own);
/* Goes on at @remote. FALSE: not now. */
gboolean vm_quic_seat_migrate (
    VmQuicSeat *self, const VmQuicAddress *remote, gboolean immediate);
