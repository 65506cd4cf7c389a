/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is sent, counted by what counts what is received. */

#include <glib/gstdio.h>
#include <gst/app/gstappsink.h>
#include "devices/programs.h"
#include "devices/rtspaddress.h"
#include "devices/screensound.h"
#include "program.h"
#include "ui/output.h"
#include "session/roster.h"
#include "ui/source.h"

#define WAIT (60 * GST_SECOND)

/* Plays @source into two sinks that end after @n buffers each. */
static void
play (VmtSource *source, VmtCounter *counter, gint n)
{
  g_autoptr (GstElement) pipeline = gst_pipeline_new (NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  static const gchar *const pads[] = { "video", "audio" };

  gst_bin_add (GST_BIN (pipeline), source->bin);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (source->bin, pads[i]);
    GstElement *sink;

    if (!pad)
      continue;
    vmt_counter_attach (counter, pad, i == 0);
    sink = gst_element_factory_make ("fakesink", NULL);
    g_object_set (sink, "sync", FALSE, "num-buffers", n, NULL);
    gst_bin_add (GST_BIN (pipeline), sink);
    fail_unless (gst_element_link_pads (source->bin, pads[i], sink, "sink"));
  }
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, WAIT, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_START_TEST (test_stamp)
{
  g_autoptr (VmtSource) source = vmt_source_new ("stamp", FALSE, NULL, NULL);
  g_autoptr (VmtCounter) counter = vmt_counter_new ();
  VmtCounts counts;

  fail_unless (source && source->has_video && source->has_audio);
  fail_unless_equals_int (source->notes->len, 0);
  play (source, counter, 30);
  counts = vmt_counter_get (counter);
  fail_unless (counts.video_frames >= 30);
  fail_unless (counts.audio_buffers >= 30);
  fail_unless (counts.first_frame_us > 0);
  fail_unless_equals_int (counts.width, VMT_TEST_WIDTH);
  fail_unless_equals_int (counts.height, VMT_TEST_HEIGHT);
  fail_unless (counts.stamps.any);
  fail_unless_equals_int64 (counts.stamps.first, 0);
  fail_unless_equals_int64 (counts.stamps.last, counts.video_frames - 1);
  fail_unless_equals_int64 (counts.stamps.missing, 0);
  fail_unless_equals_int64 (counts.stamps.repeated, 0);
  fail_unless_equals_int64 (counts.stamps.unreadable, 0);
}

GST_END_TEST;

GST_START_TEST (test_small_stamp)
{
  g_autoptr (VmtSource) source =
      vmt_source_new ("stamp:64x36@60", FALSE, NULL, NULL);
  g_autoptr (VmtCounter) counter = vmt_counter_new ();
  VmtCounts counts;

  fail_unless (source && source->has_video && source->has_audio);
  play (source, counter, 30);
  counts = vmt_counter_get (counter);
  fail_unless_equals_int (counts.width, 64);
  fail_unless_equals_int (counts.height, 36);
  fail_unless_equals_int64 (counts.stamps.last, counts.video_frames - 1);
  fail_unless_equals_int64 (counts.stamps.missing, 0);
  fail_unless_equals_int64 (counts.stamps.unreadable, 0);
}

GST_END_TEST;

/* Below, at and above each limit. */
GST_START_TEST (test_stamp_limits)
{
  static const struct
  {
    const gchar *spec;
    gboolean good;
  } rows[] = {
    { "stamp:64x36@1", TRUE },
    { "stamp:62x36@1", FALSE },
    { "stamp:64x34@1", FALSE },
    { "stamp:66x38@2", TRUE },
    { "stamp:3840x2160@60", TRUE },
    { "stamp:3842x2160@60", FALSE },
    { "stamp:3840x2162@60", FALSE },
    { "stamp:160x90@61", FALSE },
    { "stamp:160x90@59", TRUE },
    { "stamp:160x90@0", FALSE },
    { "stamp:161x90@10", FALSE },
    { "stamp:160x91@10", FALSE },
    { "stamp:160x90", FALSE },
    { "stamp:160x90@10 ", FALSE },
    { "stamp:99999999999x90@10", FALSE },
    { "stamp:", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmtSource) source =
        vmt_source_new (rows[i].spec, FALSE, NULL, &error);

    fail_unless_equals_int (source != NULL, rows[i].good);
    if (!rows[i].good)
      fail_unless (strstr (error->message, "stamp:160x90@10"), "%s: %s",
          rows[i].spec, error->message);
  }
}

GST_END_TEST;

GST_START_TEST (test_test_picture_has_no_stamps)
{
  g_autoptr (VmtSource) source = vmt_source_new ("test", FALSE, NULL, NULL);
  g_autoptr (VmtCounter) counter = vmt_counter_new ();
  VmtCounts counts;

  play (source, counter, 5);
  counts = vmt_counter_get (counter);
  fail_unless (counts.video_frames >= 5);
  fail_if (counts.stamps.any);
}

GST_END_TEST;

GST_START_TEST (test_audio_only)
{
  g_autoptr (VmtSource) source = vmt_source_new ("stamp", TRUE, NULL, NULL);
  g_autoptr (VmtCounter) counter = vmt_counter_new ();
  VmtCounts counts;

  fail_unless (source && !source->has_video && source->has_audio);
  play (source, counter, 5);
  counts = vmt_counter_get (counter);
  fail_unless_equals_int64 (counts.video_frames, 0);
  fail_unless (counts.audio_buffers >= 5);
}

GST_END_TEST;

GST_START_TEST (test_file)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-source-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "a b.mkv", NULL);
  g_autofree gchar *line = g_strdup_printf (
      "videotestsrc num-buffers=20 ! video/x-raw,width=160,height=120 ! vp8enc "
      "deadline=1 ! matroskamux name=x ! filesink location=\"%s\" "
      "audiotestsrc num-buffers=20 ! opusenc ! x.",
      path);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (VmtCounter) counter = vmt_counter_new ();
  g_autoptr (VmtSource) source = NULL;
  g_autoptr (GError) error = NULL;
  VmtCounts counts;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, WAIT, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);

  source = vmt_source_new (path, FALSE, NULL, &error);
  g_assert_no_error (error);
  fail_unless (source->has_video && source->has_audio);
  play (source, counter, -1);
  counts = vmt_counter_get (counter);
  fail_unless (counts.video_frames >= 19);
  fail_unless_equals_int (counts.width, 160);
  g_unlink (path);
  g_rmdir (folder);
}

GST_END_TEST;

/* What @line writes to a file named @name is sent: until its end, or for as
 * long as that many frames take. */
static VmtCounts
send_file (const gchar *name, const gchar *line, gint frames, gboolean *still)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-source-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, name, NULL);
  g_autofree gchar *whole =
      g_strdup_printf ("%s ! filesink location=%s", line, path);
  g_autoptr (GstElement) pipeline = gst_parse_launch (whole, NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (VmtCounter) counter = vmt_counter_new ();
  g_autoptr (VmtSource) source = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, WAIT, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  source = vmt_source_new (path, FALSE, NULL, &error);
  g_assert_no_error (error);
  *still = source->still;
  play (source, counter, frames);
  g_unlink (path);
  g_rmdir (folder);
  return vmt_counter_get (counter);
}

#define PICTURES(n) "videotestsrc num-buffers=" #n " ! video/x-raw,"

/* Sent as a still, at the usual rate, however large it is. */
GST_START_TEST (test_photo)
{
  gboolean still;
  VmtCounts counts = send_file (
      "a.jpg", PICTURES (1) "width=321,height=201 ! jpegenc", 10, &still);

  fail_unless (still && counts.video_frames >= 10);
  fail_unless_equals_int (counts.width, 321);
  counts = send_file (
      "a.png", PICTURES (1) "width=3840,height=2160 ! pngenc", 3, &still);
  fail_unless (still && counts.video_frames >= 3);
  fail_unless_equals_int (counts.width, 1920);
}

GST_END_TEST;

/* As a browser's recorder writes it. */
GST_START_TEST (test_file_without_durations)
{
  gboolean still;
  VmtCounts counts = send_file ("a.webm",
      PICTURES (20) "framerate=0/1,width=160,height=120 ! vp8enc deadline=1 ! "
                    "video/x-vp8,framerate=0/1 ! identity drop-probability=0 ! "
                    "webmmux",
      -1, &still);

  fail_unless (!still && counts.video_frames >= 1);
  counts = send_file ("a.mkv",
      PICTURES (1) "width=160,height=120 ! vp8enc ! matroskamux", -1, &still);
  fail_unless (!still && counts.video_frames == 1);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  g_autoptr (GError) nothing = NULL;
  g_autoptr (GError) no_media = NULL;
  g_autoptr (GError) no_display = NULL;
  g_autofree gchar *display = g_strdup (g_getenv ("DISPLAY"));

  fail_unless (vmt_source_new ("camra", FALSE, NULL, &nothing) == NULL);
  fail_unless (strstr (nothing->message, "camera, screen, test and stamp"));
  fail_unless (vmt_source_new ("/dev/null", FALSE, NULL, &no_media) == NULL);
  fail_unless (strstr (no_media->message, "/dev/null"));
  g_unsetenv ("DISPLAY");
  g_unsetenv ("WAYLAND_DISPLAY");
  g_unsetenv ("XDG_SESSION_TYPE");
  /* nobody is asked */
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/dev/null", TRUE);
  fail_unless (vmt_source_new ("screen", FALSE, NULL, &no_display) == NULL);
  if (display)
    g_setenv ("DISPLAY", display, TRUE);
  fail_unless (strstr (no_display->message, "DISPLAY"));
}

GST_END_TEST;

/* Plays @source, which does not end, until a frame has come. */
static void
play_frame (VmtSource *source, VmtCounter *counter)
{
  g_autoptr (GstElement) pipeline = gst_pipeline_new (NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  static const gchar *const pads[] = { "video", "audio" };
  gint64 end = g_get_monotonic_time () + WAIT / 1000;

  gst_bin_add (GST_BIN (pipeline), source->bin);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (source->bin, pads[i]);
    GstElement *sink = gst_element_factory_make ("fakesink", NULL);

    vmt_counter_attach (counter, pad, i == 0);
    gst_bin_add (GST_BIN (pipeline), sink);
    fail_unless (gst_element_link_pads (source->bin, pads[i], sink, "sink"));
  }
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!vmt_counter_get (counter).video_frames) {
    g_autoptr (GstMessage) message =
        gst_bus_timed_pop_filtered (bus, 20 * GST_MSECOND, GST_MESSAGE_ERROR);

    fail_unless (!message && g_get_monotonic_time () < end);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* Part of a screen is sent in its own size, and none that lies beyond it. */
GST_START_TEST (test_region)
{
  static const struct
  {
    VmtRegion region;
    gboolean good;
  } rows[] = {
    { { 0, 0, 640, 480 }, TRUE },
    { { 500, 380, 140, 100 }, TRUE },
    { { 500, 380, 141, 100 }, FALSE },
    { { 500, 380, 140, 101 }, FALSE },
  };
  g_autofree gchar *display = g_strdup (g_getenv ("DISPLAY"));
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) screen = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
      &error, "Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24",
      "-nolisten", "tcp", NULL);
  g_autoptr (GDataInputStream) said = NULL;
  g_autofree gchar *number = NULL, *name = NULL;
  g_autoptr (VmtDevices) devices = NULL;

  g_assert_no_error (error);
  said = g_data_input_stream_new (g_subprocess_get_stdout_pipe (screen));
  number = g_data_input_stream_read_line (said, NULL, NULL, &error);
  fail_unless (number != NULL);
  name = g_strconcat (":", number, NULL);
  g_setenv ("DISPLAY", name, TRUE);
  g_unsetenv ("WAYLAND_DISPLAY");
  g_unsetenv ("XDG_SESSION_TYPE");
  devices = vmt_devices_new ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const VmtSourceChoice choice = { devices, NULL, VMT_NO_DEVICE,
      VMT_SIZE_DEFAULT, rows[i].region };
    g_autoptr (GError) why = NULL;
    g_autoptr (VmtSource) source =
        vmt_source_new ("screen", FALSE, &choice, &why);
    g_autoptr (VmtCounter) counter = vmt_counter_new ();
    VmtCounts counts;

    fail_unless (
        (source != NULL) == rows[i].good, "%s", why ? why->message : "taken");
    if (!source) {
      fail_unless (strstr (why->message, "640x480"), "%s", why->message);
      continue;
    }
    play_frame (source, counter);
    counts = vmt_counter_get (counter);
    fail_unless_equals_int (counts.width, rows[i].region.width);
    fail_unless_equals_int (counts.height, rows[i].region.height);
  }
  g_subprocess_force_exit (screen);
  g_subprocess_wait (screen, NULL, NULL);
  if (display)
    g_setenv ("DISPLAY", display, TRUE);
  else
    g_unsetenv ("DISPLAY");
}

GST_END_TEST;

GST_START_TEST (test_roster)
{
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  g_autoptr (VmtCounter) early = vmt_roster_get_counter (roster, "002");
  g_autoptr (JsonArray) array = NULL;
  g_autoptr (GPtrArray) lines = NULL;
  g_autofree gchar *name = NULL;
  GstStructure *stats, *inner;
  JsonObject *bob;

  vmt_roster_set_self (roster, "001");
  vmt_roster_joined (roster, "001", "Ann", "box", "AAAA", TRUE);
  vmt_roster_joined (roster, "002", "Bob\033", "laptop", "BBBB", FALSE);
  vmt_roster_set_state (roster, "002", "connected");
  fail_unless_equals_int (vmt_roster_count (roster), 1);
  name = vmt_roster_get_name (roster, "002");
  fail_unless_equals_string (name, "Bob\xef\xbf\xbd");

  inner = gst_structure_new ("vm-peer-stats", "path", G_TYPE_STRING, "host",
      "rtt-ms", G_TYPE_UINT, 12, "user", G_TYPE_STRING, "forged", "bytes-sent",
      G_TYPE_UINT64, (guint64) 5000000000, NULL);
  stats =
      gst_structure_new ("vm-stats", "002", GST_TYPE_STRUCTURE, inner, NULL);
  vmt_roster_take_stats (roster, stats);
  gst_structure_free (inner);
  gst_structure_free (stats);
  vmt_roster_left (roster, "002");
  fail_unless_equals_int (vmt_roster_count (roster), 0);

  array = vmt_roster_to_json (roster);
  lines = vmt_roster_to_lines (roster, TRUE);
  fail_unless_equals_int (json_array_get_length (array), 1);
  fail_unless_equals_int (lines->len, 1);
  bob = json_array_get_object_element (array, 0);
  fail_unless_equals_string (
      json_object_get_string_member (bob, "user"), "Bob\033");
  fail_unless_equals_string (
      json_object_get_string_member (bob, "deviceId"), "BBBB");
  fail_unless_equals_string (
      json_object_get_string_member (bob, "path"), "host");
  fail_unless_equals_int (json_object_get_int_member (bob, "rttMs"), 12);
  fail_unless_equals_int64 (
      json_object_get_int_member (bob, "bytesSent"), 5000000000);
  fail_unless_equals_int (json_object_get_int_member (bob, "videoFrames"), 0);
  fail_unless (json_object_get_null_member (bob, "firstFrameMs"));
  fail_unless (json_object_get_null_member (bob, "stamps"));
  fail_unless (json_object_has_member (bob, "leftMs"));
}

GST_END_TEST;

static void
join_and_leave (VmtRoster *roster, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    g_autofree gchar *id = g_strdup_printf ("%03u", i);

    vmt_roster_joined (roster, id, "Bob", NULL, NULL, FALSE);
    vmt_roster_left (roster, id);
  }
}

/* Who stays is remembered however many come and go; of these the latest. */
GST_START_TEST (test_roster_forgets)
{
  const guint last = 1 + VMT_ROSTER_LEFT_MAX;
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  const gchar *oldest[] = { "002", "002", "003" };

  vmt_roster_joined (roster, "001", "Ann", NULL, NULL, FALSE);
  join_and_leave (roster, 2, last);
  for (guint i = 0; i < G_N_ELEMENTS (oldest); i++) {
    g_autoptr (JsonArray) all = vmt_roster_to_json (roster);
    g_autoptr (JsonArray) present = vmt_roster_to_json_present (roster);

    fail_unless_equals_int (json_array_get_length (all),
        MIN (VMT_ROSTER_LEFT_MAX + i, VMT_ROSTER_LEFT_MAX + 1));
    fail_unless_equals_string (
        json_object_get_string_member (
            json_array_get_object_element (all, 0), "id"),
        "001");
    fail_unless_equals_string (
        json_object_get_string_member (
            json_array_get_object_element (all, 1), "id"),
        oldest[i]);
    fail_unless_equals_int (json_array_get_length (present), 1);
    join_and_leave (roster, last + i, last + i + 1);
  }
}

GST_END_TEST;

/* SHA-256 of nothing */
#define FINGERPRINT                                  \
  "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:" \
  "27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55"

static const struct
{
  const gchar *uri, *location, *user, *password,
      *name; /* no location: refused */
  const gchar *fingerprint;
} addresses[] = {
  { "rtsp://10.0.0.5/live", "rtsp://10.0.0.5/live", NULL, NULL, "10.0.0.5" },
  { "rtsp://ann@cam:8554/a?b=c", "rtsp://cam:8554/a?b=c", "ann", NULL,
      "cam:8554" },
  { "RTSP://ann:s3%40%3a%2F@[fd00::5]:554", "RTSP://[fd00::5]:554", "ann",
      "s3@:/", "[fd00::5]:554" },
  /* what is no "%40" is the last one */
  { "rtsp://ann:s@t@cam/x@y", "rtsp://cam/x@y", "ann", "s@t", "cam" },
  { "rtspt://[fd00::5]/", "rtspt://[fd00::5]/", NULL, NULL, "[fd00::5]" },
  { "rtsp://ann:@cam", "rtsp://cam", "ann", "", "cam" },
  { "rtsp://cam:65535/", "rtsp://cam:65535/", NULL, NULL, "cam:65535" },
  { "rtsp://cam:1", "rtsp://cam:1", NULL, NULL, "cam:1" },
  { "rtsp://cam:65536/" },
  { "rtsp://cam:0/" },
  { "rtsp://cam:/" },
  { "rtsp://cam:+5/" },
  { "rtsp://ann:se/cret@cam/x" },
  { "rtsp://ann:%zz@cam/x" },
  { "rtsp://[fd00::5/" },
  { "rtsp://[fd00::5]x/" },
  { "rtsp:///x" },
  { "rtsp://" },
  { "rtsps://cam/x#" FINGERPRINT, "rtsps://cam/x", NULL, NULL, "cam",
      FINGERPRINT },
  { "rtsps://ann:a@cam#"
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "rtsps://cam", "ann", "a", "cam", FINGERPRINT },
  /* of another scheme, too short, too long, no digits */
  { "rtsp://cam/x#" FINGERPRINT },
  { "rtsps://cam/x#E3:B0" },
  { "rtsps://cam/x#" },
  { "rtsps://cam/x#" FINGERPRINT ":00" },
  { "rtsps://cam/x#" FINGERPRINT ":" },
  { "rtsps://cam/x#G3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b"
    "7852b855" },
};

GST_START_TEST (test_rtsp_addresses)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmtRtspAddress) address =
      vmt_rtsp_address_new (addresses[__i__].uri, &error);

  fail_unless (vmt_is_rtsp (addresses[__i__].uri));
  fail_unless_equals_int (address != NULL, addresses[__i__].location != NULL);
  if (!address) {
    fail_if (strstr (error->message, "cret") != NULL, "%s", error->message);
    return;
  }
  fail_unless_equals_string (address->location, addresses[__i__].location);
  fail_unless_equals_string (address->user, addresses[__i__].user);
  fail_unless_equals_string (address->password, addresses[__i__].password);
  fail_unless_equals_string (address->name, addresses[__i__].name);
  fail_unless (
      g_strcmp0 (address->fingerprint, addresses[__i__].fingerprint) == 0);
}

GST_END_TEST;

/* Whatever cannot be opened: what opens it is not told. */
GST_START_TEST (test_no_password_is_shown)
{
  static const gchar *const specs[] = { "http://ann:s3cret@[::1]:1/a.mkv",
    "rtsp://ann:s3cret@[::1]:1/live", "rtsp://ann:s3/cret@[::1]:1/live" };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmtSource) source =
      vmt_source_new (specs[__i__], FALSE, NULL, &error);

  fail_unless (source == NULL);
  fail_if (strstr (error->message, "cret") != NULL, "%s", error->message);
}

GST_END_TEST;

#define PIECE (VMT_PROGRAMS_RATE / 100) /* samples of each channel */
#define MEETING (20 * GST_SECOND) /* for which it has gone on */

static void
play_value (VmtScreenSound *sound, guint32 id, gint16 value)
{
  gint16 samples[PIECE * VMT_PROGRAMS_CHANNELS];

  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    samples[i] = value;
  vmt_screen_sound_take (sound, id, samples, sizeof samples);
}

/* Plays each of the @n @values, where it is not 0, as a program, until what
 * comes of them and of the microphone is @sum. */
static void
play_until (VmtScreenSound *sound, GstAppSink *sink, const gint16 *values,
    guint n, gint16 sum)
{
  gint64 end = g_get_monotonic_time () + WAIT / 1000;
  gint16 seen = 0;

  while (seen != sum) {
    g_autoptr (GstSample) sample = gst_app_sink_try_pull_sample (sink, WAIT);
    GstMapInfo map;

    fail_unless (sample != NULL && g_get_monotonic_time () < end,
        "%d is heard, not %d", seen, sum);
    /* it does not begin with the meeting */
    fail_unless (GST_BUFFER_PTS (gst_sample_get_buffer (sample)) >= MEETING);
    gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ);
    fail_unless (map.size >= sizeof seen);
    seen = *(const gint16 *) map.data;
    gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
    for (guint i = 0; i < n; i++)
      if (values[i])
        play_value (sound, i, values[i]);
  }
}

/* A mix behind which @sink takes what comes, in a meeting that goes on. */
static GstElement *
begin_mix (VmtScreenSound **sound, GstAppSink **sink)
{
  GstElement *pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  GstElement *microphone = gst_parse_bin_from_description (
      "audiotestsrc is-live=true wave=square freq=0.0001 volume=0.125 ! "
      "audio/x-raw,format=S16LE,rate=48000,channels=1",
      TRUE, NULL);
  GstElement *end = gst_parse_bin_from_description (
      "audio/x-raw,format=S16LE,channels=2 ! appsink name=sink sync=false",
      TRUE, NULL);
  g_autoptr (GstElement) taken = gst_bin_get_by_name (GST_BIN (end), "sink");
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();

  *sound = vmt_screen_sound_new (NULL);
  *sink = GST_APP_SINK (taken); /* as long as the pipeline */
  /* state changes flush it */
  gst_pipeline_set_auto_flush_bus (GST_PIPELINE (pipeline), FALSE);
  gst_bin_add_many (
      GST_BIN (pipeline), microphone, GST_ELEMENT (*sound), end, NULL);
  fail_unless (
      gst_element_link_many (microphone, GST_ELEMENT (*sound), end, NULL));
  gst_pipeline_use_clock (GST_PIPELINE (pipeline), clock);
  gst_element_set_start_time (pipeline, GST_CLOCK_TIME_NONE);
  gst_element_set_base_time (pipeline, gst_clock_get_time (clock) - MEETING);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  return pipeline;
}

static void
end_mix (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) warning = NULL;

  gst_element_set_state (pipeline, GST_STATE_NULL);
  /* as of a mix that waits longer than what comes is kept */
  warning = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR);
  fail_unless (warning == NULL);
}

/* Programs come and go beside a microphone. */
GST_START_TEST (test_screen_sound)
{
  VmtScreenSound *sound;
  GstAppSink *sink;
  g_autoptr (GstElement) pipeline = begin_mix (&sound, &sink);

  play_until (sound, sink, (gint16[]){ 0, 0 }, 2, 4095);
  play_until (sound, sink, (gint16[]){ 1000, 0 }, 2, 5095);
  play_until (sound, sink, (gint16[]){ 1000, 200 }, 2, 5295);
  vmt_screen_sound_drop (sound, 0);
  vmt_screen_sound_drop (sound, 7);
  play_until (sound, sink, (gint16[]){ 0, 200 }, 2, 4295);
  /* one that pauses is waited for no more, and may go on */
  play_until (sound, sink, (gint16[]){ 0, 0 }, 2, 4095);
  play_until (sound, sink, (gint16[]){ 0, 200 }, 2, 4295);
  end_mix (pipeline);
}

GST_END_TEST;

/* One program too many is heard as soon as another has ended. */
GST_START_TEST (test_screen_sound_limit)
{
  gint16 values[VMT_SCREEN_SOUND_PROGRAMS_MAX + 1];
  guint max = VMT_SCREEN_SOUND_PROGRAMS_MAX;
  VmtScreenSound *sound;
  GstAppSink *sink;
  g_autoptr (GstElement) pipeline = begin_mix (&sound, &sink);

  for (guint i = 0; i < max; i++)
    values[i] = 10;
  values[max] = 1000;
  play_until (sound, sink, values, max - 1, 4095 + 10 * (max - 1));
  play_until (sound, sink, values, max, 4095 + 10 * max);
  for (guint i = 0; i < 10; i++)
    play_until (sound, sink, values, max + 1, 4095 + 10 * max);
  vmt_screen_sound_drop (sound, 0);
  values[0] = 0;
  play_until (sound, sink, values, max + 1, 4095 + 10 * (max - 1) + 1000);
  end_mix (pipeline);
}

GST_END_TEST;

static Suite *
tool_source_suite (void)
{
  Suite *s = suite_create ("tool-source");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_rtsp_addresses, 0, G_N_ELEMENTS (addresses));
  tcase_add_loop_test (tc, test_no_password_is_shown, 0, 3);
  tcase_add_test (tc, test_stamp);
  tcase_add_test (tc, test_small_stamp);
  tcase_add_test (tc, test_stamp_limits);
  tcase_add_test (tc, test_test_picture_has_no_stamps);
  tcase_add_test (tc, test_audio_only);
  tcase_add_test (tc, test_file);
  tcase_add_test (tc, test_photo);
  tcase_add_test (tc, test_file_without_durations);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_region);
  tcase_add_test (tc, test_screen_sound);
  tcase_add_test (tc, test_screen_sound_limit);
  tcase_add_test (tc, test_roster);
  tcase_add_test (tc, test_roster_forgets);
  return s;
}

CHECK_PROGRAM (tool_source)
