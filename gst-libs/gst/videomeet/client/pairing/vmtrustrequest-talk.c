/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a request for trust says to the other device, and hears from it. */

#include "client/pairing/vmtrustrequest-priv.h"
#include "trust/keys/spki.h"
#include "trust/pairing/trustbody.h"
#include <gst/videomeet/vmerror.h>
#include "base/vmtimer-priv.h"

#include <openssl/rand.h>
#include <string.h>

/* of what the other device answers by itself */
#define ANSWER_TIMEOUT_MS 20000
/* of what is held until its user has answered */
#define POLL_TIMEOUT_MS (VM_TRUST_POLL_TIME / 1000 + ANSWER_TIMEOUT_MS)

/* What both have agreed on */

static void
on_remembered (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  vm_trust_request_finish (VM_TRUST_REQUEST (source), error);
}

static void
remember (VmTrustRequest *self)
{
  VmTrustMemory *memory = g_new0 (VmTrustMemory, 1);
  VmTrustResult result;

  vm_requester_get_result (self->requester, &result);
  vm_trust_request_stop_waiting (self);
  memory->store = g_object_ref (self->store);
  memory->identity = g_object_ref (self->identity);
  memory->certificate = g_object_ref (self->certificate);
  memory->spki = g_bytes_ref (result.spki);
  memory->permissions = self->permissions;
  memory->held = vm_token_ref (result.token);
  /* who hides its names from strangers has told one now */
  memory->user =
      g_strdup (self->info->user && *self->info->user ? self->info->user
                : result.name                         ? result.name
                                                      : "");
  memory->device = g_strdup (self->info->device ? self->info->device : "");
  memory->pardon = g_steal_pointer (&self->pardon);
  vm_trust_memory_keep_async (memory, self, on_remembered);
}

/* What is said and answered */

static void
send_call (VmTrustRequest *self, const VmTrustCall *call, gint64 expires);

static gboolean
on_timer (gpointer data)
{
  VmTrustRequest *self = data;

  vm_timer_clear (&self->timer);
  vm_trust_request_pump (self);
  return G_SOURCE_REMOVE;
}

static guint
ms_until (gint64 when)
{
  return MAX (0, when - g_get_monotonic_time ()) / 1000 + 1;
}

void
vm_trust_request_pump (VmTrustRequest *self)
{
  g_auto (VmTrustCall) call = { 0 };
  gint64 when;

  vm_timer_clear (&self->timer);
  if (!self->task || g_cancellable_is_cancelled (self->calls))
    return;
  if (vm_requester_next (
          self->requester, g_get_monotonic_time (), &call, &when))
    send_call (self, &call, when);
  else if (vm_requester_get_state (self->requester) == VM_REQUESTER_DONE) {
    if (!self->looks)
      remember (self);
  } else if (vm_requester_get_state (self->requester) == VM_REQUESTER_FAILED)
    vm_trust_request_finish (
        self, g_error_copy (vm_requester_get_error (self->requester)));
  else
    self->timer = vm_timer_new (NULL, ms_until (when), on_timer, self);
}

/* Not before the other device can show them. */
static void
tell_digits (VmTrustRequest *self)
{
  VmRequesterState state = vm_requester_get_state (self->requester);

  if (self->told || state < VM_REQUESTER_POLLING || state >= VM_REQUESTER_DONE)
    return;
  vm_trust_request_watch (self);
  vm_trust_request_tell_digits (self);
}

static void
take_answer (VmTrustRequest *self, const VmHttpReply *reply)
{
  g_autoptr (GBytes) spki =
      reply->certificate ? vm_spki_from_certificate (reply->certificate, NULL)
                         : NULL;
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);

  vm_requester_answer (self->requester, g_get_monotonic_time (),
      g_get_real_time () / G_USEC_PER_SEC, spki, reply->status,
      data ? data : "", size);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (VmTrustRequest) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);

  if (!self->task)
    return;
  if (reply)
    take_answer (self, reply);
  else if (g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_KEY))
    vm_trust_request_finish (self, g_steal_pointer (&error));
  else
    vm_requester_unanswered (self->requester, g_get_monotonic_time (), error);
  if (self->task)
    tell_digits (self);
  vm_trust_request_pump (self);
}

static void
send_call (VmTrustRequest *self, const VmTrustCall *call, gint64 expires)
{
  g_autofree gchar *uri = g_strconcat (self->uri, call->path, NULL);
  g_autoptr (GBytes) body =
      call->body ? g_bytes_new (call->body, strlen (call->body)) : NULL;
  guint most = call->post ? ANSWER_TIMEOUT_MS : POLL_TIMEOUT_MS;

  vm_http_client_send_async (self->http, call->post ? "POST" : "GET", uri,
      self->key_hash, body, MIN (most, ms_until (expires)), self->calls,
      on_answer, g_object_ref (self));
}

/* GET /status */

static VmDeviceInfo *
read_status (const VmHttpReply *reply, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);
  g_autoptr (VmDeviceInfo) info = NULL;
  g_autofree gchar *id = vm_device_id_from_key_hash (reply->key_hash);

  if (reply->status != 200) {
    g_propagate_error (
        error, vm_trust_refusal_read (reply->status, data ? data : "", size));
    return NULL;
  }
  info = vm_device_info_from_status (data ? data : "", size, error);
  if (!info)
    return NULL;
  if (info->device_id && *info->device_id
      && g_strcmp0 (info->device_id, id) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The device says its id is %s, but its key belongs to %s",
        info->device_id, id);
    return NULL;
  }
  return g_steal_pointer (&info);
}

static void
on_status (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (VmTrustRequest) self = data;
  GError *error = NULL;
  guint8 nonce[VM_TRUST_NONCE_SIZE];
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);

  if (reply)
    self->info = read_status (reply, &error);
  if (self->info && RAND_bytes (nonce, sizeof nonce) != 1)
    g_set_error_literal (&error, VM_ERROR, VM_ERROR_FAILED,
        "There is no randomness for the request");
  if (!self->task || error) {
    if (self->task)
      vm_trust_request_finish (self, g_steal_pointer (&error));
    g_clear_error (&error);
    return;
  }
  g_free (self->key_hash);
  self->key_hash = g_strdup (reply->key_hash);
  self->device_id = vm_device_id_from_key_hash (reply->key_hash);
  g_set_object (&self->certificate, reply->certificate);
  self->requester = vm_requester_new (self->identity, self->user,
      self->device_id, nonce, g_get_monotonic_time ());
  vm_trust_request_pump (self);
}

void
vm_trust_request_begin (VmTrustRequest *self)
{
  g_autofree gchar *uri = g_strconcat (self->uri, "/status", NULL);

  self->http = vm_http_client_new (self->identity);
  vm_http_client_send_async (self->http, "GET", uri, self->key_hash, NULL,
      ANSWER_TIMEOUT_MS, self->calls, on_status, g_object_ref (self));
}
