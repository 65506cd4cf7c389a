/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device that the user trusts from now on, as it is seen in a session. */

#include "agent/agent-priv.h"
#include "trust/pairing/handshake.h"
#include "trust/store/vmtruststore-priv.h"

#include <string.h>

static const VmAgentPeer *
find_peer (VmAgent *self, const gchar *device_id)
{
  for (guint i = 0; i < self->sessions->len; i++) {
    const VmAgentSession *session = g_ptr_array_index (self->sessions, i);

    if (session->peer->certificate
        && strcmp (session->peer->device_id, device_id) == 0)
      return session->peer;
  }
  return NULL;
}

/**
 * vm_agent_trust:
 * @self: a #VmAgent
 * @device_id: a device that has a session with this one now
 * @permissions: what it may do from now on
 * @error: one of #VM_ERROR: %VM_ERROR_NOT_FOUND without such a session,
 *   %VM_ERROR_NOT_TRUSTED for a device whose trust was revoked,
 *   %VM_ERROR_KEY_CHANGED when another key is known by its names
 *
 * Remembers in the trust store that the user trusts this device, which has
 * proven its key, for a year. It counts for sessions that begin from now on.
 * Blocks for the disk.
 *
 * Returns: whether it is remembered
 *
 * Since: 0.3
 */
gboolean
vm_agent_trust (VmAgent *self, const gchar *device_id,
    VmPermissions permissions, GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  gint64 date = g_date_time_to_unix (now);
  g_autoptr (GBytes) spki = NULL;
  g_autoptr (VmToken) token = NULL;
  const VmAgentPeer *peer;

  g_return_val_if_fail (VM_IS_AGENT (self), FALSE);
  g_return_val_if_fail (device_id != NULL, FALSE);

  peer = find_peer (self, device_id);
  if (!peer) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "The device %s has no session with this one", device_id);
    return FALSE;
  }
  spki = vm_spki_from_certificate (peer->certificate, error);
  if (!spki)
    return FALSE;
  token = vm_token_issue (self->identity, spki, permissions, NULL, date,
      date + VM_TRUST_TOKEN_TIME, error);
  return token
         && vm_trust_store_add (self->store, peer->user, peer->device,
             peer->certificate, token, NULL, now, error);
}
