/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/session.h"
#include "transfer/sync/disk/state.h"
#include "transfer/sync/disk/watch.h"

/* One round: both manifests, the plan, what each side lacks, and what became of
 * it. */

typedef struct
{
  VmSyncSession *session;
  VmSyncSide side;
  const VmSyncConfig *config;
  gint root; /* the folder; -1: it is not there */
  gboolean dry_run;
  VmSyncState *state; /* NULL without a folder */
  VmSyncWatch *watch; /* nullable */
  VmSyncTree *known; /* nullable: of the last scan, with stamps */
  VmSyncProgress progress;
  guint64 moved; /* bytes of contents, all rounds */

  GHashTable *told; /* path → reason, of what was told as left last */
  /* of the round that ended last */
  GHashTable *left; /* path → why it is not the same on both sides */
  guint skipped, their_skipped; /* names that cannot be synced */
  guint failed; /* entries that either side had to leave and may do later */
  gchar *digest; /* of the tree that was scanned */
} VmSyncRounds;

void vm_sync_rounds_clear (VmSyncRounds *self);
/* Opens the folder and its state, if they are not open; @make: makes the folder
 * if it is not there. */
gboolean
vm_sync_rounds_open (VmSyncRounds *self, gboolean make, GError **error);
/* @page: nullable: the first page of the other side's manifest, which was
 * received already. */
gboolean vm_sync_round (VmSyncRounds *self, GBytes *page, GError **error);
/* Reads the own folder. */
VmSyncTree *
vm_sync_rounds_scan (VmSyncRounds *self, GCancellable *cancel, GError **error);
/* Notes what is not the same after this round; the first reason counts. */
void vm_sync_rounds_leave (
    VmSyncRounds *self, const gchar *path, const gchar *reason);
/* Tells what is left, but for what was told before with the same reason. FALSE:
 * not all is the same on both sides. */
gboolean vm_sync_rounds_tell_left (VmSyncRounds *self, GError **error);
/* Tells the progress, with the bytes of messages. */
void vm_sync_rounds_report (VmSyncRounds *self);
