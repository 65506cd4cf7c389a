/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file of defaults speaks for all commands: a value of it that is of no use
 * with what the command line says is dropped. The same value on the command
 * line is an error. */

#include "options/options-config.h"
#include "options/options-files.h"

static void
drop (const VmtOptions *options, const gchar *key, gchar **value)
{
  if (vmt_options_is_default (options, key))
    g_clear_pointer (value, g_free);
}

static void
drop_flag (const VmtOptions *options, const gchar *key, gboolean *flag)
{
  if (vmt_options_is_default (options, key))
    *flag = FALSE;
}

static void
drop_devices (VmtOptions *options)
{
  const gchar *source = options->source    ? options->source
                        : options->browser ? ""
                                           : "camera";
  gboolean camera = g_str_equal (source, "camera");
  gboolean screen = g_str_equal (source, "screen");

  if (!camera || options->audio_only) {
    drop (options, "camera", &options->camera);
    drop (options, "size", &options->size);
  }
  if (!screen || options->audio_only)
    drop (options, "region", &options->region);
  if (!camera && !screen)
    drop (options, "microphone", &options->microphone);
  if (options->audio_only)
    drop_flag (options, "screen-sound", &options->screen_sound);
  if (options->browser)
    drop_flag (options, "insecure", &options->insecure);
}

static void
drop_of_send (VmtOptions *options, VmtFilesRaw *files)
{
  if (!options->meeting && !options->server) {
    drop (options, "pin", &options->pin);
    drop (options, "pin-file", &options->pin_file);
  }
  if (!options->server)
    drop (options, "stun-address", &options->stun_address);
  else
    drop (options, "max-bitrate", &files->max_bitrate);
  if (options->meeting) {
    drop (options, "max-active", &files->max_active);
    if (vmt_options_is_default (options, "priority"))
      g_clear_pointer (&files->priorities, g_strfreev);
  }
}

void
vmt_options_drop_defaults (VmtOptions *options, VmtCommand command,
    VmtFilesRaw *files, gchar **approve)
{
  if (!options->defaults)
    return;
  drop_devices (options);
  if (command == VMT_COMMAND_SEND)
    drop_of_send (options, files);
  if ((command == VMT_COMMAND_HOST || command == VMT_COMMAND_JOIN)
      && !options->files_dir) {
    drop (options, "accept", &files->accept);
    drop (options, "overwrite", &files->overwrite);
    drop (options, "max-size", &files->max_size);
    drop (options, "quota", &files->quota);
  }
  /* whoever answers calls, or asks for trust, does not refuse everything */
  if (command == VMT_COMMAND_ANSWER && g_strcmp0 (files->accept, "never") == 0)
    drop (options, "accept", &files->accept);
  if (command == VMT_COMMAND_TRUST && g_strcmp0 (*approve, "never") == 0)
    drop (options, "approve", approve);
}
