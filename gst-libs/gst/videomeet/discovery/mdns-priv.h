/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "discovery/mdns.h"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-client/publish.h>
#include <avahi-common/error.h>
#include <avahi-glib/glib-watch.h>

/* Shared by mdns.c (the daemon), mdnsannounce.c and mdnsbrowse.c; all of it
 * belongs to the context that was the thread's default in vm_mdns_new(). */

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
  GPtrArray *services; /* as vm_mdns_service_free() takes them */
  GSource *restart; /* a new client, later */
  GSource *again;

  VmDeviceInfo *info; /* to announce, or NULL */
  gchar *instance; /* with " #2" after a collision */
  guint collisions;
  gboolean warned;
};

/* mdns.c. A lost daemon or method is a warning, once until it is back. */
void vm_mdns_fail (VmMdns *self, const gchar *reason);
void vm_mdns_succeed (VmMdns *self);
/* A new client, never at once: Avahi does not allow its client to be freed in a
 * callback. */
void vm_mdns_restart_in (VmMdns *self, guint ms);

/* mdnsannounce.c: announces the info on every interface, once the daemon runs.
 */
void vm_mdns_publish (VmMdns *self);

/* mdnsbrowse.c */
/* Starts once the daemon runs, if browsing is on. */
void vm_mdns_start_browsing (VmMdns *self);
/* Reports all resolved services again: this costs nothing for known devices. */
void vm_mdns_hint_all (VmMdns *self);
/* Before the client, to which its resolver belongs. */
void vm_mdns_service_free (gpointer service);
