/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/nats/natsstore.h"

#include <nats/nats.h>

G_BEGIN_DECLS

/* A connection to NATS with all buckets, for one thread; when it is lost, it is
 * replaced. */

/* The header of what is no value (ADR-8 of NATS). */
#define VM_NATS_OPERATION "KV-Operation"

typedef struct
{
  natsConnection *connection;
  jsCtx *stream;
  kvStore *buckets[VM_CLUSTER_N_BUCKETS];
  kvStore *nodes;
  gboolean lost; /* a bucket is gone */
  gint64 made; /* when the bucket of records was made, ns of NATS's clock */
} VmNatsLink;

/* natsstore.c: BAD_REQUEST: @config is invalid. */
natsOptions *vm_nats_options_new (const VmNatsConfig *config, GError **error);

/* NULL: no connection now, with DISCONNECTED; or NOT_TRUSTED, for good: one
 * side does not accept the other. */
VmNatsLink *vm_nats_link_new (natsOptions *options, GError **error);
void vm_nats_link_free (VmNatsLink *link);
gboolean vm_nats_link_is_lost (VmNatsLink *link);
/* Whether the bucket of records was made within VM_CLUSTER_YOUNG_TIME. */
gboolean vm_nats_link_is_young (VmNatsLink *link);
/* Whether the bucket of records is gone, was replaced since the link was made,
 * or no longer reaches its earlier @revision. */
gboolean vm_nats_link_has_gone_back (VmNatsLink *link, guint64 revision);

/* As the store's requests; @value of a get and @revision are filled in. */
VmClusterResult vm_nats_link_get (VmNatsLink *link, VmClusterBucket bucket,
    const gchar *key, GBytes **value, guint64 *revision);
VmClusterResult vm_nats_link_put (VmNatsLink *link, VmClusterBucket bucket,
    const gchar *key, GBytes *value, guint64 expected, guint64 *revision);
void vm_nats_link_beat (VmNatsLink *link, const gchar *node);
/* Returns: (transfer full) (nullable): NULL when unknown */
gchar **vm_nats_link_list (VmNatsLink *link);
/* FALSE: the scan is to end. */
typedef gboolean (*VmNatsFound) (const gchar *key, gpointer user_data);

/* Reads all records, and tells the keys of those that name a node that is none
 * of @nodes. Drops the markers of those that were removed longer than @age ago,
 * µs; a newer record stays. */
void vm_nats_link_scan (VmNatsLink *link, const gchar *const *nodes, gint64 age,
    VmNatsFound found, gpointer user_data);

G_END_DECLS
