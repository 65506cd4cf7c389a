/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A peer that knows only the messages of the base protocol, peers that break
 * the rules, and what a crash has left. */

#include "program.h"
#include "support/disk/refuse.h"

#include <gst/videomeet/transfer/sync/disk/delta.h>
#include <gst/videomeet/transfer/sync/disk/inplace.h>
#include <gst/videomeet/transfer/sync/model/work.h>
#include <gst/videomeet/transfer/sync/sync.h>
#include <glib/gstdio.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SECOND G_USEC_PER_SEC
#define WAIT (20 * SECOND)

static gchar *top, *folder;
static VmSyncConfig config;
static VmP2pPipe *ours, *theirs;
static GThread *thread;
static GError *failure;
static gboolean is_ok;

static void
make (void)
{
  top = g_dir_make_tmp ("vm-sync-XXXXXX", NULL);
  folder = g_build_filename (top, "a", NULL);
  fail_unless_equals_int (g_mkdir (folder, 0755), 0);
  config = (VmSyncConfig){
    .root = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
    .root_name = folder,
    .device = "ALICEDEV",
    .peer_device = "BOBDEVICE",
    .state_dir = top,
  };
  vm_p2p_pipe_new_pair (1024 * 1024, &ours, &theirs);
}

static void
drop (void)
{
  const gchar *argv[] = { "rm", "-rf", top, NULL };

  g_clear_pointer (&ours, vm_p2p_pipe_free);
  g_clear_pointer (&theirs, vm_p2p_pipe_free);
  g_clear_error (&failure);
  close (config.root);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&top, g_free);
}

static gpointer
run (gpointer data)
{
  is_ok = vm_sync_run (ours, GPOINTER_TO_INT (data), &config, &failure);
  return NULL;
}

static void
begin (VmSyncSide side)
{
  thread = g_thread_new ("side", run, GINT_TO_POINTER (side));
}

static void
ends_well (void)
{
  g_thread_join (thread);
  fail_unless (is_ok, "%s", failure ? failure->message : "?");
}

static void
ends_with (gint code)
{
  g_thread_join (thread);
  fail_if (is_ok);
  fail_unless (
      g_error_matches (failure, VM_ERROR, code), "%s", failure->message);
}

static void
say (guint8 type, const gchar *text)
{
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));

  fail_unless (vm_p2p_pipe_send (theirs, type, NULL, 0, body, WAIT, NULL));
}

static gchar *
hear (guint8 type)
{
  guint8 got = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = vm_p2p_pipe_receive (theirs, WAIT, &got, &error);

  gchar *bytes;
  gsize size;

  fail_unless (body != NULL, "%s", error ? error->message : "?");
  fail_unless_equals_int (got, type);
  size = g_bytes_get_size (body);
  bytes = g_malloc0 (size + 1);
  memcpy (bytes, g_bytes_get_data (body, NULL), size);
  return bytes;
}

static void
hears (guint8 type, const gchar *part)
{
  g_autofree gchar *text = hear (type);

  fail_unless (strstr (text, part) != NULL, "%s", text);
}

static void
say_chunk (guint64 offset, const gchar *text)
{
  guint64 head = GUINT64_TO_BE (offset);
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));

  fail_unless (vm_p2p_pipe_send (
      theirs, VM_P2P_DIFF_CHUNK, &head, sizeof head, body, WAIT, NULL));
}

/* A manifest of one file. */
static void
say_file (const gchar *path, const gchar *text)
{
  guint8 hash[VM_SHA256_SIZE];
  g_autofree gchar *blocks = NULL, *body = NULL;

  vm_sha256 (text, strlen (text), hash);
  blocks = g_base64_encode (hash, sizeof hash);
  body = g_strdup_printf ("{\"entries\":[{\"path\":\"%s\",\"type\":\"file\","
                          "\"mode\":420,\"mtime\":0,\"size\":%zu,"
                          "\"blocks\":\"%s\"}],\"last\":true}",
      path, strlen (text), blocks);
  say (VM_P2P_MANIFEST, body);
}

static void
write_text (const gchar *name, const gchar *text)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);

  fail_unless (g_file_set_contents (path, text, -1, NULL));
}

static void
has_text (const gchar *name, const gchar *text)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);
  g_autofree gchar *found = NULL;

  fail_unless (g_file_get_contents (path, &found, NULL, NULL));
  fail_unless_equals_string (found, text);
}

static guint
count_files (void)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  return n;
}

GST_START_TEST (test_a_target_with_the_base_protocol)
{
  g_autofree gchar *chunk = NULL;

  write_text ("x", "from us");
  begin (VM_SYNC_REQUESTER);
  hears (VM_P2P_FOLDER_MODE, "\"mode\":\"sync\"");
  hears (VM_P2P_MANIFEST, "\"path\":\"x\"");
  say_file ("y", "from them");
  say_chunk (0, "from");
  say_chunk (4, " them");
  chunk = hear (VM_P2P_DIFF_CHUNK);
  fail_unless (memcmp (chunk + 8, "from us", 7) == 0);
  ends_well ();
  has_text ("y", "from them");
}

GST_END_TEST;

GST_START_TEST (test_a_requester_with_the_base_protocol)
{
  write_text ("x", "of us");
  begin (VM_SYNC_TARGET);
  say (VM_P2P_FOLDER_MODE, "{\"mode\":\"sync\"}");
  say_file ("x", "of them");
  hears (VM_P2P_MANIFEST, "\"path\":\"x\"");
  hears (VM_P2P_CONFLICT, "x.sync-conflict-");
  say_chunk (0, "of them");
  ends_well ();
  fail_unless_equals_int (count_files (), 2);
}

GST_END_TEST;

GST_START_TEST (test_what_comes_has_the_rate)
{
  const gsize half = 10000;
  g_autofree gchar *text = g_strnfill (2 * half, 'y');
  g_autofree gchar *part = g_strnfill (half, 'y');
  gint64 from;

  config.max_rate = 20000;
  begin (VM_SYNC_REQUESTER);
  hears (VM_P2P_FOLDER_MODE, "\"mode\":\"sync\"");
  hears (VM_P2P_MANIFEST, "entries");
  say_file ("y", text);
  from = g_get_monotonic_time ();
  say_chunk (0, part);
  say_chunk (half, part);
  ends_well ();
  has_text ("y", text);
  fail_unless (g_get_monotonic_time () - from >= SECOND * 4 / 10);
}

GST_END_TEST;

GST_START_TEST (test_other_bytes_than_announced_are_not_taken)
{
  begin (VM_SYNC_REQUESTER);
  hears (VM_P2P_FOLDER_MODE, "sync");
  hears (VM_P2P_MANIFEST, "entries");
  say_file ("y", "from them");
  say_chunk (0, "from whom");
  ends_with (VM_ERROR_FAILED);
  fail_unless_equals_int (count_files (), 0);
}

GST_END_TEST;

GST_START_TEST (test_more_bytes_than_announced_end_it)
{
  begin (VM_SYNC_REQUESTER);
  hears (VM_P2P_FOLDER_MODE, "sync");
  hears (VM_P2P_MANIFEST, "entries");
  say_file ("y", "from them");
  say_chunk (0, "from them and more");
  ends_with (VM_ERROR_BAD_MESSAGE);
  fail_unless_equals_int (count_files (), 0);
}

GST_END_TEST;

static void
manifest_fails (const gchar *page, gint code)
{
  begin (VM_SYNC_REQUESTER);
  hears (VM_P2P_FOLDER_MODE, "sync");
  hears (VM_P2P_MANIFEST, "entries");
  say (VM_P2P_MANIFEST, page);
  ends_with (code);
  fail_unless_equals_int (count_files (), 0);
}

GST_START_TEST (test_a_path_out_of_the_folder)
{
  manifest_fails ("{\"entries\":[{\"path\":\"../x\",\"type\":\"folder\"}],"
                  "\"last\":true}",
      VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_an_entry_below_a_link)
{
  manifest_fails ("{\"entries\":[{\"path\":\"x\",\"type\":\"link\","
                  "\"target\":\"y\"},{\"path\":\"x/z\",\"type\":\"folder\"}],"
                  "\"last\":true}",
      VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

static gchar *
page_of (guint entries)
{
  GString *page = g_string_new ("{\"entries\":[");

  for (guint i = 0; i < entries; i++)
    g_string_append_printf (
        page, "%s{\"path\":\"d%u\",\"type\":\"folder\"}", i ? "," : "", i);
  g_string_append (page, "],\"last\":true}");
  return g_string_free (page, FALSE);
}

GST_START_TEST (test_a_page_with_too_many_entries)
{
  g_autofree gchar *page = page_of (1001);

  manifest_fails (page, VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

/* Members come in any order, beside others that are not known. */
GST_START_TEST (test_where_the_entries_are)
{
  static const gchar *const pages[] = {
    "{\"common\":[],\"entries\":[%s],\"last\":true}",
    "{\"last\":true,\"common\":[ ],\"n\":-1.5e3,\"x\":null,\"entries\" : [%s]}",
    "{\"x\":{\"entries\":[]},\"y\":\"\\\",\\\"entries\\\":[{\","
    "\"last\":true,\"entries\":[%s]}",
  };
  g_autofree gchar *page = g_strdup_printf (pages[__i__],
      "{\"path\":\"x\",\"type\":\"folder\",\"mode\":493,\"mtime\":0}");

  begin (VM_SYNC_REQUESTER);
  hears (VM_P2P_FOLDER_MODE, "sync");
  hears (VM_P2P_MANIFEST, "entries");
  say (VM_P2P_MANIFEST, page);
  ends_well ();
  fail_unless_equals_int (count_files (), 1);
}

GST_END_TEST;

GST_START_TEST (test_a_page_with_as_many_as_allowed)
{
  g_autofree gchar *page = page_of (1000);

  begin (VM_SYNC_REQUESTER);
  hears (VM_P2P_FOLDER_MODE, "sync");
  hears (VM_P2P_MANIFEST, "entries");
  say (VM_P2P_MANIFEST, page);
  ends_well ();
  fail_unless_equals_int (count_files (), 1000);
}

GST_END_TEST;

GST_START_TEST (test_the_other_side_says_why)
{
  begin (VM_SYNC_REQUESTER);
  hears (VM_P2P_FOLDER_MODE, "sync");
  say (VM_P2P_ERROR, "{\"code\":\"DECLINED\",\"message\":\"not today\"}");
  ends_with (VM_ERROR_DECLINED);
  fail_unless (strstr (failure->message, "not today") != NULL);
}

GST_END_TEST;

GST_START_TEST (test_a_share_has_no_way_out)
{
  g_autofree gchar *way = g_build_filename (folder, "way", NULL);
  g_autoptr (GError) error = NULL;
  gint fd;

  fail_unless_equals_int (symlink ("/", way), 0);
  fail_unless (vm_sync_open_folder (config.root, "way", TRUE, NULL) < 0);
  fail_unless (vm_sync_open_folder (config.root, "../a", TRUE, NULL) < 0);
  fail_unless (vm_sync_open_folder (config.root, "no", FALSE, &error) < 0);
  fail_unless (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT));
  fd = vm_sync_open_folder (config.root, "new/er", TRUE, NULL);
  fail_unless (fd >= 0);
  close (fd);
}

GST_END_TEST;

GST_START_TEST (test_no_folder_is_made_beside_its_twin)
{
  const gchar *const twins[] = { "CAF\303\211", "CAF\303\211/new",
    "cafe\314\201", "ca\342\200\213f\303\251" };
  g_autofree gchar *there = g_build_filename (folder, "caf\303\251", NULL);

  fail_unless_equals_int (g_mkdir (there, 0700), 0);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (twins); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (
        vm_sync_open_folder (config.root, twins[i / 2], i % 2, &error) < 0);
    fail_unless (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_EXIST));
  }
  fail_unless_equals_int (count_files (), 1);
}

GST_END_TEST;

static gpointer
make_stage (gpointer hindered)
{
  if (hindered)
    refuse_new_renames (EINVAL);
  return vm_sync_stage_new (config.root, NULL);
}

/* What a process leaves that ended while it changed a large file. */
static void
recover (gboolean hindered, const gchar *as)
{
  g_autoptr (VmSyncStage) stage = NULL;
  GVariant *journal = g_variant_ref_sink (g_variant_new (
      "(sttux)", "big", (guint64) 4, (guint64) 3, (guint32) 0640, (gint64) 0));
  g_autofree gchar *below = NULL, *name = NULL;

  below = g_strconcat (folder, "/.vm-sync-0123456789abcdef", NULL);
  fail_unless_equals_int (g_mkdir (below, 0700), 0);
  write_text (".vm-sync-0123456789abcdef/1", "NEW");
  write_text (".vm-sync-0123456789abcdef/1.old", "the old file");
  name = g_build_filename (below, "1.journal", NULL);
  fail_unless (g_file_set_contents (
      name, g_variant_get_data (journal), g_variant_get_size (journal), NULL));
  stage = g_thread_join (
      g_thread_new ("stage", make_stage, GINT_TO_POINTER (hindered)));
  fail_unless (stage != NULL);
  has_text (as, "the NEW file");
  fail_if (g_file_test (below, G_FILE_TEST_EXISTS));
  g_variant_unref (journal);
}

GST_START_TEST (test_a_crash_while_a_file_changes)
{
  recover (FALSE, "big");
}

GST_END_TEST;

GST_START_TEST (test_a_crash_where_every_rename_may_replace)
{
  recover (TRUE, "big");
  write_text ("big", "of the user");
  recover (TRUE, "big.sync-conflict-19700101-000000-recovere");
  has_text ("big", "of the user");
}

GST_END_TEST;

typedef struct
{
  VmSyncStage *stage;
  VmSyncOp op;
  gint code; /* of renaming without replacing */
} Change;

static gpointer
change_hindered (gpointer data)
{
  Change *change = data;
  gboolean changed;

  refuse_new_renames (change->code);
  changed = vm_sync_in_place_commit (
      change->stage, &change->op, config.root, change->op.item->path);
  g_assert_false (changed);
  return GINT_TO_POINTER (errno);
}

/* A file that has got another name since it was looked at. */
static void
change_linked (gint code)
{
  g_autofree gchar *big = g_build_filename (folder, "big", NULL);
  g_autofree gchar *other = g_build_filename (top, "other", NULL);
  g_autofree gchar *part = NULL;
  g_autoptr (VmSyncEntry) own = vm_sync_entry_new ("big", VM_SYNC_FILE);
  VmSyncItem item = { .path = own->path, .entry = own, .mode = 0640 };
  Change change = { .op = { .item = &item,
                        .own = own,
                        .number = 1,
                        .delta = { .from = 4, .new_size = 3 } },
    .code = code };
  g_autoptr (VmSyncStage) again = NULL;
  gpointer why;
  struct stat st;

  write_text ("big", "the old file");
  fail_unless_equals_int (g_stat (big, &st), 0);
  own->stamp = vm_sync_stamp_of (&st);
  change.stage = vm_sync_stage_new (config.root, NULL);
  part = g_strconcat (change.stage->name, "/1", NULL);
  write_text (part, "NEW");
  fail_unless (vm_sync_in_place_prepare (change.stage, &change.op, NULL));
  fail_unless_equals_int (link (big, other), 0);
  why = g_thread_join (g_thread_new ("change", change_hindered, &change));
  fail_unless_equals_int (GPOINTER_TO_INT (why), ESTALE);
  vm_sync_stage_free (change.stage);
  again = vm_sync_stage_new (config.root, NULL);
  has_text ("big", "the old file");
  fail_unless_equals_int (count_files (), 2); /* and the folder of the stage */
  fail_unless_equals_int (g_unlink (other), 0);
}

GST_START_TEST (test_a_file_that_cannot_be_changed_keeps_its_name)
{
  change_linked (EINVAL);
  change_linked (EIO);
}

GST_END_TEST;

static void
begin_extended (void)
{
  config.folder = "";
  begin (VM_SYNC_TARGET);
  say (VM_P2P_FOLDER_MODE, "{\"mode\":\"sync\",\"version\":1,\"folder\":\"\"}");
}

/* Up to the plan, of which the peer has the same. */
static void
agree (void)
{
  guint8 type = 0;
  g_autoptr (GBytes) plan = NULL;

  while (type != VM_P2P_SYNC_PLAN || g_bytes_get_size (plan) <= strlen ("{}")) {
    g_clear_pointer (&plan, g_bytes_unref);
    plan = vm_p2p_pipe_receive (theirs, WAIT, &type, NULL);
    fail_unless (plan != NULL);
  }
  fail_unless (
      vm_p2p_pipe_send (theirs, VM_P2P_SYNC_PLAN, NULL, 0, plan, WAIT, NULL));
}

/* Our version has the greater id and keeps the name, so the peer gets it as a
 * difference to its own. */
GST_START_TEST (test_a_signature_that_does_not_come)
{
  g_autofree gchar *mine = g_strnfill (VM_SYNC_DELTA_MIN, 'a');
  g_autofree gchar *other = g_strnfill (VM_SYNC_DELTA_MIN, 'b');

  write_text ("x", mine);
  begin_extended ();
  say_file ("x", other);
  agree ();
  hears (VM_P2P_CONFLICT, "\"path\":\"x\"");
  g_free (hear (VM_P2P_DIFF_CHUNK));
  say_chunk (0, other);
  say_chunk (strlen (other), "");
  hears (VM_P2P_ERROR, "BAD_MESSAGE");
  ends_with (VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

/* As a requester without files, up to what it has left. */
static void
begin_done (void)
{
  write_text ("x", "of us");
  begin_extended ();
  say (VM_P2P_MANIFEST, "{\"entries\":[],\"last\":true}");
  agree ();
  say_chunk (0, "");
}

GST_START_TEST (test_what_the_peer_leaves)
{
  begin_done ();
  say (VM_P2P_SYNC_DONE, "{\"left\":[\"x\"],\"last\":false}");
  say (VM_P2P_SYNC_DONE, "{\"left\":[],\"last\":true}");
  vm_p2p_pipe_end (theirs);
  ends_with (VM_ERROR_DISCONNECTED); /* another round would follow */
}

GST_END_TEST;

GST_START_TEST (test_the_peer_leaves_a_long_path)
{
  g_autofree gchar *path = g_strnfill (VM_SYNC_PATH_MAX + 1, 'x');
  g_autofree gchar *text =
      g_strdup_printf ("{\"left\":[\"%s\"],\"last\":false}", path);

  begin_done ();
  say (VM_P2P_SYNC_DONE, text);
  ends_with (VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_the_peer_leaves_what_nobody_has)
{
  begin_done ();
  say (VM_P2P_SYNC_DONE, "{\"left\":[\"y\"],\"last\":true}");
  ends_with (VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_the_peer_leaves_a_path_twice)
{
  begin_done ();
  say (VM_P2P_SYNC_DONE, "{\"left\":[\"x\"],\"last\":false}");
  say (VM_P2P_SYNC_DONE, "{\"left\":[\"x\"],\"last\":true}");
  ends_with (VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_the_peer_never_says_the_last)
{
  begin_done ();
  say (VM_P2P_SYNC_DONE, "{\"left\":[],\"last\":false}");
  ends_with (VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

static gboolean
take_nothing (
    gconstpointer data, gsize size, gpointer user_data, GError **error)
{
  return TRUE;
}

/* A signature of so many blocks with one rolling sum. */
static gboolean
takes_signature (guint32 blocks, gboolean alike)
{
  const guint8 strong = 16;
  VmSyncDelta delta = { .block = 2048,
    .strong = strong,
    .old_size = (guint64) blocks * 2048,
    .new_size = 5 };
  guint32 head[] = { GUINT32_TO_BE (0x72730147), GUINT32_TO_BE (delta.block),
    GUINT32_TO_BE (strong) };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GBytes) signature = NULL;
  g_autofree gchar *path = g_build_filename (folder, "x", NULL);
  g_autoptr (GError) error = NULL;
  gboolean made;
  gint fd;

  write_text ("x", "of us");
  g_byte_array_append (bytes, (const guint8 *) head, sizeof head);
  for (guint32 i = 0; i < blocks; i++) {
    guint8 block[4 + 16] = { 1, 2, 3, 4 };

    if (!alike)
      memcpy (block + 4, &i, sizeof i);
    g_byte_array_append (bytes, block, sizeof block);
  }
  delta.signature = bytes->len;
  signature = g_bytes_new (bytes->data, bytes->len);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  made = vm_sync_delta_make (fd, &delta, signature, take_nothing, NULL, &error);
  close (fd);
  fail_unless (made || g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  return made;
}

GST_START_TEST (test_a_rolling_sum_that_comes_often)
{
  fail_unless (takes_signature (VM_SYNC_SAME_SUMS_MAX - 1, FALSE));
  fail_unless (takes_signature (VM_SYNC_SAME_SUMS_MAX, FALSE));
  fail_if (takes_signature (VM_SYNC_SAME_SUMS_MAX + 1, FALSE));
  /* of a file of zeros */
  fail_unless (takes_signature (VM_SYNC_SAME_SUMS_MAX + 1, TRUE));
}

GST_END_TEST;

static Suite *
syncpeer_suite (void)
{
  Suite *suite = suite_create ("syncpeer");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, make, drop);
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, test_a_target_with_the_base_protocol);
  tcase_add_test (tcase, test_a_requester_with_the_base_protocol);
  tcase_add_test (tcase, test_what_comes_has_the_rate);
  tcase_add_test (tcase, test_other_bytes_than_announced_are_not_taken);
  tcase_add_test (tcase, test_more_bytes_than_announced_end_it);
  tcase_add_test (tcase, test_a_path_out_of_the_folder);
  tcase_add_test (tcase, test_an_entry_below_a_link);
  tcase_add_test (tcase, test_a_page_with_too_many_entries);
  tcase_add_loop_test (tcase, test_where_the_entries_are, 0, 3);
  tcase_add_test (tcase, test_a_page_with_as_many_as_allowed);
  tcase_add_test (tcase, test_the_other_side_says_why);
  tcase_add_test (tcase, test_a_share_has_no_way_out);
  tcase_add_test (tcase, test_no_folder_is_made_beside_its_twin);
  tcase_add_test (tcase, test_a_crash_while_a_file_changes);
  tcase_add_test (tcase, test_a_crash_where_every_rename_may_replace);
  tcase_add_test (tcase, test_a_file_that_cannot_be_changed_keeps_its_name);
  tcase_add_test (tcase, test_a_signature_that_does_not_come);
  tcase_add_test (tcase, test_what_the_peer_leaves);
  tcase_add_test (tcase, test_the_peer_leaves_a_long_path);
  tcase_add_test (tcase, test_the_peer_leaves_what_nobody_has);
  tcase_add_test (tcase, test_the_peer_leaves_a_path_twice);
  tcase_add_test (tcase, test_the_peer_never_says_the_last);
  tcase_add_test (tcase, test_a_rolling_sum_that_comes_often);
  return suite;
}

CHECK_PROGRAM (syncpeer)
