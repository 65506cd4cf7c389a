/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The four requests at /trust/ over real sockets: protocol/trust.md#pairing,
 * security.md#pairing. What the handshake itself accepts is handshake.c's. */

#include "program.h"
#include "support/trust/trusthost.h"

#include <gst/videomeet/trust/store/storefile.h>

#include <string.h>

GST_START_TEST (test_agree)
{
  g_autoptr (VmToken) token = trust_agree (f.bob, "Bob");
  g_autoptr (VmTrustFacts) facts = NULL;
  g_autoptr (GDateTime) today = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;

  host_heard ("established:Bob");
  fail_unless (vm_token_verify (
      token, vm_identity_get_spki (f.me), g_date_time_to_unix (today), &error));
  fail_unless_equals_string (
      token->subject_id, vm_identity_get_device_id (f.bob));
  fail_unless_equals_int (token->permissions, VM_POLICY_PERMISSIONS);
  facts = vm_trust_store_know (
      f.store, vm_identity_get_device_id (f.bob), NULL, NULL, today);
  fail_unless_equals_int (facts->given, VM_POLICY_PERMISSIONS);
  fail_unless_equals_string (facts->user, "Bob");
  host_waits_for ("changed");
}

GST_END_TEST;

GST_START_TEST (test_auto)
{
  g_autofree gchar *id = NULL;
  g_autoptr (GIOStream) poll = NULL;
  g_autoptr (NetAnswer) answer = NULL;

  vm_pairing_service_set_approve (pairing, VM_APPROVE_AUTO);
  id = trust_reveal (f.bob, 1);
  poll = trust_poll (f.bob, id);
  answer = trust_polled (poll);
  fail_unless_equals_int (answer->status, 200);
  fail_unless (strstr (answer->body, "\"challenge\""), "%s", answer->text);
}

GST_END_TEST;

GST_START_TEST (test_never)
{
  g_autofree gchar *body = trust_request_body (f.bob, 1);
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autoptr (GIOStream) poll = trust_poll (f.bob, id);
  g_autoptr (NetAnswer) answer = NULL;

  /* the one before the user is denied, others are not taken */
  vm_pairing_service_set_approve (pairing, VM_APPROVE_NEVER);
  answer = trust_polled (poll);
  fail_unless_equals_int (answer->status, 403);
  fail_unless (strstr (answer->body, "NOT_TRUSTED"), "%s", answer->text);
  trust_refused (f.bob, "/trust/request", body, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

GST_START_TEST (test_deny)
{
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autoptr (GIOStream) poll = trust_poll (f.bob, id);
  g_autoptr (NetAnswer) answer = NULL;

  /* of another request nothing comes */
  vm_pairing_service_answer (pairing, "AAAAAAAAAAAAAAAAAAAAAA", TRUE);
  vm_pairing_service_answer (pairing, id, FALSE);
  answer = trust_polled (poll);
  fail_unless_equals_int (answer->status, 403);
  fail_unless (strstr (answer->body, "NOT_TRUSTED"), "%s", answer->text);
}

GST_END_TEST;

/* Whatever a body says: the key is the connection's. */
static void
refused_each (VmIdentity *who, const gchar *id, VmError code)
{
  g_autofree gchar *request = trust_request_body (f.bob, 1);
  g_autofree gchar *reveal = trust_reveal_body (id, 1);
  g_autofree gchar *path = g_strdup_printf ("/trust/request/%s", id);
  VmTrustBody body = { .request_id = (gchar *) id };
  g_autofree gchar *proof = vm_trust_body_write (&body, VM_TRUST_BODY_PROOF);

  trust_refused (who, "/trust/request", request, code);
  trust_refused (who, "/trust/reveal", reveal, code);
  trust_refused (who, path, NULL, code);
  trust_refused (who, "/trust/proof", proof, code);
}

GST_START_TEST (test_wrong_key)
{
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (GIOStream) poll = NULL;

  refused_each (f.eve, id, VM_ERROR_WRONG_KEY);
  refused_each (NULL, id, VM_ERROR_WRONG_KEY);
  /* nothing was changed by that */
  vm_pairing_service_answer (pairing, id, TRUE);
  poll = trust_poll (f.bob, id);
  answer = trust_polled (poll);
  fail_unless_equals_int (answer->status, 200);
}

GST_END_TEST;

GST_START_TEST (test_plain_http)
{
  host_reopen ((VmServerConfig){ .insecure = TRUE }, NULL);
  refused_each (NULL, "AAAAAAAAAAAAAAAAAAAAAA", VM_ERROR_NOT_TRUSTED);
  host_reopen ((VmServerConfig){ .loopback_only = TRUE }, NULL);
  refused_each (NULL, "AAAAAAAAAAAAAAAAAAAAAA", VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

GST_START_TEST (test_no_such_thing)
{
  g_autofree gchar *body = trust_request_body (f.bob, 1);
  g_autoptr (NetAnswer) head = NULL;

  trust_refused (f.bob, "/trust/", NULL, VM_ERROR_NOT_FOUND);
  trust_refused (f.bob, "/trust/request", NULL, VM_ERROR_NOT_FOUND);
  trust_refused (f.bob, "/trust/requests", body, VM_ERROR_NOT_FOUND);
  trust_refused (f.bob, "/trust/request/", NULL, VM_ERROR_NOT_FOUND);
  trust_refused (f.bob, "/trust/request/x", NULL, VM_ERROR_NOT_FOUND);
  trust_refused (f.bob, "/trust/request/x", body, VM_ERROR_NOT_FOUND);
  net_use_identity (f.bob);
  head = net_ask (
      server, "HEAD /trust/request/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  fail_unless_equals_int (head->status, 404);
}

GST_END_TEST;

GST_START_TEST (test_out_of_order)
{
  g_autofree gchar *id = trust_request (f.bob, 1);
  g_autofree gchar *reveal = trust_reveal_body (id, 1);
  g_autofree gchar *path = g_strdup_printf ("/trust/request/%s", id);
  VmTrustBody body = { .request_id = id };
  g_autofree gchar *proof = vm_trust_body_write (&body, VM_TRUST_BODY_PROOF);
  g_autoptr (NetAnswer) answer = NULL;

  trust_refused (f.bob, path, NULL, VM_ERROR_BAD_MESSAGE);
  trust_refused (f.bob, "/trust/proof", proof, VM_ERROR_BAD_MESSAGE);
  answer = trust_ask (f.bob, "/trust/reveal", reveal);
  fail_unless_equals_int (answer->status, 202);
  trust_refused (f.bob, "/trust/reveal", reveal, VM_ERROR_BAD_MESSAGE);
  trust_refused (f.bob, "/trust/proof", proof, VM_ERROR_BAD_MESSAGE);
  trust_refused (f.bob, "/trust/proof", "{}", VM_ERROR_BAD_MESSAGE);
  trust_refused (f.bob, "/trust/proof", "", VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

/* A nonce that the commitment does not open ends the request. */
GST_START_TEST (test_wrong_nonce)
{
  g_autofree gchar *id = trust_request (f.bob, 1);
  g_autofree gchar *wrong = trust_reveal_body (id, 2);
  g_autofree gchar *right = trust_reveal_body (id, 1);

  trust_refused (f.bob, "/trust/reveal", wrong, VM_ERROR_SIGNATURE);
  host_heard ("failed:Bob:SIGNATURE");
  trust_refused (f.bob, "/trust/reveal", right, VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_wrong_proof)
{
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  VmTrustBody body = { .request_id = id };
  g_autofree gchar *proof = vm_trust_body_write (&body, VM_TRUST_BODY_PROOF);
  g_autoptr (GIOStream) poll = trust_poll (f.bob, id);
  g_autoptr (NetAnswer) answer = NULL;

  vm_pairing_service_answer (pairing, id, TRUE);
  answer = trust_polled (poll);
  fail_unless_equals_int (answer->status, 200);
  trust_refused (f.bob, "/trust/proof", proof, VM_ERROR_SIGNATURE);
  host_heard ("failed:Bob:SIGNATURE");
  trust_refused (f.bob, "/trust/proof", proof, VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_expired)
{
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autofree gchar *path = g_strdup_printf ("/trust/request/%s", id);
  g_autoptr (GIOStream) poll = trust_poll (f.bob, id);
  g_autoptr (NetAnswer) answer = NULL;

  vm_pairing_service_pass_time (pairing, VM_TRUST_REQUEST_TIME);
  host_heard ("failed:Bob:TIMEOUT");
  answer = trust_polled (poll);
  /* which of the two comes first, the question or its end, is open */
  fail_unless_equals_int (answer->status, 404);
  trust_refused (f.bob, path, NULL, VM_ERROR_NOT_FOUND);
  /* the user's yes comes too late */
  vm_pairing_service_answer (pairing, id, TRUE);
  trust_refused (f.bob, path, NULL, VM_ERROR_NOT_FOUND);
}

GST_END_TEST;

GST_START_TEST (test_attempts)
{
  g_autofree gchar *mine = trust_request_body (f.bob, 1);
  g_autofree gchar *others = trust_request_body (f.eve, 1);

  for (guint i = 0; i < VM_TRUST_ATTEMPTS_MAX; i++)
    g_free (trust_request (f.bob, (guint8) i));
  trust_refused (f.bob, "/trust/request", mine, VM_ERROR_RATE_LIMITED);
  /* the address */
  trust_refused (f.eve, "/trust/request", others, VM_ERROR_RATE_LIMITED);
  net_use_address ("127.0.1.2");
  g_free (trust_request (f.eve, 1));
  /* the device, wherever it is */
  trust_refused (f.bob, "/trust/request", mine, VM_ERROR_RATE_LIMITED);
  vm_pairing_service_pass_time (pairing, VM_TRUST_ATTEMPTS_TIME);
  g_free (trust_request (f.bob, 1));
}

GST_END_TEST;

/* Strangers at its address do not count for whoever was met before. */
GST_START_TEST (test_attempts_of_the_known)
{
  g_autofree gchar *body = trust_request_body (f.bob, 1);

  for (guint i = 0; i < VM_TRUST_ATTEMPTS_MAX; i++)
    g_free (trust_request (f.eve, (guint8) i));
  trust_refused (f.bob, "/trust/request", body, VM_ERROR_RATE_LIMITED);
  fixture_pin (f.bob, "Bob", "box");
  g_free (trust_request (f.bob, 1));
}

GST_END_TEST;

/* As many as may wait, of a device and an address each; then one more. */
GST_START_TEST (test_pending)
{
  g_autoptr (VmIdentity) last = NULL;
  g_autofree gchar *body = NULL;

  for (guint i = 0; i <= VM_TRUST_PENDING_MAX; i++) {
    g_autofree gchar *address = g_strdup_printf ("127.0.1.%u", i + 1);
    g_autofree gchar *folder = g_strdup_printf ("%s/%u", f.parent, i);
    g_autoptr (VmIdentity) one = vm_identity_load (folder, NULL);

    net_use_address (address);
    if (i < VM_TRUST_PENDING_MAX) {
      g_free (trust_request (one, 1));
      continue;
    }
    body = trust_request_body (one, 1);
    trust_refused (one, "/trust/request", body, VM_ERROR_RATE_LIMITED);
    g_set_object (&last, one);
  }
  net_use_address (NULL);
  vm_pairing_service_pass_time (pairing, VM_TRUST_REQUEST_TIME);
  g_free (trust_request (last, 1));
}

GST_END_TEST;

static void
check_pending (GIOStream *stream)
{
  g_autoptr (NetAnswer) answer = trust_polled (stream);

  fail_unless_equals_int (answer->status, 202);
  fail_unless (strstr (answer->body, "pending"), "%s", answer->text);
}

/* How many connections wait for the pairing service, asked on vm-net. */
static void
count_askers (VmServer *of, gpointer count)
{
  *(guint *) count = g_hash_table_size (of->askers);
}

static guint
askers (void)
{
  guint count = 0;

  net_run (server, count_askers, &count);
  return count;
}

static void
wait_for_askers (guint n)
{
  gint64 end = g_get_monotonic_time () + NET_SECONDS * G_TIME_SPAN_SECOND;

  while (askers () != n)
    fail_unless (g_get_monotonic_time () < end, "never %u askers", n);
}

GST_START_TEST (test_poll_ends)
{
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autoptr (GIOStream) first = trust_poll (f.bob, id);
  g_autoptr (GIOStream) second = NULL;
  g_autoptr (NetAnswer) answer = NULL;

  wait_for_askers (1);
  /* one is held for each request */
  second = trust_poll (f.bob, id);
  check_pending (first);
  wait_for_askers (1);
  vm_pairing_service_pass_time (pairing, VM_TRUST_POLL_TIME);
  check_pending (second);
  wait_for_askers (0);
  /* the connection is good for the next one */
  vm_pairing_service_answer (pairing, id, TRUE);
  {
    g_autofree gchar *again = g_strdup_printf (
        "GET /trust/request/%s HTTP/1.1\r\nHost: localhost\r\n\r\n", id);

    answer = net_ask_on (second, again, strlen (again));
    fail_unless_equals_int (answer->status, 200);
  }
}

GST_END_TEST;

GST_START_TEST (test_poll_left)
{
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autoptr (GIOStream) gone = trust_poll (f.bob, id);
  g_autoptr (GIOStream) poll = NULL;
  g_autoptr (NetAnswer) answer = NULL;

  wait_for_askers (1);
  g_io_stream_close (gone, NULL, NULL);
  wait_for_askers (0);
  vm_pairing_service_answer (pairing, id, TRUE);
  poll = trust_poll (f.bob, id);
  answer = trust_polled (poll);
  fail_unless_equals_int (answer->status, 200);
}

GST_END_TEST;

/* It is no request that takes too long, whatever else does. */
GST_START_TEST (test_poll_outlives_requests)
{
  VmServerTimes times = patient;
  static const gchar half[] = "POST /trust/reveal HTTP/1.1\r\n"
                              "Host: localhost\r\nContent-Length: 9\r\n"
                              "Content-Type: application/json\r\n\r\n{";
  g_autofree gchar *id = NULL;
  g_autoptr (GIOStream) poll = NULL;
  g_autoptr (GIOStream) slow = NULL;
  g_autoptr (NetAnswer) cut = NULL;
  g_autoptr (NetAnswer) answer = NULL;

  times.request = 2 * G_USEC_PER_SEC;
  host_reopen ((VmServerConfig){ 0 }, &times);
  id = trust_reveal (f.bob, 1);
  poll = trust_poll (f.bob, id);
  wait_for_askers (1);
  slow = net_connect (server);
  cut = net_ask_on (slow, half, strlen (half));
  fail_unless_equals_int (cut->status, 0);
  wait_for_askers (1);
  vm_pairing_service_answer (pairing, id, TRUE);
  answer = trust_polled (poll);
  fail_unless_equals_int (answer->status, 200);
}

GST_END_TEST;

/* What comes behind a request whose answer is not there yet. */
GST_START_TEST (test_pipelined)
{
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autoptr (GIOStream) poll = trust_poll (f.bob, id);
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (NetAnswer) second = NULL;
  static const gchar next[] =
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

  wait_for_askers (1);
  g_output_stream_write_all (g_io_stream_get_output_stream (poll), next,
      strlen (next), NULL, NULL, NULL);
  vm_pairing_service_answer (pairing, id, TRUE);
  answer = trust_polled (poll);
  fail_unless_equals_int (answer->status, 200);
  fail_unless (strstr (answer->body, "challenge") != NULL);
  wait_for_askers (0);
  /* it may have come together with the first */
  if (!strstr (answer->body, "HTTP/1.1 200")) {
    second = net_ask_on (poll, "", 0);
    fail_unless_equals_int (second->status, 200);
  }
}

GST_END_TEST;

/* How often vm-net's loop turns until it has ticked so often. */

#define TICKS 10
#define TICK_MS 100
#define IDLE_TURNS_MAX 500 /* what spins does that in some milliseconds */
#define COUNTS_MAX 5

typedef struct
{
  uv_prepare_t turn;
  uv_timer_t timer;
  guint turns, ticks, closed;
  GAsyncQueue *done;
} Counter;

#define COUNTER_HANDLES 2

static void
on_turn (uv_prepare_t *turn)
{
  ((Counter *) turn->data)->turns++;
}

/* libuv closes what was closed last first: both are waited for */
static void
on_counter_closed (uv_handle_t *handle)
{
  Counter *counter = handle->data;

  if (++counter->closed == COUNTER_HANDLES)
    g_async_queue_push (counter->done, counter);
}

static void
on_tick (uv_timer_t *timer)
{
  Counter *counter = timer->data;

  if (++counter->ticks < TICKS)
    return;
  uv_close ((uv_handle_t *) &counter->turn, on_counter_closed);
  uv_close ((uv_handle_t *) timer, on_counter_closed);
}

static void
begin_counting (VmServer *of, gpointer data)
{
  Counter *counter = data;

  uv_prepare_init (&of->loop, &counter->turn);
  uv_timer_init (&of->loop, &counter->timer);
  counter->turn.data = counter->timer.data = counter;
  uv_prepare_start (&counter->turn, on_turn);
  uv_timer_start (&counter->timer, on_tick, TICK_MS, TICK_MS);
}

static guint
count_turns (void)
{
  g_autofree Counter *counter = g_new0 (Counter, 1);
  g_autoptr (GAsyncQueue) done = g_async_queue_new ();

  counter->done = done;
  vm_server_post (server, begin_counting, counter, NULL);
  fail_unless (
      g_async_queue_timeout_pop (done, 2 * NET_SECONDS * G_TIME_SPAN_SECOND)
      == counter);
  return counter->turns;
}

static void
write_on (GIOStream *stream, const gchar *text)
{
  fail_unless (
      g_output_stream_write_all (g_io_stream_get_output_stream (stream), text,
          strlen (text), NULL, NULL, NULL));
}

/* What comes behind a question that is held stays in the socket, and keeps
 * nobody busy. */
GST_START_TEST (test_byte_behind_a_poll)
{
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autoptr (GIOStream) poll = trust_poll (f.bob, id);
  guint turns = IDLE_TURNS_MAX;

  wait_for_askers (1);
  write_on (poll, "G");
  /* it may turn until the byte is seen, and no longer */
  for (guint i = 0; i < COUNTS_MAX && turns >= IDLE_TURNS_MAX; i++)
    turns = count_turns ();
  fail_unless (turns < IDLE_TURNS_MAX, "%u turns", turns);
  wait_for_askers (1);
  /* and who goes is seen to go */
  g_io_stream_close (poll, NULL, NULL);
  wait_for_askers (0);
}

GST_END_TEST;

static gchar *
padded (const gchar *body, gsize size)
{
  gchar *text = g_malloc (size + 1);

  memset (text, ' ', size);
  memcpy (text, body, strlen (body));
  text[size] = '\0';
  return text;
}

GST_START_TEST (test_body_size)
{
  g_autofree gchar *body = trust_request_body (f.bob, 1);
  g_autofree gchar *most = padded (body, VM_TRUST_BODY_MAX);
  g_autofree gchar *over = padded (body, VM_TRUST_BODY_MAX + 1);
  g_autofree gchar *huge = padded (body, VM_HTTP_REQUEST_MAX + 1);
  g_autoptr (NetAnswer) answer = trust_ask (f.bob, "/trust/request", most);

  fail_unless_equals_int (answer->status, 202);
  trust_refused (f.bob, "/trust/request", over, VM_ERROR_TOO_LARGE);
  trust_refused (f.bob, "/trust/request", huge, VM_ERROR_TOO_LARGE);
}

GST_END_TEST;

/* What cannot be remembered gives no token. */
GST_START_TEST (test_store_damaged)
{
  g_autofree gchar *revoked = g_build_filename (f.folder, "revoked", NULL);
  static const guint8 nonce[VM_TRUST_NONCE_SIZE] = { 1 };
  g_autoptr (VmRequester) requester =
      vm_requester_new (f.bob, "Bob", NULL, nonce, g_get_monotonic_time ());

  trust_drive (f.bob, requester);
  host_heard ("requested:Bob");
  fail_unless (g_file_set_contents (revoked, "?", -1, NULL));
  while (vm_requester_get_state (requester) == VM_REQUESTER_POLLING)
    trust_drive (f.bob, requester);
  fail_unless (vm_requester_confirm (requester, NULL));
  trust_drive (f.bob, requester);
  fail_unless_equals_int (
      vm_requester_get_state (requester), VM_REQUESTER_FAILED);
  host_heard ("failed:Bob:FAILED");
  /* where this device keeps what is nobody's business */
  fail_if (strchr (vm_requester_get_error (requester)->message, '/'), "%s",
      vm_requester_get_error (requester)->message);
}

GST_END_TEST;

/* Digits that were compared anew undo a revocation; nothing else does. */
GST_START_TEST (test_revoked)
{
  g_autoptr (VmToken) first = trust_agree (f.bob, "Bob");
  g_autoptr (VmToken) second = NULL;
  g_autoptr (GDateTime) today = g_date_time_new_now_utc ();
  g_autofree gchar *id = vm_trust_store_revoke (f.store, "Bob", today, NULL);
  g_autoptr (VmTrustFacts) facts = NULL;

  fail_unless_equals_string (id, vm_identity_get_device_id (f.bob));
  host_heard ("established:Bob");
  host_waits_for ("changed");
  vm_pairing_service_pass_time (pairing, VM_TRUST_ATTEMPTS_TIME);
  second = trust_agree (f.bob, "Bob");
  facts = vm_trust_store_know (f.store, id, NULL, NULL, today);
  fail_if (facts->revoked);
}

GST_END_TEST;

static void
withdraw (VmIdentity *who)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *id = vm_trust_store_revoke (
      f.store, vm_identity_get_device_id (who), now, NULL);

  fail_unless (id != NULL);
}

static void
check_revoked (VmIdentity *who)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts = vm_trust_store_know (
      f.store, vm_identity_get_device_id (who), NULL, NULL, now);

  fail_unless (facts->revoked && !facts->given);
}

/* A `y` is withdrawn by revoking, also where the device was revoked before. */
GST_START_TEST (test_revoked_after_the_yes)
{
  static const guint8 nonce[VM_TRUST_NONCE_SIZE] = { 1 };
  g_autoptr (VmRequester) requester =
      vm_requester_new (f.bob, "Bob", NULL, nonce, g_get_monotonic_time ());

  if (__i__)
    withdraw (f.bob);
  trust_drive (f.bob, requester);
  host_heard ("requested:Bob");
  while (vm_requester_get_state (requester) == VM_REQUESTER_POLLING)
    trust_drive (f.bob, requester);
  fail_unless (vm_requester_confirm (requester, NULL));
  withdraw (f.bob);
  trust_drive (f.bob, requester);
  fail_unless_equals_int (
      vm_requester_get_state (requester), VM_REQUESTER_FAILED);
  host_heard ("failed:Bob:NOT_TRUSTED");
  check_revoked (f.bob);
}

GST_END_TEST;

/* While another process holds the store's lock, a proof waits for it and
 * a revocation does not. */
GST_START_TEST (test_revoked_while_locked)
{
  g_autofree gchar *revoked = g_strdup_printf (
      "%s 2026-01-02T03:04:05Z\nend\n", vm_identity_get_device_id (f.eve));
  static const guint8 nonce[VM_TRUST_NONCE_SIZE] = { 1 };
  g_autoptr (GIOStream) waiting = NULL;
  g_autofree gchar *request = NULL;
  g_autoptr (VmRequester) requester =
      vm_requester_new (f.ann, "Ann", NULL, nonce, g_get_monotonic_time ());
  g_auto (VmTrustCall) call = { 0 };
  gint64 when;
  gint lock;

  trust_drive (f.ann, requester);
  host_heard ("requested:Ann");
  while (vm_requester_get_state (requester) == VM_REQUESTER_POLLING)
    trust_drive (f.ann, requester);
  fail_unless (vm_requester_confirm (requester, NULL));
  fail_unless (
      vm_requester_next (requester, g_get_monotonic_time (), &call, &when));
  lock = vm_store_lock (f.folder, 0, NULL);
  fail_unless (lock >= 0);
  net_use_identity (f.ann);
  waiting = net_connect (server);
  request = g_strdup_printf (
      "POST /trust/proof HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      strlen (call.body), call.body);
  write_on (waiting, request);
  wait_for_askers (1);
  fail_unless (vm_store_write (f.folder, NULL, "revoked", revoked, NULL));
  host_waits_for ("changed");
  fail_unless_equals_int (askers (), 1);
  vm_store_unlock (lock);
  wait_for_askers (0);
  host_waits_for ("established:Ann");
}

GST_END_TEST;

/* A question about a device that is revoked goes away, whoever waits for it. */
GST_START_TEST (test_revoked_while_asked)
{
  g_autofree gchar *id = trust_reveal (f.bob, 1);
  g_autoptr (GIOStream) poll = trust_poll (f.bob, id);
  g_autoptr (NetAnswer) answer = NULL;

  wait_for_askers (1);
  withdraw (f.bob);
  host_heard ("failed:Bob:NOT_TRUSTED");
  answer = trust_polled (poll);
  fail_unless_equals_int (answer->status, 403);
  /* too late */
  vm_pairing_service_answer (pairing, id, TRUE);
  check_revoked (f.bob);
}

GST_END_TEST;

static Suite *
trustserver_suite (void)
{
  Suite *suite = suite_create ("trustserver");
  TCase *tests = tcase_create ("requests");

  tcase_add_checked_fixture (tests, host_setup, host_teardown);
  tcase_add_test (tests, test_agree);
  tcase_add_test (tests, test_auto);
  tcase_add_test (tests, test_never);
  tcase_add_test (tests, test_deny);
  tcase_add_test (tests, test_wrong_key);
  tcase_add_test (tests, test_plain_http);
  tcase_add_test (tests, test_no_such_thing);
  tcase_add_test (tests, test_out_of_order);
  tcase_add_test (tests, test_wrong_nonce);
  tcase_add_test (tests, test_wrong_proof);
  tcase_add_test (tests, test_expired);
  tcase_add_test (tests, test_attempts);
  tcase_add_test (tests, test_attempts_of_the_known);
  tcase_add_test (tests, test_pending);
  tcase_add_test (tests, test_poll_ends);
  tcase_add_test (tests, test_poll_left);
  tcase_add_test (tests, test_poll_outlives_requests);
  tcase_add_test (tests, test_pipelined);
  tcase_add_test (tests, test_byte_behind_a_poll);
  tcase_add_test (tests, test_body_size);
  tcase_add_test (tests, test_store_damaged);
  tcase_add_test (tests, test_revoked);
  tcase_add_loop_test (tests, test_revoked_after_the_yes, 0, 2);
  tcase_add_test (tests, test_revoked_while_asked);
  tcase_add_test (tests, test_revoked_while_locked);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (trustserver)
