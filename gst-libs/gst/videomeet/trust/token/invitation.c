/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/token/invitation.h"

#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#define HASH_SIZE 32 /* SHA-256 */

typedef struct
{
  guint8 hash[HASH_SIZE];
  gchar *meeting_id;
  gint64 expires; /* the last moment at which it is good, µs */
} Invitation;

struct _VmInvitations
{
  GPtrArray *open; /* of Invitation, at most VM_INVITATIONS_MAX */
  VmInvitationRandom random;
  gpointer user_data;
};

static void
invitation_free (Invitation *invitation)
{
  g_free (invitation->meeting_id);
  g_free (invitation);
}

VmInvitations *
vm_invitations_new (VmInvitationRandom random, gpointer user_data)
{
  VmInvitations *self = g_new (VmInvitations, 1);

  self->open =
      g_ptr_array_new_with_free_func ((GDestroyNotify) invitation_free);
  self->random = random;
  self->user_data = user_data;
  return self;
}

void
vm_invitations_free (VmInvitations *self)
{
  g_ptr_array_unref (self->open);
  g_free (self);
}

static gboolean
hash_text (const gchar *text, guint8 *hash)
{
  return EVP_Digest (
             text, VM_INVITATION_LENGTH, hash, NULL, EVP_sha256 (), NULL)
         == 1;
}

static void
drop_expired (VmInvitations *self, gint64 now)
{
  for (guint i = self->open->len; i > 0; i--) {
    Invitation *one = self->open->pdata[i - 1];

    if (now > one->expires)
      g_ptr_array_remove_index_fast (self->open, i - 1);
  }
}

static gchar *
make_text (VmInvitations *self)
{
  guint8 bytes[VM_INVITATION_BYTES];
  gchar *text;

  self->random (bytes, sizeof bytes, self->user_data);
  text = g_base64_encode (bytes, sizeof bytes);
  OPENSSL_cleanse (bytes, sizeof bytes);
  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[VM_INVITATION_LENGTH] = '\0'; /* the padding */
  return text;
}

gchar *
vm_invitations_make (VmInvitations *self, const gchar *meeting_id,
    gint64 lifetime, gint64 now, GError **error)
{
  Invitation *one;
  gchar *text;

  if (lifetime < 1 || lifetime > VM_INVITATION_LIFETIME_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "An invitation lives for at most %d hours",
        (gint) (VM_INVITATION_LIFETIME_MAX / G_TIME_SPAN_HOUR));
    return NULL;
  }
  drop_expired (self, now);
  if (self->open->len >= VM_INVITATIONS_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "%d invitations are open; one must be used or expire first",
        VM_INVITATIONS_MAX);
    return NULL;
  }
  text = make_text (self);
  one = g_new0 (Invitation, 1);
  one->meeting_id = g_strdup (meeting_id);
  one->expires = now + lifetime;
  g_ptr_array_add (self->open, one);
  if (hash_text (text, one->hash))
    return text;
  g_ptr_array_set_size (self->open, self->open->len - 1);
  g_free (text);
  g_set_error_literal (
      error, VM_ERROR, VM_ERROR_FAILED, "The invitation could not be hashed");
  return NULL;
}

gboolean
vm_invitations_redeem (VmInvitations *self, const gchar *text,
    const gchar *meeting_id, gint64 now, GError **error)
{
  guint8 hash[HASH_SIZE];
  guint found = G_MAXUINT;

  drop_expired (self, now);
  if (strnlen (text, VM_INVITATION_LENGTH + 1) == VM_INVITATION_LENGTH
      && hash_text (text, hash)) {
    /* to the end, also when it was found: time tells nothing */
    for (guint i = 0; i < self->open->len; i++) {
      Invitation *one = self->open->pdata[i];

      if (CRYPTO_memcmp (one->hash, hash, HASH_SIZE) == 0)
        found = i;
    }
  }
  if (found < self->open->len) {
    Invitation *one = self->open->pdata[found];

    if (strcmp (one->meeting_id, meeting_id) == 0) {
      g_ptr_array_remove_index_fast (self->open, found);
      return TRUE;
    }
  }
  g_set_error_literal (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "This invitation is not good: each opens one meeting, once, and only for "
      "a while. Ask for a new one.");
  return FALSE;
}

void
vm_invitations_withdraw (VmInvitations *self, const gchar *meeting_id)
{
  for (guint i = self->open->len; i > 0; i--) {
    Invitation *one = self->open->pdata[i - 1];

    if (strcmp (one->meeting_id, meeting_id) == 0)
      g_ptr_array_remove_index_fast (self->open, i - 1);
  }
}

guint
vm_invitations_count (VmInvitations *self, gint64 now)
{
  drop_expired (self, now);
  return self->open->len;
}
