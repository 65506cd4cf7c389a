/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <netinet/in.h>

/* The system calls below udp.c: one socket of one address family. */

typedef union
{
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} VmSockaddr;

/* A datagram socket on @port (0: any) for AF_INET or AF_INET6, TTL 1, allowed
 * to broadcast; @shared: with SO_REUSEADDR, so that every process of this
 * machine gets a copy of what is sent to all. -1 and errno on failure. */
gint vm_udp_socket_open (gint family, guint16 port, gboolean shared);
void vm_udp_socket_join (gint fd, gint family, const gchar *group, guint index);
/* Sends from interface @index and its address @source (IPv4 only), whatever the
 * routes are; 0 and NULL: by the routes. The kernel might choose a source of
 * another interface, which devices on this link would reject. */
void vm_udp_socket_send (gint fd, guint index, GInetAddress *source,
    const VmSockaddr *to, GBytes *datagram);
VmSockaddr
vm_udp_sockaddr (gint family, const gchar *address, guint16 port, guint scope);
/* The IP address and scope of @from with another @port. */
GSocketAddress *vm_udp_to_address (const VmSockaddr *from, guint16 port);
