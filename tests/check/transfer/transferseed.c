/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A peer written by hand from protocol/files.md#base-messages, which knows its
 * seven messages, JSON and base64, and nothing else: it fails the test when it
 * is sent anything that the base protocol does not draw. It sends to us and
 * receives from us. */

#include "program.h"

#include <gst/videomeet/transfer/message/frame.h>
#include <gst/videomeet/transfer/engine/receiver.h>
#include <gst/videomeet/transfer/objects/vmfilereceiver-priv.h>
#include <gst/videomeet/transfer/objects/vmfilelane.h>
#include <gst/videomeet/videomeet.h>
#include <gst/videomeet/base/json/json.h>
#include <glib/gstdio.h>
#include <string.h>

#define ID "file-1"
#define CHUNK 65536

static const gsize sizes[] = { 0, 1, 65535, 65536, 65537, 156 * 65536 };

static guint8 *
new_file (gsize size)
{
  guint8 *data = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    data[i] = i * 13 + i / 999;
  return data;
}

static gchar *
hash_of (const guint8 *data, gsize size)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, size);
}

/* Every member but "type" and "transferId" is of the list. */
static void
check_members (const VmJson *json, const gchar *members)
{
  g_auto (GStrv) names = g_strsplit (members, " ", -1);
  guint known = 2;

  fail_unless (vm_json_get (json, 0, "type") != VM_JSON_NONE);
  if (vm_json_get (json, 0, "transferId") == VM_JSON_NONE)
    known--;
  for (guint i = 0; names[i]; i++) {
    fail_unless (vm_json_get (json, 0, names[i]) != VM_JSON_NONE, "no %s in %s",
        names[i], json->data);
    known++;
  }
  fail_unless (vm_json_length (json, 0) == known, "more than %s in %s", members,
      json->data);
}

static gchar *
get_text (const VmJson *json, const gchar *key)
{
  gchar *text = NULL;

  fail_unless (vm_json_get_string (json, 0, key, 1 << 20, &text, NULL));
  return text;
}

static gint64
get_number (const VmJson *json, const gchar *key)
{
  gint64 number = -1;

  fail_unless (vm_json_get_int (json, 0, key, 0, 1 << 30, &number, NULL));
  return number;
}

static gchar *
write_and_free (VmAction *action)
{
  gchar *text = vm_transfer_message_write (action->message);

  vm_action_free (action);
  return text;
}

static VmTransferMessage *
read_text (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  VmTransferMessage *message =
      vm_transfer_message_read (text, strlen (text), &error);

  fail_unless (message, "%s: %s", text, error ? error->message : "");
  return message;
}

/* What our receiver says, in order; its disk is @disk. */
typedef struct
{
  VmReceiver *receiver;
  guint8 *disk;
  gsize size;
  gint64 now;
  GError *failure; /* of the first write */
  gchar *saved;
} Ours;

static void
do_disk (Ours *ours, const VmAction *action)
{
  gsize size;

  switch (action->type) {
    case VM_ACTION_BEGIN:
      vm_receiver_begun (ours->receiver, NULL, NULL, ours->now);
      break;
    case VM_ACTION_WRITE:
      if (!ours->failure)
        memcpy (ours->disk + action->index * CHUNK,
            g_bytes_get_data (action->data, &size),
            g_bytes_get_size (action->data));
      vm_receiver_written (
          ours->receiver, action->index, ours->failure, ours->now);
      g_clear_error (&ours->failure);
      break;
    case VM_ACTION_COMMIT:
      ours->saved = g_strdup ("f");
      vm_receiver_committed (ours->receiver, "f", NULL, ours->now);
      break;
    default:
      break;
  }
}

static gchar *
hear (Ours *ours)
{
  VmAction *action;

  while ((action = vm_receiver_next (ours->receiver))) {
    if (action->type == VM_ACTION_SEND)
      return write_and_free (action);
    do_disk (ours, action);
    vm_action_free (action);
  }
  return NULL;
}

static void
tell (Ours *ours, const gchar *text)
{
  g_autoptr (VmTransferMessage) message = read_text (text);
  g_autoptr (GError) error = NULL;

  if (!ours->receiver) {
    ours->receiver = vm_receiver_new (message,
        VM_TRANSFER_ENCODING_JSON | VM_TRANSFER_ENCODING_BINARY, ours->now);
    return;
  }
  fail_unless (vm_receiver_take (ours->receiver, message, ours->now, &error),
      "%s: %s", text, error ? error->message : "");
}

static void
clear_ours (Ours *ours)
{
  g_clear_pointer (&ours->receiver, vm_receiver_free);
  g_free (ours->disk);
  g_free (ours->saved);
  g_clear_error (&ours->failure);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ours, clear_ours)

/* The answer, which must be of that type. */
static gchar *
expect (Ours *ours, VmJson *json, const gchar *type, const gchar *members)
{
  gchar *text = hear (ours);
  g_autofree gchar *name = NULL;

  fail_unless (text, "%s does not come", type);
  fail_unless (vm_json_read (json, text, strlen (text), NULL));
  name = get_text (json, "type");
  fail_unless_equals_string (name, type);
  check_members (json, members);
  return text;
}

static void
offer_ours (Ours *ours, const guint8 *data, gsize size)
{
  g_autofree gchar *hash = hash_of (data, size);
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"FILE_OFFER\",\"filename\":\"f\",\"size\":%" G_GSIZE_FORMAT
      ",\"hash\":\"%s\",\"id\":\"" ID "\"}",
      size, hash);

  tell (ours, text);
}

static gchar *
chunk_text (const guint8 *data, gsize size, guint index)
{
  gsize n = MIN (CHUNK, size - (gsize) index * CHUNK);
  const guint8 *from = data + (gsize) index * CHUNK;
  g_autofree gchar *hash = hash_of (from, n);
  g_autofree gchar *base64 = g_base64_encode (from, n);

  return g_strdup_printf (
      "{\"type\":\"CHUNK_DATA\",\"id\":%u,\"data\":\"%s\",\"hash\":\"%s\"}",
      index, base64, hash);
}

static void
start_ours (Ours *ours, guint total)
{
  g_autofree gchar *text = g_strdup_printf ("{\"type\":\"TRANSFER_START\","
                                            "\"chunkSize\":65536,"
                                            "\"totalChunks\":%u}",
      total);

  tell (ours, text);
}

static void
send_chunk (Ours *ours, const guint8 *data, gsize size, guint index)
{
  g_autofree gchar *text = chunk_text (data, size, index);
  g_autofree gchar *answer = NULL, *status = NULL;
  VmJson json;

  tell (ours, text);
  answer = expect (ours, &json, "CHUNK_ACK", "id status");
  status = get_text (&json, "status");
  fail_unless_equals_string (status, "received");
  fail_unless_equals_int64 (get_number (&json, "id"), index);
}

static void
complete_ours (Ours *ours, const guint8 *data, gsize size, guint total)
{
  g_autofree gchar *hash = hash_of (data, size);
  g_autofree gchar *text =
      g_strdup_printf ("{\"type\":\"TRANSFER_COMPLETE\",\"totalChunks\":%u,"
                       "\"finalHash\":\"%s\"}",
          total, hash);

  tell (ours, text);
}

static void
begin_ours (Ours *ours, const guint8 *data, gsize size)
{
  g_autofree gchar *answer = NULL;
  VmJson json;

  ours->size = size;
  ours->disk = g_malloc0 (size + 1);
  offer_ours (ours, data, size);
  fail_unless (vm_receiver_accept (ours->receiver, ours->now));
  answer = expect (ours, &json, "FILE_RESPONSE", "accept");
}

GST_START_TEST (test_sends_to_us)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_auto (Ours) ours = { NULL };
    g_autofree guint8 *data = new_file (sizes[i]);
    guint total = (sizes[i] + CHUNK - 1) / CHUNK;
    g_autofree gchar *answer = NULL, *status = NULL;
    VmJson json;

    begin_ours (&ours, data, sizes[i]);
    start_ours (&ours, total);
    for (guint n = 0; n < total; n++)
      send_chunk (&ours, data, sizes[i], n);
    complete_ours (&ours, data, sizes[i], total);
    answer = expect (&ours, &json, "TRANSFER_VERIFIED", "status savedPath");
    status = get_text (&json, "status");
    fail_unless_equals_string (status, "verified");
    fail_unless (memcmp (ours.disk, data, sizes[i]) == 0);
    fail_unless_equals_int (
        vm_receiver_get_state (ours.receiver), VM_TRANSFER_STATE_COMPLETED);
    fail_unless (!hear (&ours));
  }
}

GST_END_TEST;

/* Chunks of its own size, in an order of its own, and TRANSFER_COMPLETE without
 * waiting for what is acknowledged. */
GST_START_TEST (test_sends_in_its_way)
{
  const gsize size = 10 * CHUNK + 7;
  g_auto (Ours) ours = { NULL };
  g_autofree guint8 *data = new_file (size);
  g_autofree gchar *last = NULL;
  guint acks = 0;

  begin_ours (&ours, data, size);
  start_ours (&ours, 11);
  for (guint n = 11; n-- > 0;) {
    g_autofree gchar *text = chunk_text (data, size, n);

    tell (&ours, text);
  }
  complete_ours (&ours, data, size, 11);
  for (gchar *text; (text = hear (&ours)); acks++) {
    g_free (last);
    last = text;
  }
  fail_unless_equals_int (acks, 12);
  fail_unless (strstr (last, "\"verified\""), "%s", last);
  fail_unless (memcmp (ours.disk, data, size) == 0);
}

GST_END_TEST;

/* What it has no messages for: it is not told of pauses, a full disk is
 * silence, and what ends a transfer is a file that is not verified. */
GST_START_TEST (test_is_told_no_more)
{
  g_auto (Ours) ours = { NULL };
  g_autofree guint8 *data = new_file (3 * CHUNK);
  g_autofree gchar *chunk = chunk_text (data, 3 * CHUNK, 0);
  g_autofree gchar *ack = NULL, *end = NULL, *status = NULL;
  VmJson json;

  begin_ours (&ours, data, 3 * CHUNK);
  start_ours (&ours, 3);
  fail_unless (vm_receiver_pause (ours.receiver, ours.now));
  tell (&ours, chunk);
  fail_unless (!hear (&ours), "it waits");
  ours.failure = g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "Full");
  fail_unless (vm_receiver_resume (ours.receiver, ours.now));
  fail_unless (!hear (&ours), "the disk is full");
  fail_unless (vm_receiver_is_full (ours.receiver));
  ours.now = vm_receiver_get_deadline (ours.receiver);
  vm_receiver_tick (ours.receiver, ours.now);
  ack = expect (&ours, &json, "CHUNK_ACK", "id status");
  fail_unless (vm_receiver_cancel (ours.receiver));
  end = expect (&ours, &json, "TRANSFER_VERIFIED", "status");
  status = get_text (&json, "status");
  fail_unless_equals_string (status, "failed");
}

GST_END_TEST;

GST_START_TEST (test_is_declined)
{
  g_auto (Ours) ours = { NULL };
  g_autofree gchar *answer = NULL;
  gboolean accept = TRUE;
  VmJson json;

  offer_ours (&ours, (const guint8 *) "", 0);
  fail_unless (vm_receiver_decline (ours.receiver, "No"));
  answer = expect (&ours, &json, "FILE_RESPONSE", "accept");
  fail_unless (vm_json_get_boolean (&json, 0, "accept", &accept, NULL));
  fail_if (accept);
}

GST_END_TEST;

static gsize to_hash; /* bytes of the file whose hash is asked for */

/* What our sender says; its disk is @data. */
static gchar *
hear_sender (VmSender *sender, const guint8 *data, gint64 now)
{
  VmAction *action;

  while ((action = vm_sender_next (sender))) {
    guint8 hash[VM_SHA256_SIZE];
    g_autoptr (GBytes) bytes = NULL;

    if (action->type == VM_ACTION_SEND)
      return write_and_free (action);
    if (action->type == VM_ACTION_HASH) {
      vm_sha256 (data, to_hash, hash);
      vm_sender_hashed (sender, hash, NULL, now);
      vm_action_free (action);
      continue;
    }
    fail_unless_equals_int (action->type, VM_ACTION_READ);
    bytes = g_bytes_new (data + action->offset, action->size);
    vm_sha256 (data + action->offset, action->size, hash);
    vm_sender_read (sender, action->index, bytes, hash, NULL, now);
    vm_action_free (action);
  }
  return NULL;
}

static void
tell_sender (VmSender *sender, const gchar *text, gint64 now)
{
  g_autoptr (VmTransferMessage) message = read_text (text);

  fail_unless (vm_sender_take (sender, message, now, NULL), "%s", text);
}

/* The peer's own file, from the text of a CHUNK_DATA. */
static void
keep_chunk (const VmJson *json, guint8 *disk, gsize size, gsize chunk)
{
  g_autofree gchar *base64 = get_text (json, "data");
  g_autofree gchar *hash = get_text (json, "hash");
  guint64 offset = get_number (json, "id") * chunk;
  gsize n;
  g_autofree guint8 *data = g_base64_decode (base64, &n);
  g_autofree gchar *own = hash_of (data, n);

  fail_unless_equals_string (own, hash);
  fail_unless (offset + n <= size);
  memcpy (disk + offset, data, n);
}

/* The peer receives, in chunks of that size: what it answers to each message as
 * the base protocol draws it; or NULL. */
static gchar *
answer_of (const gchar *text, guint8 *disk, gsize size, gsize chunk)
{
  g_autofree gchar *type = NULL, *own = NULL, *hash = NULL;
  VmJson json;

  fail_unless (vm_json_read (&json, text, strlen (text), NULL));
  type = get_text (&json, "type");
  if (strcmp (type, "FILE_OFFER") == 0) {
    g_autofree gchar *id = get_text (&json, "id");

    fail_unless (vm_json_get (&json, 0, "filename") != VM_JSON_NONE);
    return g_strdup_printf ("{\"type\":\"FILE_RESPONSE\",\"accept\":true,"
                            "\"transferId\":\"%s\"}",
        id);
  }
  if (strcmp (type, "TRANSFER_START") == 0) {
    check_members (&json, "chunkSize totalChunks");
    fail_unless_equals_int64 (get_number (&json, "chunkSize"), chunk);
    return NULL;
  }
  if (strcmp (type, "CHUNK_DATA") == 0) {
    check_members (&json, "id data hash");
    keep_chunk (&json, disk, size, chunk);
    return g_strdup_printf ("{\"type\":\"CHUNK_ACK\",\"id\":%" G_GINT64_FORMAT
                            ",\"status\":\"received\"}",
        get_number (&json, "id"));
  }
  own = hash_of (disk, size);
  hash = get_text (&json, "finalHash");
  fail_unless_equals_string (type, "TRANSFER_COMPLETE");
  check_members (&json, "totalChunks finalHash");
  fail_unless_equals_string (own, hash);
  return g_strdup ("{\"type\":\"TRANSFER_VERIFIED\",\"status\":\"verified\","
                   "\"savedPath\":\"/path\"}");
}

static void
answer_sender (VmSender *sender, const gchar *text, guint8 *disk, gsize size)
{
  g_autofree gchar *answer = answer_of (text, disk, size, CHUNK);

  if (answer)
    tell_sender (sender, answer, 0);
}

static VmSender *
new_sender (const guint8 *data, gsize size)
{
  guint8 hash[VM_SHA256_SIZE];
  VmSenderOffer offer = { .id = ID,
    .filename = "f",
    .size = size,
    .hash = hash,
    .encodings = VM_TRANSFER_ENCODING_JSON,
    .chunk_size = CHUNK,
    .json_chunk_size = CHUNK };

  vm_sha256 (data, size, hash);
  return vm_sender_new (&offer, 0, NULL);
}

GST_START_TEST (test_receives_from_us)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree guint8 *data = new_file (sizes[i]);
    g_autofree guint8 *disk = g_malloc0 (sizes[i] + 1);
    g_autoptr (VmSender) sender = new_sender (data, sizes[i]);
    gchar *text;

    while ((text = hear_sender (sender, data, 0))) {
      answer_sender (sender, text, disk, sizes[i]);
      g_free (text);
    }
    fail_unless_equals_int (
        vm_sender_get_state (sender), VM_TRANSFER_STATE_COMPLETED);
    fail_unless_equals_string (vm_sender_get_saved_path (sender), "/path");
    fail_unless (memcmp (disk, data, sizes[i]) == 0);
  }
}

GST_END_TEST;

/* A file that is too large to be hashed before it is offered: who has shown to
 * know only the base protocol is told its hash before anything else of it,
 * whether it answers that as well or has said all it had to. */
GST_START_TEST (test_is_told_the_hash)
{
  const gboolean answers = __i__ == 0;
  const gsize size = 3 * CHUNK;
  g_autofree guint8 *data = new_file (size);
  g_autofree guint8 *disk = g_malloc0 (size);
  g_autofree gchar *whole = hash_of (data, size);
  const VmSenderOffer offer = { .id = ID,
    .filename = "f",
    .size = size,
    .encodings = VM_TRANSFER_ENCODING_JSON,
    .chunk_size = CHUNK,
    .json_chunk_size = CHUNK };
  g_autoptr (VmSender) sender = vm_sender_new (&offer, 0, NULL);
  g_autofree gchar *first = hear_sender (sender, data, 0), *again = NULL;
  gint64 now = VM_SENDER_AGAIN_TIMEOUT;
  gchar *text;

  to_hash = size;
  fail_unless (strstr (first, "\"hash\":\"\""), "%s", first);
  answer_sender (sender, first, disk, size);
  again = hear_sender (sender, data, 0);
  fail_unless (
      strstr (again, "FILE_OFFER") && strstr (again, whole), "%s", again);
  fail_unless (strstr (again, ID) != NULL);
  fail_unless (!hear_sender (sender, data, 0));
  if (answers) {
    answer_sender (sender, again, disk, size);
  } else {
    while (vm_sender_get_deadline (sender) < now) {
      gint64 due = vm_sender_get_deadline (sender);

      vm_sender_tick (sender, due);
      /* it is only offered once more */
      while ((text = hear_sender (sender, data, due))) {
        fail_unless (strstr (text, "FILE_OFFER") != NULL, "%s", text);
        g_free (text);
      }
    }
    vm_sender_tick (sender, now);
  }
  while ((text = hear_sender (sender, data, now))) {
    answer_sender (sender, text, disk, size);
    g_free (text);
  }
  fail_unless_equals_int (
      vm_sender_get_state (sender), VM_TRANSFER_STATE_COMPLETED);
  fail_unless (memcmp (disk, data, size) == 0);
}

GST_END_TEST;

/* It may say no to the file that it has the hash of, or cancel meanwhile. */
GST_START_TEST (test_declines_by_the_hash)
{
  static const gchar *const answers[] = {
    "{\"type\":\"FILE_RESPONSE\",\"accept\":false,\"transferId\":\"" ID "\"}",
    "{\"type\":\"TRANSFER_CANCEL\",\"transferId\":\"" ID "\"}"
  };
  g_autofree guint8 *data = new_file (CHUNK);
  g_autofree guint8 *disk = g_malloc0 (CHUNK);
  const VmSenderOffer offer = { .id = ID,
    .filename = "f",
    .size = CHUNK,
    .encodings = VM_TRANSFER_ENCODING_JSON,
    .chunk_size = CHUNK,
    .json_chunk_size = CHUNK };
  g_autoptr (VmSender) sender = vm_sender_new (&offer, 0, NULL);
  g_autofree gchar *first = hear_sender (sender, data, 0), *again = NULL;

  to_hash = CHUNK;
  answer_sender (sender, first, disk, CHUNK);
  again = hear_sender (sender, data, 0);
  tell_sender (sender, answers[__i__], 0);
  fail_unless_equals_int (
      vm_sender_get_state (sender), VM_TRANSFER_STATE_FAILED);
  fail_unless (!hear_sender (sender, data, VM_SENDER_AGAIN_TIMEOUT));
}

GST_END_TEST;

/* It has no message for a pause or a cancel of ours: it is sent none. */
GST_START_TEST (test_is_sent_no_more)
{
  g_autofree guint8 *data = new_file (3 * CHUNK);
  g_autofree guint8 *disk = g_malloc0 (3 * CHUNK);
  g_autoptr (VmSender) sender = new_sender (data, 3 * CHUNK);
  g_autofree gchar *offer = hear_sender (sender, data, 0);

  answer_sender (sender, offer, disk, 3 * CHUNK);
  fail_unless (vm_sender_pause (sender, 0));
  {
    g_autofree gchar *start = hear_sender (sender, data, 0);

    fail_unless (strstr (start, "TRANSFER_START"));
  }
  fail_unless (!hear_sender (sender, data, 0));
  fail_unless (vm_sender_resume (sender, 0));
  {
    g_autofree gchar *chunk = hear_sender (sender, data, 0);

    answer_sender (sender, chunk, disk, 3 * CHUNK);
  }
  fail_unless (vm_sender_cancel (sender));
  fail_unless (!hear_sender (sender, data, 0));
}

GST_END_TEST;

/* What the peer is sent over a data channel, and what it answers there. */
static void
pass_on (VmFileSender *sender, VmFileLane *lane, guint8 *disk, gsize size)
{
  static const gchar *const labels[] = { VM_FILE_LANE_CONTROL,
    VM_FILE_LANE_DATA };

  for (guint i = 0; i < G_N_ELEMENTS (labels); i++) {
    gboolean is_text;
    g_autoptr (GBytes) packet =
        vm_file_lane_next (lane, labels[i], 0, FALSE, &is_text);
    g_autofree gchar *text = NULL, *answer = NULL;
    g_autoptr (GBytes) answered = NULL;
    g_autoptr (GstBuffer) reply = NULL;
    gsize n;

    if (!packet)
      continue;
    fail_unless (is_text);
    n = g_bytes_get_size (packet);
    fail_unless (n <= VM_FRAME_CHANNEL_MAX);
    text = g_strndup (g_bytes_get_data (packet, NULL), n);
    answer = answer_of (text, disk, size, VM_FILE_LANE_JSON_CHUNK_MAX);
    if (!answer)
      continue;
    answered = g_bytes_new (answer, strlen (answer));
    reply = vm_file_lane_take (lane, answered, TRUE, NULL);
    vm_file_sender_take (sender, vm_buffer_get_transfer_meta (reply)->message);
  }
}

/* A chunk of the base protocol's size does not fit into a message of a data
 * channel: who sends larger ones cuts them smaller by itself. */
GST_START_TEST (test_receives_over_a_data_channel)
{
  gsize size = sizes[__i__];
  g_autofree guint8 *data = new_file (size);
  g_autofree guint8 *disk = g_malloc0 (size + 1);
  g_autofree gchar *folder = g_dir_make_tmp ("vm-seed-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "f", NULL);
  g_autoptr (VmFileLane) lane = vm_file_lane_new ();
  g_autoptr (VmFileSender) sender = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *offered = NULL, *whole = hash_of (data, size);
  GstBuffer *buffer;

  fail_unless (g_file_set_contents (path, (gchar *) data, size, NULL));
  sender = vm_file_sender_new (path, VM_FILE_CHUNK_SIZE, NULL);
  while ((buffer = vm_file_sender_pull (sender, &error))) {
    VmTransferMeta *meta = vm_buffer_get_transfer_meta (buffer);
    gsize n = gst_buffer_get_size (buffer);
    g_autoptr (GBytes) bytes = NULL;
    gpointer copy;

    if (n > 0) {
      gst_buffer_extract_dup (buffer, 0, n, &copy, &n);
      bytes = g_bytes_new_take (copy, n);
    }
    if (gst_structure_has_name (meta->message, "FILE_OFFER"))
      offered = g_strdup (gst_structure_get_string (meta->message, "hash"));
    fail_unless (vm_file_lane_put (lane, meta->message, bytes, &error));
    gst_buffer_unref (buffer);
    pass_on (sender, lane, disk, size);
  }
  g_assert_no_error (error);
  fail_unless_equals_string (offered, whole);
  fail_unless (memcmp (disk, data, size) == 0);
  fail_unless_equals_int (g_unlink (path) + g_rmdir (folder), 0);
}

GST_END_TEST;

static void
push (VmFileReceiver *receiver, const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;
  VmTransferMessage *message;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  message = vm_transfer_message_read (text, strlen (text), &error);
  g_assert_no_error (error);
  fail_unless (vm_file_receiver_push (receiver, message, "ann", NULL, FALSE));
}

/* Into a folder, in chunks of which the offer has said nothing: there is a file
 * with room for larger ones already. */
GST_START_TEST (test_sends_smaller_chunks)
{
  const guint small = 32768;
  g_autofree gchar *folder = g_dir_make_tmp ("vm-seed-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "f", NULL);
  g_autoptr (VmFileReceiver) receiver = vm_file_receiver_new (folder);
  g_autofree guint8 *data = new_file (2 * small);
  g_autofree gchar *whole = hash_of (data, 2 * small), *got = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  g_object_set (receiver, "accept", VM_ACCEPT_AUTO, NULL);
  fail_unless (vm_file_receiver_start (receiver, &error));
  push (receiver,
      "{\"type\":\"FILE_OFFER\",\"filename\":\"f\",\"size\":%u,"
      "\"hash\":\"%s\",\"id\":\"" ID "\"}",
      2 * small, whole);
  push (receiver,
      "{\"type\":\"TRANSFER_START\",\"chunkSize\":%u,\"totalChunks\":2,"
      "\"transferId\":\"" ID "\"}",
      small);
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *hash = hash_of (data + i * small, small);
    g_autofree gchar *base64 = g_base64_encode (data + i * small, small);

    push (receiver,
        "{\"type\":\"CHUNK_DATA\",\"id\":%u,\"data\":\"%s\",\"hash\":\"%s\","
        "\"transferId\":\"" ID "\"}",
        i, base64, hash);
  }
  push (receiver,
      "{\"type\":\"TRANSFER_COMPLETE\",\"totalChunks\":2,\"finalHash\":\"%s\","
      "\"transferId\":\"" ID "\"}",
      whole);
  fail_unless (vm_file_receiver_drain (receiver));
  vm_file_receiver_stop (receiver);
  fail_unless (g_file_get_contents (path, &got, &size, &error), "%s",
      error ? error->message : "");
  fail_unless (size == 2 * small && memcmp (got, data, size) == 0);
  /* and nothing else is there */
  fail_unless_equals_int (g_unlink (path) + g_rmdir (folder), 0);
}

GST_END_TEST;

static Suite *
transferseed_suite (void)
{
  Suite *s = suite_create ("transferseed");
  TCase *tc = tcase_create ("transferseed");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_sends_to_us);
  tcase_add_test (tc, test_sends_in_its_way);
  tcase_add_test (tc, test_sends_smaller_chunks);
  tcase_add_test (tc, test_is_told_no_more);
  tcase_add_test (tc, test_is_declined);
  tcase_add_test (tc, test_receives_from_us);
  tcase_add_test (tc, test_is_sent_no_more);
  tcase_add_loop_test (tc, test_is_told_the_hash, 0, 2);
  tcase_add_loop_test (tc, test_declines_by_the_hash, 0, 2);
  tcase_add_loop_test (
      tc, test_receives_over_a_data_channel, 0, G_N_ELEMENTS (sizes));
  return s;
}

CHECK_PROGRAM (transferseed)
