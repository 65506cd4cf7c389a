/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/p2p/pipe.h"

/* A folder kept the same on two devices (protocol/agents.md#folder-sync). Each
 * side calls vm_sync_run() on a thread of its own, with its end of a stream.
 * Both compute the same plan from both manifests and the last common one.
 *
 * What arrives is written below `.vm-sync-…` in the folder and moved to its
 * name when it is whole; names that begin with `.vm-` are never synced. Errors
 * are VM_ERROR, as below, or G_FILE_ERROR. */

/* Of a folder; one beyond is refused with VM_ERROR_TOO_LARGE, or, for a name
 * or path, left where it is and reported. */
#define VM_SYNC_ENTRIES_MAX 100000
#define VM_SYNC_LEVELS_MAX 64
#define VM_SYNC_PATH_MAX 4096 /* bytes */
/* More than one of so many files deleted on a side: its user is asked. */
#define VM_SYNC_DELETE_SHARE 4
/* The other side says nothing for so long in the middle of a round: it is
 * gone. While it reads its folder it says that it is still there. */
#define VM_SYNC_PATIENCE (60 * G_USEC_PER_SEC)

typedef enum
{
  VM_SYNC_REQUESTER, /* sends FOLDER_MODE */
  VM_SYNC_TARGET,
} VmSyncSide;

/* What is done to an entry of a folder. */
typedef enum
{
  VM_SYNC_STEP_CREATE, /* a file, folder or link that was not there */
  VM_SYNC_STEP_REPLACE, /* another content */
  VM_SYNC_STEP_MODE, /* another mode only */
  VM_SYNC_STEP_MOVE, /* from another path, without sending it */
  VM_SYNC_STEP_DELETE,
  VM_SYNC_STEP_CONFLICT, /* as MOVE or CREATE: the version that lost the name */
  VM_SYNC_STEP_LEFT, /* not synced this time; `reason` says why */
} VmSyncStepType;

/* "create"; never NULL. */
const gchar *vm_sync_step_type_to_string (VmSyncStepType type);

typedef struct
{
  VmSyncStepType type;
  gboolean theirs; /* it is done in the other side's folder */
  const gchar *path;
  const gchar *from; /* MOVE and CONFLICT: the path it had; else NULL */
  const gchar *reason; /* LEFT; else NULL */
  guint64 size; /* bytes of the file */
  guint64 bytes; /* of them at most so many are sent */
} VmSyncStep;

typedef struct
{
  guint64 done, total; /* bytes of the contents that are sent, both ways */
  guint64 sent, received; /* bytes of messages, all rounds */
  guint files_done, files_total; /* that this side writes */
  guint conflicts, left; /* of this round */
  guint rounds; /* that are done */
} VmSyncProgress;

/* The functions are called on the thread of vm_sync_run(); open_root also on
 * one that it waits for. */
typedef struct
{
  gint root; /* descriptor of the folder, or, with open_root, of one above it,
              * on the same disk; stays the caller's */
  const gchar *root_name; /* its absolute path: tells one folder's state from
                           * another's; it is not opened */
  const gchar *folder; /* its name for the other side, below its share; "":
                        * the share itself */
  const gchar *device, *peer_device; /* ids */
  const gchar *state_dir; /* NULL: XDG_STATE_HOME/videomeet/sync */

  /* of the capability; 0: no limit */
  guint64 max_size; /* bytes of contents that are sent in either direction */
  guint64 max_rate; /* bytes/s that this side sends */

  /* of the requester; the target goes by FOLDER_MODE */
  gboolean dry_run; /* nothing is written on either side */
  gboolean watch; /* goes on until the pipe is closed */
  /* TARGET: the body of FOLDER_MODE when it was received already. */
  GBytes *first;

  gpointer user_data; /* of: */
  /* NULL: the folder is there. Else it is opened by this; with @make, which
   * comes before something is written to it, it is made if it is not there.
   * -1: G_FILE_ERROR; NOENT without @make: it counts as empty. */
  gint (*open_root) (gboolean make, gpointer user_data, GError **error);
  /* Each step of the plan, before it is done; nullable. */
  void (*step) (const VmSyncStep *step, gpointer user_data);
  void (*progress) (const VmSyncProgress *progress, gpointer user_data);
  /* Whether @deleted of @total files may be deleted in the own folder or, when
   * @theirs, in the other side's. NULL: no. Both sides must agree. */
  gboolean (*may_delete) (
      guint deleted, guint total, gboolean theirs, gpointer user_data);
  /* Whether a round may write @bytes to the own folder; called once a round.
   * NULL: yes. */
  gboolean (*may_store) (guint64 bytes, gpointer user_data, GError **error);
} VmSyncConfig;

/* What a body of FOLDER_MODE asks for. */
typedef struct
{
  gboolean sync; /* else "zip" */
  gchar *folder; /* "": the share itself */
  gboolean dry_run, watch;
  gboolean extended; /* the requester knows more than the base protocol */
} VmSyncRequest;

void vm_sync_request_clear (VmSyncRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmSyncRequest, vm_sync_request_clear)
/* VM_ERROR_BAD_MESSAGE. Pure. */
gboolean
vm_sync_request_read (GBytes *body, VmSyncRequest *request, GError **error);
/* Opens @folder, as of a request, below @share: no symbolic link in it is
 * followed, and none of its names begins with `.vm-`. @create: makes what is
 * missing of it, with mode 0700. -1: G_FILE_ERROR, such as EXIST where
 * something has a name that vm_filename_key() takes for the same; or
 * VM_ERROR_BAD_MESSAGE for a name that no folder may have. */
gint vm_sync_open_folder (
    gint share, const gchar *folder, gboolean create, GError **error);
/* Blocks until both folders are the same, but for what is left, which the steps
 * name and which is VM_ERROR_FAILED; with watch,
 * until the pipe is closed. Closing the pipe from another thread cancels it;
 * what was not whole is removed, and nothing has changed its name in between.
 * VM_ERROR_DECLINED: one side's user did not want the deletions; TOO_LARGE: a
 * limit; BAD_MESSAGE; TIMEOUT; DISCONNECTED: the other side is gone, or said
 * why in its ERROR message, with that code; G_FILE_ERROR_NOSPC, before a byte
 * is sent. */
gboolean vm_sync_run (VmP2pPipe *pipe, VmSyncSide side,
    const VmSyncConfig *config, GError **error);
