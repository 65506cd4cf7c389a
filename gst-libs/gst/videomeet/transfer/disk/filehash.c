/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/filehash.h"
#include "transfer/disk/sha256pair.h"

#include <openssl/evp.h>
#include <string.h>

struct _VmFileHash
{
  guint64 done;
  const guint8 *data; /* looked at last; NULL: it was kept, or there was none */
  gsize size; /* of it */
  EVP_MD_CTX *context; /* of the bytes before `done`; or NULL, and: */
  VmSha256State whole; /* but for the rest of a block */
  guint8 rest[VM_SHA256_BLOCK_SIZE];
  VmSha256State next; /* `whole` with what was looked at, but for its rest */
  gboolean has_next; /* it is made */
};

static void
check (gint result)
{
  if (result != 1)
    g_error ("OpenSSL cannot make a SHA-256");
}

VmFileHash *
vm_file_hash_new (void)
{
  return vm_file_hash_new_by (vm_sha256_pair_is_there ());
}

VmFileHash *
vm_file_hash_new_by (gboolean pair)
{
  VmFileHash *self = g_new0 (VmFileHash, 1);

  self->whole = vm_sha256_state_new ();
  if (pair)
    return self;
  self->context = EVP_MD_CTX_new ();
  check (EVP_DigestInit_ex (self->context, EVP_sha256 (), NULL));
  return self;
}

void
vm_file_hash_free (VmFileHash *self)
{
  EVP_MD_CTX_free (self->context);
  g_free (self);
}

guint64
vm_file_hash_get_done (const VmFileHash *self)
{
  return self->done;
}

static gsize
rest_of (guint64 size)
{
  return size % VM_SHA256_BLOCK_SIZE;
}

static void
add_blocks (VmFileHash *self, const guint8 *data, gsize size)
{
  VmSha256State unused = self->whole;

  vm_sha256_pair (&self->whole, &unused, data, size / VM_SHA256_BLOCK_SIZE);
  memcpy (self->rest, data + size - rest_of (size), rest_of (size));
}

/* Behind a rest, which becomes a block or stays one. */
static void
add_own (VmFileHash *self, const guint8 *data, gsize size)
{
  gsize there = rest_of (self->done);
  gsize first = there ? MIN (size, VM_SHA256_BLOCK_SIZE - there) : 0;

  memcpy (self->rest + there, data, first);
  if (there && there + first == VM_SHA256_BLOCK_SIZE)
    add_blocks (self, self->rest, VM_SHA256_BLOCK_SIZE);
  if (size > first)
    add_blocks (self, data + first, size - first);
}

void
vm_file_hash_add (VmFileHash *self, gconstpointer data, gsize size)
{
  self->data = NULL;
  if (size && self->context)
    check (EVP_DigestUpdate (self->context, data, size));
  else if (size)
    add_own (self, data, size);
  self->done += size;
}

void
vm_file_hash_look (VmFileHash *self, gconstpointer data, gsize size,
    guint8 hash[VM_SHA256_SIZE])
{
  VmSha256State chunk = vm_sha256_state_new ();
  gsize rest = rest_of (size);

  self->data = data;
  self->size = size;
  self->has_next = !self->context && rest_of (self->done) == 0;
  if (!self->has_next) {
    vm_sha256 (data, size, hash);
    return;
  }
  self->next = self->whole;
  vm_sha256_pair (&chunk, &self->next, self->data, size / VM_SHA256_BLOCK_SIZE);
  vm_sha256_state_end (&chunk, self->data + size - rest, size, hash);
}

void
vm_file_hash_keep (VmFileHash *self)
{
  gsize rest = rest_of (self->size);

  g_return_if_fail (self->data != NULL);

  if (!self->has_next) {
    vm_file_hash_add (self, self->data, self->size);
    return;
  }
  self->whole = self->next;
  memcpy (self->rest, self->data + self->size - rest, rest);
  self->done += self->size;
  self->data = NULL;
}

void
vm_file_hash_get (const VmFileHash *self, guint8 hash[VM_SHA256_SIZE])
{
  EVP_MD_CTX *copy;

  if (!self->context) {
    vm_sha256_state_end (&self->whole, self->rest, self->done, hash);
    return;
  }
  copy = EVP_MD_CTX_new ();
  check (EVP_MD_CTX_copy_ex (copy, self->context));
  check (EVP_DigestFinal_ex (copy, hash, NULL));
  EVP_MD_CTX_free (copy);
}
