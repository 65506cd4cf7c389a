/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A session of Engine.IO that is polled at a server that does not have it
 * (protocol/cluster.md#polling). */

#include "support/net/natsserver.h"
#include "support/net/nethost.h"

#include "program.h"

#include <string.h>

#define UNKNOWN "{\"code\":1,\"message\":\"Session ID unknown\"}"
#define PATH "/socket.io/?EIO=4&transport=polling"

static NatsServer nats;
static VmServer *nodes[2];
static gchar *sid; /* of a session at the first */

static NetAnswer *
get (VmServer *at, const gchar *id)
{
  return net_ask (
      at, "GET " PATH "&sid=%s HTTP/1.1\r\nHost: localhost\r\n\r\n", id);
}

static NetAnswer *
post (VmServer *at, const gchar *body)
{
  return net_ask (at,
      "POST " PATH "&sid=%s HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: text/plain\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      sid, strlen (body), body);
}

/* What comes over one connection is heard before what comes over a later one,
 * or in the same turn: once two were answered, it was heard. */
static void
wait_heard (VmServer *at)
{
  for (guint i = 0; i < 2; i++)
    net_answer_free (
        net_ask (at, "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n"));
}

/* A poll whose answer is not yet read. */
static GIOStream *
begin_poll (VmServer *at)
{
  GIOStream *stream = net_connect (at);
  g_autofree gchar *request = g_strdup_printf (
      "GET " PATH "&sid=%s HTTP/1.1\r\nHost: localhost\r\n\r\n", sid);

  fail_unless (
      g_output_stream_write_all (g_io_stream_get_output_stream (stream),
          request, strlen (request), NULL, NULL, NULL));
  wait_heard (at);
  return stream;
}

static void
is (NetAnswer *answer, guint status, const gchar *body)
{
  fail_unless_equals_int (answer->status, status);
  fail_unless (g_str_has_prefix (answer->body, body), "%s", answer->body);
  net_answer_free (answer);
}

/* Both know of each other when one passes on to the other what that does not
 * know at once: nothing is waited for. */
static gboolean
knows_first (gpointer user_data)
{
  g_autoptr (NetAnswer) answer = post (nodes[1], "3");

  return answer->status == 200;
}

static void
setup_all (void)
{
  g_autofree gchar *url = NULL;
  const gchar *found;

  nats_server_start (&nats, NULL, NULL);
  url = g_strdup_printf ("nats://127.0.0.1:%s", nats.port);
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    nodes[i] = net_server (
        &(VmServerConfig){
            .loopback_only = TRUE, .open_rooms = TRUE, .cluster = url },
        NULL);
  {
    g_autoptr (NetAnswer) hello =
        net_ask (nodes[0], "GET " PATH " HTTP/1.1\r\nHost: localhost\r\n\r\n");

    found = strstr (hello->body, "\"sid\":\"");
    fail_unless (hello->status == 200 && found, "%s", hello->text);
    found += strlen ("\"sid\":\"");
    sid = g_strndup (found, strcspn (found, "\""));
  }
  nats_wait (knows_first, NULL);
}

static void
stop (guint i)
{
  if (nodes[i])
    vm_server_stop (nodes[i]);
  g_clear_object (&nodes[i]);
}

static void
teardown_all (void)
{
  stop (0);
  stop (1);
  g_clear_pointer (&sid, g_free);
  nats_server_clear (&nats);
}

GST_START_TEST (test_elsewhere)
{
  g_autoptr (GIOStream) stream = NULL;

  is (post (nodes[1], "40"), 200, "ok");
  is (get (nodes[1], sid), 200, "40{\"sid\":\"");
  /* a poll waits there, and what is sent here is its answer */
  stream = begin_poll (nodes[1]);
  is (post (nodes[0], "42[\"join_room\",\"hall\"]"), 200, "ok");
  is (net_ask_on (stream, "", 0), 200, "42[\"room_joined\",{\"room\":\"hall\"");
  is (post (nodes[1], "42[\"leave_room\",\"hall\"]"), 200, "ok");
  is (post (nodes[1], "42[\"join_room\",\"yard\"]"), 200, "ok");
  is (get (nodes[0], sid), 200, "42[\"room_joined\",{\"room\":\"yard\"");
  /* what makes no sense ends it, wherever it came */
  is (post (nodes[1], "x"), 400, "{\"error\":{\"code\":\"BAD_MESSAGE\"");
  is (get (nodes[1], sid), 400, UNKNOWN);
}

GST_END_TEST;

GST_START_TEST (test_two_polls)
{
  g_autoptr (GIOStream) stream = NULL;

  is (post (nodes[1], "40"), 200, "ok");
  is (get (nodes[1], sid), 200, "40");
  stream = begin_poll (nodes[0]);
  /* the first is answered by the end of the session, here or there */
  is (get (nodes[1], sid), 400, "{\"error\":{\"code\":\"BAD_REQUEST\"");
  is (net_ask_on (stream, "", 0), 200, "1");
  is (get (nodes[1], sid), 400, UNKNOWN);
}

GST_END_TEST;

static gboolean
is_over (gpointer user_data)
{
  g_autoptr (NetAnswer) answer = post (nodes[0], "3");

  return answer->status == 400;
}

/* As where the session is: who hangs up on a poll has ended it. */
GST_START_TEST (test_give_up)
{
  GIOStream *stream;

  is (post (nodes[1], "40"), 200, "ok");
  is (get (nodes[1], sid), 200, "40");
  stream = begin_poll (nodes[1]);
  fail_unless (g_io_stream_close (stream, NULL, NULL));
  g_object_unref (stream);
  nats_wait (is_over, NULL);
}

GST_END_TEST;

/* Nobody's, nobody's at a server that is there, and one of a server that is
 * not. */
GST_START_TEST (test_unknown)
{
  const gchar *node = strchr (sid, '.');
  g_autofree gchar *theirs = g_strconcat ("AAAAAAAA", node, NULL);
  g_autofree gchar *no_text = g_strconcat ("AAAA%FF", node, NULL);
  g_autofree gchar *no_name = g_strconcat ("AAAA%07", node, NULL);

  fail_unless (node != NULL);
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++) {
    is (get (nodes[i], "AAAAAAAA"), 400, UNKNOWN);
    is (get (nodes[i], theirs), 400, UNKNOWN);
    is (get (nodes[i], no_text), 400, UNKNOWN);
    is (get (nodes[i], no_name), 400, UNKNOWN);
    is (get (nodes[i], "AAAAAAAA.*.>"), 400, UNKNOWN);
    is (get (nodes[i], "AAAAAAAA."), 400, UNKNOWN);
  }
}

GST_END_TEST;

GST_START_TEST (test_dead_server)
{
  stop (0);
  is (get (nodes[1], sid), 400, UNKNOWN);
}

GST_END_TEST;

/* Its server has one WebSocket for it, which is not passed on: polling goes
 * on. */
GST_START_TEST (test_upgrade)
{
  g_autofree gchar *path =
      g_strdup_printf ("/socket.io/?EIO=4&transport=websocket&sid=%s", sid);

  server = nodes[1];
  check_upgrade (path, NULL);
  server = NULL;
  is (post (nodes[1], "40"), 200, "ok");
  is (get (nodes[1], sid), 200, "40");
}

GST_END_TEST;

static Suite *
sessioncluster_suite (void)
{
  Suite *s = suite_create ("sessioncluster");
  TCase *tc = tcase_create ("sessioncluster");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_all, teardown_all);
  tcase_add_test (tc, test_elsewhere);
  tcase_add_test (tc, test_two_polls);
  tcase_add_test (tc, test_give_up);
  tcase_add_test (tc, test_unknown);
  tcase_add_test (tc, test_dead_server);
  tcase_add_test (tc, test_upgrade);
  return s;
}

CHECK_PROGRAM (sessioncluster)
