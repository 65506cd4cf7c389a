/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A folder as an archive over a stream between two agents of this project. */

#include "program.h"
#include "support/p2plink.h"
#include "support/disk/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <gst/videomeet/transfer/archive/archivefolder.h>
#include <gst/videomeet/transfer/disk/receivefolder.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define MANY 40 /* files */
#define SIZE 10007 /* bytes of each */

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

static gchar *
folder (const gchar *name)
{
  gchar *path = g_build_filename (pair->from, name, NULL);

  fail_unless (g_mkdir_with_parents (path, 0700) == 0);
  return path;
}

static void
put (const gchar *name, gsize size)
{
  g_free (p2p_link_make_file (pair, name, size));
}

static void
check_same (const gchar *from, const gchar *to)
{
  g_autofree gchar *output = NULL;
  g_autofree gchar *there = g_build_filename (pair->to, to, NULL);
  const gchar *argv[] = { "diff", "-r", "--no-dereference", from, there, NULL };
  gint status;

  fail_unless (g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH,
      NULL, NULL, &output, NULL, &status, NULL));
  fail_unless_equals_string (output, "");
  fail_unless_equals_int (status, 0);
}

static void
check_list (const gchar *names)
{
  g_autofree gchar *there = p2p_link_list (pair);

  fail_unless_equals_string (there, names);
}

static mode_t
mode_of (const gchar *name)
{
  g_autofree gchar *path = g_build_filename (pair->to, name, NULL);
  struct stat st;

  fail_unless (lstat (path, &st) == 0);
  return st.st_mode;
}

static void
link_to (const gchar *name, const gchar *target)
{
  g_autofree gchar *path = g_build_filename (pair->from, name, NULL);

  fail_unless (symlink (target, path) == 0);
}

GST_START_TEST (a_folder_arrives_whole)
{
  g_autofree gchar *path = folder ("tree");
  g_autofree gchar *deep = folder ("tree/a/b/c");
  g_autofree gchar *empty = folder ("tree/empty");
  g_autofree gchar *program = NULL;

  put ("tree/none", 0);
  put ("tree/one", 1);
  put ("tree/.hidden", 100);
  put ("tree/a/b/c/\xc3\xa9t\xc3\xa9.txt", 70000);
  put ("tree/large", 3 * 1024 * 1024 + 1);
  link_to ("tree/a/up", "../one");
  link_to ("tree/down", "a/b");
  program = g_build_filename (pair->from, "tree/one", NULL);
  fail_unless (chmod (program, 04777) == 0);
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  fail_unless_equals_string (pair->saved_path, "tree");
  check_list ("tree");
  check_same (path, "tree");
  fail_unless_equals_int (mode_of ("tree"), S_IFDIR | 0700);
  fail_unless_equals_int (mode_of ("tree/one"), S_IFREG | 0700);
  fail_unless_equals_int (mode_of ("tree/none"), S_IFREG | 0600);
  fail_unless_equals_int (pair->left_out->len, 0);
}
GST_END_TEST;

/* What is left of a transfer that was cut off, with the file's @size: one of a
 * known device has more. */
static void
leave_sized (const gchar *sender, guint number, gint64 time, gsize size)
{
  g_autofree gchar *path =
      g_strdup_printf ("%s/.vm-%s-list%u.entries", pair->to, sender, number);
  const struct timeval times[2] = { { time, 0 }, { time, 0 } };
  g_autofree gchar *content = g_strnfill (size, 'x');

  fail_unless (g_file_set_contents (path, content, size, NULL));
  fail_unless (utimes (path, times) == 0);
}

static void
leave_unfinished (const gchar *sender, guint number, gint64 time)
{
  leave_sized (sender, number, time, 0);
}

static guint
count_unfinished (const gchar *sender)
{
  g_autofree gchar *prefix = g_strconcat (".vm-", sender, "-", NULL);
  g_autoptr (GDir) dir = g_dir_open (pair->to, 0, NULL);
  const gchar *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)))
    n += g_str_has_prefix (name, prefix) && g_str_has_suffix (name, ".entries");
  return n;
}

/* Below, at and above the limit: one sender's push out its own, the oldest
 * first, never another's. */
GST_START_TEST (unfinished_folders_are_kept_for_each_sender)
{
  const guint most = VM_ARCHIVE_KEPT_PER_SENDER;
  const VmReceiveRules rules = { .overwrite = VM_OVERWRITE_RENAME };
  g_autoptr (GError) error = NULL;
  VmReceiveFolder *into = vm_receive_folder_open (pair->to, &rules, &error);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  g_assert_no_error (error);
  leave_unfinished ("ann", 0, now - 1000);
  for (guint i = 0; i < most + 1; i++) {
    VmArchiveFolder *one;

    leave_unfinished ("eve", i, now - 500 + i);
    one =
        vm_archive_folder_begin (into, "eve", FALSE, "new", "tree", 0, &error);
    g_assert_no_error (error);
    vm_archive_folder_free (one);
    fail_unless_equals_int (count_unfinished ("eve"), MIN (i + 1, most - 1));
  }
  fail_unless_equals_int (count_unfinished ("ann"), 1);
  vm_receive_folder_stop (into);
  vm_receive_folder_unref (into);
}
GST_END_TEST;

static void
begin_one (VmReceiveFolder *into, const gchar *sender, gboolean known)
{
  g_autoptr (GError) error = NULL;
  VmArchiveFolder *one =
      vm_archive_folder_begin (into, sender, known, "new", "tree", 0, &error);
  g_autofree gchar *path =
      g_strdup_printf ("%s/.vm-%s-new.entries", pair->to, sender);
  GStatBuf st;

  g_assert_no_error (error);
  fail_unless (g_stat (path, &st) == 0);
  fail_unless_equals_int (st.st_size, known ? 65 : 64);
  vm_archive_folder_free (one);
}

/* Below, at and above the number of all: strangers, of whom there may be any
 * number, push out each other. */
GST_START_TEST (strangers_push_out_no_known_device)
{
  const VmReceiveRules rules = { .overwrite = VM_OVERWRITE_RENAME };
  g_autoptr (GError) error = NULL;
  VmReceiveFolder *into = vm_receive_folder_open (pair->to, &rules, &error);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  g_assert_no_error (error);
  for (guint i = 0; i < VM_ARCHIVE_KEPT_MAX; i++) {
    g_autofree gchar *friend = g_strdup_printf ("friend%u", i);

    begin_one (into, "eve", FALSE);
    begin_one (into, friend, TRUE);
    fail_unless_equals_int (count_unfinished (friend), 0);
    leave_sized (friend, 0, now - 1000 + i, 65);
  }
  begin_one (into, "eve", FALSE);
  leave_sized ("mallory", 0, now, 64);
  begin_one (into, "eve", FALSE);
  fail_unless_equals_int (count_unfinished ("mallory"), 0);
  for (guint i = 0; i < VM_ARCHIVE_KEPT_MAX; i++) {
    g_autofree gchar *friend = g_strdup_printf ("friend%u", i);

    fail_unless_equals_int (count_unfinished (friend), 1);
  }
  leave_sized ("mallory", 0, now, 64);
  begin_one (into, "another", TRUE);
  fail_unless_equals_int (count_unfinished ("mallory"), 0);
  begin_one (into, "another", TRUE);
  fail_unless_equals_int (count_unfinished ("friend0"), 0);
  fail_unless_equals_int (count_unfinished ("friend1"), 1);
  vm_receive_folder_stop (into);
  vm_receive_folder_unref (into);
}
GST_END_TEST;

GST_START_TEST (an_empty_folder_arrives)
{
  g_autofree gchar *path = folder ("tree");

  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  check_list ("tree");
  check_same (path, "tree");
}
GST_END_TEST;

GST_START_TEST (a_taken_name_gets_a_number)
{
  g_autofree gchar *path = folder ("tree");

  put ("tree/one", 1);
  p2p_link_send_zip (pair, path);
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  fail_unless_equals_string (pair->saved_path, "tree (1)");
  check_list ("tree tree (1)");
  pair->rules.overwrite = VM_OVERWRITE_NEVER;
  p2p_link_send_zip (pair, path);
  fail_if (pair->sent || pair->received);
  g_assert_error (pair->receive_error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  check_list ("tree tree (1)");
}
GST_END_TEST;

GST_START_TEST (what_cannot_be_carried_is_left_out_and_named)
{
  g_autofree gchar *path = folder ("tree");
  g_autofree gchar *pipe = g_build_filename (path, "pipe", NULL);

  put ("tree/one", 1);
  put ("tree/README", 5);
  put ("tree/readme", 6);
  put ("tree/aux.txt", 7);
  fail_unless (mkfifo (pipe, 0600) == 0);
  link_to ("tree/out", "../../secret");
  link_to ("tree/absolute", "/etc/passwd");
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  fail_unless_equals_int (pair->left_out->len, 5);
  fail_unless (g_str_has_prefix (pair->left_out->pdata[0], "absolute: "));
  fail_unless (g_str_has_prefix (pair->left_out->pdata[1], "aux.txt: "));
  fail_unless (g_str_has_prefix (pair->left_out->pdata[2], "out: "));
  fail_unless (g_str_has_prefix (pair->left_out->pdata[3], "pipe: "));
  fail_unless (g_str_has_prefix (pair->left_out->pdata[4], "readme: "));
  fail_unless_equals_int (mode_of ("tree/README"), S_IFREG | 0600);
}
GST_END_TEST;

static gpointer
walk_hindered (gpointer listing)
{
  gint from = open (pair->from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) error = NULL;

  if (listing)
    refuse_to_list (0, EIO);
  else
    refuse_to_look (EIO);
  entries = vm_archive_walk (from, NULL, NULL, &error);
  g_assert_null (entries);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_IO);
  close (from);
  return NULL;
}

static gpointer
walk_closed (gpointer unused)
{
  gint from = open (pair->from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (GError) error = NULL;

  refuse_to_list (from + 4, EACCES);
  g_assert_null (vm_archive_walk (from, NULL, NULL, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ACCES);
  g_assert_nonnull (strstr (error->message, "“tree/below”"));
  close (from);
  return NULL;
}

GST_START_TEST (a_folder_that_cannot_be_listed_is_named)
{
  g_autofree gchar *below = folder ("tree/below");

  g_thread_join (g_thread_new ("test-walk", walk_closed, NULL));
}
GST_END_TEST;

GST_START_TEST (a_folder_that_cannot_be_read_is_not_sent_in_part)
{
  put ("one", 1);
  for (guint listing = 0; listing < 2; listing++)
    g_thread_join (
        g_thread_new ("test-walk", walk_hindered, GUINT_TO_POINTER (listing)));
}
GST_END_TEST;

/* Lets @data bytes of chunks through, which all arrive. */
static gboolean
cut_later (P2pLink *self, gboolean from_sender, guint8 type, GBytes **body)
{
  gsize size = g_bytes_get_size (*body) - 8;

  if (type == VM_P2P_ZIP_CHUNK
      && self->carried + size > GPOINTER_TO_SIZE (self->data))
    vm_p2p_pipe_end (self->near);
  return TRUE;
}

static gchar *
make_many (guint files, gsize size)
{
  gchar *path = folder ("tree");

  for (guint i = 0; i < files; i++) {
    g_autofree gchar *name = g_strdup_printf ("tree/%03u", i);

    put (name, size);
  }
  return path;
}

/* The folder that grows. */
static guint
count_growing (void)
{
  g_autofree gchar *names = p2p_link_list (pair);
  g_auto (GStrv) all = g_strsplit (names, " ", -1);
  g_autofree gchar *path = NULL;
  guint n = 0;
  GDir *dir;

  fail_unless_equals_int (g_strv_length (all), 2);
  fail_unless (g_str_has_suffix (all[0], ".entries"));
  fail_unless (g_str_has_suffix (all[1], ".folder"));
  path = g_build_filename (pair->to, all[1], NULL);
  dir = g_dir_open (path, 0, NULL);
  while (g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  return n;
}

GST_START_TEST (what_was_cut_goes_on_behind_the_last_whole_entry)
{
  const gsize large = 100 * 1024, whole = MANY * large;
  g_autofree gchar *path = make_many (MANY, large);

  for (guint tenth = 1; tenth < 10; tenth++) {
    guint have;
    g_autofree gchar *name = g_strdup_printf ("n%u", tenth);
    g_autofree gchar *copy = g_build_filename (pair->to, name, NULL);
    g_autofree gchar *saved = g_build_filename (pair->to, "tree", NULL);

    pair->filter = cut_later;
    pair->data = GSIZE_TO_POINTER (tenth * whole / 10 + 256 * 1024);
    p2p_link_send_zip (pair, path);
    p2p_link_check_failed (pair, VM_ERROR_DISCONNECTED, VM_ERROR_DISCONNECTED);
    have = count_growing ();
    fail_unless (have > 0 && have <= MANY);
    pair->filter = NULL;
    p2p_link_send_zip (pair, path);
    p2p_link_check_sent (pair);
    /* with what the archive has around each file */
    fail_unless (pair->carried < (MANY - have) * (large + 300) + 300);
    fail_unless (pair->carried >= (MANY - have) * large);
    check_same (path, "tree");
    fail_unless (g_rename (saved, copy) == 0);
    /* out of sight: the list of what grows is looked at above */
    fail_unless (g_spawn_sync (NULL,
        (gchar *[]){ (gchar *) "rm", (gchar *) "-rf", copy, NULL }, NULL,
        G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
  }
}
GST_END_TEST;

GST_START_TEST (another_folder_does_not_go_on_there)
{
  g_autofree gchar *path = make_many (MANY, SIZE);

  pair->filter = cut_later;
  pair->data = GSIZE_TO_POINTER (300 * 1024);
  p2p_link_send_zip (pair, path);
  fail_unless (count_growing () > 0);
  pair->filter = NULL;
  put ("tree/new", 5);
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  fail_unless (pair->carried > MANY * SIZE);
  check_same (path, "tree");
}
GST_END_TEST;

/* As after a power failure: what is there may not be what was written. */
GST_START_TEST (what_another_boot_has_left_is_not_relied_on)
{
  g_autofree gchar *path = make_many (MANY, SIZE);
  g_autofree gchar *names = NULL, *lock = NULL;
  g_auto (GStrv) all = NULL;

  pair->filter = cut_later;
  pair->data = GSIZE_TO_POINTER (300 * 1024);
  p2p_link_send_zip (pair, path);
  fail_unless (count_growing () > 0);
  names = p2p_link_list (pair);
  all = g_strsplit (names, " ", -1);
  lock = g_build_filename (pair->to, all[0], NULL);
  fail_unless (g_file_set_contents (lock, "another", -1, NULL));
  pair->filter = NULL;
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  fail_unless (pair->carried > MANY * SIZE);
  check_same (path, "tree");
  check_list ("tree");
}
GST_END_TEST;

/* As a receiver that is killed leaves it: an entry that is not whole. */
GST_START_TEST (what_a_killed_receiver_was_writing_is_written_anew)
{
  g_autofree gchar *path = make_many (MANY, SIZE);
  g_autofree gchar *names = NULL, *half = NULL;
  g_auto (GStrv) all = NULL;
  guint have;

  pair->filter = cut_later;
  pair->data = GSIZE_TO_POINTER (300 * 1024);
  p2p_link_send_zip (pair, path);
  have = count_growing ();
  fail_unless (have > 0);
  names = p2p_link_list (pair);
  all = g_strsplit (names, " ", -1);
  half = g_build_filename (pair->to, all[1], ".vm-entry", NULL);
  fail_unless (g_file_set_contents (half, "half", -1, NULL));
  pair->filter = NULL;
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  fail_unless (pair->carried < (MANY - have) * (SIZE + 300) + 300);
  check_same (path, "tree");
  check_list ("tree");
}

GST_END_TEST;

/* All chunks still arrive. */
static gboolean
cut_end (P2pLink *self, gboolean from_sender, guint8 type, GBytes **body)
{
  if (from_sender && type == VM_P2P_ZIP_DONE)
    vm_p2p_pipe_end (self->near);
  return TRUE;
}

GST_START_TEST (a_folder_that_is_all_there_gets_its_name)
{
  g_autofree gchar *path = make_many (MANY, SIZE);

  pair->filter = cut_end;
  p2p_link_send_zip (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_DISCONNECTED, VM_ERROR_DISCONNECTED);
  fail_unless_equals_int (count_growing (), MANY);
  pair->filter = NULL;
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  fail_unless (pair->carried < 100);
  check_same (path, "tree");
  check_list ("tree");
}

GST_END_TEST;

static gboolean
decline (const VmP2pOffer *offer, gchar **reason, gpointer data)
{
  fail_unless_equals_string (offer->name, "tree");
  fail_unless (offer->folder);
  fail_unless_equals_uint64 (offer->entries, MANY);
  fail_unless_equals_uint64 (offer->size, MANY * SIZE);
  *reason = g_strdup ("Not today");
  return FALSE;
}

GST_START_TEST (a_folder_that_is_declined_is_not_sent)
{
  g_autofree gchar *path = make_many (MANY, SIZE);

  pair->receive.accept = decline;
  p2p_link_send_zip (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_DECLINED, VM_ERROR_DECLINED);
  fail_unless (strstr (pair->send_error->message, "Not today") != NULL);
  fail_unless_equals_uint64 (pair->carried, 0);
  check_list ("");
}
GST_END_TEST;

GST_START_TEST (a_folder_beyond_max_size_is_not_sent)
{
  g_autofree gchar *path = make_many (2, SIZE);

  pair->zip.max_size = pair->receive.max_size = 2 * SIZE;
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  pair->receive.max_size = 2 * SIZE - 1;
  p2p_link_send_zip (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_TOO_LARGE, VM_ERROR_TOO_LARGE);
  fail_unless_equals_uint64 (pair->carried, 0);
  pair->zip.max_size = 2 * SIZE - 1;
  p2p_link_connect (pair);
  p2p_link_begin_zip (pair, path);
  p2p_link_end (pair);
  p2p_link_check_failed (pair, VM_ERROR_TOO_LARGE, 0);
  fail_unless_equals_int (pair->types->len, 0);
  check_list ("tree");
}
GST_END_TEST;

GST_START_TEST (a_folder_counts_for_the_quota)
{
  g_autofree gchar *path = make_many (2, SIZE);
  VmReceiveFolder *first;

  pair->rules.quota = 4 * SIZE - 1;
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  first = vm_receive_folder_ref (pair->folder);
  p2p_link_send_zip (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_TOO_LARGE, VM_ERROR_TOO_LARGE);
  check_list (".vm-received tree");
  pair->rules.quota = 4 * SIZE;
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  vm_receive_folder_unref (first);
  check_list (".vm-received tree tree (1)");
}

GST_END_TEST;

static void
remove_received (const gchar *name)
{
  g_autofree gchar *path = g_build_filename (pair->to, name, NULL);
  const gchar *argv[] = { "rm", "-r", path, NULL };
  gint status;

  fail_unless (g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH,
      NULL, NULL, NULL, NULL, &status, NULL));
  fail_unless_equals_int (status, 0);
}

/* Two folders are more than the quota. The list of what was received is read
 * by who opens the receiving folder first. */
GST_START_TEST (a_folder_counts_as_long_as_it_lies_there)
{
  g_autofree gchar *path = make_many (2, SIZE);
  VmReceiveFolder *first;

  pair->rules.quota = 3 * SIZE;
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  first = vm_receive_folder_ref (pair->folder);
  remove_received ("tree");
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  vm_receive_folder_unref (first);
  p2p_link_send_zip (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_TOO_LARGE, VM_ERROR_TOO_LARGE);
  check_list (".vm-received tree");
  remove_received ("tree");
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  check_list (".vm-received tree");
}

GST_END_TEST;

/* A folder of three files, of which the sender brings one and goes. */
static gboolean
leave_part (
    VmReceiveFolder *into, const gchar *sender, const gchar *list, guint64 size)
{
  static const guint8 bytes[SIZE] = { 1 };
  g_autoptr (GError) error = NULL;
  VmArchiveFolder *one =
      vm_archive_folder_begin (into, sender, TRUE, list, "tree", size, &error);
  g_autofree gchar *name = NULL;

  if (!one) {
    g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
    return FALSE;
  }
  name = g_strdup_printf ("%u", vm_archive_folder_count (one));
  fail_unless (
      vm_archive_folder_begin_file (one, name, &error)
      && vm_archive_folder_write (one, bytes, sizeof bytes, 0, &error)
      && vm_archive_folder_end_file (one, sizeof bytes, 0600, 0, &error));
  g_assert_no_error (error);
  vm_archive_folder_free (one);
  return TRUE;
}

static VmReceiveFolder *
open_with_quota (void)
{
  const VmReceiveRules rules = { .quota = 5 * SIZE };
  g_autoptr (GError) error = NULL;
  VmReceiveFolder *into = vm_receive_folder_open (pair->to, &rules, &error);

  g_assert_no_error (error);
  return into;
}

/* Also in the next process. It goes on, and makes room for what the same
 * sender brings, and for nobody else. */
GST_START_TEST (an_unfinished_folder_counts_for_the_quota)
{
  const guint64 sizes[] = { 3 * SIZE, VM_ARCHIVE_SIZE_UNKNOWN };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    VmReceiveFolder *into = open_with_quota ();

    fail_unless (leave_part (into, "ann", "a", sizes[i]));
    fail_if (leave_part (into, "eve", "e", (i ? 5 : 3) * SIZE));
    vm_receive_folder_unref (into);
    into = open_with_quota ();
    fail_if (leave_part (into, "eve", "e", (i ? 5 : 3) * SIZE));
    fail_unless (leave_part (into, "ann", "a", sizes[i]));
    fail_unless (leave_part (into, "eve", "e", 2 * SIZE));
    fail_unless (leave_part (into, "ann", "b", 3 * SIZE));
    fail_unless_equals_int (count_unfinished ("ann"), 1);
    remove_received (".vm-ann-b.folder");
    remove_received (".vm-ann-b.entries");
    remove_received (".vm-eve-e.folder");
    remove_received (".vm-eve-e.entries");
    fail_unless (leave_part (into, "bob", "b", 5 * SIZE));
    remove_received (".vm-bob-b.folder");
    remove_received (".vm-bob-b.entries");
    vm_receive_folder_unref (into);
  }
}

GST_END_TEST;

GST_START_TEST (a_rate_holds_on_either_side)
{
  g_autofree gchar *path = make_many (1, 1024 * 1024);
  gint64 began = g_get_monotonic_time ();

  pair->zip.max_rate = 2 * 1024 * 1024;
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  fail_unless (g_get_monotonic_time () - began >= 300 * 1000);
  pair->zip.max_rate = 0;
  pair->receive.max_rate = 2 * 1024 * 1024;
  began = g_get_monotonic_time ();
  p2p_link_send_zip (pair, path);
  p2p_link_check_sent (pair);
  fail_unless (g_get_monotonic_time () - began >= 300 * 1000);
}
GST_END_TEST;

static gboolean
change (const VmP2pOffer *offer, gchar **reason, gpointer data)
{
  put ("tree/001", SIZE + 1);
  return TRUE;
}

GST_START_TEST (a_file_that_changes_ends_it)
{
  g_autofree gchar *path = make_many (3, SIZE);

  pair->receive.accept = change;
  p2p_link_send_zip (pair, path);
  p2p_link_check_failed (pair, VM_ERROR_BAD_REQUEST, VM_ERROR_BAD_REQUEST);
  check_list ("");
}
GST_END_TEST;

static Suite *
p2pzips_suite (void)
{
  Suite *suite = suite_create ("p2pzips");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, make, drop);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, a_folder_arrives_whole);
  tcase_add_test (tc, an_empty_folder_arrives);
  tcase_add_test (tc, unfinished_folders_are_kept_for_each_sender);
  tcase_add_test (tc, strangers_push_out_no_known_device);
  tcase_add_test (tc, a_taken_name_gets_a_number);
  tcase_add_test (tc, what_cannot_be_carried_is_left_out_and_named);
  tcase_add_test (tc, a_folder_that_cannot_be_listed_is_named);
  tcase_add_test (tc, a_folder_that_cannot_be_read_is_not_sent_in_part);
  tcase_add_test (tc, what_was_cut_goes_on_behind_the_last_whole_entry);
  tcase_add_test (tc, another_folder_does_not_go_on_there);
  tcase_add_test (tc, what_another_boot_has_left_is_not_relied_on);
  tcase_add_test (tc, what_a_killed_receiver_was_writing_is_written_anew);
  tcase_add_test (tc, a_folder_that_is_all_there_gets_its_name);
  tcase_add_test (tc, a_folder_that_is_declined_is_not_sent);
  tcase_add_test (tc, a_folder_beyond_max_size_is_not_sent);
  tcase_add_test (tc, a_folder_counts_for_the_quota);
  tcase_add_test (tc, a_folder_counts_as_long_as_it_lies_there);
  tcase_add_test (tc, an_unfinished_folder_counts_for_the_quota);
  tcase_add_test (tc, a_rate_holds_on_either_side);
  tcase_add_test (tc, a_file_that_changes_ends_it);
  return suite;
}

CHECK_PROGRAM (p2pzips)
