/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sockets of the server. They are bound here and not by libwebsockets, so
 * that a taken port is an error of vm_server_start(), both families share one
 * port, and connections are counted before they cost a TLS handshake. */

#include "server/loop/listen.h"
#include "server/conn.h"
#include "server/server-priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_TRIES 64 /* "the next free port" is looked for among these */

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
    if (!conn->request || conn->cut || !conn->wsi
        || (conn->request->wait && !conn->request->wait->yields))
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
    .type = LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL,
    .fd = { .sockfd = fd },
  };

  self->counters.accepted++;
  make_room (self);
  desc.opaque = conn = vm_conn_new (self, address);
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
    address = vm_inet_address_from_native ((struct sockaddr *) &from);
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
