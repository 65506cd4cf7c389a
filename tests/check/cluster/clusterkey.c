/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/check/gstcheck.h>
#include <gst/videomeet/cluster/clusterkey.h>
#include <gst/videomeet/wire/signal.h>
#include <string.h>

GST_START_TEST (test_keys)
{
  g_autofree gchar *key = vm_cluster_key ("*.>");
  g_autofree gchar *longer = g_strconcat (key, "A", NULL);
  g_autofree gchar *small = g_ascii_strdown (key, -1);
  const gchar *bad[] = { "", ">", "*", "vm.room.>", longer, small, key + 1 };

  fail_unless (vm_cluster_is_key (key));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_if (vm_cluster_is_key (bad[i]));
  key[10] = '*';
  fail_if (vm_cluster_is_key (key));
}

GST_END_TEST;

/* Every client takes it, and it says which room and nothing else. */
GST_START_TEST (test_tokens)
{
  const guint8 zero[VM_CLUSTER_TOKEN_RANDOM] = { 0 };
  const guint8 ones[VM_CLUSTER_TOKEN_RANDOM] = { 1, 1, 1 };
  g_autofree gchar *key = vm_cluster_key ("stand-up");
  g_autofree gchar *one = vm_cluster_token_new (zero, "stand-up");
  g_autofree gchar *other = vm_cluster_token_new (ones, "stand-up");
  g_autofree gchar *of_one = vm_cluster_token_get_key (one);
  g_autofree gchar *of_other = vm_cluster_token_get_key (other);

  fail_unless_equals_int (strlen (one), VM_CLUSTER_TOKEN_LENGTH);
  fail_unless (strlen (one) <= VM_SIGNAL_TOKEN_MAX);
  fail_if (strcmp (one, other) == 0);
  fail_unless_equals_string (of_one, key);
  fail_unless_equals_string (of_other, key);
}

GST_END_TEST;

/* As other servers' tokens are, and what anybody makes up. */
GST_START_TEST (test_no_tokens)
{
  const guint8 zero[VM_CLUSTER_TOKEN_RANDOM] = { 0 };
  g_autofree gchar *good = vm_cluster_token_new (zero, "stand-up");
  g_autofree gchar *longer = g_strconcat (good, "A", NULL);
  g_autofree gchar *stars = g_strnfill (VM_CLUSTER_TOKEN_LENGTH, '*');
  const gchar *bad[] = { "", good + 1, longer, stars };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_if (vm_cluster_token_get_key (bad[i]));
}

GST_END_TEST;

static Suite *
clusterkey_suite (void)
{
  Suite *s = suite_create ("clusterkey");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_keys);
  tcase_add_test (tc, test_tokens);
  tcase_add_test (tc, test_no_tokens);
  return s;
}

CHECK_PROGRAM (clusterkey)
