/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/videomeet.h>

/* The properties that vmquicsink and vmquicsrc share. */

enum
{
  VM_QUIC_PROP_SERVER = 1,
  VM_QUIC_PROP_ROOM,
  VM_QUIC_PROP_USER,
  VM_QUIC_PROP_DEVICE,
  VM_QUIC_PROP_PIN,
  VM_QUIC_PROP_HOST_KEY,
  VM_QUIC_PROP_STUN_SERVER,
  VM_QUIC_PROP_POLICY,
  VM_QUIC_N_PROPS
};

/* NULL: not set. */
typedef struct
{
  gchar *server, *room, *user, *device, *pin, *host_key, *stun_server;
  VmPolicy policy;
  gboolean policy_set;
} VmQuicSettings;

void vm_quic_settings_init (VmQuicSettings *self);
void vm_quic_settings_clear (VmQuicSettings *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmQuicSettings, vm_quic_settings_clear)
/* @copy: not initialised */
void vm_quic_settings_copy (const VmQuicSettings *self, VmQuicSettings *copy);
void vm_quic_settings_install (GObjectClass *klass);
/* FALSE: there is no such property. With the lock of the object. */
gboolean
vm_quic_settings_set (VmQuicSettings *self, guint id, const GValue *value);
gboolean
vm_quic_settings_get (const VmQuicSettings *self, guint id, GValue *value);
