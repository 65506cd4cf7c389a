/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/voice.h"

#define LATE_PROBE VMT_VOICE_PROBE "-late"
/* All run at this rate, which is that of Opus. */
#define SOUND "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels="
#define PROBE "! " SOUND "[1,2] ! webrtcechoprobe name=" VMT_VOICE_PROBE " "
#define CONVERT "! audioconvert ! audioresample "
#define ECHO_OF(probe) "webrtcdsp probe=" probe " echo-suppression-level=high "
/* What a microphone brings has the time at which it comes, and the canceller
 * takes no echo out whose time is now this and now that. */
#define STEADY "audiobuffersplit output-buffer-duration=1/100 ! "
#define VOICE                                    \
  STEADY "audioconvert ! audioresample ! " SOUND \
         "1 ! %s" ECHO_OF (VMT_VOICE_PROBE) "noise-suppression-level=high"
/* The canceller of webrtc-audio-processing 0 takes an echo out that comes up to
 * 60 ms after what is played; webrtcdsp asks for its longer filter in vain
 * (docs/decisions/media.md). So a first one takes out what comes later. */
#define LATER_MS 50
/* An echo that comes before 5 ms are over is left, and the times of speakers
 * and microphones are no more exact than this. */
#define MARGIN_MS 15
#define LATE                                    \
  ECHO_OF (LATE_PROBE)                          \
  "gain-control=false noise-suppression=false " \
  "high-pass-filter=false ! "

static gboolean
is_installed (void)
{
  static const gchar *const names[] = { "webrtcdsp", "webrtcechoprobe",
    "audiobuffersplit" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (names[i]);

    if (!factory)
      return FALSE;
  }
  return TRUE;
}

/* Before GStreamer 1.23 webrtcdsp is of webrtc-audio-processing 0. */
static gboolean
needs_late (void)
{
  g_autoptr (GstElementFactory) factory =
      gst_element_factory_find ("webrtcdsp");

  return factory
         && !gst_plugin_feature_check_version (
             GST_PLUGIN_FEATURE (factory), 1, 23, 0);
}

const gchar *
vmt_voice_probe_line (void)
{
  if (!is_installed ())
    return "";
  return needs_late () ? PROBE "! webrtcechoprobe name=" LATE_PROBE " " CONVERT
                       : PROBE CONVERT;
}

/* webrtcechoprobe asks how late the sound comes to it, and gives webrtcdsp what
 * will be played so much after what the microphone hears. That has not come
 * where it comes later than it is played afterwards, as behind jitter buffers:
 * no echo would be taken out. Told that it comes at once, it gives out what is
 * played just then. It asks in the thread that tells it the latency, which is
 * how its question is known from those of others. */
typedef struct
{
  gpointer asking; /* atomic: the thread */
  GstClockTimeDiff later; /* than it is played, what it gives out */
  GstClockTime told; /* the latency */
} Probe;

static void
tell_latency (GstPadProbeInfo *info, GstClockTime latency)
{
  gst_event_unref (GST_PAD_PROBE_INFO_EVENT (info));
  GST_PAD_PROBE_INFO_DATA (info) = gst_event_new_latency (latency);
}

static GstPadProbeReturn
on_latency_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  Probe *probe = user_data;

  if (GST_EVENT_TYPE (event) == GST_EVENT_LATENCY) {
    gst_event_parse_latency (event, &probe->told);
    tell_latency (info, MAX ((GstClockTimeDiff) probe->told + probe->later, 0));
    g_atomic_pointer_set (&probe->asking, g_thread_self ());
  }
  return GST_PAD_PROBE_OK;
}

/* What is in front of the probe is told what it is. */
static GstPadProbeReturn
on_latency_told (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Probe *probe = user_data;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_LATENCY)
    tell_latency (info, probe->told);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_latency_query (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Probe *probe = user_data;
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY
      || !g_atomic_pointer_compare_and_exchange (
          &probe->asking, g_thread_self (), NULL))
    return GST_PAD_PROBE_OK;
  gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
  return GST_PAD_PROBE_HANDLED;
}

static void
prepare (GstElement *bin, const gchar *name, gint later_ms)
{
  g_autoptr (GstElement) element = gst_bin_get_by_name (GST_BIN (bin), name);
  g_autoptr (GstPad) src = NULL, sink = NULL;
  Probe *probe;

  if (!element)
    return;
  probe = g_new0 (Probe, 1);
  probe->later = later_ms * (GstClockTimeDiff) GST_MSECOND;
  src = gst_element_get_static_pad (element, "src");
  sink = gst_element_get_static_pad (element, "sink");
  gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_latency_event, probe, NULL);
  gst_pad_add_probe (
      sink, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_latency_told, probe, NULL);
  gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, on_latency_query, probe, NULL);
  g_object_set_data_full (G_OBJECT (element), "vmt-probe", probe, g_free);
}

void
vmt_voice_prepare_probe (GstElement *bin)
{
  prepare (bin, VMT_VOICE_PROBE, -MARGIN_MS);
  prepare (bin, LATE_PROBE, LATER_MS - MARGIN_MS);
}

GstElement *
vmt_voice_new (void)
{
  g_autofree gchar *line = g_strdup_printf (VOICE, needs_late () ? LATE : "");
  GstElement *voice = is_installed ()
                          ? gst_parse_bin_from_description (line, TRUE, NULL)
                          : NULL;

  if (voice)
    gst_object_set_name (GST_OBJECT (voice), VMT_VOICE_DSP);
  return voice;
}
