/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/**
 * VmDiscoveryState:
 * @VM_DISCOVERY_STATE_OFFLINE: neither announced nor looking
 * @VM_DISCOVERY_STATE_REGISTERING: announcing, not yet confirmed
 * @VM_DISCOVERY_STATE_DISCOVERABLE: others can find this device
 * @VM_DISCOVERY_STATE_DISCOVERING: looking for others as well
 * @VM_DISCOVERY_STATE_ACTIVE: at least one other device is known
 * @VM_DISCOVERY_STATE_UNREGISTERING: withdrawing the announcement
 *
 * Where a device is between the network and its users
 * (`protocol/discovery.md#discovery-states`).
 *
 * Since: 0.1
 */
typedef enum
{
  VM_DISCOVERY_STATE_OFFLINE,
  VM_DISCOVERY_STATE_REGISTERING,
  VM_DISCOVERY_STATE_DISCOVERABLE,
  VM_DISCOVERY_STATE_DISCOVERING,
  VM_DISCOVERY_STATE_ACTIVE,
  VM_DISCOVERY_STATE_UNREGISTERING,
} VmDiscoveryState;

/**
 * VmDiscoveryEvent:
 * @VM_DISCOVERY_EVENT_APP_START: the device is switched on, or its network is
 *   back
 * @VM_DISCOVERY_EVENT_REGISTRATION_SUCCESS: at least one method announces
 * @VM_DISCOVERY_EVENT_REGISTRATION_FAILED: every enabled method failed
 * @VM_DISCOVERY_EVENT_START_DISCOVERY: browsing begins
 * @VM_DISCOVERY_EVENT_DEVICES_FOUND: a first device was confirmed
 * @VM_DISCOVERY_EVENT_LAST_DEVICE_GONE: the last device is gone
 * @VM_DISCOVERY_EVENT_NETWORK_LOST: no interface is left
 * @VM_DISCOVERY_EVENT_CONNECTION_LOST: the network went away with devices known
 * @VM_DISCOVERY_EVENT_APP_CLOSE: the device is switched off
 * @VM_DISCOVERY_EVENT_UNREGISTERED: the announcement is withdrawn
 *
 * What moves a #VmDiscoveryState on.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_DISCOVERY_EVENT_APP_START,
  VM_DISCOVERY_EVENT_REGISTRATION_SUCCESS,
  VM_DISCOVERY_EVENT_REGISTRATION_FAILED,
  VM_DISCOVERY_EVENT_START_DISCOVERY,
  VM_DISCOVERY_EVENT_DEVICES_FOUND,
  VM_DISCOVERY_EVENT_LAST_DEVICE_GONE,
  VM_DISCOVERY_EVENT_NETWORK_LOST,
  VM_DISCOVERY_EVENT_CONNECTION_LOST,
  VM_DISCOVERY_EVENT_APP_CLOSE,
  VM_DISCOVERY_EVENT_UNREGISTERED,
} VmDiscoveryEvent;

#define VM_TYPE_DISCOVERY_STATE (vm_discovery_state_get_type ())
#define VM_TYPE_DISCOVERY_EVENT (vm_discovery_event_get_type ())

VM_API GType vm_discovery_state_get_type (void);
VM_API GType vm_discovery_event_get_type (void);
VM_API const gchar *vm_discovery_state_to_string (VmDiscoveryState state);

G_END_DECLS
