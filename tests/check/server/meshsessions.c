/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sessions of the mesh's users, and how many there are. */

#include "program.h"

#include <gst/videomeet/server/dialect/mesh/meshsessions.h>
#include <gst/videomeet/vmerror.h>

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
meshsessions_suite (void)
{
  Suite *suite = suite_create ("meshsessions");
  TCase *tests = tcase_create ("tables");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_sessions);
  tcase_add_test (tests, test_number_of_users);
  tcase_add_test (tests, test_number_of_capabilities);
  return suite;
}

CHECK_PROGRAM (meshsessions)
