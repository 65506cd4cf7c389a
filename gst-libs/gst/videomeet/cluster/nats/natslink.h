/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/nats/natsstore.h"

#include <nats/nats.h>

G_BEGIN_DECLS

/* A connection to NATS with all buckets, of one thread; it is not mended but
 * made anew. */

typedef struct
{
  natsConnection *connection;
  jsCtx *stream;
  kvStore *buckets[VM_CLUSTER_N_BUCKETS];
  kvStore *nodes;
  gboolean lost; /* one of those is not there any more */
  gint64 made; /* when that of the rooms was, ns; 0: not yet looked at */
} VmNatsLink;

/* natsstore.c: BAD_REQUEST: @config is not good. */
natsOptions *vm_nats_options_new (const VmNatsConfig *config, GError **error);

/* NULL: it cannot be had now. NOT_TRUSTED: nor will it be, for one of the two
 * does not accept the other; DISCONNECTED. */
VmNatsLink *vm_nats_link_new (natsOptions *options, GError **error);
void vm_nats_link_free (VmNatsLink *link);
gboolean vm_nats_link_is_lost (VmNatsLink *link);
/* Whether the bucket of rooms is gone, another than when this was called first,
 * or does not reach @revision any more, which it had. */
gboolean vm_nats_link_has_gone_back (VmNatsLink *link, guint64 revision);

/* As the store's requests; @value of a get and @revision are filled in. */
VmClusterResult vm_nats_link_get (VmNatsLink *link, VmClusterBucket bucket,
    const gchar *key, GBytes **value, guint64 *revision);
VmClusterResult vm_nats_link_put (VmNatsLink *link, VmClusterBucket bucket,
    const gchar *key, GBytes *value, guint64 expected, guint64 *revision);
void vm_nats_link_beat (VmNatsLink *link, const gchar *node);
/* Returns: (transfer full) (nullable): NULL when nobody knows */
gchar **vm_nats_link_list (VmNatsLink *link);
/* Drops the markers of rooms' records that were removed longer than @age ago,
 * µs. A record that has come since stays. */
void vm_nats_link_sweep (VmNatsLink *link, gint64 age);

G_END_DECLS
