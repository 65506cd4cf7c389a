/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/commands.h"
#include "cmd/device.h"

gint
vmt_cmd_forget (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autoptr (VmTrustStore) store = vm_trust_store_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmKnownDevice) device =
      vm_trust_store_forget (store, options->target, &error);
  g_autofree gchar *name = NULL;

  if (!device) {
    vmt_output_error (output, vm_error_to_code (error->code), error->message);
    return VMT_EXIT_FAILED;
  }
  name = vmt_known_name (device);
  vmt_output_event (output, vmt_known_event ("forgotten", device));
  vmt_output_line (output, VMT_STYLE_PLAIN, "%s is forgotten; its key was %s.",
      name, device->device_id);
  return VMT_EXIT_OK;
}
