/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The native dialect (protocol/signalling.md): one JSON object a message. Both
 * directions go by the same table of fields, so that what is read is what is
 * written. What is only relayed stays the span it came in. */

#include "wire/dialect.h"
#include "wire/native/native-priv.h"

#include <stddef.h>
#include <string.h>

typedef enum
{
  NAME, /* gchar *, no control characters */
  TEXT, /* gchar *, lines and tabs, no other control characters */
  INT, /* gint64 from 0 */
  BOOLEAN,
  FLAG, /* a boolean that is written only when it is true */
  TRISTATE, /* gint: -1 when absent */
  TEXT_SPAN, /* a string, relayed */
  ARRAY_SPAN, /* an array, relayed */
  ANY_SPAN, /* a string or an object, relayed */
  ROSTER, /* gchar **, ids of participants or devices */
  BARS, /* GPtrArray of VmSignalBar */
  ICE, /* VmIceGrant, with the fields that it has besides */
} Kind;

#define DESCRIPTION (IN (OFFER) | IN (ANSWER))
#define MEETING (IN (WELCOME) | IN (MEETING_STATE))

#define FIELD(key, kind, member, max, types, required)           \
  {                                                              \
    key, kind, offsetof (VmSignal, member), max, types, required \
  }

/* Every field but the envelope's and the participants'. */
static const struct
{
  const gchar *key;
  Kind kind;
  gsize offset;
  gsize max; /* bytes of a text; the largest number */
  guint32 types; /* that have the field */
  guint32 required; /* types that are none without it */
} fields[] = {
  FIELD ("sdp", TEXT_SPAN, sdp, VM_SIGNAL_SDP_MAX, DESCRIPTION, DESCRIPTION),
  FIELD ("candidates", ARRAY_SPAN, candidates, 0, DESCRIPTION, 0),
  FIELD ("identity", ANY_SPAN, identity, 0, DESCRIPTION | IN (RESTART), 0),
  FIELD ("candidate", TEXT_SPAN, candidate, VM_SIGNAL_CANDIDATE_MAX,
      IN (CANDIDATE), IN (CANDIDATE)),
  FIELD ("sdpMLineIndex", INT, sdp_mline_index, 1023, IN (CANDIDATE), 0),
  FIELD (
      "sdpMid", TEXT_SPAN, sdp_mid, VM_SIGNAL_SESSION_MAX, IN (CANDIDATE), 0),
  FIELD ("session", TEXT_SPAN, session, VM_SIGNAL_SESSION_MAX,
      DESCRIPTION | IN (CANDIDATE), 0),
  FIELD (
      "generation", INT, generation, G_MAXINT, DESCRIPTION | IN (CANDIDATE), 0),
  FIELD ("id", NAME, id, VM_SIGNAL_ID_MAX,
      IN (WELCOME) | IN (PARTICIPANT_LEFT) | IN (PARTICIPANT_STATE) | IN (CHAT)
          | IN (UNBAN) | IN (ACK),
      IN (WELCOME) | IN (PARTICIPANT_LEFT) | IN (UNBAN)),
  FIELD ("resume", NAME, resume, VM_SIGNAL_TOKEN_MAX, IN (HELLO) | IN (WELCOME),
      0),
  FIELD ("lastSeq", INT, last_seq, VM_SIGNAL_INT_MAX, IN (HELLO), 0),
  FIELD ("resumed", FLAG, resumed, 0, IN (WELCOME), 0),
  FIELD ("meeting", NAME, meeting, VM_SIGNAL_NAME_MAX, IN (WELCOME), 0),
  FIELD (
      "meetingId", NAME, meeting_id, VM_SIGNAL_ID_MAX, MEETING | IN (HELLO), 0),
  FIELD ("state", NAME, state, VM_SIGNAL_ID_MAX,
      MEETING | IN (PARTICIPANT_STATE), IN (PARTICIPANT_STATE)),
  FIELD ("trust", NAME, trust, VM_SIGNAL_ID_MAX, IN (PARTICIPANT_STATE), 0),
  FIELD (
      "voucher", NAME, voucher, VM_SIGNAL_NAME_MAX, IN (PARTICIPANT_STATE), 0),
  FIELD (
      "token", TEXT, token, VM_SIGNAL_TOKEN_PEM_MAX, IN (PARTICIPANT_STATE), 0),
  FIELD ("epoch", INT, epoch, G_MAXINT, MEETING, 0),
  FIELD ("host", NAME, host, VM_SIGNAL_ID_MAX, MEETING, 0),
  FIELD ("moderator", NAME, moderator, VM_SIGNAL_ID_MAX, MEETING, 0),
  FIELD ("maxParticipants", INT, max_participants, G_MAXINT, MEETING, 0),
  FIELD ("roster", ROSTER, roster, VM_SIGNAL_ROSTER_MAX, IN (MEETING_STATE), 0),
  FIELD ("locked", BOOLEAN, locked, 0, MEETING | IN (LOCK), IN (LOCK)),
  FIELD (
      "revoked", ROSTER, revoked, VM_SIGNAL_REVOKED_MAX, IN (MEETING_STATE), 0),
  FIELD ("barred", BARS, barred, VM_SIGNAL_BARRED_MAX, IN (MEETING_STATE), 0),
  FIELD ("barredSignature", NAME, barred_signature, VM_SIGNAL_SIGNATURE_MAX,
      IN (MEETING_STATE), 0),
  FIELD ("count", INT, count, G_MAXINT, MEETING, 0),
  FIELD ("signature", NAME, signature, VM_SIGNAL_SIGNATURE_MAX,
      IN (MEETING_STATE), 0),
  FIELD (
      "reason", NAME, reason, VM_SIGNAL_NAME_MAX, IN (RESTART) | IN (BYE), 0),
  FIELD ("nonce", NAME, nonce, VM_SIGNAL_NONCE_MAX, IN (RESTART), 0),
  FIELD ("text", TEXT, text, VM_SIGNAL_CHAT_MAX, IN (CHAT), IN (CHAT)),
  FIELD ("time", NAME, time, VM_SIGNAL_TIME_MAX, IN (CHAT), 0),
  FIELD ("private", FLAG, confidential, 0, MEETING | IN (CHAT), 0),
  FIELD ("status", NAME, status, VM_SIGNAL_NAME_MAX, IN (PRESENCE), 0),
  FIELD ("audio", TRISTATE, audio, 0, IN (PRESENCE) | IN (MUTE_REQUEST), 0),
  FIELD ("video", TRISTATE, video, 0, IN (PRESENCE) | IN (MUTE_REQUEST), 0),
  FIELD ("bridge", NAME, bridge, VM_SIGNAL_ID_MAX, IN (PRESENCE), 0),
  FIELD ("raised", BOOLEAN, raised, 0, IN (HAND), IN (HAND)),
  FIELD ("reaction", NAME, reaction, VM_SIGNAL_REACTION_MAX, IN (REACTION),
      IN (REACTION)),
  FIELD ("code", NAME, code, VM_SIGNAL_ID_MAX,
      IN (ERROR) | IN (PARTICIPANT_LEFT), 0),
  FIELD ("message", NAME, message, VM_SIGNAL_MESSAGE_MAX,
      IN (ERROR) | IN (PARTICIPANT_LEFT), 0),
  FIELD ("inReplyTo", INT, in_reply_to, VM_SIGNAL_INT_MAX, IN (ERROR), 0),
  FIELD ("iceServers", ICE, ice, 0, IN (ICE_SERVERS), 0),
  FIELD ("sfu", FLAG, takes_sfu, 0, IN (HELLO), 0),
  FIELD (
      "active", TRISTATE, active, 0, IN (SFU) | IN (SFU_PAIR), IN (SFU_PAIR)),
  FIELD ("path", NAME, path, VM_SIGNAL_PATH_MAX, IN (SFU), 0),
  FIELD ("room", INT, sfu_room, VM_SIGNAL_INT_MAX, IN (SFU), 0),
  FIELD ("with", ROSTER, with, VM_SIGNAL_ROSTER_MAX, IN (SFU), 0),
  FIELD ("heard", BOOLEAN, heard, 0, IN (SFU_HEARD), IN (SFU_HEARD)),
};

typedef struct
{
  gint64 sent;
  gint64 received;
} State;

static gboolean
read_text_span (const VmJson *json, const gchar *key, gsize max, VmSpan *span,
    GError **error)
{
  if (!vm_json_get_span (json, 0, key, VM_JSON_STRING, span, error))
    return FALSE;
  return !vm_span_string_exceeds (*span, max)
         || vm_native_bad (error, key, "is too long");
}

static gboolean
read_any_span (
    const VmJson *json, const gchar *key, VmSpan *span, GError **error)
{
  VmJsonNode node = vm_json_get (json, 0, key);
  VmJsonType type;

  if (node == VM_JSON_NONE)
    return TRUE;
  type = vm_json_type (json, node);
  if (type == VM_JSON_NULL)
    return TRUE;
  if (type != VM_JSON_STRING && type != VM_JSON_OBJECT)
    return vm_native_bad (error, key, "is of the wrong type");
  *span = vm_json_span (json, node);
  return TRUE;
}

static gboolean
read_roster (const VmJson *json, const gchar *key, gsize max, gchar ***roster,
    GError **error)
{
  VmJsonNode array = vm_json_get (json, 0, key);
  g_autoptr (GStrvBuilder) builder = NULL;

  if (array == VM_JSON_NONE)
    return TRUE;
  if (vm_json_type (json, array) != VM_JSON_ARRAY
      || vm_json_length (json, array) > max)
    return vm_native_bad (error, key, "is no list, or too long");
  builder = g_strv_builder_new ();
  for (VmJsonNode e = vm_json_first (json, array); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    g_autofree gchar *id = vm_span_to_string (vm_json_span (json, e));

    if (!id || !vm_text_is_name (id, VM_SIGNAL_ID_MAX))
      return vm_native_bad (error, key, "holds something that is no id");
    g_strv_builder_add (builder, id);
  }
  *roster = g_strv_builder_end (builder);
  return TRUE;
}

static gboolean
read_bars (const VmJson *json, const gchar *key, gsize max, GPtrArray **bars,
    GError **error)
{
  VmJsonNode array = vm_json_get (json, 0, key);

  if (array == VM_JSON_NONE)
    return TRUE;
  if (vm_json_type (json, array) != VM_JSON_ARRAY
      || vm_json_length (json, array) > max)
    return vm_native_bad (error, key, "is no list, or too long");
  *bars = g_ptr_array_new_with_free_func (vm_signal_bar_free);
  for (VmJsonNode e = vm_json_first (json, array); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    VmSignalBar *bar = vm_signal_bar_new (NULL, NULL, NULL, 0);

    g_ptr_array_add (*bars, bar);
    if (vm_json_type (json, e) != VM_JSON_OBJECT)
      return vm_native_bad (error, key, "holds something else");
    if (!vm_native_read_name (json, e, "id", VM_SIGNAL_ID_MAX, &bar->id, error)
        || !vm_native_read_name (
            json, e, "deviceId", VM_SIGNAL_ID_MAX, &bar->device_id, error)
        || !vm_native_read_name (
            json, e, "address", VM_SIGNAL_ID_MAX, &bar->address, error)
        || !vm_json_get_int (
            json, e, "seconds", 0, G_MAXINT, &bar->seconds, error))
      return FALSE;
    if (!bar->id)
      return vm_native_bad (error, key, "holds something without an id");
  }
  return TRUE;
}

/* Who asks for servers lists none. */
static void
read_ice (const VmJson *json, const gchar *key, VmIceGrant *grant)
{
  guint ignored;

  if (vm_json_get (json, 0, key) != VM_JSON_NONE)
    vm_ice_grant_read (grant, json, 0, &ignored);
}

static gboolean
read_field (const VmJson *json, VmSignal *signal, guint i, GError **error)
{
  const gchar *key = fields[i].key;
  gsize max = fields[i].max;
  gpointer at = G_STRUCT_MEMBER_P (signal, fields[i].offset);

  switch (fields[i].kind) {
    case NAME:
      return vm_native_read_name (json, 0, key, max, at, error);
    case TEXT:
      return vm_native_read_text (json, 0, key, max, at, error);
    case INT:
      return vm_json_get_int (json, 0, key, 0, max, at, error);
    case BOOLEAN:
    case FLAG:
    case TRISTATE:
      return vm_json_get_boolean (json, 0, key, at, error);
    case TEXT_SPAN:
      return read_text_span (json, key, max, at, error);
    case ARRAY_SPAN:
      return vm_json_get_span (json, 0, key, VM_JSON_ARRAY, at, error);
    case ANY_SPAN:
      return read_any_span (json, key, at, error);
    case ROSTER:
      return read_roster (json, key, max, at, error);
    case BARS:
      return read_bars (json, key, max, at, error);
    case ICE:
      read_ice (json, key, at);
      return TRUE;
  }
  return FALSE;
}

static gboolean
read_fields (const VmJson *json, VmSignal *signal, GError **error)
{
  guint32 bit = 1u << signal->type;

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    VmJsonNode node;

    if (!(fields[i].types & bit))
      continue;
    if (!read_field (json, signal, i, error))
      return FALSE;
    if (!(fields[i].required & bit))
      continue;
    node = vm_json_get (json, 0, fields[i].key);
    if (node == VM_JSON_NONE || vm_json_type (json, node) == VM_JSON_NULL)
      return vm_native_bad (error, fields[i].key, "is missing");
  }
  return vm_native_read_participants (json, signal, error);
}

static gboolean
read_envelope (const VmJson *json, VmSignal *signal, GError **error)
{
  return vm_json_get_int (
             json, 0, "seq", 1, VM_SIGNAL_INT_MAX, &signal->seq, error)
         && vm_json_get_int (
             json, 0, "ack", 0, VM_SIGNAL_INT_MAX, &signal->ack, error)
         && vm_native_read_name (
             json, 0, "from", VM_SIGNAL_ID_MAX, &signal->from, error)
         && vm_native_read_name (
             json, 0, "to", VM_SIGNAL_ID_MAX, &signal->to, error);
}

static gboolean
read_type (const VmJson *json, VmSignalType *type, GError **error)
{
  g_autofree gchar *name = NULL;

  if (vm_json_type (json, 0) != VM_JSON_OBJECT) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "A message is a JSON object");
    return FALSE;
  }
  if (!vm_json_get_string (json, 0, "type", VM_SIGNAL_ID_MAX, &name, error))
    return FALSE;
  return vm_signal_type_from_string (name, type)
         || vm_native_bad (error, "type", "names no message this server knows");
}

/* A number counts even when the rest of the message cannot be read: it was
 * received, and the next is not the one after a gap. */
static void
count (State *counters, const VmJson *json)
{
  gint64 seq = -1;

  if (counters
      && vm_json_get_int (json, 0, "seq", 1, VM_SIGNAL_INT_MAX, &seq, NULL)
      && seq > counters->received)
    counters->received = seq;
}

typedef gboolean (*ReadFunc) (
    VmJson *json, const gchar *data, gsize size, GError **error);

static VmSignal *
parse_with (ReadFunc read, gpointer state, GBytes *message, GError **error)
{
  g_autoptr (VmSignal) signal = NULL;
  g_autoptr (GError) reason = NULL;
  VmSignalType type;
  gsize size;
  const gchar *data = g_bytes_get_data (message, &size);
  VmJson json;

  if (!read (&json, data ? data : "", size, error))
    return NULL;
  count (state, &json);
  if (!read_type (&json, &type, error))
    return NULL;
  signal = vm_signal_new (type);
  signal->bytes = g_bytes_ref (message);
  if (!read_envelope (&json, signal, &reason)
      || !read_fields (&json, signal, &reason)) {
    /* an error is never answered with an error, not even a bad one */
    if (type != VM_SIGNAL_ERROR) {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  }
  return g_steal_pointer (&signal);
}

static VmSignal *
parse (gpointer state, GBytes *message, GError **error)
{
  return parse_with (vm_json_read, state, message, error);
}

static VmSignal *
parse_relayed (gpointer state, GBytes *message, GError **error)
{
  return parse_with (vm_json_read_relayed, state, message, error);
}

static void
write_bars (GString *out, const gchar *key, GPtrArray *bars)
{
  if (!bars)
    return;
  vm_json_append_key (out, key);
  g_string_append_c (out, '[');
  for (guint i = 0; i < bars->len; i++) {
    const VmSignalBar *bar = bars->pdata[i];

    g_string_append (out, i ? ",{" : "{");
    vm_json_append_member (out, "id", bar->id);
    vm_json_append_member (out, "deviceId", bar->device_id);
    vm_json_append_member (out, "address", bar->address);
    if (bar->address)
      vm_json_append_int (out, "seconds", bar->seconds);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

static void
write_field (GString *out, const VmSignal *signal, guint i)
{
  const gchar *key = fields[i].key;
  gconstpointer at = G_STRUCT_MEMBER_P (signal, fields[i].offset);

  switch (fields[i].kind) {
    case NAME:
    case TEXT:
      vm_json_append_member (out, key, *(gchar *const *) at);
      break;
    case INT:
      if (*(const gint64 *) at >= 0)
        vm_json_append_int (out, key, *(const gint64 *) at);
      break;
    case BOOLEAN:
      vm_json_append_boolean (out, key, *(const gboolean *) at);
      break;
    case FLAG:
      if (*(const gboolean *) at)
        vm_json_append_boolean (out, key, TRUE);
      break;
    case TRISTATE:
      if (*(const gint *) at >= 0)
        vm_json_append_boolean (out, key, *(const gint *) at);
      break;
    case TEXT_SPAN:
    case ARRAY_SPAN:
    case ANY_SPAN:
      vm_json_append_span (out, key, *(const VmSpan *) at);
      break;
    case ROSTER:
      vm_json_append_strings (out, key, *(const gchar *const *const *) at);
      break;
    case BARS:
      write_bars (out, key, *(GPtrArray *const *) at);
      break;
    case ICE:
      if (((const VmIceGrant *) at)->uris)
        vm_ice_grant_append (out, at);
      break;
  }
}

/* What belongs to one socket and not to the conversation over them has no
 * number: it is neither acknowledged nor sent again
 * (protocol/signalling.md#resume). */
static gboolean
is_numbered (const VmSignal *signal)
{
  return signal->type != VM_SIGNAL_ACK
         && !(signal->type == VM_SIGNAL_HELLO && signal->resume)
         && !(signal->type == VM_SIGNAL_WELCOME && signal->resumed);
}

static GBytes *
format (gpointer state, const VmSignal *signal)
{
  State *counters = state;
  GString *out = g_string_sized_new (
      256 + signal->sdp.size + signal->candidates.size + signal->identity.size);

  g_string_append_c (out, '{');
  vm_json_append_member (out, "type", vm_signal_type_to_string (signal->type));
  if (counters && is_numbered (signal))
    vm_json_append_int (out, "seq", ++counters->sent);
  if (counters)
    vm_json_append_int (out, "ack", counters->received);
  vm_json_append_member (out, "from", signal->from);
  vm_json_append_member (out, "to", signal->to);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    if (fields[i].types & 1u << signal->type)
      write_field (out, signal, i);
  }
  vm_native_write_participants (out, signal);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

static gpointer
state_new (void)
{
  return g_new0 (State, 1);
}

static gint64
get_sent (gpointer state)
{
  return ((State *) state)->sent;
}

static gint64
get_received (gpointer state)
{
  return ((State *) state)->received;
}

static void
set_numbers (gpointer state, gint64 sent, gint64 received)
{
  *(State *) state = (State){ sent, received };
}

#define NATIVE(parse_func)                                          \
  {                                                                 \
    .name = "native", .state_new = state_new, .state_free = g_free, \
    .parse = parse_func, .format = format, .get_sent = get_sent,    \
    .get_received = get_received, .set_numbers = set_numbers,       \
  }

const VmDialect vm_dialect_native = NATIVE (parse);
const VmDialect vm_dialect_native_client = NATIVE (parse_relayed);
