/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The messages of Janus and of its videoroom, against protocol/janus.md. Those
 * here are as Janus 1.1.2 writes them. */

#include "program.h"

#include <gst/videomeet/wire/janus/januswrite.h>
#include <string.h>

#define ROOM(data)                                                            \
  "{\"janus\":\"event\",\"session_id\":7,\"transaction\":\"5\",\"sender\":8," \
  "\"plugindata\":{\"plugin\":\"janus.plugin.videoroom\",\"data\":{" data     \
  "}}}"
#define JOINED(publishers)                                                \
  ROOM ("\"videoroom\":\"joined\",\"room\":4711,\"description\":\"lab\"," \
        "\"id\":31,\"private_id\":99,\"publishers\":[" publishers "]")

static VmJanusMessage *
read_text (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  VmJanusMessage *message = vm_janus_message_read (text, strlen (text), &error);

  g_assert_no_error (error);
  return message;
}

static void
refuses (const gchar *text, VmError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmJanusMessage) message =
      vm_janus_message_read (text, strlen (text), &error);

  fail_unless (message == NULL, "read: %.200s", text);
  g_assert_error (error, VM_ERROR, (gint) code);
  fail_unless (g_utf8_validate (error->message, -1, NULL));
}

static const VmJanusParticipant *
participant_at (const VmJanusMessage *message, guint i)
{
  fail_unless (i < message->participants->len);
  return message->participants->pdata[i];
}

static const VmJanusStream *
stream_at (const GPtrArray *streams, guint i)
{
  fail_unless (streams && i < streams->len);
  return streams->pdata[i];
}

/* The server */

GST_START_TEST (test_server)
{
  static const struct
  {
    const gchar *text;
    VmJanusType type;
  } cases[] = {
    { "{\"janus\":\"ack\",\"session_id\":7,\"transaction\":\"5\"}",
        VM_JANUS_ACK },
    { "{\"janus\":\"webrtcup\",\"session_id\":7,\"sender\":8}",
        VM_JANUS_WEBRTCUP },
    { "{\"janus\":\"detached\",\"session_id\":7,\"sender\":8}",
        VM_JANUS_DETACHED },
    { "{\"janus\":\"timeout\",\"session_id\":7}", VM_JANUS_TIMEOUT },
    { "{\"janus\":\"tomorrow\",\"session_id\":7,\"news\":[1,{}]}",
        VM_JANUS_OTHER },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VmJanusMessage) message = read_text (cases[i].text);

    fail_unless_equals_int (message->type, cases[i].type);
    fail_unless_equals_int64 (message->session, 7);
    fail_unless_equals_int (message->room_type, VM_JANUS_ROOM_NOTHING);
  }
}

GST_END_TEST;

GST_START_TEST (test_session)
{
  g_autoptr (VmJanusMessage) message =
      read_text ("{\"janus\":\"success\",\"transaction\":\"1\","
                 "\"data\":{\"id\":2787957581197899}}");

  fail_unless_equals_int (message->type, VM_JANUS_SUCCESS);
  fail_unless_equals_string (message->transaction, "1");
  fail_unless_equals_int64 (message->id, G_GINT64_CONSTANT (2787957581197899));
  fail_unless_equals_int64 (message->session, -1);
}

GST_END_TEST;

GST_START_TEST (test_candidates)
{
  g_autoptr (VmJanusMessage) one = read_text (
      "{\"janus\":\"trickle\",\"session_id\":7,\"sender\":8,\"candidate\":{"
      "\"sdpMid\":\"a\",\"sdpMLineIndex\":2,\"candidate\":\"candidate:1 1 udp "
      "2015363327 192.0.2.2 20187 typ host\"}}");
  g_autoptr (VmJanusMessage) last =
      read_text ("{\"janus\":\"trickle\",\"session_id\":7,\"sender\":8,"
                 "\"candidate\":{\"completed\":true}}");

  fail_unless_equals_string (
      one->candidate, "candidate:1 1 udp 2015363327 192.0.2.2 20187 typ host");
  fail_unless_equals_string (one->sdp_mid, "a");
  fail_unless_equals_int64 (one->sdp_mline_index, 2);
  fail_unless (last->candidate == NULL);
  refuses ("{\"janus\":\"trickle\"}", VM_ERROR_BAD_MESSAGE);
  refuses ("{\"janus\":\"trickle\",\"candidate\":{}}", VM_ERROR_BAD_MESSAGE);
  refuses ("{\"janus\":\"trickle\",\"candidate\":{\"candidate\":"
           "\"candidate:1\\r\\na=x\"}}",
      VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_connection)
{
  g_autoptr (VmJanusMessage) hangup =
      read_text ("{\"janus\":\"hangup\",\"session_id\":7,\"sender\":8,"
                 "\"reason\":\"DTLS alert\"}");
  g_autoptr (VmJanusMessage) media = read_text (
      "{\"janus\":\"media\",\"session_id\":7,\"sender\":8,\"mid\":\"1\","
      "\"type\":\"video\",\"receiving\":true}");
  g_autoptr (VmJanusMessage) slow = read_text (
      "{\"janus\":\"slowlink\",\"session_id\":7,\"sender\":8,\"mid\":\"1\","
      "\"media\":\"video\",\"uplink\":true,\"lost\":40}");

  fail_unless_equals_string (hangup->text, "DTLS alert");
  fail_unless_equals_string (media->mid, "1");
  fail_unless (media->receiving);
  fail_unless (slow->uplink);
}

GST_END_TEST;

/* The videoroom */

GST_START_TEST (test_joined)
{
  g_autoptr (VmJanusMessage) message = read_text (JOINED (
      "{\"id\":44,\"display\":\"Ann\",\"audio_codec\":\"opus\","
      "\"streams\":[{\"type\":\"audio\",\"mindex\":0,\"mid\":\"0\",\"codec\":"
      "\"opus\"},{\"type\":\"video\",\"mindex\":1,\"mid\":\"1\","
      "\"description\":"
      "\"camera\",\"codec\":\"VP8\",\"simulcast\":true},{\"type\":\"video\","
      "\"mindex\":2,\"mid\":\"2\",\"disabled\":true}],\"talking\":false}"));
  const VmJanusParticipant *ann = participant_at (message, 0);

  fail_unless_equals_int (message->room_type, VM_JANUS_ROOM_JOINED);
  fail_unless_equals_int64 (message->room, 4711);
  fail_unless_equals_int64 (message->own, 31);
  fail_unless_equals_int64 (message->private_id, 99);
  fail_unless_equals_string (message->description, "lab");
  fail_unless_equals_int64 (ann->id, 44);
  fail_unless_equals_string (ann->display, "Ann");
  fail_unless (ann->publishes);
  fail_unless_equals_int (ann->streams->len, 3);
  fail_unless_equals_string (stream_at (ann->streams, 0)->codec, "opus");
  fail_unless_equals_int (
      stream_at (ann->streams, 1)->kind, VM_JANUS_KIND_VIDEO);
  fail_unless_equals_string (stream_at (ann->streams, 1)->codec, "vp8");
  fail_unless_equals_string (
      stream_at (ann->streams, 1)->description, "camera");
  fail_unless (stream_at (ann->streams, 1)->simulcast);
  fail_unless (stream_at (ann->streams, 2)->disabled);
  fail_unless (stream_at (ann->streams, 2)->codec == NULL);
}

GST_END_TEST;

GST_START_TEST (test_subscription)
{
  g_autoptr (VmJanusMessage) message = read_text (
      "{\"janus\":\"event\",\"sender\":8,\"plugindata\":{\"plugin\":\"x\","
      "\"data\":{\"videoroom\":\"attached\",\"room\":4711,\"streams\":["
      "{\"type\":\"video\",\"active\":true,\"mindex\":0,\"mid\":\"0\","
      "\"ready\":"
      "false,\"send\":true,\"feed_id\":44,\"feed_display\":\"Ann\","
      "\"feed_mid\":\"v1\",\"feed_description\":\"screen\",\"codec\":\"h264\","
      "\"simulcast\":{\"substream\":-1}},"
      "{\"type\":\"audio\",\"active\":false,\"mindex\":1,\"mid\":\"1\"}]}},"
      "\"jsep\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}}");
  const VmJanusStream *slot = stream_at (message->streams, 0);

  fail_unless_equals_int (message->room_type, VM_JANUS_ROOM_ATTACHED);
  fail_unless (message->is_offer);
  fail_unless_equals_string (message->sdp, "v=0\r\n");
  fail_unless_equals_int64 (slot->feed, 44);
  fail_unless_equals_string (slot->mid, "0");
  fail_unless_equals_string (slot->feed_mid, "v1");
  fail_unless_equals_string (slot->feed_display, "Ann");
  fail_unless_equals_string (slot->description, "screen");
  fail_unless (slot->simulcast);
  fail_unless_equals_int64 (stream_at (message->streams, 1)->feed, -1);
}

GST_END_TEST;

GST_START_TEST (test_departures)
{
  g_autoptr (VmJanusMessage) leaving =
      read_text (ROOM ("\"videoroom\":\"event\",\"room\":4711,\"leaving\":44"));
  g_autoptr (VmJanusMessage) unpublished = read_text (
      ROOM ("\"videoroom\":\"event\",\"room\":4711,\"unpublished\":44"));
  g_autoptr (VmJanusMessage) kicked =
      read_text (ROOM ("\"videoroom\":\"event\",\"room\":4711,\"kicked\":44"));
  g_autoptr (VmJanusMessage) own = read_text (
      ROOM ("\"videoroom\":\"event\",\"room\":4711,\"leaving\":\"ok\","
            "\"reason\":\"kicked\""));
  g_autoptr (VmJanusMessage) destroyed =
      read_text (ROOM ("\"videoroom\":\"destroyed\",\"room\":4711"));

  fail_unless_equals_int64 (leaving->leaving, 44);
  fail_unless_equals_int64 (leaving->unpublished, VM_JANUS_NOBODY);
  fail_unless_equals_int64 (unpublished->unpublished, 44);
  fail_unless_equals_int64 (kicked->kicked, 44);
  fail_unless_equals_int64 (own->leaving, VM_JANUS_SELF);
  fail_unless (own->was_kicked);
  fail_unless_equals_int (destroyed->room_type, VM_JANUS_ROOM_DESTROYED);
}

GST_END_TEST;

GST_START_TEST (test_arrivals)
{
  g_autoptr (VmJanusMessage) joining = read_text (
      ROOM ("\"videoroom\":\"event\",\"room\":4711,\"joining\":{\"id\":44,"
            "\"display\":\"Ann\"}"));
  g_autoptr (VmJanusMessage) renamed = read_text (
      ROOM ("\"videoroom\":\"event\",\"id\":44,\"display\":\"Eve\""));
  g_autoptr (VmJanusMessage) list = read_text (
      ROOM ("\"videoroom\":\"participants\",\"room\":4711,\"participants\":["
            "{\"id\":44,\"publisher\":true},{\"id\":45,\"publisher\":false}]"));

  fail_unless_equals_string (participant_at (joining, 0)->display, "Ann");
  fail_unless (!participant_at (joining, 0)->publishes);
  fail_unless (participant_at (joining, 0)->streams == NULL);
  fail_unless_equals_string (renamed->renamed, "Eve");
  fail_unless_equals_int64 (renamed->own, 44);
  fail_unless (participant_at (list, 0)->publishes);
  fail_unless (!participant_at (list, 1)->publishes);
}

GST_END_TEST;

/* Errors */

GST_START_TEST (test_errors)
{
  static const struct
  {
    const gchar *text;
    VmError code;
    const gchar *message;
  } cases[] = {
    { ROOM ("\"videoroom\":\"event\",\"error_code\":426,\"error\":\"No such "
            "room (99)\""),
        VM_ERROR_MEETING_NOT_FOUND,
        "Janus: NO_SUCH_ROOM (426): No such room (99)" },
    { ROOM ("\"videoroom\":\"event\",\"error_code\":433,\"error\":"
            "\"Unauthorized (wrong pin)\""),
        VM_ERROR_WRONG_PIN,
        "Janus: UNAUTHORIZED (433): Unauthorized (wrong pin)" },
    { ROOM ("\"videoroom\":\"event\",\"error_code\":433,\"error\":"
            "\"Unauthorized (not in the allowed list)\""),
        VM_ERROR_NOT_TRUSTED,
        "Janus: UNAUTHORIZED (433): Unauthorized (not in the allowed list)" },
    { ROOM ("\"videoroom\":\"event\",\"error_code\":432"),
        VM_ERROR_MEETING_FULL,
        "Janus: PUBLISHERS_FULL (432): no reason given" },
    { "{\"janus\":\"error\",\"transaction\":\"1\",\"error\":{\"code\":403,"
      "\"reason\":\"Unauthorized request\"}}",
        VM_ERROR_NOT_TRUSTED,
        "Janus: UNAUTHORIZED (403): Unauthorized request" },
    { "{\"janus\":\"error\",\"error\":{\"code\":777,\"reason\":\"a\\u0007b\"}}",
        VM_ERROR_FAILED, "Janus: UNKNOWN_CODE (777): a b" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VmJanusMessage) message = read_text (cases[i].text);
    g_autoptr (GError) error = vm_janus_message_get_error (message);

    g_assert_error (error, VM_ERROR, (gint) cases[i].code);
    fail_unless_equals_string (error->message, cases[i].message);
  }
}

GST_END_TEST;

/* Those of Janus 1.1.2 have names, and no other number. */
GST_START_TEST (test_every_code_has_a_name)
{
  static const gint64 codes[] = { 403, 405, 421, 422, 423, 424, 425, 426, 427,
    428, 429, 430, 431, 432, 433, 434, 435, 436, 437, 450, 452, 453, 454, 455,
    456, 457, 458, 459, 460, 461, 462, 463, 464, 465, 466, 467, 468, 469, 470,
    471, 472, 490, 499 };
  guint known = 0;

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    fail_if (strcmp (vm_janus_code_to_name (codes[i]), "UNKNOWN_CODE") == 0,
        "%d", (gint) codes[i]);
  for (gint64 code = -1; code < 1000; code++)
    known += strcmp (vm_janus_code_to_name (code), "UNKNOWN_CODE") != 0;
  /* 438 came with 1.2 */
  fail_unless_equals_int (known, G_N_ELEMENTS (codes) + 1);
  fail_unless_equals_string (vm_janus_code_to_name (428), "NO_SUCH_FEED");
  fail_unless_equals_string (vm_janus_code_to_name (458), "SESSION_NOT_FOUND");
}

GST_END_TEST;

/* What others write */

GST_START_TEST (test_names_are_cleaned)
{
  static const struct
  {
    const gchar *display;
    const gchar *shown;
  } cases[] = {
    { "\"  Ann\\t\\nLee  \"", "Ann Lee" },
    { "\"\\u202eAnn\\u200b\"", "Ann" },
    { "\"\\u0007\"", NULL },
    { "\"a\\u0000b\"", NULL },
    { "17", NULL },
    { "{\"name\":\"Ann\"}", NULL },
    { "null", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = g_strdup_printf (
        JOINED ("{\"id\":44,\"display\":%s,\"streams\":[]}"), cases[i].display);
    g_autoptr (VmJanusMessage) message = read_text (text);

    fail_unless_equals_string (
        participant_at (message, 0)->display, cases[i].shown);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_long_name_is_cut)
{
  g_autofree gchar *name = g_strnfill (VM_SIGNAL_NAME_MAX - 1, 'n');
  g_autofree gchar *text = g_strdup_printf (
      JOINED ("{\"id\":44,\"display\":\"%s\xc3\xa9\",\"streams\":[]}"), name);
  g_autoptr (VmJanusMessage) message = read_text (text);

  /* between characters */
  fail_unless_equals_string (participant_at (message, 0)->display, name);
}

GST_END_TEST;

/* A stream that nobody could ask for is as good as none, and ends nobody's
 * meeting. */
GST_START_TEST (test_streams_that_cannot_be_named)
{
  g_autofree gchar *most = g_strnfill (VM_JANUS_MID_MAX, 'm');
  g_autofree gchar *text = g_strdup_printf (
      JOINED ("{\"id\":44,\"streams\":[{\"type\":\"video\",\"mid\":\"%s\","
              "\"codec\":\"vp8\"},{\"type\":\"video\",\"mid\":\"%sm\"},"
              "{\"type\":\"video\"},{\"type\":\"smell\",\"mid\":\"1\"},"
              "{\"type\":\"audio\",\"mid\":\"a\\r\\nb\"},7,"
              "{\"type\":\"audio\",\"mid\":\"%s\"},"
              "{\"type\":\"audio\",\"mid\":\"2\",\"codec\":"
              "\"a-codec-with-a-name-that-is-long\"}]}"),
      most, most, most);
  g_autoptr (VmJanusMessage) message = read_text (text);
  const GPtrArray *streams = participant_at (message, 0)->streams;

  fail_unless_equals_int (streams->len, 2);
  fail_unless_equals_string (stream_at (streams, 0)->mid, most);
  fail_unless_equals_string (stream_at (streams, 0)->codec, "vp8");
  fail_unless_equals_string (stream_at (streams, 1)->mid, "2");
  fail_unless (stream_at (streams, 1)->codec == NULL);
}

GST_END_TEST;

/* Limits */

static gchar *
make_publishers (guint n)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (list,
        "%s{\"id\":%u,\"display\":\"P\",\"streams\":[{\"type\":\"video\","
        "\"mindex\":0,\"mid\":\"0\",\"codec\":\"vp8\"}]}",
        i ? "," : "", i + 1);
  return g_string_free (list, FALSE);
}

GST_START_TEST (test_number_of_participants)
{
  for (guint n = VM_JANUS_PARTICIPANTS_MAX - 1;
       n <= VM_JANUS_PARTICIPANTS_MAX + 1; n++) {
    g_autofree gchar *publishers = make_publishers (n);
    g_autofree gchar *text = g_strdup_printf (JOINED ("%s"), publishers);

    if (n <= VM_JANUS_PARTICIPANTS_MAX) {
      g_autoptr (VmJanusMessage) message = read_text (text);

      fail_unless_equals_int (message->participants->len, n);
    } else {
      refuses (text, VM_ERROR_TOO_LARGE);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_thousands_of_publishers)
{
  g_autofree gchar *publishers = make_publishers (5000);
  g_autofree gchar *text = g_strdup_printf (JOINED ("%s"), publishers);

  refuses (text, VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

static gchar *
make_streams (guint n)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (list,
        "%s{\"type\":\"video\",\"mid\":\"%u\",\"codec\":\"vp8\"}", i ? "," : "",
        i);
  return g_string_free (list, FALSE);
}

GST_START_TEST (test_number_of_streams)
{
  for (guint n = VM_JANUS_STREAMS_MAX - 1; n <= VM_JANUS_STREAMS_MAX + 1; n++) {
    g_autofree gchar *streams = make_streams (n);
    g_autofree gchar *text =
        g_strdup_printf (JOINED ("{\"id\":44,\"streams\":[%s]}"), streams);
    g_autoptr (VmJanusMessage) message = read_text (text);

    fail_unless_equals_int (participant_at (message, 0)->streams->len,
        MIN (n, VM_JANUS_STREAMS_MAX));
  }
}

GST_END_TEST;

GST_START_TEST (test_number_of_slots)
{
  for (guint n = VM_JANUS_SLOTS_MAX - 1; n <= VM_JANUS_SLOTS_MAX + 1; n++) {
    g_autofree gchar *streams = make_streams (n);
    g_autofree gchar *text = g_strdup_printf (
        ROOM ("\"videoroom\":\"updated\",\"streams\":[%s]"), streams);

    if (n <= VM_JANUS_SLOTS_MAX) {
      g_autoptr (VmJanusMessage) message = read_text (text);

      fail_unless_equals_int (message->streams->len, n);
    } else {
      refuses (text, VM_ERROR_TOO_LARGE);
    }
  }
}

GST_END_TEST;

/* @text with one "%s" for @n bytes behind @head: accepted up to @max in all. */
static void
check_length (const gchar *text, const gchar *head, gsize max)
{
  for (gsize n = max - 1; n <= max + 1; n++) {
    g_autofree gchar *fill = g_strnfill (n - strlen (head), 'x');
    g_autofree gchar *value = g_strconcat (head, fill, NULL);
    g_auto (GStrv) around = g_strsplit (text, "%s", 2);
    g_autofree gchar *whole = g_strconcat (around[0], value, around[1], NULL);

    if (n <= max)
      vm_janus_message_free (read_text (whole));
    else
      refuses (whole, VM_ERROR_BAD_MESSAGE);
  }
}

GST_START_TEST (test_lengths)
{
  check_length ("{\"janus\":\"ack\",\"transaction\":\"%s\"}", "",
      VM_JANUS_TRANSACTION_MAX);
  check_length ("{\"janus\":\"event\",\"jsep\":{\"type\":\"answer\","
                "\"sdp\":\"%s\"}}",
      "v=0", VM_SIGNAL_SDP_MAX);
  check_length ("{\"janus\":\"trickle\",\"candidate\":{\"candidate\":\"%s\"}}",
      "candidate:", VM_SIGNAL_CANDIDATE_MAX);
}

GST_END_TEST;

GST_START_TEST (test_ids)
{
  static const gchar *const good[] = { "1", "9007199254740991" };
  static const gchar *const bad[] = { "0", "-1", "9007199254740992", "1.5",
    "1e3", "\"room\"", "[]", "99999999999999999999" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree gchar *text = g_strdup_printf (JOINED ("{\"id\":%s}"), good[i]);

    vm_janus_message_free (read_text (text));
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *text = g_strdup_printf (JOINED ("{\"id\":%s}"), bad[i]);

    refuses (text, VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_nonsense)
{
  static const gchar *const texts[] = { "", "nothing", "[]", "{}", "\"ack\"",
    "{\"janus\":7}", "{\"janus\":\"ack\",\"session_id\":\"7\"}",
    "{\"janus\":\"error\"}", "{\"janus\":\"error\",\"error\":{\"code\":\"x\"}}",
    "{\"janus\":\"event\",\"plugindata\":[]}",
    "{\"janus\":\"event\",\"plugindata\":{\"data\":7}}",
    "{\"janus\":\"event\",\"jsep\":7}",
    "{\"janus\":\"event\",\"jsep\":{\"type\":\"pranswer\",\"sdp\":\"v=0\"}}",
    "{\"janus\":\"event\",\"jsep\":{\"type\":\"offer\"}}",
    "{\"janus\":\"event\",\"jsep\":{\"type\":\"offer\",\"sdp\":\"GET /\"}}",
    "{\"janus\":\"event\",\"jsep\":{\"type\":\"offer\",\"sdp\":"
    "\"v=0\\u0001\"}}",
    ROOM ("\"videoroom\":\"joined\",\"publishers\":{\"id\":1}"),
    ROOM ("\"videoroom\":\"joined\",\"publishers\":[{}]"),
    ROOM ("\"videoroom\":\"joined\",\"publishers\":[null]"),
    ROOM ("\"videoroom\":\"updated\",\"streams\":7"),
    ROOM ("\"videoroom\":\"event\",\"leaving\":-4"),
    ROOM ("\"videoroom\":\"event\",\"error_code\":0"),
    "{\"janus\":\"ack\",\"transaction\":\"\xff\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    refuses (texts[i], VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

/* Requests */

static const VmJanusHead head = { 5, 7, 8, "s\"1", "t" };
#define HEAD(type)                                                  \
  "{\"janus\":\"" type "\",\"transaction\":\"5\",\"session_id\":7," \
  "\"handle_id\":8,\"apisecret\":\"s\\\"1\",\"token\":\"t\""
#define REQUEST(name) HEAD ("message") ",\"body\":{\"request\":\"" name "\""

static void
is_text (gchar *text, const gchar *expected)
{
  fail_unless_equals_string (text, expected);
  g_free (text);
}

GST_START_TEST (test_requests_to_the_server)
{
  const VmJanusHead first = { 1, -1, -1, NULL, NULL };

  is_text (vm_janus_write_create (&first),
      "{\"janus\":\"create\",\"transaction\":\"1\"}");
  is_text (vm_janus_write_claim (&head), HEAD ("claim") "}");
  is_text (vm_janus_write_attach (&head),
      HEAD ("attach") ",\"plugin\":\"janus.plugin.videoroom\"}");
  is_text (vm_janus_write_trickle (&head, "candidate:1", "0", 0),
      HEAD ("trickle") ",\"candidate\":{\"candidate\":\"candidate:1\","
                       "\"sdpMid\":\"0\",\"sdpMLineIndex\":0}}");
  is_text (vm_janus_write_trickle (&head, NULL, "0", 0),
      HEAD ("trickle") ",\"candidate\":{\"completed\":true}}");
}

GST_END_TEST;

GST_START_TEST (test_requests_to_the_room)
{
  static const gchar *const descriptions[] = { "1", "camera", "2", "screen",
    NULL };
  const VmJanusEntry ann = { 4711, "Ann", "123456", NULL };

  is_text (vm_janus_write_join (&head, &ann),
      REQUEST ("join") ",\"ptype\":\"publisher\",\"room\":4711,\"display\":"
                       "\"Ann\",\"pin\":\"123456\"}}");
  is_text (vm_janus_write_publish (&head, "v=0\r\n", descriptions, FALSE),
      REQUEST ("publish") ",\"descriptions\":[{\"mid\":\"1\",\"description\":"
                          "\"camera\"},{\"mid\":\"2\",\"description\":"
                          "\"screen\"}]},\"jsep\":{\"type\":\"offer\",\"sdp\":"
                          "\"v=0\\r\\n\"}}");
  is_text (vm_janus_write_publish (&head, "v=0", NULL, TRUE),
      REQUEST ("configure") "},\"jsep\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}");
  is_text (vm_janus_write_start (&head, "v=0"),
      REQUEST ("start") "},\"jsep\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}");
  is_text (vm_janus_write_key_frame (&head, "3"),
      REQUEST ("configure") ",\"streams\":[{\"mid\":\"3\",\"send\":true}]}}");
  is_text (vm_janus_write_layers (&head, "3", 0, -1),
      REQUEST ("configure") ",\"streams\":[{\"mid\":\"3\",\"substream\":0}]}}");
}

GST_END_TEST;

GST_START_TEST (test_requests_for_streams)
{
  const VmJanusEntry entry = { 4711, NULL, "123456", NULL };
  const VmJanusSource sources[] = { { 44, "1", 0, 2 }, { 45, NULL, -1, -1 } };
  g_autoptr (GArray) array = g_array_new (FALSE, FALSE, sizeof sources[0]);
  g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof sources[0]);
  g_autoptr (GPtrArray) mids = g_ptr_array_new ();

  g_array_append_vals (array, sources, 2);
  is_text (vm_janus_write_subscribe (&head, &entry, 99, array),
      REQUEST ("join") ",\"ptype\":\"subscriber\",\"room\":4711,\"pin\":"
                       "\"123456\",\"private_id\":99,\"autoupdate\":false,"
                       "\"streams\":[{\"feed\":44,\"mid\":\"1\",\"substream\":"
                       "0,\"temporal\":2},{\"feed\":45}]}}");
  g_ptr_array_add (mids, (gpointer) "7");
  is_text (vm_janus_write_update (&head, none, mids),
      REQUEST ("update") ",\"unsubscribe\":[{\"sub_mid\":\"7\"}]}}");
}

GST_END_TEST;

/* Addresses */

GST_START_TEST (test_addresses)
{
  static const struct
  {
    const gchar *uri;
    const gchar *socket;
    gint64 room;
  } cases[] = {
    { "janus+ws://127.0.0.1:8188/4711", "ws://127.0.0.1:8188/", 4711 },
    { "JANUS+wss://j.example/janus/9007199254740991", "wss://j.example/janus",
        VM_JANUS_ID_MAX },
    { "janus+ws://[::1]:8188/1", "ws://[::1]:8188/", 1 },
    { "janus+ws://127.0.0.1:8188/0", NULL, 0 },
    { "janus+ws://127.0.0.1:8188/9007199254740992", NULL, 0 },
    { "janus+ws://127.0.0.1:8188/lobby", NULL, 0 },
    { "janus+ws://127.0.0.1:8188", NULL, 0 },
    { "janus+http://127.0.0.1:8188/1", NULL, 0 },
    { "ws://127.0.0.1:8188/1", NULL, 0 },
    { "janus+ws:///1", NULL, 0 },
    { "janus+ws://127.0.0.1:8188/1?pin=123456", NULL, 0 },
    { "janus+ws://ann:secret@127.0.0.1:8188/1", NULL, 0 },
    { "janus+ws://127.0.0.1:8188/1#123456", NULL, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *socket = NULL;
    gint64 room = 0;

    if (vm_janus_uri_parse (cases[i].uri, &socket, &room, &error)) {
      fail_unless_equals_string (socket, cases[i].socket);
      fail_unless_equals_int64 (room, cases[i].room);
    } else {
      fail_unless (cases[i].socket == NULL, "%s", cases[i].uri);
      g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
      /* a secret is not repeated */
      fail_unless (strstr (error->message, "123456") == NULL);
      fail_unless (strstr (error->message, "ann") == NULL);
    }
  }
}

GST_END_TEST;

static Suite *
janus_suite (void)
{
  Suite *s = suite_create ("janus");
  TCase *tc = tcase_create ("janus");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_server);
  tcase_add_test (tc, test_session);
  tcase_add_test (tc, test_candidates);
  tcase_add_test (tc, test_connection);
  tcase_add_test (tc, test_joined);
  tcase_add_test (tc, test_subscription);
  tcase_add_test (tc, test_departures);
  tcase_add_test (tc, test_arrivals);
  tcase_add_test (tc, test_errors);
  tcase_add_test (tc, test_every_code_has_a_name);
  tcase_add_test (tc, test_names_are_cleaned);
  tcase_add_test (tc, test_a_long_name_is_cut);
  tcase_add_test (tc, test_streams_that_cannot_be_named);
  tcase_add_test (tc, test_number_of_participants);
  tcase_add_test (tc, test_thousands_of_publishers);
  tcase_add_test (tc, test_number_of_streams);
  tcase_add_test (tc, test_number_of_slots);
  tcase_add_test (tc, test_lengths);
  tcase_add_test (tc, test_ids);
  tcase_add_test (tc, test_nonsense);
  tcase_add_test (tc, test_requests_to_the_server);
  tcase_add_test (tc, test_requests_to_the_room);
  tcase_add_test (tc, test_requests_for_streams);
  tcase_add_test (tc, test_addresses);
  return s;
}

CHECK_PROGRAM (janus)
