/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/access/proxies.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

GPtrArray *
vm_proxies_read (const gchar *const *texts, GError **error)
{
  g_autoptr (GPtrArray) proxies =
      g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; texts && texts[i]; i++) {
    GInetAddressMask *mask =
        g_inet_address_mask_new_from_string (texts[i], NULL);

    if (!mask) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
          "“%s” is neither an address nor a network, as 10.0.0.0/8", texts[i]);
      return NULL;
    }
    g_ptr_array_add (proxies, mask);
  }
  return g_steal_pointer (&proxies);
}

gboolean
vm_proxies_trust (GPtrArray *proxies, GInetAddress *address)
{
  for (guint i = 0; i < proxies->len; i++) {
    if (g_inet_address_mask_matches (proxies->pdata[i], address))
      return TRUE;
  }
  return FALSE;
}

/* IPv4 in the words of IPv6 (RFC 4291 §2.5.5.2), all of which would else be one
 * network. */
static GInetAddress *
unmap (GInetAddress *address)
{
  static const guint8 mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  const guint8 *bytes = address ? g_inet_address_to_bytes (address) : NULL;
  GInetAddress *plain;

  if (!address || g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6
      || memcmp (bytes, mapped, sizeof mapped) != 0)
    return address;
  plain = g_inet_address_new_from_bytes (
      bytes + sizeof mapped, G_SOCKET_FAMILY_IPV4);
  g_object_unref (address);
  return plain;
}

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1" or "[2001:db8::1]:4711". */
static GInetAddress *
read_address (const gchar *text)
{
  g_autofree gchar *host = g_strstrip (g_strdup (text));
  gchar *colon = strchr (host, ':');

  if (*host == '[') {
    host[strcspn (host, "]")] = '\0';
    return unmap (g_inet_address_new_from_string (host + 1));
  }
  if (colon && !strchr (colon + 1, ':'))
    *colon = '\0';
  return unmap (g_inet_address_new_from_string (host));
}

GInetAddress *
vm_proxies_find_client (
    GPtrArray *proxies, GInetAddress *peer, const gchar *header, gboolean *told)
{
  g_auto (GStrv) hops = g_strsplit (header ? header : "", ",", -1);
  GInetAddress *client = g_object_ref (peer);
  guint n = g_strv_length (hops);
  guint last = n > VM_FORWARDED_MAX ? n - VM_FORWARDED_MAX : 0;

  *told = !vm_proxies_trust (proxies, client);

  /* what stands before an address that is not trusted, anybody may have
   * written */
  for (guint i = n; i > last && vm_proxies_trust (proxies, client); i--) {
    GInetAddress *hop = read_address (hops[i - 1]);

    *told = hop && (i == 1 || !vm_proxies_trust (proxies, hop));
    if (!hop)
      break;
    g_object_unref (client);
    client = hop;
  }
  return client;
}
