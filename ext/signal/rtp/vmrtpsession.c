/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "rtp/vmrtpsession.h"
#include "rtp/vmtwcc.h"

#include <gst/rtp/rtp.h>
#include <string.h>

#define KNOWN 64 /* SSRCs that were seen of late, by their hash */
#define REPORT_BLOCK 24 /* bytes */
#define FB_HEADER 12 /* up to the SSRC of the media */
#define FB_TYPE_UNASSIGNED 31 /* RFC 4585 §6.2: reserved for extensions */

/* What stands before one session. Its lock is never held while the session is
 * called. */
typedef struct
{
  gatomicrefcount ref_count;
  GObject *session; /* as long as a probe runs */
  const gint *twcc_ids;
  gint full; /* atomic: no more numbers may be sent */
  /* of the thread that receives RTP */
  VmTwccIn in;
  guint32 known[KNOWN];

  GMutex lock; /* for what follows */
  VmTwccOut out;
  guint32 own[VM_RTP_OWN_SSRCS_MAX];
  guint n_own;
  VmNacks nacks;
} Guard;

static Guard *
guard_ref (Guard *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
guard_unref (gpointer data)
{
  Guard *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
guard_unref_closure (gpointer data, GClosure *closure)
{
  guard_unref (data);
}

/* --- the extension --- */

/* The number of a packet, in place; NULL: it has none, or descriptions do not
 * agree which extension it is. */
static guint8 *
find_number (GstRTPBuffer *rtp, guint ids)
{
  gpointer data;
  guint size;

  return ids && !(ids & (ids - 1))
                 && gst_rtp_buffer_get_extension_onebyte_header (
                     rtp, g_bit_nth_lsf (ids, -1), 0, &data, &size)
                 && size == 2
             ? data
             : NULL;
}

static GstBuffer *
with_number (GstBuffer *buffer, guint ids, guint16 number)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;

  buffer = gst_buffer_make_writable (buffer);
  if (gst_rtp_buffer_map (buffer, GST_MAP_READWRITE, &rtp)) {
    guint8 *data = find_number (&rtp, ids);

    data[0] = number >> 8;
    data[1] = number;
    gst_rtp_buffer_unmap (&rtp);
  }
  return buffer;
}

/* Zeros are padding (RFC 8285 §4.2). */
static GstBuffer *
without_numbers (GstBuffer *buffer, guint ids)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  gpointer data;
  guint size;

  buffer = gst_buffer_make_writable (buffer);
  if (!gst_rtp_buffer_map (buffer, GST_MAP_READWRITE, &rtp))
    return buffer;
  for (gint id = -1; (id = g_bit_nth_lsf (ids, id)) >= 0;) {
    while (
        gst_rtp_buffer_get_extension_onebyte_header (&rtp, id, 0, &data, &size))
      memset ((guint8 *) data - 1, 0, size + 1);
  }
  gst_rtp_buffer_unmap (&rtp);
  return buffer;
}

/* --- who sends --- */

/* With the lock held. */
static gboolean
is_own (const Guard *self, guint32 ssrc)
{
  for (guint i = 0; i < self->n_own; i++)
    if (self->own[i] == ssrc)
      return TRUE;
  return FALSE;
}

static void
on_new_sender (GObject *session, GObject *source, gpointer user_data)
{
  Guard *self = user_data;
  guint ssrc = 0;

  g_object_get (source, "ssrc", &ssrc, NULL);
  g_mutex_lock (&self->lock);
  if (self->n_own < VM_RTP_OWN_SSRCS_MAX)
    self->own[self->n_own++] = ssrc;
  g_mutex_unlock (&self->lock);
}

/* A session compares each source that it adds with all others. */
static gboolean
has_room (const Guard *self)
{
  guint n = 0;

  g_object_get (self->session, "num-sources", &n, NULL);
  return n < VM_RTP_SOURCES_MAX;
}

static guint32 *
find_known (Guard *self, guint32 ssrc)
{
  return &self->known[(ssrc * 2654435761u) >> 26];
}

/* --- probes: TRUE to go on --- */

typedef gboolean (*Take) (Guard *self, GstPad *pad, GstBuffer **buffer);

/* By which the session decides when to report: the time of the buffer. */
static GstClockTime
time_of (GstPad *pad, GstBuffer *buffer)
{
  g_autoptr (GstElement) element = NULL;

  if (GST_BUFFER_PTS_IS_VALID (buffer))
    return GST_BUFFER_PTS (buffer);
  element = gst_pad_get_parent_element (pad);
  return element ? gst_element_get_current_running_time (element)
                 : GST_CLOCK_TIME_NONE;
}

/* @number: of @buffer; NULL: none that the session would find. */
static GstBuffer *
bound_numbers (Guard *self, GstPad *pad, GstBuffer *buffer, guint ids,
    const guint16 *number)
{
  guint16 shown = number ? *number : 0;

  if (!number)
    return ids & (ids - 1) ? without_numbers (buffer, ids) : buffer;
  if (!vm_twcc_in_take (&self->in, &shown, time_of (pad, buffer)))
    return without_numbers (buffer, ids);
  return shown == *number ? buffer : with_number (buffer, ids, shown);
}

static gboolean
take_rtp (Guard *self, GstPad *pad, GstBuffer **buffer)
{
  guint ids = (guint) g_atomic_int_get (self->twcc_ids);
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  gboolean mixed, own;
  guint32 ssrc, *known;
  const guint8 *data;
  guint16 number;

  /* the session would read it as RTCP */
  if (!gst_rtp_buffer_map (*buffer, GST_MAP_READ, &rtp))
    return FALSE;
  ssrc = gst_rtp_buffer_get_ssrc (&rtp);
  /* each contributing source becomes one of the session */
  mixed = gst_rtp_buffer_get_csrc_count (&rtp) > 0;
  data = find_number (&rtp, ids);
  number = data ? vm_twcc_read (data) : 0;
  gst_rtp_buffer_unmap (&rtp);

  g_mutex_lock (&self->lock);
  own = is_own (self, ssrc);
  g_mutex_unlock (&self->lock);
  known = find_known (self, ssrc);
  /* what has an SSRC of its own the session would send back */
  if (own || ((*known != ssrc || mixed) && !has_room (self)))
    return FALSE;
  *known = ssrc;
  *buffer = bound_numbers (self, pad, *buffer, ids, data ? &number : NULL);
  return TRUE;
}

static gboolean
take_sent (Guard *self, GstPad *pad, GstBuffer **buffer)
{
  guint ids = (guint) g_atomic_int_get (self->twcc_ids);
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  const guint8 *data;

  if (!ids || !gst_rtp_buffer_map (*buffer, GST_MAP_READ, &rtp))
    return TRUE;
  data = find_number (&rtp, ids);
  if (data) {
    g_mutex_lock (&self->lock);
    vm_twcc_out_sent (&self->out, vm_twcc_read (data), g_get_monotonic_time ());
    g_atomic_int_set (&self->full, !vm_twcc_out_is_reported (&self->out));
    g_mutex_unlock (&self->lock);
  }
  gst_rtp_buffer_unmap (&rtp);
  return TRUE;
}

/* The session keeps what it knows of each number until that is reported. */
static gboolean
take_to_send (Guard *self, GstPad *pad, GstBuffer **buffer)
{
  guint ids = (guint) g_atomic_int_get (self->twcc_ids);

  if (ids && g_atomic_int_get (&self->full))
    *buffer = without_numbers (*buffer, ids);
  return TRUE;
}

/* --- RTCP --- */

static gboolean
check_report (Guard *self, GstRTCPPacket *packet)
{
  gboolean sr = packet->type == GST_RTCP_TYPE_SR;
  guint32 ssrc;

  if (sr)
    gst_rtcp_packet_sr_get_sender_info (packet, &ssrc, NULL, NULL, NULL, NULL);
  else
    ssrc = gst_rtcp_packet_rr_get_ssrc (packet);
  return (sr ? 24 : 4) + packet->count * REPORT_BLOCK <= packet->length * 4u
         && !is_own (self, ssrc);
}

/* Private items (RFC 3550 §6.5.8) have a length of their own, which the session
 * believes, and names, which it never forgets. */
static gboolean
check_item (GstRTCPPacket *packet)
{
  const guint8 *end =
      packet->rtcp->map.data + packet->offset + 4 + packet->length * 4;
  guint8 size, *text;
  GstRTCPSDESType type;

  if (!gst_rtcp_packet_sdes_get_entry (packet, &type, &size, &text))
    return TRUE;
  if (text > end || size > end - text)
    return FALSE;
  if (type == GST_RTCP_SDES_PRIV)
    text[-2] = GST_RTCP_SDES_NOTE;
  return TRUE;
}

static gboolean
check_sdes (Guard *self, GstRTCPPacket *packet)
{
  gboolean more = gst_rtcp_packet_sdes_first_item (packet);

  for (; more; more = gst_rtcp_packet_sdes_next_item (packet)) {
    gboolean item;

    if (packet->item_offset + 4 > packet->length * 4 + 4
        || is_own (self, gst_rtcp_packet_sdes_get_ssrc (packet)))
      return FALSE;
    item = gst_rtcp_packet_sdes_first_entry (packet);
    for (; item; item = gst_rtcp_packet_sdes_next_entry (packet))
      if (!check_item (packet))
        return FALSE;
  }
  return TRUE;
}

/* A feedback that may not be seen becomes one that nobody knows. */
static gboolean
check_feedback (Guard *self, GstRTCPPacket *packet)
{
  guint8 *data = packet->rtcp->map.data + packet->offset;
  gsize size = packet->length * 4u + 4 - FB_HEADER;
  gint64 now = g_get_monotonic_time ();

  if ((packet->count == GST_RTCP_RTPFB_TYPE_TWCC
          && !vm_twcc_out_check (&self->out, data + FB_HEADER, size, now))
      || (packet->count == GST_RTCP_RTPFB_TYPE_NACK
          && !vm_nacks_take (&self->nacks, data + FB_HEADER, size, now)))
    data[0] = (data[0] & 0xe0) | FB_TYPE_UNASSIGNED;
  return TRUE;
}

static gboolean
check_packet (Guard *self, GstRTCPPacket *packet)
{
  switch (packet->type) {
    case GST_RTCP_TYPE_SR:
    case GST_RTCP_TYPE_RR:
      return check_report (self, packet);
    case GST_RTCP_TYPE_SDES:
      return check_sdes (self, packet);
    case GST_RTCP_TYPE_RTPFB:
      return check_feedback (self, packet);
    default:
      return TRUE;
  }
}

static gboolean
take_rtcp (Guard *self, GstPad *pad, GstBuffer **buffer)
{
  GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
  GstRTCPPacket packet;
  gboolean good, more;

  if (!gst_rtcp_buffer_validate_reduced (*buffer) || !has_room (self))
    return FALSE;
  *buffer = gst_buffer_make_writable (*buffer);
  if (!gst_rtcp_buffer_map (*buffer, GST_MAP_READWRITE, &rtcp))
    return FALSE;
  g_mutex_lock (&self->lock);
  good = more = gst_rtcp_buffer_get_first_packet (&rtcp, &packet);
  for (; good && more; more = gst_rtcp_packet_move_to_next (&packet))
    good = check_packet (self, &packet);
  g_mutex_unlock (&self->lock);
  gst_rtcp_buffer_unmap (&rtcp);
  return good;
}

/* --- where they stand --- */

static const struct
{
  const gchar *pad;
  Take take;
} takes[] = {
  { "recv_rtp_sink", take_rtp },
  { "recv_rtcp_sink", take_rtcp },
  { "send_rtp_sink", take_to_send },
  { "send_rtp_src", take_sent },
};

typedef struct
{
  Guard *guard;
  GstPad *pad; /* that has the probe */
  Take take;
} Probe;

static void
probe_free (gpointer data)
{
  Probe *probe = data;

  guard_unref (probe->guard);
  g_free (probe);
}

static gboolean
take_of_list (GstBuffer **buffer, guint index, gpointer user_data)
{
  Probe *probe = user_data;

  if (!probe->take (probe->guard, probe->pad, buffer))
    gst_clear_buffer (buffer);
  return TRUE;
}

static GstPadProbeReturn
on_data (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Probe *probe = user_data;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    info->data = gst_buffer_list_make_writable (info->data);
    gst_buffer_list_foreach (info->data, take_of_list, probe);
    return GST_PAD_PROBE_OK;
  }
  return probe->take (probe->guard, pad, (GstBuffer **) &info->data)
             ? GST_PAD_PROBE_OK
             : GST_PAD_PROBE_DROP;
}

static void
on_pad_added (GstElement *rtpsession, GstPad *pad, gpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (takes); i++) {
    Probe *probe;

    if (g_strcmp0 (GST_PAD_NAME (pad), takes[i].pad) != 0)
      continue;
    probe = g_new (Probe, 1);
    *probe = (Probe){ guard_ref (user_data), pad, takes[i].take };
    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_data,
        probe, probe_free);
  }
}

/* Two things an RTP session does not well by itself. It reports each picture's
 * arrival in a packet of its own, which is a sixth of the cost of sending in a
 * meeting of ten. And it allows itself a twentieth of what flows for all its
 * reports, so that with small pictures a request for a lost packet waits longer
 * than the jitter buffer. Regular reports do not become more by that: RFC 4585
 * §3.5.3 holds them back. */
void
vm_rtp_session_setup (GstElement *rtpsession, const gint *twcc_ids)
{
  g_autoptr (GObject) session = NULL;
  Guard *self = g_new0 (Guard, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->twcc_ids = twcc_ids;
  g_object_get (rtpsession, "internal-session", &session, NULL);
  self->session = session;
  g_object_set (session, "rtcp-mtu", VM_RTCP_MTU, "twcc-feedback-interval",
      (guint64) VM_TWCC_MS * GST_MSECOND, "rtcp-fraction",
      (gdouble) VM_RTCP_BITRATE, NULL);
  g_signal_connect_data (session, "on-new-sender-ssrc",
      G_CALLBACK (on_new_sender), guard_ref (self), guard_unref_closure, 0);
  g_signal_connect_data (rtpsession, "pad-added", G_CALLBACK (on_pad_added),
      self, guard_unref_closure, 0);
}
