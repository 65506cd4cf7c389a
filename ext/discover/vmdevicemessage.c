/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmdevicemessage.h"

/* Absent rather than NULL, which gst-device-monitor cannot print. */
static void
set_string (GstStructure *structure, const gchar *name, const gchar *value)
{
  if (value)
    gst_structure_set (structure, name, G_TYPE_STRING, value, NULL);
}

GstStructure *
vm_device_to_structure (VmDevice *device, const gchar *name)
{
  GstStructure *out = gst_structure_new_empty (name);
  g_autofree gchar *uri = vm_device_get_uri (device);
  const gchar *id = vm_device_get_id (device);
  g_autofree gchar *fingerprint =
      id ? vm_fingerprint_from_device_id (id) : NULL;

  set_string (out, "id", vm_device_get_id (device));
  set_string (out, "key-hash", vm_device_get_key_hash (device));
  set_string (out, "fingerprint", fingerprint);
  gst_structure_set (
      out, "trusted", G_TYPE_BOOLEAN, vm_device_get_trusted (device), NULL);
  set_string (out, "user", vm_device_get_user (device));
  set_string (out, "device", vm_device_get_device (device));
  set_string (out, "status", vm_device_get_status (device));
  set_string (out, "address", vm_device_get_addresses (device)[0]);
  gst_structure_set (out, "port", G_TYPE_UINT,
      (guint) vm_device_get_port (device), "secure", G_TYPE_BOOLEAN,
      vm_device_get_secure (device), NULL);
  set_string (out, "meeting", vm_device_get_meeting (device));
  set_string (out, "meeting-id", vm_device_get_meeting_id (device));
  gst_structure_set (out, "participants", G_TYPE_UINT,
      vm_device_get_participants (device), "max-participants", G_TYPE_UINT,
      vm_device_get_max_participants (device), NULL);
  set_string (out, "uri", uri);
  return out;
}
