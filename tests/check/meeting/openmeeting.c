/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Devices that meet in a room that nobody hosts, on a server over TLS: what
 * they make of a meeting without a host, and the one that moderates it. */

#include "program.h"
#include "support/meetingdevice.h"
#include "support/net/passtokens.h"

#include <glib/gstdio.h>
#include <gst/videomeet/server/server.h>
#include <gst/videomeet/meeting/vmmeeting-priv.h>
#include <gst/videomeet/meeting/vmparticipant-priv.h>

static VmServer *server;
static gchar *folder;
static const gchar *auth_keys; /* NULL: everybody is admitted */

static void
start_server (guint16 port)
{
  g_autofree gchar *state = g_build_filename (folder, "rooms", NULL);
  const VmServerConfig config = {
    .open_rooms = TRUE,
    .port = port,
    .port_explicit = TRUE,
    .state_file = state,
    .auth_keys = auth_keys,
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmIdentity) identity = NULL;
  VmDeviceInfo *info = vm_device_info_new ();

  identity = vm_identity_load (folder, &error);
  g_assert_no_error (error);
  server = vm_server_new (identity);
  g_free (info->device);
  info->device = g_strdup ("rooms");
  g_free (info->device_id);
  info->device_id = g_strdup (vm_identity_get_device_id (identity));
  vm_server_set_device_info (server, info);
  vm_device_info_free (info);
  vm_server_start (server, &config, &error);
  g_assert_no_error (error);
}

static void
set_up (void)
{
  setup ();
  folder = g_dir_make_tmp ("vm-server-XXXXXX", NULL);
  auth_keys = NULL;
  start_server (0);
}

static void
tear_down (void)
{
  g_autofree gchar *file = g_build_filename (folder, "identity.pem", NULL);
  g_autofree gchar *state = g_build_filename (folder, "rooms", NULL);

  teardown ();
  vm_server_stop (server);
  g_clear_object (&server);
  g_unlink (file);
  g_unlink (state);
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}

static void
join (Device *device)
{
  device_open (device, VM_MEETING_MODE_JOIN);
  use_port (device, vm_server_get_port (server), "blue");
  start (device);
}

static void
meet (void)
{
  join (&a);
  WAIT_FOR (has (&a, "active") || a.error);
  g_assert_no_error (a.error);
  join (&b);
  WAIT_FOR ((has (&b, "active") && has (&a, "+p002")) || b.error);
  g_assert_no_error (b.error);
}

GST_START_TEST (test_meet)
{
  meet ();
  heard (&a, "joined:p001 active +p002");
  heard (&b, "joined:p002 +p001 active");
  fail_if (vm_meeting_get_hosting (a.meeting));
  fail_if (vm_participant_get_host (b.other));
  fail_if (vm_participant_get_host (a.other));
  /* the server is no word for who somebody is */
  fail_unless_equals_int (
      vm_participant_get_trust (b.other), VM_TRUST_LEVEL_UNKNOWN);
  fail_unless_equals_string (vm_participant_get_user (b.other), "Ann");
  vm_meeting_stop (a.meeting);
  WAIT_FOR (has (&b, "-p001"));
  heard (&b, "disconnected -p001");
}

GST_END_TEST;

GST_START_TEST (test_moderator)
{
  g_autoptr (GError) error = NULL;

  meet ();
  fail_if (vm_meeting_set_locked (b.meeting, TRUE, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  g_clear_error (&error);
  fail_unless (vm_meeting_set_locked (a.meeting, TRUE, &error));
  WAIT_FOR (vm_meeting_get_locked (b.meeting));
  /* it is not its to end */
  fail_if (vm_meeting_end (a.meeting, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  g_clear_error (&error);
  fail_unless (vm_meeting_kick (a.meeting, a.other, &error));
  WAIT_FOR (b.error);
  g_assert_error (b.error, VM_ERROR, VM_ERROR_KICKED);
  WAIT_FOR (has (&a, "-p002"));
}

GST_END_TEST;

GST_START_TEST (test_next_moderator)
{
  meet ();
  vm_meeting_stop (a.meeting);
  WAIT_FOR (vm_meeting_set_locked (b.meeting, TRUE, NULL));
  WAIT_FOR (vm_meeting_get_locked (b.meeting));
}

GST_END_TEST;

/* Both are where they were, and hear each other. */
GST_START_TEST (test_restart)
{
  guint16 port;

  meet ();
  heard (&a, "joined:p001 active +p002");
  heard (&b, "joined:p002 +p001 active");
  port = vm_server_get_port (server);
  vm_server_stop (server);
  g_clear_object (&server);
  start_server (port);
  fail_unless (vm_meeting_set_locked (a.meeting, TRUE, NULL));
  WAIT_FOR (vm_meeting_get_locked (b.meeting));
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0\r\n", NULL, 0, "s-1", 1, NULL);
  WAIT_FOR (has (&a, "offer:s-1:1"));
  heard (&a, "offer:s-1:1");
  heard (&b, "");
  fail_if (a.error || b.error);
  vm_meeting_stop (b.meeting);
  WAIT_FOR (has (&a, "-p002"));
}

GST_END_TEST;

/* The next server knows of no seats: both are in the room again, by other
 * ids. */
GST_START_TEST (test_killed)
{
  g_autofree gchar *state = g_build_filename (folder, "rooms", NULL);
  guint16 port;

  meet ();
  g_string_truncate (a.heard, 0);
  g_string_truncate (b.heard, 0);
  port = vm_server_get_port (server);
  vm_server_stop (server);
  g_clear_object (&server);
  g_unlink (state);
  start_server (port);
  WAIT_FOR (has (&a, "joined:") && has (&b, "joined:"));
  WAIT_FOR (has (&a, " +p") && has (&b, " +p"));
  fail_unless (g_str_has_prefix (
      a.heard->str, "disconnected -p002RESUME_FAILED joined:"));
  fail_unless (g_str_has_prefix (
      b.heard->str, "disconnected -p001RESUME_FAILED joined:"));
  fail_if (a.error || b.error);
  fail_unless_equals_int (a.meeting->participants->len, 1);
  fail_unless_equals_int (b.meeting->participants->len, 1);
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0\r\n", NULL, 0, "s-1", 1, NULL);
  WAIT_FOR (has (&a, "offer:s-1:1"));
}

GST_END_TEST;

/* What is said while it is away is nobody's, and it is not waited for without
 * end. */
GST_START_TEST (test_gone_for_good)
{
  g_autofree gchar *state = g_build_filename (folder, "rooms", NULL);
  guint16 port;

  meet ();
  b.meeting->return_time = 1;
  port = vm_server_get_port (server);
  vm_server_stop (server);
  g_clear_object (&server);
  g_unlink (state);
  start_server (port);
  vm_server_drain (server);
  WAIT_FOR (has (&b, "failed"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_DISCONNECTED);
  fail_if (a.error);
}

GST_END_TEST;

GST_START_TEST (test_policy_require)
{
  g_object_set (a.node, "policy", VM_POLICY_REQUIRE, NULL);
  join (&a);
  WAIT_FOR (a.error);
  g_assert_error (a.error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

static void
join_with (Device *device, const gchar *token, VmDialectName dialect)
{
  g_autofree gchar *uri =
      g_strdup_printf ("wss://127.0.0.1:%u/", vm_server_get_port (server));

  device_open (device, VM_MEETING_MODE_JOIN);
  use_port (device, vm_server_get_port (server), "blue");
  if (dialect != VM_DIALECT_NAME_NATIVE)
    g_object_set (
        device->meeting, "uri", uri, "name", "blue", "dialect", dialect, NULL);
  g_object_set (device->meeting, "cap-token", token, NULL);
  start (device);
  WAIT_FOR (has (device, "active") || device->error);
}

static const VmDialectName dialects[] = { VM_DIALECT_NAME_NATIVE,
  VM_DIALECT_NAME_ROOM, VM_DIALECT_NAME_SOCKETIO };

#define BLUE_TOKEN "{\"exp\":4102444800,\"room_id\":\"blue\"}"

/* A server that admits those who show a token, and what each is told. */
GST_START_TEST (test_token)
{
  VmDialectName dialect = dialects[__i__];
  g_autofree gchar *good = pass_token_by_secret (PASS_SECRET, BLUE_TOKEN);
  g_autofree gchar *old = pass_token_by_secret (PASS_SECRET, "{\"exp\":1}");

  device_init (&c, "Carl");
  vm_server_stop (server);
  g_clear_object (&server);
  auth_keys = PASS_SECRET;
  start_server (0);
  join_with (&a, NULL, dialect);
  g_assert_error (a.error, VM_ERROR, VM_ERROR_CAP_REQUIRED);
  join_with (&b, old, dialect);
  g_assert_error (b.error, VM_ERROR, VM_ERROR_CAP_EXPIRED);
  join_with (&c, good, dialect);
  g_assert_no_error (c.error);
  device_clear (&c);
}

GST_END_TEST;

/* Whoever's token is not good any more need not try for five minutes. */
GST_START_TEST (test_token_of_before)
{
  g_autofree gchar *good = pass_token_by_secret (PASS_SECRET, BLUE_TOKEN);
  guint16 port;

  vm_server_stop (server);
  g_clear_object (&server);
  auth_keys = PASS_SECRET;
  start_server (0);
  join_with (&a, good, VM_DIALECT_NAME_ROOM);
  g_assert_no_error (a.error);
  port = vm_server_get_port (server);
  vm_server_stop (server);
  g_clear_object (&server);
  auth_keys = "another secret of 32 bytes or more";
  start_server (port);
  WAIT_FOR (has (&a, "failed"));
  g_assert_error (a.error, VM_ERROR, VM_ERROR_CAP_INVALID);
}

GST_END_TEST;

static Suite *
openmeeting_suite (void)
{
  Suite *s = suite_create ("openmeeting");
  TCase *tc = tcase_create ("general");

  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_meet);
  tcase_add_test (tc, test_moderator);
  tcase_add_test (tc, test_next_moderator);
  tcase_add_test (tc, test_restart);
  tcase_add_test (tc, test_killed);
  tcase_add_test (tc, test_gone_for_good);
  tcase_add_test (tc, test_policy_require);
  tcase_add_loop_test (tc, test_token, 0, G_N_ELEMENTS (dialects));
  tcase_add_test (tc, test_token_of_before);
  suite_add_tcase (s, tc);
  return s;
}

CHECK_PROGRAM (openmeeting)
