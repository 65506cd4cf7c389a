/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quic.h"

/* Addresses of UDP: IPv6, and IPv4 as mapped into it, so that one socket and
 * one comparison do for both. */
typedef struct sockaddr_in6 VmQuicAddress;

/* Stands for the way through the server: a discard-only address (RFC 6666). */
extern const VmQuicAddress vm_quic_address_relay;

/* IPv4 as it is mapped; FALSE: @ip is no address, or has no port. A link-local
 * address is none either: it does not say its link. */
gboolean vm_quic_address_from_text (
    const gchar *ip, guint16 port, VmQuicAddress *address);
/* "ip:port" or "[ip]:port" */
gboolean vm_quic_address_from_host (const gchar *host, VmQuicAddress *address);
void vm_quic_address_to_candidate (
    const VmQuicAddress *address, VmQuicCandidate *candidate);
gboolean vm_quic_address_equal (const VmQuicAddress *a, const VmQuicAddress *b);
gboolean vm_quic_address_is_loopback (const VmQuicAddress *address);
/* The key for limits per address: a /64 of IPv6, which belongs to one customer.
 */
guint64 vm_quic_address_group (const VmQuicAddress *address);

/* What this machine has. */
typedef struct
{
  GArray *addresses; /* of VmQuicAddress, best first, loopback last */
  GArray *broadcasts; /* of VmQuicAddress */
} VmQuicOwn;

VmQuicOwn *vm_quic_own_new (void);
void vm_quic_own_free (VmQuicOwn *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmQuicOwn, vm_quic_own_free)
gboolean vm_quic_own_has (const VmQuicOwn *self, const VmQuicAddress *address);
gboolean vm_quic_own_equal (const VmQuicOwn *a, const VmQuicOwn *b);
/* Whether datagrams may go to @address because another device names it: never
 * to many at once, and to loopback only when @same_machine. */
gboolean vm_quic_own_allows (
    const VmQuicOwn *self, const VmQuicAddress *address, gboolean same_machine);
