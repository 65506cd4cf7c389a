/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/trust/storefixture.h"

Fixture f;

static VmIdentity *
identity (const gchar *name)
{
  g_autofree gchar *path = g_build_filename (f.parent, name, NULL);
  g_autoptr (GError) error = NULL;
  VmIdentity *made = vm_identity_load (path, &error);

  g_assert_no_error (error);
  return made;
}

void
fixture_setup (void)
{
  f.parent = g_dir_make_tmp ("vm-store-XXXXXX", NULL);
  f.folder = g_build_filename (f.parent, "me", NULL);
  f.me = identity ("me");
  f.ann = identity ("ann");
  f.bob = identity ("bob");
  f.eve = identity ("eve");
  f.store = vm_trust_store_new (f.folder);
  f.now = g_date_time_new_from_unix_utc (FIXTURE_NOW);
}

void
fixture_teardown (void)
{
  const gchar *argv[] = { "rm", "-rf", f.parent, NULL };

  g_object_unref (f.store);
  g_object_unref (f.me);
  g_object_unref (f.ann);
  g_object_unref (f.bob);
  g_object_unref (f.eve);
  g_date_time_unref (f.now);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_free (f.folder);
  g_free (f.parent);
}

VmToken *
fixture_token (
    VmIdentity *issuer, VmIdentity *subject, VmPermissions permissions)
{
  g_autoptr (GError) error = NULL;
  VmToken *token = vm_token_issue (issuer, vm_identity_get_spki (subject),
      permissions, NULL, FIXTURE_NOW, FIXTURE_NOW + FIXTURE_DAY, &error);

  g_assert_no_error (error);
  return token;
}

gboolean
fixture_trust (VmIdentity *who, const gchar *user, const gchar *device,
    VmPermissions permissions, GError **error)
{
  g_autoptr (VmToken) given = fixture_token (f.me, who, permissions);
  g_autoptr (VmToken) held = fixture_token (who, f.me, VM_PERMISSIONS_CALL);

  return vm_trust_store_add (f.store, user, device,
      vm_identity_get_tls_certificate (who), given, held, f.now, error);
}

void
fixture_pin (VmIdentity *who, const gchar *user, const gchar *device)
{
  g_autoptr (GError) error = NULL;

  vm_trust_store_pin (f.store, user, device,
      vm_identity_get_tls_certificate (who), f.now, &error);
  g_assert_no_error (error);
}

VmTrustFacts *
fixture_know (VmIdentity *who)
{
  return vm_trust_store_know (
      f.store, vm_identity_get_device_id (who), NULL, NULL, f.now);
}

gchar *
fixture_path (const gchar *sub, VmIdentity *who)
{
  return g_strdup_printf (
      "%s/%s/%s.pem", f.folder, sub, vm_identity_get_device_id (who));
}
