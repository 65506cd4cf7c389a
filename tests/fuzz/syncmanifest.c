/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/transfer/sync/model/manifest.h>

#include <string.h>

#define LINES_MAX 16

static void
check_entry (const VmSyncEntry *entry)
{
  g_assert_true (vm_sync_path_check (entry->path, NULL));
  g_assert_cmpuint (entry->mode, <=, VM_SYNC_MODE_MASK);
  if (entry->kind == VM_SYNC_FILE)
    g_assert_cmpuint (entry->n_blocks, ==, vm_sync_block_count (entry->size));
  else
    g_assert_cmpuint (entry->n_blocks, ==, 0);
  if (entry->kind == VM_SYNC_LINK)
    g_assert_cmpuint (strlen (entry->target), <=, VM_SYNC_TARGET_MAX);
}

/* What was read is written, and reads back as the same. */
static void
check_tree (const VmSyncTree *tree)
{
  g_autoptr (VmSyncManifest) again = vm_sync_manifest_new ();
  VmSyncPages pages = { .tree = tree };
  g_autofree gchar *a = vm_sync_tree_digest (tree), *b = NULL;
  GBytes *page;

  for (guint i = 0; i < tree->entries->len; i++)
    check_entry (tree->entries->pdata[i]);
  while ((page = vm_sync_pages_next (&pages))) {
    g_assert_true (vm_sync_manifest_read (again, page, NULL));
    g_bytes_unref (page);
  }
  g_assert_true (again->last);
  b = vm_sync_tree_digest (again->tree);
  g_assert_cmpstr (a, ==, b);
}

/* A page a line. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (VmSyncManifest) manifest = vm_sync_manifest_new ();

  for (guint i = 0; i < LINES_MAX; i++) {
    const guint8 *end = memchr (data, '\n', size);
    gsize n = end ? (gsize) (end - data) : size;
    g_autoptr (GBytes) page = g_bytes_new (data, n);
    g_autoptr (GError) error = NULL;

    if (!vm_sync_manifest_read (manifest, page, &error)) {
      g_assert_nonnull (error);
      return;
    }
    if (!end)
      break;
    data += n + 1;
    size -= n + 1;
  }
  if (manifest->last)
    check_tree (manifest->tree);
}
