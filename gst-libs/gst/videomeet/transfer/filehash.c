/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "filehash.h"

#include <openssl/evp.h>

struct _VmFileHash
{
  EVP_MD_CTX *context; /* of the bytes before `done` */
  guint64 done;
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
  VmFileHash *self = g_new0 (VmFileHash, 1);

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

void
vm_file_hash_add (VmFileHash *self, gconstpointer data, gsize size)
{
  if (size)
    check (EVP_DigestUpdate (self->context, data, size));
  self->done += size;
}

void
vm_file_hash_get (const VmFileHash *self, guint8 hash[VM_SHA256_SIZE])
{
  EVP_MD_CTX *copy = EVP_MD_CTX_new ();

  check (EVP_MD_CTX_copy_ex (copy, self->context));
  check (EVP_DigestFinal_ex (copy, hash, NULL));
  EVP_MD_CTX_free (copy);
}
