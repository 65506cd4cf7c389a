/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The trust of others that a VmNode has, and asks its user for. */

#include "node/nodeparts-priv.h"
#include "trust/keys/vmidentity-priv.h"
#include "trust/store/vmtruststore-priv.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

/* From the pairing service's thread to the node's, which emits the signals. */

typedef struct
{
  VmNode *node;
  VmNodeSignal signal;
  gchar *request_id;
  gchar *device_id;
  gchar *name;
  gchar *digits;
  gboolean approved;
  GError *error;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_free (news->request_id);
  g_free (news->device_id);
  g_free (news->name);
  g_free (news->digits);
  g_clear_error (&news->error);
  g_object_unref (news->node);
  g_free (news);
}

static void
emit (gpointer data)
{
  const News *news = data;
  guint id = vm_node_signals[news->signal];

  switch (news->signal) {
    case VM_NODE_SIGNAL_TRUST_REQUESTED:
      g_signal_emit (news->node, id, 0, news->request_id, news->device_id,
          news->name, news->digits);
      break;
    case VM_NODE_SIGNAL_TRUST_ESTABLISHED:
      g_signal_emit (news->node, id, 0, news->device_id, news->name);
      break;
    case VM_NODE_SIGNAL_TRUST_FAILED:
      g_signal_emit (news->node, id, 0, news->request_id, news->device_id,
          news->name, news->error);
      break;
    case VM_NODE_SIGNAL_TRUST_ANSWERED:
      g_signal_emit (news->node, id, 0, news->request_id, news->approved);
      break;
    default:
      vm_node_trust_changed (news->node, news->device_id);
      g_signal_emit (news->node, id, 0, news->device_id);
      break;
  }
}

/* NULL when the node is about to go. Whoever gets it posts it: nothing else may
 * drop what could be the node's last reference here, for the node ends the
 * pairing service's thread. */
static News *
news_new (VmNode *self, VmNodeSignal signal, const gchar *device_id)
{
  VmNode *node = g_weak_ref_get (&self->weak);
  News *news;

  if (!node)
    return NULL;
  news = g_new0 (News, 1);
  news->node = node;
  news->signal = signal;
  news->device_id = g_strdup (device_id);
  return news;
}

static void
post (News *news)
{
  vm_node_thread_post (news->node->thread, emit, news, news_free);
}

static void
on_requested (const gchar *request_id, const gchar *device_id,
    const gchar *name, const gchar *digits, gpointer user_data)
{
  VmNode *self = user_data;
  News *news = news_new (self, VM_NODE_SIGNAL_TRUST_REQUESTED, device_id);

  if (!news)
    return;
  g_mutex_lock (&self->lock);
  g_free (self->asked);
  self->asked = g_strdup (request_id);
  g_mutex_unlock (&self->lock);
  news->request_id = g_strdup (request_id);
  news->name = g_strdup (name);
  news->digits = g_strdup (digits);
  post (news);
}

static void
on_established (const gchar *device_id, const gchar *name, gpointer user_data)
{
  News *news =
      news_new (user_data, VM_NODE_SIGNAL_TRUST_ESTABLISHED, device_id);

  if (!news)
    return;
  news->name = g_strdup (name);
  post (news);
}

static void
on_failed (const gchar *request_id, const gchar *device_id, const gchar *name,
    const GError *reason, gpointer user_data)
{
  VmNode *self = user_data;
  News *news = news_new (self, VM_NODE_SIGNAL_TRUST_FAILED, device_id);

  if (!news)
    return;
  g_mutex_lock (&self->lock);
  if (request_id && g_strcmp0 (self->asked, request_id) == 0)
    g_clear_pointer (&self->asked, g_free);
  g_mutex_unlock (&self->lock);
  news->request_id = g_strdup (request_id);
  news->name = g_strdup (name);
  news->error = g_error_copy (reason);
  post (news);
}

static void
on_changed (const gchar *device_id, gpointer user_data)
{
  News *news = news_new (user_data, VM_NODE_SIGNAL_TRUST_CHANGED, device_id);

  if (news)
    post (news);
}

static void
on_answered (const gchar *request_id, gboolean approved, gpointer user_data)
{
  VmNode *self = user_data;
  News *news = news_new (self, VM_NODE_SIGNAL_TRUST_ANSWERED, NULL);

  if (!news)
    return;
  g_mutex_lock (&self->lock);
  if (g_strcmp0 (self->asked, request_id) == 0)
    g_clear_pointer (&self->asked, g_free);
  g_mutex_unlock (&self->lock);
  news->request_id = g_strdup (request_id);
  news->approved = approved;
  post (news);
}

/* On the node's thread. */

void
vm_node_ensure_pairing_service (VmNode *self)
{
  static const VmPairingServiceFuncs funcs = { on_requested, on_established,
    on_failed, on_changed, on_answered };

  if (!self->pairing)
    self->pairing = vm_pairing_service_new (
        self->identity, vm_node_get_trust_store (self), &funcs, self);
}

void
vm_node_close_pairing_service (VmNode *self)
{
  if (self->pairing)
    vm_pairing_service_close (self->pairing);
  g_clear_pointer (&self->pairing, vm_pairing_service_unref);
}

void
vm_node_refresh_trust (VmNode *self, const gchar *name)
{
  VmPolicy policy;
  VmCloudTrust cloud_trust;
  VmApprove approve;
  VmPermissions permissions;

  g_mutex_lock (&self->lock);
  policy = self->settings.policy;
  cloud_trust = self->settings.cloud_trust;
  approve = self->settings.approve;
  permissions = self->settings.permissions;
  g_mutex_unlock (&self->lock);
  vm_pairing_service_set_permissions (self->pairing, permissions);
  vm_pairing_service_set_approve (self->pairing, approve);
  if (self->server) {
    vm_server_set_cloud_trust (self->server, cloud_trust);
    vm_server_set_policy (self->server, policy);
  }
  if (name)
    vm_pairing_service_set_name (self->pairing, name);
}

void
vm_node_install_trust_signals (void)
{
  /**
   * VmNode::trust-requested:
   * @self: the node
   * @request_id: what to call vm_node_approve_trust() or vm_node_deny_trust()
   *   with
   * @device_id: the device that wants to be trusted, as its key proves
   * @name: what it says it is called, at most 128 bytes without control
   *   characters; a label that proves nothing
   * @digits: six digits, which the other user reads as well if nobody stands
   *   between the two devices
   *
   * Another device asks for trust. One request at a time: the next comes when
   * this one was answered, or has failed. While #VmNode:approve is
   * %VM_APPROVE_AUTO it is approved by itself, and there is nothing to answer.
   * Emitted on the thread "vm-node".
   *
   * Since: 0.1
   */
  vm_node_signals[VM_NODE_SIGNAL_TRUST_REQUESTED] =
      g_signal_new ("trust-requested", VM_TYPE_NODE, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 4, G_TYPE_STRING, G_TYPE_STRING,
          G_TYPE_STRING, G_TYPE_STRING);
  /**
   * VmNode::trust-established:
   * @self: the node
   * @device_id: a device that this one trusts from now on
   * @name: what it says it is called
   *
   * Both users have confirmed, the device has proved its key, and the store has
   * it. Emitted on the thread "vm-node".
   *
   * Since: 0.1
   */
  vm_node_signals[VM_NODE_SIGNAL_TRUST_ESTABLISHED] =
      g_signal_new ("trust-established", VM_TYPE_NODE, G_SIGNAL_RUN_LAST, 0,
          NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * VmNode::trust-failed:
   * @self: the node
   * @request_id: (nullable): the request that has failed, as of
   *   #VmNode::trust-requested when it had come so far; %NULL when the device
   *   was not let into a meeting, which is no answer to what it asks besides
   * @device_id: (nullable): the device, %NULL for one that showed no key
   * @name: what it says it is called, or nothing
   * @error: (type GError): why: of #VM_ERROR, with a sentence for this device's
   *   user
   *
   * A request for trust has ended without it, and not by this user: nobody
   * answered in time (%VM_ERROR_TIMEOUT), the device began another
   * (%VM_ERROR_DISCONNECTED), a nonce or a proof is not its own, so that
   * somebody may be between the two (%VM_ERROR_SIGNATURE), trust in it was
   * revoked meanwhile (%VM_ERROR_NOT_TRUSTED), its name is another device's
   * (%VM_ERROR_KEY_CHANGED), or the store cannot be written (any other). Or a
   * device was not let into a meeting hosted here, or sent out of it, because
   * it is not trusted (%VM_ERROR_NOT_TRUSTED) or shows another key than before
   * (%VM_ERROR_KEY_CHANGED). Of refused joins 3 a minute are told of each
   * address, 10 of all. Emitted on the thread "vm-node".
   *
   * Since: 0.1
   */
  vm_node_signals[VM_NODE_SIGNAL_TRUST_FAILED] = g_signal_new ("trust-failed",
      VM_TYPE_NODE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4,
      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_ERROR);
  /**
   * VmNode::trust-answered:
   * @self: the node
   * @request_id: of #VmNode::trust-requested
   * @approved: whether the user has said yes
   *
   * The user has answered, by vm_node_approve_trust() or vm_node_deny_trust()
   * or in the page (vm_node_make_approval_link()), or #VmNode:approve has for
   * them: a dialog that still asks can be closed. Emitted on the thread
   * "vm-node".
   *
   * Since: 0.1
   */
  vm_node_signals[VM_NODE_SIGNAL_TRUST_ANSWERED] =
      g_signal_new ("trust-answered", VM_TYPE_NODE, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BOOLEAN);
  /**
   * VmNode::trust-changed:
   * @self: the node
   * @device_id: (nullable): a device that became known, trusted, revoked or
   *   forgotten; %NULL when the list of revoked devices can no longer be read,
   *   which concerns all
   *
   * The trust store has changed, whoever has changed it:
   * vm_node_get_trust_store() tells what it says now. Meetings hosted here have
   * sent out who may not stay. Emitted on the thread "vm-node".
   *
   * Since: 0.1
   */
  vm_node_signals[VM_NODE_SIGNAL_TRUST_CHANGED] =
      g_signal_new ("trust-changed", VM_TYPE_NODE, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

/**
 * vm_node_get_trust_store:
 * @self: a #VmNode
 *
 * The devices that this one has met, and those it trusts. Any thread.
 *
 * Returns: (transfer none): the store in `$XDG_CONFIG_HOME/videomeet`
 *
 * Since: 0.1
 */
VmTrustStore *
vm_node_get_trust_store (VmNode *self)
{
  VmTrustStore *store;

  g_return_val_if_fail (VM_IS_NODE (self), NULL);

  g_mutex_lock (&self->lock);
  if (!self->store)
    self->store = vm_trust_store_new (self->config_dir);
  store = self->store;
  g_mutex_unlock (&self->lock);
  return store;
}

/* With the lock held: where identity and store are, or NULL while that is
 * open. */
static gchar *
dup_folder (VmNode *self)
{
  if (self->identity)
    return g_path_get_dirname (vm_identity_get_path (self->identity));
  if (self->store)
    return g_strdup (vm_trust_store_get_folder (self->store));
  return NULL;
}

/**
 * vm_node_set_trust_store:
 * @self: a #VmNode
 * @store: the store that this device is to use
 * @error: #VM_ERROR_FAILED when it uses another one already
 *
 * Which device this process is: identity and trust of that folder, in the place
 * of `$XDG_CONFIG_HOME/videomeet`. Nothing changes once the node was started,
 * or its identity or store asked for: the same store may be set again, another
 * is an error. Any thread; does not block.
 *
 * Returns: whether the node uses that store
 *
 * Since: 0.1
 */
gboolean
vm_node_set_trust_store (VmNode *self, VmTrustStore *store, GError **error)
{
  g_autofree gchar *folder = NULL, *wanted = NULL, *used = NULL;

  g_return_val_if_fail (VM_IS_NODE (self), FALSE);
  g_return_val_if_fail (VM_IS_TRUST_STORE (store), FALSE);

  wanted = g_canonicalize_filename (vm_trust_store_get_folder (store), NULL);
  g_mutex_lock (&self->lock);
  folder = dup_folder (self);
  if (!folder) {
    self->store = g_object_ref (store);
    g_free (self->config_dir);
    self->config_dir = g_strdup (vm_trust_store_get_folder (store));
  }
  g_mutex_unlock (&self->lock);
  if (!folder)
    return TRUE;
  used = g_canonicalize_filename (folder, NULL);
  if (strcmp (used, wanted) == 0)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
      "This process is the device of the trust store in %s already, and cannot "
      "be that of %s as well",
      used, wanted);
  return FALSE;
}

typedef struct
{
  VmNode *node;
  gchar *request_id;
  gboolean approved;
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_object_unref (answer->node);
  g_free (answer->request_id);
  g_free (answer);
}

static void
take_answer (gpointer data)
{
  const Answer *answer = data;

  vm_pairing_service_answer (
      answer->node->pairing, answer->request_id, answer->approved);
}

static gboolean
answer_request (
    VmNode *self, const gchar *request_id, gboolean approved, GError **error)
{
  Answer *answer;
  gboolean asked;

  g_mutex_lock (&self->lock);
  asked = g_strcmp0 (self->asked, request_id) == 0;
  if (asked)
    g_clear_pointer (&self->asked, g_free);
  g_mutex_unlock (&self->lock);
  if (!asked) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "No such request for trust waits for an answer");
    return FALSE;
  }
  answer = g_new (Answer, 1);
  *answer = (Answer){ g_object_ref (self), g_strdup (request_id), approved };
  vm_node_thread_post (self->thread, take_answer, answer, answer_free);
  return TRUE;
}

/**
 * vm_node_approve_trust:
 * @self: a #VmNode
 * @request_id: of #VmNode::trust-requested
 * @error: #VM_ERROR_NOT_FOUND when no such request waits for an answer
 *
 * Says that the user has compared the digits and trusts the device. It is
 * trusted when its own user has confirmed, too: #VmNode::trust-established, or
 * #VmNode::trust-failed when that does not happen within 5 minutes of the
 * request. It may then meet with this device, and offer it files and folders. A
 * device that was revoked is pardoned by it, but not of a revocation that comes
 * afterwards. Any thread; does not block.
 *
 * Returns: whether the answer is on its way
 *
 * Since: 0.1
 */
gboolean
vm_node_approve_trust (VmNode *self, const gchar *request_id, GError **error)
{
  g_return_val_if_fail (VM_IS_NODE (self), FALSE);
  g_return_val_if_fail (request_id != NULL, FALSE);

  return answer_request (self, request_id, TRUE, error);
}

/**
 * vm_node_deny_trust:
 * @self: a #VmNode
 * @request_id: of #VmNode::trust-requested
 * @error: #VM_ERROR_NOT_FOUND when no such request waits for an answer
 *
 * Says that the user does not trust the device, or that the digits differ. Any
 * thread; does not block.
 *
 * Returns: whether the answer is on its way
 *
 * Since: 0.1
 */
gboolean
vm_node_deny_trust (VmNode *self, const gchar *request_id, GError **error)
{
  g_return_val_if_fail (VM_IS_NODE (self), FALSE);
  g_return_val_if_fail (request_id != NULL, FALSE);

  return answer_request (self, request_id, FALSE, error);
}
