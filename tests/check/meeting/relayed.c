/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a server hands on is longer than what it took, and what it says of a
 * full meeting is longer than anything that a participant may say: a device
 * reads it all. Real sockets, on loopback only. */

#include "program.h"
#include "support/meetingdevice.h"
#include "support/net/netclient.h"

#include <gst/videomeet/base/limits.h>
#include <gst/videomeet/meeting/vmmeeting-priv.h>
#include <gst/videomeet/base/json/json.h>
#include <string.h>

#define SEATS_MAX 128

static NetSocket *eve;
static gint64 eve_seq;

/* Ann hosts, Bob is a device, p002, and Eve says what she likes. */
static void
meet (void)
{
  VmServer *server;

  host ();
  server = vm_node_get_server (a.node);
  device_open (&b, VM_MEETING_MODE_JOIN);
  use_uri (&b, "standup");
  start (&b);
  WAIT_FOR (has (&b, "joined:p002"));
  eve = net_socket_join (server, "standup", "Eve");
  g_free (net_socket_wait (eve, "welcome"));
  eve_seq = 1;
  WAIT_FOR (has (&b, "+p003"));
}

static void
part (void)
{
  net_socket_free (eve);
}

/* With an identity of so many members, the message's own five besides. */
static void
say_members (guint members)
{
  g_autoptr (GString) identity = g_string_new ("{");

  for (guint i = 5; i < members; i++)
    g_string_append_printf (identity, "%s\"%u\":0", i > 5 ? "," : "", i);
  net_socket_send (eve,
      "{\"type\":\"restart\",\"seq\":%" G_GINT64_FORMAT
      ",\"to\":\"p002\",\"reason\":\"m%u\",\"identity\":%s}}",
      ++eve_seq, members, identity->str);
}

static void
say_bytes (gsize size, const gchar *reason)
{
  g_autofree gchar *head =
      g_strdup_printf ("{\"type\":\"restart\",\"seq\":%" G_GINT64_FORMAT
                       ",\"to\":\"p002\",\"reason\":\"%s\",\"identity\":\"",
          ++eve_seq, reason);
  g_autofree gchar *rest = g_strnfill (size - strlen (head) - 2, 'x');

  net_socket_send (eve, "%s%s\"}", head, rest);
}

GST_START_TEST (test_most_members)
{
  g_autofree gchar *error = NULL;

  meet ();
  say_members (VM_JSON_MEMBERS_MAX - 1);
  WAIT_FOR (has (&b, "restart:m1023"));
  say_members (VM_JSON_MEMBERS_MAX);
  WAIT_FOR (has (&b, "restart:m1024"));
  say_members (VM_JSON_MEMBERS_MAX + 1);
  error = net_socket_wait (eve, "error");
  fail_unless (strstr (error, "BAD_MESSAGE") != NULL, "%s", error);
  say_members (6);
  WAIT_FOR (has (&b, "restart:m6"));
  fail_if (has (&b, "restart:m1025") || has (&b, "failed"));
  part ();
}

GST_END_TEST;

GST_START_TEST (test_longest)
{
  meet ();
  say_bytes (VM_MESSAGE_MAX - 1, "below");
  WAIT_FOR (has (&b, "restart:below"));
  say_bytes (VM_MESSAGE_MAX, "at");
  WAIT_FOR (has (&b, "restart:at"));
  say_bytes (VM_MESSAGE_MAX + 1, "above");
  fail_unless_equals_int (net_socket_wait_closed (eve), 1009);
  WAIT_FOR (has (&b, "-p003"));
  fail_if (has (&b, "restart:above") || has (&b, "failed"));
  fail_if (vm_signal_client_is_lost (b.meeting->client));
  part ();
}

GST_END_TEST;

/* A seat in Ann's meeting; whoever sits there never reads. */
static GIOStream *
sit_down (VmServer *server, guint i)
{
  static const gchar hello[] =
      "{\"type\":\"hello\",\"seq\":1,\"nonce\":\"bg==\"}";
  g_autofree gchar *user = g_strdup_printf ("Guest %u", i);
  g_autofree gchar *address = g_strdup_printf ("127.0.3.%u", 1 + i / 16);
  GIOStream *stream;

  net_use_address (address);
  stream = net_raw_open (server, user);
  net_use_address (NULL);
  fail_unless (net_raw_send (stream, 0x81, hello, strlen (hello)));
  return stream;
}

/* The last of them reads who the others are. */
GST_START_TEST (test_full_meeting)
{
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func (g_object_unref);

  device_open (&a, VM_MEETING_MODE_HOST);
  g_object_set (a.meeting, "max-participants", SEATS_MAX, NULL);
  start (&a);
  WAIT_FOR (has (&a, "announced"));
  for (guint i = 2; i < SEATS_MAX; i++) {
    g_autofree gchar *came = g_strdup_printf ("+p%03u", i);

    g_ptr_array_add (crowd, sit_down (vm_node_get_server (a.node), i));
    WAIT_FOR (has (&a, came));
  }
  device_open (&b, VM_MEETING_MODE_JOIN);
  use_uri (&b, "standup");
  start (&b);
  WAIT_FOR (has (&b, "joined:p128"));
  fail_unless (has (&b, "+p001") && has (&b, "+p127"));
  WAIT_FOR (has (&a, "+p128"));
  fail_if (has (&b, "failed"));
}

GST_END_TEST;

/* Numbers begin with 1: who begins with 0 hears it, and may say it again. */
GST_START_TEST (test_number_zero)
{
  g_autofree gchar *error = NULL;

  meet ();
  net_socket_send (eve, "{\"type\":\"presence\",\"seq\":0}");
  error = net_socket_wait (eve, "error");
  fail_unless (strstr (error, "BAD_MESSAGE") != NULL, "%s", error);
  fail_unless (strstr (error, "\\\"seq\\\"") != NULL, "%s", error);
  part ();
}

GST_END_TEST;

static Suite *
relayed_suite (void)
{
  Suite *s = suite_create ("relayed");
  TCase *tc = tcase_create ("relayed");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_most_members);
  tcase_add_test (tc, test_longest);
  tcase_add_test (tc, test_full_meeting);
  tcase_add_test (tc, test_number_zero);
  return s;
}

CHECK_PROGRAM (relayed)
