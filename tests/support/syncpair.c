/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* syncpair A B STATE: syncs two folders over a stream in memory, for the
 * benches of folder sync. */

#include <gst/videomeet/transfer/sync/sync.h>

#include <fcntl.h>
#include <stdlib.h>

#define PIPE_BOUND (16 * 1024 * 1024) /* the window of a QUIC connection */

typedef struct
{
  VmP2pPipe *pipe;
  VmSyncSide side;
  VmSyncConfig config;
  GError *error;
  gboolean ok;
} Side;

static gboolean
agree (guint deleted, guint total, gboolean theirs, gpointer user_data)
{
  return TRUE;
}

static gpointer
run (gpointer data)
{
  Side *side = data;

  side->ok = vm_sync_run (side->pipe, side->side, &side->config, &side->error);
  return NULL;
}

int
main (int argc, char **argv)
{
  static const gchar *const devices[2] = { "ALICEDEV", "BOBDEVICE" };
  Side sides[2] = { { .side = VM_SYNC_REQUESTER }, { .side = VM_SYNC_TARGET } };
  GThread *thread;

  if (argc != 4) {
    g_printerr ("usage: syncpair A B STATE\n");
    return EXIT_FAILURE;
  }
  vm_p2p_pipe_new_pair (PIPE_BOUND, &sides[0].pipe, &sides[1].pipe);
  for (guint s = 0; s < 2; s++) {
    sides[s].config = (VmSyncConfig){
      .root = open (argv[1 + s], O_RDONLY | O_DIRECTORY | O_CLOEXEC),
      .root_name = argv[1 + s],
      .folder = "",
      .device = devices[s],
      .peer_device = devices[!s],
      .state_dir = argv[3],
      .may_delete = agree,
    };
  }
  thread = g_thread_new ("target", run, &sides[1]);
  run (&sides[0]);
  g_thread_join (thread);
  for (guint s = 0; s < 2; s++) {
    if (!sides[s].ok)
      g_printerr ("%s: %s\n", argv[1 + s], sides[s].error->message);
    vm_p2p_pipe_free (sides[s].pipe);
  }
  return sides[0].ok && sides[1].ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
