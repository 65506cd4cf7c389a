/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/iceserver.h"
#include "base/text.h"

#include <gio/gio.h>
#include <string.h>

#define DEFAULT_PORT 3478 /* RFC 8489 §18.6, RFC 8656 §18.8 */
#define DEFAULT_TLS_PORT 5349
#define PORT_MAX 5 /* digits */

static const gchar *const schemes[] = { "stun", "turn", "turns" };
static const gchar *const transports[] = { "udp", "tcp" };

void
vm_ice_server_clear (VmIceServer *server)
{
  g_free (server->host);
  g_free (server->user);
  g_free (server->password);
}

static const gchar *
find (const gchar *const *list, gsize n, const gchar *text, gsize size)
{
  for (gsize i = 0; i < n; i++) {
    if (strlen (list[i]) == size
        && g_ascii_strncasecmp (list[i], text, size) == 0)
      return list[i];
  }
  return NULL;
}

static gboolean
is_host (const gchar *host)
{
  gsize size = strlen (host);

  if (strchr (host, ':'))
    return g_hostname_is_ip_address (host) && !strchr (host, '%');
  return size > 0 && size <= VM_ICE_HOST_MAX && host[0] != '-'
         && strspn (host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "0123456789.-_")
                == size;
}

/* "host", "host:port", "[address]:port" */
static gboolean
read_authority (VmIceServer *server, const gchar *text, gsize size)
{
  g_autofree gchar *all = g_strndup (text, size);
  gchar *end = *all == '[' ? strchr (all, ']') : all + strcspn (all, ":");
  guint64 port;

  server->port =
      g_str_equal (server->scheme, "turns") ? DEFAULT_TLS_PORT : DEFAULT_PORT;
  if (!end)
    return FALSE;
  server->host = *all == '[' ? g_strndup (all + 1, end - all - 1)
                             : g_strndup (all, end - all);
  /* in brackets an address of IPv6 and nothing else */
  if ((*all == '[') != (strchr (server->host, ':') != NULL))
    return FALSE;
  end += *end == ']';
  if (!is_host (server->host) || (*end && *end != ':'))
    return FALSE;
  if (!*end)
    return TRUE;
  if (strlen (end + 1) > PORT_MAX
      || !g_ascii_string_to_unsigned (end + 1, 10, 1, G_MAXUINT16, &port, NULL))
    return FALSE;
  server->port = port;
  return TRUE;
}

/* The part after the user: "host:port?transport=tcp". */
static gboolean
read_place (VmIceServer *server, const gchar *text)
{
  gsize size = strcspn (text, "?");
  const gchar *query = text + size;

  if (*query) {
    if (g_str_equal (server->scheme, "stun")
        || !g_str_has_prefix (query, "?transport="))
      return FALSE;
    query += strlen ("?transport=");
    server->transport =
        find (transports, G_N_ELEMENTS (transports), query, strlen (query));
    if (!server->transport)
      return FALSE;
  }
  return read_authority (server, text, size);
}

/* The part before it, which is percent-encoded. */
static gboolean
read_user (VmIceServer *server, const gchar *text, gsize size)
{
  const gchar *colon = memchr (text, ':', size);

  if (!colon)
    return FALSE;
  server->user = g_uri_unescape_segment (text, colon, NULL);
  server->password = g_uri_unescape_segment (colon + 1, text + size, NULL);
  return TRUE;
}

static gboolean
is_credential (const gchar *text)
{
  return text && *text && vm_text_is_name (text, VM_ICE_CREDENTIAL_MAX);
}

static gboolean
has_credentials (const VmIceServer *server)
{
  return g_str_equal (server->scheme, "stun")
             ? !server->user && !server->password
             : is_credential (server->user) && is_credential (server->password);
}

/* @separator: ":" of a URL, "://" of a URI. What follows, or NULL. */
static const gchar *
read_scheme (VmIceServer *server, const gchar *text, const gchar *separator)
{
  gsize size = strcspn (text, ":");

  if (!g_str_has_prefix (text + size, separator))
    return NULL;
  server->scheme = find (schemes, G_N_ELEMENTS (schemes), text, size);
  return server->scheme ? text + size + strlen (separator) : NULL;
}

gboolean
vm_ice_server_from_uri (VmIceServer *server, const gchar *uri)
{
  const gchar *rest = read_scheme (server, uri, "://");
  const gchar *at = rest ? strrchr (rest, '@') : NULL;

  if (!rest || (at && !read_user (server, rest, at - rest)))
    return FALSE;
  return read_place (server, at ? at + 1 : rest) && has_credentials (server);
}

gboolean
vm_ice_server_from_url (VmIceServer *server, const gchar *url,
    const gchar *user, const gchar *password)
{
  const gchar *place = read_scheme (server, url, ":");

  if (!place)
    return FALSE;
  if (!g_str_equal (server->scheme, "stun")) {
    server->user = g_strdup (user);
    server->password = g_strdup (password);
  }
  return read_place (server, place) && has_credentials (server);
}

static void
append_place (GString *out, const VmIceServer *server)
{
  gboolean bracket = strchr (server->host, ':') != NULL;

  g_string_append_printf (out, "%s%s%s:%u", bracket ? "[" : "", server->host,
      bracket ? "]" : "", server->port);
  if (server->transport)
    g_string_append_printf (out, "?transport=%s", server->transport);
}

gchar *
vm_ice_server_to_url (const VmIceServer *server)
{
  GString *out = g_string_new (server->scheme);

  g_string_append_c (out, ':');
  append_place (out, server);
  return g_string_free (out, FALSE);
}

gchar *
vm_ice_server_to_uri (const VmIceServer *server)
{
  GString *out = g_string_new (server->scheme);

  g_string_append (out, "://");
  if (server->user) {
    g_string_append_uri_escaped (out, server->user, NULL, FALSE);
    g_string_append_c (out, ':');
    g_string_append_uri_escaped (out, server->password, NULL, FALSE);
    g_string_append_c (out, '@');
  }
  append_place (out, server);
  return g_string_free (out, FALSE);
}
