/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/janus/janus-priv.h"

#include <string.h>

/* Texts of error messages that may be longer than the part that is shown. */
#define TEXT_READ_MAX VM_JSON_SIZE_MAX
#define MLINE_MAX 1024

static const struct
{
  const gchar *name;
  VmJanusType type;
} types[] = {
  { "ack", VM_JANUS_ACK },
  { "success", VM_JANUS_SUCCESS },
  { "error", VM_JANUS_ERROR },
  { "event", VM_JANUS_EVENT },
  { "webrtcup", VM_JANUS_WEBRTCUP },
  { "media", VM_JANUS_MEDIA },
  { "slowlink", VM_JANUS_SLOWLINK },
  { "hangup", VM_JANUS_HANGUP },
  { "detached", VM_JANUS_DETACHED },
  { "timeout", VM_JANUS_TIMEOUT },
  { "trickle", VM_JANUS_TRICKLE },
};

gboolean
vm_janus_bad (GError **error, const gchar *key, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "Janus: the field \"%s\" %s", key, what);
  return FALSE;
}

gboolean
vm_janus_read_id (const VmJson *json, VmJsonNode object, const gchar *key,
    gint64 *id, GError **error)
{
  return vm_json_get_int (json, object, key, 1, VM_JANUS_ID_MAX, id, error);
}

/* A text that somebody else may have chosen, made fit to be shown: NULL when it
 * is absent, empty, or no text. */
gchar *
vm_janus_read_label (
    const VmJson *json, VmJsonNode object, const gchar *key, gsize max)
{
  VmJsonNode node = vm_json_get (json, object, key);
  g_autofree gchar *text = node == VM_JSON_NONE
                               ? NULL
                               : vm_span_to_string (vm_json_span (json, node));
  g_autofree gchar *label = text ? vm_text_to_label (text, max) : NULL;

  return label && *label ? g_steal_pointer (&label) : NULL;
}

/* One line of printable text; NULL when it is none, or too long. */
gchar *
vm_janus_read_word (
    const VmJson *json, VmJsonNode object, const gchar *key, gsize max)
{
  gchar *word = NULL;

  if (!vm_json_get_string (json, object, key, max, &word, NULL) || !word)
    return NULL;
  if (!*word || !vm_text_is_name (word, max))
    g_clear_pointer (&word, g_free);
  return word;
}

static gboolean
is_lines (const gchar *text)
{
  for (const gchar *p = text; *p; p++) {
    if ((guchar) *p < 0x20 && *p != '\r' && *p != '\n' && *p != '\t')
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_jsep (const VmJson *json, VmJanusMessage *message, GError **error)
{
  VmJsonNode jsep = vm_json_get (json, 0, "jsep");
  g_autofree gchar *type = NULL;

  if (jsep == VM_JSON_NONE || vm_json_type (json, jsep) == VM_JSON_NULL)
    return TRUE;
  if (!vm_json_get_string (json, jsep, "type", VM_SIGNAL_NAME_MAX, &type, error)
      || !vm_json_get_string (
          json, jsep, "sdp", VM_SIGNAL_SDP_MAX, &message->sdp, error))
    return FALSE;
  message->is_offer = g_strcmp0 (type, "offer") == 0;
  if (!message->is_offer && g_strcmp0 (type, "answer") != 0)
    return vm_janus_bad (error, "jsep", "is neither an offer nor an answer");
  if (!message->sdp || !g_str_has_prefix (message->sdp, "v=0")
      || !is_lines (message->sdp))
    return vm_janus_bad (error, "sdp", "is no session description");
  return TRUE;
}

/* `candidate` is one, or an array of them where the client asked for that,
 * which this one does not. */
static gboolean
read_candidate (const VmJson *json, VmJanusMessage *message, GError **error)
{
  VmJsonNode node = vm_json_get (json, 0, "candidate");
  gboolean completed = FALSE;

  if (node == VM_JSON_NONE || vm_json_type (json, node) != VM_JSON_OBJECT)
    return vm_janus_bad (error, "candidate", "is missing");
  if (!vm_json_get_boolean (json, node, "completed", &completed, error))
    return FALSE;
  if (completed)
    return TRUE;
  if (!vm_json_get_string (json, node, "candidate", VM_SIGNAL_CANDIDATE_MAX,
          &message->candidate, error)
      || !vm_json_get_int (json, node, "sdpMLineIndex", 0, MLINE_MAX,
          &message->sdp_mline_index, error))
    return FALSE;
  message->sdp_mid =
      vm_janus_read_word (json, node, "sdpMid", VM_JANUS_MID_MAX);
  if (!message->candidate || !*message->candidate)
    return vm_janus_bad (error, "candidate", "is missing");
  return vm_text_is_name (message->candidate, VM_SIGNAL_CANDIDATE_MAX)
         || vm_janus_bad (error, "candidate", "is no line of text");
}

static gboolean
read_error (const VmJson *json, VmJanusMessage *message, GError **error)
{
  VmJsonNode node = vm_json_get (json, 0, "error");

  if (!vm_json_get_int (
          json, node, "code", 1, G_MAXINT32, &message->code, error))
    return FALSE;
  message->text = vm_janus_read_label (json, node, "reason", VM_JANUS_TEXT_MAX);
  return message->code || vm_janus_bad (error, "code", "is missing");
}

static gboolean
read_fields (const VmJson *json, VmJanusMessage *message, GError **error)
{
  switch (message->type) {
    case VM_JANUS_SUCCESS:
      if (!vm_janus_read_id (
              json, vm_json_get (json, 0, "data"), "id", &message->id, error))
        return FALSE;
      return vm_janus_read_room (json, message, error);
    case VM_JANUS_EVENT:
      return vm_janus_read_room (json, message, error)
             && read_jsep (json, message, error);
    case VM_JANUS_ERROR:
      return read_error (json, message, error);
    case VM_JANUS_TRICKLE:
      return read_candidate (json, message, error);
    case VM_JANUS_HANGUP:
      message->text =
          vm_janus_read_label (json, 0, "reason", VM_JANUS_TEXT_MAX);
      return TRUE;
    case VM_JANUS_MEDIA:
    case VM_JANUS_SLOWLINK:
      message->mid = vm_janus_read_word (json, 0, "mid", VM_JANUS_MID_MAX);
      return vm_json_get_boolean (
                 json, 0, "receiving", &message->receiving, error)
             && vm_json_get_boolean (
                 json, 0, "uplink", &message->uplink, error);
    default:
      return TRUE;
  }
}

static gboolean
read_type (const VmJson *json, VmJanusMessage *message, GError **error)
{
  g_autofree gchar *name = NULL;

  if (!vm_json_get_string (json, 0, "janus", VM_SIGNAL_NAME_MAX, &name, error))
    return FALSE;
  if (!name)
    return vm_janus_bad (error, "janus", "is missing");
  message->type = VM_JANUS_OTHER;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (strcmp (types[i].name, name) == 0)
      message->type = types[i].type;
  }
  return TRUE;
}

static VmJanusMessage *
message_new (void)
{
  VmJanusMessage *message = g_new0 (VmJanusMessage, 1);

  message->session = message->sender = message->id = -1;
  message->room = message->own = message->private_id = -1;
  message->sdp_mline_index = -1;
  message->leaving = message->unpublished = message->kicked = VM_JANUS_NOBODY;
  message->participants = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vm_janus_participant_free);
  return message;
}

VmJanusMessage *
vm_janus_message_read (const gchar *data, gsize size, GError **error)
{
  g_autoptr (VmJanusMessage) message = message_new ();
  VmJson json;

  if (!vm_json_read_relayed (&json, data, size, error)
      || !read_type (&json, message, error)
      || !vm_json_get_string (&json, 0, "transaction", VM_JANUS_TRANSACTION_MAX,
          &message->transaction, error)
      || !vm_janus_read_id (&json, 0, "session_id", &message->session, error)
      || !vm_janus_read_id (&json, 0, "sender", &message->sender, error)
      || !read_fields (&json, message, error))
    return NULL;
  return g_steal_pointer (&message);
}

void
vm_janus_message_free (VmJanusMessage *message)
{
  g_free (message->transaction);
  g_free (message->text);
  g_free (message->candidate);
  g_free (message->sdp_mid);
  g_free (message->mid);
  g_free (message->sdp);
  g_free (message->description);
  g_free (message->renamed);
  g_ptr_array_unref (message->participants);
  g_clear_pointer (&message->streams, g_ptr_array_unref);
  g_free (message);
}

VmJanusStream *
vm_janus_stream_copy (const VmJanusStream *stream)
{
  VmJanusStream *copy = g_new (VmJanusStream, 1);

  *copy = *stream;
  copy->mid = g_strdup (stream->mid);
  copy->codec = g_strdup (stream->codec);
  copy->description = g_strdup (stream->description);
  copy->feed_mid = g_strdup (stream->feed_mid);
  copy->feed_display = g_strdup (stream->feed_display);
  return copy;
}

void
vm_janus_stream_free (VmJanusStream *stream)
{
  g_free (stream->mid);
  g_free (stream->codec);
  g_free (stream->description);
  g_free (stream->feed_mid);
  g_free (stream->feed_display);
  g_free (stream);
}

void
vm_janus_participant_free (VmJanusParticipant *participant)
{
  g_free (participant->display);
  g_clear_pointer (&participant->streams, g_ptr_array_unref);
  g_free (participant);
}
