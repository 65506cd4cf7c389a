/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/disk/blockmark.h"

#include <openssl/evp.h>

struct _VmSyncMarker
{
  EVP_CIPHER_CTX *cipher;
};

VmSyncMarker *
vm_sync_marker_new (const guint8 key[VM_SYNC_MARK_SIZE])
{
  g_autoptr (VmSyncMarker) self = g_new0 (VmSyncMarker, 1);

  self->cipher = EVP_CIPHER_CTX_new ();
  if (!self->cipher
      || EVP_EncryptInit_ex (self->cipher, EVP_aes_128_gcm (), NULL, key, NULL)
             != 1)
    return NULL;
  return g_steal_pointer (&self);
}

void
vm_sync_marker_free (VmSyncMarker *self)
{
  EVP_CIPHER_CTX_free (self->cipher);
  g_free (self);
}

/* One nonce for all blocks: that would betray the key to who sees the marks, as
 * nobody does. */
gboolean
vm_sync_marker_begin (VmSyncMarker *self)
{
  static const guint8 nonce[12] = { 0 };

  return EVP_EncryptInit_ex (self->cipher, NULL, NULL, NULL, nonce) == 1;
}

gboolean
vm_sync_marker_add (VmSyncMarker *self, const guint8 *data, gint size)
{
  gint unused;

  return EVP_EncryptUpdate (self->cipher, NULL, &unused, data, size) == 1;
}

gboolean
vm_sync_marker_end (VmSyncMarker *self, guint8 mark[VM_SYNC_MARK_SIZE])
{
  guint8 none[VM_SYNC_MARK_SIZE];
  gint unused;

  return EVP_EncryptFinal_ex (self->cipher, none, &unused) == 1
         && EVP_CIPHER_CTX_ctrl (
                self->cipher, EVP_CTRL_AEAD_GET_TAG, VM_SYNC_MARK_SIZE, mark)
                == 1;
}
