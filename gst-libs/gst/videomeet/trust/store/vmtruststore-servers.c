/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The servers that agents were at, each by its address. */

#include "trust/store/storefile.h"
#include "trust/store/storetext.h"
#include "trust/store/vmtruststore-priv.h"

#include <string.h>

/* A folder that is not this user's, or a file that was cut: nobody is taken for
 * a new server by that. */
static GPtrArray *
read_servers (VmTrustStore *self, GError **error)
{
  const gchar *folder = vm_trust_store_get_folder (self);
  g_autoptr (GPtrArray) servers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_known_device_free);
  g_autoptr (GError) local = NULL;
  g_autofree gchar *text = vm_store_read (
      folder, NULL, VM_STORE_SERVERS, VM_SERVERS_FILE_MAX, FALSE, &local);

  if ((text && vm_servers_from_text (text, servers))
      || g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return g_steal_pointer (&servers);
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
      "%s/" VM_STORE_SERVERS " cannot be read whole; repair or remove it",
      folder);
  return NULL;
}

static gboolean
write_servers (VmTrustStore *self, GPtrArray *servers, GError **error)
{
  g_autofree gchar *text = vm_servers_to_text (servers);
  g_autoptr (GError) local = NULL;

  if (vm_store_write (vm_trust_store_get_folder (self), NULL, VM_STORE_SERVERS,
          text, &local))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
      "The server cannot be remembered: %s", local->message);
  return FALSE;
}

static VmKnownDevice *
find_address (GPtrArray *servers, const gchar *address)
{
  for (guint i = 0; i < servers->len; i++) {
    VmKnownDevice *server = servers->pdata[i];

    if (strcmp (server->device, address) == 0)
      return server;
  }
  return NULL;
}

/**
 * vm_trust_store_list_servers:
 * @self: a #VmTrustStore
 *
 * The servers whose own keys agents of this device have met: their
 * #VmKnownDevice has the address, `HOST:PORT`, as the name of the device, and
 * no user.
 *
 * Returns: (transfer full) (element-type VmKnownDevice): by first sight
 *
 * Since: 0.3
 */
GPtrArray *
vm_trust_store_list_servers (VmTrustStore *self)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *servers;

  g_return_val_if_fail (VM_IS_TRUST_STORE (self), NULL);

  servers = read_servers (self, &error);
  if (servers)
    return servers;
  g_warning ("%s", error->message);
  return g_ptr_array_new_with_free_func ((GDestroyNotify) vm_known_device_free);
}

gboolean
vm_trust_store_know_server (VmTrustStore *self, const gchar *address,
    VmKnownDevice **server, GError **error)
{
  g_autoptr (GPtrArray) servers = read_servers (self, error);
  const VmKnownDevice *found;

  *server = NULL;
  if (!servers)
    return FALSE;
  found = find_address (servers, address);
  if (found)
    *server = vm_known_device_copy (found);
  return TRUE;
}

gboolean
vm_trust_store_refuse_server (
    const VmKnownDevice *old, const gchar *device_id, GError **error)
{
  g_autofree gchar *date = g_date_time_format (old->first_seen, "%F");

  g_set_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED,
      "The server %s has another key than when it was first seen on %s. It was "
      "%s and now is %s. Somebody may be posing as that server. If you know "
      "why "
      "the key changed, forget the old one: videomeet forget %s",
      old->device, date, old->device_id, device_id, old->device);
  return FALSE;
}

static gboolean
pin_locked (VmTrustStore *self, const gchar *address, const gchar *device_id,
    GDateTime *now, GError **error)
{
  g_autoptr (GPtrArray) servers = read_servers (self, error);
  const VmKnownDevice *old;
  VmKnownDevice *server;

  if (!servers)
    return FALSE;
  old = find_address (servers, address);
  if (old)
    return strcmp (old->device_id, device_id) == 0
           || vm_trust_store_refuse_server (old, device_id, error);
  if (servers->len >= VM_TRUST_STORE_SERVERS_MAX)
    g_ptr_array_remove_range (
        servers, 0, servers->len - VM_TRUST_STORE_SERVERS_MAX + 1);
  server = g_new0 (VmKnownDevice, 1);
  server->device_id = g_strdup (device_id);
  server->user = g_strdup ("");
  server->device = g_strdup (address);
  server->first_seen = g_date_time_to_utc (now);
  g_ptr_array_add (servers, server);
  return write_servers (self, servers, error);
}

gboolean
vm_trust_store_pin_server (VmTrustStore *self, const gchar *address,
    const gchar *device_id, GDateTime *now, GError **error)
{
  gboolean pinned;
  gint lock;

  if (!vm_server_address_is_valid (address)) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "The address of the server is too long, or is none");
    return FALSE;
  }
  lock = vm_trust_store_lock (self, error);
  if (lock < 0)
    return FALSE;
  pinned = pin_locked (self, address, device_id, now, error);
  vm_store_unlock (lock);
  return pinned;
}

/* Removes those that are meant from @servers. Returns: (transfer full): the
 * first of them, or NULL */
static VmKnownDevice *
take_out (GPtrArray *servers, const gchar *name)
{
  VmKnownDevice *gone = NULL;

  for (guint i = servers->len; i-- > 0;) {
    const VmKnownDevice *server = servers->pdata[i];

    if (strcmp (server->device, name) != 0
        && g_ascii_strcasecmp (server->device_id, name) != 0)
      continue;
    vm_known_device_free (gone);
    gone = vm_known_device_copy (server);
    g_ptr_array_remove_index (servers, i);
  }
  return gone;
}

static VmKnownDevice *
forget_locked (VmTrustStore *self, const gchar *name, GError **error)
{
  g_autoptr (GPtrArray) servers = read_servers (self, error);
  g_autoptr (VmKnownDevice) gone = servers ? take_out (servers, name) : NULL;

  if (!servers || (gone && !write_servers (self, servers, error)))
    return NULL;
  if (!gone)
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "No device or server %s was met before", name);
  return g_steal_pointer (&gone);
}

VmKnownDevice *
vm_trust_store_forget_server (
    VmTrustStore *self, const gchar *name, GError **error)
{
  VmKnownDevice *gone;
  gint lock;

  lock = vm_trust_store_lock (self, error);
  if (lock < 0)
    return NULL;
  gone = forget_locked (self, name, error);
  vm_store_unlock (lock);
  return gone;
}
