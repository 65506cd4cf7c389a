/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/call/call.h"
#include "wire/iceservers.h"
#include "wire/room/roomwire.h"

#include <string.h>

/* Fields of messages */
enum
{
  TO = 1 << 0, /* and `fromId` where it has been stamped */
  CALL = 1 << 1,
  USER = 1 << 2,
  KIND = 1 << 3,
  REASON = 1 << 4,
  CODE = 1 << 5,
  USERS = 1 << 6,
};

#define TO_SERVER (1 << VM_CALL_SIDE_SERVER)
#define TO_CLIENT (1 << VM_CALL_SIDE_CLIENT)

static const struct
{
  const gchar *name;
  guint fields;
  guint readers;
  const gchar *object; /* key of a browser's object, or NULL */
  VmSignalType media;
} types[VM_CALL_N_TYPES] = {
  [VM_CALL_REGISTER] = { "register", USER, TO_SERVER },
  [VM_CALL_REGISTERED] = { "registered", USER, TO_CLIENT },
  [VM_CALL_OFFER] = { "call-offer", TO | CALL | KIND, TO_SERVER | TO_CLIENT,
      "offer", VM_SIGNAL_OFFER },
  [VM_CALL_ANSWER] = { "call-answer", TO | CALL, TO_SERVER | TO_CLIENT,
      "answer", VM_SIGNAL_ANSWER },
  [VM_CALL_CANDIDATE] = { "ice-candidate", TO, TO_SERVER | TO_CLIENT,
      "candidate", VM_SIGNAL_CANDIDATE },
  [VM_CALL_REJECT] = { "call-reject", TO | CALL, TO_SERVER | TO_CLIENT },
  [VM_CALL_END] = { "call-end", TO | CALL, TO_SERVER | TO_CLIENT },
  [VM_CALL_FAILED] = { "call-failed", CALL | REASON, TO_CLIENT },
  [VM_CALL_ERROR] = { "error", CODE, TO_SERVER | TO_CLIENT },
  [VM_CALL_USERS] = { "users", USERS, TO_SERVER | TO_CLIENT },
};

static const gchar *const reasons[VM_CALL_N_REASONS] = {
  [VM_CALL_REASON_OFFLINE] = "offline",
  [VM_CALL_REASON_BUSY] = "busy",
  [VM_CALL_REASON_TIMEOUT] = "timeout",
};

const gchar *
vm_call_message_type_to_string (VmCallMessageType type)
{
  g_return_val_if_fail ((guint) type < VM_CALL_N_TYPES, "unknown");

  return types[type].name;
}

const gchar *
vm_call_reason_to_string (VmCallReason reason)
{
  g_return_val_if_fail ((guint) reason < VM_CALL_N_REASONS, "unknown");

  return reasons[reason];
}

VmCallMessage *
vm_call_message_new (VmCallMessageType type)
{
  VmCallMessage *message = g_new0 (VmCallMessage, 1);

  message->type = type;
  return message;
}

VmCallMessage *
vm_call_message_new_error (const GError *error)
{
  VmCallMessage *message = vm_call_message_new (VM_CALL_ERROR);
  g_autoptr (VmSignal) signal = vm_signal_new_error (error, -1);

  message->code = g_strdup (signal->code);
  message->text = g_strdup (signal->message);
  return message;
}

void
vm_call_message_free (VmCallMessage *message)
{
  g_free (message->to);
  g_free (message->from);
  g_free (message->call_id);
  g_free (message->user_id);
  g_free (message->username);
  vm_ice_grant_clear (&message->ice);
  g_free (message->code);
  g_free (message->text);
  g_clear_pointer (&message->media, vm_signal_unref);
  g_clear_pointer (&message->users, g_ptr_array_unref);
  g_free (message);
}

VmCallPerson *
vm_call_person_new (const gchar *id, const gchar *name, gboolean busy)
{
  VmCallPerson *person = g_new (VmCallPerson, 1);

  person->id = g_strdup (id);
  person->name = g_strdup (name);
  person->busy = busy;
  return person;
}

void
vm_call_person_free (gpointer data)
{
  VmCallPerson *person = data;

  g_free (person->id);
  g_free (person->name);
  g_free (person);
}

/* Reading */

static gboolean
bad (GError **error, const gchar *what)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, what);
  return FALSE;
}

/* A name that may be left out. */
static gboolean
read_name (const VmJson *json, const gchar *key, gsize max, gchar **value,
    GError **error)
{
  VmJsonNode node = vm_json_get (json, 0, key);

  return node == VM_JSON_NONE || vm_json_type (json, node) == VM_JSON_NULL
         || vm_room_read_name (json, key, max, value, error);
}

static gboolean
read_parties (
    const VmJson *json, VmCallSide side, VmCallMessage *message, GError **error)
{
  if (vm_json_get (json, 0, "targetId") != VM_JSON_NONE)
    return bad (error, "A message has either \"toId\" or \"targetId\"");
  if (side == VM_CALL_SIDE_CLIENT)
    return read_name (json, "toId", VM_CALL_NAME_MAX, &message->to, error)
           && vm_room_read_name (
               json, "fromId", VM_CALL_NAME_MAX, &message->from, error);
  return vm_room_read_name (
      json, "toId", VM_CALL_NAME_MAX, &message->to, error);
}

/* The call that goes on: both fields, or neither. */
static gboolean
read_going_on (const VmJson *json, VmCallMessage *message, GError **error)
{
  if (!read_name (json, "toId", VM_CALL_NAME_MAX, &message->to, error)
      || !read_name (json, "callId", VM_CALL_ID_MAX, &message->call_id, error))
    return FALSE;
  return !message->to == !message->call_id
         || bad (error, "A call that goes on has \"toId\" and \"callId\"");
}

static gboolean
read_call_id (const VmJson *json, VmCallMessage *message, GError **error)
{
  if (message->type == VM_CALL_CANDIDATE)
    return read_name (json, "callId", VM_CALL_ID_MAX, &message->call_id, error);
  return !(types[message->type].fields & CALL)
         || vm_room_read_name (
             json, "callId", VM_CALL_ID_MAX, &message->call_id, error);
}

static gboolean
read_kind (const VmJson *json, VmCallMessage *message, GError **error)
{
  g_autofree gchar *kind = NULL;

  if (!read_name (json, "callType", VM_SIGNAL_ID_MAX, &kind, error)
      || !read_name (
          json, "fromUsername", VM_CALL_NAME_MAX, &message->username, error))
    return FALSE;
  message->call_type = VM_CALL_TYPE_VIDEO;
  if (g_strcmp0 (kind, "audio") == 0)
    message->call_type = VM_CALL_TYPE_AUDIO;
  else if (kind && strcmp (kind, "video") != 0)
    return bad (error, "The field \"callType\" is neither video nor audio");
  return TRUE;
}

static gboolean
read_reason (const VmJson *json, VmCallMessage *message, GError **error)
{
  g_autofree gchar *reason = NULL;

  if (!vm_room_read_name (json, "reason", VM_SIGNAL_ID_MAX, &reason, error))
    return FALSE;
  for (guint i = 0; i < VM_CALL_N_REASONS; i++) {
    if (strcmp (reasons[i], reason) == 0) {
      message->reason = i;
      return TRUE;
    }
  }
  return bad (error, "The field \"reason\" names none");
}

static gboolean
read_media (
    const VmJson *json, GBytes *bytes, VmCallMessage *message, GError **error)
{
  if (!types[message->type].object)
    return TRUE;
  message->media = vm_signal_new (types[message->type].media);
  message->media->bytes = g_bytes_ref (bytes);
  return vm_room_read_object (json, message->media, error);
}

/* A name that is there, or none. */
static void
read_address (const VmJson *json, const gchar *key, gsize max, gchar **value)
{
  if (!vm_json_get_string (json, 0, key, max, value, NULL)
      || (*value && !vm_text_is_name (*value, max)))
    g_clear_pointer (value, g_free);
}

/* What one user does not take of another's. */
static void
read_refusal (const VmJson *json, VmCallMessage *message)
{
  g_autoptr (VmSignal) error = vm_signal_new (VM_SIGNAL_ERROR);

  vm_room_read_error_in (json, 0, error);
  message->code = g_steal_pointer (&error->code);
  message->text = g_steal_pointer (&error->message);
  read_address (json, "toId", VM_CALL_NAME_MAX, &message->to);
  read_address (json, "callId", VM_CALL_ID_MAX, &message->call_id);
}

/* Users are told apart by these. */
static gboolean
read_user (const VmJson *json, VmCallMessage *message, GError **error)
{
  const gchar *unclear = NULL;

  if (!vm_room_read_name (
          json, "userId", VM_CALL_NAME_MAX, &message->user_id, error)
      || !read_name (
          json, "username", VM_CALL_NAME_MAX, &message->username, error))
    return FALSE;
  if (!vm_text_is_label (message->user_id, VM_CALL_NAME_MAX))
    unclear = "userId";
  else if (message->username
           && !vm_text_is_label (message->username, VM_CALL_NAME_MAX))
    unclear = "username";
  if (unclear)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The field \"%s\" has invisible characters or blanks around it",
        unclear);
  return !unclear;
}

/* Any other reason is the user's own. */
static void
read_busy (const VmJson *json, VmCallMessage *message)
{
  g_autofree gchar *reason = NULL;

  message->busy =
      vm_json_get_string (json, 0, "reason", VM_SIGNAL_ID_MAX, &reason, NULL)
      && g_strcmp0 (reason, reasons[VM_CALL_REASON_BUSY]) == 0;
}

static gboolean
read_fields (
    const VmJson *json, VmCallSide side, VmCallMessage *message, GError **error)
{
  guint fields = types[message->type].fields;
  guint ignored = 0;

  if (fields & TO && !read_parties (json, side, message, error))
    return FALSE;
  if (!read_call_id (json, message, error))
    return FALSE;
  if (fields & USER && !read_user (json, message, error))
    return FALSE;
  if (message->type == VM_CALL_REGISTERED)
    vm_ice_grant_read (&message->ice, json, 0, &ignored);
  if (message->type == VM_CALL_REGISTER
      && !read_going_on (json, message, error))
    return FALSE;
  if (fields & KIND && !read_kind (json, message, error))
    return FALSE;
  if (fields & REASON && !read_reason (json, message, error))
    return FALSE;
  if (message->type == VM_CALL_REJECT)
    read_busy (json, message);
  /* what a client complains of is never wrong */
  if (fields & CODE && side == VM_CALL_SIDE_SERVER) {
    read_refusal (json, message);
    return TRUE;
  }
  if (fields & CODE)
    read_address (json, "fromId", VM_CALL_NAME_MAX, &message->from);
  return !(fields & CODE)
         || (read_name (json, "code", VM_SIGNAL_ID_MAX, &message->code, error)
             && read_name (json, "message", VM_SIGNAL_MESSAGE_MAX,
                 &message->text, error));
}

static gboolean
read_type (const VmJson *json, VmCallMessageType *type, GError **error)
{
  g_autofree gchar *name = NULL;

  if (!vm_room_read_name (json, "type", VM_SIGNAL_ID_MAX, &name, error))
    return FALSE;
  for (guint i = 0; i < VM_CALL_N_TYPES; i++) {
    if (strcmp (types[i].name, name) == 0) {
      *type = i;
      return TRUE;
    }
  }
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "\"%s\" names no message of a call", name);
  return FALSE;
}

static gboolean
read_json (VmJson *json, GBytes *bytes, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);

  return vm_json_read (json, data ? data : "", size, error);
}

VmCallMessage *
vm_call_message_parse (VmCallSide side, GBytes *bytes, GError **error)
{
  g_autoptr (VmCallMessage) message = NULL;
  VmCallMessageType type;
  VmJson json;

  if (!read_json (&json, bytes, error) || !read_type (&json, &type, error))
    return NULL;
  if (!(types[type].readers & 1 << side)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "\"%s\" comes from the other end", types[type].name);
    return NULL;
  }
  message = vm_call_message_new (type);
  if (!read_fields (&json, side, message, error)
      || !read_media (&json, bytes, message, error))
    return NULL;
  return g_steal_pointer (&message);
}

/* Candidates are called so in both dialects; who names one to a `toId`
 * calls. */
gboolean
vm_call_is_first (GBytes *bytes)
{
  VmCallMessageType type;
  VmJson json;

  if (!read_json (&json, bytes, NULL) || !read_type (&json, &type, NULL)
      || !(types[type].readers & TO_SERVER) || type == VM_CALL_ERROR)
    return FALSE;
  return type != VM_CALL_CANDIDATE
         || vm_json_get (&json, 0, "toId") != VM_JSON_NONE;
}

/* Writing, in the order of the base protocol's tables; what the server adds
 * comes last */

static void
write_kind (GString *out, const VmCallMessage *message)
{
  vm_json_append_member (out, "callType",
      message->call_type == VM_CALL_TYPE_AUDIO ? "audio" : "video");
  vm_json_append_member (out, "fromUsername", message->username);
}

static void
write_users (GString *out, const VmCallMessage *message)
{
  if (!message->users)
    return;
  vm_json_append_key (out, "users");
  g_string_append_c (out, '[');
  for (guint i = 0; i < message->users->len; i++) {
    const VmCallPerson *person = g_ptr_array_index (message->users, i);

    g_string_append (out, i ? ",{" : "{");
    vm_json_append_member (out, "userId", person->id);
    vm_json_append_member (out, "username", person->name);
    vm_json_append_boolean (out, "busy", person->busy);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
  vm_json_append_int (out, "more", message->more);
}

GBytes *
vm_call_message_format (const VmCallMessage *message)
{
  guint fields = types[message->type].fields;
  GString *out = g_string_sized_new (
      256 + (message->media ? message->media->object.size : 0));

  g_string_append_c (out, '{');
  vm_json_append_member (out, "type", types[message->type].name);
  if (fields & TO)
    vm_json_append_member (out, "toId", message->to);
  if (fields & CALL)
    vm_json_append_member (out, "callId", message->call_id);
  if (fields & USER) {
    vm_json_append_member (out, "userId", message->user_id);
    vm_json_append_member (out, "username", message->username);
  }
  if (message->type == VM_CALL_REGISTER) {
    vm_json_append_member (out, "toId", message->to);
    vm_json_append_member (out, "callId", message->call_id);
  }
  if (message->ice.uris && message->ice.uris[0])
    vm_ice_grant_append (out, &message->ice);
  if (message->media)
    vm_room_append_object (out, message->media);
  if (fields & KIND)
    write_kind (out, message);
  if (fields & REASON)
    vm_json_append_member (out, "reason", reasons[message->reason]);
  if (message->busy)
    vm_json_append_member (out, "reason", reasons[VM_CALL_REASON_BUSY]);
  if (fields & CODE) {
    vm_json_append_member (out, "code", message->code);
    vm_json_append_member (out, "message", message->text);
    vm_json_append_member (out, "toId", message->to);
    vm_json_append_member (out, "callId", message->call_id);
    vm_json_append_member (out, "fromId", message->from);
  }
  if (fields & USERS)
    write_users (out, message);
  if (message->type == VM_CALL_CANDIDATE)
    vm_json_append_member (out, "callId", message->call_id);
  if (fields & TO)
    vm_json_append_member (out, "fromId", message->from);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}
