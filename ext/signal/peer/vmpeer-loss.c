/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-loss.h"
#include "peer/vmpeer-priv.h"

#include <gst/rtp/gstrtcpbuffer.h>

/* Not by the statistics of the RTP session: they keep one report of each
 * reporter, and with a picture beside the sound that may be of the picture. */

#define FRACTION_ONE 256 /* all is lost */

typedef struct
{
  guint ssrc, percent;
  gboolean found;
} Search;

static void
take_block (Search *search, guint32 ssrc, guint8 fraction)
{
  if (ssrc != search->ssrc)
    return;
  search->percent = (fraction * 100u + FRACTION_ONE / 2) / FRACTION_ONE;
  search->found = TRUE;
}

static void
take_packet (GstRTCPPacket *packet, Search *search)
{
  GstRTCPType type = gst_rtcp_packet_get_type (packet);
  guint n = type == GST_RTCP_TYPE_SR || type == GST_RTCP_TYPE_RR
                ? gst_rtcp_packet_get_rb_count (packet)
                : 0;

  for (guint i = 0; i < n; i++) {
    guint32 ssrc, last_seq, jitter, lsr, dlsr;
    guint8 fraction;
    gint32 lost;

    gst_rtcp_packet_get_rb (
        packet, i, &ssrc, &fraction, &lost, &last_seq, &jitter, &lsr, &dlsr);
    take_block (search, ssrc, fraction);
  }
}

gboolean
vm_peer_loss_read (GstBuffer *rtcp, guint ssrc, guint *percent)
{
  GstRTCPBuffer buffer = GST_RTCP_BUFFER_INIT;
  Search search = { .ssrc = ssrc };
  GstRTCPPacket packet;

  if (!gst_rtcp_buffer_validate_reduced (rtcp)
      || !gst_rtcp_buffer_map (rtcp, GST_MAP_READ, &buffer))
    return FALSE;
  if (gst_rtcp_buffer_get_first_packet (&buffer, &packet)) {
    do
      take_packet (&packet, &search);
    while (gst_rtcp_packet_move_to_next (&packet));
  }
  gst_rtcp_buffer_unmap (&buffer);
  if (search.found)
    *percent = search.percent;
  return search.found;
}

/* A streaming thread. */
static void
on_receiving_rtcp (GObject *session, GstBuffer *buffer, gpointer user_data)
{
  VmPeerLink *link = user_data;
  guint ssrc = (guint) g_atomic_int_get (&link->audio_ssrc);
  guint percent;

  if (ssrc && vm_peer_loss_read (buffer, ssrc, &percent))
    g_atomic_int_set (&link->loss, (gint) percent);
}

void
vm_peer_loss_watch (VmPeerLink *link, GObject *session)
{
  g_signal_connect_data (session, "on-receiving-rtcp",
      G_CALLBACK (on_receiving_rtcp), vm_peer_link_ref (link),
      vm_peer_link_unref_closure, 0);
}
