/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PINs and passwords: in a file or in the environment, where nobody else reads
 * them, or on the command line, which everybody on the machine sees. */

#include "options/options-priv.h"
#include "options/smallfile.h"

#include <string.h>

#define ENV_PIN "VIDEOMEET_PIN"
#define ENV_TURN "VIDEOMEET_TURN" /* URIs with blanks between them */
#define ENV_TURN_SECRET "VIDEOMEET_TURN_SECRET"
#define BLANKS " \t\r\n"

static const struct
{
  const gchar *name;
  gboolean always; /* else where there is a user and password in it */
} hidden[] = {
  { "pin", TRUE },
  { "turn-secret", TRUE },
  { "turn", FALSE },
  { "cluster", FALSE },
  { "source", FALSE },
};

#define ACCESS_TOKEN "access_token=" /* RFC 6750, section 2.3 */

static void
hide (gchar *value, gboolean always)
{
  if (value && (always || strchr (value, '@')))
    memset (value, '*', strlen (value));
}

/* -s VALUE, -sVALUE */
static void
hide_source (gchar **argv)
{
  if (g_str_has_prefix (*argv, "-s"))
    hide ((*argv)[2] ? *argv + strlen ("-s") : argv[1], FALSE);
}

/* The one in the query of a link. */
static void
hide_token (gchar *argument)
{
  gchar *found = strstr (argument, ACCESS_TOKEN);

  if (found) {
    found += strlen (ACCESS_TOKEN);
    memset (found, '*', strcspn (found, "&#"));
  }
}

void
vmt_secrets_hide (gchar **argv)
{
  for (; *argv && !g_str_equal (*argv, "--"); argv++) {
    const gchar *name =
        g_str_has_prefix (*argv, "--") ? *argv + strlen ("--") : "";

    for (guint i = 0; i < G_N_ELEMENTS (hidden); i++) {
      gsize size = strlen (hidden[i].name);

      if (strncmp (name, hidden[i].name, size) != 0)
        continue;
      if (name[size] == '=')
        hide (strchr (*argv, '=') + 1, hidden[i].always);
      else if (name[size] == '\0')
        hide (argv[1], hidden[i].always);
    }
    hide_source (argv);
    hide_token (*argv);
  }
  for (; *argv; argv++)
    hide_token (*argv);
}

/* What the programs that this one starts have no use for. */
static gchar *
take_env (const gchar *name)
{
  gchar *value = g_strdup (g_getenv (name));

  g_unsetenv (name);
  return value;
}

static gchar *
read_secret (const gchar *path, GError **error)
{
  g_autofree gchar *text =
      vmt_small_file_read (path, VMT_SECRET_FILE_MAX, NULL, error);

  if (!text || !vmt_small_file_is_secret (path, error))
    return NULL;
  return g_strdup (g_strstrip (text));
}

static gboolean
refuse_both (const gchar *name, GError **error)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--%s and --%s-file cannot both be given.", name, name);
  return FALSE;
}

static gboolean
take_pin (VmtOptions *options, GError **error)
{
  g_autofree gchar *env = take_env (ENV_PIN);

  if (!options->pin_file) {
    if (!options->pin)
      options->pin = g_steal_pointer (&env);
    return TRUE;
  }
  if (options->pin)
    return refuse_both ("pin", error);
  options->pin = read_secret (options->pin_file, error);
  return options->pin != NULL;
}

/* One URI a line, or between blanks. */
static gchar **
split (const gchar *text)
{
  g_auto (GStrv) parts = g_strsplit_set (text, BLANKS, -1);
  g_autoptr (GStrvBuilder) uris = g_strv_builder_new ();

  for (guint i = 0; parts[i]; i++) {
    if (*parts[i])
      g_strv_builder_add (uris, parts[i]);
  }
  return g_strv_builder_end (uris);
}

static gboolean
take_turn (VmtOptions *options, GError **error)
{
  g_autofree gchar *text = take_env (ENV_TURN);

  if (options->turn_file) {
    if (options->turn)
      return refuse_both ("turn", error);
    g_free (text);
    text = read_secret (options->turn_file, error);
    if (!text)
      return FALSE;
  }
  if (text && !options->turn)
    options->turn = split (text);
  return TRUE;
}

static gboolean
take_file (const gchar *path, gchar **secret, GError **error)
{
  if (path)
    *secret = read_secret (path, error);
  return *secret || !path;
}

static gboolean
take_cloud (VmtOptions *options, GError **error)
{
  return take_file (options->api_secret_file, &options->api_secret, error)
         && take_file (options->cloud_pin_file, &options->cloud_pin, error);
}

/* Each for the commands that have use for it: a shell may set it for all. */
gboolean
vmt_secrets_take (VmtOptions *options, VmtCommand command, GError **error)
{
  gboolean in_meeting =
      command == VMT_COMMAND_HOST || command == VMT_COMMAND_JOIN;
  gboolean sends_there = command == VMT_COMMAND_SEND
                         && (options->meeting || options->server || options->pin
                             || options->pin_file);
  gboolean in_room = sends_there || command == VMT_COMMAND_AGENT
                     || command == VMT_COMMAND_SYNC
                     || command == VMT_COMMAND_TERM;

  if ((in_meeting || in_room) && !take_pin (options, error))
    return FALSE;
  if (in_meeting && !take_cloud (options, error))
    return FALSE;
  if ((in_meeting || vmt_command_is_call (command)
          || command == VMT_COMMAND_SERVER || command == VMT_COMMAND_DOCTOR)
      && !take_turn (options, error))
    return FALSE;
  if (command == VMT_COMMAND_SERVER && !options->turn_secret)
    options->turn_secret = take_env (ENV_TURN_SECRET);
  return TRUE;
}
