/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Trust at a whole node: its properties, its signals, and what an application
 * answers to them. */

#include "program.h"
#include "support/trust/trusthost.h"

#include <gst/videomeet/node/node-priv.h>
#include <gst/videomeet/server/server-priv.h>
#include <gst/videomeet/trust/store/vmtruststore-priv.h>
#include <gst/videomeet/videomeet.h>
#include <string.h>

static VmNode *node;
static GMutex lock; /* of failed, which the node's thread writes */
static gchar *failed; /* the request that failed last; NULL: none */

static void
on_requested (VmNode *of, const gchar *request_id, const gchar *device_id,
    const gchar *name, const gchar *six, gpointer user_data)
{
  host_take_request (request_id, six);
  host_hear ("requested:%s", name);
}

static void
on_established (
    VmNode *of, const gchar *device_id, const gchar *name, gpointer user_data)
{
  host_hear ("established:%s", name);
}

static void
on_failed (VmNode *of, const gchar *request_id, const gchar *device_id,
    const gchar *name, const GError *error, gpointer user_data)
{
  g_mutex_lock (&lock);
  g_free (failed);
  failed = g_strdup (request_id);
  g_mutex_unlock (&lock);
  host_hear ("failed:%s:%s", name, vm_error_to_code (error->code));
}

static void
on_changed (VmNode *of, const gchar *device_id, gpointer user_data)
{
  host_hear ("changed");
}

static void
say_yes (const gchar *request_id)
{
  vm_node_approve_trust (node, request_id, NULL);
}

static void
node_setup (void)
{
  g_autoptr (GError) error = NULL;

  host_open_ears ();
  host_approve = say_yes;
  node = vm_node_new (f.folder);
  g_object_set (node, "user", "Ann", "port", 0, NULL);
  g_signal_connect (node, "trust-requested", G_CALLBACK (on_requested), NULL);
  g_signal_connect (
      node, "trust-established", G_CALLBACK (on_established), NULL);
  g_signal_connect (node, "trust-failed", G_CALLBACK (on_failed), NULL);
  g_signal_connect (node, "trust-changed", G_CALLBACK (on_changed), NULL);
  vm_node_start (node, VM_NODE_ROLES_SERVE, &error);
  g_assert_no_error (error);
  server = vm_node_get_server (node);
}

static void
node_teardown (void)
{
  vm_node_stop (node, VM_NODE_ROLES_SERVE);
  g_clear_object (&node);
  g_clear_pointer (&failed, g_free);
  server = NULL;
  host_close_ears ();
}

GST_START_TEST (test_defaults)
{
  VmPolicy policy;
  VmApprove approve;
  VmPermissions permissions;

  g_object_get (node, "policy", &policy, "approve", &approve, "permissions",
      &permissions, NULL);
  fail_unless_equals_int (permissions,
      VM_PERMISSIONS_CALL | VM_PERMISSIONS_FILE | VM_PERMISSIONS_FOLDER);
  fail_unless_equals_int (policy, VM_POLICY_PIN);
  fail_unless_equals_int (approve, VM_APPROVE_ASK);
  fail_unless_equals_string (
      vm_trust_store_get_folder (vm_node_get_trust_store (node)), f.folder);
}

GST_END_TEST;

/* Which device a process is, is said before it is one. */
GST_START_TEST (test_store)
{
  g_autofree gchar *name = g_path_get_basename (f.folder);
  g_autofree gchar *again = g_build_filename (f.folder, "..", name, NULL);
  g_autoptr (VmTrustStore) store = vm_trust_store_new (again);
  g_autoptr (VmTrustStore) other = vm_trust_store_new (f.parent);
  g_autoptr (VmNode) fresh = vm_node_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *fingerprint = NULL, *expected = NULL;

  fail_unless (vm_node_set_trust_store (node, store, &error));
  fail_if (vm_node_set_trust_store (node, other, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  g_clear_error (&error);

  fail_unless (vm_node_set_trust_store (fresh, f.store, &error));
  fail_unless (vm_node_get_trust_store (fresh) == f.store);
  fail_unless_equals_string (
      vm_identity_get_device_id (vm_node_get_identity (fresh)),
      vm_identity_get_device_id (f.me));
  g_object_get (fresh, "fingerprint", &fingerprint, NULL);
  expected = vm_fingerprint_from_device_id (vm_identity_get_device_id (f.me));
  fail_unless_equals_string (fingerprint, expected);
  fail_if (vm_node_set_trust_store (fresh, other, NULL));
}

GST_END_TEST;

GST_START_TEST (test_approved)
{
  g_autoptr (GDateTime) today = g_date_time_new_now_utc ();
  g_autofree gchar *id = NULL;

  vm_token_unref (trust_agree (f.bob, "Bob"));
  host_heard ("established:Bob");
  host_waits_for ("changed");
  id = vm_trust_store_revoke (
      vm_node_get_trust_store (node), "Bob", today, NULL);
  fail_unless (id != NULL);
  host_waits_for ("changed");
}

GST_END_TEST;

GST_START_TEST (test_denied)
{
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autoptr (GIOStream) poll = trust_poll (f.bob, id);
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (GError) error = NULL;

  fail_if (vm_node_deny_trust (node, "another", &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_FOUND);
  fail_unless (vm_node_deny_trust (node, id, NULL));
  fail_if (vm_node_approve_trust (node, id, NULL));
  answer = trust_polled (poll);
  fail_unless_equals_int (answer->status, 403);
}

GST_END_TEST;

static gchar *
dup_failed (void)
{
  gchar *copy;

  g_mutex_lock (&lock);
  copy = g_strdup (failed);
  g_mutex_unlock (&lock);
  return copy;
}

/* Which request it was, or that it was none. */
GST_START_TEST (test_failed)
{
  g_autofree gchar *id = trust_request (f.bob, 1);
  g_autofree gchar *wrong = trust_reveal_body (id, 2);
  g_autofree gchar *request = NULL;
  g_autofree gchar *join = NULL;
  g_autoptr (GError) reason =
      g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED, "not let in");

  trust_refused (f.bob, "/trust/reveal", wrong, VM_ERROR_SIGNATURE);
  host_heard ("failed:Bob:SIGNATURE");
  request = dup_failed ();
  fail_unless_equals_string (request, id);
  vm_pairing_service_tell_failed (server->pairing, NULL, "Eve", reason);
  host_heard ("failed:Eve:NOT_TRUSTED");
  join = dup_failed ();
  fail_unless (join == NULL);
}

GST_END_TEST;

GST_START_TEST (test_auto)
{
  g_autofree gchar *id = NULL;
  g_autoptr (GIOStream) poll = NULL;
  g_autoptr (NetAnswer) answer = NULL;

  g_object_set (node, "approve", VM_APPROVE_AUTO, NULL);
  id = trust_reveal (f.bob, 1);
  poll = trust_poll (f.bob, id);
  answer = trust_polled (poll);
  fail_unless_equals_int (answer->status, 200);
}

GST_END_TEST;

/* Who hides is asked as well, and still says no name. */
GST_START_TEST (test_announced_minimally)
{
  g_autofree gchar *body = trust_request_body (f.bob, 1);
  g_autoptr (NetAnswer) open = trust_ask (f.bob, "/trust/request", body);
  g_autoptr (NetAnswer) hidden = NULL;

  fail_unless_equals_int (open->status, 202);
  fail_unless (strstr (open->body, "\"name\":\"Ann\""), "%s", open->text);
  g_object_set (node, "announce", VM_ANNOUNCE_MINIMAL, NULL);
  /* what is set counts when this returns */
  fail_unless (vm_node_start (node, VM_NODE_ROLES_SERVE, NULL));
  hidden = trust_ask (f.bob, "/trust/request", body);
  fail_unless_equals_int (hidden->status, 202);
  fail_if (strstr (hidden->body, "Ann"), "%s", hidden->text);
  vm_node_stop (node, VM_NODE_ROLES_SERVE);
}

GST_END_TEST;

/* While running, and told to the host's user. */
GST_START_TEST (test_policy)
{
  g_autoptr (GError) error = NULL;
  VmMeeting *meeting = vm_meeting_new (node);
  g_autoptr (NetAnswer) refused = NULL;
  const gchar *body = "{\"meeting\":\"standup\",\"user\":\"Bob\"}";

  g_object_set (meeting, "name", "standup", "mode", VM_MEETING_MODE_HOST, NULL);
  g_object_set (node, "policy", VM_POLICY_REQUIRE, NULL);
  vm_meeting_start (meeting, &error);
  g_assert_no_error (error);
  net_use_identity (f.bob);
  refused = net_join (server, body);
  fail_unless (strstr (refused->body, "NOT_TRUSTED"), "%s", refused->text);
  host_heard ("failed:Bob:NOT_TRUSTED");
  vm_meeting_stop (meeting);
  g_object_unref (meeting);
}

GST_END_TEST;

static void
on_meeting_failed (VmMeeting *of, const GError *error, GError **reason)
{
  *reason = g_error_copy (error);
}

static void
on_joined (VmMeeting *of, VmParticipant *me, gboolean *joined)
{
  *joined = TRUE;
}

static gboolean
on_deadline (gpointer late)
{
  *(gboolean *) late = TRUE;
  return G_SOURCE_CONTINUE;
}

#define WAIT_FOR(condition)                                                \
  G_STMT_START                                                             \
  {                                                                        \
    gboolean late = FALSE;                                                 \
    guint timer = g_timeout_add_seconds (NET_SECONDS, on_deadline, &late); \
    while (!(condition) && !late)                                          \
      g_main_context_iteration (NULL, TRUE);                               \
    g_source_remove (timer);                                               \
    fail_if (late, "never: " #condition);                                  \
  }                                                                        \
  G_STMT_END

/* Revoking is for both sides: @at_host, or where the host was met. */
static void
check_revoked (gboolean at_host)
{
  g_autofree gchar *folder = g_build_filename (f.parent, "bob", NULL);
  g_autofree gchar *uri = NULL;
  g_autofree gchar *id = NULL;
  g_autoptr (GError) reason = NULL;
  g_autoptr (GDateTime) today = g_date_time_new_now_utc ();
  VmNode *other = vm_node_new (folder);
  VmMeeting *hosted = vm_meeting_new (node), *joined = vm_meeting_new (other);
  gboolean in = FALSE;

  g_object_set (hosted, "name", "standup", "mode", VM_MEETING_MODE_HOST, NULL);
  fail_unless (vm_meeting_start (hosted, NULL));
  uri = g_strdup_printf (
      "videomeet://127.0.0.1:%u/standup", vm_node_get_port (node));
  g_object_set (joined, "uri", uri, "user", "Bob", NULL);
  g_signal_connect (joined, "joined", G_CALLBACK (on_joined), &in);
  g_signal_connect (joined, "failed", G_CALLBACK (on_meeting_failed), &reason);
  fail_unless (vm_meeting_start (joined, NULL));
  WAIT_FOR (in || reason);
  g_assert_no_error (reason);
  if (at_host)
    id = vm_trust_store_revoke (vm_node_get_trust_store (node),
        vm_identity_get_device_id (f.bob), today, NULL);
  else
    id = vm_trust_store_revoke (vm_node_get_trust_store (other),
        vm_identity_get_device_id (f.me), today, NULL);
  fail_unless (id != NULL);
  WAIT_FOR (reason);
  g_assert_error (reason, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  vm_meeting_stop (joined);
  vm_meeting_stop (hosted);
  g_object_unref (joined);
  g_object_unref (hosted);
  g_object_unref (other);
}

GST_START_TEST (test_guest_is_revoked)
{
  check_revoked (TRUE);
}

GST_END_TEST;

GST_START_TEST (test_host_is_revoked)
{
  check_revoked (FALSE);
}

GST_END_TEST;

static Suite *
nodetrust_suite (void)
{
  Suite *suite = suite_create ("nodetrust");
  TCase *tests = tcase_create ("node");

  tcase_add_checked_fixture (tests, node_setup, node_teardown);
  tcase_add_test (tests, test_defaults);
  tcase_add_test (tests, test_store);
  tcase_add_test (tests, test_approved);
  tcase_add_test (tests, test_denied);
  tcase_add_test (tests, test_failed);
  tcase_add_test (tests, test_auto);
  tcase_add_test (tests, test_announced_minimally);
  tcase_add_test (tests, test_policy);
  tcase_add_test (tests, test_guest_is_revoked);
  tcase_add_test (tests, test_host_is_revoked);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (nodetrust)
