/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What servers of a cluster tell one another: a word of four letters, which
 * another version of the format changes, and a GVariant in little-endian order,
 * whatever the machine is. */

#define VM_CLUSTER_MAGIC_SIZE 4

/* @variant: floating, or the caller's. Returns: (transfer full) */
GBytes *vm_cluster_pack (const gchar *magic, GVariant *variant);
/* Returns: (transfer full) (nullable): NULL when it is something else, or not
 * in normal form */
GVariant *
vm_cluster_unpack (const gchar *magic, const gchar *type, GBytes *bytes);

G_END_DECLS
