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
  g_free (peer->proven_id);
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
refuse_unsigned (const VmMeshNews *created, GError **error)
{
  g_autofree gchar *user =
      vm_text_to_label (created->user ? created->user : "", VM_SIGNAL_NAME_MAX);
  g_autofree gchar *device =
      vm_text_to_label (created->device_id, VM_SIGNAL_NAME_MAX);

  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The agent of \"%s\" (%s) does not sign its QUIC certificate by the key "
      "of its device; --policy open takes the server's word for it",
      user, device);
  return FALSE;
}

static gboolean
check (VmAgentPeer *peer, const VmMeshNews *created, VmPolicy policy,
    GError **error)
{
  g_autoptr (GBytes) spki = NULL;
  g_autofree gchar *id = NULL;

  if (!created->device_id)
    return refuse (error,
        "The server does not say which device the other one is: it knows the "
        "base protocol only");
  if (!vm_mesh_fingerprint_read (created->fingerprint, peer->fingerprint))
    return refuse (error, "The fingerprint of the other device is none");
  if (!created->certificate && !created->fingerprint_signature
      && policy == VM_POLICY_OPEN)
    return TRUE;
  if (!created->certificate || !created->fingerprint_signature)
    return refuse_unsigned (created, error);
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

/* No device has it: its id is longer. */
static gchar *
unproven_id (const guint8 fingerprint[VM_MESH_FINGERPRINT_SIZE])
{
  GString *id = g_string_new ("open-");

  for (guint i = 0; i < VM_MESH_FINGERPRINT_SIZE / 2; i++)
    g_string_append_printf (id, "%02x", fingerprint[i]);
  return g_string_free (id, FALSE);
}

VmAgentPeer *
vm_agent_proof_check (
    const VmMeshNews *created, VmPolicy policy, GError **error)
{
  g_autoptr (VmAgentPeer) peer = g_new0 (VmAgentPeer, 1);

  if (!check (peer, created, policy, error))
    return NULL;
  peer->device_id = g_strdup (created->device_id);
  peer->proven_id = peer->certificate ? g_strdup (created->device_id)
                                      : unproven_id (peer->fingerprint);
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
