/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery/probe.h"

typedef struct
{
  gchar *device_id;
  gchar *address;
  guint16 port;
  gboolean plain;
} Expectation;

static void
expectation_free (Expectation *expectation)
{
  g_free (expectation->device_id);
  g_free (expectation->address);
  g_free (expectation);
}

gchar *
vm_base_uri (GSocketAddress *address, gboolean secure)
{
  g_autofree gchar *text = vm_address_to_string (address);
  guint16 port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  const gchar *scheme = secure ? "https" : "http";
  g_auto (GStrv) parts = NULL;

  if (!strchr (text, ':'))
    return g_strdup_printf ("%s://%s:%u", scheme, text, port);
  parts = g_strsplit (text, "%", 2);
  return g_strdup_printf ("%s://[%s%s%s]:%u", scheme, parts[0],
      parts[1] ? "%25" : "", parts[1] ? parts[1] : "", port);
}

static gboolean
set_wrong_key (GError **error, const Expectation *expectation,
    const gchar *announced, const gchar *shown)
{
  g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
      "%s port %u claims the device id %s but shows the key of %s; refused",
      expectation->address, expectation->port, announced, shown);
  return FALSE;
}

/* Announced id = hash of the key TLS shows = deviceId in the body. */
static gboolean
verify (const Expectation *expectation, const gchar *shown_hash,
    VmDeviceInfo *info, GError **error)
{
  g_autofree gchar *shown =
      shown_hash ? vm_device_id_from_key_hash (shown_hash) : NULL;

  if (!expectation->plain && !shown) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "%s port %u shows no key that could be read; refused",
        expectation->address, expectation->port);
    return FALSE;
  }
  if (shown && info->device_id && g_strcmp0 (info->device_id, shown) != 0)
    return set_wrong_key (error, expectation, info->device_id, shown);
  /* a device that begins to hide: without a key nothing says it is another */
  if (expectation->plain && !info->device_id)
    info->device_id = g_strdup (expectation->device_id);
  if (expectation->device_id
      && g_strcmp0 (expectation->device_id, shown ? shown : info->device_id)
             != 0)
    return set_wrong_key (error, expectation, expectation->device_id,
        shown             ? shown
        : info->device_id ? info->device_id
                          : "nobody");
  if (shown) {
    g_free (info->device_id);
    info->device_id = g_steal_pointer (&shown);
    g_free (info->key_hash);
    info->key_hash = g_strdup (shown_hash);
  }
  if (!info->device_id) {
    /* no key and no id: what it calls itself, random under minimal */
    if (!*info->device) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
          "%s port %u has neither key nor name", expectation->address,
          expectation->port);
      return FALSE;
    }
    info->device_id = g_strdup (info->device);
  }
  info->secure = !expectation->plain;
  info->port = expectation->port;
  return TRUE;
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Expectation *expectation = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);
  g_autoptr (VmDeviceInfo) info = NULL;
  gsize size;
  const gchar *body;

  if (!reply) {
    g_task_return_error (task, error);
    return;
  }
  if (reply->status != 200) {
    g_task_return_new_error (task, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "%s port %u answers GET /status with %u", expectation->address,
        expectation->port, reply->status);
    return;
  }
  body = g_bytes_get_data (reply->body, &size);
  info = vm_device_info_from_status (body ? body : "", size, &error);
  if (info && verify (expectation, reply->key_hash, info, &error))
    g_task_return_pointer (
        task, g_steal_pointer (&info), (GDestroyNotify) vm_device_info_free);
  else
    g_task_return_error (task, error);
}

void
vm_probe_async (VmHttpClient *client, const VmProbe *probe,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (client, cancellable, callback, user_data);
  Expectation *expectation = g_new0 (Expectation, 1);
  g_autofree gchar *base = vm_base_uri (probe->address, !probe->plain);
  g_autofree gchar *uri = g_strconcat (base, "/status", NULL);

  expectation->device_id = g_strdup (probe->device_id);
  expectation->address = vm_address_to_string (probe->address);
  expectation->port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (probe->address));
  expectation->plain = probe->plain;
  g_task_set_task_data (task, expectation, (GDestroyNotify) expectation_free);
  g_task_set_check_cancellable (task, FALSE);
  vm_http_client_send_async (client, "GET", uri,
      probe->plain ? NULL : probe->key_hash, NULL, probe->timeout_ms,
      cancellable, on_reply, task);
}

VmDeviceInfo *
vm_probe_finish (VmHttpClient *client, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, client), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
