/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quicsocket.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#define RECEIVE_BUFFER (8 * 1024 * 1024) /* bytes; the kernel cuts it */
#define SEND_BUFFER (4 * 1024 * 1024)
#define BATCHES 8 /* received in one call */
#define BATCH_SIZE 65536 /* bytes: UDP_GRO joins no more */

typedef union
{
  struct cmsghdr header;
  gchar space[CMSG_SPACE (sizeof (gint))
              + CMSG_SPACE (sizeof (struct in6_pktinfo))
              + CMSG_SPACE (sizeof (struct in_pktinfo))];
} Control;

struct _VmQuicSocket
{
  gint fd;
  gint family;
  guint16 port;
  gboolean no_gso;
  struct mmsghdr messages[BATCHES];
  struct iovec vectors[BATCHES];
  struct sockaddr_storage names[BATCHES];
  Control controls[BATCHES];
  guint8 *data; /* BATCHES of BATCH_SIZE */
};

static gboolean
set_int (gint fd, gint level, gint name, gint value)
{
  return setsockopt (fd, level, name, &value, sizeof value) == 0;
}

static void
set_options (VmQuicSocket *self)
{
  set_int (self->fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
  set_int (self->fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
  set_int (self->fd, SOL_UDP, UDP_GRO, 1);
  /* QUIC finds out itself what fits (RFC 9000 §14) */
  set_int (self->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  set_int (self->fd, IPPROTO_IP, IP_PKTINFO, 1);
  if (self->family == AF_INET6) {
    set_int (self->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    set_int (self->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  }
}

static void
to_v4 (const VmQuicAddress *address, struct sockaddr_in *v4)
{
  memset (v4, 0, sizeof *v4);
  v4->sin_family = AF_INET;
  v4->sin_port = address->sin6_port;
  memcpy (&v4->sin_addr, &address->sin6_addr.s6_addr[12], sizeof v4->sin_addr);
}

/* @address: of the socket's family, or mapped. */
static socklen_t
to_native (const VmQuicSocket *self, const VmQuicAddress *address,
    struct sockaddr_storage *native)
{
  if (self->family == AF_INET6) {
    memcpy (native, address, sizeof *address);
    return sizeof *address;
  }
  to_v4 (address, (struct sockaddr_in *) native);
  return sizeof (struct sockaddr_in);
}

static void
from_native (const struct sockaddr_storage *native, VmQuicAddress *address)
{
  const struct sockaddr_in *v4 = (const struct sockaddr_in *) native;

  if (native->ss_family == AF_INET6) {
    memcpy (address, native, sizeof *address);
    address->sin6_flowinfo = 0;
    address->sin6_scope_id = 0;
    return;
  }
  memset (address, 0, sizeof *address);
  address->sin6_family = AF_INET6;
  address->sin6_port = v4->sin_port;
  memset (&address->sin6_addr.s6_addr[10], 0xff, 2);
  memcpy (&address->sin6_addr.s6_addr[12], &v4->sin_addr, sizeof v4->sin_addr);
}

static gboolean
bind_to (VmQuicSocket *self, const VmQuicAddress *address)
{
  struct sockaddr_storage native = { 0 };
  socklen_t size = to_native (self, address, &native);
  VmQuicAddress bound;

  if (bind (self->fd, (struct sockaddr *) &native, size) != 0)
    return FALSE;
  size = sizeof native;
  if (getsockname (self->fd, (struct sockaddr *) &native, &size) != 0)
    return FALSE;
  from_native (&native, &bound);
  self->port = g_ntohs (bound.sin6_port);
  return TRUE;
}

static gboolean
open_family (VmQuicSocket *self, gint family)
{
  self->family = family;
  self->fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd < 0)
    return FALSE;
  return family == AF_INET
         || set_int (self->fd, IPPROTO_IPV6, IPV6_V6ONLY, FALSE);
}

static gboolean
open_socket (VmQuicSocket *self, const VmQuicAddress *address)
{
  gint saved;

  /* a kernel without IPv6 has IPv4 alone */
  if (open_family (self, AF_INET6) && bind_to (self, address))
    return TRUE;
  saved = errno;
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  errno = saved;
  return saved != EADDRINUSE && saved != EACCES && open_family (self, AF_INET)
         && bind_to (self, address);
}

VmQuicSocket *
vm_quic_socket_new (const gchar *text, guint16 port, GError **error)
{
  VmQuicSocket *self;
  VmQuicAddress address = { .sin6_family = AF_INET6 };

  if (text && !vm_quic_address_from_text (text, 1, &address)) {
    g_set_error (error, VM_ERROR, VM_ERROR_NO_NETWORK,
        "%s is no address that QUIC can use", text);
    return NULL;
  }
  address.sin6_port = g_htons (port);
  self = g_new0 (VmQuicSocket, 1);
  if (!open_socket (self, &address)) {
    g_set_error (error, VM_ERROR,
        errno == EADDRINUSE ? VM_ERROR_PORT_IN_USE : VM_ERROR_NO_NETWORK,
        "The UDP port %d cannot be opened: %s", port, g_strerror (errno));
    vm_quic_socket_free (self);
    return NULL;
  }
  set_options (self);
  self->data = g_malloc (BATCHES * BATCH_SIZE);
  return self;
}

void
vm_quic_socket_free (VmQuicSocket *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->data);
  g_free (self);
}

gint
vm_quic_socket_get_fd (const VmQuicSocket *self)
{
  return self->fd;
}

guint16
vm_quic_socket_get_port (const VmQuicSocket *self)
{
  return self->port;
}

/* Receiving */

static void
prepare (VmQuicSocket *self)
{
  for (guint i = 0; i < BATCHES; i++) {
    struct msghdr *message = &self->messages[i].msg_hdr;

    self->vectors[i].iov_base = self->data + i * BATCH_SIZE;
    self->vectors[i].iov_len = BATCH_SIZE;
    message->msg_name = &self->names[i];
    message->msg_namelen = sizeof self->names[i];
    message->msg_iov = &self->vectors[i];
    message->msg_iovlen = 1;
    message->msg_control = &self->controls[i];
    message->msg_controllen = sizeof self->controls[i];
    message->msg_flags = 0;
  }
}

static void
read_control (struct msghdr *message, gsize *segment, struct in6_addr *to)
{
  for (struct cmsghdr *i = CMSG_FIRSTHDR (message); i;
       i = CMSG_NXTHDR (message, i)) {
    if (i->cmsg_level == SOL_UDP && i->cmsg_type == UDP_GRO) {
      gint size;

      memcpy (&size, CMSG_DATA (i), sizeof size);
      if (size > 0)
        *segment = size;
    } else if (i->cmsg_level == IPPROTO_IPV6 && i->cmsg_type == IPV6_PKTINFO) {
      memcpy (to,
          CMSG_DATA (i) + G_STRUCT_OFFSET (struct in6_pktinfo, ipi6_addr),
          sizeof *to);
    } else if (i->cmsg_level == IPPROTO_IP && i->cmsg_type == IP_PKTINFO) {
      memset (to, 0, sizeof *to);
      memset (&to->s6_addr[10], 0xff, 2);
      memcpy (&to->s6_addr[12],
          CMSG_DATA (i) + G_STRUCT_OFFSET (struct in_pktinfo, ipi_addr), 4);
    }
  }
}

void
vm_quic_socket_receive (
    VmQuicSocket *self, VmQuicSocketFunc func, gpointer user_data)
{
  gint n;

  prepare (self);
  n = recvmmsg (self->fd, self->messages, BATCHES, MSG_DONTWAIT, NULL);
  for (gint i = 0; i < n; i++) {
    gsize size = self->messages[i].msg_len, segment = size;
    struct in6_addr to = { 0 };
    VmQuicAddress from;

    if (!size)
      continue;
    from_native (&self->names[i], &from);
    read_control (&self->messages[i].msg_hdr, &segment, &to);
    func (self->vectors[i].iov_base, size, segment, &from, &to, user_data);
  }
}

/* Sending */

static void
add_control (
    struct msghdr *message, gint level, gint type, const void *data, gsize size)
{
  struct cmsghdr *header = (struct cmsghdr *) ((guint8 *) message->msg_control
                                               + message->msg_controllen);

  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN (size);
  memcpy (CMSG_DATA (header), data, size);
  message->msg_controllen += CMSG_SPACE (size);
}

static void
add_from (struct msghdr *message, const struct in6_addr *from)
{
  struct in6_pktinfo info = { .ipi6_addr = *from };
  struct in_pktinfo info4 = { 0 };

  if (!IN6_IS_ADDR_V4MAPPED (from)) {
    add_control (message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    return;
  }
  memcpy (&info4.ipi_spec_dst, &from->s6_addr[12], sizeof info4.ipi_spec_dst);
  add_control (message, IPPROTO_IP, IP_PKTINFO, &info4, sizeof info4);
}

static gboolean
send_once (VmQuicSocket *self, const guint8 *data, gsize size, gsize segment,
    const VmQuicAddress *to, const struct in6_addr *from)
{
  struct sockaddr_storage native;
  struct iovec vector = { (guint8 *) data, size };
  guint16 gso = segment;
  Control control;
  struct msghdr message = { .msg_name = &native,
    .msg_namelen = to_native (self, to, &native),
    .msg_iov = &vector,
    .msg_iovlen = 1,
    .msg_control = &control };

  memset (&control, 0, sizeof control);
  if (size > segment)
    add_control (&message, SOL_UDP, UDP_SEGMENT, &gso, sizeof gso);
  if (from && !IN6_IS_ADDR_UNSPECIFIED (from))
    add_from (&message, from);
  if (!message.msg_controllen)
    message.msg_control = NULL;
  for (;;) {
    if (sendmsg (self->fd, &message, 0) >= 0)
      return TRUE;
    if (errno != EINTR)
      return FALSE;
  }
}

gsize
vm_quic_socket_send (VmQuicSocket *self, const guint8 *data, gsize size,
    gsize segment, const VmQuicAddress *to, const struct in6_addr *from)
{
  gsize done = 0;
  gboolean whole = !self->no_gso;

  if (self->family == AF_INET && !IN6_IS_ADDR_V4MAPPED (&to->sin6_addr))
    return size;
  while (done < size) {
    gsize n = whole ? size - done : MIN (segment, size - done);

    if (send_once (self, data + done, n, segment, to, from)) {
      done += n;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (n > segment && (errno == EIO || errno == EMSGSIZE)) {
      /* the network card cannot count the checksums of segments, or one of
       * them is larger than the path */
      self->no_gso = self->no_gso || errno == EIO;
      whole = FALSE;
    } else if (from) {
      from = NULL; /* this machine may not have that address any more */
    } else {
      done += n; /* lost: too large, or nobody is there */
    }
  }
  return done;
}
