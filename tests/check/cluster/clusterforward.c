/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests that another server has to answer, over a wire in memory. */

#include "program.h"

#include <gst/videomeet/cluster/clusterforward.h>
#include <string.h>

#define SECOND G_USEC_PER_SEC
#define SID "AAAAAAAA.b-node"

static VmForwards *a, *b;
static GQueue wire; /* of frames, to whoever is not their sender */
static gint64 now;
static gboolean b_lives;
static GString *heard; /* what b was asked, and a was answered */

static void
on_send (const gchar *node, GBytes *frame, gpointer user_data)
{
  VmForwards *to = *(VmForwards **) user_data == a ? b : a;

  fail_unless_equals_string (node, to == a ? "a-node" : "b-node");
  g_queue_push_tail (&wire, g_bytes_ref (frame));
}

static void
on_asked (const VmForward *forward, gpointer user_data)
{
  g_autofree gchar *body = g_strndup (
      g_bytes_get_data (forward->body, NULL), g_bytes_get_size (forward->body));

  g_string_append_printf (heard, "asked %s %d/%" G_GUINT64_FORMAT " %s %s=%s;",
      forward->node, forward->kind, forward->number, forward->sid,
      forward->key ? forward->key : "-", body);
}

static void
on_answered (gpointer asker, guint status, GBytes *body, gboolean gone,
    gpointer user_data)
{
  g_autofree gchar *text =
      body ? g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body))
           : g_strdup ("-");

  g_string_append_printf (
      heard, "%s %u %s%s;", (gchar *) asker, status, text, gone ? " gone" : "");
}

static gboolean
is_alive (const gchar *node, gpointer user_data)
{
  return b_lives;
}

static void
setup (void)
{
  static const VmForwardsFuncs funcs = { on_send };
  static const VmForwardsHear hear = { on_asked, on_answered };

  now = 1000 * SECOND;
  b_lives = TRUE;
  heard = g_string_new (NULL);
  a = vm_forwards_new ("a-node", &funcs, &hear, &a);
  b = vm_forwards_new ("b-node", &funcs, &hear, &b);
}

static void
teardown (void)
{
  g_queue_clear_full (&wire, (GDestroyNotify) g_bytes_unref);
  vm_forwards_free (a);
  vm_forwards_free (b);
  g_string_free (heard, TRUE);
}

static void
hears (const gchar *what)
{
  fail_unless_equals_string (heard->str, what);
  g_string_truncate (heard, 0);
}

/* The next frame arrives at @to. */
static void
pass_on (VmForwards *to)
{
  g_autoptr (GBytes) frame = g_queue_pop_head (&wire);

  fail_unless (frame != NULL);
  fail_unless (vm_forwards_take (to, frame));
}

static void
drop (void)
{
  g_bytes_unref (g_queue_pop_head (&wire));
}

static guint64
ask (VmForwardKind kind, const gchar *body, const gchar *asker)
{
  g_autoptr (GBytes) bytes = body ? g_bytes_new (body, strlen (body)) : NULL;
  const VmForward forward = {
    .kind = kind, .sid = SID, .key = "aa11", .body = bytes
  };

  return vm_forwards_ask (a, "b-node", &forward, (gpointer) asker, now);
}

static void
answer (guint64 number, guint status, const gchar *body)
{
  g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

  vm_forwards_answer (b, "a-node", number, status, bytes);
}

GST_START_TEST (test_ask)
{
  guint64 get = ask (VM_FORWARD_GET, NULL, "get");
  guint64 post = ask (VM_FORWARD_POST, "4hello", "post");

  pass_on (b);
  pass_on (b);
  hears (
      "asked a-node 0/1 " SID " aa11=;asked a-node 1/2 " SID " aa11=4hello;");
  answer (post, 200, "ok");
  answer (get, 400, "no");
  pass_on (a);
  pass_on (a);
  hears ("post 200 ok;get 400 no;");
  fail_unless_equals_int (vm_forwards_count (a), 0);
  /* twice, or to nobody */
  answer (post, 200, "ok");
  answer (99, 200, "ok");
  pass_on (a);
  pass_on (a);
  hears ("");
}

GST_END_TEST;

/* By another server than was asked, or with no status of HTTP. */
GST_START_TEST (test_wrong_answers)
{
  static const guint statuses[] = { 0, 199, 600 };
  g_autoptr (GBytes) body = g_bytes_new_static ("x", 1);
  guint64 number = ask (VM_FORWARD_GET, NULL, "get");
  VmForward forward = { .kind = VM_FORWARD_ANSWER,
    .node = "c-node",
    .number = number,
    .status = 200,
    .body = body };
  g_autoptr (GBytes) frame = vm_forward_write (&forward);

  fail_unless (vm_forwards_take (a, frame));
  hears ("");
  pass_on (b);
  g_string_truncate (heard, 0);
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++) {
    answer (number, statuses[i], "x");
    pass_on (a);
    hears ("");
  }
  answer (number, 200, "x");
  pass_on (a);
  hears ("get 200 x;");
}

GST_END_TEST;

GST_START_TEST (test_give_up)
{
  guint64 number = ask (VM_FORWARD_GET, NULL, "get");

  vm_forwards_cancel (a, number);
  vm_forwards_cancel (a, number);
  pass_on (b);
  pass_on (b);
  hears ("asked a-node 0/1 " SID " aa11=;asked a-node 2/1 " SID " -=;");
  answer (number, 200, "late");
  pass_on (a);
  hears ("");
  fail_unless (g_queue_is_empty (&wire));
}

GST_END_TEST;

/* Below and at it. */
GST_START_TEST (test_deadline)
{
  ask (VM_FORWARD_GET, NULL, "get");
  drop ();
  now += VM_FORWARD_TIME - 1;
  vm_forwards_tick (a, is_alive, now);
  hears ("");
  now++;
  vm_forwards_tick (a, is_alive, now);
  hears ("get 0 -;");
  pass_on (b);
  hears ("asked a-node 2/1 " SID " -=;");
}

GST_END_TEST;

GST_START_TEST (test_dead_server)
{
  ask (VM_FORWARD_GET, NULL, "get");
  ask (VM_FORWARD_POST, "x", "post");
  b_lives = FALSE;
  vm_forwards_tick (a, is_alive, now);
  fail_unless (strstr (heard->str, "get 0 - gone;") != NULL);
  fail_unless (strstr (heard->str, "post 0 - gone;") != NULL);
  fail_unless_equals_int (vm_forwards_count (a), 0);
}

GST_END_TEST;

GST_START_TEST (test_limit)
{
  guint64 last = 0;

  for (guint i = 0; i < VM_FORWARDS_MAX; i++) {
    last = ask (VM_FORWARD_GET, NULL, "get");
    fail_unless (last > 0);
  }
  fail_unless_equals_int64 (ask (VM_FORWARD_GET, NULL, "get"), 0);
  fail_unless_equals_int (g_queue_get_length (&wire), VM_FORWARDS_MAX);
  vm_forwards_cancel (a, last);
  fail_unless (ask (VM_FORWARD_GET, NULL, "get") > 0);
}

GST_END_TEST;

static gboolean
takes (VmForwardKind kind, gsize body, gsize sid)
{
  g_autofree gchar *long_sid = g_strnfill (sid, 's');
  g_autofree gchar *text = g_strnfill (body, 'b');
  g_autoptr (GBytes) bytes = g_bytes_new (text, body);
  const VmForward forward = { .kind = kind,
    .node = "a-node",
    .number = 1,
    .sid = long_sid,
    .status = 200,
    .body = bytes };
  g_autoptr (GBytes) frame = vm_forward_write (&forward);

  g_string_truncate (heard, 0);
  fail_unless (vm_forwards_take (b, frame));
  return heard->len > 0;
}

/* Below, at and above. */
GST_START_TEST (test_sizes)
{
  for (gint more = -1; more <= 1; more++) {
    fail_unless_equals_int (
        takes (VM_FORWARD_POST, VM_ENGINE_PAYLOAD_MAX + more, 9), more <= 0);
    fail_unless_equals_int (
        takes (VM_FORWARD_GET, VM_FORWARD_BODY_MAX + more, 9), more <= 0);
    fail_unless_equals_int (
        takes (VM_FORWARD_GET, 0, VM_FORWARD_SID_MAX + more), more <= 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_wrong_frames)
{
  static const gchar *const others[] = { "", "VML1", "VMP1", "VMP1x", "VMX1" };
  const VmForward nobody = { .kind = VM_FORWARD_GET, .node = "*.>" };
  const VmForward nothing = { .kind = VM_FORWARD_N_KINDS, .node = "c-node" };
  g_autoptr (GBytes) by_nobody = vm_forward_write (&nobody);
  g_autoptr (GBytes) of_nothing = vm_forward_write (&nothing);

  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autoptr (GBytes) frame = g_bytes_new (others[i], strlen (others[i]));

    fail_if (vm_forwards_take (a, frame));
  }
  fail_unless (vm_forwards_take (a, by_nobody));
  fail_unless (vm_forwards_take (a, of_nothing));
  hears ("");
}

GST_END_TEST;

static Suite *
clusterforward_suite (void)
{
  Suite *s = suite_create ("clusterforward");
  TCase *tc = tcase_create ("clusterforward");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_ask);
  tcase_add_test (tc, test_wrong_answers);
  tcase_add_test (tc, test_give_up);
  tcase_add_test (tc, test_deadline);
  tcase_add_test (tc, test_dead_server);
  tcase_add_test (tc, test_limit);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_wrong_frames);
  return s;
}

CHECK_PROGRAM (clusterforward)
