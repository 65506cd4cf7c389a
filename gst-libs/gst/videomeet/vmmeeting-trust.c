/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Trust in the host of a meeting that was joined, while it lasts: who revokes a
 * device does not want to be in its meetings. What a host does with its guests
 * is the server's business. */

#include "vmmeeting-priv.h"
#include "vmerror.h"

static void
on_changed (const VmStoreChange *change, gpointer user_data)
{
  VmMeeting *self = user_data;
  VmParticipant *host = vm_meeting_find (self, self->host_id);
  g_autoptr (GError) reason = NULL;

  if (change->damaged)
    reason = g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The list of revoked devices can no longer be read, so nobody is "
        "trusted");
  else if (host
           && g_strv_contains (
               change->revoked, vm_participant_get_device_id (host)))
    reason = g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "Trust in the host of the meeting, %s, was revoked",
        vm_participant_get_user (host));
  if (reason)
    vm_meeting_finish (self, reason);
}

void
vm_meeting_watch_trust (VmMeeting *self)
{
  g_clear_pointer (&self->watch, vm_store_watch_free);
  if (self->store && self->client && self->dialect == VM_DIALECT_NAME_NATIVE)
    self->watch =
        vm_store_watch_new (self->store, self->context, on_changed, self);
}
