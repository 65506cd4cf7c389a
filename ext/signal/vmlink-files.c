/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a link does with files: from the sink pads to the peer's data channels, from
 * these to its src pad, and the answers both ways. Control thread. */

#include "vmfileoutput.h"
#include "vmfilepad.h"
#include "vmlink-priv.h"

#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

/* A pad that is linked later than this after it came receives nothing of what was
 * offered before. */
#define LINK_WAIT_MS 2000
/* Messages of a peer that cannot be read and are answered. */
#define ERRORS_MAX 16
/* Packets that are handed to the channels at once. */
#define BURST_MAX 64
/* Why a file is declined. */
#define NOBODY "Nobody receives files here"
#define UNTRUSTED "This device is not trusted with files there"

struct _VmLinkFiles
{
  VmFileLane *lane;
  GHashTable *sent; /* transfer id → VmFilePad that offered it */
  GHashTable *received; /* transfer ids, of what the output was offered */
  VmFileOutput *output; /* once the peer has offered a file */
  GstPad *pad;
  GSource *link_wait;
  guint errors;
  gboolean told_refused; /* that it may offer none */
};

static VmLinkFiles *
get_files (VmLink *self)
{
  if (!self->files) {
    self->files = g_new0 (VmLinkFiles, 1);
    self->files->lane = vm_file_lane_new ();
    self->files->sent = g_hash_table_new_full (
        g_str_hash, g_str_equal, g_free, gst_object_unref);
    self->files->received =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  }
  vm_file_lane_set_session (
      self->files->lane, vm_link_get_signer (self) ? self->media : NULL);
  return self->files;
}

static const gchar *
id_of (const GstStructure *message)
{
  return gst_structure_get_string (message,
      gst_structure_has_name (message, "FILE_OFFER") ? "id" : "transferId");
}

/* An error message, as a peer would send it. @id may be NULL. */
static GstStructure *
error_message (const gchar *id, const GError *error)
{
  GstStructure *s = gst_structure_new ("error", "code", G_TYPE_STRING,
      vm_error_get_code (error), "message", G_TYPE_STRING, error->message,
      NULL);

  if (id)
    gst_structure_set (s, "transferId", G_TYPE_STRING, id, NULL);
  return s;
}

void
vm_link_refuse_file (VmFilePad *pad, const GstStructure *message,
    const gchar *participant, const GError *error)
{
  g_autoptr (GstStructure) s = error_message (id_of (message), error);

  vm_file_pad_reply (pad, s, participant);
}

/* --- out --- */

gboolean
vm_link_can_send_files (VmLink *self)
{
  gboolean control, data;

  if (!self->peer || self->closed)
    return FALSE;
  control = vm_peer_open_channel (self->peer, VM_FILE_LANE_CONTROL);
  data = vm_peer_open_channel (self->peer, VM_FILE_LANE_DATA);
  return control && data;
}

gboolean
vm_link_has_transfer (VmLink *self, const gchar *id)
{
  return self->files && id && g_hash_table_contains (self->files->sent, id);
}

/* FALSE: it is to wait. */
gboolean
vm_link_put_file (VmLink *self, VmFilePad *pad, GstBuffer *buffer)
{
  const GstStructure *message = vm_buffer_get_transfer_meta (buffer)->message;
  VmLinkFiles *files = get_files (self);
  const gchar *id = id_of (message);
  g_autoptr (GBytes) data = NULL;
  g_autoptr (GError) error = NULL;

  if (gst_structure_has_name (message, "FILE_OFFER")
      && !vm_link_may_be_sent_files (self, &error)) {
    vm_link_refuse_file (
        pad, message, vm_participant_get_id (self->participant), error);
    return TRUE;
  }
  if (gst_structure_has_name (message, "CHUNK_DATA")) {
    gpointer bytes = NULL;
    gsize size = 0;

    if (!vm_file_lane_has_room (files->lane))
      return FALSE;
    gst_buffer_extract_dup (buffer, 0, -1, &bytes, &size);
    data = g_bytes_new_take (bytes, size);
  }
  if (!vm_file_lane_put (files->lane, message, data, &error)) {
    if (g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED))
      return FALSE;
    vm_link_refuse_file (
        pad, message, vm_participant_get_id (self->participant), error);
  } else if (id && gst_structure_has_name (message, "FILE_OFFER")) {
    g_hash_table_replace (files->sent, g_strdup (id), gst_object_ref (pad));
  }
  return TRUE;
}

/* Sound or pictures run to or from this participant. */
static gboolean
has_media (VmLink *self)
{
  gboolean media = FALSE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    media |= self->codecs[i] != VM_CODEC_NONE || self->outputs[i];
  g_mutex_unlock (&self->lock);
  return media;
}

static gboolean
send_packet (VmLink *self, const gchar *label, GBytes *packet, gboolean text)
{
  gsize size;
  const gchar *bytes = g_bytes_get_data (packet, &size);
  g_autofree gchar *string = text ? g_strndup (bytes, size) : NULL;
  g_autoptr (GError) error = NULL;

  if (text ? vm_peer_send_message (self->peer, label, string, &error)
           : vm_peer_send_data (self->peer, label, packet, &error))
    return TRUE;
  GST_DEBUG ("nothing sent to %s on %s: %s",
      vm_participant_get_id (self->participant), label, error->message);
  return FALSE;
}

/* Whether anything was sent. */
static gboolean
pump_channel (VmLink *self, const gchar *label)
{
  gboolean media = has_media (self), text;
  guint n;

  for (n = 0; n < BURST_MAX; n++) {
    g_autoptr (GBytes) packet = vm_file_lane_next (self->files->lane, label,
        vm_peer_get_buffered (self->peer, label), media, &text);

    if (!packet || !send_packet (self, label, packet, text))
      break;
  }
  return n > 0;
}

gboolean
vm_link_pump_files (VmLink *self)
{
  gboolean sent;

  if (!self->files || !self->peer || self->closed)
    return FALSE;
  sent = pump_channel (self, VM_FILE_LANE_CONTROL);
  return pump_channel (self, VM_FILE_LANE_DATA) || sent;
}

/* --- in --- */

typedef struct
{
  VmLink *link;
  GstStructure *message;
} Reply;

static void
reply_free (gpointer data)
{
  Reply *reply = data;

  g_object_unref (reply->link);
  gst_structure_free (reply->message);
  g_free (reply);
}

/* After which the other side of a transfer is told no more. */
static gboolean
ends_transfer (const GstStructure *message)
{
  gboolean accept = TRUE;

  gst_structure_get_boolean (message, "accept", &accept);
  return !accept || gst_structure_has_name (message, "TRANSFER_VERIFIED")
         || gst_structure_has_name (message, "TRANSFER_CANCEL")
         || gst_structure_has_name (message, "error");
}

static void
answer (VmLink *self, const GstStructure *message)
{
  g_autoptr (GError) error = NULL;

  if (self->closed || !self->files)
    return;
  if (id_of (message) && ends_transfer (message))
    g_hash_table_remove (self->files->received, id_of (message));
  if (!vm_file_lane_put (self->files->lane, message, NULL, &error))
    GST_DEBUG ("an answer to %s is dropped: %s",
        vm_participant_get_id (self->participant), error->message);
  vm_call_files_changed (self->call);
}

static gboolean
on_reply (gpointer user_data)
{
  Reply *reply = user_data;

  answer (reply->link, reply->message);
  return G_SOURCE_REMOVE;
}

/* Any thread. */
static void
take_reply (const GstStructure *message, gpointer user_data)
{
  Reply *reply = g_new (Reply, 1);

  reply->link = g_object_ref (user_data);
  reply->message = gst_structure_copy (message);
  vm_call_invoke (reply->link->call, on_reply, reply, reply_free);
}

static void
decline (VmLink *self, const GstStructure *offer, const gchar *reason)
{
  g_autoptr (GstStructure) s = gst_structure_new ("FILE_RESPONSE", "accept",
      G_TYPE_BOOLEAN, FALSE, "transferId", G_TYPE_STRING, id_of (offer),
      "reason", G_TYPE_STRING, reason, NULL);

  answer (self, s);
}

/* In another word than that of a user who does not want the file; who knows the
 * seed's messages alone would not understand it. */
static void
refuse (VmLink *self, const GstStructure *offer)
{
  g_autoptr (GError) error =
      g_error_new_literal (VM_ERROR, VM_ERROR_NOT_TRUSTED, UNTRUSTED);
  g_autoptr (GstStructure) s = error_message (id_of (offer), error);

  if (gst_structure_has_field (offer, "encodings"))
    answer (self, s);
  else
    decline (self, offer, UNTRUSTED);
}

static gboolean
on_not_linked (gpointer user_data)
{
  VmLink *self = user_data;
  VmLinkFiles *files = self->files;

  vm_timer_clear (&files->link_wait);
  if (!vm_file_output_is_wanted (files->output)) {
    g_autoptr (GPtrArray) offers = vm_file_output_take_offers (files->output);

    for (guint i = 0; i < offers->len; i++)
      decline (self, vm_buffer_get_transfer_meta (offers->pdata[i])->message,
          NOBODY);
  }
  return G_SOURCE_REMOVE;
}

/* Who sends, as it can be relied on: the device that has signed its part of the
 * connection; else whoever has that seat. */
static const gchar *
sender_of (VmLink *self)
{
  const gchar *device = vm_link_get_signer (self);

  return device ? device : vm_participant_get_id (self->participant);
}

static gboolean
make_output (VmLink *self)
{
  VmLinkFiles *files = self->files;
  const gchar *id = vm_participant_get_id (self->participant);
  g_autofree gchar *name = g_strdup_printf ("%s-files-%u", id, self->slot);

  if (files->output)
    return TRUE;
  if (self->slot == VM_SLOT_NONE || !vm_call_is_playing (self->call))
    return FALSE;
  files->output = gst_object_ref_sink (vm_file_output_new (name,
      sender_of (self), id, take_reply, g_object_ref (self), g_object_unref));
  files->pad = vm_signal_bin_add_output (vm_call_get_bin (self->call),
      GST_ELEMENT (files->output), "file", self->slot, self->participant);
  return TRUE;
}

/* Once a link: it would be asked again and again. */
static void
tell_refused (VmLink *self, const GError *error)
{
  if (self->files->told_refused)
    return;
  self->files->told_refused = TRUE;
  GST_ELEMENT_WARNING_WITH_DETAILS (vm_call_get_bin (self->call), RESOURCE,
      NOT_AUTHORIZED, ("A file is declined: %s", error->message), (NULL),
      ("participant-id", G_TYPE_STRING,
          vm_participant_get_id (self->participant), "code", G_TYPE_STRING,
          vm_error_to_code (error->code), NULL));
}

static void
take_offer (VmLink *self, GstBuffer *buffer, const GstStructure *offer)
{
  VmLinkFiles *files = self->files;
  g_autoptr (GError) error = NULL;

  if (!vm_link_may_offer_files (self, &error)) {
    tell_refused (self, error);
    refuse (self, offer);
    return;
  }
  if (g_hash_table_size (files->received) >= VM_FILE_LANE_TRANSFERS_MAX
      || !make_output (self) || !vm_file_output_push (files->output, buffer)) {
    decline (self, offer, NOBODY);
    return;
  }
  g_hash_table_add (files->received, g_strdup (id_of (offer)));
  if (!vm_file_output_is_wanted (files->output) && !files->link_wait)
    files->link_wait = vm_timer_new (
        vm_call_get_context (self->call), LINK_WAIT_MS, on_not_linked, self);
}

/* The pad that has sent what @message answers, or NULL. */
static VmFilePad *
find_pad (VmLink *self, const GstStructure *message)
{
  GHashTable *sent = self->files->sent;
  const gchar *id = id_of (message);
  GHashTableIter iter;
  gpointer pad = NULL;

  if (id)
    return g_hash_table_lookup (sent, id);
  if (g_hash_table_size (sent) != 1)
    return NULL;
  g_hash_table_iter_init (&iter, sent);
  g_hash_table_iter_next (&iter, NULL, &pad);
  return pad;
}

/* Hears of a transfer of either side. */
static void
route (VmLink *self, GstBuffer *buffer)
{
  const GstStructure *message = vm_buffer_get_transfer_meta (buffer)->message;
  g_autoptr (VmFilePad) pad = NULL;

  if (gst_structure_has_name (message, "FILE_OFFER")) {
    take_offer (self, buffer, message);
    return;
  }
  if ((pad = find_pad (self, message)))
    g_object_ref (pad);
  if (!pad) {
    if (self->files->output)
      vm_file_output_push (self->files->output, buffer);
    if (id_of (message) && ends_transfer (message))
      g_hash_table_remove (self->files->received, id_of (message));
    return;
  }
  if (ends_transfer (message) && id_of (message))
    g_hash_table_remove (self->files->sent, id_of (message));
  vm_file_pad_reply (pad, message, vm_participant_get_id (self->participant));
}

void
vm_link_take_file (VmLink *self, GBytes *data, gboolean text)
{
  VmLinkFiles *files = get_files (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstBuffer) buffer =
      vm_file_lane_take (files->lane, data, text, &error);

  if (buffer) {
    route (self, buffer);
  } else if (g_error_matches (error, VM_ERROR, VM_ERROR_SIGNATURE)) {
    vm_link_tell_forged (self, error);
  } else if (error) {
    GST_DEBUG ("%s sends what is nothing of a file transfer: %s",
        vm_participant_get_id (self->participant), error->message);
    if (files->errors++ < ERRORS_MAX) {
      g_autoptr (GstStructure) s = error_message (NULL, error);

      answer (self, s);
    }
  }
}

/* --- the end --- */

void
vm_link_restart_files (VmLink *self)
{
  if (self->files)
    vm_file_lane_clear (self->files->lane);
}

/* Whoever receives what is not whole waits for nothing, and keeps it. */
static void
end_output (VmLink *self, VmLinkFiles *files, const GError *gone)
{
  GHashTableIter iter;
  gpointer id;

  if (!files->output)
    return;
  g_hash_table_iter_init (&iter, files->received);
  while (g_hash_table_iter_next (&iter, &id, NULL)) {
    g_autoptr (GstBuffer) buffer = gst_buffer_new ();

    vm_buffer_add_transfer_meta (buffer, error_message (id, gone));
    vm_file_output_push (files->output, buffer);
  }
  vm_signal_bin_end_output (vm_call_get_bin (self->call), files->pad,
      GST_ELEMENT (files->output), vm_call_get_context (self->call));
  gst_object_unref (files->output);
}

void
vm_link_end_files (VmLink *self)
{
  g_autoptr (GError) gone = NULL;
  VmLinkFiles *files = g_steal_pointer (&self->files);
  GHashTableIter iter;
  gpointer id, pad;

  if (!files)
    return;
  gone = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
      "The connection to %s has ended",
      vm_participant_get_user (self->participant));
  g_hash_table_iter_init (&iter, files->sent);
  while (g_hash_table_iter_next (&iter, &id, &pad)) {
    g_autoptr (GstStructure) s = error_message (id, gone);

    vm_file_pad_reply (pad, s, vm_participant_get_id (self->participant));
  }
  vm_timer_clear (&files->link_wait);
  end_output (self, files, gone);
  g_hash_table_unref (files->received);
  g_hash_table_unref (files->sent);
  g_object_unref (files->lane);
  g_free (files);
}
