/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/trust/storefixture.h"

#include <gst/videomeet/trust/store/storefile.h>
#include <gst/videomeet/videomeet.h>
#include <string.h>

/* One store and several processes. */

#define WRITERS 3
#define ROUNDS 40
#define WRITER "VM_STORE_WRITER" /* makes this program a writer: its number */
#define FOLDER "VM_STORE_FOLDER"

static gchar *
id_of (guint writer, guint round)
{
  return g_strdup_printf (
      "%c%c%c%c-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA",
      'B' + writer, 'A' + round / 16, 'A' + round % 16, 'A');
}

/* Of another process: revokes devices of its own, and now and then trusts Ann
 * anew, whom all of them know. Returns its exit status. */
static int
be_writer (void)
{
  guint writer = g_ascii_strtoull (g_getenv (WRITER), NULL, 10);
  g_autoptr (VmTrustStore) store = vm_trust_store_new (g_getenv (FOLDER));
  g_autoptr (VmIdentity) me = vm_identity_load (g_getenv (FOLDER), NULL);
  g_autofree gchar *beside =
      g_build_filename (g_getenv (FOLDER), "..", "ann", NULL);
  g_autoptr (VmIdentity) ann = vm_identity_load (beside, NULL);
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (FIXTURE_NOW);

  for (guint i = 0; i < ROUNDS; i++) {
    g_autofree gchar *id = id_of (writer, i);
    g_autofree gchar *revoked = vm_trust_store_revoke (store, id, now, NULL);
    g_autoptr (VmToken) given = vm_token_issue (me, vm_identity_get_spki (ann),
        1 + (writer + i) % VM_PERMISSIONS_ALL, NULL, FIXTURE_NOW,
        FIXTURE_NOW + FIXTURE_DAY, NULL);

    if (!revoked
        || !vm_trust_store_add (store, "Ann", "laptop",
            vm_identity_get_tls_certificate (ann), given, NULL, now, NULL))
      return 1;
  }
  return 0;
}

static void
on_exit_of (GPid pid, gint status, gpointer data)
{
  gint *left = data;

  fail_unless (g_spawn_check_wait_status (status, NULL));
  g_spawn_close_pid (pid);
  (*left)--;
}

static void
start_writer (guint number, gint *left)
{
  g_autofree gchar *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree gchar *text = g_strdup_printf ("%u", number);
  const gchar *argv[] = { self, NULL };
  g_auto (GStrv) env = g_get_environ ();
  g_autoptr (GError) error = NULL;
  GPid pid;

  env = g_environ_setenv (env, WRITER, text, TRUE);
  env = g_environ_setenv (env, FOLDER, f.folder, TRUE);
  g_spawn_async (NULL, (gchar **) argv, env, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
      NULL, &pid, &error);
  g_assert_no_error (error);
  g_child_watch_add (pid, on_exit_of, left);
  (*left)++;
}

/* While they write, everything that is read is whole; when they are done,
 * nothing of what any of them wrote is lost. */
GST_START_TEST (test_is_not_torn)
{
  gint left = 0;
  guint seen = 0;
  g_autoptr (GPtrArray) all = NULL;

  fail_unless (
      fixture_trust (f.ann, "Ann", "laptop", VM_PERMISSIONS_CALL, NULL));
  for (guint i = 0; i < WRITERS; i++)
    start_writer (i, &left);
  /* the test's own deadline is that of the program */
  while (left > 0) {
    g_autoptr (VmTrustFacts) facts = fixture_know (f.ann);
    g_autoptr (GHashTable) revoked = NULL;

    fail_unless (facts->given && !facts->damaged);
    fail_unless_equals_string (facts->user, "Ann");
    fail_unless (vm_trust_store_read_revoked (f.store, &revoked));
    fail_unless (g_hash_table_size (revoked) >= seen);
    seen = g_hash_table_size (revoked);
    g_main_context_iteration (NULL, FALSE);
  }
  all = vm_trust_store_know_all (f.store, f.now);
  fail_unless_equals_int (all->len, 1 + WRITERS * ROUNDS);
  for (guint i = 0; i < WRITERS * ROUNDS; i++) {
    g_autofree gchar *id = id_of (i / ROUNDS, i % ROUNDS);
    g_autoptr (VmTrustFacts) facts =
        vm_trust_store_know (f.store, id, NULL, NULL, f.now);

    fail_unless (facts->revoked, "%s was lost", id);
  }
}

GST_END_TEST;

typedef struct
{
  VmTrustStore *store;
  GDateTime *now;
  guint number;
} Thread;

static gpointer
revoke_some (gpointer data)
{
  Thread *thread = data;

  for (guint i = 0; i < ROUNDS; i++) {
    g_autofree gchar *id = id_of (thread->number, i);
    g_autofree gchar *revoked =
        vm_trust_store_revoke (thread->store, id, thread->now, NULL);

    if (!revoked)
      return GINT_TO_POINTER (1);
  }
  return NULL;
}

GST_START_TEST (test_threads_share_it_too)
{
  Thread data[WRITERS];
  GThread *threads[WRITERS];
  g_autoptr (GHashTable) revoked = NULL;

  for (guint i = 0; i < WRITERS; i++) {
    data[i] = (Thread){ f.store, f.now, i };
    threads[i] = g_thread_new ("writer", revoke_some, &data[i]);
  }
  for (guint i = 0; i < WRITERS; i++)
    fail_unless (g_thread_join (threads[i]) == NULL);
  fail_unless (vm_trust_store_read_revoked (f.store, &revoked));
  fail_unless_equals_int (g_hash_table_size (revoked), WRITERS * ROUNDS);
}

GST_END_TEST;

static gpointer
revoke_ann (gpointer data)
{
  Thread *thread = data;
  g_autofree gchar *id =
      vm_trust_store_revoke (thread->store, "Ann", thread->now, NULL);

  return GINT_TO_POINTER (id != NULL);
}

/* What is known of Ann, alone or among all. */
static VmTrustFacts *
know_ann (gboolean among_all)
{
  g_autoptr (GPtrArray) all = NULL;

  if (!among_all)
    return fixture_know (f.ann);
  all = vm_trust_store_know_all (f.store, f.now);
  fail_unless_equals_int (all->len, 1);
  return g_ptr_array_steal_index (all, 0);
}

/* A device whose trust is withdrawn meanwhile is trusted or revoked: one that
 * is neither is a stranger, whom an open meeting lets in. */
GST_START_TEST (test_is_never_neither)
{
  const gchar *id = vm_identity_get_device_id (f.ann);
  Thread data = { f.store, f.now, 0 };

  for (guint i = 0; i < 4 * ROUNDS; i++) {
    gboolean revoked = FALSE;
    GThread *thread;

    fail_unless (
        fixture_trust (f.ann, "Ann", "laptop", VM_PERMISSIONS_CALL, NULL));
    thread = g_thread_new ("revoker", revoke_ann, &data);
    while (!revoked) {
      g_autoptr (VmTrustFacts) facts = know_ann (i % 2);

      fail_unless (facts->given || facts->revoked);
      fail_if (facts->given && facts->revoked);
      revoked = facts->revoked;
    }
    fail_unless (g_thread_join (thread) != NULL);
    fail_unless (vm_trust_store_pardon (f.store, id, NULL));
  }
}

GST_END_TEST;

/* Whoever reads is not kept waiting by who writes, or has died at it. */
GST_START_TEST (test_readers_need_no_lock)
{
  gint lock;
  g_autoptr (VmTrustFacts) facts = NULL;

  fail_unless (
      fixture_trust (f.ann, "Ann", "laptop", VM_PERMISSIONS_CALL, NULL));
  lock = vm_store_lock (f.folder, VM_STORE_LOCK_MS, NULL);
  fail_unless (lock >= 0);
  facts = fixture_know (f.ann);
  fail_unless_equals_int (facts->given, VM_PERMISSIONS_CALL);
  /* a known device is pinned by looking alone */
  fixture_pin (f.ann, "Ann", "laptop");
  vm_store_unlock (lock);
}

GST_END_TEST;

/* A process that hangs with the lock held is waited for, but not for ever. */
GST_START_TEST (test_lock_has_a_deadline)
{
  gint held = vm_store_lock (f.folder, VM_STORE_LOCK_MS, NULL);
  gint again;
  g_autoptr (GError) error = NULL;

  fail_unless (held >= 0);
  fail_unless_equals_int (vm_store_lock (f.folder, 20, &error), -1);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN);
  vm_store_unlock (held);
  again = vm_store_lock (f.folder, 20, NULL);
  fail_unless (again >= 0);
  vm_store_unlock (again);
}

GST_END_TEST;

static Suite *
storeshared_suite (void)
{
  Suite *s = suite_create ("storeshared");
  TCase *tc = tcase_create ("shared");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_test (tc, test_is_not_torn);
  tcase_add_test (tc, test_threads_share_it_too);
  tcase_add_test (tc, test_is_never_neither);
  tcase_add_test (tc, test_readers_need_no_lock);
  tcase_add_test (tc, test_lock_has_a_deadline);
  return s;
}

int
main (int argc, char **argv)
{
  if (g_getenv (WRITER))
    return be_writer ();
  gst_check_init (&argc, &argv);
  return gst_check_run_suite (storeshared_suite (), "storeshared", __FILE__);
}
