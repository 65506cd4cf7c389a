/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/sourcefile.h"
#include "transfer/disk/diskfile.h"
#include "transfer/disk/filehash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define READ_SIZE (256 * 1024) /* bytes at a time, for the hash alone */

struct _VmSourceFile
{
  VmFd fd;
  struct stat st; /* when it was opened */
  VmFileHash *whole;
};

static gboolean
refuse (GError **error, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST, why);
  return FALSE;
}

/* Whether as many bytes can be read as @st says: not so where a file is made as
 * it is read, as in /proc (0), /sys (a page) and some file systems of programs
 * (anything). -1: with errno. */
static gint
has_its_size (gint fd, const struct stat *st)
{
  guint8 last[4096]; /* some are read by whole words alone */
  guint64 known = st->st_size ? 1 : 0;
  gssize n = vm_disk_read (fd, last, sizeof last, st->st_size - known);
  struct stat now;

  if (n < 0 || fstat (fd, &now) != 0)
    return -1;
  /* one that is just written to is told when it is read */
  return (guint64) n == known || now.st_size != st->st_size;
}

/* All of *@fd goes into memory, which takes its place: it may be another text
 * each time, and only then is its size known. */
static gboolean
copy (VmFd *fd, guint64 max, GError **error)
{
  g_auto (VmFd) memory = memfd_create ("vm-source", MFD_CLOEXEC);
  g_autofree guint8 *data = g_malloc (READ_SIZE);
  guint64 size = 0;
  gssize n = -1;

  while (memory >= 0 && (n = vm_disk_read (*fd, data, READ_SIZE, size)) > 0) {
    if (n > max - size) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
          "The file does not tell its size, and has more than "
          "%" G_GUINT64_FORMAT " bytes; send a copy of it",
          max);
      return FALSE;
    }
    if (!vm_disk_write (memory, data, n, size))
      break;
    size += n;
  }
  if (n != 0)
    return vm_disk_fail (error, "The file cannot be read");
  vm_fd_clear (fd);
  *fd = memory;
  memory = -1;
  return TRUE;
}

VmSourceFile *
vm_source_file_open (const gchar *path, GError **error)
{
  return vm_source_file_open_within (path, VM_SOURCE_FILE_COPY_MAX, error);
}

/* A FIFO would be waited for. */
VmSourceFile *
vm_source_file_open_within (const gchar *path, guint64 max, GError **error)
{
  g_auto (VmFd) fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  VmSourceFile *self;
  struct stat st;
  gint whole;

  if (fd < 0 || fstat (fd, &st) != 0) {
    vm_disk_fail (error, "The file cannot be read");
    return NULL;
  }
  if (!S_ISREG (st.st_mode)) {
    refuse (error, S_ISDIR (st.st_mode)
                       ? "It is a folder; pack it first, as with tar"
                       : "Only plain files can be sent");
    return NULL;
  }
  whole = has_its_size (fd, &st);
  if (whole < 0
      || (!whole && (!copy (&fd, max, error) || fstat (fd, &st) != 0))) {
    if (error && !*error)
      vm_disk_fail (error, "The file cannot be read");
    return NULL;
  }
  self = g_new0 (VmSourceFile, 1);
  self->fd = fd;
  fd = -1;
  self->st = st;
  self->whole = vm_file_hash_new ();
  return self;
}

void
vm_source_file_free (VmSourceFile *self)
{
  vm_fd_clear (&self->fd);
  vm_file_hash_free (self->whole);
  g_free (self);
}

guint64
vm_source_file_get_size (VmSourceFile *self)
{
  return self->st.st_size;
}

gint64
vm_source_file_get_mtime (VmSourceFile *self)
{
  return self->st.st_mtim.tv_sec * G_GINT64_CONSTANT (1000)
         + self->st.st_mtim.tv_nsec / 1000000;
}

static gboolean
same_time (const struct timespec *a, const struct timespec *b)
{
  return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Not ctime, which tells of a new name or mode too: these change no byte. */
static gboolean
is_unchanged (VmSourceFile *self, GError **error)
{
  struct stat st;

  if (fstat (self->fd, &st) != 0)
    return vm_disk_fail (error, "The file cannot be read");
  if (st.st_size < self->st.st_size)
    return refuse (error, "The file was cut while it was sent");
  if (st.st_size != self->st.st_size
      || !same_time (&st.st_mtim, &self->st.st_mtim))
    return refuse (error, "The file was changed while it was sent");
  return TRUE;
}

static gboolean
read_part (VmSourceFile *self, guint64 offset, guint8 *data, gsize size,
    GError **error)
{
  gssize n;

  if (offset > (guint64) self->st.st_size
      || size > (guint64) self->st.st_size - offset)
    return refuse (error, "The file has no such part");
  n = vm_disk_read (self->fd, data, size, offset);
  if (n < 0)
    return vm_disk_fail (error, "The file cannot be read");
  if ((gsize) n < size)
    return refuse (error, "The file was cut while it was sent");
  return is_unchanged (self, error);
}

gboolean
vm_source_file_read (VmSourceFile *self, guint64 offset, guint8 *data,
    gsize size, guint8 hash[VM_SHA256_SIZE], GError **error)
{
  if (!read_part (self, offset, data, size, error))
    return FALSE;
  vm_sha256 (data, size, hash);
  return TRUE;
}

gboolean
vm_source_file_read_next (VmSourceFile *self, guint8 *data, gsize size,
    guint8 hash[VM_SHA256_SIZE], GError **error)
{
  if (!read_part (self, vm_file_hash_get_done (self->whole), data, size, error))
    return FALSE;
  vm_file_hash_look (self->whole, data, size, hash);
  vm_file_hash_keep (self->whole);
  return TRUE;
}

gboolean
vm_source_file_read_prefix (VmSourceFile *self, guint8 *data, gsize size,
    guint8 hash[VM_SHA256_SIZE], GError **error)
{
  if (!read_part (self, vm_file_hash_get_done (self->whole), data, size, error))
    return FALSE;
  vm_file_hash_add (self->whole, data, size);
  vm_file_hash_get (self->whole, hash);
  return TRUE;
}

guint64
vm_source_file_get_hashed (VmSourceFile *self)
{
  return vm_file_hash_get_done (self->whole);
}

gboolean
vm_source_file_hash (VmSourceFile *self, guint8 hash[VM_SHA256_SIZE],
    gboolean *whole, GError **error)
{
  guint64 done = vm_file_hash_get_done (self->whole);
  gsize size = MIN (READ_SIZE, (guint64) self->st.st_size - done);
  g_autofree guint8 *data = g_malloc (READ_SIZE);

  if (!read_part (self, done, data, size, error))
    return FALSE;
  vm_file_hash_add (self->whole, data, size);
  *whole = done + size == (guint64) self->st.st_size;
  if (*whole)
    vm_file_hash_get (self->whole, hash);
  return TRUE;
}
