/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/commands.h"
#include "cmd/device.h"

static void
tell (VmtOutput *output, GPtrArray *devices)
{
  for (guint i = 0; i < devices->len; i++) {
    const VmKnownDevice *device = devices->pdata[i];
    g_autofree gchar *name = vmt_known_name (device);
    g_autofree gchar *date = g_date_time_format (device->first_seen, "%F");

    vmt_output_event (output, vmt_known_event ("known", device));
    vmt_output_line (
        output, VMT_STYLE_PLAIN, "%s  %s  %s", date, device->device_id, name);
  }
}

gint
vmt_cmd_known (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autoptr (VmTrustStore) store = vm_trust_store_new (NULL);
  g_autoptr (GPtrArray) devices = vm_trust_store_list (store);
  g_autoptr (GPtrArray) servers = vm_trust_store_list_servers (store);

  tell (output, devices);
  tell (output, servers);
  if (!devices->len && !servers->len)
    vmt_output_line (
        output, VMT_STYLE_FAINT, "No other device was met before.");
  return VMT_EXIT_OK;
}
