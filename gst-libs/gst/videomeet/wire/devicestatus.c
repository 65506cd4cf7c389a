/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/devicefield-priv.h"
#include <gst/videomeet/vmerror.h>

static void
append_string_or_null (GString *out, const gchar *key, const gchar *value)
{
  if (value)
    vm_json_append_member (out, key, value);
  else
    vm_json_append_null (out, key);
}

void
vm_device_info_append_status (GString *out, const VmDeviceInfo *info)
{
  static const gchar *const none[] = { NULL };
  const gchar *const *capabilities = (const gchar *const *) info->capabilities;

  vm_json_append_member (out, "user", info->user);
  vm_json_append_member (out, "device", info->device);
  append_string_or_null (out, "deviceId", info->device_id);
  vm_json_append_member (out, "version", info->version);
  vm_json_append_member (out, "status", info->status);
  vm_json_append_strings (
      out, "capabilities", capabilities ? capabilities : none);
  vm_json_append_int (out, "participants", info->participants);
  vm_json_append_int (out, "maxParticipants", info->max_participants);
  vm_json_append_boolean (out, "secure", info->secure);
  append_string_or_null (out, "keyHash", info->key_hash);
  if (!info->meeting) {
    vm_json_append_null (out, "meeting");
    return;
  }
  vm_json_append_key (out, "meeting");
  g_string_append_c (out, '{');
  append_string_or_null (out, "id", info->meeting_id);
  vm_json_append_member (out, "name", info->meeting);
  append_string_or_null (out, "state", info->meeting_state);
  if (info->epoch)
    vm_json_append_int (out, "epoch", info->epoch);
  g_string_append_c (out, '}');
}

GBytes *
vm_device_info_to_status (const VmDeviceInfo *info)
{
  GString *out = g_string_new ("{");

  vm_device_info_append_status (out, info);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

static const VmDeviceMember status_members[] = {
  { "user", "user" },
  { "device", "device" },
  { "deviceId", "id" },
  { "version", "version" },
  { "status", "status" },
  { "participants", "participants" },
  { "maxParticipants", "maxparticipants" },
  { "secure", "secure" },
  { "keyHash", "pk" },
};
static const VmDeviceMember meeting_members[] = {
  { "name", "meeting" },
  { "id", "mid" },
  { "epoch", "epoch" },
};

static gboolean
take_capabilities (VmDeviceInfo *info, const VmJson *json, GError **error)
{
  VmJsonNode array = vm_json_get (json, 0, "capabilities");
  g_autoptr (GStrvBuilder) list = NULL;
  guint n = 0;

  if (array == VM_JSON_NONE || vm_json_type (json, array) != VM_JSON_ARRAY)
    return TRUE;
  list = g_strv_builder_new ();
  for (VmJsonNode e = vm_json_first (json, array); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    g_autofree gchar *value = vm_span_to_string (vm_json_span (json, e));

    if (!value || !vm_device_field_add_capability (list, &n, value))
      return vm_device_field_bad (error, "capabilities");
  }
  g_strfreev (info->capabilities);
  info->capabilities = g_strv_builder_end (list);
  return TRUE;
}

static gboolean
take_meeting (VmDeviceInfo *info, const VmJson *json, GError **error)
{
  VmJsonNode meeting = vm_json_get (json, 0, "meeting");
  g_autofree gchar *state = NULL;

  if (meeting == VM_JSON_NONE || vm_json_type (json, meeting) != VM_JSON_OBJECT)
    return TRUE;
  if (!vm_device_field_take_members (info, json, meeting, meeting_members,
          G_N_ELEMENTS (meeting_members), error)
      || !vm_device_field_get_text (json, meeting, "state", &state, error))
    return FALSE;
  if (!info->meeting || !*info->meeting)
    return vm_device_field_bad (error, "meeting.name");
  return !state
         || vm_device_field_take_text (&info->meeting_state, "meeting.state",
             state, VM_CAPABILITY_MAX, error);
}

VmDeviceInfo *
vm_device_info_from_status (const gchar *data, gsize size, GError **error)
{
  g_autoptr (VmDeviceInfo) info = vm_device_info_new ();
  VmJson json;

  if (size > VM_STATUS_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A status of %" G_GSIZE_FORMAT " bytes, more than %d", size,
        VM_STATUS_MAX);
    return NULL;
  }
  if (!vm_json_read (&json, data, size, error))
    return NULL;
  if (vm_json_type (&json, 0) != VM_JSON_OBJECT) {
    vm_device_field_bad (error, "no object");
    return NULL;
  }
  if (!vm_device_field_take_members (
          info, &json, 0, status_members, G_N_ELEMENTS (status_members), error)
      || !take_capabilities (info, &json, error)
      || !take_meeting (info, &json, error)
      || !vm_device_field_check (info, error))
    return NULL;
  return g_steal_pointer (&info);
}
