/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/vmpeer.h"
#include "peer/vmpeer-codec.h"
#include "peer/vmpeer-loss.h"
#include "peer/vmpeer-opus.h"

#include <gst/app/app.h>
#include <gst/sdp/sdp.h>
#include <gst/videomeet/base/vmtimer-priv.h>

/* Shared by vmpeer*.c. Threads: the peer's context owns struct _VmPeer. What
 * streaming threads and webrtcbin's own thread touch is VmPeerLink; it outlives
 * the peer until the last of their callbacks is gone. */

#define VM_PEER_KEY_UNIT_MS 500 /* webrtcbin.md#key-frame-storms */
/* Sound that comes later than that begins anew: later than it is waited for. */
#define VM_PEER_SOUND_LATE_MS 500
#define VM_PEER_PING_MS 500 /* protocol/meeting.md#heartbeat */
#define VM_PEER_SILENCE_MS 8000 /* with which a peer is gone within 10 s */
/* The wait after the other side's goodbye, so that the server's message that it
 * has left, or its offer of another connection, is handled first. */
#define VM_PEER_CLOSED_MS 1500
#define VM_PEER_CANDIDATES_EARLY 64 /* kept until the description is there */
#define VM_PEER_CANDIDATES_MAX 256 /* taken in all */
#define VM_PEER_CANDIDATE_LENGTH 1024 /* bytes of one */
/* one more for each time that a browser's camera is removed and added anew */
#define VM_PEER_MLINES_OF_ONE 16
#define VM_PEER_MLINES_MAX VM_PEER_STREAMS_OF_MANY
#define VM_PEER_ICE_STREAM 1 /* of the agent; everything is bundled in it */
#define VM_PEER_EARLY_PADS_MAX 8 /* with frames before their description */
#define VM_PEER_SCTP_PORT 5000 /* of this side; webrtcbin reads it for both */
#define VM_PEER_CHANNELS_MAX 16 /* each is four elements in webrtcbin */
#define VM_PEER_MESSAGES_MAX 256 /* received, not yet handed over */
#define VM_PEER_BUFFERED_MAX (1024 * 1024) /* webrtcbin.md#buffered-amount */
/* Bytes of the kernel's receive buffer. It has a bound of its own
 * (net.core.rmem_max), and gives twice as much, for what holds the datagrams.
 */
#define VM_PEER_RECEIVE_BUFFER (1024 * 1024)
#define VM_PEER_DATA_MAX (8 * 1024 * 1024) /* received, not yet handed over */
#define VM_PEER_DATA_COST 256 /* bytes besides, of each message */
#define VM_PEER_STALL_CHECKS 20 /* that a frame may see while it is sent */
#define VM_PEER_SSRCS_MAX 16 /* streams rtpbin makes for what comes in */
#define VM_PEER_SSRCS_OF_MANY 128 /* likewise */
/* Until a sample function is left, or a frame has gone out; neither blocks. */
#define VM_PEER_LEAVE_MS 2000
/* For what was said last to arrive, see vm_peer_linger(). */
#define VM_PEER_LINGER_MS 500

typedef struct _VmPeerLink VmPeerLink;

typedef enum
{
  VM_PEER_GATE_CLOSED, /* no certificate seen yet */
  VM_PEER_GATE_OPEN, /* it is the one the description names */
  VM_PEER_GATE_REFUSED
} VmPeerGate;

/* One stream towards the remote side. */
typedef struct
{
  GstPad *pad; /* in front of the payloader; NULL when not sent */
  const VmPeerCodec *codec;
  GstCaps *caps; /* of the last frame */
  gboolean wait_key; /* drop until a key frame */
  gboolean inside; /* a frame is on its way to the network */
  guint checks; /* that it has seen */
  gboolean wanted; /* by the remote side */
  guint64 sent, dropped;
  gint level; /* atomic: extension id of audio levels, 0: not agreed on */
} VmPeerOut;

/* One stream from the remote side. */
typedef struct
{
  GstPad *sinkpad; /* of the depayloader; NULL when not received */
  GstPad *srcpad; /* of webrtcbin, linked to it */
  const VmPeerCodec *codec;
  gboolean wanted; /* the remote side says that it sends it */
  guint inside; /* frames in the sample function */
  guint64 received;
  gint level; /* atomic: extension id, as above */
  gint loudest; /* atomic: -dBov since it was read, -1: nothing heard */
  VmPeerLost lost; /* of sound; streaming thread of @sinkpad */
} VmPeerIn;

/* A pad of webrtcbin that no description has named yet. */
typedef struct
{
  GstPad *pad;
  gulong drop; /* the probe that drops its frames */
} VmPeerEarlyPad;

struct _VmPeerLink
{
  gatomicrefcount ref_count;
  GWeakRef peer;
  GMainContext *context;
  VmPeerSampleFunc func;
  gpointer user_data;
  GDestroyNotify notify;
  gint messages; /* atomic: waiting in the context */
  gint data; /* atomic: bytes of those that are not text, with their cost */
  gint gate; /* atomic VmPeerGate */
  gint transports; /* atomic: DTLS transports seen */
  gint deaf; /* atomic: closing, nothing from the network is read */
  gint lingers; /* atomic: goes VM_PEER_LINGER_MS after it is closed */
  /* atomic: a bit for each number of the extension for congestion control */
  gint twcc_ids;
  gint remb; /* atomic: the last estimate of the other side, bit/s */
  gint remb_told; /* atomic: it waits in the context */
  gint audio_ssrc; /* atomic: of the sound that is sent; 0: none is */
  /* atomic: percent of it that the other side has lost of late; -1: not known
   */
  gint loss;
  guint association; /* VM_PEER_ASSOCIATION_NONE: webrtcbin chooses */

  gint sound_wait_ms; /* atomic; 0: as all are waited for */

  GMutex lock; /* for what follows; held for state only */
  GCond left; /* by a sample function, or by a frame that went out */
  gboolean closed;
  gboolean flowing; /* connected: frames may be pushed */
  /* µs, monotonic: the last frame or message that came; 0: none */
  gint64 heard_at;
  gchar **fingerprints; /* that the remote description names */
  guint sctp_port; /* of the remote side; 0: not known */
  VmPeerOut out[VM_PEER_N_STREAMS];
  VmPeerIn in[VM_PEER_STREAMS_OF_MANY]; /* of one: VM_PEER_N_STREAMS */
  gint mline_stream[VM_PEER_MLINES_MAX]; /* VmPeerStream or -1 */
  VmPeerEarlyPad early[VM_PEER_EARLY_PADS_MAX];
  guint n_early;
};

/* The remote side's description. */
typedef struct
{
  GstSDPMessage *sdp; /* as webrtcbin takes it; NULL: handed over */
  gchar **fingerprints; /* "sha-256 AA:BB…": the certificate is one of them */
  GPtrArray *candidates; /* that it has; "candidate:…" */
  GstSDPMedia *rejected[VM_PEER_MLINES_MAX]; /* of an offer, as offered */
  gboolean unnamed[VM_PEER_MLINES_MAX]; /* an a=mid was made up for it */
  /* a=mid, where webrtcbin has another of an earlier offer; or NULL */
  gchar *renamed[VM_PEER_MLINES_MAX];
  guint tag; /* the m-line whose transport is that of all */
  gchar *ufrag, *pwd; /* of that transport */
  guint sctp_port;
  gboolean own_transports; /* m-lines have ICE credentials of their own */
  gboolean bundled; /* it has an a=group:BUNDLE */
  gboolean sctp_map; /* it describes SCTP by a=sctpmap */
} VmPeerRemote;

/* A candidate that came before the description. */
typedef struct
{
  guint mline;
  gchar *candidate;
} VmPeerEarly;

/* One m-line as both sides know it. */
typedef struct
{
  gint stream; /* VmPeerStream; -1: data, or one that is not used */
  gboolean data;
  gboolean audio; /* else it is video, or data */
  gchar *mid;
  gboolean send, receive; /* of this side, now */
  /* of this side in webrtcbin, which never changes it again */
  gboolean can_send, can_receive;
  const VmPeerCodec *codec; /* NULL: undecided (receive-only offerer) */
  gint pt;
  guint twcc, level; /* extension ids, 0 without */
} VmPeerMline;

typedef struct _VmPeerChannel VmPeerChannel;

struct _VmPeer
{
  GObject parent;

  /* configuration */
  gchar *name;
  gchar *session;
  guint generation;
  gboolean offerer;
  GstCaps *send[VM_PEER_N_STREAMS];
  gboolean receive[VM_PEER_N_STREAMS];
  gboolean many, bare, music, foreign;
  gchar *stun_server;
  gchar **turn_servers;
  gchar **local_addresses;
  gboolean on_loopback; /* it gathers there: its peer is on this machine */
  VmPathKinds paths;
  gboolean patient;
  guint latency_ms;
  guint connect_ms, answer_ms;

  VmPeerLink *link;
  GMainContext *context;
  GstElement *pipeline;
  GstElement *webrtc;
  VmPeerState state;
  gint64 start_time; /* g_get_monotonic_time() */
  gint64 connected_time;
  GSource *deadline;
  guint deadline_ms;
  GSource *goodbye; /* until which the other side has to say why */
  gboolean closed_by_other;

  /* negotiation */
  VmPeerMline mlines[VM_PEER_MLINES_MAX];
  guint n_mlines;
  VmPeerRemote *remote; /* NULL until it is taken */
  gboolean remote_set;
  gboolean local_sent;
  gboolean settled; /* no description is under way */
  gboolean dtls_client; /* this side begins DTLS; once it is settled */
  VmPeerRemote *next; /* an offer that is to change what there is; or NULL */
  GstSDPMessage *next_named; /* the same with all its SSRCs, if that is due */
  gchar *waiting; /* another such offer, which came meanwhile; or NULL */
  gboolean stuck; /* webrtcbin takes no other */
  gboolean remote_known; /* the remote description was handed to webrtcbin */
  VmPeerOpus opus; /* what the remote side wants of the sound it is sent */
  gboolean opus_known;

  /* ICE */
  GObject *agent;
  gulong agent_handlers[3];
  GQueue early; /* VmPeerEarly: candidates before the description */
  guint n_candidates;
  guint resolving; /* .local candidates on their way */
  gboolean end_waits; /* end-of-candidates came while resolving */
  gboolean gathered; /* all of our own are known */
  gboolean trickles; /* they go as they are found */
  GPtrArray *found; /* of our own, until the description is sent */
  GCancellable *cancellable;
  VmPeerPath path;
  gchar *local_address; /* of this device; or NULL */
  gchar *remote_address; /* of the peer itself; or NULL */

  /* key frames: last time and a timer for one that came too early */
  gint64 key_asked[VM_PEER_STREAMS_OF_MANY];
  GSource *key_asked_later[VM_PEER_STREAMS_OF_MANY];
  gint64 key_wanted[VM_PEER_N_STREAMS];
  GSource *key_wanted_later[VM_PEER_N_STREAMS];

  /* data channels */
  GPtrArray *channels; /* VmPeerChannel */
  GSource *ping;
  GSource *silence, *quiet;
  gboolean beats;
  guint ping_n; /* asked last, from 1 */
  guint pong_n; /* answered last */
  gint64 ping_time;
  gint64 owed_since; /* µs: not answered since, while pong_n < ping_n */
  gdouble rtt_ms;

  gboolean stopped;
  GstStructure *last_stats; /* once it has stopped */
};

/* vmpeer-link.c */
VmPeerLink *vm_peer_link_new (VmPeer *peer, GMainContext *context,
    VmPeerSampleFunc func, gpointer user_data, GDestroyNotify notify);
VmPeerLink *vm_peer_link_ref (VmPeerLink *link);
void vm_peer_link_unref (VmPeerLink *link);
/* One stream of a link, for probes and callbacks. */
typedef struct
{
  VmPeerLink *link;
  VmPeerStream stream;
} VmPeerBranch;
VmPeerBranch *vm_peer_branch_new (VmPeerLink *link, VmPeerStream stream);
void vm_peer_branch_free (gpointer branch);
/* For g_signal_connect_data() and friends. */
void vm_peer_link_unref_closure (gpointer link, GClosure *closure);
/* Runs @func in the peer's context, later, if the peer still lives and is not
 * stopped; frees @data either way. Any thread. */
typedef void (*VmPeerFunc) (VmPeer *self, gpointer data);
void vm_peer_link_post (
    VmPeerLink *link, VmPeerFunc func, gpointer data, GDestroyNotify notify);
/* Around the sample function of a frame of @stream. */
gboolean vm_peer_link_enter (VmPeerLink *link, VmPeerStream stream);
void vm_peer_link_leave (VmPeerLink *link, VmPeerStream stream);
/* What is received from now on. No sample function runs for another stream
 * after it. */
void vm_peer_link_receive (
    VmPeerLink *link, const gboolean wanted[VM_PEER_STREAMS_OF_MANY]);
void vm_peer_link_close (VmPeerLink *link);

/* The number of an SCTP association, that no other connection of this process
 * has. Any thread. */
#define VM_PEER_ASSOCIATIONS_MAX G_MAXUINT16
#define VM_PEER_ASSOCIATION_NONE 0
/* VM_PEER_ASSOCIATION_NONE: all are taken. */
guint vm_peer_association_take (void);
void vm_peer_association_give_back (guint id);

/* vmpeer.c */
void vm_peer_fail (VmPeer *self, VmError code, const gchar *format, ...)
    G_GNUC_PRINTF (3, 4);
void vm_peer_take_failure (VmPeer *self, GError *error);
gboolean vm_peer_is_live (VmPeer *self); /* neither failed nor closed */
void vm_peer_check_connected (VmPeer *self);
/* Sets the deadline of the negotiation: for the answer, or all of it. */
void vm_peer_start_deadline (VmPeer *self, guint ms);
/* The other side has said goodbye; a #VmPeerFunc. */
void vm_peer_closed_by_other (VmPeer *self, gpointer data);

/* FALSE, with a warning that names the peer, where no edge leads to @to. */
gboolean
vm_peer_state_move (VmPeerState *state, VmPeerState to, const gchar *name);

/* vmpeer-pipeline.c */
gboolean vm_peer_pipeline_build (
    VmPeer *self, GstClock *clock, GstClockTime base_time, GError **error);
void vm_peer_pipeline_stop (VmPeer *self);
/* Lost sound is waited for as VmPeerConfig says: by the jitter buffer that
 * feeds
 * @pad, which is one of webrtcbin. */
void vm_peer_wait_watch (VmPeerLink *link, GstPad *pad);

/* vmpeer-negotiate.c */
gboolean vm_peer_plan_offer (VmPeer *self, GError **error);
void vm_peer_create_offer (VmPeer *self);
void vm_peer_clear_mlines (VmPeer *self);
/* webrtcbin hears of every @offer in these steps. */
void vm_peer_set_offer (VmPeer *self, const GstSDPMessage *offer);

/* vmpeer-again.c: an offer in the connection there is */
/* The first descriptions are set. */
void vm_peer_settle (VmPeer *self);
/* The answer to the other offer is set. FALSE: it is not the last. */
gboolean vm_peer_take_again (VmPeer *self);
/* Refuses the change, and tells the other side. Takes @error. */
void vm_peer_refuse_again (VmPeer *self, GError *error);
/* Whether @answer, which is webrtcbin's, has all that it is to have. */
gboolean vm_peer_check_again (VmPeer *self, const GstSDPMessage *answer);

/* vmpeer-remote.c */
/* An offer's m-lines without a known format are rejected. */
VmPeerRemote *
vm_peer_remote_parse (const gchar *text, gboolean offer, GError **error);
/* Likewise; they are kept if @self is a peer of many. */
VmPeerRemote *vm_peer_remote_parse_for (
    VmPeer *self, const gchar *text, gboolean offer, GError **error);
void vm_peer_remote_free (VmPeerRemote *remote);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmPeerRemote, vm_peer_remote_free)
gboolean vm_peer_remote_takes_candidate (
    VmPeerRemote *remote, guint mline, const gchar *candidate);
gboolean vm_peer_sdp_is_rejected (const GstSDPMedia *media);
gboolean vm_peer_sdp_is_data (const GstSDPMedia *media);
const gchar *vm_peer_sdp_get_mid (const GstSDPMedia *media);
void vm_peer_sdp_remove_attribute (GstSDPMedia *media, const gchar *key);
/* @direction: "sendrecv", … */
void vm_peer_sdp_set_direction (GstSDPMedia *media, const gchar *direction);
/* Names all m-lines in a=group:BUNDLE. */
void vm_peer_remote_bundle (VmPeerRemote *remote);
/* Sets @error, VM_ERROR_BAD_MESSAGE, of a description. FALSE */
gboolean
vm_peer_sdp_bad (GError **error, const gchar *format, ...) G_GNUC_PRINTF (2, 3);
void vm_peer_sdp_remove_from_session (GstSDPMessage *sdp, const gchar *key);

/* vmpeer-answer.c: what the offer makes @answer repeat */
void vm_peer_remote_fit_answer (VmPeerRemote *remote, GstSDPMessage *answer);
/* Sets the real directions of its m-lines. */
void vm_peer_direct_answer (VmPeer *self, GstSDPMessage *answer);

/* vmpeer-sdp.c: what the remote side's descriptions mean */
gboolean vm_peer_sdp_has_codec (const GstSDPMedia *media);
/* For messages: how the stream of an m-line is called. */
const gchar *vm_peer_mline_name (const VmPeerMline *line);
/* The number of the header extension @uri, 1 to 14; 0: none. */
guint vm_peer_sdp_extension_id (const GstSDPMedia *media, const gchar *uri);
/* What @sdp offers for @stream first, of the codecs that are known; NULL when
 * there is none or @sdp is refused. */
const VmPeerCodec *vm_peer_sdp_offered_codec (
    const gchar *sdp, VmPeerStream stream, const VmPeerCodec *wanted);
gboolean vm_peer_sdp_plan_answer (
    VmPeer *self, const VmPeerRemote *offer, GError **error);
/* Whether it has no more m-lines than a peer of its kind takes. */
gboolean vm_peer_sdp_check_count (
    VmPeer *self, const VmPeerRemote *offer, GError **error);
gboolean vm_peer_sdp_check_answer (
    VmPeer *self, const GstSDPMessage *answer, GError **error);
/* Plans the m-line @index, which is switched on; the first @n_known exist
 * already. */
gboolean vm_peer_sdp_plan_line (VmPeer *self, const VmPeerRemote *offer,
    guint index, guint n_known, GError **error);
/* Applies another offer to an existing m-line. */
gboolean vm_peer_sdp_plan_again (
    VmPeer *self, const VmPeerRemote *offer, guint index, GError **error);
/* webrtcbin 1.22.0 changes no direction: it is told that all is open, and this
 * side keeps count of what flows. */
void vm_peer_sdp_open (VmPeer *self, GstSDPMessage *sdp);

/* vmpeer-media.c */
gboolean vm_peer_media_add_mline (VmPeer *self, guint index, GError **error);
gboolean vm_peer_media_add_receiver (VmPeer *self, guint index, GError **error);
void
vm_peer_media_pad_added (GstElement *webrtc, GstPad *pad, VmPeerLink *link);
/* Links the pads that came before the description that names their streams. */
void vm_peer_media_link_early (VmPeer *self);
const gchar *vm_peer_stream_to_string (VmPeerStream stream);

/* Sets @error: no element for @launch. FALSE */
gboolean vm_peer_missing (GError **error, const gchar *launch);

/* vmpeer-send.c */
gboolean vm_peer_send_add (VmPeer *self, guint index, GError **error);
/* Frames are taken from now on, video from its first key frame, of what the
 * remote side wants now. */
void vm_peer_send_start (VmPeer *self);
void vm_peer_send_ask_key_units (VmPeer *self);
void vm_peer_send_drain (VmPeerLink *link);

/* vmpeer-level.c */
void vm_peer_level_write_on (VmPeer *self, GstPad *pad);
void vm_peer_level_read_on (VmPeer *self, VmPeerStream stream, GstPad *pad);

/* vmpeer-remb.c */
void vm_peer_remb_watch (VmPeerLink *link, GObject *session);

/* vmpeer-loss.c */
void vm_peer_loss_watch (VmPeerLink *link, GObject *session);
/* Counts what is lost of the stream that comes to @pad, a depayloader's. */
void vm_peer_lost_watch (VmPeer *self, VmPeerStream stream, GstPad *pad);

/* vmpeer-opus.c */
/* Says in @sdp, which the remote side is sent, what sound this one wants. */
void vm_peer_opus_describe (VmPeer *self, GstSDPMessage *sdp);
/* Reads what the remote description says. */
void vm_peer_opus_take (VmPeer *self);

/* vmpeer-keyunit.c */
void vm_peer_key_unit_wanted (VmPeer *self, VmPeerStream stream);
void vm_peer_key_unit_ask (VmPeer *self, VmPeerStream stream);
/* Of a depayloader's pad, with a VmPeerBranch. */
GstPadProbeReturn vm_peer_key_unit_missed (
    GstPad *pad, GstPadProbeInfo *info, gpointer user_data);
void vm_peer_key_unit_stop (VmPeer *self);

/* vmpeer-dtls.c */
void vm_peer_dtls_watch (VmPeer *self);
void vm_peer_dtls_quiesce (GstElement *pipeline, VmPeerLink *link);

/* vmpeer-turn.c */
/* With a description made, which makes the agent's stream, and not yet set,
 * which lets it gather. */
void vm_peer_turn_add (VmPeer *self);
/* Gives back what @webrtc has of TURN servers, which keep it for ten minutes
 * otherwise. On the closing worker; it waits for their answers, not long. */
void vm_peer_turn_release (GstElement *webrtc);

/* vmpeer-ice.c */
void vm_peer_ice_setup (VmPeer *self);
void vm_peer_ice_remote_ready (VmPeer *self);
/* FALSE: the path found may not be taken, and the peer has failed by it. */
gboolean vm_peer_ice_check_path (VmPeer *self);
/* Whether a peer may be at @address, which a candidate names. */
gboolean vm_peer_ice_may_be_at (VmPeer *self, const gchar *address);
/* The description has been sent: so are the candidates. */
void vm_peer_ice_local_sent (VmPeer *self);
/* Takes the candidates out of @sdp, a description of this side, that the other
 * side may not be told of. */
void vm_peer_ice_leave_out (VmPeer *self, GstSDPMessage *sdp);
void vm_peer_early_free (gpointer early);
void vm_peer_ice_stop (VmPeer *self);

/* vmpeer-channels.c */
void vm_peer_channels_create (VmPeer *self);
void vm_peer_channels_watch (VmPeer *self);
void vm_peer_channels_stop (VmPeer *self);

/* vmpeer-stats.c */
GstStructure *vm_peer_stats_read (VmPeer *self);

/* vmpeer-worker.c */
void vm_peer_worker_close (
    GstElement *pipeline, GstElement *webrtc, VmPeerLink *link);
