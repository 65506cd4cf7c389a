/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* WebSockets without a seat, whatever their dialect: so many of them, for each
 * has a descriptor, which others of the process need (limits.h). */

#include "server/socket/seatless.h"
#include "server/server-priv.h"
#include "server/socket/ws.h"

/* For each all are looked through; the next tick goes on. */
#define DISMISSED_AT_ONCE 128
/* For a close frame to get out, while others wait: VM_CLOSE_TIME is too long
 * for as many as can come in it. */
#define TOLD_TIME (200 * G_TIME_SPAN_MILLISECOND)

guint
vm_seatless_max (gboolean open_rooms, guint64 descriptors)
{
  if (!open_rooms)
    return VM_SEATLESS_MAX;
  return CLAMP (
      descriptors / VM_SEATLESS_SHARE, VM_SEATLESS_MAX, VM_OPEN_SEATLESS_MAX);
}

/* Who is told to go has none, or is about to have none. */
static gboolean
is_seatless (const VmConn *conn)
{
  VmWs *ws = conn->ws;

  return ws && !conn->cut && (ws->close_code || !ws->funcs->has_seat (ws));
}

static GPtrArray *
find_all (VmServer *self)
{
  GPtrArray *seatless = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    if (is_seatless (key))
      g_ptr_array_add (seatless, ((VmConn *) key)->ws);
  }
  return seatless;
}

static gboolean
is_told (const VmWs *ws, gint64 now)
{
  return ws->close_sent || now >= ws->deadline - VM_CLOSE_TIME + TOLD_TIME;
}

/* Whoever is told to go, and is still there, goes first: leaves those in
 * @seatless who are not told, and returns how many have to be. */
static guint
cut_told (GPtrArray *seatless, guint beyond, gint64 now)
{
  for (guint i = seatless->len; i-- > 0;) {
    VmWs *ws = seatless->pdata[i];

    if (!ws->close_code)
      continue;
    if (beyond && is_told (ws, now))
      vm_conn_cut (ws->conn);
    beyond -= beyond > 0;
    g_ptr_array_remove_index_fast (seatless, i);
  }
  return beyond;
}

/* Equal groups are one text, see vm_text_share(). */
static GHashTable *
count_groups (const GPtrArray *seatless)
{
  GHashTable *groups = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < seatless->len; i++) {
    gpointer group = ((VmWs *) seatless->pdata[i])->conn->group;
    guint count = GPOINTER_TO_UINT (g_hash_table_lookup (groups, group));

    g_hash_table_insert (groups, group, GUINT_TO_POINTER (count + 1));
  }
  return groups;
}

/* The oldest of the address that has most of them. Until one is told to go,
 * its deadline is as old as it is. */
static guint
find_dispensable (const GPtrArray *seatless, GHashTable *groups)
{
  guint found = 0, most = 0;

  for (guint i = 0; i < seatless->len; i++) {
    VmWs *ws = seatless->pdata[i];
    guint count =
        GPOINTER_TO_UINT (g_hash_table_lookup (groups, ws->conn->group));

    if (count > most
        || (count == most
            && ws->deadline < ((VmWs *) seatless->pdata[found])->deadline)) {
      found = i;
      most = count;
    }
  }
  return found;
}

static void
dismiss (GPtrArray *seatless, guint count)
{
  g_autoptr (GHashTable) groups = count_groups (seatless);

  count = MIN (MIN (count, seatless->len), DISMISSED_AT_ONCE);
  while (count--) {
    VmWs *ws = g_ptr_array_remove_index_fast (
        seatless, find_dispensable (seatless, groups));
    gpointer group = ws->conn->group;
    guint left = GPOINTER_TO_UINT (g_hash_table_lookup (groups, group)) - 1;

    g_hash_table_insert (groups, group, GUINT_TO_POINTER (left));
    vm_ws_close (ws, VM_CLOSE_TRY_LATER, "others come", TRUE);
  }
}

void
vm_server_bound_seatless (VmServer *self)
{
  g_autoptr (GPtrArray) seatless = NULL;

  self->n_seatless = self->n_ws;
  if (self->n_ws <= self->seatless_max || self->stopping)
    return;
  seatless = find_all (self);
  self->n_seatless = seatless->len;
  if (seatless->len > self->seatless_max)
    dismiss (seatless, cut_told (seatless, seatless->len - self->seatless_max,
                           g_get_monotonic_time ()));
}

void
vm_server_count_seatless (VmServer *self)
{
  if (++self->n_seatless > self->seatless_max)
    vm_server_bound_seatless (self);
}
