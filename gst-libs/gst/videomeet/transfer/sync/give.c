/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/give.h"

#include "transfer/disk/diskfile.h"
#include "transfer/sync/disk/delta.h"
#include "transfer/sync/fetch.h"
#include "transfer/sync/disk/scan.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

typedef struct
{
  const VmSyncGive *give;
  guint64 at; /* offset of the next message */
  guint8 *buffer;
  gsize filled;
  guint number; /* of a signature */
} Output;

static gboolean
send_chunk (Output *out, GError **error)
{
  guint64 offset = GUINT64_TO_BE (out->at);
  g_autoptr (GBytes) body = g_bytes_new (out->buffer, out->filled);

  out->at += out->filled;
  out->filled = 0;
  return out->give->send (VM_P2P_DIFF_CHUNK, &offset, sizeof offset, body,
      out->give->user_data, error);
}

static gboolean
flush (Output *out, GError **error)
{
  return out->filled == 0 || send_chunk (out, error);
}

/* Where this side has the file; a conflict may have given it its new name by
 * now. That they are the right bytes, the other side sees by their hashes. */
static VmFd
open_item (const VmSyncGive *give, const VmSyncItem *item)
{
  const VmSyncEntry *entry =
      item->at[give->side] ? vm_sync_tree_get (give->tree, item->at[give->side])
                           : NULL;
  struct stat st;
  g_auto (VmFd) fd = -1;
  VmFd stolen;

  if (!entry)
    return -1;
  fd = vm_sync_open_entry (give->root, entry);
  if (fd < 0 && strcmp (entry->path, item->path) != 0)
    fd =
        vm_disk_open (give->root, item->path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 || fstat (fd, &st) != 0 || !S_ISREG (st.st_mode)
      || (guint64) st.st_ino != entry->stamp.inode
      || (guint64) st.st_size != entry->size)
    return -1;
  stolen = fd;
  fd = -1;
  return stolen;
}

/* FALSE with no error: the file cannot be read. */
static gboolean
read_bytes (Output *out, gint fd, guint64 at, guint64 size, guint64 *read,
    GError **error)
{
  while (*read < size) {
    gsize n = MIN (size - *read, out->give->chunk - out->filled);
    gssize got = vm_disk_read (fd, out->buffer + out->filled, n, at + *read);

    if (got != (gssize) n)
      return FALSE;
    out->filled += n;
    *read += n;
    if (out->filled == out->give->chunk && !send_chunk (out, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
give_file (Output *out, const VmSyncOp *op, GError **error)
{
  const VmSyncEntry *entry = op->item->entry;
  g_auto (VmFd) fd = -1;
  guint64 block = vm_sync_block_size (entry->size), sent = 0;
  GError *problem = NULL;

  if (op->wanted == 0)
    return TRUE;
  fd = open_item (out->give, op->item);
  for (guint b = 0; fd >= 0 && b < entry->n_blocks; b++) {
    guint64 read = 0;
    gboolean ok;

    if (op->places && op->places[b].entry)
      continue;
    ok = read_bytes (out, fd, b * block, vm_sync_block_bytes (entry->size, b),
        &read, &problem);
    sent += read;
    if (problem) {
      g_propagate_error (error, problem);
      return FALSE;
    }
    if (!ok)
      break;
  }
  if (sent == op->wanted)
    return TRUE;
  /* the rest is passed over */
  if (!flush (out, error))
    return FALSE;
  out->at += op->wanted - sent;
  return TRUE;
}

gboolean
vm_sync_give_blocks (const VmSyncGive *self, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (self->chunk);
  Output out = { .give = self, .buffer = buffer };

  for (guint i = 0; i < self->theirs->ops->len; i++) {
    const VmSyncOp *op = self->theirs->ops->pdata[i];

    if (op->kind == VM_SYNC_OP_FETCH && !op->is_delta
        && !give_file (&out, op, error))
      return FALSE;
  }
  return flush (&out, error) && send_chunk (&out, error);
}

static gboolean
add_delta (gconstpointer data, gsize size, gpointer user_data, GError **error)
{
  Output *out = user_data;
  const guint8 *bytes = data;

  while (size > 0) {
    gsize n = MIN (size, out->give->chunk - out->filled);

    memcpy (out->buffer + out->filled, bytes, n);
    out->filled += n;
    bytes += n;
    size -= n;
    if (out->filled == out->give->chunk && !send_chunk (out, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
give_delta (Output *out, const VmSyncOp *op, guint number, GError **error)
{
  g_autoptr (GBytes) signature =
      out->give->signature (number, out->give->user_data, error);
  g_auto (VmFd) fd = -1;
  GError *problem = NULL;

  if (!signature)
    return FALSE;
  out->at = VM_SYNC_OFFSET_DELTA | (guint64) number << VM_SYNC_OFFSET_BITS;
  out->filled = 0;
  fd = open_item (out->give, op->item);
  if (fd >= 0 && g_bytes_get_size (signature) > 0
      && !vm_sync_delta_make (
          fd, &op->delta, signature, add_delta, out, &problem)) {
    /* a file that cannot be read, or a signature that is none, is a difference
     * that ends early; the rest goes on */
    if (problem->code != VM_ERROR_BAD_MESSAGE
        && problem->code != VM_ERROR_BAD_REQUEST
        && problem->domain == VM_ERROR) {
      g_propagate_error (error, problem);
      return FALSE;
    }
    g_error_free (problem);
  }
  return flush (out, error) && send_chunk (out, error);
}

gboolean
vm_sync_give_deltas (const VmSyncGive *self, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (self->chunk);
  Output out = { .give = self, .buffer = buffer };
  guint number = 0;

  for (guint i = 0; i < self->theirs->ops->len; i++) {
    const VmSyncOp *op = self->theirs->ops->pdata[i];

    if (op->is_delta && !give_delta (&out, op, number++, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
send_signature (
    gconstpointer data, gsize size, gpointer user_data, GError **error)
{
  Output *out = user_data;
  guint32 number = GUINT32_TO_BE (out->number);
  g_autoptr (GBytes) body = g_bytes_new (data, size);

  return out->give->send (VM_P2P_SYNC_SIGNATURE, &number, sizeof number, body,
      out->give->user_data, error);
}

gboolean
vm_sync_give_signatures (const VmSyncGive *self, GError **error)
{
  Output out = { .give = self };

  for (guint i = 0; i < self->mine->ops->len; i++) {
    const VmSyncOp *op = self->mine->ops->pdata[i];
    g_auto (VmFd) fd = -1;
    g_autoptr (GError) problem = NULL;

    if (!op->is_delta)
      continue;
    fd = vm_sync_open_entry (self->root, op->own);
    if (fd < 0
        || !vm_sync_signature_make (
            fd, &op->delta, send_signature, &out, &problem)) {
      if (problem && problem->domain == VM_ERROR
          && problem->code != VM_ERROR_BAD_REQUEST) {
        g_propagate_error (error, g_steal_pointer (&problem));
        return FALSE;
      }
      /* without bytes: there is none */
      if (!send_signature (NULL, 0, &out, error))
        return FALSE;
    }
    out.number++;
  }
  return TRUE;
}
