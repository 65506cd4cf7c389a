/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The relay of a session (protocol/agents.md#relay): it is opened when there is
 * no direct way at first, and again when the direct way is lost. */

#include "agent/agent-priv.h"

static VmQuicConnection *
get_connection (VmAgentSession *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->connection ? vm_quic_connection_ref (self->connection) : NULL;
}

static void
on_relayed (const guint8 *data, gsize size, gpointer user_data)
{
  g_autoptr (VmQuicConnection) connection = get_connection (user_data);

  if (connection)
    vm_quic_connection_take_datagram (connection, data, size);
}

static void
on_relay_open (gpointer user_data)
{
  VmAgentSession *self = user_data;
  g_autoptr (VmQuicConnection) connection = get_connection (self);

  if (connection && !self->incoming)
    vm_quic_connection_use_relay (connection);
}

void
vm_agent_session_set_relay (VmAgentSession *self, const gchar *ticket)
{
  static const VmAgentRelayFuncs funcs = { on_relayed, on_relay_open };
  VmAgentRelay *relay = NULL;

  self->may_relay = ticket != NULL;
  if (ticket)
    relay =
        vm_agent_relay_new (vm_agent_control_get_server (self->agent->control),
            vm_agent_control_get_server_key (self->agent->control), ticket,
            &funcs, self);
  vm_agent_session_close_relay (self);
  g_mutex_lock (&self->lock);
  self->relay = relay;
  g_mutex_unlock (&self->lock);
}

void
vm_agent_session_close_relay (VmAgentSession *self)
{
  VmAgentRelay *relay;

  g_mutex_lock (&self->lock);
  relay = g_steal_pointer (&self->relay);
  g_mutex_unlock (&self->lock);
  if (!relay)
    return;
  vm_agent_relay_close (relay);
  vm_agent_relay_unref (relay);
}

void
vm_agent_session_take_ticket (VmAgentSession *self, const gchar *ticket)
{
  if (self->over || !self->announced || !self->may_relay)
    return;
  vm_agent_session_set_relay (self, ticket);
  self->relay_until = g_get_monotonic_time () + VM_AGENT_FALLBACK_TIME;
  vm_agent_relay_open (self->relay);
}

void
vm_agent_session_relay_send (const guint8 *data, gsize size, gpointer user_data)
{
  VmAgentSession *self = user_data;
  VmAgentRelay *relay = NULL;

  g_mutex_lock (&self->lock);
  if (self->relay)
    relay = vm_agent_relay_ref (self->relay);
  g_mutex_unlock (&self->lock);
  if (!relay)
    return;
  vm_agent_relay_send (relay, data, size);
  vm_agent_relay_unref (relay);
}

/* The other side is not heard any more: the server is asked for tickets. */
static void
look_for_silence (VmAgentSession *self, gint64 now)
{
  VmAgentControl *control = self->agent->control;
  const VmMeshAbout about = { .session_id = self->id };
  g_autoptr (VmQuicConnection) connection = NULL;

  if (self->incoming || !self->announced || !self->may_relay
      || now < self->relay_until || !control
      || !vm_agent_control_is_ready (control))
    return;
  connection = get_connection (self);
  if (!connection
      || vm_quic_connection_get_silence (connection) < VM_QUIC_SILENCE_MAX)
    return;
  g_info ("session %s: nothing comes by the direct way", self->id);
  self->relay_until = now + VM_AGENT_FALLBACK_TIME;
  vm_agent_control_tell (control, "relay", &about);
}

void
vm_agent_session_tick_relay (VmAgentSession *self, gint64 now)
{
  VmQuicPath path = g_atomic_int_get (&self->path);

  if (self->relay && path == VM_QUIC_PATH_NONE && self->connecting_since
      && now - self->connecting_since >= VM_AGENT_DIRECT_TIME)
    vm_agent_relay_open (self->relay);
  else if (path == VM_QUIC_PATH_DIRECT && now >= self->relay_until)
    vm_agent_session_close_relay (self);
  look_for_silence (self, now);
}
