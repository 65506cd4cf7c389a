/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests for trust and what the user says to them: see trustdesk.h. */

#include "trust/store/decision.h"
#include "trust/keys/spki.h"
#include "trust/pairing/trustbody.h"
#include "trust/store/vmtruststore-priv.h"
#include "base/vmtimer-priv.h"
#include "server/http/approval.h"
#include "server/http/trust.h"
#include "server/server-priv.h"
#include "server/pairing/trustdesk-priv.h"

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
time_of (VmTrustDesk *desk)
{
  return g_get_monotonic_time () + desk->passed;
}

/* The handshake */

/* @digits NULL: no longer. */
static void
ask_page (VmTrustDesk *desk, const VmTrustPrompt *prompt, const gchar *digits)
{
  g_autoptr (VmServer) server = vm_trust_desk_dup_server (desk);

  if (server)
    vm_server_take_question (
        server, prompt->request_id, prompt->device_id, prompt->name, digits);
}

static void
on_prompt (const VmTrustPrompt *prompt, gpointer user_data)
{
  VmTrustDesk *desk = user_data;

  g_free (desk->prompted);
  desk->prompted = g_strdup (prompt->request_id);
  g_free (desk->prompted_device);
  desk->prompted_device = g_strdup (prompt->device_id);
  /* that one is denied as soon as this call is over */
  if (desk->approve != VM_APPROVE_NEVER)
    desk->funcs.requested (prompt->request_id, prompt->device_id, prompt->name,
        prompt->digits, desk->user_data);
  if (desk->approve == VM_APPROVE_ASK)
    ask_page (desk, prompt, prompt->digits);
}

static void
on_ready (const gchar *request_id, gpointer user_data)
{
  VmTrustDesk *desk = user_data;

  for (guint i = 0; i < desk->held->len; i++) {
    VmTrustAsk *ask = desk->held->pdata[i];

    if (strcmp (ask->request_id, request_id) == 0)
      ask->ready = TRUE;
  }
}

static void
on_failed (
    const VmTrustPrompt *prompt, const GError *reason, gpointer user_data)
{
  VmTrustDesk *desk = user_data;

  if (g_strcmp0 (desk->prompted, prompt->request_id) == 0)
    g_clear_pointer (&desk->prompted, g_free);
  ask_page (desk, prompt, NULL);
  g_hash_table_remove (desk->pardons, prompt->request_id);
  desk->funcs.failed (prompt->request_id, prompt->device_id, prompt->name,
      reason, desk->user_data);
}

/* Asking */

static void
send_answer (
    VmTrustDesk *desk, const VmTrustAsk *ask, const VmTrustAnswer *answer)
{
  g_autoptr (VmServer) server = vm_trust_desk_dup_server (desk);

  if (server)
    vm_server_answer_trust (server, ask->serial, answer->status, answer->body);
}

static void
answer_refusal (VmTrustDesk *desk, const VmTrustAsk *ask, const GError *error)
{
  g_auto (VmTrustAnswer) answer = { 0 };

  answer.status = vm_error_to_http_status (error->code);
  answer.body = vm_trust_refusal_write (error);
  send_answer (desk, ask, &answer);
}

static void
ask_again (VmTrustDesk *desk, const VmTrustCaller *caller,
    const VmTrustAsk *ask, VmTrustAnswer *answer)
{
  gsize size;
  const gchar *data = g_bytes_get_data (ask->data, &size);
  g_autofree gchar *id = g_strndup (data, size);

  vm_approver_poll (desk->approver, caller, id, answer);
}

static gboolean
is_known (VmTrustDesk *desk, const VmTrustAsk *ask)
{
  g_autofree gchar *id = ask->spki ? vm_spki_to_device_id (ask->spki) : NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts = NULL;

  if (!id || ask->kind != VM_TRUST_ASK_REQUEST)
    return FALSE;
  facts = vm_trust_store_know (desk->store, id, NULL, NULL, now);
  return facts->first_seen && !facts->revoked && !facts->damaged;
}

static void
run (VmTrustDesk *desk, const VmTrustAsk *ask, VmTrustAnswer *answer)
{
  const gint64 real_time = g_get_real_time ();
  const VmTrustCaller caller = { .now = time_of (desk),
    .date = real_time / G_USEC_PER_SEC,
    .real_time = real_time,
    .address = ask->group,
    .known = is_known (desk, ask),
    .spki = ask->spki };
  gsize size;
  const gchar *data = g_bytes_get_data (ask->data, &size);

  desk->current = ask;
  switch (ask->kind) {
    case VM_TRUST_ASK_REQUEST:
      vm_approver_request (desk->approver, &caller, data, size, answer);
      break;
    case VM_TRUST_ASK_REVEAL:
      vm_approver_reveal (desk->approver, &caller, data, size, answer);
      break;
    case VM_TRUST_ASK_POLL:
      ask_again (desk, &caller, ask, answer);
      break;
    case VM_TRUST_ASK_PROOF:
      vm_approver_proof (desk->approver, &caller, data, size, answer);
      break;
  }
  desk->current = NULL;
}

/* One for each request: the one before is over. */
static void
hold (VmTrustDesk *desk, VmTrustAsk *ask)
{
  gsize size;
  const gchar *data = g_bytes_get_data (ask->data, &size);

  ask->request_id = g_strndup (data, size);
  ask->until = time_of (desk) + VM_TRUST_POLL_TIME;
  on_ready (ask->request_id, desk);
  g_ptr_array_add (desk->held, ask);
}

static void
take_ask (VmTrustDesk *desk, gpointer *data)
{
  g_autoptr (VmTrustAsk) ask = g_steal_pointer (data);
  g_auto (VmTrustAnswer) answer = { 0 };

  count_out (ask);
  if (desk->approve == VM_APPROVE_NEVER && ask->kind == VM_TRUST_ASK_REQUEST) {
    g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "This device takes no requests for trust");

    answer_refusal (desk, ask, error);
    return;
  }
  run (desk, ask, &answer);
  if (answer.hold)
    hold (desk, g_steal_pointer (&ask));
  else
    send_answer (desk, ask, &answer);
  vm_trust_desk_settle (desk);
}

/* Settling */

static VmTrustAsk *
steal_due (VmTrustDesk *desk)
{
  gint64 now = time_of (desk);

  for (guint i = 0; i < desk->held->len; i++) {
    const VmTrustAsk *ask = desk->held->pdata[i];

    if (ask->ready || now >= ask->until)
      return g_ptr_array_steal_index (desk->held, i);
  }
  return NULL;
}

static void
answer_held (VmTrustDesk *desk)
{
  VmTrustAsk *due;

  while ((due = steal_due (desk))) {
    g_auto (VmTrustAnswer) answer = { 0 };

    run (desk, due, &answer);
    send_answer (desk, due, &answer);
    vm_trust_ask_free (due);
  }
}

/* To the request that is before the user. */
static void
answer_prompted (VmTrustDesk *desk, gboolean approve)
{
  g_autofree gchar *id = g_steal_pointer (&desk->prompted);
  const VmTrustPrompt over = { .request_id = id };
  g_autoptr (GError) error = NULL;

  ask_page (desk, &over, NULL);
  if (approve)
    vm_approver_approve (desk->approver, id, desk->permissions, &error);
  else
    vm_approver_deny (desk->approver, id, &error);
  if (error)
    g_warning (
        "the answer to a trust request has no effect: %s", error->message);
  if (desk->funcs.answered)
    desk->funcs.answered (id, approve, desk->user_data);
}

void
vm_trust_desk_say (
    VmTrustDesk *desk, const gchar *request_id, gboolean approve, gint64 said)
{
  if (g_strcmp0 (desk->prompted, request_id) != 0)
    return;
  if (approve)
    g_hash_table_insert (desk->pardons, g_strdup (request_id),
        vm_trust_store_get_revocation (
            desk->store, desk->prompted_device, said));
  answer_prompted (desk, approve);
}

static gboolean
on_timer (gpointer data)
{
  VmTrustDesk *desk = data;

  vm_timer_clear (&desk->timer);
  vm_trust_desk_settle (desk);
  return G_SOURCE_REMOVE;
}

void
vm_trust_desk_settle (VmTrustDesk *desk)
{
  gint64 now = time_of (desk);
  gint64 next = vm_approver_tick (desk->approver, now);

  /* each lets the next one before the user, of a bounded number */
  while (desk->prompted && desk->approve != VM_APPROVE_ASK)
    answer_prompted (desk, desk->approve == VM_APPROVE_AUTO);
  answer_held (desk);
  for (guint i = 0; i < desk->held->len; i++)
    next = MIN (next, ((VmTrustAsk *) desk->held->pdata[i])->until);
  vm_timer_clear (&desk->timer);
  if (next != G_MAXINT64)
    desk->timer = vm_timer_new (
        NULL, (guint) (MAX (next - now, 0) / 1000) + 1, on_timer, desk);
}

gboolean
vm_trust_desk_ask (VmTrustDesk *desk, guint64 serial, VmTrustAskKind kind,
    GTlsCertificate *certificate, const gchar *group, GBytes *data)
{
  VmTrustAsk *ask;

  if (g_atomic_int_add (&desk->asks, 1) >= VM_TRUST_ASKS_MAX) {
    g_atomic_int_add (&desk->asks, -1);
    return FALSE;
  }
  ask = g_new0 (VmTrustAsk, 1);
  ask->waiting = &desk->asks;
  ask->serial = serial;
  ask->kind = kind;
  ask->certificate = g_object_ref (certificate);
  ask->spki = vm_spki_from_certificate (certificate, NULL);
  ask->group = g_strdup (group);
  ask->data = g_bytes_ref (data);
  vm_trust_desk_post (desk, take_ask, ask, (GDestroyNotify) vm_trust_ask_free);
  return TRUE;
}

static void
forget (VmTrustDesk *desk, gpointer *serial)
{
  for (guint i = 0; i < desk->held->len; i++) {
    if (((VmTrustAsk *) desk->held->pdata[i])->serial == *(guint64 *) *serial) {
      g_ptr_array_remove_index (desk->held, i);
      return;
    }
  }
}

void
vm_trust_desk_forget (VmTrustDesk *desk, guint64 serial)
{
  vm_trust_desk_post (desk, forget, g_memdup2 (&serial, sizeof serial), g_free);
}

void
vm_trust_desk_open_asks (VmTrustDesk *desk)
{
  static const VmApproverFuncs funcs = {
    .random = vm_server_random,
    .prompt = on_prompt,
    .ready = on_ready,
    .established = vm_trust_desk_remember,
    .failed = on_failed,
  };

  desk->permissions = VM_POLICY_PERMISSIONS;
  desk->approver = vm_approver_new (desk->identity, "", &funcs, desk);
}
