/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/disk/watch.h"

#include "transfer/disk/diskfile.h"
#include "transfer/disk/filename.h"

#include <sys/inotify.h>
#include <unistd.h>

#define EVENTS                                                    \
  (IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE \
      | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR | IN_EXCL_UNLINK)
#define BUFFER_SIZE (64 * 1024)

struct _VmSyncWatch
{
  VmFd fd; /* -1: there is no inotify */
  gboolean incomplete; /* not all folders are watched */
  gint64 first, last; /* change since the scan; 0: none */
  gint64 scanned;
};

VmSyncWatch *
vm_sync_watch_new (void)
{
  VmSyncWatch *self = g_new0 (VmSyncWatch, 1);

  self->fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  self->incomplete = self->fd < 0;
  return self;
}

void
vm_sync_watch_free (VmSyncWatch *self)
{
  vm_fd_clear (&self->fd);
  g_free (self);
}

void
vm_sync_watch_add (VmSyncWatch *self, gint folder)
{
  /* its path could be another folder's by now */
  g_autofree gchar *path = g_strdup_printf ("/proc/self/fd/%d", folder);

  if (self->fd >= 0 && inotify_add_watch (self->fd, path, EVENTS) < 0)
    self->incomplete = TRUE;
}

/* Whether an event is about something that is synced. */
static gboolean
matters (const struct inotify_event *event)
{
  if (event->mask & IN_Q_OVERFLOW)
    return TRUE;
  if (event->mask & IN_IGNORED)
    return FALSE;
  return event->len == 0
         || !g_str_has_prefix (event->name, VM_FILENAME_OWN_PREFIX);
}

static void
take_events (VmSyncWatch *self, gint64 now)
{
  g_autofree gchar *buffer = g_malloc (BUFFER_SIZE);
  gssize size;

  while ((size = read (self->fd, buffer, BUFFER_SIZE)) > 0)
    for (gssize at = 0; at < size;) {
      const struct inotify_event *event = (gpointer) (buffer + at);

      if (matters (event)) {
        self->last = now;
        if (!self->first)
          self->first = now;
      }
      at += sizeof *event + event->len;
    }
}

gboolean
vm_sync_watch_check (VmSyncWatch *self, gint64 now)
{
  if (self->fd >= 0)
    take_events (self, now);
  if (self->incomplete && now - self->scanned >= VM_SYNC_WATCH_SCAN)
    return TRUE;
  return self->first
         && (now - self->last >= VM_SYNC_WATCH_QUIET
             || now - self->first >= VM_SYNC_WATCH_LATEST);
}

void
vm_sync_watch_reset (VmSyncWatch *self, gint64 now)
{
  if (self->fd >= 0)
    take_events (self, now);
  self->first = self->last = 0;
  self->scanned = now;
}
