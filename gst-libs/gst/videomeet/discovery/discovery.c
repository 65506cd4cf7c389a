/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/discovery.h"
#include "discovery/vmdiscoverystate-priv.h"
#include "discovery/interfaces.h"
#include "discovery/manual.h"
#if HAVE_AVAHI
#include "discovery/mdns.h"
#endif
#include "discovery/table.h"
#include "discovery/udp.h"

#define ANNOUNCING (VM_METHODS_MDNS | VM_METHODS_UDP)

struct _VmDiscovery
{
  VmDiscoveryEvents events;
  gpointer user_data;
  VmIdentity *identity;
  VmHttpClient *client;

  VmDiscoveryConfig config; /* strings owned */
  VmDeviceInfo *info;
  VmAnnounce announce_mode;
  gchar *salt; /* of this process: a minimal name tells nothing elsewhere */
  gboolean announce, browse;

  VmDiscoveryState state;
  gboolean settling;
  GSource *pending; /* a settle from the loop */
  GSource *retry;
  gboolean held; /* failed; waits for retry */

  VmInterfaces *interfaces;
  VmTable *table;
#if HAVE_AVAHI
  VmMdns *mdns;
#endif
  VmUdp *udp;
  VmManual *manual;
  VmMethods ready, failed;
  gchar *warned[3]; /* the last words of each method, said once */
};

static void schedule_settle (VmDiscovery *self);

/* Events of the methods and of the table. */

static guint
method_index (VmMethods method)
{
  return method & VM_METHODS_MDNS ? 0 : method & VM_METHODS_UDP ? 1 : 2;
}

static void
on_found (gpointer user_data, VmMethods method, GSocketAddress *address,
    const VmDeviceInfo *info)
{
  VmDiscovery *self = user_data;

  if (self->browse && self->table)
    vm_table_found (self->table, method, address, info);
}

static void
on_gone (gpointer user_data, VmMethods method, GSocketAddress *address,
    const VmDeviceInfo *info)
{
  VmDiscovery *self = user_data;

  if (self->table)
    vm_table_gone (self->table, address, info);
}

static void
on_ready (gpointer user_data, VmMethods method, gboolean ready)
{
  VmDiscovery *self = user_data;

  if (ready) {
    self->ready |= method;
    self->failed &= ~method;
    g_clear_pointer (&self->warned[method_index (method)], g_free);
  } else {
    self->failed |= method;
    self->ready &= ~method;
  }
  schedule_settle (self);
}

static void
on_warning (gpointer user_data, VmMethods method, const gchar *message)
{
  VmDiscovery *self = user_data;
  gchar **last = &self->warned[method_index (method)];

  if (!g_strcmp0 (*last, message))
    return;
  g_free (*last);
  *last = g_strdup (message);
  self->events.warning (self->user_data, method, message);
}

static void
on_added (gpointer user_data, VmDevice *device)
{
  VmDiscovery *self = user_data;

  schedule_settle (self);
  self->events.added (self->user_data, device);
}

static void
on_changed (gpointer user_data, VmDevice *device)
{
  VmDiscovery *self = user_data;

  self->events.changed (self->user_data, device);
}

static void
on_removed (gpointer user_data, VmDevice *device)
{
  VmDiscovery *self = user_data;

  schedule_settle (self);
  self->events.removed (self->user_data, device);
}

static const VmFinderEvents finder_events = { on_found, on_gone, on_ready,
  on_warning };
static const VmTableEvents table_events = { on_added, on_changed, on_removed,
  on_warning };

/* Announcing. */

VmDeviceInfo *
vm_discovery_dup_public_info (VmDiscovery *self)
{
  g_autofree gchar *networks =
      self->interfaces ? vm_interfaces_networks (self->interfaces) : NULL;
  g_autofree gchar *salt =
      g_strconcat (self->salt, networks ? networks : "", NULL);

  return vm_device_info_redact (self->info, self->announce_mode, salt);
}

static void
announce (VmDiscovery *self)
{
  g_autoptr (VmDeviceInfo) info = NULL;

  if (self->announce && self->announce_mode != VM_ANNOUNCE_OFF && self->info)
    info = vm_discovery_dup_public_info (self);
#if HAVE_AVAHI
  if (self->mdns)
    vm_mdns_announce (self->mdns, info);
#endif
  if (self->udp)
    vm_udp_announce (self->udp, info);
}

/* The methods. */

static void
set_browse (VmDiscovery *self)
{
#if HAVE_AVAHI
  if (self->mdns)
    vm_mdns_set_browse (self->mdns, self->browse);
#endif
  if (self->udp)
    vm_udp_set_browse (self->udp, self->browse);
  if (!self->browse) {
    g_clear_pointer (&self->manual, vm_manual_free);
    vm_table_clear (self->table);
  } else if (self->config.methods & VM_METHODS_MANUAL && !self->manual) {
    self->manual = vm_manual_new (self->config.peers, &finder_events, self);
  }
}

static void
start_methods (VmDiscovery *self)
{
  VmTableConfig config = {
    .own_id = (gchar *) vm_identity_get_device_id (self->identity),
    .own_port = self->info ? self->info->port : 0,
    .timeout_ms = self->config.timeout_ms,
    .insecure = self->config.insecure,
  };

  self->ready = self->failed = VM_METHODS_NONE;
  self->table = vm_table_new (self->client, &config, &table_events, self);
  if (self->config.methods & VM_METHODS_MDNS) {
#if HAVE_AVAHI
    self->mdns = vm_mdns_new (
        self->config.service_type, self->interfaces, &finder_events, self);
#else
    on_warning (self, VM_METHODS_MDNS,
        "mDNS is not available: this library was built without Avahi; the "
        "other methods go on");
    on_ready (self, VM_METHODS_MDNS, FALSE);
#endif
  }
  if (self->config.methods & VM_METHODS_UDP)
    self->udp = vm_udp_new (
        self->config.udp_port, self->interfaces, &finder_events, self);
  set_browse (self);
  announce (self);
}

/* Goodbye and bye go out here. */
static void
stop_methods (VmDiscovery *self)
{
#if HAVE_AVAHI
  g_clear_pointer (&self->mdns, vm_mdns_free);
#endif
  g_clear_pointer (&self->udp, vm_udp_free);
  g_clear_pointer (&self->manual, vm_manual_free);
  if (self->table)
    vm_table_clear (self->table);
  g_clear_pointer (&self->table, vm_table_free);
}

static gboolean
has_peers (VmDiscovery *self)
{
  return self->config.methods & VM_METHODS_MANUAL && self->config.peers
         && *self->config.peers;
}

/* Addresses that a user gave may be on this very machine. */
static gboolean
has_network (VmDiscovery *self)
{
  return vm_interfaces_list (self->interfaces)->len > 0 || has_peers (self);
}

static gboolean
registered (VmDiscovery *self)
{
  VmMethods tried = self->config.methods & ANNOUNCING;

  if (self->ready & tried)
    return TRUE;
  return (self->failed & tried) == tried && (!tried || has_peers (self));
}

static gboolean
registration_failed (VmDiscovery *self)
{
  VmMethods tried = self->config.methods & ANNOUNCING;

  return tried && (self->failed & tried) == tried && !has_peers (self);
}

/* The state machine. */

static gboolean
on_retry (gpointer user_data)
{
  VmDiscovery *self = user_data;

  vm_timer_clear (&self->retry);
  self->held = FALSE;
  schedule_settle (self);
  return G_SOURCE_REMOVE;
}

static void
move (VmDiscovery *self, VmDiscoveryEvent event)
{
  VmDiscoveryState before = self->state;

  if (!vm_discovery_state_next (before, event, &self->state)) {
    g_warning ("discovery: %s is no way out of %s",
        vm_discovery_event_to_string (event),
        vm_discovery_state_to_string (before));
    return;
  }
  g_debug ("discovery: %s → %s (%s)", vm_discovery_state_to_string (before),
      vm_discovery_state_to_string (self->state),
      vm_discovery_event_to_string (event));
  if (event == VM_DISCOVERY_EVENT_REGISTRATION_FAILED) {
    self->held = TRUE;
    vm_timer_clear (&self->retry);
    self->retry = vm_timer_new (NULL, VM_DISCOVERY_RETRY, on_retry, self);
  }
  self->events.state (self->user_data, before, self->state);
}

/* Which event the facts bring about, if any. */
static gboolean
next_event (VmDiscovery *self, VmDiscoveryEvent *event)
{
  gboolean wanted = self->announce || self->browse;
  gboolean network = has_network (self);
  gboolean leaving = !wanted || !network;

  switch (self->state) {
    case VM_DISCOVERY_STATE_OFFLINE:
      *event = VM_DISCOVERY_EVENT_APP_START;
      return !leaving && !self->held;
    case VM_DISCOVERY_STATE_REGISTERING:
      *event = !wanted             ? VM_DISCOVERY_EVENT_APP_CLOSE
               : !network          ? VM_DISCOVERY_EVENT_REGISTRATION_FAILED
               : registered (self) ? VM_DISCOVERY_EVENT_REGISTRATION_SUCCESS
                                   : VM_DISCOVERY_EVENT_REGISTRATION_FAILED;
      return leaving || registered (self) || registration_failed (self);
    case VM_DISCOVERY_STATE_DISCOVERABLE:
      *event = !wanted    ? VM_DISCOVERY_EVENT_APP_CLOSE
               : !network ? VM_DISCOVERY_EVENT_NETWORK_LOST
                          : VM_DISCOVERY_EVENT_START_DISCOVERY;
      return leaving || self->browse;
    case VM_DISCOVERY_STATE_DISCOVERING:
      *event = !wanted    ? VM_DISCOVERY_EVENT_APP_CLOSE
               : !network ? VM_DISCOVERY_EVENT_NETWORK_LOST
                          : VM_DISCOVERY_EVENT_DEVICES_FOUND;
      return leaving || vm_table_size (self->table) > 0;
    case VM_DISCOVERY_STATE_ACTIVE:
      *event = !wanted    ? VM_DISCOVERY_EVENT_APP_CLOSE
               : !network ? VM_DISCOVERY_EVENT_CONNECTION_LOST
                          : VM_DISCOVERY_EVENT_LAST_DEVICE_GONE;
      return leaving || vm_table_size (self->table) == 0;
    case VM_DISCOVERY_STATE_UNREGISTERING:
      *event = VM_DISCOVERY_EVENT_UNREGISTERED;
      return TRUE;
  }
  return FALSE;
}

void
vm_discovery_settle (VmDiscovery *self)
{
  VmDiscoveryEvent event;

  /* an event handler that changes the facts is served by the outer loop */
  if (self->settling)
    return;
  self->settling = TRUE;
  vm_timer_clear (&self->pending);
  while (next_event (self, &event)) {
    if (self->state == VM_DISCOVERY_STATE_OFFLINE)
      start_methods (self);
    else if (self->state == VM_DISCOVERY_STATE_UNREGISTERING)
      stop_methods (self);
    move (self, event);
  }
  self->settling = FALSE;
}

static gboolean
on_settle (gpointer user_data)
{
  VmDiscovery *self = user_data;

  vm_timer_clear (&self->pending);
  vm_discovery_settle (self);
  return G_SOURCE_REMOVE;
}

static void
schedule_settle (VmDiscovery *self)
{
  if (!self->pending && !self->settling)
    self->pending = vm_timer_new (NULL, 0, on_settle, self);
}

static void
on_network (gpointer user_data)
{
  VmDiscovery *self = user_data;
  g_autofree gchar *best = vm_interfaces_best_address (self->interfaces);

  /* the return of the network counts as App Start;
   * protocol/discovery.md#discovery-states */
  self->held = FALSE;
  if (vm_interfaces_list (self->interfaces)->len) {
    announce (self);
#if HAVE_AVAHI
    if (self->mdns)
      vm_mdns_network_changed (self->mdns);
#endif
    if (self->udp)
      vm_udp_network_changed (self->udp);
  }
  schedule_settle (self);
  self->events.network (self->user_data, best);
}

VmDiscovery *
vm_discovery_new (
    VmIdentity *identity, const VmDiscoveryEvents *events, gpointer user_data)
{
  VmDiscovery *self = g_new0 (VmDiscovery, 1);

  self->identity = g_object_ref (identity);
  self->client = vm_http_client_new (identity);
  self->events = *events;
  self->user_data = user_data;
  self->salt = g_uuid_string_random ();
  self->state = VM_DISCOVERY_STATE_OFFLINE;
  return self;
}

void
vm_discovery_free (VmDiscovery *self)
{
  if (!self)
    return;
  vm_timer_clear (&self->pending);
  vm_timer_clear (&self->retry);
  stop_methods (self);
  vm_timer_clear (&self->pending);
  vm_interfaces_free (self->interfaces);
  vm_device_info_free (self->info);
  g_clear_object (&self->client);
  g_clear_object (&self->identity);
  g_free ((gchar *) self->config.peers);
  g_free ((gchar *) self->config.service_type);
  g_free ((gchar *) self->config.interfaces);
  for (guint i = 0; i < G_N_ELEMENTS (self->warned); i++)
    g_free (self->warned[i]);
  g_free (self->salt);
  g_free (self);
}

void
vm_discovery_configure (VmDiscovery *self, const VmDiscoveryConfig *config)
{
  VmDiscoveryConfig old = self->config;
  g_autofree gchar *best = NULL;

  if (self->table)
    return;
  self->config = *config;
  self->config.peers = g_strdup (config->peers);
  self->config.service_type = g_strdup (config->service_type);
  self->config.interfaces = g_strdup (config->interfaces);
  if (!self->interfaces || g_strcmp0 (old.interfaces, config->interfaces)) {
    g_clear_pointer (&self->interfaces, vm_interfaces_free);
    self->interfaces = vm_interfaces_new (config->interfaces, on_network, self);
  }
  g_free ((gchar *) old.peers);
  g_free ((gchar *) old.service_type);
  g_free ((gchar *) old.interfaces);
  best = vm_interfaces_best_address (self->interfaces);
  self->events.network (self->user_data, best);
}

void
vm_discovery_set_info (
    VmDiscovery *self, const VmDeviceInfo *info, VmAnnounce mode)
{
  if (self->info && mode == self->announce_mode
      && vm_device_info_equal (self->info, info))
    return;
  vm_device_info_free (self->info);
  self->info = vm_device_info_copy (info);
  self->announce_mode = mode;
  if (self->table)
    vm_table_set_own_port (self->table, info->port);
  announce (self);
}

void
vm_discovery_set_roles (
    VmDiscovery *self, gboolean announcing, gboolean browsing)
{
  gboolean news = announcing != self->announce;

  self->announce = announcing;
  self->browse = browsing;
  /* to leave is the state machine's business */
  if (self->table && (announcing || browsing)) {
    set_browse (self);
    if (news)
      announce (self);
  }
  schedule_settle (self);
}
