/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is in a meeting, in the native dialect. */

#include "wire/native/native-priv.h"

#include <stddef.h>
#include <string.h>

#define PARTICIPANT(key, member, max)                \
  {                                                  \
    key, offsetof (VmSignalParticipant, member), max \
  }

static const struct
{
  const gchar *key;
  gsize offset;
  gsize max;
} participant_fields[] = {
  PARTICIPANT ("id", id, VM_SIGNAL_ID_MAX),
  PARTICIPANT ("user", user, VM_SIGNAL_NAME_MAX),
  PARTICIPANT ("device", device, VM_SIGNAL_NAME_MAX),
  PARTICIPANT ("deviceId", device_id, VM_SIGNAL_NAME_MAX),
  PARTICIPANT ("nonce", nonce, VM_SIGNAL_NONCE_MAX),
  PARTICIPANT ("state", state, VM_SIGNAL_ID_MAX),
  PARTICIPANT ("trust", trust, VM_SIGNAL_ID_MAX),
  PARTICIPANT ("voucher", voucher, VM_SIGNAL_NAME_MAX),
  PARTICIPANT ("token", token, VM_SIGNAL_TOKEN_PEM_MAX),
  PARTICIPANT ("via", via, VM_SIGNAL_ID_MAX),
  PARTICIPANT ("origin", origin, VM_SIGNAL_ID_MAX),
  PARTICIPANT ("originId", origin_id, VM_SIGNAL_ID_MAX),
};

/* The participant's members stand in the message itself. */
#define ONE_PARTICIPANT (IN (HELLO) | IN (PARTICIPANT_JOINED))

gboolean
vm_native_bad (GError **error, const gchar *key, const gchar *what)
{
  g_set_error (
      error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "The field \"%s\" %s", key, what);
  return FALSE;
}

gboolean
vm_native_read_name (const VmJson *json, VmJsonNode node, const gchar *key,
    gsize max, gchar **value, GError **error)
{
  if (!vm_json_get_string (json, node, key, max, value, error))
    return FALSE;
  return !*value || vm_text_is_name (*value, max)
         || vm_native_bad (error, key, "has control characters");
}

gboolean
vm_native_read_text (const VmJson *json, VmJsonNode node, const gchar *key,
    gsize max, gchar **value, GError **error)
{
  if (!vm_json_get_string (json, node, key, max, value, error))
    return FALSE;
  return !*value || vm_text_is_lines (*value, max)
         || vm_native_bad (error, key, "has control characters");
}

static gboolean
read_participant (
    const VmJson *json, VmJsonNode node, VmSignal *signal, GError **error)
{
  VmSignalParticipant *participant = vm_signal_add_participant (signal);
  g_autofree gchar *call_type = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (participant_fields); i++) {
    gchar **at = (gchar **) G_STRUCT_MEMBER_P (
        participant, participant_fields[i].offset);
    gboolean lines = at == &participant->token;
    gboolean label = at == &participant->user || at == &participant->device;

    if (!(lines ? vm_native_read_text : vm_native_read_name) (json, node,
            participant_fields[i].key, participant_fields[i].max, at, error))
      return FALSE;
    if (label && *at && !vm_text_is_label (*at, participant_fields[i].max))
      return vm_native_bad (error, participant_fields[i].key,
          "has invisible characters or blanks around it");
  }
  if (!vm_json_get_boolean (json, node, "host", &participant->host, error)
      || !vm_native_read_name (
          json, node, "callType", VM_SIGNAL_ID_MAX, &call_type, error))
    return FALSE;
  if (g_strcmp0 (call_type, "audio") == 0)
    participant->call_type = VM_CALL_TYPE_AUDIO;
  else if (call_type && strcmp (call_type, "video") != 0)
    return vm_native_bad (error, "callType", "is neither video nor audio");
  if (!participant->id && signal->type != VM_SIGNAL_HELLO)
    return vm_native_bad (error, "id", "is missing");
  return TRUE;
}

gboolean
vm_native_read_participants (
    const VmJson *json, VmSignal *signal, GError **error)
{
  VmJsonNode array;

  if (1u << signal->type & ONE_PARTICIPANT)
    return read_participant (json, 0, signal, error);
  if (signal->type != VM_SIGNAL_WELCOME)
    return TRUE;
  array = vm_json_get (json, 0, "participants");
  if (array == VM_JSON_NONE)
    return TRUE;
  if (vm_json_type (json, array) != VM_JSON_ARRAY
      || vm_json_length (json, array) > VM_SIGNAL_ROSTER_MAX)
    return vm_native_bad (error, "participants", "is no list, or too long");
  for (VmJsonNode e = vm_json_first (json, array); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    if (vm_json_type (json, e) != VM_JSON_OBJECT)
      return vm_native_bad (error, "participants", "holds something else");
    if (!read_participant (json, e, signal, error))
      return FALSE;
  }
  return TRUE;
}

static void
write_participant (GString *out, const VmSignal *signal,
    const VmSignalParticipant *participant)
{
  for (guint i = 0; i < G_N_ELEMENTS (participant_fields); i++)
    vm_json_append_member (out, participant_fields[i].key,
        *(gchar *const *) G_STRUCT_MEMBER_P (
            participant, participant_fields[i].offset));
  vm_json_append_member (out, "callType",
      participant->call_type == VM_CALL_TYPE_AUDIO ? "audio" : "video");
  if (signal->type != VM_SIGNAL_HELLO)
    vm_json_append_boolean (out, "host", participant->host);
}

void
vm_native_write_participants (GString *out, const VmSignal *signal)
{
  if (1u << signal->type & ONE_PARTICIPANT) {
    if (signal->participants->len)
      write_participant (
          out, signal, g_ptr_array_index (signal->participants, 0));
    return;
  }
  if (signal->type != VM_SIGNAL_WELCOME)
    return;
  vm_json_append_key (out, "participants");
  g_string_append_c (out, '[');
  for (guint i = 0; i < signal->participants->len; i++) {
    g_string_append (out, i ? ",{" : "{");
    write_participant (
        out, signal, g_ptr_array_index (signal->participants, i));
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}
