/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/serverkey.h"

/* An agent's end of the server's relay: the datagrams of one session in a
 * WebSocket (protocol/agents.md#relay). It belongs to the thread of the context
 * that was its default, but for vm_agent_relay_send(). */

/* Datagrams that wait to be sent; beyond, they are lost, as on any path. */
#define VM_AGENT_RELAY_QUEUE 512

typedef struct _VmAgentRelay VmAgentRelay;

typedef struct
{
  /* A datagram of the other side; valid during the call. */
  void (*take) (const guint8 *data, gsize size, gpointer user_data);
  void (*open) (gpointer user_data);
} VmAgentRelayFuncs;

/* @server: "http://HOST:PORT" or "https://…". @key: or NULL. */
VmAgentRelay *vm_agent_relay_new (const gchar *server, VmServerKey *key,
    const gchar *ticket, const VmAgentRelayFuncs *funcs, gpointer user_data);
VmAgentRelay *vm_agent_relay_ref (VmAgentRelay *self);
void vm_agent_relay_unref (VmAgentRelay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAgentRelay, vm_agent_relay_unref)
/* Opens it, once. */
void vm_agent_relay_open (VmAgentRelay *self);
/* No function is called any more. */
void vm_agent_relay_close (VmAgentRelay *self);
/* Any thread; does not block. */
void vm_agent_relay_send (VmAgentRelay *self, const guint8 *data, gsize size);
