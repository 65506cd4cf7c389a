/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* WebSockets without a seat, whatever their dialect: so many of them, for each
 * has a descriptor, which others of the process need (limits.h). */

#include "server/socket/unjoined.h"
#include "server/server-priv.h"
#include "server/socket/ws.h"

/* For each all are looked through; the next tick goes on. */
#define DISMISSED_AT_ONCE 128
/* For a close frame to get out, while others wait: VM_CLOSE_TIME is too long
 * for as many as can come in it. */
#define TOLD_TIME (200 * G_TIME_SPAN_MILLISECOND)

guint
vm_unjoined_max (gboolean open_rooms, guint64 descriptors)
{
  if (!open_rooms)
    return VM_UNJOINED_MAX;
  return CLAMP (
      descriptors / VM_UNJOINED_SHARE, VM_UNJOINED_MAX, VM_OPEN_UNJOINED_MAX);
}

/* Who is told to go has none, or is about to have none. */
static gboolean
is_unjoined (const VmConn *conn)
{
  VmWs *ws = conn->ws;

  return ws && !conn->cut && (ws->close_code || !ws->funcs->has_seat (ws));
}

static GPtrArray *
find_all (VmServer *self)
{
  GPtrArray *unjoined = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    if (is_unjoined (key))
      g_ptr_array_add (unjoined, ((VmConn *) key)->ws);
  }
  return unjoined;
}

static gboolean
is_told (const VmWs *ws, gint64 now)
{
  return ws->close_sent || now >= ws->deadline - VM_CLOSE_TIME + TOLD_TIME;
}

/* Whoever is told to go, and is still there, goes first: leaves those in
 * @unjoined who are not told, and returns how many have to be. */
static guint
cut_told (GPtrArray *unjoined, guint beyond, gint64 now)
{
  for (guint i = unjoined->len; i-- > 0;) {
    VmWs *ws = unjoined->pdata[i];

    if (!ws->close_code)
      continue;
    if (beyond && is_told (ws, now))
      vm_conn_cut (ws->conn);
    beyond -= beyond > 0;
    g_ptr_array_remove_index_fast (unjoined, i);
  }
  return beyond;
}

/* Equal groups are one text, see vm_text_share(). */
static GHashTable *
count_groups (const GPtrArray *unjoined)
{
  GHashTable *groups = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < unjoined->len; i++) {
    gpointer group = ((VmWs *) unjoined->pdata[i])->conn->group;
    guint count = GPOINTER_TO_UINT (g_hash_table_lookup (groups, group));

    g_hash_table_insert (groups, group, GUINT_TO_POINTER (count + 1));
  }
  return groups;
}

/* The oldest of the address that has most of them. Until one is told to go,
 * its deadline is as old as it is. */
static guint
find_dispensable (const GPtrArray *unjoined, GHashTable *groups)
{
  guint found = 0, most = 0;

  for (guint i = 0; i < unjoined->len; i++) {
    VmWs *ws = unjoined->pdata[i];
    guint count =
        GPOINTER_TO_UINT (g_hash_table_lookup (groups, ws->conn->group));

    if (count > most
        || (count == most
            && ws->deadline < ((VmWs *) unjoined->pdata[found])->deadline)) {
      found = i;
      most = count;
    }
  }
  return found;
}

static void
dismiss (GPtrArray *unjoined, guint count)
{
  g_autoptr (GHashTable) groups = count_groups (unjoined);

  count = MIN (MIN (count, unjoined->len), DISMISSED_AT_ONCE);
  while (count--) {
    VmWs *ws = g_ptr_array_remove_index_fast (
        unjoined, find_dispensable (unjoined, groups));
    gpointer group = ws->conn->group;
    guint left = GPOINTER_TO_UINT (g_hash_table_lookup (groups, group)) - 1;

    g_hash_table_insert (groups, group, GUINT_TO_POINTER (left));
    vm_ws_close (ws, VM_CLOSE_TRY_LATER, "others come", TRUE);
  }
}

void
vm_server_bound_unjoined (VmServer *self)
{
  g_autoptr (GPtrArray) unjoined = NULL;

  self->n_unjoined = self->n_ws;
  if (self->n_ws <= self->unjoined_max || self->stopping)
    return;
  unjoined = find_all (self);
  self->n_unjoined = unjoined->len;
  if (unjoined->len > self->unjoined_max)
    dismiss (unjoined, cut_told (unjoined, unjoined->len - self->unjoined_max,
                           g_get_monotonic_time ()));
}

void
vm_server_count_unjoined (VmServer *self)
{
  if (++self->n_unjoined > self->unjoined_max)
    vm_server_bound_unjoined (self);
}
