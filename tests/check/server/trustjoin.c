/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Trust and meetings over real sockets: who is let in under `require`, and who
 * goes when it is revoked. */

#include "program.h"
#include "trust/store/vmtrustfacts-priv.h"
#include "support/trust/trusthost.h"

#include <gst/videomeet/server/http/trust.h>
#include <gst/videomeet/server/pairing/pairingservice.h>
#include <gst/videomeet/server/socket/ws.h>
#include <string.h>

static VmSeat *seat;

static void
on_signal (VmSeat *of, const VmSignal *signal, gpointer user_data)
{
}

static void
open_meeting (void)
{
  const VmMeetingConfig meeting = { "standup", "Ann", "desk", NULL, 10,
    VM_CALL_TYPE_VIDEO };
  g_autoptr (GError) error = NULL;

  seat =
      vm_server_open_meeting (server, &meeting, NULL, on_signal, NULL, &error);
  g_assert_no_error (error);
}

static void
join_setup (void)
{
  host_setup ();
  vm_server_set_policy (server, VM_POLICY_REQUIRE);
  open_meeting ();
}

static void
join_teardown (void)
{
  vm_seat_close (seat);
  host_teardown ();
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static NetAnswer *
join (VmIdentity *who, VmToken *token)
{
  g_autofree gchar *pem = token ? vm_token_to_pem (token) : NULL;
  g_auto (GStrv) lines = g_strsplit (pem ? pem : "", "\n", -1);
  g_autofree gchar *escaped = g_strjoinv ("\\n", lines);
  g_autofree gchar *body =
      g_strdup_printf ("{\"meeting\":\"standup\",\"user\":\"Bob\"%s%s%s}",
          token ? ",\"token\":\"" : "", escaped, token ? "\"" : "");

  net_use_identity (who);
  return net_join (server, body);
}

static void
check_join (VmIdentity *who, VmToken *token, guint status, const gchar *part)
{
  g_autoptr (NetAnswer) answer = join (who, token);

  fail_unless_equals_int (answer->status, status);
  fail_unless (strstr (answer->body, part), "%s", answer->text);
}

/* To be trusted with files is not to be trusted with a meeting. */
static void
give (VmPermissions permissions)
{
  g_autoptr (GDateTime) today = g_date_time_new_now_utc ();
  gint64 date = g_date_time_to_unix (today);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmToken) given =
      vm_token_issue (f.me, vm_identity_get_spki (f.bob), permissions, NULL,
          date, date + FIXTURE_DAY, &error);

  g_assert_no_error (error);
  vm_trust_store_add (f.store, "Bob", "phone",
      vm_identity_get_tls_certificate (f.bob), given, NULL, today, &error);
  g_assert_no_error (error);
}

GST_START_TEST (test_permission)
{
  give (VM_PERMISSIONS_FILE);
  host_waits_for ("changed");
  check_join (f.bob, NULL, 403, "has not given it leave to meet");
  host_waits_for ("failed:Bob:NOT_TRUSTED");
  give (VM_PERMISSIONS_FILE | VM_PERMISSIONS_CALL);
  host_waits_for ("changed");
  check_join (f.bob, NULL, 200, "ticket");
}

GST_END_TEST;

GST_START_TEST (test_require)
{
  g_autoptr (VmToken) token = NULL;
  g_autoptr (VmToken) other = NULL;

  check_join (f.bob, NULL, 403, "NOT_TRUSTED");
  host_heard ("failed:Bob:NOT_TRUSTED");
  check_join (NULL, NULL, 403, "NOT_TRUSTED");
  host_heard ("failed:Bob:NOT_TRUSTED");
  token = trust_agree (f.bob, "Bob");
  /* with the token's answer the host knows it already */
  check_join (f.bob, NULL, 200, "ticket");
  check_join (f.bob, token, 200, "ticket");
  /* of no use without its key */
  check_join (f.eve, token, 403, "NOT_TRUSTED");
  check_join (NULL, token, 403, "NOT_TRUSTED");
}

GST_END_TEST;

/* Who knocks again and again is told of a few times, and hides nobody. */
GST_START_TEST (test_refused_often)
{
  for (guint i = 0; i < 4 * VM_REFUSALS_PER_ADDRESS; i++)
    check_join (f.bob, NULL, 403, "NOT_TRUSTED");
  for (guint i = 0; i < VM_REFUSALS_PER_ADDRESS; i++)
    host_heard ("failed:Bob:NOT_TRUSTED");
  g_free (trust_reveal (f.eve, 1)); /* its question is what comes next */
  net_use_address ("127.0.1.2");
  check_join (f.bob, NULL, 403, "NOT_TRUSTED");
  host_heard ("failed:Bob:NOT_TRUSTED");
}

GST_END_TEST;

GST_START_TEST (test_token_unreadable)
{
  g_autoptr (NetAnswer) answer = NULL;
  g_autofree gchar *body = NULL;
  g_autofree gchar *most = g_strnfill (VM_TOKEN_PEM_MAX, 'x');
  g_autofree gchar *over = g_strnfill (VM_TOKEN_PEM_MAX + 1, 'x');
  const gchar *const tokens[] = { "x", "", most, over };

  vm_server_set_policy (server, VM_POLICY_OPEN);
  net_use_identity (f.bob);
  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++) {
    g_autofree gchar *text = g_strdup_printf (
        "{\"meeting\":\"standup\",\"user\":\"Bob\",\"token\":\"%s\"}",
        tokens[i]);
    g_autoptr (NetAnswer) one = net_join (server, text);

    fail_unless_equals_int (one->status, 400);
  }
}

GST_END_TEST;

static gchar *
participants_of (NetSocket *socket)
{
  return net_socket_wait (socket, "welcome");
}

/* Everybody is told how well the host knows the others. */
GST_START_TEST (test_level)
{
  g_autofree gchar *joined = NULL;
  g_autofree gchar *welcome = NULL;
  NetSocket *bob, *eve;

  vm_server_set_policy (server, VM_POLICY_PIN);
  vm_token_unref (trust_agree (f.bob, "Bob"));
  net_use_identity (f.bob);
  bob = net_socket_join (server, "standup", "Bob");
  g_free (participants_of (bob));
  net_use_identity (f.eve);
  eve = net_socket_join (server, "standup", "Eve");
  welcome = participants_of (eve);
  fail_unless (strstr (welcome, "\"trust\":\"trusted\""), "%s", welcome);
  joined = net_socket_wait (bob, "participant-joined");
  fail_unless (strstr (joined, "\"trust\":\"unknown\""), "%s", joined);
  net_socket_free (bob);
  net_socket_free (eve);
}

GST_END_TEST;

/* promised; security.md#policies */
#define REVOKED_TIME (2 * G_TIME_SPAN_SECOND)
/* What a busy machine, a sanitizer or both may add. */
#define SLACK (NET_SECONDS * G_TIME_SPAN_SECOND)

GST_START_TEST (test_revoked)
{
  g_autoptr (GDateTime) today = g_date_time_new_now_utc ();
  g_autofree gchar *error = NULL;
  g_autofree gchar *id = NULL;
  NetSocket *bob;
  gint64 end;

  vm_token_unref (trust_agree (f.bob, "Bob"));
  net_use_identity (f.bob);
  bob = net_socket_join (server, "standup", "Bob");
  g_free (net_socket_wait (bob, "welcome"));
  end = g_get_monotonic_time () + REVOKED_TIME + SLACK;
  /* as another process would */
  id = vm_trust_store_revoke (f.store, "Bob", today, NULL);
  fail_unless (id != NULL);
  error = net_socket_wait (bob, "error");
  fail_unless (strstr (error, "NOT_TRUSTED"), "%s", error);
  fail_unless_equals_int (net_socket_wait_closed (bob), VM_CLOSE_POLICY);
  fail_unless (g_get_monotonic_time () < end);
  host_waits_for ("failed:Bob:NOT_TRUSTED");
  check_join (f.bob, NULL, 403, "NOT_TRUSTED");
  /* under no policy */
  vm_server_set_policy (server, VM_POLICY_OPEN);
  check_join (f.bob, NULL, 403, "NOT_TRUSTED");
  check_join (f.eve, NULL, 200, "ticket");
  net_socket_free (bob);
}

GST_END_TEST;

/* What was revoked before the start is known to the first who asks. */
GST_START_TEST (test_revoked_before_the_start)
{
  g_autoptr (GDateTime) today = g_date_time_new_now_utc ();
  g_autofree gchar *id = NULL;

  vm_token_unref (trust_agree (f.bob, "Bob"));
  id = vm_trust_store_revoke (f.store, "Bob", today, NULL);
  vm_seat_close (seat);
  host_reopen ((VmServerConfig){ 0 }, NULL);
  open_meeting ();
  check_join (f.bob, NULL, 403, "NOT_TRUSTED");
}

GST_END_TEST;

/* Guests are held to the key they had first */

/* @device NULL: hello tells none. */
static NetSocket *
knock (VmIdentity *who, const gchar *device)
{
  g_autofree gchar *ticket = NULL;
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;
  NetSocket *socket;

  net_use_identity (who);
  ticket = net_ticket (server, "standup", "Bob");
  path = g_strdup_printf ("/ws?ticket=%s", ticket);
  socket = net_socket_open (server, path, "videomeet.v2", &error);
  g_assert_no_error (error);
  net_socket_send (socket, "{\"type\":\"hello\",\"seq\":1%s%s%s}",
      device ? ",\"device\":\"" : "", device ? device : "", device ? "\"" : "");
  return socket;
}

static void
leaves (NetSocket *socket)
{
  net_socket_send (socket, "{\"type\":\"bye\",\"seq\":2}");
  net_socket_wait_closed (socket);
  net_socket_free (socket);
}

static void
comes (VmIdentity *who, const gchar *device)
{
  NetSocket *socket = knock (who, device);

  g_free (net_socket_wait (socket, "welcome"));
  leaves (socket);
}

static void
is_kept_out (VmIdentity *who, const gchar *device)
{
  NetSocket *socket = knock (who, device);
  g_autofree gchar *refusal = net_socket_wait (socket, "error");

  fail_unless (strstr (refusal, "KEY_CHANGED"), "%s", refusal);
  net_socket_free (socket);
}

static void
stranger_is_kept_out (void)
{
  is_kept_out (f.eve, "box");
  /* there is no way around it: without a key, or without a name */
  is_kept_out (NULL, "box");
  is_kept_out (f.eve, NULL);
  is_kept_out (NULL, NULL);
}

GST_START_TEST (test_held_to_the_first_key)
{
  g_autoptr (GPtrArray) known = NULL;

  vm_server_set_policy (server, VM_POLICY_PIN);
  comes (f.bob, "box");
  stranger_is_kept_out ();
  comes (f.bob, "box");
  comes (f.bob, NULL);
  host_waits_for ("changed");
  known = vm_trust_store_list (f.store);
  fail_unless_equals_int (known->len, 1);
  fail_unless_equals_string (((VmKnownDevice *) known->pdata[0])->device_id,
      vm_identity_get_device_id (f.bob));
  /* and after a new start */
  vm_seat_close (seat);
  host_reopen ((VmServerConfig){ 0 }, NULL);
  vm_server_set_policy (server, VM_POLICY_PIN);
  open_meeting ();
  stranger_is_kept_out ();
  comes (f.bob, "box");
  /* another device of a user of that name */
  comes (f.eve, "laptop");
}

GST_END_TEST;

/* As another process would; the server looks at everybody then. */
static void
is_met (VmIdentity *who, const gchar *user, const gchar *device)
{
  g_autoptr (GDateTime) today = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;

  vm_trust_store_pin (f.store, user, device,
      vm_identity_get_tls_certificate (who), today, &error);
  g_assert_no_error (error);
  host_waits_for ("changed");
}

/* The store is read before the guest is in it: it is held to its key all the
 * same, and once it is in it for as long as it stays there. */
GST_START_TEST (test_held_before_it_is_written)
{
  g_autoptr (VmKnownDevice) forgotten = NULL;
  g_autoptr (GError) error = NULL;

  vm_server_set_policy (server, VM_POLICY_PIN);
  is_met (f.ann, "Bob", "tablet");
  host_keep_busy (TRUE);
  is_kept_out (f.eve, "tablet");
  comes (f.bob, "box");
  is_met (f.eve, "Carl", "phone");
  stranger_is_kept_out ();
  comes (f.bob, "box");
  host_keep_busy (FALSE);
  host_waits_for ("changed");
  stranger_is_kept_out ();
  forgotten = vm_trust_store_forget (
      f.store, vm_identity_get_device_id (f.bob), &error);
  g_assert_no_error (error);
  host_waits_for ("changed");
  comes (NULL, "box");
}

GST_END_TEST;

GST_START_TEST (test_nobody_is_held_under_open)
{
  g_autoptr (GPtrArray) known = NULL;

  vm_server_set_policy (server, VM_POLICY_OPEN);
  comes (f.bob, "box");
  comes (f.eve, "box");
  vm_server_set_policy (server, VM_POLICY_PIN);
  comes (f.ann, "box");
  host_waits_for ("changed");
  known = vm_trust_store_list (f.store);
  fail_unless_equals_int (known->len, 1);
  fail_unless_equals_string (((VmKnownDevice *) known->pdata[0])->device_id,
      vm_identity_get_device_id (f.ann));
}

GST_END_TEST;

static void
know_others (guint n)
{
  GPtrArray *facts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_trust_facts_free);

  for (guint i = 0; i < n; i++) {
    g_autofree gchar *id = g_strdup_printf ("ID-%u", i);

    g_ptr_array_add (facts, vm_trust_facts_new (id));
  }
  vm_server_take_known (server, facts, FALSE, G_MAXUINT64);
}

/* A page sits there without a key, for as long as it likes: by @device, or by
 * none. */
static NetSocket *
sit_without_key (const gchar *device)
{
  NetSocket *sam = knock (NULL, device);

  g_free (net_socket_wait (sam, "welcome"));
  return sam;
}

static void
sits_still (NetSocket *sam)
{
  comes (f.ann, "tablet");
  g_free (net_socket_wait (sam, "participant-left"));
}

/* Eve takes the names of a page that is in the meeting already: that does not
 * put it out, and it can come again. When it is gone they are hers. */
GST_START_TEST (test_names_of_a_page)
{
  const gchar *const devices[] = { "box", NULL };
  NetSocket *sam;

  vm_server_set_policy (server, VM_POLICY_PIN);
  sam = sit_without_key (devices[__i__]);
  comes (f.eve, "box");
  g_free (net_socket_wait (sam, "participant-left"));
  is_met (f.bob, "Carl", "phone");
  sits_still (sam);
  leaves (sam);
  sam = sit_without_key (devices[__i__]);
  leaves (sam);
  comes (f.eve, "box");
  is_kept_out (NULL, "box");
}

GST_END_TEST;

/* Another process has met Eve by the names of the page. */
GST_START_TEST (test_names_of_a_page_known_elsewhere)
{
  NetSocket *sam;

  vm_server_set_policy (server, VM_POLICY_PIN);
  sam = sit_without_key ("box");
  is_met (f.eve, "Bob", "box");
  sits_still (sam);
  is_kept_out (NULL, "box");
  is_kept_out (f.bob, "box");
  comes (f.eve, "box");
  net_socket_free (sam);
  is_kept_out (NULL, "box");
}

GST_END_TEST;

/* Whoever comes with ever new keys fills the store only so far. */
GST_START_TEST (test_as_many_guests)
{
  vm_server_set_policy (server, VM_POLICY_PIN);
  know_others (VM_GUESTS_KNOWN_MAX + 1);
  comes (f.bob, "box");
  know_others (VM_GUESTS_KNOWN_MAX);
  comes (f.bob, "box");
  comes (f.eve, "box");
  know_others (VM_GUESTS_KNOWN_MAX - 1);
  comes (f.bob, "box");
  is_kept_out (f.eve, "box");
}

GST_END_TEST;

/* Browsers have no key, and no room for them under `require`. */
GST_START_TEST (test_room_dialect)
{
  NetSocket *browser;
  g_autofree gchar *greeting = NULL;
  g_autofree gchar *refusal = NULL;
  g_autoptr (GError) error = NULL;

  net_use_identity (NULL);
  browser = net_socket_open (server, "/", NULL, &error);
  g_assert_no_error (error);
  greeting = net_socket_next (browser);
  net_socket_send (browser, "{\"type\":\"join\",\"roomId\":\"standup\"}");
  refusal = net_socket_next (browser);
  fail_unless (strstr (refusal, "NOT_TRUSTED"), "%s", refusal);
  net_socket_free (browser);
}

GST_END_TEST;

static Suite *
trustjoin_suite (void)
{
  Suite *suite = suite_create ("trustjoin");
  TCase *tests = tcase_create ("meetings");

  tcase_add_checked_fixture (tests, join_setup, join_teardown);
  tcase_add_test (tests, test_require);
  tcase_add_test (tests, test_permission);
  tcase_add_test (tests, test_refused_often);
  tcase_add_test (tests, test_token_unreadable);
  tcase_add_test (tests, test_level);
  tcase_add_test (tests, test_revoked);
  tcase_add_test (tests, test_revoked_before_the_start);
  tcase_add_test (tests, test_room_dialect);
  tcase_add_test (tests, test_held_to_the_first_key);
  tcase_add_test (tests, test_held_before_it_is_written);
  tcase_add_test (tests, test_nobody_is_held_under_open);
  tcase_add_loop_test (tests, test_names_of_a_page, 0, 2);
  tcase_add_test (tests, test_names_of_a_page_known_elsewhere);
  tcase_add_test (tests, test_as_many_guests);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (trustjoin)
