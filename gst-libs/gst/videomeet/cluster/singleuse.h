/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/cluster.h"

G_BEGIN_DECLS

/* Keys that are valid once in a whole cluster
 * (protocol/cluster.md#single-use-keys): a ticket, which one server gives and
 * any server accepts, and the `jti` of a capability. Sans-I/O; `now` is
 * monotonic time in µs.
 *
 * A node uses a key by overwriting it with a mark of this use, against the
 * revision that it read. So it can recognise its own write after a lost answer.
 * The store deletes keys after a while. */

typedef struct _VmSingleUse VmSingleUse;

/* The time-out; then the result is LOST. */
#define VM_SINGLE_USE_TIME VM_CLUSTER_SEAT_TIME
/* Requests under way at a time; beyond, none is begun. */
#define VM_SINGLE_USE_MAX 4096

typedef enum
{
  VM_SINGLE_USE_DONE,
  VM_SINGLE_USE_SPENT, /* used before, or never stored */
  VM_SINGLE_USE_LOST, /* unknown */
} VmSingleUseResult;

/* As in VmClusterFuncs; answered by vm_single_use_answer(). */
typedef struct
{
  void (*get) (VmClusterBucket bucket, guint64 request, const gchar *key,
      gpointer user_data);
  void (*put) (VmClusterBucket bucket, guint64 request, const gchar *key,
      GBytes *value, guint64 revision, gpointer user_data);
} VmSingleUseFuncs;

/* The asker's callbacks. Neither may free the VmSingleUse. */
typedef struct
{
  /* Whether the asker may use the stored @value; else it counts as spent for
   * this asker only. */
  gboolean (*look) (GBytes *value, gpointer user_data);
  /* The answer, once; @value: the used one. */
  void (*done) (VmSingleUseResult result, GBytes *value, gpointer user_data);
} VmSingleUseAsker;

/* @node: as in vm_cluster_new(). */
VmSingleUse *vm_single_use_new (
    const VmSingleUseFuncs *funcs, gpointer user_data, const gchar *node);
/* No callback follows. */
void vm_single_use_free (VmSingleUse *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSingleUse, vm_single_use_free)
/* To be called each second at least. */
void vm_single_use_tick (VmSingleUse *self, gint64 now);

/* Each returns a number for vm_single_use_cancel(), and is answered later; 0:
 * too much is under way. */

/* Stores @value under @name. */
guint64 vm_single_use_keep (VmSingleUse *self, VmClusterBucket bucket,
    const gchar *name, GBytes *value, const VmSingleUseAsker *asker,
    gpointer user_data, gint64 now);
/* Uses the value under @name. @asker NULL: only prevents other uses. */
guint64
vm_single_use_use (VmSingleUse *self, VmClusterBucket bucket, const gchar *name,
    const VmSingleUseAsker *asker, gpointer user_data, gint64 now);
/* Uses @name, which was not stored before. */
guint64 vm_single_use_claim (VmSingleUse *self, VmClusterBucket bucket,
    const gchar *name, const VmSingleUseAsker *asker, gpointer user_data,
    gint64 now);
/* Cancels the answer; the operation may still happen. */
void vm_single_use_cancel (VmSingleUse *self, guint64 number);

/* As vm_cluster_answer(). */
void vm_single_use_answer (VmSingleUse *self, guint64 request,
    VmClusterResult result, GBytes *value, guint64 revision, gint64 now);
guint vm_single_use_count (VmSingleUse *self);

G_END_DECLS
