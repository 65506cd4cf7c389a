/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file over a stream between two agents of this project. */

#include "program.h"
#include "support/p2plink.h"

#include <gst/videomeet/transfer/p2p/p2pfile.h>

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define CHUNK 65536
#define MANY (40 * CHUNK + 5)
#define LARGE (33 * 1024 * 1024 + 5) /* bytes: it is hashed as it is sent */
#define HASHED_HEAD 40

static P2pLink *pair;

static void
make (void)
{
  pair = p2p_link_new ();
}

static void
drop (void)
{
  g_clear_pointer (&pair, p2p_link_free);
}

static void
check_list (const gchar *names)
{
  g_autofree gchar *there = p2p_link_list (pair);

  fail_unless_equals_string (there, names);
}

static void
check_size (gsize size)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", size);
  g_autofree gchar *copy = NULL;

  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_unless_equals_uint64 (pair->carried, size);
  p2p_link_check_file (pair, pair->saved_path, path);
  copy = g_build_filename (pair->to, pair->saved_path, NULL);
  g_unlink (copy);
  check_list ("");
}

GST_START_TEST (a_file_of_each_size_arrives_whole)
{
  const gsize sizes[] = { 0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, MANY };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    check_size (sizes[i]);
}
GST_END_TEST;

GST_START_TEST (a_large_file_has_large_chunks)
{
  const gsize size = 65 * 1024 * 1024;
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", size);

  fail_unless_equals_int (vm_p2p_file_choose_chunk_size (0), CHUNK);
  fail_unless_equals_int (vm_p2p_file_choose_chunk_size (1024 * CHUNK), CHUNK);
  fail_unless_equals_int (
      vm_p2p_file_choose_chunk_size (1024 * CHUNK + 1), 2 * CHUNK);
  fail_unless_equals_int (
      vm_p2p_file_choose_chunk_size (G_MAXINT64), VM_P2P_FILE_CHUNK_LARGE);
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_unless_equals_int (pair->chunks, size / (2 * CHUNK));
  p2p_link_check_file (pair, "a.bin", path);
}
GST_END_TEST;

GST_START_TEST (a_taken_name_gets_a_number)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", 10);

  p2p_link_send (pair, path);
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_unless_equals_string (pair->saved_path, "a (1).bin");
  check_list ("a (1).bin a.bin");
}
GST_END_TEST;

/* Lets @data bytes of chunks through. */
static gboolean
cut_later (P2pLink *self, gboolean from_sender, guint8 type, GBytes **body)
{
  gsize size = g_bytes_get_size (*body) - HASHED_HEAD;

  return type != VM_P2P_FILE_CHUNK_HASHED
         || self->carried + size <= GPOINTER_TO_SIZE (self->data);
}

/* Whatever arrived before is on the disk when the next transfer begins. */
GST_START_TEST (what_was_cut_goes_on_where_it_was)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", MANY);

  for (guint tenth = 0; tenth < 10; tenth++) {
    gsize cut = tenth * MANY / 10;
    gsize before;

    pair->filter = cut_later;
    pair->data = GSIZE_TO_POINTER (cut);
    p2p_link_send (pair, path);
    p2p_link_check_failed (pair, VM_ERROR_DISCONNECTED, VM_ERROR_DISCONNECTED);
    before = pair->carried;
    fail_unless (before <= cut && before + CHUNK > cut);
    pair->filter = NULL;
    p2p_link_send (pair, path);
    p2p_link_check_sent (pair);
    p2p_link_check_file (pair, pair->saved_path, path);
    /* what was in the stream when it was cut was not verified */
    fail_unless (pair->carried >= MANY - before);
    fail_unless (pair->carried <= MANY);
  }
}
GST_END_TEST;

typedef struct
{
  gsize acked; /* bytes that the receiver has acknowledged */
  gsize cut;
} Cut;

/* Cuts the stream once so much is acknowledged, and notes how much is. */
static gboolean
cut_acked (P2pLink *self, gboolean from_sender, guint8 type, GBytes **body)
{
  Cut *cut = self->data;
  g_autofree gchar *text = NULL;
  const gchar *found;

  if (from_sender || type != VM_P2P_FILE_ACK)
    return TRUE;
  text = g_strndup (g_bytes_get_data (*body, NULL), g_bytes_get_size (*body));
  found = strstr (text, "\"last_offset\":");
  fail_unless (found != NULL);
  cut->acked = g_ascii_strtoull (found + strlen ("\"last_offset\":"), NULL, 10);
  return cut->acked < cut->cut;
}

GST_START_TEST (nothing_that_is_verified_is_sent_again)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", MANY);
  gsize last = 0;

  pair->filter = cut_acked;
  for (guint tenth = 1; tenth <= 9; tenth++) {
    Cut cut = { .cut = MAX (tenth * MANY / 10, last + 1) };

    pair->data = &cut;
    p2p_link_send (pair, path);
    p2p_link_check_failed (pair, VM_ERROR_DISCONNECTED, VM_ERROR_DISCONNECTED);
    fail_unless (cut.acked >= cut.cut);
    /* of what was there, nothing was carried */
    fail_unless (pair->carried <= MANY - last);
    last = cut.acked;
    if (last == MANY)
      break;
  }
  pair->filter = NULL;
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_unless_equals_uint64 (pair->carried, MANY - last);
  p2p_link_check_file (pair, "a.bin", path);
  check_list ("a.bin");
}
GST_END_TEST;

/* Its chunks have the hash of all before them as well. */
GST_START_TEST (a_large_file_goes_on_where_it_was)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", LARGE);
  Cut cut = { .cut = LARGE / 2 };

  pair->filter = cut_acked;
  pair->data = &cut;
  p2p_link_send (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_DISCONNECTED, VM_ERROR_DISCONNECTED);
  pair->filter = NULL;
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_unless (pair->carried <= LARGE - cut.acked);
  p2p_link_check_file (pair, "a.bin", path);
}
GST_END_TEST;

/* Damages what @data says the first time it comes. */
static gboolean
damage (P2pLink *self, gboolean from_sender, guint8 type, GBytes **body)
{
  gsize size;
  guint8 *copy;

  if (!from_sender || type != GPOINTER_TO_UINT (self->data))
    return TRUE;
  copy = g_bytes_unref_to_data (g_steal_pointer (body), &size);
  copy[size - 3] ^= 1;
  *body = g_bytes_new_take (copy, size);
  self->data = NULL;
  return TRUE;
}

GST_START_TEST (a_damaged_chunk_is_sent_again)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", 3 * CHUNK);

  pair->filter = damage;
  pair->data = GUINT_TO_POINTER (VM_P2P_FILE_CHUNK_HASHED);
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_unless_equals_uint64 (pair->carried, 4 * CHUNK);
  p2p_link_check_file (pair, "a.bin", path);
}
GST_END_TEST;

/* Of a file that is not hashed before it is sent. Those behind the damaged
 * chunk that were on their way come again, too: their hashes are of it as well.
 */
GST_START_TEST (a_damaged_chunk_of_a_large_file_is_sent_again)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", LARGE);

  pair->filter = damage;
  pair->data = GUINT_TO_POINTER (VM_P2P_FILE_CHUNK_PREFIX);
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_unless (pair->data == NULL);
  fail_unless (pair->carried > LARGE);
  fail_unless (pair->carried <= LARGE + VM_P2P_FILE_WINDOW);
  p2p_link_check_file (pair, "a.bin", path);
}
GST_END_TEST;

/* What makes the receiver one that takes hashes of chunks only. */
static gboolean
make_older (P2pLink *self, gboolean from_sender, guint8 type, GBytes **body)
{
  g_autofree gchar *text = NULL;
  gchar *word;

  if (!from_sender || type != VM_P2P_FILE_META)
    return TRUE;
  text = g_strndup (g_bytes_get_data (*body, NULL), g_bytes_get_size (*body));
  word = strstr (text, "prefixes");
  fail_unless (word != NULL);
  *word = 'P';
  g_bytes_unref (*body);
  *body = g_bytes_new (text, strlen (text));
  return TRUE;
}

GST_START_TEST (a_receiver_gets_the_hashes_that_it_takes)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", LARGE);

  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_if (
      memchr (pair->types->data, VM_P2P_FILE_CHUNK_HASHED, pair->types->len));
  pair->filter = make_older;
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_if (
      memchr (pair->types->data, VM_P2P_FILE_CHUNK_PREFIX, pair->types->len));
  p2p_link_check_file (pair, pair->saved_path, path);
}
GST_END_TEST;

/* The last digit of a hash in JSON. */
static gboolean
forge_hash (P2pLink *self, gboolean from_sender, guint8 type, GBytes **body)
{
  g_autofree gchar *text = NULL;
  gchar *hash;

  if (!from_sender || type != VM_P2P_FILE_DONE)
    return TRUE;
  text = g_strndup (g_bytes_get_data (*body, NULL), g_bytes_get_size (*body));
  hash = strstr (text, "\"hash\":\"");
  fail_unless (hash != NULL);
  hash[8] = hash[8] == '0' ? '1' : '0';
  g_bytes_unref (*body);
  *body = g_bytes_new (text, strlen (text));
  return TRUE;
}

GST_START_TEST (a_wrong_final_hash_leaves_nothing)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", 3 * CHUNK);

  pair->filter = forge_hash;
  p2p_link_send (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_FAILED, VM_ERROR_BAD_MESSAGE);
  check_list ("");
}
GST_END_TEST;

static gboolean
decline (const VmP2pOffer *offer, gchar **reason, gpointer data)
{
  fail_unless_equals_string (offer->name, "a.bin");
  fail_unless_equals_uint64 (offer->size, 10);
  fail_if (offer->folder);
  *reason = g_strdup ("Not today");
  return FALSE;
}

GST_START_TEST (a_file_that_is_declined_is_not_sent)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", 10);

  pair->receive.accept = decline;
  p2p_link_send (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_DECLINED, VM_ERROR_DECLINED);
  fail_unless (strstr (pair->send_error->message, "Not today") != NULL);
  fail_unless_equals_uint64 (pair->carried, 0);
  check_list ("");
}
GST_END_TEST;

GST_START_TEST (a_file_beyond_max_size_is_not_sent)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", 10);

  pair->send.max_size = pair->receive.max_size = 10;
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  pair->receive.max_size = 9;
  p2p_link_send (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_DECLINED, VM_ERROR_TOO_LARGE);
  fail_unless_equals_uint64 (pair->carried, 0);
  pair->receive.max_size = 0;
  pair->send.max_size = 9;
  p2p_link_connect (pair);
  p2p_link_begin_send (pair, path);
  p2p_link_end (pair);
  p2p_link_check_failed (pair, VM_ERROR_TOO_LARGE, 0);
  fail_unless_equals_int (pair->types->len, 0);
}
GST_END_TEST;

GST_START_TEST (a_rate_holds_on_either_side)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", 4 * CHUNK);
  gint64 began = g_get_monotonic_time ();

  pair->send.max_rate = 8 * CHUNK;
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  /* the first chunk need not wait, and 50 ms may be caught up */
  fail_unless (g_get_monotonic_time () - began >= 300 * 1000);
  pair->send.max_rate = 0;
  pair->receive.max_rate = 8 * CHUNK;
  began = g_get_monotonic_time ();
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_unless (g_get_monotonic_time () - began >= 300 * 1000);
}
GST_END_TEST;

/* Closes the stream from outside once a chunk went through. */
static gboolean
close_it (P2pLink *self, gboolean from_sender, guint8 type, GBytes **body)
{
  g_autoptr (GError) why =
      g_error_new_literal (VM_ERROR, VM_ERROR_CAP_EXPIRED, "Expired");

  if (from_sender && self->carried)
    vm_p2p_pipe_close (self->near, why);
  return TRUE;
}

GST_START_TEST (a_closed_stream_ends_both_with_its_error)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", MANY);

  pair->filter = close_it;
  p2p_link_send (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_CAP_EXPIRED, VM_ERROR_CAP_EXPIRED);
}
GST_END_TEST;

typedef struct
{
  VmP2pControl *control;
  gboolean paused, again;
  VmTransferState last;
  guint64 done;
} Watch;

static void
pause_once (const VmP2pProgress *progress, gpointer data)
{
  Watch *watch = data;

  fail_unless (progress->done >= watch->done);
  watch->done = progress->done;
  watch->last = progress->state;
  if (progress->state == VM_TRANSFER_STATE_TRANSFERRING && !watch->paused) {
    watch->paused = TRUE;
    vm_p2p_control_set_paused (watch->control, TRUE);
  } else if (progress->state == VM_TRANSFER_STATE_PAUSED && !watch->again) {
    watch->again = TRUE;
    vm_p2p_control_set_paused (watch->control, FALSE);
  }
}

static void
check_pause (
    VmP2pControl **control, VmP2pProgressFunc *progress, gpointer *data)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", MANY);
  g_autoptr (VmP2pControl) own = vm_p2p_control_new ();
  Watch watch = { .control = own };

  *control = own;
  *progress = pause_once;
  *data = &watch;
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_unless (watch.paused && watch.again);
  fail_unless_equals_int (watch.last, VM_TRANSFER_STATE_COMPLETED);
  fail_unless_equals_uint64 (watch.done, MANY);
  fail_unless_equals_uint64 (pair->carried, MANY);
  p2p_link_check_file (pair, pair->saved_path, path);
  *control = NULL;
  *progress = NULL;
}

GST_START_TEST (either_side_pauses_and_goes_on)
{
  check_pause (&pair->send.control, &pair->send.progress, &pair->send.data);
  check_pause (
      &pair->receive.control, &pair->receive.progress, &pair->receive.data);
}
GST_END_TEST;

static void
cancel_it (const VmP2pProgress *progress, gpointer data)
{
  if (progress->state == VM_TRANSFER_STATE_TRANSFERRING)
    vm_p2p_control_cancel (data);
}

GST_START_TEST (either_side_cancels_and_nothing_is_left)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", MANY);
  g_autoptr (VmP2pControl) one = vm_p2p_control_new ();
  g_autoptr (VmP2pControl) other = vm_p2p_control_new ();

  pair->send.control = one;
  pair->send.progress = cancel_it;
  pair->send.data = one;
  p2p_link_send (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_CANCELLED, VM_ERROR_CANCELLED);
  check_list ("");
  pair->send.control = NULL;
  pair->send.progress = NULL;
  pair->receive.control = other;
  pair->receive.progress = cancel_it;
  pair->receive.data = other;
  p2p_link_send (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_CANCELLED, VM_ERROR_CANCELLED);
  check_list ("");
}
GST_END_TEST;

static void
cut_file (const VmP2pProgress *progress, gpointer data)
{
  if (progress->carried)
    fail_unless (truncate (data, 10) == 0);
}

typedef struct
{
  gboolean small, full, told; /* the limit is set; each side has seen it */
} Full;

static void
limit (rlim_t most)
{
  struct rlimit file_size;

  fail_unless (getrlimit (RLIMIT_FSIZE, &file_size) == 0);
  file_size.rlim_cur = most;
  fail_unless (setrlimit (RLIMIT_FSIZE, &file_size) == 0);
}

/* The process may write no further: to whoever waits, the disk is full. */
static void
fill_up (const VmP2pProgress *progress, gpointer data)
{
  Full *full = data;

  if (progress->state == VM_TRANSFER_STATE_TRANSFERRING && !full->small) {
    full->small = TRUE;
    limit (2 * CHUNK);
  } else if (progress->full) {
    full->full = TRUE;
    limit (RLIM_INFINITY);
  }
}

static void
see_full (const VmP2pProgress *progress, gpointer data)
{
  ((Full *) data)->told |= progress->full;
}

GST_START_TEST (a_full_disk_pauses_both_until_there_is_room)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", MANY);
  Full full = { 0 };

  signal (SIGXFSZ, SIG_IGN);
  pair->receive.progress = fill_up;
  pair->send.progress = see_full;
  pair->receive.data = pair->send.data = &full;
  p2p_link_send (pair, path);
  p2p_link_check_sent (pair);
  fail_unless (full.full && full.told);
  p2p_link_check_file (pair, "a.bin", path);
}
GST_END_TEST;

GST_START_TEST (a_file_that_changes_is_given_up)
{
  g_autofree gchar *path = p2p_link_make_file (pair, "a.bin", 600 * CHUNK);

  pair->send.progress = cut_file;
  pair->send.data = path;
  pair->send.max_rate = 1000 * CHUNK;
  p2p_link_send (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_BAD_REQUEST, VM_ERROR_CANCELLED);
  check_list ("");
}
GST_END_TEST;

GST_START_TEST (what_is_no_file_is_not_sent)
{
  p2p_link_connect (pair);
  p2p_link_begin_send (pair, pair->from);
  p2p_link_end (pair);
  p2p_link_check_failed (pair, VM_ERROR_BAD_REQUEST, 0);
}
GST_END_TEST;

static Suite *
p2pfiles_suite (void)
{
  Suite *suite = suite_create ("p2pfiles");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, make, drop);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, a_file_of_each_size_arrives_whole);
  tcase_add_test (tc, a_large_file_has_large_chunks);
  tcase_add_test (tc, a_taken_name_gets_a_number);
  tcase_add_test (tc, what_was_cut_goes_on_where_it_was);
  tcase_add_test (tc, nothing_that_is_verified_is_sent_again);
  tcase_add_test (tc, a_large_file_goes_on_where_it_was);
  tcase_add_test (tc, a_damaged_chunk_is_sent_again);
  tcase_add_test (tc, a_damaged_chunk_of_a_large_file_is_sent_again);
  tcase_add_test (tc, a_receiver_gets_the_hashes_that_it_takes);
  tcase_add_test (tc, a_wrong_final_hash_leaves_nothing);
  tcase_add_test (tc, a_file_that_is_declined_is_not_sent);
  tcase_add_test (tc, a_file_beyond_max_size_is_not_sent);
  tcase_add_test (tc, a_rate_holds_on_either_side);
  tcase_add_test (tc, a_closed_stream_ends_both_with_its_error);
  tcase_add_test (tc, either_side_pauses_and_goes_on);
  tcase_add_test (tc, either_side_cancels_and_nothing_is_left);
  tcase_add_test (tc, a_full_disk_pauses_both_until_there_is_room);
  tcase_add_test (tc, a_file_that_changes_is_given_up);
  tcase_add_test (tc, what_is_no_file_is_not_sent);
  return suite;
}

CHECK_PROGRAM (p2pfiles)
