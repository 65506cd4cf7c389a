/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an application may do with the pads and the states of vmsignalbin beside
 * a call: give pads back and ask for them again, stop it alone, begin anew, and
 * hear of its end each time. */

#include "program.h"
#include "elements/knownfaults.h"
#include "signalside.h"

static gpointer
release (gpointer pad)
{
  g_autoptr (GstElement) bin = gst_pad_get_parent_element (pad);

  gst_element_release_request_pad (bin, pad);
  return NULL;
}

static gboolean
has_caps (GstPad *pad)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);

  return caps != NULL;
}

static void
wait_caps (GstPad *pad)
{
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;

  while (!has_caps (pad)) {
    fail_unless (g_get_monotonic_time () < end, "no caps in time");
    g_thread_yield ();
  }
}

static void
set_state (gpointer element, GstState state)
{
  fail_unless (
      gst_element_set_state (element, state) != GST_STATE_CHANGE_FAILURE);
}

/* A source that is not live waits in the element for its time, which does not
 * come in PAUSED. */
GST_START_TEST (test_pad_is_released_in_paused)
{
  Side a = host ("videotestsrc ! video/x-raw,framerate=1/30 ! m.video_sink_0");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (a.bin, "video_sink_0");
  g_autoptr (GstPad) peer = gst_pad_get_peer (pad);

  wait_caps (pad);
  set_state (a.pipeline, GST_STATE_PAUSED);
  g_thread_join (g_thread_new ("release", release, pad));
  fail_if (gst_pad_is_linked (peer));
  side_free (&a);
}

GST_END_TEST;

/* A camera, at a pad that is asked for. */
static GstElement *
add_source (Side *side)
{
  g_autoptr (GError) error = NULL;
  GstElement *source =
      gst_parse_bin_from_description (VIDEO "identity", TRUE, &error);

  g_assert_no_error (error);
  gst_bin_add (GST_BIN (side->pipeline), source);
  fail_unless (
      gst_element_link_pads (source, "src", side->bin, "video_sink_0"));
  fail_unless (gst_element_sync_state_with_parent (source));
  return source;
}

/* And given back. */
static void
remove_source (Side *side, GstElement *source)
{
  g_autoptr (GstPad) pad =
      gst_element_get_static_pad (side->bin, "video_sink_0");

  gst_element_set_locked_state (source, TRUE);
  gst_element_set_state (source, GST_STATE_NULL);
  release (pad);
  gst_bin_remove (GST_BIN (side->pipeline), source);
}

/* Those who are there already go on being sent the picture, and who leaves
 * takes it from nobody. */
GST_START_TEST (test_pad_that_is_asked_for_again)
{
  Side a = host (AUDIO "m.audio_sink_0"), b, c;
  GstElement *camera = add_source (&a);
  Count *seen[2];

  b = join (RECEIVE);
  seen[0] = count_on (&b, "v");
  wait_count (seen[0], 10, FALSE);
  remove_source (&a, camera);
  add_source (&a);
  reset_count (seen[0]);
  wait_count (seen[0], 10, FALSE);

  c = join (RECEIVE);
  seen[1] = count_on (&c, "v");
  wait_count (seen[1], 10, FALSE);
  side_free (&b);
  gst_message_unref (wait_for (&a, "vm-participant-left"));
  reset_count (seen[1]);
  wait_count (seen[1], 10, FALSE);
  side_free (&c);
  side_free (&a);
}

GST_END_TEST;

/* In the middle of a call, at the side that offers and at the other. */
GST_START_TEST (test_pad_that_comes_later)
{
  Side a = host (AUDIO "m.audio_sink_0 " RECEIVE);
  Side b = join (AUDIO "m.audio_sink_0 " RECEIVE);
  Count *pictures[] = { count_on (&a, "v"), count_on (&b, "v") };
  Count *sound[] = { count_on (&a, "a"), count_on (&b, "a") };

  for (guint i = 0; i < 2; i++)
    wait_count (sound[i], 10, FALSE);
  add_source (&a);
  wait_count (pictures[1], 10, FALSE);
  add_source (&b);
  wait_count (pictures[0], 10, FALSE);
  for (guint i = 0; i < 2; i++) {
    reset_count (sound[i]);
    wait_count (sound[i], 10, FALSE);
  }
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

#define SHORT                            \
  "videotestsrc name=s num-buffers=5 ! " \
  "video/x-raw,framerate=30/1 ! "
/* Which may end before it has joined. */
#define SHORT_HOST \
  "vmsignalbin name=m mode=host meeting=tea user=Ann " SHORT "m.video_sink_0"

GST_START_TEST (test_end_comes_each_time)
{
  Side a = side_new (SHORT_HOST);

  for (guint i = 0; i < 3; i++) {
    gst_message_unref (wait_for (&a, "eos"));
    set_state (a.pipeline, GST_STATE_READY);
    gst_bus_set_flushing (a.bus, TRUE);
    gst_bus_set_flushing (a.bus, FALSE);
    set_state (a.pipeline, GST_STATE_PLAYING);
  }
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_end_comes_after_a_seek)
{
  Side a = side_new (SHORT_HOST);

  for (guint i = 0; i < 3; i++) {
    gst_message_unref (wait_for (&a, "eos"));
    fail_unless (gst_element_seek_simple (
        a.pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
  }
  side_free (&a);
}

GST_END_TEST;

static void
wait_eos (GstPad *pad)
{
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;

  while (!GST_PAD_IS_EOS (pad)) {
    fail_unless (g_get_monotonic_time () < end, "no EOS in time");
    g_thread_yield ();
  }
}

/* A bin counts anew who has come to the end when it plays again. */
GST_START_TEST (test_end_is_told_again_after_a_pause)
{
  Side a = host (SHORT "m.video_sink_0 "
                       "audiotestsrc is-live=true name=f ! fakesink");
  g_autoptr (GstElement) other =
      gst_bin_get_by_name (GST_BIN (a.pipeline), "f");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (a.bin, "video_sink_0");

  wait_eos (pad);
  set_state (a.pipeline, GST_STATE_PAUSED);
  set_state (a.pipeline, GST_STATE_PLAYING);
  fail_unless (gst_element_send_event (other, gst_event_new_eos ()));
  gst_message_unref (wait_for (&a, "eos"));
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_last_that_is_sent_is_released)
{
  Side a = host (SHORT "m.video_sink_0 "
                       "audiotestsrc is-live=true name=f ! m.audio_sink_0");
  g_autoptr (GstElement) other =
      gst_bin_get_by_name (GST_BIN (a.pipeline), "f");
  g_autoptr (GstPad) video = gst_element_get_static_pad (a.bin, "video_sink_0");
  g_autoptr (GstPad) audio = gst_element_get_static_pad (a.bin, "audio_sink_0");

  wait_eos (video);
  set_state (other, GST_STATE_NULL);
  release (audio);
  gst_message_unref (wait_for (&a, "eos"));
  side_free (&a);
}

GST_END_TEST;

/* Whether the screen, which has 208x160 pixels, comes to the sink @name: the
 * stream that comes first has the first pad. */
static gboolean
is_screen (Side *side, const gchar *name)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (side->pipeline), name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  gint width = 0;

  gst_structure_get_int (gst_caps_get_structure (caps, 0), "width", &width);
  return width == 208;
}

/* The others are not left with its last picture; the camera goes on. */
static void
check_screen_ends (gboolean by_host)
{
  const gchar *shares = VIDEO "m.video_sink_0 videotestsrc name=f is-live=true "
                              "! video/x-raw,width=208,height=160 ! "
                              "m.video_sink_1";
  const gchar *sees =
      BOTH "m.video_src_1 ! queue ! fakesink name=s sync=false async=false";
  Side first = host (by_host ? shares : sees);
  Side second = join (by_host ? sees : shares);
  Side *from = by_host ? &first : &second, *to = by_host ? &second : &first;
  Count *camera = count_on (to, "v"), *screen = count_on (to, "s");
  g_autoptr (GstElement) source =
      gst_bin_get_by_name (GST_BIN (from->pipeline), "f");
  g_autoptr (GstPad) pad =
      gst_element_get_static_pad (from->bin, "video_sink_1");

  wait_count (camera, 10, FALSE);
  wait_count (screen, 10, FALSE);
  if (is_screen (to, "v")) {
    Count *first_one = camera;

    camera = screen;
    screen = first_one;
  }
  set_state (source, GST_STATE_NULL);
  release (pad);
  wait_count (screen, 0, TRUE);
  reset_count (camera);
  wait_count (camera, 10, FALSE);
  side_free (&second);
  side_free (&first);
}

GST_START_TEST (test_screen_that_is_given_back_ends)
{
  check_screen_ends (__i__);
}

GST_END_TEST;

/* Its pipeline may go on, in another meeting. */
GST_START_TEST (test_stopped_alone)
{
  Side a = host (AUDIO "m.audio_sink_0");
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_locked_state (a.bin, TRUE);
  set_state (a.bin, GST_STATE_READY);
  message = gst_bus_pop_filtered (a.bus, GST_MESSAGE_EOS);
  fail_unless (message == NULL, "EOS");
  set_state (a.bin, GST_STATE_PLAYING);
  gst_message_unref (wait_for (&a, "vm-joined"));
  gst_element_set_locked_state (a.bin, FALSE);
  side_free (&a);
}

GST_END_TEST;

static void
link_sound (GstElement *bin, GstPad *pad, gpointer sink)
{
  if (g_str_has_prefix (GST_PAD_NAME (pad), "audio_src_"))
    fail_unless (GST_PAD_LINK_SUCCESSFUL (gst_pad_link (pad, sink)));
}

/* What was linked to a pad that is gone takes the next. */
GST_START_TEST (test_sink_is_linked_again)
{
  Side a = host (AUDIO "m.audio_sink_0"), b;
  g_autoptr (GstElement) queue = NULL;
  g_autoptr (GstPad) sink = NULL;
  Count *heard;

  b = join ("queue name=q ! fakesink name=a sync=false async=false");
  queue = gst_bin_get_by_name (GST_BIN (b.pipeline), "q");
  sink = gst_element_get_static_pad (queue, "sink");
  heard = count_on (&b, "a");
  g_signal_connect (b.bin, "pad-added", G_CALLBACK (link_sound), sink);
  for (guint i = 0; i < 2; i++) {
    wait_count (heard, 20, FALSE);
    gst_element_set_locked_state (b.bin, TRUE);
    set_state (b.bin, GST_STATE_READY);
    reset_count (heard);
    gst_element_set_locked_state (b.bin, FALSE);
    set_state (b.bin, GST_STATE_PLAYING);
  }
  wait_count (heard, 20, FALSE);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

static Suite *
vmsignalpads_suite (void)
{
  Suite *suite = suite_create ("vmsignalpads");
  TCase *tc = tcase_create ("general");

  known_faults_pass ();
  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_pad_is_released_in_paused);
  tcase_add_test (tc, test_pad_that_is_asked_for_again);
  tcase_add_test (tc, test_pad_that_comes_later);
  tcase_add_test (tc, test_end_comes_each_time);
  tcase_add_test (tc, test_end_comes_after_a_seek);
  tcase_add_test (tc, test_end_is_told_again_after_a_pause);
  tcase_add_test (tc, test_last_that_is_sent_is_released);
  tcase_add_loop_test (
      tc, test_screen_that_is_given_back_ends, FALSE, TRUE + 1);
  tcase_add_test (tc, test_stopped_alone);
  tcase_add_test (tc, test_sink_is_linked_again);
  return suite;
}

CHECK_PROGRAM (vmsignalpads)
