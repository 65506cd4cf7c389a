/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "admission.h"

#include "refusal.h"
#include "../trust/decision.h"
#include "../trust/vmtruststore-priv.h"
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
  VmTrustStore *store;
  VmIdentity *identity;
  VmPolicy policy;
  VmJudge *judge; /* of the key that was shown */
  gboolean knows; /* and so does the judge */
  gchar *user, *device; /* by which it was judged, or NULL */
  gchar *pass; /* what the server is shown, and nobody who is not judged; or
                  NULL */
  GString *request; /* its closing brace and the token are still to come */
  VmAdmission *admission; /* granted */
  guint timeout_ms;
} Visit;

static void
visit_free (Visit *visit)
{
  g_free (visit->base_uri);
  g_free (visit->pass);
  g_free (visit->key_hash);
  g_clear_object (&visit->store);
  g_object_unref (visit->identity);
  g_clear_pointer (&visit->judge, vm_judge_unref);
  g_free (visit->user);
  g_free (visit->device);
  vm_admission_free (visit->admission);
  g_string_free (visit->request, TRUE);
  g_free (visit);
}

void
vm_admission_free (VmAdmission *admission)
{
  if (!admission)
    return;
  g_free (admission->ticket);
  g_free (admission->key_hash);
  g_clear_pointer (&admission->judge, vm_judge_unref);
  g_strfreev (admission->ice_servers);
  g_free (admission);
}

static void
fail (GTask *task, GError *error)
{
  g_task_return_error (task, error);
  g_object_unref (task);
}

/* What is known of the host */

typedef struct
{
  VmTrustStore *store;
  VmPolicy policy;
  gchar *device_id; /* of the key that it showed */
  gchar *user;
  gchar *device;
  GTlsCertificate *certificate;

  gchar *token; /* PEM: what it gave this device, or NULL */
  GPtrArray *known; /* what the store knew before */
  gboolean damaged;
} Judgement;

static void
judgement_free (Judgement *judgement)
{
  g_object_unref (judgement->store);
  g_free (judgement->device_id);
  g_free (judgement->user);
  g_free (judgement->device);
  g_object_unref (judgement->certificate);
  g_free (judgement->token);
  g_clear_pointer (&judgement->known, g_ptr_array_unref);
  g_free (judgement);
}

static void
find_token (Judgement *judgement, GDateTime *now)
{
  g_autoptr (VmToken) given = NULL;
  g_autoptr (VmToken) held = NULL;

  vm_trust_store_get_tokens (
      judgement->store, judgement->device_id, now, &given, &held);
  if (held)
    judgement->token = vm_token_to_pem (held);
}

static gboolean
judge (Judgement *judgement, GDateTime *now, GError **error)
{
  g_autoptr (VmTrustFacts) facts = vm_trust_store_know (judgement->store,
      judgement->device_id, judgement->user, judgement->device, now);

  /* whom the words are about, though it be a stranger */
  if (!facts->user)
    facts->user = g_strdup (judgement->user);
  if (!vm_trust_decide (judgement->policy, facts, VM_PERMISSIONS_CALL,
          g_date_time_to_unix (now), NULL, error)) {
    g_prefix_error (error, "This device does not join: ");
    return FALSE;
  }
  judgement->damaged = facts->damaged;
  if (facts->own)
    return TRUE;
  find_token (judgement, now);
  return judgement->policy == VM_POLICY_OPEN
         || vm_trust_store_pin (judgement->store, judgement->user,
             judgement->device, judgement->certificate, now, error);
}

/* On a thread of GLib's pool: the store reads and writes files. */
static void
judge_here (
    GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  Judgement *judgement = data;
  GError *error = NULL;

  judgement->known = vm_trust_store_know_all (judgement->store, now);
  if (judge (judgement, now, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* What its guest believes of the host from now on. By the second names it is no
 * better known than by the first, though it is remembered since. */
static void
take_judgement (Visit *visit, Judgement *judgement)
{
  g_free (visit->user);
  visit->user = g_steal_pointer (&judgement->user);
  g_free (visit->device);
  visit->device = g_steal_pointer (&judgement->device);
  vm_judge_set_host_names (visit->judge, visit->user, visit->device);
  if (!visit->knows)
    vm_judge_take_known (visit->judge, judgement->known, judgement->damaged);
  visit->knows = TRUE;
}

/* Whether the device of @reply, which goes by these names, is one to meet with;
 * FALSE when there is nothing to ask: no store, or no key. */
static gboolean
judge_device (GTask *task, const gchar *user, const gchar *device,
    const VmHttpReply *reply, GAsyncReadyCallback callback)
{
  Visit *visit = g_task_get_task_data (task);
  g_autoptr (GTask) judging = NULL;
  Judgement *judgement;

  if (!visit->store || !reply->certificate)
    return FALSE;
  judgement = g_new0 (Judgement, 1);
  judgement->store = g_object_ref (visit->store);
  judgement->policy = visit->policy;
  judgement->device_id = vm_device_id_from_key_hash (reply->key_hash);
  judgement->user = g_strdup (user);
  judgement->device = g_strdup (device);
  judgement->certificate = g_object_ref (reply->certificate);
  judging = g_task_new (g_task_get_source_object (task),
      g_task_get_cancellable (task), callback, task);
  g_task_set_task_data (judging, judgement, (GDestroyNotify) judgement_free);
  g_task_run_in_thread (judging, judge_here);
  return TRUE;
}

/* POST /meetings/join */

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
    g_propagate_error (error, vm_http_reply_to_error (reply));
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

  visit->admission->judge = g_steal_pointer (&visit->judge);
  g_task_return_pointer (task, g_steal_pointer (&visit->admission),
      (GDestroyNotify) vm_admission_free);
  g_object_unref (task);
}

static void
on_host_judged (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    fail (data, error);
    return;
  }
  take_judgement (
      g_task_get_task_data (data), g_task_get_task_data (G_TASK (result)));
  admit (data);
}

/* By names that the host has not been judged by. */
static gboolean
is_news (const Visit *visit, const Grant *grant)
{
  return grant->user && grant->device
         && (g_strcmp0 (grant->user, visit->user) != 0
             || g_strcmp0 (grant->device, visit->device) != 0);
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
  visit->admission = g_new0 (VmAdmission, 1);
  visit->admission->ticket = g_steal_pointer (&grant.ticket);
  visit->admission->key_hash = g_strdup (reply->key_hash);
  visit->admission->ice_servers = g_steal_pointer (&grant.ice_servers);
  /* who hides its names from strangers has told them now, and whoever goes by
   * others in the meeting */
  if (!is_news (visit, &grant)
      || !judge_device (task, grant.user, grant.device, reply, on_host_judged))
    admit (task);
}

static void
ask_to_join (GTask *task)
{
  Visit *visit = g_task_get_task_data (task);
  g_autofree gchar *uri = g_strconcat (visit->base_uri, "/meetings/join", NULL);
  g_autoptr (GBytes) body = NULL;

  g_string_append_c (visit->request, '}');
  body = g_bytes_new (visit->request->str, visit->request->len);
  vm_http_client_set_bearer (g_task_get_source_object (task), visit->pass);
  vm_http_client_send_async (g_task_get_source_object (task), "POST", uri,
      visit->key_hash, body, visit->timeout_ms, g_task_get_cancellable (task),
      on_grant, task);
}

/* GET /status */

static void
on_status_judged (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Visit *visit = g_task_get_task_data (task);
  Judgement *judgement = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    fail (task, error);
    return;
  }
  take_judgement (visit, judgement);
  vm_json_append_member (visit->request, "token", judgement->token);
  ask_to_join (task);
}

static VmDeviceInfo *
read_status (const VmHttpReply *reply, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);
  g_autoptr (VmDeviceInfo) info = NULL;

  if (reply->status != 200) {
    g_propagate_error (error, vm_http_reply_to_error (reply));
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

/* @certificate NULL: plain HTTP. */
static gboolean
set_judge (Visit *visit, GTlsCertificate *certificate, GError **error)
{
  g_autoptr (GBytes) key =
      certificate ? vm_spki_from_certificate (certificate, error) : NULL;

  if (certificate && !key)
    return FALSE;
  visit->judge = vm_judge_new (visit->identity, visit->policy, key);
  return TRUE;
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
  if (!info || !set_judge (visit, reply->certificate, &error)) {
    fail (task, error);
    return;
  }
  g_free (visit->key_hash);
  visit->key_hash = g_strdup (reply->key_hash);
  if (!judge_device (task, info->user, info->device, reply, on_status_judged))
    ask_to_join (task);
}

static GString *
make_request (VmIdentity *identity, const VmSignalClientConfig *config)
{
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "meeting", config->meeting);
  vm_json_append_member (out, "user", config->user);
  vm_json_append_member (out, "deviceId", vm_identity_get_device_id (identity));
  vm_json_append_member (out, "callType",
      config->call_type == VM_CALL_TYPE_AUDIO ? "audio" : "video");
  vm_json_append_member (out, "pin", config->pin);
  return out;
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
  visit->identity = g_object_ref (identity);
  g_set_object (&visit->store, config->store);
  visit->policy = config->policy;
  visit->request = make_request (identity, config);
  visit->pass = g_strdup (config->cap_token);
  visit->timeout_ms = config->timeout_ms;
  g_task_set_task_data (task, visit, (GDestroyNotify) visit_free);
  if (visit->policy == VM_POLICY_REQUIRE && !visit->store) {
    fail (task, g_error_new_literal (VM_ERROR, VM_ERROR_NOT_TRUSTED,
                    "This device does not join: there is no store that says "
                    "whom it trusts"));
    return;
  }
  if (g_str_has_prefix (config->base_uri, "https:"))
    vm_http_client_send_async (http, "GET", uri, visit->key_hash, NULL,
        visit->timeout_ms, cancellable, on_status, task);
  else if (visit->policy == VM_POLICY_REQUIRE)
    fail (task, g_error_new_literal (VM_ERROR, VM_ERROR_NOT_TRUSTED,
                    "This device does not join: the host speaks plain HTTP and "
                    "shows no key, so that it cannot be one that is trusted"));
  else {
    g_clear_pointer (&visit->key_hash, g_free);
    set_judge (visit, NULL, NULL);
    ask_to_join (task);
  }
}

VmAdmission *
vm_admission_ask_finish (
    VmHttpClient *http, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, http), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
