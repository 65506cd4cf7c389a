/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/limits.h"
#include "base/rates.h"
#include "client/notify.h"
#include "room/invites.h"
#include "room/rooms.h"
#include "server/http/approvalpage.h"
#include "server/access/namedcert.h"
#include "server/access/accesstokens.h"
#include "server/protocol.h"
#include "server/server.h"
#include "server/socket/refusals.h"
#include "trust/store/trustsnapshot.h"

#include <uv.h>

/* The server's struct, and the functions of its thread, vm-net. All belongs to
 * that thread unless stated otherwise. */

#define VM_NET_LISTENERS 2 /* IPv4 and IPv6 */
/* for blocking calls, at most */
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
  gboolean is_trustworthy; /* for browsers: TLS, or only this machine */
  gchar *web_root; /* canonical, or NULL */
  VmNamedCert *named; /* or NULL */
  GPtrArray *proxies; /* see proxies.h */
  guint max_per_address; /* connections */
  guint unjoined_max; /* see unjoined.h */
  gchar **ice_servers; /* see VmServerConfig */
  gchar **turn_servers;
  gchar *turn_secret; /* or NULL */
  guint turn_lifetime; /* s */
  gboolean relay_only;
  gchar *state_file; /* or NULL */
  VmAccessTokens *passes; /* NULL: all are admitted */
  VmNotify *notify; /* or NULL */
  VmRoomFunc room_func; /* or NULL */
  gpointer room_data;
  gboolean secure;
  guint16 port;
  VmServerTimes times;
  VmPairingService *pairing; /* or NULL */

  GThread *thread;
  GSocket *sockets[VM_NET_LISTENERS];

  GMutex lock; /* guards what follows, up to the next blank line */
  GCond cond;
  /* Of Call, to run on vm-net. Needs no limit: only this process posts, and a
   * call caused by a guest (an answer of the host, the status) follows input
   * that vm-net has read from that guest. Each turn of the loop that reads
   * sockets also empties the queue, so while it is not emptied no guest is read
   * either; at most VM_SEAT_QUEUE signals wait for the host. */
  GQueue calls;
  struct lws_context *context; /* NULL before its start and after its end */
  gboolean takes_calls; /* from the start of vm-net until it has stopped */
  gboolean started; /* the thread has come up, or failed to */
  gboolean stopped; /* the thread is at its end */
  GError *start_error;

  uv_loop_t loop;
  int event_pipe; /* of libwebsockets; -1: held, or none; see lwscontext.c */
  int marker; /* a descriptor of a file of its own */
  int spare[4]; /* descriptors, for code that opens one at its end */
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
  /* without a seat at the last count, and newer ones */
  guint n_unjoined;
  GPtrArray *answered; /* VmConn with a new answer since the last turn */
  GPtrArray *unsent; /* VmWs with new messages since the last turn */
  gint64 stopping; /* 0, or when to stop at the latest */
  gboolean draining; /* admits no newcomers */
  VmDeviceInfo *info;
  gchar *address; /* by which others reach it; NULL: not told */
  const VmServerProtocol *const *protocols; /* NULL after the last */
  gpointer *states; /* of each protocol */
  VmRooms *rooms;
  VmRefusals *refusals; /* limits reports of refused joins */
  GPtrArray *seats; /* of VmSeat, of hosts in this process, oldest first */
  VmMeetingsFunc meetings_func; /* or NULL */
  gpointer meetings_data;
  VmServerCluster *cluster; /* or NULL */
  VmRates *checks; /* of signature checks */
  VmTrustSnapshot *known;
  VmInvites *invites;
  VmApprovalPage *approval;
  VmPolicy policy;
  GHashTable *
      askers; /* serial -> VmConn that waits for the pairing service's answer */
  guint64 serials;
};

/* Runs @func on vm-net, from any thread; dropped when the server is stopped.
 * Calls run in the order they were posted; before libwebsockets is up they
 * wait, so that a stop reaches a server even when its start takes too long. */
void vm_server_post (
    VmServer *self, VmServerFunc func, gpointer data, GDestroyNotify destroy);
void vm_server_run_calls (VmServer *self);
/* The result of @make on vm-net; blocks the calling thread for
 * VM_SERVER_CALL_TIME at most: TIMEOUT. Returns: (transfer full) (nullable) */
typedef gchar *(*VmServerMake) (VmServer *self, gpointer data, GError **error);
gchar *vm_server_make_text (VmServer *self, VmServerMake make, gpointer data,
    GDestroyNotify destroy, GError **error);
/* The state made by @protocol; NULL: this server does not have it. */
gpointer vm_server_get_state (VmServer *self, const VmServerProtocol *protocol);
/* Fills @bytes with unguessable random bytes; any thread. */
void vm_server_random (guint8 *bytes, gsize size, gpointer user_data);
/* For tests, before the start. */
void vm_server_set_times (VmServer *self, const VmServerTimes *times);
