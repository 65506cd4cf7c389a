/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/hostcheck.h"

#include <string.h>

static gboolean
is_port (const gchar *text)
{
  gsize digits = strspn (text, "0123456789");

  return digits > 0 && digits <= 5 && !text[digits];
}

gchar *
vm_host_from_header (const gchar *header)
{
  g_autofree gchar *host = NULL;
  const gchar *rest;
  gsize size;

  if (*header == '[') {
    rest = strchr (header, ']');
    if (!rest)
      return NULL;
    host = g_strndup (header + 1, rest - header - 1);
    host[strcspn (host, "%")] = '\0';
    rest++;
  } else {
    rest = strchr (header, ':');
    if (!rest)
      rest = header + strlen (header);
    host = g_strndup (header, rest - header);
  }
  if (*rest && (*rest != ':' || !is_port (rest + 1)))
    return NULL;
  size = strlen (host);
  if (size > 1 && host[size - 1] == '.')
    host[size - 1] = '\0';
  return *host ? g_ascii_strdown (host, -1) : NULL;
}

static gboolean
is_local_address (const gchar *host, GList *addresses)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  if (!address)
    return FALSE;
  if (g_inet_address_get_is_loopback (address))
    return TRUE;
  for (GList *l = addresses; l; l = l->next) {
    if (g_inet_address_equal (address, l->data))
      return TRUE;
  }
  return FALSE;
}

gboolean
vm_host_is_own (const gchar *header, GList *addresses, const gchar *host_name,
    const gchar *const *names)
{
  g_autofree gchar *host = header ? vm_host_from_header (header) : NULL;
  g_autofree gchar *local = NULL;

  if (!host)
    return FALSE;
  if (strcmp (host, "localhost") == 0 || is_local_address (host, addresses))
    return TRUE;
  local =
      g_strdup_printf ("%.*s.local", (int) strcspn (host_name, "."), host_name);
  if (g_ascii_strcasecmp (host, local) == 0)
    return TRUE;
  for (guint i = 0; names && names[i]; i++) {
    if (g_ascii_strcasecmp (host, names[i]) == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
vm_origin_is_own (
    const gchar *origin, const gchar *host_header, gboolean secure)
{
  const gchar *scheme = secure ? "https://" : "http://";

  if (!origin)
    return TRUE;
  return g_ascii_strncasecmp (origin, scheme, strlen (scheme)) == 0
         && g_ascii_strcasecmp (origin + strlen (scheme), host_header) == 0;
}

gchar *
vm_origin_from_text (const gchar *text)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  const gchar *scheme = uri ? g_uri_get_scheme (uri) : NULL;
  const gchar *host = uri ? g_uri_get_host (uri) : NULL;
  const gchar *path = uri ? g_uri_get_path (uri) : NULL;
  g_autofree gchar *origin = NULL;
  gint port = uri ? g_uri_get_port (uri) : -1;
  gboolean secure;

  if (!uri || !host || !*host || strpbrk (host, " \t\r\n/%")
      || (*path && strcmp (path, "/") != 0) || g_uri_get_query (uri)
      || g_uri_get_fragment (uri) || g_uri_get_userinfo (uri))
    return NULL;
  secure = g_ascii_strcasecmp (scheme, "https") == 0;
  if (!secure && g_ascii_strcasecmp (scheme, "http") != 0)
    return NULL;
  if (port <= 0 || port == (secure ? 443 : 80))
    origin = g_strdup_printf (
        strchr (host, ':') ? "%s://[%s]" : "%s://%s", scheme, host);
  else
    origin = g_strdup_printf (
        strchr (host, ':') ? "%s://[%s]:%d" : "%s://%s:%d", scheme, host, port);
  return g_ascii_strdown (origin, -1);
}

gboolean
vm_origin_is_listed (const gchar *origin, const gchar *const *origins)
{
  for (guint i = 0; origin && origins && origins[i]; i++) {
    if (g_ascii_strcasecmp (origin, origins[i]) == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
vm_type_is_json (const gchar *content_type)
{
  static const gchar json[] = "application/json";

  if (!content_type
      || g_ascii_strncasecmp (content_type, json, strlen (json)) != 0)
    return FALSE;
  content_type += strlen (json);
  return *content_type == '\0' || *content_type == ';' || *content_type == ' ';
}

#define PREFIX_BYTES 8 /* of a network's addresses, RFC 4291 §2.5.1 */

/* A network of ours: its hosts are neighbours, each with one address or a
 * few. */
static gboolean
is_on_link (GInetAddress *address, GList *own)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_is_link_local (address))
    return TRUE;
  for (GList *l = own; l; l = l->next) {
    if (g_inet_address_get_family (l->data) == G_SOCKET_FAMILY_IPV6
        && memcmp (g_inet_address_to_bytes (l->data), bytes, PREFIX_BYTES) == 0)
      return TRUE;
  }
  return FALSE;
}

gchar *
vm_address_group (GInetAddress *address, GList *own)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4
      || g_inet_address_get_is_loopback (address) || is_on_link (address, own))
    return g_inet_address_to_string (address);
  return g_strdup_printf ("%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", bytes[0],
      bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}
