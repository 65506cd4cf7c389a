/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/vmpath.h"

#include <gst/gst.h>

/* One remote participant's webrtcbin, in a pipeline of its own. Encoded frames
 * in, encoded frames out: vmsignalbin encodes once for all peers and decodes
 * what is linked. Nothing outside vmpeer*.c names webrtcbin.
 *
 * A peer belongs to the thread of the GMainContext that was thread-default
 * when it was made: its functions are called there and its signals are emitted
 * there, but for vm_peer_push(), vm_peer_request_key_unit() (any thread) and
 * the sample function (a streaming thread). */

/* m-lines in this fixed order (webrtcbin.md#m-lines); those not used are left
 * out by both sides alike. */
typedef enum
{
  VM_PEER_AUDIO,
  VM_PEER_VIDEO, /* camera */
  VM_PEER_SCREEN,
  VM_PEER_N_STREAMS
} VmPeerStream;

typedef enum
{
  VM_PEER_STATE_NEW,
  VM_PEER_STATE_CONNECTING,
  VM_PEER_STATE_CONNECTED, /* ICE and DTLS done, certificate compared */
  VM_PEER_STATE_FAILED,
  VM_PEER_STATE_CLOSED,
  VM_PEER_N_STATES
} VmPeerState;

/* The streams of a peer of many; a VmPeerStream is then one of these. */
#define VM_PEER_STREAMS_OF_MANY 64

/* Bytes of one message on a data channel; webrtcbin 1.22.0 sends no larger. */
#define VM_PEER_MESSAGE_MAX 65536
/* Bytes that a channel holds back, when it wants more;
 * webrtcbin.md#buffered-amount. */
#define VM_PEER_BUFFERED_LOW (512 * 1024)
#define VM_PEER_CONNECT_MS 15000
/* Without a sign of life, once there was an answer to a heartbeat
 * (protocol/meeting.md#heartbeat). */
#define VM_PEER_QUIET_MS 2000

typedef struct
{
  const gchar *name; /* for pipeline and log, "001" */
  const gchar *session; /* uuid; for the offerer. NULL for the answerer */
  guint generation;
  gboolean offerer;
  GstClock *clock; /* the parent pipeline's, with its base time */
  GstClockTime base_time;
  GstCaps *send[VM_PEER_N_STREAMS]; /* encoded caps this side sends, or NULL */
  gboolean receive[VM_PEER_N_STREAMS]; /* whether this side takes the stream */
  /* Of the answerer to a server that sends the streams of many: each m-line is
   * a stream of its own, numbered as they are, up to VM_PEER_STREAMS_OF_MANY.
   * @send and @receive are unused; all that has a known codec is received. */
  gboolean many;
  /* The other side offers no other codec after one that is refused: what it and
   * this side have no codec for is left out. */
  gboolean foreign;
  gboolean bare; /* of the offerer: it offers no data channels */
  gboolean music; /* this side wants stereo and a high rate, and no gaps */
  const gchar
      *stun_server; /* "stun://host:port" or NULL; port 3478 if absent */
  /* "turn://user:password@host:port?transport=udp" (or tcp; both if absent),
   * user and password percent-encoded. "turns:" is not dependable. NULL-ended
   * or NULL. */
  const gchar *const *turn_servers;
  VmPathKinds paths; /* that may be taken; 0: all */
  /* Addresses to gather candidates on, NULL-ended. NULL: all interfaces, and
   * loopback only when there is no other. */
  const gchar *const *local_addresses;
  gboolean patient; /* ICE waits for the answers of a slow network */
  guint latency_ms; /* for which its jitter buffers wait for a lost packet */
  guint sound_wait_ms; /* and those of sound; 0: the same */
  guint connect_ms; /* until it is given up; 0: VM_PEER_CONNECT_MS */
  /* The offerer waits so long for the answer, and then connect_ms more; 0: all
   * of it is to be done within connect_ms. */
  guint answer_ms;
} VmPeerConfig;

/* The way that packets go. */
typedef struct
{
  const gchar *kind; /* "host", "srflx" or "relay"; NULL: not known */
  const gchar *protocol; /* "udp" or "tcp", from this side on */
  guint ip_version; /* 4 or 6; likewise */
} VmPeerPath;

gboolean vm_peer_path_equal (const VmPeerPath *a, const VmPeerPath *b);

/* One encoded, depayloaded and parsed frame; caps are set whenever they
 * change. Runs on a streaming thread; must not block. Timestamps are running
 * time of the parent pipeline. */
typedef void (*VmPeerSampleFunc) (
    gpointer user_data, VmPeerStream stream, GstSample *sample);
/* How many packets of sound were lost right before the one in @sample. */
guint vm_peer_sample_get_lost (GstSample *sample);

#define VM_TYPE_PEER (vm_peer_get_type ())
G_DECLARE_FINAL_TYPE (VmPeer, vm_peer, VM, PEER, GObject)

/* Signals, emitted in the peer's context:
 *  "description" (gboolean offer, const gchar *sdp)
 *      the local description is set; send it, with vm_peer_take_found()
 *  "candidate" (guint mline, const gchar *candidate)
 *      "" at the end
 *  "state" (guint VmPeerState, GError *)
 *      the error only with FAILED; a failed peer has stopped, and is closed
 *      like any other
 *  "key-unit-requested" (guint VmPeerStream)
 *      the remote side wants a key frame of what this side sends, or this side
 *      dropped a frame; at most every 500 ms
 *  "key-unit-missed" (guint VmPeerStream)
 *      of many: this side needs a key frame of it; at most every 500 ms
 *  "bitrate-limit" (guint)
 *      what the remote side takes of all streams together, bit/s (REMB)
 *  "path" ()
 *      vm_peer_get_path() has changed
 *  "channel" (const gchar *label, gboolean open)
 *      a data channel opened ("chat", "signal", …) or closed
 *  "heartbeat" (gboolean beats)
 *      the remote side answers on the data channel of that name, or has not for
 *      VM_PEER_QUIET_MS; never when it has no such channel
 *  "message" (const gchar *label, const gchar *text)
 *      a text message on a data channel, valid UTF-8
 *  "data" (const gchar *label, GBytes *data)
 *      another message on a data channel
 *  "drained" (const gchar *label)
 *      a channel of vm_peer_open_channel() has sent what it held back, but for
 *      VM_PEER_BUFFERED_LOW bytes
 *  "stream-ended" (guint VmPeerStream)
 *      by vm_peer_renegotiate(): the remote side sends it no more; no sample
 *      function runs for it, until it may be sent again
 *  "media-refused" (GError *)
 *      an m-line of the first offer is rejected, by either side; the connection
 *      is made without it
 *  "offer-refused" (GError *)
 *      of vm_peer_renegotiate(); the connection goes on as it is
 */
VmPeer *vm_peer_new (const VmPeerConfig *config, VmPeerSampleFunc func,
    gpointer user_data, GDestroyNotify notify);

/* Makes what every peer needs and is slow to make (the DTLS certificate of the
 * process), on a worker. Call once at start-up. */
void vm_peer_prepare (void);

const gchar *vm_peer_state_to_string (VmPeerState state);

/* The offerer creates its offer; the answerer waits for one. Either fails with
 * VM_ERROR_TIMEOUT when it is not connected in time. */
void vm_peer_start (VmPeer *self);
void
vm_peer_set_remote_description (VmPeer *self, gboolean offer, const gchar *sdp);
void vm_peer_add_candidate (VmPeer *self, guint mline, const gchar *candidate);
/* An offer in the existing connection, which adds m-lines or changes
 * directions. It is answered by "description", or refused by "offer-refused".
 * Of several that come at once, the last counts. */
void vm_peer_renegotiate (VmPeer *self, const gchar *offer);
/* Sets the caps sent for @stream if a later offer takes it; does nothing once
 * something is sent. Encoded caps. */
void vm_peer_set_send (VmPeer *self, VmPeerStream stream, GstCaps *caps);
/* What tells the connection of a description, one side's, from its others;
 * NULL:
 * @sdp is not usable. */
gchar *
vm_peer_name_connection (const gchar *sdp, gboolean offer, GError **error);
/* Whether both name one connection: of one certificate, and of one ICE session
 * or, as after an ICE restart, of one SDP session. */
gboolean vm_peer_is_same_connection (const gchar *a, const gchar *b);

/* While "description" is emitted: the candidates of the m-line @mline that are
 * known already. Those not taken come by "candidate", as do all others. */
gchar **vm_peer_take_found (VmPeer *self, guint *mline);

/* Sends one encoded frame, in the caller's thread. While another frame of the
 * stream is inside, it is dropped and a key unit is requested. The buffer's PTS
 * is running time. */
void vm_peer_push (VmPeer *self, VmPeerStream stream, GstSample *sample);
/* To be called ten times a second: a peer that holds a frame for more than
 * VM_PEER_STALL_CHECKS of these calls fails with VM_ERROR_TIMEOUT. */
void vm_peer_check_stalled (VmPeer *self);
/* Asks the remote side for a key frame (PLI); at most every 500 ms. Of many:
 * "key-unit-missed" follows instead. */
void vm_peer_request_key_unit (VmPeer *self, VmPeerStream stream);

/* How loud the loudest packet of sound was since the last call, in -dBov: 0
 * (loudest) to 127; -1 when none told. Any thread. */
gint vm_peer_take_audio_level (VmPeer *self);
/* The same of a stream of many. */
gint vm_peer_take_level_of (VmPeer *self, VmPeerStream stream);

/* What the remote side wants of the sound that it is sent, and gets of it. */
typedef struct
{
  gboolean stereo; /* rather than mono */
  gboolean fec; /* in-band FEC is of use to it */
  guint max_bitrate; /* bit/s; 0: it names none */
  gint loss; /* percent, by its last report; -1: there was none */
} VmPeerSound;

/* FALSE: it has not said so, or is sent no sound. */
gboolean vm_peer_get_sound (VmPeer *self, VmPeerSound *sound);

void vm_peer_set_clock (VmPeer *self, GstClock *clock, GstClockTime base_time);
VmPeerState vm_peer_get_state (VmPeer *self);
/* Whether it failed because the other side has closed its peer. */
gboolean vm_peer_get_closed_by_other (VmPeer *self);

/* SHA-256 fingerprints of the certificates of both ends, "AA:BB:…", once that
 * of the other side was seen. (transfer full) FALSE: there are none, or more
 * than one. */
gboolean vm_peer_get_fingerprints (VmPeer *self, gchar **own, gchar **theirs);

/* One text message on an open data channel. FALSE with an error when the
 * channel is not open, @text is too long, or 1 MiB is waiting already. */
gboolean vm_peer_send_message (
    VmPeer *self, const gchar *label, const gchar *text, GError **error);

/* Opens a channel that not every call has, if neither side has made it. Whether
 * it is open now; else "channel" reports it. */
gboolean vm_peer_open_channel (VmPeer *self, const gchar *label);
/* One message that is not text, as vm_peer_send_message(). */
gboolean vm_peer_send_data (
    VmPeer *self, const gchar *label, GBytes *data, GError **error);
/* Bytes that a channel holds back; of one that is not open, G_MAXUINT64. */
guint64 vm_peer_get_buffered (VmPeer *self, const gchar *label);

/* FALSE: it is not known yet. */
gboolean vm_peer_get_path (VmPeer *self, VmPeerPath *path);
/* The address of this device that its packets leave by, as text; NULL before it
 * is connected. */
const gchar *vm_peer_get_local_address (VmPeer *self);
/* Whether the other side's description says that it sends the stream. */
gboolean vm_peer_receives (VmPeer *self, VmPeerStream stream);
/* When the last frame or message has come over it, in µs of the monotonic
 * clock; 0: none has. */
gint64 vm_peer_get_heard_at (VmPeer *self);
gboolean vm_peer_is_channel_open (VmPeer *self, const gchar *label);
/* The address, as text, on which the peer was found to be: NULL before it is
 * connected, or where a relay stands between. */
const gchar *vm_peer_get_remote_address (VmPeer *self);

/* Lost sound is waited for that long from now on; only where a time was set. */
void vm_peer_set_sound_wait (VmPeer *self, guint ms);

/* Structure "vm-peer-stats": rtt-ms and jitter-ms (double, -1 unknown),
 * bytes-sent, bytes-received, packets-sent, packets-received (uint64),
 * packets-lost (int64), path (string), connect-ms (int, -1 not yet), and
 * {video,audio}-frames-{sent,received,dropped} (uint64). */
GstStructure *vm_peer_get_stats (VmPeer *self);
/* What was sent last is to arrive: once closed, the connection itself stays for
 * a moment, and hears nothing. */
void vm_peer_linger (VmPeer *self);
/* No sample function runs after it returns; teardown goes on on a worker. */
void vm_peer_close (VmPeer *self);
/* Waits for all workers, up to timeout; FALSE when some still run. For the
 * end of a process. */
gboolean vm_peer_join_workers (GstClockTime timeout);
