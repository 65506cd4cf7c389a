/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rooms on somebody else's server (protocol §6, "room"). */

#include "vmmeeting-priv.h"

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

/* The dialect has no field for a PIN. */
static gchar *
add_pin (VmMeeting *self, const gchar *query)
{
  g_autofree gchar *pin = NULL;

  if (!self->pin || !*self->pin)
    return g_strdup (query);
  pin = g_uri_escape_string (self->pin, NULL, FALSE);
  return query ? g_strdup_printf ("%s&pin=%s", query, pin)
               : g_strdup_printf ("pin=%s", pin);
}

gchar *
vm_meeting_read_room_uri (VmMeeting *self, GError **error)
{
  g_autoptr (GUri) uri =
      self->uri ? g_uri_parse (self->uri, G_URI_FLAGS_ENCODED, NULL) : NULL;
  g_autoptr (GUri) socket = NULL;
  g_autofree gchar *path = NULL;
  g_autofree gchar *query = NULL;

  if (is_web_socket (uri))
    path = self->name && *self->name ? g_strdup (g_uri_get_path (uri))
                                     : take_room (self, g_uri_get_path (uri));
  if (!path) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "“%s” is no address of a room (ws://host:port/room, or wss)",
        self->uri ? self->uri : "");
    return NULL;
  }
  query = add_pin (self, g_uri_get_query (uri));
  socket = g_uri_build (G_URI_FLAGS_ENCODED, g_uri_get_scheme (uri), NULL,
      g_uri_get_host (uri), g_uri_get_port (uri), *path ? path : "/", query,
      NULL);
  return g_uri_to_string (socket);
}

/* A restart is a leave and a join (protocol §6), which everybody in the room
 * takes for one: with a third participant the connection to that would go too. */
void
vm_meeting_restart_room (VmMeeting *self)
{
  if (!self->stopped && self->client && self->participants->len == 1)
    vm_signal_client_join_again (self->client);
}
