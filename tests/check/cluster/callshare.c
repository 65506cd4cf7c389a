/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Users of three servers who call one another (protocol/calls.md#call-messages,
 * protocol/cluster.md#calls-between-servers): what each hears, wherever the
 * other is, whatever becomes of a server, of the store or of the wire. */

#include "program.h"
#include "call/calls-priv.h"
#include "support/sharenet.h"
#include <string.h>

#define RING (VM_CALL_RING_TIME / (gdouble) NET_SECOND)
#define ASK (VM_CALL_ASK_TIME / (gdouble) NET_SECOND)
#define LEAVE (VM_CALL_LEAVE_TIME / (gdouble) NET_SECOND)

/* One connection; what it heard, as on the wire, without the media. */
typedef struct
{
  NetNode *node;
  GString *heard;
  VmCallUser *user;
  VmCallRequest *request;
  const gchar *call_id, *other; /* that goes on, or NULL */
  gboolean hasty; /* has something to say in it as soon as it is registered */
} Phone;

static void says (Phone *phone, VmCallMessageType type, const gchar *call_id,
    const gchar *to);

static Phone ann, bob, carl;
static GString *missed;

static void G_GNUC_PRINTF (2, 3) add (Phone *phone, const gchar *format, ...)
{
  va_list args;

  if (phone->heard->len)
    g_string_append (phone->heard, ", ");
  va_start (args, format);
  g_string_append_vprintf (phone->heard, format, args);
  va_end (args);
}

static void
on_send (gpointer peer, const VmCallMessage *message, gpointer user_data)
{
  const gchar *type = vm_call_message_type_to_string (message->type);
  g_autofree gchar *sdp =
      message->media ? vm_span_to_string (message->media->sdp) : NULL;

  fail_unless (((Phone *) peer)->node == user_data);
  if (message->type == VM_CALL_FAILED)
    add (peer, "%s %s %s", type, message->call_id,
        vm_call_reason_to_string (message->reason));
  else if (message->type == VM_CALL_REGISTERED)
    add (peer, "%s %s", type, message->user_id);
  else
    add (peer, "%s %s %s>%s%s%s", type, message->call_id, message->from,
        message->to, sdp ? "=" : "", sdp ? sdp : "");
}

static void
on_missed (const gchar *callee, const gchar *caller, gpointer user_data)
{
  g_string_append_printf (missed, "%s<%s ", callee, caller);
}

static void
on_close (gpointer peer, const GError *reason, gpointer user_data)
{
  Phone *phone = peer;

  fail_unless (phone->user != NULL);
  phone->user = NULL;
  add (phone, "closed %s", vm_error_get_code (reason));
}

/* Just that, and nothing from now on. */
static void
heard (Phone *phone, const gchar *what)
{
  fail_unless_equals_string (phone->heard->str, what);
  g_string_truncate (phone->heard, 0);
}

static void
all_missed (const gchar *what)
{
  fail_unless_equals_string (missed->str, what);
  g_string_truncate (missed, 0);
}

static void
on_registered (VmCallUser *user, const GError *error, gpointer user_data)
{
  Phone *phone = user_data;

  phone->request = NULL;
  phone->user = user;
  if (error)
    add (phone, "%s", vm_error_get_code (error));
  else
    vm_call_user_claim (user, phone->call_id, phone->other);
  if (user && phone->hasty)
    says (phone, VM_CALL_CANDIDATE, phone->call_id, phone->other);
}

/* At @node; not settled. */
static void
come (Phone *phone, guint node, const gchar *id)
{
  phone->node = &net->nodes[node];
  phone->request = vm_calls_request_user (
      phone->node->calls, id, NULL, phone, net->now, on_registered, phone);
}

static void
come_in (Phone *phone, guint node, const gchar *id)
{
  g_autofree gchar *expected = g_strdup_printf ("registered %s", id);

  phone->call_id = phone->other = NULL;
  come (phone, node, id);
  net_settle ();
  heard (phone, expected);
  fail_unless (phone->user && !phone->request);
}

/* With a call that goes on. */
static void
come_back (Phone *phone, guint node, const gchar *id, const gchar *call_id,
    const gchar *other)
{
  phone->call_id = call_id;
  phone->other = other;
  come (phone, node, id);
}

static void
go (Phone *phone)
{
  vm_call_user_leave (g_steal_pointer (&phone->user));
}

static gint
say (
    Phone *phone, VmCallMessageType type, const gchar *call_id, const gchar *to)
{
  g_autoptr (VmCallMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"%s\",\"toId\":\"%s\",\"callId\":\"%s\",\"callType\":"
      "\"audio\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0 \\u00e4\"},"
      "\"answer\":{\"type\":\"answer\",\"sdp\":\"v=1\"},\"candidate\":{"
      "\"candidate\":\"candidate:1\",\"sdpMLineIndex\":0}}",
      vm_call_message_type_to_string (type), to, call_id);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  message = vm_call_message_parse (VM_CALL_SIDE_SERVER, bytes, &error);
  g_assert_no_error (error);
  if (vm_call_user_receive (phone->user, message, net->now, &error)) {
    g_assert_no_error (error);
    return -1;
  }
  fail_unless (error && error->domain == VM_ERROR);
  return error->code;
}

/* Not settled. */
static void
says (
    Phone *phone, VmCallMessageType type, const gchar *call_id, const gchar *to)
{
  fail_unless_equals_int (say (phone, type, call_id, to), -1);
}

/* And all that follows. */
static void
tells (
    Phone *phone, VmCallMessageType type, const gchar *call_id, const gchar *to)
{
  says (phone, type, call_id, to);
  net_settle ();
}

static void
setup (void)
{
  Phone *phones[] = { &ann, &bob, &carl };

  net_setup ();
  missed = g_string_new (NULL);
  for (guint i = 0; i < NET_NODES; i++) {
    net_take_calls (&net->nodes[i], on_send, on_missed, on_close);
    *phones[i] = (Phone){ .heard = g_string_new (NULL) };
  }
}

static void
teardown (void)
{
  Phone *phones[] = { &ann, &bob, &carl };

  net_teardown ();
  for (guint i = 0; i < G_N_ELEMENTS (phones); i++) {
    g_clear_pointer (&phones[i]->request, vm_call_request_cancel);
    g_string_free (phones[i]->heard, TRUE);
  }
  g_string_free (missed, TRUE);
}

static void
come_all (void)
{
  come_in (&ann, 0, "ann");
  come_in (&bob, 1, "bob");
  come_in (&carl, 2, "carl");
}

static guint
count_calls (void)
{
  guint n = 0;

  for (guint i = 0; i < NET_NODES; i++) {
    if (net->nodes[i].calls)
      n += vm_calls_count (net->nodes[i].calls);
  }
  return n;
}

/* Of ann and bob, who are in one. */
static void
talk (void)
{
  come_all ();
  tells (&ann, VM_CALL_OFFER, "c1", "bob");
  tells (&bob, VM_CALL_ANSWER, "c1", "ann");
  heard (&bob, "call-offer c1 ann>bob=v=0 ä");
  heard (&ann, "call-answer c1 bob>ann=v=1");
}

GST_START_TEST (test_flow_of_the_seed)
{
  come_all ();
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  /* candidates do not wait for the answer */
  tells (&ann, VM_CALL_CANDIDATE, "c1", "bob");
  heard (&bob, "call-offer c1 ann>bob=v=0 ä, ice-candidate c1 ann>bob");
  says (&bob, VM_CALL_ANSWER, "c1", "ann");
  tells (&bob, VM_CALL_CANDIDATE, "c1", "ann");
  heard (&ann, "call-answer c1 bob>ann=v=1, ice-candidate c1 bob>ann");
  /* however long it lasts, and with another camera */
  net_pass (3 * RING);
  tells (&bob, VM_CALL_OFFER, "c1", "ann");
  heard (&ann, "call-offer c1 bob>ann=v=0 ä");
  tells (&ann, VM_CALL_ANSWER, "c1", "bob");
  tells (&ann, VM_CALL_END, "c1", "bob");
  heard (&bob, "call-answer c1 ann>bob=v=1, call-end c1 ann>bob");
  fail_unless_equals_int (count_calls (), 0);
  /* and again, the other way round */
  tells (&bob, VM_CALL_OFFER, "c1", "ann");
  heard (&ann, "call-offer c1 bob>ann=v=0 ä");
  all_missed ("");
}

GST_END_TEST;

GST_START_TEST (test_rejected)
{
  come_all ();
  tells (&ann, VM_CALL_OFFER, "c1", "bob");
  tells (&bob, VM_CALL_REJECT, "c1", "ann");
  heard (&ann, "call-reject c1 bob>ann");
  fail_unless_equals_int (count_calls (), 0);
  tells (&carl, VM_CALL_OFFER, "c2", "bob");
  heard (&bob, "call-offer c1 ann>bob=v=0 ä, call-offer c2 carl>bob=v=0 ä");
  all_missed ("");
}

GST_END_TEST;

GST_START_TEST (test_caller_changes_its_mind)
{
  come_all ();
  tells (&ann, VM_CALL_OFFER, "c1", "bob");
  /* the answer crosses it */
  says (&ann, VM_CALL_END, "c1", "bob");
  says (&bob, VM_CALL_ANSWER, "c1", "ann");
  says (&bob, VM_CALL_CANDIDATE, "c1", "ann");
  net_settle ();
  heard (&bob, "call-offer c1 ann>bob=v=0 ä, call-end c1 ann>bob");
  heard (&ann, "");
  fail_unless_equals_int (count_calls (), 0);
  all_missed ("");
  tells (&ann, VM_CALL_OFFER, "c2", "bob");
  tells (&ann, VM_CALL_END, "c2", "bob");
  heard (&bob, "call-offer c2 ann>bob=v=0 ä, call-end c2 ann>bob");
  all_missed ("bob<ann ");
}

GST_END_TEST;

GST_START_TEST (test_busy_and_offline)
{
  come_all ();
  tells (&ann, VM_CALL_OFFER, "c1", "bob");
  tells (&carl, VM_CALL_OFFER, "c2", "bob");
  heard (&carl, "call-failed c2 busy");
  tells (&carl, VM_CALL_OFFER, "c3", "ann");
  heard (&carl, "call-failed c3 busy");
  tells (&bob, VM_CALL_ANSWER, "c1", "ann");
  tells (&carl, VM_CALL_OFFER, "c4", "bob");
  heard (&carl, "call-failed c4 busy");
  all_missed ("");
  tells (&carl, VM_CALL_OFFER, "c5", "dora");
  heard (&carl, "call-failed c5 offline");
  all_missed ("dora<carl ");
  fail_unless_equals_int (count_calls (), 2);
  /* who hangs up before the other server has heard of the call */
  go (&bob);
  net_settle ();
  heard (&ann, "call-answer c1 bob>ann=v=1, call-end c1 bob>ann");
  heard (&bob, "call-offer c1 ann>bob=v=0 ä");
  come_in (&bob, 1, "bob");
  says (&ann, VM_CALL_OFFER, "c6", "bob");
  go (&bob);
  net_settle ();
  heard (&ann, "call-failed c6 offline");
  all_missed ("bob<ann ");
  fail_unless_equals_int (count_calls (), 0);
}

GST_END_TEST;

GST_START_TEST (test_ring_time)
{
  come_all ();
  tells (&ann, VM_CALL_OFFER, "c1", "bob");
  heard (&bob, "call-offer c1 ann>bob=v=0 ä");
  net_pass (RING - 0.2);
  heard (&ann, "");
  net_pass (0.2);
  heard (&ann, "call-failed c1 timeout");
  heard (&bob, "call-end c1 ann>bob");
  fail_unless_equals_int (count_calls (), 0);
  all_missed ("bob<ann ");
  tells (&bob, VM_CALL_ANSWER, "c1", "ann");
  heard (&ann, "");
  heard (&bob, "");
}

GST_END_TEST;

/* Of two calls that cross the lower one lives, at both servers. */
GST_START_TEST (test_crossed)
{
  come_all ();
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  says (&bob, VM_CALL_OFFER, "c2", "ann");
  net_settle ();
  heard (&ann, "");
  heard (&bob, "call-failed c2 busy, call-offer c1 ann>bob=v=0 ä");
  fail_unless_equals_int (count_calls (), 2);
  tells (&bob, VM_CALL_ANSWER, "c1", "ann");
  heard (&ann, "call-answer c1 bob>ann=v=1");
  tells (&bob, VM_CALL_END, "c1", "ann");
  heard (&ann, "call-end c1 bob>ann");
  /* neither of two that are the same */
  says (&ann, VM_CALL_OFFER, "c3", "bob");
  says (&bob, VM_CALL_OFFER, "c3", "ann");
  net_settle ();
  heard (&ann, "call-failed c3 busy");
  heard (&bob, "call-failed c3 busy");
  fail_unless_equals_int (count_calls (), 0);
}

GST_END_TEST;

/* A name is one user's, at whatever server. */
GST_START_TEST (test_user_taken)
{
  come_all ();
  go (&carl);
  come (&carl, 2, "ann");
  net_settle ();
  heard (&carl, "USER_TAKEN");
  come (&carl, 0, "ann");
  net_settle ();
  heard (&carl, "USER_TAKEN");
  /* free again, at once, elsewhere and here */
  go (&ann);
  come_in (&carl, 2, "ann");
  go (&carl);
  net_settle ();
  come_in (&ann, 0, "ann");
  go (&ann);
  come_in (&ann, 0, "ann");
  tells (&bob, VM_CALL_OFFER, "c1", "ann");
  heard (&ann, "call-offer c1 bob>ann=v=0 ä");
}

GST_END_TEST;

GST_START_TEST (test_race_for_a_name)
{
  for (guint i = 0; i < 10; i++) {
    g_autofree gchar *name = g_strdup_printf ("dora %u", i);

    come (&ann, i % 2, name);
    come (&bob, 2 - i % 2, name);
    net_settle ();
    fail_unless ((ann.user != NULL) != (bob.user != NULL));
    fail_unless_equals_string (
        (ann.user ? &bob : &ann)->heard->str, "USER_TAKEN");
    g_string_truncate (ann.heard, 0);
    g_string_truncate (bob.heard, 0);
    go (ann.user ? &ann : &bob);
    net_settle ();
  }
  fail_unless_equals_int (g_hash_table_size (net->records), 0);
}

GST_END_TEST;

/* Names that rooms have as well, and long ones. */
GST_START_TEST (test_names)
{
  g_autofree gchar *longest = g_strnfill (VM_CALL_NAME_MAX, 'x');
  const gchar *names[] = { "*", ">", ".", "u", "ann@example", longest };

  come_in (&ann, 0, "ann");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *end = g_strdup_printf ("call-reject c1 %s>ann", names[i]);
    NetClient client;

    net_client_init (&client, &net->nodes[2]);
    net_enter (&client, names[i]);
    come_in (&bob, 1, names[i]);
    says (&ann, VM_CALL_OFFER, "c1", names[i]);
    net_pass (VM_CALL_TIME / (gdouble) NET_SECOND);
    fail_unless (g_str_has_prefix (bob.heard->str, "call-offer c1 ann>"));
    g_string_truncate (bob.heard, 0);
    tells (&bob, VM_CALL_REJECT, "c1", "ann");
    heard (&ann, end);
    net_leave (&client);
    go (&bob);
    net_settle ();
    net_client_clear (&client);
  }
}

GST_END_TEST;

/* The base protocol: whose connection is lost is gone, and its call with it. */
GST_START_TEST (test_connection_lost)
{
  talk ();
  go (&ann);
  net_settle ();
  heard (&bob, "call-end c1 ann>bob");
  come_in (&ann, 2, "ann");
  tells (&ann, VM_CALL_OFFER, "c2", "bob");
  go (&bob);
  net_settle ();
  heard (&ann, "call-failed c2 offline");
  fail_unless_equals_int (count_calls (), 0);
}

GST_END_TEST;

/* To the server where the other is: with the call, or without it. */
GST_START_TEST (test_both_at_one)
{
  talk ();
  net_kill (&net->nodes[0]);
  come_back (&ann, 1, "ann", "c1", "bob");
  net_settle ();
  net_pass (ASK + 1);
  heard (&ann, "registered ann");
  heard (&bob, "");
  fail_unless_equals_int (count_calls (), 1);
  tells (&ann, VM_CALL_CANDIDATE, "c1", "bob");
  heard (&bob, "ice-candidate c1 ann>bob");
  tells (&bob, VM_CALL_END, "c1", "ann");
  heard (&ann, "call-end c1 bob>ann");
  tells (&carl, VM_CALL_OFFER, "c2", "ann");
  tells (&ann, VM_CALL_ANSWER, "c2", "carl");
  heard (&ann, "call-offer c2 carl>ann=v=0 ä");
  heard (&carl, "call-answer c2 ann>carl=v=1");
  net_kill (&net->nodes[2]);
  come_back (&carl, 1, "carl", NULL, NULL);
  net_settle ();
  net_pass (ASK + 1);
  heard (&carl, "registered carl");
  heard (&ann, "call-end c2 carl>ann");
  fail_unless_equals_int (count_calls (), 0);
}

GST_END_TEST;

/* Killed: its user is gone, and may come to another server at once. */
GST_START_TEST (test_killed)
{
  talk ();
  net_kill (&net->nodes[0]);
  come (&ann, 2, "ann");
  net_settle ();
  net_pass (ASK - 0.2);
  heard (&ann, "");
  net_pass (0.3);
  heard (&ann, "registered ann");
  /* it says of no call that it goes on */
  net_pass (LEAVE - 0.5);
  heard (&bob, "");
  net_pass (0.6);
  heard (&bob, "call-end c1 ann>bob");
  tells (&bob, VM_CALL_OFFER, "c2", "ann");
  heard (&ann, "call-offer c2 bob>ann=v=0 ä");
  net_pass (40);
  heard (&ann, "");
  fail_unless_equals_int (count_calls (), 2);
}

GST_END_TEST;

/* And when it does not come: what talks to it, calls it or is called by it. */
GST_START_TEST (test_nobody_comes_back)
{
  Phone dora = { .heard = g_string_new (NULL) };

  talk ();
  come_in (&dora, 0, "dora");
  tells (&dora, VM_CALL_OFFER, "c2", "carl");
  heard (&carl, "call-offer c2 dora>carl=v=0 ä");
  net_kill (&net->nodes[0]);
  net_pass (15);
  heard (&bob, "call-end c1 ann>bob");
  heard (&carl, "call-end c2 dora>carl");
  all_missed ("carl<dora ");
  tells (&bob, VM_CALL_OFFER, "c3", "ann");
  heard (&bob, "call-failed c3 offline");
  all_missed ("ann<bob ");
  tells (&bob, VM_CALL_OFFER, "c4", "carl");
  heard (&carl, "call-offer c4 bob>carl=v=0 ä");
  net_kill (&net->nodes[2]);
  net_pass (15);
  heard (&bob, "call-failed c4 offline");
  all_missed ("");
  /* nothing of them is left */
  net_pass (30);
  fail_unless_equals_int (g_hash_table_size (net->records), 1);
  g_string_free (dora.heard, TRUE);
}

GST_END_TEST;

/* Stopped, not killed: the name is free, and the call goes on if its user comes
 * back in time; what rings is over at once. */
GST_START_TEST (test_server_stopped)
{
  talk ();
  vm_call_user_detach (g_steal_pointer (&ann.user));
  net_settle ();
  net_pass (LEAVE - 0.5);
  heard (&bob, "");
  come_back (&ann, 2, "ann", "c1", "bob");
  net_settle ();
  heard (&ann, "registered ann");
  net_pass (2 * LEAVE);
  tells (&ann, VM_CALL_CANDIDATE, "c1", "bob");
  heard (&bob, "ice-candidate c1 ann>bob");
  vm_call_user_detach (g_steal_pointer (&ann.user));
  net_settle ();
  net_pass (LEAVE - 0.1);
  heard (&bob, "");
  net_pass (0.2);
  heard (&bob, "call-end c1 ann>bob");
  come_in (&ann, 0, "ann");
  tells (&ann, VM_CALL_OFFER, "c2", "bob");
  vm_call_user_detach (g_steal_pointer (&ann.user));
  net_settle ();
  heard (&bob, "call-offer c2 ann>bob=v=0 ä, call-end c2 ann>bob");
  all_missed ("bob<ann ");
  come_in (&ann, 0, "ann");
  tells (&bob, VM_CALL_OFFER, "c3", "ann");
  vm_call_user_detach (g_steal_pointer (&ann.user));
  net_settle ();
  heard (&bob, "call-failed c3 offline");
  fail_unless_equals_int (count_calls (), 0);
}

GST_END_TEST;

/* Those who are killed lose signalling alone: the call goes on (test_stop, of
 * one server), and can be ended. */
GST_START_TEST (test_a_call_goes_on)
{
  talk ();
  net_kill (&net->nodes[0]);
  ann.hasty = TRUE;
  come_back (&ann, 2, "ann", "c1", "bob");
  net_settle ();
  net_pass (ASK + 1);
  heard (&ann, "registered ann");
  net_pass (40);
  heard (&bob, "ice-candidate c1 ann>bob");
  fail_unless_equals_int (count_calls (), 2);
  tells (&ann, VM_CALL_CANDIDATE, "c1", "bob");
  heard (&bob, "ice-candidate c1 ann>bob");
  /* at the third as well, and the other one */
  net_kill (&net->nodes[1]);
  come_back (&bob, 2, "bob", "c1", "ann");
  net_settle ();
  net_pass (ASK + 1);
  heard (&bob, "registered bob");
  heard (&ann, "");
  fail_unless_equals_int (count_calls (), 1);
  tells (&bob, VM_CALL_END, "c1", "ann");
  heard (&ann, "call-end c1 bob>ann");
}

GST_END_TEST;

/* Both lose their servers, and come back one after the other. */
GST_START_TEST (test_both_come_back)
{
  talk ();
  go (&carl);
  net_kill (&net->nodes[0]);
  come_back (&ann, 2, "ann", "c1", "bob");
  /* whom its server does not reach */
  net->nodes[1].silent = TRUE;
  net_settle ();
  net_pass (ASK + 1);
  heard (&ann, "registered ann");
  net->nodes[1].silent = FALSE;
  net_kill (&net->nodes[1]);
  net_pass (30);
  heard (&ann, "");
  net_start (&net->nodes[1], 'd');
  net_take_calls (&net->nodes[1], on_send, on_missed, on_close);
  net_pass (4);
  come_back (&bob, 1, "bob", "c1", "ann");
  net_settle ();
  heard (&bob, "registered bob");
  fail_unless_equals_int (count_calls (), 2);
  tells (&ann, VM_CALL_END, "c1", "bob");
  heard (&bob, "call-end c1 ann>bob");
  heard (&ann, "");
}

GST_END_TEST;

/* Who comes back too late, or to a call that the other has ended, hears so. */
GST_START_TEST (test_ended_meanwhile)
{
  talk ();
  net_kill (&net->nodes[0]);
  says (&bob, VM_CALL_END, "c1", "ann");
  come_back (&ann, 2, "ann", "c1", "bob");
  net_settle ();
  net_pass (ASK + 1);
  heard (&ann, "registered ann, call-end c1 bob>ann");
  heard (&bob, "");
  fail_unless_equals_int (count_calls (), 0);
  tells (&ann, VM_CALL_OFFER, "c2", "bob");
  heard (&bob, "call-offer c2 ann>bob=v=0 ä");
}

GST_END_TEST;

/* Somebody calls one of the two in the moment in which that one says that its
 * call with another goes on. */
GST_START_TEST (test_called_meanwhile)
{
  come_in (&bob, 1, "bob");
  come_in (&carl, 0, "carl");
  come_back (&ann, 0, "ann", "c1", "bob");
  net_settle ();
  heard (&ann, "registered ann");
  says (&carl, VM_CALL_OFFER, "c2", "bob");
  vm_call_user_claim (bob.user, "c1", "ann");
  net_settle ();
  heard (&carl, "call-failed c2 busy");
  heard (&bob, "");
  fail_unless_equals_int (count_calls (), 2);
  tells (&ann, VM_CALL_CANDIDATE, "c1", "bob");
  heard (&bob, "ice-candidate c1 ann>bob");
  tells (&carl, VM_CALL_OFFER, "c3", "bob");
  heard (&carl, "call-failed c3 busy");
  tells (&bob, VM_CALL_END, "c1", "ann");
  heard (&ann, "call-end c1 bob>ann");
  fail_unless_equals_int (count_calls (), 0);
  all_missed ("");
}

GST_END_TEST;

/* Who has ended it without a server says so as soon as there is one. */
GST_START_TEST (test_ended_without_server)
{
  talk ();
  net_kill (&net->nodes[0]);
  come_back (&ann, 2, "ann", "c1", "bob");
  net_settle ();
  net_pass (ASK + 0.1);
  says (&ann, VM_CALL_END, "c1", "bob");
  net_settle ();
  heard (&ann, "registered ann");
  heard (&bob, "call-end c1 ann>bob");
  fail_unless_equals_int (count_calls (), 0);
}

GST_END_TEST;

/* Both lose their servers. Whoever is back first ends it and goes, before the
 * other is anywhere, or before anybody knows that it is elsewhere. */
GST_START_TEST (test_ended_before_the_other_is_back)
{
  talk ();
  go (&carl);
  net_kill (&net->nodes[0]);
  come_back (&ann, 2, "ann", "c1", "bob");
  net_settle ();
  net_pass (ASK + 1);
  heard (&ann, "registered ann");
  net_kill (&net->nodes[1]);
  if (__i__)
    net_pass (30);
  says (&ann, VM_CALL_END, "c1", "bob");
  go (&ann);
  net_start (&net->nodes[1], 'd');
  net_take_calls (&net->nodes[1], on_send, on_missed, on_close);
  net_settle ();
  come_back (&bob, 1, "bob", "c1", "ann");
  net_settle ();
  net_pass (ASK + 1);
  heard (&bob, "registered bob, call-end c1 ann>bob");
  fail_unless_equals_int (count_calls (), 0);
}

GST_END_TEST;

/* And is itself where the other comes back, of which the server where it was
 * does not know. */
GST_START_TEST (test_ended_at_another_server)
{
  talk ();
  go (&carl);
  net_kill (&net->nodes[0]);
  net_kill (&net->nodes[1]);
  come_back (&ann, 2, "ann", "c1", "bob");
  net_settle ();
  net_pass (ASK + 1);
  heard (&ann, "registered ann");
  go (&ann);
  net_start (&net->nodes[1], 'd');
  net_take_calls (&net->nodes[1], on_send, on_missed, on_close);
  net_settle ();
  come_in (&ann, 1, "ann");
  come_back (&bob, 1, "bob", "c1", "ann");
  net_settle ();
  net_pass (ASK + 1);
  heard (&bob, "registered bob, call-end c1 ann>bob");
  heard (&ann, "");
}

GST_END_TEST;

/* A server that lives, and is not reached: its user's name goes to who is
 * there, and it hears so when it is back. */
GST_START_TEST (test_out_of_reach)
{
  Phone again = { .heard = g_string_new (NULL) };

  talk ();
  net->nodes[0].silent = net->nodes[0].deaf = TRUE;
  come_back (&again, 2, "ann", "c1", "bob");
  net_settle ();
  net_pass (ASK + 1);
  heard (&again, "registered ann");
  heard (&ann, "");
  net->nodes[0].silent = net->nodes[0].deaf = FALSE;
  vm_room_share_back (net->nodes[0].share, net->now);
  net_pass (3);
  heard (&ann, "closed USER_TAKEN");
  heard (&bob, "");
  tells (&bob, VM_CALL_END, "c1", "ann");
  heard (&again, "call-end c1 bob>ann");
  g_string_free (again.heard, TRUE);
}

GST_END_TEST;

/* A wire that doubles, or is cut: nothing is lost, doubled or out of order. */
GST_START_TEST (test_bad_wire)
{
  g_autoptr (GString) expected = g_string_new (NULL);

  talk ();
  for (guint i = 0; i < 200; i++) {
    net->cut = i % 7 == 3 || (i > 50 && i < 100);
    net->twice = i % 3 == 0;
    says (&ann, VM_CALL_CANDIDATE, "c1", "bob");
    g_string_append_printf (
        expected, "%sice-candidate c1 ann>bob", i ? ", " : "");
    if (i % 50 == 49)
      net_pass (0.1);
  }
  says (&ann, VM_CALL_END, "c1", "bob");
  g_string_append (expected, ", call-end c1 ann>bob");
  net->cut = FALSE;
  vm_room_share_again (ann.node->share, net->now);
  net_pass (30);
  heard (&bob, expected->str);
}

GST_END_TEST;

/* Without the store nobody comes, and those who are there go on. */
GST_START_TEST (test_store_away)
{
  talk ();
  net->away = TRUE;
  go (&carl);
  come (&carl, 2, "dora");
  net_pass (VM_CLUSTER_SEAT_TIME / (gdouble) NET_SECOND + 0.1);
  heard (&carl, "DISCONNECTED");
  tells (&ann, VM_CALL_END, "c1", "bob");
  heard (&bob, "call-end c1 ann>bob");
  tells (&bob, VM_CALL_OFFER, "c2", "ann");
  heard (&ann, "call-offer c2 bob>ann=v=0 ä");
  net->away = FALSE;
  for (guint i = 0; i < NET_NODES; i++)
    vm_room_share_back (net->nodes[i].share, net->now);
  net_pass (4);
  come_in (&carl, 2, "dora");
  heard (&ann, "");
  heard (&bob, "");
}

GST_END_TEST;

/* Whoever hangs up while its name is asked for has none. */
GST_START_TEST (test_cancelled)
{
  come (&ann, 0, "ann");
  vm_call_request_cancel (g_steal_pointer (&ann.request));
  net_settle ();
  come_in (&bob, 1, "bob");
  net_kill (&net->nodes[1]);
  come (&ann, 0, "bob");
  net_settle ();
  vm_call_request_cancel (g_steal_pointer (&ann.request));
  net_pass (60);
  heard (&ann, "");
  fail_unless_equals_int (g_hash_table_size (net->records), 0);
}

GST_END_TEST;

static Suite *
callshare_suite (void)
{
  Suite *s = suite_create ("callshare");
  TCase *tc = tcase_create ("callshare");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_flow_of_the_seed);
  tcase_add_test (tc, test_rejected);
  tcase_add_test (tc, test_caller_changes_its_mind);
  tcase_add_test (tc, test_busy_and_offline);
  tcase_add_test (tc, test_ring_time);
  tcase_add_test (tc, test_crossed);
  tcase_add_test (tc, test_user_taken);
  tcase_add_test (tc, test_race_for_a_name);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_connection_lost);
  tcase_add_test (tc, test_both_at_one);
  tcase_add_test (tc, test_killed);
  tcase_add_test (tc, test_nobody_comes_back);
  tcase_add_test (tc, test_server_stopped);
  tcase_add_test (tc, test_a_call_goes_on);
  tcase_add_test (tc, test_both_come_back);
  tcase_add_test (tc, test_ended_meanwhile);
  tcase_add_test (tc, test_called_meanwhile);
  tcase_add_test (tc, test_ended_without_server);
  tcase_add_loop_test (tc, test_ended_before_the_other_is_back, 0, 2);
  tcase_add_test (tc, test_ended_at_another_server);
  tcase_add_test (tc, test_out_of_reach);
  tcase_add_test (tc, test_bad_wire);
  tcase_add_test (tc, test_store_away);
  tcase_add_test (tc, test_cancelled);
  return s;
}

CHECK_PROGRAM (callshare)
