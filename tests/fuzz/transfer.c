/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/transfer/engine/receiver.h>

#include <string.h>

/* Both engines of a transfer, each told whatever its peer, its disk and its
 * user may say, in any order: they answer each thing with a bounded number of
 * actions, keep no more than they may, and when they are over they stay so.
 *
 * A line is a message (JSON), or a letter and a digit: t lets time go on, d has
 * the disk answer the oldest that it was asked, u is the user, x the lane. The
 * first line with an offer is the receiver's. */

/* Actions that one thing may bring: a window, with an answer to each chunk. */
#define ACTIONS_MAX 2048
/* What the disk is asked to write and has not answered: one window, and the
 * chunk it is tried with. */
#define WRITING_MAX (4 * 1024 * 1024 + VM_CHUNK_SIZE_MAX)
#define LINES_MAX 2000

typedef struct
{
  VmSender *sender;
  VmReceiver *receiver;
  GQueue sender_disk, receiver_disk; /* VmAction */
  gsize writing; /* bytes */
  gint64 now;
} World;

static void
keep (World *w, GQueue *disk, VmAction *action)
{
  if (action->type == VM_ACTION_WRITE)
    w->writing += g_bytes_get_size (action->data);
  g_assert_cmpuint (w->writing, <=, WRITING_MAX);
  g_queue_push_tail (disk, action);
}

static void
drain (World *w)
{
  VmAction *action;
  guint n = 0;

  while ((action = vm_sender_next (w->sender))) {
    g_assert_cmpuint (++n, <=, ACTIONS_MAX);
    if (action->type == VM_ACTION_SEND)
      vm_action_free (action);
    else
      keep (w, &w->sender_disk, action);
  }
  while (w->receiver && (action = vm_receiver_next (w->receiver))) {
    g_assert_cmpuint (++n, <=, ACTIONS_MAX);
    if (action->type == VM_ACTION_SEND || action->type == VM_ACTION_CLOSE
        || action->type == VM_ACTION_DISCARD)
      vm_action_free (action);
    else
      keep (w, &w->receiver_disk, action);
  }
}

static void
take (World *w, const gchar *line, gsize size)
{
  g_autoptr (VmTransferMessage) message =
      vm_transfer_message_read (line, size, NULL);

  if (!message)
    return;
  vm_sender_take (w->sender, message, w->now, NULL);
  if (w->receiver)
    vm_receiver_take (w->receiver, message, w->now, NULL);
  else if (message->type == VM_TRANSFER_FILE_OFFER)
    w->receiver = vm_receiver_new (message,
        VM_TRANSFER_ENCODING_JSON | VM_TRANSFER_ENCODING_BINARY, w->now);
}

static GError *
disk_error (guint digit)
{
  switch (digit) {
    case 0:
    case 1:
      return NULL;
    case 2:
      return g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "full");
    case 3:
      return g_error_new (VM_ERROR, VM_ERROR_BAD_MESSAGE, "corrupt");
    default:
      return g_error_new (G_FILE_ERROR, G_FILE_ERROR_IO, "broken");
  }
}

static void
answer_sender (World *w, const GError *why)
{
  g_autoptr (VmAction) action = g_queue_pop_head (&w->sender_disk);
  g_autoptr (GBytes) data = NULL;
  guint8 hash[VM_SHA256_SIZE] = { 1 };

  if (!action)
    return;
  if (action->type == VM_ACTION_HASH) {
    vm_sender_hashed (w->sender, why ? NULL : hash, why, w->now);
    return;
  }
  g_assert_cmpuint (action->size, <=, VM_CHUNK_SIZE_MAX);
  if (!why)
    data = g_bytes_new_take (g_malloc0 (action->size), action->size);
  vm_sender_read (w->sender, action->index, data, hash, why, w->now);
}

static void
answer_receiver (World *w, const GError *why, gboolean had)
{
  g_autoptr (VmAction) action = g_queue_pop_head (&w->receiver_disk);
  g_autoptr (VmChunkSet) have = NULL;

  if (!action)
    return;
  if (action->type == VM_ACTION_WRITE) {
    w->writing -= g_bytes_get_size (action->data);
    vm_receiver_written (w->receiver, action->index, why, w->now);
  } else if (action->type == VM_ACTION_COMMIT) {
    vm_receiver_committed (w->receiver, why ? NULL : "f", why, w->now);
  } else {
    have = had ? vm_chunk_set_new (VM_CHUNK_SET_TOTAL_MAX) : NULL;
    if (have)
      vm_chunk_set_add (have, 0);
    vm_receiver_begun (w->receiver, have, why, w->now);
  }
}

static void
use_sender (World *w, guint digit)
{
  switch (digit) {
    case 0:
      vm_sender_pause (w->sender, w->now);
      break;
    case 1:
      vm_sender_resume (w->sender, w->now);
      break;
    case 2:
      vm_sender_cancel (w->sender);
      break;
    default:
      break;
  }
}

static void
use_receiver (World *w, guint digit)
{
  if (!w->receiver)
    return;
  switch (digit) {
    case 3:
      vm_receiver_accept (w->receiver, w->now);
      break;
    case 4:
      vm_receiver_decline (w->receiver, NULL);
      break;
    case 5:
      vm_receiver_pause (w->receiver, w->now);
      break;
    case 6:
      vm_receiver_resume (w->receiver, w->now);
      break;
    case 7:
      vm_receiver_cancel (w->receiver);
      break;
    default:
      break;
  }
}

static void
tick (World *w, guint digit)
{
  static const gint64 steps[] = { 1, 1000, 100000, 1000000, 3000000, 5000000,
    10000000, 30000000, 70000000, 400000000 };

  w->now += steps[digit];
  vm_sender_tick (w->sender, w->now);
  if (w->receiver)
    vm_receiver_tick (w->receiver, w->now);
}

static void
act (World *w, gchar letter, guint digit)
{
  g_autoptr (GError) why = NULL;

  switch (letter) {
    case 't':
      tick (w, digit);
      break;
    case 'd':
      why = disk_error (digit % 5);
      if (digit < 5)
        answer_sender (w, why);
      if (w->receiver)
        answer_receiver (w, why, digit == 1);
      break;
    case 'u':
      use_sender (w, digit);
      use_receiver (w, digit);
      break;
    case 'x':
      why = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "gone");
      if (digit == 0)
        vm_sender_fail (w->sender, why);
      else if (digit == 1)
        vm_sender_change_lane (w->sender, w->now);
      else if (w->receiver)
        vm_receiver_fail (w->receiver, why);
      break;
    default:
      break;
  }
}

static gboolean
is_over (VmTransferState state)
{
  return state == VM_TRANSFER_STATE_COMPLETED
         || state == VM_TRANSFER_STATE_FAILED;
}

static void
run_line (World *w, const gchar *line, gsize size)
{
  VmTransferState before = vm_sender_get_state (w->sender), after;

  if (size > 0 && *line == '{')
    take (w, line, size);
  else if (size == 2 && g_ascii_isdigit (line[1]))
    act (w, line[0], line[1] - '0');
  drain (w);
  after = vm_sender_get_state (w->sender);
  g_assert_true (!is_over (before) || after == before);
  g_assert_true ((after == VM_TRANSFER_STATE_FAILED)
                 == (vm_sender_get_error (w->sender) != NULL));
  /* whoever waits for the next tick is not told to come at once for ever */
  if (is_over (after))
    g_assert_cmpint (vm_sender_get_deadline (w->sender), ==, -1);
}

void
fuzz_one (const guint8 *data, gsize size)
{
  const VmSenderOffer offer = { .id = "3d5f8f4e-0a1b-4c2d-8e3f-405162738495",
    .filename = "f",
    .size = 5 * 1024 + 1,
    .encodings = VM_TRANSFER_ENCODING_JSON | VM_TRANSFER_ENCODING_BINARY,
    .chunk_size = 1024,
    .json_chunk_size = 1024 };
  World w = { .sender = vm_sender_new (&offer, 0, NULL) };
  const gchar *line = (const gchar *) data, *end = line + size;
  guint n = 0;

  while (line < end && n++ < LINES_MAX) {
    const gchar *stop = memchr (line, '\n', end - line);
    gsize length = (stop ? stop : end) - line;

    run_line (&w, line, length);
    line += length + 1;
  }
  g_queue_clear_full (&w.sender_disk, (GDestroyNotify) vm_action_free);
  g_queue_clear_full (&w.receiver_disk, (GDestroyNotify) vm_action_free);
  vm_sender_free (w.sender);
  g_clear_pointer (&w.receiver, vm_receiver_free);
}
