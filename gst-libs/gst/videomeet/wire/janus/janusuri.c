/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/janus/janus.h"

#include <string.h>

#define SCHEME "janus+"
#define HTTP_PORT 80

#define ROOM                                                        \
  "The address of a room of Janus is janus+ws://HOST:PORT/ROOM or " \
  "janus+wss://HOST:PORT/ROOM"
#define SERVER "The address of a Janus server is janus+ws://HOST:PORT/"

gboolean
vm_janus_is_uri (const gchar *uri)
{
  return uri && g_ascii_strncasecmp (uri, SCHEME, strlen (SCHEME)) == 0;
}

/* @form: what is right. */
static gboolean
refuse (GError **error, const gchar *form, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST, "%s: %s", form, what);
  return FALSE;
}

static GUri *
read_uri (const gchar *uri, const gchar *form, GError **error)
{
  g_autoptr (GUri) parsed = NULL;
  const gchar *scheme;

  if (!vm_janus_is_uri (uri)) {
    refuse (error, form, "this one begins with something else");
    return NULL;
  }
  parsed = g_uri_parse (uri + strlen (SCHEME),
      G_URI_FLAGS_ENCODED | G_URI_FLAGS_HAS_PASSWORD, NULL);
  scheme = parsed ? g_uri_get_scheme (parsed) : "";
  if ((strcmp (scheme, "ws") != 0 && strcmp (scheme, "wss") != 0)
      || !g_uri_get_host (parsed) || !*g_uri_get_host (parsed)) {
    refuse (error, form, "this one has no host");
    return NULL;
  }
  if (g_uri_get_userinfo (parsed) || g_uri_get_query (parsed)
      || g_uri_get_fragment (parsed)) {
    refuse (error, form,
        "a PIN, a secret or a token goes into a file or a property, not into "
        "the address");
    return NULL;
  }
  return g_steal_pointer (&parsed);
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
  g_autoptr (GUri) parsed = read_uri (uri, ROOM, error);
  g_autoptr (GUri) server = NULL;
  g_autofree gchar *path = NULL;
  gsize before;

  if (!parsed)
    return FALSE;
  if (!read_room (g_uri_get_path (parsed), &before, room))
    return refuse (
        error, ROOM, "the room is a number, the last part of the path");
  path = g_strndup (g_uri_get_path (parsed), before);
  server = g_uri_build (G_URI_FLAGS_ENCODED, g_uri_get_scheme (parsed), NULL,
      g_uri_get_host (parsed), g_uri_get_port (parsed), *path ? path : "/",
      NULL, NULL);
  *socket = g_uri_to_string (server);
  return TRUE;
}

gboolean
vm_janus_server_uri_parse (
    const gchar *uri, gchar **host, guint16 *port, gchar **path, GError **error)
{
  g_autoptr (GUri) parsed = read_uri (uri, SERVER, error);
  gint said;

  if (!parsed)
    return FALSE;
  if (strcmp (g_uri_get_scheme (parsed), "ws") != 0)
    return refuse (error, SERVER,
        "a server speaks to it without TLS, on this machine or a network of "
        "its own");
  said = g_uri_get_port (parsed);
  *host = g_strdup (g_uri_get_host (parsed));
  *port = said > 0 ? said : HTTP_PORT;
  *path = g_strdup (*g_uri_get_path (parsed) ? g_uri_get_path (parsed) : "/");
  return TRUE;
}
