/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls between users of somebody else's server (protocol/calls.md). The
 * meeting is what there is between this device and the other of the call it
 * has. */

#include "meeting/vmmeeting-priv.h"
#include <gst/videomeet/vmerror.h>
#include "wire/call/callclient.h"

static gpointer
get_calls (VmMeeting *self, GError **error)
{
  gpointer state = NULL;

  if (self->dialect == VM_DIALECT_NAME_CALL && !self->stopped && self->client)
    state = vm_signal_client_get_state (self->client);
  if (!state)
    g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "This device is at no server of calls");
  return state;
}

/**
 * vm_meeting_call:
 * @self: a #VmMeeting that was joined with the dialect call
 * @user_id: who is called, 1 to 128 bytes without control characters
 * @error: return location for a #GError
 *
 * Calls another user of the server: it is a participant from now on, and is to
 * be offered to. It leaves with an error where nothing comes of it:
 * %VM_ERROR_DECLINED (or it has another call), %VM_ERROR_NOT_FOUND,
 * %VM_ERROR_TIMEOUT (after 45 s), %VM_ERROR_RATE_LIMITED.
 *
 * Returns: whether it is called; else %VM_ERROR_DISCONNECTED, %VM_ERROR_FAILED
 *   when there is a call already, or %VM_ERROR_BAD_REQUEST
 *
 * Since: 0.1
 */
gboolean
vm_meeting_call (VmMeeting *self, const gchar *user_id, GError **error)
{
  g_autoptr (VmMeeting) alive = NULL;
  g_autoptr (VmSignal) joined = NULL;
  g_autofree gchar *uuid = NULL;
  g_autofree gchar *call_id = NULL;
  gpointer state;

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);
  g_return_val_if_fail (user_id != NULL, FALSE);

  alive = g_object_ref (self);
  state = get_calls (self, error);
  if (!state)
    return FALSE;
  if (!*user_id || !vm_text_is_name (user_id, VM_CALL_NAME_MAX)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A user's id has 1 to %d bytes", VM_CALL_NAME_MAX);
    return FALSE;
  }
  uuid = g_uuid_string_random ();
  call_id = g_strconcat ("call_", uuid, NULL);
  joined =
      vm_call_client_dial (state, user_id, call_id, self->call_type, error);
  if (!joined)
    return FALSE;
  vm_meeting_take_signal (self, joined);
  return TRUE;
}

/**
 * vm_meeting_accept_call:
 * @self: a #VmMeeting
 * @error: return location for a #GError
 *
 * Accepts the call of #VmMeeting::call-offered: the caller is a participant
 * from now on, and its offer comes.
 *
 * Returns: whether there was one to accept; else %VM_ERROR_DISCONNECTED or
 *   %VM_ERROR_FAILED
 *
 * Since: 0.1
 */
gboolean
vm_meeting_accept_call (VmMeeting *self, GError **error)
{
  g_autoptr (VmMeeting) alive = NULL;
  g_autoptr (GPtrArray) signals = NULL;
  gpointer state;

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);

  alive = g_object_ref (self);
  state = get_calls (self, error);
  signals = state ? vm_call_client_accept (state, error) : NULL;
  if (!signals)
    return FALSE;
  for (guint i = 0; i < signals->len; i++)
    vm_meeting_take_signal (self, signals->pdata[i]);
  return TRUE;
}

/**
 * vm_meeting_reject_call:
 * @self: a #VmMeeting
 * @error: return location for a #GError
 *
 * Declines the call of #VmMeeting::call-offered.
 *
 * Returns: whether there was one; else %VM_ERROR_DISCONNECTED or
 *   %VM_ERROR_FAILED
 *
 * Since: 0.1
 */
gboolean
vm_meeting_reject_call (VmMeeting *self, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  gpointer state;

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);

  state = get_calls (self, error);
  bytes = state ? vm_call_client_reject (state, error) : NULL;
  if (!bytes)
    return FALSE;
  vm_signal_client_send_bytes (self->client, bytes);
  return TRUE;
}

static gboolean
end_call (VmMeeting *self, const GError *reason, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (VmSignal) left = NULL;
  gpointer state;

  /* the server is lost for good */
  if (self->orphaned && self->participants->len && !self->stopped) {
    vm_meeting_drop_participants (self, reason);
    vm_meeting_look_whether_alone (self);
    return TRUE;
  }
  state = get_calls (self, error);
  if (state && vm_signal_client_is_lost (self->client))
    vm_call_client_owe_end (state);
  if (!state || !vm_call_client_end (state, &bytes, &left, error))
    return FALSE;
  if (bytes && !vm_signal_client_is_lost (self->client))
    vm_signal_client_send_bytes (self->client, bytes);
  if (reason) {
    left->code = g_strdup (vm_error_get_code (reason));
    left->message = g_strdup (reason->message);
  }
  vm_meeting_take_signal (self, left);
  return TRUE;
}

/**
 * vm_meeting_end_call:
 * @self: a #VmMeeting
 * @error: return location for a #GError
 *
 * Ends the call that this device has made or accepted; it stays at the server,
 * for others. The other of the call leaves. While the server is lost the other
 * hears of it when both are back there.
 *
 * Returns: whether there was one; else %VM_ERROR_DISCONNECTED or
 *   %VM_ERROR_FAILED
 *
 * Since: 0.1
 */
gboolean
vm_meeting_end_call (VmMeeting *self, GError **error)
{
  g_autoptr (VmMeeting) alive = NULL;

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);

  alive = g_object_ref (self);
  return end_call (self, NULL, error);
}

void
vm_meeting_lose_call (VmMeeting *self, const GError *reason)
{
  end_call (self, reason, NULL);
}

void
vm_meeting_forget_call (VmMeeting *self)
{
  gpointer state = get_calls (self, NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (VmSignal) left = NULL;

  /* this server may not be the one that the other has lost */
  if (state && vm_call_client_end (state, &bytes, &left, NULL) && bytes
      && !vm_signal_client_is_lost (self->client))
    vm_signal_client_send_bytes (self->client, bytes);
}

void
vm_meeting_set_calls_lost (VmMeeting *self, gboolean lost)
{
  gpointer state = get_calls (self, NULL);
  g_autoptr (VmSignal) over = NULL;
  g_autoptr (GBytes) owed = NULL;

  if (!state)
    return;
  over = lost ? vm_call_client_lose (state) : NULL;
  owed = lost ? NULL : vm_call_client_take_owed (state);
  if (owed)
    vm_signal_client_send_bytes (self->client, owed);
  if (over)
    vm_meeting_take_signal (self, over);
}

void
vm_meeting_take_ringing (VmMeeting *self, const VmSignal *signal)
{
  const VmSignalParticipant *who =
      signal->participants->len ? g_ptr_array_index (signal->participants, 0)
                                : NULL;

  g_autoptr (GBytes) refusal = NULL;
  gpointer state;

  if (!who)
    return;
  if (g_strcmp0 (signal->state, VM_CALL_REFUSED) == 0) {
    state = get_calls (self, NULL);
    refusal = state ? vm_call_client_take_refusal (state) : NULL;
    if (refusal)
      vm_signal_client_send_bytes (self->client, refusal);
    return;
  }
  if (g_strcmp0 (signal->state, VM_CALL_RINGING) == 0)
    g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_CALL_OFFERED], 0,
        who->alias, who->user, who->call_type);
  else
    g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_CALL_MISSED], 0,
        who->alias, who->user);
}
