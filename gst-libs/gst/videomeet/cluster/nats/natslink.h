/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/nats/natsstore.h"

#include <nats/nats.h>

G_BEGIN_DECLS

/* A connection to NATS with all buckets, for one thread; when it is lost, it is
 * replaced. */

typedef struct
{
  natsConnection *connection;
  jsCtx *stream;
  kvStore *buckets[VM_CLUSTER_N_BUCKETS];
  kvStore *nodes;
  gboolean lost; /* a bucket is gone */
  gint64 made; /* creation of the bucket of rooms, ns; 0: not read yet */
} VmNatsLink;

/* natsstore.c: BAD_REQUEST: @config is invalid. */
natsOptions *vm_nats_options_new (const VmNatsConfig *config, GError **error);

/* NULL: no connection now, with DISCONNECTED; or NOT_TRUSTED, for good: one
 * side does not accept the other. */
VmNatsLink *vm_nats_link_new (natsOptions *options, GError **error);
void vm_nats_link_free (VmNatsLink *link);
gboolean vm_nats_link_is_lost (VmNatsLink *link);
/* Whether the bucket of rooms is gone, was replaced since the first call, or no
 * longer reaches its earlier @revision. */
gboolean vm_nats_link_has_gone_back (VmNatsLink *link, guint64 revision);

/* As the store's requests; @value of a get and @revision are filled in. */
VmClusterResult vm_nats_link_get (VmNatsLink *link, VmClusterBucket bucket,
    const gchar *key, GBytes **value, guint64 *revision);
VmClusterResult vm_nats_link_put (VmNatsLink *link, VmClusterBucket bucket,
    const gchar *key, GBytes *value, guint64 expected, guint64 *revision);
void vm_nats_link_beat (VmNatsLink *link, const gchar *node);
/* Returns: (transfer full) (nullable): NULL when unknown */
gchar **vm_nats_link_list (VmNatsLink *link);
/* Drops the markers of room records that were removed longer than @age ago, µs.
 * A newer record stays. */
void vm_nats_link_sweep (VmNatsLink *link, gint64 age);

G_END_DECLS
