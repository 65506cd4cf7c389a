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
  gboolean audio = g_str_equal (from, "audio");
  GstElement *into = self->signalbin, *voice;

  if (audio && self->screen_sound) {
    into = GST_ELEMENT (self->screen_sound);
    to = "sink";
  }
  if (!audio || !is_echo_expected (self))
    return gst_element_link_pads (source, from, into, to);
  voice = vmt_voice_new ();
  if (!voice) {
    vmt_output_warning (self->output, NULL,
        "The others may hear themselves: GStreamer's webrtcdsp, which takes "
        "the echo out, is not installed. Headphones help.");
    return gst_element_link_pads (source, from, into, to);
  }
  gst_bin_add (GST_BIN (self->pipeline), voice);
  *used = voice;
  return gst_element_link_pads (source, from, voice, "sink")
         && gst_element_link_pads (voice, "src", into, to);
}

/* The sound of the screen: it comes in between the sound that is sent as well
 * and vmsignalbin. */

#define INPUT "audio_sink_0"

void
vmt_session_release_input (VmtSession *self, GstPad *src)
{
  g_autoptr (GstPad) sink = gst_pad_get_peer (src);

  if (sink && GST_PAD_PARENT (sink) == self->signalbin)
    gst_element_release_request_pad (self->signalbin, sink);
  else if (sink)
    gst_pad_unlink (src, sink);
}

static GstPadProbeReturn
on_between (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_DROP;
}

static gulong
hold_back (GstPad *src)
{
  return gst_pad_add_probe (src,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_between,
      NULL, NULL);
}

/* Of the sound that is sent as well; NULL: there is none. */
static GstPad *
get_own_sound (VmtSession *self)
{
  const VmtSending *own = &self->sent[VMT_SENT_OWN];

  if (!own->source || !own->source->has_audio)
    return NULL;
  return own->voice ? gst_element_get_static_pad (own->voice, "src")
                    : gst_element_get_static_pad (own->source->bin, "audio");
}

/* What @src gives goes to the pad @to of @element. */
static void
lead (VmtSession *self, GstPad *src, GstElement *element, const gchar *to)
{
  g_autoptr (GstPad) sink = NULL;

  vmt_session_release_input (self, src);
  sink = element == self->signalbin
             ? gst_element_request_pad_simple (element, to)
             : gst_element_get_static_pad (element, to);
  if (!sink || gst_pad_link (src, sink) != GST_PAD_LINK_OK)
    GST_WARNING ("a sound leads nowhere");
}

void
vmt_session_mix_in (VmtSession *self, const VmtSource *source)
{
  const VmtSource *own = self->sent[VMT_SENT_OWN].source;
  GstElement *sound = GST_ELEMENT (source->sound);
  g_autoptr (GstPad) src = get_own_sound (self);
  g_autoptr (GstPad) mixed = NULL;
  gulong held;

  if (own && own->rtsp && own->has_audio) {
    vmt_output_warning (self->output, NULL,
        "The sound of the screen is not sent: " VMT_SOUND_AS_IT_COMES);
    return;
  }
  mixed = gst_element_get_static_pad (sound, "src");
  gst_bin_add (GST_BIN (self->pipeline), sound);
  self->screen_sound = source->sound;
  held = src ? hold_back (src) : 0;
  if (src)
    lead (self, src, sound, "sink");
  lead (self, mixed, self->signalbin, INPUT);
  gst_element_sync_state_with_parent (sound);
  if (src)
    gst_pad_remove_probe (src, held);
  vmt_session_devices_mixed (self, TRUE);
}

static void
take_out (GstElement *sound, gpointer user_data)
{
  g_autoptr (GstObject) parent = gst_object_get_parent (GST_OBJECT (sound));

  gst_element_set_locked_state (sound, TRUE);
  gst_element_set_state (sound, GST_STATE_NULL);
  if (parent)
    gst_bin_remove (GST_BIN (parent), sound);
}

void
vmt_session_mix_out (VmtSession *self)
{
  GstElement *sound = (GstElement *) self->screen_sound;
  g_autoptr (GstPad) src = NULL;
  g_autoptr (GstPad) mixed = NULL;
  gulong held;

  if (!sound)
    return;
  self->screen_sound = NULL;
  src = get_own_sound (self);
  mixed = gst_element_get_static_pad (sound, "src");
  g_object_set_data (G_OBJECT (sound), VMT_LEFT, sound);
  hold_back (mixed);
  vmt_screen_sound_close (VMT_SCREEN_SOUND (sound));
  vmt_session_release_input (self, mixed);
  if (src) {
    held = hold_back (src);
    lead (self, src, self->signalbin, INPUT);
    gst_pad_remove_probe (src, held);
  }
  gst_element_call_async (sound, take_out, NULL, NULL);
  vmt_session_devices_mixed (self, FALSE);
}

void
vmt_session_end_screen_sound (VmtSession *self, const gchar *why)
{
  g_autofree gchar *text = NULL;

  if (!self->screen_sound)
    return;
  vmt_session_mix_out (self);
  text = g_strdup_printf ("The sound of the screen is no longer sent: %s", why);
  vmt_output_warning (self->output, NULL, text);
}

void
vmt_session_screen_sound_lost (VmtSession *self, const GstStructure *s)
{
  if (!self->leaving)
    vmt_session_end_screen_sound (self, vmt_field (s, "message"));
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
