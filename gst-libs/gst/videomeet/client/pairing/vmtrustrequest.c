/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmtrustrequest
 * @title: VmTrustRequest
 * @short_description: ask another device for trust
 *
 * The trust handshake of `protocol/trust.md#pairing` from the side that asks,
 * over TLS in which both devices show their keys. Once the other device has
 * answered, #VmTrustRequest::digits tells six digits, which the other device
 * shows its user as well: when the two users have found them equal, on both
 * sides, each device keeps a token of the other in its #VmTrustStore. Nothing
 * is remembered before.
 *
 * A request belongs to the thread whose default main context
 * vm_trust_request_run_async() is called in; its signals are emitted there. The
 * store is written on a thread of GLib's pool, and looked at five times a
 * second in the request's own, for revocations.
 */

#include "client/pairing/vmtrustrequest-priv.h"
#include "trust/store/decision.h"
#include <gst/videomeet/vmerror.h>
#include "base/vmtimer-priv.h"

enum
{
  PROP_PERMISSIONS = 1,
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
  g_free (self->pardon);
  G_OBJECT_CLASS (vm_trust_request_parent_class)->finalize (object);
}

static void
vm_trust_request_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmTrustRequest *self = VM_TRUST_REQUEST (object);

  if (id == PROP_PERMISSIONS)
    self->permissions = g_value_get_flags (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
vm_trust_request_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmTrustRequest *self = VM_TRUST_REQUEST (object);

  if (id == PROP_PERMISSIONS)
    g_value_set_flags (value, self->permissions);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
vm_trust_request_class_init (VmTrustRequestClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = vm_trust_request_finalize;
  object_class->set_property = vm_trust_request_set_property;
  object_class->get_property = vm_trust_request_get_property;
  /**
   * VmTrustRequest:permissions:
   *
   * What the other device may do from then on, at least one of them. With
   * %VM_PERMISSIONS_INTRODUCER it vouches for others in meetings that it hosts.
   * To be set before vm_trust_request_run_async().
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, PROP_PERMISSIONS,
      g_param_spec_flags ("permissions", "Permissions",
          "What the other device may do", VM_TYPE_PERMISSIONS,
          VM_POLICY_PERMISSIONS,
          G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS));

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
   *
   * Since: 0.1
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
 * @user: the name its user goes by, at most 128 bytes without control
 *   characters
 * @uri: where the other device's server is, `https://10.0.0.1:8080`, as
 *   vm_device_get_base_uri() has it
 * @key_hash: (nullable): the key that it must show, as
 *   vm_device_get_key_hash() has it; %NULL for whichever
 *
 * Returns: (transfer full): a request, to be run once
 *
 * Since: 0.1
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

void
vm_trust_request_stop_waiting (VmTrustRequest *self)
{
  vm_timer_clear (&self->timer);
  vm_timer_clear (&self->cancelled);
  g_clear_pointer (&self->watch, vm_store_watch_free);
  g_cancellable_cancel (self->calls);
}

void
vm_trust_request_finish (VmTrustRequest *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  vm_trust_request_stop_waiting (self);
  g_clear_object (&self->http);
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  vm_trust_request_finish (
      data, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                "The request for trust was given up"));
  return G_SOURCE_REMOVE;
}

void
vm_trust_request_tell_digits (VmTrustRequest *self)
{
  self->told = TRUE;
  g_signal_emit (self, signals[SIGNAL_DIGITS], 0,
      vm_trust_request_get_digits (self), vm_trust_request_get_name (self),
      self->device_id);
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
 *
 * Since: 0.1
 */
void
vm_trust_request_run_async (VmTrustRequest *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (VM_IS_TRUST_REQUEST (self));
  g_return_if_fail (!self->started);

  self->started = TRUE;
  self->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (self->task, vm_trust_request_run_async);
  /* what is agreed on is not unsaid by who comes too late to cancel it */
  g_task_set_check_cancellable (self->task, FALSE);
  if (!g_str_has_prefix (self->uri, "https://")) {
    vm_trust_request_finish (
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
  vm_trust_request_begin (self);
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
 *
 * Since: 0.1
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
 * The user has found the digits equal. A revocation that they knew of then is
 * taken back when the other user agrees; one that follows ends the request. In
 * the thread of the request.
 *
 * Returns: whether that was taken
 *
 * Since: 0.1
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
  vm_trust_request_look (self);
  vm_trust_request_pump (self);
  return TRUE;
}

/**
 * vm_trust_request_deny:
 * @self: a #VmTrustRequest
 *
 * The user has found the digits different, or wants no trust: the request ends
 * with #VM_ERROR_NOT_TRUSTED. Does nothing when it is over. In the thread of
 * the request.
 *
 * Since: 0.1
 */
void
vm_trust_request_deny (VmTrustRequest *self)
{
  g_return_if_fail (VM_IS_TRUST_REQUEST (self));

  if (!self->task || !self->requester
      || vm_requester_get_state (self->requester) >= VM_REQUESTER_DONE)
    return;
  vm_requester_deny (self->requester);
  vm_trust_request_pump (self);
}

/**
 * vm_trust_request_get_digits:
 * @self: a #VmTrustRequest
 *
 * Returns: (transfer none) (nullable): the six digits, %NULL before
 *   #VmTrustRequest::digits
 *
 * Since: 0.1
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
 * Returns: (transfer none) (nullable): the id of the other device, proven by
 *   its TLS key; %NULL before it has answered
 *
 * Since: 0.1
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
 *
 * Since: 0.1
 */
const gchar *
vm_trust_request_get_name (VmTrustRequest *self)
{
  g_return_val_if_fail (VM_IS_TRUST_REQUEST (self), NULL);

  return self->info && self->info->user && *self->info->user ? self->info->user
                                                             : self->device_id;
}
