/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/fakejanus.h"

#include <gst/videomeet/base/json/json.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#define MESSAGE_MAX (4 * 1024 * 1024)

static gchar *
text_of (const VmJson *json, VmJsonNode object, const gchar *key)
{
  gchar *text = NULL;

  vm_json_get_string (json, object, key, 256, &text, NULL);
  return text;
}

/* What follows the transaction. */
static gchar *
choose_answer (FakeJanus *janus, const VmJson *json)
{
  VmJsonNode body = vm_json_get (json, 0, "body");
  g_autofree gchar *type = text_of (json, 0, "janus");
  g_autofree gchar *request = text_of (json, body, "request");
  gint64 session = 0;

  vm_json_get_int (json, 0, "session_id", 0, G_MAXINT64, &session, NULL);
  if (g_strcmp0 (type, "create") == 0)
    return g_strdup_printf (
        "\"janus\":\"success\",\"data\":{\"id\":%u}", ++janus->last_id);
  if (g_strcmp0 (type, "attach") == 0)
    return g_strdup_printf (
        "\"janus\":\"success\",\"session_id\":%" G_GINT64_FORMAT
        ",\"data\":{\"id\":%u}",
        session, ++janus->last_id);
  if (g_strcmp0 (request, "create") == 0)
    return g_strdup ("\"janus\":\"success\",\"plugindata\":{\"data\":{"
                     "\"videoroom\":\"created\"}}");
  if (g_strcmp0 (request, "join") == 0)
    return g_strdup ("\"janus\":\"event\",\"plugindata\":{\"data\":{"
                     "\"videoroom\":\"joined\",\"id\":31,\"publishers\":[]}}");
  return g_strdup_printf (
      "\"janus\":\"ack\",\"session_id\":%" G_GINT64_FORMAT, session);
}

static void
on_request (
    SoupWebsocketConnection *socket, gint type, GBytes *message, gpointer data)
{
  FakeJanus *janus = data;
  gsize size;
  const gchar *text = g_bytes_get_data (message, &size);
  g_autofree gchar *transaction = NULL, *rest = NULL, *answer = NULL;
  VmJson json;

  g_string_append_len (janus->asked, text, (gssize) size);
  g_string_append_c (janus->asked, '\n');
  fail_unless (vm_json_read (&json, text, size, NULL));
  transaction = text_of (&json, 0, "transaction");
  rest = choose_answer (janus, &json);
  answer = g_strdup_printf ("{\"transaction\":\"%s\",%s}", transaction, rest);
  soup_websocket_connection_send_text (socket, answer);
}

static void
on_socket (SoupServer *server, SoupServerMessage *message, const char *path,
    SoupWebsocketConnection *socket, gpointer data)
{
  FakeJanus *janus = data;

  soup_websocket_connection_set_max_incoming_payload_size (socket, MESSAGE_MAX);
  g_ptr_array_add (janus->sockets, g_object_ref (socket));
  g_signal_connect (socket, "message", G_CALLBACK (on_request), janus);
}

static void
on_early (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer data)
{
  FakeJanus *janus = data;

  if (!janus->holds)
    return;
  janus->held++;
  soup_server_message_pause (message);
}

FakeJanus *
fake_janus_new (void)
{
  FakeJanus *janus = g_new0 (FakeJanus, 1);
  char *protocols[] = { (char *) "janus-protocol", NULL };
  g_autoptr (GError) error = NULL;
  GSList *uris;

  janus->sockets = g_ptr_array_new_with_free_func (g_object_unref);
  janus->asked = g_string_new (NULL);
  janus->server = soup_server_new (NULL, NULL);
  soup_server_add_early_handler (janus->server, NULL, on_early, janus, NULL);
  soup_server_add_websocket_handler (
      janus->server, NULL, NULL, protocols, on_socket, janus, NULL);
  soup_server_listen_local (
      janus->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (janus->server);
  janus->port = g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  return janus;
}

void
fake_janus_free (FakeJanus *janus)
{
  for (guint i = 0; i < janus->sockets->len; i++)
    g_signal_handlers_disconnect_by_data (janus->sockets->pdata[i], janus);
  soup_server_disconnect (janus->server);
  g_object_unref (janus->server);
  g_ptr_array_unref (janus->sockets);
  g_string_free (janus->asked, TRUE);
  g_free (janus);
}

void
fake_janus_say (FakeJanus *janus, const gchar *text)
{
  fail_unless (janus->sockets->len > 0);
  soup_websocket_connection_send_text (
      janus->sockets->pdata[janus->sockets->len - 1], text);
}

void
fake_janus_cut (FakeJanus *janus)
{
  for (guint i = 0; i < janus->sockets->len; i++) {
    SoupWebsocketConnection *socket = janus->sockets->pdata[i];

    if (soup_websocket_connection_get_state (socket)
        == SOUP_WEBSOCKET_STATE_OPEN)
      soup_websocket_connection_close (socket, 1001, NULL);
  }
}

static gboolean
has_all (const gchar *line, const gchar *part, va_list more)
{
  for (; part; part = va_arg (more, const gchar *)) {
    if (!strstr (line, part))
      return FALSE;
  }
  return TRUE;
}

gboolean
fake_janus_was_asked (FakeJanus *janus, const gchar *part, ...)
{
  g_auto (GStrv) lines = g_strsplit (janus->asked->str, "\n", -1);
  gboolean found = FALSE;

  for (guint i = 0; lines[i] && !found; i++) {
    va_list more;

    va_start (more, part);
    found = has_all (lines[i], part, more);
    va_end (more);
  }
  return found;
}
