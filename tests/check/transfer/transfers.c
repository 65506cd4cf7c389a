/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who may open a socket for which file. */

#include "program.h"

#include <gst/videomeet/base/limits.h>
#include <gst/videomeet/server/dialect/transfer/transfers.h>
#include <gst/videomeet/vmerror.h>

static VmTransfers *transfers;

static void
count_up (guint8 *bytes, gsize size, gpointer user_data)
{
  static guint16 n;

  memset (bytes, 0, size);
  n++;
  memcpy (bytes, &n, sizeof n);
}

static void
setup (void)
{
  transfers = vm_transfers_new (count_up, NULL);
}

static void
teardown (void)
{
  g_clear_pointer (&transfers, vm_transfers_free);
}

static gchar *
grant_at (const gchar *device, const gchar *address, const gchar *id)
{
  g_autoptr (GError) error = NULL;
  gchar *ticket =
      vm_transfers_grant (transfers, device, address, id, 1, &error);

  g_assert_no_error (error);
  return ticket;
}

/* Each at an address of its own. */
static gchar *
grant (const gchar *device, const gchar *id)
{
  return grant_at (device, device, id);
}

static gboolean
use (const gchar *ticket, const gchar *device, gint64 now, const gchar *id)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *got =
      vm_transfers_use (transfers, ticket, device, now, &error);

  if (!got)
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_TICKET);
  else
    fail_unless_equals_string (got, id);
  return got != NULL;
}

GST_START_TEST (test_used_once)
{
  g_autofree gchar *ticket = grant ("ann", "t-1");

  fail_unless (use (ticket, "ann", 2, "t-1"));
  fail_if (use (ticket, "ann", 3, "t-1"));
}

GST_END_TEST;

GST_START_TEST (test_whose_it_is)
{
  g_autofree gchar *ticket = grant ("ann", "t-1");

  fail_if (use (ticket, "bob", 2, "t-1"));
  fail_if (use (ticket, NULL, 2, "t-1"));
  fail_if (use (NULL, "ann", 2, "t-1"));
  fail_if (use ("", "ann", 2, "t-1"));
  fail_unless (use (ticket, "ann", 2, "t-1"));
}

GST_END_TEST;

GST_START_TEST (test_expires)
{
  g_autofree gchar *below = grant ("ann", "t-1");
  g_autofree gchar *at = grant ("ann", "t-2");

  fail_unless (use (below, "ann", VM_TICKET_TIME, "t-1"));
  fail_if (use (at, "ann", 1 + VM_TICKET_TIME, "t-2"));
  fail_unless_equals_int (
      vm_transfers_count (transfers, 1 + VM_TICKET_TIME), 0);
}

GST_END_TEST;

/* Who asks once more loses the oldest of its own, and nobody else's. */
GST_START_TEST (test_of_one_device)
{
  g_autofree gchar *other = grant ("bob", "t-b");
  g_autofree gchar *first = grant ("ann", "t-0");
  g_autofree gchar *second = NULL;

  for (guint i = 1; i < VM_TRANSFER_TICKETS_PER_DEVICE; i++) {
    g_autofree gchar *ticket = grant ("ann", "t-1");

    if (i == 1)
      second = g_steal_pointer (&ticket);
  }
  fail_unless_equals_int (
      vm_transfers_count (transfers, 2), VM_TRANSFER_TICKETS_PER_DEVICE + 1);
  g_free (grant ("ann", "t-2"));
  fail_unless_equals_int (
      vm_transfers_count (transfers, 2), VM_TRANSFER_TICKETS_PER_DEVICE + 1);
  fail_if (use (first, "ann", 2, "t-0"));
  fail_unless (use (second, "ann", 2, "t-1"));
  fail_unless (use (other, "bob", 2, "t-b"));
}

GST_END_TEST;

/* Somebody with many keys keeps nobody else from sending. */
GST_START_TEST (test_of_one_address)
{
  g_autofree gchar *other = grant ("bob", "t-b");
  g_autofree gchar *first = grant_at ("d", "there", "t-0");

  for (guint i = 1; i < 2 * VM_TRANSFER_TICKETS_MAX; i++) {
    g_autofree gchar *device = g_strdup_printf ("d%u", i);

    g_free (grant_at (device, "there", "t"));
    fail_unless_equals_int (vm_transfers_count (transfers, 2),
        1 + MIN (i + 1, VM_TRANSFER_TICKETS_PER_ADDRESS));
  }
  fail_if (use (first, "d", 2, "t-0"));
  fail_unless (use (other, "bob", 2, "t-b"));
}

GST_END_TEST;

GST_START_TEST (test_of_all)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < VM_TRANSFER_TICKETS_MAX; i++) {
    g_autofree gchar *device = g_strdup_printf ("d%u", i);

    g_free (grant (device, "t"));
  }
  fail_unless_equals_int (
      vm_transfers_count (transfers, 2), VM_TRANSFER_TICKETS_MAX);
  fail_unless (
      vm_transfers_grant (transfers, "more", "there", "t", 2, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  g_free (vm_transfers_grant (
      transfers, "more", "there", "t", 1 + VM_TICKET_TIME, NULL));
  fail_unless_equals_int (
      vm_transfers_count (transfers, 1 + VM_TICKET_TIME), 1);
}

GST_END_TEST;

static Suite *
transfers_suite (void)
{
  Suite *s = suite_create ("transfers");
  TCase *tc = tcase_create ("transfers");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_used_once);
  tcase_add_test (tc, test_whose_it_is);
  tcase_add_test (tc, test_expires);
  tcase_add_test (tc, test_of_one_device);
  tcase_add_test (tc, test_of_one_address);
  tcase_add_test (tc, test_of_all);
  return s;
}

CHECK_PROGRAM (transfers)
