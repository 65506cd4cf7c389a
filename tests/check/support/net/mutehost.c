/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/mutehost.h"

static void
on_status (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer data)
{
  g_autoptr (GBytes) body = vm_device_info_to_status (((Mute *) data)->info);

  soup_server_message_set_response (message, "application/json",
      SOUP_MEMORY_COPY, g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  soup_server_message_set_status (message, 200, NULL);
}

static void
on_join (SoupServer *server, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer data)
{
  static const gchar grant[] =
      "{\"meetingId\":\"m\",\"webSocket\":\"ws://x/ws\",\"ticket\":\"t\","
      "\"expiresIn\":30,\"iceServers\":[],\"participants\":[]}";

  soup_server_message_set_response (
      message, "application/json", SOUP_MEMORY_STATIC, grant, sizeof grant - 1);
  soup_server_message_set_status (message, 200, NULL);
}

static gboolean
cut (gpointer socket)
{
  g_io_stream_close (
      soup_websocket_connection_get_io_stream (socket), NULL, NULL);
  return G_SOURCE_REMOVE;
}

static void
on_message (
    SoupWebsocketConnection *socket, gint type, GBytes *message, Mute *mute)
{
  gsize size;
  const gchar *text = g_bytes_get_data (message, &size);

  if (!g_strstr_len (text, size, "\"hello\""))
    return;
  mute->hellos++;
  mute->hello_at = g_get_monotonic_time ();
  if (mute->manner == MUTE_SILENT)
    return;
  if (mute->manner == MUTE_CUTS) {
    cut (socket);
    return;
  }
  if (g_strstr_len (text, size, "\"resume\""))
    soup_websocket_connection_send_text (socket,
        "{\"type\":\"welcome\",\"ack\":0,\"id\":\"p002\",\"resume\":\"t\","
        "\"resumed\":true,\"participants\":[]}");
  if (mute->manner == MUTE_RESUMES)
    g_timeout_add_full (G_PRIORITY_DEFAULT, MUTE_HOLD_MS, cut,
        g_object_ref (socket), g_object_unref);
}

static void
on_socket (SoupServer *server, SoupServerMessage *message, const char *path,
    SoupWebsocketConnection *socket, gpointer data)
{
  Mute *mute = data;

  g_ptr_array_add (mute->sockets, g_object_ref (socket));
  g_signal_connect (socket, "message", G_CALLBACK (on_message), mute);
}

/* Not from its URIs: libsoup loses an address for each. */
static guint16
get_port (SoupServer *server)
{
  g_autoptr (GSList) sockets = soup_server_get_listeners (server);
  g_autoptr (GSocketAddress) at =
      g_socket_get_local_address (sockets->data, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (at));
}

static void
listen_at (Mute *mute, const gchar *address)
{
  g_autoptr (GSocketAddress) at =
      g_inet_socket_address_new_from_string (address, mute->info->port);
  g_autoptr (GError) error = NULL;

  fail_unless (soup_server_listen (mute->server, at, 0, &error));
  g_assert_no_error (error);
  if (!mute->info->port)
    mute->info->port = get_port (mute->server);
}

Mute *
mute_new (MuteManner manner, guint n_addresses)
{
  static char *protocols[] = { (char *) "videomeet.v2", NULL };
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  Mute *mute = g_new0 (Mute, 1);

  mute->manner = manner;
  mute->sockets = g_ptr_array_new_with_free_func (g_object_unref);
  mute->info = vm_device_info_new ();
  g_free (mute->info->user);
  mute->info->user = g_strdup ("Mute");
  mute->info->device_id = g_strdup (vm_identity_get_device_id (identity));
  mute->info->meeting = g_strdup ("standup");
  mute->info->meeting_id = g_uuid_string_random ();
  mute->info->participants = 1;
  mute->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (mute->server, "/status", on_status, mute, NULL);
  soup_server_add_handler (mute->server, "/meetings/join", on_join, mute, NULL);
  soup_server_add_websocket_handler (
      mute->server, "/ws", NULL, protocols, on_socket, mute, NULL);
  for (guint i = 0; i < n_addresses; i++) {
    g_autofree gchar *address = g_strdup_printf ("127.0.0.%u", i + 1);

    listen_at (mute, address);
  }
  return mute;
}

void
mute_free (Mute *mute)
{
  for (guint i = 0; i < mute->sockets->len; i++) {
    g_signal_handlers_disconnect_by_data (mute->sockets->pdata[i], mute);
    cut (mute->sockets->pdata[i]);
  }
  g_ptr_array_unref (mute->sockets);
  soup_server_disconnect (mute->server);
  g_object_unref (mute->server);
  vm_device_info_free (mute->info);
  g_free (mute);
}

SoupWebsocketConnection *
mute_get_socket (Mute *mute)
{
  return mute->sockets->pdata[mute->sockets->len - 1];
}

void
mute_cut (Mute *mute)
{
  cut (mute_get_socket (mute));
}

guint
mute_count_doors (void)
{
  GList *devices = vm_node_list_devices (b.node);
  guint n = 0;

  for (GList *l = devices; l; l = l->next)
    if (vm_device_get_meeting_id (l->data))
      n += g_strv_length ((gchar **) vm_device_get_addresses (l->data));
  g_list_free_full (devices, g_object_unref);
  return n;
}

static void
add_peers (GString *peers, guint16 port, guint n_addresses)
{
  for (guint i = 0; i < n_addresses; i++)
    g_string_append_printf (
        peers, "%s127.0.0.%u:%u", peers->len ? "," : "", i + 1, port);
}

/* On the node's thread. */
static void
on_device (VmNode *node, VmDevice *device, gpointer data)
{
  g_main_context_wakeup (NULL);
}

void
mute_know (Mute *first, Mute *second, guint n_addresses)
{
  g_autoptr (GString) peers = g_string_new (NULL);
  guint16 port;

  fail_unless (vm_node_start (a.node, VM_NODE_ROLES_SERVE, NULL));
  port = vm_node_get_port (a.node);
  vm_node_stop (a.node, VM_NODE_ROLES_SERVE);
  g_object_set (a.node, "announce", VM_ANNOUNCE_FULL, "port", port, NULL);
  add_peers (peers, first->info->port, n_addresses);
  if (second)
    add_peers (peers, second->info->port, n_addresses);
  add_peers (peers, port, 1);
  g_object_set (
      b.node, "methods", VM_METHODS_MANUAL, "peers", peers->str, NULL);
  g_signal_connect (b.node, "device-added", G_CALLBACK (on_device), NULL);
  g_signal_connect (b.node, "device-changed", G_CALLBACK (on_device), NULL);
  fail_unless (vm_node_start (b.node, VM_NODE_ROLES_BROWSE, NULL));
  WAIT_FOR (mute_count_doors () == (second ? 2 : 1) * n_addresses);
}

void
mute_leave (void)
{
  vm_meeting_stop (b.meeting);
  vm_node_stop (b.node, VM_NODE_ROLES_BROWSE);
}
