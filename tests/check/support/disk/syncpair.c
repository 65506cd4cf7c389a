/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/disk/syncpair.h"

#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_BOUND (1024 * 1024)

gchar *sync_top, *sync_folders[2], *sync_state;
VmSyncConfig sync_configs[2];
SyncSide sync_sides[2];
void (*sync_hinder[2]) (void);

static gboolean
agree (guint deleted, guint total, gboolean theirs, gpointer user_data)
{
  return TRUE;
}

void
sync_pair_make (void)
{
  static const gchar *const devices[2] = { "ALICEDEV", "BOBDEVICE" };

  sync_hinder[0] = sync_hinder[1] = NULL;
  sync_top = g_dir_make_tmp ("vm-sync-XXXXXX", NULL);
  sync_state = g_build_filename (sync_top, "state", NULL);
  for (guint s = 0; s < 2; s++) {
    sync_folders[s] = g_build_filename (sync_top, s ? "b" : "a", NULL);
    fail_unless_equals_int (g_mkdir (sync_folders[s], 0755), 0);
    sync_configs[s] = (VmSyncConfig){
      .root = open (sync_folders[s], O_RDONLY | O_DIRECTORY | O_CLOEXEC),
      .root_name = sync_folders[s],
      .folder = "f",
      .device = devices[s],
      .peer_device = devices[!s],
      .state_dir = sync_state,
      .may_delete = agree,
    };
  }
}

void
sync_pair_drop (void)
{
  const gchar *argv[] = { "rm", "-rf", sync_top, NULL };

  for (guint s = 0; s < 2; s++) {
    close (sync_configs[s].root);
    g_clear_pointer (&sync_folders[s], g_free);
  }
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&sync_state, g_free);
  g_clear_pointer (&sync_top, g_free);
}

static gboolean
cut_send (VmP2pPipe *pipe, guint8 type, const void *head, gsize head_size,
    GBytes *body, gint64 timeout, GError **error)
{
  SyncCut *self = (SyncCut *) pipe;

  if (g_atomic_int_get (&self->left) == 0)
    vm_p2p_pipe_close (self->inner, NULL);
  else if (g_atomic_int_get (&self->left) > 0)
    g_atomic_int_add (&self->left, -1);
  self->bytes += head_size + (body ? g_bytes_get_size (body) : 0);
  return vm_p2p_pipe_send (
      self->inner, type, head, head_size, body, timeout, error);
}

static GBytes *
cut_receive (VmP2pPipe *pipe, gint64 timeout, guint8 *type, GError **error)
{
  return vm_p2p_pipe_receive (((SyncCut *) pipe)->inner, timeout, type, error);
}

static void
cut_end (VmP2pPipe *pipe)
{
  vm_p2p_pipe_end (((SyncCut *) pipe)->inner);
}

static void
cut_close (VmP2pPipe *pipe, const GError *why)
{
  vm_p2p_pipe_close (((SyncCut *) pipe)->inner, why);
}

static void
cut_free (VmP2pPipe *pipe)
{
  vm_p2p_pipe_free (((SyncCut *) pipe)->inner);
}

static gboolean
cut_is_over (VmP2pPipe *pipe)
{
  return vm_p2p_pipe_is_over (((SyncCut *) pipe)->inner);
}

static const VmP2pPipeFuncs cut_funcs = {
  .send = cut_send,
  .receive = cut_receive,
  .end = cut_end,
  .close = cut_close,
  .free = cut_free,
  .is_over = cut_is_over,
};

static gpointer
run_side (gpointer data)
{
  SyncSide *side = data;

  if (sync_hinder[side->side])
    sync_hinder[side->side]();
  side->ok = vm_sync_run (
      &side->cut.pipe, side->side, &sync_configs[side->side], &side->error);
  return NULL;
}

void
sync_pair_begin (gint after)
{
  VmP2pPipe *ends[2];

  vm_p2p_pipe_new_pair (PIPE_BOUND, &ends[0], &ends[1]);
  for (guint s = 0; s < 2; s++) {
    SyncSide *side = &sync_sides[s];

    g_clear_error (&side->error);
    *side = (SyncSide){ .side = s };
    side->cut.pipe.funcs = &cut_funcs;
    side->cut.inner = ends[s];
    side->cut.left = s == 0 ? after : -1;
    side->thread = g_thread_new ("side", run_side, side);
  }
}

void
sync_pair_end (void)
{
  for (guint s = 0; s < 2; s++)
    g_thread_join (sync_sides[s].thread);
  for (guint s = 0; s < 2; s++)
    vm_p2p_pipe_free (&sync_sides[s].cut.pipe);
}

void
sync_pair_run (gint after)
{
  sync_pair_begin (after);
  sync_pair_end ();
}

void
sync_both (void)
{
  sync_pair_run (-1);
  for (guint s = 0; s < 2; s++)
    fail_unless (sync_sides[s].ok, "side %u: %s", s,
        sync_sides[s].error ? sync_sides[s].error->message : "?");
}

void
sync_fails_with (gint code)
{
  sync_pair_run (-1);
  for (guint s = 0; s < 2; s++) {
    fail_if (sync_sides[s].ok);
    fail_unless (g_error_matches (sync_sides[s].error, VM_ERROR, code),
        "side %u: %s", s, sync_sides[s].error->message);
  }
}

gchar *
sync_path_of (guint side, const gchar *name)
{
  return g_build_filename (sync_folders[side], name, NULL);
}

void
sync_write_bytes (guint side, const gchar *name, const void *data, gsize size)
{
  g_autofree gchar *path = sync_path_of (side, name);

  fail_unless (g_file_set_contents (path, data, size, NULL));
}

void
sync_write (guint side, const gchar *name, const gchar *text)
{
  sync_write_bytes (side, name, text, strlen (text));
}

void
sync_has (guint side, const gchar *name, const gchar *text)
{
  g_autofree gchar *path = sync_path_of (side, name), *found = NULL;

  fail_unless (g_file_get_contents (path, &found, NULL, NULL), "%s", path);
  fail_unless_equals_string (found, text);
}

gboolean
sync_is_there (guint side, const gchar *name)
{
  g_autofree gchar *path = sync_path_of (side, name);
  struct stat st;

  return lstat (path, &st) == 0;
}

void
sync_take_away (guint side, const gchar *name)
{
  g_autofree gchar *path = sync_path_of (side, name);

  fail_unless_equals_int (g_remove (path), 0);
}
