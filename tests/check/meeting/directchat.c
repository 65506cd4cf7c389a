/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Chat that the meeting's server does not see, and what the server says in the
 * name of others: a host and two guests in one process. Data channels are
 * function calls. */

#include "program.h"
#include "support/talkdevice.h"

#include <gst/videomeet/meeting/vmmeeting-priv.h>

#define SDP                                                                    \
  "v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"                          \
  "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\na=fingerprint:sha-256 "                   \
  "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:00:11:22:33:44:55:66:77:88" \
  ":99:AA:BB:CC:DD:EE:FF\r\na=ice-ufrag:abcd\r\n"

static void
on_forged (
    VmMeeting *meeting, VmParticipant *who, const GError *error, Device *device)
{
  fail_unless (error->domain == VM_ERROR);
  talk_note (device, "forged:%s:%s", vm_participant_get_id (who),
      vm_error_to_code (error->code));
}

static void
on_refused (
    VmMeeting *meeting, VmParticipant *who, const GError *error, Device *device)
{
  fail_unless (error->domain == VM_ERROR);
  talk_note (device, "refused:%s:%s:%s", vm_participant_get_id (who),
      vm_error_to_code (error->code), error->message);
}

/* All three speak to each other alone. */
static void
meet (void)
{
  Device *all[] = { &a, &b, &c };

  talk_meet ();
  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    g_object_set (all[i]->meeting, "direct-chat", TRUE, NULL);
    g_signal_connect (
        all[i]->meeting, "forged", G_CALLBACK (on_forged), all[i]);
    g_signal_connect (
        all[i]->meeting, "refused", G_CALLBACK (on_refused), all[i]);
  }
}

/* Whatever @device has said over the server so far has arrived. */
static void
catch_up (Device *device)
{
  Device *all[] = { &a, &b, &c };
  g_autofree gchar *word = g_strdup_printf (
      "%s^1", vm_participant_get_id (vm_meeting_get_self (device->meeting)));

  vm_meeting_raise_hand (device->meeting, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] != device)
      WAIT_FOR (has (all[i], word));
}

GST_START_TEST (test_waits_for_the_channel)
{
  meet ();
  talk_say (&b, NULL, "one");
  talk_say (&b, "p003", "two");
  catch_up (&b);
  heard (&a, "p002^1");
  heard (&c, "p002^1");
  talk_connect (&b, &c, "chat");
  heard (&c, "Bob:one psst-Bob:two");
  talk_say (&b, NULL, "three");
  heard (&c, "Bob:three");
  /* another connection comes for the one there was */
  vm_meeting_set_channel (b.meeting, talk_who (&b, "p003"), "chat", FALSE);
  talk_say (&b, "p003", "four");
  heard (&c, "");
  vm_meeting_set_channel (b.meeting, talk_who (&b, "p003"), "chat", TRUE);
  heard (&c, "psst-Bob:four");
  talk_connect (&b, &a, "chat");
  heard (&a, "Bob:one Bob:three");
}

GST_END_TEST;

/* While one connection takes another's place neither may carry what is said,
 * though nobody has said that the channel is closed: it goes out when the other
 * opens. */
GST_START_TEST (test_waits_for_the_next_connection)
{
  meet ();
  talk_connect (&b, &c, "chat");
  talk_set_carrying (FALSE);
  talk_say (&b, "p003", "one");
  talk_set_carrying (TRUE);
  heard (&c, "");
  vm_meeting_set_channel (b.meeting, talk_who (&b, "p003"), "chat", TRUE);
  heard (&c, "psst-Bob:one");
  talk_say (&b, "p003", "two");
  heard (&c, "psst-Bob:two");
}

GST_END_TEST;

/* @n messages wait; the first that comes is number @first. */
static void
check_unsent (guint n, guint first)
{
  g_autoptr (GString) wanted = g_string_new (NULL);

  for (guint i = 0; i < n; i++) {
    g_autofree gchar *text = g_strdup_printf ("%u", i);

    talk_say (&b, "p003", text);
    if (i >= first)
      g_string_append_printf (
          wanted, "%spsst-Bob:%u", wanted->len ? " " : "", i);
  }
  vm_meeting_set_channel (b.meeting, talk_who (&b, "p003"), "chat", TRUE);
  heard (&c, wanted->str);
  vm_meeting_set_channel (b.meeting, talk_who (&b, "p003"), "chat", FALSE);
  /* not what this is about */
  b.meeting->rate = (VmChatRate){ 0 };
}

GST_START_TEST (test_unsent_bounded)
{
  meet ();
  talk_connect (&b, &c, "chat");
  vm_meeting_set_channel (b.meeting, talk_who (&b, "p003"), "chat", FALSE);
  /* as many again are heard at once */
  check_unsent (VM_CHAT_UNSENT_MAX - 1, 0);
  check_unsent (VM_CHAT_UNSENT_MAX, 0);
}

GST_END_TEST;

GST_START_TEST (test_more_unsent_than_kept)
{
  meet ();
  talk_connect (&b, &c, "chat");
  vm_meeting_set_channel (b.meeting, talk_who (&b, "p003"), "chat", FALSE);
  check_unsent (VM_CHAT_UNSENT_MAX + 1, 1);
}

GST_END_TEST;

/* What waits for somebody who leaves goes with him. */
GST_START_TEST (test_unsent_to_who_leaves)
{
  meet ();
  talk_say (&b, "p003", "hello?");
  vm_meeting_stop (c.meeting);
  WAIT_FOR (has (&b, "-p003"));
  fail_if (has (&b, "forged"));
}

GST_END_TEST;

/* A server that speaks in the name of a device that has a key. */
GST_START_TEST (test_said_by_the_server)
{
  meet ();
  g_object_set (b.meeting, "direct-chat", FALSE, NULL);
  talk_say (&b, NULL, "I never said this");
  WAIT_FOR (has (&a, "forged") && has (&c, "forged"));
  heard (&a, "forged:p002:SIGNATURE");
  heard (&c, "forged:p002:SIGNATURE");
}

GST_END_TEST;

GST_START_TEST (test_refusal)
{
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_SIGNATURE, "It is not your word");

  meet ();
  vm_meeting_refuse_description (b.meeting, talk_who (&b, "p003"), error);
  vm_meeting_refuse_description (b.meeting, talk_who (&b, "p001"), error);
  WAIT_FOR (has (&a, "refused") && has (&c, "refused"));
  heard (&a, "refused:p002:SIGNATURE:It is not your word");
  heard (&c, "refused:p002:SIGNATURE:It is not your word");
}

GST_END_TEST;

/* A description, signed by @signing, comes to @to, whose @checking takes it. */
static void
describe (Device *from, Device *to, VmDescriptionType type,
    VmMediaSession *signing, VmMediaSession *checking)
{
  g_autofree gchar *identity = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (vm_media_session_sign (signing, type, SDP, &identity, &error));
  g_assert_no_error (error);
  vm_meeting_send_description (
      from->meeting, from->other, type, SDP, NULL, 0, "s", 1, identity);
  WAIT_FOR (to->identity != NULL);
  fail_unless_equals_string (to->identity, identity);
  fail_unless (
      vm_media_session_check (checking, type, to->sdp, to->identity, &error));
  g_assert_no_error (error);
}

/* What the server knows and passes on is enough for two guests, and no more
 * than that can be said in their names. */
GST_START_TEST (test_signed_by_guests)
{
  g_autoptr (VmMediaSession) bob = NULL;
  g_autoptr (VmMediaSession) carl = NULL;
  g_autoptr (VmSignal) forged = vm_signal_new (VM_SIGNAL_RESTART);

  meet ();
  bob = vm_meeting_open_media (b.meeting, b.other, "s", 1);
  carl = vm_meeting_open_media (c.meeting, c.other, "s", 1);
  /* nobody would believe it */
  vm_meeting_send_restart (c.meeting, c.other, "early");
  describe (&b, &c, VM_DESCRIPTION_TYPE_OFFER, bob, carl);
  describe (&c, &b, VM_DESCRIPTION_TYPE_ANSWER, carl, bob);
  fail_unless (vm_media_session_is_signed (bob));
  fail_unless (vm_media_session_is_signed (carl));
  fail_if (has (&b, "restart:early") || has (&b, "forged"));

  talk_forget ();
  vm_meeting_send_restart (c.meeting, c.other, "ice");
  heard (&b, "restart:ice");
  forged->to = g_strdup ("p002");
  forged->reason = g_strdup ("lie");
  vm_meeting_send (c.meeting, forged);
  heard (&b, "forged:p003:SIGNATURE");
}

GST_END_TEST;

static Suite *
directchat_suite (void)
{
  Suite *s = suite_create ("directchat");
  TCase *tc = tcase_create ("directchat");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_three, teardown_three);
  tcase_add_test (tc, test_waits_for_the_channel);
  tcase_add_test (tc, test_waits_for_the_next_connection);
  tcase_add_test (tc, test_unsent_bounded);
  tcase_add_test (tc, test_more_unsent_than_kept);
  tcase_add_test (tc, test_unsent_to_who_leaves);
  tcase_add_test (tc, test_said_by_the_server);
  tcase_add_test (tc, test_refusal);
  tcase_add_test (tc, test_signed_by_guests);
  return s;
}

CHECK_PROGRAM (directchat)
