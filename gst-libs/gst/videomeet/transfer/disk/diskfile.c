/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/diskfile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN_RETRIES 16 /* of EAGAIN: something was renamed meanwhile */

void
vm_fd_clear (VmFd *fd)
{
  gint code = errno;

  if (*fd >= 0)
    close (*fd);
  *fd = -1;
  errno = code;
}

/* A quota and the process's own limit are full disks to whoever waits. */
static GFileError
code_of (gint code)
{
  if (code == EDQUOT || code == EFBIG)
    return G_FILE_ERROR_NOSPC;
  return g_file_error_from_errno (code);
}

gboolean
vm_disk_fail (GError **error, const gchar *what)
{
  gint code = errno;

  g_set_error (error, G_FILE_ERROR, code_of (code), "%s: %s", what,
      code == ENOSYS ? "this needs Linux 5.6" : g_strerror (code));
  return FALSE;
}

VmFd
vm_disk_open (gint folder, const gchar *name, gint flags)
{
  struct open_how how = {
    .flags = flags | O_CLOEXEC,
    .mode = flags & O_CREAT ? 0600 : 0,
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  };
  glong fd = -1;

  for (guint i = 0; i < OPEN_RETRIES; i++) {
    fd = syscall (SYS_openat2, folder, name, &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
      break;
  }
  return fd;
}

DIR *
vm_disk_list (gint folder)
{
  gint copy = openat (folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = copy < 0 ? NULL : fdopendir (copy);

  if (!list && copy >= 0)
    close (copy);
  return list;
}

const gchar *
vm_disk_next_name (DIR *list)
{
  struct dirent *entry;

  do {
    errno = 0;
    entry = readdir (list);
  } while (entry
           && (strcmp (entry->d_name, ".") == 0
               || strcmp (entry->d_name, "..") == 0));
  return entry ? entry->d_name : NULL;
}

gboolean
vm_disk_write (gint fd, gconstpointer data, gsize size, guint64 offset)
{
  const guint8 *bytes = data;

  while (size > 0) {
    gssize n = pwrite (fd, bytes, size, offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      errno = n == 0 ? EIO : errno;
      return FALSE;
    }
    bytes += n;
    size -= n;
    offset += n;
  }
  return TRUE;
}

void
vm_disk_write_out (gint fd)
{
  sync_file_range (fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

void
vm_disk_drop (gint fd, guint64 offset, guint64 size)
{
  posix_fadvise (fd, offset, size, POSIX_FADV_DONTNEED);
}

gssize
vm_disk_read (gint fd, gpointer data, gsize size, guint64 offset)
{
  guint8 *bytes = data;
  gsize done = 0;

  while (done < size) {
    gssize n = pread (fd, bytes + done, size - done, offset + done);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -1;
    if (n == 0)
      break;
    done += n;
  }
  return done;
}
