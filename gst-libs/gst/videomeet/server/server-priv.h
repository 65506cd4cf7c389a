/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/http/approvalpage.h"
#include "call/calls.h"
#include "room/invites.h"
#include "base/limits.h"
#include "server/dialect/mesh/mesh.h"
#include "server/namedcert.h"
#include "client/notify.h"
#include "server/passes.h"
#include "server/outlet.h"
#include "server/proxies.h"
#include "server/socket/refusals.h"
#include "base/rates.h"
#include "server/server.h"
#include "server/servercluster.h"
#include "server/dialect/socketio/session.h"
#include "server/tcpinfo.h"
#include "server/http/transfers.h"
#include "server/pairing/trustdesk.h"
#include "trust/store/trustknown.h"
#include "server/socket/ws.h"

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <uv.h>

/* Shared by the files of the server. Whatever is not said to be otherwise
 * belongs to the thread vm-net. */

#define VM_NET_LISTENERS 2 /* IPv4 and IPv6 */
/* what blocks, at most */
#define VM_SERVER_CALL_TIME (5 * G_TIME_SPAN_SECOND)

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
  guint seatless_max; /* see seatless.c */
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
  VmRooms *rooms;
  VmRefusals *refusals; /* of joins, as the user is told of them */
  GPtrArray *seats; /* of VmSeat, of hosts in this process, oldest first */
  VmMeetingsFunc meetings_func; /* or NULL */
  gpointer meetings_data;
  VmServerCluster *cluster; /* or NULL */
  VmCalls *user_calls; /* or NULL: there are none here */
  VmMesh *mesh;
  VmRates *checks; /* of signatures that somebody shows */
  VmSessions *sessions;
  VmKnown *known;
  VmInvites *invites;
  VmApprovalPage *approval;
  VmPolicy policy;
  VmTransfers *transfers;
  GHashTable *transfer_sockets; /* vm_transfer_key() -> VmWs */
  gint64 transfers_checked; /* when it was asked whether they still may */
  GHashTable *inlets; /* vm_transfer_key() -> VmFileInlet, of meetings */
  VmFileReceiver *receiver; /* or NULL: no files are taken */
  GHashTable *askers; /* serial -> VmConn that waits for the desk's answer */
  guint64 serials;
};

/* The HTTP request that is read or answered, the last one too, and what an
 * upgrade brings. A WebSocket has none once it is open: most of an idle
 * server's connections are such. */
typedef struct
{
  gint64 began; /* 0 between two requests */
  gint64 untaken_since; /* of an answer; 0: the socket has all of it */
  gint64 header_since; /* of one that has not ended; 0: there is none */
  guint64 received; /* bytes of the socket up to the end of the last one */
  gchar *host; /* the Host header */
  gchar *origin; /* another one that is admitted, or NULL */
  gchar *path;
  gboolean head; /* of a HEAD request */
  gboolean deaf; /* nothing is read until it is answered */
  gboolean answered; /* in the server's set of these */
  gboolean preflight; /* what @origin asks before its request (CORS) */
  GByteArray *body;
  GError *refusal; /* to be sent when the body has been read */
  guint refusal_status;

  guint64 serial; /* among the server's askers; 0: it waits for no answer */
  guint answer_status; /* that is to be sent */
  GBytes *answer;
  guint64 keeping; /* a ticket that is answered when the cluster has it, or 0 */

  VmSessionQuery
      *session_query; /* of the last request to /socket.io/, or NULL */
  VmSession *session; /* of the session that its request waits for, or NULL */
  guint64 forward; /* its request, where another server has that, or 0 */
  guint session_status; /* that is to be sent */
  GBytes *session_answer;

  const VmWsFuncs *ws_funcs; /* of an upgrade under way, as what follows */
  VmTicket *ticket; /* native; NULL: to resume, or: */
  gchar *shared_ticket; /* that any server of the cluster may have given */
  gchar *pin; /* of the URL, or NULL */
  /* of the URL, or NULL */
  gchar *call_user, *call_name, *call_other, *call_id;
  gchar *mesh_user_id, *mesh_user; /* of the session, or NULL */
  VmTransferGuest *transfer_guest; /* of a file */
} VmRequest;

/* One TCP connection, from accept to close. */
struct _VmConn
{
  VmServer *server;
  struct lws *wsi;
  GInetAddress *proxy; /* the peer, where it speaks for others; or NULL */
  gchar *address; /* of the client, shared; it counts for that address */
  gchar *group; /* shared; what wrong PINs and tickets are counted by */
  guint
      count; /* connections of the address when this one came; 0: of a proxy */
  guint loopback : 1; /* somebody on this machine, as far as that is told */
  guint told : 1; /* whose address it is, see vm_proxies_find_client() */
  guint asked : 1; /* a whole request has come */
  guint cut : 1; /* about to be closed */
  gint64 since;
  gchar *key; /* see vm_conn_get_key() */
  gchar *pass; /* see vm_conn_take_pass(), or NULL */
  VmRequest *request; /* NULL: it is a WebSocket, or was one */
  VmWs *ws; /* after an upgrade */
};

/* server.c */
void vm_server_post (
    VmServer *self, VmServerFunc func, gpointer data, GDestroyNotify destroy);
void vm_server_run_calls (VmServer *self);
/* lwscontext.c, on vm-net: NULL when libwebsockets refuses the settings. */
struct lws_context *vm_server_create_context (VmServer *self);
void vm_server_destroy_context (VmServer *self, struct lws_context *context);
void vm_server_drain_loop (VmServer *self);
/* In any callback of libwebsockets. */
void vm_server_hold_event_pipe (VmServer *self);
/* serverconfig.c: before the start, in its thread; what is taken is forgotten
 * after a failure as well. */
gboolean vm_server_take_config (
    VmServer *self, const VmServerConfig *config, GError **error);
void vm_server_forget_config (VmServer *self);
/* What somebody in an open room is told: URIs, with credentials of its own that
 * are good for a while. Returns: (transfer full) */
gchar **vm_server_make_ice_servers (VmServer *self);
/* servercall.c: what @make says on vm-net; blocks another thread for
 * VM_SERVER_CALL_TIME at most: TIMEOUT. Returns: (transfer full) (nullable) */
typedef gchar *(*VmServerMake) (VmServer *self, gpointer data, GError **error);
gchar *vm_server_make_text (VmServer *self, VmServerMake make, gpointer data,
    GDestroyNotify destroy, GError **error);
/* Fills @bytes with what nobody can guess; any thread. */
void vm_server_random (guint8 *bytes, gsize size, gpointer user_data);
void vm_server_set_times (VmServer *self, const VmServerTimes *times);

/* listen.c: sockets, bound in the caller's thread; accepted on vm-net */
gboolean
vm_server_bind (VmServer *self, const VmServerConfig *config, GError **error);
void vm_server_listen (VmServer *self);
void vm_server_accept (VmServer *self); /* again, after it had to pause */
void vm_server_pause (VmServer *self); /* nobody is accepted */
void vm_server_unlisten (VmServer *self);
/* Of a request that came by a trusted proxy: whose it is. */
void vm_conn_take_forwarded (VmConn *conn);
void vm_conn_free (VmConn *conn);
/* It has become a WebSocket. */
void vm_conn_end_requests (VmConn *conn);
void vm_conn_cut (VmConn *conn);
GList *vm_server_local_addresses (VmServer *self);

/* seatless.c: how many WebSockets may be without a seat, where the process may
 * have so many @descriptors */
guint vm_seatless_max (gboolean open_rooms, guint64 descriptors);
/* Whoever is too much is told to go. */
void vm_server_bound_seatless (VmServer *self);
/* One more has come: as above, if that may be too much. */
void vm_server_count_seatless (VmServer *self);

/* callback.c: what libwebsockets calls */
extern const struct lws_protocols vm_server_protocols[];

/* admit.c: whether the server lets in whoever shows @pass (or NULL), as
 * vm_passes_check() says; VM_ERROR_RATE_LIMITED. */
gboolean vm_server_admits (VmServer *self, const gchar *pass,
    const VmPassUse *use, const gchar *group, GError **error);
/* One more signature that an address shows. */
gboolean
vm_server_may_verify (VmServer *self, const gchar *group, GError **error);
/* `?token=` of the URL, or what is in the header Authorization; of a request of
 * which no body has come. */
void vm_conn_take_pass (VmConn *conn);

/* clientkey.c: the hash of the key that TLS proved the client to hold, or
 * NULL */
const gchar *vm_conn_get_key (VmConn *conn);
/* What TLS showed, proven alike, or NULL. Returns: (transfer full) */
GTlsCertificate *vm_conn_get_certificate (VmConn *conn);
/* trust.c: a device that has a seat for the first time. */
void vm_server_remember (VmServer *self, const gchar *user, const gchar *device,
    GTlsCertificate *certificate);
void vm_server_set_up_tls (VmServer *self, SSL_CTX *context);

/* http.c: requests of one connection. Each returns what the lws callback is to
 * return. */
int vm_http_request (VmConn *conn);
int vm_http_body (VmConn *conn, const guint8 *data, gsize size);
int vm_http_body_done (VmConn *conn);
int vm_http_upgrade (VmConn *conn);
void vm_http_header_overflow (VmServer *self);
/* The same for a header that has not ended in time. */
void vm_http_header_late (VmConn *conn);
/* Whether a GET that changes something may: a page embeds what another site has
 * without an Origin, which tells it from its own (Fetch Metadata Request
 * Headers §2.3; RFC 9110 §10.1.3). To be asked before a body. */
gboolean vm_http_is_admitted (VmConn *conn);
void vm_http_reset (VmConn *conn);

/* reply.c */
gchar *vm_http_header (VmConn *conn, enum lws_token_indexes token);
int vm_http_reply (VmConn *conn, guint status, const gchar *type,
    const gchar *extra, GBytes *body, gboolean close);
int vm_http_reply_empty (VmConn *conn);
int vm_http_reply_json (VmConn *conn, guint status, GBytes *body);
int vm_http_reply_error (
    VmConn *conn, guint status, const GError *error, gboolean close);
/* What that says. */
GBytes *vm_http_error_body (const GError *error);
/* The answer is a while coming, and here it is: what vm_trust_writeable()
 * sends. */
void vm_http_wait (VmConn *conn);
void vm_http_answer (VmConn *conn, guint status, GBytes *body);
/* In this turn of the loop, what there is by then. */
void vm_http_write_soon (VmConn *conn);
void vm_http_write_answers (VmServer *self);
/* Whether it waits so, or for a session. */
gboolean vm_http_waits (const VmConn *conn);

/* files.c */
GBytes *vm_web_read (const gchar *root, const gchar *path, const gchar **type);

/* routes.c */
int vm_route_get (VmConn *conn);
int vm_route_post (VmConn *conn);

/* guest.c: as in roomsave.h */
GVariant *vm_guest_save (gpointer outlet);
gpointer
vm_guest_restore (VmMember *member, GVariant *line, gpointer user_data);
/* serverstate.c: before vm-net runs, and when all its sockets are about to
 * close */
void vm_server_load_rooms (VmServer *self);
/* Whether they can be kept at @path. */
gboolean vm_server_check_state (const gchar *path, GError **error);
void vm_server_save_rooms (VmServer *self);

/* join.c */
int vm_route_join (VmConn *conn);
/* The connection is no more. */
void vm_join_forget (VmConn *conn);
/* guestjoin.c */
int vm_route_guest (VmConn *conn);
/* transfer.c */
int vm_route_transfers (VmConn *conn);
/* What is known of devices has changed, or the policy. */
void vm_transfer_check (VmServer *self);
void vm_transfer_tick (VmServer *self, gint64 now);
void vm_transfer_upgrade (VmConn *conn, GError **error);
void vm_transfer_guest_free (VmTransferGuest *guest);
/* To the socket that is found by @key, if there is one. */
void vm_transfer_answer (VmServer *self, const gchar *key, GBytes *text);
/* That one closes, behind what was answered. */
void vm_transfer_end_socket (VmServer *self, const gchar *key);
/* callguest.c */
/* A VmCallsSend. */
void vm_call_guest_send (
    gpointer peer, const VmCallMessage *message, gpointer user_data);
/* A VmCallsMissed, of a VmServer. */
void vm_call_guest_missed (
    const gchar *callee, const gchar *caller, gpointer user_data);
/* A VmCallsClose. */
void
vm_call_guest_close (gpointer peer, const GError *reason, gpointer user_data);
/* Whether the URL is that of a client of calls, or an error. */
gboolean vm_call_upgrade (VmConn *conn, GError **error);
/* Whether @first, the first message, makes it one. */
gboolean vm_call_take_over (VmWs *ws, GBytes *first);
/* meshroutes.c: /v2/… */
gboolean vm_mesh_is_path (const gchar *path);
int vm_mesh_get (VmConn *conn);
int vm_mesh_post (VmConn *conn);
void vm_mesh_upgrade (VmConn *conn, GError **error);
/* approval.c */
gboolean vm_approval_is_path (const gchar *path);
int vm_route_approval (VmConn *conn);
/* From the desk, on any thread; @digits NULL: that request is over. */
void vm_server_take_question (VmServer *self, const gchar *request_id,
    const gchar *device_id, const gchar *name, const gchar *digits);
/* Which dialect, and what its URL brings (a ticket is used up), or an error. */
void vm_route_upgrade (VmConn *conn, GError **error);

/* trust.c: requests at /trust/, and what the rooms are told of the store */
gboolean vm_trust_is_path (const gchar *path);
int vm_route_trust (VmConn *conn);
int vm_trust_writeable (VmConn *conn);
/* The connection is no more. */
void vm_trust_forget (VmConn *conn);
/* From the desk, on any thread. @facts: (transfer full) (element-type
 * VmTrustFacts). @written: the last guest that the desk had asked the store to
 * remember before it was read; those who came later stay known. */
void vm_server_take_known (
    VmServer *self, GPtrArray *facts, gboolean damaged, guint64 written);
void vm_server_answer_trust (
    VmServer *self, guint64 serial, guint status, const gchar *body);

/* tick.c: deadlines, several times a second */
void vm_server_tick (VmServer *self, gint64 now);
/* What is said in a turn of the loop is sent at its end. */
void vm_server_begin_turns (VmServer *self);
