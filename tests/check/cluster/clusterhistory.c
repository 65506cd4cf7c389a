/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Histories of a cluster: seats, faults and deaths in an order that chance says
 * (protocol/cluster.md#records). */

#include "support/clusterstore.h"

#include "program.h"

#include <string.h>

#define ROOM "stand-up"

static Store *store;

/* Whether the nodes that live hold just what is stored. */
static void
check_all_agree (guint seed)
{
  g_autofree gchar *now = store_look (store, ROOM);
  g_auto (GStrv) entries = g_strsplit (now, " ", -1);
  guint held = 0;

  for (guint i = 0; i < STORE_NODES; i++) {
    StoreNode *node = &store->nodes[i];
    GHashTableIter iter;
    gpointer epoch, id;

    if (!node->cluster)
      continue;
    fail_unless_equals_int (
        store_watches (node, ROOM), g_hash_table_size (node->held) > 0);
    fail_unless (!store_watches (node, ROOM)
                     || g_str_equal (store_view_of (node, ROOM), now),
        "history %u: %s", seed, store_view_of (node, ROOM));
    g_hash_table_iter_init (&iter, node->held);
    while (g_hash_table_iter_next (&iter, &epoch, &id)) {
      g_autofree gchar *entry = g_strdup_printf (
          "%s=%s/%u", (const gchar *) id, node->name, GPOINTER_TO_UINT (epoch));

      held++;
      fail_unless (g_strv_contains ((const gchar *const *) entries, entry),
          "history %u: %s is not in %s", seed, entry, now);
    }
  }
  fail_unless (held == (*now ? g_strv_length (entries) : 0), "history %u: %s",
      seed, now);
}

static void
leave_one (StoreNode *node)
{
  GHashTableIter iter;
  gpointer epoch;

  g_hash_table_iter_init (&iter, node->held);
  if (g_hash_table_iter_next (&iter, &epoch, NULL))
    store_leave (node, GPOINTER_TO_UINT (epoch));
}

static void
step (GRand *random)
{
  StoreNode *node = &store->nodes[g_rand_int_range (random, 0, STORE_NODES)];

  switch (g_rand_int_range (random, 0, 12)) {
    case 0:
    case 1:
      if (node->cluster)
        store_seat (node, ROOM, 3, "somebody", NULL, NULL, NULL);
      break;
    case 2:
      if (node->cluster)
        leave_one (node);
      break;
    case 3:
      store->fault = g_rand_int_range (random, 0, STORE_N_FAULTS);
      break;
    case 4:
      store->now += G_USEC_PER_SEC;
      if (node->cluster)
        vm_cluster_tick (node->cluster, store->now);
      break;
    case 5:
      if (node != &store->nodes[0] && g_rand_int_range (random, 0, 20) == 0)
        store_kill (node);
      break;
    case 6:
    case 7:
    case 8:
      store_serve (store);
      break;
    default:
      if (node->cluster)
        store_deliver (node);
  }
  {
    g_autofree gchar *seen = store_look (store, ROOM);

    fail_unless (strlen (seen) <= 3 * strlen ("p001=n1/100 "));
  }
}

/* Whatever happens in whatever order, at the end all have the same, which is
 * so. */
GST_START_TEST (test_histories)
{
  for (guint seed = 0; seed < 100; seed++) {
    g_autoptr (GRand) random = g_rand_new_with_seed (seed);

    store = store_new ();
    store_pass (store, 3);
    for (guint i = 0; i < 150; i++)
      step (random);
    store->fault = STORE_WELL;
    store_pass (store, 50);
    check_all_agree (seed);
    store_free (store);
  }
}

GST_END_TEST;

static Suite *
clusterhistory_suite (void)
{
  Suite *s = suite_create ("clusterhistory");
  TCase *tc = tcase_create ("histories");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_histories);
  return s;
}

CHECK_PROGRAM (clusterhistory)
