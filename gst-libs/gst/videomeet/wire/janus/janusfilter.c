/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/janus/janusfilter.h"
#include "base/rates.h"

#include <string.h>

#define PLUGIN "janus.plugin.videoroom"
#define UNAUTHORIZED 403 /* Janus's code of that name */
#define OWN "the server's own" /* a transaction that no participant may use */

struct _VmJanusFilter
{
  gint64 room;
  gchar *display;
  gchar *pin;
  gchar *api_secret;
  gint64 session; /* -1: none */
  gboolean creates; /* the answer is still to come */
  /* what is to end because another one replaces it; -1: none */
  gint64 ends_session, ends_handle;
  GArray *handles; /* of gint64, of the session */
  gint64 publisher; /* the one of them that has joined as one; -1: none */
  VmRate begun;
};

/* What a request has besides transaction and session. */
typedef enum
{
  NEEDS_SESSION = 1 << 0,
  NEEDS_HANDLE = 1 << 1,
  HAS_PLUGIN = 1 << 2,
  HAS_CANDIDATES = 1 << 3,
  HAS_BODY = 1 << 4,
  BEGINS = 1 << 5, /* a session or a handle */
} Trait;

static const struct
{
  const gchar *name;
  guint traits;
} types[] = {
  { "create", BEGINS },
  { "claim", NEEDS_SESSION },
  { "keepalive", NEEDS_SESSION },
  { "destroy", NEEDS_SESSION },
  { "attach", NEEDS_SESSION | HAS_PLUGIN | BEGINS },
  { "detach", NEEDS_SESSION | NEEDS_HANDLE },
  { "trickle", NEEDS_SESSION | NEEDS_HANDLE | HAS_CANDIDATES },
  { "message", NEEDS_SESSION | NEEDS_HANDLE | HAS_BODY },
};

/* Members of the body that pass as they are. What is missing here does not:
 * `display` of `configure`, by which one would speak as another, or `record`
 * and `filename`, by which Janus would write files. */
typedef enum
{
  PRIVATE_ID,
  AUTOUPDATE,
  STREAMS,
  SUBSCRIBE,
  UNSUBSCRIBE,
  DESCRIPTIONS,
  RESTART,
  KEYFRAME,
  N_KEYS
} Key;

static const struct
{
  const gchar *name;
  VmJsonType type;
} keys[N_KEYS] = {
  [PRIVATE_ID] = { "private_id", VM_JSON_NUMBER },
  [AUTOUPDATE] = { "autoupdate", VM_JSON_BOOLEAN },
  [STREAMS] = { "streams", VM_JSON_ARRAY },
  [SUBSCRIBE] = { "subscribe", VM_JSON_ARRAY },
  [UNSUBSCRIBE] = { "unsubscribe", VM_JSON_ARRAY },
  [DESCRIPTIONS] = { "descriptions", VM_JSON_ARRAY },
  [RESTART] = { "restart", VM_JSON_BOOLEAN },
  [KEYFRAME] = { "keyframe", VM_JSON_BOOLEAN },
};

#define KEY(key) (1u << key)
#define NAMES_ROOM (1u << N_KEYS)
#define OF_SUBSCRIBER (KEY (PRIVATE_ID) | KEY (AUTOUPDATE) | KEY (STREAMS))

static const struct
{
  const gchar *name;
  guint has;
} requests[] = {
  { "join", NAMES_ROOM },
  { "listparticipants", NAMES_ROOM },
  { "publish", KEY (DESCRIPTIONS) },
  { "configure",
      KEY (DESCRIPTIONS) | KEY (STREAMS) | KEY (RESTART) | KEY (KEYFRAME) },
  { "unpublish", 0 },
  { "subscribe", KEY (STREAMS) },
  { "unsubscribe", KEY (STREAMS) },
  { "update", KEY (SUBSCRIBE) | KEY (UNSUBSCRIBE) },
  { "start", 0 },
  { "leave", 0 },
};

VmJanusFilter *
vm_janus_filter_new (const VmJanusFilterConfig *config)
{
  VmJanusFilter *filter = g_new0 (VmJanusFilter, 1);

  filter->room = config->room;
  filter->display = g_strdup (config->display);
  filter->pin = g_strdup (config->pin);
  filter->api_secret = g_strdup (config->api_secret);
  filter->session = filter->publisher = -1;
  filter->ends_session = filter->ends_handle = -1;
  filter->handles = g_array_new (FALSE, FALSE, sizeof (gint64));
  return filter;
}

void
vm_janus_filter_free (VmJanusFilter *filter)
{
  g_free (filter->display);
  g_free (filter->pin);
  g_free (filter->api_secret);
  g_array_unref (filter->handles);
  g_free (filter);
}

/* Sessions and handles */

static void
forget_handle (VmJanusFilter *filter, gint64 id)
{
  for (guint i = filter->handles->len; i > 0; i--) {
    if (g_array_index (filter->handles, gint64, i - 1) == id)
      g_array_remove_index_fast (filter->handles, i - 1);
  }
  if (filter->publisher == id)
    filter->publisher = -1;
}

static void
forget_session (VmJanusFilter *filter)
{
  filter->session = filter->publisher = -1;
  g_array_set_size (filter->handles, 0);
}

void
vm_janus_filter_reconnect (VmJanusFilter *filter)
{
  filter->creates = FALSE;
}

/* Requests */

/* One that is read, and the answer to it. */
typedef struct
{
  VmJson json;
  guint traits;
  gchar *name;
  gchar *transaction;
  gint64 session, handle;
} Request;

static void
request_clear (Request *request)
{
  g_free (request->name);
  g_free (request->transaction);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Request, request_clear)

static gboolean
refuse (GError **error, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_NOT_TRUSTED, why);
  return FALSE;
}

static gboolean
find_type (Request *request, GError **error)
{
  for (guint i = 0; request->name && i < G_N_ELEMENTS (types); i++) {
    if (strcmp (types[i].name, request->name) == 0) {
      request->traits = types[i].traits;
      return TRUE;
    }
  }
  return refuse (error, "This request is not for participants");
}

static gboolean
read_request (Request *request, const gchar *data, gsize size, GError **error)
{
  request->session = request->handle = -1;
  if (size > VM_JANUS_FILTER_REQUEST_MAX)
    return refuse (error, "The request is larger than 256 KiB");
  if (!vm_json_read (&request->json, data, size, error)
      || !vm_json_get_string (&request->json, 0, "transaction",
          VM_JANUS_TRANSACTION_MAX, &request->transaction, error)
      || !vm_json_get_string (
          &request->json, 0, "janus", VM_SIGNAL_NAME_MAX, &request->name, error)
      || !vm_json_get_int (&request->json, 0, "session_id", 1, VM_JANUS_ID_MAX,
          &request->session, error)
      || !vm_json_get_int (&request->json, 0, "handle_id", 1, VM_JANUS_ID_MAX,
          &request->handle, error))
    return FALSE;
  if (!request->transaction || !*request->transaction
      || strcmp (request->transaction, OWN) == 0)
    return refuse (error, "The request has no transaction");
  return find_type (request, error);
}

static gboolean
check_request (
    VmJanusFilter *filter, const Request *request, gint64 now, GError **error)
{
  g_autofree gchar *plugin = NULL;

  if (request->traits & NEEDS_SESSION
      && (filter->session < 0 || request->session != filter->session))
    return refuse (error, "The session is not that of this participant");
  if (request->traits & NEEDS_HANDLE && request->handle < 0)
    return refuse (error, "The request names no handle");
  if (request->traits & HAS_PLUGIN) {
    if (!vm_json_get_string (
            &request->json, 0, "plugin", VM_SIGNAL_NAME_MAX, &plugin, error))
      return FALSE;
    if (g_strcmp0 (plugin, PLUGIN) != 0)
      return refuse (error, "The plugin is not the videoroom");
    if (filter->handles->len >= VM_JANUS_FILTER_HANDLES)
      return refuse (error, "The participant has too many handles");
  }
  if (filter->creates && strcmp (request->name, "create") == 0)
    return refuse (error, "The participant is about to have a session");
  return !(request->traits & BEGINS)
         || vm_rate_take (&filter->begun, VM_JANUS_FILTER_BURST,
             VM_JANUS_FILTER_PER_SECOND, now)
         || refuse (error, "The participant begins too much at once");
}

/* The part of the body that is the server's to say. */
static gboolean
write_entry (const VmJanusFilter *filter, const Request *request,
    VmJsonNode body, gboolean joins, guint *has, GString *out, GError **error)
{
  g_autofree gchar *ptype = NULL;
  gint64 room = -1;

  if (!vm_json_get_int (
          &request->json, body, "room", 1, VM_JANUS_ID_MAX, &room, error)
      || !vm_json_get_string (
          &request->json, body, "ptype", VM_SIGNAL_NAME_MAX, &ptype, error))
    return FALSE;
  if (room != filter->room)
    return refuse (error, "The room is not that of the meeting");
  vm_json_append_int (out, "room", room);
  if (!joins)
    return TRUE;
  if (g_strcmp0 (ptype, "publisher") == 0)
    vm_json_append_member (out, "display", filter->display);
  else if (g_strcmp0 (ptype, "subscriber") == 0)
    *has |= OF_SUBSCRIBER;
  else
    return refuse (error, "One joins as a publisher or a subscriber");
  vm_json_append_member (out, "ptype", ptype);
  vm_json_append_member (out, "pin", filter->pin);
  return TRUE;
}

static gboolean
write_keys (const Request *request, VmJsonNode body, guint has, GString *out,
    GError **error)
{
  for (guint i = 0; i < N_KEYS; i++) {
    VmSpan span = { 0 };

    if (!(has & KEY (i)))
      continue;
    if (!vm_json_get_span (
            &request->json, body, keys[i].name, keys[i].type, &span, error))
      return FALSE;
    vm_json_append_span (out, keys[i].name, span);
  }
  return TRUE;
}

static gboolean
write_body (const VmJanusFilter *filter, const Request *request, GString *out,
    GError **error)
{
  VmJsonNode body = vm_json_get (&request->json, 0, "body");
  g_autofree gchar *name = NULL;
  guint i = 0;
  guint has;

  if (!vm_json_get_string (
          &request->json, body, "request", VM_SIGNAL_NAME_MAX, &name, error))
    return FALSE;
  while (i < G_N_ELEMENTS (requests) && g_strcmp0 (requests[i].name, name) != 0)
    i++;
  if (i == G_N_ELEMENTS (requests))
    return refuse (error, "This request is not for participants");
  has = requests[i].has;
  vm_json_append_key (out, "body");
  g_string_append_c (out, '{');
  vm_json_append_member (out, "request", name);
  if (has & NAMES_ROOM
      && !write_entry (
          filter, request, body, strcmp (name, "join") == 0, &has, out, error))
    return FALSE;
  if (!write_keys (request, body, has, out, error))
    return FALSE;
  g_string_append_c (out, '}');
  return TRUE;
}

static gboolean
write_span (const Request *request, const gchar *key, VmJsonType type,
    GString *out, GError **error)
{
  VmSpan span = { 0 };

  if (!vm_json_get_span (&request->json, 0, key, type, &span, error))
    return FALSE;
  vm_json_append_span (out, key, span);
  return TRUE;
}

static gboolean
write_rest (const VmJanusFilter *filter, const Request *request, GString *out,
    GError **error)
{
  if (request->traits & HAS_PLUGIN)
    vm_json_append_member (out, "plugin", PLUGIN);
  if (request->traits & HAS_CANDIDATES)
    return write_span (request, "candidate", VM_JSON_OBJECT, out, error)
           && write_span (request, "candidates", VM_JSON_ARRAY, out, error);
  if (request->traits & HAS_BODY)
    return write_body (filter, request, out, error)
           && write_span (request, "jsep", VM_JSON_OBJECT, out, error);
  return TRUE;
}

static gchar *
write_request (
    const VmJanusFilter *filter, const Request *request, GError **error)
{
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "janus", request->name);
  vm_json_append_member (out, "transaction", request->transaction);
  if (request->traits & NEEDS_SESSION)
    vm_json_append_int (out, "session_id", request->session);
  if (request->traits & NEEDS_HANDLE)
    vm_json_append_int (out, "handle_id", request->handle);
  vm_json_append_member (out, "apisecret", filter->api_secret);
  if (!write_rest (filter, request, out, error)) {
    g_string_free (out, TRUE);
    return NULL;
  }
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

static gchar *
write_refusal (const Request *request, const GError *error)
{
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "janus", "error");
  if (request->session > 0)
    vm_json_append_int (out, "session_id", request->session);
  vm_json_append_member (out, "transaction", request->transaction);
  vm_json_append_key (out, "error");
  g_string_append_c (out, '{');
  vm_json_append_int (out, "code", UNAUTHORIZED);
  vm_json_append_member (out, "reason", error->message);
  g_string_append (out, "}}");
  return g_string_free (out, FALSE);
}

/* Whether the request joins as a publisher, in which case the body says so. */
static gboolean
joins (const Request *request)
{
  VmJsonNode body = vm_json_get (&request->json, 0, "body");
  g_autofree gchar *name = NULL, *ptype = NULL;

  vm_json_get_string (
      &request->json, body, "request", VM_SIGNAL_NAME_MAX, &name, NULL);
  vm_json_get_string (
      &request->json, body, "ptype", VM_SIGNAL_NAME_MAX, &ptype, NULL);
  return g_strcmp0 (name, "join") == 0 && g_strcmp0 (ptype, "publisher") == 0;
}

static void
note_request (VmJanusFilter *filter, const Request *request)
{
  if (strcmp (request->name, "create") == 0) {
    filter->creates = TRUE;
    filter->ends_session = filter->session;
    forget_session (filter);
  } else if (strcmp (request->name, "destroy") == 0) {
    forget_session (filter);
  } else if (strcmp (request->name, "detach") == 0) {
    forget_handle (filter, request->handle);
  } else if (request->traits & HAS_BODY && joins (request)) {
    if (filter->publisher != request->handle)
      filter->ends_handle = filter->publisher;
    forget_handle (filter, filter->ends_handle);
    filter->publisher = request->handle;
  }
}

static gchar *
write_end (const VmJanusFilter *filter, const gchar *type, gint64 session,
    gint64 handle)
{
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "janus", type);
  vm_json_append_member (out, "transaction", OWN);
  vm_json_append_int (out, "session_id", session);
  if (handle > 0)
    vm_json_append_int (out, "handle_id", handle);
  vm_json_append_member (out, "apisecret", filter->api_secret);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

gchar *
vm_janus_filter_take_end (VmJanusFilter *filter)
{
  gint64 session = filter->ends_session, handle = filter->ends_handle;

  filter->ends_session = filter->ends_handle = -1;
  if (session > 0)
    return write_end (filter, "destroy", session, -1);
  return handle > 0 ? write_end (filter, "detach", filter->session, handle)
                    : NULL;
}

gchar *
vm_janus_filter_request (VmJanusFilter *filter, const gchar *data, gsize size,
    gint64 now, gchar **answer)
{
  g_auto (Request) request = { .name = NULL };
  g_autoptr (GError) error = NULL;
  gchar *text = NULL;

  if (read_request (&request, data, size, &error)
      && check_request (filter, &request, now, &error))
    text = write_request (filter, &request, &error);
  if (text)
    note_request (filter, &request);
  else
    *answer = write_refusal (&request, error);
  return text;
}

/* Replies */

/* Janus writes none of these; if it ever does, they stay here. */
static gboolean
has_secret (const VmJson *json)
{
  VmJsonNode data =
      vm_json_get (json, vm_json_get (json, 0, "plugindata"), "data");

  return vm_json_get (json, 0, "apisecret") != VM_JSON_NONE
         || vm_json_get (json, data, "pin") != VM_JSON_NONE
         || vm_json_get (json, data, "secret") != VM_JSON_NONE;
}

static void
note_reply (VmJanusFilter *filter, const VmJson *json, const gchar *type)
{
  VmJsonNode data = vm_json_get (json, 0, "data");
  gint64 session = -1, sender = -1, id = -1;

  vm_json_get_int (json, 0, "session_id", 1, VM_JANUS_ID_MAX, &session, NULL);
  vm_json_get_int (json, 0, "sender", 1, VM_JANUS_ID_MAX, &sender, NULL);
  vm_json_get_int (json, data, "id", 1, VM_JANUS_ID_MAX, &id, NULL);
  if (session < 0 && filter->creates) {
    filter->creates = FALSE;
    filter->session = strcmp (type, "success") == 0 ? id : -1;
  } else if (session < 0 || session != filter->session) {
    return;
  } else if (strcmp (type, "success") == 0 && id > 0) {
    g_array_append_val (filter->handles, id);
  } else if (strcmp (type, "detached") == 0) {
    forget_handle (filter, sender);
  } else if (strcmp (type, "timeout") == 0) {
    forget_session (filter);
  }
}

gboolean
vm_janus_filter_reply (VmJanusFilter *filter, const gchar *data, gsize size)
{
  g_autofree gchar *type = NULL, *transaction = NULL;
  VmJson json;

  if (!vm_json_read_relayed (&json, data, size, NULL)
      || !vm_json_get_string (
          &json, 0, "janus", VM_SIGNAL_NAME_MAX, &type, NULL)
      || !type || has_secret (&json))
    return FALSE;
  vm_json_get_string (
      &json, 0, "transaction", VM_JANUS_TRANSACTION_MAX, &transaction, NULL);
  if (g_strcmp0 (transaction, OWN) == 0)
    return FALSE;
  note_reply (filter, &json, type);
  return TRUE;
}
