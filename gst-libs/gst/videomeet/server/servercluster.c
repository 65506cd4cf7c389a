/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "servercluster.h"
#include "natsbus.h"
#include "roomshare.h"
#include "server-priv.h"

struct _VmServerCluster
{
  VmServer *server;
  VmNatsStore *store;
  VmNatsBus *bus;
  VmRoomShare *share;
};

/* What a thread of NATS's has to tell. */
typedef struct
{
  enum
  {
    ANSWER,
    NODES,
    TOLD,
    BACK,
    HEARD,
    AGAIN,
  } kind;
  guint64 number;
  VmClusterResult result;
  gchar *key;
  GBytes *value;
  guint64 revision;
  gchar **nodes;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_free (news->key);
  g_clear_pointer (&news->value, g_bytes_unref);
  g_strfreev (news->nodes);
  g_free (news);
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
      vm_room_share_answer (
          share, news->number, news->result, news->value, news->revision, now);
      break;
    case NODES:
      vm_room_share_nodes (share, (const gchar *const *) news->nodes, now);
      break;
    case TOLD:
      vm_room_share_told (share, news->key, news->value, news->revision, now);
      break;
    case BACK:
      vm_room_share_back (share, now);
      break;
    case HEARD:
      vm_room_share_hear (share, news->value, now);
      break;
    case AGAIN:
      vm_room_share_again (share, now);
      break;
  }
}

static void
post (VmServerCluster *self, News news)
{
  news.key = g_strdup (news.key);
  news.nodes = g_strdupv (news.nodes);
  if (news.value)
    g_bytes_ref (news.value);
  vm_server_post (
      self->server, take_news, g_memdup2 (&news, sizeof news), news_free);
}

static void
on_answer (guint64 request, VmClusterResult result, GBytes *value,
    guint64 revision, gpointer user_data)
{
  post (user_data, (News){ .kind = ANSWER,
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
on_back (gpointer user_data)
{
  post (user_data, (News){ .kind = BACK });
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
get (guint64 request, const gchar *key, gpointer user_data)
{
  VmServerCluster *self = user_data;

  vm_nats_store_get (self->store, request, key);
}

static void
put (guint64 request, const gchar *key, GBytes *value, guint64 revision,
    gpointer user_data)
{
  VmServerCluster *self = user_data;

  vm_nats_store_put (self->store, request, key, value, revision);
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
send_frame (const gchar *node, GBytes *frame, gpointer user_data)
{
  VmServerCluster *self = user_data;

  vm_nats_bus_send (self->bus, node, frame);
}

static gboolean
connect_nats (VmServerCluster *self, const VmServerConfig *config,
    const gchar *node, GError **error)
{
  static const VmNatsFuncs store_funcs = {
    .answer = on_answer,
    .nodes = on_nodes,
    .told = on_told,
    .back = on_back,
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

  self->store = vm_nats_store_new (&nats, &store_funcs, self, error);
  if (self->store)
    self->bus = vm_nats_bus_new (&nats, node, &bus_funcs, self, error);
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
    .send = send_frame,
  };
  VmRooms *rooms = vm_meetings_get_rooms (server->meetings);
  g_autofree gchar *node = vm_rooms_make_uuid (rooms);
  VmServerCluster *self = g_new0 (VmServerCluster, 1);

  self->server = server;
  self->share = vm_room_share_new (rooms, &share_funcs, self, node,
      g_get_monotonic_time (), g_get_real_time () / G_USEC_PER_SEC);
  if (connect_nats (self, config, node, error))
    return self;
  vm_server_cluster_free (self);
  return NULL;
}

void
vm_server_cluster_free (VmServerCluster *self)
{
  g_clear_pointer (&self->store, vm_nats_store_free);
  g_clear_pointer (&self->bus, vm_nats_bus_free);
  vm_room_share_free (self->share);
  g_free (self);
}

void
vm_server_cluster_tick (VmServerCluster *self, gint64 now)
{
  vm_room_share_tick (self->share, now, g_get_real_time () / G_USEC_PER_SEC);
}

gboolean
vm_server_cluster_is_busy (VmServerCluster *self)
{
  return vm_room_share_is_busy (self->share);
}
