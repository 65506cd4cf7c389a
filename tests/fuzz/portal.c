/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Serialised GVariants: a signal Response, "(ua{sv})", or, behind a first byte
 * that is not 0, the portal's properties, "(a{sv})". */

#include "fuzz.h"
#include "devices/portalanswer.h"

#include <gio/gio.h>
#include <string.h>

static GVariant *
make (const gchar *type, const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  return g_variant_ref_sink (
      g_variant_new_from_bytes (G_VARIANT_TYPE (type), bytes, FALSE));
}

static void
read_results (GVariant *results)
{
  g_autofree gchar *path = vmt_portal_read_session (results, NULL);
  VmtPortalStream stream;

  if (path) {
    g_assert_true (g_variant_is_object_path (path));
    g_assert_cmpuint (strlen (path), <=, VMT_PORTAL_PATH_MAX);
  }
  if (vmt_portal_read_stream (&stream, results, NULL)) {
    g_assert_cmpuint (stream.node, !=, G_MAXUINT32);
    g_assert_cmpint (stream.width, >=, 0);
    g_assert_cmpint (stream.width, <=, VMT_PORTAL_SIDE_MAX);
    g_assert_cmpint (stream.height, >=, 0);
    g_assert_cmpint (stream.height, <=, VMT_PORTAL_SIDE_MAX);
    g_assert_true ((stream.width == 0) == (stream.height == 0));
    if (stream.token)
      g_assert_true (vmt_portal_is_token (stream.token));
  }
  vmt_portal_stream_clear (&stream);
}

void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GVariant) answer = NULL, results = NULL;
  g_autoptr (GError) error = NULL;
  VmtPortalAbilities abilities;

  if (!size)
    return;
  if (*data) {
    answer = make ("(a{sv})", data + 1, size - 1);
    if (vmt_portal_read_abilities (&abilities, answer, NULL))
      g_assert_cmpuint (abilities.sources & 3, !=, 0);
    return;
  }
  answer = make ("(ua{sv})", data + 1, size - 1);
  results = vmt_portal_read_response (answer, &error);
  g_assert_true ((results == NULL) == (error != NULL));
  if (results)
    read_results (results);
}
