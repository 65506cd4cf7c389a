/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trustdesk.h"
#include "../discovery/nodethread.h"
#include "../trust/spki.h"
#include "../trust/storewatch.h"
#include "../trust/trustbody.h"
#include "../trust/vmtruststore-priv.h"
#include "../vmtimer-priv.h"
#include "server-priv.h"

#include <openssl/rand.h>
#include <string.h>

#define CLOSE_TIME (20 * 1000) /* ms; the store's lock may be waited for */

typedef struct
{
  guint64 serial;
  VmTrustAskKind kind;
  GTlsCertificate *certificate;
  GBytes *spki;
  gchar *group;
  GBytes *data;

  /* of a poll that is held */
  gchar *request_id;
  gint64 until;
  gboolean ready;
} Ask;

struct _VmTrustDesk
{
  VmIdentity *identity; /* these never change */
  VmTrustStore *store;
  gint news; /* atomic: what is on its way here, see VM_TRUST_NEWS_MAX */
  GMutex lock; /* of what follows; no other is taken under it */
  VmNodeThread *thread; /* NULL: closed */

  /* only the thread, from here on */
  VmTrustDeskFuncs funcs;
  gpointer user_data;
  gboolean closed;
  VmServer *server; /* attached, or NULL */
  VmStoreWatch *watch;
  VmApprover *approver;
  GSource *timer;
  gint64 passed; /* by vm_trust_desk_pass_time() */
  VmApprove approve;
  gchar *prompted; /* the request before the user, or NULL */
  GHashTable *by_user; /* requests that the user has approved */
  GPtrArray *held; /* of Ask */
  const Ask *current; /* being answered */
};

static void settle (VmTrustDesk *desk);

static void
ask_free (Ask *ask)
{
  g_object_unref (ask->certificate);
  g_clear_pointer (&ask->spki, g_bytes_unref);
  g_bytes_unref (ask->data);
  g_free (ask->group);
  g_free (ask->request_id);
  g_free (ask);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ask, ask_free)

static gint64
time_of (VmTrustDesk *desk)
{
  return g_get_monotonic_time () + desk->passed;
}

/* What the store knows */

static void
tell_known (VmTrustDesk *desk)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GPtrArray) all = vm_trust_store_know_all (desk->store, now);
  g_autoptr (VmTrustFacts) nobody =
      vm_trust_store_know (desk->store, NULL, NULL, NULL, now);

  if (desk->server)
    vm_server_take_known (
        desk->server, g_steal_pointer (&all), nobody->damaged);
}

static void
tell_changed (VmTrustDesk *desk, const gchar *const *ids)
{
  for (guint i = 0; ids && ids[i]; i++)
    desk->funcs.changed (ids[i], desk->user_data);
}

static void
on_store_changed (const VmStoreChange *change, gpointer user_data)
{
  VmTrustDesk *desk = user_data;

  tell_known (desk);
  tell_changed (desk, change->added);
  tell_changed (desk, change->removed);
  tell_changed (desk, change->revoked);
  if (change->damaged)
    desk->funcs.changed (NULL, desk->user_data);
}

/* The handshake */

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  if (RAND_bytes (bytes, (int) size) != 1)
    g_error ("the system gives no random numbers");
}

static void
on_prompt (const VmTrustPrompt *prompt, gpointer user_data)
{
  VmTrustDesk *desk = user_data;

  g_free (desk->prompted);
  desk->prompted = g_strdup (prompt->request_id);
  /* that one is denied as soon as this call is over */
  if (desk->approve != VM_APPROVE_NEVER)
    desk->funcs.requested (prompt->request_id, prompt->device_id, prompt->name,
        prompt->digits, desk->user_data);
}

static void
on_ready (const gchar *request_id, gpointer user_data)
{
  VmTrustDesk *desk = user_data;

  for (guint i = 0; i < desk->held->len; i++) {
    Ask *ask = desk->held->pdata[i];

    if (strcmp (ask->request_id, request_id) == 0)
      ask->ready = TRUE;
  }
}

/* Whoever compared the digits of a device anew trusts it anew. */
static gboolean
pardon (VmTrustDesk *desk, const VmTrustFacts *facts, const gchar *request_id,
    GError **error)
{
  return !facts->revoked || !g_hash_table_contains (desk->by_user, request_id)
         || vm_trust_store_pardon (desk->store, facts->device_id, error);
}

static gboolean
on_established (const VmTrustPrompt *peer, VmToken *given, gpointer user_data,
    GError **error)
{
  VmTrustDesk *desk = user_data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts =
      vm_trust_store_know (desk->store, peer->device_id, NULL, NULL, now);

  if (!pardon (desk, facts, peer->request_id, error)
      || !vm_trust_store_add (desk->store, peer->name,
          facts->device ? facts->device : "", desk->current->certificate, given,
          NULL, now, error))
    return FALSE;
  g_hash_table_remove (desk->by_user, peer->request_id);
  /* before its answer: what the device does next is to join */
  tell_known (desk);
  desk->funcs.established (peer->device_id, peer->name, desk->user_data);
  return TRUE;
}

static void
on_failed (
    const VmTrustPrompt *prompt, const GError *reason, gpointer user_data)
{
  VmTrustDesk *desk = user_data;

  if (g_strcmp0 (desk->prompted, prompt->request_id) == 0)
    g_clear_pointer (&desk->prompted, g_free);
  g_hash_table_remove (desk->by_user, prompt->request_id);
  desk->funcs.failed (prompt->request_id, prompt->device_id, prompt->name,
      reason, desk->user_data);
}

/* Asking */

static void
send_answer (VmTrustDesk *desk, const Ask *ask, const VmTrustAnswer *answer)
{
  if (desk->server)
    vm_server_answer_trust (
        desk->server, ask->serial, answer->status, answer->body);
}

static void
answer_refusal (VmTrustDesk *desk, const Ask *ask, const GError *error)
{
  g_auto (VmTrustAnswer) answer = { 0 };

  answer.status = vm_error_to_http_status (error->code);
  answer.body = vm_trust_refusal_write (error);
  send_answer (desk, ask, &answer);
}

static void
ask_again (VmTrustDesk *desk, const VmTrustCaller *caller, const Ask *ask,
    VmTrustAnswer *answer)
{
  gsize size;
  const gchar *data = g_bytes_get_data (ask->data, &size);
  g_autofree gchar *id = g_strndup (data, size);

  vm_approver_poll (desk->approver, caller, id, answer);
}

static void
run (VmTrustDesk *desk, const Ask *ask, VmTrustAnswer *answer)
{
  const VmTrustCaller caller = { .now = time_of (desk),
    .date = g_get_real_time () / G_USEC_PER_SEC,
    .address = ask->group,
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
hold (VmTrustDesk *desk, Ask *ask)
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
  g_autoptr (Ask) ask = g_steal_pointer (data);
  g_auto (VmTrustAnswer) answer = { 0 };

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
  settle (desk);
}

/* After each call of the approver's, which must not be called from within */

static Ask *
steal_due (VmTrustDesk *desk)
{
  gint64 now = time_of (desk);

  for (guint i = 0; i < desk->held->len; i++) {
    const Ask *ask = desk->held->pdata[i];

    if (ask->ready || now >= ask->until)
      return g_ptr_array_steal_index (desk->held, i);
  }
  return NULL;
}

static void
answer_held (VmTrustDesk *desk)
{
  Ask *due;

  while ((due = steal_due (desk))) {
    g_auto (VmTrustAnswer) answer = { 0 };

    run (desk, due, &answer);
    send_answer (desk, due, &answer);
    ask_free (due);
  }
}

static void
say (VmTrustDesk *desk, gboolean approve)
{
  g_autofree gchar *id = g_steal_pointer (&desk->prompted);
  g_autoptr (GError) error = NULL;

  if (approve)
    vm_approver_approve (desk->approver, id, VM_POLICY_PERMISSIONS, &error);
  else
    vm_approver_deny (desk->approver, id, &error);
  if (error)
    g_warning (
        "the answer to a trust request has no effect: %s", error->message);
}

static gboolean
on_timer (gpointer data)
{
  VmTrustDesk *desk = data;

  vm_timer_clear (&desk->timer);
  settle (desk);
  return G_SOURCE_REMOVE;
}

static void
settle (VmTrustDesk *desk)
{
  gint64 now = time_of (desk);
  gint64 next = vm_approver_tick (desk->approver, now);

  /* each lets the next one before the user, of a bounded number */
  while (desk->prompted && desk->approve != VM_APPROVE_ASK)
    say (desk, desk->approve == VM_APPROVE_AUTO);
  answer_held (desk);
  for (guint i = 0; i < desk->held->len; i++)
    next = MIN (next, ((Ask *) desk->held->pdata[i])->until);
  vm_timer_clear (&desk->timer);
  if (next != G_MAXINT64)
    desk->timer = vm_timer_new (
        NULL, (guint) (MAX (next - now, 0) / 1000) + 1, on_timer, desk);
}

/* What is posted to the thread */

/* May take *@data. */
typedef void (*DeskFunc) (VmTrustDesk *desk, gpointer *data);

typedef struct
{
  VmTrustDesk *desk;
  DeskFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  if (call->destroy && call->data)
    call->destroy (call->data);
  vm_trust_desk_unref (call->desk);
  g_free (call);
}

static void
on_call (gpointer data)
{
  Call *call = data;

  if (!call->desk->closed)
    call->func (call->desk, &call->data);
}

static Call *
call_new (
    VmTrustDesk *desk, DeskFunc func, gpointer data, GDestroyNotify destroy)
{
  Call *call = g_new (Call, 1);

  *call = (Call){ vm_trust_desk_ref (desk), func, data, destroy };
  return call;
}

static void
post (VmTrustDesk *desk, DeskFunc func, gpointer data, GDestroyNotify destroy)
{
  Call *call = call_new (desk, func, data, destroy);

  g_mutex_lock (&desk->lock);
  if (desk->thread)
    vm_node_thread_post (
        desk->thread, on_call, g_steal_pointer (&call), call_free);
  g_mutex_unlock (&desk->lock);
  if (call)
    call_free (call);
}

/* The same, and waits until it is done: FALSE when it took too long. */
static gboolean
call (VmTrustDesk *desk, DeskFunc func, gpointer data, guint timeout_ms)
{
  return vm_node_thread_call (desk->thread, on_call,
      call_new (desk, func, data, NULL), call_free, timeout_ms);
}

static void
set_name (VmTrustDesk *desk, gpointer *name)
{
  vm_approver_set_name (desk->approver, *name);
}

void
vm_trust_desk_set_name (VmTrustDesk *desk, const gchar *name)
{
  post (desk, set_name, g_strdup (name), g_free);
}

static void
set_approve (VmTrustDesk *desk, gpointer *approve)
{
  desk->approve = GPOINTER_TO_INT (*approve);
  settle (desk);
}

void
vm_trust_desk_set_approve (VmTrustDesk *desk, VmApprove approve)
{
  post (desk, set_approve, GINT_TO_POINTER (approve), NULL);
}

static void
approve (VmTrustDesk *desk, gpointer *request_id)
{
  if (g_strcmp0 (desk->prompted, *request_id) != 0)
    return;
  g_hash_table_add (desk->by_user, g_strdup (*request_id));
  say (desk, TRUE);
  settle (desk);
}

static void
deny (VmTrustDesk *desk, gpointer *request_id)
{
  if (g_strcmp0 (desk->prompted, *request_id) != 0)
    return;
  say (desk, FALSE);
  settle (desk);
}

void
vm_trust_desk_answer (
    VmTrustDesk *desk, const gchar *request_id, gboolean approved)
{
  post (desk, approved ? approve : deny, g_strdup (request_id), g_free);
}

static void
pass_time (VmTrustDesk *desk, gpointer *time)
{
  desk->passed += *(gint64 *) *time;
  settle (desk);
}

void
vm_trust_desk_pass_time (VmTrustDesk *desk, gint64 time)
{
  post (desk, pass_time, g_memdup2 (&time, sizeof time), g_free);
}

static void
attach (VmTrustDesk *desk, gpointer *server)
{
  g_set_object (&desk->server, *server);
  tell_known (desk);
}

gboolean
vm_trust_desk_attach (VmTrustDesk *desk, VmServer *server, gint64 time)
{
  return call (desk, attach, server, (guint) (time / 1000));
}

static void
detach (VmTrustDesk *desk, gpointer *nothing)
{
  g_clear_object (&desk->server);
  g_ptr_array_set_size (desk->held, 0);
}

void
vm_trust_desk_detach (VmTrustDesk *desk)
{
  post (desk, detach, NULL, NULL);
}

void
vm_trust_desk_ask (VmTrustDesk *desk, guint64 serial, VmTrustAskKind kind,
    GTlsCertificate *certificate, const gchar *group, GBytes *data)
{
  Ask *ask = g_new0 (Ask, 1);

  ask->serial = serial;
  ask->kind = kind;
  ask->certificate = g_object_ref (certificate);
  ask->spki = vm_spki_from_certificate (certificate, NULL);
  ask->group = g_strdup (group);
  ask->data = g_bytes_ref (data);
  post (desk, take_ask, ask, (GDestroyNotify) ask_free);
}

static void
forget (VmTrustDesk *desk, gpointer *serial)
{
  for (guint i = 0; i < desk->held->len; i++) {
    if (((Ask *) desk->held->pdata[i])->serial == *(guint64 *) *serial) {
      g_ptr_array_remove_index (desk->held, i);
      return;
    }
  }
}

void
vm_trust_desk_forget (VmTrustDesk *desk, guint64 serial)
{
  post (desk, forget, g_memdup2 (&serial, sizeof serial), g_free);
}

/* What the server has to tell */

typedef struct
{
  VmTrustDesk *desk;
  gchar *device_id;
  gchar *name;
  GError *reason;
} News; /* somebody was not let in */

static void
news_free (gpointer data)
{
  News *news = data;

  g_atomic_int_add (&news->desk->news, -1);
  g_free (news->device_id);
  g_free (news->name);
  g_clear_error (&news->reason);
  g_free (news);
}

static void
take_failed (VmTrustDesk *desk, gpointer *data)
{
  const News *news = *data;

  desk->funcs.failed (
      NULL, news->device_id, news->name, news->reason, desk->user_data);
}

void
vm_trust_desk_tell_failed (VmTrustDesk *desk, const gchar *device_id,
    const gchar *name, const GError *reason)
{
  News *news;

  if (g_atomic_int_add (&desk->news, 1) >= VM_TRUST_NEWS_MAX) {
    g_atomic_int_add (&desk->news, -1);
    return;
  }
  news = g_new (News, 1);
  news->desk = desk;
  news->name = g_strdup (name ? name : "");
  news->device_id = g_strdup (device_id);
  news->reason = g_error_copy (reason);
  post (desk, take_failed, news, news_free);
}

/* Life */

static void
open_desk (VmTrustDesk *desk, gpointer *nothing)
{
  static const VmApproverFuncs funcs = {
    .random = on_random,
    .prompt = on_prompt,
    .ready = on_ready,
    .established = on_established,
    .failed = on_failed,
  };

  desk->approver = vm_approver_new (desk->identity, "", &funcs, desk);
  desk->watch = vm_store_watch_new (desk->store, NULL, on_store_changed, desk);
}

VmTrustDesk *
vm_trust_desk_new (VmIdentity *identity, VmTrustStore *store,
    const VmTrustDeskFuncs *funcs, gpointer user_data)
{
  VmTrustDesk *desk = g_atomic_rc_box_new0 (VmTrustDesk);

  desk->identity = g_object_ref (identity);
  desk->store = g_object_ref (store);
  desk->funcs = *funcs;
  desk->user_data = user_data;
  desk->by_user = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  desk->held = g_ptr_array_new_with_free_func ((GDestroyNotify) ask_free);
  g_mutex_init (&desk->lock);
  desk->thread = vm_node_thread_new ("vm-trust");
  post (desk, open_desk, NULL, NULL);
  return desk;
}

static void
close_desk (VmTrustDesk *desk, gpointer *nothing)
{
  desk->closed = TRUE;
  vm_timer_clear (&desk->timer);
  g_clear_pointer (&desk->watch, vm_store_watch_free);
  g_clear_pointer (&desk->approver, vm_approver_free);
  g_clear_object (&desk->server);
  g_ptr_array_set_size (desk->held, 0);
}

void
vm_trust_desk_close (VmTrustDesk *desk)
{
  VmNodeThread *thread;

  if (!call (desk, close_desk, NULL, CLOSE_TIME))
    g_warning ("the trust store did not answer within %d s", CLOSE_TIME / 1000);
  g_mutex_lock (&desk->lock);
  thread = g_steal_pointer (&desk->thread);
  g_mutex_unlock (&desk->lock);
  vm_node_thread_free (thread);
}

VmTrustDesk *
vm_trust_desk_ref (VmTrustDesk *desk)
{
  return g_atomic_rc_box_acquire (desk);
}

static void
clear (gpointer data)
{
  VmTrustDesk *desk = data;

  g_mutex_clear (&desk->lock);
  g_object_unref (desk->identity);
  g_object_unref (desk->store);
  g_hash_table_unref (desk->by_user);
  g_ptr_array_unref (desk->held);
  g_free (desk->prompted);
}

void
vm_trust_desk_unref (VmTrustDesk *desk)
{
  g_atomic_rc_box_release_full (desk, clear);
}
