/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One session with another agent (protocol/agents.md#sessions): its thread
 * connects, says or hears the hello, and has the streams served. */

#include "agent/agent-priv.h"
#include "agent/agentcandidates.h"
#include "trust/store/decision.h"
#include "wire/mesh/meshclient.h"

#include <string.h>
#include <unistd.h>

static void
clear (gpointer data)
{
  VmAgentSession *self = data;

  g_clear_object (&self->agent);
  g_free (self->id);
  g_free (self->token);
  g_free (self->room);
  g_clear_pointer (&self->peer, vm_agent_peer_free);
  g_clear_pointer (&self->folder, vm_receive_folder_unref);
  if (self->share >= 0)
    close (self->share);
  g_clear_pointer (&self->term, vm_agent_term_unref);
  g_ptr_array_unref (self->threads);
  g_clear_pointer (&self->relay, vm_agent_relay_unref);
  g_clear_pointer (&self->connection, vm_quic_connection_unref);
  g_array_unref (self->candidates);
  g_clear_error (&self->end);
  g_clear_error (&self->error);
  g_clear_error (&self->denial);
  g_queue_clear_full (&self->jobs, (GDestroyNotify) vm_agent_job_free);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

VmAgentSession *
vm_agent_session_ref (VmAgentSession *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
vm_agent_session_unref (VmAgentSession *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

VmAgentSession *
vm_agent_session_new (
    VmAgent *agent, const VmMeshNews *created, VmAgentPeer *peer)
{
  VmAgentSession *self = g_atomic_rc_box_new0 (VmAgentSession);
  gboolean incoming = created->cap_token != NULL;

  self->agent = g_object_ref (agent);
  self->incoming = incoming;
  self->id = g_strdup (created->session_id);
  self->token = g_strdup (created->session_token);
  self->room = g_strdup (agent->room);
  self->kind = created->kind;
  self->deadline =
      g_get_monotonic_time () + created->expires_in * G_USEC_PER_SEC;
  self->peer = peer;
  self->own_machine = vm_agent_control_is_own_machine (agent->control);
  self->policy = agent->policy;
  self->accept = agent->accept;
  self->allow_delete = agent->allow_delete;
  self->allowed_id = vm_agent_allows (agent, peer->proven_id);
  self->allowed_user = vm_agent_allows_user (agent, peer->user);
  self->share = -1;
  self->size_left = -1;
  self->threads = g_ptr_array_new ();
  self->candidates = vm_agent_candidates_take (
      incoming ? created->a : created->b, self->own_machine);
  self->awaits = !incoming && created->gathers;
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->jobs);
  g_ptr_array_add (agent->sessions, vm_agent_session_ref (self));
  return self;
}

/* Posting */

typedef struct
{
  VmAgentSession *session;
  VmAgentSessionFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Post;

static gboolean
on_post (gpointer data)
{
  Post *post = data;

  if (post->session->agent)
    post->func (post->session, post->data);
  return G_SOURCE_REMOVE;
}

static void
post_free (gpointer data)
{
  Post *post = data;

  if (post->destroy)
    post->destroy (post->data);
  vm_agent_session_unref (post->session);
  g_free (post);
}

void
vm_agent_session_post (VmAgentSession *self, VmAgentSessionFunc func,
    gpointer data, GDestroyNotify destroy)
{
  Post *post = g_new (Post, 1);

  *post = (Post){ vm_agent_session_ref (self), func, data, destroy };
  vm_mailbox_post (self->agent->mailbox, on_post, post, post_free);
}

void
vm_agent_session_note (VmAgentSession *self, const GError *error)
{
  g_mutex_lock (&self->lock);
  if (!self->error)
    self->error = g_error_copy (error);
  g_mutex_unlock (&self->lock);
}

/* From the context's thread */

/* Before it has a thread, nobody else takes it from the agent. */
static void
discard (VmAgentSession *self)
{
  VmAgent *agent = g_steal_pointer (&self->agent);

  self->over = TRUE;
  g_ptr_array_remove_fast (agent->sessions, self);
  g_object_unref (agent);
}

void
vm_agent_session_end (VmAgentSession *self, const GError *why)
{
  VmQuicConnection *connection = NULL;

  if (!self->started) {
    discard (self);
    return;
  }
  g_mutex_lock (&self->lock);
  if (!self->end) {
    self->end = g_error_copy (why);
    if (self->connection)
      connection = vm_quic_connection_ref (self->connection);
    g_cond_broadcast (&self->cond);
  }
  g_mutex_unlock (&self->lock);
  if (connection) {
    vm_quic_connection_close (connection, why);
    vm_quic_connection_unref (connection);
  }
}

gboolean
vm_agent_session_is_ending (VmAgentSession *self)
{
  gboolean ending;

  g_mutex_lock (&self->lock);
  ending = self->end != NULL;
  g_mutex_unlock (&self->lock);
  return ending;
}

void
vm_agent_session_take_candidates (VmAgentSession *self, const GPtrArray *list)
{
  g_autoptr (GArray) taken = vm_agent_candidates_take (list, self->own_machine);

  g_mutex_lock (&self->lock);
  if (self->awaits && taken->len) {
    g_array_unref (self->candidates);
    self->candidates = g_array_ref (taken);
  }
  self->awaits = FALSE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
on_renewal (const gchar *token, const GError *error, gpointer user_data)
{
  g_autoptr (VmAgentSession) self = user_data;
  const VmMeshAbout about = { .session_id = self->id, .cap_token = token };

  self->renewing = FALSE;
  if (!token || !self->agent || !self->agent->control) {
    g_debug ("a capability is not renewed: %s", error ? error->message : "");
    return;
  }
  g_free (vm_agent_control_renew (self->agent->control, &about));
  g_mutex_lock (&self->lock);
  self->expires = vm_mesh_token_get_expiry (token);
  g_mutex_unlock (&self->lock);
}

/* When the server was lost meanwhile, the other side had no chance to renew the
 * capability: then what runs goes on, and nothing new begins. */
static void
check_capability (VmAgentSession *self, gint64 now)
{
  VmAgentControl *control = self->agent->control;
  gint64 since = control ? vm_agent_control_get_ready_since (control) : 0;
  gint64 unix_now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GError) error = NULL;
  gint64 expires;

  g_mutex_lock (&self->lock);
  expires = self->expires;
  g_mutex_unlock (&self->lock);
  if (!since || !expires)
    return;
  if (!self->incoming) {
    if (unix_now < expires - VM_AGENT_RENEW_TIME || self->renewing)
      return;
    self->renewing = TRUE;
    vm_agent_control_mint (control, self->kind, self->peer->device_id,
        on_renewal, vm_agent_session_ref (self));
    return;
  }
  if (unix_now < expires || since > self->connecting_since)
    return;
  g_set_error (
      &error, VM_ERROR, VM_ERROR_CAP_EXPIRED, "Capability token expired");
  vm_agent_session_end (self, error);
}

void
vm_agent_session_tick (VmAgentSession *self, gint64 now)
{
  if (self->over)
    return;
  vm_agent_session_tick_relay (self, now);
  if (self->announced)
    check_capability (self, now);
}

/* Its own thread */

static void
on_connecting (VmAgentSession *self, gpointer data)
{
  self->connecting_since = g_get_monotonic_time ();
}

static void
on_running (VmAgentSession *self, gpointer data)
{
  self->announced = TRUE;
  vm_agent_tell_session (self->agent, self);
}

/* The user of this side may want to let it in the next time. */
static void
on_denied (VmAgentSession *self, gpointer data)
{
  vm_agent_tell_error (self->agent, self->denial);
}

/* The last that its thread says: the session is over. */
static void
on_over (VmAgentSession *self, gpointer data)
{
  VmAgent *agent = g_object_ref (self->agent);
  const VmMeshAbout about = { .session_id = self->id };

  self->over = TRUE;
  vm_agent_session_close_relay (self);
  if (agent->control && vm_agent_control_is_ready (agent->control)) {
    if (!self->incoming && self->announced && !self->error
        && self->kind != VM_MESH_TERMINAL)
      vm_agent_control_report (agent->control, self->id);
    vm_agent_control_tell (agent->control, "closed", &about);
  }
  if (self->work)
    vm_agent_work_end (
        g_steal_pointer (&self->work), self->error ? self->error : NULL);
  g_ptr_array_remove_fast (agent->sessions, self);
  g_clear_object (&self->agent);
  vm_agent_look_whether_stopped (agent);
  g_object_unref (agent);
}

static void
path_changed (VmQuicPath path, gpointer user_data)
{
  VmAgentSession *self = user_data;

  g_mutex_lock (&self->lock);
  g_info ("session %s: path %s", self->id, vm_quic_path_to_string (path));
  g_mutex_unlock (&self->lock);
  g_atomic_int_set (&self->path, path);
}

/* FALSE with @error: it must end already. */
static gboolean
set_connection (
    VmAgentSession *self, VmQuicConnection *connection, GError **error)
{
  gboolean good;

  g_mutex_lock (&self->lock);
  good = self->waits = !self->end;
  if (good)
    self->connection = vm_quic_connection_ref (connection);
  else
    g_propagate_error (error, g_error_copy (self->end));
  g_mutex_unlock (&self->lock);
  return good;
}

static VmQuicConnection *
connect_to (VmAgentSession *self, VmQuicEndpoint *endpoint, GError **error)
{
  g_autoptr (GBytes) secret = g_bytes_new (self->token, strlen (self->token));
  g_autoptr (VmQuicConnection) connection = NULL;
  g_autoptr (GArray) candidates = NULL;
  VmQuicSession session = {
    .fingerprint = self->peer->fingerprint,
    .secret = secret,
    .timeout = VM_AGENT_CONNECT_TIME,
    .relay_send = self->relay ? vm_agent_session_relay_send : NULL,
    .path_changed = path_changed,
    .user_data = vm_agent_session_ref (self),
    .destroy = (GDestroyNotify) vm_agent_session_unref,
  };
  gboolean good;

  g_mutex_lock (&self->lock);
  candidates = g_array_ref (self->candidates);
  g_mutex_unlock (&self->lock);
  session.candidates = (const VmQuicCandidate *) (gpointer) candidates->data;
  session.n_candidates = candidates->len;
  connection = self->incoming
                   ? vm_quic_endpoint_expect (endpoint, &session, error)
                   : vm_quic_endpoint_connect (endpoint, &session, error);
  if (!connection)
    return NULL;
  vm_agent_session_post (self, on_connecting, NULL, NULL);
  if (!set_connection (self, connection, error))
    return NULL;
  good = vm_quic_connection_wait (connection, VM_AGENT_CONNECT_TIME, error);
  g_mutex_lock (&self->lock);
  self->waits = FALSE;
  g_mutex_unlock (&self->lock);
  if (!good)
    return NULL;
  g_atomic_int_set (&self->path, vm_quic_connection_get_path (connection));
  return g_steal_pointer (&connection);
}

static void
on_candidates (VmAgentSession *self, gpointer data)
{
  const VmMeshAbout about = { .session_id = self->id, .candidates = data };

  if (self->agent->control)
    vm_agent_control_tell (self->agent->control, "candidates", &about);
}

/* Trust */

/* Both sides read it. */
static gboolean
refuse_unknown (const VmAgentSession *self, GError **error)
{
  const gchar *id = self->peer->device_id;

  if (!self->incoming)
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "You do not trust the device %s. --policy pin sends without trust; "
        "videomeet trust request makes a device of your network trusted",
        id);
  else if (self->kind == VM_MESH_TERMINAL)
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "\"%s\" does not trust the device %s, and shows it a terminal by "
        "--policy pin --allow %s=terminal:view",
        self->agent->user, id, id);
  else
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "\"%s\" does not trust the device %s, and lets it in by videomeet "
        "agent --policy pin --accept ask, and the answer always",
        self->agent->user, id);
  return FALSE;
}

/* Takes @why; one who was not trusted yet is told how to be. */
static gboolean
refuse (VmAgentSession *self, const VmTrustFacts *facts, GError *why,
    GError **error)
{
  if (!g_error_matches (why, VM_ERROR, VM_ERROR_NOT_TRUSTED) || facts->revoked
      || facts->damaged || facts->damaged_id) {
    g_propagate_error (error, why);
    return FALSE;
  }
  g_error_free (why);
  return refuse_unknown (self, error);
}

/* What was said of it by its id, else by its user's name. A name is what the
 * server says, and anybody takes any: it counts where names are trusted, or
 * when this device has been given a token for the device of that name. To have
 * met it before is worth nothing, as strangers are remembered too. */
static gint
find_allowed (
    const VmAgentSession *self, const VmTrustFacts *facts, VmTrustLevel level)
{
  if (self->allowed_id >= 0)
    return self->allowed_id;
  if (self->policy == VM_POLICY_OPEN
      || (level >= VM_TRUST_LEVEL_GUEST
          && g_strcmp0 (facts->user, self->peer->user) == 0))
    return self->allowed_user;
  return -1;
}

/* The server may have left the key out: a device that is known has one. */
static gboolean
check_shows_key (
    VmAgentSession *self, VmTrustStore *store, GDateTime *now, GError **error)
{
  const VmAgentPeer *peer = self->peer;
  g_autoptr (VmTrustFacts) facts = NULL;

  if (peer->certificate)
    return TRUE;
  facts = vm_trust_store_know (
      store, peer->device_id, peer->user, peer->device, now);
  if (!facts->first_seen && !facts->own)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED,
      "%s is known here by its key, and shows none", peer->device_id);
  return FALSE;
}

static gboolean
check_trust (VmAgentSession *self, VmTrustStore *store, GError **error)
{
  static const VmPermissions needed[VM_MESH_N_KINDS] = { VM_PERMISSIONS_FILE,
    VM_PERMISSIONS_FOLDER, VM_PERMISSIONS_TERMINAL_VIEW };
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  gint64 unix_now = g_date_time_to_unix (now);
  const VmAgentPeer *peer = self->peer;
  g_autoptr (VmTrustFacts) facts = vm_trust_store_know (
      store, peer->proven_id, peer->user, peer->device, now);
  VmPermissions permission = self->incoming ? needed[self->kind] : 0;
  VmPermissions all = 0;
  VmTrustDecision decision = { 0 };
  GError *why = NULL;
  gint allowed;

  if (!check_shows_key (self, store, now, error))
    return FALSE;
  /* whoever shares a terminal with anybody lets all see it; nobody types */
  if (self->policy == VM_POLICY_OPEN)
    all = VM_PERMISSIONS_TERMINAL_VIEW;
  /* first its level alone, by which a name counts or not */
  if (!vm_trust_decide (self->policy, facts, 0, unix_now, &decision, &why))
    return refuse (self, facts, why, error);
  allowed = find_allowed (self, facts, decision.level);
  if (allowed < 0
      && !vm_trust_decide (
          self->policy, facts, permission & ~all, unix_now, &decision, &why))
    return refuse (self, facts, why, error);
  if (self->policy == VM_POLICY_REQUIRE
      && decision.level < VM_TRUST_LEVEL_GUEST)
    return refuse_unknown (self, error);
  if (allowed >= 0 && ((guint) allowed & permission) != permission) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "\"%s\" may not do that here; the other user gives leave by --allow "
        "%s=%s",
        peer->user, peer->device_id,
        self->kind == VM_MESH_TERMINAL ? "terminal:view" : "file,folder");
    return FALSE;
  }
  self->permissions =
      allowed >= 0 ? (guint) allowed : decision.permissions | all;
  self->given = permission
                && (allowed >= 0
                    || ((facts->given & permission) == permission
                        && unix_now <= facts->given_until));
  self->known = decision.level > VM_TRUST_LEVEL_UNKNOWN;
  self->trusted = allowed >= 0 || decision.level >= VM_TRUST_LEVEL_GUEST
                  || self->policy == VM_POLICY_OPEN;
  /* what was given to a device of one name is not carried over to another */
  return self->policy != VM_POLICY_PIN || !*peer->user
         || decision.level >= VM_TRUST_LEVEL_GUEST
         || vm_trust_store_pin (
             store, peer->user, peer->device, peer->certificate, now, error);
}

/* The target */

typedef struct
{
  VmAgentSession *session;
  VmP2pPipe *pipe;
} Serve;

static gpointer
serve (gpointer data)
{
  Serve *arg = data;

  vm_agent_stream_serve (arg->session, arg->pipe);
  g_mutex_lock (&arg->session->lock);
  arg->session->streams--;
  g_cond_broadcast (&arg->session->cond);
  g_mutex_unlock (&arg->session->lock);
  vm_agent_session_unref (arg->session);
  g_free (arg);
  return NULL;
}

static gboolean
may_begin (VmAgentSession *self, GError **error)
{
  gboolean one = self->max_rate || self->kind == VM_MESH_TERMINAL;
  guint most = one ? 1 : VM_AGENT_STREAMS_MAX;
  gint64 expires;
  guint streams;

  g_mutex_lock (&self->lock);
  expires = self->expires;
  streams = self->streams;
  g_mutex_unlock (&self->lock);
  if (expires && g_get_real_time () / G_USEC_PER_SEC >= expires) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_CAP_EXPIRED, "Capability token expired");
    return FALSE;
  }
  if (streams < most)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "More than %u streams at a time are not served", most);
  return FALSE;
}

static void
begin_stream (VmAgentSession *self, VmP2pPipe *pipe)
{
  g_autoptr (GError) error = NULL;
  Serve *arg;

  if (!may_begin (self, &error)) {
    vm_p2p_pipe_close (pipe, error);
    vm_p2p_pipe_free (pipe);
    return;
  }
  arg = g_new (Serve, 1);
  *arg = (Serve){ vm_agent_session_ref (self), pipe };
  g_mutex_lock (&self->lock);
  self->streams++;
  g_mutex_unlock (&self->lock);
  g_thread_unref (g_thread_new ("vm-stream", serve, arg));
}

static void
join_streams (VmAgentSession *self)
{
  g_mutex_lock (&self->lock);
  while (self->streams)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (g_ptr_array_index (self->threads, i));
  g_ptr_array_set_size (self->threads, 0);
}

static gboolean
run_target (VmAgentSession *self, VmQuicEndpoint *endpoint,
    VmQuicConnection **connection, GError **error)
{
  VmP2pPipe *pipe;
  g_autoptr (GError) over = NULL;

  vm_agent_session_post (self, on_candidates,
      vm_agent_candidates_gather (endpoint, self->own_machine),
      (GDestroyNotify) g_ptr_array_unref);
  if (!self->denial)
    check_trust (self, self->agent->store, &self->denial);
  *connection = connect_to (self, endpoint, error);
  if (!*connection)
    return FALSE;
  pipe = vm_agent_session_answer (self, *connection, error);
  if (!pipe)
    return FALSE;
  vm_agent_session_post (self, on_running, NULL, NULL);
  do {
    if (pipe)
      begin_stream (self, pipe);
    g_clear_error (&over);
    pipe =
        vm_quic_connection_accept_pipe (*connection, VM_AGENT_IDLE_TIME, &over);
  } while (pipe || g_error_matches (over, VM_ERROR, VM_ERROR_TIMEOUT));
  return TRUE;
}

/* The side that asks */

static void
wait_for_candidates (VmAgentSession *self)
{
  gint64 until = g_get_monotonic_time () + VM_AGENT_CANDIDATES_TIME;

  g_mutex_lock (&self->lock);
  while (self->awaits && !self->end
         && g_cond_wait_until (&self->cond, &self->lock, until))
    continue;
  self->awaits = FALSE;
  g_mutex_unlock (&self->lock);
}

static gpointer
work (gpointer data)
{
  VmAgentSession *self = data;
  g_autoptr (GError) error = NULL;
  VmP2pPipe *pipe = vm_quic_connection_open_pipe (
      self->connection, VM_P2P_HELLO_TIME, &error);

  if (pipe)
    vm_agent_stream_work (self, pipe);
  vm_agent_session_unref (self);
  return NULL;
}

/* Each further file has a stream of its own, up to some. */
static void
begin_workers (VmAgentSession *self)
{
  guint n = MIN (g_queue_get_length (&self->jobs), VM_AGENT_PARALLEL);

  for (guint i = 1; self->kind == VM_MESH_FILE && i < n; i++)
    g_ptr_array_add (self->threads,
        g_thread_new ("vm-stream", work, vm_agent_session_ref (self)));
}

/* What is left when no stream works any more. */
static void
fail_jobs (VmAgentSession *self)
{
  g_autoptr (GError) error = NULL;

  g_mutex_lock (&self->lock);
  if (self->error)
    error = g_error_copy (self->error);
  else
    error = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
        "The session has ended before everything was sent");
  g_mutex_unlock (&self->lock);
  if (vm_agent_stream_fail_jobs (self, error))
    vm_agent_session_note (self, error);
}

/* The workers take them meanwhile. */
static gboolean
has_jobs (VmAgentSession *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return !g_queue_is_empty (&self->jobs);
}

static gboolean
run_requester (VmAgentSession *self, VmQuicEndpoint *endpoint,
    VmQuicConnection **connection, GError **error)
{
  VmP2pHello hello = { self->id, self->token,
    (gchar *) vm_identity_get_device_id (self->agent->identity) };
  VmP2pPipe *pipe;

  if (!check_trust (self, self->agent->store, error))
    return FALSE;
  wait_for_candidates (self);
  *connection = connect_to (self, endpoint, error);
  if (!*connection)
    return FALSE;
  pipe = vm_quic_connection_say_hello (
      *connection, &hello, VM_AGENT_CONNECT_TIME, error);
  if (!pipe)
    return FALSE;
  vm_agent_session_post (self, on_running, NULL, NULL);
  begin_workers (self);
  while (pipe && vm_agent_stream_work (self, pipe) && has_jobs (self))
    pipe = vm_quic_connection_open_pipe (*connection, VM_P2P_HELLO_TIME, NULL);
  join_streams (self);
  return TRUE;
}

static gpointer
run (gpointer data)
{
  VmAgentSession *self = data;
  VmQuicConnection *connection = NULL;
  g_autoptr (GError) error = NULL;
  VmQuicEndpoint *endpoint = self->agent->endpoint;
  gboolean good = self->incoming
                      ? run_target (self, endpoint, &connection, &error)
                      : run_requester (self, endpoint, &connection, &error);

  if (!good) {
    g_info ("session %s with %s ends: %s", self->id, self->peer->device_id,
        error->message);
    vm_agent_session_note (self, error);
  }
  if (self->denial)
    vm_agent_session_post (self, on_denied, NULL, NULL);
  g_mutex_lock (&self->lock);
  if (connection)
    vm_quic_connection_close (connection, self->end);
  g_clear_pointer (&self->connection, vm_quic_connection_unref);
  if (self->end && (!self->error || !self->incoming)) {
    g_clear_error (&self->error);
    self->error = g_error_copy (self->end);
  }
  g_mutex_unlock (&self->lock);
  /* without word of it the other side keeps the session until nothing has come
   * for long */
  if (connection && g_atomic_int_get (&self->path) == VM_QUIC_PATH_RELAY)
    vm_quic_connection_wait_closed (connection, VM_AGENT_LAST_WORDS_TIME);
  join_streams (self);
  fail_jobs (self);
  g_clear_pointer (&connection, vm_quic_connection_unref);
  vm_agent_session_post (self, on_over, NULL, NULL);
  vm_agent_session_unref (self);
  return NULL;
}

void
vm_agent_session_start (VmAgentSession *self)
{
  self->started = TRUE;
  g_thread_unref (
      g_thread_new ("vm-session", run, vm_agent_session_ref (self)));
}
