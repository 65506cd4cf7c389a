/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/nats/natslink.h"

G_BEGIN_DECLS

/* The records whose changes NATS tells: the bucket of records republishes each
 * write under `vm.record.` and its key, and whoever subscribes to that hears
 * it, nobody else. For one thread; what is heard comes on a thread of
 * libnats. */

#define VM_NATS_EARS_SUBJECT "vm.record."

typedef struct _VmNatsEars VmNatsEars;

/* @value NULL: the record was removed. Must not block. */
typedef void (*VmNatsEarsHear) (
    const gchar *key, GBytes *value, guint64 revision, gpointer user_data);

VmNatsEars *vm_nats_ears_new (VmNatsEarsHear hear, gpointer user_data);
/* Nothing is heard when this has returned. */
void vm_nats_ears_free (VmNatsEars *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmNatsEars, vm_nats_ears_free)

/* Moves all to @link; NULL: nothing is heard until they have another. To be
 * called before the link that they have is freed. */
void vm_nats_ears_move (VmNatsEars *self, VmNatsLink *link);
/* What is asked of the link after this is no older than what is heard. */
void vm_nats_ears_add (VmNatsEars *self, const gchar *key);
void vm_nats_ears_remove (VmNatsEars *self, const gchar *key);
guint vm_nats_ears_count (VmNatsEars *self);

G_END_DECLS
