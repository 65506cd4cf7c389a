/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sockets of the server. They are bound here and not by libwebsockets, so
 * that a taken port is an error of vm_server_start(), both families share one
 * port, and connections are counted before they cost a TLS handshake. */

#include "server/server-priv.h"
#include "base/hostcheck.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_TRIES 64 /* "the next free port" is looked for among these */
/* between two looks at interfaces */
#define ADDRESSES_AGE (2 * G_USEC_PER_SEC)

static GSocket *
bind_one (GSocketFamily family, gboolean loopback, guint16 port, GError **error)
{
  g_autoptr (GInetAddress) address = loopback
                                         ? g_inet_address_new_loopback (family)
                                         : g_inet_address_new_any (family);
  g_autoptr (GSocketAddress) bound = g_inet_socket_address_new (address, port);
  g_autoptr (GSocket) socket =
      g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  if (!socket)
    return NULL;
  if (family == G_SOCKET_FAMILY_IPV6)
    g_socket_set_option (socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, NULL);
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, VM_ACCEPTED_AT_ONCE);
  if (!g_socket_bind (socket, bound, TRUE, error)
      || !g_socket_listen (socket, error))
    return NULL;
  return g_steal_pointer (&socket);
}

static guint16
bound_port (GSocket *socket)
{
  g_autoptr (GSocketAddress) address =
      g_socket_get_local_address (socket, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

/* Both families on one port; a machine without IPv6 serves IPv4 alone. */
static gboolean
bind_port (VmServer *self, gboolean loopback, guint16 port, GError **error)
{
  g_autoptr (GError) v6_error = NULL;

  self->sockets[0] = bind_one (G_SOCKET_FAMILY_IPV4, loopback, port, error);
  if (!self->sockets[0])
    return FALSE;
  self->port = bound_port (self->sockets[0]);
  self->sockets[1] =
      bind_one (G_SOCKET_FAMILY_IPV6, loopback, self->port, &v6_error);
  if (g_error_matches (v6_error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)) {
    g_clear_object (&self->sockets[0]);
    g_propagate_error (error, g_steal_pointer (&v6_error));
    return FALSE;
  }
  return TRUE;
}

gboolean
vm_server_bind (VmServer *self, const VmServerConfig *config, GError **error)
{
  guint tries = config->port_explicit && config->port ? 1 : PORT_TRIES;

  for (guint i = 0; i < tries; i++) {
    /* past the last port, the system chooses */
    guint16 port =
        config->port && config->port + i <= G_MAXUINT16 ? config->port + i : 0;
    g_autoptr (GError) reason = NULL;

    if (bind_port (self, config->loopback_only, port, &reason))
      return TRUE;
    if (!g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)) {
      g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
          "The server cannot listen on port %u: %s", port, reason->message);
      return FALSE;
    }
  }
  g_set_error (error, VM_ERROR, VM_ERROR_PORT_IN_USE,
      config->port_explicit ? "Port %u is in use by another program"
                            : "No port from %u on is free",
      config->port);
  return FALSE;
}

static GInetAddress *
address_of (const struct sockaddr *addr)
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

/* The addresses of this machine, read again when they are old. */
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
    GInetAddress *address = address_of (i->ifa_addr);

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

  header = vm_http_header (conn, WSI_TOKEN_X_FORWARDED_FOR);
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

static VmConn *
conn_new (VmServer *self, GInetAddress *address)
{
  VmConn *conn = g_new0 (VmConn, 1);

  conn->server = self;
  conn->request = g_new0 (VmRequest, 1);
  if (vm_proxies_trust (self->proxies, address))
    conn->proxy = g_object_ref (address);
  set_address (conn, address, !conn->proxy);
  conn->since = g_get_monotonic_time ();
  g_hash_table_add (self->conns, conn);
  return conn;
}

void
vm_conn_end_requests (VmConn *conn)
{
  VmRequest *request = conn->request;

  if (!request)
    return;
  if (request->answered)
    g_ptr_array_remove_fast (conn->server->answered, conn);
  vm_trust_forget (conn);
  vm_join_forget (conn);
  vm_session_forget (conn);
  conn->request = NULL;
  g_free (request->host);
  g_free (request->origin);
  g_free (request->path);
  g_clear_pointer (&request->body, g_byte_array_unref);
  g_clear_error (&request->refusal);
  g_clear_pointer (&request->ticket, vm_ticket_free);
  g_free (request->shared_ticket);
  g_clear_pointer (&request->transfer_guest, vm_transfer_guest_free);
  g_free (request->pin);
  g_free (request->call_user);
  g_free (request->call_name);
  g_free (request->call_other);
  g_free (request->call_id);
  g_free (request->mesh_user_id);
  g_free (request->mesh_user);
  g_free (request);
}

void
vm_conn_free (VmConn *conn)
{
  VmServer *self = conn->server;

  g_hash_table_remove (self->conns, conn);
  g_clear_pointer (&conn->ws, vm_ws_free);
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

/* Many addresses together can hold more than one may: whoever has waited
 * longest without a request goes, so that a newcomer has time for its own. */
static void
make_room (VmServer *self)
{
  GHashTableIter iter;
  gpointer key;
  VmConn *victim = NULL;

  if (g_hash_table_size (self->conns) - self->n_ws < VM_CONNECTIONS_MAX)
    return;
  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    VmConn *conn = key;

    /* a poll that waits is no idle connection */
    if (!conn->request || conn->cut || !conn->wsi || conn->request->session
        || conn->request->keeping || conn->request->forward)
      continue;
    if (!victim || conn->asked < victim->asked
        || (conn->asked == victim->asked && conn->since < victim->since))
      victim = conn;
  }
  if (victim)
    vm_conn_cut (victim);
}

static void
adopt (VmServer *self, int fd, GInetAddress *address)
{
  VmConn *conn;
  struct lws *wsi;
  int one = 1;
  lws_adopt_desc_t desc = {
    .vh = self->vhost,
    .type = LWS_ADOPT_HTTP | LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL,
    .fd = { .sockfd = fd },
  };

  self->counters.accepted++;
  make_room (self);
  desc.opaque = conn = conn_new (self, address);
  if (conn->count > self->max_per_address + VM_CONNECTIONS_REFUSED_MAX) {
    vm_conn_free (conn);
    close (fd);
    return;
  }
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  /* LWS_CALLBACK_WSI_DESTROY frees the connection, also when this fails */
  wsi = lws_adopt_descriptor_vhost_via_info (&desc);
  if (wsi)
    conn->wsi = wsi;
}

static void
on_acceptable (uv_poll_t *poll, int status, int events)
{
  VmServer *self = poll->data;
  int listener = -1, fd;

  uv_fileno ((uv_handle_t *) poll, &listener);
  /* not until none is left: who is connected already has a turn as well */
  for (guint i = 0; i < VM_ACCEPTED_AT_ONCE; i++) {
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    g_autoptr (GInetAddress) address = NULL;

    fd = accept4 (listener, (struct sockaddr *) &from, &size,
        SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      /* out of descriptors the socket stays readable: the timer tries again */
      if (errno == EMFILE || errno == ENFILE)
        uv_poll_stop (poll);
      return;
    }
    address = address_of ((struct sockaddr *) &from);
    if (address)
      adopt (self, fd, address);
    else
      close (fd);
  }
}

void
vm_server_listen (VmServer *self)
{
  for (guint i = 0; i < VM_NET_LISTENERS; i++) {
    if (!self->sockets[i])
      continue;
    uv_poll_init_socket (
        &self->loop, &self->polls[i], g_socket_get_fd (self->sockets[i]));
    self->polls[i].data = self;
  }
  vm_server_accept (self);
}

void
vm_server_accept (VmServer *self)
{
  for (guint i = 0; i < VM_NET_LISTENERS; i++) {
    if (self->sockets[i])
      uv_poll_start (&self->polls[i], UV_READABLE, on_acceptable);
  }
}

void
vm_server_pause (VmServer *self)
{
  for (guint i = 0; i < VM_NET_LISTENERS; i++) {
    if (self->sockets[i] && uv_is_active ((uv_handle_t *) &self->polls[i]))
      uv_poll_stop (&self->polls[i]);
  }
}

void
vm_server_unlisten (VmServer *self)
{
  for (guint i = 0; i < VM_NET_LISTENERS; i++) {
    if (self->sockets[i])
      uv_close ((uv_handle_t *) &self->polls[i], NULL);
  }
}
