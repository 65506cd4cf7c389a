/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A guest whose host has a socket that is no good: it drops each anew, or
 * brings a message that is too long. */

#include "program.h"
#include "support/net/mutehost.h"

#include <gst/videomeet/client/signalclient-priv.h>
#include <gst/videomeet/base/json/json.h>

#include <string.h>

#define STEP_MS (WAIT_SECONDS * 1000)
#define STEADY_TIME G_USEC_PER_SEC /* of signalresume.c */
#define ROUNDS_MAX 20 /* of a busy machine, on which a drop takes long */

/* Before the attempts that follow one another, ms */
static const guint pauses[] = { 0, 500, 1000, 2000 };

static Mute *mute;
static VmSignalClient *client;
static gboolean joined;
static guint presences;
static gint64 lost_at, back_at; /* as the client has told */
static GError *ended;

static void
on_signal (VmSignalClient *self, const VmSignal *signal, gpointer data)
{
  presences += signal->type == VM_SIGNAL_PRESENCE;
}

static void
on_ended (VmSignalClient *self, const GError *error, gpointer data)
{
  fail_unless (ended == NULL);
  ended = g_error_copy (error);
}

static void
on_lost (VmSignalClient *self, gboolean lost, gpointer data)
{
  *(lost ? &lost_at : &back_at) = g_get_monotonic_time ();
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  vm_signal_client_join_finish (VM_SIGNAL_CLIENT (source), result, &error);
  g_assert_no_error (error);
  joined = TRUE;
}

static void
meet (void)
{
  g_autofree gchar *uri = NULL;
  VmSignalClientConfig config = {
    .dialect = VM_DIALECT_NAME_NATIVE,
    .policy = VM_POLICY_OPEN,
    .meeting = "standup",
    .user = "Bob",
    .device = "phone",
    .nonce = "bm9uY2U=",
    .timeout_ms = STEP_MS,
    .resume_ms = 30000,
  };

  setup ();
  mute = mute_new (MUTE_KEEPS, 1);
  uri = g_strdup_printf ("http://127.0.0.1:%u", mute->info->port);
  config.uri = config.base_uri = uri;
  joined = FALSE;
  presences = 0;
  lost_at = back_at = 0;
  client = vm_signal_client_new (key_of (&b), on_signal, on_ended, NULL);
  vm_signal_client_set_lost_func (client, on_lost);
  vm_signal_client_join_async (client, &config, NULL, on_joined, NULL);
  WAIT_FOR (joined && mute->hellos == 1);
}

static void
part (void)
{
  vm_signal_client_close (client);
  g_clear_object (&client);
  g_clear_error (&ended);
  g_clear_pointer (&mute, mute_free);
  teardown ();
}

/* Until it is there again, after the pause that is returned; ms. */
static gint64
drop (void)
{
  guint hellos = mute->hellos;

  mute_cut (mute);
  WAIT_FOR (mute->hellos > hellos && !vm_signal_client_is_lost (client));
  return (mute->hello_at - lost_at) / 1000;
}

/* A server that takes the seat back and drops the socket is not asked as fast
 * as it can drop. */
GST_START_TEST (test_pause_before_a_socket_that_is_dropped_anew)
{
  guint step = 0;

  drop ();
  for (guint i = 0; i < ROUNDS_MAX && step + 1 < G_N_ELEMENTS (pauses); i++) {
    gint64 since = back_at, pause = drop ();

    /* as likely as not it was there long enough */
    step = lost_at - since < STEADY_TIME / 2 ? step + 1 : 0;
    fail_unless (pause >= pauses[step], "%u: %" G_GINT64_FORMAT, step, pause);
  }
  fail_unless_equals_int (step + 1, G_N_ELEMENTS (pauses));
}

GST_END_TEST;

/* The next attempt is due after the pause that is returned, when the socket is
 * dropped that was there for @time; ms. */
static gint64
drop_after (gint64 time)
{
  client->back_at = g_get_monotonic_time () - time;
  mute_cut (mute);
  WAIT_FOR (vm_signal_client_is_lost (client));
  fail_unless (client->retry != NULL);
  return (g_source_get_ready_time (client->retry) - client->lost_at) / 1000;
}

GST_START_TEST (test_no_pause_after_a_socket_that_has_lasted)
{
  gint64 pause;

  /* the first is there again without a pause, the second is not */
  drop ();
  drop ();
  for (guint i = 0; i < ROUNDS_MAX; i++) {
    guint attempts = client->attempts;

    pause = drop_after (STEADY_TIME / 2);
    if (client->lost_at - client->back_at < STEADY_TIME) {
      fail_unless_equals_int (attempts + 1, client->attempts);
      fail_unless (pause >= pauses[2], "%" G_GINT64_FORMAT, pause);
      break;
    }
    WAIT_FOR (!vm_signal_client_is_lost (client));
    drop ();
  }
  WAIT_FOR (!vm_signal_client_is_lost (client));
  pause = drop_after (STEADY_TIME);
  fail_unless_equals_int (client->attempts, 1);
  fail_unless (pause < pauses[1], "%" G_GINT64_FORMAT, pause);
  WAIT_FOR (!vm_signal_client_is_lost (client));
}

GST_END_TEST;

/* Says something that has @size bytes. */
static void
say (gsize size)
{
  static const gchar presence[] =
      "{\"type\":\"presence\",\"seq\":1,\"ack\":0,\"from\":\"p001\","
      "\"status\":\"busy\"}";
  g_autofree gchar *text = g_malloc (size + 1);

  memset (text, ' ', size);
  memcpy (text, presence, sizeof presence - 1);
  text[size] = '\0';
  soup_websocket_connection_send_text (mute_get_socket (mute), text);
}

/* One less than the most, and the most. */
GST_START_TEST (test_longest_message)
{
  say (VM_JSON_SIZE_MAX - 1 + __i__);
  WAIT_FOR (presences || ended || vm_signal_client_is_lost (client));
  fail_if (vm_signal_client_is_lost (client));
  g_assert_no_error (ended);
  fail_unless_equals_int (presences, 1);
}

GST_END_TEST;

/* It is not taken: the client closes that socket, and comes with another. */
GST_START_TEST (test_too_long_a_message)
{
  say (VM_JSON_SIZE_MAX + 1);
  WAIT_FOR (presences || ended || back_at);
  fail_unless (back_at > 0);
  fail_unless_equals_int (presences, 0);
}

GST_END_TEST;

static Suite *
steadysocket_suite (void)
{
  Suite *s = suite_create ("steadysocket");
  TCase *tc = tcase_create ("steadysocket");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, meet, part);
  tcase_add_test (tc, test_pause_before_a_socket_that_is_dropped_anew);
  tcase_add_test (tc, test_no_pause_after_a_socket_that_has_lasted);
  tcase_add_loop_test (tc, test_longest_message, 0, 2);
  tcase_add_test (tc, test_too_long_a_message);
  return s;
}

CHECK_PROGRAM (steadysocket)
