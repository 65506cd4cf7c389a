/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The receiver of a file, on the handler's thread; VmIncoming begins and
 * commits it on threads of its own. */

#include "transfer/p2p/p2pfiles.h"
#include "transfer/p2p/p2phandler-priv.h"

#include "transfer/engine/pacer.h"
#include "transfer/objects/incoming.h"

/* Bytes that one acknowledgement stands for. */
#define ACK_BYTES (1024 * 1024)
/* A sender that waits for a slow receiver hears this often that it is there. */
#define SIGN_EVERY G_USEC_PER_SEC
/* A sender of which nothing comes leaves the file to its next attempt. */
#define YIELD_AFTER (3 * G_USEC_PER_SEC)

typedef struct
{
  VmP2pPipe *pipe;
  const VmP2pReceive *receive;
  VmP2pFile *file;
  VmIncoming *incoming;
  VmReceiver *engine; /* of it */
  VmTransferMessage *ack; /* held back, for a later one to stand for it */
  VmTransferMessage *sign; /* the last that was sent; or NULL */
  gsize acked; /* bytes that @ack covers */
  gint64 pace; /* when the rate allows the next chunk, µs */
  gint64 signed_at;
  gint64 heard_at; /* when a message was read last */
  gint64 told_at;
  gboolean told; /* the first state */
  gboolean paused; /* by the user */
  guint64 carried; /* bytes of chunks */
} Receiving;

static void
on_job_over (gpointer data)
{
}

static void
tell (Receiving *self, VmTransferState state)
{
  const VmTransferMessage *offer = vm_receiver_get_offer (self->engine);
  g_autoptr (GstStructure) s = NULL;
  VmP2pProgress progress = {
    .state = state,
    .name = offer->filename,
    .size = offer->size,
    .done = vm_receiver_get_done (self->engine),
    .carried = self->carried,
    .full = vm_receiver_is_full (self->engine),
  };

  self->told_at = g_get_monotonic_time ();
  self->told = TRUE;
  if (!self->receive->progress)
    return;
  if (state == VM_TRANSFER_STATE_COMPLETED) {
    s = vm_incoming_describe (self->incoming, state);
    progress.saved_path = gst_structure_get_string (s, "savedPath");
  }
  self->receive->progress (&progress, self->receive->data);
}

static void
tell_changes (Receiving *self)
{
  VmTransferState state = VM_TRANSFER_STATE_PENDING;

  if (!self->told)
    tell (self, state);
  while (vm_receiver_next_state (self->engine, &state))
    tell (self, state);
  if (!vm_incoming_is_over (self->incoming)
      && g_get_monotonic_time () - self->told_at >= VM_P2P_PROGRESS_EVERY)
    tell (self, vm_receiver_get_state (self->engine));
}

/* The stream is of no use any more. */
static void
lose (Receiving *self, const GError *why)
{
  vm_receiver_fail (self->engine, why);
}

static void
flush (Receiving *self)
{
  VmP2pOut *out;
  g_autoptr (GError) error = NULL;

  while ((out = vm_p2p_file_next_out (self->file))) {
    if (error)
      vm_p2p_out_free (out);
    else if (!vm_p2p_send_out (self->pipe, out, &error) && self->engine)
      lose (self, error);
  }
}

static void
say (Receiving *self, const VmTransferMessage *message)
{
  vm_p2p_file_put (self->file, message);
  flush (self);
}

static void
send_ack (Receiving *self)
{
  if (!self->ack)
    return;
  say (self, self->ack);
  g_clear_pointer (&self->sign, vm_transfer_message_free);
  self->sign = g_steal_pointer (&self->ack);
  self->signed_at = g_get_monotonic_time ();
  self->acked = 0;
}

/* Whether a later one may stand for it. */
static gboolean
is_cumulative (const VmTransferMessage *message)
{
  return message->type == VM_TRANSFER_CHUNK_ACK
         && message->status == VM_CHUNK_RECEIVED
         && message->up_to > message->index;
}

/* Takes @message, of the engine. */
static void
answer (Receiving *self, VmTransferMessage *message)
{
  if (!is_cumulative (message)) {
    send_ack (self);
    say (self, message);
    vm_transfer_message_free (message);
    return;
  }
  g_clear_pointer (&self->ack, vm_transfer_message_free);
  self->ack = message;
  self->acked += vm_receiver_get_chunk_size (self->engine);
  if (self->acked >= ACK_BYTES)
    send_ack (self);
}

/* The peer breaks the rules, and hears so. */
static void
give_up (Receiving *self, const GError *why)
{
  vm_receiver_give_way (self->engine, why);
}

static gboolean
take_next (Receiving *self)
{
  g_autoptr (VmTransferMessage) message = vm_p2p_file_next_in (self->file);
  g_autoptr (GError) error = NULL;

  if (!message)
    return FALSE;
  if (message->data)
    self->carried += g_bytes_get_size (message->data);
  if (!vm_receiver_take (
          self->engine, message, g_get_monotonic_time (), &error))
    give_up (self, error);
  return TRUE;
}

/* All that can be done now. */
static void
run (Receiving *self)
{
  gboolean more = TRUE;

  while (more) {
    VmTransferMessage *message;

    more = FALSE;
    while ((message = vm_incoming_next (self->incoming))) {
      answer (self, message);
      more = TRUE;
    }
    tell_changes (self);
    if (vm_incoming_is_busy (self->incoming)) {
      send_ack (self);
      vm_incoming_wait (self->incoming);
      more = TRUE;
    } else if (take_next (self)) {
      more = TRUE;
    }
  }
}

static void
look_at_control (Receiving *self)
{
  VmP2pControl *control = self->receive->control;
  gboolean paused = vm_p2p_control_is_paused (control);
  gint64 now = g_get_monotonic_time ();

  if (vm_p2p_control_is_cancelled (control))
    vm_receiver_cancel (self->engine);
  else if (paused && !self->paused)
    self->paused = vm_receiver_pause (self->engine, now);
  else if (!paused && self->paused)
    self->paused = !vm_receiver_resume (self->engine, now);
}

/* Also finds out whether the stream is still there while it is not read. */
static void
give_sign (Receiving *self)
{
  gint64 now = g_get_monotonic_time ();

  if (!self->sign || now - self->signed_at < SIGN_EVERY)
    return;
  self->signed_at = now;
  say (self, self->sign);
}

/* A sender that was killed has begun again, before its connection is known to
 * be over (protocol/agents.md#again). */
static void
look_for_next (Receiving *self, gint64 now)
{
  g_autoptr (GError) error = NULL;

  if (now - self->heard_at < YIELD_AFTER
      || !vm_incoming_is_wanted (self->incoming))
    return;
  g_set_error (&error, VM_ERROR, VM_ERROR_DISCONNECTED,
      "Nothing came any more, and the same device sends the file again");
  lose (self, error);
}

static void
tick (Receiving *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 deadline = vm_receiver_get_deadline (self->engine);

  look_at_control (self);
  look_for_next (self, now);
  if (deadline >= 0 && now >= deadline)
    vm_receiver_tick (self->engine, now);
  run (self);
}

/* Chunks are not read faster than the rate allows; nor while this side is
 * paused, if the sender cannot be told so. */
static gboolean
may_read (Receiving *self)
{
  return g_get_monotonic_time () >= self->pace
         && (vm_p2p_file_is_native (self->file)
             || vm_receiver_get_state (self->engine)
                    != VM_TRANSFER_STATE_PAUSED);
}

static gint64
get_timeout (Receiving *self)
{
  gint64 deadline = vm_receiver_get_deadline (self->engine);
  gint64 now = g_get_monotonic_time ();
  gint64 timeout = VM_P2P_LOOK_EVERY;

  if (deadline >= 0)
    timeout = CLAMP (deadline - now, 0, timeout);
  return timeout;
}

static void
wait_to_read (Receiving *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 timeout = get_timeout (self);

  send_ack (self);
  if (self->pace > now)
    timeout = MIN (timeout, self->pace - now);
  g_usleep (timeout);
  give_sign (self);
  if (vm_p2p_pipe_is_over (self->pipe)) {
    g_autoptr (GError) why =
        g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "The other side is gone");

    lose (self, why);
  }
}

/* Takes @body. */
static void
take (Receiving *self, guint8 type, GBytes *body)
{
  g_autoptr (GBytes) owned = body;
  g_autoptr (GError) error = NULL;
  gsize size = g_bytes_get_size (body);

  self->heard_at = g_get_monotonic_time ();
  if (!vm_p2p_file_take (self->file, type, body, &error))
    give_up (self, error);
  if (type == VM_P2P_FILE_CHUNK || type == VM_P2P_FILE_CHUNK_HASHED
      || type == VM_P2P_FILE_CHUNK_PREFIX)
    self->pace = vm_pace (
        self->pace, size, self->receive->max_rate * 8, g_get_monotonic_time ());
}

static void
read_next (Receiving *self)
{
  g_autoptr (GError) error = NULL;
  guint8 type = 0;
  GBytes *body = vm_p2p_pipe_receive (self->pipe, 0, &type, &error);

  if (!body && g_error_matches (error, VM_ERROR, VM_ERROR_TIMEOUT)) {
    g_clear_error (&error);
    send_ack (self);
    body = vm_p2p_pipe_receive (self->pipe, get_timeout (self), &type, &error);
  }
  if (body)
    take (self, type, body);
  else if (!g_error_matches (error, VM_ERROR, VM_ERROR_TIMEOUT))
    lose (self, error);
}

static void
decide (Receiving *self)
{
  const VmTransferMessage *offer = vm_receiver_get_offer (self->engine);
  const VmP2pReceive *receive = self->receive;
  const VmP2pOffer what = { .name = offer->filename,
    .size = offer->size,
    .mime = offer->mime,
    .user = offer->user };
  g_autofree gchar *reason = NULL;

  if (vm_incoming_is_over (self->incoming))
    return;
  if (receive->max_size && (guint64) offer->size > receive->max_size) {
    g_autoptr (GError) why = g_error_new_literal (VM_ERROR, VM_ERROR_TOO_LARGE,
        "The file is larger than the capability allows (max_size)");

    vm_receiver_give_way (self->engine, why);
  } else if (receive->accept
             && !receive->accept (&what, &reason, receive->data)) {
    vm_receiver_decline (self->engine, reason);
  } else {
    vm_receiver_accept (self->engine, g_get_monotonic_time ());
  }
}

/* FALSE: the first message is not the beginning of a file. */
static gboolean
begin (Receiving *self, const VmP2pMessage *first, GError **error)
{
  g_autoptr (GBytes) body = first ? g_bytes_ref (first->body) : NULL;
  guint8 type = first ? first->type : 0;
  g_autoptr (VmTransferMessage) offer = NULL;

  if (!body)
    body = vm_p2p_pipe_receive (self->pipe, VM_P2P_FIRST_TIMEOUT, &type, error);
  if (!body || !vm_p2p_file_take (self->file, type, body, error))
    return FALSE;
  offer = vm_p2p_file_next_in (self->file);
  if (!offer || offer->type != VM_TRANSFER_FILE_OFFER) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The stream does not begin with a file");
    return FALSE;
  }
  self->incoming = vm_incoming_new (self->receive->folder,
      self->receive->device, offer, on_job_over, NULL, g_get_monotonic_time ());
  self->engine = vm_incoming_get_engine (self->incoming);
  vm_incoming_set_known (self->incoming, self->receive->known);
  vm_incoming_set_lane (self->incoming, "quic");
  vm_receiver_set_window (self->engine, VM_P2P_FILE_WINDOW);
  flush (self);
  return TRUE;
}

static gboolean
finish (Receiving *self, gchar **saved_path, GError **error)
{
  const GError *why = vm_receiver_get_error (self->engine);
  g_autoptr (GstStructure) s = NULL;

  if (why) {
    g_propagate_error (error, g_error_copy (why));
    return FALSE;
  }
  s = vm_incoming_describe (self->incoming, VM_TRANSFER_STATE_COMPLETED);
  if (saved_path)
    *saved_path = g_strdup (gst_structure_get_string (s, "savedPath"));
  return TRUE;
}

static void
transfer (Receiving *self)
{
  self->heard_at = g_get_monotonic_time ();
  tell_changes (self);
  decide (self);
  run (self);
  while (!vm_incoming_is_over (self->incoming)) {
    if (may_read (self))
      read_next (self);
    else
      wait_to_read (self);
    tick (self);
  }
  run (self);
}

gboolean
vm_p2p_receive_file (VmP2pPipe *pipe, const VmP2pMessage *first,
    const VmP2pReceive *receive, gchar **saved_path, GError **error)
{
  g_autofree gchar *id = g_uuid_string_random ();
  g_autoptr (VmP2pFile) file = vm_p2p_file_new (id);
  g_autoptr (VmIncoming) incoming = NULL;
  Receiving self = { .pipe = pipe, .receive = receive, .file = file };
  gboolean received;

  if (!begin (&self, first, error))
    return FALSE;
  incoming = self.incoming;
  transfer (&self);
  received = finish (&self, saved_path, error);
  g_clear_pointer (&self.ack, vm_transfer_message_free);
  g_clear_pointer (&self.sign, vm_transfer_message_free);
  return received;
}
