/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/shared/shareledger.h"
#include "cluster/shared/roomshare-priv.h"

struct _VmShareLedger
{
  VmRoomShare *share;
  VmShareKind kind;
  VmShareLedgerFuncs funcs;
  gpointer user_data;
  VmCluster *cluster;
  GQueue events; /* of Event */
};

static const gchar letters[VM_SHARE_N_KINDS] = {
  [VM_SHARE_USERS] = 'u',
};

typedef struct
{
  enum
  {
    SEATED,
    GONE,
    CHANGED,
  } kind;
  guint epoch;
  GError *error; /* or NULL */
  gchar *key; /* or NULL */
} Event;

static void
event_free (gpointer data)
{
  Event *event = data;

  g_clear_error (&event->error);
  g_free (event->key);
  g_free (event);
}

static void
push (VmShareLedger *ledger, Event event)
{
  g_queue_push_tail (&ledger->events, g_memdup2 (&event, sizeof event));
}

/* From the cluster */

static void
on_get (guint64 request, const gchar *key, gpointer user_data)
{
  VmShareLedger *ledger = user_data;
  g_autofree gchar *name = g_strdup_printf ("%c%s", letters[ledger->kind], key);

  vm_room_share_get (ledger->share, ledger->kind, request, name);
}

static void
on_put (guint64 request, const gchar *key, GBytes *value, guint64 revision,
    gpointer user_data)
{
  VmShareLedger *ledger = user_data;
  g_autofree gchar *name = g_strdup_printf ("%c%s", letters[ledger->kind], key);

  vm_room_share_put (
      ledger->share, ledger->kind, request, name, value, revision);
}

/* The node's beat is that of its rooms. */
static void
on_beat (const gchar *node, gpointer user_data)
{
}

static void
on_list (gpointer user_data)
{
}

static void
on_seated (guint epoch, const VmClusterRecord *record,
    const VmClusterParticipant *one, const GError *error, gpointer user_data)
{
  push (user_data, (Event){ .kind = SEATED,
                       .epoch = epoch,
                       .error = error ? g_error_copy (error) : NULL });
}

static void
on_gone (guint epoch, const GError *reason, gpointer user_data)
{
  push (user_data,
      (Event){ .kind = GONE, .epoch = epoch, .error = g_error_copy (reason) });
}

static void
on_changed (const gchar *key, const VmClusterRecord *record, gpointer user_data)
{
  push (user_data, (Event){ .kind = CHANGED, .key = g_strdup (key) });
}

VmShareLedger *
vm_share_ledger_new (VmRoomShare *share, VmShareKind kind,
    const VmShareLedgerFuncs *funcs, gpointer user_data)
{
  static const VmClusterFuncs cluster_funcs = {
    .get = on_get,
    .put = on_put,
    .beat = on_beat,
    .list = on_list,
    .seated = on_seated,
    .gone = on_gone,
    .changed = on_changed,
  };
  VmShareLedger *ledger = g_new0 (VmShareLedger, 1);

  ledger->share = share;
  ledger->kind = kind;
  ledger->funcs = *funcs;
  ledger->user_data = user_data;
  ledger->cluster = vm_cluster_new (&cluster_funcs, ledger, share->node);
  g_queue_init (&ledger->events);
  share->ledgers[kind] = ledger;
  return ledger;
}

void
vm_share_ledger_free (VmShareLedger *ledger)
{
  ledger->share->ledgers[ledger->kind] = NULL;
  g_queue_clear_full (&ledger->events, event_free);
  vm_cluster_free (ledger->cluster);
  g_free (ledger);
}

/* For the share */

VmShareKind
vm_share_kind_of_key (const gchar *key)
{
  for (guint i = VM_SHARE_ROOMS + 1; i < VM_SHARE_N_KINDS; i++) {
    if (*key == letters[i])
      return i;
  }
  return VM_SHARE_ROOMS;
}

VmCluster *
vm_share_ledger_get_cluster (VmShareLedger *ledger)
{
  return ledger->cluster;
}

void
vm_share_ledger_tick (VmShareLedger *ledger)
{
  vm_cluster_tick (ledger->cluster, ledger->share->now);
  if (ledger->funcs.tick)
    ledger->funcs.tick (ledger->share->now, ledger->user_data);
}

gboolean
vm_share_ledger_settle (VmShareLedger *ledger)
{
  Event *event = g_queue_pop_head (&ledger->events);

  if (!event)
    return FALSE;
  switch (event->kind) {
    case SEATED:
      ledger->funcs.seated (event->epoch, event->error, ledger->user_data);
      break;
    case GONE:
      ledger->funcs.gone (event->epoch, event->error, ledger->user_data);
      break;
    case CHANGED:
      ledger->funcs.changed (event->key, ledger->user_data);
      break;
  }
  event_free (event);
  return TRUE;
}

/* For whose records they are */

/* A seat is taken over from the node that has it by that one's name: so it is
 * that node's, and nobody else's who was faster. */
guint
vm_share_ledger_take_seat (VmShareLedger *ledger, const gchar *name, guint size,
    const VmClusterParticipant *one, const gchar *owner, GError **error)
{
  VmRoomShare *share = ledger->share;
  g_autofree gchar *resume = vm_cluster_key (share->node);
  VmClusterParticipant mine = *one;

  mine.resume = resume;
  return vm_cluster_take_seat (ledger->cluster, name, share->node, size, &mine,
      owner, share->now, error);
}

void
vm_share_ledger_leave (VmShareLedger *ledger, guint epoch)
{
  vm_cluster_leave (ledger->cluster, epoch, ledger->share->now);
}

const VmClusterRecord *
vm_share_ledger_look_up (VmShareLedger *ledger, const gchar *name)
{
  return vm_cluster_look_up (ledger->cluster, name);
}

gboolean
vm_share_ledger_is_absent (VmShareLedger *ledger, const gchar *node)
{
  return vm_cluster_is_absent (ledger->cluster, node);
}
