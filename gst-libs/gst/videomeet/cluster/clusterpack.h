/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The format of data between servers of a cluster: a word of four letters,
 * which changes with the version of the format, and a GVariant in little-endian
 * order on any machine. */

#define VM_CLUSTER_MAGIC_SIZE 4

/* @variant: floating, or the caller's. Returns: (transfer full) */
GBytes *vm_cluster_pack (const gchar *magic, GVariant *variant);
/* Returns: (transfer full) (nullable): NULL when it is something else, or not
 * in normal form */
GVariant *
vm_cluster_unpack (const gchar *magic, const gchar *type, GBytes *bytes);

G_END_DECLS
