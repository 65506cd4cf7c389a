/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quicaddress.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

const VmQuicAddress vm_quic_address_relay = {
  .sin6_family = AF_INET6,
  .sin6_port = 1,
  .sin6_addr.s6_addr = { 0x01, 0x00, [15] = 1 },
};

static void
set_mapped (VmQuicAddress *address, const struct in_addr *v4, guint16 port)
{
  memset (address, 0, sizeof *address);
  address->sin6_family = AF_INET6;
  address->sin6_port = g_htons (port);
  address->sin6_addr.s6_addr[10] = address->sin6_addr.s6_addr[11] = 0xff;
  memcpy (&address->sin6_addr.s6_addr[12], v4, sizeof *v4);
}

gboolean
vm_quic_address_from_text (
    const gchar *ip, guint16 port, VmQuicAddress *address)
{
  struct in_addr v4;

  if (!port)
    return FALSE;
  if (inet_pton (AF_INET, ip, &v4) == 1) {
    set_mapped (address, &v4, port);
    return TRUE;
  }
  memset (address, 0, sizeof *address);
  address->sin6_family = AF_INET6;
  address->sin6_port = g_htons (port);
  return inet_pton (AF_INET6, ip, &address->sin6_addr) == 1
         && !IN6_IS_ADDR_LINKLOCAL (&address->sin6_addr)
         && memcmp (&address->sin6_addr, &vm_quic_address_relay.sin6_addr,
                sizeof address->sin6_addr)
                != 0;
}

gboolean
vm_quic_address_from_host (const gchar *host, VmQuicAddress *address)
{
  const gchar *colon = strrchr (host, ':');
  g_autofree gchar *ip = NULL;
  guint64 port;

  if (!colon
      || !g_ascii_string_to_unsigned (
          colon + 1, 10, 1, G_MAXUINT16, &port, NULL))
    return FALSE;
  if (*host == '[' && colon > host + 1 && colon[-1] == ']')
    ip = g_strndup (host + 1, colon - host - 2);
  else
    ip = g_strndup (host, colon - host);
  return vm_quic_address_from_text (ip, port, address);
}

static gboolean
is_v4 (const VmQuicAddress *address)
{
  return IN6_IS_ADDR_V4MAPPED (&address->sin6_addr);
}

void
vm_quic_address_to_candidate (
    const VmQuicAddress *address, VmQuicCandidate *candidate)
{
  memset (candidate, 0, sizeof *candidate);
  if (is_v4 (address))
    inet_ntop (AF_INET, &address->sin6_addr.s6_addr[12], candidate->ip,
        sizeof candidate->ip);
  else
    inet_ntop (
        AF_INET6, &address->sin6_addr, candidate->ip, sizeof candidate->ip);
  candidate->port = g_ntohs (address->sin6_port);
}

gboolean
vm_quic_address_equal (const VmQuicAddress *a, const VmQuicAddress *b)
{
  return a->sin6_port == b->sin6_port
         && memcmp (&a->sin6_addr, &b->sin6_addr, sizeof a->sin6_addr) == 0;
}

gboolean
vm_quic_address_is_loopback (const VmQuicAddress *address)
{
  return is_v4 (address) ? address->sin6_addr.s6_addr[12] == 127
                         : IN6_IS_ADDR_LOOPBACK (&address->sin6_addr);
}

guint64
vm_quic_address_group (const VmQuicAddress *address)
{
  guint64 group;

  memcpy (&group, &address->sin6_addr.s6_addr[is_v4 (address) ? 8 : 0],
      sizeof group);
  return group;
}

/* Own addresses */

static gboolean
from_sockaddr (const struct sockaddr *sa, VmQuicAddress *address)
{
  if (!sa)
    return FALSE;
  if (sa->sa_family == AF_INET) {
    set_mapped (address, &((const struct sockaddr_in *) sa)->sin_addr, 0);
    return TRUE;
  }
  if (sa->sa_family != AF_INET6)
    return FALSE;
  memset (address, 0, sizeof *address);
  address->sin6_family = AF_INET6;
  address->sin6_addr = ((const struct sockaddr_in6 *) sa)->sin6_addr;
  return !IN6_IS_ADDR_LINKLOCAL (&address->sin6_addr);
}

static gint
rank (const VmQuicAddress *address)
{
  return (vm_quic_address_is_loopback (address) ? 2 : 0) + !is_v4 (address);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gint order = rank (a) - rank (b);

  return order ? order
               : memcmp (&((const VmQuicAddress *) a)->sin6_addr,
                   &((const VmQuicAddress *) b)->sin6_addr,
                   sizeof (struct in6_addr));
}

VmQuicOwn *
vm_quic_own_new (void)
{
  VmQuicOwn *self = g_new0 (VmQuicOwn, 1);
  struct ifaddrs *all = NULL;
  VmQuicAddress address;

  self->addresses = g_array_new (FALSE, FALSE, sizeof (VmQuicAddress));
  self->broadcasts = g_array_new (FALSE, FALSE, sizeof (VmQuicAddress));
  if (getifaddrs (&all) != 0)
    return self;
  for (struct ifaddrs *i = all; i; i = i->ifa_next) {
    if (!(i->ifa_flags & IFF_UP))
      continue;
    if (from_sockaddr (i->ifa_addr, &address))
      g_array_append_val (self->addresses, address);
    if (i->ifa_flags & IFF_BROADCAST
        && from_sockaddr (i->ifa_broadaddr, &address))
      g_array_append_val (self->broadcasts, address);
  }
  freeifaddrs (all);
  g_array_sort (self->addresses, compare);
  return self;
}

void
vm_quic_own_free (VmQuicOwn *self)
{
  g_array_unref (self->addresses);
  g_array_unref (self->broadcasts);
  g_free (self);
}

/* Whatever the port. */
static gboolean
has (const GArray *addresses, const VmQuicAddress *address)
{
  for (guint i = 0; i < addresses->len; i++) {
    const VmQuicAddress *other = &g_array_index (addresses, VmQuicAddress, i);

    if (memcmp (&other->sin6_addr, &address->sin6_addr, sizeof other->sin6_addr)
        == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
vm_quic_own_has (const VmQuicOwn *self, const VmQuicAddress *address)
{
  return has (self->addresses, address);
}

gboolean
vm_quic_own_equal (const VmQuicOwn *a, const VmQuicOwn *b)
{
  if (a->addresses->len != b->addresses->len)
    return FALSE;
  for (guint i = 0; i < a->addresses->len; i++)
    if (!vm_quic_own_has (a, &g_array_index (b->addresses, VmQuicAddress, i)))
      return FALSE;
  return TRUE;
}

gboolean
vm_quic_own_allows (
    const VmQuicOwn *self, const VmQuicAddress *address, gboolean same_machine)
{
  const guint8 *ip = address->sin6_addr.s6_addr;

  if (vm_quic_address_is_loopback (address))
    return same_machine;
  /* getifaddrs() names an address as its own broadcast where there is none */
  if (vm_quic_own_has (self, address))
    return TRUE;
  /* "this network", multicast, what is reserved, and all hosts */
  if (is_v4 (address))
    return ip[12] != 0 && ip[12] < 224 && !has (self->broadcasts, address);
  return !IN6_IS_ADDR_UNSPECIFIED (&address->sin6_addr)
         && !IN6_IS_ADDR_MULTICAST (&address->sin6_addr)
         && !IN6_IS_ADDR_V4COMPAT (&address->sin6_addr);
}
