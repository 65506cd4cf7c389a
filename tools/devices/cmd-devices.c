/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/commands.h"
#include "devices/devices.h"

static void
tell (VmtOutput *output, VmtKind kind, GPtrArray *list)
{
  static const gchar *const titles[VMT_N_KINDS] = { "Cameras", "Microphones",
    "Speakers" };

  vmt_output_line (output, VMT_STYLE_STRONG, "%s:%s", titles[kind],
      list->len ? "" : " none is found");
  for (guint i = 0; i < list->len; i++) {
    const VmtMediaDevice *device = g_ptr_array_index (list, i);
    JsonObject *event = vmt_event_new ("media-device");
    g_autofree gchar *safe = vmt_text_safe (device->name);

    vmt_event_add_string (event, "kind", vmt_kind_to_string (kind));
    vmt_event_add_string (event, "name", device->name);
    json_object_set_boolean_member (event, "default", device->is_default);
    vmt_output_event (output, event);
    vmt_output_line (output, VMT_STYLE_PLAIN, "  %s%s", safe,
        device->is_default ? " (default)" : "");
  }
}

gint
vmt_cmd_devices (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autoptr (VmtDevices) devices = vmt_devices_new ();

  for (guint kind = 0; kind < VMT_N_KINDS; kind++) {
    g_autoptr (GPtrArray) list = vmt_devices_list (devices, kind);

    tell (output, kind, list);
  }
  return VMT_EXIT_OK;
}
