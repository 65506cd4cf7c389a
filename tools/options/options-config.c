/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options/options-config.h"
#include "options/options-table.h"
#include "options/smallfile.h"
#include "ui/output.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVER_GROUP "server"
#define USER_GROUP "videomeet"

typedef struct
{
  VmtCommand command;
  const gchar *path, *group;
  gchar *text;
  GKeyFile *file;
  gchar **given; /* the command line */
  GArray *entries; /* the options of the command */
  GStrvBuilder *defaults; /* keys whose value is taken */
} Config;

/* Whether @argument is --@key, and where its value begins; "" when that is the
 * next argument. */
static const gchar *
value_of (const gchar *argument, const gchar *key)
{
  gsize size = strlen (key);

  if (!g_str_has_prefix (argument, "--")
      || strncmp (argument + 2, key, size) != 0)
    return NULL;
  if (argument[2 + size] == '=')
    return argument + 2 + size + 1;
  return argument[2 + size] ? NULL : "";
}

static const gchar *
find_value (gchar **argv, const gchar *key)
{
  for (; *argv && !g_str_equal (*argv, "--"); argv++) {
    const gchar *value = value_of (*argv, key);

    if (value && !*value && argv[1])
      value = argv[1];
    if (value)
      return value;
  }
  return NULL;
}

static gboolean
has_word (gchar **argv, const gchar *word)
{
  for (; *argv && !g_str_equal (*argv, "--"); argv++)
    if (g_str_equal (*argv, word))
      return TRUE;
  return FALSE;
}

/* GKeyFile keeps no lines. 0: not found. */
static guint
find_line (const gchar *text, const gchar *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gsize size = strlen (key);

  for (guint i = 0; lines[i]; i++) {
    const gchar *line = g_strchug (lines[i]);

    if (strncmp (line, key, size) == 0
        && (line[size + strspn (line + size, " \t")] == '='))
      return i + 1;
  }
  return 0;
}

static const GOptionEntry *
find_entry (GArray *entries, const gchar *key)
{
  for (guint i = 0; i < entries->len; i++) {
    const GOptionEntry *entry = &g_array_index (entries, GOptionEntry, i);

    if (*entry->long_name && g_str_equal (entry->long_name, key))
      return entry;
  }
  return NULL;
}

/* What is of one run alone. */
static gboolean
may_stand (const gchar *key)
{
  static const gchar *const never[] = { "config", "no-config", "help", "json",
    "duration", NULL };

  return !g_strv_contains (never, key);
}

/* The same word is something else to another command: a default of its own
 * would change what that one does. */
static gboolean
is_meant (const Config *config, const gchar *key)
{
  VmtCommand command = config->command;

  if (command == VMT_COMMAND_SERVER)
    return TRUE;
  if (g_str_equal (key, "meeting"))
    return command == VMT_COMMAND_HOST;
  if (g_str_equal (key, "server") || g_str_equal (key, "room"))
    return command == VMT_COMMAND_AGENT || command == VMT_COMMAND_SYNC
           || command == VMT_COMMAND_TERM;
  if (g_str_equal (key, "insecure"))
    return command != VMT_COMMAND_SEND;
  return TRUE;
}

static gboolean
is_of_another (const Config *config, const gchar *key)
{
  for (guint i = 0; i < VMT_N_COMMANDS; i++) {
    g_autoptr (GArray) entries = NULL;

    if (i == VMT_COMMAND_SERVER || config->command == VMT_COMMAND_SERVER)
      continue;
    entries = vmt_options_list (i);
    if (find_entry (entries, key))
      return TRUE;
  }
  return FALSE;
}

/* An option, or the other form of it. */
static gboolean
is_given (const Config *config, const gchar *key)
{
  static const gchar *const pairs[][2] = { { "pin", "pin-file" },
    { "turn", "turn-file" }, { "speaker", "no-play" }, { "view", "no-view" } };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    for (guint j = 0; j < 2; j++)
      if (config->command != VMT_COMMAND_SERVER
          && g_str_equal (key, pairs[i][j])
          && find_value (config->given, pairs[i][!j]))
        return TRUE;
  return find_value (config->given, key) != NULL;
}

static gboolean
refuse (
    const Config *config, const gchar *key, const gchar *format, GError **error)
{
  g_autofree gchar *safe = vmt_text_safe (key);
  g_autofree gchar *why = g_strdup_printf (format, safe);

  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "%s, line %u: %s", config->path, find_line (config->text, key), why);
  return FALSE;
}

static gboolean
add_value (const Config *config, const GOptionEntry *entry,
    GStrvBuilder *arguments, GError **error)
{
  const gchar *key = entry->long_name;
  g_autoptr (GError) reason = NULL;
  g_auto (GStrv) values = NULL;
  gboolean flag = FALSE;

  if (is_given (config, key))
    return TRUE;
  if (entry->arg == G_OPTION_ARG_NONE) {
    flag = g_key_file_get_boolean (config->file, config->group, key, &reason);
  } else if (entry->arg == G_OPTION_ARG_STRING_ARRAY
             || entry->arg == G_OPTION_ARG_FILENAME_ARRAY) {
    values = g_key_file_get_string_list (
        config->file, config->group, key, NULL, &reason);
  } else {
    values = g_new0 (gchar *, 2);
    values[0] =
        g_key_file_get_string (config->file, config->group, key, &reason);
  }
  if (reason)
    return refuse (config, key, "'%s' cannot be read.", error);
  g_strv_builder_add (config->defaults, key);
  if (flag) {
    g_autofree gchar *argument = g_strconcat ("--", key, NULL);

    g_strv_builder_add (arguments, argument);
  }
  for (guint i = 0; values && values[i]; i++) {
    g_autofree gchar *argument =
        g_strconcat ("--", key, "=", g_strstrip (values[i]), NULL);

    g_strv_builder_add (arguments, argument);
  }
  return TRUE;
}

static gboolean
add_key (const Config *config, const gchar *key, GStrvBuilder *arguments,
    GError **error)
{
  const GOptionEntry *entry = find_entry (config->entries, key);

  if (!may_stand (key) || (!entry && !is_of_another (config, key)))
    return refuse (config, key, "there is no option '%s'.", error);
  return !entry || !is_meant (config, key)
         || add_value (config, entry, arguments, error);
}

static gboolean
check_groups (const Config *config, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (config->file, NULL);

  for (guint i = 0; groups[i]; i++) {
    if (g_str_equal (groups[i], config->group))
      continue;
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "%s: the only group is [%s], not [%s].", config->path, config->group,
        groups[i]);
    return FALSE;
  }
  return TRUE;
}

static gboolean
add_file (Config *config, GStrvBuilder *arguments, GError **error)
{
  g_auto (GStrv) found = NULL;

  if (!check_groups (config, error))
    return FALSE;
  found = g_key_file_get_keys (config->file, config->group, NULL, NULL);
  for (guint i = 0; found && found[i]; i++) {
    if (!add_key (config, found[i], arguments, error))
      return FALSE;
  }
  return TRUE;
}

/* A secret of its own; the others are in files that it names. */
static gboolean
has_secret (const Config *config)
{
  g_auto (GStrv) turn = g_key_file_get_string_list (
      config->file, config->group, "turn", NULL, NULL);
  g_autofree gchar *cluster =
      g_key_file_get_string (config->file, config->group, "cluster", NULL);
  g_autofree gchar *source =
      g_key_file_get_string (config->file, config->group, "source", NULL);
  gboolean found =
      g_key_file_has_key (config->file, config->group, "turn-secret", NULL)
      || g_key_file_has_key (config->file, config->group, "pin", NULL)
      || (cluster && strchr (cluster, '@'))
      || (source && strstr (source, "://") && strchr (source, '@'));

  for (guint i = 0; turn && turn[i]; i++)
    found |= strchr (turn[i], '@') != NULL;
  return found;
}

static gboolean
read_file (Config *config, GError **error)
{
  g_autoptr (GError) reason = NULL;
  gsize size;

  config->text =
      vmt_small_file_read (config->path, VMT_SMALL_FILE_MAX, &size, error);
  if (!config->text)
    return FALSE;
  if (g_key_file_load_from_data (
          config->file, config->text, size, G_KEY_FILE_NONE, &reason))
    return !has_secret (config)
           || vmt_small_file_is_secret (config->path, error);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
      "The configuration %s cannot be read: %s", config->path, reason->message);
  return FALSE;
}

gboolean
vmt_options_is_default (const VmtOptions *options, const gchar *key)
{
  return options->defaults
         && g_strv_contains ((const gchar *const *) options->defaults, key);
}

gboolean
vmt_options_has_own_config (VmtCommand command)
{
  return command == VMT_COMMAND_SERVER;
}

static gchar *
get_own_path (void)
{
  return g_build_filename (
      g_get_user_config_dir (), "videomeet", "config", NULL);
}

/* Transfer full; NULL: there is none. */
static gchar *
find_path (VmtCommand command, gchar **argv)
{
  g_autofree gchar *path = NULL;

  if (vmt_options_has_own_config (command))
    return g_strdup (find_value (argv, "config"));
  if (has_word (argv, "--no-config") || has_word (argv, "--help")
      || has_word (argv, "-h"))
    return NULL;
  path = get_own_path ();
  return g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path)
                                                : NULL;
}

gboolean
vmt_options_read_config (VmtOptions *options, VmtCommand command, gint *argc,
    gchar ***argv, GError **error)
{
  g_autofree gchar *path = *argc ? find_path (command, *argv) : NULL;
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GArray) entries = vmt_options_list (command);
  g_autoptr (GStrvBuilder) arguments = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) defaults = g_strv_builder_new ();
  g_autofree gchar *text = NULL;
  Config config = { .command = command,
    .path = path,
    .group = vmt_options_has_own_config (command) ? SERVER_GROUP : USER_GROUP,
    .file = file,
    .given = *argv,
    .entries = entries,
    .defaults = defaults };
  gboolean read;

  if (!path)
    return TRUE;
  read = read_file (&config, error);
  text = config.text;
  if (!read)
    return FALSE;
  g_strv_builder_add (arguments, **argv);
  if (!add_file (&config, arguments, error))
    return FALSE;
  options->view_told =
      g_key_file_has_key (file, config.group, "view", NULL)
      || g_key_file_has_key (file, config.group, "no-view", NULL);
  g_strv_builder_addv (arguments, (const gchar **) *argv + 1);
  options->defaults = g_strv_builder_end (defaults);
  options->arguments = g_strv_builder_end (arguments);
  *argc = g_strv_length (options->arguments);
  /* GOption takes from it what it has understood */
  *argv = g_memdup2 (options->arguments, (*argc + 1) * sizeof (gchar *));
  options->left = *argv;
  return TRUE;
}

gboolean
vmt_options_keep_answer (const gchar *key, gboolean value, GError **error)
{
  g_autofree gchar *path = get_own_path ();
  g_autofree gchar *folder = g_path_get_dirname (path);
  /* it may be a link to where its user keeps such files */
  g_autofree gchar *place = g_canonicalize_filename (path, NULL);
  char *real = realpath (path, NULL);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree gchar *old = NULL, *text = NULL;
  GStatBuf info;
  gsize size;

  if (real) {
    g_free (place);
    place = g_strdup (real);
    free (real);
  }
  if (g_stat (place, &info) != 0) {
    info.st_mode = 0600;
    g_mkdir_with_parents (folder, 0700);
  } else if (!(old = vmt_small_file_read (
                   place, VMT_SMALL_FILE_MAX, &size, error))
             || !g_key_file_load_from_data (
                 file, old, size, G_KEY_FILE_KEEP_COMMENTS, error)) {
    return FALSE;
  }
  g_key_file_set_boolean (file, USER_GROUP, key, value);
  text = g_key_file_to_data (file, &size, NULL);
  return g_file_set_contents_full (place, text, (gssize) size,
      G_FILE_SET_CONTENTS_CONSISTENT, info.st_mode & 0777, error);
}
