/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/receiver-priv.h"

#include "transfer/message/frame-priv.h"

#include <string.h>

/* What is said to a sender that goes on although it was told to pause. */
#define NAG_EVERY G_USEC_PER_SEC

/* The name as it will be written, and sizes that a file can have. */
static gboolean
check_offer (VmReceiver *self, GError **error)
{
  gchar *name = vm_filename_make_safe (self->offer->filename, error);

  if (!name)
    return FALSE;
  g_free (self->offer->filename);
  self->offer->filename = name;
  if (vm_engine_chunks (self->offer->size, self->chunk_size) <= VM_CHUNKS_MAX)
    return TRUE;
  g_set_error (
      error, VM_ERROR, VM_ERROR_TOO_LARGE, "The file has too many chunks");
  return FALSE;
}

static VmTransferMessage *
copy_offer (const VmTransferMessage *offer)
{
  VmTransferMessage *copy =
      vm_transfer_message_new (VM_TRANSFER_FILE_OFFER, offer->id);

  copy->filename = g_strdup (offer->filename);
  copy->mime = g_strdup (offer->mime);
  copy->user = g_strdup (offer->user);
  copy->size = offer->size;
  copy->mtime = offer->mtime;
  copy->encodings = offer->encodings;
  copy->chunk_size = offer->chunk_size;
  copy->has_hash = offer->has_hash;
  copy->prefix = offer->prefix;
  memcpy (copy->hash, offer->hash, VM_SHA256_SIZE);
  return copy;
}

void
vm_receiver_refuse (VmReceiver *self, GError *why)
{
  vm_engine_give_up (&self->engine, VM_TRANSFER_FILE_RESPONSE, why);
}

VmReceiver *
vm_receiver_new (const VmTransferMessage *offer, guint encodings, gint64 now)
{
  VmReceiver *self = g_new0 (VmReceiver, 1);
  guint8 id[VM_FRAME_ID_SIZE];
  GError *why = NULL;

  vm_engine_init (&self->engine, offer->id);
  vm_receiver_init_chunks (self);
  self->offer = copy_offer (offer);
  self->heard = now;
  self->chunk_size =
      offer->chunk_size > 0 ? offer->chunk_size : VM_TRANSFER_SEED_CHUNK_SIZE;
  self->engine.legacy = offer->encodings == VM_TRANSFER_ENCODING_NONE;
  if (offer->encodings & encodings & VM_TRANSFER_ENCODING_BINARY
      && vm_frame_id_read (offer->id, id))
    self->encoding = VM_TRANSFER_ENCODING_BINARY;
  else if (!self->engine.legacy)
    self->encoding = VM_TRANSFER_ENCODING_JSON;
  if (!check_offer (self, &why))
    vm_receiver_refuse (self, why);
  return self;
}

void
vm_receiver_free (VmReceiver *self)
{
  vm_receiver_clear_chunks (self);
  g_hash_table_unref (self->writing);
  g_hash_table_unref (self->corrupt);
  vm_engine_clear (&self->engine);
  vm_transfer_message_free (self->offer);
  g_clear_pointer (&self->have, vm_chunk_set_free);
  g_free (self->saved_path);
  g_free (self);
}

VmAction *
vm_receiver_next (VmReceiver *self)
{
  return vm_engine_next (&self->engine);
}

void
vm_receiver_part (VmReceiver *self, VmActionType type)
{
  vm_receiver_clear_chunks (self);
  if (self->accepted)
    vm_engine_want (&self->engine, type);
}

void
vm_receiver_give_up (VmReceiver *self, VmTransferType type, GError *why)
{
  gboolean keep = type == VM_TRANSFER_ERROR;

  if (vm_engine_is_over (&self->engine)) {
    g_error_free (why);
    return;
  }
  vm_engine_give_up (
      &self->engine, self->engine.legacy ? VM_TRANSFER_VERIFIED : type, why);
  vm_receiver_part (self, keep ? VM_ACTION_CLOSE : VM_ACTION_DISCARD);
}

void
vm_receiver_fail (VmReceiver *self, const GError *why)
{
  if (vm_engine_fail (&self->engine, why))
    vm_receiver_part (self, VM_ACTION_CLOSE);
}

/* Fails because of what the sender said. */
static void
be_told (VmReceiver *self, VmError code, const gchar *what, const gchar *reason,
    VmActionType type)
{
  g_autoptr (GError) why = vm_engine_error (code, what, reason);

  if (vm_engine_fail (&self->engine, why))
    vm_receiver_part (self, type);
}

void
vm_receiver_update_pause (VmReceiver *self)
{
  vm_engine_update_pause (&self->engine, self->probe != NULL);
}

static void
respond (VmReceiver *self)
{
  VmTransferMessage *message =
      vm_engine_send (&self->engine, VM_TRANSFER_FILE_RESPONSE);

  message->accept = TRUE;
  message->encoding = self->encoding;
  message->prefix = self->offer->prefix;
  if (self->have && !self->engine.legacy)
    message->have = vm_chunk_set_copy (self->have);
}

static void
send_verified (VmReceiver *self)
{
  VmTransferMessage *message =
      vm_engine_send (&self->engine, VM_TRANSFER_VERIFIED);

  message->verified = TRUE;
  message->saved_path = g_strdup (self->saved_path);
}

/* All chunks are there, and the sender has said what the file is. */
static void
check_complete (VmReceiver *self)
{
  if (!self->complete || !self->ready || self->count < self->total)
    return;
  self->engine.paused_there = FALSE;
  vm_receiver_update_pause (self);
  if (self->engine.state != VM_TRANSFER_STATE_TRANSFERRING)
    return;
  vm_engine_answered (&self->engine);
  vm_engine_move (&self->engine, VM_TRANSFER_EVENT_COMPLETE);
  memcpy (vm_engine_want (&self->engine, VM_ACTION_COMMIT)->hash, self->hash,
      VM_SHA256_SIZE);
}

void
vm_receiver_begin (VmReceiver *self)
{
  self->ready = FALSE;
  vm_receiver_set_chunk_size (self, self->chunk_size);
  vm_engine_want (&self->engine, VM_ACTION_BEGIN)->chunk_size =
      self->chunk_size;
}

void
vm_receiver_begun (
    VmReceiver *self, const VmChunkSet *have, const GError *why, gint64 now)
{
  if (vm_engine_is_over (&self->engine) || self->ready)
    return;
  /* who is stopped has not said no */
  if (why && self->engine.state == VM_TRANSFER_STATE_PENDING
      && !g_error_matches (why, VM_ERROR, VM_ERROR_DISCONNECTED)) {
    vm_receiver_refuse (self, g_error_copy (why));
    vm_receiver_part (self, VM_ACTION_CLOSE);
    return;
  }
  if (why) {
    vm_receiver_give_up (self, VM_TRANSFER_ERROR, g_error_copy (why));
    return;
  }
  self->ready = TRUE;
  self->heard = now;
  vm_receiver_add_have (self, have);
  if (self->engine.state == VM_TRANSFER_STATE_PENDING) {
    if (have && vm_chunk_set_count (have) > 0)
      self->have = vm_chunk_set_copy (have);
    respond (self);
    vm_engine_move (&self->engine, VM_TRANSFER_EVENT_ACCEPT);
  }
  vm_receiver_flush (self);
  check_complete (self);
}

void
vm_receiver_poke (VmReceiver *self, gint64 now)
{
  if (self->nagged && !self->engine.legacy
      && self->engine.state == VM_TRANSFER_STATE_TRANSFERRING)
    vm_engine_repeat (&self->engine, now, -1);
  else
    vm_engine_answered (&self->engine);
}

void
vm_receiver_go_on (VmReceiver *self, gint64 now)
{
  vm_engine_say (&self->engine, VM_TRANSFER_RESUME, NULL);
  vm_receiver_update_pause (self);
  self->heard = now;
  vm_receiver_poke (self, now);
  vm_receiver_flush (self);
  check_complete (self);
}

void
vm_receiver_written (
    VmReceiver *self, guint64 index, const GError *why, gint64 now)
{
  gboolean was_full = self->probe != NULL;
  GError *end;

  if (vm_engine_is_over (&self->engine))
    return;
  end = vm_receiver_chunk_written (self, index, why, now);
  if (end) {
    vm_receiver_give_up (self, VM_TRANSFER_ERROR, end);
    return;
  }
  if (!was_full && self->probe)
    self->nagged = now;
  if (was_full && !self->probe && !self->engine.paused_here) {
    vm_receiver_go_on (self, now);
    return;
  }
  vm_receiver_flush (self);
  check_complete (self);
}

void
vm_receiver_committed (
    VmReceiver *self, const gchar *name, const GError *why, gint64 now)
{
  (void) now;
  if (self->engine.state != VM_TRANSFER_STATE_VERIFYING)
    return;
  if (name) {
    self->saved_path = g_strdup (name);
    vm_engine_move (&self->engine, VM_TRANSFER_EVENT_SUCCESS);
    send_verified (self);
    return;
  }
  vm_engine_give_up (&self->engine,
      g_error_matches (why, VM_ERROR, VM_ERROR_DISCONNECTED)
          ? VM_TRANSFER_ERROR
          : VM_TRANSFER_VERIFIED,
      g_error_copy (why));
  vm_receiver_part (self, g_error_matches (why, VM_ERROR, VM_ERROR_BAD_MESSAGE)
                              ? VM_ACTION_DISCARD
                              : VM_ACTION_CLOSE);
}

/* Once more; one that had no hash may have it by now. */
static gboolean
take_offer (VmReceiver *self, const VmTransferMessage *message, GError **error)
{
  if (message->size != self->offer->size
      || (self->offer->has_hash
          && memcmp (message->hash, self->offer->hash, VM_SHA256_SIZE) != 0)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "FILE_OFFER has the id of another file");
    return FALSE;
  }
  if (self->engine.state != VM_TRANSFER_STATE_PENDING)
    respond (self);
  return TRUE;
}

static gboolean
take_start (VmReceiver *self, const VmTransferMessage *message, GError **error)
{
  guint64 total = vm_engine_chunks (self->offer->size, message->chunk_size);

  if (self->engine.state == VM_TRANSFER_STATE_PENDING)
    return vm_engine_out_of_place (&self->engine, message->type, error);
  if ((guint64) message->total != total || total > VM_CHUNKS_MAX
      || (self->started && message->chunk_size != self->chunk_size)) {
    vm_receiver_give_up (self, VM_TRANSFER_CANCEL,
        vm_engine_error (VM_ERROR_BAD_MESSAGE,
            "TRANSFER_START does not have the chunks of the file", NULL));
    return TRUE;
  }
  if (self->started)
    return TRUE;
  self->started = TRUE;
  if (message->chunk_size != self->chunk_size) {
    self->chunk_size = message->chunk_size;
    vm_receiver_begin (self);
  }
  vm_receiver_flush (self);
  return TRUE;
}

/* While it is paused here, the sender has not heard. */
static void
nag (VmReceiver *self, gint64 now)
{
  if (now - self->nagged < NAG_EVERY)
    return;
  self->nagged = now;
  vm_engine_say (&self->engine, VM_TRANSFER_PAUSE,
      self->probe ? VM_TRANSFER_REASON_FULL : NULL);
}

static gboolean
take_chunk (VmReceiver *self, const VmTransferMessage *message, gint64 now,
    GError **error)
{
  if (self->engine.state == VM_TRANSFER_STATE_PENDING)
    return vm_engine_out_of_place (&self->engine, message->type, error);
  if (self->engine.state == VM_TRANSFER_STATE_VERIFYING)
    return TRUE;
  if (self->engine.paused_here || self->probe)
    nag (self, now);
  if (self->engine.paused_there
      && now - self->paused > VM_TRANSFER_PAUSE_GRACE) {
    self->engine.paused_there = FALSE;
    vm_receiver_update_pause (self);
  }
  return vm_receiver_take_chunk (self, message, error);
}

static gboolean
take_complete (
    VmReceiver *self, const VmTransferMessage *message, GError **error)
{
  if (self->engine.state == VM_TRANSFER_STATE_PENDING)
    return vm_engine_out_of_place (&self->engine, message->type, error);
  if ((guint64) message->total != self->total) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "TRANSFER_COMPLETE does not have the chunks of the file");
    return FALSE;
  }
  if (self->engine.state == VM_TRANSFER_STATE_VERIFYING)
    return TRUE;
  self->complete = TRUE;
  memcpy (self->hash, message->hash, VM_SHA256_SIZE);
  check_complete (self);
  return TRUE;
}

static gboolean
take_pause (VmReceiver *self, const VmTransferMessage *message, gint64 now,
    GError **error)
{
  if (self->engine.state == VM_TRANSFER_STATE_PENDING)
    return vm_engine_out_of_place (&self->engine, message->type, error);
  self->engine.paused_there = message->type == VM_TRANSFER_PAUSE;
  self->paused = now;
  vm_receiver_update_pause (self);
  check_complete (self);
  return TRUE;
}

/* The sender has not heard how it ended. */
static void
answer_again (VmReceiver *self, const VmTransferMessage *message)
{
  vm_engine_tell_again (&self->engine, message);
  if (self->engine.state != VM_TRANSFER_STATE_COMPLETED)
    return;
  if (message->type == VM_TRANSFER_COMPLETE)
    send_verified (self);
  else if (message->type == VM_TRANSFER_CHUNK_DATA
           && message->index < (gint64) self->total)
    vm_receiver_ack (self, message->index, VM_CHUNK_RECEIVED);
}

static gboolean
take_end (VmReceiver *self, const VmTransferMessage *message)
{
  VmError code;

  if (message->type == VM_TRANSFER_CANCEL) {
    be_told (self, VM_ERROR_CANCELLED, "The other side has cancelled",
        message->reason, VM_ACTION_DISCARD);
  } else if (message->id) {
    vm_error_from_code (message->code, &code);
    be_told (self, code, "The other side does not go on", message->message,
        VM_ACTION_CLOSE);
  }
  return TRUE;
}

static gboolean
dispatch (VmReceiver *self, const VmTransferMessage *message, gint64 now,
    GError **error)
{
  switch (message->type) {
    case VM_TRANSFER_FILE_OFFER:
      return take_offer (self, message, error);
    case VM_TRANSFER_START:
      return take_start (self, message, error);
    case VM_TRANSFER_CHUNK_DATA:
      return take_chunk (self, message, now, error);
    case VM_TRANSFER_COMPLETE:
      return take_complete (self, message, error);
    case VM_TRANSFER_CANCEL:
    case VM_TRANSFER_ERROR:
      return take_end (self, message);
    default:
      return take_pause (self, message, now, error);
  }
}

gboolean
vm_receiver_take (VmReceiver *self, const VmTransferMessage *message,
    gint64 now, GError **error)
{
  if (!vm_engine_check_id (&self->engine, message, error))
    return FALSE;
  if (message->type == VM_TRANSFER_FILE_RESPONSE
      || message->type == VM_TRANSFER_CHUNK_ACK
      || message->type == VM_TRANSFER_VERIFIED)
    return vm_engine_out_of_place (&self->engine, message->type, error);
  if (vm_engine_is_over (&self->engine)) {
    answer_again (self, message);
    return TRUE;
  }
  self->heard = now;
  self->lost = FALSE;
  vm_receiver_poke (self, now);
  return dispatch (self, message, now, error);
}

/* Whoever sends it does not come again, or has given up asking. */
static gint64
gone_deadline (VmReceiver *self)
{
  if (vm_engine_is_over (&self->engine)
      || self->engine.state == VM_TRANSFER_STATE_VERIFYING)
    return -1;
  if (self->lost)
    return self->lost_at + VM_TRANSFER_LOST_TIMEOUT;
  return self->engine.state == VM_TRANSFER_STATE_PENDING && !self->accepted
             ? self->heard + VM_TRANSFER_ASK_TIMEOUT
             : -1;
}

void
vm_receiver_give_way (VmReceiver *self, const GError *why)
{
  if (self->engine.state != VM_TRANSFER_STATE_PENDING) {
    vm_receiver_give_up (self, VM_TRANSFER_ERROR, g_error_copy (why));
    return;
  }
  vm_receiver_refuse (self, g_error_copy (why));
  vm_receiver_part (self, VM_ACTION_CLOSE);
}

/* Nothing comes, and it is not for the disk that it does not. */
static gint64
idle_deadline (VmReceiver *self)
{
  if (self->engine.state != VM_TRANSFER_STATE_TRANSFERRING || !self->ready
      || g_hash_table_size (self->writing) > 0)
    return -1;
  return self->heard + vm_engine_patience (self->offer->size)
         + vm_engine_chunk_patience (self->chunk_size);
}

gint64
vm_receiver_get_deadline (VmReceiver *self)
{
  gint64 deadlines[] = { idle_deadline (self), gone_deadline (self),
    self->engine.again, self->probe ? self->probe_at : -1 };
  gint64 first = -1;

  for (guint i = 0; i < G_N_ELEMENTS (deadlines); i++) {
    if (deadlines[i] >= 0 && (first < 0 || deadlines[i] < first))
      first = deadlines[i];
  }
  return first;
}

void
vm_receiver_tick (VmReceiver *self, gint64 now)
{
  gint64 idle = idle_deadline (self), gone = gone_deadline (self);

  if (gone >= 0 && now >= gone) {
    g_autoptr (GError) why = g_error_new_literal (VM_ERROR, VM_ERROR_TIMEOUT,
        self->lost ? "The sender is gone" : "Nobody has answered the offer");

    vm_receiver_give_way (self, why);
    return;
  }
  if (idle >= 0 && now >= idle) {
    vm_receiver_give_up (self, VM_TRANSFER_ERROR,
        vm_engine_error (
            VM_ERROR_TIMEOUT, "Nothing comes from the other side", NULL));
    return;
  }
  if (self->probe && self->probe_at >= 0 && now >= self->probe_at)
    vm_receiver_probe (self);
  if (vm_engine_is_due (&self->engine, now))
    vm_engine_say (&self->engine, VM_TRANSFER_RESUME, NULL);
}
