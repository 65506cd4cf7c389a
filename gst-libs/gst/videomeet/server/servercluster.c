/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/servercluster.h"
#include "cluster/clusternews.h"
#include "cluster/nats/natsbus.h"
#include "server/server-priv.h"

#include <string.h>

#define NATS_PORT 4222 /* where its URL says no other */

struct _VmServerCluster
{
  VmServer *server;
  VmNatsStore *store;
  VmNatsBus *bus;
  VmRoomShare *share;
  VmForwards *forwards;
  gchar *node;
  gchar *place; /* where NATS is, without its secrets */
  gboolean waits; /* for NATS */
  VmClusterNews *news; /* that wait for vm-net */
};

/* What a thread of NATS's has to tell. */
typedef struct
{
  enum
  {
    ANSWER,
    NODES,
    TOLD,
    YOUNG,
    BACK,
    FOUND,
    HEARD,
    AGAIN,
    WAITS,
  } kind;
  VmClusterBucket bucket;
  guint64 number;
  VmClusterResult result;
  gchar *key;
  GBytes *value;
  guint64 revision;
  gchar **nodes;
  VmClusterNews *among;
  gsize size; /* as it counts */
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  vm_cluster_news_take (news->among, news->size);
  g_free (news->key);
  g_clear_pointer (&news->value, g_bytes_unref);
  g_strfreev (news->nodes);
  g_free (news);
}

/* For whoever started this server: nothing is wrong with it, and nobody
 * joins. */
static void
take_waits (VmServerCluster *self, const gchar *why)
{
  self->waits = why != NULL;
  if (why)
    g_message ("Waiting for NATS at %s: %s", self->place, why);
  else
    g_message ("NATS at %s is there", self->place);
}

static void
take_news (VmServer *server, gpointer data)
{
  const News *news = data;
  VmRoomShare *share = server->cluster ? server->cluster->share : NULL;
  gint64 now = g_get_monotonic_time ();

  if (!share)
    return;
  switch (news->kind) {
    case ANSWER:
      vm_room_share_answer (share, news->bucket, news->number, news->result,
          news->value, news->revision, now);
      break;
    case NODES:
      vm_room_share_nodes (share, (const gchar *const *) news->nodes, now);
      break;
    case TOLD:
      vm_room_share_told (share, news->key, news->value, news->revision, now);
      break;
    case YOUNG:
      vm_room_share_young (share, now);
      break;
    case BACK:
      vm_room_share_back (share, now);
      break;
    case FOUND:
      vm_room_share_check (share, news->key, now);
      break;
    case HEARD:
      if (!vm_forwards_take (server->cluster->forwards, news->value))
        vm_room_share_hear (share, news->value, now);
      break;
    case AGAIN:
      vm_room_share_again (share, now);
      break;
    case WAITS:
      take_waits (server->cluster, news->key);
      break;
  }
}

static void
post (VmServerCluster *self, News news)
{
  news.among = self->news;
  news.size = news.value ? g_bytes_get_size (news.value) : 0;
  if (!vm_cluster_news_add (self->news, news.size))
    return;
  news.key = g_strdup (news.key);
  news.nodes = g_strdupv (news.nodes);
  if (news.value)
    g_bytes_ref (news.value);
  vm_server_post (
      self->server, take_news, g_memdup2 (&news, sizeof news), news_free);
}

static void
on_answer (VmClusterBucket bucket, guint64 request, VmClusterResult result,
    GBytes *value, guint64 revision, gpointer user_data)
{
  post (user_data, (News){ .kind = ANSWER,
                       .bucket = bucket,
                       .number = request,
                       .result = result,
                       .value = value,
                       .revision = revision });
}

static void
on_nodes (const gchar *const *nodes, gpointer user_data)
{
  post (user_data, (News){ .kind = NODES, .nodes = (gchar **) nodes });
}

static void
on_told (const gchar *key, GBytes *value, guint64 revision, gpointer user_data)
{
  post (user_data, (News){ .kind = TOLD,
                       .key = (gchar *) key,
                       .value = value,
                       .revision = revision });
}

static void
on_young (gpointer user_data)
{
  post (user_data, (News){ .kind = YOUNG });
}

static void
on_back (gpointer user_data)
{
  post (user_data, (News){ .kind = BACK });
}

static void
on_found (const gchar *key, gpointer user_data)
{
  post (user_data, (News){ .kind = FOUND, .key = (gchar *) key });
}

static void
on_waits (const gchar *why, gpointer user_data)
{
  post (user_data, (News){ .kind = WAITS, .key = (gchar *) why });
}

static void
on_heard (GBytes *frame, gpointer user_data)
{
  post (user_data, (News){ .kind = HEARD, .value = frame });
}

static void
on_again (gpointer user_data)
{
  post (user_data, (News){ .kind = AGAIN });
}

/* From the share */

static void
get (VmClusterBucket bucket, guint64 request, const gchar *key,
    gpointer user_data)
{
  VmServerCluster *self = user_data;

  vm_nats_store_get (self->store, bucket, request, key);
}

static void
put (VmClusterBucket bucket, guint64 request, const gchar *key, GBytes *value,
    guint64 revision, gpointer user_data)
{
  VmServerCluster *self = user_data;

  vm_nats_store_put (self->store, bucket, request, key, value, revision);
}

static void
beat (const gchar *node, gpointer user_data)
{
  VmServerCluster *self = user_data;

  vm_nats_store_beat (self->store, node);
}

static void
list (gpointer user_data)
{
  VmServerCluster *self = user_data;

  vm_nats_store_list (self->store);
}

static void
watch (const gchar *key, gpointer user_data)
{
  VmServerCluster *self = user_data;

  vm_nats_store_watch (self->store, key);
}

static void
unwatch (const gchar *key, gpointer user_data)
{
  VmServerCluster *self = user_data;

  vm_nats_store_unwatch (self->store, key);
}

static void
scan (const gchar *const *nodes, gpointer user_data)
{
  VmServerCluster *self = user_data;

  vm_nats_store_scan (self->store, nodes);
}

static void
send_frame (const gchar *node, GBytes *frame, gpointer user_data)
{
  VmServerCluster *self = user_data;

  vm_nats_bus_send (self->bus, node, frame);
}

/* Requests that are passed on */

static const VmServerProtocol *
find_forwarder (VmServerCluster *self)
{
  const VmServerProtocol *const *protocols = self->server->protocols;

  for (guint i = 0; protocols[i]; i++) {
    if (protocols[i]->take_forward)
      return protocols[i];
  }
  return NULL;
}

static void
on_asked (const VmForward *forward, gpointer user_data)
{
  VmServerCluster *self = user_data;
  const VmServerProtocol *forwarder = find_forwarder (self);

  if (forwarder)
    forwarder->take_forward (self->server, forward);
}

static void
on_answered (gpointer asker, guint status, GBytes *body, gboolean gone,
    gpointer user_data)
{
  const VmServerProtocol *forwarder = find_forwarder (user_data);

  if (forwarder)
    forwarder->take_forwarded (asker, status, body, gone);
}

static gboolean
is_alive (const gchar *node, gpointer user_data)
{
  VmServerCluster *self = user_data;

  return vm_room_share_knows_node (self->share, node);
}

/* What is wrong for good is told at once, and not waited for. */
static gboolean
check_nats (VmServerCluster *self, const VmNatsConfig *nats, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (vm_nats_check (nats, &reason))
    return TRUE;
  if (g_error_matches (reason, VM_ERROR, VM_ERROR_NOT_TRUSTED))
    g_prefix_error (&reason,
        "NATS at %s and this server do not accept each other: ", self->place);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* Of an URL, host and port. */
static gchar *
make_place (const gchar *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_HAS_PASSWORD, NULL);
  const gchar *host = uri ? g_uri_get_host (uri) : NULL;
  gint port =
      uri && g_uri_get_port (uri) > 0 ? g_uri_get_port (uri) : NATS_PORT;

  return g_strdup_printf ("%s:%d", host ? host : "", port);
}

static gboolean
connect_nats (
    VmServerCluster *self, const VmServerConfig *config, GError **error)
{
  static const VmNatsFuncs store_funcs = {
    .answer = on_answer,
    .nodes = on_nodes,
    .told = on_told,
    .back = on_back,
    .found = on_found,
    .waits = on_waits,
    .young = on_young,
  };
  static const VmNatsBusFuncs bus_funcs = {
    .heard = on_heard,
    .back = on_again,
  };
  const VmNatsConfig nats = {
    .url = config->cluster,
    .credentials = config->cluster_credentials,
    .ca_file = config->cluster_ca,
  };

  if (!check_nats (self, &nats, error))
    return FALSE;
  self->store = vm_nats_store_new (&nats, &store_funcs, self, error);
  if (!self->store)
    return FALSE;
  /* before anything that it writes: who is named by a record and beats not is
   * gone, for the three seconds to the next list of somebody else */
  vm_nats_store_beat (self->store, self->node);
  self->bus = vm_nats_bus_new (&nats, self->node, &bus_funcs, self, error);
  return self->bus != NULL;
}

VmServerCluster *
vm_server_cluster_new (
    VmServer *server, const VmServerConfig *config, GError **error)
{
  static const VmRoomShareFuncs share_funcs = {
    .get = get,
    .put = put,
    .beat = beat,
    .list = list,
    .watch = watch,
    .unwatch = unwatch,
    .scan = scan,
    .send = send_frame,
  };
  static const VmForwardsFuncs forward_funcs = { send_frame };
  static const VmForwardsHear forward_hear = { on_asked, on_answered };
  VmRooms *rooms = server->rooms;
  VmServerCluster *self = g_new0 (VmServerCluster, 1);

  self->server = server;
  self->news = vm_cluster_news_new ();
  self->node = vm_rooms_make_uuid (rooms);
  self->place = make_place (config->cluster);
  self->forwards =
      vm_forwards_new (self->node, &forward_funcs, &forward_hear, self);
  self->share = vm_room_share_new (rooms, &share_funcs, self, self->node,
      g_get_monotonic_time (), g_get_real_time () / G_USEC_PER_SEC);
  for (guint i = 0; server->protocols[i]; i++) {
    if (server->protocols[i]->share)
      server->protocols[i]->share (server->states[i], self->share);
  }
  if (connect_nats (self, config, error))
    return self;
  vm_server_cluster_free (self);
  return NULL;
}

void
vm_server_cluster_free (VmServerCluster *self)
{
  g_clear_pointer (&self->store, vm_nats_store_free);
  g_clear_pointer (&self->bus, vm_nats_bus_free);
  for (guint i = 0; self->server->protocols[i]; i++) {
    if (self->server->protocols[i]->unshare)
      self->server->protocols[i]->unshare (self->server->states[i]);
  }
  vm_room_share_free (self->share);
  vm_forwards_free (self->forwards);
  g_free (self->node);
  g_free (self->place);
  vm_cluster_news_unref (self->news);
  g_free (self);
}

void
vm_server_cluster_tick (VmServerCluster *self, gint64 now)
{
  vm_room_share_tick (self->share, now, g_get_real_time () / G_USEC_PER_SEC);
  vm_forwards_tick (self->forwards, is_alive, now);
  if (!vm_cluster_news_catch_up (self->news))
    return;
  g_info ("NATS has told more than this server could take");
  vm_room_share_back (self->share, now);
  vm_room_share_again (self->share, now);
}

gboolean
vm_server_cluster_is_busy (VmServerCluster *self)
{
  return vm_room_share_is_busy (self->share);
}

const gchar *
vm_server_cluster_get_node (VmServerCluster *self)
{
  return self->node;
}

gboolean
vm_server_cluster_is_other (VmServerCluster *self, const gchar *node)
{
  return strcmp (node, self->node) != 0 && is_alive (node, self);
}

guint64
vm_server_cluster_forward (VmServerCluster *self, const gchar *node,
    const VmForward *forward, VmConn *asker)
{
  return vm_forwards_ask (
      self->forwards, node, forward, asker, g_get_monotonic_time ());
}

void
vm_server_cluster_give_up (VmServerCluster *self, guint64 forward)
{
  if (self)
    vm_forwards_cancel (self->forwards, forward);
}

void
vm_server_cluster_reply (VmServerCluster *self, const gchar *node,
    guint64 number, guint status, GBytes *body)
{
  if (self)
    vm_forwards_answer (self->forwards, node, number, status, body);
}

gboolean
vm_server_cluster_waits (VmServerCluster *self)
{
  return self->waits;
}
