/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/store/vmtruststore-priv.h"
#include "trust/store/vmtrustfacts-priv.h"
#include "trust/store/storefile.h"
#include "trust/store/storetext.h"

#include <string.h>
#include <openssl/crypto.h>

#define IDENTITY_FILE "identity.pem"
#define IDENTITY_FILE_MAX 65536 /* bytes; as of VmIdentity */

gboolean
vm_trust_store_read_revoked (VmTrustStore *self, GHashTable **revoked)
{
  const gchar *folder = vm_trust_store_get_folder (self);
  g_autoptr (GError) error = NULL;
  const guint shortages = vm_store_shortages ();
  g_autofree gchar *text = vm_store_read (
      folder, NULL, VM_STORE_REVOKED, VM_REVOKED_FILE_MAX, FALSE, &error);

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
      NULL, IDENTITY_FILE, IDENTITY_FILE_MAX, FALSE, NULL);
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
  text = vm_store_read (
      folder, VM_STORE_TOKENS, name, VM_TOKENS_FILE_MAX, FALSE, &error);
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
      vm_trust_store_read_device (self, device_id, NULL, &spki, NULL);
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
  gint64 now;
} View;

static void
view_open (View *view, VmTrustStore *self, GDateTime *now)
{
  view->store = self;
  view->own = vm_trust_store_read_own_spki (self);
  view->own_id = view->own ? vm_spki_to_device_id (view->own) : NULL;
  view->now = g_date_time_to_unix (now);
}

static void
view_close (View *view)
{
  g_clear_pointer (&view->own, g_bytes_unref);
  g_free (view->own_id);
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

/* But for what was revoked, see withdraw(). */
static VmTrustFacts *
know (const View *view, const gchar *device_id)
{
  VmTrustFacts *facts = vm_trust_facts_new (device_id);
  g_autoptr (VmKnownDevice) device = NULL;
  gboolean damaged;

  if (!device_id || !vm_device_id_is_valid (device_id))
    return facts;
  if (g_strcmp0 (device_id, view->own_id) == 0) {
    facts->own = TRUE;
    facts->spki = g_bytes_ref (view->own);
    facts->given = facts->held = VM_PERMISSIONS_ALL;
    facts->given_until = facts->held_until = G_MAXINT64;
    return facts;
  }
  device = vm_trust_store_read_device (
      view->store, device_id, NULL, &facts->spki, &damaged);
  if (damaged)
    facts->damaged_id = g_strdup (device_id);
  if (device) {
    facts->user = g_strdup (device->user);
    facts->device = g_strdup (device->device);
    facts->first_seen = g_date_time_ref (device->first_seen);
  }
  if (facts->spki)
    know_tokens (view, facts);
  return facts;
}

/* With a list that was read after the tokens. Whoever revokes a device lists it
 * first and removes its token then: read the other way about, a device that is
 * revoked meanwhile has neither, and is a stranger whom some policy lets in. */
static void
withdraw (VmTrustFacts *facts, GHashTable *revoked, gboolean damaged)
{
  facts->damaged = damaged;
  if (!facts->device_id || facts->own)
    return;
  facts->revoked = g_hash_table_contains (revoked, facts->device_id);
  if (!facts->revoked && !damaged)
    return;
  facts->given = facts->held = VM_PERMISSIONS_NONE;
  facts->given_until = facts->held_until = 0;
  g_clear_pointer (&facts->given_token, g_free);
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
 *
 * Since: 0.1
 */
VmTrustFacts *
vm_trust_store_know (VmTrustStore *self, const gchar *device_id,
    const gchar *user, const gchar *device, GDateTime *now)
{
  g_autoptr (GHashTable) revoked = NULL;
  gboolean damaged;
  View view;
  VmTrustFacts *facts;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);
  g_return_val_if_fail (now != NULL, NULL);

  view_open (&view, self, now);
  facts = know (&view, device_id);
  damaged = !vm_trust_store_read_revoked (self, &revoked);
  withdraw (facts, revoked, damaged);
  if (device_id && user && *user && device && *device && !facts->own) {
    g_autoptr (GPtrArray) unread = NULL;
    g_autoptr (GPtrArray) devices = vm_trust_store_list_all (self, &unread);
    const VmKnownDevice *old =
        vm_trust_store_namesake (devices, device_id, user, device);

    if (!facts->damaged_id)
      facts->damaged_id = g_strdup (vm_trust_store_find_damaged (
          devices, unread, device_id, user, device));

    if (old) {
      facts->changed_id = g_strdup (old->device_id);
      facts->changed_user = g_strdup (old->user);
      facts->changed_device = g_strdup (old->device);
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
 * Returns: (transfer full) (element-type VmTrustFacts): what is known at @now
 *   of each device that was met before, by first sight, then of those whose
 *   file is damaged, and of those that are only revoked
 *
 * Since: 0.1
 */
GPtrArray *
vm_trust_store_know_all (VmTrustStore *self, GDateTime *now)
{
  GPtrArray *all =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_trust_facts_free);
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (GHashTable) revoked = NULL;
  GHashTableIter iter;
  gboolean damaged;
  gpointer id;
  View view;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);
  g_return_val_if_fail (now != NULL, NULL);

  view_open (&view, self, now);
  ids = vm_store_ids (vm_trust_store_get_folder (self), VM_STORE_DEVICES);
  for (guint i = 0; i < ids->len; i++) {
    g_autoptr (VmTrustFacts) facts = know (&view, ids->pdata[i]);

    if (facts->first_seen || facts->damaged_id)
      g_ptr_array_add (all, g_steal_pointer (&facts));
  }
  damaged = !vm_trust_store_read_revoked (self, &revoked);
  for (guint i = 0; i < all->len; i++) {
    VmTrustFacts *facts = g_ptr_array_index (all, i);

    withdraw (facts, revoked, damaged);
    g_hash_table_remove (revoked, facts->device_id);
  }
  g_hash_table_iter_init (&iter, revoked);
  while (g_hash_table_iter_next (&iter, &id, NULL)) {
    VmTrustFacts *facts = vm_trust_facts_new (id);

    facts->revoked = TRUE;
    facts->damaged = damaged;
    g_ptr_array_add (all, facts);
  }
  view_close (&view);
  g_ptr_array_sort (all, by_first_sight);
  return all;
}
