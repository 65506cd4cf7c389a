/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the videoroom plugin says (protocol/janus.md#videoroom). */

#include "wire/janus/janus-priv.h"

#include <string.h>

static const struct
{
  const gchar *name;
  VmJanusRoomType type;
} types[] = {
  { "success", VM_JANUS_ROOM_SUCCESS },
  { "created", VM_JANUS_ROOM_CREATED },
  { "joined", VM_JANUS_ROOM_JOINED },
  { "participants", VM_JANUS_ROOM_PARTICIPANTS },
  { "attached", VM_JANUS_ROOM_ATTACHED },
  { "updated", VM_JANUS_ROOM_UPDATED },
  { "updating", VM_JANUS_ROOM_UPDATING },
  { "event", VM_JANUS_ROOM_EVENT },
  { "destroyed", VM_JANUS_ROOM_DESTROYED },
  { "talking", VM_JANUS_ROOM_TALKING },
  { "stopped-talking", VM_JANUS_ROOM_STOPPED_TALKING },
};

/* Streams */

static gboolean
read_kind (const VmJson *json, VmJsonNode node, VmJanusKind *kind)
{
  static const gchar *const kinds[] = { "audio", "video", "data" };
  g_autofree gchar *name =
      vm_janus_read_word (json, node, "type", VM_JANUS_CODEC_MAX);

  for (guint i = 0; name && i < G_N_ELEMENTS (kinds); i++) {
    if (strcmp (name, kinds[i]) == 0) {
      *kind = (VmJanusKind) i;
      return TRUE;
    }
  }
  return FALSE;
}

static gchar *
read_codec (const VmJson *json, VmJsonNode node)
{
  g_autofree gchar *name =
      vm_janus_read_word (json, node, "codec", VM_JANUS_CODEC_MAX);

  return name && strcmp (name, "none") != 0 ? g_ascii_strdown (name, -1) : NULL;
}

static gboolean
is_true (const VmJson *json, VmJsonNode node, const gchar *key)
{
  gboolean value = FALSE;

  vm_json_get_boolean (json, node, key, &value, NULL);
  return value;
}

/* NULL: it cannot be named, or is of a kind of its own. */
static VmJanusStream *
read_stream (const VmJson *json, VmJsonNode node)
{
  VmJanusKind kind;
  g_autofree gchar *mid =
      vm_janus_read_word (json, node, "mid", VM_JANUS_MID_MAX);
  VmJanusStream *stream;

  if (!mid || !read_kind (json, node, &kind))
    return NULL;
  stream = g_new0 (VmJanusStream, 1);
  stream->kind = kind;
  stream->mid = g_steal_pointer (&mid);
  stream->codec = read_codec (json, node);
  stream->disabled = is_true (json, node, "disabled");
  stream->simulcast =
      is_true (json, node, "simulcast") || is_true (json, node, "svc");
  stream->description =
      vm_janus_read_label (json, node, "description", VM_SIGNAL_NAME_MAX);
  stream->feed = -1;
  return stream;
}

/* An m-line of the subscription. One that is not in use has no feed. */
static VmJanusStream *
read_slot (const VmJson *json, VmJsonNode node)
{
  VmJanusStream *slot = read_stream (json, node);
  VmJsonNode layers = vm_json_get (json, node, "simulcast");

  if (!slot)
    return NULL;
  g_free (slot->description);
  slot->description =
      vm_janus_read_label (json, node, "feed_description", VM_SIGNAL_NAME_MAX);
  slot->simulcast =
      (layers != VM_JSON_NONE && vm_json_type (json, layers) == VM_JSON_OBJECT)
      || vm_json_get (json, node, "svc") != VM_JSON_NONE;
  slot->feed_mid =
      vm_janus_read_word (json, node, "feed_mid", VM_JANUS_MID_MAX);
  slot->feed_display =
      vm_janus_read_label (json, node, "feed_display", VM_SIGNAL_NAME_MAX);
  vm_janus_read_id (json, node, "feed_id", &slot->feed, NULL);
  if (slot->feed < 0 || !slot->feed_mid) {
    slot->feed = -1;
    g_clear_pointer (&slot->feed_mid, g_free);
  }
  return slot;
}

static gboolean
has_mid (const GPtrArray *streams, const gchar *mid)
{
  for (guint i = 0; i < streams->len; i++) {
    if (strcmp (((VmJanusStream *) streams->pdata[i])->mid, mid) == 0)
      return TRUE;
  }
  return FALSE;
}

static GPtrArray *
read_streams (const VmJson *json, VmJsonNode array, guint max,
    VmJanusStream *(*read) (const VmJson *json, VmJsonNode node))
{
  GPtrArray *streams =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_janus_stream_free);

  for (VmJsonNode node = vm_json_first (json, array);
       node != VM_JSON_NONE && streams->len < max;
       node = vm_json_next (json, node)) {
    g_autoptr (VmJanusStream) stream = read (json, node);

    if (stream && !has_mid (streams, stream->mid))
      g_ptr_array_add (streams, g_steal_pointer (&stream));
  }
  return streams;
}

/* Participants */

static gboolean
add_participant (const VmJson *json, VmJsonNode node, VmJanusMessage *message,
    GError **error)
{
  VmJanusParticipant *participant = g_new0 (VmJanusParticipant, 1);
  VmJsonNode streams = vm_json_get (json, node, "streams");

  participant->id = -1;
  g_ptr_array_add (message->participants, participant);
  if (!vm_janus_read_id (json, node, "id", &participant->id, error))
    return FALSE;
  if (participant->id < 0)
    return vm_janus_bad (error, "id", "of a participant is missing");
  participant->display =
      vm_janus_read_label (json, node, "display", VM_SIGNAL_NAME_MAX);
  participant->publishes =
      streams != VM_JSON_NONE || is_true (json, node, "publisher");
  if (streams != VM_JSON_NONE)
    participant->streams =
        read_streams (json, streams, VM_JANUS_STREAMS_MAX, read_stream);
  return TRUE;
}

static gboolean
add_participants (const VmJson *json, VmJsonNode data, const gchar *key,
    VmJanusMessage *message, GError **error)
{
  VmJsonNode array = vm_json_get (json, data, key);

  if (array == VM_JSON_NONE)
    return TRUE;
  if (vm_json_type (json, array) != VM_JSON_ARRAY)
    return vm_janus_bad (error, key, "is no array");
  if (vm_json_length (json, array) + message->participants->len
      > VM_JANUS_PARTICIPANTS_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The room has more than %d participants", VM_JANUS_PARTICIPANTS_MAX);
    return FALSE;
  }
  for (VmJsonNode node = vm_json_first (json, array); node != VM_JSON_NONE;
       node = vm_json_next (json, node)) {
    if (!add_participant (json, node, message, error))
      return FALSE;
  }
  return TRUE;
}

/* An id; a word in its place means this device. */
static gboolean
read_who (const VmJson *json, VmJsonNode data, const gchar *key, gint64 *who,
    GError **error)
{
  VmJsonNode node = vm_json_get (json, data, key);

  if (node != VM_JSON_NONE && vm_json_type (json, node) == VM_JSON_STRING) {
    *who = VM_JANUS_SELF;
    return TRUE;
  }
  return vm_janus_read_id (json, data, key, who, error);
}

static gboolean
is_ok (const VmJson *json, VmJsonNode data, const gchar *key)
{
  return vm_json_get (json, data, key) != VM_JSON_NONE;
}

static gboolean
read_event (const VmJson *json, VmJsonNode data, VmJanusMessage *message,
    GError **error)
{
  VmJsonNode joining = vm_json_get (json, data, "joining");
  g_autofree gchar *reason =
      vm_janus_read_word (json, data, "reason", VM_JANUS_TEXT_MAX);

  message->configured = is_ok (json, data, "configured");
  message->started = is_ok (json, data, "started");
  message->was_kicked = g_strcmp0 (reason, "kicked") == 0;
  message->renamed =
      vm_janus_read_label (json, data, "display", VM_SIGNAL_NAME_MAX);
  if (joining != VM_JSON_NONE
      && !add_participant (json, joining, message, error))
    return FALSE;
  return read_who (json, data, "leaving", &message->leaving, error)
         && read_who (json, data, "unpublished", &message->unpublished, error)
         && read_who (json, data, "kicked", &message->kicked, error);
}

/* A subscription names all of its m-lines, this device's own publication fewer.
 */
static gboolean
read_own_streams (const VmJson *json, VmJsonNode data, VmJanusMessage *message,
    GError **error)
{
  VmJsonNode array = vm_json_get (json, data, "streams");
  gboolean slots = message->room_type == VM_JANUS_ROOM_ATTACHED
                   || message->room_type == VM_JANUS_ROOM_UPDATED;

  if (array == VM_JSON_NONE)
    return TRUE;
  if (vm_json_type (json, array) != VM_JSON_ARRAY)
    return vm_janus_bad (error, "streams", "is no array");
  if (vm_json_length (json, array) > VM_JANUS_SLOTS_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The subscription has more than %d m-lines", VM_JANUS_SLOTS_MAX);
    return FALSE;
  }
  message->streams = read_streams (
      json, array, VM_JANUS_SLOTS_MAX, slots ? read_slot : read_stream);
  return TRUE;
}

static void
read_room_type (const VmJson *json, VmJsonNode data, VmJanusMessage *message)
{
  g_autofree gchar *name =
      vm_janus_read_word (json, data, "videoroom", VM_SIGNAL_NAME_MAX);

  message->room_type = VM_JANUS_ROOM_OTHER;
  for (guint i = 0; name && i < G_N_ELEMENTS (types); i++) {
    if (strcmp (types[i].name, name) == 0)
      message->room_type = types[i].type;
  }
}

gboolean
vm_janus_read_room (const VmJson *json, VmJanusMessage *message, GError **error)
{
  VmJsonNode plugin = vm_json_get (json, 0, "plugindata");
  VmJsonNode data = vm_json_get (json, plugin, "data");

  if (plugin == VM_JSON_NONE)
    return TRUE;
  if (data == VM_JSON_NONE || vm_json_type (json, data) != VM_JSON_OBJECT)
    return vm_janus_bad (error, "plugindata", "has no \"data\"");
  read_room_type (json, data, message);
  message->description =
      vm_janus_read_label (json, data, "description", VM_SIGNAL_NAME_MAX);
  if (!vm_janus_read_id (json, data, "room", &message->room, error)
      || !vm_janus_read_id (json, data, "id", &message->own, error)
      || !vm_json_get_int (json, data, "private_id", 0, VM_JANUS_ID_MAX,
          &message->private_id, error)
      || !vm_json_get_int (
          json, data, "error_code", 1, G_MAXINT32, &message->code, error)
      || !add_participants (json, data, "publishers", message, error)
      || !add_participants (json, data, "attendees", message, error)
      || !add_participants (json, data, "participants", message, error)
      || !read_own_streams (json, data, message, error))
    return FALSE;
  if (message->code)
    message->text =
        vm_janus_read_label (json, data, "error", VM_JANUS_TEXT_MAX);
  return message->room_type != VM_JANUS_ROOM_EVENT
         || read_event (json, data, message, error);
}
