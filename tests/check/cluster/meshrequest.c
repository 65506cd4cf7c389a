/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A page of the mesh at a server of a cluster: what it says before the others
 * have answered whether it has a seat (meshjoin.c). */

#include "support/net/meshclient.h"
#include "support/net/natsserver.h"

#include "program.h"

#include <string.h>

#define JOINED "{\"peer_id\":\"%s\",\"role\":\"member\",\"room_id\":\"%s\"}"

static NatsServer nats;
static guint addresses; /* so far: each has one connection */

static void
use_next_address (void)
{
  static gchar address[16];

  addresses++;
  g_snprintf (address, sizeof address, "127.0.%u.%u", 1 + addresses / 250,
      1 + addresses % 250);
  net_use_address (address);
}

/* One address has one connection, and begins one room. */
static void
setup_all (void)
{
  g_autofree gchar *url = NULL;

  addresses = 0;
  nats_server_start (&nats, NULL, NULL);
  url = g_strdup_printf ("nats://127.0.0.1:%s", nats.port);
  server = net_server (&(VmServerConfig){ .loopback_only = TRUE,
                           .open_rooms = TRUE,
                           .max_per_address = 1,
                           .cluster = url },
      NULL);
}

static void
teardown_all (void)
{
  net_use_address (NULL);
  vm_server_stop (server);
  g_clear_object (&server);
  nats_server_clear (&nats);
}

static MeshClient *
come (void)
{
  MeshClient session = { NULL };
  MeshClient *client;

  use_next_address ();
  session.access_token = mesh_session ("Ann");
  client = mesh_open_again (&session, NULL);
  g_free (session.access_token);
  return client;
}

/* The first is answered, and with that the others are taken: one is refused at
 * once, and one waits. */
static void
join_three (MeshClient *client)
{
  mesh_say (client, "room.join", "{\"room_id\":\"a\"}");
  mesh_say (client, "room.join", "{\"room_id\":\"b\"}");
  mesh_say (client, "room.join", "{\"room_id\":\"a\"}");
}

static void
hear_two (MeshClient *client)
{
  mesh_hears (client, "room.joined", JOINED, client->id, "a");
  mesh_fails (client, "RATE_LIMITED");
}

/* What is said behind it is heard when it has its seat. */
GST_START_TEST (test_second_answer)
{
  MeshClient *client = come ();
  g_autofree gchar *chat = NULL;

  join_three (client);
  mesh_say (
      client, "chat.message.send", "{\"room_id\":\"a\",\"content\":\"hello\"}");
  hear_two (client);
  mesh_hears (client, "room.joined", JOINED, client->id, "a");
  chat = mesh_next (client, "chat.message.created");
  has (chat, "\"content\":\"hello\"");
  mesh_free (client);
}

GST_END_TEST;

static gboolean
is_gone (gpointer token)
{
  g_autoptr (NetAnswer) answer = NULL;

  use_next_address ();
  answer = mesh_get (token, "/v2/rooms/a");
  return answer->status == 404
         || (answer->status == 200
             && strstr (answer->body, "\"participants\":0,"));
}

/* Who is gone before that does not sit there. */
GST_START_TEST (test_gone_before_second_answer)
{
  g_autofree gchar *token = NULL;

  use_next_address ();
  token = mesh_session ("Bob");
  for (guint i = 0; i < 5; i++) {
    MeshClient *client = come ();

    join_three (client);
    hear_two (client);
    mesh_free (client);
    nats_wait (is_gone, token);
  }
}

GST_END_TEST;

static Suite *
meshrequest_suite (void)
{
  Suite *s = suite_create ("meshrequest");
  TCase *tc = tcase_create ("meshrequest");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 90);
  tcase_add_checked_fixture (tc, setup_all, teardown_all);
  tcase_add_test (tc, test_second_answer);
  tcase_add_test (tc, test_gone_before_second_answer);
  return s;
}

CHECK_PROGRAM (meshrequest)
