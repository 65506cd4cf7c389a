/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a meeting reacts to a new address of this device, to its sleep, and to a
 * new address of the host. */

#include "meeting/vmmeeting-priv.h"
#include "node/node-priv.h"

#include <string.h>
#include <time.h>

#define TICK_MS 500
/* A clock that has jumped by so much more than a tick: this device has slept.
 * Below, the heartbeats find out what is lost. */
#define SLEPT_US (3 * G_USEC_PER_SEC)
/* On a machine that is merely busy others are late as well. After so many in
 * time it shows what still comes. */
#define LATE_US (700 * 1000)
#define STEADY_TICKS 3

/* CLOCK_MONOTONIC stands still while the machine sleeps. */
static gint64
get_boot_time (void)
{
  struct timespec now;

  if (clock_gettime (CLOCK_BOOTTIME, &now) != 0)
    return g_get_monotonic_time ();
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
tell (VmMeeting *self, gboolean slept)
{
  g_signal_emit (
      self, vm_meeting_signals[VM_MEETING_SIGNAL_NETWORK_CHANGED], 0, slept);
}

gboolean
vm_meeting_has_address (VmMeeting *self, const gchar *address)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);

  return !inet || g_inet_address_get_is_loopback (inet) || !self->interfaces
         || vm_interfaces_has_address (self->interfaces, address);
}

/* A socket of an address that this device has lost never answers again. One of
 * an address that still stands goes on, whatever else has changed, while its
 * server answers (protocol/signalling.md#own-address). */
static void
check_socket (VmMeeting *self)
{
  const gchar *address;

  if (!self->client)
    return;
  address = vm_signal_client_get_local_address (self->client);
  if (address ? !vm_meeting_has_address (self, address)
              : vm_signal_client_is_lost (self->client))
    vm_signal_client_renew (self->client);
  else
    vm_signal_client_probe (self->client);
}

static void
on_interfaces (gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);

  if (self->stopped)
    return;
  check_socket (self);
  tell (self, FALSE);
}

static gboolean
on_tick (gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);
  gint64 now = get_boot_time ();
  gint64 past = now - self->ticked_at;

  self->ticked_at = now;
  if (self->stopped)
    return G_SOURCE_CONTINUE;
  if (past >= SLEPT_US) {
    g_debug ("slept for %d s", (gint) (past / G_USEC_PER_SEC));
    self->slept = TRUE;
    if (self->client)
      vm_signal_client_probe (self->client);
  }
  if (past >= TICK_MS * 1000 + LATE_US)
    self->steady_ticks = 0;
  else if (self->slept && ++self->steady_ticks >= STEADY_TICKS) {
    self->slept = FALSE;
    tell (self, TRUE);
  }
  return G_SOURCE_CONTINUE;
}

void
vm_meeting_watch_network (VmMeeting *self)
{
  self->interfaces = vm_interfaces_new ("*", on_interfaces, self);
  self->ticked_at = get_boot_time ();
  self->tick = vm_timer_new (self->context, TICK_MS, on_tick, self);
}

void
vm_meeting_ignore_network (VmMeeting *self)
{
  vm_timer_clear (&self->tick);
  g_clear_pointer (&self->interfaces, vm_interfaces_free);
}

/* A device may have other processes, on other ports, and each may host another
 * meeting. A hidden meeting has no id to be known by. */
static gboolean
is_host (VmMeeting *self, VmDevice *device)
{
  const gchar *id = vm_device_get_meeting_id (device);

  if (!self->endpoint->key_hash
      || g_strcmp0 (vm_device_get_key_hash (device), self->endpoint->key_hash)
             != 0)
    return FALSE;
  return id ? g_strcmp0 (id, vm_meeting_get_id (self)) == 0
            : g_strcmp0 (vm_device_get_meeting (device), "private") == 0;
}

static gboolean
is_there_still (VmMeeting *self, VmDevice *device)
{
  const gchar *const *addresses = vm_device_get_addresses (device);

  for (guint i = 0; addresses[i]; i++) {
    g_autofree gchar *uri = vm_meeting_base_uri_at (device, addresses[i]);

    if (strcmp (uri, self->endpoint->base_uri) == 0)
      return TRUE;
  }
  return FALSE;
}

/* The address that answered last comes first. */
static void
follow (VmMeeting *self, VmDevice *device)
{
  const gchar *const *addresses = vm_device_get_addresses (device);
  gchar *uri;

  if (!addresses[0])
    return;
  uri = vm_meeting_base_uri_at (device, addresses[0]);
  g_debug ("the host is at %s now", uri);
  g_free (self->endpoint->base_uri);
  self->endpoint->base_uri = uri;
  vm_signal_client_move (self->client, uri);
}

void
vm_meeting_follow_host (VmMeeting *self)
{
  g_autolist (VmDevice) devices = NULL;
  VmDevice *host = NULL;

  if (!self->client || !self->endpoint)
    return;
  devices = vm_node_list_devices (self->node);
  for (GList *l = devices; l; l = l->next) {
    if (!is_host (self, l->data))
      continue;
    if (is_there_still (self, l->data))
      return;
    if (!host)
      host = l->data;
  }
  if (host)
    follow (self, host);
}
