/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A room of Janus over a WebSocket: the socket follows what the participant
 * wants. The server is the test's own. */

#include "program.h"

#include <gst/videomeet/client/janus/janusconnection.h>
#include <gst/videomeet/client/settle.h>
#include <libsoup/soup.h>
#include <string.h>

#define SOON_MS 60000

typedef struct
{
  SoupServer *server;
  gchar *uri;
  SoupWebsocketConnection *socket; /* the last one; NULL: none yet */
  guint sockets;
  guint claims;
  gboolean reclaims; /* gives a session back */
  gboolean mute;
} Server;

typedef struct
{
  VmJanusConnection *connection;
  GString *heard;
  const gchar *until; /* the word that ends a wait */
  gboolean done;
} Ann;

static Server server;

/* The server */

static void
answer (SoupWebsocketConnection *socket, const gchar *transaction,
    const gchar *format)
{
  g_auto (GStrv) parts = g_strsplit (format, "%T", 2);
  g_autofree gchar *text = g_strjoinv (transaction, parts);

  soup_websocket_connection_send_text (socket, text);
}

static const gchar *
choose_answer (const gchar *text)
{
  if (strstr (text, "\"create\""))
    return "{\"janus\":\"success\",\"transaction\":\"%T\",\"data\":{\"id\":7}}";
  if (strstr (text, "\"attach\""))
    return "{\"janus\":\"success\",\"transaction\":\"%T\",\"data\":{\"id\":8}}";
  if (strstr (text, "\"join\""))
    return "{\"janus\":\"event\",\"transaction\":\"%T\",\"sender\":8,"
           "\"plugindata\":{\"data\":{\"videoroom\":\"joined\",\"id\":31,"
           "\"publishers\":[]}}}";
  if (strstr (text, "\"listparticipants\""))
    return "{\"janus\":\"success\",\"transaction\":\"%T\",\"plugindata\":{"
           "\"data\":{\"videoroom\":\"participants\",\"participants\":["
           "{\"id\":31}]}}}";
  if (strstr (text, "\"claim\"") && !server.reclaims)
    return "{\"janus\":\"error\",\"transaction\":\"%T\",\"error\":{\"code\":"
           "458,\"reason\":\"No such session\"}}";
  return "{\"janus\":\"success\",\"transaction\":\"%T\"}";
}

static void
on_request (
    SoupWebsocketConnection *socket, gint type, GBytes *message, gpointer data)
{
  g_autofree gchar *text =
      g_strndup (g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  static const gchar key[] = "\"transaction\":\"";
  const gchar *found = strstr (text, key);
  g_autofree gchar *transaction =
      found ? g_strndup (
          found + strlen (key), strspn (found + strlen (key), "0123456789"))
            : NULL;

  server.claims += strstr (text, "\"claim\"") != NULL;
  if (transaction && !server.mute)
    answer (socket, transaction, choose_answer (text));
}

static void
on_socket (SoupServer *soup, SoupServerMessage *message, const char *path,
    SoupWebsocketConnection *socket, gpointer data)
{
  server.sockets++;
  g_set_object (&server.socket, socket);
  g_signal_connect (socket, "message", G_CALLBACK (on_request), NULL);
}

/* @protocol NULL: none is agreed on. */
static void
server_start (const gchar *protocol)
{
  char *protocols[] = { (char *) protocol, NULL };
  g_autoptr (GError) error = NULL;
  GSList *uris;

  memset (&server, 0, sizeof server);
  server.server = soup_server_new (NULL, NULL);
  soup_server_add_websocket_handler (server.server, NULL, NULL,
      protocol ? protocols : NULL, on_socket, NULL, NULL);
  soup_server_listen_local (
      server.server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (server.server);
  server.uri =
      g_strdup_printf ("ws://127.0.0.1:%d/", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
}

static void
server_stop (void)
{
  soup_server_disconnect (server.server);
  g_clear_object (&server.socket);
  g_clear_object (&server.server);
  g_free (server.uri);
}

/* The participant */

static void
on_event (
    VmJanusConnection *connection, const VmJanusEvent *event, gpointer data)
{
  static const gchar *const words[] = { [VM_JANUS_EVENT_JOINED] = "joined",
    [VM_JANUS_EVENT_LOST] = "lost",
    [VM_JANUS_EVENT_RETURNED] = "returned",
    [VM_JANUS_EVENT_CLOSED] = "closed",
    [VM_JANUS_EVENT_WARNING] = "warning" };
  const gchar *word =
      event->type < G_N_ELEMENTS (words) ? words[event->type] : "other";
  Ann *ann = data;

  g_string_append_printf (ann->heard, "%s%s", ann->heard->len ? " " : "", word);
  if (event->error)
    g_string_append_printf (
        ann->heard, ":%s", vm_error_get_code (event->error));
  ann->done |= g_strcmp0 (word, ann->until) == 0;
}

static void
ann_open (Ann *ann, const gchar *uri)
{
  const VmJanusClientConfig config = { .room = 4711, .display = "Ann" };
  g_autoptr (GError) error = NULL;

  memset (ann, 0, sizeof *ann);
  ann->heard = g_string_new (NULL);
  ann->connection =
      vm_janus_connection_new (uri, &config, on_event, ann, &error);
  g_assert_no_error (error);
  vm_janus_connection_start (ann->connection);
}

static gboolean
on_late (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Until the event @word, and then all that was heard is @events. */
static void
ann_hears (Ann *ann, const gchar *word, const gchar *events)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add (SOON_MS, on_late, &late);

  ann->until = word;
  ann->done = FALSE;
  while (!ann->done && !late)
    g_main_context_iteration (NULL, TRUE);
  fail_if (late, "heard %s", ann->heard->str);
  g_source_remove (timer);
  fail_unless_equals_string (ann->heard->str, events);
  g_string_truncate (ann->heard, 0);
}

static void
ann_close (Ann *ann)
{
  vm_janus_connection_close (ann->connection);
  g_clear_object (&ann->connection);
  g_string_free (ann->heard, TRUE);
  fail_unless (vm_settle (SOON_MS));
}

/* Cases */

GST_START_TEST (test_enters_and_leaves)
{
  Ann ann;

  server_start (VM_JANUS_PROTOCOL);
  ann_open (&ann, server.uri);
  ann_hears (&ann, "joined", "joined");
  vm_janus_connection_leave (ann.connection);
  ann_hears (&ann, "closed", "closed");
  ann_close (&ann);
  fail_unless_equals_int (server.sockets, 1);
  server_stop ();
}

GST_END_TEST;

static void
cut (void)
{
  g_io_stream_close (
      soup_websocket_connection_get_io_stream (server.socket), NULL, NULL);
}

GST_START_TEST (test_returns)
{
  Ann ann;

  server_start (VM_JANUS_PROTOCOL);
  server.reclaims = TRUE;
  ann_open (&ann, server.uri);
  ann_hears (&ann, "joined", "joined");
  cut ();
  ann_hears (&ann, "returned", "lost:DISCONNECTED returned");
  fail_unless_equals_int (server.sockets, 2);
  fail_unless_equals_int (server.claims, 1);
  ann_close (&ann);
  server_stop ();
}

GST_END_TEST;

GST_START_TEST (test_enters_again)
{
  Ann ann;

  server_start (VM_JANUS_PROTOCOL);
  ann_open (&ann, server.uri);
  ann_hears (&ann, "joined", "joined");
  cut ();
  ann_hears (&ann, "joined", "lost:DISCONNECTED joined");
  ann_close (&ann);
  server_stop ();
}

GST_END_TEST;

/* A message of more than 1 MiB is not read, and what comes after it neither. */
GST_START_TEST (test_message_is_too_long)
{
  g_autofree gchar *text = g_strnfill (VM_JSON_SIZE_MAX + 1, ' ');
  Ann ann;

  server_start (VM_JANUS_PROTOCOL);
  server.reclaims = TRUE;
  ann_open (&ann, server.uri);
  ann_hears (&ann, "joined", "joined");
  soup_websocket_connection_send_text (server.socket, text);
  ann_hears (&ann, "returned", "lost:DISCONNECTED returned");
  ann_close (&ann);
  server_stop ();
}

GST_END_TEST;

GST_START_TEST (test_server_speaks_another_protocol)
{
  Ann ann;

  server_start (NULL);
  ann_open (&ann, server.uri);
  ann_hears (&ann, "closed", "closed:BAD_MESSAGE");
  ann_close (&ann);
  server_stop ();
}

GST_END_TEST;

GST_START_TEST (test_nobody_listens)
{
  g_autofree gchar *uri = NULL;
  Ann ann;

  server_start (VM_JANUS_PROTOCOL);
  uri = g_strdup (server.uri);
  server_stop ();
  ann_open (&ann, uri);
  ann_hears (&ann, "closed", "closed:DISCONNECTED");
  ann_close (&ann);
}

GST_END_TEST;

/* At any time, with or without a socket: nothing is left, and nobody called. */
GST_START_TEST (test_owner_goes)
{
  for (guint turns = 0; turns < 40; turns += 3) {
    Ann ann;

    server_start (VM_JANUS_PROTOCOL);
    server.mute = turns % 2;
    ann_open (&ann, server.uri);
    for (guint i = 0; i < turns; i++)
      g_main_context_iteration (NULL, FALSE);
    g_string_truncate (ann.heard, 0);
    vm_janus_connection_close (ann.connection);
    g_clear_object (&ann.connection);
    fail_unless (vm_settle (SOON_MS));
    fail_unless_equals_string (ann.heard->str, "");
    g_string_free (ann.heard, TRUE);
    server_stop ();
  }
}

GST_END_TEST;

static Suite *
janusconnection_suite (void)
{
  Suite *s = suite_create ("janusconnection");
  TCase *tc = tcase_create ("janusconnection");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 80);
  tcase_add_test (tc, test_enters_and_leaves);
  tcase_add_test (tc, test_returns);
  tcase_add_test (tc, test_enters_again);
  tcase_add_test (tc, test_message_is_too_long);
  tcase_add_test (tc, test_server_speaks_another_protocol);
  tcase_add_test (tc, test_nobody_listens);
  tcase_add_test (tc, test_owner_goes);
  return s;
}

CHECK_PROGRAM (janusconnection)
