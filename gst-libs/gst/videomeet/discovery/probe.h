/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/httpclient.h"
#include "discovery/finder.h"

/* One GET /status and its check (protocol/discovery.md#probe): the announced
 * id, the hash of the key that TLS shows and the deviceId in the body must be
 * the same. */

typedef struct
{
  GSocketAddress *address; /* with the port */
  gboolean plain; /* no TLS: only the body identifies the device */
  const gchar *device_id; /* announced, or NULL */
  const gchar *key_hash; /* announced or seen before, or NULL */
  guint timeout_ms;
} VmProbe;

void vm_probe_async (VmHttpClient *client, const VmProbe *probe,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
/* The device's own info; device_id and key_hash are verified, port and secure
 * are those of the connection. VM_ERROR_WRONG_KEY when it is not the announced
 * device. */
VmDeviceInfo *
vm_probe_finish (VmHttpClient *client, GAsyncResult *result, GError **error);

/* "https://10.0.0.1:8080", "http://[fe80::1%25eth0]:8080" (RFC 6874) */
gchar *vm_base_uri (GSocketAddress *address, gboolean secure);
