/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent/agentcandidates.h"

#include <string.h>

static GPtrArray *
get (VmQuicEndpoint *endpoint, gint64 timeout, gboolean own_machine)
{
  g_autoptr (GArray) found =
      vm_quic_endpoint_get_candidates (endpoint, timeout);
  GPtrArray *list = g_ptr_array_new_with_free_func (vm_mesh_endpoint_free);

  for (guint i = 0; i < found->len && list->len < VM_MESH_ENDPOINTS_MAX; i++) {
    const VmQuicCandidate *one = &g_array_index (found, VmQuicCandidate, i);
    VmMeshEndpoint *made =
        vm_mesh_endpoint_new (one->ip, one->port, one->reflexive);

    if (vm_mesh_endpoint_is_usable (made, own_machine))
      g_ptr_array_add (list, made);
    else
      vm_mesh_endpoint_free (made);
  }
  return list;
}

GPtrArray *
vm_agent_candidates_gather (VmQuicEndpoint *endpoint, gboolean own_machine)
{
  return get (endpoint, VM_AGENT_STUN_TIME, own_machine);
}

GPtrArray *
vm_agent_candidates_list (VmQuicEndpoint *endpoint, gboolean own_machine)
{
  return get (endpoint, 0, own_machine);
}

GArray *
vm_agent_candidates_take (const GPtrArray *list, gboolean own_machine)
{
  GArray *taken = g_array_new (FALSE, TRUE, sizeof (VmQuicCandidate));

  for (guint i = 0; i < list->len && taken->len < VM_QUIC_CANDIDATES_MAX; i++) {
    const VmMeshEndpoint *one = g_ptr_array_index (list, i);
    VmQuicCandidate candidate = { .port = one->port,
      .reflexive = one->reflexive };

    if (!vm_mesh_endpoint_is_usable (one, own_machine)
        || strlen (one->ip) >= sizeof candidate.ip)
      continue;
    g_strlcpy (candidate.ip, one->ip, sizeof candidate.ip);
    g_array_append_val (taken, candidate);
  }
  return taken;
}
