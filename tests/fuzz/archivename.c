/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/transfer/archive/archivename.h>
#include <gst/videomeet/transfer/disk/filename.h>

#include <string.h>

#define LINES_MAX 64

static void
check_path (const gchar *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);

  g_assert_cmpuint (strlen (path), <=, VM_ARCHIVE_PATH_MAX * 3);
  g_assert_cmpuint (g_strv_length (names), <=, VM_ARCHIVE_LEVELS_MAX);
  for (guint i = 0; names[i]; i++) {
    g_autofree gchar *again = vm_filename_check (names[i], -1, NULL);

    g_assert_cmpstr (again, ==, names[i]);
  }
}

/* Where a link leads, if nothing on its way is a link, is within. */
static void
check_link (const gchar *path, const gchar *target)
{
  g_autofree gchar *base = g_path_get_dirname (path);
  g_autofree gchar *joined = g_build_filename ("/root", base, target, NULL);
  g_autofree gchar *real = g_canonicalize_filename (joined, "/");

  if (vm_archive_link_check (path, target, NULL))
    g_assert_true (
        g_str_equal (real, "/root") || g_str_has_prefix (real, "/root/"));
}

/* A line is a path; one that begins with "@" is a folder, one with "=" in it
 * also a link and where it leads. No path is accepted twice. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", LINES_MAX);
  g_autoptr (VmArchiveNames) names = vm_archive_names_new ();

  for (guint i = 0; lines[i]; i++) {
    gboolean folder = *lines[i] == '@';
    gchar *target = strchr (lines[i], '=');
    g_autoptr (GError) error = NULL;
    g_autofree gchar *path = NULL;

    if (target)
      *target++ = 0;
    path = vm_archive_names_add (names, lines[i] + folder, folder, &error);
    g_assert_true (!path == !!error);
    if (!path)
      continue;
    check_path (path);
    if (target)
      check_link (path, target);
    g_free (path);
    path = vm_archive_names_add (names, lines[i] + folder, folder, NULL);
    g_assert_null (path);
  }
}
