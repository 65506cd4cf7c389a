/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-loss.h"
#include "peer/vmpeer-priv.h"

#include <gst/rtp/gstrtcpbuffer.h>
#include <gst/rtp/gstrtpbuffer.h>

/* Not by the statistics of the RTP session: they keep one report of each
 * reporter, and with a picture beside the sound that may be of the picture. */

#define FRACTION_ONE 256 /* all is lost */
#define INFO "vm-lost"

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

/* --- of what comes --- */

void
vm_peer_lost_add (VmPeerLost *self, GstBuffer *buffer)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  guint16 number, gap;
  guint32 ssrc;

  if (!gst_rtp_buffer_map (buffer, GST_MAP_READ, &rtp))
    return;
  number = gst_rtp_buffer_get_seq (&rtp);
  ssrc = gst_rtp_buffer_get_ssrc (&rtp);
  gst_rtp_buffer_unmap (&rtp);
  gap = self->begun && ssrc == self->ssrc ? number - self->next : 0;
  if (gap <= VM_PEER_LOST_MAX)
    self->lost = MIN (self->lost + gap, VM_PEER_LOST_MAX);
  *self = (VmPeerLost){ TRUE, ssrc, number + 1, self->lost };
}

guint
vm_peer_lost_take (VmPeerLost *self)
{
  guint lost = self->lost;

  self->lost = 0;
  return lost;
}

GstStructure *
vm_peer_lost_to_info (guint lost)
{
  return lost ? gst_structure_new (INFO, "packets", G_TYPE_UINT, lost, NULL)
              : NULL;
}

guint
vm_peer_sample_get_lost (GstSample *sample)
{
  const GstStructure *info = gst_sample_get_info (sample);
  guint lost = 0;

  if (info && gst_structure_has_name (info, INFO))
    gst_structure_get_uint (info, "packets", &lost);
  return lost;
}

static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmPeerBranch *branch = user_data;

  vm_peer_lost_add (
      &branch->link->in[branch->stream].lost, GST_PAD_PROBE_INFO_BUFFER (info));
  return GST_PAD_PROBE_OK;
}

void
vm_peer_lost_watch (VmPeer *self, VmPeerStream stream, GstPad *pad)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_packet,
      vm_peer_branch_new (self->link, stream), vm_peer_branch_free);
}
