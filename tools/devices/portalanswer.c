/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/portalanswer.h"

#include <gio/gio.h>
#include <string.h>

#define ANY_NODE G_MAXUINT32 /* PipeWire's word for none in particular */

/* Values of Response */
#define SAID_YES 0
#define SAID_NO 1

static gboolean
refuse (GError **error, const gchar *what)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "the desktop's portal answers nonsense: %s.", what);
  return FALSE;
}

static gboolean
check (GVariant *answer, const gchar *type, GError **error)
{
  if (!g_variant_is_of_type (answer, G_VARIANT_TYPE (type)))
    return refuse (error, "an answer has the wrong type");
  if (g_variant_get_size (answer) > VMT_PORTAL_ANSWER_MAX)
    return refuse (error, "an answer is too long");
  return TRUE;
}

gboolean
vmt_portal_read_abilities (
    VmtPortalAbilities *abilities, GVariant *answer, GError **error)
{
  g_autoptr (GVariant) properties = NULL;

  *abilities = (VmtPortalAbilities){ 0 };
  if (!check (answer, "(a{sv})", error))
    return FALSE;
  properties = g_variant_get_child_value (answer, 0);
  g_variant_lookup (properties, "version", "u", &abilities->version);
  g_variant_lookup (
      properties, "AvailableSourceTypes", "u", &abilities->sources);
  g_variant_lookup (
      properties, "AvailableCursorModes", "u", &abilities->cursors);
  if (abilities->sources & (VMT_PORTAL_MONITOR | VMT_PORTAL_WINDOW))
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      "the desktop's portal has neither screens nor windows to share. It needs "
      "the part for this desktop, in Debian xdg-desktop-portal-gnome, -kde or "
      "-wlr.");
  return FALSE;
}

GVariant *
vmt_portal_read_response (GVariant *answer, GError **error)
{
  guint32 said;

  if (!check (answer, "(ua{sv})", error))
    return NULL;
  g_variant_get_child (answer, 0, "u", &said);
  if (said == SAID_YES)
    return g_variant_get_child_value (answer, 1);
  if (said == SAID_NO)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
        "the question of the desktop was answered with no.");
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED,
        "the desktop has ended its question.");
  return NULL;
}

/* The interface says that it is a string. */
gchar *
vmt_portal_read_session (GVariant *results, GError **error)
{
  g_autoptr (GVariant) handle = NULL;
  const gchar *path;

  if (!check (results, "a{sv}", error))
    return NULL;
  handle = g_variant_lookup_value (results, "session_handle", NULL);
  if (!handle
      || (!g_variant_is_of_type (handle, G_VARIANT_TYPE_STRING)
          && !g_variant_is_of_type (handle, G_VARIANT_TYPE_OBJECT_PATH))) {
    refuse (error, "it names no session");
    return NULL;
  }
  path = g_variant_get_string (handle, NULL);
  if (strlen (path) <= VMT_PORTAL_PATH_MAX && g_variant_is_object_path (path))
    return g_strdup (path);
  refuse (error, "its session has no valid path");
  return NULL;
}

gboolean
vmt_portal_is_token (const gchar *token)
{
  gsize size = strnlen (token, VMT_PORTAL_TOKEN_MAX + 1);

  if (!size || size > VMT_PORTAL_TOKEN_MAX)
    return FALSE;
  for (const gchar *c = token; *c; c++)
    if (g_ascii_iscntrl (*c))
      return FALSE;
  return g_utf8_validate (token, size, NULL);
}

static void
read_size (VmtPortalStream *stream, GVariant *properties)
{
  gint width, height;

  if (!g_variant_lookup (properties, "size", "(ii)", &width, &height))
    return;
  if (width < 1 || height < 1 || width > VMT_PORTAL_SIDE_MAX
      || height > VMT_PORTAL_SIDE_MAX)
    return;
  stream->width = width;
  stream->height = height;
}

gboolean
vmt_portal_read_stream (
    VmtPortalStream *stream, GVariant *results, GError **error)
{
  g_autoptr (GVariant) streams = NULL, properties = NULL;
  const gchar *token = NULL;
  gsize n;

  *stream = (VmtPortalStream){ 0 };
  if (!check (results, "a{sv}", error))
    return FALSE;
  streams =
      g_variant_lookup_value (results, "streams", G_VARIANT_TYPE ("a(ua{sv})"));
  n = streams ? g_variant_n_children (streams) : 0;
  if (!n)
    return refuse (error, "it names no picture");
  if (n > VMT_PORTAL_STREAMS_MAX)
    return refuse (error, "it names too many pictures");
  g_variant_get_child (streams, 0, "(u@a{sv})", &stream->node, &properties);
  if (stream->node == ANY_NODE)
    return refuse (error, "its picture has no number");
  read_size (stream, properties);
  if (g_variant_lookup (results, "restore_token", "&s", &token)
      && vmt_portal_is_token (token))
    stream->token = g_strdup (token);
  return TRUE;
}

void
vmt_portal_stream_clear (VmtPortalStream *stream)
{
  g_clear_pointer (&stream->token, g_free);
}
