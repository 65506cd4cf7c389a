/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sender of a file: VmFileSender reads, hashes and decides on the handler's
 * thread; another waits for what the receiver says. */

#include "transfer/p2p/p2pfiles.h"
#include "transfer/p2p/p2phandler-priv.h"

#include "transfer/objects/vmfilesender-priv.h"

#include <glib/gstdio.h>

typedef struct
{
  VmP2pPipe *pipe;
  const VmP2pSend *send;
  VmFileSender *sender;
  GMutex lock; /* of what follows */
  VmP2pFile *file;
  gint64 met_at; /* when FILE_META was sent, µs; 0: not yet */
  gboolean over;
} Sending;

/* Whether nothing of this transfer follows it. */
static gboolean
is_last (const VmTransferMessage *message)
{
  return message->type == VM_TRANSFER_VERIFIED
         || message->type == VM_TRANSFER_CANCEL
         || message->type == VM_TRANSFER_ERROR
         || (message->type == VM_TRANSFER_FILE_RESPONSE && !message->accept);
}

/* With the lock. Whether one of them was the last. */
static gboolean
tell_sender (Sending *self)
{
  VmTransferMessage *message;
  gboolean last = FALSE;

  while ((message = vm_p2p_file_next_in (self->file))) {
    last |= is_last (message);
    vm_file_sender_take_message (self->sender, message);
  }
  return last;
}

/* Takes @body, or NULL with @why. Whether to go on. */
static gboolean
hear (Sending *self, guint8 type, GBytes *body, const GError *why)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) owned = body;

  if (self->over)
    return FALSE;
  if (body && !vm_p2p_file_take (self->file, type, body, &error)) {
    vm_file_sender_fail (self->sender, error);
    return FALSE;
  }
  if (why && !g_error_matches (why, VM_ERROR, VM_ERROR_TIMEOUT)) {
    /* what it answered before may be the end of a file that it has */
    vm_file_sender_fail (self->sender, why);
    return FALSE;
  }
  if (why && self->met_at
      && g_get_monotonic_time () - self->met_at >= VM_P2P_ANSWER_TIMEOUT)
    vm_p2p_file_take_silence (self->file);
  return !tell_sender (self);
}

static gpointer
listen (gpointer data)
{
  Sending *self = data;
  gboolean goes_on = TRUE;

  while (goes_on) {
    g_autoptr (GError) error = NULL;
    guint8 type = 0;
    GBytes *body =
        vm_p2p_pipe_receive (self->pipe, VM_P2P_LOOK_EVERY, &type, &error);

    goes_on = hear (self, type, body, error);
  }
  return NULL;
}

/* Takes @message; what it becomes is @out, of VmP2pOut. */
static void
translate (Sending *self, VmTransferMessage *message, GQueue *out)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  VmP2pOut *next;

  vm_p2p_file_put (self->file, message);
  while ((next = vm_p2p_file_next_out (self->file)))
    g_queue_push_tail (out, next);
  vm_transfer_message_free (message);
}

static gboolean
send_all (Sending *self, GQueue *out, GError **error)
{
  VmP2pOut *next;

  while ((next = g_queue_pop_head (out)))
    if (!vm_p2p_send_out (self->pipe, next, error))
      return FALSE;
  return TRUE;
}

/* Once it is in the stream: what is acknowledged in the peer's place is so only
 * then. */
static void
note_sent (Sending *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (!self->met_at)
    self->met_at = g_get_monotonic_time ();
  tell_sender (self);
}

static void
run (Sending *self, GError **error)
{
  VmTransferMessage *message;

  while ((message = vm_file_sender_pull_message (self->sender, error))) {
    g_auto (GQueue) out = G_QUEUE_INIT;
    g_autoptr (GError) broken = NULL;

    translate (self, message, &out);
    if (!send_all (self, &out, &broken)) {
      g_queue_clear_full (&out, (GDestroyNotify) vm_p2p_out_free);
      vm_file_sender_fail (self->sender, broken);
    }
    note_sent (self);
  }
}

static void
on_changed (VmFileSender *sender, const GstStructure *s, gpointer data)
{
  Sending *self = data;
  VmP2pProgress progress = {
    .name = gst_structure_get_string (s, "filename"),
    .saved_path = gst_structure_get_string (s, "savedPath"),
    .full = gst_structure_has_field (s, "reason"),
  };
  gint state = 0;

  gst_structure_get (s, "size", G_TYPE_UINT64, &progress.size, "done",
      G_TYPE_UINT64, &progress.done, "sent", G_TYPE_UINT64, &progress.carried,
      "state", VM_TYPE_TRANSFER_STATE, &state, NULL);
  progress.state = state;
  if (self->send->progress)
    self->send->progress (&progress, self->send->data);
}

static void
on_control (gboolean paused, gboolean cancelled, gpointer data)
{
  vm_file_sender_set_paused (data, paused);
  if (cancelled)
    vm_file_sender_cancel (data);
}

static gboolean
check_size (Sending *self, GError **error)
{
  g_autoptr (GstStructure) s = vm_file_sender_describe (self->sender);
  guint64 size = 0;

  gst_structure_get (s, "size", G_TYPE_UINT64, &size, NULL);
  if (!self->send->max_size || size <= self->send->max_size)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
      "The file has more than the %" G_GUINT64_FORMAT " bytes that may be sent",
      self->send->max_size);
  return FALSE;
}

/* Of the size at this moment: another one is only cut less well. */
static VmFileSender *
open_file (const VmP2pSend *send, GError **error)
{
  GStatBuf st = { 0 };
  VmFileSender *sender;

  g_stat (send->location, &st);
  sender = vm_file_sender_new (send->location,
      vm_p2p_file_choose_chunk_size (MAX (st.st_size, 0)), error);
  if (!sender)
    return NULL;
  vm_file_sender_set_reliable (sender, VM_P2P_FILE_WINDOW);
  vm_file_sender_set_max_bitrate (sender, send->max_rate * 8);
  vm_file_sender_set_user (sender, send->user);
  vm_file_sender_set_lane (sender, "quic", NULL);
  return sender;
}

gboolean
vm_p2p_send_file (VmP2pPipe *pipe, const VmP2pSend *send, GError **error)
{
  g_autoptr (VmFileSender) sender = open_file (send, error);
  g_autoptr (VmP2pFile) file = vm_p2p_file_new (NULL);
  Sending self = { .pipe = pipe, .send = send, .sender = sender, .file = file };
  g_autoptr (GError) why = NULL;
  GThread *thread;

  if (!sender || !check_size (&self, error))
    return FALSE;
  g_mutex_init (&self.lock);
  g_signal_connect (sender, "changed", G_CALLBACK (on_changed), &self);
  vm_p2p_control_watch (send->control, on_control, sender);
  thread = g_thread_new ("vm-p2p-answers", listen, &self);
  run (&self, &why);
  g_mutex_lock (&self.lock);
  self.over = TRUE;
  g_mutex_unlock (&self.lock);
  g_thread_join (thread);
  vm_p2p_control_watch (send->control, NULL, NULL);
  g_mutex_clear (&self.lock);
  if (!why)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}
