/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bound of what NATS's threads tell, below, at and above. */

#include "program.h"

#include <gst/videomeet/cluster/clusternews.h>

static VmClusterNews *news;

static void
setup (void)
{
  news = vm_cluster_news_new ();
}

static void
teardown (void)
{
  while (vm_cluster_news_count (news))
    vm_cluster_news_take (news, 0);
  vm_cluster_news_unref (news);
}

GST_START_TEST (test_number)
{
  for (guint i = 0; i < VM_CLUSTER_NEWS_MAX; i++)
    fail_unless (vm_cluster_news_add (news, 0));
  fail_if (vm_cluster_news_catch_up (news));
  fail_if (vm_cluster_news_add (news, 0));
  vm_cluster_news_take (news, 0);
  fail_unless (vm_cluster_news_add (news, 0));
  /* what makes up for it comes when there is place for it, once */
  for (guint i = VM_CLUSTER_NEWS_MAX; i >= VM_CLUSTER_NEWS_MAX / 2; i--) {
    fail_if (vm_cluster_news_catch_up (news));
    vm_cluster_news_take (news, 0);
  }
  fail_unless (vm_cluster_news_catch_up (news));
  fail_if (vm_cluster_news_catch_up (news));
}

GST_END_TEST;

GST_START_TEST (test_bytes)
{
  fail_if (vm_cluster_news_add (news, (gsize) VM_CLUSTER_NEWS_BYTES + 1));
  fail_unless (vm_cluster_news_catch_up (news));
  fail_unless (vm_cluster_news_add (news, VM_CLUSTER_NEWS_BYTES - 1));
  fail_unless (vm_cluster_news_add (news, 1));
  fail_unless (vm_cluster_news_add (news, 0));
  fail_if (vm_cluster_news_add (news, 1));
  fail_if (vm_cluster_news_catch_up (news));
  vm_cluster_news_take (news, VM_CLUSTER_NEWS_BYTES - 1);
  fail_unless (vm_cluster_news_catch_up (news));
  fail_unless (vm_cluster_news_add (news, VM_CLUSTER_NEWS_BYTES - 1));
  fail_if (vm_cluster_news_add (news, G_MAXSIZE));
}

GST_END_TEST;

/* It goes with the last of what waits. */
GST_START_TEST (test_outlasts)
{
  VmClusterNews *own = vm_cluster_news_new ();

  fail_unless (vm_cluster_news_add (own, 1));
  fail_unless (vm_cluster_news_add (own, 2));
  vm_cluster_news_unref (own);
  fail_unless_equals_int (vm_cluster_news_count (own), 2);
  vm_cluster_news_take (own, 1);
  vm_cluster_news_take (own, 2);
}

GST_END_TEST;

static gpointer
add_and_take (gpointer user_data)
{
  for (guint i = 0; i < VM_CLUSTER_NEWS_MAX; i++) {
    if (vm_cluster_news_add (news, 1))
      vm_cluster_news_take (news, 1);
  }
  return NULL;
}

GST_START_TEST (test_threads)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("adds", add_and_take, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  fail_unless_equals_int (vm_cluster_news_count (news), 0);
  fail_if (vm_cluster_news_catch_up (news));
  fail_unless (vm_cluster_news_add (news, VM_CLUSTER_NEWS_BYTES));
  vm_cluster_news_take (news, VM_CLUSTER_NEWS_BYTES);
}

GST_END_TEST;

static Suite *
clusternews_suite (void)
{
  Suite *s = suite_create ("clusternews");
  TCase *tc = tcase_create ("clusternews");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_number);
  tcase_add_test (tc, test_bytes);
  tcase_add_test (tc, test_outlasts);
  tcase_add_test (tc, test_threads);
  return s;
}

CHECK_PROGRAM (clusternews)
