/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the server of the mesh keeps: sessions of users, and the records that
 * agents redeem. */

#include "program.h"

#include <gst/videomeet/server/meshsessions.h>
#include <gst/videomeet/vmerror.h>
#include <gst/videomeet/wire/meshrecords.h>
#include <string.h>

static gboolean
redeem (VmMeshRecords *records, const gchar *id, const gchar *token,
    const gchar *from, gint64 now, gint code)
{
  g_autofree gchar *hello = g_strdup_printf (
      "{\"t\":\"P2P_HELLO\",\"session_id\":\"%s\",\"session_token\":\"%s\","
      "\"from_device_id\":\"%s\"}",
      id, token, from);
  g_autoptr (GError) error = NULL;
  VmMeshKind kind = VM_MESH_N_KINDS;
  gboolean good = vm_mesh_records_redeem (
      records, hello, strlen (hello), now, &kind, &error);

  if (!good)
    g_assert_error (error, VM_ERROR, code);
  fail_unless_equals_int (kind, good ? VM_MESH_FILE : VM_MESH_N_KINDS);
  return good;
}

GST_START_TEST (test_records)
{
  g_autoptr (VmMeshRecords) records = vm_mesh_records_new ();
  const VmMeshRecord record = { "s-1", "secret", VM_MESH_FILE, "dev-a" };
  const gchar *wrong[] = { "", "[]", "{}", "{\"t\":\"P2P_OK\"}",
    "{\"t\":\"P2P_HELLO\",\"session_id\":\"s-1\"}" };
  const gint denied = VM_ERROR_P2P_SESSION_DENIED;
  const gint64 late = VM_MESH_RECORD_TIME;

  fail_unless (vm_mesh_records_add (records, &record, 0, NULL));
  fail_if (redeem (records, "s-2", "secret", "dev-a", 1, denied));
  fail_if (redeem (records, "s-1", "secre", "dev-a", 1, denied));
  fail_if (redeem (records, "s-1", "secrets", "dev-a", 1, denied));
  fail_if (redeem (records, "s-1", "", "dev-a", 1, denied));
  fail_if (redeem (records, "s-1", "secret", "dev-b", 1, denied));
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;
    VmMeshKind kind;

    fail_if (vm_mesh_records_redeem (
        records, wrong[i], strlen (wrong[i]), 1, &kind, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
  fail_unless (redeem (records, "s-1", "secret", "dev-a", late - 1, 0));

  fail_unless (vm_mesh_records_add (records, &record, 0, NULL));
  fail_if (redeem (records, "s-1", "secret", "dev-a", late, denied));
  fail_unless (vm_mesh_records_add (records, &record, 0, NULL));
  vm_mesh_records_forget (records, "dev-b");
  fail_unless_equals_int (vm_mesh_records_count (records, 1), 1);
  vm_mesh_records_forget (records, "dev-a");
  fail_unless_equals_int (vm_mesh_records_count (records, 1), 0);
}

GST_END_TEST;

GST_START_TEST (test_size_of_hello)
{
  for (gint more = -1; more <= 1; more++) {
    g_autoptr (VmMeshRecords) records = vm_mesh_records_new ();
    const VmMeshRecord record = { "s-1", "secret", VM_MESH_FILE, "dev-a" };
    const gchar hello[] =
        "{\"t\":\"P2P_HELLO\",\"session_id\":\"s-1\",\"session_token\":"
        "\"secret\",\"from_device_id\":\"dev-a\"}";
    g_autofree gchar *text =
        g_strdup_printf ("%-*s", VM_MESH_P2P_HELLO_MAX + more, hello);
    VmMeshKind kind;

    fail_unless (vm_mesh_records_add (records, &record, 0, NULL));
    fail_unless_equals_int (
        vm_mesh_records_redeem (records, text, strlen (text), 1, &kind, NULL),
        more <= 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_number_of_records)
{
  g_autoptr (VmMeshRecords) records = vm_mesh_records_new ();
  g_autoptr (GError) error = NULL;
  VmMeshRecord record = { "one more", "t", VM_MESH_FILE, "one more" };

  for (guint i = 0; i < VM_MESH_RECORDS_MAX; i++) {
    g_autofree gchar *id = g_strdup_printf ("%u", i);
    const VmMeshRecord next = { id, "t", VM_MESH_FILE, id };

    fail_unless (vm_mesh_records_add (records, &next, 0, NULL));
  }
  fail_if (vm_mesh_records_add (records, &record, 0, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  fail_unless (
      vm_mesh_records_add (records, &record, VM_MESH_RECORD_TIME, NULL));
}

GST_END_TEST;

/* Sessions of users */

GST_START_TEST (test_sessions)
{
  g_autoptr (VmMeshSessions) sessions = vm_mesh_sessions_new ();

  fail_unless (
      vm_mesh_sessions_add (sessions, "t", "u", "Ann", "192.0.2.1", 0, NULL));
  fail_unless (vm_mesh_sessions_find (sessions, NULL, 0) == NULL);
  fail_unless (vm_mesh_sessions_find (sessions, "x", 0) == NULL);
  fail_unless_equals_string (
      vm_mesh_sessions_find (sessions, "t", VM_MESH_SESSION_TIME - 1)->user_id,
      "u");
  fail_unless (
      vm_mesh_sessions_find (sessions, "t", VM_MESH_SESSION_TIME) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_number_of_users)
{
  g_autoptr (VmMeshSessions) sessions = vm_mesh_sessions_new ();
  g_autoptr (GError) error = NULL;

  /* of one address: the oldest makes room */
  for (guint i = 0; i <= VM_MESH_SESSIONS_PER_ADDRESS; i++) {
    g_autofree gchar *token = g_strdup_printf ("a%u", i);

    fail_unless (vm_mesh_sessions_add (
        sessions, token, "u", "Ann", "192.0.2.1", i, NULL));
  }
  fail_unless_equals_int (
      vm_mesh_sessions_count (sessions), VM_MESH_SESSIONS_PER_ADDRESS);
  fail_unless (vm_mesh_sessions_find (sessions, "a0", 0) == NULL);
  fail_unless (vm_mesh_sessions_find (sessions, "a1", 0) != NULL);
  /* of all: who has most makes room, till nobody has more than one */
  for (guint i = vm_mesh_sessions_count (sessions); i < VM_MESH_SESSIONS_MAX;
       i++) {
    g_autofree gchar *token = g_strdup_printf ("b%u", i);

    fail_unless (
        vm_mesh_sessions_add (sessions, token, "u", "Bob", token, 300, NULL));
  }
  for (guint i = 1; i < VM_MESH_SESSIONS_PER_ADDRESS; i++) {
    g_autofree gchar *token = g_strdup_printf ("c%u", i);
    g_autofree gchar *gone = g_strdup_printf ("a%u", i);

    fail_unless (
        vm_mesh_sessions_add (sessions, token, "u", "Carl", token, 300, NULL));
    fail_unless (vm_mesh_sessions_find (sessions, gone, 300) == NULL);
    fail_unless_equals_int (
        vm_mesh_sessions_count (sessions), VM_MESH_SESSIONS_MAX);
  }
  fail_unless (vm_mesh_sessions_find (sessions, "c1", 300) != NULL);
  fail_if (vm_mesh_sessions_add (
      sessions, "d", "u", "Dora", "192.0.2.3", 300, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  fail_unless (vm_mesh_sessions_add (sessions, "d", "u", "Dora", "192.0.2.3",
      300 + VM_MESH_SESSION_TIME, NULL));
}

GST_END_TEST;

GST_START_TEST (test_number_of_capabilities)
{
  g_autoptr (VmMeshSessions) sessions = vm_mesh_sessions_new ();
  g_autoptr (GError) error = NULL;
  VmMeshSession *session;

  vm_mesh_sessions_add (sessions, "t", "u", "Ann", "192.0.2.1", 0, NULL);
  session = vm_mesh_sessions_find (sessions, "t", 0);
  for (guint i = 0; i < VM_MESH_MINT_BURST; i++)
    fail_unless (vm_mesh_session_may_mint (session, 0, NULL));
  fail_if (vm_mesh_session_may_mint (session, 0, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  fail_if (vm_mesh_session_may_mint (session, VM_MESH_MINT_TIME / 2, NULL));
  fail_unless (vm_mesh_session_may_mint (session, VM_MESH_MINT_TIME, NULL));
  fail_if (vm_mesh_session_may_mint (session, VM_MESH_MINT_TIME, NULL));
}

GST_END_TEST;

static Suite *
meshtables_suite (void)
{
  Suite *suite = suite_create ("meshtables");
  TCase *tests = tcase_create ("tables");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_records);
  tcase_add_test (tests, test_size_of_hello);
  tcase_add_test (tests, test_number_of_records);
  tcase_add_test (tests, test_sessions);
  tcase_add_test (tests, test_number_of_users);
  tcase_add_test (tests, test_number_of_capabilities);
  return suite;
}

CHECK_PROGRAM (meshtables)
