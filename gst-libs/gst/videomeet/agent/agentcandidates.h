/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quic.h"
#include "wire/mesh/mesh.h"

/* Where an agent may be reached (protocol/agents.md#candidates). */

/* For a STUN server to answer. */
#define VM_AGENT_STUN_TIME (1500 * 1000)

/* Those of @endpoint, without loopback unless @own_machine; blocks for
 * VM_AGENT_STUN_TIME at most.
 * Returns: (transfer full) (element-type VmMeshEndpoint) */
GPtrArray *
vm_agent_candidates_gather (VmQuicEndpoint *endpoint, gboolean own_machine);
/* Likewise without those by STUN; does not block. */
GPtrArray *
vm_agent_candidates_list (VmQuicEndpoint *endpoint, gboolean own_machine);
/* Those of @list, of the other side, to which datagrams may be sent.
 * Returns: (transfer full) (element-type VmQuicCandidate) */
GArray *vm_agent_candidates_take (const GPtrArray *list, gboolean own_machine);
