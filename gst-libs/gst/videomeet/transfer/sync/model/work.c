/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/model/work.h"

#include <math.h>
#include <string.h>

/* Of a signature (librsync): header, and a weak sum for each block. */
#define SIGNATURE_HEADER 12
#define SIGNATURE_WEAK 4
#define SIGNATURE_STRONG 16
#define SIGNATURE_BLOCK_MIN 512
#define SIGNATURE_BLOCK_MAX (256 * 1024)

typedef struct
{
  const VmSyncPlan *plan;
  const VmSyncTree *tree; /* of the side */
  gboolean deltas;
  GHashTable *contents; /* id → entry of the side; prefers those that go */
  GHashTable *blocks; /* SHA-256 → VmSyncPlace of the side, or NULL */
  GHashTable *moved; /* entries that a MOVE has taken */
  gsize signatures;
} Maker;

static guint
hash_of (gconstpointer hash)
{
  guint value;

  memcpy (&value, hash, sizeof value);
  return value;
}

static gboolean
hash_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, VM_SHA256_SIZE) == 0;
}

static void
op_free (gpointer data)
{
  VmSyncOp *op = data;

  g_free (op->places);
  g_free (op);
}

void
vm_sync_work_free (VmSyncWork *self)
{
  g_hash_table_unref (self->by_path);
  g_ptr_array_unref (self->ops);
  g_ptr_array_unref (self->removals);
  g_free (self);
}

guint64
vm_sync_block_bytes (guint64 size, guint block)
{
  guint64 bytes = vm_sync_block_size (size), at = (guint64) block * bytes;

  return MIN (bytes, size - at);
}

static const guint8 *
block_hash (const VmSyncEntry *entry, guint block)
{
  return entry->blocks + (gsize) block * VM_SHA256_SIZE;
}

static gboolean
goes (const Maker *maker, const VmSyncEntry *entry)
{
  return !vm_sync_plan_get (maker->plan, entry->path)
         && !vm_sync_plan_is_left (maker->plan, entry->path);
}

/* It is at its path after the plan too. */
static gboolean
stays (const Maker *maker, const VmSyncEntry *entry)
{
  const VmSyncItem *item = vm_sync_plan_get (maker->plan, entry->path);

  return item && vm_sync_entry_same (item->entry, entry);
}

static void
index_contents (Maker *maker)
{
  for (guint i = 0; i < maker->tree->entries->len; i++) {
    VmSyncEntry *entry = maker->tree->entries->pdata[i];
    const VmSyncEntry *known;

    if (entry->kind != VM_SYNC_FILE || entry->size == 0
        || vm_sync_plan_is_left (maker->plan, entry->path))
      continue;
    known = g_hash_table_lookup (maker->contents, entry->id);
    if (!known || (!goes (maker, known) && goes (maker, entry)))
      g_hash_table_insert (maker->contents, entry->id, entry);
  }
}

/* Of files with several blocks that nothing replaces meanwhile. */
static void
index_blocks (Maker *maker)
{
  maker->blocks = g_hash_table_new_full (hash_of, hash_equal, NULL, g_free);
  for (guint i = 0; i < maker->tree->entries->len; i++) {
    const VmSyncEntry *entry = maker->tree->entries->pdata[i];

    if (entry->n_blocks < 2 || !stays (maker, entry))
      continue;
    for (guint b = 0; b < entry->n_blocks; b++) {
      VmSyncPlace place = { entry, b };

      g_hash_table_insert (maker->blocks,
          entry->blocks + (gsize) b * VM_SHA256_SIZE,
          g_memdup2 (&place, sizeof place));
    }
  }
}

static gboolean
same_block (const VmSyncEntry *a, const VmSyncEntry *b, guint block)
{
  return block < a->n_blocks && block < b->n_blocks
         && memcmp (
                block_hash (a, block), block_hash (b, block), VM_SHA256_SIZE)
                == 0;
}

/* The square root balances the signature and what a single change costs. */
static void
size_signature (VmSyncDelta *delta)
{
  guint64 block = SIGNATURE_BLOCK_MIN;

  while (block < SIGNATURE_BLOCK_MAX && block * block < delta->old_size)
    block *= 2;
  delta->block = block;
  delta->strong = SIGNATURE_STRONG;
  delta->signature =
      SIGNATURE_HEADER
      + (delta->old_size / block + (delta->old_size % block != 0))
            * (SIGNATURE_WEAK + SIGNATURE_STRONG);
}

/* The part between the first and the last block that differ. */
static gboolean
make_delta (Maker *maker, VmSyncOp *op)
{
  const VmSyncEntry *old = op->own, *new = op->item->entry;
  VmSyncDelta delta = { 0 };
  guint64 block = vm_sync_block_size (new->size), behind = 0;

  if (!maker->deltas || !old || old->kind != VM_SYNC_FILE)
    return FALSE;
  if (vm_sync_block_size (old->size) == block)
    while (same_block (old, new, delta.first))
      delta.first++;
  delta.from = MIN (delta.first * block, MIN (old->size, new->size));
  if (old->size == new->size)
    for (guint b = new->n_blocks;
         b > delta.first &&same_block (old, new, b - 1); b--)
      behind += vm_sync_block_bytes (new->size, b - 1);
  delta.old_size = old->size - delta.from - behind;
  delta.new_size = new->size - delta.from - behind;
  if (delta.old_size < VM_SYNC_DELTA_MIN || delta.new_size < VM_SYNC_DELTA_MIN)
    return FALSE;
  size_signature (&delta);
  if (delta.signature > VM_SYNC_SIGNATURES_MAX - maker->signatures)
    return FALSE;
  maker->signatures += delta.signature;
  op->is_delta = TRUE;
  op->delta = delta;
  return TRUE;
}

static void
find_blocks (Maker *maker, VmSyncOp *op)
{
  const VmSyncEntry *old = op->own, *new = op->item->entry;
  gboolean alike =
      old && old->kind == VM_SYNC_FILE
      && vm_sync_block_size (old->size) == vm_sync_block_size (new->size);

  op->wanted = new->size;
  if (new->n_blocks < 2 && !alike)
    return;
  if (!maker->blocks)
    index_blocks (maker);
  for (guint b = 0; b < new->n_blocks; b++) {
    VmSyncPlace *there =
        g_hash_table_lookup (maker->blocks, block_hash (new, b));
    VmSyncPlace own = { old, b };

    if (alike && same_block (old, new, b))
      there = &own;
    if (!there
        || vm_sync_block_bytes (there->entry->size, there->block)
               != vm_sync_block_bytes (new->size, b))
      continue;
    if (!op->places)
      op->places = g_new0 (VmSyncPlace, new->n_blocks);
    op->places[b] = *there;
    op->wanted -= vm_sync_block_bytes (new->size, b);
  }
}

static void
choose_source (Maker *maker, VmSyncOp *op)
{
  const VmSyncEntry *new = op->item->entry;
  VmSyncEntry *from =
      new->size ? g_hash_table_lookup (maker->contents, new->id) : NULL;

  op->kind = VM_SYNC_OP_FETCH;
  if (from) {
    op->from = from;
    op->kind = VM_SYNC_OP_COPY;
    if (goes (maker, from) && !op->late
        && g_hash_table_add (maker->moved, from))
      op->kind = VM_SYNC_OP_MOVE;
    return;
  }
  if (!make_delta (maker, op))
    find_blocks (maker, op);
}

/* Another entry took its name, or that of its folder. */
static gboolean
is_kept (const VmSyncItem *item, guint side)
{
  return item->at[side] && strcmp (item->at[side], item->path) != 0
         && item->entry->kind != VM_SYNC_FOLDER;
}

/* Nothing else may move them away. */
static void
reserve_kept (Maker *maker, guint side)
{
  for (guint i = 0; i < maker->plan->items->len; i++) {
    const VmSyncItem *item = maker->plan->items->pdata[i];

    if (is_kept (item, side))
      g_hash_table_add (
          maker->moved, vm_sync_tree_get (maker->tree, item->at[side]));
  }
}

/* NULL: nothing is to be done. */
static VmSyncOp *
make_op (Maker *maker, const VmSyncItem *item, guint side)
{
  const VmSyncEntry *own = vm_sync_tree_get (maker->tree, item->path);
  VmSyncOp *op;

  if (vm_sync_entry_same (own, item->entry)
      && (own->mode == item->mode || own->kind == VM_SYNC_LINK))
    return NULL;
  op = g_new0 (VmSyncOp, 1);
  op->item = item;
  op->own = own;
  if (vm_sync_entry_same (own, item->entry)) {
    op->kind = VM_SYNC_OP_MODE;
    return op;
  }
  op->late = own && own->kind == VM_SYNC_FOLDER;
  if (is_kept (item, side)) {
    op->kind = VM_SYNC_OP_KEEP;
    op->from = vm_sync_tree_get (maker->tree, item->at[side]);
  } else if (item->entry->kind == VM_SYNC_FOLDER) {
    op->kind = VM_SYNC_OP_FOLDER;
  } else if (item->entry->kind == VM_SYNC_LINK) {
    op->kind = VM_SYNC_OP_LINK;
  } else {
    choose_source (maker, op);
  }
  return op;
}

static void
add_op (VmSyncWork *self, VmSyncOp *op)
{
  g_ptr_array_add (self->ops, op);
  g_hash_table_insert (self->by_path, op->item->path, op);
  self->n_deltas += op->is_delta;
  self->wanted += op->wanted;
  self->sent += op->is_delta ? op->delta.new_size : op->wanted;
  if (op->kind == VM_SYNC_OP_FETCH || op->kind == VM_SYNC_OP_COPY)
    self->bytes += op->item->entry->size;
}

static void
tie_keeps (VmSyncWork *self)
{
  for (guint i = 0; i < self->ops->len; i++) {
    VmSyncOp *keep = self->ops->pdata[i], *op;

    if (keep->kind != VM_SYNC_OP_KEEP)
      continue;
    op = g_hash_table_lookup (self->by_path, keep->from->path);
    if (op && op != keep)
      op->keep = keep;
  }
}

static void
find_removals (VmSyncWork *self, Maker *maker)
{
  for (guint i = maker->tree->entries->len; i > 0; i--) {
    VmSyncEntry *entry = maker->tree->entries->pdata[i - 1];
    const VmSyncItem *item = vm_sync_plan_get (maker->plan, entry->path);
    gboolean replaced = item && entry->kind == VM_SYNC_FOLDER
                        && item->entry->kind != VM_SYNC_FOLDER;

    if (!replaced && !goes (maker, entry))
      continue;
    if (!g_hash_table_contains (maker->moved, entry))
      g_ptr_array_add (self->removals, entry);
  }
}

VmSyncWork *
vm_sync_work_new (const VmSyncPlan *plan, const VmSyncTree *const trees[2],
    guint side, gboolean deltas)
{
  VmSyncWork *self = g_new0 (VmSyncWork, 1);
  Maker maker = { .plan = plan, .tree = trees[side], .deltas = deltas };

  self->side = side;
  self->ops = g_ptr_array_new_with_free_func (op_free);
  self->by_path = g_hash_table_new (g_str_hash, g_str_equal);
  self->removals = g_ptr_array_new ();
  maker.contents = g_hash_table_new (hash_of, hash_equal);
  maker.moved = g_hash_table_new (NULL, NULL);
  index_contents (&maker);
  reserve_kept (&maker, side);
  for (guint i = 0; i < plan->items->len; i++) {
    VmSyncOp *op = make_op (&maker, plan->items->pdata[i], side);

    if (op)
      add_op (self, op);
  }
  tie_keeps (self);
  find_removals (self, &maker);
  g_hash_table_unref (maker.contents);
  g_hash_table_unref (maker.moved);
  g_clear_pointer (&maker.blocks, g_hash_table_unref);
  return self;
}

static VmSyncStepType
type_of (const VmSyncOp *op)
{
  if (op->kind == VM_SYNC_OP_MODE)
    return VM_SYNC_STEP_MODE;
  if (op->kind == VM_SYNC_OP_KEEP || op->item->lost >= 0)
    return VM_SYNC_STEP_CONFLICT;
  if (op->kind == VM_SYNC_OP_MOVE)
    return VM_SYNC_STEP_MOVE;
  return op->own ? VM_SYNC_STEP_REPLACE : VM_SYNC_STEP_CREATE;
}

void
vm_sync_work_tell (
    const VmSyncWork *self, gboolean theirs, const VmSyncConfig *config)
{
  if (!config->step)
    return;
  for (guint i = 0; i < self->ops->len; i++) {
    const VmSyncOp *op = self->ops->pdata[i];
    VmSyncStep step = {
      .type = type_of (op),
      .theirs = theirs,
      .path = op->item->path,
      .from = op->from && op->kind != VM_SYNC_OP_COPY ? op->from->path
              : op->item->lost >= 0 ? op->item->at[op->item->lost]
                                    : NULL,
      .size = op->item->entry->size,
      .bytes = op->is_delta ? op->delta.new_size : op->wanted,
    };

    config->step (&step, config->user_data);
  }
  for (guint i = 0; i < self->removals->len; i++) {
    const VmSyncEntry *entry = self->removals->pdata[i];
    VmSyncStep step = {
      .type = VM_SYNC_STEP_DELETE,
      .theirs = theirs,
      .path = entry->path,
      .size = entry->size,
    };

    config->step (&step, config->user_data);
  }
}
