/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hosts that were never met before, where there is a PIN: their keys are shown
 * to the user first. */

#include "meeting/vmmeeting-priv.h"

#include <gst/videomeet/vmerror.h>

static GList *
find_stranger (VmMeeting *self, const gchar *device_id)
{
  GList *l = self->strangers.head;

  while (
      l
      && g_strcmp0 (((VmMeetingEndpoint *) l->data)->stranger, device_id) != 0)
    l = l->next;
  return l;
}

void
vm_meeting_ask_about (
    VmMeeting *self, VmMeetingEndpoint *endpoint, const VmHostNames *names)
{
  if (self->strangers.length >= VM_MEETING_STRANGERS_MAX
      /* another of its addresses, or of its announcements */
      || !g_hash_table_add (self->tried, g_strdup (names->device_id))) {
    vm_meeting_endpoint_free (endpoint);
    return;
  }
  endpoint->stranger = g_strdup (names->device_id);
  g_queue_push_tail (&self->strangers, endpoint);
  /* no later stranger puts off the end of the question before */
  if (self->strangers.length == 1)
    vm_meeting_limit_entering (self, VM_MEETING_CONFIRM_TIME);
  g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_HOST_UNKNOWN], 0,
      names->device_id, names->user, names->device);
}

static void
pass_by_stranger (VmMeeting *self)
{
  if (!g_queue_is_empty (&self->strangers)) {
    vm_meeting_limit_entering (self, VM_MEETING_CONFIRM_TIME);
    return;
  }
  if (self->uri) {
    vm_meeting_give_up (self, NULL);
    return;
  }
  vm_meeting_limit_entering (self, self->join_timeout);
  if (!self->endpoint && !self->client)
    vm_meeting_take_stock (self);
}

/**
 * vm_meeting_confirm_host:
 * @self: a meeting that is being entered
 * @device_id: of a host that #VmMeeting::host-unknown has told of
 * @is_right: whether that is the key that the host shows its user: then it is
 *   told the meeting's name and the PIN; else it is not asked again
 * @error: return location, or %NULL
 *
 * Answers #VmMeeting::host-unknown. On the meeting's thread. Source:
 * `security.md#pin`.
 *
 * Returns: %FALSE with %VM_ERROR_BAD_REQUEST when no such host waits for an
 *   answer
 *
 * Since: 0.1
 */
gboolean
vm_meeting_confirm_host (
    VmMeeting *self, const gchar *device_id, gboolean is_right, GError **error)
{
  g_autoptr (VmMeetingEndpoint) endpoint = NULL;
  GList *link;

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);
  g_return_val_if_fail (device_id != NULL, FALSE);

  link = find_stranger (self, device_id);
  if (!link || self->stopped || self->welcomed) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "No host of the key %s waits for an answer", device_id);
    return FALSE;
  }
  endpoint = link->data;
  g_queue_delete_link (&self->strangers, link);
  if (!is_right) {
    pass_by_stranger (self);
    return TRUE;
  }
  g_free (self->host_key);
  self->host_key = g_steal_pointer (&endpoint->stranger);
  g_queue_push_head (&self->endpoints, g_steal_pointer (&endpoint));
  vm_meeting_try_next (self);
  return TRUE;
}
