/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls with users of other servers. Each of the two servers has the call, and
 * decides what its own user does in it; what that one hears is said to the
 * other server, where it does the same there. What crosses is settled alike on
 * both sides, or comes too late. */

#include "call/calls-priv.h"

#include <string.h>

void
vm_calls_watch (VmCalls *calls, const gchar *id)
{
  if (calls->remote)
    calls->remote->watch (calls->share, id);
}

void
vm_calls_unwatch (VmCalls *calls, const gchar *id)
{
  if (calls->remote)
    calls->remote->unwatch (calls->share, id);
}

gboolean
vm_calls_is_node (const gchar *node)
{
  return node && *node;
}

VmCallUser *
vm_calls_get_remote (VmCalls *calls, const gchar *id, const gchar *node)
{
  VmCallUser *remote = g_hash_table_lookup (calls->remotes, id);

  if (remote)
    return remote;
  remote = g_new0 (VmCallUser, 1);
  remote->calls = calls;
  remote->id = g_strdup (id);
  remote->node = g_strdup (node);
  g_hash_table_insert (calls->remotes, remote->id, remote);
  vm_calls_drop_remote (remote);
  return remote;
}

void
vm_calls_drop_remote (VmCallUser *remote)
{
  if (remote->idle)
    return;
  remote->idle = TRUE;
  g_queue_push_tail (&remote->calls->idle, remote);
}

/* Whose server is to be known: that of somebody who is in a call. */
static void
watch_or_not (VmCallUser *remote)
{
  gboolean watched = remote->call != NULL;

  if (watched == remote->watched)
    return;
  remote->watched = watched;
  if (watched)
    vm_calls_watch (remote->calls, remote->id);
  else
    vm_calls_unwatch (remote->calls, remote->id);
}

void
vm_calls_forget_idle (VmCalls *calls)
{
  VmCallUser *remote;

  while ((remote = g_queue_pop_head (&calls->idle))) {
    remote->idle = FALSE;
    watch_or_not (remote);
    if (!remote->call)
      g_hash_table_remove (calls->remotes, remote->id);
  }
}

VmCallUser *
vm_calls_find_callee (VmCallUser *user, const gchar *id)
{
  VmCalls *calls = user->calls;
  VmCallUser *callee = g_hash_table_lookup (calls->users, id);
  const gchar *node;

  /* what another server passes on is for somebody here, or nobody */
  if (callee || user->node || !calls->remote)
    return callee;
  node = calls->remote->find (calls->share, id);
  return node ? vm_calls_get_remote (calls, id, node) : NULL;
}

/* Those who are lost, or whose server is. */
static gboolean
is_lost (VmCallUser *remote, gint64 now)
{
  const VmCallsRemote *table = remote->calls->remote;
  VmCallShare *share = remote->calls->share;
  const gchar *node;

  if (!table || table->is_absent (share, remote->node))
    return TRUE;
  node = table->find (share, remote->id);
  if (g_strcmp0 (node, VM_CALLS_SOUGHT) == 0
      || g_strcmp0 (node, remote->node) == 0)
    remote->missed_at = 0;
  else if (!remote->missed_at)
    remote->missed_at = now;
  return remote->missed_at && now - remote->missed_at >= VM_CALL_LEAVE_TIME;
}

void
vm_calls_tick_remotes (VmCalls *calls, gint64 now)
{
  g_autoptr (GList) remotes = g_hash_table_get_values (calls->remotes);

  for (GList *one = remotes; one; one = one->next) {
    if (is_lost (one->data, now))
      vm_calls_end_lost (one->data, FALSE);
  }
}

void
vm_calls_found (VmCalls *calls, const gchar *id, const gchar *node)
{
  VmCallUser *remote = g_hash_table_lookup (calls->remotes, id);
  VmCallsCall *call = remote ? remote->call : NULL;
  VmCallUser *caller = call && call->callee == remote ? call->caller : NULL;

  if (!remote || vm_calls_is_node (remote->node))
    return;
  if (node) {
    g_free (remote->node);
    remote->node = g_strdup (node);
    return;
  }
  vm_calls_end_lost (remote, FALSE);
  if (caller)
    vm_calls_tell_missed (caller, id);
  vm_calls_forget_idle (calls);
}

/* The callee's server says why the call has not come about. */
static void
take_failed (VmCallUser *user, const gchar *node, const VmCallMessage *message)
{
  static const struct
  {
    VmCallEvent event;
    VmCallParty party;
  } means[VM_CALL_N_REASONS] = {
    [VM_CALL_REASON_OFFLINE] = { VM_CALL_EVENT_LOST, VM_CALL_BY_CALLEE },
    [VM_CALL_REASON_BUSY] = { VM_CALL_EVENT_CROSSED, VM_CALL_BY_SERVER },
    [VM_CALL_REASON_TIMEOUT] = { VM_CALL_EVENT_TIMEOUT, VM_CALL_BY_SERVER },
  };
  VmCallsCall *call = user->call;

  if (!call || call->caller != user || strcmp (call->id, message->call_id) != 0
      || g_strcmp0 (call->callee->node, node) != 0
      || !vm_calls_advance (
          call, means[message->reason].event, means[message->reason].party))
    return;
  vm_calls_tell (user, message);
  vm_calls_free_if_over (call);
}

void
vm_calls_end_denied (VmCallUser *remote)
{
  VmCallsCall *call = remote->call;

  if (!call || call->caller == remote
      || !vm_calls_advance (call, VM_CALL_EVENT_CROSSED, VM_CALL_BY_SERVER)) {
    vm_calls_end_lost (remote, FALSE);
    return;
  }
  vm_calls_tell_failed (call->caller, call->id, VM_CALL_REASON_BUSY);
  vm_calls_free_if_over (call);
}

/* What is said at the server where a user was before is of no call any more;
 * and who begins one at another has lost the last. */
static VmCallUser *
find_speaker (VmCalls *calls, const gchar *node, const gchar *id,
    const VmCallMessage *message)
{
  VmCallUser *remote = vm_calls_get_remote (calls, id, node);

  if (!vm_calls_is_node (remote->node) || strcmp (remote->node, node) == 0)
    return remote;
  if (message->type != VM_CALL_OFFER)
    return NULL;
  vm_calls_end_lost (remote, FALSE);
  vm_calls_forget_idle (calls);
  return vm_calls_get_remote (calls, id, node);
}

void
vm_calls_hear (VmCalls *calls, const gchar *node, const gchar *from,
    const gchar *to, VmCallMessage *message, gint64 now)
{
  VmCallUser *user = g_hash_table_lookup (calls->users, to);
  VmCallUser *remote = NULL;
  const VmCallUser was = { .id = (gchar *) from, .node = (gchar *) node };
  gboolean good = message->to && strcmp (message->to, to) == 0;
  g_autoptr (GError) error = NULL;

  if (message->type == VM_CALL_FAILED && user)
    take_failed (user, node, message);
  else if (message->type != VM_CALL_FAILED && good
           && !g_hash_table_contains (calls->users, from))
    remote = find_speaker (calls, node, from, message);
  if (!remote && good && message->type == VM_CALL_END)
    vm_calls_hear_end (calls, &was, to, message->call_id);
  if (remote && message->type == VM_CALL_OFFER) {
    g_free (remote->name);
    remote->name = g_strdup (message->username);
  }
  if (remote && !vm_calls_take (remote, message, now, &error))
    g_debug ("a call of another server: %s", error->message);
  vm_calls_forget_idle (calls);
}

void
vm_call_user_lose (VmCallUser *user, const GError *reason)
{
  VmCalls *calls = user->calls;
  gpointer peer = user->peer;

  /* whom it talks to elsewhere hears of it from where it is now */
  vm_calls_end_lost (user, TRUE);
  g_hash_table_remove (calls->users, user->id);
  vm_calls_forget_idle (calls);
  if (calls->close)
    calls->close (peer, reason, calls->close_data);
}

/* Claims */

void
vm_call_user_say_claim (const VmCallUser *user)
{
  const VmCallsRemote *remote = user->calls->remote;
  VmCallShare *share = user->calls->share;
  const gchar *node = remote ? remote->find (share, user->claim_other) : NULL;

  if (vm_calls_is_node (node))
    remote->claim (share, node, user->id, user->claim_other, user->claim_id);
}

gboolean
vm_call_user_say_on (VmCallUser *user, VmCallMessage *message)
{
  const VmCallsRemote *remote = user->calls->remote;
  const gchar *node =
      remote ? remote->find (user->calls->share, message->to) : NULL;

  if (!node)
    return FALSE;
  vm_calls_forward (
      user, vm_calls_get_remote (user->calls, message->to, node), message);
  return TRUE;
}

/* Whether the two are in that call, as far as is known here. */
static gboolean
is_in_call (
    const VmCallUser *user, const VmCallUser *remote, const gchar *call_id)
{
  const VmCallsCall *call = user->call;

  return call && call->state == VM_CALL_STATE_ACTIVE
         && strcmp (call->id, call_id) == 0
         && vm_calls_other_of (call, user) == remote;
}

static void
move_to (VmCallUser *remote, const gchar *node)
{
  g_free (remote->node);
  remote->node = g_strdup (node);
  remote->missed_at = 0;
}

void
vm_calls_hear_claim (VmCalls *calls, const gchar *node, const gchar *from,
    const gchar *to, const gchar *call_id)
{
  VmCallUser *user = g_hash_table_lookup (calls->users, to);
  VmCallUser *remote;
  gboolean moved, talk;

  vm_calls_take_end (calls, call_id, from, to);
  if (!user || g_hash_table_contains (calls->users, from))
    return;
  remote = vm_calls_get_remote (calls, from, node);
  moved = strcmp (remote->node, node) != 0;
  talk = is_in_call (user, remote, call_id);
  /* of another call, which was lost with that server */
  if (moved && !talk)
    vm_calls_end_lost (remote, FALSE);
  if (moved)
    move_to (remote, node);
  /* what was known already is not said again, or it had no end */
  if (talk ? moved : vm_call_user_meet_claim (user, remote, call_id))
    calls->remote->claim (calls->share, node, to, from, call_id);
  vm_calls_forget_idle (calls);
}

static void
replace (VmCallsCall *call, VmCallUser *remote, VmCallUser *user)
{
  if (call->caller == remote)
    call->caller = user;
  else
    call->callee = user;
  vm_calls_end_waiting (remote);
  user->call = call;
  remote->call = NULL;
  vm_calls_drop_remote (remote);
}

void
vm_call_user_come_over (
    VmCallUser *user, const gchar *call_id, const gchar *other_id)
{
  VmCalls *calls = user->calls;
  VmCallUser *remote = g_hash_table_lookup (calls->remotes, user->id);
  VmCallsCall *call = remote ? remote->call : NULL;

  if (!call)
    return;
  if (call_id && call->state == VM_CALL_STATE_ACTIVE
      && strcmp (call->id, call_id) == 0
      && strcmp (vm_calls_other_of (call, remote)->id, other_id) == 0)
    replace (call, remote, user);
  else
    vm_calls_end_lost (remote, FALSE);
  vm_calls_forget_idle (calls);
}
