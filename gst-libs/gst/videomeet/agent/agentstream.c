/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Transfers on one stream of a session, by the handlers of transfer/. */

#include "agent/term/agentterm.h"
#include "agent/term/vmterminal-priv.h"
#include "transfer/archive/p2pzip.h"
#include "transfer/engine/sender.h"
#include "transfer/p2p/p2pfiles.h"
#include "transfer/sync/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A thread that waits for the user's answer checks this often whether the
 * session is to end, or the other side has left. */
#define LOOK_TIME (G_USEC_PER_SEC / 4)

/* One transfer, on its thread. */
typedef struct
{
  VmAgentSession *session;
  VmP2pPipe *pipe;
  VmAgentStream *stream;
  VmAgentTransfer *now; /* as it is */
  const gchar *folder; /* of a sync: below the share, or of this side */
  VmAgentSyncFlags flags; /* of a sync that this side asks for */
  gint64 told; /* when progress was told last */
  guint64 pending; /* bytes of the quota that a sync is about to write */
  gboolean moving; /* it has been told that bytes go */
} Transfer;

/* The stream as the context's thread sees it */

static void
stream_clear (gpointer data)
{
  VmAgentStream *stream = data;

  vm_p2p_control_free (stream->control);
  g_mutex_clear (&stream->lock);
  g_cond_clear (&stream->cond);
}

void
vm_agent_stream_unref (VmAgentStream *stream)
{
  g_atomic_rc_box_release_full (stream, stream_clear);
}

void
vm_agent_stream_answer (VmAgentStream *stream, gboolean accept)
{
  g_mutex_lock (&stream->lock);
  stream->answer = accept != FALSE;
  g_cond_signal (&stream->cond);
  g_mutex_unlock (&stream->lock);
}

void
vm_agent_stream_set_paused (VmAgentStream *stream, gboolean paused)
{
  vm_p2p_control_set_paused (stream->control, paused);
}

void
vm_agent_stream_cancel (VmAgentStream *stream)
{
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_CANCELLED, "The transfer was cancelled");

  vm_p2p_control_cancel (stream->control);
  g_mutex_lock (&stream->lock);
  if (stream->answer < 0)
    stream->answer = FALSE;
  g_cond_signal (&stream->cond);
  if (stream->pipe)
    vm_p2p_pipe_close (stream->pipe, error);
  g_mutex_unlock (&stream->lock);
}

/* Telling */

typedef struct
{
  VmAgentTransfer *transfer;
  VmAgentStream *stream; /* that has begun; or NULL */
  gboolean over, offered;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  vm_agent_transfer_free (news->transfer);
  g_clear_pointer (&news->stream, vm_agent_stream_unref);
  g_free (news);
}

static void
on_news (VmAgentSession *session, gpointer data)
{
  News *news = data;
  GHashTable *streams = session->agent->streams;

  if (news->stream)
    g_hash_table_replace (streams,
        g_memdup2 (&news->transfer->id, sizeof news->transfer->id),
        g_steal_pointer (&news->stream));
  if (news->offered)
    vm_agent_tell_offer (session->agent, news->transfer);
  else
    vm_agent_tell_transfer (session->agent, news->transfer);
  if (news->over)
    g_hash_table_remove (streams, &news->transfer->id);
}

static void
tell_news (Transfer *self, gboolean begins, gboolean over, gboolean offered)
{
  News *news = g_new0 (News, 1);
  VmAgentTransfer *now = self->now;

  g_free (now->lane);
  now->lane =
      g_strdup (vm_agent_lane (g_atomic_int_get (&self->session->path)));
  news->transfer = vm_agent_transfer_copy (now);
  news->over = over;
  news->offered = offered;
  if (begins)
    news->stream = g_atomic_rc_box_acquire (self->stream);
  vm_agent_session_post (self->session, on_news, news, news_free);
}

static void
tell (Transfer *self)
{
  tell_news (self, FALSE, FALSE, FALSE);
}

static Transfer *
transfer_new (VmAgentSession *session, VmP2pPipe *pipe, VmAgentKind kind,
    guint64 id, const gchar *name)
{
  Transfer *self = g_new0 (Transfer, 1);
  VmAgentStream *stream = g_atomic_rc_box_new0 (VmAgentStream);

  g_mutex_init (&stream->lock);
  g_cond_init (&stream->cond);
  stream->control = vm_p2p_control_new ();
  stream->pipe = pipe;
  stream->answer = -1;
  self->session = session;
  self->pipe = pipe;
  self->stream = stream;
  self->now =
      vm_agent_transfer_new (id, kind, session->peer, session->incoming);
  self->now->name = g_strdup (name);
  tell_news (self, TRUE, FALSE, FALSE);
  return self;
}

/* Tells its end as well; @error NULL: it is complete. */
static void
transfer_end (Transfer *self, const GError *error)
{
  VmAgentTransfer *now = self->now;

  g_mutex_lock (&self->stream->lock);
  self->stream->pipe = NULL;
  g_mutex_unlock (&self->stream->lock);
  now->state = error ? VM_TRANSFER_STATE_FAILED : VM_TRANSFER_STATE_COMPLETED;
  if (error)
    now->error = g_error_copy (error);
  tell_news (self, FALSE, TRUE, FALSE);
  vm_agent_stream_unref (self->stream);
  vm_agent_transfer_free (now);
  g_free (self);
}

static void
on_progress (const VmP2pProgress *progress, gpointer data)
{
  Transfer *self = data;
  VmAgentTransfer *now = self->now;

  if (progress->name && g_strcmp0 (now->name, progress->name) != 0) {
    g_free (now->name);
    now->name = g_strdup (progress->name);
  }
  now->size = progress->size;
  now->done = progress->done;
  if (progress->saved_path) {
    g_free (now->saved_path);
    now->saved_path = g_strdup (progress->saved_path);
  }
  /* the end is told when the handler has come back */
  if (progress->state == VM_TRANSFER_STATE_FAILED
      || progress->state == VM_TRANSFER_STATE_COMPLETED)
    return;
  if (progress->state == VM_TRANSFER_STATE_TRANSFERRING && !self->moving) {
    self->moving = TRUE;
    if (progress->done > progress->carried)
      now->resumed = progress->done - progress->carried;
  }
  now->state = progress->state;
  tell (self);
}

/* What may come in */

static gboolean
ask_user (Transfer *self, gchar **reason)
{
  gint64 now = g_get_monotonic_time ();
  gint64 until = now + VM_TRANSFER_OFFER_TIMEOUT;
  VmAgentStream *stream = self->stream;
  gboolean accept;

  tell_news (self, FALSE, FALSE, TRUE);
  g_mutex_lock (&stream->lock);
  while (stream->answer < 0 && now < until && !vm_p2p_pipe_is_over (self->pipe)
         && !vm_agent_session_is_ending (self->session)) {
    g_cond_wait_until (
        &stream->cond, &stream->lock, MIN (until, now + LOOK_TIME));
    now = g_get_monotonic_time ();
  }
  accept = stream->answer > 0;
  g_mutex_unlock (&stream->lock);
  if (!accept)
    *reason = g_strdup (vm_p2p_pipe_is_over (self->pipe)
                            ? "The other side left before it was answered"
                            : "The user does not want it");
  return accept;
}

static gboolean
wants (Transfer *self, gchar **reason)
{
  const VmAgentSession *session = self->session;

  if (session->accept == VM_ACCEPT_NEVER) {
    *reason = g_strdup ("This device takes nothing");
    return FALSE;
  }
  if (session->accept == VM_ACCEPT_AUTO || session->given) {
    if (session->trusted)
      return TRUE;
    *reason = g_strdup_printf (
        "This device takes files of trusted devices only. Its user lets yours "
        "in by videomeet agent --allow %s=file,folder, or by --accept ask and "
        "the answer always",
        session->peer->device_id);
    return FALSE;
  }
  return ask_user (self, reason);
}

/* Takes it off what the capability allows in all. */
static gboolean
fits (VmAgentSession *session, guint64 size, gchar **reason)
{
  gboolean good;

  g_mutex_lock (&session->lock);
  good = session->size_left < 0 || size <= (guint64) session->size_left;
  if (good && session->size_left >= 0)
    session->size_left -= (gint64) size;
  g_mutex_unlock (&session->lock);
  if (!good)
    *reason = g_strdup ("That is larger than the capability allows");
  return good;
}

static gboolean
on_offer (const VmP2pOffer *offer, gchar **reason, gpointer data)
{
  Transfer *self = data;

  g_free (self->now->name);
  self->now->name = g_strdup (offer->name);
  self->now->size = offer->size;
  return fits (self->session, offer->size, reason) && wants (self, reason);
}

static gboolean
on_spend (guint64 bytes, gpointer data)
{
  g_autofree gchar *reason = NULL;

  return fits (((Transfer *) data)->session, bytes, &reason);
}

/* Of the capability, for a handler; 0: any */
static guint64
get_size_left (VmAgentSession *session)
{
  guint64 left;

  g_mutex_lock (&session->lock);
  left = session->size_left < 0 ? 0 : MAX (session->size_left, 1);
  g_mutex_unlock (&session->lock);
  return left;
}

static gboolean
may (const VmAgentSession *session, VmPermissions permission, GError **error)
{
  if (session->permissions & permission)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "\"%s\" may not do that here; the other user gives leave by videomeet "
      "agent --allow %s=file,folder",
      session->peer->user, session->peer->device_id);
  return FALSE;
}

/* Where the engine of a file is that comes in. */
static VmP2pForward *
make_forward (VmAgentSession *session, GError **error)
{
  const VmAgent *agent = session->agent;
  VmP2pForward *forward = agent->forward (
      session->peer->proven_id, session->peer->user, agent->forward_data);

  if (forward)
    vm_p2p_forward_set_lane (
        forward, vm_agent_lane (g_atomic_int_get (&session->path)));
  else
    g_set_error (
        error, VM_ERROR, VM_ERROR_DECLINED, "This device takes no more files");
  return forward;
}

static gboolean
receive (VmAgentSession *session, VmP2pPipe *pipe, const VmP2pMessage *first,
    gboolean folder, GError **error)
{
  VmAgent *agent = session->agent;
  guint64 id = vm_agent_next_id (agent);
  Transfer *self;
  VmP2pReceive config;
  g_autoptr (VmP2pForward) forward = NULL;
  g_autofree gchar *saved = NULL;
  GError *failure = NULL;
  gboolean good;

  if (!may (
          session, folder ? VM_PERMISSIONS_FOLDER : VM_PERMISSIONS_FILE, error))
    return FALSE;
  if (!folder && agent->forward) {
    forward = make_forward (session, error);
    if (!forward)
      return FALSE;
  } else if (!session->folder) {
    g_set_error (error, VM_ERROR, VM_ERROR_DECLINED,
        "This device receives no files: it has no folder for them");
    return FALSE;
  }
  self = transfer_new (session, pipe,
      folder ? VM_AGENT_KIND_FOLDER : VM_AGENT_KIND_FILE, id, "");
  config = (VmP2pReceive){
    .folder = session->folder,
    .device = session->peer->proven_id,
    .known = session->known,
    .max_size = get_size_left (session),
    .max_rate = (guint64) session->max_rate,
    .accept = on_offer,
    .spend = on_spend,
    .progress = on_progress,
    .data = self,
    .control = self->stream->control,
  };
  if (folder)
    good = vm_p2p_receive_zip (pipe, first, &config, &saved, &failure);
  else if (forward)
    good = vm_p2p_forward_run (forward, pipe, first, &config, &failure);
  else
    good = vm_p2p_receive_file (pipe, first, &config, &saved, &failure);
  if (good && saved) {
    g_free (self->now->saved_path);
    self->now->saved_path = g_strdup (saved);
  }
  transfer_end (self, failure);
  if (failure)
    g_propagate_error (error, failure);
  return good;
}

/* Sync */

static void
on_step_news (VmAgentSession *session, gpointer data)
{
  vm_agent_tell_step (session->agent, data);
}

static void
on_step (const VmSyncStep *step, gpointer data)
{
  Transfer *self = data;
  VmAgentStep *copy = g_new0 (VmAgentStep, 1);

  copy->transfer_id = self->now->id;
  copy->type = g_strdup (vm_sync_step_type_to_string (step->type));
  copy->theirs = step->theirs;
  copy->path = g_strdup (step->path);
  copy->from = g_strdup (step->from);
  copy->reason = g_strdup (step->reason);
  copy->size = step->size;
  vm_agent_session_post (
      self->session, on_step_news, copy, (GDestroyNotify) vm_agent_step_free);
}

static void
on_sync_progress (const VmSyncProgress *progress, gpointer data)
{
  Transfer *self = data;
  gint64 now = g_get_monotonic_time ();

  self->now->state = VM_TRANSFER_STATE_TRANSFERRING;
  self->now->done = progress->done;
  self->now->size = progress->total;
  if (now - self->told < G_USEC_PER_SEC / 5)
    return;
  self->told = now;
  tell (self);
}

typedef struct
{
  guint deleted, total;
  gboolean theirs;
  GMutex lock;
  GCond cond;
  gint answer; /* -1: none yet */
  guint64 id; /* of the transfer */
} Deletion;

static void
deletion_clear (gpointer data)
{
  Deletion *ask = data;

  g_mutex_clear (&ask->lock);
  g_cond_clear (&ask->cond);
}

static void
deletion_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, deletion_clear);
}

static void
on_deletion (VmAgentSession *session, gpointer data)
{
  Deletion *ask = data;
  gboolean may_delete = vm_agent_ask_delete (
      session->agent, ask->id, ask->deleted, ask->total, ask->theirs);

  g_mutex_lock (&ask->lock);
  ask->answer = may_delete;
  g_cond_signal (&ask->cond);
  g_mutex_unlock (&ask->lock);
}

static gboolean
may_delete (guint deleted, guint total, gboolean theirs, gpointer data)
{
  Transfer *self = data;
  gint64 until = g_get_monotonic_time () + VM_SYNC_PATIENCE / 2;
  Deletion *ask;
  gboolean may_it;

  if (self->flags & VM_AGENT_SYNC_FLAGS_DELETE)
    return TRUE;
  /* what the other side's user has agreed to is for that side alone to say */
  if (self->session->incoming && self->session->allow_delete)
    return TRUE;
  ask = g_atomic_rc_box_new0 (Deletion);
  g_mutex_init (&ask->lock);
  g_cond_init (&ask->cond);
  ask->deleted = deleted;
  ask->total = total;
  ask->theirs = theirs;
  ask->answer = -1;
  ask->id = self->now->id;
  vm_agent_session_post (self->session, on_deletion,
      g_atomic_rc_box_acquire (ask), deletion_unref);
  g_mutex_lock (&ask->lock);
  while (ask->answer < 0 && g_cond_wait_until (&ask->cond, &ask->lock, until))
    continue;
  may_it = ask->answer > 0;
  g_mutex_unlock (&ask->lock);
  deletion_unref (ask);
  return may_it;
}

static gboolean
may_store (guint64 bytes, gpointer data, GError **error)
{
  Transfer *self = data;

  return vm_agent_share_charge (self->session, &self->pending, bytes, error);
}

static gint
open_root (gboolean make, gpointer data, GError **error)
{
  const Transfer *self = data;

  return vm_agent_share_open (self->session, self->folder, make, error);
}

static gboolean
sync_folder (Transfer *self, VmSyncConfig *config, GError **error)
{
  VmAgentSession *session = self->session;
  VmSyncSide side = session->incoming ? VM_SYNC_TARGET : VM_SYNC_REQUESTER;
  gboolean missing, good;

  self->folder = session->incoming ? config->folder : config->root_name;
  config->root = vm_agent_share_find (session, self->folder, &missing, error);
  if (config->root < 0)
    return FALSE;
  config->open_root = missing ? open_root : NULL;
  config->device = vm_identity_get_device_id (session->agent->identity);
  config->peer_device = session->peer->proven_id;
  config->max_size = get_size_left (session);
  config->max_rate = (guint64) session->max_rate;
  config->user_data = self;
  self->now->dry_run = config->dry_run;
  config->step = session->incoming && config->dry_run ? NULL : on_step;
  config->progress = on_sync_progress;
  config->may_delete = may_delete;
  config->may_store = may_store;
  good = vm_sync_run (self->pipe, side, config, error);
  vm_agent_share_charge (session, &self->pending, 0, NULL);
  close (config->root);
  return good;
}

static gboolean
serve_sync (VmAgentSession *session, VmP2pPipe *pipe, GBytes *first,
    const VmSyncRequest *request, GError **error)
{
  VmAgent *agent = session->agent;
  g_autofree gchar *reason = NULL;
  g_autofree gchar *root_name =
      g_build_filename (agent->share_folder, request->folder, NULL);
  VmSyncConfig config = { .root_name = root_name,
    .folder = request->folder,
    .dry_run = request->dry_run,
    .first = first };
  GError *failure = NULL;
  Transfer *self;

  if (!may (session, VM_PERMISSIONS_FOLDER, error))
    return FALSE;
  if (session->share < 0) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_DECLINED, "This device shares no folder");
    return FALSE;
  }
  self = transfer_new (session, pipe, VM_AGENT_KIND_SYNC,
      vm_agent_next_id (agent), request->folder);
  if (!wants (self, &reason))
    g_set_error_literal (&failure, VM_ERROR, VM_ERROR_DECLINED, reason);
  else
    sync_folder (self, &config, &failure);
  transfer_end (self, failure);
  if (!failure)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

/* The target's side of a stream */

static void
say_why (VmP2pPipe *pipe, const GError *why)
{
  GString *out = g_string_new ("{");
  g_autoptr (GBytes) body = NULL;

  vm_json_append_member (out, "code", vm_error_get_code (why));
  vm_json_append_member (out, "message", why->message);
  g_string_append_c (out, '}');
  body = g_string_free_to_bytes (out);
  vm_p2p_pipe_send (
      pipe, VM_P2P_ERROR, NULL, 0, body, VM_AGENT_LAST_WORDS_TIME, NULL);
}

static gboolean
serve_folder (VmAgentSession *session, VmP2pPipe *pipe,
    const VmP2pMessage *first, GError **error)
{
  g_auto (VmSyncRequest) request = { 0 };

  if (!vm_sync_request_read (first->body, &request, error))
    return FALSE;
  if (!request.sync)
    return receive (session, pipe, first, TRUE, error);
  return serve_sync (session, pipe, first->body, &request, error);
}

static gboolean
serve_one (VmAgentSession *session, VmP2pPipe *pipe, guint8 type, GBytes *body,
    GError **error)
{
  const VmP2pMessage first = { type, body };

  if (type == VM_P2P_FILE_META && session->kind == VM_MESH_FILE)
    return receive (session, pipe, &first, FALSE, error);
  if (type == VM_P2P_FOLDER_MODE && session->kind == VM_MESH_FOLDER)
    return serve_folder (session, pipe, &first, error);
  g_set_error (error, VM_ERROR, VM_ERROR_CAP_REQUIRED,
      "The session is for another kind of transfer");
  return FALSE;
}

static gboolean
serve_terminal (VmAgentSession *session, VmP2pPipe *pipe, GError **error)
{
  const VmAgentTermViewer viewer = { .id = session->peer->device_id,
    .user = session->peer->user,
    .may_control =
        (session->permissions & VM_PERMISSIONS_TERMINAL_CONTROL) != 0 };

  return vm_agent_term_serve (session->term, &viewer, pipe, error);
}

/* The other side reads why before the stream is gone. */
static void
finish (VmP2pPipe *pipe)
{
  gint64 until = g_get_monotonic_time () + VM_AGENT_LAST_WORDS_TIME;
  guint8 type;
  GBytes *body;
  gint64 left;

  vm_p2p_pipe_end (pipe);
  while ((left = until - g_get_monotonic_time ()) > 0
         && (body = vm_p2p_pipe_receive (pipe, left, &type, NULL)))
    g_bytes_unref (body);
  vm_p2p_pipe_free (pipe);
}

void
vm_agent_stream_serve (VmAgentSession *session, VmP2pPipe *pipe)
{
  gboolean good = session->kind != VM_MESH_TERMINAL;
  g_autoptr (GError) why = NULL;

  if (!good && !serve_terminal (session, pipe, &why)) {
    g_info ("session %s: %s", session->id, why->message);
    say_why (pipe, why);
  }
  while (good) {
    g_autoptr (GError) error = NULL;
    guint8 type;
    g_autoptr (GBytes) body =
        vm_p2p_pipe_receive (pipe, VM_AGENT_IDLE_TIME, &type, NULL);

    if (!body)
      break;
    good = serve_one (session, pipe, type, body, &error);
    if (!good) {
      g_info ("session %s: %s", session->id, error->message);
      say_why (pipe, error);
    }
  }
  finish (pipe);
}

/* The side that asks */

static gboolean
send_zip (Transfer *self, const VmAgentJob *job, GError **error)
{
  const VmP2pSendZip send = {
    .location = job->location, .progress = on_progress, .data = self
  };

  return vm_p2p_send_zip (self->pipe, &send, error);
}

static gboolean
send_file (Transfer *self, const VmAgentJob *job, GError **error)
{
  const VmP2pSend send = { .location = job->location,
    .user = self->session->agent->user,
    .progress = on_progress,
    .data = self,
    .control = self->stream->control };

  if (job->forward) {
    vm_p2p_forward_set_lane (
        job->forward, vm_agent_lane (g_atomic_int_get (&self->session->path)));
    return vm_p2p_forward_run (job->forward, self->pipe, NULL, NULL, error);
  }
  return vm_p2p_send_file (self->pipe, &send, error);
}

static gboolean
run_sync (Transfer *self, const VmAgentJob *job, GError **error)
{
  g_autofree gchar *root_name = g_canonicalize_filename (job->location, NULL);
  VmSyncConfig config = { .root_name = root_name,
    .folder = job->their_folder,
    .dry_run = (job->flags & VM_AGENT_SYNC_FLAGS_DRY_RUN) != 0,
    .watch = (job->flags & VM_AGENT_SYNC_FLAGS_WATCH) != 0 };

  self->flags = job->flags;
  return sync_folder (self, &config, error);
}

static gboolean
do_job (VmAgentSession *session, VmP2pPipe *pipe, const VmAgentJob *job,
    GError **error)
{
  GError *failure = NULL;
  Transfer *self;
  gboolean good;

  if (job->terminal)
    return vm_agent_view_run (
        VM_TERMINAL (job->terminal), session, pipe, error);
  self = transfer_new (session, pipe, job->kind, job->transfer_id, job->name);
  switch (job->kind) {
    case VM_AGENT_KIND_FOLDER:
      good = send_zip (self, job, &failure);
      break;
    case VM_AGENT_KIND_SYNC:
      good = run_sync (self, job, &failure);
      break;
    default:
      good = send_file (self, job, &failure);
  }
  transfer_end (self, failure);
  if (failure)
    g_propagate_error (error, failure);
  return good;
}

static VmAgentJob *
pop (VmAgentSession *session)
{
  VmAgentJob *job;

  g_mutex_lock (&session->lock);
  job = g_queue_pop_head (&session->jobs);
  g_mutex_unlock (&session->lock);
  return job;
}

gboolean
vm_agent_stream_work (VmAgentSession *session, VmP2pPipe *pipe)
{
  gboolean good = TRUE;
  VmAgentJob *next;

  while (good && (next = pop (session))) {
    g_autoptr (VmAgentJob) job = next;
    g_autoptr (GError) error = NULL;

    good = do_job (session, pipe, job, &error);
    if (!good)
      vm_agent_session_note (session, error);
  }
  finish (pipe);
  return !vm_agent_session_is_ending (session);
}

gboolean
vm_agent_stream_fail_jobs (VmAgentSession *session, const GError *why)
{
  VmAgentJob *next;
  gboolean any = FALSE;

  while ((next = pop (session))) {
    g_autoptr (VmAgentJob) job = next;

    any = TRUE;
    if (!job->terminal)
      transfer_end (
          transfer_new (session, NULL, job->kind, job->transfer_id, job->name),
          why);
  }
  return any;
}
