/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of devices: hints of devices that a test makes up go in, and what
 * comes out is checked against the keys that they show. */

#include "program.h"
#include "support/eventlog.h"
#include "support/fakedevice.h"

#include <gst/videomeet/discovery/probebudget.h>
#include <gst/videomeet/discovery/table.h>
#include <gst/videomeet/videomeet.h>
#include <string.h>

#define FOUND 60 /* s; a sanitizer on a busy machine is slow */
#define PROBE 1000 /* ms that an answer may take, if nothing else is set */
/* gone within 10 s of the last answer; protocol/discovery.md#probe */
G_STATIC_ASSERT (VM_PROBE_INTERVAL + (VM_PROBE_MISSES - 1) * VM_PROBE_RETRY
                     + VM_PROBE_MISSES * PROBE
                 <= 10000);

static VmHttpClient *client;
static VmTable *table;

static void
on_added (gpointer user_data, VmDevice *device)
{
  event_log ("added %s", vm_device_get_user (device));
}

static void
on_changed (gpointer user_data, VmDevice *device)
{
  event_log ("changed %s", vm_device_get_user (device));
}

static void
on_removed (gpointer user_data, VmDevice *device)
{
  event_log ("removed %s", vm_device_get_user (device));
}

static void
on_warning (gpointer user_data, VmMethods method, const gchar *message)
{
  event_log ("warning %s", message);
}

static const VmTableEvents table_events = { on_added, on_changed, on_removed,
  on_warning };

static VmTableConfig table_config = { .timeout_ms = 10000 };

static void
open_table (void)
{
  event_log_open ();
  client = vm_http_client_new (NULL);
  table = vm_table_new (client, &table_config, &table_events, NULL);
}

static void
close_table (void)
{
  g_clear_pointer (&table, vm_table_free);
  g_clear_object (&client);
  event_log_close ();
}

static GSocketAddress *
at (guint16 port)
{
  return g_inet_socket_address_new_from_string ("127.0.0.1", port);
}

static void
hint (FakeDevice *device, const VmDeviceInfo *info)
{
  g_autoptr (GSocketAddress) address = at (device->port);

  vm_table_found (table, VM_METHODS_UDP, address, info);
}

/* Another probe has been answered, so the one before has been looked at. */
static void
wait_asked (FakeDevice *device, guint more)
{
  guint wanted = fake_device_asked (device) + more;

  WAIT_FOR (fake_device_asked (device) >= wanted, FOUND);
}

static void
wait_settled (void)
{
  WAIT_FOR (vm_table_pending (table) == 0, FOUND);
}

GST_START_TEST (test_hint_becomes_a_device)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);

  hint (ann, ann->info);
  fail_unless_equals_int (vm_table_size (table), 0);
  fail_unless (event_log_seen ("added Ann", 1, FOUND));
  fail_unless_equals_int (vm_table_size (table), 1);
  /* again, by whichever way: known */
  hint (ann, ann->info);
  hint (ann, NULL);
  wait_asked (ann, 1);
  fail_unless_equals_int (event_log_count ("added"), 1);
}

GST_END_TEST;

GST_START_TEST (test_change_is_told)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);

  hint (ann, ann->info);
  fail_unless (event_log_seen ("added Ann", 1, FOUND));
  ann->info->participants = 3;
  fake_device_say (ann);
  fail_unless (event_log_seen ("changed Ann", 1, FOUND));
}

GST_END_TEST;

GST_START_TEST (test_id_of_another_key_is_refused)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);
  g_autoptr (FakeDevice) eve = fake_device_new ("Eve", TRUE);
  g_autofree gchar *line = NULL;

  /* Eve announces Ann's id and key at her own address */
  hint (eve, ann->info);
  fail_unless (event_log_seen ("warning", 1, FOUND));
  line = event_log_line (0);
  fail_unless (strstr (line, " claims the device id ")
               || strstr (line, " another key "));
  fail_unless_equals_int (vm_table_size (table), 0);
  fail_unless_equals_int (vm_table_pending (table), 0);
  fail_unless_equals_int (fake_device_asked (eve), 0);
  /* the same lie again is not told twice */
  hint (eve, ann->info);
  wait_settled ();
  fail_unless_equals_int (event_log_count ("warning"), 1);
}

GST_END_TEST;

GST_START_TEST (test_body_of_another_id_is_refused)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);
  g_autoptr (FakeDevice) eve = fake_device_new ("Eve", TRUE);

  /* nothing announced, but the body names Ann */
  vm_device_info_free (eve->info);
  eve->info = vm_device_info_copy (ann->info);
  fake_device_say (eve);
  hint (eve, NULL);
  fail_unless (event_log_seen ("warning", 1, FOUND));
  fail_unless_equals_int (vm_table_size (table), 0);
}

GST_END_TEST;

GST_START_TEST (test_lie_about_a_known_device_changes_nothing)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);
  g_autoptr (FakeDevice) eve = fake_device_new ("Eve", TRUE);
  g_autoptr (GSocketAddress) eves = at (eve->port);

  hint (ann, ann->info);
  fail_unless (event_log_seen ("added Ann", 1, FOUND));
  vm_table_found (table, VM_METHODS_MDNS, eves, ann->info);
  /* nor does somebody else's bye */
  vm_table_gone (table, eves, ann->info);
  wait_settled ();
  wait_asked (ann, 2);
  fail_unless_equals_int (event_log_count ("removed"), 0);
  fail_unless_equals_int (vm_table_size (table), 1);
}

GST_END_TEST;

GST_START_TEST (test_hidden_id_is_the_key_s)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);
  g_autoptr (VmDeviceInfo) said = ann->info;

  ann->info = vm_device_info_redact (said, VM_ANNOUNCE_MINIMAL, "");
  fake_device_say (ann);
  hint (ann, ann->info);
  fail_unless (event_log_seen ("added", 1, FOUND));
  /* later it says who it is: the same device */
  hint (ann, said);
  wait_asked (ann, 2);
  wait_settled ();
  fail_unless_equals_int (event_log_count ("added"), 1);
}

GST_END_TEST;

GST_START_TEST (test_own_is_not_listed)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);
  VmTableConfig config = {
    .own_id = ann->info->device_id, .own_port = ann->port, .timeout_ms = 10000
  };

  vm_table_free (table);
  table = vm_table_new (client, &config, &table_events, NULL);
  hint (ann, ann->info);
  fail_unless_equals_int (vm_table_pending (table), 0);
  /* unnamed it is asked, and known by its key */
  hint (ann, NULL);
  fail_unless (event_log_seen ("asked Ann", 1, FOUND));
  wait_settled ();
  fail_unless_equals_int (fake_device_asked (ann), 1);
  fail_unless_equals_int (event_log_count ("added"), 0);
}

GST_END_TEST;

GST_START_TEST (test_same_id_on_two_ports_is_two)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);
  g_autoptr (FakeDevice) too = fake_device_new_twin ("Ann too", ann);

  hint (ann, ann->info);
  hint (too, too->info);
  fail_unless (event_log_seen ("added", 2, FOUND));
  fail_unless_equals_int (vm_table_size (table), 2);
}

GST_END_TEST;

GST_START_TEST (test_plain_is_believed_on_loopback)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", FALSE);
  g_autoptr (FakeDevice) bob = fake_device_new ("Bob", FALSE);
  VmTableConfig config = { .timeout_ms = 5000 };

  /* a TLS greeting to a server without TLS ends with the time-out */
  vm_table_free (table);
  table = vm_table_new (client, &config, &table_events, NULL);
  hint (ann, ann->info);
  /* an address alone: TLS is tried first, then without */
  hint (bob, NULL);
  fail_unless (event_log_seen ("added", 2, FOUND));
}

GST_END_TEST;

GST_START_TEST (test_bye_of_the_living)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);
  g_autoptr (GSocketAddress) address = at (ann->port);

  hint (ann, ann->info);
  fail_unless (event_log_seen ("added Ann", 1, FOUND));
  vm_table_gone (table, address, ann->info);
  /* asked at once and a few times more, but not believed */
  wait_asked (ann, 2 * VM_PROBE_MISSES);
  fail_unless_equals_int (event_log_count ("removed"), 0);
}

GST_END_TEST;

GST_START_TEST (test_dead_is_gone)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);

  hint (ann, ann->info);
  fail_unless (event_log_seen ("added Ann", 1, FOUND));
  fake_device_stop (ann);
  fail_unless (event_log_seen ("removed Ann", 1, FOUND));
  fail_unless_equals_int (vm_table_size (table), 0);
}

GST_END_TEST;

GST_START_TEST (test_table_at_below_and_above_the_limit)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);

  hint (ann, ann->info);
  fail_unless (event_log_seen ("added Ann", 1, FOUND));
  for (guint i = 0; i < VM_TABLE_MAX + 10; i++) {
    /* RFC 5737, documentation: loopback's neighbours answer nobody */
    g_autofree gchar *text = g_strdup_printf ("127.1.%u.%u", i / 250, i % 250);
    g_autoptr (GSocketAddress) address =
        g_inet_socket_address_new_from_string (text, 9);
    guint expected = MIN (i + 1, VM_TABLE_MAX - 1);

    vm_table_found (table, VM_METHODS_UDP, address, NULL);
    fail_unless_equals_int (vm_table_pending (table), expected);
  }
  /* who is there is not pushed out */
  fail_unless_equals_int (vm_table_size (table), 1);
}

GST_END_TEST;

/* Many ports of one address, as whoever announces them likes. */
GST_START_TEST (test_ports_of_one_address)
{
  g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);
  g_autoptr (GSocketAddress) asked =
      g_inet_socket_address_new_from_string ("127.1.0.1", 9999);

  hint (ann, ann->info);
  fail_unless (event_log_seen ("added Ann", 1, FOUND));
  for (guint i = 0; i < 100 * VM_PROBE_PORTS_MAX; i++) {
    g_autoptr (GSocketAddress) address =
        g_inet_socket_address_new_from_string ("127.1.0.1", 1000 + i);

    vm_table_found (
        table, i % 2 ? VM_METHODS_UDP : VM_METHODS_MDNS, address, NULL);
    fail_unless_equals_int (
        vm_table_pending (table), MIN (i + 1, VM_PROBE_PORTS_MAX));
  }
  /* what the user asks for is not counted, nor who is there already */
  vm_table_found (table, VM_METHODS_MANUAL, asked, NULL);
  fail_unless_equals_int (vm_table_pending (table), VM_PROBE_PORTS_MAX + 1);
  wait_asked (ann, 1);
}

GST_END_TEST;

/* A device that is gone is found again at once. */
GST_START_TEST (test_answers_are_not_counted)
{
  for (guint i = 0; i < 2 * VM_PROBE_PORTS_MAX; i++) {
    g_autoptr (FakeDevice) ann = fake_device_new ("Ann", TRUE);

    hint (ann, ann->info);
    fail_unless (event_log_seen ("added Ann", i + 1, FOUND));
  }
}

GST_END_TEST;

GST_START_TEST (test_budget_of_a_port)
{
  g_autoptr (VmProbeBudget) budget = vm_probe_budget_new ();

  fail_unless (vm_probe_budget_admit (budget, "10.0.0.1", 80, 1));
  fail_if (vm_probe_budget_admit (budget, "10.0.0.1", 80, 2));
  fail_unless (vm_probe_budget_admit (budget, "10.0.0.2", 80, 2));
  fail_if (vm_probe_budget_admit (budget, "10.0.0.1", 80, VM_PROBE_PORT_TIME));
  fail_unless (
      vm_probe_budget_admit (budget, "10.0.0.1", 80, VM_PROBE_PORT_TIME + 1));
  vm_probe_budget_clear (budget, "10.0.0.1", 80);
  vm_probe_budget_clear (budget, "10.0.0.3", 80);
  fail_unless (
      vm_probe_budget_admit (budget, "10.0.0.1", 80, VM_PROBE_PORT_TIME + 2));
}

GST_END_TEST;

GST_START_TEST (test_budget_of_an_address)
{
  g_autoptr (VmProbeBudget) budget = vm_probe_budget_new ();

  for (guint i = 1; i <= VM_PROBE_PORTS_MAX; i++)
    fail_unless (vm_probe_budget_admit (budget, "10.0.0.1", i, i));
  fail_if (vm_probe_budget_admit (budget, "10.0.0.1", 99, 99));
  fail_unless (vm_probe_budget_admit (budget, "10.0.0.2", 99, 99));
  /* the first is old: one more, and no other */
  fail_unless (
      vm_probe_budget_admit (budget, "10.0.0.1", 99, VM_PROBE_PORT_TIME + 1));
  fail_if (
      vm_probe_budget_admit (budget, "10.0.0.1", 98, VM_PROBE_PORT_TIME + 1));
  vm_probe_budget_clear (budget, "10.0.0.1", 99);
  fail_unless (
      vm_probe_budget_admit (budget, "10.0.0.1", 98, VM_PROBE_PORT_TIME + 1));
}

GST_END_TEST;

GST_START_TEST (test_budget_of_addresses)
{
  g_autoptr (VmProbeBudget) budget = vm_probe_budget_new ();

  for (guint i = 0; i < VM_PROBE_ADDRESSES_MAX; i++) {
    g_autofree gchar *text = g_strdup_printf ("10.0.%u.%u", i / 256, i % 256);

    fail_unless (vm_probe_budget_admit (budget, text, 80, i));
  }
  fail_if (vm_probe_budget_admit (budget, "10.1.0.1", 80, 1));
  fail_unless (vm_probe_budget_admit (budget, "10.0.0.1", 81, 1));
  fail_unless (
      vm_probe_budget_admit (budget, "10.1.0.1", 80, VM_PROBE_PORT_TIME));
}

GST_END_TEST;

GST_START_TEST (test_budget_of_a_second)
{
  g_autoptr (VmProbeBudget) budget = vm_probe_budget_new ();
  gint64 now = 1000 * G_USEC_PER_SEC;

  for (guint i = 0; i < VM_PROBES_MAX; i++)
    fail_unless (vm_probe_budget_spend (budget, now));
  fail_if (vm_probe_budget_spend (budget, now));
  now += G_USEC_PER_SEC;
  for (guint i = 0; i < VM_PROBES_MAX; i++)
    fail_unless (vm_probe_budget_spend (budget, now));
  fail_if (vm_probe_budget_spend (budget, now));
}

GST_END_TEST;

static Suite *
table_suite (void)
{
  Suite *s = suite_create ("table");
  TCase *tc = tcase_create ("table");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, open_table, close_table);
  tcase_add_test (tc, test_hint_becomes_a_device);
  tcase_add_test (tc, test_change_is_told);
  tcase_add_test (tc, test_id_of_another_key_is_refused);
  tcase_add_test (tc, test_body_of_another_id_is_refused);
  tcase_add_test (tc, test_lie_about_a_known_device_changes_nothing);
  tcase_add_test (tc, test_hidden_id_is_the_key_s);
  tcase_add_test (tc, test_own_is_not_listed);
  tcase_add_test (tc, test_same_id_on_two_ports_is_two);
  tcase_add_test (tc, test_plain_is_believed_on_loopback);
  tcase_add_test (tc, test_bye_of_the_living);
  tcase_add_test (tc, test_dead_is_gone);
  tcase_add_test (tc, test_table_at_below_and_above_the_limit);
  tcase_add_test (tc, test_ports_of_one_address);
  tcase_add_test (tc, test_answers_are_not_counted);
  tc = tcase_create ("budget");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_budget_of_a_port);
  tcase_add_test (tc, test_budget_of_an_address);
  tcase_add_test (tc, test_budget_of_addresses);
  tcase_add_test (tc, test_budget_of_a_second);
  return s;
}

CHECK_PROGRAM (table)
