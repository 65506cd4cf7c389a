/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the servers of a cluster bear of one another, at limits of clusterline.h
 * and roomshare.h, below and above (protocol/cluster.md). */

#include "program.h"
#include "support/sharenet.h"

#include <gst/videomeet/cluster/clusterline.h>
#include <gst/videomeet/cluster/shared/roomshare-priv.h>
#include <string.h>

#define ROOM "stand-up"
#define MIB (1024 * 1024)
#define TENTH 0.1 /* of a second: net_pass() has no less */

/* Lines */

static guint sent; /* frames */

static void
on_frame (GBytes *frame, gpointer user_data)
{
  sent++;
}

static VmClusterLine *
line_new (void)
{
  return vm_cluster_line_new ("one", 1, on_frame, NULL);
}

static void
say (VmClusterLine *line, gsize size)
{
  g_autofree gchar *text = g_malloc0 (size);
  g_autoptr (GBytes) message = g_bytes_new (text, size);

  vm_cluster_line_say (line, message, 1);
}

/* How many messages wait, and the size of the first. */
static void
waits (VmClusterLine *line, guint n, gsize size)
{
  g_autoptr (GPtrArray) list = vm_cluster_line_list (line);

  fail_unless_equals_int (list->len, n);
  fail_unless_equals_uint64 (g_bytes_get_size (list->pdata[0]), size);
}

GST_START_TEST (test_line_bytes)
{
  const guint n = VM_CLUSTER_LINE_BYTES / MIB;
  g_autoptr (VmClusterLine) line = line_new ();
  g_autoptr (VmClusterLine) other = line_new ();

  say (line, MIB - 1);
  for (guint i = 1; i < n; i++)
    say (line, MIB);
  waits (line, n, MIB - 1);
  say (line, 1);
  waits (line, n + 1, MIB - 1);
  say (line, 1);
  waits (line, n + 1, MIB);
  /* the last one is not dropped, however large it is */
  say (other, 1);
  say (other, VM_CLUSTER_LINE_BYTES + 1);
  waits (other, 1, VM_CLUSTER_LINE_BYTES + 1);
}

GST_END_TEST;

/* What is sent of @n messages when nobody answers. */
static guint
sent_again (guint n)
{
  g_autoptr (VmClusterLine) line = line_new ();

  for (guint i = 0; i < n; i++)
    say (line, 1);
  sent = 0;
  vm_cluster_line_tick (line, VM_CLUSTER_LINE_AGAIN_TIME);
  fail_unless_equals_int (sent, 0);
  vm_cluster_line_tick (line, 1 + VM_CLUSTER_LINE_AGAIN_TIME);
  return sent;
}

GST_START_TEST (test_line_again)
{
  const guint most = VM_CLUSTER_LINE_AGAIN_MAX;

  fail_unless_equals_int (sent_again (most - 1), most - 1);
  fail_unless_equals_int (sent_again (most), most);
  fail_unless_equals_int (sent_again (most + 1), most);
}

GST_END_TEST;

/* Rooms */

static NetClient ann, bob;

static void
sit (NetClient *client, const gchar *user)
{
  net_sit (client, ROOM, user);
  net_settle ();
  fail_unless_equals_string (net_refusal (client), "");
}

static void
setup (void)
{
  net_setup ();
  net_client_init (&ann, &net->nodes[0]);
  net_client_init (&bob, &net->nodes[1]);
  sit (&ann, "ann");
  sit (&bob, "bob");
  g_string_truncate (ann.heard, 0);
}

static void
teardown (void)
{
  net_teardown ();
  net_client_clear (&ann);
  net_client_clear (&bob);
}

/* A message for one who has just left. */
GST_START_TEST (test_hold_time)
{
  net->nodes[1].deaf = TRUE;
  net_leave (&bob);
  net_say (&ann, VM_SIGNAL_OFFER, "p002", "v=0");
  net_settle ();
  net_heard (&ann, "participant-left:p002");
  net_pass ((gdouble) VM_SHARE_HOLD_TIME / NET_SECOND - TENTH);
  net_heard (&ann, "");
  net_pass (TENTH);
  net_heard (&ann, "error=UNROUTABLE");
}

GST_END_TEST;

/* Of @n messages for one who has just left, how many it is told of. */
static guint
is_held (guint n)
{
  guint told = 0;

  net->nodes[1].deaf = TRUE;
  net_leave (&bob);
  for (guint i = 0; i < n; i++)
    net_say (&ann, VM_SIGNAL_OFFER, "p002", "v=0");
  net_settle ();
  g_string_truncate (ann.heard, 0);
  net_pass ((gdouble) VM_SHARE_HOLD_TIME / NET_SECOND);
  for (const gchar *c = ann.heard->str; (c = strstr (c, "UNROUTABLE")); c++)
    told++;
  return told;
}

GST_START_TEST (test_hold_max)
{
  const guint n = VM_SHARE_HOLD_MAX - 1 + __i__;

  fail_unless_equals_int (is_held (n), MIN (n, VM_SHARE_HOLD_MAX));
}

GST_END_TEST;

/* What was said to a server that is gone is said again, so long as it may come
 * back. */
GST_START_TEST (test_line_time)
{
  const gdouble again = (gdouble) VM_CLUSTER_LINE_AGAIN_TIME / NET_SECOND;
  guint frames;

  net_kill (&net->nodes[1]);
  net_say (&ann, VM_SIGNAL_OFFER, "p002", "v=0");
  net_settle ();
  net_pass ((gdouble) VM_SHARE_LINE_TIME / NET_SECOND - again - 2 * TENTH);
  frames = net->frames;
  net_pass (again + TENTH);
  fail_unless (net->frames > frames);
  net_pass (TENTH);
  frames = net->frames;
  net_pass (2 * again);
  fail_unless_equals_int (net->frames, frames);
}

GST_END_TEST;

/* The numbers of a meeting's states go on for who comes back at another server,
 * however many its own has told since the last second began. */
GST_START_TEST (test_counts_max)
{
  guint64 most;

  net_pass (1);
  most = net->now / NET_SECOND + VM_SHARE_COUNTS_MAX;
  /* each is told twice, once it is stored */
  for (guint i = 0; ann.count + 2 <= most; i++) {
    net_say (&ann, VM_SIGNAL_LOCK, NULL, i % 2 ? "off" : "on");
    net_settle ();
  }
  fail_unless (ann.count <= most);
  most = ann.count;
  net_kill (&net->nodes[0]);
  net_come_back (&ann, &net->nodes[2]);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "");
  fail_unless (ann.count > most);
}

GST_END_TEST;

/* Nor does it matter whose clock is right, of the servers in a room. */
GST_START_TEST (test_counts_of_clocks)
{
  /* by more than what is let pass */
  ann.node->ahead = __i__ ? -900 : 900;
  for (guint i = 0; i < 3; i++) {
    net_pass (1);
    net_leave (&bob);
    net_settle ();
    bob.closed = FALSE;
    sit (&bob, "bob");
  }
  /* each client checks that what it is told is newer */
  net_come_back (&ann, bob.node);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "");
  net_pass (1);
  fail_unless_equals_string (ann.roster, bob.roster);
}

GST_END_TEST;

static VmRoom *
room_at (guint node)
{
  return vm_rooms_find (net->nodes[node].rooms, ROOM);
}

/* Of what happens elsewhere a server tells the count only if its own is so far
 * ahead. */
GST_START_TEST (test_drift_max)
{
  const guint drift = VM_SHARE_DRIFT_MAX - 1 + __i__;
  VmRoom *here = room_at (0), *there = room_at (1);
  guint count = (guint) (net->now / NET_SECOND) + 10000;
  NetClient cat;

  here->shared->counted = there->shared->counted = there->count = count;
  here->count = count + drift - 1;
  net_client_init (&cat, bob.node);
  net_sit (&cat, ROOM, "cat");
  net_settle ();
  fail_unless (cat.member != NULL);
  fail_unless ((there->count >= count + drift) == (__i__ > 0));
  net_client_clear (&cat);
}

GST_END_TEST;

/* The record has one no more, and its last word does not come. */
GST_START_TEST (test_leave_time)
{
  net->cut = TRUE;
  net_leave (&bob);
  net_settle ();
  net_pass ((gdouble) VM_SHARE_LEAVE_TIME / NET_SECOND - TENTH);
  net_heard (&ann, "");
  net_pass (TENTH);
  net_heard (&ann, "participant-left:p002");
}

GST_END_TEST;

/* Who has left while one was away, of @n others. */
static guint
is_told_of (guint n)
{
  guint told = 0;

  for (guint i = 0; i < n; i++) {
    if (i > 0)
      sit (&bob, "bob");
    net_leave (&bob);
    bob.closed = FALSE;
    net_settle ();
  }
  g_string_truncate (ann.heard, 0);
  net_kill (&net->nodes[0]);
  net_come_back (&ann, &net->nodes[2]);
  net_settle ();
  fail_unless_equals_string (net_refusal (&ann), "");
  for (const gchar *c = ann.heard->str; (c = strstr (c, "participant-left:"));
       c++)
    told++;
  return told;
}

/* The last numbers are looked through, its own too. */
GST_START_TEST (test_left_max)
{
  const guint n = VM_SHARE_LEFT_MAX - 2 + __i__;

  fail_unless_equals_int (is_told_of (n), MIN (n, VM_SHARE_LEFT_MAX));
}

GST_END_TEST;

static Suite *
sharelimits_suite (void)
{
  Suite *s = suite_create ("sharelimits");
  TCase *lines = tcase_create ("lines");
  TCase *rooms = tcase_create ("rooms");

  suite_add_tcase (s, lines);
  tcase_add_test (lines, test_line_bytes);
  tcase_add_test (lines, test_line_again);
  suite_add_tcase (s, rooms);
  tcase_add_checked_fixture (rooms, setup, teardown);
  tcase_add_test (rooms, test_hold_time);
  tcase_add_loop_test (rooms, test_hold_max, 0, 3);
  tcase_add_test (rooms, test_line_time);
  tcase_add_test (rooms, test_counts_max);
  tcase_add_loop_test (rooms, test_counts_of_clocks, 0, 2);
  /* below, at, above */
  tcase_add_loop_test (rooms, test_drift_max, 0, 3);
  tcase_add_test (rooms, test_leave_time);
  tcase_add_loop_test (rooms, test_left_max, 0, 4);
  return s;
}

CHECK_PROGRAM (sharelimits)
