/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/terminal/termmessage.h>

static void
check_size (GBytes *body)
{
  VmTermSize size, again;
  g_autoptr (GBytes) written = NULL;

  if (!vm_term_size_read (&size, body, NULL))
    return;
  g_assert_true (vm_term_size_is_valid (size.cols, size.rows));
  written = vm_term_size_write (&size);
  g_assert_true (vm_term_size_read (&again, written, NULL));
  g_assert_cmpuint (size.cols, ==, again.cols);
  g_assert_cmpuint (size.rows, ==, again.rows);
}

static void
check_control (GBytes *body)
{
  g_auto (VmTermControl) control = { 0 }, again = { 0 };
  g_autoptr (GBytes) written = NULL;

  if (!vm_term_control_read (&control, body, NULL))
    return;
  g_assert_nonnull (vm_term_control_action_to_string (control.action));
  written = vm_term_control_write (&control);
  g_assert_true (vm_term_control_read (&again, written, NULL));
  g_assert_cmpstr (control.cap_token, ==, again.cap_token);
  g_assert_cmpstr (control.code, ==, again.code);
  g_assert_cmpstr (control.message, ==, again.message);
  g_assert_cmpint (control.expires_in, ==, again.expires_in);
}

static void
check_status (GBytes *body)
{
  g_auto (VmTermStatus) status = { 0 }, again = { 0 };
  g_autoptr (GBytes) written = NULL;

  if (!vm_term_status_read (&status, body, NULL))
    return;
  g_assert_cmpuint (g_strv_length (status.viewers), <=, VM_TERM_VIEWERS_MAX);
  written = vm_term_status_write (&status);
  g_assert_true (vm_term_status_read (&again, written, NULL));
  g_assert_true (g_strv_equal ((const gchar *const *) status.viewers,
      (const gchar *const *) again.viewers));
  g_assert_cmpstr (status.controller, ==, again.controller);
  g_assert_cmpint (status.ended, ==, again.ended);
}

void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) body = g_bytes_new (data, size);

  check_size (body);
  check_control (body);
  check_status (body);
  if (vm_term_out_check (body, NULL))
    g_assert_cmpuint (size, <=, VM_TERM_OUT_MAX);
  if (vm_term_in_check (body, NULL))
    g_assert_cmpuint (size, <=, VM_TERM_IN_MAX);
}
