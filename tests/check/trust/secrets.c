/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is said to a server in confidence, and by it, is in no log: nonces of
 * the trust handshake, tokens, tickets, PINs, invitations, the secret of the
 * page that answers. What is in files is looked for by
 * tests/lab/test_secrets.py. */

#include "program.h"
#include "support/trust/trusthost.h"

#include <gst/videomeet/room/invites.h>
#include <gst/videomeet/base/base64.h>
#include <gst/videomeet/trust/keys/signature.h>

#include <string.h>

#define PIN "730516284"
#define WRONG "481516234"

static GMutex lock; /* of what follows */
static GString *said;

static void
keep (const gchar *text)
{
  g_mutex_lock (&lock);
  if (said) {
    g_string_append (said, text);
    g_string_append_c (said, '\n');
  }
  g_mutex_unlock (&lock);
}

static GLogWriterOutput
on_log (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
  for (gsize i = 0; i < n; i++) {
    if (fields[i].length < 0)
      keep (fields[i].value);
  }
  return G_LOG_WRITER_HANDLED;
}

/* Once a process. */
static void
listen_to_logs (void)
{
  g_log_set_writer_func (on_log, NULL, NULL);
}

static VmSeat *seat;
static gchar *meeting_id;

static void
on_signal (VmSeat *of, const VmSignal *signal, gpointer user_data)
{
  if (signal->type == VM_SIGNAL_WELCOME)
    meeting_id = g_strdup (signal->meeting_id);
}

static void
setup (void)
{
  const VmMeetingConfig meeting = { "standup", "Ann", "desk", PIN, 10,
    VM_CALL_TYPE_VIDEO };
  g_autoptr (GError) error = NULL;

  g_mutex_lock (&lock);
  said = g_string_new (NULL);
  g_mutex_unlock (&lock);
  host_setup ();
  seat =
      vm_server_open_meeting (server, &meeting, NULL, on_signal, NULL, &error);
  g_assert_no_error (error);
}

static void
teardown (void)
{
  vm_seat_close (seat);
  host_teardown ();
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_pointer (&meeting_id, g_free);
  g_mutex_lock (&lock);
  g_string_free (g_steal_pointer (&said), TRUE);
  g_mutex_unlock (&lock);
}

static void
is_not_said (const gchar *what, const gchar *secret)
{
  fail_unless (secret && strlen (secret) >= 6, "no %s", what);
  g_mutex_lock (&lock);
  fail_if (strstr (said->str, secret) != NULL, "a %s is in a log", what);
  g_mutex_unlock (&lock);
}

/* In each way to write them. */
static void
bytes_are_not_said (const gchar *what, const guint8 *bytes, gsize size)
{
  g_autofree gchar *base64 = g_base64_encode (bytes, size);
  g_autoptr (GString) hex = g_string_new (NULL);
  g_autofree gchar *upper = NULL;

  for (gsize i = 0; i < size; i++)
    g_string_append_printf (hex, "%02x", bytes[i]);
  upper = g_ascii_strup (hex->str, -1);
  is_not_said (what, base64);
  is_not_said (what, hex->str);
  is_not_said (what, upper);
}

/* The string member @name of a message, as it stands there. */
static gchar *
member (const gchar *text, const gchar *name)
{
  g_autofree gchar *key = g_strdup_printf ("\"%s\":\"", name);
  const gchar *at = strstr (text, key);

  fail_unless (at != NULL, "no %s in %s", name, text);
  at += strlen (key);
  return g_strndup (at, strcspn (at, "\""));
}

/* 32 bytes, in the one way that links and sessions have and in all others. */
static void
word_is_not_said (const gchar *what, const gchar *word)
{
  guint8 bytes[VM_INVITATION_BYTES];

  fail_unless (vm_base64url_read (word, bytes, sizeof bytes));
  is_not_said (what, word);
  bytes_are_not_said (what, bytes, sizeof bytes);
}

#define PEM_LINE 64 /* characters (RFC 7468 §2) */
#define BY_CHANCE 8 /* characters that a log may have in a row without it */

/* None of the lines of a PEM, which JSON has as "\n"; the last one may have no
 * more than four characters. */
static void
pem_is_not_said (const gchar *what, const gchar *pem)
{
  g_auto (GStrv) lines = g_regex_split_simple ("\\\\n|\n", pem, 0, 0);
  guint full = 0;

  for (guint i = 0; lines[i]; i++) {
    gsize length = strlen (lines[i]);

    if (*lines[i] != '-' && length > BY_CHANCE) {
      is_not_said (what, lines[i]);
      full += length == PEM_LINE;
    }
  }
  fail_unless (full > 1, "no %s", what);
}

/* A log that says nothing would pass every test. */
static void
something_is_said (const gchar *word)
{
  g_mutex_lock (&lock);
  fail_unless (strstr (said->str, word) != NULL, "\"%s\" is not logged", word);
  g_mutex_unlock (&lock);
}

GST_START_TEST (test_handshake)
{
  guint8 nonce[VM_TRUST_NONCE_SIZE];
  g_autofree gchar *body = trust_request_body (f.bob, 0xa7);
  g_autoptr (NetAnswer) offer = trust_ask (f.bob, "/trust/request", body);
  g_autofree gchar *id = member (offer->body, "requestId");
  g_autofree gchar *theirs = member (offer->body, "nonce");
  g_autofree gchar *reveal = trust_reveal_body (id, 0xa7);
  g_autoptr (NetAnswer) pending = trust_ask (f.bob, "/trust/reveal", reveal);

  fail_unless_equals_int (pending->status, 202);
  host_heard ("requested:Bob");
  memset (nonce, 0xa7, sizeof nonce);
  bytes_are_not_said ("nonce of who asks", nonce, sizeof nonce);
  is_not_said ("nonce of who is asked", theirs);
  something_is_said ("trust request of");
}

GST_END_TEST;

GST_START_TEST (test_token)
{
  g_autoptr (VmToken) token = trust_agree (f.bob, "Bob");
  g_autofree gchar *pem = vm_token_to_pem (token);

  pem_is_not_said ("token", pem);
  something_is_said ("trust request of");
}

GST_END_TEST;

GST_START_TEST (test_join)
{
  g_autoptr (NetAnswer) refused = NULL;
  g_autoptr (NetAnswer) answer = NULL;
  g_autofree gchar *ticket = NULL, *path = NULL, *welcome = NULL,
                   *resume = NULL;
  g_autoptr (GError) error = NULL;
  NetSocket *socket;

  net_use_identity (f.bob);
  refused = net_join (server,
      "{\"meeting\":\"standup\",\"user\":\"Bob\",\"pin\":\"" WRONG "\"}");
  fail_unless_equals_int (refused->status, 403);
  /* where no wrong one came from */
  net_use_address ("127.0.0.2");
  answer = net_join (
      server, "{\"meeting\":\"standup\",\"user\":\"Bob\",\"pin\":\"" PIN "\"}");
  fail_unless (answer->status == 200, "%s", answer->text);
  ticket = member (answer->body, "ticket");
  path = g_strdup_printf ("/ws?ticket=%s", ticket);
  socket = net_socket_open (server, path, "videomeet.v2", &error);
  g_assert_no_error (error);
  net_socket_send (socket, "{\"type\":\"hello\",\"seq\":1,\"ack\":0}");
  welcome = net_socket_wait (socket, "welcome");
  resume = member (welcome, "resume");
  is_not_said ("wrong PIN", WRONG);
  is_not_said ("PIN", PIN);
  is_not_said ("ticket", ticket);
  is_not_said ("token to resume", resume);
  something_is_said ("meeting ");
  net_socket_free (socket);
  net_use_address (NULL);
}

GST_END_TEST;

static void
wait_for_meeting (void)
{
  gint64 end = g_get_monotonic_time () + NET_SECONDS * G_USEC_PER_SEC;

  while (!meeting_id && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  fail_unless (meeting_id != NULL);
}

static gchar *
sign (VmIdentity *who, const gchar *nonce)
{
  g_autoptr (GByteArray) bytes = vm_invites_signed_bytes (meeting_id, nonce);
  guint8 raw[VM_SIGNATURE_SIZE];

  fail_unless (vm_signature_make (who, bytes->data, bytes->len, raw, NULL));
  return g_base64_encode (raw, sizeof raw);
}

/* One that is taken, and one that is not, are asked for in the same words. */
GST_START_TEST (test_invitation)
{
  GBytes *spki = vm_identity_get_spki (f.bob);
  g_autofree gchar *key =
      g_base64_encode (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
  g_autofree gchar *word = NULL, *ask = NULL, *token = NULL, *nonce = NULL,
                   *signature = NULL, *body = NULL;
  g_autoptr (NetAnswer) redeemed = NULL;
  g_autoptr (NetAnswer) again = NULL;
  g_autoptr (NetAnswer) joined = NULL;

  wait_for_meeting ();
  word = vm_server_make_invitation (
      server, meeting_id, VM_INVITATION_LIFETIME, NULL);
  ask = g_strdup_printf (
      "{\"meeting\":\"standup\",\"invitation\":\"%s\",\"pubKey\":\"%s\"}", word,
      key);
  redeemed = trust_ask (NULL, "/meetings/guest", ask);
  fail_unless (redeemed->status == 200, "%s", redeemed->text);
  again = trust_ask (NULL, "/meetings/guest", ask);
  fail_unless_equals_int (again->status, 403);
  token = member (redeemed->body, "token");
  nonce = member (redeemed->body, "nonce");
  signature = sign (f.bob, nonce);
  body = g_strdup_printf (
      "{\"meeting\":\"standup\",\"user\":\"Bob\",\"pin\":\"" PIN "\","
      "\"token\":\"%s\",\"nonce\":\"%s\",\"signature\":\"%s\"}",
      token, nonce, signature);
  joined = net_join (server, body);
  fail_unless (joined->status == 200, "%s", joined->text);
  word_is_not_said ("invitation", word);
  pem_is_not_said ("token of a guest", token);
  is_not_said ("nonce for a guest", nonce);
  is_not_said ("signature of a guest", signature);
  something_is_said ("meeting ");
}

GST_END_TEST;

GST_START_TEST (test_page_that_answers)
{
  g_autofree gchar *secret = vm_server_make_approval_secret (server, NULL);
  g_autofree gchar *ask = g_strdup_printf ("{\"secret\":\"%s\"}", secret);
  g_autoptr (NetAnswer) opened = trust_ask (NULL, "/trust/page", ask);
  g_autoptr (NetAnswer) again = trust_ask (NULL, "/trust/page", ask);
  g_autofree gchar *session = NULL, *look = NULL;
  g_autoptr (NetAnswer) shown = NULL;

  fail_unless (opened->status == 200, "%s", opened->text);
  fail_unless_equals_int (again->status, 403);
  session = member (opened->body, "session");
  look = g_strdup_printf ("{\"session\":\"%s\"}", session);
  shown = trust_ask (NULL, "/trust/page/question", look);
  fail_unless_equals_int (shown->status, 200);
  word_is_not_said ("secret of the page", secret);
  word_is_not_said ("session of the page", session);
  something_is_said ("meeting ");
}

GST_END_TEST;

static Suite *
secrets_suite (void)
{
  Suite *s = suite_create ("secrets");
  TCase *tc = tcase_create ("secrets");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, listen_to_logs, NULL);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_handshake);
  tcase_add_test (tc, test_token);
  tcase_add_test (tc, test_join);
  tcase_add_test (tc, test_invitation);
  tcase_add_test (tc, test_page_that_answers);
  return s;
}

CHECK_PROGRAM (secrets)
