/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/signal.h"
#include "trust/keys/signature.h"

G_BEGIN_DECLS

/* The signature of a `meeting-state` by the host's device key
 * (protocol/signalling.md#meeting-state): of VM_SIGNATURE_MEETING_STATE, with
 * the meeting's id as context and vm_state_version() as version, over the
 * transcript
 *
 *   "vm2 meeting-state", state, host, maxParticipants, locked (0 or 1),
 *   number of roster, each, number of revoked, each, moderator where there is
 *   one
 *
 * so that neither the order of JSON's members nor the receiver matters. The
 * bars are signed apart, because only devices get them, and devices of earlier
 * versions do not know them: as above, over
 *
 *   "vm2 meeting-bars", number of barred, id, deviceId, address and seconds of
 *   each
 *
 * Pure: any thread. */

/* Base64; NULL with VM_ERROR_IDENTITY. Returns: (transfer full) */
gchar *
vm_state_sign (VmIdentity *identity, const VmSignal *state, GError **error);
/* Of its bars, likewise. Returns: (transfer full) */
gchar *vm_state_sign_barred (
    VmIdentity *identity, const VmSignal *state, GError **error);
/* VM_ERROR_SIGNATURE: it has none, or not that of @spki over this, its bars
 * included. */
gboolean vm_state_verify (GBytes *spki, const VmSignal *state, GError **error);
/* The epoch above the count: the later of two states has the greater version.
 */
guint64 vm_state_version (const VmSignal *state);

G_END_DECLS
