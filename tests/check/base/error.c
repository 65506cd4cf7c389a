/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "base/vmerror-priv.h"

#include <gst/videomeet/videomeet.h>

GST_START_TEST (test_codes)
{
  for (gint e = VM_ERROR_FAILED; e <= VM_ERROR_USER_TAKEN; e++) {
    VmError back = VM_ERROR_FAILED;
    guint status = vm_error_to_http_status (e);

    fail_unless (vm_error_from_code (vm_error_to_code (e), &back));
    fail_unless_equals_int (back, e);
    fail_unless (status >= 400 && status < 600);
  }
}

GST_END_TEST;

GST_START_TEST (test_statuses_of_the_protocol)
{
  fail_unless_equals_int (
      vm_error_to_http_status (VM_ERROR_MEETING_NOT_FOUND), 404);
  fail_unless_equals_int (vm_error_to_http_status (VM_ERROR_NOT_TRUSTED), 403);
  fail_unless_equals_int (vm_error_to_http_status (VM_ERROR_WRONG_PIN), 403);
  fail_unless_equals_int (vm_error_to_http_status (VM_ERROR_MEETING_FULL), 409);
  fail_unless_equals_int (
      vm_error_to_http_status (VM_ERROR_MEETING_LOCKED), 423);
  fail_unless_equals_int (vm_error_to_http_status (VM_ERROR_RATE_LIMITED), 429);
  fail_unless_equals_int (vm_error_to_http_status (VM_ERROR_WRONG_HOST), 421);
}

GST_END_TEST;

GST_START_TEST (test_unknown_code)
{
  VmError error = VM_ERROR_TIMEOUT;

  fail_if (vm_error_from_code ("NO_SUCH_CODE", &error));
  fail_unless_equals_int (error, VM_ERROR_FAILED);
  fail_if (vm_error_from_code (NULL, &error));
}

GST_END_TEST;

GST_START_TEST (test_code_of_an_error)
{
  g_autoptr (GError) ours = g_error_new (VM_ERROR, VM_ERROR_DECLINED, "No");
  g_autoptr (GError) other =
      g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "Full");

  fail_unless_equals_string (vm_error_get_code (ours), "DECLINED");
  fail_unless_equals_string (vm_error_get_code (other), "FAILED");
}

GST_END_TEST;

static Suite *
error_suite (void)
{
  Suite *s = suite_create ("error");
  TCase *tc = tcase_create ("codes");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_codes);
  tcase_add_test (tc, test_statuses_of_the_protocol);
  tcase_add_test (tc, test_unknown_code);
  tcase_add_test (tc, test_code_of_an_error);
  return s;
}

CHECK_PROGRAM (error)
