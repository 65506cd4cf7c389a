/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pages that see the terminal of an agent: what the server tells of terminals,
 * and what it passes on between the two
 * (protocol/agents.md#terminal-in-a-browser). */

#include "support/net/meshclient.h"

#include "program.h"

#include <gst/videomeet/server/dialect/mesh/mesh.h>
#include <string.h>

#define AGENT                                                          \
  "{\"peer_id\":\"dev-a\",\"role\":\"agent\",\"room_id\":\"standup\"," \
  "\"user\":\"Ann\"%s}"
#define SDP "v=0\\r\\n"

/* Ann's device, and Bob's page. */
static MeshClient *ann, *bob;

static void
sit (void)
{
  ann = mesh_sit ("Ann", "dev-a", 0);
  /* he is told of the host as well */
  bob = mesh_sit ("Bob", NULL, 2);
  g_free (mesh_next (ann, "room.joined"));
}

static void
leave (void)
{
  mesh_free (ann);
  mesh_free (bob);
}

static gchar *
view_of (const MeshClient *page, const gchar *device)
{
  g_autofree gchar *more =
      g_strdup_printf (",\"target_device_id\":\"%s\"", device);

  return mesh_mint (page, "\"terminal:view\"", more);
}

static void
offer (MeshClient *page, const gchar *device, const gchar *cap)
{
  mesh_say (page, "rtc.offer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"" SDP
      "\",\"cap_token\":\"%s\"}",
      device, cap);
}

static void
candidate (MeshClient *client, const gchar *to, const gchar *cap)
{
  mesh_say (client, "rtc.ice",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"candidate\":"
      "{\"candidate\":\"candidate:1\",\"sdpMLineIndex\":0},"
      "\"cap_token\":\"%s\"}",
      to, cap);
}

static void
answer (MeshClient *agent, const gchar *to)
{
  mesh_say (agent, "rtc.answer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"" SDP
      "\",\"identity\":\"signed\"}",
      to);
}

/* Offer, answer and candidates go through; the agent gets the page's capability
 * and user, the page the signature. */
GST_START_TEST (test_offer_and_answer)
{
  g_autofree gchar *cap = NULL;

  sit ();
  cap = view_of (bob, "dev-a");
  offer (bob, "dev-a", cap);
  mesh_hears (ann, "rtc.offer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"dev-a\",\"sdp\":\"" SDP
      "\",\"auth\":{\"user_id\":\"%s\",\"user\":\"Bob\",\"cap_token\":\"%s\"}}",
      bob->user_id, cap);
  fail_unless_equals_string (ann->from, bob->id);
  candidate (bob, "dev-a", cap);
  mesh_hears (ann, "rtc.ice",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"dev-a\",\"candidate\":"
      "{\"candidate\":\"candidate:1\",\"sdpMLineIndex\":0}}");
  answer (ann, bob->id);
  mesh_hears (bob, "rtc.answer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"" SDP
      "\",\"identity\":\"signed\"}",
      bob->id);
  fail_unless_equals_string (bob->from, "dev-a");
  candidate (ann, bob->id, "");
  g_free (mesh_next (bob, "rtc.ice"));
  mesh_say (ann, "error",
      "{\"target_peer_id\":\"%s\",\"code\":\"NOT_TRUSTED\",\"message\":\"No\"}",
      bob->id);
  mesh_hears (bob, "error", "{\"code\":\"NOT_TRUSTED\",\"message\":\"No\"}");
  fail_unless_equals_string (bob->from, "dev-a");
  leave ();
}

GST_END_TEST;

GST_START_TEST (test_capability)
{
  g_autofree gchar *call = NULL, *other = NULL;

  sit ();
  call = mesh_mint (bob, "\"call\"", "");
  other = view_of (bob, "dev-b");
  offer (bob, "dev-a", "");
  mesh_fails (bob, "CAP_REQUIRED");
  offer (bob, "dev-a", call);
  mesh_fails (bob, "CAP_REQUIRED");
  offer (bob, "dev-a", other);
  mesh_fails (bob, "CAP_INVALID");
  candidate (bob, "dev-a", "");
  mesh_fails (bob, "CAP_REQUIRED");
  leave ();
}

GST_END_TEST;

/* An agent speaks to those alone who have offered, and does not offer; a page
 * does not answer, and offers before it says more. */
GST_START_TEST (test_who_has_not_offered)
{
  g_autofree gchar *cap = NULL;

  sit ();
  cap = view_of (bob, "dev-a");
  answer (ann, bob->id);
  mesh_fails (ann, "UNROUTABLE");
  candidate (ann, bob->id, "");
  mesh_fails (ann, "UNROUTABLE");
  candidate (bob, "dev-a", cap);
  mesh_fails (bob, "UNROUTABLE");
  mesh_say (ann, "error",
      "{\"target_peer_id\":\"%s\",\"code\":\"NOT_TRUSTED\",\"message\":\"No\"}",
      bob->id);
  /* once this is answered, that was read */
  answer (ann, bob->id);
  mesh_fails (ann, "UNROUTABLE");
  offer (bob, "dev-a", cap);
  g_free (mesh_next (ann, "rtc.offer"));
  mesh_say (ann, "rtc.offer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"" SDP "\"}",
      bob->id);
  mesh_fails (ann, "UNROUTABLE");
  answer (bob, "dev-a");
  mesh_fails (bob, "UNROUTABLE");
  /* the refusal before the offer was told to nobody */
  answer (ann, bob->id);
  g_free (mesh_next (bob, "rtc.answer"));
  leave ();
}

GST_END_TEST;

/* Bob's page offers to one agent more than are remembered: the first is
 * forgotten. */
GST_START_TEST (test_number_of_views)
{
  MeshClient *agents[VM_MESH_VIEWS_MAX + 1];
  const guint n = G_N_ELEMENTS (agents);

  sit ();
  agents[0] = ann;
  for (guint i = 1; i < n; i++) {
    g_autofree gchar *id = g_strdup_printf ("dev-%u", i);

    agents[i] = mesh_sit ("Eve", id, i + 1);
    g_free (mesh_next (bob, "room.joined"));
    for (guint k = 0; k < i; k++)
      g_free (mesh_next (agents[k], "room.joined"));
  }
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *cap = view_of (bob, agents[i]->id);

    if (i == VM_MESH_VIEWS_MAX) {
      answer (ann, bob->id);
      g_free (mesh_next (bob, "rtc.answer"));
    }
    offer (bob, agents[i]->id, cap);
    g_free (mesh_next (agents[i], "rtc.offer"));
  }
  answer (ann, bob->id);
  mesh_fails (ann, "UNROUTABLE");
  answer (agents[1], bob->id);
  g_free (mesh_next (bob, "rtc.answer"));
  for (guint i = 1; i < n; i++)
    mesh_free (agents[i]);
  leave ();
}

GST_END_TEST;

GST_START_TEST (test_who_shares_one)
{
  MeshClient *carol;

  sit ();
  mesh_say (ann, "terminal.share.started", "{\"room_id\":\"standup\"}");
  mesh_hears (bob, "terminal.share.started",
      "{\"room_id\":\"standup\",\"device_id\":\"dev-a\",\"user\":\"Ann\"}");
  fail_unless_equals_string (bob->from, "dev-a");
  /* that it does is told once */
  mesh_say (ann, "terminal.share.started", "{\"room_id\":\"standup\"}");
  carol = mesh_open ("Carol", "dev-c", "");
  mesh_say (carol, "room.join", "{\"room_id\":\"standup\"}");
  g_free (mesh_next (carol, "room.joined"));
  mesh_hears (carol, "room.joined", AGENT, ",\"terminal\":true");
  g_free (mesh_next (carol, "room.joined"));
  mesh_hears (bob, "room.joined",
      "{\"peer_id\":\"dev-c\",\"role\":\"agent\",\"room_id\":\"standup\","
      "\"user\":\"Carol\"}");
  mesh_free (carol);
  leave ();
}

GST_END_TEST;

/* A client of the room dialect, outside. */
static NetSocket *
open_client (gchar **id)
{
  g_autoptr (GError) error = NULL;
  NetSocket *client = net_socket_open (server, "/", NULL, &error);
  g_autofree gchar *text = NULL;

  g_assert_no_error (error);
  text = net_socket_wait (client, "id");
  *id = mesh_text_of (text, "id");
  return client;
}

/* Bob, who is told of it. */
static void
sees_enter (NetSocket *client, const gchar *id)
{
  net_socket_send (client, "{\"type\":\"join\",\"roomId\":\"standup\"}");
  g_free (net_socket_wait (client, "joined"));
  mesh_hears (bob, "room.joined",
      "{\"peer_id\":\"%s\",\"role\":\"member\",\"room_id\":\"standup\"}", id);
}

/* What Bob's page says to that id comes to @client. */
static void
reaches (NetSocket *client, const gchar *id, const gchar *call)
{
  offer (bob, id, call);
  g_free (net_socket_wait (client, "offer"));
}

/* Everybody in the room knows that id, and an agent without a key may say any:
 * not that of who has a seat. */
GST_START_TEST (test_name_of_a_seat)
{
  g_autofree gchar *id = NULL, *call = NULL;
  NetSocket *client = open_client (&id);
  MeshClient *eve;

  sit ();
  call = mesh_mint (bob, "\"call\"", "");
  sees_enter (client, id);
  eve = mesh_open ("Eve", id, "");
  mesh_say (eve, "room.join", "{\"room_id\":\"standup\"}");
  mesh_fails (eve, "NOT_TRUSTED");
  reaches (client, id, call);
  mesh_free (eve);
  net_socket_free (client);
  leave ();
}

GST_END_TEST;

/* Nor of who comes later, from another room. */
GST_START_TEST (test_name_of_a_later_seat)
{
  g_autofree gchar *id = NULL, *call = NULL, *told = NULL;
  NetSocket *client = open_client (&id);
  MeshClient *eve;

  sit ();
  call = mesh_mint (bob, "\"call\"", "");
  eve = mesh_sit ("Eve", id, 2);
  g_free (mesh_next (bob, "room.joined"));
  sees_enter (client, id);
  /* before the server has noticed, or after */
  reaches (client, id, call);
  told = mesh_next (eve, "error");
  has (told, "NOT_TRUSTED");
  /* nobody has left, for Bob */
  mesh_say (bob, "chat.message.send",
      "{\"room_id\":\"standup\",\"content\":\"hello\"}");
  g_free (mesh_next (bob, "chat.message.created"));
  mesh_free (eve);
  net_socket_free (client);
  leave ();
}

GST_END_TEST;

static Suite *
meshviews_suite (void)
{
  Suite *s = suite_create ("meshviews");
  TCase *tc = tcase_create ("views");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_offer_and_answer);
  tcase_add_test (tc, test_capability);
  tcase_add_test (tc, test_who_has_not_offered);
  tcase_add_test (tc, test_number_of_views);
  tcase_add_test (tc, test_who_shares_one);
  tcase_add_test (tc, test_name_of_a_seat);
  tcase_add_test (tc, test_name_of_a_later_seat);
  return s;
}

CHECK_PROGRAM (meshviews)
