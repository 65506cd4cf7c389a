/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/wire/deviceinfo.h>

void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (VmDeviceInfo) info =
      vm_device_info_from_status ((const gchar *) data, size, NULL);

  if (info) {
    g_autoptr (GBytes) body = vm_device_info_to_status (info);
    g_autoptr (VmDeviceInfo) again = vm_device_info_from_status (
        g_bytes_get_data (body, NULL), g_bytes_get_size (body), NULL);

    g_assert_nonnull (again);
    g_assert_cmpstr (again->user, ==, info->user);
    g_assert_cmpstr (again->device_id, ==, info->device_id);
  }
}
