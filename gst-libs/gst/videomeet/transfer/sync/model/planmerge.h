/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/model/plan.h"

/* Shared by plan.c and planmerge.c. */

/* An entry of the merged tree. */
typedef struct
{
  gchar *name;
  VmSyncEntry *entry; /* NULL: it is left as it is on both sides */
  guint mode;
  gchar *at[2];
  gint lost;
  gboolean conflict; /* it has a name of a conflict now */
  guint rank; /* who keeps a name that several want */
  GPtrArray *children; /* of a folder; nullable */
} VmSyncOut;

/* The entries of the top folder. Returns: (transfer full) */
GPtrArray *vm_sync_merge (VmSyncPlan *plan, const VmSyncTree *const trees[2],
    const VmSyncTree *common, const gchar *const devices[2]);
void
vm_sync_plan_leave (VmSyncPlan *self, const gchar *path, const gchar *reason);
