/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * SECTION:vmfilelane
 * @title: VmFileLane
 * @short_description: files over data channels, without the channels
 *
 * What stands between the messages of a transfer and two data channels: one for
 * chunks, and one for all else, which is short and overtakes them. What is put
 * in comes out as packets that fit into a message of a channel, small ones
 * while media runs beside it; what a peer sent comes out as buffers with a
 * #VmTransferMeta. It keeps a bounded part of what either side says, does no
 * I/O, knows no time, and belongs to one thread.
 *
 * A chunk travels in binary frames if the receiver of its transfer has said so,
 * else as JSON; the answer that says it then tells the sender that a chunk may
 * have %VM_FILE_LANE_JSON_CHUNK_MAX bytes.
 */

#include "transfer/objects/vmfilelane.h"

#include "transfer/message/frame.h"
#include "transfer/engine/lanes.h"
#include "transfer/message/messagestructure.h"
#include "transfer/message/offersignature.h"
#include "trust/media/vmmediasession-priv.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

struct _VmFileLane
{
  GObject parent;

  GQueue control; /* of GBytes: text */
  GQueue chunks; /* of VmTransferMessage */
  gsize waiting; /* bytes of them */
  GPtrArray *frames; /* of the first of them, which is not there any more */
  guint next_frame;
  gchar *frames_id;
  gboolean frames_text; /* the one frame is JSON */
  GHashTable *offered; /* id → VmTransferEncoding that its receiver takes */
  VmFrameJoiner *joiner;
  VmMediaSession *session; /* that both devices have signed; or NULL */
};

G_DEFINE_FINAL_TYPE (VmFileLane, vm_file_lane, G_TYPE_OBJECT)

static void
drop_frames (VmFileLane *self)
{
  g_clear_pointer (&self->frames, g_ptr_array_unref);
  g_clear_pointer (&self->frames_id, g_free);
  self->next_frame = 0;
}

static void
vm_file_lane_finalize (GObject *object)
{
  VmFileLane *self = VM_FILE_LANE (object);

  vm_file_lane_clear (self);
  g_clear_object (&self->session);
  g_hash_table_unref (self->offered);
  vm_frame_joiner_free (self->joiner);
  G_OBJECT_CLASS (vm_file_lane_parent_class)->finalize (object);
}

static void
vm_file_lane_class_init (VmFileLaneClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_file_lane_finalize;
}

static void
vm_file_lane_init (VmFileLane *self)
{
  g_queue_init (&self->control);
  g_queue_init (&self->chunks);
  self->offered = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->joiner = vm_frame_joiner_new ();
}

/*
 * vm_file_lane_new:
 *
 * Returns: (transfer full): a lane on which nothing was said
 *
 * Since: 0.1
 */
VmFileLane *
vm_file_lane_new (void)
{
  return g_object_new (VM_TYPE_FILE_LANE, NULL);
}

/*
 * vm_file_lane_has_room:
 * @self: a #VmFileLane
 *
 * Returns: whether vm_file_lane_put() takes a chunk
 *
 * Since: 0.1
 */
gboolean
vm_file_lane_has_room (VmFileLane *self)
{
  g_return_val_if_fail (VM_IS_FILE_LANE (self), FALSE);

  return self->waiting < VM_FILE_LANE_WAITING_MAX;
}

/* Nobody wants the rest of that file. */
static void
drop_chunks (VmFileLane *self, const gchar *id)
{
  GList *link = self->chunks.head;

  while (link) {
    GList *next = link->next;
    VmTransferMessage *chunk = link->data;

    if (g_strcmp0 (chunk->id, id) == 0) {
      self->waiting -= g_bytes_get_size (chunk->data);
      vm_transfer_message_free (chunk);
      g_queue_delete_link (&self->chunks, link);
    }
    link = next;
  }
  if (g_strcmp0 (self->frames_id, id) == 0)
    drop_frames (self);
}

static void
forget (VmFileLane *self, const gchar *id)
{
  if (!id)
    return;
  g_hash_table_remove (self->offered, id);
  drop_chunks (self, id);
}

static gboolean
set_full (GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "The other side takes no more messages at the moment");
  return FALSE;
}

static gboolean
is_binary (VmFileLane *self, const VmTransferMessage *chunk)
{
  gpointer encoding =
      chunk->id ? g_hash_table_lookup (self->offered, chunk->id) : NULL;

  return GPOINTER_TO_UINT (encoding) == VM_TRANSFER_ENCODING_BINARY;
}

/* Takes @message. */
static gboolean
put_chunk (VmFileLane *self, VmTransferMessage *message, GError **error)
{
  g_autoptr (VmTransferMessage) chunk = message;
  gsize size = g_bytes_get_size (chunk->data);

  if (!vm_file_lane_has_room (self))
    return set_full (error);
  if (size > VM_FILE_LANE_JSON_CHUNK_MAX && !is_binary (self, chunk)) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The receiver takes no binary frames, and then a chunk has at most %d "
        "bytes",
        VM_FILE_LANE_JSON_CHUNK_MAX);
    return FALSE;
  }
  self->waiting += size;
  g_queue_push_tail (&self->chunks, g_steal_pointer (&chunk));
  return TRUE;
}

static gboolean
put_offer (VmFileLane *self, VmTransferMessage *offer, GError **error)
{
  g_clear_pointer (&offer->signature, g_free);
  if (self->session)
    offer->signature =
        vm_offer_sign (vm_media_session_get_identity (self->session), offer,
            vm_media_session_get_other_device (self->session), error);
  if (self->session && !offer->signature)
    return FALSE;
  if (g_hash_table_contains (self->offered, offer->id))
    return TRUE;
  if (g_hash_table_size (self->offered) == VM_FILE_LANE_TRANSFERS_MAX)
    return set_full (error);
  g_hash_table_insert (self->offered, g_strdup (offer->id),
      GUINT_TO_POINTER (VM_TRANSFER_ENCODING_NONE));
  return TRUE;
}

static gboolean
put_control (VmFileLane *self, VmTransferMessage *message, GError **error)
{
  gchar *text;

  if (self->control.length == VM_FILE_LANE_CONTROL_MAX)
    return set_full (error);
  if (message->type == VM_TRANSFER_FILE_OFFER
      && !put_offer (self, message, error))
    return FALSE;
  if (message->type == VM_TRANSFER_CANCEL
      || (message->type == VM_TRANSFER_ERROR && message->id))
    forget (self, message->id);
  text = vm_transfer_message_write (message);
  g_queue_push_tail (&self->control, g_bytes_new_take (text, strlen (text)));
  return TRUE;
}

/*
 * vm_file_lane_put:
 * @self: a #VmFileLane
 * @message: what is to be said, as in #VmTransferMeta
 * @data: (nullable): the bytes of a CHUNK_DATA
 * @error: %VM_ERROR_BAD_MESSAGE: it is none; %VM_ERROR_RATE_LIMITED: as much as
 *   may waits already; %VM_ERROR_TOO_LARGE: a chunk that the receiver wants as
 *   JSON
 *
 * A message that ends a transfer drops the chunks of it that wait.
 *
 * Returns: whether it will be said
 *
 * Since: 0.1
 */
gboolean
vm_file_lane_put (
    VmFileLane *self, const GstStructure *message, GBytes *data, GError **error)
{
  g_autoptr (VmTransferMessage) read = NULL;

  g_return_val_if_fail (VM_IS_FILE_LANE (self), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);

  read = vm_transfer_message_from_structure (message, data, error);
  if (!read)
    return FALSE;
  if (read->type == VM_TRANSFER_CHUNK_DATA)
    return put_chunk (self, g_steal_pointer (&read), error);
  return put_control (self, read, error);
}

static GPtrArray *
write_text (const VmTransferMessage *chunk)
{
  GPtrArray *texts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  gchar *text = vm_transfer_message_write (chunk);

  g_ptr_array_add (texts, g_bytes_new_take (text, strlen (text)));
  return texts;
}

/* Cuts the first of the chunks that can be sent. FALSE: there is none. */
static gboolean
cut (VmFileLane *self, gboolean media)
{
  while (!self->frames && self->chunks.length > 0) {
    g_autoptr (VmTransferMessage) chunk = g_queue_pop_head (&self->chunks);

    self->waiting -= g_bytes_get_size (chunk->data);
    self->frames_text = !is_binary (self, chunk);
    self->frames =
        self->frames_text
            ? write_text (chunk)
            : vm_frame_split (chunk,
                media ? VM_FRAME_CHANNEL_MEDIA : VM_FRAME_CHANNEL_MAX, NULL);
    self->frames_id = g_strdup (chunk->id);
    /* a receiver that wants frames of a transfer whose id is no uuid */
    if (!self->frames)
      drop_frames (self);
  }
  return self->frames != NULL;
}

static GBytes *
next_frame (VmFileLane *self, gboolean media, gboolean *text)
{
  GBytes *frame;

  if (!cut (self, media))
    return NULL;
  *text = self->frames_text;
  frame = g_bytes_ref (self->frames->pdata[self->next_frame++]);
  if (self->next_frame == self->frames->len)
    drop_frames (self);
  return frame;
}

/*
 * vm_file_lane_next:
 * @self: a #VmFileLane
 * @label: %VM_FILE_LANE_CONTROL or %VM_FILE_LANE_DATA
 * @buffered: bytes that this channel holds back now
 * @media: whether sound or pictures run beside it
 * @text: (out): whether it is a message of text
 *
 * Returns: (transfer full) (nullable): the next message for that channel, or
 *   %NULL: there is none, or the channel has enough
 *
 * Since: 0.1
 */
GBytes *
vm_file_lane_next (VmFileLane *self, const gchar *label, guint64 buffered,
    gboolean media, gboolean *text)
{
  g_return_val_if_fail (VM_IS_FILE_LANE (self), NULL);
  g_return_val_if_fail (label != NULL && text != NULL, NULL);

  *text = TRUE;
  if (buffered >= VM_FILE_LANE_BUFFERED_MAX)
    return NULL;
  if (strcmp (label, VM_FILE_LANE_CONTROL) == 0)
    return g_queue_pop_head (&self->control);
  return next_frame (self, media, text);
}

/* What it means for the transfers of either side. */
static void
hear (VmFileLane *self, const VmTransferMessage *message)
{
  gboolean ours =
      message->id && g_hash_table_contains (self->offered, message->id);

  if (message->type == VM_TRANSFER_FILE_RESPONSE && ours && message->accept)
    g_hash_table_replace (self->offered, g_strdup (message->id),
        GUINT_TO_POINTER (message->encoding));
  else if (message->type == VM_TRANSFER_FILE_RESPONSE
           || message->type == VM_TRANSFER_VERIFIED
           || message->type == VM_TRANSFER_CANCEL
           || message->type == VM_TRANSFER_ERROR)
    forget (self, message->id);
  if (message->id
      && (message->type == VM_TRANSFER_COMPLETE
          || message->type == VM_TRANSFER_CANCEL
          || message->type == VM_TRANSFER_ERROR))
    vm_frame_joiner_forget (self->joiner, message->id);
}

/* Between devices an offer is signed; another has no key to do it with. */
static gboolean
is_its_word (VmFileLane *self, const VmTransferMessage *message, GError **error)
{
  return message->type != VM_TRANSFER_FILE_OFFER || !self->session
         || vm_offer_verify (vm_media_session_get_other_key (self->session),
             message,
             vm_identity_get_device_id (
                 vm_media_session_get_identity (self->session)),
             error);
}

/* Who takes no frames is sent chunks that fit into a message as JSON: the
 * sender learns it by the answer, whoever wrote that. */
static void
bound_chunks (VmTransferMessage *message)
{
  if (message->type != VM_TRANSFER_FILE_RESPONSE || !message->accept
      || message->encoding == VM_TRANSFER_ENCODING_BINARY)
    return;
  if (message->chunk_size < 0
      || message->chunk_size > VM_FILE_LANE_JSON_CHUNK_MAX)
    message->chunk_size = VM_FILE_LANE_JSON_CHUNK_MAX;
}

/*
 * vm_file_lane_take:
 * @self: a #VmFileLane
 * @data: what came, on either channel
 * @text: whether it was a message of text
 * @error: %VM_ERROR_BAD_MESSAGE: it is nothing of a file transfer;
 *   %VM_ERROR_SIGNATURE: an offer that is not the word of the other device
 *
 * Returns: (transfer full) (nullable): a message, as of vmfilesrc; or %NULL
 *   without an error: it is a part of a chunk, of which others are missing
 *
 * Since: 0.1
 */
GstBuffer *
vm_file_lane_take (
    VmFileLane *self, GBytes *data, gboolean text, GError **error)
{
  g_autoptr (VmTransferMessage) message = NULL;

  g_return_val_if_fail (VM_IS_FILE_LANE (self), NULL);
  g_return_val_if_fail (data != NULL, NULL);

  if (text) {
    gsize size;
    const gchar *bytes = g_bytes_get_data (data, &size);

    message = vm_transfer_message_read (bytes, size, error);
  } else {
    vm_frame_joiner_take (self->joiner, data, &message, error);
  }
  if (!message || !is_its_word (self, message, error))
    return NULL;
  hear (self, message);
  bound_chunks (message);
  return vm_transfer_message_to_buffer (
      message, vm_lane_kind_to_string (VM_LANE_CHANNEL));
}

/*
 * vm_file_lane_set_session:
 * @self: a #VmFileLane
 * @session: (nullable): whose keys the two sides have signed their connection
 *   with; or %NULL: either of them has none
 *
 * With a session for which vm_media_session_is_signed(), offers that are put
 * are signed by this device, and those that come must be by the other.
 *
 * Since: 0.1
 */
void
vm_file_lane_set_session (VmFileLane *self, VmMediaSession *session)
{
  g_return_if_fail (VM_IS_FILE_LANE (self));
  g_return_if_fail (!session || vm_media_session_is_signed (session));

  g_set_object (&self->session, session);
}

/*
 * vm_file_lane_forget:
 * @self: a #VmFileLane
 * @transfer_id: of a transfer of either side
 *
 * The transfer is over, as was heard on another lane.
 *
 * Since: 0.1
 */
void
vm_file_lane_forget (VmFileLane *self, const gchar *transfer_id)
{
  g_return_if_fail (VM_IS_FILE_LANE (self));
  g_return_if_fail (transfer_id != NULL);

  forget (self, transfer_id);
  vm_frame_joiner_forget (self->joiner, transfer_id);
}

/*
 * vm_file_lane_clear:
 * @self: a #VmFileLane
 *
 * Forgets what was put and what came: the channels are others now. What was
 * offered stays: chunks that are put again go as they did.
 *
 * Since: 0.1
 */
void
vm_file_lane_clear (VmFileLane *self)
{
  g_return_if_fail (VM_IS_FILE_LANE (self));

  g_queue_clear_full (&self->control, (GDestroyNotify) g_bytes_unref);
  g_queue_clear_full (&self->chunks, (GDestroyNotify) vm_transfer_message_free);
  self->waiting = 0;
  drop_frames (self);
  vm_frame_joiner_free (self->joiner);
  self->joiner = vm_frame_joiner_new ();
}
