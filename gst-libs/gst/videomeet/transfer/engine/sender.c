/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/sender-priv.h"

#include <string.h>

VmSender *
vm_sender_new (const VmSenderOffer *offer, gint64 now, GError **error)
{
  VmSender *self;

  if (!vm_sender_check_offer (offer, error))
    return NULL;
  self = g_new0 (VmSender, 1);
  vm_engine_init (&self->engine, offer->id);
  self->offer = vm_transfer_message_new (VM_TRANSFER_FILE_OFFER, offer->id);
  self->offer->filename = g_strdup (offer->filename);
  self->offer->mime = g_strdup (offer->mime);
  self->offer->size = offer->size;
  self->offer->mtime = offer->mtime;
  self->offer->encodings = offer->encodings | VM_TRANSFER_ENCODING_JSON;
  self->offer->chunk_size = offer->chunk_size;
  self->json_chunk_size = offer->json_chunk_size;
  self->nearby = VM_WINDOW_BYTES_MAX;
  if (offer->hash)
    vm_sender_set_offered_hash (self, offer->hash);
  self->hash_first = offer->hash_first && !offer->hash;
  if (self->hash_first)
    vm_engine_want (&self->engine, VM_ACTION_HASH);
  else
    vm_sender_begin_offer (self, now);
  return self;
}

void
vm_sender_free (VmSender *self)
{
  vm_sender_clear_chunks (self);
  vm_engine_clear (&self->engine);
  vm_transfer_message_free (self->offer);
  g_clear_pointer (&self->have, vm_chunk_set_free);
  g_clear_pointer (&self->accepted, vm_transfer_message_free);
  g_free (self->saved_path);
  g_free (self);
}

VmAction *
vm_sender_next (VmSender *self)
{
  return vm_engine_next (&self->engine);
}

void
vm_sender_fail (VmSender *self, const GError *why)
{
  if (vm_engine_fail (&self->engine, why))
    vm_sender_clear_chunks (self);
}

/* Fails, and says so, if the receiver has heard of it. Takes @why. */
static void
give_up (VmSender *self, VmTransferType type, GError *why)
{
  if (self->hash_first) {
    vm_sender_fail (self, why);
    g_error_free (why);
    return;
  }
  vm_engine_give_up (&self->engine, type, why);
  vm_sender_clear_chunks (self);
}

/* Fails because of what the receiver said. */
static void
be_told (VmSender *self, VmError code, const gchar *what, const gchar *reason)
{
  g_autoptr (GError) why = vm_engine_error (code, what, reason);

  vm_sender_fail (self, why);
}

void
vm_sender_send_start (VmSender *self)
{
  VmTransferMessage *message =
      vm_engine_send (&self->engine, VM_TRANSFER_START);

  message->chunk_size = self->chunk_size;
  message->total = self->total;
}

static void
send_complete (VmSender *self)
{
  VmTransferMessage *message;

  if (!self->heard)
    vm_sender_send_start (self);
  message = vm_engine_send (&self->engine, VM_TRANSFER_COMPLETE);
  message->total = self->total;
  message->has_hash = TRUE;
  memcpy (message->hash, self->hash, VM_SHA256_SIZE);
}

static void
begin_complete (VmSender *self, gint64 now)
{
  send_complete (self);
  vm_engine_repeat (
      &self->engine, now, now + vm_engine_patience (self->offer->size));
}

/* Goes on with what there is to do. */
static void
pump (VmSender *self, gint64 now)
{
  if (self->engine.state != VM_TRANSFER_STATE_TRANSFERRING
      || !vm_sender_fill (self, now))
    return;
  vm_engine_move (&self->engine, VM_TRANSFER_EVENT_COMPLETE);
  if (self->has_hash)
    begin_complete (self, now);
  else
    vm_engine_want (&self->engine, VM_ACTION_HASH);
}

/* The chunks that the receiver says it has, where it counts as we do. */
static gboolean
take_have (VmSender *self, const VmChunkSet *have)
{
  guint n = 0;
  const VmChunkRun *runs = have ? vm_chunk_set_get_runs (have, &n) : NULL;

  if (n == 0 || self->chunk_size != (guint32) self->offer->chunk_size)
    return TRUE;
  if (runs[n - 1].first + runs[n - 1].count > self->total)
    return FALSE;
  self->have = vm_chunk_set_copy (have);
  return TRUE;
}

/* The receiver, or what is in between, may carry less than was thought. */
static guint32
json_chunk_size (VmSender *self, const VmTransferMessage *response)
{
  return response->chunk_size < 0
             ? self->json_chunk_size
             : (guint32) MIN (self->json_chunk_size, response->chunk_size);
}

static void
be_accepted (VmSender *self, const VmTransferMessage *response, gint64 now)
{
  self->engine.legacy = response->encoding == VM_TRANSFER_ENCODING_NONE;
  self->encoding =
      self->engine.legacy ? VM_TRANSFER_ENCODING_JSON : response->encoding;
  self->chunk_size = self->encoding == VM_TRANSFER_ENCODING_JSON
                         ? json_chunk_size (self, response)
                         : (guint32) self->offer->chunk_size;
  self->total = vm_engine_chunks (self->offer->size, self->chunk_size);
  if (!(self->offer->encodings & self->encoding) || self->total > VM_CHUNKS_MAX
      || !take_have (self, response->have)) {
    give_up (self, VM_TRANSFER_CANCEL,
        vm_engine_error (VM_ERROR_BAD_MESSAGE,
            "The response takes what was not offered", NULL));
    return;
  }
  self->prefixes = response->prefix && self->reliable;
  vm_engine_answered (&self->engine);
  vm_engine_move (&self->engine, VM_TRANSFER_EVENT_ACCEPT);
  vm_sender_start_chunks (self);
  vm_sender_send_start (self);
  pump (self, now);
}

static gboolean
take_response (VmSender *self, const VmTransferMessage *message, gint64 now)
{
  if (self->engine.state != VM_TRANSFER_STATE_PENDING)
    return TRUE; /* to an offer that was sent again */
  if (message->accept
      && (self->hash_again || vm_sender_offer_again (self, message)))
    return TRUE;
  if (message->accept)
    be_accepted (self, message, now);
  else
    be_told (self, VM_ERROR_DECLINED, "The file was declined", message->reason);
  return TRUE;
}

static gboolean
take_ack (VmSender *self, const VmTransferMessage *message, gint64 now,
    GError **error)
{
  GError *why;

  if (self->engine.state == VM_TRANSFER_STATE_PENDING)
    return vm_engine_out_of_place (&self->engine, message->type, error);
  if (self->engine.state == VM_TRANSFER_STATE_VERIFYING)
    return TRUE;
  if (message->index >= (gint64) self->total
      || message->up_to > (gint64) self->total) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "CHUNK_ACK is of a chunk that the file does not have");
    return FALSE;
  }
  self->heard = TRUE;
  why = vm_sender_ack (self, message, now);
  if (why) {
    give_up (self, VM_TRANSFER_ERROR, why);
    return TRUE;
  }
  if (message->status == VM_CHUNK_FULL) {
    self->engine.paused_there = self->full = TRUE;
    vm_engine_update_pause (&self->engine, FALSE);
  }
  pump (self, now);
  return TRUE;
}

static gboolean
take_verified (VmSender *self, const VmTransferMessage *message, GError **error)
{
  if (self->engine.state == VM_TRANSFER_STATE_PENDING)
    return vm_engine_out_of_place (&self->engine, message->type, error);
  if (!message->verified) {
    be_told (self, VM_ERROR_FAILED, "The other side could not take the file",
        message->reason);
    return TRUE;
  }
  if (self->engine.state != VM_TRANSFER_STATE_VERIFYING
      || self->engine.again < 0)
    return vm_engine_out_of_place (&self->engine, message->type, error);
  self->saved_path = g_strdup (message->saved_path);
  vm_engine_answered (&self->engine);
  vm_engine_move (&self->engine, VM_TRANSFER_EVENT_SUCCESS);
  return TRUE;
}

static void
update_pause (VmSender *self, gint64 now)
{
  if (!vm_engine_update_pause (&self->engine, FALSE)
      || self->engine.state != VM_TRANSFER_STATE_TRANSFERRING)
    return;
  vm_sender_send_ready (self, now);
  pump (self, now);
}

static gboolean
take_pause (VmSender *self, const VmTransferMessage *message, gint64 now,
    GError **error)
{
  if (self->engine.state == VM_TRANSFER_STATE_PENDING)
    return vm_engine_out_of_place (&self->engine, message->type, error);
  self->engine.paused_there = message->type == VM_TRANSFER_PAUSE;
  self->full = self->engine.paused_there
               && g_strcmp0 (message->reason, VM_TRANSFER_REASON_FULL) == 0;
  update_pause (self, now);
  return TRUE;
}

static gboolean
take_error (VmSender *self, const VmTransferMessage *message)
{
  VmError code;

  vm_error_from_code (message->code, &code);
  if (message->id)
    be_told (self, code, "The other side does not go on", message->message);
  return TRUE;
}

gboolean
vm_sender_take (VmSender *self, const VmTransferMessage *message, gint64 now,
    GError **error)
{
  if (!vm_engine_check_id (&self->engine, message, error))
    return FALSE;
  if (self->hash_first || message->type == VM_TRANSFER_FILE_OFFER
      || message->type == VM_TRANSFER_START
      || message->type == VM_TRANSFER_CHUNK_DATA
      || message->type == VM_TRANSFER_COMPLETE)
    return vm_engine_out_of_place (&self->engine, message->type, error);
  if (vm_engine_is_over (&self->engine)) {
    vm_engine_tell_again (&self->engine, message);
    return TRUE;
  }
  switch (message->type) {
    case VM_TRANSFER_FILE_RESPONSE:
      return take_response (self, message, now);
    case VM_TRANSFER_CHUNK_ACK:
      return take_ack (self, message, now, error);
    case VM_TRANSFER_VERIFIED:
      return take_verified (self, message, error);
    case VM_TRANSFER_CANCEL:
      be_told (self, VM_ERROR_CANCELLED, "The other side has cancelled",
          message->reason);
      return TRUE;
    case VM_TRANSFER_ERROR:
      return take_error (self, message);
    default:
      return take_pause (self, message, now, error);
  }
}

/* What has changed is of no use to a later transfer. */
static void
lose_source (VmSender *self, const GError *why)
{
  give_up (self,
      g_error_matches (why, VM_ERROR, VM_ERROR_BAD_REQUEST) ? VM_TRANSFER_CANCEL
                                                            : VM_TRANSFER_ERROR,
      g_error_copy (why));
}

void
vm_sender_read (VmSender *self, guint64 index, GBytes *data,
    const guint8 hash[VM_SHA256_SIZE], const GError *why, gint64 now)
{
  if (vm_engine_is_over (&self->engine))
    return;
  if (!data) {
    lose_source (self, why);
    return;
  }
  vm_sender_chunk_read (self, index, data, hash, FALSE);
  pump (self, now);
}

void
vm_sender_read_prefix (VmSender *self, guint64 index, GBytes *data,
    const guint8 hash[VM_SHA256_SIZE], gint64 now)
{
  if (vm_engine_is_over (&self->engine))
    return;
  vm_sender_chunk_read (self, index, data, hash, TRUE);
  pump (self, now);
}

void
vm_sender_hashed (
    VmSender *self, const guint8 *hash, const GError *why, gint64 now)
{
  gboolean first = self->hash_first || self->hash_again;

  if (self->has_hash
      || self->engine.state
             != (first ? VM_TRANSFER_STATE_PENDING
                       : VM_TRANSFER_STATE_VERIFYING))
    return;
  if (!hash) {
    lose_source (self, why);
  } else if (first) {
    vm_sender_offer_hash (self, hash, now);
  } else {
    self->has_hash = TRUE;
    memcpy (self->hash, hash, VM_SHA256_SIZE);
    begin_complete (self, now);
  }
}

/* Before: it may well not say so twice. */
static gboolean
is_accepted (VmSender *self)
{
  return self->accepted && self->accepted_until >= 0
         && self->engine.state == VM_TRANSFER_STATE_PENDING;
}

gint64
vm_sender_get_deadline (VmSender *self)
{
  if (self->engine.state == VM_TRANSFER_STATE_TRANSFERRING)
    return vm_sender_chunk_deadline (self);
  if (self->engine.again < 0)
    return -1;
  if (is_accepted (self))
    return MIN (self->engine.again, self->accepted_until);
  return MIN (self->engine.again, self->engine.give_up);
}

/* Who has chunks keeps them for the next time, also who has just accepted. */
static void
run_out (VmSender *self)
{
  give_up (self, VM_TRANSFER_ERROR,
      vm_engine_error (
          VM_ERROR_TIMEOUT, "The other side does not answer", NULL));
}

void
vm_sender_tick (VmSender *self, gint64 now)
{
  if (self->engine.state == VM_TRANSFER_STATE_TRANSFERRING) {
    GError *why = vm_sender_retry (self, now);

    if (why)
      give_up (self, VM_TRANSFER_ERROR, why);
  } else if (is_accepted (self) && now >= self->accepted_until) {
    be_accepted (self, self->accepted, now);
  } else if (self->engine.give_up >= 0 && now >= self->engine.give_up) {
    run_out (self);
  } else if (vm_engine_is_due (&self->engine, now)) {
    if (self->engine.state == VM_TRANSFER_STATE_PENDING)
      vm_sender_send_offer (self);
    else
      send_complete (self);
  }
}

gboolean
vm_sender_pause (VmSender *self, gint64 now)
{
  if (self->engine.paused_here
      || (self->engine.state != VM_TRANSFER_STATE_TRANSFERRING
          && self->engine.state != VM_TRANSFER_STATE_PAUSED))
    return FALSE;
  self->engine.paused_here = TRUE;
  vm_engine_say (&self->engine, VM_TRANSFER_PAUSE, NULL);
  update_pause (self, now);
  return TRUE;
}

gboolean
vm_sender_resume (VmSender *self, gint64 now)
{
  if (!self->engine.paused_here
      || self->engine.state != VM_TRANSFER_STATE_PAUSED)
    return FALSE;
  self->engine.paused_here = FALSE;
  vm_engine_say (&self->engine, VM_TRANSFER_RESUME, NULL);
  update_pause (self, now);
  return TRUE;
}

gboolean
vm_sender_cancel (VmSender *self)
{
  if (vm_engine_is_over (&self->engine))
    return FALSE;
  give_up (self, VM_TRANSFER_CANCEL,
      vm_engine_error (VM_ERROR_CANCELLED, "It was cancelled", NULL));
  return TRUE;
}

gboolean
vm_sender_leave (VmSender *self)
{
  gboolean asked = self->engine.state == VM_TRANSFER_STATE_VERIFYING
                   && self->engine.again >= 0;

  if (asked || vm_engine_is_over (&self->engine))
    return FALSE;
  give_up (self, VM_TRANSFER_ERROR,
      vm_engine_error (VM_ERROR_DISCONNECTED, "It was ended for now", NULL));
  return TRUE;
}

VmTransferState
vm_sender_get_state (VmSender *self)
{
  return self->engine.state;
}

gboolean
vm_sender_next_state (VmSender *self, VmTransferState *state)
{
  return vm_engine_next_state (&self->engine, state);
}

const GError *
vm_sender_get_error (VmSender *self)
{
  return self->engine.error;
}

guint64
vm_sender_get_done (VmSender *self)
{
  return self->done;
}

guint64
vm_sender_get_sent (VmSender *self)
{
  return self->sent;
}

VmTransferEncoding
vm_sender_get_encoding (VmSender *self)
{
  return self->encoding;
}

const gchar *
vm_sender_get_saved_path (VmSender *self)
{
  return self->saved_path;
}

gboolean
vm_sender_is_full (VmSender *self)
{
  return self->full;
}
