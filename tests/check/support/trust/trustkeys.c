/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/trust/trustkeys.h"
#include "trust/keys/vmidentity-priv.h"

#include <glib/gstdio.h>

VmIdentity *ann, *bob, *eve;

static gchar *folder;
static VmIdentity **const all[] = { &ann, &bob, &eve };

void
trust_keys_setup (void)
{
  folder = g_dir_make_tmp ("vm-trust-XXXXXX", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    g_autofree gchar *path = g_strdup_printf ("%s/%u", folder, i);
    g_autoptr (GError) error = NULL;

    *all[i] = vm_identity_load (path, &error);
    g_assert_no_error (error);
  }
}

void
trust_keys_teardown (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    g_autofree gchar *path = g_strdup_printf ("%s/%u", folder, i);

    g_unlink (vm_identity_get_path (*all[i]));
    g_rmdir (path);
    g_clear_object (all[i]);
  }
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}

VmMediaSessionConfig
trust_media_config (VmIdentity *own, VmIdentity *other, gboolean first)
{
  return (VmMediaSessionConfig){ .identity = own,
    .meeting_id = "meeting",
    .participant_id = first ? "p001" : "p002",
    .nonce = first ? TRUST_NONCE_1 : TRUST_NONCE_2,
    .other_device_id = vm_identity_get_device_id (other),
    .other_participant_id = first ? "p002" : "p001",
    .other_nonce = first ? TRUST_NONCE_2 : TRUST_NONCE_1,
    .session = "session",
    .generation = 1 };
}
