/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/conn.h"
#include "base/hostcheck.h"
#include "base/text.h"
#include "server/access/proxies.h"
#include "server/server-priv.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* between two looks at interfaces */
#define ADDRESSES_AGE (2 * G_USEC_PER_SEC)

GInetAddress *
vm_inet_address_from_native (const struct sockaddr *addr)
{
  if (addr && addr->sa_family == AF_INET)
    return g_inet_address_new_from_bytes (
        (const guint8 *) &((const struct sockaddr_in *) addr)->sin_addr,
        G_SOCKET_FAMILY_IPV4);
  if (addr && addr->sa_family == AF_INET6)
    return g_inet_address_new_from_bytes (
        (const guint8 *) &((const struct sockaddr_in6 *) addr)->sin6_addr,
        G_SOCKET_FAMILY_IPV6);
  return NULL;
}

GList *
vm_server_local_addresses (VmServer *self)
{
  gint64 now = g_get_monotonic_time ();
  struct ifaddrs *list = NULL;

  if (self->addresses && now - self->addresses_read < ADDRESSES_AGE)
    return self->addresses;
  g_list_free_full (g_steal_pointer (&self->addresses), g_object_unref);
  self->addresses_read = now;
  if (getifaddrs (&list) != 0)
    return NULL;
  for (struct ifaddrs *i = list; i; i = i->ifa_next) {
    GInetAddress *address = vm_inet_address_from_native (i->ifa_addr);

    if (address)
      self->addresses = g_list_prepend (self->addresses, address);
  }
  freeifaddrs (list);
  return self->addresses;
}

/* Of a proxy on this machine that does not say whom it asks for, no right comes
 * from the address: it may be anybody, and shares only the limits. */
static void
set_address (VmConn *conn, GInetAddress *address, gboolean told)
{
  VmServer *self = conn->server;
  gboolean local = g_inet_address_get_is_loopback (address);
  g_autofree gchar *text = g_inet_address_to_string (address);
  g_autofree gchar *group =
      local && !told
          ? g_strconcat ("proxy ", text, NULL)
          : vm_address_group (address, vm_server_local_addresses (self));

  conn->address = vm_text_share (text);
  conn->group = vm_text_share (group);
  conn->told = told != FALSE;
  conn->loopback = local && told;
  /* a proxy speaks for many: each of its connections counts for its client */
  if (conn->proxy && g_inet_address_equal (conn->proxy, address))
    return;
  conn->count =
      GPOINTER_TO_UINT (g_hash_table_lookup (self->per_address, conn->group))
      + 1;
  g_hash_table_insert (self->per_address, g_strdup (conn->group),
      GUINT_TO_POINTER (conn->count));
}

static void
clear_address (VmConn *conn)
{
  VmServer *self = conn->server;
  guint count =
      GPOINTER_TO_UINT (g_hash_table_lookup (self->per_address, conn->group));

  if (conn->count && count > 1)
    g_hash_table_insert (self->per_address, g_strdup (conn->group),
        GUINT_TO_POINTER (count - 1));
  else if (conn->count)
    g_hash_table_remove (self->per_address, conn->group);
  conn->count = 0;
  g_clear_pointer (&conn->address, vm_text_unshare);
  g_clear_pointer (&conn->group, vm_text_unshare);
}

void
vm_conn_take_forwarded (VmConn *conn)
{
  g_autofree gchar *header = NULL;
  g_autofree gchar *address = NULL;
  g_autoptr (GInetAddress) client = NULL;
  gboolean told;

  header = vm_conn_get_header (conn, "x-forwarded-for");
  if (conn->proxy) {
    client = vm_proxies_find_client (
        conn->server->proxies, conn->proxy, header, &told);
  } else {
    /* nor of one that is not believed */
    client = g_inet_address_new_from_string (conn->address);
    told = !header;
  }
  address = g_inet_address_to_string (client);
  if (g_str_equal (address, conn->address) && told == conn->told)
    return;
  clear_address (conn);
  set_address (conn, client, told);
}

VmConn *
vm_conn_new (VmServer *self, GInetAddress *address)
{
  VmConn *conn = g_new0 (VmConn, 1);

  conn->server = self;
  conn->request = g_new0 (VmRequest, 1);
  if (vm_proxies_trust (self->proxies, address))
    conn->proxy = g_object_ref (address);
  set_address (conn, address, !conn->proxy);
  conn->since = conn->request->idle_since = g_get_monotonic_time ();
  g_hash_table_add (self->conns, conn);
  return conn;
}

gchar *
vm_conn_get_header (VmConn *conn, const gchar *name)
{
  return vm_request_head_get (&conn->request->head, name);
}

gchar *
vm_conn_get_argument (VmConn *conn, const gchar *name)
{
  return vm_request_head_get_argument (&conn->request->head, name);
}

void
vm_conn_set_query (VmConn *conn, gpointer query, GDestroyNotify free)
{
  VmRequest *request = conn->request;

  if (request->query)
    request->query_free (request->query);
  request->query = query;
  request->query_free = free;
}

gpointer
vm_conn_steal_query (VmConn *conn)
{
  return g_steal_pointer (&conn->request->query);
}

void
vm_conn_reset_request (VmConn *conn)
{
  VmRequest *request = conn->request;

  request->began = request->header_since = 0;
  request->idle_since = g_get_monotonic_time ();
  vm_request_head_clear (&request->head);
  request->head_only = request->closes = request->preflight = FALSE;
  request->policy = NULL;
  request->route = NULL;
  g_clear_pointer (&request->path, g_free);
  g_clear_pointer (&request->host, g_free);
  g_clear_pointer (&request->origin, g_free);
  g_clear_pointer (&conn->pass, g_free);
  g_clear_pointer (&request->body, g_byte_array_unref);
  g_clear_error (&request->refusal);
  request->refusal_status = 0;
  vm_conn_set_query (conn, NULL, NULL);
}

void
vm_conn_end_requests (VmConn *conn)
{
  VmRequest *request = conn->request;

  if (!request)
    return;
  if (request->answered)
    g_ptr_array_remove_fast (conn->server->answered, conn);
  if (request->wait)
    request->wait->forget (conn);
  vm_conn_set_query (conn, NULL, NULL);
  conn->request = NULL;
  g_free (request->host);
  g_free (request->origin);
  g_free (request->path);
  vm_request_head_clear (&request->head);
  g_clear_pointer (&request->input, g_byte_array_unref);
  g_clear_pointer (&request->body, g_byte_array_unref);
  g_clear_pointer (&request->answer, g_bytes_unref);
  g_clear_error (&request->refusal);
  g_free (request);
}

void
vm_conn_free (VmConn *conn)
{
  g_hash_table_remove (conn->server->conns, conn);
  conn->wsi = NULL;
  vm_conn_end_requests (conn);
  clear_address (conn);
  g_clear_object (&conn->proxy);
  g_free (conn->key);
  g_free (conn->pass);
  g_free (conn);
}

void
vm_conn_cut (VmConn *conn)
{
  if (conn->cut || !conn->wsi)
    return;
  conn->cut = TRUE;
  lws_set_timeout (conn->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
  /* libwebsockets looks at its own timers only after an event */
  lws_cancel_service (lws_get_context (conn->wsi));
}

int
vm_conn_write (VmConn *conn, guint8 *bytes, gsize size)
{
  return lws_write (conn->wsi, bytes, size, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

/* A socket that is closed while it has more to read loses what was sent: so
 * only this side is closed, and what still comes is dropped. */
void
vm_conn_drained (VmConn *conn)
{
  SSL *ssl = lws_get_ssl (conn->wsi);

  if (!conn->ended || lws_partial_buffered (conn->wsi))
    return;
  if (ssl && SSL_is_init_finished (ssl))
    SSL_shutdown (ssl);
  shutdown (lws_get_socket_fd (conn->wsi), SHUT_WR);
}

void
vm_conn_finish (VmConn *conn)
{
  if (conn->ended)
    return;
  conn->ended = TRUE;
  conn->deadline = g_get_monotonic_time () + VM_CLOSE_TIME;
  vm_conn_drained (conn);
}
