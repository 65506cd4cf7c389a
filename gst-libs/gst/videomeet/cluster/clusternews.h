/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Counts the events of NATS's threads that vm-net has not taken yet. Events
 * beyond the limit are dropped; when there is room again, the store is read
 * anew, and the servers repeat their messages. Any thread. */

#define VM_CLUSTER_NEWS_MAX 16384
#define VM_CLUSTER_NEWS_BYTES (64 * 1024 * 1024)

typedef struct _VmClusterNews VmClusterNews;

/* Waiting events may outlive their receiver: each holds a reference. */
VmClusterNews *vm_cluster_news_new (void);
void vm_cluster_news_unref (VmClusterNews *self);
/* Adds an event of @size bytes, with a reference; FALSE: it is dropped. */
gboolean vm_cluster_news_add (VmClusterNews *self, gsize size);
/* Removes an event and its reference. */
void vm_cluster_news_take (VmClusterNews *self, gsize size);
/* Whether events were dropped and there is room again to catch up; once. */
gboolean vm_cluster_news_catch_up (VmClusterNews *self);
guint vm_cluster_news_count (VmClusterNews *self);

G_END_DECLS
