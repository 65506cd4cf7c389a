/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two folders on disk, kept the same over a stream in memory. */

#include "program.h"
#include "support/disk/refuse.h"
#include "support/disk/syncpair.h"

#include <gst/videomeet/transfer/disk/diskfile.h>
#include <gst/videomeet/transfer/sync/disk/scan.h>
#include <gst/videomeet/transfer/sync/disk/state.h>
#include <glib/gstdio.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define STEPS 60
#elif defined __SANITIZE_THREAD__
#define STEPS 30
#else
#define STEPS 200
#endif
#define SEED 20240612
#define PATIENCE (20 * G_USEC_PER_SEC)

static guint
count_names (guint side, const gchar *part)
{
  GDir *dir = g_dir_open (sync_folders[side], 0, NULL);
  const gchar *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)))
    n += strstr (name, part) != NULL;
  g_dir_close (dir);
  return n;
}

static VmSyncTree *
scan_knowing (guint side, const VmSyncTree *known)
{
  VmSyncScan what = { .root = sync_configs[side].root, .known = known };
  g_autoptr (GError) error = NULL;
  VmSyncTree *tree = vm_sync_scan (&what, NULL, &error);

  fail_unless (tree != NULL, "%s", error ? error->message : "?");
  return tree;
}

static VmSyncTree *
scan (guint side)
{
  return scan_knowing (side, NULL);
}

GST_START_TEST (test_both_get_what_they_lack)
{
  g_autofree gchar *path = NULL;
  struct stat st;

  sync_write (0, "x", "from a");
  sync_write (1, "y", "from b");
  sync_write (0, "empty", "");
  path = sync_path_of (0, "x");
  fail_unless_equals_int (g_chmod (path, 04751), 0);
  sync_both ();
  sync_has (1, "x", "from a");
  sync_has (0, "y", "from b");
  sync_has (1, "empty", "");
  g_free (path);
  path = sync_path_of (1, "x");
  fail_unless_equals_int (g_stat (path, &st), 0);
  fail_unless_equals_int (st.st_mode & 07777, 0751);
  sync_take_away (1, "y");
  sync_write (1, "x", "changed by b");
  sync_both ();
  fail_if (sync_is_there (0, "y"));
  sync_has (0, "x", "changed by b");
  fail_unless_equals_int (count_names (0, ".vm-"), 0);
}

GST_END_TEST;

/* Nobody else may write what a peer brings, or read what the umask keeps from
 * all; that is no change for the peer. */
GST_START_TEST (test_modes)
{
  static const struct
  {
    guint umask, mode, made;
  } cases[] = { { 022, 0777, 0755 }, { 022, 0666, 0644 }, { 022, 0640, 0640 },
    { 0, 0777, 0755 }, { 077, 0751, 0700 }, { 027, 0644, 0640 } };
  struct stat st;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    mode_t before = umask (cases[i].umask);
    g_autofree gchar *name = g_strdup_printf ("%u", i);
    g_autofree gchar *own = sync_path_of (0, name);
    g_autofree gchar *other = sync_path_of (1, name);

    sync_write (0, name, "x");
    fail_unless_equals_int (g_chmod (own, cases[i].mode), 0);
    for (guint n = 0; n < 2; n++)
      sync_both ();
    umask (before);
    fail_unless_equals_int (g_stat (other, &st), 0);
    fail_unless_equals_int (st.st_mode & 07777, cases[i].made);
    fail_unless_equals_int (g_stat (own, &st), 0);
    fail_unless_equals_int (st.st_mode & 07777, cases[i].mode);
  }
}

GST_END_TEST;

/* What was there before a hole goes. */
GST_START_TEST (test_holes)
{
  for (guint side = 0; side < 2; side++) {
    const gint64 size = (40 - side) * 1024 * 1024;
    g_autofree gchar *path = sync_path_of (side, "img");
    g_autofree gchar *other = sync_path_of (1 - side, "img");
    struct stat st;

    sync_write (side, "img", "first");
    fail_unless_equals_int (truncate (path, size), 0);
    sync_both ();
    fail_unless_equals_int (g_stat (other, &st), 0);
    fail_unless_equals_int64 (st.st_size, size);
    fail_unless (st.st_blocks * 512 <= 16 * 4096);
  }
}

GST_END_TEST;

/* Beyond what is exact in JSON. */
GST_START_TEST (test_a_time_far_away)
{
  const struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
    { .tv_sec = G_GINT64_CONSTANT (15032692800) } }; /* 2446-05-10 */
  g_autofree gchar *path = sync_path_of (0, "far");
  g_autofree gchar *other = sync_path_of (1, "far");
  struct stat st;

  sync_write (0, "far", "away");
  sync_write (0, "near", "by");
  fail_unless_equals_int (utimensat (AT_FDCWD, path, times, 0), 0);
  for (guint i = 0; i < 2; i++)
    sync_both ();
  sync_has (1, "far", "away");
  sync_has (1, "near", "by");
  fail_unless_equals_int (g_stat (other, &st), 0);
  fail_unless_equals_int64 (
      st.st_mtim.tv_sec, VM_SYNC_TIME_MAX / G_USEC_PER_SEC);
}

GST_END_TEST;

GST_START_TEST (test_both_versions_stay)
{
  sync_write (0, "x.txt", "of a");
  sync_write (1, "x.txt", "of b");
  sync_both ();
  for (guint s = 0; s < 2; s++) {
    fail_unless_equals_int (count_names (s, "x.txt"), 1);
    fail_unless_equals_int (count_names (s, "x.sync-conflict-"), 1);
  }
}

GST_END_TEST;

GST_START_TEST (test_many_deletions_need_a_yes)
{
  sync_write (0, "x", "1");
  sync_write (0, "y", "2");
  sync_both ();
  sync_take_away (0, "x");
  sync_configs[1].may_delete = NULL;
  sync_fails_with (VM_ERROR_DECLINED);
  fail_unless (sync_is_there (1, "x"));
  sync_configs[1].may_delete = sync_configs[0].may_delete;
  sync_both ();
  fail_if (sync_is_there (1, "x"));
}

GST_END_TEST;

GST_START_TEST (test_a_lost_state_deletes_nothing)
{
  g_autofree gchar *name = NULL;

  sync_write (0, "x", "1");
  sync_write (0, "y", "2");
  sync_both ();
  sync_take_away (0, "x");
  name = g_build_filename (sync_top, "other", NULL);
  sync_configs[0].state_dir = name;
  sync_both ();
  sync_has (0, "x", "1");
}

GST_END_TEST;

static void
note_step (const VmSyncStep *step, gpointer user_data)
{
  g_string_append_printf (user_data, "%s%s %s;", step->theirs ? "their " : "",
      vm_sync_step_type_to_string (step->type), step->path);
}

static void
hinder_looking (void)
{
  refuse_to_look (EIO);
}

GST_START_TEST (test_what_cannot_be_looked_at_is_not_deleted)
{
  sync_write (0, "x", "1");
  sync_write (0, "y", "2");
  sync_both ();
  sync_hinder[0] = hinder_looking;
  sync_fails_with (VM_ERROR_FAILED);
  sync_has (1, "x", "1");
  sync_has (1, "y", "2");
  /* it was common, and is still */
  sync_hinder[0] = NULL;
  sync_take_away (0, "x");
  sync_both ();
  fail_if (sync_is_there (1, "x"));
}

GST_END_TEST;

static void
hinder_listing (void)
{
  refuse_to_list (0, EIO);
}

GST_START_TEST (test_a_folder_that_cannot_be_listed_is_not_empty)
{
  sync_write (0, "x", "1");
  sync_both ();
  sync_hinder[0] = hinder_listing;
  sync_pair_run (-1);
  fail_if (sync_sides[0].ok);
  g_assert_error (sync_sides[0].error, G_FILE_ERROR, G_FILE_ERROR_IO);
  sync_has (1, "x", "1");
}

GST_END_TEST;

/* The list of the folder itself has the next descriptor. */
static gpointer
scan_hindered (gpointer unused)
{
  gint next = dup (sync_configs[0].root);

  close (next);
  refuse_to_list (next + 1, EIO);
  return scan (0);
}

GST_START_TEST (test_a_folder_below_that_cannot_be_listed_is_left)
{
  g_autofree gchar *below = sync_path_of (0, "d");
  g_autoptr (VmSyncTree) tree = NULL;

  fail_unless_equals_int (g_mkdir (below, 0755), 0);
  sync_write (0, "d/x", "1");
  sync_write (0, "y", "2");
  tree = g_thread_join (g_thread_new ("scan", scan_hindered, NULL));
  fail_unless_equals_int (tree->entries->len, 2);
  fail_unless_equals_int (vm_sync_tree_get (tree, "d")->kind, VM_SYNC_OTHER);
  fail_unless_equals_int (vm_sync_tree_get (tree, "y")->kind, VM_SYNC_FILE);
}

GST_END_TEST;

/* What is left */

static GMutex lock; /* of: */
static GCond ended; /* a round of either side, or something is left */
static GString *left[2]; /* of each side */

static void
note_left (const VmSyncStep *step, gpointer user_data)
{
  GString *text = *(GString **) user_data;

  if (step->type != VM_SYNC_STEP_LEFT)
    return;
  g_mutex_lock (&lock);
  g_string_append_printf (text, "%s (%s);", step->path, step->reason);
  g_cond_broadcast (&ended);
  g_mutex_unlock (&lock);
}

static void
note_what_is_left (void)
{
  for (guint s = 0; s < 2; s++) {
    if (left[s])
      g_string_free (left[s], TRUE);
    left[s] = g_string_new (NULL);
    sync_configs[s].step = note_left;
    sync_configs[s].user_data = &left[s];
  }
}

/* As in a folder of somebody else, also for root. */
static void
hinder_writing (void)
{
  refuse_call (SYS_renameat2, 4, 0, G_MAXUINT32, EACCES);
  refuse_call (SYS_unlinkat, 2, 0, 0, EACCES);
}

/* On either side: both say which and why, and neither that they are the same.
 */
GST_START_TEST (test_what_cannot_be_written_is_left)
{
  guint bad = __i__;

  for (guint i = 0; i < 8; i++) {
    gchar name[] = { '0' + i, '\0' };

    sync_write (0, name, name);
  }
  sync_both ();
  sync_write (!bad, "1", "changed");
  sync_write (!bad, "new", "new");
  sync_take_away (!bad, "2");
  sync_hinder[bad] = hinder_writing;
  note_what_is_left ();
  sync_fails_with (VM_ERROR_FAILED);
  fail_unless_equals_string (left[bad]->str,
      "1 (Permission denied);2 (Permission denied);new (Permission denied);");
  fail_unless_equals_string (left[!bad]->str,
      "1 (the other side says: Permission denied);"
      "2 (the other side says: Permission denied);"
      "new (the other side says: Permission denied);");
  sync_has (bad, "1", "1");
  sync_hinder[bad] = NULL;
  sync_both ();
  sync_has (bad, "1", "changed");
  sync_has (bad, "new", "new");
  fail_if (sync_is_there (bad, "2"));
}

GST_END_TEST;

/* By pages of 500. */
GST_START_TEST (test_many_paths_are_left)
{
  guint n = 0;

  sync_hinder[1] = hinder_writing;
  for (guint want = 499; want <= 501; want++) {
    guint said = 0;

    for (; n < want; n++) {
      g_autofree gchar *name = g_strdup_printf ("%03u", n);

      sync_write (0, name, name);
    }
    note_what_is_left ();
    sync_fails_with (VM_ERROR_FAILED);
    for (const gchar *p = left[0]->str; (p = strchr (p, ';')); p++)
      said++;
    fail_unless_equals_int (said, want);
  }
}

GST_END_TEST;

GST_START_TEST (test_what_cannot_be_synced_is_left)
{
  g_autofree gchar *pipe = sync_path_of (0, "fifo");

  fail_unless_equals_int (mkfifo (pipe, 0600), 0);
  note_what_is_left ();
  sync_fails_with (VM_ERROR_FAILED);
  fail_unless_equals_string (
      left[0]->str, "fifo (it is neither file, folder nor link);");
  fail_unless_equals_string (left[1]->str, left[0]->str);
  sync_take_away (0, "fifo");
  sync_both ();
  /* a name that the other side does not learn */
  sync_write (1, "a\n", "x");
  note_what_is_left ();
  sync_fails_with (VM_ERROR_FAILED);
  fail_unless (strstr (left[1]->str, "control character") != NULL);
  fail_unless_equals_string (sync_sides[0].error->message,
      "1 name of the other side's folder cannot be synced");
}

GST_END_TEST;

/* Once, and not after each round. */
GST_START_TEST (test_what_is_left_is_told_while_the_sync_watches)
{
  gint64 until = g_get_monotonic_time () + PATIENCE;

  sync_write (0, "x", "1");
  sync_hinder[1] = hinder_writing;
  sync_configs[0].watch = TRUE;
  note_what_is_left ();
  sync_pair_begin (-1);
  for (guint i = 0; i < 2; i++) {
    gchar name[] = { "ab"[i], '\0' };

    g_mutex_lock (&lock);
    while (!strstr (left[0]->str, i ? "a (" : "x (")
           || !strstr (left[1]->str, i ? "a (" : "x ("))
      fail_unless (g_cond_wait_until (&ended, &lock, until));
    g_mutex_unlock (&lock);
    sync_write (0, name, "1");
  }
  vm_p2p_pipe_close (&sync_sides[0].cut.pipe, NULL);
  sync_pair_end ();
  for (guint s = 0; s < 2; s++) {
    const gchar *first = strstr (left[s]->str, "x (");

    fail_unless (strstr (first + 1, "x (") == NULL, "%s", left[s]->str);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_dry_run_writes_nothing)
{
  GString *steps = g_string_new (NULL);

  sync_write (0, "x", "1");
  sync_write (1, "y", "2");
  sync_configs[0].dry_run = TRUE;
  sync_configs[0].step = note_step;
  sync_configs[0].user_data = steps;
  sync_both ();
  fail_unless_equals_string (steps->str, "create y;their create x;");
  fail_if (sync_is_there (1, "x"));
  fail_if (sync_is_there (0, "y"));
  g_string_free (steps, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_the_capability_limits_bytes)
{
  sync_write (0, "x", "12345");
  sync_configs[1].max_size = 4;
  sync_fails_with (VM_ERROR_TOO_LARGE);
  fail_if (sync_is_there (1, "x"));
  sync_configs[1].max_size = 5;
  sync_both ();
  sync_has (1, "x", "12345");
}

GST_END_TEST;

GST_START_TEST (test_the_capability_limits_the_rate)
{
  g_autofree guint8 *data = g_malloc0 (60000);
  gint64 begin = g_get_monotonic_time ();

  sync_write_bytes (0, "x", data, 60000);
  sync_configs[0].max_rate = 100000;
  sync_both ();
  fail_unless (g_get_monotonic_time () - begin > 400 * 1000);
}

GST_END_TEST;

GST_START_TEST (test_links_are_carried_and_not_followed)
{
  g_autofree gchar *good = sync_path_of (0, "good"),
                   *bad = sync_path_of (0, "bad");
  g_autofree gchar *trap = sync_path_of (1, "d"), *outside = NULL;
  g_autofree gchar *found = NULL, *got = sync_path_of (1, "good");

  sync_write (0, "x", "1");
  outside = g_build_filename (sync_top, "outside", NULL);
  fail_unless_equals_int (g_mkdir (outside, 0755), 0);
  fail_unless_equals_int (symlink ("x", good), 0);
  fail_unless_equals_int (symlink ("../outside", bad), 0);
  /* where side 0 has a folder, side 1 has a link out of its own */
  fail_unless_equals_int (symlink ("../outside", trap), 0);
  g_free (bad);
  bad = sync_path_of (0, "d");
  fail_unless_equals_int (g_mkdir (bad, 0755), 0);
  sync_write (0, "d/y", "2");
  sync_fails_with (VM_ERROR_FAILED); /* bad and d are left */
  found = g_file_read_link (got, NULL);
  fail_unless_equals_string (found, "x");
  fail_if (sync_is_there (1, "bad"));
  g_free (found);
  found = g_build_filename (outside, "y", NULL);
  fail_if (g_file_test (found, G_FILE_TEST_EXISTS));
}

GST_END_TEST;

/* A file of 8 MiB that nothing compresses. */
static GByteArray *
large (void)
{
  GRand *random = g_rand_new_with_seed (1);
  GByteArray *bytes = g_byte_array_new ();

  for (guint i = 0; i < 2 * 1024 * 1024; i++) {
    guint32 word = g_rand_int (random);

    g_byte_array_append (bytes, (guint8 *) &word, sizeof word);
  }
  g_rand_free (random);
  return bytes;
}

static void
arrives_with (guint side, GByteArray *bytes, guint64 most)
{
  g_autofree gchar *path = NULL, *found = NULL;
  gsize size;

  sync_write_bytes (side, "big", bytes->data, bytes->len);
  sync_both ();
  path = sync_path_of (!side, "big");
  fail_unless (g_file_get_contents (path, &found, &size, NULL));
  fail_unless_equals_uint64 (size, bytes->len);
  fail_unless (memcmp (found, bytes->data, size) == 0);
  fail_unless (sync_sides[0].cut.bytes + sync_sides[1].cut.bytes <= most,
      "%" G_GUINT64_FORMAT " bytes",
      sync_sides[0].cut.bytes + sync_sides[1].cut.bytes);
}

GST_START_TEST (test_only_what_differs_is_sent)
{
  GByteArray *bytes = large ();
  guint64 size = bytes->len;

  arrives_with (0, bytes, size * 102 / 100);
  bytes->data[size / 2] ^= 1;
  arrives_with (1, bytes, size / 100);
  g_byte_array_prepend (bytes, (const guint8 *) "x", 1);
  arrives_with (0, bytes, size / 50);
  g_byte_array_unref (bytes);
}

GST_END_TEST;

GST_START_TEST (test_a_rename_sends_no_content)
{
  GByteArray *bytes = large ();
  g_autofree gchar *old = sync_path_of (0, "big"),
                   *new = sync_path_of (0, "new");

  arrives_with (0, bytes, bytes->len * 2);
  fail_unless_equals_int (g_rename (old, new), 0);
  sync_both ();
  fail_unless (sync_is_there (1, "new"));
  fail_if (sync_is_there (1, "big"));
  fail_unless (sync_sides[0].cut.bytes < 65536);
  g_byte_array_unref (bytes);
}

GST_END_TEST;

/* Bytes of a file whose blocks are marked. */
#define MARKED (64 * 1024 * 1024)

static void
write_at (guint side, const gchar *name, gint64 at, guint8 byte)
{
  g_autofree gchar *path = sync_path_of (side, name);
  gint fd = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

  fail_unless_equals_int (pwrite (fd, &byte, 1, at), 1);
  close (fd);
}

GST_START_TEST (test_only_changed_blocks_are_hashed_again)
{
  g_autoptr (VmSyncTree) before = NULL, after = NULL, fresh = NULL;
  VmSyncEntry *was, *is;

  write_at (0, "big", MARKED - 1, 1);
  write_at (0, "less", MARKED - 2, 1);
  before = scan (0);
  was = vm_sync_tree_get (before, "big");
  fail_unless (was->marks != NULL);
  fail_unless (vm_sync_tree_get (before, "less")->marks == NULL);
  write_at (0, "big", MARKED / 2, 1);
  fresh = scan (0);
  was->blocks[0] ^= 1; /* would not be there if it were hashed */
  after = scan_knowing (0, before);
  is = vm_sync_tree_get (after, "big");
  fail_unless_equals_int (is->blocks[0], was->blocks[0]);
  is->blocks[0] ^= 1;
  fail_unless (memcmp (is->blocks, vm_sync_tree_get (fresh, "big")->blocks,
                   (gsize) is->n_blocks * VM_SHA256_SIZE)
               == 0);
}

GST_END_TEST;

/* The version that this side has received is not hashed whole by the next scan.
 */
GST_START_TEST (test_marks_are_kept_for_blocks_that_did_not_change)
{
  g_autoptr (VmSyncTree) before = NULL, after = NULL, longer = NULL;
  g_autofree guint8 *marks = NULL, *none = NULL;
  const VmSyncEntry *was, *is;
  const guint8 zero[VM_SYNC_MARK_SIZE] = { 0 };
  guint kept = 0, changed = 0;

  write_at (0, "big", MARKED - 1, 1);
  before = scan (0);
  was = vm_sync_tree_get (before, "big");
  write_at (0, "big", MARKED / 2, 1);
  after = scan (0);
  is = vm_sync_tree_get (after, "big");
  marks = vm_sync_entry_marks_for (was, is);
  for (guint i = 0; i <= is->n_blocks; i++) {
    const guint8 *mark = marks + (gsize) i * VM_SYNC_MARK_SIZE;

    kept += memcmp (mark, was->marks + (gsize) i * VM_SYNC_MARK_SIZE,
                VM_SYNC_MARK_SIZE)
            == 0;
    changed += memcmp (mark, zero, VM_SYNC_MARK_SIZE) == 0;
  }
  /* and the key */
  fail_unless_equals_int (kept, is->n_blocks);
  fail_unless_equals_int (changed, 1);
  write_at (0, "big", MARKED, 1);
  longer = scan (0);
  none = vm_sync_entry_marks_for (was, vm_sync_tree_get (longer, "big"));
  fail_unless (none == NULL);
}

GST_END_TEST;

/* Side 1 keeps the marks of the blocks that the received version shares with
 * its own. */
GST_START_TEST (test_marks_of_what_was_received_are_saved)
{
  const guint8 zero[VM_SYNC_MARK_SIZE] = { 0 };
  g_autoptr (VmSyncState) saved = NULL;
  const VmSyncEntry *big;
  guint changed = 0;

  write_at (1, "big", MARKED, 1);
  sync_both ();
  write_at (0, "big", MARKED / 2, 1);
  sync_both ();
  saved = vm_sync_state_open (&sync_configs[1], sync_configs[1].root, NULL);
  big = vm_sync_tree_get (saved->trees[0], "big");
  fail_unless (big->marks != NULL);
  for (guint b = 1; b <= big->n_blocks; b++)
    changed += memcmp (big->marks + (gsize) b * VM_SYNC_MARK_SIZE, zero,
                   VM_SYNC_MARK_SIZE)
               == 0;
  fail_unless_equals_int (changed, 1);
}

GST_END_TEST;

static void
both_have (const gchar *name)
{
  g_autoptr (VmSyncTree) a = scan (0), b = scan (1);
  const VmSyncEntry *mine = vm_sync_tree_get (a, name);

  fail_unless (mine != NULL, "%s", name);
  fail_unless (vm_sync_entry_same (mine, vm_sync_tree_get (b, name)));
}

GST_START_TEST (test_a_large_file_changes_again_and_again)
{
  write_at (0, "big", MARKED, 1);
  for (guint i = 0; i < 3; i++) {
    sync_both ();
    both_have ("big");
    write_at (i % 2, "big", MARKED / (i + 2), 1);
  }
}

GST_END_TEST;

/* As file systems do that neither share blocks nor rename without replacing. */
static void
hinder_renaming (void)
{
  refuse_call (SYS_ioctl, 1, FICLONE, FICLONE, EOPNOTSUPP);
  refuse_new_renames (EINVAL);
}

GST_START_TEST (test_a_large_file_keeps_its_name)
{
  g_autofree gchar *big = sync_path_of (0, "big");
  g_autofree gchar *other = g_build_filename (sync_top, "other", NULL);
  struct stat st;

  write_at (0, "big", MARKED, 1);
  sync_both ();
  write_at (1, "big", MARKED / 2, 1);
  sync_hinder[0] = hinder_renaming;
  sync_both ();
  both_have ("big");
  fail_unless_equals_int (count_names (0, ".vm-"), 0);
  /* and another name of it what it had */
  fail_unless_equals_int (link (big, other), 0);
  write_at (1, "big", MARKED / 2, 2);
  sync_both ();
  both_have ("big");
  fail_unless_equals_int (count_names (0, ".vm-"), 0);
  fail_unless_equals_int (g_stat (other, &st), 0);
  fail_unless_equals_int (st.st_nlink, 1);
}

GST_END_TEST;

/* Watching: changes of either side go over while the stream lives. */

static void
note_round (const VmSyncProgress *progress, gpointer user_data)
{
  g_mutex_lock (&lock);
  g_cond_broadcast (&ended);
  g_mutex_unlock (&lock);
}

static void
waits_for (guint side, const gchar *name)
{
  gint64 until = g_get_monotonic_time () + PATIENCE;

  g_mutex_lock (&lock);
  while (!sync_is_there (side, name))
    fail_unless (
        g_cond_wait_until (&ended, &lock, until), "%s never came", name);
  g_mutex_unlock (&lock);
}

GST_START_TEST (test_changes_of_both_sides_are_seen)
{
  g_autofree gchar *deep = sync_path_of (1, "d");

  sync_configs[0].watch = TRUE;
  sync_configs[0].progress = sync_configs[1].progress = note_round;
  sync_pair_begin (-1);
  sync_write (0, "x", "1");
  waits_for (1, "x");
  sync_write (1, "y", "2");
  waits_for (0, "y");
  fail_unless_equals_int (g_mkdir (deep, 0755), 0);
  waits_for (0, "d");
  sync_write (0, "d/z", "3");
  waits_for (1, "d/z");
  vm_p2p_pipe_close (&sync_sides[0].cut.pipe, NULL);
  sync_pair_end ();
  for (guint s = 0; s < 2; s++)
    fail_unless (
        g_error_matches (sync_sides[s].error, VM_ERROR, VM_ERROR_DISCONNECTED));
}

GST_END_TEST;

/* Random edits, and streams that end anywhere */

static const gchar *const names[] = { "a", "A", "b", "c.txt", "d", "e" };

static gchar *
random_place (GRand *random, const VmSyncTree *tree)
{
  const gchar *name = names[g_rand_int_range (random, 0, G_N_ELEMENTS (names))];
  guint n = tree->entries->len;
  const VmSyncEntry *entry =
      n ? tree->entries->pdata[g_rand_int_range (random, 0, n)] : NULL;

  if (entry && entry->kind == VM_SYNC_FOLDER && strlen (entry->path) < 20)
    return g_strconcat (entry->path, "/", name, NULL);
  return g_strdup (name);
}

static void
remove_all (guint side, const gchar *name)
{
  g_autofree gchar *path = sync_path_of (side, name);
  const gchar *argv[] = { "rm", "-rf", path, NULL };

  if (g_unlink (path) != 0)
    g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
        NULL, NULL, NULL, NULL);
}

static void
write_random (GRand *random, guint side, const gchar *name, guint *content)
{
  gboolean much = g_rand_int_range (random, 0, 8) == 0;
  gsize size = much ? 200000 : 20;
  g_autofree gchar *data = g_malloc (size);

  memset (data, 'a' + *content % 26, size);
  g_snprintf (data, 16, "%u", ++*content);
  if (!much)
    size = strlen (data);
  sync_write_bytes (side, name, data, size);
}

static void
edit (GRand *random, guint side, guint *content)
{
  g_autoptr (VmSyncTree) tree = scan (side);
  guint n = tree->entries->len;
  const VmSyncEntry *entry =
      n ? tree->entries->pdata[g_rand_int_range (random, 0, n)] : NULL;
  g_autofree gchar *place = random_place (random, tree);
  g_autofree gchar *path = sync_path_of (side, place);
  guint what = g_rand_int_range (random, 0, n > 20 ? 13 : 10);

  if (what < 4) {
    remove_all (side, place);
    write_random (random, side, place, content);
  } else if (what == 4) {
    remove_all (side, place);
    fail_unless_equals_int (g_mkdir (path, 0755), 0);
  } else if (what == 5) {
    remove_all (side, place);
    fail_unless_equals_int (symlink ("a", path), 0);
  } else if (!entry) {
    return;
  } else if (what < 8 && entry->kind == VM_SYNC_FILE) {
    write_random (random, side, entry->path, content);
  } else if (what == 8 && entry->kind == VM_SYNC_FILE
             && !sync_is_there (side, place)) {
    g_autofree gchar *old = sync_path_of (side, entry->path);

    fail_unless_equals_int (g_rename (old, path), 0);
  } else {
    remove_all (side, entry->path);
  }
}

static gchar *
pair_of (const VmSyncEntry *entry)
{
  GString *text = g_string_new (entry->path);

  for (guint i = 0; i < VM_SHA256_SIZE; i++)
    g_string_append_printf (text, " %02x", entry->id[i]);
  return g_string_free (text, FALSE);
}

static void
remember (GHashTable *had, const VmSyncTree *tree)
{
  for (guint i = 0; i < tree->entries->len; i++)
    g_hash_table_add (had, pair_of (tree->entries->pdata[i]));
}

static gboolean
has_content (const VmSyncTree *tree, const VmSyncEntry *what)
{
  for (guint i = 0; i < tree->entries->len; i++)
    if (vm_sync_entry_same (tree->entries->pdata[i], what))
      return TRUE;
  return FALSE;
}

/* What the other side has never had cannot have been deleted by its user. */
static void
nothing_is_lost (VmSyncTree *const before[2], VmSyncTree *const after[2],
    GHashTable *const had[2], guint step)
{
  for (guint s = 0; s < 2; s++)
    for (guint i = 0; i < before[s]->entries->len; i++) {
      const VmSyncEntry *entry = before[s]->entries->pdata[i];
      g_autofree gchar *pair = pair_of (entry);

      if (entry->kind == VM_SYNC_FOLDER || g_hash_table_contains (had[!s], pair)
          || has_content (after[0], entry) || has_content (after[1], entry))
        continue;
      fail ("seed %d, step %u: %s of side %u is lost", SEED, step, entry->path,
          s);
    }
}

static void
step_of (GRand *random, GHashTable *const had[2], guint *content, guint step)
{
  gboolean cut = g_rand_int_range (random, 0, 3) == 0;
  VmSyncTree *before[2], *after[2];

  for (guint s = 0; s < 2; s++)
    for (gint n = g_rand_int_range (random, 0, 4); n > 0; n--)
      edit (random, s, content);
  for (guint s = 0; s < 2; s++)
    before[s] = scan (s);
  if (cut)
    sync_pair_run (g_rand_int_range (random, 0, 12));
  else
    sync_both ();
  for (guint s = 0; s < 2; s++)
    after[s] = scan (s);
  nothing_is_lost (before, after, had, step);
  if (!cut) {
    g_autofree gchar *a = vm_sync_tree_digest (after[0]);
    g_autofree gchar *b = vm_sync_tree_digest (after[1]);

    fail_unless (
        strcmp (a, b) == 0, "seed %d, step %u: they differ", SEED, step);
    for (guint s = 0; s < 2; s++)
      fail_unless_equals_int (count_names (s, ".vm-"), 0);
  }
  for (guint s = 0; s < 2; s++) {
    remember (had[s], after[s]);
    vm_sync_tree_free (before[s]);
    vm_sync_tree_free (after[s]);
  }
}

GST_START_TEST (test_random_edits_and_cuts)
{
  GRand *random = g_rand_new_with_seed (SEED);
  GHashTable *had[2];
  guint content = 0;

  for (guint s = 0; s < 2; s++)
    had[s] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint step = 0; step < STEPS; step++)
    step_of (random, had, &content, step);
  for (guint s = 0; s < 2; s++)
    g_hash_table_unref (had[s]);
  g_rand_free (random);
}

GST_END_TEST;

static Suite *
syncfolder_suite (void)
{
  Suite *suite = suite_create ("syncfolder");
  TCase *tcase = tcase_create ("general"), *random = tcase_create ("random");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, sync_pair_make, sync_pair_drop);
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, test_both_get_what_they_lack);
  tcase_add_test (tcase, test_modes);
  tcase_add_test (tcase, test_holes);
  tcase_add_test (tcase, test_a_time_far_away);
  tcase_add_test (tcase, test_both_versions_stay);
  tcase_add_test (tcase, test_many_deletions_need_a_yes);
  tcase_add_test (tcase, test_a_lost_state_deletes_nothing);
  tcase_add_test (tcase, test_what_cannot_be_looked_at_is_not_deleted);
  tcase_add_test (tcase, test_a_folder_that_cannot_be_listed_is_not_empty);
  tcase_add_test (tcase, test_a_folder_below_that_cannot_be_listed_is_left);
  tcase_add_loop_test (tcase, test_what_cannot_be_written_is_left, 0, 2);
  tcase_add_test (tcase, test_many_paths_are_left);
  tcase_add_test (tcase, test_what_cannot_be_synced_is_left);
  tcase_add_test (tcase, test_what_is_left_is_told_while_the_sync_watches);
  tcase_add_test (tcase, test_a_dry_run_writes_nothing);
  tcase_add_test (tcase, test_the_capability_limits_bytes);
  tcase_add_test (tcase, test_the_capability_limits_the_rate);
  tcase_add_test (tcase, test_links_are_carried_and_not_followed);
  tcase_add_test (tcase, test_only_what_differs_is_sent);
  tcase_add_test (tcase, test_a_rename_sends_no_content);
  tcase_add_test (tcase, test_only_changed_blocks_are_hashed_again);
  tcase_add_test (tcase, test_marks_are_kept_for_blocks_that_did_not_change);
  tcase_add_test (tcase, test_marks_of_what_was_received_are_saved);
  tcase_add_test (tcase, test_a_large_file_changes_again_and_again);
  tcase_add_test (tcase, test_a_large_file_keeps_its_name);
  tcase_add_test (tcase, test_changes_of_both_sides_are_seen);
  suite_add_tcase (suite, random);
  tcase_add_checked_fixture (random, sync_pair_make, sync_pair_drop);
  tcase_set_timeout (random, 180);
  tcase_add_test (random, test_random_edits_and_cuts);
  return suite;
}

CHECK_PROGRAM (syncfolder)
