/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What people say and do in a meeting: a host and two guests in one process,
 * over real sockets on loopback. Data channels are function calls here. */

#include "program.h"
#include "support/talkdevice.h"

#include <gst/videomeet/meeting/vmmeeting-priv.h>
#include <gst/videomeet/meeting/vmparticipant-priv.h>
#include <gst/videomeet/wire/chat.h>

GST_START_TEST (test_chat_over_the_server)
{
  talk_meet ();
  talk_say (&b, NULL, "hello\n\tall");
  WAIT_FOR (has (&a, "Bob") && has (&c, "Bob"));
  heard (&a, "Bob:hello\n\tall");
  heard (&c, "Bob:hello\n\tall");
  talk_say (&a, "p003", "only you");
  talk_say (&a, NULL, "everybody");
  WAIT_FOR (has (&b, "everybody") && has (&c, "everybody"));
  heard (&b, "Ann:everybody");
  heard (&c, "psst-Ann:only you Ann:everybody");
}

GST_END_TEST;

/* On a channel where there is one, and over the server where there is none. */
GST_START_TEST (test_chat_on_a_channel)
{
  talk_meet ();
  talk_connect (&a, &b, "chat");
  talk_say (&a, NULL, "one");
  heard (&b, "Ann:one");
  WAIT_FOR (has (&c, "Ann:one"));
  talk_say (&b, "p001", "two");
  heard (&a, "psst-Bob:two");
  /* the channel is gone: as before */
  vm_meeting_set_channel (a.meeting, talk_who (&a, "p002"), "chat", FALSE);
  talk_say (&a, NULL, "three");
  heard (&b, "");
  WAIT_FOR (has (&b, "Ann:three"));
  heard (&c, "Ann:one Ann:three");
}

GST_END_TEST;

/* To @other, as when another connection takes the place of one. */
static void
open_again (Device *device, const gchar *other)
{
  vm_meeting_set_channel (
      device->meeting, talk_who (device, other), "chat", TRUE);
}

/* What a dead connection has taken comes over the next one, and what it had
 * delivered is heard once. */
GST_START_TEST (test_chat_is_said_again)
{
  static const guint counts[] = { VM_CHAT_AGAIN_MAX - 1, VM_CHAT_AGAIN_MAX,
    VM_CHAT_AGAIN_MAX + 1 };
  GQueue *sent;
  VmSentChat *one;

  talk_meet ();
  talk_connect (&a, &b, "chat");
  talk_say (&a, "p002", "one");
  heard (&b, "psst-Ann:one");
  talk_set_losing (TRUE);
  talk_say (&a, "p002", "two");
  talk_say (&a, "p002", "three");
  talk_set_losing (FALSE);
  open_again (&a, "p002");
  heard (&b, "psst-Ann:two psst-Ann:three");
  open_again (&a, "p002");
  heard (&b, "");
  /* plain text has no id by which it would be known */
  talk_set_losing (TRUE);
  talk_say (&a, "p002", "four");
  talk_set_losing (FALSE);
  vm_meeting_take_message (
      a.meeting, talk_who (&a, "p002"), "chat", "I read plain text");
  open_again (&a, "p002");
  heard (&b, "");
  vm_participant_get_talk (talk_who (&a, "p002"))->plain = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++) {
    VmParticipantTalk *talk = vm_participant_get_talk (talk_who (&a, "p002"));

    g_queue_clear_full (&talk->sent, vm_sent_chat_free);
    /* both sides: else that is too much at once */
    a.meeting->rate = (VmChatRate){ 0 };
    vm_participant_get_talk (talk_who (&b, "p001"))->rate = (VmChatRate){ 0 };
    talk_set_losing (TRUE);
    for (guint n = 0; n < counts[i]; n++)
      talk_say (&a, "p002", "x");
    talk_set_losing (FALSE);
    talk_forget ();
    open_again (&a, "p002");
    fail_unless_equals_int ((b.heard->len + 1) / strlen ("psst-Ann:x "),
        MIN (counts[i], VM_CHAT_AGAIN_MAX));
  }
  /* what is long ago has arrived, or nobody misses it */
  talk_forget ();
  talk_set_losing (TRUE);
  talk_say (&a, "p002", "long ago");
  talk_say (&a, "p002", "late");
  talk_set_losing (FALSE);
  sent = &vm_participant_get_talk (talk_who (&a, "p002"))->sent;
  one = g_queue_peek_nth (sent, sent->length - 2);
  one->at -= VM_CHAT_AGAIN_TIME + 1;
  open_again (&a, "p002");
  heard (&b, "psst-Ann:late");
}

GST_END_TEST;

static void
on_undelivered (
    VmMeeting *meeting, VmParticipant *to, VmChatMessage *message, gpointer one)
{
  talk_note (one, "!%s:%s", vm_participant_get_id (to),
      vm_chat_message_get_text (message));
}

/* Who has the channel `signal` acknowledges what it has read; what it has not
 * is named when one of the two leaves, and so is what never went out. */
GST_START_TEST (test_chat_is_delivered)
{
  talk_meet ();
  g_signal_connect (
      a.meeting, "chat-undelivered", G_CALLBACK (on_undelivered), &a);
  talk_connect (&a, &b, "chat");
  talk_say (&a, "p002", "who knows");
  fail_if (vm_meeting_awaits_acks (a.meeting));
  talk_connect (&a, &b, "signal");
  talk_connect (&a, &b, "signal");
  talk_say (&a, "p002", "one");
  vm_meeting_take_message (a.meeting, talk_who (&a, "p002"), "signal",
      "{\"type\":\"ack\",\"id\":\"of nothing\"}");
  heard (&b, "psst-Ann:who knows psst-Ann:one");
  g_queue_clear_full (&vm_participant_get_talk (talk_who (&a, "p002"))->sent,
      vm_sent_chat_free);
  talk_say (&a, "p002", "two");
  heard (&b, "psst-Ann:two");
  fail_if (vm_meeting_awaits_acks (a.meeting));
  talk_set_losing (TRUE);
  talk_say (&a, "p002", "three");
  fail_unless (vm_meeting_awaits_acks (a.meeting));
  talk_set_losing (FALSE);
  /* by another connection */
  open_again (&a, "p002");
  fail_if (vm_meeting_awaits_acks (a.meeting));
  talk_set_losing (TRUE);
  talk_say (&a, "p002", "four");
  talk_set_losing (FALSE);
  g_object_set (a.meeting, "direct-chat", TRUE, NULL);
  talk_say (&a, "p003", "five");
  fail_unless (vm_meeting_awaits_acks (a.meeting));
  talk_forget ();
  vm_meeting_stop (b.meeting);
  WAIT_FOR (has (&a, "-p002"));
  fail_unless (has (&a, "!p002:four"));
  talk_forget ();
  vm_meeting_stop (a.meeting);
  fail_unless (has (&a, "!p003:five"));
  fail_if (has (&a, "one") || has (&a, "four"));
}

GST_END_TEST;

static guint
count_undelivered (guint said, guint max, gboolean acks)
{
  VmParticipantTalk *talk = vm_participant_get_talk (talk_who (&a, "p002"));
  guint n = 0;

  talk->acks = acks;
  talk_set_losing (TRUE);
  talk_forget ();
  for (guint i = 0; i < said; i++) {
    a.meeting->rate = (VmChatRate){ 0 };
    talk_say (&a, "p002", "x");
  }
  talk_set_losing (FALSE);
  fail_unless_equals_int (talk->sent.length, MIN (said, max));
  g_queue_clear_full (&talk->sent, vm_sent_chat_free);
  for (const gchar *at = a.heard->str; (at = strstr (at, "!p002:x")); at++)
    n++;
  return n;
}

/* The oldest of more is named at once, where it would have been acknowledged.
 */
GST_START_TEST (test_most_chat_that_is_awaited)
{
  const guint max = VM_CHAT_SENT_MAX;

  talk_meet ();
  g_signal_connect (
      a.meeting, "chat-undelivered", G_CALLBACK (on_undelivered), &a);
  talk_connect (&a, &b, "chat");
  fail_unless_equals_int (count_undelivered (max - 1, max, TRUE), 0);
  fail_unless_equals_int (count_undelivered (max, max, TRUE), 0);
  fail_unless_equals_int (count_undelivered (max + 1, max, TRUE), 1);
  fail_unless_equals_int (count_undelivered (max + 1, max, FALSE), 0);
}

GST_END_TEST;

GST_START_TEST (test_plain_text)
{
  talk_meet ();
  talk_connect (&a, &b, "chat");
  vm_meeting_take_message (
      a.meeting, talk_who (&a, "p002"), "chat", "I am a page of another maker");
  heard (&a, "Bob:I am a page of another maker");
  /* whoever speaks so is spoken to so, and is taken for who has the channel */
  talk_say (&a, NULL, "{\"type\":\"chat\",\"text\":\"x\",\"from\":\"p003\"}");
  heard (&b, "Ann:x");
  vm_meeting_take_message (
      a.meeting, talk_who (&a, "p002"), "chat", "no\033[2J escape");
  heard (&a, "");
}

GST_END_TEST;

GST_START_TEST (test_history)
{
  GList *list;

  host ();
  talk_listen (&a);
  talk_join (&b);
  talk_say (&a, NULL, "first");
  talk_say (&b, NULL, "second");
  WAIT_FOR (has (&a, "second") && has (&b, "first"));
  talk_say (&b, "p001", "nobody else's business");
  WAIT_FOR (has (&a, "psst"));
  talk_join (&c);
  WAIT_FOR (has (&b, "+p003"));
  talk_forget ();
  talk_connect (&c, &a, "chat");
  heard (&c, "old-Ann:first old-Bob:second");
  list = vm_meeting_list_chat (c.meeting);
  fail_unless_equals_int (g_list_length (list), 2);
  g_list_free_full (list, g_object_unref);
  /* told again, as after a restart, it is no news */
  vm_meeting_set_channel (a.meeting, talk_who (&a, "p003"), "chat", FALSE);
  vm_meeting_set_channel (a.meeting, talk_who (&a, "p003"), "chat", TRUE);
  heard (&c, "");
  /* and it is the host that tells it */
  talk_connect (&b, &c, "chat");
  vm_meeting_take_message (c.meeting, talk_who (&c, "p002"), "chat",
      "{\"type\":\"chat-history\",\"messages\":[{\"id\":\"1\",\"from\":"
      "\"p001\","
      "\"user\":\"Ann\",\"text\":\"I never said that\",\"time\":\"\"}]}");
  heard (&c, "");
}

GST_END_TEST;

GST_START_TEST (test_what_cannot_be_said)
{
  g_autofree gchar *long_text = g_strnfill (VM_SIGNAL_CHAT_MAX + 1, 'x');
  g_autoptr (VmParticipant) carl = NULL;
  const struct
  {
    const gchar *text;
    gint code;
  } bad[] = { { long_text, VM_ERROR_TOO_LARGE }, { "", VM_ERROR_BAD_MESSAGE },
    { "a\ab", VM_ERROR_BAD_MESSAGE } };

  talk_meet ();
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_if (vm_meeting_send_chat (b.meeting, NULL, bad[i].text, &error));
    g_assert_error (error, VM_ERROR, bad[i].code);
  }
  talk_say (&b, NULL, long_text + 1);
  WAIT_FOR (has (&a, "Bob:xxx"));
  carl = g_object_ref (talk_who (&b, "p003"));
  vm_meeting_stop (c.meeting);
  WAIT_FOR (has (&b, "-p003"));
  {
    g_autoptr (GError) gone = NULL, left = NULL;

    fail_if (vm_meeting_send_chat (b.meeting, carl, "hello?", &gone));
    g_assert_error (gone, VM_ERROR, VM_ERROR_UNROUTABLE);
    fail_if (vm_meeting_send_chat (c.meeting, NULL, "hello?", &left));
    g_assert_error (left, VM_ERROR, VM_ERROR_DISCONNECTED);
  }
}

GST_END_TEST;

/* Who says too much is told so; who says it all the same is not heard. */
GST_START_TEST (test_too_much)
{
  g_autoptr (GError) error = NULL;
  guint n;

  talk_meet ();
  for (n = 0; n < 2 * VM_CHAT_BURST && !error; n++)
    vm_meeting_send_chat (b.meeting, NULL, "more", &error);
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  fail_unless (n > VM_CHAT_BURST);
  talk_connect (&a, &c, "chat");
  talk_forget ();
  for (guint i = 0; i < 2 * VM_CHAT_BURST; i++)
    vm_meeting_take_message (a.meeting, talk_who (&a, "p003"), "chat", "more");
  /* "Carl:more " each; some time has passed as well */
  fail_unless (a.heard->len / 10 < VM_CHAT_BURST + 10, "%s", a.heard->str);
  fail_unless (a.heard->len / 10 >= VM_CHAT_BURST - 1);
}

GST_END_TEST;

GST_START_TEST (test_presence)
{
  talk_meet ();
  vm_meeting_set_presence (b.meeting, "having\nlunch", TRUE, FALSE);
  WAIT_FOR (has (&a, "p002=") && has (&c, "p002="));
  heard (&a, "p002=having lunch-video");
  heard (&c, "p002=having lunch-video");
  fail_unless (
      vm_participant_get_video_muted (vm_meeting_get_self (b.meeting)));
  vm_meeting_set_presence (b.meeting, NULL, FALSE, FALSE);
  vm_meeting_raise_hand (b.meeting, TRUE);
  vm_meeting_raise_hand (b.meeting, TRUE);
  WAIT_FOR (has (&a, "^1") && has (&c, "^1"));
  heard (&a, "p002=having lunch-audio-video p002^1");
  vm_meeting_raise_hand (b.meeting, FALSE);
  WAIT_FOR (has (&a, "^0"));
  heard (&a, "p002^0");
}

GST_END_TEST;

GST_START_TEST (test_reaction)
{
  const gchar *bad[] = { NULL, "", "123456789", "a\n" };

  talk_meet ();
  fail_unless (vm_meeting_react (b.meeting, "❤️", NULL));
  WAIT_FOR (has (&a, "p002~❤️") && has (&c, "p002~❤️"));
  fail_unless (vm_meeting_react (b.meeting, "12345678", NULL));
  WAIT_FOR (has (&a, "p002~12345678"));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_if (vm_meeting_react (b.meeting, bad[i], &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  }
  vm_meeting_stop (c.meeting);
  {
    g_autoptr (GError) left = NULL;

    fail_if (vm_meeting_react (c.meeting, "❤️", &left));
    g_assert_error (left, VM_ERROR, VM_ERROR_DISCONNECTED);
  }
}

GST_END_TEST;

/* Whoever comes later is told. */
GST_START_TEST (test_presence_of_those_there)
{
  host ();
  talk_listen (&a);
  vm_meeting_raise_hand (a.meeting, TRUE);
  vm_meeting_set_presence (a.meeting, "busy", FALSE, TRUE);
  device_open (&b, VM_MEETING_MODE_JOIN);
  use_uri (&b, "standup");
  talk_listen (&b);
  vm_meeting_set_presence (b.meeting, "new", TRUE, TRUE);
  start (&b);
  WAIT_FOR (has (&b, "p001^1") && has (&a, "p002="));
  fail_unless (has (&b, "p001=busy-audio"));
  fail_unless (has (&a, "p002=new"));
  fail_unless_equals_string (
      vm_participant_get_status (vm_meeting_get_self (b.meeting)), "new");
}

GST_END_TEST;

GST_START_TEST (test_mute_request)
{
  g_autoptr (GError) error = NULL;

  talk_meet ();
  fail_unless (vm_meeting_mute_request (
      a.meeting, talk_who (&a, "p002"), TRUE, FALSE, NULL));
  fail_unless (vm_meeting_mute_request (
      a.meeting, talk_who (&a, "p002"), TRUE, TRUE, NULL));
  WAIT_FOR (has (&b, "mute-audio-video"));
  heard (&b, "mute-audio mute-audio-video");
  heard (&c, "");
  fail_if (vm_meeting_mute_request (
      a.meeting, talk_who (&a, "p002"), FALSE, FALSE, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
}

GST_END_TEST;

GST_START_TEST (test_lock)
{
  Device d;

  talk_meet ();
  fail_unless (vm_meeting_set_locked (a.meeting, TRUE, NULL));
  WAIT_FOR (has (&a, "locked") && has (&b, "locked") && has (&c, "locked"));
  device_init (&d, "Dora");
  device_open (&d, VM_MEETING_MODE_JOIN);
  use_uri (&d, "standup");
  start (&d);
  WAIT_FOR (has (&d, "ended"));
  g_assert_error (d.error, VM_ERROR, VM_ERROR_MEETING_LOCKED);
  g_clear_object (&d.meeting);
  g_string_truncate (d.heard, 0);
  fail_unless (vm_meeting_set_locked (a.meeting, FALSE, NULL));
  WAIT_FOR (has (&b, "open"));
  device_open (&d, VM_MEETING_MODE_JOIN);
  use_uri (&d, "standup");
  start (&d);
  WAIT_FOR (has (&d, "active"));
  device_clear (&d);
}

GST_END_TEST;

GST_START_TEST (test_kick)
{
  talk_meet ();
  fail_unless (vm_meeting_kick (a.meeting, talk_who (&a, "p002"), NULL));
  WAIT_FOR (has (&b, "ended") && has (&c, "-p002KICKED"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_KICKED);
  WAIT_FOR (has (&a, "-p002KICKED"));
  fail_if (has (&a, "idle"));
  /* the others have not been removed */
  fail_unless (has (&b, "-p001") && has (&b, "-p003"));
  fail_if (has (&b, "KICKED"));
}

GST_END_TEST;

/* Who was removed hears why it does not come in, and does as soon as it may. */
GST_START_TEST (test_unban)
{
  g_autoptr (GError) error = NULL;

  talk_meet ();
  fail_unless (vm_meeting_kick (a.meeting, talk_who (&a, "p002"), NULL));
  WAIT_FOR (has (&b, "ended") && has (&c, "-p002KICKED"));
  for (guint i = 0; i < 2; i++) {
    g_clear_object (&b.other);
    g_clear_object (&b.meeting);
    g_clear_error (&b.error);
    g_string_truncate (b.heard, 0);
    device_open (&b, VM_MEETING_MODE_JOIN);
    use_uri (&b, "standup");
    start (&b);
    WAIT_FOR (has (&b, i ? "active" : "failed"));
    if (i)
      break;
    g_assert_error (b.error, VM_ERROR, VM_ERROR_KICKED);
    fail_if (vm_meeting_unban (c.meeting, "p002", &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
    fail_unless (vm_meeting_unban (a.meeting, "p002", NULL));
  }
  WAIT_FOR (has (&a, "+p004") && has (&c, "+p004"));
}

GST_END_TEST;

/* Each state of protocol/meeting.md#meeting-states, and back from idle. */
GST_START_TEST (test_end)
{
  host ();
  talk_listen (&a);
  talk_join (&b);
  vm_meeting_stop (b.meeting);
  WAIT_FOR (has (&a, "idle"));
  talk_join (&c);
  WAIT_FOR (has (&a, "idle +p003 active"));
  g_string_truncate (c.heard, 0);
  fail_unless (vm_meeting_end (a.meeting, NULL));
  heard (&a, "joined:p001 announced +p002 active disconnected -p002 idle "
             "+p003 active disconnected -p003 idle ended");
  WAIT_FOR (has (&c, "ended"));
  heard (&c, "disconnected -p001 idle ended");
  fail_if (c.error);
}

GST_END_TEST;

GST_START_TEST (test_guests_are_no_hosts)
{
  GError *errors[4] = { NULL };

  talk_meet ();
  fail_if (vm_meeting_kick (b.meeting, talk_who (&b, "p003"), &errors[0]));
  fail_if (vm_meeting_set_locked (b.meeting, TRUE, &errors[1]));
  fail_if (vm_meeting_mute_request (
      b.meeting, talk_who (&b, "p003"), TRUE, TRUE, &errors[2]));
  fail_if (vm_meeting_end (b.meeting, &errors[3]));
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++) {
    g_assert_error (errors[i], VM_ERROR, VM_ERROR_NOT_TRUSTED);
    g_error_free (errors[i]);
  }
  fail_if (vm_meeting_get_locked (b.meeting));
}

GST_END_TEST;

/* What the host says to @b: somebody has come, or left. */
static void
tell_guest (VmSignalType type, guint number)
{
  g_autoptr (VmSignal) signal = vm_signal_new (type);
  g_autofree gchar *id = g_strdup_printf ("p%03u", number);

  if (type == VM_SIGNAL_PARTICIPANT_LEFT) {
    signal->id = g_steal_pointer (&id);
  } else {
    VmSignalParticipant *who = vm_signal_add_participant (signal);

    who->id = g_steal_pointer (&id);
    who->user = g_strdup ("Crowd");
    who->device = g_strdup ("box");
  }
  vm_meeting_take_signal (b.meeting, signal);
}

static guint
others (Device *device)
{
  GList *all = vm_meeting_list_participants (device->meeting);
  guint n = g_list_length (all);

  g_list_free_full (all, g_object_unref);
  return n;
}

static void
on_message (const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer data)
{
  fail_unless (strstr (message, "p900") != NULL, "%s", message);
  (*(guint *) data)++;
}

/* A host that names people without end: each would be a connection. */
GST_START_TEST (test_crowd_below_at_and_above_the_limit)
{
  guint told = 0, handler;

  talk_meet ();
  handler =
      g_log_set_handler ("videomeet", G_LOG_LEVEL_MESSAGE, on_message, &told);
  for (guint number = 100; others (&b) < VM_SIGNAL_ROSTER_MAX - 1; number++)
    tell_guest (VM_SIGNAL_PARTICIPANT_JOINED, number);
  tell_guest (VM_SIGNAL_PARTICIPANT_JOINED, 500);
  fail_unless_equals_int (others (&b), VM_SIGNAL_ROSTER_MAX);
  fail_unless (find (&b, "p500") != NULL);
  fail_unless_equals_int (told, 0);
  g_string_truncate (b.heard, 0);
  for (guint number = 900; number < 910; number++)
    tell_guest (VM_SIGNAL_PARTICIPANT_JOINED, number);
  heard (&b, "");
  fail_unless_equals_int (others (&b), VM_SIGNAL_ROSTER_MAX);
  fail_unless_equals_int (told, 1);
  /* who leaves makes room; the meeting goes on */
  tell_guest (VM_SIGNAL_PARTICIPANT_LEFT, 500);
  tell_guest (VM_SIGNAL_PARTICIPANT_JOINED, 501);
  fail_unless (find (&b, "p501") != NULL);
  fail_unless_equals_int (others (&b), VM_SIGNAL_ROSTER_MAX);
  g_log_remove_handler ("videomeet", handler);
}

GST_END_TEST;

static Suite *
talk_suite (void)
{
  Suite *s = suite_create ("talk");
  TCase *tc = tcase_create ("talk");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_three, teardown_three);
  tcase_add_test (tc, test_chat_over_the_server);
  tcase_add_test (tc, test_chat_on_a_channel);
  tcase_add_test (tc, test_chat_is_said_again);
  tcase_add_test (tc, test_chat_is_delivered);
  tcase_add_test (tc, test_most_chat_that_is_awaited);
  tcase_add_test (tc, test_plain_text);
  tcase_add_test (tc, test_history);
  tcase_add_test (tc, test_what_cannot_be_said);
  tcase_add_test (tc, test_too_much);
  tcase_add_test (tc, test_presence);
  tcase_add_test (tc, test_reaction);
  tcase_add_test (tc, test_presence_of_those_there);
  tcase_add_test (tc, test_mute_request);
  tcase_add_test (tc, test_lock);
  tcase_add_test (tc, test_kick);
  tcase_add_test (tc, test_unban);
  tcase_add_test (tc, test_end);
  tcase_add_test (tc, test_guests_are_no_hosts);
  tcase_add_test (tc, test_crowd_below_at_and_above_the_limit);
  return s;
}

CHECK_PROGRAM (talk)
