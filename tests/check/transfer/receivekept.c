/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What lies in a receiving folder from before: unfinished files, how much of
 * them is kept and how much room they have, and a quota that outlasts its
 * process. */

#include "program.h"
#include "support/disk/refuse.h"

#include <gst/videomeet/transfer/disk/receivefolder.h>
#include <glib/gstdio.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK 65536
#define MIB (1024 * 1024)

static gchar *path;
static VmReceiveRules rules;

static void
setup (void)
{
  path = g_dir_make_tmp ("vm-kept-XXXXXX", NULL);
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

static VmReceiveFolder *
open_folder (void)
{
  g_autoptr (GError) error = NULL;
  VmReceiveFolder *folder = vm_receive_folder_open (path, &rules, &error);

  g_assert_no_error (error);
  return folder;
}

/* Of zeros; @name is the transfer's id, too. */
static VmReceiveFile *
try_begin (VmReceiveFolder *folder, const gchar *device, const gchar *name,
    guint64 size, gboolean known, GError **error)
{
  const VmJournalHeader header = { .device = (gchar *) device,
    .name = (gchar *) name,
    .size = size,
    .chunk_size = CHUNK,
    .known = known };

  return vm_receive_folder_begin (folder, device, name, &header, error);
}

static VmReceiveFile *
begin (VmReceiveFolder *folder, const gchar *device, const gchar *name,
    guint64 size, gboolean known)
{
  g_autoptr (GError) error = NULL;
  VmReceiveFile *file = try_begin (folder, device, name, size, known, &error);

  g_assert_no_error (error);
  return file;
}

static void
is_over_quota (VmReceiveFolder *folder, const gchar *device, guint64 size)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (try_begin (folder, device, "over", size, FALSE, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
}

static void
write_chunks (VmReceiveFile *file, guint64 size, guint count)
{
  static guint8 bytes[CHUNK];
  guint8 hash[VM_SHA256_SIZE];
  g_autoptr (GError) error = NULL;

  memset (bytes, 1, sizeof bytes); /* no hole */
  for (guint i = 0; i < count; i++) {
    gsize part = MIN (CHUNK, size - (guint64) i * CHUNK);

    vm_sha256 (bytes, part, hash);
    vm_receive_file_write (file, i, bytes, part, hash, &error);
    g_assert_no_error (error);
  }
}

/* Comes as a whole. */
static void
receive (VmReceiveFolder *folder, const gchar *name, gsize size)
{
  g_autoptr (VmReceiveFile) file = begin (folder, "ann", name, size, FALSE);
  g_autofree guint8 *data = g_malloc (size);
  g_autofree gchar *saved = NULL;
  g_autoptr (GError) error = NULL;
  guint8 hash[VM_SHA256_SIZE];

  memset (data, 1, size);
  vm_sha256 (data, size, hash);
  write_chunks (file, size, (size + CHUNK - 1) / CHUNK);
  saved = vm_receive_file_commit (file, hash, &error);
  g_assert_no_error (error);
}

/* Its sender goes after @count chunks. */
static void
leave (VmReceiveFolder *folder, const gchar *device, const gchar *name,
    guint64 size, gboolean known, guint count)
{
  VmReceiveFile *file = begin (folder, device, name, size, known);

  write_chunks (file, size, count);
  vm_receive_file_free (file);
}

static gchar *
part_of (const gchar *device, const gchar *name)
{
  return g_strdup_printf ("%s/.vm-%s-%s.part", path, device, name);
}

static gboolean
is_kept (const gchar *device, const gchar *name)
{
  g_autofree gchar *part = part_of (device, name);

  return g_file_test (part, G_FILE_TEST_EXISTS);
}

/* Bytes on the disk. */
static guint64
room_of (const gchar *device, const gchar *name)
{
  g_autofree gchar *part = part_of (device, name);
  struct stat st;

  fail_unless (stat (part, &st) == 0);
  return (guint64) st.st_blocks * 512;
}

/* Runs @func in a process of its own, which ends well or is killed. */
static void
in_child (void (*func) (void), gint signal)
{
  pid_t pid = fork ();
  gint status;

  fail_unless (pid >= 0);
  if (pid == 0) {
    func ();
    _exit (0);
  }
  fail_unless (waitpid (pid, &status, 0) == pid);
  if (signal)
    fail_unless (WIFSIGNALED (status) && WTERMSIG (status) == signal);
  else
    fail_unless (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

GST_START_TEST (test_quota_outlasts_its_process)
{
  g_autoptr (VmReceiveFolder) folder = NULL;
  g_autofree gchar *first = g_build_filename (path, "a", NULL);
  g_autofree gchar *aside = g_build_filename (path, "aside", NULL);

  rules.quota = 150;
  for (guint i = 0; i < 2; i++) {
    folder = open_folder ();
    if (i == 0)
      receive (folder, "a", 100);
    is_over_quota (folder, "bob", 51);
    vm_receive_file_discard (begin (folder, "bob", "fits", 50, FALSE));
    vm_receive_file_discard (begin (folder, "bob", "fits", 49, FALSE));
    g_clear_pointer (&folder, vm_receive_folder_unref);
  }
  /* what is moved away makes room, while it runs and before */
  folder = open_folder ();
  receive (folder, "b", 50);
  fail_unless (g_rename (first, aside) == 0);
  is_over_quota (folder, "bob", 101);
  receive (folder, "c", 100);
  g_clear_pointer (&folder, vm_receive_folder_unref);
  fail_unless (g_unlink (aside) == 0);
  folder = open_folder ();
  is_over_quota (folder, "bob", 1);
}

GST_END_TEST;

GST_START_TEST (test_unfinished_files_count_in_the_next_process)
{
  g_autoptr (VmReceiveFolder) folder = NULL;

  rules.quota = 150;
  folder = open_folder ();
  leave (folder, "ann", "a", 100, FALSE, 1);
  g_clear_pointer (&folder, vm_receive_folder_unref);
  folder = open_folder ();
  is_over_quota (folder, "bob", 51);
  vm_receive_file_discard (begin (folder, "bob", "fits", 50, FALSE));
  {
    g_autoptr (VmReceiveFile) again = begin (folder, "ann", "a", 100, FALSE);

    fail_unless_equals_uint64 (vm_receive_file_count (again), 1);
  }
}

GST_END_TEST;

static gpointer
open_without_looking (gpointer unused)
{
  g_autoptr (VmReceiveFolder) folder = NULL;

  refuse_to_look (EIO);
  folder = open_folder ();
  is_over_quota (folder, "bob", 51);
  return NULL;
}

/* A file that was received, and one that is not whole. */
GST_START_TEST (test_what_cannot_be_looked_at_counts)
{
  g_autoptr (VmReceiveFolder) folder = NULL;

  rules.quota = 150;
  folder = open_folder ();
  receive (folder, "a", 50);
  leave (folder, "ann", "b", 50, FALSE, 1);
  g_thread_join (g_thread_new ("look", open_without_looking, NULL));
}

GST_END_TEST;

static gpointer
open_without_listing (gpointer unused)
{
  g_autoptr (VmReceiveFolder) folder = NULL;
  g_autoptr (GError) error = NULL;

  refuse_to_list (0, EIO);
  folder = open_folder ();
  g_assert_null (try_begin (folder, "bob", "b", 1, FALSE, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_IO);
  return NULL;
}

GST_START_TEST (test_a_folder_that_cannot_be_listed_is_not_empty)
{
  g_thread_join (g_thread_new ("list", open_without_listing, NULL));
}

GST_END_TEST;

/* A list that somebody has made is one of good names, or says nothing. */
GST_START_TEST (test_list_of_nonsense)
{
  static const gchar list[] = "100 ../a\n-1 a\nx\n\n99999999999999999999 a\n"
                              "7\n100  b\n100 .vm-c\n50 a\n";
  g_autofree gchar *file = g_build_filename (path, ".vm-received", NULL);
  g_autofree gchar *name = g_build_filename (path, "a", NULL);
  g_autofree gchar *content = g_strnfill (50, 'a');
  g_autoptr (VmReceiveFolder) folder = NULL;

  rules.quota = 150;
  fail_unless (g_file_set_contents (file, list, sizeof list, NULL));
  fail_unless (g_file_set_contents (name, content, -1, NULL));
  folder = open_folder ();
  is_over_quota (folder, "bob", 101);
  vm_receive_file_discard (begin (folder, "bob", "fits", 100, FALSE));
}

GST_END_TEST;

/* A stranger has the room that it fills, a known device all of it, and neither
 * keeps what nothing came for. */
GST_START_TEST (test_room_on_the_disk)
{
  const guint64 size = 16 * MIB;
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  VmReceiveFile *stranger = begin (folder, "eve", "a", size, FALSE);
  VmReceiveFile *known = begin (folder, "ann", "b", size, TRUE);

  fail_unless (room_of ("eve", "a") < MIB);
  fail_unless (room_of ("ann", "b") >= size);
  write_chunks (stranger, size, 2);
  write_chunks (known, size, 2);
  vm_receive_file_free (stranger);
  vm_receive_file_free (known);
  fail_unless (room_of ("eve", "a") < MIB);
  fail_unless (room_of ("ann", "b") < MIB);
  /* and it goes on where it was */
  known = begin (folder, "ann", "b", size, TRUE);
  fail_unless_equals_uint64 (vm_receive_file_count (known), 2);
  fail_unless (room_of ("ann", "b") >= size);
  vm_receive_file_discard (known);
}

GST_END_TEST;

static void
run_killed (void)
{
  VmReceiveFolder *folder = open_folder ();
  VmReceiveFile *file = begin (folder, "ann", "a", 16 * MIB, TRUE);

  write_chunks (file, 16 * MIB, 3);
  raise (SIGKILL);
}

GST_START_TEST (test_room_of_one_that_was_killed)
{
  g_autoptr (VmReceiveFolder) folder = NULL;
  VmReceiveFile *file;

  in_child (run_killed, SIGKILL);
  fail_unless (room_of ("ann", "a") >= 16 * MIB);
  folder = open_folder ();
  fail_unless (room_of ("ann", "a") < MIB);
  file = begin (folder, "ann", "a", 16 * MIB, TRUE);
  fail_unless_equals_uint64 (vm_receive_file_count (file), 3);
  vm_receive_file_discard (file);
}

GST_END_TEST;

static void
run_left (void)
{
  g_autoptr (VmReceiveFolder) folder = open_folder ();

  leave (folder, "ann", "a", 4 * CHUNK, FALSE, 2);
}

/* By another process, behind the back of this one. */
GST_START_TEST (test_left_meanwhile)
{
  g_autoptr (VmReceiveFolder) folder = open_folder ();

  for (guint i = 0; i < 2; i++) {
    VmReceiveFile *file;

    in_child (run_left, 0);
    file = begin (folder, "ann", "a", 4 * CHUNK, FALSE);
    fail_unless_equals_uint64 (vm_receive_file_count (file), 2);
    vm_receive_file_discard (file);
  }
}

GST_END_TEST;

GST_START_TEST (test_kept_of_one_device)
{
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  gchar name[16];

  leave (folder, "bob", "first", 10, FALSE, 1);
  for (guint i = 1; i <= VM_RECEIVE_KEPT_PER_DEVICE + 1; i++) {
    g_snprintf (name, sizeof name, "n%u", i);
    leave (folder, "ann", name, 10, TRUE, 1);
    /* the time of the oldest has whole seconds */
    if (i == VM_RECEIVE_KEPT_PER_DEVICE)
      for (guint n = 1; n <= i; n++) {
        g_snprintf (name, sizeof name, "n%u", n);
        fail_unless (is_kept ("ann", name), "%s", name);
      }
  }
  {
    guint kept = 0;

    for (guint i = 1; i <= VM_RECEIVE_KEPT_PER_DEVICE + 1; i++) {
      g_snprintf (name, sizeof name, "n%u", i);
      kept += is_kept ("ann", name);
    }
    fail_unless_equals_int (kept, VM_RECEIVE_KEPT_PER_DEVICE);
  }
  fail_unless (is_kept ("bob", "first"));
}

GST_END_TEST;

static guint
count_parts (void)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;
  guint count = 0;

  while ((name = g_dir_read_name (dir)))
    count += g_str_has_suffix (name, ".part");
  return count;
}

/* What strangers with a key for each have left goes, and nobody else's. */
GST_START_TEST (test_kept_of_all)
{
  g_autoptr (VmReceiveFolder) folder = open_folder ();
  gchar device[16];

  leave (folder, "ann", "known", 10, TRUE, 1);
  for (guint i = 2; i <= VM_RECEIVE_KEPT_MAX + 1; i++) {
    g_snprintf (device, sizeof device, "eve%u", i);
    leave (folder, device, "a", 10, FALSE, 1);
    if (i >= VM_RECEIVE_KEPT_MAX - 1)
      fail_unless_equals_int (count_parts (), MIN (i, VM_RECEIVE_KEPT_MAX));
  }
  fail_unless (is_kept ("ann", "known"));
  /* nor is more kept by who starts anew */
  g_clear_pointer (&folder, vm_receive_folder_unref);
  folder = open_folder ();
  fail_unless_equals_int (count_parts (), VM_RECEIVE_KEPT_MAX);
  fail_unless (is_kept ("ann", "known"));
}

GST_END_TEST;

/* On a disk of 8 MiB. */
static void
run_small_disk (void)
{
  VmReceiveFolder *folder;

  g_assert_cmpint (unshare (CLONE_NEWNS), ==, 0);
  g_assert_cmpint (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
  g_assert_cmpint (mount ("vm", path, "tmpfs", 0, "size=8m"), ==, 0);
  folder = open_folder ();
  leave (folder, "ann", "known", MIB, TRUE, 16);
  leave (folder, "eve1", "a", 5 * MIB / 2, FALSE, 40);
  g_assert_true (is_kept ("eve1", "a")); /* 4.5 MiB are free */
  leave (folder, "eve2", "a", 5 * MIB / 2, FALSE, 40);
  g_assert_cmpint (is_kept ("eve1", "a") + is_kept ("eve2", "a"), ==, 1);
  g_assert_true (is_kept ("ann", "known"));
  /* nor does anybody who is there eat the reserve */
  g_assert_null (try_begin (folder, "eve3", "b", 8 * MIB, FALSE, NULL));
}

GST_START_TEST (test_strangers_fill_no_disk)
{
  if (geteuid () == 0)
    in_child (run_small_disk, 0);
}

GST_END_TEST;

static Suite *
receivekept_suite (void)
{
  Suite *s = suite_create ("receivekept");
  TCase *tc = tcase_create ("folder");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_quota_outlasts_its_process);
  tcase_add_test (tc, test_unfinished_files_count_in_the_next_process);
  tcase_add_test (tc, test_what_cannot_be_looked_at_counts);
  tcase_add_test (tc, test_a_folder_that_cannot_be_listed_is_not_empty);
  tcase_add_test (tc, test_list_of_nonsense);
  tcase_add_test (tc, test_room_on_the_disk);
  tcase_add_test (tc, test_room_of_one_that_was_killed);
  tcase_add_test (tc, test_left_meanwhile);
  tcase_add_test (tc, test_kept_of_one_device);
  tcase_add_test (tc, test_kept_of_all);
  tcase_add_test (tc, test_strangers_fill_no_disk);
  return s;
}

CHECK_PROGRAM (receivekept)
