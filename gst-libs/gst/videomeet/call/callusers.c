/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Users that come to be called, and go. */

#include "call/calls-priv.h"

#include <string.h>

void
vm_call_user_unwatch_claim (VmCallUser *user)
{
  if (user->claim_other)
    vm_calls_unwatch (user->calls, user->claim_other);
}

void
vm_call_user_free (VmCallUser *user)
{
  vm_call_user_unwatch_claim (user);
  g_free (user->id);
  g_free (user->name);
  g_free (user->last_id);
  g_free (user->last_other);
  g_free (user->claim_id);
  g_free (user->claim_other);
  g_free (user->node);
  g_free (user);
}

static void
tell_registered (VmCallUser *user)
{
  g_autoptr (VmCallMessage) message = vm_call_message_new (VM_CALL_REGISTERED);

  message->user_id = g_strdup (user->id);
  message->username = g_strdup (user->name);
  vm_calls_tell (user, message);
}

void
vm_calls_set_taken (GError **error, const gchar *id)
{
  g_set_error (error, VM_ERROR, VM_ERROR_USER_TAKEN,
      "Somebody else is called “%s” here", id);
}

VmCallUser *
vm_calls_register (VmCalls *calls, const gchar *id, const gchar *name,
    gpointer peer, gint64 now, GError **error)
{
  VmCallUser *user;

  if (g_hash_table_contains (calls->users, id)) {
    vm_calls_set_taken (error, id);
    return NULL;
  }
  if (g_hash_table_size (calls->users) >= VM_CALL_USERS_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "%u users are here already", VM_CALL_USERS_MAX);
    return NULL;
  }
  user = g_new0 (VmCallUser, 1);
  user->calls = calls;
  user->id = g_strdup (id);
  user->name = g_strdup (name);
  user->peer = peer;
  user->offers = VM_CALL_BURST;
  user->offers_at = now;
  g_hash_table_insert (calls->users, user->id, user);
  calls->list_changed = TRUE;
  tell_registered (user);
  return user;
}

/* The id of a call is known to the two alone. */
VmCallUser *
vm_calls_take_over (VmCalls *calls, const gchar *id, const gchar *call_id,
    const gchar *other_id, gpointer peer)
{
  VmCallUser *user = g_hash_table_lookup (calls->users, id);
  const VmCallsCall *call = user ? user->call : NULL;
  g_autoptr (GError) reason = NULL;
  gpointer before;

  if (!call || !calls->close || call->state != VM_CALL_STATE_ACTIVE
      || g_strcmp0 (call->id, call_id) != 0
      || g_strcmp0 (vm_calls_other_of (call, user)->id, other_id) != 0)
    return NULL;
  vm_calls_set_taken (&reason, id);
  before = user->peer;
  user->peer = peer;
  calls->close (before, reason, calls->close_data);
  tell_registered (user);
  return user;
}

VmCallRequest *
vm_calls_request_user (VmCalls *calls, const gchar *id, const gchar *name,
    gpointer peer, gint64 now, VmCallsSeated seated, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  VmCallUser *user;

  if (calls->remote && !g_hash_table_contains (calls->users, id))
    return calls->remote->request (
        calls->share, id, name, peer, seated, user_data);
  user = vm_calls_register (calls, id, name, peer, now, &error);
  seated (user, error, user_data);
  return NULL;
}

gboolean
vm_call_user_rename (
    VmCallUser *user, const gchar *id, const gchar *name, GError **error)
{
  if (strcmp (user->id, id) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "This connection is “%s”, and cannot be somebody else", user->id);
    return FALSE;
  }
  if (name) {
    g_free (user->name);
    user->name = g_strdup (name);
    user->calls->list_changed = TRUE;
  }
  tell_registered (user);
  return TRUE;
}

gboolean
vm_call_user_is_busy (const VmCallUser *user)
{
  return user->call || user->waiting;
}

void
vm_calls_end_waiting (VmCallUser *user)
{
  VmCallsCall *waiting = user->waiting;

  if (!waiting)
    return;
  vm_calls_advance (waiting, VM_CALL_EVENT_LOST, VM_CALL_BY_CALLEE);
  vm_calls_tell_failed (waiting->caller, waiting->id, VM_CALL_REASON_OFFLINE);
  vm_calls_free_if_over (waiting);
}

/* Whom the lost user talked to has lost an active call, or one that rang; a
 * caller hears that the other is not there. */
void
vm_calls_end_lost (VmCallUser *user, gboolean quietly)
{
  VmCallsCall *call = user->call;
  VmCallUser *other = call ? vm_calls_other_of (call, user) : NULL;

  if (!call)
    return;
  vm_calls_end_waiting (user);
  vm_calls_advance (call, VM_CALL_EVENT_LOST, vm_calls_party_of (call, user));
  if (quietly && other->node) {
    g_debug ("a call goes on at another server, or ends there");
  } else if (call->state == VM_CALL_STATE_FAILED) {
    vm_calls_tell_failed (other, call->id, VM_CALL_REASON_OFFLINE);
  } else {
    vm_calls_tell_end (other, call->id, user->id);
    vm_calls_keep_end_of (call, user);
    vm_calls_keep_end_of (call, other);
  }
  vm_calls_free_if_over (call);
}

static void
leave (VmCallUser *user, gboolean quietly)
{
  VmCalls *calls = user->calls;

  vm_calls_end_lost (user, quietly);
  if (calls->remote && user->seat)
    calls->remote->leave (calls->share, user->seat);
  g_hash_table_remove (calls->users, user->id);
  calls->list_changed = TRUE;
  vm_calls_forget_idle (calls);
}

void
vm_call_user_leave (VmCallUser *user)
{
  vm_call_user_leave_claim (user);
  leave (user, FALSE);
}

void
vm_call_user_detach (VmCallUser *user)
{
  leave (user, user->call && user->call->state == VM_CALL_STATE_ACTIVE);
}
