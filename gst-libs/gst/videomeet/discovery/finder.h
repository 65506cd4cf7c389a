/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmenums.h>
#include "base/vmtimer-priv.h"
#include "wire/deviceinfo.h"

/* The contract between discovery and its methods (mDNS, UDP, manual). All of it
 * runs on the thread "vm-node", whose GMainContext is thread-default; no lock
 * is held in any of it. A method only finds hints: discovery trusts only GET
 * /status (protocol/discovery.md#probe). */
typedef struct
{
  /* A device may be at @address (with its port). @info is its announcement,
   * NULL without one (manual). */
  void (*found) (gpointer user_data, VmMethods method, GSocketAddress *address,
      const VmDeviceInfo *info);
  /* The device so announced may have left. */
  void (*gone) (gpointer user_data, VmMethods method, GSocketAddress *address,
      const VmDeviceInfo *info);
  /* Whether the method works: announces, if it was told to, and browses. Called
   * at each change and once at least. */
  void (*ready) (gpointer user_data, VmMethods method, gboolean ready);
  /* For users; a sentence. */
  void (*warning) (gpointer user_data, VmMethods method, const gchar *message);
} VmFinderEvents;

/* The interface of a link-local IPv6 address, else 0. */
guint vm_address_scope (GSocketAddress *address);
/* "10.0.0.1", "fe80::1%eth0" */
gchar *vm_address_to_string (GSocketAddress *address);
gboolean vm_address_is_loopback (GSocketAddress *address);
gboolean vm_address_equal (GSocketAddress *a, GSocketAddress *b);
