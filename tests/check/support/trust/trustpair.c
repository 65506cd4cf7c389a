/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/trust/trustpair.h"

#include <string.h>

Pair pair;

static void hear (const gchar *format, ...) G_GNUC_PRINTF (1, 2);

static void
hear (const gchar *format, ...)
{
  va_list args;

  if (pair.heard->len)
    g_string_append_c (pair.heard, ' ');
  va_start (args, format);
  g_string_append_vprintf (pair.heard, format, args);
  va_end (args);
}

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  static guint8 next;

  memset (bytes, ++next, size);
}

static void
on_prompt (const VmTrustPrompt *prompt, gpointer user_data)
{
  hear ("prompt:%s", prompt->name);
  g_free (pair.prompted);
  pair.prompted = g_strdup (prompt->request_id);
  g_free (pair.digits);
  pair.digits = g_strdup (prompt->digits);
}

static void
on_ready (const gchar *request_id, gpointer user_data)
{
  hear ("ready");
}

static gboolean
on_established (const VmTrustPrompt *peer, VmToken *given, gpointer user_data,
    GError **error)
{
  if (pair.disk_full) {
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED, "The disk is full");
    return FALSE;
  }
  hear ("established:%s", peer->name);
  fail_unless_equals_string (peer->device_id, given->subject_id);
  g_clear_pointer (&pair.given, vm_token_unref);
  pair.given = vm_token_ref (given);
  return TRUE;
}

static void
on_failed (
    const VmTrustPrompt *prompt, const GError *reason, gpointer user_data)
{
  hear ("failed:%s:%s", prompt->name, vm_error_to_code (reason->code));
}

void
pair_setup (void)
{
  static const VmApproverFuncs funcs = { .random = on_random,
    .prompt = on_prompt,
    .ready = on_ready,
    .established = on_established,
    .failed = on_failed };

  pair = (Pair){ .now = PAIR_START,
    .approver = vm_approver_new (ann, "Ann's laptop", &funcs, NULL),
    .heard = g_string_new (NULL),
    .address = "10.0.0.2",
    .seen_by_ann = vm_identity_get_spki (bob),
    .seen_by_bob = vm_identity_get_spki (ann) };
  pair_begin ();
}

void
pair_teardown (void)
{
  vm_approver_free (pair.approver);
  vm_requester_free (pair.requester);
  g_string_free (pair.heard, TRUE);
  g_free (pair.prompted);
  g_free (pair.digits);
  g_clear_pointer (&pair.given, vm_token_unref);
}

void
pair_begin (void)
{
  static guint8 next = 128;
  guint8 nonce[VM_TRUST_NONCE_SIZE];

  memset (nonce, ++next, sizeof nonce);
  g_clear_pointer (&pair.requester, vm_requester_free);
  pair.requester = vm_requester_new (
      bob, "Bob", vm_identity_get_device_id (ann), nonce, pair.now);
}

static void
dispatch (const VmTrustCaller *caller, const gchar *path, const gchar *body,
    VmTrustAnswer *answer)
{
  static const gchar poll[] = "/trust/request/";
  gsize size = body ? strlen (body) : 0;

  if (!body) {
    fail_unless (g_str_has_prefix (path, poll));
    vm_approver_poll (pair.approver, caller, path + strlen (poll), answer);
  } else if (strcmp (path, "/trust/request") == 0) {
    vm_approver_request (pair.approver, caller, body, size, answer);
  } else if (strcmp (path, "/trust/reveal") == 0) {
    vm_approver_reveal (pair.approver, caller, body, size, answer);
  } else {
    fail_unless_equals_string (path, "/trust/proof");
    vm_approver_proof (pair.approver, caller, body, size, answer);
  }
  fail_unless (answer->status >= 200 && answer->status < 600);
  fail_unless (answer->body != NULL);
}

gboolean
pair_step (void)
{
  g_auto (VmTrustCall) call = { 0 };
  g_auto (VmTrustAnswer) answer = { 0 };
  VmTrustCaller caller = { .now = pair.now,
    .date = PAIR_DATE,
    .real_time = PAIR_DATE * G_USEC_PER_SEC,
    .address = pair.address,
    .known = pair.known,
    .spki = pair.seen_by_ann };
  gint64 when;

  if (!vm_requester_next (pair.requester, pair.now, &call, &when))
    return FALSE;
  fail_unless_equals_int (call.post, call.body != NULL);
  if (pair.on_call)
    pair.on_call (&call);
  dispatch (&caller, call.path, call.body, &answer);
  if (pair.on_answer)
    pair.on_answer (&answer);
  vm_requester_answer (pair.requester, pair.now, PAIR_DATE, pair.seen_by_bob,
      answer.status, answer.body, strlen (answer.body));
  return TRUE;
}

void
pair_steps (guint n)
{
  while (n-- > 0)
    fail_unless (pair_step ());
}

void
pair_reach (VmRequesterState state)
{
  for (guint i = 0; vm_requester_get_state (pair.requester) < state; i++) {
    const GError *error = vm_requester_get_error (pair.requester);

    fail_unless (
        i < 10, "%s is not reached", vm_requester_state_to_string (state));
    if (vm_requester_get_state (pair.requester) == VM_REQUESTER_POLLING
        && pair_find (pair.prompted)->state == VM_APPROVER_PROMPTED)
      pair_approve ();
    if (vm_requester_get_state (pair.requester) == VM_REQUESTER_CHALLENGED)
      fail_unless (vm_requester_confirm (pair.requester, NULL));
    else
      fail_unless (pair_step (), "%s", error ? error->message : "stuck");
  }
  fail_unless_equals_int (vm_requester_get_state (pair.requester), state);
}

void
pair_approve (void)
{
  g_autoptr (GError) error = NULL;

  vm_approver_approve (pair.approver, pair.prompted, PAIR_PERMISSIONS, &error);
  g_assert_no_error (error);
}

void
pair_heard (const gchar *expected)
{
  fail_unless_equals_string (pair.heard->str, expected);
  g_string_truncate (pair.heard, 0);
}

void
pair_failed (VmError code)
{
  const GError *error = vm_requester_get_error (pair.requester);
  VmTrustResult result;

  fail_unless_equals_int (
      vm_requester_get_state (pair.requester), VM_REQUESTER_FAILED);
  fail_unless (error && g_error_matches (error, VM_ERROR, code),
      "not %s but: %s", vm_error_to_code (code), error ? error->message : "");
  fail_if (vm_requester_get_result (pair.requester, &result));
  fail_if (pair_step ());
}

guint
pair_ask (
    GBytes *key, const gchar *path, const gchar *body, VmTrustAnswer *answer)
{
  VmTrustCaller caller = { .now = pair.now,
    .date = PAIR_DATE,
    .real_time = PAIR_DATE * G_USEC_PER_SEC,
    .address = pair.address,
    .known = pair.known,
    .spki = key };

  dispatch (&caller, path, body, answer);
  return answer->status;
}

gchar *
pair_request (GBytes *key, const gchar *name, guint8 nonce, guint *status)
{
  g_autofree gchar *id = vm_spki_to_device_id (key);
  VmTrustBody body = { .device_id = id, .spki = key, .name = (gchar *) name };
  g_auto (VmTrustBody) offer = { NULL };
  g_auto (VmTrustAnswer) answer = { 0 };
  g_autofree gchar *text = NULL;

  memset (body.nonce, nonce, sizeof body.nonce);
  vm_trust_commit (body.nonce, body.spki, body.commit);
  text = vm_trust_body_write (&body, VM_TRUST_BODY_REQUEST);
  *status = pair_ask (key, "/trust/request", text, &answer);
  if (*status != 202)
    return NULL;
  fail_unless (vm_trust_body_read (
      &offer, VM_TRUST_BODY_OFFER, answer.body, strlen (answer.body), NULL));
  return g_steal_pointer (&offer.request_id);
}

guint
pair_reveal (GBytes *key, const gchar *id, guint8 nonce)
{
  VmTrustBody body = { .request_id = (gchar *) id };
  g_auto (VmTrustAnswer) answer = { 0 };
  g_autofree gchar *text = NULL;

  memset (body.nonce, nonce, sizeof body.nonce);
  text = vm_trust_body_write (&body, VM_TRUST_BODY_REVEAL);
  return pair_ask (key, "/trust/reveal", text, &answer);
}

VmApproverRequest *
pair_find (const gchar *id)
{
  return vm_approver_find (pair.approver, id, NULL);
}

void
pair_swap (gchar **body, const gchar *key, const gchar *value)
{
  g_autofree gchar *start = g_strdup_printf ("\"%s\":\"", key);
  gchar *found = strstr (*body, start);
  gchar *end, *swapped;

  fail_unless (found != NULL, "no %s in %s", key, *body);
  found += strlen (start);
  end = strchr (found, '"');
  *found = '\0';
  swapped = g_strconcat (*body, value, end, NULL);
  g_free (*body);
  *body = swapped;
}
