/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Participants of the cloud (protocol/bridge.md#bridge). Whoever passes one on
 * has a second meeting in its name: it shows no key, meets those of this
 * network alone, and does not outlast the seat of its bridge. */

#include "meeting/vmmeeting-priv.h"
#include "meeting/vmparticipant-priv.h"

void
vm_meeting_set_via (
    VmMeeting *self, const gchar *bridge, const gchar *origin_id)
{
  g_free (self->via);
  self->via = g_strdup (bridge);
  g_free (self->origin_id);
  self->origin_id = g_strdup (origin_id);
}

static void
tell (VmMeeting *self, const gchar *to)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_PRESENCE);

  signal->to = g_strdup (to);
  signal->bridge = g_strdup (self->bridge);
  vm_meeting_send (self, signal);
}

void
vm_meeting_set_bridge (VmMeeting *self, const gchar *word)
{
  if (g_strcmp0 (self->bridge, word) == 0)
    return;
  self->bridge = word;
  if (self->me)
    tell (self, NULL);
}

void
vm_meeting_tell_bridge (VmMeeting *self, const gchar *to)
{
  if (self->bridge)
    tell (self, to);
}

gboolean
vm_meeting_leaves_out (VmMeeting *self, const VmSignalParticipant *described)
{
  return self->via && described->origin;
}
