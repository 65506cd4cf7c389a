/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options/options-devices.h"
#include "devices/camera.h"
#include "options/options-priv.h"

void
vmt_options_add_devices (GArray *all, VmtOptions *options)
{
  const GOptionEntry entries[] = {
    { "camera", 0, 0, G_OPTION_ARG_STRING, &options->camera,
        "Camera to use, by its name or a part of it; 'videomeet devices' lists "
        "them; none sends black (default: the first that works)",
        "NAME" },
    { "microphone", 0, 0, G_OPTION_ARG_STRING, &options->microphone,
        "Microphone to use, likewise; none sends silence", "NAME" },
    { "speaker", 0, 0, G_OPTION_ARG_STRING, &options->speaker,
        "Speaker that plays the others, likewise; none plays nothing "
        "(default: that of the system)",
        "NAME" },
    { "size", 0, 0, G_OPTION_ARG_STRING, &options->size,
        "Pictures of the camera (default 1280x720@30)", "WIDTHxHEIGHT@RATE" },
    { "region", 0, 0, G_OPTION_ARG_STRING, &options->region,
        "Part of the screen to send (default: all of it)", "X,Y,WIDTH,HEIGHT" },
    { "screen-sound", 0, 0, G_OPTION_ARG_NONE, &options->screen_sound,
        "Send what other programs play here, too, while the screen is sent or "
        "shared",
        NULL },
    { NULL },
  };

  vmt_add_entries (all, entries);
}

static gboolean
refuse (GError **error, const gchar *option, const gchar *with)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "%s is of use with %s alone.", option, with);
  return FALSE;
}

gboolean
vmt_options_check_devices (const VmtOptions *options, GError **error)
{
  gboolean camera = g_strcmp0 (options->source, "camera") == 0;
  gboolean screen = g_strcmp0 (options->source, "screen") == 0;
  VmtRegion region;
  VmtSize size;

  if (options->camera && (!camera || options->audio_only))
    return refuse (error, "--camera", "--source camera and a picture");
  if (options->size && (!camera || options->audio_only))
    return refuse (error, "--size", "--source camera and a picture");
  if (options->microphone && !camera && !screen)
    return refuse (error, "--microphone", "--source camera or screen");
  if (options->region && (!screen || options->audio_only))
    return refuse (error, "--region", "--source screen and a picture");
  if (options->screen_sound && options->audio_only)
    return refuse (error, "--screen-sound", "a picture");
  if (options->speaker && options->no_play) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--speaker says what plays the others, and --no-play that nothing "
        "does.");
    return FALSE;
  }
  return (!options->size || vmt_size_parse (&size, options->size, error))
         && (!options->region
             || vmt_region_parse (&region, options->region, error));
}
