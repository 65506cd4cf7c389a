/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/p2p/p2psocket.h"
#include "wire/p2p/reader.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIECE_SIZE (16 * 1024) /* bytes read at once */

typedef struct
{
  VmP2pPipe pipe;
  gint fd;
  VmP2pReader *reader; /* of the thread that receives */
  GMutex lock; /* of what follows */
  gboolean over;
  GError *why; /* of the close, or NULL */
} Socket;

static void
set_over (Socket *self, const GError *why)
{
  g_mutex_lock (&self->lock);
  if (!self->over && why)
    self->why = g_error_copy (why);
  self->over = TRUE;
  g_mutex_unlock (&self->lock);
  /* both directions, and whoever waits for one is woken */
  shutdown (self->fd, SHUT_RDWR);
}

static gboolean
is_over (VmP2pPipe *pipe)
{
  Socket *self = (Socket *) pipe;
  gboolean over;

  g_mutex_lock (&self->lock);
  over = self->over;
  g_mutex_unlock (&self->lock);
  return over;
}

static gboolean
fail_over (Socket *self, GError **error)
{
  g_autoptr (GError) why = NULL;

  g_mutex_lock (&self->lock);
  self->over = TRUE;
  if (self->why)
    why = g_error_copy (self->why);
  g_mutex_unlock (&self->lock);
  if (!why)
    why = g_error_new (
        VM_ERROR, VM_ERROR_DISCONNECTED, "The other side has gone");
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

/* Until @events can be done. FALSE: not by @until, or by a signal only. */
static gboolean
wait_until (Socket *self, gshort events, gint64 until)
{
  struct pollfd look = { .fd = self->fd, .events = events };
  gint64 left = until - g_get_monotonic_time ();

  /* rounded up, so that it does not spin in the last millisecond */
  return poll (&look, 1, left > 0 ? (gint) MIN ((left + 999) / 1000, 60000) : 0)
         > 0;
}

static void
skip (struct iovec *parts, gsize n, gsize size)
{
  for (gsize i = 0; i < n && size; i++) {
    gsize part = MIN (size, parts[i].iov_len);

    parts[i].iov_base = (guint8 *) parts[i].iov_base + part;
    parts[i].iov_len -= part;
    size -= part;
  }
}

static gboolean
socket_send (VmP2pPipe *pipe, guint8 type, const void *head, gsize head_size,
    GBytes *body, gint64 timeout, GError **error)
{
  Socket *self = (Socket *) pipe;
  gint64 until = g_get_monotonic_time () + timeout;
  guint8 header[VM_P2P_HEADER_SIZE];
  gsize body_size = 0;
  const void *data = body ? g_bytes_get_data (body, &body_size) : NULL;
  struct iovec parts[3] = { { header, sizeof header },
    { (void *) head, head_size }, { (void *) data, body_size } };
  struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };
  gsize left = sizeof header + head_size + body_size, size = left;

  vm_p2p_header_write (header, type, (guint32) (head_size + body_size));
  while (left) {
    gssize sent = sendmsg (self->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent > 0) {
      skip (parts, G_N_ELEMENTS (parts), sent);
      left -= sent;
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      return fail_over (self, error);
    } else if (!wait_until (self, POLLOUT, until)
               && g_get_monotonic_time () >= until) {
      g_set_error (error, VM_ERROR, VM_ERROR_TIMEOUT,
          "The other side has taken nothing for too long");
      /* half a message is of no use to anybody */
      if (left < size)
        set_over (self, *error);
      return FALSE;
    }
  }
  return TRUE;
}

static GBytes *
socket_receive (VmP2pPipe *pipe, gint64 timeout, guint8 *type, GError **error)
{
  Socket *self = (Socket *) pipe;
  gint64 until = g_get_monotonic_time () + timeout;
  guint8 piece[PIECE_SIZE];
  GBytes *body;

  while (!(body = vm_p2p_reader_pop (self->reader, type))) {
    gssize got = recv (self->fd, piece, sizeof piece, MSG_DONTWAIT);

    if (got > 0) {
      if (!vm_p2p_reader_take (self->reader, piece, got, error))
        return NULL;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      fail_over (self, error);
      return NULL;
    } else if (!wait_until (self, POLLIN, until)
               && g_get_monotonic_time () >= until) {
      g_set_error (error, VM_ERROR, VM_ERROR_TIMEOUT, "Nothing has come");
      return NULL;
    }
  }
  return body;
}

static void
socket_end (VmP2pPipe *pipe)
{
  shutdown (((Socket *) pipe)->fd, SHUT_WR);
}

static void
socket_close (VmP2pPipe *pipe, const GError *why)
{
  set_over ((Socket *) pipe, why);
}

static void
socket_free (VmP2pPipe *pipe)
{
  Socket *self = (Socket *) pipe;

  close (self->fd);
  vm_p2p_reader_free (self->reader);
  g_clear_error (&self->why);
  g_mutex_clear (&self->lock);
  g_free (self);
}

VmP2pPipe *
vm_p2p_socket_new (gint fd)
{
  static const VmP2pPipeFuncs funcs = { socket_send, socket_receive, socket_end,
    socket_close, socket_free, is_over };
  Socket *self = g_new0 (Socket, 1);

  self->pipe.funcs = &funcs;
  self->fd = fd;
  self->reader = vm_p2p_reader_new (FALSE);
  g_mutex_init (&self->lock);
  return &self->pipe;
}

gboolean
vm_p2p_socket_wait (VmP2pPipe *pipe, gint64 timeout)
{
  Socket *self = (Socket *) pipe;
  gint64 until = g_get_monotonic_time () + timeout;
  guint8 first;

  while (!is_over (pipe)) {
    gssize got = recv (self->fd, &first, sizeof first, MSG_DONTWAIT | MSG_PEEK);

    if (got > 0)
      return TRUE;
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
      return FALSE;
    if (!wait_until (self, POLLIN, until) && g_get_monotonic_time () >= until)
      return FALSE;
  }
  return FALSE;
}
