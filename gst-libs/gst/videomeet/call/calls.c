/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "call/calls-priv.h"

#include <string.h>

static void
call_free (VmCallsCall *call)
{
  g_free (call->id);
  g_free (call);
}

/* It is not @user's any more; what rings besides takes its place. */
static void
drop (VmCallUser *user, const VmCallsCall *call)
{
  if (user->waiting == call)
    user->waiting = NULL;
  else
    user->call = g_steal_pointer (&user->waiting);
}

VmCalls *
vm_calls_new (VmCallsSend send, gpointer user_data)
{
  VmCalls *calls = g_new0 (VmCalls, 1);

  calls->send = send;
  calls->user_data = user_data;
  calls->users = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify) vm_call_user_free);
  calls->remotes = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify) vm_call_user_free);
  g_queue_init (&calls->idle);
  g_queue_init (&calls->ringing);
  g_queue_init (&calls->ends);
  return calls;
}

void
vm_calls_free (VmCalls *calls)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, calls->users);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmCallsCall *call;

    while ((call = ((VmCallUser *) value)->call)) {
      drop (call->caller, call);
      drop (call->callee, call);
      call_free (call);
    }
  }
  g_hash_table_unref (calls->users);
  g_hash_table_unref (calls->remotes);
  g_queue_clear (&calls->idle);
  vm_calls_clear_ends (calls);
  g_clear_pointer (&calls->list, g_ptr_array_unref);
  g_free (calls);
}

void
vm_calls_set_missed_func (
    VmCalls *calls, VmCallsMissed func, gpointer user_data)
{
  calls->missed = func;
  calls->missed_data = user_data;
}

void
vm_calls_set_close_func (VmCalls *calls, VmCallsClose func, gpointer user_data)
{
  calls->close = func;
  calls->close_data = user_data;
}

guint
vm_calls_count_users (VmCalls *calls)
{
  return g_hash_table_size (calls->users);
}

guint
vm_calls_count (VmCalls *calls)
{
  return calls->n_calls;
}

/* What is said */

void
vm_calls_tell (VmCallUser *user, const VmCallMessage *message)
{
  VmCalls *calls = user->calls;

  if (!user->node)
    calls->send (user->peer, message, calls->user_data);
  else if (calls->remote)
    calls->remote->say (
        calls->share, user->node, message->from, user->id, message);
}

void
vm_calls_tell_failed (
    VmCallUser *user, const gchar *call_id, VmCallReason reason)
{
  g_autoptr (VmCallMessage) message = vm_call_message_new (VM_CALL_FAILED);

  message->call_id = g_strdup (call_id);
  message->reason = reason;
  vm_calls_tell (user, message);
}

VmCallMessage *
vm_calls_new_end (const gchar *by, const gchar *to, const gchar *call_id)
{
  VmCallMessage *message = vm_call_message_new (VM_CALL_END);

  message->to = g_strdup (to);
  message->call_id = g_strdup (call_id);
  message->from = g_strdup (by);
  return message;
}

void
vm_calls_tell_end (VmCallUser *user, const gchar *call_id, const gchar *by)
{
  g_autoptr (VmCallMessage) message = vm_calls_new_end (by, user->id, call_id);

  vm_calls_tell (user, message);
}

static const gchar *
name_of (const VmCallUser *user)
{
  return user->name ? user->name : user->id;
}

void
vm_calls_tell_missed (const VmCallUser *caller, const gchar *callee)
{
  VmCalls *calls = caller->calls;

  if (calls->missed)
    calls->missed (callee, name_of (caller), calls->missed_data);
}

void
vm_calls_forward (VmCallUser *from, VmCallUser *to, VmCallMessage *message)
{
  g_free (message->from);
  message->from = g_strdup (from->id);
  vm_calls_tell (to, message);
}

/* Calls */

VmCallUser *
vm_calls_other_of (const VmCallsCall *call, const VmCallUser *user)
{
  return call->caller == user ? call->callee : call->caller;
}

VmCallParty
vm_calls_party_of (const VmCallsCall *call, const VmCallUser *user)
{
  return call->caller == user ? VM_CALL_BY_CALLER : VM_CALL_BY_CALLEE;
}

void
vm_calls_keep_last (VmCallUser *user, const gchar *call_id, const gchar *other)
{
  g_free (user->last_id);
  g_free (user->last_other);
  user->last_id = g_strdup (call_id);
  user->last_other = g_strdup (other);
}

gboolean
vm_calls_advance (VmCallsCall *call, VmCallEvent event, VmCallParty party)
{
  VmCallUser *const parties[] = { call->caller, call->callee };
  VmCalls *calls = call->caller->calls;
  VmCallState before = call->state;

  if (!vm_call_state_next (before, event, party, &call->state))
    return FALSE;
  if (before == VM_CALL_STATE_RINGING)
    g_queue_unlink (&calls->ringing, &call->link);
  call->began = calls->now;
  if (!vm_call_state_is_over (call->state))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (parties); i++) {
    drop (parties[i], call);
    vm_calls_keep_last (
        parties[i], call->id, vm_calls_other_of (call, parties[i])->id);
    if (parties[i]->node)
      vm_calls_drop_remote (parties[i]);
  }
  calls->n_calls--;
  /* one server tells of it: that of the callee */
  if (call->state == VM_CALL_STATE_MISSED && !call->callee->node)
    vm_calls_tell_missed (call->caller, name_of (call->callee));
  return TRUE;
}

void
vm_calls_free_if_over (VmCallsCall *call)
{
  if (vm_call_state_is_over (call->state))
    call_free (call);
}

VmCallsCall *
vm_calls_begin (VmCallUser *caller, VmCallUser *callee, const gchar *call_id,
    VmCallState state)
{
  VmCallsCall *call = g_new0 (VmCallsCall, 1);

  vm_calls_take_end (caller->calls, call_id, caller->id, callee->id);
  vm_calls_take_end (caller->calls, call_id, callee->id, caller->id);
  call->id = g_strdup (call_id);
  call->caller = caller;
  call->callee = callee;
  call->state = state;
  call->began = caller->calls->now;
  call->link.data = call;
  caller->call = call;
  if (callee->call)
    callee->waiting = call;
  else
    callee->call = call;
  caller->calls->n_calls++;
  return call;
}

/* Named as it has registered, whatever it says now. */
static void
forward_offer (VmCallUser *caller, VmCallUser *callee, VmCallMessage *offer)
{
  if (caller->name || !offer->username) {
    g_free (offer->username);
    offer->username = g_strdup (name_of (caller));
  }
  vm_calls_forward (caller, callee, offer);
}

static void
ring (VmCallUser *caller, VmCallUser *callee, VmCallMessage *offer, gint64 now)
{
  VmCalls *calls = caller->calls;
  VmCallsCall *call =
      vm_calls_begin (caller, callee, offer->call_id, VM_CALL_STATE_RINGING);

  call->began = now;
  g_queue_push_tail_link (&calls->ringing, &call->link);
  forward_offer (caller, callee, offer);
}

/* Whom @call rings offers one to its caller: the lower of the ids lives. Of two
 * that are equal neither can, for nobody could say which it means. */
static void
cross (VmCallsCall *call, VmCallUser *user, VmCallMessage *offer, gint64 now)
{
  VmCallUser *other = call->caller;
  gint order = strcmp (offer->call_id, call->id);

  if (order > 0) {
    vm_calls_tell_failed (user, offer->call_id, VM_CALL_REASON_BUSY);
    return;
  }
  vm_calls_advance (call, VM_CALL_EVENT_CROSSED, VM_CALL_BY_SERVER);
  vm_calls_tell_failed (other, call->id, VM_CALL_REASON_BUSY);
  if (order < 0) {
    vm_calls_tell_end (user, call->id, other->id);
    ring (user, other, offer, now);
  } else {
    vm_calls_tell_failed (user, offer->call_id, VM_CALL_REASON_BUSY);
  }
  call_free (call);
}

static gboolean
may_ring (VmCallUser *user, gint64 now, GError **error)
{
  user->offers += (now - user->offers_at) / (gdouble) VM_CALL_TIME;
  user->offers = MIN (user->offers, VM_CALL_BURST);
  user->offers_at = now;
  if (user->offers >= 1) {
    user->offers--;
    return TRUE;
  }
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Too many calls were begun; try again in 2 seconds");
  return FALSE;
}

/* Whoever offers a call to somebody, or answers another, is in no other any
 * more: a page need not say that it has closed the last. One that rings at
 * @user is not its own. */
static void
end_replaced (VmCallUser *user)
{
  VmCallsCall *call = user->call;
  VmCallUser *other;

  if (!call || (call->state == VM_CALL_STATE_RINGING && call->callee == user))
    return;
  other = vm_calls_other_of (call, user);
  vm_calls_advance (call, VM_CALL_EVENT_END, vm_calls_party_of (call, user));
  vm_calls_tell_end (other, call->id, user->id);
  vm_calls_keep_end_of (call, user);
  vm_calls_free_if_over (call);
}

/* What was active for a while may be over: of two pages that have closed their
 * connection without a word nobody else knows, and whoever does talk can
 * refuse. */
static gboolean
is_busy (const VmCallUser *callee, gint64 now)
{
  const VmCallsCall *call = callee->call;

  return callee->claim_id || callee->waiting
         || (call
             && (call->state == VM_CALL_STATE_RINGING
                 || now - call->began < VM_CALL_SURE_TIME));
}

static gboolean
is_crossed (
    const VmCallsCall *call, const VmCallUser *user, const VmCallUser *callee)
{
  return call && call->state == VM_CALL_STATE_RINGING && call->callee == user
         && call->caller == callee;
}

/* Of the connection that the two have: a page has another camera. */
static gboolean
is_offered_anew (
    const VmCallsCall *call, const VmCallUser *user, const VmCallMessage *offer)
{
  return call && call->state == VM_CALL_STATE_ACTIVE
         && strcmp (call->id, offer->call_id) == 0
         && strcmp (vm_calls_other_of (call, user)->id, offer->to) == 0;
}

static gboolean
take_offer (VmCallUser *user, VmCallMessage *offer, gint64 now, GError **error)
{
  VmCallUser *callee = vm_calls_find_callee (user, offer->to);
  VmCallsCall *call = user->call;
  gboolean crosses = is_crossed (call, user, callee)
                     || is_crossed (user->waiting, user, callee);

  if (callee == user) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "Nobody can call themselves");
    return FALSE;
  }
  if (is_offered_anew (call, user, offer)) {
    call->asks = user;
    forward_offer (user, callee, offer);
    return TRUE;
  }
  if (call && !crosses && strcmp (call->id, offer->call_id) == 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "This call has been offered already");
    return FALSE;
  }
  vm_call_user_drop_claims (user, callee);
  /* whatever becomes of it, its candidates are on the way */
  if (!call)
    vm_calls_keep_last (user, offer->call_id, offer->to);
  /* of another server's users it counts itself */
  if (!user->node && !may_ring (user, now, error))
    return FALSE;
  end_replaced (user);
  if (crosses) {
    cross (user->call, user, offer, now);
  } else if (!callee || user->call || is_busy (callee, now)) {
    vm_calls_tell_failed (user, offer->call_id,
        callee ? VM_CALL_REASON_BUSY : VM_CALL_REASON_OFFLINE);
    if (!callee)
      vm_calls_tell_missed (user, offer->to);
  } else {
    ring (user, callee, offer, now);
  }
  return TRUE;
}

/* The end of a call crosses what the other side has sent in it: that is
 * dropped, and no fault of anybody's. */
static gboolean
is_late (const VmCallUser *user, const VmCallMessage *message)
{
  return g_strcmp0 (user->last_other, message->to) == 0
         && (!message->call_id
             || g_strcmp0 (user->last_id, message->call_id) == 0);
}

static gboolean
is_of (const VmCallMessage *message, const VmCallsCall *call,
    const VmCallUser *user)
{
  return call && strcmp (vm_calls_other_of (call, user)->id, message->to) == 0
         && (!message->call_id || strcmp (call->id, message->call_id) == 0);
}

static VmCallsCall *
find_call (VmCallUser *user, const VmCallMessage *message, GError **error)
{
  if (is_of (message, user->call, user))
    return user->call;
  if (is_of (message, user->waiting, user))
    return user->waiting;
  if (!is_late (user, message))
    g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
        "There is no such call between these two");
  return NULL;
}

static gboolean
take_candidate (VmCallUser *user, VmCallMessage *message, GError **error)
{
  g_autoptr (GError) reason = NULL;
  VmCallsCall *call = find_call (user, message, &reason);

  if (reason && vm_call_user_say_claimed (user, message))
    return TRUE;
  if (reason) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  if (!call)
    return TRUE;
  g_free (message->call_id);
  message->call_id = g_strdup (call->id);
  vm_calls_forward (user, vm_calls_other_of (call, user), message);
  return TRUE;
}

/* Never an error for an error. */
static void
take_refusal (VmCallUser *user, VmCallMessage *message)
{
  VmCallsCall *call = message->to ? find_call (user, message, NULL) : NULL;

  if (call)
    vm_calls_forward (user, vm_calls_other_of (call, user), message);
}

static gboolean
take_event (
    VmCallUser *user, VmCallMessage *message, VmCallEvent event, GError **error)
{
  g_autoptr (GError) reason = NULL;
  VmCallsCall *call = find_call (user, message, &reason);
  VmCallUser *other = call ? vm_calls_other_of (call, user) : NULL;

  if (reason && event == VM_CALL_EVENT_END
      && vm_call_user_end_claimed (user, message))
    return TRUE;
  if (reason) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  if (!call)
    return TRUE;
  if (event == VM_CALL_EVENT_ANSWER && call->asks == other) {
    call->asks = NULL;
    vm_calls_forward (user, other, message);
    return TRUE;
  }
  if (!vm_calls_advance (call, event, vm_calls_party_of (call, user))) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "\"%s\" is not this user's to say while the call is %s",
        vm_call_message_type_to_string (message->type),
        vm_call_state_to_string (call->state));
    return FALSE;
  }
  if (message->busy)
    vm_calls_tell_failed (other, call->id, VM_CALL_REASON_BUSY);
  else
    vm_calls_forward (user, other, message);
  if (user->waiting == call)
    end_replaced (user);
  if (event == VM_CALL_EVENT_END)
    vm_calls_keep_end_of (call, user);
  vm_calls_free_if_over (call);
  return TRUE;
}

gboolean
vm_calls_take (
    VmCallUser *user, VmCallMessage *message, gint64 now, GError **error)
{
  user->calls->now = now;
  switch (message->type) {
    case VM_CALL_REGISTER:
      if (!vm_call_user_rename (
              user, message->user_id, message->username, error))
        return FALSE;
      vm_call_user_claim (user, message->call_id, message->to);
      return TRUE;
    case VM_CALL_OFFER:
      return take_offer (user, message, now, error);
    case VM_CALL_CANDIDATE:
      return take_candidate (user, message, error);
    case VM_CALL_ANSWER:
      return take_event (user, message, VM_CALL_EVENT_ANSWER, error);
    case VM_CALL_REJECT:
      return take_event (user, message, VM_CALL_EVENT_REJECT, error);
    case VM_CALL_END:
      return take_event (user, message, VM_CALL_EVENT_END, error);
    case VM_CALL_ERROR:
      take_refusal (user, message);
      return TRUE;
    case VM_CALL_USERS:
      vm_calls_tell_users (user, now);
      return TRUE;
    default:
      return TRUE;
  }
}

gboolean
vm_call_user_receive (
    VmCallUser *user, VmCallMessage *message, gint64 now, GError **error)
{
  gboolean taken = vm_calls_take (user, message, now, error);

  vm_calls_forget_idle (user->calls);
  return taken;
}

void
vm_calls_tick (VmCalls *calls, gint64 ring_time, gint64 now)
{
  VmCallsCall *call;

  while ((call = g_queue_peek_head (&calls->ringing))
         && now - call->began >= ring_time) {
    vm_calls_advance (call, VM_CALL_EVENT_TIMEOUT, VM_CALL_BY_SERVER);
    vm_calls_tell_failed (call->caller, call->id, VM_CALL_REASON_TIMEOUT);
    vm_calls_tell_end (call->callee, call->id, call->caller->id);
    call_free (call);
  }
  calls->now = now;
  vm_calls_forget_ends (calls, now);
  vm_calls_tick_remotes (calls, now);
  vm_calls_forget_idle (calls);
}
