/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/check/gstcheck.h>
#include <gst/videomeet/cluster/clusterpast.h>

static VmClusterParticipant
one (const gchar *node, guint epoch)
{
  return (VmClusterParticipant){ .node = (gchar *) node, .epoch = epoch };
}

/* Who is put back again and again is believed, until that is long ago. */
GST_START_TEST (test_doubts)
{
  g_autoptr (VmClusterPast) past = vm_cluster_past_new ();
  const VmClusterParticipant ann = one ("n1", 1), bob = one ("n1", 2),
                             cat = one ("n2", 1);

  vm_cluster_past_add (past, &ann);
  vm_cluster_past_add (past, &ann);
  fail_unless_equals_int (vm_cluster_past_count (past), 1);
  fail_if (vm_cluster_past_doubts (past, &bob, 0));
  fail_if (vm_cluster_past_doubts (past, &cat, 0));
  for (guint i = 0; i < VM_CLUSTER_DOUBTS_MAX; i++)
    fail_unless (vm_cluster_past_doubts (past, &ann, 0));
  fail_if (vm_cluster_past_doubts (past, &ann, 0));
  fail_if (vm_cluster_past_doubts (past, &ann, VM_CLUSTER_DOUBT_TIME - 1));
  vm_cluster_past_add (past, &ann);
  fail_unless (vm_cluster_past_doubts (past, &ann, VM_CLUSTER_DOUBT_TIME));
}

GST_END_TEST;

GST_START_TEST (test_limit)
{
  g_autoptr (VmClusterPast) past = vm_cluster_past_new ();
  const VmClusterParticipant first = one ("n", 1), second = one ("n", 2);
  VmClusterParticipant last = first;

  for (guint i = 1; i < VM_CLUSTER_PAST_MAX; i++) {
    last.epoch = i;
    vm_cluster_past_add (past, &last);
  }
  fail_unless_equals_int (
      vm_cluster_past_count (past), VM_CLUSTER_PAST_MAX - 1);
  last.epoch = VM_CLUSTER_PAST_MAX;
  vm_cluster_past_add (past, &last);
  fail_unless_equals_int (vm_cluster_past_count (past), VM_CLUSTER_PAST_MAX);
  fail_unless (vm_cluster_past_doubts (past, &first, 0));
  last.epoch++;
  vm_cluster_past_add (past, &last);
  fail_unless_equals_int (vm_cluster_past_count (past), VM_CLUSTER_PAST_MAX);
  fail_if (vm_cluster_past_doubts (past, &first, VM_CLUSTER_DOUBT_TIME));
  fail_unless (vm_cluster_past_doubts (past, &second, 0));
  fail_unless (vm_cluster_past_doubts (past, &last, 0));
}

GST_END_TEST;

static Suite *
clusterpast_suite (void)
{
  Suite *s = suite_create ("clusterpast");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_doubts);
  tcase_add_test (tc, test_limit);
  return s;
}

CHECK_PROGRAM (clusterpast)
