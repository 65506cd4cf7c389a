/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Three devices that trust each other more or less: Ann hosts, Bob and Carl
 * join. Who meets whom, and how it is shown. */

#include "program.h"
#include "support/meetingdevice.h"

#include <gst/videomeet/client/signalclient.h>
#include <gst/videomeet/trust/store/vmtruststore-priv.h>
#include <gst/videomeet/meeting/vmmeeting-priv.h>
#include <gst/videomeet/meeting/vmparticipant-priv.h>

#include <string.h>

#define CALL VM_PERMISSIONS_CALL
#define INTRODUCER (VM_PERMISSIONS_CALL | VM_PERMISSIONS_INTRODUCER)
#define DAY (24 * 3600)

static VmToken *
issue (Device *by, Device *to, VmPermissions permissions, GDateTime *now)
{
  gint64 date = g_date_time_to_unix (now);
  g_autoptr (GError) error = NULL;
  VmToken *token =
      vm_token_issue (key_of (by), vm_identity_get_spki (key_of (to)),
          permissions, NULL, date, date + DAY, &error);

  g_assert_no_error (error);
  return token;
}

/* @one trusts @other, and holds what that gave it. */
static void
remember (Device *one, Device *other, VmPermissions given, VmPermissions held)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmToken) mine = issue (one, other, given, now);
  g_autoptr (VmToken) its = issue (other, one, held, now);
  g_autofree gchar *user = NULL;
  g_autoptr (GError) error = NULL;

  g_object_get (other->node, "user", &user, NULL);
  vm_trust_store_add (vm_node_get_trust_store (one->node), user, "box",
      vm_identity_get_tls_certificate (key_of (other)), mine, its, now, &error);
  g_assert_no_error (error);
}

/* As after a handshake; the guest chooses what the host may. */
static void
agree (Device *guest, VmPermissions host_may)
{
  remember (guest, &a, host_may, CALL);
  remember (&a, guest, CALL, host_may);
}

static void
take_back (Device *at, Device *whom)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *id =
      vm_trust_store_revoke (vm_node_get_trust_store (at->node),
          vm_identity_get_device_id (key_of (whom)), now, NULL);

  fail_unless (id != NULL);
}

static void
require (void)
{
  g_object_set (a.node, "policy", VM_POLICY_REQUIRE, NULL);
  g_object_set (b.node, "policy", VM_POLICY_REQUIRE, NULL);
  g_object_set (c.node, "policy", VM_POLICY_REQUIRE, NULL);
}

static void
join (Device *device)
{
  device_open (device, VM_MEETING_MODE_JOIN);
  use_uri (device, "standup");
  start (device);
  WAIT_FOR (has (device, "active") || device->error);
  fail_if (device->error, "%s", device->error ? device->error->message : "");
}

static void
vouched_by (Device *device, const gchar *id, const gchar *voucher)
{
  VmParticipant *who = find (device, id);
  g_autofree gchar *value = NULL;

  fail_unless (who != NULL, "%s: %s", id, device->heard->str);
  fail_unless_equals_string (vm_participant_get_voucher (who), voucher);
  g_object_get (who, "voucher", &value, NULL);
  fail_unless_equals_string (value, voucher);
}

static void
shows (Device *device, const gchar *id, VmTrustLevel level)
{
  VmParticipant *who = find (device, id);

  fail_unless (who != NULL, "%s: %s", id, device->heard->str);
  fail_unless_equals_int (vm_participant_get_trust (who), level);
}

/* B and C, each trusted by A only. */
GST_START_TEST (test_vouched)
{
  agree (&b, INTRODUCER);
  agree (&c, INTRODUCER);
  require ();
  host ();
  join (&b);
  join (&c);
  WAIT_FOR (has (&b, "+p003"));
  shows (&a, "p002", VM_TRUST_LEVEL_TRUSTED);
  shows (&a, "p003", VM_TRUST_LEVEL_TRUSTED);
  shows (&b, "p001", VM_TRUST_LEVEL_TRUSTED);
  shows (&b, "p003", VM_TRUST_LEVEL_VOUCHED);
  shows (&c, "p001", VM_TRUST_LEVEL_TRUSTED);
  shows (&c, "p002", VM_TRUST_LEVEL_VOUCHED);
  vouched_by (&a, "p002", NULL);
  vouched_by (&b, "p001", NULL);
  vouched_by (&b, "p003", "Ann");
  vouched_by (&c, "p002", "Ann");
}

GST_END_TEST;

/* Bob does not let Ann introduce anybody: he says so, and Carl hears it. */
GST_START_TEST (test_not_introduced)
{
  agree (&b, CALL);
  agree (&c, INTRODUCER);
  require ();
  host ();
  join (&b);
  join (&c);
  WAIT_FOR (has (&b, "!p003NOT_TRUSTED"));
  WAIT_FOR (has (&c, "-p002NOT_TRUSTED"));
  fail_if (has (&b, "+p003"));
  fail_unless (find (&b, "p003") == NULL);
  fail_unless (find (&c, "p002") == NULL);
  shows (&b, "p001", VM_TRUST_LEVEL_TRUSTED);
  shows (&c, "p001", VM_TRUST_LEVEL_TRUSTED);
}

GST_END_TEST;

/* Whoever comes later is refused by whoever was there, and the other way. */
GST_START_TEST (test_not_introduced_to_the_first)
{
  agree (&b, INTRODUCER);
  agree (&c, CALL);
  require ();
  host ();
  join (&b);
  join (&c);
  WAIT_FOR (has (&c, "!p002NOT_TRUSTED"));
  WAIT_FOR (has (&b, "-p003NOT_TRUSTED"));
  fail_if (has (&c, "+p002"));
}

GST_END_TEST;

/* Without the demand they meet, as strangers. */
GST_START_TEST (test_unknown)
{
  agree (&b, CALL);
  host ();
  join (&b);
  join (&c);
  WAIT_FOR (has (&b, "+p003"));
  shows (&b, "p003", VM_TRUST_LEVEL_UNKNOWN);
  /* the host is no better known to Carl, whatever it says of Bob */
  shows (&c, "p001", VM_TRUST_LEVEL_UNKNOWN);
  shows (&c, "p002", VM_TRUST_LEVEL_UNKNOWN);
}

GST_END_TEST;

/* Ann and Bob agree while he sits in her meeting, and break it off again: each
 * device shows it, of the other and to others, and nobody joins anew. */
GST_START_TEST (test_agreed_meanwhile)
{
  agree (&c, INTRODUCER);
  host ();
  join (&b);
  join (&c);
  WAIT_FOR (has (&b, "+p003"));
  shows (&a, "p002", VM_TRUST_LEVEL_UNKNOWN);
  shows (&b, "p001", VM_TRUST_LEVEL_UNKNOWN);
  shows (&c, "p002", VM_TRUST_LEVEL_UNKNOWN);
  agree (&b, INTRODUCER);
  WAIT_FOR (has (&a, "~p002trusted"));
  WAIT_FOR (has (&b, "~p001trusted"));
  WAIT_FOR (has (&b, "~p003vouched"));
  WAIT_FOR (has (&c, "~p002vouched"));
  shows (&a, "p002", VM_TRUST_LEVEL_TRUSTED);
  vouched_by (&b, "p003", "Ann");
  vouched_by (&c, "p002", "Ann");
  fail_if (has (&a, "-p") || has (&b, "-p") || has (&c, "-p"));
  fail_if (has (&a, "~p003") || has (&c, "~p001"));
}

GST_END_TEST;

/* Two guests that are vouched for agree with each other. */
GST_START_TEST (test_guests_agree_meanwhile)
{
  agree (&b, INTRODUCER);
  agree (&c, INTRODUCER);
  require ();
  host ();
  join (&b);
  join (&c);
  WAIT_FOR (has (&b, "+p003"));
  remember (&b, &c, CALL, CALL);
  remember (&c, &b, CALL, CALL);
  WAIT_FOR (has (&b, "~p003trusted"));
  WAIT_FOR (has (&c, "~p002trusted"));
  vouched_by (&b, "p003", NULL);
  fail_if (has (&a, "~"));
  take_back (&b, &c);
  WAIT_FOR (has (&b, "-p003NOT_TRUSTED"));
  WAIT_FOR (has (&c, "-p002NOT_TRUSTED"));
}

GST_END_TEST;

/* Trust ends without a revocation: who may stay is shown as what it is. */
GST_START_TEST (test_forgotten_meanwhile)
{
  g_autoptr (VmKnownDevice) forgotten = NULL;

  agree (&b, CALL);
  host ();
  join (&b);
  shows (&a, "p002", VM_TRUST_LEVEL_TRUSTED);
  forgotten = vm_trust_store_forget (vm_node_get_trust_store (a.node),
      vm_identity_get_device_id (key_of (&b)), NULL);
  fail_unless (forgotten != NULL);
  WAIT_FOR (has (&a, "~p002unknown"));
  fail_unless (find (&a, "p002") != NULL);
  fail_if (has (&b, "~"));
}

GST_END_TEST;

GST_START_TEST (test_guest_revoked)
{
  agree (&b, INTRODUCER);
  agree (&c, INTRODUCER);
  require ();
  host ();
  join (&b);
  join (&c);
  WAIT_FOR (has (&b, "+p003"));
  take_back (&b, &c);
  WAIT_FOR (has (&b, "-p003NOT_TRUSTED"));
  WAIT_FOR (has (&c, "-p002NOT_TRUSTED"));
  shows (&b, "p001", VM_TRUST_LEVEL_TRUSTED);
  shows (&c, "p001", VM_TRUST_LEVEL_TRUSTED);
  fail_unless (find (&a, "p002") && find (&a, "p003"));
}

GST_END_TEST;

GST_START_TEST (test_revoked_by_the_host)
{
  agree (&b, INTRODUCER);
  agree (&c, INTRODUCER);
  require ();
  host ();
  join (&b);
  join (&c);
  WAIT_FOR (has (&b, "+p003"));
  take_back (&a, &c);
  WAIT_FOR (has (&b, "-p003NOT_TRUSTED"));
  WAIT_FOR (c.error != NULL);
  g_assert_error (c.error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  shows (&b, "p001", VM_TRUST_LEVEL_TRUSTED);
}

GST_END_TEST;

GST_START_TEST (test_host_revoked)
{
  agree (&b, INTRODUCER);
  agree (&c, INTRODUCER);
  require ();
  host ();
  join (&b);
  join (&c);
  take_back (&b, &a);
  WAIT_FOR (b.error != NULL);
  g_assert_error (b.error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  fail_unless (strstr (b.error->message, "revoked"), "%s", b.error->message);
  WAIT_FOR (has (&c, "-p002"));
  fail_if (c.error != NULL);
}

GST_END_TEST;

static gboolean
has_judged_the_host (Device *device)
{
  return device->meeting->client
         && vm_signal_client_get_judge (device->meeting->client);
}

/* Between the judgement at the door and the seat. */
GST_START_TEST (test_host_revoked_while_entering)
{
  agree (&b, CALL);
  require ();
  host ();
  device_open (&b, VM_MEETING_MODE_JOIN);
  use_uri (&b, "standup");
  start (&b);
  WAIT_FOR (has_judged_the_host (&b));
  fail_if (b.meeting->welcomed);
  take_back (&b, &a);
  WAIT_FOR (b.error != NULL);
  g_assert_error (b.error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

/* Who was revoked while this device entered is not told of at all. */
GST_START_TEST (test_guest_revoked_while_entering)
{
  agree (&b, INTRODUCER);
  agree (&c, INTRODUCER);
  require ();
  host ();
  join (&b);
  device_open (&c, VM_MEETING_MODE_JOIN);
  use_uri (&c, "standup");
  start (&c);
  WAIT_FOR (has_judged_the_host (&c));
  fail_if (c.meeting->welcomed);
  take_back (&c, &b);
  WAIT_FOR (has (&c, "!p002NOT_TRUSTED"));
  WAIT_FOR (has (&b, "-p003NOT_TRUSTED"));
  fail_if (has (&c, "+p002"), "%s", c.heard->str);
  fail_if (c.error != NULL);
}

GST_END_TEST;

/* Nor who was revoked just before it came. */
GST_START_TEST (test_newcomer_revoked)
{
  agree (&b, INTRODUCER);
  agree (&c, INTRODUCER);
  require ();
  host ();
  join (&b);
  device_open (&c, VM_MEETING_MODE_JOIN);
  use_uri (&c, "standup");
  start (&c);
  WAIT_FOR (has_judged_the_host (&c));
  take_back (&b, &c);
  WAIT_FOR (has (&b, "!p003NOT_TRUSTED"));
  fail_if (has (&b, "+p003"), "%s", b.heard->str);
}

GST_END_TEST;

/* A device that is not revoked but is trusted no longer. */
GST_START_TEST (test_host_forgotten)
{
  g_autoptr (VmKnownDevice) forgotten = NULL;
  g_autoptr (GError) error = NULL;

  agree (&b, CALL);
  require ();
  host ();
  join (&b);
  forgotten = vm_trust_store_forget (vm_node_get_trust_store (b.node),
      vm_identity_get_device_id (key_of (&a)), &error);
  fail_unless (forgotten != NULL);
  WAIT_FOR (b.error != NULL);
  g_assert_error (b.error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

/* A host has other names in its meeting than its device has, and is held to
 * those as well. */
GST_START_TEST (test_names_of_the_host)
{
  g_autoptr (GPtrArray) known = NULL;

  device_open (&a, VM_MEETING_MODE_HOST);
  g_object_set (a.meeting, "user", "Chair", NULL);
  start (&a);
  WAIT_FOR (has (&a, "announced"));
  join (&b);
  fail_unless_equals_string (vm_participant_get_user (b.other), "Chair");
  known = vm_trust_store_list (vm_node_get_trust_store (b.node));
  fail_unless_equals_int (known->len, 1);
  fail_unless_equals_string (
      ((VmKnownDevice *) known->pdata[0])->user, "Chair");
}

GST_END_TEST;

static void
check_lifetime (guint lifetime, gboolean good)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *link =
      vm_meeting_make_invitation (a.meeting, lifetime, &error);

  fail_unless ((link != NULL) == good, "%u s", lifetime);
  if (!good)
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
}

/* Each is another; what they let in is guestjoin.c's. */
GST_START_TEST (test_invitation)
{
  g_autofree gchar *link = NULL;
  g_autofree gchar *start_of = NULL;
  g_autofree gchar *one = NULL;
  g_autofree gchar *two = NULL;

  require ();
  host ();
  one = vm_meeting_make_invitation (a.meeting, 60, NULL);
  two = vm_meeting_make_invitation (a.meeting, 60, NULL);
  g_object_get (a.meeting, "link", &link, NULL);
  start_of = g_strconcat (link, "#invitation=", NULL);
  fail_unless (g_str_has_prefix (one, start_of), "%s", one);
  fail_unless_equals_int (strlen (one), strlen (start_of) + 43);
  fail_if (strcmp (one, two) == 0);
  check_lifetime (0, FALSE);
  check_lifetime (1, TRUE);
  check_lifetime (24 * 3600, TRUE);
  check_lifetime (24 * 3600 + 1, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_invitation_of_a_guest)
{
  g_autoptr (GError) error = NULL;

  agree (&b, CALL);
  require ();
  host ();
  join (&b);
  fail_unless (vm_meeting_make_invitation (b.meeting, 60, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

GST_START_TEST (test_invitation_to_nowhere)
{
  g_autoptr (GError) error = NULL;

  host ();
  fail_unless (vm_node_make_invitation (a.node, "another", 60, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_ENDED);
}

GST_END_TEST;

static Suite *
meetingtrust_suite (void)
{
  Suite *suite = suite_create ("meetingtrust");
  TCase *tests = tcase_create ("meetingtrust");

  tcase_add_checked_fixture (tests, setup_keys, teardown_three);
  tcase_add_test (tests, test_vouched);
  tcase_add_test (tests, test_not_introduced);
  tcase_add_test (tests, test_not_introduced_to_the_first);
  tcase_add_test (tests, test_unknown);
  tcase_add_test (tests, test_agreed_meanwhile);
  tcase_add_test (tests, test_guests_agree_meanwhile);
  tcase_add_test (tests, test_forgotten_meanwhile);
  tcase_add_test (tests, test_guest_revoked);
  tcase_add_test (tests, test_revoked_by_the_host);
  tcase_add_test (tests, test_host_revoked);
  tcase_add_test (tests, test_host_revoked_while_entering);
  tcase_add_test (tests, test_guest_revoked_while_entering);
  tcase_add_test (tests, test_newcomer_revoked);
  tcase_add_test (tests, test_host_forgotten);
  tcase_add_test (tests, test_names_of_the_host);
  tcase_add_test (tests, test_invitation);
  tcase_add_test (tests, test_invitation_of_a_guest);
  tcase_add_test (tests, test_invitation_to_nowhere);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (meetingtrust)
