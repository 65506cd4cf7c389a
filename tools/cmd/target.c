/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/target.h"

#include <gst/videomeet/videomeet.h>
#include <string.h>

/* of a device's own signalling; protocol/signalling.md */
#define NATIVE_PATH "/ws"

/* GUri gives the zone of a link-local address without RFC 6874's escape, which
 * a URI needs. */
static gchar *
host_and_port (GUri *uri, gint default_port)
{
  const gchar *host = g_uri_get_host (uri);
  const gchar *open = strchr (host, ':') ? "[" : "";
  gint port = g_uri_get_port (uri);
  g_auto (GStrv) parts = g_strsplit (host, "%", 2);
  g_autofree gchar *escaped = g_strjoinv ("%25", parts);

  return g_strdup_printf ("%s%s%s:%d", open, escaped, *open ? "]" : "",
      port > 0 ? port : default_port);
}

/* The port of a link without one is what a browser takes. */
static gint
default_port (GUri *uri)
{
  const gchar *scheme = g_uri_get_scheme (uri);

  return g_str_equal (scheme, "https")  ? 443
         : g_str_equal (scheme, "http") ? 80
                                        : VM_DEFAULT_PORT;
}

/* Parts as they stand in @uri: a name is decoded once, and may be "..", which a
 * GUri takes for another place. */
static void
split (const gchar *uri, gchar **path, gchar **query)
{
  g_uri_split (uri, G_URI_FLAGS_ENCODED, NULL, NULL, NULL, NULL, path, query,
      NULL, NULL);
}

/* The path up to the last "/", which the server may have from its proxy. */
static gchar *
folder_of (const gchar *uri)
{
  g_autofree gchar *path = NULL;
  const gchar *last;

  split (uri, &path, NULL);
  last = path ? strrchr (path, '/') : NULL;
  return last ? g_strndup (path, last - path) : g_strdup ("");
}

static gchar *
meeting_of_link (const gchar *link)
{
  g_autofree gchar *query = NULL;
  g_autoptr (GHashTable) fields = NULL;

  split (link, NULL, &query);
  if (!query)
    return NULL;
  fields = g_uri_parse_params (query, -1, "&", G_URI_PARAMS_WWW_FORM, NULL);
  return fields ? g_strdup (g_hash_table_lookup (fields, "meeting")) : NULL;
}

static gboolean
refuse (GError **error, const gchar *text, const gchar *why)
{
  g_set_error (
      error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'%s' %s", text, why);
  return FALSE;
}

/* GUri lets blanks through. */
static gboolean
has_host (GUri *uri)
{
  const gchar *host = uri ? g_uri_get_host (uri) : NULL;

  return host && *host && !strpbrk (host, " \t\r\n");
}

static gboolean
is_web_socket (const gchar *uri)
{
  return g_ascii_strncasecmp (uri, "ws://", 5) == 0
         || g_ascii_strncasecmp (uri, "wss://", 6) == 0;
}

/* A room of Janus: its address says so. */
static gboolean
is_janus (const gchar *uri)
{
  return g_ascii_strncasecmp (uri, "janus+ws://", 11) == 0
         || g_ascii_strncasecmp (uri, "janus+wss://", 12) == 0;
}

const gchar *
vmt_target_choose_dialect (const gchar *uri, const gchar *asked, GError **error)
{
  gboolean foreign = uri && is_web_socket (uri);

  if (uri && is_janus (uri) && !asked)
    return "janus";
  if (!asked)
    return foreign ? "room" : "native";
  if (g_str_equal (asked, "native") != foreign)
    return asked;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      foreign ? "What is at ws:// or wss:// speaks room, socketio or mesh, not "
                "native."
              : "A room is at ws://HOST:PORT/ROOM or wss://HOST:PORT/ROOM.");
  return NULL;
}

gchar *
vmt_target_as_native (const gchar *uri)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_NONE, NULL);
  g_autofree gchar *name = NULL, *escaped = NULL, *place = NULL;

  if (!is_web_socket (uri) || !has_host (parsed))
    return NULL;
  name = vmt_target_get_name (uri);
  if (name && *name && strcmp (g_uri_get_path (parsed), NATIVE_PATH) != 0)
    escaped = g_uri_escape_string (name, NULL, FALSE);
  place = host_and_port (parsed, VM_DEFAULT_PORT);
  return g_strdup_printf (
      "videomeet://%s/%s", place, escaped ? escaped : "NAME");
}

/* What else may stand in one is a secret, which everybody would see. */
static gboolean
check_janus (GUri *uri, const gchar *text, GError **error)
{
  const gchar *room = strrchr (g_uri_get_path (uri), '/');

  if (g_uri_get_userinfo (uri) || g_uri_get_query (uri)
      || g_uri_get_fragment (uri)) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "The address of a room of Janus carries no secret: use --pin-file, "
        "--api-secret-file and --token-file.");
    return FALSE;
  }
  if (!room || !g_ascii_isdigit (room[1])
      || room[1 + strspn (room + 1, "0123456789")])
    return refuse (error, text,
        "does not say which room of Janus: a number, as "
        "janus+wss://HOST:PORT/1234.");
  return TRUE;
}

static gboolean
refuse_web_socket (GError **error, const gchar *text, const gchar *why)
{
  g_autofree gchar *native = vmt_target_as_native (text);

  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "'%s' %s A videomeet device is joined with 'videomeet join %s'.", text,
      why, native);
  return FALSE;
}

gchar *
vmt_target_get_host_key (const gchar *text)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  g_autoptr (GHashTable) fields = NULL;

  if (!uri || is_web_socket (text) || !g_uri_get_fragment (uri))
    return NULL;
  fields = g_uri_parse_params (
      g_uri_get_fragment (uri), -1, "&", G_URI_PARAMS_NONE, NULL);
  return fields ? g_strdup (g_hash_table_lookup (fields, "key")) : NULL;
}

gchar *
vmt_target_with_host_key (const gchar *link, const gchar *device_id)
{
  return g_strdup_printf ("%s#key=%s", link, device_id);
}

gboolean
vmt_target_parse_meeting (
    const gchar *text, gchar **meeting, gchar **uri, GError **error)
{
  g_autoptr (GUri) parsed = NULL;
  g_autofree gchar *name = NULL, *escaped = NULL, *place = NULL, *folder = NULL;
  const gchar *scheme;

  *meeting = *uri = NULL;
  if (!strstr (text, "://")) {
    *meeting = g_strdup (text);
    return TRUE;
  }
  parsed = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  if (!has_host (parsed))
    return refuse (error, text,
        "is not the address of a meeting; it looks like "
        "videomeet://HOST:PORT/NAME.");
  scheme = g_uri_get_scheme (parsed);
  if (is_janus (text)) {
    if (!check_janus (parsed, text, error))
      return FALSE;
    *uri = g_strdup (text);
    return TRUE;
  }
  if (g_str_equal (scheme, "videomeet")) {
    name = vmt_target_get_name (text);
  } else if (is_web_socket (text)) {
    /* the last part names the room, whatever is before it */
    if (g_str_has_suffix (g_uri_get_path (parsed), "/")
        || *g_uri_get_path (parsed) == '\0')
      return refuse_web_socket (error, text, "does not say which room.");
    if (strcmp (g_uri_get_path (parsed), NATIVE_PATH) == 0)
      return refuse_web_socket (
          error, text, "is where devices talk to a host, and no room.");
    *uri = g_strdup (text);
    return TRUE;
  } else if (g_str_equal (scheme, "https") || g_str_equal (scheme, "http"))
    name = meeting_of_link (text);
  else
    return refuse (error, text,
        "is no meeting this program can join; it takes a name, "
        "videomeet://HOST:PORT/NAME, the https:// link of the host, "
        "ws://HOST:PORT/ROOM, or janus+wss://HOST:PORT/ROOM.");
  if (!name || !*name)
    return refuse (error, text,
        "does not say which meeting; a link "
        "ends with ?meeting=NAME.");

  escaped = g_uri_escape_string (name, NULL, FALSE);
  place = host_and_port (parsed, default_port (parsed));
  folder = folder_of (text);
  *uri = g_strdup_printf ("videomeet://%s%s/%s", place, folder, escaped);
  return TRUE;
}

gchar *
vmt_target_get_name (const gchar *uri)
{
  g_autofree gchar *path = NULL;
  const gchar *last;

  split (uri, &path, NULL);
  last = path ? strrchr (path, '/') : NULL;
  return last ? g_uri_unescape_string (last + 1, NULL) : NULL;
}

gchar *
vmt_target_parse_address (const gchar *text, gboolean insecure, GError **error)
{
  const gchar *scheme = insecure ? "http" : "https";
  g_autofree gchar *whole = NULL, *place = NULL, *folder = NULL;
  g_autoptr (GUri) parsed = NULL;
  gboolean link = strstr (text, "://") != NULL;

  if (link)
    whole = g_strdup (text);
  else if (*text != '[' && strchr (text, ':') != strrchr (text, ':'))
    whole = g_strdup_printf ("%s://[%s]", scheme, text);
  else
    whole = g_strdup_printf ("%s://%s", scheme, text);
  parsed = g_uri_parse (whole, G_URI_FLAGS_PARSE_RELAXED, NULL);
  if (!has_host (parsed) || g_uri_get_port (parsed) == 0) {
    refuse (error, text,
        "is not the address of a device; it looks like HOST or HOST:PORT.");
    return NULL;
  }
  place =
      host_and_port (parsed, link ? default_port (parsed) : VM_DEFAULT_PORT);
  folder = folder_of (whole);
  return g_strdup_printf ("%s://%s%s", scheme, place, folder);
}

void
vmt_target_set_scheme (gchar **server, gboolean web_socket)
{
  static const gchar *const schemes[][2] = {
    { "http://", "ws://" },
    { "https://", "wss://" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    gsize n = strlen (schemes[i][!web_socket]);

    if (g_ascii_strncasecmp (*server, schemes[i][!web_socket], n) == 0) {
      g_autofree gchar *before = *server;

      *server = g_strconcat (schemes[i][web_socket], before + n, NULL);
      return;
    }
  }
}

gboolean
vmt_target_check_server (const gchar *server, GError **error)
{
  g_autoptr (GUri) parsed = g_uri_parse (server, G_URI_FLAGS_NONE, NULL);

  if (is_web_socket (server) && has_host (parsed) && !g_uri_get_query (parsed)
      && !g_uri_get_fragment (parsed))
    return TRUE;
  return refuse (error, server,
      "is no server of calls; it looks like ws://HOST:PORT or "
      "wss://HOST:PORT.");
}

gchar *
vmt_target_of_user (const gchar *server, const gchar *user)
{
  g_autofree gchar *escaped = g_uri_escape_string (user, NULL, FALSE);

  return g_strconcat (
      server, g_str_has_suffix (server, "/") ? "" : "/", escaped, NULL);
}
