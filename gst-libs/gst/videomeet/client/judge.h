/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmenums.h>
#include "wire/signal.h"

G_BEGIN_DECLS

/* What a guest believes of what a host's server tells of the people in a
 * meeting. A host is the device whose key TLS showed, by the names it was
 * judged by when it admitted this one. What it says of others counts as far as
 * it is trusted itself: their ids only from a host that is, their tokens only
 * of an introducer, and how well it knows them never. Sans-I/O: what the own
 * store knows comes in, and the time is in Unix seconds. */

typedef struct _VmJudge VmJudge;

/* @host: the key that TLS showed (SubjectPublicKeyInfo); NULL where there is
 * none (plain HTTP): then nobody is known, and nothing is refused. */
VmJudge *vm_judge_new (VmIdentity *own, VmPolicy policy, GBytes *host);
VmJudge *vm_judge_ref (VmJudge *judge);
void vm_judge_unref (VmJudge *judge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmJudge, vm_judge_unref)

/* By which the host was judged; NULL or empty: it told none. */
void vm_judge_set_host_names (
    VmJudge *judge, const gchar *user, const gchar *device);
/* In the place of all that was known. @facts: (element-type VmTrustFacts).
 * @damaged: the list of revoked devices cannot be read. */
void vm_judge_take_known (VmJudge *judge, GPtrArray *facts, gboolean damaged);

const gchar *vm_judge_get_host_id (VmJudge *judge);

/* A `welcome` or `participant-joined`, in which what is not believed is put
 * right: of each participant the level and who vouches for it, and why it is
 * not to be met, which is then its `refused`; or a `meeting-state`, which must
 * be signed by the host, and later than the last. Others are let through as
 * they are. VM_ERROR_WRONG_KEY, VM_ERROR_BAD_MESSAGE: the host lies about
 * itself. VM_ERROR_SIGNATURE: the state is not the host's, or an old one. */
gboolean
vm_judge_signal (VmJudge *judge, VmSignal *signal, gint64 now, GError **error);

/* The host, as the policy has it now: VM_ERROR_NOT_TRUSTED,
 * VM_ERROR_KEY_CHANGED. */
gboolean
vm_judge_host (VmJudge *judge, gint64 now, VmTrustLevel *level, GError **error);
/* One of the others likewise, by the ids, names and token of @who.
 * @voucher: (out) (optional) (transfer full): what the introducer is called
 * here that vouches for it; NULL at any level but that. */
gboolean vm_judge_guest (VmJudge *judge, const VmSignalParticipant *who,
    gint64 now, VmTrustLevel *level, gchar **voucher, GError **error);

G_END_DECLS
