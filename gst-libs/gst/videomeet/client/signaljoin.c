/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a guest takes its seat: it is admitted, opens the socket, and says
 * hello. */

#include "client/signalclient-priv.h"
#include "client/admission.h"

static void
copy_config (VmSignalClientConfig *to, const VmSignalClientConfig *from)
{
  *to = (VmSignalClientConfig){
    .dialect = from->dialect,
    .uri = g_strdup (from->uri),
    .base_uri = g_strdup (from->base_uri),
    .key_hash = g_strdup (from->key_hash),
    .store = from->store ? g_object_ref (from->store) : NULL,
    .policy = from->policy,
    .cloud_trust = from->cloud_trust,
    .meeting = g_strdup (from->meeting),
    .user = g_strdup (from->user),
    .device = g_strdup (from->device),
    .pin = g_strdup (from->pin),
    .host_id = g_strdup (from->host_id),
    .insecure = from->insecure,
    .nonce = g_strdup (from->nonce),
    .takes_sfu = from->takes_sfu,
    .via = g_strdup (from->via),
    .origin_id = g_strdup (from->origin_id),
    .cap_token = g_strdup (from->cap_token),
    .call_type = from->call_type,
    .timeout_ms = from->timeout_ms,
    .resume_ms = from->resume_ms,
    .return_ms = from->return_ms,
  };
}

static const VmDialect *
get_dialect (VmSignalClient *self)
{
  switch (self->config.dialect) {
    case VM_DIALECT_NAME_ROOM:
      return &vm_dialect_room_client;
    case VM_DIALECT_NAME_CALL:
      return &vm_dialect_call_client;
    case VM_DIALECT_NAME_SOCKETIO:
      return &vm_dialect_socketio_client;
    case VM_DIALECT_NAME_MESH:
      return &vm_dialect_mesh_client;
    default:
      return &vm_dialect_native_client;
  }
}

/* A server that is no device. */
static gboolean
is_foreign (VmSignalClient *self)
{
  return self->config.dialect != VM_DIALECT_NAME_NATIVE;
}

static void
finish (GTask *task, GError *error)
{
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_socket (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  VmSignalClient *self = g_task_get_source_object (task);
  GError *error = NULL;
  SoupWebsocketConnection *socket =
      vm_signal_socket_open_finish (SOUP_SESSION (source), result, &error);

  if (socket && self->over) {
    g_clear_object (&socket);
    g_set_error (
        &error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Joining was cancelled");
  }
  if (socket) {
    g_clear_pointer (&self->line, vm_line_free);
    self->line = vm_line_new (get_dialect (self));
    if (self->mesh)
      vm_signal_mesh_prepare (self);
    vm_signal_client_take_socket (self, socket);
    vm_signal_client_say_hello (self);
  }
  finish (task, error);
}

static void
on_admitted (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  VmSignalClient *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (VmAdmission) admission =
      vm_admission_ask_finish (VM_HTTP_CLIENT (source), result, &error);
  VmSignalSocketConfig config;

  if (admission && self->over)
    g_set_error (
        &error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Joining was cancelled");
  if (error) {
    self->stranger = vm_admission_steal_stranger (result);
    finish (task, error);
    return;
  }
  vm_signal_client_take_token (self, admission->ticket);
  self->token_is_ticket = TRUE;
  g_free (self->key_hash);
  self->key_hash = g_strdup (admission->key_hash);
  g_clear_pointer (&self->verifier, vm_host_verifier_unref);
  self->verifier = g_steal_pointer (&admission->verifier);
  vm_signal_client_take_ice (self, &admission->ice);
  config = (VmSignalSocketConfig){
    .base_uri = self->config.base_uri,
    .ticket = self->token,
    .key_hash = self->key_hash,
    .timeout_ms = self->config.timeout_ms,
  };
  vm_signal_socket_open_async (self->session, self->identity, &config,
      g_task_get_cancellable (task), on_socket, task);
}

void
vm_signal_client_open_stranger (VmSignalClient *self, GTask *task)
{
  VmSignalSocketConfig config = {
    .uri = self->config.uri,
    .bearer = self->mesh ? vm_signal_mesh_get_bearer (self->mesh)
                         : self->config.cap_token,
    .timeout_ms = self->config.timeout_ms,
  };

  g_clear_object (&self->session);
  self->session = vm_signal_socket_session_new (self->config.uri);
  vm_signal_socket_open_async (self->session, self->identity, &config,
      g_task_get_cancellable (task), on_socket, task);
}

void
vm_signal_client_enter (VmSignalClient *self, GTask *task)
{
  g_task_set_check_cancellable (task, FALSE);
  if (is_foreign (self) && self->config.policy == VM_POLICY_REQUIRE) {
    finish (
        task, g_error_new_literal (VM_ERROR, VM_ERROR_NOT_TRUSTED,
                  "This device does not join: a room server shows no device "
                  "key, so that it cannot be one that is trusted"));
    return;
  }
  if (self->config.dialect == VM_DIALECT_NAME_MESH) {
    vm_signal_mesh_enter (self, task);
    return;
  }
  /* such a server admits by the first message alone */
  if (is_foreign (self)) {
    vm_signal_client_open_stranger (self, task);
    return;
  }
  vm_admission_ask_async (self->http, self->identity, &self->config,
      g_task_get_cancellable (task), on_admitted, task);
}

void
vm_signal_client_join_async (VmSignalClient *self,
    const VmSignalClientConfig *config, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  copy_config (&self->config, config);
  vm_signal_client_enter (
      self, g_task_new (self, cancellable, callback, user_data));
}

gboolean
vm_signal_client_join_finish (
    VmSignalClient *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

const VmHostNames *
vm_signal_client_get_stranger (VmSignalClient *self)
{
  return self->stranger;
}
