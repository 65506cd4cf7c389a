/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numbers between two servers that are not what was said: a broken one, or
 * somebody else with the credentials of NATS, deafens nobody for good. */

#include "program.h"

#include <gst/videomeet/cluster/clusterline.h>
#include <gst/videomeet/cluster/clusterpack.h>
#include <string.h>

#define NOW G_USEC_PER_SEC

static VmClusterLine *one, *other;
static GQueue there, back; /* frames from one, and to it */
static GString *heard; /* by the other */
static gint64 now;
static guint64 forged_line;

static void
on_frame (GBytes *frame, gpointer user_data)
{
  g_queue_push_tail (user_data, g_bytes_ref (frame));
}

static void
on_hear (GBytes *message, gpointer user_data)
{
  g_string_append_len (heard, g_bytes_get_data (message, NULL),
      (gssize) g_bytes_get_size (message));
}

static void
setup (void)
{
  now = forged_line = NOW;
  heard = g_string_new (NULL);
  one = vm_cluster_line_new ("one", now, on_frame, &there);
  other = vm_cluster_line_new ("other", now, on_frame, &back);
}

static void
teardown (void)
{
  vm_cluster_line_free (one);
  vm_cluster_line_free (other);
  g_queue_clear_full (&there, (GDestroyNotify) g_bytes_unref);
  g_queue_clear_full (&back, (GDestroyNotify) g_bytes_unref);
  g_string_free (heard, TRUE);
}

static void
say (const gchar *text)
{
  g_autoptr (GBytes) message = g_bytes_new (text, strlen (text));

  vm_cluster_line_say (one, message, now);
}

/* Until both are silent. */
static void
settle (void)
{
  GBytes *frame;

  for (guint n = 0; there.length || back.length; n++) {
    fail_unless (n < 1000, "they do not come to rest");
    while ((frame = g_queue_pop_head (&there))) {
      vm_cluster_line_take (other, frame, on_hear, NULL, now);
      g_bytes_unref (frame);
    }
    while ((frame = g_queue_pop_head (&back))) {
      vm_cluster_line_take (one, frame, on_hear, NULL, now);
      g_bytes_unref (frame);
    }
  }
}

/* To the other, as if from one. */
static void
forge (guint64 number, guint64 first)
{
  g_autoptr (GBytes) frame = vm_cluster_pack (
      "VML1", g_variant_new ("(sttttt@ay)", "one", forged_line, number, first,
                  (guint64) 0, (guint64) 0,
                  g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, "!", 1, 1)));

  vm_cluster_line_take (other, frame, on_hear, NULL, now);
}

static void
hears (const gchar *what)
{
  fail_unless_equals_string (heard->str, what);
  g_string_truncate (heard, 0);
}

static guint
count_waiting (void)
{
  g_autoptr (GPtrArray) list = vm_cluster_line_list (one);

  return list->len;
}

/* Below, at and above. */
GST_START_TEST (test_jump)
{
  for (gint more = -1; more <= 1; more++) {
    guint64 first = (guint64) (VM_CLUSTER_LINE_JUMP_MAX + more);

    teardown ();
    setup ();
    forge (first, first);
    hears (more <= 0 ? "!" : "");
    say ("a");
    settle ();
    hears ("a");
  }
}

GST_END_TEST;

/* However far it was led astray, beyond what was said, it hears what is said
 * next. */
GST_START_TEST (test_deafened)
{
  static const guint64 numbers[] = { 5, 500, VM_CLUSTER_LINE_JUMP_MAX,
    G_MAXUINT64 };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    teardown ();
    setup ();
    say ("a");
    settle ();
    hears ("a");
    forge (numbers[i], numbers[i]);
    g_string_truncate (heard, 0);
    say ("b");
    say ("c");
    settle ();
    hears ("bc");
    fail_unless_equals_int (count_waiting (), 0);
    say ("d");
    settle ();
    hears ("d");
  }
}

GST_END_TEST;

/* Whoever tells it so again and again has it begin anew once in a while. */
GST_START_TEST (test_begins_anew_at_times)
{
  say ("a");
  settle ();
  hears ("a");
  forge (100, 100);
  say ("b");
  settle ();
  hears ("!b");
  forged_line++;
  forge (100, 100);
  say ("c");
  settle ();
  hears ("!");
  fail_unless_equals_int (count_waiting (), 1);
  now += VM_CLUSTER_LINE_AGAIN_TIME - 1;
  vm_cluster_line_tick (one, now);
  settle ();
  hears ("");
  now++;
  vm_cluster_line_tick (one, now);
  vm_cluster_line_again (one, now);
  settle ();
  hears ("c");
}

GST_END_TEST;

/* The wire was cut while more was said than may be missed. */
GST_START_TEST (test_missed_too_much)
{
  say ("a");
  settle ();
  hears ("a");
  for (guint i = 0; i < VM_CLUSTER_LINE_JUMP_MAX + VM_CLUSTER_LINE_MESSAGES + 2;
       i++) {
    say ("x");
    g_bytes_unref (g_queue_pop_head (&there));
  }
  now += VM_CLUSTER_LINE_AGAIN_TIME;
  vm_cluster_line_tick (one, now);
  settle ();
  fail_unless_equals_int (count_waiting (), 0);
  fail_unless_equals_int (heard->len, VM_CLUSTER_LINE_MESSAGES);
}

GST_END_TEST;

static Suite *
clusterline_suite (void)
{
  Suite *s = suite_create ("clusterline");
  TCase *tc = tcase_create ("clusterline");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_jump);
  tcase_add_test (tc, test_deafened);
  tcase_add_test (tc, test_begins_anew_at_times);
  tcase_add_test (tc, test_missed_too_much);
  return s;
}

CHECK_PROGRAM (clusterline)
