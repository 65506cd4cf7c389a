/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "iceservers.h"

#include <gio/gio.h>
#include <string.h>

#define DEFAULT_PORT 3478 /* RFC 8489 §18.6, RFC 8656 §18.8 */
#define DEFAULT_TLS_PORT 5349
#define PORT_MAX 5 /* digits */

static const gchar *const schemes[] = { "stun", "turn", "turns" };
static const gchar *const transports[] = { "udp", "tcp" };

typedef struct
{
  const gchar *scheme;
  gchar *host; /* without brackets */
  guint16 port;
  const gchar *transport; /* or NULL: not said */
  gchar *user, *password; /* of a TURN server */
} Server;

static void
server_clear (Server *server)
{
  g_free (server->host);
  g_free (server->user);
  g_free (server->password);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Server, server_clear)

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
read_authority (Server *server, const gchar *text, gsize size)
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
read_place (Server *server, const gchar *text)
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
read_user (Server *server, const gchar *text, gsize size)
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
has_credentials (const Server *server)
{
  return g_str_equal (server->scheme, "stun")
             ? !server->user && !server->password
             : is_credential (server->user) && is_credential (server->password);
}

/* @separator: ":" of a URL, "://" of a URI. What follows, or NULL. */
static const gchar *
read_scheme (Server *server, const gchar *text, const gchar *separator)
{
  gsize size = strcspn (text, ":");

  if (!g_str_has_prefix (text + size, separator))
    return NULL;
  server->scheme = find (schemes, G_N_ELEMENTS (schemes), text, size);
  return server->scheme ? text + size + strlen (separator) : NULL;
}

static gboolean
server_from_uri (Server *server, const gchar *uri)
{
  const gchar *rest = read_scheme (server, uri, "://");
  const gchar *at = rest ? strrchr (rest, '@') : NULL;

  if (!rest || (at && !read_user (server, rest, at - rest)))
    return FALSE;
  return read_place (server, at ? at + 1 : rest) && has_credentials (server);
}

static void
append_place (GString *out, const Server *server)
{
  gboolean bracket = strchr (server->host, ':') != NULL;

  g_string_append_printf (out, "%s%s%s:%u", bracket ? "[" : "", server->host,
      bracket ? "]" : "", server->port);
  if (server->transport)
    g_string_append_printf (out, "?transport=%s", server->transport);
}

static gchar *
server_to_uri (const Server *server)
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

gboolean
vm_ice_servers_check (const gchar *const *uris, GError **error)
{
  for (guint i = 0; uris && uris[i]; i++) {
    g_auto (Server) server = { NULL };

    if (i == VM_ICE_SERVERS_MAX) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
          "There are more than %d STUN and TURN servers", VM_ICE_SERVERS_MAX);
      return FALSE;
    }
    if (server_from_uri (&server, uris[i]))
      continue;
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "Of the STUN and TURN servers, number %u is neither "
        "stun://HOST:PORT nor turn://USER:PASSWORD@HOST:PORT",
        i + 1);
    return FALSE;
  }
  return TRUE;
}

void
vm_ice_servers_append (GString *out, const gchar *const *uris)
{
  guint n = 0;

  vm_json_append_key (out, "iceServers");
  g_string_append_c (out, '[');
  for (guint i = 0; uris && uris[i] && n < VM_ICE_SERVERS_MAX; i++) {
    g_auto (Server) server = { NULL };
    g_autoptr (GString) url = NULL;
    const gchar *urls[2] = { NULL };

    if (!server_from_uri (&server, uris[i]))
      continue;
    url = g_string_new (server.scheme);
    g_string_append_c (url, ':');
    append_place (url, &server);
    urls[0] = url->str;
    g_string_append (out, n++ ? ",{" : "{");
    vm_json_append_strings (out, "urls", urls);
    if (server.user) {
      vm_json_append_member (out, "username", server.user);
      vm_json_append_member (out, "credential", server.password);
    }
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

/* One URL of an RTCIceServer, whose credentials are for all of them. */
static gchar *
read_url (const VmJson *json, VmJsonNode node, const gchar *user,
    const gchar *password)
{
  g_auto (Server) server = { NULL };
  VmSpan span = vm_json_span (json, node);
  g_autofree gchar *url = vm_span_to_string (span);
  const gchar *place = url ? read_scheme (&server, url, ":") : NULL;

  if (!place)
    return NULL;
  if (!g_str_equal (server.scheme, "stun")) {
    server.user = g_strdup (user);
    server.password = g_strdup (password);
  }
  if (!read_place (&server, place) || !has_credentials (&server))
    return NULL;
  return server_to_uri (&server);
}

typedef struct
{
  GPtrArray *uris;
  guint ignored;
} Reading;

static void
take_url (Reading *reading, gchar *uri)
{
  if (uri && reading->uris->len < VM_ICE_SERVERS_MAX) {
    g_ptr_array_add (reading->uris, uri);
  } else {
    reading->ignored++;
    g_free (uri);
  }
}

static void
read_entry (Reading *reading, const VmJson *json, VmJsonNode entry)
{
  VmJsonNode urls = vm_json_get (json, entry, "urls");
  g_autofree gchar *user = NULL;
  g_autofree gchar *password = NULL;

  if (urls == VM_JSON_NONE
      || !vm_json_get_string (
          json, entry, "username", VM_ICE_CREDENTIAL_MAX, &user, NULL)
      || !vm_json_get_string (
          json, entry, "credential", VM_ICE_CREDENTIAL_MAX, &password, NULL)) {
    reading->ignored++;
    return;
  }
  if (vm_json_type (json, urls) != VM_JSON_ARRAY) {
    take_url (reading, read_url (json, urls, user, password));
    return;
  }
  for (VmJsonNode e = vm_json_first (json, urls); e != VM_JSON_NONE;
       e = vm_json_next (json, e))
    take_url (reading, read_url (json, e, user, password));
}

gchar **
vm_ice_servers_read (const VmJson *json, VmJsonNode object, guint *ignored)
{
  VmJsonNode list = vm_json_get (json, object, "iceServers");
  Reading reading = { g_ptr_array_new (), 0 };

  if (list != VM_JSON_NONE && vm_json_type (json, list) == VM_JSON_ARRAY) {
    for (VmJsonNode e = vm_json_first (json, list); e != VM_JSON_NONE;
         e = vm_json_next (json, e))
      read_entry (&reading, json, e);
  } else if (list != VM_JSON_NONE
             && vm_json_type (json, list) != VM_JSON_NULL) {
    reading.ignored++;
  }
  g_ptr_array_add (reading.uris, NULL);
  *ignored = reading.ignored;
  return (gchar **) g_ptr_array_free (reading.uris, FALSE);
}

gchar **
vm_ice_servers_merge (const gchar *const *own, const gchar *const *read)
{
  GPtrArray *uris = g_ptr_array_new ();

  for (guint i = 0; own && own[i]; i++) {
    g_auto (Server) server = { NULL };

    /* whoever uses it will say what is wrong with it */
    g_ptr_array_add (uris, server_from_uri (&server, own[i])
                               ? server_to_uri (&server)
                               : g_strdup (own[i]));
  }
  for (guint i = 0; read && read[i]; i++) {
    if (!g_ptr_array_find_with_equal_func (uris, read[i], g_str_equal, NULL))
      g_ptr_array_add (uris, g_strdup (read[i]));
  }
  g_ptr_array_add (uris, NULL);
  return (gchar **) g_ptr_array_free (uris, FALSE);
}
