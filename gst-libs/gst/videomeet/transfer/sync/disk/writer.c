/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/disk/apply-priv.h"
#include "transfer/sync/disk/inplace.h"
#include "transfer/sync/disk/scan.h"

#include "transfer/disk/diskfile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_SIZE (1024 * 1024)

struct _VmSyncWriter
{
  VmSyncApply *apply;
  VmSyncOp *op;
  const VmSyncEntry *entry;
  VmFd fd;
  EVP_MD_CTX *hash;
  guint64 at; /* next byte */
  guint64 base; /* the byte that is first in the file that is written */
  guint64 end; /* behind the last byte that is written */
  guint block;
  guint64 left; /* bytes of this block that are missing */
  const gchar *wrong; /* why it is not taken */
  guint8 *buffer;
  const VmSyncEntry *source; /* the last one that was copied from, and: */
  VmFd source_fd;
};

static gboolean
begin_block (VmSyncWriter *self)
{
  if (self->block >= self->entry->n_blocks)
    return TRUE;
  self->left = vm_sync_block_bytes (self->entry->size, self->block);
  return EVP_DigestInit_ex (self->hash, NULL, NULL) == 1;
}

/* Only the part that differs is written, where that can be. */
static void
begin_part (VmSyncWriter *self)
{
  VmSyncOp *op = self->op;
  VmSyncStage *stage = self->apply->stage;

  op->cloned = vm_sync_in_place_clone (stage, op, self->fd);
  op->in_place = !op->cloned && vm_sync_in_place_is_alone (stage, op);
  if (!op->cloned && !op->in_place)
    return;
  self->at = op->delta.from;
  self->block = op->delta.first;
  self->end = op->delta.from + op->delta.new_size;
  self->base = op->in_place ? self->at : 0;
}

VmSyncWriter *
vm_sync_writer_new (VmSyncApply *apply, VmSyncOp *op, GError **error)
{
  VmSyncWriter *self;
  gchar name[16];
  VmFd fd;

  op->number = ++apply->stage->number;
  vm_sync_stage_name (op, name);
  fd = vm_disk_open (apply->stage->fd, name, O_RDWR | O_CREAT | O_EXCL);
  if (fd < 0) {
    vm_disk_fail (error, "A file cannot be made");
    return NULL;
  }
  self = g_new0 (VmSyncWriter, 1);
  self->apply = apply;
  self->op = op;
  self->entry = op->item->entry;
  self->fd = fd;
  self->source_fd = -1;
  self->hash = EVP_MD_CTX_new ();
  EVP_DigestInit_ex (self->hash, EVP_sha256 (), NULL);
  self->end = self->entry->size;
  if (op->is_delta && vm_sync_in_place_fits (op))
    begin_part (self);
  begin_block (self);
  return self;
}

static gboolean
add_to_hash (VmSyncWriter *self, const guint8 *data, gsize size)
{
  while (size > 0) {
    gsize n = MIN (size, self->left);
    guint8 hash[EVP_MAX_MD_SIZE];

    if (EVP_DigestUpdate (self->hash, data, n) != 1)
      return FALSE;
    data += n;
    size -= n;
    self->left -= n;
    if (self->left > 0)
      continue;
    if (EVP_DigestFinal_ex (self->hash, hash, NULL) != 1
        || memcmp (hash,
               self->entry->blocks + (gsize) self->block * VM_SHA256_SIZE,
               VM_SHA256_SIZE)
               != 0)
      return FALSE;
    self->block++;
    if (!begin_block (self))
      return FALSE;
  }
  return TRUE;
}

gboolean
vm_sync_writer_write (
    VmSyncWriter *self, gconstpointer data, gsize size, GError **error)
{
  if (self->wrong)
    return TRUE;
  if (size > self->end - self->at || !add_to_hash (self, data, size)) {
    self->wrong = "it has other bytes than the manifest says";
    return TRUE;
  }
  if (!vm_disk_write_sparse (self->fd, data, size, self->at - self->base))
    return vm_disk_fail (error, "A file cannot be written");
  /* so that the last syncfs() has less to do */
  if ((self->at + size) / VM_SYNC_BLOCK_MAX != self->at / VM_SYNC_BLOCK_MAX)
    vm_disk_write_out (self->fd);
  self->at += size;
  return TRUE;
}

static gboolean
open_source (VmSyncWriter *self, const VmSyncEntry *entry)
{
  if (self->source == entry && self->source_fd >= 0)
    return TRUE;
  vm_fd_clear (&self->source_fd);
  self->source = entry;
  self->source_fd = vm_sync_open_entry (self->apply->stage->root, entry);
  return self->source_fd >= 0;
}

gboolean
vm_sync_writer_copy (VmSyncWriter *self, const VmSyncEntry *entry, guint64 at,
    guint64 size, GError **error)
{
  if (self->wrong)
    return TRUE;
  if (!open_source (self, entry)) {
    self->wrong = "a file here that has its bytes was changed meanwhile";
    return TRUE;
  }
  if (!self->buffer)
    self->buffer = g_malloc (COPY_SIZE);
  while (size > 0 && !self->wrong) {
    gsize n = MIN (size, COPY_SIZE);

    if (vm_disk_read (self->source_fd, self->buffer, n, at) != (gssize) n) {
      self->wrong = "a file here that has its bytes cannot be read";
      return TRUE;
    }
    if (!vm_sync_writer_write (self, self->buffer, n, error))
      return FALSE;
    at += n;
    size -= n;
  }
  return TRUE;
}

static gboolean
finish (VmSyncWriter *self, GError **error)
{
  struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
  gint64 mtime = self->entry->mtime, rest = mtime % G_USEC_PER_SEC;
  guint64 size = self->end - self->base;
  struct stat st;

  /* its last blocks may be a hole */
  if (fstat (self->fd, &st) != 0
      || ((guint64) st.st_size < size && ftruncate (self->fd, size) != 0))
    return vm_disk_fail (error, "A file cannot be written");
  if (rest < 0)
    rest += G_USEC_PER_SEC;
  times[1].tv_sec = (mtime - rest) / G_USEC_PER_SEC;
  times[1].tv_nsec = rest * 1000;
  futimens (self->fd, times); /* a time that it cannot have is not kept */
  if (fchmod (self->fd, self->op->item->mode & ~vm_disk_get_umask ()) != 0)
    return vm_disk_fail (error, "The mode of a file cannot be set");
  return TRUE;
}

gboolean
vm_sync_writer_end (VmSyncWriter *self, const gchar *reason, GError **error)
{
  gboolean ok = TRUE;

  if (!reason)
    reason = self->wrong;
  if (!reason && self->at < self->end)
    reason = "it did not arrive whole";
  if (reason) {
    gchar name[16];

    vm_sync_stage_name (self->op, name);
    unlinkat (self->apply->stage->fd, name, 0);
    vm_sync_apply_fail (self->apply, self->op, reason);
  } else {
    ok = finish (self, error)
         && (!self->op->in_place
             || vm_sync_in_place_prepare (self->apply->stage, self->op, error));
    if (ok)
      vm_sync_apply_add_ready (self->apply, self->op);
  }
  vm_fd_clear (&self->fd);
  vm_fd_clear (&self->source_fd);
  EVP_MD_CTX_free (self->hash);
  g_free (self->buffer);
  g_free (self);
  return ok;
}
