/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "callclient.h"
#include "roomwire.h"

#include <string.h>

/* The model's ids tell who came earlier, and so who offers: callers have been
 * there before, who is called comes afterwards. */
#define OWN_ID "p100000"
#define CALLED_FIRST 100001

typedef struct
{
  gchar *own, *name;
  guint callers, called; /* so far */
  VmRoomPeers *peers; /* the other of the call, if there is one */
  gchar *call_id;
  VmCallType call_type;
  gboolean calls; /* this side does */
  gboolean offered;
  gboolean answered;
  gchar *owed_id, *owed_to; /* a call whose end is still to be said, or NULL */
  VmCallMessage *ringing; /* the offer that waits for the user, or NULL */
  GPtrArray *candidates; /* of VmCallMessage: of that */
} State;

static VmRoomPeer *
get_other (State *state)
{
  return state->peers->peers->len ? g_ptr_array_index (state->peers->peers, 0)
                                  : NULL;
}

static gboolean
fail (GError **error, const gchar *what)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_FAILED, what);
  return FALSE;
}

static void
forget_ringing (State *state)
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
tell_missed (State *state)
{
  VmSignal *missed = tell_ringing (state->ringing, VM_CALL_MISSED);

  forget_ringing (state);
  return missed;
}

/* The call is over; @code 0: without a reason. */
static VmSignal *
tell_left (State *state, VmError code, const gchar *format)
{
  VmRoomPeer *other = get_other (state);
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
tell_media (State *state, const VmCallMessage *message)
{
  VmRoomPeer *other = get_other (state);
  VmSignal *signal = message->media;

  signal->from = g_strdup (other->id);
  if (signal->type == VM_SIGNAL_OFFER)
    vm_room_peers_begin (state->peers, other);
  vm_room_peer_stamp (other, signal);
  return vm_signal_ref (signal);
}

/* Reading */

static VmSignal *
take_registered (State *state, const VmCallMessage *message)
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
  welcome->ice_servers = g_strdupv (message->ice_servers);
  return welcome;
}

/* While this side calls the same user, the lower id lives: that the other one
 * does not is still to be heard. */
static VmSignal *
take_offer (State *state, VmCallMessage *offer)
{
  VmRoomPeer *other = get_other (state);
  gboolean crosses = other && state->calls && state->offered
                     && strcmp (other->alias, offer->from) == 0
                     && strcmp (offer->call_id, state->call_id) < 0;

  if (state->ringing || (other && !crosses))
    return NULL;
  state->ringing = offer;
  return tell_ringing (offer, VM_CALL_RINGING);
}

static gboolean
is_of_call (State *state, const VmCallMessage *message)
{
  return state->call_id && g_strcmp0 (message->call_id, state->call_id) == 0;
}

static gboolean
is_of_ringing (State *state, const VmCallMessage *message)
{
  return state->ringing
         && g_strcmp0 (message->call_id, state->ringing->call_id) == 0
         && g_strcmp0 (message->from, state->ringing->from) == 0;
}

static VmSignal *
take_ended (State *state, const VmCallMessage *message)
{
  if (is_of_call (state, message))
    return message->type == VM_CALL_REJECT
               ? tell_left (state, VM_ERROR_DECLINED, "has declined the call")
               : tell_left (state, 0, NULL);
  return is_of_ringing (state, message) ? tell_missed (state) : NULL;
}

static VmSignal *
take_failed (State *state, const VmCallMessage *message)
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
take_error (State *state, const VmCallMessage *message)
{
  VmSignal *signal;

  /* it was not even rung */
  if (g_strcmp0 (message->code, vm_error_to_code (VM_ERROR_RATE_LIMITED)) == 0
      && get_other (state) && state->calls)
    return tell_left (
        state, VM_ERROR_RATE_LIMITED, "is not called: too many calls");
  signal = vm_signal_new (VM_SIGNAL_ERROR);
  signal->code = g_strdup (
      message->code ? message->code : vm_error_to_code (VM_ERROR_FAILED));
  signal->message = g_strdup (message->text);
  return signal;
}

/* Takes @message where it has to wait. */
static VmSignal *
take (State *state, VmCallMessage **message)
{
  VmSignal *signal;

  switch ((*message)->type) {
    case VM_CALL_REGISTERED:
      return take_registered (state, *message);
    case VM_CALL_OFFER:
      signal = take_offer (state, *message);
      if (signal)
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

/* Writing */

static VmCallMessage *
new_message (State *state, VmCallMessageType type)
{
  VmCallMessage *message = vm_call_message_new (type);

  message->to = g_strdup (get_other (state)->alias);
  message->call_id = g_strdup (state->call_id);
  return message;
}

static VmCallMessage *
write_media (State *state, const VmSignal *signal)
{
  VmRoomPeer *other = get_other (state);
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
write_hello (State *state, const VmSignal *hello)
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
  } else if (get_other (state) && state->answered) {
    message->call_id = g_strdup (state->call_id);
    message->to = g_strdup (get_other (state)->alias);
  }
  return message;
}

static VmCallMessage *
write_bye (State *state)
{
  if (get_other (state) && (!state->calls || state->offered))
    return new_message (state, VM_CALL_END);
  return NULL;
}

static GBytes *
format (gpointer data, const VmSignal *signal)
{
  State *state = data;
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
      message = write_bye (state);
      break;
    default:
      break;
  }
  return message ? vm_call_message_format (message) : NULL;
}

/* What the user does */

static VmRoomPeer *
begin (State *state, const gchar *id, const gchar *alias, const gchar *call_id,
    gboolean calls)
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
  State *state = data;
  g_autofree gchar *id = NULL;

  if (get_other (state) || state->ringing) {
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
  State *state = data;
  g_autofree gchar *id = NULL;
  GPtrArray *signals;
  VmRoomPeer *other;

  if (!state->ringing) {
    fail (error, "Nobody calls this device");
    return NULL;
  }
  if (get_other (state)) {
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
  State *state = data;
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
  State *state = data;
  g_autoptr (VmCallMessage) message = NULL;

  if (!get_other (state))
    return fail (error, "There is no call");
  message = write_bye (state);
  *bytes = message ? vm_call_message_format (message) : NULL;
  *left = tell_left (state, 0, NULL);
  return TRUE;
}

VmSignal *
vm_call_client_lose (gpointer data)
{
  State *state = data;

  if (get_other (state) && !state->answered)
    return tell_left (state, VM_ERROR_DISCONNECTED,
        "is not reached: the connection to the server is lost");
  return state->ringing ? tell_missed (state) : NULL;
}

static void
forget_owed (State *state)
{
  g_clear_pointer (&state->owed_id, g_free);
  g_clear_pointer (&state->owed_to, g_free);
}

void
vm_call_client_owe_end (gpointer data)
{
  State *state = data;

  if (!get_other (state) || !state->answered)
    return;
  forget_owed (state);
  state->owed_id = g_strdup (state->call_id);
  state->owed_to = g_strdup (get_other (state)->alias);
}

GBytes *
vm_call_client_take_owed (gpointer data)
{
  State *state = data;
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
  State *state = g_new0 (State, 1);

  state->peers = vm_room_peers_new ();
  state->candidates =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_call_message_free);
  return state;
}

static void
state_free (gpointer data)
{
  State *state = data;

  forget_ringing (state);
  g_ptr_array_unref (state->candidates);
  vm_room_peers_free (state->peers);
  forget_owed (state);
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
  .format = format,
};
