/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* GET /v2/relay?ticket=, a WebSocket (protocol/agents.md#relay): a datagram of
 * one agent in each message goes to the other of the session. */

#include "server/dialect/mesh/mesh-priv.h"

/* One agent of a session at the relay. */
typedef struct
{
  VmMesh *mesh;
  VmMeshLink *link; /* NULL: the session is over */
  VmMeshSide side;
  VmWs *ws; /* NULL before it is open */
  gchar *group;
  gint64 began;
} End;

static VmMeshSide
other_side (VmMeshSide side)
{
  return side == VM_MESH_SIDE_A ? VM_MESH_SIDE_B : VM_MESH_SIDE_A;
}

static End *
other_end (const End *end)
{
  return end->link ? end->link->end[other_side (end->side)] : NULL;
}

static void
detach (End *end)
{
  if (end->link)
    end->link->end[end->side] = NULL;
  end->link = NULL;
}

static void
close_end (End *end, guint code, const gchar *why)
{
  detach (end);
  if (end->ws)
    vm_ws_close (end->ws, code, why, FALSE);
}

/* Both ways at once. */
static void
close_both (End *end, guint code, const gchar *why)
{
  End *other = other_end (end);

  if (other)
    close_end (other, code, why);
  close_end (end, code, why);
}

void
vm_mesh_relay_cut (VmMeshLink *link)
{
  for (guint i = 0; i < VM_MESH_N_SIDES; i++) {
    g_clear_pointer (&link->ticket[i], g_free);
    if (link->end[i])
      close_end (link->end[i], VM_CLOSE_NORMAL, "the session is over");
  }
}

void
vm_mesh_relay_tick (VmMesh *mesh, gint64 now)
{
  g_autoptr (GPtrArray) links = NULL;

  if (!vm_mesh_quota_count (mesh->quota))
    return;
  links = vm_mesh_links_list (mesh->links, NULL, NULL);
  for (guint i = 0; i < links->len; i++) {
    VmMeshLink *link = g_ptr_array_index (links, i);

    for (guint side = 0; side < VM_MESH_N_SIDES; side++) {
      End *end = link->end[side];

      if (end && !other_end (end) && now - end->began >= mesh->relay_wait)
        close_end (end, VM_CLOSE_POLICY, "the other agent has not come");
    }
  }
}

/* The socket */

static void
relay_open (VmWs *ws)
{
  End *end = vm_conn_steal_query (ws->conn);

  ws->peer = end;
  end->ws = ws;
  if (!end->link)
    vm_ws_close (ws, VM_CLOSE_NORMAL, "the session is over", FALSE);
}

static gboolean
is_full (const VmWs *ws, gsize size)
{
  return ws->queue_bytes + size > VM_RELAY_QUEUE
         || ws->queue.length >= VM_RELAY_QUEUE_DATAGRAMS;
}

static void
relay_take (VmWs *ws, GBytes *datagram)
{
  End *end = ws->peer, *other = end ? other_end (end) : NULL;
  gsize size = g_bytes_get_size (datagram);

  /* nobody has answered yet, and QUIC says it again */
  if (!other || !other->ws || other->ws->close_code)
    return;
  switch (vm_mesh_quota_take (
      end->mesh->quota, end->link, end->group, size, g_get_monotonic_time ())) {
    case VM_MESH_QUOTA_END:
      close_both (end, VM_CLOSE_POLICY, "the relay carries no more of it");
      return;
    case VM_MESH_QUOTA_DROP:
      end->mesh->relay_dropped++;
      return;
    default:
      break;
  }
  if (is_full (other->ws, size)) {
    end->mesh->relay_dropped++;
    return;
  }
  end->mesh->relay_bytes += size;
  vm_ws_queue (other->ws, datagram);
}

static void
relay_take_text (VmWs *ws, GBytes *message)
{
  vm_ws_close (ws, VM_CLOSE_UNSUPPORTED, "datagrams only", TRUE);
}

/* It has no words for errors. */
static void
relay_tell (VmWs *ws, const GError *error)
{
}

static void
relay_hang_up (VmWs *ws, const GError *reason)
{
  End *end = ws->peer, *other = end ? other_end (end) : NULL;

  if (!end || !end->link)
    return;
  detach (end);
  if (other)
    close_end (other, VM_CLOSE_GOING_AWAY, "the other agent has left");
}

static void
end_free (gpointer data)
{
  End *end = data;

  detach (end);
  vm_mesh_quota_leave (end->mesh->quota, end->group);
  g_free (end->group);
  g_free (end);
}

static void
relay_free (VmWs *ws)
{
  g_clear_pointer (&ws->peer, end_free);
}

static gboolean
relay_has_seat (VmWs *ws)
{
  return TRUE;
}

static const VmWsFuncs relay_funcs = {
  .open = relay_open,
  .receive = relay_take_text,
  .tell = relay_tell,
  .hang_up = relay_hang_up,
  .has_seat = relay_has_seat,
  .receive_binary = relay_take,
  .free = relay_free,
  .message_max = VM_RELAY_DATAGRAM_MAX,
  .too_large = "datagram larger than 1500 bytes",
  .queue_bytes = VM_RELAY_QUEUE,
  .binary = TRUE,
  .own_rate = TRUE,
};

gboolean
vm_mesh_relay_upgrade (VmConn *conn, GError **error)
{
  VmMesh *mesh = vm_mesh_of (conn->server);
  gint64 now = g_get_monotonic_time ();
  g_autofree gchar *ticket = vm_conn_get_argument (conn, "ticket");
  VmMeshLink *link;
  VmMeshSide side;
  End *end;

  /* who has no ticket leaves no trace */
  link = vm_mesh_links_find_ticket (
      mesh->links, ticket, VM_RELAY_TICKET_TIME, now, &side, error);
  if (!link || !vm_mesh_quota_enter (mesh->quota, conn->group, now, error))
    return TRUE;
  vm_mesh_link_use_ticket (link, side);
  end = g_new0 (End, 1);
  end->mesh = mesh;
  end->link = link;
  end->side = side;
  end->began = now;
  end->group = g_strdup (conn->group);
  link->end[side] = end;
  conn->request->ws_funcs = &relay_funcs;
  vm_conn_set_query (conn, end, end_free);
  return TRUE;
}
