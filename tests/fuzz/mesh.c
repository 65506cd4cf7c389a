/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "wire/meshrecords.h"

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

/* What is read is within its limits, and can be told to another client. */
static void
check (VmMeshMessage *message, VmRoomPeers *far)
{
  GBytes *bytes;

  g_assert_cmpuint (message->endpoints->len, <=, VM_MESH_ENDPOINTS_MAX);
  if (message->room_id)
    check_json (
        vm_mesh_write_joined (&envelope, "peer-b", "member", message->room_id));
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

  vm_mesh_records_add (records, &record, 0, NULL);
  vm_room_peers_add (peers, "p001", NULL);
  vm_room_peers_add (peers, "p003", "peer-a");
  vm_room_peers_add (far, "p002", "peer-b");
  for (guint i = 0; lines[i]; i++) {
    g_autoptr (GBytes) bytes = g_bytes_new (lines[i], strlen (lines[i]));
    g_autoptr (GError) error = NULL;
    g_autofree gchar *id = NULL;
    g_autoptr (VmMeshMessage) message =
        vm_mesh_read (peers, bytes, &id, &error);

    check_hello (records, lines[i]);
    g_assert_true (!message == !!error);
    if (message)
      check (message, far);
    else
      check_json (vm_mesh_write_error (&envelope, error, id));
  }
  vm_room_peers_free (peers);
  vm_room_peers_free (far);
}
