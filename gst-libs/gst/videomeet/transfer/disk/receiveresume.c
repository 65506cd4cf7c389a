/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/receivefolder-priv.h"

#include <string.h>
#include <sys/file.h>

static void
let_go (VmReceiveFile *file)
{
  g_clear_pointer (&file->journal, vm_journal_free);
  vm_fd_clear (&file->journal_fd);
  vm_fd_clear (&file->fd);
  g_clear_pointer (&file->part, g_free);
  g_clear_pointer (&file->journal_name, g_free);
}

/* Whether the chunk is what the journal says; @whole goes on with it. The hash
 * of the file itself begins anew: what is there counts as it is at the end. */
static gboolean
is_right (VmReceiveFile *file, VmFileHash *whole, guint64 index,
    const guint8 *data, const guint8 claimed[VM_SHA256_SIZE])
{
  gsize size = vm_journal_chunk_size (&file->header, index);
  gboolean next =
      index * file->header.chunk_size == vm_file_hash_get_done (whole);
  guint8 hash[VM_SHA256_SIZE];

  if (vm_journal_is_prefix (file->journal)) {
    if (!next)
      return FALSE;
    vm_file_hash_look_prefix (whole, data, size, hash);
  } else if (next) {
    vm_file_hash_look (whole, data, size, hash);
  } else {
    vm_sha256 (data, size, hash);
  }
  if (memcmp (hash, claimed, sizeof hash) != 0)
    return FALSE;
  if (next)
    vm_file_hash_keep (whole);
  return TRUE;
}

/* What the journal says, as far as the part file has it. */
static void
read_again (VmReceiveFile *file)
{
  g_autofree guint8 *data = g_malloc (file->header.chunk_size);
  g_autoptr (VmFileHash) whole = vm_file_hash_new ();
  guint8 claimed[VM_SHA256_SIZE];
  guint64 index;

  while (vm_receive_goes_on (file, NULL)
         && vm_journal_next (file->journal, &index, claimed)) {
    gsize size = vm_journal_chunk_size (&file->header, index);

    if (vm_receive_file_has (file, index)
        || vm_disk_read (file->fd, data, size, index * file->header.chunk_size)
               != (gssize) size)
      continue;
    if (is_right (file, whole, index, data, claimed)) {
      file->verified[index / 8] |= 1 << index % 8;
      file->count++;
    }
  }
  file->unread = !vm_receive_goes_on (file, NULL);
}

/* The lock keeps two transfers from one part file. */
static gboolean
try_one (VmReceiveFile *file, const gchar *name)
{
  file->part = vm_receive_sibling (name, ".journal", ".part");
  if (!file->part)
    return FALSE;
  file->journal_name = g_strdup (name);
  file->journal_fd = vm_receive_open_own (file->folder, name);
  if (file->journal_fd >= 0)
    file->journal = vm_journal_load (file->journal_fd, NULL);
  /* those of others are not even locked for a moment: they may be about to */
  if (file->journal
      && vm_journal_same_file (
          vm_journal_get_header (file->journal), &file->header)
      && flock (file->journal_fd, LOCK_EX | LOCK_NB) == 0)
    file->fd = vm_receive_open_own (file->folder, file->part);
  if (file->fd >= 0)
    return TRUE;
  let_go (file);
  return FALSE;
}

/* The journals of what was left of the same file. */
static GPtrArray *
list_same (VmReceiveFile *file)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer part, kept;

  vm_receive_look_at_kept (file->folder);
  vm_receive_lock ();
  g_hash_table_iter_init (&iter, file->folder->use->kept);
  while (g_hash_table_iter_next (&iter, &part, &kept)) {
    if (vm_journal_same_file (&((VmKept *) kept)->header, &file->header))
      g_ptr_array_add (names, vm_receive_sibling (part, ".part", ".journal"));
  }
  vm_receive_unlock ();
  return names;
}

gboolean
vm_receive_resume (VmReceiveFile *file)
{
  g_autoptr (GPtrArray) names = NULL;

  vm_receive_wait (file);
  names = list_same (file);
  for (guint i = 0; i < names->len; i++) {
    if (!try_one (file, names->pdata[i]))
      continue;
    read_again (file);
    return TRUE;
  }
  return FALSE;
}
