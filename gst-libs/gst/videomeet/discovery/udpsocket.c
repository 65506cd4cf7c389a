/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/udpsocket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
set_int (gint fd, gint level, gint option, gint value)
{
  if (setsockopt (fd, level, option, &value, sizeof value) != 0)
    g_debug ("socket option %d/%d: %s", level, option, g_strerror (errno));
}

static socklen_t
sockaddr_size (const VmSockaddr *address)
{
  return address->any.sa_family == AF_INET ? sizeof address->v4
                                           : sizeof address->v6;
}

VmSockaddr
vm_udp_sockaddr (gint family, const gchar *address, guint16 port, guint scope)
{
  VmSockaddr out = { 0 };

  if (family == AF_INET) {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = g_htons (port);
    inet_pton (AF_INET, address, &out.v4.sin_addr);
  } else {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = g_htons (port);
    out.v6.sin6_scope_id = scope;
    inet_pton (AF_INET6, address, &out.v6.sin6_addr);
  }
  return out;
}

gint
vm_udp_socket_open (gint family, guint16 port, gboolean shared)
{
  VmSockaddr any =
      vm_udp_sockaddr (family, family == AF_INET ? "0.0.0.0" : "::", port, 0);
  gint fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  gint error;

  if (fd < 0)
    return -1;
  if (shared)
    set_int (fd, SOL_SOCKET, SO_REUSEADDR, 1);
  /* TTL 1: a datagram never leaves the link; protocol/discovery.md#udp */
  if (family == AF_INET) {
    set_int (fd, SOL_SOCKET, SO_BROADCAST, 1);
    set_int (fd, IPPROTO_IP, IP_TTL, 1);
    set_int (fd, IPPROTO_IP, IP_MULTICAST_TTL, 1);
    /* only groups joined here, not those of other programs */
    set_int (fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  } else {
    set_int (fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_int (fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1);
    set_int (fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1);
  }
  if (bind (fd, &any.any, sockaddr_size (&any)) == 0)
    return fd;
  error = errno;
  close (fd);
  errno = error;
  return -1;
}

void
vm_udp_socket_join (gint fd, gint family, const gchar *group, guint index)
{
  gint failed;

  if (family == AF_INET) {
    struct ip_mreqn request = { .imr_ifindex = index };

    inet_pton (AF_INET, group, &request.imr_multiaddr);
    failed = setsockopt (
        fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
  } else {
    struct ipv6_mreq request = { .ipv6mr_interface = index };

    inet_pton (AF_INET6, group, &request.ipv6mr_multiaddr);
    failed = setsockopt (
        fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof request);
  }
  /* joined before: nothing to do */
  if (failed && errno != EADDRINUSE)
    g_debug ("%s on interface %u: %s", group, index, g_strerror (errno));
}

void
vm_udp_socket_send (gint fd, guint index, GInetAddress *source,
    const VmSockaddr *to, GBytes *datagram)
{
  gboolean v4 = to->any.sa_family == AF_INET;
  union
  {
    struct cmsghdr align;
    guint8 bytes[CMSG_SPACE (sizeof (struct in6_pktinfo))];
  } control = { 0 };
  gsize size;
  struct iovec part = { .iov_base =
                            (void *) g_bytes_get_data (datagram, &size) };
  struct msghdr message = { .msg_name = (void *) to,
    .msg_namelen = sockaddr_size (to),
    .msg_iov = &part,
    .msg_iovlen = 1 };

  part.iov_len = size;
  if (index) {
    struct in_pktinfo info4 = { .ipi_ifindex = index };
    struct in6_pktinfo info6 = { .ipi6_ifindex = index };
    gsize info_size = v4 ? sizeof info4 : sizeof info6;
    struct cmsghdr *header;

    if (v4 && source)
      memcpy (&info4.ipi_spec_dst, g_inet_address_to_bytes (source),
          sizeof info4.ipi_spec_dst);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE (info_size);
    header = CMSG_FIRSTHDR (&message);
    header->cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
    header->cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO;
    header->cmsg_len = CMSG_LEN (info_size);
    memcpy (
        CMSG_DATA (header), v4 ? (void *) &info4 : (void *) &info6, info_size);
  }
  if (sendmsg (fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
    g_debug ("datagram on interface %u: %s", index, g_strerror (errno));
}

GSocketAddress *
vm_udp_to_address (const VmSockaddr *from, guint16 port)
{
  VmSockaddr copy = *from;

  if (copy.any.sa_family == AF_INET)
    copy.v4.sin_port = g_htons (port);
  else
    copy.v6.sin6_port = g_htons (port);
  return g_socket_address_new_from_native (&copy, sockaddr_size (&copy));
}
