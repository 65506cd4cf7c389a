/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mdns.h"
#include "mdnsrecord.h"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-glib/glib-malloc.h>
#include <avahi-glib/glib-watch.h>
#include <string.h>

#define COLLISIONS_MAX 100 /* names tried: "#2" to "#101" */

/* One service as one interface and protocol show it. */
typedef struct
{
  VmMdns *mdns;
  AvahiIfIndex interface;
  AvahiProtocol protocol;
  gchar *name, *type, *domain;
  AvahiServiceResolver *resolver;
  GSource *retry;
  GSocketAddress *address; /* NULL until resolved */
  VmDeviceInfo *info;
} Service;

struct _VmMdns
{
  gchar *service_type;
  VmInterfaces *interfaces;
  gboolean browse;
  VmFinderEvents events;
  gpointer user_data;

  AvahiGLibPoll *poll;
  AvahiClient *client;
  AvahiEntryGroup *group;
  AvahiServiceBrowser *browser;
  GPtrArray *services;
  GSource *restart; /* a new client, later */
  GSource *again;

  VmDeviceInfo *info; /* to announce, or NULL */
  gchar *instance; /* with " #2" after a collision */
  guint collisions;
  gboolean warned;
};

static void start_client (VmMdns *self);
static void publish (VmMdns *self);

static void
service_free (Service *service)
{
  vm_timer_clear (&service->retry);
  g_clear_pointer (&service->resolver, avahi_service_resolver_free);
  g_clear_object (&service->address);
  vm_device_info_free (service->info);
  g_free (service->name);
  g_free (service->type);
  g_free (service->domain);
  g_free (service);
}

static void
fail (VmMdns *self, const gchar *reason)
{
  if (!self->warned) {
    g_autofree gchar *message =
        g_strdup_printf ("mDNS is not available for now (%s); the other "
                         "methods go on",
            reason);

    self->warned = TRUE;
    self->events.warning (self->user_data, VM_METHODS_MDNS, message);
  }
  self->events.ready (self->user_data, VM_METHODS_MDNS, FALSE);
}

static void
succeed (VmMdns *self)
{
  self->warned = FALSE;
  self->events.ready (self->user_data, VM_METHODS_MDNS, TRUE);
}

static void
close_client (VmMdns *self)
{
  /* what the services hold belongs to the client and goes with it */
  g_ptr_array_set_size (self->services, 0);
  g_clear_pointer (&self->browser, avahi_service_browser_free);
  g_clear_pointer (&self->group, avahi_entry_group_free);
  g_clear_pointer (&self->client, avahi_client_free);
}

static gboolean
on_restart (gpointer user_data)
{
  VmMdns *self = user_data;

  vm_timer_clear (&self->restart);
  close_client (self);
  start_client (self);
  return G_SOURCE_REMOVE;
}

/* Never at once: Avahi does not allow its client to be freed in a callback. */
static void
restart_in (VmMdns *self, guint ms)
{
  vm_timer_clear (&self->restart);
  self->restart = vm_timer_new (NULL, ms, on_restart, self);
}

/* Announcing. */

static void
rename_instance (VmMdns *self)
{
  char *other = avahi_alternative_service_name (self->instance);

  g_free (self->instance);
  self->instance = g_strdup (other);
  avahi_free (other);
  self->collisions++;
}

static void
on_group (AvahiEntryGroup *group, AvahiEntryGroupState state, void *user_data)
{
  VmMdns *self = user_data;

  /* it is called from inside avahi_entry_group_new() as well */
  if (self->group != group)
    return;
  switch (state) {
    case AVAHI_ENTRY_GROUP_ESTABLISHED:
      succeed (self);
      break;
    case AVAHI_ENTRY_GROUP_COLLISION:
      if (self->collisions < COLLISIONS_MAX) {
        rename_instance (self);
        avahi_entry_group_reset (group);
        publish (self);
      } else {
        fail (self, "every name is taken");
      }
      break;
    case AVAHI_ENTRY_GROUP_FAILURE:
      fail (self, avahi_strerror (avahi_client_errno (self->client)));
      restart_in (self, VM_MDNS_RETRY);
      break;
    default:
      break;
  }
}

static int
add_service (VmMdns *self, const VmService *service, gboolean update)
{
  GPtrArray *list = vm_interfaces_list (self->interfaces);
  int error = 0;

  for (guint i = 0; !error && i < list->len; i++)
    error = vm_service_add (
        self->group, ((VmInterface *) list->pdata[i])->index, service, update);
  return error;
}

static void
publish (VmMdns *self)
{
  g_auto (GStrv) txt = NULL;
  VmService service;
  int error = 0;

  if (!self->info || !self->client
      || avahi_client_get_state (self->client) != AVAHI_CLIENT_S_RUNNING)
    return;
  if (!self->group)
    self->group = avahi_entry_group_new (self->client, on_group, self);
  if (!self->group) {
    fail (self, avahi_strerror (avahi_client_errno (self->client)));
    return;
  }
  txt = vm_device_info_to_txt (self->info);
  service.type = self->service_type;
  service.domain = avahi_client_get_domain_name (self->client);
  service.host = avahi_client_get_host_name_fqdn (self->client);
  service.port = self->info->port;
  service.txt = txt;
  if (!self->instance)
    self->instance = vm_device_info_instance (self->info);
  do {
    if (error)
      rename_instance (self);
    avahi_entry_group_reset (self->group);
    service.instance = self->instance;
    error = add_service (self, &service, FALSE);
  } while (error == AVAHI_ERR_COLLISION && self->collisions < COLLISIONS_MAX);
  if (!error && !avahi_entry_group_is_empty (self->group))
    error = avahi_entry_group_commit (self->group);
  if (error)
    fail (self, avahi_strerror (error));
}

static gboolean
update_txt (VmMdns *self)
{
  g_auto (GStrv) txt = vm_device_info_to_txt (self->info);
  VmService service = { .instance = self->instance,
    .type = self->service_type,
    .domain = avahi_client_get_domain_name (self->client),
    .host = avahi_client_get_host_name_fqdn (self->client),
    .port = self->info->port,
    .txt = txt };

  return add_service (self, &service, TRUE) == 0;
}

void
vm_mdns_announce (VmMdns *self, const VmDeviceInfo *info)
{
  g_autoptr (VmDeviceInfo) before = g_steal_pointer (&self->info);
  g_autofree gchar *old = before ? vm_device_info_instance (before) : NULL;
  g_autofree gchar *name = info ? vm_device_info_instance (info) : NULL;
  gboolean established = self->group
                         && avahi_entry_group_get_state (self->group)
                                == AVAHI_ENTRY_GROUP_ESTABLISHED;

  self->info = info ? vm_device_info_copy (info) : NULL;
  if (!info) {
    if (self->group)
      avahi_entry_group_reset (self->group);
    return;
  }
  if (established && before && before->port == info->port
      && !g_strcmp0 (old, name) && update_txt (self))
    return;
  if (g_strcmp0 (old, name) != 0) {
    g_clear_pointer (&self->instance, g_free);
    self->collisions = 0;
  }
  publish (self);
}

/* Browsing. */

/* Filtered here and not when it is found: Avahi may see an interface come
 * before we do. It leaves lo out, unless that was asked for. */
static void
hint (Service *service)
{
  VmMdns *self = service->mdns;

  if (!service->address
      || !vm_interfaces_has_index (self->interfaces, service->interface)
      || !vm_interfaces_on_link (self->interfaces,
          g_inet_socket_address_get_address (
              G_INET_SOCKET_ADDRESS (service->address)),
          0))
    return;
  self->events.found (
      self->user_data, VM_METHODS_MDNS, service->address, service->info);
}

static void resolve (Service *service);

static gboolean
on_resolve_again (gpointer user_data)
{
  Service *service = user_data;

  vm_timer_clear (&service->retry);
  g_clear_pointer (&service->resolver, avahi_service_resolver_free);
  resolve (service);
  return G_SOURCE_REMOVE;
}

static GSocketAddress *
to_socket_address (
    AvahiIfIndex interface, const AvahiAddress *address, guint16 port)
{
  gboolean v4 = address->proto == AVAHI_PROTO_INET;
  g_autoptr (GInetAddress) inet =
      g_inet_address_new_from_bytes ((const guint8 *) &address->data,
          v4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  guint scope = g_inet_address_get_is_link_local (inet) && !v4 ? interface : 0;

  return g_object_new (G_TYPE_INET_SOCKET_ADDRESS, "address", inet, "port",
      (guint) port, "scope-id", scope, NULL);
}

static gchar **
to_strv (AvahiStringList *txt)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (; txt; txt = avahi_string_list_get_next (txt)) {
    g_autofree gchar *one =
        g_strndup ((const gchar *) avahi_string_list_get_text (txt),
            avahi_string_list_get_size (txt));

    g_strv_builder_add (builder, one);
  }
  return g_strv_builder_end (builder);
}

static void
on_resolved (AvahiServiceResolver *resolver, AvahiIfIndex interface,
    AvahiProtocol protocol, AvahiResolverEvent event, const char *name,
    const char *type, const char *domain, const char *host,
    const AvahiAddress *address, uint16_t port, AvahiStringList *txt,
    AvahiLookupResultFlags flags, void *user_data)
{
  Service *service = user_data;
  g_autoptr (GSocketAddress) at = NULL;
  g_autoptr (VmDeviceInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) strings = NULL;

  if (event != AVAHI_RESOLVER_FOUND) {
    if (!service->retry)
      service->retry =
          vm_timer_new (NULL, VM_MDNS_RETRY, on_resolve_again, service);
    return;
  }
  if (!port || !address)
    return;
  strings = to_strv (txt);
  info = vm_device_info_from_txt ((const gchar *const *) strings, &error);
  if (!info) {
    g_debug ("mDNS service ignored: %s", error->message);
    return;
  }
  at = to_socket_address (interface, address, port);
  info->port = port;
  g_set_object (&service->address, at);
  vm_device_info_free (service->info);
  service->info = g_steal_pointer (&info);
  hint (service);
}

static void
resolve (Service *service)
{
  /* the address of the same family: each protocol shows its own */
  service->resolver = avahi_service_resolver_new (service->mdns->client,
      service->interface, service->protocol, service->name, service->type,
      service->domain, service->protocol, 0, on_resolved, service);
  if (!service->resolver && !service->retry)
    service->retry =
        vm_timer_new (NULL, VM_MDNS_RETRY, on_resolve_again, service);
}

static gint
find_service (VmMdns *self, AvahiIfIndex interface, AvahiProtocol protocol,
    const char *name)
{
  for (guint i = 0; i < self->services->len; i++) {
    Service *service = self->services->pdata[i];

    if (service->interface == interface && service->protocol == protocol
        && !strcmp (service->name, name))
      return i;
  }
  return -1;
}

static void
add_found (VmMdns *self, AvahiIfIndex interface, AvahiProtocol protocol,
    const char *name, const char *type, const char *domain)
{
  Service *service;

  if (self->services->len >= VM_MDNS_SERVICES_MAX
      || find_service (self, interface, protocol, name) >= 0)
    return;
  service = g_new0 (Service, 1);
  service->mdns = self;
  service->interface = interface;
  service->protocol = protocol;
  service->name = g_strdup (name);
  service->type = g_strdup (type);
  service->domain = g_strdup (domain);
  g_ptr_array_add (self->services, service);
  resolve (service);
}

static void
remove_found (VmMdns *self, AvahiIfIndex interface, AvahiProtocol protocol,
    const char *name)
{
  gint i = find_service (self, interface, protocol, name);
  Service *service;

  if (i < 0)
    return;
  service = g_ptr_array_steal_index (self->services, i);
  if (service->address)
    self->events.gone (
        self->user_data, VM_METHODS_MDNS, service->address, service->info);
  service_free (service);
}

static void
on_browsed (AvahiServiceBrowser *browser, AvahiIfIndex interface,
    AvahiProtocol protocol, AvahiBrowserEvent event, const char *name,
    const char *type, const char *domain, AvahiLookupResultFlags flags,
    void *user_data)
{
  VmMdns *self = user_data;

  if (event == AVAHI_BROWSER_NEW)
    add_found (self, interface, protocol, name, type, domain);
  else if (event == AVAHI_BROWSER_REMOVE)
    remove_found (self, interface, protocol, name);
  else if (event == AVAHI_BROWSER_FAILURE)
    restart_in (self, VM_MDNS_RETRY);
}

/* A device that did not answer once may do so now; for those that are known
 * this costs nothing. */
static gboolean
on_again (gpointer user_data)
{
  VmMdns *self = user_data;

  for (guint i = 0; i < self->services->len; i++)
    hint (self->services->pdata[i]);
  return G_SOURCE_CONTINUE;
}

static void
start_browser (VmMdns *self)
{
  if (self->browse && !self->browser && self->client
      && avahi_client_get_state (self->client) == AVAHI_CLIENT_S_RUNNING)
    self->browser = avahi_service_browser_new (self->client, AVAHI_IF_UNSPEC,
        AVAHI_PROTO_UNSPEC, self->service_type, NULL, 0, on_browsed, self);
}

void
vm_mdns_set_browse (VmMdns *self, gboolean browse)
{
  self->browse = browse;
  if (browse) {
    start_browser (self);
  } else {
    g_ptr_array_set_size (self->services, 0);
    g_clear_pointer (&self->browser, avahi_service_browser_free);
  }
}

void
vm_mdns_network_changed (VmMdns *self)
{
  publish (self);
  for (guint i = 0; i < self->services->len; i++)
    hint (self->services->pdata[i]);
}

/* The daemon. */

static void
on_client (AvahiClient *client, AvahiClientState state, void *user_data)
{
  VmMdns *self = user_data;

  /* the first call comes from inside avahi_client_new() */
  self->client = client;
  switch (state) {
    case AVAHI_CLIENT_S_RUNNING:
      start_browser (self);
      if (self->info)
        publish (self);
      else
        succeed (self);
      break;
    case AVAHI_CLIENT_S_COLLISION:
    case AVAHI_CLIENT_S_REGISTERING:
      /* the host name is about to change: announced again when it is settled */
      if (self->group)
        avahi_entry_group_reset (self->group);
      break;
    case AVAHI_CLIENT_CONNECTING:
      fail (self, "the Avahi daemon is not running");
      break;
    case AVAHI_CLIENT_FAILURE:
      fail (self, avahi_strerror (avahi_client_errno (client)));
      /* after a daemon's restart a new client waits for it: NO_FAIL */
      restart_in (self, avahi_client_errno (client) == AVAHI_ERR_DISCONNECTED
                            ? 0
                            : VM_MDNS_RETRY);
      break;
  }
}

static void
start_client (VmMdns *self)
{
  int error = 0;

  self->client = NULL;
  if (!avahi_client_new (avahi_glib_poll_get (self->poll), AVAHI_CLIENT_NO_FAIL,
          on_client, self, &error)) {
    self->client = NULL;
    self->browser = NULL;
    self->group = NULL;
    fail (self, avahi_strerror (error));
    restart_in (self, VM_MDNS_RETRY);
  }
}

VmMdns *
vm_mdns_new (const gchar *service_type, VmInterfaces *interfaces,
    const VmFinderEvents *events, gpointer user_data)
{
  VmMdns *self = g_new0 (VmMdns, 1);

  avahi_set_allocator (avahi_glib_allocator ());
  self->service_type = g_strdup (service_type);
  self->interfaces = interfaces;
  self->events = *events;
  self->user_data = user_data;
  self->services =
      g_ptr_array_new_with_free_func ((GDestroyNotify) service_free);
  self->poll = avahi_glib_poll_new (
      g_main_context_get_thread_default (), G_PRIORITY_DEFAULT);
  self->again = vm_timer_new (NULL, VM_MDNS_AGAIN, on_again, self);
  /* from the loop: the caller learns of the outcome by an event, never while
   * it is still setting up */
  restart_in (self, 0);
  return self;
}

void
vm_mdns_free (VmMdns *self)
{
  if (!self)
    return;
  vm_timer_clear (&self->restart);
  vm_timer_clear (&self->again);
  close_client (self);
  g_clear_pointer (&self->poll, avahi_glib_poll_free);
  g_ptr_array_unref (self->services);
  vm_device_info_free (self->info);
  g_free (self->instance);
  g_free (self->service_type);
  g_free (self);
}
