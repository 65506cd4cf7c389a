/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an agent takes only after its user has said yes
 * (protocol/agents.md#agent-policy). */

#include "support/net/termparty.h"

#include "program.h"

#include <gst/videomeet/server/dialect/mesh/mesh-priv.h>
#include <gst/videomeet/trust/keys/spki.h>
#include <gst/videomeet/trust/store/vmtruststore-priv.h>

#include <glib/gstdio.h>

#define FILES (VM_PERMISSIONS_FILE | VM_PERMISSIONS_FOLDER)

/* Who sends to Ann, and what her user has said of him. */
typedef struct
{
  const gchar *user; /* as he signs in */
  const gchar *allowed; /* a name; "": the id of his device; NULL: none */
  VmPermissions permissions; /* of that */
  VmPermissions token; /* of his device, which is known as Bob's; 0: none */
  gboolean asks; /* her user is asked */
} Case;

static guint64 offered; /* the id of the transfer; 0: none */
static gboolean over; /* Bob's transfer */
static GError *failure;

static void
on_offer (VmAgent *agent, const VmAgentTransfer *transfer, gpointer data)
{
  offered = transfer->id;
}

static void
on_transfer (VmAgent *agent, const VmAgentTransfer *transfer, gpointer data)
{
  if (transfer->state != VM_TRANSFER_STATE_COMPLETED
      && transfer->state != VM_TRANSFER_STATE_FAILED)
    return;
  over = TRUE;
  if (transfer->error)
    failure = g_error_copy (transfer->error);
}

static gboolean
is_asked_or_over (Party *party, const gchar *text)
{
  return offered || over;
}

static gboolean
is_over (Party *party, const gchar *text)
{
  return over;
}

static gchar *
make_folder (const Party *party, const gchar *name)
{
  gchar *path = g_build_filename (party->folder, name, NULL);

  fail_unless_equals_int (g_mkdir (path, 0700), 0);
  return path;
}

static void
open_ann (void)
{
  g_autofree gchar *in = NULL, *shared = NULL;

  make_party (&ann, "Ann");
  in = make_folder (&ann, "in");
  shared = make_folder (&ann, "shared");
  g_object_set (ann.agent, "policy", VM_POLICY_PIN, "accept", VM_ACCEPT_ASK,
      "receive-folder", in, "share-folder", shared, NULL);
  g_signal_connect (ann.agent, "offer", G_CALLBACK (on_offer), NULL);
  vm_agent_start_async (ann.agent, NULL, NULL, NULL);
}

/* As if both had agreed on it once. */
static void
give_token (VmPermissions permissions)
{
  GTlsCertificate *certificate = vm_identity_get_tls_certificate (bob.identity);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  gint64 date = g_date_time_to_unix (now);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = vm_spki_from_certificate (certificate, &error);
  g_autoptr (VmToken) token = vm_token_issue (
      ann.identity, key, permissions, NULL, date, date + 3600, &error);

  g_assert_no_error (error);
  vm_trust_store_add (
      ann.agent->store, "Bob", "desk", certificate, token, NULL, now, &error);
  g_assert_no_error (error);
}

static void
begin (const Case *one)
{
  VmServerConfig config = { .loopback_only = TRUE, .open_rooms = TRUE };

  offered = 0;
  over = FALSE;
  server = net_server (&config, NULL);
  open_ann ();
  open_party (&bob, one->user);
  g_signal_connect (bob.agent, "transfer", G_CALLBACK (on_transfer), NULL);
  if (one->allowed)
    vm_agent_allow (ann.agent,
        *one->allowed ? one->allowed : vm_identity_get_device_id (bob.identity),
        one->permissions);
  if (one->token)
    give_token (one->token);
  wait_until (is_ready, &ann, NULL);
  wait_until (is_ready, &bob, NULL);
}

static void
end (void)
{
  close_party (&bob);
  close_party (&ann);
  vm_server_stop (server);
  g_clear_object (&server);
  g_clear_error (&failure);
}

/* What comes of it is Ann's file of that path. Returns: (transfer full) */
static gchar *
begin_sending (gboolean sync)
{
  g_autofree gchar *mine = make_folder (&bob, "mine");
  g_autofree gchar *file = g_build_filename (mine, "file", NULL);
  const gchar *files[] = { file, NULL };

  fail_unless (g_file_set_contents (file, "x", -1, NULL));
  if (sync)
    vm_agent_sync_async (
        bob.agent, "Ann", mine, "", VM_AGENT_SYNC_FLAGS_NONE, NULL, NULL, NULL);
  else
    vm_agent_send_files_async (bob.agent, "Ann", files, NULL, NULL, NULL);
  return g_build_filename (ann.folder, sync ? "shared" : "in", "file", NULL);
}

/* The name that a device takes for itself makes nothing be taken without a
 * question, unless it is known by that name; neither does leave for something
 * else. */
GST_START_TEST (test_questions)
{
  static const Case cases[] = {
    { "Alice", "Alice", VM_PERMISSIONS_TERMINAL_VIEW, VM_PERMISSIONS_CALL,
        TRUE },
    { "Alice", "Alice", FILES, VM_PERMISSIONS_CALL, TRUE },
    { "Bob", "Bob", FILES, 0, TRUE },
    { "Bob", "Bob", FILES, VM_PERMISSIONS_CALL, FALSE },
    { "Bob", "", FILES, 0, FALSE },
    { "Bob", NULL, 0, VM_PERMISSIONS_CALL, TRUE },
    { "Bob", NULL, 0, FILES, FALSE },
  };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (cases); i++) {
    const Case *one = &cases[i / 2];
    g_autofree gchar *path = NULL;

    begin (one);
    path = begin_sending (i % 2);
    wait_until (is_asked_or_over, &ann, NULL);
    fail_unless ((offered != 0) == one->asks, "case %u, %s: %s", i / 2,
        i % 2 ? "a sync" : "a file", offered ? "asked" : "not asked");
    if (offered) {
      fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
      vm_agent_answer (ann.agent, offered, TRUE);
    }
    wait_until (is_over, &bob, NULL);
    g_assert_no_error (failure);
    fail_unless (g_file_test (path, G_FILE_TEST_EXISTS));
    end ();
  }
}

GST_END_TEST;

/* Much less than the time that the user has for an answer. */
#define STOP_TIME (10 * G_USEC_PER_SEC)

/* The user ends the program, and answers nothing. */
GST_START_TEST (test_stop_while_it_asks)
{
  static const Case stranger = { .user = "Bob" };

  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *path = NULL;
    gint64 began;

    begin (&stranger);
    path = begin_sending (i);
    wait_until (is_asked_or_over, &ann, NULL);
    fail_unless (offered != 0);
    began = g_get_monotonic_time ();
    stop_party (&ann);
    fail_unless (g_get_monotonic_time () - began < STOP_TIME);
    wait_until (is_over, &bob, NULL);
    fail_unless (failure != NULL);
    fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
    end ();
  }
}

GST_END_TEST;

static gboolean
has_no_session (Party *party, const gchar *text)
{
  return party->agent->sessions->len == 0;
}

/* Her user is not waited for: the session would keep its place. */
GST_START_TEST (test_sender_leaves_while_it_asks)
{
  static const Case stranger = { .user = "Bob" };

  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *path = NULL;

    begin (&stranger);
    path = begin_sending (i);
    wait_until (is_asked_or_over, &ann, NULL);
    fail_unless (offered != 0);
    stop_party (&bob);
    wait_until (has_no_session, &ann, NULL);
    fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
    end ();
  }
}

GST_END_TEST;

/* As if neither had told its key in its hello. */
static void
forget_keys (VmServer *of, gpointer data)
{
  GPtrArray *guests = vm_mesh_of (of)->guests;

  for (guint i = 0; i < guests->len; i++) {
    VmMeshGuest *guest = g_ptr_array_index (guests, i);

    g_clear_pointer (&guest->hello->certificate, g_free);
    g_clear_pointer (&guest->hello->fingerprint_signature, g_free);
  }
}

/* Agents of the base protocol: the server's word is taken under the policy open
 * alone, and what was said of the device by its id does not count then. */
GST_START_TEST (test_agents_without_a_key)
{
  static const Case named = { .user = "Bob", .allowed = "", FILES };
  static const Case known = { .user = "Bob", .token = FILES };

  for (guint i = 0; i < 3; i++) {
    VmPolicy policy = i ? VM_POLICY_OPEN : VM_POLICY_PIN;
    g_autofree gchar *path = NULL;

    begin (i < 2 ? &named : &known);
    g_object_set (ann.agent, "policy", policy, NULL);
    g_object_set (bob.agent, "policy", policy, NULL);
    net_run (server, forget_keys, NULL);
    path = begin_sending (FALSE);
    wait_until (is_asked_or_over, &ann, NULL);
    fail_unless_equals_int (offered != 0, i == 1);
    if (offered)
      vm_agent_answer (ann.agent, offered, TRUE);
    wait_until (is_over, &bob, NULL);
    fail_unless_equals_int (g_file_test (path, G_FILE_TEST_EXISTS), i == 1);
    if (i == 1)
      g_assert_no_error (failure);
    else if (i == 2)
      fail_unless (strstr (failure->message, "shows none") != NULL, "%s",
          failure->message);
    else
      fail_unless (strstr (failure->message, "agent of \"Ann\"") != NULL, "%s",
          failure->message);
    end ();
  }
}

GST_END_TEST;

static Suite *
agentasks_suite (void)
{
  Suite *suite = suite_create ("agentasks");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_questions);
  tcase_add_test (tc, test_stop_while_it_asks);
  tcase_add_test (tc, test_sender_leaves_while_it_asks);
  tcase_add_test (tc, test_agents_without_a_key);
  return suite;
}

CHECK_PROGRAM (agentasks)
