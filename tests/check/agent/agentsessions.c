/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two agents in a room of a real server, on loopback: files that arrive, and
 * sessions that must not begin, or must end (protocol/agents.md#sessions). */

#include "support/net/netclient.h"

#include "program.h"

#include <gst/videomeet/agent/agent-priv.h>
#include <gst/videomeet/agent/agentcandidates.h>

#include <glib/gstdio.h>
#include <string.h>

#define SOON (30 * G_USEC_PER_SEC)
#define ROOM "lab"
#define FILE_SIZE 200000

typedef struct
{
  gchar *folder;
  VmIdentity *identity;
  VmAgent *agent;
  gchar *received; /* folder */
  gchar *shared; /* folder */
  VmAgentTransfer *last; /* that is over */
  guint over; /* transfers */
  GError *refused;
} Party;

static VmServer *server;
static Party ann, bob; /* Bob sends to Ann */
static Party second; /* program of Bob's device, that only sends */
static gchar *file; /* that is sent */

static void
on_transfer (VmAgent *agent, const VmAgentTransfer *transfer, Party *party)
{
  if (transfer->state != VM_TRANSFER_STATE_COMPLETED
      && transfer->state != VM_TRANSFER_STATE_FAILED)
    return;
  g_clear_pointer (&party->last, vm_agent_transfer_free);
  party->last = vm_agent_transfer_copy (transfer);
  party->over++;
}

static void
on_refused (VmAgent *agent, const GError *error, Party *party)
{
  g_clear_error (&party->refused);
  party->refused = g_error_copy (error);
}

static gboolean
on_wake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
wait_until (gboolean (*done) (void))
{
  gint64 until = g_get_monotonic_time () + SOON;
  guint timer = g_timeout_add (20, on_wake, NULL);

  while (!done () && g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  fail_unless (done (), "it has not happened in time");
}

static gboolean
are_ready (void)
{
  return ann.agent->ready && bob.agent->ready
         && vm_agent_control_find (bob.agent->control, "Ann", NULL);
}

/* @folder: of the identity; NULL: of its own. */
static void
open_party_as (Party *party, const gchar *user, const gchar *folder)
{
  g_autofree gchar *uri =
      g_strdup_printf ("http://127.0.0.1:%u", vm_server_get_port (server));
  g_autoptr (GError) error = NULL;

  party->folder = g_dir_make_tmp ("vm-agent-XXXXXX", &error);
  g_assert_no_error (error);
  party->received = g_build_filename (party->folder, "in", NULL);
  g_mkdir (party->received, 0700);
  party->shared = g_build_filename (party->folder, "shared", NULL);
  g_mkdir (party->shared, 0700);
  party->identity = vm_identity_load (folder ? folder : party->folder, &error);
  g_assert_no_error (error);
  party->agent = vm_agent_new (party->identity, uri, ROOM, user);
  g_object_set (party->agent, "receive-folder", party->received, "share-folder",
      party->shared, "accept", VM_ACCEPT_AUTO, "policy", VM_POLICY_OPEN,
      "only-asks", folder != NULL, NULL);
  g_signal_connect (party->agent, "transfer", G_CALLBACK (on_transfer), party);
  g_signal_connect (party->agent, "refused", G_CALLBACK (on_refused), party);
  vm_agent_start_async (party->agent, NULL, NULL, NULL);
}

static void
open_party (Party *party, const gchar *user)
{
  open_party_as (party, user, NULL);
}

static void
set_up (void)
{
  g_autofree gchar *data = g_malloc0 (FILE_SIZE);
  g_autoptr (GError) error = NULL;
  VmServerConfig config = { .loopback_only = TRUE, .open_rooms = TRUE };

  server = net_server (&config, NULL);
  open_party (&ann, "Ann");
  open_party (&bob, "Bob");
  file = g_build_filename (bob.folder, "file", NULL);
  memset (data, 'x', FILE_SIZE);
  g_file_set_contents (file, data, FILE_SIZE, &error);
  g_assert_no_error (error);
  wait_until (are_ready);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer done)
{
  *(gboolean *) done = TRUE;
}

static void
remove_folder (const gchar *path)
{
  const gchar *argv[] = { "rm", "-rf", path, NULL };

  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
}

static void
close_party (Party *party)
{
  gboolean done = FALSE;

  vm_agent_stop_async (party->agent, NULL, on_stopped, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  fail_unless_equals_int (party->agent->sessions->len, 0);
  g_signal_handlers_disconnect_by_data (party->agent, party);
  fail_unless_equals_int (G_OBJECT (party->agent)->ref_count, 1);
  g_object_unref (party->agent);
  g_object_unref (party->identity);
  remove_folder (party->folder);
  g_free (party->folder);
  g_free (party->received);
  g_free (party->shared);
  g_clear_pointer (&party->last, vm_agent_transfer_free);
  g_clear_error (&party->refused);
  memset (party, 0, sizeof *party);
}

static void
tear_down (void)
{
  close_party (&bob);
  close_party (&ann);
  g_clear_pointer (&file, g_free);
  vm_server_stop (server);
  g_clear_object (&server);
}

/* What is there under a name that users see. */
static gboolean
has_received (void)
{
  g_autofree gchar *path = g_build_filename (ann.received, "file", NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static gboolean
second_is_over (void)
{
  return second.over > 0;
}

static gboolean
is_over (void)
{
  return bob.over > 0;
}

/* Through the server, and the same file once more under another name. */
GST_START_TEST (test_file)
{
  const gchar *files[] = { file, NULL };
  g_autofree gchar *path = g_build_filename (ann.received, "file", NULL);
  g_autofree gchar *data = NULL;
  gsize size;

  vm_agent_send_files_async (bob.agent, "Ann", files, NULL, NULL, NULL);
  wait_until (is_over);
  g_assert_no_error (bob.last->error);
  fail_unless_equals_string (bob.last->lane, "quic");
  fail_unless_equals_string (bob.last->user, "Ann");
  fail_unless (g_file_get_contents (path, &data, &size, NULL));
  fail_unless_equals_int (size, FILE_SIZE);
}

GST_END_TEST;

static gboolean
second_is_ready (void)
{
  return second.agent->ready;
}

/* Beside Bob's agent, another program of the same device sends. */
GST_START_TEST (test_second_program)
{
  const gchar *files[] = { file, NULL };

  open_party_as (&second, "Bob", bob.folder);
  wait_until (second_is_ready);
  vm_agent_send_files_async (second.agent, "Ann", files, NULL, NULL, NULL);
  wait_until (second_is_over);
  g_assert_no_error (second.last->error);
  fail_unless (has_received ());
  /* the one that others reach is there still */
  fail_unless (bob.agent->ready);
  fail_unless_equals_string (
      vm_agent_control_find (ann.agent->control, "Bob", NULL),
      vm_identity_get_device_id (bob.identity));
  close_party (&second);
}

GST_END_TEST;

GST_START_TEST (test_nobody_of_that_name)
{
  const gchar *files[] = { file, NULL };

  vm_agent_send_files_async (bob.agent, "Carl", files, NULL, NULL, NULL);
  wait_until (is_over);
  g_assert_error (bob.last->error, VM_ERROR, VM_ERROR_UNROUTABLE);
  /* who is there is told */
  fail_unless (strstr (bob.last->error->message, "Ann (") != NULL, "%s",
      bob.last->error->message);
}

GST_END_TEST;

/* Sessions that are made by hand */

typedef struct
{
  VmCaps caps;
  const gchar *room, *sub, *target;
  gint64 exp; /* from now */
  gint64 max_size, max_rate;
} Claims;

static const Claims good = { VM_CAP_FILE, ROOM, "user-b", NULL, 60, -1, -1 };

static gchar *
sign (const Claims *claims)
{
  g_autoptr (VmCapability) capability = vm_capability_new ();
  g_autoptr (GError) error = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gchar *token;

  capability->sub = g_strdup (claims->sub);
  capability->room_id = g_strdup (claims->room);
  capability->caps = claims->caps;
  capability->jti = g_uuid_string_random ();
  capability->target_device_id = g_strdup (claims->target);
  capability->max_size = claims->max_size;
  capability->max_rate = claims->max_rate;
  capability->exp = now + claims->exp;
  capability->iat = capability->nbf = MIN (now, capability->exp) - 10;
  token = vm_capability_sign (server->identity, capability, &error);
  g_assert_no_error (error);
  return token;
}

/* What a server would tell one side of the other, @of. */
static VmMeshNews *
make_news (const Party *of, const gchar *cap)
{
  VmMeshNews *news = g_new0 (VmMeshNews, 1);

  news->type = VM_MESH_NEWS_CREATED;
  news->session_id = g_strdup ("s-1");
  news->session_token = g_strdup ("nobody guesses this token");
  news->kind = VM_MESH_FILE;
  news->expires_in = 180;
  news->cap_token = g_strdup (cap);
  news->fingerprint = g_strdup (of->agent->fingerprint);
  news->device_id = g_strdup (vm_identity_get_device_id (of->identity));
  news->device = g_strdup ("desk");
  news->user_id = g_strdup ("user-b");
  news->user = g_strdup (of == &bob ? "Bob" : "Ann");
  news->certificate = g_strdup (vm_identity_get_certificate_pem (of->identity));
  news->fingerprint_signature = g_strdup (of->agent->proof);
  news->a = vm_agent_candidates_list (bob.agent->endpoint, TRUE);
  news->b = vm_agent_candidates_list (ann.agent->endpoint, TRUE);
  news->candidates = g_ptr_array_new_with_free_func (vm_mesh_endpoint_free);
  return news;
}

static VmAgentSession *
ask (VmMeshNews *news)
{
  g_autoptr (GError) error = NULL;
  VmAgentPeer *peer = vm_agent_proof_check (news, VM_POLICY_PIN, &error);
  VmAgentSession *session;
  VmAgentJob *job = g_new0 (VmAgentJob, 1);

  g_assert_no_error (error);
  session = vm_agent_session_new (bob.agent, news, peer);
  job->transfer_id = vm_agent_next_id (bob.agent);
  job->location = g_strdup (file);
  job->name = g_strdup ("file");
  g_queue_push_tail (&session->jobs, job);
  vm_agent_session_start (session);
  return session;
}

/* Bob is denied with that code, and Ann has got nothing. */
static void
is_denied (const gchar *cap, VmError code)
{
  g_autoptr (VmMeshNews) to_ann = make_news (&bob, cap);
  g_autoptr (VmMeshNews) to_bob = make_news (&ann, NULL);
  g_autoptr (VmAgentSession) session = NULL;

  bob.over = 0;
  vm_agent_incoming_take (ann.agent, to_ann);
  session = ask (to_bob);
  wait_until (is_over);
  g_assert_error (bob.last->error, VM_ERROR, (gint) code);
  fail_if (has_received ());
}

GST_START_TEST (test_capabilities)
{
  static const struct
  {
    Claims claims;
    VmError code;
  } cases[] = {
    { { VM_CAP_FILE, ROOM, "user-b", NULL, -1, -1, -1 }, VM_ERROR_CAP_EXPIRED },
    { { VM_CAP_FILE, "other", "user-b", NULL, 60, -1, -1 },
        VM_ERROR_CAP_INVALID },
    { { VM_CAP_FILE, ROOM, "user-c", NULL, 60, -1, -1 }, VM_ERROR_CAP_INVALID },
    { { VM_CAP_FILE, ROOM, "user-b", "somebody else", 60, -1, -1 },
        VM_ERROR_CAP_INVALID },
    { { VM_CAP_FOLDER | VM_CAP_CALL, ROOM, "user-b", NULL, 60, -1, -1 },
        VM_ERROR_CAP_REQUIRED },
    { { VM_CAP_FILE, ROOM, "user-b", NULL, 60, 0, -1 },
        VM_ERROR_P2P_SESSION_DENIED },
  };

  is_denied ("", VM_ERROR_CAP_REQUIRED);
  is_denied ("no.capability.this", VM_ERROR_CAP_INVALID);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *cap = sign (&cases[i].claims);

    is_denied (cap, cases[i].code);
  }
}

GST_END_TEST;

static gboolean
ann_has_none (void)
{
  return ann.agent->sessions->len == 0;
}

/* The hello: of another session, and too late; and the capability of one device
 * in the hand of another. One of two sessions is found by it. */
GST_START_TEST (test_hello)
{
  for (guint i = 0; i < 4; i++) {
    g_autofree gchar *cap = sign (&good);
    g_autoptr (VmMeshNews) to_ann = make_news (&bob, cap);
    g_autoptr (VmMeshNews) to_bob = make_news (&ann, NULL);
    g_autoptr (VmAgentSession) session = NULL;
    VmAgentSession *of_ann;

    bob.over = 0;
    wait_until (ann_has_none);
    vm_agent_incoming_take (ann.agent, to_ann);
    of_ann = g_ptr_array_index (ann.agent->sessions, 0);
    if (i == 0) {
      /* its thread waits for the keys of the server */
      g_free (of_ann->peer->device_id);
      of_ann->peer->device_id = g_strdup ("another device");
    } else if (i == 1) {
      of_ann->deadline = 0;
    } else {
      g_free (to_bob->session_id);
      to_bob->session_id = g_strdup ("s-2");
    }
    if (i == 3) {
      g_free (to_ann->session_id);
      to_ann->session_id = g_strdup ("s-2");
      vm_agent_incoming_take (ann.agent, to_ann);
    }
    session = ask (to_bob);
    wait_until (is_over);
    if (i < 3)
      g_assert_error (bob.last->error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED);
    fail_unless_equals_int (has_received (), i == 3);
  }
}

GST_END_TEST;

/* A server that lies of a fingerprint, of a key, or signs nothing, is found out
 * before anything is sent. */
GST_START_TEST (test_lies)
{
  static const VmError codes[] = { VM_ERROR_SIGNATURE, VM_ERROR_WRONG_KEY,
    VM_ERROR_BAD_MESSAGE, VM_ERROR_WRONG_KEY };
  g_autofree gchar *cap = sign (&good);

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
    g_autoptr (VmMeshNews) news = make_news (&bob, cap);

    if (i == 0) {
      g_free (news->fingerprint);
      news->fingerprint = g_strdup (ann.agent->fingerprint);
    } else if (i == 1) {
      g_free (news->device_id);
      news->device_id = g_strdup (vm_identity_get_device_id (ann.identity));
    } else if (i == 2) {
      g_clear_pointer (&news->fingerprint_signature, g_free);
    } else {
      g_free (news->certificate);
      news->certificate =
          g_strdup (vm_identity_get_certificate_pem (ann.identity));
    }
    g_clear_error (&ann.refused);
    vm_agent_incoming_take (ann.agent, news);
    g_assert_error (ann.refused, VM_ERROR, (gint) codes[i]);
    fail_unless_equals_int (ann.agent->sessions->len, 0);
  }
}

GST_END_TEST;

/* A session with whoever has another certificate than it says. */
GST_START_TEST (test_other_certificate)
{
  g_autoptr (VmMeshNews) to_ann = NULL;
  g_autoptr (VmMeshNews) to_bob = make_news (&bob, NULL);
  g_autoptr (VmAgentSession) session = NULL;
  g_autofree gchar *cap = sign (&good);

  /* Bob is told that Ann is he himself, by a proof that is good */
  to_ann = make_news (&bob, cap);
  vm_agent_incoming_take (ann.agent, to_ann);
  session = ask (to_bob);
  wait_until (is_over);
  g_assert_error (bob.last->error, VM_ERROR, VM_ERROR_FINGERPRINT);
  fail_if (has_received ());
}

GST_END_TEST;

/* A capability that another device has shown, and one for fewer bytes. */
GST_START_TEST (test_size_and_replay)
{
  Claims small = good;
  g_autofree gchar *cap = NULL;
  g_autofree gchar *enough = NULL;

  small.max_size = FILE_SIZE - 1;
  cap = sign (&small);
  is_denied (cap, VM_ERROR_DECLINED);
  wait_until (ann_has_none);
  small.max_size = FILE_SIZE;
  enough = sign (&small);
  {
    g_autoptr (VmMeshNews) to_ann = make_news (&bob, enough);
    g_autoptr (VmMeshNews) to_bob = make_news (&ann, NULL);
    g_autoptr (VmAgentSession) session = NULL;

    bob.over = 0;
    vm_agent_incoming_take (ann.agent, to_ann);
    session = ask (to_bob);
    wait_until (is_over);
    g_assert_no_error (bob.last->error);
    fail_unless (has_received ());
  }
}

GST_END_TEST;

/* So slow that there is time to end it. */
static void
is_ended (gint64 exp, gboolean revoke, VmError code)
{
  Claims slow = good;
  g_autofree gchar *cap = NULL;
  g_autoptr (VmMeshNews) to_ann = NULL, to_bob = make_news (&ann, NULL);
  g_autoptr (VmAgentSession) session = NULL;
  gint64 began = g_get_monotonic_time ();
  gint64 wanted;

  slow.max_rate = 20000;
  slow.exp = exp;
  cap = sign (&slow);
  to_ann = make_news (&bob, cap);
  vm_agent_incoming_take (ann.agent, to_ann);
  session = ask (to_bob);
  if (revoke) {
    g_autoptr (VmMeshNews) news = make_news (&bob, NULL);

    while (g_get_monotonic_time () - began < G_USEC_PER_SEC)
      g_main_context_iteration (NULL, FALSE);
    news->type = VM_MESH_NEWS_REVOKED;
    news->code = g_strdup ("KICKED");
    news->message = g_strdup ("The host removed the device");
    vm_agent_about_take (ann.agent, news);
  }
  wait_until (is_over);
  wanted = revoke ? G_USEC_PER_SEC : exp * G_USEC_PER_SEC;
  fail_unless (g_get_monotonic_time () - began < wanted + 2 * G_USEC_PER_SEC,
      "it took %" G_GINT64_FORMAT " ms",
      (g_get_monotonic_time () - began) / 1000);
  g_assert_error (bob.last->error, VM_ERROR, (gint) code);
  fail_if (has_received ());
}

GST_START_TEST (test_expiry)
{
  is_ended (3, FALSE, VM_ERROR_CAP_EXPIRED);
}

GST_END_TEST;

GST_START_TEST (test_revocation)
{
  is_ended (60, TRUE, VM_ERROR_KICKED);
}

GST_END_TEST;

/* An address of this machine that is none of loopback; else that. */
static const gchar *
find_address (const GPtrArray *list)
{
  for (guint i = 0; i < list->len; i++) {
    const VmMeshEndpoint *endpoint = g_ptr_array_index (list, i);

    if (!strchr (endpoint->ip, ':') && !g_str_has_prefix (endpoint->ip, "127."))
      return endpoint->ip;
  }
  return "127.0.0.1";
}

/* Addresses that a server names get few datagrams, whoever is there. */
GST_START_TEST (test_victims)
{
  g_autoptr (VmMeshNews) to_bob = make_news (&ann, NULL);
  g_autoptr (VmAgentSession) session = NULL;
  g_autoptr (GError) error = NULL;
  GSocket *victims[VM_MESH_ENDPOINTS_MAX];
  g_autofree gchar *ip = NULL;
  guint least;
  gint64 until;

  ip = g_strdup (find_address (to_bob->b));
  least = strcmp (ip, "127.0.0.1") != 0;
  g_ptr_array_set_size (to_bob->b, 0);
  for (guint i = 0; i < G_N_ELEMENTS (victims); i++) {
    g_autoptr (GSocketAddress) address =
        g_inet_socket_address_new_from_string (ip, 0);
    g_autoptr (GSocketAddress) bound = NULL;

    victims[i] = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
        G_SOCKET_PROTOCOL_UDP, &error);
    g_assert_no_error (error);
    g_socket_bind (victims[i], address, FALSE, &error);
    g_assert_no_error (error);
    g_socket_set_blocking (victims[i], FALSE);
    bound = g_socket_get_local_address (victims[i], NULL);
    g_ptr_array_add (to_bob->b,
        vm_mesh_endpoint_new (ip,
            g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)),
            FALSE));
  }
  session = ask (to_bob);
  until = g_get_monotonic_time () + 7 * G_USEC_PER_SEC;
  while (g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
  g_clear_error (&error);
  error = g_error_new (VM_ERROR, VM_ERROR_CANCELLED, "enough");
  vm_agent_session_end (session, error);
  wait_until (is_over);
  for (guint i = 0; i < G_N_ELEMENTS (victims); i++) {
    gchar data[2048];
    guint n = 0;

    while (g_socket_receive (victims[i], data, sizeof data, NULL, NULL) > 0)
      n++;
    fail_unless (n >= least && n <= 25, "a victim got %u datagrams", n);
    g_object_unref (victims[i]);
  }
}

GST_END_TEST;

static void
send_file (void)
{
  const gchar *files[] = { file, NULL };

  bob.over = 0;
  vm_agent_send_files_async (bob.agent, "Ann", files, NULL, NULL, NULL);
  wait_until (is_over);
}

static gboolean
ann_has_refused (void)
{
  return ann.refused != NULL;
}

/* Whom the policy takes nothing of; both users are told what to do. */
GST_START_TEST (test_policy)
{
  g_object_set (ann.agent, "policy", VM_POLICY_REQUIRE, NULL);
  send_file ();
  g_assert_error (bob.last->error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  fail_unless (strstr (bob.last->error->message, "--accept ask") != NULL);
  wait_until (ann_has_refused);
  g_assert_error (ann.refused, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  /* known is not trusted */
  g_object_set (ann.agent, "policy", VM_POLICY_PIN, NULL);
  send_file ();
  g_assert_error (bob.last->error, VM_ERROR, VM_ERROR_DECLINED);
  fail_unless (strstr (bob.last->error->message, "--allow ") != NULL);
  fail_if (has_received ());
  vm_agent_allow (ann.agent, vm_identity_get_device_id (bob.identity),
      VM_PERMISSIONS_FOLDER);
  send_file ();
  g_assert_error (bob.last->error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  fail_if (has_received ());
  vm_agent_allow (
      ann.agent, vm_identity_get_device_id (bob.identity), VM_PERMISSIONS_FILE);
  send_file ();
  g_assert_no_error (bob.last->error);
  fail_unless (has_received ());
}

GST_END_TEST;

/* Whoever goes by a name that is allowed something is a stranger still, the
 * second time as well; the name counts for a device with a token, or where
 * every name is trusted. */
GST_START_TEST (test_allowed_name)
{
  g_object_set (ann.agent, "policy", VM_POLICY_PIN, NULL);
  vm_agent_allow (ann.agent, "Bob", VM_PERMISSIONS_FILE);
  for (guint i = 0; i < 2; i++) {
    send_file ();
    g_assert_error (bob.last->error, VM_ERROR, VM_ERROR_DECLINED);
    fail_if (has_received ());
  }
  g_object_set (ann.agent, "policy", VM_POLICY_OPEN, NULL);
  send_file ();
  g_assert_no_error (bob.last->error);
  fail_unless (has_received ());
}

GST_END_TEST;

GST_START_TEST (test_allowed_device)
{
  g_object_set (ann.agent, "policy", VM_POLICY_PIN, NULL);
  vm_agent_allow (
      ann.agent, vm_identity_get_device_id (bob.identity), VM_PERMISSIONS_FILE);
  send_file ();
  g_assert_no_error (bob.last->error);
  fail_unless (has_received ());
}

GST_END_TEST;

/* What was trusted by a word of the user is so from the next session on, under
 * the strictest policy as well; a device without a session is not there. */
GST_START_TEST (test_trust)
{
  const gchar *id = vm_identity_get_device_id (bob.identity);
  g_autofree gchar *cap = sign (&good);
  g_autoptr (VmMeshNews) news = make_news (&bob, cap);
  g_autoptr (GError) error = NULL;

  g_object_set (ann.agent, "policy", VM_POLICY_REQUIRE, NULL);
  fail_if (vm_agent_trust (ann.agent, id, VM_PERMISSIONS_FILE, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_FOUND);
  g_clear_error (&error);
  vm_agent_incoming_take (ann.agent, news);
  vm_agent_trust (ann.agent, id, VM_PERMISSIONS_FILE, &error);
  g_assert_no_error (error);
  send_file ();
  g_assert_no_error (bob.last->error);
  fail_unless (has_received ());
}

GST_END_TEST;

/* The token of a session begins it once: who repeats it is not heard. */
GST_START_TEST (test_token_twice)
{
  g_autofree gchar *cap = sign (&good);
  g_autofree gchar *path = g_build_filename (ann.received, "file", NULL);
  g_autoptr (VmMeshNews) to_ann = make_news (&bob, cap);

  vm_agent_incoming_take (ann.agent, to_ann);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (VmMeshNews) to_bob = make_news (&ann, NULL);
    g_autoptr (VmAgentSession) session = NULL;

    bob.over = 0;
    session = ask (to_bob);
    wait_until (is_over);
    if (i == 0)
      g_assert_no_error (bob.last->error);
    else
      g_assert_error (bob.last->error, VM_ERROR, VM_ERROR_TIMEOUT);
    fail_unless_equals_int (has_received (), i == 0);
    g_remove (path);
  }
}

GST_END_TEST;

#define SYNCED 4 /* files */

static gchar *
synced_path (const Party *party, guint i)
{
  g_autofree gchar *name = g_strdup_printf ("file-%u", i);

  return g_build_filename (party->shared, name, NULL);
}

static guint
count_synced (const Party *party)
{
  guint n = 0;

  for (guint i = 0; i < SYNCED; i++) {
    g_autofree gchar *path = synced_path (party, i);

    n += g_file_test (path, G_FILE_TEST_EXISTS);
  }
  return n;
}

static void
sync_shared (void)
{
  bob.over = 0;
  vm_agent_sync_async (bob.agent, "Ann", bob.shared, "",
      VM_AGENT_SYNC_FLAGS_DELETE, NULL, NULL, NULL);
  wait_until (is_over);
}

/* What Bob agrees to is not for Ann's folder, unless her user has said so. */
GST_START_TEST (test_deletions)
{
  for (guint i = 0; i < SYNCED; i++) {
    g_autofree gchar *path = synced_path (&bob, i);

    g_file_set_contents (path, path, -1, NULL);
  }
  sync_shared ();
  g_assert_no_error (bob.last->error);
  fail_unless_equals_int (count_synced (&ann), SYNCED);
  for (guint i = 0; i < SYNCED / 2; i++) {
    g_autofree gchar *path = synced_path (&bob, i);

    g_remove (path);
  }
  sync_shared ();
  g_assert_error (bob.last->error, VM_ERROR, VM_ERROR_DECLINED);
  fail_unless (strstr (bob.last->error->message, "--allow-delete") != NULL);
  fail_unless_equals_int (count_synced (&ann), SYNCED);
  g_object_set (ann.agent, "allow-delete", TRUE, NULL);
  sync_shared ();
  g_assert_no_error (bob.last->error);
  fail_unless_equals_int (count_synced (&ann), SYNCED / 2);
}

GST_END_TEST;

static void
sync_to (const gchar *theirs, VmAgentSyncFlags flags)
{
  bob.over = 0;
  vm_agent_sync_async (
      bob.agent, "Ann", bob.shared, theirs, flags, NULL, NULL, NULL);
  wait_until (is_over);
}

static guint steps;

static void
on_step (VmAgent *agent, const VmAgentStep *step, gpointer data)
{
  steps++;
}

/* Of a folder that is not there yet: what would be done is told, and nothing
 * is. Neither is what is refused told. It is made when something is written to
 * it, and not beside one whose name differs only in case. */
GST_START_TEST (test_dry_run)
{
  g_autofree gchar *theirs = g_build_filename (ann.shared, "new", NULL);
  g_autofree gchar *mine = synced_path (&bob, 0);

  g_file_set_contents (mine, "x", -1, NULL);
  g_signal_connect (bob.agent, "step", G_CALLBACK (on_step), &bob);
  sync_to ("new", VM_AGENT_SYNC_FLAGS_DRY_RUN);
  g_assert_no_error (bob.last->error);
  fail_unless (steps == 1 && bob.last->dry_run
               && (!ann.last || ann.last->dry_run)); /* hers may end later */
  g_remove (mine);
  sync_to ("new", VM_AGENT_SYNC_FLAGS_NONE);
  g_assert_no_error (bob.last->error);
  fail_if (g_file_test (theirs, G_FILE_TEST_EXISTS));
  g_file_set_contents (mine, "x", -1, NULL);
  sync_to ("new", VM_AGENT_SYNC_FLAGS_NONE);
  g_assert_no_error (bob.last->error);
  fail_unless_equals_int (count_synced (&bob), 1);
  sync_to ("NEW", VM_AGENT_SYNC_FLAGS_NONE);
  fail_unless_equals_int (bob.last->state, VM_TRANSFER_STATE_FAILED);
  g_remove (mine);
  sync_to ("new", VM_AGENT_SYNC_FLAGS_DRY_RUN);
  fail_unless (strstr (bob.last->error->message, "sync takes --delete"));
  steps = 0;
  sync_to ("new", VM_AGENT_SYNC_FLAGS_NONE);
  g_assert_error (bob.last->error, VM_ERROR, VM_ERROR_DECLINED);
  fail_unless_equals_int (steps, 0);
}

GST_END_TEST;

/* A folder of this side that is not there is made. */
GST_START_TEST (test_own_folder_is_made)
{
  g_autofree gchar *hers = synced_path (&ann, 0);

  g_file_set_contents (hers, "x", -1, NULL);
  g_rmdir (bob.shared);
  sync_to ("", VM_AGENT_SYNC_FLAGS_DRY_RUN);
  g_assert_no_error (bob.last->error);
  fail_if (g_file_test (bob.shared, G_FILE_TEST_EXISTS));
  sync_to ("", VM_AGENT_SYNC_FLAGS_NONE);
  g_assert_no_error (bob.last->error);
  fail_unless_equals_int (count_synced (&bob), 1);
}

GST_END_TEST;

#define SYNC_QUOTA 1000 /* bytes */

/* At the quota, and above; what is there counts, finished or not. */
GST_START_TEST (test_quota_of_syncs)
{
  g_autofree gchar *hers = g_build_filename (
      ann.shared, __i__ ? ".vm-eve-list.folder" : "other", NULL);
  g_autofree gchar *data = g_strnfill (SYNC_QUOTA, 'x');

  g_object_set (ann.agent, "quota", (guint64) SYNC_QUOTA, NULL);
  for (guint more = 0; more <= 1; more++) {
    g_autofree gchar *mine = synced_path (&bob, more);

    g_file_set_contents (hers, data, 300, NULL);
    g_file_set_contents (mine, data, more ? 1 : SYNC_QUOTA - 300, NULL);
    sync_to ("docs", VM_AGENT_SYNC_FLAGS_NONE);
    fail_unless_equals_int (bob.last->error != NULL, more);
  }
  g_assert_error (bob.last->error, VM_ERROR, VM_ERROR_TOO_LARGE);
}

GST_END_TEST;

/* Bob asks Ann for a session; whether she has one more. */
static gboolean
is_taken (void)
{
  g_autofree gchar *cap = sign (&good);
  g_autoptr (VmMeshNews) news = make_news (&bob, cap);
  guint before = ann.agent->sessions->len;

  g_clear_error (&ann.refused);
  vm_agent_incoming_take (ann.agent, news);
  if (ann.agent->sessions->len == before)
    g_assert_error (ann.refused, VM_ERROR, VM_ERROR_RATE_LIMITED);
  return ann.agent->sessions->len > before;
}

/* Gives Ann @n sessions that do nothing, of devices that do not matter. */
static void
fill (guint n)
{
  g_autoptr (VmMeshNews) news = make_news (&bob, "");

  for (guint i = 0; i < n; i++) {
    g_autoptr (GError) error = NULL;
    VmAgentPeer *peer = vm_agent_proof_check (news, VM_POLICY_PIN, &error);

    g_assert_no_error (error);
    g_free (peer->device_id);
    peer->device_id = g_strdup_printf ("device %u", i);
    vm_agent_session_unref (vm_agent_session_new (ann.agent, news, peer));
  }
}

static void
empty (guint n)
{
  for (guint i = 0; i < n; i++) {
    VmAgentSession *session = g_ptr_array_index (ann.agent->sessions, 0);

    g_clear_object (&session->agent);
    g_ptr_array_remove_index (ann.agent->sessions, 0);
  }
}

GST_START_TEST (test_sessions_of_a_device)
{
  for (guint i = 0; i < VM_AGENT_DEVICE_SESSIONS_MAX; i++)
    fail_unless (is_taken (), "session %u is refused", i);
  fail_if (is_taken ());
}

GST_END_TEST;

GST_START_TEST (test_sessions_of_strangers)
{
  const gchar *id = vm_identity_get_device_id (bob.identity);

  fill (VM_AGENT_STRANGERS_MAX - 1);
  fail_unless (is_taken ());
  fail_if (is_taken ());
  vm_agent_allow (ann.agent, "Bob", VM_PERMISSIONS_FILE);
  fail_if (is_taken ());
  vm_agent_allow (ann.agent, id, VM_PERMISSIONS_FILE);
  fail_unless (is_taken ());
  empty (VM_AGENT_STRANGERS_MAX - 1);
}

GST_END_TEST;

static Suite *
agentsessions_suite (void)
{
  Suite *suite = suite_create ("agentsessions");
  TCase *tc = tcase_create ("sessions");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_file);
  tcase_add_test (tc, test_second_program);
  tcase_add_test (tc, test_nobody_of_that_name);
  tcase_add_test (tc, test_capabilities);
  tcase_add_test (tc, test_hello);
  tcase_add_test (tc, test_lies);
  tcase_add_test (tc, test_other_certificate);
  tcase_add_test (tc, test_size_and_replay);
  tcase_add_test (tc, test_expiry);
  tcase_add_test (tc, test_revocation);
  tcase_add_test (tc, test_policy);
  tcase_add_test (tc, test_allowed_name);
  tcase_add_test (tc, test_allowed_device);
  tcase_add_test (tc, test_trust);
  tcase_add_test (tc, test_token_twice);
  tcase_add_test (tc, test_deletions);
  tcase_add_test (tc, test_dry_run);
  tcase_add_test (tc, test_own_folder_is_made);
  tcase_add_loop_test (tc, test_quota_of_syncs, 0, 2);
  tcase_add_test (tc, test_sessions_of_a_device);
  tcase_add_test (tc, test_sessions_of_strangers);
  tcase_add_test (tc, test_victims);
  return suite;
}

CHECK_PROGRAM (agentsessions)
