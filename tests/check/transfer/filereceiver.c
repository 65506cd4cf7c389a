/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One folder and several who send into it: whose transfer an answer is for,
 * whose a name, what is left of a quota, and that nobody waits for another's
 * disk. For that the program has its own pread(). */

#include "program.h"

#include <gst/videomeet/transfer/objects/incomingfile.h>
#include <gst/videomeet/transfer/objects/vmfilereceiver-priv.h>
#include <gst/videomeet/transfer/message/messagestructure.h>
#include <gst/videomeet/transfer/disk/receivefolder.h>
#include <gst/videomeet/vmtransferstate.h>
#include <glib/gstdio.h>
#include <dlfcn.h>
#include <fcntl.h>
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

static gint slow; /* atomic: the disk, for whoever reads what ann has sent */
static gboolean stuck; /* somebody */

static void
be_slow (void)
{
  g_mutex_lock (&lock);
  stuck = TRUE;
  g_cond_broadcast (&cond);
  while (g_atomic_int_get (&slow))
    g_cond_wait (&cond, &lock);
  stuck = FALSE;
  g_mutex_unlock (&lock);
}

static gboolean
is_anns (int fd)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree gchar *file = g_file_read_link (path, NULL);

  return file && strstr (file, "/.vm-ann-") && g_str_has_suffix (file, ".part");
}

/* In place of the C library's, for this program and its libraries. */
__attribute__ ((visibility ("default"))) ssize_t
pread (int fd, void *data, size_t size, off_t offset)
{
  static const gchar *const symbol = sizeof offset == 8 ? "pread64" : "pread";
  ssize_t (*next) (int, void *, size_t, off_t) =
      (ssize_t (*) (int, void *, size_t, off_t)) dlsym (RTLD_NEXT, symbol);

  if (g_atomic_int_get (&slow) && is_anns (fd))
    be_slow ();
  return next (fd, data, size, offset);
}

static void
set_slow (gboolean value)
{
  g_mutex_lock (&lock);
  g_atomic_int_set (&slow, value);
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
  fail_unless (vm_file_receiver_push (self, message, from, NULL, FALSE));
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

static void
write_first (VmReceiveFile *file, gsize size)
{
  g_autofree guint8 *data = g_malloc0 (size);
  g_autoptr (GError) error = NULL;
  guint8 hash[VM_SHA256_SIZE];

  vm_sha256 (data, size, hash);
  vm_receive_file_write (file, 0, data, size, hash, &error);
  g_assert_no_error (error);
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

/* What is left unfinished has its room in the quota; its own sender's makes
 * room for what that sends instead, and nobody else's does. */
GST_START_TEST (test_unfinished_files_count)
{
  g_autoptr (VmReceiveFolder) folder = open_folder (VM_OVERWRITE_NEVER, 150);
  g_autofree gchar *part = g_build_filename (path, ".vm-ann-1.part", NULL);
  g_autoptr (GError) error = NULL;
  VmReceiveFile *file = begin (folder, "ann", "1", "a", 100, &error);

  g_assert_no_error (error);
  write_first (file, 100);
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
  write_first (file, 150);
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

static void
on_reply (VmFileReceiver *self, const GstStructure *message, const gchar *to,
    gpointer data)
{
  const gchar *reason = gst_structure_get_string (message, "reason");

  if (!reason)
    reason = gst_structure_get_string (message, "message");
  g_mutex_lock (&lock);
  g_string_append_printf (said, "%s %s %s ", gst_structure_get_name (message),
      gst_structure_get_string (message, "transferId"), reason ? reason : "");
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
}

/* Who sends hears what is the matter, but for what is where on this device. */
GST_START_TEST (test_folder_is_gone)
{
  g_autoptr (VmFileReceiver) self = start_receiver (VM_ACCEPT_AUTO);

  g_signal_connect (self, "reply", G_CALLBACK (on_reply), NULL);
  fail_unless_equals_int (g_rmdir (path), 0);
  offer (self, "bob", "holiday");
  wait_said ("holiday:failed");
  wait_said ("Its folder, or the unfinished file, is gone");
  vm_file_receiver_stop (self);
}

GST_END_TEST;

static guint
count_own (void)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;
  guint count = 0;

  while ((name = g_dir_read_name (dir)))
    count += g_str_has_prefix (name, ".vm-");
  return count;
}

static void
push (VmFileReceiver *self, const gchar *from, VmTransferMessage *message)
{
  fail_unless (vm_file_receiver_push (self, message, from, NULL, FALSE));
}

/* Files of zeros, in chunks of 1 KiB; each of one who has its name and id. */
#define CHUNK 1024
#define CHUNKS 8

static VmTransferMessage *
make_offer (const gchar *who, const gchar *id)
{
  VmTransferMessage *message =
      vm_transfer_message_new (VM_TRANSFER_FILE_OFFER, id);

  message->filename = g_strdup (who);
  message->size = CHUNKS * CHUNK;
  message->chunk_size = CHUNK;
  message->encodings = VM_TRANSFER_ENCODING_JSON;
  return message;
}

static void
push_offer (VmFileReceiver *self, const gchar *who, const gchar *id)
{
  push (self, who, make_offer (who, id));
}

static void
push_chunks (VmFileReceiver *self, const gchar *who, const gchar *id,
    guint first, guint end)
{
  VmTransferMessage *start = vm_transfer_message_new (VM_TRANSFER_START, id);

  start->chunk_size = CHUNK;
  start->total = CHUNKS;
  push (self, who, start);
  for (guint i = first; i < end; i++) {
    VmTransferMessage *chunk =
        vm_transfer_message_new (VM_TRANSFER_CHUNK_DATA, id);
    gpointer zeros = g_malloc0 (CHUNK);

    chunk->index = i;
    chunk->data = g_bytes_new_take (zeros, CHUNK);
    chunk->has_hash = TRUE;
    vm_sha256 (zeros, CHUNK, chunk->hash);
    push (self, who, chunk);
  }
}

static void
push_complete (VmFileReceiver *self, const gchar *who, const gchar *id)
{
  VmTransferMessage *message =
      vm_transfer_message_new (VM_TRANSFER_COMPLETE, id);
  g_autofree guint8 *zeros = g_malloc0 (CHUNKS * CHUNK);

  message->total = CHUNKS;
  message->has_hash = TRUE;
  vm_sha256 (zeros, CHUNKS * CHUNK, message->hash);
  push (self, who, message);
}

static void
forget_said (void)
{
  g_mutex_lock (&lock);
  g_string_truncate (said, 0);
  g_mutex_unlock (&lock);
}

static void
wait_stuck (void)
{
  gint64 until = g_get_monotonic_time () + DEADLINE;

  g_mutex_lock (&lock);
  while (!stuck)
    fail_unless (g_cond_wait_until (&cond, &lock, until));
  g_mutex_unlock (&lock);
}

/* All of it but the last chunk is there, of a transfer that is over. */
static void
leave_unfinished (VmFileReceiver *self)
{
  VmTransferMessage *error = vm_transfer_message_new (VM_TRANSFER_ERROR, "1");

  push_offer (self, "ann", "1");
  wait_said ("ann:transferring");
  push_chunks (self, "ann", "1", 0, CHUNKS - 1);
  error->code = g_strdup ("FAILED");
  push (self, "ann", error);
  wait_said ("ann:failed");
  forget_said ();
}

#define PIECES 16

/* Of what is held, at the limit and on either side; what is beyond is said
 * again. */
GST_START_TEST (test_bytes_that_are_held)
{
  const gsize total =
      VM_FILE_RECEIVER_HELD_MAX - VM_FILE_RECEIVER_MESSAGE_SIZE + __i__;
  g_autoptr (VmFileReceiver) self = start_receiver (VM_ACCEPT_AUTO);

  leave_unfinished (self);
  set_slow (TRUE);
  push_offer (self, "ann", "2");
  wait_stuck ();
  for (guint i = 0; i < PIECES; i++) {
    VmTransferMessage *chunk =
        vm_transfer_message_new (VM_TRANSFER_CHUNK_DATA, "2");
    gsize size = total / PIECES + (i ? 0 : total % PIECES)
                 - VM_FILE_RECEIVER_MESSAGE_SIZE;

    chunk->data = g_bytes_new_take (g_malloc0 (size), size);
    vm_file_receiver_push (self, chunk, "ann", NULL, FALSE);
  }
  vm_file_receiver_push (self,
      vm_transfer_message_new (VM_TRANSFER_CANCEL, "2"), "ann", NULL, FALSE);
  /* all of it has been taken once another's file, behind it, is begun */
  vm_file_receiver_push (self, make_offer ("bob", "1"), "bob", NULL, FALSE);
  wait_said ("bob:transferring");
  set_slow (FALSE);
  fail_unless (vm_file_receiver_drain (self));
  wait_said ("ann:transferring");
  fail_unless_equals_int (strstr (said->str, "ann:failed") != NULL, __i__ <= 0);
  vm_file_receiver_stop (self);
}

GST_END_TEST;

/* While a file is read again, because it goes on or because it is whole,
 * another's is begun, received and verified; and it itself is not taken back in
 * between. */
GST_START_TEST (test_nobody_waits_for_another)
{
  g_autoptr (VmFileReceiver) self = start_receiver (VM_ACCEPT_AUTO);
  gboolean commits = __i__;

  leave_unfinished (self);
  if (!commits)
    set_slow (TRUE);
  push_offer (self, "ann", "2");
  if (commits) {
    wait_said ("ann:transferring");
    push_chunks (self, "ann", "2", CHUNKS - 1, CHUNKS);
    fail_unless (vm_file_receiver_drain (self));
    set_slow (TRUE);
    push_complete (self, "ann", "2");
  }
  wait_stuck ();
  push (self, "ann", vm_transfer_message_new (VM_TRANSFER_CANCEL, "2"));
  push_offer (self, "bob", "1");
  wait_said ("bob:transferring");
  push_chunks (self, "bob", "1", 0, CHUNKS);
  push_complete (self, "bob", "1");
  wait_said ("bob:completed");
  set_slow (FALSE);
  wait_said (commits ? "ann:completed" : "ann:failed");
  vm_file_receiver_stop (self);
  fail_unless_equals_int (count_own (), 0);
}

GST_END_TEST;

/* Whoever offers and goes leaves nothing that takes room, or a name of the
 * sender's choice. */
GST_START_TEST (test_nothing_came)
{
  g_autoptr (VmReceiveFolder) folder = open_folder (VM_OVERWRITE_NEVER, 150);
  g_autoptr (GError) error = NULL;
  VmReceiveFile *file;

  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *id = g_strdup_printf ("%u", i);

    file = begin (folder, "ann", id, "a", i < 2 ? 100 : 0, &error);
    g_assert_no_error (error);
    fail_unless_equals_int (count_own (), 2);
    vm_receive_file_free (file);
    fail_unless_equals_int (count_own (), 0);
  }
  file = begin (folder, "bob", "1", "b", 150, &error);
  g_assert_no_error (error);
  vm_receive_file_discard (file);
}

GST_END_TEST;

/* A folder with more than it may have: those that are old go, too. */
GST_START_TEST (test_too_many_are_cleaned)
{
  g_autoptr (VmReceiveFolder) folder = open_folder (VM_OVERWRITE_NEVER, 0);
  gint64 later = g_get_real_time () / G_USEC_PER_SEC + 2 * VM_RECEIVE_PART_AGE;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i <= VM_RECEIVE_ENTRIES_MAX; i++) {
    g_autofree gchar *name = g_strdup_printf ("%s/.vm-eve-%u.part", path, i);
    gint fd = open (name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    fail_unless (fd >= 0);
    close (fd);
  }
  fail_unless (begin (folder, "bob", "1", "b", 100, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
  g_clear_error (&error);
  fail_unless_equals_int (
      vm_receive_folder_clean (folder, later), VM_RECEIVE_ENTRIES_MAX + 1);
  vm_receive_file_discard (begin (folder, "bob", "1", "b", 100, &error));
  g_assert_no_error (error);
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
    write_first (file, 100 + i);
    vm_receive_file_free (file);
  }
}

GST_END_TEST;

static VmTransferMessage *
make_other (const gchar *name, gint64 size, gint64 mtime, guint8 hash)
{
  VmTransferMessage *message = make_offer (name, "1");

  message->size = size;
  message->mtime = mtime;
  message->has_hash = hash != 0;
  message->hash[0] = hash;
  return message;
}

static const struct
{
  const gchar *name; /* composed or not, it is the same */
  gint64 size;
  gint64 mtime; /* 0: not told */
  guint8 hash; /* 0: not told */
  gboolean other;
} others[] = {
  { "\xc3\xa9", 100, 1000, 1, FALSE },
  { "e\xcc\x81", 100, 1000, 1, FALSE },
  { "\xc3\xa9", 100, 0, 0, FALSE },
  { "e", 100, 1000, 1, TRUE },
  { "\xc3\xa9", 101, 1000, 1, TRUE },
  { "\xc3\xa9", 100, 1001, 1, TRUE },
  { "\xc3\xa9", 100, 1000, 2, TRUE },
};

/* The same offer is of a sender that has not heard; of another file it is new,
 * and so is what the application is told. */
GST_START_TEST (test_id_of_one_that_was_declined)
{
  g_autoptr (VmFileReceiver) self = start_receiver (VM_ACCEPT_ASK);
  g_autofree gchar *id = NULL;

  g_signal_connect (self, "reply", G_CALLBACK (on_reply), NULL);
  push (self, "ann", make_other ("\xc3\xa9", 100, 1000, 1));
  wait_said (":pending");
  vm_file_receiver_decline (self, "1", "No");
  wait_said ("FILE_RESPONSE 1 No");
  fail_unless (vm_file_receiver_drain (self));
  forget_said ();

  push (self, "ann",
      make_other (others[__i__].name, others[__i__].size, others[__i__].mtime,
          others[__i__].hash));
  if (!others[__i__].other) {
    wait_said ("FILE_RESPONSE 1 No");
    fail_unless (vm_file_receiver_drain (self));
    fail_if (strstr (said->str, ":pending"), "%s", said->str);
  } else {
    wait_said (":pending");
    id = told_id (others[__i__].name);
    fail_if (g_str_equal (id, "1"));
    vm_file_receiver_accept (self, id);
    wait_said (":transferring");
    fail_unless (vm_file_receiver_drain (self));
    fail_if (strstr (said->str, "No"), "%s", said->str);
  }
  vm_file_receiver_stop (self);
}

GST_END_TEST;

static void
push_whole (VmFileReceiver *self, const gchar *name)
{
  g_autofree gchar *transferring = g_strconcat (name, ":transferring", NULL);
  g_autofree gchar *completed = g_strconcat (name, ":completed", NULL);
  VmTransferMessage *message = make_offer (name, "1");

  push (self, "ann", message);
  wait_said (transferring);
  push_chunks (self, "ann", "1", 0, CHUNKS);
  push_complete (self, "ann", "1");
  wait_said (completed);
  fail_unless (vm_file_receiver_drain (self));
  forget_said ();
}

/* And one that is whole, until it is forgotten; then the same offer is new. */
GST_START_TEST (test_id_of_one_that_is_whole)
{
  g_autoptr (VmFileReceiver) self = start_receiver (VM_ACCEPT_AUTO);
  VmIncomingFile *coming;

  push_whole (self, "one");
  push_whole (self, "two");
  fail_unless_equals_int (self->transfers->len, 2);
  push (self, "ann", make_offer ("two", "1"));
  fail_unless (vm_file_receiver_drain (self));
  fail_unless_equals_int (self->transfers->len, 2);

  /* a minute later; the thread is at rest */
  coming = self->transfers->pdata[1];
  coming->over_at -= VM_FILE_RECEIVER_MEMORY + 1;
  push (self, "ann", make_offer ("two", "1"));
  wait_said ("two:pending");
  vm_file_receiver_stop (self);
}

GST_END_TEST;

/* As from a line of elements, where nobody tells that a lane is gone. */
static void
take_offer (VmFileReceiver *self, const gchar *id, guint encodings)
{
  g_autoptr (VmTransferMessage) message = make_offer ("holiday", id);
  g_autoptr (GstBuffer) buffer = NULL;
  g_autoptr (GError) error = NULL;

  message->encodings = encodings;
  buffer = vm_transfer_message_to_buffer (message, NULL);
  vm_file_receiver_take (self, buffer, "ann", &error);
  g_assert_no_error (error);
}

/* Copies of one file, or one sender that was started again: if the first is
 * there, it does not wait for what does not come. */
GST_START_TEST (test_same_file_twice)
{
  gboolean asks = __i__ == 0, seed = __i__ == 2;
  g_autoptr (VmFileReceiver) self =
      start_receiver (asks ? VM_ACCEPT_ASK : VM_ACCEPT_AUTO);
  guint encodings =
      seed ? VM_TRANSFER_ENCODING_NONE : VM_TRANSFER_ENCODING_JSON;

  g_signal_connect (self, "reply", G_CALLBACK (on_reply), NULL);
  take_offer (self, "1", encodings);
  wait_said (asks ? "holiday:pending" : "holiday:transferring");
  fail_unless (vm_file_receiver_drain (self));
  take_offer (self, "2", encodings);
  wait_said ("holiday:failed");
  if (asks)
    wait_said ("FILE_RESPONSE 1 The same file was offered anew");
  else
    wait_said ("FILE_RESPONSE 2 ");
  if (!asks && !seed)
    wait_said ("error 1 The same file was offered anew");
  fail_unless (vm_file_receiver_drain (self));
  if (seed)
    fail_if (strstr (said->str, "TRANSFER_VERIFIED"), "%s", said->str);
  vm_file_receiver_stop (self);
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
  tcase_add_loop_test (tc, test_nobody_waits_for_another, 0, 2);
  tcase_add_loop_test (tc, test_bytes_that_are_held, -1, 2);
  tcase_add_test (tc, test_folder_is_gone);
  tcase_add_test (tc, test_nothing_came);
  tcase_add_test (tc, test_too_many_are_cleaned);
  tcase_add_test (tc, test_id_of_another_file);
  tcase_add_loop_test (
      tc, test_id_of_one_that_was_declined, 0, G_N_ELEMENTS (others));
  tcase_add_test (tc, test_id_of_one_that_is_whole);
  tcase_add_loop_test (tc, test_same_file_twice, 0, 3);
  return s;
}

CHECK_PROGRAM (filereceiver)
