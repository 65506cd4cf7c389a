/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/model/planmerge.h"

#include <string.h>

static void
item_free (gpointer data)
{
  VmSyncItem *item = data;

  g_free (item->path);
  vm_sync_entry_unref (item->entry);
  g_free (item->at[0]);
  g_free (item->at[1]);
  g_free (item);
}

static void
left_free (gpointer data)
{
  VmSyncLeft *left = data;

  g_free (left->path);
  g_free (left->reason);
  g_free (left);
}

void
vm_sync_plan_free (VmSyncPlan *self)
{
  g_hash_table_unref (self->by_path);
  g_hash_table_unref (self->left_paths);
  g_ptr_array_unref (self->items);
  g_ptr_array_unref (self->left);
  g_free (self);
}

void
vm_sync_plan_leave (VmSyncPlan *self, const gchar *path, const gchar *reason)
{
  VmSyncLeft *left = g_new0 (VmSyncLeft, 1);

  left->path = g_strdup (path);
  left->reason = g_strdup (reason);
  g_ptr_array_add (self->left, left);
  g_hash_table_insert (self->left_paths, left->path, left);
}

/* Puts what was merged in the order of paths: a folder, then what is in it. */
static gboolean
flatten (VmSyncPlan *self, GPtrArray *outs, const gchar *folder, GError **error)
{
  for (guint i = 0; i < outs->len; i++) {
    VmSyncOut *out = outs->pdata[i];
    g_autofree gchar *path = folder ? g_strconcat (folder, "/", out->name, NULL)
                                    : g_strdup (out->name);
    VmSyncItem *item;

    if (!out->entry)
      continue;
    if (strlen (path) > VM_SYNC_PATH_MAX
        || self->items->len >= VM_SYNC_ENTRIES_MAX) {
      g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
          "Both folders together have more than %d entries, or a path of more "
          "than %d bytes",
          VM_SYNC_ENTRIES_MAX, VM_SYNC_PATH_MAX);
      return FALSE;
    }
    item = g_new0 (VmSyncItem, 1);
    item->path = g_steal_pointer (&path);
    item->entry = vm_sync_entry_ref (out->entry);
    item->mode = out->mode;
    item->lost = out->lost;
    for (guint s = 0; s < 2; s++)
      item->at[s] = g_strdup (out->at[s]);
    self->conflicts += out->conflict;
    g_ptr_array_add (self->items, item);
    g_hash_table_insert (self->by_path, item->path, item);
    if (out->children && !flatten (self, out->children, item->path, error))
      return FALSE;
  }
  return TRUE;
}

static guint
id_hash (gconstpointer id)
{
  guint hash;

  memcpy (&hash, id, sizeof hash);
  return hash;
}

static gboolean
id_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, VM_SHA256_SIZE) == 0;
}

static void
count_deleted (VmSyncPlan *self, const VmSyncTree *const trees[2])
{
  g_autoptr (GHashTable) ids = g_hash_table_new (id_hash, id_equal);

  for (guint i = 0; i < self->items->len; i++) {
    VmSyncItem *item = self->items->pdata[i];

    g_hash_table_add (ids, item->entry->id);
  }
  for (guint s = 0; s < 2; s++)
    for (guint i = 0; i < trees[s]->entries->len; i++) {
      const VmSyncEntry *entry = trees[s]->entries->pdata[i];

      if (entry->kind != VM_SYNC_FILE && entry->kind != VM_SYNC_LINK)
        continue;
      self->files[s]++;
      if (!vm_sync_plan_get (self, entry->path)
          && !g_hash_table_contains (ids, entry->id)
          && !vm_sync_plan_is_left (self, entry->path))
        self->deleted[s]++;
    }
}

static gint
compare_outs (gconstpointer a, gconstpointer b)
{
  const VmSyncItem *const *x = a, *const *y = b;

  return vm_sync_path_compare ((*x)->path, (*y)->path);
}

VmSyncPlan *
vm_sync_plan_new (const VmSyncTree *const trees[2], const VmSyncTree *common,
    const gchar *const devices[2], GError **error)
{
  g_autoptr (VmSyncPlan) self = g_new0 (VmSyncPlan, 1);
  g_autoptr (GPtrArray) outs = NULL;

  self->items = g_ptr_array_new_with_free_func (item_free);
  self->by_path = g_hash_table_new (g_str_hash, g_str_equal);
  self->left = g_ptr_array_new_with_free_func (left_free);
  self->left_paths = g_hash_table_new (g_str_hash, g_str_equal);
  outs = vm_sync_merge (self, trees, common, devices);
  if (!flatten (self, outs, NULL, error))
    return NULL;
  g_ptr_array_sort (self->items, compare_outs);
  count_deleted (self, trees);
  return g_steal_pointer (&self);
}

VmSyncItem *
vm_sync_plan_get (const VmSyncPlan *self, const gchar *path)
{
  return g_hash_table_lookup (self->by_path, path);
}

gboolean
vm_sync_plan_is_left (const VmSyncPlan *self, const gchar *path)
{
  g_autofree gchar *above = NULL;

  if (self->left->len == 0)
    return FALSE;
  above = g_strdup (path);
  for (;;) {
    gchar *slash;

    if (g_hash_table_contains (self->left_paths, above))
      return TRUE;
    slash = strrchr (above, '/');
    if (!slash)
      return FALSE;
    *slash = '\0';
  }
}

gboolean
vm_sync_plan_deletes_many (const VmSyncPlan *self, guint side)
{
  return (guint64) self->deleted[side] * VM_SYNC_DELETE_SHARE
         > self->files[side];
}

gchar *
vm_sync_plan_digest (const VmSyncPlan *self)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < self->items->len; i++) {
    const VmSyncItem *item = self->items->pdata[i];
    guint32 mode = GUINT32_TO_BE (item->mode);

    g_checksum_update (
        sum, (const guchar *) item->path, strlen (item->path) + 1);
    g_checksum_update (sum, item->entry->id, VM_SHA256_SIZE);
    g_checksum_update (sum, (const guchar *) &mode, sizeof mode);
  }
  return g_strdup (g_checksum_get_string (sum));
}

/* Only below folders that are common too. */
static void
add_common (VmSyncTree *tree, VmSyncEntry *entry)
{
  g_autoptr (VmSyncEntry) mine = entry;
  const gchar *slash = strrchr (entry->path, '/');

  if (slash) {
    g_autofree gchar *above = g_strndup (entry->path, slash - entry->path);
    const VmSyncEntry *folder = vm_sync_tree_get (tree, above);

    if (!folder || folder->kind != VM_SYNC_FOLDER)
      return;
  }
  vm_sync_tree_add (tree, g_steal_pointer (&mine), NULL);
}

/* The entry of one path: of the plan, or as it was. */
static VmSyncEntry *
common_entry (const VmSyncPlan *self, const VmSyncTree *common,
    GHashTable *failed, const gchar *path)
{
  VmSyncItem *item = vm_sync_plan_get (self, path);
  VmSyncEntry *was = common ? vm_sync_tree_get (common, path) : NULL;
  VmSyncEntry *entry;

  if (g_hash_table_contains (failed, path) || vm_sync_plan_is_left (self, path))
    return was ? vm_sync_entry_ref (was) : NULL;
  if (!item)
    return NULL;
  entry = vm_sync_entry_copy (item->entry, path);
  entry->mode = item->mode;
  return entry;
}

VmSyncTree *
vm_sync_plan_common (
    const VmSyncPlan *self, const VmSyncTree *common, GHashTable *failed)
{
  g_autoptr (VmSyncTree) tree = vm_sync_tree_new ();
  guint i = 0, j = 0, n = common ? common->entries->len : 0;

  while (i < self->items->len || j < n) {
    const VmSyncItem *item =
        i < self->items->len ? self->items->pdata[i] : NULL;
    const VmSyncEntry *was = j < n ? common->entries->pdata[j] : NULL;
    gint order = !item  ? 1
                 : !was ? -1
                        : vm_sync_path_compare (item->path, was->path);
    VmSyncEntry *entry = common_entry (
        self, common, failed, order <= 0 ? item->path : was->path);

    i += order <= 0;
    j += order >= 0;
    if (entry)
      add_common (tree, entry);
  }
  return g_steal_pointer (&tree);
}
