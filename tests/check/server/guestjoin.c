/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A browser that has an invitation comes in under `require`, over real sockets;
 * one whose invitation is not good does not. Its key is Bob's, which its TLS
 * does not show. */

#include "program.h"
#include "base/vmerror-priv.h"
#include "support/trust/trusthost.h"

#include <gst/videomeet/trust/keys/signature.h>

#include <string.h>

#define GUESS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static VmSeat *seat;
static gchar *meeting_id;

static void
on_signal (VmSeat *of, const VmSignal *signal, gpointer user_data)
{
  if (signal->type == VM_SIGNAL_WELCOME)
    meeting_id = g_strdup (signal->meeting_id);
}

static void
open_meeting (void)
{
  const VmMeetingConfig meeting = { "standup", "Ann", "desk", NULL, 10,
    VM_CALL_TYPE_VIDEO };
  g_autoptr (GError) error = NULL;
  gint64 end = g_get_monotonic_time () + NET_SECONDS * G_USEC_PER_SEC;

  seat =
      vm_server_open_meeting (server, &meeting, NULL, on_signal, NULL, &error);
  g_assert_no_error (error);
  while (!meeting_id && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  fail_unless (meeting_id != NULL);
}

static void
close_meeting (void)
{
  g_clear_pointer (&seat, vm_seat_close);
  g_clear_pointer (&meeting_id, g_free);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
guest_setup (void)
{
  host_setup ();
  vm_server_set_policy (server, VM_POLICY_REQUIRE);
  open_meeting ();
}

static void
guest_teardown (void)
{
  close_meeting ();
  host_teardown ();
}

static gchar *
invite (void)
{
  g_autoptr (GError) error = NULL;
  gchar *text = vm_server_make_invitation (
      server, meeting_id, VM_INVITATION_LIFETIME, &error);

  g_assert_no_error (error);
  return text;
}

static NetAnswer *
redeem (const gchar *invitation, const gchar *meeting)
{
  GBytes *spki = vm_identity_get_spki (f.bob);
  g_autofree gchar *key =
      g_base64_encode (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
  g_autofree gchar *body = g_strdup_printf (
      "{\"meeting\":\"%s\",\"invitation\":\"%s\",\"pubKey\":\"%s\"}", meeting,
      invitation, key);

  return trust_ask (NULL, "/meetings/guest", body);
}

static void
check_refused (const gchar *invitation, const gchar *meeting, VmError code)
{
  g_autoptr (NetAnswer) answer = redeem (invitation, meeting);

  fail_unless_equals_int (answer->status, vm_error_to_http_status (code));
  fail_unless (strstr (answer->body, vm_error_to_code (code)) != NULL, "%s",
      answer->text);
  fail_unless (strstr (answer->text, invitation) == NULL, "%s", answer->text);
}

static gchar *
get (const NetAnswer *answer, const gchar *name)
{
  gchar *value = NULL;
  VmJson json;

  fail_unless (answer->status == 200, "%s", answer->text);
  fail_unless (vm_json_read (&json, answer->body, strlen (answer->body), NULL));
  fail_unless (
      vm_json_get_string (&json, 0, name, VM_TOKEN_PEM_MAX, &value, NULL));
  return value;
}

static gchar *
escape (const gchar *pem)
{
  g_auto (GStrv) lines = g_strsplit (pem, "\n", -1);

  return g_strjoinv ("\\n", lines);
}

/* Joins with what @redeemed brought, signed by @who. */
static NetAnswer *
join (VmIdentity *who, const NetAnswer *redeemed)
{
  g_autofree gchar *id = get (redeemed, "meetingId");
  g_autofree gchar *nonce = get (redeemed, "nonce");
  g_autofree gchar *pem = get (redeemed, "token");
  g_autofree gchar *token = escape (pem);
  g_autoptr (GByteArray) bytes = vm_invites_signed_bytes (id, nonce);
  guint8 raw[VM_SIGNATURE_SIZE];
  g_autofree gchar *signature = NULL;
  g_autofree gchar *body = NULL;

  fail_unless (vm_signature_make (who, bytes->data, bytes->len, raw, NULL));
  signature = g_base64_encode (raw, sizeof raw);
  body = g_strdup_printf (
      "{\"meeting\":\"standup\",\"user\":\"Bob\",\"token\":\"%s\","
      "\"nonce\":\"%s\",\"signature\":\"%s\"}",
      token, nonce, signature);
  net_use_identity (NULL);
  return net_join (server, body);
}

/* Takes the seat; how it is shown to others. */
static NetSocket *
sit_down (const NetAnswer *joined)
{
  g_autofree gchar *ticket = get (joined, "ticket");
  g_autofree gchar *path = g_strdup_printf ("/ws?ticket=%s", ticket);
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, path, "videomeet.v2", &error);

  g_assert_no_error (error);
  net_socket_send (socket, "{\"type\":\"hello\",\"seq\":1,\"nonce\":\"bg==\","
                           "\"device\":\"Chromium\"}");
  return socket;
}

static NetSocket *
come (void)
{
  g_autofree gchar *text = invite ();
  g_autoptr (NetAnswer) redeemed = redeem (text, "standup");
  g_autoptr (NetAnswer) joined = join (f.bob, redeemed);

  return sit_down (joined);
}

GST_START_TEST (test_guest)
{
  NetSocket *socket = come ();
  g_autofree gchar *welcome = net_socket_wait (socket, "welcome");
  NetSocket *other = come ();
  g_autofree gchar *seen = net_socket_wait (other, "welcome");

  fail_unless (strstr (seen, "\"trust\":\"guest\"") != NULL, "%s", seen);
  /* by which the others check what it signs */
  fail_unless (
      strstr (seen, vm_identity_get_device_id (f.bob)) != NULL, "%s", seen);
  net_socket_free (other);
  net_socket_free (socket);
}

GST_END_TEST;

/* The connection shows no key, now as before. */
GST_START_TEST (test_resume)
{
  NetSocket *socket = come ();
  g_autofree gchar *welcome = net_socket_wait (socket, "welcome");
  g_autofree gchar *token = NULL;
  g_autofree gchar *resumed = NULL;
  g_autoptr (GError) error = NULL;
  NetSocket *again;
  VmJson json;

  fail_unless (vm_json_read (&json, welcome, strlen (welcome), NULL));
  fail_unless (vm_json_get_string (&json, 0, "resume", 99, &token, NULL));
  again = net_socket_open (server, "/ws", "videomeet.v2", &error);
  g_assert_no_error (error);
  net_socket_send (
      again, "{\"type\":\"hello\",\"resume\":\"%s\",\"lastSeq\":1}", token);
  resumed = net_socket_wait (again, "welcome");
  fail_unless (resumed != NULL);
  net_socket_free (again);
  net_socket_free (socket);
}

GST_END_TEST;

/* The token is good until the meeting ends: who comes again needs no other
 * invitation, but signs anew. */
GST_START_TEST (test_again)
{
  g_autofree gchar *text = invite ();
  g_autoptr (NetAnswer) redeemed = redeem (text, "standup");
  g_autoptr (NetAnswer) joined = join (f.bob, redeemed);
  g_autofree gchar *pem = get (redeemed, "token");
  g_autofree gchar *token = escape (pem);
  g_autofree gchar *body =
      g_strdup_printf ("{\"meeting\":\"standup\",\"token\":\"%s\"}", token);
  g_autoptr (NetAnswer) asked_again = NULL;
  g_autoptr (NetAnswer) joined_again = NULL;
  g_autoptr (NetAnswer) replayed = NULL;

  fail_unless_equals_int (joined->status, 200);
  replayed = join (f.bob, redeemed);
  fail_unless (
      strstr (replayed->body, "BAD_TICKET") != NULL, "%s", replayed->text);
  asked_again = trust_ask (NULL, "/meetings/guest", body);
  joined_again = join (f.bob, asked_again);
  fail_unless_equals_int (joined_again->status, 200);
}

GST_END_TEST;

GST_START_TEST (test_used_twice)
{
  g_autofree gchar *text = invite ();
  g_autoptr (NetAnswer) redeemed = redeem (text, "standup");

  fail_unless_equals_int (redeemed->status, 200);
  check_refused (text, "standup", VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

/* A microsecond is over before a request has come. */
GST_START_TEST (test_expired)
{
  g_autofree gchar *text =
      vm_server_make_invitation (server, meeting_id, 1, NULL);

  check_refused (text, "standup", VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

GST_START_TEST (test_guessed)
{
  check_refused (GUESS, "standup", VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

/* Whether there is such a meeting is not told. */
GST_START_TEST (test_no_such_meeting)
{
  g_autofree gchar *text = invite ();

  check_refused (text, "another", VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

GST_START_TEST (test_meeting_ended)
{
  g_autofree gchar *text = invite ();
  g_autofree gchar *old = g_strdup (meeting_id);
  g_autoptr (GError) error = NULL;

  close_meeting ();
  open_meeting ();
  check_refused (text, "standup", VM_ERROR_NOT_TRUSTED);
  fail_unless (
      vm_server_make_invitation (server, old, VM_INVITATION_LIFETIME, &error)
      == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_ENDED);
}

GST_END_TEST;

/* A token alone, or with another's signature, opens nothing. */
GST_START_TEST (test_stolen_token)
{
  g_autofree gchar *text = invite ();
  g_autoptr (NetAnswer) redeemed = redeem (text, "standup");
  g_autoptr (NetAnswer) joined = join (f.eve, redeemed);
  g_autofree gchar *pem = get (redeemed, "token");
  g_autofree gchar *token = escape (pem);
  g_autofree gchar *body = g_strdup_printf (
      "{\"meeting\":\"standup\",\"user\":\"Bob\",\"token\":\"%s\"}", token);
  g_autoptr (NetAnswer) alone = NULL;

  fail_unless (strstr (joined->body, "SIGNATURE") != NULL, "%s", joined->text);
  alone = net_join (server, body);
  fail_unless_equals_int (alone->status, 403);
  fail_unless (strstr (alone->body, "NOT_TRUSTED") != NULL, "%s", alone->text);
}

GST_END_TEST;

static void
check_bad (const gchar *body, const gchar *code)
{
  g_autoptr (NetAnswer) answer = trust_ask (NULL, "/meetings/guest", body);

  fail_unless (strstr (answer->body, code) != NULL, "%s", answer->text);
}

GST_START_TEST (test_bad_bodies)
{
  check_bad ("[]", "BAD_");
  check_bad ("{}", "BAD_REQUEST");
  check_bad (
      "{\"meeting\":\"standup\",\"invitation\":\"" GUESS "\"}", "BAD_REQUEST");
  check_bad ("{\"meeting\":\"standup\",\"invitation\":\"" GUESS
             "\",\"pubKey\":\"AAAA\"}",
      "WRONG_KEY");
  check_bad ("{\"meeting\":\"standup\",\"token\":\"x\"}", "BAD_MESSAGE");
}

GST_END_TEST;

static Suite *
guestjoin_suite (void)
{
  Suite *s = suite_create ("guestjoin");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 2 * NET_SECONDS);
  tcase_add_checked_fixture (tc, guest_setup, guest_teardown);
  tcase_add_test (tc, test_guest);
  tcase_add_test (tc, test_resume);
  tcase_add_test (tc, test_again);
  tcase_add_test (tc, test_used_twice);
  tcase_add_test (tc, test_expired);
  tcase_add_test (tc, test_guessed);
  tcase_add_test (tc, test_no_such_meeting);
  tcase_add_test (tc, test_meeting_ended);
  tcase_add_test (tc, test_stolen_token);
  tcase_add_test (tc, test_bad_bodies);
  return s;
}

CHECK_PROGRAM (guestjoin)
