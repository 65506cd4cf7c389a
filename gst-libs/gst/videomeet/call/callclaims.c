/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls that outlast their server (protocol/calls.md#returning-calls): the two
 * go on talking while it is stopped and started, and say so when they are back.
 * What both say is a call again; what one says makes it busy, and lets the end
 * of the call reach it, also when that was said before it (callended.c). Nobody
 * else can end what it is in. */

#include "call/calls-priv.h"

#include <string.h>

static gboolean
claims (const VmCallUser *user, const gchar *call_id, const VmCallUser *other)
{
  return user->claim_id && strcmp (user->claim_id, call_id) == 0
         && strcmp (user->claim_other, other->id) == 0;
}

static gboolean
has_ended (
    const VmCallUser *user, const gchar *call_id, const VmCallUser *other)
{
  return g_strcmp0 (user->last_id, call_id) == 0
         && g_strcmp0 (user->last_other, other->id) == 0;
}

static void
forget (VmCallUser *user)
{
  vm_call_user_unwatch_claim (user);
  g_clear_pointer (&user->claim_id, g_free);
  g_clear_pointer (&user->claim_other, g_free);
}

static VmCallUser *
find (const VmCallUser *user, const gchar *id)
{
  VmCallUser *other = g_hash_table_lookup (user->calls->users, id);

  return other == user ? NULL : other;
}

void
vm_call_user_claim (
    VmCallUser *user, const gchar *call_id, const gchar *other_id)
{
  VmCallUser *other = call_id ? find (user, other_id) : NULL;
  gboolean ended;

  vm_call_user_come_over (user, call_id, other_id);
  /* of a call that it knows the server knows better */
  if (!call_id || user->call || strcmp (user->id, other_id) == 0)
    return;
  forget (user);
  /* it was only away */
  vm_calls_take_end (user->calls, call_id, user->id, other_id);
  ended = vm_calls_take_end (user->calls, call_id, other_id, user->id);
  ended |= other && has_ended (other, call_id, user);
  if (ended) {
    vm_calls_keep_last (user, call_id, other_id);
    vm_calls_tell_end (user, call_id, other_id);
  } else if (other && claims (other, call_id, user)) {
    forget (other);
    vm_calls_begin (other, user, call_id, VM_CALL_STATE_ACTIVE);
  } else {
    user->claim_id = g_strdup (call_id);
    user->claim_other = g_strdup (other_id);
    vm_calls_watch (user->calls, other_id);
    if (!other)
      vm_call_user_say_claim (user);
  }
}

gboolean
vm_call_user_meet_claim (
    VmCallUser *user, VmCallUser *other, const gchar *call_id)
{
  if (has_ended (user, call_id, other)) {
    vm_calls_tell_end (other, call_id, user->id);
    return FALSE;
  }
  if (user->call || !claims (user, call_id, other))
    return FALSE;
  forget (user);
  vm_calls_end_denied (other);
  vm_calls_begin (other, user, call_id, VM_CALL_STATE_ACTIVE);
  return TRUE;
}

void
vm_call_user_drop_claims (VmCallUser *user, VmCallUser *callee)
{
  if (user->claim_id)
    vm_calls_keep_end (user->calls, user->claim_id, user, user->claim_other);
  forget (user);
  if (!callee || g_strcmp0 (callee->claim_other, user->id) != 0)
    return;
  vm_calls_tell_end (callee, callee->claim_id, user->id);
  forget (callee);
}

gboolean
vm_call_user_say_claimed (VmCallUser *user, VmCallMessage *message)
{
  if (g_strcmp0 (user->claim_other, message->to) != 0
      || (message->call_id && strcmp (user->claim_id, message->call_id) != 0)
      || find (user, message->to))
    return FALSE;
  g_free (message->call_id);
  message->call_id = g_strdup (user->claim_id);
  return vm_call_user_say_on (user, message);
}

gboolean
vm_call_user_end_claimed (VmCallUser *user, VmCallMessage *message)
{
  VmCallUser *other = find (user, message->to);
  gboolean theirs = other && claims (other, message->call_id, user);
  gboolean own = user->claim_id
                 && strcmp (user->claim_id, message->call_id) == 0
                 && strcmp (user->claim_other, message->to) == 0;

  if (!own && !theirs && user->node) {
    vm_calls_hear_end (user->calls, user, message->to, message->call_id);
    return TRUE;
  }
  if (!own && !theirs)
    return FALSE;
  if (own)
    forget (user);
  vm_calls_keep_last (user, message->call_id, message->to);
  if (theirs) {
    forget (other);
    vm_calls_keep_last (other, message->call_id, user->id);
    vm_calls_forward (user, other, message);
    return TRUE;
  }
  vm_calls_keep_end (user->calls, message->call_id, user, message->to);
  if (own && !other)
    vm_call_user_say_on (user, message);
  return TRUE;
}

void
vm_calls_hear_end (
    VmCalls *calls, const VmCallUser *by, const gchar *to, const gchar *call_id)
{
  VmCallUser *user = g_hash_table_lookup (calls->users, to);
  const VmCallUser *here = g_hash_table_lookup (calls->users, by->id);

  /* who is not here may be on the way; and whoever has come itself, and says
   * that the call goes on, knows better */
  if (!user) {
    if (!here || g_strcmp0 (here->claim_id, call_id) != 0)
      vm_calls_keep_end (calls, call_id, by, to);
  } else if (claims (user, call_id, by)) {
    forget (user);
    vm_calls_keep_last (user, call_id, by->id);
    vm_calls_tell_end (user, call_id, by->id);
  }
}

void
vm_call_user_leave_claim (VmCallUser *user)
{
  g_autoptr (VmCallMessage) message = NULL;

  if (!user->claim_id)
    return;
  message = vm_calls_new_end (user->id, user->claim_other, user->claim_id);
  vm_call_user_end_claimed (user, message);
}
