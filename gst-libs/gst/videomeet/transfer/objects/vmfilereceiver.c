/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmfilereceiver
 * @title: VmFileReceiver
 * @short_description: a folder that files are received in
 *
 * What vmfilesink is made of, for applications with a transport of their own:
 * whatever arrives from the senders is given to vm_file_receiver_take(), and
 * each #VmFileReceiver::reply is carried back to the sender it names. A thread
 * of its own writes to the disk, and emits the signals.
 *
 * A file gets its name when all of it is there and its hash is right; until
 * then it is `.vm-SENDER-TRANSFER.part`, and what is verified of it is not sent
 * again when the transfer is interrupted and begun once more within seven days.
 */

#include "transfer/objects/vmfilereceiver-priv.h"

#include <gst/videomeet/vmerror.h>

#include "transfer/engine/lanes.h"
#include "transfer/message/messagestructure.h"

enum
{
  PROP_DIRECTORY = 1,
  PROP_OVERWRITE,
  PROP_MAX_SIZE,
  PROP_QUOTA,
  PROP_FSYNC,
  PROP_ACCEPT,
};

guint vm_file_receiver_signals[VM_FILE_RECEIVER_N_SIGNALS];

G_DEFINE_FINAL_TYPE (VmFileReceiver, vm_file_receiver, G_TYPE_OBJECT)

void
vm_receiver_item_free (VmReceiverItem *item)
{
  g_clear_pointer (&item->message, vm_transfer_message_free);
  g_free (item->from);
  g_free (item->group);
  g_free (item->id);
  g_free (item->reason);
  g_free (item);
}

static void
vm_file_receiver_finalize (GObject *object)
{
  VmFileReceiver *self = VM_FILE_RECEIVER (object);

  vm_file_receiver_stop (self);
  g_free (self->directory);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (vm_file_receiver_parent_class)->finalize (object);
}

static void
vm_file_receiver_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmFileReceiver *self = VM_FILE_RECEIVER (object);

  g_mutex_lock (&self->lock);
  switch (id) {
    case PROP_DIRECTORY:
      self->directory = g_value_dup_string (value);
      break;
    case PROP_OVERWRITE:
      self->rules.overwrite = g_value_get_enum (value);
      break;
    case PROP_MAX_SIZE:
      self->rules.max_size = g_value_get_uint64 (value);
      break;
    case PROP_QUOTA:
      self->rules.quota = g_value_get_uint64 (value);
      break;
    case PROP_FSYNC:
      self->rules.no_fsync = !g_value_get_boolean (value);
      break;
    case PROP_ACCEPT:
      self->accept = g_value_get_enum (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  g_mutex_unlock (&self->lock);
}

static void
vm_file_receiver_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmFileReceiver *self = VM_FILE_RECEIVER (object);

  g_mutex_lock (&self->lock);
  switch (id) {
    case PROP_DIRECTORY:
      g_value_set_string (value, self->directory);
      break;
    case PROP_OVERWRITE:
      g_value_set_enum (value, self->rules.overwrite);
      break;
    case PROP_MAX_SIZE:
      g_value_set_uint64 (value, self->rules.max_size);
      break;
    case PROP_QUOTA:
      g_value_set_uint64 (value, self->rules.quota);
      break;
    case PROP_FSYNC:
      g_value_set_boolean (value, !self->rules.no_fsync);
      break;
    case PROP_ACCEPT:
      g_value_set_enum (value, self->accept);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  g_mutex_unlock (&self->lock);
}

static void
install_limits (GObjectClass *klass)
{
  /**
   * VmFileReceiver:max-size:
   *
   * Bytes that a file may have; 0: as many as there is room for. A larger one
   * is declined. What is set after vm_file_receiver_start() holds from the
   * next.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_MAX_SIZE,
      g_param_spec_uint64 ("max-size", "Most bytes of a file",
          "Bytes that a file may have; 0: as many as there is room for", 0,
          G_MAXUINT64, 0, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
  /**
   * VmFileReceiver:quota:
   *
   * Bytes of all files that come into the folder, unfinished ones with their
   * whole size; 0: no limit. What was received under a quota, by any process,
   * counts as long as it lies in the folder: it is listed there in
   * `.vm-received`. A file beyond the quota is declined. What is set after
   * vm_file_receiver_start() holds from the next.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_QUOTA,
      g_param_spec_uint64 ("quota", "Most bytes of all files",
          "Bytes of all files that are received; 0: no limit", 0, G_MAXUINT64,
          0, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
  /**
   * VmFileReceiver:fsync:
   *
   * Whether a file is on the disk, and not in its cache, before it is told
   * verified. What is set after vm_file_receiver_start() holds from the next.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_FSYNC,
      g_param_spec_boolean ("fsync", "Wait for the disk",
          "Whether a file is on the disk before it is told verified", TRUE,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
}

static void
install_properties (GObjectClass *klass)
{
  /**
   * VmFileReceiver:directory:
   *
   * The path of the folder, which must exist.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_DIRECTORY,
      g_param_spec_string ("directory", "Folder",
          "The path of the folder, which must exist", NULL,
          G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS));
  /**
   * VmFileReceiver:overwrite:
   *
   * What happens when a name is taken. What is set after
   * vm_file_receiver_start() holds from the next.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_OVERWRITE,
      g_param_spec_enum ("overwrite", "Names that are taken",
          "What happens when a name is taken", VM_TYPE_OVERWRITE,
          VM_OVERWRITE_NEVER, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
  install_limits (klass);
  /**
   * VmFileReceiver:accept:
   *
   * Which files are received, at any time for the offers to come. With
   * %VM_ACCEPT_ASK an offer is told by #VmFileReceiver::changed as pending, and
   * waits for vm_file_receiver_accept() or vm_file_receiver_decline().
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_ACCEPT,
      g_param_spec_enum ("accept", "Accept", "Which files are received",
          VM_TYPE_ACCEPT, VM_ACCEPT_AUTO,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
}

static void
vm_file_receiver_class_init (VmFileReceiverClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = vm_file_receiver_finalize;
  object_class->set_property = vm_file_receiver_set_property;
  object_class->get_property = vm_file_receiver_get_property;
  install_properties (object_class);
  /* below: GST_TYPE_STRUCTURE is nothing before gst_init() */
  /* not for applications: see vm_file_receiver_push() */
  vm_file_receiver_signals[VM_FILE_RECEIVER_SIGNAL_ROOM] =
      g_signal_new ("room", VM_TYPE_FILE_RECEIVER, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 0);
  /**
   * VmFileReceiver::reply:
   * @self: the receiver
   * @message: a #GstStructure as #VmTransferMeta.message
   * @from: the sender, as vm_file_receiver_take() was told
   *
   * To be carried to the sender. Emitted in the receiver's thread, which writes
   * to the disk; a handler that blocks holds it up.
   *
   * Since: 0.1
   */
  vm_file_receiver_signals[VM_FILE_RECEIVER_SIGNAL_REPLY] =
      g_signal_new ("reply", VM_TYPE_FILE_RECEIVER, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 2, gst_structure_get_type (), G_TYPE_STRING);
  /**
   * VmFileReceiver::changed:
   * @self: the receiver
   * @transfer: a #GstStructure as of vm_file_sender_describe(), its direction
   *   `receive`, with `from` (string); `lost` is %TRUE while its sender has no
   *   connection; `reason` (string) is `full` when it is paused because the
   *   disk is full; without `sent` and `address`, and with `lane` once
   *   something has come behind the offer
   *
   * A transfer has another state, or five times a second: it goes on. Emitted
   * in the receiver's thread.
   *
   * Since: 0.1
   */
  vm_file_receiver_signals[VM_FILE_RECEIVER_SIGNAL_CHANGED] =
      g_signal_new ("changed", VM_TYPE_FILE_RECEIVER, G_SIGNAL_RUN_LAST, 0,
          NULL, NULL, NULL, G_TYPE_NONE, 1, gst_structure_get_type ());
}

static void
vm_file_receiver_init (VmFileReceiver *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->queue);
  g_queue_init (&self->requests);
  self->rules.patience = VM_RECEIVE_PATIENCE;
}

/**
 * vm_file_receiver_new:
 * @directory: (type filename): the path of the folder, which must exist
 *
 * Returns: (transfer full): a receiver that has not started
 *
 * Since: 0.1
 */
VmFileReceiver *
vm_file_receiver_new (const gchar *directory)
{
  g_return_val_if_fail (directory != NULL, NULL);

  return g_object_new (VM_TYPE_FILE_RECEIVER, "directory", directory, NULL);
}

/**
 * vm_file_receiver_start:
 * @self: a #VmFileReceiver that is not started
 * @error: a #GFileError: the folder cannot be opened
 *
 * Opens the folder, removes what was left unfinished there seven days ago, and
 * starts the thread. The folder is this one from here on, whatever comes to lie
 * at its path.
 *
 * Returns: whether it has started
 *
 * Since: 0.1
 */
gboolean
vm_file_receiver_start (VmFileReceiver *self, GError **error)
{
  g_return_val_if_fail (VM_IS_FILE_RECEIVER (self), FALSE);
  g_return_val_if_fail (self->thread == NULL, FALSE);
  g_return_val_if_fail (self->directory != NULL, FALSE);

  self->folder = vm_receive_folder_open (self->directory, &self->rules, error);
  if (!self->folder)
    return FALSE;
  self->stopping = FALSE;
  self->thread = g_thread_new ("vm-receive", vm_file_receiver_work, self);
  return TRUE;
}

/**
 * vm_file_receiver_stop:
 * @self: a #VmFileReceiver
 *
 * Ends the thread; transfers that were not over have failed, and what is
 * verified of them stays for the next. What waits for the disk is dropped. Not
 * from a signal of @self. Nothing happens when it is not started.
 *
 * Since: 0.1
 */
void
vm_file_receiver_stop (VmFileReceiver *self)
{
  g_return_if_fail (VM_IS_FILE_RECEIVER (self));

  if (!self->thread)
    return;
  vm_receive_folder_stop (self->folder);
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  g_thread_join (g_steal_pointer (&self->thread));
  g_queue_clear_full (&self->queue, (GDestroyNotify) vm_receiver_item_free);
  g_queue_clear_full (&self->requests, (GDestroyNotify) vm_receiver_item_free);
  self->queued = 0;
}

/* Takes @item; whether it is in the queue. */
static gboolean
push (VmFileReceiver *self, VmReceiverItem *item, GError **error)
{
  gboolean pushed;

  g_mutex_lock (&self->lock);
  while (self->queued && self->queued + item->size > VM_FILE_RECEIVER_QUEUE_MAX
         && !self->flushing && !self->stopping)
    g_cond_wait (&self->cond, &self->lock);
  pushed = !self->flushing && !self->stopping;
  if (pushed) {
    g_queue_push_tail (&self->queue, item);
    self->queued += item->size;
    g_cond_broadcast (&self->cond);
  } else {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Flushing");
    vm_receiver_item_free (item);
  }
  g_mutex_unlock (&self->lock);
  return pushed;
}

/**
 * vm_file_receiver_take:
 * @self: a #VmFileReceiver that has started
 * @buffer: a message of a sender: a buffer with a #VmTransferMeta
 * @from: (nullable): who sends it, by letters, digits, `-` and `_`, at most 64:
 *   a device id; what was interrupted is resumed for the same sender only
 * @error: #VM_ERROR_BAD_MESSAGE: it is none, and nothing else has changed;
 *   %G_IO_ERROR_CANCELLED: flushing, or not started
 *
 * Waits while more than 8 MiB wait for the disk. Any thread; the messages of
 * one sender must come from one thread, or their order is lost.
 *
 * Returns: whether it was taken
 *
 * Since: 0.1
 */
gboolean
vm_file_receiver_take (
    VmFileReceiver *self, GstBuffer *buffer, const gchar *from, GError **error)
{
  VmTransferMeta *meta;
  g_autoptr (VmReceiverItem) item = NULL;
  g_autoptr (GBytes) data = NULL;
  gpointer copy = NULL;
  gsize size = 0;

  g_return_val_if_fail (VM_IS_FILE_RECEIVER (self), FALSE);
  g_return_val_if_fail (GST_IS_BUFFER (buffer), FALSE);
  g_return_val_if_fail (self->thread != NULL, FALSE);

  meta = vm_buffer_get_transfer_meta (buffer);
  if (!meta) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The buffer has no message of a file transfer");
    return FALSE;
  }
  if (gst_buffer_get_size (buffer) > 0) {
    gst_buffer_extract_dup (
        buffer, 0, gst_buffer_get_size (buffer), &copy, &size);
    data = g_bytes_new_take (copy, size);
  }
  item = g_new0 (VmReceiverItem, 1);
  item->message =
      vm_transfer_message_from_structure (meta->message, data, error);
  if (!item->message)
    return FALSE;
  item->from = g_strdup (from ? from : VM_FILE_RECEIVER_FROM);
  item->known = !from; /* this application's own */
  item->lane = meta->lane;
  item->size = VM_FILE_RECEIVER_MESSAGE_SIZE + size;
  return push (self, g_steal_pointer (&item), error);
}

gboolean
vm_file_receiver_push (VmFileReceiver *self, VmTransferMessage *message,
    const gchar *from, const gchar *group, gboolean known)
{
  VmReceiverItem *item = g_new0 (VmReceiverItem, 1);
  gboolean room = TRUE;

  item->message = message;
  item->told = TRUE;
  item->lane = vm_lane_kind_to_string (VM_LANE_WSS);
  item->from = g_strdup (from);
  item->group = g_strdup (group);
  item->known = known;
  item->size = VM_FILE_RECEIVER_MESSAGE_SIZE
               + (message->data ? g_bytes_get_size (message->data) : 0);
  g_mutex_lock (&self->lock);
  if (self->thread && !self->stopping && !self->flushing) {
    self->queued += item->size;
    g_queue_push_tail (&self->queue, g_steal_pointer (&item));
    room = self->queued <= VM_FILE_RECEIVER_QUEUE_MAX;
    self->told_full |= !room;
    g_cond_broadcast (&self->cond);
  }
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&item, vm_receiver_item_free);
  return room;
}

gboolean
vm_file_receiver_drain (VmFileReceiver *self)
{
  gboolean done;

  g_return_val_if_fail (VM_IS_FILE_RECEIVER (self), FALSE);

  g_mutex_lock (&self->lock);
  while ((self->queue.length || self->requests.length || self->busy)
         && !self->flushing && !self->stopping)
    g_cond_wait (&self->cond, &self->lock);
  done = !self->flushing && !self->stopping;
  g_mutex_unlock (&self->lock);
  return done;
}

void
vm_file_receiver_set_flushing (VmFileReceiver *self, gboolean flushing)
{
  g_return_if_fail (VM_IS_FILE_RECEIVER (self));

  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}
