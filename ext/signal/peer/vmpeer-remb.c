/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-remb.h"
#include "peer/vmpeer-priv.h"

#include <gst/rtp/gstrtcpbuffer.h>
#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

/* "REMB", the number of SSRCs, and then 6 bits of exponent before 18 of
 * mantissa; the SSRCs follow. */
#define HEAD_SIZE 8
#define MANTISSA_BITS 18

gboolean
vm_peer_remb_read (const guint8 *data, gsize size, guint *bitrate)
{
  guint exponent;
  guint64 mantissa;

  if (size < HEAD_SIZE || memcmp (data, "REMB", 4) != 0)
    return FALSE;
  exponent = data[5] >> 2;
  mantissa = GST_READ_UINT24_BE (data + 5) & ((1u << MANTISSA_BITS) - 1);
  /* so that it is shifted by no more than it has room for */
  exponent = mantissa ? MIN (exponent, 64 - MANTISSA_BITS) : 0;
  *bitrate = (guint) MIN (mantissa << exponent, G_MAXUINT);
  return TRUE;
}

static void
tell (VmPeer *self, gpointer data)
{
  g_atomic_int_set (&self->link->remb_told, FALSE);
  g_signal_emit_by_name (
      self, "bitrate-limit", (guint) g_atomic_int_get (&self->link->remb));
}

/* A streaming thread. However many come, one waits to be told. */
static void
on_feedback (GObject *session, guint type, guint fbtype, guint sender,
    guint media, GstBuffer *fci, gpointer user_data)
{
  VmPeerLink *link = user_data;
  GstMapInfo map;
  guint bitrate;
  gboolean found;

  if (type != GST_RTCP_TYPE_PSFB || fbtype != GST_RTCP_PSFB_TYPE_AFB || !fci
      || !gst_buffer_map (fci, &map, GST_MAP_READ))
    return;
  found = vm_peer_remb_read (map.data, map.size, &bitrate);
  gst_buffer_unmap (fci, &map);
  if (!found)
    return;
  GST_DEBUG ("the other side takes %u bit/s", bitrate);
  g_atomic_int_set (&link->remb, (gint) bitrate);
  if (g_atomic_int_compare_and_exchange (&link->remb_told, FALSE, TRUE))
    vm_peer_link_post (link, tell, NULL, NULL);
}

void
vm_peer_remb_watch (VmPeerLink *link, GObject *session)
{
  g_signal_connect_data (session, "on-feedback-rtcp", G_CALLBACK (on_feedback),
      vm_peer_link_ref (link), vm_peer_link_unref_closure, 0);
}
