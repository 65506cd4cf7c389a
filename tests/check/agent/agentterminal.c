/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A terminal that one agent shares and others see and control, at a real server
 * on loopback (protocol/agents.md#terminal). */

#include "support/net/termparty.h"

#include "program.h"

#include <gst/videomeet/terminal/termview-priv.h>
#include <string.h>

#define QUIET_TIME G_USEC_PER_SEC /* in which nothing more comes */

/* Viewing */

static gboolean
has_viewers (Party *party, const gchar *text)
{
  g_auto (GStrv) viewers = NULL;
  g_autofree gchar *joined = NULL;

  g_object_get (party->terminal, "viewers", &viewers, NULL);
  joined = g_strjoinv (",", viewers);
  return g_str_equal (joined, text);
}

GST_START_TEST (test_view)
{
  share ("echo kite; read line; exit 7");
  wait_until (shows, &ann, "kite");
  /* comes late, and sees it all the same */
  view (&bob);
  wait_until (shows, &bob, "kite");
  fail_unless_equals_int (vm_term_screen_look (bob.screen)->size.cols, COLUMNS);
  wait_until (has_viewers, &ann, "Bob");
  view (&carl);
  wait_until (shows, &carl, "kite");
  wait_until (has_viewers, &ann, "Bob,Carl");
  wait_until (has_viewers, &bob, "Bob,Carl");
  vm_terminal_resize (ann.terminal, 100, 30);
  type (&ann, "swallow");
  wait_until (shows, &ann, "swallow");
  wait_until (shows, &bob, "swallow");
  wait_until (shows, &carl, "swallow");
  fail_unless_equals_int (vm_term_screen_look (bob.screen)->size.cols, 100);
  fail_unless (vm_term_screen_equal (bob.screen, carl.screen));
  fail_unless (vm_term_screen_equal (bob.screen, ann.screen));
  type (&ann, "\r");
  wait_until (has_ended, &ann, NULL);
  wait_until (has_ended, &bob, NULL);
  wait_until (has_ended, &carl, NULL);
  g_assert_no_error (ann.error);
  g_assert_no_error (bob.error);
  fail_unless_equals_int (ann.status, 7);
  fail_unless_equals_int (bob.status, 7);
  /* and another one may be shared */
  share ("echo lark; read line");
  wait_until (shows, &ann, "lark");
}

GST_END_TEST;

GST_START_TEST (test_view_ends)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  share_cat ();
  connect_party (&bob, vm_agent_view_terminal (bob.agent, "Ann", cancellable));
  wait_until (shows, &bob, "ready");
  g_cancellable_cancel (cancellable);
  wait_until (has_ended, &bob, NULL);
  g_assert_error (bob.error, VM_ERROR, VM_ERROR_CANCELLED);
  wait_until (has_viewers, &ann, "");
  fail_if (ann.ended);
}

GST_END_TEST;

/* How it has ended is told to all, as if it had ended by itself. */
GST_START_TEST (test_command_is_ended)
{
  static const gchar *const argv[] = { "sh", "-c",
    "trap 'exit 9' HUP; echo ready; while :; do sleep 0.1; done", NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  connect_party (&ann, vm_agent_share_terminal (
                           ann.agent, argv, COLUMNS, ROWS, cancellable, NULL));
  view (&bob);
  wait_until (shows, &bob, "ready");
  g_cancellable_cancel (cancellable);
  wait_until (has_ended, &ann, NULL);
  wait_until (has_ended, &bob, NULL);
  g_assert_no_error (ann.error);
  fail_unless_equals_int (ann.status, 9);
  fail_unless_equals_int (bob.status, 9);
}

GST_END_TEST;

/* Who sees a terminal reads whose it was. */
GST_START_TEST (test_sharer_stops)
{
  share_cat ();
  view (&bob);
  wait_until (shows, &bob, "ready");
  stop_party (&ann);
  wait_until (has_ended, &bob, NULL);
  fail_if (bob.error && !strstr (bob.error->message, "Ann"));
}

GST_END_TEST;

/* Whoever is not there, shares nothing, or does not let see. */
GST_START_TEST (test_no_view)
{
  connect_party (&bob, vm_agent_view_terminal (bob.agent, "Emma", NULL));
  wait_until (has_ended, &bob, NULL);
  g_assert_error (bob.error, VM_ERROR, VM_ERROR_UNROUTABLE);
  fail_unless (strstr (bob.error->message, "; there are: ") != NULL
                   && strstr (bob.error->message, "Dora (") != NULL,
      "%s", bob.error->message);
  view (&bob);
  wait_until (has_ended, &bob, NULL);
  g_assert_error (bob.error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED);
  g_object_set (ann.agent, "policy", VM_POLICY_PIN, NULL);
  share_cat ();
  view (&dora);
  wait_until (has_ended, &dora, NULL);
  g_assert_error (dora.error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  vm_agent_allow (ann.agent, vm_identity_get_device_id (dora.identity),
      VM_PERMISSIONS_TERMINAL_VIEW);
  view (&dora);
  wait_until (shows, &dora, "ready");
}

GST_END_TEST;

/* Control */

GST_START_TEST (test_control)
{
  share_cat ();
  view (&bob);
  wait_until (shows, &bob, "ready");
  fail_if (type (&bob, "too soon"));
  take (&bob);
  wait_until (is_controlled_by, &bob, "Bob");
  fail_unless (type (&bob, "kite\r"));
  wait_until (shows, &ann, "kite");
  wait_until (shows, &bob, "kite");
  /* Ann types, too */
  fail_unless (type (&ann, "lark\r"));
  wait_until (shows, &bob, "lark");
  vm_terminal_set_control (bob.terminal, FALSE);
  wait_until (is_controlled_by, &ann, NULL);
  wait_until (is_controlled_by, &bob, NULL);
  fail_if (type (&bob, "too late"));
  take (&bob);
}

GST_END_TEST;

static gboolean
one_has_it (Party *party, const gchar *text)
{
  return has_control (&bob, NULL) != has_control (&carl, NULL)
         && (bob.refused || carl.refused);
}

/* Both ask before either is answered: the server gives it to one. */
GST_START_TEST (test_two_at_once)
{
  Party *winner, *other;

  share_cat ();
  view (&bob);
  view (&carl);
  wait_until (shows, &bob, "ready");
  wait_until (shows, &carl, "ready");
  vm_terminal_set_control (bob.terminal, TRUE);
  vm_terminal_set_control (carl.terminal, TRUE);
  wait_until (one_has_it, &ann, NULL);
  winner = has_control (&bob, NULL) ? &bob : &carl;
  other = winner == &bob ? &carl : &bob;
  g_assert_error (other->refused, VM_ERROR, VM_ERROR_DECLINED);
  wait_until (is_controlled_by, &ann, winner->user);
  fail_if (type (other, "not me"));
  /* who comes later is told who has it */
  forget_asks ();
  g_clear_error (&other->refused);
  vm_terminal_set_control (other->terminal, TRUE);
  wait_until (is_refused, other, "DECLINED");
  fail_unless (strstr (other->refused->message, winner->user) != NULL);
  vm_terminal_set_control (winner->terminal, FALSE);
  wait_until (is_controlled_by, &ann, NULL);
  take (other);
}

GST_END_TEST;

static gboolean
is_renewed (Party *party, const gchar *text)
{
  return ann.agent->term->control_until
         > g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
}

/* It is renewed as long as the server is there, and is over when its time is.
 */
GST_START_TEST (test_expiry)
{
  share_cat ();
  view (&bob);
  wait_until (shows, &bob, "ready");
  take (&bob);
  ann.agent->term->control_until =
      g_get_monotonic_time () + (VM_AGENT_RENEW_TIME - 1) * G_USEC_PER_SEC;
  bob.terminal->control_until = ann.agent->term->control_until;
  wait_until (is_renewed, &ann, NULL);
  fail_unless (has_control (&bob, NULL));
  ann.agent->term->control_until = g_get_monotonic_time ();
  fail_unless (type (&bob, "late\r"));
  wait_until (has_no_control, &bob, NULL);
  wait_until (is_controlled_by, &ann, NULL);
  /* of what comes first, that it is over, or that what he types is dropped */
  fail_unless (
      is_refused (&bob, "CAP_EXPIRED") || is_refused (&bob, "CAP_REQUIRED"));
  fail_if (type (&bob, "later\r"));
  type (&ann, "lark");
  wait_until (shows, &ann, "lark");
  fail_if (shows (&ann, "late"));
}

GST_END_TEST;

GST_START_TEST (test_taken_back)
{
  share_cat ();
  view (&bob);
  wait_until (shows, &bob, "ready");
  take (&bob);
  vm_terminal_set_control (ann.terminal, FALSE);
  /* at once, whatever the server and Bob say */
  fail_unless (ann.agent->term->controller == NULL);
  wait_until (has_no_control, &bob, NULL);
  fail_unless (
      is_refused (&bob, "CAP_REQUIRED") || is_refused (&bob, "CAP_EXPIRED"));
  wait_until (is_controlled_by, &bob, NULL);
  /* who asks again at once has to wait */
  g_clear_error (&bob.refused);
  vm_terminal_set_control (bob.terminal, TRUE);
  wait_until (is_refused, &bob, "RATE_LIMITED");
  take (&bob);
}

GST_END_TEST;

/* The server may tell the end of a control before the sharer does: that comes
 * when control is asked for again, and is no answer to it. */
GST_START_TEST (test_taken_back_late)
{
  const VmTermControl late = { .action = VM_TERM_CONTROL_TAKE_BACK };
  g_autoptr (GBytes) body = vm_term_control_write (&late);

  share_cat ();
  view (&bob);
  wait_until (shows, &bob, "ready");
  forget_asks ();
  vm_terminal_set_control (bob.terminal, TRUE);
  vm_agent_view_hear (bob.terminal, body);
  fail_unless (bob.refused == NULL);
  wait_until (has_control, &bob, NULL);
  /* of what Bob has, it is the end */
  vm_agent_view_hear (bob.terminal, body);
  fail_unless (has_no_control (&bob, NULL));
  fail_unless (is_refused (&bob, "CAP_REQUIRED"));
}

GST_END_TEST;

/* As if Ann had not heard from the server yet that Bob has control, for so
 * long. */
static VmAgentViewer *
unhear_grant (gint64 time)
{
  VmAgentTerm *term = ann.agent->term;
  VmAgentViewer *viewer = vm_agent_viewers_find_controller (
      term, vm_identity_get_device_id (bob.identity));

  fail_unless (viewer != NULL);
  g_mutex_lock (&term->lock);
  g_clear_pointer (&term->controller, g_free);
  viewer->granted_until = g_get_monotonic_time () + time;
  g_mutex_unlock (&term->lock);
  return viewer;
}

static gboolean
typing_waits (Party *party, const gchar *text)
{
  g_autoptr (VmAgentViewer) viewer = vm_agent_viewers_find_controller (
      ann.agent->term, vm_identity_get_device_id (party->identity));
  gboolean waits;

  g_mutex_lock (&ann.agent->term->lock);
  waits = viewer->waits;
  g_mutex_unlock (&ann.agent->term->lock);
  return waits;
}

static VmMeshNews *
make_grant (Party *party)
{
  VmMeshNews *news = g_new0 (VmMeshNews, 1);

  news->a = g_ptr_array_new ();
  news->b = g_ptr_array_new ();
  news->candidates = g_ptr_array_new ();
  news->type = VM_MESH_NEWS_GRANTED;
  news->peer_id = g_strdup (vm_identity_get_device_id (party->identity));
  news->target_device_id = g_strdup (vm_identity_get_device_id (ann.identity));
  news->expires_in = 100;
  return news;
}

/* The server tells both, and the one who types at once may have heard it first.
 */
GST_START_TEST (test_typed_before_the_sharer_knows)
{
  g_autoptr (VmMeshNews) news = make_grant (&bob);

  share_cat ();
  view (&bob);
  wait_until (shows, &bob, "ready");
  take (&bob);
  wait_until (is_controlled_by, &ann, "Bob");
  vm_agent_viewer_unref (unhear_grant (SOON));
  fail_unless (type (&bob, "kite\r"));
  wait_until (typing_waits, &bob, NULL);
  vm_agent_term_take_news (ann.agent->term, news);
  wait_until (shows, &ann, "kite");
  fail_unless (bob.refused == NULL && has_control (&bob, NULL));
  /* a word that never comes */
  vm_agent_viewer_unref (unhear_grant (VM_AGENT_TERM_GRANT_TIME / 10));
  fail_unless (type (&bob, "lark\r"));
  wait_until (is_refused, &bob, "CAP_REQUIRED");
  type (&ann, "swallow");
  wait_until (shows, &ann, "swallow");
  fail_if (shows (&ann, "lark"));
}

GST_END_TEST;

/* Whoever controls it vanishes, or is thrown out of the room. */
static void
is_free_after (gboolean revoked)
{
  VmAgentSession *session;
  g_autoptr (VmMeshNews) news = g_new0 (VmMeshNews, 1);
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "gone");

  share_cat ();
  view (&bob);
  wait_until (shows, &bob, "ready");
  take (&bob);
  news->a = g_ptr_array_new ();
  news->b = g_ptr_array_new ();
  news->candidates = g_ptr_array_new ();
  session = g_ptr_array_index (ann.agent->sessions, 0);
  if (revoked) {
    news->type = VM_MESH_NEWS_REVOKED;
    news->session_id = g_strdup (session->id);
    news->code = g_strdup ("KICKED");
    vm_agent_about_take (ann.agent, news);
  } else {
    session = g_ptr_array_index (bob.agent->sessions, 0);
    vm_agent_session_end (session, error);
  }
  wait_until (has_ended, &bob, NULL);
  wait_until (is_controlled_by, &ann, NULL);
  wait_until (has_viewers, &ann, "");
  view (&carl);
  wait_until (shows, &carl, "ready");
  take (&carl);
}

GST_START_TEST (test_vanished)
{
  is_free_after (FALSE);
}

GST_END_TEST;

GST_START_TEST (test_revoked)
{
  is_free_after (TRUE);
  g_assert_error (bob.error, VM_ERROR, VM_ERROR_KICKED);
}

GST_END_TEST;

/* The list of Ann's user decides, not the room, and not the server. */
GST_START_TEST (test_not_allowed)
{
  g_autoptr (VmMeshNews) news = make_grant (&dora);

  share_cat ();
  view (&dora);
  wait_until (shows, &dora, "ready");
  vm_terminal_set_control (dora.terminal, TRUE);
  wait_until (is_refused, &dora, "CAP_REQUIRED");
  fail_unless_equals_int (ann.asked_in_vain, 1);
  fail_unless_equals_int (ann.asked, 0);
  vm_agent_term_take_news (ann.agent->term, news);
  fail_unless (ann.agent->term->controller == NULL);
}

GST_END_TEST;

/* A viewer that types without control: nothing of it arrives, and it is told.
 */
GST_START_TEST (test_without_control)
{
  share_cat ();
  view (&bob);
  wait_until (shows, &bob, "ready");
  bob.terminal->control = VM_TERMINAL_IN_CONTROL;
  bob.terminal->control_until = G_MAXINT64;
  fail_unless (type (&bob, "kite\r"));
  wait_until (is_refused, &bob, "CAP_REQUIRED");
  fail_if (has_control (&bob, NULL));
  type (&ann, "lark");
  wait_until (shows, &ann, "lark");
  fail_if (shows (&ann, "kite"));
}

GST_END_TEST;

static gboolean
is_lost (Party *party, const gchar *text)
{
  return !party->agent->ready;
}

/* What is seen goes on without the server, and control until its end. */
GST_START_TEST (test_server_dead)
{
  share_cat ();
  view (&bob);
  view (&carl);
  wait_until (shows, &bob, "ready");
  wait_until (shows, &carl, "ready");
  take (&bob);
  vm_server_stop (server);
  g_clear_object (&server);
  wait_until (is_lost, &ann, NULL);
  wait_until (is_lost, &bob, NULL);
  wait_until (is_lost, &carl, NULL);
  fail_unless (type (&bob, "kite\r"));
  wait_until (shows, &carl, "kite");
  vm_terminal_set_control (carl.terminal, TRUE);
  wait_until (is_refused, &carl, "DISCONNECTED");
  ann.agent->term->control_until = g_get_monotonic_time ();
  wait_until (has_no_control, &bob, NULL);
  wait_until (is_controlled_by, &carl, NULL);
  type (&ann, "lark\r");
  wait_until (shows, &carl, "lark");
  wait_until (shows, &bob, "lark");
}

GST_END_TEST;

/* A viewer that knows TERM_OUT, TERM_RESIZE and TERM_IN alone gets no other
 * message but the ERROR that answers what it must not type. */
GST_START_TEST (test_base_protocol)
{
  g_autoptr (VmTermScreen) screen = NULL;
  Peer peer;
  gboolean refused = FALSE;
  guint8 type_heard = 0;

  share_cat ();
  open_peer (&peer);
  while (!refused) {
    g_autoptr (GBytes) body = hear (&peer, SOON, &type_heard);
    gsize size;
    const gchar *data;

    fail_unless (body != NULL);
    data = g_bytes_get_data (body, &size);
    if (!screen) {
      VmTermSize first;

      fail_unless_equals_int (type_heard, VM_P2P_TERM_RESIZE);
      fail_unless (vm_term_size_read (&first, body, NULL));
      screen = vm_term_screen_new (&first);
      say_text (&peer, VM_P2P_TERM_IN, "kite\r");
    } else if (type_heard == VM_P2P_ERROR) {
      g_autofree gchar *text = g_strndup (data, size);

      fail_unless (strstr (text, "CAP_REQUIRED") != NULL);
      refused = TRUE;
    } else {
      fail_unless_equals_int (type_heard, VM_P2P_TERM_OUT);
      vm_term_screen_feed (screen, data, size);
    }
  }
  grant ("peer", 100);
  wait_until (is_controlled_by, &ann, "Peer");
  say_text (&peer, VM_P2P_TERM_IN, "lark\r");
  wait_until (shows, &ann, "lark");
  fail_if (shows (&ann, "kite"));
  close_peer (&peer);
  wait_until (is_controlled_by, &ann, NULL);
}

GST_END_TEST;

/* What waits for the one viewer was too much: the whole screen comes next. */
static gboolean
is_behind (Party *party, const gchar *text)
{
  const VmAgentTerm *term = party->agent->term;
  const VmAgentViewer *viewer = g_ptr_array_index (term->viewers, 0);
  VmTermView *seen = viewer->view;
  gboolean behind;

  g_mutex_lock (&seen->share->lock);
  behind = seen->behind;
  g_mutex_unlock (&seen->share->lock);
  return behind;
}

/* A viewer that says how much it has shown is not sent more than that and the
 * window; then it goes on with the screen of now. */
GST_START_TEST (test_window)
{
  Peer peer;
  guint64 got = 0;
  guint8 type_heard;
  GBytes *body;
  gboolean resized = FALSE;
  gint64 until;

  share ("i=0; while :; do i=$((i+1)); echo $i$i$i$i$i$i$i$i$i$i; done");
  open_peer (&peer);
  say_seen (&peer, 0);
  while ((body = hear (&peer, got >= VM_AGENT_TERM_WINDOW ? QUIET_TIME : SOON,
              &type_heard))) {
    if (type_heard == VM_P2P_TERM_OUT)
      got += g_bytes_get_size (body);
    g_bytes_unref (body);
  }
  fail_unless (got >= VM_AGENT_TERM_WINDOW);
  fail_unless (got < VM_AGENT_TERM_WINDOW + VM_TERM_OUT_MAX);
  wait_until (is_behind, &ann, NULL);
  say_seen (&peer, got);
  until = g_get_monotonic_time () + SOON;
  while (!resized && g_get_monotonic_time () < until
         && (body = hear (&peer, SOON, &type_heard))) {
    resized = type_heard == VM_P2P_TERM_RESIZE;
    if (type_heard == VM_P2P_TERM_OUT) {
      got += g_bytes_get_size (body);
      say_seen (&peer, got);
    }
    g_bytes_unref (body);
  }
  fail_unless (resized, "the whole screen comes");
  close_peer (&peer);
}

GST_END_TEST;

/* What ends the stream of a viewer, with ERROR. */
GST_START_TEST (test_bad_messages)
{
  static const struct
  {
    guint8 type;
    const gchar *body;
  } cases[] = {
    { VM_P2P_FILE_META, "{}" },
    { VM_P2P_TERM_OUT, "kite" },
    { VM_P2P_TERM_IN, "" },
    { VM_P2P_TERM_CONTROL, "{" },
    { VM_P2P_TERM_CONTROL, "{\"action\":\"dance\"}" },
    { VM_P2P_TERM_SEEN, "1234567" },
  };

  share_cat ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Peer peer;

    open_peer (&peer);
    say_text (&peer, cases[i].type, cases[i].body);
    /* it comes back although the stream is open */
    g_thread_join (g_steal_pointer (&peer.thread));
    vm_p2p_pipe_free (peer.pipe);
    vm_p2p_pipe_free (peer.other);
    vm_agent_term_unref (peer.term);
  }
  wait_until (has_viewers, &ann, "");
}

GST_END_TEST;

static gboolean
shares_none (Party *party, const gchar *text)
{
  return party->agent->term == NULL;
}

/* The viewers of a terminal, at and above their limit; what is shared ends with
 * its agent. */
GST_START_TEST (test_limits)
{
  const gchar *argv[] = { "cat", NULL };
  g_autoptr (GError) error = NULL;
  Peer *peers = g_new0 (Peer, VM_TERMINAL_VIEWERS_MAX);
  VmAgentTermViewer one = { .id = "one", .user = "One" };
  VmP2pPipe *a, *b;

  share_cat ();
  fail_unless (
      vm_agent_share_terminal (ann.agent, argv, COLUMNS, ROWS, NULL, &error)
      == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  g_clear_error (&error);
  for (guint i = 0; i < VM_TERMINAL_VIEWERS_MAX; i++) {
    guint8 type_heard;
    g_autoptr (GBytes) first = NULL;

    open_peer (&peers[i]);
    first = hear (&peers[i], SOON, &type_heard);
    fail_unless (first != NULL, "viewer %u", i);
  }
  vm_p2p_pipe_new_pair (1024, &a, &b);
  fail_if (vm_agent_term_serve (ann.agent->term, &one, a, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  vm_p2p_pipe_free (a);
  vm_p2p_pipe_free (b);
  for (guint i = 0; i < VM_TERMINAL_VIEWERS_MAX; i++)
    close_peer (&peers[i]);
  g_free (peers);
  stop_party (&ann);
  wait_until (shares_none, &ann, NULL);
  fail_unless (ann.ended);
  g_assert_error (ann.error, VM_ERROR, VM_ERROR_DISCONNECTED);
  vm_agent_start_async (ann.agent, NULL, NULL, NULL);
  wait_until (is_ready, &ann, NULL);
}

GST_END_TEST;

#define TERMINALS 100

/* It may end before the thread that shows it to its user has begun. */
GST_START_TEST (test_ended_at_once)
{
  const gchar *argv[] = { "cat", NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < TERMINALS; i++) {
    g_autoptr (GError) error = NULL;
    VmTerminal *terminal = vm_agent_share_terminal (
        ann.agent, argv, COLUMNS, ROWS, cancellable, &error);

    g_assert_no_error (error);
    connect_party (&ann, terminal);
    wait_until (has_ended, &ann, NULL);
    g_assert_no_error (ann.error);
  }
}

GST_END_TEST;

static Suite *
agentterminal_suite (void)
{
  Suite *suite = suite_create ("agentterminal");
  TCase *tc = tcase_create ("terminal");

  suite_add_tcase (suite, tc);
  if (!vm_term_is_supported ())
    return suite;
  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_view);
  tcase_add_test (tc, test_view_ends);
  tcase_add_test (tc, test_command_is_ended);
  tcase_add_test (tc, test_sharer_stops);
  tcase_add_test (tc, test_no_view);
  tcase_add_test (tc, test_control);
  tcase_add_test (tc, test_two_at_once);
  tcase_add_test (tc, test_expiry);
  tcase_add_test (tc, test_taken_back);
  tcase_add_test (tc, test_taken_back_late);
  tcase_add_test (tc, test_typed_before_the_sharer_knows);
  tcase_add_test (tc, test_vanished);
  tcase_add_test (tc, test_revoked);
  tcase_add_test (tc, test_not_allowed);
  tcase_add_test (tc, test_without_control);
  tcase_add_test (tc, test_server_dead);
  tcase_add_test (tc, test_base_protocol);
  tcase_add_test (tc, test_window);
  tcase_add_test (tc, test_bad_messages);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_ended_at_once);
  return suite;
}

CHECK_PROGRAM (agentterminal)
