/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Trust is given, withdrawn and taken up again. */

#include "trust/store/vmtruststore-priv.h"
#include "base/limits.h"
#include "base/json/json.h"
#include "trust/store/storefile.h"
#include "trust/store/storetext.h"

#include <string.h>

gboolean
vm_trust_store_write_tokens (VmTrustStore *self, const gchar *device_id,
    VmToken *given, VmToken *held, GError **error)
{
  g_autofree gchar *name = vm_trust_store_file_name (device_id);
  g_autofree gchar *text = vm_tokens_to_text (given, held);
  g_autoptr (GError) local = NULL;

  if (vm_store_write (vm_trust_store_get_folder (self), VM_STORE_TOKENS, name,
          text, &local))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
      "Trust cannot be remembered: %s", local->message);
  return FALSE;
}

gboolean
vm_trust_store_write_revoked (
    VmTrustStore *self, GHashTable *revoked, GError **error)
{
  g_autofree gchar *text = vm_revoked_to_text (revoked);
  g_autoptr (GError) local = NULL;

  if (vm_store_write (vm_trust_store_get_folder (self), NULL, VM_STORE_REVOKED,
          text, &local))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
      "The revocation cannot be remembered: %s", local->message);
  return FALSE;
}

static gboolean
refuse_damaged (VmTrustStore *self, GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
      "%s/" VM_STORE_REVOKED " cannot be read whole; repair it first",
      vm_trust_store_get_folder (self));
  return FALSE;
}

static gboolean
check_tokens (const gchar *own_id, GBytes *own, const gchar *id, GBytes *spki,
    VmToken *given, VmToken *held, gint64 now, GError **error)
{
  if (!vm_token_verify (given, own, now, error)
      || (held && !vm_token_verify (held, spki, now, error)))
    return FALSE;
  if (strcmp (given->subject_id, id) == 0 && !given->meeting_id
      && (!held
          || (strcmp (held->subject_id, own_id) == 0 && !held->meeting_id)))
    return TRUE;
  g_set_error_literal (error, VM_ERROR, VM_ERROR_WRONG_KEY,
      "A token is for another device, or for a guest");
  return FALSE;
}

/* The last step: until it is done the tokens of the revoked count for nothing,
 * and when it cannot be done they must not be there. */
static gboolean
take_back (
    VmTrustStore *self, GHashTable *revoked, const gchar *id, GError **error)
{
  g_autofree gchar *name = vm_trust_store_file_name (id);

  g_hash_table_remove (revoked, id);
  if (vm_trust_store_write_revoked (self, revoked, error))
    return TRUE;
  vm_store_remove (
      vm_trust_store_get_folder (self), VM_STORE_TOKENS, name, NULL);
  return FALSE;
}

static gboolean
add_locked (VmTrustStore *self, const gchar *id, const gchar *user,
    const gchar *device, GTlsCertificate *certificate, VmToken *given,
    VmToken *held, const gchar *pardon, GDateTime *now, GError **error)
{
  g_autoptr (GHashTable) revoked = NULL;
  g_autoptr (GPtrArray) devices = NULL;
  g_autoptr (GPtrArray) damaged = NULL;
  const gchar *revocation;

  if (!vm_trust_store_read_revoked (self, &revoked))
    return refuse_damaged (self, error);
  revocation = g_hash_table_lookup (revoked, id);
  if (revocation && g_strcmp0 (revocation, pardon) != 0) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_NOT_TRUSTED, "Trust in %s was revoked", id);
    return FALSE;
  }
  devices = vm_trust_store_list_all (self, &damaged);
  return vm_trust_store_check_names (devices, damaged, id, user, device, error)
         && vm_trust_store_remember (
             self, devices, id, user, device, certificate, now, error)
         && vm_trust_store_write_tokens (self, id, given, held, error)
         && (!revocation || take_back (self, revoked, id, error));
}

gboolean
vm_trust_store_add (VmTrustStore *self, const gchar *user, const gchar *device,
    GTlsCertificate *certificate, VmToken *given, VmToken *held, GDateTime *now,
    GError **error)
{
  return vm_trust_store_add_anew (
      self, user, device, certificate, given, held, NULL, now, error);
}

gint64
vm_revocation_time (const gchar *date)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (date, NULL);

  return time ? g_date_time_to_unix (time) * G_USEC_PER_SEC
                    + g_date_time_get_microsecond (time)
              : G_MAXINT64;
}

gchar *
vm_trust_store_get_revocation (
    VmTrustStore *self, const gchar *device_id, gint64 said)
{
  g_autoptr (GHashTable) revoked = NULL;
  const gchar *date;

  if (!vm_trust_store_read_revoked (self, &revoked))
    return NULL;
  date = g_hash_table_lookup (revoked, device_id);
  return date && vm_revocation_time (date) <= said ? g_strdup (date) : NULL;
}

gboolean
vm_trust_store_add_anew (VmTrustStore *self, const gchar *user,
    const gchar *device, GTlsCertificate *certificate, VmToken *given,
    VmToken *held, const gchar *pardon, GDateTime *now, GError **error)
{
  g_autoptr (GBytes) own = vm_trust_store_read_own_spki (self);
  g_autoptr (GBytes) spki = NULL;
  g_autofree gchar *own_id = NULL;
  g_autofree gchar *id = NULL;
  gboolean added;
  gint lock;

  if (!own) {
    g_set_error (error, VM_ERROR, VM_ERROR_IDENTITY,
        "There is no identity in %s", vm_trust_store_get_folder (self));
    return FALSE;
  }
  if (!vm_text_is_label (user, VM_NAME_MAX)
      || !vm_text_is_label (device, VM_NAME_MAX)) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A name is too long or not printable, or has blanks around it");
    return FALSE;
  }
  spki = vm_spki_from_certificate (certificate, error);
  if (!spki)
    return FALSE;
  own_id = vm_spki_to_device_id (own);
  id = vm_spki_to_device_id (spki);
  if (!check_tokens (
          own_id, own, id, spki, given, held, g_date_time_to_unix (now), error))
    return FALSE;
  lock = vm_trust_store_lock (self, error);
  if (lock < 0)
    return FALSE;
  added = add_locked (
      self, id, user, device, certificate, given, held, pardon, now, error);
  vm_store_unlock (lock);
  return added;
}

static gboolean
revoke_locked (
    VmTrustStore *self, const gchar *id, GDateTime *now, GError **error)
{
  g_autofree gchar *name = vm_trust_store_file_name (id);
  g_autoptr (GHashTable) revoked = NULL;
  g_autoptr (GError) local = NULL;
  gboolean written = FALSE;

  if (!vm_trust_store_read_revoked (self, &revoked)) {
    refuse_damaged (self, error);
  } else if (!g_hash_table_contains (revoked, id)
             && g_hash_table_size (revoked) >= VM_TRUST_STORE_REVOKED_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "%d devices are revoked; no more can be remembered",
        VM_TRUST_STORE_REVOKED_MAX);
  } else {
    g_autoptr (GDateTime) utc = g_date_time_to_utc (now);

    /* once more counts as well: it may be meant to withdraw a pardon */
    g_hash_table_insert (
        revoked, g_strdup (id), g_date_time_format_iso8601 (utc));
    written = vm_trust_store_write_revoked (self, revoked, error);
  }
  /* in any case, and after it is on the list: never neither */
  if (!vm_store_remove (
          vm_trust_store_get_folder (self), VM_STORE_TOKENS, name, &local)
      && written) {
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED, "%s", local->message);
    return FALSE;
  }
  return written;
}

/**
 * vm_trust_store_revoke:
 * @self: a #VmTrustStore
 * @device: as of vm_trust_store_find(), or the whole id of a device never met
 * @now: the time
 * @error: #VM_ERROR_NOT_FOUND when it means no device, #VM_ERROR_BAD_REQUEST
 *   when it means several, or this one; #VM_ERROR_TOO_LARGE when
 *   %VM_TRUST_STORE_REVOKED_MAX are revoked; #VM_ERROR_FAILED for the disk
 *
 * Withdraws trust from a device, whoever trusts it: no policy lets it in until
 * vm_trust_store_pardon(), or until two users compare new digits. Requests for
 * trust that run have failed by it, and what was revoked before can be revoked
 * again for that. What it was given is removed, also when the list of
 * revoked devices cannot be written.
 *
 * Returns: (transfer full): the id of the device
 *
 * Since: 0.1
 */
gchar *
vm_trust_store_revoke (
    VmTrustStore *self, const gchar *device, GDateTime *now, GError **error)
{
  g_autoptr (GBytes) own = NULL;
  g_autofree gchar *own_id = NULL;
  g_autofree gchar *id = NULL;
  gboolean revoked;
  gint lock;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);
  g_return_val_if_fail (device != NULL, NULL);
  g_return_val_if_fail (now != NULL, NULL);

  if (vm_device_id_is_valid (device))
    id = g_strdup (device);
  else if (!(id = vm_trust_store_find (self, device, error)))
    return NULL;
  own = vm_trust_store_read_own_spki (self);
  own_id = own ? vm_spki_to_device_id (own) : NULL;
  if (g_strcmp0 (id, own_id) == 0) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "This device cannot revoke itself; revoke it where it is trusted");
    return NULL;
  }
  lock = vm_trust_store_lock (self, error);
  if (lock < 0)
    return NULL;
  revoked = revoke_locked (self, id, now, error);
  vm_store_unlock (lock);
  return revoked ? g_steal_pointer (&id) : NULL;
}

/*
 * vm_trust_store_pardon:
 * @self: a #VmTrustStore
 * @device_id: a device id
 * @error: #VM_ERROR_NOT_FOUND when it is not revoked, #VM_ERROR_FAILED for the
 *   disk
 *
 * Takes a revocation back. The device is not trusted by that; it may be again.
 *
 * Returns: whether it was revoked, and no longer is
 *
 * Since: 0.1
 */
gboolean
vm_trust_store_pardon (
    VmTrustStore *self, const gchar *device_id, GError **error)
{
  g_autoptr (GHashTable) revoked = NULL;
  gboolean written = FALSE;
  gint lock;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), FALSE);
  g_return_val_if_fail (device_id != NULL, FALSE);

  lock = vm_trust_store_lock (self, error);
  if (lock < 0)
    return FALSE;
  if (!vm_trust_store_read_revoked (self, &revoked))
    refuse_damaged (self, error);
  else if (!g_hash_table_remove (revoked, device_id))
    g_set_error (
        error, VM_ERROR, VM_ERROR_NOT_FOUND, "%s is not revoked", device_id);
  else
    written = vm_trust_store_write_revoked (self, revoked, error);
  vm_store_unlock (lock);
  return written;
}
