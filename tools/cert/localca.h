/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* A root certificate of this device, which its browsers are to believe, and the
 * certificate for the device's names that it signs (security.md#local-root).
 * Both by GnuTLS; meson option `cert`. @date: Unix seconds. Main thread. */

#define VMT_ROOT_DAYS 3650
/* Browsers take no longer ones. */
#define VMT_LEAF_DAYS 397
/* Another is made so long before it ends. */
#define VMT_RENEW_DAYS 30

typedef struct
{
  gchar *folder;
  gchar *root, *root_key; /* files, PEM */
  gchar *leaf, *leaf_key; /* likewise; the root is behind the leaf */
} VmtLocalCa;

/* @folder NULL: `$XDG_CONFIG_HOME/videomeet`. */
VmtLocalCa *vmt_local_ca_new (const gchar *folder);
void vmt_local_ca_free (VmtLocalCa *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtLocalCa, vmt_local_ca_free)

/* What this device is called: its name with `.local` first, then without, then
 * `localhost`; what is no host name is left out. Transfer full. */
gchar **vmt_local_names (const gchar *host_name);

gboolean vmt_local_ca_exists (const VmtLocalCa *self);
/* Makes a new root that can vouch for @names and what is below them alone, and
 * a certificate for them. The keys have mode 0600. */
gboolean vmt_local_ca_make (const VmtLocalCa *self, const gchar *const *names,
    gint64 date, GError **error);
/* Whether there is a certificate for all @names that is good for
 * VMT_RENEW_DAYS; makes another if the root may vouch for them. */
gboolean vmt_local_ca_ready (const VmtLocalCa *self, const gchar *const *names,
    gint64 date, GError **error);
/* Deletes all four files. */
void vmt_local_ca_remove (const VmtLocalCa *self);
/* What browsers call the root, and until when the leaf is good; NULL, 0: there
 * is none. Transfer full. */
gchar *vmt_local_ca_get_name (const VmtLocalCa *self);
gint64 vmt_local_ca_get_end (const VmtLocalCa *self);
