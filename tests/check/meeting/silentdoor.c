/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long a guest waits for `welcome` at one door, by name: what keeps a
 * socket open does not put it off, and sockets that are cut only up to a limit.
 */

#include "program.h"
#include "support/net/mutehost.h"

#include <gst/videomeet/client/signalclient-priv.h>
#include <gst/videomeet/meeting/vmmeeting-priv.h>

#define STEP_MS 2000 /* where it is waited for */
#define LONG_STEP_MS 20000 /* where it is not: time is taken away instead */
#define STEPS_MAX 3 /* WELCOME_STEPS_MAX of vmmeeting-enter.c */
#define PONG_MS 50

static Mute *mute;
static guint n_pongs;
static gint64 due; /* when the door is left, unless something is said */

static void
meet (MuteManner manner, guint step_ms)
{
  mute = mute_new (manner, 1);
  mute_know (mute, NULL, 1);
  device_open (&b, VM_MEETING_MODE_AUTO);
  g_object_set (
      b.meeting, "browse-time", 0, "join-timeout", WAIT_SECONDS * 1000, NULL);
  b.meeting->step_timeout = step_ms;
  start (&b);
  WAIT_FOR (b.meeting->welcome_timer);
}

static void
part (void)
{
  mute_leave ();
  g_clear_pointer (&mute, mute_free);
}

/* The frames that say nothing; RFC 6455 §5.5.2 and §5.5.3. */
static gboolean
on_alive (gpointer stream)
{
  static const guint8 frames[] = { 0x89, 0, 0x8a, 0 };

  g_output_stream_write (stream, frames, sizeof frames, NULL, NULL);
  return G_SOURCE_CONTINUE;
}

/* Called after the client's own; and of a door that is left, whose socket is
 * read for a while. */
static void
on_pong (SoupWebsocketConnection *socket, GBytes *payload, gpointer data)
{
  if (!b.meeting->welcome_timer)
    return;
  n_pongs++;
  fail_unless (g_source_get_ready_time (b.meeting->welcome_timer) == due);
}

GST_START_TEST (test_pongs_do_not_put_it_off)
{
  g_autoptr (SoupWebsocketConnection) socket = NULL;
  guint timer;

  meet (MUTE_SILENT, STEP_MS);
  socket = g_object_ref (b.meeting->client->socket);
  due = g_source_get_ready_time (b.meeting->welcome_timer);
  n_pongs = 0;
  g_signal_connect (socket, "pong", G_CALLBACK (on_pong), NULL);
  WAIT_FOR (mute->hellos);
  timer = g_timeout_add (PONG_MS, on_alive,
      g_io_stream_get_output_stream (
          soup_websocket_connection_get_io_stream (mute_get_socket (mute))));
  WAIT_FOR (has (&b, "announced") || has (&b, "ended"));
  g_source_remove (timer);
  g_signal_handlers_disconnect_by_func (socket, on_pong, NULL);
  heard (&b, "joined:p001 announced");
  fail_unless (n_pongs > 0);
  fail_unless_equals_int (mute->hellos, 1);
  part ();
}

GST_END_TEST;

/* Cuts the socket when of all the time so much is left, in ms, and returns how
 * much the guest waits at the next one. */
static gint64
cut_with (gint64 left)
{
  gint64 cut_at = g_get_monotonic_time ();

  b.meeting->welcome_until = cut_at + left * 1000;
  mute_cut (mute);
  WAIT_FOR (mute->hellos == 2 && !vm_signal_client_is_lost (b.meeting->client));
  fail_unless (b.meeting->welcome_timer != NULL);
  return (g_source_get_ready_time (b.meeting->welcome_timer)
             - (left < LONG_STEP_MS ? cut_at : b.meeting->client->back_at))
         / 1000;
}

GST_START_TEST (test_time_of_all_steps)
{
  gint64 from = g_get_monotonic_time (), to, all;

  meet (MUTE_KEEPS, LONG_STEP_MS);
  to = g_get_monotonic_time ();
  all = STEPS_MAX * LONG_STEP_MS * (gint64) 1000;
  fail_unless (b.meeting->welcome_until >= from + all);
  fail_unless (b.meeting->welcome_until <= to + all);
  part ();
}

GST_END_TEST;

/* Below the limit a step is as long as any other. */
GST_START_TEST (test_step_with_time_left)
{
  gint64 waits;

  meet (MUTE_KEEPS, LONG_STEP_MS);
  WAIT_FOR (mute->hellos == 1);
  waits = cut_with (2 * LONG_STEP_MS);
  fail_unless (waits >= LONG_STEP_MS - 1, "%" G_GINT64_FORMAT, waits);
  fail_unless (waits < LONG_STEP_MS * 3 / 2, "%" G_GINT64_FORMAT, waits);
  part ();
}

GST_END_TEST;

/* The last step ends with the time of all. */
GST_START_TEST (test_last_step)
{
  gint64 waits;

  meet (MUTE_KEEPS, LONG_STEP_MS);
  WAIT_FOR (mute->hellos == 1);
  waits = cut_with (LONG_STEP_MS / 2);
  fail_unless (waits >= LONG_STEP_MS / 2 - 1, "%" G_GINT64_FORMAT, waits);
  fail_unless (waits < LONG_STEP_MS * 3 / 4, "%" G_GINT64_FORMAT, waits);
  part ();
}

GST_END_TEST;

/* At the limit and above there is none. */
GST_START_TEST (test_no_time_left)
{
  gint64 cut_at;

  meet (MUTE_KEEPS, LONG_STEP_MS);
  WAIT_FOR (mute->hellos == 1);
  cut_at = g_get_monotonic_time ();
  b.meeting->welcome_until = cut_at - __i__ * G_USEC_PER_SEC;
  mute_cut (mute);
  WAIT_FOR (has (&b, "announced") || has (&b, "ended"));
  /* not after one more step */
  fail_unless (g_get_monotonic_time () - cut_at < LONG_STEP_MS * (gint64) 1000);
  heard (&b, "joined:p001 announced");
  part ();
}

GST_END_TEST;

static Suite *
silentdoor_suite (void)
{
  Suite *s = suite_create ("silentdoor");
  TCase *tc = tcase_create ("silentdoor");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_pongs_do_not_put_it_off);
  tcase_add_test (tc, test_time_of_all_steps);
  tcase_add_test (tc, test_step_with_time_left);
  tcase_add_test (tc, test_last_step);
  tcase_add_loop_test (tc, test_no_time_left, 0, 2);
  return s;
}

CHECK_PROGRAM (silentdoor)
