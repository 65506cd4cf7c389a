/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The handler's thread reads the stream; another writes what the engine says,
 * so that neither waits for the other. */

#include "transfer/p2p/p2pforward.h"
#include "transfer/p2p/p2pfile-priv.h"
#include "transfer/p2p/p2phandler-priv.h"

#include "transfer/engine/pacer.h"
#include "transfer/message/messagestructure.h"

/* For the last message of the engine to be sent. */
#define LAST_TIME (2 * G_USEC_PER_SEC)

struct _VmP2pForward
{
  gboolean sends;
  VmP2pForwardFunc take;
  gpointer user_data;
  GDestroyNotify destroy;

  GMutex telling; /* held while @take runs: one at a time, in their order */

  GMutex lock; /* of what follows; @take does not run under it */
  GCond cond;
  GQueue waiting; /* of VmTransferMessage */
  gsize bytes; /* of chunks among them */
  gboolean flushing;
  gboolean ended; /* the engine has said its last */
  gboolean told; /* a last message has passed */
  gboolean over;
  GError *error; /* why; NULL: it is verified, or not over */
  gchar *id;
  const gchar *lane; /* or NULL */
  VmP2pFile *file; /* while it runs */
  VmP2pPipe *pipe; /* likewise */
};

VmP2pForward *
vm_p2p_forward_new (gboolean sends, VmP2pForwardFunc take, gpointer user_data,
    GDestroyNotify destroy)
{
  VmP2pForward *self = g_atomic_rc_box_new0 (VmP2pForward);

  self->sends = sends;
  self->take = take;
  self->user_data = user_data;
  self->destroy = destroy;
  g_mutex_init (&self->telling);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->waiting);
  return self;
}

VmP2pForward *
vm_p2p_forward_ref (VmP2pForward *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  VmP2pForward *self = data;

  if (self->destroy)
    self->destroy (self->user_data);
  g_queue_clear_full (
      &self->waiting, (GDestroyNotify) vm_transfer_message_free);
  g_clear_error (&self->error);
  g_free (self->id);
  g_mutex_clear (&self->telling);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

void
vm_p2p_forward_unref (VmP2pForward *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

/* How a transfer ends */

/* Whether nothing of the transfer follows it. */
static gboolean
is_last (const VmTransferMessage *message)
{
  return message->type == VM_TRANSFER_VERIFIED
         || message->type == VM_TRANSFER_CANCEL
         || message->type == VM_TRANSFER_ERROR
         || (message->type == VM_TRANSFER_FILE_RESPONSE && !message->accept);
}

/* NULL: it is verified. */
static GError *
error_of (const VmTransferMessage *message)
{
  VmError code = VM_ERROR_FAILED;
  const gchar *reason = message->reason ? message->reason : message->message;

  if (message->type == VM_TRANSFER_VERIFIED && message->verified)
    return NULL;
  if (message->type == VM_TRANSFER_CANCEL)
    code = VM_ERROR_CANCELLED;
  else if (message->type == VM_TRANSFER_FILE_RESPONSE)
    code = VM_ERROR_DECLINED;
  else if (message->code)
    vm_error_from_code (message->code, &code);
  return g_error_new (VM_ERROR, code, "%s",
      reason ? reason : "The transfer has ended, and nobody says why");
}

/* With the lock; takes @why. The first counts. */
static void
end (VmP2pForward *self, GError *why)
{
  if (self->over)
    g_clear_error (&why);
  else
    self->error = why;
  self->over = TRUE;
  g_cond_broadcast (&self->cond);
}

void
vm_p2p_forward_end (VmP2pForward *self, const GError *why)
{
  g_mutex_lock (&self->lock);
  end (self, g_error_copy (why));
  if (self->pipe)
    vm_p2p_pipe_close (self->pipe, why);
  g_mutex_unlock (&self->lock);
}

void
vm_p2p_forward_leave (VmP2pForward *self, const GError *why)
{
  g_mutex_lock (&self->lock);
  if (!self->ended)
    end (self, g_error_copy (why));
  g_mutex_unlock (&self->lock);
}

gboolean
vm_p2p_forward_is_told (VmP2pForward *self)
{
  gboolean told;

  g_mutex_lock (&self->lock);
  told = self->over && self->told;
  g_mutex_unlock (&self->lock);
  return told;
}

gchar *
vm_p2p_forward_dup_id (VmP2pForward *self)
{
  gchar *id;

  g_mutex_lock (&self->lock);
  id = g_strdup (self->id);
  g_mutex_unlock (&self->lock);
  return id;
}

gpointer
vm_p2p_forward_get_data (VmP2pForward *self)
{
  return self->user_data;
}

void
vm_p2p_forward_set_lane (VmP2pForward *self, const gchar *lane)
{
  g_mutex_lock (&self->lock);
  self->lane = lane;
  g_mutex_unlock (&self->lock);
}

const gchar *
vm_p2p_forward_get_lane (VmP2pForward *self)
{
  const gchar *lane;

  g_mutex_lock (&self->lock);
  lane = self->lane;
  g_mutex_unlock (&self->lock);
  return lane;
}

/* What the engine says */

/* With the lock. */
static gboolean
propagate_end (VmP2pForward *self, GError **error)
{
  if (self->error)
    g_propagate_error (error, g_error_copy (self->error));
  else
    g_set_error_literal (
        error, VM_ERROR, VM_ERROR_DISCONNECTED, "The transfer is over");
  return FALSE;
}

static gboolean
be_flushed (GError **error)
{
  g_set_error_literal (
      error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "It is being flushed");
  return FALSE;
}

static gsize
size_of (const VmTransferMessage *message)
{
  return message->data ? g_bytes_get_size (message->data) : 0;
}

/* With the lock; takes @message unless it is FALSE. */
static gboolean
queue (VmP2pForward *self, VmTransferMessage *message, GError **error)
{
  gsize size = size_of (message);

  while (!self->over && !self->flushing && size
         && self->bytes + size > VM_P2P_FORWARD_WAITING_MAX)
    g_cond_wait (&self->cond, &self->lock);
  if (self->over || self->ended)
    return propagate_end (self, error);
  if (self->flushing)
    return be_flushed (error);
  if (self->waiting.length >= VM_P2P_FORWARD_MESSAGES_MAX) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "The other side does not read what it is told");
    end (self, g_error_copy (*error));
    return FALSE;
  }
  if (message->type == VM_TRANSFER_FILE_OFFER && !self->id)
    self->id = g_strdup (message->id);
  self->ended = is_last (message);
  self->bytes += size;
  g_queue_push_tail (&self->waiting, message);
  g_cond_broadcast (&self->cond);
  return TRUE;
}

/* With the lock. A sender that has ended its transfer is soon stopped. */
static void
wait_until_sent (VmP2pForward *self)
{
  gint64 until = g_get_monotonic_time () + LAST_TIME;

  while (!self->over && !self->flushing && self->pipe
         && g_cond_wait_until (&self->cond, &self->lock, until))
    continue;
}

static gboolean
can_carry (const VmTransferMessage *message, GError **error)
{
  if (message->type != VM_TRANSFER_FILE_OFFER
      || message->chunk_size <= VM_P2P_FILE_CHUNK_MAX)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
      "The chunks of a file have at most %d bytes on this way",
      VM_P2P_FILE_CHUNK_MAX);
  return FALSE;
}

gboolean
vm_p2p_forward_put (VmP2pForward *self, const GstStructure *message,
    GBytes *data, GError **error)
{
  VmTransferMessage *read =
      vm_transfer_message_from_structure (message, data, error);
  gboolean last, taken;

  if (!read)
    return FALSE;
  last = is_last (read);
  taken = can_carry (read, error);
  g_mutex_lock (&self->lock);
  taken = taken && queue (self, read, error);
  if (taken && last && self->sends)
    wait_until_sent (self);
  g_mutex_unlock (&self->lock);
  if (!taken)
    vm_transfer_message_free (read);
  return taken;
}

void
vm_p2p_forward_set_flushing (VmP2pForward *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

gboolean
vm_p2p_forward_drain (VmP2pForward *self)
{
  gboolean over;

  g_mutex_lock (&self->lock);
  while (!self->over && !self->flushing)
    g_cond_wait (&self->cond, &self->lock);
  over = self->over;
  g_mutex_unlock (&self->lock);
  return over;
}

/* What the engine hears */

static gboolean
hand_over (VmP2pForward *self, VmTransferMessage *message)
{
  g_autoptr (GstStructure) s = vm_transfer_message_to_structure (message);

  return self->take (self, s, message->data, self->user_data);
}

static VmTransferMessage *
next_in (VmP2pForward *self)
{
  VmTransferMessage *message;

  g_mutex_lock (&self->lock);
  message = vm_p2p_file_next_in (self->file);
  if (message && message->type == VM_TRANSFER_FILE_OFFER && !self->id)
    self->id = g_strdup (message->id);
  g_mutex_unlock (&self->lock);
  return message;
}

/* All that has come. */
static void
tell_engine (VmP2pForward *self)
{
  VmTransferMessage *next;

  g_mutex_lock (&self->telling);
  while ((next = next_in (self))) {
    g_autoptr (VmTransferMessage) message = next;
    gboolean taken = hand_over (self, message);

    g_mutex_lock (&self->lock);
    if (!taken) {
      end (self, g_error_new_literal (VM_ERROR, VM_ERROR_DISCONNECTED,
                     "The element was stopped"));
    } else if (is_last (message)) {
      self->told = TRUE;
      end (self, error_of (message));
    }
    g_mutex_unlock (&self->lock);
  }
  g_mutex_unlock (&self->telling);
}

/* The writer */

/* NULL: the transfer is over. */
static VmTransferMessage *
next_to_write (VmP2pForward *self, GQueue *out)
{
  VmTransferMessage *message = NULL;
  VmP2pOut *next;

  g_mutex_lock (&self->lock);
  while (!self->over && g_queue_is_empty (&self->waiting))
    g_cond_wait (&self->cond, &self->lock);
  if (!self->over)
    message = g_queue_pop_head (&self->waiting);
  if (message)
    vm_p2p_file_put (self->file, message);
  while ((next = vm_p2p_file_next_out (self->file)))
    g_queue_push_tail (out, next);
  g_mutex_unlock (&self->lock);
  return message;
}

static gboolean
send_all (VmP2pPipe *pipe, GQueue *out, GError **error)
{
  VmP2pOut *next;
  gboolean good = TRUE;

  while (good && (next = g_queue_pop_head (out)))
    good = vm_p2p_send_out (pipe, next, error);
  g_queue_clear_full (out, (GDestroyNotify) vm_p2p_out_free);
  return good;
}

static void
note_written (
    VmP2pForward *self, const VmTransferMessage *message, const GError *broken)
{
  g_mutex_lock (&self->lock);
  self->bytes -= size_of (message);
  if (broken) {
    end (self, g_error_copy (broken));
  } else if (is_last (message)) {
    self->told = TRUE;
    end (self, error_of (message));
  }
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static gpointer
write_all (gpointer data)
{
  VmP2pForward *self = data;
  GQueue out = G_QUEUE_INIT;
  VmTransferMessage *next;

  while ((next = next_to_write (self, &out))) {
    g_autoptr (VmTransferMessage) message = next;
    g_autoptr (GError) broken = NULL;

    send_all (self->pipe, &out, &broken);
    /* the codec answers in the place of a peer of the base protocol */
    if (!broken)
      tell_engine (self);
    note_written (self, message, broken);
  }
  g_queue_clear_full (&out, (GDestroyNotify) vm_p2p_out_free);
  return NULL;
}

/* The reader */

/* The answer of the agent, before the engine is asked. */
static gboolean
may_come (VmTransferMessage *offer, const VmP2pReceive *receive, gchar **reason)
{
  const VmP2pOffer what = { .name = offer->filename,
    .size = (guint64) offer->size,
    .mime = offer->mime,
    .user = offer->user };

  if (receive->max_size && what.size > receive->max_size) {
    *reason = g_strdup ("The file is larger than the capability allows");
    return FALSE;
  }
  return !receive->accept || receive->accept (&what, reason, receive->data);
}

/* The first message. FALSE: it is none, or the file may not come. */
static gboolean
begin (VmP2pForward *self, const VmP2pMessage *first,
    const VmP2pReceive *receive, GError **error)
{
  g_autoptr (VmTransferMessage) offer = NULL;
  g_autoptr (VmTransferMessage) answer = NULL;
  g_autofree gchar *reason = NULL;

  if (!vm_p2p_file_take (self->file, first->type, first->body, error))
    return FALSE;
  offer = next_in (self);
  if (!offer || offer->type != VM_TRANSFER_FILE_OFFER)
    return vm_p2p_file_refuse (error, "The stream does not begin with a file");
  if (may_come (offer, receive, &reason)) {
    if (hand_over (self, offer))
      return TRUE;
    reason = g_strdup ("This device takes no more files");
  }
  answer = vm_transfer_message_new (VM_TRANSFER_FILE_RESPONSE, offer->id);
  answer->reason = g_steal_pointer (&reason);
  vm_p2p_file_put (self->file, answer);
  g_propagate_error (error, error_of (answer));
  return FALSE;
}

/* Takes @body, or NULL with @why. */
static void
hear (VmP2pForward *self, guint8 type, GBytes *body, const GError *why,
    gint64 since)
{
  g_autoptr (GBytes) owned = body;
  GError *error = NULL;

  g_mutex_lock (&self->lock);
  if (body && !self->over)
    vm_p2p_file_take (self->file, type, body, &error);
  else if (why && !g_error_matches (why, VM_ERROR, VM_ERROR_TIMEOUT))
    error = g_error_copy (why);
  else if (g_get_monotonic_time () - since >= VM_P2P_ANSWER_TIMEOUT)
    vm_p2p_file_take_silence (self->file);
  g_mutex_unlock (&self->lock);
  /* what was said before may be the end of the transfer */
  tell_engine (self);
  if (!error)
    return;
  g_mutex_lock (&self->lock);
  end (self, error);
  g_mutex_unlock (&self->lock);
}

/* The sender has said all, and says nothing before it is answered: what comes
 * then is another transfer's. TRUE: this one is over. */
static gboolean
wait_for_engine (VmP2pForward *self)
{
  gboolean over;

  g_mutex_lock (&self->lock);
  while (!self->sends && self->file->done && !self->over)
    g_cond_wait (&self->cond, &self->lock);
  over = self->over;
  g_mutex_unlock (&self->lock);
  return over;
}

static void
read_all (VmP2pForward *self, guint64 max_rate)
{
  gint64 since = g_get_monotonic_time ();
  gint64 pace = 0;

  while (!wait_for_engine (self)) {
    g_autoptr (GError) error = NULL;
    guint8 type = 0;
    gint64 now = g_get_monotonic_time ();
    GBytes *body;
    gsize size;

    if (now < pace && !vm_p2p_pipe_is_over (self->pipe)) {
      g_usleep (MIN (pace - now, VM_P2P_LOOK_EVERY));
      continue;
    }
    body = vm_p2p_pipe_receive (self->pipe, VM_P2P_LOOK_EVERY, &type, &error);
    size = body ? g_bytes_get_size (body) : 0;
    hear (self, type, body, error, since);
    if (max_rate && size > VM_P2P_FILE_HEAD_MAX)
      pace = vm_pace (pace, size, max_rate * 8, g_get_monotonic_time ());
  }
}

/* What the codec has to say before the engine has said anything. */
static void
flush (VmP2pForward *self)
{
  GQueue out = G_QUEUE_INIT;
  VmP2pOut *next;

  while ((next = vm_p2p_file_next_out (self->file)))
    g_queue_push_tail (&out, next);
  send_all (self->pipe, &out, NULL);
}

static void
transfer (VmP2pForward *self, guint64 max_rate)
{
  GThread *writer = g_thread_new ("vm-p2p-forward", write_all, self);

  read_all (self, max_rate);
  g_thread_join (writer);
}

/* Without @error when it was ended before. */
static gboolean
set_pipe (VmP2pForward *self, VmP2pPipe *pipe, VmP2pFile *file)
{
  gboolean good;

  g_mutex_lock (&self->lock);
  good = !pipe || !self->over;
  self->pipe = good ? pipe : NULL;
  self->file = good ? file : NULL;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  return good;
}

gboolean
vm_p2p_forward_run (VmP2pForward *self, VmP2pPipe *pipe,
    const VmP2pMessage *first, const VmP2pReceive *receive, GError **error)
{
  g_autofree gchar *id = self->sends ? NULL : g_uuid_string_random ();
  g_autoptr (VmP2pFile) file = vm_p2p_file_new (id);
  GError *why = NULL;

  if (set_pipe (self, pipe, file)) {
    gboolean good = self->sends || begin (self, first, receive, &why);

    flush (self);
    if (good)
      transfer (self, receive ? receive->max_rate : 0);
  }
  set_pipe (self, NULL, NULL);
  g_mutex_lock (&self->lock);
  end (self, why);
  why = self->error ? g_error_copy (self->error) : NULL;
  g_mutex_unlock (&self->lock);
  self->take (self, NULL, NULL, self->user_data);
  if (!why)
    return TRUE;
  g_propagate_error (error, why);
  return FALSE;
}
