/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A capability that is shown at this server for the first time: whether another
 * server of the cluster has seen it is asked for, and what showed it waits
 * meanwhile, with all that comes behind (protocol/mesh.md#capabilities,
 * protocol/cluster.md#single-use-keys). */

#include "server/dialect/mesh/mesh-priv.h"

static void
on_claimed (VmSingleUseResult result, GBytes *value, gpointer user_data)
{
  VmMeshGuest *guest = user_data;
  VmCapabilityReplay *replay = guest->mesh->replay;
  g_autofree gchar *jti = g_steal_pointer (&guest->claimed);

  guest->claim = 0;
  guest->unproven = result == VM_SINGLE_USE_LOST;
  if (result == VM_SINGLE_USE_SPENT)
    vm_capability_replay_bar (replay, jti);
  else if (result == VM_SINGLE_USE_LOST)
    vm_capability_replay_forget (replay, jti);
  /* what showed it is the first of them */
  vm_mesh_guest_take_early (guest);
}

/* FALSE without @error: it is being asked for. */
static gboolean
claim (VmMeshGuest *guest, VmSingleUse *once, const gchar *jti, GError **error)
{
  static const VmSingleUseAsker asker = { .done = on_claimed };
  VmCapabilityReplay *replay = guest->mesh->replay;

  if (!guest->unproven)
    guest->claim = vm_single_use_claim (
        once, VM_CLUSTER_JTI, jti, &asker, guest, g_get_monotonic_time ());
  if (guest->claim) {
    guest->claimed = g_strdup (jti);
    return FALSE;
  }
  vm_capability_replay_forget (replay, jti);
  g_set_error_literal (error, VM_ERROR,
      guest->unproven ? VM_ERROR_DISCONNECTED : VM_ERROR_RATE_LIMITED,
      "The other servers cannot be asked about the capability; try again in a "
      "minute");
  guest->unproven = FALSE;
  return FALSE;
}

gboolean
vm_mesh_is_first (
    VmMeshGuest *guest, const VmCapability *capability, GError **error)
{
  VmCapabilityReplay *replay = guest->mesh->replay;
  VmSingleUse *once = vm_rooms_get_single_use (guest->mesh->server->rooms);
  gboolean known = vm_capability_replay_knows (replay, capability->jti);

  if (!vm_capability_replay_check (replay, capability, guest->ws->conn->group,
          guest->number, vm_mesh_now (), error))
    return FALSE;
  return known || !once || claim (guest, once, capability->jti, error);
}

void
vm_mesh_forget_claim (VmMeshGuest *guest)
{
  VmSingleUse *once = vm_rooms_get_single_use (guest->mesh->server->rooms);

  if (guest->claim && once)
    vm_single_use_cancel (once, guest->claim);
  guest->claim = 0;
  g_clear_pointer (&guest->claimed, g_free);
}
