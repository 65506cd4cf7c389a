/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/wire/mesh/meshclient.h>
#include <gst/videomeet/wire/mesh/meshrecords.h>

#include <string.h>

#define LINES_MAX 24

static const VmMeshEnvelope envelope = { "m-1", "2026-01-02T03:04:05Z",
  "peer-b", "peer-a" };

static void
check_json (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);
  VmJson json;

  vm_json_read (&json, data, size, &error);
  g_assert_no_error (error);
  g_bytes_unref (bytes);
}

static void
stamp (gchar **id, gchar **time, gpointer data)
{
  *id = g_strdup (envelope.id);
  *time = g_strdup (envelope.time);
}

/* A client of a stranger's server, that has said hello. */
static gpointer
client_new (void)
{
  const VmMeshClientConfig config = { .version = "1", .stamp = stamp };
  gpointer state = vm_dialect_mesh_client.state_new ();
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);

  vm_mesh_client_configure (state, &config);
  hello->meeting = g_strdup ("room-1");
  check_json (vm_dialect_mesh_client.format (state, hello));
  return state;
}

/* What follows from a message of that server can be written and read. */
static void
take_from_server (gpointer state, const gchar *line)
{
  const VmDialect *dialect = &vm_dialect_mesh_client;
  g_autoptr (GBytes) bytes = g_bytes_new (line, strlen (line));
  g_autoptr (GError) error = NULL;
  VmSignal *signal = dialect->parse (state, bytes, &error);
  GBytes *written;

  g_assert_true (!error || g_utf8_validate (error->message, -1, NULL));
  for (; signal; signal = dialect->more (state)) {
    g_autoptr (VmSignal) answer = vm_signal_new (VM_SIGNAL_ANSWER);

    answer->to = g_strdup (signal->from);
    vm_signal_set_text (answer, &answer->sdp, "v=0");
    written = dialect->format (state, answer);
    g_assert_true (!signal->from || written);
    if (written)
      check_json (written);
    vm_signal_unref (signal);
  }
  while ((written = dialect->reply (state)))
    check_json (written);
}

/* What is read is within its limits, and can be told to another client. */
static void
check (VmMeshMessage *message, VmRoomPeers *far)
{
  GBytes *bytes;

  g_assert_cmpuint (message->endpoints->len, <=, VM_MESH_ENDPOINTS_MAX);
  if (message->room_id)
    check_json (vm_mesh_write_joined (&envelope, message->room_id,
        &(VmMeshJoined){ .peer_id = "peer-b", .role = "member" }));
  if (message->target_device_id)
    check_json (vm_mesh_write_terminal (&envelope, "granted", "room-1",
        message->target_device_id, "peer-b", 60));
  if (!message->signal)
    return;
  if (message->signal->sdp.size) {
    g_assert_cmpuint (
        vm_span_string_size (message->signal->sdp), <=, VM_SIGNAL_SDP_MAX);
    vm_mesh_has_screen (message->signal->sdp);
  }
  message->signal->from = g_strdup ("p002");
  if (message->signal->sdp.size || message->signal->object.size)
    check_json (vm_mesh_write_passed (
        &envelope, message, &(VmMeshAuth){ "user-a", "Ann" }));
  bytes = vm_mesh_write_signal (&envelope, far, "room-1", message->signal);
  if (bytes)
    check_json (bytes);
}

/* What comes first on a stream: nobody guesses the token. */
static void
check_hello (VmMeshRecords *records, const gchar *line)
{
  g_autoptr (GError) error = NULL;
  VmMeshKind kind;

  g_assert_false (
      vm_mesh_records_redeem (records, line, strlen (line), 1, &kind, &error));
  g_assert_nonnull (error);
}

/* What one client says, or an agent to another, a message a line. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", LINES_MAX);
  VmRoomPeers *peers = vm_room_peers_new ();
  VmRoomPeers *far = vm_room_peers_new ();
  g_autoptr (VmMeshRecords) records = vm_mesh_records_new ();
  const VmMeshRecord record = { "s-1",
    "mZk3QkqTtXo0eQnZ6dJf1rWcY8uV5aHsB2LgPpN7i9E", VM_MESH_FILE, "dev-a" };

  gpointer stranger = client_new ();

  vm_mesh_records_add (records, &record, 0, NULL);
  vm_room_peers_add (peers, "p001", NULL);
  vm_room_peers_add (peers, "p003", "peer-a");
  vm_room_peers_add (far, "p002", "peer-b");
  for (guint i = 0; lines[i]; i++) {
    g_autoptr (GBytes) bytes = g_bytes_new (lines[i], strlen (lines[i]));
    g_autoptr (GError) error = NULL;
    g_autofree gchar *id = NULL;
    g_autoptr (VmMeshMessage) message = NULL;

    if (*lines[i] == '<') {
      take_from_server (stranger, lines[i] + 1);
      continue;
    }
    message = vm_mesh_read (peers, bytes, &id, &error);
    check_hello (records, lines[i]);
    g_assert_true (!message == !!error);
    if (message)
      check (message, far);
    else
      check_json (vm_mesh_write_error (&envelope, error, id));
  }
  vm_room_peers_free (peers);
  vm_room_peers_free (far);
  vm_dialect_mesh_client.state_free (stranger);
}
