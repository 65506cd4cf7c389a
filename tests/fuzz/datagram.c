/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/wire/deviceinfo.h>

void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *type = NULL;
  g_autoptr (VmDeviceInfo) info =
      vm_device_info_from_datagram (data, size, &type, NULL);

  if (info) {
    g_autoptr (GBytes) again = NULL;

    g_assert_nonnull (type);
    g_assert_cmpuint (size, <=, VM_DATAGRAM_MAX);
    again = vm_device_info_to_datagram (info, type, NULL);
    if (again)
      g_assert_cmpuint (g_bytes_get_size (again), <=, VM_DATAGRAM_MAX);
  }
}
