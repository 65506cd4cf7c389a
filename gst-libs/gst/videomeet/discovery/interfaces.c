/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/interfaces.h"
#include "discovery/finder.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <glib-unix.h>

#define SETTLE 100 /* ms; one change brings several netlink messages */

struct _VmInterfaces
{
  gchar **names; /* empty: all but loopback; "*": all */
  VmInterfacesFunc func;
  gpointer user_data;
  GPtrArray *list;
  gint fd;
  GSource *watch;
  GSource *settle;
};

static void
interface_free (VmInterface *interface)
{
  g_free (interface->name);
  g_ptr_array_unref (interface->masks);
  g_ptr_array_unref (interface->addresses);
  g_free (interface);
}

static gboolean
selected (VmInterfaces *self, struct ifaddrs *one)
{
  if (!(one->ifa_flags & IFF_UP) || !(one->ifa_flags & IFF_RUNNING)
      || !one->ifa_addr || !one->ifa_netmask)
    return FALSE;
  if (one->ifa_addr->sa_family != AF_INET
      && one->ifa_addr->sa_family != AF_INET6)
    return FALSE;
  if (!self->names[0])
    return !(one->ifa_flags & IFF_LOOPBACK);
  if (!strcmp (self->names[0], "*"))
    return TRUE;
  return g_strv_contains ((const gchar *const *) self->names, one->ifa_name);
}

static guint
prefix_length (const guint8 *mask, gsize size)
{
  guint bits = 0;

  for (gsize i = 0; i < size; i++)
    bits += __builtin_popcount (mask[i]);
  return bits;
}

static VmInterface *
get_or_add (GPtrArray *list, struct ifaddrs *one)
{
  VmInterface *interface;

  for (guint i = 0; i < list->len; i++) {
    interface = list->pdata[i];
    if (!strcmp (interface->name, one->ifa_name))
      return interface;
  }
  interface = g_new0 (VmInterface, 1);
  interface->index = if_nametoindex (one->ifa_name);
  interface->name = g_strdup (one->ifa_name);
  interface->loopback = (one->ifa_flags & IFF_LOOPBACK) != 0;
  interface->masks = g_ptr_array_new_with_free_func (g_object_unref);
  interface->addresses = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (list, interface);
  return interface;
}

static void
add_address (GPtrArray *list, struct ifaddrs *one)
{
  VmInterface *interface = get_or_add (list, one);
  gboolean v4 = one->ifa_addr->sa_family == AF_INET;
  const guint8 *bytes =
      v4 ? (guint8 *) &((struct sockaddr_in *) one->ifa_addr)->sin_addr
         : (guint8 *) &((struct sockaddr_in6 *) one->ifa_addr)->sin6_addr;
  const guint8 *mask =
      v4 ? (guint8 *) &((struct sockaddr_in *) one->ifa_netmask)->sin_addr
         : (guint8 *) &((struct sockaddr_in6 *) one->ifa_netmask)->sin6_addr;
  gsize size = v4 ? 4 : 16;
  guint bits = prefix_length (mask, size);
  guint8 net[16];
  g_autoptr (GInetAddress) base = NULL;

  for (gsize i = 0; i < size; i++)
    net[i] = bytes[i] & mask[i];
  base = g_inet_address_new_from_bytes (
      net, v4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  g_ptr_array_add (interface->addresses,
      g_inet_address_new_from_bytes (
          bytes, v4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6));
  g_ptr_array_add (
      interface->masks, g_inet_address_mask_new (base, bits, NULL));
}

static GPtrArray *
enumerate (VmInterfaces *self)
{
  GPtrArray *list =
      g_ptr_array_new_with_free_func ((GDestroyNotify) interface_free);
  struct ifaddrs *all = NULL;

  if (getifaddrs (&all) != 0)
    return list;
  for (struct ifaddrs *one = all; one; one = one->ifa_next) {
    if (selected (self, one))
      add_address (list, one);
  }
  freeifaddrs (all);
  return list;
}

static gchar *
describe (GPtrArray *list, gboolean networks_only)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++) {
    VmInterface *interface = list->pdata[i];

    if (!networks_only)
      g_string_append_printf (text, "%u ", interface->index);
    for (guint j = 0; j < interface->masks->len; j++) {
      g_autofree gchar *one =
          networks_only
              ? g_inet_address_mask_to_string (interface->masks->pdata[j])
              : g_inet_address_to_string (interface->addresses->pdata[j]);

      g_string_append_printf (text, "%s ", one);
    }
  }
  return g_string_free (text, FALSE);
}

static gboolean
on_settled (gpointer user_data)
{
  VmInterfaces *self = user_data;
  g_autoptr (GPtrArray) old = self->list;
  g_autofree gchar *before = describe (old, FALSE);
  g_autofree gchar *after = NULL;

  vm_timer_clear (&self->settle);
  self->list = enumerate (self);
  after = describe (self->list, FALSE);
  if (strcmp (before, after) != 0)
    self->func (self->user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_netlink (gint fd, GIOCondition condition, gpointer user_data)
{
  VmInterfaces *self = user_data;
  guint8 buffer[8192];
  gssize n;

  /* what it says is not read: any message is a reason to look again */
  do
    n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);
  while (n > 0 || (n < 0 && (errno == EINTR || errno == ENOBUFS)));
  if (!self->settle)
    self->settle = vm_timer_new (NULL, SETTLE, on_settled, self);
  return G_SOURCE_CONTINUE;
}

static void
watch (VmInterfaces *self)
{
  struct sockaddr_nl address = { .nl_family = AF_NETLINK,
    .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };

  self->fd = socket (
      AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (self->fd < 0)
    return;
  if (bind (self->fd, (struct sockaddr *) &address, sizeof address) != 0) {
    close (self->fd);
    self->fd = -1;
    return;
  }
  self->watch = g_unix_fd_source_new (self->fd, G_IO_IN);
  g_source_set_callback (self->watch, G_SOURCE_FUNC (on_netlink), self, NULL);
  g_source_attach (self->watch, g_main_context_get_thread_default ());
}

/* "eth0, lo" */
static gchar **
split_names (const gchar *names)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) parts = g_strsplit (names ? names : "", ",", -1);

  for (guint i = 0; parts[i]; i++) {
    if (*g_strstrip (parts[i]))
      g_strv_builder_add (builder, parts[i]);
  }
  return g_strv_builder_end (builder);
}

static gchar *
list_existing (void)
{
  struct if_nameindex *all = if_nameindex ();
  GString *text = g_string_new (NULL);

  for (struct if_nameindex *one = all; one && one->if_name; one++)
    g_string_append_printf (text, "%s%s", text->len ? ", " : "", one->if_name);
  if (all)
    if_freenameindex (all);
  return g_string_free (text, FALSE);
}

gchar *
vm_interfaces_check (const gchar *names)
{
  g_auto (GStrv) asked = split_names (names);
  g_autoptr (GString) unknown = g_string_new (NULL);
  g_autofree gchar *existing = NULL;

  for (guint i = 0; asked[i]; i++) {
    if (!if_nametoindex (asked[i]))
      g_string_append_printf (
          unknown, "%s“%s”", unknown->len ? ", " : "", asked[i]);
  }
  if (!unknown->len)
    return NULL;
  existing = list_existing ();
  return g_strdup_printf ("There is no network interface %s; there are %s",
      unknown->str, *existing ? existing : "none");
}

VmInterfaces *
vm_interfaces_new (
    const gchar *names, VmInterfacesFunc func, gpointer user_data)
{
  VmInterfaces *self = g_new0 (VmInterfaces, 1);

  self->names = split_names (names);
  self->func = func;
  self->user_data = user_data;
  self->fd = -1;
  /* watched first: a change between the two would be lost the other way */
  watch (self);
  self->list = enumerate (self);
  return self;
}

void
vm_interfaces_free (VmInterfaces *self)
{
  if (!self)
    return;
  vm_timer_clear (&self->watch);
  vm_timer_clear (&self->settle);
  if (self->fd >= 0)
    close (self->fd);
  g_ptr_array_unref (self->list);
  g_strfreev (self->names);
  g_free (self);
}

GPtrArray *
vm_interfaces_list (VmInterfaces *self)
{
  return self->list;
}

gboolean
vm_interfaces_has_index (VmInterfaces *self, guint index)
{
  for (guint i = 0; i < self->list->len; i++) {
    if (((VmInterface *) self->list->pdata[i])->index == index)
      return TRUE;
  }
  return FALSE;
}

gboolean
vm_interfaces_has_address (VmInterfaces *self, const gchar *address)
{
  g_autoptr (GInetAddress) wanted = g_inet_address_new_from_string (address);

  for (guint i = 0; wanted && i < self->list->len; i++) {
    VmInterface *interface = self->list->pdata[i];

    for (guint j = 0; j < interface->addresses->len; j++) {
      if (g_inet_address_equal (interface->addresses->pdata[j], wanted))
        return TRUE;
    }
  }
  return FALSE;
}

gboolean
vm_interfaces_on_link (
    VmInterfaces *self, GInetAddress *address, guint scope_id)
{
  for (guint i = 0; i < self->list->len; i++) {
    VmInterface *interface = self->list->pdata[i];

    if (scope_id && scope_id != interface->index)
      continue;
    for (guint j = 0; j < interface->masks->len; j++) {
      if (g_inet_address_mask_matches (interface->masks->pdata[j], address))
        return TRUE;
    }
  }
  return FALSE;
}

guint
vm_address_rank (GInetAddress *address)
{
  return 4 * g_inet_address_get_is_loopback (address)
         + 2 * g_inet_address_get_is_link_local (address)
         + (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV4);
}

gchar *
vm_interfaces_best_address (VmInterfaces *self)
{
  VmInterface *of = NULL;
  GInetAddress *best = NULL;
  guint best_rank = G_MAXUINT;
  g_autofree gchar *text = NULL;

  for (guint i = 0; i < self->list->len; i++) {
    VmInterface *interface = self->list->pdata[i];

    for (guint j = 0; j < interface->addresses->len; j++) {
      GInetAddress *address = interface->addresses->pdata[j];
      guint rank = vm_address_rank (address);

      if (rank < best_rank) {
        of = interface;
        best = address;
        best_rank = rank;
      }
    }
  }
  if (!best)
    return NULL;
  text = g_inet_address_to_string (best);
  /* the zone means nothing on another host but where its interface has the same
   * name; it is better than an address of this machine alone */
  return g_inet_address_get_is_link_local (best) && strchr (text, ':')
             ? g_strdup_printf ("%s%%%s", text, of->name)
             : g_steal_pointer (&text);
}

gchar *
vm_interfaces_networks (VmInterfaces *self)
{
  return describe (self->list, TRUE);
}
