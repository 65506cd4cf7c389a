/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A sender that was killed and is back at once, as another participant, while
 * the receiver still has the first one's file open. */

#include "program.h"

#include <gst/videomeet/transfer/disk/receivefolder.h>
#include <string.h>

#define CHUNK 65536
#define LONG (60 * G_USEC_PER_SEC)
/* In which what does not wait would have been done. */
#define MOMENT (200 * 1000)

static gchar *path;
static VmReceiveRules rules;
static guint8 data[2 * CHUNK];

static void
setup (void)
{
  path = g_dir_make_tmp ("vm-receive-XXXXXX", NULL);
  rules = (VmReceiveRules){ .patience = LONG };
  for (gsize i = 0; i < sizeof data; i++)
    data[i] = i * 7 + i / CHUNK * 13;
}

static void
teardown (void)
{
  const gchar *argv[] = { "rm", "-rf", path, NULL };

  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&path, g_free);
}

/* One participant's receiver. */
static VmReceiveFolder *
open_folder (void)
{
  g_autoptr (GError) error = NULL;
  VmReceiveFolder *folder = vm_receive_folder_open (path, &rules, &error);

  g_assert_no_error (error);
  return folder;
}

static VmReceiveFile *
begin (VmReceiveFolder *folder, const gchar *name, const gchar *transfer,
    GError **error)
{
  const VmJournalHeader header = { .device = (gchar *) "ann",
    .name = (gchar *) name,
    .size = sizeof data,
    .chunk_size = CHUNK };

  return vm_receive_folder_begin (folder, "ann", transfer, &header, error);
}

/* Of which the first chunk has come. */
static VmReceiveFile *
begin_first (VmReceiveFolder *folder)
{
  g_autoptr (GError) error = NULL;
  VmReceiveFile *file = begin (folder, "a", "one", &error);
  guint8 hash[VM_SHA256_SIZE];

  g_assert_no_error (error);
  vm_sha256 (data, CHUNK, hash);
  fail_unless (vm_receive_file_write (file, 0, data, CHUNK, hash, NULL));
  return file;
}

typedef struct
{
  VmReceiveFolder *folder;
  const gchar *name;
  GMutex lock; /* of what follows */
  GCond cond;
  gboolean done;
  VmReceiveFile *file;
  GError *error;
} Second;

static gpointer
begin_second (gpointer user_data)
{
  Second *self = user_data;
  GError *error = NULL;
  VmReceiveFile *file = begin (self->folder, self->name, "two", &error);

  g_mutex_lock (&self->lock);
  self->file = file;
  self->error = error;
  self->done = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  return NULL;
}

/* Whether it was done in a moment. */
static gboolean
is_done (Second *self)
{
  gint64 end = g_get_monotonic_time () + MOMENT;
  gboolean done;

  g_mutex_lock (&self->lock);
  while (!self->done && g_cond_wait_until (&self->cond, &self->lock, end))
    ;
  done = self->done;
  g_mutex_unlock (&self->lock);
  return done;
}

static void
second_clear (Second *self)
{
  g_clear_pointer (&self->file, vm_receive_file_free);
  g_clear_error (&self->error);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

GST_START_TEST (test_goes_on_once_the_first_is_gone)
{
  g_autoptr (VmReceiveFolder) one = open_folder (), two = open_folder ();
  VmReceiveFile *first = begin_first (one);
  Second second = { two, "a" };
  GThread *thread = g_thread_new ("second", begin_second, &second);

  fail_if (is_done (&second));
  vm_receive_file_free (first);
  g_thread_join (thread);
  g_assert_no_error (second.error);
  fail_unless_equals_uint64 (vm_receive_file_count (second.file), 1);
  second_clear (&second);
}

GST_END_TEST;

/* Of an agent, whose transfers have one folder: the first is told. */
GST_START_TEST (test_waits_among_several)
{
  g_autoptr (VmReceiveFolder) folder = NULL;
  VmReceiveFile *first;
  Second second;
  GThread *thread;

  rules.several = TRUE;
  folder = open_folder ();
  first = begin_first (folder);
  second = (Second){ folder, "a" };
  fail_if (vm_receive_file_is_wanted (first));
  thread = g_thread_new ("second", begin_second, &second);
  fail_if (is_done (&second));
  fail_unless (vm_receive_file_is_wanted (first));
  vm_receive_file_free (first);
  g_thread_join (thread);
  g_assert_no_error (second.error);
  fail_unless_equals_uint64 (vm_receive_file_count (second.file), 1);
  second_clear (&second);
}

GST_END_TEST;

GST_START_TEST (test_stopped_while_it_waits)
{
  g_autoptr (VmReceiveFolder) one = open_folder (), two = open_folder ();
  VmReceiveFile *first = begin_first (one);
  Second second = { two, "a" };
  GThread *thread = g_thread_new ("second", begin_second, &second);

  fail_if (is_done (&second));
  vm_receive_folder_stop (two);
  g_thread_join (thread);
  g_assert_error (second.error, VM_ERROR, VM_ERROR_DISCONNECTED);
  second_clear (&second);
  vm_receive_file_free (first);
}

GST_END_TEST;

static const struct
{
  gint64 patience;
  VmOverwrite overwrite;
} ends[] = { { 0, VM_OVERWRITE_RENAME }, { 1, VM_OVERWRITE_RENAME },
  { 1, VM_OVERWRITE_NEVER } };

/* The first goes on, and the second is begun beside it if it may be. */
GST_START_TEST (test_not_for_ever)
{
  g_autoptr (VmReceiveFolder) one = NULL, two = NULL;
  g_autoptr (VmReceiveFile) first = NULL, second = NULL;
  g_autoptr (GError) error = NULL;

  rules.patience = ends[__i__].patience;
  rules.overwrite = ends[__i__].overwrite;
  one = open_folder ();
  two = open_folder ();
  first = begin_first (one);
  second = begin (two, "a", "two", &error);
  if (rules.overwrite == VM_OVERWRITE_NEVER) {
    g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  } else {
    g_assert_no_error (error);
    fail_unless_equals_uint64 (vm_receive_file_count (second), 0);
  }
}

GST_END_TEST;

/* Nor for what is another file, or comes to the same receiver. */
GST_START_TEST (test_not_for_others)
{
  g_autoptr (VmReceiveFolder) one = open_folder (), two = open_folder ();
  g_autoptr (VmReceiveFile) first = begin_first (one);
  Second second = { two, "b" }, third = { one, "a" };
  GThread *thread = g_thread_new ("second", begin_second, &second);

  g_thread_join (thread);
  g_assert_no_error (second.error);
  thread = g_thread_new ("third", begin_second, &third);
  g_thread_join (thread);
  g_assert_error (third.error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  second_clear (&second);
  second_clear (&third);
}

GST_END_TEST;

static Suite *
receivewait_suite (void)
{
  Suite *s = suite_create ("receivewait");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_goes_on_once_the_first_is_gone);
  tcase_add_test (tc, test_waits_among_several);
  tcase_add_test (tc, test_stopped_while_it_waits);
  tcase_add_loop_test (tc, test_not_for_ever, 0, G_N_ELEMENTS (ends));
  tcase_add_test (tc, test_not_for_others);
  return s;
}

CHECK_PROGRAM (receivewait)
