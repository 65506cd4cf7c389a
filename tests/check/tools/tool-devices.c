/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cameras, microphones and speakers: which are meant, another one in the middle
 * of a call, and what is unplugged and comes back. What Bob gets is what tells:
 * each camera has a brightness of its own, and each microphone a loudness. */

#include "program.h"

#include <signal.h>
#include <unistd.h>
#include "devices/camera.h"
#include "devices/devices.h"
#include "devices/pipewire.h"
#include "devices/slot-sink.h"
#include "support/media/fakemedia.h"
#include "support/media/mediacall.h"
#include "support/fakesignalbin.h"
#include "session/session.h"
#include "ui/grid.h"

/* Another one in the middle of a call */

static guint frames_before;

/* It opens, and gives nothing yet. */
static void
choose_held (void)
{
  fake_media_unplug ("Grey camera", TRUE);
  fake_media_plug (CAMERA, "Grey camera",
      "videotestsrc is-live=true pattern=solid-color foreground-color=" GREY
      " ! video/x-raw,format=I420,width=64,height=36,framerate=30/1 ! "
      "valve name=gate drop=true");
  frames_before = fake_signal_bin_count (TRUE);
  type ("/camera grey\n");
}

/* The old one goes on for as long as the new one takes. */
static gboolean
goes_on_meanwhile (void)
{
  g_autoptr (GstElement) gate = fake_media_get ("Grey camera", "gate");

  fail_if (is_grey ());
  return gate && GST_STATE (gate) == GST_STATE_PLAYING
         && fake_signal_bin_count (TRUE) > frames_before + 20;
}

static void
open_gate (void)
{
  g_autoptr (GstElement) gate = fake_media_get ("Grey camera", "gate");

  g_object_set (gate, "drop", FALSE, NULL);
}

static void
choose_soft (void)
{
  type ("/microphone Soft\n");
}

static void
choose_nothing (void)
{
  type ("/camera no such\n");
}

static gboolean
has_listed (void)
{
  return has_complained ("“White camera”, “Grey camera”");
}

static void
show_all (void)
{
  type ("/microphone\n");
}

static gboolean
has_shown (void)
{
  return has_told ("Soft microphone (used)")
         && has_told ("  Loud microphone\n");
}

GST_START_TEST (test_another_in_a_call)
{
  static const Step steps[] = {
    { is_white_and_loud, choose_held },
    { goes_on_meanwhile, open_gate },
    { is_grey, choose_soft },
    { is_soft, choose_nothing },
    { has_listed, show_all },
    { has_shown, NULL },
    { NULL },
  };
  g_auto (Result) result = run_plugged (steps);

  fail_unless (strstr (result.text, "The camera is “Grey camera” now."), "%s%s",
      result.text, result.errors);
  fail_unless (
      strstr (result.text, "The microphone is “Soft microphone” now."));
  fail_unless (fake_signal_bin_get_gap (TRUE) < GAP_MAX, "%u ms",
      fake_signal_bin_get_gap (TRUE));
  fail_unless (fake_signal_bin_get_gap (FALSE) < GAP_MAX, "%u ms",
      fake_signal_bin_get_gap (FALSE));
  fail_if (strstr (result.text, "You send no"), "%s", result.text);
}

GST_END_TEST;

static void
choose_broken (void)
{
  fake_media_plug (CAMERA, "Broken camera",
      "videotestsrc is-live=true ! identity error-after=1 ! fakesink "
      "videotestsrc name=s num-buffers=0 ! identity name=gate");
  frames_before = fake_signal_bin_count (TRUE);
  type ("/camera broken\n");
}

static gboolean
goes_on_after_failure (void)
{
  if (!has_complained ("“Broken camera” cannot be used"))
    frames_before = fake_signal_bin_count (TRUE);
  return fake_signal_bin_count (TRUE) > frames_before + 20;
}

/* One that does not work costs nothing of what is sent. */
GST_START_TEST (test_another_that_fails)
{
  static const Step steps[] = {
    { is_white_and_loud, choose_broken },
    { goes_on_after_failure, NULL },
    { NULL },
  };
  g_auto (Result) result = run_plugged (steps);

  fail_unless (is_white ());
  fail_unless (fake_signal_bin_get_gap (TRUE) < GAP_MAX);
}

GST_END_TEST;

/* Out, and in again */

static void
unplug_microphone (void)
{
  fake_media_unplug ("Loud microphone", TRUE);
}

static gboolean
is_silent_and_muted (void)
{
  return is_silent () && fake_signal_bin_is_muted (FALSE);
}

static void
plug_microphone (void)
{
  fake_media_plug (MICROPHONE, "Loud microphone", MICROPHONE_LINE (LOUD));
}

static gboolean
is_loud_again (void)
{
  return is_loud () && !fake_signal_bin_is_muted (FALSE);
}

GST_START_TEST (test_plugged_in_again)
{
  static const Step steps[] = {
    { is_white_and_loud, unplug_camera },
    { is_black_and_muted, plug_camera },
    { is_white_again, unplug_microphone },
    { is_silent_and_muted, plug_microphone },
    { is_loud_again, NULL },
    { NULL },
  };
  g_auto (Result) result = run_plugged (steps);

  fail_unless (strstr (result.errors, "The camera is lost"));
  fail_unless (strstr (result.errors, "The microphone is lost"));
  fail_unless (fake_signal_bin_get_gap (TRUE) < GAP_MAX, "%u ms",
      fake_signal_bin_get_gap (TRUE));
  fail_unless (fake_signal_bin_get_gap (FALSE) < GAP_MAX, "%u ms",
      fake_signal_bin_get_gap (FALSE));
}

GST_END_TEST;

static void
mute_meanwhile (void)
{
  type ("/mute video\n");
}

static gboolean
is_muted_by_user (void)
{
  return has_told ("You send no picture.\nYou send no picture.");
}

static gboolean
is_white_and_still_muted (void)
{
  if (is_white ())
    fail_unless (fake_signal_bin_is_muted (TRUE));
  return is_white () && has_told ("The camera is “White camera” now.");
}

/* A camera that comes back does not show who does not want to be seen. */
GST_START_TEST (test_muted_meanwhile)
{
  static const Step steps[] = {
    { is_white_and_loud, unplug_camera },
    { is_black_and_muted, mute_meanwhile },
    { is_muted_by_user, plug_camera },
    { is_white_and_still_muted, NULL },
    { NULL },
  };
  g_auto (Result) result = run_plugged (steps);

  fail_unless (fake_signal_bin_is_muted (TRUE));
}

GST_END_TEST;

static gboolean
is_test_picture (void)
{
  return fake_signal_bin_count (TRUE) > 5 && is_silent ();
}

static void
plug_jpeg_camera (void)
{
  fake_media_plug (CAMERA, "JPEG camera", CAMERA_LINE (WHITE) " ! jpegenc");
}

/* A machine that had none takes the first that is plugged in. */
GST_START_TEST (test_first_one)
{
  static const Step steps[] = {
    { is_test_picture, plug_jpeg_camera },
    { is_white_again, plug_microphone },
    { is_loud_again, NULL },
    { NULL },
  };
  g_auto (VmtOptions) options = { 0 };
  g_auto (Result) result = { 0 };

  fake_media_register ();
  result = run (&options, steps);
  fail_unless_equals_int (result.status, 0);
  fail_unless (strstr (result.errors, "No camera was found"));
}

GST_END_TEST;

static void
choose_grey (void)
{
  type ("/camera grey\n");
}

static gboolean
is_grey_and_unmuted (void)
{
  return is_grey () && !fake_signal_bin_is_muted (TRUE);
}

static void
choose_none (void)
{
  type ("/camera none\n");
}

static void
choose_speaker (void)
{
  type ("/speaker x\n");
}

static gboolean
has_refused_speaker (void)
{
  return has_complained ("no speaker was found");
}

GST_START_TEST (test_none)
{
  static const Step steps[] = {
    { is_black_and_muted, choose_grey },
    { is_grey_and_unmuted, choose_none },
    { is_black_and_muted, choose_speaker },
    { has_refused_speaker, NULL },
    { NULL },
  };
  g_auto (VmtOptions) options = { 0 };
  g_auto (Result) result = { 0 };

  plug_all ();
  options.camera = g_strdup ("none");
  options.microphone = g_strdup ("soft");
  result = run (&options, steps);
  fail_unless_equals_int (result.status, 0);
  fail_unless (is_soft ());
}

GST_END_TEST;

/* Nobody joins with another camera than the one that was asked for. */
GST_START_TEST (test_named_and_missing)
{
  static const Step none[] = { { NULL } };
  g_auto (VmtOptions) options = { 0 };
  g_auto (Result) result = { 0 };

  plug_all ();
  options.camera = g_strdup ("purple");
  result = run (&options, none);
  fail_unless_equals_int (result.status, 1);
  fail_unless (strstr (result.errors,
                   "There is no camera 'purple'. The cameras: “White camera”, "
                   "“Grey camera”."),
      "%s", result.errors);
  fail_if (strstr (result.text, "Hosting"));
}

GST_END_TEST;

/* Names */

static void
finds (VmtDevices *devices, const gchar *wanted, const gchar *found)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmtMediaDevice) device =
      vmt_devices_find (devices, VMT_KIND_CAMERA, wanted, &error);

  if (*found == '!') {
    fail_unless (device == NULL, "%s is %s", wanted, device->name);
    fail_unless (strstr (error->message, found + 1), "%s", error->message);
  } else {
    g_assert_no_error (error);
    fail_unless_equals_string (device->name, found);
  }
}

GST_START_TEST (test_names)
{
  g_autoptr (VmtDevices) devices = NULL;

  fake_media_register ();
  fake_media_plug (CAMERA, "HD Webcam", "fakesrc");
  fake_media_plug (CAMERA, "HD Webcam Pro", "fakesrc");
  fake_media_plug (CAMERA, "Écran", "fakesrc");
  fake_media_plug (CAMERA, "Twin", "fakesrc");
  fake_media_plug (CAMERA, "Twin", "fakesrc");
  fake_media_plug (MICROPHONE, "Other", "fakesrc");
  devices = vmt_devices_new ();
  finds (devices, "HD Webcam", "HD Webcam");
  finds (devices, "hd webcam", "HD Webcam");
  finds (devices, "hd webcam p", "HD Webcam Pro");
  finds (devices, "pro", "HD Webcam Pro");
  finds (devices, "éCRAN", "Écran");
  finds (devices, "hd", "!More than one camera may be 'hd'");
  finds (devices, "cam", "!More than one");
  finds (devices, "Twin", "Twin");
  finds (devices, "twin (2)", "Twin (2)");
  finds (devices, "other", "!“HD Webcam”, “HD Webcam Pro”, “Écran”");
  finds (devices, "", "!There is no camera ''");
}

GST_END_TEST;

GST_START_TEST (test_no_device)
{
  g_autoptr (VmtDevices) devices = NULL;

  fake_media_register ();
  devices = vmt_devices_new ();
  finds (devices, "any", "!no camera is found");
}

GST_END_TEST;

static void
lists (VmtDevices *devices, VmtKind kind, const gchar *wanted)
{
  g_autoptr (GPtrArray) list = vmt_devices_list (devices, kind);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++)
    g_string_append_printf (names, "%s|",
        ((const VmtMediaDevice *) g_ptr_array_index (list, i))->name);
  fail_unless_equals_string (names->str, wanted);
}

/* What PipeWire and others have is PipeWire's; the one of the system, or else
 * the one that PipeWire would choose, is the first. */
GST_START_TEST (test_listed_once)
{
  g_autoptr (VmtDevices) devices = NULL;

  fake_media_register ();
  fake_media_plug (CAMERA, "HD Webcam: HD", "fakesrc");
  fake_media_plug_known (
      CAMERA, "HD Webcam (V4L2)", TRUE, "p,api.v4l2.path=(string)/dev/video0");
  fake_media_plug_known (
      CAMERA, "HD: Webcam", FALSE, "p,device.path=(string)/dev/video0");
  fake_media_plug_known (
      CAMERA, "Second", FALSE, "p,device.path=(string)/dev/video1");
  fake_media_plug_known (MICROPHONE, "Old", FALSE, "p,alsa.card=(int)1");
  fake_media_plug_known (MICROPHONE, "hw:0", FALSE, "p,alsa.card=(int)0");
  fake_media_plug_known (MICROPHONE, "Weak", TRUE,
      "p,priority.session=(string)100,node.name=(string)mic.weak");
  fake_media_plug_known (MICROPHONE, "Strong", TRUE,
      "p,priority.session=(string)2000,api.alsa.pcm.card=(string)0");
  fake_media_plug_known (
      MICROPHONE, "Weak by Pulse", FALSE, "p,node.name=(string)mic.weak");
  fake_media_plug_known (MICROPHONE, "Chosen", TRUE, "p,is-default=(boolean)1");
  fake_media_plug_known (SPEAKER, "Twin", TRUE, "p,node.name=(string)a");
  fake_media_plug_known (SPEAKER, "Twin", TRUE, "p,node.name=(string)b");
  fake_media_plug_known (SPEAKER, "Twin", FALSE, "p,is-default=(boolean)1");
  devices = vmt_devices_new ();
  lists (devices, VMT_KIND_CAMERA, "HD Webcam (V4L2)|HD Webcam: HD|Second|");
  lists (devices, VMT_KIND_MICROPHONE, "Chosen|Strong|Weak|Old|");
  lists (devices, VMT_KIND_SPEAKER, "Twin|Twin (2)|");
}

GST_END_TEST;

/* A loudspeaker is PulseAudio's where PipeWire's may stay silent for good. A
 * microphone is PipeWire's all the same. */
GST_START_TEST (test_speaker_of_an_old_pipewire)
{
  gboolean old = vmt_pipewire_sink_locks_up (vmt_pipewire_get_version ());
  g_autoptr (VmtDevices) devices = NULL;

  fail_if (vmt_pipewire_sink_locks_up (NULL));
  fail_unless (vmt_pipewire_sink_locks_up ("0.3.65"));
  fail_if (vmt_pipewire_sink_locks_up ("1.0.0"));
  fake_media_register ();
  fake_media_plug_known (
      SPEAKER, "Box", TRUE, "p,node.name=(string)a,priority.session=(int)9");
  fake_media_plug_known (SPEAKER, "PipeWire alone", TRUE,
      "p,node.name=(string)b,priority.session=(int)8");
  fake_media_plug_known (SPEAKER, "Box by Pulse", FALSE,
      "p,node.name=(string)a,is-default=(boolean)1");
  fake_media_plug_known (SPEAKER, "Pulse alone", FALSE, "p,alsa.card=(int)7");
  fake_media_plug_known (MICROPHONE, "Mic", TRUE, "p,node.name=(string)m");
  fake_media_plug_known (
      MICROPHONE, "Mic by Pulse", FALSE, "p,node.name=(string)m");
  devices = vmt_devices_new ();
  lists (devices, VMT_KIND_SPEAKER,
      old ? "Box by Pulse|PipeWire alone|Pulse alone|"
          : "Box|PipeWire alone|Pulse alone|");
  lists (devices, VMT_KIND_MICROPHONE, "Mic|");
}

GST_END_TEST;

/* No camera, and whoever has none must not send a screen in its place. */
GST_START_TEST (test_shared_screens)
{
  g_autoptr (VmtDevices) devices = NULL;

  fake_media_register ();
  fake_media_plug_known (CAMERA, "Some desktop", TRUE,
      "p,media.role=(string)Screen,node.name=(string)some");
  fake_media_plug_known (CAMERA, "xdg-desktop-portal-wlr", TRUE,
      "p,node.name=(string)xdg-desktop-portal-wlr");
  fake_media_plug_known (CAMERA, "Webcam", TRUE, "p,media.role=(string)Camera");
  devices = vmt_devices_new ();
  lists (devices, VMT_KIND_CAMERA, "Webcam|");
}

GST_END_TEST;

/* Below, at and above each limit. */
GST_START_TEST (test_sizes)
{
  static const struct
  {
    const gchar *text;
    gboolean good;
  } rows[] = { { "64x36@1", TRUE }, { "62x36@1", FALSE }, { "64x34@1", FALSE },
    { "66x38@2", TRUE }, { "3840x2160@60", TRUE }, { "3838x2158@59", TRUE },
    { "3842x2160@60", FALSE }, { "3840x2162@60", FALSE },
    { "1280x720@61", FALSE }, { "1280x720@0", FALSE }, { "1280x720", TRUE },
    { "1281x720", FALSE }, { "1280x721", FALSE }, { "1280x720@", FALSE },
    { "1280x720@30 ", FALSE }, { " 1280x720", FALSE }, { "-1280x720", FALSE },
    { "1280", FALSE }, { "99999999999x720", FALSE }, { "", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    VmtSize size = { 0 };

    fail_unless_equals_int (
        vmt_size_parse (&size, rows[i].text, &error), rows[i].good);
    fail_unless (rows[i].good || strstr (error->message, "1280x720@30"));
  }
}

GST_END_TEST;

GST_START_TEST (test_regions)
{
  static const struct
  {
    const gchar *text;
    gboolean good;
  } rows[] = { { "0,0,16,16", TRUE }, { "0,0,15,16", FALSE },
    { "0,0,16,15", FALSE }, { "10,20,17,17", TRUE },
    { "0,0,32767,32767", TRUE }, { "1,0,32767,100", FALSE },
    { "0,1,100,32767", FALSE }, { "1,1,32766,32766", TRUE },
    { "0,0,16", FALSE }, { "0,0,16,16,", FALSE }, { "-1,0,16,16", FALSE },
    { "0,-1,16,16", FALSE }, { "", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    VmtRegion region = { 0 };

    fail_unless_equals_int (
        vmt_region_parse (&region, rows[i].text, &error), rows[i].good);
    fail_unless (rows[i].good || strstr (error->message, "0,0,1280,720"));
  }
}

GST_END_TEST;

/* A camera that has HD only as JPEG gives it so, and not its few raw pictures
 * a second. */
GST_START_TEST (test_camera_formats)
{
  static const struct
  {
    VmtSize size;
    const gchar *chosen;
  } rows[] = {
    { { 640, 480, 30 }, "video/x-raw,format=YUY2,width=640,height=480,"
                        "framerate=30/1" },
    { { 1280, 720, 60 }, "image/jpeg,width=1280,height=720,framerate=60/1" },
    { { 1280, 720, 30 }, "image/jpeg,width=1280,height=720,framerate=30/1" },
    { { 1280, 720, 10 }, "video/x-raw,format=YUY2,width=1280,height=720,"
                         "framerate=10/1" },
    { { 1280, 720, 25 }, "image/jpeg,width=1280,height=720,"
                         "framerate={60/1,30/1}" },
    { { 800, 600, 25 }, "video/x-h264,width=800,height=600,framerate=25/1" },
    { { 1920, 1080, 30 },
        "video/x-raw,format=YUY2,width=640,height=480,framerate={30/1,15/1};"
        "video/x-raw,format=YUY2,width=1280,height=720,framerate=10/1" },
  };
  g_autoptr (GstCaps) offered = gst_caps_from_string (
      "video/x-raw,format=YUY2,width=640,height=480,framerate={30/1,15/1};"
      "video/x-raw,format=YUY2,width=1280,height=720,framerate=10/1;"
      "image/jpeg,width=1280,height=720,framerate={60/1,30/1};"
      "video/x-h264,width=800,height=600,framerate=25/1");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstCaps) expected = gst_caps_from_string (rows[i].chosen);
    g_autoptr (GstCaps) chosen = vmt_size_choose (&rows[i].size, offered);

    fail_unless (
        gst_caps_is_equal (chosen, expected), "%" GST_PTR_FORMAT, chosen);
  }
}

GST_END_TEST;

/* Speakers */

static gint heard; /* buffers */

static void
on_heard (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  g_atomic_int_inc (&heard);
}

static gboolean
look_again (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Waits until @name plays; its element is new by then. */
static void
wait_until_heard (const gchar *name, GstElement *bin)
{
  gint64 end = g_get_monotonic_time () + NEVER * G_TIME_SPAN_SECOND;
  g_autoptr (GstElement) sink = NULL;
  guint look = g_timeout_add (10, look_again, NULL);
  gulong handler = 0;

  g_atomic_int_set (&heard, 0);
  while (g_atomic_int_get (&heard) < 5) {
    fail_unless (g_get_monotonic_time () < end, "%s is not heard", name);
    g_main_context_iteration (NULL, TRUE);
    if (!sink) {
      g_autoptr (GstElement) one = fake_media_get (name, "out");
      g_autoptr (GstObject) top =
          one ? gst_object_ref (GST_OBJECT (one)) : NULL;

      if (one && gst_object_has_as_ancestor (top, GST_OBJECT (bin))) {
        g_object_set (one, "signal-handoffs", TRUE, NULL);
        sink = g_steal_pointer (&one);
        handler =
            g_signal_connect (sink, "handoff", G_CALLBACK (on_heard), NULL);
      }
    }
  }
  g_source_remove (look);
  g_signal_handler_disconnect (sink, handler);
}

static void
wait_for_slot (GstElement *pipeline, const gchar *event)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  for (;;) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
        bus, NEVER * GST_SECOND, GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR);
    const GstStructure *s =
        message ? gst_message_get_structure (message) : NULL;

    fail_unless (message && GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR,
        "%s", event);
    if (gst_structure_has_name (s, "vmt-slot")
        && g_str_equal (gst_structure_get_string (s, "event"), event))
      return;
  }
}

#define SPEAKER_LINE "fakesink name=out sync=true"

/* What is heard is heard by another one, and what is unplugged ends nothing. */
GST_START_TEST (test_speakers)
{
  g_autoptr (GstElement) pipeline =
      gst_object_ref_sink (gst_pipeline_new (NULL));
  g_autoptr (GError) error = NULL;
  g_autoptr (VmtDevices) devices = NULL;
  g_autoptr (VmtMediaDevice) one = NULL, two = NULL, bad = NULL;
  VmtGrid *grid;
  VmtSlot *slot;

  fake_media_register ();
  fake_media_plug (SPEAKER, "One", SPEAKER_LINE);
  fake_media_plug (SPEAKER, "Two", SPEAKER_LINE);
  fake_media_plug (
      SPEAKER, "Bad", "fakesink name=out state-error=ready-to-paused");
  devices = vmt_devices_new ();
  one = vmt_devices_find (devices, VMT_KIND_SPEAKER, "one", NULL);
  two = vmt_devices_find (devices, VMT_KIND_SPEAKER, "two", NULL);
  bad = vmt_devices_find (devices, VMT_KIND_SPEAKER, "bad", NULL);
  fail_unless (vmt_grid_new (pipeline, "fakesink", NULL, bad, &error) == NULL);
  fail_unless (strstr (error->message, "“Bad” cannot be opened"));
  gst_object_unref (pipeline);
  pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  g_clear_error (&error);
  grid = vmt_grid_new (pipeline, "fakesink", NULL, one, &error);
  g_assert_no_error (error);
  slot = vmt_grid_get_speaker (grid);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_until_heard ("One", pipeline);
  vmt_slot_use (slot, two);
  wait_for_slot (pipeline, "used");
  wait_until_heard ("Two", pipeline);
  vmt_slot_use (slot, bad);
  wait_for_slot (pipeline, "failed");
  wait_until_heard ("Two", pipeline);
  fake_media_unplug ("Two", FALSE);
  wait_for_slot (pipeline, "lost");
  wait_for_slot (pipeline, "used"); /* what stands in */
  vmt_slot_use (slot, one);
  wait_for_slot (pipeline, "used");
  wait_until_heard ("One", pipeline);
  vmt_slot_close (slot);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  vmt_grid_unref (grid);
}

GST_END_TEST;

static Suite *
tool_devices_suite (void)
{
  Suite *s = suite_create ("tool-devices");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, fake_signal_bin_register, NULL);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_no_device);
  tcase_add_test (tc, test_listed_once);
  tcase_add_test (tc, test_speaker_of_an_old_pipewire);
  tcase_add_test (tc, test_shared_screens);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_regions);
  tcase_add_test (tc, test_camera_formats);
  tcase_add_test (tc, test_another_in_a_call);
  tcase_add_test (tc, test_another_that_fails);
  tcase_add_test (tc, test_plugged_in_again);
  tcase_add_test (tc, test_muted_meanwhile);
  tcase_add_test (tc, test_first_one);
  tcase_add_test (tc, test_none);
  tcase_add_test (tc, test_named_and_missing);
  tcase_add_test (tc, test_speakers);
  return s;
}

CHECK_PROGRAM (tool_devices)
