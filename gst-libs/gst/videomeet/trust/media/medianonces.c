/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/media/medianonces.h"
#include "base/base64.h"

#include <string.h>

gboolean
vm_media_nonce_read (const gchar *text, VmMediaNonce nonce)
{
  return text && vm_base64_read (text, nonce, VM_MEDIA_NONCE_SIZE);
}

void
vm_media_nonces_init (
    VmMediaNonces *nonces, const gchar *own, const gchar *other)
{
  nonces->has_own = vm_media_nonce_read (own, nonces->own);
  nonces->has_other = vm_media_nonce_read (other, nonces->other);
  nonces->n_next = 0;
}

/* The oldest @n. */
static void
drop_next (VmMediaNonces *nonces, guint n)
{
  nonces->n_next -= n;
  memmove (
      nonces->next, nonces->next + n, nonces->n_next * sizeof (VmMediaNonce));
}

void
vm_media_nonces_add_next (VmMediaNonces *nonces, const VmMediaNonce nonce)
{
  if (nonces->n_next == VM_MEDIA_RESTARTS_MAX)
    drop_next (nonces, 1);
  memcpy (nonces->next[nonces->n_next++], nonce, sizeof (VmMediaNonce));
}

void
vm_media_nonces_take_next (VmMediaNonces *nonces, guint index)
{
  memcpy (nonces->own, nonces->next[index], sizeof nonces->own);
  drop_next (nonces, index + 1);
}
