/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device asks another one for trust, over a real connection. */

#include "program.h"
#include "trust/keys/vmidentity-priv.h"

#include <gst/videomeet/node/node-priv.h>
#include <gst/videomeet/trust/store/vmtruststore-priv.h>
#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <string.h>

#define SECONDS 30 /* a sanitizer on a busy machine is slow */
/* a well-formed hash that is nobody's: 32 bytes of 0xff */
#define NOBODY "__________________________________________8"

static gchar *folder;
static VmNode *ann; /* who is asked */
static VmTrustStore *store; /* of bob, who asks */
static VmIdentity *bob;
static VmTrustRequest *request;
static GCancellable *cancellable;
static GAsyncResult *result;
static gchar *told; /* the digits that bob is shown */

static GMutex lock; /* of the two below, which the node's thread writes */
static gchar *asked, *shown; /* the request that ann is asked about */

static gchar *
path_of (const gchar *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
on_requested (VmNode *node, const gchar *request_id, const gchar *device_id,
    const gchar *name, const gchar *digits, gpointer user_data)
{
  g_mutex_lock (&lock);
  g_free (asked);
  asked = g_strdup (request_id);
  g_free (shown);
  shown = g_strdup (digits);
  g_mutex_unlock (&lock);
  g_main_context_wakeup (NULL);
}

static gboolean
is_asked (void)
{
  gboolean is;

  g_mutex_lock (&lock);
  is = asked != NULL;
  g_mutex_unlock (&lock);
  return is;
}

static void
setup (void)
{
  g_autofree gchar *theirs = NULL, *ours = NULL;
  g_autoptr (GError) error = NULL;

  folder = g_dir_make_tmp ("vm-request-XXXXXX", NULL);
  theirs = path_of ("ann");
  ours = path_of ("bob");
  ann = vm_node_new (theirs);
  g_object_set (
      ann, "user", "Ann", "device", "desk", "methods", VM_METHODS_NONE, NULL);
  g_signal_connect (ann, "trust-requested", G_CALLBACK (on_requested), NULL);
  vm_node_start (ann, VM_NODE_ROLES_SERVE, &error);
  g_assert_no_error (error);
  store = vm_trust_store_new (ours);
  bob = vm_identity_load (ours, &error);
  g_assert_no_error (error);
  cancellable = g_cancellable_new ();
}

static void
remove_all (const gchar *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *inside = g_build_filename (path, name, NULL);

    remove_all (inside);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_remove (path);
}

static void
teardown (void)
{
  vm_node_stop (ann, VM_NODE_ROLES_SERVE);
  g_clear_object (&ann);
  g_clear_object (&request);
  g_clear_object (&result);
  g_clear_object (&store);
  g_clear_object (&bob);
  g_clear_object (&cancellable);
  g_clear_pointer (&told, g_free);
  g_clear_pointer (&asked, g_free);
  g_clear_pointer (&shown, g_free);
  remove_all (folder);
  g_clear_pointer (&folder, g_free);
}

static gboolean
on_late (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_CONTINUE;
}

#define WAIT_FOR(condition)                                        \
  G_STMT_START                                                     \
  {                                                                \
    gboolean late = FALSE;                                         \
    guint timer = g_timeout_add_seconds (SECONDS, on_late, &late); \
    while (!(condition) && !late)                                  \
      g_main_context_iteration (NULL, TRUE);                       \
    g_source_remove (timer);                                       \
    fail_if (late, "never: " #condition);                          \
  }                                                                \
  G_STMT_END

static VmPermissions permissions; /* to be asked with; 0: as it is */

static void
on_digits (VmTrustRequest *of, const gchar *digits, const gchar *name,
    const gchar *device_id, gpointer user_data)
{
  fail_unless (told == NULL, "told twice");
  told = g_strdup (digits);
  fail_unless_equals_string (name, "Ann");
  fail_unless_equals_string (
      device_id, vm_identity_get_device_id (vm_node_get_identity (ann)));
}

static void
on_done (GObject *source, GAsyncResult *of, gpointer user_data)
{
  result = g_object_ref (of);
}

static void
ask_at (const gchar *uri, const gchar *key_hash)
{
  request = vm_trust_request_new (store, bob, "Bob", uri, key_hash);
  if (permissions)
    g_object_set (request, "permissions", permissions, NULL);
  g_signal_connect (request, "digits", G_CALLBACK (on_digits), NULL);
  vm_trust_request_run_async (request, cancellable, on_done, NULL);
}

static void
ask (void)
{
  g_autofree gchar *uri =
      g_strdup_printf ("https://127.0.0.1:%u", vm_node_get_port (ann));

  ask_at (uri, vm_identity_get_key_hash (vm_node_get_identity (ann)));
}

/* Both sides have their digits, which are the same. */
static void
compare (void)
{
  WAIT_FOR (told && is_asked ());
  fail_unless_equals_string (told, shown);
  fail_unless_equals_int (strlen (told), 6);
  fail_unless_equals_string (vm_trust_request_get_digits (request), told);
}

static void
answer (gboolean yes)
{
  g_autoptr (GError) error = NULL;

  if (yes)
    vm_node_approve_trust (ann, asked, &error);
  else
    vm_node_deny_trust (ann, asked, &error);
  g_assert_no_error (error);
}

/* How it ends: -1 for well. */
static void
ends (gint code)
{
  g_autoptr (GError) error = NULL;
  gboolean good;

  WAIT_FOR (result);
  good = vm_trust_request_run_finish (request, result, &error);
  fail_unless (good == (code < 0), "%s", error ? error->message : "trusted");
  if (code >= 0)
    g_assert_error (error, VM_ERROR, code);
  fail_if (vm_trust_request_confirm (request, NULL));
}

static VmTrustFacts *
know (VmTrustStore *of, VmIdentity *who)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  return vm_trust_store_know (
      of, vm_identity_get_device_id (who), NULL, NULL, now);
}

/* What both stores have of the other in the end. */
static void
check_trusted (gboolean there, gboolean here)
{
  g_autoptr (VmTrustFacts) of_bob = know (vm_node_get_trust_store (ann), bob);
  g_autoptr (VmTrustFacts) of_ann = know (store, vm_node_get_identity (ann));

  fail_unless (!!of_bob->given == there);
  fail_unless (!!of_ann->given == here);
  fail_unless (!!of_ann->held == here);
  if (there)
    fail_unless_equals_string (of_bob->user, "Bob");
  if (!here)
    return;
  fail_unless_equals_string (of_ann->user, "Ann");
  fail_unless_equals_string (of_ann->device, "desk");
  fail_unless (of_ann->given & VM_PERMISSIONS_CALL);
  fail_if (of_ann->given & VM_PERMISSIONS_INTRODUCER);
}

GST_START_TEST (test_both_confirm)
{
  g_autoptr (GError) error = NULL;

  ask ();
  fail_if (vm_trust_request_confirm (request, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  compare ();
  fail_unless (vm_trust_request_confirm (request, NULL));
  fail_if (vm_trust_request_confirm (request, NULL));
  check_trusted (FALSE, FALSE);
  answer (TRUE);
  ends (-1);
  check_trusted (TRUE, TRUE);
}

GST_END_TEST;

/* Each side chooses what it gives. */
GST_START_TEST (test_permissions)
{
  g_autoptr (VmTrustFacts) of_bob = NULL;
  g_autoptr (VmTrustFacts) of_ann = NULL;

  permissions = VM_PERMISSIONS_CALL | VM_PERMISSIONS_INTRODUCER;
  g_object_set (ann, "permissions", VM_PERMISSIONS_FILE, NULL);
  ask ();
  compare ();
  fail_unless (vm_trust_request_confirm (request, NULL));
  answer (TRUE);
  ends (-1);
  of_ann = know (store, vm_node_get_identity (ann));
  fail_unless_equals_int (of_ann->given, permissions);
  fail_unless_equals_int (of_ann->held, VM_PERMISSIONS_FILE);
  of_bob = know (vm_node_get_trust_store (ann), bob);
  fail_unless_equals_int (of_bob->given, VM_PERMISSIONS_FILE);
  permissions = VM_PERMISSIONS_NONE;
}

GST_END_TEST;

/* In the other order: the challenge waits for this user. */
GST_START_TEST (test_other_user_first)
{
  ask ();
  compare ();
  answer (TRUE);
  g_main_context_iteration (NULL, FALSE);
  check_trusted (FALSE, FALSE);
  fail_unless (vm_trust_request_confirm (request, NULL));
  ends (-1);
  check_trusted (TRUE, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_denied_here)
{
  ask ();
  compare ();
  answer (TRUE);
  vm_trust_request_deny (request);
  ends (VM_ERROR_NOT_TRUSTED);
  vm_trust_request_deny (request);
  check_trusted (FALSE, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_denied_there)
{
  ask ();
  compare ();
  fail_unless (vm_trust_request_confirm (request, NULL));
  answer (FALSE);
  ends (VM_ERROR_NOT_TRUSTED);
  check_trusted (FALSE, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_nobody_is_asked)
{
  g_object_set (ann, "approve", VM_APPROVE_NEVER, NULL);
  ask ();
  ends (VM_ERROR_NOT_TRUSTED);
  fail_if (is_asked ());
  check_trusted (FALSE, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_another_key)
{
  g_autofree gchar *uri =
      g_strdup_printf ("https://127.0.0.1:%u", vm_node_get_port (ann));

  ask_at (uri, NOBODY);
  ends (VM_ERROR_WRONG_KEY);
  fail_if (told || is_asked ());
}

GST_END_TEST;

GST_START_TEST (test_plain_http)
{
  g_autofree gchar *uri =
      g_strdup_printf ("http://127.0.0.1:%u", vm_node_get_port (ann));

  ask_at (uri, NULL);
  ends (VM_ERROR_BAD_REQUEST);
}

GST_END_TEST;

GST_START_TEST (test_nobody_there)
{
  /* "discard" of RFC 863, which nobody runs */
  ask_at ("https://127.0.0.1:9", NULL);
  ends (VM_ERROR_DISCONNECTED);
}

GST_END_TEST;

GST_START_TEST (test_given_up)
{
  g_autoptr (GError) error = NULL;

  ask ();
  compare ();
  g_cancellable_cancel (cancellable);
  WAIT_FOR (result);
  fail_if (vm_trust_request_run_finish (request, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  answer (TRUE);
  check_trusted (FALSE, FALSE);
}

GST_END_TEST;

/* What is agreed on does not take the place of a key that is known by those
 * names. */
GST_START_TEST (test_known_by_another_key)
{
  g_autofree gchar *path = path_of ("eve");
  g_autoptr (VmIdentity) eve = vm_identity_load (path, NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  fail_unless (vm_trust_store_pin (
      store, "Ann", "desk", vm_identity_get_tls_certificate (eve), now, NULL));
  ask ();
  compare ();
  fail_unless (vm_trust_request_confirm (request, NULL));
  answer (TRUE);
  ends (VM_ERROR_KEY_CHANGED);
  check_trusted (TRUE, FALSE);
}

GST_END_TEST;

/* Who compares the digits anew takes the revocation back. */
GST_START_TEST (test_trusted_again)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *id = vm_trust_store_revoke (
      store, vm_identity_get_device_id (vm_node_get_identity (ann)), now, NULL);
  g_autoptr (VmTrustFacts) before = know (store, vm_node_get_identity (ann));

  fail_unless (id && before->revoked);
  ask ();
  compare ();
  fail_unless (vm_trust_request_confirm (request, NULL));
  answer (TRUE);
  ends (-1);
  check_trusted (TRUE, TRUE);
}

GST_END_TEST;

static void
revoke_ann (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *id = vm_trust_store_revoke (
      store, vm_identity_get_device_id (vm_node_get_identity (ann)), now, NULL);

  fail_unless (id != NULL);
}

static void
check_revoked (void)
{
  g_autoptr (VmTrustFacts) facts = know (store, vm_node_get_identity (ann));

  fail_unless (facts->revoked && !facts->given);
}

/* Before the user has answered, and after. */
GST_START_TEST (test_revoked_meanwhile)
{
  ask ();
  compare ();
  if (__i__)
    fail_unless (vm_trust_request_confirm (request, NULL));
  revoke_ann ();
  ends (VM_ERROR_NOT_TRUSTED);
  check_revoked ();
  answer (TRUE);
  check_revoked ();
}

GST_END_TEST;

/* Though nobody looked at the store in between. */
GST_START_TEST (test_revoked_at_the_last_moment)
{
  revoke_ann ();
  ask ();
  compare ();
  fail_unless (vm_trust_request_confirm (request, NULL));
  answer (TRUE);
  revoke_ann ();
  ends (VM_ERROR_NOT_TRUSTED);
  check_revoked ();
}

GST_END_TEST;

static Suite *
trustrequest_suite (void)
{
  Suite *s = suite_create ("trustrequest");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 2 * SECONDS);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_both_confirm);
  tcase_add_test (tc, test_permissions);
  tcase_add_test (tc, test_other_user_first);
  tcase_add_test (tc, test_denied_here);
  tcase_add_test (tc, test_denied_there);
  tcase_add_test (tc, test_nobody_is_asked);
  tcase_add_test (tc, test_another_key);
  tcase_add_test (tc, test_plain_http);
  tcase_add_test (tc, test_nobody_there);
  tcase_add_test (tc, test_given_up);
  tcase_add_test (tc, test_known_by_another_key);
  tcase_add_test (tc, test_trusted_again);
  tcase_add_loop_test (tc, test_revoked_meanwhile, 0, 2);
  tcase_add_test (tc, test_revoked_at_the_last_moment);
  return s;
}

CHECK_PROGRAM (trustrequest)
