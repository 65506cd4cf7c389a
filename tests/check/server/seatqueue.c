/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A host whose thread does not look for a while: how much waits for it, and
 * what becomes of the rest. */

#include "support/net/nethost.h"

#include "program.h"

#define GUESTS 5 /* together they may say so much in one burst */
#define EACH (VM_SEAT_QUEUE / GUESTS + 2)
G_STATIC_ASSERT (EACH + 2 < VM_MESSAGE_BURST);

static VmServer *device;
static VmSeat *host;
static GMainContext *busy; /* the host's, run when a test says so */
static GPtrArray *heard; /* texts of chat, in order */
static NetSocket *guests[GUESTS];
static guint said;

static void
on_signal (VmSeat *of, const VmSignal *signal, gpointer user_data)
{
  if (signal->type == VM_SIGNAL_CHAT)
    g_ptr_array_add (heard, g_strdup (signal->text));
}

static void
look (void)
{
  while (g_main_context_iteration (busy, FALSE))
    ;
}

/* What this guest said before has been dealt with. */
static void
catch_up (NetSocket *guest)
{
  g_autofree gchar *answer = NULL;

  net_socket_send (guest, "{\"type\":\"chat\",\"to\":\"p999\",\"text\":\"\"}");
  answer = net_socket_wait (guest, "error");
  has (answer, "UNROUTABLE");
}

/* So many numbers to the host, from the last one on. */
static void
say (NetSocket *guest, guint n)
{
  for (guint i = 0; i < n; i++)
    net_socket_send (
        guest, "{\"type\":\"chat\",\"to\":\"p001\",\"text\":\"%u\"}", said++);
  catch_up (guest);
}

static void
set_up_host (void)
{
  VmServerConfig config = { .loopback_only = TRUE };
  VmMeetingConfig meeting = { "standup", "Ann", "desk", NULL, 10,
    VM_CALL_TYPE_VIDEO };
  g_autoptr (GError) error = NULL;

  device = net_server (&config, NULL);
  busy = g_main_context_new ();
  heard = g_ptr_array_new_with_free_func (g_free);
  said = 0;
  host =
      vm_server_open_meeting (device, &meeting, busy, on_signal, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < GUESTS; i++) {
    guests[i] = net_socket_join (device, "standup", "Guest");
    g_free (net_socket_wait (guests[i], "welcome"));
  }
  /* the last one's coming is the last that the host is told */
  for (guint i = 0; i < GUESTS; i++)
    catch_up (guests[i]);
  look ();
}

static void
tear_down_host (void)
{
  for (guint i = 0; i < GUESTS; i++)
    g_clear_pointer (&guests[i], net_socket_free);
  vm_seat_close (host);
  vm_server_stop (device);
  g_clear_object (&device);
  look ();
  g_clear_pointer (&busy, g_main_context_unref);
  g_clear_pointer (&heard, g_ptr_array_unref);
}

/* @n messages while the host does not look. */
static void
say_unheard (guint n)
{
  guint left = n;

  for (guint i = 0; left; i++) {
    guint now = MIN (left, EACH - 1);

    say (guests[i], now);
    left -= now;
  }
  fail_unless_equals_int (heard->len, 0);
}

static void
expect_heard (guint n)
{
  look ();
  fail_unless_equals_int (heard->len, n);
  for (guint i = 0; i < n; i++)
    fail_unless_equals_int (atoi (heard->pdata[i]), (int) i);
}

GST_START_TEST (test_below_and_at_the_limit_nothing_is_lost)
{
  say_unheard (VM_SEAT_QUEUE - 1 + __i__);
  expect_heard (VM_SEAT_QUEUE - 1 + __i__);
}

GST_END_TEST;

/* The newest is lost; the meeting goes on, and the host hears what is said once
 * it looks again. */
GST_START_TEST (test_beyond_the_limit_the_newest_is_lost)
{
  say_unheard (VM_SEAT_QUEUE + 1);
  expect_heard (VM_SEAT_QUEUE);
  said = VM_SEAT_QUEUE;
  say (guests[GUESTS - 1], 1);
  expect_heard (VM_SEAT_QUEUE + 1);
}

GST_END_TEST;

static Suite *
seatqueue_suite (void)
{
  Suite *s = suite_create ("seatqueue");
  TCase *tc = tcase_create ("seatqueue");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, set_up_host, tear_down_host);
  tcase_add_loop_test (tc, test_below_and_at_the_limit_nothing_is_lost, 0, 2);
  tcase_add_test (tc, test_beyond_the_limit_the_newest_is_lost);
  return s;
}

CHECK_PROGRAM (seatqueue)
