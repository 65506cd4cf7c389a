/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/sync.h"
#include "trust/keys/transcript.h"

#include <sys/stat.h>

/* What a folder holds, as its manifest says. Pure. */

#define VM_SYNC_BLOCK_MIN (128 * 1024)
#define VM_SYNC_BLOCK_MAX (16 * 1024 * 1024)
#define VM_SYNC_BLOCKS_PER_FILE 1024 /* a larger block is used beyond */
/* Blocks of all files: 64 MiB of hashes. */
#define VM_SYNC_BLOCKS_MAX (2 * 1024 * 1024)
#define VM_SYNC_TARGET_MAX 4095 /* bytes of a link's target */
#define VM_SYNC_MARK_SIZE 16 /* see disk/blockmark.h */
/* What others may write, and setuid, setgid and sticky, are not carried. */
#define VM_SYNC_MODE_MASK 0755

typedef enum
{
  VM_SYNC_FILE,
  VM_SYNC_FOLDER,
  VM_SYNC_LINK,
  VM_SYNC_OTHER, /* there, but cannot be synced; what is below it neither */
} VmSyncKind;

/* µs that are exact in every reader of JSON: from 1684 to 2255. Files of other
 * times count as of the nearer of these. */
#define VM_SYNC_TIME_MAX ((G_GINT64_CONSTANT (1) << 53) - 1)

/* Which file it was on this side's disk. */
typedef struct
{
  guint64 inode, size;
  gint64 mtime, ctime; /* ns */
} VmSyncStamp;

/* Read-only once it is in a tree; counted atomically. */
typedef struct
{
  gchar *path;
  VmSyncKind kind;
  guint mode;
  guint64 size;
  gint64 mtime; /* Unix µs, VM_SYNC_TIME_MAX before or after 1970 at most */
  gchar *target; /* of a LINK; of an OTHER: why */
  guint8 *blocks; /* SHA-256 of each block of a FILE */
  guint n_blocks;
  guint8 *marks; /* of a large FILE that this side has read: a key and the mark
                  * of each block, of VM_SYNC_MARK_SIZE bytes; or NULL */
  guint8 id[VM_SHA256_SIZE]; /* kind and content, not path, mode and time */
  gboolean has_stamp, racy; /* racy: the stamp may hide a next change */
  VmSyncStamp stamp;
} VmSyncEntry;

VmSyncEntry *vm_sync_entry_new (const gchar *path, VmSyncKind kind);
VmSyncEntry *vm_sync_entry_ref (VmSyncEntry *self);
void vm_sync_entry_unref (VmSyncEntry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncEntry, vm_sync_entry_unref)
/* To be called when all of it is known, and once. */
void vm_sync_entry_seal (VmSyncEntry *self);
/* Another mode, time, path or stamp; the same content. */
VmSyncEntry *vm_sync_entry_copy (const VmSyncEntry *self, const gchar *path);
/* NULL: it has none. */
guint8 *vm_sync_entry_copy_marks (const VmSyncEntry *self);
/* The marks of @self, a FILE, for the version @now of it: those of blocks that
 * differ are zero, so that these blocks are hashed. NULL: @self has none, or
 * the files have other blocks. */
guint8 *
vm_sync_entry_marks_for (const VmSyncEntry *self, const VmSyncEntry *now);
/* NULL is the same as NULL only; OTHER is the same as nothing. */
gboolean vm_sync_entry_same (const VmSyncEntry *self, const VmSyncEntry *other);

VmSyncStamp vm_sync_stamp_of (const struct stat *st);
/* Whether the file can be changed once more and have the same stamp, as it was
 * changed so shortly before @now, Unix ns. */
gboolean vm_sync_stamp_is_racy (const VmSyncStamp *stamp, gint64 now);
gboolean vm_sync_stamp_equal (const VmSyncStamp *a, const VmSyncStamp *b);

/* Bytes of each block but the last; the same on both sides. */
guint64 vm_sync_block_size (guint64 size);
guint vm_sync_block_count (guint64 size);

/* "/" sorts before all that a name may have, so that a folder is followed by
 * what is in it. */
gint vm_sync_path_compare (const gchar *a, const gchar *b);
/* VM_ERROR_TOO_LARGE, VM_ERROR_BAD_MESSAGE: not a path below the folder. */
gboolean vm_sync_path_check (const gchar *path, GError **error);
/* Whether the link at @path with @target can point outside of the folder: it is
 * absolute, climbs above the folder, or goes up after a name, which may be a
 * link itself. */
gboolean vm_sync_link_escapes (const gchar *path, const gchar *target);

typedef struct
{
  GPtrArray *entries; /* by path */
  GHashTable *by_path; /* path → entry */
  guint blocks; /* of all */
} VmSyncTree;

VmSyncTree *vm_sync_tree_new (void);
void vm_sync_tree_free (VmSyncTree *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncTree, vm_sync_tree_free)
/* Takes @entry. FALSE: the path is there already, or a limit. */
gboolean
vm_sync_tree_add (VmSyncTree *self, VmSyncEntry *entry, GError **error);
/* Sorts it. FALSE: an entry has no folder above it. */
gboolean vm_sync_tree_finish (VmSyncTree *self, GError **error);
VmSyncEntry *vm_sync_tree_get (const VmSyncTree *self, const gchar *path);
/* Of paths, contents and modes, in hexadecimal; OTHER entries do not count. */
gchar *vm_sync_tree_digest (const VmSyncTree *self);
