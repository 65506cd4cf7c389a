/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rooms on somebody else's server (protocol/rooms.md). */

#include "meeting/vmmeeting-priv.h"

#include <string.h>

static gboolean
is_web_socket (GUri *uri)
{
  return uri
         && (strcmp (g_uri_get_scheme (uri), "ws") == 0
             || strcmp (g_uri_get_scheme (uri), "wss") == 0)
         && g_uri_get_host (uri) && *g_uri_get_host (uri);
}

/* The path without its last part, which names the room. */
static gchar *
take_room (VmMeeting *self, const gchar *path)
{
  const gchar *name = strrchr (path, '/');
  g_autofree gchar *room = NULL;

  if (!name || !name[1])
    return NULL;
  room = g_uri_unescape_string (name + 1, NULL);
  if (!room || !*room)
    return NULL;
  g_free (self->name);
  self->name = g_steal_pointer (&room);
  return g_strndup (path, name - path + 1);
}

/* Where servers of a dialect have their WebSocket, and what opens it, when the
 * address says nothing else. */
static const struct
{
  const gchar *path, *query;
} places[] = {
  [VM_DIALECT_NAME_SOCKETIO] = { "/socket.io/", "EIO=4&transport=websocket" },
  [VM_DIALECT_NAME_MESH] = { "/v2/ws", NULL },
};

static gchar *
add_query (gchar *query, const gchar *more)
{
  g_autofree gchar *before = query;

  if (!more)
    return g_steal_pointer (&before);
  return before ? g_strdup_printf ("%s&%s", before, more) : g_strdup (more);
}

/* The dialects have no field for a PIN. */
static gchar *
add_pin (VmMeeting *self, gchar *query)
{
  g_autofree gchar *pin = NULL, *member = NULL;

  if (!self->pin || !*self->pin)
    return query;
  pin = g_uri_escape_string (self->pin, NULL, FALSE);
  member = g_strconcat ("pin=", pin, NULL);
  return add_query (query, member);
}

static gchar *
choose_path (VmMeeting *self, gchar *path)
{
  g_autofree gchar *given = path;

  if (self->dialect == VM_DIALECT_NAME_MESH && g_str_has_suffix (given, "/"))
    given[strlen (given) - 1] = '\0';
  if (*given && strcmp (given, "/") != 0)
    return g_steal_pointer (&given);
  return g_strdup (
      self->dialect < G_N_ELEMENTS (places) && places[self->dialect].path
          ? places[self->dialect].path
          : "/");
}

gchar *
vm_meeting_dup_place (VmMeeting *self)
{
  const gchar *uri = self->uri ? self->uri : "";
  gchar *place = g_strndup (uri, strcspn (uri, "?#"));
  gchar *authority = strstr (place, "://");
  gchar *at;

  if (!authority)
    return place;
  authority += strlen ("://");
  at = memchr (authority, '@', strcspn (authority, "/"));
  if (at)
    memmove (authority, at + 1, strlen (at + 1) + 1);
  return place;
}

gchar *
vm_meeting_read_room_uri (VmMeeting *self, GError **error)
{
  g_autoptr (GUri) uri =
      self->uri ? g_uri_parse (self->uri, G_URI_FLAGS_ENCODED, NULL) : NULL;
  g_autoptr (GUri) socket = NULL;
  g_autofree gchar *place = vm_meeting_dup_place (self);
  g_autofree gchar *path = NULL;
  g_autofree gchar *query = NULL;

  if (is_web_socket (uri))
    path = self->name && *self->name ? g_strdup (g_uri_get_path (uri))
                                     : take_room (self, g_uri_get_path (uri));
  if (!path) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "“%s” is no address of a room (ws://host:port/room, or wss)", place);
    return NULL;
  }
  path = choose_path (self, g_steal_pointer (&path));
  query = g_strdup (g_uri_get_query (uri));
  if (self->dialect < G_N_ELEMENTS (places))
    query = add_query (g_steal_pointer (&query), places[self->dialect].query);
  query = add_pin (self, g_steal_pointer (&query));
  socket = g_uri_build (G_URI_FLAGS_ENCODED, g_uri_get_scheme (uri), NULL,
      g_uri_get_host (uri), g_uri_get_port (uri), path, query, NULL);
  return g_uri_to_string (socket);
}

/* A restart is a leave and a join (protocol/rooms.md#restart), which everybody
 * in the room takes for one: with a third participant the connection to that
 * would go too. */
void
vm_meeting_restart_room (VmMeeting *self)
{
  if (!self->stopped && self->client && self->participants->len == 1)
    vm_signal_client_join_again (self->client);
}
