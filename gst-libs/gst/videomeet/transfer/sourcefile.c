/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sourcefile.h"
#include "diskfile.h"
#include "filehash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

/* A FIFO would be waited for. */
VmSourceFile *
vm_source_file_open (const gchar *path, GError **error)
{
  g_auto (VmFd) fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  VmSourceFile *self;
  struct stat st;

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
