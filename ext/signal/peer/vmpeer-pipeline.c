/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define GST_USE_UNSTABLE_API
#include "peer/vmpeer-priv.h"
#include "rtp/vmrtpsession.h"

#include <gst/videomeet/base/vmthread-priv.h>

#include <gst/rtp/rtp.h>
#include <gst/webrtc/webrtc.h>
#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

static void
connection_changed (VmPeer *self, gpointer data)
{
  GstWebRTCPeerConnectionState state = 0;

  g_object_get (self->webrtc, "connection-state", &state, NULL);
  GST_DEBUG_OBJECT (self->pipeline, "connection-state %d", state);
  if (state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED)
    vm_peer_check_connected (self);
  else if (state == GST_WEBRTC_PEER_CONNECTION_STATE_FAILED
           || state == GST_WEBRTC_PEER_CONNECTION_STATE_CLOSED)
    vm_peer_fail (self, VM_ERROR_DISCONNECTED,
        self->connected_time ? "The connection to the other side is lost"
                             : "No network path to the other side works");
}

static void
on_connection_state (GstElement *webrtc, GParamSpec *pspec, VmPeerLink *link)
{
  vm_peer_link_post (link, connection_changed, NULL, NULL);
}

static void
pipeline_error (VmPeer *self, gpointer data)
{
  const GError *error = data;

  vm_peer_fail (self, VM_ERROR_FAILED,
      "The connection to the other side broke down: %s", error->message);
}

static gboolean
has_factory (GstElement *element, const gchar *name)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  return factory && g_str_equal (GST_OBJECT_NAME (factory), name);
}

/* A page that closes its connection aborts SCTP before it says goodbye. */
static gboolean
is_of_sctp (GstMessage *message)
{
  return GST_IS_ELEMENT (message->src)
         && has_factory (GST_ELEMENT (message->src), "sctpenc");
}

/* In the thread that begins or ends. GStreamer may give it to anybody
 * afterwards. What comes from the network goes first, and not those of SCTP,
 * which have the work of files. */
static void
set_turns (GstMessage *message)
{
  GstStreamStatusType type;
  GstElement *owner;

  gst_message_parse_stream_status (message, &type, &owner);
  if (type == GST_STREAM_STATUS_TYPE_LEAVE) {
    vm_thread_go_along ();
    vm_thread_take_usual_turns ();
  } else if (type == GST_STREAM_STATUS_TYPE_ENTER
             && (has_factory (owner, "nicesrc")
                 || has_factory (owner, "rtpjitterbuffer"))) {
    vm_thread_go_first ();
  } else if (type == GST_STREAM_STATUS_TYPE_ENTER) {
    vm_thread_take_short_turns ();
  }
}

/* Nobody reads this bus: errors become failures of the peer, the rest goes. */
static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  VmPeerLink *link = user_data;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    GError *error = NULL;
    g_autofree gchar *debug = NULL;

    gst_message_parse_error (message, &error, &debug);
    GST_WARNING_OBJECT (message->src, "%s (%s)", error->message, debug);
    vm_peer_link_post (link,
        is_of_sctp (message) ? vm_peer_closed_by_other : pipeline_error, error,
        (GDestroyNotify) g_error_free);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STREAM_STATUS) {
    set_turns (message);
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

/* A jitter buffer holds its first packet back for the whole latency, in case
 * an earlier one is on its way. The first is the start of the key frame that
 * was asked for, and everybody waits for it. And webrtcbin lets each of them
 * ask for lost packets or not by whatever stream it knows last. And it guesses
 * when the next packet should be there, and counts it as lost a latency after
 * that, as too late when it comes: once pictures come that much later than they
 * began to, the first packet of each is thrown away, for ever. One is missing
 * when a later one is there. */
static void
on_jitterbuffer (
    GstElement *rtpbin, GstElement *jitterbuffer, guint session, guint ssrc)
{
  g_object_set (jitterbuffer, "faststart-min-packets", 1, "do-retransmission",
      TRUE, "rtx-next-seqnum", FALSE, NULL);
}

/* How long a lost packet of sound is waited for.
 *
 * A jitter buffer has one latency for two things: so long it waits for a packet
 * that is missing, and when one comes that much later than its time, it takes
 * the stream for one that begins anew. Sound that is lost is made up for when
 * it is due, sooner than that. So the latency is the short one while a packet
 * shows that another is missing, by which the wait for that one is set, and the
 * long one otherwise. Lost sound is not asked for again. */

/* Elements and ghost pads between a pad of webrtcbin and its jitter buffer. */
#define PADS_MAX 8

typedef struct
{
  VmPeerLink *link;
  gboolean begun;
  guint16 next; /* sequence number */
  guint latency_ms;
} Wait;

static void
wait_free (gpointer data)
{
  Wait *wait = data;

  vm_peer_link_unref (wait->link);
  g_free (wait);
}

/* Whether a packet is missing before the one with @seqnum, or it is late. */
static gboolean
take_seqnum (Wait *wait, guint16 seqnum)
{
  gint gap = wait->begun ? (gint16) (guint16) (seqnum - wait->next) : 0;

  if (gap >= 0)
    wait->next = seqnum + 1;
  wait->begun = TRUE;
  return gap != 0;
}

static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Wait *wait = user_data;
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  g_autoptr (GstElement) jitterbuffer = NULL;
  guint latency_ms;

  if (!gst_rtp_buffer_map (
          GST_PAD_PROBE_INFO_BUFFER (info), GST_MAP_READ, &rtp))
    return GST_PAD_PROBE_OK;
  latency_ms = take_seqnum (wait, gst_rtp_buffer_get_seq (&rtp))
                   ? (guint) g_atomic_int_get (&wait->link->sound_wait_ms)
                   : VM_PEER_SOUND_LATE_MS;
  gst_rtp_buffer_unmap (&rtp);
  if (latency_ms == wait->latency_ms
      || !(jitterbuffer = gst_pad_get_parent_element (pad)))
    return GST_PAD_PROBE_OK;
  wait->latency_ms = latency_ms;
  g_object_set (jitterbuffer, "latency", latency_ms, NULL);
  return GST_PAD_PROBE_OK;
}

/* Transfer full, or NULL: what is before @pad. */
static GstPad *
step_back (GstPad *pad, GstElement **jitterbuffer)
{
  g_autoptr (GstElement) parent = NULL;
  g_autoptr (GstPad) sink = NULL;
  GstElementFactory *factory;

  if (GST_IS_GHOST_PAD (pad))
    return gst_ghost_pad_get_target (GST_GHOST_PAD (pad));
  parent = gst_pad_get_parent_element (pad);
  factory = parent ? gst_element_get_factory (parent) : NULL;
  if (factory && strcmp (GST_OBJECT_NAME (factory), "rtpjitterbuffer") == 0) {
    *jitterbuffer = g_steal_pointer (&parent);
    return NULL;
  }
  sink = parent ? gst_element_get_static_pad (parent, "sink") : NULL;
  return sink ? gst_pad_get_peer (sink) : NULL;
}

static GstElement *
find_jitterbuffer (GstPad *pad)
{
  g_autoptr (GstPad) at = gst_object_ref (pad);
  GstElement *jitterbuffer = NULL;

  for (guint i = 0; i < PADS_MAX && at; i++) {
    GstPad *before = step_back (at, &jitterbuffer);

    gst_object_unref (at);
    at = before;
  }
  return jitterbuffer;
}

void
vm_peer_wait_watch (VmPeerLink *link, GstPad *pad)
{
  g_autoptr (GstElement) jitterbuffer = find_jitterbuffer (pad);
  g_autoptr (GstPad) sink = NULL;
  Wait *wait;

  if (!jitterbuffer)
    return;
  wait = g_new0 (Wait, 1);
  wait->link = vm_peer_link_ref (link);
  wait->latency_ms = VM_PEER_SOUND_LATE_MS;
  g_object_set (jitterbuffer, "latency", VM_PEER_SOUND_LATE_MS,
      "do-retransmission", FALSE, NULL);
  sink = gst_element_get_static_pad (jitterbuffer, "sink");
  gst_pad_add_probe (
      sink, GST_PAD_PROBE_TYPE_BUFFER, on_packet, wait, wait_free);
}

void
vm_peer_set_sound_wait (VmPeer *self, guint ms)
{
  g_return_if_fail (VM_IS_PEER (self));

  g_atomic_int_set (&self->link->sound_wait_ms, (gint) ms);
}

static void
on_rtpbin_element (GstBin *rtpbin, GstElement *element, VmPeerLink *link)
{
  g_autoptr (GObject) session = NULL;

  if (g_strcmp0 (
          GST_OBJECT_NAME (gst_element_get_factory (element)), "rtpsession")
      != 0)
    return;
  g_object_get (element, "internal-session", &session, NULL);
  /* the session holds the link: by the signals that follow */
  vm_rtp_session_setup (element, &link->twcc_ids);
  vm_peer_remb_watch (link, session);
  vm_peer_loss_watch (link, session);
}

static void
leave_out (GstElement *webrtc, GstElement *rtpbin, const gchar *signal)
{
  guint id = g_signal_lookup (signal, G_OBJECT_TYPE (rtpbin));

  if (id)
    g_signal_handlers_disconnect_matched (rtpbin,
        G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_DATA, id, 0, NULL, NULL, webrtc);
}

/* Of what webrtcbin does on rtpbin's signals, this is left out.
 *
 * Nobody here sends FEC in packets of its own (RFC 5109), yet webrtcbin puts a
 * decoder of it behind each SSRC that comes in, which passes everything on.
 * rtpbin adds them to a list without a lock, in the thread of each SSRC: of two
 * that begin at once one may be lost, which is never removed and holds a packet
 * for ever. So none is asked for.
 *
 * webrtcbin learns from the description which SSRC is which stream, and forgets
 * it once the session takes that SSRC for gone, which it does at once where a
 * browser's report of a screen comes before the screen's first packet: that
 * would be taken for the first stream, which is sound. */
static void
leave_out_handlers (GstElement *webrtc, GstElement *rtpbin)
{
  leave_out (webrtc, rtpbin, "request-fec-decoder-full");
  leave_out (webrtc, rtpbin, "on-sender-timeout");
  leave_out (webrtc, rtpbin, "on-timeout");
}

/* rtpbin makes a jitter buffer for each SSRC that comes in. */
static void
setup_rtpbin (VmPeerLink *link, GstElement *webrtc, guint max_streams)
{
  g_autoptr (GstElement) rtpbin =
      gst_bin_get_by_name (GST_BIN (webrtc), "rtpbin");

  if (!rtpbin)
    return;
  g_object_set (rtpbin, "max-streams", max_streams, NULL);
  leave_out_handlers (webrtc, rtpbin);
  g_signal_connect (
      rtpbin, "new-jitterbuffer", G_CALLBACK (on_jitterbuffer), NULL);
  g_signal_connect_data (rtpbin, "element-added",
      G_CALLBACK (on_rtpbin_element), vm_peer_link_ref (link),
      vm_peer_link_unref_closure, 0);
}

static void
set_servers (VmPeer *self)
{
  if (self->stun_server && self->paths & VM_PATH_SRFLX)
    g_object_set (self->webrtc, "stun-server", self->stun_server, NULL);
  if (!(self->paths & VM_PATH_DIRECT))
    gst_util_set_object_arg (
        G_OBJECT (self->webrtc), "ice-transport-policy", "relay");
}

/* From a base time that is still to come there is no running time, and
 * rtptwcc.c of 1.22.0 then adds up its intervals for ever. */
static GstClockTime
not_to_come (GstClock *clock, GstClockTime base_time)
{
  return MIN (base_time, gst_clock_get_time (clock));
}

gboolean
vm_peer_pipeline_build (
    VmPeer *self, GstClock *clock, GstClockTime base_time, GError **error)
{
  g_autofree gchar *name = g_strdup_printf ("vm-peer-%s", self->name);
  g_autoptr (GstClock) own_clock = NULL;
  g_autoptr (GstBus) bus = NULL;
  GstElement *webrtc = gst_element_factory_make ("webrtcbin", NULL);

  if (!webrtc) {
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "GStreamer's element webrtcbin is not installed");
    return FALSE;
  }
  if (!clock) {
    own_clock = gst_system_clock_obtain ();
    base_time = gst_clock_get_time (own_clock);
    clock = own_clock;
  }
  self->pipeline = gst_object_ref_sink (gst_pipeline_new (name));
  self->webrtc = webrtc;
  gst_pipeline_use_clock (GST_PIPELINE (self->pipeline), clock);
  gst_element_set_start_time (self->pipeline, GST_CLOCK_TIME_NONE);
  gst_element_set_base_time (self->pipeline, not_to_come (clock, base_time));

  bus = gst_pipeline_get_bus (GST_PIPELINE (self->pipeline));
  gst_bus_set_sync_handler (bus, on_message, vm_peer_link_ref (self->link),
      (GDestroyNotify) vm_peer_link_unref);

  /* before webrtcbin makes its transports */
  vm_peer_dtls_watch (self);
  g_object_set (webrtc, "latency", self->latency_ms, NULL);
  gst_util_set_object_arg (G_OBJECT (webrtc), "bundle-policy", "max-bundle");
  setup_rtpbin (self->link, webrtc,
      self->many ? VM_PEER_SSRCS_OF_MANY : VM_PEER_SSRCS_MAX);
  gst_bin_add (GST_BIN (self->pipeline), webrtc);
  set_servers (self);

  g_signal_connect_data (webrtc, "notify::connection-state",
      G_CALLBACK (on_connection_state), vm_peer_link_ref (self->link),
      vm_peer_link_unref_closure, 0);
  g_signal_connect_data (webrtc, "pad-added",
      G_CALLBACK (vm_peer_media_pad_added), vm_peer_link_ref (self->link),
      vm_peer_link_unref_closure, 0);
  vm_peer_channels_watch (self);
  return TRUE;
}

/* The rest is the worker's: webrtcbin joins its threads on the way down. */
void
vm_peer_pipeline_stop (VmPeer *self)
{
  GstElement *webrtc = g_steal_pointer (&self->webrtc);

  if (self->pipeline)
    vm_peer_worker_close (
        g_steal_pointer (&self->pipeline), webrtc, self->link);
}

void
vm_peer_set_clock (VmPeer *self, GstClock *clock, GstClockTime base_time)
{
  g_autoptr (GstIterator) it = NULL;
  g_auto (GValue) item = G_VALUE_INIT;

  g_return_if_fail (VM_IS_PEER (self));

  if (!self->pipeline)
    return;
  base_time = not_to_come (clock, base_time);
  gst_pipeline_use_clock (GST_PIPELINE (self->pipeline), clock);
  gst_element_set_clock (self->pipeline, clock);
  gst_element_set_base_time (self->pipeline, base_time);
  /* a bin hands its base time down only when it changes state */
  it = gst_bin_iterate_recurse (GST_BIN (self->pipeline));
  for (;;) {
    switch (gst_iterator_next (it, &item)) {
      case GST_ITERATOR_OK:
        gst_element_set_base_time (g_value_get_object (&item), base_time);
        g_value_reset (&item);
        break;
      case GST_ITERATOR_RESYNC:
        gst_iterator_resync (it);
        break;
      default:
        return;
    }
  }
}
