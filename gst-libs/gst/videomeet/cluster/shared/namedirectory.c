/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/shared/namedirectory.h"
#include "cluster/shared/roomshare-priv.h"

struct _VmNameDirectory
{
  VmRoomShare *share;
  VmShareKind kind;
  VmNameDirectoryFuncs funcs;
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
push (VmNameDirectory *directory, Event event)
{
  g_queue_push_tail (&directory->events, g_memdup2 (&event, sizeof event));
}

/* As the store has it. */
static gchar *
make_key (const VmNameDirectory *directory, const gchar *key)
{
  return g_strdup_printf ("%c%s", letters[directory->kind], key);
}

/* From the cluster */

static void
on_get (guint64 request, const gchar *key, gpointer user_data)
{
  VmNameDirectory *directory = user_data;
  g_autofree gchar *name = make_key (directory, key);

  vm_room_share_get (directory->share, directory->kind, request, name);
}

static void
on_put (guint64 request, const gchar *key, GBytes *value, guint64 revision,
    gpointer user_data)
{
  VmNameDirectory *directory = user_data;
  g_autofree gchar *name = make_key (directory, key);

  vm_room_share_put (
      directory->share, directory->kind, request, name, value, revision);
}

static void
on_watch (const gchar *key, gpointer user_data)
{
  VmNameDirectory *directory = user_data;
  VmRoomShare *share = directory->share;
  g_autofree gchar *name = make_key (directory, key);

  share->funcs.watch (name, share->user_data);
}

static void
on_unwatch (const gchar *key, gpointer user_data)
{
  VmNameDirectory *directory = user_data;
  VmRoomShare *share = directory->share;
  g_autofree gchar *name = make_key (directory, key);

  share->funcs.unwatch (name, share->user_data);
}

/* The node's beat is that of its rooms, and so are the list and the scan. */
static void
on_beat (const gchar *node, gpointer user_data)
{
}

static void
on_list (gpointer user_data)
{
}

static void
on_scan (const gchar *const *nodes, gpointer user_data)
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

VmNameDirectory *
vm_name_directory_new (VmRoomShare *share, VmShareKind kind,
    const VmNameDirectoryFuncs *funcs, gpointer user_data)
{
  static const VmClusterFuncs cluster_funcs = {
    .get = on_get,
    .put = on_put,
    .beat = on_beat,
    .list = on_list,
    .watch = on_watch,
    .unwatch = on_unwatch,
    .scan = on_scan,
    .seated = on_seated,
    .gone = on_gone,
    .changed = on_changed,
  };
  VmNameDirectory *directory = g_new0 (VmNameDirectory, 1);

  directory->share = share;
  directory->kind = kind;
  directory->funcs = *funcs;
  directory->user_data = user_data;
  directory->cluster = vm_cluster_new (&cluster_funcs, directory, share->node);
  g_queue_init (&directory->events);
  share->directories[kind] = directory;
  return directory;
}

void
vm_name_directory_free (VmNameDirectory *directory)
{
  directory->share->directories[directory->kind] = NULL;
  g_queue_clear_full (&directory->events, event_free);
  vm_cluster_free (directory->cluster);
  g_free (directory);
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
vm_name_directory_get_cluster (VmNameDirectory *directory)
{
  return directory->cluster;
}

void
vm_name_directory_tick (VmNameDirectory *directory)
{
  vm_cluster_tick (directory->cluster, directory->share->now);
  if (directory->funcs.tick)
    directory->funcs.tick (directory->share->now, directory->user_data);
}

gboolean
vm_name_directory_settle (VmNameDirectory *directory)
{
  Event *event = g_queue_pop_head (&directory->events);

  if (!event)
    return FALSE;
  switch (event->kind) {
    case SEATED:
      directory->funcs.seated (
          event->epoch, event->error, directory->user_data);
      break;
    case GONE:
      directory->funcs.gone (event->epoch, event->error, directory->user_data);
      break;
    case CHANGED:
      directory->funcs.changed (event->key, directory->user_data);
      break;
  }
  event_free (event);
  return TRUE;
}

/* For whose records they are */

/* A seat is taken over from the node that has it by that one's name: so it is
 * that node's, and nobody else's who was faster. */
guint
vm_name_directory_take_seat (VmNameDirectory *directory, const gchar *name,
    guint size, const VmClusterParticipant *one, const gchar *owner,
    GError **error)
{
  VmRoomShare *share = directory->share;
  g_autofree gchar *resume = vm_cluster_key (share->node);
  VmClusterParticipant mine = *one;

  mine.resume = resume;
  return vm_cluster_take_seat (directory->cluster, name, share->node, size, 0,
      &mine, owner, share->now, error);
}

void
vm_name_directory_leave (VmNameDirectory *directory, guint epoch)
{
  vm_cluster_leave (directory->cluster, epoch, directory->share->now);
}

const VmClusterRecord *
vm_name_directory_look_up (VmNameDirectory *directory, const gchar *name)
{
  return vm_cluster_look_up (directory->cluster, name);
}

gboolean
vm_name_directory_watch (VmNameDirectory *directory, const gchar *name)
{
  g_autofree gchar *key = vm_cluster_key (name);

  return vm_cluster_watch (directory->cluster, key, directory->share->now);
}

void
vm_name_directory_unwatch (VmNameDirectory *directory, const gchar *name)
{
  g_autofree gchar *key = vm_cluster_key (name);

  vm_cluster_unwatch (directory->cluster, key);
}

gboolean
vm_name_directory_has_read (VmNameDirectory *directory, const gchar *name)
{
  g_autofree gchar *key = vm_cluster_key (name);

  return vm_cluster_has_read (directory->cluster, key);
}

gboolean
vm_name_directory_is_absent (VmNameDirectory *directory, const gchar *node)
{
  return vm_cluster_is_absent (directory->cluster, node);
}
