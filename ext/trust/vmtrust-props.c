/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties of vmtrust. */

#include "vmtrust-priv.h"

enum
{
  PROP_0,
  PROP_STORE,
  PROP_DEVICE_ID,
  PROP_FINGERPRINT,
  PROP_POLICY,
  PROP_APPROVE,
  PROP_REQUEST,
  PROP_MODE,
  PROP_PROTECTION,
  PROP_PEER,
  PROP_STREAM,
  PROP_ON_FAILURE,
  PROP_REFUSED,
};

static GType
trust_mode_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { VM_TRUST_MODE_SIGN, "Put a tag at the end of each buffer", "sign" },
    { VM_TRUST_MODE_VERIFY, "Check the tag of each buffer, and take it off",
        "verify" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("VmTrustMode", values));
  return type;
}

static GType
on_failure_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    { VM_ON_FAILURE_ERROR, "The stream ends with an error", "error" },
    { VM_ON_FAILURE_DROP, "The buffer is left out, and a message tells it",
        "drop" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("VmOnFailure", values));
  return type;
}

static void
set_string (gchar **field, const GValue *value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

static void
apply (VmTrust *self)
{
  g_autoptr (GError) error = NULL;

  if (!vm_trust_apply (self, &error))
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, OPEN_READ_WRITE,
        ("%s", error->message), (NULL),
        ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
}

static void
vm_trust_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmTrust *self = VM_TRUST (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_STORE:
      set_string (&self->folder, value);
      break;
    case PROP_POLICY:
      self->policy = g_value_get_enum (value);
      self->policy_set = TRUE;
      break;
    case PROP_APPROVE:
      self->approve = g_value_get_enum (value);
      self->approve_set = TRUE;
      break;
    case PROP_REQUEST:
      set_string (&self->request, value);
      break;
    case PROP_MODE:
      self->mode = g_value_get_enum (value);
      break;
    case PROP_PROTECTION:
      self->protection = g_value_get_enum (value);
      break;
    case PROP_PEER:
      set_string (&self->peer, value);
      break;
    case PROP_STREAM:
      set_string (&self->stream, value);
      break;
    case PROP_ON_FAILURE:
      self->on_failure = g_value_get_enum (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
  if (id == PROP_POLICY || id == PROP_APPROVE)
    apply (self);
}

static void
get_id (VmTrust *self, gboolean as_fingerprint, GValue *value)
{
  const gchar *device_id =
      self->identity ? vm_identity_get_device_id (self->identity) : NULL;

  if (as_fingerprint)
    g_value_take_string (value, vm_fingerprint_from_device_id (device_id));
  else
    g_value_set_string (value, device_id);
}

static void
vm_trust_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmTrust *self = VM_TRUST (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_STORE:
      g_value_set_string (value, self->folder);
      break;
    case PROP_DEVICE_ID:
    case PROP_FINGERPRINT:
      get_id (self, id == PROP_FINGERPRINT, value);
      break;
    case PROP_POLICY:
      g_value_set_enum (value, self->policy);
      break;
    case PROP_APPROVE:
      g_value_set_enum (value, self->approve);
      break;
    case PROP_REQUEST:
      g_value_set_string (value, self->request);
      break;
    case PROP_MODE:
      g_value_set_enum (value, self->mode);
      break;
    case PROP_PROTECTION:
      g_value_set_enum (value, self->protection);
      break;
    case PROP_PEER:
      g_value_set_string (value, self->peer);
      break;
    case PROP_STREAM:
      g_value_set_string (value,
          self->signer ? vm_signer_get_stream (self->signer) : self->stream);
      break;
    case PROP_ON_FAILURE:
      g_value_set_enum (value, self->on_failure);
      break;
    case PROP_REFUSED:
      g_value_set_uint64 (value, self->refused);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

#define READ (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)
#define READY \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define PLAYING \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static void
install_device_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_STORE,
      g_param_spec_string ("store", "Store",
          "Device: folder of this device's identity and trust store, made at "
          "first use "
          "(null: $XDG_CONFIG_HOME/videomeet). A process has one store, "
          "because it is one device on the network",
          NULL,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
              | GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (klass, PROP_DEVICE_ID,
      g_param_spec_string ("device-id", "Device id",
          "Device: hash of this device's key (null: not known before READY)",
          NULL, READ));
  g_object_class_install_property (klass, PROP_FINGERPRINT,
      g_param_spec_string ("fingerprint", "Fingerprint",
          "Device: SHA-256 of this device's key, as AB:CD:… (null: not known "
          "before "
          "READY)",
          NULL, READ));
  g_object_class_install_property (klass, PROP_POLICY,
      g_param_spec_enum ("policy", "Policy",
          "Trust: which devices the elements of this pipeline admit, and "
          "whose "
          "streams are accepted; applies to the process once set",
          VM_TYPE_POLICY, VM_POLICY_PIN, PLAYING));
  g_object_class_install_property (klass, PROP_APPROVE,
      g_param_spec_enum ("approve", "Approve",
          "Trust: how requests for trust are answered; with ask by the action "
          "signals "
          "approve and deny. auto approves all of them unseen, with a warning: "
          "for laboratories alone",
          VM_TYPE_APPROVE, VM_APPROVE_ASK, PLAYING));
  g_object_class_install_property (klass, PROP_REQUEST,
      g_param_spec_string ("request", "Request",
          "Trust: device that is asked for trust from PAUSED on, HOST or "
          "HOST:PORT (null: none). The digits, and what becomes of it, are "
          "told "
          "as of a request that comes: it is answered as \"own\"",
          NULL, READY));
}

static void
install_stream_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_MODE,
      g_param_spec_enum ("mode", "Mode",
          "Stream: what to do with the buffers of a linked stream",
          trust_mode_get_type (), VM_TRUST_MODE_SIGN, READY));
  g_object_class_install_property (klass, PROP_PROTECTION,
      g_param_spec_enum ("protection", "Protection",
          "Stream: how the buffers are protected; must be the same at both "
          "ends",
          VM_TYPE_PROTECTION, VM_PROTECTION_SIGNATURE, READY));
  g_object_class_install_property (klass, PROP_PEER,
      g_param_spec_string ("peer", "Peer",
          "Stream: device at the other end: its id, the beginning of its id, "
          "or a "
          "unique name in the store (null: this device). mode=verify accepts "
          "its buffers only; protection=hmac is verifiable by it only",
          NULL, READY));
  g_object_class_install_property (klass, PROP_STREAM,
      g_param_spec_string ("stream", "Stream",
          "Stream: number of the stream, 32 hexadecimal digits. With mode=sign "
          "it can "
          "be read from PAUSED on. With mode=verify it may be set; other "
          "streams are then refused (null: accept the first stream)",
          NULL, READY));
  g_object_class_install_property (klass, PROP_ON_FAILURE,
      g_param_spec_enum ("on-failure", "On failure",
          "Stream: what to do with a buffer whose signature is wrong",
          on_failure_get_type (), VM_ON_FAILURE_ERROR, PLAYING));
  g_object_class_install_property (klass, PROP_REFUSED,
      g_param_spec_uint64 ("refused", "Refused",
          "Stream: number of buffers with a wrong signature", 0, G_MAXUINT64, 0,
          READ));
}

void
vm_trust_install_properties (GObjectClass *klass)
{
  klass->set_property = vm_trust_set_property;
  klass->get_property = vm_trust_get_property;
  install_device_properties (klass);
  install_stream_properties (klass);
}
