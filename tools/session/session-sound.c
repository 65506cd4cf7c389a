/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sound of this device: what is made of the microphone, when it is sent,
 * and how loud it is. */

#include "session/session-priv.h"
#include "ui/voice.h"

/* What a loudspeaker plays comes back by the microphone; music is to stay as it
 * is. */
static gboolean
is_echo_expected (VmtSession *self)
{
  const VmtOptions *options = self->options;

  /* there may be another microphone, or another speaker, later */
  return self->uses[VMT_KIND_MICROPHONE].slot && self->grid && !options->no_dsp
         && g_strcmp0 (options->audio_profile, "music") != 0;
}

gboolean
vmt_session_link_sound (VmtSession *self, GstElement *source, const gchar *from,
    const gchar *to, GstElement **used)
{
  GstElement *voice;

  if (!g_str_equal (from, "audio") || !is_echo_expected (self))
    return gst_element_link_pads (source, from, self->signalbin, to);
  voice = vmt_voice_new ();
  if (!voice) {
    vmt_output_warning (self->output, NULL,
        "The others may hear themselves: GStreamer's webrtcdsp, which takes "
        "the echo out, is not installed. Headphones help.");
    return gst_element_link_pads (source, from, self->signalbin, to);
  }
  gst_bin_add (GST_BIN (self->pipeline), voice);
  *used = voice;
  return gst_element_link_pads (source, from, voice, "sink")
         && gst_element_link_pads (voice, "src", self->signalbin, to);
}

void
vmt_session_talk (VmtSession *self)
{
  self->talking = TRUE;
  vmt_session_devices_muted (self, TRUE, FALSE);
  g_object_set (self->signalbin, "mute-audio", FALSE, NULL);
  vmt_session_tell_muted (self);
  vmt_output_line (
      self->output, VMT_STYLE_STRONG, "You are heard until you press Enter.");
}

void
vmt_session_stop_talking (VmtSession *self)
{
  self->talking = FALSE;
  vmt_session_devices_muted (self, TRUE, FALSE);
  g_object_set (self->signalbin, "mute-audio", TRUE, NULL);
  vmt_session_tell_muted (self);
}

void
vmt_session_show_stats (VmtSession *self)
{
  JsonObject *event = vmt_event_new ("stats");
  g_autoptr (GPtrArray) lines = NULL;
  gdouble level;

  vmt_session_read_stats (self);
  lines = vmt_roster_to_stats (self->roster);
  if (vmt_roster_get_own_level (self->roster, &level)) {
    json_object_set_double_member (event, "audioLevel", level);
    vmt_output_line (
        self->output, VMT_STYLE_PLAIN, "  You: level %.0f dBFS", level);
  }
  json_object_set_array_member (
      event, "participants", vmt_roster_to_json_present (self->roster));
  vmt_output_event (self->output, event);
  for (guint i = 0; i < lines->len; i++)
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "  %s",
        (const gchar *) g_ptr_array_index (lines, i));
}
