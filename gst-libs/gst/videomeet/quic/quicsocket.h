/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quicaddress.h"

/* A UDP socket of both families that sends and receives many datagrams at a
 * time. Belongs to one thread, but ..._get_port(). */

/* One call of the kernel: what UDP_SEGMENT takes at most. */
#define VM_QUIC_BATCH_MAX 65000 /* bytes */
#define VM_QUIC_SEGMENTS_MAX 44

typedef struct _VmQuicSocket VmQuicSocket;

/* From @from to the address @to of this machine; @data holds datagrams of
 * @segment bytes, of which the last may be shorter. */
typedef void (*VmQuicSocketFunc) (guint8 *data, gsize size, gsize segment,
    const VmQuicAddress *from, const struct in6_addr *to, gpointer user_data);

/* @address: NULL: all. VM_ERROR_PORT_IN_USE, VM_ERROR_NO_NETWORK. */
VmQuicSocket *
vm_quic_socket_new (const gchar *address, guint16 port, GError **error);
void vm_quic_socket_free (VmQuicSocket *self);
gint vm_quic_socket_get_fd (const VmQuicSocket *self);
guint16 vm_quic_socket_get_port (const VmQuicSocket *self);

/* Receives what is there, at most one turn. */
void vm_quic_socket_receive (
    VmQuicSocket *self, VmQuicSocketFunc func, gpointer user_data);
/* @from: NULL or unspecified: as the kernel likes. The number of bytes that
 * are done with: sent, or lost as datagrams are; fewer when the socket takes
 * no more now. */
gsize vm_quic_socket_send (VmQuicSocket *self, const guint8 *data, gsize size,
    gsize segment, const VmQuicAddress *to, const struct in6_addr *from);
