/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/receiver-priv.h"

/* What the user of a receiver does and sees. */

gboolean
vm_receiver_accept (VmReceiver *self, gint64 now)
{
  if (self->engine.state != VM_TRANSFER_STATE_PENDING || self->accepted)
    return FALSE;
  self->accepted = TRUE;
  self->heard = now;
  vm_receiver_begin (self);
  return TRUE;
}

gboolean
vm_receiver_decline (VmReceiver *self, const gchar *reason)
{
  if (self->engine.state != VM_TRANSFER_STATE_PENDING)
    return FALSE;
  vm_receiver_refuse (self, g_error_new_literal (VM_ERROR, VM_ERROR_DECLINED,
                                reason ? reason : "The file was declined"));
  vm_receiver_part (self, VM_ACTION_DISCARD);
  return TRUE;
}

gboolean
vm_receiver_pause (VmReceiver *self, gint64 now)
{
  if (self->engine.paused_here
      || (self->engine.state != VM_TRANSFER_STATE_TRANSFERRING
          && self->engine.state != VM_TRANSFER_STATE_PAUSED))
    return FALSE;
  self->engine.paused_here = TRUE;
  self->nagged = now;
  vm_engine_say (&self->engine, VM_TRANSFER_PAUSE, NULL);
  vm_receiver_update_pause (self);
  vm_receiver_poke (self, now);
  return TRUE;
}

gboolean
vm_receiver_resume (VmReceiver *self, gint64 now)
{
  if (self->engine.state != VM_TRANSFER_STATE_PAUSED
      || (!self->engine.paused_here && !self->probe))
    return FALSE;
  self->engine.paused_here = FALSE;
  if (!self->probe)
    vm_receiver_go_on (self, now);
  else if (self->probe_at >= 0)
    vm_receiver_probe (self);
  return TRUE;
}

gboolean
vm_receiver_cancel (VmReceiver *self)
{
  if (vm_engine_is_over (&self->engine))
    return FALSE;
  if (vm_receiver_decline (self, NULL))
    return TRUE;
  vm_receiver_give_up (self, VM_TRANSFER_CANCEL,
      vm_engine_error (VM_ERROR_CANCELLED, "It was cancelled", NULL));
  return TRUE;
}

void
vm_receiver_set_window (VmReceiver *self, guint32 bytes)
{
  self->window = bytes;
}

VmTransferState
vm_receiver_get_state (VmReceiver *self)
{
  return self->engine.state;
}

gboolean
vm_receiver_next_state (VmReceiver *self, VmTransferState *state)
{
  return vm_engine_next_state (&self->engine, state);
}

const GError *
vm_receiver_get_error (VmReceiver *self)
{
  return self->engine.error;
}

guint64
vm_receiver_get_done (VmReceiver *self)
{
  return self->done;
}

gboolean
vm_receiver_is_full (VmReceiver *self)
{
  return self->probe != NULL;
}

guint32
vm_receiver_get_chunk_size (VmReceiver *self)
{
  return self->chunk_size;
}

const VmTransferMessage *
vm_receiver_get_offer (VmReceiver *self)
{
  return self->offer;
}

void
vm_receiver_set_lost (VmReceiver *self, gboolean lost, gint64 now)
{
  if (lost && !self->lost)
    self->lost_at = now;
  self->lost = lost;
}

gboolean
vm_receiver_is_lost (VmReceiver *self)
{
  return self->lost;
}
