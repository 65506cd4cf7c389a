/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the root and its certificate are, and for which names; with and without
 * GnuTLS. */

#include "cert/localca.h"

#include <glib/gstdio.h>
#include <string.h>

#define LABEL_MAX 63 /* RFC 1035 §2.3.4 */
#define NAME_MAX_LENGTH 253

VmtLocalCa *
vmt_local_ca_new (const gchar *folder)
{
  VmtLocalCa *self = g_new0 (VmtLocalCa, 1);

  self->folder =
      folder ? g_strdup (folder)
             : g_build_filename (g_get_user_config_dir (), "videomeet", NULL);
  self->root = g_build_filename (self->folder, "root.pem", NULL);
  self->root_key = g_build_filename (self->folder, "root-key.pem", NULL);
  self->leaf = g_build_filename (self->folder, "names.pem", NULL);
  self->leaf_key = g_build_filename (self->folder, "names-key.pem", NULL);
  return self;
}

void
vmt_local_ca_free (VmtLocalCa *self)
{
  g_free (self->folder);
  g_free (self->root);
  g_free (self->root_key);
  g_free (self->leaf);
  g_free (self->leaf_key);
  g_free (self);
}

static gboolean
is_label (const gchar *label)
{
  gsize size = strlen (label);

  return size > 0 && size <= LABEL_MAX && label[0] != '-'
         && label[size - 1] != '-'
         && strspn (label, G_CSET_a_2_z G_CSET_DIGITS "-") == size;
}

static gboolean
is_host_name (const gchar *name)
{
  g_auto (GStrv) labels = g_strsplit (name, ".", -1);

  if (strlen (name) > NAME_MAX_LENGTH || !*labels)
    return FALSE;
  for (guint i = 0; labels[i]; i++)
    if (!is_label (labels[i]))
      return FALSE;
  return TRUE;
}

gchar **
vmt_local_names (const gchar *host_name)
{
  g_autofree gchar *name = g_ascii_strdown (host_name, -1);
  g_autofree gchar *first = g_strndup (name, strcspn (name, "."));
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  if (is_host_name (name) && !g_str_equal (first, "localhost")) {
    g_autofree gchar *local = g_strconcat (first, ".local", NULL);

    g_strv_builder_add (names, local);
    if (!g_str_equal (name, local))
      g_strv_builder_add (names, name);
  }
  g_strv_builder_add (names, "localhost");
  return g_strv_builder_end (names);
}

gboolean
vmt_local_ca_exists (const VmtLocalCa *self)
{
  return g_file_test (self->root, G_FILE_TEST_EXISTS);
}

void
vmt_local_ca_remove (const VmtLocalCa *self)
{
  /* first what could still be misused */
  g_unlink (self->root_key);
  g_unlink (self->leaf_key);
  g_unlink (self->leaf);
  g_unlink (self->root);
}
