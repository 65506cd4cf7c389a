/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a meeting is entered: hosted on this node's server, or joined through one
 * of its endpoints. */

#include "meeting/vmmeeting-priv.h"
#include "node/node-priv.h"
#include "trust/keys/vmidentity-priv.h"
#include "wire/iceservers.h"

#include <string.h>

/* Steps from the first `hello` to `welcome` at one endpoint: a socket that is
 * cut in between is opened anew, and `hello` said again. */
#define WELCOME_STEPS_MAX 3

/* Hosting */

void
vm_meeting_on_seat_signal (VmSeat *seat, const VmSignal *signal, gpointer data)
{
  vm_meeting_take_signal (data, signal);
}

gboolean
vm_meeting_take_roles (VmMeeting *self, VmNodeRoles roles, GError **error)
{
  roles &= ~self->roles;
  if (!roles)
    return TRUE;
  if (!vm_node_start (self->node, roles, error))
    return FALSE;
  self->roles |= roles;
  return TRUE;
}

static gboolean
host (VmMeeting *self, GError **error)
{
  VmMeetingConfig config = {
    .name = self->name,
    .user = self->user,
    .pin = self->pin && *self->pin ? self->pin : NULL,
    .max_participants = self->max_participants,
    .call_type = self->call_type,
    .ice_servers = (const gchar *const *) self->ice_servers,
    .nonce = vm_meeting_renew_nonce (self),
  };
  g_autofree gchar *device = NULL;

  if (!vm_ice_servers_check (config.ice_servers, error))
    return FALSE;
  if (!vm_meeting_take_roles (
          self, VM_NODE_ROLES_SERVE | VM_NODE_ROLES_ANNOUNCE, error))
    return FALSE;
  g_object_get (self->node, "device", &device, NULL);
  config.device = device;
  vm_meeting_configure_sfu (self, &config);
  self->seat = vm_server_open_meeting (vm_node_get_server (self->node), &config,
      self->context, vm_meeting_on_seat_signal, self, error);
  return self->seat != NULL;
}

/* Joining */

void
vm_meeting_give_up (VmMeeting *self, GError *fallback)
{
  g_autoptr (GError) error = g_steal_pointer (&self->refusal);
  g_autoptr (GError) other = fallback;

  vm_meeting_finish (self, error ? error : other);
}

static gboolean
on_join_timeout (gpointer data)
{
  VmMeeting *self = data;

  vm_timer_clear (&self->join_timer);
  vm_meeting_give_up (
      self, g_error_new (VM_ERROR,
                self->uri ? VM_ERROR_TIMEOUT : VM_ERROR_MEETING_NOT_FOUND,
                self->uri ? "The meeting could not be joined in time"
                          : "No device on this network hosts the meeting “%s”",
                self->name));
  return G_SOURCE_REMOVE;
}

void
vm_meeting_limit_entering (VmMeeting *self, guint ms)
{
  vm_timer_clear (&self->join_timer);
  self->join_timer = vm_timer_new (self->context, ms, on_join_timeout, self);
}

/* Nobody else hosts it (mode auto). */
static void
host_instead (VmMeeting *self)
{
  g_autoptr (GError) error = NULL;

  self->may_host = FALSE;
  vm_timer_clear (&self->browse_timer);
  vm_timer_clear (&self->join_timer);
  if (!host (self, &error))
    vm_meeting_finish (self, error);
}

static gboolean
is_unknown (const GError *error)
{
  return g_error_matches (error, VM_ERROR, VM_ERROR_HOST_UNKNOWN);
}

/* A host has it under that name, and the PIN was wrong: it is not asked
 * again. */
static gboolean
is_pin_refused (const GError *error)
{
  return g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_PIN)
         || g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
}

void
vm_meeting_take_stock (VmMeeting *self)
{
  if (!self->browsed || !g_queue_is_empty (&self->strangers))
    return;
  if (self->refusal && is_pin_refused (self->refusal))
    vm_meeting_give_up (self, NULL);
  else if (self->may_host)
    host_instead (self);
}

static gboolean
on_browse_timeout (gpointer data)
{
  VmMeeting *self = data;

  vm_timer_clear (&self->browse_timer);
  self->browsed = TRUE;
  self->may_host = self->mode == VM_MEETING_MODE_AUTO;
  if (!self->endpoint && !self->client)
    vm_meeting_take_stock (self);
  return G_SOURCE_REMOVE;
}

/* How much a refusal tells: what a device said of the meeting beats that it has
 * none, and that beats that it could not be reached. */
static guint
weight (const GError *error)
{
  if (error->domain != VM_ERROR || error->code == VM_ERROR_DISCONNECTED
      || error->code == VM_ERROR_TIMEOUT)
    return 0;
  /* of this device, as a store that cannot be written */
  if (error->code == VM_ERROR_FAILED)
    return 1;
  return error->code == VM_ERROR_MEETING_NOT_FOUND
                 || error->code == VM_ERROR_MEETING_ENDED
             ? 2
             : 3;
}

/* Whether no other device can have the meeting that was meant: this one says
 * that it has, or, if it hides that, has opened the PIN and then refused. */
static gboolean
is_the_meeting (const VmMeetingEndpoint *endpoint, const GError *error)
{
  return weight (error) == 3 && !is_pin_refused (error) && !is_unknown (error)
         && (endpoint->named || error->code == VM_ERROR_MEETING_FULL
             || error->code == VM_ERROR_MEETING_LOCKED);
}

/* Another of the host's addresses would only count one more wrong PIN. */
static void
pass_by (VmMeeting *self, const VmMeetingEndpoint *refused)
{
  g_hash_table_add (self->tried, g_strdup (refused->device));
  for (GList *l = self->endpoints.head, *next; l; l = next) {
    VmMeetingEndpoint *endpoint = l->data;

    next = l->next;
    if (g_strcmp0 (endpoint->device, refused->device) != 0)
      continue;
    g_queue_delete_link (&self->endpoints, l);
    vm_meeting_endpoint_free (endpoint);
  }
}

/* The endpoint stayed shut: the next one, or nothing for now. */
static void
try_another (VmMeeting *self, GError *error)
{
  g_autoptr (VmSignalClient) client = g_steal_pointer (&self->client);
  g_autoptr (VmMeetingEndpoint) endpoint = g_steal_pointer (&self->endpoint);
  gboolean cancelled =
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  const VmHostNames *stranger = NULL;
  gboolean final;

  vm_timer_clear (&self->welcome_timer);
  if (client)
    vm_signal_client_close (client);
  if (cancelled || self->stopped) {
    g_error_free (error);
    return;
  }
  if (client && self->ask_host && is_unknown (error))
    stranger = vm_signal_client_get_stranger (client);
  if (stranger)
    final = FALSE;
  else if (self->uri)
    final = weight (error) > 1
            || (g_queue_is_empty (&self->endpoints)
                && g_queue_is_empty (&self->strangers));
  else
    final = is_the_meeting (endpoint, error);
  /* when the device says something new, it may be asked again */
  if (weight (error) < 3 && endpoint->key)
    g_hash_table_remove (self->tried, endpoint->key);
  if (is_pin_refused (error) && endpoint->device)
    pass_by (self, endpoint);
  if (!self->refusal || weight (error) >= weight (self->refusal)) {
    g_clear_error (&self->refusal);
    self->refusal = error;
  } else {
    g_error_free (error);
  }
  if (final) {
    vm_meeting_give_up (self, NULL);
    return;
  }
  if (stranger)
    vm_meeting_ask_about (self, g_steal_pointer (&endpoint), stranger);
  vm_meeting_try_next (self);
}

static void
shut (VmMeeting *self, GError *error)
{
  if (!self->returning) {
    try_another (self, error);
    return;
  }
  vm_meeting_fail_return (self, error);
  g_error_free (error);
}

void
vm_meeting_refused (VmMeeting *self, GError *error)
{
  if (!error)
    error = g_error_new (VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The host's server refused the meeting without a reason");
  if (self->endpoint)
    shut (self, error);
  else
    g_error_free (error);
}

/* Waiting for `welcome` */

/* The other addresses of a device that is silent there lead to the same, most
 * likely: other devices come first. */
static void
put_last (VmMeeting *self, const gchar *device)
{
  GList *end = self->endpoints.tail;

  for (GList *l = self->endpoints.head, *next; l; l = next) {
    VmMeetingEndpoint *endpoint = l->data;

    next = l == end ? NULL : l->next;
    if (g_strcmp0 (endpoint->device, device) != 0)
      continue;
    g_queue_unlink (&self->endpoints, l);
    g_queue_push_tail_link (&self->endpoints, l);
  }
}

static gboolean
on_unwelcomed (gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);

  vm_timer_clear (&self->welcome_timer);
  put_last (self, self->endpoint->device);
  vm_meeting_refused (
      self, g_error_new (VM_ERROR, VM_ERROR_TIMEOUT,
                "The host's server took the connection, but did not answer"));
  return G_SOURCE_REMOVE;
}

/* As long as for any other step. */
static guint
step_ms (VmMeeting *self)
{
  return MIN (self->step_timeout, self->join_timeout);
}

static void
go_on_waiting (VmMeeting *self)
{
  gint64 left = (self->welcome_until - g_get_monotonic_time ()) / 1000;

  vm_timer_clear (&self->welcome_timer);
  self->welcome_timer = vm_timer_new (self->context,
      (guint) CLAMP (left, 1, step_ms (self)), on_unwelcomed, self);
}

/* `hello` is said. At an address there is no other device to be tried, and a
 * server of several may take longer for a seat or a name;
 * VmMeeting:join-timeout ends that. */
static void
await_welcome (VmMeeting *self)
{
  if (self->uri || self->welcomed)
    return;
  self->welcome_until = g_get_monotonic_time ()
                        + WELCOME_STEPS_MAX * (gint64) step_ms (self) * 1000;
  go_on_waiting (self);
}

/* The client */

static void
on_client_signal (VmSignalClient *client, const VmSignal *signal, gpointer data)
{
  VmMeeting *self = data;

  if (client == self->client)
    vm_meeting_take_signal (self, signal);
}

/* Those who are connected to each other go on without their host; whoever is
 * connected to nobody joins anew. A room without a host has its server to come
 * back to. */
static gboolean
go_on (VmMeeting *self, const GError *error)
{
  return (self->host_id && vm_meeting_survive (self, error))
         || vm_meeting_return (self, error)
         || (!self->host_id && vm_meeting_survive (self, error));
}

static void
on_client_closed (VmSignalClient *client, const GError *error, gpointer data)
{
  VmMeeting *self = data;

  if (client != self->client)
    return;
  if (!self->welcomed || self->returning)
    vm_meeting_refused (self, g_error_copy (error));
  else if (self->kicked || !go_on (self, error))
    vm_meeting_finish (self, self->kicked ? self->kicked : error);
}

static void
on_client_lost (VmSignalClient *client, gboolean lost, gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);

  if (client != self->client)
    return;
  if (self->welcome_timer)
    go_on_waiting (self);
  if (!self->welcomed || self->returning)
    return;
  vm_meeting_set_socket_lost (self, lost);
  vm_meeting_set_calls_lost (self, lost);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (VmMeeting) self = data;
  VmSignalClient *client = VM_SIGNAL_CLIENT (source);
  GError *error = NULL;

  vm_signal_client_join_finish (client, result, &error);
  if (client != self->client || !self->endpoint)
    g_clear_error (&error);
  else if (error)
    shut (self, error);
  else
    await_welcome (self);
}

void
vm_meeting_try_next (VmMeeting *self)
{
  VmSignalClientConfig config;
  g_autofree gchar *device = NULL;
  gboolean insecure;
  VmPolicy policy;
  VmCloudTrust cloud_trust;

  if (self->endpoint || self->client || self->seat || self->stopped)
    return;
  self->endpoint = g_queue_pop_head (&self->endpoints);
  if (!self->endpoint) {
    vm_meeting_take_stock (self);
    return;
  }
  g_object_get (self->node, "device", &device, "policy", &policy, "cloud-trust",
      &cloud_trust, "insecure", &insecure, NULL);
  config = (VmSignalClientConfig){
    .dialect = self->dialect,
    .uri = self->endpoint->base_uri,
    .base_uri = self->endpoint->base_uri,
    .key_hash = self->endpoint->key_hash,
    .store = self->store,
    .policy = policy,
    .cloud_trust = cloud_trust,
    .meeting = self->name,
    .user = self->user,
    .device = device,
    .pin = self->pin && *self->pin ? self->pin : NULL,
    .host_id = self->host_key,
    .insecure = insecure,
    .nonce = self->via ? NULL : vm_meeting_renew_nonce (self),
    .takes_sfu = vm_meeting_takes_sfu (self),
    .via = self->via,
    .origin_id = self->origin_id,
    .cap_token = self->cap_token && *self->cap_token ? self->cap_token : NULL,
    .call_type = self->call_type,
    .timeout_ms = step_ms (self),
    .resume_ms = self->resume_time,
    .return_ms = self->return_time,
  };
  self->client = vm_signal_client_new (vm_node_get_identity (self->node),
      on_client_signal, on_client_closed, self);
  vm_signal_client_set_lost_func (self->client, on_client_lost);
  vm_signal_client_join_async (
      self->client, &config, self->cancellable, on_joined, g_object_ref (self));
}

/* What is remembered of others lies beside the own key. */
static VmTrustStore *
open_store (VmMeeting *self)
{
  VmIdentity *identity = vm_node_get_identity (self->node);
  g_autofree gchar *folder =
      g_path_get_dirname (vm_identity_get_path (identity));

  return vm_trust_store_new (folder);
}

gboolean
vm_meeting_enter (VmMeeting *self, GError **error)
{
  VmNodeRoles roles = VM_NODE_ROLES_BROWSE;

  if (self->host_key && *self->host_key
      && !vm_device_id_is_valid (self->host_key)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "“%s” is no id of a device, as a host shows its own", self->host_key);
    return FALSE;
  }
  self->cancellable = g_cancellable_new ();
  self->tried = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (self->mode == VM_MEETING_MODE_HOST) {
    if (vm_node_get_identity (self->node))
      self->store = open_store (self);
    return host (self, error);
  }
  if (!vm_node_get_identity (self->node)) {
    /* the node knows why it has no key, and says so when it is started */
    return vm_meeting_take_roles (self, roles, error);
  }
  self->store = open_store (self);
  vm_meeting_limit_entering (self, self->join_timeout);
  if (self->dialect == VM_DIALECT_NAME_JANUS)
    return vm_meeting_enter_cloud (self, error);
  if (self->uri) {
    if (!vm_meeting_read_address (self, error))
      return FALSE;
    vm_meeting_try_next (self);
    return TRUE;
  }
  if (!vm_meeting_take_roles (self, roles, error))
    return FALSE;
  self->browse_timer =
      vm_timer_new (self->context, self->browse_time, on_browse_timeout, self);
  vm_meeting_watch_devices (self);
  return TRUE;
}

/* Inside, or out of it for good. A host of mode auto goes on looking for
 * another of its meeting's name. */
void
vm_meeting_stop_entering (VmMeeting *self)
{
  vm_timer_clear (&self->join_timer);
  vm_timer_clear (&self->browse_timer);
  vm_timer_clear (&self->welcome_timer);
  g_clear_error (&self->refusal);
  self->may_host = FALSE;
}

void
vm_meeting_disconnect (VmMeeting *self)
{
  VmNodeRoles roles = self->roles;

  vm_meeting_stop_entering (self);
  vm_meeting_stop_returning (self);
  vm_meeting_ignore_network (self);
  vm_meeting_stop_succession (self);
  vm_meeting_ignore_devices (self);
  g_clear_pointer (&self->watch, vm_store_watch_free);
  vm_meeting_forget_host (self);
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  if (self->client)
    vm_signal_client_close (self->client);
  g_clear_object (&self->client);
  vm_meeting_forget_sfu (self);
  vm_meeting_leave_cloud (self);
  g_clear_pointer (
      &self->seat, self->handed_over ? vm_seat_hand_over : vm_seat_close);
  g_queue_clear_full (
      &self->endpoints, (GDestroyNotify) vm_meeting_endpoint_free);
  g_queue_clear_full (
      &self->strangers, (GDestroyNotify) vm_meeting_endpoint_free);
  self->roles = VM_NODE_ROLES_NONE;
  if (roles)
    vm_node_stop (self->node, roles);
}
