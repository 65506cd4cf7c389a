/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A participant of a room of Janus, message by message, against
 * protocol/janus.md: how it comes in, comes back and leaves. What it sends and
 * receives is in januspublish.c and janussubscribe.c. */

#include "program.h"
#include "support/janusroom.h"

#include <string.h>

#define CLOSED(room)       \
  fail_unless_equals_int ( \
      vm_janus_client_get_state ((room)->client), VM_JANUS_CLIENT_CLOSED)

/* Coming in */

GST_START_TEST (test_enters)
{
  JanusRoom room;

  janus_room_open (&room, NULL);
  janus_room_asks (&room, "{\"janus\":\"create\",\"transaction\":\"1\"}",
      JANUS_SUCCESS (JANUS_SESSION));
  janus_room_asks (
      &room, "\"plugin\":\"janus.plugin.videoroom\"", JANUS_SUCCESS ("8"));
  janus_room_says (&room, "\"handle_id\":8,\"body\":{\"request\":\"join\","
                          "\"ptype\":\"publisher\",\"room\":4711,\"display\":"
                          "\"Ann\"}}");
  janus_room_answers (&room, JANUS_JOINED (JANUS_CAMERA ("44", "Bob")));
  /* which may come afterwards as well */
  janus_room_answers (&room, JANUS_ACK);
  janus_room_hears (&room, "joined:31:lab came:44:Bob added:44/1:vp8");
  fail_unless_equals_int64 (vm_janus_client_get_own_id (room.client), 31);
  janus_room_says (&room, NULL);
  janus_room_close (&room);
}

GST_END_TEST;

static const VmJanusClientConfig with_secrets = { .room = JANUS_ROOM,
  .display = "Ann",
  .pin = "234567",
  .api_secret = "api-secret",
  .token = "a-token",
  .create = TRUE,
  .room_secret = "room-secret",
  .admin_key = "admin-key",
  .publishers = 4 };

GST_START_TEST (test_makes_the_room)
{
  JanusRoom room;

  janus_room_open (&room, &with_secrets);
  janus_room_asks (&room, "\"apisecret\":\"api-secret\",\"token\":\"a-token\"",
      JANUS_SUCCESS ("7"));
  janus_room_asks (&room, "\"attach\"", JANUS_SUCCESS ("8"));
  janus_room_asks (&room, "\"pin\":\"234567\"",
      JANUS_REFUSED ("8", "426", "No such room (4711)"));
  janus_room_says (&room, "{\"request\":\"create\",\"room\":4711,"
                          "\"permanent\":false,\"is_private\":true,"
                          "\"notify_joining\":true,\"publishers\":4,");
  fail_unless (strstr (room.said, "\"pin\":\"234567\",\"secret\":"
                                  "\"room-secret\",\"admin_key\":"
                                  "\"admin-key\""));
  janus_room_answers (
      &room, JANUS_PLAIN ("8", "\"videoroom\":\"created\",\"room\":4711"));
  janus_room_asks (&room, "\"request\":\"join\"", JANUS_JOINED (""));
  janus_room_hears (&room, "joined:31:lab");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_another_makes_the_room_first)
{
  JanusRoom room;

  janus_room_open (&room, &with_secrets);
  janus_room_asks (&room, "\"create\"", JANUS_SUCCESS ("7"));
  janus_room_asks (&room, "\"attach\"", JANUS_SUCCESS ("8"));
  janus_room_asks (&room, "\"join\"", JANUS_REFUSED ("8", "426", "none"));
  janus_room_asks (&room, "\"request\":\"create\"",
      JANUS_REFUSED ("8", "427", "Room 4711 already exists"));
  janus_room_asks (&room, "\"join\"", JANUS_JOINED (""));
  janus_room_hears (&room, "joined:31:lab");
  janus_room_close (&room);
}

GST_END_TEST;

/* A room that is gone as soon as it is made is not made for ever. */
GST_START_TEST (test_makes_the_room_once)
{
  JanusRoom room;

  janus_room_open (&room, &with_secrets);
  janus_room_asks (&room, "\"create\"", JANUS_SUCCESS ("7"));
  janus_room_asks (&room, "\"attach\"", JANUS_SUCCESS ("8"));
  janus_room_asks (&room, "\"join\"", JANUS_REFUSED ("8", "426", "none"));
  janus_room_asks (&room, "\"request\":\"create\"",
      JANUS_PLAIN ("8", "\"videoroom\":\"created\""));
  janus_room_asks (&room, "\"join\"", JANUS_REFUSED ("8", "426", "none"));
  janus_room_hears (&room, "closed:MEETING_NOT_FOUND");
  janus_room_close (&room);
}

GST_END_TEST;

/* What ends an entry, by the answers up to the last one. */
static const struct
{
  const gchar *answers[3];
  const gchar *heard;
} refusals[] = {
  { { JANUS_ERROR ("403", "Unauthorized request (wrong or missing secret)") },
      "closed:NOT_TRUSTED" },
  { { JANUS_ERROR ("472", "Not accepting new sessions") }, "closed:FAILED" },
  { { JANUS_DONE }, "closed:BAD_MESSAGE" },
  { { JANUS_SUCCESS ("7"), JANUS_ERROR ("460", "No such plugin") },
      "closed:NOT_FOUND" },
  { { JANUS_SUCCESS ("7"), JANUS_SUCCESS ("8"),
        JANUS_REFUSED ("8", "426", "No such room (4711)") },
      "closed:MEETING_NOT_FOUND" },
  { { JANUS_SUCCESS ("7"), JANUS_SUCCESS ("8"),
        JANUS_REFUSED ("8", "433", "Unauthorized (wrong pin)") },
      "closed:WRONG_PIN" },
  { { JANUS_SUCCESS ("7"), JANUS_SUCCESS ("8"),
        JANUS_REFUSED ("8", "777", "of a newer server") },
      "closed:FAILED" },
  { { JANUS_SUCCESS ("7"), JANUS_SUCCESS ("8"),
        JANUS_PLAIN ("8", "\"videoroom\":\"event\",\"configured\":\"ok\"") },
      "closed:BAD_MESSAGE" },
  { { JANUS_SUCCESS ("7"), JANUS_SUCCESS ("8"), "no JSON" },
      "closed:BAD_MESSAGE" },
  { { JANUS_SUCCESS ("7"), "{\"janus\":\"timeout\",\"session_id\":7}" },
      "closed:DISCONNECTED" },
};

GST_START_TEST (test_is_refused)
{
  JanusRoom room;

  janus_room_open (&room, NULL);
  for (guint i = 0; i < 3 && refusals[__i__].answers[i]; i++)
    janus_room_asks (&room, "janus", refusals[__i__].answers[i]);
  janus_room_hears (&room, refusals[__i__].heard);
  CLOSED (&room);
  fail_if (vm_janus_client_wants_socket (room.client));
  fail_unless (vm_janus_client_get_wake (room.client) == G_MAXINT64);
  janus_room_close (&room);
}

GST_END_TEST;

static gboolean
has_secret (const gchar *text)
{
  return strstr (text, "234567") || strstr (text, "api-secret")
         || strstr (text, "a-token");
}

GST_START_TEST (test_secrets_are_not_repeated)
{
  static const gchar *const reasons[] = { "pin 234567 is wrong",
    "api-secret is no secret", "no token a-token", "just so" };

  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++) {
    g_autofree gchar *refusal =
        g_strdup_printf ("{\"janus\":\"error\",\"transaction\":\"1\","
                         "\"error\":{\"code\":403,\"reason\":\"%s\"}}",
            reasons[i]);
    VmJanusEvent *event;
    JanusRoom room;

    janus_room_open (&room, &with_secrets);
    janus_room_asks (&room, "\"create\"", refusal);
    event = vm_janus_client_take_event (room.client);
    fail_unless_equals_int (event->type, VM_JANUS_EVENT_CLOSED);
    fail_if (has_secret (event->error->message), "%s", event->error->message);
    fail_unless (strstr (event->error->message, "UNAUTHORIZED (403)"));
    vm_janus_event_free (event);
    janus_room_close (&room);
  }
}

GST_END_TEST;

GST_START_TEST (test_length_of_secrets)
{
  for (guint n = VM_JANUS_SECRET_MAX - 1; n <= VM_JANUS_SECRET_MAX + 1; n++) {
    g_autofree gchar *secret = g_strnfill (n, 's');
    const VmJanusClientConfig config = { .room = 1, .token = secret };
    g_autoptr (GError) error = NULL;
    g_autoptr (VmJanusClient) client = vm_janus_client_new (&config, &error);

    fail_unless_equals_int (!!client, n <= VM_JANUS_SECRET_MAX);
    if (!client)
      g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  }
}

GST_END_TEST;

/* Silence */

/* A server that acknowledges everything, and answers nothing more. */
GST_START_TEST (test_entry_has_deadlines)
{
  static const gchar *const answers[] = { JANUS_SUCCESS ("7"),
    JANUS_SUCCESS ("8"), NULL };

  for (guint silent = 0; silent < 3; silent++) {
    JanusRoom room;

    janus_room_open (&room, NULL);
    for (guint i = 0; i < silent; i++)
      janus_room_asks (&room, "janus", answers[i]);
    janus_room_says (&room, "janus");
    janus_room_answers (&room, JANUS_ACK);
    janus_room_wait (&room, VM_JANUS_ANSWER_TIME - 1);
    janus_room_hears (&room, "");
    janus_room_wait (&room, 1);
    janus_room_hears (&room, "closed:TIMEOUT");
    janus_room_close (&room);
  }
}

GST_END_TEST;

/* The owner's socket does not come about, and it does not say so. */
GST_START_TEST (test_opening_has_a_deadline)
{
  const VmJanusClientConfig config = { .room = JANUS_ROOM };
  g_autoptr (VmJanusClient) client = vm_janus_client_new (&config, NULL);
  JanusRoom room = { client, 0, NULL };

  vm_janus_client_start (client, 0);
  janus_room_wait (&room, 20 * G_USEC_PER_SEC);
  janus_room_hears (&room, "closed:TIMEOUT");
}

GST_END_TEST;

GST_START_TEST (test_keeps_alive)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  for (guint i = 0; i < 3; i++) {
    janus_room_wait (&room, VM_JANUS_KEEPALIVE_TIME);
    janus_room_says (&room, "{\"janus\":\"keepalive\",");
    janus_room_answers (&room, JANUS_ACK);
  }
  janus_room_wait (&room, VM_JANUS_KEEPALIVE_TIME);
  janus_room_says (&room, "\"keepalive\"");
  janus_room_wait (&room, VM_JANUS_ANSWER_TIME - 1);
  janus_room_hears (&room, "");
  janus_room_wait (&room, 1);
  janus_room_hears (&room, "lost:TIMEOUT");
  janus_room_close (&room);
}

GST_END_TEST;

/* Coming back */

GST_START_TEST (test_claims_its_session)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (JANUS_CAMERA ("44", "Bob")));
  janus_room_lose (&room);
  janus_room_hears (&room, "lost:DISCONNECTED");
  fail_if (vm_janus_client_wants_socket (room.client));
  janus_room_wait (&room, 0);
  fail_unless (vm_janus_client_wants_socket (room.client));
  vm_janus_client_opened (room.client, room.now);
  janus_room_asks (&room,
      "{\"janus\":\"claim\",\"transaction\":\"4\","
      "\"session_id\":7}",
      JANUS_DONE);
  janus_room_says (&room, "\"listparticipants\",\"room\":4711");
  /* Bob has left meanwhile, and Eve has come */
  janus_room_answers (&room,
      JANUS_PLAIN ("8", "\"videoroom\":\"participants\",\"participants\":["
                        "{\"id\":31,\"publisher\":false},{\"id\":45,"
                        "\"display\":\"Eve\",\"publisher\":true}]"));
  janus_room_hears (&room, "returned removed:44/1:vp8 left:44 came:45:Eve");
  /* with what, a subscription to everything tells */
  janus_room_asks (&room, "\"attach\"", JANUS_SUCCESS ("9"));
  janus_room_says (&room, "\"ptype\":\"subscriber\"");
  fail_unless (strstr (room.said, "\"streams\":[{\"feed\":45}]"));
  janus_room_answers (&room,
      JANUS_JSEP ("9",
          "\"videoroom\":\"attached\",\"streams\":[{\"type\":\"video\","
          "\"mid\":\"0\",\"feed_id\":45,\"feed_mid\":\"v\",\"codec\":\"vp8\"}]",
          "offer", "v=0"));
  janus_room_hears (&room, "added:45/v:vp8 offer:sub:v=0:0=45/v");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_begins_a_new_session)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (JANUS_CAMERA ("44", "Bob")));
  fail_unless (
      vm_janus_client_publish (room.client, "v=0", NULL, room.now, NULL));
  janus_room_asks (&room, "\"publish\"",
      JANUS_JSEP ("8", "\"videoroom\":\"event\",\"configured\":\"ok\"",
          "answer", "v=0"));
  janus_room_hears (&room, "published:pub:v=0");
  janus_room_lose (&room);
  janus_room_wait (&room, 0);
  vm_janus_client_opened (room.client, room.now);
  janus_room_asks (
      &room, "\"claim\"", JANUS_ERROR ("458", "No such session 7"));
  janus_room_asks (&room, "\"create\"", JANUS_SUCCESS ("17"));
  janus_room_asks (&room, "\"attach\"", JANUS_SUCCESS ("18"));
  janus_room_says (&room, "\"session_id\":17,\"handle_id\":18");
  /* Bob is there still, and nobody hears of it twice */
  janus_room_answers (&room,
      "{\"janus\":\"event\",\"session_id\":17,\"transaction\":\"%T\","
      "\"sender\":18,\"plugindata\":{\"data\":{\"videoroom\":\"joined\","
      "\"room\":4711,\"id\":32,\"publishers\":[" JANUS_CAMERA (
          "44", "Bob") "]}}}");
  janus_room_hears (
      &room, "lost:DISCONNECTED joined:32:again broken:pub:DISCONNECTED");
  janus_room_close (&room);
}

GST_END_TEST;

/* Nobody knows whether that offer has arrived. */
GST_START_TEST (test_does_not_claim_half_an_offer)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  fail_unless (
      vm_janus_client_publish (room.client, "v=0", NULL, room.now, NULL));
  janus_room_lose (&room);
  janus_room_wait (&room, 0);
  vm_janus_client_opened (room.client, room.now);
  janus_room_says (&room, "\"create\"");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_session_ends)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  janus_room_answers (&room, "{\"janus\":\"timeout\",\"session_id\":7}");
  janus_room_hears (&room, "lost:DISCONNECTED");
  janus_room_wait (&room, 0);
  vm_janus_client_opened (room.client, room.now);
  janus_room_says (&room, "\"create\"");
  janus_room_close (&room);
}

GST_END_TEST;

/* The pauses before each attempt grow to a bound, and end. */
GST_START_TEST (test_pauses_grow)
{
  static const gint64 pauses[] = { 0, 500, 1000, 2000, 4000, 4000, 4000 };
  gint64 began;
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  began = room.now;
  janus_room_lose (&room);
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++) {
    if (pauses[i] > 0) {
      janus_room_wait (&room, pauses[i] * 1000 - 1);
      fail_if (vm_janus_client_wants_socket (room.client));
    }
    janus_room_wait (&room, pauses[i] > 0);
    fail_unless (vm_janus_client_wants_socket (room.client));
    janus_room_lose (&room);
  }
  janus_room_hears (&room, "lost:DISCONNECTED");
  while (vm_janus_client_get_state (room.client) != VM_JANUS_CLIENT_CLOSED) {
    fail_unless (room.now < began + VM_JANUS_RETURN_TIME * 2);
    janus_room_wait (&room, G_USEC_PER_SEC);
    janus_room_lose (&room);
  }
  fail_unless (room.now >= began + VM_JANUS_RETURN_TIME);
  fail_unless (room.now < began + VM_JANUS_RETURN_TIME + 20 * G_USEC_PER_SEC);
  janus_room_hears (&room, "closed:DISCONNECTED");
  janus_room_close (&room);
}

GST_END_TEST;

/* What an attempt took counts as pause, up to all of it: on a link that is cut
 * there is always one under way. */
GST_START_TEST (test_slow_attempts_follow_each_other)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  janus_room_lose (&room);
  janus_room_wait (&room, 0);
  fail_unless (vm_janus_client_wants_socket (room.client));
  janus_room_wait (&room, 300 * G_TIME_SPAN_MILLISECOND);
  janus_room_lose (&room);
  janus_room_wait (&room, 200 * G_TIME_SPAN_MILLISECOND - 1);
  fail_if (vm_janus_client_wants_socket (room.client));
  janus_room_wait (&room, 1);
  fail_unless (vm_janus_client_wants_socket (room.client));
  for (guint i = 0; i < 10; i++) {
    janus_room_wait (&room, 10 * G_USEC_PER_SEC);
    janus_room_lose (&room);
    janus_room_wait (&room, 0);
    fail_unless (vm_janus_client_wants_socket (room.client));
  }
  janus_room_close (&room);
}

GST_END_TEST;

static void
claim_again (JanusRoom *room)
{
  vm_janus_client_opened (room->client, room->now);
  janus_room_asks (room, "\"claim\"", JANUS_DONE);
  janus_room_asks (room, "\"list",
      JANUS_PLAIN ("8", "\"videoroom\":\"participants\",\"participants\":["
                        "{\"id\":31}]"));
}

/* A server that is back for a moment only is asked with growing pauses; one
 * that stays, at once. */
GST_START_TEST (test_is_steady_after_a_while)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  janus_room_lose (&room);
  janus_room_wait (&room, 0);
  claim_again (&room);
  janus_room_wait (&room, VM_JANUS_STEADY_TIME - 1);
  janus_room_lose (&room);
  janus_room_wait (&room, 0);
  fail_if (vm_janus_client_wants_socket (room.client));
  janus_room_wait (&room, G_USEC_PER_SEC);
  claim_again (&room);
  janus_room_wait (&room, VM_JANUS_STEADY_TIME);
  janus_room_lose (&room);
  janus_room_wait (&room, 0);
  fail_unless (vm_janus_client_wants_socket (room.client));
  janus_room_close (&room);
}

GST_END_TEST;

/* The list */

GST_START_TEST (test_list_of_the_room)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (JANUS_CAMERA ("44", "Bob")));
  janus_room_answers (
      &room, JANUS_NEWS ("\"joining\":{\"id\":45,\"display\":\"Eve\"}"));
  janus_room_hears (&room, "came:45:Eve");
  janus_room_answers (&room,
      JANUS_NEWS ("\"publishers\":[{\"id\":45,\"display\":\"Eve\","
                  "\"streams\":[{\"type\":\"video\",\"mid\":\"1\",\"codec\":"
                  "\"h264\"},{\"type\":\"video\",\"mid\":\"2\",\"codec\":"
                  "\"vp8\",\"description\":\"screen\"}]}]"));
  janus_room_hears (&room, "added:45/1:h264 added:45/2:vp8");
  /* the screen ends, and the camera has another codec */
  janus_room_answers (&room,
      JANUS_NEWS ("\"publishers\":[{\"id\":45,\"display\":\"Eve L.\","
                  "\"streams\":[{\"type\":\"video\",\"mid\":\"1\",\"codec\":"
                  "\"vp8\"},{\"type\":\"video\",\"mid\":\"2\",\"disabled\":"
                  "true}]}]"));
  janus_room_hears (&room, "renamed:45:Eve L. removed:45/2:vp8 "
                           "removed:45/1:h264 added:45/1:vp8");
  janus_room_answers (&room, JANUS_NEWS ("\"id\":45,\"display\":\"E.\""));
  janus_room_answers (&room, JANUS_NEWS ("\"unpublished\":45"));
  janus_room_hears (&room, "renamed:45:E. removed:45/1:vp8");
  janus_room_answers (&room, JANUS_NEWS ("\"leaving\":45"));
  janus_room_answers (&room, JANUS_NEWS ("\"kicked\":44"));
  janus_room_hears (&room, "left:45 removed:44/1:vp8 left:44");
  fail_unless_equals_int (vm_janus_client_get_roster (room.client)->len, 0);
  janus_room_close (&room);
}

GST_END_TEST;

/* Of another room, of nobody, of this device itself, of another session. */
GST_START_TEST (test_news_that_concern_nobody)
{
  static const gchar *const news[] = { JANUS_NEWS ("\"leaving\":99"),
    JANUS_NEWS ("\"unpublished\":\"ok\""),
    JANUS_NEWS ("\"publishers\":[" JANUS_CAMERA ("31", "Ann") "]"),
    "{\"janus\":\"event\",\"session_id\":6,\"sender\":8,\"plugindata\":{"
    "\"data\":{\"videoroom\":\"event\",\"leaving\":44}}}",
    "{\"janus\":\"event\",\"session_id\":7,\"sender\":8,\"plugindata\":{"
    "\"data\":{\"videoroom\":\"destroyed\",\"room\":5}}}",
    "{\"janus\":\"hangup\",\"session_id\":7,\"sender\":77}",
    "{\"janus\":\"success\",\"transaction\":\"4711\",\"data\":{\"id\":5}}" };
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (JANUS_CAMERA ("44", "Bob")));
  for (guint i = 0; i < G_N_ELEMENTS (news); i++)
    janus_room_answers (&room, news[i]);
  janus_room_hears (&room, "");
  janus_room_says (&room, NULL);
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_talking)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (JANUS_CAMERA ("44", "Bob")));
  janus_room_answers (&room,
      "{\"janus\":\"event\",\"sender\":8,\"plugindata\":{\"data\":{"
      "\"videoroom\":\"talking\",\"room\":4711,\"id\":44}}}");
  janus_room_answers (&room,
      "{\"janus\":\"event\",\"sender\":8,\"plugindata\":{\"data\":{"
      "\"videoroom\":\"stopped-talking\",\"room\":4711,\"id\":44}}}");
  janus_room_hears (&room, "talking:44:on talking:44");
  janus_room_close (&room);
}

GST_END_TEST;

static void
let_in (JanusRoom *room, guint id)
{
  g_autofree gchar *news =
      g_strdup_printf (JANUS_NEWS ("\"joining\":{\"id\":%u}"), id);

  janus_room_answers (room, news);
}

GST_START_TEST (test_size_of_the_list)
{
  const GPtrArray *roster;
  VmJanusEvent *event;
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  roster = vm_janus_client_get_roster (room.client);
  for (guint i = 0; i < VM_JANUS_ROSTER_MAX; i++)
    let_in (&room, 100 + i);
  fail_unless_equals_int (roster->len, VM_JANUS_ROSTER_MAX);
  while ((event = vm_janus_client_take_event (room.client))) {
    fail_unless_equals_int (event->type, VM_JANUS_EVENT_PARTICIPANT_JOINED);
    vm_janus_event_free (event);
  }
  let_in (&room, 1000);
  let_in (&room, 1001);
  janus_room_hears (&room, "warning:TOO_LARGE");
  fail_unless_equals_int (roster->len, VM_JANUS_ROSTER_MAX);
  janus_room_answers (&room, JANUS_NEWS ("\"leaving\":100"));
  let_in (&room, 1002);
  janus_room_hears (&room, "left:100 came:1002");
  janus_room_close (&room);
}

GST_END_TEST;

/* The end */

static const struct
{
  const gchar *news;
  const gchar *heard;
} ends[] = {
  { JANUS_NEWS ("\"leaving\":\"ok\",\"reason\":\"kicked\""), "closed:KICKED" },
  { JANUS_NEWS ("\"kicked\":31"), "closed:KICKED" },
  { "{\"janus\":\"event\",\"session_id\":7,\"sender\":8,\"plugindata\":{"
    "\"data\":{\"videoroom\":\"destroyed\",\"room\":4711}}}",
      "closed:MEETING_ENDED" },
};

GST_START_TEST (test_others_end_it)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  janus_room_answers (&room, ends[__i__].news);
  janus_room_hears (&room, ends[__i__].heard);
  CLOSED (&room);
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_leaves)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  vm_janus_client_leave (room.client, room.now);
  janus_room_hears (&room, "");
  janus_room_asks (&room, "\"destroy\"", JANUS_DONE);
  janus_room_hears (&room, "closed");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_leaves_a_silent_server)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  vm_janus_client_leave (room.client, room.now);
  janus_room_wait (&room, VM_JANUS_LEAVE_TIME - 1);
  janus_room_hears (&room, "");
  janus_room_wait (&room, 1);
  janus_room_hears (&room, "closed");
  janus_room_close (&room);
}

GST_END_TEST;

GST_START_TEST (test_leaves_without_a_server)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  janus_room_lose (&room);
  janus_room_hears (&room, "lost:DISCONNECTED");
  vm_janus_client_leave (room.client, room.now);
  janus_room_hears (&room, "closed");
  janus_room_close (&room);
}

GST_END_TEST;

/* Nonsense in the room is no reason to leave it, and is told once. */
GST_START_TEST (test_nonsense_in_the_room)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  for (guint i = 0; i < 3; i++)
    janus_room_answers (&room, "{\"janus\":");
  janus_room_hears (&room, "warning:BAD_MESSAGE");
  janus_room_answers (&room, JANUS_NEWS ("\"joining\":{\"id\":45}"));
  janus_room_hears (&room, "came:45");
  janus_room_close (&room);
}

GST_END_TEST;

static guint
count_warnings (JanusRoom *room)
{
  VmJanusEvent *event;
  guint n = 0;

  while ((event = vm_janus_client_take_event (room->client))) {
    fail_unless_equals_int (event->type, VM_JANUS_EVENT_WARNING);
    vm_janus_event_free (event);
    n++;
  }
  return n;
}

GST_START_TEST (test_warnings_are_few)
{
  JanusRoom room;

  janus_room_enter (&room, JANUS_JOINED (""));
  for (guint i = 0; i < 10 * VM_JANUS_WARNINGS_MAX; i++)
    janus_room_answers (&room, JANUS_ERROR ("490", "so there"));
  fail_unless_equals_int (count_warnings (&room), VM_JANUS_WARNINGS_MAX);
  janus_room_wait (&room, G_USEC_PER_SEC);
  for (guint i = 0; i < 10; i++)
    janus_room_answers (&room, JANUS_ERROR ("490", "so there"));
  fail_unless_equals_int (count_warnings (&room), 1);
  janus_room_close (&room);
}

GST_END_TEST;

/* States */

/* A row: a state, and where it may go. */
static const gchar *const moves[] = {
  "idle opening closed",
  "opening pausing claiming creating closed",
  "pausing opening closed",
  "claiming pausing creating joined leaving closed",
  "creating pausing attaching closed",
  "attaching pausing entering leaving closed",
  "entering pausing joined leaving closed",
  "joined pausing leaving closed",
  "leaving closed",
  "closed",
};

GST_START_TEST (test_states)
{
  for (guint from = 0; from < VM_JANUS_CLIENT_N_STATES; from++) {
    g_auto (GStrv) row = g_strsplit (moves[from], " ", 0);
    g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

    fail_unless_equals_string (vm_janus_client_state_to_string (from), row[0]);
    for (guint move = 0; move < VM_JANUS_N_MOVES; move++) {
      VmJanusClientState to;
      const gchar *name;

      if (!vm_janus_client_state_next (from, move, &to)) {
        fail_unless_equals_int (to, from);
        continue;
      }
      name = vm_janus_client_state_to_string (to);
      fail_unless (g_strv_contains ((const gchar *const *) row + 1, name),
          "%s to %s", row[0], name);
      g_hash_table_add (seen, (gpointer) name);
    }
    fail_unless_equals_int (g_hash_table_size (seen), g_strv_length (row) - 1);
  }
}

GST_END_TEST;

static Suite *
janusclient_suite (void)
{
  Suite *s = suite_create ("janusclient");
  TCase *tc = tcase_create ("janusclient");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_enters);
  tcase_add_test (tc, test_makes_the_room);
  tcase_add_test (tc, test_another_makes_the_room_first);
  tcase_add_test (tc, test_makes_the_room_once);
  tcase_add_loop_test (tc, test_is_refused, 0, G_N_ELEMENTS (refusals));
  tcase_add_test (tc, test_secrets_are_not_repeated);
  tcase_add_test (tc, test_length_of_secrets);
  tcase_add_test (tc, test_entry_has_deadlines);
  tcase_add_test (tc, test_opening_has_a_deadline);
  tcase_add_test (tc, test_keeps_alive);
  tcase_add_test (tc, test_claims_its_session);
  tcase_add_test (tc, test_begins_a_new_session);
  tcase_add_test (tc, test_does_not_claim_half_an_offer);
  tcase_add_test (tc, test_session_ends);
  tcase_add_test (tc, test_pauses_grow);
  tcase_add_test (tc, test_slow_attempts_follow_each_other);
  tcase_add_test (tc, test_is_steady_after_a_while);
  tcase_add_test (tc, test_list_of_the_room);
  tcase_add_test (tc, test_news_that_concern_nobody);
  tcase_add_test (tc, test_talking);
  tcase_add_test (tc, test_size_of_the_list);
  tcase_add_loop_test (tc, test_others_end_it, 0, G_N_ELEMENTS (ends));
  tcase_add_test (tc, test_leaves);
  tcase_add_test (tc, test_leaves_a_silent_server);
  tcase_add_test (tc, test_leaves_without_a_server);
  tcase_add_test (tc, test_nonsense_in_the_room);
  tcase_add_test (tc, test_warnings_are_few);
  tcase_add_test (tc, test_states);
  return s;
}

CHECK_PROGRAM (janusclient)
