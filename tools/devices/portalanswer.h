/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What the desktop's portal (org.freedesktop.portal.ScreenCast) answers, which
 * is anybody's on the session bus. Pure: GVariants in, fields out. Errors are
 * of G_IO_ERROR: CANCELLED for a no, CLOSED for a question that has ended,
 * INVALID_DATA for an answer that makes no sense; their texts go behind "No
 * screen is shared: ". */

#define VMT_PORTAL_ANSWER_MAX (64 * 1024) /* bytes of one answer */
#define VMT_PORTAL_STREAMS_MAX                   \
  16 /* of an answer, of which the first is used \
      */
#define VMT_PORTAL_TOKEN_MAX 1024 /* bytes; a longer one is not kept */
#define VMT_PORTAL_PATH_MAX 255 /* bytes of an object's path */
#define VMT_PORTAL_SIDE_MAX 32768 /* pixels; a larger size is not believed */

/* Bits of org.freedesktop.portal.ScreenCast. */
#define VMT_PORTAL_MONITOR 1u
#define VMT_PORTAL_WINDOW 2u
#define VMT_PORTAL_CURSOR_EMBEDDED 2u

typedef struct
{
  guint32 version; /* 4 and later remember a choice */
  guint32 sources; /* bits: what can be shared */
  guint32 cursors; /* bits: how the pointer can be shown */
} VmtPortalAbilities;

typedef struct
{
  guint32 node; /* of PipeWire */
  gint width, height; /* as the desktop counts them; 0: it does not say */
  gchar *token; /* by which the choice is not asked for again; or NULL */
} VmtPortalStream;

/* @answer: (a{sv}), all properties of the interface. FALSE too where the
 * portal shares no screens. */
gboolean vmt_portal_read_abilities (
    VmtPortalAbilities *abilities, GVariant *answer, GError **error);
/* @answer: (ua{sv}) of the signal Response. Returns: (transfer full): a{sv},
 * where the answer is a yes. */
GVariant *vmt_portal_read_response (GVariant *answer, GError **error);
/* @results: a{sv} that CreateSession comes to. Returns: (transfer full): a
 * valid object path */
gchar *vmt_portal_read_session (GVariant *results, GError **error);
/* @results: a{sv} that Start comes to. */
gboolean vmt_portal_read_stream (
    VmtPortalStream *stream, GVariant *results, GError **error);
void vmt_portal_stream_clear (VmtPortalStream *stream);
/* Whether @token may go into a file, and back to the portal. */
gboolean vmt_portal_is_token (const gchar *token);
