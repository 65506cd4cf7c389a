/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/archive/archivename.h"

#include "transfer/disk/filename.h"

#include <string.h>

typedef struct
{
  gchar *path; /* as it is written */
  gboolean folder;
  gboolean implied; /* only by what is in it */
} Name;

struct _VmArchiveNames
{
  GHashTable *names; /* key of the path → Name */
};

static void
name_free (gpointer data)
{
  Name *name = data;

  g_free (name->path);
  g_free (name);
}

VmArchiveNames *
vm_archive_names_new (void)
{
  VmArchiveNames *self = g_new0 (VmArchiveNames, 1);

  self->names =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, name_free);
  return self;
}

void
vm_archive_names_free (VmArchiveNames *self)
{
  g_hash_table_unref (self->names);
  g_free (self);
}

static gboolean
refuse (GError **error, VmError code, const gchar *why)
{
  /* not the path itself: it may be made to deceive who reads this */
  g_set_error (error, VM_ERROR, code, "An entry of the folder %s", why);
  return FALSE;
}

/* The names of the path, checked. */
static gboolean
split (const gchar *path, gchar ***names, GError **error)
{
  gsize length = strlen (path);
  g_auto (GStrv) parts = NULL;

  if (length > VM_ARCHIVE_PATH_MAX)
    return refuse (error, VM_ERROR_TOO_LARGE, "has a path that is too long");
  parts = g_strsplit (path, "/", VM_ARCHIVE_LEVELS_MAX + 2);
  length = g_strv_length (parts);
  if (length > 1 && !*parts[length - 1])
    g_clear_pointer (&parts[--length], g_free);
  if (length == 0 || length > VM_ARCHIVE_LEVELS_MAX)
    return refuse (error, VM_ERROR_TOO_LARGE, "lies too deep");
  for (gsize i = 0; i < length; i++) {
    gchar *checked = vm_filename_check (parts[i], -1, error);

    if (!checked)
      return FALSE;
    g_free (parts[i]);
    parts[i] = checked;
  }
  *names = g_steal_pointer (&parts);
  return TRUE;
}

/* Whether what is there under the key may be this. */
static gboolean
fits (const Name *there, const gchar *path, gboolean inner, gboolean folder,
    GError **error)
{
  if (!there)
    return TRUE;
  if (strcmp (there->path, path) != 0)
    return refuse (error, VM_ERROR_BAD_MESSAGE,
        "has the name of another, but for case or normalisation");
  if (inner)
    return there->folder
           || refuse (error, VM_ERROR_BAD_MESSAGE, "lies in one that is none");
  return (there->folder && there->implied && folder)
         || refuse (error, VM_ERROR_BAD_MESSAGE, "is there already");
}

static void
note (VmArchiveNames *self, gchar *key, const gchar *path, gboolean folder,
    gboolean implied)
{
  Name *name = g_new0 (Name, 1);

  name->path = g_strdup (path);
  name->folder = folder;
  name->implied = implied;
  g_hash_table_replace (self->names, key, name);
}

/* The path of the first @count names, and its key. */
static void
extend (GString *path, GString *key, const gchar *name)
{
  g_autofree gchar *own = vm_filename_key (name);

  if (path->len) {
    g_string_append_c (path, '/');
    g_string_append_c (key, '/');
  }
  g_string_append (path, name);
  g_string_append (key, own);
}

/* With @write, notes what the first call has found to fit. */
static gboolean
walk (VmArchiveNames *self, gchar **names, gboolean folder, gboolean write,
    guint *fresh, gchar **whole, GError **error)
{
  g_autoptr (GString) path = g_string_new (NULL);
  g_autoptr (GString) key = g_string_new (NULL);

  for (guint i = 0; names[i]; i++) {
    gboolean inner = names[i + 1] != NULL;
    const Name *there;

    extend (path, key, names[i]);
    there = g_hash_table_lookup (self->names, key->str);
    if (!write && !fits (there, path->str, inner, folder, error))
      return FALSE;
    *fresh += !there;
    if (write && (!there || !inner))
      note (self, g_strdup (key->str), path->str, inner || folder, inner);
  }
  *whole = g_strdup (path->str);
  return TRUE;
}

gchar *
vm_archive_names_add (
    VmArchiveNames *self, const gchar *path, gboolean folder, GError **error)
{
  g_auto (GStrv) names = NULL;
  g_autofree gchar *whole = NULL;
  guint fresh = 0;

  if (!split (path, &names, error)
      || !walk (self, names, folder, FALSE, &fresh, &whole, error))
    return NULL;
  g_clear_pointer (&whole, g_free);
  if (g_hash_table_size (self->names) + fresh > VM_ARCHIVE_ENTRIES_MAX) {
    refuse (error, VM_ERROR_TOO_LARGE, "is one too many");
    return NULL;
  }
  walk (self, names, folder, TRUE, &fresh, &whole, NULL);
  return g_steal_pointer (&whole);
}

static guint
count_folders (const gchar *path)
{
  guint n = 0;

  for (; *path; path++)
    n += *path == '/';
  return n;
}

/* ".." counts the folders that lead to the link, which are none themselves:
 * behind another name it would count those of wherever that leads. */
gboolean
vm_archive_link_check (const gchar *path, const gchar *target, GError **error)
{
  g_auto (GStrv) names = NULL;
  guint up = 0;
  gboolean down = FALSE;

  if (!*target || *target == '/' || strlen (target) > VM_ARCHIVE_PATH_MAX
      || !g_utf8_validate (target, -1, NULL))
    return refuse (error, VM_ERROR_BAD_MESSAGE, "is a link that leads out");
  names = g_strsplit (target, "/", -1);
  for (guint i = 0; names[i]; i++) {
    if (!*names[i] || strcmp (names[i], ".") == 0)
      continue;
    if (strcmp (names[i], "..") != 0)
      down = TRUE;
    else if (down || ++up > count_folders (path))
      return refuse (error, VM_ERROR_BAD_MESSAGE, "is a link that leads out");
  }
  return TRUE;
}
