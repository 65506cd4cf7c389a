/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/finder.h"

#include <net/if.h>

guint
vm_address_scope (GSocketAddress *address)
{
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);

  if (g_socket_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return 0;
  return g_inet_socket_address_get_scope_id (inet);
}

gchar *
vm_address_to_string (GSocketAddress *address)
{
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);
  g_autofree gchar *text =
      g_inet_address_to_string (g_inet_socket_address_get_address (inet));
  gchar name[IF_NAMESIZE];

  if (vm_address_scope (address)
      && if_indextoname (vm_address_scope (address), name))
    return g_strdup_printf ("%s%%%s", text, name);
  return g_steal_pointer (&text);
}

gboolean
vm_address_is_loopback (GSocketAddress *address)
{
  return g_inet_address_get_is_loopback (
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

gboolean
vm_address_equal (GSocketAddress *a, GSocketAddress *b)
{
  GInetSocketAddress *x = G_INET_SOCKET_ADDRESS (a);
  GInetSocketAddress *y = G_INET_SOCKET_ADDRESS (b);

  return g_inet_socket_address_get_port (x)
             == g_inet_socket_address_get_port (y)
         && vm_address_scope (a) == vm_address_scope (b)
         && g_inet_address_equal (g_inet_socket_address_get_address (x),
             g_inet_socket_address_get_address (y));
}
