/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The vmsignalbin of a meeting, as the command line wants it. */

#include "session/session-priv.h"
#include "cmd/target.h"

/* The plugins stand where this program was installed, which need not be where
 * GStreamer looks. */
static GstElement *
make_bin (GError **error)
{
  g_autoptr (GstElementFactory) factory =
      gst_element_factory_find ("vmsignalbin");
  GstElement *element;

  if (!factory)
    gst_registry_scan_path (gst_registry_get (), VMT_PLUGIN_DIR);
  element = gst_element_factory_make ("vmsignalbin", "m");
  if (!element)
    g_set_error_literal (error, VM_ERROR, VM_ERROR_FAILED,
        "The element vmsignalbin is missing: is GST_PLUGIN_PATH set to the "
        "folder of libgstvmsignal.so?");
  return element;
}

static void
set_bin (VmtSession *self)
{
  const VmtOptions *options = self->options;
  GObject *bin = G_OBJECT (self->signalbin);

  g_object_set (bin, "mode", self->mode, "call-type",
      options->audio_only ? VM_CALL_TYPE_AUDIO : VM_CALL_TYPE_VIDEO, NULL);
  if (self->uri) {
    g_object_set (bin, "uri", self->uri, NULL);
    gst_util_set_object_arg (bin, "dialect",
        vmt_session_is_call (self)
            ? "call"
            : vmt_target_choose_dialect (self->uri, options->dialect, NULL));
  } else
    g_object_set (bin, "meeting", self->meeting, NULL);
  if (options->user)
    g_object_set (bin, "user", options->user, NULL);
  if (options->pin)
    g_object_set (bin, "pin", options->pin, "host-key", options->host_key,
        "ask-host", TRUE, NULL);
  if (options->api_secret)
    g_object_set (bin, "api-secret", options->api_secret, NULL);
  if (options->make_room)
    g_object_set (bin, "make-room", TRUE, NULL);
  if (options->cloud)
    g_object_set (bin, "cloud-uri", options->cloud, "cloud-pin",
        options->cloud_pin, "bridge", options->bridge, NULL);
  if (options->token)
    g_object_set (bin, "cap-token", options->token, NULL);
  if (options->max_participants)
    g_object_set (
        bin, "max-participants", (guint) options->max_participants, NULL);
  /* a file that is sent again goes on where it was */
  if (options->no_rejoin || vmt_session_delivers (self))
    g_object_set (bin, "rejoin", FALSE, NULL);
  if (options->record)
    g_object_set (bin, "record-dir", options->record, NULL);
  if (options->codec)
    g_object_set (bin, "codecs", options->codec, NULL);
  if (options->audio_profile)
    gst_util_set_object_arg (bin, "audio-profile", options->audio_profile);
  if (options->push_to_talk)
    g_object_set (bin, "mute-audio", TRUE, NULL);
  /* nothing comes from here: the user is there by the page */
  if (options->browser && !options->source)
    g_object_set (bin, "mute-audio", TRUE, "mute-video", TRUE, NULL);
  if (options->stun)
    g_object_set (bin, "stun-server", options->stun, NULL);
  if (options->latency)
    g_object_set (bin, "latency", options->latency, NULL);
  if (options->fallback)
    g_object_set (bin, "fallback", options->fallback, NULL);
  if (options->ice_transport_policy)
    gst_util_set_object_arg (
        G_OBJECT (bin), "ice-transport-policy", options->ice_transport_policy);
  if (options->turn) {
    g_autofree gchar *turn = g_strjoinv (",", options->turn);

    g_object_set (bin, "turn-servers", turn, NULL);
  }
}

gboolean
vmt_session_make_bin (VmtSession *self, GError **error)
{
  self->signalbin = make_bin (error);
  if (!self->signalbin)
    return FALSE;
  gst_bin_add (GST_BIN (self->pipeline), self->signalbin);
  set_bin (self);
  return TRUE;
}
