/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json/json.h"

/* The verified chunks of a file, as runs, for FILE_RESPONSE.have on a resume
 * (protocol/files.md#have). On the wire a flat list of pairs, the first chunk
 * of a run and how many it has: [0,10,12,3] is 0 to 9 and 12 to 14. Runs ascend
 * and do not touch, so that a set has one form. Sans-I/O; one thread at a time.
 *
 * Only the chunks of one window can be out of order, so runs are few; the limit
 * keeps the list within VM_JSON_MEMBERS_MAX, and memory small for any peer. */
#define VM_CHUNK_SET_RUNS_MAX 256
/* Chunks of a file, and its bytes: the largest exact number in a browser. */
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

/* FALSE, without a change, when @index is out of range or makes too many runs.
 * A chunk that is already in the set is no error. */
gboolean vm_chunk_set_add (VmChunkSet *set, guint64 index);
/* The next run of a list: after all others and not touching them. */
gboolean vm_chunk_set_add_run (VmChunkSet *set, guint64 first, guint64 count);
gboolean vm_chunk_set_has (const VmChunkSet *set, guint64 index);
guint64 vm_chunk_set_get_total (const VmChunkSet *set);
guint64 vm_chunk_set_count (const VmChunkSet *set);
/* The set of an empty file is full. */
gboolean vm_chunk_set_is_full (const VmChunkSet *set);
/* The first missing chunk at or after @from; FALSE: none. */
gboolean
vm_chunk_set_next_missing (const VmChunkSet *set, guint64 from, guint64 *index);

/* The runs, ascending; owned by the set, valid until it changes. */
const VmChunkRun *vm_chunk_set_get_runs (const VmChunkSet *set, guint *n_runs);

/* Writes the member @key with the list; an empty list for an empty set. */
void
vm_chunk_set_append (const VmChunkSet *set, GString *out, const gchar *key);
/* The member @key of @object as the set of a file of @total chunks. *@set is
 * left as it is when there is no such member; FALSE with VM_ERROR_BAD_MESSAGE
 * for a list that vm_chunk_set_append() cannot write. */
gboolean vm_chunk_set_read (const VmJson *json, VmJsonNode object,
    const gchar *key, guint64 total, VmChunkSet **set, GError **error);
