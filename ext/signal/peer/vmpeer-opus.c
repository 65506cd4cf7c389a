/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-opus.h"
#include "peer/vmpeer-priv.h"

#include <stdlib.h>
#include <string.h>

#define STR_(x) #x
#define STR(x) STR_ (x)

/* minptime as browsers have it: no packet is shorter than 10 ms */
#define BOTH "minptime=10;useinbandfec=1"
#define VOICE BOTH ";usedtx=1"
#define MUSIC                     \
  BOTH ";stereo=1;sprop-stereo=1" \
       ";maxaveragebitrate=" STR (VM_PEER_OPUS_MUSIC_BITRATE)

/* Index of the a=fmtp of @pt, or -1; *@value: what follows the number. */
static gint
find_fmtp (const GstSDPMedia *media, guint pt, const gchar **value)
{
  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *a = gst_sdp_media_get_attribute (media, i);
    gchar *end = NULL;

    if (strcmp (a->key, "fmtp") != 0 || !a->value
        || g_ascii_strtoull (a->value, &end, 10) != pt || end == a->value
        || *end != ' ')
      continue;
    *value = end + 1;
    return i;
  }
  return -1;
}

static guint
read_bitrate (const gchar *text)
{
  guint64 rate =
      g_ascii_isdigit (*text) ? g_ascii_strtoull (text, NULL, 10) : 0;

  return rate ? (guint) CLAMP (
             rate, VM_PEER_OPUS_BITRATE_MIN, VM_PEER_OPUS_BITRATE_MAX)
              : 0;
}

static void
read_parameter (const gchar *parameter, VmPeerOpus *opus)
{
  const struct
  {
    const gchar *name;
    gboolean *flag;
  } flags[] = { { "stereo", &opus->stereo }, { "useinbandfec", &opus->fec },
    { "usedtx", &opus->dtx } };
  g_auto (GStrv) parts = g_strsplit (parameter, "=", 2);

  if (!parts[0] || !parts[1])
    return;
  g_strstrip (parts[0]);
  g_strstrip (parts[1]);
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++) {
    if (g_ascii_strcasecmp (parts[0], flags[i].name) == 0)
      *flags[i].flag = strcmp (parts[1], "1") == 0;
  }
  if (g_ascii_strcasecmp (parts[0], "maxaveragebitrate") == 0)
    opus->max_bitrate = read_bitrate (parts[1]);
}

void
vm_peer_opus_read (const GstSDPMedia *media, guint pt, VmPeerOpus *opus)
{
  const gchar *value = NULL;
  g_auto (GStrv) parameters = NULL;

  *opus = (VmPeerOpus){ 0 };
  if (find_fmtp (media, pt, &value) < 0)
    return;
  parameters = g_strsplit (value, ";", 0);
  for (guint i = 0; parameters[i]; i++)
    read_parameter (parameters[i], opus);
}

void
vm_peer_opus_write (GstSDPMedia *media, guint pt, gboolean music)
{
  g_autofree gchar *value =
      g_strdup_printf ("%u %s", pt, music ? MUSIC : VOICE);
  const gchar *before;
  gint index;

  while ((index = find_fmtp (media, pt, &before)) >= 0)
    gst_sdp_media_remove_attribute (media, index);
  gst_sdp_media_add_attribute (media, "fmtp", value);
}

/* --- of a peer --- */

static gboolean
is_opus (const VmPeerMline *line)
{
  return vm_peer_codec_index (line->codec) == VM_CODEC_OPUS;
}

void
vm_peer_opus_describe (VmPeer *self, GstSDPMessage *sdp)
{
  for (guint i = 0; i < self->n_mlines; i++) {
    const VmPeerMline *line = &self->mlines[i];
    /* who only receives offers all codecs of the table */
    gboolean offered = line->audio && !line->codec;
    GstSDPMedia *media = (GstSDPMedia *) gst_sdp_message_get_media (sdp, i);

    if ((is_opus (line) || offered) && !vm_peer_sdp_is_rejected (media))
      vm_peer_opus_write (media,
          offered ? vm_peer_codec_get (VM_CODEC_OPUS)->pt : line->pt,
          self->music);
  }
}

/* With encoders that make packets of next to nothing in silence, those who need
 * none are spared them. */
static void
set_payloader (VmPeer *self)
{
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstPad) sink = NULL;
  g_autoptr (GstElement) payloader = NULL;

  g_mutex_lock (&self->link->lock);
  if (self->link->out[VM_PEER_AUDIO].pad)
    pad = gst_object_ref (self->link->out[VM_PEER_AUDIO].pad);
  g_mutex_unlock (&self->link->lock);
  sink = pad ? gst_pad_get_peer (pad) : NULL;
  payloader = sink ? gst_pad_get_parent_element (sink) : NULL;
  if (payloader)
    g_object_set (payloader, "dtx", self->opus.dtx, NULL);
}

void
vm_peer_opus_take (VmPeer *self)
{
  for (guint i = 0; i < self->n_mlines; i++) {
    const VmPeerMline *line = &self->mlines[i];

    if (line->stream != VM_PEER_AUDIO || !line->can_send || !is_opus (line))
      continue;
    vm_peer_opus_read (gst_sdp_message_get_media (self->remote->sdp, i),
        line->pt, &self->opus);
    self->opus_known = TRUE;
    set_payloader (self);
  }
}

gboolean
vm_peer_get_sound (VmPeer *self, VmPeerSound *sound)
{
  g_return_val_if_fail (VM_IS_PEER (self), FALSE);

  *sound = (VmPeerSound){ self->opus.stereo, self->opus.fec,
    self->opus.max_bitrate, g_atomic_int_get (&self->link->loss) };
  return self->opus_known;
}
