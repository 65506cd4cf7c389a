/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A page that sees the terminal of an agent
 * (protocol/agents.md#terminal-in-a-browser): the two have no seat in common,
 * so the room model does not pass on what they say. The page offers, with its
 * capability; the agent answers those alone who have offered. */

#include "server/dialect/mesh/mesh-priv.h"

#include <string.h>

gboolean
vm_mesh_is_view (VmMeshGuest *guest, const VmMeshMessage *message)
{
  if (message->type != VM_MESH_OFFER && message->type != VM_MESH_ANSWER
      && message->type != VM_MESH_ICE)
    return FALSE;
  return guest->hello
         || (guest->member
             && !vm_room_peers_find_alias (
                 guest->peers, message->target_peer_id)
             && vm_mesh_find_agent (
                 guest->mesh, guest->room, message->target_peer_id));
}

static gboolean
has_offered (const VmMeshGuest *page, const gchar *agent, guint *index)
{
  return g_ptr_array_find_with_equal_func (
      page->views, agent, g_str_equal, index);
}

/* Beyond VM_MESH_VIEWS_MAX the first is forgotten: what it has stands, and no
 * more is said of it. */
static void
note_offer (VmMeshGuest *page, const gchar *agent)
{
  if (has_offered (page, agent, NULL))
    return;
  if (page->views->len >= VM_MESH_VIEWS_MAX)
    g_ptr_array_remove_index (page->views, 0);
  g_ptr_array_add (page->views, g_strdup (agent));
}

static gboolean
unroutable (GError **error, const gchar *id)
{
  g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
      "Between \"%s\" and this one there is no offer of a page", id);
  return FALSE;
}

static void
pass (VmMeshGuest *from, VmMeshGuest *to, const VmMeshMessage *message,
    const VmMeshAuth *auth)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (to, from->id);

  vm_mesh_guest_send (to, vm_mesh_write_passed (&stamp.head, message, auth));
}

static void
pass_to_agent (VmMeshGuest *page, VmMeshMessage *message, GError **error)
{
  const gchar *id = message->target_peer_id;
  VmMeshGuest *agent = vm_mesh_find_agent (page->mesh, page->room, id);
  const VmMeshAuth auth = { page->user_id, page->user };

  if (message->type == VM_MESH_ANSWER) {
    unroutable (error, id);
    return;
  }
  g_free (message->target_device_id);
  message->target_device_id = g_strdup (id);
  if (!vm_mesh_may (page, message, VM_CAP_TERMINAL_VIEW, error))
    return;
  if (message->type == VM_MESH_OFFER)
    note_offer (page, id);
  else if (!has_offered (page, id, NULL)) {
    unroutable (error, id);
    return;
  }
  g_clear_pointer (&message->identity, g_free);
  pass (page, agent, message, message->type == VM_MESH_OFFER ? &auth : NULL);
}

/* The page that has offered to @agent, or NULL. */
static VmMeshGuest *
find_viewer (VmMeshGuest *agent, const gchar *id)
{
  VmMeshGuest *page =
      id ? vm_mesh_find_peer (agent->mesh, agent->room, id) : NULL;

  return page && !page->hello && has_offered (page, agent->id, NULL) ? page
                                                                     : NULL;
}

void
vm_mesh_pass_view (VmMeshGuest *guest, VmMeshMessage *message, GError **error)
{
  VmMeshGuest *page;

  if (!guest->hello) {
    pass_to_agent (guest, message, error);
    return;
  }
  page = find_viewer (guest, message->target_peer_id);
  if (!page || message->type == VM_MESH_OFFER)
    unroutable (error, message->target_peer_id);
  else
    pass (guest, page, message, NULL);
}

void
vm_mesh_refuse_view (VmMeshGuest *agent, const VmMeshMessage *message)
{
  VmMeshGuest *page =
      agent->room ? find_viewer (agent, message->target_peer_id) : NULL;
  VmError code = VM_ERROR_P2P_SESSION_DENIED;
  g_autoptr (GError) why = NULL;

  if (!page)
    return;
  if (message->code)
    vm_error_from_code (message->code, &code);
  why = g_error_new (VM_ERROR, code, "%s",
      message->reason ? message->reason : "The device does not say why");
  vm_mesh_guest_tell_refusal (page, agent->id, why);
}

static void
tell_started (VmMeshGuest *page, VmMeshGuest *agent)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (page, agent->id);

  vm_mesh_guest_send (page, vm_mesh_write_terminal_started (&stamp.head,
                                agent->room, agent->id, agent->user));
}

void
vm_mesh_tell_terminal_started (VmMeshGuest *agent)
{
  if (agent->terminal)
    return;
  agent->terminal = TRUE;
  vm_mesh_each (agent, FALSE, tell_started);
}
