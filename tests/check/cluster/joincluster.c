/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A meeting at one server of a cluster, which another one does not know until
 * somebody comes to it there: by a ticket, or back to a seat
 * (protocol/cluster.md#who-knows-a-record). */

#include "support/net/natsserver.h"
#include "support/net/netclient.h"

#include "program.h"

#include "base/json/json.h"
#include <string.h>

#define JOIN "{\"meeting\":\"hall\",\"user\":\"bob\"}"

static NatsServer nats;
static VmServer *nodes[2];

static void
setup (void)
{
  g_autofree gchar *url = NULL;

  nats_server_start (&nats, NULL, NULL);
  url = g_strdup_printf ("nats://127.0.0.1:%s", nats.port);
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    nodes[i] = net_server (
        &(VmServerConfig){
            .loopback_only = TRUE, .open_rooms = TRUE, .cluster = url },
        NULL);
}

static void
teardown (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++) {
    vm_server_stop (nodes[i]);
    g_clear_object (&nodes[i]);
  }
  nats_server_clear (&nats);
}

static gchar *
get (const gchar *text, const gchar *name)
{
  VmJson json;
  gchar *value = NULL;

  fail_unless (vm_json_read (&json, text, strlen (text), NULL));
  fail_unless (vm_json_get_string (&json, 0, name, 99, &value, NULL));
  fail_unless (value != NULL, "no %s in %s", name, text);
  return value;
}

static NetSocket *
resume (VmServer *server, const gchar *token, const gchar *meeting_id)
{
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, "/ws", "videomeet.v2", &error);

  g_assert_no_error (error);
  net_socket_send (socket,
      "{\"type\":\"hello\",\"resume\":\"%s\",\"lastSeq\":0,\"meetingId\":"
      "\"%s\"}",
      token, meeting_id);
  return socket;
}

/* The grant says who is there, and in which meeting. */
GST_START_TEST (test_join)
{
  NetSocket *ann = net_socket_join (nodes[0], "hall", "ann");
  g_autofree gchar *welcome = net_socket_wait (ann, "welcome");
  g_autofree gchar *id = get (welcome, "meetingId");
  g_autoptr (NetAnswer) grant = net_join (nodes[1], JOIN);
  g_autofree gchar *granted = NULL;

  fail_unless_equals_int (grant->status, 200);
  granted = get (grant->body, "meetingId");
  fail_unless_equals_string (granted, id);
  fail_unless (strstr (grant->body, "\"user\":\"ann\"") != NULL);
  /* and what is wrong with it, as ever */
  {
    g_autoptr (NetAnswer) nameless = net_join (nodes[1], "{\"user\":\"bob\"}");
    g_autoptr (NetAnswer) useless = net_join (nodes[1], "{");

    fail_unless_equals_int (nameless->status, 400);
    fail_unless_equals_int (useless->status, 400);
  }
  net_socket_free (ann);
}

GST_END_TEST;

GST_START_TEST (test_resume)
{
  NetSocket *ann = net_socket_join (nodes[0], "hall", "ann"), *again, *late;
  g_autofree gchar *welcome = net_socket_wait (ann, "welcome");
  g_autofree gchar *token = get (welcome, "resume");
  g_autofree gchar *id = get (welcome, "meetingId");
  g_autofree gchar *answer = NULL, *back = NULL;

  late = resume (nodes[1], token, "another");
  answer = net_socket_wait (late, "error");
  fail_unless (strstr (answer, "MEETING_ENDED") != NULL);
  again = resume (nodes[1], token, id);
  back = net_socket_wait (again, "welcome");
  fail_unless (strstr (back, "\"resumed\":true") != NULL);
  fail_unless (strstr (back, "\"id\":\"p001\"") != NULL);
  net_socket_free (ann);
  net_socket_free (late);
  net_socket_free (again);
}

GST_END_TEST;

/* Whoever waits is told in time, or hangs up before. */
GST_START_TEST (test_without_nats)
{
  const gchar *request = "POST /meetings/join HTTP/1.1\r\nHost: localhost\r\n"
                         "Content-Type: application/json\r\n"
                         "Content-Length: 31\r\n\r\n" JOIN;
  g_autoptr (NetAnswer) grant = NULL;
  GIOStream *gone = net_connect (nodes[1]);

  nats_server_kill (&nats);
  fail_unless (g_output_stream_write_all (g_io_stream_get_output_stream (gone),
      request, strlen (request), NULL, NULL, NULL));
  g_io_stream_close (gone, NULL, NULL);
  g_object_unref (gone);
  grant = net_join (nodes[1], JOIN);
  fail_unless_equals_int (grant->status, 503);
  fail_unless (strstr (grant->body, "DISCONNECTED") != NULL);
}

GST_END_TEST;

static Suite *
joincluster_suite (void)
{
  Suite *s = suite_create ("joincluster");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_join);
  tcase_add_test (tc, test_resume);
  tcase_add_test (tc, test_without_nats);
  return s;
}

CHECK_PROGRAM (joincluster)
