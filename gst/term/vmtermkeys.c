/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmtermkeys.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#define READ_SIZE 4096 /* bytes */

struct _VmTermKeys
{
  gint fd, stop_fd;
  VmTermKeysFunc func;
  gpointer user_data;
  gboolean raw;
  struct termios before;
  GThread *thread;
};

static void
begin_raw (VmTermKeys *self)
{
  struct termios raw;

  if (tcgetattr (self->fd, &self->before) != 0)
    return;
  raw = self->before;
  cfmakeraw (&raw);
  self->raw = tcsetattr (self->fd, TCSANOW, &raw) == 0;
}

/* FALSE: there is no more. */
static gboolean
take (VmTermKeys *self)
{
  guint8 data[READ_SIZE];
  gssize n = read (self->fd, data, sizeof data);
  const guint8 *leave;
  gsize size;

  if (n <= 0)
    return n < 0 && (errno == EINTR || errno == EAGAIN);
  leave = memchr (data, VM_TERM_KEY_LEAVE, n);
  size = leave ? (gsize) (leave - data) : (gsize) n;
  if (size > 0) {
    g_autoptr (GBytes) bytes = g_bytes_new (data, size);

    self->func (bytes, self->user_data);
  }
  if (leave)
    self->func (NULL, self->user_data);
  return !leave;
}

static gpointer
run (gpointer data)
{
  VmTermKeys *self = data;
  struct pollfd fds[] = { { .fd = self->fd, .events = POLLIN },
    { .fd = self->stop_fd, .events = POLLIN } };

  while (TRUE) {
    if (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno != EINTR)
      return NULL;
    if (fds[1].revents || (fds[0].revents && !take (self)))
      return NULL;
  }
}

VmTermKeys *
vm_term_keys_new (gint fd, VmTermKeysFunc func, gpointer user_data)
{
  VmTermKeys *self = g_new0 (VmTermKeys, 1);

  self->fd = fd;
  self->func = func;
  self->user_data = user_data;
  self->stop_fd = eventfd (0, EFD_CLOEXEC);
  begin_raw (self);
  self->thread = g_thread_new ("vm-term-keys", run, self);
  return self;
}

void
vm_term_keys_free (VmTermKeys *self)
{
  const guint64 one = 1;

  if (!self)
    return;
  while (write (self->stop_fd, &one, sizeof one) < 0 && errno == EINTR)
    ;
  g_thread_join (self->thread);
  close (self->stop_fd);
  if (self->raw)
    tcsetattr (self->fd, TCSANOW, &self->before);
  g_free (self);
}
