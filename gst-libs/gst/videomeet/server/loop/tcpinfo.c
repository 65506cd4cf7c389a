/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file of its own: <linux/tcp.h>, which alone has the newer fields, and
 * <netinet/tcp.h> do not go together. */

#include "server/loop/tcpinfo.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

guint64
vm_socket_received (int fd)
{
  struct tcp_info info;
  socklen_t size = sizeof info;

  memset (&info, 0, sizeof info);
  if (getsockopt (fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
    return 0;
  return info.tcpi_bytes_received;
}

guint64
vm_socket_taken (int fd)
{
  guint64 received = vm_socket_received (fd);
  int waiting = 0;

  if (ioctl (fd, SIOCINQ, &waiting) != 0)
    return 0;
  return received - MIN (received, (guint64) waiting);
}

gboolean
vm_socket_is_slow (int fd, gint64 time)
{
  struct tcp_info info;
  socklen_t size = sizeof info;
  int waiting = 0;

  memset (&info, 0, sizeof info);
  return ioctl (fd, SIOCOUTQ, &waiting) == 0 && waiting > 0
         && getsockopt (fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0
         && (gint64) info.tcpi_last_ack_recv * 1000 < time;
}

gboolean
vm_socket_is_left (int fd)
{
  struct pollfd poller = { .fd = fd, .events = POLLRDHUP };

  return poll (&poller, 1, 0) > 0;
}
