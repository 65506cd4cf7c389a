/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/call/callclient-priv.h"

#include <string.h>

/* The model's ids tell who came earlier, and so who offers: callers have been
 * there before, who is called comes afterwards. */
#define OWN_ID "p100000"
#define CALLED_FIRST 100001

static gboolean
fail (GError **error, const gchar *what)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_FAILED, what);
  return FALSE;
}

static void
forget_ringing (VmCallClient *state)
{
  g_clear_pointer (&state->ringing, vm_call_message_free);
  g_ptr_array_set_size (state->candidates, 0);
}

/* What the model is told */

static VmSignal *
tell_joined (const VmRoomPeer *peer, const gchar *name, VmCallType call_type)
{
  VmSignal *joined = vm_signal_new (VM_SIGNAL_PARTICIPANT_JOINED);
  VmSignalParticipant *who = vm_signal_add_participant (joined);

  who->id = g_strdup (peer->id);
  who->alias = g_strdup (peer->alias);
  who->user = g_strdup (name ? name : peer->alias);
  who->call_type = call_type;
  return joined;
}

static VmSignal *
tell_ringing (const VmCallMessage *offer, const gchar *what)
{
  VmSignal *signal = vm_signal_new (VM_SIGNAL_PARTICIPANT_STATE);
  VmSignalParticipant *who = vm_signal_add_participant (signal);

  signal->state = g_strdup (what);
  who->alias = g_strdup (offer->from);
  who->user = g_strdup (offer->username ? offer->username : offer->from);
  who->call_type = offer->call_type;
  return signal;
}

static VmSignal *
tell_missed (VmCallClient *state)
{
  VmSignal *missed = tell_ringing (state->ringing, VM_CALL_MISSED);

  forget_ringing (state);
  return missed;
}

/* The call is over; @code 0: without a reason. */
static VmSignal *
tell_left (VmCallClient *state, VmError code, const gchar *format)
{
  VmRoomPeer *other = vm_call_client_other (state);
  VmSignal *left = vm_signal_new (VM_SIGNAL_PARTICIPANT_LEFT);

  left->id = g_strdup (other->id);
  if (code) {
    left->code = g_strdup (vm_error_to_code (code));
    left->message = g_strdup_printf ("%s %s", other->alias, format);
  }
  g_clear_pointer (&state->call_id, g_free);
  vm_room_peers_remove (state->peers, left->id);
  return left;
}

static VmSignal *
tell_media (VmCallClient *state, const VmCallMessage *message)
{
  VmRoomPeer *other = vm_call_client_other (state);
  VmSignal *signal = message->media;

  signal->from = g_strdup (other->id);
  if (signal->type == VM_SIGNAL_OFFER)
    vm_room_peers_begin (state->peers, other);
  vm_room_peer_stamp (other, signal);
  return vm_signal_ref (signal);
}

/* Reading */

static VmSignal *
take_registered (VmCallClient *state, const VmCallMessage *message)
{
  VmSignal *welcome = vm_signal_new (VM_SIGNAL_WELCOME);

  /* again, on another socket */
  welcome->resumed = state->own != NULL;
  if (!state->own)
    state->own = g_strdup (message->user_id);
  welcome->id = g_strdup (OWN_ID);
  welcome->meeting = g_strdup (state->own);
  welcome->meeting_id = g_strdup (state->own);
  welcome->state = g_strdup ("active");
  vm_ice_grant_copy (&welcome->ice, &message->ice);
  return welcome;
}

/* The user is in a call, and is not asked. */
static VmSignal *
refuse (VmCallClient *state, const VmCallMessage *offer)
{
  g_autoptr (VmCallMessage) message = vm_call_message_new (VM_CALL_REJECT);

  message->to = g_strdup (offer->from);
  message->call_id = g_strdup (offer->call_id);
  message->busy = TRUE;
  g_clear_pointer (&state->refusal, g_bytes_unref);
  state->refusal = vm_call_message_format (message);
  return tell_ringing (offer, VM_CALL_REFUSED);
}

GBytes *
vm_call_client_take_refusal (gpointer data)
{
  return g_steal_pointer (&((VmCallClient *) data)->refusal);
}

/* While this side calls the same user, the lower id lives: that the other one
 * does not is still to be heard. */
static VmSignal *
take_offer (VmCallClient *state, VmCallMessage *offer)
{
  VmRoomPeer *other = vm_call_client_other (state);
  gboolean crosses = other && state->calls && state->offered
                     && strcmp (other->alias, offer->from) == 0
                     && strcmp (offer->call_id, state->call_id) < 0;

  if (other && state->answered)
    return refuse (state, offer);
  if (state->ringing || (other && !crosses))
    return NULL;
  state->ringing = offer;
  return tell_ringing (offer, VM_CALL_RINGING);
}

static gboolean
is_of_call (VmCallClient *state, const VmCallMessage *message)
{
  return state->call_id && g_strcmp0 (message->call_id, state->call_id) == 0;
}

/* By the other of the call, in the connection there is. */
static gboolean
is_offered_anew (VmCallClient *state, const VmCallMessage *message)
{
  return is_of_call (state, message) && state->answered
         && g_strcmp0 (message->from, vm_call_client_other (state)->alias) == 0;
}

static gboolean
is_of_ringing (VmCallClient *state, const VmCallMessage *message)
{
  return state->ringing
         && g_strcmp0 (message->call_id, state->ringing->call_id) == 0
         && g_strcmp0 (message->from, state->ringing->from) == 0;
}

static VmSignal *
take_ended (VmCallClient *state, const VmCallMessage *message)
{
  if (is_of_call (state, message))
    return message->type == VM_CALL_REJECT
               ? tell_left (state, VM_ERROR_DECLINED, "has declined the call")
               : tell_left (state, 0, NULL);
  return is_of_ringing (state, message) ? tell_missed (state) : NULL;
}

static VmSignal *
take_failed (VmCallClient *state, const VmCallMessage *message)
{
  static const struct
  {
    VmError code;
    const gchar *text;
  } reasons[VM_CALL_N_REASONS] = {
    [VM_CALL_REASON_OFFLINE] = { VM_ERROR_NOT_FOUND, "is not there" },
    [VM_CALL_REASON_BUSY] = { VM_ERROR_DECLINED, "has another call" },
    [VM_CALL_REASON_TIMEOUT] = { VM_ERROR_TIMEOUT, "does not answer" },
  };

  return is_of_call (state, message) ? tell_left (state,
             reasons[message->reason].code, reasons[message->reason].text)
                                     : NULL;
}

static VmSignal *
take_error (VmCallClient *state, const VmCallMessage *message)
{
  VmRoomPeer *other = vm_call_client_other (state);
  VmSignal *signal;

  /* of a user: only of the one who is in the call */
  if (message->from && (!other || strcmp (other->alias, message->from) != 0))
    return NULL;
  /* it was not even rung */
  if (!message->from
      && g_strcmp0 (message->code, vm_error_to_code (VM_ERROR_RATE_LIMITED))
             == 0
      && vm_call_client_other (state) && state->calls)
    return tell_left (
        state, VM_ERROR_RATE_LIMITED, "is not called: too many calls");
  signal = vm_signal_new (VM_SIGNAL_ERROR);
  signal->code = g_strdup (
      message->code ? message->code : vm_error_to_code (VM_ERROR_FAILED));
  signal->message = g_strdup (message->text);
  signal->from = message->from ? g_strdup (other->id) : NULL;
  return signal;
}

/* Takes @message where it has to wait. */
static VmSignal *
take (VmCallClient *state, VmCallMessage **message)
{
  VmSignal *signal;

  switch ((*message)->type) {
    case VM_CALL_REGISTERED:
      return take_registered (state, *message);
    case VM_CALL_OFFER:
      if (is_offered_anew (state, *message))
        return tell_media (state, *message);
      signal = take_offer (state, *message);
      if (state->ringing == *message)
        *message = NULL;
      return signal;
    case VM_CALL_ANSWER:
      if (!is_of_call (state, *message) || !state->calls)
        return NULL;
      state->answered = TRUE;
      return tell_media (state, *message);
    case VM_CALL_CANDIDATE:
      if (is_of_call (state, *message))
        return tell_media (state, *message);
      if (is_of_ringing (state, *message)
          && state->candidates->len < VM_CALL_CANDIDATES_MAX)
        g_ptr_array_add (state->candidates, g_steal_pointer (message));
      return NULL;
    case VM_CALL_REJECT:
    case VM_CALL_END:
      return take_ended (state, *message);
    case VM_CALL_FAILED:
      return take_failed (state, *message);
    case VM_CALL_ERROR:
      return take_error (state, *message);
    default:
      return NULL;
  }
}

/* What a server greets those with who have not said yet that they call. */
static gboolean
is_greeting (GBytes *bytes)
{
  g_autofree gchar *type = NULL;
  gsize size;
  const gchar *text = g_bytes_get_data (bytes, &size);
  VmJson json;

  return vm_json_read (&json, text ? text : "", size, NULL)
         && vm_json_get_string (&json, 0, "type", VM_SIGNAL_ID_MAX, &type, NULL)
         && g_strcmp0 (type, "id") == 0;
}

static VmSignal *
parse (gpointer state, GBytes *bytes, GError **error)
{
  g_autoptr (VmCallMessage) message = NULL;

  if (is_greeting (bytes))
    return NULL;
  message = vm_call_message_parse (VM_CALL_SIDE_CLIENT, bytes, error);
  return message ? take (state, &message) : NULL;
}

/* What the user does */

static VmRoomPeer *
begin (VmCallClient *state, const gchar *id, const gchar *alias,
    const gchar *call_id, gboolean calls)
{
  g_free (state->call_id);
  state->call_id = g_strdup (call_id);
  state->calls = calls;
  state->offered = state->answered = FALSE;
  return vm_room_peers_add (state->peers, id, alias);
}

VmSignal *
vm_call_client_dial (gpointer data, const gchar *user, const gchar *call_id,
    VmCallType call_type, GError **error)
{
  VmCallClient *state = data;
  g_autofree gchar *id = NULL;

  if (vm_call_client_other (state) || state->ringing) {
    fail (error, "This device has a call already");
    return NULL;
  }
  id = g_strdup_printf ("p%u", CALLED_FIRST + state->called++);
  state->call_type = call_type;
  return tell_joined (begin (state, id, user, call_id, TRUE), NULL, call_type);
}

GPtrArray *
vm_call_client_accept (gpointer data, GError **error)
{
  VmCallClient *state = data;
  g_autofree gchar *id = NULL;
  GPtrArray *signals;
  VmRoomPeer *other;

  if (!state->ringing) {
    fail (error, "Nobody calls this device");
    return NULL;
  }
  if (vm_call_client_other (state)) {
    fail (error, "This device has a call already");
    return NULL;
  }
  id = g_strdup_printf ("p%03u", ++state->callers);
  other =
      begin (state, id, state->ringing->from, state->ringing->call_id, FALSE);
  signals = g_ptr_array_new_with_free_func ((GDestroyNotify) vm_signal_unref);
  g_ptr_array_add (signals,
      tell_joined (other, state->ringing->username, state->ringing->call_type));
  g_ptr_array_add (signals, tell_media (state, state->ringing));
  for (guint i = 0; i < state->candidates->len; i++)
    g_ptr_array_add (signals, tell_media (state, state->candidates->pdata[i]));
  forget_ringing (state);
  return signals;
}

GBytes *
vm_call_client_reject (gpointer data, GError **error)
{
  VmCallClient *state = data;
  g_autoptr (VmCallMessage) message = NULL;

  if (!state->ringing) {
    fail (error, "Nobody calls this device");
    return NULL;
  }
  message = vm_call_message_new (VM_CALL_REJECT);
  message->to = g_strdup (state->ringing->from);
  message->call_id = g_strdup (state->ringing->call_id);
  forget_ringing (state);
  return vm_call_message_format (message);
}

gboolean
vm_call_client_end (
    gpointer data, GBytes **bytes, VmSignal **left, GError **error)
{
  VmCallClient *state = data;
  g_autoptr (VmCallMessage) message = NULL;

  if (!vm_call_client_other (state))
    return fail (error, "There is no call");
  message = vm_call_client_write_bye (state);
  *bytes = message ? vm_call_message_format (message) : NULL;
  *left = tell_left (state, 0, NULL);
  return TRUE;
}

VmSignal *
vm_call_client_lose (gpointer data)
{
  VmCallClient *state = data;

  if (vm_call_client_other (state) && !state->answered)
    return tell_left (state, VM_ERROR_DISCONNECTED,
        "is not reached: the connection to the server is lost");
  return state->ringing ? tell_missed (state) : NULL;
}

static void
forget_owed (VmCallClient *state)
{
  g_clear_pointer (&state->owed_id, g_free);
  g_clear_pointer (&state->owed_to, g_free);
}

void
vm_call_client_owe_end (gpointer data)
{
  VmCallClient *state = data;

  if (!vm_call_client_other (state) || !state->answered)
    return;
  forget_owed (state);
  state->owed_id = g_strdup (state->call_id);
  state->owed_to = g_strdup (vm_call_client_other (state)->alias);
}

GBytes *
vm_call_client_take_owed (gpointer data)
{
  VmCallClient *state = data;
  g_autoptr (VmCallMessage) end = NULL;

  if (!state->owed_id)
    return NULL;
  end = vm_call_message_new (VM_CALL_END);
  end->call_id = g_steal_pointer (&state->owed_id);
  end->to = g_steal_pointer (&state->owed_to);
  return vm_call_message_format (end);
}

static gpointer
state_new (void)
{
  VmCallClient *state = g_new0 (VmCallClient, 1);

  state->peers = vm_room_peers_new ();
  state->candidates =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_call_message_free);
  return state;
}

static void
state_free (gpointer data)
{
  VmCallClient *state = data;

  forget_ringing (state);
  g_ptr_array_unref (state->candidates);
  vm_room_peers_free (state->peers);
  forget_owed (state);
  g_clear_pointer (&state->refusal, g_bytes_unref);
  g_free (state->own);
  g_free (state->name);
  g_free (state->call_id);
  g_free (state);
}

const VmDialect vm_dialect_call_client = {
  .name = "call",
  .state_new = state_new,
  .state_free = state_free,
  .parse = parse,
  .format = vm_call_client_format,
};
