/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The services that others announce, resolved one by one. */

#include "discovery/mdns-priv.h"

#include <string.h>

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

void
vm_mdns_service_free (gpointer data)
{
  Service *service = data;

  vm_timer_clear (&service->retry);
  g_clear_pointer (&service->resolver, avahi_service_resolver_free);
  g_clear_object (&service->address);
  vm_device_info_free (service->info);
  g_free (service->name);
  g_free (service->type);
  g_free (service->domain);
  g_free (service);
}

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
  vm_mdns_service_free (service);
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
    vm_mdns_restart_in (self, VM_MDNS_RETRY);
}

void
vm_mdns_hint_all (VmMdns *self)
{
  for (guint i = 0; i < self->services->len; i++)
    hint (self->services->pdata[i]);
}

void
vm_mdns_start_browsing (VmMdns *self)
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
    vm_mdns_start_browsing (self);
  } else {
    g_ptr_array_set_size (self->services, 0);
    g_clear_pointer (&self->browser, avahi_service_browser_free);
  }
}
