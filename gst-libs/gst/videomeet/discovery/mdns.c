/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/mdns-priv.h"

#include <avahi-glib/glib-malloc.h>

/* The daemon: its client is made anew whenever it is lost. */

static void start_client (VmMdns *self);

void
vm_mdns_fail (VmMdns *self, const gchar *reason)
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

void
vm_mdns_succeed (VmMdns *self)
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

void
vm_mdns_restart_in (VmMdns *self, guint ms)
{
  vm_timer_clear (&self->restart);
  self->restart = vm_timer_new (NULL, ms, on_restart, self);
}

void
vm_mdns_network_changed (VmMdns *self)
{
  vm_mdns_publish (self);
  vm_mdns_hint_all (self);
}

static void
on_client (AvahiClient *client, AvahiClientState state, void *user_data)
{
  VmMdns *self = user_data;

  /* the first call comes from inside avahi_client_new() */
  self->client = client;
  switch (state) {
    case AVAHI_CLIENT_S_RUNNING:
      vm_mdns_start_browsing (self);
      if (self->info)
        vm_mdns_publish (self);
      else
        vm_mdns_succeed (self);
      break;
    case AVAHI_CLIENT_S_COLLISION:
    case AVAHI_CLIENT_S_REGISTERING:
      /* the host name is about to change: announced again when it is settled */
      if (self->group)
        avahi_entry_group_reset (self->group);
      break;
    case AVAHI_CLIENT_CONNECTING:
      vm_mdns_fail (self, "the Avahi daemon is not running");
      break;
    case AVAHI_CLIENT_FAILURE:
      vm_mdns_fail (self, avahi_strerror (avahi_client_errno (client)));
      /* after a daemon's restart a new client waits for it: NO_FAIL */
      vm_mdns_restart_in (
          self, avahi_client_errno (client) == AVAHI_ERR_DISCONNECTED
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
    vm_mdns_fail (self, avahi_strerror (error));
    vm_mdns_restart_in (self, VM_MDNS_RETRY);
  }
}

/* A device that did not answer once may do so now. */
static gboolean
on_again (gpointer user_data)
{
  vm_mdns_hint_all (user_data);
  return G_SOURCE_CONTINUE;
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
  self->services = g_ptr_array_new_with_free_func (vm_mdns_service_free);
  self->poll = avahi_glib_poll_new (
      g_main_context_get_thread_default (), G_PRIORITY_DEFAULT);
  self->again = vm_timer_new (NULL, VM_MDNS_AGAIN, on_again, self);
  /* from the loop: the caller learns of the outcome by an event, never while
   * it is still setting up */
  vm_mdns_restart_in (self, 0);
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
