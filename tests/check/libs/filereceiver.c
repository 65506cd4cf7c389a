/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One folder and several who send into it: whose transfer an answer is for, whose a
 * name, and what is left of a quota. */

#include <gst/check/gstcheck.h>
#include <gst/videomeet/transfer/receivefolder.h>
#include <gst/videomeet/transfer/vmfilereceiver-priv.h>
#include <gst/videomeet/lifecycle/vmtransferstate.h>
#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

#define DEADLINE (60 * G_TIME_SPAN_SECOND)
#define ID "3f9a4c1e-0000-4000-8000-000000000001"

static gchar *path;

/* What the receiver has said, on its thread. */
static GMutex lock;
static GCond cond;
static GHashTable *ids; /* name of a file → the id that was told */
static GString *said; /* "name:state " */

static void
on_changed (VmFileReceiver *self, const GstStructure *transfer, gpointer data)
{
  const gchar *name = gst_structure_get_string (transfer, "filename");
  VmTransferState state = VM_TRANSFER_STATE_PENDING;

  gst_structure_get (transfer, "state", VM_TYPE_TRANSFER_STATE, &state, NULL);
  g_mutex_lock (&lock);
  g_hash_table_replace (ids, g_strdup (name),
      g_strdup (gst_structure_get_string (transfer, "transferId")));
  g_string_append_printf (
      said, "%s:%s ", name, vm_transfer_state_to_string (state));
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
}

static void
setup (void)
{
  path = g_dir_make_tmp ("vm-receiver-XXXXXX", NULL);
  ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  said = g_string_new (NULL);
}

static void
teardown (void)
{
  const gchar *argv[] = { "rm", "-rf", path, NULL };

  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&path, g_free);
  g_clear_pointer (&ids, g_hash_table_unref);
  g_string_free (said, TRUE);
}

static VmFileReceiver *
start_receiver (VmAccept accept)
{
  VmFileReceiver *self = vm_file_receiver_new (path);
  g_autoptr (GError) error = NULL;

  g_object_set (self, "accept", accept, NULL);
  g_signal_connect (self, "changed", G_CALLBACK (on_changed), NULL);
  vm_file_receiver_start (self, &error);
  g_assert_no_error (error);
  return self;
}

static void
wait_said (const gchar *what)
{
  gint64 until = g_get_monotonic_time () + DEADLINE;

  g_mutex_lock (&lock);
  while (!strstr (said->str, what))
    fail_unless (g_cond_wait_until (&cond, &lock, until), "never %s: %s", what,
        said->str);
  g_mutex_unlock (&lock);
}

static gchar *
told_id (const gchar *name)
{
  gchar *id;

  g_mutex_lock (&lock);
  id = g_strdup (g_hash_table_lookup (ids, name));
  g_mutex_unlock (&lock);
  return id;
}

static void
offer (VmFileReceiver *self, const gchar *from, const gchar *name)
{
  VmTransferMessage *message =
      vm_transfer_message_new (VM_TRANSFER_FILE_OFFER, ID);

  message->filename = g_strdup (name);
  message->size = 100;
  message->encodings = VM_TRANSFER_ENCODING_BINARY;
  fail_unless (vm_file_receiver_push (self, message, from));
}

/* A sender chooses its ids, also one that it has heard from somebody else. */
GST_START_TEST (test_two_of_one_id)
{
  g_autoptr (VmFileReceiver) self = start_receiver (VM_ACCEPT_ASK);
  g_autofree gchar *evil = NULL, *holiday = NULL;

  offer (self, "eve", "evil");
  wait_said ("evil:pending");
  offer (self, "bob", "holiday");
  wait_said ("holiday:pending");
  evil = told_id ("evil");
  holiday = told_id ("holiday");
  fail_unless_equals_string (evil, ID);
  fail_if (g_str_equal (evil, holiday));

  vm_file_receiver_accept (self, holiday);
  wait_said ("holiday:transferring");
  vm_file_receiver_cancel (self, holiday);
  wait_said ("holiday:failed");
  g_mutex_lock (&lock);
  fail_if (strstr (said->str, "evil:transferring"), "%s", said->str);
  fail_if (strstr (said->str, "evil:failed"), "%s", said->str);
  g_mutex_unlock (&lock);
  /* what was refused is another one, too */
  vm_file_receiver_decline (self, evil, NULL);
  wait_said ("evil:failed");
  vm_file_receiver_stop (self);
}

GST_END_TEST;

/* An unfinished file, as a process left it a week ago, that has died. */
static gchar *
make_abandoned (gint64 age)
{
  gchar *part = g_build_filename (path, ".vm-ann-1.part", NULL);
  g_autofree gchar *journal =
      g_build_filename (path, ".vm-ann-1.journal", NULL);
  struct utimbuf times;

  times.actime = times.modtime = g_get_real_time () / G_USEC_PER_SEC - age;
  fail_unless (g_file_set_contents (part, "x", 1, NULL));
  fail_unless (g_file_set_contents (journal, "x", 1, NULL));
  fail_unless (g_utime (part, &times) == 0 && g_utime (journal, &times) == 0);
  return part;
}

/* The journal goes last. */
static gboolean
is_gone (const gchar *part)
{
  g_autofree gchar *journal =
      g_build_filename (path, ".vm-ann-1.journal", NULL);
  gint64 until = g_get_monotonic_time () + DEADLINE;

  while (g_file_test (part, G_FILE_TEST_EXISTS)
         || g_file_test (journal, G_FILE_TEST_EXISTS))
    if (g_get_monotonic_time () > until)
      return FALSE;
  return TRUE;
}

/* At the start, and while it runs on and on. */
GST_START_TEST (test_abandoned_files_go)
{
  g_autofree gchar *before = make_abandoned (VM_RECEIVE_PART_AGE);
  g_autoptr (VmFileReceiver) self = start_receiver (VM_ACCEPT_ASK);
  g_autofree gchar *later = NULL;

  fail_unless (is_gone (before));
  later = make_abandoned (VM_RECEIVE_PART_AGE);
  offer (self, "bob", "one");
  wait_said ("one:pending");
  fail_unless (g_file_test (later, G_FILE_TEST_EXISTS));
  /* an hour later; the thread is at rest */
  vm_file_receiver_drain (self);
  self->clean_at = 0;
  offer (self, "bob", "two");
  fail_unless (is_gone (later));
  vm_file_receiver_stop (self);
}

GST_END_TEST;

/* Two receivers of one folder, as in a meeting one for each participant. */

static VmReceiveFolder *
open_folder (VmOverwrite overwrite, guint64 quota)
{
  const VmReceiveRules rules = { .overwrite = overwrite, .quota = quota };
  g_autoptr (GError) error = NULL;
  VmReceiveFolder *folder = vm_receive_folder_open (path, &rules, &error);

  g_assert_no_error (error);
  return folder;
}

static VmReceiveFile *
begin (VmReceiveFolder *folder, const gchar *sender, const gchar *transfer,
    const gchar *name, guint64 size, GError **error)
{
  const VmJournalHeader header = { .device = (gchar *) sender,
    .name = (gchar *) name,
    .size = size,
    .chunk_size = 65536 };

  return vm_receive_folder_begin (folder, sender, transfer, &header, error);
}

GST_START_TEST (test_name_is_taken_for_all)
{
  static const VmOverwrite rules[] = { VM_OVERWRITE_NEVER, VM_OVERWRITE_REPLACE,
    VM_OVERWRITE_RENAME };
  g_autoptr (VmReceiveFolder) one = open_folder (rules[__i__], 0);
  g_autoptr (VmReceiveFolder) two = open_folder (rules[__i__], 0);
  g_autoptr (GError) error = NULL;
  VmReceiveFile *first = begin (one, "ann", "1", "a", 10, &error), *second;

  g_assert_no_error (error);
  second = begin (two, "bob", "1", "A", 10, &error);
  if (rules[__i__] == VM_OVERWRITE_RENAME) {
    g_assert_no_error (error);
    vm_receive_file_discard (second);
  } else {
    fail_unless (second == NULL);
    g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  }
  g_clear_error (&error);
  vm_receive_file_discard (first);
  second = begin (two, "bob", "1", "A", 10, &error);
  g_assert_no_error (error);
  vm_receive_file_discard (second);
}

GST_END_TEST;

/* What is left unfinished has its room in the quota; its own sender's makes room for
 * what that sends instead, and nobody else's does. */
GST_START_TEST (test_unfinished_files_count)
{
  g_autoptr (VmReceiveFolder) folder = open_folder (VM_OVERWRITE_NEVER, 150);
  g_autofree gchar *part = g_build_filename (path, ".vm-ann-1.part", NULL);
  g_autoptr (GError) error = NULL;
  VmReceiveFile *file = begin (folder, "ann", "1", "a", 100, &error);

  g_assert_no_error (error);
  vm_receive_file_free (file);
  fail_unless (begin (folder, "bob", "1", "b", 100, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
  g_clear_error (&error);
  /* it goes on, counted once */
  file = begin (folder, "ann", "2", "a", 100, &error);
  g_assert_no_error (error);
  vm_receive_file_free (file);
  fail_unless (g_file_test (part, G_FILE_TEST_EXISTS));
  /* or is followed by another */
  file = begin (folder, "ann", "3", "c", 101, &error);
  g_assert_no_error (error);
  fail_if (g_file_test (part, G_FILE_TEST_EXISTS));
  vm_receive_file_discard (file);
  file = begin (folder, "bob", "1", "b", 150, &error);
  g_assert_no_error (error);
  vm_receive_file_free (file);
  /* somebody has removed it by hand */
  g_free (g_steal_pointer (&part));
  part = g_build_filename (path, ".vm-bob-1.part", NULL);
  fail_unless (g_unlink (part) == 0);
  file = begin (folder, "ann", "4", "d", 150, &error);
  g_assert_no_error (error);
  vm_receive_file_discard (file);
}

GST_END_TEST;

/* Who knows only the basic messages may count its files from 1 each day. */
GST_START_TEST (test_id_of_another_file)
{
  g_autoptr (VmReceiveFolder) folder = open_folder (VM_OVERWRITE_NEVER, 0);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *name = g_strdup_printf ("file%u", i);
    VmReceiveFile *file = begin (folder, "ann", "1", name, 100 + i, &error);

    g_assert_no_error (error);
    vm_receive_file_free (file);
  }
}

GST_END_TEST;

static Suite *
filereceiver_suite (void)
{
  Suite *s = suite_create ("filereceiver");
  TCase *tc = tcase_create ("filereceiver");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_two_of_one_id);
  tcase_add_test (tc, test_abandoned_files_go);
  tcase_add_loop_test (tc, test_name_is_taken_for_all, 0, 3);
  tcase_add_test (tc, test_unfinished_files_count);
  tcase_add_test (tc, test_id_of_another_file);
  return s;
}

GST_CHECK_MAIN (filereceiver);
