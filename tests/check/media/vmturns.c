/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sound is in time beside what takes the processors for long, as far as this
 * process may ask for that. */

#include "elements/peerpair.h"
#include "media/vminput.h"
#include "media/vmoutput.h"

#include "program.h"

#include <gst/check/gstharness.h>
#include <gst/videomeet/base/vmthread-priv.h>
#include <sched.h>
#include <sys/resource.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

#define WAIT_MS 20000
#define FIRST -10
#define SOUND                                                       \
  "audio/x-raw, format=(string)S16LE, layout=(string)interleaved, " \
  "rate=(int)48000, channels=(int)1"
#define PICTURE                                                         \
  "video/x-raw, format=(string)I420, width=(int)160, height=(int)120, " \
  "framerate=(fraction)10/1"
#define UNKNOWN 100

static gint nice_there; /* atomic: of the thread that brings a frame */

static gint
get_nice (void)
{
  return getpriority (PRIO_PROCESS, 0); /* of a thread, on Linux */
}

static gpointer
try_to_go_first (gpointer data)
{
  return GINT_TO_POINTER (sched_getscheduler (0) == SCHED_OTHER
                          && get_nice () == 0
                          && setpriority (PRIO_PROCESS, 0, FIRST) == 0);
}

/* The nice value of a sound thread here: the usual one where the kernel does
 * not allow a lower one. */
static gint
of_sound (void)
{
  return g_thread_join (g_thread_new ("try", try_to_go_first, NULL))
             ? FIRST
             : get_nice ();
}

static gpointer
look (gpointer data)
{
  return GINT_TO_POINTER (get_nice ());
}

static gpointer
go (gpointer data)
{
  gint *nices = data;

  nices[0] = get_nice ();
  vm_thread_go_first ();
  nices[1] = get_nice ();
  nices[2] =
      GPOINTER_TO_INT (g_thread_join (g_thread_new ("look", look, NULL)));
  vm_thread_go_along ();
  nices[3] = get_nice ();
  /* it is said by somebody that this one has time */
  if (setpriority (PRIO_PROCESS, 0, nices[0] + 1) == 0)
    vm_thread_go_first ();
  nices[4] = get_nice ();
  vm_thread_go_along ();
  nices[5] = get_nice ();
  return NULL;
}

/* Threads that a sound thread starts have the usual priority, and so has the
 * sound thread itself at the end. */
GST_START_TEST (test_thread)
{
  gint nices[6] = { 0 };
  gint usual = get_nice ();

  if (usual == 19) /* there is nothing below */
    return;
  g_thread_join (g_thread_new ("go", go, nices));
  fail_unless_equals_int (nices[0], usual);
  fail_unless_equals_int (nices[1], of_sound ());
  fail_unless_equals_int (nices[2], usual);
  fail_unless_equals_int (nices[3], usual);
  fail_unless_equals_int (nices[4], usual + 1);
  fail_unless_equals_int (nices[5], usual + 1);
}

GST_END_TEST;

static gboolean
is_known (gpointer data)
{
  return g_atomic_int_get (&nice_there) != UNKNOWN;
}

static void
take_sample (
    gpointer user_data, VmPeerStream stream, VmCodec codec, GstSample *sample)
{
  g_atomic_int_set (&nice_there, get_nice ());
}

static void
ignore_change (gpointer user_data, VmPeerStream stream)
{
}

static void
ignore_failure (
    gpointer user_data, VmPeerStream stream, VmCodec codec, const gchar *why)
{
}

static GstHarness *
input_new (gboolean sound, gboolean live)
{
  static const VmInputFuncs funcs = { take_sample, ignore_change,
    ignore_failure };
  VmInput *input = vm_input_new (
      sound ? VM_PEER_AUDIO : VM_PEER_VIDEO, "input", &funcs, NULL);
  GstHarness *h = gst_harness_new_with_element (
      gst_object_ref_sink (GST_ELEMENT (input)), "sink", NULL);

  gst_object_unref (input);
  gst_harness_use_systemclock (h);
  gst_harness_set_live (h, live);
  gst_harness_set_src_caps_str (h, sound ? SOUND : PICTURE);
  fail_unless (
      vm_input_acquire (input, sound ? VM_CODEC_OPUS : VM_CODEC_VP8, NULL));
  return h;
}

static void
push_raw (GstHarness *h, gboolean sound, guint n)
{
  GstBuffer *buffer =
      gst_harness_create_buffer (h, sound ? 1920 : 160 * 120 * 3 / 2);

  gst_buffer_memset (buffer, 0, 0, -1);
  GST_BUFFER_PTS (buffer) = n * (sound ? 20 : 100) * GST_MSECOND;
  GST_BUFFER_DURATION (buffer) = (sound ? 20 : 100) * GST_MSECOND;
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
}

static gpointer
bring (gpointer data)
{
  gboolean sound = GPOINTER_TO_INT (data);
  gint usual = get_nice (), wanted = sound ? of_sound () : usual;
  GstHarness *h = input_new (sound, TRUE);

  g_atomic_int_set (&nice_there, UNKNOWN);
  for (guint i = 0; i < 5; i++)
    push_raw (h, sound, i);
  /* who brings it, and who encodes it */
  fail_unless_equals_int (get_nice (), wanted);
  fail_unless (wait_for (is_known, NULL, WAIT_MS));
  fail_unless_equals_int (g_atomic_int_get (&nice_there), wanted);
  gst_harness_push_event (h, gst_event_new_eos ());
  fail_unless_equals_int (get_nice (), usual);
  gst_harness_teardown (h);
  return NULL;
}

GST_START_TEST (test_input)
{
  g_thread_join (g_thread_new ("bring", bring, GINT_TO_POINTER (__i__)));
}

GST_END_TEST;

static gpointer
bring_file (gpointer data)
{
  gint usual = get_nice ();
  GstHarness *h = input_new (TRUE, FALSE);

  push_raw (h, TRUE, 0);
  fail_unless_equals_int (get_nice (), usual);
  gst_harness_teardown (h);
  return NULL;
}

/* Whose thread reads a file may have a picture to decode as well. */
GST_START_TEST (test_input_that_is_not_live)
{
  g_thread_join (g_thread_new ("bring", bring_file, NULL));
}

GST_END_TEST;

static void
on_handoff (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  g_atomic_int_set (&nice_there, get_nice ());
}

/* Who decodes it. */
GST_START_TEST (test_output)
{
  gboolean sound = __i__;
  VmOutputConfig config = { .codec = sound ? VM_CODEC_OPUS : VM_CODEC_VP8,
    .stream_id = "p002/x",
    .title = "Bob" };
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstElement) pipeline =
      gst_object_ref_sink (gst_pipeline_new (NULL));
  g_autoptr (GstBuffer) buffer = gst_buffer_new_allocate (NULL, 16, NULL);
  g_autoptr (GstCaps) caps = gst_caps_from_string (
      sound ? "audio/x-opus, channel-mapping-family=(int)0" : "video/x-vp8");
  g_autoptr (GstSample) sample = NULL;
  VmOutput *output = vm_output_new ("output", &config, NULL, NULL, NULL, NULL);

  g_object_set (
      sink, "signal-handoffs", TRUE, "sync", FALSE, "async", FALSE, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), NULL);
  gst_bin_add_many (GST_BIN (pipeline), GST_ELEMENT (output), sink, NULL);
  fail_unless (gst_element_link (GST_ELEMENT (output), sink));
  g_atomic_int_set (&nice_there, UNKNOWN);
  vm_output_set_wanted (output, TRUE);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_buffer_memset (buffer, 0, 0, 16);
  GST_BUFFER_PTS (buffer) = 0;
  sample = gst_sample_new (buffer, caps, NULL, NULL);
  vm_output_push (output, sample);
  fail_unless (wait_for (is_known, NULL, WAIT_MS));
  fail_unless_equals_int (
      g_atomic_int_get (&nice_there), sound ? of_sound () : get_nice ());
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

static gboolean
has_sound (gpointer side)
{
  return g_atomic_int_get (&((Side *) side)->samples[VM_PEER_AUDIO]) > 0;
}

/* Who receives it. */
GST_START_TEST (test_peer)
{
  static Pair pair;

  pair_make_talkers (&pair);
  pair_feed_talkers (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  fail_unless (wait_for (has_sound, &pair.sides[1], PAIR_CONNECT_MS));
  fail_unless_equals_int (
      g_atomic_int_get (&pair.sides[1].sound_nice), of_sound ());
  pair_clear (&pair);
}

GST_END_TEST;

static Suite *
vmturns_suite (void)
{
  Suite *s = suite_create ("vmturns");
  TCase *tc = tcase_create ("vmturns");

  GST_DEBUG_CATEGORY_INIT (vm_signal_debug, "vmsignalbin", 0, "under test");
  pair_prepare ();
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, NULL, pair_stop_failed);
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_thread);
  tcase_add_loop_test (tc, test_input, FALSE, TRUE + 1);
  tcase_add_test (tc, test_input_that_is_not_live);
  tcase_add_loop_test (tc, test_output, FALSE, TRUE + 1);
  tcase_add_test (tc, test_peer);
  return s;
}

CHECK_PROGRAM (vmturns)
