/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a vmsignalbin that hosts is called, and where it is found. */

#include "program.h"
#include "elements/knownfaults.h"
#include "signalside.h"

#include <gio/gio.h>
#include <string.h>

#define HOST(options) "vmsignalbin name=m mode=host " options

/* Of the link of its meeting. */
static guint16
port_of (Side *side)
{
  g_autoptr (GstMessage) joined = wait_for (side, "vm-joined");
  g_autoptr (GUri) link = g_uri_parse (
      gst_structure_get_string (gst_message_get_structure (joined), "link"),
      G_URI_FLAGS_NONE, NULL);

  fail_unless (link != NULL);
  return g_uri_get_port (link);
}

/* What the server at @port answers to GET /status. */
static gchar *
get_status (guint16 port)
{
  const gchar request[] = "GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                          "Connection: close\r\n\r\n";
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  GString *answer = g_string_new (NULL);
  GInputStream *in;
  gchar part[1024];
  gssize n;

  g_socket_client_set_timeout (client, DEADLINE / GST_SECOND);
  connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, NULL);
  fail_unless (connection != NULL, "nobody at port %u", port);
  fail_unless (g_output_stream_write_all (
      g_io_stream_get_output_stream (G_IO_STREAM (connection)), request,
      strlen (request), NULL, NULL, NULL));
  in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  while ((n = g_input_stream_read (in, part, sizeof part, NULL, NULL)) > 0)
    g_string_append_len (answer, part, n);
  return g_string_free (answer, FALSE);
}

static void
fail_unless_says (guint16 port, const gchar *user, const gchar *meeting)
{
  g_autofree gchar *status = get_status (port);
  g_autofree gchar *as_user = g_strdup_printf ("\"user\":\"%s\"", user);
  g_autofree gchar *as_name = g_strdup_printf ("\"name\":\"%s\"", meeting);

  fail_unless (strstr (status, as_user) != NULL, "not %s: %s", user, status);
  fail_unless (strstr (status, as_name) != NULL, "not %s: %s", meeting, status);
}

static guint16
free_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();

  return g_socket_listener_add_any_inet_port (listener, NULL, NULL);
}

GST_START_TEST (test_host_is_announced_as_its_user)
{
  Side a = side_new (HOST ("meeting=k user=Zaphod"));
  g_autofree gchar *account = NULL;

  fail_unless_says (port_of (&a), "Zaphod", "k");
  /* whoever else uses this process's node is not Zaphod */
  g_object_get (node, "user", &account, NULL);
  fail_unless (strcmp (account, "Zaphod") != 0);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_two_hosts_are_both_announced)
{
  Side a = side_new (HOST ("meeting=one user=Ann"));
  guint16 first = port_of (&a), second, third;
  Side b = side_new (HOST ("meeting=two user=Bob")), c;

  second = port_of (&b);
  fail_unless (first != second);
  fail_unless_says (first, "Ann", "one");
  fail_unless_says (second, "Bob", "two");
  side_free (&a);
  fail_unless_says (second, "Bob", "two");
  /* the place of the first is free again */
  c = side_new (HOST ("meeting=three user=Carl"));
  third = port_of (&c);
  fail_unless (third != second);
  fail_unless_says (third, "Carl", "three");
  side_free (&c);
  side_free (&b);
}

GST_END_TEST;

GST_START_TEST (test_port)
{
  guint16 one = free_port (), two = free_port ();
  g_autofree gchar *first = g_strdup_printf (HOST ("meeting=one port=%u"), one);
  g_autofree gchar *other = g_strdup_printf (HOST ("meeting=two port=%u"), two);
  Side a = side_new (first), b = side_new (other);
  guint port;

  fail_unless_equals_int (port_of (&a), one);
  fail_unless_equals_int (port_of (&b), two);
  g_object_get (b.bin, "port", &port, NULL);
  fail_unless_equals_int (port, two);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_port_that_is_taken)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree gchar *launch = g_strdup_printf (HOST ("meeting=k port=%u"), port);
  Side a = side_new (launch);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (a.bus, DEADLINE, GST_MESSAGE_ERROR);
  const GstStructure *details = NULL;

  fail_unless (message != NULL);
  gst_message_parse_error_details (message, &details);
  fail_unless_equals_string (
      gst_structure_get_string (details, "code"), "PORT_IN_USE");
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_interfaces_and_announce)
{
  Side a =
      side_new (HOST ("meeting=quiet user=Ann interfaces=lo announce=off"));
  guint16 port = port_of (&a);
  g_autofree gchar *interfaces = NULL;
  VmAnnounce announce;

  /* strangers are told nothing */
  fail_unless_says (port, "", "private");
  g_object_get (a.bin, "interfaces", &interfaces, "announce", &announce, NULL);
  fail_unless_equals_string (interfaces, "lo");
  fail_unless_equals_int (announce, VM_ANNOUNCE_OFF);
  /* of the device that it is */
  g_object_get (node, "announce", &announce, NULL);
  fail_unless_equals_int (announce, VM_ANNOUNCE_OFF);
  side_free (&a);
}

GST_END_TEST;

/* They are of no use elsewhere, and whoever sets them expects them to be. */
GST_START_TEST (test_ring_without_server)
{
  static const gchar *const settings[] = { "call-to=ann", "auto-accept=true" };
  g_autofree gchar *line =
      g_strdup_printf ("vmsignalbin meeting=k %s", settings[__i__]);
  g_autoptr (GstElement) pipeline = gst_pipeline_new (NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  const GstStructure *details = NULL;

  gst_bin_add (GST_BIN (pipeline), gst_parse_launch (line, NULL));
  fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING)
               == GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error_details (message, &details);
  fail_unless (g_str_has_prefix (
      settings[__i__], gst_structure_get_string (details, "property")));
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

static void
wait_for_status (guint16 port, const gchar *status)
{
  g_autofree gchar *wanted = g_strdup_printf ("\"status\":\"%s\"", status);
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;

  for (;;) {
    g_autofree gchar *said = get_status (port);

    if (strstr (said, wanted))
      return;
    fail_unless (g_get_monotonic_time () < end, "not %s: %s", status, said);
  }
}

/* protocol/discovery.md#txt: who is in a call is busy, but who says
 * otherwise. */
GST_START_TEST (test_status_in_a_call)
{
  Side a = side_new (HOST ("meeting=k")), b;
  guint16 port = port_of (&a);
  g_autofree gchar *joining = g_strdup_printf (
      "vmsignalbin name=m mode=join uri=videomeet://127.0.0.1:%u/k", port);

  wait_for_status (port, "available");
  b = side_new (joining);
  wait_for_status (port, "busy");
  g_object_set (node, "status", "away", NULL);
  wait_for_status (port, "away");
  g_object_set (node, "status", "available", NULL);
  wait_for_status (port, "busy");
  side_free (&b);
  wait_for_status (port, "available");
  side_free (&a);
}

GST_END_TEST;

static const gchar *const names[] = { "stand up", "100%", "%25", "a&b=c", "a+b",
  "..", ".", "a/../b", "../..", "Zo\xc3\xab #1?" };

/* Whatever its name holds. */
GST_START_TEST (test_meeting_is_joined_at_its_address)
{
  g_autofree gchar *quoted = g_strescape (names[__i__], "\xc3\xab");
  g_autofree gchar *hosting = g_strdup_printf (HOST ("meeting=\"%s\""), quoted);
  g_autofree gchar *escaped = g_uri_escape_string (names[__i__], NULL, FALSE);
  Side a = side_new (hosting), b;
  g_autofree gchar *joining = g_strdup_printf (
      "vmsignalbin name=m mode=join uri=videomeet://127.0.0.1:%u/%s",
      port_of (&a), escaped);

  b = side_new (joining);
  gst_message_unref (wait_for (&b, "vm-joined"));
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

static Suite *
vmsignalhost_suite (void)
{
  Suite *suite = suite_create ("vmsignalhost");
  TCase *tc = tcase_create ("general");

  known_faults_pass ();
  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_host_is_announced_as_its_user);
  tcase_add_test (tc, test_two_hosts_are_both_announced);
  tcase_add_test (tc, test_port);
  tcase_add_test (tc, test_interfaces_and_announce);
  tcase_add_loop_test (tc, test_ring_without_server, 0, 2);
  tcase_add_test (tc, test_port_that_is_taken);
  tcase_add_test (tc, test_status_in_a_call);
  tcase_add_loop_test (
      tc, test_meeting_is_joined_at_its_address, 0, G_N_ELEMENTS (names));
  return suite;
}

CHECK_PROGRAM (vmsignalhost)
