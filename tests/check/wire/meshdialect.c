/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The mesh dialect, against the tables of protocol/mesh.md#mesh-messages: what
 * is read of a client, and what it is told, member by member. */

#include "program.h"

#include <gst/videomeet/wire/mesh/mesh.h>
#include <string.h>

#define ENVELOPE "\"id\":\"m-1\",\"timestamp\":\"2026-01-02T03:04:05Z\","
#define OUT(type, to, payload)                                              \
  "{\"type\":\"" type "\",\"id\":\"m-2\",\"timestamp\":\"2026-01-02T03:04:" \
  "05Z\",\"from\":\"server\",\"to\":\"" to "\",\"payload\":" payload "}"

static const VmMeshEnvelope envelope = { "m-2", "2026-01-02T03:04:05Z",
  "server", "peer-a" };

static VmRoomPeers *peers;

static void
setup (void)
{
  peers = vm_room_peers_new ();
  vm_room_peers_add (peers, "p001", NULL);
  vm_room_peers_add (peers, "p002", "peer-b");
}

static void
teardown (void)
{
  vm_room_peers_free (peers);
}

static VmMeshMessage *
parse (const gchar *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autofree gchar *id = NULL;

  return vm_mesh_read (peers, bytes, &id, error);
}

/* A message of @type with @payload. */
static VmMeshMessage *
take (const gchar *type, const gchar *payload)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"%s\"," ENVELOPE "\"payload\":%s}", type, payload);
  g_autoptr (GError) error = NULL;
  VmMeshMessage *message = parse (text, &error);

  g_assert_no_error (error);
  return message;
}

static void
bad (const gchar *type, const gchar *payload)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"%s\"," ENVELOPE "\"payload\":%s}", type, payload);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;
  g_autofree gchar *id = NULL;

  fail_unless (vm_mesh_read (peers, bytes, &id, &error) == NULL, "%s", text);
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  fail_unless_equals_string (id, "m-1");
}

static void
writes (GBytes *bytes, const gchar *wanted)
{
  g_autofree gchar *text = NULL;

  fail_unless (bytes != NULL);
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  fail_unless_equals_string (text, wanted);
  g_bytes_unref (bytes);
}

/* protocol/mesh.md#mesh-messages */
GST_START_TEST (test_hello)
{
  g_autoptr (VmMeshMessage) client =
      take ("system.hello", "{\"peer_type\":\"client\",\"version\":\"1.2.3\"}");
  g_autoptr (VmMeshMessage) agent = take ("system.hello",
      "{\"peer_type\":\"agent\",\"version\":\"0.1.0\",\"device_id\":\"dev-a\","
      "\"fingerprint\":\"AB:CD\",\"endpoints\":["
      "{\"ip\":\"192.0.2.1\",\"port\":45432},{\"ip\":\"2001:db8::1\","
      "\"port\":1}]}");
  const VmMeshEndpoint *endpoint = g_ptr_array_index (agent->endpoints, 0);

  fail_unless_equals_int (client->type, VM_MESH_HELLO);
  fail_if (client->agent);
  fail_unless_equals_string (client->version, "1.2.3");
  fail_unless (agent->agent);
  fail_unless_equals_string (agent->device_id, "dev-a");
  fail_unless_equals_string (agent->fingerprint, "AB:CD");
  fail_unless_equals_int (agent->endpoints->len, 2);
  fail_unless_equals_string (endpoint->ip, "192.0.2.1");
  fail_unless_equals_int (endpoint->port, 45432);

  bad ("system.hello", "{}");
  bad ("system.hello", "{\"peer_type\":\"server\"}");
  bad ("system.hello", "{\"peer_type\":\"agent\"}");
  bad ("system.hello",
      "{\"peer_type\":\"agent\",\"device_id\":\"dev\\u202ea\"}");
  bad ("system.hello", "{\"peer_type\":\"client\",\"version\":1}");
  bad ("system.hello", "{\"peer_type\":\"client\",\"endpoints\":[{\"ip\":"
                       "\"here\",\"port\":1}]}");
  bad ("system.hello", "{\"peer_type\":\"client\",\"endpoints\":["
                       "{\"ip\":\"192.0.2.1\",\"port\":65536}]}");
  bad ("system.hello", "{\"peer_type\":\"client\",\"endpoints\":["
                       "{\"ip\":\"192.0.2.1\"}]}");
  bad ("system.hello", "{\"peer_type\":\"client\",\"endpoints\":[5]}");
  bad ("system.hello", "{\"peer_type\":\"client\",\"endpoints\":{}}");
}

GST_END_TEST;

GST_START_TEST (test_limits_of_hello)
{
  for (gint more = -1; more <= 1; more++) {
    g_autoptr (GString) text = g_string_new (
        "{\"peer_type\":\"agent\",\"device_id\":\"d\",\"endpoints\":[");
    g_autofree gchar *print = g_strnfill (VM_MESH_FINGERPRINT_MAX + more, 'a');
    g_autofree gchar *long_print = g_strdup_printf (
        "{\"peer_type\":\"agent\",\"device_id\":\"d\",\"fingerprint\":\"%s\"}",
        print);

    for (gint i = 0; i < VM_MESH_ENDPOINTS_MAX + more; i++)
      g_string_append_printf (
          text, "%s{\"ip\":\"192.0.2.1\",\"port\":%d}", i ? "," : "", i + 1);
    g_string_append (text, "]}");
    if (more > 0) {
      bad ("system.hello", text->str);
      bad ("system.hello", long_print);
    } else {
      vm_mesh_message_free (take ("system.hello", text->str));
      vm_mesh_message_free (take ("system.hello", long_print));
    }
  }
}

GST_END_TEST;

/* protocol/mesh.md#instance */
GST_START_TEST (test_instance)
{
#define HELLO \
  "{\"peer_type\":\"agent\",\"device_id\":\"dev-a\",\"instance\":\"%s\"}"
  static const gchar *const others[] = { "a/b", "a-b", "a b", "a.b",
    "\303\251" };

  for (gint more = -1; more <= 1; more++) {
    g_autofree gchar *word = g_strnfill (VM_MESH_INSTANCE_MAX + more, 'x');
    g_autofree gchar *text = g_strdup_printf (HELLO, word);

    if (more > 0) {
      bad ("system.hello", text);
    } else {
      g_autoptr (VmMeshMessage) agent = take ("system.hello", text);

      fail_unless_equals_string (agent->instance, word);
    }
  }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autofree gchar *text = g_strdup_printf (HELLO, others[i]);

    bad ("system.hello", text);
  }
#undef HELLO
}

GST_END_TEST;

/* protocol/mesh.md#mesh-messages */
GST_START_TEST (test_room_presence_and_chat)
{
  g_autoptr (VmMeshMessage) join =
      take ("room.join", "{\"room_id\":\"room 1\"}");
  g_autoptr (VmMeshMessage) presence = take (
      "presence.update", "{\"peer_id\":\"peer-x\",\"status\":\"sharing\"}");
  g_autoptr (VmMeshMessage) chat = take ("chat.message.send",
      "{\"room_id\":\"room 1\",\"content\":\"hello\\nyou\"}");

  fail_unless_equals_int (join->type, VM_MESH_ROOM_JOIN);
  fail_unless_equals_string (join->room_id, "room 1");
  fail_unless_equals_int (presence->signal->type, VM_SIGNAL_PRESENCE);
  fail_unless_equals_string (presence->signal->status, "sharing");
  fail_unless_equals_int (chat->signal->type, VM_SIGNAL_CHAT);
  fail_unless_equals_string (chat->signal->text, "hello\nyou");
  fail_unless (chat->signal->to == NULL);

  bad ("room.join", "{}");
  bad ("room.join", "{\"room_id\":\"\"}");
  bad ("room.join", "{\"room_id\":\"a\\u0007\"}");
  bad ("presence.update", "{\"status\":\"asleep\"}");
  bad ("presence.update", "{}");
  bad ("chat.message.send", "{\"content\":\"x\"}");
  bad ("chat.message.send", "{\"room_id\":\"r\"}");
  bad ("chat.message.send", "{\"room_id\":\"r\",\"content\":\"\"}");
  bad ("chat.message.send", "{\"room_id\":\"r\",\"content\":\"\\u0001\"}");
}

GST_END_TEST;

/* protocol/mesh.md#mesh-messages */
GST_START_TEST (test_rtc)
{
  g_autoptr (VmMeshMessage) offer = take ("rtc.offer",
      "{\"room_id\":\"r\",\"target_peer_id\":\"peer-b\",\"sdp\":\"v=0\","
      "\"cap_token\":\"t.t.t\"}");
  g_autoptr (VmMeshMessage) answer = take ("rtc.answer",
      "{\"room_id\":\"r\",\"target_peer_id\":\"p001\",\"sdp\":\"v=0\"}");
  g_autoptr (VmMeshMessage) ice = take ("rtc.ice",
      "{\"room_id\":\"r\",\"target_peer_id\":\"peer-b\",\"candidate\":"
      "{\"candidate\":\"c\",\"sdpMid\":\"0\"},\"cap_token\":\"t.t.t\"}");
  g_autoptr (VmMeshMessage) end = take ("rtc.ice",
      "{\"room_id\":\"r\",\"target_peer_id\":\"peer-b\",\"candidate\":null}");
  g_autofree gchar *session = vm_span_to_string (offer->signal->session);
  g_autofree gchar *same = vm_span_to_string (ice->signal->session);

  fail_unless_equals_string (offer->cap_token, "t.t.t");
  fail_unless_equals_string (offer->signal->to, "p002");
  fail_unless_equals_int (offer->signal->type, VM_SIGNAL_OFFER);
  fail_unless_equals_int64 (offer->signal->generation, 1);
  fail_unless_equals_string (session, same);
  fail_unless_equals_string (answer->signal->to, "p001");
  fail_unless (answer->cap_token == NULL);
  fail_unless_equals_int (ice->signal->type, VM_SIGNAL_CANDIDATE);
  fail_unless_equals_int (vm_span_string_size (end->signal->candidate), 0);

  bad ("rtc.offer", "{\"room_id\":\"r\",\"sdp\":\"v=0\"}");
  bad ("rtc.offer", "{\"target_peer_id\":\"peer-b\",\"sdp\":\"v=0\"}");
  bad ("rtc.offer", "{\"room_id\":\"r\",\"target_peer_id\":\"peer-b\"}");
  bad ("rtc.offer",
      "{\"room_id\":\"r\",\"target_peer_id\":\"peer-b\",\"sdp\":\"\"}");
  bad ("rtc.answer",
      "{\"room_id\":\"r\",\"target_peer_id\":\"peer-b\",\"sdp\":{}}");
  bad ("rtc.ice", "{\"room_id\":\"r\",\"target_peer_id\":\"peer-b\"}");
  bad ("rtc.ice",
      "{\"room_id\":\"r\",\"target_peer_id\":\"peer-b\",\"candidate\":\"c\"}");
  bad ("rtc.offer", "{\"room_id\":\"r\",\"target_peer_id\":\"peer-b\","
                    "\"sdp\":\"v=0\",\"cap_token\":7}");
}

GST_END_TEST;

GST_START_TEST (test_limits_of_sdp)
{
  for (gint more = -1; more <= 1; more++) {
    g_autofree gchar *sdp = g_strnfill (VM_SIGNAL_SDP_MAX + more, 'a');
    g_autofree gchar *payload = g_strdup_printf (
        "{\"room_id\":\"r\",\"target_peer_id\":\"peer-b\",\"sdp\":\"%s\"}",
        sdp);

    if (more > 0)
      bad ("rtc.offer", payload);
    else
      vm_mesh_message_free (take ("rtc.offer", payload));
  }
}

GST_END_TEST;

/* What the payload lacks, the envelope's address says. */
GST_START_TEST (test_address_of_the_envelope)
{
  g_autoptr (VmMeshMessage) one =
      parse ("{\"type\":\"rtc.offer\",\"to\":\"peer-b\",\"from\":\"whoever\","
             "\"payload\":{\"room_id\":\"r\",\"sdp\":\"v=0\"},\"more\":1}",
          NULL);
  g_autoptr (VmMeshMessage) two = parse (
      "{\"type\":\"rtc.offer\",\"to\":\"p001\",\"payload\":{\"room_id\":\"r\","
      "\"target_peer_id\":\"peer-b\",\"sdp\":\"v=0\"}}",
      NULL);

  fail_unless_equals_string (one->signal->to, "p002");
  fail_unless_equals_string (two->signal->to, "p002");
}

GST_END_TEST;

/* protocol/mesh.md#quic-sessions, protocol/mesh.md#terminal-control */
GST_START_TEST (test_agents)
{
  const gchar *kinds[] = { "file", "folder", "terminal" };
  g_autoptr (VmMeshMessage) take_it = take ("terminal.control.take",
      "{\"room_id\":\"r\",\"target_device_id\":\"dev-b\",\"cap_token\":\"t\"}");
  g_autoptr (VmMeshMessage) release = take ("terminal.control.release",
      "{\"room_id\":\"r\",\"target_device_id\":\"dev-b\"}");
  g_autoptr (VmMeshMessage) done =
      take ("share.completed", "{\"room_id\":\"r\",\"session_id\":\"s\"}");
  g_autoptr (VmMeshMessage) started =
      take ("terminal.share.started", "{\"room_id\":\"r\"}");

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree gchar *payload = g_strdup_printf (
        "{\"room_id\":\"r\",\"target_device_id\":\"dev-b\",\"kind\":\"%s\","
        "\"cap_token\":\"t\",\"meta\":{\"name\":\"a.txt\",\"size\":123}}",
        kinds[i]);
    g_autoptr (VmMeshMessage) request = take ("p2p.session.request", payload);

    fail_unless_equals_int (request->kind, i);
    fail_unless_equals_string (vm_mesh_kind_to_string (i), kinds[i]);
    fail_unless_equals_int64 (request->size, 123);
    fail_unless_equals_string (request->target_device_id, "dev-b");
  }
  fail_unless_equals_int (take_it->type, VM_MESH_TERMINAL_TAKE);
  fail_unless_equals_int (release->type, VM_MESH_TERMINAL_RELEASE);
  fail_unless_equals_string (done->session_id, "s");
  fail_unless_equals_int (started->type, VM_MESH_TERMINAL_STARTED);

  bad ("p2p.session.request",
      "{\"room_id\":\"r\",\"target_device_id\":\"d\",\"kind\":\"disk\"}");
  bad ("p2p.session.request", "{\"room_id\":\"r\",\"kind\":\"file\"}");
  bad ("p2p.session.request", "{\"room_id\":\"r\",\"target_device_id\":\"d\","
                              "\"kind\":\"file\",\"meta\":{\"size\":-1}}");
  bad ("terminal.control.take", "{\"room_id\":\"r\"}");
  bad ("share.completed", "{}");
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_message)
{
  const gchar *texts[] = { "", "[]", "5", "{}", "{\"type\":5}",
    "{\"type\":\"dance\",\"payload\":{}}", "{\"type\":\"room.join\"}",
    "{\"type\":\"room.join\",\"payload\":[]}",
    "{\"type\":\"room.joined\",\"payload\":{}}",
    "{\"type\":\"room.join\",\"id\":5,\"payload\":{\"room_id\":\"r\"}}" };
  g_autoptr (VmMeshMessage) error_message =
      parse ("{\"type\":\"error\",\"payload\":5}", NULL);

  /* an error is never answered, so it is never wrong */
  fail_unless_equals_int (error_message->type, VM_MESH_ERROR);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (parse (texts[i], &error) == NULL, "%s", texts[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

/* protocol/mesh.md#mesh-messages, protocol/mesh.md#codes */
GST_START_TEST (test_writing)
{
  g_autoptr (GError) full =
      g_error_new (VM_ERROR, VM_ERROR_MEETING_FULL, "No seat");
  g_autoptr (GError) missing =
      g_error_new (VM_ERROR, VM_ERROR_MEETING_NOT_FOUND, "No room");
  g_autoptr (GError) expired =
      g_error_new (VM_ERROR, VM_ERROR_CAP_EXPIRED, "Capability token expired");
  g_autoptr (GError) foreign = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "x");

  writes (vm_mesh_write_welcome (&envelope, "peer-a", "user-a"),
      OUT ("system.welcome", "peer-a",
          "{\"peer_id\":\"peer-a\",\"user_id\":\"user-a\"}"));
  writes (vm_mesh_write_joined (&envelope, "room 1",
              &(VmMeshJoined){ .peer_id = "peer-b", .role = "member" }),
      OUT ("room.joined", "peer-a",
          "{\"peer_id\":\"peer-b\",\"role\":\"member\","
          "\"room_id\":\"room 1\"}"));
  writes (vm_mesh_write_presence (&envelope, "peer-b", "busy"),
      OUT ("presence.update", "peer-a",
          "{\"peer_id\":\"peer-b\",\"status\":\"busy\"}"));
  writes (vm_mesh_write_error (&envelope, expired, "m-1"),
      OUT ("error", "peer-a",
          "{\"code\":\"CAP_EXPIRED\",\"message\":\"Capability token expired\","
          "\"in_reply_to\":\"m-1\"}"));
  writes (vm_mesh_write_error (&envelope, full, NULL),
      OUT ("error", "peer-a",
          "{\"code\":\"ROOM_FULL\",\"message\":\"No seat\"}"));
  fail_unless_equals_string (vm_mesh_code (missing), "ROOM_NOT_FOUND");
  fail_unless_equals_string (vm_mesh_code (foreign), "FAILED");
}

GST_END_TEST;

/* protocol/mesh.md#mesh-messages: from a mesh client, from a page of the room
 * dialect, from a device. */
GST_START_TEST (test_writing_signals)
{
  const VmMeshEnvelope from = { "m-2", "2026-01-02T03:04:05Z", "peer-b",
    "peer-a" };
  g_autoptr (VmSignal) chat = vm_signal_new (VM_SIGNAL_CHAT);
  g_autoptr (VmSignal) offer = vm_signal_new (VM_SIGNAL_OFFER);
  g_autoptr (VmSignal) candidate = vm_signal_new (VM_SIGNAL_CANDIDATE);
  g_autoptr (VmSignal) end = vm_signal_new (VM_SIGNAL_CANDIDATE);
  g_autoptr (VmSignal) hand = vm_signal_new (VM_SIGNAL_HAND);
  g_autofree gchar *session = NULL;

#define FROM(type, payload)                                                 \
  "{\"type\":\"" type "\",\"id\":\"m-2\",\"timestamp\":\"2026-01-02T03:04:" \
  "05Z\",\"from\":\"peer-b\",\"to\":\"peer-a\",\"payload\":" payload "}"
  chat->id = g_strdup ("c-1");
  chat->text = g_strdup ("hello");
  writes (vm_mesh_write_signal (&from, peers, "r", chat),
      FROM ("chat.message.created",
          "{\"message_id\":\"c-1\",\"from\":\"peer-b\","
          "\"content\":\"hello\"}"));
  offer->from = g_strdup ("p002");
  offer->generation = 4;
  vm_signal_set_text (offer, &offer->sdp, "v=0\r\n");
  vm_signal_set_text (offer, &offer->session, "s-1");
  writes (vm_mesh_write_signal (&from, peers, "r", offer),
      FROM ("rtc.offer", "{\"room_id\":\"r\",\"target_peer_id\":\"peer-a\","
                         "\"sdp\":\"v=0\\r\\n\"}"));
  candidate->from = g_strdup ("p002");
  vm_signal_set_text (candidate, &candidate->candidate, "candidate:1");
  candidate->sdp_mline_index = 0;
  writes (vm_mesh_write_signal (&from, peers, "r", candidate),
      FROM ("rtc.ice", "{\"room_id\":\"r\",\"target_peer_id\":\"peer-a\","
                       "\"candidate\":{\"candidate\":\"candidate:1\","
                       "\"sdpMLineIndex\":0}}"));
  end->from = g_strdup ("p002");
  vm_signal_set_text (end, &end->candidate, "");
  fail_unless (vm_mesh_write_signal (&from, peers, "r", end) == NULL);
  fail_unless (vm_mesh_write_signal (&from, peers, "r", hand) == NULL);
  /* the answer belongs to the offer */
  {
    g_autoptr (VmMeshMessage) answer = take ("rtc.answer",
        "{\"room_id\":\"r\",\"target_peer_id\":\"peer-b\",\"sdp\":\"v=0\"}");

    session = vm_span_to_string (answer->signal->session);
    fail_unless_equals_string (session, "s-1");
    fail_unless_equals_int64 (answer->signal->generation, 4);
  }
}

GST_END_TEST;

/* protocol/mesh.md#quic-sessions, protocol/mesh.md#terminal-control */
GST_START_TEST (test_writing_to_agents)
{
  g_autoptr (GPtrArray) a =
      g_ptr_array_new_with_free_func (vm_mesh_endpoint_free);
  g_autoptr (GPtrArray) b =
      g_ptr_array_new_with_free_func (vm_mesh_endpoint_free);
  VmMeshCreated created = { .session_id = "s-1",
    .kind = VM_MESH_FOLDER,
    .expires_in = 180,
    .session_token = "secret",
    .fingerprint = "AB:CD",
    .a = a,
    .b = b };

#define ENDPOINTS                                                  \
  "\"endpoints\":{\"a\":{\"ip\":\"192.0.2.1\",\"port\":45432,"     \
  "\"candidates\":[{\"ip\":\"192.0.2.1\",\"port\":45432,\"type\":" \
  "\"host\"}]},\"b\":{\"ip\":\"192.0.2.2\",\"port\":45433,"        \
  "\"candidates\":[{\"ip\":\"192.0.2.2\",\"port\":45433,\"type\":" \
  "\"srflx\"}]}}}"
  g_ptr_array_add (a, vm_mesh_endpoint_new ("192.0.2.1", 45432, FALSE));
  g_ptr_array_add (b, vm_mesh_endpoint_new ("192.0.2.2", 45433, TRUE));
  writes (vm_mesh_write_created (&envelope, &created),
      OUT ("p2p.session.created", "peer-a",
          "{\"session_id\":\"s-1\",\"kind\":\"folder\",\"expires_in\":180,"
          "\"auth\":{\"session_token\":\"secret\",\"fingerprint\":\"AB:CD\"}"
          "," ENDPOINTS));
  created.cap_token = "t.t.t";
  writes (vm_mesh_write_created (&envelope, &created),
      OUT ("p2p.session.created", "peer-a",
          "{\"session_id\":\"s-1\",\"kind\":\"folder\",\"expires_in\":180,"
          "\"auth\":{\"session_token\":\"secret\",\"fingerprint\":\"AB:CD\","
          "\"cap_token\":\"t.t.t\"}," ENDPOINTS));
  writes (
      vm_mesh_write_terminal (&envelope, "granted", "r", "dev-b", "peer-a", 60),
      OUT ("terminal.control.granted", "peer-a",
          "{\"room_id\":\"r\",\"target_device_id\":\"dev-b\","
          "\"peer_id\":\"peer-a\",\"expires_in\":60}"));
  writes (
      vm_mesh_write_terminal (&envelope, "denied", "r", "dev-b", "peer-b", -1),
      OUT ("terminal.control.denied", "peer-a",
          "{\"room_id\":\"r\",\"target_device_id\":\"dev-b\","
          "\"peer_id\":\"peer-b\"}"));
}

GST_END_TEST;

GST_START_TEST (test_screens)
{
  const struct
  {
    const gchar *sdp;
    gboolean screen;
  } cases[] = {
    { "v=0\r\nm=video 9 X 96\r\na=content:slides\r\n", TRUE },
    { "v=0\nm=audio 9 X 0\nm=video 9 X 96\na=mid:1\na=content:main,slides",
        TRUE },
    { "v=0\r\nm=video 9 X 96\r\na=content:main\r\n", FALSE },
    { "v=0\r\nm=audio 9 X 0\r\na=content:slides\r\n", FALSE },
    { "v=0\r\na=content:slides\r\nm=video 9 X 96\r\n", FALSE },
    { "v=0\r\nm=video 9 X 96\r\na=content:slideshow\r\n", FALSE },
    { "m=video 9 X 96\r\nm=application 9 X\r\na=content:slides\r\n", FALSE },
    { "", FALSE },
    /* a browser says of no picture that it is a screen: it is the second */
    { "v=0\r\nm=video 9 X 96\r\na=sendrecv\r\nm=video 9 X 96\r\n", TRUE },
    { "m=video 9 X 96\r\nm=audio 9 X 0\r\nm=video 9 X 96\r\na=sendonly", TRUE },
    { "m=video 9 X 96\r\nm=video 9 X 96\r\na=recvonly\r\n", FALSE },
    { "m=video 9 X 96\r\na=inactive\r\nm=video 9 X 96\r\n", FALSE },
    { "m=video 9 X 96\r\nm=video 0 X 96\r\na=sendrecv\r\n", FALSE },
    { "m=video 9 X 96\r\nm=video 0 X 96\r\n", FALSE },
    { "v=0\r\na=recvonly\r\nm=video 9 X 96\r\nm=video 9 X 96\r\n", FALSE },
    { "v=0\r\na=recvonly\r\nm=video 9 X 96\r\na=sendonly\r\nm=video 9 X 96\r\n"
      "a=sendonly\r\n",
        TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_OFFER);

    vm_signal_set_text (signal, &signal->sdp, cases[i].sdp);
    fail_unless_equals_int (vm_mesh_has_screen (signal->sdp), cases[i].screen);
  }
  fail_if (vm_mesh_has_screen ((VmSpan){ NULL, 0 }));
}

GST_END_TEST;

static Suite *
meshdialect_suite (void)
{
  Suite *s = suite_create ("meshdialect");
  TCase *tc = tcase_create ("tables");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_hello);
  tcase_add_test (tc, test_limits_of_hello);
  tcase_add_test (tc, test_instance);
  tcase_add_test (tc, test_room_presence_and_chat);
  tcase_add_test (tc, test_rtc);
  tcase_add_test (tc, test_limits_of_sdp);
  tcase_add_test (tc, test_address_of_the_envelope);
  tcase_add_test (tc, test_agents);
  tcase_add_test (tc, test_what_is_no_message);
  tcase_add_test (tc, test_writing);
  tcase_add_test (tc, test_writing_signals);
  tcase_add_test (tc, test_writing_to_agents);
  tcase_add_test (tc, test_screens);
  return s;
}

CHECK_PROGRAM (meshdialect)
