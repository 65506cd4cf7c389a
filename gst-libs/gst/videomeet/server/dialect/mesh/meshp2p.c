/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sessions between two agents: how they are made, and what is said of them
 * (protocol/agents.md#sessions, protocol/agents.md#candidates). */

#include "server/dialect/mesh/mesh-priv.h"

#include <string.h>

static gboolean
deny (GError **error, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED, why);
  return FALSE;
}

static const VmCaps cap_of_kind[VM_MESH_N_KINDS] = {
  [VM_MESH_FILE] = VM_CAP_FILE,
  [VM_MESH_FOLDER] = VM_CAP_FOLDER,
  [VM_MESH_TERMINAL] = VM_CAP_TERMINAL_VIEW,
};

/* Candidates */

static gboolean
has_endpoint (const GPtrArray *list, const gchar *ip, guint16 port)
{
  for (guint i = 0; i < list->len; i++) {
    const VmMeshEndpoint *endpoint = g_ptr_array_index (list, i);

    if (endpoint->port == port && strcmp (endpoint->ip, ip) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
add_endpoint (
    GPtrArray *list, const VmMeshEndpoint *endpoint, gboolean own_machine)
{
  if (list->len < VM_MESH_ENDPOINTS_MAX
      && vm_mesh_endpoint_is_usable (endpoint, own_machine)
      && !has_endpoint (list, endpoint->ip, endpoint->port))
    g_ptr_array_add (list, vm_mesh_endpoint_new (endpoint->ip, endpoint->port,
                               endpoint->reflexive));
}

/* What may be told to @other of where @agent is: what it says, and where this
 * server sees it, which is right behind a router that keeps ports. */
static GPtrArray *
list_endpoints (
    const VmMeshGuest *agent, const VmMeshGuest *other, const GPtrArray *said)
{
  const VmConn *conn = agent->ws->conn;
  gboolean own_machine = conn->loopback && other->ws->conn->loopback;
  GPtrArray *list = g_ptr_array_new_with_free_func (vm_mesh_endpoint_free);
  const GPtrArray *endpoints = agent->hello->endpoints;

  if (!said->len)
    said = endpoints;
  for (guint i = 0; i < said->len; i++)
    add_endpoint (list, g_ptr_array_index (said, i), own_machine);
  if (endpoints->len && conn->address) {
    const VmMeshEndpoint *first = g_ptr_array_index (endpoints, 0);
    VmMeshEndpoint seen = { conn->address, first->port, TRUE };

    add_endpoint (list, &seen, FALSE);
  }
  return list;
}

/* How a session is made */

static gboolean
check_session (VmMeshGuest *a, VmMeshGuest *b, const VmMeshMessage *message,
    const VmCapability *capability, GError **error)
{
  if (strcmp (a->hello->device_id, b->hello->device_id) == 0)
    return deny (error, "A session is between two devices");
  if (!a->hello->fingerprint || !b->hello->fingerprint)
    return deny (error, "One of the devices has told no fingerprint");
  if (capability->max_size >= 0 && message->size > capability->max_size)
    return deny (error, "That is larger than the capability allows");
  return TRUE;
}

static void
tell_created (VmMeshGuest *to, const VmMeshGuest *other,
    const gchar *relay_ticket, const VmMeshCreated *session)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (to, NULL);
  VmMeshCreated created = *session;

  created.fingerprint = other->hello->fingerprint;
  created.device_id = other->hello->device_id;
  created.peer_id = other->hello->instance ? other->id : NULL;
  created.device = other->hello->device;
  created.user_id = other->user_id;
  created.user = other->user;
  created.certificate = other->hello->certificate;
  created.fingerprint_signature = other->hello->fingerprint_signature;
  created.gathers = other->hello->gathers;
  created.relay_ticket = relay_ticket;
  vm_mesh_guest_send (to, vm_mesh_write_created (&stamp.head, &created));
}

static void
drop (VmMesh *mesh, VmMeshLink *link)
{
  vm_mesh_relay_cut (link);
  vm_mesh_records_remove (mesh->records, link->id);
  vm_mesh_links_remove (mesh->links, link);
}

static void
make_tickets (VmMesh *mesh, VmMeshLink *link, gint64 now)
{
  for (guint i = 0; i < VM_MESH_N_SIDES; i++) {
    g_free (link->ticket[i]);
    link->ticket[i] = vm_mesh_make_token (mesh);
  }
  link->ticket_at = now;
}

static VmMeshLink *
add_link (VmMeshGuest *a, VmMeshGuest *b, const gchar *id, VmMeshKind kind,
    gint64 now)
{
  VmMesh *mesh = a->mesh;
  const gchar *address = a->ws->conn->group;
  VmMeshLink *link = vm_mesh_links_find_surplus (mesh->links, a->id, address);

  if (link)
    drop (mesh, link);
  link = vm_mesh_links_add (
      mesh->links, id, a->room, kind, a->id, b->id, address, now);
  make_tickets (mesh, link, now);
  mesh->sessions_made++;
  return link;
}

static void
create (VmMeshGuest *a, VmMeshGuest *b, const VmMeshMessage *message,
    GError **error)
{
  VmMesh *mesh = a->mesh;
  gint64 now = g_get_monotonic_time ();
  g_autofree gchar *id = vm_rooms_make_uuid (mesh->server->rooms);
  g_autofree gchar *token = vm_mesh_make_token (mesh);
  g_autoptr (GPtrArray) of_a = list_endpoints (a, b, message->candidates);
  g_autoptr (GPtrArray) of_b = list_endpoints (b, a, b->hello->endpoints);
  const VmMeshRecord record = { id, token, message->kind, a->id,
    a->ws->conn->group };
  VmMeshCreated created = {
    .session_id = id,
    .kind = message->kind,
    .expires_in = VM_MESH_RECORD_TIME / G_USEC_PER_SEC,
    .session_token = token,
    .a = of_a,
    .b = of_b,
  };
  const VmMeshLink *link;

  if (!of_a->len || !of_b->len) {
    deny (error, "One of the devices has told no endpoint that can be reached");
    return;
  }
  if (!vm_mesh_records_add (mesh->records, &record, now, error))
    return;
  link = add_link (a, b, id, message->kind, now);
  tell_created (a, b, link->ticket[VM_MESH_SIDE_A], &created);
  created.cap_token = message->cap_token;
  tell_created (b, a, link->ticket[VM_MESH_SIDE_B], &created);
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
  target = vm_mesh_find_target (guest, message, error);
  if (target && check_session (guest, target, message, capability, error))
    create (guest, target, message, error);
}

/* What is said of one */

static void
tell_about (VmMeshGuest *to, const gchar *word, const VmMeshAbout *about)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (to, NULL);

  vm_mesh_guest_send (to, vm_mesh_write_about (&stamp.head, word, about));
}

static void
pass_candidates (
    VmMeshGuest *guest, VmMeshGuest *other, const VmMeshMessage *message)
{
  g_autoptr (GPtrArray) list =
      list_endpoints (guest, other, message->candidates);
  const VmMeshAbout about = { .session_id = message->session_id,
    .candidates = list };

  tell_about (other, "candidates", &about);
}

/* The target checks the capability itself; this server does so first, as for a
 * request. */
static void
pass_renewal (VmMeshGuest *guest, VmMeshGuest *other, const VmMeshLink *link,
    const VmMeshMessage *message, GError **error)
{
  VmMeshMessage meant = *message;
  const VmMeshAbout about = { .session_id = message->session_id,
    .cap_token = message->cap_token };

  meant.target_device_id = link->device[VM_MESH_SIDE_B];
  if (vm_mesh_may (guest, &meant, cap_of_kind[link->kind], error))
    tell_about (other, "renewed", &about);
}

/* The direct way was lost: both come to the relay again, by new tickets. */
static void
renew_relay (VmMeshGuest *guest, VmMeshGuest *other, VmMeshLink *link,
    VmMeshSide side, GError **error)
{
  gint64 now = g_get_monotonic_time ();
  VmMeshAbout about = { .session_id = link->id };

  if (now - link->ticket_at < VM_RELAY_RENEW_TIME) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "The tickets to the relay are new; try again in a few seconds");
    return;
  }
  vm_mesh_relay_cut (link);
  make_tickets (guest->mesh, link, now);
  about.relay_ticket = link->ticket[side];
  tell_about (guest, "relay", &about);
  about.relay_ticket = link->ticket[!side];
  tell_about (other, "relay", &about);
}

void
vm_mesh_take_about (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error)
{
  VmMesh *mesh = guest->mesh;
  VmMeshSide side;
  VmMeshLink *link = guest->hello ? vm_mesh_links_find (mesh->links,
                         message->session_id, guest->room, guest->id, &side)
                                  : NULL;
  VmMeshGuest *other;

  if (!link) {
    /* both sides say that one is over */
    if (message->type != VM_MESH_P2P_CLOSED)
      deny (error, "This device has no such session");
    return;
  }
  if (message->type == VM_MESH_P2P_CLOSED) {
    drop (mesh, link);
    return;
  }
  other = vm_mesh_find_agent (mesh, guest->room, link->device[!side]);
  if (message->type == VM_MESH_P2P_RENEW && side != VM_MESH_SIDE_A) {
    deny (error, "A session is renewed by the device that asked for it");
  } else if (!other) {
    g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
        "The other device of the session is not in the room");
  } else if (message->type == VM_MESH_P2P_CANDIDATES) {
    pass_candidates (guest, other, message);
  } else if (message->type == VM_MESH_P2P_RENEW) {
    pass_renewal (guest, other, link, message, error);
  } else if (message->type == VM_MESH_P2P_RELAY) {
    renew_relay (guest, other, link, side, error);
  } else {
    const VmMeshAbout about = { .session_id = message->session_id,
      .code = message->code,
      .reason = message->reason };

    tell_about (other, "denied", &about);
    drop (mesh, link);
  }
}

void
vm_mesh_revoke (VmMeshGuest *agent, const GError *reason)
{
  VmMesh *mesh = agent->mesh;
  g_autoptr (GPtrArray) links = NULL;

  if (!agent->room)
    return;
  links = vm_mesh_links_list (mesh->links, agent->room, agent->id);
  for (guint i = 0; i < links->len; i++) {
    VmMeshLink *link = g_ptr_array_index (links, i);
    const VmMeshAbout about = { .session_id = link->id,
      .code = vm_mesh_code (reason),
      .reason = reason->message };

    for (guint side = 0; side < VM_MESH_N_SIDES; side++) {
      VmMeshGuest *one =
          vm_mesh_find_agent (mesh, agent->room, link->device[side]);

      if (one)
        tell_about (one, "revoked", &about);
    }
    drop (mesh, link);
  }
}
