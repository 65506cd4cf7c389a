/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/admission.h"

#include "client/grant.h"
#include "client/refusal.h"
#include "client/signalsocket.h"
#include "trust/store/decision.h"
#include "trust/store/vmtruststore-priv.h"
#include "wire/deviceinfo.h"
#include "wire/signal.h"

#include <string.h>

/* One guest at one endpoint; the data of its GTask. */
typedef struct
{
  gchar *base_uri;
  gchar *key_hash; /* expected; after GET /status the one that was shown */
  VmTrustStore *store;
  VmIdentity *identity;
  VmPolicy policy;
  VmCloudTrust cloud_trust;
  VmHostVerifier *verifier; /* of the key that was shown */
  gboolean knows; /* and so does the judge */
  gchar *user, *device; /* by which it was judged, or NULL */
  gboolean has_pin;
  gchar *host_id; /* of a host that is shown the PIN unknown; or NULL */
  VmHostNames *stranger; /* the host that was not shown the PIN; or NULL */
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
  g_clear_pointer (&visit->verifier, vm_host_verifier_unref);
  g_free (visit->user);
  g_free (visit->device);
  g_free (visit->host_id);
  g_clear_pointer (&visit->stranger, vm_host_names_free);
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
  g_clear_pointer (&admission->verifier, vm_host_verifier_unref);
  vm_ice_grant_clear (&admission->ice);
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
  gboolean must_be_known;

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
refuse_unknown (const Judgement *judgement, GError **error)
{
  const gchar *user = judgement->user, *device = judgement->device;
  gboolean is_named = user && *user && device && *device;

  g_set_error (error, VM_ERROR, VM_ERROR_HOST_UNKNOWN,
      "The PIN was not sent: this device has never met the host%s%s%s%s. Its "
      "id is %s; whoever hosts the meeting is shown their own",
      is_named ? " " : "", is_named ? user : "", is_named ? "'s " : "",
      is_named ? device : "", judgement->device_id);
  return FALSE;
}

static gboolean
verifier (Judgement *judgement, GDateTime *now, GError **error)
{
  VmTrustDecision decision;
  g_autoptr (VmTrustFacts) facts = vm_trust_store_know (judgement->store,
      judgement->device_id, judgement->user, judgement->device, now);

  /* whom the words are about, though it be a stranger */
  if (!facts->user)
    facts->user = g_strdup (judgement->user);
  if (!vm_trust_decide (judgement->policy, facts, VM_PERMISSIONS_CALL,
          g_date_time_to_unix (now), &decision, error)) {
    g_prefix_error (error, "This device does not join: ");
    return FALSE;
  }
  if (judgement->must_be_known && !facts->own
      && decision.level == VM_TRUST_LEVEL_UNKNOWN)
    return refuse_unknown (judgement, error);
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
  if (verifier (judgement, now, &error))
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
  vm_host_verifier_set_host_names (visit->verifier, visit->user, visit->device);
  if (!visit->knows)
    vm_host_verifier_take_known (
        visit->verifier, judgement->known, judgement->damaged);
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
  judgement->must_be_known =
      visit->has_pin && g_strcmp0 (judgement->device_id, visit->host_id) != 0;
  judging = g_task_new (g_task_get_source_object (task),
      g_task_get_cancellable (task), callback, task);
  g_task_set_task_data (judging, judgement, (GDestroyNotify) judgement_free);
  g_task_run_in_thread (judging, judge_here);
  return TRUE;
}

/* POST /meetings/join */

static void
admit (GTask *task)
{
  Visit *visit = g_task_get_task_data (task);

  visit->admission->verifier = g_steal_pointer (&visit->verifier);
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
is_news (const Visit *visit, const VmGrant *grant)
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
  g_auto (VmGrant) grant = { NULL };
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);

  if (!reply || !vm_grant_read (reply, &grant, &error)) {
    fail (task, error);
    return;
  }
  visit->admission = g_new0 (VmAdmission, 1);
  visit->admission->ticket = g_steal_pointer (&grant.ticket);
  visit->admission->key_hash = g_strdup (reply->key_hash);
  visit->admission->ice = grant.ice;
  grant.ice = (VmIceGrant){ NULL };
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
take_stranger (Visit *visit, Judgement *judgement)
{
  visit->stranger = g_new (VmHostNames, 1);
  *visit->stranger = (VmHostNames){
    g_steal_pointer (&judgement->device_id),
    g_steal_pointer (&judgement->user),
    g_steal_pointer (&judgement->device),
  };
}

static void
on_status_judged (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Visit *visit = g_task_get_task_data (task);
  Judgement *judgement = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    if (g_error_matches (error, VM_ERROR, VM_ERROR_HOST_UNKNOWN))
      take_stranger (visit, judgement);
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
      && !vm_grant_check_id (info->device_id, reply->key_hash, error))
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
  visit->verifier = vm_host_verifier_new (visit->identity, visit->policy, key);
  vm_host_verifier_set_cloud_trust (visit->verifier, visit->cloud_trust);
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
  vm_json_append_member (out, "via", config->via);
  vm_json_append_member (out, "originId", config->origin_id);
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
  visit->cloud_trust = config->cloud_trust;
  visit->request = make_request (identity, config);
  visit->has_pin = config->pin != NULL;
  visit->host_id = g_strdup (config->host_id);
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
  else if (config->pin && !config->insecure
           && !vm_signal_uri_is_own_machine (config->base_uri))
    fail (task, g_error_new_literal (VM_ERROR, VM_ERROR_HOST_UNKNOWN,
                    "The PIN was not sent: the host speaks plain HTTP, and "
                    "shows no key that it could be known by"));
  else {
    g_clear_pointer (&visit->key_hash, g_free);
    set_judge (visit, NULL, NULL);
    ask_to_join (task);
  }
}

VmHostNames *
vm_admission_steal_stranger (GAsyncResult *result)
{
  Visit *visit = g_task_get_task_data (G_TASK (result));

  return g_steal_pointer (&visit->stranger);
}

VmAdmission *
vm_admission_ask_finish (
    VmHttpClient *http, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, http), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
