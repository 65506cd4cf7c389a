/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/media/mediaidentity.h"
#include "base/base64.h"
#include "trust/keys/vmidentity-priv.h"
#include "wire/vmsdp.h"

#include <string.h>

#define VERSION 1

/* Where the fields stand. */
enum
{
  AT_SPKI = 1,
  AT_EK = AT_SPKI + VM_SPKI_SIZE,
  AT_EXPIRES = AT_EK + VM_SPKI_SIZE,
  AT_SIGNATURE = AT_EXPIRES + 8,
};
G_STATIC_ASSERT (AT_SIGNATURE + VM_SIGNATURE_SIZE == VM_MEDIA_IDENTITY_SIZE);

static const gchar *const roles[] = {
  [VM_MEDIA_OFFER] = "offer",
  [VM_MEDIA_ANSWER] = "answer",
  [VM_MEDIA_RESTART] = "restart",
  [VM_MEDIA_TERMINAL] = "terminal",
};

void
vm_media_identity_clear (VmMediaIdentity *identity)
{
  g_clear_pointer (&identity->spki, g_bytes_unref);
  g_clear_pointer (&identity->ek, g_bytes_unref);
  g_clear_pointer (&identity->fingerprint, g_free);
}

static void
add_side (VmTranscript *bytes, const VmMediaSide *side)
{
  vm_transcript_add_text (bytes, side->device_id);
  vm_transcript_add_text (bytes, side->participant_id);
  vm_transcript_add (bytes, side->nonce, VM_MEDIA_NONCE_SIZE);
}

/* NULL when the SDP says no fingerprint or user name, or more than one, or
 * there was no offer. */
static VmTranscript *
binding_bytes (const VmMediaBinding *binding, GBytes *ek, gint64 expires,
    gchar **fingerprint, GError **error)
{
  VmTranscript *bytes;
  g_autofree gchar *ufrag = NULL;
  guint8 hash[VM_SHA256_SIZE];

  if (binding->role == VM_MEDIA_ANSWER && !binding->offer) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "An answer came to an offer that nothing signs");
    return NULL;
  }
  if (!vm_sdp_get_fingerprint (binding->sdp, fingerprint, error)
      || !vm_sdp_get_ice_ufrag (binding->sdp, &ufrag, error))
    return NULL;
  bytes = vm_transcript_new ("vm2 media");
  vm_transcript_add_text (bytes, roles[binding->role]);
  vm_transcript_add_text (bytes, binding->meeting_id);
  add_side (bytes, &binding->from);
  add_side (bytes, &binding->to);
  vm_transcript_add_text (bytes, binding->session);
  vm_transcript_add_number (bytes, binding->generation);
  vm_transcript_add_text (bytes, *fingerprint);
  vm_transcript_add_text (bytes, ufrag);
  vm_transcript_add_bytes (bytes, ek);
  vm_transcript_add_number (bytes, expires);
  if (binding->offer)
    vm_sha256 (binding->offer, strlen (binding->offer), hash);
  vm_transcript_add (bytes, hash, binding->offer ? sizeof hash : 0);
  return bytes;
}

gchar *
vm_media_identity_sign (VmIdentity *identity, const VmMediaBinding *binding,
    GBytes *ek, gint64 date, GError **error)
{
  gint64 expires = date + VM_MEDIA_IDENTITY_TIME;
  guint64 big = GUINT64_TO_BE (expires);
  guint8 data[VM_MEDIA_IDENTITY_SIZE] = { VERSION };
  g_autofree gchar *fingerprint = NULL;
  g_autoptr (GByteArray) bytes = NULL;

  g_return_val_if_fail (g_bytes_get_size (ek) == VM_SPKI_SIZE, NULL);

  bytes = binding_bytes (binding, ek, expires, &fingerprint, error);
  if (!bytes
      || !vm_signature_make (
          identity, bytes->data, bytes->len, data + AT_SIGNATURE, error))
    return NULL;
  memcpy (data + AT_SPKI,
      g_bytes_get_data (vm_identity_get_spki (identity), NULL), VM_SPKI_SIZE);
  memcpy (data + AT_EK, g_bytes_get_data (ek, NULL), VM_SPKI_SIZE);
  memcpy (data + AT_EXPIRES, &big, sizeof big);
  return vm_base64url_write (data, sizeof data);
}

static gboolean
is_key (GBytes *spki)
{
  g_autoptr (EVP_PKEY) key = vm_spki_to_key (spki, NULL);

  return key != NULL;
}

gboolean
vm_media_identity_parse (
    VmMediaIdentity *identity, const gchar *text, GError **error)
{
  guint8 data[VM_MEDIA_IDENTITY_SIZE] = { 0 };
  guint64 big = 0;

  if (!text || !vm_base64url_read (text, data, sizeof data)
      || data[0] != VERSION) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        text ? "What signs the media cannot be read"
             : "Nothing signs the media");
    return FALSE;
  }
  memcpy (&big, data + AT_EXPIRES, sizeof big);
  big = GUINT64_FROM_BE (big);
  identity->spki = g_bytes_new (data + AT_SPKI, VM_SPKI_SIZE);
  identity->ek = g_bytes_new (data + AT_EK, VM_SPKI_SIZE);
  identity->expires = MIN (big, G_MAXINT64);
  memcpy (identity->signature, data + AT_SIGNATURE, sizeof identity->signature);
  if (big <= G_MAXINT64 && is_key (identity->spki) && is_key (identity->ek))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The identity has a key that is not a P-256 key, or no expiry");
  return FALSE;
}

static gboolean
check_date (const VmMediaIdentity *identity, gint64 date, GError **error)
{
  /* no sum with what came from outside */
  gint64 earliest = date - VM_MEDIA_CLOCK_SKEW;
  gint64 latest = date + VM_MEDIA_IDENTITY_TIME + VM_MEDIA_CLOCK_SKEW;

  if (identity->expires >= earliest && identity->expires <= latest)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
      "What signs the media is from another time: it is %s, or the clocks of "
      "the two devices differ by more than %d minutes",
      identity->expires < earliest ? "an old one" : "not valid yet",
      VM_MEDIA_CLOCK_SKEW / 60);
  return FALSE;
}

gboolean
vm_media_identity_verify (VmMediaIdentity *identity,
    const VmMediaBinding *binding, gint64 date, GError **error)
{
  g_autofree gchar *id = vm_spki_to_device_id (identity->spki);
  g_autofree gchar *fingerprint = NULL;
  g_autoptr (GByteArray) bytes = NULL;

  if (strcmp (id, binding->from.device_id) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The %s of %s is signed by the device %s", roles[binding->role],
        *binding->from.device_id ? binding->from.device_id
                                 : "a device without a key",
        id);
    return FALSE;
  }
  if (!check_date (identity, date, error))
    return FALSE;
  bytes = binding_bytes (
      binding, identity->ek, identity->expires, &fingerprint, error);
  if (!bytes)
    return FALSE;
  if (!vm_signature_is (
          identity->spki, bytes->data, bytes->len, identity->signature)) {
    g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
        "The %s is not what the device %s has signed: it was changed on the "
        "way, or was meant for another call",
        roles[binding->role], id);
    return FALSE;
  }
  vm_transcript_hash (bytes, identity->hash);
  g_free (identity->fingerprint);
  identity->fingerprint = g_steal_pointer (&fingerprint);
  return TRUE;
}
