/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The mesh at several servers: a capability that one of them has seen, shown to
 * another (protocol/mesh.md#capabilities, protocol/cluster.md#single-use-keys),
 * and rooms that have people at both. */

#include "support/net/meshclient.h"
#include "support/net/natsserver.h"

#include "program.h"

#include <gst/videomeet/server/dialect/mesh/mesh-priv.h>
#include <gst/videomeet/trust/token/capability.h>
#include <string.h>

#define SDP "v=0\\r\\nm=audio 9 UDP/TLS/RTP/SAVPF 111\\r\\n"

static NatsServer nats;
static VmServer *nodes[2];
static MeshClient *ann, *bob, *carl;

/* Ann and Bob at one server, Carl at the other. */
static void
setup_all (void)
{
  g_autofree gchar *url = NULL;

  nats_server_start (&nats, NULL, NULL);
  url = g_strdup_printf ("nats://127.0.0.1:%s", nats.port);
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    nodes[i] = net_server (
        &(VmServerConfig){
            .loopback_only = TRUE, .open_rooms = TRUE, .cluster = url },
        NULL);
  server = nodes[0];
  ann = mesh_sit ("Ann", NULL, 0);
  bob = mesh_sit ("Bob", NULL, 1);
  g_free (mesh_next (ann, "room.joined"));
  server = nodes[1];
  carl = mesh_sit ("Carl", NULL, 2);
  g_free (mesh_next (ann, "room.joined"));
  g_free (mesh_next (bob, "room.joined"));
}

static void
teardown_all (void)
{
  mesh_free (ann);
  mesh_free (bob);
  mesh_free (carl);
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++) {
    vm_server_stop (nodes[i]);
    g_clear_object (&nodes[i]);
  }
  server = NULL;
  nats_server_clear (&nats);
}

/* What the servers would sign, but for its jti. */
static gchar *
sign (const MeshClient *client, const gchar *jti)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, &error);
  g_autoptr (VmCapability) c = vm_capability_new ();
  gchar *text;

  g_assert_no_error (error);
  c->sub = g_strdup (client->user_id);
  c->room_id = g_strdup ("standup");
  c->iat = c->nbf = g_get_real_time () / G_USEC_PER_SEC;
  c->exp = c->iat + VM_CAPABILITY_TTL_MAX;
  c->caps = VM_CAP_CALL;
  c->jti = g_strdup (jti);
  text = vm_capability_sign (identity, c, &error);
  g_assert_no_error (error);
  return text;
}

static void
offer (MeshClient *client, const MeshClient *to, const gchar *jti)
{
  g_autofree gchar *cap = sign (client, jti);

  mesh_say (client, "rtc.offer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"" SDP "\","
      "\"cap_token\":\"%s\"}",
      to->id, cap);
}

static void
chat (MeshClient *client, const gchar *text)
{
  mesh_say (client, "chat.message.send",
      "{\"room_id\":\"standup\",\"content\":\"%s\"}", text);
}

static void
reads (MeshClient *client, const gchar *text)
{
  g_autofree gchar *heard = mesh_next (client, "chat.message.created");

  has (heard, text);
}

GST_START_TEST (test_replay)
{
  offer (ann, bob, "one");
  g_free (mesh_next (bob, "rtc.offer"));
  offer (carl, ann, "one");
  mesh_fails (carl, "CAP_INVALID");
  /* nor where it was refused already */
  offer (carl, ann, "one");
  mesh_fails (carl, "CAP_INVALID");
  /* whoever showed it first goes on */
  offer (ann, bob, "one");
  g_free (mesh_next (bob, "rtc.offer"));
  /* and the other way round */
  offer (carl, ann, "two");
  g_free (mesh_next (ann, "rtc.offer"));
  offer (ann, bob, "two");
  mesh_fails (ann, "CAP_INVALID");
}

GST_END_TEST;

/* What comes behind it waits, and keeps its place. */
GST_START_TEST (test_order)
{
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *jti = g_strdup_printf ("jti %u", i);

    offer (carl, ann, jti);
    chat (carl, jti);
    reads (carl, jti);
    g_free (mesh_next (ann, "rtc.offer"));
    reads (ann, jti);
    reads (bob, jti);
  }
}

GST_END_TEST;

/* Of itself and what comes behind it VM_EARLY_MAX wait, and one is too much. */
GST_START_TEST (test_too_much)
{
  g_autofree gchar *refusal = NULL;

  nats_server_kill (&nats);
  offer (carl, ann, "late");
  for (guint i = 0; i < VM_EARLY_MAX; i++)
    chat (carl, "now");
  refusal = mesh_next (carl, "error");
  has (refusal, "RATE_LIMITED");
  /* of the offer nobody could be asked; what waited behind it is said */
  mesh_fails (carl, "DISCONNECTED");
  for (guint i = 0; i < VM_EARLY_MAX - 1; i++)
    reads (carl, "now");
  nats_server_start (&nats, NULL, NULL);
}

GST_END_TEST;

/* Who hangs up meanwhile, or whose server stops. */
GST_START_TEST (test_gone)
{
  nats_server_kill (&nats);
  offer (carl, ann, "late");
  chat (ann, "hello");
  reads (ann, "hello");
  mesh_free (carl);
  carl = mesh_open ("Carl", NULL, "");
  offer (bob, ann, "never");
}

GST_END_TEST;

/* In another room than those three. */
static MeshClient *
join_later (
    VmServer *node, const gchar *user, const gchar *device_id, guint others)
{
  MeshClient *client;

  server = node;
  client = mesh_open (user, device_id, "");
  mesh_say (client, "room.join", "{\"room_id\":\"later\"}");
  for (guint i = 0; i <= others; i++)
    g_free (mesh_next (client, "room.joined"));
  return client;
}

static void
get_id (VmServer *node, gpointer id)
{
  VmRoom *room = vm_rooms_find (node->rooms, "later");

  *(gchar **) id = room ? g_strdup (vm_room_get_id (room)) : NULL;
}

static gboolean
have_one_id (gpointer unused)
{
  g_autofree gchar *a = NULL, *b = NULL;

  net_run (nodes[0], get_id, &a);
  net_run (nodes[1], get_id, &b);
  return g_strcmp0 (a, b) == 0;
}

static gboolean
is_over (gpointer node)
{
  g_autofree gchar *id = NULL;

  net_run (node, get_id, &id);
  return !id;
}

static void
tick (VmServer *node, gpointer unused)
{
  vm_protocol_mesh.tick (node, vm_mesh_of (node), g_get_monotonic_time ());
}

/* The agent begins the room at its server, and so does a page at another, whose
 * id counts: the agent stays, and the room ends with it. */
GST_START_TEST (test_agent_stays)
{
  MeshClient *agent = join_later (nodes[1], "Dora", "dev-d", 0);
  MeshClient *page = join_later (nodes[0], "Eve", NULL, 0);
  MeshClient *late;

  nats_wait (have_one_id, NULL);
  net_run (nodes[1], tick, NULL);
  late = join_later (nodes[1], "Fay", NULL, 1);
  g_free (mesh_next (agent, "room.joined"));
  g_free (mesh_next (late, "room.joined"));
  mesh_free (late);
  mesh_free (page);
  fail_if (is_over (nodes[1]));
  mesh_free (agent);
  nats_wait (is_over, nodes[1]);
}

GST_END_TEST;

static void
count (VmServer *node, gpointer n)
{
  *(guint *) n = vm_room_count (vm_rooms_find (node->rooms, "later"));
}

static gboolean
has_a_seat (gpointer node)
{
  guint n;

  net_run (node, count, &n);
  return n < VM_MESH_ROOM_SIZE;
}

/* A fourth at the other server, which knows nothing of the room, and a fifth.
 */
GST_START_TEST (test_size)
{
  MeshClient *first[VM_MESH_ROOM_SIZE - 1], *fourth, *fifth;

  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    first[i] = join_later (nodes[0], "Dora", NULL, i);
  fourth = join_later (nodes[1], "Eve", NULL, G_N_ELEMENTS (first));
  mesh_free (fourth);
  nats_wait (is_over, nodes[1]);
  nats_wait (has_a_seat, nodes[0]);
  fourth = join_later (nodes[0], "Eve", NULL, G_N_ELEMENTS (first));
  server = nodes[1];
  fifth = mesh_open ("Fay", NULL, "");
  mesh_say (fifth, "room.join", "{\"room_id\":\"later\"}");
  mesh_fails (fifth, "ROOM_FULL");
  mesh_free (fifth);
  mesh_free (fourth);
  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    mesh_free (first[i]);
}

GST_END_TEST;

static Suite *
meshcluster_suite (void)
{
  Suite *s = suite_create ("meshcluster");
  TCase *tc = tcase_create ("meshcluster");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_all, teardown_all);
  tcase_add_test (tc, test_replay);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_too_much);
  tcase_add_test (tc, test_gone);
  tcase_add_test (tc, test_agent_stays);
  tcase_add_test (tc, test_size);
  return s;
}

CHECK_PROGRAM (meshcluster)
