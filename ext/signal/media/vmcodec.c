/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media/vmcodec.h"
#include "media/vmhardware.h"
#include "peer/vmpeer-priv.h"
#if HAVE_OPUS
#include "media/vmopusdecoder.h"
#endif

#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);
#define GST_CAT_DEFAULT vm_signal_debug

const gchar *
vm_codec_get_name (VmCodec codec)
{
  return codec == VM_CODEC_NONE ? "none" : vm_peer_codec_get (codec)->id;
}

gboolean
vm_codec_is_audio (VmCodec codec)
{
  return strcmp (vm_peer_codec_get (codec)->media, "audio") == 0;
}

VmCodec
vm_codec_from_caps (const GstCaps *caps)
{
  return vm_peer_codec_index (vm_peer_codec_from_caps (caps));
}

VmCodec
vm_codec_from_name (const gchar *name)
{
  for (gint i = 0; i < VM_CODEC_N; i++) {
    if (g_ascii_strcasecmp (vm_peer_codec_get (i)->id, name) == 0)
      return i;
  }
  return VM_CODEC_NONE;
}

GstCaps *
vm_codec_get_caps (VmCodec codec)
{
  const VmPeerCodec *row = vm_peer_codec_get (codec);
  g_autofree gchar *text = g_strconcat (row->caps, row->caps_fields, NULL);

  return gst_caps_from_string (text);
}

/* What is installed may not work: a driver that is missing, a library that is
 * another one. NULL then. */
static GstElement *
try_encoder (const VmPeerEncoder *encoder, guint bitrate, GError **error)
{
  g_autofree gchar *launch =
      g_strdup_printf (encoder->launch, bitrate / encoder->divisor);
  g_autoptr (GError) why = NULL;
  GstElement *bin = gst_parse_bin_from_description (launch, TRUE, &why);
  GstStateChangeReturn change;

  if (!bin) {
    g_propagate_error (error, g_steal_pointer (&why));
    return NULL;
  }
  /* another version may lack a property, and work */
  if (why)
    GST_WARNING ("%s", why->message);
  change = gst_element_set_state (bin, GST_STATE_READY);
  gst_element_set_state (bin, GST_STATE_NULL);
  if (change != GST_STATE_CHANGE_FAILURE)
    return bin;
  gst_object_unref (gst_object_ref_sink (bin));
  g_set_error (error, VM_ERROR, VM_ERROR_CODEC, "The encoder %s does not work",
      encoder->factory);
  return NULL;
}

/* Hardware that ranks at least as high as the first encoder of the table that
 * is installed; NULL: there is none that works. */
static GstElement *
make_hardware_encoder (const VmPeerCodec *row, guint bitrate)
{
  guint rank = GST_RANK_NONE;
  GstElement *bin = NULL;
  GList *all;

  if (strcmp (row->media, "video") != 0)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (row->encoders) && !rank; i++) {
    g_autoptr (GstElementFactory) found =
        row->encoders[i].factory
            ? gst_element_factory_find (row->encoders[i].factory)
            : NULL;

    if (found)
      rank = gst_plugin_feature_get_rank (GST_PLUGIN_FEATURE (found));
  }
  all = vm_hardware_list (row, rank);
  for (GList *l = all; l && !bin; l = l->next)
    bin = vm_hardware_make (row, l->data, bitrate);
  gst_plugin_feature_list_free (all);
  return bin;
}

GstElement *
vm_codec_make_encoder (VmCodec codec, guint bitrate, GError **error)
{
  const VmPeerCodec *row = vm_peer_codec_get (codec);
  GstElement *hardware = make_hardware_encoder (row, bitrate);
  g_autoptr (GError) why = NULL;

  if (hardware)
    return hardware;

  for (guint i = 0; i < G_N_ELEMENTS (row->encoders); i++) {
    const VmPeerEncoder *encoder = &row->encoders[i];
    g_autoptr (GstElementFactory) found = NULL;
    GstElement *bin;

    if (!encoder->factory
        || !(found = gst_element_factory_find (encoder->factory)))
      continue;
    g_clear_error (&why);
    bin = try_encoder (encoder, bitrate, &why);
    if (bin)
      return bin;
    GST_WARNING ("%s", why->message);
  }
  if (why)
    g_propagate_error (error, g_steal_pointer (&why));
  else
    g_set_error (error, VM_ERROR, VM_ERROR_CODEC, "No %s encoder is installed",
        row->name);
  return NULL;
}

void
vm_codec_set_bitrate (GstElement *bin, VmCodec codec, guint bitrate)
{
  const VmPeerCodec *row = vm_peer_codec_get (codec);
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (bin), "encoder");
  GstElementFactory *factory = gst_element_get_factory (element);

  for (guint i = 0; i < G_N_ELEMENTS (row->encoders); i++) {
    const VmPeerEncoder *encoder = &row->encoders[i];

    if (g_strcmp0 (encoder->factory, GST_OBJECT_NAME (factory)) != 0)
      continue;
    g_object_set (
        element, encoder->bitrate_property, bitrate / encoder->divisor, NULL);
    return;
  }
  vm_hardware_set_bitrate (element, bitrate);
}

void
vm_codec_give_up_encoder (GstElement *bin)
{
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (bin), "encoder");

  if (element)
    vm_hardware_give_up (element);
}

void
vm_codec_set_sound (GstElement *bin, const VmSoundSettings *settings)
{
  g_autoptr (GstElement) encoder =
      gst_bin_get_by_name (GST_BIN (bin), "encoder");
  g_autoptr (GstElement) filter =
      gst_bin_get_by_name (GST_BIN (bin), "channels");
  gboolean music = settings->profile == VM_AUDIO_PROFILE_MUSIC;
  g_autoptr (GstCaps) caps = NULL;

  gst_util_set_object_arg (
      G_OBJECT (encoder), "audio-type", music ? "generic" : "voice");
  g_object_set (encoder, "dtx", !music, "packet-loss-percentage",
      (gint) settings->loss, NULL);
  /* what has one channel stays so */
  caps = gst_caps_from_string (settings->stereo
                                   ? "audio/x-raw,rate=48000,channels=[1,2],"
                                     "layout=interleaved"
                                   : "audio/x-raw,rate=48000,channels=1,"
                                     "layout=interleaved");
  g_object_set (filter, "caps", caps, NULL);
}

GstElement *
vm_codec_make_parser (VmCodec codec, GError **error)
{
  const VmPeerCodec *row = vm_peer_codec_get (codec);
  g_autofree gchar *launch = NULL;

  /* a stream format to be made is part of the caps of H.264 alone */
  launch = codec == VM_CODEC_H264
               ? g_strdup_printf ("%s ! capsfilter caps=\"%s%s\"", row->parser,
                   row->caps, row->caps_fields)
               : g_strdup (row->parser ? row->parser : "identity");
  return gst_parse_bin_from_description (launch, TRUE, error);
}

static GstElement *
find_decoder (VmCodec codec, GError **error)
{
  g_autoptr (GstCaps) caps = vm_codec_get_caps (codec);
  GList *all = gst_element_factory_list_get_elements (
      GST_ELEMENT_FACTORY_TYPE_DECODER, GST_RANK_MARGINAL);
  GList *fit = gst_element_factory_list_filter (all, caps, GST_PAD_SINK, FALSE);
  GstElement *decoder = NULL;

  fit = g_list_sort (fit, (GCompareFunc) gst_plugin_feature_rank_compare_func);
  for (GList *l = fit; l && !decoder; l = l->next) {
    /* decodebin and friends are decoders of everything */
    if (gst_element_factory_list_is_type (
            l->data, GST_ELEMENT_FACTORY_TYPE_HARDWARE)
        || strstr (GST_OBJECT_NAME (l->data), "bin"))
      continue;
    decoder = gst_element_factory_create (l->data, NULL);
    if (decoder
        && gst_element_set_state (decoder, GST_STATE_READY)
               != GST_STATE_CHANGE_SUCCESS) {
      gst_element_set_state (decoder, GST_STATE_NULL);
      gst_clear_object (&decoder);
    }
  }
  gst_plugin_feature_list_free (fit);
  gst_plugin_feature_list_free (all);
  if (!decoder)
    g_set_error (error, VM_ERROR, VM_ERROR_CODEC, "No %s decoder is installed",
        vm_peer_codec_get (codec)->name);
  /* without use-inband-fec, for which opusdec tells a latency of 120 ms */
  else if (g_object_class_find_property (G_OBJECT_GET_CLASS (decoder), "plc"))
    g_object_set (decoder, "plc", TRUE, NULL);
  return decoder;
}

GstElement *
vm_codec_make_decoder (VmCodec codec, GError **error)
{
#if HAVE_OPUS
  if (codec == VM_CODEC_OPUS)
    return vm_opus_decoder_new ();
#endif
  return find_decoder (codec, error);
}

VmCodec
vm_codec_from_sdp (const gchar *sdp, VmPeerStream stream, VmCodec wanted)
{
  const VmPeerCodec *row =
      wanted == VM_CODEC_NONE ? NULL : vm_peer_codec_get (wanted);

  return vm_peer_codec_index (vm_peer_sdp_offered_codec (sdp, stream, row));
}
