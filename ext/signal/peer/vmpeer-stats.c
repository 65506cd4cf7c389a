/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-priv.h"

/* webrtcbin's own get-stats overwrites one m-line's figures with another's
 * under BUNDLE, and races its stop. The internal RTP session says it all, and
 * is asked directly: 0.1 ms. */

typedef struct
{
  guint64 bytes_sent, bytes_received, packets_sent, packets_received;
  gint64 packets_lost;
  gdouble jitter_ms;
} Totals;

static guint64
get_uint64 (const GstStructure *s, const gchar *field)
{
  guint64 value = 0;

  gst_structure_get_uint64 (s, field, &value);
  return value;
}

static void
add_source (const GstStructure *source, Totals *totals)
{
  gboolean internal = FALSE;
  gint lost = 0, rate = 0;
  guint jitter = 0;

  gst_structure_get_boolean (source, "internal", &internal);
  if (internal) {
    totals->bytes_sent += get_uint64 (source, "octets-sent");
    totals->packets_sent += get_uint64 (source, "packets-sent");
    return;
  }
  totals->bytes_received += get_uint64 (source, "octets-received");
  totals->packets_received += get_uint64 (source, "packets-received");
  /* RFC 3550 §6.4.1: negative when packets came twice */
  if (gst_structure_get_int (source, "packets-lost", &lost))
    totals->packets_lost += MAX (lost, 0);
  if (gst_structure_get_uint (source, "jitter", &jitter)
      && gst_structure_get_int (source, "clock-rate", &rate) && rate > 0)
    totals->jitter_ms = MAX (totals->jitter_ms, jitter * 1000.0 / rate);
}

static void
read_session (VmPeer *self, Totals *totals)
{
  g_autoptr (GstElement) rtpbin =
      gst_bin_get_by_name (GST_BIN (self->webrtc), "rtpbin");
  g_autoptr (GObject) session = NULL;
  g_autoptr (GstStructure) stats = NULL;
  const GValue *value;

  if (rtpbin)
    g_signal_emit_by_name (rtpbin, "get-internal-session", 0u, &session);
  if (session)
    g_object_get (session, "stats", &stats, NULL);
  value = stats ? gst_structure_get_value (stats, "source-stats") : NULL;
  if (!value)
    return;
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  GValueArray *sources = g_value_get_boxed (value);

  for (guint i = 0; i < sources->n_values; i++)
    add_source (g_value_get_boxed (g_value_array_get_nth (sources, i)), totals);
  G_GNUC_END_IGNORE_DEPRECATIONS
}

GstStructure *
vm_peer_stats_read (VmPeer *self)
{
  Totals totals = { .jitter_ms = -1 };
  VmPeerOut *out = self->link->out;
  VmPeerIn *in = self->link->in;
  GstStructure *stats;

  if (self->webrtc && self->state >= VM_PEER_STATE_CONNECTED)
    read_session (self, &totals);
  stats = gst_structure_new ("vm-peer-stats", "rtt-ms", G_TYPE_DOUBLE,
      self->rtt_ms, "jitter-ms", G_TYPE_DOUBLE, totals.jitter_ms, "bytes-sent",
      G_TYPE_UINT64, totals.bytes_sent, "bytes-received", G_TYPE_UINT64,
      totals.bytes_received, "packets-sent", G_TYPE_UINT64, totals.packets_sent,
      "packets-received", G_TYPE_UINT64, totals.packets_received,
      "packets-lost", G_TYPE_INT64, totals.packets_lost, "path", G_TYPE_STRING,
      self->path.kind ? self->path.kind : "", "connect-ms", G_TYPE_INT,
      self->connected_time
          ? (gint) ((self->connected_time - self->start_time) / 1000)
          : -1,
      NULL);
  g_mutex_lock (&self->link->lock);
  gst_structure_set (stats, "video-frames-sent", G_TYPE_UINT64,
      out[VM_PEER_VIDEO].sent + out[VM_PEER_SCREEN].sent,
      "video-frames-dropped", G_TYPE_UINT64,
      out[VM_PEER_VIDEO].dropped + out[VM_PEER_SCREEN].dropped,
      "video-frames-received", G_TYPE_UINT64,
      in[VM_PEER_VIDEO].received + in[VM_PEER_SCREEN].received,
      "audio-frames-sent", G_TYPE_UINT64, out[VM_PEER_AUDIO].sent,
      "audio-frames-dropped", G_TYPE_UINT64, out[VM_PEER_AUDIO].dropped,
      "audio-frames-received", G_TYPE_UINT64, in[VM_PEER_AUDIO].received, NULL);
  g_mutex_unlock (&self->link->lock);
  return stats;
}
