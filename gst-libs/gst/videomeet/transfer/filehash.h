/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "../trust/transcript.h"

/* The SHA-256 of a file that goes by chunk by chunk, and those of its chunks. One
 * thread at a time. */
typedef struct _VmFileHash VmFileHash;

VmFileHash *vm_file_hash_new (void);
void vm_file_hash_free (VmFileHash *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmFileHash, vm_file_hash_free)

/* Bytes from the beginning of the file that are in it. */
guint64 vm_file_hash_get_done (const VmFileHash *self);

/* On with the whole. */
void vm_file_hash_add (VmFileHash *self, gconstpointer data, gsize size);

/* Of what was added so far; it may go on. */
void vm_file_hash_get (const VmFileHash *self, guint8 hash[VM_SHA256_SIZE]);
