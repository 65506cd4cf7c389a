/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The places of devices in a pipeline add no delay of their own. */

#include "program.h"

#include "devices/devices.h"
#include "devices/slot-sink.h"
#include "devices/slot-source.h"
#include "support/media/fakemedia.h"

#define WAIT_S 60

/* Others are heard soon: a sink that buffers of its own accord keeps little,
 * wherever it is in what plays. One that was told how much is left alone. */
GST_START_TEST (test_speaker_buffers_little)
{
  static const struct
  {
    const gchar *line;
    gint64 us;
  } rows[] = {
    { "osssink name=out", VMT_SPEAKER_BUFFER_MS * 1000 },
    { "osssink name=out buffer-time=100000", 100000 },
  };
  g_autoptr (GstElementFactory) factory = gst_element_factory_find ("osssink");

  for (guint i = 0; factory && i < G_N_ELEMENTS (rows); i++) {
    VmtSlot *slot = gst_object_ref_sink (vmt_sink_slot_new ());
    g_autofree gchar *line = g_strconcat (
        "audioconvert ! bin.( audioresample ! ", rows[i].line, " )", NULL);
    g_autoptr (GstElement) sink = NULL;
    gint64 time = 0;

    vmt_slot_begin_with (
        slot, gst_parse_bin_from_description (line, TRUE, NULL), "out");
    sink = gst_bin_get_by_name (GST_BIN (slot), "out");
    g_object_get (sink, "buffer-time", &time, NULL);
    fail_unless_equals_int64 (time, rows[i].us);
    vmt_slot_close (slot);
    gst_object_unref (slot);
  }
}

GST_END_TEST;

static gint shown; /* pictures */
static gint64 made, held; /* µs: the last picture, and how long one was held */

static GstPadProbeReturn
on_made (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  made = g_get_monotonic_time ();
  return GST_PAD_PROBE_OK;
}

static void
on_shown (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  held = g_get_monotonic_time () - made;
  g_atomic_int_inc (&shown);
}

static gboolean
look_again (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* A camera with the rate that is asked for: each of its pictures is there
 * before the next one. */
GST_START_TEST (test_pictures_are_not_held_back)
{
  const VmtSize size = { 64, 36, 1 };
  g_autoptr (GstElement) pipeline =
      gst_object_ref_sink (gst_pipeline_new (NULL));
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  VmtSlot *slot = vmt_source_slot_new (VMT_KIND_CAMERA, &size);
  gint64 end = g_get_monotonic_time () + WAIT_S * G_TIME_SPAN_SECOND;
  guint look = g_timeout_add (10, look_again, NULL);
  g_autoptr (VmtDevices) devices = NULL;
  g_autoptr (VmtMediaDevice) camera = NULL;
  g_autoptr (GstElement) gate = NULL;
  g_autoptr (GstPad) src = NULL;
  g_autoptr (GError) error = NULL;

  fake_media_register ();
  fake_media_plug ("Video/Source", "Slow",
      "videotestsrc is-live=true ! "
      "video/x-raw,width=64,height=36,framerate=1/1 ! valve name=gate");
  devices = vmt_devices_new ();
  camera = vmt_devices_find (devices, VMT_KIND_CAMERA, "slow", NULL);
  g_object_set (sink, "signal-handoffs", TRUE, "sync", FALSE, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_shown), NULL);
  gst_bin_add_many (GST_BIN (pipeline), GST_ELEMENT (slot), sink, NULL);
  gst_element_link (GST_ELEMENT (slot), sink);
  fail_unless (
      vmt_slot_begin (slot, camera, &error), "%s", error ? error->message : "");
  gate = fake_media_get ("Slow", "gate");
  src = gst_element_get_static_pad (gate, "src");
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, on_made, NULL, NULL);
  g_atomic_int_set (&shown, 0);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (g_atomic_int_get (&shown) < 2) {
    fail_unless (g_get_monotonic_time () < end, "no picture");
    g_main_context_iteration (NULL, TRUE);
  }
  g_source_remove (look);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (held < 500000, "held back for %d ms", (gint) (held / 1000));
}

GST_END_TEST;

static Suite *
tool_slots_suite (void)
{
  Suite *s = suite_create ("tool-slots");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_speaker_buffers_little);
  tcase_add_test (tc, test_pictures_are_not_held_back);
  return s;
}

CHECK_PROGRAM (tool_slots)
