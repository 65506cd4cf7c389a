/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who controls the terminal of an agent (protocol/mesh.md#terminal-control). */

#include "server/dialect/mesh/mesh-priv.h"

static gboolean
deny (GError **error, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED, why);
  return FALSE;
}

VmMeshGuest *
vm_mesh_find_target (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error)
{
  VmMeshGuest *agent =
      vm_mesh_find_agent (guest->mesh, guest->room, message->target_device_id);

  if (agent && vm_mesh_is_reachable (agent))
    return agent;
  g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
      "No agent \"%s\" is in the room", message->target_device_id);
  return NULL;
}

static void
tell_terminal (VmMeshGuest *to, const gchar *word, const VmMeshGuest *agent,
    const VmMeshGuest *controller, gint64 expires_in)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (to, NULL);

  vm_mesh_guest_send (
      to, vm_mesh_write_terminal (&stamp.head, word, agent->room, agent->id,
              controller->id, expires_in));
}

/* Both sides are told. */
static void
release (VmMeshGuest *agent)
{
  VmMeshGuest *controller = agent->controller;

  agent->controller = NULL;
  tell_terminal (agent, "release", agent, controller, -1);
  tell_terminal (controller, "release", agent, controller, -1);
}

void
vm_mesh_take_terminal (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error)
{
  const VmCapability *capability =
      vm_mesh_may (guest, message, VM_CAP_TERMINAL_CONTROL, error);
  VmMeshGuest *agent;
  gint64 now = vm_mesh_now ();

  if (!capability)
    return;
  agent = vm_mesh_find_target (guest, message, error);
  if (!agent)
    return;
  if (agent == guest) {
    deny (error, "A device controls its own terminal without asking");
    return;
  }
  vm_mesh_tick_terminal (agent, now);
  if (agent->controller && agent->controller != guest) {
    tell_terminal (guest, "denied", agent, agent->controller, -1);
    return;
  }
  agent->controller = guest;
  agent->control_ends = capability->exp;
  tell_terminal (guest, "granted", agent, guest, capability->exp - now);
  tell_terminal (agent, "granted", agent, guest, capability->exp - now);
}

void
vm_mesh_release_terminal (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error)
{
  VmMeshGuest *agent = vm_mesh_find_target (guest, message, error);

  if (!agent)
    return;
  if (agent->controller && (agent->controller == guest || agent == guest))
    release (agent);
  else
    g_set_error (error, VM_ERROR, VM_ERROR_CAP_REQUIRED,
        "Only who controls a terminal can give it back");
}

static void
drop (VmMeshGuest *other, VmMeshGuest *guest)
{
  if (other->controller == guest)
    release (other);
}

void
vm_mesh_drop_terminals (VmMeshGuest *guest)
{
  if (guest->controller)
    release (guest);
  vm_mesh_each (guest, TRUE, drop);
}

void
vm_mesh_tick_terminal (VmMeshGuest *agent, gint64 now)
{
  if (agent->controller && now >= agent->control_ends)
    release (agent);
}
