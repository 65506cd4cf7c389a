/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmtrustrequest
 * @title: VmTrustRequest
 * @short_description: ask another device for trust
 *
 * The trust handshake of seed 1 §6.1 from the side that asks, over TLS in which
 * both devices show their keys. Once the other device has answered,
 * #VmTrustRequest::digits tells six digits, which the other device shows its
 * user as well: when the two users have found them equal, on both sides, each
 * device keeps a token of the other in its #VmTrustStore. Nothing is remembered
 * before.
 *
 * A request belongs to the thread whose default main context
 * vm_trust_request_run_async() is called in; its signals are emitted there. The
 * store is read and written on a thread of GLib's pool.
 */

#include "vmtrustrequest.h"
#include "client/httpclient.h"
#include "trust/decision.h"
#include "trust/requester.h"
#include "trust/spki.h"
#include "trust/trustbody.h"
#include "trust/vmtruststore-priv.h"
#include "vmerror.h"
#include "vmtimer-priv.h"
#include "wire/deviceinfo.h"

#include <openssl/rand.h>
#include <string.h>

#define ANSWER_TIMEOUT_MS 20000 /* of what the other device answers by itself */
/* of what is held until its user has answered */
#define POLL_TIMEOUT_MS (VM_TRUST_POLL_TIME / 1000 + ANSWER_TIMEOUT_MS)

struct _VmTrustRequest
{
  GObject parent;

  VmTrustStore *store;
  VmIdentity *identity;
  gchar *user;
  gchar *uri;
  gchar *key_hash; /* expected; after GET /status the one that was shown */

  GTask *task; /* while it runs */
  gboolean started;
  VmHttpClient *http;
  VmRequester *requester; /* NULL before GET /status is answered */
  GCancellable *calls; /* of what is sent */
  GSource *timer;
  GSource *cancelled;

  VmDeviceInfo *info; /* of the other, and its certificate */
  GTlsCertificate *certificate;
  gchar *device_id;
  gboolean told; /* the digits */
};

enum
{
  SIGNAL_DIGITS,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (VmTrustRequest, vm_trust_request, G_TYPE_OBJECT)

static void
vm_trust_request_finalize (GObject *object)
{
  VmTrustRequest *self = VM_TRUST_REQUEST (object);

  g_clear_object (&self->store);
  g_clear_object (&self->identity);
  g_free (self->user);
  g_free (self->uri);
  g_free (self->key_hash);
  g_clear_object (&self->http);
  g_clear_pointer (&self->requester, vm_requester_free);
  g_clear_object (&self->calls);
  g_clear_pointer (&self->info, vm_device_info_free);
  g_clear_object (&self->certificate);
  g_free (self->device_id);
  G_OBJECT_CLASS (vm_trust_request_parent_class)->finalize (object);
}

static void
vm_trust_request_class_init (VmTrustRequestClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_trust_request_finalize;

  /**
   * VmTrustRequest::digits:
   * @self: the request
   * @digits: six digits
   * @name: what the other device's user is called; a label, not an identity
   * @device_id: the other device's id, proven by its TLS key
   *
   * The other device shows these digits, if nobody stands between the two.
   * Answer by vm_trust_request_confirm() or vm_trust_request_deny(). Emitted
   * once, in the thread of the request.
   */
  signals[SIGNAL_DIGITS] = g_signal_new ("digits", VM_TYPE_TRUST_REQUEST,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3, G_TYPE_STRING,
      G_TYPE_STRING, G_TYPE_STRING);
}

static void
vm_trust_request_init (VmTrustRequest *self)
{
  self->calls = g_cancellable_new ();
}

/**
 * vm_trust_request_new:
 * @store: where trust is kept; that of @identity, in the same folder
 * @identity: the key of this device
 * @user: the name its user goes by, at most 128 bytes without control characters
 * @uri: where the other device's server is, `https://10.0.0.1:8080`, as
 *   vm_device_get_base_uri() has it
 * @key_hash: (nullable): the key that it must show, as
 *   vm_device_get_key_hash() has it; %NULL for whichever
 *
 * Returns: (transfer full): a request, to be run once
 */
VmTrustRequest *
vm_trust_request_new (VmTrustStore *store, VmIdentity *identity,
    const gchar *user, const gchar *uri, const gchar *key_hash)
{
  VmTrustRequest *self;

  g_return_val_if_fail (VM_IS_TRUST_STORE (store), NULL);
  g_return_val_if_fail (VM_IS_IDENTITY (identity), NULL);
  g_return_val_if_fail (user != NULL && uri != NULL, NULL);

  self = g_object_new (VM_TYPE_TRUST_REQUEST, NULL);
  self->store = g_object_ref (store);
  self->identity = g_object_ref (identity);
  self->user = g_strdup (user);
  self->uri = g_strdup (uri);
  self->key_hash = g_strdup (key_hash);
  return self;
}

/* The end */

static void
stop_waiting (VmTrustRequest *self)
{
  vm_timer_clear (&self->timer);
  vm_timer_clear (&self->cancelled);
  g_cancellable_cancel (self->calls);
}

/* Takes @error; NULL: it went well. */
static void
finish (VmTrustRequest *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  stop_waiting (self);
  g_clear_object (&self->http);
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  finish (data, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                    "The request for trust was given up"));
  return G_SOURCE_REMOVE;
}

/* What both have agreed on */

typedef struct
{
  VmTrustStore *store;
  VmIdentity *identity;
  GTlsCertificate *certificate;
  GBytes *spki;
  VmToken *held;
  gchar *device_id, *user, *device;
} Memory;

static void
memory_free (Memory *memory)
{
  g_object_unref (memory->store);
  g_object_unref (memory->identity);
  g_object_unref (memory->certificate);
  g_bytes_unref (memory->spki);
  vm_token_unref (memory->held);
  g_free (memory->device_id);
  g_free (memory->user);
  g_free (memory->device);
  g_free (memory);
}

/* Its user has confirmed new digits: what was revoked before is trusted anew. */
static gboolean
pardon (const Memory *memory, GDateTime *now, GError **error)
{
  g_autoptr (VmTrustFacts) facts =
      vm_trust_store_know (memory->store, memory->device_id, NULL, NULL, now);

  return !facts->revoked
         || vm_trust_store_pardon (memory->store, memory->device_id, error);
}

/* On a thread of GLib's pool: the store reads and writes files. */
static void
remember_here (
    GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Memory *memory = data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  gint64 date = g_date_time_to_unix (now);
  GError *error = NULL;
  g_autoptr (VmToken) given = vm_token_issue (memory->identity, memory->spki,
      VM_POLICY_PERMISSIONS, NULL, date, date + VM_TRUST_TOKEN_TIME, &error);

  if (given && pardon (memory, now, &error)
      && vm_trust_store_add (memory->store, memory->user, memory->device,
          memory->certificate, given, memory->held, now, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_remembered (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  finish (VM_TRUST_REQUEST (source), error);
}

static void
remember (VmTrustRequest *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_remembered, NULL);
  Memory *memory = g_new0 (Memory, 1);
  VmTrustResult result;

  vm_requester_get_result (self->requester, &result);
  stop_waiting (self);
  memory->store = g_object_ref (self->store);
  memory->identity = g_object_ref (self->identity);
  memory->certificate = g_object_ref (self->certificate);
  memory->spki = g_bytes_ref (result.spki);
  memory->held = vm_token_ref (result.token);
  memory->device_id = g_strdup (result.device_id);
  /* who hides its names from strangers has told one now */
  memory->user =
      g_strdup (self->info->user && *self->info->user ? self->info->user
                : result.name                         ? result.name
                                                      : "");
  memory->device = g_strdup (self->info->device ? self->info->device : "");
  g_task_set_task_data (task, memory, (GDestroyNotify) memory_free);
  g_task_run_in_thread (task, remember_here);
}

/* What is said and answered */

static void
send_call (VmTrustRequest *self, const VmTrustCall *call, gint64 expires);
static void pump (VmTrustRequest *self);

static gboolean
on_timer (gpointer data)
{
  VmTrustRequest *self = data;

  vm_timer_clear (&self->timer);
  pump (self);
  return G_SOURCE_REMOVE;
}

static guint
ms_until (gint64 when)
{
  return MAX (0, when - g_get_monotonic_time ()) / 1000 + 1;
}

/* Does what is to be done now; may end the request. */
static void
pump (VmTrustRequest *self)
{
  g_auto (VmTrustCall) call = { 0 };
  gint64 when;

  vm_timer_clear (&self->timer);
  if (!self->task || g_cancellable_is_cancelled (self->calls))
    return;
  if (vm_requester_next (
          self->requester, g_get_monotonic_time (), &call, &when))
    send_call (self, &call, when);
  else if (vm_requester_get_state (self->requester) == VM_REQUESTER_DONE)
    remember (self);
  else if (vm_requester_get_state (self->requester) == VM_REQUESTER_FAILED)
    finish (self, g_error_copy (vm_requester_get_error (self->requester)));
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
  self->told = TRUE;
  g_signal_emit (self, signals[SIGNAL_DIGITS], 0,
      vm_trust_request_get_digits (self), vm_trust_request_get_name (self),
      self->device_id);
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
    finish (self, g_steal_pointer (&error));
  else
    vm_requester_unanswered (self->requester, g_get_monotonic_time (), error);
  if (self->task)
    tell_digits (self);
  pump (self);
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
      finish (self, g_steal_pointer (&error));
    g_clear_error (&error);
    return;
  }
  g_free (self->key_hash);
  self->key_hash = g_strdup (reply->key_hash);
  self->device_id = vm_device_id_from_key_hash (reply->key_hash);
  g_set_object (&self->certificate, reply->certificate);
  self->requester = vm_requester_new (self->identity, self->user,
      self->device_id, nonce, g_get_monotonic_time ());
  pump (self);
}

/**
 * vm_trust_request_run_async:
 * @self: a #VmTrustRequest that was not run before
 * @cancellable: (nullable): gives it up
 * @callback: called in this thread's default main context when it is over
 * @user_data: for @callback
 *
 * Asks the other device. After #VmTrustRequest::digits the user's answer is
 * awaited, and that of the other device's user; the whole takes five minutes at
 * most.
 */
void
vm_trust_request_run_async (VmTrustRequest *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree gchar *uri = NULL;

  g_return_if_fail (VM_IS_TRUST_REQUEST (self));
  g_return_if_fail (!self->started);

  self->started = TRUE;
  self->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (self->task, vm_trust_request_run_async);
  /* what is agreed on is not unsaid by who comes too late to cancel it */
  g_task_set_check_cancellable (self->task, FALSE);
  if (!g_str_has_prefix (self->uri, "https://")) {
    finish (
        self, g_error_new (VM_ERROR, VM_ERROR_BAD_REQUEST,
                  "Trust is agreed on over TLS alone, not at %s", self->uri));
    return;
  }
  if (cancellable) {
    self->cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (
        self->cancelled, G_SOURCE_FUNC (on_cancelled), self, NULL);
    g_source_attach (self->cancelled, g_main_context_get_thread_default ());
  }
  self->http = vm_http_client_new (self->identity);
  uri = g_strconcat (self->uri, "/status", NULL);
  vm_http_client_send_async (self->http, "GET", uri, self->key_hash, NULL,
      ANSWER_TIMEOUT_MS, self->calls, on_status, g_object_ref (self));
}

/**
 * vm_trust_request_run_finish:
 * @self: a #VmTrustRequest
 * @result: what the callback was given
 * @error: #VM_ERROR_NOT_TRUSTED when a user said no, #VM_ERROR_TIMEOUT when one
 *   said nothing, #VM_ERROR_WRONG_KEY when another key was shown than is
 *   expected, #VM_ERROR_KEY_CHANGED when the store knows the other's names by
 *   another key, #VM_ERROR_RATE_LIMITED when it was asked too often,
 *   #VM_ERROR_DISCONNECTED, or what else went wrong; #G_IO_ERROR_CANCELLED
 *
 * Returns: whether the two devices trust each other now
 */
gboolean
vm_trust_request_run_finish (
    VmTrustRequest *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * vm_trust_request_confirm:
 * @self: a #VmTrustRequest
 * @error: #VM_ERROR_BAD_REQUEST when there is nothing to confirm: before
 *   #VmTrustRequest::digits, a second time, or when it is over
 *
 * The user has found the digits equal. In the thread of the request.
 *
 * Returns: whether that was taken
 */
gboolean
vm_trust_request_confirm (VmTrustRequest *self, GError **error)
{
  g_return_val_if_fail (VM_IS_TRUST_REQUEST (self), FALSE);

  if (!self->task || !self->told) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "There are no digits to confirm");
    return FALSE;
  }
  if (!vm_requester_confirm (self->requester, error))
    return FALSE;
  pump (self);
  return TRUE;
}

/**
 * vm_trust_request_deny:
 * @self: a #VmTrustRequest
 *
 * The user has found the digits different, or wants no trust: the request ends
 * with #VM_ERROR_NOT_TRUSTED. Does nothing when it is over. In the thread of the
 * request.
 */
void
vm_trust_request_deny (VmTrustRequest *self)
{
  g_return_if_fail (VM_IS_TRUST_REQUEST (self));

  if (!self->task || !self->requester
      || vm_requester_get_state (self->requester) >= VM_REQUESTER_DONE)
    return;
  vm_requester_deny (self->requester);
  pump (self);
}

/**
 * vm_trust_request_get_digits:
 * @self: a #VmTrustRequest
 *
 * Returns: (transfer none) (nullable): the six digits, %NULL before
 *   #VmTrustRequest::digits
 */
const gchar *
vm_trust_request_get_digits (VmTrustRequest *self)
{
  g_return_val_if_fail (VM_IS_TRUST_REQUEST (self), NULL);

  return self->told ? vm_requester_get_digits (self->requester) : NULL;
}

/**
 * vm_trust_request_get_device_id:
 * @self: a #VmTrustRequest
 *
 * Returns: (transfer none) (nullable): the id of the other device, proven by its
 *   TLS key; %NULL before it has answered
 */
const gchar *
vm_trust_request_get_device_id (VmTrustRequest *self)
{
  g_return_val_if_fail (VM_IS_TRUST_REQUEST (self), NULL);

  return self->device_id;
}

/**
 * vm_trust_request_get_name:
 * @self: a #VmTrustRequest
 *
 * Returns: (transfer none) (nullable): the name that the other device's user
 *   goes by, its device id when it does not tell; %NULL before it has answered
 */
const gchar *
vm_trust_request_get_name (VmTrustRequest *self)
{
  g_return_val_if_fail (VM_IS_TRUST_REQUEST (self), NULL);

  return self->info && self->info->user && *self->info->user ? self->info->user
                                                             : self->device_id;
}
