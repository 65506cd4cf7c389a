/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "trust/store/vmtruststore-priv.h"
#include "support/trust/storefixture.h"

#include <gst/videomeet/trust/store/storefile.h>
#include <gst/videomeet/trust/store/storewatch.h>
#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>

#define DEADLINE_S 30

/* What was told, a line each: "+user", "-user" or "!user", "damaged". */
typedef struct
{
  VmStoreWatch *watch;
  GString *told;
  gboolean late;
  gboolean free_it;
} Ear;

static Ear ear;

static const gchar *
name_of (const gchar *id)
{
  if (strcmp (id, vm_identity_get_device_id (f.ann)) == 0)
    return "ann";
  if (strcmp (id, vm_identity_get_device_id (f.bob)) == 0)
    return "bob";
  return "?";
}

static void
note (gchar sign, const gchar *const *ids)
{
  for (guint i = 0; ids[i]; i++)
    g_string_append_printf (ear.told, "%c%s ", sign, name_of (ids[i]));
}

static void
on_changed (const VmStoreChange *change, gpointer user_data)
{
  fail_unless (user_data == &ear);
  note ('+', change->added);
  note ('-', change->removed);
  note ('!', change->revoked);
  if (change->damaged)
    g_string_append (ear.told, "damaged ");
  if (ear.free_it)
    g_clear_pointer (&ear.watch, vm_store_watch_free);
}

static void
setup (void)
{
  fixture_setup ();
  ear = (Ear){ .told = g_string_new (NULL) };
}

static void
teardown (void)
{
  g_clear_pointer (&ear.watch, vm_store_watch_free);
  g_string_free (ear.told, TRUE);
  fixture_teardown ();
}

static void
watch (void)
{
  ear.watch = vm_store_watch_new (f.store, NULL, on_changed, &ear);
}

static gboolean
on_deadline (gpointer data)
{
  ear.late = TRUE;
  return G_SOURCE_REMOVE;
}

/* Waits until all of @what, and nothing else, was told. */
static void
hears (const gchar *what)
{
  guint deadline = g_timeout_add_seconds (DEADLINE_S, on_deadline, NULL);

  ear.late = FALSE;
  while (strlen (ear.told->str) < strlen (what) && !ear.late)
    g_main_context_iteration (NULL, TRUE);
  if (!ear.late)
    g_source_remove (deadline);
  fail_unless_equals_string (ear.told->str, what);
  g_string_truncate (ear.told, 0);
}

static void
trust (VmIdentity *who, const gchar *user)
{
  g_autoptr (GError) error = NULL;

  fixture_trust (who, user, "laptop", VM_PERMISSIONS_CALL, &error);
  g_assert_no_error (error);
}

static void
withdraw_at (VmIdentity *who, GDateTime *now)
{
  g_autofree gchar *id = vm_trust_store_revoke (
      f.store, vm_identity_get_device_id (who), now, NULL);

  fail_unless (id != NULL);
}

static void
withdraw (VmIdentity *who)
{
  withdraw_at (who, f.now);
}

GST_START_TEST (test_what_was_there_is_no_news)
{
  trust (f.ann, "Ann");
  watch ();
  fixture_pin (f.bob, "Bob", "phone");
  hears ("+bob ");
}

GST_END_TEST;

GST_START_TEST (test_from_nothing)
{
  g_autofree gchar *folder = g_build_filename (f.parent, "new", NULL);
  g_autoptr (VmIdentity) me = NULL;

  g_object_unref (f.store);
  f.store = vm_trust_store_new (folder);
  watch ();
  me = vm_identity_load (folder, NULL);
  fixture_pin (f.ann, "Ann", "laptop");
  hears ("+ann ");
}

GST_END_TEST;

GST_START_TEST (test_each_kind)
{
  g_autoptr (GDateTime) later = g_date_time_add (f.now, 1);
  g_autoptr (VmKnownDevice) forgotten = NULL;

  watch ();
  fixture_pin (f.ann, "Ann", "laptop");
  hears ("+ann ");
  trust (f.ann, "Ann");
  hears ("+ann ");
  trust (f.ann, "Ann"); /* another token */
  hears ("+ann ");
  withdraw (f.ann);
  hears ("!ann ");
  withdraw_at (f.ann, later); /* once more */
  hears ("!ann ");
  fail_unless (
      vm_trust_store_pardon (f.store, vm_identity_get_device_id (f.ann), NULL));
  hears ("+ann ");
  trust (f.ann, "Ann");
  hears ("+ann ");
  forgotten = vm_trust_store_forget (f.store, "Ann", NULL);
  hears ("-ann ");
  withdraw (f.bob); /* never met */
  hears ("!bob ");
}

GST_END_TEST;

/* Changes within one tick of the clock of the file system are told as well. */
GST_START_TEST (test_many_at_once)
{
  trust (f.ann, "Ann");
  trust (f.bob, "Bob");
  watch ();
  for (guint i = 0; i < 10; i++) {
    withdraw (f.ann);
    hears ("!ann ");
    fail_unless (vm_trust_store_pardon (
        f.store, vm_identity_get_device_id (f.ann), NULL));
    hears ("+ann ");
  }
}

GST_END_TEST;

GST_START_TEST (test_damaged_and_repaired)
{
  g_autofree gchar *path = g_build_filename (f.folder, "revoked", NULL);

  trust (f.ann, "Ann");
  withdraw (f.bob);
  watch ();
  g_test_expect_message (
      "videomeet", G_LOG_LEVEL_WARNING, "*nobody is trusted*");
  fail_unless (g_file_set_contents_full (
      path, "garbage", -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  /* what was on the list is not pardoned by that */
  hears ("damaged ");
  g_test_assert_expected_messages ();
}

GST_END_TEST;

/* Without descriptors nothing can be read, and nothing has changed by that. */
GST_START_TEST (test_out_of_descriptors)
{
  g_autofree gchar *path = g_build_filename (f.folder, "revoked", NULL);
  g_autoptr (GDateTime) later = g_date_time_add (f.now, 1);
  struct rlimit limit, none;
  guint shortages, deadline;

  trust (f.ann, "Ann");
  withdraw (f.bob);
  watch ();
  fail_unless_equals_int (getrlimit (RLIMIT_NOFILE, &limit), 0);
  none = limit;
  none.rlim_cur = 1;
  shortages = vm_store_shortages ();
  deadline = g_timeout_add_seconds (DEADLINE_S, on_deadline, NULL);
  fail_unless_equals_int (g_chmod (path, 0400), 0); /* looks like a change */
  fail_unless_equals_int (setrlimit (RLIMIT_NOFILE, &none), 0);
  ear.late = FALSE;
  while (vm_store_shortages () < shortages + 3 && !ear.told->len && !ear.late)
    g_main_context_iteration (NULL, TRUE);
  fail_unless_equals_int (setrlimit (RLIMIT_NOFILE, &limit), 0);
  fail_unless_equals_string (ear.told->str, "");
  fail_if (ear.late);
  g_source_remove (deadline);
  withdraw_at (f.ann, later);
  hears ("!ann ");
}

GST_END_TEST;

GST_START_TEST (test_freed_when_told)
{
  watch ();
  ear.free_it = TRUE;
  fixture_pin (f.ann, "Ann", "laptop");
  hears ("+ann ");
  fail_unless (ear.watch == NULL);
}

GST_END_TEST;

static gpointer
run_loop (gpointer loop)
{
  g_main_loop_run (loop);
  return NULL;
}

static void
on_changed_elsewhere (const VmStoreChange *change, gpointer thread)
{
  g_atomic_pointer_set ((gpointer *) thread, g_thread_self ());
  g_main_context_wakeup (NULL);
}

static gboolean
on_free (gpointer watch)
{
  vm_store_watch_free (watch);
  return G_SOURCE_REMOVE;
}

GST_START_TEST (test_in_its_context)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  gpointer told_by = NULL;
  VmStoreWatch *elsewhere =
      vm_store_watch_new (f.store, context, on_changed_elsewhere, &told_by);
  GThread *thread = g_thread_new ("watcher", run_loop, loop);
  guint deadline = g_timeout_add_seconds (DEADLINE_S, on_deadline, NULL);

  fixture_pin (f.ann, "Ann", "laptop");
  while (!g_atomic_pointer_get (&told_by) && !ear.late)
    g_main_context_iteration (NULL, TRUE);
  fail_unless (told_by == thread);
  g_source_remove (deadline);
  g_main_context_invoke (context, on_free, elsewhere);
  g_main_context_invoke (
      context, (GSourceFunc) (void *) g_main_loop_quit, loop);
  g_thread_join (thread);
}

GST_END_TEST;

static Suite *
storewatch_suite (void)
{
  Suite *s = suite_create ("storewatch");
  TCase *tc = tcase_create ("watch");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_what_was_there_is_no_news);
  tcase_add_test (tc, test_from_nothing);
  tcase_add_test (tc, test_each_kind);
  tcase_add_test (tc, test_many_at_once);
  tcase_add_test (tc, test_damaged_and_repaired);
  tcase_add_test (tc, test_out_of_descriptors);
  tcase_add_test (tc, test_freed_when_told);
  tcase_add_test (tc, test_in_its_context);
  return s;
}

CHECK_PROGRAM (storewatch)
