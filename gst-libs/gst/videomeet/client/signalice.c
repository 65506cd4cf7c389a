/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The STUN and TURN servers that the host gives, and fresh ones in a long call
 * (protocol/signalling.md#fresh-ice-servers). */

#include "client/signalclient-priv.h"

/* Between two requests, whatever the server says. */
#define ASK_MIN_S 1
#define ASK_MAX_S (24 * 60 * 60)

static gboolean
on_due (gpointer data)
{
  VmSignalClient *self = data;
  g_autoptr (VmSignal) request = vm_signal_new (VM_SIGNAL_ICE_SERVERS);

  if (self->config.dialect == VM_DIALECT_NAME_CALL)
    vm_signal_client_say_hello (self);
  else
    vm_signal_client_send (self, request);
  return G_SOURCE_CONTINUE;
}

void
vm_signal_client_take_ice (VmSignalClient *self, VmIceGrant *ice)
{
  vm_ice_grant_clear (&self->ice);
  self->ice = *ice;
  *ice = (VmIceGrant){ NULL };
  vm_timer_clear (&self->ice_due);
  if (self->ice.expires_in)
    vm_signal_client_set_timer (self, &self->ice_due,
        1000 * CLAMP (self->ice.expires_in / 2, ASK_MIN_S, ASK_MAX_S), on_due);
}

void
vm_signal_client_read_ice (VmSignalClient *self, const VmSignal *signal)
{
  VmIceGrant ice = { NULL };

  vm_ice_grant_copy (&ice, &signal->ice);
  vm_signal_client_take_ice (self, &ice);
}

const gchar *const *
vm_signal_client_get_ice_servers (VmSignalClient *self)
{
  return (const gchar *const *) self->ice.uris;
}

gboolean
vm_signal_client_get_relay_only (VmSignalClient *self)
{
  return self->ice.relay_only;
}
