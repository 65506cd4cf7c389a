/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the two sides of a transfer keep in memory, and the receiving folder's
 * names: below, at and above each limit. */

#include "program.h"
#include <gst/videomeet/transfer/engine/engine-priv.h>
#include <gst/videomeet/transfer/disk/receivefolder-priv.h>
#include <gst/videomeet/transfer/engine/sender-priv.h>
#include <gst/videomeet/transfer/objects/vmfilereceiver-priv.h>
#include <gst/videomeet/transfer/objects/vmfilesender-priv.h>
#include <gst/videomeet/transfer/engine/window.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEADLINE (60 * G_TIME_SPAN_SECOND)

static gchar *folder;
static const gchar *who; /* offers */
static VmFileReceiver *receiver;

/* Of the receiver's signals, which come on its thread. */
static GMutex lock;
static GCond cond;
static gboolean hold, held; /* that thread */
static guint pending, accepted, declined, rooms, acks;
static gint64 up_to; /* of the last of the acks; -1: it had none */

static void
wait_for (const gboolean *what, gboolean value)
{
  gint64 until = g_get_monotonic_time () + DEADLINE;

  while (*what != value)
    g_assert_true (g_cond_wait_until (&cond, &lock, until));
}

static void
on_changed (VmFileReceiver *object, const GstStructure *transfer, gpointer data)
{
  VmTransferState state;

  gst_structure_get (transfer, "state", VM_TYPE_TRANSFER_STATE, &state, NULL);
  g_mutex_lock (&lock);
  pending += state == VM_TRANSFER_STATE_PENDING;
  accepted += state == VM_TRANSFER_STATE_TRANSFERRING;
  if (hold) {
    held = TRUE;
    g_cond_broadcast (&cond);
    wait_for (&hold, FALSE);
    held = FALSE;
  }
  g_mutex_unlock (&lock);
}

static void
on_reply (VmFileReceiver *object, const GstStructure *message,
    const gchar *from, gpointer data)
{
  gboolean accept = TRUE;

  if (gst_structure_has_name (message, "CHUNK_ACK")) {
    g_mutex_lock (&lock);
    acks++;
    up_to = -1;
    gst_structure_get_int64 (message, "upTo", &up_to);
    g_mutex_unlock (&lock);
  }
  if (!gst_structure_has_name (message, "FILE_RESPONSE"))
    return;
  gst_structure_get_boolean (message, "accept", &accept);
  g_mutex_lock (&lock);
  declined += !accept;
  g_mutex_unlock (&lock);
}

static void
on_room (VmFileReceiver *object, gpointer data)
{
  g_mutex_lock (&lock);
  rooms++;
  g_mutex_unlock (&lock);
}

static void
setup (void)
{
  g_autoptr (GError) error = NULL;

  folder = g_dir_make_tmp ("vm-limits-XXXXXX", NULL);
  pending = accepted = declined = rooms = acks = 0;
  hold = held = FALSE;
  receiver = vm_file_receiver_new (folder);
  who = "ann";
  g_object_set (receiver, "accept", VM_ACCEPT_ASK, NULL);
  g_signal_connect (receiver, "changed", G_CALLBACK (on_changed), NULL);
  g_signal_connect (receiver, "reply", G_CALLBACK (on_reply), NULL);
  g_signal_connect (receiver, "room", G_CALLBACK (on_room), NULL);
  fail_unless (vm_file_receiver_start (receiver, &error));
}

static void
teardown (void)
{
  const gchar *argv[] = { "rm", "-rf", folder, NULL };

  vm_file_receiver_stop (receiver);
  g_clear_object (&receiver);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&folder, g_free);
}

static GstBuffer *
make_message (const gchar *format, const gchar *id)
{
  g_autofree gchar *text = g_strdup_printf (format, id);
  GstBuffer *buffer = gst_buffer_new ();

  vm_buffer_add_transfer_meta (buffer, gst_structure_from_string (text, NULL));
  return buffer;
}

static void
take (const gchar *format, const gchar *id)
{
  g_autoptr (GstBuffer) buffer = make_message (format, id);
  g_autoptr (GError) error = NULL;

  vm_file_receiver_take (receiver, buffer, who, &error);
  g_assert_no_error (error);
}

#define OFFER_OF(name)                                     \
  "FILE_OFFER, id=(string)%s, filename=(string)" name ", " \
  "size=(gint64)9, hash=(string)\"\""

static void
offer (const gchar *id)
{
  g_autofree gchar *format = g_strdup_printf (OFFER_OF ("%s"), "%s", id);

  take (format, id);
}

static void
offer_number (guint n)
{
  g_autofree gchar *id = g_strdup_printf ("t-%u", n);

  offer (id);
  fail_unless (vm_file_receiver_drain (receiver));
}

GST_START_TEST (test_transfers_at_once)
{
  static const gchar *const senders[] = { "ann", "bob", "cid" };
  guint n = 0;

  for (guint i = 0; i < 2; i++) {
    who = senders[i];
    for (guint each = 0; each < VM_FILE_TRANSFERS_PER_SENDER_MAX; each++) {
      offer_number (++n);
      fail_unless (pending == n && declined == i);
    }
    if (i == 0) { /* a file that is offered anew takes the place that it had */
      take (OFFER_OF ("t-1"), "t-again");
      fail_unless (vm_file_receiver_drain (receiver));
      fail_unless (pending-- == n + 1 && declined == 0);
    }
    /* of this one, and in the end of anybody */
    offer_number (1000 + i);
    fail_unless (pending == n && declined == i + 1);
  }
  fail_unless_equals_int (n, VM_FILE_TRANSFERS_MAX);
  /* of two that have all places, one has to give way, and is told so */
  who = senders[2];
  offer_number (++n);
  fail_unless (pending == VM_FILE_TRANSFERS_MAX + 1 && declined == 3);
  /* what is over makes room */
  vm_file_receiver_decline (receiver, "t-2", NULL);
  fail_unless (vm_file_receiver_drain (receiver) && declined == 4);
  offer_number (++n);
  fail_unless (pending == VM_FILE_TRANSFERS_MAX + 2 && declined == 4);
}

GST_END_TEST;

/* At the next offer. */
static void
want_hold (void)
{
  g_mutex_lock (&lock);
  hold = TRUE;
  g_mutex_unlock (&lock);
}

static void
wait_held (void)
{
  g_mutex_lock (&lock);
  wait_for (&held, TRUE);
  g_mutex_unlock (&lock);
}

/* From now on its thread does nothing; there is one transfer, "t". */
static void
hold_receiver (void)
{
  want_hold ();
  offer ("t");
  wait_held ();
}

static void
let_go (void)
{
  g_mutex_lock (&lock);
  hold = FALSE;
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
  fail_unless (vm_file_receiver_drain (receiver));
}

/* A message that counts as so many bytes; whether there is room for more. */
static gboolean
push (gsize size)
{
  VmTransferMessage *message =
      vm_transfer_message_new (VM_TRANSFER_CHUNK_DATA, "t");

  message->index = 0;
  message->data =
      g_bytes_new_take (g_malloc0 (size), size - VM_FILE_RECEIVER_MESSAGE_SIZE);
  return vm_file_receiver_push (receiver, message, "ann", NULL, FALSE);
}

#define PUSHED (1024 * 1024)

GST_START_TEST (test_bytes_that_wait)
{
  gint beyond = __i__;

  hold_receiver ();
  for (guint i = 1; i < VM_FILE_RECEIVER_QUEUE_MAX / PUSHED; i++)
    fail_unless (push (PUSHED));
  fail_unless (push (PUSHED + beyond) == (beyond <= 0));
  let_go ();
  /* who was told to wait is told when to go on, and nobody else */
  vm_file_receiver_stop (receiver);
  fail_unless_equals_int (rooms, beyond > 0);
}

GST_END_TEST;

static const gchar *const uuids[] = { "00112233-4455-6677-8899-aabbccddeeff",
  "10112233-4455-6677-8899-aabbccddeeff" };

/* Of the @n-th transfer. */
static VmTransferMessage *
new_message (VmTransferType type, guint n)
{
  return vm_transfer_message_new (type, uuids[n]);
}

static void
push_offer (guint n, guint chunks, VmTransferEncoding encodings)
{
  VmTransferMessage *offer = new_message (VM_TRANSFER_FILE_OFFER, n);
  VmTransferMessage *start = new_message (VM_TRANSFER_START, n);

  offer->filename = g_strdup_printf ("%u", n);
  offer->size = chunks * VM_FILE_CHUNK_SIZE;
  offer->encodings = encodings;
  start->chunk_size = VM_FILE_CHUNK_SIZE;
  start->total = chunks;
  vm_file_receiver_push (receiver, offer, "ann", NULL, FALSE);
  vm_file_receiver_push (receiver, start, "ann", NULL, FALSE);
}

static void
push_chunk (guint n, guint index)
{
  VmTransferMessage *chunk = new_message (VM_TRANSFER_CHUNK_DATA, n);
  guint8 *data = g_malloc0 (VM_FILE_CHUNK_SIZE);

  chunk->index = index;
  chunk->data = g_bytes_new_take (data, VM_FILE_CHUNK_SIZE);
  chunk->has_hash = TRUE;
  vm_sha256 (data, VM_FILE_CHUNK_SIZE, chunk->hash);
  vm_file_receiver_push (receiver, chunk, "ann", NULL, FALSE);
}

/* It is begun, and its chunks may come. */
static void
begin_file (guint n, guint chunks, VmTransferEncoding encodings)
{
  g_object_set (receiver, "accept", VM_ACCEPT_AUTO, NULL);
  push_offer (n, chunks, encodings);
  fail_unless (vm_file_receiver_drain (receiver));
  g_object_set (receiver, "accept", VM_ACCEPT_ASK, NULL);
}

/* One stands for those before it, while more of them wait; who knows no more
 * than the base protocol hears of each. */
GST_START_TEST (test_acks_that_are_held_back)
{
  guint most = VM_FILE_RECEIVER_ACK_BYTES / VM_FILE_CHUNK_SIZE;
  guint chunks = most + __i__;

  begin_file (0, chunks, VM_TRANSFER_ENCODING_BINARY);
  hold_receiver ();
  for (guint i = 0; i < chunks; i++)
    push_chunk (0, i);
  let_go ();
  fail_unless_equals_int (acks, chunks <= most ? 1 : 2);
  fail_unless_equals_int64 (up_to, chunks);
}

GST_END_TEST;

/* Nobody waits for what another sends. */
GST_START_TEST (test_acks_of_two)
{
  begin_file (0, 2, VM_TRANSFER_ENCODING_BINARY);
  begin_file (1, 2, VM_TRANSFER_ENCODING_BINARY);
  hold_receiver ();
  for (guint i = 0; i < 2; i++) {
    push_chunk (0, i);
    push_chunk (1, i);
  }
  let_go ();
  fail_unless_equals_int (acks, 4);
}

GST_END_TEST;

GST_START_TEST (test_acks_for_the_seed)
{
  begin_file (0, 9, VM_TRANSFER_ENCODING_NONE);
  hold_receiver ();
  for (guint i = 0; i < 9; i++)
    push_chunk (0, i);
  let_go ();
  fail_unless_equals_int (acks, 9);
  fail_unless_equals_int64 (up_to, -1);
}

GST_END_TEST;

static gpointer
take_one_more (gpointer code)
{
  g_autoptr (GstBuffer) buffer =
      make_message ("TRANSFER_RESUME, transferId=(string)%s", "t");
  g_autoptr (GError) error = NULL;

  if (!vm_file_receiver_take (receiver, buffer, "ann", &error)
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    *(gboolean *) code = TRUE;
  return NULL;
}

/* Who may wait is not told: it waits. */
GST_START_TEST (test_bytes_that_are_waited_for)
{
  gboolean cancelled = FALSE;
  GThread *thread;

  hold_receiver ();
  for (guint i = 1; i < VM_FILE_RECEIVER_QUEUE_MAX / PUSHED; i++)
    fail_unless (push (PUSHED));
  fail_unless (push (PUSHED - 2 * VM_FILE_RECEIVER_MESSAGE_SIZE));
  /* below, and at it: at once */
  take ("TRANSFER_RESUME, transferId=(string)%s", "t");
  take ("TRANSFER_RESUME, transferId=(string)%s", "t");
  thread = g_thread_new ("take", take_one_more, &cancelled);
  vm_file_receiver_set_flushing (receiver, TRUE);
  g_thread_join (thread);
  fail_unless (cancelled);
  vm_file_receiver_set_flushing (receiver, FALSE);
  let_go ();
}

GST_END_TEST;

GST_START_TEST (test_requests_that_wait)
{
  guint requests = VM_FILE_RECEIVER_WISHES_MAX + __i__;

  hold_receiver ();
  for (guint i = 1; i < requests; i++)
    vm_file_receiver_accept (receiver, "of nobody");
  vm_file_receiver_accept (receiver, "t");
  let_go ();
  fail_unless_equals_int (accepted, requests <= VM_FILE_RECEIVER_WISHES_MAX);
}

GST_END_TEST;

static VmSender *
new_sender (guint64 size, guint32 chunk_size)
{
  static const guint8 hash[VM_SHA256_SIZE];
  const VmSenderOffer what = { .id = "t",
    .filename = "a",
    .size = size,
    .hash = hash,
    .encodings = VM_TRANSFER_ENCODING_JSON,
    .chunk_size = chunk_size,
    .json_chunk_size = chunk_size };
  g_autoptr (VmTransferMessage) response =
      vm_transfer_message_new (VM_TRANSFER_FILE_RESPONSE, "t");
  VmSender *sender = vm_sender_new (&what, 0, NULL);

  response->accept = TRUE;
  fail_unless (vm_sender_take (sender, response, 0, NULL));
  return sender;
}

/* Of more than are kept, the oldest is not told. */
GST_START_TEST (test_states_that_nobody_asks_for)
{
  guint moves = VM_ENGINE_MOVES_MAX + __i__, told = 0;
  g_autoptr (VmSender) sender =
      new_sender (9, VM_FILE_CHUNK_SIZE); /* the first */
  VmTransferState oldest = VM_TRANSFER_STATE_PENDING, state;

  for (guint i = 2; i <= moves; i++)
    fail_unless (
        i % 2 ? vm_sender_resume (sender, 0) : vm_sender_pause (sender, 0));
  for (; vm_sender_next_state (sender, &state); told++)
    oldest = told ? oldest : state;
  fail_unless_equals_int (told, MIN (moves, VM_ENGINE_MOVES_MAX));
  fail_unless_equals_int (oldest, moves <= VM_ENGINE_MOVES_MAX
                                      ? VM_TRANSFER_STATE_TRANSFERRING
                                      : VM_TRANSFER_STATE_PAUSED);
  fail_unless_equals_int (state,
      moves % 2 ? VM_TRANSFER_STATE_TRANSFERRING : VM_TRANSFER_STATE_PAUSED);
}

GST_END_TEST;

/* Nobody acknowledges: as many chunks go out as the first window has, and
 * beside them so many are read, a few at a time. */
GST_START_TEST (test_chunks_that_are_read_ahead)
{
  static const struct
  {
    guint32 chunk_size;
    guint32 nearby;
    guint ahead;
  } cases[] = {
    { VM_CHUNK_SIZE_MIN, VM_WINDOW_BYTES_MAX, VM_SENDER_AHEAD_CHUNKS },
    { VM_FILE_CHUNK_SIZE, VM_WINDOW_BYTES_MAX, VM_SENDER_AHEAD_CHUNKS },
    { VM_FILE_CHUNK_SIZE, VM_WINDOW_BYTES_CHANNEL, 16 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint32 size = cases[i].chunk_size;
    g_autoptr (VmSender) sender = new_sender (1000 * size, size);
    g_autoptr (GBytes) data = g_bytes_new_take (g_malloc0 (size), size);
    guint8 hash[VM_SHA256_SIZE] = { 0 };
    guint reads = 0, sent = 0;
    VmAction *action;

    vm_sender_set_nearby (sender, cases[i].nearby);
    while ((action = vm_sender_next (sender))) {
      if (action->type == VM_ACTION_READ)
        vm_sender_read (sender, reads++, data, hash, NULL, 0);
      else if (action->message->type == VM_TRANSFER_CHUNK_DATA)
        sent++;
      fail_unless (reads <= sent + VM_SENDER_READING_MAX
                   || sent == VM_WINDOW_CHUNKS_FIRST);
      vm_action_free (action);
    }
    fail_unless_equals_int (sent, VM_WINDOW_CHUNKS_FIRST);
    fail_unless_equals_int (reads, sent + cases[i].ahead);
  }
}

GST_END_TEST;

/* A data channel carries less at once to a near peer, and only it. */
GST_START_TEST (test_lanes_of_a_sender)
{
  static const struct
  {
    const gchar *lane;
    guint32 nearby;
  } cases[] = { { "data-channel", VM_WINDOW_BYTES_CHANNEL },
    { "wss", VM_WINDOW_BYTES_MAX }, { "data-channel", VM_WINDOW_BYTES_CHANNEL },
    { "link", VM_WINDOW_BYTES_MAX } };
  g_autofree gchar *path = g_build_filename (folder, "a", NULL);
  g_autoptr (VmFileSender) sender = NULL;

  fail_unless (g_file_set_contents (path, "x", 1, NULL));
  sender = vm_file_sender_new (path, 0, NULL);
  fail_unless (sender->engine->nearby == VM_WINDOW_BYTES_MAX);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    vm_file_sender_set_lane (sender, cases[i].lane, NULL);
    fail_unless (sender->engine->nearby == cases[i].nearby, "%u", i);
  }
}

GST_END_TEST;

/* How long nothing may come of a file with chunks of that size, s. */
static gint64
patience_of (guint32 chunk_size)
{
  g_autoptr (VmTransferMessage) offer = new_message (VM_TRANSFER_FILE_OFFER, 0);
  g_autoptr (VmTransferMessage) start = new_message (VM_TRANSFER_START, 0);
  g_autoptr (VmReceiver) engine = NULL;
  VmAction *action;

  offer->filename = g_strdup ("a");
  offer->size = 2 * chunk_size;
  offer->chunk_size = chunk_size;
  offer->encodings = VM_TRANSFER_ENCODING_BINARY;
  start->chunk_size = chunk_size;
  start->total = 2;
  engine = vm_receiver_new (offer, VM_TRANSFER_ENCODING_BINARY, 0);
  vm_receiver_accept (engine, 0);
  while ((action = vm_receiver_next (engine))) {
    if (action->type == VM_ACTION_BEGIN)
      vm_receiver_begun (engine, NULL, NULL, 0);
    vm_action_free (action);
  }
  fail_unless (vm_receiver_take (engine, start, 0, NULL));
  return vm_receiver_get_deadline (engine) / G_USEC_PER_SEC;
}

/* No sender of 1,100 bytes/s is given up, however large its chunks are. */
GST_START_TEST (test_patience_with_chunks)
{
  fail_unless_equals_int64 (patience_of (1024), 60);
  fail_unless_equals_int64 (patience_of (VM_FILE_CHUNK_SIZE), 60);
  fail_unless_equals_int64 (patience_of (VM_FILE_CHUNK_SIZE + 1024), 61);
  fail_unless_equals_int64 (patience_of (256 * 1024), 60 + 192);
}

GST_END_TEST;

/* What it wants to do; @begun: the file is begun when it wants that. Returns:
 * whether @wanted was among it */
static gboolean
does (VmReceiver *engine, gboolean begun, VmActionType wanted)
{
  gboolean found = FALSE;
  VmAction *action;

  while ((action = vm_receiver_next (engine))) {
    found |= action->type == wanted;
    if (begun && action->type == VM_ACTION_BEGIN)
      vm_receiver_begun (engine, NULL, NULL, 0);
    vm_action_free (action);
  }
  return found;
}

static VmReceiver *
new_receiver (VmTransferState state)
{
  g_autoptr (VmTransferMessage) offer = new_message (VM_TRANSFER_FILE_OFFER, 0);
  g_autoptr (VmTransferMessage) start = new_message (VM_TRANSFER_START, 0);
  g_autoptr (VmTransferMessage) pause = new_message (VM_TRANSFER_PAUSE, 0);
  VmReceiver *engine;

  offer->filename = g_strdup ("a");
  offer->size = 2 * VM_FILE_CHUNK_SIZE;
  offer->encodings = VM_TRANSFER_ENCODING_BINARY;
  start->chunk_size = VM_FILE_CHUNK_SIZE;
  start->total = 2;
  engine = vm_receiver_new (offer, VM_TRANSFER_ENCODING_BINARY, 0);
  if (state != VM_TRANSFER_STATE_PENDING) {
    fail_unless (vm_receiver_accept (engine, 0));
    does (engine, TRUE, VM_ACTION_SEND);
    fail_unless (vm_receiver_take (engine, start, 0, NULL));
  }
  if (state == VM_TRANSFER_STATE_PAUSED)
    fail_unless (vm_receiver_take (engine, pause, 0, NULL));
  fail_unless_equals_int (vm_receiver_get_state (engine), state);
  return engine;
}

/* A sender that is gone holds nothing for ever, in whichever state it was. */
GST_START_TEST (test_sender_that_is_gone)
{
  static const VmTransferState states[] = { VM_TRANSFER_STATE_PENDING,
    VM_TRANSFER_STATE_TRANSFERRING, VM_TRANSFER_STATE_PAUSED };
  VmTransferState state = states[__i__];
  g_autoptr (VmReceiver) engine = new_receiver (state);
  const gint64 lost = G_USEC_PER_SEC, end = lost + VM_TRANSFER_LOST_TIMEOUT;

  vm_receiver_set_lost (engine, TRUE, lost);
  vm_receiver_set_lost (engine, TRUE, lost + 1); /* as it was */
  if (state != VM_TRANSFER_STATE_TRANSFERRING)
    fail_unless_equals_int64 (vm_receiver_get_deadline (engine), end);
  vm_receiver_set_lost (engine, FALSE, lost);
  if (state == VM_TRANSFER_STATE_PAUSED)
    fail_unless_equals_int64 (vm_receiver_get_deadline (engine), -1);
  vm_receiver_set_lost (engine, TRUE, lost);
  if (state != VM_TRANSFER_STATE_TRANSFERRING)
    vm_receiver_tick (engine, end - 1);
  fail_unless_equals_int (vm_receiver_get_state (engine), state);
  vm_receiver_tick (engine, end);
  fail_unless_equals_int (
      vm_receiver_get_state (engine), VM_TRANSFER_STATE_FAILED);
  g_assert_error (vm_receiver_get_error (engine), VM_ERROR, VM_ERROR_TIMEOUT);
  /* what has come of it stays */
  fail_unless (does (engine, FALSE, VM_ACTION_CLOSE)
               == (state != VM_TRANSFER_STATE_PENDING));
  fail_unless_equals_int64 (vm_receiver_get_deadline (engine), -1);
}

GST_END_TEST;

/* Somebody is asked, and does not answer; the sender is heard once more. */
GST_START_TEST (test_offer_that_nobody_answers)
{
  g_autoptr (VmReceiver) engine = new_receiver (VM_TRANSFER_STATE_PENDING);
  g_autoptr (VmTransferMessage) again = new_message (VM_TRANSFER_FILE_OFFER, 0);
  const gint64 heard = G_USEC_PER_SEC;
  g_autoptr (VmAction) action = NULL;

  again->size = 2 * VM_FILE_CHUNK_SIZE;
  fail_unless (vm_receiver_take (engine, again, heard, NULL));
  fail_unless_equals_int64 (
      vm_receiver_get_deadline (engine), heard + VM_TRANSFER_ASK_TIMEOUT);
  vm_receiver_tick (engine, heard + VM_TRANSFER_ASK_TIMEOUT - 1);
  fail_unless_equals_int (
      vm_receiver_get_state (engine), VM_TRANSFER_STATE_PENDING);
  vm_receiver_tick (engine, heard + VM_TRANSFER_ASK_TIMEOUT);
  fail_unless_equals_int (
      vm_receiver_get_state (engine), VM_TRANSFER_STATE_FAILED);
  action = vm_receiver_next (engine);
  fail_unless_equals_int (action->message->type, VM_TRANSFER_FILE_RESPONSE);
  fail_if (action->message->accept);
  fail_unless_equals_string (
      action->message->reason, "Nobody has answered the offer");
}

GST_END_TEST;

/* Who has just accepted, or reads again what it has, keeps it. */
GST_START_TEST (test_offer_that_is_given_up)
{
  const VmSenderOffer what = { .id = "t",
    .filename = "a",
    .size = 20 * (guint64) VM_TRANSFER_READ_RATE,
    .encodings = VM_TRANSFER_ENCODING_JSON,
    .chunk_size = VM_FILE_CHUNK_SIZE,
    .json_chunk_size = VM_FILE_CHUNK_SIZE };
  const gint64 end = VM_TRANSFER_OFFER_TIMEOUT + 20 * G_USEC_PER_SEC;
  g_autoptr (VmSender) sender = vm_sender_new (&what, 0, NULL);
  VmTransferType last = VM_TRANSFER_N_TYPES;
  VmAction *action;

  vm_sender_tick (sender, end - 1);
  fail_unless_equals_int (
      vm_sender_get_state (sender), VM_TRANSFER_STATE_PENDING);
  vm_sender_tick (sender, end);
  g_assert_error (vm_sender_get_error (sender), VM_ERROR, VM_ERROR_TIMEOUT);
  while ((action = vm_sender_next (sender))) {
    last = action->message->type;
    vm_action_free (action);
  }
  fail_unless_equals_int (last, VM_TRANSFER_ERROR);
}

GST_END_TEST;

/* A chunk that waits for its time waits for the rest of it at each new rate. */
GST_START_TEST (test_rate_that_changes)
{
  const guint64 rate = 8 * 1000;
  g_autofree gchar *path = g_build_filename (folder, "a", NULL);
  g_autoptr (VmFileSender) sender = NULL;
  VmAction held = { .type = VM_ACTION_READ };
  gint64 now = g_get_monotonic_time (), until;

  fail_unless (g_file_set_contents (path, "x", 1, NULL));
  sender = vm_file_sender_new (path, 0, NULL);
  vm_file_sender_set_max_bitrate (sender, rate);
  sender->held = &held;
  sender->held_until = until = now + G_TIME_SPAN_HOUR;
  for (guint i = 0; i < 100; i++) {
    vm_file_sender_set_max_bitrate (sender, 2 * rate);
    vm_file_sender_set_max_bitrate (sender, rate);
  }
  /* a microsecond is lost each time; what this takes counts at either rate */
  fail_unless (sender->held_until > until - 60 * G_USEC_PER_SEC);
  fail_unless (sender->held_until < until + 60 * G_USEC_PER_SEC);
  vm_file_sender_set_max_bitrate (sender, 4 * rate);
  fail_unless (sender->held_until < now + 1000 * G_USEC_PER_SEC);
  fail_unless (sender->held_until > now + 800 * G_USEC_PER_SEC);
  vm_file_sender_set_max_bitrate (sender, 0);
  fail_unless_equals_int64 (sender->held_until, 0);
  sender->held = NULL;
}

GST_END_TEST;

static void
answer (VmFileSender *sender, const gchar *text)
{
  g_autoptr (GstStructure) s = gst_structure_from_string (text, NULL);

  vm_file_sender_take (sender, s);
}

/* Nobody pulls meanwhile: of more than are kept, the first is lost. */
GST_START_TEST (test_replies_that_wait)
{
  guint replies = VM_FILE_SENDER_REPLIES_MAX + __i__;
  gboolean kept = replies <= VM_FILE_SENDER_REPLIES_MAX;
  g_autofree gchar *path = g_build_filename (folder, "a", NULL);
  g_autoptr (VmFileSender) sender = NULL;
  g_autoptr (GstBuffer) buffer = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (g_file_set_contents (path, "a", 1, NULL));
  sender = vm_file_sender_new (path, VM_FILE_CHUNK_SIZE, NULL);
  buffer = vm_file_sender_pull (sender, NULL);
  gst_clear_buffer (&buffer);
  answer (sender, "FILE_RESPONSE, accept=(boolean)true");
  for (guint i = 2; i < replies; i++)
    answer (sender, "TRANSFER_RESUME");
  answer (sender, "FILE_RESPONSE, accept=(boolean)false");
  buffer = vm_file_sender_pull (sender, &error);
  fail_unless ((buffer != NULL) == kept);
  if (kept)
    g_assert_no_error (error);
  else
    g_assert_error (error, VM_ERROR, VM_ERROR_DECLINED);
}

GST_END_TEST;

/* Bytes of a chunk in the offer of a file of @size that is not written. */
static gint64
offered_chunk (guint64 size, guint chunk_size)
{
  g_autofree gchar *path = g_build_filename (folder, "a", NULL);
  gint fd = g_open (path, O_WRONLY | O_CREAT, 0600);
  g_autoptr (VmFileSender) sender = NULL;
  g_autoptr (GstBuffer) buffer = NULL;
  gint64 chunk = 0;

  fail_unless (fd >= 0 && ftruncate (fd, size) == 0);
  close (fd);
  sender = vm_file_sender_new (path, chunk_size, NULL);
  buffer = vm_file_sender_pull (sender, NULL);
  fail_unless (gst_structure_get_int64 (
      vm_buffer_get_transfer_meta (buffer)->message, "chunkSize", &chunk));
  g_unlink (path);
  return chunk;
}

/* Larger ones in larger files, up to a limit, where none are asked for. */
GST_START_TEST (test_chunks_that_are_chosen)
{
  const guint64 many = VM_SENDER_CHUNKS_MANY;
  guint chunk = VM_FILE_CHUNK_SIZE;

  fail_unless_equals_int64 (offered_chunk (0, 0), chunk);
  for (; chunk < VM_SENDER_CHUNK_LARGE; chunk *= 2) {
    fail_unless_equals_int64 (offered_chunk (many * chunk - 1, 0), chunk);
    fail_unless_equals_int64 (offered_chunk (many * chunk, 0), chunk);
    fail_unless_equals_int64 (offered_chunk (many * chunk + 1, 0), 2 * chunk);
  }
  fail_unless_equals_int64 (offered_chunk (many * chunk + 1, 0), chunk);
  fail_unless_equals_int64 (offered_chunk (many * chunk, 1024), 1024);
}

GST_END_TEST;

static void
fill_folder (guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    gchar path[256];
    gint fd;

    g_snprintf (path, sizeof path, "%s/%u", folder, i);
    fd = g_open (path, O_WRONLY | O_CREAT, 0600);
    fail_unless (fd >= 0);
    close (fd);
  }
}

/* What has begun in a folder that just is not too full arrives. */
static void
finish (VmReceiveFile *file)
{
  g_autofree gchar *path = g_build_filename (folder, "a", NULL);
  g_autofree gchar *name = NULL;
  g_autoptr (GError) error = NULL;
  guint8 hash[VM_SHA256_SIZE];

  vm_sha256 ((const guint8 *) "x", 1, hash);
  fail_unless (
      vm_receive_file_write (file, 0, (const guint8 *) "x", 1, hash, &error));
  name = vm_receive_file_commit (file, hash, &error);
  g_assert_no_error (error);
  fail_unless_equals_string (name, "a");
  vm_receive_file_free (file);
  fail_unless_equals_int (g_unlink (path), 0);
}

GST_START_TEST (test_entries_of_the_folder)
{
  /* which compares no names before the end */
  const VmReceiveRules rules = { .overwrite = VM_OVERWRITE_RENAME };
  const VmJournalHeader header = { .device = (gchar *) "ann",
    .name = (gchar *) "a",
    .size = 1,
    .chunk_size = VM_FILE_CHUNK_SIZE };
  g_autoptr (VmReceiveFolder) own = NULL;

  own = vm_receive_folder_open (folder, &rules, NULL);
  fill_folder (1, VM_RECEIVE_ENTRIES_MAX - 1);
  for (gint beyond = -1; beyond <= 1; beyond++) {
    g_autoptr (GError) error = NULL;
    VmReceiveFile *file;

    fill_folder (
        VM_RECEIVE_ENTRIES_MAX + beyond, VM_RECEIVE_ENTRIES_MAX + beyond + 1);
    file = vm_receive_folder_begin (own, "ann", "t", &header, &error);
    fail_unless ((file != NULL) == (beyond <= 0));
    if (file)
      finish (file);
    else
      g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
  }
}

GST_END_TEST;

/* "a.txt", "a (1).txt" and so on to @taken of them, and the next. */
static gchar *
name_beside (guint taken, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (names, g_strdup ("a.txt"));
  for (guint i = 1; i < taken; i++)
    g_ptr_array_add (names, g_strdup_printf ("a (%u).txt", i));
  return vm_receive_free_name (names, "a.txt", error);
}

GST_START_TEST (test_names_that_are_tried)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *below = name_beside (VM_RECEIVE_NAMES_MAX - 1, NULL);
  g_autofree gchar *at = name_beside (VM_RECEIVE_NAMES_MAX, NULL);
  g_autofree gchar *above = name_beside (VM_RECEIVE_NAMES_MAX + 1, &error);

  fail_unless_equals_string (below, "a (9999).txt");
  fail_unless_equals_string (at, "a (10000).txt");
  fail_unless (!above);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
}

GST_END_TEST;

static Suite *
filelimits_suite (void)
{
  Suite *s = suite_create ("filelimits");
  TCase *tc = tcase_create ("filelimits");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_transfers_at_once);
  tcase_add_loop_test (tc, test_bytes_that_wait, -1, 2);
  tcase_add_test (tc, test_bytes_that_are_waited_for);
  tcase_add_loop_test (tc, test_acks_that_are_held_back, -1, 2);
  tcase_add_test (tc, test_acks_of_two);
  tcase_add_test (tc, test_acks_for_the_seed);
  tcase_add_loop_test (tc, test_requests_that_wait, -1, 2);
  tcase_add_loop_test (tc, test_states_that_nobody_asks_for, -1, 2);
  tcase_add_test (tc, test_chunks_that_are_read_ahead);
  tcase_add_test (tc, test_lanes_of_a_sender);
  tcase_add_test (tc, test_patience_with_chunks);
  tcase_add_loop_test (tc, test_sender_that_is_gone, 0, 3);
  tcase_add_test (tc, test_offer_that_nobody_answers);
  tcase_add_test (tc, test_offer_that_is_given_up);
  tcase_add_test (tc, test_rate_that_changes);
  tcase_add_loop_test (tc, test_replies_that_wait, -1, 2);
  tcase_add_test (tc, test_chunks_that_are_chosen);
  tcase_add_test (tc, test_entries_of_the_folder);
  tcase_add_test (tc, test_names_that_are_tried);
  return s;
}

CHECK_PROGRAM (filelimits)
