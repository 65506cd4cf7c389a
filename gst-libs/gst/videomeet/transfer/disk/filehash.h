/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/transcript.h"

/* The SHA-256 of a file that goes by chunk by chunk, and those of its chunks.
 * One thread at a time. */
typedef struct _VmFileHash VmFileHash;

VmFileHash *vm_file_hash_new (void);
/* @pair: whether by sha256pair.h, which must be there. The hashes are the
 * same. */
VmFileHash *vm_file_hash_new_by (gboolean pair);
void vm_file_hash_free (VmFileHash *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmFileHash, vm_file_hash_free)

/* Bytes from the beginning of the file that are in it. */
guint64 vm_file_hash_get_done (const VmFileHash *self);

/* On with the whole. */
void vm_file_hash_add (VmFileHash *self, gconstpointer data, gsize size);

/* The SHA-256 of what may be next, @data: it goes in by vm_file_hash_keep(),
 * while it is there still, or not at all. */
void vm_file_hash_look (VmFileHash *self, gconstpointer data, gsize size,
    guint8 hash[VM_SHA256_SIZE]);
/* On with what was looked at last. */
void vm_file_hash_keep (VmFileHash *self);

/* Of what is in it; it may go on. */
void vm_file_hash_get (const VmFileHash *self, guint8 hash[VM_SHA256_SIZE]);
