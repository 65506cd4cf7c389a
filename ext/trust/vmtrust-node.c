/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What other devices ask of this one, the user's answers, and the trust store
 * for the application. */

#include "vmtrust-priv.h"

#include <gst/videomeet/plugin/plugin.h>
#include <string.h>

#define GST_CAT_DEFAULT vm_trust_debug

enum
{
  SIGNAL_REQUESTED,
  SIGNAL_ESTABLISHED,
  SIGNAL_FAILED,
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* The process's node may be that of another store, whose trust is no business
 * of this element's. Its handlers run while it has one. */
static gboolean
is_own (VmTrust *self, VmNode *node)
{
  g_autoptr (VmTrustStore) store = vm_trust_ref_store (self);

  return vm_node_set_trust_store (node, store, NULL);
}

gboolean
vm_trust_tell_requested (VmTrust *self, const gchar *request,
    const gchar *device_id, const gchar *name, const gchar *digits)
{
  gboolean approved;

  GST_OBJECT_LOCK (self);
  approved = self->approve == VM_APPROVE_AUTO;
  GST_OBJECT_UNLOCK (self);
  vm_trust_post (
      self, gst_structure_new ("vm-trust-requested", "request", G_TYPE_STRING,
                request, "device-id", G_TYPE_STRING, device_id, "name",
                G_TYPE_STRING, name, "sas", G_TYPE_STRING, digits, NULL));
  if (approved)
    GST_ELEMENT_WARNING_WITH_DETAILS (self, LIBRARY, SETTINGS,
        ("The device %s is approved though nobody has compared the digits "
         "(approve=auto): that is for laboratories alone",
            device_id),
        (NULL), ("property", G_TYPE_STRING, "approve", NULL));
  g_signal_emit (
      self, signals[SIGNAL_REQUESTED], 0, request, device_id, name, digits);
  return approved;
}

void
vm_trust_tell_established (
    VmTrust *self, const gchar *device_id, const gchar *name)
{
  vm_trust_post (
      self, gst_structure_new ("vm-trust-established", "device-id",
                G_TYPE_STRING, device_id, "name", G_TYPE_STRING, name, NULL));
  g_signal_emit (self, signals[SIGNAL_ESTABLISHED], 0, device_id, name);
}

void
vm_trust_tell_failed (VmTrust *self, const gchar *request,
    const gchar *device_id, const gchar *name, const GError *error)
{
  vm_trust_post (self,
      gst_structure_new ("vm-trust-failed", "request", G_TYPE_STRING, request,
          "device-id", G_TYPE_STRING, device_id, "name", G_TYPE_STRING, name,
          "code", G_TYPE_STRING, vm_error_get_code (error), "message",
          G_TYPE_STRING, error->message, NULL));
  g_signal_emit (
      self, signals[SIGNAL_FAILED], 0, request, device_id, name, error);
}

/* From the node, on its thread "vm-node" */

static void
on_requested (VmNode *node, const gchar *request, const gchar *device_id,
    const gchar *name, const gchar *digits, VmTrust *self)
{
  if (is_own (self, node))
    vm_trust_tell_requested (self, request, device_id, name, digits);
}

static void
on_established (
    VmNode *node, const gchar *device_id, const gchar *name, VmTrust *self)
{
  if (is_own (self, node))
    vm_trust_tell_established (self, device_id, name);
}

static void
on_failed (VmNode *node, const gchar *request, const gchar *device_id,
    const gchar *name, GError *error, VmTrust *self)
{
  if (is_own (self, node))
    vm_trust_tell_failed (self, request, device_id, name, error);
}

static void
on_changed (VmNode *node, const gchar *device_id, VmTrust *self)
{
  if (!is_own (self, node))
    return;
  vm_trust_post (self, gst_structure_new ("vm-trust-changed", "device-id",
                           G_TYPE_STRING, device_id, NULL));
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0, device_id);
}

static void
unref_closure_data (gpointer data, GClosure *closure)
{
  gst_object_unref (data);
}

/* The reference keeps the element whole while a handler runs. */
static void
connect_one (VmTrust *self, guint i, const gchar *signal, GCallback func)
{
  self->handlers[i] = g_signal_connect_data (
      self->node, signal, func, gst_object_ref (self), unref_closure_data, 0);
}

void
vm_trust_connect_node (VmTrust *self)
{
  connect_one (self, 0, "trust-requested", G_CALLBACK (on_requested));
  connect_one (self, 1, "trust-established", G_CALLBACK (on_established));
  connect_one (self, 2, "trust-failed", G_CALLBACK (on_failed));
  connect_one (self, 3, "trust-changed", G_CALLBACK (on_changed));
}

void
vm_trust_disconnect_node (VmTrust *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++)
    g_clear_signal_handler (&self->handlers[i], self->node);
}

static VmNode *
ref_node (VmTrust *self)
{
  VmNode *node;

  GST_OBJECT_LOCK (self);
  node = self->node ? g_object_ref (self->node) : NULL;
  GST_OBJECT_UNLOCK (self);
  return node;
}

/* Whoever sets a policy must be able to rely on it: it does not wait until an
 * element asks for the context. */
gboolean
vm_trust_apply (VmTrust *self, GError **error)
{
  g_autoptr (VmNode) node = ref_node (self);
  g_autoptr (GstContext) context = NULL;
  gboolean set;

  GST_OBJECT_LOCK (self);
  set = self->policy_set || self->approve_set;
  GST_OBJECT_UNLOCK (self);
  if (!node || !set)
    return TRUE;
  context = vm_trust_make_context (self);
  return vm_trust_context_apply (context, node, error);
}

/* What the application does */

void
vm_trust_warn (VmTrust *self, const GError *error)
{
  GST_ELEMENT_WARNING_WITH_DETAILS (self, RESOURCE, FAILED,
      ("%s", error->message), (NULL),
      ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
}

static gboolean
answer (VmTrust *self, const gchar *request, gboolean yes)
{
  g_autoptr (VmNode) node = ref_node (self);
  g_autoptr (GError) error = NULL;

  if (g_strcmp0 (request, VM_TRUST_OWN_REQUEST) == 0
      && vm_trust_answer_own (self, yes))
    return TRUE;
  if (!node || !is_own (self, node))
    g_set_error (&error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "No request for trust waits for an answer here");
  else if (yes)
    vm_node_approve_trust (node, request ? request : "", &error);
  else
    vm_node_deny_trust (node, request ? request : "", &error);
  if (error)
    vm_trust_warn (self, error);
  return !error;
}

static gboolean
approve (VmTrust *self, const gchar *request)
{
  return answer (self, request, TRUE);
}

static gboolean
deny (VmTrust *self, const gchar *request)
{
  return answer (self, request, FALSE);
}

static gboolean
revoke_device (VmTrust *self, const gchar *device)
{
  g_autoptr (VmTrustStore) store = vm_trust_ref_store (self);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;
  g_autofree gchar *id =
      vm_trust_store_revoke (store, device ? device : "", now, &error);

  if (!id)
    vm_trust_warn (self, error);
  return id != NULL;
}

static const gchar *
level_of (VmTrustStore *store, const VmTrustFacts *facts, GDateTime *now)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (VM_TYPE_TRUST_LEVEL);
  VmTrustLevel level = VM_TRUST_LEVEL_UNKNOWN;
  VmTrustFacts *admitted;

  if (facts->revoked)
    return "revoked";
  admitted = VM_PLUGIN (vm_trust_store_admit) (store, facts->device_id,
      VM_POLICY_OPEN, VM_PERMISSIONS_CALL, now, &level, NULL);
  vm_trust_facts_free (admitted);
  /* a nick is never freed */
  return g_enum_get_value ((GEnumClass *) klass, level)->value_nick;
}

static GstStructure *
list_devices (VmTrust *self)
{
  g_autoptr (VmTrustStore) store = vm_trust_ref_store (self);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GPtrArray) all = vm_trust_store_know_all (store, now);
  GstStructure *out = gst_structure_new_empty ("vm-trust");

  for (guint i = 0; i < all->len; i++) {
    const VmTrustFacts *facts = g_ptr_array_index (all, i);
    g_autofree gchar *may = vm_permissions_to_string (facts->given);
    g_autofree gchar *fingerprint =
        vm_fingerprint_from_device_id (facts->device_id);
    g_autoptr (GstStructure) one = gst_structure_new ("device", "user",
        G_TYPE_STRING, facts->user, "device", G_TYPE_STRING, facts->device,
        "trust", G_TYPE_STRING, level_of (store, facts, now), "permissions",
        G_TYPE_STRING, may, "fingerprint", G_TYPE_STRING, fingerprint, NULL);

    gst_structure_set (out, facts->device_id, GST_TYPE_STRUCTURE, one, NULL);
  }
  return out;
}

static void
install_action (const gchar *name, GCallback handler, GType returned, guint n)
{
  GType type = G_TYPE_STRING;

  g_signal_newv (name, VM_TYPE_TRUST, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      g_cclosure_new (handler, NULL, NULL), NULL, NULL, NULL, returned, n,
      &type);
}

static void
install_actions (void)
{
  /**
   * vmtrust::approve:
   * @self: the element
   * @request: of #vmtrust::trust-requested
   *
   * Says that the user has compared the digits and trusts the device. Any
   * thread, as all of these; what cannot be done is a warning on the bus.
   *
   * Returns: whether the answer is on its way
   */
  install_action ("approve", G_CALLBACK (approve), G_TYPE_BOOLEAN, 1);
  /**
   * vmtrust::deny:
   * @self: the element
   * @request: of #vmtrust::trust-requested
   *
   * Says that the user does not trust the device, or that the digits differ.
   *
   * Returns: whether the answer is on its way
   */
  install_action ("deny", G_CALLBACK (deny), G_TYPE_BOOLEAN, 1);
  /**
   * vmtrust::revoke:
   * @self: the element
   * @device: a device id, the beginning of one, or the name of a device or its
   *   user, that means one device alone
   *
   * Takes trust back: its calls end within 2 s, whatever process they are in.
   * Blocks for the disk.
   *
   * Returns: whether that was done
   */
  install_action ("revoke", G_CALLBACK (revoke_device), G_TYPE_BOOLEAN, 1);
  /**
   * vmtrust::list:
   * @self: the element
   *
   * Blocks for the disk.
   *
   * Returns: (transfer full): a GstStructure with a field for each device that
   *   was met, by its id: a GstStructure with user, device, trust (trusted,
   *   vouched, guest, known, unknown or revoked), permissions and fingerprint
   */
  install_action ("list", G_CALLBACK (list_devices), GST_TYPE_STRUCTURE, 0);
}

void
vm_trust_describe_signals (GstElementClass *klass)
{
  static const gchar *const signatures[][2] = {
    { "signal:trust-requested",
        "(request string, device-id string, name string, sas string)" },
    { "signal:trust-established", "(device-id string, name string)" },
    { "signal:trust-failed",
        "(request string or NULL, device-id string or NULL, name string, "
        "error GError)" },
    { "signal:trust-changed", "(device-id string or NULL)" },
    { "action:approve", "(request string)" },
    { "action:deny", "(request string)" },
    { "action:revoke", "(device string)" },
    { "action:list", "()" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (signatures); i++)
    gst_element_class_add_static_metadata (
        klass, signatures[i][0], signatures[i][1]);
}

void
vm_trust_install_signals (void)
{
  /**
   * vmtrust::trust-requested:
   * @self: the element
   * @request: what to emit approve or deny with
   * @device_id: the device that wants to be trusted, as its key proves
   * @name: what it says it is called; a label that proves nothing
   * @sas: six digits, which the other user reads as well if nobody stands
   *   between the two devices
   *
   * Another device asks for trust. With approve=auto there is nothing to
   * answer, and a warning says so. Emitted on the thread "vm-node", as all of
   * these, or on that of the property #vmtrust:request: a handler must not
   * block.
   */
  signals[SIGNAL_REQUESTED] = g_signal_new ("trust-requested", VM_TYPE_TRUST,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4, G_TYPE_STRING,
      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * vmtrust::trust-established:
   * @self: the element
   * @device_id: a device that this one trusts from now on
   * @name: what it says it is called
   */
  signals[SIGNAL_ESTABLISHED] =
      g_signal_new ("trust-established", VM_TYPE_TRUST, G_SIGNAL_RUN_LAST, 0,
          NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * vmtrust::trust-failed:
   * @self: the element
   * @request: (nullable): the request that has failed, when trust-requested
   *   told of it; NULL for a device that was not let into a meeting
   * @device_id: (nullable): the device, NULL for one that showed no key
   * @name: what it says it is called
   * @error: (type GError): why: of #VM_ERROR, with a sentence for this device's
   *   user; the message's fields `code` and `message` are the same
   *
   * A request for trust has ended without it: nobody answered in time
   * (%VM_ERROR_TIMEOUT), the device began another (%VM_ERROR_DISCONNECTED), a
   * nonce or a proof is not its own, so that somebody may be between the two
   * (%VM_ERROR_SIGNATURE), trust in it was revoked meanwhile
   * (%VM_ERROR_NOT_TRUSTED), its name is another device's
   * (%VM_ERROR_KEY_CHANGED), or the store cannot be written (any other). Or a
   * device was not let into a meeting, or sent out of it: it is not trusted
   * (%VM_ERROR_NOT_TRUSTED), or shows another key than before
   * (%VM_ERROR_KEY_CHANGED). What this user denies is not told of.
   */
  signals[SIGNAL_FAILED] = g_signal_new ("trust-failed", VM_TYPE_TRUST,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4, G_TYPE_STRING,
      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_ERROR);
  /**
   * vmtrust::trust-changed:
   * @self: the element
   * @device_id: (nullable): a device that became known, trusted, revoked or
   *   forgotten; NULL: any
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("trust-changed", VM_TYPE_TRUST,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  install_actions ();
}
