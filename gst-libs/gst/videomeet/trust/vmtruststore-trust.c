/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmtruststore-priv.h"
#include "../server/limits.h"
#include "../wire/json.h"
#include "storefile.h"
#include "storetext.h"

#include <string.h>
#include <openssl/crypto.h>

#define IDENTITY_FILE "identity.pem"
#define IDENTITY_FILE_MAX 65536 /* bytes; as of VmIdentity */

/* Reading */

gboolean
vm_trust_store_read_revoked (VmTrustStore *self, GHashTable **revoked)
{
  const gchar *folder = vm_trust_store_get_folder (self);
  g_autoptr (GError) error = NULL;
  const guint shortages = vm_store_shortages ();
  g_autofree gchar *text = vm_store_read (
      folder, NULL, VM_STORE_REVOKED, VM_REVOKED_FILE_MAX, &error);

  *revoked = vm_revoked_new ();
  if (text && vm_revoked_from_text (text, *revoked))
    return TRUE;
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  /* who decides now trusts nobody, but there is nothing to repair */
  if (vm_store_shortages () != shortages)
    g_info ("%s", error->message);
  else
    g_warning ("%s/" VM_STORE_REVOKED " cannot be read whole; nobody is "
               "trusted until it is repaired",
        folder);
  return FALSE;
}

GBytes *
vm_trust_store_read_own_spki (VmTrustStore *self)
{
  g_autofree gchar *text = vm_store_read (vm_trust_store_get_folder (self),
      NULL, IDENTITY_FILE, IDENTITY_FILE_MAX, NULL);
  const gchar *rest =
      text ? strstr (text, "-----BEGIN CERTIFICATE-----") : NULL;
  g_autofree gchar *pem = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;

  if (rest && vm_pem_next (&rest, VM_DEVICE_FILE_MAX, &pem))
    certificate = g_tls_certificate_new_from_pem (pem, -1, NULL);
  if (text)
    OPENSSL_cleanse (text, strlen (text));
  return certificate ? vm_spki_from_certificate (certificate, NULL) : NULL;
}

/* At whatever time it is good. */
static void
drop_unless_signed (VmToken **token, GBytes *by)
{
  if (*token
      && (!by || !vm_token_verify (*token, by, (*token)->not_before, NULL)))
    g_clear_pointer (token, vm_token_unref);
}

void
vm_trust_store_read_tokens (VmTrustStore *self, const gchar *device_id,
    GBytes *own, GBytes *spki, VmToken **given, VmToken **held)
{
  const gchar *folder = vm_trust_store_get_folder (self);
  g_autofree gchar *name = vm_trust_store_file_name (device_id);
  g_autofree gchar *own_id = NULL;
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;

  *given = *held = NULL;
  if (!own)
    return;
  own_id = vm_spki_to_device_id (own);
  text =
      vm_store_read (folder, VM_STORE_TOKENS, name, VM_TOKENS_FILE_MAX, &error);
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return;
  if (!text || !vm_tokens_from_text (text, own_id, device_id, given, held))
    g_warning ("%s/" VM_STORE_TOKENS "/%s is not what was written there; it is "
               "ignored",
        folder, name);
  drop_unless_signed (given, own);
  drop_unless_signed (held, spki);
}

static gboolean
is_good (VmToken *token, gint64 now)
{
  return token && now >= token->not_before && now <= token->not_after;
}

gboolean
vm_trust_store_get_tokens (VmTrustStore *self, const gchar *device_id,
    GDateTime *now, VmToken **given, VmToken **held)
{
  g_autoptr (GBytes) own = vm_trust_store_read_own_spki (self);
  g_autoptr (GBytes) spki = NULL;
  g_autoptr (VmKnownDevice) device =
      vm_trust_store_read_device (self, device_id, NULL, &spki);
  VmToken *tokens[2];

  vm_trust_store_read_tokens (
      self, device_id, own, spki, &tokens[0], &tokens[1]);
  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    if (!is_good (tokens[i], g_date_time_to_unix (now)))
      g_clear_pointer (&tokens[i], vm_token_unref);
  *given = tokens[0];
  *held = tokens[1];
  return *given || *held;
}

/* What all facts of one moment have in common. */
typedef struct
{
  VmTrustStore *store;
  GBytes *own;
  gchar *own_id;
  GHashTable *revoked;
  gboolean damaged;
  gint64 now;
} View;

static void
view_open (View *view, VmTrustStore *self, GDateTime *now)
{
  view->store = self;
  view->own = vm_trust_store_read_own_spki (self);
  view->own_id = view->own ? vm_spki_to_device_id (view->own) : NULL;
  view->damaged = !vm_trust_store_read_revoked (self, &view->revoked);
  view->now = g_date_time_to_unix (now);
}

static void
view_close (View *view)
{
  g_clear_pointer (&view->own, g_bytes_unref);
  g_free (view->own_id);
  g_clear_pointer (&view->revoked, g_hash_table_unref);
}

static void
know_tokens (const View *view, VmTrustFacts *facts)
{
  g_autoptr (VmToken) given = NULL;
  g_autoptr (VmToken) held = NULL;

  vm_trust_store_read_tokens (
      view->store, facts->device_id, view->own, facts->spki, &given, &held);
  if (is_good (given, view->now)) {
    facts->given = given->permissions;
    facts->given_until = given->not_after;
    facts->given_token = vm_token_to_pem (given);
  }
  if (is_good (held, view->now)) {
    facts->held = held->permissions;
    facts->held_until = held->not_after;
  }
}

static VmTrustFacts *
know (const View *view, const gchar *device_id)
{
  VmTrustFacts *facts = vm_trust_facts_new (device_id);
  g_autoptr (VmKnownDevice) device = NULL;

  facts->damaged = view->damaged;
  if (!device_id || !vm_device_id_is_valid (device_id))
    return facts;
  if (g_strcmp0 (device_id, view->own_id) == 0) {
    facts->own = TRUE;
    facts->spki = g_bytes_ref (view->own);
    facts->given = facts->held = VM_PERMISSIONS_ALL;
    facts->given_until = facts->held_until = G_MAXINT64;
    return facts;
  }
  facts->revoked = g_hash_table_contains (view->revoked, device_id);
  device =
      vm_trust_store_read_device (view->store, device_id, NULL, &facts->spki);
  if (device) {
    facts->user = g_strdup (device->user);
    facts->device = g_strdup (device->device);
    facts->first_seen = g_date_time_ref (device->first_seen);
  }
  if (facts->spki && !facts->revoked && !facts->damaged)
    know_tokens (view, facts);
  return facts;
}

/**
 * vm_trust_store_know:
 * @self: a #VmTrustStore
 * @device_id: (nullable): the device, %NULL for one that shows no key
 * @user: (nullable): the name its user goes by now
 * @device: (nullable): the name it goes by itself now
 * @now: the time
 *
 * What is known of a device at @now. When both names are given, also whether
 * another key is known by them. Files that are damaged are left out, with a
 * warning.
 *
 * Returns: (transfer full): the facts
 */
VmTrustFacts *
vm_trust_store_know (VmTrustStore *self, const gchar *device_id,
    const gchar *user, const gchar *device, GDateTime *now)
{
  View view;
  VmTrustFacts *facts;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);
  g_return_val_if_fail (now != NULL, NULL);

  view_open (&view, self, now);
  facts = know (&view, device_id);
  if (device_id && user && *user && device && *device && !facts->own) {
    g_autoptr (GPtrArray) devices = vm_trust_store_list (self);
    const VmKnownDevice *old =
        vm_trust_store_namesake (devices, device_id, user, device);

    if (old) {
      facts->changed_id = g_strdup (old->device_id);
      facts->changed_seen = g_date_time_ref (old->first_seen);
    }
  }
  view_close (&view);
  return facts;
}

static gint
by_first_sight (gconstpointer a, gconstpointer b)
{
  const VmTrustFacts *one = *(VmTrustFacts *const *) a;
  const VmTrustFacts *two = *(VmTrustFacts *const *) b;

  if (one->first_seen && two->first_seen)
    return g_date_time_compare (one->first_seen, two->first_seen);
  if (!one->first_seen && !two->first_seen)
    return strcmp (one->device_id, two->device_id);
  return one->first_seen ? -1 : 1;
}

/**
 * vm_trust_store_know_all:
 * @self: a #VmTrustStore
 * @now: the time
 *
 * Returns: (transfer full) (element-type VmTrustFacts): what is known at @now of
 *   each device that was met before, by first sight, then of those that are
 *   only revoked
 */
GPtrArray *
vm_trust_store_know_all (VmTrustStore *self, GDateTime *now)
{
  GPtrArray *all =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_trust_facts_free);
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (GHashTable) left = vm_revoked_new ();
  GHashTableIter iter;
  gpointer id;
  View view;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);
  g_return_val_if_fail (now != NULL, NULL);

  view_open (&view, self, now);
  g_hash_table_iter_init (&iter, view.revoked);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_hash_table_insert (left, g_strdup (id), NULL);
  ids = vm_store_ids (vm_trust_store_get_folder (self), VM_STORE_DEVICES);
  for (guint i = 0; i < ids->len; i++) {
    g_autoptr (VmTrustFacts) facts = know (&view, ids->pdata[i]);

    if (!facts->first_seen)
      continue;
    g_hash_table_remove (left, ids->pdata[i]);
    g_ptr_array_add (all, g_steal_pointer (&facts));
  }
  g_hash_table_iter_init (&iter, left);
  while (g_hash_table_iter_next (&iter, &id, NULL)) {
    VmTrustFacts *facts = vm_trust_facts_new (id);

    facts->revoked = TRUE;
    facts->damaged = view.damaged;
    g_ptr_array_add (all, facts);
  }
  view_close (&view);
  g_ptr_array_sort (all, by_first_sight);
  return all;
}

/* Writing */

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
  const VmKnownDevice *namesake;
  const gchar *revocation;

  if (!vm_trust_store_read_revoked (self, &revoked))
    return refuse_damaged (self, error);
  revocation = g_hash_table_lookup (revoked, id);
  if (revocation && g_strcmp0 (revocation, pardon) != 0) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_NOT_TRUSTED, "Trust in %s was revoked", id);
    return FALSE;
  }
  devices = vm_trust_store_list (self);
  namesake = vm_trust_store_namesake (devices, id, user, device);
  if (namesake)
    return vm_trust_store_refuse_changed (namesake, id, error);
  return vm_trust_store_remember (
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
  if (!vm_text_is_name (user, VM_NAME_MAX)
      || !vm_text_is_name (device, VM_NAME_MAX)) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A name is too long or not printable");
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

/**
 * vm_trust_store_pardon:
 * @self: a #VmTrustStore
 * @device_id: a device id
 * @error: #VM_ERROR_NOT_FOUND when it is not revoked, #VM_ERROR_FAILED for the
 *   disk
 *
 * Takes a revocation back. The device is not trusted by that; it may be again.
 *
 * Returns: whether it was revoked, and no longer is
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
