/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/meshclient.h"

#include <gst/check/gstcheck.h>
#include <gst/videomeet/base/json/json.h>
#include <string.h>

NetAnswer *
mesh_post (const gchar *access_token, const gchar *path, const gchar *body)
{
  g_autofree gchar *header = access_token ? g_strdup_printf (
                                 "Authorization: Bearer %s\r\n", access_token)
                                          : g_strdup ("");

  return net_ask (server,
      "POST %s HTTP/1.1\r\nHost: localhost\r\n%s"
      "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      path, header, strlen (body), body);
}

NetAnswer *
mesh_get (const gchar *access_token, const gchar *path)
{
  g_autofree gchar *header = access_token ? g_strdup_printf (
                                 "Authorization: Bearer %s\r\n", access_token)
                                          : g_strdup ("");

  return net_ask (
      server, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", path, header);
}

gchar *
mesh_text_of (const gchar *text, const gchar *key)
{
  gchar *value = NULL;
  VmJson json;

  fail_unless (vm_json_read (&json, text, strlen (text), NULL), "%s", text);
  vm_json_get_string (&json, 0, key, 8192, &value, NULL);
  fail_unless (value != NULL, "no %s in %s", key, text);
  return value;
}

gchar *
mesh_session (const gchar *user)
{
  g_autofree gchar *body = g_strdup_printf ("{\"user\":\"%s\"}", user);
  g_autoptr (NetAnswer) answer = mesh_post (NULL, "/v2/sessions", body);

  fail_unless (answer->status == 200, "%s", answer->text);
  return mesh_text_of (answer->body, "access_token");
}

static MeshClient *
connect_client (gchar *access_token, const gchar *device_id, const gchar *query)
{
  MeshClient *client = g_new0 (MeshClient, 1);
  g_autofree gchar *path =
      g_strdup_printf ("/v2/ws?access_token=%s%s", access_token, query);
  g_autofree gchar *welcome = NULL;
  g_autoptr (GError) error = NULL;

  client->access_token = access_token;
  client->socket = net_socket_open (server, path, NULL, &error);
  g_assert_no_error (error);
  if (device_id) {
    g_auto (GStrv) parts = g_strsplit (device_id, "/", 2);

    mesh_say (client, "system.hello",
        "{\"peer_type\":\"agent\",\"version\":\"0.1.0\",\"device_id\":\"%s\","
        "\"instance\":\"%s\",\"fingerprint\":\"print of %s\","
        "\"endpoints\":[{\"ip\":\"192.0.2.1\",\"port\":45432}]}",
        parts[0], parts[1] ? parts[1] : "", device_id);
  } else
    mesh_say (client, "system.hello",
        "{\"peer_type\":\"client\",\"version\":\"1.0.0\"}");
  welcome = mesh_next (client, "system.welcome");
  client->id = mesh_text_of (welcome, "peer_id");
  client->user_id = mesh_text_of (welcome, "user_id");
  return client;
}

MeshClient *
mesh_open (const gchar *user, const gchar *device_id, const gchar *query)
{
  return connect_client (mesh_session (user), device_id, query);
}

MeshClient *
mesh_open_again (const MeshClient *of, const gchar *device_id)
{
  return connect_client (g_strdup (of->access_token), device_id, "");
}

MeshClient *
mesh_sit (const gchar *user, const gchar *device_id, guint others)
{
  MeshClient *client = mesh_open (user, device_id, "");

  mesh_say (client, "room.join", "{\"room_id\":\"standup\"}");
  for (guint i = 0; i <= others; i++)
    g_free (mesh_next (client, "room.joined"));
  return client;
}

void
mesh_free (MeshClient *client)
{
  net_socket_free (client->socket);
  g_free (client->access_token);
  g_free (client->user_id);
  g_free (client->id);
  g_free (client->from);
  g_free (client);
}

void
mesh_say (MeshClient *client, const gchar *type, const gchar *format, ...)
{
  g_autofree gchar *payload = NULL;
  va_list args;

  va_start (args, format);
  payload = g_strdup_vprintf (format, args);
  va_end (args);
  net_socket_send (client->socket,
      "{\"type\":\"%s\",\"id\":\"m-1\",\"timestamp\":\"2026-01-02T03:04:05Z\","
      "\"payload\":%s}",
      type, payload);
}

gchar *
mesh_next (MeshClient *client, const gchar *type)
{
  g_autofree gchar *text = net_socket_next (client->socket);
  g_autofree gchar *head = g_strdup_printf ("{\"type\":\"%s\",\"id\":", type);
  const gchar *payload = text ? strstr (text, ",\"payload\":") : NULL;

  fail_unless (
      text && g_str_has_prefix (text, head), "%s and not %s", text, type);
  fail_unless (payload != NULL);
  g_free (client->from);
  client->from = mesh_text_of (text, "from");
  payload += strlen (",\"payload\":");
  return g_strndup (payload, strlen (payload) - 1);
}

void
mesh_hears (MeshClient *client, const gchar *type, const gchar *format, ...)
{
  g_autofree gchar *payload = mesh_next (client, type);
  g_autofree gchar *wanted = NULL;
  va_list args;

  va_start (args, format);
  wanted = g_strdup_vprintf (format, args);
  va_end (args);
  fail_unless_equals_string (payload, wanted);
}

void
mesh_fails (MeshClient *client, const gchar *code)
{
  g_autofree gchar *payload = mesh_next (client, "error");
  g_autofree gchar *said = mesh_text_of (payload, "code");
  g_autofree gchar *to = mesh_text_of (payload, "in_reply_to");

  fail_unless_equals_string (said, code);
  fail_unless_equals_string (to, "m-1");
}

gchar *
mesh_mint (const MeshClient *client, const gchar *caps, const gchar *more)
{
  g_autofree gchar *body = g_strdup_printf ("{\"caps\":[%s]%s}", caps, more);
  g_autoptr (NetAnswer) answer =
      mesh_post (client->access_token, "/v2/rooms/standup/capabilities", body);

  fail_unless (answer->status == 200, "%s", answer->text);
  return mesh_text_of (answer->body, "cap_token");
}
