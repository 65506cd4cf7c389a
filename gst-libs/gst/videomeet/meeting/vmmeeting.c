/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmmeeting
 * @title: VmMeeting
 * @short_description: being in a meeting
 *
 * One meeting that this device hosts or joins: who is in it, and the messages
 * by which two participants set up WebRTC. It carries no media itself: the
 * element vmsignalbin does, on top of a #VmMeeting of its own. An application
 * that gives a meeting no data channels (vm_meeting_set_channel()) cannot chat
 * with devices that use vmsignalbin, which accept signed chat only.
 *
 * Whom a meeting that this device hosts admits is #VmNode:policy.
 *
 * A meeting belongs to the thread whose default main context made it: its
 * functions are called there, and its signals are emitted there. It is started
 * once; after vm_meeting_stop(), or #VmMeeting::failed, it is over.
 *
 * |[<!-- language="C" -->
 * g_autoptr (VmNode) node = vm_node_get_default ();
 * g_autoptr (VmMeeting) meeting = vm_meeting_new (node);
 * g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
 * g_autoptr (GError) error = NULL;
 *
 * g_object_set (meeting, "name", "standup", NULL);
 * g_signal_connect (
 *     meeting, "participant-joined", G_CALLBACK (on_joined), NULL);
 * if (!vm_meeting_start (meeting, &error))
 *   g_error ("%s", error->message);
 * g_main_loop_run (loop);
 * ]|
 */

#include "meeting/vmmeeting-priv.h"
#include "base/vmmeetingstate-priv.h"
#include "client/settle.h"
#include "trust/keys/ephemerals.h"
#include <gst/videomeet/vmerror.h>
#include "meeting/vmparticipant-priv.h"

G_DEFINE_FINAL_TYPE (VmMeeting, vm_meeting, G_TYPE_OBJECT)

static void
vm_meeting_dispose (GObject *object)
{
  VmMeeting *self = VM_MEETING (object);

  self->stopped = TRUE;
  if (self->node)
    vm_meeting_disconnect (self);
  g_ptr_array_set_size (self->participants, 0);
  if (self->node)
    vm_meeting_look_whether_busy (self);
  g_clear_object (&self->node);
  g_clear_object (&self->me);
  G_OBJECT_CLASS (vm_meeting_parent_class)->dispose (object);
}

static void
vm_meeting_finalize (GObject *object)
{
  VmMeeting *self = VM_MEETING (object);

  g_free (self->name);
  g_free (self->nonce);
  g_free (self->user);
  g_free (self->uri);
  g_free (self->pin);
  g_free (self->host_key);
  g_free (self->cap_token);
  g_free (self->api_secret);
  g_free (self->sfu_uri);
  g_free (self->sfu_secret);
  g_free (self->via);
  g_free (self->origin_id);
  g_strfreev (self->ice_servers);
  g_free (self->id);
  g_free (self->host_id);
  g_free (self->relay_id);
  g_free (self->moderator_id);
  g_clear_pointer (&self->host_state, vm_signal_unref);
  g_free (self->status);
  vm_chat_log_free (self->chat);
  g_clear_object (&self->store);
  g_clear_pointer (&self->verifier, vm_host_verifier_unref);
  g_clear_pointer (&self->endpoint, vm_meeting_endpoint_free);
  g_clear_pointer (&self->tried, g_hash_table_unref);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->refusal);
  g_clear_error (&self->kicked);
  g_ptr_array_unref (self->participants);
  g_hash_table_unref (self->met);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (vm_meeting_parent_class)->finalize (object);
}

static void
vm_meeting_class_init (VmMeetingClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = vm_meeting_dispose;
  object_class->finalize = vm_meeting_finalize;
  vm_meeting_install (object_class);
}

static void
vm_meeting_init (VmMeeting *self)
{
  self->max_participants = VM_MEETING_SEATS;
  self->join_timeout = VM_MEETING_JOIN_TIMEOUT;
  self->step_timeout = VM_MEETING_STEP_TIMEOUT;
  self->browse_time = VM_MEETING_BROWSE_TIME;
  self->resume_time = VM_MEETING_RESUME_TIME;
  self->return_time = VM_MEETING_RETURN_TIME;
  self->rejoin = TRUE;
  self->context = g_main_context_ref_thread_default ();
  self->participants = g_ptr_array_new_with_free_func (g_object_unref);
  self->met = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->endpoints);
  self->chat = vm_chat_log_new ();
  self->status = g_strdup ("");
}

/**
 * vm_meeting_new:
 * @node: this device
 *
 * Returns: (transfer full): a meeting, not yet entered
 *
 * Since: 0.1
 */
VmMeeting *
vm_meeting_new (VmNode *node)
{
  VmMeeting *self;

  g_return_val_if_fail (VM_IS_NODE (node), NULL);

  self = g_object_new (VM_TYPE_MEETING, NULL);
  self->node = g_object_ref (node);
  return self;
}

void
vm_meeting_set_state (VmMeeting *self, VmMeetingState state)
{
  VmMeetingState old = self->state;

  if (old == state || old == VM_MEETING_STATE_ENDED)
    return;
  self->state = state;
  g_debug ("meeting %s: %s → %s", self->name ? self->name : "",
      vm_meeting_state_to_string (old), vm_meeting_state_to_string (state));
  g_signal_emit (
      self, vm_meeting_signals[VM_MEETING_SIGNAL_STATE_CHANGED], 0, old, state);
}

static void
take_event (VmMeeting *self, VmMeetingEvent event)
{
  VmMeetingState next;

  if (!vm_meeting_state_next (self->state, event, &next))
    g_warning ("a meeting took %s while %s", vm_meeting_event_to_string (event),
        vm_meeting_state_to_string (self->state));
  vm_meeting_set_state (self, next);
}

void
vm_meeting_drop_participants (VmMeeting *self, const GError *reason)
{
  while (self->participants->len)
    vm_meeting_remove (self, g_ptr_array_index (self->participants, 0), reason);
}

void
vm_meeting_finish (VmMeeting *self, const GError *error)
{
  g_autoptr (VmMeeting) alive = g_object_ref (self);
  g_autoptr (GError) why = error ? g_error_copy (error) : NULL;

  if (self->stopped)
    return;
  self->stopped = TRUE;
  vm_meeting_disconnect (self);
  /* whoever removes this device stays, and so do the others */
  vm_meeting_drop_participants (
      self, g_error_matches (why, VM_ERROR, VM_ERROR_KICKED) ? NULL : why);
  if (why)
    g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_FAILED], 0, why);
  if (self->state == VM_MEETING_STATE_ACTIVE)
    take_event (self, VM_MEETING_EVENT_ALL_LEAVE);
  /* its server may have said so already */
  if (self->state != VM_MEETING_STATE_ENDED)
    take_event (self, VM_MEETING_EVENT_HOST_ENDS);
}

/* Its addresses name the protocol. */
static void
choose_dialect (VmMeeting *self)
{
  if (vm_janus_is_uri (self->uri))
    self->dialect = VM_DIALECT_NAME_JANUS;
}

static gboolean
check_settings (VmMeeting *self, GError **error)
{
  if (!self->uri && (!self->name || !*self->name)) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_BAD_REQUEST, "The meeting has no name");
    return FALSE;
  }
  if (!self->uri && self->dialect != VM_DIALECT_NAME_NATIVE) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A server of another dialect is found by its address alone");
    return FALSE;
  }
  if (self->uri && self->mode == VM_MEETING_MODE_HOST) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A meeting at an address is joined, not hosted");
    return FALSE;
  }
  return TRUE;
}

/**
 * vm_meeting_start:
 * @self: a #VmMeeting, not yet started
 * @error: return location for an error
 *
 * Enters the meeting: hosts it, joins it, or begins to look for it. What comes
 * of it comes by signals, from the main context and not before this returns:
 * #VmMeeting::joined, or #VmMeeting::failed at the latest after
 * #VmMeeting:join-timeout.
 *
 * Returns: %FALSE with #VM_ERROR_BAD_REQUEST when it has no name, or a name,
 *   PIN or URI that cannot be; with the errors of vm_node_start()
 *
 * Since: 0.1
 */
gboolean
vm_meeting_start (VmMeeting *self, GError **error)
{
  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);
  g_return_val_if_fail (!self->started, FALSE);

  self->started = TRUE;
  if (!self->user || !*self->user) {
    g_clear_pointer (&self->user, g_free);
    g_object_get (self->node, "user", &self->user, NULL);
  }
  if (self->uri && !*self->uri)
    g_clear_pointer (&self->uri, g_free);
  choose_dialect (self);
  if (!check_settings (self, error)) {
    self->stopped = TRUE;
    return FALSE;
  }
  vm_meeting_watch_network (self);
  if (vm_meeting_enter (self, error))
    return TRUE;
  self->stopped = TRUE;
  vm_meeting_disconnect (self);
  return FALSE;
}

/**
 * vm_meeting_stop:
 * @self: a #VmMeeting
 *
 * Leaves the meeting, by bye. A host that leaves ends it for everybody, as
 * vm_meeting_end() does. Nothing happens when it is over already.
 *
 * Since: 0.1
 */
void
vm_meeting_stop (VmMeeting *self)
{
  gboolean hosting;

  g_return_if_fail (VM_IS_MEETING (self));

  if (self->stopped)
    return;
  hosting = vm_meeting_get_hosting (self);
  if (hosting) {
    vm_meeting_finish (self, NULL);
    return;
  }
  vm_meeting_say_bye (self);
  self->stopped = TRUE;
  vm_meeting_disconnect (self);
  vm_meeting_drop_participants (self, NULL);
}

gboolean
vm_meeting_settle (guint timeout_ms)
{
  return vm_settle (timeout_ms);
}

/**
 * vm_meeting_get_state:
 * @self: a #VmMeeting
 *
 * Returns: where the meeting is in its life
 *   (`protocol/meeting.md#meeting-states`)
 *
 * Since: 0.1
 */
VmMeetingState
vm_meeting_get_state (VmMeeting *self)
{
  g_return_val_if_fail (VM_IS_MEETING (self), VM_MEETING_STATE_ENDED);

  return self->state;
}

/**
 * vm_meeting_get_id:
 * @self: a #VmMeeting
 *
 * Returns: (transfer none) (nullable): the meeting's uuid; %NULL before
 *   #VmMeeting::joined
 *
 * Since: 0.1
 */
const gchar *
vm_meeting_get_id (VmMeeting *self)
{
  g_return_val_if_fail (VM_IS_MEETING (self), NULL);

  return self->id;
}

/**
 * vm_meeting_get_self:
 * @self: a #VmMeeting
 *
 * Returns: (transfer none) (nullable): this device's own seat; %NULL before
 *   #VmMeeting::joined
 *
 * Since: 0.1
 */
VmParticipant *
vm_meeting_get_self (VmMeeting *self)
{
  g_return_val_if_fail (VM_IS_MEETING (self), NULL);

  return self->me;
}

/**
 * vm_meeting_list_participants:
 * @self: a #VmMeeting
 *
 * Returns: (transfer full) (element-type VmParticipant): the others, in the
 *   order they joined
 *
 * Since: 0.1
 */
GList *
vm_meeting_list_participants (VmMeeting *self)
{
  GList *list = NULL;

  g_return_val_if_fail (VM_IS_MEETING (self), NULL);

  for (guint i = self->participants->len; i-- > 0;)
    list = g_list_prepend (
        list, g_object_ref (g_ptr_array_index (self->participants, i)));
  return list;
}

gboolean
vm_meeting_get_hosting (VmMeeting *self)
{
  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);

  return self->seat != NULL;
}

/**
 * vm_meeting_offers_to:
 * @self: a #VmMeeting
 * @participant: another participant
 *
 * Whoever joined earlier offers to the newcomer, so that two offers never cross
 * (protocol/signalling.md).
 *
 * Returns: whether this device makes the offer to @participant
 *
 * Since: 0.1
 */
gboolean
vm_meeting_offers_to (VmMeeting *self, VmParticipant *participant)
{
  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);
  g_return_val_if_fail (VM_IS_PARTICIPANT (participant), FALSE);

  return self->me
         && vm_participant_id_is_earlier (vm_participant_get_id (self->me),
             vm_participant_get_id (participant));
}

void
vm_meeting_send (VmMeeting *self, VmSignal *signal)
{
  if (self->stopped || vm_meeting_send_past_server (self, signal))
    return;
  if (self->seat)
    vm_seat_send (self->seat, signal);
  else if (self->relay_id)
    vm_meeting_send_to_relay (self, signal);
  else if (self->client && !self->returning)
    vm_signal_client_send (self->client, signal);
}

/* The first connection makes this device a connected participant to all. */
static void
tell_connected (VmMeeting *self)
{
  g_autoptr (VmSignal) signal = NULL;
  VmParticipantState old;

  if (!self->me
      || !vm_participant_take_event (
          self->me, VM_PARTICIPANT_EVENT_CONNECTED, &old))
    return;
  signal = vm_signal_new (VM_SIGNAL_PARTICIPANT_STATE);
  signal->state = g_strdup (
      vm_participant_state_to_string (VM_PARTICIPANT_STATE_CONNECTED));
  vm_meeting_send (self, signal);
}

/**
 * vm_meeting_set_participant_state:
 * @self: a #VmMeeting
 * @participant: another participant
 * @event: what happened between it and this device
 * @reason: (nullable): why it failed or left
 *
 * Tells the meeting what became of the connection to @participant, which only
 * its owner can know. An event that is no step from the state it is in is
 * ignored. A call (%VM_DIALECT_NAME_CALL) is its connection, and ends with it.
 *
 * Since: 0.1
 */
void
vm_meeting_set_participant_state (VmMeeting *self, VmParticipant *participant,
    VmParticipantEvent event, const GError *reason)
{
  VmParticipantState old;

  g_return_if_fail (VM_IS_MEETING (self));
  g_return_if_fail (VM_IS_PARTICIPANT (participant));

  /* the host may return, and connections with it: nothing is final before */
  if (self->host_lost && !self->orphaned
      && self->dialect == VM_DIALECT_NAME_NATIVE
      && event != VM_PARTICIPANT_EVENT_CONNECTED)
    return;
  /* who has left does not come back by a connection that still ends */
  if (vm_meeting_find (self, vm_participant_get_id (participant)) != participant
      || !vm_participant_take_event (participant, event, &old))
    return;
  if (reason)
    g_debug ("%s: %s", vm_participant_get_id (participant), reason->message);
  if (event == VM_PARTICIPANT_EVENT_CONNECTED)
    tell_connected (self);
  g_signal_emit (self,
      vm_meeting_signals[VM_MEETING_SIGNAL_PARTICIPANT_STATE_CHANGED], 0,
      participant, old, vm_participant_get_state (participant));
  if (event == VM_PARTICIPANT_EVENT_CONNECTED)
    vm_ephemerals_prepare (); /* for the next: nobody waits now */
  if (vm_participant_get_state (participant)
      != VM_PARTICIPANT_STATE_DISCONNECTED)
    return;
  if (self->dialect == VM_DIALECT_NAME_CALL) {
    vm_meeting_lose_call (self, reason);
  } else if (self->took_over && self->seat) {
    vm_seat_drop (self->seat, vm_participant_get_id (participant), reason);
  } else if (self->orphaned) {
    /* nobody else can tell that it has gone */
    vm_meeting_remove (self, participant, reason);
    vm_meeting_look_whether_alone (self);
  }
}
