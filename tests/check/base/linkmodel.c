/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bad network of the lab, with a clock of our own. */

#include "linkmodel.h"

#include "program.h"

#define N 10000

/* Pushes N packets of @size bytes, one each @gap µs; returns arrivals, -1 for
 * those that never came. */
static gint64 *
send_all (const LinkConfig *config, gsize size, gint64 gap, LinkCounts *counts)
{
  LinkModel *model = link_model_new (config);
  gint64 *arrivals = g_new (gint64, N);
  gint64 now = 0;
  guint sent = 0;

  for (guint i = 0; i < N; i++)
    arrivals[i] = -1;
  while (sent < N || link_model_next (model) >= 0) {
    gint64 next = link_model_next (model);
    gint64 push_at = (gint64) sent * gap;
    gpointer data;

    now = sent < N && (next < 0 || push_at <= next) ? push_at : next;
    if (sent < N && push_at == now) {
      link_model_push (model, now, size, GUINT_TO_POINTER (sent + 1));
      sent++;
    }
    while ((data = link_model_pop (model, now, NULL)))
      arrivals[GPOINTER_TO_UINT (data) - 1] = now;
  }
  *counts = *link_model_get_counts (model);
  link_model_free (model);
  return arrivals;
}

GST_START_TEST (test_nothing_asked_nothing_done)
{
  LinkConfig config = { 0 };
  LinkCounts counts;
  g_autofree gint64 *at = send_all (&config, 1000, 10, &counts);

  for (guint i = 0; i < N; i++)
    fail_unless_equals_int64 (at[i], (gint64) i * 10);
  fail_unless_equals_uint64 (counts.bytes, (guint64) N * 1000);
  fail_unless_equals_int64 (counts.shortest, 0);
  fail_unless_equals_int64 (counts.longest, 0);
}

GST_END_TEST;

GST_START_TEST (test_delay_and_jitter_keep_the_order)
{
  LinkConfig config = { .delay_ms = 150, .jitter_ms = 30, .seed = 7 };
  LinkCounts counts;
  g_autofree gint64 *at = send_all (&config, 1000, 1000, &counts);
  gint64 sum = 0, shortest = G_MAXINT64, longest = 0;

  for (guint i = 0; i < N; i++) {
    gint64 delay = at[i] - (gint64) i * 1000;

    shortest = MIN (shortest, delay);
    longest = MAX (longest, delay);
    fail_unless (delay >= 120000 && delay <= 180000);
    fail_unless (i == 0 || at[i] >= at[i - 1]);
    sum += delay;
  }
  fail_unless (sum / N > 145000);
  fail_unless_equals_int64 (counts.shortest, shortest);
  fail_unless_equals_int64 (counts.longest, longest);
}

GST_END_TEST;

GST_START_TEST (test_loss_is_what_was_asked)
{
  LinkConfig config = { .loss = 0.02, .seed = 7 };
  LinkCounts counts;
  g_autofree gint64 *at = send_all (&config, 1000, 1000, &counts);
  guint missing = 0;

  for (guint i = 0; i < N; i++)
    missing += at[i] < 0;
  fail_unless_equals_int (missing, counts.lost);
  fail_unless (missing > N * 0.015 && missing < N * 0.025, "%u", missing);
}

GST_END_TEST;

GST_START_TEST (test_rate_and_queue)
{
  /* 1000 bytes at 1 Mbit/s take 8 ms; twice as much is offered */
  LinkConfig config = { .rate = 1000000, .queue = 10000 };
  LinkCounts counts;
  g_autofree gint64 *at = send_all (&config, 1000, 4000, &counts);
  gint64 worst = 0;

  fail_unless (counts.overflowed > N * 0.49 && counts.overflowed < N * 0.51);
  for (guint i = 0; i < N; i++) {
    if (at[i] >= 0)
      worst = MAX (worst, at[i] - (gint64) i * 4000);
  }
  /* at most the queue: ten packets of 8 ms */
  fail_unless (worst <= 80000 && worst > 70000, "%d", (gint) worst);
  fail_unless_equals_int64 (counts.longest, worst);
  fail_unless_equals_uint64 (
      counts.bytes, (counts.sent - counts.overflowed) * 1000);
}

GST_END_TEST;

GST_START_TEST (test_reordering)
{
  LinkConfig config = { .delay_ms = 20, .reorder = 0.05, .seed = 3 };
  LinkCounts counts;
  g_autofree gint64 *at = send_all (&config, 1000, 1000, &counts);
  guint early = 0;

  for (guint i = 1; i < N; i++)
    early += at[i] < at[i - 1];
  fail_unless (counts.reordered > N * 0.04 && counts.reordered < N * 0.06);
  fail_unless (early > 0);
}

GST_END_TEST;

static Suite *
linkmodel_suite (void)
{
  Suite *s = suite_create ("linkmodel");
  TCase *tc = tcase_create ("link");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_nothing_asked_nothing_done);
  tcase_add_test (tc, test_delay_and_jitter_keep_the_order);
  tcase_add_test (tc, test_loss_is_what_was_asked);
  tcase_add_test (tc, test_rate_and_queue);
  tcase_add_test (tc, test_reordering);
  return s;
}

CHECK_PROGRAM (linkmodel)
