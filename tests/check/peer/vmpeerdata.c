/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The data channels of a peer connection, and the associations that carry
 * them. */

#include "elements/knownfaults.h"
#include "elements/peerpair.h"
#include "program.h"

#include <string.h>

static gboolean
has_message (gpointer side)
{
  return ((Side *) side)->messages.length > 0;
}

static void
expect_message (Pair *pair, guint from, const gchar *label, const gchar *text)
{
  Side *to = &pair->sides[!from];
  g_autofree gchar *expected = g_strdup_printf ("%s %s", label, text);
  g_autofree gchar *got = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (
      vm_peer_send_message (pair->sides[from].peer, label, text, &error));
  fail_unless (wait_for (has_message, to, PAIR_CONNECT_MS));
  got = g_queue_pop_head (&to->messages);
  fail_unless_equals_string (got, expected);
}

static gboolean
has_rtt (gpointer data)
{
  Pair *pair = data;

  return pair->sides[0].peer->rtt_ms >= 0 && pair->sides[1].peer->rtt_ms >= 0;
}

GST_START_TEST (test_messages)
{
  static Pair pair;
  g_autofree gchar *at = g_strnfill (VM_PEER_MESSAGE_MAX, 'x');
  g_autofree gchar *above = g_strnfill (VM_PEER_MESSAGE_MAX + 1, 'x');
  g_autoptr (GError) error = NULL;

  pair_init (&pair);
  pair_config (&pair, 0, VM_PEER_AUDIO, OPUS_CAPS, TRUE);
  pair_config (&pair, 1, VM_PEER_AUDIO, OPUS_CAPS, TRUE);
  pair_make (&pair);
  fail_if (vm_peer_send_message (pair.sides[0].peer, "chat", "early", &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED));
  g_clear_error (&error);
  pair_start (&pair);
  pair_expect_connected (&pair);
  fail_unless (wait_for (pair_channels_are_open, &pair, PAIR_CONNECT_MS));
  expect_message (&pair, 0, "chat", "hello");
  expect_message (&pair, 1, "chat", "Grüße");
  expect_message (&pair, 1, "signal", "{\"type\":\"x\"}");
  expect_message (&pair, 0, "chat", at);
  fail_if (vm_peer_send_message (pair.sides[0].peer, "chat", above, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_TOO_LARGE));
  g_clear_error (&error);
  fail_if (vm_peer_send_message (pair.sides[0].peer, "none", "x", &error));
  fail_unless (wait_for (has_rtt, &pair, PAIR_CONNECT_MS));
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

static void
on_data (VmPeer *peer, const gchar *label, GBytes *data, guint64 *size)
{
  fail_unless_equals_string (label, "file");
  *size += g_bytes_get_size (data);
}

static void
on_drained (VmPeer *peer, const gchar *label, guint *count)
{
  if (strcmp (label, "file") == 0)
    ++*count;
}

static gboolean
has_own_channel (gpointer data)
{
  Pair *pair = data;

  return vm_peer_open_channel (pair->sides[1].peer, "file")
         && pair->sides[0].channels_open == 4;
}

static gboolean
is_not_0 (gpointer data)
{
  return *(guint *) data > 0;
}

static gboolean
has_come (gpointer data)
{
  return *(guint64 *) data == 32 * VM_PEER_MESSAGE_MAX;
}

/* A channel that is made on a connection that stands, by the side that has not
 * offered: it opens, is bounded, and says when it takes more. */
GST_START_TEST (test_channel_of_its_own)
{
  static Pair pair;
  static guint64 come;
  static guint drained;
  g_autoptr (GBytes) data =
      g_bytes_new_take (g_malloc0 (VM_PEER_MESSAGE_MAX), VM_PEER_MESSAGE_MAX);
  g_autoptr (GBytes) above = g_bytes_new_take (
      g_malloc0 (VM_PEER_MESSAGE_MAX + 1), VM_PEER_MESSAGE_MAX + 1);
  g_autoptr (GError) error = NULL;
  VmPeer *from;
  guint sent = 0;

  come = drained = 0;
  pair_init (&pair);
  pair_make (&pair);
  from = pair.sides[1].peer;
  fail_if (vm_peer_open_channel (from, "file"), "not connected");
  fail_unless (vm_peer_get_buffered (from, "file") == G_MAXUINT64);
  pair_start (&pair);
  pair_expect_connected (&pair);
  g_signal_connect (pair.sides[0].peer, "data", G_CALLBACK (on_data), &come);
  g_signal_connect (from, "drained", G_CALLBACK (on_drained), &drained);
  fail_unless (wait_for (pair_channels_are_open, &pair, PAIR_CONNECT_MS));
  fail_unless (wait_for (has_own_channel, &pair, PAIR_CONNECT_MS));
  fail_if (vm_peer_send_data (from, "file", above, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_TOO_LARGE));
  g_clear_error (&error);
  while (sent < 32) {
    /* the network only takes from it */
    guint64 before = vm_peer_get_buffered (from, "file");

    if (vm_peer_send_data (from, "file", data, &error)) {
      sent++;
      continue;
    }
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED));
    fail_unless (before > VM_PEER_BUFFERED_MAX);
    g_clear_error (&error);
    drained = 0;
    if (vm_peer_get_buffered (from, "file") > VM_PEER_BUFFERED_LOW)
      fail_unless (wait_for (is_not_0, &drained, PAIR_CONNECT_MS));
  }
  fail_unless (wait_for (has_come, &come, PAIR_CONNECT_MS));
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

/* No streams at all: the data channels are a call of their own. */
GST_START_TEST (test_data_only)
{
  static Pair pair;

  pair_init (&pair);
  pair_make (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  fail_unless (wait_for (pair_channels_are_open, &pair, PAIR_CONNECT_MS));
  expect_message (&pair, 0, "chat", "hello");
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

static guint
association_of (VmPeer *peer, const gchar *factory)
{
  g_autoptr (GstIterator) it = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (peer->pipeline), factory);
  GValue item = G_VALUE_INIT;
  guint id = 0;

  fail_unless (gst_iterator_next (it, &item) == GST_ITERATOR_OK);
  g_object_get (g_value_get_object (&item), "sctp-association-id", &id, NULL);
  g_value_unset (&item);
  return id;
}

/* As many connections as a process may have: each has a number of its own, and
 * not by chance. */
GST_START_TEST (test_associations)
{
  static Pair pairs[2];
  guint ids[2 * G_N_ELEMENTS (pairs)], lowest = G_MAXUINT, seen = 0;

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++) {
    pair_init (&pairs[i]);
    pair_make (&pairs[i]);
    pair_start (&pairs[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    Pair *pair = &pairs[i / 2];

    fail_unless (wait_for (pair_channels_are_open, pair, PAIR_CONNECT_MS));
    ids[i] = association_of (pair->sides[i % 2].peer, "sctpenc");
    fail_unless_equals_int (
        association_of (pair->sides[i % 2].peer, "sctpdec"), ids[i]);
    lowest = MIN (lowest, ids[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    fail_unless (ids[i] - lowest < G_N_ELEMENTS (ids));
    seen |= 1u << (ids[i] - lowest);
  }
  fail_unless_equals_int (seen, (1 << G_N_ELEMENTS (ids)) - 1);
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    pair_clear (&pairs[i]);
}

GST_END_TEST;

typedef struct
{
  guint n;
  guint8 seen[VM_PEER_ASSOCIATIONS_MAX + 1];
} Taken;

/* Connections of before give theirs back when nothing of them is left. */
static gboolean
all_are_taken (gpointer data)
{
  Taken *taken = data;
  guint id;

  while ((id = vm_peer_association_take ()) != VM_PEER_ASSOCIATION_NONE) {
    fail_unless (id > 0 && id <= VM_PEER_ASSOCIATIONS_MAX && !taken->seen[id]);
    taken->seen[id] = TRUE;
    taken->n++;
  }
  return taken->n == VM_PEER_ASSOCIATIONS_MAX;
}

GST_START_TEST (test_associations_max)
{
  g_autofree Taken *taken = g_new0 (Taken, 1);

  fail_unless (wait_for (all_are_taken, taken, PAIR_CONNECT_MS));
  vm_peer_association_give_back (VM_PEER_ASSOCIATION_NONE);
  fail_unless_equals_int (
      vm_peer_association_take (), VM_PEER_ASSOCIATION_NONE);
  vm_peer_association_give_back (4711);
  fail_unless_equals_int (vm_peer_association_take (), 4711);
  for (guint id = 1; id <= VM_PEER_ASSOCIATIONS_MAX; id++)
    vm_peer_association_give_back (id);
}

GST_END_TEST;

static Suite *
vmpeerdata_suite (void)
{
  Suite *s = suite_create ("vmpeerdata");
  TCase *tc = tcase_create ("data");

  known_faults_pass ();
  pair_prepare ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, NULL, pair_stop_failed);
  tcase_set_timeout (tc, 180);
  tcase_add_test (tc, test_messages);
  tcase_add_test (tc, test_channel_of_its_own);
  tcase_add_test (tc, test_data_only);
  tcase_add_test (tc, test_associations);
  tcase_add_test (tc, test_associations_max);
  return s;
}

CHECK_PROGRAM (vmpeerdata)
