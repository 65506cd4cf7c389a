/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options/options-files.h"

#include "options/options-priv.h"
#include "options/options-trust.h"

#include <math.h>
#include <string.h>

#define AMOUNT_MAX 1e18

void
vmt_files_raw_clear (VmtFilesRaw *raw)
{
  g_strfreev (raw->priorities);
  g_free (raw->max_active);
  g_free (raw->max_bitrate);
  g_free (raw->accept);
  g_free (raw->overwrite);
  g_free (raw->max_size);
  g_free (raw->quota);
}

static void
add_rate (GArray *all, VmtFilesRaw *raw)
{
  const GOptionEntry entries[] = {
    { "max-bitrate", 0, 0, G_OPTION_ARG_STRING, &raw->max_bitrate,
        "Limit sent files to this many bits per second, for example 8M "
        "(default: no limit)",
        "RATE" },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

void
vmt_options_add_send (GArray *all, VmtOptions *options, VmtFilesRaw *raw)
{
  const GOptionEntry entries[] = {
    { "meeting", 'm', 0, G_OPTION_ARG_STRING, &options->meeting,
        "Join this meeting without camera and microphone, and send the files "
        "to the participant DEVICE, or to everybody",
        "NAME|URI" },
    { "pin", 0, 0, G_OPTION_ARG_STRING, &options->pin, "PIN of the meeting",
        "DIGITS" },
    VMT_PIN_FILE_ENTRY (options),
    VMT_HOST_KEY_ENTRY (options),
    { "user", 'u', 0, G_OPTION_ARG_STRING, &options->user,
        "Your name, as others see it (default: this account's real name)",
        "NAME" },
    { "max-active", 0, 0, G_OPTION_ARG_STRING, &raw->max_active,
        "Number of files to send at a time, each to another device (default 4)",
        "N" },
    { "priority", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->priorities,
        "Send files that match PATTERN before others, or after them if N is "
        "negative: '*.pdf=1' (-100 to 100; repeatable)",
        "PATTERN=N" },
    { NULL },
  };

  add_rate (all, raw);
  vmt_add_entries (all, entries);
}

/* How files are taken, wherever they come from. */
static void
add_taking (GArray *all, VmtFilesRaw *raw)
{
  const GOptionEntry entries[] = {
    { "accept", 0, 0, G_OPTION_ARG_STRING, &raw->accept,
        "Which files to accept: ask (ask you), auto (all that the limits "
        "allow), never (default ask)",
        "HOW" },
    { "overwrite", 0, 0, G_OPTION_ARG_STRING, &raw->overwrite,
        "What to do when a file of that name exists: never (refuse), rename "
        "(save as \"name (1)\"), replace (overwrite) (default rename)",
        "HOW" },
    { "max-size", 0, 0, G_OPTION_ARG_STRING, &raw->max_size,
        "Refuse files of more bytes, for example 2G", "SIZE" },
    { "quota", 0, 0, G_OPTION_ARG_STRING, &raw->quota,
        "Accept no more bytes in total, for example 10G", "SIZE" },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

void
vmt_options_add_receive (GArray *all, VmtFilesRaw *raw)
{
  add_taking (all, raw);
}

void
vmt_options_add_meeting_files (
    GArray *all, VmtOptions *options, VmtFilesRaw *raw)
{
  const GOptionEntry entries[] = {
    { "files", 0, 0, G_OPTION_ARG_FILENAME, &options->files_dir,
        "Receive files into DIR, which is made if it does not exist (default: "
        "receive none)",
        "DIR" },
    { NULL },
  };

  vmt_add_entries (all, entries);
  add_taking (all, raw);
  add_rate (all, raw);
}

gboolean
vmt_options_check_meeting_files (const VmtOptions *options, VmtCommand command,
    const VmtFilesRaw *raw, GError **error)
{
  gboolean empty = options->files_dir && *options->files_dir == '\0';

  if (command != VMT_COMMAND_HOST && command != VMT_COMMAND_JOIN)
    return TRUE;
  if (!empty
      && (options->files_dir
          || (!raw->accept && !raw->overwrite && !raw->max_size
              && !raw->quota)))
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      empty ? "--files takes a folder."
            : "--accept, --overwrite, --max-size and --quota are of use with "
              "--files alone.");
  return FALSE;
}

gboolean
vmt_amount_parse (
    const gchar *option, const gchar *text, guint64 *amount, GError **error)
{
  static const gchar units[] = "kMGT";
  gchar *end;
  gdouble value = g_ascii_strtod (text, &end);
  const gchar *unit = *end ? strchr (units, *end) : NULL;

  for (gsize i = 0; unit && i <= (gsize) (unit - units); i++)
    value *= 1000;
  if (end == text || (*end && (!unit || end[1])) || !isfinite (value)
      || value < 1 || value > AMOUNT_MAX) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "%s takes a number from 1 to 1000000T, as 500k, 8M or 2G, not '%s'.",
        option, text);
    return FALSE;
  }
  *amount = (guint64) value;
  return TRUE;
}

static gboolean
take_choice (GType type, const gchar *option, const gchar *text, gint *value,
    GError **error)
{
  return !text || vmt_choice_parse (type, option, text, value, error);
}

static gboolean
take_amount (
    const gchar *option, const gchar *text, guint64 *amount, GError **error)
{
  return !text || vmt_amount_parse (option, text, amount, error);
}

gboolean
vmt_priority_parse (
    const gchar *text, gchar **pattern, gint *priority, GError **error)
{
  const gchar *equals = strrchr (text, '=');
  gint64 value = 0;

  if (!equals || equals == text
      || !g_ascii_string_to_signed (equals + 1, 10, -VM_FILE_QUEUE_PRIORITY_MAX,
          VM_FILE_QUEUE_PRIORITY_MAX, &value, NULL)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--priority takes a pattern and a number from %d to %d, as '*.pdf=1', "
        "not '%s'.",
        -VM_FILE_QUEUE_PRIORITY_MAX, VM_FILE_QUEUE_PRIORITY_MAX, text);
    return FALSE;
  }
  *priority = (gint) value;
  if (pattern)
    *pattern = g_strndup (text, equals - text);
  return TRUE;
}

gint
vmt_options_get_priority (const VmtOptions *options, const gchar *file)
{
  g_autofree gchar *name = g_path_get_basename (file);

  for (guint i = 0; options->priorities && options->priorities[i]; i++) {
    g_autofree gchar *pattern = NULL;
    gint priority;

    if (vmt_priority_parse (options->priorities[i], &pattern, &priority, NULL)
        && g_pattern_match_simple (pattern, name))
      return priority;
  }
  return 0;
}

static gboolean
take_turns (VmtOptions *options, const VmtFilesRaw *raw, GError **error)
{
  guint64 max_active = 0;
  gint priority;

  if (options->meeting && (raw->max_active || raw->priorities)) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--max-active and --priority are of no use with --meeting.");
    return FALSE;
  }
  if (raw->max_active
      && !g_ascii_string_to_unsigned (raw->max_active, 10, 1,
          VM_FILE_QUEUE_ACTIVE_MAX, &max_active, NULL)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--max-active takes a number from 1 to %d, not '%s'.",
        VM_FILE_QUEUE_ACTIVE_MAX, raw->max_active);
    return FALSE;
  }
  for (guint i = 0; raw->priorities && raw->priorities[i]; i++)
    if (!vmt_priority_parse (raw->priorities[i], NULL, &priority, error))
      return FALSE;
  options->max_active = (guint) max_active;
  options->priorities = g_strdupv (raw->priorities);
  return TRUE;
}

gboolean
vmt_options_take_files (
    VmtOptions *options, const VmtFilesRaw *raw, GError **error)
{
  gint accept = VM_ACCEPT_ASK, overwrite = VM_OVERWRITE_RENAME;

  if (!take_choice (VM_TYPE_ACCEPT, "--accept", raw->accept, &accept, error)
      || !take_choice (
          VM_TYPE_OVERWRITE, "--overwrite", raw->overwrite, &overwrite, error)
      || !take_amount (
          "--max-bitrate", raw->max_bitrate, &options->max_bitrate, error)
      || !take_amount ("--max-size", raw->max_size, &options->max_size, error)
      || !take_amount ("--quota", raw->quota, &options->quota, error))
    return FALSE;
  if (!take_turns (options, raw, error))
    return FALSE;
  options->accept = accept;
  options->overwrite = overwrite;
  return TRUE;
}

gboolean
vmt_options_take_send (VmtOptions *options, gchar **rest, GError **error)
{
  guint given = rest ? g_strv_length (rest) : 0;

  if (given < 2 || *rest[given - 1] == '\0') {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "Say what and to whom: 'videomeet send FILE DEVICE'. 'videomeet "
        "discover' shows the devices there are.");
    return FALSE;
  }
  if (g_strv_contains ((const gchar *const *) rest, "")) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "The name of a file is empty.");
    return FALSE;
  }
  if (options->pin && !options->meeting && !options->server) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--pin is of use with --meeting or --server alone.");
    return FALSE;
  }
  /* a moment's guest is nobody to be called */
  if (options->meeting) {
    options->announce_set = TRUE;
    options->announce = VM_ANNOUNCE_OFF;
  }
  options->files = g_strdupv (rest);
  options->target = g_steal_pointer (&options->files[given - 1]);
  return TRUE;
}
