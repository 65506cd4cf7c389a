/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What goes on between agents by way of the server: sessions, and who controls
 * a terminal (protocol/mesh.md#quic-sessions,
 * protocol/mesh.md#terminal-control). */

#include "server/dialect/mesh/mesh-priv.h"

static gboolean
deny (GError **error, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED, why);
  return FALSE;
}

/* The agent that is meant, in the same room. */
static VmMeshGuest *
find_target (VmMeshGuest *guest, const VmMeshMessage *message, GError **error)
{
  VmMeshGuest *agent =
      vm_mesh_find_agent (guest->mesh, guest->room, message->target_device_id);

  if (!agent)
    g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
        "No agent \"%s\" is in the room", message->target_device_id);
  return agent;
}

/* Sessions */

static const VmCaps cap_of_kind[VM_MESH_N_KINDS] = {
  [VM_MESH_FILE] = VM_CAP_FILE,
  [VM_MESH_FOLDER] = VM_CAP_FOLDER,
  [VM_MESH_TERMINAL] = VM_CAP_TERMINAL_VIEW,
};

/* Whether somebody can connect to it, or be known by it. */
static gboolean
can_connect (const VmMeshGuest *agent)
{
  return agent->hello->endpoints->len && agent->hello->fingerprint;
}

static gboolean
check_session (VmMeshGuest *a, VmMeshGuest *b, const VmMeshMessage *message,
    const VmCapability *capability, GError **error)
{
  if (a == b)
    return deny (error, "A session is between two devices");
  if (!can_connect (a) || !can_connect (b))
    return deny (
        error, "One of the devices has told no endpoint, or no fingerprint");
  if (capability->max_size >= 0 && message->size > capability->max_size)
    return deny (error, "That is larger than the capability allows");
  return TRUE;
}

static void
tell_created (
    VmMeshGuest *to, const VmMeshGuest *other, const VmMeshCreated *session)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (to, NULL);
  VmMeshCreated created = *session;

  created.fingerprint = other->hello->fingerprint;
  vm_mesh_guest_send (to, vm_mesh_write_created (&stamp.head, &created));
}

static void
create (VmMeshGuest *a, VmMeshGuest *b, const VmMeshMessage *message,
    GError **error)
{
  VmRooms *rooms = a->mesh->server->rooms;
  g_autofree gchar *id = vm_rooms_make_uuid (rooms);
  g_autofree gchar *token = vm_mesh_make_token (a->mesh);
  const VmMeshRecord record = { id, token, message->kind, a->id };
  VmMeshCreated created = {
    .session_id = id,
    .kind = message->kind,
    .expires_in = VM_MESH_RECORD_TIME / G_USEC_PER_SEC,
    .session_token = token,
    .a = g_ptr_array_index (a->hello->endpoints, 0),
    .b = g_ptr_array_index (b->hello->endpoints, 0),
  };

  if (!vm_mesh_records_add (
          a->mesh->records, &record, g_get_monotonic_time (), error))
    return;
  tell_created (a, b, &created);
  created.cap_token = message->cap_token;
  tell_created (b, a, &created);
}

void
vm_mesh_request (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error)
{
  const VmCapability *capability =
      vm_mesh_may (guest, message, cap_of_kind[message->kind], error);
  VmMeshGuest *target;

  if (!capability)
    return;
  if (!guest->hello) {
    deny (error, "Only agents have sessions between them");
    return;
  }
  target = find_target (guest, message, error);
  if (target && check_session (guest, target, message, capability, error))
    create (guest, target, message, error);
}

/* The terminal's control */

static void
tell_terminal (VmMeshGuest *to, const gchar *word, const VmMeshGuest *agent,
    const VmMeshGuest *controller, gint64 expires_in)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (to, NULL);

  vm_mesh_guest_send (
      to, vm_mesh_write_terminal (&stamp.head, word, agent->room, agent->id,
              controller->id, expires_in));
}

/* Both sides are told. */
static void
release (VmMeshGuest *agent)
{
  VmMeshGuest *controller = agent->controller;

  agent->controller = NULL;
  tell_terminal (agent, "release", agent, controller, -1);
  tell_terminal (controller, "release", agent, controller, -1);
}

void
vm_mesh_take_terminal (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error)
{
  const VmCapability *capability =
      vm_mesh_may (guest, message, VM_CAP_TERMINAL_CONTROL, error);
  VmMeshGuest *agent;
  gint64 now = vm_mesh_now ();

  if (!capability)
    return;
  agent = find_target (guest, message, error);
  if (!agent)
    return;
  if (agent == guest) {
    deny (error, "A device controls its own terminal without asking");
    return;
  }
  vm_mesh_tick_terminal (agent, now);
  if (agent->controller && agent->controller != guest) {
    tell_terminal (guest, "denied", agent, agent->controller, -1);
    return;
  }
  agent->controller = guest;
  agent->control_ends = capability->exp;
  tell_terminal (guest, "granted", agent, guest, capability->exp - now);
  tell_terminal (agent, "granted", agent, guest, capability->exp - now);
}

void
vm_mesh_release_terminal (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error)
{
  VmMeshGuest *agent = find_target (guest, message, error);

  if (!agent)
    return;
  if (agent->controller && (agent->controller == guest || agent == guest))
    release (agent);
  else
    g_set_error (error, VM_ERROR, VM_ERROR_CAP_REQUIRED,
        "Only who controls a terminal can give it back");
}

static void
drop (VmMeshGuest *other, VmMeshGuest *guest)
{
  if (other->controller == guest)
    release (other);
}

void
vm_mesh_drop_terminals (VmMeshGuest *guest)
{
  if (guest->controller)
    release (guest);
  vm_mesh_each (guest, TRUE, drop);
}

void
vm_mesh_tick_terminal (VmMeshGuest *agent, gint64 now)
{
  if (agent->controller && now >= agent->control_ends)
    release (agent);
}
