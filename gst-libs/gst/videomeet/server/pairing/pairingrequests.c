/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests for trust and what the user says to them: see pairingservice.h. */

#include "trust/store/decision.h"
#include "base/vmerror-priv.h"
#include "trust/keys/spki.h"
#include "trust/pairing/trustbody.h"
#include "trust/store/vmtruststore-priv.h"
#include "base/vmtimer-priv.h"
#include "server/http/approval.h"
#include "server/http/trust.h"
#include "server/server-priv.h"
#include "server/pairing/pairingservice-priv.h"

#include <string.h>

static void
count_out (VmTrustAsk *ask)
{
  if (ask->waiting)
    g_atomic_int_add (ask->waiting, -1);
  ask->waiting = NULL;
}

void
vm_trust_ask_free (VmTrustAsk *ask)
{
  count_out (ask);
  g_object_unref (ask->certificate);
  g_clear_pointer (&ask->spki, g_bytes_unref);
  g_bytes_unref (ask->data);
  g_free (ask->group);
  g_free (ask->request_id);
  g_free (ask);
}

static gint64
time_of (VmPairingService *pairing)
{
  return g_get_monotonic_time () + pairing->passed;
}

/* The handshake */

/* @digits NULL: no longer. */
static void
ask_page (
    VmPairingService *pairing, const VmTrustPrompt *prompt, const gchar *digits)
{
  g_autoptr (VmServer) server = vm_pairing_service_dup_server (pairing);

  if (server)
    vm_server_take_question (
        server, prompt->request_id, prompt->device_id, prompt->name, digits);
}

static void
on_prompt (const VmTrustPrompt *prompt, gpointer user_data)
{
  VmPairingService *pairing = user_data;

  g_free (pairing->prompted);
  pairing->prompted = g_strdup (prompt->request_id);
  g_free (pairing->prompted_device);
  pairing->prompted_device = g_strdup (prompt->device_id);
  /* that one is denied as soon as this call is over */
  if (pairing->approve != VM_APPROVE_NEVER)
    pairing->funcs.requested (prompt->request_id, prompt->device_id,
        prompt->name, prompt->digits, pairing->user_data);
  if (pairing->approve == VM_APPROVE_ASK)
    ask_page (pairing, prompt, prompt->digits);
}

static void
on_ready (const gchar *request_id, gpointer user_data)
{
  VmPairingService *pairing = user_data;

  for (guint i = 0; i < pairing->held->len; i++) {
    VmTrustAsk *ask = pairing->held->pdata[i];

    if (strcmp (ask->request_id, request_id) == 0)
      ask->ready = TRUE;
  }
}

static void
on_failed (
    const VmTrustPrompt *prompt, const GError *reason, gpointer user_data)
{
  VmPairingService *pairing = user_data;

  if (g_strcmp0 (pairing->prompted, prompt->request_id) == 0)
    g_clear_pointer (&pairing->prompted, g_free);
  ask_page (pairing, prompt, NULL);
  g_hash_table_remove (pairing->pardons, prompt->request_id);
  pairing->funcs.failed (prompt->request_id, prompt->device_id, prompt->name,
      reason, pairing->user_data);
}

/* Asking */

static void
send_answer (VmPairingService *pairing, const VmTrustAsk *ask,
    const VmTrustAnswer *answer)
{
  g_autoptr (VmServer) server = vm_pairing_service_dup_server (pairing);

  if (server)
    vm_server_answer_trust (server, ask->serial, answer->status, answer->body);
}

static void
answer_refusal (
    VmPairingService *pairing, const VmTrustAsk *ask, const GError *error)
{
  g_auto (VmTrustAnswer) answer = { 0 };

  answer.status = vm_error_to_http_status (error->code);
  answer.body = vm_trust_refusal_write (error);
  send_answer (pairing, ask, &answer);
}

static void
ask_again (VmPairingService *pairing, const VmTrustCaller *caller,
    const VmTrustAsk *ask, VmTrustAnswer *answer)
{
  gsize size;
  const gchar *data = g_bytes_get_data (ask->data, &size);
  g_autofree gchar *id = g_strndup (data, size);

  vm_approver_poll (pairing->approver, caller, id, answer);
}

static gboolean
is_known (VmPairingService *pairing, const VmTrustAsk *ask)
{
  g_autofree gchar *id = ask->spki ? vm_spki_to_device_id (ask->spki) : NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts = NULL;

  if (!id || ask->kind != VM_TRUST_ASK_REQUEST)
    return FALSE;
  facts = vm_trust_store_know (pairing->store, id, NULL, NULL, now);
  return facts->first_seen && !facts->revoked && !facts->damaged;
}

static void
run (VmPairingService *pairing, const VmTrustAsk *ask, VmTrustAnswer *answer)
{
  const gint64 real_time = g_get_real_time ();
  const VmTrustCaller caller = { .now = time_of (pairing),
    .date = real_time / G_USEC_PER_SEC,
    .real_time = real_time,
    .address = ask->group,
    .known = is_known (pairing, ask),
    .spki = ask->spki };
  gsize size;
  const gchar *data = g_bytes_get_data (ask->data, &size);

  pairing->current = ask;
  switch (ask->kind) {
    case VM_TRUST_ASK_REQUEST:
      vm_approver_request (pairing->approver, &caller, data, size, answer);
      break;
    case VM_TRUST_ASK_REVEAL:
      vm_approver_reveal (pairing->approver, &caller, data, size, answer);
      break;
    case VM_TRUST_ASK_POLL:
      ask_again (pairing, &caller, ask, answer);
      break;
    case VM_TRUST_ASK_PROOF:
      vm_approver_proof (pairing->approver, &caller, data, size, answer);
      break;
  }
  pairing->current = NULL;
}

/* One for each request: the one before is over. */
static void
hold (VmPairingService *pairing, VmTrustAsk *ask)
{
  gsize size;
  const gchar *data = g_bytes_get_data (ask->data, &size);

  ask->request_id = g_strndup (data, size);
  ask->until = time_of (pairing) + VM_TRUST_POLL_TIME;
  on_ready (ask->request_id, pairing);
  g_ptr_array_add (pairing->held, ask);
}

static void
take_ask (VmPairingService *pairing, gpointer *data)
{
  g_autoptr (VmTrustAsk) ask = g_steal_pointer (data);
  g_auto (VmTrustAnswer) answer = { 0 };

  count_out (ask);
  if (pairing->approve == VM_APPROVE_NEVER
      && ask->kind == VM_TRUST_ASK_REQUEST) {
    g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "This device takes no requests for trust");

    answer_refusal (pairing, ask, error);
    return;
  }
  run (pairing, ask, &answer);
  if (answer.hold)
    hold (pairing, g_steal_pointer (&ask));
  else
    send_answer (pairing, ask, &answer);
  vm_pairing_service_settle (pairing);
}

/* Settling */

static VmTrustAsk *
steal_due (VmPairingService *pairing)
{
  gint64 now = time_of (pairing);

  for (guint i = 0; i < pairing->held->len; i++) {
    const VmTrustAsk *ask = pairing->held->pdata[i];

    if (ask->ready || now >= ask->until)
      return g_ptr_array_steal_index (pairing->held, i);
  }
  return NULL;
}

static void
answer_held (VmPairingService *pairing)
{
  VmTrustAsk *due;

  while ((due = steal_due (pairing))) {
    g_auto (VmTrustAnswer) answer = { 0 };

    run (pairing, due, &answer);
    send_answer (pairing, due, &answer);
    vm_trust_ask_free (due);
  }
}

/* To the request that is before the user. */
static void
answer_prompted (VmPairingService *pairing, gboolean approve)
{
  g_autofree gchar *id = g_steal_pointer (&pairing->prompted);
  const VmTrustPrompt over = { .request_id = id };
  g_autoptr (GError) error = NULL;

  ask_page (pairing, &over, NULL);
  if (approve)
    vm_approver_approve (pairing->approver, id, pairing->permissions, &error);
  else
    vm_approver_deny (pairing->approver, id, &error);
  if (error)
    g_warning (
        "the answer to a trust request has no effect: %s", error->message);
  if (pairing->funcs.answered)
    pairing->funcs.answered (id, approve, pairing->user_data);
}

void
vm_pairing_service_say (VmPairingService *pairing, const gchar *request_id,
    gboolean approve, gint64 said)
{
  if (g_strcmp0 (pairing->prompted, request_id) != 0)
    return;
  if (approve)
    g_hash_table_insert (pairing->pardons, g_strdup (request_id),
        vm_trust_store_get_revocation (
            pairing->store, pairing->prompted_device, said));
  answer_prompted (pairing, approve);
}

static gboolean
on_timer (gpointer data)
{
  VmPairingService *pairing = data;

  vm_timer_clear (&pairing->timer);
  vm_pairing_service_settle (pairing);
  return G_SOURCE_REMOVE;
}

void
vm_pairing_service_settle (VmPairingService *pairing)
{
  gint64 now = time_of (pairing);
  gint64 next = vm_approver_tick (pairing->approver, now);

  /* each lets the next one before the user, of a bounded number */
  while (pairing->prompted && pairing->approve != VM_APPROVE_ASK)
    answer_prompted (pairing, pairing->approve == VM_APPROVE_AUTO);
  answer_held (pairing);
  for (guint i = 0; i < pairing->held->len; i++)
    next = MIN (next, ((VmTrustAsk *) pairing->held->pdata[i])->until);
  vm_timer_clear (&pairing->timer);
  if (next != G_MAXINT64)
    pairing->timer = vm_timer_new (
        NULL, (guint) (MAX (next - now, 0) / 1000) + 1, on_timer, pairing);
}

gboolean
vm_pairing_service_ask (VmPairingService *pairing, guint64 serial,
    VmTrustAskKind kind, GTlsCertificate *certificate, const gchar *group,
    GBytes *data)
{
  VmTrustAsk *ask;

  if (g_atomic_int_add (&pairing->asks, 1) >= VM_TRUST_ASKS_MAX) {
    g_atomic_int_add (&pairing->asks, -1);
    return FALSE;
  }
  ask = g_new0 (VmTrustAsk, 1);
  ask->waiting = &pairing->asks;
  ask->serial = serial;
  ask->kind = kind;
  ask->certificate = g_object_ref (certificate);
  ask->spki = vm_spki_from_certificate (certificate, NULL);
  ask->group = g_strdup (group);
  ask->data = g_bytes_ref (data);
  vm_pairing_service_post (
      pairing, take_ask, ask, (GDestroyNotify) vm_trust_ask_free);
  return TRUE;
}

static void
forget (VmPairingService *pairing, gpointer *serial)
{
  for (guint i = 0; i < pairing->held->len; i++) {
    if (((VmTrustAsk *) pairing->held->pdata[i])->serial
        == *(guint64 *) *serial) {
      g_ptr_array_remove_index (pairing->held, i);
      return;
    }
  }
}

void
vm_pairing_service_forget (VmPairingService *pairing, guint64 serial)
{
  vm_pairing_service_post (
      pairing, forget, g_memdup2 (&serial, sizeof serial), g_free);
}

void
vm_pairing_service_open_asks (VmPairingService *pairing)
{
  static const VmApproverFuncs funcs = {
    .random = vm_server_random,
    .prompt = on_prompt,
    .ready = on_ready,
    .established = vm_pairing_service_remember,
    .failed = on_failed,
  };

  pairing->permissions = VM_POLICY_PERMISSIONS;
  pairing->approver = vm_approver_new (pairing->identity, "", &funcs, pairing);
}
