/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Binary frames: byte by byte, chunks split and joined in any order, and what a
 * hostile peer can have us keep. */

#include "program.h"

#include <gst/videomeet/transfer/message/frame.h>
#include <string.h>

#define UUID "3d5f8f4e-0a1b-4c2d-8e3f-405162738495"
#define OTHER "00000000-0000-4000-8000-000000000001"

static VmTransferMessage *
new_chunk (const gchar *id, guint64 index, gsize size)
{
  VmTransferMessage *chunk =
      vm_transfer_message_new (VM_TRANSFER_CHUNK_DATA, id);
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = i * 7 + index + i / 251;
  chunk->index = index;
  chunk->has_hash = TRUE;
  vm_sha256 (data, size, chunk->hash);
  chunk->data = g_bytes_new_take (data, size);
  return chunk;
}

static GPtrArray *
split (const VmTransferMessage *message, gsize max)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *frames = vm_frame_split (message, max, &error);

  fail_unless (frames, "%s", error ? error->message : "");
  for (guint i = 0; i < frames->len; i++)
    fail_unless (g_bytes_get_size (g_ptr_array_index (frames, i)) <= max);
  return frames;
}

static gboolean
feed (VmFrameJoiner *joiner, gconstpointer data, gsize size,
    VmTransferMessage **message, GError **error)
{
  g_autoptr (GBytes) frame = g_bytes_new (data, size);

  return vm_frame_joiner_take (joiner, frame, message, error);
}

static VmTransferMessage *
take (VmFrameJoiner *joiner, GBytes *frame)
{
  VmTransferMessage *message;
  g_autoptr (GError) error = NULL;
  gsize size;
  gconstpointer data = g_bytes_get_data (frame, &size);

  fail_unless (vm_frame_is (data, size));
  fail_unless (vm_frame_joiner_take (joiner, frame, &message, &error), "%s",
      error ? error->message : "");
  return message;
}

static void
check_bad (VmFrameJoiner *joiner, gconstpointer data, gsize size)
{
  VmTransferMessage *message;
  g_autoptr (GError) error = NULL;

  fail_if (feed (joiner, data, size, &message, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  fail_unless (!message);
}

static void
check_chunk (const VmTransferMessage *message, const VmTransferMessage *wanted)
{
  fail_unless (message);
  fail_unless_equals_int (message->type, VM_TRANSFER_CHUNK_DATA);
  fail_unless_equals_string (message->id, wanted->id);
  fail_unless_equals_int64 (message->index, wanted->index);
  fail_unless (memcmp (message->hash, wanted->hash, VM_SHA256_SIZE) == 0);
  fail_unless (g_bytes_equal (message->data, wanted->data));
}

GST_START_TEST (test_bytes)
{
  static const guint8 head[] = { 'V', 'M', 'F', '1', 1, 1, 0, 72, 0x3d, 0x5f,
    0x8f, 0x4e, 0x0a, 0x1b, 0x4c, 0x2d, 0x8e, 0x3f, 0x40, 0x51, 0x62, 0x73,
    0x84, 0x95, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 3 };
  g_autoptr (VmTransferMessage) chunk = new_chunk (UUID, 0x102, 3);
  g_autoptr (GPtrArray) frames = split (chunk, VM_FRAME_CHANNEL_MAX);
  const guint8 *data;
  gsize size;

  fail_unless_equals_int (frames->len, 1);
  data = g_bytes_get_data (g_ptr_array_index (frames, 0), &size);
  fail_unless_equals_int (size, VM_FRAME_HEADER_SIZE + 3);
  fail_unless (memcmp (data, head, sizeof head) == 0);
  fail_unless (memcmp (data + 40, chunk->hash, VM_SHA256_SIZE) == 0);
  fail_unless (
      memcmp (data + 72, g_bytes_get_data (chunk->data, NULL), 3) == 0);
}

GST_END_TEST;

/* Below, at and above what a frame takes of a chunk. */
GST_START_TEST (test_split)
{
  static const struct
  {
    gsize size;
    gsize max;
    guint frames;
  } cases[] = {
    { 1, VM_FRAME_CHANNEL_MAX, 1 },
    { 65463, VM_FRAME_CHANNEL_MAX, 1 },
    { 65464, VM_FRAME_CHANNEL_MAX, 1 },
    { 65465, VM_FRAME_CHANNEL_MAX, 2 },
    { 65536, VM_FRAME_CHANNEL_MAX, 2 },
    { 65536, VM_FRAME_CHANNEL_MEDIA, 5 },
    { 65536, 1024 * 1024, 1 },
    { VM_CHUNK_SIZE_MAX, VM_FRAME_CHANNEL_MEDIA, 65 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VmTransferMessage) chunk = new_chunk (UUID, i, cases[i].size);
    g_autoptr (GPtrArray) frames = split (chunk, cases[i].max);
    g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();

    fail_unless_equals_int (frames->len, cases[i].frames);
    for (guint j = 0; j < frames->len; j++) {
      g_autoptr (VmTransferMessage) message =
          take (joiner, g_ptr_array_index (frames, j));

      if (j + 1 < frames->len)
        fail_unless (!message);
      else
        check_chunk (message, chunk);
    }
    fail_unless_equals_int (vm_frame_joiner_get_pending (joiner), 0);
  }
}

GST_END_TEST;

/* Three chunks at once, some pieces twice, and those of two sizes. */
GST_START_TEST (test_any_order)
{
  for (guint seed = 0; seed < 50; seed++) {
    g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
    g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
    g_autoptr (GPtrArray) bag =
        g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
    VmTransferMessage *chunks[3];
    guint whole[3] = { 0 };

    for (guint i = 0; i < 3; i++) {
      chunks[i] = new_chunk (i == 2 ? OTHER : UUID, i == 1, 100000 + i);
      for (guint max = VM_FRAME_CHANNEL_MEDIA; max <= VM_FRAME_CHANNEL_MAX;
           max *= 4) {
        g_autoptr (GPtrArray) frames = split (chunks[i], max);

        for (guint j = 0; j < frames->len; j++)
          g_ptr_array_add (bag, g_bytes_ref (g_ptr_array_index (frames, j)));
      }
    }
    while (bag->len) {
      g_autoptr (GBytes) frame =
          g_ptr_array_steal_index (bag, g_rand_int_range (rand, 0, bag->len));
      g_autoptr (VmTransferMessage) message = take (joiner, frame);

      if (message) {
        guint i = strcmp (message->id, OTHER) == 0 ? 2 : message->index;

        check_chunk (message, chunks[i]);
        whole[i]++;
      }
    }
    for (guint i = 0; i < 3; i++) {
      fail_unless (whole[i] >= 1 && whole[i] <= 2);
      vm_transfer_message_free (chunks[i]);
    }
    vm_frame_joiner_forget (joiner, UUID);
    vm_frame_joiner_forget (joiner, OTHER);
    fail_unless_equals_int (vm_frame_joiner_get_pending (joiner), 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_other_messages)
{
  g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
  const gchar *ids[] = { UUID, "not-a-uuid", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autoptr (VmTransferMessage) ack =
        vm_transfer_message_new (VM_TRANSFER_CHUNK_ACK, ids[i]);
    g_autoptr (VmTransferMessage) again = NULL;
    g_autoptr (GPtrArray) frames = NULL;

    ack->index = 7;
    frames = split (ack, VM_FRAME_MESSAGE_MAX);
    fail_unless_equals_int (frames->len, 1);
    again = take (joiner, g_ptr_array_index (frames, 0));
    fail_unless_equals_int (again->type, VM_TRANSFER_CHUNK_ACK);
    fail_unless_equals_int64 (again->index, 7);
    fail_unless_equals_string (again->id, ids[i]);
  }
}

GST_END_TEST;

/* The longest list of chunks fits. */
GST_START_TEST (test_longest_message)
{
  g_autoptr (VmTransferMessage) response =
      vm_transfer_message_new (VM_TRANSFER_FILE_RESPONSE, UUID);
  g_autoptr (GPtrArray) frames = NULL;

  response->have = vm_chunk_set_new (VM_CHUNK_SET_TOTAL_MAX);
  for (guint i = 0; i < VM_CHUNK_SET_RUNS_MAX; i++)
    vm_chunk_set_add (response->have, VM_CHUNK_SET_TOTAL_MAX - 1 - 2 * i);
  response->reason = g_strnfill (VM_TRANSFER_REASON_MAX, '"');
  frames = split (response, VM_FRAME_MESSAGE_MAX);
  fail_unless_equals_int (frames->len, 1);
}

GST_END_TEST;

GST_START_TEST (test_no_uuid)
{
  const gchar *ids[] = { NULL, "1", "3D5F8F4E-0A1B-4C2D-8E3F-405162738495",
    "3d5f8f4e-0a1b-4c2d-8e3f-40516273849",
    "3d5f8f4e00a1b-4c2d-8e3f-405162738495", UUID "0" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autoptr (VmTransferMessage) chunk = new_chunk (ids[i], 0, 1);
    g_autoptr (GError) error = NULL;

    fail_if (vm_frame_split (chunk, VM_FRAME_CHANNEL_MAX, &error));
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  }
}

GST_END_TEST;

/* A frame whose byte at @at is @value; 0: refused as it is. */
typedef struct
{
  guint at;
  guint8 value;
  gboolean good;
} Change;

GST_START_TEST (test_refused)
{
  static const Change changes[] = {
    { 0, 'v', FALSE },
    { 3, '2', FALSE },
    { 4, 0, FALSE },
    { 4, 2, FALSE }, /* its payload is no JSON */
    { 4, 3, FALSE },
    { 5, 0xff, TRUE }, /* flags of a later version */
    { 7, 71, FALSE },
    { 7, 73, FALSE }, /* a longer header, and so a shorter payload */
    { 6, 5, FALSE },
    { 24, 0xff, FALSE }, /* no such index */
    { 25, 0x20, FALSE },
    { 25, 0x1f, TRUE },
    { 32, 1, FALSE }, /* outside of any chunk */
    { 39, 4, FALSE }, /* says more than there is */
    { 39, 2, FALSE },
    { 39, 0, FALSE },
  };
  g_autoptr (VmTransferMessage) chunk = new_chunk (UUID, 1, 3);
  g_autoptr (GPtrArray) frames = split (chunk, VM_FRAME_CHANNEL_MAX);
  gsize size;
  const guint8 *good = g_bytes_get_data (g_ptr_array_index (frames, 0), &size);

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++) {
    g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
    g_autofree guint8 *data = g_memdup2 (good, size);
    g_autoptr (GBytes) frame = NULL;

    data[changes[i].at] = changes[i].value;
    frame = g_bytes_new (data, size);
    if (changes[i].good)
      vm_transfer_message_free (take (joiner, frame));
    else
      check_bad (joiner, data, size);
  }
  for (gsize cut = 0; cut < size; cut++) {
    g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
    g_autofree guint8 *data = g_memdup2 (good, MAX (cut, 1));

    check_bad (joiner, data, cut);
  }
}

GST_END_TEST;

GST_START_TEST (test_longer_header)
{
  g_autoptr (VmTransferMessage) chunk = new_chunk (UUID, 1, 3);
  g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
  g_autoptr (GPtrArray) frames = split (chunk, VM_FRAME_CHANNEL_MAX);
  const guint8 *good = g_bytes_get_data (g_ptr_array_index (frames, 0), NULL);

  for (guint size = VM_FRAME_HEADER_MAX; size <= VM_FRAME_HEADER_MAX + 1;
       size++) {
    g_autofree guint8 *data = g_malloc0 (size + 3);

    memcpy (data, good, VM_FRAME_HEADER_SIZE);
    GST_WRITE_UINT16_BE (data + 6, size);
    memcpy (data + size, good + VM_FRAME_HEADER_SIZE, 3);
    if (size > VM_FRAME_HEADER_MAX) {
      check_bad (joiner, data, size + 3);
    } else {
      g_autoptr (GBytes) frame = g_bytes_new (data, size + 3);
      g_autoptr (VmTransferMessage) message = take (joiner, frame);

      check_chunk (message, chunk);
    }
  }
}

GST_END_TEST;

/* The frame number @n of those of a chunk of @size; the caller changes it. */
static guint8 *
piece (gsize size, guint n, gsize *frame_size)
{
  g_autoptr (VmTransferMessage) chunk = new_chunk (UUID, 1, size);
  g_autoptr (GPtrArray) frames = split (chunk, VM_FRAME_CHANNEL_MEDIA);
  gconstpointer data =
      g_bytes_get_data (g_ptr_array_index (frames, n), frame_size);

  return g_memdup2 (data, *frame_size);
}

/* A last piece that ends before another, or at two places. */
GST_START_TEST (test_contradictions)
{
  for (guint order = 0; order < 2; order++) {
    g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
    gsize size[2];
    g_autofree guint8 *far = piece (60000, 2, &size[order]);
    g_autofree guint8 *early = piece (60000, 1, &size[!order]);
    guint8 *frames[2] = { order ? early : far, order ? far : early };
    VmTransferMessage *message;

    early[5] = 1;
    size[0] = size[1] = VM_FRAME_CHANNEL_MEDIA;
    fail_unless (feed (joiner, frames[0], size[0], &message, NULL));
    check_bad (joiner, frames[1], size[1]);
    fail_unless_equals_int (vm_frame_joiner_get_pending (joiner), 0);
  }
}

GST_END_TEST;

/* A piece of one byte at each second place. */
GST_START_TEST (test_ranges)
{
  g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
  VmTransferMessage *message;
  gsize size;
  g_autofree guint8 *data = piece (1, 0, &size);

  data[5] = 0;
  for (guint i = 0; i <= VM_FRAME_RANGES_MAX; i++) {
    GST_WRITE_UINT32_BE (data + 32, 2 * i);
    if (i == VM_FRAME_RANGES_MAX)
      check_bad (joiner, data, size);
    else
      fail_unless (feed (joiner, data, size, &message, NULL));
  }
}

GST_END_TEST;

/* The last byte of each of many chunks of the largest size: memory stays within
 * its bound, the newest are kept, and a good chunk still comes through. */
GST_START_TEST (test_flood)
{
  static const gsize most[] = { VM_FRAME_PENDING_MAX, VM_FRAME_PENDING_SOCKET };
  g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
  g_autoptr (VmTransferMessage) good = new_chunk (UUID, 0, VM_CHUNK_SIZE_MAX);
  g_autoptr (VmTransferMessage) joined = NULL;
  g_autoptr (GPtrArray) frames = split (good, VM_FRAME_CHANNEL_MAX);
  VmTransferMessage *message;
  gsize size;
  g_autofree guint8 *data = piece (1, 0, &size);

  if (__i__)
    vm_frame_joiner_set_max (joiner, most[__i__]);
  for (guint i = 0; i < 2000; i++) {
    GST_WRITE_UINT64_BE (data + 24, i + 1);
    GST_WRITE_UINT32_BE (data + 32, i % 2 ? VM_CHUNK_SIZE_MAX - 1 : 5);
    data[5] = i % 2;
    fail_unless (feed (joiner, data, size, &message, NULL));
    fail_unless (!message);
    fail_unless (vm_frame_joiner_get_pending (joiner) <= most[__i__]);
  }
  for (guint i = 0; i < frames->len; i++) {
    fail_unless (!joined);
    joined = take (joiner, g_ptr_array_index (frames, i));
  }
  check_chunk (joined, good);
}

GST_END_TEST;

/* A chunk that is sent again with another hash is another one. */
GST_START_TEST (test_another_hash)
{
  g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
  g_autoptr (VmTransferMessage) chunk = new_chunk (UUID, 0, 65536);
  g_autoptr (VmTransferMessage) joined = NULL;
  g_autoptr (GPtrArray) frames = split (chunk, VM_FRAME_CHANNEL_MAX);
  VmTransferMessage *message;
  gsize size;
  gconstpointer first = g_bytes_get_data (g_ptr_array_index (frames, 0), &size);
  g_autofree guint8 *changed = g_memdup2 (first, size);

  changed[40] ^= 1;
  fail_unless (feed (joiner, changed, size, &message, NULL));
  fail_if (take (joiner, g_ptr_array_index (frames, 1)));
  joined = take (joiner, g_ptr_array_index (frames, 0));
  check_chunk (joined, chunk);
}

GST_END_TEST;

/* What came in one frame stays where it came. */
GST_START_TEST (test_no_copy)
{
  g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
  g_autoptr (VmTransferMessage) chunk = new_chunk (UUID, 0, VM_CHUNK_SIZE_MAX);
  g_autoptr (VmTransferMessage) joined = NULL;
  gboolean text;
  g_autoptr (GBytes) frame = vm_frame_pack (chunk, TRUE, &text);
  const guint8 *bytes = g_bytes_get_data (frame, NULL);

  joined = take (joiner, frame);
  check_chunk (joined, chunk);
  fail_unless (g_bytes_get_data (joined->data, NULL)
               == (gconstpointer) (bytes + VM_FRAME_HEADER_SIZE));
}

GST_END_TEST;

static void
check_packed_as_text (const VmTransferMessage *message, gboolean binary)
{
  gboolean text = FALSE;
  g_autoptr (GBytes) packed = vm_frame_pack (message, binary, &text);
  g_autofree gchar *json = vm_transfer_message_write (message);
  gsize size;
  gconstpointer data = g_bytes_get_data (packed, &size);

  fail_unless (text);
  fail_unless_equals_int (size, strlen (json));
  fail_unless (memcmp (data, json, size) == 0);
}

/* One message of a WebSocket for each, whatever its size. */
GST_START_TEST (test_pack)
{
  static const gsize sizes[] = { 1, 65536, VM_CHUNK_SIZE_MAX };
  g_autoptr (VmTransferMessage) pause =
      vm_transfer_message_new (VM_TRANSFER_PAUSE, UUID);
  g_autoptr (VmTransferMessage) odd = new_chunk ("transfer-1", 0, 3);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
    g_autoptr (VmTransferMessage) chunk = new_chunk (UUID, i, sizes[i]);
    g_autoptr (VmTransferMessage) joined = NULL;
    gboolean text = TRUE;
    g_autoptr (GBytes) packed = vm_frame_pack (chunk, TRUE, &text);

    fail_if (text);
    joined = take (joiner, packed);
    check_chunk (joined, chunk);
    check_packed_as_text (chunk, FALSE);
  }
  check_packed_as_text (pause, TRUE);
  check_packed_as_text (pause, FALSE);
  check_packed_as_text (odd, TRUE);
}

GST_END_TEST;

static Suite *
frame_suite (void)
{
  Suite *s = suite_create ("frame");
  TCase *tc = tcase_create ("frame");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_bytes);
  tcase_add_test (tc, test_split);
  tcase_add_test (tc, test_any_order);
  tcase_add_test (tc, test_other_messages);
  tcase_add_test (tc, test_longest_message);
  tcase_add_test (tc, test_no_uuid);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_longer_header);
  tcase_add_test (tc, test_contradictions);
  tcase_add_test (tc, test_ranges);
  tcase_add_loop_test (tc, test_flood, 0, 2);
  tcase_add_test (tc, test_another_hash);
  tcase_add_test (tc, test_no_copy);
  tcase_add_test (tc, test_pack);
  return s;
}

CHECK_PROGRAM (frame)
