/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "room/invites.h"
#include "room/pinguard.h"
#include "base/base64.h"
#include "trust/keys/signature.h"

#include <string.h>

typedef struct
{
  gchar *subject_id;
  gchar *group;
  gint64 expires;
} Nonce;

struct _VmInvites
{
  VmIdentity *issuer;
  VmInvitationRandom random;
  gpointer user_data;
  VmInvitations *invitations;
  VmPinGuard *guard;
  GHashTable *nonces; /* text -> Nonce */
};

static void
nonce_free (gpointer data)
{
  Nonce *nonce = data;

  g_free (nonce->subject_id);
  g_free (nonce->group);
  g_free (nonce);
}

VmInvites *
vm_invites_new (
    VmIdentity *issuer, VmInvitationRandom random, gpointer user_data)
{
  VmInvites *self = g_new (VmInvites, 1);

  self->issuer = g_object_ref (issuer);
  self->random = random;
  self->user_data = user_data;
  self->invitations = vm_invitations_new (random, user_data);
  self->guard = vm_pin_guard_new ();
  self->nonces =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, nonce_free);
  return self;
}

void
vm_invites_free (VmInvites *self)
{
  g_hash_table_unref (self->nonces);
  vm_pin_guard_free (self->guard);
  vm_invitations_free (self->invitations);
  g_object_unref (self->issuer);
  g_free (self);
}

gchar *
vm_invites_make (VmInvites *self, const gchar *meeting_id, gint64 lifetime,
    gint64 now, GError **error)
{
  return vm_invitations_make (
      self->invitations, meeting_id, lifetime, now, error);
}

void
vm_invites_withdraw (VmInvites *self, const gchar *meeting_id)
{
  vm_invitations_withdraw (self->invitations, meeting_id);
}

VmToken *
vm_invites_redeem (VmInvites *self, const gchar *invitation, GBytes *spki,
    const gchar *meeting_id, const gchar *group, gint64 now, gint64 date,
    GError **error)
{
  g_autoptr (VmToken) token = NULL;

  if (!vm_pin_guard_allows (self->guard, group, now, NULL)) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many invitations from this address that are not good; try again "
        "in half a minute");
    return NULL;
  }
  /* first what may fail for another reason: that uses nothing up */
  token = vm_token_issue (self->issuer, spki, VM_TOKEN_GUEST_PERMISSIONS,
      meeting_id, date, date + VM_GUEST_TIME, error);
  if (!token)
    return NULL;
  if (!vm_invitations_redeem (
          self->invitations, invitation, meeting_id, now, error)) {
    vm_pin_guard_wrong (self->guard, group, now);
    return NULL;
  }
  vm_pin_guard_right (self->guard, group);
  return g_steal_pointer (&token);
}

static void
forget_old (VmInvites *self, gint64 now)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->nonces);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (((Nonce *) value)->expires <= now)
      g_hash_table_iter_remove (&iter);
  }
}

/* An address that asks again and again only replaces its own. */
static gboolean
make_room (VmInvites *self, const gchar *group, gint64 now, GError **error)
{
  GHashTableIter iter;
  gpointer key, value;
  const gchar *oldest = NULL;
  gint64 first = G_MAXINT64;
  guint n = 0;

  forget_old (self, now);
  g_hash_table_iter_init (&iter, self->nonces);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    const Nonce *one = value;

    if (strcmp (one->group, group) != 0)
      continue;
    n++;
    if (one->expires < first) {
      first = one->expires;
      oldest = key;
    }
  }
  if (n >= VM_GUEST_NONCES_PER_ADDRESS)
    g_hash_table_remove (self->nonces, oldest);
  if (g_hash_table_size (self->nonces) < VM_GUEST_NONCES_MAX)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Too many guests are about to join; try again in half a minute");
  return FALSE;
}

gchar *
vm_invites_ask (VmInvites *self, const VmToken *token, const gchar *group,
    gint64 now, GError **error)
{
  guint8 bytes[VM_GUEST_NONCE_BYTES];
  Nonce *nonce;
  gchar *text;

  if (!make_room (self, group, now, error))
    return NULL;
  self->random (bytes, sizeof bytes, self->user_data);
  text = vm_base64url_write (bytes, sizeof bytes);
  nonce = g_new (Nonce, 1);
  nonce->subject_id = g_strdup (token->subject_id);
  nonce->group = g_strdup (group);
  nonce->expires = now + VM_GUEST_NONCE_TIME;
  g_hash_table_insert (self->nonces, g_strdup (text), nonce);
  return text;
}

GByteArray *
vm_invites_signed_bytes (const gchar *meeting_id, const gchar *nonce)
{
  VmTranscript *bytes = vm_transcript_new ("vm2 guest join");

  vm_transcript_add_text (bytes, meeting_id);
  vm_transcript_add_text (bytes, nonce);
  return bytes;
}

/* Takes @text out, whatever becomes of it. */
static gboolean
use_up (VmInvites *self, const gchar *text, const gchar *subject_id, gint64 now)
{
  Nonce *nonce;
  gboolean good;

  forget_old (self, now);
  nonce = g_hash_table_lookup (self->nonces, text);
  good = nonce && strcmp (nonce->subject_id, subject_id) == 0;
  g_hash_table_remove (self->nonces, text);
  return good;
}

gchar *
vm_invites_prove (VmInvites *self, const VmToken *token, const gchar *nonce,
    const gchar *signature, gint64 now, GError **error)
{
  g_autoptr (GByteArray) bytes = NULL;
  guint8 read[VM_SIGNATURE_SIZE];
  guint8 hash[VM_SHA256_SIZE];
  gsize size;
  gconstpointer spki;

  if (!token->meeting_id || !use_up (self, nonce, token->subject_id, now)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_TICKET,
        "What was signed is unknown, used, or older than 30 seconds");
    return NULL;
  }
  bytes = vm_invites_signed_bytes (token->meeting_id, nonce);
  if (!vm_base64_read (signature, read, sizeof read)
      || !vm_signature_is (
          token->subject_spki, bytes->data, bytes->len, read)) {
    g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
        "The token is not that of the key that signed");
    return NULL;
  }
  spki = g_bytes_get_data (token->subject_spki, &size);
  vm_sha256 (spki, size, hash);
  return vm_base64url_write (hash, sizeof hash);
}
