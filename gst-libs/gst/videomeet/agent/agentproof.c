/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent/agentproof.h"
#include "base/text.h"
#include "trust/keys/signature.h"

#include <string.h>

static const VmSignatureScope scope = {
  .purpose = VM_SIGNATURE_QUIC_FINGERPRINT, .context = "", .version = 0
};

gchar *
vm_agent_fingerprint_write (const guint8 fingerprint[VM_MESH_FINGERPRINT_SIZE])
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < VM_MESH_FINGERPRINT_SIZE; i++)
    g_string_append_printf (text, "%s%02X", i ? ":" : "", fingerprint[i]);
  return g_string_free (text, FALSE);
}

gchar *
vm_agent_proof_make (VmIdentity *identity,
    const guint8 fingerprint[VM_MESH_FINGERPRINT_SIZE], GError **error)
{
  return vm_signature_sign (
      identity, &scope, fingerprint, VM_MESH_FINGERPRINT_SIZE, error);
}

void
vm_agent_peer_free (VmAgentPeer *peer)
{
  g_free (peer->device_id);
  g_free (peer->peer_id);
  g_free (peer->device);
  g_free (peer->user_id);
  g_free (peer->user);
  g_clear_object (&peer->certificate);
  g_free (peer);
}

static gboolean
refuse (GError **error, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, why);
  return FALSE;
}

static gboolean
check (VmAgentPeer *peer, const VmMeshNews *created, GError **error)
{
  g_autoptr (GBytes) spki = NULL;
  g_autofree gchar *id = NULL;

  if (!created->device_id || !created->certificate
      || !created->fingerprint_signature)
    return refuse (error,
        "The server does not say which device the other one is: it knows the "
        "base protocol only");
  if (!vm_mesh_fingerprint_read (created->fingerprint, peer->fingerprint))
    return refuse (error, "The fingerprint of the other device is none");
  peer->certificate =
      g_tls_certificate_new_from_pem (created->certificate, -1, NULL);
  if (!peer->certificate)
    return refuse (error, "The certificate of the other device is none");
  spki = vm_spki_from_certificate (peer->certificate, error);
  if (!spki)
    return FALSE;
  id = vm_spki_to_device_id (spki);
  if (strcmp (id, created->device_id) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The server names a device %s whose key is that of %s",
        created->device_id, id);
    return FALSE;
  }
  return vm_signature_verify (spki, &scope, peer->fingerprint,
      sizeof peer->fingerprint, created->fingerprint_signature, error);
}

VmAgentPeer *
vm_agent_proof_check (const VmMeshNews *created, GError **error)
{
  g_autoptr (VmAgentPeer) peer = g_new0 (VmAgentPeer, 1);

  if (!check (peer, created, error))
    return NULL;
  peer->device_id = g_strdup (created->device_id);
  peer->peer_id =
      g_strdup (created->peer_id ? created->peer_id : created->device_id);
  peer->device = created->device
                     ? vm_text_to_label (created->device, VM_SIGNAL_NAME_MAX)
                     : g_strdup ("");
  peer->user_id = g_strdup (created->user_id);
  peer->user = created->user
                   ? vm_text_to_label (created->user, VM_SIGNAL_NAME_MAX)
                   : g_strdup ("");
  return g_steal_pointer (&peer);
}
