/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/udp.h"
#include "discovery/udpsocket.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include <glib-unix.h>

#define BATCH 64 /* datagrams read before other work has its turn */
#define REPLIES_MAX 64 /* replies waiting for their delay */

/* ms after a start or a change of network, each since the one before: 0.1, 0.5
 * and 2 s; protocol/discovery.md#udp */
static const guint burst[] = { 100, 400, 1500 };

enum
{
  HEAR, /* on the shared port; announcements leave from it */
  ASK, /* on a port of its own: an answer to a shared port would reach only one
          of the processes there */
  N_SOCKETS
};
static const gint families[] = { AF_INET, AF_INET6 };

typedef struct
{
  gint fd;
  GSource *watch;
} Socket;

typedef struct
{
  VmUdp *udp;
  gint fd;
  VmSockaddr to;
  GSource *timer;
} Reply;

struct _VmUdp
{
  guint16 port;
  VmInterfaces *interfaces;
  gboolean browse;
  VmFinderEvents events;
  gpointer user_data;

  Socket sockets[G_N_ELEMENTS (families)][N_SOCKETS];
  VmDeviceInfo *info;
  GBytes *announcement; /* NULL: nothing to announce */
  guint bursts;
  GSource *timer;
  GHashTable *replied; /* address → µs of the last reply */
  GPtrArray *replies;
};

static void
reply_free (Reply *reply)
{
  vm_timer_clear (&reply->timer);
  g_free (reply);
}

static GInetAddress *
first_address (VmInterface *interface, GSocketFamily family)
{
  for (guint i = 0; i < interface->addresses->len; i++) {
    if (g_inet_address_get_family (interface->addresses->pdata[i]) == family)
      return interface->addresses->pdata[i];
  }
  return NULL;
}

static void
send4 (VmUdp *self, gint fd, VmInterface *interface, GBytes *datagram)
{
  GInetAddress *source = first_address (interface, G_SOCKET_FAMILY_IPV4);
  VmSockaddr all = vm_udp_sockaddr (AF_INET, "255.255.255.255", self->port, 0);
  VmSockaddr group = vm_udp_sockaddr (AF_INET, VM_UDP_GROUP4, self->port, 0);

  if (fd < 0 || !source)
    return;
  vm_udp_socket_send (fd, interface->index, source, &all, datagram);
  vm_udp_socket_send (fd, interface->index, source, &group, datagram);
}

static void
send6 (VmUdp *self, gint fd, VmInterface *interface, GBytes *datagram)
{
  VmSockaddr group =
      vm_udp_sockaddr (AF_INET6, VM_UDP_GROUP6, self->port, interface->index);

  if (fd >= 0 && first_address (interface, G_SOCKET_FAMILY_IPV6))
    vm_udp_socket_send (fd, interface->index, NULL, &group, datagram);
}

/* To everybody, on every interface. */
static void
send_all (VmUdp *self, guint which, GBytes *datagram)
{
  GPtrArray *list = vm_interfaces_list (self->interfaces);

  for (guint i = 0; i < list->len; i++) {
    send4 (self, self->sockets[0][which].fd, list->pdata[i], datagram);
    send6 (self, self->sockets[1][which].fd, list->pdata[i], datagram);
  }
}

static gboolean
on_timer (gpointer user_data)
{
  VmUdp *self = user_data;
  guint next = self->bursts < G_N_ELEMENTS (burst) ? burst[self->bursts++]
                                                   : VM_UDP_INTERVAL;

  vm_timer_clear (&self->timer);
  self->timer = vm_timer_new (NULL, next, on_timer, self);
  if (self->announcement)
    send_all (self, HEAR, self->announcement);
  if (self->browse) {
    g_autoptr (GBytes) query = vm_device_info_to_datagram (NULL, "query", NULL);

    send_all (self, ASK, query);
  }
  return G_SOURCE_REMOVE;
}

static void
begin_burst (VmUdp *self)
{
  vm_timer_clear (&self->timer);
  self->bursts = 1;
  self->timer = vm_timer_new (NULL, burst[0], on_timer, self);
}

static gboolean
on_reply (gpointer user_data)
{
  Reply *reply = user_data;
  VmUdp *self = reply->udp;

  if (self->announcement)
    vm_udp_socket_send (reply->fd, 0, NULL, &reply->to, self->announcement);
  g_ptr_array_remove_fast (self->replies, reply);
  return G_SOURCE_REMOVE;
}

static gboolean
replied_long_ago (gpointer key, gpointer value, gpointer now)
{
  return *(gint64 *) now - *(gint64 *) value >= VM_UDP_REPLY_SPACING * 1000;
}

/* One reply a second to one address, whoever sends in its name. */
static gboolean
may_reply (VmUdp *self, GSocketAddress *address)
{
  gchar *key = vm_address_to_string (address);
  gint64 now = g_get_monotonic_time ();

  g_hash_table_foreach_remove (self->replied, replied_long_ago, &now);
  if (g_hash_table_contains (self->replied, key)
      || g_hash_table_size (self->replied) >= VM_UDP_ADDRESSES_MAX
      || self->replies->len >= REPLIES_MAX) {
    g_free (key);
    return FALSE;
  }
  g_hash_table_insert (self->replied, key, g_memdup2 (&now, sizeof now));
  return TRUE;
}

static void
answer (VmUdp *self, gint fd, const VmSockaddr *from, GSocketAddress *address)
{
  Reply *reply;

  if (!self->announcement || !may_reply (self, address))
    return;
  reply = g_new0 (Reply, 1);
  reply->udp = self;
  reply->fd = fd;
  reply->to = *from;
  reply->timer = vm_timer_new (
      NULL, g_random_int_range (0, VM_UDP_REPLY_DELAY + 1), on_reply, reply);
  g_ptr_array_add (self->replies, reply);
}

static void
take (VmUdp *self, gint fd, const VmSockaddr *from, const guint8 *data,
    gsize size)
{
  g_autofree gchar *type = NULL;
  g_autoptr (VmDeviceInfo) info =
      vm_device_info_from_datagram (data, size, &type, NULL);
  g_autoptr (GSocketAddress) address = NULL;
  GInetSocketAddress *inet;

  if (!info)
    return;
  address = vm_udp_to_address (from, info->port);
  inet = G_INET_SOCKET_ADDRESS (address);
  if (!vm_interfaces_on_link (self->interfaces,
          g_inet_socket_address_get_address (inet), vm_address_scope (address)))
    return;
  if (!g_strcmp0 (type, "query"))
    answer (self, fd, from, address);
  else if (!g_strcmp0 (type, "bye"))
    self->events.gone (self->user_data, VM_METHODS_UDP, address, info);
  else if (self->browse)
    self->events.found (self->user_data, VM_METHODS_UDP, address, info);
}

static gboolean
on_readable (gint fd, GIOCondition condition, gpointer user_data)
{
  VmUdp *self = user_data;

  for (guint i = 0; i < BATCH; i++) {
    guint8 data[VM_DATAGRAM_MAX + 1]; /* one more: too long shows */
    VmSockaddr from;
    socklen_t from_size = sizeof from;
    gssize size =
        recvfrom (fd, data, sizeof data, MSG_DONTWAIT, &from.any, &from_size);

    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0)
      break;
    take (self, fd, &from, data, size);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
open_socket (VmUdp *self, guint family, guint which)
{
  Socket *one = &self->sockets[family][which];

  one->fd = vm_udp_socket_open (
      families[family], which == HEAR ? self->port : 0, which == HEAR);
  if (one->fd < 0)
    return FALSE;
  one->watch = g_unix_fd_source_new (one->fd, G_IO_IN);
  g_source_set_callback (one->watch, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (one->watch, g_main_context_get_thread_default ());
  return TRUE;
}

static void
join (VmUdp *self)
{
  GPtrArray *list = vm_interfaces_list (self->interfaces);

  for (guint i = 0; i < list->len; i++) {
    VmInterface *interface = list->pdata[i];

    if (self->sockets[0][HEAR].fd >= 0)
      vm_udp_socket_join (
          self->sockets[0][HEAR].fd, AF_INET, VM_UDP_GROUP4, interface->index);
    if (self->sockets[1][HEAR].fd >= 0)
      vm_udp_socket_join (
          self->sockets[1][HEAR].fd, AF_INET6, VM_UDP_GROUP6, interface->index);
  }
}

/* From the loop: the caller learns of the outcome by an event, never while it
 * is still setting up. */
static gboolean
on_start (gpointer user_data)
{
  VmUdp *self = user_data;
  gboolean ready = FALSE;
  gint error = 0;

  vm_timer_clear (&self->timer);
  for (guint i = 0; i < G_N_ELEMENTS (families); i++) {
    gboolean both = open_socket (self, i, HEAR);

    if (!both)
      error = errno;
    ready |= both && open_socket (self, i, ASK);
  }
  join (self);
  begin_burst (self);
  if (!ready) {
    g_autofree gchar *message = g_strdup_printf (
        "UDP discovery is not available: port %u cannot be opened (%s)",
        self->port, g_strerror (error));

    self->events.warning (self->user_data, VM_METHODS_UDP, message);
  }
  self->events.ready (self->user_data, VM_METHODS_UDP, ready);
  return G_SOURCE_REMOVE;
}

VmUdp *
vm_udp_new (guint16 port, VmInterfaces *interfaces,
    const VmFinderEvents *events, gpointer user_data)
{
  VmUdp *self = g_new0 (VmUdp, 1);

  self->port = port;
  self->interfaces = interfaces;
  self->events = *events;
  self->user_data = user_data;
  self->replied =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->replies = g_ptr_array_new_with_free_func ((GDestroyNotify) reply_free);
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    for (guint j = 0; j < N_SOCKETS; j++)
      self->sockets[i][j].fd = -1;
  self->timer = vm_timer_new (NULL, 0, on_start, self);
  return self;
}

static void
say_bye (VmUdp *self)
{
  g_autoptr (GBytes) bye =
      self->announcement ? vm_device_info_to_datagram (self->info, "bye", NULL)
                         : NULL;

  if (bye)
    send_all (self, HEAR, bye);
}

void
vm_udp_free (VmUdp *self)
{
  if (!self)
    return;
  say_bye (self);
  vm_timer_clear (&self->timer);
  g_ptr_array_unref (self->replies);
  g_hash_table_unref (self->replied);
  for (guint i = 0; i < G_N_ELEMENTS (families); i++) {
    for (guint j = 0; j < N_SOCKETS; j++) {
      vm_timer_clear (&self->sockets[i][j].watch);
      if (self->sockets[i][j].fd >= 0)
        close (self->sockets[i][j].fd);
    }
  }
  g_clear_pointer (&self->announcement, g_bytes_unref);
  vm_device_info_free (self->info);
  g_free (self);
}

void
vm_udp_set_browse (VmUdp *self, gboolean browse)
{
  gboolean news = browse && !self->browse;

  self->browse = browse;
  if (news && self->bursts)
    begin_burst (self);
}

void
vm_udp_announce (VmUdp *self, const VmDeviceInfo *info)
{
  g_autoptr (GError) error = NULL;

  if (!info)
    say_bye (self);
  g_clear_pointer (&self->announcement, g_bytes_unref);
  vm_device_info_free (self->info);
  self->info = info ? vm_device_info_copy (info) : NULL;
  if (!info)
    return;
  self->announcement = vm_device_info_to_datagram (info, "announce", &error);
  if (error)
    self->events.warning (self->user_data, VM_METHODS_UDP, error->message);
  /* not before on_start() has opened the sockets */
  if (self->bursts)
    begin_burst (self);
}

void
vm_udp_network_changed (VmUdp *self)
{
  if (!self->bursts)
    return;
  join (self);
  begin_burst (self);
}
