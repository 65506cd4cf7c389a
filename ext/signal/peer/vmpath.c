/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpath.h"

#include <string.h>

VmPathKinds
vm_path_kind_from_name (const gchar *name)
{
  static const gchar *const names[] = { "host", "srflx", "relay", "cloud" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_str_equal (name, names[i]))
      return 1 << i;
  }
  return 0;
}

VmPathKinds
vm_path_kinds_from_string (const gchar *names)
{
  g_auto (GStrv) each = g_strsplit (names, ",", -1);
  VmPathKinds kinds = 0;

  for (guint i = 0; each[i]; i++) {
    VmPathKinds kind = vm_path_kind_from_name (g_strstrip (each[i]));

    if (!kind)
      return 0;
    kinds |= kind;
  }
  return kinds;
}

VmPathKinds
vm_path_kind_of_candidate (const gchar *candidate)
{
  g_auto (GStrv) fields = g_strsplit (candidate, " ", -1);

  /* RFC 8839 §5.1 */
  for (guint i = 0; fields[i] && fields[i + 1]; i++) {
    if (!g_str_equal (fields[i], "typ"))
      continue;
    return g_str_equal (fields[i + 1], "prflx")
               ? VM_PATH_SRFLX
               : vm_path_kind_from_name (fields[i + 1]) & ~VM_PATH_CLOUD;
  }
  return 0;
}
