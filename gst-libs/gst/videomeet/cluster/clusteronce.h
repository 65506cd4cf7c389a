/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/cluster.h"

G_BEGIN_DECLS

/* What is good once in a whole cluster (protocol/cluster.md#single-use-keys): a
 * ticket, which one server gives and any takes, and the `jti` of a capability.
 * Sans-I/O; `now` is monotonic time in µs.
 *
 * Whoever uses a thing writes over it that it is used, and by whom, against the
 * revision that was read. So a write whose answer was lost is known again, and
 * told from another's. The store forgets everything after a while. */

typedef struct _VmOnce VmOnce;

/* In which it is done; then it is lost. */
#define VM_ONCE_TIME VM_CLUSTER_SEAT_TIME
/* At a time; beyond, nothing is begun. */
#define VM_ONCE_MAX 4096

typedef enum
{
  VM_ONCE_DONE,
  VM_ONCE_SPENT, /* it was used before, or was never there */
  VM_ONCE_LOST, /* nobody knows */
} VmOnceResult;

/* As in VmClusterFuncs; answered by vm_once_answer(). */
typedef struct
{
  void (*get) (VmClusterBucket bucket, guint64 request, const gchar *key,
      gpointer user_data);
  void (*put) (VmClusterBucket bucket, guint64 request, const gchar *key,
      GBytes *value, guint64 revision, gpointer user_data);
} VmOnceFuncs;

/* Who wants it. Neither may free the VmOnce. */
typedef struct
{
  /* Whether @value, which was kept, may be used by this one; else it is spent
   * for it, and good for others still. */
  gboolean (*look) (GBytes *value, gpointer user_data);
  /* The answer, once; @value: what was used. */
  void (*done) (VmOnceResult result, GBytes *value, gpointer user_data);
} VmOnceAsker;

/* @node: as in vm_cluster_new(). */
VmOnce *
vm_once_new (const VmOnceFuncs *funcs, gpointer user_data, const gchar *node);
/* Nothing is told any more. */
void vm_once_free (VmOnce *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmOnce, vm_once_free)
/* To be called each second at least. */
void vm_once_tick (VmOnce *self, gint64 now);

/* Each returns a number for vm_once_cancel(), and is answered later; 0: too
 * much is under way. */

/* @value is kept under @name, to be used. */
guint64 vm_once_keep (VmOnce *self, VmClusterBucket bucket, const gchar *name,
    GBytes *value, const VmOnceAsker *asker, gpointer user_data, gint64 now);
/* What is kept under @name is used. @asker NULL: so that nobody else does. */
guint64 vm_once_use (VmOnce *self, VmClusterBucket bucket, const gchar *name,
    const VmOnceAsker *asker, gpointer user_data, gint64 now);
/* @name, which nobody keeps, is used. */
guint64 vm_once_claim (VmOnce *self, VmClusterBucket bucket, const gchar *name,
    const VmOnceAsker *asker, gpointer user_data, gint64 now);
/* It is not answered; whether it is done nobody knows. */
void vm_once_cancel (VmOnce *self, guint64 number);

/* As vm_cluster_answer(). */
void vm_once_answer (VmOnce *self, guint64 request, VmClusterResult result,
    GBytes *value, guint64 revision, gint64 now);
guint vm_once_count (VmOnce *self);

G_END_DECLS
