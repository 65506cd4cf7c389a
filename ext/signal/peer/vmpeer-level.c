/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-priv.h"

#include <gst/audio/audio.h>
#include <gst/rtp/rtp.h>

/* How loud each packet of sound is, RFC 6464: seven bits of -dBov in a header
 * extension. Not by GStreamer's element for it, which names an attribute
 * ("vad=on") that no browser does, so that the caps of the two differ. */

#define LEVEL_MASK 0x7f

static GstPadProbeReturn
write_level (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmPeerLink *link = user_data;
  gint id = g_atomic_int_get (&link->out[VM_PEER_AUDIO].level);
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  const GstAudioLevelMeta *meta = gst_buffer_get_audio_level_meta (buffer);
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  guint8 level;

  /* what came encoded has none */
  if (!id || !meta)
    return GST_PAD_PROBE_OK;
  level = MIN (meta->level, LEVEL_MASK);
  buffer = gst_buffer_make_writable (buffer);
  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  if (gst_rtp_buffer_map (buffer, GST_MAP_READWRITE, &rtp)) {
    gst_rtp_buffer_add_extension_onebyte_header (&rtp, id, &level, 1);
    gst_rtp_buffer_unmap (&rtp);
  }
  return GST_PAD_PROBE_OK;
}

static void
keep_loudest (VmPeerIn *in, gint level)
{
  gint old = g_atomic_int_get (&in->loudest);

  while ((old < 0 || level < old)
         && !g_atomic_int_compare_and_exchange (&in->loudest, old, level))
    old = g_atomic_int_get (&in->loudest);
}

static GstPadProbeReturn
read_level (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmPeerBranch *branch = user_data;
  VmPeerIn *in = &branch->link->in[branch->stream];
  gint id = g_atomic_int_get (&in->level);
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  gpointer data;
  guint size;

  if (id
      && gst_rtp_buffer_map (
          GST_PAD_PROBE_INFO_BUFFER (info), GST_MAP_READ, &rtp)) {
    if (gst_rtp_buffer_get_extension_onebyte_header (&rtp, id, 0, &data, &size)
        && size >= 1)
      keep_loudest (in, *(guint8 *) data & LEVEL_MASK);
    gst_rtp_buffer_unmap (&rtp);
  }
  return GST_PAD_PROBE_OK;
}

void
vm_peer_level_write_on (VmPeer *self, GstPad *pad)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, write_level,
      vm_peer_link_ref (self->link), (GDestroyNotify) vm_peer_link_unref);
}

void
vm_peer_level_read_on (VmPeer *self, VmPeerStream stream, GstPad *pad)
{
  g_atomic_int_set (&self->link->in[stream].loudest, -1);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, read_level,
      vm_peer_branch_new (self->link, stream), vm_peer_branch_free);
}

gint
vm_peer_take_audio_level (VmPeer *self)
{
  return vm_peer_take_level_of (self, VM_PEER_AUDIO);
}

gint
vm_peer_take_level_of (VmPeer *self, VmPeerStream stream)
{
  VmPeerIn *in;
  gint level;

  g_return_val_if_fail (VM_IS_PEER (self), -1);
  g_return_val_if_fail ((guint) stream < VM_PEER_STREAMS_OF_MANY, -1);

  in = &self->link->in[stream];
  do
    level = g_atomic_int_get (&in->loudest);
  while (!g_atomic_int_compare_and_exchange (&in->loudest, level, -1));
  return g_atomic_int_get (&in->level) ? level : -1;
}
