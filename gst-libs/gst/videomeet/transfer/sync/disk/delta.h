/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/model/work.h"

/* Bytes that were changed, moved or inserted in a file, by librsync: a
 * signature of what one side has, and the difference to it of what the other
 * has. They are read and written piece by piece. */

/* Blocks of a signature that differ but have one rolling sum; with more it is
 * none. */
#define VM_SYNC_SAME_SUMS_MAX 1000

/* Takes bytes of a signature or a difference. FALSE ends the job. */
typedef gboolean (*VmSyncSink) (
    gconstpointer data, gsize size, gpointer user_data, GError **error);

/* Of the part of @fd that @delta names; delta->signature bytes. */
gboolean vm_sync_signature_make (gint fd, const VmSyncDelta *delta,
    VmSyncSink sink, gpointer user_data, GError **error);
/* The difference between @signature and the part of @fd that @delta names.
 * VM_ERROR_BAD_MESSAGE: the signature is not what @delta says. */
gboolean vm_sync_delta_make (gint fd, const VmSyncDelta *delta,
    GBytes *signature, VmSyncSink sink, gpointer user_data, GError **error);

/* Applies a difference to @fd as it arrives; gives @sink at most
 * delta->new_size bytes. */
typedef struct _VmSyncPatch VmSyncPatch;

VmSyncPatch *vm_sync_patch_new (
    gint fd, const VmSyncDelta *delta, VmSyncSink sink, gpointer user_data);
void vm_sync_patch_free (VmSyncPatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncPatch, vm_sync_patch_free)
/* VM_ERROR_BAD_MESSAGE: it is no difference, or makes too many bytes. */
gboolean vm_sync_patch_take (
    VmSyncPatch *self, gconstpointer data, gsize size, GError **error);
/* The difference is over: whether it made delta->new_size bytes. */
gboolean vm_sync_patch_end (VmSyncPatch *self, GError **error);
