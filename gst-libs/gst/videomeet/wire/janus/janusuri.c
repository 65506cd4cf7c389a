/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/janus/janus.h"

#include <string.h>

#define SCHEME "janus+"

static gboolean
refuse (GError **error, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
      "The address of a room of Janus is janus+ws://HOST:PORT/ROOM or "
      "janus+wss://HOST:PORT/ROOM: %s",
      what);
  return FALSE;
}

static gboolean
read_room (const gchar *path, gsize *before, gint64 *room)
{
  const gchar *last = strrchr (path, '/');
  guint64 number;

  if (!last
      || !g_ascii_string_to_unsigned (
          last + 1, 10, 1, VM_JANUS_ID_MAX, &number, NULL))
    return FALSE;
  *room = (gint64) number;
  *before = (gsize) (last - path);
  return TRUE;
}

gboolean
vm_janus_uri_parse (
    const gchar *uri, gchar **socket, gint64 *room, GError **error)
{
  g_autoptr (GUri) parsed = NULL;
  g_autoptr (GUri) server = NULL;
  g_autofree gchar *path = NULL;
  const gchar *scheme;
  gsize before;

  if (g_ascii_strncasecmp (uri, SCHEME, strlen (SCHEME)) != 0)
    return refuse (error, "this one begins with something else");
  parsed = g_uri_parse (uri + strlen (SCHEME),
      G_URI_FLAGS_ENCODED | G_URI_FLAGS_HAS_PASSWORD, NULL);
  scheme = parsed ? g_uri_get_scheme (parsed) : "";
  if ((strcmp (scheme, "ws") != 0 && strcmp (scheme, "wss") != 0)
      || !g_uri_get_host (parsed) || !*g_uri_get_host (parsed))
    return refuse (error, "this one has no host");
  if (g_uri_get_userinfo (parsed) || g_uri_get_query (parsed)
      || g_uri_get_fragment (parsed))
    return refuse (error, "a PIN, a secret or a token goes into a file or a "
                          "property, not into the address");
  if (!read_room (g_uri_get_path (parsed), &before, room))
    return refuse (error, "the room is a number, the last part of the path");
  path = g_strndup (g_uri_get_path (parsed), before);
  server =
      g_uri_build (G_URI_FLAGS_ENCODED, scheme, NULL, g_uri_get_host (parsed),
          g_uri_get_port (parsed), *path ? path : "/", NULL, NULL);
  *socket = g_uri_to_string (server);
  return TRUE;
}
