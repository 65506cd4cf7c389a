/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/devicefield-priv.h"
#include "base/deviceid.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

#define CAPABILITIES_MAX 16
#define COUNT_MAX 65535 /* participants */
#define UUID_LENGTH 36 /* characters; RFC 9562 §4 */

gboolean
vm_device_field_bad (GError **error, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "A device describes itself with a bad field: %s", what);
  return FALSE;
}

static gboolean
take_label (gchar **to, const gchar *key, const gchar *value, GError **error)
{
  if (!vm_text_is_label (value, VM_DEVICE_TEXT_MAX))
    return vm_device_field_bad (error, key);
  g_free (*to);
  *to = g_strdup (value);
  return TRUE;
}

gboolean
vm_device_field_take_text (
    gchar **to, const gchar *key, const gchar *value, gsize max, GError **error)
{
  if (!vm_text_is_name (value, max))
    return vm_device_field_bad (error, key);
  g_free (*to);
  *to = g_strdup (value);
  return TRUE;
}

static gboolean
take_count (guint *to, const gchar *key, const gchar *value, guint min,
    guint max, GError **error)
{
  guint64 n;

  if (!g_ascii_string_to_unsigned (value, 10, min, max, &n, NULL))
    return vm_device_field_bad (error, key);
  *to = n;
  return TRUE;
}

static gboolean
take_id (gchar **to, const gchar *key, const gchar *value, GError **error)
{
  if (!vm_device_id_is_valid (value))
    return vm_device_field_bad (error, key);
  return vm_device_field_take_text (to, key, value, VM_DEVICE_ID_LENGTH, error);
}

static gboolean
take_key_hash (gchar **to, const gchar *key, const gchar *value, GError **error)
{
  g_autofree gchar *id = vm_device_id_read_key_hash (value);

  if (!id)
    return vm_device_field_bad (error, key);
  return vm_device_field_take_text (to, key, value, VM_KEY_HASH_LENGTH, error);
}

gboolean
vm_device_field_add_capability (
    GStrvBuilder *list, guint *n, const gchar *value)
{
  if (!*value)
    return TRUE;
  if (++*n > CAPABILITIES_MAX || !vm_text_is_name (value, VM_CAPABILITY_MAX)
      || strchr (value, ','))
    return FALSE;
  g_strv_builder_add (list, value);
  return TRUE;
}

static gboolean
take_capabilities (VmDeviceInfo *info, const gchar *value, GError **error)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  g_auto (GStrv) parts = NULL;
  guint n = 0;

  if (!vm_text_is_name (value, VM_TXT_STRING_MAX))
    return vm_device_field_bad (error, "capabilities");
  parts = g_strsplit (value, ",", CAPABILITIES_MAX + 1);
  for (guint i = 0; parts[i]; i++) {
    if (!vm_device_field_add_capability (list, &n, parts[i]))
      return vm_device_field_bad (error, "capabilities");
  }
  g_strfreev (info->capabilities);
  info->capabilities = g_strv_builder_end (list);
  return TRUE;
}

static gboolean
take_flag (gboolean *to, const gchar *key, const gchar *value, GError **error)
{
  if (strcmp (value, "true") != 0 && strcmp (value, "false") != 0)
    return vm_device_field_bad (error, key);
  *to = *value == 't';
  return TRUE;
}

gboolean
vm_device_field_take (
    VmDeviceInfo *info, const gchar *key, const gchar *value, GError **error)
{
  guint n;

  if (!strcmp (key, "version"))
    return vm_device_field_take_text (
        &info->version, key, value, VM_CAPABILITY_MAX, error);
  if (!strcmp (key, "user"))
    return take_label (&info->user, key, value, error);
  if (!strcmp (key, "device"))
    return take_label (&info->device, key, value, error);
  if (!strcmp (key, "status"))
    return vm_device_field_take_text (
        &info->status, key, value, VM_DEVICE_TEXT_MAX, error);
  if (!strcmp (key, "participants"))
    return take_count (&info->participants, key, value, 0, COUNT_MAX, error);
  if (!strcmp (key, "maxparticipants"))
    return take_count (
        &info->max_participants, key, value, 0, COUNT_MAX, error);
  if (!strcmp (key, "capabilities"))
    return take_capabilities (info, value, error);
  if (!strcmp (key, "secure"))
    return take_flag (&info->secure, key, value, error);
  if (!strcmp (key, "meeting"))
    return vm_device_field_take_text (
        &info->meeting, key, value, VM_DEVICE_TEXT_MAX, error);
  if (!strcmp (key, "id"))
    return take_id (&info->device_id, key, value, error);
  if (!strcmp (key, "pk"))
    return take_key_hash (&info->key_hash, key, value, error);
  if (!strcmp (key, "mid"))
    return vm_device_field_take_text (
        &info->meeting_id, key, value, UUID_LENGTH, error);
  if (!strcmp (key, "epoch"))
    return take_count (&info->epoch, key, value, 0, G_MAXINT, error);
  if (!strcmp (key, "port")) {
    if (!take_count (&n, key, value, 1, G_MAXUINT16, error))
      return FALSE;
    info->port = n;
  }
  return TRUE;
}

gboolean
vm_device_field_check (VmDeviceInfo *info, GError **error)
{
  g_autofree gchar *id =
      info->key_hash ? vm_device_id_read_key_hash (info->key_hash) : NULL;

  if (id && info->device_id && strcmp (id, info->device_id) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "A device announces the id %s with the key of %s", info->device_id, id);
    return FALSE;
  }
  if (id && !info->device_id)
    info->device_id = g_steal_pointer (&id);
  return TRUE;
}

gboolean
vm_device_field_get_text (const VmJson *json, VmJsonNode object,
    const gchar *member, gchar **text, GError **error)
{
  VmJsonNode node = vm_json_get (json, object, member);
  VmSpan span;

  *text = NULL;
  if (node == VM_JSON_NONE)
    return TRUE;
  span = vm_json_span (json, node);
  switch (vm_json_type (json, node)) {
    case VM_JSON_STRING:
      *text = vm_span_to_string (span);
      return *text || vm_device_field_bad (error, member);
    case VM_JSON_NUMBER:
    case VM_JSON_BOOLEAN:
      *text = g_strndup (span.data, span.size);
      return TRUE;
    default:
      return TRUE;
  }
}

gboolean
vm_device_field_take_members (VmDeviceInfo *info, const VmJson *json,
    VmJsonNode object, const VmDeviceMember *members, guint n_members,
    GError **error)
{
  for (guint i = 0; i < n_members; i++) {
    g_autofree gchar *value = NULL;

    if (!vm_device_field_get_text (
            json, object, members[i].member, &value, error)
        || (value
            && !vm_device_field_take (info, members[i].key, value, error)))
      return FALSE;
  }
  return TRUE;
}
