/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmagent.h>
#include <gst/videomeet/vmtruststore.h>

#include "agent/agentcontrol.h"
#include "agent/agentforward.h"
#include "agent/agentproof.h"
#include "agent/agentrelay.h"
#include "base/vmmailbox-priv.h"
#include "quic/quic.h"
#include "transfer/p2p/p2phandler.h"

/* Shared by the files of the agent. An agent belongs to the thread of its
 * context. Each session has a thread, and each of its streams another: what
 * they have to tell goes through the mailbox. */

/* Streams that the other side may have open in a session. */
#define VM_AGENT_STREAMS_MAX 16
/* Sessions that one other device may have asked for at a time. */
#define VM_AGENT_DEVICE_SESSIONS_MAX 8
/* When there are so many, further ones are for trusted devices. */
#define VM_AGENT_STRANGERS_MAX (VM_AGENT_SESSIONS_MAX / 2)
/* Files of one vm_agent_send_files_async() that go at a time. */
#define VM_AGENT_PARALLEL 4
/* For an agent of that name to come into the room. */
#define VM_AGENT_PEER_TIME 5000 /* ms */
/* For the server to make a session. */
#define VM_AGENT_REQUEST_TIME 15000 /* ms */
/* For the candidates of the other side. */
#define VM_AGENT_CANDIDATES_TIME (2500 * 1000)
/* For a connection of whatever path. */
#define VM_AGENT_CONNECT_TIME (20 * G_USEC_PER_SEC)
/* Without a direct path after that, the relay is tried as well. */
#define VM_AGENT_DIRECT_TIME G_USEC_PER_SEC
/* For a direct way that was lost to be left for the relay; before, it is not
 * asked for again. */
#define VM_AGENT_FALLBACK_TIME (15 * G_USEC_PER_SEC)
/* Between two messages of a stream that carries nothing. */
#define VM_AGENT_IDLE_TIME (60 * G_USEC_PER_SEC)
/* For the other side to read why something has failed. */
#define VM_AGENT_LAST_WORDS_TIME (2 * G_USEC_PER_SEC)
/* A capability is renewed so long before it expires. */
#define VM_AGENT_RENEW_TIME 30 /* s */
/* Pages that see the terminal at a time; more are refused. */
#define VM_AGENT_PAGES_MAX 8
/* Offers of pages that are looked at, at once; then one in this time. */
#define VM_AGENT_OFFERS_MAX 16
#define VM_AGENT_OFFER_TIME (G_USEC_PER_SEC / 2)
/* For a page to be connected and to say something. */
#define VM_AGENT_PAGE_TIME (30 * G_USEC_PER_SEC)
#define VM_AGENT_TICK 250 /* ms */

typedef struct _VmAgentSession VmAgentSession;
typedef struct _VmAgentTerm VmAgentTerm;
typedef struct _VmAgentStream VmAgentStream;
typedef struct _VmAgentWork VmAgentWork;

struct _VmAgent
{
  GObject parent;

  /* properties */
  VmIdentity *identity;
  gchar *server, *room, *user, *device, *pin, *host_key;
  gchar *receive_folder, *share_folder;
  gchar *stun;
  VmPolicy policy;
  VmAccept accept;
  VmOverwrite overwrite;
  guint64 max_size, quota;
  gboolean allow_delete;
  gboolean only_asks;

  VmMailbox *mailbox;
  VmTrustStore *store;
  GHashTable *allowed; /* name -> VmPermissions */
  VmAgentForwardFunc forward; /* or NULL; set before the start */
  gpointer forward_data;

  /* from the start to the stop */
  VmAgentControl *control;
  VmQuicEndpoint *endpoint;
  VmReceiveFolder *folder; /* or NULL */
  gint share; /* descriptor of the folder; -1: none */
  GMutex share_lock;
  guint64 share_pending; /* with that lock: bytes that syncs are to write */
  gchar *fingerprint, *proof;
  gchar *instance; /* of one that only asks; or NULL */
  GPtrArray *endpoints; /* of VmMeshEndpoint */
  VmCapabilityReplay *replay;
  GSource *ticker;
  GTask *starting, *stopping;
  gboolean ready;
  gboolean leaving; /* what the control has under way comes back */
  guint gathering; /* threads that look for candidates */

  GPtrArray *sessions; /* of VmAgentSession */
  GPtrArray *pages; /* see agentpages.c */
  gint64 offers_at; /* monotonic: their rate */
  GPtrArray *requests; /* of VmAgentRequest, in their order */
  GPtrArray *views; /* of VmTerminal, of other devices */
  VmAgentTerm *term; /* the terminal that it shares; or NULL */
  GHashTable *streams; /* transfer id -> VmAgentStream */
  gint n_transfers; /* atomic */
};

/* What is to be done in a session that this side asks for. */
typedef struct
{
  VmAgentKind kind;
  guint64 transfer_id;
  gchar *location; /* path of the file or folder */
  gchar *name;
  gchar *their_folder; /* of a sync */
  VmAgentSyncFlags flags;
  VmP2pForward *forward; /* has the engine of a file; or NULL */
  GObject *terminal; /* a VmTerminal that is shown; NULL: a transfer */
} VmAgentJob;

void vm_agent_job_free (VmAgentJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAgentJob, vm_agent_job_free)

/* vmagent.c, vmagent-class.c */
/* Of a transfer; any thread. */
guint64 vm_agent_next_id (VmAgent *self);
/* The lane of a path, or NULL. */
const gchar *vm_agent_lane (VmQuicPath path);
void vm_agent_tell_session (VmAgent *self, const VmAgentSession *session);
void vm_agent_tell_transfer (VmAgent *self, const VmAgentTransfer *transfer);
void vm_agent_tell_offer (VmAgent *self, const VmAgentTransfer *transfer);
void vm_agent_tell_step (VmAgent *self, const VmAgentStep *step);
gboolean vm_agent_ask_delete (
    VmAgent *self, guint64 id, guint deleted, guint total, gboolean theirs);
void vm_agent_tell_error (VmAgent *self, const GError *error);
/* A page is let in, and sees the terminal by the stream @fd. FALSE: nobody has
 * taken it. */
gboolean vm_agent_tell_page (VmAgent *self, const gchar *id, const gchar *user,
    const gchar *offer, gint fd);
void vm_agent_tell_page_candidate (
    VmAgent *self, const gchar *id, guint mline, const gchar *candidate);
void vm_agent_tell_lost (VmAgent *self, const GError *error, gboolean final);
void vm_agent_set_ready (VmAgent *self, gboolean ready);
/* What @name may do; -1: nothing was said of it. */
gint vm_agent_allows (VmAgent *self, const gchar *name);
/* Likewise of the name of a user, which anybody takes: what was said of a
 * device by its id does not hold for who is called by that id. */
gint vm_agent_allows_user (VmAgent *self, const gchar *user);
/* Frees what there is from the start on; there must be no session. */
void vm_agent_drop (VmAgent *self);
void vm_agent_look_whether_stopped (VmAgent *self);
VmAgentTransfer *vm_agent_transfer_new (
    guint64 id, VmAgentKind kind, const VmAgentPeer *peer, gboolean incoming);

/* agentrequest.c: sessions that this side asks for */
void vm_agent_requests_take (VmAgent *self, const VmMeshNews *news);
void vm_agent_requests_look (VmAgent *self); /* others have come or left */
void vm_agent_requests_end (VmAgent *self, const GError *error);
void vm_agent_requests_cancel (VmAgent *self, guint64 transfer_id);
void vm_agent_request_free (gpointer request);
/* A session of @work is over. */
void vm_agent_work_end (VmAgentWork *work, const GError *error);

/* agentincoming.c: sessions that others ask for */
void vm_agent_incoming_take (VmAgent *self, const VmMeshNews *news);
/* What is said of a session later. */
void vm_agent_about_take (VmAgent *self, const VmMeshNews *news);

/* agentpages.c: pages that see the terminal in a browser
 * (protocol/agents.md#terminal-in-a-browser): who may, and the stream of each.
 * The connection itself is the application's, which takes one end of that
 * stream (VmAgent::page) */
void vm_agent_pages_take (VmAgent *self, const VmMeshNews *news);
/* The application has an answer, or a candidate, for the page @id. */
void vm_agent_pages_answer (VmAgent *self, const gchar *id, const gchar *sdp);
void vm_agent_pages_send_candidate (
    VmAgent *self, const gchar *id, guint mline, const gchar *candidate);
/* All are sent away, with the code and message of @why. */
void vm_agent_pages_end (VmAgent *self, const GError *why);
void vm_agent_page_unref (gpointer page); /* an element of VmAgent.pages */

/* agentterm.c: the terminal that it shares; see agentterm.h */
VmAgentTerm *vm_agent_term_ref (VmAgentTerm *self);
void vm_agent_term_unref (VmAgentTerm *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAgentTerm, vm_agent_term_unref)

/* agentsession.c */

struct _VmAgentSession
{
  VmAgent *agent; /* until its end */
  gboolean incoming;
  gchar *id, *token, *room;
  VmMeshKind kind;
  gint64 deadline; /* of its hello; monotonic */
  VmAgentPeer *peer;
  gboolean own_machine;
  VmAgentWork *work; /* or NULL: incoming */

  /* of the target; set before its thread runs */
  VmPolicy policy;
  VmAccept accept;
  gboolean allow_delete;
  /* see vm_agent_allows(); whether the name counts is known with the trust */
  gint allowed_id, allowed_user;
  gint64 max_rate; /* bytes/s; 0: any */
  VmReceiveFolder *folder; /* or NULL */
  gint share; /* a descriptor of its own; -1: none */
  VmAgentTerm *term; /* or NULL */

  /* of its thread */
  VmPermissions permissions;
  gboolean trusted; /* what it sends is taken without a question */
  gboolean given; /* the user has given that device leave for this kind, by a
                   * token or by vm_agent_allow() */
  gboolean known;
  GPtrArray *threads; /* of the streams that this side opens */

  /* of the context's thread */
  gboolean may_relay; /* its server has given a ticket */
  gint64 relay_until; /* it is not closed, or asked for again, before */
  gint64 connecting_since; /* 0: not yet */
  gboolean renewing;
  gboolean started;
  gboolean announced;
  gboolean over;

  gint path; /* VmQuicPath; atomic */
  guint streams; /* of the other side that are served; with the lock */

  GMutex lock; /* of what follows, and of a change by agenthello.c */
  GCond cond;
  VmAgentRelay *relay; /* or NULL; set by the context's thread */
  GArray *candidates; /* of the other side */
  gboolean awaits; /* its candidates are still to come */
  gboolean waits; /* its thread waits for the connection */
  gint64 expires; /* of the capability; Unix s */
  gint64 size_left; /* bytes that may be offered; -1: any */
  VmQuicConnection *connection; /* or NULL */
  GError *end; /* why it must end, or NULL */
  GError *error; /* the first of a job */
  GError *denial; /* of the target, or NULL */
  GQueue jobs; /* of VmAgentJob */
};

/* Both begin its thread. */
VmAgentSession *vm_agent_session_new (
    VmAgent *agent, const VmMeshNews *created, VmAgentPeer *peer);
VmAgentSession *vm_agent_session_ref (VmAgentSession *self);
void vm_agent_session_unref (VmAgentSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAgentSession, vm_agent_session_unref)
void vm_agent_session_start (VmAgentSession *self);
/* Ends it, for both sides, with the code and message of @why; one that was not
 * started is gone then. */
void vm_agent_session_end (VmAgentSession *self, const GError *why);
/* Whether that was called; any thread. */
gboolean vm_agent_session_is_ending (VmAgentSession *self);
void
vm_agent_session_take_candidates (VmAgentSession *self, const GPtrArray *list);
void vm_agent_session_tick (VmAgentSession *self, gint64 now);
/* Runs @func in the thread of the context, with a reference to the session. */
typedef void (*VmAgentSessionFunc) (VmAgentSession *self, gpointer data);
void vm_agent_session_post (VmAgentSession *self, VmAgentSessionFunc func,
    gpointer data, GDestroyNotify destroy);
/* agentpath.c: the relay */
/* @ticket: to the relay; NULL: there is none. */
void vm_agent_session_set_relay (VmAgentSession *self, const gchar *ticket);
void vm_agent_session_close_relay (VmAgentSession *self);
/* A new one: opens the relay again. */
void vm_agent_session_take_ticket (VmAgentSession *self, const gchar *ticket);
void vm_agent_session_tick_relay (VmAgentSession *self, gint64 now);
/* Of VmQuicSession. */
void vm_agent_session_relay_send (
    const guint8 *data, gsize size, gpointer user_data);
/* The first error of its jobs. */
void vm_agent_session_note (VmAgentSession *self, const GError *error);

/* agenthello.c: of the target: the first stream, once its hello is good. The
 * session may have become another one of the same device. (transfer full) */
VmP2pPipe *vm_agent_session_answer (
    VmAgentSession *self, VmQuicConnection *connection, GError **error);

/* agentshare.c: the folders of syncs */
/* A folder below the share, or, of a session that this side asked for, one of
 * this side. @make: makes it if it is not there. */
gint vm_agent_share_open (VmAgentSession *session, const gchar *folder,
    gboolean make, GError **error);
/* Likewise; where it is not there, one above it, and *@missing. */
gint vm_agent_share_find (VmAgentSession *session, const gchar *folder,
    gboolean *missing, GError **error);
/* Whether a sync that others ask for may write so many bytes under the quota,
 * which counts all that is shared. @pending: what was charged for it, which is
 * over now. Blocks for the disk. */
gboolean vm_agent_share_charge (
    VmAgentSession *session, guint64 *pending, guint64 bytes, GError **error);

/* agentstream.c: transfers on one stream, each on the stream's thread */

struct _VmAgentStream
{
  VmP2pControl *control; /* of a file */
  GMutex lock; /* of what follows */
  GCond cond;
  VmP2pPipe *pipe; /* NULL: the transfer is over */
  gint answer; /* -1: none yet; FALSE, TRUE */
};

void vm_agent_stream_unref (VmAgentStream *stream);
void vm_agent_stream_answer (VmAgentStream *stream, gboolean accept);
void vm_agent_stream_set_paused (VmAgentStream *stream, gboolean paused);
void vm_agent_stream_cancel (VmAgentStream *stream);
/* Receives what comes until the other side ends it; frees @pipe. */
void vm_agent_stream_serve (VmAgentSession *session, VmP2pPipe *pipe);
/* None of the jobs that are left is done. FALSE: none was left. */
gboolean vm_agent_stream_fail_jobs (VmAgentSession *session, const GError *why);
/* Does the jobs of @session that are left; frees @pipe. FALSE: the connection
 * is of no more use. */
gboolean vm_agent_stream_work (VmAgentSession *session, VmP2pPipe *pipe);
