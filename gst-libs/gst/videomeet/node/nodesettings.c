/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "node/nodesettings.h"
#include "trust/store/decision.h"
#include <gst/videomeet/vmdiscoverystate.h>
#include "wire/deviceinfo.h"
#include "wire/signal.h"
#include "base/text.h"

#include <string.h>

#define DEFAULT_TIMEOUT 1000 /* ms; protocol/discovery.md#probe */
#define TIMEOUT_MIN 100 /* ms */
#define TIMEOUT_MAX 30000 /* ms */
#define DEFAULT_MAX_PARTICIPANTS 10 /* protocol/discovery.md#txt */

/* Names go to other people's screens: no control characters, at most as long as
 * others accept (security.md#limits). */
gchar *
vm_node_settings_clean (const gchar *text)
{
  return vm_text_to_label (text ? text : "", VM_DEVICE_TEXT_MAX);
}

static gchar *
default_user (void)
{
  const gchar *real = g_get_real_name ();

  if (!real || !*real || !strcmp (real, "Unknown"))
    real = g_get_user_name ();
  return vm_node_settings_clean (real);
}

void
vm_node_settings_init (VmNodeSettings *self)
{
  self->user = default_user ();
  self->device = vm_node_settings_clean (g_get_host_name ());
  self->device_name = g_strdup (self->device);
  self->status = g_strdup (VM_STATUS_AVAILABLE);
  self->capabilities = g_strdup ("video,audio,share");
  self->peers = g_strdup ("");
  self->service_type = g_strdup ("_videomeet._tcp");
  self->interfaces = g_strdup ("");
  self->names = g_strdup ("");
  self->origins = g_strdup ("");
  self->web_root = g_strdup ("");
  self->tls_cert = g_strdup ("");
  self->tls_key = g_strdup ("");
  self->port = VM_DEFAULT_PORT;
  self->timeout = DEFAULT_TIMEOUT;
  self->max_participants = DEFAULT_MAX_PARTICIPANTS;
  self->announce = VM_ANNOUNCE_FULL;
  self->methods = VM_METHODS_ALL;
  self->policy = VM_POLICY_PIN;
  self->approve = VM_APPROVE_ASK;
  self->permissions = VM_POLICY_PERMISSIONS;
}

static gchar **
text_field (VmNodeSettings *self, guint id)
{
  switch (id) {
    case VM_NODE_PROP_USER:
      return &self->user;
    case VM_NODE_PROP_DEVICE:
      return &self->device;
    case VM_NODE_PROP_DEVICE_NAME:
      return &self->device_name;
    case VM_NODE_PROP_STATUS:
      return &self->status;
    case VM_NODE_PROP_CAPABILITIES:
      return &self->capabilities;
    case VM_NODE_PROP_PEERS:
      return &self->peers;
    case VM_NODE_PROP_SERVICE_TYPE:
      return &self->service_type;
    case VM_NODE_PROP_INTERFACES:
      return &self->interfaces;
    case VM_NODE_PROP_NAMES:
      return &self->names;
    case VM_NODE_PROP_ORIGINS:
      return &self->origins;
    case VM_NODE_PROP_WEB_ROOT:
      return &self->web_root;
    case VM_NODE_PROP_TLS_CERT:
      return &self->tls_cert;
    case VM_NODE_PROP_TLS_KEY:
      return &self->tls_key;
    default:
      return NULL;
  }
}

void
vm_node_settings_clear (VmNodeSettings *self)
{
  for (guint id = 0; id < VM_NODE_N_PROPS; id++) {
    gchar **text = text_field (self, id);

    if (text)
      g_clear_pointer (text, g_free);
  }
}

gchar *
vm_node_settings_dup_web_root (VmNodeSettings *self)
{
  if (*self->web_root)
    return g_strdup (self->web_root);
  return g_strdup (
      g_getenv ("VM_WEB_ROOT") ? g_getenv ("VM_WEB_ROOT") : VM_WEB_DIR);
}

static void
set_text (VmNodeSettings *self, guint id, const gchar *text)
{
  gchar **field = text_field (self, id);

  g_free (*field);
  if (!text && id == VM_NODE_PROP_USER) {
    *field = default_user ();
    return;
  }
  if (!text && (id == VM_NODE_PROP_DEVICE || id == VM_NODE_PROP_DEVICE_NAME))
    text = g_get_host_name ();
  /* announced, or only used here */
  if (id == VM_NODE_PROP_USER || id == VM_NODE_PROP_DEVICE
      || id == VM_NODE_PROP_DEVICE_NAME || id == VM_NODE_PROP_STATUS
      || id == VM_NODE_PROP_CAPABILITIES)
    *field = vm_node_settings_clean (text);
  else
    *field = g_strdup (text ? text : "");
}

gboolean
vm_node_settings_set (VmNodeSettings *self, guint id, const GValue *value)
{
  switch (id) {
    case VM_NODE_PROP_PORT:
      self->port = g_value_get_uint (value);
      self->port_explicit = TRUE;
      return TRUE;
    case VM_NODE_PROP_ANNOUNCE:
      self->announce = g_value_get_enum (value);
      self->announce_explicit = TRUE;
      return TRUE;
    case VM_NODE_PROP_METHODS:
      self->methods = g_value_get_flags (value);
      return TRUE;
    case VM_NODE_PROP_MAX_PARTICIPANTS:
      self->max_participants = g_value_get_uint (value);
      return TRUE;
    case VM_NODE_PROP_TIMEOUT:
      self->timeout = g_value_get_uint (value);
      return TRUE;
    case VM_NODE_PROP_INSECURE:
      self->insecure = g_value_get_boolean (value);
      return TRUE;
    case VM_NODE_PROP_POLICY:
      self->policy = g_value_get_enum (value);
      return TRUE;
    case VM_NODE_PROP_CLOUD_TRUST:
      self->cloud_trust = g_value_get_enum (value);
      return TRUE;
    case VM_NODE_PROP_APPROVE:
      self->approve = g_value_get_enum (value);
      return TRUE;
    case VM_NODE_PROP_PERMISSIONS:
      self->permissions = g_value_get_flags (value);
      return TRUE;
    default:
      if (!text_field (self, id))
        return FALSE;
      set_text (self, id, g_value_get_string (value));
      return TRUE;
  }
}

gboolean
vm_node_settings_get (VmNodeSettings *self, guint id, GValue *value)
{
  switch (id) {
    case VM_NODE_PROP_PORT:
      g_value_set_uint (value, self->port);
      return TRUE;
    case VM_NODE_PROP_ANNOUNCE:
      g_value_set_enum (value, self->announce);
      return TRUE;
    case VM_NODE_PROP_METHODS:
      g_value_set_flags (value, self->methods);
      return TRUE;
    case VM_NODE_PROP_MAX_PARTICIPANTS:
      g_value_set_uint (value, self->max_participants);
      return TRUE;
    case VM_NODE_PROP_TIMEOUT:
      g_value_set_uint (value, self->timeout);
      return TRUE;
    case VM_NODE_PROP_INSECURE:
      g_value_set_boolean (value, self->insecure);
      return TRUE;
    case VM_NODE_PROP_POLICY:
      g_value_set_enum (value, self->policy);
      return TRUE;
    case VM_NODE_PROP_CLOUD_TRUST:
      g_value_set_enum (value, self->cloud_trust);
      return TRUE;
    case VM_NODE_PROP_APPROVE:
      g_value_set_enum (value, self->approve);
      return TRUE;
    case VM_NODE_PROP_PERMISSIONS:
      g_value_set_flags (value, self->permissions);
      return TRUE;
    default:
      if (!text_field (self, id))
        return FALSE;
      g_value_set_string (value, *text_field (self, id));
      return TRUE;
  }
}

static void
install_text (GObjectClass *klass, guint id, const gchar *name,
    const gchar *nick, const gchar *blurb, const gchar *def)
{
  g_object_class_install_property (klass, id,
      g_param_spec_string (
          name, nick, blurb, def, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
}

static void
install_description (GObjectClass *klass)
{
  /**
   * VmNode:user:
   *
   * The user's name as others see it, at most 128 bytes; by default the real
   * name, else the login. May be changed at any time.
   */
  install_text (klass, VM_NODE_PROP_USER, "user", "User",
      "Name of the user, at most 128 bytes (NULL = real name or login)", NULL);
  /**
   * VmNode:device:
   *
   * The device's name in the TXT record, at most 128 bytes; by default the host
   * name. May be changed at any time.
   */
  install_text (klass, VM_NODE_PROP_DEVICE, "device", "Device",
      "Name of the device, at most 128 bytes (NULL = host name)", NULL);
  /**
   * VmNode:device-name:
   *
   * The device in the label people see, as `John's MacBook Pro`; by default the
   * host name. May be changed at any time.
   */
  install_text (klass, VM_NODE_PROP_DEVICE_NAME, "device-name", "Device name",
      "The device in the label others see (NULL = host name)", NULL);
  /**
   * VmNode:status:
   *
   * `available`, `busy` or `away`. May be changed at any time. Who is in a call
   * is announced as busy, unless this says otherwise than available.
   */
  install_text (klass, VM_NODE_PROP_STATUS, "status", "Status",
      "available (busy while in a call), busy or away", VM_STATUS_AVAILABLE);
  /**
   * VmNode:capabilities:
   *
   * What this device can do, words between commas. May be changed at any time.
   */
  install_text (klass, VM_NODE_PROP_CAPABILITIES, "capabilities",
      "Capabilities", "What this device can do, words between commas",
      "video,audio,share");
}

static void
install_network (GObjectClass *klass)
{
  /**
   * VmNode:peers:
   *
   * Addresses to ask beside those that are found, `host:port,…`; IPv6 as
   * `[::1]:8080`. At most 64.
   */
  install_text (klass, VM_NODE_PROP_PEERS, "peers", "Peers",
      "Addresses to ask, host:port between commas, at most 64 (empty = none)",
      "");
  /**
   * VmNode:service-type:
   *
   * The DNS-SD service type, `_videomeet._tcp` by default
   * (`protocol/discovery.md#mdns`).
   */
  install_text (klass, VM_NODE_PROP_SERVICE_TYPE, "service-type",
      "Service type", "DNS-SD service type", "_videomeet._tcp");
  /**
   * VmNode:interfaces:
   *
   * Names of the network interfaces to use, between commas; empty for all but
   * loopback. `lo` alone keeps everything on this machine, over plain HTTP, by
   * which no device proves its id.
   */
  install_text (klass, VM_NODE_PROP_INTERFACES, "interfaces", "Interfaces",
      "Network interfaces, names between commas (empty = all but lo)", "");
  /**
   * VmNode:names:
   *
   * More names by which clients may reach the server, between commas. It
   * answers to its own names and addresses and to these alone, against DNS
   * rebinding (`security.md#http-server`).
   */
  install_text (klass, VM_NODE_PROP_NAMES, "names", "Names",
      "More host names the server answers to, between commas (empty = none)",
      "");
  /**
   * VmNode:origins:
   *
   * Origins of other servers' pages that may use this device's server, as
   * `https://example.org:8443`, between commas. Pages of no other origin than
   * its own are admitted otherwise. What is no origin is an error of
   * vm_node_start().
   */
  install_text (klass, VM_NODE_PROP_ORIGINS, "origins", "Origins",
      "Origins of other pages that the server admits, between commas", "");
  /**
   * VmNode:web-root:
   *
   * Folder of the page that the server serves; empty for the installed one, or
   * the environment variable `VM_WEB_ROOT`.
   */
  install_text (klass, VM_NODE_PROP_WEB_ROOT, "web-root", "Web root",
      "Folder of the page served (empty = the installed one)", "");
  /**
   * VmNode:tls-cert:
   *
   * File of a certificate (PEM, those that vouch for it behind it) for the
   * names by which browsers reach this device; empty for none. It is shown to
   * who asks for one of its names, and to nobody else: devices are known by
   * their own keys. What cannot be used is an error of vm_node_start().
   */
  install_text (klass, VM_NODE_PROP_TLS_CERT, "tls-cert", "TLS certificate",
      "PEM file of a certificate for browsers that ask by its names (empty = "
      "none)",
      "");
  /**
   * VmNode:tls-key:
   *
   * File of the private key of #VmNode:tls-cert (PEM, without a password);
   * empty when that file has it, too.
   */
  install_text (klass, VM_NODE_PROP_TLS_KEY, "tls-key", "TLS key",
      "PEM file of the key of tls-cert (empty = it is in that file)", "");
}

static void
install_numbers (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * VmNode:port:
   *
   * TCP port of the server. Set and taken it is an error; not set, the next
   * free one is used and announced. While serving it reads as the real one.
   */
  g_object_class_install_property (klass, VM_NODE_PROP_PORT,
      g_param_spec_uint ("port", "Port",
          "TCP port of the server (0 = any); the next free one if not set", 0,
          G_MAXUINT16, VM_DEFAULT_PORT, flags));
  /**
   * VmNode:announce:
   *
   * How much is told to the network. A meeting with a PIN is announced
   * minimally unless this was set. May be changed at any time.
   */
  g_object_class_install_property (klass, VM_NODE_PROP_ANNOUNCE,
      g_param_spec_enum ("announce", "Announce",
          "How much is told to the network", VM_TYPE_ANNOUNCE, VM_ANNOUNCE_FULL,
          flags));
  /**
   * VmNode:methods:
   *
   * How devices find each other, by default in all ways
   * (protocol/discovery.md).
   */
  g_object_class_install_property (klass, VM_NODE_PROP_METHODS,
      g_param_spec_flags ("methods", "Methods", "How devices find each other",
          VM_TYPE_METHODS, VM_METHODS_ALL, flags));
  /**
   * VmNode:max-participants:
   *
   * How many a meeting hosted here can hold, its host included; 2 to 128,
   * 10 by default.
   */
  g_object_class_install_property (klass, VM_NODE_PROP_MAX_PARTICIPANTS,
      g_param_spec_uint ("max-participants", "Max participants",
          "How many a meeting hosted here can hold", 2, VM_SIGNAL_ROSTER_MAX,
          DEFAULT_MAX_PARTICIPANTS, flags));
  /**
   * VmNode:timeout:
   *
   * How long one probe waits for its answer, 100 to 30000 ms. With the default,
   * 1000, a device that vanished is gone within 10 s.
   */
  g_object_class_install_property (klass, VM_NODE_PROP_TIMEOUT,
      g_param_spec_uint ("timeout", "Timeout",
          "How long one probe waits for its answer, in ms", TIMEOUT_MIN,
          TIMEOUT_MAX, DEFAULT_TIMEOUT, flags));
  /**
   * VmNode:insecure:
   *
   * Speaks plain HTTP, and believes devices that do. Nobody is who they say
   * then.
   */
  g_object_class_install_property (klass, VM_NODE_PROP_INSECURE,
      g_param_spec_boolean ("insecure", "Insecure",
          "Plain HTTP: proves no identity and hides nothing", FALSE, flags));
}

static void
install_trust (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * VmNode:policy:
   *
   * Whom meetings hosted here admit. May be changed at any time: who does not
   * meet a stricter one is sent out.
   */
  g_object_class_install_property (klass, VM_NODE_PROP_POLICY,
      g_param_spec_enum ("policy", "Policy", "Whom meetings hosted here admit",
          VM_TYPE_POLICY, VM_POLICY_PIN, flags));
  /**
   * VmNode:cloud-trust:
   *
   * Whether a device whose #VmNode:policy is %VM_POLICY_REQUIRE meets the
   * cloud: rooms of Janus, and participants whom a bridge passes on. Nobody is
   * verified there. May be changed at any time.
   *
   * Since: 0.3
   */
  g_object_class_install_property (klass, VM_NODE_PROP_CLOUD_TRUST,
      g_param_spec_enum ("cloud-trust", "Cloud trust",
          "Whether the policy require meets the cloud, where nobody shows a "
          "key",
          VM_TYPE_CLOUD_TRUST, VM_CLOUD_TRUST_REFUSE, flags));
  /**
   * VmNode:approve:
   *
   * Who approves other devices' requests for trust. May be changed at any time;
   * a request that waits for the user is treated accordingly.
   */
  g_object_class_install_property (klass, VM_NODE_PROP_APPROVE,
      g_param_spec_enum ("approve", "Approve",
          "Who approves requests for trust", VM_TYPE_APPROVE, VM_APPROVE_ASK,
          flags));
  /**
   * VmNode:permissions:
   *
   * What a device may do whose request for trust is approved from now on. With
   * %VM_PERMISSIONS_INTRODUCER it vouches for others in meetings that it hosts.
   * At least one of them.
   */
  g_object_class_install_property (klass, VM_NODE_PROP_PERMISSIONS,
      g_param_spec_flags ("permissions", "Permissions",
          "What a device may do that is approved", VM_TYPE_PERMISSIONS,
          VM_POLICY_PERMISSIONS, flags));
}

void
vm_node_settings_install (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  install_description (klass);
  install_network (klass);
  install_numbers (klass);
  install_trust (klass);
  /**
   * VmNode:device-id:
   *
   * This device's id, the hash of its key. The key is made when the id is
   * first read.
   */
  g_object_class_install_property (klass, VM_NODE_PROP_DEVICE_ID,
      g_param_spec_string (
          "device-id", "Device id", "Hash of this device's key", NULL, flags));
  /**
   * VmNode:fingerprint:
   *
   * The same in the letters of certificates, see
   * vm_fingerprint_from_device_id().
   */
  g_object_class_install_property (klass, VM_NODE_PROP_FINGERPRINT,
      g_param_spec_string ("fingerprint", "Fingerprint",
          "SHA-256 of this device's key, as AB:CD:…", NULL, flags));
  /**
   * VmNode:discovery-state:
   *
   * Where discovery is (`protocol/discovery.md#discovery-states`).
   */
  g_object_class_install_property (klass, VM_NODE_PROP_DISCOVERY_STATE,
      g_param_spec_enum ("discovery-state", "Discovery state",
          "Where discovery is", VM_TYPE_DISCOVERY_STATE,
          VM_DISCOVERY_STATE_OFFLINE, flags));
}
