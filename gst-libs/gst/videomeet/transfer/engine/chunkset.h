/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json/json.h"

/* Which chunks of a file are verified, as runs: what a journal keeps, and what
 * FILE_RESPONSE.have tells on a resume (protocol/files.md#have). On the wire a
 * flat list of pairs, the first chunk of a run and how many it has: [0,10,12,3]
 * is 0 to 9 and 12 to 14. Runs ascend and do not touch, so that a set has one
 * spelling. Sans-I/O; one thread at a time.
 *
 * A window's worth of chunks is all that can be out of order, so runs are few;
 * the bound keeps the list within VM_JSON_MEMBERS_MAX, and memory small
 * whatever a peer does. */
#define VM_CHUNK_SET_RUNS_MAX 256
/* Chunks of a file, and its bytes: what a browser's number still counts. */
#define VM_CHUNK_SET_TOTAL_MAX ((G_GUINT64_CONSTANT (1) << 53) - 1)

typedef struct
{
  guint64 first;
  guint64 count;
} VmChunkRun;

typedef struct _VmChunkSet VmChunkSet;

/* The empty set of a file of @total chunks; NULL beyond the limit. */
VmChunkSet *vm_chunk_set_new (guint64 total);
VmChunkSet *vm_chunk_set_copy (const VmChunkSet *set);
void vm_chunk_set_free (VmChunkSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmChunkSet, vm_chunk_set_free)

/* FALSE, and nothing is changed, when it is not of this file or makes one run
 * too many. A chunk that is there already is no error. */
gboolean vm_chunk_set_add (VmChunkSet *set, guint64 index);
/* The next run of a list: behind all others and not touching them. */
gboolean vm_chunk_set_add_run (VmChunkSet *set, guint64 first, guint64 count);
gboolean vm_chunk_set_has (const VmChunkSet *set, guint64 index);
guint64 vm_chunk_set_get_total (const VmChunkSet *set);
guint64 vm_chunk_set_count (const VmChunkSet *set);
/* So is that of an empty file. */
gboolean vm_chunk_set_is_full (const VmChunkSet *set);
/* The first chunk at or behind @from that is missing; FALSE: none is. */
gboolean
vm_chunk_set_next_missing (const VmChunkSet *set, guint64 from, guint64 *index);

/* The runs, ascending; owned by the set, good until it changes. */
const VmChunkRun *vm_chunk_set_get_runs (const VmChunkSet *set, guint *n_runs);

/* The member @key with the list; a list of none for an empty set. */
void
vm_chunk_set_append (const VmChunkSet *set, GString *out, const gchar *key);
/* The member @key of @object as the set of a file of @total chunks. *@set is
 * left as it is when there is no such member; FALSE with VM_ERROR_BAD_MESSAGE
 * for what vm_chunk_set_append() would not write. */
gboolean vm_chunk_set_read (const VmJson *json, VmJsonNode object,
    const gchar *key, guint64 total, VmChunkSet **set, GError **error);
