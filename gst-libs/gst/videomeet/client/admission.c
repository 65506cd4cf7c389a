/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "admission.h"
#include "../wire/deviceinfo.h"
#include "../wire/iceservers.h"
#include "../wire/signal.h"

#include <string.h>

#define TICKET_MAX 128 /* characters; ours have 43 */

/* One guest at one door; the data of its GTask. */
typedef struct
{
  gchar *base_uri;
  gchar *key_hash; /* expected; after GET /status the one that was shown */
  gchar *own_key_hash;
  VmTrustStore *store;
  gboolean pinned; /* held to its names, from GET /status or the grant */
  GBytes *request;
  VmAdmission *admission; /* granted */
  guint timeout_ms;
} Visit;

static void
visit_free (Visit *visit)
{
  g_free (visit->base_uri);
  g_free (visit->key_hash);
  g_free (visit->own_key_hash);
  g_clear_object (&visit->store);
  vm_admission_free (visit->admission);
  g_bytes_unref (visit->request);
  g_free (visit);
}

void
vm_admission_free (VmAdmission *admission)
{
  if (!admission)
    return;
  g_free (admission->ticket);
  g_free (admission->key_hash);
  g_strfreev (admission->ice_servers);
  g_free (admission);
}

static void
fail (GTask *task, GError *error)
{
  g_task_return_error (task, error);
  g_object_unref (task);
}

/* What is remembered */

typedef struct
{
  VmTrustStore *store;
  gchar *user;
  gchar *device;
  GTlsCertificate *certificate;
} Pin;

static void
pin_free (Pin *pin)
{
  g_object_unref (pin->store);
  g_free (pin->user);
  g_free (pin->device);
  g_object_unref (pin->certificate);
  g_free (pin);
}

/* On a thread of GLib's pool: the store reads and writes files. */
static void
pin_here (
    GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Pin *pin = data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  GError *error = NULL;

  if (vm_trust_store_pin (
          pin->store, pin->user, pin->device, pin->certificate, now, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* Holds the device of @reply, which goes by these names, to its key; FALSE when
 * there is nothing to hold it to: no names (a minimal announcement), no key, or
 * the key is this device's own, of another process. */
static gboolean
pin_device (GTask *task, const gchar *user, const gchar *device,
    const VmHttpReply *reply, GAsyncReadyCallback callback)
{
  Visit *visit = g_task_get_task_data (task);
  g_autoptr (GTask) pinning = NULL;
  Pin *pin;

  if (!visit->store || visit->pinned || !user || !*user || !device || !*device
      || !reply->certificate
      || g_strcmp0 (reply->key_hash, visit->own_key_hash) == 0)
    return FALSE;
  visit->pinned = TRUE;
  pin = g_new (Pin, 1);
  pin->store = g_object_ref (visit->store);
  pin->user = g_strdup (user);
  pin->device = g_strdup (device);
  pin->certificate = g_object_ref (reply->certificate);
  pinning = g_task_new (g_task_get_source_object (task),
      g_task_get_cancellable (task), callback, task);
  g_task_set_task_data (pinning, pin, (GDestroyNotify) pin_free);
  g_task_run_in_thread (pinning, pin_here);
  return TRUE;
}

/* POST /meetings/join */

/* What a refusal says; the server's own words when there are any. */
static GError *
read_refusal (const VmHttpReply *reply)
{
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);
  g_autofree gchar *code = NULL;
  g_autofree gchar *message = NULL;
  VmError error = VM_ERROR_FAILED;
  VmJson json;

  if (vm_json_read (&json, data ? data : "", size, NULL)) {
    VmJsonNode node = vm_json_get (&json, 0, "error");

    vm_json_get_string (&json, node, "code", VM_SIGNAL_ID_MAX, &code, NULL);
    vm_json_get_string (
        &json, node, "message", VM_SIGNAL_MESSAGE_MAX, &message, NULL);
  }
  if (message && !vm_text_is_name (message, VM_SIGNAL_MESSAGE_MAX))
    g_clear_pointer (&message, g_free);
  vm_error_from_code (code, &error);
  if (message)
    return g_error_new_literal (VM_ERROR, error, message);
  return g_error_new (
      VM_ERROR, error, "The host's server answered %u", reply->status);
}

static gboolean
check_id (const gchar *claimed, const gchar *key_hash, GError **error)
{
  g_autofree gchar *id = vm_device_id_from_key_hash (key_hash);

  if (g_strcmp0 (id, claimed) == 0)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
      "The host's key does not hash to the device id it claims");
  return FALSE;
}

typedef struct
{
  gchar *ticket;
  gchar *user; /* of the host */
  gchar *device;
  gchar **ice_servers;
} Grant;

static void
grant_clear (Grant *grant)
{
  g_free (grant->ticket);
  g_free (grant->user);
  g_free (grant->device);
  g_strfreev (grant->ice_servers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Grant, grant_clear)

/* The host's device id must be the hash of the key that TLS showed
 * (security.md, "Identity"). */
static gboolean
read_host (
    const VmJson *json, Grant *grant, const gchar *key_hash, GError **error)
{
  VmJsonNode list = vm_json_get (json, 0, "participants");

  for (VmJsonNode e = vm_json_first (json, list); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    g_autofree gchar *claimed = NULL;
    gboolean host = FALSE;

    if (!vm_json_get_boolean (json, e, "host", &host, error))
      return FALSE;
    if (!host)
      continue;
    return vm_json_get_string (
               json, e, "deviceId", VM_SIGNAL_NAME_MAX, &claimed, error)
           && vm_json_get_string (
               json, e, "user", VM_SIGNAL_NAME_MAX, &grant->user, error)
           && vm_json_get_string (
               json, e, "device", VM_SIGNAL_NAME_MAX, &grant->device, error)
           && (!key_hash || !claimed || check_id (claimed, key_hash, error));
  }
  return TRUE;
}

/* Without them the meeting may still be reached: what is wrong with them is no
 * reason to refuse it. */
static void
read_ice_servers (const VmJson *json, Grant *grant)
{
  guint ignored = 0;

  grant->ice_servers = vm_ice_servers_read (json, 0, &ignored);
  if (ignored)
    g_message ("%u STUN or TURN server%s that the host names cannot be used "
               "and %s ignored",
        ignored, ignored == 1 ? "" : "s", ignored == 1 ? "is" : "are");
}

static gboolean
read_grant (const VmHttpReply *reply, Grant *grant, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);
  VmJson json;

  if (reply->status != 200) {
    g_propagate_error (error, read_refusal (reply));
    return FALSE;
  }
  if (!vm_json_read (&json, data ? data : "", size, error)
      || !vm_json_get_string (
          &json, 0, "ticket", TICKET_MAX, &grant->ticket, error)
      || !read_host (&json, grant, reply->key_hash, error))
    return FALSE;
  if (grant->ticket) {
    read_ice_servers (&json, grant);
    return TRUE;
  }
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The host's server gave no ticket");
  return FALSE;
}

static void
admit (GTask *task)
{
  Visit *visit = g_task_get_task_data (task);

  g_task_return_pointer (task, g_steal_pointer (&visit->admission),
      (GDestroyNotify) vm_admission_free);
  g_object_unref (task);
}

static void
on_host_pinned (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    admit (data);
  else
    fail (data, error);
}

static void
on_grant (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Visit *visit = g_task_get_task_data (task);
  GError *error = NULL;
  g_auto (Grant) grant = { NULL };
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);

  if (!reply || !read_grant (reply, &grant, &error)) {
    fail (task, error);
    return;
  }
  visit->admission = g_new (VmAdmission, 1);
  visit->admission->ticket = g_steal_pointer (&grant.ticket);
  visit->admission->key_hash = g_strdup (reply->key_hash);
  visit->admission->ice_servers = g_steal_pointer (&grant.ice_servers);
  /* who hides its names from strangers has told them now */
  if (!pin_device (task, grant.user, grant.device, reply, on_host_pinned))
    admit (task);
}

static void
ask_to_join (GTask *task)
{
  Visit *visit = g_task_get_task_data (task);
  g_autofree gchar *uri = g_strconcat (visit->base_uri, "/meetings/join", NULL);

  vm_http_client_send_async (g_task_get_source_object (task), "POST", uri,
      visit->key_hash, visit->request, visit->timeout_ms,
      g_task_get_cancellable (task), on_grant, task);
}

/* GET /status */

static void
on_status_pinned (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    ask_to_join (data);
  else
    fail (data, error);
}

static VmDeviceInfo *
read_status (const VmHttpReply *reply, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);
  g_autoptr (VmDeviceInfo) info = NULL;

  if (reply->status != 200) {
    g_propagate_error (error, read_refusal (reply));
    return NULL;
  }
  info = vm_device_info_from_status (data ? data : "", size, error);
  if (!info)
    return NULL;
  if (info->device_id && *info->device_id
      && !check_id (info->device_id, reply->key_hash, error))
    return NULL;
  return g_steal_pointer (&info);
}

static void
on_status (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Visit *visit = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (VmDeviceInfo) info = NULL;
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);

  if (reply)
    info = read_status (reply, &error);
  if (!info) {
    fail (task, error);
    return;
  }
  g_free (visit->key_hash);
  visit->key_hash = g_strdup (reply->key_hash);
  if (!pin_device (task, info->user, info->device, reply, on_status_pinned))
    ask_to_join (task);
}

static GBytes *
make_request (VmIdentity *identity, const VmSignalClientConfig *config)
{
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "meeting", config->meeting);
  vm_json_append_member (out, "user", config->user);
  vm_json_append_member (out, "deviceId", vm_identity_get_device_id (identity));
  vm_json_append_member (out, "callType",
      config->call_type == VM_CALL_TYPE_AUDIO ? "audio" : "video");
  vm_json_append_member (out, "pin", config->pin);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

void
vm_admission_ask_async (VmHttpClient *http, VmIdentity *identity,
    const VmSignalClientConfig *config, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (http, cancellable, callback, user_data);
  Visit *visit = g_new0 (Visit, 1);
  g_autofree gchar *uri = g_strconcat (config->base_uri, "/status", NULL);

  visit->base_uri = g_strdup (config->base_uri);
  visit->key_hash = g_strdup (config->key_hash);
  visit->own_key_hash = g_strdup (vm_identity_get_key_hash (identity));
  g_set_object (&visit->store, config->store);
  visit->request = make_request (identity, config);
  visit->timeout_ms = config->timeout_ms;
  g_task_set_task_data (task, visit, (GDestroyNotify) visit_free);
  if (g_str_has_prefix (config->base_uri, "https:"))
    vm_http_client_send_async (http, "GET", uri, visit->key_hash, NULL,
        visit->timeout_ms, cancellable, on_status, task);
  else
    ask_to_join (task);
}

VmAdmission *
vm_admission_ask_finish (
    VmHttpClient *http, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, http), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
