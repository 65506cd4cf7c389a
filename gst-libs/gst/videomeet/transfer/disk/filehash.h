/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/transcript.h"

/* The SHA-256 of a file that is read chunk by chunk, and of its chunks. One
 * thread at a time. */
typedef struct _VmFileHash VmFileHash;

VmFileHash *vm_file_hash_new (void);
/* @pair: use sha256pair.h, which must be available. The hashes are the same. */
VmFileHash *vm_file_hash_new_by (gboolean pair);
void vm_file_hash_free (VmFileHash *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmFileHash, vm_file_hash_free)

/* Bytes hashed so far, from the beginning of the file. */
guint64 vm_file_hash_get_done (const VmFileHash *self);

/* Adds @data to the file's hash. */
void vm_file_hash_add (VmFileHash *self, gconstpointer data, gsize size);

/* The SHA-256 of a chunk that may be next: vm_file_hash_keep() adds it to the
 * file's hash; @data must still exist then. */
void vm_file_hash_look (VmFileHash *self, gconstpointer data, gsize size,
    guint8 hash[VM_SHA256_SIZE]);
/* Likewise the SHA-256 of the file up to the end of that chunk. */
void vm_file_hash_look_prefix (VmFileHash *self, gconstpointer data, gsize size,
    guint8 hash[VM_SHA256_SIZE]);
/* Adds the chunk that was looked at last. */
void vm_file_hash_keep (VmFileHash *self);

/* The hash of the bytes so far; more may be added. */
void vm_file_hash_get (const VmFileHash *self, guint8 hash[VM_SHA256_SIZE]);
