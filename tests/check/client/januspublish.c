/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The messages by which a participant publishes in a room of Janus, one by one,
 * against protocol/janus.md#publishing. */

#include "program.h"
#include "support/janusroom.h"

#define CANDIDATE(sender, more)                                \
  "{\"janus\":\"trickle\",\"session_id\":7,\"sender\":" sender \
  ",\"candidate\":{" more "}}"

/* In the room, with an offer that the server has answered. */
static void
enter_and_publish (JanusRoom *room)
{
  janus_room_enter (room, JANUS_JOINED (""));
  janus_room_publish (room);
  janus_room_asks (room, "\"publish\"",
      JANUS_JSEP ("8", "\"videoroom\":\"event\"", "answer", "v=0"));
}

GST_START_TEST (test_publishes_camera_and_screen)
{
  static const gchar *const descriptions[] = { "0", "camera", "1", "screen",
    NULL };
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  fail_unless (vm_janus_client_publish (
      room.client, "v=0", descriptions, room.now, NULL));
  janus_room_says (&room, "\"descriptions\":[{\"mid\":\"0\",\"description\":"
                          "\"camera\"},{\"mid\":\"1\",\"description\":"
                          "\"screen\"}]},\"jsep\":{\"type\":\"offer\",\"sdp\":"
                          "\"v=0\"}}");
  janus_room_answers (&room, JANUS_ACK);
  janus_room_answers (
      &room, JANUS_JSEP ("8",
                 "\"videoroom\":\"event\",\"configured\":\"ok\",\"streams\":["
                 "{\"type\":\"video\",\"mid\":\"0\",\"codec\":\"h264\"},"
                 "{\"type\":\"video\",\"mid\":\"1\",\"codec\":\"h264\"}]",
                 "answer", "v=0 a"));
  janus_room_answers (
      &room, "{\"janus\":\"webrtcup\",\"session_id\":7,\"sender\":8}");
  janus_room_answers (&room,
      "{\"janus\":\"media\",\"session_id\":7,\"sender\":8,\"mid\":\"1\","
      "\"type\":\"video\",\"receiving\":true}");
  janus_room_answers (&room,
      "{\"janus\":\"slowlink\",\"session_id\":7,\"sender\":8,\"uplink\":true}");
  janus_room_hears (
      &room, "published:pub:v=0 a connected:pub media:pub:on slow:pub:on");
  /* what is sent besides is another offer on the same connection */
  janus_room_publish (&room);
  janus_room_says (&room, "\"request\":\"configure\"");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_publishes_one_offer_at_a_time)
{
  g_autoptr (GError) error = NULL;
  JanusRoom room;

  janus_room_open (&room, NULL);
  fail_if (
      vm_janus_client_publish (room.client, "v=0", NULL, room.now, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  g_clear_error (&error);
  janus_room_close (&room);

  janus_room_enter (&room, JANUS_JOINED (""));
  janus_room_publish (&room);
  fail_if (
      vm_janus_client_publish (room.client, "v=0", NULL, room.now, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  janus_room_close (&room);
}

GST_END_TEST;

static const struct
{
  const gchar *answer;
  const gchar *heard;
} refusals[] = {
  { JANUS_REFUSED ("8", "432",
        "Maximum number of publishers (3) already "
        "reached"),
      "unpublishable:pub:MEETING_FULL" },
  { JANUS_ERROR ("465", "JSEP error: invalid SDP"),
      "unpublishable:pub:FAILED" },
  { JANUS_PLAIN ("8", "\"videoroom\":\"event\",\"configured\":\"ok\""),
      "unpublishable:pub:BAD_MESSAGE" },
  { JANUS_JSEP (
        "8", "\"videoroom\":\"event\",\"configured\":\"ok\"", "offer", "v=0"),
      "unpublishable:pub:BAD_MESSAGE" },
};

GST_START_TEST (test_offer_is_refused)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  janus_room_publish (&room);
  janus_room_asks (&room, "\"publish\"", refusals[__i__].answer);
  janus_room_hears (&room, refusals[__i__].heard);
  /* and another one may be made */
  janus_room_publish (&room);
  janus_room_says (&room, "\"request\":\"publish\"");
  janus_room_close (&room);
}

GST_END_TEST;

/* A room of another codec takes the m-line, but off. */
GST_START_TEST (test_room_has_no_such_codec)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  janus_room_publish (&room);
  janus_room_asks (&room, "\"publish\"",
      JANUS_JSEP ("8",
          "\"videoroom\":\"event\",\"configured\":\"ok\",\"streams\":["
          "{\"type\":\"audio\",\"mid\":\"0\",\"codec\":\"opus\"},"
          "{\"type\":\"video\",\"mid\":\"1\",\"disabled\":true}]",
          "answer", "v=0"));
  janus_room_hears (&room, "published:pub:v=0 warning:CODEC");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_connection_is_hung_up)
{
  JanusRoom room;

  enter_and_publish (&room);
  janus_room_answers (&room, "{\"janus\":\"hangup\",\"session_id\":7,"
                             "\"sender\":8,\"reason\":\"ICE failed\"}");
  janus_room_hears (&room, "published:pub:v=0 broken:pub:DISCONNECTED");
  janus_room_publish (&room);
  janus_room_says (&room, "\"request\":\"publish\"");
  janus_room_close (&room);
}

GST_END_TEST;

/* The server closes the connection when it likes; before, a new offer would be
 * taken for one on the old connection. */
GST_START_TEST (test_unpublishes)
{
  for (guint says_so = 0; says_so < 2; says_so++) {
    JanusRoom room;

    enter_and_publish (&room);
    vm_janus_client_unpublish (room.client, room.now);
    janus_room_asks (&room, "\"unpublish\"",
        JANUS_PLAIN ("8", "\"videoroom\":\"event\",\"unpublished\":\"ok\""));
    fail_if (
        vm_janus_client_publish (room.client, "v=0", NULL, room.now, NULL));
    janus_room_hears (&room, "published:pub:v=0");
    if (says_so)
      janus_room_answers (
          &room, "{\"janus\":\"hangup\",\"session_id\":7,\"sender\":8}");
    else
      janus_room_wait (&room, 2 * G_USEC_PER_SEC);
    janus_room_hears (&room, "broken:pub");
    janus_room_publish (&room);
    janus_room_close (&room);
  }
}

GST_END_TEST;

/* The server ends no connection that is not up, by its own view: when that is
 * up, it is told again. */
GST_START_TEST (test_unpublishes_too_early)
{
  static const gchar refused[] =
      JANUS_REFUSED ("8", "435", "Can't unpublish, not published");
  static const gchar up[] =
      "{\"janus\":\"webrtcup\",\"session_id\":7,\"sender\":8}";

  for (guint crosses = 0; crosses < 2; crosses++) {
    JanusRoom room;

    enter_and_publish (&room);
    vm_janus_client_unpublish (room.client, room.now);
    if (crosses)
      janus_room_answers (&room, up);
    janus_room_asks (&room, "\"unpublish\"", refused);
    if (!crosses)
      janus_room_answers (&room, up);
    janus_room_asks (&room, "\"unpublish\"",
        JANUS_PLAIN ("8", "\"videoroom\":\"event\",\"unpublished\":\"ok\""));
    janus_room_answers (
        &room, "{\"janus\":\"hangup\",\"session_id\":7,\"sender\":8}");
    janus_room_hears (&room, "published:pub:v=0 connected:pub broken:pub");
    janus_room_publish (&room);
    janus_room_close (&room);
  }
}

GST_END_TEST;

/* It never comes up. */
GST_START_TEST (test_unpublishes_what_never_comes)
{
  JanusRoom room;

  enter_and_publish (&room);
  vm_janus_client_unpublish (room.client, room.now);
  janus_room_asks (&room, "\"unpublish\"",
      JANUS_REFUSED ("8", "435", "Can't unpublish, not published"));
  janus_room_wait (&room, 2 * G_USEC_PER_SEC);
  janus_room_hears (&room, "published:pub:v=0 broken:pub");
  janus_room_says (&room, NULL);
  janus_room_close (&room);
}

GST_END_TEST;

/* A peer may fail before it has made its offer. */
GST_START_TEST (test_unpublishes_nothing)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  vm_janus_client_unpublish (room.client, room.now);
  janus_room_says (&room, NULL);
  janus_room_hears (&room, "");
  janus_room_wait (&room, 2 * G_USEC_PER_SEC);
  janus_room_hears (&room, "broken:pub");
  janus_room_publish (&room);
  janus_room_says (&room, "\"request\":\"publish\"");
  janus_room_close (&room);
}

GST_END_TEST;

/* The connection is lost while the socket is, and the session is given back. */
GST_START_TEST (test_unpublishes_while_lost)
{
  JanusRoom room;

  enter_and_publish (&room);
  janus_room_lose (&room);
  vm_janus_client_unpublish (room.client, room.now);
  janus_room_wait (&room, G_USEC_PER_SEC);
  vm_janus_client_opened (room.client, room.now);
  janus_room_asks (&room, "\"claim\"", JANUS_DONE);
  janus_room_wait (&room, 2 * G_USEC_PER_SEC);
  janus_room_hears (
      &room, "published:pub:v=0 lost:DISCONNECTED returned broken:pub");
  janus_room_publish (&room);
  janus_room_close (&room);
}

GST_END_TEST;

/* The server has a connection of this device that has come up after it was
 * given up. */
GST_START_TEST (test_older_connection_is_there)
{
  static const gchar refused[] =
      JANUS_REFUSED ("8", "434", "Can't publish, already published");
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  janus_room_publish (&room);
  janus_room_asks (&room, "\"publish\"", refused);
  janus_room_hears (&room, "");
  janus_room_asks (&room, "\"unpublish\"",
      JANUS_PLAIN ("8", "\"videoroom\":\"event\",\"unpublished\":\"ok\""));
  janus_room_answers (
      &room, "{\"janus\":\"hangup\",\"session_id\":7,\"sender\":8}");
  janus_room_hears (&room, "broken:pub");
  /* that is done once */
  janus_room_publish (&room);
  janus_room_asks (&room, "\"publish\"", refused);
  janus_room_hears (&room, "unpublishable:pub:FAILED");
  janus_room_says (&room, NULL);
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_publisher_handle_ends)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  janus_room_answers (
      &room, "{\"janus\":\"detached\",\"session_id\":7,\"sender\":8}");
  janus_room_hears (&room, "lost:DISCONNECTED");
  janus_room_wait (&room, 0);
  vm_janus_client_opened (room.client, room.now);
  janus_room_says (&room, "\"create\"");
  janus_room_close (&room);
}

GST_END_TEST;

/* Candidates */

static void
add_candidates (JanusRoom *room, guint n)
{
  for (guint i = 0; i < n; i++)
    vm_janus_client_add_candidate (
        room->client, VM_JANUS_PUBLISHER, "candidate:1", "0", 0, room->now);
}

GST_START_TEST (test_candidates_follow_descriptions)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  add_candidates (&room, 1);
  janus_room_says (&room, NULL);
  janus_room_publish (&room);
  janus_room_says (&room, "\"publish\"");
  janus_room_answers (
      &room, CANDIDATE ("8", "\"candidate\":\"candidate:2\",\"sdpMid\":\"0\""));
  janus_room_hears (&room, "");
  janus_room_answers (
      &room, JANUS_JSEP ("8", "\"videoroom\":\"event\"", "answer", "v=0"));
  janus_room_answers (&room, CANDIDATE ("8", "\"completed\":true"));
  janus_room_hears (
      &room, "published:pub:v=0 candidate:pub:candidate:2 candidate:pub");
  janus_room_says (&room, "\"trickle\"");
  vm_janus_client_add_candidate (
      room.client, VM_JANUS_PUBLISHER, NULL, NULL, -1, room.now);
  janus_room_says (&room, "\"candidate\":{\"completed\":true}");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_number_of_candidates)
{
  for (guint n = VM_JANUS_CANDIDATES_MAX - 1; n <= VM_JANUS_CANDIDATES_MAX + 1;
       n++) {
    guint sent = 0;
    JanusRoom room;

    janus_room_enter (&room, JANUS_JOINED (""));
    add_candidates (&room, n);
    janus_room_publish (&room);
    /* as many as may wait for an answer, then one for each answer */
    for (guint i; (i = janus_room_count (&room, "trickle"));) {
      sent += i;
      janus_room_answers (&room, JANUS_ACK);
    }
    fail_unless_equals_int (sent, MIN (n, VM_JANUS_CANDIDATES_MAX));
    janus_room_close (&room);
  }
}

GST_END_TEST;

/* Candidates leave room for everything else. */
GST_START_TEST (test_number_of_requests)
{
  guint waiting;
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (JANUS_BOB));
  janus_room_publish (&room);
  add_candidates (&room, VM_JANUS_CANDIDATES_MAX);
  waiting = janus_room_count (&room, "janus");
  fail_unless (waiting < VM_JANUS_REQUESTS_MAX, "%u wait", waiting);
  janus_room_want (&room, 44);
  janus_room_says (&room, "\"attach\"");
  janus_room_close (&room);
}

GST_END_TEST;

static Suite *
januspublish_suite (void)
{
  Suite *s = suite_create ("januspublish");
  TCase *tc = tcase_create ("januspublish");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_publishes_camera_and_screen);
  tcase_add_test (tc, test_publishes_one_offer_at_a_time);
  tcase_add_loop_test (tc, test_offer_is_refused, 0, G_N_ELEMENTS (refusals));
  tcase_add_test (tc, test_room_has_no_such_codec);
  tcase_add_test (tc, test_connection_is_hung_up);
  tcase_add_test (tc, test_unpublishes);
  tcase_add_test (tc, test_unpublishes_too_early);
  tcase_add_test (tc, test_unpublishes_what_never_comes);
  tcase_add_test (tc, test_unpublishes_nothing);
  tcase_add_test (tc, test_unpublishes_while_lost);
  tcase_add_test (tc, test_older_connection_is_there);
  tcase_add_test (tc, test_publisher_handle_ends);
  tcase_add_test (tc, test_candidates_follow_descriptions);
  tcase_add_test (tc, test_number_of_candidates);
  tcase_add_test (tc, test_number_of_requests);
  return s;
}

CHECK_PROGRAM (januspublish)
