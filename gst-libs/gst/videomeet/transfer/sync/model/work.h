/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/model/plan.h"

/* What one side does to its folder for a plan, and what the other sends it for
 * that. Both sides compute the work of both. Pure. */

/* A file that both have is sent as a difference when what differs has at least
 * so many bytes on both sides. */
#define VM_SYNC_DELTA_MIN (32 * 1024)
/* Signatures of all files that are sent as differences; others are sent block
 * by block. */
#define VM_SYNC_SIGNATURES_MAX (64 * 1024 * 1024)

typedef enum
{
  VM_SYNC_OP_FOLDER,
  VM_SYNC_OP_MODE, /* another mode only */
  VM_SYNC_OP_LINK,
  VM_SYNC_OP_MOVE, /* `from` has the content and goes */
  VM_SYNC_OP_COPY, /* `from` has the content and stays */
  VM_SYNC_OP_KEEP, /* as MOVE: a version that lost its name in a conflict */
  VM_SYNC_OP_FETCH, /* a file of which the other side sends parts */
} VmSyncOpKind;

/* Where a block of a FETCH is; a NULL entry: the other side sends it. */
typedef struct
{
  const VmSyncEntry *entry;
  guint block;
} VmSyncPlace;

/* A part of a file that is sent as a difference: what precedes and follows it
 * is the same in both. */
typedef struct
{
  guint first; /* blocks before it */
  guint64 from; /* bytes before it, in both */
  guint64 old_size, new_size; /* its bytes */
  guint32 block, strong; /* of the signature: bytes of a block, of a hash */
  gsize signature; /* its size */
} VmSyncDelta;

typedef struct _VmSyncOp VmSyncOp;

struct _VmSyncOp
{
  VmSyncOpKind kind;
  const VmSyncItem *item;
  const VmSyncEntry *own; /* at the path of the item; nullable */
  const VmSyncEntry *from; /* MOVE, COPY, KEEP */
  VmSyncOp *keep; /* to be done first: it takes `own` away */
  gboolean late; /* a folder must go first */
  gboolean is_delta;
  VmSyncDelta delta;
  VmSyncPlace *places; /* of each block; NULL: the other side sends all */
  guint64 wanted; /* bytes that the other side sends, without is_delta */

  /* while it is done */
  gboolean done, failed;
  gboolean cloned, in_place; /* only the part that differs is written */
  guint number; /* of its file among those that are not whole yet */
};

typedef struct
{
  guint side; /* whose folder */
  GPtrArray *ops; /* VmSyncOp, by path */
  GHashTable *by_path;
  GPtrArray
      *removals; /* VmSyncEntry of the side, a folder after what is in it */
  guint64 wanted; /* bytes of the stream of blocks */
  guint n_deltas;
  guint64 bytes; /* of files that are created or replaced: room they need */
  guint64 sent; /* at most so many bytes are sent for it */
} VmSyncWork;

VmSyncWork *vm_sync_work_new (const VmSyncPlan *plan,
    const VmSyncTree *const trees[2], guint side, gboolean deltas);
void vm_sync_work_free (VmSyncWork *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncWork, vm_sync_work_free)

/* Bytes of block @block of a file of @size. */
guint64 vm_sync_block_bytes (guint64 size, guint block);
/* Tells the steps of @work; @theirs as in VmSyncStep. */
void vm_sync_work_tell (
    const VmSyncWork *self, gboolean theirs, const VmSyncConfig *config);
