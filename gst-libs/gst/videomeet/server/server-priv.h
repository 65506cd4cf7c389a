/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/limits.h"
#include "base/rates.h"
#include "client/notify.h"
#include "room/invites.h"
#include "room/rooms.h"
#include "server/http/approvalpage.h"
#include "server/access/namedcert.h"
#include "server/access/passes.h"
#include "server/protocol.h"
#include "server/server.h"
#include "server/socket/refusals.h"
#include "trust/store/trustknown.h"

#include <uv.h>

/* The server's struct, and what runs on its thread. Whatever is not said to be
 * otherwise belongs to that thread, vm-net. */

#define VM_NET_LISTENERS 2 /* IPv4 and IPv6 */
/* what blocks, at most */
#define VM_SERVER_CALL_TIME (5 * G_TIME_SPAN_SECOND)

typedef struct _VmServerCluster VmServerCluster;

typedef void (*VmServerFunc) (VmServer *self, gpointer data);

typedef struct
{
  guint64 accepted;
  guint64 requests;
  guint64 messages_in;
  guint64 messages_out;
} VmServerCounters;

struct _VmServer
{
  GObject parent;

  /* set before the thread starts, read by it only */
  VmIdentity *identity;
  gchar **names;
  gchar **origins; /* or NULL */
  gchar *host_name;
  gboolean is_trustworthy; /* to browsers: TLS, or this machine alone */
  gchar *web_root; /* canonical, or NULL */
  VmNamedCert *named; /* or NULL */
  GPtrArray *proxies; /* see proxies.h */
  guint max_per_address; /* connections */
  guint seatless_max; /* see seatless.h */
  gchar **ice_servers; /* see VmServerConfig */
  gchar **turn_servers;
  gchar *turn_secret; /* or NULL */
  gchar *state_file; /* or NULL */
  VmPasses *passes; /* NULL: everybody is admitted */
  VmNotify *notify; /* or NULL */
  VmRoomFunc room_func; /* or NULL */
  gpointer room_data;
  gboolean secure;
  guint16 port;
  VmServerTimes times;
  VmTrustDesk *desk; /* or NULL */

  GThread *thread;
  GSocket *sockets[VM_NET_LISTENERS];

  GMutex lock; /* guards what follows, up to the next blank line */
  GCond cond;
  /* Of Call, to run on vm-net. Needs no bound: this process alone posts, and
   * what it posts because of a guest (an answer of the host's, what GET /status
   * says) follows what vm-net has read from that guest. Each turn of the loop
   * that reads sockets empties the queue, so while vm-net does not get to it no
   * guest is heard either; on the way to the host are VM_SEAT_QUEUE
   * signals at most. */
  GQueue calls;
  struct lws_context *context; /* NULL until it is up and from its end on */
  gboolean takes_calls; /* from the start of vm-net until it has stopped */
  gboolean started; /* the thread has come up, or failed to */
  gboolean stopped; /* the thread is at its end */
  GError *start_error;

  uv_loop_t loop;
  struct lws_protocols *lws_protocols; /* see callback.h */
  int event_pipe; /* of libwebsockets; -1: held, or none; see lwscontext.c */
  int marker; /* a descriptor of a file that nothing else has */
  int spare[4]; /* descriptors, for those who open one as it ends */
  gboolean ending; /* the context */
  uv_poll_t polls[VM_NET_LISTENERS];
  uv_timer_t timer;
  uv_prepare_t turn; /* of the loop, before it waits */
  struct lws_vhost *vhost;
  GList *addresses; /* GInetAddress of the local interfaces */
  gint64 addresses_read;
  GHashTable *conns; /* set of VmConn */
  GHashTable *per_address; /* its group -> count of connections */
  VmServerCounters counters;
  guint n_ws; /* open WebSockets */
  /* those that had no seat when they were counted, and that came since */
  guint n_seatless;
  GPtrArray *answered; /* VmConn whose answer is there, since the last turn */
  GPtrArray *unsent; /* VmWs that have something to send since the last turn */
  gint64 stopping; /* 0, or when to stop at the latest */
  gboolean draining; /* nobody is admitted any more */
  VmDeviceInfo *info;
  const VmServerProtocol *const *protocols; /* NULL behind the last */
  gpointer *states; /* of each of them */
  VmRooms *rooms;
  VmRefusals *refusals; /* of joins, as the user is told of them */
  GPtrArray *seats; /* of VmSeat, of hosts in this process, oldest first */
  VmMeetingsFunc meetings_func; /* or NULL */
  gpointer meetings_data;
  VmServerCluster *cluster; /* or NULL */
  VmRates *checks; /* of signatures that somebody shows */
  VmKnown *known;
  VmInvites *invites;
  VmApprovalPage *approval;
  VmPolicy policy;
  GHashTable *askers; /* serial -> VmConn that waits for the desk's answer */
  guint64 serials;
};

/* Runs @func on vm-net, from any thread; dropped when the server is stopped.
 * Calls run in the order they were posted; before libwebsockets is up they
 * wait, so that a server whose start takes too long still hears of its stop. */
void vm_server_post (
    VmServer *self, VmServerFunc func, gpointer data, GDestroyNotify destroy);
void vm_server_run_calls (VmServer *self);
/* What @make says on vm-net; blocks another thread for VM_SERVER_CALL_TIME at
 * most: TIMEOUT. Returns: (transfer full) (nullable) */
typedef gchar *(*VmServerMake) (VmServer *self, gpointer data, GError **error);
gchar *vm_server_make_text (VmServer *self, VmServerMake make, gpointer data,
    GDestroyNotify destroy, GError **error);
/* The state of @protocol, which it has made; NULL: it is not spoken here. */
gpointer vm_server_get_state (VmServer *self, const VmServerProtocol *protocol);
/* Fills @bytes with what nobody can guess; any thread. */
void vm_server_random (guint8 *bytes, gsize size, gpointer user_data);
/* For tests, before the start. */
void vm_server_set_times (VmServer *self, const VmServerTimes *times);
