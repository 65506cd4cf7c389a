/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The messages by which a participant subscribes in a room of Janus, one by
 * one, against protocol/janus.md#subscribing. */

#include "program.h"
#include "support/janusroom.h"

#include <string.h>

/* An m-line of the subscription, of a participant's camera. */
#define SLOT(mid, feed)                                       \
  "{\"type\":\"video\",\"mid\":\"" mid "\",\"feed_id\":" feed \
  ",\"feed_mid\":\"1\",\"codec\":\"vp8\"}"
#define EMPTY(mid) "{\"type\":\"video\",\"mid\":\"" mid "\",\"active\":false}"
#define OFFER(word, slots)                                               \
  JANUS_JSEP ("9", "\"videoroom\":\"" word "\",\"streams\":[" slots "]", \
      "offer", "v=0")
#define UP "{\"janus\":\"webrtcup\",\"session_id\":7,\"sender\":9}"
#define STARTED JANUS_PLAIN ("9", "\"videoroom\":\"event\",\"started\":\"ok\"")

static void
cannot_want (JanusRoom *room, gint64 feed, const gchar *mid, VmError code)
{
  g_autoptr (GError) error = NULL;

  fail_if (vm_janus_client_want (room->client, feed, mid, room->now, &error));
  g_assert_error (error, VM_ERROR, (gint) code);
}

/* In the room with @publishers, and receives from the first, Bob. */
static void
subscribe_to_bob (JanusRoom *room, const gchar *joined)
{
  janus_room_enter (room, joined);
  janus_room_want (room, 44);
  janus_room_asks (room, "\"attach\"", JANUS_SUCCESS ("9"));
  janus_room_asks (
      room, "\"subscriber\"", OFFER ("attached", SLOT ("0", "44")));
  janus_room_hears (room, "offer:sub:v=0:0=44/1");
  vm_janus_client_answer (room->client, "v=0", room->now);
  janus_room_asks (room, "\"start\"", STARTED);
}

static void
receive_bob (JanusRoom *room, const gchar *joined)
{
  subscribe_to_bob (room, joined);
  janus_room_answers (room, UP);
  janus_room_hears (room, "connected:sub");
  janus_room_wait (room, G_USEC_PER_SEC);
}

GST_START_TEST (test_receives)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (JANUS_BOB "," JANUS_EVE));
  janus_room_want (&room, 44);
  janus_room_want (&room, 45);
  janus_room_want (&room, 44);
  /* for both, one handle and one negotiation */
  janus_room_asks (&room, "{\"janus\":\"attach\",", JANUS_SUCCESS ("9"));
  janus_room_says (&room, "\"handle_id\":9,\"body\":{\"request\":\"join\","
                          "\"ptype\":\"subscriber\",\"room\":4711,"
                          "\"private_id\":99,\"autoupdate\":false,\"streams\":["
                          "{\"feed\":44,\"mid\":\"1\"},"
                          "{\"feed\":45,\"mid\":\"1\"}]}}");
  janus_room_answers (
      &room, OFFER ("attached", SLOT ("0", "44") "," SLOT ("1", "45")));
  janus_room_hears (&room, "offer:sub:v=0:0=44/1:1=45/1");
  fail_unless_equals_string (
      vm_janus_client_find_mid (room.client, 45, "1"), "1");
  vm_janus_client_answer (room.client, "v=0 b", room.now);
  janus_room_asks (&room,
      "\"request\":\"start\"},\"jsep\":{\"type\":"
      "\"answer\",\"sdp\":\"v=0 b\"}}",
      STARTED);
  janus_room_says (&room, NULL);
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_changes_are_one_negotiation)
{
  JanusRoom room;

  receive_bob (&room,
      JANUS_JOINED (JANUS_BOB "," JANUS_EVE "," JANUS_CAMERA ("46", "C")));
  janus_room_want (&room, 45);
  janus_room_says (
      &room, "\"update\",\"subscribe\":[{\"feed\":45,\"mid\":\"1\"}]}}");
  /* while the server is at it */
  janus_room_want (&room, 46);
  vm_janus_client_drop (room.client, 45, "1", room.now);
  vm_janus_client_drop (room.client, 44, "1", room.now);
  janus_room_answers (
      &room, OFFER ("updated", SLOT ("0", "44") "," SLOT ("1", "45")));
  janus_room_hears (&room, "offer:sub:again:v=0:0=44/1:1=45/1");
  janus_room_says (&room, NULL);
  vm_janus_client_answer (room.client, "v=0", room.now);
  janus_room_asks (&room, "\"start\"", STARTED);
  janus_room_wait (&room, G_USEC_PER_SEC);
  janus_room_says (&room, "\"update\",\"subscribe\":[{\"feed\":46,\"mid\":"
                          "\"1\"}],\"unsubscribe\":[{\"sub_mid\":\"0\"},"
                          "{\"sub_mid\":\"1\"}]}}");
  /* an m-line that is empty is used again */
  janus_room_answers (
      &room, OFFER ("updated", SLOT ("0", "46") "," EMPTY ("1")));
  janus_room_hears (&room, "offer:sub:again:v=0:0=46/1:1=");
  fail_unless (vm_janus_client_find_mid (room.client, 44, "1") == NULL);
  fail_unless_equals_string (
      vm_janus_client_find_mid (room.client, 46, "1"), "0");
  janus_room_close (&room);
}

GST_END_TEST;

/* Janus 1.1.2 never connects what it offers anew before it is connected. */
GST_START_TEST (test_first_connects)
{
  for (guint i = 0; i < 2; i++) {
    JanusRoom room;

    subscribe_to_bob (&room, JANUS_JOINED (JANUS_BOB "," JANUS_EVE));
    janus_room_want (&room, 45);
    janus_room_wait (&room, 9 * G_USEC_PER_SEC);
    janus_room_says (&room, NULL);
    if (i == 0)
      janus_room_answers (&room, UP);
    janus_room_wait (&room, G_USEC_PER_SEC);
    janus_room_says (&room, "\"update\"");
    janus_room_close (&room);
  }
}

GST_END_TEST;

/* Several changes at once, each a message of its own: the first is asked for,
 * the others together. */
GST_START_TEST (test_updates_have_pauses)
{
  JanusRoom room;

  receive_bob (&room,
      JANUS_JOINED (JANUS_BOB "," JANUS_EVE "," JANUS_CAMERA ("46", "C")));
  janus_room_want (&room, 45);
  janus_room_asks (&room, "\"update\"",
      OFFER ("updated", SLOT ("0", "44") "," SLOT ("1", "45")));
  vm_janus_client_answer (room.client, "v=0", room.now);
  janus_room_asks (&room, "\"start\"", STARTED);
  janus_room_want (&room, 46);
  janus_room_says (&room, NULL);
  janus_room_wait (&room, G_USEC_PER_SEC / 10);
  janus_room_says (&room, "\"feed\":46");
  janus_room_close (&room);
}

GST_END_TEST;

/* A server that offers on its own has one answer after the other. */
GST_START_TEST (test_offers_that_cross)
{
  JanusRoom room;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB));
  g_clear_pointer (&room.said, g_free);
  janus_room_answers (&room, OFFER ("updated", SLOT ("0", "44")));
  janus_room_hears (&room, "offer:sub:again:v=0:0=44/1");
  janus_room_answers (&room, OFFER ("updated", EMPTY ("0")));
  janus_room_hears (&room, "");
  vm_janus_client_answer (room.client, "v=0", room.now);
  janus_room_asks (&room, "\"start\"", STARTED);
  janus_room_hears (&room, "offer:sub:again:v=0:0=");
  vm_janus_client_answer (room.client, "v=0", room.now);
  janus_room_says (&room, "\"start\"");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_offer_comes_later)
{
  JanusRoom room;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB "," JANUS_EVE));
  janus_room_want (&room, 45);
  janus_room_asks (&room, "\"update\"",
      JANUS_PLAIN ("9", "\"videoroom\":\"updating\",\"room\":4711"));
  janus_room_hears (&room, "");
  g_clear_pointer (&room.said, g_free);
  janus_room_answers (
      &room, OFFER ("updated", SLOT ("0", "44") "," SLOT ("1", "45")));
  janus_room_hears (&room, "offer:sub:again:v=0:0=44/1:1=45/1");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_offer_never_comes)
{
  JanusRoom room;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB "," JANUS_EVE));
  janus_room_want (&room, 45);
  janus_room_asks (&room, "\"update\"",
      JANUS_PLAIN ("9", "\"videoroom\":\"updating\",\"room\":4711"));
  janus_room_wait (&room, VM_JANUS_ANSWER_TIME);
  janus_room_hears (&room, "broken:sub:TIMEOUT");
  janus_room_asks (&room, "\"detach\"", JANUS_DONE);
  janus_room_says (&room, "\"attach\"");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_owner_never_answers)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (JANUS_BOB));
  janus_room_want (&room, 44);
  janus_room_asks (&room, "\"attach\"", JANUS_SUCCESS ("9"));
  janus_room_asks (
      &room, "\"subscriber\"", OFFER ("attached", SLOT ("0", "44")));
  janus_room_wait (&room, VM_JANUS_ANSWER_TIME - 1);
  janus_room_hears (&room, "offer:sub:v=0:0=44/1");
  janus_room_wait (&room, 1);
  janus_room_hears (&room, "broken:sub:TIMEOUT");
  janus_room_close (&room);
}

GST_END_TEST;

/* One who leaves is not asked to leave. */
GST_START_TEST (test_sender_leaves)
{
  JanusRoom room;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB));
  janus_room_answers (&room, JANUS_NEWS ("\"leaving\":44"));
  janus_room_hears (&room, "removed:44/1:vp8 left:44");
  cannot_want (&room, 44, "1", VM_ERROR_NOT_FOUND);
  janus_room_close (&room);
}

GST_END_TEST;

/* Of two, one is a ghost: the other is received all the same. */
GST_START_TEST (test_one_is_not_there)
{
  guint asked = 0;
  JanusRoom room;

  receive_bob (&room,
      JANUS_JOINED (JANUS_BOB "," JANUS_EVE "," JANUS_CAMERA ("46", "C")));
  janus_room_want (&room, 45);
  vm_janus_client_drop (room.client, 45, "1", room.now);
  janus_room_asks (
      &room, "\"update\"", JANUS_REFUSED ("9", "428", "No such feed (45)"));
  janus_room_want (&room, 45);
  janus_room_want (&room, 46);
  janus_room_says (&room, NULL);
  for (guint i = 0; i < 20; i++) {
    janus_room_wait (&room, G_USEC_PER_SEC / 2);
    if (!janus_room_count (&room, "\"update\""))
      break;
    if (strstr (room.said, "\"feed\":45")) {
      fail_if (strstr (room.said, "\"feed\":46"));
      asked++;
      janus_room_answers (
          &room, JANUS_REFUSED ("9", "428", "No such feed (45)"));
    } else {
      janus_room_answers (
          &room, OFFER ("updated", SLOT ("0", "44") "," SLOT ("1", "46")));
      janus_room_hears (&room, "offer:sub:again:v=0:0=44/1:1=46/1");
      vm_janus_client_answer (room.client, "v=0", room.now);
      janus_room_asks (&room, "\"start\"", STARTED);
    }
  }
  fail_unless (asked <= VM_JANUS_TRIES_MAX, "asked %u times", asked);
  janus_room_hears (&room, "warning:UNROUTABLE");
  fail_unless (vm_janus_client_find_mid (room.client, 46, "1") != NULL);
  janus_room_close (&room);
}

GST_END_TEST;

/* What the server does not even refuse. */
GST_START_TEST (test_nothing_changes)
{
  guint asked = 0;
  JanusRoom room;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB "," JANUS_EVE));
  janus_room_want (&room, 45);
  for (guint i = 0; i < 20; i++) {
    if (janus_room_count (&room, "\"update\"")) {
      asked++;
      janus_room_answers (
          &room, JANUS_PLAIN ("9", "\"videoroom\":\"updated\",\"room\":4711"));
    }
    janus_room_wait (&room, G_USEC_PER_SEC / 2);
  }
  fail_unless_equals_int (asked, VM_JANUS_TRIES_MAX);
  janus_room_hears (&room, "warning:UNROUTABLE");
  janus_room_close (&room);
}

GST_END_TEST;

static const gchar *const ends[] = {
  "{\"janus\":\"hangup\",\"session_id\":7,\"sender\":9,\"reason\":\"DTLS\"}",
  "{\"janus\":\"detached\",\"session_id\":7,\"sender\":9}",
};

GST_START_TEST (test_subscription_ends)
{
  gboolean detached = strstr (ends[__i__], "detached") != NULL;
  JanusRoom room;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB));
  janus_room_answers (&room, ends[__i__]);
  janus_room_hears (&room, "broken:sub:DISCONNECTED");
  janus_room_wait (&room, G_USEC_PER_SEC);
  if (!detached)
    janus_room_asks (&room, "\"detach\",", JANUS_DONE);
  janus_room_asks (&room, "\"attach\"", JANUS_SUCCESS ("10"));
  janus_room_asks (&room, "\"handle_id\":10",
      JANUS_JSEP ("10",
          "\"videoroom\":\"attached\",\"streams\":[" SLOT ("0", "44") "]",
          "offer", "v=0"));
  janus_room_hears (&room, "offer:sub:v=0:0=44/1");
  janus_room_close (&room);
}

GST_END_TEST;

/* Each begins the subscription anew: on a new handle, later and later. */
static const gchar *const failures[] = {
  JANUS_REFUSED ("9", "425", "Already in as a subscriber on this handle"),
  JANUS_REFUSED ("9", "433", "Unauthorized (valid private_id)"),
  JANUS_ERROR ("459", "No such handle 9"),
  JANUS_PLAIN ("9", "\"videoroom\":\"attached\",\"streams\":[]"),
  JANUS_JSEP (
      "9", "\"videoroom\":\"attached\",\"streams\":[]", "answer", "v=0"),
  JANUS_JSEP ("9", "\"videoroom\":\"attached\"", "offer", "v=0"),
  JANUS_JSEP ("9", "\"videoroom\":\"updated\",\"streams\":[]", "offer", "v=0"),
};

GST_START_TEST (test_subscription_fails)
{
  gint64 last = 0, between = 0;
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (JANUS_BOB));
  janus_room_want (&room, 44);
  for (guint i = 0; i < 8; i++) {
    while (!janus_room_count (&room, "\"attach\""))
      janus_room_wait (&room, G_USEC_PER_SEC / 100);
    fail_unless (room.now - last >= between || i < 2);
    between = room.now - last;
    last = room.now;
    janus_room_answers (&room, JANUS_SUCCESS ("9"));
    janus_room_asks (&room, "\"subscriber\"", failures[__i__]);
    janus_room_asks (&room, "\"detach\"", JANUS_DONE);
  }
  fail_unless (between >= 7 * G_USEC_PER_SEC);
  janus_room_close (&room);
}

GST_END_TEST;

/* One that takes longer to fail than the pause before the next is followed at
 * once. */
GST_START_TEST (test_slow_failures)
{
  g_autoptr (GError) error =
      g_error_new_literal (VM_ERROR, VM_ERROR_TIMEOUT, "It took too long");
  JanusRoom room;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB));
  for (guint i = 0; i < 2; i++) {
    janus_room_wait (&room, 9 * G_USEC_PER_SEC);
    vm_janus_client_renew_subscriber (room.client, error, room.now);
    janus_room_asks (&room, "\"detach\"", JANUS_DONE);
    janus_room_asks (&room, "\"attach\"", JANUS_SUCCESS ("9"));
    janus_room_asks (
        &room, "\"subscriber\"", OFFER ("attached", SLOT ("0", "44")));
  }
  janus_room_close (&room);
}

GST_END_TEST;

/* An answer to what was asked of the handle before. */
GST_START_TEST (test_answer_of_an_old_handle)
{
  g_autofree gchar *update = NULL;
  JanusRoom room;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB "," JANUS_EVE));
  janus_room_want (&room, 45);
  janus_room_says (&room, "\"update\"");
  update = g_strdup (room.said);
  vm_janus_client_renew_subscriber (room.client, NULL, room.now);
  janus_room_hears (&room, "broken:sub");
  janus_room_says (&room, "\"detach\"");
  g_free (room.said);
  room.said = g_steal_pointer (&update);
  janus_room_answers (&room, OFFER ("updated", SLOT ("0", "44")));
  janus_room_hears (&room, "");
  janus_room_asks (&room, "\"attach\"", JANUS_SUCCESS ("9"));
  janus_room_says (&room, "\"subscriber\"");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_codecs)
{
  JanusRoom room;

  janus_room_enter (&room,
      JANUS_JOINED ("{\"id\":44,\"streams\":["
                    "{\"type\":\"video\",\"mid\":\"0\",\"codec\":\"av1\"},"
                    "{\"type\":\"video\",\"mid\":\"1\",\"codec\":\"h264\"},"
                    "{\"type\":\"data\",\"mid\":\"2\"}]}"));
  cannot_want (&room, 44, "0", VM_ERROR_CODEC);
  cannot_want (&room, 44, "2", VM_ERROR_CODEC);
  cannot_want (&room, 44, "3", VM_ERROR_NOT_FOUND);
  cannot_want (&room, 45, "1", VM_ERROR_NOT_FOUND);
  janus_room_want (&room, 44);
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_number_of_wanted_streams)
{
  g_autoptr (GString) publishers = g_string_new (NULL);
  g_autofree gchar *joined = NULL;
  JanusRoom room;

  for (guint i = 0; i <= VM_JANUS_WANTED_MAX; i++)
    g_string_append_printf (publishers,
        "%s{\"id\":%u,\"streams\":[{\"type\":\"video\",\"mid\":\"1\","
        "\"codec\":\"vp8\"}]}",
        i ? "," : "", 100 + i);
  joined = g_strdup_printf (
      "{\"janus\":\"event\",\"transaction\":\"3\",\"sender\":8,\"plugindata\":{"
      "\"data\":{\"videoroom\":\"joined\",\"id\":31,\"publishers\":[%s]}}}",
      publishers->str);
  janus_room_enter (&room, joined);
  for (guint i = 0; i < VM_JANUS_WANTED_MAX; i++)
    janus_room_want (&room, 100 + i);
  cannot_want (&room, 100 + VM_JANUS_WANTED_MAX, "1", VM_ERROR_TOO_LARGE);
  vm_janus_client_drop (room.client, 100, "1", room.now);
  janus_room_want (&room, 100 + VM_JANUS_WANTED_MAX);
  janus_room_close (&room);
}

GST_END_TEST;

/* No m-line is ever removed: before there are too many, the subscription begins
 * anew with those in use. */
GST_START_TEST (test_number_of_m_lines)
{
  g_autoptr (GString) slots = g_string_new (SLOT ("0", "44"));
  g_autofree gchar *offer = NULL;
  JanusRoom room;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB "," JANUS_EVE));
  for (guint i = 1; i < VM_JANUS_SLOTS_MAX; i++)
    g_string_append_printf (
        slots, ",{\"type\":\"audio\",\"mid\":\"%u\",\"active\":false}", i);
  offer = g_strconcat ("{\"janus\":\"event\",\"sender\":9,\"plugindata\":{"
                       "\"data\":{\"videoroom\":\"updated\",\"streams\":[",
      slots->str, "]}},\"jsep\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}", NULL);
  janus_room_answers (&room, offer);
  vm_janus_client_answer (room.client, "v=0", room.now);
  janus_room_asks (&room, "\"start\"", STARTED);
  janus_room_want (&room, 45);
  janus_room_asks (&room, "\"detach\"", JANUS_DONE);
  janus_room_asks (&room, "\"attach\"", JANUS_SUCCESS ("9"));
  janus_room_says (&room, "\"streams\":[{\"feed\":44,\"mid\":\"1\"},"
                          "{\"feed\":45,\"mid\":\"1\"}]");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_layers)
{
  JanusRoom room;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB "," JANUS_EVE));
  vm_janus_client_choose_layers (room.client, 44, "1", 0, 1, room.now);
  janus_room_says (&room, "\"request\":\"configure\",\"streams\":[{\"mid\":"
                          "\"0\",\"substream\":0,\"temporal\":1}]");
  vm_janus_client_choose_layers (room.client, 44, "1", 0, 1, room.now);
  vm_janus_client_choose_layers (room.client, 45, "1", 0, 1, room.now);
  janus_room_says (&room, NULL);
  /* a new connection begins with them */
  vm_janus_client_renew_subscriber (room.client, NULL, room.now);
  janus_room_asks (&room, "\"detach\"", JANUS_DONE);
  janus_room_asks (&room, "\"attach\"", JANUS_SUCCESS ("9"));
  janus_room_says (
      &room, "{\"feed\":44,\"mid\":\"1\",\"substream\":0,\"temporal\":1}");
  janus_room_close (&room);
}

GST_END_TEST;

/* By the m-line that carries the stream now. */
GST_START_TEST (test_key_frames)
{
  JanusRoom room;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB "," JANUS_EVE));
  vm_janus_client_ask_key_frame (room.client, 44, "1", room.now);
  janus_room_says (&room, "\"request\":\"configure\",\"streams\":[{\"mid\":"
                          "\"0\",\"send\":true}]");
  /* nobody receives that */
  vm_janus_client_ask_key_frame (room.client, 45, "1", room.now);
  vm_janus_client_ask_key_frame (room.client, 44, "7", room.now);
  janus_room_says (&room, NULL);
  vm_janus_client_renew_subscriber (room.client, NULL, room.now);
  janus_room_says (&room, "\"detach\"");
  vm_janus_client_ask_key_frame (room.client, 44, "1", room.now);
  janus_room_says (&room, "\"attach\"");
  janus_room_close (&room);
}

GST_END_TEST;

/* A server that answers none of them gets no more at some time. */
GST_START_TEST (test_many_key_frames)
{
  JanusRoom room;
  guint n = 0;

  receive_bob (&room, JANUS_JOINED (JANUS_BOB));
  for (guint i = 0; i < 2 * VM_JANUS_REQUESTS_MAX; i++) {
    g_autofree gchar *text = NULL;

    vm_janus_client_ask_key_frame (room.client, 44, "1", room.now);
    text = vm_janus_client_take_text (room.client);
    n += text != NULL;
  }
  fail_unless (n > 0 && n < VM_JANUS_REQUESTS_MAX, "%u", n);
  janus_room_close (&room);
}

GST_END_TEST;

static Suite *
janussubscribe_suite (void)
{
  Suite *s = suite_create ("janussubscribe");
  TCase *tc = tcase_create ("janussubscribe");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_receives);
  tcase_add_test (tc, test_first_connects);
  tcase_add_test (tc, test_changes_are_one_negotiation);
  tcase_add_test (tc, test_updates_have_pauses);
  tcase_add_test (tc, test_offers_that_cross);
  tcase_add_test (tc, test_offer_comes_later);
  tcase_add_test (tc, test_offer_never_comes);
  tcase_add_test (tc, test_owner_never_answers);
  tcase_add_test (tc, test_sender_leaves);
  tcase_add_test (tc, test_one_is_not_there);
  tcase_add_test (tc, test_nothing_changes);
  tcase_add_loop_test (tc, test_subscription_ends, 0, G_N_ELEMENTS (ends));
  tcase_add_loop_test (tc, test_subscription_fails, 0, G_N_ELEMENTS (failures));
  tcase_add_test (tc, test_slow_failures);
  tcase_add_test (tc, test_answer_of_an_old_handle);
  tcase_add_test (tc, test_codecs);
  tcase_add_test (tc, test_number_of_wanted_streams);
  tcase_add_test (tc, test_number_of_m_lines);
  tcase_add_test (tc, test_layers);
  tcase_add_test (tc, test_key_frames);
  tcase_add_test (tc, test_many_key_frames);
  return s;
}

CHECK_PROGRAM (janussubscribe)
