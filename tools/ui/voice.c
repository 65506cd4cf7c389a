/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/voice.h"

/* Both run at this rate, which is that of Opus. */
#define PROBE                                                                \
  "! audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=[1,2] " \
  "! webrtcechoprobe name=" VMT_VOICE_PROBE " "                              \
  "! audioconvert ! audioresample "
#define VOICE                                                            \
  "audioconvert ! audioresample "                                        \
  "! audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1 " \
  "! webrtcdsp probe=" VMT_VOICE_PROBE " echo-suppression-level=high "   \
  "noise-suppression-level=high"

static gboolean
is_installed (void)
{
  static const gchar *const names[] = { "webrtcdsp", "webrtcechoprobe" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (names[i]);

    if (!factory)
      return FALSE;
  }
  return TRUE;
}

const gchar *
vmt_voice_probe_line (void)
{
  return is_installed () ? PROBE : "";
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
} Probe;

static GstPadProbeReturn
on_latency_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Probe *probe = user_data;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_LATENCY)
    g_atomic_pointer_set (&probe->asking, g_thread_self ());
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

void
vmt_voice_prepare_probe (GstElement *bin)
{
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (bin), VMT_VOICE_PROBE);
  g_autoptr (GstPad) pad = NULL;
  Probe *probe;

  if (!element)
    return;
  probe = g_new0 (Probe, 1);
  pad = gst_element_get_static_pad (element, "src");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_latency_event, probe, NULL);
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, on_latency_query, probe, g_free);
}

GstElement *
vmt_voice_new (void)
{
  GstElement *voice = is_installed ()
                          ? gst_parse_bin_from_description (VOICE, TRUE, NULL)
                          : NULL;

  if (voice)
    gst_object_set_name (GST_OBJECT (voice), VMT_VOICE_DSP);
  return voice;
}
