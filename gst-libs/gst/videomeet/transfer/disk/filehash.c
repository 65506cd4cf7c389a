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
  guint8 next_rest[VM_SHA256_BLOCK_SIZE];
  gboolean has_next; /* it is made */
  EVP_MD_CTX *next_context; /* `context` likewise; NULL: it is not made */
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
  EVP_MD_CTX_free (self->next_context);
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
  vm_sha256_add (&self->whole, data, size / VM_SHA256_BLOCK_SIZE);
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

static EVP_MD_CTX *
copy_context (const EVP_MD_CTX *context)
{
  EVP_MD_CTX *copy = EVP_MD_CTX_new ();

  check (EVP_MD_CTX_copy_ex (copy, context));
  return copy;
}

static void
end_copy (const EVP_MD_CTX *context, guint8 hash[VM_SHA256_SIZE])
{
  EVP_MD_CTX *copy = copy_context (context);

  check (EVP_DigestFinal_ex (copy, hash, NULL));
  EVP_MD_CTX_free (copy);
}

void
vm_file_hash_look (VmFileHash *self, gconstpointer data, gsize size,
    guint8 hash[VM_SHA256_SIZE])
{
  VmSha256State chunk = vm_sha256_state_new ();
  gsize rest = rest_of (size);

  self->data = data;
  self->size = size;
  g_clear_pointer (&self->next_context, EVP_MD_CTX_free);
  self->has_next = !self->context && rest_of (self->done) == 0;
  if (!self->has_next) {
    vm_sha256 (data, size, hash);
    return;
  }
  self->next = self->whole;
  vm_sha256_pair (&chunk, &self->next, self->data, size / VM_SHA256_BLOCK_SIZE);
  memcpy (self->next_rest, self->data + size - rest, rest);
  vm_sha256_state_end (&chunk, self->next_rest, size, hash);
}

/* By adding it for a moment. */
static void
look_ahead (VmFileHash *self, const guint8 *data, gsize size)
{
  const VmSha256State whole = self->whole;
  guint8 rest[VM_SHA256_BLOCK_SIZE];

  memcpy (rest, self->rest, sizeof rest);
  if (size)
    add_own (self, data, size);
  self->next = self->whole;
  memcpy (self->next_rest, self->rest, sizeof rest);
  self->whole = whole;
  memcpy (self->rest, rest, sizeof rest);
}

void
vm_file_hash_look_prefix (VmFileHash *self, gconstpointer data, gsize size,
    guint8 hash[VM_SHA256_SIZE])
{
  self->data = data;
  self->size = size;
  g_clear_pointer (&self->next_context, EVP_MD_CTX_free);
  self->has_next = !self->context;
  if (self->has_next) {
    look_ahead (self, data, size);
    vm_sha256_state_end (&self->next, self->next_rest, self->done + size, hash);
    return;
  }
  self->next_context = copy_context (self->context);
  if (size)
    check (EVP_DigestUpdate (self->next_context, data, size));
  end_copy (self->next_context, hash);
}

void
vm_file_hash_keep (VmFileHash *self)
{
  g_return_if_fail (self->data != NULL);

  if (self->next_context) {
    EVP_MD_CTX_free (self->context);
    self->context = g_steal_pointer (&self->next_context);
  } else if (self->has_next) {
    self->whole = self->next;
    memcpy (self->rest, self->next_rest, sizeof self->rest);
  } else {
    vm_file_hash_add (self, self->data, self->size);
    return;
  }
  self->done += self->size;
  self->data = NULL;
}

void
vm_file_hash_get (const VmFileHash *self, guint8 hash[VM_SHA256_SIZE])
{
  if (self->context)
    end_copy (self->context, hash);
  else
    vm_sha256_state_end (&self->whole, self->rest, self->done, hash);
}
