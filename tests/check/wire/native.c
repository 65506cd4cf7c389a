/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The native dialect, against messages written from protocol/signalling.md. */

#include "program.h"

#include <gst/videomeet/wire/dialect.h>
#include <gst/videomeet/base/json/json.h>
#include <string.h>

static const VmDialect *dialect = &vm_dialect_native;

static VmSignal *
parse_with (gpointer state, const gchar *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return dialect->parse (state, bytes, error);
}

static VmSignal *
parse (const gchar *text, GError **error)
{
  gpointer state = dialect->state_new ();
  VmSignal *signal = parse_with (state, text, error);

  dialect->state_free (state);
  return signal;
}

static gchar *
format (const VmSignal *signal)
{
  gpointer state = dialect->state_new ();
  g_autoptr (GBytes) bytes = dialect->format (state, signal);
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);

  dialect->state_free (state);
  return g_strndup (data, size);
}

/* The first message of a side that has received nothing: what every vector
 * begins with. */
#define HEAD(type) "{\"type\":\"" type "\",\"seq\":1,\"ack\":0"

/* One of each type with all its fields, in the order they are written. */
static const gchar *const vectors[] = {
  HEAD ("hello") ",\"user\":\"Bob\",\"device\":\"phone\",\"deviceId\":\"AAAA\","
                 "\"nonce\":\"bm9uY2U=\",\"callType\":\"audio\"}",
  HEAD ("welcome") ",\"to\":\"p002\",\"id\":\"p002\",\"meeting\":\"standup\","
                   "\"meetingId\":\"m1\",\"state\":\"active\",\"epoch\":1,"
                   "\"host\":\"p001\",\"maxParticipants\":10,"
                   "\"locked\":false,\"participants\":["
                   "{\"id\":\"p001\",\"user\":\"Ann\",\"nonce\":\"bg==\","
                   "\"callType\":\"video\",\"host\":true}]}",
  HEAD ("welcome") ",\"id\":\"p002\",\"resume\":\"t-1\",\"locked\":false,"
                   "\"participants\":[]}",
  HEAD ("participant-joined") ",\"id\":\"p002\",\"user\":\"Bob\","
                              "\"device\":\"phone\",\"deviceId\":\"AAAA\","
                              "\"nonce\":\"bm9uY2U=\",\"state\":\"connecting\","
                              "\"trust\":\"vouched\",\"voucher\":\"Ann\","
                              "\"callType\":\"video\",\"host\":false}",
  HEAD ("participant-left") ",\"id\":\"p002\",\"code\":\"KICKED\","
                            "\"message\":\"The host removed Bob\"}",
  HEAD ("participant-state") ",\"from\":\"p002\",\"id\":\"p002\","
                             "\"state\":\"connected\"}",
  HEAD ("participant-state") ",\"id\":\"p002\",\"state\":\"connected\","
                             "\"trust\":\"vouched\",\"voucher\":\"Ann\","
                             "\"token\":\"two\\nlines\"}",
  HEAD ("meeting-state") ",\"meetingId\":\"m1\",\"state\":\"idle\","
                         "\"epoch\":1,\"host\":\"p001\","
                         "\"maxParticipants\":10,"
                         "\"roster\":[\"p001\",\"p002\"],\"locked\":true,"
                         "\"revoked\":[\"x\"],"
                         "\"barred\":[{\"id\":\"p003\",\"deviceId\":\"E\","
                         "\"address\":\"10.0.0.2\",\"seconds\":600},"
                         "{\"id\":\"p004\",\"deviceId\":\"F\"}],"
                         "\"barredSignature\":\"YmFy\",\"count\":7,"
                         "\"signature\":\"c2ln\"}",
  HEAD ("offer") ",\"from\":\"p001\",\"to\":\"p002\","
                 "\"sdp\":\"v=0\\r\\n\\u0061\\/\",\"candidates\":[ {} , 1 ],"
                 "\"identity\":{\"a\" : 1},\"session\":\"s-1\","
                 "\"generation\":3}",
  HEAD ("answer") ",\"from\":\"p002\",\"to\":\"p001\",\"sdp\":\"v=0\","
                  "\"candidates\":[],\"identity\":\"sig\",\"session\":\"s-1\","
                  "\"generation\":0}",
  HEAD ("candidate") ",\"from\":\"p001\",\"to\":\"p002\",\"candidate\":"
                     "\"candidate:1 1 UDP 2 10.0.0.1 9 typ host\","
                     "\"sdpMLineIndex\":0,\"sdpMid\":\"audio0\","
                     "\"session\":\"s-1\",\"generation\":3}",
  HEAD ("candidate") ",\"from\":\"p001\",\"to\":\"p002\",\"candidate\":\"\"}",
  HEAD ("restart") ",\"to\":\"p001\",\"reason\":\"ice\",\"nonce\":\"bg==\"}",
  HEAD ("chat") ",\"from\":\"p001\",\"text\":\"h\xc3\xa4llo \\\"you\\\"\"}",
  HEAD ("chat") ",\"from\":\"p001\",\"to\":\"p002\",\"id\":\"u-1\","
                "\"text\":\"two\\n\\u0009lines\","
                "\"time\":\"2026-11-20T10:00:00Z\",\"private\":true}",
  HEAD ("presence") ",\"from\":\"p001\",\"status\":\"busy\"}",
  HEAD ("presence") ",\"from\":\"p001\",\"status\":\"\",\"audio\":false,"
                    "\"video\":true}",
  HEAD ("hand") ",\"from\":\"p001\",\"raised\":true}",
  HEAD ("reaction") ",\"from\":\"p001\",\"reaction\":\"❤️\"}",
  HEAD ("mute-request") ",\"from\":\"p001\",\"to\":\"p002\"}",
  HEAD ("mute-request") ",\"to\":\"p002\",\"audio\":true,\"video\":false}",
  HEAD ("kick") ",\"to\":\"p002\"}",
  HEAD ("unban") ",\"id\":\"p002\"}",
  HEAD ("lock") ",\"locked\":true}",
  HEAD ("bye") ",\"reason\":\"done\"}",
  HEAD ("ice-servers") "}",
  HEAD ("ice-servers") ",\"to\":\"p002\",\"iceServers\":["
                       "{\"urls\":[\"turn:h:3478\"],\"username\":\"17:a\","
                       "\"credential\":\"p\"}],"
                       "\"iceTransportPolicy\":\"relay\","
                       "\"iceExpiresIn\":43200}",
  HEAD ("ice-servers") ",\"iceServers\":[]}",
  HEAD ("hello") ",\"sfu\":true,\"callType\":\"video\"}",
  HEAD ("sfu") "}",
  HEAD ("sfu") ",\"to\":\"p002\",\"active\":true,"
               "\"path\":\"/sfu?ticket=t-1\",\"room\":9007199254740991}",
  HEAD ("sfu") ",\"to\":\"p002\",\"active\":false}",
  HEAD ("sfu") ",\"to\":\"p002\",\"active\":true,\"path\":\"/sfu?ticket=t-1\","
               "\"room\":1,\"with\":[\"p001\",\"p003\"]}",
  HEAD ("sfu-pair") ",\"from\":\"p001\",\"to\":\"p002\",\"active\":true}",
  HEAD ("sfu-heard") ",\"from\":\"p001\",\"to\":\"p002\",\"heard\":true}",
  HEAD ("error") ",\"code\":\"UNROUTABLE\",\"message\":\"p009 is not here\","
                 "\"inReplyTo\":7}",
};

GST_START_TEST (test_every_type_round_trips)
{
  guint32 seen = 0;

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmSignal) signal = parse (vectors[i], &error);
    g_autofree gchar *text = NULL;

    g_assert_no_error (error);
    fail_unless_equals_int64 (signal->seq, 1);
    seen |= 1u << signal->type;
    text = format (signal);
    fail_unless_equals_string (text, vectors[i]);
  }
  seen |= 1u << VM_SIGNAL_ACK; /* below */
  fail_unless_equals_int (seen, (1u << VM_SIGNAL_N_TYPES) - 1);
}

GST_END_TEST;

/* What belongs to one socket alone (protocol/signalling.md#resume). */
static const gchar *const unnumbered[] = {
  "{\"type\":\"hello\",\"ack\":0,\"resume\":\"t-1\",\"lastSeq\":7,"
  "\"callType\":\"video\"}",
  "{\"type\":\"welcome\",\"ack\":0,\"id\":\"p002\",\"resume\":\"t-2\","
  "\"resumed\":true,\"locked\":false,\"participants\":[]}",
  "{\"type\":\"ack\",\"ack\":0}",
};

GST_START_TEST (test_without_a_number)
{
  gpointer state = dialect->state_new ();

  for (guint i = 0; i < G_N_ELEMENTS (unnumbered); i++) {
    g_autoptr (VmSignal) signal = parse_with (state, unnumbered[i], NULL);
    g_autofree gchar *text = NULL;

    fail_unless (signal != NULL, "%s", unnumbered[i]);
    fail_unless_equals_int64 (signal->seq, -1);
    text = format (signal);
    fail_unless_equals_string (text, unnumbered[i]);
    g_bytes_unref (dialect->format (state, signal));
  }
  fail_unless_equals_int64 (dialect->get_sent (state), 0);
  fail_unless_equals_int64 (dialect->get_received (state), 0);
  dialect->state_free (state);
}

GST_END_TEST;

/* A message that cannot be understood has been received all the same. */
GST_START_TEST (test_bad_messages_count)
{
  const gchar *bad[] = { "{\"type\":\"news\",\"seq\":1}",
    "{\"type\":\"offer\",\"seq\":2}", "{\"seq\":3}", "{\"seq\":4" };
  const gint64 counted[] = { 1, 2, 3, 3 };
  gpointer state = dialect->state_new ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    fail_unless (parse_with (state, bad[i], NULL) == NULL);
    fail_unless_equals_int64 (dialect->get_received (state), counted[i]);
  }
  dialect->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_resume_fields)
{
  g_autofree gchar *longest = g_strnfill (VM_SIGNAL_TOKEN_MAX, 't');
  g_autofree gchar *ok =
      g_strdup_printf ("{\"type\":\"hello\",\"resume\":\"%s\"}", longest);
  g_autofree gchar *over =
      g_strdup_printf ("{\"type\":\"hello\",\"resume\":\"%st\"}", longest);
  g_autoptr (VmSignal) signal = parse (ok, NULL);

  fail_unless (signal != NULL);
  fail_unless_equals_int64 (signal->last_seq, -1);
  fail_unless (parse (over, NULL) == NULL);
  fail_unless (parse ("{\"type\":\"hello\",\"resume\":1}", NULL) == NULL);
  fail_unless (parse ("{\"type\":\"hello\",\"lastSeq\":-1}", NULL) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_seq_and_ack)
{
  gpointer state = dialect->state_new ();
  const gint64 seqs[] = { 4, 9, 7 }, acks[] = { 4, 9, 9 };

  for (guint i = 0; i < G_N_ELEMENTS (seqs); i++) {
    g_autofree gchar *text = g_strdup_printf (
        "{\"type\":\"bye\",\"seq\":%" G_GINT64_FORMAT "}", seqs[i]);
    g_autofree gchar *wanted = g_strdup_printf ("{\"type\":\"bye\",\"seq\":%u,"
                                                "\"ack\":%" G_GINT64_FORMAT "}",
        i + 1, acks[i]);
    g_autoptr (VmSignal) in = parse_with (state, text, NULL);
    g_autoptr (VmSignal) out = vm_signal_new (VM_SIGNAL_BYE);
    g_autoptr (GBytes) bytes = dialect->format (state, out);

    fail_unless_equals_int64 (in->seq, seqs[i]);
    fail_unless_equals_int (g_bytes_get_size (bytes), strlen (wanted));
    fail_unless (
        memcmp (g_bytes_get_data (bytes, NULL), wanted, strlen (wanted)) == 0);
  }
  dialect->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_unknown_fields_are_ignored)
{
  g_autoptr (VmSignal) signal = parse (
      "{\"new\":[1,{}],\"type\":\"bye\",\"sdp\":5,\"reason\":null}", NULL);

  fail_unless (signal != NULL);
  fail_unless (signal->reason == NULL);
  fail_unless_equals_int64 (signal->seq, -1);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  const gchar *bad[] = { "", "{}", "[]", "{\"type\":\"dance\"}",
    "{\"type\":null}", "{\"type\":1}", "{\"type\":\"offer\"}",
    "{\"type\":\"offer\",\"sdp\":null}", "{\"type\":\"offer\",\"sdp\":{}}",
    "{\"type\":\"offer\",\"sdp\":\"\",\"candidates\":{}}",
    "{\"type\":\"offer\",\"sdp\":\"\",\"identity\":[]}",
    "{\"type\":\"offer\",\"sdp\":\"\",\"generation\":-1}",
    "{\"type\":\"offer\",\"sdp\":\"\",\"generation\":1.5}",
    "{\"type\":\"offer\",\"sdp\":\"\",\"generation\":99999999999}",
    "{\"type\":\"candidate\",\"sdpMid\":\"0\"}",
    "{\"type\":\"candidate\",\"candidate\":\"\",\"sdpMLineIndex\":1024}",
    "{\"type\":\"chat\"}", "{\"type\":\"chat\",\"text\":\"a\\u0000b\"}",
    "{\"type\":\"chat\",\"text\":\"a\\u0007b\"}",
    "{\"type\":\"chat\",\"text\":\"a\\u009bb\"}",
    "{\"type\":\"presence\",\"audio\":1}",
    "{\"type\":\"mute-request\",\"video\":\"yes\"}", "{\"type\":\"hand\"}",
    "{\"type\":\"hand\",\"raised\":1}", "{\"type\":\"lock\"}",
    "{\"type\":\"reaction\"}",
    "{\"type\":\"reaction\",\"reaction\":\"123456789\"}",
    "{\"type\":\"reaction\",\"reaction\":\"a\\u0007\"}",
    "{\"type\":\"hello\",\"sfu\":1}", "{\"type\":\"sfu\",\"active\":1}",
    "{\"type\":\"sfu\",\"path\":{}}", "{\"type\":\"sfu-heard\"}",
    "{\"type\":\"sfu\",\"room\":9007199254740992}",
    "{\"type\":\"sfu-heard\",\"heard\":\"yes\"}",
    "{\"type\":\"participant-state\"}", "{\"type\":\"participant-left\"}",
    "{\"type\":\"participant-joined\"}",
    "{\"type\":\"hello\",\"callType\":\"smell\"}",
    "{\"type\":\"hello\",\"nonce\":5}", "{\"type\":\"welcome\"}",
    "{\"type\":\"welcome\",\"id\":\"p1\",\"participants\":[1]}",
    "{\"type\":\"welcome\",\"id\":\"p1\",\"participants\":[{}]}",
    "{\"type\":\"meeting-state\",\"roster\":[1]}",
    "{\"type\":\"meeting-state\",\"roster\":{}}",
    "{\"type\":\"meeting-state\",\"barred\":{}}",
    "{\"type\":\"meeting-state\",\"barred\":[\"p003\"]}",
    "{\"type\":\"meeting-state\",\"barred\":[{\"deviceId\":\"E\"}]}",
    "{\"type\":\"meeting-state\",\"barred\":[{\"id\":\"p003\","
    "\"seconds\":-1}]}",
    "{\"type\":\"bye\",\"seq\":-1}", "{\"type\":\"bye\",\"seq\":\"1\"}",
    "{\"type\":\"bye\",\"to\":1}", "{\"type\":\"bye\",\"to\":\"a\\nb\"}",
    "{\"type\":\"bye\",\"seq\":9007199254740992}" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (parse (bad[i], &error) == NULL, "%s", bad[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_bad_error_is_still_an_error)
{
  g_autoptr (VmSignal) signal =
      parse ("{\"type\":\"error\",\"code\":7,\"seq\":\"x\"}", NULL);

  fail_unless (signal != NULL);
  fail_unless_equals_int (signal->type, VM_SIGNAL_ERROR);
}

GST_END_TEST;

/* @n times @piece as the value of @key in a message of @type. */
static gboolean
parses (const gchar *type, const gchar *key, const gchar *piece, gsize n)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (VmSignal) signal = NULL;

  g_string_printf (text, "{\"type\":\"%s\",\"%s\":\"", type, key);
  for (gsize i = 0; i < n; i++)
    g_string_append (text, piece);
  g_string_append (text, "\"}");
  signal = parse (text->str, NULL);
  return signal != NULL;
}

GST_START_TEST (test_limits)
{
  const struct
  {
    const gchar *type, *key;
    gsize max;
  } limits[] = { { "offer", "sdp", VM_SIGNAL_SDP_MAX },
    { "answer", "sdp", VM_SIGNAL_SDP_MAX },
    { "chat", "text", VM_SIGNAL_CHAT_MAX },
    { "candidate", "candidate", VM_SIGNAL_CANDIDATE_MAX },
    { "presence", "status", VM_SIGNAL_NAME_MAX },
    { "hello", "user", VM_SIGNAL_NAME_MAX },
    { "hello", "device", VM_SIGNAL_NAME_MAX },
    { "hello", "nonce", VM_SIGNAL_NONCE_MAX },
    { "sfu", "path", VM_SIGNAL_PATH_MAX }, { "bye", "to", VM_SIGNAL_ID_MAX } };

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++) {
    gsize max = limits[i].max;

    fail_unless (parses (limits[i].type, limits[i].key, "x", max - 1));
    fail_unless (parses (limits[i].type, limits[i].key, "x", max));
    fail_if (parses (limits[i].type, limits[i].key, "x", max + 1));
    /* bytes of UTF-8 are counted, however they are written */
    fail_unless (parses (limits[i].type, limits[i].key, "\xc3\xa4", max / 2));
    fail_if (parses (limits[i].type, limits[i].key, "\xc3\xa4", max / 2 + 1));
    fail_unless (parses (limits[i].type, limits[i].key, "\\u00e4", max / 2));
    fail_if (parses (limits[i].type, limits[i].key, "\\u00e4", max / 2 + 1));
  }
}

GST_END_TEST;

GST_START_TEST (test_made_here)
{
  g_autoptr (VmSignal) offer = vm_signal_new (VM_SIGNAL_OFFER);
  g_autoptr (VmSignal) read = NULL;
  g_autofree gchar *text = NULL, *sdp = NULL, *session = NULL;

  vm_signal_set_text (offer, &offer->sdp, "v=0\r\ns=\"x\"\r\n");
  vm_signal_set_text (offer, &offer->session, "s-1");
  offer->generation = 0;
  offer->to = g_strdup ("p002");
  text = format (offer);
  read = parse (text, NULL);
  sdp = vm_span_to_string (read->sdp);
  session = vm_span_to_string (read->session);
  fail_unless_equals_string (sdp, "v=0\r\ns=\"x\"\r\n");
  fail_unless_equals_string (session, "s-1");
  fail_unless_equals_int64 (read->generation, 0);
}

GST_END_TEST;

GST_START_TEST (test_errors)
{
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_UNROUTABLE, "p009 is not here");
  g_autoptr (VmSignal) signal = vm_signal_new_error (error, 7);
  g_autoptr (VmSignal) unknown =
      parse ("{\"type\":\"error\",\"code\":\"NEW\",\"message\":\"m\"}", NULL);
  g_autoptr (GError) back = vm_signal_get_error (signal);
  g_autoptr (GError) other = vm_signal_get_error (unknown);
  g_autofree gchar *text = format (signal);

  fail_unless_equals_string (text, vectors[G_N_ELEMENTS (vectors) - 1]);
  g_assert_error (back, VM_ERROR, VM_ERROR_UNROUTABLE);
  g_assert_error (other, VM_ERROR, VM_ERROR_FAILED);
  fail_unless_equals_string (other->message, "m");
}

GST_END_TEST;

static gchar *
state_with (guint revoked, guint signature)
{
  GString *text = g_string_new ("{\"type\":\"meeting-state\",\"revoked\":[");
  g_autofree gchar *sig = g_strnfill (signature, 'A');

  for (guint i = 0; i < revoked; i++)
    g_string_append (text, i ? ",\"x\"" : "\"x\"");
  g_string_append_printf (text, "],\"signature\":\"%s\"}", sig);
  return g_string_free (text, FALSE);
}

static gchar *
state_with_bars (guint n)
{
  GString *text = g_string_new ("{\"type\":\"meeting-state\",\"barred\":[");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text,
        "%s{\"id\":\"p\",\"deviceId\":\"E\",\"address\":\"h\",\"seconds\":1}",
        i ? "," : "");
  g_string_append (text, "]}");
  return g_string_free (text, FALSE);
}

static gchar *
joined_with (guint token)
{
  g_autofree gchar *pem = g_strnfill (token, 'A');

  return g_strdup_printf (
      "{\"type\":\"participant-joined\",\"id\":\"p2\",\"token\":\"%s\"}", pem);
}

static void
check_limit (gchar *at, gchar *above)
{
  g_autofree gchar *good = at;
  g_autofree gchar *bad = above;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal = parse (good, &error);

  g_assert_no_error (error);
  fail_unless (parse (bad, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
}

GST_START_TEST (test_limits_of_trust)
{
  check_limit (state_with (VM_SIGNAL_REVOKED_MAX, 0),
      state_with (VM_SIGNAL_REVOKED_MAX + 1, 0));
  check_limit (state_with_bars (VM_SIGNAL_BARRED_MAX - 1),
      state_with_bars (VM_SIGNAL_BARRED_MAX + 1));
  check_limit (state_with_bars (VM_SIGNAL_BARRED_MAX),
      state_with_bars (VM_SIGNAL_BARRED_MAX + 1));
  check_limit (state_with (VM_SIGNAL_REVOKED_MAX - 1, VM_SIGNAL_SIGNATURE_MAX),
      state_with (0, VM_SIGNAL_SIGNATURE_MAX + 1));
  check_limit (joined_with (VM_SIGNAL_TOKEN_PEM_MAX),
      joined_with (VM_SIGNAL_TOKEN_PEM_MAX + 1));
  check_limit (joined_with (VM_SIGNAL_TOKEN_PEM_MAX - 1),
      g_strdup ("{\"type\":\"participant-joined\",\"id\":\"p2\","
                "\"token\":\"a\\u0007\"}"));
}

GST_END_TEST;

static VmSignal *
parse_relayed (gsize size)
{
  const gchar text[] = "{\"type\":\"presence\",\"status\":\"busy\"}";
  const VmDialect *client = &vm_dialect_native_client;
  gpointer state = client->state_new ();
  gchar *data = g_malloc (size);
  g_autoptr (GBytes) bytes = g_bytes_new_take (data, size);
  VmSignal *signal;

  memset (data, ' ', size);
  memcpy (data, text, sizeof text - 1);
  signal = client->parse (state, bytes, NULL);
  client->state_free (state);
  return signal;
}

/* Of a server, which hands on more than it takes. */
GST_START_TEST (test_longest_relayed)
{
  for (guint below = 0; below < 2; below++) {
    g_autoptr (VmSignal) signal = parse_relayed (VM_JSON_SIZE_MAX - below);

    fail_unless (signal && signal->type == VM_SIGNAL_PRESENCE);
  }
  fail_unless (parse_relayed (VM_JSON_SIZE_MAX + 1) == NULL);
}

GST_END_TEST;

/* A token has lines. */
GST_START_TEST (test_token)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal =
      parse ("{\"type\":\"welcome\",\"id\":\"p1\",\"participants\":["
             "{\"id\":\"p2\",\"token\":\"a\\nb\\n\"}]}",
          &error);
  const VmSignalParticipant *who;

  g_assert_no_error (error);
  who = g_ptr_array_index (signal->participants, 0);
  fail_unless_equals_string (who->token, "a\nb\n");
}

GST_END_TEST;

static Suite *
native_suite (void)
{
  Suite *s = suite_create ("native");
  TCase *tc = tcase_create ("dialect");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_every_type_round_trips);
  tcase_add_test (tc, test_without_a_number);
  tcase_add_test (tc, test_bad_messages_count);
  tcase_add_test (tc, test_resume_fields);
  tcase_add_test (tc, test_seq_and_ack);
  tcase_add_test (tc, test_unknown_fields_are_ignored);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_a_bad_error_is_still_an_error);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_limits_of_trust);
  tcase_add_test (tc, test_longest_relayed);
  tcase_add_test (tc, test_token);
  tcase_add_test (tc, test_made_here);
  tcase_add_test (tc, test_errors);
  return s;
}

CHECK_PROGRAM (native)
