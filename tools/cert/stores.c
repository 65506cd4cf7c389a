/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cert/stores.h"

#include <glib/gstdio.h>
#include <string.h>

#define CERTUTIL "certutil"
#define DATABASE "cert9.db"
#define CHROMIUM ".pki/nssdb"
#define SYSTEM_FOLDER "/usr/local/share/ca-certificates"
#define SYSTEM_PROGRAM "update-ca-certificates"
#define SYSTEM_FILE "videomeet-root.crt"
#define PROFILES_MAX 64

/* Below the home: databases, and folders with one of each profile. */
static const gchar *const databases[] = { CHROMIUM,
  "snap/chromium/current/.pki/nssdb" };
static const gchar *const profiles[] = { ".mozilla/firefox",
  "snap/firefox/common/.mozilla/firefox",
  ".var/app/org.mozilla.firefox/.mozilla/firefox" };

VmtStores *
vmt_stores_new (const gchar *home, gboolean system)
{
  VmtStores *self = g_new0 (VmtStores, 1);
  g_autofree gchar *program = g_find_program_in_path (SYSTEM_PROGRAM);

  self->home = g_strdup (home ? home : g_get_home_dir ());
  if (system && program)
    self->system = g_strdup (SYSTEM_FOLDER);
  return self;
}

void
vmt_stores_free (VmtStores *self)
{
  g_free (self->home);
  g_free (self->system);
  g_free (self);
}

gboolean
vmt_stores_have_program (void)
{
  g_autofree gchar *program = g_find_program_in_path (CERTUTIL);

  return program != NULL;
}

/* Whether it ended well; else its first line is @fault. */
static gboolean
run (const gchar *const *argv, gchar **fault)
{
  g_autofree gchar *said = NULL;
  g_autoptr (GError) error = NULL;
  gint status = 0;

  if (g_spawn_sync (NULL, (gchar **) argv, NULL,
          G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
          &said, &status, &error)
      && g_spawn_check_wait_status (status, &error))
    return TRUE;
  if (fault)
    *fault = said && *said ? g_strndup (said, strcspn (said, "\n"))
                           : g_strdup (error->message);
  return FALSE;
}

static gboolean
has_database (const gchar *folder)
{
  g_autofree gchar *file = g_build_filename (folder, DATABASE, NULL);

  return g_file_test (file, G_FILE_TEST_EXISTS);
}

static void
add_profiles (GPtrArray *all, const gchar *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const gchar *name;

  while (dir && all->len < PROFILES_MAX && (name = g_dir_read_name (dir))) {
    g_autofree gchar *profile = g_build_filename (folder, name, NULL);

    if (has_database (profile))
      g_ptr_array_add (all, g_steal_pointer (&profile));
  }
}

/* The folders of all databases there are. */
static GPtrArray *
find (VmtStores *self)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < G_N_ELEMENTS (databases); i++) {
    g_autofree gchar *folder =
        g_build_filename (self->home, databases[i], NULL);

    if (has_database (folder))
      g_ptr_array_add (all, g_steal_pointer (&folder));
  }
  for (guint i = 0; i < G_N_ELEMENTS (profiles); i++) {
    g_autofree gchar *folder = g_build_filename (self->home, profiles[i], NULL);

    add_profiles (all, folder);
  }
  return all;
}

/* Chromium makes it at its first start, and takes one that is there. */
static void
make_first (VmtStores *self)
{
  g_autofree gchar *folder = g_build_filename (self->home, CHROMIUM, NULL);
  g_autofree gchar *place = g_strconcat ("sql:", folder, NULL);
  const gchar *const argv[] = { CERTUTIL, "-N", "--empty-password", "-d", place,
    NULL };

  if (!has_database (folder) && g_mkdir_with_parents (folder, 0700) == 0)
    run (argv, NULL);
}

static gboolean delete (const gchar *folder, const gchar *name)
{
  g_autofree gchar *place = g_strconcat ("sql:", folder, NULL);
  const gchar *const argv[] = { CERTUTIL, "-D", "-d", place, "-n", name, NULL };

  return run (argv, NULL);
}

static gboolean
add (const gchar *folder, const gchar *file, const gchar *name, gchar **fault)
{
  g_autofree gchar *place = g_strconcat ("sql:", folder, NULL);
  const gchar *const argv[] = { CERTUTIL, "-A", "-d", place, "-t", "C,,", "-n",
    name, "-i", file, NULL };

  while (delete (folder, name))
    continue;
  return run (argv, fault);
}

static gboolean
update_system (gchar **fault)
{
  const gchar *const argv[] = { SYSTEM_PROGRAM, NULL };

  return run (argv, fault);
}

static gboolean
add_system (VmtStores *self, const gchar *file, gchar **fault)
{
  g_autofree gchar *path = g_build_filename (self->system, SYSTEM_FILE, NULL);
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  if (g_mkdir_with_parents (self->system, 0755) == 0
      && g_file_get_contents (file, &text, &size, &error)
      && g_file_set_contents_full (
          path, text, size, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error))
    return update_system (fault);
  *fault = g_strdup (error ? error->message : "it cannot be made");
  return FALSE;
}

static void
note (GPtrArray *done, GPtrArray *faults, gboolean good, const gchar *place,
    gchar *fault)
{
  if (good)
    g_ptr_array_add (done, g_strdup (place));
  else
    g_ptr_array_add (faults, g_strdup_printf ("%s: %s", place, fault));
  g_free (fault);
}

GPtrArray *
vmt_stores_add (
    VmtStores *self, const gchar *file, const gchar *name, GPtrArray **faults)
{
  GPtrArray *done = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) all = NULL;

  *faults = g_ptr_array_new_with_free_func (g_free);
  if (vmt_stores_have_program ()) {
    make_first (self);
    all = find (self);
  }
  for (guint i = 0; all && i < all->len; i++) {
    const gchar *folder = all->pdata[i];
    gchar *fault = NULL;
    gboolean good = add (folder, file, name, &fault);

    note (done, *faults, good, folder, fault);
  }
  if (self->system) {
    gchar *fault = NULL;
    gboolean good = add_system (self, file, &fault);

    note (done, *faults, good, self->system, fault);
  }
  return done;
}

GPtrArray *
vmt_stores_remove (VmtStores *self, const gchar *name)
{
  GPtrArray *done = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) all = vmt_stores_have_program () ? find (self) : NULL;

  for (guint i = 0; all && i < all->len; i++) {
    gboolean was = FALSE;

    while (delete (all->pdata[i], name))
      was = TRUE;
    if (was)
      g_ptr_array_add (done, g_strdup (all->pdata[i]));
  }
  if (self->system) {
    g_autofree gchar *path = g_build_filename (self->system, SYSTEM_FILE, NULL);

    if (g_unlink (path) == 0 && update_system (NULL))
      g_ptr_array_add (done, g_strdup (self->system));
  }
  return done;
}
