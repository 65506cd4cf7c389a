/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The native side of the bench delay: vmsignalbin, with pictures and clicks
 * that say when they were made, until SIGTERM. Writes a line of JSON for each
 * that is made, shown or heard; times are milliseconds since 1970. What tells a
 * picture's time is in tests/bench/delay-page.js too. */

#include <gst/base/gstbasesink.h>
#include <gst/video/video.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>

#define WIDTH 640
#define HEIGHT 360
#define CELL 24 /* pixels: each bit is a square in the first row */
#define MARGIN 32
#define TIME_BITS 16
#define CELLS (TIME_BITS + 8) /* with a checksum */
#define RATE 48000
#define CLICK_MS 500 /* between two */
#define CLICK_SAMPLES (RATE / 200)
#define CLICK_LEVEL 26000
#define HEARD_LEVEL 6500
#define LATE_MS 5 /* sound that is played later than that is not heard */
#define PACKET_MS 20 /* of sound, as vmsignalbin sends it */
#define STATS_MS 500

static GMainLoop *loop;
static GstElement *pipeline;

static gdouble
get_time (void)
{
  return g_get_real_time () / 1000.0;
}

static guint
checksum (guint time)
{
  return (time ^ (time >> 8) ^ 0xa5) & 0xff;
}

static gboolean
get_bit (guint time, guint cell)
{
  return cell < TIME_BITS ? (time >> (TIME_BITS - 1 - cell)) & 1
                          : (checksum (time) >> (CELLS - 1 - cell)) & 1;
}

static GstPadProbeReturn
stamp (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  guint time = (guint) ((gint64) get_time () & 0xffff);
  GstMapInfo map;

  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  if (!gst_buffer_map (buffer, &map, GST_MAP_WRITE))
    return GST_PAD_PROBE_OK;
  for (guint y = 0; y < CELL; y++)
    for (guint cell = 0; cell < CELLS; cell++)
      memset (map.data + y * WIDTH + MARGIN + cell * CELL,
          get_bit (time, cell) ? 235 : 16, CELL);
  gst_buffer_unmap (buffer, &map);
  return GST_PAD_PROBE_OK;
}

/* A click at the start of the first buffer of each half second. */
static GstPadProbeReturn
click (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  static gint64 last;
  gdouble now = get_time ();
  gint64 number = (gint64) now / CLICK_MS;
  GstMapInfo map;

  if (number == last)
    return GST_PAD_PROBE_OK;
  last = number;
  GST_PAD_PROBE_INFO_DATA (info) =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  if (!gst_buffer_map (
          GST_PAD_PROBE_INFO_BUFFER (info), &map, GST_MAP_READWRITE))
    return GST_PAD_PROBE_OK;
  for (guint i = 0; i < CLICK_SAMPLES && i < map.size / 2; i++)
    ((gint16 *) map.data)[i] = i / 24 % 2 ? -CLICK_LEVEL : CLICK_LEVEL;
  gst_buffer_unmap (GST_PAD_PROBE_INFO_BUFFER (info), &map);
  g_print ("{\"event\":\"click\",\"at\":%.1f}\n", now);
  return GST_PAD_PROBE_OK;
}

static void
on_picture (
    GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  gdouble now = get_time ();
  GstVideoFrame frame;
  GstVideoInfo info;
  guint bits = 0, time;

  if (!gst_video_info_from_caps (&info, caps)
      || !gst_video_frame_map (&frame, &info, buffer, GST_MAP_READ))
    return;
  for (guint cell = 0; cell < CELLS; cell++) {
    guint width = GST_VIDEO_INFO_WIDTH (&info);
    guint x = (MARGIN + cell * CELL + CELL / 2) * width / WIDTH;
    guint y = CELL / 2 * GST_VIDEO_INFO_HEIGHT (&info) / HEIGHT;
    const guint8 *data = GST_VIDEO_FRAME_PLANE_DATA (&frame, 0);

    bits = bits << 1
           | (data[y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0) + x] > 125);
  }
  gst_video_frame_unmap (&frame);
  time = bits >> 8;
  if ((bits & 0xff) == checksum (time))
    g_print ("{\"event\":\"seen\",\"made\":%u,\"at\":%.1f}\n", time, now);
}

/* Of the running time @time, at a sink. */
static gdouble
late_ms (GstElement *sink, GstClockTime time)
{
  GstClockTime now = gst_element_get_current_running_time (sink);
  GstClockTime latency = gst_base_sink_get_latency (GST_BASE_SINK (sink));

  return GST_CLOCK_DIFF (time + latency, now) / (gdouble) GST_MSECOND;
}

static void
on_sound (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  static GstClockTime end = GST_CLOCK_TIME_NONE;
  static gint64 quiet_until;
  gdouble now = get_time (), length, missing = 0;
  gdouble late = late_ms (sink, GST_BUFFER_PTS (buffer));
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  length = map.size / 2 * 1000.0 / RATE;
  if (GST_CLOCK_TIME_IS_VALID (end) && GST_BUFFER_PTS (buffer) > end)
    missing = (GST_BUFFER_PTS (buffer) - end) / (gdouble) GST_MSECOND;
  if (late > LATE_MS)
    missing += MIN (late, length);
  end = GST_BUFFER_PTS (buffer) + (GstClockTime) (length * GST_MSECOND);
  g_print ("{\"event\":\"sound\",\"at\":%.1f,\"ms\":%.2f,\"missing\":%.2f}\n",
      now, length, missing);
  for (guint i = 0; i < map.size / 2; i++) {
    gdouble at = now + i * 1000.0 / RATE;

    if (ABS ((gint) ((gint16 *) map.data)[i]) < HEARD_LEVEL || at < quiet_until)
      continue;
    quiet_until = (gint64) at + CLICK_MS / 2;
    g_print ("{\"event\":\"heard\",\"at\":%.1f}\n", at);
  }
  gst_buffer_unmap (buffer, &map);
}

static void
on_pad (GstElement *bin, GstPad *pad, gpointer user_data)
{
  gboolean sound = g_str_has_prefix (GST_PAD_NAME (pad), "audio_src");
  const gchar *line =
      sound ? "queue ! audioconvert ! audioresample ! "
              "audio/x-raw,format=S16LE,channels=1,rate=48000 ! "
              "fakesink name=sink sync=true signal-handoffs=true async=false"
            : "queue ! fakesink name=sink sync=true signal-handoffs=true "
              "async=false";
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) target = NULL;
  GstElement *part;

  if (!sound && !g_str_has_prefix (GST_PAD_NAME (pad), "video_src"))
    return;
  part = gst_parse_bin_from_description (line, TRUE, NULL);
  sink = gst_bin_get_by_name (GST_BIN (part), "sink");
  g_signal_connect (sink, "handoff",
      sound ? G_CALLBACK (on_sound) : G_CALLBACK (on_picture), NULL);
  gst_bin_add (GST_BIN (pipeline), part);
  gst_element_sync_state_with_parent (part);
  target = gst_element_get_static_pad (part, "sink");
  gst_pad_link (pad, target);
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  const GstStructure *s = gst_message_get_structure (message);

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency (GST_BIN (pipeline));
      break;
    case GST_MESSAGE_ERROR: {
      g_autoptr (GError) error = NULL;

      gst_message_parse_error (message, &error, NULL);
      g_printerr ("%s\n", error->message);
      g_main_loop_quit (loop);
      break;
    }
    case GST_MESSAGE_ELEMENT:
      if (gst_structure_has_field_typed (s, "link", G_TYPE_STRING))
        g_print ("{\"event\":\"link\",\"link\":\"%s\"}\n",
            gst_structure_get_string (s, "link"));
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
add_concealed (GQuark field, const GValue *value, gpointer concealed)
{
  guint64 frames;

  if (GST_VALUE_HOLDS_STRUCTURE (value)
      && gst_structure_get_uint64 (
          gst_value_get_structure (value), "audio-frames-concealed", &frames))
    *(guint64 *) concealed += frames;
  return TRUE;
}

/* What the decoder has made up so far. */
static gboolean
on_stats (gpointer bin)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 concealed = 0;

  g_object_get (bin, "stats", &stats, NULL);
  gst_structure_foreach (stats, add_concealed, &concealed);
  g_print ("{\"event\":\"concealed\",\"at\":%.1f,\"ms\":%u}\n", get_time (),
      (guint) concealed * PACKET_MS);
  return G_SOURCE_CONTINUE;
}

static void
probe (const gchar *name, GstPadProbeCallback callback)
{
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "src");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, callback, NULL, NULL);
}

static gboolean
on_signal (gpointer user_data)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

gint
main (gint argc, gchar **argv)
{
  g_autofree gchar *line = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) bin = NULL;
  g_autoptr (GstBus) bus = NULL;

  gst_init (&argc, &argv);
  if (argc != 2) {
    g_printerr ("usage: delaypeer 'PROPERTIES OF VMSIGNALBIN'\n");
    return 2;
  }
  line = g_strdup_printf (
      "vmsignalbin name=m %s "
      "audiotestsrc is-live=true samplesperbuffer=480 freq=220 volume=0.05 ! "
      "capsfilter name=sound caps=audio/x-raw,format=S16LE,rate=%d,channels=1 "
      "! m.audio_sink_0 "
      "videotestsrc is-live=true pattern=ball ! capsfilter name=picture "
      "caps=video/x-raw,format=I420,width=%d,height=%d,framerate=30/1 ! "
      "m.video_sink_0",
      argv[1], RATE, WIDTH, HEIGHT);
  pipeline = gst_parse_launch (line, &error);
  if (!pipeline) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  loop = g_main_loop_new (NULL, FALSE);
  probe ("sound", click);
  probe ("picture", stamp);
  bin = gst_bin_get_by_name (GST_BIN (pipeline), "m");
  g_signal_connect (bin, "pad-added", G_CALLBACK (on_pad), NULL);
  g_timeout_add (STATS_MS, on_stats, bin);
  bus = gst_element_get_bus (pipeline);
  gst_bus_add_watch (bus, on_message, NULL);
  g_unix_signal_add (SIGTERM, on_signal, NULL);
  g_unix_signal_add (SIGINT, on_signal, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (loop);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  gst_object_unref (pipeline);
  g_main_loop_unref (loop);
  return 0;
}
