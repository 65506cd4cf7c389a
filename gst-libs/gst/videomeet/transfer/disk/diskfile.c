/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/diskfile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOLE_SIZE 4096 /* of a block: as the file systems of Linux have it */
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

static gboolean
is_zero (const guint8 *data, gsize size)
{
  return data[0] == 0 && memcmp (data, data + 1, size - 1) == 0;
}

/* Up to the next border of a block. */
static gsize
to_border (guint64 offset, gsize size)
{
  return MIN (HOLE_SIZE - offset % HOLE_SIZE, size);
}

/* How much of it is whole blocks of zeros (@zero), or is not. */
static gsize
measure (const guint8 *data, gsize size, guint64 offset, gboolean *zero)
{
  gsize run = 0;

  while (run < size) {
    gsize n = to_border (offset + run, size - run);
    gboolean hole = n == HOLE_SIZE && is_zero (data + run, n);

    if (run > 0 && hole != *zero)
      break;
    *zero = hole;
    run += n;
  }
  return run;
}

gboolean
vm_disk_write_sparse (gint fd, gconstpointer data, gsize size, guint64 offset)
{
  const guint8 *bytes = data;

  while (size > 0) {
    gboolean zero = FALSE;
    gsize run = measure (bytes, size, offset, &zero);

    if ((!zero
            || fallocate (
                   fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, run)
                   != 0)
        && !vm_disk_write (fd, bytes, run, offset))
      return FALSE;
    bytes += run;
    size -= run;
    offset += run;
  }
  return TRUE;
}

guint
vm_disk_get_umask (void)
{
  g_autofree gchar *text = NULL;
  const gchar *line = NULL;

  /* proc(5), of Linux 4.7 */
  if (g_file_get_contents ("/proc/self/status", &text, NULL, NULL))
    line = strstr (text, "\nUmask:");
  return line ? g_ascii_strtoull (line + strlen ("\nUmask:"), NULL, 8) : 022;
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
