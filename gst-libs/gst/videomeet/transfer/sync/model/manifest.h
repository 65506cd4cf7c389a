/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/model/tree.h"

/* The pages of MANIFEST (protocol/agents.md#folder-sync). Pure. */

#define VM_SYNC_PAGE_MAX 1000 /* entries */
#define VM_SYNC_BASES 2 /* digests of common manifests that a side has */

/* Both sides' common manifests, newest first: hexadecimal digests. */
typedef struct
{
  gchar *digests[VM_SYNC_BASES]; /* nullable */
} VmSyncBases;

void vm_sync_bases_clear (VmSyncBases *bases);

/* Writes @tree page by page. */
typedef struct
{
  const VmSyncTree *tree;
  const VmSyncBases *bases;
  guint next; /* entry */
  guint block; /* of it, when a file's hashes need more than one page */
  gboolean done;
} VmSyncPages;

/* Returns: (transfer full) (nullable): the next page; NULL: that was all */
GBytes *vm_sync_pages_next (VmSyncPages *pages);
/* A page without entries: the sender is still there. */
GBytes *vm_sync_pages_wait (void);

/* Reads them. */
typedef struct
{
  VmSyncTree *tree;
  VmSyncBases bases;
  VmSyncEntry *open; /* a file whose hashes are not complete */
  gboolean last; /* the last page was read; then @tree is finished */
} VmSyncManifest;

VmSyncManifest *vm_sync_manifest_new (void);
void vm_sync_manifest_free (VmSyncManifest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncManifest, vm_sync_manifest_free)
/* VM_ERROR_BAD_MESSAGE, VM_ERROR_TOO_LARGE */
gboolean
vm_sync_manifest_read (VmSyncManifest *self, GBytes *page, GError **error);
