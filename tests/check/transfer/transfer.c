/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A sender against a receiver: files of every size at the edges of a chunk,
 * over links that lose, double, damage and reorder, and cut and resumed. */

#include "program.h"
#include "support/transferlink.h"

#include <gst/videomeet/transfer/engine/sender-priv.h>

#include <gst/videomeet/transfer/engine/window.h>

/* the last is the file of protocol/files.md#base-messages */
static const gsize sizes[] = { 0, 1, 65535, 65536, 65537, 156 * 65536 };

static guint
chunks_of (gsize size, gsize chunk_size)
{
  return (size + chunk_size - 1) / chunk_size;
}

GST_START_TEST (test_sizes)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    for (guint way = 0; way < 4; way++) {
      g_autoptr (Link) link = link_new (sizes[i], 1);

      if (way & 1)
        link->encodings = VM_TRANSFER_ENCODING_JSON;
      link->no_hash = (way & 2) != 0;
      link_offer (link);
      link_run (link);
      link_check_completed (link);
      fail_unless_equals_int (link->chunks_sent, chunks_of (sizes[i], 65536));
      fail_unless_equals_int (link->begun, 1);
      fail_unless_equals_int (link->refused, 0);
      fail_unless_equals_int (vm_sender_get_encoding (link->sender),
          way & 1 ? VM_TRANSFER_ENCODING_JSON : VM_TRANSFER_ENCODING_BINARY);
    }
  }
}

GST_END_TEST;

/* JSON where a message may have 65,536 bytes: the chunks become smaller. */
GST_START_TEST (test_smaller_chunks)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (Link) link = link_new (sizes[i], 1);

    link->encodings = VM_TRANSFER_ENCODING_JSON;
    link->json_chunk_size = 32768;
    link_offer (link);
    link_run (link);
    link_check_completed (link);
    fail_unless_equals_int (link->chunks_sent, chunks_of (sizes[i], 32768));
    fail_unless_equals_int (link->begun, 2);
  }
}

GST_END_TEST;

/* Of a hundred packets two are lost, five doubled, one damaged, all pass each
 * other: whatever the seed, the file arrives. */
GST_START_TEST (test_bad_link)
{
  gsize size = sizes[__i__ % G_N_ELEMENTS (sizes)];

  for (guint seed = 0; seed < 8; seed++) {
    g_autoptr (Link) link = link_new (size, seed + 100 * __i__);

    link->lost = 2;
    link->doubled = 5;
    link->damaged = seed % 2;
    link->jitter = 50 * MS;
    link->no_hash = seed % 3 == 0;
    if (seed % 4 == 3)
      link->encodings = VM_TRANSFER_ENCODING_JSON;
    if (seed % 4 == 1)
      link->frame_max = VM_FRAME_CHANNEL_MEDIA;
    link_offer (link);
    link_run (link);
    link_check_completed (link);
  }
}

GST_END_TEST;

static guint target;

static gboolean
is_far (Link *link)
{
  return link->have && vm_chunk_set_count (link->have) >= target;
}

/* Cut when a tenth, two tenths … are written, and resumed: of what was written
 * nothing is sent again. */
GST_START_TEST (test_resume)
{
  for (guint tenth = 0; tenth <= 10; tenth++) {
    g_autoptr (Link) link = link_new (156 * 65536, tenth);
    guint written;

    link->jitter = 20 * MS; /* so that there are gaps */
    link->no_hash = tenth % 2;
    target = 156 * tenth / 10;
    link_offer (link);
    link_run_until (link, is_far);
    link_cut (link);
    link_check_failed (link, VM_ERROR_DISCONNECTED, VM_ERROR_DISCONNECTED);
    fail_unless (link->closed && !link->discarded);
    written = vm_chunk_set_count (link->have);

    link_offer (link);
    link_run (link);
    link_check_completed (link);
    fail_unless_equals_int (link->chunks_sent, 156 - written);
  }
}

GST_END_TEST;

/* Another link takes its place when a tenth, two tenths … are written, and
 * twice in a row: the transfer goes on, and of what was written one chunk goes
 * again, to ask what was written. */
GST_START_TEST (test_other_lane)
{
  for (guint tenth = 0; tenth < 10; tenth++) {
    g_autoptr (Link) link = link_new (156 * 65536, tenth);
    guint sent, written;

    if (tenth % 2)
      link->encodings = VM_TRANSFER_ENCODING_JSON;
    target = 156 * tenth / 10;
    link_offer (link);
    link_run_until (link, is_far);
    if (tenth % 3 == 0)
      link_change (link);
    link_change (link);
    sent = link->chunks_sent;
    written = vm_chunk_set_count (link->have);
    link_run (link);
    link_check_completed (link);
    fail_unless_equals_int (link->begun, 1);
    fail_unless (link->chunks_sent - sent <= 156 - written, "%u after %u",
        link->chunks_sent - sent, written);
    fail_unless (link->now < 10 * G_USEC_PER_SEC, "it has waited: %f s",
        link->now / 1e6);
  }
}

GST_END_TEST;

/* A receiver that has much to do answers for several chunks at once. */
static gboolean
answer_later (Link *link, gboolean to_receiver, VmTransferMessage *message)
{
  if (message->type == VM_TRANSFER_CHUNK_ACK)
    message->index = message->up_to - 1;
  return TRUE;
}

static gboolean
lose_later (Link *link, gboolean to_receiver, VmTransferMessage *message)
{
  return message->type != VM_TRANSFER_CHUNK_DATA || message->index < 90;
}

/* The answer to the question is one that stands for it. */
GST_START_TEST (test_other_lane_and_one_for_several)
{
  g_autoptr (Link) link = link_new (156 * 65536, 1);
  gint64 changed;

  link->delay = 20 * MS;
  link->filter = lose_later;
  target = 78;
  link_offer (link);
  link_run_until (link, is_far);
  link_change (link);
  changed = link->now;
  link->filter = answer_later;
  link_run (link);
  link_check_completed (link);
  fail_unless (link->now - changed < VM_WINDOW_TIMEOUT_MIN, "it has waited");
}

GST_END_TEST;

/* The next lane carries less at once; how far the one before was counts no
 * more, and what was read and not sent yet tells soon how far this one is. */
GST_START_TEST (test_other_lane_nearby)
{
  g_autoptr (Link) link = link_new (512 * 65536, 1);

  link->delay = 200 * MS;
  target = 200;
  link_offer (link);
  link_run_until (link, is_far);
  fail_unless (vm_window_get_chunks (&link->sender->window) > 16);
  vm_sender_set_nearby (link->sender, VM_WINDOW_BYTES_CHANNEL);
  link->delay = 1 * MS;
  link_change (link);
  fail_unless_equals_int (vm_window_get_chunks (&link->sender->window), 16);
  target = vm_sender_get_done (link->sender) / 65536 + 96;
  link_run_until (link, is_far);
  fail_unless (link->sender->window.rtt > 0, "nothing was measured");
  link_run (link);
  link_check_completed (link);
}

GST_END_TEST;

static gboolean
is_verifying (Link *link)
{
  return vm_sender_get_state (link->sender) == VM_TRANSFER_STATE_VERIFYING;
}

/* The last question is lost with the link, and so is the answer to it. */
GST_START_TEST (test_other_lane_at_the_end)
{
  g_autoptr (Link) link = link_new (3 * 65536, 1);

  link_offer (link);
  link_run_until (link, is_verifying);
  link_change (link);
  link_run (link);
  link_check_completed (link);
  fail_unless_equals_int (link->chunks_sent, 3);
  fail_unless (link->now < 2 * G_USEC_PER_SEC);
}

GST_END_TEST;

static gboolean
lose_chunks (Link *link, gboolean to_receiver, VmTransferMessage *message)
{
  return message->type != VM_TRANSFER_CHUNK_DATA;
}

static gboolean
is_late (Link *link)
{
  return link->now >= 12 * G_USEC_PER_SEC;
}

/* How often chunks were lost on one lane does not count on the next, as long as
 * it has not counted as often as it may. */
GST_START_TEST (test_other_lane_after_retries)
{
  g_autoptr (Link) link = link_new (8 * 65536, 1);

  link->filter = lose_chunks;
  link_offer (link);
  link_run_until (link, is_late);
  fail_unless_equals_int (
      vm_sender_get_state (link->sender), VM_TRANSFER_STATE_TRANSFERRING);
  link_change (link);
  link->until = link->now + 20 * G_USEC_PER_SEC;
  link_run (link);
  fail_unless_equals_int (
      vm_sender_get_state (link->sender), VM_TRANSFER_STATE_TRANSFERRING);
  link->filter = NULL;
  link->until = G_MAXINT64;
  link_change (link);
  link_run (link);
  link_check_completed (link);
}

GST_END_TEST;

/* Cut again and again, on a bad link. */
GST_START_TEST (test_resume_often)
{
  g_autoptr (Link) link = link_new (156 * 65536, 5);

  link->lost = 2;
  link->doubled = 5;
  link->jitter = 50 * MS;
  for (target = 10; target < 156; target += 10) {
    link_offer (link);
    link_run_until (link, is_far);
    link_cut (link);
    fail_unless (!link->saved);
  }
  link_offer (link);
  link_run (link);
  link_check_completed (link);
}

GST_END_TEST;

static gsize most;

static gboolean
measure (Link *link, gboolean to_receiver, VmTransferMessage *message)
{
  if (message->type == VM_TRANSFER_CHUNK_DATA)
    most = MAX (
        most, (message->index + 1) * 65536 - vm_sender_get_done (link->sender));
  return TRUE;
}

/* A fast link far away: the window opens, and no further than 4 MiB; to a peer
 * nearby no further than its lane carries well. */
GST_START_TEST (test_window)
{
  static const struct
  {
    guint32 nearby;
    gint64 delay; /* half of the way to and fro */
    gsize most;
  } cases[] = {
    { VM_WINDOW_BYTES_MAX, 200 * MS, VM_WINDOW_BYTES_MAX },
    { VM_WINDOW_BYTES_MAX, VM_WINDOW_NEAR / 2, VM_WINDOW_BYTES_MAX },
    { VM_WINDOW_BYTES_CHANNEL, VM_WINDOW_NEAR / 4, VM_WINDOW_BYTES_CHANNEL },
    { VM_WINDOW_BYTES_CHANNEL, VM_WINDOW_NEAR - MS / 2,
        2 * VM_WINDOW_BYTES_CHANNEL },
    { VM_WINDOW_BYTES_CHANNEL, 200 * MS, VM_WINDOW_BYTES_MAX },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (Link) link = link_new (512 * 65536, 1);

    most = 0;
    link->delay = cases[i].delay;
    link->filter = measure;
    link_offer (link);
    vm_sender_set_nearby (link->sender, cases[i].nearby);
    link_run (link);
    link_check_completed (link);
    fail_unless_equals_int (most, cases[i].most);
  }
}

GST_END_TEST;

static Suite *
transfer_suite (void)
{
  Suite *s = suite_create ("transfer");
  TCase *tc = tcase_create ("transfer");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_smaller_chunks);
  tcase_add_loop_test (tc, test_bad_link, 0, G_N_ELEMENTS (sizes));
  tcase_add_test (tc, test_resume);
  tcase_add_test (tc, test_other_lane);
  tcase_add_test (tc, test_other_lane_and_one_for_several);
  tcase_add_test (tc, test_other_lane_nearby);
  tcase_add_test (tc, test_other_lane_at_the_end);
  tcase_add_test (tc, test_other_lane_after_retries);
  tcase_add_test (tc, test_resume_often);
  tcase_add_test (tc, test_window);
  return s;
}

CHECK_PROGRAM (transfer)
