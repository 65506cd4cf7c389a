/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/store/vmtruststore-priv.h"
#include "trust/store/bundle.h"
#include "trust/store/storefile.h"
#include "trust/store/storetext.h"

#include <string.h>

static void
export_device (
    VmTrustStore *self, VmBundle *bundle, const gchar *id, GBytes *own)
{
  VmBundleDevice *one = g_new0 (VmBundleDevice, 1);
  VmToken *tokens[2];

  one->device = vm_trust_store_read_device (
      self, id, &one->certificate_pem, &one->spki, NULL);
  if (!one->device || !one->spki) { /* damaged, or pinned without P-256 */
    vm_known_device_free (one->device);
    g_free (one->certificate_pem);
    g_free (one);
    return;
  }
  g_ptr_array_add (bundle->devices, one);
  vm_trust_store_read_tokens (self, id, own, one->spki, &tokens[0], &tokens[1]);
  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    if (tokens[i])
      g_ptr_array_add (bundle->tokens, tokens[i]);
}

/**
 * vm_trust_store_export:
 * @self: a #VmTrustStore
 * @error: #VM_ERROR_FAILED when the list of revoked devices is damaged
 *
 * The whole store as one text, without this device's key: for safe keeping, or
 * for another device of the same user.
 *
 * Returns: (transfer full): the text, PEM with lines between
 *
 * Since: 0.1
 */
gchar *
vm_trust_store_export (VmTrustStore *self, GError **error)
{
  g_autoptr (VmBundle) bundle = vm_bundle_new ();
  g_autoptr (GBytes) own = NULL;
  g_autoptr (GPtrArray) ids = NULL;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);

  own = vm_trust_store_read_own_spki (self);
  g_clear_pointer (&bundle->revoked, g_hash_table_unref);
  if (!vm_trust_store_read_revoked (self, &bundle->revoked)) {
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "%s/" VM_STORE_REVOKED " cannot be read whole; repair it first",
        vm_trust_store_get_folder (self));
    return NULL;
  }
  ids = vm_store_ids (vm_trust_store_get_folder (self), VM_STORE_DEVICES);
  for (guint i = 0; i < MIN (ids->len, VM_TRUST_STORE_DEVICES_MAX); i++)
    export_device (self, bundle, ids->pdata[i], own);
  return vm_bundle_to_text (bundle);
}

/* An import under way; the lock is held. */
typedef struct
{
  VmTrustStore *store;
  GBytes *own;
  gchar *own_id;
  GHashTable *revoked;
  GPtrArray *devices; /* of VmKnownDevice */
  gint64 now;
  guint taken;
  guint left;
} Import;

static gboolean
import_revoked (Import *import, const VmBundle *bundle, GError **error)
{
  GHashTableIter iter;
  gpointer id, date;
  guint before = g_hash_table_size (import->revoked);

  g_hash_table_iter_init (&iter, bundle->revoked);
  while (g_hash_table_iter_next (&iter, &id, &date)) {
    if (g_hash_table_contains (import->revoked, id))
      continue;
    if (g_strcmp0 (id, import->own_id) == 0) {
      import->left++;
      continue;
    }
    g_hash_table_insert (import->revoked, g_strdup (id), g_strdup (date));
    import->taken++;
  }
  if (g_hash_table_size (import->revoked) > VM_TRUST_STORE_REVOKED_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "With these, more than %d devices would be revoked",
        VM_TRUST_STORE_REVOKED_MAX);
    return FALSE;
  }
  if (g_hash_table_size (import->revoked) == before)
    return TRUE;
  if (!vm_trust_store_write_revoked (import->store, import->revoked, error))
    return FALSE;
  g_hash_table_iter_init (&iter, bundle->revoked);
  while (g_hash_table_iter_next (&iter, &id, NULL)) {
    g_autofree gchar *name = vm_trust_store_file_name (id);

    vm_store_remove (
        vm_trust_store_get_folder (import->store), VM_STORE_TOKENS, name, NULL);
  }
  return TRUE;
}

/* What is here already stays as it is; the oldest do not make room. */
static gboolean
import_device (Import *import, const VmBundleDevice *one, GError **error)
{
  const VmKnownDevice *device = one->device;
  const gchar *id = device->device_id;
  g_autoptr (VmKnownDevice) here =
      vm_trust_store_remembered (import->devices, id);

  if (here)
    return TRUE;
  if (g_strcmp0 (id, import->own_id) == 0
      || g_hash_table_contains (import->revoked, id)
      || vm_trust_store_namesake (
          import->devices, id, device->user, device->device)
      || import->devices->len >= VM_TRUST_STORE_DEVICES_MAX) {
    import->left++;
    return TRUE;
  }
  if (!vm_trust_store_write_device (
          import->store, device, one->certificate_pem, error))
    return FALSE;
  g_ptr_array_add (import->devices, vm_known_device_copy (device));
  import->taken++;
  return TRUE;
}

static gboolean
import_token (Import *import, VmToken *token, GError **error)
{
  gboolean is_given = g_strcmp0 (token->issuer_id, import->own_id) == 0;
  gboolean is_held = g_strcmp0 (token->subject_id, import->own_id) == 0;
  const gchar *id = is_given ? token->subject_id : token->issuer_id;
  g_autoptr (VmKnownDevice) device = NULL;
  g_autoptr (GBytes) spki = NULL;
  g_autoptr (VmToken) given = NULL;
  g_autoptr (VmToken) held = NULL;

  import->left++;
  if (is_given == is_held || token->meeting_id
      || g_hash_table_contains (import->revoked, id))
    return TRUE;
  device = vm_trust_store_read_device (import->store, id, NULL, &spki, NULL);
  if (!spki
      || !vm_token_verify (
          token, is_given ? import->own : spki, import->now, NULL))
    return TRUE;
  vm_trust_store_read_tokens (
      import->store, id, import->own, spki, &given, &held);
  if (is_given ? given != NULL : held != NULL) {
    import->left--; /* neither taken nor missed */
    return TRUE;
  }
  if (!vm_trust_store_write_tokens (import->store, id, is_given ? token : given,
          is_held ? token : held, error))
    return FALSE;
  import->left--;
  import->taken++;
  return TRUE;
}

static gboolean
import_locked (Import *import, const VmBundle *bundle, GError **error)
{
  if (!vm_trust_store_read_revoked (import->store, &import->revoked)) {
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "%s/" VM_STORE_REVOKED " cannot be read whole; repair it first",
        vm_trust_store_get_folder (import->store));
    return FALSE;
  }
  import->devices = vm_trust_store_list (import->store);
  if (!import_revoked (import, bundle, error))
    return FALSE;
  for (guint i = 0; i < bundle->devices->len; i++)
    if (!import_device (import, bundle->devices->pdata[i], error))
      return FALSE;
  for (guint i = 0; i < bundle->tokens->len; i++)
    if (!import_token (import, bundle->tokens->pdata[i], error))
      return FALSE;
  return TRUE;
}

/**
 * vm_trust_store_import:
 * @self: a #VmTrustStore
 * @bundle: what vm_trust_store_export() made, here or elsewhere
 * @size: its bytes, -1 when a NUL ends it
 * @now: the time
 * @taken: (out) (optional): how many devices, tokens and revocations were taken
 * @left: (out) (optional): how many were not
 * @error: #VM_ERROR_BAD_MESSAGE when it cannot be read, or holds a private key;
 *   #VM_ERROR_TOO_LARGE beyond a limit; #VM_ERROR_FAILED for the disk
 *
 * Adds what is new in @bundle. Revocations count from both sides: what either
 * revokes is revoked. A device becomes known; it becomes trusted only by a
 * token that this device itself issued, so that nobody is trusted because of a
 * file that somebody sent. Left are the revoked, those with names that another
 * key is known by, tokens between others, and what finds no room.
 *
 * Returns: whether it was read, and written
 *
 * Since: 0.1
 */
gboolean
vm_trust_store_import (VmTrustStore *self, const gchar *bundle, gssize size,
    GDateTime *now, guint *taken, guint *left, GError **error)
{
  Import import = { .store = self };
  g_autoptr (VmBundle) read = NULL;
  gboolean done;
  gint lock;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), FALSE);
  g_return_val_if_fail (bundle != NULL, FALSE);
  g_return_val_if_fail (now != NULL, FALSE);

  read = vm_bundle_from_text (bundle, size, error);
  if (!read)
    return FALSE;
  lock = vm_trust_store_lock (self, error);
  if (lock < 0)
    return FALSE;
  import.now = g_date_time_to_unix (now);
  import.own = vm_trust_store_read_own_spki (self);
  import.own_id = import.own ? vm_spki_to_device_id (import.own) : NULL;
  done = import_locked (&import, read, error);
  vm_store_unlock (lock);
  if (taken)
    *taken = import.taken;
  if (left)
    *left = import.left;
  g_clear_pointer (&import.own, g_bytes_unref);
  g_free (import.own_id);
  g_clear_pointer (&import.revoked, g_hash_table_unref);
  g_clear_pointer (&import.devices, g_ptr_array_unref);
  return done;
}
