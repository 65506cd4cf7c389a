/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/httpclient.h"
#include "discovery/finder.h"

/* One GET /status and its judgement (protocol/discovery.md#probe): the id that
 * was announced, the hash of the key TLS shows and the deviceId in the body are
 * one. */

typedef struct
{
  GSocketAddress *address; /* with the port */
  gboolean plain; /* no TLS: the body's word is all there is */
  const gchar *device_id; /* announced, or NULL */
  const gchar *key_hash; /* announced or seen before, or NULL */
  guint timeout_ms;
} VmProbe;

void vm_probe_async (VmHttpClient *client, const VmProbe *probe,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);
/* What it said of itself; device_id and key_hash are the ones verified, port
 * and secure those of the connection. VM_ERROR_WRONG_KEY when it is not who it
 * was announced to be. */
VmDeviceInfo *
vm_probe_finish (VmHttpClient *client, GAsyncResult *result, GError **error);

/* "https://10.0.0.1:8080", "http://[fe80::1%25eth0]:8080" (RFC 6874) */
gchar *vm_base_uri (GSocketAddress *address, gboolean secure);
