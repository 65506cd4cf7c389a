/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How much NATS's threads have told that vm-net has not taken yet. Beyond the
 * bound it is not told, and made up for when there is place again: the store is
 * read anew, and what is said between servers is said again. Any thread. */

#define VM_CLUSTER_NEWS_MAX 16384
#define VM_CLUSTER_NEWS_BYTES (64 * 1024 * 1024)

typedef struct _VmClusterNews VmClusterNews;

/* What waits may outlast whoever it is for: it holds a reference as well. */
VmClusterNews *vm_cluster_news_new (void);
void vm_cluster_news_unref (VmClusterNews *self);
/* One of @size bytes more, with a reference; FALSE: it is missed. */
gboolean vm_cluster_news_add (VmClusterNews *self, gsize size);
/* It was taken, and its reference is gone. */
void vm_cluster_news_take (VmClusterNews *self, gsize size);
/* Whether some were missed, and there is place for what makes up for it;
 * once. */
gboolean vm_cluster_news_catch_up (VmClusterNews *self);
guint vm_cluster_news_count (VmClusterNews *self);

G_END_DECLS
