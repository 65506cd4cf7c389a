/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmenums.h>
#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmtransferstate.h>

G_BEGIN_DECLS

/**
 * VM_AGENT_SESSIONS_MAX:
 *
 * Sessions that a #VmAgent has at a time; more are denied.
 *
 * Since: 0.3
 */
#define VM_AGENT_SESSIONS_MAX 64

/**
 * VM_AGENT_FILES_MAX:
 *
 * Files and folders of one vm_agent_send_files_async().
 *
 * Since: 0.3
 */
#define VM_AGENT_FILES_MAX 1024

/**
 * VmAgentKind:
 * @VM_AGENT_KIND_FILE: one file
 * @VM_AGENT_KIND_FOLDER: a folder, sent as an archive
 * @VM_AGENT_KIND_SYNC: a folder that is made the same on both devices
 * @VM_AGENT_KIND_TERMINAL: a terminal that is seen; a #VmTerminal tells of it
 *
 * What an agent transfers.
 *
 * Since: 0.3
 */
typedef enum
{
  VM_AGENT_KIND_FILE,
  VM_AGENT_KIND_FOLDER,
  VM_AGENT_KIND_SYNC,
  VM_AGENT_KIND_TERMINAL,
} VmAgentKind;

/**
 * VmAgentSyncFlags:
 * @VM_AGENT_SYNC_FLAGS_NONE: once
 * @VM_AGENT_SYNC_FLAGS_WATCH: goes on with every change until it is cancelled
 * @VM_AGENT_SYNC_FLAGS_DRY_RUN: tells the steps, and does none of them
 * @VM_AGENT_SYNC_FLAGS_DELETE: any number of files may be deleted
 *
 * How a folder is synced.
 *
 * Since: 0.3
 */
typedef enum /*< flags >*/
{
  VM_AGENT_SYNC_FLAGS_NONE = 0,
  VM_AGENT_SYNC_FLAGS_WATCH = 1 << 0,
  VM_AGENT_SYNC_FLAGS_DRY_RUN = 1 << 1,
  VM_AGENT_SYNC_FLAGS_DELETE = 1 << 2,
} VmAgentSyncFlags;

#define VM_TYPE_AGENT_KIND (vm_agent_kind_get_type ())
#define VM_TYPE_AGENT_SYNC_FLAGS (vm_agent_sync_flags_get_type ())
#define VM_TYPE_AGENT_TRANSFER (vm_agent_transfer_get_type ())
#define VM_TYPE_AGENT_STEP (vm_agent_step_get_type ())

VM_API GType vm_agent_kind_get_type (void);
VM_API GType vm_agent_sync_flags_get_type (void);

typedef struct _VmAgentTransfer VmAgentTransfer;

/**
 * VmAgentTransfer:
 * @id: unique among the transfers of the agent
 * @kind: what it is
 * @incoming: whether the other device has begun it
 * @device_id: the other device
 * @user: the name of its user, as the server tells it
 * @name: of the file or folder
 * @state: how far it is
 * @size: bytes in all, as far as known
 * @done: bytes of them that are verified
 * @resumed: bytes that were there from an earlier transfer; 0: none
 * @dry_run: of a sync, whether it only tells what would be done
 * @lane: (nullable): what carries it: `quic`, or `relay` for QUIC that passes
 *   the server; %NULL before it is connected
 * @saved_path: (nullable): where it is saved, relative to the receiving folder;
 *   of an incoming file or folder that is complete
 * @error: (nullable): why it has failed
 *
 * A file or folder on its way to another device, or from it.
 *
 * Since: 0.3
 */
struct _VmAgentTransfer
{
  guint64 id;
  VmAgentKind kind;
  gboolean incoming;
  gchar *device_id;
  gchar *user;
  gchar *name;
  VmTransferState state;
  guint64 size;
  guint64 done;
  guint64 resumed;
  gboolean dry_run;
  gchar *lane;
  gchar *saved_path;
  GError *error;
};

VM_API GType vm_agent_transfer_get_type (void);
VM_API VmAgentTransfer *
vm_agent_transfer_copy (const VmAgentTransfer *transfer);
VM_API void vm_agent_transfer_free (VmAgentTransfer *transfer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAgentTransfer, vm_agent_transfer_free)

typedef struct _VmAgentStep VmAgentStep;

/**
 * VmAgentStep:
 * @transfer_id: of the sync, as the `id` of its #VmAgentTransfer
 * @type: `create`, `replace`, `mode`, `move`, `delete`, `conflict` or `left`
 * @theirs: whether it is done in the folder of the other device
 * @path: of the file, relative to the folder
 * @from: (nullable): the path that it had, of `move` and `conflict`
 * @reason: (nullable): why it is left as it is, of `left`; of either side
 * @size: bytes of the file
 *
 * A step by which a folder is made the same on both devices.
 *
 * Since: 0.3
 */
struct _VmAgentStep
{
  guint64 transfer_id;
  gchar *type;
  gboolean theirs;
  gchar *path;
  gchar *from;
  gchar *reason;
  guint64 size;
};

VM_API GType vm_agent_step_get_type (void);
VM_API VmAgentStep *vm_agent_step_copy (const VmAgentStep *step);
VM_API void vm_agent_step_free (VmAgentStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAgentStep, vm_agent_step_free)

/**
 * VmAgent:
 *
 * A device in a room of a mesh that gives and takes files and folders.
 *
 * Since: 0.3
 */
#define VM_TYPE_AGENT (vm_agent_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmAgent, vm_agent, VM, AGENT, GObject)

VM_API VmAgent *vm_agent_new (VmIdentity *identity, const gchar *server,
    const gchar *room, const gchar *user);

VM_API void vm_agent_start_async (VmAgent *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
VM_API gboolean vm_agent_start_finish (
    VmAgent *self, GAsyncResult *result, GError **error);
VM_API void vm_agent_stop_async (VmAgent *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
VM_API gboolean vm_agent_stop_finish (
    VmAgent *self, GAsyncResult *result, GError **error);

VM_API void vm_agent_send_files_async (VmAgent *self, const gchar *name,
    const gchar *const *locations, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
VM_API gboolean vm_agent_send_files_finish (
    VmAgent *self, GAsyncResult *result, GError **error);
VM_API void vm_agent_sync_async (VmAgent *self, const gchar *name,
    const gchar *folder, const gchar *their_folder, VmAgentSyncFlags flags,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
VM_API gboolean vm_agent_sync_finish (
    VmAgent *self, GAsyncResult *result, GError **error);

VM_API void
vm_agent_allow (VmAgent *self, const gchar *name, VmPermissions permissions);
VM_API gboolean vm_agent_trust (VmAgent *self, const gchar *device_id,
    VmPermissions permissions, GError **error);
VM_API void
vm_agent_answer (VmAgent *self, guint64 transfer_id, gboolean accept);
VM_API void
vm_agent_set_paused (VmAgent *self, guint64 transfer_id, gboolean paused);
VM_API void vm_agent_cancel (VmAgent *self, guint64 transfer_id);

G_END_DECLS
