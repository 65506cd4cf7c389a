/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/cluster.h"

G_BEGIN_DECLS

/* The store of a VmCluster and a VmSingleUse in JetStream's key-value buckets
 * (protocol/cluster.md): `vm_records`, `vm_tickets` and `vm_jti` as
 * VmClusterBucket says, `vm_nodes` in memory, for VM_CLUSTER_BEAT_AGE. One
 * thread handles requests and subscribes to the records that are watched;
 * another checks the bucket itself. Each has its own connection, and makes
 * another when that is lost; until then every request is lost. */

#define VM_NATS_CONNECT_TIME 2000 /* ms */
#define VM_NATS_ANSWER_TIME 2000 /* ms; before VM_CLUSTER_ANSWER_TIME */
#define VM_NATS_RETRY_TIME G_USEC_PER_SEC /* between two tries to connect */
/* How often it looks whether its connection is lost. */
#define VM_NATS_IDLE_TIME (G_USEC_PER_SEC / 2)
/* How often it checks that the bucket of records is still the same: NATS does
 * not report that a bucket was removed, or restored from a copy. */
#define VM_NATS_LOOK_TIME (3 * G_USEC_PER_SEC)
/* The minimum age of the markers of removed records that a scan drops: by then
 * every node knows of the removal. */
#define VM_NATS_SWEEP_AGE (10 * 60 * G_USEC_PER_SEC)
/* Records that one scan finds; the next finds more. */
#define VM_NATS_FOUND_MAX 8192
/* Waiting requests; beyond, they are dropped, and the cluster repeats them. */
#define VM_NATS_QUEUE_MAX 16384

typedef struct
{
  const gchar *url; /* nats:// or tls://, [user:password@]host[:port] */
  const gchar *credentials; /* a file of NATS's (.creds), or NULL */
  const gchar *ca_file; /* PEM: the authority for tls:// */
} VmNatsConfig;

/* Each on a thread of the store, to be posted on; must not block. See
 * cluster.h. */
typedef struct
{
  void (*answer) (VmClusterBucket bucket, guint64 request,
      VmClusterResult result, GBytes *value, guint64 revision,
      gpointer user_data);
  void (*nodes) (const gchar *const *nodes, gpointer user_data);
  void (*told) (
      const gchar *key, GBytes *value, guint64 revision, gpointer user_data);
  void (*back) (gpointer user_data);
  /* For vm_cluster_check(). */
  void (*found) (const gchar *key, gpointer user_data);
  /* NATS is unreachable, and why; NULL: it is back. May be NULL. */
  void (*waits) (const gchar *why, gpointer user_data);
  /* For vm_cluster_young(). May be NULL. */
  void (*young) (gpointer user_data);
} VmNatsFuncs;

typedef struct _VmNatsStore VmNatsStore;

/* Whether waiting for the NATS of @config makes sense. BAD_REQUEST: @config is
 * invalid; NOT_TRUSTED: it is up, but one side does not accept the other.
 * Blocks for VM_NATS_CONNECT_TIME, and then as long as it answers. */
gboolean vm_nats_check (const VmNatsConfig *config, GError **error);

/* The server need not be up yet. BAD_REQUEST: @config is invalid. */
VmNatsStore *vm_nats_store_new (const VmNatsConfig *config,
    const VmNatsFuncs *funcs, gpointer user_data, GError **error);
/* Stops all callbacks. Waits for both threads, at most for requests under way:
 * 5 s. */
void vm_nats_store_free (VmNatsStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmNatsStore, vm_nats_store_free)

/* As in VmClusterFuncs; from any thread. */
void vm_nats_store_get (VmNatsStore *self, VmClusterBucket bucket,
    guint64 request, const gchar *key);
void vm_nats_store_put (VmNatsStore *self, VmClusterBucket bucket,
    guint64 request, const gchar *key, GBytes *value, guint64 revision);
void vm_nats_store_beat (VmNatsStore *self, const gchar *node);
void vm_nats_store_list (VmNatsStore *self);
void vm_nats_store_watch (VmNatsStore *self, const gchar *key);
void vm_nats_store_unwatch (VmNatsStore *self, const gchar *key);
void vm_nats_store_scan (VmNatsStore *self, const gchar *const *nodes);

G_END_DECLS
