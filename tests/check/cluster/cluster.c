/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Several nodes that hold the same rooms, at a store that loses, delays and
 * forgets: protocol/cluster.md#records. */

#include "support/clusterstore.h"

#include "program.h"

#include <gst/videomeet/cluster/clusterstate.h>
#include <string.h>

#define ROOM "stand-up"

static Store *store;
static StoreNode *a, *b, *c;

static void
setup (void)
{
  store = store_new ();
  a = &store->nodes[0];
  b = &store->nodes[1];
  c = &store->nodes[2];
  store_pass (store, 3);
}

static void
teardown (void)
{
  g_clear_pointer (&store, store_free);
}

/* Just that, and nothing from now on. */
static void
heard (StoreNode *node, const gchar *what)
{
  fail_unless_equals_string (node->heard->str, what);
  g_string_truncate (node->heard, 0);
}

static void
stored (const gchar *what)
{
  g_autofree gchar *seen = store_look (store, ROOM);

  fail_unless_equals_string (seen, what);
}

/* What is stored, and every node sees that it concerns. */
static void
all_see (const gchar *what)
{
  stored (what);
  for (guint i = 0; i < STORE_NODES; i++) {
    if (store->nodes[i].cluster && store_watches (&store->nodes[i], ROOM))
      fail_unless_equals_string (store_view_of (&store->nodes[i], ROOM), what);
  }
}

static void
watch (StoreNode *node, const gchar *room)
{
  g_autofree gchar *key = vm_cluster_key (room);

  fail_unless (vm_cluster_watch (node->cluster, key, store->now));
}

static void
check (StoreNode *node, const gchar *room)
{
  g_autofree gchar *key = vm_cluster_key (room);

  vm_cluster_check (node->cluster, key, store->now);
}

static guint
seat (StoreNode *node, const gchar *user)
{
  return store_seat (node, ROOM, 4, user, NULL, NULL, NULL);
}

GST_START_TEST (test_two_nodes_meet)
{
  guint ann = seat (a, "ann"), bob;

  store_settle (store);
  heard (a, "seated 1 p001");
  all_see ("p001=n1/1");
  bob = seat (b, "bob");
  store_settle (store);
  heard (b, "seated 1 p002");
  heard (a, "");
  all_see ("p001=n1/1 p002=n2/1");
  store_leave (a, ann);
  store_settle (store);
  all_see ("p002=n2/1");
  store_leave (b, bob);
  store_settle (store);
  /* nothing is left of the room, anywhere */
  all_see ("");
  for (guint i = 0; i < STORE_NODES; i++)
    fail_unless_equals_int (
        vm_cluster_count_rooms (store->nodes[i].cluster), 0);
  fail_unless_equals_int (g_hash_table_size (store->records), 0);
}

GST_END_TEST;

static void
seat_below (StoreNode *node, guint most)
{
  const VmClusterParticipant one = { .call_type = VM_CALL_TYPE_VIDEO };

  fail_unless (vm_cluster_take_seat (
      node->cluster, ROOM, "uuid", 4, most, &one, NULL, store->now, NULL));
}

/* Who joins no larger room than one of two: below, at and above that. Others
 * have the rest of the seats, and it keeps its own. */
GST_START_TEST (test_smaller_than_its_seats)
{
  seat_below (a, 2);
  store_settle (store);
  heard (a, "seated 1 p001");
  /* of two at once there is one too many */
  seat_below (b, 2);
  seat_below (c, 2);
  store_settle (store);
  heard (b, "seated 1 p002");
  heard (c, "refused 1 MEETING_FULL");
  seat_below (c, 0);
  store_settle (store);
  heard (c, "seated 2 p003");
  store_pass (store, 30);
  all_see ("p001=n1/1 p002=n2/1 p003=n3/2");
}

GST_END_TEST;

/* All three have seen the same room when they write. */
GST_START_TEST (test_race_for_the_last_seat)
{
  store_seat (c, ROOM, 2, "carl", NULL, NULL, NULL);
  store_settle (store);
  heard (c, "seated 1 p001");
  store_seat (a, ROOM, 2, "ann", NULL, NULL, NULL);
  store_seat (b, ROOM, 2, "bob", NULL, NULL, NULL);
  store_settle (store);
  heard (a, "seated 1 p002");
  heard (b, "refused 1 MEETING_FULL");
  all_see ("p001=n3/1 p002=n1/1");
}

GST_END_TEST;

/* Nobody is refused because of somebody who has left. */
GST_START_TEST (test_seat_that_was_given_back)
{
  guint carl = store_seat (c, ROOM, 2, "carl", NULL, NULL, NULL);

  store_seat (a, ROOM, 2, "ann", NULL, NULL, NULL);
  watch (b, ROOM);
  store_settle (store);
  heard (a, "seated 1 p002");
  store->forget_tellings = TRUE;
  store_leave (c, carl);
  store_settle (store);
  store->forget_tellings = FALSE;
  fail_unless_equals_string (store_view_of (b, ROOM), "p001=n3/1 p002=n1/1");
  store_seat (b, ROOM, 2, "bob", NULL, NULL, NULL);
  store_settle (store);
  heard (b, "seated 1 p003");
  all_see ("p002=n1/1 p003=n2/1");
}

GST_END_TEST;

/* Who comes at once comes by one write. */
GST_START_TEST (test_many_at_once)
{
  guint before = store->writes;

  for (guint i = 0; i < 100; i++)
    store_seat (a, ROOM, 128, "somebody", NULL, NULL, NULL);
  store_settle (store);
  fail_unless_equals_int (g_hash_table_size (a->held), 100);
  fail_unless_equals_int (store->writes - before, 1);
}

GST_END_TEST;

/* Whichever request is lost, in whichever way, the end is the same. */
GST_START_TEST (test_answers_lost)
{
  for (StoreFault fault = STORE_WELL; fault < STORE_N_FAULTS; fault++) {
    for (guint nth = 0; nth < 4; nth++) {
      guint ann, bob;

      teardown ();
      setup ();
      ann = seat (a, "ann");
      bob = seat (b, "bob");
      for (guint i = 0; i < nth; i++) {
        store_serve (store);
        for (guint n = 0; n < STORE_NODES; n++)
          while (store_deliver (&store->nodes[n]))
            ;
      }
      store->fault = fault;
      store_pass (store, 9);
      fail_unless_equals_int (g_hash_table_size (a->held), 1);
      fail_unless_equals_int (g_hash_table_size (b->held), 1);
      fail_unless (
          g_str_equal (store_view_of (a, ROOM), "p001=n1/1 p002=n2/1")
          || g_str_equal (store_view_of (a, ROOM), "p001=n2/1 p002=n1/1"));
      all_see (store_view_of (a, ROOM));
      store->fault = fault;
      store_leave (a, ann);
      store_pass (store, 9);
      store->fault = fault;
      store_leave (b, bob);
      store_pass (store, 9);
      all_see ("");
      fail_unless_equals_int (vm_cluster_count_rooms (a->cluster), 0);
    }
  }
}

GST_END_TEST;

/* It is told in time; and a seat that it got after all is not left behind. */
GST_START_TEST (test_store_away)
{
  const guint most = VM_CLUSTER_SEAT_TIME / G_USEC_PER_SEC;

  store->away = TRUE;
  seat (a, "ann");
  store_pass (store, most - 1);
  heard (a, "");
  store_pass (store, 1);
  heard (a, "refused 1 DISCONNECTED");
  store->away = FALSE;
  store->fault = STORE_SILENT_AFTER;
  store->always = TRUE;
  seat (a, "ann");
  store_pass (store, most);
  store->always = FALSE;
  heard (a, "refused 2 DISCONNECTED");
  store_pass (store, 9);
  all_see ("");
}

GST_END_TEST;

GST_START_TEST (test_late_seat)
{
  seat (a, "ann");
  store_serve (store);
  store_deliver (a);
  /* the write is on its way, and takes its time */
  for (guint i = 0; i < 11; i++) {
    store->now += G_USEC_PER_SEC;
    vm_cluster_tick (a->cluster, store->now);
  }
  heard (a, "refused 1 DISCONNECTED");
  store_pass (store, 9);
  all_see ("");
}

GST_END_TEST;

/* Nobody of a dead node is left behind, nor sent away too early. */
GST_START_TEST (test_node_dies)
{
  const guint age = VM_CLUSTER_BEAT_AGE / G_USEC_PER_SEC;
  const guint grace = VM_CLUSTER_GRACE_TIME / G_USEC_PER_SEC;

  store_seat (b, "elsewhere", 4, "bea", NULL, NULL, NULL);
  seat (a, "ann");
  store_seat (b, ROOM, 4, "bob", NULL, "token", NULL);
  seat (b, "carl"); /* has no token to come back by, and is not waited for */
  store_pass (store, grace);
  store_kill (b);
  store_pass (store, age - VM_CLUSTER_BEAT_TIME / G_USEC_PER_SEC - 1);
  fail_unless (vm_cluster_is_alive (a->cluster, "n2"));
  store_pass (store, 4);
  fail_if (vm_cluster_is_alive (a->cluster, "n2"));
  all_see ("p001=n1/1 p002=n2/2");
  store_pass (store, grace - 4);
  fail_unless_equals_int (
      strlen (store_view_of (a, ROOM)), strlen ("p001=n1/1 p002=n2/2"));
  store_pass (store, 6);
  all_see ("p001=n1/1");
  /* and rooms in which nobody else was */
  fail_unless_equals_string (store_view_of (a, "elsewhere"), "");
  fail_unless_equals_int (g_hash_table_size (store->records), 1);
}

GST_END_TEST;

/* Soon after they began, too: of whom a beat was there, none is waited for. */
GST_START_TEST (test_node_dies_young)
{
  seat (a, "ann");
  store_seat (b, ROOM, 4, "bob", NULL, "token", NULL);
  seat (b, "carl");
  store_settle (store);
  store_kill (b);
  store_pass (store, 12);
  all_see ("p001=n1/1 p002=n2/1");
}

GST_END_TEST;

/* What was written by a node when it died. */
GST_START_TEST (test_write_of_the_dead)
{
  seat (a, "ann");
  store_settle (store);
  seat (b, "bob");
  fail_unless (store_serve (store) && store_deliver (b));
  store_kill (b);
  store_settle (store);
  stored ("p001=n1/1 p002=n2/1");
  store_pass (store, 40);
  all_see ("p001=n1/1");
}

GST_END_TEST;

/* The store was away, and has forgotten who lives: nobody is sent away. */
GST_START_TEST (test_beats_forgotten)
{
  seat (a, "ann");
  seat (b, "bob");
  store_settle (store);
  store->away = TRUE;
  store_pass (store, 60);
  g_hash_table_remove_all (store->beats);
  store->away = FALSE;
  /* one of them needs longer to find it again */
  b->cut_off = TRUE;
  store_pass (store, 15);
  b->cut_off = FALSE;
  store_pass (store, 60);
  all_see ("p001=n1/1 p002=n2/1");
  heard (a, "seated 1 p001");
  heard (b, "seated 1 p002");
}

GST_END_TEST;

GST_START_TEST (test_resume_elsewhere)
{
  seat (a, "ann");
  store_seat (b, ROOM, 4, "bob", "key", "t1", NULL);
  store_settle (store);
  heard (b, "seated 1 p002");
  store_kill (b);
  store_pass (store, 8);
  store_seat (c, ROOM, 4, "bob", "another key", "t2", "t1");
  store_seat (c, ROOM, 4, "bob", "key", "t2", "wrong");
  store_seat (c, ROOM, 4, "bob", "key", "t2", "t1");
  store_seat (c, ROOM, 4, "bob", "key", "t3", "t1");
  store_settle (store);
  heard (c, "refused 1 RESUME_FAILED, refused 2 RESUME_FAILED, refused 4 "
            "RESUME_FAILED, seated 3 p002");
  all_see ("p001=n1/1 p002=n3/3");
  /* and stays when the other node's time is over */
  store_pass (store, 60);
  all_see ("p001=n1/1 p002=n3/3");
  heard (a, "seated 1 p001");
}

GST_END_TEST;

/* A new socket supersedes the old, also at a node that lives. */
GST_START_TEST (test_resume_beside)
{
  store_seat (b, ROOM, 4, "bob", "key", "t1", NULL);
  store_settle (store);
  heard (b, "seated 1 p001");
  store_seat (c, ROOM, 4, "bob", "key", "t2", "t1");
  store_settle (store);
  heard (c, "seated 1 p001");
  heard (b, "gone 1 DISCONNECTED");
  all_see ("p001=n3/1");
}

GST_END_TEST;

GST_START_TEST (test_token_renewed)
{
  guint bob = store_seat (b, ROOM, 4, "bob", "key", "t1", NULL);

  /* before the store has heard of it, and afterwards */
  vm_cluster_renew (b->cluster, bob, "t2", store->now);
  store_settle (store);
  vm_cluster_renew (b->cluster, bob, "t3", store->now);
  store_settle (store);
  heard (b, "seated 1 p001");
  store_seat (c, ROOM, 4, "bob", "key", "t4", "t1");
  store_seat (c, ROOM, 4, "bob", "key", "t4", "t2");
  store_settle (store);
  heard (c, "refused 1 RESUME_FAILED, refused 2 RESUME_FAILED");
  store_seat (c, ROOM, 4, "bob", "key", "t4", "t3");
  store_settle (store);
  heard (c, "seated 3 p001");
}

GST_END_TEST;

GST_START_TEST (test_device_comes_again)
{
  store_seat (a, ROOM, 2, "bob", "key", NULL, NULL);
  store_seat (c, ROOM, 2, "carl", NULL, NULL, NULL);
  store_settle (store);
  heard (a, "seated 1 p001");
  store_seat (b, ROOM, 2, "bob", "another", NULL, NULL);
  store_settle (store);
  heard (b, "refused 1 WRONG_KEY");
  store_seat (b, ROOM, 2, "bob", "key", NULL, NULL);
  store_settle (store);
  heard (b, "seated 2 p003");
  heard (a, "gone 1 DISCONNECTED");
  all_see ("p002=n3/1 p003=n2/2");
}

GST_END_TEST;

/* A node that the others took for dead finds its participants out, and puts
 * them back where they were. */
GST_START_TEST (test_taken_for_dead)
{
  seat (a, "ann");
  seat (b, "bob");
  store_settle (store);
  a->cut_off = TRUE;
  store_pass (store, 45);
  stored ("p002=n2/1");
  fail_unless_equals_int (g_hash_table_size (a->held), 1);
  a->cut_off = FALSE;
  vm_cluster_back (a->cluster, store->now);
  store_pass (store, 9);
  all_see ("p001=n1/1 p002=n2/1");
  heard (a, "seated 1 p001");
  heard (b, "seated 1 p002");
}

GST_END_TEST;

/* If there is a seat still. */
GST_START_TEST (test_taken_for_dead_and_replaced)
{
  store_seat (a, ROOM, 2, "ann", NULL, NULL, NULL);
  store_seat (b, ROOM, 2, "bob", NULL, NULL, NULL);
  store_settle (store);
  a->cut_off = TRUE;
  store_pass (store, 45);
  store_seat (c, ROOM, 2, "carl", NULL, NULL, NULL);
  store_settle (store);
  heard (c, "seated 1 p003");
  a->cut_off = FALSE;
  vm_cluster_back (a->cluster, store->now);
  store_pass (store, 9);
  all_see ("p002=n2/1 p003=n3/1");
  heard (a, "seated 1 p001, gone 1 MEETING_FULL");
}

GST_END_TEST;

/* Its rooms begin anew, as they were. */
GST_START_TEST (test_store_wiped)
{
  seat (a, "ann");
  seat (b, "bob");
  store_settle (store);
  store_leave (a, seat (a, "carl"));
  store_settle (store);
  store_wipe (store);
  for (guint i = 0; i < STORE_NODES; i++)
    vm_cluster_back (store->nodes[i].cluster, store->now);
  store_pass (store, 9);
  all_see ("p001=n1/1 p002=n2/1");
  heard (a, "seated 1 p001");
  heard (b, "seated 1 p002");
  /* and go on from there */
  seat (c, "dora");
  store_settle (store);
  all_see ("p001=n1/1 p002=n2/1 p004=n3/1");
}

GST_END_TEST;

/* The store began anew, and has come to the revision that a node has seen last
 * before the node notices: its next write must not replace what it has not
 * read. */
GST_START_TEST (test_revisions_that_come_again)
{
  store_seat (a, ROOM, 6, "ann", NULL, NULL, NULL);
  store_settle (store);
  store_seat (b, ROOM, 6, "bob", NULL, NULL, NULL);
  store_settle (store);
  store_seat (c, ROOM, 6, "carl", NULL, NULL, NULL);
  store_settle (store);
  store_wipe (store);
  vm_cluster_back (b->cluster, store->now);
  store_settle (store);
  store_seat (a, ROOM, 6, "dora", NULL, NULL, NULL);
  store_settle (store);
  store_seat (b, ROOM, 6, "emil", NULL, NULL, NULL);
  store_settle (store);
  store_seat (c, ROOM, 6, "fay", NULL, NULL, NULL);
  store_settle (store);
  all_see ("p001=n1/1 p002=n2/1 p003=n3/1 p004=n1/2 p005=n2/2 p006=n3/2");
}

GST_END_TEST;

/* Likewise at once: the first write has the revision that the node has seen. */
GST_START_TEST (test_revision_that_comes_again)
{
  g_autofree gchar *key = vm_cluster_key (ROOM);

  fail_unless (vm_cluster_watch (b->cluster, key, store->now));
  store_seat (a, ROOM, 6, "ann", NULL, NULL, NULL);
  store_settle (store);
  store_wipe (store);
  vm_cluster_back (b->cluster, store->now);
  store_seat (b, ROOM, 6, "bob", NULL, NULL, NULL);
  store_settle (store);
  heard (b, "seated 1 p002");
  store_seat (a, ROOM, 6, "carl", NULL, NULL, NULL);
  store_settle (store);
  all_see ("p001=n1/1 p002=n2/1 p003=n1/2");
}

GST_END_TEST;

/* What came before one's own write is answered, and is later than it. */
GST_START_TEST (test_told_before_the_answer)
{
  g_autoptr (VmClusterRecord) record = vm_cluster_record_new (ROOM, "uuid", 4);
  VmClusterParticipant one = { .node = (gchar *) "n1",
    .epoch = 1,
    .user = (gchar *) "ann",
    .call_type = VM_CALL_TYPE_VIDEO };
  g_autoptr (GBytes) bytes = NULL;

  seat (a, "ann");
  store_serve (store);
  store_deliver (a);
  store_serve (store);
  fail_unless (vm_cluster_record_seat (record, &one, NULL));
  one.node = (gchar *) "n2";
  fail_unless (vm_cluster_record_seat (record, &one, NULL));
  bytes = vm_cluster_record_write (record);
  store_put (
      store, ROOM, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_queue_push_head (&a->mail, g_queue_pop_tail (&a->mail));
  while (store_deliver (a))
    ;
  heard (a, "seated 1 p001");
  fail_unless_equals_string (store_view_of (a, ROOM), "p001=n1/1 p002=n2/1");
}

GST_END_TEST;

static void
list (const gchar *first, const gchar *second)
{
  const gchar *nodes[] = { first, second, NULL };

  vm_cluster_nodes (a->cluster, nodes, store->now);
  store_settle (store);
}

/* With the lists that it gets as a test says. */
GST_START_TEST (test_lists_that_prove_nothing)
{
  const gint64 grace = VM_CLUSTER_GRACE_TIME / G_USEC_PER_SEC;
  guint writes;

  seat (a, "ann");
  seat (b, "bob");
  store_settle (store);
  writes = store->writes;
  for (gint64 i = 0; i < 3 * grace; i++) {
    store->now += G_USEC_PER_SEC;
    list (NULL, NULL);
  }
  list ("n1", NULL);
  fail_if (vm_cluster_is_alive (a->cluster, "n2"));
  fail_unless (vm_cluster_is_alive (a->cluster, "n1"));
  /* a time without lists counts for nobody */
  store->now += 3 * VM_CLUSTER_GRACE_TIME;
  list ("n1", NULL);
  for (gint64 i = 0; i < grace - 1; i++) {
    store->now += G_USEC_PER_SEC;
    list ("n1", NULL);
  }
  fail_unless_equals_int (store->writes, writes);
  /* whose beat was there since has gone with it */
  list ("n1", "n2");
  fail_unless_equals_int (store->writes, writes);
  store_kill (b);
  list ("n1", NULL);
  stored ("p001=n1/1");
}

GST_END_TEST;

/* Whose beats are lost and who writes still: it is taken out, puts its
 * participants back, and is believed. */
GST_START_TEST (test_beats_of_one_lost)
{
  seat (a, "ann");
  seat (b, "bob");
  store_settle (store);
  for (gint64 i = 0; i <= VM_CLUSTER_GRACE_TIME / G_USEC_PER_SEC; i++) {
    list ("n1", NULL);
    store->now += G_USEC_PER_SEC;
  }
  all_see ("p001=n1/1 p002=n2/1");
  heard (b, "seated 1 p002");
}

GST_END_TEST;

/* As that of a later version: it stays as it is. */
GST_START_TEST (test_record_that_cannot_be_read)
{
  guint before;

  store_put (store, ROOM, "VMR2 and so on", 14);
  store_settle (store);
  before = store->writes;
  seat (a, "ann");
  store_pass (store, 9);
  heard (a, "refused 1 BAD_MESSAGE");
  fail_unless_equals_int (store->writes, before);
  fail_unless_equals_int (vm_cluster_count_rooms (a->cluster), 0);
  /* whoever is in the room is not in it any more */
  store_seat (b, "another", 4, "bob", NULL, NULL, NULL);
  store_settle (store);
  store_put (store, "another", "VMR2", 4);
  store_settle (store);
  heard (b, "seated 1 p001, gone 1 BAD_MESSAGE");
}

GST_END_TEST;

static void
sits (StoreNode *node, const gchar *room, const gchar *id)
{
  store_seat (node, room, 4, "ann", NULL, NULL, NULL);
  store_settle (store);
  fail_unless (g_str_has_suffix (node->heard->str, id), "%s", node->heard->str);
  g_string_truncate (node->heard, 0);
}

/* Who is there writes it anew; it does not keep anybody from the name. */
GST_START_TEST (test_record_that_is_damaged)
{
  static const gchar *const records[] = { "", "x", "VMR1", "VMR1 garbage",
    "VMR0", "nobody knows what this is" };

  for (guint i = 0; i < G_N_ELEMENTS (records); i++) {
    g_autofree gchar *name = g_strdup_printf ("room %u", i);

    store_put (store, name, records[i], strlen (records[i]));
    /* who knows nothing of it leaves it to those who do, for a while */
    store_seat (a, name, 4, "ann", NULL, NULL, NULL);
    store_settle (store);
    store_pass (store, VM_CLUSTER_CAUTION_TIME / G_USEC_PER_SEC - 1);
    heard (a, "");
    store_pass (store, 1);
    fail_unless (g_str_has_suffix (a->heard->str, "p001"));
    g_string_truncate (a->heard, 0);
    sits (b, name, "p002");
    store_put (store, name, records[i], strlen (records[i]));
    store_settle (store);
    heard (a, "");
    heard (b, "");
    sits (a, name, "p003");
  }
}

GST_END_TEST;

/* Where the record of one room lies under the name of another. */
GST_START_TEST (test_record_of_another_room)
{
  g_autoptr (VmClusterRecord) record =
      vm_cluster_record_new ("another", "uuid", 4);
  g_autoptr (GBytes) bytes = vm_cluster_record_write (record);

  store_put (
      store, ROOM, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  seat (a, "ann");
  store_settle (store);
  store_pass (store, VM_CLUSTER_CAUTION_TIME / G_USEC_PER_SEC);
  heard (a, "seated 1 p001");
}

GST_END_TEST;

/* Its own node's entries of a time that it does not know of. */
GST_START_TEST (test_entries_of_nobody)
{
  g_autoptr (VmClusterRecord) record = vm_cluster_record_new (ROOM, "uuid", 4);
  const VmClusterParticipant ghost = { .node = (gchar *) "n1",
    .epoch = 99,
    .user = (gchar *) "ghost",
    .call_type = VM_CALL_TYPE_VIDEO };
  g_autoptr (GBytes) bytes = NULL;

  fail_unless (vm_cluster_record_seat (record, &ghost, NULL));
  bytes = vm_cluster_record_write (record);
  store_put (
      store, ROOM, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  check (a, ROOM);
  store_settle (store);
  all_see ("");
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  g_autofree gchar *longest = g_strnfill (VM_NAME_MAX, 'x');
  g_autofree gchar *longer = g_strnfill (VM_NAME_MAX + 1, 'x');
  const gchar *good[] = { "*", ">", "a.b", " ", "Räume/#+", longest };
  const gchar *bad[] = { "", longer, "a\nb" };
  const VmClusterParticipant one = { .call_type = VM_CALL_TYPE_VIDEO };
  const VmClusterParticipant nameless = { .user = longer,
    .call_type = VM_CALL_TYPE_VIDEO };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    store_seat (a, good[i], 2, "ann", NULL, NULL, NULL);
    store_settle (store);
    fail_unless_equals_int (g_hash_table_size (a->held), i + 1);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless_equals_int (vm_cluster_take_seat (a->cluster, bad[i], "uuid", 2,
                                0, &one, NULL, store->now, &error),
        0);
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_REQUEST));
  }
  fail_unless_equals_int (vm_cluster_take_seat (a->cluster, ROOM, longer, 2, 0,
                              &one, NULL, store->now, NULL),
      0);
  fail_unless_equals_int (vm_cluster_take_seat (a->cluster, ROOM, "uuid", 2, 0,
                              &nameless, NULL, store->now, NULL),
      0);
}

GST_END_TEST;

GST_START_TEST (test_rooms_are_limited)
{
  const VmClusterParticipant one = { .call_type = VM_CALL_TYPE_VIDEO };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) value = g_bytes_new_static ("", 0);

  store->away = TRUE;
  for (guint i = 0; i < VM_CLUSTER_ROOMS_MAX; i++) {
    g_autofree gchar *name = g_strdup_printf ("room %u", i);

    fail_unless (vm_cluster_take_seat (
        a->cluster, name, "uuid", 2, 0, &one, NULL, store->now, NULL));
  }
  fail_unless_equals_int (
      vm_cluster_count_rooms (a->cluster), VM_CLUSTER_ROOMS_MAX);
  fail_if (vm_cluster_take_seat (
      a->cluster, ROOM, "uuid", 2, 0, &one, NULL, store->now, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED));
  fail_unless (vm_cluster_take_seat (
      a->cluster, "room 0", "uuid", 2, 0, &one, NULL, store->now, NULL));
  watch (a, "room 0");
  fail_if (vm_cluster_watch (a->cluster, "another", store->now));
  vm_cluster_check (a->cluster, "another", store->now);
  vm_cluster_told (a->cluster, "another", value, 1, store->now);
  fail_unless_equals_int (
      vm_cluster_count_rooms (a->cluster), VM_CLUSTER_ROOMS_MAX);
}

GST_END_TEST;

/* Others are faster each time: it asks again, and then lets them have their
 * turn. */
GST_START_TEST (test_always_slower)
{
  guint served = 0;

  store->fault = STORE_CONFLICT;
  store->always = TRUE;
  seat (a, "ann");
  while (store_serve (store)) {
    served++;
    while (store_deliver (a))
      ;
  }
  fail_unless_equals_int (served, 2 * VM_CLUSTER_CONFLICTS_MAX);
  store_pass (store, 1);
  heard (a, "");
  store_pass (store, 10);
  heard (a, "refused 1 DISCONNECTED");
  store->always = FALSE;
  store->fault = STORE_WELL;
  seat (a, "ann");
  store_pass (store, 3);
  heard (a, "seated 2 p001");
}

GST_END_TEST;

GST_START_TEST (test_state_table)
{
  static const gchar *const expected[] = {
    "idle 0 reading",
    "idle 1 writing",
    "reading 2 idle",
    "reading 4 waiting",
    "writing 2 idle",
    "writing 3 idle",
    "writing 4 waiting",
    "waiting 5 idle",
  };
  guint n = 0;

  for (VmClusterState state = 0; state < VM_CLUSTER_N_STATES; state++) {
    for (VmClusterEvent event = 0; event < VM_CLUSTER_N_EVENTS; event++) {
      g_autofree gchar *edge = NULL;
      VmClusterState next;

      if (!vm_cluster_state_next (state, event, &next)) {
        fail_unless_equals_int (next, state);
        continue;
      }
      edge = g_strdup_printf ("%s %d %s", vm_cluster_state_to_string (state),
          event, vm_cluster_state_to_string (next));
      fail_unless (n < G_N_ELEMENTS (expected));
      fail_unless_equals_string (edge, expected[n++]);
    }
  }
  fail_unless_equals_int (n, G_N_ELEMENTS (expected));
}

GST_END_TEST;

static Suite *
cluster_suite (void)
{
  Suite *s = suite_create ("cluster");
  TCase *tc = tcase_create ("cluster");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_two_nodes_meet);
  tcase_add_test (tc, test_smaller_than_its_seats);
  tcase_add_test (tc, test_race_for_the_last_seat);
  tcase_add_test (tc, test_seat_that_was_given_back);
  tcase_add_test (tc, test_many_at_once);
  tcase_add_test (tc, test_answers_lost);
  tcase_add_test (tc, test_store_away);
  tcase_add_test (tc, test_late_seat);
  tcase_add_test (tc, test_node_dies);
  tcase_add_test (tc, test_node_dies_young);
  tcase_add_test (tc, test_write_of_the_dead);
  tcase_add_test (tc, test_beats_forgotten);
  tcase_add_test (tc, test_resume_elsewhere);
  tcase_add_test (tc, test_resume_beside);
  tcase_add_test (tc, test_token_renewed);
  tcase_add_test (tc, test_device_comes_again);
  tcase_add_test (tc, test_taken_for_dead);
  tcase_add_test (tc, test_taken_for_dead_and_replaced);
  tcase_add_test (tc, test_store_wiped);
  tcase_add_test (tc, test_revisions_that_come_again);
  tcase_add_test (tc, test_revision_that_comes_again);
  tcase_add_test (tc, test_told_before_the_answer);
  tcase_add_test (tc, test_lists_that_prove_nothing);
  tcase_add_test (tc, test_beats_of_one_lost);
  tcase_add_test (tc, test_record_that_cannot_be_read);
  tcase_add_test (tc, test_record_that_is_damaged);
  tcase_add_test (tc, test_record_of_another_room);
  tcase_add_test (tc, test_entries_of_nobody);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_rooms_are_limited);
  tcase_add_test (tc, test_always_slower);
  tcase_add_test (tc, test_state_table);
  return s;
}

CHECK_PROGRAM (cluster)
