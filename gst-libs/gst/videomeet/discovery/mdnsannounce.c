/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The device as a service of DNS-SD, under a name of its own. */

#include "discovery/mdns-priv.h"
#include "discovery/mdnsrecord.h"

#include <avahi-common/alternative.h>
#include <avahi-common/malloc.h>

#define COLLISIONS_MAX 100 /* names tried: "#2" to "#101" */

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
      vm_mdns_succeed (self);
      break;
    case AVAHI_ENTRY_GROUP_COLLISION:
      if (self->collisions < COLLISIONS_MAX) {
        rename_instance (self);
        avahi_entry_group_reset (group);
        vm_mdns_publish (self);
      } else {
        vm_mdns_fail (self, "every name is taken");
      }
      break;
    case AVAHI_ENTRY_GROUP_FAILURE:
      vm_mdns_fail (self, avahi_strerror (avahi_client_errno (self->client)));
      vm_mdns_restart_in (self, VM_MDNS_RETRY);
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

void
vm_mdns_publish (VmMdns *self)
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
    vm_mdns_fail (self, avahi_strerror (avahi_client_errno (self->client)));
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
    vm_mdns_fail (self, avahi_strerror (error));
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
  vm_mdns_publish (self);
}
