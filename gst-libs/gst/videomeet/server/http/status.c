/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/http/status.h"
#include "base/json/json.h"
#include "server/http/http.h"
#include "server/http/response.h"
#include "server/hostseat.h"
#include "server/server-priv.h"
#include "server/servercluster.h"
#include "server/serverrooms.h"

#include <string.h>

/* What a browser shows of the certificate, where that is the device's own
 * (protocol/http.md#fingerprint). */
static void
append_fingerprint (GString *out, VmConn *conn)
{
  VmServer *self = conn->server;
  GTlsCertificate *certificate =
      vm_identity_get_tls_certificate (self->identity);
  g_autoptr (GByteArray) der = NULL;
  g_autofree gchar *sum = NULL;

  if (!self->secure || vm_http_is_named (self, conn->request->host)) {
    vm_json_append_null (out, "certificate");
    return;
  }
  g_object_get (certificate, "certificate", &der, NULL);
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, der->data, der->len);
  vm_json_append_member (out, "certificate", sum);
}

/* Of the interfaces: IPv4 before IPv6, of each the kernel's first; NULL: there
 * is no network. */
static gchar *
find_address (VmServer *self)
{
  GInetAddress *best = NULL;

  /* the kernel's last is the list's first */
  for (GList *l = vm_server_local_addresses (self); l; l = l->next) {
    if (g_inet_address_get_is_loopback (l->data)
        || g_inet_address_get_is_link_local (l->data))
      continue;
    if (!best || g_inet_address_get_family (l->data) == G_SOCKET_FAMILY_IPV4
        || g_inet_address_get_family (best) == G_SOCKET_FAMILY_IPV6)
      best = l->data;
  }
  return best ? g_inet_address_to_string (best) : NULL;
}

/* The host and port of a link that others can open, for the page of this
 * machine, which may have been opened as localhost (protocol/http.md#address).
 */
static void
append_address (GString *out, VmConn *conn)
{
  VmServer *self = conn->server;
  gboolean only_here = self->is_trustworthy && !self->secure;
  const gchar *name = self->named ? vm_named_cert_get_name (self->named) : NULL;
  g_autofree gchar *host = NULL;
  g_autofree gchar *address = NULL;

  if (!conn->loopback)
    return;
  /* many phones do not know mDNS */
  if (name && !g_str_has_suffix (name, ".local"))
    host = g_strdup (name);
  else if (!only_here)
    host = self->address ? g_strdup (self->address) : find_address (self);
  /* no browser takes a zone */
  if (!host || strchr (host, '%')) {
    vm_json_append_null (out, "address");
    return;
  }
  address = g_strdup_printf (
      strchr (host, ':') ? "[%s]:%u" : "%s:%u", host, (guint) self->port);
  vm_json_append_member (out, "address", address);
}

int
vm_http_get_status (VmConn *conn)
{
  g_autoptr (VmDeviceInfo) info = vm_device_info_copy (conn->server->info);
  GString *out = g_string_new ("{");
  g_autoptr (GBytes) body = NULL;

  info->secure = conn->server->secure;
  vm_server_describe_hosted (conn->server, info);
  vm_device_info_append_status (out, info);
  append_fingerprint (out, conn);
  append_address (out, conn);
  g_string_append_c (out, '}');
  body = g_string_free_to_bytes (out);
  return vm_http_reply_json (conn, 200, body);
}

static void
append_names (GString *out, VmRoom *room)
{
  g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);

  vm_room_list (room, list, NULL);
  g_string_append_c (out, '[');
  for (guint i = 0; i < list->participants->len; i++) {
    const VmSignalParticipant *who = g_ptr_array_index (list->participants, i);

    if (i)
      g_string_append_c (out, ',');
    vm_json_append_string (out, who->user ? who->user : "");
  }
  g_string_append_c (out, ']');
}

/* A device that hides its id hides its meeting, too. */
int
vm_http_get_people (VmConn *conn)
{
  VmRoom *room = vm_server_find_hosted (conn->server);
  gboolean told =
      room && conn->server->info->device_id && vm_room_shows_who (room);
  GString *out = g_string_new ("{");
  g_autoptr (GBytes) body = NULL;

  vm_json_append_key (out, "participants");
  if (told)
    append_names (out, room);
  else
    g_string_append (out, "null");
  g_string_append_c (out, '}');
  body = g_string_free_to_bytes (out);
  return vm_http_reply_json (conn, 200, body);
}

int
vm_http_get_health (VmConn *conn)
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

void
vm_http_add_metric (GString *text, const gchar *name, const gchar *type,
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
  vm_http_add_metric (text, "notifications_sent_total", "counter",
      "Notifications that Gotify has taken.", counts.sent);
  vm_http_add_metric (text, "notifications_refused_total", "counter",
      "Notifications that it has refused.", counts.refused);
  vm_http_add_metric (text, "notifications_dropped_total", "counter",
      "Notifications that were too many to wait.", counts.dropped);
}

/* Prometheus text format 0.0.4, to this machine only
 * (protocol/http.md#requests). */
int
vm_http_get_metrics (VmConn *conn)
{
  VmServer *self = conn->server;
  VmRooms *rooms = self->rooms;
  GString *text;
  g_autoptr (GBytes) body = NULL;

  if (!conn->loopback)
    return vm_http_reply_not_found (conn);
  text = g_string_new (NULL);
  vm_http_add_metric (text, "connections", "gauge", "Open connections.",
      g_hash_table_size (self->conns));
  vm_http_add_metric (text, "connections_total", "counter",
      "Accepted connections.", self->counters.accepted);
  vm_http_add_metric (
      text, "websockets", "gauge", "Open WebSockets.", self->n_ws);
  vm_http_add_metric (text, "http_requests_total", "counter",
      "HTTP requests read.", self->counters.requests);
  vm_http_add_metric (text, "rooms", "gauge",
      "Rooms, hosted meetings included.", vm_rooms_count (rooms));
  vm_http_add_metric (text, "participants", "gauge",
      "Participants in all rooms.", vm_rooms_count_members (rooms));
  vm_http_add_metric (text, "draining", "gauge",
      "1 when nobody is admitted any more.", self->draining);
  vm_http_add_metric (text, "messages_received_total", "counter",
      "Signalling messages read.", self->counters.messages_in);
  vm_http_add_metric (text, "messages_sent_total", "counter",
      "Signalling messages written.", self->counters.messages_out);
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->add_metrics)
      self->protocols[i]->add_metrics (self->states[i], text);
  }
  if (self->notify)
    add_notifications (text, self->notify);
  body = g_string_free_to_bytes (text);
  return vm_http_reply (
      conn, 200, "text/plain; version=0.0.4", NULL, body, FALSE);
}
