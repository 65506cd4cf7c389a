/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmenums.h>
#include "wire/signal.h"

G_BEGIN_DECLS

/* Decides which statements of a host's server about participants a guest
 * believes. The host is the device whose key TLS showed, under the names by
 * which this device judged it on admission. An id or a token makes another
 * participant better than unknown only if the host is trusted, and a token only
 * if this device or an introducer of its store issued it. What speaks against a
 * participant always counts; the levels that the host tells never do. Sans-I/O:
 * the own store's facts come in, and the time is in Unix seconds. */

typedef struct _VmHostVerifier VmHostVerifier;

/* @host: the key that TLS showed (SubjectPublicKeyInfo); NULL where there is
 * none (plain HTTP): then all are shown as unknown, and nobody is refused for
 * want of trust. */
VmHostVerifier *
vm_host_verifier_new (VmIdentity *own, VmPolicy policy, GBytes *host);
VmHostVerifier *vm_host_verifier_ref (VmHostVerifier *verifier);
void vm_host_verifier_unref (VmHostVerifier *verifier);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmHostVerifier, vm_host_verifier_unref)

/* Whether VM_POLICY_REQUIRE meets those whom a bridge passes on; not at first.
 */
void vm_host_verifier_set_cloud_trust (
    VmHostVerifier *verifier, VmCloudTrust cloud_trust);

/* The names by which the host was judged; NULL or empty: it gave none. */
void vm_host_verifier_set_host_names (
    VmHostVerifier *verifier, const gchar *user, const gchar *device);
/* Replaces all known facts. @facts: (element-type VmTrustFacts).
 * @damaged: the list of revoked devices cannot be read. */
void vm_host_verifier_take_known (
    VmHostVerifier *verifier, GPtrArray *facts, gboolean damaged);

const gchar *vm_host_verifier_get_host_id (VmHostVerifier *verifier);

/* Corrects a `welcome` or `participant-joined`: sets each participant's level
 * and voucher, and its `refused` if it must not be met. Checks that a
 * `meeting-state` is signed by the host, and later than the last. Other signals
 * stay as they are. VM_ERROR_WRONG_KEY, VM_ERROR_BAD_MESSAGE: the host lies
 * about itself. VM_ERROR_SIGNATURE: the state is not the host's, or an old one.
 */
gboolean vm_host_verifier_signal (
    VmHostVerifier *verifier, VmSignal *signal, gint64 now, GError **error);

/* Judges the host by the policy: VM_ERROR_NOT_TRUSTED, VM_ERROR_KEY_CHANGED. */
gboolean vm_host_verifier_host (
    VmHostVerifier *verifier, gint64 now, VmTrustLevel *level, GError **error);
/* Judges another participant likewise, by the ids, names and token of @who.
 * @voucher: (out) (optional) (transfer full): the local name of the introducer
 * that vouches for it; NULL at any other level. */
gboolean vm_host_verifier_guest (VmHostVerifier *verifier,
    const VmSignalParticipant *who, gint64 now, VmTrustLevel *level,
    gchar **voucher, GError **error);

G_END_DECLS
