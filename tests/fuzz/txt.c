/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/wire/deviceinfo.h>

#include <string.h>

/* A TXT record as DNS has it: strings with a length byte before each. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (VmDeviceInfo) info = NULL;
  gsize at = 0;

  while (at < size) {
    gsize n = MIN (data[at], size - at - 1);

    g_ptr_array_add (strings, g_strndup ((const gchar *) data + at + 1, n));
    at += n + 1;
  }
  g_ptr_array_add (strings, NULL);
  info = vm_device_info_from_txt ((const gchar *const *) strings->pdata, NULL);
  if (info) {
    g_auto (GStrv) txt = vm_device_info_to_txt (info);
    g_autoptr (VmDeviceInfo) again =
        vm_device_info_from_txt ((const gchar *const *) txt, NULL);
    g_autofree gchar *instance = vm_device_info_instance (info);

    g_assert_nonnull (again);
    g_assert_true (g_utf8_validate (instance, -1, NULL));
    g_assert_cmpuint (strlen (instance), <=, VM_INSTANCE_MAX);
  }
}
