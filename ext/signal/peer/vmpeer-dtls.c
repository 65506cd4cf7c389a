/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define GST_USE_UNSTABLE_API
#include "peer/vmpeer-priv.h"
#include "plugin/plugin.h"

#include "wire/vmsdp.h"
#include <gst/webrtc/webrtc.h>
#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

#define DTLS_CLOSED 1 /* GstDtlsConnectionState, which has no header */

/* webrtcbin 1.22.0 never compares the certificate that DTLS presents with the
 * fingerprint of the description; this file does. The certificate is seen
 * during the handshake, before any key exists. Until it has been compared,
 * RTP, RTCP and SCTP are dropped both ways; when it is another, DTLS is dropped
 * too, so that the handshake never ends and the remote side gets no keys
 * either. */

typedef struct
{
  VmPeerLink *link;
  gboolean dtls; /* carries the handshake: dropped only when refused */
  gboolean incoming; /* from the network: dropped when closing, too */
  gboolean data; /* from the network to SCTP */
  gint open_end; /* atomic; of data: SCTP has been seen to take it */
} Gate;

static void
gate_free (gpointer data)
{
  Gate *gate = data;

  vm_peer_link_unref (gate->link);
  g_free (gate);
}

/* Where the ghost pads from @pad on lead. */
static GstPad *
find_end (GstPad *pad)
{
  GstPad *end = gst_pad_get_peer (pad);

  while (end && GST_IS_PROXY_PAD (end)) {
    GstProxyPad *outer = gst_proxy_pad_get_internal (GST_PROXY_PAD (end));

    gst_object_unref (end);
    end = outer ? gst_pad_get_peer (GST_PAD (outer)) : NULL;
    gst_clear_object (&outer);
  }
  return end;
}

/* webrtcbin 1.22.0 starts its SCTP elements by a task of its own, once DTLS is
 * done. What the other side sends before that meets a pad that is flushing;
 * that is told upstream, and nothing whatever comes in any more, for good.
 * Dropped instead, it is sent again, as SCTP does. */
static gboolean
is_taken (GstPad *pad, Gate *gate)
{
  g_autoptr (GstPad) end = NULL;

  if (!gate->data || g_atomic_int_get (&gate->open_end))
    return TRUE;
  end = find_end (pad);
  if (!end || !gst_pad_is_active (end))
    return FALSE;
  g_atomic_int_set (&gate->open_end, TRUE);
  return TRUE;
}

static GstPadProbeReturn
gate_probe (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Gate *gate = user_data;
  VmPeerGate state = g_atomic_int_get (&gate->link->gate);

  if (gate->incoming && g_atomic_int_get (&gate->link->deaf))
    return GST_PAD_PROBE_DROP;
  if (gate->dtls ? state == VM_PEER_GATE_REFUSED : state != VM_PEER_GATE_OPEN)
    return GST_PAD_PROBE_DROP;
  return is_taken (pad, gate) ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

/* The decoder's sink and the encoder's source carry what goes over the
 * network, all other pads what it protects. */
static void
gate_pad (GstElement *element, GstPad *pad, VmPeerLink *link)
{
  g_autofree gchar *name = gst_pad_get_name (pad);
  Gate *gate = g_new0 (Gate, 1);

  gate->link = vm_peer_link_ref (link);
  gate->incoming = strcmp (name, "sink") == 0;
  gate->dtls = gate->incoming || strcmp (name, "src") == 0;
  gate->data = strcmp (name, "data_src") == 0;
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, gate_probe,
      gate, gate_free);
}

static gboolean
gate_each (GstElement *element, GstPad *pad, gpointer link)
{
  gate_pad (element, pad, link);
  return TRUE;
}

/* Whether @pem is one of the certificates in the description. */
static gboolean
is_announced (const gchar *pem, gchar **fingerprints)
{
  static const gchar begin[] = "-----BEGIN CERTIFICATE-----";
  static const gchar end[] = "-----END CERTIFICATE-----";
  const gchar *from = pem ? strstr (pem, begin) : NULL;
  const gchar *to = from ? strstr (from, end) : NULL;
  g_autofree gchar *base64 = NULL;
  g_autofree guint8 *der = NULL;
  gsize size = 0;

  if (!to || !fingerprints)
    return FALSE;
  from += strlen (begin);
  base64 = g_strndup (from, to - from);
  der = g_base64_decode (base64, &size);
  return size
         && VM_PLUGIN (vm_sdp_fingerprints_match) (
             (const gchar *const *) fingerprints, der, size);
}

static void
certificate_accepted (VmPeer *self, gpointer data)
{
  vm_peer_check_connected (self);
}

static void
certificate_refused (VmPeer *self, gpointer data)
{
  vm_peer_fail (self, VM_ERROR_FINGERPRINT,
      "The other side presented a certificate that is not the one it "
      "announced; the connection is refused");
}

static void
refuse (VmPeerLink *link)
{
  g_atomic_int_set (&link->gate, VM_PEER_GATE_REFUSED);
  vm_peer_link_post (link, certificate_refused, NULL, NULL);
}

/* Inside the handshake, on the thread that received the certificate. Once
 * refused stays refused. */
static void
on_peer_pem (GObject *dtls, GParamSpec *pspec, VmPeerLink *link)
{
  g_autofree gchar *pem = NULL;
  g_auto (GStrv) announced = NULL;

  g_object_get (dtls, "peer-pem", &pem, NULL);
  g_mutex_lock (&link->lock);
  announced = g_strdupv (link->fingerprints);
  g_mutex_unlock (&link->lock);

  if (!is_announced (pem, announced)) {
    GST_WARNING_OBJECT (
        dtls, "another certificate than %s", announced ? *announced : "none");
    refuse (link);
  } else if (g_atomic_int_compare_and_exchange (
                 &link->gate, VM_PEER_GATE_CLOSED, VM_PEER_GATE_OPEN)) {
    vm_peer_link_post (link, certificate_accepted, NULL, NULL);
  }
}

/* A page that closes its connection says so by DTLS's goodbye (close_notify,
 * RFC 5246 §7.2.1); for webrtcbin 1.22.0 the connection goes on. */
static void
on_connection_state (GObject *dtls, GParamSpec *pspec, VmPeerLink *link)
{
  gint state = 0;

  g_object_get (dtls, "connection-state", &state, NULL);
  if (state == DTLS_CLOSED)
    vm_peer_link_post (link, vm_peer_closed_by_other, NULL, NULL);
}

/* webrtcbin 1.22.0 takes this side's for both. */
static void
on_remote_port (GObject *sctpenc, GParamSpec *pspec, VmPeerLink *link)
{
  guint wanted, port = 0;

  g_mutex_lock (&link->lock);
  wanted = link->sctp_port;
  g_mutex_unlock (&link->lock);
  g_object_get (sctpenc, "remote-sctp-port", &port, NULL);
  if (wanted && port != wanted)
    g_object_set (sctpenc, "remote-sctp-port", wanted, NULL);
}

static void
on_element (GstBin *bin, GstBin *sub_bin, GstElement *element, VmPeerLink *link)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  const gchar *name = factory ? GST_OBJECT_NAME (factory) : "";
  gboolean decoder = strcmp (name, "dtlssrtpdec") == 0;

  if (decoder || strcmp (name, "dtlssrtpenc") == 0) {
    gst_element_foreach_pad (element, gate_each, link);
    g_signal_connect_data (element, "pad-added", G_CALLBACK (gate_pad),
        vm_peer_link_ref (link), vm_peer_link_unref_closure, 0);
  }
  if (link->association != VM_PEER_ASSOCIATION_NONE
      && (strcmp (name, "sctpenc") == 0 || strcmp (name, "sctpdec") == 0))
    g_object_set (element, "sctp-association-id", link->association, NULL);
  if (strcmp (name, "sctpenc") == 0)
    g_signal_connect_data (element, "notify::remote-sctp-port",
        G_CALLBACK (on_remote_port), vm_peer_link_ref (link),
        vm_peer_link_unref_closure, 0);
  /* All is bundled, so there is one transport. A second one would be let
   * through on the certificate of the first. */
  if (decoder && g_atomic_int_add (&link->transports, 1) > 0)
    refuse (link);
  if (strcmp (name, "dtlsdec") == 0)
    g_signal_connect_data (element, "notify::connection-state",
        G_CALLBACK (on_connection_state), vm_peer_link_ref (link),
        vm_peer_link_unref_closure, 0);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "peer-pem"))
    g_signal_connect_data (element, "notify::peer-pem",
        G_CALLBACK (on_peer_pem), vm_peer_link_ref (link),
        vm_peer_link_unref_closure, 0);
}

void
vm_peer_dtls_watch (VmPeer *self)
{
  g_signal_connect_data (self->pipeline, "deep-element-added",
      G_CALLBACK (on_element), vm_peer_link_ref (self->link),
      vm_peer_link_unref_closure, 0);
}

/* "AA:BB:…" of the one fingerprint by SHA-256; NULL: there is not one. */
static gchar *
the_one_fingerprint (const gchar *const *fingerprints)
{
  static const gchar name[] = "sha-256 ";
  gchar *found = NULL;

  for (guint i = 0; fingerprints && fingerprints[i]; i++) {
    g_autofree gchar *fingerprint = NULL;

    if (g_ascii_strncasecmp (fingerprints[i], name, strlen (name)) != 0)
      continue;
    fingerprint = g_ascii_strup (fingerprints[i] + strlen (name), -1);
    if (found && !g_str_equal (found, fingerprint)) {
      g_free (found);
      return NULL;
    }
    if (!found)
      found = g_steal_pointer (&fingerprint);
  }
  return found;
}

static gchar *
own_fingerprint (VmPeer *self)
{
  g_autoptr (GstWebRTCSessionDescription) local = NULL;
  g_autofree gchar *text = NULL;
  g_auto (GStrv) fingerprints = NULL;

  g_object_get (self->webrtc, "current-local-description", &local, NULL);
  text = local ? gst_sdp_message_as_text (local->sdp) : NULL;
  if (!text
      || !VM_PLUGIN (vm_sdp_list_fingerprints) (text, 0, &fingerprints, NULL))
    return NULL;
  return the_one_fingerprint ((const gchar *const *) fingerprints);
}

gboolean
vm_peer_get_fingerprints (VmPeer *self, gchar **own, gchar **theirs)
{
  VmPeerLink *link = self->link;

  *own = *theirs = NULL;
  if (!self->webrtc || g_atomic_int_get (&link->gate) != VM_PEER_GATE_OPEN)
    return FALSE;
  g_mutex_lock (&link->lock);
  *theirs = the_one_fingerprint ((const gchar *const *) link->fingerprints);
  g_mutex_unlock (&link->lock);
  *own = own_fingerprint (self);
  if (*own && *theirs)
    return TRUE;
  g_clear_pointer (own, g_free);
  g_clear_pointer (theirs, g_free);
  return FALSE;
}

static GstPadProbeReturn
drop_flush (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_DROP;
}

/* Until what is in it is done. */
static void
wait_for_pad (GstPad *pad)
{
  GST_PAD_STREAM_LOCK (pad);
  GST_PAD_STREAM_UNLOCK (pad);
}

/* What goes into SCTP waits while its window is full, unless it is flushed. */
static void
flush_pad (const GValue *item, gpointer user_data)
{
  GstPad *pad = g_value_get_object (item);

  gst_pad_send_event (pad, gst_event_new_flush_start ());
  wait_for_pad (pad);
}

/* What lies behind it is to send its goodbye. */
static void
quiesce_encoder (const GValue *item, gpointer user_data)
{
  GstElement *sctpenc = g_value_get_object (item);
  g_autoptr (GstPad) src = gst_element_get_static_pad (sctpenc, "src");
  g_autoptr (GstIterator) pads = gst_element_iterate_sink_pads (sctpenc);
  gulong probe = gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_EVENT_FLUSH, drop_flush, NULL, NULL);

  while (gst_iterator_foreach (pads, flush_pad, NULL) == GST_ITERATOR_RESYNC)
    gst_iterator_resync (pads);
  gst_pad_remove_probe (src, probe);
}

static void
quiesce_decoder (const GValue *item, gpointer user_data)
{
  g_autoptr (GstPad) pad =
      gst_element_get_static_pad (g_value_get_object (item), "sink");

  wait_for_pad (pad);
}

static void
for_each (
    GstElement *pipeline, const gchar *factory, GstIteratorForeachFunction func)
{
  g_autoptr (GstIterator) it =
      gst_bin_iterate_all_by_element_factory_name (GST_BIN (pipeline), factory);

  while (gst_iterator_foreach (it, func, NULL) == GST_ITERATOR_RESYNC)
    gst_iterator_resync (it);
}

/* webrtcbin 1.22.0 crashes when its SCTP association comes up, or a task of
 * its own starts the SCTP elements, or something is sent, while they are taken
 * down. The first two begin with a packet, so first nothing comes in any more,
 * then the packet that is being handled is waited for; then the same for what
 * goes out. On the closing worker. */
void
vm_peer_dtls_quiesce (GstElement *pipeline, VmPeerLink *link)
{
  g_atomic_int_set (&link->deaf, TRUE);
  for_each (pipeline, "dtlssrtpdec", quiesce_decoder);
  for_each (pipeline, "sctpenc", quiesce_encoder);
}
