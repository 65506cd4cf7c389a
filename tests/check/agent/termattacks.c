/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A shared terminal whose viewer, sharer or server is hostile
 * (protocol/agents.md#terminal). */

#include "support/net/termparty.h"

#include "program.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ASKS 2000
#define ASK "{\"action\":\"ask\"}"
#define MESSAGES_MAX (VM_TERMINAL_UNSHOWN_MAX / VM_TERMINAL_MESSAGE_SIZE)

/* A hostile viewer */

/* What Bob's device may, by its id, a device may not whose user is called by
 * that id. */
GST_START_TEST (test_id_as_a_name)
{
  g_autofree gchar *id = g_strdup (vm_identity_get_device_id (bob.identity));

  vm_agent_allow (ann.agent, id, VM_PERMISSIONS_TERMINAL_CONTROL);
  close_party (&dora);
  open_party (&dora, id);
  wait_until (is_ready, &dora, NULL);
  share_cat ();
  view (&dora);
  wait_until (shows, &dora, "ready");
  vm_terminal_set_control (dora.terminal, TRUE);
  wait_until (is_refused, &dora, "CAP_REQUIRED");
  fail_if (has_control (&dora, NULL));
  fail_unless (vm_agent_allows_user (ann.agent, id) < 0);
  fail_unless (vm_agent_allows_user (ann.agent, "Carl") > 0);
  view (&bob);
  wait_until (shows, &bob, "ready");
  take (&bob);
  close_party (&dora);
  open_party (&dora, "Dora");
  wait_until (is_ready, &dora, NULL);
}

GST_END_TEST;

static gboolean
has_refused (Party *party, const gchar *text)
{
  return party->asked_in_vain > 0;
}

/* Ann hears of one ask, not of each; what she answers stays little. */
GST_START_TEST (test_asks_without_end)
{
  Peer peer;
  VmAgentViewer *viewer;

  share_cat ();
  open_peer_who (&peer, FALSE);
  for (guint i = 0; i < ASKS; i++)
    say_text (&peer, VM_P2P_TERM_CONTROL, ASK);
  wait_until (has_refused, &ann, NULL);
  type (&ann, "kite");
  wait_until (shows, &ann, "kite");
  fail_unless (ann.asked_in_vain < 5, "%u", ann.asked_in_vain);
  viewer = g_ptr_array_index (peer.term->viewers, 0);
  g_mutex_lock (&peer.term->lock);
  fail_unless (viewer->unsent.length <= VM_AGENT_TERM_UNSENT_MAX);
  g_mutex_unlock (&peer.term->lock);
  close_peer (&peer);
}

GST_END_TEST;

/* A viewer that reads nothing of what it is told. */
GST_START_TEST (test_unsent)
{
  const VmTermControl control = { .action = VM_TERM_CONTROL_DENIED,
    .code = (gchar *) "CAP_REQUIRED" };
  Peer peer;
  g_autoptr (VmAgentViewer) viewer = NULL;
  guint8 heard;
  g_autoptr (GBytes) first = NULL;
  gboolean over = FALSE;
  guint told = 0;

  share_cat ();
  open_peer (&peer);
  first = hear (&peer, SOON, &heard);
  viewer = vm_agent_viewer_ref (g_ptr_array_index (peer.term->viewers, 0));
  /* the thread that sends has no hold of it for so long */
  g_mutex_lock (&peer.term->lock);
  viewer->extended = TRUE;
  g_mutex_unlock (&peer.term->lock);
  while (!over && told < 1000 * VM_AGENT_TERM_UNSENT_MAX) {
    vm_agent_viewer_tell (viewer, &control);
    told++;
    g_mutex_lock (&peer.term->lock);
    over = viewer->over;
    fail_unless (viewer->unsent.length <= VM_AGENT_TERM_UNSENT_MAX);
    fail_unless (!over || viewer->unsent.length == VM_AGENT_TERM_UNSENT_MAX);
    g_mutex_unlock (&peer.term->lock);
  }
  fail_unless (over);
  fail_unless (told > VM_AGENT_TERM_UNSENT_MAX);
  g_assert_error (viewer->error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  close_peer (&peer);
}

GST_END_TEST;

/* The command has its terminal, and nothing else of who shares it. */
GST_START_TEST (test_command)
{
  gint leak = open ("/dev/null", O_RDONLY);

  fail_unless (leak >= 0);
  share ("ls -m /proc/self/fd; echo end; read line");
  wait_until (shows, &ann, "end");
  /* and the folder that is listed */
  fail_unless (shows (&ann, "0, 1, 2, 3"));
  fail_if (shows (&ann, "0, 1, 2, 3,"));
  close (leak);
}

GST_END_TEST;

/* A hostile server */

GST_START_TEST (test_long_control)
{
  Peer peer;
  g_autoptr (GBytes) first = NULL;
  guint8 heard;

  share_cat ();
  open_peer (&peer);
  first = hear (&peer, SOON, &heard);
  grant ("peer", 86400);
  wait_until (is_controlled_by, &ann, "Peer");
  fail_unless (peer.term->control_until
               <= g_get_monotonic_time () + VM_AGENT_TERM_CONTROL_TIME);
  fail_unless (peer.term->control_until
               > g_get_monotonic_time () + VM_AGENT_TERM_CONTROL_TIME / 2);
  close_peer (&peer);
  wait_until (is_controlled_by, &ann, NULL);
}

GST_END_TEST;

/* A hostile sharer */

typedef struct
{
  VmTerminal *terminal;
  gint shown;
} Flood;

static gpointer
flood (gpointer data)
{
  Flood *self = data;

  while (vm_terminal_show (
      self->terminal, VM_P2P_TERM_OUT, g_bytes_new (NULL, 0), 0))
    g_atomic_int_inc (&self->shown);
  return NULL;
}

static gboolean
is_full (VmTerminal *terminal)
{
  gboolean full;

  g_mutex_lock (&terminal->lock);
  full = terminal->unshown_size >= VM_TERMINAL_UNSHOWN_MAX;
  g_mutex_unlock (&terminal->lock);
  return full;
}

/* Messages with nothing in them, that are not shown: they wait, and so does who
 * brings them. */
GST_START_TEST (test_empty_output)
{
  Flood self = { .terminal = vm_terminal_new (bob.agent, "Ann") };
  gint64 until = g_get_monotonic_time () + SOON;
  GThread *thread = g_thread_new ("flood", flood, &self);

  while (!is_full (self.terminal) && g_get_monotonic_time () < until)
    g_thread_yield ();
  fail_unless (is_full (self.terminal));
  fail_unless_equals_int (self.terminal->unshown.length, MESSAGES_MAX);
  /* and goes on, as they are shown */
  while (g_atomic_int_get (&self.shown) <= (gint) MESSAGES_MAX
         && g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
  fail_unless (g_atomic_int_get (&self.shown) > (gint) MESSAGES_MAX);
  vm_terminal_set_over (self.terminal, NULL);
  g_thread_join (thread);
  vm_terminal_end (self.terminal, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_object_unref (self.terminal);
}

GST_END_TEST;

static void
hear_token (Party *party, const gchar *token)
{
  const VmTermControl control = { .action = VM_TERM_CONTROL_TOKEN,
    .cap_token = (gchar *) token,
    .expires_in = 100 };
  g_autoptr (GBytes) body = vm_term_control_write (&control);

  vm_agent_view_hear (party->terminal, body);
}

/* Tokens that nobody has asked for, or more than one: the server is not asked
 * because of them. */
GST_START_TEST (test_tokens_without_end)
{
  g_autofree gchar *id = NULL;

  share_cat ();
  view (&bob);
  wait_until (shows, &bob, "ready");
  hear_token (&bob, "kite");
  fail_unless (bob.terminal->take_id == NULL);
  take (&bob);
  hear_token (&bob, "kite");
  fail_unless (bob.terminal->take_id == NULL);
  /* it is near its end */
  bob.terminal->control_until =
      g_get_monotonic_time () + VM_TERMINAL_RENEW_TIME;
  hear_token (&bob, "kite");
  id = g_strdup (bob.terminal->take_id);
  fail_unless (id != NULL);
  hear_token (&bob, "lark");
  fail_unless_equals_string (bob.terminal->take_id, id);
  /* and no good one */
  wait_until (is_refused, &bob, "CAP_INVALID");
  fail_if (has_control (&bob, NULL));
}

GST_END_TEST;

/* A hostile page */

static void
offer (const gchar *page)
{
  g_autoptr (VmMeshNews) news = g_new0 (VmMeshNews, 1);

  news->a = g_ptr_array_new ();
  news->b = g_ptr_array_new ();
  news->candidates = g_ptr_array_new ();
  news->type = VM_MESH_NEWS_OFFER;
  news->from = g_strdup (page);
  news->user = g_strdup ("Bob");
  news->user_id = g_strdup ("bob");
  news->sdp = g_strdup ("v=0\r\n");
  news->cap_token = g_strdup ("kite");
  vm_agent_pages_take (ann.agent, news);
}

/* Each begins a connection: they are as many as Ann's device bears. */
GST_START_TEST (test_offers_without_end)
{
  share_cat ();
  for (guint i = 0; i < VM_AGENT_OFFERS_MAX - 1; i++)
    offer ("kite");
  offer ("lark");
  fail_unless_equals_int (ann.agent->pages->len, 2);
  offer ("swallow");
  fail_unless_equals_int (ann.agent->pages->len, 2);
  ann.agent->offers_at -= VM_AGENT_OFFER_TIME;
  offer ("swallow");
  fail_unless_equals_int (ann.agent->pages->len, 3);
  offer ("heron");
  fail_unless_equals_int (ann.agent->pages->len, 3);
}

GST_END_TEST;

static Suite *
termattacks_suite (void)
{
  Suite *suite = suite_create ("termattacks");
  TCase *tc = tcase_create ("attacks");

  suite_add_tcase (suite, tc);
  if (!vm_term_is_supported ())
    return suite;
  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_id_as_a_name);
  tcase_add_test (tc, test_asks_without_end);
  tcase_add_test (tc, test_unsent);
  tcase_add_test (tc, test_command);
  tcase_add_test (tc, test_long_control);
  tcase_add_test (tc, test_empty_output);
  tcase_add_test (tc, test_tokens_without_end);
  tcase_add_test (tc, test_offers_without_end);
  return suite;
}

CHECK_PROGRAM (termattacks)
