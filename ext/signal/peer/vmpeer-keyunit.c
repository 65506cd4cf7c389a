/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-priv.h"

#include <gst/video/video.h>

/* Key frames are large; a storm of requests makes a slow link slower. Each
 * direction of each stream gives one request every 500 ms. One that comes too
 * early is not lost but waits: the key frame before it may have been. */

static gint64
wait_ms (gint64 last)
{
  gint64 passed = (g_get_monotonic_time () - last) / G_TIME_SPAN_MILLISECOND;

  return last && passed < VM_PEER_KEY_UNIT_MS ? VM_PEER_KEY_UNIT_MS - passed
                                              : 0;
}

typedef struct
{
  VmPeer *self;
  VmPeerStream stream;
} Later;

static GSource *
later (VmPeer *self, VmPeerStream stream, guint ms, GSourceFunc func)
{
  GSource *source = g_timeout_source_new (ms);
  Later *later = g_new (Later, 1);

  *later = (Later){ self, stream };
  g_source_set_callback (source, func, later, g_free);
  g_source_attach (source, self->context);
  return source;
}

static gboolean
wanted_later (gpointer user_data)
{
  Later *later = user_data;
  VmPeer *self = later->self;
  VmPeerStream stream = later->stream;

  vm_timer_clear (&self->key_wanted_later[stream]);
  vm_peer_key_unit_wanted (self, stream);
  return G_SOURCE_REMOVE;
}

/* The encoder on this side is to make one. */
void
vm_peer_key_unit_wanted (VmPeer *self, VmPeerStream stream)
{
  guint ms = wait_ms (self->key_wanted[stream]);

  if (self->key_wanted_later[stream])
    return;
  if (ms) {
    self->key_wanted_later[stream] = later (self, stream, ms, wanted_later);
    return;
  }
  self->key_wanted[stream] = g_get_monotonic_time ();
  g_signal_emit_by_name (self, "key-unit-requested", (guint) stream);
}

static gboolean
asked_later (gpointer user_data)
{
  Later *later = user_data;
  VmPeer *self = later->self;
  VmPeerStream stream = later->stream;

  vm_timer_clear (&self->key_asked_later[stream]);
  vm_peer_key_unit_ask (self, stream);
  return G_SOURCE_REMOVE;
}

/* Nothing has come yet: its first frame is one anyway. */
static void
send_request (VmPeer *self, VmPeerStream stream)
{
  g_autoptr (GstPad) pad = NULL;

  g_mutex_lock (&self->link->lock);
  if (self->link->in[stream].srcpad)
    pad = gst_object_ref (self->link->in[stream].srcpad);
  g_mutex_unlock (&self->link->lock);
  if (!pad)
    return;
  self->key_asked[stream] = g_get_monotonic_time ();
  gst_pad_send_event (pad, gst_video_event_new_upstream_force_key_unit (
                               GST_CLOCK_TIME_NONE, TRUE, 0));
}

/* The remote side is to make one. */
void
vm_peer_key_unit_ask (VmPeer *self, VmPeerStream stream)
{
  guint ms = wait_ms (self->key_asked[stream]);

  if (self->key_asked_later[stream])
    return;
  if (ms) {
    self->key_asked_later[stream] = later (self, stream, ms, asked_later);
    return;
  }
  if (!self->many) {
    send_request (self, stream);
    return;
  }
  self->key_asked[stream] = g_get_monotonic_time ();
  g_signal_emit_by_name (self, "key-unit-missed", (guint) stream);
}

static void
ask (VmPeer *self, gpointer data)
{
  vm_peer_key_unit_ask (self, GPOINTER_TO_UINT (data));
}

static void
ask_again (VmPeer *self, gpointer data)
{
  VmPeerStream stream = GPOINTER_TO_UINT (data);

  if (wait_ms (self->key_asked[stream]) == 0)
    vm_peer_key_unit_ask (self, stream);
}

/* Streaming thread. The depayloader says so with each frame that it drops. */
GstPadProbeReturn
vm_peer_key_unit_missed (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmPeerBranch *branch = user_data;

  if (!gst_video_event_is_force_key_unit (GST_PAD_PROBE_INFO_EVENT (info)))
    return GST_PAD_PROBE_OK;
  vm_peer_link_post (
      branch->link, ask_again, GUINT_TO_POINTER (branch->stream), NULL);
  gst_event_unref (GST_PAD_PROBE_INFO_EVENT (info));
  return GST_PAD_PROBE_HANDLED;
}

void
vm_peer_request_key_unit (VmPeer *self, VmPeerStream stream)
{
  g_return_if_fail (VM_IS_PEER (self));
  g_return_if_fail ((guint) stream < VM_PEER_STREAMS_OF_MANY);

  vm_peer_link_post (self->link, ask, GUINT_TO_POINTER (stream), NULL);
}

void
vm_peer_key_unit_stop (VmPeer *self)
{
  for (guint i = 0; i < VM_PEER_STREAMS_OF_MANY; i++)
    vm_timer_clear (&self->key_asked_later[i]);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    vm_timer_clear (&self->key_wanted_later[i]);
}
