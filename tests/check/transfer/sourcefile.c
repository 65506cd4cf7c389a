/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/transfer/disk/sourcefile.h>
#include <gst/videomeet/transfer/objects/vmfilesender-priv.h>
#include <glib/gstdio.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536
/* none of which is written, and which is read for far longer than between two
 * signals of VmFileSender::changed */
#define LARGE (G_GUINT64_CONSTANT (16) << 30)

static gchar *folder;
static gchar *path;

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-source-XXXXXX", NULL);
  path = g_build_filename (folder, "file", NULL);
}

static void
teardown (void)
{
  g_unlink (path);
  g_rmdir (folder);
  g_clear_pointer (&path, g_free);
  g_clear_pointer (&folder, g_free);
}

static guint8 *
make (gsize size)
{
  guint8 *data = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    data[i] = i * 11 + i / CHUNK;
  fail_unless (g_file_set_contents (path, (const gchar *) data, size, NULL));
  return data;
}

static VmSourceFile *
open_file (void)
{
  g_autoptr (GError) error = NULL;
  VmSourceFile *file = vm_source_file_open (path, &error);

  g_assert_no_error (error);
  return file;
}

static void
check_whole (VmSourceFile *file, const guint8 *data, gsize size)
{
  guint8 hash[VM_SHA256_SIZE], expected[VM_SHA256_SIZE];

  vm_sha256 (data, size, expected);
  /* asked again it is the same */
  for (guint i = 0; i < 2; i++) {
    gboolean whole = FALSE;

    while (!whole)
      fail_unless (vm_source_file_hash (file, hash, &whole, NULL));
    g_assert_cmpmem (hash, sizeof hash, expected, sizeof expected);
  }
}

GST_START_TEST (test_chunks_and_the_whole_in_one_reading)
{
  static const gsize sizes[] = { 0, 1, CHUNK - 1, CHUNK, CHUNK + 1,
    5 * CHUNK + 3 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree guint8 *data = make (sizes[i]);
    g_autofree guint8 *chunk = g_malloc (CHUNK);
    g_autoptr (VmSourceFile) file = open_file ();
    guint8 hash[VM_SHA256_SIZE], expected[VM_SHA256_SIZE];

    fail_unless_equals_uint64 (vm_source_file_get_size (file), sizes[i]);
    for (gsize at = 0; at < sizes[i]; at += CHUNK) {
      gsize size = MIN (CHUNK, sizes[i] - at);

      fail_unless (vm_source_file_read_next (file, chunk, size, hash, NULL));
      vm_sha256 (data + at, size, expected);
      g_assert_cmpmem (hash, sizeof hash, expected, sizeof expected);
      g_assert_cmpmem (chunk, size, data + at, size);
    }
    check_whole (file, data, sizes[i]);
    fail_unless (vm_source_file_read_next (file, chunk, 0, hash, NULL));
  }
}

GST_END_TEST;

/* As after a resume: some chunks are sent out of order, the hash comes
 * anyway. */
GST_START_TEST (test_hash_of_what_is_not_sent)
{
  gsize size = 20 * CHUNK + 5;
  g_autofree guint8 *data = make (size);
  g_autofree guint8 *chunk = g_malloc (CHUNK);
  g_autoptr (VmSourceFile) file = open_file ();
  guint8 hash[VM_SHA256_SIZE];

  fail_unless (vm_source_file_read_next (file, chunk, CHUNK, hash, NULL));
  fail_unless (vm_source_file_read (file, 20 * CHUNK, chunk, 5, hash, NULL));
  g_assert_cmpmem (chunk, 5, data + 20 * CHUNK, 5);
  check_whole (file, data, size);
}

GST_END_TEST;

static void
check_no_part (VmSourceFile *file, guint64 offset, gsize size)
{
  guint8 data[16], hash[VM_SHA256_SIZE];
  g_autoptr (GError) error = NULL;

  fail_if (vm_source_file_read (file, offset, data, size, hash, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
}

GST_START_TEST (test_parts_that_are_not_there)
{
  g_autofree guint8 *data = make (10);
  g_autoptr (VmSourceFile) file = open_file ();
  guint8 part[16], hash[VM_SHA256_SIZE];

  fail_unless (vm_source_file_read (file, 10, part, 0, hash, NULL));
  fail_unless (vm_source_file_read (file, 1, part, 9, hash, NULL));
  check_no_part (file, 0, 11);
  check_no_part (file, 10, 1);
  check_no_part (file, 11, 0);
  check_no_part (file, G_MAXUINT64, 2);
}

GST_END_TEST;

static void
check_read_fails (VmSourceFile *file)
{
  guint8 data[16], hash[VM_SHA256_SIZE];
  g_autoptr (GError) error = NULL;
  gboolean whole = FALSE;

  fail_if (vm_source_file_read_next (file, data, 10, hash, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  g_clear_error (&error);
  fail_if (vm_source_file_hash (file, hash, &whole, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
}

static void
set_mtime (gint64 seconds)
{
  struct timespec times[2] = { { seconds, 0 }, { seconds, 0 } };

  fail_unless (utimensat (AT_FDCWD, path, times, 0) == 0);
}

GST_START_TEST (test_changed_while_it_is_sent)
{
  for (guint i = 0; i < 4; i++) {
    g_autofree guint8 *data = make (100);
    g_autoptr (VmSourceFile) file = NULL;
    gint fd;

    set_mtime (1000);
    file = open_file ();
    fail_unless_equals_int64 (vm_source_file_get_mtime (file), 1000000);
    fd = g_open (path, O_WRONLY, 0);
    if (i == 0)
      fail_unless (ftruncate (fd, 5) == 0); /* in the part that is read */
    else if (i == 1)
      fail_unless (ftruncate (fd, 50) == 0); /* behind it */
    else if (i == 2)
      fail_unless (pwrite (fd, "!", 1, 100) == 1); /* grown */
    else
      fail_unless (pwrite (fd, "!", 1, 50) == 1); /* same size */
    close (fd);
    if (i < 3)
      set_mtime (1000);
    check_read_fails (file);
  }
}

GST_END_TEST;

/* Another file under the path, another name, another mode: what is sent is the
 * file that was opened. */
GST_START_TEST (test_path_is_another_files)
{
  g_autofree guint8 *data = make (100);
  g_autofree guint8 *other = NULL;
  g_autoptr (VmSourceFile) file = open_file ();

  fail_unless (g_chmod (path, 0400) == 0);
  fail_unless (g_unlink (path) == 0);
  other = make (7);
  fail_unless_equals_uint64 (vm_source_file_get_size (file), 100);
  check_whole (file, data, 100);
}

GST_END_TEST;

static void
check_not_opened (
    const gchar *name, GQuark domain, gint code, const gchar *words)
{
  g_autoptr (GError) error = NULL;

  fail_if (vm_source_file_open (name, &error));
  g_assert_error (error, domain, code);
  fail_unless (strstr (error->message, words), "%s", error->message);
}

GST_START_TEST (test_only_plain_files)
{
  g_autofree gchar *link = g_build_filename (folder, "link", NULL);
  g_autofree gchar *fifo = g_build_filename (folder, "fifo", NULL);
  g_autofree guint8 *data = make (100);
  g_autoptr (VmSourceFile) file = NULL;

  fail_unless (mkfifo (fifo, 0600) == 0);
  check_not_opened (folder, VM_ERROR, VM_ERROR_BAD_REQUEST, "pack it first");
  check_not_opened (fifo, VM_ERROR, VM_ERROR_BAD_REQUEST, "plain files");
  check_not_opened ("/dev/null", VM_ERROR, VM_ERROR_BAD_REQUEST, "plain files");
  check_not_opened (link, G_FILE_ERROR, G_FILE_ERROR_NOENT, "No such file");
  fail_unless (symlink ("file", link) == 0);
  file = vm_source_file_open (link, NULL);
  check_whole (file, data, 100);
  g_unlink (link);
  g_unlink (fifo);
}

GST_END_TEST;

static gsize
size_on_paper (const gchar *name)
{
  struct stat st;

  fail_unless (stat (name, &st) == 0);
  return st.st_size;
}

/* Files that the system makes as they are read say that they have nothing, or a
 * page. */
GST_START_TEST (test_size_is_not_what_can_be_read)
{
  static const gchar *const names[] = { "/proc/self/cmdline", "/proc/version",
    "/sys/devices/system/cpu/online" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *text = NULL;
    g_autoptr (VmSourceFile) file = NULL;
    g_autoptr (GError) error = NULL;
    gsize size;

    if (!g_file_get_contents (names[i], &text, &size, NULL))
      continue; /* a kernel without it */
    fail_unless (size > 0 && size_on_paper (names[i]) != size);
    file = vm_source_file_open (names[i], &error);
    g_assert_no_error (error);
    fail_unless_equals_uint64 (vm_source_file_get_size (file), size);
    check_whole (file, (const guint8 *) text, size);
  }
}

GST_END_TEST;

GST_START_TEST (test_limit_of_what_does_not_tell_its_size)
{
  const gchar *name = "/proc/version";
  g_autofree gchar *text = NULL;
  g_autoptr (VmSourceFile) below = NULL;
  g_autoptr (VmSourceFile) at = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  fail_unless (g_file_get_contents (name, &text, &size, NULL));
  below = vm_source_file_open_within (name, size + 1, &error);
  g_assert_no_error (error);
  at = vm_source_file_open_within (name, size, &error);
  g_assert_no_error (error);
  check_whole (below, (const guint8 *) text, size);
  check_whole (at, (const guint8 *) text, size);
  fail_if (vm_source_file_open_within (name, size - 1, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  fail_unless (strstr (error->message, "send a copy"), "%s", error->message);
  /* 256 GiB of it */
  check_not_opened (
      "/proc/self/pagemap", VM_ERROR, VM_ERROR_BAD_REQUEST, "send a copy");
}

GST_END_TEST;

static void
cancel_at_once (
    VmFileSender *sender, const GstStructure *transfer, gpointer verifying)
{
  VmTransferState state = VM_TRANSFER_STATE_PENDING;

  gst_structure_get (transfer, "state", VM_TYPE_TRANSFER_STATE, &state, NULL);
  /* the first comes before it is read */
  if (state == VM_TRANSFER_STATE_VERIFYING && ++*(guint *) verifying == 2)
    vm_file_sender_cancel (sender);
}

static void
check_next (VmFileSender *sender, VmTransferType type)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmTransferMessage) message =
      vm_file_sender_pull_message (sender, &error);

  g_assert_no_error (error);
  fail_unless_equals_int (message->type, type);
}

/* A receiver has the whole of a large file already, and the hash of it takes
 * its time: whoever cancels meanwhile is heard. */
GST_START_TEST (test_cancelled_while_it_is_hashed)
{
  gint fd = g_open (path, O_WRONLY | O_CREAT, 0600);
  g_autoptr (VmFileSender) sender = NULL;
  g_autoptr (GError) error = NULL;
  VmTransferMessage *response =
      vm_transfer_message_new (VM_TRANSFER_FILE_RESPONSE, NULL);
  guint verifying = 0;

  fail_unless (fd >= 0 && ftruncate (fd, LARGE) == 0);
  close (fd);
  sender = vm_file_sender_new (path, CHUNK, &error);
  g_assert_no_error (error);
  g_signal_connect (sender, "changed", G_CALLBACK (cancel_at_once), &verifying);
  check_next (sender, VM_TRANSFER_FILE_OFFER);
  response->accept = TRUE;
  response->encoding = VM_TRANSFER_ENCODING_BINARY;
  response->have = vm_chunk_set_new (LARGE / CHUNK);
  fail_unless (vm_chunk_set_add_run (response->have, 0, LARGE / CHUNK));
  vm_file_sender_take_message (sender, response);
  check_next (sender, VM_TRANSFER_START);
  check_next (sender, VM_TRANSFER_CANCEL);
  fail_unless (vm_file_sender_pull_message (sender, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_CANCELLED);
}

GST_END_TEST;

static Suite *
sourcefile_suite (void)
{
  Suite *s = suite_create ("sourcefile");
  TCase *tc = tcase_create ("file");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_chunks_and_the_whole_in_one_reading);
  tcase_add_test (tc, test_hash_of_what_is_not_sent);
  tcase_add_test (tc, test_parts_that_are_not_there);
  tcase_add_test (tc, test_changed_while_it_is_sent);
  tcase_add_test (tc, test_path_is_another_files);
  tcase_add_test (tc, test_only_plain_files);
  tcase_add_test (tc, test_size_is_not_what_can_be_read);
  tcase_add_test (tc, test_limit_of_what_does_not_tell_its_size);
  tcase_add_test (tc, test_cancelled_while_it_is_hashed);
  return s;
}

CHECK_PROGRAM (sourcefile)
