/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The room on the disk that a file has. */

#include "transfer/disk/receivefolder-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Bytes that a stranger brings between two looks at what is free. */
#define ASK_EVERY (1024 * 1024)

/* Whether the disk has @size bytes beside its reserve. */
gboolean
vm_receive_has_free (VmReceiveFolder *self, guint64 size, GError **error)
{
  struct statvfs fs;
  guint64 room, reserve;

  if (fstatvfs (self->dir, &fs) != 0)
    return vm_disk_fail (error, "The receiving folder's disk cannot be asked");
  room = (guint64) fs.f_bavail * fs.f_frsize;
  reserve = (guint64) fs.f_blocks * fs.f_frsize / VM_RECEIVE_RESERVE;
  if (size <= (room > reserve ? room - reserve : 0))
    return TRUE;
  errno = ENOSPC;
  return vm_disk_fail (error, "The file cannot be received");
}

/* Of its bytes, some are on the disk, or are holes. */
gboolean
vm_receive_has_room (VmReceiveFile *file, GError **error)
{
  struct stat st = { 0 };
  guint64 left, missing;

  if (file->fd >= 0 && fstat (file->fd, &st) != 0)
    return vm_disk_fail (error, "The unfinished file cannot be asked");
  left =
      file->header.size - MIN ((guint64) st.st_blocks * 512, file->header.size);
  missing = vm_journal_chunks (&file->header) - file->count;
  return vm_receive_has_free (
      file->folder, MIN (left, missing * file->header.chunk_size), error);
}

/* What is not preallocated must not eat the reserve up. */
gboolean
vm_receive_keeps_reserve (VmReceiveFile *file, gsize size, GError **error)
{
  file->unasked += size;
  if (file->header.known || (file->asked && file->unasked < ASK_EVERY))
    return TRUE;
  file->asked = vm_receive_has_free (file->folder, size, error);
  if (file->asked)
    file->unasked = 0;
  return file->asked;
}

gboolean
vm_receive_allocate (
    gint fd, gint mode, const VmJournalHeader *header, const guint8 *verified)
{
  guint64 chunks = vm_journal_chunks (header);
  gint result = 0;

  for (guint64 i = 0, end; i < chunks && result == 0; i = end + 1) {
    for (end = i; end < chunks && !(verified[end / 8] & 1 << end % 8); end++)
      ;
    if (end == i)
      continue;
    do
      result = fallocate (fd, mode, i * header->chunk_size,
          MIN (end * header->chunk_size, header->size)
              - i * header->chunk_size);
    while (result != 0 && errno == EINTR);
  }
  return result == 0;
}

/* So that it does not run full in between. A file system that cannot is one
 * that tells later, and a stranger has no room before it brings something. */
gboolean
vm_receive_preallocate (VmReceiveFile *file, GError **error)
{
  if (file->header.size == 0)
    return TRUE;
  if (!file->header.known)
    return ftruncate (file->fd, file->header.size) == 0
           || vm_disk_fail (error, "The file cannot be received");
  /* holes that came stay holes */
  return vm_receive_allocate (file->fd, 0, &file->header, file->verified)
         || (errno == EOPNOTSUPP
             && ftruncate (file->fd, file->header.size) == 0)
         || vm_disk_fail (error, "The file cannot be received");
}
