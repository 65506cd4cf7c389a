/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmagent
 * @title: VmAgent
 * @short_description: give and take files and folders in a room of a mesh
 *
 * An agent signs in to a server of the mesh (`protocol/mesh.md`), enters a
 * room, and has sessions with the other agents there: files and folders go
 * between the two devices by QUIC, directly where there is a path, else through
 * the server, which cannot read them (`protocol/agents.md`). What others send
 * is saved in #VmAgent:receive-folder, and what is below
 * #VmAgent:share-folder can be synced, as #VmAgent:policy and #VmAgent:accept
 * allow.
 *
 * An agent belongs to the thread whose default main context made it; its
 * functions are called there, and its signals are emitted there.
 */

#include "agent/agent-priv.h"
#include "agent/agentcandidates.h"
#include "base/vmtimer-priv.h"
#include "transfer/disk/receivefolder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define STOP_TIME 5000 /* ms: for the last words of sessions */

enum
{
  PROP_IDENTITY = 1,
  PROP_SERVER,
  PROP_ROOM,
  PROP_USER,
  PROP_DEVICE,
  PROP_PIN,
  PROP_RECEIVE_FOLDER,
  PROP_SHARE_FOLDER,
  PROP_STUN,
  PROP_POLICY,
  PROP_ACCEPT,
  PROP_OVERWRITE,
  PROP_MAX_SIZE,
  PROP_QUOTA,
  PROP_READY,
  N_PROPS
};

enum
{
  SIGNAL_SESSION,
  SIGNAL_TRANSFER,
  SIGNAL_OFFER,
  SIGNAL_STEP,
  SIGNAL_DELETIONS,
  SIGNAL_LOST,
  SIGNAL_FAILED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (VmAgent, vm_agent, G_TYPE_OBJECT)

G_DEFINE_BOXED_TYPE (VmAgentTransfer, vm_agent_transfer,
    vm_agent_transfer_copy, vm_agent_transfer_free)
G_DEFINE_BOXED_TYPE (
    VmAgentStep, vm_agent_step, vm_agent_step_copy, vm_agent_step_free)

/* Boxed types */

/**
 * vm_agent_transfer_copy:
 * @transfer: a transfer
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.3
 */
VmAgentTransfer *
vm_agent_transfer_copy (const VmAgentTransfer *transfer)
{
  VmAgentTransfer *copy = g_new (VmAgentTransfer, 1);

  *copy = *transfer;
  copy->device_id = g_strdup (transfer->device_id);
  copy->user = g_strdup (transfer->user);
  copy->name = g_strdup (transfer->name);
  copy->lane = g_strdup (transfer->lane);
  copy->saved_path = g_strdup (transfer->saved_path);
  copy->error = transfer->error ? g_error_copy (transfer->error) : NULL;
  return copy;
}

/**
 * vm_agent_transfer_free:
 * @transfer: a transfer
 *
 * Frees it.
 *
 * Since: 0.3
 */
void
vm_agent_transfer_free (VmAgentTransfer *transfer)
{
  g_free (transfer->device_id);
  g_free (transfer->user);
  g_free (transfer->name);
  g_free (transfer->lane);
  g_free (transfer->saved_path);
  g_clear_error (&transfer->error);
  g_free (transfer);
}

/**
 * vm_agent_step_copy:
 * @step: a step
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.3
 */
VmAgentStep *
vm_agent_step_copy (const VmAgentStep *step)
{
  VmAgentStep *copy = g_new (VmAgentStep, 1);

  *copy = *step;
  copy->type = g_strdup (step->type);
  copy->path = g_strdup (step->path);
  copy->from = g_strdup (step->from);
  copy->reason = g_strdup (step->reason);
  return copy;
}

/**
 * vm_agent_step_free:
 * @step: a step
 *
 * Frees it.
 *
 * Since: 0.3
 */
void
vm_agent_step_free (VmAgentStep *step)
{
  g_free (step->type);
  g_free (step->path);
  g_free (step->from);
  g_free (step->reason);
  g_free (step);
}

VmAgentTransfer *
vm_agent_transfer_new (
    guint64 id, VmAgentKind kind, const VmAgentPeer *peer, gboolean incoming)
{
  VmAgentTransfer *transfer = g_new0 (VmAgentTransfer, 1);

  transfer->id = id;
  transfer->kind = kind;
  transfer->incoming = incoming;
  transfer->device_id = g_strdup (peer ? peer->device_id : "");
  transfer->user = g_strdup (peer ? peer->user : "");
  return transfer;
}

guint64
vm_agent_next_id (VmAgent *self)
{
  return (guint64) g_atomic_int_add (&self->n_transfers, 1) + 1;
}

const gchar *
vm_agent_lane (VmQuicPath path)
{
  return path == VM_QUIC_PATH_DIRECT  ? "quic"
         : path == VM_QUIC_PATH_RELAY ? "relay"
                                      : NULL;
}

/* What is told */

void
vm_agent_tell_session (VmAgent *self, const VmAgentSession *session)
{
  g_signal_emit (self, signals[SIGNAL_SESSION], 0, session->incoming,
      session->peer->device_id, session->peer->user,
      vm_agent_lane (g_atomic_int_get (&session->path)));
}

void
vm_agent_tell_transfer (VmAgent *self, const VmAgentTransfer *transfer)
{
  g_signal_emit (self, signals[SIGNAL_TRANSFER], 0, transfer);
}

void
vm_agent_tell_offer (VmAgent *self, const VmAgentTransfer *transfer)
{
  g_signal_emit (self, signals[SIGNAL_OFFER], 0, transfer);
}

void
vm_agent_tell_step (VmAgent *self, const VmAgentStep *step)
{
  g_signal_emit (self, signals[SIGNAL_STEP], 0, step);
}

gboolean
vm_agent_ask_delete (
    VmAgent *self, guint64 id, guint deleted, guint total, gboolean theirs)
{
  gboolean may_delete = FALSE;

  g_signal_emit (self, signals[SIGNAL_DELETIONS], 0, id, deleted, total, theirs,
      &may_delete);
  return may_delete;
}

void
vm_agent_tell_error (VmAgent *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, error);
}

gint
vm_agent_allows (VmAgent *self, const gchar *name)
{
  gpointer value;

  if (!name || !g_hash_table_lookup_extended (self->allowed, name, NULL, &value))
    return -1;
  return GPOINTER_TO_INT (value);
}

/* The control plane */

/* "stun:192.0.2.1:3478" as the endpoint takes it; NULL: it is none, or a name,
 * which nobody has looked up. */
static gchar *
read_stun (const gchar *uri)
{
  g_autoptr (GSocketConnectable) place = NULL;
  const gchar *text = uri;

  if (!text)
    return NULL;
  if (g_str_has_prefix (text, "stun:"))
    text += strlen ("stun:");
  if (g_str_has_prefix (text, "//"))
    text += strlen ("//");
  place = g_network_address_parse (text, 3478, NULL);
  if (!place
      || !g_hostname_is_ip_address (
          g_network_address_get_hostname (G_NETWORK_ADDRESS (place))))
    return NULL;
  return g_strdup_printf (
      strchr (g_network_address_get_hostname (G_NETWORK_ADDRESS (place)), ':')
          ? "[%s]:%u"
          : "%s:%u",
      g_network_address_get_hostname (G_NETWORK_ADDRESS (place)),
      g_network_address_get_port (G_NETWORK_ADDRESS (place)));
}

static gboolean
open_endpoint (VmAgent *self, const gchar *stun, GError **error)
{
  g_autofree gchar *place = read_stun (self->stun ? self->stun : stun);
  const VmQuicConfig config = { .identity = self->identity, .stun = place };
  const guint8 *fingerprint;
  GPtrArray *endpoints;

  self->endpoint = vm_quic_endpoint_new (&config, error);
  if (!self->endpoint)
    return FALSE;
  fingerprint = vm_quic_endpoint_get_fingerprint (self->endpoint);
  self->fingerprint = vm_agent_fingerprint_write (fingerprint);
  self->proof = vm_agent_proof_make (self->identity, fingerprint, error);
  endpoints = vm_agent_candidates_list (
      self->endpoint, vm_agent_control_is_own_machine (self->control));
  self->endpoints = endpoints;
  return self->proof != NULL;
}

static gboolean
on_hello (const gchar *stun, VmMeshAgentHello *hello, gpointer user_data,
    GError **error)
{
  VmAgent *self = user_data;

  if (!self->endpoint && !open_endpoint (self, stun, error))
    return FALSE;
  g_clear_pointer (&self->endpoints, g_ptr_array_unref);
  self->endpoints = vm_agent_candidates_list (
      self->endpoint, vm_agent_control_is_own_machine (self->control));
  *hello = (VmMeshAgentHello){
    .version = PACKAGE_VERSION,
    .device_id = vm_identity_get_device_id (self->identity),
    .device = self->device,
    .fingerprint = self->fingerprint,
    .certificate = vm_identity_get_certificate_pem (self->identity),
    .fingerprint_signature = self->proof,
    .endpoints = self->endpoints,
  };
  return TRUE;
}

static void
set_ready (VmAgent *self, gboolean ready)
{
  if (self->ready == ready)
    return;
  self->ready = ready;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_READY]);
}

static void
on_ready (gpointer user_data)
{
  VmAgent *self = user_data;
  g_autoptr (GTask) starting = g_steal_pointer (&self->starting);

  set_ready (self, TRUE);
  if (starting)
    g_task_return_boolean (starting, TRUE);
  vm_agent_requests_look (self);
}

static void
on_lost (const GError *error, gboolean final, gpointer user_data)
{
  VmAgent *self = user_data;
  g_autoptr (GTask) starting = g_steal_pointer (&self->starting);
  g_autoptr (GError) copy = g_error_copy (error);

  set_ready (self, FALSE);
  if (final)
    vm_agent_requests_end (self, error);
  if (starting) {
    vm_agent_drop (self);
    g_task_return_error (starting, g_steal_pointer (&copy));
    return;
  }
  g_signal_emit (self, signals[SIGNAL_LOST], 0, copy, final);
}

static void
on_news (const VmMeshNews *news, gpointer user_data)
{
  VmAgent *self = user_data;

  if (news->type == VM_MESH_NEWS_CREATED && news->cap_token)
    vm_agent_incoming_take (self, news);
  else if (news->type == VM_MESH_NEWS_CREATED
           || news->type == VM_MESH_NEWS_ERROR)
    vm_agent_requests_take (self, news);
  else
    vm_agent_about_take (self, news);
}

static const VmAgentControlFuncs control_funcs = {
  .hello = on_hello,
  .ready = on_ready,
  .lost = on_lost,
  .news = on_news,
  .peers = (void (*) (gpointer)) vm_agent_requests_look,
};

/* Files whose engine is elsewhere */

void
vm_agent_set_forward_func (
    VmAgent *self, VmAgentForwardFunc func, gpointer user_data)
{
  self->forward = func;
  self->forward_data = user_data;
}

gboolean
vm_agent_has_sessions (VmAgent *self)
{
  return self->sessions->len > 0;
}

/* Start and stop */

static gboolean
on_tick (gpointer user_data)
{
  VmAgent *self = user_data;
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < self->sessions->len; i++)
    vm_agent_session_tick (g_ptr_array_index (self->sessions, i), now);
  return G_SOURCE_CONTINUE;
}

void
vm_agent_drop (VmAgent *self)
{
  vm_timer_clear (&self->ticker);
  g_clear_pointer (&self->control, vm_agent_control_free);
  g_clear_pointer (&self->endpoint, vm_quic_endpoint_free);
  if (self->folder) {
    vm_receive_folder_stop (self->folder);
    vm_receive_folder_unref (g_steal_pointer (&self->folder));
  }
  if (self->share >= 0)
    close (self->share);
  self->share = -1;
  g_clear_pointer (&self->fingerprint, g_free);
  g_clear_pointer (&self->proof, g_free);
  g_clear_pointer (&self->endpoints, g_ptr_array_unref);
  g_clear_pointer (&self->replay, vm_capability_replay_free);
}

static gboolean
open_folders (VmAgent *self, GError **error)
{
  const VmReceiveRules rules = { .overwrite = self->overwrite,
    .max_size = self->max_size,
    .quota = self->quota,
    .patience = VM_RECEIVE_PATIENCE };

  if (self->receive_folder) {
    self->folder =
        vm_receive_folder_open (self->receive_folder, &rules, error);
    if (!self->folder)
      return FALSE;
  }
  if (!self->share_folder)
    return TRUE;
  self->share =
      open (self->share_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->share >= 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
      "The folder that is shared cannot be read: %s", g_strerror (errno));
  return FALSE;
}

static gboolean
begin (VmAgent *self, GError **error)
{
  const VmAgentControlConfig config = { .server = self->server,
    .room = self->room,
    .user = self->user,
    .pin = self->pin };

  if (!open_folders (self, error))
    return FALSE;
  self->control =
      vm_agent_control_new (&config, &control_funcs, self, error);
  if (!self->control)
    return FALSE;
  self->replay = vm_capability_replay_new ();
  self->ticker = vm_timer_new (NULL, VM_AGENT_TICK, on_tick, self);
  return TRUE;
}

/**
 * vm_agent_start_async:
 * @self: a #VmAgent that is not started
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable): called when it is in the room, or cannot be
 * @user_data: for @callback
 *
 * Signs in to the server and enters the room. Once it was there, the agent
 * comes back by itself when the connection is lost; see #VmAgent::lost.
 *
 * Since: 0.3
 */
void
vm_agent_start_async (VmAgent *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  GError *error = NULL;

  g_return_if_fail (VM_IS_AGENT (self));
  g_return_if_fail (!self->starting && !self->control);

  task = g_task_new (self, cancellable, callback, user_data);
  if (!self->server || !self->room || !self->user) {
    g_task_return_new_error (task, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "An agent needs a server, a room and the name of its user");
  } else if (!begin (self, &error)) {
    vm_agent_drop (self);
    g_task_return_error (task, error);
  } else {
    self->starting = task;
    vm_agent_control_start (self->control);
    return;
  }
  g_object_unref (task);
}

/**
 * vm_agent_start_finish:
 * @self: a #VmAgent
 * @result: of the callback
 * @error: one of #VM_ERROR
 *
 * Returns: whether it is in the room
 *
 * Since: 0.3
 */
gboolean
vm_agent_start_finish (VmAgent *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
vm_agent_look_whether_stopped (VmAgent *self)
{
  g_autoptr (GTask) task = NULL;

  if (!self->stopping || self->sessions->len || self->requests->len
      || self->gathering)
    return;
  task = g_steal_pointer (&self->stopping);
  vm_agent_drop (self);
  g_task_return_boolean (task, TRUE);
}

static gboolean
on_stop (gpointer user_data)
{
  vm_agent_look_whether_stopped (user_data);
  return G_SOURCE_REMOVE;
}

/**
 * vm_agent_stop_async:
 * @self: a #VmAgent
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable): called when it has left the room
 * @user_data: for @callback
 *
 * Ends all transfers, which can go on another time, and leaves the room.
 *
 * Since: 0.3
 */
void
vm_agent_stop_async (VmAgent *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = g_error_new (
      VM_ERROR, VM_ERROR_DISCONNECTED, "The agent was stopped");
  g_autoptr (GTask) starting = NULL;

  g_return_if_fail (VM_IS_AGENT (self));
  g_return_if_fail (!self->stopping);

  starting = g_steal_pointer (&self->starting);
  self->stopping = task;
  set_ready (self, FALSE);
  vm_agent_requests_end (self, error);
  for (guint i = 0; i < self->sessions->len; i++)
    vm_agent_session_end (g_ptr_array_index (self->sessions, i), error);
  if (starting)
    g_task_return_error (starting, g_error_copy (error));
  vm_mailbox_post (
      self->mailbox, on_stop, g_object_ref (self), g_object_unref);
}

/**
 * vm_agent_stop_finish:
 * @self: a #VmAgent
 * @result: of the callback
 * @error: not set
 *
 * Returns: %TRUE
 *
 * Since: 0.3
 */
gboolean
vm_agent_stop_finish (VmAgent *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* What the user says */

/**
 * vm_agent_allow:
 * @self: a #VmAgent
 * @name: a device id, or the name of a user
 * @permissions: %VM_PERMISSIONS_FILE, %VM_PERMISSIONS_FOLDER, or both
 *
 * Lets the other device do just this, and without a question, in sessions that
 * begin from now on. The name of a user counts under %VM_POLICY_OPEN, or when
 * the device is known by it: anybody may claim one.
 *
 * Since: 0.3
 */
void
vm_agent_allow (VmAgent *self, const gchar *name, VmPermissions permissions)
{
  g_return_if_fail (VM_IS_AGENT (self));
  g_return_if_fail (name && *name);

  g_hash_table_replace (
      self->allowed, g_strdup (name), GINT_TO_POINTER ((gint) permissions));
}

static VmAgentStream *
find_stream (VmAgent *self, guint64 id)
{
  return g_hash_table_lookup (self->streams, &id);
}

/**
 * vm_agent_answer:
 * @self: a #VmAgent
 * @transfer_id: the id of a transfer, of #VmAgent::offer
 * @accept: whether to take it
 *
 * Accepts what another device offers, or declines it. Nothing happens when it
 * was answered before, or is over.
 *
 * Since: 0.3
 */
void
vm_agent_answer (VmAgent *self, guint64 transfer_id, gboolean accept)
{
  VmAgentStream *stream;

  g_return_if_fail (VM_IS_AGENT (self));

  stream = find_stream (self, transfer_id);
  if (stream)
    vm_agent_stream_answer (stream, accept);
}

/**
 * vm_agent_set_paused:
 * @self: a #VmAgent
 * @transfer_id: the id of a transfer of a file
 * @paused: whether it is to wait
 *
 * Has a transfer wait, or go on.
 *
 * Since: 0.3
 */
void
vm_agent_set_paused (VmAgent *self, guint64 transfer_id, gboolean paused)
{
  VmAgentStream *stream;

  g_return_if_fail (VM_IS_AGENT (self));

  stream = find_stream (self, transfer_id);
  if (stream)
    vm_agent_stream_set_paused (stream, paused);
}

/**
 * vm_agent_cancel:
 * @self: a #VmAgent
 * @transfer_id: the id of a transfer
 *
 * Ends a transfer. What there is of a file is discarded.
 *
 * Since: 0.3
 */
void
vm_agent_cancel (VmAgent *self, guint64 transfer_id)
{
  VmAgentStream *stream;

  g_return_if_fail (VM_IS_AGENT (self));

  stream = find_stream (self, transfer_id);
  if (stream)
    vm_agent_stream_cancel (stream);
  else
    vm_agent_requests_cancel (self, transfer_id);
}

/* The object */

static gchar **
find_text (VmAgent *self, guint id)
{
  switch (id) {
    case PROP_SERVER:
      return &self->server;
    case PROP_ROOM:
      return &self->room;
    case PROP_USER:
      return &self->user;
    case PROP_DEVICE:
      return &self->device;
    case PROP_PIN:
      return &self->pin;
    case PROP_RECEIVE_FOLDER:
      return &self->receive_folder;
    case PROP_SHARE_FOLDER:
      return &self->share_folder;
    case PROP_STUN:
      return &self->stun;
    default:
      return NULL;
  }
}

static void
vm_agent_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmAgent *self = VM_AGENT (object);
  gchar **text = find_text (self, id);

  if (text) {
    g_free (*text);
    *text = g_value_dup_string (value);
    return;
  }
  switch (id) {
    case PROP_IDENTITY:
      self->identity = g_value_dup_object (value);
      break;
    case PROP_POLICY:
      self->policy = g_value_get_enum (value);
      break;
    case PROP_ACCEPT:
      self->accept = g_value_get_enum (value);
      break;
    case PROP_OVERWRITE:
      self->overwrite = g_value_get_enum (value);
      break;
    case PROP_MAX_SIZE:
      self->max_size = g_value_get_uint64 (value);
      break;
    case PROP_QUOTA:
      self->quota = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
vm_agent_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmAgent *self = VM_AGENT (object);
  gchar **text = find_text (self, id);

  if (text) {
    g_value_set_string (value, *text);
    return;
  }
  switch (id) {
    case PROP_IDENTITY:
      g_value_set_object (value, self->identity);
      break;
    case PROP_POLICY:
      g_value_set_enum (value, self->policy);
      break;
    case PROP_ACCEPT:
      g_value_set_enum (value, self->accept);
      break;
    case PROP_OVERWRITE:
      g_value_set_enum (value, self->overwrite);
      break;
    case PROP_MAX_SIZE:
      g_value_set_uint64 (value, self->max_size);
      break;
    case PROP_QUOTA:
      g_value_set_uint64 (value, self->quota);
      break;
    case PROP_READY:
      g_value_set_boolean (value, self->ready);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
vm_agent_constructed (GObject *object)
{
  VmAgent *self = VM_AGENT (object);
  g_autofree gchar *folder = NULL;

  G_OBJECT_CLASS (vm_agent_parent_class)->constructed (object);
  if (self->identity)
    folder =
        g_path_get_dirname (vm_identity_get_path (self->identity));
  self->store = vm_trust_store_new (folder);
}

/* Sessions have references: there are none. */
static void
vm_agent_dispose (GObject *object)
{
  VmAgent *self = VM_AGENT (object);

  if (self->control) {
    g_autoptr (GError) error = g_error_new (
        VM_ERROR, VM_ERROR_DISCONNECTED, "The agent is gone");

    vm_agent_requests_end (self, error);
  }
  vm_agent_drop (self);
  G_OBJECT_CLASS (vm_agent_parent_class)->dispose (object);
}

static void
vm_agent_finalize (GObject *object)
{
  VmAgent *self = VM_AGENT (object);

  g_clear_object (&self->identity);
  g_clear_object (&self->store);
  vm_mailbox_free (self->mailbox);
  g_hash_table_unref (self->allowed);
  g_hash_table_unref (self->streams);
  g_ptr_array_unref (self->sessions);
  g_ptr_array_unref (self->requests);
  for (guint id = PROP_SERVER; id <= PROP_STUN; id++)
    g_free (*find_text (self, id));
  G_OBJECT_CLASS (vm_agent_parent_class)->finalize (object);
}

static void
install_text (GObjectClass *klass, guint id, const gchar *name,
    const gchar *nick, const gchar *blurb)
{
  props[id] = g_param_spec_string (name, nick, blurb, NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property (klass, id, props[id]);
}

static void
install_texts (GObjectClass *klass)
{
  /**
   * VmAgent:server:
   *
   * The address of the server, `https://HOST:PORT` or `http://HOST:PORT`. Of
   * this and the properties below, those that an agent is started with count.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_SERVER, "server", "Server",
      "The address of the server, https://HOST:PORT");
  /**
   * VmAgent:room:
   *
   * The name of the room.
   *
   * Since: 0.3
   */
  install_text (
      klass, PROP_ROOM, "room", "Room", "The name of the room to enter");
  /**
   * VmAgent:user:
   *
   * The name of the user, by which others find this agent.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_USER, "user", "User",
      "The name of the user, by which others find this agent");
  /**
   * VmAgent:device:
   *
   * The name of this device; the host's name by default. With the name of the
   * user it is what others remember the key of this device by.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_DEVICE, "device", "Device",
      "The name of this device, by default the host's name");
  /**
   * VmAgent:pin:
   *
   * The PIN of the room; %NULL for none.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_PIN, "pin", "PIN",
      "The PIN of the room, or NULL for none");
  /**
   * VmAgent:receive-folder:
   *
   * Path of the folder in which received files are saved; %NULL to receive
   * none.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_RECEIVE_FOLDER, "receive-folder", "Receive folder",
      "Path of the folder for received files, or NULL to receive none");
  /**
   * VmAgent:share-folder:
   *
   * Path of the folder below which others may sync folders; %NULL to share
   * none.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_SHARE_FOLDER, "share-folder", "Share folder",
      "Path of the folder that others may sync, or NULL to share none");
  /**
   * VmAgent:stun:
   *
   * A STUN server by its address, `192.0.2.1:3478`; %NULL for the one that the
   * server names, if it names one.
   *
   * Since: 0.3
   */
  install_text (klass, PROP_STUN, "stun", "STUN server",
      "Address of a STUN server, or NULL for the one that the server names");
}

static void
install_others (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * VmAgent:identity:
   *
   * The key of this device.
   *
   * Since: 0.3
   */
  props[PROP_IDENTITY] = g_param_spec_object ("identity", "Identity",
      "The key of this device", VM_TYPE_IDENTITY,
      flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * VmAgent:policy:
   *
   * Which devices this one has sessions with.
   *
   * Since: 0.3
   */
  props[PROP_POLICY] = g_param_spec_enum ("policy", "Policy",
      "Which devices this one has sessions with", VM_TYPE_POLICY,
      VM_POLICY_PIN, flags | G_PARAM_CONSTRUCT);
  /**
   * VmAgent:accept:
   *
   * What is taken without a question. %VM_ACCEPT_AUTO takes what trusted devices
   * send, and under %VM_POLICY_OPEN what any device sends.
   *
   * Since: 0.3
   */
  props[PROP_ACCEPT] = g_param_spec_enum ("accept", "Accept",
      "What is taken without a question", VM_TYPE_ACCEPT, VM_ACCEPT_ASK,
      flags | G_PARAM_CONSTRUCT);
  /**
   * VmAgent:overwrite:
   *
   * What happens when the name of a received file is taken.
   *
   * Since: 0.3
   */
  props[PROP_OVERWRITE] = g_param_spec_enum ("overwrite", "Overwrite",
      "What happens when the name of a received file is taken",
      VM_TYPE_OVERWRITE, VM_OVERWRITE_RENAME, flags | G_PARAM_CONSTRUCT);
  /**
   * VmAgent:max-size:
   *
   * Bytes of a file that is received, at most; 0 for no limit.
   *
   * Since: 0.3
   */
  props[PROP_MAX_SIZE] = g_param_spec_uint64 ("max-size", "Largest size",
      "Bytes of a file that is received, at most; 0: no limit", 0, G_MAXUINT64,
      0, flags);
  /**
   * VmAgent:quota:
   *
   * Bytes of all received files, at most; 0 for no limit.
   *
   * Since: 0.3
   */
  props[PROP_QUOTA] = g_param_spec_uint64 ("quota", "Quota",
      "Bytes of all received files, at most; 0: no limit", 0, G_MAXUINT64, 0,
      flags);
  /**
   * VmAgent:ready:
   *
   * Whether it is in the room.
   *
   * Since: 0.3
   */
  props[PROP_READY] = g_param_spec_boolean ("ready", "Ready",
      "Whether it is in the room", FALSE,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property (
      klass, PROP_IDENTITY, props[PROP_IDENTITY]);
  for (guint id = PROP_POLICY; id < N_PROPS; id++)
    g_object_class_install_property (klass, id, props[id]);
}

static void
install_signals (void)
{
  /**
   * VmAgent::session:
   * @self: the agent
   * @incoming: whether the other device has asked for it
   * @device_id: the other device, proven by its key
   * @user: the name of its user, as the server tells
   * @lane: (nullable): `quic`, or `relay` for QUIC that passes the server
   *
   * A session with another device has begun.
   *
   * Since: 0.3
   */
  signals[SIGNAL_SESSION] = g_signal_new ("session", VM_TYPE_AGENT,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4, G_TYPE_BOOLEAN,
      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * VmAgent::transfer:
   * @self: the agent
   * @transfer: (transfer none): the transfer as it is now
   *
   * A transfer has begun, has got on, or is over.
   *
   * Since: 0.3
   */
  signals[SIGNAL_TRANSFER] = g_signal_new ("transfer", VM_TYPE_AGENT,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      VM_TYPE_AGENT_TRANSFER | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * VmAgent::offer:
   * @self: the agent
   * @transfer: (transfer none): what is offered
   *
   * Another device offers a file or folder, or to sync one; answer by
   * vm_agent_answer() within 5 minutes.
   *
   * Since: 0.3
   */
  signals[SIGNAL_OFFER] = g_signal_new ("offer", VM_TYPE_AGENT,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      VM_TYPE_AGENT_TRANSFER | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * VmAgent::step:
   * @self: the agent
   * @step: (transfer none): the step
   *
   * A step by which a folder is synced; a conflict is one as well.
   *
   * Since: 0.3
   */
  signals[SIGNAL_STEP] = g_signal_new ("step", VM_TYPE_AGENT,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      VM_TYPE_AGENT_STEP | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * VmAgent::deletions:
   * @self: the agent
   * @transfer_id: the sync
   * @deleted: files that are to be deleted
   * @total: of how many
   * @theirs: whether it is in the other device's folder
   *
   * A sync would delete a large part of a folder.
   *
   * Returns: whether it may; %FALSE where nobody answers
   *
   * Since: 0.3
   */
  signals[SIGNAL_DELETIONS] = g_signal_new ("deletions", VM_TYPE_AGENT,
      G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled, NULL, NULL,
      G_TYPE_BOOLEAN, 4, G_TYPE_UINT64, G_TYPE_UINT, G_TYPE_UINT,
      G_TYPE_BOOLEAN);
  /**
   * VmAgent::lost:
   * @self: the agent
   * @error: why
   * @final: whether it does not come back by itself
   *
   * The connection to the server is lost. Sessions go on.
   *
   * Since: 0.3
   */
  signals[SIGNAL_LOST] = g_signal_new ("lost", VM_TYPE_AGENT,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
      G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_BOOLEAN);
  /**
   * VmAgent::refused:
   * @self: the agent
   * @error: why
   *
   * A session was refused before it began, because the other device is not the
   * one that the server says.
   *
   * Since: 0.3
   */
  signals[SIGNAL_FAILED] = g_signal_new ("refused", VM_TYPE_AGENT,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
vm_agent_class_init (VmAgentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = vm_agent_set_property;
  object_class->get_property = vm_agent_get_property;
  object_class->constructed = vm_agent_constructed;
  object_class->dispose = vm_agent_dispose;
  object_class->finalize = vm_agent_finalize;
  install_texts (object_class);
  install_others (object_class);
  install_signals ();
}

static void
vm_agent_init (VmAgent *self)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  self->mailbox = vm_mailbox_new (context);
  self->share = -1;
  self->device = g_strdup (g_get_host_name ());
  self->allowed =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->sessions = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vm_agent_session_unref);
  self->requests = g_ptr_array_new_with_free_func (vm_agent_request_free);
  self->streams = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
      (GDestroyNotify) vm_agent_stream_unref);
}

/**
 * vm_agent_new:
 * @identity: the key of this device
 * @server: the address of the server, `https://HOST:PORT`
 * @room: the name of the room
 * @user: the name of the user
 *
 * Returns: (transfer full): an agent, to be started by vm_agent_start_async()
 *
 * Since: 0.3
 */
VmAgent *
vm_agent_new (VmIdentity *identity, const gchar *server, const gchar *room,
    const gchar *user)
{
  g_return_val_if_fail (VM_IS_IDENTITY (identity), NULL);
  g_return_val_if_fail (server && room && user, NULL);

  return g_object_new (VM_TYPE_AGENT, "identity", identity, "server", server,
      "room", room, "user", user, NULL);
}
