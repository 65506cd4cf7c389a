/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmtrustfacts.h>

G_BEGIN_DECLS

/* The facts of a trust store, in memory, so that admitting a participant does
 * not wait for the disk. Sans-I/O. */

typedef struct _VmTrustSnapshot VmTrustSnapshot;

/* @own: this device itself, which may do everything. */
VmTrustSnapshot *vm_trust_snapshot_new (VmIdentity *own);
void vm_trust_snapshot_free (VmTrustSnapshot *known);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTrustSnapshot, vm_trust_snapshot_free)

/* Replaces all facts, but keeps guests with a number above @written that @facts
 * lack: they were not yet in the store when it was read. @facts: (element-type
 * VmTrustFacts). @damaged: the list of revoked devices cannot be read. */
void vm_trust_snapshot_take (VmTrustSnapshot *known, GPtrArray *facts,
    gboolean damaged, guint64 written);
/* How many devices are known. */
guint vm_trust_snapshot_count (VmTrustSnapshot *known);
/* Replaces the facts of a guest that is also to be stored. @number: counts such
 * guests from 1, each higher than the last; 0: known only until the next
 * vm_trust_snapshot_take(). */
void vm_trust_snapshot_add_guest (
    VmTrustSnapshot *known, const VmTrustFacts *facts, guint64 number);

/* The facts of @device_id (NULL: a device without a key). @user and @device are
 * the names that it claims; NULL: not given yet, "": it has no such name. When
 * both are given and @user is not empty, the facts also tell whether another
 * device is known by them: by both, or, without a device name, by @user. The
 * user's name in the facts is the stored one, else @user. Returns: (transfer
 * full) */
VmTrustFacts *vm_trust_snapshot_get (VmTrustSnapshot *known,
    const gchar *device_id, const gchar *user, const gchar *device);

G_END_DECLS
