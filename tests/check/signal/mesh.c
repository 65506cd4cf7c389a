/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many participants in one process, tiny pictures: for the sanitizers above
 * all. Everybody gets everybody's frames; half of them leave, and those who
 * stay go on. */

#include "elements/knownfaults.h"

#include "program.h"

#include <gst/videomeet/videomeet.h>

#ifdef __SANITIZE_ADDRESS__
/* ten need more than two cores have, with every access checked */
#define PEOPLE 4
#else
#define PEOPLE 10
#endif
#define LEAVING (PEOPLE / 2)
#define FRAMES 3 /* of each other one */
#define DEADLINE_US (120 * G_TIME_SPAN_SECOND)

#define PICTURE                               \
  "videotestsrc is-live=true pattern=ball ! " \
  "video/x-raw,width=64,height=48,framerate=2/1 ! m.video_sink_0 "
#define SOUND \
  "audiotestsrc is-live=true ! audio/x-raw,rate=48000 ! m.audio_sink_0 "

/* What came in, under the lock. */
static GMutex lock;
static GCond cond;
static guint pads_alive;

typedef struct
{
  GstElement *pipeline, *bin;
  GHashTable *frames; /* participant id: guint, under the lock */
} Person;

static VmNode *node;
static Person people[PEOPLE];

typedef struct
{
  Person *person;
  gchar *id;
} Feed;

static void
feed_free (gpointer data)
{
  g_free (((Feed *) data)->id);
  g_free (data);
}

static GstPadProbeReturn
on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Feed *feed = user_data;
  guint n;

  g_mutex_lock (&lock);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (feed->person->frames, feed->id));
  g_hash_table_replace (
      feed->person->frames, g_strdup (feed->id), GUINT_TO_POINTER (n + 1));
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
  return GST_PAD_PROBE_OK;
}

static void
on_pad_gone (gpointer data, GObject *where_the_pad_was)
{
  g_mutex_lock (&lock);
  pads_alive--;
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
}

static void
on_pad_added (GstElement *bin, GstPad *pad, Person *person)
{
  GstElement *sink;
  g_autoptr (GstPad) sinkpad = NULL;
  Feed *feed;

  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  g_mutex_lock (&lock);
  pads_alive++;
  g_mutex_unlock (&lock);
  g_object_weak_ref (G_OBJECT (pad), on_pad_gone, NULL);
  sink = gst_element_factory_make ("fakesink", NULL);
  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (person->pipeline), sink);
  gst_element_sync_state_with_parent (sink);
  sinkpad = gst_element_get_static_pad (sink, "sink");
  if (g_str_has_prefix (GST_PAD_NAME (pad), "video")) {
    feed = g_new0 (Feed, 1);
    feed->person = person;
    g_object_get (pad, "participant-id", &feed->id, NULL);
    gst_pad_add_probe (
        sinkpad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, feed, feed_free);
  }
  gst_pad_link (pad, sinkpad);
}

static void
person_start (guint index, const gchar *how)
{
  Person *person = &people[index];
  g_autoptr (GError) error = NULL;
  /* one decodes, one has a voice: small machines run this under a sanitizer */
  g_autofree gchar *line = g_strdup_printf (
      "vmsignalbin name=m user=P%u connect-timeout=60000 decode=%d %s " PICTURE
      " %s",
      index, index == 0, how, index < 1 ? SOUND : "");

  person->frames =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  person->pipeline = gst_parse_launch (line, &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
  person->bin = gst_bin_get_by_name (GST_BIN (person->pipeline), "m");
  g_signal_connect (
      person->bin, "pad-added", G_CALLBACK (on_pad_added), person);
  gst_element_set_state (person->pipeline, GST_STATE_PLAYING);
}

static void
person_stop (Person *person)
{
  gst_element_set_state (person->pipeline, GST_STATE_NULL);
  gst_clear_object (&person->bin);
  gst_clear_object (&person->pipeline);
}

/* Waits until the seat is taken, or says why not. */
static void
wait_joined (Person *person)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (person->pipeline);

  for (;;) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
        DEADLINE_US * GST_USECOND, GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR);

    fail_unless (message != NULL, "not joined in time");
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      g_autoptr (GError) error = NULL;

      gst_message_parse_error (message, &error, NULL);
      fail ("%s", error->message);
    }
    if (gst_message_has_name (message, "vm-joined"))
      return;
  }
}

/* Called with the lock held. Of how many others there are enough frames. */
static guint
count_seen (Person *person)
{
  guint seen = 0;
  GHashTableIter iter;
  gpointer n;

  g_hash_table_iter_init (&iter, person->frames);
  while (g_hash_table_iter_next (&iter, NULL, &n))
    seen += GPOINTER_TO_UINT (n) >= FRAMES;
  return seen;
}

/* What the others have become to somebody, and what went wrong: for the log of
 * a test that fails. */
static void
print_messages (guint index)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (people[index].pipeline);
  g_autoptr (GstStructure) stats = NULL;
  g_autofree gchar *seen = NULL;
  GstMessage *message;

  g_object_get (people[index].bin, "stats", &stats, NULL);
  seen = stats ? gst_structure_to_string (stats) : NULL;
  g_printerr ("P%u: %s\n", index, seen);
  while ((message = gst_bus_pop_filtered (
              bus, GST_MESSAGE_WARNING | GST_MESSAGE_ELEMENT))) {
    const GstStructure *s = gst_message_get_structure (message);

    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING
        || gst_structure_has_name (s, "vm-participant-state-changed")) {
      g_autofree gchar *text = gst_structure_to_string (s);

      g_printerr ("P%u: %s\n", index, text);
    }
    gst_message_unref (message);
  }
}

static void
wait_all_see (guint first, guint others)
{
  gint64 end = g_get_monotonic_time () + DEADLINE_US;

  g_mutex_lock (&lock);
  for (guint i = first; i < PEOPLE; i++) {
    gboolean in_time = TRUE;

    while (count_seen (&people[i]) < others && in_time)
      in_time = g_cond_wait_until (&cond, &lock, end);
    if (!in_time) {
      guint seen = count_seen (&people[i]);

      g_mutex_unlock (&lock);
      for (guint j = 0; j < PEOPLE; j++)
        if (people[j].pipeline)
          print_messages (j);
      fail ("%u sees %u of %u", i, seen, others);
    }
  }
  g_mutex_unlock (&lock);
}

static void
forget_frames (void)
{
  g_mutex_lock (&lock);
  for (guint i = 0; i < PEOPLE; i++)
    g_hash_table_remove_all (people[i].frames);
  g_mutex_unlock (&lock);
}

static void
wait_no_pads (void)
{
  gint64 end = g_get_monotonic_time () + DEADLINE_US;
  gboolean in_time = TRUE;
  guint left;

  g_mutex_lock (&lock);
  while (pads_alive && in_time)
    in_time = g_cond_wait_until (&cond, &lock, end);
  left = pads_alive;
  g_mutex_unlock (&lock);
  fail_unless (left == 0, "%u pads were not freed", left);
}

GST_START_TEST (test_many)
{
  g_autofree gchar *how = NULL;

  node = vm_node_get_default ();
  g_object_set (node, "interfaces", "lo", "methods", VM_METHODS_NONE, NULL);
  person_start (PEOPLE - 1, "mode=host meeting=ten");
  wait_joined (&people[PEOPLE - 1]);
  how = g_strdup_printf (
      "uri=videomeet://127.0.0.1:%u/ten", vm_node_get_port (node));
  for (guint i = 0; i < PEOPLE - 1; i++) {
    person_start (i, how);
    wait_joined (&people[i]);
  }
  wait_all_see (0, PEOPLE - 1);
  /* the others are not held up by those who go */
  for (guint i = 0; i < LEAVING; i++)
    person_stop (&people[i]);
  forget_frames ();
  wait_all_see (LEAVING, PEOPLE - LEAVING - 1);
  for (guint i = LEAVING; i < PEOPLE; i++)
    person_stop (&people[i]);
  wait_no_pads ();
  for (guint i = 0; i < PEOPLE; i++)
    g_hash_table_unref (people[i].frames);
  g_clear_object (&node);
}

GST_END_TEST;

static Suite *
mesh_suite (void)
{
  Suite *s = suite_create ("mesh");
  TCase *tc = tcase_create ("mesh");

  known_faults_pass ();
  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 240);
  tcase_add_test (tc, test_many);
  return s;
}

CHECK_PROGRAM (mesh)
