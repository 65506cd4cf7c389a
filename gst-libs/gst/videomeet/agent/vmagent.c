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

#include "agent/term/vmterminal-priv.h"
#include "agent/agentcandidates.h"
#include "base/deviceid.h"
#include "base/vmtimer-priv.h"
#include "transfer/disk/receivefolder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define STOP_TIME 5000 /* ms: for the last words of sessions */

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

gint
vm_agent_allows (VmAgent *self, const gchar *name)
{
  gpointer value;

  if (!name
      || !g_hash_table_lookup_extended (self->allowed, name, NULL, &value))
    return -1;
  return GPOINTER_TO_INT (value);
}

gint
vm_agent_allows_user (VmAgent *self, const gchar *user)
{
  return user && vm_device_id_is_valid (user) ? -1
                                              : vm_agent_allows (self, user);
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
    .instance = self->instance,
    .fingerprint = self->fingerprint,
    .certificate = vm_identity_get_certificate_pem (self->identity),
    .fingerprint_signature = self->proof,
    .endpoints = self->endpoints,
    .terminal = self->term != NULL,
  };
  return TRUE;
}

static void
on_ready (gpointer user_data)
{
  VmAgent *self = user_data;
  g_autoptr (GTask) starting = g_steal_pointer (&self->starting);

  vm_agent_set_ready (self, TRUE);
  if (starting)
    g_task_return_boolean (starting, TRUE);
  if (self->term)
    vm_agent_term_announce (self->term);
  vm_agent_requests_look (self);
}

static void
on_lost (const GError *error, gboolean final, gpointer user_data)
{
  VmAgent *self = user_data;
  g_autoptr (GTask) starting = g_steal_pointer (&self->starting);
  g_autoptr (GError) copy = g_error_copy (error);

  vm_agent_set_ready (self, FALSE);
  if (final)
    vm_agent_requests_end (self, error);
  if (starting) {
    vm_agent_drop (self);
    g_task_return_error (starting, g_steal_pointer (&copy));
    return;
  }
  vm_agent_tell_lost (self, copy, final);
}

/* FALSE: it is for no terminal that this agent shows. */
static gboolean
views_take_news (VmAgent *self, const VmMeshNews *news)
{
  for (guint i = 0; i < self->views->len; i++) {
    VmTerminal *view = g_ptr_array_index (self->views, i);

    if (view->agent && vm_agent_view_take_news (view, news))
      return TRUE;
  }
  return FALSE;
}

static void
take_control_news (VmAgent *self, const VmMeshNews *news)
{
  const gchar *own = vm_identity_get_device_id (self->identity);

  if (strcmp (news->target_device_id, own) != 0)
    views_take_news (self, news);
  else if (self->term)
    vm_agent_term_take_news (self->term, news);
}

static void
on_news (const VmMeshNews *news, gpointer user_data)
{
  VmAgent *self = user_data;

  if (news->type == VM_MESH_NEWS_GRANTED || news->type == VM_MESH_NEWS_REFUSED
      || news->type == VM_MESH_NEWS_RELEASED) {
    take_control_news (self, news);
    return;
  }
  if (news->type == VM_MESH_NEWS_ERROR && views_take_news (self, news))
    return;
  if (news->type == VM_MESH_NEWS_CREATED && news->cap_token)
    vm_agent_incoming_take (self, news);
  else if (news->type == VM_MESH_NEWS_CREATED
           || news->type == VM_MESH_NEWS_ERROR)
    vm_agent_requests_take (self, news);
  else if (news->type == VM_MESH_NEWS_OFFER || news->type == VM_MESH_NEWS_ICE
           || news->type == VM_MESH_NEWS_PRESENCE)
    vm_agent_pages_take (self, news);
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
  if (self->term)
    vm_agent_term_tick (self->term, now);
  for (guint i = 0; i < self->views->len; i++) {
    VmTerminal *view = g_ptr_array_index (self->views, i);

    if (view->agent)
      vm_agent_view_tick (view, now);
  }
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
  g_clear_pointer (&self->instance, g_free);
  g_clear_pointer (&self->endpoints, g_ptr_array_unref);
  g_clear_pointer (&self->replay, vm_capability_replay_free);
}

static gboolean
open_folders (VmAgent *self, GError **error)
{
  const VmReceiveRules rules = { .overwrite = self->overwrite,
    .max_size = self->max_size,
    .quota = self->quota,
    .patience = VM_RECEIVE_PATIENCE,
    .several = TRUE };

  if (self->receive_folder) {
    self->folder = vm_receive_folder_open (self->receive_folder, &rules, error);
    if (!self->folder)
      return FALSE;
  }
  if (!self->share_folder)
    return TRUE;
  self->share = open (self->share_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->share >= 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
      "The folder that is shared cannot be read: %s", g_strerror (errno));
  return FALSE;
}

static gboolean
begin (VmAgent *self, GError **error)
{
  const VmServerKeyConfig key_config = { .identity = self->identity,
    .store = self->store,
    .server = self->server,
    .host_id = self->host_key,
    .policy = self->policy,
    .has_pin = self->pin != NULL };
  g_autoptr (VmServerKey) server_key = NULL;
  VmAgentControlConfig config = { .server = self->server,
    .room = self->room,
    .user = self->user,
    .pin = self->pin };

  if (self->host_key && !vm_device_id_is_valid (self->host_key)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "“%s” is no id of a device, as a server shows its own", self->host_key);
    return FALSE;
  }
  if (!open_folders (self, error))
    return FALSE;
  config.server_key = server_key = vm_server_key_new (&key_config);
  self->control = vm_agent_control_new (&config, &control_funcs, self, error);
  if (!self->control)
    return FALSE;
  if (self->only_asks)
    self->instance =
        g_strdup_printf ("%08x%08x", g_random_int (), g_random_int ());
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

static void
on_control_gone (gpointer data)
{
  VmAgent *self = data;
  g_autoptr (GTask) task = g_steal_pointer (&self->stopping);

  self->leaving = FALSE;
  vm_agent_drop (self);
  g_task_return_boolean (task, TRUE);
  g_object_unref (self);
}

void
vm_agent_look_whether_stopped (VmAgent *self)
{
  VmAgentControl *control;

  if (!self->stopping || self->leaving || self->sessions->len
      || self->requests->len || self->gathering)
    return;
  self->leaving = TRUE;
  control = g_steal_pointer (&self->control);
  g_object_ref (self);
  if (control)
    vm_agent_control_leave (control, on_control_gone, self);
  else
    on_control_gone (self);
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
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "The agent was stopped");
  /* who sees the terminal of this agent reads it */
  g_autoptr (GError) no_more = g_error_new (
      VM_ERROR, VM_ERROR_DISCONNECTED, "%s has ended the terminal", self->user);
  g_autoptr (GTask) starting = NULL;

  g_return_if_fail (VM_IS_AGENT (self));
  g_return_if_fail (!self->stopping);

  starting = g_steal_pointer (&self->starting);
  self->stopping = task;
  if (self->term)
    vm_agent_term_end (self->term, error);
  vm_agent_set_ready (self, FALSE);
  vm_agent_requests_end (self, error);
  vm_agent_pages_end (self, error);
  for (guint i = self->sessions->len; i-- > 0;) {
    VmAgentSession *session = g_ptr_array_index (self->sessions, i);
    gboolean seen = session->incoming && session->kind == VM_MESH_TERMINAL;

    vm_agent_session_end (session, seen ? no_more : error);
  }
  if (starting)
    g_task_return_error (starting, g_error_copy (error));
  vm_mailbox_post (self->mailbox, on_stop, g_object_ref (self), g_object_unref);
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
 * @permissions: %VM_PERMISSIONS_FILE, %VM_PERMISSIONS_FOLDER,
 *   %VM_PERMISSIONS_TERMINAL_VIEW, or %VM_PERMISSIONS_TERMINAL_CONTROL, which
 *   has the one before with it
 *
 * Lets the other device do just this, and without a question, in sessions that
 * begin from now on. The name of a user counts under %VM_POLICY_OPEN, or for a
 * device with a token that is known by it: anybody may claim one.
 *
 * Since: 0.3
 */
void
vm_agent_allow (VmAgent *self, const gchar *name, VmPermissions permissions)
{
  g_return_if_fail (VM_IS_AGENT (self));
  g_return_if_fail (name && *name);

  if (permissions & VM_PERMISSIONS_TERMINAL_CONTROL)
    permissions |= VM_PERMISSIONS_TERMINAL_VIEW;
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
