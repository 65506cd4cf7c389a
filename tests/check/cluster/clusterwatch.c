/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which records a node is told of, and how it comes to know what it was not
 * told: protocol/cluster.md#who-knows-a-record. */

#include "support/clusterstore.h"

#include "program.h"

#include <string.h>

#define ROOM "stand-up"
#define CHECK (VM_CLUSTER_CHECK_TIME / G_USEC_PER_SEC)
#define BEAT_AGE (VM_CLUSTER_BEAT_AGE / G_USEC_PER_SEC)
#define BEAT (VM_CLUSTER_BEAT_TIME / G_USEC_PER_SEC)
#define GRACE (VM_CLUSTER_GRACE_TIME / G_USEC_PER_SEC)
#define SCAN (VM_CLUSTER_SCAN_TIME / G_USEC_PER_SEC)

static Store *store;
static StoreNode *a, *b, *c;

static void
setup (void)
{
  store = store_new ();
  a = &store->nodes[0];
  b = &store->nodes[1];
  c = &store->nodes[2];
  store_pass (store, BEAT);
}

static void
teardown (void)
{
  g_clear_pointer (&store, store_free);
}

static void
stored (const gchar *room, const gchar *what)
{
  g_autofree gchar *seen = store_look (store, room);

  fail_unless_equals_string (seen, what);
}

static guint
seat (StoreNode *node, const gchar *room)
{
  return store_seat (node, room, 4, node->name, NULL, NULL, NULL);
}

static guint
sit (StoreNode *node, const gchar *room)
{
  guint epoch = seat (node, room);

  store_settle (store);
  fail_unless (g_hash_table_contains (node->held, GUINT_TO_POINTER (epoch)));
  return epoch;
}

static void
leave (StoreNode *node, guint epoch)
{
  store_leave (node, epoch);
  store_settle (store);
}

/* Of what happens in rooms in which it has nobody, a node hears nothing. */
GST_START_TEST (test_others_rooms)
{
  guint ann;

  for (guint i = 0; i < 10; i++) {
    g_autofree gchar *room = g_strdup_printf ("room %u", i);

    ann = sit (a, room);
    sit (b, room);
    leave (a, ann);
  }
  store_pass (store, 2 * CHECK);
  fail_unless_equals_int (c->told, 0);
  fail_unless_equals_int (vm_cluster_count_rooms (c->cluster), 0);
  /* nor does who has left them */
  fail_unless_equals_int (vm_cluster_count_rooms (a->cluster), 0);
  fail_unless_equals_int (g_hash_table_size (a->watched), 0);
  a->told = b->told = 0;
  sit (c, "room 0");
  fail_unless_equals_int (a->told, 0);
  fail_unless_equals_int (b->told, 1);
}

GST_END_TEST;

/* Whoever takes a seat later sees all who are there and all who come, wherever
 * the others are in what they do. */
GST_START_TEST (test_later_seat)
{
  for (guint nth = 0; nth < 16; nth++) {
    g_autofree gchar *now = NULL;
    guint ann;

    teardown ();
    setup ();
    ann = seat (a, ROOM);
    seat (b, ROOM);
    for (guint i = 0; i < nth; i++) {
      if (i % 2 == 0)
        store_serve (store);
      else
        store_deliver (i % 4 == 1 ? a : b);
    }
    seat (c, ROOM);
    store_settle (store);
    fail_unless_equals_int (g_hash_table_size (c->held), 1);
    leave (a, ann);
    seat (a, ROOM);
    store_settle (store);
    now = store_look (store, ROOM);
    fail_unless_equals_int (
        strlen (now), strlen ("p001=n1/1 p002=n2/1 p003=n3/1"));
    for (guint i = 0; i < STORE_NODES; i++)
      fail_unless_equals_string (store_view_of (&store->nodes[i], ROOM), now);
  }
}

GST_END_TEST;

/* It was not told, and reads the record in time. */
GST_START_TEST (test_telling_lost)
{
  sit (a, ROOM);
  store->forget_tellings = TRUE;
  sit (b, ROOM);
  store->forget_tellings = FALSE;
  store_pass (store, CHECK - 1);
  fail_unless_equals_string (store_view_of (a, ROOM), "p001=n1/1");
  store_pass (store, 1);
  fail_unless_equals_string (store_view_of (a, ROOM), "p001=n1/1 p002=n2/1");
}

GST_END_TEST;

/* What it has just written it need not read. */
GST_START_TEST (test_written_is_sure)
{
  guint reads;

  sit (a, ROOM);
  reads = store->reads;
  for (guint i = 0; i < 4; i++) {
    store_pass (store, CHECK - 1);
    leave (a, sit (a, ROOM));
  }
  fail_unless_equals_int (store->reads, reads);
}

GST_END_TEST;

/* Not all at the same moment: those who want a seat would wait for that. */
GST_START_TEST (test_checks_are_spread)
{
  const guint rooms = 600;
  guint most = 1 + 2 * rooms / CHECK, before;

  for (guint i = 0; i < rooms; i++) {
    g_autofree gchar *room = g_strdup_printf ("room %u", i);

    sit (a, room);
  }
  before = store->reads;
  for (gint64 i = 0; i < 2 * CHECK; i++) {
    guint reads = store->reads;

    store_pass (store, 1);
    fail_unless (store->reads - reads <= most);
  }
  fail_unless (store->reads - before >= rooms);
}

GST_END_TEST;

/* A record that is watched, and one that is not any more. */
GST_START_TEST (test_watch)
{
  g_autofree gchar *key = vm_cluster_key (ROOM);

  fail_if (vm_cluster_has_read (c->cluster, key));
  fail_unless (vm_cluster_watch (c->cluster, key, store->now));
  fail_unless (vm_cluster_watch (c->cluster, key, store->now));
  fail_if (vm_cluster_has_read (c->cluster, key));
  store_settle (store);
  fail_unless (vm_cluster_has_read (c->cluster, key));
  fail_if (vm_cluster_look_up_key (c->cluster, key));
  sit (a, ROOM);
  fail_unless_equals_string (store_view_of (c, ROOM), "p001=n1/1");
  vm_cluster_unwatch (c->cluster, key);
  store_pass (store, 1);
  sit (a, ROOM);
  fail_unless_equals_string (store_view_of (c, ROOM), "p001=n1/1 p002=n1/2");
  vm_cluster_unwatch (c->cluster, key);
  store_pass (store, 1);
  fail_if (vm_cluster_has_read (c->cluster, key));
  fail_unless_equals_int (vm_cluster_count_rooms (c->cluster), 0);
}

GST_END_TEST;

/* As one that it was told of by another: it is not kept, if it needs nothing.
 */
GST_START_TEST (test_check)
{
  g_autofree gchar *key = vm_cluster_key (ROOM);

  sit (a, ROOM);
  vm_cluster_check (c->cluster, key, store->now);
  store_settle (store);
  fail_unless_equals_string (store_view_of (c, ROOM), "p001=n1/1");
  store_pass (store, 1);
  fail_unless_equals_int (vm_cluster_count_rooms (c->cluster), 0);
  stored (ROOM, "p001=n1/1");
}

GST_END_TEST;

static void
sit_in_all (StoreNode *node, guint rooms)
{
  for (guint i = 0; i < rooms; i++) {
    g_autofree gchar *room = g_strdup_printf ("%s's %u", node->name, i);

    store_seat (node, room, 4, "ann", NULL, i % 2 ? "token" : NULL, NULL);
  }
  store_settle (store);
}

/* Rooms in which only a dead node has seats: one of the others takes care,
 * whichever dies. */
GST_START_TEST (test_alone_in_its_rooms)
{
  for (guint i = 0; i < STORE_NODES; i++) {
    guint scans;

    teardown ();
    setup ();
    sit_in_all (&store->nodes[i], 20);
    store_pass (store, GRACE);
    scans = store->scans;
    store_kill (&store->nodes[i]);
    store_pass (store, BEAT_AGE + BEAT);
    fail_unless_equals_int (store->scans, scans + 1);
    store_pass (store, BEAT);
    /* those who have a token may still come back */
    fail_unless_equals_int (g_hash_table_size (store->records), 10);
    store_pass (store, GRACE);
    fail_unless_equals_int (g_hash_table_size (store->records), 0);
    store_pass (store, BEAT);
    for (guint n = 0; n < STORE_NODES; n++) {
      if (n != i)
        fail_unless_equals_int (
            vm_cluster_count_rooms (store->nodes[n].cluster), 0);
    }
  }
}

GST_END_TEST;

/* The one who takes care dies as well, before it has. */
GST_START_TEST (test_two_die)
{
  sit_in_all (c, 4);
  sit_in_all (a, 4);
  store_pass (store, GRACE);
  store_kill (c);
  store_pass (store, BEAT_AGE);
  store_kill (a);
  store_pass (store, BEAT_AGE + GRACE + 3 * BEAT);
  fail_unless_equals_int (g_hash_table_size (store->records), 0);
}

GST_END_TEST;

/* All are killed; whoever starts next finds what they have left. */
GST_START_TEST (test_all_die)
{
  sit_in_all (a, 4);
  sit_in_all (b, 4);
  for (guint i = 0; i < STORE_NODES; i++)
    store_kill (&store->nodes[i]);
  store_start (a, "x");
  fail_unless_equals_int (g_hash_table_size (store->records), 8);
  store_pass (store, BEAT_AGE + GRACE + 3 * BEAT);
  fail_unless_equals_int (g_hash_table_size (store->records), 0);
}

GST_END_TEST;

/* By the first of those who live, at the start and from time to time. */
GST_START_TEST (test_who_scans)
{
  g_autoptr (VmClusterRecord) record = vm_cluster_record_new (ROOM, "uuid", 4);
  const VmClusterParticipant one = {
    .node = (gchar *) "gone-before", .epoch = 1, .call_type = VM_CALL_TYPE_VIDEO
  };
  g_autoptr (GBytes) bytes = NULL;

  fail_unless_equals_int (store->scans, 1);
  store_pass (store, 60);
  fail_unless_equals_int (store->scans, 1);
  fail_unless (vm_cluster_record_seat (record, &one, NULL));
  bytes = vm_cluster_record_write (record);
  store_put (
      store, ROOM, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  store_pass (store, SCAN - 60 - BEAT);
  stored (ROOM, "p001=gone-before/1");
  store_pass (store, GRACE + 3 * BEAT);
  stored (ROOM, "");
  fail_unless_equals_int (store->scans, 2);
  /* and when the store was away, which may have lost what was changed */
  vm_cluster_back (a->cluster, store->now);
  store_pass (store, BEAT);
  fail_unless_equals_int (store->scans, 3);
  vm_cluster_back (b->cluster, store->now);
  store_pass (store, BEAT);
  fail_unless_equals_int (store->scans, 3);
}

GST_END_TEST;

/* A store that has just come back without a room's record has lost it, maybe:
 * who does not know the room waits for those who do. */
GST_START_TEST (test_begins_with_caution)
{
  store_wipe (store);
  vm_cluster_back (c->cluster, store->now);
  seat (c, ROOM);
  store_settle (store);
  store_pass (store, VM_CLUSTER_CAUTION_TIME / G_USEC_PER_SEC - 1);
  fail_unless_equals_string (c->heard->str, "");
  store_pass (store, 1);
  fail_unless_equals_string (c->heard->str, "seated 1 p001");
  /* if they remember it, it goes on */
  sit (a, "another");
  store_wipe (store);
  vm_cluster_back (c->cluster, store->now);
  seat (c, "another");
  store_settle (store);
  vm_cluster_back (a->cluster, store->now);
  store_settle (store);
  stored ("another", "p001=n1/1 p002=n3/2");
}

GST_END_TEST;

static Suite *
clusterwatch_suite (void)
{
  Suite *s = suite_create ("clusterwatch");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_others_rooms);
  tcase_add_test (tc, test_later_seat);
  tcase_add_test (tc, test_telling_lost);
  tcase_add_test (tc, test_written_is_sure);
  tcase_add_test (tc, test_checks_are_spread);
  tcase_add_test (tc, test_watch);
  tcase_add_test (tc, test_check);
  tcase_add_test (tc, test_alone_in_its_rooms);
  tcase_add_test (tc, test_two_die);
  tcase_add_test (tc, test_all_die);
  tcase_add_test (tc, test_who_scans);
  tcase_add_test (tc, test_begins_with_caution);
  return s;
}

CHECK_PROGRAM (clusterwatch)
