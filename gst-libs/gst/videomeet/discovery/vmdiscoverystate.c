/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmdiscoverystate
 * @title: VmDiscoveryState
 * @short_description: the state machine of discovery
 *
 * One table of edges, as `protocol/discovery.md#discovery-states` draws it; the
 * node moves along it and says so by its signal.
 */

#include <gst/videomeet/vmdiscoverystate.h>
#include "discovery/vmdiscoverystate-priv.h"

static const GEnumValue states[] = {
  { VM_DISCOVERY_STATE_OFFLINE, "No network, or nothing was started",
      "offline" },
  { VM_DISCOVERY_STATE_REGISTERING, "About to announce this device",
      "registering" },
  { VM_DISCOVERY_STATE_DISCOVERABLE, "Announced; looks for nobody",
      "discoverable" },
  { VM_DISCOVERY_STATE_DISCOVERING, "Looks for others; nobody found yet",
      "discovering" },
  { VM_DISCOVERY_STATE_ACTIVE, "Others were found", "active" },
  { VM_DISCOVERY_STATE_UNREGISTERING, "About to withdraw the announcement",
      "unregistering" },
  { 0, NULL, NULL },
};

static const GEnumValue events[] = {
  { VM_DISCOVERY_EVENT_APP_START, "VM_DISCOVERY_EVENT_APP_START", "app-start" },
  { VM_DISCOVERY_EVENT_REGISTRATION_SUCCESS,
      "VM_DISCOVERY_EVENT_REGISTRATION_SUCCESS", "registration-success" },
  { VM_DISCOVERY_EVENT_REGISTRATION_FAILED,
      "VM_DISCOVERY_EVENT_REGISTRATION_FAILED", "registration-failed" },
  { VM_DISCOVERY_EVENT_START_DISCOVERY, "VM_DISCOVERY_EVENT_START_DISCOVERY",
      "start-discovery" },
  { VM_DISCOVERY_EVENT_DEVICES_FOUND, "VM_DISCOVERY_EVENT_DEVICES_FOUND",
      "devices-found" },
  { VM_DISCOVERY_EVENT_LAST_DEVICE_GONE, "VM_DISCOVERY_EVENT_LAST_DEVICE_GONE",
      "last-device-gone" },
  { VM_DISCOVERY_EVENT_NETWORK_LOST, "VM_DISCOVERY_EVENT_NETWORK_LOST",
      "network-lost" },
  { VM_DISCOVERY_EVENT_CONNECTION_LOST, "VM_DISCOVERY_EVENT_CONNECTION_LOST",
      "connection-lost" },
  { VM_DISCOVERY_EVENT_APP_CLOSE, "VM_DISCOVERY_EVENT_APP_CLOSE", "app-close" },
  { VM_DISCOVERY_EVENT_UNREGISTERED, "VM_DISCOVERY_EVENT_UNREGISTERED",
      "unregistered" },
  { 0, NULL, NULL }
};

/* Every edge there is; what is not listed is refused. */
static const struct
{
  VmDiscoveryState from;
  VmDiscoveryEvent event;
  VmDiscoveryState to;
} edges[] = {
  { VM_DISCOVERY_STATE_OFFLINE, VM_DISCOVERY_EVENT_APP_START,
      VM_DISCOVERY_STATE_REGISTERING },
  { VM_DISCOVERY_STATE_REGISTERING, VM_DISCOVERY_EVENT_REGISTRATION_SUCCESS,
      VM_DISCOVERY_STATE_DISCOVERABLE },
  { VM_DISCOVERY_STATE_REGISTERING, VM_DISCOVERY_EVENT_REGISTRATION_FAILED,
      VM_DISCOVERY_STATE_UNREGISTERING },
  { VM_DISCOVERY_STATE_DISCOVERABLE, VM_DISCOVERY_EVENT_START_DISCOVERY,
      VM_DISCOVERY_STATE_DISCOVERING },
  { VM_DISCOVERY_STATE_DISCOVERING, VM_DISCOVERY_EVENT_DEVICES_FOUND,
      VM_DISCOVERY_STATE_ACTIVE },
  { VM_DISCOVERY_STATE_DISCOVERING, VM_DISCOVERY_EVENT_NETWORK_LOST,
      VM_DISCOVERY_STATE_UNREGISTERING },
  /* the edge that the base protocol draws without a label */
  { VM_DISCOVERY_STATE_ACTIVE, VM_DISCOVERY_EVENT_LAST_DEVICE_GONE,
      VM_DISCOVERY_STATE_DISCOVERABLE },
  { VM_DISCOVERY_STATE_ACTIVE, VM_DISCOVERY_EVENT_CONNECTION_LOST,
      VM_DISCOVERY_STATE_UNREGISTERING },
  { VM_DISCOVERY_STATE_ACTIVE, VM_DISCOVERY_EVENT_APP_CLOSE,
      VM_DISCOVERY_STATE_UNREGISTERING },
  { VM_DISCOVERY_STATE_UNREGISTERING, VM_DISCOVERY_EVENT_UNREGISTERED,
      VM_DISCOVERY_STATE_OFFLINE },
  /* the base protocol draws App Close from ACTIVE alone, but users close
   * anywhere */
  { VM_DISCOVERY_STATE_REGISTERING, VM_DISCOVERY_EVENT_APP_CLOSE,
      VM_DISCOVERY_STATE_UNREGISTERING },
  { VM_DISCOVERY_STATE_DISCOVERABLE, VM_DISCOVERY_EVENT_APP_CLOSE,
      VM_DISCOVERY_STATE_UNREGISTERING },
  { VM_DISCOVERY_STATE_DISCOVERABLE, VM_DISCOVERY_EVENT_NETWORK_LOST,
      VM_DISCOVERY_STATE_UNREGISTERING },
  { VM_DISCOVERY_STATE_DISCOVERING, VM_DISCOVERY_EVENT_APP_CLOSE,
      VM_DISCOVERY_STATE_UNREGISTERING },
};

GType
vm_discovery_state_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VmDiscoveryState", states));
  return type;
}

GType
vm_discovery_event_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("VmDiscoveryEvent", events));
  return type;
}

/**
 * vm_discovery_state_to_string:
 * @state: a #VmDiscoveryState
 *
 * Names a state, for logs and messages. Pure: any thread.
 *
 * Returns: (transfer none): its name in lower case, as `offline`
 *
 * Since: 0.1
 */
const gchar *
vm_discovery_state_to_string (VmDiscoveryState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states) - 1, "unknown");

  return states[state].value_nick;
}

/*
 * vm_discovery_event_to_string:
 * @event: a #VmDiscoveryEvent
 *
 * Names an event, for logs and messages. Pure: any thread.
 *
 * Returns: (transfer none): its name in lower case, as `app-start`
 *
 * Since: 0.1
 */
const gchar *
vm_discovery_event_to_string (VmDiscoveryEvent event)
{
  g_return_val_if_fail ((guint) event < G_N_ELEMENTS (events) - 1, "unknown");

  return events[event].value_nick;
}

/*
 * vm_discovery_state_next:
 * @state: where it is
 * @event: what happened
 * @next: (out): where it goes; @state itself when the event is refused
 *
 * Looks one edge up. Pure: any thread.
 *
 * Returns: whether @event is an edge out of @state
 *
 * Since: 0.1
 */
gboolean
vm_discovery_state_next (
    VmDiscoveryState state, VmDiscoveryEvent event, VmDiscoveryState *next)
{
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
    if (edges[i].from == state && edges[i].event == event) {
      *next = edges[i].to;
      return TRUE;
    }
  }
  *next = state;
  return FALSE;
}
