/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/clusterpack.h"

#include <string.h>

static GVariant *
to_little_endian (GVariant *variant)
{
  g_autoptr (GVariant) own = g_variant_ref_sink (variant);

  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    return g_steal_pointer (&own);
  return g_variant_byteswap (own);
}

GBytes *
vm_cluster_pack (const gchar *magic, GVariant *variant)
{
  g_autoptr (GVariant) stored = to_little_endian (variant);
  gsize size = g_variant_get_size (stored);
  guint8 *data = g_malloc (VM_CLUSTER_MAGIC_SIZE + size);

  memcpy (data, magic, VM_CLUSTER_MAGIC_SIZE);
  /* g_variant_store() wants a place that is aligned */
  memcpy (data + VM_CLUSTER_MAGIC_SIZE, g_variant_get_data (stored), size);
  return g_bytes_new_take (data, VM_CLUSTER_MAGIC_SIZE + size);
}

GVariant *
vm_cluster_unpack (const gchar *magic, const gchar *type, GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GVariant) variant = NULL;

  if (size <= VM_CLUSTER_MAGIC_SIZE
      || memcmp (data, magic, VM_CLUSTER_MAGIC_SIZE) != 0)
    return NULL;
  /* a copy: aligned, as a GVariant has to be */
  body =
      g_bytes_new (data + VM_CLUSTER_MAGIC_SIZE, size - VM_CLUSTER_MAGIC_SIZE);
  variant = to_little_endian (
      g_variant_new_from_bytes (G_VARIANT_TYPE (type), body, FALSE));
  return g_variant_is_normal_form (variant) ? g_steal_pointer (&variant) : NULL;
}
