/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a client of calls says (protocol/calls.md). */

#include "wire/call/callclient-priv.h"

#include <string.h>

VmRoomPeer *
vm_call_client_other (VmCallClient *state)
{
  return state->peers->peers->len ? g_ptr_array_index (state->peers->peers, 0)
                                  : NULL;
}

static VmCallMessage *
new_message (VmCallClient *state, VmCallMessageType type)
{
  VmCallMessage *message = vm_call_message_new (type);

  message->to = g_strdup (vm_call_client_other (state)->alias);
  message->call_id = g_strdup (state->call_id);
  return message;
}

static VmCallMessage *
write_media (VmCallClient *state, const VmSignal *signal)
{
  VmRoomPeer *other = vm_call_client_other (state);
  VmCallMessage *message;

  if (!other || g_strcmp0 (signal->to, other->id) != 0
      || !vm_room_has_object (signal))
    return NULL;
  switch (signal->type) {
    case VM_SIGNAL_OFFER:
      /* an exchange cannot begin anew in this dialect */
      if (!state->calls || state->offered)
        return NULL;
      state->offered = TRUE;
      vm_room_peer_follow (other, signal);
      message = new_message (state, VM_CALL_OFFER);
      message->call_type = state->call_type;
      message->username = g_strdup (state->name ? state->name : state->own);
      break;
    case VM_SIGNAL_ANSWER:
      state->answered = TRUE;
      message = new_message (state, VM_CALL_ANSWER);
      break;
    default:
      message = new_message (state, VM_CALL_CANDIDATE);
      break;
  }
  message->media = vm_signal_ref (signal);
  return message;
}

static VmCallMessage *
write_hello (VmCallClient *state, const VmSignal *hello)
{
  VmCallMessage *message = vm_call_message_new (VM_CALL_REGISTER);
  const VmSignalParticipant *me =
      hello->participants->len ? g_ptr_array_index (hello->participants, 0)
                               : NULL;

  g_free (state->name);
  state->name = me && me->user && *me->user ? g_strdup (me->user) : NULL;
  message->user_id = g_strdup (hello->meeting);
  message->username = g_strdup (state->name);
  /* the server may be another by now, and know of no call */
  if (state->owed_id) {
    message->call_id = g_strdup (state->owed_id);
    message->to = g_strdup (state->owed_to);
  } else if (vm_call_client_other (state) && state->answered) {
    message->call_id = g_strdup (state->call_id);
    message->to = g_strdup (vm_call_client_other (state)->alias);
  }
  return message;
}

static VmCallMessage *
write_error (VmCallClient *state, const VmSignal *signal)
{
  VmCallMessage *message;

  if (!vm_call_client_other (state)
      || g_strcmp0 (signal->to, vm_call_client_other (state)->id) != 0)
    return NULL;
  message = new_message (state, VM_CALL_ERROR);
  message->code = g_strdup (signal->code);
  message->text = g_strdup (signal->message);
  return message;
}

VmCallMessage *
vm_call_client_write_bye (VmCallClient *state)
{
  if (vm_call_client_other (state) && (!state->calls || state->offered))
    return new_message (state, VM_CALL_END);
  return NULL;
}

GBytes *
vm_call_client_format (gpointer data, const VmSignal *signal)
{
  VmCallClient *state = data;
  g_autoptr (VmCallMessage) message = NULL;

  switch (signal->type) {
    case VM_SIGNAL_HELLO:
      message = write_hello (state, signal);
      break;
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
    case VM_SIGNAL_CANDIDATE:
      message = write_media (state, signal);
      break;
    case VM_SIGNAL_BYE:
      message = vm_call_client_write_bye (state);
      break;
    case VM_SIGNAL_ERROR:
      message = write_error (state, signal);
      break;
    default:
      break;
  }
  return message ? vm_call_message_format (message) : NULL;
}
