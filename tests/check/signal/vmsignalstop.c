/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A vmsignalbin that is stopped by who is told of something, on the thread that
 * tells it: whoever is told may have had enough. */

#include "elements/knownfaults.h"
#include "program.h"
#include "signalside.h"

#include <gio/gio.h>
#include <string.h>

/* Less than any wait of the element for its threads. */
#define TOOK_MAX (3 * G_USEC_PER_SEC)

typedef struct
{
  GstElement *pipeline;
  const gchar *name, *event; /* of the message that stops it; event: or NULL */
  gboolean waits; /* and does not stop it */

  GMutex lock; /* of what follows */
  GCond cond;
  gboolean told; /* it was, and is stopped */
  gboolean goes_on; /* and may, who waits */
  gboolean gone; /* the element */
  gint64 took; /* µs: to stop it */
  gchar *failure; /* NULL when there was none */
} Stop;

static gboolean
is_it (const Stop *stop, GstMessage *message)
{
  return gst_message_has_name (message, stop->name)
         && (!stop->event
             || g_strcmp0 (gst_structure_get_string (
                               gst_message_get_structure (message), "event"),
                    stop->event)
                    == 0);
}

static gboolean
is_of_part (GstMessage *message)
{
  const GstStructure *s = gst_message_get_structure (message);

  return GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT
         && g_str_has_prefix (gst_structure_get_name (s), "vm-")
         && strcmp (GST_OBJECT_NAME (GST_MESSAGE_SRC (message)), "m") != 0;
}

/* What no user is to read of an element that was stopped. */
static gchar *
read_failure (GstMessage *message)
{
  g_autoptr (GError) error = NULL;

  if (is_of_part (message))
    return g_strdup_printf (
        "%s has said something", GST_OBJECT_NAME (GST_MESSAGE_SRC (message)));
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  return error ? g_strdup (error->message) : NULL;
}

/* With the lock held. */
static gboolean
wait_until (Stop *stop, const gboolean *flag)
{
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;
  gboolean in_time = TRUE;

  while (!*flag && in_time)
    in_time = g_cond_wait_until (&stop->cond, &stop->lock, end);
  return in_time;
}

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Stop *stop = user_data;
  g_autofree gchar *failure = read_failure (message);
  gboolean told = is_it (stop, message);
  gint64 began = g_get_monotonic_time ();

  if (told && !stop->waits)
    gst_element_set_state (stop->pipeline, GST_STATE_NULL);
  g_mutex_lock (&stop->lock);
  if (told && !stop->told)
    stop->took = g_get_monotonic_time () - began;
  stop->told |= told;
  if (failure && !stop->failure)
    stop->failure = g_steal_pointer (&failure);
  g_cond_broadcast (&stop->cond);
  if (told && stop->waits)
    wait_until (stop, &stop->goes_on);
  g_mutex_unlock (&stop->lock);
  return GST_BUS_PASS;
}

static void
stop_at (
    Stop *stop, GstElement *pipeline, const gchar *name, const gchar *event)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  *stop = (Stop){ .pipeline = pipeline, .name = name, .event = event };
  g_mutex_init (&stop->lock);
  g_cond_init (&stop->cond);
  gst_bus_set_sync_handler (bus, on_message, stop, NULL);
}

static void
expect (Stop *stop, const gboolean *flag)
{
  gboolean in_time;

  g_mutex_lock (&stop->lock);
  in_time = wait_until (stop, flag);
  g_mutex_unlock (&stop->lock);
  fail_unless (in_time, "%s does not stop it", stop->name);
  fail_if (stop->failure, "%s", stop->failure);
}

static void
stop_end (Stop *stop)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (stop->pipeline);

  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
}

static void
stop_clear (Stop *stop)
{
  g_mutex_clear (&stop->lock);
  g_cond_clear (&stop->cond);
  g_free (stop->failure);
}

static void
on_gone (gpointer user_data, GObject *was)
{
  Stop *stop = user_data;

  g_mutex_lock (&stop->lock);
  stop->gone = TRUE;
  g_cond_broadcast (&stop->cond);
  g_mutex_unlock (&stop->lock);
}

/* Who was stopped from its own thread goes a moment later, and nothing of it is
 * left. */
static void
expect_gone (Stop *stop, Side *side)
{
  g_object_weak_ref (G_OBJECT (side->bin), on_gone, stop);
  stop_end (stop);
  side_free (side);
  expect (stop, &stop->gone);
  stop_clear (stop);
}

/* Its name goes a moment after its test, too. */
static Side
host_until (
    Stop *stop, const gchar *name, const gchar *event, const gchar *rest)
{
  static guint meetings;
  g_autofree gchar *launch = g_strdup_printf (
      "vmsignalbin name=m mode=host meeting=coffee%u user=Ann %s", meetings++,
      rest);
  g_autoptr (GError) error = NULL;
  Side side = { gst_parse_launch (launch, &error) };

  g_assert_no_error (error);
  side.bin = gst_bin_get_by_name (GST_BIN (side.pipeline), "m");
  side.bus = gst_element_get_bus (side.pipeline);
  stop_at (stop, side.pipeline, name, event);
  fail_unless (gst_element_set_state (side.pipeline, GST_STATE_PLAYING)
               != GST_STATE_CHANGE_FAILURE);
  return side;
}

GST_START_TEST (test_alone)
{
  for (guint i = 0; i < 3; i++) {
    Stop stop;
    Side a = host_until (&stop, "vm-joined", NULL, AUDIO "m.audio_sink_0");

    expect (&stop, &stop.told);
    expect_gone (&stop, &a);
  }
}

GST_END_TEST;

/* The bridge to the cloud has a thread of its own. Nobody listens there. */
GST_START_TEST (test_by_the_bridge)
{
  Stop stop;
  Side a = host_until (&stop, "vm-bridge", "failed",
      "cloud-uri=janus+ws://127.0.0.1:1/1 " AUDIO "m.audio_sink_0");

  expect (&stop, &stop.told);
  expect_gone (&stop, &a);
}

GST_END_TEST;

/* A warning of one of the bridge's elements, which has a thread of its own as
 * well. The server does not answer. */
GST_START_TEST (test_by_a_part_of_the_bridge)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree gchar *rest = g_strdup_printf (
      "cloud-uri=janus+ws://127.0.0.1:%u/1 " AUDIO "m.audio_sink_0", port);
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;
  GstElement *room = NULL;
  Stop stop;
  Side a = host_until (&stop, "vm-bridge", "warning", rest);

  while (!room || GST_STATE (room) != GST_STATE_PLAYING) {
    gst_clear_object (&room);
    fail_unless (g_get_monotonic_time () < end, "there is no bridge");
    g_thread_yield ();
    room = gst_bin_get_by_name (GST_BIN (a.bin), "room-1");
  }
  g_signal_emit_by_name (room, "kick", "nobody");
  gst_object_unref (room);
  expect (&stop, &stop.told);
  fail_unless (
      stop.took < TOOK_MAX, "stopped after %" G_GINT64_FORMAT " µs", stop.took);
  expect_gone (&stop, &a);
}

GST_END_TEST;

static void
take_weakly (GWeakRef *ref, Side *side, const gchar *name)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (side->bin, name);

  fail_unless (pad != NULL, "there is no %s", name);
  g_weak_ref_init (ref, pad);
}

static void
fail_unless_gone (GWeakRef *ref)
{
  g_autoptr (GstPad) pad = g_weak_ref_get (ref);

  fail_unless (pad == NULL);
  g_weak_ref_clear (ref);
}

static const gchar *const with_pads[] = { "vm-participant-left",
  "vm-chat-received" };

/* With somebody there, whose pads are. */
GST_START_TEST (test_with_pads)
{
  Side a = host (BOTH), b = join (BOTH);
  GWeakRef sound, picture;
  Stop stop;

  wait_count (count_on (&a, "a"), 10, FALSE);
  wait_count (count_on (&a, "v"), 10, FALSE);
  take_weakly (&sound, &a, "audio_src_0");
  take_weakly (&picture, &a, "video_src_0");
  stop_at (&stop, a.pipeline, with_pads[__i__], NULL);
  if (__i__ == 0)
    side_free (&b);
  else
    g_signal_emit_by_name (b.bin, "send-chat", "hello", NULL);
  expect (&stop, &stop.told);
  expect_gone (&stop, &a);
  fail_unless_gone (&sound);
  fail_unless_gone (&picture);
  if (__i__ > 0)
    side_free (&b);
}

GST_END_TEST;

/* How it leaves with what it has just said: by the action, an EOS, or NULL. */
static void
leave (Side *side, gint how)
{
  if (how == 0)
    g_signal_emit_by_name (side->bin, "hang-up");
  else if (how == 1)
    gst_element_send_event (side->pipeline, gst_event_new_eos ());
  else
    gst_element_set_state (side->pipeline, GST_STATE_NULL);
}

#define LAST_WORDS 20

/* Host or guest. */
GST_START_TEST (test_last_words)
{
  Side a = host (BOTH), b = join (BOTH);
  Side *leaver = __i__ % 2 ? &b : &a, *reader = __i__ % 2 ? &a : &b;

  wait_count (count_on (&a, "a"), 10, FALSE);
  wait_count (count_on (&b, "a"), 10, FALSE);
  for (guint i = 0; i < LAST_WORDS; i++) {
    g_autofree gchar *text = g_strdup_printf ("word %u", i);

    g_signal_emit_by_name (leaver->bin, "send-chat", text, NULL);
  }
  leave (leaver, __i__ / 2);
  for (guint i = 0; i < LAST_WORDS; i++) {
    g_autoptr (GstMessage) message = wait_for (reader, "vm-chat-received");
    g_autofree gchar *text = g_strdup_printf ("word %u", i);

    fail_unless (gst_message_has_name (message, "vm-chat-received"));
    fail_unless_equals_string (
        gst_structure_get_string (gst_message_get_structure (message), "text"),
        text);
  }
  side_free (&a);
  side_free (&b);
}

GST_END_TEST;

/* What is told of recordings, also of an element that has stopped. */
typedef struct
{
  GMutex lock; /* of what follows */
  guint started, finished;
  gchar *failure;
} Records;

static void
on_record (GstElement *bin, const GstStructure *s, gpointer user_data)
{
  Records *records = user_data;
  const gchar *event = gst_structure_get_string (s, "event");

  g_mutex_lock (&records->lock);
  records->started += strcmp (event, "started") == 0;
  records->finished += strcmp (event, "finished") == 0;
  if (strcmp (event, "failed") == 0)
    records->failure = g_strdup (gst_structure_get_string (s, "message"));
  g_mutex_unlock (&records->lock);
}

/* Of somebody's file, which is closed all the same. */
GST_START_TEST (test_by_a_recording)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-record-XXXXXX", NULL);
  g_autofree gchar *rest = g_strdup_printf ("record-dir=%s " BOTH, folder);
  const gchar *argv[] = { "rm", "-rf", folder, NULL };
  Side a = host (rest), b;
  Records records = { 0 };
  Stop stop;

  g_mutex_init (&records.lock);
  g_signal_connect (a.bin, "record", G_CALLBACK (on_record), &records);
  stop_at (&stop, a.pipeline, "vm-record", "started");
  b = join (BOTH);
  expect (&stop, &stop.told);
  fail_unless (
      stop.took < TOOK_MAX, "stopped after %" G_GINT64_FORMAT " µs", stop.took);
  expect_gone (&stop, &a);
  fail_if (records.failure, "%s", records.failure);
  fail_unless_equals_int (records.started, 1);
  fail_unless_equals_int (records.finished, 1);
  side_free (&b);
  fail_unless (g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH,
      NULL, NULL, NULL, NULL, NULL, NULL));
  g_mutex_clear (&records.lock);
}

GST_END_TEST;

/* Who is told holds up the element's thread for so long that whoever stops it
 * waits no longer. */
GST_START_TEST (test_stop_is_not_waited_for)
{
  Side a = host (BOTH), b = join (BOTH);
  GWeakRef sound;
  Stop stop;

  wait_count (count_on (&a, "a"), 10, FALSE);
  take_weakly (&sound, &a, "audio_src_0");
  stop_at (&stop, a.pipeline, "vm-participant-left", NULL);
  stop.waits = TRUE;
  side_free (&b);
  expect (&stop, &stop.told);
  g_test_expect_message ("videomeet", G_LOG_LEVEL_WARNING, "*did not end*");
  gst_element_set_state (a.pipeline, GST_STATE_NULL);
  g_test_assert_expected_messages ();
  g_mutex_lock (&stop.lock);
  stop.goes_on = TRUE;
  g_cond_broadcast (&stop.cond);
  g_mutex_unlock (&stop.lock);
  expect_gone (&stop, &a);
  fail_unless_gone (&sound);
}

GST_END_TEST;

static Suite *
vmsignalstop_suite (void)
{
  Suite *suite = suite_create ("vmsignalstop");
  TCase *tc = tcase_create ("general");

  known_faults_pass ();
  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_alone);
  tcase_add_test (tc, test_by_the_bridge);
  tcase_add_test (tc, test_by_a_part_of_the_bridge);
  tcase_add_loop_test (tc, test_with_pads, 0, G_N_ELEMENTS (with_pads));
  tcase_add_loop_test (tc, test_last_words, 0, 6);
  tcase_add_test (tc, test_by_a_recording);
  tcase_add_test (tc, test_stop_is_not_waited_for);
  return suite;
}

CHECK_PROGRAM (vmsignalstop)
