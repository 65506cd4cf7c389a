/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Agents of the mesh: sessions between two of them, which begin once, and whose
 * terminal is controlled by whom (protocol/mesh.md#quic-sessions,
 * protocol/mesh.md#terminal-control). */

#include "support/net/meshclient.h"
#include "trust/keys/vmidentity-priv.h"

#include <glib/gstdio.h>
#include "program.h"

#include <gst/videomeet/server/socket/ws.h>
#include <gst/videomeet/trust/token/capability.h>
#include <gst/videomeet/wire/mesh/meshrecords.h>
#include <string.h>

#define JOINED "{\"peer_id\":\"%s\",\"role\":\"%s\",\"room_id\":\"standup\"}"
#define AGENT                                                       \
  "{\"peer_id\":\"%s\",\"role\":\"agent\",\"room_id\":\"standup\"," \
  "\"user\":\"%s\"}"
#define CONTROL                                                             \
  "{\"room_id\":\"standup\",\"target_device_id\":\"%s\",\"peer_id\":\"%s\"" \
  "}"

/* Ann's and Bob's devices, told of each other. */
static MeshClient *a, *b;

static void
sit (void)
{
  a = mesh_sit ("Ann", "dev-a", 0);
  b = mesh_sit ("Bob", "dev-b", 1);
  mesh_hears (a, "room.joined", AGENT, "dev-b", "Bob");
}

static void
leave (void)
{
  mesh_free (a);
  mesh_free (b);
}

static void
request (MeshClient *client, const gchar *to, const gchar *kind, gint size,
    const gchar *cap)
{
  mesh_say (client, "p2p.session.request",
      "{\"room_id\":\"standup\",\"target_device_id\":\"%s\",\"kind\":\"%s\","
      "\"cap_token\":\"%s\",\"meta\":{\"name\":\"a.txt\",\"size\":%d}}",
      to, kind, cap ? cap : "", size);
}

/* What a side is told: the session, and how it will know the other. */
typedef struct
{
  gchar *id, *token, *print, *cap, *text;
} Created;

static void
created_clear (Created *created)
{
  g_free (created->id);
  g_free (created->token);
  g_free (created->print);
  g_free (created->cap);
  g_free (created->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Created, created_clear)

static void
hear_created (MeshClient *client, Created *created)
{
  VmJsonNode auth;
  VmJson json;

  created->text = mesh_next (client, "p2p.session.created");
  created->id = mesh_text_of (created->text, "session_id");
  fail_unless (
      vm_json_read (&json, created->text, strlen (created->text), NULL));
  auth = vm_json_get (&json, 0, "auth");
  vm_json_get_string (&json, auth, "session_token", 99, &created->token, NULL);
  vm_json_get_string (&json, auth, "fingerprint", 99, &created->print, NULL);
  vm_json_get_string (&json, auth, "cap_token", 4096, &created->cap, NULL);
}

static gboolean
redeem (VmMeshRecords *records, const gchar *id, const gchar *token,
    const gchar *from, gint64 now, gint code)
{
  g_autofree gchar *hello = g_strdup_printf (
      "{\"t\":\"P2P_HELLO\",\"session_id\":\"%s\",\"session_token\":\"%s\","
      "\"from_device_id\":\"%s\"}",
      id, token, from);
  g_autoptr (GError) error = NULL;
  VmMeshKind kind = VM_MESH_N_KINDS;
  gboolean good = vm_mesh_records_redeem (
      records, hello, strlen (hello), now, &kind, &error);

  if (!good)
    g_assert_error (error, VM_ERROR, code);
  fail_unless_equals_int (kind, good ? VM_MESH_FILE : VM_MESH_N_KINDS);
  return good;
}

/* Both are told, each of the other; the target verifies the capability by
 * itself, and takes the session once. */
GST_START_TEST (test_session)
{
  g_autoptr (VmMeshRecords) records = vm_mesh_records_new ();
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  g_auto (Created) at_a = { NULL };
  g_auto (Created) at_b = { NULL };
  g_autoptr (VmCapability) shown = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *cap = NULL;
  VmMeshRecord record;
  VmCapabilityUse use;

  sit ();
  cap = mesh_mint (a, "\"share:file\"", ",\"target_device_id\":\"dev-b\"");
  request (a, "dev-b", "file", 123, cap);
  hear_created (a, &at_a);
  hear_created (b, &at_b);
  fail_unless_equals_string (at_a.id, at_b.id);
  fail_unless_equals_string (at_a.token, at_b.token);
  fail_unless_equals_int (strlen (at_a.token), 43);
  fail_unless_equals_string (at_a.print, "print of dev-b");
  fail_unless_equals_string (at_b.print, "print of dev-a");
  fail_unless (at_a.cap == NULL);
  fail_unless_equals_string (at_b.cap, cap);
  has (at_a.text, "\"kind\":\"file\",\"expires_in\":180,");
  has (at_a.text, "\"endpoints\":{\"a\":{\"ip\":\"192.0.2.1\",\"port\":45432,");
  has (at_a.text, "\"b\":{\"ip\":\"192.0.2.1\",\"port\":45432,");

  use = (VmCapabilityUse){ .iss = vm_identity_get_device_id (identity),
    .spki = vm_identity_get_spki (identity),
    .sub = a->user_id,
    .room_id = "standup",
    .caps = VM_CAP_FILE,
    .target_device_id = "dev-b" };
  shown = vm_capability_verify (
      at_b.cap, &use, g_get_real_time () / G_USEC_PER_SEC, &error);
  g_assert_no_error (error);

  record = (VmMeshRecord){ at_b.id, at_b.token, VM_MESH_FILE, "dev-a" };
  fail_unless (vm_mesh_records_add (records, &record, 0, NULL));
  fail_unless (redeem (records, at_a.id, at_a.token, "dev-a", 1, 0));
  fail_if (redeem (
      records, at_a.id, at_a.token, "dev-a", 2, VM_ERROR_P2P_SESSION_DENIED));
  leave ();
}

GST_END_TEST;

GST_START_TEST (test_caps_of_sessions)
{
  const struct
  {
    const gchar *kind, *cap;
  } cases[] = { { "file", "\"share:file\"" }, { "folder", "\"share:folder\"" },
    { "terminal", "\"terminal:view\"" } };

  sit ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Created) at_a = { NULL };
    g_auto (Created) at_b = { NULL };
    g_autofree gchar *right = mesh_mint (a, cases[i].cap, "");
    g_autofree gchar *wrong =
        mesh_mint (a, cases[(i + 1) % G_N_ELEMENTS (cases)].cap, "");

    request (a, "dev-b", cases[i].kind, 1, NULL);
    mesh_fails (a, "CAP_REQUIRED");
    request (a, "dev-b", cases[i].kind, 1, wrong);
    mesh_fails (a, "CAP_REQUIRED");
    request (a, "dev-b", cases[i].kind, 1, right);
    hear_created (a, &at_a);
    hear_created (b, &at_b);
    has (at_b.text, cases[i].kind);
  }
  leave ();
}

GST_END_TEST;

GST_START_TEST (test_sessions_that_are_denied)
{
  g_autofree gchar *cap = NULL;
  g_autofree gchar *small = NULL;
  g_autofree gchar *other = NULL;
  g_autofree gchar *pages = NULL;
  g_auto (Created) at_a = { NULL };
  MeshClient *page;

  sit ();
  cap = mesh_mint (a, "\"share:file\"", "");
  small = mesh_mint (a, "\"share:file\"", ",\"max_size\":100");
  other = mesh_mint (a, "\"share:file\"", ",\"target_device_id\":\"dev-c\"");
  request (a, "dev-c", "file", 1, cap);
  mesh_fails (a, "UNROUTABLE");
  request (a, "dev-a", "file", 1, cap);
  mesh_fails (a, "P2P_SESSION_DENIED");
  request (a, "dev-b", "file", 1, other);
  mesh_fails (a, "CAP_INVALID");
  request (b, "dev-a", "file", 1, cap);
  mesh_fails (b, "CAP_INVALID");
  request (a, "dev-b", "file", 101, small);
  mesh_fails (a, "P2P_SESSION_DENIED");
  request (a, "dev-b", "file", 100, small);
  hear_created (a, &at_a);

  /* a page has no endpoint */
  page = mesh_sit ("Carl", NULL, 3);
  pages = mesh_mint (page, "\"share:file\"", "");
  request (page, "dev-b", "file", 1, pages);
  mesh_fails (page, "P2P_SESSION_DENIED");
  mesh_free (page);
  leave ();
}

GST_END_TEST;

/* At the limit, and above. */
GST_START_TEST (test_number_of_sessions)
{
  g_autofree gchar *cap = NULL;

  sit ();
  cap = mesh_mint (a, "\"share:file\"", "");
  for (guint i = 0; i < VM_MESH_RECORDS_PER_DEVICE; i++) {
    request (a, "dev-b", "file", 1, cap);
    g_free (mesh_next (a, "p2p.session.created"));
  }
  request (a, "dev-b", "file", 1, cap);
  mesh_fails (a, "RATE_LIMITED");
  leave ();
}

GST_END_TEST;

GST_START_TEST (test_records)
{
  g_autoptr (VmMeshRecords) records = vm_mesh_records_new ();
  const VmMeshRecord record = { "s-1", "secret", VM_MESH_FILE, "dev-a" };
  const gchar *wrong[] = { "", "[]", "{}", "{\"t\":\"P2P_OK\"}",
    "{\"t\":\"P2P_HELLO\",\"session_id\":\"s-1\"}" };
  const gint denied = VM_ERROR_P2P_SESSION_DENIED;
  const gint64 late = VM_MESH_RECORD_TIME;

  fail_unless (vm_mesh_records_add (records, &record, 0, NULL));
  fail_if (redeem (records, "s-2", "secret", "dev-a", 1, denied));
  fail_if (redeem (records, "s-1", "secre", "dev-a", 1, denied));
  fail_if (redeem (records, "s-1", "secrets", "dev-a", 1, denied));
  fail_if (redeem (records, "s-1", "", "dev-a", 1, denied));
  fail_if (redeem (records, "s-1", "secret", "dev-b", 1, denied));
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;
    VmMeshKind kind;

    fail_if (vm_mesh_records_redeem (
        records, wrong[i], strlen (wrong[i]), 1, &kind, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
  fail_unless (redeem (records, "s-1", "secret", "dev-a", late - 1, 0));

  fail_unless (vm_mesh_records_add (records, &record, 0, NULL));
  fail_if (redeem (records, "s-1", "secret", "dev-a", late, denied));
  fail_unless (vm_mesh_records_add (records, &record, 0, NULL));
  vm_mesh_records_forget (records, "dev-b");
  fail_unless_equals_int (vm_mesh_records_count (records, 1), 1);
  vm_mesh_records_forget (records, "dev-a");
  fail_unless_equals_int (vm_mesh_records_count (records, 1), 0);
}

GST_END_TEST;

GST_START_TEST (test_size_of_hello)
{
  for (gint more = -1; more <= 1; more++) {
    g_autoptr (VmMeshRecords) records = vm_mesh_records_new ();
    const VmMeshRecord record = { "s-1", "secret", VM_MESH_FILE, "dev-a" };
    const gchar hello[] =
        "{\"t\":\"P2P_HELLO\",\"session_id\":\"s-1\",\"session_token\":"
        "\"secret\",\"from_device_id\":\"dev-a\"}";
    g_autofree gchar *text =
        g_strdup_printf ("%-*s", VM_MESH_P2P_HELLO_MAX + more, hello);
    VmMeshKind kind;

    fail_unless (vm_mesh_records_add (records, &record, 0, NULL));
    fail_unless_equals_int (
        vm_mesh_records_redeem (records, text, strlen (text), 1, &kind, NULL),
        more <= 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_number_of_records)
{
  g_autoptr (VmMeshRecords) records = vm_mesh_records_new ();
  g_autoptr (GError) error = NULL;
  VmMeshRecord record = { "one more", "t", VM_MESH_FILE, "one more" };

  for (guint i = 0; i < VM_MESH_RECORDS_MAX; i++) {
    g_autofree gchar *id = g_strdup_printf ("%u", i);
    const VmMeshRecord next = { id, "t", VM_MESH_FILE, id };

    fail_unless (vm_mesh_records_add (records, &next, 0, NULL));
  }
  fail_if (vm_mesh_records_add (records, &record, 0, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  fail_unless (
      vm_mesh_records_add (records, &record, VM_MESH_RECORD_TIME, NULL));
}

GST_END_TEST;

/* Of devices of one address, at the limit and above; others have room still. */
GST_START_TEST (test_records_of_an_address)
{
  g_autoptr (VmMeshRecords) records = vm_mesh_records_new ();
  g_autoptr (GError) error = NULL;
  VmMeshRecord record = { "more", "t", VM_MESH_FILE, "more", "here" };

  for (guint i = 0; i < VM_MESH_RECORDS_PER_ADDRESS; i++) {
    g_autofree gchar *id = g_strdup_printf ("%u", i);
    const VmMeshRecord next = { id, "t", VM_MESH_FILE, id, "here" };

    fail_unless (vm_mesh_records_add (records, &next, 0, NULL));
  }
  fail_if (vm_mesh_records_add (records, &record, 0, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  record.address = "there";
  fail_unless (vm_mesh_records_add (records, &record, 0, NULL));
  record.address = NULL; /* as an agent's own records */
  for (guint i = 0; i <= VM_MESH_RECORDS_PER_ADDRESS; i++) {
    g_autofree gchar *id = g_strdup_printf ("own %u", i);

    record.session_id = record.a = id;
    fail_unless (vm_mesh_records_add (records, &record, 0, NULL));
  }
}

GST_END_TEST;

/* Terminals */

static void
control (MeshClient *client, const gchar *word, const gchar *cap)
{
  g_autofree gchar *type = g_strconcat ("terminal.control.", word, NULL);

  mesh_say (client, type,
      "{\"room_id\":\"standup\",\"target_device_id\":\"dev-b\","
      "\"cap_token\":\"%s\"}",
      cap ? cap : "");
}

/* It is granted, and the device knows to whom. */
static void
granted (MeshClient *client)
{
  MeshClient *both[] = { client, b };

  for (guint i = 0; i < G_N_ELEMENTS (both); i++) {
    g_autofree gchar *text = mesh_next (both[i], "terminal.control.granted");
    g_autofree gchar *id = mesh_text_of (text, "peer_id");

    fail_unless_equals_string (id, client->id);
    has (text, "\"target_device_id\":\"dev-b\"");
    has (text, "\"expires_in\":");
  }
}

/* By Bob, whose device it is. */
static gchar *
let_control (const MeshClient *holder, const gchar *more)
{
  g_autofree gchar *all = g_strdup_printf (
      ",\"target_device_id\":\"dev-b\",\"for_peer_id\":\"%s\"%s", holder->id,
      more);

  return mesh_mint (b, "\"terminal:control\"", all);
}

static void
is_not_minted (const MeshClient *client, const gchar *body, guint status,
    const gchar *code)
{
  g_autoptr (NetAnswer) answer =
      mesh_post (client->access_token, "/v2/rooms/standup/capabilities", body);

  fail_unless_equals_int (answer->status, status);
  has (answer->text, code);
}

#define WISH(more) "{\"caps\":[\"terminal:control\"]" more "}"

/* Who is in the room takes nobody's keyboard. */
GST_START_TEST (test_control_is_given_by_the_devices_user)
{
  MeshClient *page;
  g_autofree gchar *own = NULL;
  g_autofree gchar *stolen = NULL;

  sit ();
  page = mesh_sit ("Carl", NULL, 3);
  is_not_minted (page, WISH (""), 403, "CAP_REQUIRED");
  is_not_minted (
      page, WISH (",\"target_device_id\":\"dev-b\""), 403, "CAP_REQUIRED");
  is_not_minted (
      a, WISH (",\"target_device_id\":\"dev-b\""), 403, "CAP_REQUIRED");
  is_not_minted (a,
      WISH (",\"target_device_id\":\"dev-b\",\"for_peer_id\":\"dev-b\""), 403,
      "CAP_REQUIRED");
  is_not_minted (a,
      "{\"caps\":[\"call\",\"terminal:control\"],"
      "\"target_device_id\":\"dev-b\"}",
      403, "CAP_REQUIRED");
  /* nor by a device that is not there, or by the other capabilities */
  is_not_minted (
      b, WISH (",\"target_device_id\":\"dev-c\""), 403, "CAP_REQUIRED");
  is_not_minted (b, WISH (""), 403, "CAP_REQUIRED");
  is_not_minted (b, "{\"caps\":[\"share:file\"],\"for_peer_id\":\"dev-a\"}",
      403, "CAP_REQUIRED");
  is_not_minted (b,
      WISH (",\"target_device_id\":\"dev-b\",\"for_peer_id\":\"dev-c\""), 404,
      "UNROUTABLE");
  /* what is given is its holder's, and for that device */
  own =
      mesh_mint (a, "\"terminal:control\"", ",\"target_device_id\":\"dev-a\"");
  g_free (mesh_next (b, "room.joined"));
  control (a, "take", own);
  g_free (mesh_next (a, "room.joined"));
  mesh_fails (a, "CAP_INVALID");
  stolen = let_control (a, "");
  control (page, "take", stolen);
  mesh_fails (page, "CAP_INVALID");
  control (a, "take", stolen);
  granted (a);
  mesh_free (page);
  leave ();
}

GST_END_TEST;

GST_START_TEST (test_one_controls)
{
  MeshClient *page;
  g_autofree gchar *cap_a = NULL;
  g_autofree gchar *cap_page = NULL;
  g_autofree gchar *view = NULL;

  sit ();
  page = mesh_sit ("Carl", NULL, 3);
  g_free (mesh_next (a, "room.joined"));
  g_free (mesh_next (b, "room.joined"));
  cap_a = let_control (a, "");
  cap_page = let_control (page, "");
  view = mesh_mint (a, "\"terminal:view\"", "");

  control (a, "take", NULL);
  mesh_fails (a, "CAP_REQUIRED");
  control (a, "take", view);
  mesh_fails (a, "CAP_REQUIRED");
  control (a, "take", cap_a);
  granted (a);
  control (page, "take", cap_page);
  mesh_hears (page, "terminal.control.denied", CONTROL, "dev-b", "dev-a");
  control (page, "release", NULL);
  mesh_fails (page, "CAP_REQUIRED");
  /* who has it takes it for longer */
  control (a, "take", cap_a);
  granted (a);
  control (a, "release", NULL);
  mesh_hears (a, "terminal.control.release", CONTROL, "dev-b", "dev-a");
  mesh_hears (b, "terminal.control.release", CONTROL, "dev-b", "dev-a");
  control (page, "take", cap_page);
  granted (page);
  /* the device itself ends it, too */
  control (b, "release", NULL);
  mesh_hears (page, "terminal.control.release", CONTROL, "dev-b", page->id);
  mesh_hears (b, "terminal.control.release", CONTROL, "dev-b", page->id);

  mesh_free (page);
  leave ();
}

GST_END_TEST;

GST_START_TEST (test_control_ends_with_the_connection)
{
  g_autofree gchar *cap = NULL;

  sit ();
  cap = let_control (a, "");
  control (a, "take", cap);
  granted (a);
  mesh_free (a);
  mesh_hears (b, "terminal.control.release", CONTROL, "dev-b", "dev-a");
  mesh_hears (
      b, "presence.update", "{\"peer_id\":\"dev-a\",\"status\":\"offline\"}");
  mesh_free (b);
}

GST_END_TEST;

/* Takes control by a capability that runs out soon; one that has run out on the
 * way, on a busy machine, was too short. */
static gchar *
take_for_a_while (void)
{
  for (guint ttl = 2;; ttl *= 2) {
    g_autofree gchar *more = g_strdup_printf (",\"ttl\":%u", ttl);
    g_autofree gchar *cap = let_control (a, more);
    g_autofree gchar *text = NULL;

    control (a, "take", cap);
    text = net_socket_next (a->socket);
    fail_unless (text != NULL);
    if (strstr (text, "terminal.control.granted"))
      return g_steal_pointer (&cap);
    has (text, "CAP_EXPIRED");
  }
}

GST_START_TEST (test_control_ends_with_the_capability)
{
  g_autofree gchar *cap = NULL;

  sit ();
  cap = take_for_a_while ();
  g_free (mesh_next (b, "terminal.control.granted"));
  mesh_hears (a, "terminal.control.release", CONTROL, "dev-b", "dev-a");
  mesh_hears (b, "terminal.control.release", CONTROL, "dev-b", "dev-a");
  control (a, "take", cap);
  mesh_fails (a, "CAP_EXPIRED");
  leave ();
}

GST_END_TEST;

GST_START_TEST (test_terminals_that_are_not_there)
{
  g_autofree gchar *cap = NULL;

  sit ();
  cap = let_control (b, "");
  control (b, "take", cap);
  mesh_fails (b, "P2P_SESSION_DENIED");
  mesh_say (b, "terminal.control.take",
      "{\"room_id\":\"standup\",\"target_device_id\":\"dev-c\","
      "\"cap_token\":\"%s\"}",
      cap);
  mesh_fails (b, "CAP_INVALID");
  leave ();
}

GST_END_TEST;

/* Agents are told of a room and sit in it not; what they report needs no
 * answer. */
GST_START_TEST (test_agents_have_no_seat)
{
  MeshClient *page;

  sit ();
  mesh_say (a, "chat.message.send",
      "{\"room_id\":\"standup\",\"content\":\"hello\"}");
  mesh_fails (a, "UNROUTABLE");
  mesh_say (
      a, "share.completed", "{\"room_id\":\"standup\",\"session_id\":\"s\"}");
  mesh_say (a, "terminal.share.started", "{\"room_id\":\"standup\"}");
  page = mesh_open ("Carl", NULL, "");
  mesh_say (page, "room.join", "{\"room_id\":\"standup\"}");
  mesh_hears (page, "room.joined", JOINED, page->id, "member");
  mesh_hears (page, "room.joined", JOINED, "p001", "host");
  mesh_hears (page, "room.joined",
      "{\"peer_id\":\"dev-a\",\"role\":\"agent\",\"room_id\":\"standup\","
      "\"user\":\"Ann\",\"terminal\":true}");
  mesh_hears (page, "room.joined", AGENT, "dev-b", "Bob");
  mesh_hears (a, "room.joined", JOINED, page->id, "member");
  mesh_say (page, "share.completed", "{\"room_id\":\"standup\"}");
  mesh_fails (page, "BAD_MESSAGE");
  mesh_free (page);
  g_free (mesh_next (a, "presence.update"));
  leave ();
}

GST_END_TEST;

static void
sent_out (MeshClient *client)
{
  g_autofree gchar *text = mesh_next (client, "error");

  fail_unless (strstr (text, "\"NOT_TRUSTED\"") != NULL, "%s", text);
}

/* As whoever has a seat. */
GST_START_TEST (test_no_longer_trusted)
{
  sit ();
  vm_server_set_policy (server, VM_POLICY_REQUIRE);
  sent_out (a);
  /* of the one that was first, then of itself */
  g_free (mesh_next (b, "presence.update"));
  sent_out (b);
  mesh_say (a, "room.join", "{\"room_id\":\"standup\"}");
  mesh_fails (a, "NOT_TRUSTED");
  leave ();
}

GST_END_TEST;

static void
host_says (VmSignalType type, const gchar *to, gboolean locked)
{
  g_autoptr (VmSignal) signal = vm_signal_new (type);

  signal->to = g_strdup (to);
  signal->locked = locked;
  vm_seat_send (seat, signal);
}

static void
comes_back (MeshClient *client, const gchar *code)
{
  mesh_say (client, "room.join", "{\"room_id\":\"standup\"}");
  mesh_fails (client, code);
}

static void
is_kicked (MeshClient *client)
{
  g_autofree gchar *text = mesh_next (client, "error");

  fail_unless (strstr (text, "\"KICKED\"") != NULL, "%s", text);
}

#define OFFLINE "{\"peer_id\":\"%s\",\"status\":\"offline\"}"

/* Who moderates sends an agent out by its id, and it stays out; others may
 * come. */
GST_START_TEST (test_agent_is_kicked)
{
  MeshClient *again, *other;

  sit ();
  host_says (VM_SIGNAL_KICK, "dev-a", FALSE);
  is_kicked (a);
  mesh_hears (b, "presence.update", OFFLINE, "dev-a");
  comes_back (a, "KICKED");
  mesh_free (a);
  /* by another session it is the same device */
  again = mesh_open ("Ann", "dev-a", "");
  comes_back (again, "KICKED");
  other = mesh_sit ("Carl", "dev-c", 1);
  mesh_free (again);
  mesh_free (other);
  mesh_free (b);
}

GST_END_TEST;

/* A second program of a device asks, beside the agent that others reach: they
 * hear nothing of it, and the other side is told of the device. */
GST_START_TEST (test_one_that_only_asks)
{
  MeshClient *asks, *late;
  g_auto (Created) at_a = { NULL };
  g_auto (Created) at_b = { NULL };
  g_autofree gchar *cap = NULL, *own = NULL, *to_it = NULL;

  sit ();
  asks = mesh_sit ("Ann", "dev-a/x1", 2);
  fail_unless_equals_string (asks->id, "dev-a/x1");
  cap = mesh_mint (asks, "\"share:file\"", ",\"target_device_id\":\"dev-b\"");
  request (asks, "dev-b", "file", 1, cap);
  hear_created (asks, &at_a);
  hear_created (b, &at_b);
  fail_unless_equals_string (at_b.id, at_a.id);
  fail_unless_equals_string (at_b.print, "print of dev-a/x1");
  has (at_b.text, "\"device_id\":\"dev-a\",\"peer_id\":\"dev-a/x1\"");
  /* what is said of the session goes to it, not to the agent */
  mesh_say (b, "p2p.session.denied",
      "{\"session_id\":\"%s\",\"code\":\"NOT_TRUSTED\",\"message\":\"no\"}",
      at_b.id);
  g_free (mesh_next (asks, "p2p.session.denied"));
  /* nobody asks it, and it does not ask its own device */
  to_it = mesh_mint (b, "\"share:file\"", "");
  request (b, "dev-a/x1", "file", 1, to_it);
  mesh_fails (b, "UNROUTABLE");
  own = mesh_mint (asks, "\"share:file\"", "");
  request (asks, "dev-a", "file", 1, own);
  mesh_fails (asks, "P2P_SESSION_DENIED");
  /* newcomers hear of the two agents only, and of nothing when it leaves */
  late = mesh_sit ("Carl", "dev-c", 2);
  mesh_free (asks);
  g_free (mesh_next (a, "room.joined"));
  mesh_free (late);
  mesh_hears (a, "presence.update", OFFLINE, "dev-c");
  leave ();
}

GST_END_TEST;

/* The kick of a device is for all its programs. */
GST_START_TEST (test_kick_of_one_that_only_asks)
{
  MeshClient *asks;

  sit ();
  asks = mesh_sit ("Ann", "dev-a/x1", 2);
  host_says (VM_SIGNAL_KICK, "dev-a", FALSE);
  is_kicked (a);
  mesh_hears (asks, "presence.update", OFFLINE, "dev-a");
  is_kicked (asks);
  comes_back (asks, "KICKED");
  mesh_free (asks);
  leave ();
}

GST_END_TEST;

/* A page that is sent out takes the devices of its user along. */
GST_START_TEST (test_user_is_kicked)
{
  MeshClient *page, *device, *late;

  sit ();
  page = mesh_sit ("Carl", NULL, 3); /* p002 */
  device = mesh_open_again (page, "dev-c");
  mesh_say (device, "room.join", "{\"room_id\":\"standup\"}");
  for (guint i = 0; i < 4; i++)
    g_free (mesh_next (device, "room.joined"));
  host_says (VM_SIGNAL_KICK, "p002", FALSE);
  is_kicked (device);
  comes_back (device, "KICKED");
  late = mesh_open_again (page, "dev-d");
  comes_back (late, "KICKED");
  mesh_free (late);
  mesh_free (device);
  mesh_free (page);
  leave ();
}

GST_END_TEST;

GST_START_TEST (test_locked_out)
{
  MeshClient *late;

  sit ();
  host_says (VM_SIGNAL_LOCK, NULL, TRUE);
  host_wait_locked (TRUE);
  late = mesh_open ("Carl", "dev-c", "");
  comes_back (late, "MEETING_LOCKED");
  host_says (VM_SIGNAL_LOCK, NULL, FALSE);
  host_wait_locked (FALSE);
  mesh_say (late, "room.join", "{\"room_id\":\"standup\"}");
  mesh_hears (late, "room.joined", AGENT, "dev-c", "Carl");
  mesh_free (late);
  leave ();
}

GST_END_TEST;

/* A device comes again in its user's name, and in nobody else's. */
GST_START_TEST (test_device_ids)
{
  MeshClient *again;
  g_autofree gchar *token = mesh_session ("Eve");
  g_autofree gchar *path = g_strdup_printf ("/v2/ws?access_token=%s", token);
  g_autofree gchar *own = NULL;
  g_autofree gchar *text = NULL;
  NetSocket *eve;
  NetSocket *second;

  sit ();
  eve = net_socket_open (server, path, NULL, NULL);
  net_socket_send (eve,
      "{\"type\":\"system.hello\",\"payload\":{\"peer_type\":\"agent\","
      "\"device_id\":\"dev-a\"}}");
  text = net_socket_wait (eve, "error");
  has (text, "NOT_TRUSTED");
  net_socket_free (eve);

  own = g_strdup_printf ("/v2/ws?access_token=%s", a->access_token);
  second = net_socket_open (server, own, NULL, NULL);
  net_socket_send (second,
      "{\"type\":\"system.hello\",\"payload\":{\"peer_type\":\"agent\","
      "\"device_id\":\"dev-a\"}}");
  g_free (net_socket_wait (second, "system.welcome"));
  fail_unless_equals_int (net_socket_wait_closed (a->socket), VM_CLOSE_POLICY);
  mesh_hears (
      b, "presence.update", "{\"peer_id\":\"dev-a\",\"status\":\"offline\"}");
  net_socket_free (second);
  again = mesh_open_again (a, NULL);
  mesh_free (again);
  leave ();
}

GST_END_TEST;

/* Nor in that of a seat, of the server, or of a page. */
GST_START_TEST (test_names_of_others)
{
  MeshClient *page = mesh_sit ("Carl", NULL, 1);
  const gchar *names[] = { "server", "p001", page->id };
  const gchar *codes[] = { "BAD_MESSAGE", "BAD_MESSAGE", "NOT_TRUSTED" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *token = mesh_session ("Eve");
    g_autofree gchar *path = g_strdup_printf ("/v2/ws?access_token=%s", token);
    NetSocket *eve = net_socket_open (server, path, NULL, NULL);
    g_autofree gchar *text = NULL;

    net_socket_send (eve,
        "{\"type\":\"system.hello\",\"payload\":{\"peer_type\":\"agent\","
        "\"device_id\":\"%s\"}}",
        names[i]);
    text = net_socket_wait (eve, "error");
    has (text, codes[i]);
    net_socket_free (eve);
  }
  mesh_free (page);
}

GST_END_TEST;

/* As an agent of that id, in a session of @user's; @answer: what it hears. */
static NetSocket *
open_agent (const gchar *user, const gchar *id, const gchar *answer)
{
  g_autofree gchar *token = mesh_session (user);
  g_autofree gchar *path = g_strdup_printf ("/v2/ws?access_token=%s", token);
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, path, NULL, &error);

  g_assert_no_error (error);
  net_socket_send (socket,
      "{\"type\":\"system.hello\",\"payload\":{\"peer_type\":\"agent\","
      "\"device_id\":\"%s\"}}",
      id);
  g_free (net_socket_wait (socket, answer));
  return socket;
}

/* Anybody may write down another's id, and its owner alone shows the key: it
 * takes the place of who has none, and keeps it, whoever's session it is. */
GST_START_TEST (test_owner_of_an_id)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-mesh-XXXXXX", NULL);
  g_autoptr (VmIdentity) identity = vm_identity_load (folder, NULL);
  const gchar *id = vm_identity_get_device_id (identity);
  NetSocket *eve, *ann, *again;

  teardown ();
  open_with ((VmServerConfig){ 0 }, NULL, NULL, 10);
  eve = open_agent ("Eve", id, "system.welcome");
  net_use_identity (identity);
  ann = open_agent ("Ann", id, "system.welcome");
  fail_unless_equals_int (net_socket_wait_closed (eve), VM_CLOSE_POLICY);
  net_socket_free (eve);
  net_use_identity (NULL);
  for (guint i = 0; i < 2; i++)
    net_socket_free (open_agent (i ? "Ann" : "Eve", id, "error"));
  net_use_identity (identity);
  again = open_agent ("Ann B.", id, "system.welcome");
  fail_unless_equals_int (net_socket_wait_closed (ann), VM_CLOSE_POLICY);
  net_socket_free (ann);
  net_socket_free (again);
  net_use_identity (NULL);
  g_unlink (vm_identity_get_path (identity));
  g_rmdir (folder);
}

GST_END_TEST;

/* Where TLS shows a key, the device is that key's. */
GST_START_TEST (test_key_of_a_device)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-mesh-XXXXXX", NULL);
  g_autoptr (VmIdentity) identity = vm_identity_load (folder, NULL);
  const gchar *ids[] = { "dev-a", vm_identity_get_device_id (identity) };
  const gchar *answers[] = { "error", "system.welcome" };
  g_autofree gchar *token = NULL;
  g_autofree gchar *path = NULL;

  teardown ();
  open_with ((VmServerConfig){ 0 }, NULL, NULL, 10);
  net_use_identity (identity);
  token = mesh_session ("Ann");
  path = g_strdup_printf ("/v2/ws?access_token=%s", token);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autoptr (GError) error = NULL;
    NetSocket *socket = net_socket_open (server, path, NULL, &error);
    g_autofree gchar *text = NULL;

    g_assert_no_error (error);
    net_socket_send (socket,
        "{\"type\":\"system.hello\",\"payload\":{\"peer_type\":\"agent\","
        "\"device_id\":\"%s\"}}",
        ids[i]);
    text = net_socket_wait (socket, answers[i]);
    has (text, i ? ids[i] : "WRONG_KEY");
    net_socket_free (socket);
  }
  net_use_identity (NULL);
  g_unlink (vm_identity_get_path (identity));
  g_rmdir (folder);
}

GST_END_TEST;

static Suite *
meshagent_suite (void)
{
  Suite *s = suite_create ("meshagent");
  TCase *tc = tcase_create ("agents");
  TCase *tables = tcase_create ("records");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_session);
  tcase_add_test (tc, test_caps_of_sessions);
  tcase_add_test (tc, test_sessions_that_are_denied);
  tcase_add_test (tc, test_number_of_sessions);
  tcase_add_test (tc, test_one_controls);
  tcase_add_test (tc, test_control_ends_with_the_connection);
  tcase_add_test (tc, test_control_ends_with_the_capability);
  tcase_add_test (tc, test_control_is_given_by_the_devices_user);
  tcase_add_test (tc, test_terminals_that_are_not_there);
  tcase_add_test (tc, test_agents_have_no_seat);
  tcase_add_test (tc, test_no_longer_trusted);
  tcase_add_test (tc, test_agent_is_kicked);
  tcase_add_test (tc, test_user_is_kicked);
  tcase_add_test (tc, test_one_that_only_asks);
  tcase_add_test (tc, test_kick_of_one_that_only_asks);
  tcase_add_test (tc, test_locked_out);
  tcase_add_test (tc, test_device_ids);
  tcase_add_test (tc, test_names_of_others);
  tcase_add_test (tc, test_key_of_a_device);
  tcase_add_test (tc, test_owner_of_an_id);
  suite_add_tcase (s, tables);
  tcase_add_test (tables, test_records);
  tcase_add_test (tables, test_size_of_hello);
  tcase_add_test (tables, test_number_of_records);
  tcase_add_test (tables, test_records_of_an_address);
  return s;
}

CHECK_PROGRAM (meshagent)
