/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Joining anew when the server was lost and the seat with it: after a long
 * sleep, or because the server has begun anew. What flows between this device
 * and the others needs no server and goes on meanwhile; once it is inside again
 * they have other ids, and nobody can say which of them is who. So they leave
 * then, and come. */

#include "meeting/vmmeeting-priv.h"
#include <gst/videomeet/vmerror.h>

/* Before each attempt, ms; the last one repeats. */
static const guint delays[] = { 500, 1000, 2000, 4000 };

/* The server has no such meeting. A room that nobody hosts cannot end: its
 * server has begun anew, and makes the room again. */
static gboolean
is_over (const GError *error)
{
  return g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND)
         || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_ENDED);
}

/* A server that has thrown this device out has said so. A native seat is
 * resumed by the client; what that could not do is done here. */
static gboolean
may_return (VmMeeting *self, const GError *error)
{
  if (!self->rejoin || !self->endpoint || self->kicked
      || self->dialect == VM_DIALECT_NAME_CALL)
    return FALSE;
  if (self->dialect != VM_DIALECT_NAME_NATIVE)
    return vm_signal_client_was_cut (self->client);
  return g_error_matches (error, VM_ERROR, VM_ERROR_RESUME_FAILED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED)
         || (!self->host_id && is_over (error));
}

static gboolean
is_final (VmMeeting *self, const GError *error)
{
  static const VmError codes[] = { VM_ERROR_WRONG_PIN, VM_ERROR_NOT_TRUSTED,
    VM_ERROR_WRONG_KEY, VM_ERROR_KEY_CHANGED, VM_ERROR_HOST_UNKNOWN,
    VM_ERROR_MEETING_LOCKED, VM_ERROR_KICKED, VM_ERROR_CAP_REQUIRED,
    VM_ERROR_CAP_EXPIRED, VM_ERROR_CAP_INVALID };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, VM_ERROR, codes[i]))
      return TRUE;
  return self->host_id && is_over (error);
}

static void
drop_client (VmMeeting *self)
{
  vm_meeting_forget_sfu (self);
  if (self->client)
    vm_signal_client_close (self->client);
  g_clear_object (&self->client);
  if (self->endpoint)
    g_queue_push_head (&self->endpoints, g_steal_pointer (&self->endpoint));
}

static gboolean
on_silent (gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_TIMEOUT, "The server does not answer");

  vm_meeting_fail_return (self, error);
  return G_SOURCE_REMOVE;
}

static gboolean
on_try (gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);

  vm_timer_clear (&self->return_timer);
  self->return_timer =
      vm_timer_new (self->context, 3 * self->step_timeout, on_silent, self);
  vm_meeting_try_next (self);
  return G_SOURCE_REMOVE;
}

static void
try_later (VmMeeting *self)
{
  guint delay = delays[MIN (self->returns, G_N_ELEMENTS (delays) - 1)];

  drop_client (self);
  self->returns++;
  vm_timer_clear (&self->return_timer);
  self->return_timer = vm_timer_new (self->context, delay, on_try, self);
}

static void
begin_return (VmMeeting *self, const GError *error)
{
  self->returning = TRUE;
  self->returns = 0;
  self->return_until =
      g_get_monotonic_time () + self->return_time * (gint64) 1000;
  try_later (self);
  g_signal_emit (
      self, vm_meeting_signals[VM_MEETING_SIGNAL_REJOINING], 0, error);
  if (!self->stopped)
    vm_meeting_set_socket_lost (self, TRUE);
}

gboolean
vm_meeting_return (VmMeeting *self, const GError *error)
{
  if (!may_return (self, error))
    return FALSE;
  g_debug ("back to the room: %s", error->message);
  begin_return (self, error);
  return TRUE;
}

void
vm_meeting_return_at (VmMeeting *self, VmMeetingEndpoint *endpoint)
{
  g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_RESUME_FAILED,
      "The meeting goes on at another device");

  g_queue_clear_full (
      &self->endpoints, (GDestroyNotify) vm_meeting_endpoint_free);
  g_clear_pointer (&self->endpoint, vm_meeting_endpoint_free);
  g_queue_push_head (&self->endpoints, endpoint);
  begin_return (self, error);
}

void
vm_meeting_fail_return (VmMeeting *self, const GError *error)
{
  g_autoptr (GError) why = NULL;

  if (self->stopped || !self->returning)
    return;
  if (!is_final (self, error) && g_get_monotonic_time () < self->return_until) {
    try_later (self);
    return;
  }
  why = is_final (self, error)
            ? g_error_copy (error)
            : g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
                "The connection to the server was lost: %s", error->message);
  vm_meeting_stop_returning (self);
  drop_client (self);
  if (!vm_meeting_survive (self, why))
    vm_meeting_finish (self, why);
}

void
vm_meeting_stop_returning (VmMeeting *self)
{
  vm_timer_clear (&self->return_timer);
  self->returning = FALSE;
}

void
vm_meeting_take_return (VmMeeting *self)
{
  g_autoptr (GError) reason = NULL;

  if (!self->returning)
    return;
  vm_meeting_stop_returning (self);
  reason = g_error_new (VM_ERROR, VM_ERROR_RESUME_FAILED,
      "This device has lost its seat, and joins anew");
  vm_meeting_drop_participants (self, reason);
  if (!self->stopped)
    vm_meeting_set_socket_lost (self, FALSE);
}
