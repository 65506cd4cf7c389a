/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "support/disk/refuse.h"

#include <gst/videomeet/transfer/disk/receivefolder.h>
#include <glib/gstdio.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK 65536
#define NOBODY 65534

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

static void
announce_hash (File *file)
{
  file->header.has_hash = TRUE;
  memcpy (file->header.hash, file->hash, VM_SHA256_SIZE);
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

static void
check_begin_fails (
    VmReceiveFolder *folder, const File *file, GQuark domain, gint code)
{
  g_autoptr (GError) error = NULL;
  VmReceiveFile *receive =
      vm_receive_folder_begin (folder, "ann", "x", &file->header, &error);

  g_assert_null (receive);
  g_assert_error (error, domain, code);
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

/* Those that are missing, in an order that is not theirs, @most of them.
 * Returns: how many were written */
static guint
write_missing (VmReceiveFile *receive, const File *file, guint most)
{
  guint64 chunks = vm_journal_chunks (&file->header);
  guint count = 0;

  for (guint64 i = 0; i < chunks && count < most; i++) {
    guint64 index = (i * 7919 + 5) % chunks;
    g_autoptr (GError) error = NULL;

    if (vm_receive_file_has (receive, index))
      continue;
    g_assert_true (write_chunk (receive, file, index, &error));
    g_assert_no_error (error);
    count++;
  }
  return count;
}

/* Its sender goes after @count chunks. */
static void
write_some (VmReceiveFolder *folder, const File *file, guint count)
{
  g_autoptr (VmReceiveFile) receive = begin (folder, file, "part");

  write_missing (receive, file, count);
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
  GStatBuf st;

  g_assert_true (g_file_get_contents (full, &content, &size, NULL));
  g_assert_cmpmem (content, size, file->data, file->header.size);
  g_assert_cmpint (g_stat (full, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);
}

static guint
count_entries (void)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir))
    count++;
  return count;
}

static void
put (const gchar *name, const gchar *content)
{
  g_autofree gchar *full = g_build_filename (path, name, NULL);

  fail_unless (g_file_set_contents (full, content, -1, NULL));
}

static void
receive_whole (VmReceiveFolder *folder, const File *file, const gchar *saved)
{
  g_autoptr (VmReceiveFile) receive = begin (folder, file, "whole");
  g_autofree gchar *name = NULL;

  write_missing (receive, file, G_MAXUINT);
  name = commit (receive, file);
  g_assert_cmpstr (name, ==, saved);
  check_content (saved, file);
}

GST_START_TEST (test_any_size_in_any_order)
{
  static const gsize sizes[] = { 0, 1, CHUNK - 1, CHUNK, CHUNK + 1,
    20 * CHUNK + 3 };
  g_autoptr (VmReceiveFolder) folder = open_folder ();

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree gchar *name = g_strdup_printf ("%u.bin", i);
    g_auto (File) file = file_of (name, sizes[i], CHUNK);

    receive_whole (folder, &file, name);
    fail_unless_equals_int (count_entries (), i + 1);
  }
}

GST_END_TEST;

/* At the beginning, in the middle and at the end, for senders who are known and
 * who are not, and who go on later. */
GST_START_TEST (test_holes)
{
  static const gsize bytes[] = { 3 * CHUNK, 7 * CHUNK + 5 };
  g_autoptr (VmReceiveFolder) folder = open_folder ();

  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *name = g_strdup_printf ("%u.img", i);
    g_autofree gchar *full = g_build_filename (path, name, NULL);
    g_auto (File) file = file_of (name, 512 * CHUNK, CHUNK);
    struct stat st;

    memset (file.data, 0, file.header.size);
    file.data[bytes[0]] = file.data[bytes[1]] = 1;
    vm_sha256 (file.data, file.header.size, file.hash);
    file.header.known = i == 1;
    write_some (folder, &file, 300);
    receive_whole (folder, &file, name);
    fail_unless_equals_int (stat (full, &st), 0);
    fail_unless (
        st.st_blocks * 512 <= 16 * 4096, "%u blocks", (guint) st.st_blocks);
  }
}

GST_END_TEST;

static void
check_chunk_refused (VmReceiveFile *receive, const File *file, guint64 index,
    gsize size, guint8 change)
{
  g_autofree guint8 *data = g_malloc0 (CHUNK + 1);
  guint8 hash[VM_SHA256_SIZE];
  g_autoptr (GError) error = NULL;

  memcpy (data, file->data, MIN (size, file->header.size));
  vm_sha256 (data, size, hash);
  data[0] ^= change;
  fail_if (vm_receive_file_write (receive, index, data, size, hash, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  fail_unless_equals_uint64 (vm_receive_file_count (receive), 0);
}

GST_START_TEST (test_bad_chunks_are_not_written)
{
  g_auto (File) file = file_of ("a", 2 * CHUNK + 1, CHUNK);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  g_autoptr (VmReceiveFile) receive = begin (folder, &file, "t");
  g_autoptr (GError) error = NULL;

  check_chunk_refused (receive, &file, 0, CHUNK, 1);
  check_chunk_refused (receive, &file, 0, CHUNK - 1, 0);
  check_chunk_refused (receive, &file, 0, CHUNK + 1, 0);
  check_chunk_refused (receive, &file, 2, 2, 0);
  check_chunk_refused (receive, &file, 2, 0, 0);
  check_chunk_refused (receive, &file, 3, 1, 0);
  check_chunk_refused (receive, &file, G_MAXUINT64, 1, 0);
  check_chunk_refused (receive, &file, G_MAXUINT64 / CHUNK + 1, CHUNK, 0);
  fail_unless (write_chunk (receive, &file, 0, NULL));
  /* a replayed one changes nothing */
  fail_unless (write_chunk (receive, &file, 0, NULL));
  fail_unless_equals_uint64 (vm_receive_file_count (receive), 1);
  fail_if (vm_receive_file_commit (receive, file.hash, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  fail_if (is_there ("a"));
}

GST_END_TEST;

GST_START_TEST (test_wrong_final_hash)
{
  g_auto (File) file = file_of ("a", CHUNK + 1, CHUNK);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  guint8 wrong[VM_SHA256_SIZE] = { 0 };

  for (guint i = 0; i < 2; i++) {
    VmReceiveFile *receive;
    g_autoptr (GError) error = NULL;

    /* the one that comes last is wrong; that of the offer was */
    file.header.has_hash = i;
    receive = begin (folder, &file, "t");
    write_missing (receive, &file, G_MAXUINT);
    fail_if (vm_receive_file_commit (receive, i ? file.hash : wrong, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
    fail_if (is_there ("a"));
    vm_receive_file_discard (receive);
    fail_unless_equals_int (count_entries (), 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_never_overwrites)
{
  g_auto (File) file = file_of ("Readme", 10, CHUNK);
  g_auto (File) other = file_of ("README", 20, CHUNK);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  g_autoptr (VmReceiveFile) receive = begin (folder, &file, "one");
  g_autoptr (GError) error = NULL;

  /* two senders with one name, the second also when it is there */
  check_begin_fails (folder, &other, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  put ("rEADME", "mine");
  check_begin_fails (folder, &other, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  write_missing (receive, &file, 1);
  fail_if (vm_receive_file_commit (receive, file.hash, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  fail_if (is_there ("Readme"));
}

GST_END_TEST;

GST_START_TEST (test_renames)
{
  g_auto (File) file = file_of ("caf\303\251.txt", 10, CHUNK);
  g_auto (File) other = file_of ("CAFE\314\201.txt", 20, CHUNK);
  g_autoptr (VmReceiveFolder) folder = NULL;
  g_autoptr (VmReceiveFile) one = NULL;
  g_autoptr (VmReceiveFile) two = NULL;
  g_autofree gchar *name = NULL;
  g_autofree gchar *numbered = NULL;

  rules.overwrite = VM_OVERWRITE_RENAME;
  folder = open_folder ();
  one = begin (folder, &file, "one");
  two = begin (folder, &other, "two");
  write_missing (one, &file, 1);
  write_missing (two, &other, 1);
  name = commit (one, &file);
  numbered = commit (two, &other);
  fail_unless_equals_string (name, "caf\303\251.txt");
  fail_unless_equals_string (numbered, "CAF\303\211 (1).txt");
  check_content (name, &file);
  check_content (numbered, &other);
  receive_whole (folder, &file, "caf\303\251 (2).txt");
}

GST_END_TEST;

GST_START_TEST (test_replaces)
{
  g_auto (File) file = file_of ("a.txt", 10, CHUNK);
  g_auto (File) other = file_of ("A.txt", 10, CHUNK);
  g_autoptr (VmReceiveFolder) folder = NULL;

  rules.overwrite = VM_OVERWRITE_REPLACE;
  folder = open_folder ();
  put ("a.txt", "old");
  receive_whole (folder, &file, "a.txt");
  check_begin_fails (folder, &other, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  fail_unless_equals_int (count_entries (), 1);
}

GST_END_TEST;

/* Told before a byte of it has come. */
GST_START_TEST (test_replaces_no_folder)
{
  g_auto (File) file = file_of ("a.txt", 10, CHUNK);
  g_autofree gchar *full = g_build_filename (path, "a.txt", NULL);
  g_autoptr (VmReceiveFolder) folder = NULL;

  rules.overwrite = VM_OVERWRITE_REPLACE;
  folder = open_folder ();
  fail_unless (g_mkdir (full, 0700) == 0);
  check_begin_fails (folder, &file, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  fail_unless_equals_int (count_entries (), 1);
  fail_unless (g_rmdir (full) == 0);
  receive_whole (folder, &file, "a.txt");
}

GST_END_TEST;

/* When a file of that name was changed last, Unix ms; it is told @mtime. */
static gint64
receive_with_time (VmReceiveFolder *folder, gint64 mtime)
{
  g_autofree gchar *name = g_strdup_printf ("of %" G_GINT64_FORMAT, mtime);
  g_autofree gchar *full = g_build_filename (path, name, NULL);
  g_auto (File) file = file_of (name, 10, CHUNK);
  struct stat st;

  file.header.mtime = mtime;
  receive_whole (folder, &file, name);
  fail_unless (stat (full, &st) == 0);
  return st.st_mtim.tv_sec * G_GINT64_CONSTANT (1000)
         + st.st_mtim.tv_nsec / 1000000;
}

/* As the sender tells it, but for what cannot be. */
GST_START_TEST (test_has_the_time_of_its_last_change)
{
  const gint64 now = g_get_real_time () / 1000, hour = 3600 * 1000;
  const gint64 told[] = { 1, 999, 1000, G_GINT64_CONSTANT (1136214245678),
    now - hour };
  const gint64 not_told[] = { 0, -1, G_MININT64, now + hour, G_MAXINT64 };
  g_autoptr (VmReceiveFolder) folder = open_folder ();

  for (guint i = 0; i < G_N_ELEMENTS (told); i++)
    fail_unless_equals_int64 (receive_with_time (folder, told[i]), told[i]);
  /* files have the time of the kernel's last tick */
  for (guint i = 0; i < G_N_ELEMENTS (not_told); i++)
    fail_unless (receive_with_time (folder, not_told[i]) >= now - 1000);
}

GST_END_TEST;

GST_START_TEST (test_limits_before_a_byte_is_sent)
{
  g_autoptr (VmReceiveFolder) folder = NULL;

  rules.max_size = 100;
  rules.quota = 150;
  folder = open_folder ();
  for (guint size = 99; size <= 101; size++) {
    g_auto (File) file = file_of ("a", size, CHUNK);

    if (size > 100)
      check_begin_fails (folder, &file, VM_ERROR, VM_ERROR_TOO_LARGE);
    else
      vm_receive_file_discard (begin (folder, &file, "t"));
  }
  {
    g_auto (File) first = file_of ("a", 100, CHUNK);
    g_auto (File) fits = file_of ("b", 50, CHUNK);
    g_auto (File) over = file_of ("c", 51, CHUNK);

    receive_whole (folder, &first, "a");
    check_begin_fails (folder, &over, VM_ERROR, VM_ERROR_TOO_LARGE);
    /* what was given up is free again */
    vm_receive_file_discard (begin (folder, &fits, "b"));
    receive_whole (folder, &fits, "b");
    over.header.size = 1;
    check_begin_fails (folder, &over, VM_ERROR, VM_ERROR_TOO_LARGE);
  }
}

GST_END_TEST;

/* Whoever brings them: a quota is the folder's. */
GST_START_TEST (test_quota_is_shared)
{
  g_autoptr (VmReceiveFolder) one = NULL, two = NULL;
  g_auto (File) first = file_of ("a", 100, CHUNK);
  g_auto (File) fits = file_of ("b", 50, CHUNK);
  g_auto (File) over = file_of ("c", 1, CHUNK);

  rules.quota = 150;
  one = open_folder ();
  two = open_folder ();
  receive_whole (one, &first, "a");
  g_clear_pointer (&one, vm_receive_folder_unref);
  receive_whole (two, &fits, "b");
  check_begin_fails (two, &over, VM_ERROR, VM_ERROR_TOO_LARGE);
}

GST_END_TEST;

GST_START_TEST (test_forged_offers)
{
  g_auto (File) file = file_of ("a", 1, CHUNK);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  static const gchar *const ids[] = { "", "../x", "a/b", "a b", "a.b" };
  g_autofree gchar *id = g_strnfill (VM_RECEIVE_ID_MAX + 1, 'i');

  file.header.size = G_MAXUINT64;
  check_begin_fails (folder, &file, VM_ERROR, VM_ERROR_TOO_LARGE);
  file.header.size = G_MAXINT64;
  check_begin_fails (folder, &file, VM_ERROR, VM_ERROR_TOO_LARGE);
  /* 64 TiB, more than a disk has */
  file.header.size = G_GUINT64_CONSTANT (1) << 46;
  file.header.chunk_size = VM_CHUNK_SIZE_MAX;
  check_begin_fails (folder, &file, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  file.header.size = 1;
  file.header.name = (gchar *) "../a";
  check_begin_fails (folder, &file, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  file.header.name = (gchar *) "a";
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    fail_if (vm_receive_folder_begin (folder, ids[i], "t", &file.header, NULL));
    fail_if (vm_receive_folder_begin (folder, "s", ids[i], &file.header, NULL));
  }
  fail_if (vm_receive_folder_begin (folder, "s", id, &file.header, NULL));
  fail_unless_equals_int (count_entries (), 0);
  id[VM_RECEIVE_ID_MAX] = '\0';
  vm_receive_file_discard (
      vm_receive_folder_begin (folder, id, id, &file.header, NULL));
}

GST_END_TEST;

/* Runs @func in a process of its own, which ends well or is killed. */
static void
in_child (void (*func) (void), gint signal)
{
  gint status;
  pid_t pid = fork ();

  if (pid == 0) {
    alarm (60);
    func ();
    _exit (0);
  }
  fail_unless (pid > 0);
  while (waitpid (pid, &status, 0) < 0)
    fail_unless (errno == EINTR);
  if (signal)
    fail_unless (WIFSIGNALED (status) && WTERMSIG (status) == signal);
  else
    fail_unless (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

#define KILLED_AFTER 30

static void
receive_and_die (void)
{
  g_auto (File) file = file_of ("a", 100 * CHUNK + 1, CHUNK);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  g_autoptr (VmReceiveFile) receive = begin (folder, &file, "dies");

  write_missing (receive, &file, KILLED_AFTER);
  kill (getpid (), SIGKILL);
}

GST_START_TEST (test_killed_and_resumed)
{
  g_auto (File) file = file_of ("a", 100 * CHUNK + 1, CHUNK);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  g_autoptr (VmReceiveFile) receive = NULL;
  g_autofree gchar *name = NULL;

  in_child (receive_and_die, SIGKILL);
  fail_if (is_there ("a"));
  receive = begin (folder, &file, "again");
  fail_unless_equals_uint64 (vm_receive_file_count (receive), KILLED_AFTER);
  fail_unless_equals_int (
      write_missing (receive, &file, G_MAXUINT), 101 - KILLED_AFTER);
  name = commit (receive, &file);
  check_content ("a", &file);
  fail_unless_equals_int (count_entries (), 1);
}

GST_END_TEST;

/* A part file that was changed, cut or removed gives nothing that is wrong. */
GST_START_TEST (test_changed_in_between)
{
  g_auto (File) file = file_of ("a", 10 * CHUNK, CHUNK);
  g_autofree gchar *part = g_build_filename (path, ".vm-ann-t.part", NULL);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  VmReceiveFile *receive = begin (folder, &file, "t");
  gint fd = open (part, O_WRONLY);

  write_missing (receive, &file, G_MAXUINT);
  vm_receive_file_free (receive);
  fail_unless (pwrite (fd, "!", 1, 3 * CHUNK) == 1);
  receive = begin (folder, &file, "u");
  fail_unless_equals_uint64 (vm_receive_file_count (receive), 9);
  fail_if (vm_receive_file_has (receive, 3));
  /* who has it open keeps another from it */
  {
    g_auto (File) twin = file_of ("b", 10 * CHUNK, CHUNK);
    VmReceiveFile *second;

    announce_hash (&twin);
    second = begin (folder, &twin, "v");
    fail_unless_equals_uint64 (vm_receive_file_count (second), 0);
    vm_receive_file_discard (second);
  }
  vm_receive_file_free (receive);
  fail_unless (ftruncate (fd, 5 * CHUNK + 1) == 0);
  receive = begin (folder, &file, "w");
  fail_unless_equals_uint64 (vm_receive_file_count (receive), 4);
  vm_receive_file_free (receive);
  file.header.mtime++;
  receive = begin (folder, &file, "x");
  fail_unless_equals_uint64 (vm_receive_file_count (receive), 0);
  vm_receive_file_discard (receive);
  close (fd);
}

GST_END_TEST;

/* A part file that leads elsewhere is not written through. */
GST_START_TEST (test_links_are_not_followed)
{
  g_auto (File) file = file_of ("a", CHUNK, CHUNK);
  g_autofree gchar *part = g_build_filename (path, ".vm-ann-x.part", NULL);
  g_autofree gchar *secret = g_build_filename (path, "secret", NULL);
  g_autofree gchar *content = NULL;
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  VmReceiveFile *receive;

  put ("secret", "untouched");
  fail_unless (symlink ("secret", part) == 0);
  vm_receive_file_discard (begin (folder, &file, "x"));
  unlink (part);
  vm_receive_file_free (begin (folder, &file, "x"));
  /* in place of the file that is resumed: a link of either kind */
  for (guint i = 0; i < 2; i++) {
    unlink (part);
    fail_unless ((i ? link (secret, part) : symlink ("secret", part)) == 0);
    receive = begin (folder, &file, "y");
    write_missing (receive, &file, 1);
    vm_receive_file_discard (receive);
  }
  fail_unless (g_file_get_contents (secret, &content, NULL, NULL));
  fail_unless_equals_string (content, "untouched");
}

GST_END_TEST;

/* Puts a link in place of the part file, and back. */
static gpointer
swap (gpointer unused)
{
  g_autofree gchar *part = g_build_filename (path, ".vm-ann-t.part", NULL);
  g_autofree gchar *away = g_build_filename (path, "away", NULL);

  for (guint i = 0; i < 500; i++) {
    g_assert_cmpint (rename (part, away), ==, 0);
    g_assert_cmpint (symlink ("secret", part), ==, 0);
    g_assert_cmpint (unlink (part), ==, 0);
    g_assert_cmpint (rename (away, part), ==, 0);
  }
  g_assert_cmpint (rename (part, away), ==, 0);
  g_assert_cmpint (symlink ("secret", part), ==, 0);
  return NULL;
}

GST_START_TEST (test_link_swapped_in_during_the_write)
{
  g_auto (File) file = file_of ("a", 200 * 1024, 1024);
  g_autofree gchar *secret = g_build_filename (path, "secret", NULL);
  g_autofree gchar *content = NULL;
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  g_autoptr (VmReceiveFile) receive = begin (folder, &file, "t");
  g_autoptr (GError) error = NULL;
  GThread *thread;

  put ("secret", "untouched");
  thread = g_thread_new ("swap", swap, NULL);
  write_missing (receive, &file, G_MAXUINT);
  g_thread_join (thread);
  fail_if (vm_receive_file_commit (receive, file.hash, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  fail_if (is_there ("a"));
  fail_unless (g_file_get_contents (secret, &content, NULL, NULL));
  fail_unless_equals_string (content, "untouched");
}

GST_END_TEST;

static void
run_without_renaming (void)
{
  g_auto (File) file = file_of ("a", CHUNK + 1, CHUNK);
  g_auto (File) other = file_of ("b", 10, CHUNK);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  g_autoptr (VmReceiveFile) receive = begin (folder, &other, "b");
  g_autoptr (GError) error = NULL;

  put ("b", "mine"); /* taken meanwhile */
  refuse_new_renames (EINVAL);
  receive_whole (folder, &file, "a");
  write_missing (receive, &other, G_MAXUINT);
  g_assert_null (vm_receive_file_commit (receive, other.hash, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  vm_receive_file_discard (g_steal_pointer (&receive));
  g_assert_cmpuint (count_entries (), ==, 2);
}

GST_START_TEST (test_renaming_that_would_replace)
{
  g_autofree gchar *full = g_build_filename (path, "b", NULL);
  g_autofree gchar *content = NULL;

  in_child (run_without_renaming, 0);
  fail_unless (g_file_get_contents (full, &content, NULL, NULL));
  fail_unless_equals_string (content, "mine");
}

GST_END_TEST;

static void
fill_disk (const gchar *name)
{
  static const guint8 zeros[4096];
  gint fd = open (name, O_WRONLY | O_CREAT, 0600);

  while (write (fd, zeros, sizeof zeros) == sizeof zeros)
    ;
  g_assert_cmpint (errno, ==, ENOSPC);
  close (fd);
}

/* The part file has its space, the journal grows. */
static void
run_full (void)
{
  g_auto (File) file = file_of ("a", 256 * 1024, 1024);
  g_auto (File) large = file_of ("b", 1024 * 1024, 1024);
  g_autofree gchar *ballast = g_build_filename (path, "ballast", NULL);
  g_autoptr (VmReceiveFolder) folder = NULL;
  g_autoptr (VmReceiveFile) receive = NULL;
  g_autofree gchar *name = NULL;
  g_autoptr (GError) error = NULL;
  guint64 next = 0;

  g_assert_cmpint (unshare (CLONE_NEWNS), ==, 0);
  g_assert_cmpint (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
  g_assert_cmpint (mount ("vm", path, "tmpfs", 0, "size=1m"), ==, 0);
  folder = open_folder ();
  check_begin_fails (folder, &large, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_assert_cmpuint (count_entries (), ==, 0);
  receive = begin (folder, &file, "t");
  fill_disk (ballast);
  while (write_chunk (receive, &file, next, &error))
    next++;
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_assert_cmpuint (next, <, 256);
  g_assert_cmpuint (vm_receive_file_count (receive), ==, next);
  g_assert_cmpint (unlink (ballast), ==, 0);
  g_assert_cmpuint (write_missing (receive, &file, G_MAXUINT), ==, 256 - next);
  name = commit (receive, &file);
  check_content ("a", &file);
}

GST_START_TEST (test_disk_full_and_free_again)
{
  if (geteuid () == 0)
    in_child (run_full, 0);
}

GST_END_TEST;

static void
run_nobody (void)
{
  g_auto (File) file = file_of ("a", 1, CHUNK);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmReceiveFolder) folder = NULL;

  g_assert_cmpint (chmod (path, 0755), ==, 0);
  g_assert_cmpint (setgid (NOBODY), ==, 0);
  g_assert_cmpint (setuid (NOBODY), ==, 0);
  folder = open_folder ();
  check_begin_fails (folder, &file, G_FILE_ERROR, G_FILE_ERROR_ACCES);
}

static void
run_nobody_outside (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (chmod (path, 0700), ==, 0);
  g_assert_cmpint (setgid (NOBODY), ==, 0);
  g_assert_cmpint (setuid (NOBODY), ==, 0);
  g_assert_null (vm_receive_folder_open (path, &rules, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ACCES);
}

GST_START_TEST (test_permission_denied)
{
  if (geteuid () != 0)
    return;
  in_child (run_nobody, 0);
  in_child (run_nobody_outside, 0);
}

GST_END_TEST;

static void
run_without_descriptors (void)
{
  g_auto (File) file = file_of ("a", 1, CHUNK);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  gint lowest = dup (0);
  struct rlimit limit = { lowest, lowest };

  close (lowest);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  check_begin_fails (folder, &file, G_FILE_ERROR, G_FILE_ERROR_MFILE);
}

GST_START_TEST (test_descriptors_exhausted)
{
  in_child (run_without_descriptors, 0);
  fail_unless_equals_int (count_entries (), 0);
}

GST_END_TEST;

GST_START_TEST (test_folder_removed)
{
  g_auto (File) file = file_of ("a", 2 * CHUNK, CHUNK);
  g_autofree gchar *missing = g_build_filename (path, "none", NULL);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  g_autoptr (VmReceiveFile) receive = begin (folder, &file, "t");
  g_autoptr (GError) error = NULL;
  gchar *here = g_strdup (path);

  fail_unless (write_chunk (receive, &file, 0, NULL));
  teardown ();
  path = here;
  fail_if (write_chunk (receive, &file, 1, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  file.header.name = (gchar *) "b";
  check_begin_fails (folder, &file, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);
  fail_if (vm_receive_folder_open (missing, &rules, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

GST_END_TEST;

GST_START_TEST (test_abandoned_parts_go)
{
  g_auto (File) file = file_of ("a", 1, CHUNK);
  g_autofree gchar *name = g_build_filename (path, ".vm-ann-t.journal", NULL);
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  VmReceiveFile *receive = begin (folder, &file, "t");
  gint64 old;
  GStatBuf st;

  write_missing (receive, &file, 1);
  put (".vm-orphan.part", "");
  put ("user.part", "");
  put ("user.journal", "");
  fail_unless (g_stat (name, &st) == 0);
  old = st.st_mtime + VM_RECEIVE_PART_AGE;
  /* the orphan came a moment later, or in the same second */
  fail_unless_equals_int (vm_receive_folder_clean (folder, old + 3600), 1);
  fail_if (is_there (".vm-orphan.part"));
  fail_unless (is_there (".vm-ann-t.part")); /* somebody writes it */
  vm_receive_file_free (receive);
  fail_unless_equals_int (vm_receive_folder_clean (folder, old - 1), 0);
  fail_unless_equals_int (vm_receive_folder_clean (folder, old), 1);
  fail_unless_equals_int (count_entries (), 2);
}

GST_END_TEST;

static Suite *
receivefolder_suite (void)
{
  Suite *s = suite_create ("receivefolder");
  TCase *tc = tcase_create ("folder");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_any_size_in_any_order);
  tcase_add_test (tc, test_holes);
  tcase_add_test (tc, test_bad_chunks_are_not_written);
  tcase_add_test (tc, test_wrong_final_hash);
  tcase_add_test (tc, test_never_overwrites);
  tcase_add_test (tc, test_renames);
  tcase_add_test (tc, test_replaces);
  tcase_add_test (tc, test_replaces_no_folder);
  tcase_add_test (tc, test_has_the_time_of_its_last_change);
  tcase_add_test (tc, test_limits_before_a_byte_is_sent);
  tcase_add_test (tc, test_quota_is_shared);
  tcase_add_test (tc, test_forged_offers);
  tcase_add_test (tc, test_killed_and_resumed);
  tcase_add_test (tc, test_changed_in_between);
  tcase_add_test (tc, test_links_are_not_followed);
  tcase_add_test (tc, test_link_swapped_in_during_the_write);
  tcase_add_test (tc, test_renaming_that_would_replace);
  tcase_add_test (tc, test_disk_full_and_free_again);
  tcase_add_test (tc, test_permission_denied);
  tcase_add_test (tc, test_descriptors_exhausted);
  tcase_add_test (tc, test_folder_removed);
  tcase_add_test (tc, test_abandoned_parts_go);
  return s;
}

CHECK_PROGRAM (receivefolder)
