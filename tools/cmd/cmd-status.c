/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/commands.h"
#include "cmd/target.h"

#include <libsoup/soup.h>
#include <string.h>

#define STATUS_TIMEOUT 5 /* seconds, for all of the answer */
#define STATUS_MAX 65536 /* bytes of an answer; security.md#limits */
#define VALUE_MAX 256 /* characters shown of a value */
#define READ_SIZE 4096 /* bytes at once */

/* The certificates are self-signed: what makes one right is that its key
 * hashes to the device id, which is compared once the answer is there. */
static gboolean
on_certificate (SoupMessage *message, GTlsCertificate *certificate,
    GTlsCertificateFlags flaws, gpointer user_data)
{
  gchar **key_hash = user_data;

  g_free (*key_hash);
  *key_hash = vm_key_hash_from_certificate (certificate);
  return *key_hash != NULL;
}

/* One question, and what has come of the answer. */
typedef struct
{
  GMainLoop *loop;
  GCancellable *cancellable;
  GInputStream *stream;
  GByteArray *body;
  gboolean answered; /* libsoup has the answer */
  gboolean late;
  GError *error;
} Question;

static void
on_got_headers (SoupMessage *message, Question *self)
{
  self->answered = TRUE;
}

static gboolean
on_deadline (gpointer user_data)
{
  Question *self = user_data;

  self->late = TRUE;
  /* in between libsoup up to 3.6.5 frees the request twice (9ba1243a there) */
  if (!self->answered || self->stream)
    g_cancellable_cancel (self->cancellable);
  return G_SOURCE_CONTINUE;
}

static void on_read (GObject *source, GAsyncResult *result, gpointer user_data);

static void
read_more (Question *self)
{
  g_input_stream_read_bytes_async (self->stream, READ_SIZE, G_PRIORITY_DEFAULT,
      self->cancellable, on_read, self);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Question *self = user_data;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (
      G_INPUT_STREAM (source), result, &self->error);
  gsize size = bytes ? g_bytes_get_size (bytes) : 0;

  if (self->body->len + size > STATUS_MAX) {
    g_set_error_literal (&self->error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The answer is longer than 64 KiB.");
    size = 0;
  }
  if (size == 0) {
    g_main_loop_quit (self->loop);
    return;
  }
  g_byte_array_append (self->body, g_bytes_get_data (bytes, NULL), size);
  read_more (self);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Question *self = user_data;

  self->stream =
      soup_session_send_finish (SOUP_SESSION (source), result, &self->error);
  if (self->stream && !self->late)
    read_more (self);
  else
    g_main_loop_quit (self->loop);
}

/* The whole of the answer, or NULL: in time, however slowly it drips. */
static GBytes *
exchange (SoupMessage *message, GError **error)
{
  g_autoptr (SoupSession) session = soup_session_new ();
  Question self = { .loop = g_main_loop_new (NULL, FALSE),
    .cancellable = g_cancellable_new (),
    .body = g_byte_array_new () };
  guint deadline = g_timeout_add_seconds (STATUS_TIMEOUT, on_deadline, &self);

  g_signal_connect (message, "got-headers", G_CALLBACK (on_got_headers), &self);
  soup_session_send_async (
      session, message, G_PRIORITY_DEFAULT, self.cancellable, on_sent, &self);
  g_main_loop_run (self.loop);
  g_source_remove (deadline);
  if (self.late) {
    g_clear_error (&self.error);
    g_set_error_literal (
        &self.error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "too late");
  }
  g_signal_handlers_disconnect_by_data (message, &self);
  g_main_loop_unref (self.loop);
  g_object_unref (self.cancellable);
  g_clear_object (&self.stream);
  if (!self.error)
    return g_byte_array_free_to_bytes (self.body);
  g_byte_array_unref (self.body);
  g_propagate_error (error, self.error);
  return NULL;
}

static void
explain (GError **error, const gchar *place, gboolean secure)
{
  GError *e = *error;
  g_autofree gchar *message = NULL;
  gint code = VM_ERROR_FAILED;

  if (e->domain == VM_ERROR)
    return;
  if (g_error_matches (e, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    message = g_strdup_printf ("Nothing listens at %s.", place);
  else if (g_error_matches (e, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) {
    code = VM_ERROR_TIMEOUT;
    message = g_strdup_printf ("%s did not answer within 5 s.", place);
  } else if (e->domain == G_TLS_ERROR
             || (secure
                 && g_error_matches (
                     e, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)))
    message = g_strdup_printf (
        "%s does not speak TLS as a device does (%s). A device that was "
        "started with --insecure answers to 'videomeet status --insecure'.",
        place, e->message);
  else if (!secure
           && (g_error_matches (e, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)
               || g_error_matches (e, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT)))
    message = g_strdup_printf (
        "%s does not speak plain HTTP; ask without --insecure.", place);
  else
    message = g_strdup_printf ("%s cannot be asked: %s.", place, e->message);
  g_clear_error (error);
  g_set_error_literal (error, VM_ERROR, code, message);
}

static JsonNode *
parse_answer (guint http_status, GBytes *body, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);

  if (http_status != SOUP_STATUS_OK) {
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "The answer to GET /status is %u %s.", http_status,
        soup_status_get_phrase (http_status));
    return NULL;
  }
  if (!data || !g_utf8_validate (data, size, NULL)
      || !json_parser_load_from_data (parser, data, size, NULL)
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser))) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "What answers there is no videomeet device: it sent no JSON object.");
    return NULL;
  }
  return json_parser_steal_root (parser);
}

static JsonNode *
ask (const gchar *base, gchar **key_hash, GError **error)
{
  g_autofree gchar *uri = g_strconcat (base, "/status", NULL);
  gboolean secure = g_str_has_prefix (base, "https:");
  g_autoptr (SoupMessage) message = soup_message_new ("GET", uri);
  g_autoptr (GBytes) body = NULL;

  if (!message) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_BAD_REQUEST, "'%s' is no address.", base);
    return NULL;
  }
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  g_signal_connect (
      message, "accept-certificate", G_CALLBACK (on_certificate), key_hash);
  body = exchange (message, error);
  if (!body) {
    explain (error, strstr (base, "://") + 3, secure);
    return NULL;
  }
  return parse_answer (soup_message_get_status (message), body, error);
}

static const gchar *
text (JsonObject *object, const gchar *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node && JSON_NODE_HOLDS_VALUE (node)
                 && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

/* security.md#announced-id: announced id = hash of the key in TLS = deviceId in
 * the body. */
static gboolean
check_key (JsonObject *status, const gchar *key_hash, GError **error)
{
  const gchar *id = text (status, "deviceId");
  const gchar *said = text (status, "keyHash");
  g_autofree gchar *shown = vm_device_id_from_key_hash (key_hash);

  if (said && *said && g_strcmp0 (said, key_hash) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The device says its key is %s, but TLS presents %s: do not trust "
        "what answers there.",
        said, key_hash);
    return FALSE;
  }
  if (id && *id && g_strcmp0 (id, shown) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The device says its id is %s, but its key belongs to %s: do not "
        "trust what answers there.",
        id, shown);
    return FALSE;
  }
  return TRUE;
}

static void
print_row (VmtOutput *output, const gchar *label, const gchar *value)
{
  g_autofree gchar *safe = vmt_text_safe (value);
  g_autofree gchar *cut = vmt_text_cut (safe, VALUE_MAX);

  if (*cut)
    vmt_output_line (output, VMT_STYLE_PLAIN, "%-14s%s", label, cut);
}

static gint64
number (JsonObject *object, const gchar *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_int (node) : 0;
}

static gchar *
capabilities (JsonObject *status)
{
  JsonNode *node = json_object_get_member (status, "capabilities");
  GString *out = g_string_new (NULL);

  if (node && JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);

    for (guint i = 0; i < json_array_get_length (array); i++) {
      JsonNode *element = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_VALUE (element)
          && json_node_get_value_type (element) == G_TYPE_STRING)
        g_string_append_printf (
            out, "%s%s", out->len ? ", " : "", json_node_get_string (element));
    }
  }
  return g_string_free (out, FALSE);
}

static void
print_status (VmtOutput *output, const gchar *base, JsonObject *status,
    const gchar *key_hash)
{
  g_autofree gchar *can = capabilities (status);
  g_autofree gchar *id =
      key_hash ? vm_device_id_from_key_hash (key_hash) : NULL;
  JsonNode *meeting = json_object_get_member (status, "meeting");

  print_row (output, "user", text (status, "user"));
  print_row (output, "device", text (status, "device"));
  print_row (output, "status", text (status, "status"));
  print_row (output, "version", text (status, "version"));
  print_row (output, "capabilities", can);
  if (meeting && JSON_NODE_HOLDS_OBJECT (meeting)) {
    JsonObject *m = json_node_get_object (meeting);
    g_autofree gchar *line = g_strdup_printf (
        "%s, %s, %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " seats taken",
        text (m, "name") ? text (m, "name") : "private",
        text (m, "state") ? text (m, "state") : "state unknown",
        number (status, "participants"), number (status, "maxParticipants"));

    /* one that is hidden has no id, and nobody is counted */
    print_row (output, "meeting", text (m, "id") ? line : "not shown");
  } else
    print_row (output, "meeting", "none");
  print_row (output, "address", base);
  print_row (output, "device id", id ? id : text (status, "deviceId"));
  print_row (output, "key", key_hash ? key_hash : text (status, "keyHash"));
  if (key_hash)
    vmt_output_line (output, VMT_STYLE_GOOD,
        "The device proved by TLS that it holds this key.");
  else
    vmt_output_line (output, VMT_STYLE_BAD,
        "Asked over plain HTTP: nothing of this is proven.");
}

gint
vmt_cmd_status (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *base = NULL, *key_hash = NULL;
  g_autoptr (JsonNode) answer = NULL;
  JsonObject *status, *event;

  base = vmt_target_parse_address (options->target, options->insecure, &error);
  if (!base) {
    vmt_output_error (output, NULL, error->message);
    return VMT_EXIT_USAGE;
  }
  answer = ask (base, &key_hash, &error);
  if (!answer
      || (key_hash
          && !check_key (json_node_get_object (answer), key_hash, &error))) {
    vmt_output_error (output, vm_error_to_code (error->code), error->message);
    return VMT_EXIT_FAILED;
  }

  status = json_node_get_object (answer);
  event = vmt_event_new ("status");
  vmt_event_add_string (event, "uri", base);
  json_object_set_boolean_member (event, "keyProven", key_hash != NULL);
  vmt_event_add_members (event, status);
  vmt_output_event (output, event);
  print_status (output, base, status, key_hash);
  return VMT_EXIT_OK;
}
