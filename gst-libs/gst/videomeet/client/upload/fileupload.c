/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file to a device outside any meeting: POST /transfers, then the socket at
 * /transfer (protocol/files.md#without-a-meeting). A thread reads the file; the
 * caller's own runs a main loop for the network. When the socket is lost
 * another takes its place, at the same address or another (lanes.h): the
 * transfer on both sides knows nothing of sockets and goes on where it was. */

#include "client/upload/fileupload-priv.h"

#include "transfer/message/frame.h"
#include "base/vmthread-priv.h"
#include "base/vmtimer-priv.h"

/* Messages that were read and wait for the socket; with so many no more chunks
 * are read. */
#define QUEUE_MAX 64

void
vm_upload_item_free (gpointer data)
{
  VmUploadItem *item = data;

  g_bytes_unref (item->bytes);
  g_free (item);
}

/* The reading thread */

/* Takes @message: the other thread has enough to do. */
static VmUploadItem *
make_item (VmUpload *self, VmTransferMessage *message)
{
  VmUploadItem *item = g_new0 (VmUploadItem, 1);
  gboolean binary =
      vm_file_sender_get_encoding (self->sender) == VM_TRANSFER_ENCODING_BINARY;
  gboolean text;

  item->bytes = vm_frame_pack (message, binary, &text);
  item->type = text ? SOUP_WEBSOCKET_DATA_TEXT : SOUP_WEBSOCKET_DATA_BINARY;
  vm_transfer_message_free (message);
  return item;
}

static void
tell (VmUpload *self)
{
  g_main_context_invoke_full (
      self->context, G_PRIORITY_DEFAULT, vm_upload_flush, self, NULL);
}

void
vm_upload_look_for_room (VmUpload *self)
{
  guint most = self->full ? QUEUE_MAX / 2 : QUEUE_MAX - 1;
  gboolean full = self->queue.length > most;

  if (full == self->full)
    return;
  self->full = full;
  vm_file_sender_set_blocked (self->sender, full);
}

static void
push (VmUpload *self, VmUploadItem *item)
{
  gboolean told;

  g_mutex_lock (&self->lock);
  if (!self->offer)
    self->offer = g_strndup (
        g_bytes_get_data (item->bytes, NULL), g_bytes_get_size (item->bytes));
  g_queue_push_tail (&self->queue, item);
  vm_upload_look_for_room (self);
  told = self->told;
  self->told = TRUE;
  g_mutex_unlock (&self->lock);
  if (!told)
    tell (self);
}

/* called with lock held; what is pulled first is the offer, and needs no
 * socket */
static gboolean
has_to_wait (VmUpload *self)
{
  return !self->connected && self->offer
         && !g_cancellable_is_cancelled (self->cancellable);
}

/* A socket that was lost before this thread woke up for it is told as every
 * other. */
static gboolean
wait_connected (VmUpload *self)
{
  gboolean goes_on;

  g_mutex_lock (&self->lock);
  while (has_to_wait (self)) {
    g_mutex_unlock (&self->lock);
    vm_file_sender_tell_changes (self->sender);
    g_mutex_lock (&self->lock);
    if (has_to_wait (self))
      g_cond_wait (&self->cond, &self->lock);
  }
  goes_on = !g_cancellable_is_cancelled (self->cancellable);
  g_mutex_unlock (&self->lock);
  return goes_on;
}

static gpointer
read_thread (gpointer data)
{
  VmUpload *self = data;
  VmTransferMessage *message;
  GError *why = NULL;

  vm_thread_give_way ();
  while (wait_connected (self)
         && (message = vm_file_sender_pull_message (self->sender, &why)))
    push (self, make_item (self, message));
  g_mutex_lock (&self->lock);
  self->over = TRUE;
  self->why = why;
  g_mutex_unlock (&self->lock);
  tell (self);
  return NULL;
}

/* In whichever thread: the reading one ends, and tells the other. */
static void
on_caller_cancelled (GCancellable *caller, gpointer data)
{
  VmUpload *self = data;

  g_cancellable_cancel (self->cancellable);
  vm_file_sender_set_flushing (self->sender, TRUE);
  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
upload_init (VmUpload *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->queue);
  self->cancellable = g_cancellable_new ();
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  g_main_context_push_thread_default (self->context);
  self->http = vm_http_client_new (self->identity);
  self->session = vm_http_session_new ();
}

/* The reading thread is gone; what was asked for is not waited for any more. */
static void
upload_clear (VmUpload *self)
{
  vm_upload_drop_socket (self);
  vm_timer_clear (&self->again);
  vm_timer_clear (&self->closing);
  g_cancellable_cancel (self->cancellable);
  while (self->pending || g_main_context_pending (self->context))
    g_main_context_iteration (self->context, TRUE);
  soup_session_abort (self->session);
  g_clear_object (&self->session);
  g_clear_object (&self->http);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_clear_object (&self->cancellable);
  g_queue_clear_full (&self->queue, vm_upload_item_free);
  g_clear_error (&self->error);
  g_clear_error (&self->why);
  g_clear_error (&self->last);
  g_free (self->offer);
  g_free (self->key_hash);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

static void
run (VmUpload *self)
{
  GThread *reader = g_thread_new ("vm-file-read", read_thread, self);

  g_main_loop_run (self->loop);
  self->ended = TRUE;
  vm_file_sender_set_flushing (self->sender, TRUE);
  g_mutex_lock (&self->lock);
  self->connected = TRUE;
  g_queue_clear_full (&self->queue, vm_upload_item_free);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  g_thread_join (reader);
  vm_file_sender_set_flushing (self->sender, FALSE);
}

/* What comes first counts: that it was given up here, that the network was,
 * that the transfer has failed. */
static gboolean
take_result (VmUpload *self, GError **error)
{
  GError *why = g_steal_pointer (&self->error);

  if (!why)
    why = g_steal_pointer (&self->why);
  if (self->caller && g_cancellable_is_cancelled (self->caller)) {
    g_clear_error (&why);
    why = g_error_new (
        G_IO_ERROR, G_IO_ERROR_CANCELLED, "The upload was interrupted");
  }
  if (!why)
    return TRUE;
  g_propagate_error (error, why);
  return FALSE;
}

gboolean
vm_file_sender_upload_over (VmFileSender *self, VmIdentity *identity,
    VmLanes *lanes, gchar **key_hash, GCancellable *cancellable, GError **error)
{
  VmUpload upload = {
    .sender = self, .identity = identity, .lanes = lanes, .caller = cancellable
  };
  gulong handler = 0;
  gboolean done;

  upload.key_hash = g_steal_pointer (key_hash);
  upload_init (&upload);
  if (cancellable)
    handler = g_cancellable_connect (
        cancellable, G_CALLBACK (on_caller_cancelled), &upload, NULL);
  run (&upload);
  if (cancellable)
    g_cancellable_disconnect (cancellable, handler);
  done = take_result (&upload, error);
  *key_hash = g_steal_pointer (&upload.key_hash);
  upload_clear (&upload);
  return done;
}

/**
 * vm_file_sender_upload:
 * @self: a #VmFileSender that nobody pulls from
 * @identity: the key of this device, which the other resumes by
 * @base_uri: where the other device's server is, as vm_device_get_base_uri()
 * @key_hash: (nullable): the key that it must show, as
 *   vm_device_get_key_hash(); %NULL for whichever answers first; from then on
 *   that one
 * @cancellable: (nullable): ends it, so that the same file can go on later
 * @error: as vm_file_sender_pull(); #VM_ERROR_NOT_FOUND: no files are received
 *   there; #VM_ERROR_NOT_TRUSTED; #VM_ERROR_WRONG_KEY; #VM_ERROR_DISCONNECTED:
 *   it was not to be reached for 30 s; %G_IO_ERROR_CANCELLED
 *
 * Sends the file to a device, outside any meeting, over its server's WebSocket
 * (`protocol/files.md#without-a-meeting`). Blocks until the device has verified
 * it, or it has failed: to be called on a thread for it. #VmFileSender::changed
 * is emitted on another one.
 *
 * Returns: whether the device has verified the file
 *
 * Since: 0.1
 */
gboolean
vm_file_sender_upload (VmFileSender *self, VmIdentity *identity,
    const gchar *base_uri, const gchar *key_hash, GCancellable *cancellable,
    GError **error)
{
  g_autoptr (VmLanes) lanes = NULL;
  g_autofree gchar *key = g_strdup (key_hash);

  g_return_val_if_fail (VM_IS_FILE_SENDER (self), FALSE);
  g_return_val_if_fail (VM_IS_IDENTITY (identity), FALSE);
  g_return_val_if_fail (base_uri != NULL, FALSE);

  lanes = vm_lanes_new ();
  vm_lanes_add (lanes, VM_LANE_WSS, base_uri, 0);
  return vm_file_sender_upload_over (
      self, identity, lanes, &key, cancellable, error);
}
