/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/model/tree.h"

/* What both folders become: a function of both trees and the last common one.
 * Both sides compute it, and get the same. Pure.
 *
 * Sides: 0 is the requester, 1 the target. */

typedef struct
{
  gchar *path;
  VmSyncEntry *entry; /* content and time; its path and mode may be others */
  guint mode;
  gchar *at[2]; /* the path at which a side has it; NULL: it does not */
  gint lost; /* the side whose version lost its name and has this one now; -1:
              * none */
} VmSyncItem;

typedef struct
{
  gchar *path, *reason;
} VmSyncLeft;

typedef struct
{
  GPtrArray *items; /* VmSyncItem by path: the tree of both */
  GHashTable *by_path; /* path → item */
  GPtrArray *left; /* VmSyncLeft: neither they nor what is below is touched */
  GHashTable *left_paths; /* path → VmSyncLeft */
  guint files[2]; /* files and links of a side */
  guint deleted[2]; /* of them, those that go, and their content too */
  guint conflicts;
} VmSyncPlan;

/* @common: nullable; without it nothing is deleted. VM_ERROR_TOO_LARGE: the
 * folder of both is beyond a limit. */
VmSyncPlan *vm_sync_plan_new (const VmSyncTree *const trees[2],
    const VmSyncTree *common, const gchar *const devices[2], GError **error);
void vm_sync_plan_free (VmSyncPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncPlan, vm_sync_plan_free)
VmSyncItem *vm_sync_plan_get (const VmSyncPlan *self, const gchar *path);
/* Whether @path or a folder above it is left. */
gboolean vm_sync_plan_is_left (const VmSyncPlan *self, const gchar *path);
/* More than one of VM_SYNC_DELETE_SHARE go. */
gboolean vm_sync_plan_deletes_many (const VmSyncPlan *self, guint side);
/* Hexadecimal. */
gchar *vm_sync_plan_digest (const VmSyncPlan *self);
/* The common tree once the plan is done, but for @failed (path → anything),
 * which stay as in @common. */
VmSyncTree *vm_sync_plan_common (
    const VmSyncPlan *self, const VmSyncTree *common, GHashTable *failed);

/* "name.sync-conflict-YYYYMMDD-HHMMSS-DEVICE.ext"; the time is @mtime, Unix µs,
 * in UTC. Returns: (transfer full) */
gchar *
vm_sync_conflict_name (const gchar *name, gint64 mtime, const gchar *device);
