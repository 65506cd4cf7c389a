/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/nats/natslink.h"

G_BEGIN_DECLS

/* The subscriptions of a node: the bucket of records republishes each write
 * under `vm.record.` and its key, and NATS sends it to the nodes that subscribe
 * to that key alone. All functions are called by one thread; the callback comes
 * on a thread of libnats. */

#define VM_NATS_CHANGES_SUBJECT "vm.record."

typedef struct _VmNatsSubscriptions VmNatsSubscriptions;

/* @value: NULL when the record was removed. Must not block. */
typedef void (*VmNatsChanged) (
    const gchar *key, GBytes *value, guint64 revision, gpointer user_data);

VmNatsSubscriptions *
vm_nats_subscriptions_new (VmNatsChanged changed, gpointer user_data);
/* The callback is not called any more when this has returned. */
void vm_nats_subscriptions_free (VmNatsSubscriptions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmNatsSubscriptions, vm_nats_subscriptions_free)

/* Moves all subscriptions to @link; NULL: nothing is subscribed to until there
 * is another link. Call it before the link in use is freed. */
void vm_nats_subscriptions_move (VmNatsSubscriptions *self, VmNatsLink *link);
/* A value that the link reads after this is at least as new as the value that
 * the callback got last. */
void vm_nats_subscriptions_add (VmNatsSubscriptions *self, const gchar *key);
void vm_nats_subscriptions_remove (VmNatsSubscriptions *self, const gchar *key);
guint vm_nats_subscriptions_count (VmNatsSubscriptions *self);

G_END_DECLS
