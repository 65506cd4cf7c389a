/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/check/gstcheck.h>
#include <gst/videomeet/base/limits.h>
#include <gst/videomeet/cluster/clusterkey.h>
#include <gst/videomeet/wire/signal.h>
#include <string.h>

/* By Python: base64.b32encode (hashlib.sha256 (name).digest ()). */
GST_START_TEST (test_keys)
{
  static const gchar *const keys[][2] = {
    { "standup", "YD55YOFROYUFDKJCDN3UUEYP2KXAX54MMG6WT2ZTJ6GNFSVAQMMQ" },
    { "a.*.>", "YNRCG6UM2JR6R2OXJDJ6NBK47Y42LHHS5KODCSAMQQ643VPDJ64A" },
    { "", "4OYMIQUY7QOBJGX36TEJS35ZEQT24QPEMSNZGTFESWMRW6CSXBKQ" },
  };
  g_autofree gchar *longest = g_strnfill (VM_NAME_MAX, 'x');
  g_autofree gchar *key = vm_cluster_key (longest);

  fail_unless_equals_string (
      key, "ETNBXAOQWFW7MQUO5ZZ4NH6LFKJ4O26G35YG6DDGOD7GX7UAARSA");
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autofree gchar *made = vm_cluster_key (keys[i][0]);

    fail_unless_equals_string (made, keys[i][1]);
    fail_unless_equals_int (strlen (made), VM_CLUSTER_KEY_LENGTH);
  }
}

GST_END_TEST;

GST_START_TEST (test_nodes)
{
  g_autofree gchar *longest = g_strnfill (VM_CLUSTER_NODE_MAX, 'n');
  g_autofree gchar *longer = g_strnfill (VM_CLUSTER_NODE_MAX + 1, 'n');

  fail_unless (vm_cluster_is_node ("A-z_0"));
  fail_unless (vm_cluster_is_node (longest));
  fail_if (vm_cluster_is_node (longer));
  fail_if (vm_cluster_is_node (""));
  fail_if (vm_cluster_is_node ("a.b"));
  fail_if (vm_cluster_is_node ("*"));
  fail_if (vm_cluster_is_node (">"));
  fail_if (vm_cluster_is_node ("a b"));
}

GST_END_TEST;

GST_START_TEST (test_is_key)
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
  tcase_add_test (tc, test_nodes);
  tcase_add_test (tc, test_is_key);
  tcase_add_test (tc, test_tokens);
  tcase_add_test (tc, test_no_tokens);
  return s;
}

CHECK_PROGRAM (clusterkey)
