/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/p2p/p2phandler-priv.h"

struct _VmP2pControl
{
  GMutex lock; /* of what follows; held while @changed runs */
  gboolean paused, cancelled;
  VmP2pControlFunc changed; /* or NULL */
  gpointer data;
};

VmP2pControl *
vm_p2p_control_new (void)
{
  VmP2pControl *self = g_new0 (VmP2pControl, 1);

  g_mutex_init (&self->lock);
  return self;
}

void
vm_p2p_control_free (VmP2pControl *self)
{
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
get (VmP2pControl *self, const gboolean *what)
{
  gboolean is;

  if (!self)
    return FALSE;
  g_mutex_lock (&self->lock);
  is = *what;
  g_mutex_unlock (&self->lock);
  return is;
}

gboolean
vm_p2p_control_is_paused (VmP2pControl *self)
{
  return self && get (self, &self->paused);
}

gboolean
vm_p2p_control_is_cancelled (VmP2pControl *self)
{
  return self && get (self, &self->cancelled);
}

static void
set (VmP2pControl *self, gboolean *what, gboolean is)
{
  g_mutex_lock (&self->lock);
  *what = is;
  if (self->changed)
    self->changed (self->paused, self->cancelled, self->data);
  g_mutex_unlock (&self->lock);
}

void
vm_p2p_control_set_paused (VmP2pControl *self, gboolean paused)
{
  set (self, &self->paused, paused);
}

void
vm_p2p_control_cancel (VmP2pControl *self)
{
  set (self, &self->cancelled, TRUE);
}

void
vm_p2p_control_watch (
    VmP2pControl *self, VmP2pControlFunc changed, gpointer data)
{
  if (!self)
    return;
  g_mutex_lock (&self->lock);
  self->changed = changed;
  self->data = data;
  if (changed)
    changed (self->paused, self->cancelled, data);
  g_mutex_unlock (&self->lock);
}

gboolean
vm_p2p_send_out (VmP2pPipe *pipe, VmP2pOut *out, GError **error)
{
  gboolean sent = vm_p2p_pipe_send (pipe, out->type, out->head, out->head_size,
      out->body, VM_P2P_SEND_TIMEOUT, error);

  vm_p2p_out_free (out);
  return sent;
}
