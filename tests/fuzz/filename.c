/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/transfer/disk/filename.h>

#include <string.h>

/* What is accepted names a file in the folder and nothing else, stays as it is
 * when checked again, and so does its numbered form. */
static void
check (const gchar *name)
{
  g_autofree gchar *again = vm_filename_check (name, -1, NULL);
  g_autofree gchar *key = vm_filename_key (name);
  g_autofree gchar *numbered = vm_filename_number (name, G_MAXUINT);
  g_autofree gchar *base = g_path_get_basename (name);

  g_assert_cmpstr (again, ==, name);
  g_assert_cmpstr (base, ==, name);
  g_assert_cmpstr (name, !=, "..");
  g_assert_cmpuint (strlen (name), <=, VM_FILENAME_MAX);
  g_assert_cmpstr (key, !=, "");
  g_assert_true (g_utf8_validate (numbered, -1, NULL));
  g_assert_cmpuint (strlen (numbered), <=, VM_FILENAME_MAX);
  g_assert_cmpstr (numbered, !=, name);
}

/* What it is saved under is a name, too, and stays as it is. */
static void
check_safe (const gchar *name)
{
  g_autofree gchar *safe = vm_filename_make_safe (name, NULL);
  g_autofree gchar *again = safe ? vm_filename_make_safe (safe, NULL) : NULL;

  if (!safe)
    return;
  check (safe);
  g_assert_cmpstr (again, ==, safe);
  g_assert_null (strpbrk (safe, ":<>|?*\""));
  g_assert_null (strchr (".-~", safe[0]));
}

void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *name =
      vm_filename_check ((const gchar *) data, size, &error);

  g_assert_true (!name == !!error);
  if (name) {
    check (name);
    check_safe (name);
  }
}
