/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which path answers what (protocol/http.md#requests). */

#include "server/server-priv.h"
#include "server/serverrooms.h"

#include <string.h>

static int
not_found (VmConn *conn)
{
  g_autoptr (GError) error = g_error_new (
      VM_ERROR, VM_ERROR_NOT_FOUND, "There is nothing at this address");

  return vm_http_reply_error (conn, 0, error, FALSE);
}

static int
get_status (VmConn *conn)
{
  g_autoptr (VmDeviceInfo) info = vm_device_info_copy (conn->server->info);
  g_autoptr (GBytes) body = NULL;

  info->secure = conn->server->secure;
  vm_server_describe_hosted (conn->server, info);
  body = vm_device_info_to_status (info);
  return vm_http_reply_json (conn, 200, body);
}

static int
get_health (VmConn *conn)
{
  gboolean draining = conn->server->draining;
  gboolean waits =
      conn->server->cluster && vm_server_cluster_waits (conn->server->cluster);
  const gchar *text = draining ? "draining\n"
                      : waits  ? "waiting for NATS\n"
                               : "ok\n";
  g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));

  return vm_http_reply (conn, draining ? 503 : 200, "text/plain; charset=utf-8",
      NULL, body, FALSE);
}

static void
add_metric (GString *text, const gchar *name, const gchar *type,
    const gchar *help, guint64 value)
{
  g_string_append_printf (text,
      "# HELP videomeet_%s %s\n# TYPE videomeet_%s %s\n"
      "videomeet_%s %" G_GUINT64_FORMAT "\n",
      name, help, name, type, name, value);
}

static void
add_notifications (GString *text, VmNotify *notify)
{
  VmNotifyCounts counts;

  vm_notify_count (notify, &counts);
  add_metric (text, "notifications_sent_total", "counter",
      "Notifications that Gotify has taken.", counts.sent);
  add_metric (text, "notifications_refused_total", "counter",
      "Notifications that it has refused.", counts.refused);
  add_metric (text, "notifications_dropped_total", "counter",
      "Notifications that were too many to wait.", counts.dropped);
}

/* Prometheus text format 0.0.4, to this machine only
 * (protocol/http.md#requests). */
static int
get_metrics (VmConn *conn)
{
  VmServer *self = conn->server;
  VmRooms *rooms = self->rooms;
  GString *text;
  g_autoptr (GBytes) body = NULL;

  if (!conn->loopback)
    return not_found (conn);
  text = g_string_new (NULL);
  add_metric (text, "connections", "gauge", "Open connections.",
      g_hash_table_size (self->conns));
  add_metric (text, "connections_total", "counter", "Accepted connections.",
      self->counters.accepted);
  add_metric (text, "websockets", "gauge", "Open WebSockets.", self->n_ws);
  add_metric (text, "polling_sessions", "gauge",
      "Sessions of Socket.IO without a WebSocket.",
      vm_sessions_count_polling (self->sessions));
  add_metric (text, "http_requests_total", "counter", "HTTP requests read.",
      self->counters.requests);
  add_metric (text, "rooms", "gauge", "Rooms, hosted meetings included.",
      vm_rooms_count (rooms));
  add_metric (text, "participants", "gauge", "Participants in all rooms.",
      vm_rooms_count_members (rooms));
  add_metric (text, "draining", "gauge", "1 when nobody is admitted any more.",
      self->draining);
  add_metric (text, "messages_received_total", "counter",
      "Signalling messages read.", self->counters.messages_in);
  add_metric (text, "messages_sent_total", "counter",
      "Signalling messages written.", self->counters.messages_out);
  if (self->user_calls) {
    add_metric (text, "call_users", "gauge", "Users registered for calls.",
        vm_calls_count_users (self->user_calls));
    add_metric (text, "calls", "gauge", "Calls that ring or are under way.",
        vm_calls_count (self->user_calls));
  }
  if (self->notify)
    add_notifications (text, self->notify);
  body = g_string_free_to_bytes (text);
  return vm_http_reply (
      conn, 200, "text/plain; version=0.0.4", NULL, body, FALSE);
}

static int
get_file (VmConn *conn)
{
  const gchar *type = NULL;
  g_autoptr (GBytes) body =
      vm_web_read (conn->server->web_root, conn->request->path, &type);

  if (!body)
    return not_found (conn);
  return vm_http_reply (conn, 200, type, NULL, body, FALSE);
}

int
vm_route_get (VmConn *conn)
{
  if (strcmp (conn->request->path, "/status") == 0)
    return get_status (conn);
  if (strcmp (conn->request->path, "/healthz") == 0)
    return get_health (conn);
  if (strcmp (conn->request->path, "/metrics") == 0)
    return get_metrics (conn);
  if (vm_session_is_path (conn->request->path))
    return vm_route_session_get (conn);
  if (vm_trust_is_path (conn->request->path))
    return vm_route_trust (conn);
  if (vm_mesh_is_path (conn->request->path))
    return vm_mesh_get (conn);
  return get_file (conn);
}

int
vm_route_post (VmConn *conn)
{
  if (strcmp (conn->request->path, "/meetings/join") == 0)
    return vm_route_join (conn);
  if (strcmp (conn->request->path, "/meetings/guest") == 0)
    return vm_route_guest (conn);
  if (strcmp (conn->request->path, "/transfers") == 0)
    return vm_route_transfers (conn);
  if (vm_session_is_path (conn->request->path))
    return vm_route_session_post (conn);
  if (vm_approval_is_path (conn->request->path))
    return vm_route_approval (conn);
  if (vm_trust_is_path (conn->request->path))
    return vm_route_trust (conn);
  if (vm_mesh_is_path (conn->request->path))
    return vm_mesh_post (conn);
  return not_found (conn);
}
