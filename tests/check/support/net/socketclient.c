/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/socketclient.h"

#include <gst/check/gstcheck.h>
#include <gst/videomeet/base/json/json.h>
#include <string.h>

#define POLLING "/socket.io/?EIO=4&transport=polling"

NetAnswer *
socket_poll (VmServer *server, const gchar *query)
{
  return net_ask (
      server, "GET " POLLING "%s HTTP/1.1\r\nHost: localhost\r\n\r\n", query);
}

NetAnswer *
socket_post (VmServer *server, const gchar *sid, const gchar *body, gsize size)
{
  g_autoptr (GString) request = g_string_new (NULL);
  g_autoptr (GIOStream) stream = net_connect (server);

  g_string_append_printf (request,
      "POST " POLLING "&sid=%s HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: text/plain;charset=UTF-8\r\n"
      "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
      sid, size);
  g_string_append_len (request, body, size);
  return net_ask_on (stream, request->str, request->len);
}

static gchar *
text_of (const gchar *packet, const gchar *start, const gchar *key)
{
  gchar *value = NULL;
  VmJson json;

  fail_unless (packet && g_str_has_prefix (packet, start), "%s", packet);
  packet += strlen (start);
  fail_unless (vm_json_read (&json, packet, strlen (packet), NULL));
  vm_json_get_string (&json, 0, key, 200, &value, NULL);
  fail_unless (value != NULL, "no %s in %s", key, packet);
  return value;
}

SocketClient *
socket_client_open (VmServer *server, gboolean polls, const gchar *query)
{
  SocketClient *client = g_new0 (SocketClient, 1);
  g_autofree gchar *path =
      g_strdup_printf ("/socket.io/?EIO=4&transport=websocket%s", query);
  g_autofree gchar *greeting = NULL;

  client->server = server;
  g_queue_init (&client->packets);
  if (polls) {
    g_autoptr (NetAnswer) answer = socket_poll (server, query);

    fail_unless (answer->status == 200, "%s", answer->text);
    greeting = g_strdup (answer->body);
  } else {
    g_autoptr (GError) error = NULL;

    client->socket = net_socket_open (server, path, NULL, &error);
    g_assert_no_error (error);
    greeting = net_socket_next (client->socket);
  }
  client->sid = text_of (greeting, "0", "sid");
  return client;
}

SocketClient *
socket_client_connect (VmServer *server, gboolean polls, const gchar *query)
{
  SocketClient *client = socket_client_open (server, polls, query);
  g_autofree gchar *answer = NULL;

  socket_client_say (client, "40");
  answer = socket_client_wait (client, "40");
  client->id = text_of (answer, "40", "sid");
  return client;
}

void
socket_client_free (SocketClient *client)
{
  g_clear_pointer (&client->socket, net_socket_free);
  g_queue_clear_full (&client->packets, g_free);
  g_free (client->sid);
  g_free (client->id);
  g_free (client);
}

void
socket_client_say (SocketClient *client, const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  if (client->socket) {
    net_socket_send (client->socket, "%s", text);
  } else {
    g_autoptr (NetAnswer) answer =
        socket_post (client->server, client->sid, text, strlen (text));

    fail_unless (answer->status == 200, "%s", answer->text);
    fail_unless_equals_string (answer->body, "ok");
  }
}

static void
poll_once (SocketClient *client)
{
  g_autofree gchar *query = g_strdup_printf ("&sid=%s", client->sid);
  g_autoptr (NetAnswer) answer = socket_poll (client->server, query);
  g_auto (GStrv) packets = g_strsplit (answer->body, "\x1e", -1);

  for (guint i = 0; answer->status == 200 && packets[i]; i++)
    g_queue_push_tail (&client->packets, g_strdup (packets[i]));
}

gchar *
socket_client_next (SocketClient *client)
{
  if (!client->packets.length && client->socket)
    return net_socket_next (client->socket);
  if (!client->packets.length)
    poll_once (client);
  return g_queue_pop_head (&client->packets);
}

void
socket_client_hears (SocketClient *client, const gchar *format, ...)
{
  g_autofree gchar *text = socket_client_next (client);
  g_autofree gchar *wanted = NULL;
  va_list args;

  va_start (args, format);
  wanted = g_strdup_vprintf (format, args);
  va_end (args);
  fail_unless_equals_string (text, wanted);
}

gchar *
socket_client_wait (SocketClient *client, const gchar *start)
{
  gchar *text;

  while (
      (text = socket_client_next (client)) && !g_str_has_prefix (text, start))
    g_free (text);
  fail_unless (text != NULL, "the session ended before %s", start);
  return text;
}
