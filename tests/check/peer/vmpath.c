/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpath.h"

#include "program.h"

#include <gst/check/gstcheck.h>

GST_START_TEST (test_names)
{
  const struct
  {
    const gchar *names;
    guint kinds; /* 0: refused */
  } cases[] = { { "host", VM_PATH_HOST }, { "srflx", VM_PATH_SRFLX },
    { "relay", VM_PATH_RELAY }, { "cloud", VM_PATH_CLOUD },
    { "host,srflx,relay,cloud", VM_PATH_ALL },
    { " relay , host ", VM_PATH_RELAY | VM_PATH_HOST },
    { "host,host", VM_PATH_HOST }, { "", 0 }, { "host,", 0 }, { "turn", 0 },
    { "host,turn", 0 }, { "HOST", 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    fail_unless_equals_int (
        vm_path_kinds_from_string (cases[i].names), cases[i].kinds);
}

GST_END_TEST;

#define CANDIDATE "candidate:1 1 UDP 2015363327 192.0.2.7 40000 "

GST_START_TEST (test_candidates)
{
  const struct
  {
    const gchar *candidate;
    guint kind;
  } cases[] = { { CANDIDATE "typ host", VM_PATH_HOST },
    { CANDIDATE "typ srflx raddr 10.0.0.7 rport 9", VM_PATH_SRFLX },
    { CANDIDATE "typ prflx raddr 10.0.0.7 rport 9", VM_PATH_SRFLX },
    { CANDIDATE "typ relay", VM_PATH_RELAY }, { CANDIDATE "typ cloud", 0 },
    { CANDIDATE "typ", 0 }, { CANDIDATE, 0 }, { "", 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    fail_unless_equals_int (
        vm_path_kind_of_candidate (cases[i].candidate), cases[i].kind);
}

GST_END_TEST;

static Suite *
vmpath_suite (void)
{
  Suite *s = suite_create ("vmpath");
  TCase *tc = tcase_create ("paths");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_candidates);
  return s;
}

CHECK_PROGRAM (vmpath)
