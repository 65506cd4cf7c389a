/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a file that is received is hashed: as it comes, and again where that is
 * not enough. */

#include "program.h"

#include <gst/videomeet/transfer/disk/receivefolder.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

static gchar *path;
static VmReceiveRules rules;

static void
setup (void)
{
  path = g_dir_make_tmp ("vm-receive-XXXXXX", NULL);
  rules = (VmReceiveRules){ 0 };
}

static void
teardown (void)
{
  const gchar *argv[] = { "rm", "-rf", path, NULL };

  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&path, g_free);
}

/* What is received: each chunk another. */
typedef struct
{
  VmJournalHeader header;
  guint8 *data;
  guint8 hash[VM_SHA256_SIZE];
} File;

static void
file_clear (File *file)
{
  g_free (file->data);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (File, file_clear)

static File
file_of (const gchar *name, gsize size, guint32 chunk_size)
{
  File file = { .header = { .device = (gchar *) "ann",
                    .name = (gchar *) name,
                    .size = size,
                    .chunk_size = chunk_size } };

  file.data = g_malloc (size + 1);
  for (gsize i = 0; i < size; i++)
    file.data[i] = i * 7 + i / chunk_size * 13;
  vm_sha256 (file.data, size, file.hash);
  return file;
}

static VmReceiveFolder *
open_folder (void)
{
  g_autoptr (GError) error = NULL;
  VmReceiveFolder *folder = vm_receive_folder_open (path, &rules, &error);

  g_assert_no_error (error);
  return folder;
}

static VmReceiveFile *
begin (VmReceiveFolder *folder, const File *file, const gchar *transfer)
{
  g_autoptr (GError) error = NULL;
  VmReceiveFile *receive =
      vm_receive_folder_begin (folder, "ann", transfer, &file->header, &error);

  g_assert_no_error (error);
  return receive;
}

static gboolean
write_chunk (
    VmReceiveFile *receive, const File *file, guint64 index, GError **error)
{
  gsize size = vm_journal_chunk_size (&file->header, index);
  const guint8 *data = file->data + index * file->header.chunk_size;
  guint8 hash[VM_SHA256_SIZE];

  vm_sha256 (data, size, hash);
  return vm_receive_file_write (receive, index, data, size, hash, error);
}

static gchar *
commit (VmReceiveFile *receive, const File *file)
{
  g_autoptr (GError) error = NULL;
  gchar *name = vm_receive_file_commit (receive, file->hash, &error);

  g_assert_no_error (error);
  return name;
}

static gboolean
is_there (const gchar *name)
{
  g_autofree gchar *full = g_build_filename (path, name, NULL);

  return g_file_test (full, G_FILE_TEST_EXISTS)
         || g_file_test (full, G_FILE_TEST_IS_SYMLINK);
}

static void
check_content (const gchar *name, const File *file)
{
  g_autofree gchar *full = g_build_filename (path, name, NULL);
  g_autofree gchar *content = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (full, &content, &size, NULL));
  g_assert_cmpmem (content, size, file->data, file->header.size);
}

/* Of this process, so far. */
static guint64
bytes_read (void)
{
  g_autofree gchar *io = NULL;
  const gchar *rchar;

  fail_unless (g_file_get_contents ("/proc/self/io", &io, NULL, NULL));
  rchar = strstr (io, "rchar: ");
  fail_unless (rchar != NULL);
  return g_ascii_strtoull (rchar + strlen ("rchar: "), NULL, 10);
}

/* Chunks @from to before @to, as a sender of ours sends them. */
static void
write_run (VmReceiveFile *receive, const File *file, guint64 from, guint64 to)
{
  for (guint64 i = from; i < to; i++) {
    g_autoptr (GError) error = NULL;

    g_assert_true (write_chunk (receive, file, i, &error));
    g_assert_no_error (error);
  }
}

/* A chunk with the hash of @file up to its end, which may be a wrong one. */
static gboolean
write_prefix (VmReceiveFile *receive, const File *file, guint64 index,
    gboolean wrong, GError **error)
{
  gsize size = vm_journal_chunk_size (&file->header, index);
  const guint8 *data = file->data + index * file->header.chunk_size;
  guint8 hash[VM_SHA256_SIZE];

  vm_sha256 (file->data, index * file->header.chunk_size + size, hash);
  hash[0] ^= wrong;
  return vm_receive_file_write_prefix (receive, index, data, size, hash, error);
}

static void
write_prefixes (
    VmReceiveFile *receive, const File *file, guint64 from, guint64 to)
{
  for (guint64 i = from; i < to; i++) {
    g_autoptr (GError) error = NULL;

    g_assert_true (write_prefix (receive, file, i, FALSE, &error));
    g_assert_no_error (error);
  }
}

static void
check_refused (
    VmReceiveFile *receive, const File *file, guint64 index, gboolean wrong)
{
  g_autoptr (GError) error = NULL;

  fail_if (write_prefix (receive, file, index, wrong, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
}

/* Only the next chunk can be compared; nothing of a wrong one stays. */
GST_START_TEST (test_hashes_of_all_up_to_a_chunk)
{
  g_auto (File) file = file_of ("a", 20 * CHUNK + 3, CHUNK);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  g_autoptr (VmReceiveFile) receive = begin (folder, &file, "t");
  g_autofree gchar *name = NULL;
  guint64 before = bytes_read ();

  check_refused (receive, &file, 1, FALSE);
  check_refused (receive, &file, 0, TRUE);
  write_prefixes (receive, &file, 0, 10);
  check_refused (receive, &file, 11, FALSE);
  check_refused (receive, &file, 10, TRUE);
  /* again */
  write_prefixes (receive, &file, 5, 6);
  write_prefixes (receive, &file, 10, 15);
  write_run (receive, &file, 15, 18);
  write_prefixes (receive, &file, 18, 21);
  name = commit (receive, &file);
  fail_unless (bytes_read () - before < file.header.size);
  check_content ("a", &file);
}

GST_END_TEST;

/* What an earlier transfer had counts up to the first byte that is another. */
GST_START_TEST (test_hashes_of_all_after_a_break)
{
  g_auto (File) file = file_of ("a", 20 * CHUNK + 3, CHUNK);
  g_autofree gchar *part = g_build_filename (path, ".vm-ann-t.part", NULL);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  VmReceiveFile *receive = begin (folder, &file, "t");
  g_autofree gchar *name = NULL;
  gint fd = open (part, O_WRONLY);

  write_prefixes (receive, &file, 0, 10);
  vm_receive_file_free (receive);
  receive = begin (folder, &file, "u");
  fail_unless_equals_uint64 (vm_receive_file_count (receive), 10);
  write_run (receive, &file, 10, 15);
  vm_receive_file_free (receive);
  receive = begin (folder, &file, "v");
  fail_unless_equals_uint64 (vm_receive_file_count (receive), 15);
  vm_receive_file_free (receive);
  fail_unless (pwrite (fd, "!", 1, 7 * CHUNK) == 1);
  close (fd);
  receive = begin (folder, &file, "w");
  /* 0 to 6, and 10 to 14, which have hashes of their own */
  fail_unless_equals_uint64 (vm_receive_file_count (receive), 12);
  write_run (receive, &file, 7, 10);
  write_run (receive, &file, 15, 21);
  name = commit (receive, &file);
  check_content ("a", &file);
  vm_receive_file_free (receive);
}

GST_END_TEST;

GST_START_TEST (test_what_comes_in_order_is_not_read_again)
{
  g_auto (File) file = file_of ("a", 20 * CHUNK + 3, CHUNK);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  g_autoptr (VmReceiveFile) receive = begin (folder, &file, "t");
  g_autofree gchar *name = NULL;
  guint64 before = bytes_read (), read;

  write_run (receive, &file, 0, 21);
  name = commit (receive, &file);
  read = bytes_read () - before;
  fail_unless (read < file.header.size);
  check_content ("a", &file);
}

GST_END_TEST;

/* In order but for one that came late, and behind what an earlier transfer
 * had. */
GST_START_TEST (test_gaps_and_what_was_there)
{
  g_auto (File) file = file_of ("a", 20 * CHUNK + 3, CHUNK);
  g_autoptr (VmReceiveFolder) folder = NULL;

  rules.overwrite = VM_OVERWRITE_REPLACE;
  folder = open_folder ();
  for (guint there = 0; there <= 21; there += 7) {
    VmReceiveFile *receive = begin (folder, &file, "t");
    g_autofree gchar *name = NULL;

    write_run (receive, &file, 0, there);
    vm_receive_file_free (receive);
    receive = begin (folder, &file, "u");
    fail_unless_equals_uint64 (vm_receive_file_count (receive), there);
    write_run (receive, &file, MIN (there + 3, 21), 21);
    write_run (receive, &file, there, MIN (there + 3, 21));
    name = commit (receive, &file);
    check_content ("a", &file);
    vm_receive_file_free (receive);
  }
}

GST_END_TEST;

/* What was received earlier counts as it is on the disk when the rest has
 * come. */
GST_START_TEST (test_changed_while_the_rest_comes)
{
  g_auto (File) file = file_of ("a", 10 * CHUNK, CHUNK);
  g_autofree gchar *part = g_build_filename (path, ".vm-ann-t.part", NULL);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  VmReceiveFile *receive = begin (folder, &file, "t");
  g_autoptr (GError) error = NULL;
  gint fd = open (part, O_WRONLY);

  write_run (receive, &file, 0, 5);
  vm_receive_file_free (receive);
  receive = begin (folder, &file, "u");
  fail_unless_equals_uint64 (vm_receive_file_count (receive), 5);
  fail_unless (pwrite (fd, "!", 1, 3 * CHUNK) == 1);
  write_run (receive, &file, 5, 10);
  fail_if (vm_receive_file_commit (receive, file.hash, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  fail_if (is_there ("a"));
  vm_receive_file_discard (receive);
  close (fd);
}

GST_END_TEST;

/* More than is held back before the disk is asked to write, with and
 * without. */
GST_START_TEST (test_large_files)
{
  g_auto (File) file = file_of ("a", 20 * 1024 * 1024 + 3, CHUNK);

  rules.overwrite = VM_OVERWRITE_REPLACE;
  for (guint i = 0; i < 2; i++) {
    g_autoptr (VmReceiveFolder) folder = NULL;
    g_autoptr (VmReceiveFile) receive = NULL;
    g_autofree gchar *name = NULL;

    rules.no_fsync = i;
    folder = open_folder ();
    receive = begin (folder, &file, "t");
    write_run (receive, &file, 0, vm_journal_chunks (&file.header));
    name = commit (receive, &file);
    check_content ("a", &file);
  }
}

GST_END_TEST;

/* What was hashed as it came counts no more when somebody else has written
 * there. */
GST_START_TEST (test_changed_while_it_comes)
{
  g_auto (File) file = file_of ("a", 10 * CHUNK, CHUNK);
  g_autofree gchar *part = g_build_filename (path, ".vm-ann-t.part", NULL);
  const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
  g_autoptr (VmReceiveFolder) folder = open_folder ();

  for (guint i = 0; i < 3; i++) {
    VmReceiveFile *receive = begin (folder, &file, "t");
    g_autoptr (GError) error = NULL;
    gint fd = open (part, O_WRONLY);

    write_run (receive, &file, 0, i == 0 ? 10 : 5);
    if (i < 2) {
      fail_unless (pwrite (fd, "!", 1, 3 * CHUNK) == 1);
      /* for file systems whose clock is too slow to tell two writes */
      fail_unless (futimens (fd, times) == 0);
    } else {
      fail_unless (ftruncate (fd, 3 * CHUNK) == 0);
    }
    write_run (receive, &file, i == 0 ? 10 : 5, 10);
    fail_if (vm_receive_file_commit (receive, file.hash, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
    fail_if (is_there ("a"));
    vm_receive_file_discard (receive);
    close (fd);
  }
}

GST_END_TEST;

/* All of it is there, and would be read again before it counts, and once more
 * before it has its name. */
GST_START_TEST (test_stopped_before_it_is_read)
{
  g_auto (File) file = file_of ("a", 40 * CHUNK, CHUNK);
  guint64 before;

  for (guint i = 0; i < 4; i++) {
    g_autoptr (VmReceiveFolder) folder = open_folder ();
    g_autoptr (VmReceiveFile) receive = NULL;
    g_autofree gchar *name = NULL;
    g_autoptr (GError) error = NULL;

    if (i == 1) {
      vm_receive_folder_stop (folder);
      before = bytes_read ();
      fail_if (
          vm_receive_folder_begin (folder, "ann", "b", &file.header, &error));
      g_assert_error (error, VM_ERROR, VM_ERROR_DISCONNECTED);
      fail_unless (bytes_read () - before < 10 * CHUNK);
      continue;
    }
    receive = begin (folder, &file, "a");
    if (i == 0) {
      write_run (receive, &file, 0, 40);
      continue;
    }
    fail_unless_equals_int (vm_receive_file_count (receive), 40);
    if (i == 3) {
      name = commit (receive, &file);
      continue;
    }
    vm_receive_folder_stop (folder);
    before = bytes_read ();
    fail_if (vm_receive_file_commit (receive, file.hash, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_DISCONNECTED);
    fail_unless (bytes_read () - before < 10 * CHUNK);
  }
  check_content ("a", &file);
}

GST_END_TEST;

static Suite *
receivehash_suite (void)
{
  Suite *s = suite_create ("receivehash");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_what_comes_in_order_is_not_read_again);
  tcase_add_test (tc, test_hashes_of_all_up_to_a_chunk);
  tcase_add_test (tc, test_hashes_of_all_after_a_break);
  tcase_add_test (tc, test_gaps_and_what_was_there);
  tcase_add_test (tc, test_large_files);
  tcase_add_test (tc, test_changed_while_the_rest_comes);
  tcase_add_test (tc, test_changed_while_it_comes);
  tcase_add_test (tc, test_stopped_before_it_is_read);
  return s;
}

CHECK_PROGRAM (receivehash)
