/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sessions that this side asks for: what is to be sent waits for the other
 * agent, a capability, this side's candidates and the server's answer. */

#include "agent/term/vmterminal-priv.h"
#include "agent/agentcandidates.h"
#include "base/vmtimer-priv.h"
#include "wire/mesh/meshclient.h"

#include <string.h>

/* One vm_agent_send_files_async() or vm_agent_sync_async(). */
struct _VmAgentWork
{
  GTask *task;
  guint left; /* sessions */
  GError *error; /* the first */
};

/* One session of it. */
typedef struct
{
  VmAgent *agent; /* NULL: it is over */
  VmAgentWork *work;
  gint refs;
  gchar *name; /* of the other side */
  VmMeshKind kind;
  GQueue jobs;
  GSource *timer;
  gchar *target; /* device id, once it is found */
  GPtrArray *candidates;
  gchar *cap_token;
  gchar *message_id; /* of the request, once it is said */
} Request;

void
vm_agent_job_free (VmAgentJob *job)
{
  g_free (job->location);
  g_free (job->name);
  g_free (job->their_folder);
  g_clear_pointer (&job->forward, vm_p2p_forward_unref);
  g_clear_object (&job->terminal);
  g_free (job);
}

static Request *
request_ref (Request *request)
{
  request->refs++;
  return request;
}

static void
request_unref (Request *request)
{
  if (--request->refs)
    return;
  vm_timer_clear (&request->timer);
  g_queue_clear_full (&request->jobs, (GDestroyNotify) vm_agent_job_free);
  g_free (request->name);
  g_free (request->target);
  g_clear_pointer (&request->candidates, g_ptr_array_unref);
  g_free (request->cap_token);
  g_free (request->message_id);
  g_free (request);
}

void
vm_agent_request_free (gpointer request)
{
  request_unref (request);
}

void
vm_agent_work_end (VmAgentWork *work, const GError *error)
{
  if (error && !work->error)
    work->error = g_error_copy (error);
  if (--work->left)
    return;
  if (work->error)
    g_task_return_error (work->task, g_steal_pointer (&work->error));
  else
    g_task_return_boolean (work->task, TRUE);
  g_object_unref (work->task);
  g_free (work);
}

static void
tell_failed (VmAgent *agent, const Request *request, const VmAgentJob *job,
    const GError *error)
{
  g_autoptr (VmAgentTransfer) transfer =
      vm_agent_transfer_new (job->transfer_id, job->kind, NULL, FALSE);

  transfer->name = g_strdup (job->name);
  g_free (transfer->user);
  transfer->user = g_strdup (request->name);
  transfer->state = VM_TRANSFER_STATE_FAILED;
  transfer->error = g_error_copy (error);
  vm_agent_tell_transfer (agent, transfer);
}

/* Tells of each job that it has failed. */
static void
fail (Request *request, const GError *error)
{
  VmAgent *agent = g_steal_pointer (&request->agent);
  VmAgentWork *work = g_steal_pointer (&request->work);
  VmAgentJob *job;

  if (!agent)
    return;
  while ((job = g_queue_pop_head (&request->jobs))) {
    if (!job->terminal)
      tell_failed (agent, request, job, error);
    vm_agent_job_free (job);
  }
  g_ptr_array_remove (agent->requests, request);
  vm_agent_work_end (work, error);
  vm_agent_look_whether_stopped (agent);
}

static gboolean
on_too_late (gpointer user_data)
{
  Request *request = user_data;
  g_autoptr (GError) error = NULL;

  if (request->target)
    g_set_error (&error, VM_ERROR, VM_ERROR_TIMEOUT,
        "The server has not made the session in time");
  else if (!vm_agent_control_is_ready (request->agent->control))
    g_set_error (&error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "The server is not reached, and \"%s\" cannot be asked", request->name);
  else if (vm_agent_control_find (
               request->agent->control, request->name, &error))
    g_set_error (&error, VM_ERROR, VM_ERROR_UNROUTABLE,
        "No agent of \"%s\" was found in time", request->name);
  request_ref (request);
  vm_timer_clear (&request->timer);
  fail (request, error);
  request_unref (request);
  return G_SOURCE_REMOVE;
}

/* When there is everything, it is said. */
static void
look_whether_whole (Request *request)
{
  const VmAgentJob *job = g_queue_peek_head (&request->jobs);
  const VmMeshAgentRequest said = {
    .room_id = request->agent->room,
    .target_device_id = request->target,
    .kind = request->kind,
    .cap_token = request->cap_token,
    .name = job->name,
    .size = -1,
    .candidates = request->candidates,
  };

  if (request->candidates && request->cap_token && !request->message_id)
    request->message_id =
        vm_agent_control_request (request->agent->control, &said);
}

static void
on_minted (const gchar *token, const GError *error, gpointer user_data)
{
  Request *request = user_data;

  if (request->agent && token) {
    request->cap_token = g_strdup (token);
    look_whether_whole (request);
  } else {
    fail (request, error);
  }
  request_unref (request);
}

static void
gather (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  VmAgent *agent = source;

  g_task_return_pointer (task,
      vm_agent_candidates_gather (agent->endpoint, GPOINTER_TO_INT (data) != 0),
      (GDestroyNotify) g_ptr_array_unref);
}

static void
on_gathered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Request *request = user_data;

  request->candidates = g_task_propagate_pointer (G_TASK (result), NULL);
  VM_AGENT (source)->gathering--;
  if (request->agent)
    look_whether_whole (request);
  vm_agent_look_whether_stopped (VM_AGENT (source));
  request_unref (request);
}

/* When the other agent is there, what the request needs is asked for. */
static void
look_for_target (Request *request)
{
  VmAgent *agent = request->agent;
  const gchar *target;
  GTask *task;

  if (request->target || !vm_agent_control_is_ready (agent->control))
    return;
  target = vm_agent_control_find (agent->control, request->name, NULL);
  if (!target)
    return;
  request->target = g_strdup (target);
  vm_timer_clear (&request->timer);
  request->timer =
      vm_timer_new (NULL, VM_AGENT_REQUEST_TIME, on_too_late, request);
  vm_agent_control_mint (
      agent->control, request->kind, target, on_minted, request_ref (request));
  task = g_task_new (agent, NULL, on_gathered, request_ref (request));
  g_task_set_task_data (task,
      GINT_TO_POINTER (vm_agent_control_is_own_machine (agent->control)), NULL);
  agent->gathering++;
  g_task_run_in_thread (task, gather);
  g_object_unref (task);
}

void
vm_agent_requests_look (VmAgent *self)
{
  for (guint i = 0; i < self->requests->len; i++)
    look_for_target (g_ptr_array_index (self->requests, i));
}

void
vm_agent_requests_end (VmAgent *self, const GError *error)
{
  while (self->requests->len) {
    Request *request = request_ref (g_ptr_array_index (self->requests, 0));

    fail (request, error);
    request_unref (request);
  }
}

static gint
compare_id (gconstpointer job, gconstpointer id)
{
  return ((const VmAgentJob *) job)->transfer_id != *(const guint64 *) id;
}

void
vm_agent_requests_cancel (VmAgent *self, guint64 transfer_id)
{
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_CANCELLED, "The transfer was cancelled");

  for (guint i = 0; i < self->requests->len; i++) {
    Request *request = g_ptr_array_index (self->requests, i);

    if (!g_queue_find_custom (&request->jobs, &transfer_id, compare_id))
      continue;
    request_ref (request);
    fail (request, error);
    request_unref (request);
    return;
  }
}

/* The server's answer */

static void
begin (Request *request, const VmMeshNews *news)
{
  VmAgent *agent = request->agent;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmAgentSession) session = NULL;
  VmAgentPeer *peer = vm_agent_proof_check (news, agent->policy, &error);

  if (!peer) {
    const VmMeshAbout about = { .session_id = news->session_id,
      .code = vm_error_get_code (error),
      .reason = error->message };

    vm_agent_control_tell (agent->control, "denied", &about);
    fail (request, error);
    return;
  }
  session = vm_agent_session_new (agent, news, peer);
  vm_agent_session_set_relay (session, news->relay_ticket);
  session->work = g_steal_pointer (&request->work);
  session->jobs = request->jobs;
  session->expires = vm_mesh_token_get_expiry (request->cap_token);
  g_queue_init (&request->jobs);
  request->agent = NULL;
  vm_timer_clear (&request->timer);
  vm_agent_session_start (session);
  g_ptr_array_remove (agent->requests, request);
}

void
vm_agent_requests_take (VmAgent *self, const VmMeshNews *news)
{
  for (guint i = 0; i < self->requests->len; i++) {
    Request *request = g_ptr_array_index (self->requests, i);
    g_autoptr (GError) error = NULL;
    VmError code = VM_ERROR_P2P_SESSION_DENIED;

    if (!request->message_id)
      continue;
    if (news->type == VM_MESH_NEWS_CREATED) {
      if (request->kind != news->kind
          || (news->device_id
              && strcmp (request->target, news->device_id) != 0))
        continue;
      begin (request, news);
      return;
    }
    if (g_strcmp0 (news->in_reply_to, request->message_id) != 0)
      continue;
    if (news->code)
      vm_error_from_code (news->code, &code);
    error = g_error_new (VM_ERROR, code, "%s",
        news->message ? news->message : "The server denies the session");
    request_ref (request);
    fail (request, error);
    request_unref (request);
    return;
  }
}

/* What the application asks for */

static VmAgentWork *
work_new (VmAgent *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  VmAgentWork *work = g_new0 (VmAgentWork, 1);

  work->task = g_task_new (self, cancellable, callback, user_data);
  /* what is true in the end is what became of the transfers */
  g_task_set_check_cancellable (work->task, FALSE);
  return work;
}

static void
ask (VmAgent *self, VmAgentWork *work, const gchar *name, VmMeshKind kind,
    GQueue *jobs)
{
  Request *request = g_new0 (Request, 1);

  request->refs = 1;
  request->agent = self;
  request->work = work;
  request->name = g_strdup (name);
  request->kind = kind;
  request->jobs = *jobs;
  request->timer =
      vm_timer_new (NULL, VM_AGENT_PEER_TIME, on_too_late, request);
  work->left++;
  g_ptr_array_add (self->requests, request);
}

static VmAgentJob *
job_new (VmAgent *self, VmAgentKind kind, const gchar *location)
{
  VmAgentJob *job = g_new0 (VmAgentJob, 1);
  g_autofree gchar *path = g_canonicalize_filename (location, NULL);
  g_autofree gchar *name = g_path_get_basename (path);

  job->kind = kind;
  job->transfer_id = vm_agent_next_id (self);
  job->location = g_steal_pointer (&path);
  job->name = g_filename_display_name (name);
  return job;
}

typedef struct
{
  VmAgent *agent;
  guint64 *ids;
  guint n_ids;
} Cancel;

static void
cancel_free (gpointer data)
{
  Cancel *cancel = data;

  g_object_unref (cancel->agent);
  g_free (cancel->ids);
  g_free (cancel);
}

static gboolean
on_cancel (gpointer data)
{
  Cancel *cancel = data;

  for (guint i = 0; i < cancel->n_ids; i++)
    vm_agent_cancel (cancel->agent, cancel->ids[i]);
  return G_SOURCE_REMOVE;
}

/* Any thread, perhaps from inside a handler. */
static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Cancel *cancel = data;
  Cancel *copy = g_new (Cancel, 1);

  *copy = (Cancel){ g_object_ref (cancel->agent),
    g_memdup2 (cancel->ids, cancel->n_ids * sizeof *cancel->ids),
    cancel->n_ids };
  vm_mailbox_post (cancel->agent->mailbox, on_cancel, copy, cancel_free);
}

/* The transfers end with @cancellable. */
static void
watch (VmAgent *self, GCancellable *cancellable, const GArray *ids)
{
  Cancel *cancel;

  if (!cancellable)
    return;
  cancel = g_new (Cancel, 1);
  *cancel = (Cancel){ g_object_ref (self),
    g_memdup2 (ids->data, ids->len * sizeof (guint64)), ids->len };
  g_cancellable_connect (
      cancellable, G_CALLBACK (on_cancelled), cancel, cancel_free);
}

static gboolean
may_ask (VmAgent *self, VmAgentWork *work)
{
  if (self->control && !self->stopping)
    return TRUE;
  work->left = 1;
  g_set_error (&work->error, VM_ERROR, VM_ERROR_DISCONNECTED,
      "The agent is not in a room");
  vm_agent_work_end (work, NULL);
  return FALSE;
}

/**
 * vm_agent_send_files_async:
 * @self: a #VmAgent that was started
 * @name: a user whose only agent in the room is meant, or the device id of one
 * @locations: (array zero-terminated=1): paths of files and folders, at most
 *   %VM_AGENT_FILES_MAX
 * @cancellable: (nullable): cancels the transfers
 * @callback: (nullable): called when all have ended
 * @user_data: for @callback
 *
 * Sends files, several at a time, and folders, each as an archive. An agent of
 * that name need not be there yet: it is waited for, for 5 s. A transfer that
 * was interrupted goes on where it was when the same file is sent again.
 *
 * Since: 0.3
 */
void
vm_agent_send_files_async (VmAgent *self, const gchar *name,
    const gchar *const *locations, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  VmAgentWork *work;
  GQueue files = G_QUEUE_INIT, folders = G_QUEUE_INIT;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (guint64));

  g_return_if_fail (VM_IS_AGENT (self));
  g_return_if_fail (name && *name);
  g_return_if_fail (locations && *locations);
  g_return_if_fail (g_strv_length ((gchar **) locations) <= VM_AGENT_FILES_MAX);

  work = work_new (self, cancellable, callback, user_data);
  if (!may_ask (self, work))
    return;
  for (; *locations; locations++) {
    gboolean folder = g_file_test (*locations, G_FILE_TEST_IS_DIR);
    VmAgentJob *job = job_new (
        self, folder ? VM_AGENT_KIND_FOLDER : VM_AGENT_KIND_FILE, *locations);

    g_array_append_val (ids, job->transfer_id);
    g_queue_push_tail (folder ? &folders : &files, job);
  }
  if (!g_queue_is_empty (&files))
    ask (self, work, name, VM_MESH_FILE, &files);
  if (!g_queue_is_empty (&folders))
    ask (self, work, name, VM_MESH_FOLDER, &folders);
  watch (self, cancellable, ids);
  vm_agent_requests_look (self);
}

void
vm_agent_send_forward (VmAgent *self, const gchar *name, const gchar *file_name,
    VmP2pForward *forward, GAsyncReadyCallback callback, gpointer user_data)
{
  VmAgentWork *work = work_new (self, NULL, callback, user_data);
  GQueue jobs = G_QUEUE_INIT;
  VmAgentJob *job;

  if (!may_ask (self, work))
    return;
  job = g_new0 (VmAgentJob, 1);
  job->kind = VM_AGENT_KIND_FILE;
  job->transfer_id = vm_agent_next_id (self);
  job->name = g_strdup (file_name);
  job->forward = vm_p2p_forward_ref (forward);
  g_queue_push_tail (&jobs, job);
  ask (self, work, name, VM_MESH_FILE, &jobs);
  vm_agent_requests_look (self);
}

void
vm_agent_request_view (VmAgent *self, VmTerminal *terminal,
    GAsyncReadyCallback callback, gpointer user_data)
{
  VmAgentWork *work = work_new (self, NULL, callback, user_data);
  GQueue jobs = G_QUEUE_INIT;
  VmAgentJob *job;

  if (!may_ask (self, work))
    return;
  job = g_new0 (VmAgentJob, 1);
  job->kind = VM_AGENT_KIND_TERMINAL;
  job->transfer_id = terminal->job_id = vm_agent_next_id (self);
  job->terminal = G_OBJECT (g_object_ref (terminal));
  g_queue_push_tail (&jobs, job);
  ask (self, work, terminal->name, VM_MESH_TERMINAL, &jobs);
  vm_agent_requests_look (self);
}

/**
 * vm_agent_send_files_finish:
 * @self: a #VmAgent
 * @result: of the callback
 * @error: the first error, one of #VM_ERROR or of the file
 *
 * Returns: whether all were sent
 *
 * Since: 0.3
 */
gboolean
vm_agent_send_files_finish (VmAgent *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * vm_agent_sync_async:
 * @self: a #VmAgent that was started
 * @name: as of vm_agent_send_files_async()
 * @folder: path of a folder
 * @their_folder: its path below #VmAgent:share-folder of the other device; ""
 *   is that folder itself
 * @flags: how
 * @cancellable: (nullable): ends it
 * @callback: (nullable): called when both folders are the same, or when it has
 *   failed
 * @user_data: for @callback
 *
 * Makes two folders the same, from what has changed on either side since the
 * last time. When a file has changed on both sides, both versions are kept.
 *
 * Since: 0.3
 */
void
vm_agent_sync_async (VmAgent *self, const gchar *name, const gchar *folder,
    const gchar *their_folder, VmAgentSyncFlags flags,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  VmAgentWork *work;
  VmAgentJob *job;
  GQueue jobs = G_QUEUE_INIT;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (guint64));

  g_return_if_fail (VM_IS_AGENT (self));
  g_return_if_fail (name && *name);
  g_return_if_fail (folder && their_folder);

  work = work_new (self, cancellable, callback, user_data);
  if (!may_ask (self, work))
    return;
  job = job_new (self, VM_AGENT_KIND_SYNC, folder);
  job->their_folder = g_strdup (their_folder);
  job->flags = flags;
  g_array_append_val (ids, job->transfer_id);
  g_queue_push_tail (&jobs, job);
  ask (self, work, name, VM_MESH_FOLDER, &jobs);
  watch (self, cancellable, ids);
  vm_agent_requests_look (self);
}

/**
 * vm_agent_sync_finish:
 * @self: a #VmAgent
 * @result: of the callback
 * @error: one of #VM_ERROR or of a file; %VM_ERROR_FAILED where a path is
 *   left, which the steps `left` name
 *
 * Returns: whether both folders are the same
 *
 * Since: 0.3
 */
gboolean
vm_agent_sync_finish (VmAgent *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
