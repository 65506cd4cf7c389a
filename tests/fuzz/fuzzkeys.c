/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzzkeys.h"
#include "trust/keys/vmidentity-priv.h"

#include <glib/gstdio.h>

VmIdentity *
fuzz_identity (guint which)
{
  static VmIdentity *identities[2];

  if (!identities[which]) {
    g_autofree gchar *folder = g_dir_make_tmp ("vm-fuzz-XXXXXX", NULL);

    identities[which] = vm_identity_load (folder, NULL);
    g_assert_nonnull (identities[which]);
    g_unlink (vm_identity_get_path (identities[which]));
    g_rmdir (folder);
  }
  return identities[which];
}
