/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/vmidentity-priv.h"
#include "wire/mesh/meshagent.h"

/* That the fingerprint of a QUIC certificate is that of a device, signed by its
 * key: a server that names another is found out
 * (protocol/agents.md#fingerprints). Pure; any thread. */

/* "AB:CD:…" Returns: (transfer full) */
gchar *
vm_agent_fingerprint_write (const guint8 fingerprint[VM_MESH_FINGERPRINT_SIZE]);
/* Base64; NULL with VM_ERROR_IDENTITY. Returns: (transfer full) */
gchar *vm_agent_proof_make (VmIdentity *identity,
    const guint8 fingerprint[VM_MESH_FINGERPRINT_SIZE], GError **error);

/* The other side of a session. */
typedef struct
{
  guint8 fingerprint[VM_MESH_FINGERPRINT_SIZE];
  gchar *device_id;
  gchar *proven_id; /* the same; or one of its fingerprint alone, which no
                     * device has, for whoever shows no key */
  gchar *peer_id; /* what the server calls it: its device id, or longer */
  gchar *device; /* "" if it has told no name */
  gchar *user_id, *user; /* as the server tells */
  GTlsCertificate *certificate; /* of its device key; NULL: it shows none */
} VmAgentPeer;

/* Under VM_POLICY_OPEN one that shows no key is taken by the server's word.
 * VM_ERROR_BAD_MESSAGE: something is missing or cannot be read;
 * VM_ERROR_WRONG_KEY: the key is not that of the device id;
 * VM_ERROR_SIGNATURE: that key has not signed the fingerprint. */
VmAgentPeer *vm_agent_proof_check (
    const VmMeshNews *created, VmPolicy policy, GError **error);
void vm_agent_peer_free (VmAgentPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAgentPeer, vm_agent_peer_free)
