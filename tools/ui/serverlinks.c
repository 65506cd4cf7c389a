/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/serverlinks.h"
#include "ui/output.h"

#include <gio/gio.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

static void
add (GPtrArray *hosts, const gchar *host)
{
  if (hosts->len < VMT_SERVER_LINKS_MAX
      && !g_ptr_array_find_with_equal_func (hosts, host, g_str_equal, NULL))
    g_ptr_array_add (hosts, g_strdup (host));
}

/* In what follows the scheme. */
static gchar *
bracket (const gchar *host)
{
  return strchr (host, ':') ? g_strdup_printf ("[%s]", host) : g_strdup (host);
}

/* In what follows the scheme; NULL: nobody elsewhere reaches it. */
static gchar *
read_address (const struct ifaddrs *one)
{
  g_autoptr (GSocketAddress) address = NULL;
  g_autofree gchar *text = NULL;
  GInetAddress *inet;

  if (!one->ifa_addr || !(one->ifa_flags & IFF_UP)
      || (one->ifa_addr->sa_family != AF_INET
          && one->ifa_addr->sa_family != AF_INET6))
    return NULL;
  address = g_socket_address_new_from_native (one->ifa_addr,
      one->ifa_addr->sa_family == AF_INET ? sizeof (struct sockaddr_in)
                                          : sizeof (struct sockaddr_in6));
  inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
  if (g_inet_address_get_is_loopback (inet)
      || g_inet_address_get_is_link_local (inet))
    return NULL;
  text = g_inet_address_to_string (inet);
  return bracket (text);
}

static void
add_addresses (GPtrArray *hosts)
{
  struct ifaddrs *all = NULL;

  if (getifaddrs (&all) != 0)
    return;
  for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
    g_autofree gchar *host = read_address (one);

    if (host)
      add (hosts, host);
  }
  freeifaddrs (all);
}

gchar *
vmt_server_links (const VmtOptions *options, gboolean secure, guint port)
{
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func (g_free);
  GString *links = g_string_new (NULL);

  for (guint i = 0; !options->loopback && options->names && options->names[i];
       i++) {
    g_autofree gchar *safe = vmt_text_safe (options->names[i]);
    g_autofree gchar *host = bracket (safe);

    add (hosts, host);
  }
  if (!options->loopback && !hosts->len)
    add_addresses (hosts);
  if (!hosts->len)
    add (hosts, "localhost");
  for (guint i = 0; i < hosts->len; i++)
    g_string_append_printf (links, "%s%s://%s:%u/", i ? "  " : "",
        secure ? "https" : "http", (const gchar *) hosts->pdata[i], port);
  return g_string_free (links, FALSE);
}
