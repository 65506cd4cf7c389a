/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/objects/vmfilereceiver-priv.h"

#include <gst/videomeet/vmerror.h>
#include "base/vmthread-priv.h"
#include "transfer/objects/incomingfile.h"

#include <string.h>

/* The newest: the others of that id are over. */
static VmIncomingFile *
find (VmFileReceiver *self, const gchar *from, const gchar *id)
{
  VmIncomingFile *only = NULL;
  guint n = 0;

  for (guint i = self->transfers->len; i-- > 0;) {
    VmIncomingFile *file = g_ptr_array_index (self->transfers, i);
    const VmTransferMessage *offer =
        vm_receiver_get_offer (vm_incoming_get_engine (file->incoming));

    if (from && g_strcmp0 (vm_incoming_get_from (file->incoming), from) != 0)
      continue;
    if (id && g_str_equal (offer->id, id))
      return file;
    n += !file->over_at;
    if (!file->over_at)
      only = file;
  }
  /* a legacy peer need not say which */
  return !id && n == 1 ? only : NULL;
}

static VmIncomingFile *
find_told (VmFileReceiver *self, const gchar *id)
{
  for (guint i = 0; i < self->transfers->len; i++) {
    VmIncomingFile *file = g_ptr_array_index (self->transfers, i);

    if (g_str_equal (file->id, id))
      return file;
  }
  return NULL;
}

/* A sender chooses the id, and is free to choose another's, or one that it had
 * before: what the user says of the one must not be taken for the other. */
static gchar *
choose_id (VmFileReceiver *self, const gchar *id)
{
  return find_told (self, id) ? g_uuid_string_random () : g_strdup (id);
}

static void
reply_error (
    VmFileReceiver *self, const VmReceiverItem *item, const GError *error)
{
  g_autoptr (VmTransferMessage) message = NULL;

  /* two who do not understand each other would go on for ever */
  if (item->message->type == VM_TRANSFER_ERROR)
    return;
  message = vm_transfer_message_new (VM_TRANSFER_ERROR, item->message->id);
  message->code = g_strdup (vm_error_to_code (error->code));
  message->message = g_strndup (error->message, VM_TRANSFER_REASON_MAX);
  vm_incoming_file_reply (self, item->from, message);
}

static void
decline (VmFileReceiver *self, const VmReceiverItem *item, const gchar *reason)
{
  g_autoptr (VmTransferMessage) message =
      vm_transfer_message_new (VM_TRANSFER_FILE_RESPONSE, item->message->id);

  message->accept = FALSE;
  message->reason = g_strdup (reason);
  vm_incoming_file_reply (self, item->from, message);
}

static gboolean
is_same_file (const VmTransferMessage *a, const VmTransferMessage *b)
{
  return g_strcmp0 (a->filename, b->filename) == 0 && a->size == b->size
         && a->mtime == b->mtime;
}

/* A legacy peer may count its files from 1 each day: what has the id of a
 * transfer that is over is that offer again, for which nobody is asked once
 * more, or a file that has not been offered yet. */
static gboolean
is_anew (const VmIncomingFile *file, const VmTransferMessage *offer, gint64 now)
{
  const VmTransferMessage *before =
      vm_receiver_get_offer (vm_incoming_get_engine (file->incoming));
  g_autofree gchar *name = NULL;

  if (offer->type != VM_TRANSFER_FILE_OFFER || !file->over_at)
    return FALSE;
  if (now - file->over_at > VM_FILE_RECEIVER_MEMORY)
    return TRUE;
  name = vm_filename_make_safe (offer->filename, NULL); /* as it was kept */
  return g_strcmp0 (name ? name : offer->filename, before->filename) != 0
         || offer->size != before->size
         || (offer->mtime && before->mtime && offer->mtime != before->mtime)
         || (offer->has_hash && before->has_hash
             && memcmp (offer->hash, before->hash, VM_SHA256_SIZE) != 0);
}

/* For the same file anew. Where nobody tells that a lane is gone, the old one's
 * sender may be there: it hears that nothing comes of its transfer. One that
 * was started again passes that over, as it is of another id; but a legacy peer
 * might take it for its new one. */
static void
give_way (VmFileReceiver *self, VmIncomingFile *file)
{
  VmReceiver *engine = vm_incoming_get_engine (file->incoming);
  gboolean tells =
      !file->told
      && vm_receiver_get_offer (engine)->encodings != VM_TRANSFER_ENCODING_NONE;
  g_autoptr (GError) why = g_error_new_literal (VM_ERROR, VM_ERROR_CANCELLED,
      tells ? "The same file was offered anew, and goes on there"
            : "The sender was started again, and goes on where it was");

  if (tells)
    vm_receiver_give_way (engine, why);
  else
    vm_receiver_fail (engine, why);
  vm_incoming_file_run (self, file);
}

/* A sender that was started anew offers its file once more. Its old transfer,
 * for which nobody comes any more, lets go of what it has; where nobody tells
 * that, the new offer does. FALSE: its lane still stands, or what came of it
 * was not all read, or its file is being read; the offer will come again. */
static gboolean
supersede (VmFileReceiver *self, VmIncoming *by)
{
  const gchar *from = vm_incoming_get_from (by);
  const VmTransferMessage *offer =
      vm_receiver_get_offer (vm_incoming_get_engine (by));
  gboolean stands = FALSE;

  for (guint i = 0; i < self->transfers->len; i++) {
    VmIncomingFile *file = g_ptr_array_index (self->transfers, i);
    VmReceiver *engine = vm_incoming_get_engine (file->incoming);

    const VmTransferMessage *before = vm_receiver_get_offer (engine);
    gboolean gone =
        file->told ? vm_receiver_is_lost (engine)
                   : memcmp (before->hash, offer->hash, VM_SHA256_SIZE) == 0;

    if (file->over_at || !vm_incoming_file_is_of (file, from)
        || !is_same_file (before, offer))
      continue;
    if (gone && vm_incoming_is_busy (file->incoming))
      stands = TRUE;
    else if (gone)
      give_way (self, file);
    stands |= file->told && !gone;
  }
  return !stands;
}

/* In the job's thread. */
static void
on_job_over (gpointer data)
{
  VmFileReceiver *self = data;
  VmReceiverItem *item = g_new0 (VmReceiverItem, 1);

  item->request = VM_RECEIVER_REQUEST_FINISH;
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->requests, item);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
take_offer (VmFileReceiver *self, const VmReceiverItem *item, gint64 now)
{
  g_autoptr (VmIncoming) incoming = NULL;
  /* before what had it is forgotten */
  g_autofree gchar *id = choose_id (self, item->message->id);
  VmAccept accept;
  VmIncomingFile *file;

  incoming = vm_incoming_new (
      self->folder, item->from, item->message, on_job_over, self, now);
  vm_incoming_set_known (incoming, item->known);
  if (!supersede (self, incoming))
    return;
  if (!vm_incoming_file_make_place (self, item, now)) {
    decline (self, item, "Too many files are being received");
    return;
  }
  g_mutex_lock (&self->lock);
  accept = self->accept;
  g_mutex_unlock (&self->lock);
  file = g_new0 (VmIncomingFile, 1);
  file->id = g_steal_pointer (&id);
  file->incoming = g_steal_pointer (&incoming);
  file->told = item->told;
  file->group = g_strdup (item->group);
  file->known = item->known;
  g_ptr_array_add (self->transfers, file);
  vm_incoming_file_tell (self, file);
  if (accept == VM_ACCEPT_AUTO)
    vm_receiver_accept (vm_incoming_get_engine (file->incoming), now);
  else if (accept == VM_ACCEPT_NEVER)
    vm_receiver_decline (
        vm_incoming_get_engine (file->incoming), "No files are received here");
  vm_incoming_file_run (self, file);
}

/* While its file is begun or gets its name, what comes for it waits, in its
 * order; what is beyond the limit is said again. Takes *@item then. */
static gboolean
hold (VmFileReceiver *self, VmIncomingFile *file, VmReceiverItem **item)
{
  gsize size = (*item)->size;

  if (!vm_incoming_is_busy (file->incoming))
    return FALSE;
  if (self->held + size > VM_FILE_RECEIVER_HELD_MAX) {
    g_clear_pointer (item, vm_receiver_item_free);
    return TRUE;
  }
  self->held += size;
  g_queue_push_tail (&file->held, g_steal_pointer (item));
  return TRUE;
}

/* May take *@held, as take_wish() may. */
static void
take_message (VmFileReceiver *self, VmReceiverItem **held, gint64 now)
{
  const VmReceiverItem *item = *held;
  VmIncomingFile *file = find (self, item->from, item->message->id);
  g_autoptr (GError) error = NULL;

  if (file && is_anew (file, item->message, now))
    file = NULL;
  if (file && hold (self, file, held))
    return;
  /* the offer of a meeting comes over its data channels, whatever comes then */
  if (file && item->lane && item->message->type != VM_TRANSFER_FILE_OFFER)
    vm_incoming_set_lane (file->incoming, item->lane);

  if (!file && item->message->type == VM_TRANSFER_FILE_OFFER) {
    take_offer (self, item, now);
    return;
  }
  if (!file)
    g_set_error (
        &error, VM_ERROR, VM_ERROR_NOT_FOUND, "There is no such transfer");
  else
    vm_receiver_take (
        vm_incoming_get_engine (file->incoming), item->message, now, &error);
  if (error)
    reply_error (self, item, error);
  if (file)
    vm_incoming_file_run (self, file);
}

static void
take_request (VmFileReceiver *self, VmReceiverItem **held, gint64 now)
{
  const VmReceiverItem *item = *held;
  VmIncomingFile *file = item->from ? find (self, item->from, item->id)
                                    : find_told (self, item->id);
  VmReceiver *engine = file ? vm_incoming_get_engine (file->incoming) : NULL;

  if (!file || hold (self, file, held))
    return;
  switch (item->request) {
    case VM_RECEIVER_REQUEST_ACCEPT:
      vm_receiver_accept (engine, now);
      break;
    case VM_RECEIVER_REQUEST_DECLINE:
      vm_receiver_decline (engine, item->reason);
      break;
    case VM_RECEIVER_REQUEST_PAUSE:
      vm_receiver_pause (engine, now);
      break;
    case VM_RECEIVER_REQUEST_RESUME:
      vm_receiver_resume (engine, now);
      break;
    case VM_RECEIVER_REQUEST_CANCEL:
      vm_receiver_cancel (engine);
      break;
    case VM_RECEIVER_REQUEST_LOSE:
    case VM_RECEIVER_REQUEST_FIND:
      vm_receiver_set_lost (
          engine, item->request == VM_RECEIVER_REQUEST_LOSE, now);
      break;
    case VM_RECEIVER_REQUEST_NONE:
    case VM_RECEIVER_REQUEST_FINISH:
      break;
  }
  vm_incoming_file_run (self, file);
}

static void
take (VmFileReceiver *self, VmReceiverItem **item, gint64 now)
{
  if ((*item)->message)
    take_message (self, item, now);
  else
    take_request (self, item, now);
}

static void
take_held (VmFileReceiver *self, VmIncomingFile *file)
{
  while (file->held.length && !vm_incoming_is_busy (file->incoming)) {
    g_autoptr (VmReceiverItem) item = g_queue_pop_head (&file->held);

    self->held -= item->size;
    take (self, &item, g_get_monotonic_time ());
  }
}

static void
finish_jobs (VmFileReceiver *self)
{
  for (guint i = 0; i < self->transfers->len; i++) {
    VmIncomingFile *file = g_ptr_array_index (self->transfers, i);

    if (!vm_incoming_finish (file->incoming))
      continue;
    vm_incoming_file_run (self, file);
    take_held (self, file);
  }
}

static gboolean
has_jobs (VmFileReceiver *self)
{
  gboolean any = FALSE;

  for (guint i = 0; i < self->transfers->len; i++) {
    const VmIncomingFile *file = g_ptr_array_index (self->transfers, i);

    any |= vm_incoming_is_busy (file->incoming);
  }
  return any;
}

/* What is due by the clock. Returns: when the next is; -1: nothing is */
static gint64
tick (VmFileReceiver *self)
{
  gint64 next = -1;

  for (guint i = 0; i < self->transfers->len; i++) {
    VmIncomingFile *file = g_ptr_array_index (self->transfers, i);
    VmReceiver *engine = vm_incoming_get_engine (file->incoming);
    gint64 now = g_get_monotonic_time ();
    gint64 deadline = vm_receiver_get_deadline (engine);

    if (vm_incoming_is_busy (file->incoming))
      continue;
    if (deadline >= 0 && now >= deadline) {
      vm_receiver_tick (engine, now);
      vm_incoming_file_run (self, file);
      deadline = vm_receiver_get_deadline (engine);
    }
    if (deadline >= 0 && (next < 0 || deadline < next))
      next = deadline;
  }
  return next;
}

/* called with lock held. Returns: (transfer full) (nullable): NULL: something
 * is due, or it is the end */
static VmReceiverItem *
wait_item (VmFileReceiver *self, gint64 until)
{
  VmReceiverItem *item;

  self->busy = has_jobs (self);
  g_cond_broadcast (&self->cond);
  while (!self->stopping && !self->queue.length && !self->requests.length) {
    if (until < 0)
      g_cond_wait (&self->cond, &self->lock);
    else if (!g_cond_wait_until (&self->cond, &self->lock, until))
      break;
  }
  if (self->stopping)
    item = NULL;
  else if (self->requests.length)
    item = g_queue_pop_head (&self->requests);
  else
    item = g_queue_pop_head (&self->queue);
  if (item)
    self->queued -= item->size;
  self->busy = !self->stopping;
  g_cond_broadcast (&self->cond);
  return item;
}

/* Whose message is the next; NULL: nobody's, or that of somebody new. */
static VmIncomingFile *
find_next (VmFileReceiver *self)
{
  const VmReceiverItem *next;

  g_mutex_lock (&self->lock);
  next = g_queue_peek_head (&self->queue); /* nobody else takes it */
  g_mutex_unlock (&self->lock);
  return next && next->message ? find (self, next->from, next->message->id)
                               : NULL;
}

/* Those that do not stand for more in a moment: nobody waits for another's. */
static void
send_acks (VmFileReceiver *self)
{
  const VmIncomingFile *next = find_next (self);

  for (guint i = 0; i < self->transfers->len; i++) {
    VmIncomingFile *file = g_ptr_array_index (self->transfers, i);

    if (file != next)
      vm_incoming_file_send_ack (self, file);
  }
}

/* Lets go of the files; what is verified stays. */
static void
end_all (VmFileReceiver *self)
{
  g_autoptr (GError) why =
      g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "The receiver was stopped");

  for (guint i = 0; i < self->transfers->len; i++) {
    VmIncomingFile *file = g_ptr_array_index (self->transfers, i);

    if (file->over_at)
      continue;
    while (vm_incoming_is_busy (file->incoming)) {
      vm_incoming_wait (file->incoming);
      vm_incoming_file_run (self, file);
    }
    vm_receiver_fail (vm_incoming_get_engine (file->incoming), why);
    vm_incoming_file_run (self, file);
  }
}

/* Half of it is free again, for who was told that it is full. */
static void
tell_room (VmFileReceiver *self)
{
  gboolean due;

  g_mutex_lock (&self->lock);
  due = self->told_full && self->queued <= VM_FILE_RECEIVER_QUEUE_MAX / 2;
  self->told_full &= !due;
  g_mutex_unlock (&self->lock);
  if (due)
    g_signal_emit (
        self, vm_file_receiver_signals[VM_FILE_RECEIVER_SIGNAL_ROOM], 0);
}

static void
clean (VmFileReceiver *self, gint64 now)
{
  vm_receive_folder_clean (self->folder, g_get_real_time () / G_USEC_PER_SEC);
  self->clean_at = now + VM_FILE_RECEIVER_CLEAN_EVERY;
}

gpointer
vm_file_receiver_work (gpointer data)
{
  VmFileReceiver *self = data;
  gboolean stopping = FALSE;

  vm_thread_give_way ();
  clean (self, g_get_monotonic_time ());
  self->held = 0;
  self->transfers = g_ptr_array_new_with_free_func (vm_incoming_file_free);
  while (!stopping) {
    gint64 until = tick (self);
    g_autoptr (VmReceiverItem) item = NULL;
    gint64 now = g_get_monotonic_time ();

    if (now >= self->clean_at)
      clean (self, now);
    send_acks (self);
    g_mutex_lock (&self->lock);
    item = wait_item (
        self, until < 0 ? self->clean_at : MIN (until, self->clean_at));
    stopping = self->stopping;
    g_mutex_unlock (&self->lock);
    now = g_get_monotonic_time ();
    if (item && item->request == VM_RECEIVER_REQUEST_FINISH)
      finish_jobs (self);
    else if (item)
      take (self, &item, now);
    tell_room (self);
  }
  end_all (self);
  g_clear_pointer (&self->transfers, g_ptr_array_unref);
  g_clear_pointer (&self->folder, vm_receive_folder_unref);
  return NULL;
}
