/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two folders on disk, kept the same over a stream in memory. */

#include "program.h"
#include "support/disk/refuse.h"

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

#define PIPE_BOUND (1024 * 1024)
#ifdef __SANITIZE_ADDRESS__
#define STEPS 60
#elif defined __SANITIZE_THREAD__
#define STEPS 30
#else
#define STEPS 200
#endif
#define SEED 20240612
#define PATIENCE (20 * G_USEC_PER_SEC)

static gchar *top, *folders[2], *state;
static VmSyncConfig configs[2];
static void (*hinder) (void); /* side 0, on its thread; or NULL */

static gboolean
agree (guint deleted, guint total, gboolean theirs, gpointer user_data)
{
  return TRUE;
}

static void
make (void)
{
  static const gchar *const devices[2] = { "ALICEDEV", "BOBDEVICE" };

  hinder = NULL;
  top = g_dir_make_tmp ("vm-sync-XXXXXX", NULL);
  state = g_build_filename (top, "state", NULL);
  for (guint s = 0; s < 2; s++) {
    folders[s] = g_build_filename (top, s ? "b" : "a", NULL);
    fail_unless_equals_int (g_mkdir (folders[s], 0755), 0);
    configs[s] = (VmSyncConfig){
      .root = open (folders[s], O_RDONLY | O_DIRECTORY | O_CLOEXEC),
      .root_name = folders[s],
      .folder = "f",
      .device = devices[s],
      .peer_device = devices[!s],
      .state_dir = state,
      .may_delete = agree,
    };
  }
}

static void
drop (void)
{
  const gchar *argv[] = { "rm", "-rf", top, NULL };

  for (guint s = 0; s < 2; s++) {
    close (configs[s].root);
    g_clear_pointer (&folders[s], g_free);
  }
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&state, g_free);
  g_clear_pointer (&top, g_free);
}

/* A stream that is cut after so many messages of this end. */
typedef struct
{
  VmP2pPipe pipe;
  VmP2pPipe *inner;
  gint left; /* atomic; below 0: any number */
  guint64 bytes; /* of all that was sent */
} Cut;

static gboolean
cut_send (VmP2pPipe *pipe, guint8 type, const void *head, gsize head_size,
    GBytes *body, gint64 timeout, GError **error)
{
  Cut *self = (Cut *) pipe;

  if (g_atomic_int_get (&self->left) == 0)
    vm_p2p_pipe_close (self->inner, NULL);
  else if (g_atomic_int_get (&self->left) > 0)
    g_atomic_int_add (&self->left, -1);
  self->bytes += head_size + (body ? g_bytes_get_size (body) : 0);
  return vm_p2p_pipe_send (
      self->inner, type, head, head_size, body, timeout, error);
}

static GBytes *
cut_receive (VmP2pPipe *pipe, gint64 timeout, guint8 *type, GError **error)
{
  return vm_p2p_pipe_receive (((Cut *) pipe)->inner, timeout, type, error);
}

static void
cut_end (VmP2pPipe *pipe)
{
  vm_p2p_pipe_end (((Cut *) pipe)->inner);
}

static void
cut_close (VmP2pPipe *pipe, const GError *why)
{
  vm_p2p_pipe_close (((Cut *) pipe)->inner, why);
}

static void
cut_free (VmP2pPipe *pipe)
{
  vm_p2p_pipe_free (((Cut *) pipe)->inner);
}

static gboolean
cut_is_over (VmP2pPipe *pipe)
{
  return vm_p2p_pipe_is_over (((Cut *) pipe)->inner);
}

static const VmP2pPipeFuncs cut_funcs = {
  .send = cut_send,
  .receive = cut_receive,
  .end = cut_end,
  .close = cut_close,
  .free = cut_free,
  .is_over = cut_is_over,
};

typedef struct
{
  Cut cut;
  guint side;
  gboolean ok;
  GError *error;
} Side;

static gpointer
run_side (gpointer data)
{
  Side *side = data;

  if (side->side == 0 && hinder)
    hinder ();
  side->ok = vm_sync_run (
      &side->cut.pipe, side->side, &configs[side->side], &side->error);
  return NULL;
}

static Side sides[2];

/* @after: messages of side 0 until the stream is cut; -1: it is not. */
static void
run_both (gint after)
{
  GThread *threads[2];
  VmP2pPipe *ends[2];

  vm_p2p_pipe_new_pair (PIPE_BOUND, &ends[0], &ends[1]);
  for (guint s = 0; s < 2; s++) {
    g_clear_error (&sides[s].error);
    sides[s] = (Side){ .side = s };
    sides[s].cut.pipe.funcs = &cut_funcs;
    sides[s].cut.inner = ends[s];
    sides[s].cut.left = s == 0 ? after : -1;
  }
  for (guint s = 0; s < 2; s++)
    threads[s] = g_thread_new ("side", run_side, &sides[s]);
  for (guint s = 0; s < 2; s++)
    g_thread_join (threads[s]);
  for (guint s = 0; s < 2; s++)
    vm_p2p_pipe_free (&sides[s].cut.pipe);
}

static void
sync_both (void)
{
  run_both (-1);
  for (guint s = 0; s < 2; s++)
    fail_unless (sides[s].ok, "side %u: %s", s,
        sides[s].error ? sides[s].error->message : "?");
}

static void
fails_with (gint code)
{
  run_both (-1);
  for (guint s = 0; s < 2; s++) {
    fail_if (sides[s].ok);
    fail_unless (g_error_matches (sides[s].error, VM_ERROR, code),
        "side %u: %s", s, sides[s].error->message);
    g_clear_error (&sides[s].error);
  }
}

static gchar *
path_of (guint side, const gchar *name)
{
  return g_build_filename (folders[side], name, NULL);
}

static void
write_bytes (guint side, const gchar *name, const void *data, gsize size)
{
  g_autofree gchar *path = path_of (side, name);

  fail_unless (g_file_set_contents (path, data, size, NULL));
}

static void
write_text (guint side, const gchar *name, const gchar *text)
{
  write_bytes (side, name, text, strlen (text));
}

static void
has_text (guint side, const gchar *name, const gchar *text)
{
  g_autofree gchar *path = path_of (side, name), *found = NULL;

  fail_unless (g_file_get_contents (path, &found, NULL, NULL), "%s", path);
  fail_unless_equals_string (found, text);
}

static gboolean
is_there (guint side, const gchar *name)
{
  g_autofree gchar *path = path_of (side, name);
  struct stat st;

  return lstat (path, &st) == 0;
}

static void
take_away (guint side, const gchar *name)
{
  g_autofree gchar *path = path_of (side, name);

  fail_unless_equals_int (g_remove (path), 0);
}

static guint
count_names (guint side, const gchar *part)
{
  GDir *dir = g_dir_open (folders[side], 0, NULL);
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
  VmSyncScan what = { .root = configs[side].root, .known = known };
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

  write_text (0, "x", "from a");
  write_text (1, "y", "from b");
  write_text (0, "empty", "");
  path = path_of (0, "x");
  fail_unless_equals_int (g_chmod (path, 04751), 0);
  sync_both ();
  has_text (1, "x", "from a");
  has_text (0, "y", "from b");
  has_text (1, "empty", "");
  g_free (path);
  path = path_of (1, "x");
  fail_unless_equals_int (g_stat (path, &st), 0);
  fail_unless_equals_int (st.st_mode & 07777, 0751);
  take_away (1, "y");
  write_text (1, "x", "changed by b");
  sync_both ();
  fail_if (is_there (0, "y"));
  has_text (0, "x", "changed by b");
  fail_unless_equals_int (count_names (0, ".vm-"), 0);
}

GST_END_TEST;

GST_START_TEST (test_both_versions_stay)
{
  write_text (0, "x.txt", "of a");
  write_text (1, "x.txt", "of b");
  sync_both ();
  for (guint s = 0; s < 2; s++) {
    fail_unless_equals_int (count_names (s, "x.txt"), 1);
    fail_unless_equals_int (count_names (s, "x.sync-conflict-"), 1);
  }
}

GST_END_TEST;

GST_START_TEST (test_many_deletions_need_a_yes)
{
  write_text (0, "x", "1");
  write_text (0, "y", "2");
  sync_both ();
  take_away (0, "x");
  configs[1].may_delete = NULL;
  fails_with (VM_ERROR_DECLINED);
  fail_unless (is_there (1, "x"));
  configs[1].may_delete = agree;
  sync_both ();
  fail_if (is_there (1, "x"));
}

GST_END_TEST;

GST_START_TEST (test_a_lost_state_deletes_nothing)
{
  g_autofree gchar *name = NULL;

  write_text (0, "x", "1");
  write_text (0, "y", "2");
  sync_both ();
  take_away (0, "x");
  name = g_build_filename (top, "other", NULL);
  configs[0].state_dir = name;
  sync_both ();
  has_text (0, "x", "1");
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
  write_text (0, "x", "1");
  write_text (0, "y", "2");
  sync_both ();
  hinder = hinder_looking;
  sync_both ();
  has_text (1, "x", "1");
  has_text (1, "y", "2");
  /* it was common, and is still */
  hinder = NULL;
  take_away (0, "x");
  sync_both ();
  fail_if (is_there (1, "x"));
}

GST_END_TEST;

static void
hinder_listing (void)
{
  refuse_to_list (0, EIO);
}

GST_START_TEST (test_a_folder_that_cannot_be_listed_is_not_empty)
{
  write_text (0, "x", "1");
  sync_both ();
  hinder = hinder_listing;
  run_both (-1);
  fail_if (sides[0].ok);
  g_assert_error (sides[0].error, G_FILE_ERROR, G_FILE_ERROR_IO);
  has_text (1, "x", "1");
}

GST_END_TEST;

/* The list of the folder itself has the next descriptor. */
static gpointer
scan_hindered (gpointer unused)
{
  gint next = dup (configs[0].root);

  close (next);
  refuse_to_list (next + 1, EIO);
  return scan (0);
}

GST_START_TEST (test_a_folder_below_that_cannot_be_listed_is_left)
{
  g_autofree gchar *below = path_of (0, "d");
  g_autoptr (VmSyncTree) tree = NULL;

  fail_unless_equals_int (g_mkdir (below, 0755), 0);
  write_text (0, "d/x", "1");
  write_text (0, "y", "2");
  tree = g_thread_join (g_thread_new ("scan", scan_hindered, NULL));
  fail_unless_equals_int (tree->entries->len, 2);
  fail_unless_equals_int (vm_sync_tree_get (tree, "d")->kind, VM_SYNC_OTHER);
  fail_unless_equals_int (vm_sync_tree_get (tree, "y")->kind, VM_SYNC_FILE);
}

GST_END_TEST;

GST_START_TEST (test_a_dry_run_writes_nothing)
{
  GString *steps = g_string_new (NULL);

  write_text (0, "x", "1");
  write_text (1, "y", "2");
  configs[0].dry_run = TRUE;
  configs[0].step = note_step;
  configs[0].user_data = steps;
  sync_both ();
  fail_unless_equals_string (steps->str, "create y;their create x;");
  fail_if (is_there (1, "x"));
  fail_if (is_there (0, "y"));
  g_string_free (steps, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_the_capability_limits_bytes)
{
  write_text (0, "x", "12345");
  configs[1].max_size = 4;
  fails_with (VM_ERROR_TOO_LARGE);
  fail_if (is_there (1, "x"));
  configs[1].max_size = 5;
  sync_both ();
  has_text (1, "x", "12345");
}

GST_END_TEST;

GST_START_TEST (test_the_capability_limits_the_rate)
{
  g_autofree guint8 *data = g_malloc0 (60000);
  gint64 begin = g_get_monotonic_time ();

  write_bytes (0, "x", data, 60000);
  configs[0].max_rate = 100000;
  sync_both ();
  fail_unless (g_get_monotonic_time () - begin > 400 * 1000);
}

GST_END_TEST;

GST_START_TEST (test_links_are_carried_and_not_followed)
{
  g_autofree gchar *good = path_of (0, "good"), *bad = path_of (0, "bad");
  g_autofree gchar *trap = path_of (1, "d"), *outside = NULL;
  g_autofree gchar *found = NULL, *got = path_of (1, "good");

  write_text (0, "x", "1");
  outside = g_build_filename (top, "outside", NULL);
  fail_unless_equals_int (g_mkdir (outside, 0755), 0);
  fail_unless_equals_int (symlink ("x", good), 0);
  fail_unless_equals_int (symlink ("../outside", bad), 0);
  /* where side 0 has a folder, side 1 has a link out of its own */
  fail_unless_equals_int (symlink ("../outside", trap), 0);
  g_free (bad);
  bad = path_of (0, "d");
  fail_unless_equals_int (g_mkdir (bad, 0755), 0);
  write_text (0, "d/y", "2");
  sync_both ();
  found = g_file_read_link (got, NULL);
  fail_unless_equals_string (found, "x");
  fail_if (is_there (1, "bad"));
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

  write_bytes (side, "big", bytes->data, bytes->len);
  sync_both ();
  path = path_of (!side, "big");
  fail_unless (g_file_get_contents (path, &found, &size, NULL));
  fail_unless_equals_uint64 (size, bytes->len);
  fail_unless (memcmp (found, bytes->data, size) == 0);
  fail_unless (sides[0].cut.bytes + sides[1].cut.bytes <= most,
      "%" G_GUINT64_FORMAT " bytes", sides[0].cut.bytes + sides[1].cut.bytes);
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
  g_autofree gchar *old = path_of (0, "big"), *new = path_of (0, "new");

  arrives_with (0, bytes, bytes->len * 2);
  fail_unless_equals_int (g_rename (old, new), 0);
  sync_both ();
  fail_unless (is_there (1, "new"));
  fail_if (is_there (1, "big"));
  fail_unless (sides[0].cut.bytes < 65536);
  g_byte_array_unref (bytes);
}

GST_END_TEST;

/* Bytes of a file whose blocks are marked. */
#define MARKED (64 * 1024 * 1024)

static void
write_at (guint side, const gchar *name, gint64 at, guint8 byte)
{
  g_autofree gchar *path = path_of (side, name);
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
  saved = vm_sync_state_open (&configs[1], configs[1].root, NULL);
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
  g_autofree gchar *big = path_of (0, "big");
  g_autofree gchar *other = g_build_filename (top, "other", NULL);
  struct stat st;

  write_at (0, "big", MARKED, 1);
  sync_both ();
  write_at (1, "big", MARKED / 2, 1);
  hinder = hinder_renaming;
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

static GMutex lock; /* of: */
static GCond ended; /* a round of either side */

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
  while (!is_there (side, name))
    fail_unless (
        g_cond_wait_until (&ended, &lock, until), "%s never came", name);
  g_mutex_unlock (&lock);
}

GST_START_TEST (test_changes_of_both_sides_are_seen)
{
  GThread *threads[2];
  VmP2pPipe *ends[2];
  g_autofree gchar *deep = path_of (1, "d");

  configs[0].watch = TRUE;
  configs[0].progress = configs[1].progress = note_round;
  vm_p2p_pipe_new_pair (PIPE_BOUND, &ends[0], &ends[1]);
  for (guint s = 0; s < 2; s++) {
    sides[s] = (Side){ .side = s };
    sides[s].cut.pipe.funcs = &cut_funcs;
    sides[s].cut.inner = ends[s];
    sides[s].cut.left = -1;
    threads[s] = g_thread_new ("side", run_side, &sides[s]);
  }
  write_text (0, "x", "1");
  waits_for (1, "x");
  write_text (1, "y", "2");
  waits_for (0, "y");
  fail_unless_equals_int (g_mkdir (deep, 0755), 0);
  waits_for (0, "d");
  write_text (0, "d/z", "3");
  waits_for (1, "d/z");
  vm_p2p_pipe_close (ends[0], NULL);
  for (guint s = 0; s < 2; s++) {
    g_thread_join (threads[s]);
    fail_unless (
        g_error_matches (sides[s].error, VM_ERROR, VM_ERROR_DISCONNECTED));
    g_clear_error (&sides[s].error);
  }
  for (guint s = 0; s < 2; s++)
    vm_p2p_pipe_free (&sides[s].cut.pipe);
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
  g_autofree gchar *path = path_of (side, name);
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
  write_bytes (side, name, data, size);
}

static void
edit (GRand *random, guint side, guint *content)
{
  g_autoptr (VmSyncTree) tree = scan (side);
  guint n = tree->entries->len;
  const VmSyncEntry *entry =
      n ? tree->entries->pdata[g_rand_int_range (random, 0, n)] : NULL;
  g_autofree gchar *place = random_place (random, tree);
  g_autofree gchar *path = path_of (side, place);
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
             && !is_there (side, place)) {
    g_autofree gchar *old = path_of (side, entry->path);

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
    run_both (g_rand_int_range (random, 0, 12));
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
  tcase_add_checked_fixture (tcase, make, drop);
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, test_both_get_what_they_lack);
  tcase_add_test (tcase, test_both_versions_stay);
  tcase_add_test (tcase, test_many_deletions_need_a_yes);
  tcase_add_test (tcase, test_a_lost_state_deletes_nothing);
  tcase_add_test (tcase, test_what_cannot_be_looked_at_is_not_deleted);
  tcase_add_test (tcase, test_a_folder_that_cannot_be_listed_is_not_empty);
  tcase_add_test (tcase, test_a_folder_below_that_cannot_be_listed_is_left);
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
  tcase_add_checked_fixture (random, make, drop);
  tcase_set_timeout (random, 180);
  tcase_add_test (random, test_random_edits_and_cuts);
  return suite;
}

CHECK_PROGRAM (syncfolder)
