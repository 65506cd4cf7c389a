/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmquicsettings.h"

#include <gst/gst.h>

static gchar **
find_text (VmQuicSettings *self, guint id)
{
  switch (id) {
    case VM_QUIC_PROP_SERVER:
      return &self->server;
    case VM_QUIC_PROP_ROOM:
      return &self->room;
    case VM_QUIC_PROP_USER:
      return &self->user;
    case VM_QUIC_PROP_DEVICE:
      return &self->device;
    case VM_QUIC_PROP_PIN:
      return &self->pin;
    case VM_QUIC_PROP_HOST_KEY:
      return &self->host_key;
    case VM_QUIC_PROP_STUN_SERVER:
      return &self->stun_server;
    default:
      return NULL;
  }
}

void
vm_quic_settings_init (VmQuicSettings *self)
{
  *self = (VmQuicSettings){ .policy = VM_POLICY_PIN };
}

void
vm_quic_settings_clear (VmQuicSettings *self)
{
  for (guint id = VM_QUIC_PROP_SERVER; find_text (self, id); id++)
    g_clear_pointer (find_text (self, id), g_free);
}

void
vm_quic_settings_copy (const VmQuicSettings *self, VmQuicSettings *copy)
{
  *copy = *self;
  for (guint id = VM_QUIC_PROP_SERVER; find_text (copy, id); id++)
    *find_text (copy, id) = g_strdup (*find_text (copy, id));
}

gboolean
vm_quic_settings_set (VmQuicSettings *self, guint id, const GValue *value)
{
  gchar **text = find_text (self, id);

  if (text) {
    g_free (*text);
    *text = g_value_dup_string (value);
    return TRUE;
  }
  if (id != VM_QUIC_PROP_POLICY)
    return FALSE;
  self->policy = g_value_get_enum (value);
  self->policy_set = TRUE;
  return TRUE;
}

gboolean
vm_quic_settings_get (const VmQuicSettings *self, guint id, GValue *value)
{
  gchar **text = find_text ((VmQuicSettings *) self, id);

  if (text)
    g_value_set_string (value, *text);
  else if (id == VM_QUIC_PROP_POLICY)
    g_value_set_enum (value, self->policy);
  return text || id == VM_QUIC_PROP_POLICY;
}

static void
install_text (GObjectClass *klass, guint id, const gchar *name,
    const gchar *nick, const gchar *blurb)
{
  g_object_class_install_property (klass, id,
      g_param_spec_string (name, nick, blurb, NULL,
          G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY
              | G_PARAM_STATIC_STRINGS));
}

void
vm_quic_settings_install (GObjectClass *klass)
{
  install_text (klass, VM_QUIC_PROP_SERVER, "server", "Server",
      "Server: address of the server of the mesh, http://HOST:PORT or "
      "https://HOST:PORT");
  install_text (klass, VM_QUIC_PROP_ROOM, "room", "Room",
      "Server: name of the room in which the agents meet");
  install_text (klass, VM_QUIC_PROP_USER, "user", "User",
      "Server: name that the other agents see (null: the name of the logged-in "
      "user)");
  install_text (klass, VM_QUIC_PROP_DEVICE, "device", "Device",
      "Server: name of this device (null: the name of the host)");
  install_text (klass, VM_QUIC_PROP_PIN, "pin", "PIN",
      "Server: PIN of the room (null: none)");
  install_text (klass, VM_QUIC_PROP_HOST_KEY, "host-key", "Host key",
      "Server: device id that a server with a certificate of its own must "
      "have; the "
      "server shows it (null: any, remembered at first sight)");
  install_text (klass, VM_QUIC_PROP_STUN_SERVER, "stun-server", "STUN server",
      "Network: stun:ADDRESS:PORT, for devices behind routers (null: the one "
      "that the "
      "server names)");
  g_object_class_install_property (klass, VM_QUIC_PROP_POLICY,
      g_param_spec_enum ("policy", "Policy",
          "Trust: which devices files go to and come from (not set: as a "
          "vmtrust in "
          "the pipeline says)",
          VM_TYPE_POLICY, VM_POLICY_PIN,
          G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY
              | G_PARAM_STATIC_STRINGS));
}
