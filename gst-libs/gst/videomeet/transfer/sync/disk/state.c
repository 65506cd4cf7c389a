/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/disk/state.h"

#include "transfer/disk/diskfile.h"

#include <string.h>

#define VERSION "videomeet sync 2"
#define ENTRY "(yusxtsayayb(ttxx))"
#define FORMAT "(sa" ENTRY "a" ENTRY ")"

static gchar *
hex_of (const guint8 hash[VM_SHA256_SIZE])
{
  GString *text = g_string_sized_new (2 * VM_SHA256_SIZE);

  for (guint i = 0; i < VM_SHA256_SIZE; i++)
    g_string_append_printf (text, "%02x", hash[i]);
  return g_string_free (text, FALSE);
}

/* The inode tells a folder from another one at its path, such as the one below
 * a disk that is not mounted now. */
static gchar *
name_of (const VmSyncConfig *config, gint root, GError **error)
{
  VmTranscript *transcript;
  guint8 hash[VM_SHA256_SIZE];
  struct stat st;

  if (fstat (root, &st) != 0) {
    vm_disk_fail (error, "The folder cannot be read");
    return NULL;
  }
  transcript = vm_transcript_new ("vm2 sync state");
  vm_transcript_add_text (transcript, config->device);
  vm_transcript_add_text (transcript, config->peer_device);
  vm_transcript_add_text (
      transcript, config->root_name ? config->root_name : "");
  vm_transcript_add_number (transcript, st.st_ino);
  vm_transcript_add_text (transcript, config->folder ? config->folder : "");
  vm_transcript_hash (transcript, hash);
  g_byte_array_unref (transcript);
  return hex_of (hash);
}

static gsize
marks_size (const VmSyncEntry *entry)
{
  return (gsize) (entry->n_blocks + 1) * VM_SYNC_MARK_SIZE;
}

static VmSyncEntry *
entry_read (GVariant *variant)
{
  guint8 kind;
  guint32 mode;
  const gchar *path, *target;
  gint64 mtime, times[2];
  guint64 size, inode, stamp_size;
  g_autoptr (GVariant) blocks = NULL, marks = NULL;
  gboolean has_stamp;
  gsize n;
  gconstpointer data;
  VmSyncEntry *entry;

  g_variant_get (variant, "(yu&sxt&s@ay@ayb(ttxx))", &kind, &mode, &path,
      &mtime, &size, &target, &blocks, &marks, &has_stamp, &inode, &stamp_size,
      &times[0], &times[1]);
  data = g_variant_get_fixed_array (blocks, &n, 1);
  if (kind > VM_SYNC_LINK || !vm_sync_path_check (path, NULL)
      || n
             != (kind == VM_SYNC_FILE ? (gsize) vm_sync_block_count (size) : 0)
                    * VM_SHA256_SIZE)
    return NULL;
  entry = vm_sync_entry_new (path, kind);
  entry->mode = mode & VM_SYNC_MODE_MASK;
  entry->mtime = mtime;
  entry->size = size;
  entry->target = kind == VM_SYNC_LINK ? g_strdup (target) : NULL;
  entry->blocks = g_memdup2 (data, n);
  entry->n_blocks = n / VM_SHA256_SIZE;
  data = g_variant_get_fixed_array (marks, &n, 1);
  if (n == marks_size (entry))
    entry->marks = g_memdup2 (data, n);
  entry->has_stamp = has_stamp;
  entry->stamp = (VmSyncStamp){ inode, stamp_size, times[0], times[1] };
  vm_sync_entry_seal (entry);
  return entry;
}

static VmSyncTree *
tree_read (GVariant *variant)
{
  g_autoptr (VmSyncTree) tree = vm_sync_tree_new ();
  gsize n = g_variant_n_children (variant);

  for (gsize i = 0; i < n; i++) {
    g_autoptr (GVariant) child = g_variant_get_child_value (variant, i);
    VmSyncEntry *entry = entry_read (child);

    if (!entry || !vm_sync_tree_add (tree, entry, NULL))
      return NULL;
  }
  return vm_sync_tree_finish (tree, NULL) ? g_steal_pointer (&tree) : NULL;
}

static void
keep (VmSyncState *self, guint i, VmSyncTree *tree)
{
  g_clear_pointer (&self->bases.digests[i], g_free);
  self->trees[i] = tree;
  if (tree)
    self->bases.digests[i] = vm_sync_tree_digest (tree);
}

static void
load (VmSyncState *self)
{
  g_autofree gchar *data = NULL;
  gsize size;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) raw = NULL, variant = NULL;
  g_autofree gchar *version = NULL;

  if (!g_file_get_contents (self->path, &data, &size, NULL))
    return;
  bytes = g_bytes_new_take (g_steal_pointer (&data), size);
  raw = g_variant_ref_sink (
      g_variant_new_from_bytes (G_VARIANT_TYPE (FORMAT), bytes, FALSE));
  if (!g_variant_is_normal_form (raw))
    return;
  variant = g_variant_ref (raw);
  g_variant_get_child (variant, 0, "s", &version);
  if (strcmp (version, VERSION) != 0)
    return;
  for (guint i = 0; i < VM_SYNC_BASES; i++) {
    g_autoptr (GVariant) child = g_variant_get_child_value (variant, i + 1);
    VmSyncTree *tree;

    /* an empty folder was common, or there was none: nothing is deleted */
    tree = g_variant_n_children (child) ? tree_read (child) : NULL;
    keep (self, i, tree);
    if (!tree)
      break;
  }
}

VmSyncState *
vm_sync_state_open (const VmSyncConfig *config, gint root, GError **error)
{
  g_autoptr (VmSyncState) self = g_new0 (VmSyncState, 1);
  g_autofree gchar *name = name_of (config, root, error);
  g_autofree gchar *folder = config->state_dir
                                 ? g_strdup (config->state_dir)
                                 : g_build_filename (g_get_user_state_dir (),
                                     "videomeet", "sync", NULL);

  if (!name)
    return NULL;
  if (g_mkdir_with_parents (folder, 0700) != 0) {
    vm_disk_fail (error, folder);
    return NULL;
  }
  self->path = g_build_filename (folder, name, NULL);
  load (self);
  return g_steal_pointer (&self);
}

void
vm_sync_state_free (VmSyncState *self)
{
  for (guint i = 0; i < VM_SYNC_BASES; i++)
    g_clear_pointer (&self->trees[i], vm_sync_tree_free);
  vm_sync_bases_clear (&self->bases);
  g_free (self->path);
  g_free (self);
}

VmSyncTree *
vm_sync_state_common (const VmSyncState *self, const VmSyncBases *theirs)
{
  for (guint i = 0; i < VM_SYNC_BASES; i++)
    for (guint j = 0; self->trees[i] && j < VM_SYNC_BASES; j++)
      if (g_strcmp0 (self->bases.digests[i], theirs->digests[j]) == 0)
        return self->trees[i];
  return NULL;
}

static GVariant *
tree_write (const VmSyncTree *tree)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a" ENTRY));
  for (guint i = 0; tree && i < tree->entries->len; i++) {
    const VmSyncEntry *entry = tree->entries->pdata[i];

    g_variant_builder_add (&builder, "(yusxts@ay@ayb(ttxx))", entry->kind,
        entry->mode, entry->path, entry->mtime, entry->size,
        entry->target ? entry->target : "",
        g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, entry->blocks,
            (gsize) entry->n_blocks * VM_SHA256_SIZE, 1),
        g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, entry->marks,
            entry->marks ? marks_size (entry) : 0, 1),
        entry->has_stamp && !entry->racy, entry->stamp.inode, entry->stamp.size,
        entry->stamp.mtime, entry->stamp.ctime);
  }
  return g_variant_builder_end (&builder);
}

gboolean
vm_sync_state_save (VmSyncState *self, VmSyncTree *tree,
    const VmSyncTree *common, GError **error)
{
  VmSyncTree *before = NULL;
  g_autoptr (GVariant) variant = NULL;

  for (guint i = 0; i < VM_SYNC_BASES; i++) {
    if (self->trees[i] && self->trees[i] == common)
      before = g_steal_pointer (&self->trees[i]);
    g_clear_pointer (&self->trees[i], vm_sync_tree_free);
  }
  keep (self, 0, tree);
  keep (self, 1, before);
  variant = g_variant_ref_sink (g_variant_new ("(s@a" ENTRY "@a" ENTRY ")",
      VERSION, tree_write (tree), tree_write (before)));
  return g_file_set_contents_full (self->path, g_variant_get_data (variant),
      g_variant_get_size (variant),
      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
      error);
}
