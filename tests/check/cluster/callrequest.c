/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Users at two servers of a cluster who call one another, and what one says
 * before the other server has answered whether its name is free
 * (callguest.c). */

#include "support/net/natsserver.h"
#include "support/net/netclient.h"

#include "program.h"

#include <string.h>

#define OFFER                                                              \
  "{\"type\":\"call-offer\",\"toId\":\"%s\",\"callId\":\"%s\",\"offer\":{" \
  "\"type\":\"offer\",\"sdp\":\"v=0\"},\"callType\":\"audio\"}"

static NatsServer nats;
static VmServer *nodes[2];

static void
setup (void)
{
  g_autofree gchar *url = NULL;

  nats_server_start (&nats, NULL, NULL);
  url = g_strdup_printf ("nats://127.0.0.1:%s", nats.port);
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    nodes[i] = net_server (&(VmServerConfig){ .loopback_only = TRUE,
                               .open_rooms = TRUE,
                               .calls = TRUE,
                               .cluster = url },
        NULL);
}

static void
teardown (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++) {
    if (nodes[i])
      vm_server_stop (nodes[i]);
    g_clear_object (&nodes[i]);
  }
  nats_server_clear (&nats);
}

static NetSocket *
open_as (guint node, const gchar *user)
{
  g_autofree gchar *path = g_strdup_printf ("/?userId=%s", user);
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (nodes[node], path, NULL, &error);

  g_assert_no_error (error);
  return socket;
}

/* The next message has all of it. */
static void
hears (NetSocket *socket, const gchar *first, const gchar *second)
{
  g_autofree gchar *text = net_socket_next (socket);

  fail_unless (text && strstr (text, first) && strstr (text, second),
      "%s and not %s %s", text, first, second);
}

static NetSocket *
come (guint node, const gchar *user)
{
  NetSocket *socket = open_as (node, user);

  hears (socket, "\"registered\"", user);
  return socket;
}

/* Taken elsewhere, taken here, free; then a call. */
GST_START_TEST (test_one_request_at_a_time)
{
  NetSocket *bob = come (0, "bob"), *carl = come (1, "carl");
  NetSocket *dora = open_as (0, "carl");

  net_socket_send (dora, "{\"type\":\"register\",\"userId\":\"bob\"}");
  net_socket_send (dora, "{\"type\":\"register\",\"userId\":\"dora\"}");
  net_socket_send (dora, OFFER, "bob", "c1");
  hears (dora, "\"error\"", "USER_TAKEN");
  hears (dora, "\"error\"", "USER_TAKEN");
  hears (dora, "\"registered\"", "dora");
  hears (bob, "\"call-offer\"", "\"fromId\":\"dora\"");
  net_socket_free (bob);
  net_socket_free (carl);
  net_socket_free (dora);
}

GST_END_TEST;

/* What waits for the answer is bounded: one is too much. */
GST_START_TEST (test_too_much)
{
  NetSocket *ann;

  nats_server_kill (&nats);
  ann = open_as (0, "ann");
  for (guint i = 0; i <= VM_EARLY_MAX; i++)
    net_socket_send (ann, "{\"type\":\"call-reject\",\"toId\":\"bob\","
                          "\"callId\":\"c1\"}");
  hears (ann, "\"error\"", "RATE_LIMITED");
  hears (ann, "\"error\"", "DISCONNECTED");
  for (guint i = 0; i < VM_EARLY_MAX; i++)
    hears (ann, "\"error\"", "UNROUTABLE");
  net_socket_free (ann);
}

GST_END_TEST;

/* Its server is stopped, and nobody hears that a call has ended; who comes back
 * at another server goes on with it. */
GST_START_TEST (test_stopped)
{
  NetSocket *ann = come (0, "ann"), *bob = come (1, "bob");

  /* the other server knows of ann when it refuses her name */
  {
    NetSocket *other = open_as (1, "ann");

    hears (other, "\"error\"", "USER_TAKEN");
    net_socket_send (bob, OFFER, "ann", "c1");
    net_socket_free (other);
  }
  hears (ann, "\"call-offer\"", "\"fromId\":\"bob\"");
  net_socket_send (ann, "{\"type\":\"call-answer\",\"toId\":\"bob\",\"callId\":"
                        "\"c1\",\"answer\":{\"type\":\"answer\",\"sdp\":"
                        "\"v=0\"}}");
  hears (bob, "\"call-answer\"", "\"fromId\":\"ann\"");
  vm_server_stop (nodes[0]);
  fail_unless_equals_int (net_socket_wait_closed (ann), 1001);
  net_socket_free (ann);
  ann = open_as (1, "ann&toId=bob&callId=c1");
  hears (ann, "\"registered\"", "ann");
  net_socket_send (ann, "{\"type\":\"call-end\",\"toId\":\"bob\",\"callId\":"
                        "\"c1\"}");
  hears (bob, "\"call-end\"", "\"fromId\":\"ann\"");
  net_socket_free (ann);
  net_socket_free (bob);
}

GST_END_TEST;

static Suite *
callrequest_suite (void)
{
  Suite *s = suite_create ("callrequest");
  TCase *tc = tcase_create ("callrequest");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 90);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_one_request_at_a_time);
  tcase_add_test (tc, test_too_much);
  tcase_add_test (tc, test_stopped);
  return s;
}

CHECK_PROGRAM (callrequest)
